//! Floats from text: the literals of `float()`, and the hexadecimal ones of `float.fromhex`.

use super::ldexp;
use crate::number::{Fault, decimal};
use crate::text::Units;
use crate::text::repr::{repr, repr_bytes};

/// `float(text)`.
pub fn from_text(text: Units<'_>) -> Result<f64, Fault> {
    parse(&decimal::to_ascii(text)).ok_or_else(|| {
        let shown = repr(text);
        Fault::value(format!("could not convert string to float: {}", shown.units().to_str_lossy()))
    })
}

/// `float(bytes)`.
pub fn from_literal_bytes(bytes: &[u8]) -> Result<f64, Fault> {
    parse(bytes)
        .ok_or_else(|| Fault::value(format!("could not convert string to float: {}", repr_bytes(bytes))))
}

/// An ASCII literal with white space around it and underscores between digits.
pub fn parse(literal: &[u8]) -> Option<f64> {
    let literal = decimal::trim(literal);
    if !literal.contains(&b'_') {
        return whole(literal);
    }
    whole(&without_underscores(literal)?)
}

/// Drops underscores, each of which must stand between two digits.
pub(crate) fn without_underscores(literal: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(literal.len());
    for (i, &byte) in literal.iter().enumerate() {
        if byte != b'_' {
            out.push(byte);
            continue;
        }
        let digit = |at: Option<usize>| at.and_then(|at| literal.get(at)).is_some_and(u8::is_ascii_digit);
        if !digit(i.checked_sub(1)) || !digit(Some(i + 1)) {
            return None;
        }
    }
    Some(out)
}

fn whole(literal: &[u8]) -> Option<f64> {
    match prefix(literal) {
        Some((value, len)) if len == literal.len() => Some(value),
        _ => None,
    }
}

/// The longest literal at the start and its length: a sign, then `inf`, `infinity`, `nan` or a decimal number.
pub(crate) fn prefix(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let negative = text.first() == Some(&b'-');
    let body = &text[sign..];
    let word =
        |word: &str| body.len() >= word.len() && body[..word.len()].eq_ignore_ascii_case(word.as_bytes());
    let signed = |value: f64| if negative { -value } else { value };
    if word("infinity") {
        return Some((signed(f64::INFINITY), sign + 8));
    }
    if word("inf") {
        return Some((signed(f64::INFINITY), sign + 3));
    }
    if word("nan") {
        return Some((signed(f64::NAN), sign + 3));
    }
    let digits = |from: usize| body[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    let mut any = end > 0;
    if body.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        any |= fraction > 0;
        end += 1 + fraction;
    }
    if !any {
        return None;
    }
    if matches!(body.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(body.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(body.len().min(end + 1 + signed));
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    let value: f64 = std::str::from_utf8(&body[..end]).ok()?.parse().ok()?;
    Some((signed(value), sign + end))
}

/// `float.hex`.
pub fn to_hex(value: f64) -> String {
    if !value.is_finite() {
        return super::repr(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7ff) as i64 {
        0 if fraction == 0 => format!("{sign}0x0.0p+0"),
        0 => format!("{sign}0x0.{fraction:013x}p-1022"),
        exponent => format!("{sign}0x1.{fraction:013x}p{:+}", exponent - 1023),
    }
}

/// `float.fromhex`.
pub fn from_hex(text: Units<'_>) -> Result<f64, Fault> {
    let invalid = || Fault::value("invalid hexadecimal floating-point string");
    let too_large = || Fault::overflow("hexadecimal value too large to represent as a float");
    let text = text.to_wtf8();
    let mut rest = decimal::trim(&text);
    if let Some((value, len)) = prefix(rest)
        && len == rest.len()
        && !value.is_finite()
        && rest.iter().any(|b| matches!(b, b'n' | b'N'))
    {
        return Ok(value);
    }
    let negative = rest.first() == Some(&b'-');
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    if let [b'0', b'x' | b'X', tail @ ..] = rest {
        rest = tail;
    }
    // The first 60 bits of the coefficient; `sticky` tells whether anything follows them.
    let (mut mantissa, mut sticky, mut exponent, mut any, mut after_point) =
        (0u64, false, 0i64, false, false);
    while let [byte, tail @ ..] = rest {
        match (*byte as char).to_digit(16) {
            Some(digit) => {
                any = true;
                if mantissa >> 56 == 0 {
                    mantissa = mantissa << 4 | u64::from(digit);
                    exponent -= if after_point { 4 } else { 0 };
                } else {
                    sticky |= digit != 0;
                    exponent += if after_point { 0 } else { 4 };
                }
            }
            None if *byte == b'.' && !after_point => after_point = true,
            None => break,
        }
        rest = tail;
    }
    if !any {
        return Err(invalid());
    }
    if let [b'p' | b'P', tail @ ..] = rest {
        let minus = tail.first() == Some(&b'-');
        let digits = tail.strip_prefix(b"+").or_else(|| tail.strip_prefix(b"-")).unwrap_or(tail);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(invalid());
        }
        let power = digits.iter().fold(0i64, |n, b| (n * 10 + i64::from(b - b'0')).min(1 << 56));
        exponent = exponent.saturating_add(if minus { -power } else { power });
    } else if !rest.is_empty() {
        return Err(invalid());
    }
    let zero = if negative { -0.0 } else { 0.0 };
    if mantissa == 0 {
        return Ok(zero);
    }
    let bits = i64::from(64 - mantissa.leading_zeros());
    if bits + exponent > 1024 {
        return Err(too_large());
    }
    if bits + exponent < -1080 {
        return Ok(zero);
    }
    // Rounded at the last bit that the result's exponent leaves.
    let lowest = (bits + exponent - 53).max(-1074);
    let extra = lowest - exponent;
    let value = if extra <= 0 {
        ldexp(mantissa as f64, exponent)
    } else {
        // `extra` is 64 at most: bits is 60 at most and the value no less than 2**-1080.
        let wide = u128::from(mantissa);
        let half = 1u128 << (extra - 1);
        let low = wide & ((1u128 << extra) - 1);
        let kept = wide >> extra;
        let up = low > half || (low == half && (sticky || kept & 1 == 1));
        ldexp((kept + u128::from(up)) as f64, lowest)
    };
    if value.is_infinite() {
        return Err(too_large());
    }
    Ok(if negative { -value } else { value })
}
