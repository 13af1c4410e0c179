//! Literals to constants: numbers of any size, strings with escapes and surrogates, bytes.
//!
//! Strings are decoded again from the source text, because the tree holds U+FFFD where the program wrote a lone
//! surrogate. Results are UTF-8 in which every surrogate that the program wrote is its own three bytes; two written
//! one after the other stay two.

use std::sync::Arc;

use ruff_python_ast::{self as ast, StringFlags};
use ruff_text_size::{Ranged, TextRange};

use crate::bytecode::code::Constant;
use crate::parse::Source;
use crate::syntax_error::{Kind, SyntaxError};

/// Decimal literals may have so many digits; converting takes time quadratic in them.
pub const MAX_DECIMAL_DIGITS: usize = 4300;

/// A string literal with all its implicitly concatenated parts.
pub fn string(source: &Source, literal: &ast::ExprStringLiteral) -> Result<Constant, SyntaxError> {
    let mut text = Vec::new();
    for part in &literal.value {
        append_string_part(source, part, &mut text)?;
    }
    Ok(Constant::Str(text.into()))
}

/// One part of a string literal (a part of an f-string concatenation, say).
pub fn string_part(source: &Source, part: &ast::StringLiteral) -> Result<Vec<u8>, SyntaxError> {
    let mut text = Vec::new();
    append_string_part(source, part, &mut text)?;
    Ok(text)
}

fn append_string_part(
    source: &Source,
    part: &ast::StringLiteral,
    out: &mut Vec<u8>,
) -> Result<(), SyntaxError> {
    let content = source.slice(content(part.range, part.flags));
    if part.flags.prefix().is_raw() {
        out.extend_from_slice(content.as_bytes());
        return Ok(());
    }
    unescape(content, out).map_err(|error| error.at(source, part.range))
}

/// The literal text of an f-string or t-string between its replacement fields. `raw`: the string is an `rf""`. A
/// format specification is decoded like the string that it is in.
pub fn interpolated_part(
    source: &Source,
    element: &ast::InterpolatedStringLiteralElement,
    raw: bool,
) -> Result<Vec<u8>, SyntaxError> {
    let text = source.slice(element.range);
    let mut out = Vec::with_capacity(text.len());
    interpolated_text(text, raw, &mut out).map_err(|error| error.at(source, element.range))?;
    Ok(out)
}

/// A bytes literal with all its implicitly concatenated parts.
pub fn bytes(source: &Source, literal: &ast::ExprBytesLiteral) -> Result<Constant, SyntaxError> {
    let mut out = Vec::new();
    for part in &literal.value {
        let content = source.slice(content(part.range, part.flags));
        if part.flags.prefix().is_raw() {
            out.extend_from_slice(content.as_bytes());
        } else {
            unescape_bytes(content, &mut out).map_err(|error| error.at(source, part.range))?;
        }
    }
    Ok(Constant::Bytes(out.into()))
}

/// The range between the quotes.
pub(crate) fn content(range: TextRange, flags: impl StringFlags) -> TextRange {
    let start = range.start() + flags.opener_len();
    TextRange::new(start, (range.end() - flags.closer_len()).max(start))
}

/// Why a literal cannot be decoded, in CPython's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EscapeError(pub(crate) String);

impl EscapeError {
    fn at(self, source: &Source, range: TextRange) -> SyntaxError {
        SyntaxError::new(source, range, self.0)
    }

    /// Positions count in the text that CPython's decoder sees, where a character beyond ASCII takes ten bytes.
    fn unicode(text: &str, start: usize, end: usize, reason: &str) -> EscapeError {
        let seen = |end: usize| -> usize {
            text[..end].chars().map(|character| if character.is_ascii() { 1 } else { 10 }).sum()
        };
        let (start, last) = (seen(start), seen(end).saturating_sub(1));
        EscapeError(format!(
            "(unicode error) 'unicodeescape' codec can't decode bytes in position {start}-{last}: {reason}"
        ))
    }
}

/// Decodes the escapes of a string literal's content.
pub(crate) fn unescape(text: &str, out: &mut Vec<u8>) -> Result<(), EscapeError> {
    let mut at = 0;
    while let Some(skip) = text[at..].find('\\') {
        out.extend_from_slice(&text.as_bytes()[at..at + skip]);
        at = escape(text, at + skip, out)?;
    }
    out.extend_from_slice(&text.as_bytes()[at..]);
    Ok(())
}

/// Decodes literal text of an interpolated string: doubled braces are one, escapes as in strings.
pub(crate) fn interpolated_text(text: &str, raw: bool, out: &mut Vec<u8>) -> Result<(), EscapeError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(skip) = text[at..].find(['\\', '{', '}']) {
        out.extend_from_slice(&bytes[at..at + skip]);
        at += skip;
        let next = bytes.get(at + 1).copied();
        if bytes[at] != b'\\' {
            out.push(bytes[at]);
            at += 1 + usize::from(next == Some(bytes[at]));
        } else if raw || next.is_none() || matches!(next, Some(b'{' | b'}')) {
            // A backslash before a brace is itself.
            out.push(b'\\');
            at += 1;
        } else {
            at = escape(text, at, out)?;
        }
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(())
}

/// The first escape of a literal's content that is none, without its backslash, and where that stands.
pub(crate) fn wrong_escape(text: &str, is_bytes: bool) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(skip) = text[at..].find('\\') {
        at += skip;
        let kind = text[at + 1..].chars().next()?;
        let known = match kind {
            '\n' | 'x' => true,
            'u' | 'U' | 'N' => !is_bytes,
            '0'..='7' => {
                let (value, end) = octal(bytes, at + 1);
                if value > 0xff {
                    return Some((at, &text[at + 1..end]));
                }
                true
            }
            _ => u8::try_from(kind).is_ok_and(|kind| simple_escape(kind).is_some()),
        };
        if !known {
            return Some((at, &text[at + 1..at + 1 + kind.len_utf8()]));
        }
        at += 1 + kind.len_utf8();
    }
    None
}

/// Decodes the escape at `start` (a backslash); the result is where the text goes on.
fn escape(text: &str, start: usize, out: &mut Vec<u8>) -> Result<usize, EscapeError> {
    let bytes = text.as_bytes();
    let Some(kind) = bytes.get(start + 1).copied() else {
        return Err(EscapeError::unicode(text, start, start + 1, "\\ at end of string"));
    };
    let after = start + 2;
    if let Some(simple) = simple_escape(kind) {
        out.push(simple);
        return Ok(after);
    }
    match kind {
        b'\n' => Ok(after),
        b'0'..=b'7' => {
            let (value, end) = octal(bytes, start + 1);
            push_code_point(value, out);
            Ok(end)
        }
        b'x' => hexadecimal(text, start, 2, "truncated \\xXX escape", out),
        b'u' => hexadecimal(text, start, 4, "truncated \\uXXXX escape", out),
        b'U' => hexadecimal(text, start, 8, "truncated \\UXXXXXXXX escape", out),
        b'N' => named(text, start, out),
        // Not an escape: the backslash stays.
        _ => {
            out.push(b'\\');
            Ok(start + 1)
        }
    }
}

fn simple_escape(kind: u8) -> Option<u8> {
    Some(match kind {
        b'\\' | b'\'' | b'"' => kind,
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

/// Up to three octal digits; the value and where they end.
fn octal(bytes: &[u8], start: usize) -> (u32, usize) {
    let digits = bytes[start..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold((0, start), |(value, end), digit| (value * 8 + u32::from(digit - b'0'), end + 1))
}

fn hexadecimal(
    text: &str,
    start: usize,
    length: usize,
    reason: &str,
    out: &mut Vec<u8>,
) -> Result<usize, EscapeError> {
    let mut end = start + 2;
    let mut value = 0;
    for byte in text.as_bytes()[end..].iter().take(length) {
        let Some(digit) = char::from(*byte).to_digit(16) else { break };
        value = value << 4 | digit;
        end += 1;
    }
    if end < start + 2 + length {
        return Err(EscapeError::unicode(text, start, end, reason));
    }
    if value > char::MAX as u32 {
        return Err(EscapeError::unicode(text, start, end, "illegal Unicode character"));
    }
    push_code_point(value, out);
    Ok(end)
}

fn named(text: &str, start: usize, out: &mut Vec<u8>) -> Result<usize, EscapeError> {
    let malformed = "malformed \\N character escape";
    let rest = &text[start + 2..];
    if !rest.starts_with('{') {
        return Err(EscapeError::unicode(text, start, start + 2, malformed));
    }
    let Some(length) = rest.find('}') else {
        return Err(EscapeError::unicode(text, start, text.len(), malformed));
    };
    let end = start + 2 + length + 1;
    if length == 1 {
        return Err(EscapeError::unicode(text, start, end, malformed));
    }
    match unicode_names2::character(&rest[1..length]) {
        Some(character) => {
            push_code_point(character as u32, out);
            Ok(end)
        }
        None => Err(EscapeError::unicode(text, start, end, "unknown Unicode character name")),
    }
}

/// Appends a code point below 0x110000 in UTF-8; surrogates take three bytes like their neighbours.
fn push_code_point(value: u32, out: &mut Vec<u8>) {
    match char::from_u32(value) {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xe0 | (value >> 12) as u8,
            0x80 | (value >> 6 & 0x3f) as u8,
            0x80 | (value & 0x3f) as u8,
        ]),
    }
}

/// Decodes the escapes of a bytes literal's content.
pub(crate) fn unescape_bytes(text: &str, out: &mut Vec<u8>) -> Result<(), EscapeError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some(kind) = bytes.get(at + 1).copied() else {
            return Err(EscapeError("(value error) Trailing \\ in string".to_owned()));
        };
        if let Some(simple) = simple_escape(kind) {
            out.push(simple);
            at += 2;
            continue;
        }
        match kind {
            b'\n' => at += 2,
            b'0'..=b'7' => {
                let (value, end) = octal(bytes, at + 1);
                out.push(value as u8);
                at = end;
            }
            b'x' => {
                let digit = |index: usize| bytes.get(index).and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(at + 2), digit(at + 3)) else {
                    return Err(EscapeError(format!("(value error) invalid \\x escape at position {at}")));
                };
                out.push((high << 4 | low) as u8);
                at += 4;
            }
            _ => {
                out.push(b'\\');
                at += 1;
            }
        }
    }
    Ok(())
}

/// A number.
pub fn number(source: &Source, literal: &ast::ExprNumberLiteral) -> Result<Constant, SyntaxError> {
    match &literal.value {
        ast::Number::Int(value) => match value.as_i64() {
            Some(value) => Ok(Constant::Int(value)),
            None => big_integer(source, literal.range()),
        },
        ast::Number::Float(value) => Ok(Constant::Float(*value)),
        ast::Number::Complex { real, imag } => Ok(Constant::Complex(*real, *imag)),
    }
}

/// An integer beyond 64 bits, from its text.
fn big_integer(source: &Source, range: TextRange) -> Result<Constant, SyntaxError> {
    let text: String = source.slice(range).chars().filter(|character| *character != '_').collect();
    let text = text.to_ascii_lowercase();
    let hexadecimal = if let Some(digits) = text.strip_prefix("0x") {
        digits.to_owned()
    } else if let Some(digits) = text.strip_prefix("0o") {
        regroup(digits, 3)
    } else if let Some(digits) = text.strip_prefix("0b") {
        regroup(digits, 1)
    } else {
        if text.len() > MAX_DECIMAL_DIGITS {
            let message = format!(
                "Exceeds the limit ({MAX_DECIMAL_DIGITS} digits) for integer string conversion: value has {} digits; \
                 use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer \
                 literals to avoid decimal conversion limits.",
                text.len()
            );
            let mut error = SyntaxError::of_kind(Kind::Syntax, source, range, message);
            // This one is placed on the line only.
            (error.column, error.end_column) = (0, 0);
            return Err(error);
        }
        decimal_to_hexadecimal(&text)
    };
    let digits = hexadecimal.trim_start_matches('0');
    Ok(Constant::BigInt(Arc::from(if digits.is_empty() { "0" } else { digits })))
}

/// Digits of `bits` bits each as hexadecimal digits.
fn regroup(digits: &str, bits: u32) -> String {
    let mut out = Vec::new();
    let mut pending = 0;
    let mut count = 0;
    for digit in digits.bytes().rev() {
        pending |= u32::from(digit.wrapping_sub(b'0')) << count;
        count += bits;
        while count >= 4 {
            out.push(hexadecimal_digit(pending & 15));
            pending >>= 4;
            count -= 4;
        }
    }
    out.push(hexadecimal_digit(pending & 15));
    out.iter().rev().collect()
}

fn hexadecimal_digit(value: u32) -> char {
    char::from_digit(value, 16).unwrap_or('0')
}

fn decimal_to_hexadecimal(digits: &str) -> String {
    // Little-endian words.
    let mut words: Vec<u32> = Vec::new();
    for chunk in digits.as_bytes().chunks(9) {
        let value = chunk.iter().fold(0, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0')));
        let scale = 10_u64.pow(chunk.len() as u32);
        let mut carry = value;
        for word in &mut words {
            let product = u64::from(*word) * scale + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry != 0 {
            words.push(carry as u32);
        }
    }
    words.iter().rev().map(|word| format!("{word:08x}")).collect()
}

#[cfg(test)]
mod tests {
    use ruff_python_ast::Expr;

    use super::*;
    use crate::parse::{Mode, parse};

    fn constant(text: &str) -> Result<Constant, String> {
        let source = Source::new(text, "<test>");
        let parsed = parse(&source, Mode::Eval).map_err(|error| error.message)?;
        let expression = parsed.expression().expect("an expression");
        match &*expression.body {
            Expr::StringLiteral(node) => string(&source, node),
            Expr::BytesLiteral(node) => bytes(&source, node),
            Expr::NumberLiteral(node) => number(&source, node),
            _ => panic!("not a literal"),
        }
        .map_err(|error| error.message)
    }

    fn text(text: &str) -> Vec<u8> {
        match constant(text) {
            Ok(Constant::Str(text) | Constant::Bytes(text)) => text.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn strings() {
        assert_eq!(text(r"'a\x41\u00e9\101\q' r'\x'"), "aA\u{e9}A\\q\\x".as_bytes());
        assert_eq!(text("'''a\\\nb\n'''"), b"ab\n");
        assert_eq!(text(r"'\N{LATIN SMALL LETTER A}\N{bullet}'"), "a\u{2022}".as_bytes());
        assert_eq!(text(r"'\ud800'"), [0xed, 0xa0, 0x80]);
        assert_eq!(text(r"'\777'"), "\u{1ff}".as_bytes());
        assert_eq!(text(r"b'\xff\777\u1234'"), b"\xff\xff\\u1234");
    }

    #[test]
    fn interpolated() {
        let decode = |text: &str, raw: bool| {
            let mut out = Vec::new();
            interpolated_text(text, raw, &mut out).map(|()| String::from_utf8(out).expect("UTF-8"))
        };
        assert_eq!(decode(r"a{{\n}}\N{bullet}", false).as_deref(), Ok("a{\n}\u{2022}"));
        assert_eq!(decode(r"\{{\", false).as_deref(), Ok("\\{\\"));
        assert_eq!(decode(r"\n{{", true).as_deref(), Ok("\\n{"));
    }

    #[test]
    fn escape_errors() {
        let error = |text: &str| unescape(text, &mut Vec::new()).expect_err("an error").0;
        let prefix = "(unicode error) 'unicodeescape' codec can't decode bytes in position ";
        assert_eq!(error(r"\x"), format!("{prefix}0-1: truncated \\xXX escape"));
        assert_eq!(error(r"\u12"), format!("{prefix}0-3: truncated \\uXXXX escape"));
        assert_eq!(error("\u{e9}\\U0011ffff"), format!("{prefix}10-19: illegal Unicode character"));
        assert_eq!(error(r"\N"), format!("{prefix}0-1: malformed \\N character escape"));
        assert_eq!(error(r"\N{foo"), format!("{prefix}0-5: malformed \\N character escape"));
        assert_eq!(error(r"\N{nope}"), format!("{prefix}0-7: unknown Unicode character name"));
        let error = unescape_bytes(r"\x1", &mut Vec::new()).expect_err("an error").0;
        assert_eq!(error, "(value error) invalid \\x escape at position 0");
    }

    #[test]
    fn numbers() {
        let big = |digits: &str| Ok(Constant::BigInt(digits.into()));
        assert_eq!(constant("9223372036854775807"), Ok(Constant::Int(i64::MAX)));
        assert_eq!(constant("9223372036854775808"), big("8000000000000000"));
        assert_eq!(constant("1000000000000000000000000000000"), big("c9f2c9cd04674edea40000000"));
        assert_eq!(constant("0o7_777777_777777_777777_777777"), big("7ffffffffffffffffff"));
        assert_eq!(constant(&format!("0b1{}", "0".repeat(65))), big("20000000000000000"));
        assert_eq!(constant("0XFFFF_FFFF_FFFF_FFFF_F"), big("fffffffffffffffff"));
        assert_eq!(constant("1_0.5e1"), Ok(Constant::Float(105.0)));
        assert_eq!(constant("1e999"), Ok(Constant::Float(f64::INFINITY)));
        assert_eq!(constant("2.5j"), Ok(Constant::Complex(0.0, 2.5)));
        let error = constant(&"1".repeat(4301)).expect_err("too long");
        assert!(
            error
                .starts_with("Exceeds the limit (4300 digits) for integer string conversion: value has 4301")
        );
    }
}
