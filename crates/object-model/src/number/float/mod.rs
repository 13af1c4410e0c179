//! Floats: Python's arithmetic where it isn't IEEE's alone, rounding, ratios and hashes.
//!
//! Digits are in `format`, literals in `parse`.

pub mod format;
pub mod parse;

use std::cmp::Ordering;

use super::int::{Int, IntRef};
use super::{Fault, FaultKind};
pub use format::repr;

/// `mantissa * 2**exponent` of a float's absolute value: the mantissa below 2**53, both 0 for a zero.
/// The value must be finite.
pub(crate) fn frexp_u64(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    match (exponent, fraction) {
        (0, 0) => (0, 0),
        (0, _) => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `value * 2**exponent`, exact wherever the result is representable.
pub(crate) fn ldexp(mut value: f64, exponent: i64) -> f64 {
    let mut left = exponent.clamp(-4000, 4000);
    while left > 1000 {
        value *= f64::from_bits(2023 << 52);
        left -= 1000;
    }
    while left < -1000 {
        value *= f64::from_bits(23 << 52);
        left += 1000;
    }
    value * f64::from_bits(((1023 + left) as u64) << 52)
}

fn division_by_zero() -> Fault {
    Fault::zero_division("division by zero")
}

/// `a / b`.
#[inline]
pub fn div(a: f64, b: f64) -> Result<f64, Fault> {
    if b == 0.0 { Err(division_by_zero()) } else { Ok(a / b) }
}

/// `a % b`, with the sign of `b`.
pub fn modulo(a: f64, b: f64) -> Result<f64, Fault> {
    if b == 0.0 {
        return Err(division_by_zero());
    }
    let rest = a % b;
    Ok(if rest == 0.0 {
        0.0f64.copysign(b)
    } else if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    })
}

/// `divmod(a, b)`.
pub fn divmod(a: f64, b: f64) -> Result<(f64, f64), Fault> {
    if b == 0.0 {
        return Err(division_by_zero());
    }
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0.0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    let floor = if quotient == 0.0 {
        0.0f64.copysign(a / b)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    };
    Ok((floor, rest))
}

/// `a // b`.
pub fn floor_div(a: f64, b: f64) -> Result<f64, Fault> {
    divmod(a, b).map(|(quotient, _)| quotient)
}

/// What `a ** b` of two floats is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Power {
    Float(f64),
    /// A negative base and a fractional exponent: the caller computes with complex numbers.
    Complex,
}

/// `a ** b`.
pub fn pow(a: f64, b: f64) -> Result<Power, Fault> {
    let odd = || b.abs() % 2.0 == 1.0;
    if b == 0.0 || a == 1.0 {
        return Ok(Power::Float(1.0));
    }
    if a.is_nan() || b.is_nan() {
        return Ok(Power::Float(a + b));
    }
    if b.is_infinite() {
        let size = a.abs();
        return Ok(Power::Float(if size == 1.0 {
            1.0
        } else if (b > 0.0) == (size > 1.0) {
            f64::INFINITY
        } else {
            0.0
        }));
    }
    if a.is_infinite() {
        return Ok(Power::Float(match (b > 0.0, odd()) {
            (true, true) => a,
            (true, false) => f64::INFINITY,
            (false, true) => 0.0f64.copysign(a),
            (false, false) => 0.0,
        }));
    }
    if a == 0.0 {
        if b < 0.0 {
            return Err(Fault::zero_division("zero to a negative power"));
        }
        return Ok(Power::Float(if odd() { a } else { 0.0 }));
    }
    if a < 0.0 && b != b.floor() {
        return Ok(Power::Complex);
    }
    let power = a.abs().powf(b);
    if power.is_infinite() {
        return Err(Fault::range());
    }
    Ok(Power::Float(if a < 0.0 && odd() { -power } else { power }))
}

/// Python's hash of a float; `None` for a NaN, whose hash is its object's identity.
pub fn hash(value: f64) -> Option<i64> {
    if value.is_nan() {
        return None;
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { 314_159 } else { -314_159 });
    }
    let (mantissa, exponent) = frexp_u64(value);
    // 2**61 is 1 modulo 2**61 - 1: the exponent is a rotation of 61 bits.
    let turn = exponent.rem_euclid(61) as u32;
    let modulus = super::int::HASH_MODULUS;
    let rotated = ((mantissa << turn & modulus) | mantissa.checked_shr(61 - turn).unwrap_or(0)) % modulus;
    let hash = if value < 0.0 { -(rotated as i64) } else { rotated as i64 };
    Some(if hash == -1 { -2 } else { hash })
}

/// Whether a float is a whole number.
pub fn is_integer(value: f64) -> bool {
    value.is_finite() && value.fract() == 0.0
}

/// `float.as_integer_ratio`: in lowest terms, the denominator positive.
pub fn as_integer_ratio(value: f64) -> Result<(Int, Int), Fault> {
    if value.is_infinite() {
        return Err(Fault::overflow("cannot convert Infinity to integer ratio"));
    }
    if value.is_nan() {
        return Err(Fault::value("cannot convert NaN to integer ratio"));
    }
    let (mut mantissa, mut exponent) = frexp_u64(value);
    if mantissa != 0 {
        let zeros = mantissa.trailing_zeros();
        mantissa >>= zeros;
        exponent += i64::from(zeros);
    }
    let signed = if value < 0.0 { -(mantissa as i64) } else { mantissa as i64 };
    let power = IntRef::Small(exponent.abs());
    if exponent > 0 {
        return Ok((IntRef::Small(signed).shl(power)?, Int::Small(1)));
    }
    Ok((Int::Small(signed), IntRef::Small(1).shl(power)?))
}

/// `round(value)`: the nearest integer, ties to even.
pub fn round_to_int(value: f64) -> Result<Int, Fault> {
    Int::from_f64(value.round_ties_even())
}

/// `round(value, ndigits)`: correctly rounded on the exact decimal value, ties to even.
pub fn round(value: f64, ndigits: IntRef<'_>) -> Result<f64, Fault> {
    let ndigits = ndigits.to_i64().unwrap_or(if ndigits.is_negative() { i64::MIN } else { i64::MAX });
    if !value.is_finite() || ndigits > 323 {
        return Ok(value);
    }
    if ndigits < -308 {
        return Ok(0.0 * value);
    }
    if ndigits >= 0 {
        let text = format!("{value:.*}", ndigits as usize);
        // Formatted digits always parse.
        return Ok(text.parse().unwrap_or(value));
    }
    let whole = Int::from_finite_f64(value.abs());
    let unit = IntRef::Small(10).pow(IntRef::Small(-ndigits))?;
    let (quotient, rest) = whole.as_ref().divmod(unit.as_ref())?;
    let twice = rest.as_ref().shl(IntRef::Small(1))?;
    let up = match twice.as_ref().cmp(unit.as_ref()) {
        Ordering::Less => false,
        Ordering::Equal => value.fract() != 0.0 || quotient.as_ref().is_odd(),
        Ordering::Greater => true,
    };
    let quotient = quotient.as_ref().add(IntRef::Small(up.into()));
    let rounded = quotient.as_ref().mul(unit.as_ref())?.as_ref().to_f64();
    match rounded {
        Ok(rounded) => Ok(rounded.copysign(value)),
        Err(_) => {
            Err(Fault { kind: FaultKind::Overflow, message: "rounded value too large to represent".into() })
        }
    }
}

#[cfg(test)]
mod tests;
