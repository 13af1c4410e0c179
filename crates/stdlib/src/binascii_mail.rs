//! The parts of `binascii` that mail of old days needs: uuencoding and quoted-printable.

use vm::prelude::*;

use crate::binascii::{ascii_or_bytes, error};

/// Bytes of one line of uuencoded data at most.
const UU_LINE: usize = 45;
/// Characters of a line of quoted-printable text at most, with the soft line break.
const QP_LINE: usize = 76;

/// Decode a line of uuencoded data.
#[pyfunction(signature = "(data, /)")]
pub fn a2b_uu(th: &mut Thread, data: &Value) -> PyResult {
    let data = ascii_or_bytes(th, data)?;
    let Some((first, rest)) = data.split_first() else { return Err(error(th, "Missing length byte")) };
    let length = usize::from(first.wrapping_sub(b' ') & 0x3f);
    let mut out = Vec::with_capacity(length);
    let mut rest = rest.iter().copied().peekable();
    let (mut bits, mut count) = (0u32, 0);
    while out.len() < length {
        let value = match rest.peek().copied() {
            // What is missing is zeroes.
            None | Some(b'\n' | b'\r') => 0,
            Some(byte @ b' '..=b'`') => {
                rest.next();
                u32::from((byte - b' ') & 0x3f)
            }
            Some(_) => return Err(error(th, "Illegal char")),
        };
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if rest.any(|byte| !matches!(byte, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(error(th, "Trailing garbage"));
    }
    th.bytes(&out)
}

/// Uuencode line of data.
#[pyfunction(signature = "(data, /, *, backtick=False)")]
pub fn b2a_uu(th: &mut Thread, data: &Value, backtick: Option<bool>) -> PyResult {
    let data = th.buffer_to_vec(data)?;
    if data.len() > UU_LINE {
        return Err(error(th, "At most 45 bytes at once"));
    }
    let backtick = backtick.unwrap_or(false);
    let digit = |value: u32| if backtick && value == 0 { b'`' } else { b' ' + value as u8 };
    let mut out = vec![digit(data.len() as u32)];
    for chunk in data.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        out.extend((0..4).map(|i| digit(word >> (18 - 6 * i) & 0x3f)));
    }
    out.push(b'\n');
    th.bytes(&out)
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Decode a string of qp-encoded data.
#[pyfunction(signature = "(data, header=False)")]
pub fn a2b_qp(th: &mut Thread, data: &Value, header: Option<bool>) -> PyResult {
    let data = ascii_or_bytes(th, data)?;
    let header = header.unwrap_or(false);
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        match byte {
            b'=' => match (data.get(at).copied(), data.get(at + 1).copied()) {
                (None, _) => break,
                (Some(b'\n' | b'\r'), _) => {
                    // A line that goes on.
                    at +=
                        data[at..].iter().position(|byte| *byte == b'\n').map_or(data.len() - at, |n| n + 1);
                }
                (Some(b'='), _) => {
                    out.push(b'=');
                    at += 1;
                }
                (Some(high), Some(low)) if nibble(high).is_some() && nibble(low).is_some() => {
                    out.push(nibble(high).unwrap_or(0) << 4 | nibble(low).unwrap_or(0));
                    at += 2;
                }
                _ => out.push(b'='),
            },
            b'_' if header => out.push(b' '),
            _ => out.push(byte),
        }
    }
    th.bytes(&out)
}

/// Encode a string using quoted-printable encoding.
///
/// On encoding, when istext is set, newlines are not encoded, and white
/// space at end of lines is.  When istext is not set, \r and \n (CR/LF)
/// are both encoded.  When quotetabs is set, space and tabs are encoded.
#[pyfunction(signature = "(data, quotetabs=False, istext=True, header=False)")]
pub fn b2a_qp(
    th: &mut Thread,
    data: &Value,
    quotetabs: Option<bool>,
    istext: Option<bool>,
    header: Option<bool>,
) -> PyResult {
    let data = th.buffer_to_vec(data)?;
    let (tabs, text, header) = (quotetabs.unwrap_or(false), istext.unwrap_or(true), header.unwrap_or(false));
    let first_newline = data.iter().position(|byte| *byte == b'\n');
    let newline: &[u8] = match first_newline {
        Some(at) if at > 0 && data[at - 1] == b'\r' => b"\r\n",
        _ => b"\n",
    };
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let (mut at, mut length) = (0, 0);
    while let Some(&byte) = data.get(at) {
        let next = data.get(at + 1).copied();
        let is_newline = matches!(byte, b'\r' | b'\n');
        let is_blank = matches!(byte, b'\t' | b' ');
        let quoted = byte > 126
            || byte == b'='
            || header && byte == b'_'
            || byte == b'.' && length == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0))
            || !text && is_newline
            || is_blank && next.is_none()
            || byte < 33 && !is_newline && (tabs || !is_blank);
        if quoted {
            if length + 3 >= QP_LINE {
                out.push(b'=');
                out.extend_from_slice(newline);
                length = 0;
            }
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
            at += 1;
            length += 3;
            continue;
        }
        if text && (byte == b'\n' || byte == b'\r' && next == Some(b'\n')) {
            length = 0;
            // Blanks at the end of a line would get lost.
            if let Some(blank @ (b' ' | b'\t')) = out.last().copied() {
                out.pop();
                out.extend_from_slice(format!("={blank:02X}").as_bytes());
            }
            out.extend_from_slice(newline);
            at += if byte == b'\r' { 2 } else { 1 };
            continue;
        }
        if next.is_some_and(|next| next != b'\n') && length + 1 >= QP_LINE {
            out.push(b'=');
            out.extend_from_slice(newline);
            length = 0;
        }
        length += 1;
        out.push(if header && byte == b' ' { b'_' } else { byte });
        at += 1;
    }
    th.bytes(&out)
}
