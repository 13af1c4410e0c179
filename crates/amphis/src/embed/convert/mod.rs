//! Between Rust's types and Python's.
//!
//! | Rust | Python | from Python also |
//! |---|---|---|
//! | `()`, `Option` | `None` | |
//! | `bool` | `bool` | |
//! | `i8` … `i128`, `u8` … `u128`, `isize`, `usize`, [`BigInt`] | `int` | what has `__index__` |
//! | `f32`, `f64` | `float` | what has `__float__` or `__index__` |
//! | `char`, `&str`, `String` | `str` | |
//! | [`Bytes`] | `bytes` | what has a buffer |
//! | `Vec`, slices, arrays | `list` | any iterable but `str` |
//! | tuples up to eight | `tuple` | any iterable of that length |
//! | `HashMap`, `BTreeMap` | `dict` | what has `items()` |
//! | `HashSet`, `BTreeSet` | `set` | any iterable but `str` |
//! | [`Object`] | what it refers to | |

mod from;
mod into;

use std::fmt;
use std::str::FromStr;

use vm::object_model::number::int::{BigInt as Large, ByteOrder, Int as Number, IntRef};

use super::error::{Error, Result};
use super::object::Object;
use super::python::Python;

/// A Rust type whose values become Python objects.
pub trait IntoPython {
    /// Converts.
    ///
    /// # Errors
    /// MemoryError, and what hashing the keys of dicts and sets raises.
    fn into_python(self, py: &mut Python<'_>) -> Result<Object>;
}

/// A Rust type that Python objects can be converted to.
pub trait FromPython: Sized {
    /// Converts.
    ///
    /// # Errors
    /// TypeError, OverflowError or ValueError if the object is none of the type's values, and what its methods raise.
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self>;
}

/// A `bytes` object, as opposed to a list of small ints.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

/// An integer of any size.
///
/// ```
/// use amphis::BigInt;
///
/// let large: BigInt = "123456789012345678901234567890123456789012345".parse().unwrap();
/// assert_eq!(BigInt::from_le_bytes(&large.to_le_bytes()), large);
/// assert_eq!(BigInt::from(-5).to_i128(), Some(-5));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BigInt(Number);

impl BigInt {
    /// The value, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        self.0.as_ref().to_i128()
    }

    /// The value of bytes in two's complement, the lowest first.
    pub fn from_le_bytes(bytes: &[u8]) -> BigInt {
        BigInt(Number::from_bytes(bytes, ByteOrder::Little, true))
    }

    /// The fewest bytes in two's complement that hold the value, the lowest first.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let number = self.0.as_ref();
        // One bit more than the magnitude has, for the sign.
        let length = (number.bit_length() / 8 + 1) as usize;
        let mut bytes = number.to_bytes(length, ByteOrder::Little, true).unwrap_or_default();
        // The most negative value of a length needs no bit more.
        while let [.., below, top] = bytes.as_slice()
            && *top == if below & 0x80 == 0 { 0 } else { 0xff }
        {
            bytes.pop();
        }
        bytes
    }

    pub(super) fn of(number: IntRef<'_>) -> BigInt {
        BigInt(number.to_int())
    }

    pub(super) fn into_number(self) -> Number {
        self.0
    }
}

macro_rules! from_ints {
    ($($t:ty)*) => {
        $(
            impl From<$t> for BigInt {
                fn from(value: $t) -> BigInt {
                    BigInt(i128::from(value).into())
                }
            }
        )*
    };
}

from_ints! { i8 u8 i16 u16 i32 u32 i64 u64 i128 }

impl FromStr for BigInt {
    type Err = Error;

    /// Decimal digits, as `int()` takes them, of any number.
    fn from_str(text: &str) -> Result<BigInt> {
        match Number::parse(text.as_bytes(), 10, 0) {
            Ok(number) => Ok(BigInt(number)),
            Err(_) => Err(Error::value_error(format_args!("not an integer: {text:?}"))),
        }
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.as_ref().to_radix(10);
        f.pad_integral(!digits.starts_with('-'), "", digits.trim_start_matches('-'))
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<BigInt> for Large {
    fn from(value: BigInt) -> Large {
        value.0.into_big()
    }
}
