//! The standard error handlers of the codecs, without the exception objects that Python's registry passes around.

use super::codec::{CodecError, Encoding, Order, Replacement, push_utf16, push_utf32};
use super::names;
use super::repr::push_hex_escape;
use super::units::{OwnedUnits, Units, push_wtf8};

/// A registered handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    Strict,
    Ignore,
    Replace,
    BackslashReplace,
    XmlCharRefReplace,
    NameReplace,
    SurrogateEscape,
    SurrogatePass,
}

/// Why a handler has no replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Raise the codec's error.
    Raise,
    /// `TypeError("don't know how to handle UnicodeDecodeError in error callback")`.
    WrongDirection,
}

impl Handler {
    /// The handler of a name; others are looked up in Python's registry.
    pub fn from_name(name: &str) -> Option<Handler> {
        Some(match name {
            "strict" => Handler::Strict,
            "ignore" => Handler::Ignore,
            "replace" => Handler::Replace,
            "backslashreplace" => Handler::BackslashReplace,
            "xmlcharrefreplace" => Handler::XmlCharRefReplace,
            "namereplace" => Handler::NameReplace,
            "surrogateescape" => Handler::SurrogateEscape,
            "surrogatepass" => Handler::SurrogatePass,
            _ => return None,
        })
    }

    /// What stands for the bytes of a decoding error, and where decoding goes on.
    pub fn decode(
        self,
        encoding: Encoding,
        bytes: &[u8],
        error: &CodecError,
    ) -> Result<(OwnedUnits, usize), Refusal> {
        let bad = &bytes[error.start..error.end];
        match self {
            Handler::Strict => Err(Refusal::Raise),
            Handler::Ignore => Ok((OwnedUnits::Ascii(Vec::new()), error.end)),
            Handler::Replace => Ok(([0xfffd_u32].into_iter().collect(), error.end)),
            Handler::BackslashReplace => {
                let mut out = Vec::with_capacity(bad.len() * 4);
                bad.iter().for_each(|&b| push_hex_escape(b.into(), |b| out.push(b)));
                Ok((OwnedUnits::Ascii(out), error.end))
            }
            Handler::XmlCharRefReplace | Handler::NameReplace => Err(Refusal::WrongDirection),
            Handler::SurrogateEscape => {
                // ASCII bytes are never escaped: they'd decode as themselves the other way.
                let units: Vec<u32> = bad
                    .iter()
                    .take(4)
                    .take_while(|b| !b.is_ascii())
                    .map(|&b| 0xdc00 + u32::from(b))
                    .collect();
                let taken = units.len();
                if taken == 0 {
                    return Err(Refusal::Raise);
                }
                Ok((units.into_iter().collect(), error.start + taken))
            }
            Handler::SurrogatePass => {
                let rest = &bytes[error.start..];
                let (ch, size) = passed_surrogate(encoding, rest).ok_or(Refusal::Raise)?;
                Ok(([ch].into_iter().collect(), error.start + size))
            }
        }
    }

    /// What stands for the characters of an encoding error, and where encoding goes on.
    pub fn encode(
        self,
        encoding: Encoding,
        text: Units<'_>,
        error: &CodecError,
    ) -> Result<(Replacement, usize), Refusal> {
        let bad = text.slice(error.start..error.end);
        let mut out = Vec::new();
        match self {
            Handler::Strict => return Err(Refusal::Raise),
            Handler::Ignore => {}
            Handler::Replace => out.resize(bad.len(), b'?'),
            Handler::BackslashReplace => bad.iter().for_each(|ch| push_hex_escape(ch, |b| out.push(b))),
            Handler::XmlCharRefReplace => {
                bad.iter().for_each(|ch| out.extend_from_slice(format!("&#{ch};").as_bytes()));
            }
            Handler::NameReplace => {
                for ch in bad.iter() {
                    match names::name(ch) {
                        Some(name) => out.extend_from_slice(format!("\\N{{{name}}}").as_bytes()),
                        None => push_hex_escape(ch, |b| out.push(b)),
                    }
                }
            }
            Handler::SurrogateEscape => {
                for ch in bad.iter() {
                    // Only U+DC80 to U+DCFF stand for bytes.
                    match ch.checked_sub(0xdc00) {
                        Some(byte @ 0x80..0x100) => out.push(byte as u8),
                        _ => return Err(Refusal::Raise),
                    }
                }
                return Ok((Replacement::Bytes(out), error.end));
            }
            Handler::SurrogatePass => {
                for ch in bad.iter() {
                    match (encoding, ch) {
                        (Encoding::Utf8, 0xd800..0xe000) => push_wtf8(&mut out, ch),
                        (Encoding::Utf16(order), 0xd800..0xe000) => push_utf16(&mut out, order, ch),
                        (Encoding::Utf32(order), 0xd800..0xe000) => push_utf32(&mut out, order, ch),
                        _ => return Err(Refusal::Raise),
                    }
                }
                return Ok((Replacement::Bytes(out), error.end));
            }
        }
        Ok((Replacement::Text(OwnedUnits::Ascii(out)), error.end))
    }
}

/// The surrogate encoded at the start of the bytes and its size.
fn passed_surrogate(encoding: Encoding, bytes: &[u8]) -> Option<(u32, usize)> {
    let (ch, size) = match encoding {
        Encoding::Utf8 => {
            let [a, b, c] = *bytes.first_chunk::<3>()?;
            if a & 0xf0 != 0xe0 || b & 0xc0 != 0x80 || c & 0xc0 != 0x80 {
                return None;
            }
            (u32::from(a & 0xf) << 12 | u32::from(b & 0x3f) << 6 | u32::from(c & 0x3f), 3)
        }
        Encoding::Utf16(Order::Little) => (u16::from_le_bytes(*bytes.first_chunk()?).into(), 2),
        Encoding::Utf16(Order::Big) => (u16::from_be_bytes(*bytes.first_chunk()?).into(), 2),
        Encoding::Utf32(Order::Little) => (u32::from_le_bytes(*bytes.first_chunk()?), 4),
        Encoding::Utf32(Order::Big) => (u32::from_be_bytes(*bytes.first_chunk()?), 4),
        _ => return None,
    };
    (0xd800..0xe000).contains(&ch).then_some((ch, size))
}
