//! Search and split on texts: positions and ranges only, the caller cuts.
//!
//! One-byte kinds go to `memchr`; wider ones scan for the first unit and fall back to Knuth–Morris–Pratt as soon as
//! failed comparisons outgrow the progress made, so that no input is quadratic. `bytes` shares all of this through
//! `Units::Latin1`; where the two differ (white space, line ends) the caller passes a test.

use std::ops::Range;

use memchr::memmem;

use super::Fault;
use super::classify::{is_line_break, is_space};
use super::units::{Builder, OwnedUnits, Unit, Units, with_units};

/// A needle prepared for searches in texts of one kind.
pub struct Searcher<'n> {
    len: usize,
    plan: Plan<'n>,
}

enum Plan<'n> {
    /// Found everywhere.
    Empty,
    /// Holds a unit that the haystack's kind can't.
    Never,
    Byte(u8),
    Bytes(Box<memmem::Finder<'n>>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl<'n> Searcher<'n> {
    /// A searcher of `needle` for haystacks of the kind of `like`.
    pub fn new(needle: Units<'n>, like: Units<'_>) -> Searcher<'n> {
        fn narrow<T: Unit>(needle: Units<'_>) -> Option<Vec<T>> {
            needle.iter().map(T::narrow).collect()
        }
        let plan = match like {
            _ if needle.is_empty() => Plan::Empty,
            Units::Ascii(_) | Units::Latin1(_) => match needle {
                Units::Ascii(n) | Units::Latin1(n) if n.len() == 1 => Plan::Byte(n[0]),
                Units::Ascii(n) | Units::Latin1(n) => Plan::Bytes(Box::new(memmem::Finder::new(n))),
                _ => match narrow::<u8>(needle) {
                    Some(n) if n.len() == 1 => Plan::Byte(n[0]),
                    Some(n) => Plan::Bytes(Box::new(memmem::Finder::new(&n).into_owned())),
                    None => Plan::Never,
                },
            },
            Units::Ucs2(_) => narrow(needle).map_or(Plan::Never, Plan::Two),
            Units::Ucs4(_) => narrow(needle).map_or(Plan::Never, Plan::Four),
        };
        Searcher { len: needle.len(), plan }
    }

    /// The first match that starts at `from` or later.
    pub fn next(&self, hay: Units<'_>, from: usize) -> Option<usize> {
        if from > hay.len() {
            return None;
        }
        let found = match (&self.plan, hay) {
            (Plan::Empty, _) => Some(0),
            (Plan::Byte(n), Units::Ascii(h) | Units::Latin1(h)) => memchr::memchr(*n, &h[from..]),
            (Plan::Bytes(n), Units::Ascii(h) | Units::Latin1(h)) => n.find(&h[from..]),
            (Plan::Two(n), Units::Ucs2(h)) => find_wide(&h[from..], n),
            (Plan::Four(n), Units::Ucs4(h)) => find_wide(&h[from..], n),
            _ => None,
        };
        found.map(|at| from + at)
    }

    /// The last match that ends at `to` or earlier.
    pub fn next_back(&self, hay: Units<'_>, to: usize) -> Option<usize> {
        let to = to.min(hay.len());
        match (&self.plan, hay) {
            (Plan::Empty, _) => Some(to),
            (Plan::Byte(n), Units::Ascii(h) | Units::Latin1(h)) => memchr::memrchr(*n, &h[..to]),
            (Plan::Bytes(n), Units::Ascii(h) | Units::Latin1(h)) => memmem::rfind(&h[..to], n.needle()),
            (Plan::Two(n), Units::Ucs2(h)) => rfind_wide(&h[..to], n),
            (Plan::Four(n), Units::Ucs4(h)) => rfind_wide(&h[..to], n),
            _ => None,
        }
    }
}

/// The first position of `needle` in `hay`; both are read through accessors so that one code searches both ways.
fn search<T: Eq>(
    hay_len: usize,
    len: usize,
    hay: impl Fn(usize) -> T,
    needle: impl Fn(usize) -> T,
) -> Option<usize> {
    let last = hay_len.checked_sub(len)?;
    let first = needle(0);
    let mut wasted = 0usize;
    for start in 0..=last {
        if hay(start) != first {
            continue;
        }
        let same = (1..len).take_while(|&k| hay(start + k) == needle(k)).count();
        if same == len - 1 {
            return Some(start);
        }
        wasted += same;
        if wasted > 64 + 4 * start {
            return knuth_morris_pratt(start, hay_len, len, hay, needle);
        }
    }
    None
}

fn knuth_morris_pratt<T: Eq>(
    from: usize,
    hay_len: usize,
    len: usize,
    hay: impl Fn(usize) -> T,
    needle: impl Fn(usize) -> T,
) -> Option<usize> {
    let mut border = vec![0usize; len];
    let mut k = 0;
    for i in 1..len {
        while k > 0 && needle(i) != needle(k) {
            k = border[k - 1];
        }
        k += usize::from(needle(i) == needle(k));
        border[i] = k;
    }
    k = 0;
    for i in from..hay_len {
        while k > 0 && hay(i) != needle(k) {
            k = border[k - 1];
        }
        k += usize::from(hay(i) == needle(k));
        if k == len {
            return Some(i + 1 - len);
        }
    }
    None
}

fn find_wide<T: Unit>(hay: &[T], needle: &[T]) -> Option<usize> {
    if let [only] = needle {
        return hay.iter().position(|c| c == only);
    }
    search(hay.len(), needle.len(), |i| hay[i], |i| needle[i])
}

fn rfind_wide<T: Unit>(hay: &[T], needle: &[T]) -> Option<usize> {
    if let [only] = needle {
        return hay.iter().rposition(|c| c == only);
    }
    let (h, n) = (hay.len(), needle.len());
    search(h, n, |i| hay[h - 1 - i], |i| needle[n - 1 - i]).map(|at| h - at - n)
}

/// Clips `start` and `end` to a text as slices are; `None` if start lies beyond the end (then even an empty needle isn't found).
pub fn clip(len: usize, start: i64, end: i64) -> Option<Range<usize>> {
    let bound = |i: i64| {
        if i < 0 { usize::try_from(i.saturating_add_unsigned(len as u64)).unwrap_or(0) } else { i as usize }
    };
    let (start, end) = (bound(start), bound(end).min(len));
    (start <= end).then_some(start..end)
}

/// `str.find` within a clipped range; the position counts from the text's start.
pub fn find(hay: Units<'_>, needle: Units<'_>, range: Range<usize>) -> Option<usize> {
    let part = hay.slice(range.clone());
    if needle.len() > part.len() {
        return None;
    }
    let found = match (part, needle) {
        // One search of bytes needs no prepared needle.
        (Units::Ascii(h) | Units::Latin1(h), Units::Ascii(n) | Units::Latin1(n)) => match n {
            [byte] => memchr::memchr(*byte, h),
            _ => memmem::find(h, n),
        },
        _ => Searcher::new(needle, part).next(part, 0),
    };
    found.map(|at| range.start + at)
}

/// `str.rfind` within a clipped range.
pub fn rfind(hay: Units<'_>, needle: Units<'_>, range: Range<usize>) -> Option<usize> {
    let part = hay.slice(range.clone());
    if needle.len() > part.len() {
        return None;
    }
    let found = match (part, needle) {
        (Units::Ascii(h) | Units::Latin1(h), Units::Ascii(n) | Units::Latin1(n)) => match n {
            [byte] => memchr::memrchr(*byte, h),
            _ => memmem::rfind(h, n),
        },
        _ => Searcher::new(needle, part).next_back(part, part.len()),
    };
    found.map(|at| range.start + at)
}

/// Matches that don't overlap; an empty needle is found between all characters and at both ends.
pub fn count(hay: Units<'_>, needle: Units<'_>, range: Range<usize>) -> usize {
    let part = hay.slice(range);
    match (needle.len(), part) {
        (0, _) => part.len() + 1,
        (1, Units::Ascii(h) | Units::Latin1(h)) => match u8::try_from(needle.get(0)) {
            Ok(byte) => memchr::memchr_iter(byte, h).count(),
            Err(_) => 0,
        },
        _ => matches(part, needle).count(),
    }
}

/// The starts of the matches of a needle that is not empty, left to right, without overlap.
pub fn matches<'a>(hay: Units<'a>, needle: Units<'a>) -> impl Iterator<Item = usize> + 'a {
    let searcher = Searcher::new(needle, hay);
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = searcher.next(hay, from)?;
        from = at + searcher.len.max(1);
        Some(at)
    })
}

/// `needle in hay`.
pub fn contains(hay: Units<'_>, needle: Units<'_>) -> bool {
    find(hay, needle, 0..hay.len()).is_some()
}

pub fn starts_with(hay: Units<'_>, prefix: Units<'_>, range: Range<usize>) -> bool {
    range.len() >= prefix.len() && hay.slice(range.start..range.start + prefix.len()) == prefix
}

pub fn ends_with(hay: Units<'_>, suffix: Units<'_>, range: Range<usize>) -> bool {
    range.len() >= suffix.len() && hay.slice(range.end - suffix.len()..range.end) == suffix
}

/// The largest number of splits from Python's `maxsplit`; negative means no limit.
pub fn split_limit(maxsplit: i64) -> usize {
    usize::try_from(maxsplit).unwrap_or(usize::MAX)
}

/// `text.split(sep, limit)` as ranges; an empty `sep` is the caller's `ValueError("empty separator")`.
pub fn split<'a>(text: Units<'a>, sep: Units<'a>, limit: usize) -> impl Iterator<Item = Range<usize>> + 'a {
    debug_assert!(!sep.is_empty());
    let searcher = Searcher::new(sep, text);
    let (mut from, mut left, mut done) = (0, limit, false);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let at = if left > 0 { searcher.next(text, from) } else { None };
        let start = from;
        match at {
            Some(at) => {
                left -= 1;
                from = at + searcher.len;
                Some(start..at)
            }
            None => {
                done = true;
                Some(start..text.len())
            }
        }
    })
}

/// `text.rsplit(sep, limit)`, in text order.
pub fn rsplit(text: Units<'_>, sep: Units<'_>, limit: usize) -> Vec<Range<usize>> {
    debug_assert!(!sep.is_empty());
    let searcher = Searcher::new(sep, text);
    let (mut to, mut left, mut out) = (text.len(), limit, Vec::new());
    while left > 0
        && let Some(at) = searcher.next_back(text, to)
    {
        out.push(at + searcher.len..to);
        to = at;
        left -= 1;
    }
    out.push(0..to);
    out.reverse();
    out
}

/// `text.split(None, limit)`: runs of white space separate, those at the ends don't; what is left at the limit keeps its end.
pub fn split_whitespace<'a>(
    text: Units<'a>,
    limit: usize,
    space: impl Fn(u32) -> bool + 'a,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let (mut from, mut left) = (0, limit);
    std::iter::from_fn(move || {
        let len = text.len();
        let start = from + with_units!(text, s => s[from..].iter().position(|&c| !space(c.code())))?;
        if left == 0 {
            from = len;
            return Some(start..len);
        }
        left -= 1;
        let end = with_units!(text, s => s[start..].iter().position(|&c| space(c.code())))
            .map_or(len, |i| start + i);
        from = end;
        Some(start..end)
    })
}

/// `text.rsplit(None, limit)`, in text order.
pub fn rsplit_whitespace(text: Units<'_>, limit: usize, space: impl Fn(u32) -> bool) -> Vec<Range<usize>> {
    let (mut to, mut left, mut out) = (text.len(), limit, Vec::new());
    while let Some(end) = (0..to).rev().find(|&i| !space(text.get(i))).map(|i| i + 1) {
        if left == 0 {
            out.push(0..end);
            break;
        }
        left -= 1;
        let start = (0..end).rev().find(|&i| space(text.get(i))).map_or(0, |i| i + 1);
        out.push(start..end);
        to = start;
    }
    out.reverse();
    out
}

/// `str.splitlines`; `\r\n` is one end.
pub fn splitlines<'a>(text: Units<'a>, keep_ends: bool) -> impl Iterator<Item = Range<usize>> + 'a {
    splitlines_by(text, keep_ends, is_line_break)
}

/// [`splitlines`] with the line ends of the caller (`bytes` has `\n` and `\r` alone).
pub fn splitlines_by<'a>(
    text: Units<'a>,
    keep_ends: bool,
    line_break: impl Fn(u32) -> bool + 'a,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let len = text.len();
        if from >= len {
            return None;
        }
        let start = from;
        let end = with_units!(text, s => s[start..].iter().position(|&c| line_break(c.code())))
            .map_or(len, |i| start + i);
        from = end;
        if end < len {
            let pair = text.get(end) == 13 && end + 1 < len && text.get(end + 1) == 10;
            from = end + 1 + usize::from(pair);
        }
        Some(start..if keep_ends { from } else { end })
    })
}

/// Where `str.partition` cuts: the separator's range.
pub fn partition(text: Units<'_>, sep: Units<'_>) -> Option<Range<usize>> {
    find(text, sep, 0..text.len()).map(|at| at..at + sep.len())
}

/// Where `str.rpartition` cuts.
pub fn rpartition(text: Units<'_>, sep: Units<'_>) -> Option<Range<usize>> {
    rfind(text, sep, 0..text.len()).map(|at| at..at + sep.len())
}

/// Which ends `strip` works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Left,
    Right,
    Both,
}

/// What is left when characters that satisfy a test are taken off the ends.
pub fn strip_by(text: Units<'_>, ends: Ends, test: impl Fn(u32) -> bool) -> Range<usize> {
    let (mut start, mut end) = (0, text.len());
    if ends != Ends::Right {
        while start < end && test(text.get(start)) {
            start += 1;
        }
    }
    if ends != Ends::Left {
        while end > start && test(text.get(end - 1)) {
            end -= 1;
        }
    }
    start..end
}

/// `strip()` of white space.
pub fn strip_whitespace(text: Units<'_>, ends: Ends) -> Range<usize> {
    strip_by(text, ends, is_space)
}

/// `strip(chars)`.
pub fn strip_chars(text: Units<'_>, ends: Ends, chars: Units<'_>) -> Range<usize> {
    if let Units::Ascii(set) | Units::Latin1(set) = chars {
        let mut table = [false; 256];
        set.iter().for_each(|&b| table[b as usize] = true);
        return strip_by(text, ends, |ch| ch < 256 && table[ch as usize]);
    }
    strip_by(text, ends, |ch| chars.iter().any(|c| c == ch))
}

/// `text.replace(old, new, limit)`; `None` if nothing changes, so that the caller can return the text itself.
pub fn replace(
    text: Units<'_>,
    old: Units<'_>,
    new: Units<'_>,
    limit: usize,
) -> Result<Option<OwnedUnits>, Fault> {
    if limit == 0 || (old.len() > text.len()) || (old.is_empty() && new.is_empty()) || old == new {
        return Ok(None);
    }
    let found = count(text, old, 0..text.len()).min(limit);
    if found == 0 {
        return Ok(None);
    }
    let growth = new.len().checked_mul(found);
    let total = growth.and_then(|n| n.checked_add(text.len() - old.len() * found));
    let Some(total) = total.filter(|&n| n <= isize::MAX as usize) else {
        return Err(Fault::overflow("replace string is too long"));
    };
    let mut out = Builder::with_capacity(total, text.max().max(new.max()))?;
    if old.is_empty() {
        let within = found.min(text.len());
        for i in 0..within {
            out.push_units(new);
            out.push(text.get(i));
        }
        if found > text.len() {
            out.push_units(new);
        }
        out.push_units(text.slice(within..text.len()));
        return Ok(Some(out.finish()));
    }
    let mut from = 0;
    for at in matches(text, old).take(found) {
        out.push_units(text.slice(from..at));
        out.push_units(new);
        from = at + old.len();
    }
    out.push_units(text.slice(from..text.len()));
    Ok(Some(out.finish()))
}

/// A text `count` times over.
pub fn repeat(text: Units<'_>, count: i64) -> Result<OwnedUnits, Fault> {
    let count = usize::try_from(count).unwrap_or(0);
    if text.len() == 1 {
        let mut out = Builder::new();
        out.push_repeated(text.get(0), count)?;
        return Ok(out.finish());
    }
    let total = text.len().checked_mul(count).filter(|&n| n <= isize::MAX as usize);
    let mut out = Builder::with_capacity(total.ok_or_else(Fault::memory)?, text.max())?;
    if !text.is_empty() {
        (0..count).for_each(|_| out.push_units(text));
    }
    Ok(out.finish())
}

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
