//! `repr()` and `ascii()` of `str` and `bytes`, and the escapes they share with the codecs.

use super::classify::is_printable;
use super::units::{Builder, OwnedUnits, Units};

/// The quote that `repr` chooses: double ones only if the text holds single ones alone.
fn quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Feeds `\xNN`, `\uNNNN` or `\UNNNNNNNN`, whichever is the shortest that holds the code point.
pub(crate) fn push_hex_escape(ch: u32, mut push: impl FnMut(u8)) {
    let (letter, digits) = match ch {
        0..0x100 => (b'x', 2),
        0x100..0x1_0000 => (b'u', 4),
        _ => (b'U', 8),
    };
    push(b'\\');
    push(letter);
    for shift in (0..digits).rev() {
        push(HEX[(ch >> (shift * 4) & 0xf) as usize]);
    }
}

fn escape(text: Units<'_>, printable: impl Fn(u32) -> bool) -> OwnedUnits {
    // Most texts are ASCII that needs no escape.
    if let Units::Ascii(s) = text
        && s.iter().all(|b| matches!(b, 0x20..0x7f) && !matches!(b, b'\'' | b'\\'))
    {
        let mut out = Vec::with_capacity(s.len() + 2);
        out.push(b'\'');
        out.extend_from_slice(s);
        out.push(b'\'');
        return OwnedUnits::Ascii(out);
    }
    let has = |ch: u8| text.iter().any(|c| c == u32::from(ch));
    let single = has(b'\'');
    let quote = u32::from(quote(single, single && has(b'"')));
    let mut out = Builder::new();
    out.push(quote);
    for ch in text.iter() {
        match ch {
            0x5c => out.push_str("\\\\"),
            10 => out.push_str("\\n"),
            13 => out.push_str("\\r"),
            9 => out.push_str("\\t"),
            _ if ch == quote => {
                out.push(0x5c);
                out.push(ch);
            }
            _ if printable(ch) => out.push(ch),
            _ => push_hex_escape(ch, |b| out.push(b.into())),
        }
    }
    out.push(quote);
    out.finish()
}

/// `repr(text)`.
pub fn repr(text: Units<'_>) -> OwnedUnits {
    escape(text, is_printable)
}

/// `ascii(text)`.
pub fn ascii(text: Units<'_>) -> OwnedUnits {
    escape(text, |ch| (0x20..0x7f).contains(&ch))
}

/// `ascii()` of any object: its `repr` with what isn't ASCII escaped; the rest stays as it is.
pub fn ascii_of_repr(repr: Units<'_>) -> OwnedUnits {
    let mut out = Builder::new();
    for ch in repr.iter() {
        if ch < 0x80 { out.push(ch) } else { push_hex_escape(ch, |b| out.push(b.into())) }
    }
    out.finish()
}

/// The first `limit` characters of `repr(text)`, for messages.
pub fn repr_prefix(text: Units<'_>, limit: usize) -> String {
    // A quote that lies beyond the cut still decides which quotes are used.
    let whole = repr(text);
    whole.units().slice(0..whole.len().min(limit)).to_str_lossy().into_owned()
}

/// `repr(bytes)`, with the `b`.
pub fn repr_bytes(bytes: &[u8]) -> String {
    let single = memchr::memchr(b'\'', bytes).is_some();
    let quote = quote(single, single && memchr::memchr(b'"', bytes).is_some());
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if byte as char == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..0x7f => out.push(byte as char),
            _ => push_hex_escape(byte.into(), |b| out.push(b as char)),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let of = |s: &str| repr(OwnedUnits::from(s).units());
        assert_eq!(of("a'b"), "\"a'b\"");
        assert_eq!(of("a'\"b"), "'a\\'\"b'");
        assert_eq!(
            of("\\\n\r\t\0\u{7f}\u{a0}é€😀\u{378}\u{e0001}"),
            "'\\\\\\n\\r\\t\\x00\\x7f\\xa0é€😀\\u0378\\U000e0001'"
        );
        assert_eq!(repr(Units::Ucs2(&[0xd800])), "'\\ud800'");
        assert_eq!(ascii(OwnedUnits::from("é€😀").units()), "'\\xe9\\u20ac\\U0001f600'");
        assert_eq!(repr_prefix(Units::Ascii(b"abcdef"), 3), "'ab");
    }

    #[test]
    fn byte_strings() {
        assert_eq!(repr_bytes(b"a'\x00\xff\n"), "b\"a'\\x00\\xff\\n\"");
        assert_eq!(repr_bytes(b"'\""), "b'\\'\"'");
    }
}
