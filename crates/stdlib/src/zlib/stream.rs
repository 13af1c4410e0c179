//! A zlib stream that compresses or decompresses.

use std::ffi::{CStr, c_int};

use libz_rs_sys as z;

/// Which way data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Deflate,
    Inflate,
}

/// A stream. The library keeps a pointer to the structure, so it does not move.
pub struct Stream {
    raw: Box<z::z_stream>,
    way: Way,
}

// SAFETY: a stream owns all it points to and has no tie to a thread.
unsafe impl Send for Stream {}

/// What one call of the library did.
pub struct Step {
    /// Bytes of the input that it took.
    pub consumed: usize,
    /// What it answered.
    pub code: c_int,
    /// It used all room that it was given.
    pub full: bool,
}

const SIZE: c_int = size_of::<z::z_stream>() as c_int;

impl Stream {
    /// A stream that compresses; the library's error code if it cannot be.
    pub fn deflate(
        level: c_int,
        method: c_int,
        wbits: c_int,
        memory: c_int,
        strategy: c_int,
    ) -> Result<Stream, c_int> {
        let mut raw = Box::<z::z_stream>::default();
        // SAFETY: the structure is in its initial state, the version is the library's own.
        let code = unsafe {
            z::deflateInit2_(&raw mut *raw, level, method, wbits, memory, strategy, z::zlibVersion(), SIZE)
        };
        if code == z::Z_OK { Ok(Stream { raw, way: Way::Deflate }) } else { Err(code) }
    }

    /// A stream that decompresses; the library's error code if it cannot be.
    pub fn inflate(wbits: c_int) -> Result<Stream, c_int> {
        let mut raw = Box::<z::z_stream>::default();
        // SAFETY: the structure is in its initial state, the version is the library's own.
        let code = unsafe { z::inflateInit2_(&raw mut *raw, wbits, z::zlibVersion(), SIZE) };
        if code == z::Z_OK { Ok(Stream { raw, way: Way::Inflate }) } else { Err(code) }
    }

    /// Lets the stream point to no buffers. The library wants some place for output, even if nothing fits there.
    fn idle(&mut self) {
        self.raw.next_in = std::ptr::null();
        self.raw.avail_in = 0;
        self.raw.next_out = std::ptr::NonNull::dangling().as_ptr();
        self.raw.avail_out = 0;
    }

    /// A stream in the same state.
    pub fn duplicate(&mut self) -> Result<Stream, c_int> {
        self.idle();
        let mut raw = Box::<z::z_stream>::default();
        let source = &raw mut *self.raw;
        let code = match self.way {
            // SAFETY: `source` is an initialised stream, the target an unused structure.
            Way::Deflate => unsafe { z::deflateCopy(&raw mut *raw, source) },
            // SAFETY: as above.
            Way::Inflate => unsafe { z::inflateCopy(&raw mut *raw, source) },
        };
        if code == z::Z_OK { Ok(Stream { raw, way: self.way }) } else { Err(code) }
    }

    /// Sets the dictionary.
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> c_int {
        let length = u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
        match self.way {
            // SAFETY: the stream is initialised, the dictionary is as long as it says.
            Way::Deflate => unsafe {
                z::deflateSetDictionary(&raw mut *self.raw, dictionary.as_ptr(), length)
            },
            // SAFETY: as above.
            Way::Inflate => unsafe {
                z::inflateSetDictionary(&raw mut *self.raw, dictionary.as_ptr(), length)
            },
        }
    }

    /// Calls the library once, with room for so many bytes more in `out`.
    pub fn step(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize, flush: c_int) -> Step {
        let room = room.clamp(1, u32::MAX as usize);
        out.reserve(room);
        let given = input.len().min(u32::MAX as usize);
        let spare = &mut out.spare_capacity_mut()[..room];
        // The library may be handed memory that nobody wrote to only as what it is to fill.
        spare.fill(std::mem::MaybeUninit::new(0));
        self.raw.next_in = input.as_ptr();
        self.raw.avail_in = given as u32;
        self.raw.next_out = spare.as_mut_ptr().cast();
        self.raw.avail_out = room as u32;
        let code = match self.way {
            // SAFETY: the stream is initialised; both buffers are as long as it was told and live across the call.
            Way::Deflate => unsafe { z::deflate(&raw mut *self.raw, flush) },
            // SAFETY: as above.
            Way::Inflate => unsafe { z::inflate(&raw mut *self.raw, flush) },
        };
        let written = room - self.raw.avail_out as usize;
        // SAFETY: the spare capacity holds them, and all of it was written to.
        unsafe { out.set_len(out.len() + written) };
        let consumed = given - self.raw.avail_in as usize;
        let full = self.raw.avail_out == 0;
        self.idle();
        Step { consumed, code, full }
    }

    /// The library's message about the last failure.
    pub fn message(&self) -> Option<String> {
        if self.raw.msg.is_null() {
            return None;
        }
        // SAFETY: the library's messages are static C strings.
        Some(unsafe { CStr::from_ptr(self.raw.msg) }.to_string_lossy().into_owned())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        match self.way {
            // SAFETY: the stream is initialised, and not used again.
            Way::Deflate => unsafe { z::deflateEnd(&raw mut *self.raw) },
            // SAFETY: as above.
            Way::Inflate => unsafe { z::inflateEnd(&raw mut *self.raw) },
        };
    }
}
