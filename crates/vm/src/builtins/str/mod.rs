//! `str`: the class, its constructor and operators.
//!
//! The storage is `object_model::string`, the algorithms are `object_model::text`.
//!
//! | file | what |
//! |---|---|
//! | `make` | making strings |
//! | `search` | finding, splitting, stripping, replacing |
//! | `case` | letter case, padding, predicates |
//! | `translate` | `translate`, `maketrans` |
//! | `format` | `format`, `format_map`, `__format__` |
//! | `percent` | the `%` operator |
//! | `iterator` | iteration |

mod case;
pub mod format;
pub mod iterator;
mod make;
pub(crate) mod percent;
pub(crate) mod search;
mod translate;

use std::cmp::Ordering;

use object_model::text;
use object_model::text::units::Units;
use object_model::ty::flag;

pub use self::percent::percent as modulo;
pub use make::{
    character, concat, concat_strings, empty, join_all, join_with, latin1, of_class, of_owned, of_units,
};
pub(crate) use search::span;

use super::slice;
use crate::class::{exact_str, type_of};
use crate::prelude::*;
use crate::protocol::sequence;

/// str(object='') -> str
/// str(bytes_or_buffer[, encoding[, errors]]) -> str
///
/// Create a new string object from the given object. If encoding or
/// errors is specified, then the object must expose a data buffer
/// that will be decoded using the given encoding and error handler.
/// Otherwise, returns the result of object.__str__() (if defined)
/// or repr(object).
/// encoding defaults to 'utf-8'.
/// errors defaults to 'strict'.
#[pyclass(
    for = Str,
    name = "str",
    module = "builtins",
    subclassable,
    shape = STR,
    layout = &object_model::string::LAYOUT,
    flags = flag::STR_SUBCLASS | flag::MATCH_SELF,
    parts("search", "case", "translate", "format")
)]
pub struct StrClass;

/// The part of a text that a slice names.
pub(crate) fn subscript(th: &mut Thread, this: &Obj<Str>, indices: slice::SliceIndices) -> PyResult {
    let units = this.units();
    if indices.step == 1 {
        if indices.count == units.len() && exact_str(this.as_value()).is_some() {
            return Ok(this.as_value().clone());
        }
        let start = if indices.count == 0 { 0 } else { indices.start as usize };
        return of_units(th, units.slice(start..start + indices.count));
    }
    match units {
        Units::Ascii(bytes) => {
            let picked: Vec<u8> = indices.iter().map(|i| bytes[i]).collect();
            of_units(th, Units::Ascii(&picked))
        }
        Units::Latin1(bytes) => {
            let picked: Vec<u8> = indices.iter().map(|i| bytes[i]).collect();
            of_units(th, Units::Latin1(&picked))
        }
        Units::Ucs2(wide) => {
            let picked: Vec<u16> = indices.iter().map(|i| wide[i]).collect();
            of_units(th, Units::Ucs2(&picked))
        }
        Units::Ucs4(wide) => {
            let picked: Vec<u32> = indices.iter().map(|i| wide[i]).collect();
            of_units(th, Units::Ucs4(&picked))
        }
    }
}

fn order(th: &Thread, this: &Obj<Str>, other: &Value, test: fn(Ordering) -> bool) -> Value {
    match th.as_str(other) {
        Some(other) => Value::bool(test(this.units().cmp(&other.units()))),
        None => Value::NOT_IMPLEMENTED,
    }
}

/// `value` as a parameter called `name` of `str()`.
fn option<'a>(th: &mut Thread, value: Option<&'a Value>, name: &str) -> PyResult<Option<&'a Obj<Str>>> {
    let Some(value) = value else { return Ok(None) };
    match th.as_str(value) {
        Some(text) => Ok(Some(text)),
        None => {
            let found = if value.is_none() { "None".into() } else { th.type_name(value) };
            Err(th.type_error(format_args!("str() argument '{name}' must be str, not {found}")))
        }
    }
}

/// `str(object, encoding, errors)`
fn decoded(
    th: &mut Thread,
    object: &Value,
    encoding: Option<&Obj<Str>>,
    errors: Option<&Obj<Str>>,
) -> PyResult {
    if th.as_str(object).is_some() {
        return Err(th.type_error("decoding str is not supported"));
    }
    if !crate::protocol::buffer::is_buffer(th, object) {
        let found = th.type_name(object);
        return Err(th.type_error(format_args!("decoding to str: need a bytes-like object, {found} found")));
    }
    super::codec_registry::decode(th, object, encoding, errors)
}

/// The product of a text and a number.
pub(crate) fn repeat(th: &mut Thread, this: &Obj<Str>, count: usize) -> PyResult {
    if this.len() == 0 || count == 1 {
        if exact_str(this.as_value()).is_some() {
            return Ok(this.as_value().clone());
        }
        return of_units(th, this.units());
    }
    if count.checked_mul(this.len()).is_none_or(|n| n > isize::MAX as usize) {
        return Err(th.overflow_error("repeated string is too long"));
    }
    let out = text::search::repeat(this.units(), count as i64);
    let out = th.check(out)?;
    of_owned(th, &out)
}

#[pymethods(for = Str)]
impl StrClass {
    #[new(raw)]
    #[signature("(object=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)")]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let mut given: [Option<&Value>; 3] = [None; 3];
        if args.positional.len() > 3 {
            let count = args.positional.len();
            return Err(th.type_error(format_args!("str expected at most 3 arguments, got {count}")));
        }
        let count = args.positional.len() + args.keywords().count();
        if count > 3 {
            let message = format!("str() takes at most 3 arguments ({count} given)");
            return Err(th.type_error(message));
        }
        for (slot, value) in given.iter_mut().zip(args.positional) {
            *slot = Some(value);
        }
        for (name, value) in args.keywords() {
            let i = match name.as_ascii() {
                Some("object") => 0,
                Some("encoding") => 1,
                Some("errors") => 2,
                _ => {
                    let name = name.units().to_str_lossy();
                    let message = format!("str() got an unexpected keyword argument '{name}'");
                    return Err(th.type_error(message));
                }
            };
            if given[i].replace(value).is_some() {
                let name = ["object", "encoding", "errors"][i];
                let position = i + 1;
                return Err(th.type_error(format_args!(
                    "argument for str() given by name ('{name}') and position ({position})"
                )));
            }
        }
        let encoding = option(th, given[1], "encoding")?;
        let errors = option(th, given[2], "errors")?;
        let made = match given[0] {
            None => empty(),
            Some(object) if encoding.is_none() && errors.is_none() => th.str_of(object)?.into_value(),
            Some(object) => decoded(th, object, encoding, errors)?,
        };
        if std::ptr::eq(class, Str::class(th)) {
            return Ok(made);
        }
        match th.as_str(&made) {
            Some(text) => of_class(th, class, text.units()),
            None => Ok(made),
        }
    }

    fn __repr__(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        let shown = text::repr::repr(this.units());
        of_owned(th, &shown)
    }

    fn __str__(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        if exact_str(this.as_value()).is_some() {
            return Ok(this.as_value().clone());
        }
        of_units(th, this.units())
    }

    fn __hash__(this: &Obj<Str>) -> i64 {
        this.hash()
    }

    fn __eq__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        th.as_str(other).map_or(Value::NOT_IMPLEMENTED, |other| Value::bool(this.same(other)))
    }

    fn __ne__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        th.as_str(other).map_or(Value::NOT_IMPLEMENTED, |other| Value::bool(!this.same(other)))
    }

    fn __lt__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        order(th, this, other, Ordering::is_lt)
    }

    fn __le__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        order(th, this, other, Ordering::is_le)
    }

    fn __gt__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        order(th, this, other, Ordering::is_gt)
    }

    fn __ge__(this: &Obj<Str>, th: &mut Thread, other: &Value) -> Value {
        order(th, this, other, Ordering::is_ge)
    }

    fn __len__(this: &Obj<Str>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<Str>, th: &mut Thread) -> Value {
        iterator::make(th, this)
    }

    fn __contains__(this: &Obj<Str>, th: &mut Thread, key: &Value) -> PyResult<bool> {
        match th.as_str(key) {
            Some(key) => Ok(text::search::contains(this.units(), key.units())),
            None => {
                let found = th.type_name(key);
                Err(th.type_error(format_args!("'in <string>' requires string as left operand, not {found}")))
            }
        }
    }

    fn __getitem__(this: &Obj<Str>, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(slice) = slice::exact(key) {
            let indices = slice::adjust(th, slice, this.len())?;
            return subscript(th, this, indices);
        }
        match th.sequence_index(key, this.len())? {
            Some(index) if index < this.len() => character(th, this.units().get(index)),
            Some(_) => Err(th.index_error("string index out of range")),
            None => {
                let found = th.type_name(key);
                Err(th.type_error(format_args!("string indices must be integers, not '{found}'")))
            }
        }
    }

    fn __add__(this: &Obj<Str>, th: &mut Thread, value: &Value) -> PyResult {
        concat(th, this.as_value(), value)
    }

    fn __mul__(this: &Obj<Str>, th: &mut Thread, value: &Value) -> PyResult {
        match sequence::repetitions(th, value) {
            Ok(count) => repeat(th, this, count),
            Err(answer) => answer,
        }
    }

    fn __rmul__(this: &Obj<Str>, th: &mut Thread, value: &Value) -> PyResult {
        StrClass::__mul__(this, th, value)
    }

    fn __mod__(this: &Obj<Str>, th: &mut Thread, value: &Value) -> PyResult {
        modulo(th, this, value)
    }

    fn __rmod__(this: &Obj<Str>, th: &mut Thread, value: &Value) -> PyResult {
        match th.as_str(value) {
            Some(format) => modulo(th, format, this.as_value()),
            None => Ok(Value::NOT_IMPLEMENTED),
        }
    }

    fn __getnewargs__(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        let copy = of_units(th, this.units())?;
        Ok(th.tuple(vec![copy]))
    }

    /// Return the size of the string in memory, in bytes.
    fn __sizeof__(this: &Obj<Str>) -> usize {
        size_of::<object_model::Object<Str>>() + this.raw().len()
    }

    /// Encode the string using the codec registered for encoding.
    ///
    ///   encoding
    ///     The encoding in which to encode the string.
    ///   errors
    ///     The error handling scheme to use for encoding errors.
    ///     The default is 'strict' meaning that encoding errors raise a
    ///     UnicodeEncodeError.  Other possible values are 'ignore', 'replace' and
    ///     'xmlcharrefreplace' as well as any other name registered with
    ///     codecs.register_error that can handle UnicodeEncodeErrors.
    #[signature("(encoding='utf-8', errors='strict')")]
    fn encode(
        this: &Obj<Str>,
        th: &mut Thread,
        encoding: Option<&Obj<Str>>,
        errors: Option<&Obj<Str>>,
    ) -> PyResult {
        super::codec_registry::encode(th, this, encoding, errors)
    }

    /// Concatenate any number of strings.
    ///
    /// The string whose method is called is inserted in between each given string.
    /// The result is returned as a new string.
    ///
    /// Example: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'
    #[signature("(iterable, /)")]
    fn join(this: &Obj<Str>, th: &mut Thread, iterable: &Value) -> PyResult {
        let parts = match crate::protocol::exact::any_tuple(iterable) {
            Some(tuple) => return join_with(th, this.units(), tuple.items()),
            None => th.collect(iterable),
        };
        match parts {
            Ok(parts) => join_with(th, this.units(), &parts),
            Err(raised) => {
                if th.exception_is(Exc::TypeError) && !th.has_special(iterable, crate::names::Special::Iter) {
                    th.clear_exception();
                    return Err(th.type_error("can only join an iterable"));
                }
                Err(raised)
            }
        }
    }
}

/// A text that is exactly a `str` and equal to `this`: itself if it is one.
pub(crate) fn exactly(th: &mut Thread, this: &Obj<Str>) -> PyResult {
    if std::ptr::eq(type_of(this.as_value()), Str::class(th)) {
        return Ok(this.as_value().clone());
    }
    of_units(th, this.units())
}

/// A text that an algorithm made, or its fault raised.
fn text_result(th: &mut Thread, result: Result<text::OwnedUnits, text::Fault>) -> PyResult {
    let made = th.check(result)?;
    of_owned(th, &made)
}
