//! What a text stream knows, and its codec: UTF-8, ASCII and Latin-1 natively, others through `codecs`.
//!
//! # Invariants
//! - T1 The guard of the state is held for moments, never while Python code or the buffer runs.
//! - T2 `decoded[base..]` is what the bytes of `snapshot` decode to; what stands before `base` is older. `used` is at
//!   least `base` whenever a position is asked for.
//! - T3 `pending` was encoded but not given to the buffer yet.

use object_model::text::codec::Encoding;
use object_model::text::units::OwnedUnits;
use vm::builtins::{codec_native, codec_registry};
use vm::prelude::*;

use super::TextIoWrapper;
use crate::io::newline::{Newlines, Setting};
use crate::support;

/// How bytes and text are converted.
#[derive(Clone)]
pub enum Codec {
    /// By the runtime; these encodings have no state but an incomplete sequence.
    Native(Encoding),
    /// By incremental objects of the module `codecs`; None where the stream cannot be read or written.
    Foreign {
        /// `incrementalencoder(errors)`
        encoder: Option<Value>,
        /// `incrementaldecoder(errors)`
        decoder: Option<Value>,
    },
}

/// Where the decoder stood before the last chunk, and that chunk.
#[derive(Clone)]
pub struct Snapshot {
    /// The decoder's flags.
    pub flags: i64,
    /// Its incomplete sequence, then the chunk.
    pub input: Vec<u8>,
}

/// The mutable part of a stream.
pub struct State {
    /// The binary stream; None before `__init__` and after `detach()`.
    pub buffer: Option<Value>,
    /// True after `detach()`.
    pub detached: bool,
    /// The attribute `encoding`.
    pub encoding: Value,
    /// The attribute `errors`.
    pub errors: String,
    /// See [`Codec`].
    pub codec: Codec,
    /// What the argument `newline` said.
    pub setting: Setting,
    /// Lines are flushed.
    pub line_buffering: bool,
    /// Nothing is kept back.
    pub write_through: bool,
    /// `buffer.seekable()` at the start.
    pub seekable: bool,
    /// False while the stream is iterated over.
    pub telling: bool,
    /// The buffer has `read1`.
    pub has_read1: bool,
    /// Bytes asked of the buffer at once.
    pub chunk_size: usize,
    /// Translation of line ends.
    pub newlines: Newlines,
    /// An incomplete sequence of the native decoder.
    pub undecoded: Vec<u8>,
    /// Text not handed out yet begins at `used`.
    pub decoded: OwnedUnits,
    /// See `decoded`.
    pub used: usize,
    /// See T2.
    pub base: usize,
    /// None while nothing was read, or positions are not tracked.
    pub snapshot: Option<Snapshot>,
    /// See T3.
    pub pending: Vec<u8>,
}

impl Trace for State {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.buffer.trace(visit);
        self.encoding.trace(visit);
        if let Codec::Foreign { encoder, decoder } = &self.codec {
            encoder.trace(visit);
            decoder.trace(visit);
        }
    }
}

impl State {
    /// Before `__init__`.
    pub fn empty() -> State {
        State {
            buffer: None,
            detached: false,
            encoding: Value::NONE,
            errors: "strict".to_string(),
            codec: Codec::Native(Encoding::Utf8),
            setting: Setting {
                universal: false,
                translate: false,
                written: None,
                end: crate::io::newline::LineEnd::Lf,
            },
            line_buffering: false,
            write_through: false,
            seekable: false,
            telling: false,
            has_read1: false,
            chunk_size: 8192,
            newlines: Newlines::default(),
            undecoded: Vec::new(),
            decoded: OwnedUnits::Ascii(Vec::new()),
            used: 0,
            base: 0,
            snapshot: None,
            pending: Vec::new(),
        }
    }

    /// Replaces the decoded text.
    pub fn set_decoded(&mut self, text: OwnedUnits, base: usize) {
        self.decoded = text;
        self.base = base;
        self.used = 0;
    }

    /// Forgets what was read ahead.
    pub fn forget(&mut self) {
        self.set_decoded(OwnedUnits::Ascii(Vec::new()), 0);
        self.snapshot = None;
    }

    /// Characters decoded but not handed out.
    pub fn available(&self) -> usize {
        self.decoded.len() - self.used
    }
}

/// The codec for a name: which of the native ones, or what `codecs` knows.
pub fn find_codec(
    th: &mut Thread,
    name: &str,
    errors: &str,
    readable: bool,
    writable: bool,
) -> PyResult<Codec> {
    let native = match codec_native::Codec::from_name(&codec_registry::normalise(name)) {
        Some(codec_native::Codec::Plain(e @ (Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1))) => {
            Some(e)
        }
        _ => None,
    };
    if let Some(encoding) = native {
        return Ok(Codec::Native(encoding));
    }
    let info = codec_registry::lookup(th, name)?;
    if let Some(is_text) = th.lookup_attr(&info, "_is_text_encoding")?
        && !th.is_true(&is_text)?
    {
        return Err(th.lookup_error(format_args!(
            "'{name}' is not a text encoding; use codecs.open() to handle arbitrary codecs"
        )));
    }
    let errors = th.str(errors);
    let make = |th: &mut Thread, wanted: bool, factory: &str| -> PyResult<Option<Value>> {
        if !wanted {
            return Ok(None);
        }
        th.call_method(&info, factory, std::slice::from_ref(&errors)).map(Some)
    };
    let decoder = make(th, readable, "incrementaldecoder")?;
    let encoder = make(th, writable, "incrementalencoder")?;
    Ok(Codec::Foreign { encoder, decoder })
}

fn not_readable(th: &mut Thread) -> Raised {
    crate::io::unsupported(th, "not readable")
}

/// Decodes `input`; `last` says that no more follows.
pub fn decode(th: &mut Thread, this: &Obj<TextIoWrapper>, input: &[u8], last: bool) -> PyResult<OwnedUnits> {
    let (codec, errors, undecoded) = {
        let mut state = this.state.lock(th);
        let undecoded = std::mem::take(&mut state.undecoded);
        (state.codec.clone(), state.errors.clone(), undecoded)
    };
    let text = match codec {
        Codec::Native(encoding) => {
            let whole =
                if undecoded.is_empty() { None } else { Some([undecoded.as_slice(), input].concat()) };
            let bytes = whole.as_deref().unwrap_or(input);
            match codec_native::decode(th, bytes, encoding, &errors, last) {
                Ok((text, taken)) => {
                    this.state.lock(th).undecoded = bytes.get(taken..).unwrap_or(&[]).to_vec();
                    text
                }
                Err(raised) => {
                    this.state.lock(th).undecoded = undecoded;
                    return Err(raised);
                }
            }
        }
        Codec::Foreign { decoder: Some(decoder), .. } => {
            let input = th.bytes(input)?;
            let text = th.call_method(&decoder, "decode", &[input, Value::bool(last)])?;
            match th.as_str(&text) {
                Some(text) => text.units().to_owned(),
                None => {
                    let found = th.type_name(&text);
                    return Err(
                        th.type_error(format_args!("decoder should return a string result, not '{found}'"))
                    );
                }
            }
        }
        Codec::Foreign { decoder: None, .. } => return Err(not_readable(th)),
    };
    let mut state = this.state.lock(th);
    if !state.setting.universal {
        return Ok(text);
    }
    Ok(state.newlines.feed(text, last))
}

/// The decoder's incomplete sequence and flags, as `getstate()` of CPython's decoders has them.
pub fn decoder_state(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult<(Vec<u8>, i64)> {
    let (codec, undecoded, universal, pending) = {
        let state = this.state.lock(th);
        (state.codec.clone(), state.undecoded.clone(), state.setting.universal, state.newlines.pending)
    };
    let (buffer, flags) = match codec {
        Codec::Native(_) => (undecoded, 0),
        Codec::Foreign { decoder: Some(decoder), .. } => {
            let answer = th.call_method(&decoder, "getstate", &[])?;
            let parts = match th.downcast::<Tuple>(&answer) {
                Some(tuple) if tuple.items().len() == 2 => tuple.items().to_vec(),
                _ => return Err(th.type_error("illegal decoder state")),
            };
            let Some(buffer) = th.downcast::<Bytes>(&parts[0]) else {
                let found = th.type_name(&parts[0]);
                return Err(th.type_error(format_args!(
                    "illegal decoder state: the first item should be a bytes object, not '{found}'"
                )));
            };
            let buffer = buffer.as_slice().to_vec();
            (buffer, th.index(&parts[1])?)
        }
        Codec::Foreign { decoder: None, .. } => return Err(not_readable(th)),
    };
    Ok((buffer, if universal { flags << 1 | i64::from(pending) } else { flags }))
}

/// Puts the decoder into a state that [`decoder_state`] told.
pub fn set_decoder_state(
    th: &mut Thread,
    this: &Obj<TextIoWrapper>,
    buffer: &[u8],
    flags: i64,
) -> PyResult<()> {
    let (codec, flags) = {
        let mut state = this.state.lock(th);
        let mut own = flags;
        if state.setting.universal {
            state.newlines.pending = flags & 1 != 0;
            own >>= 1;
        }
        state.undecoded = buffer.to_vec();
        (state.codec.clone(), own)
    };
    if let Codec::Foreign { decoder: Some(decoder), .. } = codec {
        this.state.lock(th).undecoded = Vec::new();
        let parts = vec![th.bytes(buffer)?, th.int(flags)];
        let parts = th.tuple(parts);
        th.call_method(&decoder, "setstate", &[parts])?;
    }
    Ok(())
}

/// `decoder.reset()`
pub fn reset_decoder(th: &mut Thread, this: &Obj<TextIoWrapper>) -> PyResult<()> {
    let codec = {
        let mut state = this.state.lock(th);
        state.undecoded = Vec::new();
        state.newlines.pending = false;
        state.codec.clone()
    };
    if let Codec::Foreign { decoder: Some(decoder), .. } = codec {
        th.call_method(&decoder, "reset", &[])?;
    }
    Ok(())
}

/// Tells the encoder whether it is at the start of the file, where some encodings write a mark.
pub fn reset_encoder(th: &mut Thread, this: &Obj<TextIoWrapper>, at_start: bool) -> PyResult<()> {
    let codec = this.state.lock(th).codec.clone();
    if let Codec::Foreign { encoder: Some(encoder), .. } = codec {
        if at_start {
            th.call_method(&encoder, "reset", &[])?;
        } else {
            let zero = th.int(0);
            th.call_method(&encoder, "setstate", &[zero])?;
        }
    }
    Ok(())
}

/// Encodes a text.
pub fn encode(th: &mut Thread, this: &Obj<TextIoWrapper>, text: &Obj<Str>) -> PyResult<Vec<u8>> {
    let (codec, errors) = {
        let state = this.state.lock(th);
        (state.codec.clone(), state.errors.clone())
    };
    match codec {
        Codec::Native(encoding) => codec_native::encode(th, text, encoding, &errors),
        Codec::Foreign { encoder: Some(encoder), .. } => {
            let bytes = th.call_method(&encoder, "encode", &[text.as_value().clone()])?;
            match th.downcast::<Bytes>(&bytes) {
                Some(bytes) => Ok(bytes.as_slice().to_vec()),
                None => {
                    let found = th.type_name(&bytes);
                    Err(th.type_error(format_args!("encoder should return a bytes object, not '{found}'")))
                }
            }
        }
        Codec::Foreign { encoder: None, .. } => Err(crate::io::unsupported(th, "not writable")),
    }
}

/// The encoding's name for an argument `encoding`, and the attribute that shows it.
pub fn encoding_argument(th: &mut Thread, encoding: Option<&Value>) -> PyResult<(String, Value)> {
    let name = match encoding.filter(|e| !e.is_none()) {
        None => {
            crate::io::open::warn_default_encoding(th, 1)?;
            crate::io::open::default_encoding(th)?
        }
        Some(encoding) => {
            let name = support::text_of(th, encoding, "TextIOWrapper() argument 'encoding'")?;
            if name != "locale" {
                if name.contains('\0') {
                    return Err(th.value_error("embedded null character"));
                }
                return Ok((name, encoding.clone()));
            }
            crate::locale::encoding_name()
        }
    };
    let shown = th.str(&name);
    Ok((name, shown))
}
