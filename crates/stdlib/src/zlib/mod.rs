//! `zlib`: compression, over the library of that name.
//!
//! Streams do their work while the thread is detached, behind a mutex that is held for nothing else.

mod stream;

use std::ffi::c_int;

use libz_rs_sys as z;
use stream::Stream;
use vm::prelude::*;
use vm::thread::native_mutex::NativeMutex as Mutex;

use crate::support;

/// What output buffers start with, and grow by at most.
const BUFFER: usize = 16 << 10;
const MOST_BUFFER: usize = 1 << 20;
/// The default of `wbits`.
const MAX_WBITS: c_int = 15;

static ERROR: OnceLock<Value> = OnceLock::new();

/// What went wrong in the library.
struct Failure {
    code: c_int,
    message: Option<String>,
}

fn failure(stream: &Stream, code: c_int) -> Failure {
    Failure { code, message: stream.message() }
}

fn raise(th: &mut Thread, failure: Failure, doing: &str) -> Raised {
    let Failure { code, message } = failure;
    let message = message.or_else(|| {
        let known = match code {
            z::Z_BUF_ERROR => "incomplete or truncated stream",
            z::Z_STREAM_ERROR => "inconsistent stream state",
            z::Z_DATA_ERROR => "invalid input data",
            _ => return None,
        };
        Some(known.to_string())
    });
    let text = match message {
        Some(message) => format!("Error {code} {doing}: {message}"),
        None => format!("Error {code} {doing}"),
    };
    support::raise(th, ERROR.get(), &text)
}

/// Compresses all of the input.
fn deflate_all(stream: &mut Stream, mut input: &[u8], flush: c_int) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let mut room = BUFFER;
    loop {
        let step = stream.step(input, &mut out, room, flush);
        input = &input[step.consumed..];
        if step.code == z::Z_STREAM_ERROR {
            return Err(failure(stream, step.code));
        }
        if step.code == z::Z_STREAM_END || (input.is_empty() && !step.full) {
            return Ok(out);
        }
        room = (room * 2).min(MOST_BUFFER);
    }
}

/// What decompressing came to.
struct Inflated {
    out: Vec<u8>,
    /// How much of the input was used.
    used: usize,
    code: c_int,
}

/// Decompresses until the input, the stream or the room is used up.
fn inflate_some(
    stream: &mut Stream,
    input: &[u8],
    limit: Option<usize>,
    flush: c_int,
    dictionary: Option<&[u8]>,
    mut room: usize,
) -> Result<Inflated, Failure> {
    let mut out = Vec::new();
    let mut used = 0;
    loop {
        let left = limit.map_or(usize::MAX, |limit| limit - out.len());
        if left == 0 {
            return Ok(Inflated { out, used, code: z::Z_OK });
        }
        let step = stream.step(&input[used..], &mut out, room.min(left), flush);
        used += step.consumed;
        match step.code {
            z::Z_OK | z::Z_BUF_ERROR => {}
            z::Z_NEED_DICT if dictionary.is_some() => {
                let code = stream.set_dictionary(dictionary.unwrap_or(&[]));
                if code != z::Z_OK {
                    return Err(failure(stream, code));
                }
                continue;
            }
            code => return Ok(Inflated { out, used, code }),
        }
        if !step.full && (used == input.len() || step.consumed == 0) {
            return Ok(Inflated { out, used, code: step.code });
        }
        room = (room * 2).min(MOST_BUFFER);
    }
}

/// Compression object.
#[pyclass(name = "Compress", module = "zlib", no_new)]
pub struct Compress {
    #[no_trace]
    stream: Mutex<Option<Stream>>,
}

#[pymethods]
impl Compress {
    /// Returns a bytes object containing compressed data.
    #[signature("(data, /)")]
    fn compress(&self, th: &mut Thread, data: &Value) -> PyResult {
        let data = th.buffer_to_vec(data)?;
        let result = th.detached(|| {
            let mut stream = self.stream.lock();
            match &mut *stream {
                Some(stream) => deflate_all(stream, &data, z::Z_NO_FLUSH),
                None => Err(Failure { code: z::Z_STREAM_ERROR, message: None }),
            }
        });
        match result {
            Ok(out) => th.bytes(&out),
            Err(failure) => Err(raise(th, failure, "while compressing data")),
        }
    }

    /// Return a bytes object containing any remaining compressed data.
    #[signature("(mode=zlib.Z_FINISH, /)")]
    fn flush(&self, th: &mut Thread, mode: Option<i32>) -> PyResult {
        let mode = mode.unwrap_or(z::Z_FINISH);
        if mode == z::Z_NO_FLUSH {
            return th.bytes(&[]);
        }
        let result = th.detached(|| {
            let mut slot = self.stream.lock();
            let Some(stream) = &mut *slot else {
                return Err(Failure { code: z::Z_STREAM_ERROR, message: None });
            };
            let out = deflate_all(stream, &[], mode)?;
            if mode == z::Z_FINISH {
                *slot = None;
            }
            Ok(out)
        });
        match result {
            Ok(out) => th.bytes(&out),
            Err(failure) => Err(raise(th, failure, "while flushing")),
        }
    }

    /// Return a copy of the compression object.
    #[signature("()")]
    fn copy(&self, th: &mut Thread) -> PyResult {
        let copy = match &mut *self.stream.lock() {
            Some(stream) => stream.duplicate().map_err(|code| failure(stream, code)),
            None => Err(Failure { code: z::Z_STREAM_ERROR, message: None }),
        };
        match copy {
            Ok(stream) => {
                Ok(Compress::new_object(th, Compress { stream: Mutex::new(Some(stream)) }).into_value())
            }
            Err(Failure { code: z::Z_STREAM_ERROR, .. }) => Err(th.value_error("Inconsistent stream state")),
            Err(Failure { code: z::Z_MEM_ERROR, .. }) => Err(th.memory_error()),
            Err(failure) => Err(raise(th, failure, "while copying compression object")),
        }
    }

    #[signature("()")]
    fn __copy__(&self, th: &mut Thread) -> PyResult {
        self.copy(th)
    }

    #[signature("(memo, /)")]
    fn __deepcopy__(&self, th: &mut Thread, _memo: &Value) -> PyResult {
        self.copy(th)
    }
}

/// The state of a decompression object.
struct Decompression {
    stream: Option<Stream>,
    unused: Vec<u8>,
    tail: Vec<u8>,
    eof: bool,
}

/// Decompression object.
#[pyclass(name = "Decompress", module = "zlib", no_new)]
pub struct Decompress {
    #[no_trace]
    state: Mutex<Decompression>,
    #[no_trace]
    dictionary: Option<Vec<u8>>,
}

impl Decompression {
    fn run(
        &mut self,
        input: &[u8],
        limit: Option<usize>,
        flush: c_int,
        dictionary: Option<&[u8]>,
        room: usize,
    ) -> Result<Vec<u8>, (Failure, bool)> {
        let Some(stream) = &mut self.stream else {
            return Err((Failure { code: z::Z_STREAM_ERROR, message: None }, false));
        };
        let result = inflate_some(stream, input, limit, flush, dictionary, room).map_err(|f| (f, true))?;
        let rest = &input[result.used..];
        if result.code == z::Z_STREAM_END {
            self.unused.extend_from_slice(rest);
            self.tail.clear();
            self.eof = true;
        } else {
            self.tail = rest.to_vec();
        }
        match result.code {
            z::Z_OK | z::Z_BUF_ERROR | z::Z_STREAM_END => Ok(result.out),
            code => Err((failure(stream, code), false)),
        }
    }
}

#[pymethods]
impl Decompress {
    /// Return a bytes object containing the decompressed version of the data.
    #[signature("(data, /, max_length=0)")]
    fn decompress(&self, th: &mut Thread, data: &Value, max_length: Option<i64>) -> PyResult {
        let Ok(limit) = usize::try_from(max_length.unwrap_or(0)) else {
            return Err(th.value_error("max_length must be non-negative"));
        };
        let limit = (limit != 0).then_some(limit);
        let data = th.buffer_to_vec(data)?;
        let dictionary = self.dictionary.as_deref();
        let result = th.detached(|| self.state.lock().run(&data, limit, z::Z_SYNC_FLUSH, dictionary, BUFFER));
        match result {
            Ok(out) => th.bytes(&out),
            Err((failure, true)) => Err(raise(th, failure, "while setting zdict")),
            Err((failure, false)) => Err(raise(th, failure, "while decompressing data")),
        }
    }

    /// Return a bytes object containing any remaining decompressed data.
    #[signature("(length=zlib.DEF_BUF_SIZE, /)")]
    fn flush(&self, th: &mut Thread, length: Option<i64>) -> PyResult {
        let length = match usize::try_from(length.unwrap_or(BUFFER as i64)) {
            Ok(0) | Err(_) => return Err(th.value_error("length must be greater than zero")),
            Ok(length) => length,
        };
        let dictionary = self.dictionary.as_deref();
        let result = th.detached(|| {
            let mut state = self.state.lock();
            if state.stream.is_none() {
                return Ok(Vec::new());
            }
            let tail = std::mem::take(&mut state.tail);
            let out = state.run(&tail, None, z::Z_FINISH, dictionary, length.min(MOST_BUFFER));
            if state.eof {
                state.stream = None;
            }
            match out {
                // Not at the end: what there is is given out.
                Err((Failure { code: z::Z_BUF_ERROR, .. }, false)) => Ok(Vec::new()),
                other => other,
            }
        });
        match result {
            Ok(out) => th.bytes(&out),
            Err((failure, true)) => Err(raise(th, failure, "while setting zdict")),
            Err((failure, false)) => Err(raise(th, failure, "while flushing")),
        }
    }

    /// Return a copy of the decompression object.
    #[signature("()")]
    fn copy(&self, th: &mut Thread) -> PyResult {
        let copy = {
            let mut state = self.state.lock();
            match state.stream.as_mut().map(Stream::duplicate) {
                Some(Ok(stream)) => Some(Decompression {
                    stream: Some(stream),
                    unused: state.unused.clone(),
                    tail: state.tail.clone(),
                    eof: state.eof,
                }),
                _ => None,
            }
        };
        match copy {
            Some(state) => {
                let copy = Decompress { state: Mutex::new(state), dictionary: self.dictionary.clone() };
                Ok(Decompress::new_object(th, copy).into_value())
            }
            None => Err(th.value_error("Inconsistent stream state")),
        }
    }

    #[signature("()")]
    fn __copy__(&self, th: &mut Thread) -> PyResult {
        self.copy(th)
    }

    #[signature("(memo, /)")]
    fn __deepcopy__(&self, th: &mut Thread, _memo: &Value) -> PyResult {
        self.copy(th)
    }

    /// Data found after the end of the compressed data.
    #[getter]
    fn unused_data(&self, th: &mut Thread) -> PyResult {
        let data = self.state.lock().unused.clone();
        th.bytes(&data)
    }

    /// Data that was not processed because of a limit.
    #[getter]
    fn unconsumed_tail(&self, th: &mut Thread) -> PyResult {
        let data = self.state.lock().tail.clone();
        th.bytes(&data)
    }

    /// True if the end of the compressed data was reached.
    #[getter]
    fn eof(&self) -> bool {
        self.state.lock().eof
    }
}

/// Create a decompressor object for decompressing data incrementally.
#[pyclass(name = "_ZlibDecompressor", module = "zlib")]
pub struct ZlibDecompressor {
    #[no_trace]
    state: Mutex<Incremental>,
    #[no_trace]
    dictionary: Option<Vec<u8>>,
}

/// The state of an incremental decompressor: input that was not used waits in it.
struct Incremental {
    stream: Stream,
    pending: Vec<u8>,
    unused: Vec<u8>,
    eof: bool,
    needs_input: bool,
}

#[pymethods]
impl ZlibDecompressor {
    #[new]
    #[signature("(wbits=MAX_WBITS, zdict=b'')")]
    fn new(th: &mut Thread, wbits: Option<i32>, zdict: Option<&Value>) -> PyResult<ZlibDecompressor> {
        let (stream, dictionary) = decompression_stream(th, wbits, zdict)?;
        let state =
            Incremental { stream, pending: Vec::new(), unused: Vec::new(), eof: false, needs_input: true };
        Ok(ZlibDecompressor { state: Mutex::new(state), dictionary })
    }

    /// Decompress *data*, returning uncompressed data as bytes.
    #[signature("(data, max_length=-1)")]
    fn decompress(&self, th: &mut Thread, data: &Value, max_length: Option<i64>) -> PyResult {
        let data = th.buffer_to_vec(data)?;
        let limit = max_length.and_then(|limit| usize::try_from(limit).ok());
        let dictionary = self.dictionary.as_deref();
        let result = th.detached(|| {
            let mut state = self.state.lock();
            if state.eof {
                return Ok(None);
            }
            let state = &mut *state;
            let mut input = std::mem::take(&mut state.pending);
            input.extend_from_slice(&data);
            let result = inflate_some(&mut state.stream, &input, limit, z::Z_SYNC_FLUSH, dictionary, BUFFER)?;
            let rest = input.split_off(result.used);
            match result.code {
                z::Z_STREAM_END => {
                    state.eof = true;
                    state.unused = rest;
                    state.needs_input = false;
                }
                z::Z_OK | z::Z_BUF_ERROR => {
                    let reached = limit.is_some_and(|limit| result.out.len() >= limit);
                    state.needs_input = rest.is_empty() && !reached;
                    state.pending = rest;
                }
                code => return Err(failure(&state.stream, code)),
            }
            Ok(Some(result.out))
        });
        match result {
            Ok(Some(out)) => th.bytes(&out),
            Ok(None) => Err(th.raise_exc(Exc::EOFError, "End of stream already reached")),
            Err(failure) => Err(raise(th, failure, "while decompressing data")),
        }
    }

    /// Data found after the end of the compressed stream.
    #[getter]
    fn unused_data(&self, th: &mut Thread) -> PyResult {
        let data = self.state.lock().unused.clone();
        th.bytes(&data)
    }

    /// True if the end-of-stream marker has been reached.
    #[getter]
    fn eof(&self) -> bool {
        self.state.lock().eof
    }

    /// True if more input is needed before more decompressed data can be produced.
    #[getter]
    fn needs_input(&self) -> bool {
        self.state.lock().needs_input
    }
}

/// A stream to decompress with, and its dictionary.
fn decompression_stream(
    th: &mut Thread,
    wbits: Option<i32>,
    zdict: Option<&Value>,
) -> PyResult<(Stream, Option<Vec<u8>>)> {
    let dictionary = match zdict {
        Some(zdict) if !vm::protocol::buffer::is_buffer(th, zdict) => {
            return Err(th.type_error("zdict argument must support the buffer protocol"));
        }
        Some(zdict) => Some(th.buffer_to_vec(zdict)?),
        None => None,
    };
    let wbits = wbits.unwrap_or(MAX_WBITS);
    let mut stream = match Stream::inflate(wbits) {
        Ok(stream) => stream,
        Err(z::Z_MEM_ERROR) => return Err(th.memory_error()),
        Err(_) => return Err(th.value_error("Invalid initialization option")),
    };
    if let Some(dictionary) = &dictionary
        && wbits < 0
    {
        let code = stream.set_dictionary(dictionary);
        if code != z::Z_OK {
            let failure = failure(&stream, code);
            return Err(raise(th, failure, "while setting zdict"));
        }
    }
    Ok((stream, dictionary))
}

/// The module.
#[pymodule(name = "zlib", classes = [super::ZlibDecompressor])]
pub mod module {
    use super::*;

    #[pyattr]
    const DEFLATED: i64 = 8;
    #[pyattr]
    const DEF_BUF_SIZE: i64 = 16384;
    #[pyattr]
    const DEF_MEM_LEVEL: i64 = 8;
    #[pyattr(name = "MAX_WBITS")]
    const WBITS: i64 = MAX_WBITS as i64;
    #[pyattr]
    const Z_BEST_COMPRESSION: i64 = 9;
    #[pyattr]
    const Z_BEST_SPEED: i64 = 1;
    #[pyattr]
    const Z_BLOCK: i64 = 5;
    #[pyattr]
    const Z_DEFAULT_COMPRESSION: i64 = -1;
    #[pyattr]
    const Z_DEFAULT_STRATEGY: i64 = 0;
    #[pyattr]
    const Z_FILTERED: i64 = 1;
    #[pyattr]
    const Z_FINISH: i64 = 4;
    #[pyattr]
    const Z_FIXED: i64 = 4;
    #[pyattr]
    const Z_FULL_FLUSH: i64 = 3;
    #[pyattr]
    const Z_HUFFMAN_ONLY: i64 = 2;
    #[pyattr]
    const Z_NO_COMPRESSION: i64 = 0;
    #[pyattr]
    const Z_NO_FLUSH: i64 = 0;
    #[pyattr]
    const Z_PARTIAL_FLUSH: i64 = 1;
    #[pyattr]
    const Z_RLE: i64 = 3;
    #[pyattr]
    const Z_SYNC_FLUSH: i64 = 2;
    #[pyattr]
    const Z_TREES: i64 = 6;

    fn version() -> &'static str {
        // SAFETY: the library's version is a static C string.
        unsafe { std::ffi::CStr::from_ptr(z::zlibVersion()) }.to_str().unwrap_or("")
    }

    #[pyattr(name = "ZLIB_VERSION")]
    fn compile_version() -> &'static str {
        version()
    }

    #[pyattr(name = "ZLIB_RUNTIME_VERSION")]
    fn runtime_version() -> &'static str {
        version()
    }

    #[pyattr]
    fn __version__() -> &'static str {
        "1.0"
    }

    #[pyattr]
    fn error(th: &mut Thread) -> PyResult {
        if ERROR.get().is_none() {
            let class = support::exception_class(th, "zlib", "error", Exc::Exception)?;
            let _ = ERROR.set(class);
        }
        Ok(ERROR.get().cloned().unwrap_or(Value::NONE))
    }

    /// A start value of a checksum: its low 32 bits.
    fn start(th: &mut Thread, value: Option<&Value>, default: u32) -> PyResult<u64> {
        let Some(value) = value else { return Ok(default.into()) };
        let number = th.to_index(value)?;
        let mask = th.int(0xffff_ffff);
        let number = th.binary_op(vm::protocol::BinaryOp::And, &number, &mask)?;
        Ok(th.index(&number)? as u64)
    }

    /// Compute an Adler-32 checksum of data.
    #[pyfunction(signature = "(data, value=1, /)")]
    fn adler32(th: &mut Thread, data: &Value, value: Option<&Value>) -> PyResult {
        let start = start(th, value, 1)?;
        // SAFETY: the buffer is as long as it says.
        let sum = th.with_buffer(data, |data| unsafe { z::adler32_z(start, data.as_ptr(), data.len()) })?;
        Ok(th.int_unsigned(sum & 0xffff_ffff))
    }

    /// Compute a CRC-32 checksum of data.
    #[pyfunction(signature = "(data, value=0, /)")]
    fn crc32(th: &mut Thread, data: &Value, value: Option<&Value>) -> PyResult {
        let start = start(th, value, 0)?;
        // SAFETY: the buffer is as long as it says.
        let sum = th.with_buffer(data, |data| unsafe { z::crc32_z(start, data.as_ptr(), data.len()) })?;
        Ok(th.int_unsigned(sum & 0xffff_ffff))
    }

    /// Returns a bytes object containing compressed data.
    #[pyfunction(signature = "(data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)")]
    fn compress(th: &mut Thread, data: &Value, level: Option<i32>, wbits: Option<i32>) -> PyResult {
        let data = th.buffer_to_vec(data)?;
        let (level, wbits) = (level.unwrap_or(-1), wbits.unwrap_or(MAX_WBITS));
        let result = th.detached(|| {
            let mut stream = Stream::deflate(level, z::Z_DEFLATED, wbits, 8, 0)
                .map_err(|code| Failure { code, message: None })?;
            deflate_all(&mut stream, &data, z::Z_FINISH)
        });
        match result {
            Ok(out) => th.bytes(&out),
            Err(Failure { code: z::Z_STREAM_ERROR, .. }) => {
                Err(support::raise(th, ERROR.get(), "Bad compression level"))
            }
            Err(Failure { code: z::Z_MEM_ERROR, .. }) => {
                Err(th.raise_exc(Exc::MemoryError, "Out of memory while compressing data"))
            }
            Err(failure) => Err(raise(th, failure, "while compressing data")),
        }
    }

    /// Returns a bytes object containing the uncompressed data.
    #[pyfunction(signature = "(data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)")]
    fn decompress(th: &mut Thread, data: &Value, wbits: Option<i32>, bufsize: Option<i64>) -> PyResult {
        let data = th.buffer_to_vec(data)?;
        let wbits = wbits.unwrap_or(MAX_WBITS);
        let Ok(room) = usize::try_from(bufsize.unwrap_or(BUFFER as i64)) else {
            return Err(th.value_error("bufsize must be non-negative"));
        };
        let result = th.detached(|| {
            let mut stream = Stream::inflate(wbits)
                .map_err(|code| (Failure { code, message: None }, "while preparing to decompress data"))?;
            let doing = "while decompressing data";
            let result =
                inflate_some(&mut stream, &data, None, z::Z_SYNC_FLUSH, None, room.clamp(1, MOST_BUFFER))
                    .map_err(|failure| (failure, doing))?;
            match result.code {
                z::Z_STREAM_END => Ok(result.out),
                // The input ended before the stream did.
                z::Z_OK => Err((Failure { code: z::Z_BUF_ERROR, message: stream.message() }, doing)),
                code => Err((failure(&stream, code), doing)),
            }
        });
        match result {
            Ok(out) => th.bytes(&out),
            Err((Failure { code: z::Z_MEM_ERROR, .. }, _)) => {
                Err(th.raise_exc(Exc::MemoryError, "Out of memory while decompressing data"))
            }
            Err((failure, doing)) => Err(raise(th, failure, doing)),
        }
    }

    /// Return a compressor object.
    #[pyfunction(
        signature = "(level=Z_DEFAULT_COMPRESSION, method=DEFLATED, wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL, strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)"
    )]
    #[expect(non_snake_case, reason = "the name of a Python parameter")]
    fn compressobj(
        th: &mut Thread,
        level: Option<i32>,
        method: Option<i32>,
        wbits: Option<i32>,
        memLevel: Option<i32>,
        strategy: Option<i32>,
        zdict: Option<&Value>,
    ) -> PyResult {
        let made = Stream::deflate(
            level.unwrap_or(-1),
            method.unwrap_or(z::Z_DEFLATED),
            wbits.unwrap_or(MAX_WBITS),
            memLevel.unwrap_or(8),
            strategy.unwrap_or(0),
        );
        let mut stream = match made {
            Ok(stream) => stream,
            Err(z::Z_MEM_ERROR) => return Err(th.memory_error()),
            Err(z::Z_STREAM_ERROR) => return Err(th.value_error("Invalid initialization option")),
            Err(code) => {
                let failure = Failure { code, message: None };
                return Err(raise(th, failure, "while creating compression object"));
            }
        };
        if let Some(zdict) = zdict {
            let dictionary = th.buffer_to_vec(zdict)?;
            if stream.set_dictionary(&dictionary) != z::Z_OK {
                return Err(th.value_error("Invalid dictionary"));
            }
        }
        Ok(Compress::new_object(th, Compress { stream: Mutex::new(Some(stream)) }).into_value())
    }

    /// Return a decompressor object.
    #[pyfunction(signature = "(wbits=MAX_WBITS, zdict=b'')")]
    fn decompressobj(th: &mut Thread, wbits: Option<i32>, zdict: Option<&Value>) -> PyResult {
        let (stream, dictionary) = decompression_stream(th, wbits, zdict)?;
        let state = Decompression { stream: Some(stream), unused: Vec::new(), tail: Vec::new(), eof: false };
        Ok(Decompress::new_object(th, Decompress { state: Mutex::new(state), dictionary }).into_value())
    }
}
