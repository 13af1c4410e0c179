//! The text that is searched, and running the engine on it.
//!
//! ASCII and Latin-1 strings and bytes are searched where they lie; wider strings are spelled as WTF-8 first, which is
//! what the engine reads, and other buffers are copied.

use rustpython_sre_engine::{Request, State, StrDrive};
use rustpython_wtf8::Wtf8;
use vm::object_model::text::Units;
use vm::prelude::*;

/// A text in memory that does not change.
enum Memory {
    Narrow(Obj<Str>),
    Wide { text: Vec<u8>, length: usize },
    Bytes(Obj<Bytes>),
    Copy(Vec<u8>),
}

/// How a match is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Anywhere.
    Search,
    /// At the start.
    Match,
    /// At the start, up to the end.
    FullMatch,
}

/// Where a match and its groups lie, in characters.
#[derive(Debug, Clone)]
pub struct Found {
    /// The whole match.
    pub start: usize,
    /// Its end.
    pub end: usize,
    /// Groups from 1 on; shorter than their number if the last did not take part.
    pub groups: Vec<Option<(usize, usize)>>,
    /// The last group that closed.
    pub last: Option<usize>,
}

/// A subject with the engine's state.
pub struct Session {
    memory: Memory,
    state: State,
    /// The string searched.
    pub string: Value,
}

// SAFETY: the state's cursor points into `memory`, which the session owns and which does not move (the heap part of a
// vector or a Python object); nothing in it belongs to a thread.
unsafe impl Send for Session {}

impl Trace for Session {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(&self.string);
        match &self.memory {
            Memory::Narrow(text) => visit(text.as_value()),
            Memory::Bytes(bytes) => visit(bytes.as_value()),
            Memory::Wide { .. } | Memory::Copy(_) => {}
        }
    }
}

impl Session {
    /// Prepares to search `string` for a pattern of text, or of bytes; raises TypeError if it is the other kind.
    pub fn new(th: &mut Thread, string: &Value, pattern_is_bytes: Option<bool>) -> PyResult<Session> {
        let memory = if let Some(text) = th.as_str(string) {
            if pattern_is_bytes == Some(true) {
                return Err(th.type_error("cannot use a bytes pattern on a string-like object"));
            }
            match text.units() {
                Units::Ascii(_) | Units::Latin1(_) => Memory::Narrow(text.clone()),
                wide => Memory::Wide { text: wide.to_wtf8().into_owned(), length: wide.len() },
            }
        } else {
            if !vm::protocol::buffer::is_buffer(th, string) {
                let found = th.type_name(string);
                return Err(
                    th.type_error(format_args!("expected string or bytes-like object, got '{found}'"))
                );
            }
            if pattern_is_bytes == Some(false) {
                return Err(th.type_error("cannot use a string pattern on a bytes-like object"));
            }
            match th.downcast::<Bytes>(string) {
                Some(bytes) => Memory::Bytes(bytes.clone()),
                None => Memory::Copy(th.buffer_to_vec(string)?),
            }
        };
        Ok(Session { memory, state: State::default(), string: string.clone() })
    }

    /// True if the subject is bytes-like.
    pub fn is_bytes(&self) -> bool {
        matches!(self.memory, Memory::Bytes(_) | Memory::Copy(_))
    }

    /// Characters.
    pub fn len(&self) -> usize {
        match &self.memory {
            Memory::Narrow(text) => text.len(),
            Memory::Wide { length, .. } => *length,
            Memory::Bytes(bytes) => bytes.as_slice().len(),
            Memory::Copy(bytes) => bytes.len(),
        }
    }

    /// `pos` and `endpos` as positions in the subject.
    pub fn bounds(&self, start: Option<i64>, end: Option<i64>) -> (usize, usize) {
        let length = self.len();
        let clip = |i: i64| usize::try_from(i).unwrap_or(0).min(length);
        let end = end.map_or(length, clip);
        (start.map_or(0, clip), end)
    }

    /// Looks for a match in `start..end`; with `must_advance`, for one that is not empty at `start`.
    pub fn run(
        &mut self,
        code: &[u32],
        start: usize,
        end: usize,
        how: How,
        must_advance: bool,
    ) -> Option<Found> {
        if start > end {
            return None;
        }
        let request = (start, end, how, must_advance);
        match &self.memory {
            Memory::Narrow(text) => execute(&mut self.state, text.raw(), code, request),
            Memory::Bytes(bytes) => execute(&mut self.state, bytes.as_slice(), code, request),
            Memory::Copy(bytes) => execute(&mut self.state, bytes.as_slice(), code, request),
            Memory::Wide { text, .. } => {
                // SAFETY: the text was spelled as WTF-8; the engine only decodes it character by character, for which
                // surrogates in a row need not be paired.
                let text: &Wtf8 = unsafe { Wtf8::from_bytes_unchecked(text) };
                execute(&mut self.state, text, code, request)
            }
        }
    }
}

fn execute<S: StrDrive>(
    state: &mut State,
    string: S,
    pattern_codes: &[u32],
    (start, end, how, must_advance): (usize, usize, How, bool),
) -> Option<Found> {
    let match_all = how == How::FullMatch;
    // Not `Request::new`: it counts the characters, which takes long for WTF-8.
    let request = Request { string, start, end, pattern_codes, match_all, must_advance };
    state.reset(&request, start);
    let found = match how {
        How::Search => state.search(request),
        How::Match | How::FullMatch => state.py_match(&request),
    };
    if !found {
        return None;
    }
    let marks = state.marks.raw();
    let groups = marks
        .chunks(2)
        .map(|pair| match pair {
            [start, end] => Some((start.into_option()?, end.into_option()?)),
            _ => None,
        })
        .collect();
    let last = usize::try_from(state.marks.last_index()).ok().filter(|i| *i > 0);
    Some(Found { start: state.start, end: state.cursor.position, groups, last })
}
