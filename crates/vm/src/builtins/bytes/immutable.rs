//! `bytes`.

use object_model::ty::flag;

use super::iterator::BytesIterator;
use super::{from_arguments, from_hex, shared};
use crate::builtins::memoryview::{self, Layout};
use crate::builtins::slice::{self, SliceIndices};
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::buffer::Exporter;

/// bytes(iterable_of_ints) -> bytes
/// bytes(string, encoding[, errors]) -> bytes
/// bytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer
/// bytes(int) -> bytes object of size given by the parameter initialized with null bytes
/// bytes() -> empty bytes object
///
/// Construct an immutable array of bytes from:
///   - an iterable yielding integers in range(256)
///   - a text string encoded using the specified encoding
///   - any object implementing the buffer API.
///   - an integer
#[pyclass(
    for = Bytes,
    name = "bytes",
    module = "builtins",
    subclassable,
    shape = BYTES,
    layout = &object_model::bytes_object::BYTES,
    flags = flag::BYTES_SUBCLASS | flag::MATCH_SELF,
    parts("shared", "plain")
)]
pub struct BytesClass;

struct BytesExporter;

impl Exporter for BytesExporter {
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8])) {
        body(th.downcast::<Bytes>(object).map_or(&[], |bytes| bytes.as_slice()));
    }

    fn write(&self, _th: &Thread, _object: &Value, _body: &mut dyn FnMut(&mut [u8])) {}

    fn acquire(&self, _object: &Value) {}

    fn release(&self, _object: &Value) {}
}

/// A view of a `bytes`.
pub(crate) fn view(th: &mut Thread, this: &Obj<Bytes>) -> Value {
    let layout = Layout::bytes(this.as_slice().len(), true);
    memoryview::export(th, this.as_value(), &BytesExporter, layout)
}

/// A `bytes` of class `class`.
fn of_class(th: &mut Thread, class: Class, content: &[u8]) -> PyResult {
    let made = Obj::bytes_of(th, class.payload.instance_shape(), content);
    Ok(th.check_memory(made)?.into_value())
}

shared::methods!(BytesClass Bytes);
shared::plain_methods!(BytesClass Bytes);

/// The bytes that a slice names.
pub(crate) fn subscript(th: &mut Thread, this: &Obj<Bytes>, indices: SliceIndices) -> PyResult {
    let content = this.as_slice();
    if indices.step != 1 {
        return th.bytes(&super::pick(content, indices));
    }
    if indices.count == content.len() {
        return <Bytes as super::Bytelike>::itself(th, this);
    }
    let start = indices.start as usize;
    th.bytes(content.get(start..start + indices.count).unwrap_or_default())
}

#[pymethods(for = Bytes)]
impl BytesClass {
    #[new]
    #[signature("(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)")]
    fn new(
        th: &mut Thread,
        class: Class,
        source: Option<&Value>,
        encoding: Option<&Obj<Str>>,
        errors: Option<&Obj<Str>>,
    ) -> PyResult {
        let exact = std::ptr::eq(class, Bytes::class(th));
        if let Some(source) = source
            && encoding.is_none()
            && errors.is_none()
        {
            if exact && th.exact::<Bytes>(source).is_some() {
                return Ok(source.clone());
            }
            if let Some(made) = th.call_special(source, Special::Bytes, &[])? {
                let Some(bytes) = th.downcast::<Bytes>(&made) else {
                    let found = th.type_name(&made);
                    return Err(th.type_error(format_args!("__bytes__ returned non-bytes (type {found})")));
                };
                return if exact { Ok(made) } else { of_class(th, class, bytes.as_slice()) };
            }
        }
        let content = from_arguments(th, "bytes", source, encoding, errors)?;
        of_class(th, class, &content)
    }

    fn __hash__(this: &Obj<Bytes>) -> i64 {
        this.hash()
    }

    fn __repr__(this: &Obj<Bytes>, th: &mut Thread) -> Value {
        th.str(&object_model::text::repr::repr_bytes(this.as_slice()))
    }

    fn __str__(this: &Obj<Bytes>, th: &mut Thread) -> PyResult {
        shared::warn_of_text::<Bytes>(th)?;
        Ok(th.str(&object_model::text::repr::repr_bytes(this.as_slice())))
    }

    fn __len__(this: &Obj<Bytes>) -> usize {
        this.as_slice().len()
    }

    fn __iter__(this: &Obj<Bytes>, th: &mut Thread) -> Value {
        BytesIterator::make(th, this)
    }

    /// Convert this value to exact type bytes.
    fn __bytes__(this: &Obj<Bytes>, th: &mut Thread) -> PyResult {
        <Bytes as super::Bytelike>::itself(th, this)
    }

    fn __getnewargs__(this: &Obj<Bytes>, th: &mut Thread) -> PyResult {
        let copy = th.bytes(this.as_slice())?;
        Ok(th.tuple(vec![copy]))
    }

    fn __getitem__(this: &Obj<Bytes>, th: &mut Thread, key: &Value) -> PyResult {
        let content = this.as_slice();
        if let Some(slice) = slice::exact(key) {
            let indices = slice::adjust(th, slice, content.len())?;
            return subscript(th, this, indices);
        }
        match th.sequence_index(key, content.len())? {
            Some(index) => match content.get(index) {
                Some(byte) => Ok(th.int((*byte).into())),
                None => Err(th.index_error("index out of range")),
            },
            None => {
                let found = th.type_name(key);
                Err(th.type_error(format_args!("byte indices must be integers or slices, not {found}")))
            }
        }
    }

    /// Return a buffer object that exposes the underlying memory of the object.
    #[signature("(flags, /)")]
    fn __buffer__(this: &Obj<Bytes>, th: &mut Thread, flags: i64) -> PyResult {
        if flags & memoryview::WRITABLE != 0 {
            return Err(th.buffer_error("Object is not writable."));
        }
        Ok(view(th, this))
    }

    /// Create a bytes object from a string of hexadecimal numbers.
    ///
    /// Spaces between two numbers are accepted.
    /// Example: bytes.fromhex('B9 01EF') -> b'\\xb9\\x01\\xef'.
    #[classmethod]
    #[signature("(string, /)")]
    fn fromhex(th: &mut Thread, class: Class, string: &Value) -> PyResult {
        let content = from_hex(th, string)?;
        let made = th.bytes(&content)?;
        if std::ptr::eq(class, Bytes::class(th)) { Ok(made) } else { th.call(&class.value(), &[made]) }
    }
}
