//! Reading text: chunks, characters, lines.

use object_model::text::units::{Builder, OwnedUnits};
use vm::prelude::*;

use super::state::{Codec, Snapshot, decode, decoder_state};
use super::{TextIoWrapper, open_buffer, write};
use crate::io::base::size_argument;
use crate::io::buffered::{random::BufferedRandom, reader::BufferedReader};
use crate::io::newline::LineEnd;

fn check_readable(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value) -> PyResult<()> {
    let codec = this.state.lock(th).codec.clone();
    match codec {
        Codec::Foreign { decoder: None, .. } => Err(crate::io::unsupported(th, "not readable")),
        Codec::Foreign { .. } => Ok(()),
        Codec::Native(_) if th.exact::<BufferedReader>(buffer).is_some() => Ok(()),
        Codec::Native(_) => {
            let readable = th.call_method(buffer, "readable", &[])?;
            if th.is_true(&readable)? { Ok(()) } else { Err(crate::io::unsupported(th, "not readable")) }
        }
    }
}

/// The bytes that a read of the buffer answered.
fn bytes_of(th: &mut Thread, answer: &Value, method: &str) -> PyResult<Vec<u8>> {
    if let Some(bytes) = th.exact::<Bytes>(answer) {
        return Ok(bytes.as_slice().to_vec());
    }
    let result = th.buffer_to_vec(answer);
    match th.catch(result, Exc::TypeError)? {
        Some(bytes) if th.as_str(answer).is_none() => Ok(bytes),
        _ => {
            let found = th.type_name(answer);
            Err(th.type_error(format_args!(
                "underlying {method}() should have returned a bytes-like object, not '{found}'"
            )))
        }
    }
}

fn read_bytes(th: &mut Thread, buffer: &Value, count: usize, read1: bool) -> PyResult<Vec<u8>> {
    if read1 && let Some(reader) = th.exact::<BufferedReader>(buffer).cloned() {
        reader.core.check_open(th, "read of closed file")?;
        let _held = reader.core.enter(th, buffer)?;
        return reader.core.read1(th, count as i64);
    }
    if read1 && let Some(random) = th.exact::<BufferedRandom>(buffer).cloned() {
        random.core.check_open(th, "read of closed file")?;
        let _held = random.core.enter(th, buffer)?;
        random.core.flush_pending(th)?;
        return random.core.read1(th, count as i64);
    }
    let method = if read1 { "read1" } else { "read" };
    let count = th.int(count as i64);
    let answer = th.call_method(buffer, method, &[count])?;
    bytes_of(th, &answer, method)
}

/// Reads and decodes once more; `hint` is how many characters are wanted. The text, and whether the input has ended.
fn next_chunk(
    th: &mut Thread,
    this: &Obj<TextIoWrapper>,
    buffer: &Value,
    hint: usize,
) -> PyResult<(OwnedUnits, bool)> {
    let (telling, chunk_size, read1) = {
        let state = this.state.lock(th);
        (state.telling, state.chunk_size, state.has_read1)
    };
    let before = if telling { Some(decoder_state(th, this)?) } else { None };
    let input = read_bytes(th, buffer, chunk_size.max(hint), read1)?;
    let ended = input.is_empty();
    let text = decode(th, this, &input, ended)?;
    if let Some((mut bytes, flags)) = before {
        bytes.extend_from_slice(&input);
        this.state.lock(th).snapshot = Some(Snapshot { flags, input: bytes });
    }
    Ok((text, ended))
}

/// Replaces the decoded text by that of the next chunk. False at the end.
fn fill(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value, hint: usize) -> PyResult<bool> {
    let (text, ended) = next_chunk(th, this, buffer, hint)?;
    let more = !ended || text.len() > 0;
    this.state.lock(th).set_decoded(text, 0);
    Ok(more)
}

/// Takes the next `count` decoded characters.
fn take(th: &mut Thread, this: &Obj<TextIoWrapper>, count: usize) -> OwnedUnits {
    let mut state = this.state.lock(th);
    let start = state.used;
    let end = start + count.min(state.available());
    state.used = end;
    state.decoded.units().slice(start..end).to_owned()
}

fn read_all(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value) -> PyResult {
    let answer = th.call_method(buffer, "read", &[])?;
    if answer.is_none() {
        let rest = take(th, this, usize::MAX);
        if rest.len() > 0 {
            return th.units(rest.units());
        }
        let errno = libc::EAGAIN;
        let arguments = vec![th.int(errno.into()), th.str("Read returned None.")];
        return Err(th.raise_args(Exc::BlockingIOError, arguments));
    }
    let bytes = match th.exact::<Bytes>(&answer).cloned() {
        Some(bytes) => decode(th, this, bytes.as_slice(), true)?,
        None => {
            let bytes = bytes_of(th, &answer, "read")?;
            decode(th, this, &bytes, true)?
        }
    };
    let before = {
        let mut state = this.state.lock(th);
        let (start, end) = (state.used, state.decoded.len());
        let before = state.decoded.units().slice(start..end).to_owned();
        state.forget();
        before
    };
    if before.len() == 0 {
        return th.units(bytes.units());
    }
    let mut all = Builder::new();
    all.push_units(before.units());
    all.push_units(bytes.units());
    th.units(all.finish().units())
}

fn read(th: &mut Thread, this: &Obj<TextIoWrapper>, count: i64) -> PyResult {
    let buffer = open_buffer(th, this)?;
    check_readable(th, this, &buffer)?;
    write::flush_pending(th, this)?;
    let Ok(count) = usize::try_from(count) else { return read_all(th, this, &buffer) };
    let first = take(th, this, count);
    if first.len() == count {
        return th.units(first.units());
    }
    let mut all = Builder::new();
    all.push_units(first.units());
    while all.len() < count {
        let missing = count - all.len();
        if !fill(th, this, &buffer, missing)? {
            break;
        }
        let more = take(th, this, missing);
        all.push_units(more.units());
    }
    th.units(all.finish().units())
}

enum Line {
    Whole(Value),
    /// Not in the decoded text; this is what was, and more is needed.
    Part(OwnedUnits),
    Memory,
}

/// The line in the decoded text, if it ends there or `limit` is reached.
fn line_in_decoded(th: &mut Thread, this: &Obj<TextIoWrapper>, limit: usize) -> Line {
    let mut state = this.state.lock(th);
    let start = state.used;
    let text = state.decoded.units();
    let found = state.setting.end.find(text, start);
    let limited = start.saturating_add(limit);
    let end = match found {
        Some(end) => end.min(limited),
        None if limited <= text.len() => limited,
        None => {
            // Half of a line end stays for the next chunk.
            let half =
                state.setting.end == LineEnd::CrLf && text.len() > start && text.get(text.len() - 1) == 0x0d;
            let end = text.len() - usize::from(half);
            let part = text.slice(start..end).to_owned();
            state.used = end;
            return Line::Part(part);
        }
    };
    let line = text.slice(start..end);
    let made = if text.is_ascii() {
        Obj::from_units(th, builtin::STR, line)
    } else {
        Obj::from_units(th, builtin::STR, line.to_owned().units())
    };
    state.used = end;
    match made {
        Ok(line) => Line::Whole(line.into_value()),
        Err(_) => Line::Memory,
    }
}

/// The next line; empty at the end.
pub fn read_line(th: &mut Thread, this: &Obj<TextIoWrapper>, limit: i64) -> PyResult {
    let buffer = open_buffer(th, this)?;
    read_line_of(th, this, &buffer, limit)
}

fn read_line_of(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value, limit: i64) -> PyResult {
    let mut missing = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut line: Option<Builder> = None;
    let mut checked = false;
    loop {
        match line_in_decoded(th, this, missing) {
            Line::Memory => return Err(th.memory_error()),
            Line::Whole(last) => {
                let (Some(mut before), Some(text)) = (line, th.as_str(&last)) else { return Ok(last) };
                before.push_units(text.units());
                return th.units(before.finish().units());
            }
            Line::Part(part) => {
                if part.len() > 0 {
                    missing -= part.len();
                    line.get_or_insert_with(Builder::new).push_units(part.units());
                }
            }
        }
        if !checked {
            check_readable(th, this, buffer)?;
            write::flush_pending(th, this)?;
            checked = true;
        }
        let (kept, kept_length) = {
            let state = this.state.lock(th);
            let (start, end) = (state.used, state.decoded.len());
            (state.decoded.units().slice(start..end).to_owned(), end - start)
        };
        let (text, ended) = next_chunk(th, this, buffer, 0)?;
        let nothing = ended && text.len() == 0;
        let text = if kept_length == 0 {
            text
        } else {
            let mut joined = Builder::new();
            joined.push_units(kept.units());
            joined.push_units(text.units());
            joined.finish()
        };
        this.state.lock(th).set_decoded(text, kept_length);
        if nothing {
            let mut all = line.unwrap_or_else(Builder::new);
            let rest = take(th, this, missing);
            all.push_units(rest.units());
            let mut state = this.state.lock(th);
            if state.available() == 0 {
                state.forget();
            }
            drop(state);
            return th.units(all.finish().units());
        }
    }
}

#[pymethods(part = "read")]
impl TextIoWrapper {
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let size = size_argument(th, size)?;
        read(th, this, size)
    }

    #[signature("(size=-1, /)")]
    fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let limit = match size {
            Some(size) => th.index(size)?,
            None => -1,
        };
        read_line(th, this, limit)
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        this.state.lock(th).telling = false;
        let exact = std::ptr::eq(th.type_of(this.as_value()), TextIoWrapper::class(th));
        let line = if exact {
            read_line(th, this, -1)?
        } else {
            let line = th.call_method(this.as_value(), "readline", &[])?;
            if th.as_str(&line).is_none() {
                let found = th.type_name(&line);
                return Err(th.raise_exc(
                    Exc::OSError,
                    format_args!("readline() should have returned a str object, not '{found}'"),
                ));
            }
            line
        };
        if th.as_str(&line).is_none_or(|l| l.len() == 0) {
            let mut state = this.state.lock(th);
            state.snapshot = None;
            state.telling = state.seekable;
            return Ok(None);
        }
        Ok(Some(line))
    }
}
