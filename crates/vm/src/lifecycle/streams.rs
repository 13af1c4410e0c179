//! `sys.stdin`, `sys.stdout`, `sys.stderr`: preliminary ones that need no Python code, and the real ones.

use std::os::fd::RawFd;

use super::config::is_lenient_locale;
use crate::import::state::required;
use crate::import::{import, set_sys_attribute};
use crate::prelude::*;

/// Writes text to a file descriptor, unbuffered: standard output and error until `io` can be imported.
#[pyclass(name = "stderrprinter", module = "builtins", no_new)]
pub struct Printer {
    #[no_trace]
    fd: RawFd,
}

fn write_all(fd: RawFd, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the buffer is a slice.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        if written < 0 {
            let error = std::io::Error::last_os_error();
            if error.kind() != std::io::ErrorKind::Interrupted {
                return Err(error);
            }
            continue;
        }
        bytes = bytes.get(written as usize..).unwrap_or(&[]);
    }
    Ok(())
}

#[pymethods]
impl Printer {
    fn write(&self, th: &mut Thread, text: &Obj<Str>) -> PyResult<usize> {
        let (fd, characters) = (self.fd, text.len());
        let bytes = text.units().to_str_lossy().into_owned();
        let written = th.detached(|| write_all(fd, bytes.as_bytes()));
        match written {
            Ok(()) => Ok(characters),
            Err(error) => Err(th.io_error(&error, None)),
        }
    }

    fn flush(&self) {}

    fn close(&self) {}

    fn fileno(&self) -> i32 {
        self.fd
    }

    fn isatty(&self) -> bool {
        is_terminal(self.fd)
    }

    #[getter]
    fn closed(&self) -> bool {
        false
    }

    #[getter]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[getter]
    fn mode(&self) -> &'static str {
        "w"
    }
}

fn is_terminal(fd: RawFd) -> bool {
    // SAFETY: asks about a number.
    unsafe { libc::isatty(fd) == 1 }
}

/// Sets the streams that need no Python code.
pub fn set_preliminary(th: &mut Thread) -> PyResult<()> {
    for (name, fd) in [("stdout", 1), ("stderr", 2)] {
        let printer = Printer::new_object(th, Printer { fd }).into_value();
        set_sys_attribute(th, name, printer)?;
    }
    set_sys_attribute(th, "stdin", Value::NONE)
}

/// Opens the real streams, and makes `builtins.open` what `io.open` is.
pub fn open(th: &mut Thread) -> PyResult<()> {
    let io = import(th, "io")?;
    let opener = th.get_attr_str(&io, "open")?;
    let builtins = required(th)?.builtins.clone();
    let name = th.intern("open");
    th.set_attr(&builtins, &name, &opener)?;
    for (name, fd) in [("stdin", 0), ("stdout", 1), ("stderr", 2)] {
        let stream = open_one(th, &io, name, fd)?;
        set_sys_attribute(th, name, stream.clone())?;
        set_sys_attribute(th, &format!("__{name}__"), stream)?;
    }
    Ok(())
}

fn open_one(th: &mut Thread, io: &Value, name: &str, fd: RawFd) -> PyResult {
    // SAFETY: asks about a number.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Ok(Value::NONE);
    }
    let config = &required(th)?.config;
    let (encoding, errors) = encoding(config, name);
    let writes = fd != 0;
    let buffered = config.buffered || !writes;
    let mode = th.str(if writes { "wb" } else { "rb" });
    let number = th.int(fd.into());
    let buffering = th.int(if buffered { -1 } else { 0 });
    let arguments = [number, mode, buffering, Value::NONE, Value::NONE, Value::NONE, Value::FALSE];
    let file = th.call_method(io, "open", &arguments)?;
    let raw = if buffered { th.get_attr_str(&file, "raw")? } else { file.clone() };
    let attribute = th.intern("name");
    let shown = th.str(&format!("<{name}>"));
    th.set_attr(&raw, &attribute, &shown)?;
    let line_buffering = config.buffered && (is_terminal(fd) || fd == 2);
    let arguments = [
        file,
        th.str(&encoding),
        th.str(&errors),
        th.str("\n"),
        Value::bool(line_buffering),
        Value::bool(!config.buffered),
    ];
    let stream = th.call_method(io, "TextIOWrapper", &arguments)?;
    let attribute = th.intern("mode");
    let mode = th.str(if writes { "w" } else { "r" });
    th.set_attr(&stream, &attribute, &mode)?;
    Ok(stream)
}

/// Encoding and error handler of a stream.
fn encoding(config: &super::Config, name: &str) -> (String, String) {
    let (mut encoding, mut errors) = ("utf-8".to_owned(), "strict".to_owned());
    if config.is_utf8_mode() || is_lenient_locale() {
        "surrogateescape".clone_into(&mut errors);
    }
    if let Some((given, given_errors)) = &config.stdio_encoding {
        if !given.is_empty() {
            encoding.clone_from(given);
            "strict".clone_into(&mut errors);
        }
        if !given_errors.is_empty() {
            errors.clone_from(given_errors);
        }
    }
    if name == "stderr" {
        "backslashreplace".clone_into(&mut errors);
    }
    (encoding, errors)
}
