//! The `%` operator of `str`, `bytes` and `bytearray`: its parser and the rendering of one field.
//!
//! The caller walks [`Percent`], fetches the arguments (`*` width and precision first, in that order), converts the
//! value, and hands text or digits to [`Conversion::output`]. Bytes go through `Units::Latin1`.

use std::ops::Range;

use super::Fault;
use super::units::{Builder, Units};
use crate::number::float::format::{Code, Style, format};
use crate::number::int::IntRef;

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Fixed(usize),
    /// `*`: the next argument.
    Star,
}

/// The flags of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-`
    pub left: bool,
    /// `+`
    pub sign: bool,
    /// A blank where a sign would be.
    pub blank: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
}

/// `%(key)#0-5.3d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key between the parentheses.
    pub key: Option<Range<usize>>,
    pub flags: Flags,
    pub width: Option<Count>,
    pub precision: Option<Count>,
    /// The type's letter; `%` takes no argument and is written as it is.
    pub kind: u32,
    /// Where the letter stands, for messages.
    pub at: usize,
}

/// A literal or a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(Range<usize>),
    Field(Field),
}

/// The pieces of a format, in order. After an error nothing follows.
pub struct Percent<'a> {
    text: Units<'a>,
    at: usize,
}

impl<'a> Percent<'a> {
    pub fn new(text: Units<'a>) -> Percent<'a> {
        Percent { text, at: 0 }
    }

    fn peek(&self) -> Option<char> {
        (self.at < self.text.len()).then(|| char::from_u32(self.text.get(self.at)).unwrap_or('\u{fffd}'))
    }

    /// Digits as a number of at most `max`.
    fn digits(&mut self, max: usize, message: &'static str) -> Result<Option<usize>, Fault> {
        let mut value = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            let next = value.unwrap_or(0usize).checked_mul(10).and_then(|n| n.checked_add(digit as usize));
            value = Some(next.filter(|&n| n <= max).ok_or_else(|| Fault::value(message))?);
            self.at += 1;
        }
        Ok(value)
    }

    fn count(&mut self, max: usize, message: &'static str) -> Result<Option<Count>, Fault> {
        if self.peek() == Some('*') {
            self.at += 1;
            return Ok(Some(Count::Star));
        }
        Ok(self.digits(max, message)?.map(Count::Fixed))
    }

    /// The field whose `%` has been read.
    fn field(&mut self) -> Result<Field, Fault> {
        let mut key = None;
        if self.peek() == Some('(') {
            self.at += 1;
            let start = self.at;
            let mut depth = 1usize;
            while depth > 0 {
                match self.peek() {
                    None => return Err(Fault::value("incomplete format key")),
                    Some('(') => depth += 1,
                    Some(')') => depth -= 1,
                    Some(_) => {}
                }
                self.at += 1;
            }
            key = Some(start..self.at - 1);
        }
        let mut flags = Flags::default();
        while let Some(flag) = self.peek() {
            match flag {
                '-' => flags.left = true,
                '+' => flags.sign = true,
                ' ' => flags.blank = true,
                '#' => flags.alternate = true,
                '0' => flags.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        let width = self.count(isize::MAX as usize, "width too big")?;
        let mut precision = None;
        if self.peek() == Some('.') {
            self.at += 1;
            precision = Some(self.count(i32::MAX as usize, "precision too big")?.unwrap_or(Count::Fixed(0)));
        }
        // C's length modifiers mean nothing.
        if matches!(self.peek(), Some('h' | 'l' | 'L')) {
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return Err(Fault::value("incomplete format"));
        }
        let at = self.at;
        self.at += 1;
        Ok(Field { key, flags, width, precision, kind: self.text.get(at), at })
    }
}

impl Iterator for Percent<'_> {
    type Item = Result<Piece, Fault>;

    fn next(&mut self) -> Option<Result<Piece, Fault>> {
        let (start, len) = (self.at, self.text.len());
        if start >= len {
            return None;
        }
        let percent = (start..len).find(|&i| self.text.get(i) == 0x25).unwrap_or(len);
        if percent > start {
            self.at = percent;
            return Some(Ok(Piece::Literal(start..percent)));
        }
        self.at += 1;
        let field = self.field();
        if field.is_err() {
            self.at = len;
        }
        Some(field.map(Piece::Field))
    }
}

/// A field whose `*` arguments are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub flags: Flags,
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub kind: u32,
}

impl Field {
    /// The field with the arguments of its `*`s: a negative width adjusts left, a negative precision is 0.
    pub fn resolve(&self, star_width: Option<i64>, star_precision: Option<i64>) -> Conversion {
        let mut flags = self.flags;
        let width = self.width.map(|count| match count {
            Count::Fixed(width) => width,
            Count::Star => {
                let width = star_width.unwrap_or(0);
                flags.left |= width < 0;
                usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX)
            }
        });
        let precision = self.precision.map(|count| match count {
            Count::Fixed(precision) => precision,
            Count::Star => usize::try_from(star_precision.unwrap_or(0)).unwrap_or(0),
        });
        Conversion { flags, width, precision, kind: self.kind }
    }

    /// The error of a letter that means nothing.
    pub fn unsupported(&self) -> Fault {
        let shown = match self.kind {
            31..=126 => self.kind as u8 as char,
            _ => '?',
        };
        Fault::value(format!(
            "unsupported format character '{shown}' ({:#x}) at index {}",
            self.kind, self.at
        ))
    }
}

impl Conversion {
    fn letter(&self) -> char {
        char::from_u32(self.kind).unwrap_or('\0')
    }

    /// Whether sign and zeros apply: `d i u o x X e E f F g G`.
    pub fn is_number(&self) -> bool {
        matches!(self.letter(), 'd' | 'i' | 'u' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G')
    }

    /// The digits of an integer for `d i u o x X`: minus sign, prefix, and zeros up to the precision.
    pub fn integer(&self, value: IntRef<'_>, limit: usize) -> Result<String, Fault> {
        let precision = self.precision.unwrap_or(0);
        if precision > i32::MAX as usize - 3 {
            return Err(Fault::overflow("precision too large"));
        }
        let (digits, prefix) = match self.letter() {
            'o' => (value.to_radix(8), "0o"),
            'x' => (value.to_radix(16), "0x"),
            'X' => (value.to_radix(16).to_ascii_uppercase(), "0X"),
            _ => (value.to_decimal(limit)?, ""),
        };
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits.as_str()),
        };
        let mut out = String::new();
        out.try_reserve(precision.max(digits.len()) + 3)?;
        out.push_str(sign);
        out.push_str(if self.flags.alternate { prefix } else { "" });
        out.extend(std::iter::repeat_n('0', precision.saturating_sub(digits.len())));
        out.push_str(digits);
        Ok(out)
    }

    /// The digits of a float for `e E f F g G`.
    pub fn float(&self, value: f64) -> Result<String, Fault> {
        let letter = self.letter();
        let code = match letter.to_ascii_lowercase() {
            'e' => Code::Exponent,
            'f' => Code::Fixed,
            _ => Code::General,
        };
        format(
            value,
            Style {
                code,
                precision: self.precision.unwrap_or(6),
                upper: letter.is_ascii_uppercase(),
                sign: false,
                add_dot_0: false,
                alternate: self.flags.alternate,
            },
        )
    }

    /// Appends a converted value with its sign, zeros and padding; `s r a b` are cut to the precision.
    pub fn output(&self, text: Units<'_>, out: &mut Builder) -> Result<(), Fault> {
        let letter = self.letter();
        let number = self.is_number();
        let mut body = text;
        if matches!(letter, 's' | 'r' | 'a' | 'b') {
            body = body.slice(0..body.len().min(self.precision.unwrap_or(usize::MAX)));
        }
        let mut sign = None;
        if number {
            if !body.is_empty() && matches!(body.get(0), 0x2b | 0x2d) {
                sign = Some(body.get(0));
                body = body.slice(1..body.len());
            } else if self.flags.sign {
                sign = Some(0x2b);
            } else if self.flags.blank {
                sign = Some(0x20);
            }
        }
        let mut prefix = Units::EMPTY;
        if self.flags.alternate && matches!(letter, 'x' | 'X' | 'o') && body.len() >= 2 {
            prefix = body.slice(0..2);
            body = body.slice(2..body.len());
        }
        let len = usize::from(sign.is_some()) + prefix.len() + body.len();
        let padding = self.width.unwrap_or(0).saturating_sub(len);
        out.try_reserve(len.checked_add(padding).ok_or_else(Fault::memory)?)?;
        let zeros = number && self.flags.zero && !self.flags.left;
        if !zeros && !self.flags.left {
            out.push_repeated(0x20, padding)?;
        }
        if let Some(sign) = sign {
            out.push(sign);
        }
        out.push_units(prefix);
        if zeros {
            out.push_repeated(0x30, padding)?;
        }
        out.push_units(body);
        if self.flags.left {
            out.push_repeated(0x20, padding)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
