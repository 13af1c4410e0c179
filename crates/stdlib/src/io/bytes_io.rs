//! `BytesIO`: a stream in memory.
//!
//! Every operation is one step under the stream's guard, so threads may share it.

use std::sync::atomic::{AtomicUsize, Ordering};

use vm::builtins::memoryview::{self, Layout};
use vm::prelude::*;
use vm::protocol::buffer::Exporter;

use super::base::{BufferedIoBase, size_argument};
use super::buffered::core::{copy_into, with_bytes};

/// Buffered I/O implementation using an in-memory bytes buffer.
#[pyclass(name = "BytesIO", module = "_io", base = BufferedIoBase, subclassable)]
pub struct BytesIo {
    state: Guarded<State>,
    /// Views that `getbuffer()` handed out and that live; while there are any the content stays as long as it is.
    exports: AtomicUsize,
}

impl BytesIo {
    fn is_exported(&self) -> bool {
        self.exports.load(Ordering::Relaxed) > 0 // Relaxed: looked at under the guard that views are made under.
    }
}

struct BytesIoExporter;

impl Exporter for BytesIoExporter {
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8])) {
        if let Some(stream) = th.downcast::<BytesIo>(object) {
            body(&stream.state.lock(th).content);
        }
    }

    fn write(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&mut [u8])) {
        if let Some(stream) = th.downcast::<BytesIo>(object) {
            body(&mut stream.state.lock(th).content);
        }
    }

    fn acquire(&self, object: &Value) {
        // SAFETY: only streams in memory are exported with this exporter.
        let stream: &Obj<BytesIo> = unsafe { Obj::borrow_unchecked(object) };
        stream.exports.fetch_add(1, Ordering::Relaxed); // Relaxed: as in `is_exported`.
    }

    fn release(&self, object: &Value) {
        // SAFETY: only streams in memory are exported with this exporter.
        let stream: &Obj<BytesIo> = unsafe { Obj::borrow_unchecked(object) };
        stream.exports.fetch_sub(1, Ordering::Relaxed); // Relaxed: as in `is_exported`.
    }
}

#[derive(Default)]
struct State {
    content: Vec<u8>,
    position: usize,
    closed: bool,
}

impl Trace for State {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

impl State {
    fn rest(&self) -> &[u8] {
        self.content.get(self.position..).unwrap_or(&[])
    }

    fn take(&mut self, count: usize) -> std::ops::Range<usize> {
        let start = self.position.min(self.content.len());
        let count = count.min(self.rest().len());
        self.position += count;
        start..start + count
    }

    fn line_length(&self, limit: i64) -> usize {
        let rest = self.rest();
        let window = usize::try_from(limit).map_or(rest, |limit| &rest[..rest.len().min(limit)]);
        memchr::memchr(b'\n', window).map_or(window.len(), |i| i + 1)
    }
}

/// Why a step under the guard failed.
enum Failure {
    Closed,
    Exported,
    Memory,
}

fn raise(th: &mut Thread, failure: Failure) -> Raised {
    match failure {
        Failure::Closed => th.value_error("I/O operation on closed file."),
        Failure::Exported => th.buffer_error("Existing exports of data: object cannot be re-sized"),
        Failure::Memory => th.memory_error(),
    }
}

fn with<R>(
    th: &mut Thread,
    this: &BytesIo,
    step: impl FnOnce(&mut State) -> Result<R, Failure>,
) -> PyResult<R> {
    let result = {
        let mut state = this.state.lock(th);
        if state.closed { Err(Failure::Closed) } else { step(&mut state) }
    };
    result.map_err(|failure| raise(th, failure))
}

fn take_bytes(th: &mut Thread, this: &BytesIo, count: impl FnOnce(&State) -> usize) -> PyResult {
    let made = {
        let mut state = this.state.lock(th);
        if state.closed {
            Err(Failure::Closed)
        } else {
            let count = count(&state);
            let range = state.take(count);
            Obj::bytes(th, &state.content[range]).map_err(|_| Failure::Memory)
        }
    };
    match made {
        Ok(bytes) => Ok(bytes.into_value()),
        Err(failure) => Err(raise(th, failure)),
    }
}

fn write(th: &mut Thread, this: &BytesIo, data: &[u8]) -> PyResult<usize> {
    with(th, this, |state| {
        if this.is_exported() {
            return Err(Failure::Exported);
        }
        if data.is_empty() {
            return Ok(0);
        }
        let end = state.position.checked_add(data.len()).ok_or(Failure::Memory)?;
        if end > state.content.len() {
            let more = end - state.content.len();
            state.content.try_reserve(more).map_err(|_| Failure::Memory)?;
            state.content.resize(end, 0);
        }
        let start = state.position;
        state.content[start..end].copy_from_slice(data);
        state.position = end;
        Ok(data.len())
    })
}

#[pymethods]
impl BytesIo {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let empty = BytesIo { state: Guarded::new(State::default()), exports: AtomicUsize::new(0) };
        Ok(Obj::new(th, class.payload.instance_shape(), empty).into_value())
    }

    #[signature("(initial_bytes=b'')")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, initial_bytes: Option<&Value>) -> PyResult<()> {
        let content = match initial_bytes.filter(|b| !b.is_none()) {
            Some(initial) => with_bytes(th, initial, |_, data| Ok(data.to_vec()))?,
            None => Vec::new(),
        };
        let replaced = {
            let mut state = this.state.lock(th);
            let free = !this.is_exported();
            if free {
                *state = State { content, ..State::default() };
            }
            free
        };
        if replaced { Ok(()) } else { Err(raise(th, Failure::Exported)) }
    }

    fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    fn seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        with(th, this, |_| Ok(()))
    }

    fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(false))
    }

    /// Current file position, an integer.
    fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult<usize> {
        with(th, this, |state| Ok(state.position))
    }

    /// Read at most size bytes, returned as a bytes object.
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let size = size_argument(th, size)?;
        take_bytes(th, this, |_| usize::try_from(size).unwrap_or(usize::MAX))
    }

    /// Read at most size bytes, returned as a bytes object.
    #[signature("(size=-1, /)")]
    fn read1(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        BytesIo::read(this, th, size)
    }

    /// Next line from the file, as a bytes object.
    #[signature("(size=-1, /)")]
    fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let limit = size_argument(th, size)?;
        take_bytes(th, this, |state| state.line_length(limit))
    }

    /// List of bytes objects, each a line from the file.
    #[signature("(size=None, /)")]
    fn readlines(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let limit = size_argument(th, size)?;
        let (mut lines, mut total) = (Vec::new(), 0);
        loop {
            let line = take_bytes(th, this, |state| state.line_length(-1))?;
            let length = th.length(&line)?;
            if length == 0 {
                return Ok(th.list(lines));
            }
            lines.push(line);
            total += length as i64;
            if limit > 0 && total >= limit {
                return Ok(th.list(lines));
            }
        }
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        let line = take_bytes(th, this, |state| state.line_length(-1))?;
        Ok(if th.length(&line)? == 0 { None } else { Some(line) })
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        with(th, this, |_| Ok(()))?;
        Ok(this.as_value().clone())
    }

    /// Read bytes into buffer.
    fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult<usize> {
        let room = th.with_buffer_mut(buffer, |b| b.len())?;
        let data = with(th, this, |state| {
            let range = state.take(room);
            Ok(state.content[range].to_vec())
        })?;
        copy_into(th, buffer, &data)
    }

    /// Write bytes to file.
    fn write(this: &Obj<Self>, th: &mut Thread, b: &Value) -> PyResult<usize> {
        with(th, this, |_| if this.is_exported() { Err(Failure::Exported) } else { Ok(()) })?;
        with_bytes(th, b, |th, data| write(th, this, data))
    }

    /// Write lines to the file.
    fn writelines(this: &Obj<Self>, th: &mut Thread, lines: &Value) -> PyResult<()> {
        with(th, this, |_| Ok(()))?;
        let iterator = th.iter(lines)?;
        while let Some(line) = th.next(&iterator)? {
            with_bytes(th, &line, |th, data| write(th, this, data))?;
        }
        Ok(())
    }

    /// Change stream position.
    #[signature("(pos, whence=0, /)")]
    fn seek(this: &Obj<Self>, th: &mut Thread, pos: &Value, whence: Option<i64>) -> PyResult<usize> {
        if pos.as_immediate_float().is_some() {
            return Err(th.type_error("'float' object cannot be interpreted as an integer"));
        }
        let (pos, whence) = (th.index(pos)?, whence.unwrap_or(0));
        with(th, this, |_| Ok(()))?;
        if whence == 0 && pos < 0 {
            return Err(th.value_error(format_args!("negative seek value {pos}")));
        }
        if !(0..=2).contains(&whence) {
            return Err(th.value_error(format_args!("invalid whence ({whence}, should be 0, 1 or 2)")));
        }
        let target = with(th, this, |state| {
            let base = match whence {
                0 => 0,
                1 => state.position as i64,
                _ => state.content.len() as i64,
            };
            let target = base.checked_add(pos);
            if let Some(target) = target {
                state.position = usize::try_from(target).unwrap_or(0);
            }
            Ok(target.map(|_| state.position))
        })?;
        target.ok_or_else(|| th.overflow_error("new position too large"))
    }

    /// Truncate the file to at most size bytes.
    #[signature("(size=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult<usize> {
        with(th, this, |_| if this.is_exported() { Err(Failure::Exported) } else { Ok(()) })?;
        let size = match size.filter(|s| !s.is_none()) {
            Some(size) => {
                let size = th.index(size)?;
                match usize::try_from(size) {
                    Ok(size) => Some(size),
                    Err(_) => return Err(th.value_error(format_args!("negative size value {size}"))),
                }
            }
            None => None,
        };
        with(th, this, |state| {
            let size = size.unwrap_or(state.position);
            state.content.truncate(size);
            Ok(size)
        })
    }

    /// Retrieve the entire contents of the BytesIO object.
    fn getvalue(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let made = {
            let state = this.state.lock(th);
            if state.closed {
                Err(Failure::Closed)
            } else {
                Obj::bytes(th, &state.content).map_err(|_| Failure::Memory)
            }
        };
        match made {
            Ok(bytes) => Ok(bytes.into_value()),
            Err(failure) => Err(raise(th, failure)),
        }
    }

    /// Get a read-write view over the contents of the BytesIO object.
    fn getbuffer(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        // Exported before it is measured, so that no other thread resizes it in between.
        BytesIoExporter.acquire(this.as_value());
        let length = with(th, this, |state| Ok(state.content.len()));
        let view = length.map(|length| {
            memoryview::export(th, this.as_value(), &BytesIoExporter, Layout::bytes(length, false))
        });
        BytesIoExporter.release(this.as_value());
        view
    }

    /// Disable all I/O operations.
    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let closed = {
            let mut state = this.state.lock(th);
            let free = !this.is_exported();
            if free {
                *state = State { closed: true, ..State::default() };
            }
            free
        };
        if closed { Ok(()) } else { Err(raise(th, Failure::Exported)) }
    }

    /// True if the file is closed
    #[getter]
    fn closed(this: &Obj<Self>, th: &mut Thread) -> bool {
        this.state.lock(th).closed
    }

    fn __getstate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let content = BytesIo::getvalue(this, th)?;
        let position = with(th, this, |state| Ok(state.position))?;
        let position = th.int(position as i64);
        let dict = th.lookup_attr(this.as_value(), "__dict__")?.unwrap_or(Value::NONE);
        let dict = match th.downcast::<Dict>(&dict) {
            Some(d) if d.len() > 0 => dict,
            _ => Value::NONE,
        };
        Ok(th.tuple(vec![content, position, dict]))
    }

    fn __setstate__(this: &Obj<Self>, th: &mut Thread, state: &Value) -> PyResult<()> {
        let parts = match th.downcast::<Tuple>(state) {
            Some(tuple) if tuple.items().len() >= 3 => tuple.items().to_vec(),
            _ => {
                let (class, found) = (th.type_name(this.as_value()), th.type_name(state));
                return Err(th.type_error(format_args!(
                    "{class}.__setstate__ argument should be 3-tuple, got {found}"
                )));
            }
        };
        BytesIo::__init__(this, th, Some(&parts[0]))?;
        let result = th.index(&parts[1]);
        let Some(position) = th.catch(result, Exc::TypeError)? else {
            let found = th.type_name(&parts[1]);
            return Err(th.type_error(format_args!("second item of state must be an integer, not {found}")));
        };
        let Ok(position) = usize::try_from(position) else {
            return Err(th.value_error("position value cannot be negative"));
        };
        with(th, this, |state| {
            state.position = position;
            Ok(())
        })?;
        if !parts[2].is_none() {
            if th.downcast::<Dict>(&parts[2]).is_none() {
                let found = th.type_name(&parts[2]);
                return Err(
                    th.type_error(format_args!("third item of state should be a dict, got a {found}"))
                );
            }
            let dict = th.get_attr_str(this.as_value(), "__dict__")?;
            th.call_method(&dict, "update", &[parts[2].clone()])?;
        }
        Ok(())
    }

    fn __sizeof__(this: &Obj<Self>, th: &mut Thread) -> usize {
        64 + this.state.lock(th).content.capacity()
    }
}
