//! `cmath`: functions of complex numbers.
//!
//! Not here: the formulas (`functions`), what they give for infinities and NaNs (`special`).

pub mod functions;
pub mod special;

use functions::{Answer, Trouble};
use object_model::number::Complex as Number;
use object_model::number::complex::Operand;
use vm::builtins::complex::complex_of;
use vm::error::Raised;
use vm::prelude::*;

#[cold]
fn trouble(th: &mut Thread, trouble: Trouble) -> Raised {
    match trouble {
        Trouble::Domain => th.value_error("math domain error"),
        Trouble::Range => th.overflow_error("math range error"),
    }
}

fn apply(th: &mut Thread, z: &Value, function: fn(Number) -> Answer) -> PyResult {
    let z = complex_of(th, z)?;
    match function(z) {
        Ok(result) => Ok(th.complex(result.real, result.imag)),
        Err(why) => Err(trouble(th, why)),
    }
}

/// The distance from 0; infinite where it is too large.
fn size(z: Number) -> f64 {
    z.abs().unwrap_or(f64::INFINITY)
}

#[pymodule(name = "cmath", doc = "Functions of complex numbers.")]
pub mod module {
    use super::*;

    #[pyattr(name = "pi")]
    const PI: f64 = std::f64::consts::PI;
    #[pyattr(name = "e")]
    const E: f64 = std::f64::consts::E;
    #[pyattr(name = "tau")]
    const TAU: f64 = std::f64::consts::TAU;
    #[pyattr(name = "inf")]
    const INF: f64 = f64::INFINITY;
    #[pyattr(name = "nan")]
    const NAN: f64 = f64::NAN;

    #[pyattr]
    fn infj(th: &mut Thread) -> Value {
        th.complex(0.0, f64::INFINITY)
    }

    #[pyattr]
    fn nanj(th: &mut Thread) -> Value {
        th.complex(0.0, f64::NAN)
    }

    /// The arc cosine of z.
    #[pyfunction]
    fn acos(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::acos)
    }

    /// The inverse hyperbolic cosine of z.
    #[pyfunction]
    fn acosh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::acosh)
    }

    /// The arc sine of z.
    #[pyfunction]
    fn asin(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::asin)
    }

    /// The inverse hyperbolic sine of z.
    #[pyfunction]
    fn asinh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::asinh_)
    }

    /// The arc tangent of z.
    #[pyfunction]
    fn atan(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::atan)
    }

    /// The inverse hyperbolic tangent of z.
    #[pyfunction]
    fn atanh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::atanh)
    }

    /// The cosine of z.
    #[pyfunction]
    fn cos(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::cos)
    }

    /// The hyperbolic cosine of z.
    #[pyfunction]
    fn cosh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::cosh)
    }

    /// e raised to the power of z.
    #[pyfunction]
    fn exp(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::exp)
    }

    /// The logarithm of z to base 10.
    #[pyfunction]
    fn log10(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::log10)
    }

    /// The sine of z.
    #[pyfunction]
    fn sin(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::sin)
    }

    /// The hyperbolic sine of z.
    #[pyfunction]
    fn sinh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::sinh)
    }

    /// The square root of z.
    #[pyfunction]
    fn sqrt(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::sqrt)
    }

    /// The tangent of z.
    #[pyfunction]
    fn tan(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::tan)
    }

    /// The hyperbolic tangent of z.
    #[pyfunction]
    fn tanh(th: &mut Thread, z: &Value) -> PyResult {
        apply(th, z, functions::tanh)
    }

    /// The logarithm of z to the given base, natural without one.
    #[pyfunction(signature = "(z, base=<unrepresentable>, /)")]
    fn log(th: &mut Thread, z: &Value, base: Option<&Value>) -> PyResult {
        let z = complex_of(th, z)?;
        let mut result = functions::log(z);
        if let Some(base) = base {
            let base = complex_of(th, base)?;
            // Both logarithms are made before an error of either is told.
            let quotient = match (result, functions::log(base)) {
                (Ok(a), Ok(b)) => Operand::Complex(a).div(Operand::Complex(b)),
                (Err(why), _) | (_, Err(why)) => return Err(trouble(th, why)),
            };
            result = quotient.map_err(|_| Trouble::Domain);
        }
        match result {
            Ok(z) => Ok(th.complex(z.real, z.imag)),
            Err(why) => Err(trouble(th, why)),
        }
    }

    /// The angle of z.
    #[pyfunction]
    fn phase(th: &mut Thread, z: &Value) -> PyResult<f64> {
        let z = complex_of(th, z)?;
        Ok(z.imag.atan2(z.real))
    }

    /// Distance from 0 and angle of z.
    #[pyfunction]
    fn polar(th: &mut Thread, z: &Value) -> PyResult {
        let z = complex_of(th, z)?;
        let Ok(distance) = z.abs() else { return Err(trouble(th, Trouble::Range)) };
        let items = vec![th.float(distance), th.float(z.imag.atan2(z.real))];
        Ok(th.tuple(items))
    }

    /// The number at a distance from 0 and an angle.
    #[pyfunction]
    fn rect(th: &mut Thread, r: f64, phi: f64) -> PyResult {
        match functions::rect(r, phi) {
            Ok(z) => Ok(th.complex(z.real, z.imag)),
            Err(why) => Err(trouble(th, why)),
        }
    }

    /// Whether both parts of z are finite.
    #[pyfunction]
    fn isfinite(th: &mut Thread, z: &Value) -> PyResult<bool> {
        complex_of(th, z).map(|z| z.real.is_finite() && z.imag.is_finite())
    }

    /// Whether a part of z is a NaN.
    #[pyfunction]
    fn isnan(th: &mut Thread, z: &Value) -> PyResult<bool> {
        complex_of(th, z).map(|z| z.real.is_nan() || z.imag.is_nan())
    }

    /// Whether a part of z is infinite.
    #[pyfunction]
    fn isinf(th: &mut Thread, z: &Value) -> PyResult<bool> {
        complex_of(th, z).map(|z| z.real.is_infinite() || z.imag.is_infinite())
    }

    /// Whether a and b differ by no more than one of the tolerances allows.
    #[pyfunction(signature = "(a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
    fn isclose(
        th: &mut Thread,
        a: &Value,
        b: &Value,
        rel_tol: Option<f64>,
        abs_tol: Option<f64>,
    ) -> PyResult<bool> {
        let (a, b) = (complex_of(th, a)?, complex_of(th, b)?);
        let (relative, absolute) = (rel_tol.unwrap_or(1e-9), abs_tol.unwrap_or(0.0));
        if relative < 0.0 || absolute < 0.0 {
            return Err(th.value_error("tolerances must be non-negative"));
        }
        if a == b {
            return Ok(true);
        }
        if [a.real, a.imag, b.real, b.imag].iter().any(|x| x.is_infinite()) {
            return Ok(false);
        }
        let difference = size(Number { real: a.real - b.real, imag: a.imag - b.imag });
        Ok(difference <= relative * size(b) || difference <= relative * size(a) || difference <= absolute)
    }
}
