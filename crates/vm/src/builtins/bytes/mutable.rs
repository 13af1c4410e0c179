//! `bytearray`.
//!
//! The content may not change its size while views look at it: every method that could asks [`resizable`] first.

use std::sync::atomic::Ordering;

use object_model::ty::flag;

use super::iterator::ByteArrayIterator;
use super::{from_arguments, from_hex, item, shared};
use crate::builtins::memoryview::{self, Layout};
use crate::builtins::slice;
use crate::prelude::*;
use crate::protocol::buffer::{self, Exporter};

const RANGE: &str = "byte must be in range(0, 256)";

/// bytearray(iterable_of_ints) -> bytearray
/// bytearray(string, encoding[, errors]) -> bytearray
/// bytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer
/// bytearray(int) -> bytes array of size given by the parameter initialized with null bytes
/// bytearray() -> empty bytes array
///
/// Construct a mutable bytearray object from:
///   - an iterable yielding integers in range(256)
///   - a text string encoded using the specified encoding
///   - a bytes or a buffer object
///   - any object implementing the buffer API.
///   - an integer
#[pyclass(
    for = ByteArray,
    name = "bytearray",
    module = "builtins",
    subclassable,
    shape = BYTEARRAY,
    layout = &object_model::bytes_object::BYTEARRAY,
    flags = flag::BYTEARRAY_SUBCLASS | flag::MATCH_SELF,
    parts("shared", "plain")
)]
pub struct ByteArrayClass;

struct ByteArrayExporter;

impl Exporter for ByteArrayExporter {
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8])) {
        if let Some(array) = th.downcast::<ByteArray>(object) {
            body(&array.content.lock(th));
        }
    }

    fn write(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&mut [u8])) {
        if let Some(array) = th.downcast::<ByteArray>(object) {
            body(&mut array.content.lock(th));
        }
    }

    fn acquire(&self, object: &Value) {
        // SAFETY: only bytearrays are exported with this exporter.
        let array: &Obj<ByteArray> = unsafe { Obj::borrow_unchecked(object) };
        // Relaxed: a number on its own; who resizes looks at it under the content's lock.
        array.exports.fetch_add(1, Ordering::Relaxed);
    }

    fn release(&self, object: &Value) {
        // SAFETY: only bytearrays are exported with this exporter.
        let array: &Obj<ByteArray> = unsafe { Obj::borrow_unchecked(object) };
        array.exports.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
    }
}

/// A view of a bytearray.
pub(crate) fn view(th: &mut Thread, this: &Obj<ByteArray>) -> Value {
    let length = this.content.lock(th).len();
    memoryview::export(th, this.as_value(), &ByteArrayExporter, Layout::bytes(length, false))
}

/// Raises BufferError if views look at the content.
fn resizable(th: &mut Thread, this: &Obj<ByteArray>) -> PyResult<()> {
    // Relaxed: a view made by another thread at this moment sees the size that is set.
    if this.exports.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    Err(th.buffer_error("Existing exports of data: object cannot be re-sized"))
}

fn length(th: &Thread, this: &Obj<ByteArray>) -> usize {
    this.content.lock(th).len()
}

/// Makes room for `more` bytes.
fn reserve(th: &mut Thread, this: &Obj<ByteArray>, more: usize) -> PyResult<()> {
    let enough = this.content.lock(th).try_reserve(more).is_ok();
    if enough { Ok(()) } else { Err(th.memory_error()) }
}

/// The bytes that are put in place of a slice.
fn replacement(th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
    if buffer::is_buffer(th, value) {
        return th.buffer_to_vec(value);
    }
    if th.as_str(value).is_some() {
        return Err(th.type_error("string argument without an encoding"));
    }
    if crate::builtins::int::as_int(value).is_some() {
        return Err(th.type_error("can assign only bytes, buffers, or iterables of ints in range(0, 256)"));
    }
    super::from_source(th, "bytearray", value)
}

/// Puts `with` in place of the items that `key` names; nothing deletes them.
fn assign_slice(
    th: &mut Thread,
    this: &Obj<ByteArray>,
    key: &slice::Slice,
    with: Option<&Value>,
) -> PyResult<()> {
    let with = match with {
        Some(value) => Some(replacement(th, value)?),
        None => None,
    };
    let raw = slice::unpack(th, key)?;
    let indices = slice::fit(raw, length(th, this));
    let new: &[u8] = with.as_deref().unwrap_or(&[]);
    if indices.step == 1 {
        if new.len() != indices.count {
            resizable(th, this)?;
            reserve(th, this, new.len())?;
        }
        let mut content = this.content.lock(th);
        let start = (indices.start as usize).min(content.len());
        let end = (start + indices.count).min(content.len());
        content.splice(start..end, new.iter().copied());
        return Ok(());
    }
    if with.is_some() && !new.is_empty() {
        if new.len() != indices.count {
            let (given, wanted) = (new.len(), indices.count);
            return Err(th.value_error(format_args!(
                "attempt to assign bytes of size {given} to extended slice of size {wanted}"
            )));
        }
        let mut content = this.content.lock(th);
        for (i, byte) in indices.iter().zip(new) {
            if let Some(slot) = content.get_mut(i) {
                *slot = *byte;
            }
        }
        return Ok(());
    }
    if indices.count == 0 {
        return Ok(());
    }
    resizable(th, this)?;
    let (first, step) = indices.rising();
    let last = first + (indices.count - 1) * step;
    let mut at = 0;
    this.content.lock(th).retain(|_| {
        let gone = at >= first && at <= last && (at - first).is_multiple_of(step);
        at += 1;
        !gone
    });
    Ok(())
}

/// Where an index key points.
fn position(th: &mut Thread, this: &Obj<ByteArray>, key: &Value) -> PyResult<usize> {
    let length = length(th, this);
    match th.sequence_index(key, length)? {
        Some(index) if index < length => Ok(index),
        Some(_) => Err(th.index_error("bytearray index out of range")),
        None => {
            let found = th.type_name(key);
            Err(th.type_error(format_args!("bytearray indices must be integers or slices, not {found}")))
        }
    }
}

fn extend(th: &mut Thread, this: &Obj<ByteArray>, more: &[u8]) -> PyResult<()> {
    if more.is_empty() {
        return Ok(());
    }
    resizable(th, this)?;
    reserve(th, this, more.len())?;
    this.content.lock(th).extend_from_slice(more);
    Ok(())
}

shared::methods!(ByteArrayClass ByteArray);
shared::plain_methods!(ByteArrayClass ByteArray);

#[pymethods(for = ByteArray)]
impl ByteArrayClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        Ok(Obj::new(th, class.payload.instance_shape(), ByteArray::new(Vec::new())).into_value())
    }

    #[signature("(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)")]
    fn __init__(
        this: &Obj<ByteArray>,
        th: &mut Thread,
        source: Option<&Value>,
        encoding: Option<&Obj<Str>>,
        errors: Option<&Obj<Str>>,
    ) -> PyResult<()> {
        if length(th, this) != 0 {
            resizable(th, this)?;
        }
        let content = from_arguments(th, "bytearray", source, encoding, errors)?;
        resizable(th, this)?;
        *this.content.lock(th) = content;
        Ok(())
    }

    fn __repr__(this: &Obj<ByteArray>, th: &mut Thread) -> Value {
        let name = th.short_type_name(this.as_value());
        let mut shown = object_model::text::repr::repr_bytes(&this.content.lock(th));
        // Other than in `bytes`, apostrophes are escaped between double quotes too.
        if shown.starts_with("b\"") {
            shown = shown.replace('\'', "\\'");
        }
        th.str(&format!("{name}({shown})"))
    }

    fn __str__(this: &Obj<ByteArray>, th: &mut Thread) -> PyResult {
        shared::warn_of_text::<ByteArray>(th)?;
        Ok(ByteArrayClass::__repr__(this, th))
    }

    fn __len__(this: &Obj<ByteArray>, th: &mut Thread) -> usize {
        length(th, this)
    }

    fn __iter__(this: &Obj<ByteArray>, th: &mut Thread) -> Value {
        ByteArrayIterator::make(th, this)
    }

    fn __getitem__(this: &Obj<ByteArray>, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(slice) = slice::exact(key) {
            let raw = slice::unpack(th, slice)?;
            let picked = {
                let content = this.content.lock(th);
                super::pick(&content, slice::fit(raw, content.len()))
            };
            return <ByteArray as super::Bytelike>::make(th, picked);
        }
        let at = position(th, this, key)?;
        let byte = this.content.lock(th).get(at).copied();
        match byte {
            Some(byte) => Ok(th.int(byte.into())),
            None => Err(th.index_error("bytearray index out of range")),
        }
    }

    fn __setitem__(this: &Obj<ByteArray>, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key) {
            return assign_slice(th, this, slice, Some(value));
        }
        let at = position(th, this, key)?;
        let byte = item(th, value, RANGE)?;
        if let Some(slot) = this.content.lock(th).get_mut(at) {
            *slot = byte;
            return Ok(());
        }
        Err(th.index_error("bytearray index out of range"))
    }

    fn __delitem__(this: &Obj<ByteArray>, th: &mut Thread, key: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key) {
            return assign_slice(th, this, slice, None);
        }
        let at = position(th, this, key)?;
        resizable(th, this)?;
        let mut content = this.content.lock(th);
        if at < content.len() {
            content.remove(at);
        }
        Ok(())
    }

    fn __iadd__(this: &Obj<ByteArray>, th: &mut Thread, value: &Value) -> PyResult {
        if !buffer::is_buffer(th, value) {
            let (found, name) = (th.type_name(value), th.type_name(this.as_value()));
            return Err(th.type_error(format_args!("can't concat {found} to {name}")));
        }
        let more = th.buffer_to_vec(value)?;
        extend(th, this, &more)?;
        Ok(this.as_value().clone())
    }

    fn __imul__(this: &Obj<ByteArray>, th: &mut Thread, value: &Value) -> PyResult {
        let count = match crate::protocol::sequence::repetitions(th, value) {
            Ok(count) => count,
            Err(answer) => return answer,
        };
        if count != 1 {
            resizable(th, this)?;
            let content = this.content.lock(th).clone();
            let content = shared::repeated(th, &content, count)?;
            *this.content.lock(th) = content;
        }
        Ok(this.as_value().clone())
    }

    /// Append a single item to the end of the bytearray.
    ///
    ///   item
    ///     The item to be appended.
    #[signature("(item, /)")]
    fn append(this: &Obj<ByteArray>, th: &mut Thread, item: &Value) -> PyResult<()> {
        let byte = super::item(th, item, RANGE)?;
        resizable(th, this)?;
        reserve(th, this, 1)?;
        this.content.lock(th).push(byte);
        Ok(())
    }

    /// Append all the items from the iterator or sequence to the end of the bytearray.
    ///
    ///   iterable_of_ints
    ///     The iterable of items to append.
    #[signature("(iterable_of_ints, /)")]
    fn extend(this: &Obj<ByteArray>, th: &mut Thread, iterable_of_ints: &Value) -> PyResult<()> {
        if th.as_str(iterable_of_ints).is_some() {
            return Err(th.type_error("expected iterable of integers; got: 'str'"));
        }
        let more = if buffer::is_buffer(th, iterable_of_ints) {
            th.buffer_to_vec(iterable_of_ints)?
        } else {
            if !th.has_special(iterable_of_ints, crate::names::Special::Iter)
                && !th.has_special(iterable_of_ints, crate::names::Special::GetItem)
            {
                let found = th.type_name(iterable_of_ints);
                return Err(th.type_error(format_args!("can't extend bytearray with {found}")));
            }
            super::from_source(th, "bytearray", iterable_of_ints)?
        };
        extend(th, this, &more)
    }

    /// Insert a single item into the bytearray before the given index.
    ///
    ///   index
    ///     The index where the value is to be inserted.
    ///   item
    ///     The item to be inserted.
    #[signature("(index, item, /)")]
    fn insert(this: &Obj<ByteArray>, th: &mut Thread, index: i64, item: &Value) -> PyResult<()> {
        let byte = super::item(th, item, RANGE)?;
        resizable(th, this)?;
        reserve(th, this, 1)?;
        let mut content = this.content.lock(th);
        let length = content.len() as i64;
        let at = if index < 0 { index.saturating_add(length).max(0) } else { index.min(length) };
        content.insert(at as usize, byte);
        Ok(())
    }

    /// Remove and return a single item from B.
    ///
    ///   index
    ///     The index from where to remove the item.
    ///     -1 (the default value) means remove the last item.
    ///
    /// If no index argument is given, will pop the last item.
    #[signature("(index=-1, /)")]
    fn pop(this: &Obj<ByteArray>, th: &mut Thread, index: Option<i64>) -> PyResult<u8> {
        let index = index.unwrap_or(-1);
        let length = length(th, this);
        if length == 0 {
            return Err(th.index_error("pop from empty bytearray"));
        }
        let at = if index < 0 { index.saturating_add(length as i64) } else { index };
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < length) else {
            return Err(th.index_error("pop index out of range"));
        };
        resizable(th, this)?;
        let removed = {
            let mut content = this.content.lock(th);
            (at < content.len()).then(|| content.remove(at))
        };
        match removed {
            Some(byte) => Ok(byte),
            None => Err(th.index_error("pop index out of range")),
        }
    }

    /// Remove the first occurrence of a value in the bytearray.
    ///
    ///   value
    ///     The value to remove.
    #[signature("(value, /)")]
    fn remove(this: &Obj<ByteArray>, th: &mut Thread, value: &Value) -> PyResult<()> {
        let byte = super::item(th, value, RANGE)?;
        let at = this.content.lock(th).iter().position(|b| *b == byte);
        let Some(at) = at else { return Err(th.value_error("value not found in bytearray")) };
        resizable(th, this)?;
        let mut content = this.content.lock(th);
        if at < content.len() {
            content.remove(at);
        }
        Ok(())
    }

    /// Reverse the order of the values in B in place.
    fn reverse(this: &Obj<ByteArray>, th: &mut Thread) {
        this.content.lock(th).reverse();
    }

    /// Remove all items from the bytearray.
    fn clear(this: &Obj<ByteArray>, th: &mut Thread) -> PyResult<()> {
        if length(th, this) != 0 {
            resizable(th, this)?;
        }
        *this.content.lock(th) = Vec::new();
        Ok(())
    }

    /// Return a copy of B.
    fn copy(this: &Obj<ByteArray>, th: &mut Thread) -> PyResult {
        <ByteArray as super::Bytelike>::itself(th, this)
    }

    /// Resize the internal buffer of bytearray to len.
    ///
    ///   size
    ///     New size to resize to.
    #[signature("(size, /)")]
    fn resize(this: &Obj<ByteArray>, th: &mut Thread, size: i64) -> PyResult<()> {
        let Ok(size) = usize::try_from(size) else {
            return Err(th.value_error(format_args!("bytearray.resize(): new size must be >= 0, got {size}")));
        };
        let now = length(th, this);
        if now == size {
            return Ok(());
        }
        resizable(th, this)?;
        reserve(th, this, size.saturating_sub(now))?;
        this.content.lock(th).resize(size, 0);
        Ok(())
    }

    /// Return the number of bytes actually allocated.
    fn __alloc__(this: &Obj<ByteArray>, th: &mut Thread) -> usize {
        let content = this.content.lock(th);
        if content.is_empty() { 0 } else { content.capacity() + 1 }
    }

    /// Returns the size of the bytearray object in memory, in bytes.
    fn __sizeof__(this: &Obj<ByteArray>, th: &mut Thread) -> usize {
        size_of::<object_model::Object<ByteArray>>() + this.content.lock(th).capacity()
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<ByteArray>, th: &mut Thread) -> PyResult {
        ByteArrayClass::__reduce_ex__(this, th, Some(2))
    }

    /// Return state information for pickling.
    #[signature("(proto=0, /)")]
    fn __reduce_ex__(this: &Obj<ByteArray>, th: &mut Thread, proto: Option<i64>) -> PyResult {
        let class = th.type_of(this.as_value()).value();
        let content = this.content.lock(th).clone();
        let args = if content.is_empty() {
            Vec::new()
        } else if proto.unwrap_or(0) < 3 {
            let text = super::super::str::of_units(th, object_model::text::Units::Latin1(&content))?;
            vec![text, th.str("latin-1")]
        } else {
            vec![th.bytes(&content)?]
        };
        let state = th.call_method_name(this.as_value(), &crate::names::names().getstate, &[])?;
        let args = th.tuple(args);
        Ok(th.tuple(vec![class, args, state]))
    }

    /// Return a buffer object that exposes the underlying memory of the object.
    #[signature("(flags, /)")]
    fn __buffer__(this: &Obj<ByteArray>, th: &mut Thread, flags: i64) -> Value {
        let _ = flags;
        view(th, this)
    }

    /// Release the buffer object that exposes the underlying memory of the object.
    #[signature("(buffer, /)")]
    fn __release_buffer__(this: &Obj<ByteArray>, th: &mut Thread, buffer: &Value) -> PyResult<()> {
        let _ = this;
        memoryview::release_value(th, buffer)
    }

    /// Create a bytearray object from a string of hexadecimal numbers.
    ///
    /// Spaces between two numbers are accepted.
    /// Example: bytearray.fromhex('B9 01EF') -> bytearray(b'\\xb9\\x01\\xef')
    #[classmethod]
    #[signature("(string, /)")]
    fn fromhex(th: &mut Thread, class: Class, string: &Value) -> PyResult {
        let content = from_hex(th, string)?;
        if std::ptr::eq(class, ByteArray::class(th)) {
            return <ByteArray as super::Bytelike>::make(th, content);
        }
        let made = th.bytes(&content)?;
        th.call(&class.value(), &[made])
    }
}
