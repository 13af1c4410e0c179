//! Arithmetic on very large magnitudes, kept away from `dashu_int`'s number-theoretic transform.
//!
//! `dashu_int` 0.6.2 multiplies operands of 4000 words and more by a transform that loses a carry when a coefficient
//! of the result is all ones, as those of `(2**n - 1)**2` are. Everything that would reach it (products, and the
//! divisions, powers, roots and radix conversions built on them) is cut here into pieces below that size, by Karatsuba's
//! method and by blocks. Smaller operands go straight to `dashu_int`.

use dashu_int::ops::{BitTest, DivRem, SquareRoot};
use dashu_int::{IBig, Sign, UBig};

/// Words from which on both operands of a product are transformed.
const TRANSFORM: usize = 4000;
const WORD_BITS: usize = dashu_int::Word::BITS as usize;
/// Digits that are converted at once; below `TRANSFORM` words in any radix.
const PIECE: usize = 8000;

fn words(value: &UBig) -> usize {
    value.as_words().len()
}

/// Whether a signed value may be an operand of a transform.
pub(super) fn is_large(value: &IBig) -> bool {
    value.as_sign_words().1.len() >= TRANSFORM
}

/// `a * b` of any size.
pub(super) fn mul_signed(a: &IBig, b: &IBig) -> IBig {
    if !is_large(a) || !is_large(b) {
        return a * b;
    }
    let ((a_sign, a), (b_sign, b)) = (a.clone().into_parts(), b.clone().into_parts());
    IBig::from_parts(a_sign * b_sign, mul(&a, &b))
}

/// Truncating division of any size.
pub(super) fn div_rem_signed(a: &IBig, b: &IBig) -> (IBig, IBig) {
    if !is_large(a) || !is_large(b) {
        return a.div_rem(b);
    }
    let ((a_sign, a), (b_sign, b)) = (a.clone().into_parts(), b.clone().into_parts());
    let (quotient, remainder) = div_rem(a, &b);
    (IBig::from_parts(a_sign * b_sign, quotient), IBig::from_parts(a_sign, remainder))
}

pub(super) fn mul(a: &UBig, b: &UBig) -> UBig {
    let (long, short) = if words(a) < words(b) { (b, a) } else { (a, b) };
    let size = words(short);
    if size < TRANSFORM {
        return long * short;
    }
    if words(long) >= 2 * size {
        let bits = size * WORD_BITS;
        let chunks = long.to_chunks(bits);
        return chunks.iter().rev().fold(UBig::ZERO, |sum, chunk| (sum << bits) + mul(chunk, short));
    }
    let half = words(long).div_ceil(2) * WORD_BITS;
    let (long_low, long_high) = long.clone().split_bits(half);
    let (short_low, short_high) = short.clone().split_bits(half);
    let low = mul(&long_low, &short_low);
    let high = mul(&long_high, &short_high);
    let middle = mul(&(long_low + long_high), &(short_low + short_high)) - &low - &high;
    (high << (2 * half)) + (middle << half) + low
}

/// Quotient and remainder; the divisor is not zero.
pub(super) fn div_rem(a: UBig, b: &UBig) -> (UBig, UBig) {
    if words(b) < TRANSFORM || words(&a) < words(b) + TRANSFORM {
        return a.div_rem(b);
    }
    // Blocks of a quotient that is short enough for each division.
    let bits = TRANSFORM / 2 * WORD_BITS;
    let (mut quotient, mut rest) = (UBig::ZERO, UBig::ZERO);
    for chunk in a.to_chunks(bits).iter().rev() {
        let (digit, remainder) = ((rest << bits) + chunk).div_rem(b);
        rest = remainder;
        quotient = (quotient << bits) + digit;
    }
    (quotient, rest)
}

/// `base ** exponent`, the result known to fit in memory.
pub(super) fn pow(base: &UBig, exponent: usize) -> UBig {
    if base.bit_len().saturating_mul(exponent) < TRANSFORM * WORD_BITS {
        return base.pow(exponent);
    }
    let mut power = UBig::ONE;
    for bit in (0..usize::BITS - exponent.leading_zeros()).rev() {
        power = mul(&power, &power);
        if exponent >> bit & 1 == 1 {
            power = mul(&power, base);
        }
    }
    power
}

/// `base ** exponent % modulus` for a modulus so large that its products are; `None` for the others.
pub(super) fn pow_mod(base: &UBig, exponent: &UBig, modulus: &UBig) -> Option<UBig> {
    if words(modulus) < TRANSFORM {
        return None;
    }
    let mut power = UBig::ONE;
    for bit in (0..exponent.bit_len()).rev() {
        power = div_rem(mul(&power, &power), modulus).1;
        if exponent.bit(bit) {
            power = div_rem(mul(&power, base), modulus).1;
        }
    }
    Some(power)
}

/// The integer part of the square root.
pub(super) fn sqrt(value: &UBig) -> UBig {
    if words(value) < TRANSFORM {
        return value.sqrt();
    }
    // Newton's iteration on leading parts whose precision doubles: with `a` near the root of the first 2*e bits,
    // one division gives the root of the first 2*d bits within one.
    let half_bits = (value.bit_len() - 1) / 2;
    let (mut root, mut done) = (UBig::ONE, 0);
    for shift in (0..usize::BITS - half_bits.leading_zeros()).rev() {
        let (before, now) = (done, half_bits >> shift);
        done = now;
        let leading = value >> (2 * half_bits + 1 - before - now);
        let quotient = div_rem(leading, &root).0;
        root = (root << (now - before - 1)) + quotient;
    }
    if mul(&root, &root) > *value { root - UBig::ONE } else { root }
}

/// Powers `radix ** (PIECE * 2**k)` up to the first that isn't below `limit` bits.
fn powers(radix: u32, limit: usize) -> Vec<UBig> {
    let mut powers = vec![UBig::from(radix).pow(PIECE)];
    while let Some(last) = powers.last()
        && last.bit_len() <= limit
    {
        powers.push(mul(last, last));
    }
    powers
}

/// The digits of a value in a radix from 2 to 36, lower case.
pub(super) fn to_text(value: &IBig, radix: u8) -> String {
    if !is_large(value) || radix.is_power_of_two() {
        return value.in_radix(radix).to_string();
    }
    let (sign, magnitude) = value.clone().into_parts();
    let powers = powers(radix.into(), magnitude.bit_len());
    let mut digits = String::new();
    push_digits(magnitude, radix, &powers, &mut digits);
    let sign = if sign == Sign::Negative { "-" } else { "" };
    format!("{sign}{}", digits.trim_start_matches('0'))
}

/// Appends `PIECE * 2**powers.len()` digits, zeros first. The depth is the logarithm of the number's size.
fn push_digits(value: UBig, radix: u8, powers: &[UBig], out: &mut String) {
    match powers {
        [] => {
            let digits = value.in_radix(radix).to_string();
            out.extend(std::iter::repeat_n('0', PIECE - digits.len()));
            out.push_str(&digits);
        }
        [smaller @ .., power] => {
            let (high, low) = div_rem(value, power);
            push_digits(high, radix, smaller, out);
            push_digits(low, radix, smaller, out);
        }
    }
}

/// A number from checked digits; `None` if they aren't some.
pub(super) fn from_text(digits: &str, radix: u32) -> Option<UBig> {
    if digits.len() <= PIECE || radix.is_power_of_two() {
        return UBig::from_str_radix(digits, radix).ok();
    }
    // Six bits hold a digit of any radix.
    parse_digits(digits, radix, &powers(radix, digits.len() * 6 / 2))
}

fn parse_digits(digits: &str, radix: u32, powers: &[UBig]) -> Option<UBig> {
    if digits.len() <= PIECE {
        return UBig::from_str_radix(digits, radix).ok();
    }
    let (power, smaller) = powers.split_last()?;
    let low_len = PIECE << smaller.len();
    if digits.len() <= low_len {
        return parse_digits(digits, radix, smaller);
    }
    let (high, low) = digits.split_at(digits.len() - low_len);
    // What is above the largest power may still be long; it is then cut by the same one.
    Some(mul(&parse_digits(high, radix, powers)?, power) + parse_digits(low, radix, smaller)?)
}
