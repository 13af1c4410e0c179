//! Integers of any size: `i64` while it fits, [`BigInt`] beyond, with Python's semantics for negative operands.
//!
//! Operations take [`IntRef`] (small by value, big by reference) and return [`Int`], whose invariant is that
//! `Big` holds only what `i64` can't. An `IntRef::Big` given to an operation may hold any value: a caller whose small
//! integers are narrower than `i64` passes its objects as they are.
//!
//! `dashu_int` is named in this folder alone. It aborts when memory runs out, so results whose size an operand decides
//! (shifts, powers, products) are checked first: [`Fault::memory`].

mod convert;
mod large;
mod text;

use std::borrow::Cow;
use std::cmp::Ordering;

use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::{BitTest, ExtendedGcd, Gcd};
use dashu_int::{IBig, Sign, UBig};

use super::Fault;
pub use convert::{ByteOrder, HASH_MODULUS};
pub use text::{DEFAULT_MAX_STR_DIGITS, LiteralError};

/// An integer of any size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BigInt(IBig);

impl BigInt {
    /// The value, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        i64::try_from(&self.0).ok()
    }
}

impl From<i64> for BigInt {
    fn from(value: i64) -> BigInt {
        BigInt(value.into())
    }
}

/// An integer result: `Big` only if `i64` does not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    Small(i64),
    Big(BigInt),
}

/// An integer operand.
#[derive(Clone, Copy, Debug)]
pub enum IntRef<'a> {
    Small(i64),
    Big(&'a BigInt),
}

impl From<i64> for Int {
    fn from(value: i64) -> Int {
        Int::Small(value)
    }
}

impl From<u64> for Int {
    fn from(value: u64) -> Int {
        IBig::from(value).into()
    }
}

impl From<i128> for Int {
    fn from(value: i128) -> Int {
        match i64::try_from(value) {
            Ok(small) => Int::Small(small),
            Err(_) => Int::Big(BigInt(value.into())),
        }
    }
}

impl From<usize> for Int {
    fn from(value: usize) -> Int {
        Int::from(value as u64)
    }
}

impl From<IBig> for Int {
    fn from(value: IBig) -> Int {
        match i64::try_from(&value) {
            Ok(small) => Int::Small(small),
            Err(_) => Int::Big(BigInt(value)),
        }
    }
}

impl From<BigInt> for Int {
    fn from(value: BigInt) -> Int {
        value.0.into()
    }
}

impl Int {
    #[inline]
    pub fn as_ref(&self) -> IntRef<'_> {
        match self {
            Int::Small(value) => IntRef::Small(*value),
            Int::Big(value) => IntRef::Big(value),
        }
    }

    /// The value as a `BigInt`, whatever its size.
    pub fn into_big(self) -> BigInt {
        match self {
            Int::Small(value) => value.into(),
            Int::Big(value) => value,
        }
    }
}

/// Bits beyond which a result isn't attempted (32 GiB).
const MAX_BITS: u64 = 1 << 38;
/// Bits below which nobody asks whether there is memory.
const CHEAP_BITS: u64 = 1 << 26;

/// Whether a result of so many bits can be held.
fn check_bits(bits: u64) -> Result<(), Fault> {
    if bits > MAX_BITS {
        return Err(Fault::memory());
    }
    if bits > CHEAP_BITS {
        // Probes: the arithmetic needs the operand, the result and scratch space of about the same size.
        Vec::<u64>::new().try_reserve_exact((bits / 64 * 3) as usize)?;
    }
    Ok(())
}

fn division_by_zero() -> Fault {
    Fault::zero_division("division by zero")
}

/// Floor division of `i64`; `None` for the one quotient that overflows.
#[inline]
fn floor_div_i64(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
}

#[inline]
fn floor_mod_i64(a: i64, b: i64) -> i64 {
    let r = a.wrapping_rem(b);
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

impl<'a> IntRef<'a> {
    fn wide(self) -> Cow<'a, IBig> {
        match self {
            IntRef::Small(value) => Cow::Owned(value.into()),
            IntRef::Big(value) => Cow::Borrowed(&value.0),
        }
    }

    pub fn to_int(self) -> Int {
        match self {
            IntRef::Small(value) => Int::Small(value),
            IntRef::Big(value) => value.clone().into(),
        }
    }

    /// The value, if it fits.
    #[inline]
    pub fn to_i64(self) -> Option<i64> {
        match self {
            IntRef::Small(value) => Some(value),
            IntRef::Big(value) => value.to_i64(),
        }
    }

    pub fn to_i128(self) -> Option<i128> {
        match self {
            IntRef::Small(value) => Some(value.into()),
            IntRef::Big(value) => i128::try_from(&value.0).ok(),
        }
    }

    pub fn to_u64(self) -> Option<u64> {
        match self {
            IntRef::Small(value) => u64::try_from(value).ok(),
            IntRef::Big(value) => u64::try_from(&value.0).ok(),
        }
    }

    /// -1, 0 or 1.
    pub fn signum(self) -> i64 {
        match self {
            IntRef::Small(value) => value.signum(),
            IntRef::Big(value) if value.0.is_zero() => 0,
            IntRef::Big(value) => match value.0.sign() {
                Sign::Positive => 1,
                Sign::Negative => -1,
            },
        }
    }

    pub fn is_zero(self) -> bool {
        self.signum() == 0
    }

    pub fn is_negative(self) -> bool {
        self.signum() < 0
    }

    pub fn is_odd(self) -> bool {
        match self {
            IntRef::Small(value) => value & 1 == 1,
            IntRef::Big(value) => value.0.bit(0),
        }
    }

    /// Bits of the absolute value, 0 for 0.
    pub fn bit_length(self) -> u64 {
        match self {
            IntRef::Small(value) => u64::from(64 - value.unsigned_abs().leading_zeros()),
            IntRef::Big(value) => magnitude_bits(&value.0),
        }
    }

    /// Ones in the absolute value.
    pub fn bit_count(self) -> u64 {
        match self {
            IntRef::Small(value) => value.unsigned_abs().count_ones().into(),
            IntRef::Big(value) => value.0.as_sign_words().1.iter().map(|w| u64::from(w.count_ones())).sum(),
        }
    }

    pub fn add(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => match a.checked_add(b) {
                Some(sum) => Int::Small(sum),
                None => (i128::from(a) + i128::from(b)).into(),
            },
            (a, b) => (&*a.wide() + &*b.wide()).into(),
        }
    }

    pub fn sub(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => match a.checked_sub(b) {
                Some(difference) => Int::Small(difference),
                None => (i128::from(a) - i128::from(b)).into(),
            },
            (a, b) => (&*a.wide() - &*b.wide()).into(),
        }
    }

    pub fn mul(self, other: IntRef<'_>) -> Result<Int, Fault> {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => Ok(match a.checked_mul(b) {
                Some(product) => Int::Small(product),
                None => (i128::from(a) * i128::from(b)).into(),
            }),
            (a, b) => {
                check_bits(a.bit_length() + b.bit_length())?;
                Ok(large::mul_signed(&a.wide(), &b.wide()).into())
            }
        }
    }

    /// `self // other`.
    pub fn floor_div(self, other: IntRef<'_>) -> Result<Int, Fault> {
        if other.is_zero() {
            return Err(division_by_zero());
        }
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) if let Some(q) = floor_div_i64(a, b) => Ok(Int::Small(q)),
            (a, b) => a.divmod(b).map(|(q, _)| q),
        }
    }

    /// `self % other`, with the sign of `other`.
    pub fn modulo(self, other: IntRef<'_>) -> Result<Int, Fault> {
        if other.is_zero() {
            return Err(division_by_zero());
        }
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => Ok(Int::Small(floor_mod_i64(a, b))),
            (a, b) => {
                let b = b.wide();
                let r = large::div_rem_signed(&a.wide(), &b).1;
                Ok(if !r.is_zero() && r.sign() != b.sign() { r + &*b } else { r }.into())
            }
        }
    }

    pub fn divmod(self, other: IntRef<'_>) -> Result<(Int, Int), Fault> {
        if other.is_zero() {
            return Err(division_by_zero());
        }
        if let (IntRef::Small(a), IntRef::Small(b)) = (self, other)
            && let Some(q) = floor_div_i64(a, b)
        {
            return Ok((Int::Small(q), Int::Small(floor_mod_i64(a, b))));
        }
        let b = other.wide();
        let (mut q, mut r) = large::div_rem_signed(&self.wide(), &b);
        if !r.is_zero() && r.sign() != b.sign() {
            q -= IBig::ONE;
            r += &*b;
        }
        Ok((q.into(), r.into()))
    }

    /// `self ** exponent` for an exponent that is not negative (the caller goes to floats for the others).
    pub fn pow(self, exponent: IntRef<'_>) -> Result<Int, Fault> {
        debug_assert!(!exponent.is_negative());
        match self.to_i64() {
            Some(0) if !exponent.is_zero() => return Ok(Int::Small(0)),
            Some(1) => return Ok(Int::Small(1)),
            Some(-1) => return Ok(Int::Small(if exponent.is_odd() { -1 } else { 1 })),
            Some(2) => return IntRef::Small(1).shl(exponent),
            _ => {}
        }
        let Some(exponent) = exponent.to_u64() else { return Err(Fault::memory()) };
        if let (IntRef::Small(base), Ok(exponent)) = (self, u32::try_from(exponent))
            && let Some(power) = base.checked_pow(exponent)
        {
            return Ok(Int::Small(power));
        }
        check_bits(self.bit_length().saturating_mul(exponent))?;
        let (sign, magnitude) = self.wide().into_owned().into_parts();
        let sign = if exponent & 1 == 1 { sign } else { Sign::Positive };
        Ok(IBig::from_parts(sign, large::pow(&magnitude, exponent as usize)).into())
    }

    /// `pow(self, exponent, modulus)`, exponents of either sign.
    pub fn pow_mod(self, exponent: IntRef<'_>, modulus: IntRef<'_>) -> Result<Int, Fault> {
        if modulus.is_zero() {
            return Err(Fault::value("pow() 3rd argument cannot be 0"));
        }
        let m = modulus.wide();
        let magnitude = m.as_ref().clone().into_parts().1;
        if magnitude.is_one() {
            return Ok(Int::Small(0));
        }
        let mut base: UBig = floor_residue(&self.wide(), &magnitude);
        let exponent = exponent.wide().into_owned();
        let (sign, exponent) = exponent.into_parts();
        if sign == Sign::Negative {
            base = inverse(base, &magnitude)
                .ok_or_else(|| Fault::value("base is not invertible for the given modulus"))?;
        }
        let residue = match large::pow_mod(&base, &exponent, &magnitude) {
            Some(residue) => residue,
            None => ConstDivisor::new(magnitude).reduce(base).pow(&exponent).residue(),
        };
        let residue = IBig::from(residue);
        Ok(if m.sign() == Sign::Negative && !residue.is_zero() { residue + &*m } else { residue }.into())
    }

    /// `self << count`.
    pub fn shl(self, count: IntRef<'_>) -> Result<Int, Fault> {
        if count.is_negative() {
            return Err(Fault::value("negative shift count"));
        }
        if self.is_zero() {
            return Ok(Int::Small(0));
        }
        let Some(count) = count.to_i64() else { return Err(Fault::overflow("too many digits in integer")) };
        if let IntRef::Small(value) = self
            && count < 64
            && (value << count) >> count == value
        {
            return Ok(Int::Small(value << count));
        }
        check_bits(self.bit_length().saturating_add(count as u64))?;
        Ok((&*self.wide() << count as usize).into())
    }

    /// `self >> count`, rounding towards minus infinity.
    pub fn shr(self, count: IntRef<'_>) -> Result<Int, Fault> {
        if count.is_negative() {
            return Err(Fault::value("negative shift count"));
        }
        let count = count.to_i64().unwrap_or(i64::MAX);
        match self {
            IntRef::Small(value) => Ok(Int::Small(value >> count.min(63))),
            IntRef::Big(_) if count as u64 >= self.bit_length() => {
                Ok(Int::Small(if self.is_negative() { -1 } else { 0 }))
            }
            IntRef::Big(value) => Ok((&value.0 >> count as usize).into()),
        }
    }

    pub fn and(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => Int::Small(a & b),
            (a, b) => (&*a.wide() & &*b.wide()).into(),
        }
    }

    pub fn or(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => Int::Small(a | b),
            (a, b) => (&*a.wide() | &*b.wide()).into(),
        }
    }

    pub fn xor(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => Int::Small(a ^ b),
            (a, b) => (&*a.wide() ^ &*b.wide()).into(),
        }
    }

    pub fn invert(self) -> Int {
        match self {
            IntRef::Small(a) => Int::Small(!a),
            IntRef::Big(a) => (!&a.0).into(),
        }
    }

    pub fn neg(self) -> Int {
        match self {
            IntRef::Small(a) => (-i128::from(a)).into(),
            IntRef::Big(a) => (-&a.0).into(),
        }
    }

    pub fn abs(self) -> Int {
        if self.is_negative() { self.neg() } else { self.to_int() }
    }

    pub fn cmp(self, other: IntRef<'_>) -> Ordering {
        match (self, other) {
            (IntRef::Small(a), IntRef::Small(b)) => a.cmp(&b),
            (a, b) => a.wide().cmp(&b.wide()),
        }
    }

    pub fn eq(self, other: IntRef<'_>) -> bool {
        self.cmp(other) == Ordering::Equal
    }

    /// `math.isqrt`.
    pub fn isqrt(self) -> Result<Int, Fault> {
        match self {
            IntRef::Small(a) if a >= 0 => Ok(Int::Small(a.isqrt())),
            IntRef::Big(a) if a.0.sign() == Sign::Positive => {
                Ok(IBig::from(large::sqrt(&a.0.clone().into_parts().1)).into())
            }
            _ => Err(Fault::value("isqrt() argument must be nonnegative")),
        }
    }

    /// `math.gcd` of two; never negative.
    pub fn gcd(self, other: IntRef<'_>) -> Int {
        if let (IntRef::Small(a), IntRef::Small(b)) = (self, other) {
            let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
            while b != 0 {
                (a, b) = (b, a % b);
            }
            return a.into();
        }
        match (self.is_zero(), other.is_zero()) {
            (true, _) => other.abs(),
            (_, true) => self.abs(),
            _ => {
                // The first quotient may be long, those after it are short.
                let (a, b) = (self.wide(), other.wide());
                let (long, short) =
                    if a.as_sign_words().1.len() < b.as_sign_words().1.len() { (b, a) } else { (a, b) };
                let rest = large::div_rem_signed(&long, &short).1;
                if rest.is_zero() {
                    IntRef::abs(Int::from(short.into_owned()).as_ref())
                } else {
                    IBig::from((&*short).gcd(&rest)).into()
                }
            }
        }
    }

    /// `int.__round__(ndigits)`: to a multiple of `10 ** -ndigits`, ties to even.
    pub fn round(self, ndigits: IntRef<'_>) -> Result<Int, Fault> {
        if !ndigits.is_negative() {
            return Ok(self.to_int());
        }
        let digits = ndigits.to_i64().map_or(u64::MAX, i64::unsigned_abs);
        // 10**digits exceeds twice the value as soon as it has two bits more.
        if digits.saturating_mul(3) > self.bit_length() + 2 {
            return Ok(Int::Small(0));
        }
        let unit = IntRef::Small(10).pow(IntRef::Small(digits as i64))?;
        let (quotient, remainder) = self.divmod(unit.as_ref())?;
        let twice = remainder.as_ref().shl(IntRef::Small(1))?;
        let up = match twice.as_ref().cmp(unit.as_ref()) {
            Ordering::Less => false,
            Ordering::Equal => quotient.as_ref().is_odd(),
            Ordering::Greater => true,
        };
        quotient.as_ref().add(IntRef::Small(up.into())).as_ref().mul(unit.as_ref())
    }
}

fn magnitude_bits(value: &IBig) -> u64 {
    let words = value.as_sign_words().1;
    match words.last() {
        Some(top) => words.len() as u64 * u64::from(dashu_int::Word::BITS) - u64::from(top.leading_zeros()),
        None => 0,
    }
}

/// The residue of least absolute value that is not negative.
fn floor_residue(value: &IBig, modulus: &UBig) -> UBig {
    let (sign, magnitude) = value.clone().into_parts();
    let residue = large::div_rem(magnitude, modulus).1;
    if sign == Sign::Negative && !residue.is_zero() { modulus - residue } else { residue }
}

/// The inverse of `value` modulo `modulus` (above 1), if they share no factor.
fn inverse(value: UBig, modulus: &UBig) -> Option<UBig> {
    if value.is_zero() {
        return None;
    }
    let (gcd, x, _) = (&value).gcd_ext(modulus);
    gcd.is_one().then(|| floor_residue(&x, modulus))
}

#[cfg(test)]
mod tests;
