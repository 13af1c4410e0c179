//! JSON strings: escaping and scanning.

use std::fmt::Write;

use vm::object_model::text::units::{Builder, Units};
use vm::prelude::*;

/// Raises `json.JSONDecodeError`.
#[cold]
pub(super) fn decode_error(th: &mut Thread, message: &str, source: &Obj<Str>, at: usize) -> Raised {
    let class = crate::support::import_attr(th, "json.decoder", "JSONDecodeError");
    let class = match class {
        Ok(class) => class,
        Err(raised) => return raised,
    };
    let args = [th.str(message), source.as_value().clone(), th.int(at as i64)];
    match th.call(&class, &args) {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

/// Appends a text in quotes, escaped; what is not ASCII too if `ascii`.
pub(super) fn push_quoted(out: &mut Builder, text: Units<'_>, ascii: bool) {
    let needs = |ch: u32| ch < 0x20 || ch == 0x22 || ch == 0x5c || (ascii && ch > 0x7e);
    out.push(0x22);
    let mut from = 0;
    for (i, ch) in text.iter().enumerate() {
        if !needs(ch) {
            continue;
        }
        out.push_units(text.slice(from..i));
        from = i + 1;
        let short = match ch {
            0x22 => "\\\"",
            0x5c => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            0x0a => "\\n",
            0x0d => "\\r",
            0x09 => "\\t",
            _ => "",
        };
        // Writing to a builder does not fail.
        let _ = match ch {
            _ if !short.is_empty() => out.write_str(short),
            0x7f if !ascii => out.write_char('\x7f'),
            0..=0xffff => write!(out, "\\u{ch:04x}"),
            _ => {
                let rest = ch - 0x1_0000;
                write!(out, "\\u{:04x}\\u{:04x}", 0xd800 | rest >> 10, 0xdc00 | (rest & 0x3ff))
            }
        };
    }
    out.push_units(text.slice(from..text.len()));
    out.push(0x22);
}

/// Four hexadecimal digits at a position.
fn hex4(text: Units<'_>, at: usize) -> Option<u32> {
    if at + 4 > text.len() {
        return None;
    }
    (at..at + 4).try_fold(0, |value, i| Some(value << 4 | char::from_u32(text.get(i))?.to_digit(16)?))
}

/// The string whose opening quote stands before `start`, and the position after its closing quote.
pub(super) fn scan(
    th: &mut Thread,
    source: &Obj<Str>,
    start: usize,
    strict: bool,
) -> PyResult<(Value, usize)> {
    let text = source.units();
    let begin = start.saturating_sub(1);
    let unterminated = "Unterminated string starting at";
    let mut out: Option<Builder> = None;
    let (mut at, mut from) = (start, start);
    loop {
        if at >= text.len() {
            return Err(decode_error(th, unterminated, source, begin));
        }
        let ch = text.get(at);
        if ch != 0x22 && ch != 0x5c {
            if ch < 0x20 && strict {
                return Err(decode_error(th, "Invalid control character at", source, at));
            }
            at += 1;
            continue;
        }
        if ch == 0x22 {
            let rest = text.slice(from..at);
            let made = match out {
                None => vm::builtins::str::of_units(th, rest)?,
                Some(mut out) => {
                    out.push_units(rest);
                    vm::builtins::str::of_owned(th, &out.finish())?
                }
            };
            return Ok((made, at + 1));
        }
        let built = out.get_or_insert_with(Builder::new);
        built.push_units(text.slice(from..at));
        if at + 1 >= text.len() {
            return Err(decode_error(th, unterminated, source, begin));
        }
        let escape = text.get(at + 1);
        at += 2;
        let plain = match char::from_u32(escape) {
            Some('"') => Some(0x22),
            Some('\\') => Some(0x5c),
            Some('/') => Some(0x2f),
            Some('b') => Some(0x08),
            Some('f') => Some(0x0c),
            Some('n') => Some(0x0a),
            Some('r') => Some(0x0d),
            Some('t') => Some(0x09),
            _ => None,
        };
        let ch = match plain {
            Some(ch) => ch,
            None if escape == u32::from('u') => {
                let Some(first) = hex4(text, at) else {
                    return Err(decode_error(th, "Invalid \\uXXXX escape", source, at - 1));
                };
                at += 4;
                let pair = (0xd800..0xdc00).contains(&first)
                    && at + 6 <= text.len()
                    && text.get(at) == 0x5c
                    && text.get(at + 1) == u32::from('u');
                match if pair { hex4(text, at + 2) } else { None } {
                    Some(second) if (0xdc00..0xe000).contains(&second) => {
                        at += 6;
                        0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00))
                    }
                    _ => first,
                }
            }
            None => return Err(decode_error(th, "Invalid \\escape", source, at - 2)),
        };
        built.push(ch);
        from = at;
    }
}

#[cfg(test)]
mod tests {
    use vm::object_model::text::units::{Builder, OwnedUnits};

    use super::push_quoted;

    fn quoted(text: &str, ascii: bool) -> String {
        let mut out = Builder::new();
        push_quoted(&mut out, OwnedUnits::from_str(text).units(), ascii);
        out.finish().units().to_str_lossy().into_owned()
    }

    #[test]
    fn escapes() {
        assert_eq!(quoted("a\"\\\n\u{1}é😀", true), "\"a\\\"\\\\\\n\\u0001\\u00e9\\ud83d\\ude00\"");
        assert_eq!(quoted("é\u{7f}", false), "\"é\u{7f}\"");
        assert_eq!(quoted("\u{7f}", true), "\"\\u007f\"");
    }
}
