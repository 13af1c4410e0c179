//! What compiling reports when it refuses a program.
//!
//! A [`SyntaxError`] holds what Python's exception of that name holds (message, position, source line), without any
//! Python object. Not here: how messages are found (`parse`, `scope`, `check`).

use std::fmt;

use ruff_text_size::TextRange;

use crate::parse::Source;

/// Which exception to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `TabError`
    Tab,
    /// `_IncompleteInputError`: interactive input that more lines could complete.
    Incomplete,
    /// `RecursionError`: the program is nested too deeply; it has no position.
    Recursion,
    /// A construct that isn't compiled yet; the message names it.
    Unsupported,
}

/// Why a program was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Which exception to raise.
    pub kind: Kind,
    /// `msg`
    pub message: String,
    /// `lineno`, from 1; 0 if there is none.
    pub line: u32,
    /// `offset`: characters from 1; 0 if there is none.
    pub column: u32,
    /// `end_lineno`; 0 if there is none.
    pub end_line: u32,
    /// `end_offset`: one past the last character, from 1; 0 if there is none.
    pub end_column: u32,
    /// `text`: the source line, where it is known.
    pub text: Option<String>,
    /// Found after parsing, where CPython no longer has the source: what the exception says of the line is read from the
    /// file, and columns count bytes if there is none.
    pub late: bool,
    /// More lines could mend it.
    pub completable: bool,
    /// For errors without words of their own: where the last statement before begins, so that a program of the
    /// statements in question can be tried with other words.
    pub context: Option<Box<Context>>,
}

/// The source around an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// From 1; 0 if no statement lies before.
    pub line: u32,
    /// In characters from 0.
    pub column: u32,
    /// The whole program.
    pub source: String,
}

impl SyntaxError {
    /// A `SyntaxError` at a range of `source`, with the source line.
    pub fn new(source: &Source, range: TextRange, message: impl Into<String>) -> SyntaxError {
        SyntaxError::of_kind(Kind::Syntax, source, range, message)
    }

    /// As [`SyntaxError::new`], of another kind.
    pub fn of_kind(kind: Kind, source: &Source, range: TextRange, message: impl Into<String>) -> SyntaxError {
        let (line, column) = source.line_character(range.start());
        let (end_line, end_column) = source.line_character(range.end());
        SyntaxError {
            kind,
            message: message.into(),
            line,
            column: column + 1,
            end_line,
            end_column: end_column + 1,
            text: source.line_text(line).map(str::to_owned),
            late: false,
            completable: false,
            context: None,
        }
    }

    /// The same error as one that is found after parsing.
    #[must_use]
    pub fn after_parsing(self) -> SyntaxError {
        SyntaxError { late: true, ..self }
    }

    /// What an error becomes that more lines could mend, for who may read more.
    #[must_use]
    pub fn incomplete(self) -> SyntaxError {
        SyntaxError { kind: Kind::Incomplete, message: "incomplete input".to_owned(), ..self }
    }

    /// A column of the error's line in bytes instead of characters, both from 1.
    pub fn in_bytes(&self, column: u32) -> u32 {
        let text = self.text.as_deref().unwrap_or_default();
        let before = text.chars().take(column.saturating_sub(1) as usize);
        let more: usize = before.map(|character| character.len_utf8() - 1).sum();
        column + more as u32
    }

    /// An error without a position.
    pub fn without_position(kind: Kind, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            kind,
            message: message.into(),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            text: None,
            late: false,
            completable: false,
            context: None,
        }
    }

    /// The program is nested deeper than the compiler goes.
    pub fn too_deep() -> SyntaxError {
        SyntaxError::without_position(Kind::Recursion, "maximum recursion depth exceeded during compilation")
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if self.line != 0 {
            write!(f, " (line {})", self.line)?;
        }
        Ok(())
    }
}

impl std::error::Error for SyntaxError {}
