//! A file's bytes to text: byte-order mark, PEP 263 declaration, UTF-8.

use std::borrow::Cow;

use super::Source;
use crate::syntax_error::{Kind, SyntaxError};

/// Text of a file's bytes.
///
/// Encodings: UTF-8, ASCII, Latin-1, Latin-9 and Windows-1252; any other is refused as unknown.
pub fn decode(bytes: &[u8], filename: &str) -> Result<Source, SyntaxError> {
    let plain = |message: String| SyntaxError::without_position(Kind::Syntax, message);
    if bytes.contains(&0) {
        return Err(plain("source code string cannot contain null bytes".to_owned()));
    }
    let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let declared = declaration(bytes);
    let name = declared.map(normal_name);
    if let (true, Some(given), Some(name)) = (marked, declared, &name)
        && !is_plainly_utf8(given)
    {
        // Under its other names, UTF-8 is not recognised here.
        let name = if name == "utf-8" { given } else { name };
        let second = declaration(first_line(bytes)).is_none();
        let message = format!("encoding problem: {name} with BOM");
        return Err(at_line(bytes, if second { 2 } else { 1 }, (0, 0), message));
    }
    let text = match name.as_deref() {
        None | Some("utf-8") => utf8(bytes, filename, declared.is_some() || marked)?,
        Some("ascii") => match bytes.iter().position(|byte| !byte.is_ascii()) {
            None => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Some(at) => {
                return Err(plain(format!(
                    "'ascii' codec can't decode byte 0x{:02x} in position {at}: ordinal not in range(128)",
                    bytes[at]
                )));
            }
        },
        Some("iso-8859-1") => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Some("iso-8859-15") => Cow::Owned(bytes.iter().map(|byte| latin9(*byte)).collect()),
        Some("cp1252") => Cow::Owned(bytes.iter().map(|byte| windows1252(*byte)).collect()),
        Some(_) => return Err(plain(format!("unknown encoding: {}", declared.unwrap_or_default()))),
    };
    Ok(Source::new(text.into_owned(), filename))
}

fn is_plainly_utf8(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name == "utf-8" || name.starts_with("utf-8-")
}

/// The encoding that a file's bytes declare.
pub fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    declaration(bytes)
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default()
}

/// The encoding that one of the first two lines declares; the second counts only if the first holds no code.
fn declaration(bytes: &[u8]) -> Option<&str> {
    for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')).take(2) {
        let code = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        let Some(comment) = code.map(|start| &line[start..]) else { continue };
        if comment.first() != Some(&b'#') {
            return None;
        }
        if let Some(name) = declared_name(comment) {
            return Some(name);
        }
    }
    None
}

/// `coding`, then `:` or `=`, blanks, and a name.
fn declared_name(comment: &[u8]) -> Option<&str> {
    let mut at = 0;
    while let Some(rest) = comment.get(at..).filter(|rest| rest.len() > 7) {
        if rest.starts_with(b"coding") && matches!(rest[6], b':' | b'=') {
            let blanks = rest[7..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let name = &rest[7 + blanks..];
            let length = name
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
                .count();
            if length > 0 {
                return std::str::from_utf8(&name[..length]).ok();
            }
        }
        at += 1;
    }
    None
}

fn normal_name(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let is =
        |known: &str| name == known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with('-'));
    if is("utf-8") || matches!(&*name, "utf8" | "u8" | "cp65001") {
        "utf-8".to_owned()
    } else if is("latin-1")
        || is("iso-8859-1")
        || is("iso-latin-1")
        || matches!(&*name, "latin1" | "l1" | "8859")
    {
        "iso-8859-1".to_owned()
    } else if matches!(&*name, "ascii" | "us-ascii" | "646") {
        "ascii".to_owned()
    } else if matches!(&*name, "iso-8859-15" | "iso8859-15" | "latin9" | "latin-9" | "l9") {
        "iso-8859-15".to_owned()
    } else if matches!(&*name, "cp1252" | "windows-1252" | "1252") {
        "cp1252".to_owned()
    } else if matches!(&*name, "iso8859-1" | "cp819") {
        "iso-8859-1".to_owned()
    } else {
        name
    }
}

fn utf8<'a>(bytes: &'a [u8], filename: &str, declared: bool) -> Result<Cow<'a, str>, SyntaxError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let byte = bytes[at];
    let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    let message = if declared {
        let reason = match error.error_len() {
            None => "unexpected end of data",
            // A byte that starts nothing, or one that starts what does not go on.
            Some(_) if matches!(byte, 0xc2..=0xf4) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        format!("(unicode error) 'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
    } else {
        let file = if filename.starts_with('<') { String::new() } else { format!(" in file {filename}") };
        format!(
            "Non-UTF-8 code starting with '\\x{byte:02x}'{file} on line {line}, but no encoding declared; see \
             https://peps.python.org/pep-0263/ for details"
        )
    };
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&bytes[start..at]).chars().count() as u32 + 1;
    Err(at_line(bytes, line, (column, column + 1), message))
}

/// An error at a line, from 1, which is shown as far as it can be decoded.
fn at_line(bytes: &[u8], line: usize, columns: (u32, u32), message: String) -> SyntaxError {
    let text = bytes.split(|byte| *byte == b'\n').nth(line - 1);
    SyntaxError {
        line: line as u32,
        end_line: line as u32,
        column: columns.0,
        end_column: columns.1,
        text: text.map(|text| String::from_utf8_lossy(text).trim_end_matches('\r').to_owned()),
        ..SyntaxError::without_position(Kind::Syntax, message)
    }
}

fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        _ => char::from(byte),
    }
}

fn windows1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[byte as usize - 0x80],
        _ => char::from(byte),
    }
}
