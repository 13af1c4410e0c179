//! `PickleBuffer`: a buffer that a pickle may leave out of its stream.

use vm::builtins::memoryview::{self, MemoryView};
use vm::prelude::*;

/// Wrapper for potentially out-of-band buffers
#[pyclass(name = "PickleBuffer", module = "_pickle", weakref)]
pub struct PickleBuffer {
    /// A view of the wrapped object's memory; None once released.
    view: Guarded<Option<Obj<MemoryView>>>,
}

impl PickleBuffer {
    /// The view, unless it is released.
    pub fn view(&self, th: &mut Thread) -> PyResult<Obj<MemoryView>> {
        let view = self.view.lock(th).clone();
        view.ok_or_else(|| th.value_error("operation forbidden on released PickleBuffer object"))
    }
}

#[pymethods]
impl PickleBuffer {
    #[new]
    #[signature("(object, /)")]
    fn new(th: &mut Thread, object: &Value) -> PyResult<PickleBuffer> {
        let view = memoryview::of_object(th, object, false)?;
        Ok(PickleBuffer { view: Guarded::new(Some(view)) })
    }

    fn __buffer__(this: &Obj<Self>, th: &mut Thread, flags: i64) -> PyResult {
        let _ = flags;
        let view = this.view(th)?;
        Ok(memoryview::of_object(th, view.as_value(), false)?.into_value())
    }

    /// Return a memoryview of the raw memory underlying this buffer.
    /// Will raise BufferError is the buffer isn't contiguous.
    fn raw(&self, th: &mut Thread) -> PyResult {
        let view = self.view(th)?;
        if !view.is_contiguous() {
            return Err(th.raise_new("BufferError", "cannot extract raw buffer from non-contiguous buffer"));
        }
        let copy = memoryview::of_object(th, view.as_value(), false)?;
        let bytes = th.str("B");
        th.call_method(copy.as_value(), "cast", &[bytes])
    }

    /// Release the underlying buffer held by the PickleBuffer object.
    fn release(&self, th: &mut Thread) -> PyResult<()> {
        let view = self.view.lock(th).take();
        match view {
            Some(view) => memoryview::release(th, &view),
            None => Ok(()),
        }
    }
}
