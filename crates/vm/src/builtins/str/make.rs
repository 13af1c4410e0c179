//! Making strings: from any units, from several strings, and the preallocated ones.
//!
//! The empty string and the 256 strings of one Latin-1 character exist once, immortal.

use object_model::string::{Kind, OutOfMemory};
use object_model::text::units::{OwnedUnits, Units};

use crate::class::exact_str;
use crate::prelude::*;

static CHARACTERS: OnceLock<[Obj<Str>; 256]> = OnceLock::new();

fn characters(token: &Attached) -> &'static [Obj<Str>; 256] {
    CHARACTERS.get_or_init(|| {
        std::array::from_fn(|i| {
            let mut buffer = [0u8; 4];
            let text = char::from(i as u8).encode_utf8(&mut buffer);
            object_model::string::intern::intern_text(token, text)
        })
    })
}

/// The string of one Latin-1 character.
#[inline]
pub fn latin1(token: &Attached, character: u8) -> Value {
    characters(token)[character as usize].as_value().clone()
}

/// The empty string.
#[inline]
pub fn empty() -> Value {
    crate::names::names().empty.as_value().clone()
}

/// The string of one character.
pub fn character(th: &mut Thread, character: u32) -> PyResult {
    match u8::try_from(character) {
        Ok(byte) => Ok(latin1(th, byte)),
        Err(_) => th.units([character].into_iter().collect::<OwnedUnits>().units()),
    }
}

/// The kind that a text of these units has as a `str`.
fn kind_of(units: Units<'_>) -> Kind {
    match units {
        Units::Ascii(_) => Kind::Ascii,
        Units::Latin1(bytes) if bytes.is_ascii() => Kind::Ascii,
        Units::Latin1(_) => Kind::Latin1,
        wide => match wide.max() {
            0..=0x7f => Kind::Ascii,
            0x80..=0xff => Kind::Latin1,
            0x100..=0xffff => Kind::Ucs2,
            _ => Kind::Ucs4,
        },
    }
}

/// Copies units into memory of characters of `kind`, which holds them all.
fn copy(units: Units<'_>, kind: Kind, to: &mut [u8]) {
    match (units, kind) {
        (Units::Ascii(from) | Units::Latin1(from), Kind::Ascii | Kind::Latin1) => to.copy_from_slice(from),
        (Units::Ucs2(_), Kind::Ucs2) | (Units::Ucs4(_), Kind::Ucs4) => to.copy_from_slice(units.as_bytes()),
        (_, Kind::Ascii | Kind::Latin1) => {
            to.iter_mut().zip(units.iter()).for_each(|(to, ch)| *to = ch as u8)
        }
        (_, Kind::Ucs2) => {
            let to = to.as_chunks_mut::<2>().0;
            to.iter_mut().zip(units.iter()).for_each(|(to, ch)| *to = (ch as u16).to_ne_bytes());
        }
        (_, Kind::Ucs4) => {
            let to = to.as_chunks_mut::<4>().0;
            to.iter_mut().zip(units.iter()).for_each(|(to, ch)| *to = ch.to_ne_bytes());
        }
    }
}

fn finish(th: &mut Thread, made: Result<Obj<Str>, OutOfMemory>) -> PyResult {
    match made {
        Ok(string) => Ok(string.into_value()),
        Err(OutOfMemory) => Err(th.memory_error()),
    }
}

/// A `str` of these units, which need not be of the smallest kind.
#[inline]
pub fn of_units(th: &mut Thread, units: Units<'_>) -> PyResult {
    match units.len() {
        0 => return Ok(empty()),
        1 => {
            if let Ok(byte) = u8::try_from(units.get(0)) {
                return Ok(latin1(th, byte));
            }
        }
        _ => {}
    }
    let kind = kind_of(units);
    let made = Obj::from_raw(th, builtin::STR, kind, units.len(), |to| copy(units, kind, to));
    finish(th, made)
}

/// A `str` of owned units.
pub fn of_owned(th: &mut Thread, units: &OwnedUnits) -> PyResult {
    of_units(th, units.units())
}

/// A string of the class `class`, `str` or derived.
pub fn of_class(th: &mut Thread, class: Class, units: Units<'_>) -> PyResult {
    if std::ptr::eq(class, Str::class(th)) {
        return of_units(th, units);
    }
    let kind = kind_of(units);
    let shape = class.payload.instance_shape();
    let made = Obj::from_raw(th, shape, kind, units.len(), |to| copy(units, kind, to));
    finish(th, made)
}

fn wider(a: Kind, b: Kind) -> Kind {
    if a as u8 >= b as u8 { a } else { b }
}

/// `a + b`, both strings or of subclasses; the caller has checked.
pub fn concat_strings(th: &mut Thread, a: &Obj<Str>, b: &Obj<Str>) -> PyResult {
    if a.len() == 0 && exact_str(b.as_value()).is_some() {
        return Ok(b.as_value().clone());
    }
    if b.len() == 0 && exact_str(a.as_value()).is_some() {
        return Ok(a.as_value().clone());
    }
    let kind = wider(a.kind(), b.kind());
    let cut = a.len() * kind.width();
    let made = Obj::from_raw(th, builtin::STR, kind, a.len() + b.len(), |to| {
        let (left, right) = to.split_at_mut(cut);
        copy(a.units(), kind, left);
        copy(b.units(), kind, right);
    });
    finish(th, made)
}

/// `a + b` as `str.__add__` does it; NotImplemented or TypeError if one is no string.
#[inline]
pub fn concat(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
    let Some(left) = th.as_str(a) else { return Ok(Value::NOT_IMPLEMENTED) };
    match th.as_str(b) {
        Some(right) => concat_strings(th, left, right),
        None => crate::protocol::sequence::cannot_concatenate(th, "str", b),
    }
}

/// The strings of `parts` with `separator` between them. All must be strings.
pub fn join_with(th: &mut Thread, separator: Units<'_>, parts: &[Value]) -> PyResult {
    let mut kind = if parts.len() > 1 { kind_of(separator) } else { Kind::Ascii };
    let mut length = separator.len().checked_mul(parts.len().saturating_sub(1));
    for (i, part) in parts.iter().enumerate() {
        let Some(part) = th.as_str(part) else {
            let found = th.type_name(part);
            return Err(
                th.type_error(format_args!("sequence item {i}: expected str instance, {found} found"))
            );
        };
        kind = wider(kind, part.kind());
        length = length.and_then(|n| n.checked_add(part.len()));
    }
    let Some(length) = length.filter(|n| *n <= isize::MAX as usize) else {
        return Err(th.overflow_error("join() result is too long for a Python string"));
    };
    if let [only] = parts
        && exact_str(only).is_some()
    {
        return Ok(only.clone());
    }
    if length == 0 {
        return Ok(empty());
    }
    let token: &Thread = th;
    let made = Obj::from_raw(token, builtin::STR, kind, length, |mut to| {
        for (i, part) in parts.iter().enumerate() {
            for units in
                [(i > 0).then_some(separator), token.as_str(part).map(|p| p.units())].into_iter().flatten()
            {
                let (here, rest) = std::mem::take(&mut to).split_at_mut(units.len() * kind.width());
                copy(units, kind, here);
                to = rest;
            }
        }
    });
    finish(th, made)
}

/// All of `parts`, which must be strings, one after the other.
pub fn join_all(th: &mut Thread, parts: &[Value]) -> PyResult {
    join_with(th, Units::EMPTY, parts)
}
