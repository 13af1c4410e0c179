//! The format mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision[grouping]][type]`, parsed and
//! applied to `int`, `float`, `complex` and `str`.
//!
//! An empty spec formats as `str()` does; a caller whose object is of a subclass calls its `__str__` instead.
//! The locale of type `n` is C's: no grouping.

mod number;

use super::Fault;
use super::case::pad;
use super::classify::decimal_value;
use super::units::{OwnedUnits, Units};
use crate::number::Complex;
use crate::number::int::IntRef;

/// Where the padding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Center,
    /// Between sign and digits.
    AfterSign,
}

/// Which numbers show a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignStyle {
    Plus,
    Space,
    /// A minus sign alone, asked for.
    Minus,
}

/// What separates groups of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    Comma,
    Underscore,
}

impl Grouping {
    fn char(self) -> char {
        match self {
            Grouping::Comma => ',',
            Grouping::Underscore => '_',
        }
    }
}

/// A parsed spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    pub fill: u32,
    pub align: Align,
    pub sign: Option<SignStyle>,
    /// `z`: a float that rounds to zero has no sign.
    pub no_negative_zero: bool,
    /// `#`.
    pub alternate: bool,
    pub width: Option<usize>,
    pub thousands: Option<Grouping>,
    pub precision: Option<usize>,
    /// Grouping of the digits after the point.
    pub fraction_grouping: Option<Grouping>,
    /// The type's letter, or the default's; 0 where a float's spec names none.
    pub kind: u32,
}

fn align_of(ch: u32) -> Option<Align> {
    Some(match char::from_u32(ch)? {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::AfterSign,
        _ => return None,
    })
}

/// `'x'` as messages show a type letter that may be anything.
fn shown(kind: u32) -> String {
    match kind {
        0x21..0x80 => format!("'{}'", kind as u8 as char),
        _ => format!("'\\x{kind:x}'"),
    }
}

fn unknown_kind(kind: u32, type_name: &str) -> Fault {
    Fault::value(format!("Unknown format code {} for object of type '{type_name}'", shown(kind)))
}

struct Parser<'a> {
    spec: Units<'a>,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<u32> {
        let at = self.at + ahead;
        (at < self.spec.len()).then(|| self.spec.get(at))
    }

    fn take(&mut self, ch: char) -> bool {
        let found = self.peek(0) == Some(ch.into());
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<Option<usize>, Fault> {
        let mut value = None;
        while let Some(digit) = self.peek(0).and_then(decimal_value) {
            let next = value.unwrap_or(0usize).checked_mul(10).and_then(|n| n.checked_add(digit.into()));
            value = Some(
                next.filter(|&n| n <= isize::MAX as usize)
                    .ok_or_else(|| Fault::value("Too many decimal digits in format string"))?,
            );
            self.at += 1;
        }
        Ok(value)
    }

    /// A `,` or `_`, but not both.
    fn grouping(&mut self) -> Result<Option<Grouping>, Fault> {
        let both = || Err(Fault::value("Cannot specify both ',' and '_'."));
        let comma = self.take(',');
        let underscore = self.take('_');
        match (comma, underscore) {
            (true, true) => both(),
            (false, true) if self.peek(0) == Some(u32::from(',')) => both(),
            (true, false) => Ok(Some(Grouping::Comma)),
            (false, true) => Ok(Some(Grouping::Underscore)),
            (false, false) => Ok(None),
        }
    }
}

impl FormatSpec {
    /// Parses a spec; `kind` and `align` are the type's defaults, `type_name` is for messages.
    pub fn parse(spec: Units<'_>, type_name: &str, kind: u32, align: Align) -> Result<FormatSpec, Fault> {
        let mut parser = Parser { spec, at: 0 };
        let default_align = align;
        let (mut fill, mut align, mut explicit_fill) = (0x20, None, false);
        if let Some(found) = parser.peek(1).and_then(align_of) {
            fill = spec.get(0);
            (align, explicit_fill) = (Some(found), true);
            parser.at += 2;
        } else if let Some(found) = parser.peek(0).and_then(align_of) {
            align = Some(found);
            parser.at += 1;
        }
        let sign = match parser.peek(0).and_then(char::from_u32) {
            Some('+') => Some(SignStyle::Plus),
            Some(' ') => Some(SignStyle::Space),
            Some('-') => Some(SignStyle::Minus),
            _ => None,
        };
        parser.at += usize::from(sign.is_some());
        let no_negative_zero = parser.take('z');
        let alternate = parser.take('#');
        if !explicit_fill && parser.take('0') {
            fill = 0x30;
            if align.is_none() && default_align == Align::Right {
                align = Some(Align::AfterSign);
            }
        }
        let width = parser.number()?;
        let thousands = parser.grouping()?;
        let (mut precision, mut fraction_grouping) = (None, None);
        if parser.take('.') {
            precision = parser.number()?;
            fraction_grouping = parser.grouping()?;
            if precision.is_none() && fraction_grouping.is_none() {
                return Err(Fault::value("Format specifier missing precision"));
            }
        }
        if spec.len() - parser.at > 1 {
            let spec = spec.to_str_lossy();
            return Err(Fault::value(format!(
                "Invalid format specifier '{spec}' for object of type '{type_name}'"
            )));
        }
        let kind = parser.peek(0).unwrap_or(kind);
        let cannot = |grouping: Grouping| {
            Err(Fault::value(format!("Cannot specify '{}' with {}.", grouping.char(), shown(kind))))
        };
        let letter = char::from_u32(kind);
        if let Some(grouping) = thousands {
            match letter {
                Some('d' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F' | '\0') => {}
                Some('b' | 'o' | 'x' | 'X') if grouping == Grouping::Underscore => {}
                _ => return cannot(grouping),
            }
        }
        if let Some(grouping) = fraction_grouping
            && letter == Some('n')
        {
            return cannot(grouping);
        }
        Ok(FormatSpec {
            fill,
            align: align.unwrap_or(default_align),
            sign,
            no_negative_zero,
            alternate,
            width,
            thousands,
            precision,
            fraction_grouping,
            kind,
        })
    }
}

/// How much padding goes left and right.
fn margins(len: usize, width: Option<usize>, align: Align) -> (usize, usize) {
    let margin = width.unwrap_or(0).saturating_sub(len);
    match align {
        Align::Left => (0, margin),
        Align::Center => (margin / 2, margin - margin / 2),
        Align::Right | Align::AfterSign => (margin, 0),
    }
}

/// `str.__format__`.
pub fn format_str(text: Units<'_>, spec: Units<'_>, type_name: &str) -> Result<OwnedUnits, Fault> {
    if spec.is_empty() {
        return Ok(text.to_owned());
    }
    let spec = FormatSpec::parse(spec, type_name, 's'.into(), Align::Left)?;
    if spec.kind != u32::from('s') {
        return Err(unknown_kind(spec.kind, type_name));
    }
    let refused = match spec.sign {
        Some(SignStyle::Space) => Some("Space not allowed in string format specifier"),
        Some(_) => Some("Sign not allowed in string format specifier"),
        None if spec.no_negative_zero => {
            Some("Negative zero coercion (z) not allowed in string format specifier")
        }
        None if spec.alternate => Some("Alternate form (#) not allowed in string format specifier"),
        None if spec.align == Align::AfterSign => {
            Some("'=' alignment not allowed in string format specifier")
        }
        None => None,
    };
    if let Some(message) = refused {
        return Err(Fault::value(message));
    }
    let text = text.slice(0..text.len().min(spec.precision.unwrap_or(usize::MAX)));
    let (left, right) = margins(text.len(), spec.width, spec.align);
    pad(text, left, right, spec.fill).map_err(too_long)
}

/// Padding beyond the largest size is a `MemoryError` here.
fn too_long(_: Fault) -> Fault {
    Fault::memory()
}

/// `int.__format__`; `limit` is the limit on decimal digits, `type_name` may be `bool` or a subclass.
pub fn format_int(
    value: IntRef<'_>,
    spec: Units<'_>,
    type_name: &str,
    limit: usize,
) -> Result<OwnedUnits, Fault> {
    if spec.is_empty() {
        return value.to_decimal(limit).map(OwnedUnits::from_ascii);
    }
    let spec = FormatSpec::parse(spec, type_name, 'd'.into(), Align::Right)?;
    match char::from_u32(spec.kind) {
        Some('b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n') => {}
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return number::float(value.to_f64()?, &spec),
        _ => return Err(unknown_kind(spec.kind, type_name)),
    }
    if spec.precision.is_some() {
        return Err(Fault::value("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        return Err(Fault::value("Negative zero coercion (z) not allowed in integer format specifier"));
    }
    if spec.kind == u32::from('c') {
        return character(value, &spec);
    }
    let (radix, prefix) = match spec.kind as u8 {
        b'b' => (2, "0b"),
        b'o' => (8, "0o"),
        b'x' => (16, "0x"),
        b'X' => (16, "0X"),
        _ => (10, ""),
    };
    let mut digits = if radix == 10 { value.to_decimal(limit)? } else { value.to_radix(radix) };
    if spec.kind == u32::from('X') {
        digits.make_ascii_uppercase();
    }
    let prefix = if spec.alternate { prefix } else { "" };
    number::layout(&spec, prefix, &digits, if radix == 10 { 3 } else { 4 })
}

fn character(value: IntRef<'_>, spec: &FormatSpec) -> Result<OwnedUnits, Fault> {
    if spec.sign.is_some() {
        return Err(Fault::value("Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        return Err(Fault::value("Alternate form (#) not allowed with integer format specifier 'c'"));
    }
    let value = value.to_i64().ok_or_else(|| Fault::overflow("Python int too large to convert to C long"))?;
    let ch = u32::try_from(value).ok().filter(|&ch| ch < super::units::CODE_POINT_END);
    let ch = ch.ok_or_else(|| Fault::overflow("%c arg not in range(0x110000)"))?;
    let (left, right) = margins(1, spec.width, spec.align);
    pad(Units::Ucs4(&[ch]), left, right, spec.fill).map_err(too_long)
}

/// `float.__format__`.
pub fn format_float(value: f64, spec: Units<'_>, type_name: &str) -> Result<OwnedUnits, Fault> {
    if spec.is_empty() {
        return Ok(OwnedUnits::from_ascii(crate::number::float::repr(value)));
    }
    let spec = FormatSpec::parse(spec, type_name, 0, Align::Right)?;
    match spec.kind as u8 {
        0 | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' | b'%' if spec.kind < 0x80 => {
            number::float(value, &spec)
        }
        _ => Err(unknown_kind(spec.kind, type_name)),
    }
}

/// `complex.__format__`.
pub fn format_complex(value: Complex, spec: Units<'_>, type_name: &str) -> Result<OwnedUnits, Fault> {
    if spec.is_empty() {
        return Ok(OwnedUnits::from_ascii(value.repr()));
    }
    let spec = FormatSpec::parse(spec, type_name, 0, Align::Right)?;
    match spec.kind as u8 {
        0 | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' if spec.kind < 0x80 => {
            number::complex(value, &spec)
        }
        _ => Err(unknown_kind(spec.kind, type_name)),
    }
}

/// An integer in a radix with Python's prefix: `bin`, `oct`, `hex`.
pub fn with_prefix(value: IntRef<'_>, radix: u32) -> String {
    let digits = value.to_radix(radix);
    let prefix = match radix {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    match digits.strip_prefix('-') {
        Some(digits) => format!("-{prefix}{digits}"),
        None => format!("{prefix}{digits}"),
    }
}

#[cfg(test)]
mod tests;
