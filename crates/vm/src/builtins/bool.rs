//! `bool`: a subclass of `int` whose two instances are immediates.

use object_model::ty::flag;

use super::int::as_int;
use crate::class::IMMEDIATES;
use crate::prelude::*;

/// The truth value of an object. True and False are its only instances, and it has no subclasses.
#[pyclass(
    name = "bool",
    base = Int,
    layout = &object_model::numeric::INT,
    flags = flag::INT_SUBCLASS | flag::MATCH_SELF
)]
pub struct Bool;

/// Makes the class; the types of immediates must exist before any value is looked at.
pub fn initialise(th: &mut Thread) {
    let class = Bool::class(th);
    IMMEDIATES.bool.set(class);
}

fn receiver(th: &mut Thread, this: &Value, name: &str) -> PyResult<bool> {
    match this.as_bool() {
        Some(truth) => Ok(truth),
        None => {
            let found = th.type_name(this);
            Err(th.type_error(format_args!(
                "descriptor '{name}' requires a 'bool' object but received a '{found}'"
            )))
        }
    }
}

/// Of two bools the result is a bool, else that of ints.
fn logical(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    receiver(th, this, name)?;
    if as_int(value).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    match (op, this.as_bool(), value.as_bool()) {
        (BinaryOp::And, Some(a), Some(b)) => Ok(Value::bool(a & b)),
        (BinaryOp::Or, Some(a), Some(b)) => Ok(Value::bool(a | b)),
        (BinaryOp::Xor, Some(a), Some(b)) => Ok(Value::bool(a ^ b)),
        _ => {
            let (Some(a), Some(b)) = (as_int(this), as_int(value)) else { return Ok(Value::NOT_IMPLEMENTED) };
            Ok(crate::protocol::number::int_operation(th, op, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
        }
    }
}

#[pymethods]
impl Bool {
    #[new]
    #[signature("(object=False, /)")]
    fn new(th: &mut Thread, _class: Class, object: Option<&Value>) -> PyResult {
        let truth = match object {
            Some(object) => th.is_true(object)?,
            None => false,
        };
        Ok(Value::bool(truth))
    }

    /// Return repr(self).
    fn __repr__(this: &Value, th: &mut Thread) -> PyResult<&'static str> {
        receiver(th, this, "__repr__").map(|truth| if truth { "True" } else { "False" })
    }

    /// ~self
    fn __invert__(this: &Value, th: &mut Thread) -> PyResult {
        let truth = receiver(th, this, "__invert__")?;
        th.warn_deprecated(
            "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise \
             inversion of the underlying int object and is usually not what you expect from the negation of a bool \
             object. Use the 'not' operator for boolean negation or ~int(x) for the bitwise inversion of the \
             underlying int.",
        )?;
        Ok(Value::int32(!i32::from(truth)))
    }

    /// Return self&value.
    fn __and__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::And, this, value, "__and__")
    }

    /// Return value&self.
    fn __rand__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::And, this, value, "__rand__")
    }

    /// Return self|value.
    fn __or__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::Or, this, value, "__or__")
    }

    /// Return value|self.
    fn __ror__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::Or, this, value, "__ror__")
    }

    /// Return self^value.
    fn __xor__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::Xor, this, value, "__xor__")
    }

    /// Return value^self.
    fn __rxor__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        logical(th, BinaryOp::Xor, this, value, "__rxor__")
    }
}
