//! `unicode_escape`, `raw_unicode_escape` and the escapes of byte strings.

use super::CodecError;
use crate::text::Fault;
use crate::text::names;
use crate::text::repr::push_hex_escape;
use crate::text::units::{Builder, CODE_POINT_END};

/// The first escape that Python warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidEscape {
    /// A backslash before this character, kept as it is.
    Unknown(u8),
    /// An octal escape above `\377`: its value.
    Octal(u16),
}

/// A run of `count` hexadecimal digits at `i`: the value and where it ends. On failure, where the digits end.
fn hex(bytes: &[u8], i: usize, count: usize) -> Result<(u32, usize), usize> {
    let mut value = 0u32;
    for k in i..i + count {
        let digit = bytes.get(k).and_then(|&b| (b as char).to_digit(16)).ok_or(k)?;
        value = value << 4 | digit;
    }
    Ok((value, i + count))
}

/// One to three octal digits at `i`, the first of which is known to be one.
fn octal(bytes: &[u8], i: usize) -> (u16, usize) {
    let len = bytes[i..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    (bytes[i..i + len].iter().fold(0, |n, b| n * 8 + u16::from(b - b'0')), i + len)
}

/// The one-character escapes that texts and byte strings share.
fn simple(letter: u8) -> Option<u8> {
    Some(match letter {
        b'\\' | b'\'' | b'"' => letter,
        b'a' => 7,
        b'b' => 8,
        b't' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' => 12,
        b'r' => 13,
        _ => return None,
    })
}

/// Decodes `unicode_escape` from `at` on; the first invalid escape is noted if none was before.
pub fn decode_unicode_escape(
    bytes: &[u8],
    at: usize,
    last: bool,
    out: &mut Builder,
    invalid: &mut Option<InvalidEscape>,
) -> Result<usize, CodecError> {
    let mut i = at;
    while i < bytes.len() {
        let start = i;
        i += 1;
        if bytes[start] != b'\\' {
            out.push(bytes[start].into());
            continue;
        }
        let incomplete = |end: usize, reason| {
            if last { Err(CodecError::new(start, end, reason)) } else { Ok(start) }
        };
        let Some(&letter) = bytes.get(i) else { return incomplete(i, "\\ at end of string") };
        i += 1;
        match letter {
            b'\n' => {}
            b'0'..=b'7' => {
                let (value, end) = octal(bytes, i - 1);
                if value > 0o377 && invalid.is_none() {
                    *invalid = Some(InvalidEscape::Octal(value));
                }
                out.push(value.into());
                i = end;
            }
            b'x' | b'u' | b'U' => {
                let (count, reason) = match letter {
                    b'x' => (2, "truncated \\xXX escape"),
                    b'u' => (4, "truncated \\uXXXX escape"),
                    _ => (8, "truncated \\UXXXXXXXX escape"),
                };
                match hex(bytes, i, count) {
                    Ok((ch, end)) if ch < CODE_POINT_END => {
                        out.push(ch);
                        i = end;
                    }
                    Ok((_, end)) => return Err(CodecError::new(start, end, "illegal Unicode character")),
                    Err(end) if end >= bytes.len() => return incomplete(bytes.len(), reason),
                    Err(end) => return Err(CodecError::new(start, end, reason)),
                }
            }
            b'N' => {
                let malformed = "malformed \\N character escape";
                match bytes.get(i) {
                    None => return incomplete(i, malformed),
                    Some(b'{') => {}
                    Some(_) => return Err(CodecError::new(start, i, malformed)),
                }
                let Some(len) = bytes[i + 1..].iter().position(|&b| b == b'}') else {
                    return incomplete(bytes.len(), malformed);
                };
                let name = &bytes[i + 1..i + 1 + len];
                if name.is_empty() {
                    return Err(CodecError::new(start, i + 1, malformed));
                }
                i += len + 2;
                match std::str::from_utf8(name).ok().and_then(names::lookup) {
                    Some(ch) => out.push(ch),
                    None => return Err(CodecError::new(start, i, "unknown Unicode character name")),
                }
            }
            _ => match simple(letter) {
                Some(byte) => out.push(byte.into()),
                None => {
                    invalid.get_or_insert(InvalidEscape::Unknown(letter));
                    out.push(0x5c);
                    out.push(letter.into());
                }
            },
        }
    }
    Ok(i)
}

/// Decodes `raw_unicode_escape` from `at` on: `\u` and `\U` alone.
pub fn decode_raw_unicode_escape(
    bytes: &[u8],
    at: usize,
    last: bool,
    out: &mut Builder,
) -> Result<usize, CodecError> {
    let mut i = at;
    while i < bytes.len() {
        let start = i;
        i += 1;
        let letter = bytes.get(i).copied();
        if bytes[start] != b'\\' || (letter.is_none() && last) {
            out.push(bytes[start].into());
            continue;
        }
        let (count, reason) = match letter {
            None => return Ok(start),
            Some(b'u') => (4, "truncated \\uXXXX escape"),
            Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
            Some(other) => {
                out.push(0x5c);
                out.push(other.into());
                i += 1;
                continue;
            }
        };
        match hex(bytes, i + 1, count) {
            Ok((ch, end)) if ch < CODE_POINT_END => {
                out.push(ch);
                i = end;
            }
            Ok((_, end)) => return Err(CodecError::new(start, end, "\\Uxxxxxxxx out of range")),
            Err(end) if end >= bytes.len() && !last => return Ok(start),
            Err(end) => return Err(CodecError::new(start, end.min(bytes.len()), reason)),
        }
    }
    Ok(i)
}

/// Decodes the escapes of a byte string (`codecs.escape_decode`, `b'…'` literals); `errors` is how bad `\x` escapes
/// are treated: `strict`, `replace` (a `?`) or `ignore`.
pub fn decode_bytes_escape(
    bytes: &[u8],
    errors: &str,
    invalid: &mut Option<InvalidEscape>,
) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        i += 1;
        if bytes[start] != b'\\' {
            out.push(bytes[start]);
            continue;
        }
        let Some(&letter) = bytes.get(i) else { return Err(Fault::value("Trailing \\ in string")) };
        i += 1;
        match letter {
            b'\n' => {}
            b'0'..=b'7' => {
                let (value, end) = octal(bytes, i - 1);
                if value > 0o377 && invalid.is_none() {
                    *invalid = Some(InvalidEscape::Octal(value));
                }
                out.push(value as u8);
                i = end;
            }
            b'x' => match hex(bytes, i, 2) {
                Ok((value, end)) => {
                    out.push(value as u8);
                    i = end;
                }
                Err(_) => {
                    match errors {
                        "strict" => {
                            return Err(Fault::value(format!("invalid \\x escape at position {start}")));
                        }
                        "replace" => out.push(b'?'),
                        "ignore" => {}
                        _ => {
                            let shown: String = errors.chars().take(400).collect();
                            return Err(Fault::value(format!(
                                "decoding error; unknown error handling code: {shown}"
                            )));
                        }
                    }
                    // A single digit that follows is part of the bad escape.
                    i += usize::from(bytes.get(i).is_some_and(u8::is_ascii_hexdigit));
                }
            },
            _ => match simple(letter) {
                Some(byte) => out.push(byte),
                None => {
                    invalid.get_or_insert(InvalidEscape::Unknown(letter));
                    out.extend([b'\\', letter]);
                }
            },
        }
    }
    Ok(out)
}

/// Appends a character as `unicode_escape` encodes it.
pub(super) fn push_unicode_escape(out: &mut Vec<u8>, ch: u32) {
    match ch {
        0x5c => out.extend(b"\\\\"),
        9 => out.extend(b"\\t"),
        10 => out.extend(b"\\n"),
        13 => out.extend(b"\\r"),
        0x20..0x7f => out.push(ch as u8),
        _ => push_hex_escape(ch, |b| out.push(b)),
    }
}

/// Appends a character as `raw_unicode_escape` encodes it.
pub(super) fn push_raw_unicode_escape(out: &mut Vec<u8>, ch: u32) {
    if ch < 0x100 { out.push(ch as u8) } else { push_hex_escape(ch, |b| out.push(b)) }
}
