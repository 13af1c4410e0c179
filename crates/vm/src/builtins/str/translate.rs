//! `str.translate` and `str.maketrans`.

use object_model::text::units::{Builder, CODE_POINT_END, Units};

use super::StrClass;
use crate::builtins::int::as_int;
use crate::prelude::*;

/// What a table says of a character.
enum Mapped {
    Same,
    Gone,
    One(u32),
    Text(Value),
}

fn lookup(th: &mut Thread, table: &Value, ch: u32) -> PyResult<Mapped> {
    let key = th.int(ch.into());
    let found = th.get_item(table, &key);
    let Some(found) = th.catch(found, Exc::LookupError)? else { return Ok(Mapped::Same) };
    if found.is_none() {
        return Ok(Mapped::Gone);
    }
    if let Some(number) = as_int(&found) {
        return match number.to_i64().and_then(|i| u32::try_from(i).ok()).filter(|c| *c < CODE_POINT_END) {
            Some(ch) => Ok(Mapped::One(ch)),
            None => Err(th.value_error("character mapping must be in range(0x110000)")),
        };
    }
    if th.as_str(&found).is_some() {
        return Ok(Mapped::Text(found));
    }
    Err(th.type_error("character mapping must return integer, None or str"))
}

fn translate(th: &mut Thread, this: &Obj<Str>, table: &Value) -> PyResult {
    let mut out = Builder::new();
    let mut known: [Option<Mapped>; 128] = [const { None }; 128];
    for ch in this.units().iter() {
        let fresh;
        let mapped = match known.get_mut(ch as usize) {
            Some(slot) => match slot {
                Some(mapped) => &*mapped,
                None => &*slot.insert(lookup(th, table, ch)?),
            },
            None => {
                fresh = lookup(th, table, ch)?;
                &fresh
            }
        };
        match mapped {
            Mapped::Same => out.push(ch),
            Mapped::Gone => {}
            Mapped::One(ch) => out.push(*ch),
            Mapped::Text(text) => {
                let units = th.as_str(text).map_or(Units::EMPTY, |t| t.units());
                let room = out.try_reserve(units.len());
                th.check(room)?;
                out.push_units(units);
            }
        }
    }
    super::of_owned(th, &out.finish())
}

fn from_dict(th: &mut Thread, mapping: &Value, table: &Obj<Dict>) -> PyResult<()> {
    let Some(mapping) = crate::protocol::exact::any_dict(mapping) else {
        return Err(th.type_error("if you give only one argument to maketrans it must be a dict"));
    };
    let items = mapping.snapshot(th);
    for (key, value, _) in items {
        if let Some(text) = th.as_str(&key) {
            if text.len() != 1 {
                return Err(th.value_error("string keys in translate table must be of length 1"));
            }
            let key = th.int(text.units().get(0).into());
            th.dict_set(table, &key, value)?;
        } else if as_int(&key).is_some() {
            th.dict_set(table, &key, value)?;
        } else {
            return Err(th.type_error("keys in translate table must be strings or integers"));
        }
    }
    Ok(())
}

#[pymethods(for = Str, part = "translate")]
impl StrClass {
    /// Replace each character in the string using the given translation table.
    ///
    ///   table
    ///     Translation table, which must be a mapping of Unicode ordinals to
    ///     Unicode ordinals, strings, or None.
    ///
    /// The table must implement lookup/indexing via __getitem__, for instance a
    /// dictionary or list.  If this operation raises LookupError, the character is
    /// left untouched.  Characters mapped to None are deleted.
    #[signature("(table, /)")]
    fn translate(this: &Obj<Str>, th: &mut Thread, table: &Value) -> PyResult {
        translate(th, this, table)
    }

    /// Return a translation table usable for str.translate().
    ///
    /// If there is only one argument, it must be a dictionary mapping Unicode
    /// ordinals (integers) or characters to Unicode ordinals, strings or None.
    /// Character keys will be then converted to ordinals.
    /// If there are two arguments, they must be strings of equal length, and
    /// in the resulting dictionary, each character in x will be mapped to the
    /// character at the same position in y. If there is a third argument, it
    /// must be a string, whose characters will be mapped to None in the result.
    #[staticmethod]
    fn maketrans(th: &mut Thread, x: &Value, y: Option<&Obj<Str>>, z: Option<&Obj<Str>>) -> PyResult {
        let table = th.dict();
        let Some(y) = y else {
            from_dict(th, x, &table)?;
            return Ok(table.into_value());
        };
        let Some(x) = th.as_str(x) else {
            return Err(
                th.type_error("first maketrans argument must be a string if there is a second argument")
            );
        };
        if x.len() != y.len() {
            return Err(th.value_error("the first two maketrans arguments must have equal length"));
        }
        for (from, to) in x.units().iter().zip(y.units().iter()) {
            let (key, value) = (th.int(from.into()), th.int(to.into()));
            th.dict_set(&table, &key, value)?;
        }
        for ch in z.map_or(Units::EMPTY, |z| z.units()).iter() {
            let key = th.int(ch.into());
            th.dict_set(&table, &key, Value::NONE)?;
        }
        Ok(table.into_value())
    }
}
