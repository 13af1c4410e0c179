//! Bytes-like objects: access to the memory of whatever has `__buffer__`.
//!
//! A native type takes part by an [`Exporter`] and a `__buffer__` method that answers
//! [`memoryview::export`](crate::builtins::memoryview::export). Memory is only reached inside a closure, while the lock of
//! its owner is held; so the closure gets no thread.

use crate::builtins::memoryview::MemoryView;
use crate::class::exact_str;
use crate::names::Special;
use crate::prelude::*;

/// How the memory of a type's instances is reached. The memory does not move or change size while it is exported.
pub trait Exporter: Sync {
    /// Calls `body` with the whole memory of `object`.
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8]));

    /// The same to be written to; only called if the export is not read-only.
    fn write(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&mut [u8]));

    /// One more view looks at the memory.
    fn acquire(&self, object: &Value);

    /// One view less does.
    fn release(&self, object: &Value);
}

#[cold]
fn required(th: &mut Thread, value: &Value) -> Raised {
    let found = th.type_name(value);
    th.type_error(format_args!("a bytes-like object is required, not '{found}'"))
}

/// True if the value is bytes-like.
pub fn is_buffer(th: &Thread, value: &Value) -> bool {
    value.as_header().is_some() && exact_str(value).is_none() && th.has_special(value, Special::Buffer)
}

/// A view of an object that is not itself bytes, bytearray or a memoryview; to be released by the caller.
fn view_of(th: &mut Thread, value: &Value, writable: bool) -> PyResult<Obj<MemoryView>> {
    if !is_buffer(th, value) {
        return Err(required(th, value));
    }
    crate::builtins::memoryview::of_object(th, value, writable)
}

fn run<R>(body: impl FnOnce(&[u8]) -> R, access: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Option<R> {
    let (mut body, mut result) = (Some(body), None);
    access(&mut |bytes| {
        if let Some(body) = body.take() {
            result = Some(body(bytes));
        }
    });
    result
}

impl Thread {
    /// Calls `body` with the content of a bytes-like object; TypeError if `value` is none.
    pub fn with_buffer<R>(&mut self, value: &Value, body: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
        if let Some(bytes) = self.downcast::<Bytes>(value) {
            return Ok(body(bytes.as_slice()));
        }
        if let Some(array) = self.downcast::<ByteArray>(value) {
            return Ok(body(&array.content.lock(self)));
        }
        let own = self.downcast::<MemoryView>(value).cloned();
        let temporary = own.is_none();
        let view = match own {
            Some(view) => view,
            None => view_of(self, value, false)?,
        };
        view.check(self)?;
        let result = if view.is_contiguous() {
            run(body, |body| view.read(self, body))
        } else {
            Some(body(&view.to_vec(self)))
        };
        if temporary {
            crate::builtins::memoryview::release(self, &view)?;
        }
        match result {
            Some(result) => Ok(result),
            None => Err(self.buffer_error("the object gave no access to its buffer")),
        }
    }

    /// Calls `body` with the writable content of a bytes-like object; TypeError if it is read-only or none.
    pub fn with_buffer_mut<R>(&mut self, value: &Value, body: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
        if let Some(array) = self.downcast::<ByteArray>(value) {
            return Ok(body(&mut array.content.lock(self)));
        }
        let own = self.downcast::<MemoryView>(value).cloned();
        let temporary = own.is_none();
        let view = match own {
            Some(view) => view,
            None if self.downcast::<Bytes>(value).is_some() || !is_buffer(self, value) => {
                let found = self.type_name(value);
                return Err(self
                    .type_error(format_args!("a read-write bytes-like object is required, not '{found}'")));
            }
            None => view_of(self, value, true)?,
        };
        view.check(self)?;
        if view.is_readonly() || !view.is_contiguous() {
            let found = self.type_name(value);
            return Err(
                self.type_error(format_args!("a read-write bytes-like object is required, not '{found}'"))
            );
        }
        let (mut body, mut result) = (Some(body), None);
        view.write(self, &mut |bytes| {
            if let Some(body) = body.take() {
                result = Some(body(bytes));
            }
        });
        if temporary {
            crate::builtins::memoryview::release(self, &view)?;
        }
        match result {
            Some(result) => Ok(result),
            None => Err(self.buffer_error("the object gave no access to its buffer")),
        }
    }

    /// A copy of the content of a bytes-like object.
    pub fn buffer_to_vec(&mut self, value: &Value) -> PyResult<Vec<u8>> {
        self.with_buffer(value, |bytes| bytes.to_vec())
    }
}
