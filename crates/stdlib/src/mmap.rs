//! `mmap`: files in memory.
//!
//! Invariant: the mapping is only touched under its lock, and unmapped or moved under it only while no memoryview looks
//! at it. That the file may change or shrink beneath it is the caller's affair, as with any mapping.

use std::sync::atomic::{AtomicUsize, Ordering};

use vm::builtins::memoryview::{self, Layout};
use vm::builtins::slice;
use vm::prelude::*;
use vm::protocol::buffer::Exporter;

use crate::support::errno;

/// What may be done with a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Default,
    Read,
    Write,
    Copy,
}

/// A mapping, or nothing when it is closed.
struct Mapping {
    start: *mut u8,
    length: usize,
    /// Where the next read or write begins.
    position: usize,
    /// A descriptor of its own, or -1.
    fd: i32,
    closed: bool,
}

// SAFETY: the memory belongs to the mapping alone, and has no tie to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    fn bytes(&self) -> &[u8] {
        if self.closed || self.length == 0 {
            return &[];
        }
        // SAFETY: `length` bytes are mapped at `start`, and stay so while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        if self.closed || self.length == 0 {
            return &mut [];
        }
        // SAFETY: as above; who asks for this checked that the mapping can be written to.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }

    fn close(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        // SAFETY: the mapping is this object's, and not used any more.
        unsafe { libc::munmap(self.start.cast(), self.length) };
        if self.fd >= 0 {
            // SAFETY: the descriptor is this object's.
            unsafe { libc::close(self.fd) };
            self.fd = -1;
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.close();
    }
}

/// Memory-mapped file objects behave like both bytearray and like file objects.
#[pyclass(name = "mmap", module = "mmap", subclassable, weakref)]
pub struct Mmap {
    #[no_trace]
    mapping: Guarded<Mapping>,
    #[no_trace]
    access: Access,
    writable: bool,
    shared: bool,
    offset: usize,
    keeps_fd: bool,
    /// Memoryviews that look at it.
    #[no_trace]
    exports: AtomicUsize,
}

/// How memoryviews reach the memory.
struct MmapExporter;

impl Exporter for MmapExporter {
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8])) {
        if let Some(map) = th.downcast::<Mmap>(object) {
            body(map.mapping.lock(th).bytes());
        }
    }

    fn write(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&mut [u8])) {
        if let Some(map) = th.downcast::<Mmap>(object) {
            body(map.mapping.lock(th).bytes_mut());
        }
    }

    fn acquire(&self, object: &Value) {
        // SAFETY: only mappings are exported with this exporter.
        let map: &Obj<Mmap> = unsafe { Obj::borrow_unchecked(object) };
        // Relaxed: a number on its own; who unmaps looks at it under the lock.
        map.exports.fetch_add(1, Ordering::Relaxed);
    }

    fn release(&self, object: &Value) {
        // SAFETY: only mappings are exported with this exporter.
        let map: &Obj<Mmap> = unsafe { Obj::borrow_unchecked(object) };
        map.exports.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
    }
}

fn page_size() -> usize {
    // SAFETY: no memory is involved.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

impl Mmap {
    /// Its length; ValueError if it is closed.
    fn open_length(&self, th: &mut Thread) -> PyResult<usize> {
        let (closed, length) = {
            let mapping = self.mapping.lock(th);
            (mapping.closed, mapping.length)
        };
        if closed { Err(th.value_error("mmap closed or invalid")) } else { Ok(length) }
    }

    fn check_writable(&self, th: &mut Thread) -> PyResult<()> {
        self.open_length(th)?;
        if self.writable {
            return Ok(());
        }
        Err(th.type_error("mmap can't modify a readonly memory map."))
    }

    fn exported(&self) -> bool {
        self.exports.load(Ordering::Relaxed) > 0 // Relaxed: as at `MmapExporter::acquire`.
    }

    fn place(&self, th: &mut Thread, index: &Value) -> PyResult<usize> {
        let length = self.open_length(th)? as i64;
        let index = th.index_for_subscript(index)?;
        let at = if index < 0 { index + length } else { index };
        if at < 0 || at >= length {
            return Err(th.index_error("mmap index out of range"));
        }
        Ok(at as usize)
    }

    fn search(
        &self,
        th: &mut Thread,
        sub: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
        reverse: bool,
    ) -> PyResult<i64> {
        self.open_length(th)?;
        let sub = th.buffer_to_vec(sub)?;
        let (position, length) = {
            let mapping = self.mapping.lock(th);
            (mapping.position, mapping.length)
        };
        let start = start.filter(|start| !start.is_none());
        let end = end.filter(|end| !end.is_none());
        let start = slice::bound(th, start, length, position.min(length))?;
        let end = slice::bound(th, end, length, length)?;
        if start > end {
            return Ok(-1);
        }
        let mapping = self.mapping.lock(th);
        let Some(area) = mapping.bytes().get(start..end.min(mapping.length)) else { return Ok(-1) };
        let found =
            if reverse { memchr::memmem::rfind(area, &sub) } else { memchr::memmem::find(area, &sub) };
        Ok(found.map_or(-1, |at| (start + at) as i64))
    }
}

#[pymethods]
impl Mmap {
    #[new]
    #[signature(
        "(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE|PROT_READ, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)"
    )]
    fn new(
        th: &mut Thread,
        fileno: i32,
        length: i64,
        flags: Option<i32>,
        prot: Option<i32>,
        access: Option<i32>,
        offset: Option<i64>,
        trackfd: Option<bool>,
    ) -> PyResult<Mmap> {
        let Ok(mut length) = usize::try_from(length) else {
            return Err(th.overflow_error("memory mapped length must be positive"));
        };
        let Ok(offset) = usize::try_from(offset.unwrap_or(0)) else {
            return Err(th.overflow_error("memory mapped offset must be positive"));
        };
        let access = access.unwrap_or(0);
        if access != 0 && (flags.is_some() || prot.is_some()) {
            return Err(th.value_error("mmap can't specify both access and flags, prot."));
        }
        let mut flags = flags.unwrap_or(libc::MAP_SHARED);
        let mut protection = prot.unwrap_or(libc::PROT_READ | libc::PROT_WRITE);
        let access = match access {
            0 => {
                let (readable, writable) =
                    (protection & libc::PROT_READ != 0, protection & libc::PROT_WRITE != 0);
                match (readable, writable) {
                    (true, true) => Access::Default,
                    (_, true) => Access::Write,
                    _ => Access::Read,
                }
            }
            1 => {
                (flags, protection) = (libc::MAP_SHARED, libc::PROT_READ);
                Access::Read
            }
            2 => {
                (flags, protection) = (libc::MAP_SHARED, libc::PROT_READ | libc::PROT_WRITE);
                Access::Write
            }
            3 => {
                (flags, protection) = (libc::MAP_PRIVATE, libc::PROT_READ | libc::PROT_WRITE);
                Access::Copy
            }
            _ => return Err(th.value_error("mmap invalid access parameter.")),
        };
        if fileno != -1 {
            // SAFETY: zeroes are a valid structure, which the call fills.
            let (result, stat) = unsafe {
                let mut stat: libc::stat = std::mem::zeroed();
                (libc::fstat(fileno, &raw mut stat), stat)
            };
            if result == -1 {
                return Err(th.os_error(errno(), None));
            }
            if stat.st_mode & libc::S_IFMT == libc::S_IFREG {
                let size = stat.st_size as usize;
                if length == 0 {
                    if size == 0 {
                        return Err(th.value_error("cannot mmap an empty file"));
                    }
                    if offset >= size {
                        return Err(th.value_error("mmap offset is greater than file size"));
                    }
                    length = size - offset;
                } else if offset > size || size - offset < length {
                    return Err(th.value_error("mmap length is greater than file size"));
                }
            }
        }
        let keeps_fd = trackfd.unwrap_or(true);
        let mut own = -1;
        if fileno == -1 {
            flags |= libc::MAP_ANONYMOUS;
        } else if keeps_fd {
            // SAFETY: no memory is involved.
            own = unsafe { libc::fcntl(fileno, libc::F_DUPFD_CLOEXEC, 0) };
            if own == -1 {
                return Err(th.os_error(errno(), None));
            }
        }
        let (start, error) = th.detached(|| {
            // SAFETY: the system chooses the place; nothing else is there.
            let start = unsafe {
                libc::mmap(std::ptr::null_mut(), length, protection, flags, fileno, offset as libc::off_t)
            };
            (start as usize, errno())
        });
        if start == libc::MAP_FAILED as usize {
            if own >= 0 {
                // SAFETY: the descriptor was made above.
                unsafe { libc::close(own) };
            }
            return Err(th.os_error(error, None));
        }
        let mapping = Mapping { start: start as *mut u8, length, position: 0, fd: own, closed: false };
        Ok(Mmap {
            mapping: Guarded::new(mapping),
            access,
            writable: access != Access::Read && protection & libc::PROT_WRITE != 0,
            shared: flags & libc::MAP_SHARED != 0 && flags & libc::MAP_PRIVATE == 0,
            offset,
            keeps_fd,
            exports: AtomicUsize::new(0),
        })
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let name = vm::class::full_name(th, th.type_of(this.as_value()));
        let (closed, length, position) = {
            let mapping = this.mapping.lock(th);
            (mapping.closed, mapping.length, mapping.position)
        };
        let access = match this.access {
            Access::Default => "ACCESS_DEFAULT",
            Access::Read => "ACCESS_READ",
            Access::Write => "ACCESS_WRITE",
            Access::Copy => "ACCESS_COPY",
        };
        if closed {
            return format!("<{name} closed=True>");
        }
        let offset = this.offset;
        format!("<{name} closed=False, access={access}, length={length}, pos={position}, offset={offset}>")
    }

    fn __len__(&self, th: &mut Thread) -> PyResult<usize> {
        self.open_length(th)
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        self.open_length(th)?;
        if let Some(slice) = slice::exact(key).cloned() {
            let raw = slice::unpack(th, &slice)?;
            self.open_length(th)?;
            let picked: Vec<u8> = {
                let mapping = self.mapping.lock(th);
                let bytes = mapping.bytes();
                let indices = slice::fit(raw, bytes.len());
                if indices.step == 1 {
                    let start = indices.start.max(0) as usize;
                    bytes.get(start..start + indices.count).unwrap_or(&[]).to_vec()
                } else {
                    indices.iter().filter_map(|index| bytes.get(index).copied()).collect()
                }
            };
            return th.bytes(&picked);
        }
        if !th.has_special(key, vm::names::Special::Index) {
            return Err(th.type_error("mmap indices must be integers"));
        }
        let at = self.place(th, key)?;
        let byte = self.mapping.lock(th).bytes().get(at).copied();
        match byte {
            Some(byte) => Ok(th.int(byte.into())),
            None => Err(th.value_error("mmap closed or invalid")),
        }
    }

    fn __setitem__(&self, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        self.check_writable(th)?;
        if let Some(slice) = slice::exact(key).cloned() {
            let raw = slice::unpack(th, &slice)?;
            let content = th.buffer_to_vec(value)?;
            let length = self.open_length(th)?;
            let indices = slice::fit(raw, length);
            if content.len() != indices.count {
                return Err(th.index_error("mmap slice assignment is wrong size"));
            }
            let mut mapping = self.mapping.lock(th);
            let bytes = mapping.bytes_mut();
            for (index, byte) in indices.iter().zip(content) {
                if let Some(slot) = bytes.get_mut(index) {
                    *slot = byte;
                }
            }
            return Ok(());
        }
        if !th.has_special(key, vm::names::Special::Index) {
            return Err(th.type_error("mmap indices must be integer"));
        }
        let at = self.place(th, key)?;
        if !th.has_special(value, vm::names::Special::Index) {
            return Err(th.type_error("mmap item value must be an int"));
        }
        let number = th.index_clamped(value)?;
        let Ok(byte) = u8::try_from(number) else {
            return Err(th.value_error("mmap item value must be in range(0, 256)"));
        };
        self.open_length(th)?;
        if let Some(slot) = self.mapping.lock(th).bytes_mut().get_mut(at) {
            *slot = byte;
        }
        Ok(())
    }

    fn __delitem__(&self, th: &mut Thread, key: &Value) -> PyResult<()> {
        self.check_writable(th)?;
        if slice::exact(key).is_some() {
            return Err(th.type_error("mmap object doesn't support slice deletion"));
        }
        Err(th.type_error("mmap doesn't support item deletion"))
    }

    #[signature("()")]
    fn __enter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        this.open_length(th)?;
        Ok(this.as_value().clone())
    }

    #[signature("(exc_type, exc_value, traceback, /)")]
    fn __exit__(
        &self,
        th: &mut Thread,
        _exc_type: &Value,
        _exc_value: &Value,
        _traceback: &Value,
    ) -> PyResult<()> {
        self.close(th)
    }

    #[signature("()")]
    fn close(&self, th: &mut Thread) -> PyResult<()> {
        if self.exported() {
            return Err(th.buffer_error("cannot close exported pointers exist"));
        }
        self.mapping.lock(th).close();
        Ok(())
    }

    #[getter]
    fn closed(&self, th: &mut Thread) -> bool {
        self.mapping.lock(th).closed
    }

    #[signature("(view, start=None, end=None, /)")]
    fn find(
        &self,
        th: &mut Thread,
        view: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<i64> {
        self.search(th, view, start, end, false)
    }

    #[signature("(view, start=None, end=None, /)")]
    fn rfind(
        &self,
        th: &mut Thread,
        view: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
    ) -> PyResult<i64> {
        self.search(th, view, start, end, true)
    }

    #[signature("(offset=0, size=-1, /)")]
    fn flush(&self, th: &mut Thread, offset: Option<i64>, size: Option<i64>) -> PyResult<()> {
        let length = self.open_length(th)? as i64;
        let offset = offset.unwrap_or(0);
        let size = size.filter(|size| *size != -1).unwrap_or(length - offset);
        if offset < 0 || size < 0 || length - offset < size {
            return Err(th.value_error("flush values out of range"));
        }
        if !self.writable || self.access == Access::Copy {
            return Ok(());
        }
        let start = self.mapping.lock(th).start as usize;
        // SAFETY: the range lies within the mapping; a wrong address would be the system's error.
        let result = unsafe {
            libc::msync((start + offset as usize) as *mut libc::c_void, size as usize, libc::MS_SYNC)
        };
        if result == -1 { Err(th.os_error(errno(), None)) } else { Ok(()) }
    }

    #[signature("(option, start=0, length=-1, /)")]
    fn madvise(&self, th: &mut Thread, option: i32, start: Option<i64>, length: Option<i64>) -> PyResult<()> {
        let whole = self.open_length(th)? as i64;
        let start = start.unwrap_or(0);
        let length = length.unwrap_or(whole);
        if start < 0 || start >= whole {
            return Err(th.value_error("madvise start out of bounds"));
        }
        if length < 0 {
            return Err(th.value_error("madvise length invalid"));
        }
        if i64::MAX - start < length {
            return Err(th.overflow_error("madvise length too large"));
        }
        let length = length.min(whole - start);
        let base = self.mapping.lock(th).start as usize;
        // SAFETY: the range lies within the mapping.
        let result =
            unsafe { libc::madvise((base + start as usize) as *mut libc::c_void, length as usize, option) };
        if result == -1 { Err(th.os_error(errno(), None)) } else { Ok(()) }
    }

    #[signature("(dest, src, count, /)")]
    fn r#move(&self, th: &mut Thread, dest: i64, src: i64, count: i64) -> PyResult<()> {
        self.check_writable(th)?;
        let length = self.open_length(th)? as i64;
        let fits = |at: i64| at >= 0 && count >= 0 && at <= length && length - at >= count;
        if !fits(dest) || !fits(src) {
            return Err(th.value_error("source, destination, or count out of range"));
        }
        let (dest, src, count) = (dest as usize, src as usize, count as usize);
        self.mapping.lock(th).bytes_mut().copy_within(src..src + count, dest);
        Ok(())
    }

    #[signature("(n=None, /)")]
    fn read(&self, th: &mut Thread, n: Option<&Value>) -> PyResult {
        self.open_length(th)?;
        let wanted = match n.filter(|n| !n.is_none()) {
            Some(n) => th.index(n)?,
            None => -1,
        };
        let bytes = {
            let mut mapping = self.mapping.lock(th);
            let rest = mapping.bytes().get(mapping.position..).unwrap_or(&[]);
            let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(rest.len());
            let bytes = rest[..count].to_vec();
            mapping.position += count;
            bytes
        };
        th.bytes(&bytes)
    }

    #[signature("()")]
    fn read_byte(&self, th: &mut Thread) -> PyResult<i64> {
        self.open_length(th)?;
        let byte = {
            let mut mapping = self.mapping.lock(th);
            let byte = mapping.bytes().get(mapping.position).copied();
            mapping.position += usize::from(byte.is_some());
            byte
        };
        match byte {
            Some(byte) => Ok(byte.into()),
            None => Err(th.value_error("read byte out of range")),
        }
    }

    #[signature("()")]
    fn readline(&self, th: &mut Thread) -> PyResult {
        self.open_length(th)?;
        let bytes = {
            let mut mapping = self.mapping.lock(th);
            let rest = mapping.bytes().get(mapping.position..).unwrap_or(&[]);
            let count = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let bytes = rest[..count].to_vec();
            mapping.position += count;
            bytes
        };
        th.bytes(&bytes)
    }

    #[signature("(newsize, /)")]
    fn resize(&self, th: &mut Thread, newsize: i64) -> PyResult<()> {
        self.open_length(th)?;
        if self.exported() {
            return Err(th.buffer_error("mmap can't resize with extant buffers exported."));
        }
        if !self.keeps_fd {
            return Err(th.value_error("mmap can't resize with trackfd=False."));
        }
        if !self.writable || self.access == Access::Copy {
            return Err(th.type_error("mmap can't resize a readonly or copy-on-write memory map."));
        }
        let Ok(size) = usize::try_from(newsize) else {
            return Err(th.value_error("new size out of range"));
        };
        let failed = {
            let mut mapping = self.mapping.lock(th);
            let anonymous = mapping.fd < 0;
            if anonymous && self.shared && size > mapping.length {
                Some(None)
            } else {
                // SAFETY: no memory is involved.
                let cut = anonymous
                    || unsafe { libc::ftruncate(mapping.fd, (self.offset + size) as libc::off_t) } == 0;
                if cut {
                    // SAFETY: the mapping is this object's, and nobody looks at it.
                    let moved = unsafe {
                        libc::mremap(mapping.start.cast(), mapping.length, size, libc::MREMAP_MAYMOVE)
                    };
                    if moved == libc::MAP_FAILED {
                        Some(Some(errno()))
                    } else {
                        mapping.start = moved.cast();
                        mapping.length = size;
                        None
                    }
                } else {
                    Some(Some(errno()))
                }
            }
        };
        match failed {
            None => Ok(()),
            Some(None) => Err(th.value_error("mmap: can't expand a shared anonymous mapping")),
            Some(Some(error)) => Err(th.os_error(error, None)),
        }
    }

    #[signature("(pos, whence=0, /)")]
    fn seek(&self, th: &mut Thread, pos: i64, whence: Option<i32>) -> PyResult<i64> {
        let length = self.open_length(th)? as i64;
        let base = match whence.unwrap_or(0) {
            0 => 0,
            1 => self.mapping.lock(th).position as i64,
            2 => length,
            _ => return Err(th.value_error("unknown seek type")),
        };
        match base.checked_add(pos) {
            Some(place) if (0..=length).contains(&place) => {
                self.mapping.lock(th).position = place as usize;
                Ok(place)
            }
            _ => Err(th.value_error("seek out of range")),
        }
    }

    #[signature("()")]
    fn seekable(&self) -> bool {
        true
    }

    #[signature("()")]
    fn size(&self, th: &mut Thread) -> PyResult<i64> {
        let length = self.open_length(th)?;
        let fd = self.mapping.lock(th).fd;
        if fd < 0 {
            if !self.keeps_fd {
                return Err(th.os_error(libc::EBADF, None));
            }
            return Ok(length as i64);
        }
        // SAFETY: zeroes are a valid structure, which the call fills.
        let (result, stat) = unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            (libc::fstat(fd, &raw mut stat), stat)
        };
        if result == -1 { Err(th.os_error(errno(), None)) } else { Ok(stat.st_size) }
    }

    #[signature("()")]
    fn tell(&self, th: &mut Thread) -> PyResult<usize> {
        self.open_length(th)?;
        Ok(self.mapping.lock(th).position)
    }

    #[signature("(bytes, /)")]
    fn write(&self, th: &mut Thread, bytes: &Value) -> PyResult<usize> {
        self.check_writable(th)?;
        let data = th.buffer_to_vec(bytes)?;
        self.open_length(th)?;
        let fits = {
            let mut mapping = self.mapping.lock(th);
            let position = mapping.position;
            match mapping.bytes_mut().get_mut(position..position.saturating_add(data.len())) {
                Some(to) => {
                    to.copy_from_slice(&data);
                    mapping.position += data.len();
                    true
                }
                None => false,
            }
        };
        if fits { Ok(data.len()) } else { Err(th.value_error("data out of range")) }
    }

    #[signature("(byte, /)")]
    fn write_byte(&self, th: &mut Thread, byte: u8) -> PyResult<()> {
        self.check_writable(th)?;
        let fits = {
            let mut mapping = self.mapping.lock(th);
            let position = mapping.position;
            match mapping.bytes_mut().get_mut(position) {
                Some(slot) => {
                    *slot = byte;
                    mapping.position += 1;
                    true
                }
                None => false,
            }
        };
        if fits { Ok(()) } else { Err(th.value_error("write byte out of range")) }
    }

    #[signature("()")]
    fn __sizeof__(&self) -> usize {
        size_of::<Mmap>()
    }

    /// Return a buffer object that exposes the underlying memory of the object.
    #[signature("(flags, /)")]
    fn __buffer__(this: &Obj<Self>, th: &mut Thread, _flags: i64) -> PyResult {
        let length = this.open_length(th)?;
        Ok(memoryview::export(th, this.as_value(), &MmapExporter, Layout::bytes(length, !this.writable)))
    }
}

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as i64),)*];
    };
}

constants! {
    PROT_EXEC PROT_READ PROT_WRITE MAP_SHARED MAP_PRIVATE MAP_ANON MAP_ANONYMOUS MAP_DENYWRITE MAP_EXECUTABLE
    MAP_POPULATE MAP_STACK MAP_NORESERVE MAP_32BIT MAP_HUGETLB MAP_LOCKED MAP_NONBLOCK MAP_GROWSDOWN
    MAP_FIXED_NOREPLACE MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED MADV_REMOVE MADV_DONTFORK
    MADV_DOFORK MADV_HWPOISON MADV_MERGEABLE MADV_UNMERGEABLE MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTDUMP
    MADV_DODUMP MADV_FREE
}

/// The module.
#[pymodule(name = "mmap", classes = [super::Mmap])]
pub mod module {
    use super::{CONSTANTS, page_size};
    use vm::prelude::*;

    #[pyattr]
    const ACCESS_DEFAULT: i64 = 0;
    #[pyattr]
    const ACCESS_READ: i64 = 1;
    #[pyattr]
    const ACCESS_WRITE: i64 = 2;
    #[pyattr]
    const ACCESS_COPY: i64 = 3;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, number) in CONSTANTS {
            let number = th.int(*number);
            crate::support::set_attr(th, module, name, &number)?;
        }
        let page = th.int(page_size() as i64);
        crate::support::set_attr(th, module, "PAGESIZE", &page)?;
        crate::support::set_attr(th, module, "ALLOCATIONGRANULARITY", &page)?;
        crate::support::set_attr(th, module, "error", &Exc::OSError.class().value())
    }
}
