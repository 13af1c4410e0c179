//! `tell` and `seek` of text streams.
//!
//! A position is an opaque number: a position of the binary stream, then what must be done from there: set the decoder's
//! flags, feed it so many bytes, skip so many characters. It is a plain position whenever the rest is zero.

use object_model::number::int::{ByteOrder, Int as BigOrSmall};
use vm::prelude::*;

use super::state::{Snapshot, decode, decoder_state, reset_decoder, reset_encoder, set_decoder_state};
use super::{TextIoWrapper, open_buffer, write};
use crate::io::unsupported;

/// The parts of a position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cookie {
    start: u64,
    flags: u32,
    bytes_to_feed: u32,
    chars_to_skip: u32,
    need_eof: bool,
}

const COOKIE_BYTES: usize = 21;

impl Cookie {
    fn pack(self) -> [u8; COOKIE_BYTES] {
        let mut bytes = [0; COOKIE_BYTES];
        bytes[..8].copy_from_slice(&self.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.bytes_to_feed.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.chars_to_skip.to_le_bytes());
        bytes[20] = self.need_eof.into();
        bytes
    }

    fn unpack(bytes: &[u8; COOKIE_BYTES]) -> Cookie {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Cookie {
            start: u64::from(word(0)) | u64::from(word(4)) << 32,
            flags: word(8),
            bytes_to_feed: word(12),
            chars_to_skip: word(16),
            need_eof: bytes[20] != 0,
        }
    }

    fn to_value(self, th: &mut Thread) -> PyResult {
        if (self.flags, self.bytes_to_feed, self.chars_to_skip, self.need_eof) == (0, 0, 0, false)
            && let Ok(start) = i64::try_from(self.start)
        {
            return Ok(th.int(start));
        }
        let number = BigOrSmall::from_bytes(&self.pack(), ByteOrder::Little, false);
        Ok(th.int_from(number.into_big()))
    }

    fn from_value(th: &mut Thread, value: &Value) -> PyResult<Cookie> {
        if let Some(start) = value.as_small_int() {
            return Ok(Cookie { start: start as u64, ..Cookie::default() });
        }
        let arguments = [th.int(COOKIE_BYTES as i64), th.str("little")];
        let bytes = th.call_method(value, "to_bytes", &arguments)?;
        match th.buffer_to_vec(&bytes)?.try_into() {
            Ok(bytes) => Ok(Cookie::unpack(&bytes)),
            Err(_) => Err(th.overflow_error("position too large")),
        }
    }
}

fn buffer_position(th: &mut Thread, buffer: &Value, method: &str, arguments: &[Value]) -> PyResult<i64> {
    let answer = th.call_method(buffer, method, arguments)?;
    th.index(&answer)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Where, inside the last chunk, decoding can begin so that `skip` characters of it come out: relative to `start`.
fn locate(
    th: &mut Thread,
    this: &Obj<TextIoWrapper>,
    start: u64,
    snapshot: &Snapshot,
    skip: usize,
) -> PyResult<Cookie> {
    let mut cookie = Cookie { start, flags: snapshot.flags as u32, ..Cookie::default() };
    let (mut skip, mut fed, mut decoded) = (skip, 0, 0);
    set_decoder_state(th, this, b"", snapshot.flags)?;
    for byte in &snapshot.input {
        decoded += decode(th, this, std::slice::from_ref(byte), false)?.len();
        fed += 1;
        let (waiting, flags) = decoder_state(th, this)?;
        if waiting.is_empty() && decoded <= skip {
            cookie.start += fed as u64;
            cookie.flags = flags as u32;
            skip -= decoded;
            (fed, decoded) = (0, 0);
        }
        if decoded >= skip {
            break;
        }
    }
    if decoded < skip {
        decoded += decode(th, this, b"", true)?.len();
        cookie.need_eof = true;
        if decoded < skip {
            return Err(th.raise_exc(Exc::OSError, "can't reconstruct logical file position"));
        }
    }
    cookie.bytes_to_feed = count(fed);
    cookie.chars_to_skip = count(skip);
    Ok(cookie)
}

fn tell(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult {
    let buffer = open_buffer(th, this)?;
    let (seekable, telling) = {
        let state = this.state.lock(th);
        (state.seekable, state.telling)
    };
    if !seekable {
        return Err(unsupported(th, "underlying stream is not seekable"));
    }
    if !telling {
        return Err(th.raise_exc(Exc::OSError, "telling position disabled by next() call"));
    }
    write::flush_pending(th, this)?;
    th.call_method(this.as_value(), "flush", &[])?;
    let position = buffer_position(th, &buffer, "tell", &[])?;
    let (snapshot, used) = {
        let state = this.state.lock(th);
        (state.snapshot.clone(), state.used.saturating_sub(state.base))
    };
    let Some(snapshot) = snapshot else { return Ok(th.int(position)) };
    let start = (position - snapshot.input.len() as i64).max(0) as u64;
    if used == 0 {
        return Cookie { start, flags: snapshot.flags as u32, ..Cookie::default() }.to_value(th);
    }
    let (waiting, flags) = decoder_state(th, this)?;
    let newlines = this.state.lock(th).newlines;
    let located = locate(th, this, start, &snapshot, used);
    // The decoder goes on as if nobody had asked.
    let pending = if located.is_err() { Some(th.take_exception()) } else { None };
    let restored = set_decoder_state(th, this, &waiting, flags);
    this.state.lock(th).newlines = newlines;
    if let Some(exception) = pending {
        return Err(th.set_raised(exception));
    }
    restored?;
    located?.to_value(th)
}

fn seek_end(th: &mut Thread, this: &Obj<TextIoWrapper>, buffer: &Value) -> PyResult {
    th.call_method(this.as_value(), "flush", &[])?;
    this.state.lock(th).forget();
    reset_decoder(th, this)?;
    let arguments = [th.int(0), th.int(2)];
    let position = th.call_method(buffer, "seek", &arguments)?;
    let zero = th.int(0);
    let at_start = th.eq(&position, &zero)?;
    reset_encoder(th, this, at_start)?;
    Ok(position)
}

fn seek(th: &mut Thread, this: &Obj<TextIoWrapper>, target: &Value, whence: i64) -> PyResult {
    let buffer = open_buffer(th, this)?;
    if !this.state.lock(th).seekable {
        return Err(unsupported(th, "underlying stream is not seekable"));
    }
    let zero = th.int(0);
    let mut target = target.clone();
    match whence {
        0 => {}
        1 => {
            if !th.eq(&target, &zero)? {
                return Err(unsupported(th, "can't do nonzero cur-relative seeks"));
            }
            th.call_method(this.as_value(), "flush", &[])?;
            target = th.call_method(this.as_value(), "tell", &[])?;
        }
        2 => {
            if !th.eq(&target, &zero)? {
                return Err(unsupported(th, "can't do nonzero end-relative seeks"));
            }
            return seek_end(th, this, &buffer);
        }
        _ => return Err(th.value_error(format_args!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
    let negative = th.compare(&target, &zero, CompareOp::Lt)?;
    if th.is_true(&negative)? {
        let shown = th.repr(&target)?;
        let shown = shown.units().to_str_lossy().into_owned();
        return Err(th.value_error(format_args!("negative seek position {shown}")));
    }
    th.call_method(this.as_value(), "flush", &[])?;
    let cookie = Cookie::from_value(th, &target)?;
    let start = th.int_unsigned(cookie.start);
    th.call_method(&buffer, "seek", &[start])?;
    this.state.lock(th).forget();
    let at_start = cookie.start == 0 && cookie.flags == 0;
    if at_start {
        reset_decoder(th, this)?;
    } else {
        set_decoder_state(th, this, b"", cookie.flags.into())?;
    }
    let snapshot = |input: Vec<u8>| Some(Snapshot { flags: cookie.flags.into(), input });
    if cookie.chars_to_skip > 0 {
        let size = th.int(cookie.bytes_to_feed.into());
        let input = th.call_method(&buffer, "read", &[size])?;
        let Some(bytes) = th.downcast::<Bytes>(&input) else {
            let found = th.type_name(&input);
            return Err(th.type_error(format_args!(
                "underlying read() should have returned a bytes object, not '{found}'"
            )));
        };
        let bytes = bytes.as_slice().to_vec();
        this.state.lock(th).snapshot = snapshot(bytes.clone());
        let text = decode(th, this, &bytes, cookie.need_eof)?;
        let skip = cookie.chars_to_skip as usize;
        if text.len() < skip {
            return Err(th.raise_exc(Exc::OSError, "can't restore logical file position"));
        }
        let mut state = this.state.lock(th);
        state.set_decoded(text, 0);
        state.used = skip;
    } else {
        this.state.lock(th).snapshot = snapshot(Vec::new());
    }
    reset_encoder(th, this, at_start)?;
    Ok(target)
}

#[pymethods(part = "position")]
impl TextIoWrapper {
    /// Return the stream position as an opaque number.
    fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        tell(th, this)
    }

    /// Set the stream position, and return the new stream position.
    #[signature("(cookie, whence=0, /)")]
    fn seek(this: &Obj<Self>, th: &mut Thread, cookie: &Value, whence: Option<i64>) -> PyResult {
        seek(th, this, cookie, whence.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::Cookie;

    #[test]
    fn cookies_survive_packing() {
        let cookie =
            Cookie { start: 1 << 40 | 7, flags: 3, bytes_to_feed: 9, chars_to_skip: 4, need_eof: true };
        assert_eq!(Cookie::unpack(&cookie.pack()), cookie);
    }
}
