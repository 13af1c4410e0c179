//! `BufferedRandom`.

use vm::prelude::*;

use super::core::{Core, attribute, copy_into, dealloc_warn, repr, seek_arguments, with_bytes};
use super::{common, reading, writing};
use crate::io::base::{self, BufferedIoBase};

/// A buffered interface to random access streams.
#[pyclass(
    name = "BufferedRandom",
    module = "_io",
    base = BufferedIoBase,
    subclassable,
    parts("common", "reading", "writing")
)]
pub struct BufferedRandom {
    /// Buffers and raw stream.
    pub core: Core,
}

#[pymethods]
impl BufferedRandom {
    #[signature("(raw, buffer_size=131072)")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, raw: &Value, buffer_size: Option<i64>) -> PyResult<()> {
        base::check_seekable(th, raw)?;
        base::check_readable(th, raw)?;
        base::check_writable(th, raw)?;
        this.core.initialise(th, raw, buffer_size)
    }
}

common!(BufferedRandom);
reading!(BufferedRandom);
writing!(BufferedRandom);
