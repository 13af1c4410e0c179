//! Where a pickle is read from: bytes in memory, or a file by `read` and `readline`.
//!
//! Never more is taken from a file than the pickle needs, but for whole frames.

use vm::prelude::*;

use super::unpickling_error;

/// The methods of a file.
#[derive(Clone)]
pub struct File {
    pub read: Value,
    pub readline: Value,
}

/// What is left to read.
pub struct Input {
    buffer: Vec<u8>,
    at: usize,
    /// How many of them belong to the current frame; 0 outside of frames.
    frame: usize,
    file: Option<File>,
}

fn truncated(th: &mut Thread) -> Raised {
    unpickling_error(th, "pickle data was truncated")
}

impl Input {
    pub fn of_bytes(buffer: Vec<u8>) -> Input {
        Input { buffer, at: 0, frame: 0, file: None }
    }

    pub fn of_file(file: File) -> Input {
        Input { buffer: Vec::new(), at: 0, frame: 0, file: Some(file) }
    }

    /// Sees to it that `count` bytes are in the buffer; says whether they are.
    fn fill(&mut self, th: &mut Thread, count: usize) -> PyResult<bool> {
        let present = self.buffer.len() - self.at;
        if present >= count {
            return Ok(true);
        }
        let Some(file) = &self.file else { return Ok(false) };
        let missing = th.int((count - present) as i64);
        let answer = th.call(&file.read.clone(), &[missing])?;
        let Some(bytes) = th.downcast::<Bytes>(&answer) else {
            let found = th.type_name(&answer);
            return Err(th.type_error(format_args!("read() returned non-bytes object ({found})")));
        };
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes.as_slice());
        Ok(self.buffer.len() >= count)
    }

    /// The next opcode; EOFError if there is none.
    pub fn opcode(&mut self, th: &mut Thread) -> PyResult<u8> {
        if !self.fill(th, 1)? {
            return Err(th.raise_new("EOFError", "Ran out of input"));
        }
        self.at += 1;
        self.frame = self.frame.saturating_sub(1);
        Ok(self.buffer[self.at - 1])
    }

    /// Takes `count` bytes from the current frame, if there is one: all or none of them must lie in it.
    fn leave_frame(&mut self, th: &mut Thread, count: usize) -> PyResult<()> {
        if self.frame > 0 {
            match self.frame.checked_sub(count) {
                Some(left) => self.frame = left,
                None => return Err(unpickling_error(th, "pickle exhausted before end of frame")),
            }
        }
        Ok(())
    }

    /// The next `count` bytes.
    pub fn take(&mut self, th: &mut Thread, count: usize) -> PyResult<&[u8]> {
        self.leave_frame(th, count)?;
        if !self.fill(th, count)? {
            return Err(truncated(th));
        }
        self.at += count;
        Ok(&self.buffer[self.at - count..self.at])
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self, th: &mut Thread) -> PyResult<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(th, N)?);
        Ok(array)
    }

    /// The next line, without its newline.
    pub fn line(&mut self, th: &mut Thread) -> PyResult<Vec<u8>> {
        let rest = &self.buffer[self.at..];
        if let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
            let line = rest[..length].to_vec();
            self.leave_frame(th, length + 1)?;
            self.at += length + 1;
            return Ok(line);
        }
        if self.frame > 0 {
            return Err(unpickling_error(th, "pickle exhausted before end of frame"));
        }
        let Some(file) = &self.file else { return Err(truncated(th)) };
        let answer = th.call(&file.readline.clone(), &[])?;
        let Some(bytes) = th.downcast::<Bytes>(&answer) else {
            let found = th.type_name(&answer);
            return Err(th.type_error(format_args!("readline() returned non-bytes object ({found})")));
        };
        let mut line = self.buffer.split_off(self.at);
        self.buffer.clear();
        self.at = 0;
        line.extend_from_slice(bytes.as_slice());
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ => Err(truncated(th)),
        }
    }

    /// The next line, which must not be empty.
    pub fn word(&mut self, th: &mut Thread) -> PyResult<Vec<u8>> {
        let line = self.line(th)?;
        if line.is_empty() { Err(truncated(th)) } else { Ok(line) }
    }

    /// A frame begins: all of it must be there.
    pub fn frame(&mut self, th: &mut Thread, length: usize) -> PyResult<()> {
        if self.frame > 0 {
            return Err(unpickling_error(th, "beginning of a new frame before end of current frame"));
        }
        if !self.fill(th, length)? {
            return Err(truncated(th));
        }
        self.frame = length;
        Ok(())
    }
}
