//! Writing text: encoding, and bytes that wait to be given to the buffer.

use vm::prelude::*;

use super::state::{Codec, encode};
use super::{TextIoWrapper, buffer, forget, open_buffer};
use crate::io::buffered::{random::BufferedRandom, writer::BufferedWriter};
use crate::io::newline::has_line_end;

fn check_writable(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value) -> PyResult<()> {
    let codec = this.state.lock(th).codec.clone();
    match codec {
        Codec::Foreign { encoder: None, .. } => Err(crate::io::unsupported(th, "not writable")),
        Codec::Foreign { .. } => Ok(()),
        Codec::Native(_)
            if th.exact::<BufferedWriter>(buffer).is_some()
                || th.exact::<BufferedRandom>(buffer).is_some() =>
        {
            Ok(())
        }
        Codec::Native(_) => {
            let writable = th.call_method(buffer, "writable", &[])?;
            if th.is_true(&writable)? { Ok(()) } else { Err(crate::io::unsupported(th, "not writable")) }
        }
    }
}

/// Gives the pending bytes to the buffer.
pub fn flush_pending(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult<()> {
    let pending = std::mem::take(&mut this.state.lock(th).pending);
    if pending.is_empty() {
        return Ok(());
    }
    let buffer = buffer(th, this)?;
    if let Some(writer) = th.exact::<BufferedWriter>(&buffer).cloned() {
        let _held = writer.core.enter(th, &buffer)?;
        writer.core.check_open(th, "write to closed file")?;
        writer.core.write(th, &pending)?;
        return Ok(());
    }
    let bytes = th.bytes(&pending)?;
    loop {
        match th.call_method(&buffer, "write", std::slice::from_ref(&bytes)) {
            Ok(_) => return Ok(()),
            Err(_) if th.exception_is(Exc::InterruptedError) => {
                th.clear_exception();
                vm::thread::signals::check(th)?;
            }
            Err(raised) => return Err(raised),
        }
    }
}

/// Writes a text; see `TextIOWrapper.write`.
pub fn write(th: &mut Thread, this: &Obj<TextIoWrapper>, text: &Obj<Str>) -> PyResult<()> {
    let buffer = open_buffer(th, this)?;
    check_writable(th, this, &buffer)?;
    let (setting, line_buffering, write_through, chunk_size) = {
        let state = this.state.lock(th);
        (state.setting, state.line_buffering, state.write_through, state.chunk_size)
    };
    let flush_line = line_buffering && has_line_end(text.units(), true);
    let translated = match setting.translate_written(text.units()) {
        Some(translated) => {
            let translated = th.units(translated.units())?;
            th.as_str(&translated).cloned()
        }
        None => None,
    };
    let bytes = encode(th, this, translated.as_ref().unwrap_or(text))?;
    let crowded = {
        let state = this.state.lock(th);
        !state.pending.is_empty() && state.pending.len() + bytes.len() > chunk_size
    };
    if crowded {
        flush_pending(th, this)?;
    }
    let full = {
        let mut state = this.state.lock(th);
        if state.pending.is_empty() {
            state.pending = bytes;
        } else {
            state.pending.extend_from_slice(&bytes);
        }
        state.pending.len() >= chunk_size
    };
    if full || flush_line || write_through {
        flush_pending(th, this)?;
    }
    if flush_line {
        th.call_method(&buffer, "flush", &[])?;
    }
    forget(th, this)
}

#[pymethods(part = "write")]
impl TextIoWrapper {
    fn write(this: &Obj<Self>, th: &mut Thread, text: &Value) -> PyResult<usize> {
        let Some(string) = th.as_str(text).cloned() else {
            let found = if text.is_none() { "None".to_string() } else { th.type_name(text) };
            return Err(th.type_error(format_args!("write() argument must be str, not {found}")));
        };
        write(th, this, &string)?;
        Ok(string.len())
    }

    fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let buffer = open_buffer(th, this)?;
        {
            let mut state = this.state.lock(th);
            state.telling = state.seekable;
        }
        flush_pending(th, this)?;
        th.call_method(&buffer, "flush", &[])
    }

    #[signature("(pos=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, pos: Option<&Value>) -> PyResult {
        let buffer = buffer(th, this)?;
        th.call_method(this.as_value(), "flush", &[])?;
        let pos = pos.cloned().unwrap_or(Value::NONE);
        th.call_method(&buffer, "truncate", &[pos])
    }
}
