//! The operators of `float`, also for its subclasses: they answer with plain floats, take ints too, and leave other
//! operands to their types.

use super::{FloatClass, as_float, receiver};
use crate::builtins::int::as_int;
use crate::prelude::*;
use crate::protocol::hash::of_float;
use crate::protocol::number::float_operation;

/// The operand as a float, if it is a float or an int.
fn operand(th: &mut Thread, value: &Value) -> PyResult<Option<f64>> {
    match (as_float(value), as_int(value)) {
        (Some(x), _) => Ok(Some(x)),
        (None, Some(i)) => th.check(i.to_f64()).map(Some),
        (None, None) => Ok(None),
    }
}

fn binary(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    let a = receiver(th, this, name)?;
    let Some(b) = operand(th, value)? else { return Ok(Value::NOT_IMPLEMENTED) };
    Ok(float_operation(th, op, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

fn binary_reflected(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    let b = receiver(th, this, name)?;
    let Some(a) = operand(th, value)? else { return Ok(Value::NOT_IMPLEMENTED) };
    Ok(float_operation(th, op, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

fn compare(th: &mut Thread, op: CompareOp, this: &Value, value: &Value) -> PyResult {
    let a = receiver(th, this, op.special().text())?;
    let order = match (as_float(value), as_int(value)) {
        (Some(b), _) => a.partial_cmp(&b),
        (None, Some(i)) => return Ok(Value::bool(op.swapped().holds_partly(i.cmp_f64(a)))),
        (None, None) => return Ok(Value::NOT_IMPLEMENTED),
    };
    Ok(Value::bool(op.holds_partly(order)))
}

fn power(th: &mut Thread, base: &Value, exponent: &Value, modulus: Option<&Value>) -> PyResult {
    if modulus.is_some_and(|m| !m.is_none()) {
        return Err(th.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    }
    let (Some(a), Some(b)) = (operand(th, base)?, operand(th, exponent)?) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    Ok(float_operation(th, BinaryOp::Pow, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

#[pymethods(for = Float, part = "operators")]
impl FloatClass {
    /// Return self+value.
    fn __add__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Add, this, value, "__add__")
    }

    /// Return self-value.
    fn __sub__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Sub, this, value, "__sub__")
    }

    /// Return self*value.
    fn __mul__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Mul, this, value, "__mul__")
    }

    /// Return self/value.
    fn __truediv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::TrueDiv, this, value, "__truediv__")
    }

    /// Return self//value.
    fn __floordiv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::FloorDiv, this, value, "__floordiv__")
    }

    /// Return self%value.
    fn __mod__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Mod, this, value, "__mod__")
    }

    /// Return divmod(self, value).
    fn __divmod__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::DivMod, this, value, "__divmod__")
    }

    /// Return value+self.
    fn __radd__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Add, this, value, "__radd__")
    }

    /// Return value-self.
    fn __rsub__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Sub, this, value, "__rsub__")
    }

    /// Return value*self.
    fn __rmul__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Mul, this, value, "__rmul__")
    }

    /// Return value/self.
    fn __rtruediv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::TrueDiv, this, value, "__rtruediv__")
    }

    /// Return value//self.
    fn __rfloordiv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::FloorDiv, this, value, "__rfloordiv__")
    }

    /// Return value%self.
    fn __rmod__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Mod, this, value, "__rmod__")
    }

    /// Return divmod(value, self).
    fn __rdivmod__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::DivMod, this, value, "__rdivmod__")
    }

    /// Return pow(self, value, mod).
    #[signature("(value, mod=None, /)")]
    fn __pow__(this: &Value, th: &mut Thread, value: &Value, r#mod: Option<&Value>) -> PyResult {
        receiver(th, this, "__pow__")?;
        power(th, this, value, r#mod)
    }

    /// Return pow(value, self, mod).
    #[signature("(value, mod=None, /)")]
    fn __rpow__(this: &Value, th: &mut Thread, value: &Value, r#mod: Option<&Value>) -> PyResult {
        receiver(th, this, "__rpow__")?;
        power(th, value, this, r#mod)
    }

    /// -self
    fn __neg__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "__neg__").map(|x| -x)
    }

    /// +self
    fn __pos__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "__pos__")
    }

    /// abs(self)
    fn __abs__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "__abs__").map(f64::abs)
    }

    /// True if self else False
    fn __bool__(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "__bool__").map(|x| x != 0.0)
    }

    /// Return hash(self).
    fn __hash__(this: &Value, th: &mut Thread) -> PyResult<i64> {
        receiver(th, this, "__hash__").map(|x| of_float(this, x))
    }

    /// Return self<value.
    fn __lt__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Lt, this, value)
    }

    /// Return self<=value.
    fn __le__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Le, this, value)
    }

    /// Return self==value.
    fn __eq__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Eq, this, value)
    }

    /// Return self!=value.
    fn __ne__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Ne, this, value)
    }

    /// Return self>value.
    fn __gt__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Gt, this, value)
    }

    /// Return self>=value.
    fn __ge__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        compare(th, CompareOp::Ge, this, value)
    }
}
