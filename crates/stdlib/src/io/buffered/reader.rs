//! `BufferedReader`.

use vm::prelude::*;

use super::core::{Core, attribute, copy_into, dealloc_warn, repr, seek_arguments};
use super::{common, reading};
use crate::io::base::{self, BufferedIoBase};

/// Create a new buffered reader using the given readable raw IO object.
#[pyclass(
    name = "BufferedReader",
    module = "_io",
    base = BufferedIoBase,
    subclassable,
    parts("common", "reading")
)]
pub struct BufferedReader {
    /// Buffers and raw stream.
    pub core: Core,
}

#[pymethods]
impl BufferedReader {
    #[signature("(raw, buffer_size=131072)")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, raw: &Value, buffer_size: Option<i64>) -> PyResult<()> {
        base::check_readable(th, raw)?;
        this.core.initialise(th, raw, buffer_size)
    }

    fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let raw = this.core.raw(th)?;
        th.call_method(&raw, "flush", &[])
    }

    #[signature("(pos=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, pos: Option<&Value>) -> PyResult {
        let _ = pos;
        this.core.check_open(th, "truncate of closed file")?;
        Err(crate::io::unsupported(th, "truncate"))
    }
}

common!(BufferedReader);
reading!(BufferedReader);
