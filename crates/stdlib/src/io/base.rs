//! The abstract classes of `_io`: `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`.
//!
//! They store nothing, so that Python's abstract classes in `io.py` can inherit from them and from each other; whether
//! such a stream is closed is its attribute `__IOBase_closed`.

use vm::class::PLAIN;
use vm::prelude::*;

use super::{DEFAULT_BUFFER_SIZE, unsupported};
use crate::support;

const CLOSED: &str = "__IOBase_closed";

/// The abstract base class for all I/O classes.
#[pyclass(name = "_IOBase", module = "_io", layout = &PLAIN, subclassable, dict, weakref)]
pub struct IoBase;

/// Base class for raw binary I/O.
#[pyclass(name = "_RawIOBase", module = "_io", base = IoBase, layout = &PLAIN, subclassable)]
pub struct RawIoBase;

/// Base class for buffered IO objects.
#[pyclass(name = "_BufferedIOBase", module = "_io", base = IoBase, layout = &PLAIN, subclassable)]
pub struct BufferedIoBase;

/// Base class for text I/O.
#[pyclass(name = "_TextIOBase", module = "_io", base = IoBase, layout = &PLAIN, subclassable)]
pub struct TextIoBase;

/// True if the attribute `closed` of `stream` is true.
pub fn is_closed(th: &mut Thread, stream: &Value) -> PyResult<bool> {
    let closed = th.get_attr_str(stream, "closed")?;
    th.is_true(&closed)
}

/// Raises ValueError if the stream is closed.
pub fn check_closed(th: &mut Thread, stream: &Value) -> PyResult<()> {
    if is_closed(th, stream)? { Err(th.value_error("I/O operation on closed file.")) } else { Ok(()) }
}

fn ask(th: &mut Thread, stream: &Value, method: &str) -> PyResult<bool> {
    let answer = th.call_method(stream, method, &[])?;
    th.is_true(&answer)
}

/// Raises UnsupportedOperation unless `stream.readable()`.
pub fn check_readable(th: &mut Thread, stream: &Value) -> PyResult<()> {
    if ask(th, stream, "readable")? {
        Ok(())
    } else {
        Err(unsupported(th, "File or stream is not readable."))
    }
}

/// Raises UnsupportedOperation unless `stream.writable()`.
pub fn check_writable(th: &mut Thread, stream: &Value) -> PyResult<()> {
    if ask(th, stream, "writable")? {
        Ok(())
    } else {
        Err(unsupported(th, "File or stream is not writable."))
    }
}

/// Raises UnsupportedOperation unless `stream.seekable()`.
pub fn check_seekable(th: &mut Thread, stream: &Value) -> PyResult<()> {
    if ask(th, stream, "seekable")? {
        Ok(())
    } else {
        Err(unsupported(th, "File or stream is not seekable."))
    }
}

fn marked_closed(th: &mut Thread, stream: &Value) -> PyResult<bool> {
    match th.lookup_attr(stream, CLOSED)? {
        Some(closed) => th.is_true(&closed),
        None => Ok(false),
    }
}

/// Runs `first`, then `second` whatever came of it; an exception of the first becomes the context of the second's.
pub fn both(
    th: &mut Thread,
    first: impl FnOnce(&mut Thread) -> PyResult<()>,
    second: impl FnOnce(&mut Thread) -> PyResult<()>,
) -> PyResult<()> {
    if first(th).is_ok() {
        return second(th);
    }
    let earlier = th.take_exception();
    if second(th).is_ok() {
        return Err(th.set_raised(earlier));
    }
    let later = th.take_exception();
    if let Some(exception) = vm::exceptions::as_exception(th, &later).cloned()
        && !later.is(&earlier)
    {
        exception.set_context(th, earlier);
    }
    Err(th.set_raised(later))
}

/// The size argument of `read` and its kin: -1 for None and negative numbers.
pub fn size_argument(th: &mut Thread, size: Option<&Value>) -> PyResult<i64> {
    match size {
        None => Ok(-1),
        Some(size) if size.is_none() => Ok(-1),
        Some(size) if th.has_special(size, vm::names::Special::Index) => th.index(size),
        Some(size) => {
            let found = th.type_name(size);
            Err(th.type_error(format_args!("argument should be integer or None, not '{found}'")))
        }
    }
}

/// Closes a stream that nobody refers to any more; errors are reported, not raised.
fn finalize(th: &mut Thread, this: &Value) {
    let closed = match th.lookup_attr(this, "closed") {
        Ok(Some(closed)) => th.is_true(&closed).unwrap_or(true),
        _ => true,
    };
    th.clear_exception();
    if closed {
        return;
    }
    if support::set_attr(th, this, "_finalizing", &Value::TRUE).is_err() {
        th.clear_exception();
    }
    if th.call_method(this, "close", &[]).is_err() {
        let exception = th.take_exception();
        vm::exceptions::unraisable(th, exception, Some(this), "Exception ignored while finalizing file");
    }
}

#[pymethods]
impl IoBase {
    /// Change the stream position to the given byte offset.
    #[signature("(offset, whence=0, /)")]
    fn seek(this: &Obj<Self>, th: &mut Thread, offset: &Value, whence: Option<&Value>) -> PyResult {
        let _ = (this, offset, whence);
        Err(unsupported(th, "seek"))
    }

    /// Return current stream position.
    fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let (zero, one) = (th.int(0), th.int(1));
        th.call_method(this.as_value(), "seek", &[zero, one])
    }

    /// Truncate file to size bytes.
    #[signature("(size=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let _ = (this, size);
        Err(unsupported(th, "truncate"))
    }

    /// Flush write buffers, if applicable.
    fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        if marked_closed(th, this.as_value())? {
            return Err(th.value_error("I/O operation on closed file."));
        }
        Ok(())
    }

    /// Flush and close the IO object.
    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let this = this.as_value();
        if marked_closed(th, this)? {
            return Ok(());
        }
        both(
            th,
            |th| th.call_method(this, "flush", &[]).map(drop),
            |th| support::set_attr(th, this, CLOSED, &Value::TRUE),
        )
    }

    /// Return whether object supports random access.
    fn seekable(this: &Obj<Self>) -> bool {
        let _ = this;
        false
    }

    /// Return whether object was opened for reading.
    fn readable(this: &Obj<Self>) -> bool {
        let _ = this;
        false
    }

    /// Return whether object was opened for writing.
    fn writable(this: &Obj<Self>) -> bool {
        let _ = this;
        false
    }

    #[getter]
    fn closed(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        marked_closed(th, this.as_value())
    }

    #[name("_checkClosed")]
    fn checked_closed(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        check_closed(th, this.as_value())
    }

    #[name("_checkSeekable")]
    fn checked_seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        check_seekable(th, this.as_value()).map(|()| true)
    }

    #[name("_checkReadable")]
    fn checked_readable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        check_readable(th, this.as_value()).map(|()| true)
    }

    #[name("_checkWritable")]
    fn checked_writable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        check_writable(th, this.as_value()).map(|()| true)
    }

    /// Return underlying file descriptor if one exists.
    fn fileno(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let _ = this;
        Err(unsupported(th, "fileno"))
    }

    /// Return whether this is an 'interactive' stream.
    fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        check_closed(th, this.as_value())?;
        Ok(false)
    }

    fn __enter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        check_closed(th, this.as_value())?;
        Ok(this.as_value().clone())
    }

    #[signature("(*args)")]
    fn __exit__(this: &Obj<Self>, th: &mut Thread, args: &[Value]) -> PyResult {
        let _ = args;
        th.call_method(this.as_value(), "close", &[])
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        check_closed(th, this.as_value())?;
        Ok(this.as_value().clone())
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        let line = th.call_method(this.as_value(), "readline", &[])?;
        Ok(if th.length(&line)? == 0 { None } else { Some(line) })
    }

    /// Read and return a line from the stream.
    #[signature("(size=-1, /)")]
    fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let this = this.as_value();
        let limit = size_argument(th, size)?;
        let peek = th.lookup_attr(this, "peek")?;
        let mut line: Vec<u8> = Vec::new();
        while limit < 0 || (line.len() as i64) < limit {
            let mut wanted = 1;
            if let Some(peek) = &peek {
                let one = th.int(1);
                let ahead = th.call(peek, &[one])?;
                let Some(ahead) = th.downcast::<Bytes>(&ahead) else {
                    let found = th.type_name(&ahead);
                    return Err(th.raise_exc(
                        Exc::OSError,
                        format_args!("peek() should have returned a bytes object, not '{found}'"),
                    ));
                };
                let ahead = ahead.as_slice();
                if !ahead.is_empty() {
                    wanted = ahead.iter().position(|b| *b == b'\n').map_or(ahead.len(), |i| i + 1);
                    if limit >= 0 {
                        wanted = wanted.min((limit - line.len() as i64) as usize);
                    }
                }
            }
            let wanted = th.int(wanted as i64);
            let piece = th.call_method(this, "read", &[wanted])?;
            let Some(piece) = th.downcast::<Bytes>(&piece) else {
                let found = th.type_name(&piece);
                return Err(th.raise_exc(
                    Exc::OSError,
                    format_args!("read() should have returned a bytes object, not '{found}'"),
                ));
            };
            line.extend_from_slice(piece.as_slice());
            if piece.as_slice().is_empty() || line.last() == Some(&b'\n') {
                break;
            }
        }
        th.bytes(&line)
    }

    /// Return a list of lines from the stream.
    #[signature("(hint=-1, /)")]
    fn readlines(this: &Obj<Self>, th: &mut Thread, hint: Option<&Value>) -> PyResult {
        let hint = size_argument(th, hint)?;
        let this = this.as_value();
        if hint <= 0 {
            let lines = th.collect(this)?;
            return Ok(th.list(lines));
        }
        let (mut lines, mut total) = (Vec::new(), 0);
        let iterator = th.iter(this)?;
        while let Some(line) = th.next(&iterator)? {
            total += th.length(&line)?;
            lines.push(line);
            if total as i64 > hint {
                break;
            }
        }
        Ok(th.list(lines))
    }

    /// Write a list of lines to stream.
    fn writelines(this: &Obj<Self>, th: &mut Thread, lines: &Value) -> PyResult<()> {
        let this = this.as_value();
        check_closed(th, this)?;
        let iterator = th.iter(lines)?;
        while let Some(line) = th.next(&iterator)? {
            th.call_method(this, "write", &[line])?;
        }
        Ok(())
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) {
        finalize(th, this.as_value());
    }
}

#[pymethods]
impl RawIoBase {
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<i64>) -> PyResult {
        let this = this.as_value();
        let size = size.unwrap_or(-1);
        if size < 0 {
            return th.call_method(this, "readall", &[]);
        }
        let Ok(size) = usize::try_from(size) else { return Err(th.memory_error()) };
        let mut content = Vec::new();
        if content.try_reserve_exact(size).is_err() {
            return Err(th.memory_error());
        }
        content.resize(size, 0);
        let target = Obj::new(th, builtin::BYTEARRAY, ByteArray::new(content));
        let count = th.call_method(this, "readinto", &[target.as_value().clone()])?;
        if count.is_none() {
            return Ok(Value::NONE);
        }
        let count = th.index(&count)?;
        let content = std::mem::take(&mut *target.content.lock(th));
        match usize::try_from(count).ok().and_then(|n| content.get(..n)) {
            Some(read) => th.bytes(read),
            None => Err(th.value_error(format_args!(
                "readinto returned {count} outside buffer size {}",
                content.len()
            ))),
        }
    }

    /// Read until EOF, using multiple read() call.
    fn readall(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let mut all: Vec<u8> = Vec::new();
        let mut first = true;
        loop {
            let size = th.int(DEFAULT_BUFFER_SIZE as i64);
            let piece = th.call_method(this.as_value(), "read", &[size])?;
            if piece.is_none() {
                return if first { Ok(Value::NONE) } else { th.bytes(&all) };
            }
            let Some(piece) = th.downcast::<Bytes>(&piece) else {
                return Err(th.type_error("read() should return bytes"));
            };
            if piece.as_slice().is_empty() {
                return th.bytes(&all);
            }
            all.extend_from_slice(piece.as_slice());
            first = false;
        }
    }

    fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
        let _ = (this, buffer);
        Err(th.raise_exc(Exc::NotImplementedError, "readinto"))
    }

    fn write(this: &Obj<Self>, th: &mut Thread, data: &Value) -> PyResult {
        let _ = (this, data);
        Err(th.raise_exc(Exc::NotImplementedError, "write"))
    }
}

fn read_into(th: &mut Thread, this: &Value, buffer: &Value, method: &str) -> PyResult<usize> {
    let room = th.with_buffer_mut(buffer, |b| b.len())?;
    let size = th.int(room as i64);
    let data = th.call_method(this, method, &[size])?;
    let Some(data) = th.downcast::<Bytes>(&data).cloned() else {
        return Err(th.type_error("read() should return bytes"));
    };
    let data = data.as_slice();
    if data.len() > room {
        let got = data.len();
        return Err(th.value_error(format_args!(
            "read() returned too much data: {room} bytes requested, {got} returned"
        )));
    }
    th.with_buffer_mut(buffer, |b| {
        let count = data.len().min(b.len());
        b[..count].copy_from_slice(&data[..count]);
        count
    })
}

#[pymethods]
impl BufferedIoBase {
    /// Disconnect this buffer from its underlying raw stream and return it.
    fn detach(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let _ = this;
        Err(unsupported(th, "detach"))
    }

    /// Read and return up to n bytes.
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let _ = (this, size);
        Err(unsupported(th, "read"))
    }

    /// Read and return up to size bytes, with at most one read() call to the underlying raw stream.
    #[signature("(size=-1, /)")]
    fn read1(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let _ = (this, size);
        Err(unsupported(th, "read1"))
    }

    fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult<usize> {
        read_into(th, this.as_value(), buffer, "read")
    }

    fn readinto1(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult<usize> {
        read_into(th, this.as_value(), buffer, "read1")
    }

    /// Write buffer b to the IO stream.
    fn write(this: &Obj<Self>, th: &mut Thread, b: &Value) -> PyResult {
        let _ = (this, b);
        Err(unsupported(th, "write"))
    }
}

#[pymethods]
impl TextIoBase {
    /// Separate the underlying buffer from the TextIOBase and return it.
    fn detach(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let _ = this;
        Err(unsupported(th, "detach"))
    }

    /// Read at most size characters from stream.
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let _ = (this, size);
        Err(unsupported(th, "read"))
    }

    /// Read until newline or EOF.
    #[signature("(size=-1, /)")]
    fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let _ = (this, size);
        Err(unsupported(th, "readline"))
    }

    /// Write string s to stream.
    fn write(this: &Obj<Self>, th: &mut Thread, s: &Value) -> PyResult {
        let _ = (this, s);
        Err(unsupported(th, "write"))
    }

    /// Encoding of the text stream.
    #[getter]
    fn encoding(this: &Obj<Self>) {
        let _ = this;
    }

    /// Line endings translated so far.
    #[getter]
    fn newlines(this: &Obj<Self>) {
        let _ = this;
    }

    /// The error setting of the decoder or encoder.
    #[getter]
    fn errors(this: &Obj<Self>) {
        let _ = this;
    }
}
