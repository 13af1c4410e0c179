//! `open()`: which streams a file is read and written through.

use vm::prelude::*;

use super::DEFAULT_BUFFER_SIZE;
use super::buffered::{random::BufferedRandom, reader::BufferedReader, writer::BufferedWriter};
use super::file::FileIo;
use super::text::TextIoWrapper;
use crate::support;

#[derive(Default)]
struct Mode {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

fn parse(th: &mut Thread, mode: &str) -> PyResult<Mode> {
    let mut parsed = Mode::default();
    for (i, letter) in mode.char_indices() {
        let field = match letter {
            'x' => &mut parsed.creating,
            'r' => &mut parsed.reading,
            'w' => &mut parsed.writing,
            'a' => &mut parsed.appending,
            '+' => &mut parsed.updating,
            't' => &mut parsed.text,
            'b' => &mut parsed.binary,
            _ => return Err(th.value_error(format_args!("invalid mode: '{mode}'"))),
        };
        *field = true;
        if mode[..i].contains(letter) {
            return Err(th.value_error(format_args!("invalid mode: '{mode}'")));
        }
    }
    if parsed.text && parsed.binary {
        return Err(th.value_error("can't have text and binary mode at once"));
    }
    let kinds = [parsed.creating, parsed.reading, parsed.writing, parsed.appending];
    if kinds.iter().filter(|k| **k).count() != 1 {
        return Err(th.value_error("must have exactly one of create/read/write/append mode"));
    }
    Ok(parsed)
}

/// Open file and return a stream.  Raise OSError upon failure.
#[pyfunction(
    signature = "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
)]
pub fn open(
    th: &mut Thread,
    file: &Value,
    mode: Option<String>,
    buffering: Option<i64>,
    encoding: Option<&Value>,
    errors: Option<&Value>,
    newline: Option<&Value>,
    closefd: Option<bool>,
    opener: Option<&Value>,
) -> PyResult {
    let text_mode = mode.as_deref().unwrap_or("r");
    let is_number = th.has_special(file, vm::names::Special::Index);
    let file = if is_number { file.clone() } else { crate::os_text::fspath(th, file)? };
    let mode = parse(th, text_mode)?;
    if mode.binary {
        let message = match (encoding.is_some(), errors.is_some(), newline.is_some()) {
            (true, ..) => Some("binary mode doesn't take an encoding argument"),
            (_, true, _) => Some("binary mode doesn't take an errors argument"),
            (_, _, true) => Some("binary mode doesn't take a newline argument"),
            _ => None,
        };
        if let Some(message) = message {
            return Err(th.value_error(message));
        }
    }
    let mut buffering = buffering.unwrap_or(-1);
    if mode.binary && buffering == 1 {
        let message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
        support::warn(th, Exc::RuntimeWarning, message, 1)?;
    }
    let raw_mode: String = text_mode.chars().filter(|c| !matches!(c, 't' | 'b')).collect();
    let class = FileIo::class(th).value();
    let arguments = [
        file,
        th.str(&raw_mode),
        Value::bool(closefd.unwrap_or(true)),
        opener.cloned().unwrap_or(Value::NONE),
    ];
    let raw = th.call(&class, &arguments)?;
    let result = wrap(th, &raw, &mode, text_mode, &mut buffering, encoding, errors, newline);
    match result {
        Ok(stream) => Ok(stream),
        Err(_) => {
            let exception = th.take_exception();
            if th.call_method(&raw, "close", &[]).is_err() {
                th.clear_exception();
            }
            Err(th.set_raised(exception))
        }
    }
}

fn wrap(
    th: &mut Thread,
    raw: &Value,
    mode: &Mode,
    text_mode: &str,
    buffering: &mut i64,
    encoding: Option<&Value>,
    errors: Option<&Value>,
    newline: Option<&Value>,
) -> PyResult {
    let mut line_buffering = false;
    if *buffering < 0 || *buffering == 1 {
        let terminal = match th.exact::<FileIo>(raw).map(|f| f.descriptor()) {
            // SAFETY: no memory is passed.
            Some(fd) => unsafe { libc::isatty(fd) == 1 },
            None => false,
        };
        if *buffering == 1 && !mode.binary || *buffering < 0 && terminal {
            line_buffering = true;
        }
        let block = th.exact::<FileIo>(raw).map_or(0, |f| f.preferred_size());
        *buffering = block.clamp(DEFAULT_BUFFER_SIZE as i64, 8 << 20);
    }
    if *buffering == 0 {
        if !mode.binary {
            return Err(th.value_error("can't have unbuffered text I/O"));
        }
        return Ok(raw.clone());
    }
    let class = if mode.updating {
        BufferedRandom::class(th)
    } else if mode.reading {
        BufferedReader::class(th)
    } else {
        BufferedWriter::class(th)
    };
    let size = th.int(*buffering);
    let buffer = th.call(&class.value(), &[raw.clone(), size])?;
    if mode.binary {
        return Ok(buffer);
    }
    let or_none = |v: Option<&Value>| v.cloned().unwrap_or(Value::NONE);
    let class = TextIoWrapper::class(th).value();
    let arguments =
        [buffer, or_none(encoding), or_none(errors), or_none(newline), Value::bool(line_buffering)];
    let wrapper = th.call(&class, &arguments)?;
    let mode = th.str(text_mode);
    support::set_attr(th, &wrapper, "mode", &mode)?;
    Ok(wrapper)
}

/// Opens the provided file with the intent to import the contents.
#[pyfunction(signature = "(path)")]
pub fn open_code(th: &mut Thread, path: &Value) -> PyResult {
    if th.as_str(path).is_none() {
        let found = th.type_name(path);
        return Err(th.type_error(format_args!("open_code() argument 'path' must be str, not {found}")));
    }
    open(th, path, Some("rb".to_string()), None, None, None, None, None, None)
}

/// A helper function to choose the text encoding.
#[pyfunction(signature = "(encoding, stacklevel=2, /)")]
pub fn text_encoding(th: &mut Thread, encoding: &Value, stacklevel: Option<i64>) -> PyResult {
    if !encoding.is_none() {
        return Ok(encoding.clone());
    }
    warn_default_encoding(th, stacklevel.unwrap_or(2))?;
    let name = if utf8_mode(th)? { "utf-8" } else { "locale" };
    Ok(th.intern(name).into_value())
}

fn flag(th: &mut Thread, name: &str) -> PyResult<bool> {
    let flags = support::import_attr(th, "sys", "flags")?;
    match th.lookup_attr(&flags, name)? {
        Some(value) => th.is_true(&value),
        None => Ok(false),
    }
}

fn utf8_mode(th: &mut Thread) -> PyResult<bool> {
    flag(th, "utf8_mode")
}

/// Issues EncodingWarning if `-X warn_default_encoding` asks for it.
pub fn warn_default_encoding(th: &mut Thread, stack_level: i64) -> PyResult<()> {
    if flag(th, "warn_default_encoding")? {
        support::warn(th, Exc::EncodingWarning, "'encoding' argument not specified", stack_level)?;
    }
    Ok(())
}

/// The encoding of text files where none is given: the locale's, or UTF-8 in UTF-8 mode.
pub fn default_encoding(th: &mut Thread) -> PyResult<String> {
    if utf8_mode(th)? { Ok("utf-8".to_string()) } else { Ok(crate::locale::encoding_name()) }
}
