//! The methods that `bytes` and `bytearray` share.
//!
//! Each method is a generic function here; the macro [`methods`] makes Python methods of both classes from them.

use std::ops::Range;

use object_model::bytes::{is_line_break, is_space, units};
use object_model::text::search::{self, Ends};

use super::{Bytelike, made, needle};
use crate::builtins::str::span;
use crate::builtins::warn;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::buffer;

/// The position of `sub`, from the left or from the right.
pub(super) fn find<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    sub: &Value,
    bounds: (Option<&Value>, Option<&Value>),
    from_right: bool,
) -> PyResult<Option<usize>> {
    let sub = T::pinned(this, || needle(th, sub))?;
    let length = T::content(th, this).len();
    let range = span(th, bounds.0, bounds.1, length)?;
    let content = T::content(th, this);
    let Some(range) = range.filter(|range| range.end <= content.len()) else { return Ok(None) };
    let find = if from_right { search::rfind } else { search::find };
    Ok(find(units(&content), units(&sub), range))
}

pub(super) fn index<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    sub: &Value,
    bounds: (Option<&Value>, Option<&Value>),
    from_right: bool,
) -> PyResult<usize> {
    match find(th, this, sub, bounds, from_right)? {
        Some(position) => Ok(position),
        None => Err(th.value_error("subsection not found")),
    }
}

pub(super) fn count<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    sub: &Value,
    bounds: (Option<&Value>, Option<&Value>),
) -> PyResult<usize> {
    let sub = T::pinned(this, || needle(th, sub))?;
    let length = T::content(th, this).len();
    let range = span(th, bounds.0, bounds.1, length)?;
    let content = T::content(th, this);
    let range = range.filter(|range| range.end <= content.len());
    Ok(range.map_or(0, |range| search::count(units(&content), units(&sub), range)))
}

pub(super) fn contains<T: Bytelike>(th: &mut Thread, this: &Obj<T>, key: &Value) -> PyResult<bool> {
    let sub = T::pinned(this, || {
        if crate::class::special::get(th, crate::class::type_of(key), Special::Index).is_some() {
            Ok(vec![super::item(th, key, "byte must be in range(0, 256)")?])
        } else {
            th.buffer_to_vec(key)
        }
    })?;
    Ok(search::contains(units(&T::content(th, this)), units(&sub)))
}

pub(super) fn has_affix<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    affix: &Value,
    bounds: (Option<&Value>, Option<&Value>),
    at_end: bool,
) -> PyResult<bool> {
    let method = if at_end { "endswith" } else { "startswith" };
    let length = T::content(th, this).len();
    let range = span(th, bounds.0, bounds.1, length)?;
    let affixes: Vec<Value> = match crate::protocol::exact::any_tuple(affix) {
        Some(tuple) => tuple.items().to_vec(),
        None if !buffer::is_buffer(th, affix) => {
            let found = th.type_name(affix);
            return Err(th.type_error(format_args!(
                "{method} first arg must be bytes or a tuple of bytes, not {found}"
            )));
        }
        None => vec![affix.clone()],
    };
    for affix in &affixes {
        let affix = th.buffer_to_vec(affix)?;
        let content = T::content(th, this);
        let Some(range) = range.clone().filter(|range| range.end <= content.len()) else { continue };
        let test = if at_end { search::ends_with } else { search::starts_with };
        if test(units(&content), units(&affix), range) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A part of the content.
fn part<T: Bytelike>(th: &mut Thread, this: &Obj<T>, range: Range<usize>) -> PyResult {
    let content = T::content(th, this);
    if range.len() == content.len() {
        drop(content);
        return T::itself(th, this);
    }
    let part = content.get(range).unwrap_or(&[]).to_vec();
    drop(content);
    T::make(th, part)
}

pub(super) fn without_affix<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    affix: &Value,
    at_end: bool,
) -> PyResult {
    let affix = th.buffer_to_vec(affix)?;
    let content = T::content(th, this);
    let length = content.len();
    let range = match at_end {
        true if content.ends_with(&affix) => 0..length - affix.len(),
        false if content.starts_with(&affix) => affix.len()..length,
        _ => 0..length,
    };
    drop(content);
    part(th, this, range)
}

fn list_of<T: Bytelike>(th: &mut Thread, content: &[u8], ranges: Vec<Range<usize>>) -> PyResult {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        parts.push(T::make(th, content[range].to_vec())?);
    }
    Ok(th.list(parts))
}

pub(super) fn split<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    sep: Option<&Value>,
    maxsplit: Option<i64>,
    from_right: bool,
) -> PyResult {
    let limit = super::limit(maxsplit);
    let sep = match sep.filter(|s| !s.is_none()) {
        Some(sep) => {
            let sep = T::pinned(this, || th.buffer_to_vec(sep))?;
            if sep.is_empty() {
                return Err(th.value_error("empty separator"));
            }
            Some(sep)
        }
        None => None,
    };
    let content = T::content(th, this).into_owned();
    let text = units(&content);
    let ranges = match (&sep, from_right) {
        (Some(sep), false) => search::split(text, units(sep), limit).collect(),
        (Some(sep), true) => search::rsplit(text, units(sep), limit),
        (None, false) => search::split_whitespace(text, limit, is_space).collect(),
        (None, true) => search::rsplit_whitespace(text, limit, is_space),
    };
    list_of::<T>(th, &content, ranges)
}

pub(super) fn splitlines<T: Bytelike>(th: &mut Thread, this: &Obj<T>, keep: bool) -> PyResult {
    let content = T::content(th, this).into_owned();
    let ranges = search::splitlines_by(units(&content), keep, is_line_break).collect();
    list_of::<T>(th, &content, ranges)
}

pub(super) fn partition<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    sep: &Value,
    from_right: bool,
) -> PyResult {
    let separator = th.buffer_to_vec(sep)?;
    if separator.is_empty() {
        return Err(th.value_error("empty separator"));
    }
    let content = T::content(th, this).into_owned();
    let cut = if from_right { search::rpartition } else { search::partition };
    let found = cut(units(&content), units(&separator));
    let parts = match found {
        Some(at) => [content[..at.start].to_vec(), separator, content[at.end..].to_vec()],
        None if from_right => [Vec::new(), Vec::new(), content],
        None => [content, Vec::new(), Vec::new()],
    };
    let mut items = Vec::with_capacity(3);
    for part in parts {
        items.push(T::make(th, part)?);
    }
    Ok(th.tuple(items))
}

pub(super) fn strip<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    chars: Option<&Value>,
    ends: Ends,
) -> PyResult {
    let chars = match chars.filter(|c| !c.is_none()) {
        Some(chars) => Some(th.buffer_to_vec(chars)?),
        None => None,
    };
    let content = T::content(th, this);
    let range = match &chars {
        Some(chars) => search::strip_chars(units(&content), ends, units(chars)),
        None => search::strip_by(units(&content), ends, is_space),
    };
    drop(content);
    part(th, this, range)
}

pub(super) fn replace<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    old: &Value,
    new: &Value,
    count: Option<i64>,
) -> PyResult {
    let (old, new) = (th.buffer_to_vec(old)?, th.buffer_to_vec(new)?);
    let replaced = object_model::bytes::replace(&T::content(th, this), &old, &new, super::limit(count));
    match th.check(replaced)? {
        Some(content) => T::make(th, content),
        None => T::itself(th, this),
    }
}

pub(super) fn join<T: Bytelike>(th: &mut Thread, this: &Obj<T>, iterable: &Value) -> PyResult {
    let items = match th.collect(iterable) {
        Ok(items) => items,
        Err(raised) => {
            if th.exception_is(Exc::TypeError) && !th.has_special(iterable, crate::names::Special::Iter) {
                th.clear_exception();
                return Err(th.type_error("can only join an iterable"));
            }
            return Err(raised);
        }
    };
    let separator = T::content(th, this).into_owned();
    if let [only] = items.as_slice()
        && let Some(bytes) = th.exact::<Bytes>(only)
        && T::NAME == "bytes"
    {
        return Ok(bytes.as_value().clone());
    }
    let mut out: Vec<u8> = Vec::new();
    // What cannot fit fails before anything is copied.
    let mut total = Some(separator.len().saturating_mul(items.len().saturating_sub(1)));
    for (i, item) in items.iter().enumerate() {
        if !buffer::is_buffer(th, item) {
            let found = th.type_name(item);
            return Err(
                th.type_error(format_args!("sequence item {i}: expected a bytes-like object, {found} found"))
            );
        }
        let length = th.with_buffer(item, |bytes| bytes.len())?;
        total = total.and_then(|total| total.checked_add(length));
    }
    if total.is_none_or(|total| out.try_reserve_exact(total).is_err()) {
        return Err(th.memory_error());
    }
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            if out.try_reserve(separator.len()).is_err() {
                return Err(th.memory_error());
            }
            out.extend_from_slice(&separator);
        }
        let enough = th.with_buffer(item, |bytes| {
            let enough = out.try_reserve(bytes.len()).is_ok();
            if enough {
                out.extend_from_slice(bytes);
            }
            enough
        })?;
        if th.exact::<List>(iterable).is_some_and(|list| list.len() != items.len()) {
            return Err(th.runtime_error("sequence changed size during iteration"));
        }
        if !enough {
            return Err(th.memory_error());
        }
    }
    T::make(th, out)
}

/// `table` of `translate` as 256 bytes.
pub(super) fn translate<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    table: &Value,
    delete: Option<&Value>,
) -> PyResult {
    let table: Option<[u8; 256]> = if table.is_none() {
        None
    } else {
        match th.buffer_to_vec(table)?.try_into() {
            Ok(table) => Some(table),
            Err(_) => return Err(th.value_error("translation table must be 256 characters long")),
        }
    };
    let delete = match delete {
        Some(delete) => th.buffer_to_vec(delete)?,
        None => Vec::new(),
    };
    let out = object_model::bytes::translate(&T::content(th, this), table.as_ref(), &delete);
    T::make(th, out)
}

/// `bytes.maketrans`
pub(super) fn maketrans(th: &mut Thread, from: &Value, to: &Value) -> PyResult {
    let (from, to) = (th.buffer_to_vec(from)?, th.buffer_to_vec(to)?);
    let table = object_model::bytes::maketrans(&from, &to);
    let table = th.check(table)?;
    th.bytes(&table)
}

/// The fill byte of `center` and its like.
pub(super) fn fill(th: &mut Thread, given: Option<&Value>, method: &str) -> PyResult<u8> {
    let Some(given) = given else { return Ok(b' ') };
    let bytes = th.downcast::<Bytes>(given).is_some() || th.downcast::<ByteArray>(given).is_some();
    if !bytes {
        let found = th.type_name(given);
        return Err(th.type_error(format_args!(
            "{method}() argument 2 must be a byte string of length 1, not {found}"
        )));
    }
    match th.buffer_to_vec(given)?.as_slice() {
        [byte] => Ok(*byte),
        more => {
            let (found, length) = (th.type_name(given), more.len());
            Err(th.type_error(format_args!(
                "{method}(): argument 2 must be a byte string of length 1, not a {found} object of length {length}"
            )))
        }
    }
}

type Pad = fn(&[u8], i64, u8) -> Result<Vec<u8>, object_model::text::Fault>;

pub(super) fn pad<T: Bytelike>(
    th: &mut Thread,
    this: &Obj<T>,
    width: i64,
    given: Option<&Value>,
    method: &str,
    pad: Pad,
) -> PyResult {
    let fill = fill(th, given, method)?;
    let content = T::content(th, this);
    if width <= content.len() as i64 {
        drop(content);
        return T::itself(th, this);
    }
    let padded = pad(&content, width, fill);
    drop(content);
    made::<T>(th, padded)
}

/// `this + other`
pub(super) fn concat<T: Bytelike>(th: &mut Thread, this: &Obj<T>, other: &Value) -> PyResult {
    if !buffer::is_buffer(th, other) {
        let heap = th.type_of(other).payload.has(object_model::ty::flag::HEAP);
        if heap && th.has_special(other, crate::names::Special::RAdd) {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let (found, name) = (th.type_name(other), th.type_name(this.as_value()));
        return Err(th.type_error(format_args!("can't concat {found} to {name}")));
    }
    let mut out = Vec::new();
    let content = T::content(th, this);
    let enough = out.try_reserve(content.len()).is_ok();
    out.extend_from_slice(if enough { &content } else { &[] });
    drop(content);
    let more = th.with_buffer(other, |bytes| {
        let enough = out.try_reserve(bytes.len()).is_ok();
        out.extend_from_slice(if enough { bytes } else { &[] });
        enough
    })?;
    if !enough || !more {
        return Err(th.memory_error());
    }
    T::make(th, out)
}

/// `this * count`
pub(super) fn repeated(th: &mut Thread, content: &[u8], count: usize) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    match content.len().checked_mul(count) {
        Some(size) if size <= isize::MAX as usize => {
            if out.try_reserve_exact(size).is_err() {
                return Err(th.memory_error());
            }
        }
        _ => return Err(th.overflow_error("repeated bytes are too long")),
    }
    match content {
        [] => {}
        [byte] => out.resize(count, *byte),
        _ => (0..count).for_each(|_| out.extend_from_slice(content)),
    }
    Ok(out)
}

pub(super) fn repeat<T: Bytelike>(th: &mut Thread, this: &Obj<T>, count: &Value) -> PyResult {
    let count = match crate::protocol::sequence::repetitions(th, count) {
        Ok(count) => count,
        Err(answer) => return answer,
    };
    if count == 1 {
        return T::itself(th, this);
    }
    let content = T::content(th, this).into_owned();
    let out = repeated(th, &content, count)?;
    T::make(th, out)
}

/// True if bytes that are taken for text are to be told of (`-b`).
fn warns() -> bool {
    crate::import::state().is_some_and(|state| state.config.bytes_warning > 0)
}

fn is_int(th: &mut Thread, value: &Value) -> bool {
    value.as_small_int().is_some() || value.as_bool().is_some() || th.downcast::<Int>(value).is_some()
}

#[cold]
fn warn_of_comparison(th: &mut Thread, name: &str, other: &Value) -> PyResult<()> {
    if !warns() {
        return Ok(());
    }
    let other = if th.as_str(other).is_some() {
        "string"
    } else if name == "bytes" && is_int(th, other) {
        "int"
    } else {
        return Ok(());
    };
    warn::warn(th, Exc::BytesWarning, &format!("Comparison between {name} and {other}"), 1)
}

/// Warns, if that was asked for, as bytes are about to be shown as text.
pub(super) fn warn_of_text<T: Bytelike>(th: &mut Thread) -> PyResult<()> {
    if !warns() {
        return Ok(());
    }
    warn::warn(th, Exc::BytesWarning, &format!("str() on a {} instance", T::NAME), 1)
}

/// A comparison with another bytes-like object.
pub(super) fn compare<T: Bytelike>(th: &mut Thread, this: &Obj<T>, other: &Value, op: CompareOp) -> PyResult {
    if !buffer::is_buffer(th, other) {
        if matches!(op, CompareOp::Eq | CompareOp::Ne) {
            warn_of_comparison(th, T::NAME, other)?;
        }
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let content = T::content(th, this).into_owned();
    let order = th.with_buffer(other, |bytes| content.as_slice().cmp(bytes))?;
    Ok(Value::bool(match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }))
}

macro_rules! methods {
    ($class:ident $payload:ident) => {
        #[pymethods(for = $payload, part = "shared")]
        impl $class {
            fn __eq__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Eq)
            }

            fn __ne__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Ne)
            }

            fn __lt__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Lt)
            }

            fn __le__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Le)
            }

            fn __gt__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Gt)
            }

            fn __ge__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                $crate::builtins::bytes::shared::compare(th, this, other, CompareOp::Ge)
            }

            fn __contains__(this: &Obj<$payload>, th: &mut Thread, key: &Value) -> PyResult<bool> {
                $crate::builtins::bytes::shared::contains(th, this, key)
            }

            fn __add__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                $crate::builtins::bytes::shared::concat(th, this, value)
            }

            fn __mul__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                $crate::builtins::bytes::shared::repeat(th, this, value)
            }

            fn __rmul__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                $crate::builtins::bytes::shared::repeat(th, this, value)
            }

            fn __mod__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                let format = <$payload as $crate::builtins::bytes::Bytelike>::content(th, this).into_owned();
                let out = <$payload as $crate::builtins::bytes::Bytelike>::pinned(this, || {
                    $crate::builtins::bytes::percent::percent(th, &format, value)
                })?;
                <$payload as $crate::builtins::bytes::Bytelike>::make(th, out)
            }

            fn __rmod__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                match th.downcast::<$payload>(value) {
                    Some(format) => Self::__mod__(format, th, this.as_value()),
                    None => Ok(Value::NOT_IMPLEMENTED),
                }
            }

            /// Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].
            ///
            ///   sub
            ///     A bytes-like object or an integer.
            ///   start
            ///     Optional start position. Default: start of the bytes.
            ///   end
            ///     Optional stop position. Default: end of the bytes.
            ///
            /// Return -1 on failure.
            #[signature("(sub, start=None, end=None, /)")]
            fn find(
                this: &Obj<$payload>,
                th: &mut Thread,
                sub: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<i64> {
                let found = $crate::builtins::bytes::shared::find(th, this, sub, (start, end), false)?;
                Ok(found.map_or(-1, |at| at as i64))
            }

            /// Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].
            ///
            /// Return -1 on failure.
            #[signature("(sub, start=None, end=None, /)")]
            fn rfind(
                this: &Obj<$payload>,
                th: &mut Thread,
                sub: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<i64> {
                let found = $crate::builtins::bytes::shared::find(th, this, sub, (start, end), true)?;
                Ok(found.map_or(-1, |at| at as i64))
            }

            /// Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].
            ///
            /// Raise ValueError if the subsection is not found.
            #[signature("(sub, start=None, end=None, /)")]
            fn index(
                this: &Obj<$payload>,
                th: &mut Thread,
                sub: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<usize> {
                $crate::builtins::bytes::shared::index(th, this, sub, (start, end), false)
            }

            /// Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].
            ///
            /// Raise ValueError if the subsection is not found.
            #[signature("(sub, start=None, end=None, /)")]
            fn rindex(
                this: &Obj<$payload>,
                th: &mut Thread,
                sub: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<usize> {
                $crate::builtins::bytes::shared::index(th, this, sub, (start, end), true)
            }

            /// Return the number of non-overlapping occurrences of subsection 'sub' in bytes B[start:end].
            #[signature("(sub, start=None, end=None, /)")]
            fn count(
                this: &Obj<$payload>,
                th: &mut Thread,
                sub: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<usize> {
                $crate::builtins::bytes::shared::count(th, this, sub, (start, end))
            }

            /// Return True if the bytes starts with the specified prefix, False otherwise.
            #[signature("(prefix, start=None, end=None, /)")]
            fn startswith(
                this: &Obj<$payload>,
                th: &mut Thread,
                prefix: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<bool> {
                $crate::builtins::bytes::shared::has_affix(th, this, prefix, (start, end), false)
            }

            /// Return True if the bytes ends with the specified suffix, False otherwise.
            #[signature("(suffix, start=None, end=None, /)")]
            fn endswith(
                this: &Obj<$payload>,
                th: &mut Thread,
                suffix: &Value,
                start: Option<&Value>,
                end: Option<&Value>,
            ) -> PyResult<bool> {
                $crate::builtins::bytes::shared::has_affix(th, this, suffix, (start, end), true)
            }

            /// Return a bytes object with the given prefix string removed if present.
            #[signature("(prefix, /)")]
            fn removeprefix(this: &Obj<$payload>, th: &mut Thread, prefix: &Value) -> PyResult {
                $crate::builtins::bytes::shared::without_affix(th, this, prefix, false)
            }

            /// Return a bytes object with the given suffix string removed if present.
            #[signature("(suffix, /)")]
            fn removesuffix(this: &Obj<$payload>, th: &mut Thread, suffix: &Value) -> PyResult {
                $crate::builtins::bytes::shared::without_affix(th, this, suffix, true)
            }

            /// Return a list of the sections in the bytes, using sep as the delimiter.
            ///
            ///   sep
            ///     The delimiter according which to split the bytes.
            ///     None (the default value) means split on ASCII whitespace characters
            ///     (space, tab, return, newline, formfeed, vertical tab).
            ///   maxsplit
            ///     Maximum number of splits to do.
            ///     -1 (the default value) means no limit.
            #[signature("(sep=None, maxsplit=-1)")]
            fn split(
                this: &Obj<$payload>,
                th: &mut Thread,
                sep: Option<&Value>,
                maxsplit: Option<i64>,
            ) -> PyResult {
                $crate::builtins::bytes::shared::split(th, this, sep, maxsplit, false)
            }

            /// Return a list of the sections in the bytes, using sep as the delimiter.
            ///
            /// Splitting is done starting at the end of the bytes and working to the front.
            #[signature("(sep=None, maxsplit=-1)")]
            fn rsplit(
                this: &Obj<$payload>,
                th: &mut Thread,
                sep: Option<&Value>,
                maxsplit: Option<i64>,
            ) -> PyResult {
                $crate::builtins::bytes::shared::split(th, this, sep, maxsplit, true)
            }

            /// Return a list of the lines in the bytes, breaking at line boundaries.
            ///
            /// Line breaks are not included in the resulting list unless keepends is given and
            /// true.
            #[signature("(keepends=False)")]
            fn splitlines(this: &Obj<$payload>, th: &mut Thread, keepends: Option<bool>) -> PyResult {
                $crate::builtins::bytes::shared::splitlines(th, this, keepends.unwrap_or(false))
            }

            /// Partition the bytes into three parts using the given separator.
            #[signature("(sep, /)")]
            fn partition(this: &Obj<$payload>, th: &mut Thread, sep: &Value) -> PyResult {
                $crate::builtins::bytes::shared::partition(th, this, sep, false)
            }

            /// Partition the bytes into three parts using the given separator, starting at the end.
            #[signature("(sep, /)")]
            fn rpartition(this: &Obj<$payload>, th: &mut Thread, sep: &Value) -> PyResult {
                $crate::builtins::bytes::shared::partition(th, this, sep, true)
            }

            /// Strip leading and trailing bytes contained in the argument.
            ///
            /// If the argument is omitted or None, strip leading and trailing ASCII whitespace.
            #[signature("(bytes=None, /)")]
            fn strip(this: &Obj<$payload>, th: &mut Thread, bytes: Option<&Value>) -> PyResult {
                $crate::builtins::bytes::shared::strip(
                    th,
                    this,
                    bytes,
                    object_model::text::search::Ends::Both,
                )
            }

            /// Strip leading bytes contained in the argument.
            ///
            /// If the argument is omitted or None, strip leading  ASCII whitespace.
            #[signature("(bytes=None, /)")]
            fn lstrip(this: &Obj<$payload>, th: &mut Thread, bytes: Option<&Value>) -> PyResult {
                $crate::builtins::bytes::shared::strip(
                    th,
                    this,
                    bytes,
                    object_model::text::search::Ends::Left,
                )
            }

            /// Strip trailing bytes contained in the argument.
            ///
            /// If the argument is omitted or None, strip trailing ASCII whitespace.
            #[signature("(bytes=None, /)")]
            fn rstrip(this: &Obj<$payload>, th: &mut Thread, bytes: Option<&Value>) -> PyResult {
                $crate::builtins::bytes::shared::strip(
                    th,
                    this,
                    bytes,
                    object_model::text::search::Ends::Right,
                )
            }

            /// Return a copy with all occurrences of substring old replaced by new.
            ///
            ///   count
            ///     Maximum number of occurrences to replace.
            ///     -1 (the default value) means replace all occurrences.
            #[signature("(old, new, count=-1, /)")]
            fn replace(
                this: &Obj<$payload>,
                th: &mut Thread,
                old: &Value,
                new: &Value,
                count: Option<i64>,
            ) -> PyResult {
                $crate::builtins::bytes::shared::replace(th, this, old, new, count)
            }

            /// Concatenate any number of bytes objects.
            ///
            /// The bytes whose method is called is inserted in between each pair.
            #[signature("(iterable_of_bytes, /)")]
            fn join(this: &Obj<$payload>, th: &mut Thread, iterable_of_bytes: &Value) -> PyResult {
                $crate::builtins::bytes::shared::join(th, this, iterable_of_bytes)
            }

            /// Return a copy with each character mapped by the given translation table.
            ///
            ///   table
            ///     Translation table, which must be a bytes object of length 256.
            ///
            /// All characters occurring in the optional argument delete are removed.
            /// The remaining characters are mapped through the given translation table.
            #[signature("(table, /, delete=b'')")]
            fn translate(
                this: &Obj<$payload>,
                th: &mut Thread,
                table: &Value,
                delete: Option<&Value>,
            ) -> PyResult {
                $crate::builtins::bytes::shared::translate(th, this, table, delete)
            }

            /// Return a translation table usable for the bytes or bytearray translate method.
            #[staticmethod]
            #[signature("(frm, to, /)")]
            fn maketrans(th: &mut Thread, frm: &Value, to: &Value) -> PyResult {
                $crate::builtins::bytes::shared::maketrans(th, frm, to)
            }

            /// Decode the bytes using the codec registered for encoding.
            ///
            ///   encoding
            ///     The encoding with which to decode the bytes.
            ///   errors
            ///     The error handling scheme to use for the handling of decoding errors.
            #[signature("(encoding='utf-8', errors='strict')")]
            fn decode(
                this: &Obj<$payload>,
                th: &mut Thread,
                encoding: Option<&Obj<Str>>,
                errors: Option<&Obj<Str>>,
            ) -> PyResult {
                $crate::builtins::codec_registry::decode(th, this.as_value(), encoding, errors)
            }

            /// Create a string of hexadecimal numbers from a bytes object.
            ///
            ///   sep
            ///     An optional single character or byte to separate hex bytes.
            ///   bytes_per_sep
            ///     How many bytes between separators.  Positive values count from the
            ///     right, negative values count from the left.
            ///
            /// Example:
            /// >>> value = b'\x01\xfe\xff'
            /// >>> value.hex()
            /// '01feff'
            /// >>> value.hex('-', 2)
            /// '01-feff'
            /// >>> value.hex('-', -2)
            /// '01fe-ff'
            #[signature("(sep=<unrepresentable>, bytes_per_sep=1)")]
            fn hex(
                this: &Obj<$payload>,
                th: &mut Thread,
                sep: Option<&Value>,
                bytes_per_sep: Option<i64>,
            ) -> PyResult {
                let content = <$payload as $crate::builtins::bytes::Bytelike>::content(th, this).into_owned();
                <$payload as $crate::builtins::bytes::Bytelike>::pinned(this, || {
                    $crate::builtins::bytes::hex(th, &content, sep, bytes_per_sep)
                })
            }

            /// Return a centered string of length width.
            ///
            /// Padding is done using the specified fill character.
            #[signature("(width, fillchar=b' ', /)")]
            fn center(
                this: &Obj<$payload>,
                th: &mut Thread,
                width: i64,
                fillchar: Option<&Value>,
            ) -> PyResult {
                let pad = object_model::bytes::center;
                $crate::builtins::bytes::shared::pad(th, this, width, fillchar, "center", pad)
            }

            /// Return a left-justified string of length width.
            ///
            /// Padding is done using the specified fill character.
            #[signature("(width, fillchar=b' ', /)")]
            fn ljust(
                this: &Obj<$payload>,
                th: &mut Thread,
                width: i64,
                fillchar: Option<&Value>,
            ) -> PyResult {
                let pad = object_model::bytes::ljust;
                $crate::builtins::bytes::shared::pad(th, this, width, fillchar, "ljust", pad)
            }

            /// Return a right-justified string of length width.
            ///
            /// Padding is done using the specified fill character.
            #[signature("(width, fillchar=b' ', /)")]
            fn rjust(
                this: &Obj<$payload>,
                th: &mut Thread,
                width: i64,
                fillchar: Option<&Value>,
            ) -> PyResult {
                let pad = object_model::bytes::rjust;
                $crate::builtins::bytes::shared::pad(th, this, width, fillchar, "rjust", pad)
            }

            /// Pad a numeric string with zeros on the left, to fill a field of the given width.
            ///
            /// The original string is never truncated.
            #[signature("(width, /)")]
            fn zfill(this: &Obj<$payload>, th: &mut Thread, width: i64) -> PyResult {
                let pad: fn(&[u8], i64, u8) -> _ = |bytes, width, _| object_model::bytes::zfill(bytes, width);
                $crate::builtins::bytes::shared::pad(th, this, width, None, "zfill", pad)
            }

            /// Return a copy where all tab characters are expanded using spaces.
            ///
            /// If tabsize is not given, a tab size of 8 characters is assumed.
            #[signature("(tabsize=8)")]
            fn expandtabs(this: &Obj<$payload>, th: &mut Thread, tabsize: Option<i32>) -> PyResult {
                let content = <$payload as $crate::builtins::bytes::Bytelike>::content(th, this);
                let out = object_model::bytes::expandtabs(&content, tabsize.unwrap_or(8).into());
                drop(content);
                $crate::builtins::bytes::made::<$payload>(th, out)
            }
        }
    };
}

macro_rules! plain_methods {
    ($class:ident $payload:ident $($name:ident $doc:literal)*; $($test:ident $test_doc:literal)*) => {
        #[pymethods(for = $payload, part = "plain")]
        impl $class {
            $(
                #[doc = $doc]
                fn $name(this: &Obj<$payload>, th: &mut Thread) -> PyResult {
                    let out = object_model::bytes::$name(
                        &<$payload as $crate::builtins::bytes::Bytelike>::content(th, this),
                    );
                    <$payload as $crate::builtins::bytes::Bytelike>::make(th, out)
                }
            )*
            $(
                #[doc = $test_doc]
                fn $test(this: &Obj<$payload>, th: &mut Thread) -> bool {
                    object_model::bytes::$test(&<$payload as $crate::builtins::bytes::Bytelike>::content(th, this))
                }
            )*

            /// Return True if B is empty or all characters in B are ASCII, False otherwise.
            fn isascii(this: &Obj<$payload>, th: &mut Thread) -> bool {
                <$payload as $crate::builtins::bytes::Bytelike>::content(th, this).is_ascii()
            }
        }
    };
    ($class:ident $payload:ident) => {
        $crate::builtins::bytes::shared::plain_methods! { $class $payload
            upper "Return a copy of B with all ASCII characters converted to uppercase."
            lower "Return a copy of B with all ASCII characters converted to lowercase."
            title "Return a titlecased version of B."
            capitalize "Return a copy of B with only its first character capitalized (ASCII) and the rest lower-cased."
            swapcase "Return a copy of B with uppercase ASCII characters converted to lowercase ASCII and vice versa.";
            isalnum "Return True if all characters in B are alphanumeric and there is at least one character in B."
            isalpha "Return True if all characters in B are alphabetic and there is at least one character in B."
            isdigit "Return True if all characters in B are digits and there is at least one character in B."
            isspace "Return True if all characters in B are whitespace and there is at least one character in B."
            islower "Return True if all cased characters in B are lowercase and there is at least one cased character in B."
            isupper "Return True if all cased characters in B are uppercase and there is at least one cased character in B."
            istitle "Return True if B is a titlecased string and there is at least one character in B."
        }
    };
}

pub(super) use methods;
pub(super) use plain_methods;
