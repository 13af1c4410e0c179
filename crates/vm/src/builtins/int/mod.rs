//! `int`: making and recognising ints, the constructor, the limit on decimal digits.
//!
//! An int is an immediate if it fits 62 bits; beyond, and for instances of subclasses, it is an object with an
//! [`Int`] payload. An `int` object is never one that an immediate could hold, so equal ints of the exact type have
//! equal representations.
//!
//! Not here: arithmetic (`object_model::number::int`), the Python operators (`operators`) and methods (`methods`).

mod methods;
mod operators;

use std::sync::atomic::{AtomicUsize, Ordering};

use object_model::number::int::DEFAULT_MAX_STR_DIGITS;
use object_model::number::{BigInt, Int as Number, IntRef};
use object_model::text::Units;
use object_model::ty::flag;

use crate::class::IMMEDIATES;
use crate::prelude::*;

/// int([x]) -> integer
/// int(x, base=10) -> integer
///
/// An integer of any size: 0 without arguments, a number without its fraction, or what a
/// literal in text or bytes says in a base of 2 to 36, or 0 for the base that its prefix names.
///
/// >>> int('0b100', base=0)
/// 4
/// >>> int(-7.9)
/// -7
#[pyclass(
    for = Int,
    name = "int",
    subclassable,
    shape = INT,
    layout = &object_model::numeric::INT,
    flags = flag::INT_SUBCLASS | flag::MATCH_SELF,
    parts("operators", "methods")
)]
pub struct IntClass;

/// `sys.get_int_max_str_digits()`; 0 is no limit.
static MAX_STR_DIGITS: AtomicUsize = AtomicUsize::new(DEFAULT_MAX_STR_DIGITS);

/// The limit on decimal digits in conversions between strings and ints; 0 is no limit.
pub fn max_str_digits() -> usize {
    MAX_STR_DIGITS.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// Sets the limit. The caller has checked that it is 0 or not below the smallest admissible one.
pub fn set_max_str_digits(limit: usize) {
    MAX_STR_DIGITS.store(limit, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// Makes the class; the types of immediates must exist before any value is looked at.
pub fn initialise(th: &mut Thread) {
    let class = Int::class(th);
    IMMEDIATES.int.set(class);
}

/// The number, if the type of the value is `int` or a subclass (`bool` too).
#[inline]
pub fn as_int(value: &Value) -> Option<IntRef<'_>> {
    if let Some(i) = value.as_small_int() {
        return Some(IntRef::Small(i));
    }
    let Some(header) = value.as_header() else {
        return value.as_bool().map(|b| IntRef::Small(b.into()));
    };
    if !header.shape().class().payload.has(flag::INT_SUBCLASS) {
        return None;
    }
    // SAFETY: instances of `int` and its subclasses have an `Int` payload, but for `bool`, which has no objects.
    let number: &Obj<Int> = unsafe { Obj::borrow_unchecked(value) };
    // SAFETY: the payload lives as long as the value is borrowed.
    let number: &BigInt = unsafe { &*std::ptr::from_ref(&number.0) };
    Some(number.to_i64().map_or(IntRef::Big(number), IntRef::Small))
}

/// The number, if the type of the value is exactly `int` or `bool`: its operators are not overridden.
#[inline]
pub fn as_exact_int(value: &Value) -> Option<IntRef<'_>> {
    if let Some(i) = value.as_small_int() {
        return Some(IntRef::Small(i));
    }
    match value.as_header() {
        None => value.as_bool().map(|b| IntRef::Small(b.into())),
        Some(header) if header.shape_id() == builtin::INT => {
            // SAFETY: the shape says that the payload is an `Int`.
            let number: &Obj<Int> = unsafe { Obj::borrow_unchecked(value) };
            Some(IntRef::Big(&number.0))
        }
        Some(_) => None,
    }
}

/// True if the value is exactly an `int` (no `bool`).
#[inline]
pub fn is_exact_int(value: &Value) -> bool {
    value.as_small_int().is_some() || value.as_header().is_some_and(|h| h.shape_id() == builtin::INT)
}

/// The receiver of a method of `int`.
fn receiver<'a>(th: &mut Thread, this: &'a Value, name: &str) -> PyResult<IntRef<'a>> {
    match as_int(this) {
        Some(i) => Ok(i),
        None => {
            let found = th.type_name(this);
            Err(th.type_error(format_args!(
                "descriptor '{name}' requires a 'int' object but received a '{found}'"
            )))
        }
    }
}

/// `int(text, base)`
pub fn from_text(th: &mut Thread, text: Units<'_>, base: u32) -> PyResult {
    let number = Number::from_text(text, base, max_str_digits());
    let number = th.check(number)?;
    Ok(th.int_value(number))
}

/// `int(bytes, base)`
pub fn from_literal_bytes(th: &mut Thread, bytes: &[u8], base: u32) -> PyResult {
    let number = Number::from_literal_bytes(bytes, base, max_str_digits());
    let number = th.check(number)?;
    Ok(th.int_value(number))
}

/// The decimal digits, unless they are more than the limit.
pub fn to_text(th: &mut Thread, number: IntRef<'_>) -> PyResult<String> {
    th.check(number.to_decimal(max_str_digits()))
}

impl Thread {
    /// An `int`.
    #[inline]
    pub fn int(&self, i: i64) -> Value {
        match Value::small_int(i) {
            Some(value) => value,
            None => Obj::new(self, builtin::INT, Int(BigInt::from(i))).into_value(),
        }
    }

    /// An `int` from an unsigned number.
    pub fn int_unsigned(&self, i: u64) -> Value {
        self.int_value(Number::from(i))
    }

    /// An `int` from a number of any size.
    #[inline]
    pub fn int_value(&self, number: Number) -> Value {
        match number {
            Number::Small(i) => self.int(i),
            Number::Big(big) => Obj::new(self, builtin::INT, Int(big)).into_value(),
        }
    }

    /// An `int` from anything that is one: a big one (which may be small), a machine number.
    pub fn int_from(&self, number: impl Into<Number>) -> Value {
        self.int_value(number.into())
    }
}

/// The int of one machine word or more that a constructor answers, as an instance of `class`.
fn instance(th: &mut Thread, class: Class, value: Value) -> Value {
    if std::ptr::eq(class, Int::class(th)) {
        return value;
    }
    let number = as_int(&value).map_or(Number::Small(0), IntRef::to_int);
    Obj::new(th, class.payload.instance_shape(), Int(number.into_big())).into_value()
}

#[pymethods(for = Int)]
impl IntClass {
    #[new]
    #[signature("(x=0, /, base=10)")]
    fn new(th: &mut Thread, class: Class, x: Option<&Value>, base: Option<&Value>) -> PyResult {
        let value = match (x, base) {
            (None, None) => Value::int32(0),
            (None, Some(_)) => return Err(th.type_error("int() missing string argument")),
            (Some(x), None) => th.int_of(x)?,
            (Some(x), Some(base)) => {
                let base = th.index_clamped(base)?;
                let Some(base) = u32::try_from(base).ok().filter(|b| *b == 0 || (2..=36).contains(b)) else {
                    return Err(th.value_error("int() base must be >= 2 and <= 36, or 0"));
                };
                if let Some(text) = th.as_str(x) {
                    from_text(th, text.units(), base)?
                } else if x.as_header().is_some_and(|h| {
                    h.shape().class().payload.has(flag::BYTES_SUBCLASS | flag::BYTEARRAY_SUBCLASS)
                }) {
                    let bytes = crate::protocol::conversion::bytes_of(th, x)?.unwrap_or_default();
                    from_literal_bytes(th, &bytes, base)?
                } else {
                    return Err(th.type_error("int() can't convert non-string with explicit base"));
                }
            }
        };
        Ok(instance(th, class, value))
    }
}
