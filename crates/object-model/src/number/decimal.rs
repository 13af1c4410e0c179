//! What the literals of `int()`, `float()` and `complex()` share: white space and Unicode digits.

use std::borrow::Cow;

use crate::text::Units;
use crate::text::classify::{decimal_value, is_space};

/// C's `isspace`: what may stand around a numeric literal once it is ASCII.
pub fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, 9..=13 | 32)
}

/// A literal without the white space around it.
pub fn trim(mut literal: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = literal
        && is_ascii_space(*first)
    {
        literal = rest;
    }
    while let [rest @ .., last] = literal
        && is_ascii_space(*last)
    {
        literal = rest;
    }
    literal
}

/// A numeric literal in ASCII: decimal digits of any script become `0`–`9`, white space a blank, anything else
/// that is not ASCII a `?`, which no literal holds.
pub fn to_ascii(text: Units<'_>) -> Cow<'_, [u8]> {
    if let Units::Ascii(s) = text {
        return Cow::Borrowed(s);
    }
    text.iter()
        .map(|ch| match decimal_value(ch) {
            _ if ch < 0x80 => ch as u8,
            Some(digit) => b'0' + digit,
            None if is_space(ch) => b' ',
            None => b'?',
        })
        .collect()
}
