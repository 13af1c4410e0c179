//! The methods of `float` that are no operators.

use object_model::number::float::{self, parse};
use object_model::number::{Int as Number, IntRef};
use object_model::text::format_spec::format_float;

use super::{FloatClass, receiver};
use crate::builtins::int::as_int;
use crate::prelude::*;

fn whole(th: &mut Thread, x: f64) -> PyResult {
    let number = th.check(Number::from_f64(x))?;
    Ok(th.int_value(number))
}

#[pymethods(for = Float, part = "methods")]
impl FloatClass {
    /// Return repr(self).
    fn __repr__(this: &Value, th: &mut Thread) -> PyResult<String> {
        receiver(th, this, "__repr__").map(float::repr)
    }

    /// int(self)
    fn __int__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__int__")?;
        whole(th, x)
    }

    /// float(self)
    fn __float__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "__float__")
    }

    /// Return the Integral closest to x between 0 and x.
    fn __trunc__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__trunc__")?;
        whole(th, x)
    }

    /// Return the floor as an Integral.
    fn __floor__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__floor__")?;
        whole(th, x.floor())
    }

    /// Return the ceiling as an Integral.
    fn __ceil__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__ceil__")?;
        whole(th, x.ceil())
    }

    /// Return the Integral closest to x, rounding half toward even.
    ///
    /// When an argument is passed, work like built-in round(x, ndigits).
    #[signature("(ndigits=None, /)")]
    fn __round__(this: &Value, th: &mut Thread, ndigits: Option<&Value>) -> PyResult {
        let x = receiver(th, this, "__round__")?;
        let Some(ndigits) = ndigits.filter(|n| !n.is_none()) else {
            let rounded = th.check(float::round_to_int(x))?;
            return Ok(th.int_value(rounded));
        };
        let ndigits = th.to_index(ndigits)?;
        let rounded = th.check(float::round(x, as_int(&ndigits).unwrap_or(IntRef::Small(0))))?;
        Ok(th.float(rounded))
    }

    fn __getnewargs__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__getnewargs__")?;
        let items = vec![th.float(x)];
        Ok(th.tuple(items))
    }

    /// Formats the float according to format_spec.
    fn __format__(this: &Value, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        let x = receiver(th, this, "__format__")?;
        if format_spec.len() == 0 {
            return th.str_of(this).map(Obj::into_value);
        }
        let name = th.type_name(this);
        let text = th.check(format_float(x, format_spec.units(), &name))?;
        th.units(text.units())
    }

    /// Return self, the complex conjugate of any float.
    fn conjugate(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "conjugate")
    }

    /// Return True if the float is an integer.
    fn is_integer(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "is_integer").map(float::is_integer)
    }

    /// Return a pair of integers, whose ratio is exactly equal to the original float.
    ///
    /// The ratio is in lowest terms and has a positive denominator.  Raise
    /// OverflowError on infinities and a ValueError on NaNs.
    ///
    /// >>> (10.0).as_integer_ratio()
    /// (10, 1)
    /// >>> (0.0).as_integer_ratio()
    /// (0, 1)
    /// >>> (-.25).as_integer_ratio()
    /// (-1, 4)
    fn as_integer_ratio(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "as_integer_ratio")?;
        let (numerator, denominator) = th.check(float::as_integer_ratio(x))?;
        let items = vec![th.int_value(numerator), th.int_value(denominator)];
        Ok(th.tuple(items))
    }

    /// Return a hexadecimal representation of a floating-point number.
    ///
    /// >>> (-0.1).hex()
    /// '-0x1.999999999999ap-4'
    /// >>> 3.14159.hex()
    /// '0x1.921f9f01b866ep+1'
    fn hex(this: &Value, th: &mut Thread) -> PyResult<String> {
        receiver(th, this, "hex").map(parse::to_hex)
    }

    /// the real part of a complex number
    #[getter]
    fn real(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "real")
    }

    /// the imaginary part of a complex number
    #[getter]
    fn imag(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "imag").map(|_| 0.0)
    }
}
