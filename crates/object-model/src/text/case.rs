//! Case and padding: `upper`, `lower`, `title`, `capitalize`, `swapcase`, `casefold`, `expandtabs`, `center`, `zfill`.
//!
//! Full case mappings (one character to as many as three) with the final-sigma rule, as CPython applies them.

use super::Fault;
use super::classify::{is_case_ignorable, is_cased, record};
use super::tables;
use super::units::{Builder, OwnedUnits, Units};

type Full = [(u32, [u32; 3])];

fn push_full(out: &mut Builder, table: &Full, ch: u32) {
    if let Ok(i) = table.binary_search_by_key(&ch, |e| e.0) {
        table[i].1.iter().take_while(|&&c| c != 0).for_each(|&c| out.push(c));
    }
}

fn push_upper(out: &mut Builder, ch: u32) {
    let r = record(ch);
    if r.flags & tables::FULL_UPPER != 0 {
        push_full(out, &tables::FULL_UPPER_MAP, ch);
    } else {
        out.push(ch.wrapping_add_signed(r.upper));
    }
}

fn push_title(out: &mut Builder, ch: u32) {
    let r = record(ch);
    if r.flags & tables::FULL_TITLE != 0 {
        push_full(out, &tables::FULL_TITLE_MAP, ch);
    } else {
        out.push(ch.wrapping_add_signed(r.title));
    }
}

fn push_fold(out: &mut Builder, ch: u32) {
    let r = record(ch);
    if r.flags & tables::FULL_FOLD != 0 {
        push_full(out, &tables::FULL_FOLD_MAP, ch);
    } else {
        out.push(ch.wrapping_add_signed(r.lower));
    }
}

/// Lower case of the character at `i`; a capital sigma looks at its neighbours.
fn push_lower(out: &mut Builder, text: Units<'_>, i: usize) {
    let ch = text.get(i);
    let r = record(ch);
    if ch == 0x3a3 {
        out.push(if is_final_sigma(text, i) { 0x3c2 } else { 0x3c3 });
    } else if r.flags & tables::FULL_LOWER != 0 {
        push_full(out, &tables::FULL_LOWER_MAP, ch);
    } else {
        out.push(ch.wrapping_add_signed(r.lower));
    }
}

/// Whether a sigma ends a word: a cased character before it and none after it, case-ignorable ones skipped.
fn is_final_sigma(text: Units<'_>, i: usize) -> bool {
    let before = text.slice(0..i).iter().rev().find(|&c| !is_case_ignorable(c));
    let after = || text.slice(i + 1..text.len()).iter().find(|&c| !is_case_ignorable(c));
    before.is_some_and(is_cased) && !after().is_some_and(is_cased)
}

fn ascii(text: Units<'_>, map: impl Fn(&mut [u8])) -> Option<OwnedUnits> {
    let Units::Ascii(s) = text else { return None };
    let mut out = s.to_vec();
    map(&mut out);
    Some(OwnedUnits::Ascii(out))
}

/// ASCII title case in place: `bytes.title` does the same.
pub(crate) fn title_ascii(s: &mut [u8]) {
    let mut previous = false;
    for b in s {
        if previous {
            b.make_ascii_lowercase();
        } else {
            b.make_ascii_uppercase();
        }
        previous = b.is_ascii_alphabetic();
    }
}

/// ASCII case swap in place.
pub(crate) fn swapcase_ascii(s: &mut [u8]) {
    for b in s {
        if b.is_ascii_alphabetic() {
            *b ^= 0x20;
        }
    }
}

/// First byte upper, the others lower, in place.
pub(crate) fn capitalize_ascii(s: &mut [u8]) {
    s.make_ascii_lowercase();
    if let Some(first) = s.first_mut() {
        first.make_ascii_uppercase();
    }
}

pub fn upper(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, |s| s.make_ascii_uppercase()) {
        return done;
    }
    let mut out = Builder::new();
    text.iter().for_each(|ch| push_upper(&mut out, ch));
    out.finish()
}

pub fn lower(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, |s| s.make_ascii_lowercase()) {
        return done;
    }
    let mut out = Builder::new();
    (0..text.len()).for_each(|i| push_lower(&mut out, text, i));
    out.finish()
}

pub fn casefold(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, |s| s.make_ascii_lowercase()) {
        return done;
    }
    let mut out = Builder::new();
    text.iter().for_each(|ch| push_fold(&mut out, ch));
    out.finish()
}

pub fn capitalize(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, capitalize_ascii) {
        return done;
    }
    let mut out = Builder::new();
    for i in 0..text.len() {
        if i == 0 {
            push_title(&mut out, text.get(0));
        } else {
            push_lower(&mut out, text, i);
        }
    }
    out.finish()
}

pub fn title(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, title_ascii) {
        return done;
    }
    let mut out = Builder::new();
    let mut previous = false;
    for i in 0..text.len() {
        let ch = text.get(i);
        if previous {
            push_lower(&mut out, text, i);
        } else {
            push_title(&mut out, ch);
        }
        previous = is_cased(ch);
    }
    out.finish()
}

pub fn swapcase(text: Units<'_>) -> OwnedUnits {
    if let Some(done) = ascii(text, swapcase_ascii) {
        return done;
    }
    let mut out = Builder::new();
    for i in 0..text.len() {
        let ch = text.get(i);
        let flags = record(ch).flags;
        if flags & tables::UPPER != 0 {
            push_lower(&mut out, text, i);
        } else if flags & tables::LOWER != 0 {
            push_upper(&mut out, ch);
        } else {
            out.push(ch);
        }
    }
    out.finish()
}

/// `str.expandtabs`: the column counts from the last `\n` or `\r`. A `tab_size` of 0 or less removes tabs.
pub fn expandtabs(text: Units<'_>, tab_size: i64) -> Result<OwnedUnits, Fault> {
    let tab_size = usize::try_from(tab_size).unwrap_or(0);
    let mut out = Builder::new();
    let mut column = 0usize;
    for ch in text.iter() {
        match ch {
            9 if tab_size == 0 => {}
            9 => {
                let spaces = tab_size - column % tab_size;
                let fits = out.len().checked_add(spaces).is_some_and(|n| n <= isize::MAX as usize);
                if !fits {
                    return Err(Fault::overflow("new string is too long"));
                }
                out.push_repeated(32, spaces)?;
                column += spaces;
            }
            _ => {
                out.push(ch);
                column = if ch == 10 || ch == 13 { 0 } else { column + 1 };
            }
        }
    }
    Ok(out.finish())
}

/// The text between `left` and `right` copies of `fill`.
pub fn pad(text: Units<'_>, left: usize, right: usize, fill: u32) -> Result<OwnedUnits, Fault> {
    let total = left.checked_add(right).and_then(|n| n.checked_add(text.len()));
    if total.is_none_or(|n| n > isize::MAX as usize) {
        return Err(Fault::overflow("padded string is too long"));
    }
    let mut out = Builder::with_capacity(total.unwrap_or(0), text.max().max(fill))?;
    out.push_repeated(fill, left)?;
    out.push_units(text);
    out.push_repeated(fill, right)?;
    Ok(out.finish())
}

/// How `center` shares out the padding: the odd one goes left if the width is odd.
pub(crate) fn center_split(len: usize, width: i64) -> (usize, usize) {
    let width = usize::try_from(width).unwrap_or(0);
    let margin = width.saturating_sub(len);
    let left = margin / 2 + (margin & width & 1);
    (left, margin - left)
}

pub fn center(text: Units<'_>, width: i64, fill: u32) -> Result<OwnedUnits, Fault> {
    let (left, right) = center_split(text.len(), width);
    pad(text, left, right, fill)
}

pub fn ljust(text: Units<'_>, width: i64, fill: u32) -> Result<OwnedUnits, Fault> {
    pad(text, 0, usize::try_from(width).unwrap_or(0).saturating_sub(text.len()), fill)
}

pub fn rjust(text: Units<'_>, width: i64, fill: u32) -> Result<OwnedUnits, Fault> {
    pad(text, usize::try_from(width).unwrap_or(0).saturating_sub(text.len()), 0, fill)
}

/// Zeros go between a leading sign and the rest.
pub fn zfill(text: Units<'_>, width: i64) -> Result<OwnedUnits, Fault> {
    let zeros = usize::try_from(width).unwrap_or(0).saturating_sub(text.len());
    let sign = usize::from(!text.is_empty() && matches!(text.get(0), 0x2b | 0x2d));
    let mut out = Builder::new();
    out.push_units(text.slice(0..sign));
    out.push_repeated(0x30, zeros)?;
    out.push_units(text.slice(sign..text.len()));
    Ok(out.finish())
}

#[cfg(test)]
mod table_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn on(f: fn(Units<'_>) -> OwnedUnits, s: &str) -> String {
        let text: OwnedUnits = s.into();
        f(text.units()).units().to_str().unwrap().into_owned()
    }

    #[test]
    fn full_mappings() {
        assert_eq!(on(upper, "straße ﬃ \u{390}"), "STRASSE FFI \u{399}\u{308}\u{301}");
        assert_eq!(on(lower, "ΑΣ ΑΣΑ Σ İ"), "ας ασα σ i̇");
        assert_eq!(on(lower, "Α'Σ'Α ΑΣ'"), "α'σ'α ας'");
        assert_eq!(on(title, "ǆ ﬁne they're ΌΣΟΣ"), "ǅ Fine They'Re Όσος");
        assert_eq!(on(capitalize, "ǆAB"), "ǅab");
        assert_eq!(on(casefold, "Straße ς ᏸ Ꭰ"), "strasse σ Ᏸ Ꭰ");
        assert_eq!(on(swapcase, "aBß ΑΣ"), "AbSS ας");
        assert_eq!(on(title, "they're BILL's"), "They'Re Bill'S");
        assert_eq!(on(upper, "\u{264}\u{19b}"), "\u{a7cb}\u{a7dc}");
    }

    #[test]
    fn padding() {
        let t = |s: &'static str| Units::Ascii(s.as_bytes());
        assert_eq!(center(t("ab"), 5, 42).unwrap(), "**ab*");
        assert_eq!(center(t("abc"), 6, 42).unwrap(), "*abc**");
        assert_eq!(zfill(t("-7"), 5).unwrap(), "-0007");
        assert_eq!(zfill(t(""), 2).unwrap(), "00");
        assert_eq!(rjust(t("a"), 3, 0x20ac).unwrap(), "€€a");
        assert_eq!(ljust(t("a"), -3, 32).unwrap(), "a");
        assert_eq!(ljust(t("a"), 10i64.pow(18), 32), Err(Fault::memory()));
        assert_eq!(expandtabs(t("a\tb\n\tc"), 4).unwrap(), "a   b\n    c");
        assert_eq!(expandtabs(t("a\tb"), 0).unwrap(), "ab");
        assert!(expandtabs(t("\t\t"), i64::MAX).is_err());
    }
}
