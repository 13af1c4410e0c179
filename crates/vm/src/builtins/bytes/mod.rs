//! `bytes` and `bytearray`.
//!
//! The storage is `object_model::bytes_object`, the algorithms are `object_model::bytes` and `object_model::text::search`.
//!
//! | file | what |
//! |---|---|
//! | `immutable` | `bytes` |
//! | `mutable` | `bytearray` |
//! | `shared` | the methods that both have |
//! | `percent` | the `%` operator |
//! | `iterator` | iteration |

pub(crate) mod immutable;
mod iterator;
mod mutable;
mod percent;
mod shared;

use std::borrow::Cow;

use object_model::number::IntRef;
use object_model::text::{Fault, search};

pub use immutable::BytesClass;
pub use mutable::ByteArrayClass;

use super::int::as_int;
use super::slice::SliceIndices;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::buffer;

/// What `bytes` and `bytearray` differ in for the methods that they share.
pub(crate) trait Bytelike: crate::native::PyClass {
    /// The type's name.
    const NAME: &'static str;

    /// The content; of a bytearray, a copy.
    fn content<'a>(th: &Thread, this: &'a Obj<Self>) -> Cow<'a, [u8]>;

    /// A new object of exactly this type.
    fn make(th: &mut Thread, content: Vec<u8>) -> PyResult;

    /// The object itself, if it can serve as its copy.
    fn itself(th: &mut Thread, this: &Obj<Self>) -> PyResult;

    /// Does what may run Python code that must not change the size.
    fn pinned<R>(this: &Obj<Self>, work: impl FnOnce() -> R) -> R {
        let _ = this;
        work()
    }
}

impl Bytelike for Bytes {
    const NAME: &'static str = "bytes";

    fn content<'a>(_th: &Thread, this: &'a Obj<Self>) -> Cow<'a, [u8]> {
        Cow::Borrowed(this.as_slice())
    }

    fn make(th: &mut Thread, content: Vec<u8>) -> PyResult {
        th.bytes(&content)
    }

    fn itself(th: &mut Thread, this: &Obj<Self>) -> PyResult {
        if th.exact::<Bytes>(this.as_value()).is_some() {
            return Ok(this.as_value().clone());
        }
        th.bytes(this.as_slice())
    }
}

impl Bytelike for ByteArray {
    const NAME: &'static str = "bytearray";

    fn content<'a>(th: &Thread, this: &'a Obj<Self>) -> Cow<'a, [u8]> {
        Cow::Owned(this.content.lock(th).clone())
    }

    fn make(th: &mut Thread, content: Vec<u8>) -> PyResult {
        Ok(ByteArray::new_object(th, ByteArray::new(content)).into_value())
    }

    fn itself(th: &mut Thread, this: &Obj<Self>) -> PyResult {
        let content = this.content.lock(th).clone();
        Self::make(th, content)
    }

    fn pinned<R>(this: &Obj<Self>, work: impl FnOnce() -> R) -> R {
        use std::sync::atomic::Ordering;
        this.exports.fetch_add(1, Ordering::Relaxed); // Relaxed: a count on its own.
        let result = work();
        this.exports.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
        result
    }
}

/// An object of `T` from what an algorithm made, or its fault raised.
fn made<T: Bytelike>(th: &mut Thread, result: Result<Vec<u8>, Fault>) -> PyResult {
    let content = th.check(result)?;
    T::make(th, content)
}

/// A number as a byte; ValueError with `message` if it is none.
fn byte_of(th: &mut Thread, number: IntRef<'_>, message: &str) -> PyResult<u8> {
    match number.to_i64().and_then(|i| u8::try_from(i).ok()) {
        Some(byte) => Ok(byte),
        None => Err(th.value_error(message)),
    }
}

/// An item for a bytearray or bytes, by `__index__`.
fn item(th: &mut Thread, value: &Value, message: &str) -> PyResult<u8> {
    if let Some(i) = value.as_small_int()
        && let Ok(byte) = u8::try_from(i)
    {
        return Ok(byte);
    }
    let number = th.to_index(value)?;
    match as_int(&number) {
        Some(number) => byte_of(th, number, message),
        None => Err(th.value_error(message)),
    }
}

/// What is looked for: bytes, or one byte given as a number.
fn needle(th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
    if as_int(value).is_some() || (!buffer::is_buffer(th, value) && th.has_special(value, Special::Index)) {
        return item(th, value, "byte must be in range(0, 256)").map(|byte| vec![byte]);
    }
    if !buffer::is_buffer(th, value) {
        let found = th.type_name(value);
        return Err(
            th.type_error(format_args!("argument should be integer or bytes-like object, not '{found}'"))
        );
    }
    th.buffer_to_vec(value)
}

/// The items of `content` at `indices`.
fn pick(content: &[u8], indices: SliceIndices) -> Vec<u8> {
    if indices.step == 1 {
        let start = indices.start as usize;
        return content.get(start..start + indices.count).unwrap_or(&[]).to_vec();
    }
    indices.iter().filter_map(|i| content.get(i).copied()).collect()
}

/// The bytes that `bytes(source, encoding, errors)` has.
fn from_arguments(
    th: &mut Thread,
    kind: &str,
    source: Option<&Value>,
    encoding: Option<&Obj<Str>>,
    errors: Option<&Obj<Str>>,
) -> PyResult<Vec<u8>> {
    let Some(source) = source else {
        return match (encoding, errors) {
            (None, None) => Ok(Vec::new()),
            (Some(_), _) => Err(th.type_error("encoding without a string argument")),
            (None, Some(_)) => Err(th.type_error("errors without a string argument")),
        };
    };
    if let Some(text) = th.as_str(source) {
        if encoding.is_none() {
            return Err(th.type_error("string argument without an encoding"));
        }
        let encoded = super::codec_registry::encode(th, text, encoding, errors)?;
        return th.buffer_to_vec(&encoded);
    }
    if encoding.is_some() {
        return Err(th.type_error("encoding without a string argument"));
    }
    if errors.is_some() {
        return Err(th.type_error("errors without a string argument"));
    }
    from_source(th, kind, source)
}

fn from_source(th: &mut Thread, kind: &str, source: &Value) -> PyResult<Vec<u8>> {
    if let Some(bytes) = th.exact::<Bytes>(source) {
        return Ok(bytes.as_slice().to_vec());
    }
    if as_int(source).is_some() || (source.as_header().is_some() && th.has_special(source, Special::Index)) {
        let size = th.index(source);
        // What is no index after all may still be an iterable or a buffer.
        if let Some(size) = th.catch(size, Exc::TypeError)? {
            let Ok(size) = usize::try_from(size) else { return Err(th.value_error("negative count")) };
            let mut zeros = Vec::new();
            if zeros.try_reserve_exact(size).is_err() {
                return Err(th.memory_error());
            }
            zeros.resize(size, 0);
            return Ok(zeros);
        }
    }
    if buffer::is_buffer(th, source) {
        return th.buffer_to_vec(source);
    }
    let range =
        if kind == "bytes" { "bytes must be in range(0, 256)" } else { "byte must be in range(0, 256)" };
    if !th.has_special(source, Special::Iter) && !th.has_special(source, Special::GetItem) {
        let found = th.type_name(source);
        return Err(th.type_error(format_args!("cannot convert '{found}' object to {kind}")));
    }
    let mut out = Vec::new();
    let iterator = th.iter(source)?;
    let hint = th.length_hint(source, 64)?;
    if out.try_reserve(hint).is_err() {
        return Err(th.memory_error());
    }
    while let Some(next) = th.next(&iterator)? {
        if out.try_reserve(1).is_err() {
            return Err(th.memory_error());
        }
        out.push(item(th, &next, range)?);
    }
    Ok(out)
}

/// `bytes.fromhex`
fn from_hex(th: &mut Thread, text: &Value) -> PyResult<Vec<u8>> {
    let parsed = if let Some(text) = th.as_str(text) {
        object_model::bytes::from_hex(text.units())
    } else if buffer::is_buffer(th, text) {
        let content = th.buffer_to_vec(text)?;
        object_model::bytes::from_hex(object_model::bytes::units(&content))
    } else {
        let found = th.type_name(text);
        return Err(th.type_error(format_args!("fromhex() argument must be str or bytes-like, not {found}")));
    };
    th.check(parsed)
}

/// `hex(sep, bytes_per_sep)` of any content.
pub(crate) fn hex(
    th: &mut Thread,
    content: &[u8],
    separator: Option<&Value>,
    group: Option<i64>,
) -> PyResult {
    let separator = match separator {
        None => None,
        Some(given) => {
            // This may run Python code, but the content stays as it is.
            if th.length(given)? != 1 {
                return Err(th.value_error("sep must be length 1."));
            }
            let first = match (th.as_str(given), th.downcast::<Bytes>(given)) {
                (Some(text), _) => text.units().iter().next(),
                (None, Some(bytes)) => bytes.as_slice().first().map(|byte| u32::from(*byte)),
                (None, None) => return Err(th.type_error("sep must be str or bytes.")),
            };
            let first = first.and_then(|unit| u8::try_from(unit).ok()).filter(u8::is_ascii);
            match first {
                None => return Err(th.value_error("sep must be ASCII.")),
                separator => separator,
            }
        }
    };
    let shown = object_model::bytes::hex(content, separator, group.unwrap_or(1));
    let shown = th.check(shown)?;
    super::str::of_units(th, object_model::text::Units::Ascii(shown.as_bytes()))
}

/// The largest number of splits.
fn limit(maxsplit: Option<i64>) -> usize {
    search::split_limit(maxsplit.unwrap_or(-1))
}
