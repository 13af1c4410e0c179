//! The codecs of `str`: decoding and encoding in steps, so that the caller runs error handlers between them.
//!
//! A step goes as far as it can and answers either that it is done or where and why it stopped ([`CodecError`], the
//! `start`, `end` and `reason` of Python's exception). The caller decides, appends a replacement and continues at the
//! position it likes; [`decode`] and [`encode`] are that loop. The standard handlers are in [`super::handlers`].
//!
//! UTF-7 (`stdlib::utf7`) and the code pages are not here.

mod escape;

use std::borrow::Cow;

pub use escape::{InvalidEscape, decode_bytes_escape, decode_raw_unicode_escape, decode_unicode_escape};

use super::units::{Builder, OwnedUnits, Units, push_wtf8};

/// The encodings of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16(Order),
    Utf32(Order),
    Latin1,
    Ascii,
    UnicodeEscape,
    RawUnicodeEscape,
}

/// The byte order of code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub const NATIVE: Order = if cfg!(target_endian = "little") { Order::Little } else { Order::Big };
}

impl Encoding {
    /// The `encoding` attribute of the exceptions.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16(Order::Little) => "utf-16-le",
            Encoding::Utf16(Order::Big) => "utf-16-be",
            Encoding::Utf32(Order::Little) => "utf-32-le",
            Encoding::Utf32(Order::Big) => "utf-32-be",
            Encoding::Latin1 => "latin-1",
            Encoding::Ascii => "ascii",
            Encoding::UnicodeEscape => "unicodeescape",
            Encoding::RawUnicodeEscape => "rawunicodeescape",
        }
    }

    /// The encoding of a normalised name (lower case, `_` for `-` and blanks), of those without a byte order mark.
    pub fn from_name(name: &str) -> Option<Encoding> {
        Some(match name {
            "utf_8" | "utf8" | "u8" | "utf" | "cp65001" => Encoding::Utf8,
            "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => Encoding::Utf16(Order::Little),
            "utf_16_be" | "utf_16be" | "unicodebigunmarked" => Encoding::Utf16(Order::Big),
            "utf_32_le" | "utf_32le" => Encoding::Utf32(Order::Little),
            "utf_32_be" | "utf_32be" => Encoding::Utf32(Order::Big),
            "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "iso8859" | "8859" | "cp819" | "latin"
            | "l1" => Encoding::Latin1,
            "ascii" | "us_ascii" | "646" => Encoding::Ascii,
            "unicode_escape" => Encoding::UnicodeEscape,
            "raw_unicode_escape" => Encoding::RawUnicodeEscape,
            _ => return None,
        })
    }
}

/// Where and why a codec stopped; bytes when decoding, characters when encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    pub start: usize,
    pub end: usize,
    pub reason: Cow<'static, str>,
}

impl CodecError {
    pub(super) fn new(start: usize, end: usize, reason: &'static str) -> CodecError {
        CodecError { start, end, reason: Cow::Borrowed(reason) }
    }
}

/// The byte order of a UTF-16 input and the size of its mark; native order if it has none.
pub fn utf16_mark(bytes: &[u8]) -> (Order, usize) {
    match bytes {
        [0xff, 0xfe, ..] => (Order::Little, 2),
        [0xfe, 0xff, ..] => (Order::Big, 2),
        _ => (Order::NATIVE, 0),
    }
}

/// The byte order of a UTF-32 input and the size of its mark.
pub fn utf32_mark(bytes: &[u8]) -> (Order, usize) {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => (Order::Little, 4),
        [0, 0, 0xfe, 0xff, ..] => (Order::Big, 4),
        _ => (Order::NATIVE, 0),
    }
}

/// Decodes from `at` on and appends to `out`. Returns how far it came: the end of the input, or, if more input may
/// follow (`last` is false), the start of an incomplete sequence.
pub fn decode_step(
    encoding: Encoding,
    bytes: &[u8],
    at: usize,
    last: bool,
    out: &mut Builder,
) -> Result<usize, CodecError> {
    match encoding {
        Encoding::Utf8 => utf8(bytes, at, last, out),
        Encoding::Utf16(order) => utf16(order, bytes, at, last, out),
        Encoding::Utf32(order) => utf32(order, bytes, at, last, out),
        Encoding::Latin1 => {
            out.push_units(Units::from_latin1(&bytes[at..]));
            Ok(bytes.len())
        }
        Encoding::Ascii => {
            let good = bytes[at..].iter().position(|b| !b.is_ascii()).map_or(bytes.len(), |i| at + i);
            out.push_units(Units::Ascii(&bytes[at..good]));
            if good < bytes.len() {
                return Err(CodecError::new(good, good + 1, "ordinal not in range(128)"));
            }
            Ok(good)
        }
        Encoding::UnicodeEscape => decode_unicode_escape(bytes, at, last, out, &mut None),
        Encoding::RawUnicodeEscape => decode_raw_unicode_escape(bytes, at, last, out),
    }
}

fn utf8(bytes: &[u8], at: usize, last: bool, out: &mut Builder) -> Result<usize, CodecError> {
    let rest = &bytes[at..];
    let error = match std::str::from_utf8(rest) {
        Ok(text) => {
            out.push_str(text);
            return Ok(bytes.len());
        }
        Err(error) => error,
    };
    let good = error.valid_up_to();
    if let Ok(text) = std::str::from_utf8(&rest[..good]) {
        out.push_str(text);
    }
    let start = at + good;
    match error.error_len() {
        None if !last => Ok(start),
        None => Err(CodecError::new(start, bytes.len(), "unexpected end of data")),
        Some(len) => {
            let starts = matches!(bytes[start], 0xc2..=0xf4);
            let reason = if starts { "invalid continuation byte" } else { "invalid start byte" };
            Err(CodecError::new(start, start + len, reason))
        }
    }
}

fn utf16(order: Order, bytes: &[u8], at: usize, last: bool, out: &mut Builder) -> Result<usize, CodecError> {
    let unit = |i: usize| -> Option<u32> {
        let pair = bytes.get(i..i + 2)?.try_into().ok()?;
        Some(u32::from(match order {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        }))
    };
    let mut i = at;
    loop {
        match unit(i) {
            None if i == bytes.len() || !last => return Ok(i),
            None => return Err(CodecError::new(i, bytes.len(), "truncated data")),
            Some(high @ 0xd800..0xdc00) => match unit(i + 2) {
                Some(low @ 0xdc00..0xe000) => {
                    out.push(0x1_0000 + ((high & 0x3ff) << 10 | (low & 0x3ff)));
                    i += 4;
                }
                Some(_) => return Err(CodecError::new(i, i + 2, "illegal UTF-16 surrogate")),
                None if !last => return Ok(i),
                None => return Err(CodecError::new(i, bytes.len(), "unexpected end of data")),
            },
            Some(0xdc00..0xe000) => return Err(CodecError::new(i, i + 2, "illegal encoding")),
            Some(ch) => {
                out.push(ch);
                i += 2;
            }
        }
    }
}

fn utf32(order: Order, bytes: &[u8], at: usize, last: bool, out: &mut Builder) -> Result<usize, CodecError> {
    let mut i = at;
    while let Some(quad) = bytes.get(i..i + 4).and_then(|b| b.try_into().ok()) {
        let ch = match order {
            Order::Little => u32::from_le_bytes(quad),
            Order::Big => u32::from_be_bytes(quad),
        };
        match ch {
            0xd800..0xe000 => {
                let reason = "code point in surrogate code point range(0xd800, 0xe000)";
                return Err(CodecError::new(i, i + 4, reason));
            }
            ..0x11_0000 => out.push(ch),
            _ => return Err(CodecError::new(i, i + 4, "code point not in range(0x110000)")),
        }
        i += 4;
    }
    if i < bytes.len() && last {
        return Err(CodecError::new(i, bytes.len(), "truncated data"));
    }
    Ok(i)
}

/// Decodes a whole input; `handler` turns an error into a replacement and the position to continue at (which the
/// caller has checked to lie within the input), or fails. Returns the text and how much of the input it took.
pub fn decode<E>(
    encoding: Encoding,
    bytes: &[u8],
    last: bool,
    mut handler: impl FnMut(&CodecError) -> Result<(OwnedUnits, usize), E>,
) -> Result<(OwnedUnits, usize), E> {
    let mut out = Builder::new();
    let mut at = 0;
    loop {
        match decode_step(encoding, bytes, at, last, &mut out) {
            Ok(end) => return Ok((out.finish(), end)),
            Err(error) => {
                let (replacement, next) = handler(&error)?;
                out.push_units(replacement.units());
                at = next.min(bytes.len());
            }
        }
    }
}

fn is_surrogate(ch: u32) -> bool {
    (0xd800..0xe000).contains(&ch)
}

/// Encodes from the character `at` on and appends to `out`.
pub fn encode_step(
    encoding: Encoding,
    text: Units<'_>,
    at: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    match encoding {
        Encoding::Utf8 => {
            if let Units::Ascii(s) = text {
                out.extend_from_slice(&s[at..]);
                return Ok(());
            }
            for i in at..text.len() {
                let ch = text.get(i);
                if is_surrogate(ch) {
                    return Err(run_error(text, i, is_surrogate, "surrogates not allowed"));
                }
                push_wtf8(out, ch);
            }
        }
        Encoding::Utf16(order) => {
            for i in at..text.len() {
                let ch = text.get(i);
                if is_surrogate(ch) {
                    return Err(CodecError::new(i, i + 1, "surrogates not allowed"));
                }
                push_utf16(out, order, ch);
            }
        }
        Encoding::Utf32(order) => {
            for i in at..text.len() {
                let ch = text.get(i);
                if is_surrogate(ch) {
                    return Err(CodecError::new(i, i + 1, "surrogates not allowed"));
                }
                push_utf32(out, order, ch);
            }
        }
        Encoding::Latin1 => one_byte(text, at, 0x100, "ordinal not in range(256)", out)?,
        Encoding::Ascii => one_byte(text, at, 0x80, "ordinal not in range(128)", out)?,
        Encoding::UnicodeEscape => {
            text.slice(at..text.len()).iter().for_each(|ch| escape::push_unicode_escape(out, ch));
        }
        Encoding::RawUnicodeEscape => {
            text.slice(at..text.len()).iter().for_each(|ch| escape::push_raw_unicode_escape(out, ch));
        }
    }
    Ok(())
}

/// The error of a run of characters that can't be encoded.
fn run_error(text: Units<'_>, start: usize, bad: impl Fn(u32) -> bool, reason: &'static str) -> CodecError {
    let end = (start..text.len()).find(|&i| !bad(text.get(i))).unwrap_or(text.len());
    CodecError::new(start, end, reason)
}

fn one_byte(
    text: Units<'_>,
    at: usize,
    limit: u32,
    reason: &'static str,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    for i in at..text.len() {
        let ch = text.get(i);
        if ch >= limit {
            return Err(run_error(text, i, |ch| ch >= limit, reason));
        }
        out.push(ch as u8);
    }
    Ok(())
}

/// Appends a code point as UTF-16; a surrogate is written as it is.
pub(super) fn push_utf16(out: &mut Vec<u8>, order: Order, ch: u32) {
    let mut unit = |unit: u32| match order {
        Order::Little => out.extend((unit as u16).to_le_bytes()),
        Order::Big => out.extend((unit as u16).to_be_bytes()),
    };
    if ch < 0x1_0000 {
        return unit(ch);
    }
    let rest = ch - 0x1_0000;
    unit(0xd800 | rest >> 10);
    unit(0xdc00 | (rest & 0x3ff));
}

pub(super) fn push_utf32(out: &mut Vec<u8>, order: Order, ch: u32) {
    match order {
        Order::Little => out.extend(ch.to_le_bytes()),
        Order::Big => out.extend(ch.to_be_bytes()),
    }
}

/// What an error handler puts in place of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// To be encoded in turn.
    Text(OwnedUnits),
    /// Copied as they are.
    Bytes(Vec<u8>),
}

/// Why [`encode`] failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeFailure<E> {
    /// The handler's own failure.
    Handler(E),
    /// The replacement can't be encoded: raise the exception of the original error.
    Unencodable(CodecError),
}

/// Encodes a whole text; `handler` as for [`decode`], positions in characters.
pub fn encode<E>(
    encoding: Encoding,
    text: Units<'_>,
    mut handler: impl FnMut(&CodecError) -> Result<(Replacement, usize), E>,
) -> Result<Vec<u8>, EncodeFailure<E>> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let Err(error) = encode_step(encoding, text, at, &mut out) else { return Ok(out) };
        let (replacement, next) = handler(&error).map_err(EncodeFailure::Handler)?;
        match replacement {
            Replacement::Bytes(bytes) => {
                let unit = match encoding {
                    Encoding::Utf16(_) => 2,
                    Encoding::Utf32(_) => 4,
                    _ => 1,
                };
                if bytes.len() % unit != 0 {
                    return Err(EncodeFailure::Unencodable(error));
                }
                out.extend_from_slice(&bytes);
            }
            Replacement::Text(replacement) => {
                if encode_step(encoding, replacement.units(), 0, &mut out).is_err() {
                    return Err(EncodeFailure::Unencodable(error));
                }
            }
        }
        at = next.min(text.len());
    }
}

#[cfg(test)]
mod tests;
