//! `_json.make_encoder`: from Python objects to JSON text.

use vm::builtins::float::as_float;
use vm::builtins::int::{as_int, to_text};
use vm::object_model::number::float;
use vm::object_model::text::units::{Builder, Units};
use vm::prelude::*;
use vm::protocol::exact;

use super::text::push_quoted;

/// Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)
#[pyclass(name = "make_encoder", module = "_json")]
pub struct Encoder {
    markers: Value,
    default: Value,
    encoder: Value,
    indent: Value,
    key_separator: Obj<Str>,
    item_separator: Obj<Str>,
    sort_keys: bool,
    skip_keys: bool,
    allow_nan: bool,
    /// How strings are quoted without calling `encoder`: `Some(true)` escapes what is not ASCII.
    #[no_trace]
    quoting: Option<bool>,
}

impl Encoder {
    fn float(&self, th: &mut Thread, x: f64) -> PyResult<String> {
        if x.is_finite() {
            return Ok(float::repr(x));
        }
        let shown = if x.is_nan() {
            "NaN"
        } else if x > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        if !self.allow_nan {
            let shown = float::repr(x);
            return Err(
                th.value_error(format_args!("Out of range float values are not JSON compliant: {shown}"))
            );
        }
        Ok(shown.to_string())
    }

    fn string(&self, th: &mut Thread, text: &Obj<Str>, out: &mut Builder) -> PyResult<()> {
        if let Some(ascii) = self.quoting {
            push_quoted(out, text.units(), ascii);
            return Ok(());
        }
        let quoted = th.call(&self.encoder, std::slice::from_ref(text.as_value()))?;
        match th.as_str(&quoted) {
            Some(quoted) => {
                out.push_units(quoted.units());
                Ok(())
            }
            None => {
                let found = th.type_name(&quoted);
                Err(th.type_error(format_args!("encoder() must return a string, not {found}")))
            }
        }
    }

    fn newline(&self, th: &mut Thread, level: i64, out: &mut Builder) -> PyResult<()> {
        let Some(indent) = th.as_str(&self.indent) else { return Ok(()) };
        let units: Units<'_> = indent.units();
        let count = usize::try_from(level).unwrap_or(0);
        out.push(0x0a);
        let room = units.len().checked_mul(count).map(|n| out.try_reserve(n));
        match room {
            Some(Ok(())) => {}
            _ => return Err(th.memory_error()),
        }
        (0..count).for_each(|_| out.push_units(units));
        Ok(())
    }

    /// Notes that `value` is being encoded, runs `body`, forgets it.
    fn marked(
        &self,
        th: &mut Thread,
        value: &Value,
        body: impl FnOnce(&mut Thread) -> PyResult<()>,
    ) -> PyResult<()> {
        let Some(markers) = exact::any_dict(&self.markers).cloned() else { return body(th) };
        let key = th.int((value.word() >> 4) as i64);
        if th.dict_get(&markers, &key)?.is_some() {
            return Err(th.value_error("Circular reference detected"));
        }
        th.dict_set(&markers, &key, value.clone())?;
        body(th)?;
        th.dict_del(&markers, &key)?;
        Ok(())
    }

    fn value(&self, th: &mut Thread, value: &Value, level: i64, out: &mut Builder) -> PyResult<()> {
        if value.is_none() {
            out.push_str("null");
        } else if let Some(truth) = value.as_bool() {
            out.push_str(if truth { "true" } else { "false" });
        } else if let Some(text) = th.as_str(value) {
            self.string(th, text, out)?;
        } else if let Some(number) = as_int(value) {
            let text = to_text(th, number)?;
            out.push_str(&text);
        } else if let Some(x) = as_float(value) {
            let text = self.float(th, x)?;
            out.push_str(&text);
        } else if exact::any_list(value).is_some() || exact::any_tuple(value).is_some() {
            th.check_native_stack()?;
            self.list(th, value, level, out)?;
        } else if let Some(dict) = exact::any_dict(value) {
            th.check_native_stack()?;
            self.dict(th, dict, level, out)?;
        } else {
            th.check_native_stack()?;
            self.marked(th, value, |th| {
                let replacement = th.call(&self.default, std::slice::from_ref(value))?;
                let result = self.value(th, &replacement, level, out);
                noted(th, result, |th| {
                    let class = th.type_of(value);
                    Ok(format!("when serializing {} object", vm::class::full_name(th, class)))
                })
            })?;
        }
        Ok(())
    }

    fn list(&self, th: &mut Thread, value: &Value, level: i64, out: &mut Builder) -> PyResult<()> {
        // A plain list is read as it is at each step: what encodes the items may change it.
        let items = match exact::list(value) {
            Some(list) => list.clone().into_value(),
            None => {
                let items = th.collect(value)?;
                th.list(items)
            }
        };
        let Some(items) = exact::list(&items).filter(|items| items.len() != 0) else {
            out.push_str("[]");
            return Ok(());
        };
        self.marked(th, value, |th| {
            out.push_str("[");
            let mut i = 0;
            while let Some(item) = items.get(th, i) {
                if i > 0 {
                    out.push_units(self.item_separator.units());
                }
                self.newline(th, level + 1, out)?;
                let result = self.value(th, &item, level + 1, out);
                noted(th, result, |th| {
                    let class = th.type_of(value);
                    Ok(format!("when serializing {} item {i}", vm::class::full_name(th, class)))
                })?;
                i += 1;
            }
            self.newline(th, level, out)?;
            out.push_str("]");
            Ok(())
        })
    }

    /// A key as a string; None if it is to be skipped.
    fn key(&self, th: &mut Thread, key: &Value) -> PyResult<Option<Value>> {
        if th.as_str(key).is_some() {
            return Ok(Some(key.clone()));
        }
        let text = if let Some(x) = as_float(key) {
            self.float(th, x)?
        } else if let Some(truth) = key.as_bool() {
            if truth { "true".into() } else { "false".into() }
        } else if key.is_none() {
            "null".into()
        } else if let Some(number) = as_int(key) {
            to_text(th, number)?
        } else if self.skip_keys {
            return Ok(None);
        } else {
            let found = th.type_name(key);
            return Err(
                th.type_error(format_args!("keys must be str, int, float, bool or None, not {found}"))
            );
        };
        Ok(Some(th.str(&text)))
    }

    fn dict(&self, th: &mut Thread, dict: &Obj<Dict>, level: i64, out: &mut Builder) -> PyResult<()> {
        if dict.len() == 0 {
            out.push_str("{}");
            return Ok(());
        }
        self.marked(th, dict.as_value(), |th| {
            let items = if self.sort_keys || exact::dict(dict.as_value()).is_none() {
                let view = th.call_method(dict.as_value(), "items", &[])?;
                let mut items = th.collect(&view)?;
                if self.sort_keys {
                    let list = th.list(items);
                    th.call_method(&list, "sort", &[])?;
                    items = th.collect(&list)?;
                }
                let mut pairs = Vec::with_capacity(items.len());
                for item in &items {
                    match exact::any_tuple(item).map(|t| t.items()) {
                        Some([key, value]) => pairs.push((key.clone(), value.clone())),
                        _ => return Err(th.value_error("items must return 2-tuples")),
                    }
                }
                pairs
            } else {
                dict.snapshot(th).into_iter().map(|(key, value, _)| (key, value)).collect()
            };
            out.push_str("{");
            let mut first = true;
            for (original, value) in &items {
                let Some(key) = self.key(th, original)? else { continue };
                if !first {
                    out.push_units(self.item_separator.units());
                }
                first = false;
                self.newline(th, level + 1, out)?;
                if let Some(text) = th.as_str(&key) {
                    self.string(th, text, out)?;
                }
                out.push_units(self.key_separator.units());
                let result = self.value(th, value, level + 1, out);
                noted(th, result, |th| {
                    let class = th.type_of(dict.as_value());
                    let key = th.repr(original)?;
                    let name = vm::class::full_name(th, class);
                    Ok(format!("when serializing {name} item {}", key.units().to_str_lossy()))
                })?;
            }
            if !first {
                self.newline(th, level, out)?;
            }
            out.push_str("}");
            Ok(())
        })
    }
}

/// Adds a note to the exception of a failed `result`.
fn noted(
    th: &mut Thread,
    result: PyResult<()>,
    note: impl FnOnce(&mut Thread) -> PyResult<String>,
) -> PyResult<()> {
    if result.is_ok() {
        return Ok(());
    }
    let exception = th.take_exception();
    let note = note(th)?;
    vm::exceptions::add_note(th, &exception, &note);
    Err(th.set_raised(exception))
}

#[pymethods]
impl Encoder {
    #[new]
    #[signature(
        "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "the constructor's parameters are fixed by the module json"
    )]
    fn new(
        th: &mut Thread,
        markers: &Value,
        default: &Value,
        encoder: &Value,
        indent: &Value,
        key_separator: &Obj<Str>,
        item_separator: &Obj<Str>,
        sort_keys: bool,
        skipkeys: bool,
        allow_nan: bool,
    ) -> PyResult<Encoder> {
        if !markers.is_none() && exact::any_dict(markers).is_none() {
            let found = th.type_name(markers);
            return Err(
                th.type_error(format_args!("make_encoder() argument 1 must be dict or None, not {found}"))
            );
        }
        let own = |th: &mut Thread, name: &str| match crate::support::import_attr(th, "_json", name) {
            Ok(function) => function.is(encoder),
            Err(_) => {
                th.clear_exception();
                false
            }
        };
        let quoting = if own(th, "encode_basestring_ascii") {
            Some(true)
        } else if own(th, "encode_basestring") {
            Some(false)
        } else {
            None
        };
        Ok(Encoder {
            markers: markers.clone(),
            default: default.clone(),
            encoder: encoder.clone(),
            indent: indent.clone(),
            key_separator: key_separator.clone(),
            item_separator: item_separator.clone(),
            sort_keys,
            skip_keys: skipkeys,
            allow_nan,
            quoting,
        })
    }

    /// _iterencode(obj, _current_indent_level) -> iterable
    #[signature("(obj, _current_indent_level)")]
    fn __call__(this: &Obj<Self>, th: &mut Thread, obj: &Value, _current_indent_level: i64) -> PyResult {
        let mut out = Builder::new();
        this.value(th, obj, _current_indent_level, &mut out)?;
        let text = vm::builtins::str::of_owned(th, &out.finish())?;
        Ok(th.tuple(vec![text]))
    }
}
