//! File descriptors: opening, reading, writing, duplicating.

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use super::common::{dir_fd as common_dir, on_descriptor};
use crate::os_text;
use crate::support::{self, errno};

/// `os.terminal_size`
pub static TERMINAL_SIZE: StructSeqDef = StructSeqDef {
    name: "terminal_size",
    module: "os",
    fields: &[
        ("columns", "width of the terminal window in characters"),
        ("lines", "height of the terminal window in characters"),
    ],
    n_sequence_fields: 2,
};

const MOST: usize = i32::MAX as usize & !0xfff;

/// Open a file for low level IO.  Returns a file descriptor (integer).
#[pyfunction(signature = "(path, flags, mode=0o777, *, dir_fd=None)")]
pub fn open(
    th: &mut Thread,
    path: &Value,
    flags: i32,
    mode: Option<u32>,
    dir_fd: Option<&Value>,
) -> PyResult<i32> {
    let path = os_text::path(th, path, "open", "path")?;
    let (dir, mode) = (common_dir(th, dir_fd)?, mode.unwrap_or(0o777));
    let flags = flags | libc::O_CLOEXEC;
    // SAFETY: a terminated path.
    match support::retry(th, || unsafe { libc::openat(dir, path.bytes.as_ptr(), flags, mode) })? {
        Ok(fd) => Ok(fd),
        Err(error) => Err(path.error(th, error)),
    }
}

/// Close a file descriptor.
#[pyfunction(signature = "(fd)")]
pub fn close(th: &mut Thread, fd: i32) -> PyResult<()> {
    // Not repeated: after an interruption the descriptor is closed on Linux.
    let error = th.detached(|| {
        // SAFETY: no memory is passed; the caller owns the descriptor.
        if unsafe { libc::close(fd) } < 0 { errno() } else { 0 }
    });
    if error == 0 || error == libc::EINTR { Ok(()) } else { Err(th.os_error(error, None)) }
}

/// Closes all file descriptors in [fd_low, fd_high), ignoring errors.
#[pyfunction]
pub fn closerange(th: &mut Thread, fd_low: i32, fd_high: i32) {
    th.detached(|| {
        for fd in fd_low.max(0)..fd_high {
            // SAFETY: no memory is passed; the caller owns the descriptors.
            unsafe { libc::close(fd) };
        }
    });
}

/// Return a duplicate of a file descriptor.
#[pyfunction]
pub fn dup(th: &mut Thread, fd: i32) -> PyResult<i32> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
}

/// Duplicate file descriptor.
#[pyfunction(signature = "(fd, fd2, inheritable=True)")]
pub fn dup2(th: &mut Thread, fd: i32, fd2: i32, inheritable: Option<bool>) -> PyResult<i32> {
    if fd < 0 || fd2 < 0 {
        return Err(th.os_error(libc::EBADF, None));
    }
    let inheritable = inheritable.unwrap_or(true);
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe {
        if inheritable || fd == fd2 { libc::dup2(fd, fd2) } else { libc::dup3(fd, fd2, libc::O_CLOEXEC) }
    })?;
    if !inheritable {
        set_inheritable(th, fd2, 0)?;
    }
    Ok(fd2)
}

/// Read from a file descriptor.  Returns a bytes object.
#[pyfunction]
pub fn read(th: &mut Thread, fd: i32, length: i64) -> PyResult {
    let Ok(length) = usize::try_from(length) else { return Err(th.os_error(libc::EINVAL, None)) };
    let length = length.min(MOST);
    let mut content: Vec<u8> = Vec::new();
    if content.try_reserve(length).is_err() {
        return Err(th.memory_error());
    }
    let read = support::checked(th, || {
        // SAFETY: the spare room is ours and has `length` bytes.
        unsafe { libc::read(fd, content.spare_capacity_mut().as_mut_ptr().cast(), length) }
    })?;
    // SAFETY: the system wrote that many bytes.
    unsafe { content.set_len(read as usize) };
    th.bytes(&content)
}

/// Read into a buffer object from a file descriptor.
#[pyfunction]
pub fn readinto(th: &mut Thread, fd: i32, buffer: &Value) -> PyResult<usize> {
    let room = th.with_buffer_mut(buffer, |b| b.len())?;
    let data = read(th, fd, room as i64)?;
    let Some(data) = th.downcast::<Bytes>(&data).cloned() else { return Ok(0) };
    crate::io::buffered::core::copy_into(th, buffer, data.as_slice())
}

/// Write a bytes object to a file descriptor.
#[pyfunction]
pub fn write(th: &mut Thread, fd: i32, data: &Value) -> PyResult<isize> {
    crate::io::buffered::core::with_bytes(th, data, |th, data| {
        let count = data.len().min(MOST);
        // SAFETY: the slice is readable for `count` bytes.
        support::checked(th, || unsafe { libc::write(fd, data.as_ptr().cast(), count) })
    })
}

/// Read from a file descriptor at an offset.
#[pyfunction]
pub fn pread(th: &mut Thread, fd: i32, length: i64, offset: i64) -> PyResult {
    let Ok(length) = usize::try_from(length) else { return Err(th.os_error(libc::EINVAL, None)) };
    let mut content = Vec::new();
    if content.try_reserve_exact(length).is_err() {
        return Err(th.memory_error());
    }
    content.resize(length, 0_u8);
    // SAFETY: the vector has `length` bytes.
    let read =
        support::checked(th, || unsafe { libc::pread(fd, content.as_mut_ptr().cast(), length, offset) })?;
    th.bytes(&content[..read as usize])
}

/// Write bytes to a file descriptor at an offset.
#[pyfunction]
pub fn pwrite(th: &mut Thread, fd: i32, buffer: &Value, offset: i64) -> PyResult<isize> {
    crate::io::buffered::core::with_bytes(th, buffer, |th, data| {
        // SAFETY: the slice is readable.
        support::checked(th, || unsafe { libc::pwrite(fd, data.as_ptr().cast(), data.len(), offset) })
    })
}

/// Set the position of a file descriptor.  Return the new position.
#[pyfunction]
pub fn lseek(th: &mut Thread, fd: i32, position: i64, whence: i32) -> PyResult<i64> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::lseek(fd, position, whence) })
}

/// Truncate a file to a length.
#[pyfunction]
pub fn ftruncate(th: &mut Thread, fd: i32, length: i64) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::ftruncate(fd, length) })
}

/// Truncate a file, specified by path, to a specific length.
#[pyfunction(signature = "(path, length)")]
pub fn truncate(th: &mut Thread, path: &Value, length: i64) -> PyResult<()> {
    let target = os_text::target(th, path, "truncate", "path")?;
    super::common::on_target(
        th,
        &target,
        // SAFETY: a terminated path.
        |path| unsafe { libc::truncate(path, length) },
        // SAFETY: no memory is passed.
        |fd| unsafe { libc::ftruncate(fd, length) },
    )
}

/// Force write of fd to disk.
#[pyfunction(signature = "(fd)")]
pub fn fsync(th: &mut Thread, fd: &Value) -> PyResult<()> {
    let fd = support::file_descriptor(th, fd)?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::fsync(fd) })
}

/// Force write of fd to disk without forcing update of metadata.
#[pyfunction(signature = "(fd)")]
pub fn fdatasync(th: &mut Thread, fd: &Value) -> PyResult<()> {
    let fd = support::file_descriptor(th, fd)?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::fdatasync(fd) })
}

/// Force write of everything to disk.
#[pyfunction]
pub fn sync(th: &mut Thread) {
    // SAFETY: no memory is passed.
    th.detached(|| unsafe { libc::sync() });
}

/// Return True if the fd is connected to a terminal.
#[pyfunction]
pub fn isatty(th: &mut Thread, fd: i32) -> bool {
    // SAFETY: no memory is passed.
    th.detached(|| unsafe { libc::isatty(fd) }) == 1
}

/// Return the name of the terminal device connected to 'fd'.
#[pyfunction]
pub fn ttyname(th: &mut Thread, fd: i32) -> PyResult {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer has the length that is told.
    let error = unsafe { libc::ttyname_r(fd, name.as_mut_ptr().cast(), name.len()) };
    if error != 0 {
        return Err(th.os_error(error, None));
    }
    let length = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    os_text::decode(th, &name[..length])
}

fn pair(th: &mut Thread, ends: [i32; 2]) -> Value {
    let ends = ends.map(|fd| th.int(fd.into()));
    th.tuple(ends.to_vec())
}

/// Create a pipe.
#[pyfunction]
pub fn pipe(th: &mut Thread) -> PyResult {
    pipe2(th, libc::O_CLOEXEC)
}

/// Create a pipe with flags set atomically.
#[pyfunction]
pub fn pipe2(th: &mut Thread, flags: i32) -> PyResult {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), flags) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    Ok(pair(th, ends))
}

/// Open a pseudo-terminal.
#[pyfunction]
pub fn openpty(th: &mut Thread) -> PyResult {
    let mut ends = [0; 2];
    let [master, slave] = &mut ends;
    // SAFETY: room for two descriptors; nothing else is asked for.
    let result = unsafe {
        libc::openpty(master, slave, std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut())
    };
    if result < 0 {
        return Err(th.os_error(errno(), None));
    }
    for fd in ends {
        set_inheritable(th, fd, 0)?;
    }
    Ok(pair(th, ends))
}

/// Get the close-on-exe flag of the specified file descriptor.
#[pyfunction]
pub fn get_inheritable(th: &mut Thread, fd: i32) -> PyResult<bool> {
    // SAFETY: no memory is passed.
    let flags = support::checked(th, || unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
    Ok(flags & libc::FD_CLOEXEC == 0)
}

/// Set the inheritable flag of the specified file descriptor.
#[pyfunction]
pub fn set_inheritable(th: &mut Thread, fd: i32, inheritable: i32) -> PyResult<()> {
    let request = if inheritable != 0 { libc::FIONCLEX } else { libc::FIOCLEX };
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::ioctl(fd, request) })
}

/// Get the blocking mode of the file descriptor.
#[pyfunction]
pub fn get_blocking(th: &mut Thread, fd: i32) -> PyResult<bool> {
    // SAFETY: no memory is passed.
    let flags = support::checked(th, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    Ok(flags & libc::O_NONBLOCK == 0)
}

/// Set the blocking mode of the specified file descriptor.
#[pyfunction]
pub fn set_blocking(th: &mut Thread, fd: i32, blocking: bool) -> PyResult<()> {
    // SAFETY: no memory is passed.
    let flags = support::checked(th, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    let flags = if blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::fcntl(fd, libc::F_SETFL, flags) })
}

/// Return the size of the terminal window as (columns, lines).
#[pyfunction(signature = "(fd=<unrepresentable>, /)")]
pub fn get_terminal_size(th: &mut Thread, fd: Option<i32>) -> PyResult {
    let fd = fd.unwrap_or(libc::STDOUT_FILENO);
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the call fills the structure.
    if unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    let class = structseq::make_type(th, &TERMINAL_SIZE);
    let fields = vec![th.int(size.ws_col.into()), th.int(size.ws_row.into())];
    structseq::new(th, class, fields)
}

/// Copy count bytes from file descriptor in_fd to file descriptor out_fd.
#[pyfunction(signature = "(out_fd, in_fd, offset, count)")]
pub fn sendfile(th: &mut Thread, out_fd: i32, in_fd: i32, offset: &Value, count: usize) -> PyResult<isize> {
    let mut offset = if offset.is_none() { None } else { Some(th.index(offset)?) };
    let pointer = offset.as_mut().map_or(std::ptr::null_mut(), |o| &raw mut *o);
    // SAFETY: null or a place for the offset.
    support::checked(th, || unsafe { libc::sendfile(out_fd, in_fd, pointer, count) })
}

/// Copy count bytes from one file descriptor to another, inside the system.
#[pyfunction(signature = "(src, dst, count, offset_src=None, offset_dst=None)")]
pub fn copy_file_range(
    th: &mut Thread,
    src: i32,
    dst: i32,
    count: i64,
    offset_src: Option<i64>,
    offset_dst: Option<i64>,
) -> PyResult<isize> {
    let Ok(count) = usize::try_from(count) else {
        return Err(th.value_error("negative value for 'count' not allowed"));
    };
    let (mut from, mut to) = (offset_src, offset_dst);
    let from = from.as_mut().map_or(std::ptr::null_mut(), |o| &raw mut *o);
    let to = to.as_mut().map_or(std::ptr::null_mut(), |o| &raw mut *o);
    // SAFETY: null or places for the offsets.
    support::checked(th, || unsafe { libc::copy_file_range(src, from, dst, to, count, 0) })
}

/// Apply, test or remove a POSIX lock on an open file descriptor.
#[pyfunction]
pub fn lockf(th: &mut Thread, fd: i32, command: i32, length: i64) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::lockf(fd, command, length) })
}

/// Ensure a file has allocated at least a particular number of bytes on disk.
#[pyfunction]
pub fn posix_fallocate(th: &mut Thread, fd: i32, offset: i64, length: i64) -> PyResult<()> {
    // SAFETY: no memory is passed.
    match th.detached(|| unsafe { libc::posix_fallocate(fd, offset, length) }) {
        0 => Ok(()),
        error => Err(th.os_error(error, None)),
    }
}

/// Announce an intention to access data in a specific pattern.
#[pyfunction]
pub fn posix_fadvise(th: &mut Thread, fd: i32, offset: i64, length: i64, advice: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    match th.detached(|| unsafe { libc::posix_fadvise(fd, offset, length, advice) }) {
        0 => Ok(()),
        error => Err(th.os_error(error, None)),
    }
}

/// Return the process group associated with the terminal specified by fd.
#[pyfunction]
pub fn tcgetpgrp(th: &mut Thread, fd: i32) -> PyResult<i32> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::tcgetpgrp(fd) })
}

/// Set the process group associated with the terminal specified by fd.
#[pyfunction]
pub fn tcsetpgrp(th: &mut Thread, fd: i32, pgid: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::tcsetpgrp(fd, pgid) })
}

/// Create an anonymous file that lives in memory.
#[pyfunction(signature = "(name, flags=1)")]
pub fn memfd_create(th: &mut Thread, name: &Value, flags: Option<u32>) -> PyResult<i32> {
    let name = super::common::c_text(th, name)?;
    // SAFETY: a terminated name.
    support::checked(th, || unsafe { libc::memfd_create(name.as_ptr(), flags.unwrap_or(libc::MFD_CLOEXEC)) })
}

/// Create and return an event file descriptor.
#[pyfunction(signature = "(initval, flags=524288)")]
pub fn eventfd(th: &mut Thread, initval: u32, flags: Option<i32>) -> PyResult<i32> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::eventfd(initval, flags.unwrap_or(libc::EFD_CLOEXEC)) })
}

/// Read eventfd value
#[pyfunction(signature = "(fd)")]
pub fn eventfd_read(th: &mut Thread, fd: i32) -> PyResult<u64> {
    let mut value = 0_u64;
    // SAFETY: the call fills the number.
    support::checked(th, || unsafe { libc::eventfd_read(fd, &raw mut value) })?;
    Ok(value)
}

/// Write eventfd value.
#[pyfunction(signature = "(fd, value)")]
pub fn eventfd_write(th: &mut Thread, fd: i32, value: u64) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::eventfd_write(fd, value) })
}
