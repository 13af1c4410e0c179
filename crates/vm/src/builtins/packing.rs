//! One machine number in memory and as a Python value: the item formats of memoryview, `array` and `struct`.

use object_model::number::int::ByteOrder;
use object_model::number::{Int as Integer, IntRef};

use super::int::as_int;
use crate::names::Special;
use crate::prelude::*;

/// What the bytes of an item mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One byte, as `bytes`.
    Char,
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// A float of 2, 4 or 8 bytes.
    Float,
    /// A truth value.
    Bool,
}

/// An item format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What its bytes mean.
    pub kind: Kind,
    /// How many there are: 1, 2, 4 or 8.
    pub size: usize,
}

/// Why a value cannot be stored.
#[derive(Debug)]
pub enum StoreError {
    /// Not of the right type.
    Type,
    /// Not in range.
    Range,
    /// Something raised.
    Raised(Raised),
}

impl From<Raised> for StoreError {
    fn from(raised: Raised) -> StoreError {
        StoreError::Raised(raised)
    }
}

const fn item(kind: Kind, size: usize) -> Option<Item> {
    Some(Item { kind, size })
}

impl Item {
    /// The format that a letter means on this machine.
    pub const fn native(letter: u8) -> Option<Item> {
        match letter {
            b'l' => item(Kind::Signed, size_of::<libc::c_long>()),
            b'L' => item(Kind::Unsigned, size_of::<libc::c_ulong>()),
            b'n' => item(Kind::Signed, size_of::<isize>()),
            b'N' | b'P' => item(Kind::Unsigned, size_of::<usize>()),
            _ => Item::standard(letter),
        }
    }

    /// The format that a letter means on all machines.
    pub const fn standard(letter: u8) -> Option<Item> {
        match letter {
            b'c' => item(Kind::Char, 1),
            b'b' => item(Kind::Signed, 1),
            b'B' => item(Kind::Unsigned, 1),
            b'?' => item(Kind::Bool, 1),
            b'h' => item(Kind::Signed, 2),
            b'H' => item(Kind::Unsigned, 2),
            b'i' | b'l' => item(Kind::Signed, 4),
            b'I' | b'L' => item(Kind::Unsigned, 4),
            b'q' => item(Kind::Signed, 8),
            b'Q' => item(Kind::Unsigned, 8),
            b'e' => item(Kind::Float, 2),
            b'f' => item(Kind::Float, 4),
            b'd' => item(Kind::Float, 8),
            _ => None,
        }
    }

    /// The bits of an item; `bytes` has its size.
    fn bits(self, bytes: &[u8], little: bool) -> u64 {
        let step = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        let bytes = &bytes[..self.size.min(bytes.len())];
        if little { bytes.iter().rev().fold(0, step) } else { bytes.iter().fold(0, step) }
    }

    /// The value of an item; `bytes` has its size.
    pub fn load(self, th: &mut Thread, bytes: &[u8], little: bool) -> PyResult {
        let bits = self.bits(bytes, little);
        Ok(match self.kind {
            Kind::Char => return th.bytes(&bytes[..1.min(bytes.len())]),
            Kind::Bool => Value::bool(bits != 0),
            Kind::Unsigned => match i64::try_from(bits) {
                Ok(small) => th.int(small),
                Err(_) => th.int_unsigned(bits),
            },
            Kind::Signed => {
                let unused = 64 - 8 * self.size as u32;
                th.int((bits << unused) as i64 >> unused)
            }
            Kind::Float => th.float(match self.size {
                2 => half_to_f64(bits as u16),
                4 => f32::from_bits(bits as u32).into(),
                _ => f64::from_bits(bits),
            }),
        })
    }

    /// The bytes of a value.
    pub fn store(
        self,
        th: &mut Thread,
        value: &Value,
        to: &mut [u8],
        little: bool,
    ) -> Result<(), StoreError> {
        let bits = match self.kind {
            Kind::Char => match th.downcast::<Bytes>(value).map(|b| b.as_slice()) {
                Some([byte]) => u64::from(*byte),
                Some(_) => return Err(StoreError::Range),
                None => return Err(StoreError::Type),
            },
            Kind::Bool => u64::from(th.is_true(value)?),
            Kind::Float => {
                if th.as_str(value).is_some() {
                    return Err(StoreError::Type);
                }
                let x = match th.real_from(value)? {
                    Some(x) => x,
                    None => return Err(StoreError::Type),
                };
                match self.size {
                    2 => u64::from(f64_to_half(x).ok_or(StoreError::Range)?),
                    4 => {
                        let narrow = x as f32;
                        if narrow.is_infinite() && x.is_finite() {
                            return Err(StoreError::Range);
                        }
                        u64::from(narrow.to_bits())
                    }
                    _ => x.to_bits(),
                }
            }
            Kind::Signed | Kind::Unsigned => self.integer(th, value)?,
        };
        for (i, byte) in to.iter_mut().take(self.size).enumerate() {
            let place = if little { i } else { self.size - 1 - i };
            *byte = (bits >> (8 * place)) as u8;
        }
        Ok(())
    }

    fn integer(self, th: &mut Thread, value: &Value) -> Result<u64, StoreError> {
        let index;
        let number = match as_int(value) {
            Some(number) => number,
            None => {
                if value.as_header().is_none() || !th.has_special(value, Special::Index) {
                    return Err(StoreError::Type);
                }
                index = th.to_index(value)?;
                as_int(&index).ok_or(StoreError::Type)?
            }
        };
        let bits = 8 * self.size as u32;
        let number = number.to_i128().ok_or(StoreError::Range)?;
        let (low, high) = match self.kind {
            Kind::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            _ => (0, (1i128 << bits) - 1),
        };
        if number < low || number > high { Err(StoreError::Range) } else { Ok(number as u64) }
    }
}

/// A float of 16 bits.
pub fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN.copysign(sign),
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// The nearest float of 16 bits, ties to even; None if it is out of range.
pub fn f64_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    let x = x.abs();
    if x.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // A unit in the last place is 2^-24 below 2^-14, and grows with the exponent above.
    let exponent = if x < 2f64.powi(-14) { -14 } else { (x.to_bits() >> 52) as i32 - 1023 };
    if exponent > 15 {
        return None;
    }
    let units = (x * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    // Rounding up to the next power of two carries into the exponent by itself.
    let bits = (((exponent + 14) as u32) << 10) + units;
    if bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}

/// The bytes of an integer of any size, as `int.to_bytes`.
pub fn integer_bytes(number: IntRef<'_>, size: usize, little: bool, signed: bool) -> Option<Vec<u8>> {
    let order = if little { ByteOrder::Little } else { ByteOrder::Big };
    number.to_bytes(size, order, signed).ok()
}

/// The integer of bytes, as `int.from_bytes`.
pub fn integer_from(bytes: &[u8], little: bool, signed: bool) -> Integer {
    Integer::from_bytes(bytes, if little { ByteOrder::Little } else { ByteOrder::Big }, signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (x, bits) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (2f64.powi(-24), 0x0001),
            (2f64.powi(-14), 0x0400),
            (0.333_251_953_125, 0x3555),
            (f64::INFINITY, 0x7c00),
        ] {
            assert_eq!(f64_to_half(x), Some(bits), "{x}");
            assert_eq!(half_to_f64(bits).to_bits(), x.to_bits(), "{bits:#x}");
        }
        assert_eq!(f64_to_half(65519.9), Some(0x7bff));
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(2f64.powi(-25)), Some(0));
        assert!(half_to_f64(0x7e00).is_nan());
    }
}
