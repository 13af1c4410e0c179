//! The module `fcntl`: control of file descriptors.

use vm::prelude::*;

use crate::support;

/// The most bytes that are passed to the system and back.
const MOST: usize = 1024;

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as i64),)*];
    };
}

constants! {
    LOCK_SH LOCK_EX LOCK_NB LOCK_UN F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW
    F_GETOWN F_SETOWN F_RDLCK F_WRLCK F_UNLCK F_SETLEASE F_GETLEASE F_NOTIFY F_SETPIPE_SZ F_GETPIPE_SZ
    F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_ADD_SEALS F_GET_SEALS F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE
    FD_CLOEXEC
}

const OTHERS: &[(&str, i64)] = &[
    ("F_GETLK64", 5),
    ("F_SETLK64", 6),
    ("F_SETLKW64", 7),
    ("F_SETSIG", 10),
    ("F_GETSIG", 11),
    ("F_EXLCK", 4),
    ("F_SHLCK", 8),
    ("LOCK_MAND", 32),
    ("LOCK_READ", 64),
    ("LOCK_WRITE", 128),
    ("LOCK_RW", 192),
    ("DN_ACCESS", 1),
    ("DN_MODIFY", 2),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_RENAME", 16),
    ("DN_ATTRIB", 32),
    ("DN_MULTISHOT", 1 << 31),
    ("FASYNC", libc::O_ASYNC as i64),
];

/// What a call passes to the system.
enum Argument {
    Number(i64),
    /// Copied back into the object if it can be written.
    Memory(Vec<u8>, Option<Value>),
}

fn argument(th: &mut Thread, value: Option<&Value>, mutate: bool, name: &str) -> PyResult<Argument> {
    let Some(value) = value else { return Ok(Argument::Number(0)) };
    if th.has_special(value, vm::names::Special::Index) {
        return Ok(Argument::Number(th.index(value)?));
    }
    if th.as_str(value).is_some() {
        let bytes = crate::os_text::encode(th, value)?;
        return check_size(th, bytes, None, name);
    }
    if mutate {
        let writable = th.with_buffer_mut(value, |b| b.to_vec());
        if let Some(bytes) = th.catch(writable, Exc::TypeError)? {
            return Ok(Argument::Memory(bytes, Some(value.clone())));
        }
    }
    let copied = th.buffer_to_vec(value);
    match th.catch(copied, Exc::TypeError)? {
        Some(bytes) => check_size(th, bytes, None, name),
        None => {
            let found = th.type_name(value);
            Err(th.type_error(format_args!(
                "{name}() argument 3 must be an integer, a bytes-like object, or a string, not {found}"
            )))
        }
    }
}

fn check_size(th: &mut Thread, bytes: Vec<u8>, back: Option<Value>, name: &str) -> PyResult<Argument> {
    if bytes.len() > MOST {
        return Err(th.value_error(format_args!("{name} argument 3 is too long")));
    }
    Ok(Argument::Memory(bytes, back))
}

/// Room behind what the caller gave, as the system may write more than that.
fn with_room(bytes: &[u8]) -> Vec<u8> {
    let mut room = bytes.to_vec();
    room.resize(bytes.len() + MOST, 0);
    room
}

#[pymodule(name = "fcntl", doc = "This module performs file control and I/O control on file descriptors.")]
pub mod module {
    use super::*;

    /// Perform the operation `cmd` on file descriptor fd.
    #[pyfunction(signature = "(fd, cmd, arg=0, /)")]
    fn fcntl(th: &mut Thread, fd: &Value, cmd: i32, arg: Option<&Value>) -> PyResult {
        let fd = support::file_descriptor(th, fd)?;
        match argument(th, arg, false, "fcntl")? {
            Argument::Number(number) => {
                // SAFETY: a number; commands that take memory fail with EFAULT.
                let result = support::checked(th, || unsafe { libc::fcntl(fd, cmd, number) })?;
                Ok(th.int(result.into()))
            }
            Argument::Memory(bytes, _) => {
                let mut room = with_room(&bytes);
                // SAFETY: memory with room for any structure that the system knows.
                support::checked(th, || unsafe { libc::fcntl(fd, cmd, room.as_mut_ptr()) })?;
                th.bytes(&room[..bytes.len()])
            }
        }
    }

    /// Perform the operation request on file descriptor fd.
    #[pyfunction(signature = "(fd, request, arg=0, mutate_flag=True, /)")]
    fn ioctl(
        th: &mut Thread,
        fd: &Value,
        request: u64,
        arg: Option<&Value>,
        mutate_flag: Option<bool>,
    ) -> PyResult {
        let fd = support::file_descriptor(th, fd)?;
        match argument(th, arg, mutate_flag.unwrap_or(true), "ioctl")? {
            Argument::Number(number) => {
                // SAFETY: a number; requests that take memory fail with EFAULT.
                let result = support::checked(th, || unsafe { libc::ioctl(fd, request, number) })?;
                Ok(th.int(result.into()))
            }
            Argument::Memory(bytes, back) => {
                let mut room = with_room(&bytes);
                // SAFETY: memory with room for any structure that the system knows.
                let result = support::checked(th, || unsafe { libc::ioctl(fd, request, room.as_mut_ptr()) })?;
                match back {
                    Some(buffer) => {
                        crate::io::buffered::core::copy_into(th, &buffer, &room[..bytes.len()])?;
                        Ok(th.int(result.into()))
                    }
                    None => th.bytes(&room[..bytes.len()]),
                }
            }
        }
    }

    /// Perform the lock operation on file descriptor fd.
    #[pyfunction]
    fn flock(th: &mut Thread, fd: &Value, operation: i32) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: no memory is passed.
        support::checked(th, || unsafe { libc::flock(fd, operation) }).map(drop)
    }

    /// A wrapper around the fcntl() locking calls.
    #[pyfunction(signature = "(fd, cmd, len=0, start=0, whence=0, /)")]
    fn lockf(
        th: &mut Thread,
        fd: &Value,
        cmd: i32,
        len: Option<i64>,
        start: Option<i64>,
        whence: Option<i32>,
    ) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: zeroes are a valid `flock`.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = match cmd {
            c if c & libc::LOCK_UN != 0 => libc::F_UNLCK as i16,
            c if c & libc::LOCK_SH != 0 => libc::F_RDLCK as i16,
            c if c & libc::LOCK_EX != 0 => libc::F_WRLCK as i16,
            _ => return Err(th.value_error("unrecognized lockf argument")),
        };
        lock.l_start = start.unwrap_or(0);
        lock.l_len = len.unwrap_or(0);
        lock.l_whence = whence.unwrap_or(0) as i16;
        let command = if cmd & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
        // SAFETY: the structure is readable.
        support::checked(th, || unsafe { libc::fcntl(fd, command, &raw const lock) }).map(drop)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in CONSTANTS.iter().chain(OTHERS) {
            let value = th.int(*value);
            support::set_attr(th, module, name, &value)?;
        }
        Ok(())
    }
}
