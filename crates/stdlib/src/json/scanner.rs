//! `_json.make_scanner`: from JSON text to Python objects.

use std::collections::HashMap;

use vm::object_model::number::Int as Integer;
use vm::object_model::number::float::parse::from_text;
use vm::object_model::text::Units;
use vm::prelude::*;

use super::text::{decode_error, scan};

/// JSON scanner object
#[pyclass(name = "make_scanner", module = "_json")]
pub struct Scanner {
    strict: bool,
    object_hook: Value,
    object_pairs_hook: Value,
    parse_float: Value,
    parse_int: Value,
    parse_constant: Value,
    /// `parse_float` and `parse_int` are the builtin types.
    #[no_trace]
    plain: (bool, bool),
}

/// A scan in progress.
struct Scan<'a> {
    scanner: &'a Scanner,
    source: &'a Obj<Str>,
    text: Units<'a>,
    /// Keys seen, so that equal ones are one object.
    memo: HashMap<Vec<u8>, Value>,
}

impl Scan<'_> {
    fn at(&self, at: usize) -> Option<u8> {
        if at < self.text.len() { u8::try_from(self.text.get(at)).ok() } else { None }
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while matches!(self.at(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            at += 1;
        }
        at
    }

    fn starts(&self, at: usize, word: &str) -> bool {
        at + word.len() <= self.text.len() && self.text.slice(at..at + word.len()).eq_str(word)
    }

    /// Raises `StopIteration(at)`: no value starts there.
    fn nothing(&self, th: &mut Thread, at: usize) -> Raised {
        let at = th.int(at as i64);
        th.raise_args(Exc::StopIteration, vec![at])
    }

    fn constant(&self, th: &mut Thread, name: &str, at: usize) -> PyResult<(Value, usize)> {
        let text = th.str(name);
        let value = th.call(&self.scanner.parse_constant, &[text])?;
        Ok((value, at + name.len()))
    }

    /// The value at `at`, and the position after it.
    fn value(&mut self, th: &mut Thread, at: usize) -> PyResult<(Value, usize)> {
        match self.at(at) {
            Some(b'"') => scan(th, self.source, at + 1, self.scanner.strict),
            Some(b'{') => {
                th.check_native_stack()?;
                self.object(th, at + 1)
            }
            Some(b'[') => {
                th.check_native_stack()?;
                self.array(th, at + 1)
            }
            Some(b'n') if self.starts(at, "null") => Ok((Value::NONE, at + 4)),
            Some(b't') if self.starts(at, "true") => Ok((Value::TRUE, at + 4)),
            Some(b'f') if self.starts(at, "false") => Ok((Value::FALSE, at + 5)),
            Some(b'N') if self.starts(at, "NaN") => self.constant(th, "NaN", at),
            Some(b'I') if self.starts(at, "Infinity") => self.constant(th, "Infinity", at),
            Some(b'-') if self.starts(at, "-Infinity") => self.constant(th, "-Infinity", at),
            Some(b'-' | b'0'..=b'9') => self.number(th, at),
            _ => Err(self.nothing(th, at)),
        }
    }

    fn digits(&self, mut at: usize) -> usize {
        while self.at(at).is_some_and(|c| c.is_ascii_digit()) {
            at += 1;
        }
        at
    }

    fn number(&self, th: &mut Thread, start: usize) -> PyResult<(Value, usize)> {
        let mut at = start + usize::from(self.at(start) == Some(b'-'));
        at = match self.at(at) {
            Some(b'0') => at + 1,
            Some(b'1'..=b'9') => self.digits(at),
            _ => return Err(self.nothing(th, start)),
        };
        let mut is_float = false;
        if self.at(at) == Some(b'.') && self.at(at + 1).is_some_and(|c| c.is_ascii_digit()) {
            is_float = true;
            at = self.digits(at + 1);
        }
        if matches!(self.at(at), Some(b'e' | b'E')) {
            let digits = at + 1 + usize::from(matches!(self.at(at + 1), Some(b'+' | b'-')));
            if self.at(digits).is_some_and(|c| c.is_ascii_digit()) {
                is_float = true;
                at = self.digits(digits);
            }
        }
        let text = self.text.slice(start..at);
        let (hook, plain) = match is_float {
            true => (&self.scanner.parse_float, self.scanner.plain.0),
            false => (&self.scanner.parse_int, self.scanner.plain.1),
        };
        let value = if !plain {
            let text = vm::builtins::str::of_units(th, text)?;
            th.call(hook, &[text])?
        } else if is_float {
            let x = th.check(from_text(text))?;
            th.float(x)
        } else {
            let number = Integer::from_text(text, 10, vm::builtins::int::max_str_digits());
            let number = th.check(number)?;
            th.int_value(number)
        };
        Ok((value, at))
    }

    fn array(&mut self, th: &mut Thread, mut at: usize) -> PyResult<(Value, usize)> {
        let mut items = Vec::new();
        at = self.skip_space(at);
        if self.at(at) == Some(b']') {
            return Ok((th.list(items), at + 1));
        }
        loop {
            let (item, end) = self.value(th, at)?;
            items.push(item);
            at = self.skip_space(end);
            match self.at(at) {
                Some(b']') => return Ok((th.list(items), at + 1)),
                Some(b',') => {}
                _ => return Err(decode_error(th, "Expecting ',' delimiter", self.source, at)),
            }
            let comma = at;
            at = self.skip_space(at + 1);
            if self.at(at) == Some(b']') {
                return Err(decode_error(
                    th,
                    "Illegal trailing comma before end of array",
                    self.source,
                    comma,
                ));
            }
        }
    }

    fn key(&mut self, th: &mut Thread, at: usize) -> PyResult<(Value, usize)> {
        let (key, end) = scan(th, self.source, at + 1, self.scanner.strict)?;
        let Some(bytes) = th.as_str(&key).map(|k| k.units().to_wtf8().into_owned()) else {
            return Ok((key, end));
        };
        Ok((self.memo.entry(bytes).or_insert(key).clone(), end))
    }

    fn object(&mut self, th: &mut Thread, mut at: usize) -> PyResult<(Value, usize)> {
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        at = self.skip_space(at);
        if self.at(at) != Some(b'}') {
            loop {
                if self.at(at) != Some(b'"') {
                    let message = "Expecting property name enclosed in double quotes";
                    return Err(decode_error(th, message, self.source, at));
                }
                let (key, end) = self.key(th, at)?;
                at = self.skip_space(end);
                if self.at(at) != Some(b':') {
                    return Err(decode_error(th, "Expecting ':' delimiter", self.source, at));
                }
                at = self.skip_space(at + 1);
                let (value, end) = self.value(th, at)?;
                pairs.push((key, value));
                at = self.skip_space(end);
                match self.at(at) {
                    Some(b'}') => break,
                    Some(b',') => {}
                    _ => return Err(decode_error(th, "Expecting ',' delimiter", self.source, at)),
                }
                let comma = at;
                at = self.skip_space(at + 1);
                if self.at(at) == Some(b'}') {
                    let message = "Illegal trailing comma before end of object";
                    return Err(decode_error(th, message, self.source, comma));
                }
            }
        }
        if !self.scanner.object_pairs_hook.is_none() {
            let pairs = pairs.into_iter().map(|(k, v)| th.tuple(vec![k, v])).collect();
            let pairs = th.list(pairs);
            let made = th.call(&self.scanner.object_pairs_hook, &[pairs])?;
            return Ok((made, at + 1));
        }
        let dict = th.dict();
        for (key, value) in pairs {
            th.dict_set(&dict, &key, value)?;
        }
        let dict = dict.into_value();
        let made = match self.scanner.object_hook.is_none() {
            true => dict,
            false => th.call(&self.scanner.object_hook, &[dict])?,
        };
        Ok((made, at + 1))
    }
}

#[pymethods]
impl Scanner {
    #[new]
    #[signature("(context)")]
    fn new(th: &mut Thread, context: &Value) -> PyResult<Scanner> {
        let strict = th.get_attr_str(context, "strict")?;
        let strict = th.is_true(&strict)?;
        let parse_float = th.get_attr_str(context, "parse_float")?;
        let parse_int = th.get_attr_str(context, "parse_int")?;
        let plain = (parse_float.is(&Float::class(th).value()), parse_int.is(&Int::class(th).value()));
        Ok(Scanner {
            strict,
            object_hook: th.get_attr_str(context, "object_hook")?,
            object_pairs_hook: th.get_attr_str(context, "object_pairs_hook")?,
            parse_float,
            parse_int,
            parse_constant: th.get_attr_str(context, "parse_constant")?,
            plain,
        })
    }

    /// scan_once(string, idx): the value at the position, and the position after it
    #[signature("(string, idx)")]
    fn __call__(this: &Obj<Self>, th: &mut Thread, string: &Value, idx: i64) -> PyResult {
        let Some(source) = th.as_str(string).cloned() else {
            let found = th.type_name(string);
            return Err(th.type_error(format_args!("first argument must be a string, not {found}")));
        };
        let Ok(at) = usize::try_from(idx) else { return Err(th.value_error("idx cannot be negative")) };
        let mut scan = Scan { scanner: this, source: &source, text: source.units(), memo: HashMap::new() };
        let (value, end) = scan.value(th, at)?;
        let end = th.int(end as i64);
        Ok(th.tuple(vec![value, end]))
    }

    /// strict
    #[getter]
    fn strict(&self) -> bool {
        self.strict
    }

    /// object_hook
    #[getter]
    fn object_hook(&self) -> Value {
        self.object_hook.clone()
    }

    /// object_pairs_hook
    #[getter]
    fn object_pairs_hook(&self) -> Value {
        self.object_pairs_hook.clone()
    }

    /// parse_float
    #[getter]
    fn parse_float(&self) -> Value {
        self.parse_float.clone()
    }

    /// parse_int
    #[getter]
    fn parse_int(&self) -> Value {
        self.parse_int.clone()
    }

    /// parse_constant
    #[getter]
    fn parse_constant(&self) -> Value {
        self.parse_constant.clone()
    }
}
