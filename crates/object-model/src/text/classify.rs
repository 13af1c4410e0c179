//! What a code point and a text are: the `is…` predicates of `str`, and the lookups into the Unicode 16.0 tables.

use super::tables::{self, Record};
use super::units::{CODE_POINT_END, Unit, Units, with_units};

#[inline]
pub(super) fn record(ch: u32) -> &'static Record {
    let ch = if ch < CODE_POINT_END { ch } else { 0xffff };
    let page = tables::PAGES[(ch >> tables::SHIFT) as usize] as usize;
    let index = tables::INDEX[(page << tables::SHIFT) + (ch & ((1 << tables::SHIFT) - 1)) as usize];
    &tables::RECORDS[index as usize]
}

#[inline]
fn has(ch: u32, flag: u16) -> bool {
    record(ch).flags & flag != 0
}

/// The two-letter general category, as `unicodedata.category` has it.
pub fn category(ch: u32) -> &'static str {
    tables::CATEGORIES[record(ch).category as usize]
}

pub fn is_alpha(ch: u32) -> bool {
    has(ch, tables::ALPHA)
}

pub fn is_decimal(ch: u32) -> bool {
    has(ch, tables::DECIMAL)
}

pub fn is_digit(ch: u32) -> bool {
    has(ch, tables::DIGIT)
}

pub fn is_numeric(ch: u32) -> bool {
    has(ch, tables::NUMERIC)
}

pub fn is_alnum(ch: u32) -> bool {
    has(ch, tables::ALPHA | tables::DECIMAL | tables::DIGIT | tables::NUMERIC)
}

/// White space as `str.split()` and `str.strip()` see it.
#[inline]
pub fn is_space(ch: u32) -> bool {
    if ch < 0x80 { matches!(ch, 9..=13 | 0x1c..=0x20) } else { has(ch, tables::SPACE) }
}

/// Where `str.splitlines()` ends a line.
#[inline]
pub fn is_line_break(ch: u32) -> bool {
    matches!(ch, 10..=13 | 0x1c..=0x1e | 0x85 | 0x2028 | 0x2029)
}

pub fn is_lower(ch: u32) -> bool {
    has(ch, tables::LOWER)
}

pub fn is_upper(ch: u32) -> bool {
    has(ch, tables::UPPER)
}

pub fn is_title(ch: u32) -> bool {
    has(ch, tables::TITLE)
}

pub fn is_cased(ch: u32) -> bool {
    has(ch, tables::LOWER | tables::UPPER | tables::TITLE)
}

pub fn is_case_ignorable(ch: u32) -> bool {
    has(ch, tables::CASE_IGNORABLE)
}

#[inline]
pub fn is_printable(ch: u32) -> bool {
    if ch < 0x80 { (0x20..0x7f).contains(&ch) } else { has(ch, tables::PRINTABLE) }
}

/// What an identifier may start with: XID_Start and the underscore.
pub fn is_identifier_start(ch: u32) -> bool {
    has(ch, tables::XID_START)
}

pub fn is_identifier_continue(ch: u32) -> bool {
    has(ch, tables::XID_CONTINUE)
}

/// The value of a decimal digit (category Nd).
pub fn decimal_value(ch: u32) -> Option<u8> {
    if ch < 0x80 {
        return (ch as u8 as char).to_digit(10).map(|d| d as u8);
    }
    let record = record(ch);
    (record.flags & tables::DECIMAL != 0).then_some(record.digit)
}

/// The value of a digit, superscripts and the like included.
pub fn digit_value(ch: u32) -> Option<u8> {
    let record = record(ch);
    (record.flags & tables::DIGIT != 0).then_some(record.digit)
}

fn every(text: Units<'_>, test: impl Fn(u32) -> bool) -> bool {
    !text.is_empty() && with_units!(text, s => s.iter().all(|&c| test(c.code())))
}

/// The predicates of whole texts; an empty text has none of them save `isascii` and `isprintable`.
impl Units<'_> {
    pub fn isalpha(self) -> bool {
        every(self, is_alpha)
    }

    pub fn isdecimal(self) -> bool {
        every(self, is_decimal)
    }

    pub fn isdigit(self) -> bool {
        every(self, is_digit)
    }

    pub fn isnumeric(self) -> bool {
        every(self, is_numeric)
    }

    pub fn isalnum(self) -> bool {
        every(self, is_alnum)
    }

    pub fn isspace(self) -> bool {
        every(self, is_space)
    }

    pub fn isprintable(self) -> bool {
        self.is_empty() || every(self, is_printable)
    }

    pub fn isidentifier(self) -> bool {
        let mut chars = self.iter();
        chars.next().is_some_and(is_identifier_start) && chars.all(is_identifier_continue)
    }

    /// Some cased character, and none that is upper or title case.
    pub fn islower(self) -> bool {
        let mut cased = false;
        for ch in self.iter() {
            let flags = record(ch).flags;
            if flags & (tables::UPPER | tables::TITLE) != 0 {
                return false;
            }
            cased |= flags & tables::LOWER != 0;
        }
        cased
    }

    /// Some cased character, and none that is lower or title case.
    pub fn isupper(self) -> bool {
        let mut cased = false;
        for ch in self.iter() {
            let flags = record(ch).flags;
            if flags & (tables::LOWER | tables::TITLE) != 0 {
                return false;
            }
            cased |= flags & tables::UPPER != 0;
        }
        cased
    }

    /// Upper and title case characters follow uncased ones only, lower case ones cased ones only.
    pub fn istitle(self) -> bool {
        let (mut cased, mut previous) = (false, false);
        for ch in self.iter() {
            let flags = record(ch).flags;
            if flags & (tables::UPPER | tables::TITLE) != 0 {
                if previous {
                    return false;
                }
                (cased, previous) = (true, true);
            } else if flags & tables::LOWER != 0 {
                if !previous {
                    return false;
                }
                cased = true;
            } else {
                previous = false;
            }
        }
        cased
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::OwnedUnits;

    fn text(s: &str) -> OwnedUnits {
        s.into()
    }

    #[test]
    fn characters_of_unicode_16() {
        assert_eq!(category(0x10d50), "Lu");
        assert_eq!(category(0x1171e), "Mc");
        assert_eq!(category(0x378), "Cn");
        assert_eq!(decimal_value(0x0663), Some(3));
        assert_eq!((decimal_value(0xb2), digit_value(0xb2)), (None, Some(2)));
        assert!(is_numeric(0xbd) && !is_digit(0xbd));
        assert!(is_space(0x2003) && is_space(0x1c) && !is_space(0x200b));
    }

    #[test]
    fn predicates() {
        assert!(text("Ǆ").units().isupper());
        assert!(text("ǅa Ab").units().istitle());
        assert!(!text("aB").units().istitle());
        assert!(text("ªº").units().islower());
        assert!(text("été_1").units().isidentifier());
        assert!(!text("1a").units().isidentifier());
        assert!(Units::EMPTY.isprintable() && !Units::EMPTY.isalpha());
        assert!(!text("\u{ad}").units().isprintable());
    }

    /// Counts over all code points, as CPython 3.14 gives them for `sum(chr(c).isalpha() for c in range(0x110000))`.
    #[test]
    fn totals() {
        let count = |f: fn(u32) -> bool| (0..CODE_POINT_END).filter(|&c| f(c)).count();
        let counts: [(fn(u32) -> bool, usize); 12] = [
            (is_alpha, 141_028),
            (is_decimal, 760),
            (is_digit, 888),
            (is_numeric, 2002),
            (is_lower, 2569),
            (is_upper, 1978),
            (is_title, 31),
            (is_space, 29),
            (is_printable, 154_810),
            (is_case_ignorable, 2749),
            // With the underscore.
            (is_identifier_start, 141_247),
            (is_identifier_continue, 144_522),
        ];
        for (i, (test, total)) in counts.into_iter().enumerate() {
            assert_eq!(count(test), total, "predicate {i}");
        }
    }
}
