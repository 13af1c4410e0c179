//! Integers from and to text: the literals of `int()` in base 2 to 36 (and 0), and digits in any radix.

use dashu_int::IBig;

use super::{Int, IntRef, large};
use crate::number::{Fault, decimal};
use crate::text::Units;
use crate::text::repr::{repr_bytes, repr_prefix};

/// The default of `sys.set_int_max_str_digits`; 0 means no limit wherever a limit is asked for.
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;

/// Why a literal is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiteralError {
    /// Not a literal of this base.
    Invalid,
    /// More digits than the limit, and how many.
    TooManyDigits(usize),
}

fn too_many_digits(limit: usize, digits: usize) -> Fault {
    Fault::value(format!(
        "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; use sys.set_int_max_str_digits() to increase the limit"
    ))
}

impl Int {
    /// `int(text, base)`: any Unicode decimal digits and white space.
    pub fn from_text(text: Units<'_>, base: u32, limit: usize) -> Result<Int, Fault> {
        check_base(base)?;
        Int::parse(&decimal::to_ascii(text), base, limit).map_err(|error| match error {
            LiteralError::TooManyDigits(digits) => too_many_digits(limit, digits),
            LiteralError::Invalid => {
                let shown = repr_prefix(text, 200);
                Fault::value(format!("invalid literal for int() with base {base}: {shown}"))
            }
        })
    }

    /// `int(bytes, base)`.
    pub fn from_literal_bytes(bytes: &[u8], base: u32, limit: usize) -> Result<Int, Fault> {
        check_base(base)?;
        Int::parse(bytes, base, limit).map_err(|error| match error {
            LiteralError::TooManyDigits(digits) => too_many_digits(limit, digits),
            LiteralError::Invalid => {
                let mut shown = repr_bytes(&bytes[..bytes.len().min(200)]);
                shown.truncate(200);
                Fault::value(format!("invalid literal for int() with base {base}: {shown}"))
            }
        })
    }

    /// An ASCII literal: white space around, a sign, a prefix that fits the base, digits with single underscores
    /// between them. Base 0 takes the base from the prefix.
    pub fn parse(literal: &[u8], base: u32, limit: usize) -> Result<Int, LiteralError> {
        let mut rest = decimal::trim(literal);
        let mut negative = false;
        if let [sign @ (b'+' | b'-'), tail @ ..] = rest {
            negative = *sign == b'-';
            rest = tail;
        }
        let prefix = match rest {
            [b'0', b'x' | b'X', ..] => 16,
            [b'0', b'o' | b'O', ..] => 8,
            [b'0', b'b' | b'B', ..] => 2,
            _ => 0,
        };
        let mut radix = base;
        let mut only_zero = false;
        if base == 0 {
            radix = if prefix != 0 { prefix } else { 10 };
            only_zero = prefix == 0 && rest.first() == Some(&b'0');
        }
        if prefix != 0 && prefix == radix {
            rest = &rest[2..];
            if let [b'_', tail @ ..] = rest {
                rest = tail;
            }
        }
        let mut digits = Vec::new();
        let mut small = Some(0u64);
        let mut count = 0usize;
        let mut after_digit = false;
        for &byte in rest {
            if byte == b'_' {
                if !after_digit {
                    return Err(LiteralError::Invalid);
                }
                after_digit = false;
                continue;
            }
            let digit = (byte as char).to_digit(radix).ok_or(LiteralError::Invalid)?;
            count += 1;
            after_digit = true;
            if small.is_none() {
                digits.push(byte);
                continue;
            }
            match small.and_then(|v| v.checked_mul(radix.into())?.checked_add(digit.into())) {
                Some(value) => small = Some(value),
                None => {
                    small = None;
                    digits = rest.iter().copied().filter(|&b| b != b'_').take(count).collect();
                }
            }
        }
        if !after_digit {
            return Err(LiteralError::Invalid);
        }
        if limit > 0 && count > limit && !radix.is_power_of_two() {
            return Err(LiteralError::TooManyDigits(count));
        }
        if only_zero && small != Some(0) {
            return Err(LiteralError::Invalid);
        }
        let value = match small {
            Some(value) => IBig::from(value),
            // The digits were checked one by one, so neither conversion fails.
            None => std::str::from_utf8(&digits)
                .ok()
                .and_then(|d| large::from_text(d, radix))
                .map(IBig::from)
                .ok_or(LiteralError::Invalid)?,
        };
        Ok(if negative { -value } else { value }.into())
    }
}

fn check_base(base: u32) -> Result<(), Fault> {
    if base == 0 || (2..=36).contains(&base) {
        return Ok(());
    }
    Err(Fault::value("int() base must be >= 2 and <= 36, or 0"))
}

impl IntRef<'_> {
    /// `repr(self)`, unless it has more than `limit` digits.
    pub fn to_decimal(self, limit: usize) -> Result<String, Fault> {
        let value = match self {
            IntRef::Small(value) => return Ok(value.to_string()),
            IntRef::Big(value) => value,
        };
        let over = || {
            Fault::value(format!(
                "Exceeds the limit ({limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
            ))
        };
        // 100 bits are 30 digits at least: a value far beyond the limit isn't converted first.
        if limit > 0 && self.bit_length() / 100 * 30 > limit as u64 {
            return Err(over());
        }
        let text = large::to_text(&value.0, 10);
        let digits = text.len() - usize::from(text.starts_with('-'));
        if limit > 0 && digits > limit { Err(over()) } else { Ok(text) }
    }

    /// The digits in a radix of 2 to 36, lower case, with a minus sign and without a prefix.
    ///
    /// # Panics
    /// If the radix is out of range.
    pub fn to_radix(self, radix: u32) -> String {
        match (self, radix) {
            (IntRef::Small(value), 2) if value >= 0 => format!("{value:b}"),
            (IntRef::Small(value), 8) if value >= 0 => format!("{value:o}"),
            (IntRef::Small(value), 16) if value >= 0 => format!("{value:x}"),
            (value, radix) => large::to_text(&value.wide(), radix as u8),
        }
    }
}
