//! `float`: making and recognising floats, the constructor.
//!
//! A float is an immediate if its exponent allows it; the others (inf, nan, very large, very small) and instances of
//! subclasses are objects with a [`Float`] payload.
//!
//! Not here: arithmetic (`object_model::number::float`), the Python operators (`operators`) and methods (`methods`).

mod methods;
mod operators;

use object_model::number::float::parse;
use object_model::ty::flag;

use crate::class::{IMMEDIATES, exact_str};
use crate::prelude::*;

/// A floating-point number of double precision, made from a number or a literal.
#[pyclass(
    for = Float,
    name = "float",
    subclassable,
    shape = FLOAT,
    layout = &object_model::numeric::FLOAT,
    flags = flag::FLOAT_SUBCLASS | flag::MATCH_SELF,
    parts("operators", "methods")
)]
pub struct FloatClass;

/// Makes the class; the types of immediates must exist before any value is looked at.
pub fn initialise(th: &mut Thread) {
    let class = Float::class(th);
    IMMEDIATES.float.set(class);
}

/// The number, if the type of the value is `float` or a subclass.
#[inline]
pub fn as_float(value: &Value) -> Option<f64> {
    if let Some(x) = value.as_immediate_float() {
        return Some(x);
    }
    let header = value.as_header()?;
    if !header.shape().class().payload.has(flag::FLOAT_SUBCLASS) {
        return None;
    }
    // SAFETY: instances of `float` and its subclasses have a `Float` payload.
    let number: &Obj<Float> = unsafe { Obj::borrow_unchecked(value) };
    Some(number.0)
}

/// The number, if the type of the value is exactly `float`.
#[inline]
pub fn as_exact_float(value: &Value) -> Option<f64> {
    if let Some(x) = value.as_immediate_float() {
        return Some(x);
    }
    match value.as_header() {
        Some(header) if header.shape_id() == builtin::FLOAT => {
            // SAFETY: the shape says that the payload is a `Float`.
            let number: &Obj<Float> = unsafe { Obj::borrow_unchecked(value) };
            Some(number.0)
        }
        _ => None,
    }
}

/// The receiver of a method of `float`.
fn receiver(th: &mut Thread, this: &Value, name: &str) -> PyResult<f64> {
    match as_float(this) {
        Some(x) => Ok(x),
        None => {
            let found = th.type_name(this);
            Err(th.type_error(format_args!(
                "descriptor '{name}' requires a 'float' object but received a '{found}'"
            )))
        }
    }
}

impl Thread {
    /// A `float`.
    #[inline]
    pub fn float(&self, x: f64) -> Value {
        match Value::immediate_float(x) {
            Some(value) => value,
            None => Obj::new(self, builtin::FLOAT, Float(x)).into_value(),
        }
    }

    /// `float(value)`: the number.
    pub fn float_of(&mut self, value: &Value) -> PyResult<f64> {
        if let Some(text) = exact_str(value) {
            return self.check(parse::from_text(text.units()));
        }
        if let Some(x) = self.real_from(value)? {
            return Ok(x);
        }
        if let Some(text) = self.as_str(value) {
            return self.check(parse::from_text(text.units()));
        }
        if let Some(bytes) = crate::protocol::conversion::bytes_of(self, value)? {
            return self.check(parse::from_literal_bytes(&bytes));
        }
        let name = self.type_name(value);
        Err(self.type_error(format_args!("float() argument must be a string or a real number, not '{name}'")))
    }
}

#[pymethods(for = Float)]
impl FloatClass {
    #[new]
    #[signature("(x=0, /)")]
    fn new(th: &mut Thread, class: Class, x: Option<&Value>) -> PyResult {
        let exact = std::ptr::eq(class, Float::class(th));
        let number = match x {
            Some(x) if exact && as_exact_float(x).is_some() => return Ok(x.clone()),
            Some(x) => th.float_of(x)?,
            None => 0.0,
        };
        if exact {
            return Ok(th.float(number));
        }
        Ok(Obj::new(th, class.payload.instance_shape(), Float(number)).into_value())
    }

    /// A float from a number; text is refused.
    #[classmethod]
    fn from_number(th: &mut Thread, class: Class, number: &Value) -> PyResult {
        let exact = std::ptr::eq(class, Float::class(th));
        if exact && as_exact_float(number).is_some() {
            return Ok(number.clone());
        }
        let x = th.to_f64(number)?;
        let value = th.float(x);
        if exact { Ok(value) } else { th.call(&class.value(), &[value]) }
    }

    /// A float from hexadecimal text.
    ///
    /// >>> float.fromhex('0x1.8p+1')
    /// 3.0
    /// >>> float.fromhex('-0x.8p-1')
    /// -0.25
    #[classmethod]
    fn fromhex(th: &mut Thread, class: Class, string: &Obj<Str>) -> PyResult {
        let x = th.check(parse::from_hex(string.units()))?;
        let value = th.float(x);
        if std::ptr::eq(class, Float::class(th)) { Ok(value) } else { th.call(&class.value(), &[value]) }
    }

    /// How the C type 'double' or 'float' lies in memory.
    #[classmethod]
    fn __getformat__(th: &mut Thread, _class: Class, typestr: &Obj<Str>) -> PyResult<&'static str> {
        match typestr.as_ascii() {
            Some("double" | "float") if cfg!(target_endian = "little") => Ok("IEEE, little-endian"),
            Some("double" | "float") => Ok("IEEE, big-endian"),
            _ => Err(th.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
        }
    }
}
