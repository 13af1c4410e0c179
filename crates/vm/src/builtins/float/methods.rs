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

    /// The whole part as an int.
    fn __trunc__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__trunc__")?;
        whole(th, x)
    }

    /// The largest int that is not above the float.
    fn __floor__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__floor__")?;
        whole(th, x.floor())
    }

    /// The smallest int that is not below the float.
    fn __ceil__(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "__ceil__")?;
        whole(th, x.ceil())
    }

    /// The nearest int, the even one of two; with ndigits the nearest float of so many decimal places.
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

    /// The text that a format specification asks for.
    fn __format__(this: &Value, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        let x = receiver(th, this, "__format__")?;
        if format_spec.len() == 0 {
            return th.str_of(this).map(Obj::into_value);
        }
        let name = th.type_name(this);
        let text = th.check(format_float(x, format_spec.units(), &name))?;
        th.units(text.units())
    }

    /// The number itself, as a float.
    fn conjugate(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "conjugate")
    }

    /// Whether the float has no fraction.
    fn is_integer(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "is_integer").map(float::is_integer)
    }

    /// The exact value as two ints in lowest terms, the second one positive.
    ///
    /// >>> (2.5).as_integer_ratio()
    /// (5, 2)
    /// >>> (-0.125).as_integer_ratio()
    /// (-1, 8)
    fn as_integer_ratio(this: &Value, th: &mut Thread) -> PyResult {
        let x = receiver(th, this, "as_integer_ratio")?;
        let (numerator, denominator) = th.check(float::as_integer_ratio(x))?;
        let items = vec![th.int_value(numerator), th.int_value(denominator)];
        Ok(th.tuple(items))
    }

    /// The exact value in hexadecimal.
    ///
    /// >>> (1.5).hex()
    /// '0x1.8000000000000p+0'
    /// >>> (-0.1).hex()
    /// '-0x1.999999999999ap-4'
    fn hex(this: &Value, th: &mut Thread) -> PyResult<String> {
        receiver(th, this, "hex").map(parse::to_hex)
    }

    /// the number as a float
    #[getter]
    fn real(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "real")
    }

    /// always 0.0
    #[getter]
    fn imag(this: &Value, th: &mut Thread) -> PyResult<f64> {
        receiver(th, this, "imag").map(|_| 0.0)
    }
}
