//! `BufferedWriter`.

use vm::prelude::*;

use super::core::{Core, attribute, dealloc_warn, repr, seek_arguments, with_bytes};
use super::{common, writing};
use crate::io::base::{self, BufferedIoBase};

/// A buffer for a writeable sequential RawIO object.
#[pyclass(
    name = "BufferedWriter",
    module = "_io",
    base = BufferedIoBase,
    subclassable,
    parts("common", "writing")
)]
pub struct BufferedWriter {
    /// Buffers and raw stream.
    pub core: Core,
}

#[pymethods]
impl BufferedWriter {
    #[signature("(raw, buffer_size=131072)")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, raw: &Value, buffer_size: Option<i64>) -> PyResult<()> {
        base::check_writable(th, raw)?;
        this.core.initialise(th, raw, buffer_size)
    }
}

common!(BufferedWriter);
writing!(BufferedWriter);
