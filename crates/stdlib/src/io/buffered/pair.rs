//! `BufferedRWPair`: a reader and a writer as one stream.

use vm::prelude::*;

use super::reader::BufferedReader;
use super::writer::BufferedWriter;
use crate::io::base::{self, BufferedIoBase};

/// A buffered reader and writer object together.
#[pyclass(name = "BufferedRWPair", module = "_io", base = BufferedIoBase, subclassable)]
pub struct BufferedRwPair {
    reader: Guarded<Option<Value>>,
    writer: Guarded<Option<Value>>,
}

fn side(th: &mut Thread, cell: &Guarded<Option<Value>>) -> PyResult {
    let side = cell.lock(th).clone();
    match side {
        Some(side) => Ok(side),
        None => Err(th.value_error("I/O operation on uninitialized object")),
    }
}

macro_rules! forward {
    ($this:ident, $th:ident, $side:ident, $method:literal $(, $argument:expr)*) => {{
        let stream = side($th, &$this.$side)?;
        let arguments: Vec<Value> = [$($argument),*].into_iter().flatten().cloned().collect();
        $th.call_method(&stream, $method, &arguments)
    }};
}

#[pymethods]
impl BufferedRwPair {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let empty = BufferedRwPair { reader: Guarded::new(None), writer: Guarded::new(None) };
        Ok(Obj::new(th, class.payload.instance_shape(), empty).into_value())
    }

    #[signature("(reader, writer, buffer_size=131072, /)")]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        reader: &Value,
        writer: &Value,
        buffer_size: Option<&Value>,
    ) -> PyResult<()> {
        base::check_readable(th, reader)?;
        base::check_writable(th, writer)?;
        let (read_class, write_class) =
            (BufferedReader::class(th).value(), BufferedWriter::class(th).value());
        let arguments =
            |raw: &Value| -> Vec<Value> { std::iter::once(raw).chain(buffer_size).cloned().collect() };
        let reader = th.call(&read_class, &arguments(reader))?;
        let writer = th.call(&write_class, &arguments(writer))?;
        let old = (this.reader.lock(th).replace(reader), this.writer.lock(th).replace(writer));
        drop(old);
        Ok(())
    }

    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        forward!(this, th, reader, "read", size)
    }

    #[signature("(size=-1, /)")]
    fn read1(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        forward!(this, th, reader, "read1", size)
    }

    #[signature("(size=0, /)")]
    fn peek(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        forward!(this, th, reader, "peek", size)
    }

    fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
        forward!(this, th, reader, "readinto", Some(buffer))
    }

    fn readinto1(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
        forward!(this, th, reader, "readinto1", Some(buffer))
    }

    fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        forward!(this, th, reader, "readable", None::<&Value>)
    }

    fn write(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
        forward!(this, th, writer, "write", Some(buffer))
    }

    fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        forward!(this, th, writer, "flush", None::<&Value>)
    }

    fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        forward!(this, th, writer, "writable", None::<&Value>)
    }

    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let (reader, writer) = (side(th, &this.reader)?, side(th, &this.writer)?);
        base::both(
            th,
            |th| th.call_method(&writer, "close", &[]).map(drop),
            |th| th.call_method(&reader, "close", &[]).map(drop),
        )
    }

    fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let answer = forward!(this, th, writer, "isatty", None::<&Value>)?;
        if th.is_true(&answer)? { Ok(answer) } else { forward!(this, th, reader, "isatty", None::<&Value>) }
    }

    #[getter]
    fn closed(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let writer = side(th, &this.writer)?;
        th.get_attr_str(&writer, "closed")
    }
}
