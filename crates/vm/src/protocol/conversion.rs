//! Conversions to numbers and to truth: `__index__`, `__int__`, `__float__`, `__complex__`, `__bool__`.
//!
//! Not here: arguments of native functions (`native::convert`), literals in strings (`object_model::number`).

use object_model::number::IntRef;
use object_model::shape::builtin;

use crate::builtins::float::as_float;
use crate::builtins::int::{as_exact_int, as_int, is_exact_int};
use crate::class::{special, type_of};
use crate::error::Raised;
use crate::names::Special;
use crate::prelude::*;

/// The size of a container of a builtin type.
#[inline]
fn builtin_len(value: &Value) -> Option<usize> {
    let header = value.as_header()?;
    match header.shape_id() {
        // SAFETY: the shape says what the payload is.
        builtin::STR => Some(unsafe { Obj::<Str>::borrow_unchecked(value) }.len()),
        // SAFETY: as above.
        builtin::LIST => Some(unsafe { Obj::<List>::borrow_unchecked(value) }.len()),
        // SAFETY: as above.
        builtin::TUPLE => Some(unsafe { Obj::<Tuple>::borrow_unchecked(value) }.len()),
        // SAFETY: as above.
        builtin::DICT => Some(unsafe { Obj::<Dict>::borrow_unchecked(value) }.len()),
        _ => None,
    }
}

impl Thread {
    /// `bool(value)`
    #[inline]
    pub fn is_true(&mut self, value: &Value) -> PyResult<bool> {
        if let Some(truth) = value.as_bool() {
            return Ok(truth);
        }
        if value.is_none() {
            return Ok(false);
        }
        if let Some(i) = value.as_small_int() {
            return Ok(i != 0);
        }
        if let Some(length) = builtin_len(value) {
            return Ok(length != 0);
        }
        self.truth_of_object(value)
    }

    fn truth_of_object(&mut self, value: &Value) -> PyResult<bool> {
        if let Some(x) = value.as_immediate_float() {
            return Ok(x != 0.0);
        }
        if let Some(answer) = self.call_special(value, Special::Bool, &[])? {
            return match answer.as_bool() {
                Some(truth) => Ok(truth),
                None => {
                    let name = self.type_name(&answer);
                    Err(self.type_error(format_args!("__bool__ should return bool, returned {name}")))
                }
            };
        }
        // `__len__ = None` says that there is no length, and so no truth.
        if crate::class::special::get(self, crate::class::type_of(value), Special::Len).is_none() {
            return Ok(true);
        }
        Ok(self.length(value)? != 0)
    }

    #[cold]
    fn not_an_integer(&mut self, value: &Value) -> Raised {
        let name = self.type_name(value);
        self.type_error(format_args!("'{name}' object cannot be interpreted as an integer"))
    }

    /// `operator.index(value)`: exactly an `int`.
    pub fn to_index(&mut self, value: &Value) -> PyResult {
        if value.as_small_int().is_some() {
            return Ok(value.clone());
        }
        if let Some(i) = as_int(value) {
            return Ok(if is_exact_int(value) { value.clone() } else { self.int_value(i.to_int()) });
        }
        let Some(result) = self.call_special(value, Special::Index, &[])? else {
            return Err(self.not_an_integer(value));
        };
        self.checked_integer(value, result, "__index__")
    }

    /// What `__index__` or `__int__` answered, as exactly an `int`.
    fn checked_integer(&mut self, _value: &Value, result: Value, method: &str) -> PyResult {
        if is_exact_int(&result) {
            return Ok(result);
        }
        let number = as_int(&result).map(IntRef::to_int);
        let name = self.type_name(&result);
        let Some(number) = number else {
            return Err(self.type_error(format_args!("{method} returned non-int (type {name})")));
        };
        self.warn_deprecated(format_args!(
            "{method} returned non-int (type {name}).  The ability to return an instance of a strict subclass of int is \
             deprecated, and may not be supported in a future version of Python."
        ))?;
        Ok(self.int_value(number))
    }

    /// `__index__` as a machine number; OverflowError if it doesn't fit.
    pub fn index(&mut self, value: &Value) -> PyResult<i64> {
        if let Some(i) = value.as_small_int() {
            return Ok(i);
        }
        let number = self.to_index(value)?;
        match as_int(&number).and_then(IntRef::to_i64) {
            Some(i) => Ok(i),
            None => {
                let name = self.type_name(value);
                Err(self.overflow_error(format_args!("cannot fit '{name}' into an index-sized integer")))
            }
        }
    }

    /// As [`Thread::index`] with IndexError: the position in a subscript.
    pub fn index_for_subscript(&mut self, value: &Value) -> PyResult<i64> {
        if let Some(i) = value.as_small_int() {
            return Ok(i);
        }
        let number = self.to_index(value)?;
        match as_int(&number).and_then(IntRef::to_i64) {
            Some(i) => Ok(i),
            None => {
                let name = self.type_name(value);
                Err(self.index_error(format_args!("cannot fit '{name}' into an index-sized integer")))
            }
        }
    }

    /// `__index__`, cut to what a machine number holds.
    pub fn index_clamped(&mut self, value: &Value) -> PyResult<i64> {
        if let Some(i) = value.as_small_int() {
            return Ok(i);
        }
        let number = self.to_index(value)?;
        let Some(i) = as_int(&number) else { return Err(self.not_an_integer(value)) };
        Ok(i.to_i64().unwrap_or(if i.is_negative() { i64::MIN } else { i64::MAX }))
    }

    /// `__index__` as a size; OverflowError beyond, ValueError with `message` below zero.
    pub fn index_usize(&mut self, value: &Value, message: &str) -> PyResult<usize> {
        match usize::try_from(self.index(value)?) {
            Ok(size) => Ok(size),
            Err(_) => Err(self.value_error(message)),
        }
    }

    /// The value as a C double: `__float__`, else `__index__`.
    pub fn to_f64(&mut self, value: &Value) -> PyResult<f64> {
        if let Some(x) = value.as_immediate_float() {
            return Ok(x);
        }
        if let Some(i) = as_exact_int(value) {
            return self.check(i.to_f64());
        }
        match self.real_from(value)? {
            Some(x) => Ok(x),
            None => {
                let name = self.type_name(value);
                Err(self.type_error(format_args!("must be real number, not {name}")))
            }
        }
    }

    /// True if the class has not `float`'s own `__float__`.
    fn overrides_float(&mut self, value: &Value) -> bool {
        let (own, plain) = (type_of(value), Float::class(self));
        if std::ptr::eq(own, plain) {
            return false;
        }
        match (special::get(self, own, Special::Float), special::get(self, plain, Special::Float)) {
            (Some(own), Some(plain)) => !own.is(plain),
            _ => false,
        }
    }

    /// The value as a C double by `float`'s value, `__float__` or `__index__`; None if it has none of them.
    pub fn real_from(&mut self, value: &Value) -> PyResult<Option<f64>> {
        // A subclass may have a `__float__` of its own.
        if let Some(x) = as_float(value).filter(|_| !self.overrides_float(value)) {
            return Ok(Some(x));
        }
        if let Some(result) = self.call_special(value, Special::Float, &[])? {
            let Some(x) = as_float(&result) else {
                let (own, name) = (self.type_name(value), self.type_name(&result));
                return Err(self.type_error(format_args!("{own}.__float__ returned non-float (type {name})")));
            };
            if !std::ptr::eq(type_of(&result), Float::class(self)) {
                let (own, name) = (self.type_name(value), self.type_name(&result));
                self.warn_deprecated(format_args!(
                    "{own}.__float__ returned non-float (type {name}).  The ability to return an instance of a strict \
                     subclass of float is deprecated, and may not be supported in a future version of Python."
                ))?;
            }
            return Ok(Some(x));
        }
        if self.has_special(value, Special::Index) {
            let number = self.to_index(value)?;
            if let Some(i) = as_int(&number) {
                return self.check(i.to_f64()).map(Some);
            }
        }
        Ok(None)
    }

    /// `int(value)`: exactly an `int`.
    pub fn int_of(&mut self, value: &Value) -> PyResult {
        if is_exact_int(value) {
            return Ok(value.clone());
        }
        if let Some(x) = crate::builtins::float::as_exact_float(value) {
            let number = object_model::number::Int::from_f64(x);
            let number = self.check(number)?;
            return Ok(self.int_value(number));
        }
        if let Some(result) = self.call_special(value, Special::Int, &[])? {
            return self.checked_integer(value, result, "__int__");
        }
        if self.has_special(value, Special::Index) {
            return self.to_index(value);
        }
        if let Some(text) = self.as_str(value) {
            return crate::builtins::int::from_text(self, text.units(), 10);
        }
        if let Some(bytes) = bytes_of(self, value)? {
            return crate::builtins::int::from_literal_bytes(self, &bytes, 10);
        }
        let name = self.type_name(value);
        Err(self.type_error(format_args!(
            "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
        )))
    }

    /// Issues a DeprecationWarning; errs if a filter turns it into an exception.
    #[cold]
    pub fn warn_deprecated(&mut self, message: impl std::fmt::Display) -> PyResult<()> {
        let module = self.import("warnings")?;
        let (text, category) = (self.str(&message.to_string()), Exc::DeprecationWarning.class().value());
        self.call_method(&module, "warn", &[text, category]).map(drop)
    }
}

/// The content of a bytes-like object, if the value is one.
pub fn bytes_of(th: &mut Thread, value: &Value) -> PyResult<Option<Vec<u8>>> {
    if value.as_header().is_none() || !super::buffer::is_buffer(th, value) {
        return Ok(None);
    }
    th.buffer_to_vec(value).map(Some)
}
