//! `TextIOWrapper`: text over a binary stream.
//!
//! | file | what |
//! |---|---|
//! | `state` | what a stream knows; its codec |
//! | `read` | chunks, characters, lines |
//! | `write` | encoding, pending bytes |
//! | `position` | `tell` and `seek` |

pub mod position;
pub mod read;
pub mod state;
pub mod write;

use vm::prelude::*;

use self::state::{State, encoding_argument, find_codec, reset_decoder, reset_encoder};
use super::base::{self, TextIoBase};
use super::buffered::{random::BufferedRandom, reader::BufferedReader, writer::BufferedWriter};
use super::newline::{Newlines, Setting};
use crate::support;

/// Character and line based layer over a BufferedIOBase object, buffer.
#[pyclass(
    name = "TextIOWrapper",
    module = "_io",
    base = TextIoBase,
    subclassable,
    parts("read", "write", "position")
)]
pub struct TextIoWrapper {
    /// See [`State`].
    pub state: Guarded<State>,
}

/// The binary stream.
pub fn buffer(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult {
    let (buffer, detached) = {
        let state = this.state.lock(th);
        (state.buffer.clone(), state.detached)
    };
    match buffer {
        Some(buffer) => Ok(buffer),
        None if detached => Err(th.value_error("underlying buffer has been detached")),
        None => Err(th.value_error("I/O operation on uninitialized object")),
    }
}

/// True if the binary stream is closed.
pub fn is_closed(th: &mut Thread, buffer: &Value) -> PyResult<bool> {
    if let Some(reader) = th.exact::<BufferedReader>(buffer).cloned() {
        return reader.core.is_closed(th);
    }
    if let Some(writer) = th.exact::<BufferedWriter>(buffer).cloned() {
        return writer.core.is_closed(th);
    }
    if let Some(random) = th.exact::<BufferedRandom>(buffer).cloned() {
        return random.core.is_closed(th);
    }
    base::is_closed(th, buffer)
}

/// The binary stream, which must be open.
pub fn open_buffer(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult {
    let buffer = buffer(th, this)?;
    if is_closed(th, &buffer)? { Err(th.value_error("I/O operation on closed file.")) } else { Ok(buffer) }
}

fn errors_argument(th: &mut Thread, errors: Option<&Value>) -> PyResult<String> {
    match errors.filter(|e| !e.is_none()) {
        None => Ok("strict".to_string()),
        Some(errors) if th.as_str(errors).is_some() => support::text_of(th, errors, "errors"),
        Some(errors) => {
            let found = th.type_name(errors);
            Err(th.type_error(format_args!(
                "TextIOWrapper() argument 'errors' must be str or None, not {found}"
            )))
        }
    }
}

fn ask(th: &mut Thread, buffer: &Value, method: &str) -> PyResult<bool> {
    let answer = th.call_method(buffer, method, &[])?;
    th.is_true(&answer)
}

/// A stream that is appended to has its mark already.
fn fix_encoder(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value) -> PyResult<()> {
    let wanted = {
        let state = this.state.lock(th);
        state.seekable && matches!(&state.codec, state::Codec::Foreign { encoder: Some(_), .. })
    };
    if wanted {
        let position = th.call_method(buffer, "tell", &[])?;
        let zero = th.int(0);
        if !th.eq(&position, &zero)? {
            reset_encoder(th, this, false)?;
        }
    }
    Ok(())
}

#[pymethods]
impl TextIoWrapper {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let empty = TextIoWrapper { state: Guarded::new(State::empty()) };
        Ok(Obj::new(th, class.payload.instance_shape(), empty).into_value())
    }

    #[signature(
        "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)"
    )]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        buffer: &Value,
        encoding: Option<&Value>,
        errors: Option<&Value>,
        newline: Option<&Value>,
        line_buffering: Option<bool>,
        write_through: Option<bool>,
    ) -> PyResult<()> {
        let old = std::mem::replace(&mut *this.state.lock(th), State::empty());
        drop(old);
        let setting = Setting::from_argument(th, newline)?;
        let (name, shown) = encoding_argument(th, encoding)?;
        let errors = errors_argument(th, errors)?;
        let (readable, writable) = (ask(th, buffer, "readable")?, ask(th, buffer, "writable")?);
        let codec = find_codec(th, &name, &errors, readable, writable)?;
        let seekable = ask(th, buffer, "seekable")?;
        let has_read1 = th.lookup_attr(buffer, "read1")?.is_some();
        *this.state.lock(th) = State {
            buffer: Some(buffer.clone()),
            encoding: shown,
            errors,
            codec,
            setting,
            line_buffering: line_buffering.unwrap_or(false),
            write_through: write_through.unwrap_or(false),
            seekable,
            telling: seekable,
            has_read1,
            newlines: Newlines::new(setting.translate),
            ..State::empty()
        };
        if writable {
            fix_encoder(th, this, buffer)?;
        }
        Ok(())
    }

    /// Reconfigure the text stream with new parameters.
    #[signature(
        "(*, encoding=None, errors=None, newline=<unrepresentable>, line_buffering=None, write_through=None)"
    )]
    fn reconfigure(
        this: &Obj<Self>,
        th: &mut Thread,
        encoding: Option<&Value>,
        errors: Option<&Value>,
        newline: Option<&Value>,
        line_buffering: Option<&Value>,
        write_through: Option<&Value>,
    ) -> PyResult<()> {
        let stream = buffer(th, this)?;
        let (encoding, errors) = (encoding.filter(|e| !e.is_none()), errors.filter(|e| !e.is_none()));
        let has_read = this.state.lock(th).snapshot.is_some() || this.state.lock(th).available() > 0;
        if has_read && (encoding.is_some() || errors.is_some() || newline.is_some()) {
            return Err(super::unsupported(
                th,
                "It is not possible to set the encoding or newline of stream after the first read",
            ));
        }
        let flag = |th: &mut Thread, value: Option<&Value>| match value.filter(|v| !v.is_none()) {
            Some(value) => th.is_true(value).map(Some),
            None => Ok(None),
        };
        let (line_buffering, write_through) = (flag(th, line_buffering)?, flag(th, write_through)?);
        let setting = match newline {
            Some(newline) => Some(Setting::from_argument(th, Some(newline))?),
            None => None,
        };
        th.call_method(this.as_value(), "flush", &[])?;
        if encoding.is_some() || errors.is_some() {
            let errors = match (errors, encoding) {
                (Some(_), _) => errors_argument(th, errors)?,
                (None, Some(_)) => "strict".to_string(),
                (None, None) => this.state.lock(th).errors.clone(),
            };
            let (name, shown) = match encoding {
                Some(_) => encoding_argument(th, encoding)?,
                None => {
                    let shown = this.state.lock(th).encoding.clone();
                    (support::text_of(th, &shown, "encoding")?, shown)
                }
            };
            let (readable, writable) = (ask(th, &stream, "readable")?, ask(th, &stream, "writable")?);
            let codec = find_codec(th, &name, &errors, readable, writable)?;
            let old = {
                let mut state = this.state.lock(th);
                state.errors = errors;
                (std::mem::replace(&mut state.codec, codec), std::mem::replace(&mut state.encoding, shown))
            };
            drop(old);
            if writable {
                fix_encoder(th, this, &stream)?;
            }
        }
        let mut state = this.state.lock(th);
        if let Some(setting) = setting {
            state.setting = setting;
            state.newlines = Newlines::new(setting.translate);
        }
        state.line_buffering = line_buffering.unwrap_or(state.line_buffering);
        state.write_through = write_through.unwrap_or(state.write_through);
        Ok(())
    }

    fn detach(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(this.as_value(), "flush", &[])?;
        let taken = {
            let mut state = this.state.lock(th);
            state.detached = true;
            state.buffer.take()
        };
        drop(taken);
        Ok(stream)
    }

    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let stream = buffer(th, this)?;
        if is_closed(th, &stream)? {
            return Ok(());
        }
        let object = this.as_value();
        if th.lookup_attr(object, "_finalizing")?.is_some()
            && let Some(warn) = th.lookup_attr(&stream, "_dealloc_warn")?
            && th.call(&warn, std::slice::from_ref(object)).is_err()
        {
            th.clear_exception();
        }
        base::both(
            th,
            |th| th.call_method(object, "flush", &[]).map(drop),
            |th| th.call_method(&stream, "close", &[]).map(drop),
        )
    }

    fn fileno(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(&stream, "fileno", &[])
    }

    fn seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(&stream, "seekable", &[])
    }

    fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(&stream, "readable", &[])
    }

    fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(&stream, "writable", &[])
    }

    fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.call_method(&stream, "isatty", &[])
    }

    #[getter]
    fn encoding(this: &Obj<Self>, th: &mut Thread) -> Value {
        this.state.lock(th).encoding.clone()
    }

    #[getter]
    fn errors(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        buffer(th, this)?;
        Ok(this.state.lock(th).errors.clone())
    }

    #[getter]
    fn newlines(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        buffer(th, this)?;
        let (universal, newlines) = {
            let state = this.state.lock(th);
            (state.setting.universal, state.newlines)
        };
        Ok(if universal { newlines.seen(th) } else { Value::NONE })
    }

    #[getter]
    fn line_buffering(this: &Obj<Self>, th: &mut Thread) -> bool {
        this.state.lock(th).line_buffering
    }

    #[getter]
    fn write_through(this: &Obj<Self>, th: &mut Thread) -> bool {
        this.state.lock(th).write_through
    }

    #[getter]
    fn buffer(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        buffer(th, this)
    }

    #[getter]
    fn name(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.get_attr_str(&stream, "name")
    }

    #[getter]
    fn closed(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let stream = buffer(th, this)?;
        th.get_attr_str(&stream, "closed")
    }

    #[getter("_CHUNK_SIZE")]
    fn chunk_size(this: &Obj<Self>, th: &mut Thread) -> PyResult<usize> {
        buffer(th, this)?;
        Ok(this.state.lock(th).chunk_size)
    }

    #[setter("_CHUNK_SIZE")]
    fn set_chunk_size(this: &Obj<Self>, th: &mut Thread, value: i64) -> PyResult<()> {
        buffer(th, this)?;
        if value <= 0 {
            return Err(th.value_error("a strictly positive integer is required"));
        }
        this.state.lock(th).chunk_size = value as usize;
        Ok(())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let object = this.as_value();
        let class = th.type_of(object);
        let mut text = format!("<{}", vm::class::full_name(th, class));
        for attribute in ["name", "mode"] {
            let found = th.lookup_attr(object, attribute);
            if let Some(Some(value)) = th.catch(found, Exc::ValueError)? {
                let shown = super::guarded_repr(th, object, &value)?;
                text.push_str(&format!(" {attribute}={shown}"));
            }
        }
        let encoding = this.state.lock(th).encoding.clone();
        let encoding = th.repr(&encoding)?;
        text.push_str(&format!(" encoding={}>", encoding.units().to_str_lossy()));
        Ok(text)
    }

    fn __getstate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = th.type_name(this.as_value());
        Err(th.type_error(format_args!("cannot pickle '{name}' instances")))
    }
}

/// Forgets what was read ahead, as before writing and seeking.
pub fn forget(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult<()> {
    let had = {
        let mut state = this.state.lock(th);
        let had = state.snapshot.is_some() || state.decoded.len() > 0 || !state.undecoded.is_empty();
        state.forget();
        had
    };
    if had { reset_decoder(th, this) } else { Ok(()) }
}
