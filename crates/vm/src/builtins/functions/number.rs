//! Numbers, characters, hashes.

use crate::builtins::int;
use crate::names::Special;
use crate::prelude::*;

/// Return the absolute value of the argument.
#[pyfunction(signature = "(number, /)")]
pub fn abs(th: &mut Thread, number: &Value) -> PyResult {
    th.absolute(number)
}

/// Return the tuple (x//y, x%y).  Invariant: div*y + mod == x.
#[pyfunction(signature = "(x, y, /)")]
pub fn divmod(th: &mut Thread, x: &Value, y: &Value) -> PyResult {
    th.binary_op(BinaryOp::DivMod, x, y)
}

/// Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.
///
/// Some types, such as ints, are able to use a more efficient algorithm when
/// invoked using the three argument form.
#[pyfunction(signature = "(base, exp, mod=None)")]
pub fn pow(th: &mut Thread, base: &Value, exp: &Value, mod_: Option<&Value>) -> PyResult {
    match mod_.filter(|m| !m.is_none()) {
        Some(modulus) => th.pow3(base, exp, modulus),
        None => th.binary_op(BinaryOp::Pow, base, exp),
    }
}

/// Round a number to a given precision in decimal digits.
///
/// The return value is an integer if ndigits is omitted or None.  Otherwise
/// the return value has the same type as the number.  ndigits may be negative.
#[pyfunction(signature = "(number, ndigits=None)")]
pub fn round(th: &mut Thread, number: &Value, ndigits: Option<&Value>) -> PyResult {
    let arguments: &[&Value] = match &ndigits {
        Some(digits) => &[digits],
        None => &[],
    };
    match th.call_special(number, Special::Round, arguments)? {
        Some(rounded) => Ok(rounded),
        None => {
            let found = th.type_name(number);
            Err(th.type_error(format_args!("type {found} doesn't define __round__ method")))
        }
    }
}

/// The integer's digits with a prefix after the sign.
fn based(th: &mut Thread, number: &Value, spec: &str) -> PyResult {
    let number = th.to_index(number)?;
    let spec = th.intern(spec);
    th.format(&number, &spec).map(Obj::into_value)
}

/// Return the binary representation of an integer.
///
///    >>> bin(2796202)
///    '0b1010101010101010101010'
#[pyfunction(signature = "(number, /)")]
pub fn bin(th: &mut Thread, number: &Value) -> PyResult {
    based(th, number, "#b")
}

/// Return the octal representation of an integer.
///
///    >>> oct(342391)
///    '0o1234567'
#[pyfunction(signature = "(number, /)")]
pub fn oct(th: &mut Thread, number: &Value) -> PyResult {
    based(th, number, "#o")
}

/// Return the hexadecimal representation of an integer.
///
///    >>> hex(12648430)
///    '0xc0ffee'
#[pyfunction(signature = "(number, /)")]
pub fn hex(th: &mut Thread, number: &Value) -> PyResult {
    based(th, number, "#x")
}

/// Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff.
#[pyfunction(signature = "(i, /)")]
pub fn chr(th: &mut Thread, i: &Value) -> PyResult {
    let number = th.to_index(i)?;
    let number = int::as_int(&number).and_then(|_| number.as_small_int());
    match number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 0x10_ffff) {
        Some(character) => crate::builtins::str::character(th, character),
        None => Err(th.value_error("chr() arg not in range(0x110000)")),
    }
}

/// Return the ordinal value of a character.
///
/// If the argument is a one-character string, return the Unicode code
/// point of that character.
///
/// If the argument is a bytes or bytearray object of length 1, return its
/// single byte value.
#[pyfunction(signature = "(character, /)")]
pub fn ord(th: &mut Thread, character: &Value) -> PyResult {
    if let Some(text) = th.as_str(character) {
        let (length, first) = (text.len(), text.units().iter().next());
        return match first {
            Some(first) if length == 1 => Ok(th.int(first.into())),
            _ => Err(th
                .type_error(format_args!("ord() expected a character, but string of length {length} found"))),
        };
    }
    match crate::protocol::conversion::bytes_of(th, character)? {
        Some(bytes)
            if th.downcast::<Bytes>(character).is_some() || th.downcast::<ByteArray>(character).is_some() =>
        {
            match bytes[..] {
                [byte] => Ok(th.int(byte.into())),
                _ => Err(th.type_error(format_args!(
                    "ord() expected a character, but string of length {} found",
                    bytes.len()
                ))),
            }
        }
        _ => {
            let found = th.type_name(character);
            Err(th.type_error(format_args!("ord() expected string of length 1, but {found} found")))
        }
    }
}

/// Return the hash value for the given object.
///
/// Two objects that compare equal must also have the same hash value, but the
/// reverse is not necessarily true.
#[pyfunction(signature = "(obj, /)")]
pub fn hash(th: &mut Thread, obj: &Value) -> PyResult<i64> {
    th.hash(obj)
}

/// Return the identity of an object.
///
/// This is guaranteed to be unique among simultaneously existing objects.
/// (Numbers and constants have theirs from their values.)
#[pyfunction(signature = "(obj, /)")]
pub fn id(obj: &Value) -> u64 {
    obj.word()
}
