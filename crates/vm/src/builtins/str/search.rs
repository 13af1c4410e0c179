//! Finding, counting, splitting, stripping and replacing in `str`.

use std::ops::Range;

use object_model::text::classify::is_space;
use object_model::text::search::{self, Ends};
use object_model::text::units::Units;

use super::{StrClass, empty, exactly, of_units, text_result};
use crate::builtins::slice;
use crate::prelude::*;

/// The part of a text of `length` characters that `start` and `end` leave; None if `start` lies beyond the end.
pub(crate) fn span(
    th: &mut Thread,
    start: Option<&Value>,
    end: Option<&Value>,
    length: usize,
) -> PyResult<Option<Range<usize>>> {
    let start = match start {
        Some(start) if !start.is_none() => slice::clamped(th, start)?,
        _ => 0,
    };
    let end = match end {
        Some(end) if !end.is_none() => slice::clamped(th, end)?,
        _ => i64::MAX,
    };
    Ok(search::clip(length, start, end))
}

fn ranges(th: &mut Thread, this: &Obj<Str>, ranges: impl Iterator<Item = Range<usize>>) -> PyResult {
    let mut parts = Vec::new();
    for range in ranges {
        parts.push(part(th, this, range)?);
    }
    Ok(th.list(parts))
}

/// A part of a text; the text itself if that is all of it.
fn part(th: &mut Thread, this: &Obj<Str>, range: Range<usize>) -> PyResult {
    if range.len() == this.len() { exactly(th, this) } else { of_units(th, this.units().slice(range)) }
}

fn separator<'a>(th: &mut Thread, sep: Option<&'a Value>) -> PyResult<Option<&'a Obj<Str>>> {
    let Some(sep) = sep.filter(|s| !s.is_none()) else { return Ok(None) };
    match th.as_str(sep) {
        Some(text) if text.len() == 0 => Err(th.value_error("empty separator")),
        Some(text) => Ok(Some(text)),
        None => {
            let found = th.type_name(sep);
            Err(th.type_error(format_args!("must be str or None, not {found}")))
        }
    }
}

fn cut<'a>(th: &mut Thread, sep: &'a Value) -> PyResult<&'a Obj<Str>> {
    match th.as_str(sep) {
        Some(text) if text.len() == 0 => Err(th.value_error("empty separator")),
        Some(text) => Ok(text),
        None => {
            let found = th.type_name(sep);
            Err(th.type_error(format_args!("must be str, not {found}")))
        }
    }
}

fn strip(th: &mut Thread, this: &Obj<Str>, chars: Option<&Value>, ends: Ends, method: &str) -> PyResult {
    let units = this.units();
    let range = match chars.filter(|c| !c.is_none()) {
        None => search::strip_whitespace(units, ends),
        Some(chars) => match th.as_str(chars) {
            Some(chars) => search::strip_chars(units, ends, chars.units()),
            None => {
                let found = th.type_name(chars);
                return Err(th.type_error(format_args!("{method} arg must be None or str, not {found}")));
            }
        },
    };
    part(th, this, range)
}

/// `startswith` and `endswith`: `given` is a string or a tuple of strings.
fn has_affix(
    th: &mut Thread,
    this: &Obj<Str>,
    given: &Value,
    range: Option<Range<usize>>,
    method: &str,
    test: fn(Units<'_>, Units<'_>, Range<usize>) -> bool,
) -> PyResult<bool> {
    let one = |affix: &Obj<Str>| range.clone().is_some_and(|range| test(this.units(), affix.units(), range));
    if let Some(affix) = th.as_str(given) {
        return Ok(one(affix));
    }
    let Some(tuple) = crate::protocol::exact::any_tuple(given) else {
        let found = th.type_name(given);
        return Err(
            th.type_error(format_args!("{method} first arg must be str or a tuple of str, not {found}"))
        );
    };
    for affix in tuple.items() {
        match th.as_str(affix) {
            Some(affix) if one(affix) => return Ok(true),
            Some(_) => {}
            None => {
                let found = th.type_name(affix);
                let message = format!("tuple for {method} must only contain str, not {found}");
                return Err(th.type_error(message));
            }
        }
    }
    Ok(false)
}

fn found(position: Option<usize>) -> i64 {
    position.map_or(-1, |p| p as i64)
}

#[pymethods(for = Str, part = "search")]
impl StrClass {
    /// Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    /// Return -1 on failure.
    #[signature("(sub, start=None, end=None, /)")]
    fn find(
        this: &Obj<Str>,
        th: &mut Thread,
        sub: &Obj<Str>,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<i64> {
        let range = span(th, start, end, this.len())?;
        Ok(found(range.and_then(|range| search::find(this.units(), sub.units(), range))))
    }

    /// Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    /// Return -1 on failure.
    #[signature("(sub, start=None, end=None, /)")]
    fn rfind(
        this: &Obj<Str>,
        th: &mut Thread,
        sub: &Obj<Str>,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<i64> {
        let range = span(th, start, end, this.len())?;
        Ok(found(range.and_then(|range| search::rfind(this.units(), sub.units(), range))))
    }

    /// Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    /// Raises ValueError when the substring is not found.
    #[signature("(sub, start=None, end=None, /)")]
    fn index(
        this: &Obj<Str>,
        th: &mut Thread,
        sub: &Obj<Str>,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<usize> {
        let range = span(th, start, end, this.len())?;
        match range.and_then(|range| search::find(this.units(), sub.units(), range)) {
            Some(position) => Ok(position),
            None => Err(th.value_error("substring not found")),
        }
    }

    /// Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    /// Raises ValueError when the substring is not found.
    #[signature("(sub, start=None, end=None, /)")]
    fn rindex(
        this: &Obj<Str>,
        th: &mut Thread,
        sub: &Obj<Str>,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<usize> {
        let range = span(th, start, end, this.len())?;
        match range.and_then(|range| search::rfind(this.units(), sub.units(), range)) {
            Some(position) => Ok(position),
            None => Err(th.value_error("substring not found")),
        }
    }

    /// Return the number of non-overlapping occurrences of substring sub in string S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    #[signature("(sub, start=None, end=None, /)")]
    fn count(
        this: &Obj<Str>,
        th: &mut Thread,
        sub: &Obj<Str>,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<usize> {
        let range = span(th, start, end, this.len())?;
        Ok(range.map_or(0, |range| search::count(this.units(), sub.units(), range)))
    }

    /// Return True if the string starts with the specified prefix, False otherwise.
    ///
    ///   prefix
    ///     A string or a tuple of strings to try.
    ///   start
    ///     Optional start position. Default: start of the string.
    ///   end
    ///     Optional stop position. Default: end of the string.
    #[signature("(prefix, start=None, end=None, /)")]
    fn startswith(
        this: &Obj<Str>,
        th: &mut Thread,
        prefix: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<bool> {
        let range = span(th, start, end, this.len())?;
        has_affix(th, this, prefix, range, "startswith", search::starts_with)
    }

    /// Return True if the string ends with the specified suffix, False otherwise.
    ///
    ///   suffix
    ///     A string or a tuple of strings to try.
    ///   start
    ///     Optional start position. Default: start of the string.
    ///   end
    ///     Optional stop position. Default: end of the string.
    #[signature("(suffix, start=None, end=None, /)")]
    fn endswith(
        this: &Obj<Str>,
        th: &mut Thread,
        suffix: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<bool> {
        let range = span(th, start, end, this.len())?;
        has_affix(th, this, suffix, range, "endswith", search::ends_with)
    }

    /// Return a str with the given prefix string removed if present.
    ///
    /// If the string starts with the prefix string, return string[len(prefix):].
    /// Otherwise, return a copy of the original string.
    #[signature("(prefix, /)")]
    fn removeprefix(this: &Obj<Str>, th: &mut Thread, prefix: &Obj<Str>) -> PyResult {
        let length = this.len();
        let has = search::starts_with(this.units(), prefix.units(), 0..length);
        part(th, this, if has { prefix.len()..length } else { 0..length })
    }

    /// Return a str with the given suffix string removed if present.
    ///
    /// If the string ends with the suffix string and that suffix is not empty,
    /// return string[:-len(suffix)]. Otherwise, return a copy of the original
    /// string.
    #[signature("(suffix, /)")]
    fn removesuffix(this: &Obj<Str>, th: &mut Thread, suffix: &Obj<Str>) -> PyResult {
        let length = this.len();
        let has = search::ends_with(this.units(), suffix.units(), 0..length);
        part(th, this, if has { 0..length - suffix.len() } else { 0..length })
    }

    /// Return a list of the substrings in the string, using sep as the separator string.
    ///
    ///   sep
    ///     The separator used to split the string.
    ///
    ///     When set to None (the default value), will split on any whitespace
    ///     character (including \n \r \t \f and spaces) and will discard
    ///     empty strings from the result.
    ///   maxsplit
    ///     Maximum number of splits.
    ///     -1 (the default value) means no limit.
    ///
    /// Splitting starts at the front of the string and works to the end.
    ///
    /// Note, str.split() is mainly useful for data that has been intentionally
    /// delimited.  With natural text that includes punctuation, consider using
    /// the regular expression module.
    #[signature("(sep=None, maxsplit=-1)")]
    fn split(this: &Obj<Str>, th: &mut Thread, sep: Option<&Value>, maxsplit: Option<i64>) -> PyResult {
        let limit = search::split_limit(maxsplit.unwrap_or(-1));
        match separator(th, sep)? {
            Some(sep) => ranges(th, this, search::split(this.units(), sep.units(), limit)),
            None => ranges(th, this, search::split_whitespace(this.units(), limit, is_space)),
        }
    }

    /// Return a list of the substrings in the string, using sep as the separator string.
    ///
    ///   sep
    ///     The separator used to split the string.
    ///
    ///     When set to None (the default value), will split on any whitespace
    ///     character (including \n \r \t \f and spaces) and will discard
    ///     empty strings from the result.
    ///   maxsplit
    ///     Maximum number of splits.
    ///     -1 (the default value) means no limit.
    ///
    /// Splitting starts at the end of the string and works to the front.
    #[signature("(sep=None, maxsplit=-1)")]
    fn rsplit(this: &Obj<Str>, th: &mut Thread, sep: Option<&Value>, maxsplit: Option<i64>) -> PyResult {
        let limit = search::split_limit(maxsplit.unwrap_or(-1));
        let found = match separator(th, sep)? {
            Some(sep) => search::rsplit(this.units(), sep.units(), limit),
            None => search::rsplit_whitespace(this.units(), limit, is_space),
        };
        ranges(th, this, found.into_iter())
    }

    /// Return a list of the lines in the string, breaking at line boundaries.
    ///
    /// Line breaks are not included in the resulting list unless keepends is given and
    /// true.
    #[signature("(keepends=False)")]
    fn splitlines(this: &Obj<Str>, th: &mut Thread, keepends: Option<bool>) -> PyResult {
        ranges(th, this, search::splitlines(this.units(), keepends.unwrap_or(false)))
    }

    /// Partition the string into three parts using the given separator.
    ///
    /// This will search for the separator in the string.  If the separator is found,
    /// returns a 3-tuple containing the part before the separator, the separator
    /// itself, and the part after it.
    ///
    /// If the separator is not found, returns a 3-tuple containing the original string
    /// and two empty strings.
    #[signature("(sep, /)")]
    fn partition(this: &Obj<Str>, th: &mut Thread, sep: &Value) -> PyResult {
        let separator = cut(th, sep)?;
        let parts = match search::partition(this.units(), separator.units()) {
            Some(at) => {
                let before = part(th, this, 0..at.start)?;
                let after = part(th, this, at.end..this.len())?;
                vec![before, sep.clone(), after]
            }
            None => vec![exactly(th, this)?, empty(), empty()],
        };
        Ok(th.tuple(parts))
    }

    /// Partition the string into three parts using the given separator.
    ///
    /// This will search for the separator in the string, starting at the end. If
    /// the separator is found, returns a 3-tuple containing the part before the
    /// separator, the separator itself, and the part after it.
    ///
    /// If the separator is not found, returns a 3-tuple containing two empty strings
    /// and the original string.
    #[signature("(sep, /)")]
    fn rpartition(this: &Obj<Str>, th: &mut Thread, sep: &Value) -> PyResult {
        let separator = cut(th, sep)?;
        let parts = match search::rpartition(this.units(), separator.units()) {
            Some(at) => {
                let before = part(th, this, 0..at.start)?;
                let after = part(th, this, at.end..this.len())?;
                vec![before, sep.clone(), after]
            }
            None => vec![empty(), empty(), exactly(th, this)?],
        };
        Ok(th.tuple(parts))
    }

    /// Return a copy of the string with leading and trailing whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[signature("(chars=None, /)")]
    fn strip(this: &Obj<Str>, th: &mut Thread, chars: Option<&Value>) -> PyResult {
        strip(th, this, chars, Ends::Both, "strip")
    }

    /// Return a copy of the string with leading whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[signature("(chars=None, /)")]
    fn lstrip(this: &Obj<Str>, th: &mut Thread, chars: Option<&Value>) -> PyResult {
        strip(th, this, chars, Ends::Left, "lstrip")
    }

    /// Return a copy of the string with trailing whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[signature("(chars=None, /)")]
    fn rstrip(this: &Obj<Str>, th: &mut Thread, chars: Option<&Value>) -> PyResult {
        strip(th, this, chars, Ends::Right, "rstrip")
    }

    /// Return a copy with all occurrences of substring old replaced by new.
    ///
    ///   count
    ///     Maximum number of occurrences to replace.
    ///     -1 (the default value) means replace all occurrences.
    ///
    /// If the optional argument count is given, only the first count occurrences are
    /// replaced.
    #[signature("(old, new, /, count=-1)")]
    fn replace(
        this: &Obj<Str>,
        th: &mut Thread,
        old: &Obj<Str>,
        new: &Obj<Str>,
        count: Option<i64>,
    ) -> PyResult {
        let limit = search::split_limit(count.unwrap_or(-1));
        match search::replace(this.units(), old.units(), new.units(), limit) {
            Ok(None) => exactly(th, this),
            Ok(Some(made)) => text_result(th, Ok(made)),
            Err(fault) => text_result(th, Err(fault)),
        }
    }
}
