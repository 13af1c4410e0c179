//! `FileIO`: a file descriptor as a raw stream.
//!
//! # Invariants
//! - F1 `fd` is -1 when the stream is closed; it is taken out by exactly one closer.
//!
//! Descriptors are used while detached: another thread that closes the stream meanwhile makes the call fail with EBADF,
//! as in CPython.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU8, Ordering};

use vm::prelude::*;
use vm::thread::signals;

use super::base::{RawIoBase, both, size_argument};
use super::unsupported;
use crate::os_text;
use crate::support::{self, Outcome, errno};

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;
const CREATED: u8 = 4;
const APPENDING: u8 = 8;

/// Open a file.
#[pyclass(name = "FileIO", module = "_io", base = RawIoBase, subclassable)]
pub struct FileIo {
    #[no_trace]
    fd: AtomicI32,
    mode: AtomicU8,
    close_fd: AtomicBool,
    /// -1: not asked yet.
    #[no_trace]
    seekable: AtomicI32,
    /// What `st_blksize` said.
    block_size: AtomicI64,
}

/// What is read at least, when the size of the file says nothing.
const SMALL_CHUNK: usize = 8192;
/// The most that one call is asked for.
const MOST: usize = i32::MAX as usize & !0xfff;

impl FileIo {
    fn empty() -> FileIo {
        FileIo {
            fd: AtomicI32::new(-1),
            mode: AtomicU8::new(0),
            close_fd: AtomicBool::new(true),
            seekable: AtomicI32::new(-1),
            block_size: AtomicI64::new(super::DEFAULT_BUFFER_SIZE as i64),
        }
    }

    /// The descriptor; -1 when closed.
    pub fn descriptor(&self) -> i32 {
        self.fd.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    /// `st_blksize` of the file, or the default.
    pub fn preferred_size(&self) -> i64 {
        self.block_size.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    fn has(&self, bits: u8) -> bool {
        self.mode.load(Ordering::Relaxed) & bits != 0 // Relaxed: set before the object is shared.
    }

    fn open_descriptor(&self, th: &mut Thread) -> PyResult<i32> {
        let fd = self.descriptor();
        if fd < 0 { Err(th.value_error("I/O operation on closed file")) } else { Ok(fd) }
    }

    fn mode_text(&self) -> &'static str {
        match (self.has(CREATED), self.has(APPENDING), self.has(READABLE), self.has(WRITABLE)) {
            (true, _, true, _) => "xb+",
            (true, ..) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, ..) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }

    /// Reads at most `count` bytes and appends them to `into`. None: it would block.
    pub fn read_bytes(&self, th: &mut Thread, count: usize, into: &mut Vec<u8>) -> PyResult<Option<usize>> {
        let fd = self.open_descriptor(th)?;
        if !self.has(READABLE) {
            return Err(unsupported(th, "File not open for reading"));
        }
        let count = count.min(MOST);
        if into.try_reserve(count).is_err() {
            return Err(th.memory_error());
        }
        let outcome = support::retry(th, || {
            let spare = into.spare_capacity_mut();
            // SAFETY: the spare capacity has room for `count` bytes, and is ours.
            unsafe { libc::read(fd, spare.as_mut_ptr().cast(), count) }
        })?;
        match outcome {
            Ok(read) => {
                // SAFETY: the system wrote `read` bytes behind the initialised ones.
                unsafe { into.set_len(into.len() + read as usize) };
                Ok(Some(read as usize))
            }
            Err(libc::EAGAIN) => Ok(None),
            Err(error) => Err(th.os_error(error, None)),
        }
    }

    /// Writes; answers how many bytes were taken. None: it would block.
    pub fn write_bytes(&self, th: &mut Thread, data: &[u8]) -> PyResult<Option<usize>> {
        let fd = self.open_descriptor(th)?;
        if !self.has(WRITABLE) {
            return Err(unsupported(th, "File not open for writing"));
        }
        let count = data.len().min(MOST);
        // SAFETY: the slice is readable for `count` bytes.
        match support::retry(th, || unsafe { libc::write(fd, data.as_ptr().cast(), count) })? {
            Ok(written) => Ok(Some(written as usize)),
            Err(libc::EAGAIN) => Ok(None),
            Err(error) => Err(th.os_error(error, None)),
        }
    }

    /// Moves the position; answers the new one.
    pub fn seek_to(&self, th: &mut Thread, offset: i64, whence: i32) -> PyResult<i64> {
        let fd = self.open_descriptor(th)?;
        let result = th.detached(|| {
            // SAFETY: no memory is passed.
            let position = unsafe { libc::lseek(fd, offset, whence) };
            if position < 0 { Err(errno()) } else { Ok(position) }
        });
        // Relaxed: a hint that every thread would compute alike.
        let known = self.seekable.load(Ordering::Relaxed);
        if known < 0 {
            self.seekable.store(result.is_ok().into(), Ordering::Relaxed); // Relaxed: as above.
        }
        result.map_err(|error| th.os_error(error, None))
    }

    /// Closes the descriptor, if it is ours and still open.
    fn close_descriptor(&self, th: &mut Thread) -> PyResult<()> {
        // AcqRel: one of several closers gets the descriptor (F1).
        let fd = self.fd.swap(-1, Ordering::AcqRel);
        if fd < 0 || !self.close_fd.load(Ordering::Relaxed) {
            return Ok(()); // Relaxed above: set before the object is shared.
        }
        let failed = th.detached(|| {
            // SAFETY: the descriptor is ours and nobody else closes it.
            let result = unsafe { libc::close(fd) };
            if result < 0 { errno() } else { 0 }
        });
        if failed == 0 || failed == libc::EINTR { Ok(()) } else { Err(th.os_error(failed, None)) }
    }
}

struct OpenMode {
    bits: u8,
    flags: i32,
}

fn parse_mode(th: &mut Thread, mode: &str) -> PyResult<OpenMode> {
    let bad = "Must have exactly one of create/read/write/append mode and at most one plus";
    let (mut bits, mut flags, mut kind, mut plus) = (0, 0, false, false);
    for letter in mode.bytes() {
        match letter {
            b'x' | b'r' | b'w' | b'a' if kind => return Err(th.value_error(bad)),
            b'x' => {
                (kind, bits) = (true, bits | CREATED | WRITABLE);
                flags |= libc::O_EXCL | libc::O_CREAT;
            }
            b'r' => (kind, bits) = (true, bits | READABLE),
            b'w' => {
                (kind, bits) = (true, bits | WRITABLE);
                flags |= libc::O_CREAT | libc::O_TRUNC;
            }
            b'a' => {
                (kind, bits) = (true, bits | WRITABLE | APPENDING);
                flags |= libc::O_APPEND | libc::O_CREAT;
            }
            b'b' => {}
            b'+' if plus => return Err(th.value_error(bad)),
            b'+' => plus = true,
            _ => return Err(th.value_error(format_args!("invalid mode: {mode}"))),
        }
    }
    if !kind {
        return Err(th.value_error(bad));
    }
    if plus {
        bits |= READABLE | WRITABLE;
    }
    flags |= match (bits & READABLE != 0, bits & WRITABLE != 0) {
        (true, true) => libc::O_RDWR,
        (true, false) => libc::O_RDONLY,
        _ => libc::O_WRONLY,
    };
    Ok(OpenMode { bits, flags: flags | libc::O_CLOEXEC })
}

fn open_path(th: &mut Thread, file: &Value, flags: i32) -> PyResult<i32> {
    let path = os_text::path(th, file, "open", "path")?;
    // SAFETY: a terminated path.
    match support::retry(th, || unsafe { libc::open(path.bytes.as_ptr(), flags, 0o666) })? {
        Ok(fd) => Ok(fd),
        Err(error) => Err(path.error(th, error)),
    }
}

fn open_with(th: &mut Thread, opener: &Value, file: &Value, flags: i32) -> PyResult<i32> {
    let flags = th.int(flags.into());
    let answer = th.call(opener, &[file.clone(), flags])?;
    if !th.type_of(&answer).payload.has(object_model::ty::flag::INT_SUBCLASS) {
        return Err(th.type_error("expected integer from opener"));
    }
    let fd = th.index(&answer)?;
    match i32::try_from(fd) {
        Ok(fd) if fd >= 0 => {
            // SAFETY: no memory is passed; a bad descriptor fails harmlessly.
            unsafe { libc::ioctl(fd, libc::FIOCLEX) };
            Ok(fd)
        }
        _ => Err(th.value_error(format_args!("opener returned {fd}"))),
    }
}

fn status(th: &mut Thread, fd: i32) -> Outcome<libc::stat> {
    th.detached(|| {
        // SAFETY: zeroes are a valid `stat`.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the call fills the structure.
        if unsafe { libc::fstat(fd, &raw mut status) } < 0 { Err(errno()) } else { Ok(status) }
    })
}

fn initialise(
    th: &mut Thread,
    this: &Obj<FileIo>,
    file: &Value,
    mode: &str,
    close_fd: bool,
    opener: Option<&Value>,
) -> PyResult<()> {
    this.close_descriptor(th)?;
    let mode = parse_mode(th, mode)?;
    let given = if th.has_special(file, vm::names::Special::Index) {
        if file.as_bool().is_some() {
            support::warn(th, Exc::RuntimeWarning, "bool is used as a file descriptor", 1)?;
        }
        let fd = th.index(file)?;
        if fd < 0 {
            return Err(th.value_error("negative file descriptor"));
        }
        match i32::try_from(fd) {
            Ok(fd) => Some(fd),
            Err(_) => return Err(th.overflow_error("Python int too large to convert to C int")),
        }
    } else {
        None
    };
    let fd = match (given, opener.filter(|o| !o.is_none())) {
        (Some(fd), _) => fd,
        (None, _) if !close_fd => return Err(th.value_error("Cannot use closefd=False with file name")),
        (None, Some(opener)) => open_with(th, opener, file, mode.flags)?,
        (None, None) => open_path(th, file, mode.flags)?,
    };
    let owned = given.is_none();
    let checked = match status(th, fd) {
        Ok(status) if status.st_mode & libc::S_IFMT == libc::S_IFDIR => {
            Err(th.os_error(libc::EISDIR, Some(file.clone())))
        }
        Ok(status) => Ok(Some(status)),
        Err(libc::EBADF) if !owned => return Err(th.os_error(libc::EBADF, None)),
        Err(libc::EBADF) => Err(th.os_error(libc::EBADF, Some(file.clone()))),
        Err(_) => Ok(None),
    };
    match checked {
        Ok(Some(status)) if status.st_blksize > 1 => {
            this.block_size.store(status.st_blksize, Ordering::Relaxed); // Relaxed: a number on its own.
        }
        Ok(_) => {}
        Err(raised) => {
            if owned {
                // SAFETY: the descriptor was just opened by us.
                unsafe { libc::close(fd) };
            }
            return Err(raised);
        }
    }
    // Relaxed: the stream is shared through other synchronisation only after `__init__`.
    this.mode.store(mode.bits, Ordering::Relaxed);
    this.close_fd.store(close_fd, Ordering::Relaxed); // Relaxed: as above.
    this.seekable.store(-1, Ordering::Relaxed); // Relaxed: as above.
    this.fd.store(fd, Ordering::Release); // Release pairs with the swap in `close_descriptor`.
    support::set_attr(th, this.as_value(), "name", file)?;
    if mode.bits & APPENDING != 0 {
        // SAFETY: no memory is passed. Pipes refuse, which does not matter.
        th.detached(|| unsafe { libc::lseek(fd, 0, libc::SEEK_END) });
    }
    Ok(())
}

fn warn_unclosed(th: &mut Thread, source: &Value) {
    let Ok(text) = th.repr(source) else {
        th.clear_exception();
        return;
    };
    let message = format!("unclosed file {}", text.units().to_str_lossy());
    let warn = support::import_attr(th, "_warnings", "warn");
    let result = warn.and_then(|warn| {
        let arguments = [th.str(&message), Exc::ResourceWarning.class().value(), th.int(1), source.clone()];
        th.call(&warn, &arguments)
    });
    if result.is_err() {
        if th.exception_is(Exc::Warning) {
            let exception = th.take_exception();
            vm::exceptions::unraisable(
                th,
                exception,
                Some(source),
                "Exception ignored while finalizing file",
            );
        }
        th.clear_exception();
    }
}

/// Reads to the end, and what size to try first.
fn read_all(th: &mut Thread, this: &Obj<FileIo>) -> PyResult {
    let fd = this.open_descriptor(th)?;
    if !this.has(READABLE) {
        return Err(unsupported(th, "File not open for reading"));
    }
    let (end, position) = th.detached(|| {
        // SAFETY: zeroes are a valid `stat`.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the call fills the structure.
        let end = if unsafe { libc::fstat(fd, &raw mut status) } == 0 { status.st_size } else { -1 };
        // SAFETY: no memory is passed.
        (end, unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) })
    });
    let expected =
        if end > 0 && position >= 0 && end >= position { (end - position) as usize + 1 } else { SMALL_CHUNK };
    let mut all: Vec<u8> = Vec::new();
    if all.try_reserve(expected.min(MOST)).is_err() {
        return Err(th.memory_error());
    }
    loop {
        let room = all.capacity() - all.len();
        let room = if room == 0 { all.len().clamp(SMALL_CHUNK, 1 << 26) } else { room };
        match this.read_bytes(th, room, &mut all)? {
            Some(0) => return th.bytes(&all),
            Some(_) => {}
            None if all.is_empty() => return Ok(Value::NONE),
            None => return th.bytes(&all),
        }
        signals::check(th)?;
    }
}

#[pymethods]
impl FileIo {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        Ok(Obj::new(th, class.payload.instance_shape(), FileIo::empty()).into_value())
    }

    #[signature("(file, mode='r', closefd=True, opener=None)")]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        file: &Value,
        mode: Option<String>,
        closefd: Option<bool>,
        opener: Option<&Value>,
    ) -> PyResult<()> {
        initialise(th, this, file, mode.as_deref().unwrap_or("r"), closefd.unwrap_or(true), opener)
    }

    /// Read at most size bytes, returned as bytes.
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let size = size_argument(th, size)?;
        let Ok(size) = usize::try_from(size) else { return read_all(th, this) };
        let mut content = Vec::new();
        match this.read_bytes(th, size, &mut content)? {
            Some(_) => th.bytes(&content),
            None => Ok(Value::NONE),
        }
    }

    /// Read all data from the file, returned as bytes.
    fn readall(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        read_all(th, this)
    }

    /// Same as RawIOBase.readinto().
    fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
        this.open_descriptor(th)?;
        if !this.has(READABLE) {
            return Err(unsupported(th, "File not open for reading"));
        }
        let room = th.with_buffer_mut(buffer, |b| b.len())?;
        let mut content = Vec::new();
        match this.read_bytes(th, room, &mut content)? {
            Some(read) => {
                th.with_buffer_mut(buffer, |b| {
                    let count = read.min(b.len());
                    b[..count].copy_from_slice(&content[..count]);
                })?;
                Ok(th.int(read as i64))
            }
            None => Ok(Value::NONE),
        }
    }

    /// Write buffer b to file, return number of bytes written.
    fn write(this: &Obj<Self>, th: &mut Thread, b: &Value) -> PyResult {
        this.open_descriptor(th)?;
        if !this.has(WRITABLE) {
            return Err(unsupported(th, "File not open for writing"));
        }
        let written = match th.exact::<Bytes>(b).cloned() {
            Some(bytes) => this.write_bytes(th, bytes.as_slice())?,
            None => {
                let data = th.buffer_to_vec(b)?;
                this.write_bytes(th, &data)?
            }
        };
        Ok(written.map_or(Value::NONE, |n| th.int(n as i64)))
    }

    /// Move to new file position and return the file position.
    #[signature("(pos, whence=0, /)")]
    fn seek(this: &Obj<Self>, th: &mut Thread, pos: &Value, whence: Option<i32>) -> PyResult<i64> {
        this.open_descriptor(th)?;
        if pos.as_immediate_float().is_some() {
            return Err(th.type_error("an integer is required"));
        }
        let pos = th.index(pos)?;
        this.seek_to(th, pos, whence.unwrap_or(0))
    }

    /// Current file position.
    fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult<i64> {
        this.seek_to(th, 0, libc::SEEK_CUR)
    }

    /// Truncate the file to at most size bytes and return the truncated size.
    #[signature("(size=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let fd = this.open_descriptor(th)?;
        if !this.has(WRITABLE) {
            return Err(unsupported(th, "File not open for writing"));
        }
        let length = match size.filter(|s| !s.is_none()) {
            Some(size) => th.index(size)?,
            None => this.seek_to(th, 0, libc::SEEK_CUR)?,
        };
        // SAFETY: no memory is passed.
        support::checked(th, || unsafe { libc::ftruncate(fd, length) })?;
        Ok(th.int(length))
    }

    /// Close the file.
    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let base = RawIoBase::class(th).value();
        let object = this.as_value();
        let finalizing = th.lookup_attr(object, "_finalizing")?.is_some();
        let closes = this.close_fd.load(Ordering::Relaxed); // Relaxed: set before the object is shared.
        if finalizing && closes && this.descriptor() >= 0 {
            warn_unclosed(th, object);
        }
        if !closes {
            this.fd.store(-1, Ordering::Release); // Release: as in `initialise`.
        }
        both(
            th,
            |th| th.call_method(&base, "close", std::slice::from_ref(object)).map(drop),
            |th| this.close_descriptor(th),
        )?;
        Ok(Value::NONE)
    }

    /// True if file supports random-access.
    fn seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        this.open_descriptor(th)?;
        // Relaxed: a hint that every thread would compute alike.
        if this.seekable.load(Ordering::Relaxed) < 0 {
            let result = this.seek_to(th, 0, libc::SEEK_CUR);
            if th.catch(result, Exc::OSError)?.is_none() {
                return Ok(false);
            }
        }
        Ok(this.seekable.load(Ordering::Relaxed) > 0) // Relaxed: as above.
    }

    /// True if file was opened in a read mode.
    fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        this.open_descriptor(th)?;
        Ok(this.has(READABLE))
    }

    /// True if file was opened in a write mode.
    fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        this.open_descriptor(th)?;
        Ok(this.has(WRITABLE))
    }

    /// Return the underlying file descriptor (an integer).
    fn fileno(this: &Obj<Self>, th: &mut Thread) -> PyResult<i32> {
        this.open_descriptor(th)
    }

    /// True if the file is connected to a TTY device.
    fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        let fd = this.open_descriptor(th)?;
        // SAFETY: no memory is passed.
        Ok(th.detached(|| unsafe { libc::isatty(fd) }) == 1)
    }

    fn _isatty_open_only(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        FileIo::isatty(this, th)
    }

    fn _dealloc_warn(this: &Obj<Self>, th: &mut Thread, source: &Value) {
        // Relaxed: set before the object is shared.
        if this.descriptor() >= 0 && this.close_fd.load(Ordering::Relaxed) {
            warn_unclosed(th, source);
        }
    }

    /// True if the file is closed
    #[getter]
    fn closed(&self) -> bool {
        self.descriptor() < 0
    }

    /// True if the file descriptor will be closed by close().
    #[getter]
    fn closefd(&self) -> bool {
        self.close_fd.load(Ordering::Relaxed) // Relaxed: set before the object is shared.
    }

    /// String giving the file mode.
    #[getter]
    fn mode(&self) -> &'static str {
        self.mode_text()
    }

    #[getter]
    fn _blksize(&self) -> i64 {
        self.preferred_size()
    }

    #[setter("_blksize")]
    fn set_block_size(&self, value: i64) {
        self.block_size.store(value, Ordering::Relaxed); // Relaxed: a number on its own.
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let class = th.type_name(this.as_value());
        if this.descriptor() < 0 {
            return Ok(format!("<{class} [closed]>"));
        }
        let (mode, close_fd) = (this.mode_text(), if this.closefd() { "True" } else { "False" });
        match th.lookup_attr(this.as_value(), "name")? {
            Some(name) => {
                let name = super::guarded_repr(th, this.as_value(), &name)?;
                Ok(format!("<{class} name={name} mode='{mode}' closefd={close_fd}>"))
            }
            None => Ok(format!("<{class} fd={} mode='{mode}' closefd={close_fd}>", this.descriptor())),
        }
    }

    fn __getstate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = th.type_name(this.as_value());
        Err(th.type_error(format_args!("cannot pickle '{name}' instances")))
    }
}
