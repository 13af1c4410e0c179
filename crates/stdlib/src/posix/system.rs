//! The system at large: its name, its limits, randomness, the environment.

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use super::common::c_text;
use crate::os_text;
use crate::support::{self, errno};

/// `os.uname_result`
pub static UNAME_RESULT: StructSeqDef = StructSeqDef {
    name: "uname_result",
    module: "posix",
    fields: &[
        ("sysname", "operating system name"),
        ("nodename", "name of machine on network (implementation-defined)"),
        ("release", "operating system release"),
        ("version", "operating system version"),
        ("machine", "hardware identifier"),
    ],
    n_sequence_fields: 5,
};

/// `os.sched_param`
pub static SCHED_PARAM: StructSeqDef = StructSeqDef {
    name: "sched_param",
    module: "posix",
    fields: &[("sched_priority", "the scheduling priority")],
    n_sequence_fields: 1,
};

fn field(th: &mut Thread, text: &[libc::c_char]) -> PyResult {
    let bytes: Vec<u8> = text.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
    os_text::decode(th, &bytes)
}

/// Return an object identifying the current operating system.
#[pyfunction]
pub fn uname(th: &mut Thread) -> PyResult {
    // SAFETY: zeroes are a valid `utsname`.
    let mut names: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the structure.
    if unsafe { libc::uname(&raw mut names) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    let class = structseq::make_type(th, &UNAME_RESULT);
    let texts = [&names.sysname, &names.nodename, &names.release, &names.version, &names.machine];
    let mut fields = Vec::with_capacity(texts.len());
    for text in texts {
        fields.push(field(th, text)?);
    }
    structseq::new(th, class, fields)
}

/// Fills `buffer` with random bytes of the system.
fn random(th: &mut Thread, buffer: &mut [u8], flags: u32) -> PyResult<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        // SAFETY: the rest of the buffer is ours.
        let got =
            support::checked(th, || unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), flags) })?;
        filled += got as usize;
    }
    Ok(())
}

/// Whether there is work to do while the prompt waits for keys: no extension module can ask for it here.
#[pyfunction]
pub fn _is_inputhook_installed() -> bool {
    false
}

fn random_bytes(th: &mut Thread, size: i64, flags: u32, message: &str) -> PyResult {
    let Ok(size) = usize::try_from(size) else { return Err(th.value_error(message)) };
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(size).is_err() {
        return Err(th.memory_error());
    }
    bytes.resize(size, 0);
    random(th, &mut bytes, flags)?;
    th.bytes(&bytes)
}

/// Return a bytes object containing random bytes suitable for cryptographic use.
#[pyfunction]
pub fn urandom(th: &mut Thread, size: i64) -> PyResult {
    random_bytes(th, size, 0, "negative argument not allowed")
}

/// Obtain a series of random bytes.
#[pyfunction(signature = "(size, flags=0)")]
pub fn getrandom(th: &mut Thread, size: i64, flags: Option<u32>) -> PyResult {
    if size < 0 {
        return Err(th.os_error(libc::EINVAL, None));
    }
    random_bytes(th, size, flags.unwrap_or(0), "")
}

/// Return the number of logical CPUs in the system.
#[pyfunction]
pub fn cpu_count() -> Option<i64> {
    if let Some(count) = vm::import::state().and_then(|state| state.config.cpu_count) {
        return Some(count.into());
    }
    // SAFETY: no memory is passed.
    Some(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).filter(|n| *n > 0)
}

/// Return average recent system load information.
#[pyfunction]
pub fn getloadavg(th: &mut Thread) -> PyResult {
    let mut loads = [0.0; 3];
    // SAFETY: room for three numbers.
    if unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } != 3 {
        return Err(th.raise_exc(Exc::OSError, "Load averages are unobtainable"));
    }
    let loads = loads.map(|l| th.float(l));
    Ok(th.tuple(loads.to_vec()))
}

/// Translate an error code to a message string.
#[pyfunction]
pub fn strerror(code: i32) -> String {
    vm::exceptions::strerror(code)
}

/// Return the file system path representation of the object.
#[pyfunction(signature = "(path)")]
pub fn fspath(th: &mut Thread, path: &Value) -> PyResult {
    os_text::fspath(th, path)
}

/// Change or add an environment variable.
#[pyfunction]
pub fn putenv(th: &mut Thread, name: &Value, value: &Value) -> PyResult<()> {
    let (name, value) = (c_text(th, name)?, c_text(th, value)?);
    if name.as_bytes().contains(&b'=') {
        return Err(th.value_error("illegal environment variable name"));
    }
    // SAFETY: terminated texts, which the system copies. Other native threads that read the environment meanwhile are
    // the same danger as in CPython.
    if unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    Ok(())
}

/// Delete an environment variable.
#[pyfunction]
pub fn unsetenv(th: &mut Thread, name: &Value) -> PyResult<()> {
    let name = c_text(th, name)?;
    // SAFETY: a terminated text.
    if unsafe { libc::unsetenv(name.as_ptr()) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    Ok(())
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// The environment as a dict of bytes; of two settings of one name the first counts.
pub fn environment(th: &mut Thread) -> PyResult<Obj<Dict>> {
    let dict = th.dict();
    // SAFETY: reading the C library's variable.
    let mut entry = unsafe { environ };
    while !entry.is_null() {
        // SAFETY: the list ends with null.
        let text = unsafe { *entry };
        if text.is_null() {
            break;
        }
        // SAFETY: the entries are terminated texts.
        let text = unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes();
        if let Some(at) = text.iter().skip(1).position(|b| *b == b'=') {
            let (name, value) = (th.bytes(&text[..at + 1])?, th.bytes(&text[at + 2..])?);
            if th.dict_get(&dict, &name)?.is_none() {
                th.dict_set(&dict, &name, value)?;
            }
        }
        // SAFETY: not behind the null that ends the list.
        entry = unsafe { entry.add(1) };
    }
    Ok(dict)
}

/// Create the environment dictionary.
#[pyfunction]
pub fn _create_environ(th: &mut Thread) -> PyResult {
    environment(th).map(Obj::into_value)
}

/// A configuration name: a number, or a key of `names`.
fn configuration_name(th: &mut Thread, name: &Value, names: &[(&str, i32)]) -> PyResult<i32> {
    if let Some(text) = th.as_str(name) {
        let text = text.units().to_str_lossy().into_owned();
        return match names.iter().find(|(n, _)| *n == text) {
            Some((_, number)) => Ok(*number),
            None => Err(th.value_error("unrecognized configuration name")),
        };
    }
    if !th.has_special(name, vm::names::Special::Index) {
        return Err(th.type_error("configuration names must be strings or integers"));
    }
    let number = th.index(name)?;
    i32::try_from(number).map_err(|_| th.overflow_error("Python int too large to convert to C int"))
}

/// Names that `sysconf` knows.
pub const SYSCONF_NAMES: &[(&str, i32)] = &[
    ("SC_ARG_MAX", libc::_SC_ARG_MAX),
    ("SC_CHILD_MAX", libc::_SC_CHILD_MAX),
    ("SC_CLK_TCK", libc::_SC_CLK_TCK),
    ("SC_NGROUPS_MAX", libc::_SC_NGROUPS_MAX),
    ("SC_OPEN_MAX", libc::_SC_OPEN_MAX),
    ("SC_STREAM_MAX", libc::_SC_STREAM_MAX),
    ("SC_TZNAME_MAX", libc::_SC_TZNAME_MAX),
    ("SC_JOB_CONTROL", libc::_SC_JOB_CONTROL),
    ("SC_SAVED_IDS", libc::_SC_SAVED_IDS),
    ("SC_VERSION", libc::_SC_VERSION),
    ("SC_PAGESIZE", libc::_SC_PAGESIZE),
    ("SC_PAGE_SIZE", libc::_SC_PAGESIZE),
    ("SC_NPROCESSORS_CONF", libc::_SC_NPROCESSORS_CONF),
    ("SC_NPROCESSORS_ONLN", libc::_SC_NPROCESSORS_ONLN),
    ("SC_PHYS_PAGES", libc::_SC_PHYS_PAGES),
    ("SC_AVPHYS_PAGES", libc::_SC_AVPHYS_PAGES),
    ("SC_IOV_MAX", libc::_SC_IOV_MAX),
    ("SC_GETPW_R_SIZE_MAX", libc::_SC_GETPW_R_SIZE_MAX),
    ("SC_GETGR_R_SIZE_MAX", libc::_SC_GETGR_R_SIZE_MAX),
    ("SC_HOST_NAME_MAX", libc::_SC_HOST_NAME_MAX),
    ("SC_LOGIN_NAME_MAX", libc::_SC_LOGIN_NAME_MAX),
    ("SC_TTY_NAME_MAX", libc::_SC_TTY_NAME_MAX),
    ("SC_THREADS", libc::_SC_THREADS),
    ("SC_THREAD_STACK_MIN", libc::_SC_THREAD_STACK_MIN),
    ("SC_SEM_NSEMS_MAX", libc::_SC_SEM_NSEMS_MAX),
    ("SC_SEM_VALUE_MAX", libc::_SC_SEM_VALUE_MAX),
    ("SC_SYMLOOP_MAX", libc::_SC_SYMLOOP_MAX),
];

/// Names that `pathconf` knows.
pub const PATHCONF_NAMES: &[(&str, i32)] = &[
    ("PC_LINK_MAX", libc::_PC_LINK_MAX),
    ("PC_MAX_CANON", libc::_PC_MAX_CANON),
    ("PC_MAX_INPUT", libc::_PC_MAX_INPUT),
    ("PC_NAME_MAX", libc::_PC_NAME_MAX),
    ("PC_PATH_MAX", libc::_PC_PATH_MAX),
    ("PC_PIPE_BUF", libc::_PC_PIPE_BUF),
    ("PC_CHOWN_RESTRICTED", libc::_PC_CHOWN_RESTRICTED),
    ("PC_NO_TRUNC", libc::_PC_NO_TRUNC),
    ("PC_VDISABLE", libc::_PC_VDISABLE),
];

/// -1 is an answer, unless `errno` was set.
fn limited(th: &mut Thread, ask: impl FnOnce() -> i64) -> PyResult<i64> {
    // SAFETY: the calling thread's own error number.
    unsafe { *libc::__errno_location() = 0 };
    let value = ask();
    let error = errno();
    if value == -1 && error != 0 { Err(th.os_error(error, None)) } else { Ok(value) }
}

/// Return an integer-valued system configuration variable.
#[pyfunction]
pub fn sysconf(th: &mut Thread, name: &Value) -> PyResult<i64> {
    let name = configuration_name(th, name, SYSCONF_NAMES)?;
    // SAFETY: no memory is passed.
    limited(th, || unsafe { libc::sysconf(name) })
}

/// Return the configuration limit name for the file or directory path.
#[pyfunction(signature = "(path, name)")]
pub fn pathconf(th: &mut Thread, path: &Value, name: &Value) -> PyResult<i64> {
    let target = os_text::target(th, path, "pathconf", "path")?;
    let name = configuration_name(th, name, PATHCONF_NAMES)?;
    limited(th, || match &target {
        // SAFETY: a terminated path.
        os_text::Target::Path(path) => unsafe { libc::pathconf(path.bytes.as_ptr(), name) },
        // SAFETY: no memory is passed.
        os_text::Target::Descriptor(fd, _) => unsafe { libc::fpathconf(*fd, name) },
    })
}

/// Return the configuration limit name for the file descriptor fd.
#[pyfunction]
pub fn fpathconf(th: &mut Thread, fd: &Value, name: &Value) -> PyResult<i64> {
    pathconf(th, fd, name)
}

/// Return the name of the controlling terminal for this process.
#[pyfunction]
pub fn ctermid() -> &'static str {
    "/dev/tty"
}

/// Extracts a major device number from a raw device number.
#[pyfunction]
pub fn major(device: u64) -> u32 {
    libc::major(device)
}

/// Extracts a minor device number from a raw device number.
#[pyfunction]
pub fn minor(device: u64) -> u32 {
    libc::minor(device)
}

/// Composes a raw device number from the major and minor device numbers.
#[pyfunction]
pub fn makedev(major: u32, minor: u32) -> u64 {
    libc::makedev(major, minor)
}

/// Normalises the bytes or characters of a path as `os.path.normpath` does.
fn normal(path: &str) -> String {
    if path.is_empty() {
        return ".".to_string();
    }
    let root = match path.bytes().take_while(|b| *b == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => drop(parts.pop()),
            ".." if !root.is_empty() && parts.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_string() } else { joined }
}

/// Normalize path, eliminating double slashes, etc.
#[pyfunction(signature = "(path)")]
pub fn _path_normpath(th: &mut Thread, path: &Value) -> PyResult {
    let plain = os_text::fspath(th, path)?;
    if let Some(bytes) = th.downcast::<Bytes>(&plain).cloned() {
        // Latin-1 keeps every byte apart.
        let text: String = bytes.as_slice().iter().map(|b| char::from(*b)).collect();
        let normal: Vec<u8> = normal(&text).chars().map(|c| c as u8).collect();
        return th.bytes(&normal);
    }
    let Some(text) = th.as_str(&plain).cloned() else { return Ok(plain) };
    if let Ok(text) = text.units().to_str() {
        return Ok(th.str(&normal(&text)));
    }
    // With surrogates: by the bytes that they stand for.
    let bytes = os_text::encode(th, &plain)?;
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let normal: Vec<u8> = normal(&text).chars().map(|c| c as u8).collect();
    os_text::decode(th, &normal)
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn paths_are_normalised() {
        for (path, expected) in [
            ("", "."),
            ("/", "/"),
            ("//", "//"),
            ("///a//b", "/a/b"),
            ("a/./b/../c", "a/c"),
            ("../../a", "../../a"),
            ("/../a", "/a"),
            ("a/..", "."),
        ] {
            assert_eq!(normal(path), expected);
        }
    }
}
