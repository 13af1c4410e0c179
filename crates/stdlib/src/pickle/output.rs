//! Where a pickle goes: into frames (from protocol 4 on), and those to the file or, for `dumps`, into one string of bytes.

use vm::prelude::*;

use super::opcode;

/// A frame that is at least this long is ended at the next opcode; longer data gets no frame at all.
pub const FRAME_TARGET: usize = 64 << 10;
/// What is shorter gets no frame.
const FRAME_MIN: usize = 4;

/// The stream that is written.
pub struct Output {
    /// `file.write`; None to keep everything.
    write: Option<Value>,
    /// What is written and not in a frame.
    done: Vec<u8>,
    /// The frame that is being written.
    frame: Vec<u8>,
    framed: bool,
}

impl Output {
    pub fn new(write: Option<Value>) -> Output {
        Output { write, done: Vec::new(), frame: Vec::new(), framed: false }
    }

    /// From now on opcodes are framed.
    pub fn start_framing(&mut self) {
        self.framed = true;
    }

    pub fn byte(&mut self, byte: u8) {
        if self.framed { self.frame.push(byte) } else { self.done.push(byte) }
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.framed { self.frame.extend_from_slice(bytes) } else { self.done.extend_from_slice(bytes) }
    }

    /// Between two opcodes: ends a frame that is long enough.
    pub fn boundary(&mut self, th: &mut Thread) -> PyResult<()> {
        if self.frame.len() >= FRAME_TARGET { self.commit(th) } else { Ok(()) }
    }

    fn commit(&mut self, th: &mut Thread) -> PyResult<()> {
        if self.frame.len() >= FRAME_MIN {
            self.done.push(opcode::FRAME);
            self.done.extend_from_slice(&(self.frame.len() as u64).to_le_bytes());
        }
        let frame = std::mem::take(&mut self.frame);
        self.done.extend_from_slice(&frame);
        self.flush(th)
    }

    /// Hands on what is complete.
    fn flush(&mut self, th: &mut Thread) -> PyResult<()> {
        let Some(write) = self.write.clone() else { return Ok(()) };
        if self.done.is_empty() {
            return Ok(());
        }
        let bytes = th.bytes(&std::mem::take(&mut self.done))?;
        th.call(&write, &[bytes]).map(drop)
    }

    /// Long data, outside of any frame; `object` is what the file gets if it is bytes.
    pub fn large(
        &mut self,
        th: &mut Thread,
        header: &[u8],
        content: &[u8],
        object: Option<&Value>,
    ) -> PyResult<()> {
        if content.len() < FRAME_TARGET {
            self.bytes(header);
            self.bytes(content);
            return Ok(());
        }
        if self.framed {
            self.commit(th)?;
        }
        self.done.extend_from_slice(header);
        let Some(write) = self.write.clone() else {
            self.done.extend_from_slice(content);
            return Ok(());
        };
        self.flush(th)?;
        let payload = match object {
            Some(object) => object.clone(),
            None => th.bytes(content)?,
        };
        th.call(&write, &[payload]).map(drop)
    }

    /// Ends the stream; what was kept.
    pub fn finish(mut self, th: &mut Thread) -> PyResult<Vec<u8>> {
        if self.framed && !self.frame.is_empty() {
            self.commit(th)?;
        } else {
            self.flush(th)?;
        }
        Ok(self.done)
    }
}
