//! Byte strings without objects: what `bytes` and `bytearray` do beyond searching.
//!
//! Search, split, strip, replace and padding are those of [`crate::text::search`] on [`units`] (a byte is a one-byte
//! unit); this module has what differs: ASCII-only case and classes, `hex`, `fromhex`, `translate`, `join`-free helpers.

use crate::text::case::{capitalize_ascii, center_split, swapcase_ascii, title_ascii};
use crate::text::units::{HashKey, OwnedUnits, Units};
use crate::text::{Fault, search};

/// Bytes as units, so that the searches of texts serve them.
pub fn units(bytes: &[u8]) -> Units<'_> {
    Units::Latin1(bytes)
}

/// The bytes of a result of such a search: one-byte units always, as both inputs were.
pub fn from_units(units: OwnedUnits) -> Vec<u8> {
    match units {
        OwnedUnits::Ascii(bytes) | OwnedUnits::Latin1(bytes) => bytes,
        wide => wide.units().iter().map(|ch| ch as u8).collect(),
    }
}

/// White space as `bytes.split()` and `bytes.strip()` see it.
pub fn is_space(byte: u32) -> bool {
    matches!(byte, 9..=13 | 32)
}

/// Where `bytes.splitlines()` ends a line.
pub fn is_line_break(byte: u32) -> bool {
    matches!(byte, 10 | 13)
}

/// `hash(bytes)`, the same as of an equal one-byte text.
pub fn hash(bytes: &[u8], key: HashKey) -> i64 {
    key.hash(bytes)
}

/// `bytes.replace`; `None` if nothing changes.
pub fn replace(bytes: &[u8], old: &[u8], new: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Fault> {
    Ok(search::replace(units(bytes), units(old), units(new), limit)?.map(from_units))
}

fn mapped(bytes: &[u8], map: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut out = bytes.to_vec();
    map(&mut out);
    out
}

pub fn upper(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_uppercase()
}

pub fn lower(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_lowercase()
}

pub fn title(bytes: &[u8]) -> Vec<u8> {
    mapped(bytes, title_ascii)
}

pub fn capitalize(bytes: &[u8]) -> Vec<u8> {
    mapped(bytes, capitalize_ascii)
}

pub fn swapcase(bytes: &[u8]) -> Vec<u8> {
    mapped(bytes, swapcase_ascii)
}

fn every(bytes: &[u8], test: impl Fn(&u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.iter().all(test)
}

pub fn isalpha(bytes: &[u8]) -> bool {
    every(bytes, u8::is_ascii_alphabetic)
}

pub fn isdigit(bytes: &[u8]) -> bool {
    every(bytes, u8::is_ascii_digit)
}

pub fn isalnum(bytes: &[u8]) -> bool {
    every(bytes, u8::is_ascii_alphanumeric)
}

pub fn isspace(bytes: &[u8]) -> bool {
    every(bytes, |&b| is_space(b.into()))
}

pub fn islower(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_lowercase) && !bytes.iter().any(u8::is_ascii_uppercase)
}

pub fn isupper(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_uppercase) && !bytes.iter().any(u8::is_ascii_lowercase)
}

/// Upper case letters follow no letters, lower case ones follow letters; some letter.
pub fn istitle(bytes: &[u8]) -> bool {
    let (mut cased, mut previous) = (false, false);
    for byte in bytes {
        if byte.is_ascii_alphabetic() {
            if byte.is_ascii_uppercase() == previous {
                return false;
            }
            (cased, previous) = (true, true);
        } else {
            previous = false;
        }
    }
    cased
}

/// `fill` bytes on both sides.
pub fn pad(bytes: &[u8], left: usize, right: usize, fill: u8) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    let total = left.checked_add(right).and_then(|n| n.checked_add(bytes.len()));
    out.try_reserve_exact(total.ok_or_else(Fault::memory)?)?;
    out.resize(left, fill);
    out.extend_from_slice(bytes);
    out.resize(left + bytes.len() + right, fill);
    Ok(out)
}

fn margin(bytes: &[u8], width: i64) -> usize {
    usize::try_from(width).unwrap_or(0).saturating_sub(bytes.len())
}

pub fn ljust(bytes: &[u8], width: i64, fill: u8) -> Result<Vec<u8>, Fault> {
    pad(bytes, 0, margin(bytes, width), fill)
}

pub fn rjust(bytes: &[u8], width: i64, fill: u8) -> Result<Vec<u8>, Fault> {
    pad(bytes, margin(bytes, width), 0, fill)
}

pub fn center(bytes: &[u8], width: i64, fill: u8) -> Result<Vec<u8>, Fault> {
    let (left, right) = center_split(bytes.len(), width);
    pad(bytes, left, right, fill)
}

/// Zeros between a sign and the rest.
pub fn zfill(bytes: &[u8], width: i64) -> Result<Vec<u8>, Fault> {
    let mut out = pad(bytes, margin(bytes, width), 0, b'0')?;
    if let Some(sign @ (b'+' | b'-')) = bytes.first() {
        let at = out.len() - bytes.len();
        out.swap(0, at);
        debug_assert_eq!(out[0], *sign);
    }
    Ok(out)
}

/// `bytes.expandtabs`.
pub fn expandtabs(bytes: &[u8], tab_size: i64) -> Result<Vec<u8>, Fault> {
    crate::text::case::expandtabs(units(bytes), tab_size).map(from_units)
}

/// `bytes.translate(table, delete)`; the caller has checked that a table has 256 bytes.
pub fn translate(bytes: &[u8], table: Option<&[u8; 256]>, delete: &[u8]) -> Vec<u8> {
    let mut deleted = [false; 256];
    delete.iter().for_each(|&b| deleted[b as usize] = true);
    let kept = bytes.iter().copied().filter(|&b| !deleted[b as usize]);
    match table {
        Some(table) => kept.map(|b| table[b as usize]).collect(),
        None => kept.collect(),
    }
}

/// `bytes.maketrans`.
pub fn maketrans(from: &[u8], to: &[u8]) -> Result<[u8; 256], Fault> {
    if from.len() != to.len() {
        return Err(Fault::value("maketrans arguments must have same length"));
    }
    let mut table = std::array::from_fn(|i| i as u8);
    from.iter().zip(to).for_each(|(&f, &t)| table[f as usize] = t);
    Ok(table)
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

/// `bytes.hex(sep, bytes_per_sep)`: groups count from the right, from the left if negative; 0 means no separators.
pub fn hex(bytes: &[u8], separator: Option<u8>, bytes_per_separator: i64) -> Result<String, Fault> {
    let group = usize::try_from(bytes_per_separator.unsigned_abs()).unwrap_or(usize::MAX);
    let separator = separator.filter(|_| group != 0);
    let mut out = String::new();
    out.try_reserve(bytes.len().checked_mul(3).ok_or_else(Fault::memory)?)?;
    for (i, byte) in bytes.iter().enumerate() {
        let place = if bytes_per_separator > 0 { bytes.len() - i } else { i };
        if let Some(separator) = separator
            && i > 0
            && place.is_multiple_of(group)
        {
            out.push(separator as char);
        }
        out.push(hex_digit(byte >> 4));
        out.push(hex_digit(byte & 0xf));
    }
    Ok(out)
}

/// `bytes.fromhex(text)`: pairs of digits, ASCII white space between pairs.
pub fn from_hex(text: Units<'_>) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let digit = |i: usize| {
        (i < text.len()).then(|| text.get(i)).and_then(char::from_u32).and_then(|c| c.to_digit(16))
    };
    let wrong =
        |i: usize| Fault::value(format!("non-hexadecimal number found in fromhex() arg at position {i}"));
    let mut i = 0;
    while i < text.len() {
        if is_space(text.get(i)) {
            i += 1;
            continue;
        }
        let high = digit(i).ok_or_else(|| wrong(i))?;
        if i + 1 == text.len() {
            return Err(Fault::value("fromhex() arg must contain an even number of hexadecimal digits"));
        }
        let low = digit(i + 1).ok_or_else(|| wrong(i + 1))?;
        out.push((high << 4 | low) as u8);
        i += 2;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_both_ways() {
        assert_eq!(hex(b"\x01\x02\x03\x04\x05", Some(b':'), 2).unwrap(), "01:0203:0405");
        assert_eq!(hex(b"\x01\x02\x03\x04\x05", Some(b':'), -2).unwrap(), "0102:0304:05");
        assert_eq!(hex(b"\xff\x00", None, 1).unwrap(), "ff00");
        assert_eq!(from_hex(Units::Ascii(b" 0a Ff\n00")).unwrap(), [10, 255, 0]);
        let message = |s: &'static [u8]| from_hex(Units::Ascii(s)).unwrap_err().message;
        assert_eq!(message(b"0g"), "non-hexadecimal number found in fromhex() arg at position 1");
        assert_eq!(message(b"0 1"), "non-hexadecimal number found in fromhex() arg at position 1");
        assert_eq!(message(b"012"), "fromhex() arg must contain an even number of hexadecimal digits");
    }

    #[test]
    fn cases_and_padding() {
        assert_eq!(title(b"they're bill's \xe9a"), b"They'Re Bill'S \xe9A");
        assert!(istitle(b"Ab 1Cd") && !istitle(b"AB") && !istitle(b""));
        assert_eq!(zfill(b"-7", 5).unwrap(), b"-0007");
        assert_eq!(zfill(b"+", 1).unwrap(), b"+");
        assert_eq!(center(b"ab", 5, b'*').unwrap(), b"**ab*");
        assert!(ljust(b"a", i64::MAX, b' ').is_err());
        assert_eq!(translate(b"abc", Some(&maketrans(b"ac", b"xz").unwrap()), b"b"), b"xz");
        assert_eq!(replace(b"abab", b"b", b"\xff\xff", 1).unwrap().unwrap(), b"a\xff\xffab");
        assert_eq!(replace(b"ab", b"", b"-", usize::MAX).unwrap().unwrap(), b"-a-b-");
        assert_eq!(expandtabs(b"\xe9\tb", 4).unwrap(), b"\xe9   b");
    }
}
