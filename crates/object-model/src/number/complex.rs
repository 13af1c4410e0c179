//! Complex numbers: arithmetic with the recovery of infinities (C11 Annex G) that 3.14 has, `repr` and literals.

use super::float::format::{Code, Style, format};
use super::float::parse::{prefix, without_underscores};
use super::{Fault, decimal, float};
use crate::text::Units;

/// The factor of the imaginary part's hash.
const HASH_IMAG: u64 = 1_000_003;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    pub real: f64,
    pub imag: f64,
}

/// An operand: Python keeps real operands real, so that signs of zeros and infinities survive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    Real(f64),
    Complex(Complex),
}

fn new(real: f64, imag: f64) -> Complex {
    Complex { real, imag }
}

/// An infinity as ±1, anything else as ±0.
fn boxed(x: f64) -> f64 {
    f64::from(u8::from(x.is_infinite())).copysign(x)
}

/// A NaN as a zero of its sign.
fn unnan(x: f64) -> f64 {
    if x.is_nan() { 0.0f64.copysign(x) } else { x }
}

impl Operand {
    fn complex(self) -> Complex {
        match self {
            Operand::Real(x) => new(x, 0.0),
            Operand::Complex(z) => z,
        }
    }

    pub fn add(self, other: Operand) -> Complex {
        match (self, other) {
            (Operand::Complex(a), Operand::Complex(b)) => new(a.real + b.real, a.imag + b.imag),
            (Operand::Complex(a), Operand::Real(x)) | (Operand::Real(x), Operand::Complex(a)) => {
                new(a.real + x, a.imag)
            }
            (Operand::Real(a), Operand::Real(b)) => new(a + b, 0.0),
        }
    }

    pub fn sub(self, other: Operand) -> Complex {
        match (self, other) {
            (Operand::Complex(a), Operand::Real(x)) => new(a.real - x, a.imag),
            (Operand::Real(x), Operand::Complex(a)) => new(x - a.real, -a.imag),
            (a, b) => {
                let (a, b) = (a.complex(), b.complex());
                new(a.real - b.real, a.imag - b.imag)
            }
        }
    }

    pub fn mul(self, other: Operand) -> Complex {
        match (self, other) {
            (Operand::Complex(a), Operand::Real(x)) | (Operand::Real(x), Operand::Complex(a)) => {
                new(a.real * x, a.imag * x)
            }
            (a, b) => product(a.complex(), b.complex()),
        }
    }

    pub fn div(self, other: Operand) -> Result<Complex, Fault> {
        let quotient = match (self, other) {
            (_, Operand::Real(0.0)) => None,
            (a, Operand::Real(x)) => {
                let a = a.complex();
                Some(new(a.real / x, a.imag / x))
            }
            (Operand::Real(x), Operand::Complex(b)) => quotient_of_real(x, b),
            (Operand::Complex(a), Operand::Complex(b)) => quotient(a, b),
        };
        quotient.ok_or_else(|| Fault::zero_division("division by zero"))
    }
}

fn product(z: Complex, w: Complex) -> Complex {
    let (mut a, mut b, mut c, mut d) = (z.real, z.imag, w.real, w.imag);
    let (ac, bd, ad, bc) = (a * c, b * d, a * d, b * c);
    let result = new(ac - bd, ad + bc);
    if !(result.real.is_nan() && result.imag.is_nan()) {
        return result;
    }
    let mut again = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b, c, d) = (boxed(a), boxed(b), unnan(c), unnan(d));
        again = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (a, b, c, d) = (unnan(a), unnan(b), boxed(c), boxed(d));
        again = true;
    }
    if !again && [ac, bd, ad, bc].iter().any(|x| x.is_infinite()) {
        (a, b, c, d) = (unnan(a), unnan(b), unnan(c), unnan(d));
        again = true;
    }
    if !again {
        return result;
    }
    new(f64::INFINITY * (a * c - b * d), f64::INFINITY * (a * d + b * c))
}

/// Smith's division; `None` by zero.
fn quotient(a: Complex, b: Complex) -> Option<Complex> {
    let (size_real, size_imag) = (b.real.abs(), b.imag.abs());
    let result = if size_real >= size_imag {
        if size_real == 0.0 {
            return None;
        }
        let ratio = b.imag / b.real;
        let scale = b.real + b.imag * ratio;
        new((a.real + a.imag * ratio) / scale, (a.imag - a.real * ratio) / scale)
    } else if size_imag >= size_real {
        let ratio = b.real / b.imag;
        let scale = b.real * ratio + b.imag;
        new((a.real * ratio + a.imag) / scale, (a.imag * ratio - a.real) / scale)
    } else {
        new(f64::NAN, f64::NAN)
    };
    if !(result.real.is_nan() && result.imag.is_nan()) {
        return Some(result);
    }
    let finite = |z: Complex| z.real.is_finite() && z.imag.is_finite();
    let infinite = |z: Complex| z.real.is_infinite() || z.imag.is_infinite();
    if infinite(a) && finite(b) {
        let (x, y) = (boxed(a.real), boxed(a.imag));
        return Some(new(
            f64::INFINITY * (x * b.real + y * b.imag),
            f64::INFINITY * (y * b.real - x * b.imag),
        ));
    }
    if infinite(b) && finite(a) {
        let (x, y) = (boxed(b.real), boxed(b.imag));
        return Some(new(0.0 * (a.real * x + a.imag * y), 0.0 * (a.imag * x - a.real * y)));
    }
    Some(result)
}

fn quotient_of_real(a: f64, b: Complex) -> Option<Complex> {
    let (size_real, size_imag) = (b.real.abs(), b.imag.abs());
    let result = if size_real >= size_imag {
        if size_real == 0.0 {
            return None;
        }
        let ratio = b.imag / b.real;
        let scale = b.real + b.imag * ratio;
        new(a / scale, (-a * ratio) / scale)
    } else if size_imag >= size_real {
        let ratio = b.real / b.imag;
        let scale = b.real * ratio + b.imag;
        new((a * ratio) / scale, -a / scale)
    } else {
        new(f64::NAN, f64::NAN)
    };
    let lost = result.real.is_nan() && result.imag.is_nan();
    if lost && a.is_finite() && (b.real.is_infinite() || b.imag.is_infinite()) {
        return Some(new(0.0 * (a * boxed(b.real)), 0.0 * (-a * boxed(b.imag))));
    }
    Some(result)
}

impl Complex {
    pub fn neg(self) -> Complex {
        new(-self.real, -self.imag)
    }

    pub fn conjugate(self) -> Complex {
        new(self.real, -self.imag)
    }

    /// `abs(z)`; `OverflowError` if finite parts have an infinite size.
    pub fn abs(self) -> Result<f64, Fault> {
        let size = self.real.hypot(self.imag);
        if size.is_infinite() && self.real.is_finite() && self.imag.is_finite() {
            return Err(Fault::overflow("absolute value too large"));
        }
        Ok(size)
    }

    /// `a ** b`; small whole exponents by repeated multiplication.
    pub fn pow(self, exponent: Complex) -> Result<Complex, Fault> {
        let undefined = || Fault::zero_division("zero to a negative or complex power");
        let whole =
            exponent.imag == 0.0 && exponent.real == exponent.real.floor() && exponent.real.abs() <= 100.0;
        let power = if whole {
            let n = exponent.real as i64;
            let power = self.unsigned_power(n.unsigned_abs());
            if n > 0 { power } else { quotient(new(1.0, 0.0), power).ok_or_else(undefined)? }
        } else if self.real == 0.0 && self.imag == 0.0 {
            if exponent.imag != 0.0 || exponent.real < 0.0 {
                return Err(undefined());
            }
            new(0.0, 0.0)
        } else {
            let size = self.real.hypot(self.imag);
            let angle = self.imag.atan2(self.real);
            let (mut length, mut phase) = (size.powf(exponent.real), angle * exponent.real);
            if exponent.imag != 0.0 {
                length *= (-angle * exponent.imag).exp();
                phase += exponent.imag * size.ln();
            }
            new(length * phase.cos(), length * phase.sin())
        };
        if power.real.is_infinite() || power.imag.is_infinite() {
            return Err(Fault::overflow("complex exponentiation"));
        }
        Ok(power)
    }

    fn unsigned_power(self, n: u64) -> Complex {
        let (mut result, mut square) = (new(1.0, 0.0), self);
        let mut mask = 1;
        while mask <= n {
            if n & mask != 0 {
                result = product(result, square);
            }
            mask <<= 1;
            square = product(square, square);
        }
        result
    }

    /// Python's hash, of two parts that are no NaNs.
    pub fn hash(self) -> Option<i64> {
        let (real, imag) = (float::hash(self.real)?, float::hash(self.imag)?);
        let hash = (real as u64).wrapping_add(HASH_IMAG.wrapping_mul(imag as u64)) as i64;
        Some(if hash == -1 { -2 } else { hash })
    }

    pub fn repr(self) -> String {
        let style = Style { code: Code::Repr, add_dot_0: false, ..Style::REPR };
        // A shortest spelling is short: it can't fail.
        let part = |value, sign| format(value, Style { sign, ..style }).unwrap_or_default();
        if self.real == 0.0 && self.real.is_sign_positive() {
            return format!("{}j", part(self.imag, false));
        }
        format!("({}{}j)", part(self.real, false), part(self.imag, true))
    }

    /// `complex(text)`.
    pub fn from_text(text: Units<'_>) -> Result<Complex, Fault> {
        Complex::parse(&decimal::to_ascii(text))
            .ok_or_else(|| Fault::value("complex() arg is a malformed string"))
    }

    /// An ASCII literal, in parentheses or not, with white space around it or them.
    pub fn parse(literal: &[u8]) -> Option<Complex> {
        let literal = decimal::trim(literal);
        let owned;
        let mut rest = literal;
        if literal.contains(&b'_') {
            owned = without_underscores(literal)?;
            rest = &owned;
        }
        if let Some(inner) = rest.strip_prefix(b"(") {
            rest = decimal::trim(inner.strip_suffix(b")")?);
        }
        let unit = |rest: &mut &[u8]| match *rest {
            [b'+', tail @ ..] => {
                *rest = tail;
                1.0
            }
            [b'-', tail @ ..] => {
                *rest = tail;
                -1.0
            }
            _ => 1.0,
        };
        let is_unit = |rest: &[u8]| matches!(rest, [b'j' | b'J']);
        let Some((first, len)) = prefix(rest) else {
            let imag = unit(&mut rest);
            return is_unit(rest).then(|| new(0.0, imag));
        };
        rest = &rest[len..];
        if rest.is_empty() {
            return Some(new(first, 0.0));
        }
        if is_unit(rest) {
            return Some(new(0.0, first));
        }
        if !matches!(rest[0], b'+' | b'-') {
            return None;
        }
        let imag = match prefix(rest) {
            Some((imag, len)) => {
                rest = &rest[len..];
                imag
            }
            None => unit(&mut rest),
        };
        is_unit(rest).then(|| new(first, imag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_repr() {
        for (text, shown) in [
            ("1+2j", "(1+2j)"),
            ("j", "1j"),
            ("-j", "-1j"),
            (" ( 1e3-0j ) ", "(1000-0j)"),
            ("1_0j", "10j"),
            ("nan+infj", "(nan+infj)"),
            ("-0", "(-0+0j)"),
            ("1-j", "(1-1j)"),
            ("3", "(3+0j)"),
            ("1e16j", "1e+16j"),
        ] {
            assert_eq!(Complex::parse(text.as_bytes()).unwrap().repr(), shown, "{text}");
        }
        for text in ["", "1 + 2j", "(1", "1)", "1+2", "jj", "1__0", "+ j", "1+2jx"] {
            assert_eq!(Complex::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn arithmetic() {
        let (a, b) = (new(1.0, 2.0), new(3.0, -4.0));
        let (oa, ob) = (Operand::Complex(a), Operand::Complex(b));
        assert_eq!(oa.mul(ob), new(11.0, 2.0));
        assert_eq!(oa.div(ob).unwrap(), new(-0.2, 0.4));
        assert_eq!(b.abs(), Ok(5.0));
        assert_eq!(a.pow(new(2.0, 0.0)).unwrap(), new(-3.0, 4.0));
        assert_eq!(a.pow(new(0.0, 0.0)).unwrap(), new(1.0, 0.0));
        assert_eq!(
            new(0.0, 0.0).pow(new(-1.0, 0.0)).unwrap_err().message,
            "zero to a negative or complex power"
        );
        assert_eq!(oa.div(Operand::Real(0.0)).unwrap_err().message, "division by zero");
        assert_eq!(new(1e300, 0.0).pow(new(2.0, 0.0)).unwrap_err().message, "complex exponentiation");
        assert_eq!(new(1.0, 1.0).hash(), Some(1_000_004));
        // Real operands stay real: no sign of a zero is lost.
        assert!(Operand::Real(-0.0).add(Operand::Complex(new(-0.0, -0.0))).imag.is_sign_negative());
    }
}
