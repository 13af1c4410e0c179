//! The functions of complex numbers, by the formulas of W. Kahan ("Branch Cuts for Complex Elementary Functions", 1987)
//! with care for large and subnormal parts.
//!
//! Not here: infinities and NaNs (`special`).

use std::f64::consts::{E, FRAC_PI_2, LN_2, LN_10};

use object_model::number::Complex;

use super::special::{self, Table, look_up};
use crate::math::numeric::{asinh, ldexp};

/// Beyond this, squares and sums of parts may overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// A power of two that makes a subnormal normal, and half of it for the root, odd so that both are whole.
const SCALE_UP: i32 = 53;
const SCALE_DOWN: i32 = -27;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Not defined here.
    Domain,
    /// Too large.
    Range,
}

/// The value of a function, or why it has none.
pub type Answer = Result<Complex, Trouble>;

const fn complex(real: f64, imag: f64) -> Complex {
    Complex { real, imag }
}

/// `i * z`
fn turn(z: Complex) -> Complex {
    complex(-z.imag, z.real)
}

/// `-i * z`
fn turn_back(z: Complex) -> Complex {
    complex(z.imag, -z.real)
}

fn special_value(z: Complex, table: &Table) -> Option<Complex> {
    (!z.real.is_finite() || !z.imag.is_finite()).then(|| look_up(table, z.real, z.imag))
}

fn is_large(z: Complex) -> bool {
    z.real.abs() > LARGE || z.imag.abs() > LARGE
}

/// The logarithm of the absolute value of a large number.
fn log_abs_large(z: Complex) -> f64 {
    (z.real / 2.0).hypot(z.imag / 2.0).ln() + LN_2 * 2.0
}

/// The largest number whose exponential is well below the largest float.
fn log_large() -> f64 {
    LARGE.ln()
}

fn unless_infinite(z: Complex) -> Answer {
    if z.real.is_infinite() || z.imag.is_infinite() { Err(Trouble::Range) } else { Ok(z) }
}

/// The square root, for its users here.
fn root(z: Complex) -> Complex {
    if let Some(result) = special_value(z, &special::SQRT) {
        return result;
    }
    if z.real == 0.0 && z.imag == 0.0 {
        return complex(0.0, z.imag);
    }
    let (ax, ay) = (z.real.abs(), z.imag.abs());
    let s = if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        let ax = ldexp(ax, SCALE_UP);
        ldexp((ax + ax.hypot(ldexp(ay, SCALE_UP))).sqrt(), SCALE_DOWN)
    } else {
        let ax = ax / 8.0;
        2.0 * (ax + ax.hypot(ay / 8.0)).sqrt()
    };
    let d = ay / (2.0 * s);
    if z.real >= 0.0 { complex(s, d.copysign(z.imag)) } else { complex(d, s.copysign(z.imag)) }
}

pub fn sqrt(z: Complex) -> Answer {
    Ok(root(z))
}

pub fn acos(z: Complex) -> Answer {
    if let Some(result) = special_value(z, &special::ACOS) {
        return Ok(result);
    }
    if is_large(z) {
        return Ok(complex(z.imag.abs().atan2(z.real), -log_abs_large(z).copysign(z.imag)));
    }
    let (a, b) = (root(complex(1.0 - z.real, -z.imag)), root(complex(1.0 + z.real, z.imag)));
    Ok(complex(2.0 * a.real.atan2(b.real), asinh(b.real * a.imag - b.imag * a.real)))
}

pub fn acosh(z: Complex) -> Answer {
    if let Some(result) = special_value(z, &special::ACOSH) {
        return Ok(result);
    }
    if is_large(z) {
        return Ok(complex(log_abs_large(z), z.imag.atan2(z.real)));
    }
    let (a, b) = (root(complex(z.real - 1.0, z.imag)), root(complex(z.real + 1.0, z.imag)));
    Ok(complex(asinh(a.real * b.real + a.imag * b.imag), 2.0 * a.imag.atan2(b.real)))
}

pub fn asin(z: Complex) -> Answer {
    asinh_(turn(z)).map(turn_back)
}

/// `asinh`
pub fn asinh_(z: Complex) -> Answer {
    if let Some(result) = special_value(z, &special::ASINH) {
        return Ok(result);
    }
    if is_large(z) {
        let log = log_abs_large(z);
        let real = if z.imag >= 0.0 { log.copysign(z.real) } else { -log.copysign(-z.real) };
        return Ok(complex(real, z.imag.atan2(z.real.abs())));
    }
    let (a, b) = (root(complex(1.0 + z.imag, -z.real)), root(complex(1.0 - z.imag, z.real)));
    let real = asinh(a.real * b.imag - b.real * a.imag);
    Ok(complex(real, z.imag.atan2(a.real * b.real - a.imag * b.imag)))
}

pub fn atan(z: Complex) -> Answer {
    atanh(turn(z)).map(turn_back)
}

pub fn atanh(z: Complex) -> Answer {
    if let Some(result) = special_value(z, &special::ATANH) {
        return Ok(result);
    }
    if z.real < 0.0 {
        return atanh(z.neg()).map(Complex::neg);
    }
    let ay = z.imag.abs();
    let large = LARGE.sqrt();
    if z.real > large || ay > large {
        // About 1/z, a quarter turn away.
        let h = (z.real / 2.0).hypot(z.imag / 2.0);
        return Ok(complex(z.real / 4.0 / h / h, FRAC_PI_2.copysign(z.imag)));
    }
    if z.real == 1.0 && ay < f64::MIN_POSITIVE.sqrt() {
        if ay == 0.0 {
            return Err(Trouble::Domain);
        }
        let real = -(ay.sqrt() / ay.hypot(2.0).sqrt()).ln();
        return Ok(complex(real, (2f64.atan2(-ay) / 2.0).copysign(z.imag)));
    }
    let real = log1p(4.0 * z.real / ((1.0 - z.real) * (1.0 - z.real) + ay * ay)) / 4.0;
    let imag = -(-2.0 * z.imag).atan2((1.0 - z.real) * (1.0 + z.real) - ay * ay) / 2.0;
    Ok(complex(real, imag))
}

/// `log(1 + x)` that keeps the sign of a zero.
fn log1p(x: f64) -> f64 {
    if x == 0.0 { x } else { x.ln_1p() }
}

/// Whether the direction of an infinity is told by the imaginary part.
fn has_direction(z: Complex) -> bool {
    z.real.is_infinite() && z.imag.is_finite() && z.imag != 0.0
}

fn is_finite(z: Complex) -> bool {
    z.real.is_finite() && z.imag.is_finite()
}

pub fn cos(z: Complex) -> Answer {
    cosh(turn(z))
}

pub fn cosh(z: Complex) -> Answer {
    let (sin, cos) = (z.imag.sin(), z.imag.cos());
    if !is_finite(z) {
        if z.imag.is_infinite() && !z.real.is_nan() {
            return Err(Trouble::Domain);
        }
        if has_direction(z) {
            return Ok(complex(f64::INFINITY.copysign(cos), f64::INFINITY.copysign(sin) * z.real.signum()));
        }
        return Ok(look_up(&special::COSH, z.real, z.imag));
    }
    unless_infinite(if z.real.abs() > log_large() {
        let less = z.real - 1f64.copysign(z.real);
        complex(cos * less.cosh() * E, sin * less.sinh() * E)
    } else {
        complex(cos * z.real.cosh(), sin * z.real.sinh())
    })
}

pub fn sin(z: Complex) -> Answer {
    sinh(turn(z)).map(turn_back)
}

pub fn sinh(z: Complex) -> Answer {
    let (sin, cos) = (z.imag.sin(), z.imag.cos());
    if !is_finite(z) {
        if z.imag.is_infinite() && !z.real.is_nan() {
            return Err(Trouble::Domain);
        }
        if has_direction(z) {
            return Ok(complex(f64::INFINITY.copysign(cos) * z.real.signum(), f64::INFINITY.copysign(sin)));
        }
        return Ok(look_up(&special::SINH, z.real, z.imag));
    }
    unless_infinite(if z.real.abs() > log_large() {
        let less = z.real - 1f64.copysign(z.real);
        complex(cos * less.sinh() * E, sin * less.cosh() * E)
    } else {
        complex(cos * z.real.sinh(), sin * z.real.cosh())
    })
}

pub fn tan(z: Complex) -> Answer {
    tanh(turn(z)).map(turn_back)
}

pub fn tanh(z: Complex) -> Answer {
    let (sin, cos) = (z.imag.sin(), z.imag.cos());
    if !is_finite(z) {
        if z.imag.is_infinite() && z.real.is_finite() {
            return Err(Trouble::Domain);
        }
        if has_direction(z) {
            return Ok(complex(z.real.signum(), 0f64.copysign(2.0 * sin * cos)));
        }
        return Ok(look_up(&special::TANH, z.real, z.imag));
    }
    if z.real.abs() > log_large() {
        return Ok(complex(1f64.copysign(z.real), 4.0 * sin * cos * (-2.0 * z.real.abs()).exp()));
    }
    let (tx, ty, cx) = (z.real.tanh(), z.imag.tan(), 1.0 / z.real.cosh());
    let product = tx * ty;
    let under = 1.0 + product * product;
    Ok(complex(tx * (1.0 + ty * ty) / under, ((ty / under) * cx) * cx))
}

pub fn exp(z: Complex) -> Answer {
    let (sin, cos) = (z.imag.sin(), z.imag.cos());
    if !is_finite(z) {
        if z.imag.is_infinite() && (z.real.is_finite() || z.real == f64::INFINITY) {
            return Err(Trouble::Domain);
        }
        if has_direction(z) {
            let size = if z.real > 0.0 { f64::INFINITY } else { 0.0 };
            return Ok(complex(size.copysign(cos), size.copysign(sin)));
        }
        return Ok(look_up(&special::EXP, z.real, z.imag));
    }
    unless_infinite(if z.real > log_large() {
        let size = (z.real - 1.0).exp();
        complex(size * cos * E, size * sin * E)
    } else {
        let size = z.real.exp();
        complex(size * cos, size * sin)
    })
}

/// The natural logarithm.
pub fn log(z: Complex) -> Answer {
    if let Some(result) = special_value(z, &special::LOG) {
        let pole = z.real == 0.0 && z.imag == 0.0;
        return if pole { Err(Trouble::Domain) } else { Ok(result) };
    }
    let (ax, ay) = (z.real.abs(), z.imag.abs());
    let real = if ax > LARGE || ay > LARGE {
        (ax / 2.0).hypot(ay / 2.0).ln() + LN_2
    } else if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        if ax == 0.0 && ay == 0.0 {
            return Err(Trouble::Domain);
        }
        ldexp(ax, 53).hypot(ldexp(ay, 53)).ln() - 53.0 * LN_2
    } else {
        let h = ax.hypot(ay);
        if (0.71..=1.73).contains(&h) {
            // Near 1 the logarithm of h would be that of its rounding error.
            let (more, less) = if ax > ay { (ax, ay) } else { (ay, ax) };
            log1p((more - 1.0) * (more + 1.0) + less * less) / 2.0
        } else {
            h.ln()
        }
    };
    Ok(complex(real, z.imag.atan2(z.real)))
}

pub fn log10(z: Complex) -> Answer {
    log(z).map(|z| complex(z.real / LN_10, z.imag / LN_10))
}

/// The number at this distance and angle.
pub fn rect(r: f64, phi: f64) -> Answer {
    if !r.is_finite() || !phi.is_finite() {
        if r != 0.0 && !r.is_nan() && phi.is_infinite() {
            return Err(Trouble::Domain);
        }
        if r.is_infinite() && phi.is_finite() && phi != 0.0 {
            let sign = r.signum();
            return Ok(complex(
                f64::INFINITY.copysign(phi.cos()) * sign,
                f64::INFINITY.copysign(phi.sin()) * sign,
            ));
        }
        return Ok(look_up(&special::RECT, r, phi));
    }
    if phi == 0.0 {
        return Ok(complex(r, r * phi));
    }
    Ok(complex(r * phi.cos(), r * phi.sin()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cpythons() {
        let table: [(fn(Complex) -> Answer, f64, f64); 15] = [
            (acos, 1.0130682280930141, 1.7022012691759902),
            (acosh, 1.7022012691759902, -1.0130682280930141),
            (asin, 0.5577280987018824, -1.7022012691759902),
            (asinh_, 1.6761473808374676, -0.9500531557158498),
            (atan, 1.3489711892810687, -0.3030340287412742),
            (atanh, 0.18896144369387732, -1.2611401872276726),
            (cos, 0.33929576471491857, 4.6794168664494205),
            (cosh, -1.4777216701351554, -1.6567352726933953),
            (exp, -2.815278859231167, -3.4870821424155936),
            (log, 0.9947926062789875, -0.982793723247329),
            (log10, 0.4320329395451184, -0.42682189085546657),
            (sin, 4.784552064541835, -0.33184011851146644),
            (sinh, -1.3375571890960114, -1.830346869722198),
            (sqrt, 1.449855761204885, -0.7759392555471052),
            (tanh, 1.016334677559343, 0.09917250556037534),
        ];
        for (number, (function, real, imag)) in table.into_iter().enumerate() {
            let z = function(complex(1.5, -2.25)).unwrap();
            assert!(
                (z.real - real).abs() < 1e-14 && (z.imag - imag).abs() < 1e-14,
                "function {number}: {z:?}"
            );
        }
    }

    #[test]
    fn poles_and_overflows_have_no_value() {
        assert_eq!(log(complex(0.0, 0.0)), Err(Trouble::Domain));
        assert_eq!(atanh(complex(1.0, 0.0)), Err(Trouble::Domain));
        assert_eq!(exp(complex(1000.0, 1.0)), Err(Trouble::Range));
        assert_eq!(cosh(complex(1.0, f64::INFINITY)), Err(Trouble::Domain));
        assert_eq!(sqrt(complex(f64::NEG_INFINITY, -1.0)), Ok(complex(0.0, f64::NEG_INFINITY)));
        assert_eq!(rect(f64::INFINITY, 1.0).unwrap(), complex(f64::INFINITY, f64::INFINITY));
    }
}
