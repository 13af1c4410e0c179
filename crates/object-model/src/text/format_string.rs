//! The markup of `str.format`: literals and replacement fields, field names and automatic numbering.
//!
//! [`Markup`] is `_string.formatter_parser`, [`FieldName`] is `_string.formatter_field_name_split`. Everything is a
//! range of the format string; looking arguments up, and expanding nested fields of specs, is the caller's.

use std::ops::Range;

use super::Fault;
use super::classify::decimal_value;
use super::units::Units;

/// A literal and the field that follows it, if one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Text to copy; a doubled brace is one brace at its end.
    pub literal: Range<usize>,
    pub field: Option<Field>,
}

/// `{name!conversion:spec}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: Range<usize>,
    pub spec: Range<usize>,
    pub conversion: Option<u32>,
    /// The spec holds fields to be expanded first.
    pub nested: bool,
}

/// The segments of a format string, in order. After an error nothing follows.
pub struct Markup<'a> {
    text: Units<'a>,
    at: usize,
}

const OPEN: u32 = 0x7b;
const CLOSE: u32 = 0x7d;

impl<'a> Markup<'a> {
    pub fn new(text: Units<'a>) -> Markup<'a> {
        Markup { text, at: 0 }
    }

    fn bump(&mut self) -> Option<u32> {
        let ch = (self.at < self.text.len()).then(|| self.text.get(self.at))?;
        self.at += 1;
        Some(ch)
    }

    fn segment(&mut self) -> Result<Segment, Fault> {
        let start = self.at;
        let brace = loop {
            match self.bump() {
                None => return Ok(Segment { literal: start..self.at, field: None }),
                Some(ch @ (OPEN | CLOSE)) => break ch,
                Some(_) => {}
            }
        };
        let next = (self.at < self.text.len()).then(|| self.text.get(self.at));
        if next == Some(brace) {
            let literal = start..self.at;
            self.at += 1;
            return Ok(Segment { literal, field: None });
        }
        if brace == CLOSE {
            return Err(Fault::value("Single '}' encountered in format string"));
        }
        if next.is_none() {
            return Err(Fault::value("Single '{' encountered in format string"));
        }
        let literal = start..self.at - 1;
        Ok(Segment { literal, field: Some(self.field()?) })
    }

    /// A field whose opening brace has been read.
    fn field(&mut self) -> Result<Field, Fault> {
        let start = self.at;
        let end = loop {
            match self.bump().and_then(char::from_u32) {
                None if self.at >= self.text.len() => {
                    return Err(Fault::value("expected '}' before end of string"));
                }
                Some('{') => return Err(Fault::value("unexpected '{' in field name")),
                Some('[') => {
                    while self.at < self.text.len() && self.text.get(self.at) != u32::from(']') {
                        self.at += 1;
                    }
                }
                Some(end @ ('}' | ':' | '!')) => break end,
                _ => {}
            }
        };
        let name = start..self.at - 1;
        let mut conversion = None;
        match end {
            '}' => return Ok(Field { name, spec: self.at..self.at, conversion, nested: false }),
            '!' => {
                conversion = self.bump();
                if conversion.is_none() {
                    return Err(Fault::value("end of string while looking for conversion specifier"));
                }
                match self.bump() {
                    Some(CLOSE) => {
                        return Ok(Field { name, spec: self.at..self.at, conversion, nested: false });
                    }
                    Some(0x3a) | None => {}
                    Some(_) => return Err(Fault::value("expected ':' after conversion specifier")),
                }
            }
            _ => {}
        }
        let start = self.at;
        let (mut depth, mut nested) = (1usize, false);
        while let Some(ch) = self.bump() {
            match ch {
                OPEN => {
                    nested = true;
                    depth += 1;
                }
                CLOSE => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(Field { name, spec: start..self.at - 1, conversion, nested });
                    }
                }
                _ => {}
            }
        }
        Err(Fault::value("unmatched '{' in format spec"))
    }
}

impl Iterator for Markup<'_> {
    type Item = Result<Segment, Fault>;

    fn next(&mut self) -> Option<Result<Segment, Fault>> {
        if self.at >= self.text.len() {
            return None;
        }
        let segment = self.segment();
        if segment.is_err() {
            self.at = self.text.len();
        }
        Some(segment)
    }
}

/// A whole text of decimal digits as a number; `None` if it is anything else.
fn integer(text: Units<'_>) -> Result<Option<usize>, Fault> {
    let mut value = None;
    for ch in text.iter() {
        let Some(digit) = decimal_value(ch) else { return Ok(None) };
        let next = value.unwrap_or(0usize).checked_mul(10).and_then(|n| n.checked_add(digit.into()));
        let next = next.filter(|&n| n <= isize::MAX as usize);
        value = Some(next.ok_or_else(|| Fault::value("Too many decimal digits in format string"))?);
    }
    Ok(value)
}

/// A step from a value to the one a field names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accessor {
    /// `.name`
    Attribute(Range<usize>),
    /// `[12]`
    Index(usize),
    /// `[key]`
    Key(Range<usize>),
}

/// What a field starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// `{}`: the next positional argument.
    Auto,
    Index(usize),
    Name(Range<usize>),
}

/// A field name taken apart: its start, and (as an iterator) the steps after it. Ranges count within `name`.
pub struct FieldName<'a> {
    name: Units<'a>,
    at: usize,
    pub first: First,
}

impl<'a> FieldName<'a> {
    pub fn new(name: Units<'a>) -> Result<FieldName<'a>, Fault> {
        let stops = |&i: &usize| matches!(name.get(i), 0x2e | 0x5b);
        let at = (0..name.len()).find(stops).unwrap_or(name.len());
        let first = match integer(name.slice(0..at))? {
            _ if at == 0 => First::Auto,
            Some(index) => First::Index(index),
            None => First::Name(0..at),
        };
        Ok(FieldName { name, at, first })
    }

    fn accessor(&mut self) -> Result<Accessor, Fault> {
        let opener = self.name.get(self.at);
        self.at += 1;
        let start = self.at;
        let len = self.name.len();
        let accessor = match opener {
            0x2e => {
                self.at = (start..len).find(|&i| matches!(self.name.get(i), 0x2e | 0x5b)).unwrap_or(len);
                Accessor::Attribute(start..self.at)
            }
            0x5b => {
                let end = (start..len).find(|&i| self.name.get(i) == 0x5d);
                let end = end.ok_or_else(|| Fault::value("Missing ']' in format string"))?;
                self.at = end + 1;
                match integer(self.name.slice(start..end))? {
                    Some(index) => Accessor::Index(index),
                    None => Accessor::Key(start..end),
                }
            }
            _ => return Err(Fault::value("Only '.' or '[' may follow ']' in format field specifier")),
        };
        match &accessor {
            Accessor::Attribute(range) | Accessor::Key(range) if range.is_empty() => {
                Err(Fault::value("Empty attribute in format string"))
            }
            _ => Ok(accessor),
        }
    }
}

impl Iterator for FieldName<'_> {
    type Item = Result<Accessor, Fault>;

    fn next(&mut self) -> Option<Result<Accessor, Fault>> {
        if self.at >= self.name.len() {
            return None;
        }
        let accessor = self.accessor();
        if accessor.is_err() {
            self.at = self.name.len();
        }
        Some(accessor)
    }
}

/// Whether the fields of a format string are numbered by hand or automatically; they can't be both.
#[derive(Clone, Debug, Default)]
pub struct AutoNumber {
    manual: Option<bool>,
    next: usize,
}

impl AutoNumber {
    /// The positional argument of a field, or `None` if it starts from a name. Call it once a field, in order.
    pub fn index(&mut self, first: &First) -> Result<Option<usize>, Fault> {
        let index = match first {
            First::Name(_) => return Ok(None),
            First::Index(index) => Some(*index),
            First::Auto => None,
        };
        match (*self.manual.get_or_insert(index.is_some()), index) {
            (true, None) => Err(Fault::value(
                "cannot switch from manual field specification to automatic field numbering",
            )),
            (false, Some(_)) => Err(Fault::value(
                "cannot switch from automatic field numbering to manual field specification",
            )),
            (true, index) => Ok(index),
            (false, None) => {
                self.next += 1;
                Ok(Some(self.next - 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(text: &str) -> Result<Vec<String>, String> {
        let units = Units::Ascii(text.as_bytes());
        Markup::new(units)
            .map(|segment| {
                let segment = segment.map_err(|fault| fault.message.into_owned())?;
                let literal = &text[segment.literal];
                Ok(match segment.field {
                    None => literal.to_string(),
                    Some(f) => {
                        let conversion = f.conversion.and_then(char::from_u32).unwrap_or('-');
                        format!("{literal}|{}|{}|{conversion}|{}", &text[f.name], &text[f.spec], f.nested)
                    }
                })
            })
            .collect()
    }

    #[test]
    fn markup() {
        assert_eq!(segments("a{{b}}c{0.x[}]!r:>{1}}d").unwrap(), ["a{", "b}", "c|0.x[}]|>{1}|r|true", "d"]);
        assert_eq!(segments("{}{a!s}{:}").unwrap(), ["|||-|false", "|a||s|false", "|||-|false"]);
        assert_eq!(segments("").unwrap(), [""; 0]);
        for (text, message) in [
            ("}", "Single '}' encountered in format string"),
            ("a{", "Single '{' encountered in format string"),
            ("{a", "expected '}' before end of string"),
            ("{a{", "unexpected '{' in field name"),
            ("{!", "end of string while looking for conversion specifier"),
            ("{!rx}", "expected ':' after conversion specifier"),
            ("{!r", "unmatched '{' in format spec"),
            ("{:{}", "unmatched '{' in format spec"),
            ("{0[}", "expected '}' before end of string"),
        ] {
            assert_eq!(segments(text), Err(message.to_string()), "{text}");
        }
    }

    #[test]
    fn field_names() {
        let split = |text: &'static str| {
            let name = FieldName::new(Units::Ascii(text.as_bytes()))?;
            let first = name.first.clone();
            name.collect::<Result<Vec<_>, _>>().map(|rest| (first, rest))
        };
        let (first, rest) = split("0.ab[12][k]").unwrap();
        assert_eq!(first, First::Index(0));
        assert_eq!(rest, [Accessor::Attribute(2..4), Accessor::Index(12), Accessor::Key(9..10)]);
        assert_eq!(split("[0]").unwrap().0, First::Auto);
        for (text, message) in [
            ("a[", "Missing ']' in format string"),
            ("a[]", "Empty attribute in format string"),
            ("a.", "Empty attribute in format string"),
            ("a[1]b", "Only '.' or '[' may follow ']' in format field specifier"),
            ("99999999999999999999", "Too many decimal digits in format string"),
        ] {
            assert_eq!(split(text).unwrap_err().message, message, "{text}");
        }
    }

    #[test]
    fn numbering() {
        let mut numbers = AutoNumber::default();
        assert_eq!(numbers.index(&First::Auto), Ok(Some(0)));
        assert_eq!(numbers.index(&First::Name(0..1)), Ok(None));
        assert_eq!(numbers.index(&First::Auto), Ok(Some(1)));
        assert!(
            numbers.index(&First::Index(0)).unwrap_err().message.starts_with("cannot switch from automatic")
        );
        let mut numbers = AutoNumber::default();
        assert_eq!(numbers.index(&First::Index(3)), Ok(Some(3)));
        assert!(numbers.index(&First::Auto).unwrap_err().message.starts_with("cannot switch from manual"));
    }
}
