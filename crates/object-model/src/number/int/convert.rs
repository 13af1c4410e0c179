//! Integers to and from floats, bytes and hashes.

use std::cmp::Ordering;

use dashu_int::{IBig, Sign, UBig};

use super::{BigInt, Int, IntRef};
use crate::number::Fault;
use crate::number::float::{frexp_u64, ldexp};

/// The modulus of Python's numeric hash, 2**61 - 1.
pub const HASH_MODULUS: u64 = (1 << 61) - 1;

/// Byte order of `to_bytes` and `from_bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    Little,
    Big,
}

/// Integers that are floats exactly: |x| at most 2**53.
const EXACT: u64 = 1 << 53;

impl IntRef<'_> {
    /// The nearest float, ties to even; `OverflowError` beyond the largest.
    pub fn to_f64(self) -> Result<f64, Fault> {
        let value = match self {
            IntRef::Small(value) => value as f64,
            IntRef::Big(value) => value.0.to_f64().value(),
        };
        if value.is_finite() { Ok(value) } else { Err(Fault::overflow("int too large to convert to float")) }
    }

    /// `self / other`, correctly rounded.
    pub fn true_div(self, other: IntRef<'_>) -> Result<f64, Fault> {
        if other.is_zero() {
            return Err(super::division_by_zero());
        }
        if let (IntRef::Small(a), IntRef::Small(b)) = (self, other)
            && a.unsigned_abs() <= EXACT
            && b.unsigned_abs() <= EXACT
        {
            return Ok(a as f64 / b as f64);
        }
        if self.is_zero() {
            return Ok(if other.is_negative() { -0.0 } else { 0.0 });
        }
        let too_large = || Fault::overflow("integer division result too large for a float");
        let (a_sign, a) = self.wide().into_owned().into_parts();
        let (b_sign, b) = other.wide().into_owned().into_parts();
        let distance = self.bit_length() as i64 - other.bit_length() as i64;
        if distance > 1024 {
            return Err(too_large());
        }
        let negative = a_sign != b_sign;
        if distance < -1076 {
            return Ok(if negative { -0.0 } else { 0.0 });
        }
        // A quotient of 55 or 56 bits (fewer where the result is subnormal) whose last bit is sticky.
        let shift = distance.max(-1021) - 55;
        let (dividend, divisor) =
            if shift < 0 { (a << (-shift) as usize, b) } else { (a, b << shift as usize) };
        let (quotient, remainder): (UBig, UBig) = dashu_int::ops::DivRem::div_rem(dividend, divisor);
        let quotient = u64::try_from(quotient).map_err(|_| too_large())? | u64::from(!remainder.is_zero());
        let bits = i64::from(64 - quotient.leading_zeros());
        let extra = (bits.max(-1021 - shift) - 53).max(0) as u32;
        let half = if extra == 0 { 0 } else { 1u64 << (extra - 1) };
        let mut kept = quotient >> extra;
        let rest = quotient & ((1u64 << extra) - 1);
        if extra > 0 && (rest > half || (rest == half && kept & 1 == 1)) {
            kept += 1;
        }
        let value = ldexp(kept as f64, shift + i64::from(extra));
        if value.is_infinite() {
            return Err(too_large());
        }
        Ok(if negative { -value } else { value })
    }

    /// Exact comparison with a float; `None` for a NaN.
    pub fn cmp_f64(self, other: f64) -> Option<Ordering> {
        if let IntRef::Small(value) = self
            && value.unsigned_abs() <= EXACT
        {
            return (value as f64).partial_cmp(&other);
        }
        if other.is_nan() {
            return None;
        }
        if other.is_infinite() {
            return Some(if other > 0.0 { Ordering::Less } else { Ordering::Greater });
        }
        let whole = Int::from_finite_f64(other);
        // An integer is compared with the truncated float; a rest decides between equals.
        Some(self.cmp(whole.as_ref()).then(0.0f64.total_cmp(&(other.fract() + 0.0))))
    }

    /// Python's hash: the value modulo 2**61 - 1 with its sign, -1 taken by -2.
    pub fn hash(self) -> i64 {
        let hash = match self {
            IntRef::Small(value) => {
                let residue = (value.unsigned_abs() % HASH_MODULUS) as i64;
                if value < 0 { -residue } else { residue }
            }
            IntRef::Big(value) => {
                let (sign, words) = value.0.as_sign_words();
                let residue = words.iter().rev().fold(0u64, |hash, &word| {
                    // 2**64 is 8 modulo 2**61 - 1.
                    ((u128::from(hash) * 8 + u128::from(word)) % u128::from(HASH_MODULUS)) as u64
                });
                if sign == Sign::Negative { -(residue as i64) } else { residue as i64 }
            }
        };
        if hash == -1 { -2 } else { hash }
    }

    /// `int.to_bytes`.
    pub fn to_bytes(self, length: usize, order: ByteOrder, signed: bool) -> Result<Vec<u8>, Fault> {
        if self.is_negative() && !signed {
            return Err(Fault::overflow("can't convert negative int to unsigned"));
        }
        let too_big = || Fault::overflow("int too big to convert");
        let value = self.wide();
        let negative = self.is_negative();
        let minimal =
            if negative { value.to_le_bytes() } else { value.as_ref().clone().into_parts().1.to_le_bytes() };
        if minimal.len() > length {
            return Err(too_big());
        }
        if signed && !negative && length == minimal.len() && minimal.last().is_some_and(|top| top & 0x80 != 0)
        {
            return Err(too_big());
        }
        let mut out = Vec::new();
        out.try_reserve_exact(length)?;
        out.extend_from_slice(&minimal);
        out.resize(length, if negative { 0xff } else { 0 });
        if order == ByteOrder::Big {
            out.reverse();
        }
        Ok(out)
    }
}

impl Int {
    /// `int.from_bytes`.
    pub fn from_bytes(bytes: &[u8], order: ByteOrder, signed: bool) -> Int {
        if bytes.is_empty() {
            return Int::Small(0);
        }
        match (order, signed) {
            (ByteOrder::Little, true) => IBig::from_le_bytes(bytes),
            (ByteOrder::Big, true) => IBig::from_be_bytes(bytes),
            (ByteOrder::Little, false) => UBig::from_le_bytes(bytes).into(),
            (ByteOrder::Big, false) => UBig::from_be_bytes(bytes).into(),
        }
        .into()
    }

    /// `int(x)`: towards zero.
    pub fn from_f64(value: f64) -> Result<Int, Fault> {
        if value.is_nan() {
            return Err(Fault::value("cannot convert float NaN to integer"));
        }
        if value.is_infinite() {
            return Err(Fault::overflow("cannot convert float infinity to integer"));
        }
        Ok(Int::from_finite_f64(value))
    }

    /// The integer part of a finite float.
    pub(crate) fn from_finite_f64(value: f64) -> Int {
        // 2**63 itself doesn't fit, its negative does.
        if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
            return Int::Small(value as i64);
        }
        let (mantissa, exponent) = frexp_u64(value);
        // |value| is 2**63 at least, so the mantissa of 53 bits is shifted left.
        let magnitude = UBig::from(mantissa) << usize::try_from(exponent).unwrap_or(0);
        let sign = if value < 0.0 { Sign::Negative } else { Sign::Positive };
        Int::Big(BigInt(IBig::from_parts(sign, magnitude)))
    }
}
