//! What all buffered streams share: the lock, the buffers, and calls of the raw stream.
//!
//! # Protocol
//! - B1 Whoever works on the buffers holds the [`Lock`], also while Python code of the raw stream runs. A second thread
//!   waits detached; the same thread again (a signal handler) gets a RuntimeError, as in CPython. In the child of a fork
//!   what a thread held that is not there is free.
//! - B2 The guard of `state` is held for moments only, never while Python runs.
//!
//! # Invariants
//! - B3 `ahead[position..]` was read from the raw stream but not handed out yet; the raw position is behind it.
//! - B4 `pending` was accepted but not written yet. Of `ahead[position..]` and `pending` one is empty.

use vm::prelude::*;
use vm::thread::owned_lock::OwnedLock;
use vm::thread::{fork, signals};

use crate::io::base;
use crate::io::file::FileIo;

/// Serialises the users of a stream.
pub struct Lock(OwnedLock);

/// The lock, held.
pub struct Held<'a> {
    lock: &'a OwnedLock,
    owner: u64,
}

/// Where an owner's name says after how many forks it took the lock; idents are addresses and end below.
const GENERATION_SHIFT: u32 = 48;
const GENERATIONS: u64 = 0x7fff;

impl Lock {
    fn enter<'a>(&'a self, th: &mut Thread, stream: &Value) -> PyResult<Held<'a>> {
        let generation = (u64::from(fork::generation()) & GENERATIONS) << GENERATION_SHIFT;
        let me = th.ident | generation;
        if self.0.owner() == me {
            let text = th.repr(stream)?;
            let text = text.units().to_str_lossy().into_owned();
            return Err(th.runtime_error(format_args!("reentrant call inside {text}")));
        }
        if !self.0.try_take(me) {
            let gone = |owner: u64| owner & (GENERATIONS << GENERATION_SHIFT) != generation;
            th.detached(|| self.0.take(me, None, gone));
        }
        Ok(Held { lock: &self.0, owner: me })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // A thread that forked meanwhile may have lost it in the child.
        if self.lock.owner() == self.owner {
            self.lock.give();
        }
    }
}

/// The mutable part of a stream.
#[derive(Default)]
pub struct State {
    /// The raw stream; None before `__init__` and after `detach()`.
    pub raw: Option<Value>,
    /// True after `detach()`.
    pub detached: bool,
    /// Size of the buffers in bytes.
    pub size: usize,
    /// What was read ahead.
    pub ahead: Vec<u8>,
    /// How much of it was handed out.
    pub position: usize,
    /// What was not written yet.
    pub pending: Vec<u8>,
}

impl Trace for State {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.raw.trace(visit);
    }
}

impl State {
    /// What is left of the bytes read ahead.
    pub fn rest(&self) -> &[u8] {
        &self.ahead[self.position..]
    }

    fn take(&mut self, count: usize) -> &[u8] {
        let start = self.position;
        self.position = (start + count).min(self.ahead.len());
        &self.ahead[start..self.position]
    }

    fn discard(&mut self) {
        self.ahead.clear();
        self.position = 0;
    }
}

/// The parts of a buffered stream.
pub struct Core {
    lock: Lock,
    /// See [`State`].
    pub state: Guarded<State>,
}

impl Trace for Core {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.state.trace(visit);
    }
}

impl Core {
    /// A stream before `__init__`.
    pub fn empty() -> Core {
        Core { lock: Lock(OwnedLock::new()), state: Guarded::new(State::default()) }
    }

    /// Binds to a raw stream.
    pub fn initialise(&self, th: &mut Thread, raw: &Value, size: Option<i64>) -> PyResult<()> {
        let size = size.unwrap_or(crate::io::DEFAULT_BUFFER_SIZE as i64);
        if size <= 0 {
            return Err(th.value_error("buffer size must be strictly positive"));
        }
        let fresh = State { raw: Some(raw.clone()), size: size as usize, ..State::default() };
        let old = std::mem::replace(&mut *self.state.lock(th), fresh);
        drop(old);
        Ok(())
    }

    /// The raw stream.
    pub fn raw(&self, th: &mut Thread) -> PyResult {
        let (raw, detached) = {
            let state = self.state.lock(th);
            (state.raw.clone(), state.detached)
        };
        match raw {
            Some(raw) => Ok(raw),
            None if detached => Err(th.value_error("raw stream has been detached")),
            None => Err(th.value_error("I/O operation on uninitialized object")),
        }
    }

    /// Takes the lock.
    pub fn enter<'a>(&'a self, th: &mut Thread, stream: &Value) -> PyResult<Held<'a>> {
        self.raw(th)?;
        self.lock.enter(th, stream)
    }

    /// True if the raw stream is closed.
    pub fn is_closed(&self, th: &mut Thread) -> PyResult<bool> {
        let raw = self.raw(th)?;
        if let Some(file) = th.exact::<FileIo>(&raw) {
            return Ok(file.descriptor() < 0);
        }
        base::is_closed(th, &raw)
    }

    /// Raises ValueError with this message if the raw stream is closed.
    pub fn check_open(&self, th: &mut Thread, message: &str) -> PyResult<()> {
        if self.is_closed(th)? { Err(th.value_error(message)) } else { Ok(()) }
    }

    /// One read of the raw stream, appended to `into`. None: it would block. The lock is held.
    pub fn raw_read(&self, th: &mut Thread, count: usize, into: &mut Vec<u8>) -> PyResult<Option<usize>> {
        let raw = self.raw(th)?;
        if let Some(file) = th.exact::<FileIo>(&raw).cloned() {
            return file.read_bytes(th, count, into);
        }
        let mut content = Vec::new();
        if content.try_reserve_exact(count).is_err() {
            return Err(th.memory_error());
        }
        content.resize(count, 0);
        let target = Obj::new(th, builtin::BYTEARRAY, ByteArray::new(content));
        let target_value = target.as_value().clone();
        let answer = loop {
            match th.call_method(&raw, "readinto", std::slice::from_ref(&target_value)) {
                Ok(answer) => break answer,
                Err(raised) if !interrupted(th) => return Err(raised),
                Err(_) => signals::check(th)?,
            }
        };
        if answer.is_none() {
            return Ok(None);
        }
        let result = th.index(&answer);
        let Some(read) = th.catch(result, Exc::TypeError)? else {
            return Err(th.raise_exc(Exc::OSError, "raw readinto() failed"));
        };
        match usize::try_from(read).ok().filter(|n| *n <= count) {
            Some(read) => {
                let content = target.content.lock(th);
                into.extend_from_slice(content.get(..read).unwrap_or(&content));
                Ok(Some(read))
            }
            None => Err(th.raise_exc(
                Exc::OSError,
                format_args!(
                    "raw readinto() returned invalid length {read} (should have been between 0 and {count})"
                ),
            )),
        }
    }

    /// One write to the raw stream: how many bytes it took. None: it would block. The lock is held.
    pub fn raw_write(&self, th: &mut Thread, data: &[u8]) -> PyResult<Option<usize>> {
        let raw = self.raw(th)?;
        if let Some(file) = th.exact::<FileIo>(&raw).cloned() {
            return file.write_bytes(th, data);
        }
        let bytes = th.bytes(data)?;
        let answer = loop {
            match th.call_method(&raw, "write", std::slice::from_ref(&bytes)) {
                Ok(answer) => break answer,
                Err(raised) if !interrupted(th) => return Err(raised),
                Err(_) => signals::check(th)?,
            }
        };
        if answer.is_none() {
            return Ok(None);
        }
        let written = th.index(&answer)?;
        match usize::try_from(written).ok().filter(|n| *n <= data.len()) {
            Some(written) => Ok(Some(written)),
            None => {
                let most = data.len();
                Err(th.raise_exc(
                    Exc::OSError,
                    format_args!("raw write() returned invalid length {written} (should have been between 0 and {most})"),
                ))
            }
        }
    }

    /// The position of the raw stream.
    pub fn raw_tell(&self, th: &mut Thread) -> PyResult<i64> {
        self.raw_position(th, "tell", &[])
    }

    /// Moves the raw stream.
    pub fn raw_seek(&self, th: &mut Thread, target: i64, whence: i32) -> PyResult<i64> {
        let arguments = [th.int(target), th.int(whence.into())];
        self.raw_position(th, "seek", &arguments)
    }

    fn raw_position(&self, th: &mut Thread, method: &str, arguments: &[Value]) -> PyResult<i64> {
        let raw = self.raw(th)?;
        let answer = th.call_method(&raw, method, arguments)?;
        let position = th.index(&answer)?;
        if position < 0 {
            return Err(
                th.raise_exc(Exc::OSError, format_args!("Raw stream returned invalid position {position}"))
            );
        }
        Ok(position)
    }

    /// Reads ahead once, after what was read ahead before is used up or kept. False at the end of the stream; None: it
    /// would block. The lock is held.
    pub fn fill(&self, th: &mut Thread) -> PyResult<Option<bool>> {
        let (mut ahead, size) = {
            let mut state = self.state.lock(th);
            let position = std::mem::take(&mut state.position);
            let mut ahead = std::mem::take(&mut state.ahead);
            ahead.drain(..position);
            (ahead, state.size)
        };
        let result = self.raw_read(th, size, &mut ahead);
        self.state.lock(th).ahead = ahead;
        Ok(result?.map(|n| n > 0))
    }

    /// Writes what is pending. Some(false): it would block, and something is left. The lock is held.
    pub fn write_pending(&self, th: &mut Thread) -> PyResult<bool> {
        loop {
            let pending = std::mem::take(&mut self.state.lock(th).pending);
            if pending.is_empty() {
                // The empty vector keeps its room for the next writes.
                self.state.lock(th).pending = pending;
                return Ok(true);
            }
            let result = self.raw_write(th, &pending);
            let mut pending = pending;
            let written = match &result {
                Ok(Some(written)) => *written,
                _ => 0,
            };
            pending.drain(..written);
            self.state.lock(th).pending = pending;
            match result {
                Ok(Some(_)) => signals::check(th)?,
                Ok(None) => return Ok(false),
                Err(raised) => return Err(raised),
            }
        }
    }

    /// As [`Core::write_pending`], with an error where it would block. The lock is held.
    pub fn flush_pending(&self, th: &mut Thread) -> PyResult<()> {
        if self.write_pending(th)? { Ok(()) } else { Err(crate::io::blocked(th, 0)) }
    }

    /// Moves the raw stream back to where the reader is, and forgets what was read ahead. The lock is held.
    pub fn rewind(&self, th: &mut Thread) -> PyResult<()> {
        let ahead = self.state.lock(th).rest().len();
        if ahead > 0 {
            self.raw_seek(th, -(ahead as i64), libc::SEEK_CUR)?;
        }
        self.state.lock(th).discard();
        Ok(())
    }

    /// Up to `count` bytes, as many as come without blocking; None: none came.
    pub fn read(&self, th: &mut Thread, count: usize) -> PyResult<Option<Vec<u8>>> {
        let mut out = Vec::new();
        if out.try_reserve_exact(count).is_err() {
            return Err(th.memory_error());
        }
        {
            let mut state = self.state.lock(th);
            out.extend_from_slice(state.take(count));
        }
        while out.len() < count {
            let wanted = count - out.len();
            let size = self.state.lock(th).size;
            let came = if wanted >= size {
                self.raw_read(th, wanted - wanted % size, &mut out)?.map(|n| n > 0)
            } else {
                let came = self.fill(th)?;
                let mut state = self.state.lock(th);
                out.extend_from_slice(state.take(wanted));
                came
            };
            match came {
                Some(true) => signals::check(th)?,
                Some(false) => break,
                None if out.is_empty() => return Ok(None),
                None => break,
            }
        }
        Ok(Some(out))
    }

    /// What is left of the stream; None: it would block and nothing came.
    pub fn read_all(&self, th: &mut Thread) -> PyResult {
        let mut out = {
            let mut state = self.state.lock(th);
            let rest = state.rest().to_vec();
            state.discard();
            rest
        };
        let raw = self.raw(th)?;
        if let Some(readall) = th.lookup_attr(&raw, "readall")? {
            let rest = th.call(&readall, &[])?;
            if rest.is_none() {
                return if out.is_empty() { Ok(Value::NONE) } else { th.bytes(&out) };
            }
            let Some(bytes) = th.downcast::<Bytes>(&rest) else {
                return Err(th.type_error("readall() should return bytes"));
            };
            if out.is_empty() {
                return Ok(rest);
            }
            out.extend_from_slice(bytes.as_slice());
            return th.bytes(&out);
        }
        loop {
            let piece = th.call_method(&raw, "read", &[])?;
            if piece.is_none() {
                return if out.is_empty() { Ok(Value::NONE) } else { th.bytes(&out) };
            }
            let Some(bytes) = th.downcast::<Bytes>(&piece) else {
                return Err(th.type_error("read() should return bytes"));
            };
            if bytes.as_slice().is_empty() {
                return th.bytes(&out);
            }
            out.extend_from_slice(bytes.as_slice());
        }
    }

    /// At most `count` bytes with at most one read of the raw stream; negative: a buffer full.
    pub fn read1(&self, th: &mut Thread, count: i64) -> PyResult<Vec<u8>> {
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) => self.state.lock(th).size,
        };
        {
            let mut state = self.state.lock(th);
            if count == 0 || !state.rest().is_empty() {
                return Ok(state.take(count).to_vec());
            }
            state.discard();
        }
        let size = self.state.lock(th).size;
        let mut out = Vec::new();
        self.raw_read(th, count.min(size.max(1)), &mut out)?;
        Ok(out)
    }

    /// What is read ahead, after one read of the raw stream if that is nothing.
    pub fn peek(&self, th: &mut Thread) -> PyResult<Vec<u8>> {
        {
            let state = self.state.lock(th);
            if !state.rest().is_empty() {
                return Ok(state.rest().to_vec());
            }
        }
        self.fill(th)?;
        Ok(self.state.lock(th).rest().to_vec())
    }

    /// The next line, of at most `limit` bytes (negative: any number).
    pub fn read_line(&self, th: &mut Thread, limit: i64) -> PyResult {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut line = Vec::new();
        loop {
            let wanted = limit - line.len();
            let mut state = self.state.lock(th);
            let rest = state.rest();
            let window = &rest[..rest.len().min(wanted)];
            let found = memchr::memchr(b'\n', window);
            let count = found.map_or(window.len(), |i| i + 1);
            let finished = found.is_some() || count == wanted;
            if finished && line.is_empty() {
                let made = Obj::bytes(th, state.take(count));
                drop(state);
                return made.map(Obj::into_value).map_err(|_| th.memory_error());
            }
            line.extend_from_slice(state.take(count));
            drop(state);
            if finished || self.fill(th)? != Some(true) {
                return th.bytes(&line);
            }
            signals::check(th)?;
        }
    }

    /// Accepts `data`; answers its length.
    pub fn write(&self, th: &mut Thread, data: &[u8]) -> PyResult<usize> {
        {
            let mut state = self.state.lock(th);
            if state.pending.len() + data.len() <= state.size {
                state.pending.extend_from_slice(data);
                return Ok(data.len());
            }
        }
        if !self.write_pending(th)? {
            let mut state = self.state.lock(th);
            let room = state.size.saturating_sub(state.pending.len());
            let taken = room.min(data.len());
            state.pending.extend_from_slice(&data[..taken]);
            drop(state);
            return if taken == data.len() { Ok(taken) } else { Err(crate::io::blocked(th, taken)) };
        }
        let size = self.state.lock(th).size;
        let mut written = 0;
        while data.len() - written > size {
            match self.raw_write(th, &data[written..])? {
                Some(count) => written += count,
                None => {
                    self.state.lock(th).pending.extend_from_slice(&data[written..written + size]);
                    return Err(crate::io::blocked(th, written + size));
                }
            }
            signals::check(th)?;
        }
        self.state.lock(th).pending.extend_from_slice(&data[written..]);
        Ok(data.len())
    }

    /// The position of the stream as its user sees it.
    pub fn tell(&self, th: &mut Thread) -> PyResult<i64> {
        let raw = self.raw_tell(th)?;
        let state = self.state.lock(th);
        let position = raw - state.rest().len() as i64 + state.pending.len() as i64;
        Ok(position.max(0))
    }

    /// Moves the stream.
    pub fn seek(&self, th: &mut Thread, target: i64, whence: i32) -> PyResult<i64> {
        let ahead = {
            let state = self.state.lock(th);
            (state.rest().len() as i64, state.position as i64)
        };
        if ahead.0 > 0 && matches!(whence, libc::SEEK_SET | libc::SEEK_CUR) {
            let current = self.raw_tell(th)? - ahead.0;
            let offset = if whence == libc::SEEK_SET { target.checked_sub(current) } else { Some(target) };
            if let Some(offset) = offset.filter(|o| -ahead.1 <= *o && *o <= ahead.0) {
                let mut state = self.state.lock(th);
                state.position = (state.position as i64 + offset) as usize;
                return Ok(current + offset);
            }
        }
        self.flush_pending(th)?;
        let target = if whence == libc::SEEK_CUR { target - ahead.0 } else { target };
        let position = self.raw_seek(th, target, whence)?;
        self.state.lock(th).discard();
        Ok(position)
    }

    /// Flushes and closes the raw stream; tells both errors.
    pub fn close(&self, th: &mut Thread, stream: &Value) -> PyResult {
        {
            let held = self.enter(th, stream)?;
            if self.is_closed(th)? {
                return Ok(Value::NONE);
            }
            drop(held);
        }
        let raw = self.raw(th)?;
        if th.lookup_attr(stream, "_finalizing")?.is_some() {
            warn_unclosed(th, &raw, stream);
        }
        base::both(
            th,
            |th| th.call_method(stream, "flush", &[]).map(drop),
            |th| th.call_method(&raw, "close", &[]).map(drop),
        )?;
        let old = std::mem::take(&mut self.state.lock(th).pending);
        drop(old);
        Ok(Value::NONE)
    }

    /// Gives the raw stream away.
    pub fn detach(&self, th: &mut Thread, stream: &Value) -> PyResult {
        let raw = self.raw(th)?;
        th.call_method(stream, "flush", &[])?;
        let mut state = self.state.lock(th);
        state.detached = true;
        let taken = state.raw.take();
        drop(state);
        drop(taken);
        Ok(raw)
    }
}

/// Lets the raw stream warn that `stream` was not closed.
fn warn_unclosed(th: &mut Thread, raw: &Value, stream: &Value) {
    let warned = match th.lookup_attr(raw, "_dealloc_warn") {
        Ok(Some(method)) => th.call(&method, std::slice::from_ref(stream)).map(drop),
        Ok(None) => Ok(()),
        Err(raised) => Err(raised),
    };
    if warned.is_err() {
        th.clear_exception();
    }
}

fn interrupted(th: &mut Thread) -> bool {
    let interrupted = th.exception_is(Exc::InterruptedError);
    if interrupted {
        th.clear_exception();
    }
    interrupted
}

/// `<_io.BufferedReader name='…'>`
pub fn repr(th: &mut Thread, stream: &Value) -> PyResult<String> {
    let class = th.type_of(stream);
    let class = vm::class::full_name(th, class);
    let found = th.lookup_attr(stream, "name");
    let Some(name) = th.catch(found, Exc::ValueError)? else { return Ok(format!("<{class}>")) };
    match name {
        Some(name) => {
            let name = crate::io::guarded_repr(th, stream, &name)?;
            Ok(format!("<{class} name={name}>"))
        }
        None => Ok(format!("<{class}>")),
    }
}

/// Checks the arguments of `seek`.
pub fn seek_arguments(th: &mut Thread, target: &Value, whence: Option<i32>) -> PyResult<(i64, i32)> {
    let whence = whence.unwrap_or(0);
    if !(0..=4).contains(&whence) {
        return Err(th.value_error(format_args!("whence value {whence} unsupported")));
    }
    Ok((th.index(target)?, whence))
}

/// The bytes of a buffer, borrowed if nobody can change them.
pub fn with_bytes<R>(
    th: &mut Thread,
    data: &Value,
    body: impl FnOnce(&mut Thread, &[u8]) -> PyResult<R>,
) -> PyResult<R> {
    if let Some(bytes) = th.exact::<Bytes>(data).cloned() {
        return body(th, bytes.as_slice());
    }
    if th.as_str(data).is_some() {
        return Err(th.type_error("a bytes-like object is required, not 'str'"));
    }
    let copy = th.buffer_to_vec(data)?;
    body(th, &copy)
}

/// Copies `data` into the buffer `target`, which it fits.
pub fn copy_into(th: &mut Thread, target: &Value, data: &[u8]) -> PyResult<usize> {
    th.with_buffer_mut(target, |b| {
        let count = data.len().min(b.len());
        b[..count].copy_from_slice(&data[..count]);
        count
    })
}

/// The warning of a stream that is dropped unclosed, handed on to the raw stream.
pub fn dealloc_warn(th: &mut Thread, core: &Core, source: &Value) {
    match core.raw(th) {
        Ok(raw) => warn_unclosed(th, &raw, source),
        Err(_) => th.clear_exception(),
    }
}

/// An attribute of the raw stream.
pub fn attribute(th: &mut Thread, core: &Core, name: &str) -> PyResult {
    let raw = core.raw(th)?;
    th.get_attr_str(&raw, name)
}
