//! The operators of `int`, also for its subclasses: they answer with plain ints, and leave other operands to their types.

use object_model::number::IntRef;

use super::{IntClass, as_int, receiver};
use crate::prelude::*;
use crate::protocol::number::int_operation;

fn binary(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    let a = receiver(th, this, name)?;
    let Some(b) = as_int(value) else { return Ok(Value::NOT_IMPLEMENTED) };
    Ok(int_operation(th, op, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

fn binary_reflected(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    let b = receiver(th, this, name)?;
    let Some(a) = as_int(value) else { return Ok(Value::NOT_IMPLEMENTED) };
    Ok(int_operation(th, op, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

fn compare(th: &mut Thread, op: CompareOp, this: &Value, value: &Value) -> PyResult {
    let a = receiver(th, this, op.special().text())?;
    Ok(as_int(value).map_or(Value::NOT_IMPLEMENTED, |b| Value::bool(op.holds(a.cmp(b)))))
}

fn power(th: &mut Thread, base: &Value, exponent: &Value, modulus: Option<&Value>) -> PyResult {
    let (Some(a), Some(b)) = (as_int(base), as_int(exponent)) else { return Ok(Value::NOT_IMPLEMENTED) };
    let Some(modulus) = modulus.filter(|m| !m.is_none()) else {
        return Ok(int_operation(th, BinaryOp::Pow, a, b)?.unwrap_or(Value::NOT_IMPLEMENTED));
    };
    let Some(modulus) = as_int(modulus) else { return Ok(Value::NOT_IMPLEMENTED) };
    let power = th.check(a.pow_mod(b, modulus))?;
    Ok(th.int_value(power))
}

#[pymethods(for = Int, part = "operators")]
impl IntClass {
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

    /// Return self<<value.
    fn __lshift__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::LShift, this, value, "__lshift__")
    }

    /// Return self>>value.
    fn __rshift__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::RShift, this, value, "__rshift__")
    }

    /// Return self&value.
    fn __and__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::And, this, value, "__and__")
    }

    /// Return self|value.
    fn __or__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Or, this, value, "__or__")
    }

    /// Return self^value.
    fn __xor__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Xor, this, value, "__xor__")
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

    /// Return value<<self.
    fn __rlshift__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::LShift, this, value, "__rlshift__")
    }

    /// Return value>>self.
    fn __rrshift__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::RShift, this, value, "__rrshift__")
    }

    /// Return value&self.
    fn __rand__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::And, this, value, "__rand__")
    }

    /// Return value|self.
    fn __ror__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Or, this, value, "__ror__")
    }

    /// Return value^self.
    fn __rxor__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Xor, this, value, "__rxor__")
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
    fn __neg__(this: &Value, th: &mut Thread) -> PyResult {
        let i = receiver(th, this, "__neg__")?;
        Ok(th.int_value(i.neg()))
    }

    /// +self
    fn __pos__(this: &Value, th: &mut Thread) -> PyResult {
        let i = receiver(th, this, "__pos__")?;
        Ok(th.int_value(i.to_int()))
    }

    /// abs(self)
    fn __abs__(this: &Value, th: &mut Thread) -> PyResult {
        let i = receiver(th, this, "__abs__")?;
        Ok(th.int_value(i.abs()))
    }

    /// ~self
    fn __invert__(this: &Value, th: &mut Thread) -> PyResult {
        let i = receiver(th, this, "__invert__")?;
        Ok(th.int_value(i.invert()))
    }

    /// True if self else False
    fn __bool__(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "__bool__").map(|i| !i.is_zero())
    }

    /// Return hash(self).
    fn __hash__(this: &Value, th: &mut Thread) -> PyResult<i64> {
        receiver(th, this, "__hash__").map(IntRef::hash)
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
