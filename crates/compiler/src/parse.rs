//! Source text to syntax tree: decoding, parsing, and the stack that both trees and their users need.
//!
//! [`decode()`] turns a file's bytes into a [`Source`] (PEP 263), [`parse`] turns that into a [`Parsed`] tree. A tree may
//! be as deep as the program is nested, and dropping it recurses too: whoever parses does so, and all work on the
//! tree, inside [`on_sufficient_stack`].

mod decode;

use std::sync::Arc;

use ruff_python_ast::{Mod, ModExpression, ModModule, PythonVersion, Stmt};
use ruff_python_parser::ParseOptions;
use ruff_text_size::{Ranged, TextRange, TextSize};

pub use decode::{declared_encoding, decode};

use crate::bytecode::code::Position;
use crate::diagnose;
use crate::syntax_error::SyntaxError;
use crate::tokenize::{self, Scan, TokenKind};

/// What is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A file: statements.
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement; expression statements print.
    Single,
}

/// Decoded program text; all newlines are `\n`.
#[derive(Debug, Clone)]
pub struct Source {
    filename: Arc<str>,
    text: String,
    line_starts: Vec<u32>,
    /// Places of offsets that stand for those of another text, in order.
    places: Option<Vec<SourcePlace>>,
}

/// What an offset in a text that only stands for the source means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourcePlace {
    pub(crate) offset: u32,
    /// From 1.
    pub(crate) line: u32,
    /// In UTF-8 bytes from 0.
    pub(crate) column: u32,
}

impl Source {
    /// A program that is already text; `\r\n` and `\r` become `\n`.
    pub fn new(text: impl Into<String>, filename: &str) -> Source {
        let mut text = text.into();
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        let mut line_starts = vec![0];
        line_starts
            .extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i as u32 + 1));
        Source { filename: filename.into(), text, line_starts, places: None }
    }

    /// A text that stands for a source that is not there. `places` are in the order of their offsets.
    pub(crate) fn of_places(text: String, places: Vec<SourcePlace>, filename: &str) -> Source {
        Source { filename: filename.into(), text, line_starts: vec![0], places: Some(places) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it comes from, as `co_filename` says.
    pub fn filename(&self) -> &Arc<str> {
        &self.filename
    }

    /// The text of a range.
    pub fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("")
    }

    /// Line from 1 and column in UTF-8 bytes from 0.
    pub fn line_column(&self, offset: TextSize) -> (u32, u32) {
        let offset = u32::from(offset);
        if let Some(places) = &self.places {
            let after = places.partition_point(|place| place.offset <= offset);
            let place = after.checked_sub(1).and_then(|index| places.get(index));
            return place.map_or((1, 0), |place| (place.line, place.column));
        }
        let line = self.line_starts.partition_point(|start| *start <= offset);
        (line as u32, offset - self.line_starts[line - 1])
    }

    /// Line from 1 and column in characters from 0.
    pub fn line_character(&self, offset: TextSize) -> (u32, u32) {
        let (line, column) = self.line_column(offset);
        if self.places.is_some() {
            return (line, column);
        }
        let start = self.line_starts[line as usize - 1] as usize;
        let before = self.text.as_bytes().get(start..start + column as usize).unwrap_or(&[]);
        // UTF-8 continuation bytes start no character.
        (line, before.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u32)
    }

    /// The position table's form of a range.
    pub fn position(&self, range: TextRange) -> Position {
        let (line, column) = self.line_column(range.start());
        let (end_line, end_column) = self.line_column(range.end());
        Position { line, end_line, column, end_column }
    }

    /// A line, from 1, with its newline.
    pub fn line_text(&self, line: u32) -> Option<&str> {
        if self.places.is_some() {
            return None;
        }
        let index = (line as usize).checked_sub(1)?;
        let start = *self.line_starts.get(index)? as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |end| *end as usize);
        self.text.get(start..end)
    }

    /// Number of lines; text after the last newline counts as one.
    pub fn line_count(&self) -> u32 {
        let last = self.line_starts.last().map_or(0, |start| *start as usize);
        self.line_starts.len() as u32 - u32::from(last == self.text.len() && self.line_starts.len() > 1)
    }
}

/// A syntax tree.
#[derive(Debug)]
pub struct Parsed {
    syntax: Mod,
}

impl Parsed {
    /// A tree that was made in another way.
    pub(crate) fn of(syntax: Mod) -> Parsed {
        Parsed { syntax }
    }

    /// The root.
    pub fn syntax(&self) -> &Mod {
        &self.syntax
    }

    /// The statements, unless this is an expression.
    pub fn module(&self) -> Option<&ModModule> {
        match &self.syntax {
            Mod::Module(module) => Some(module),
            Mod::Expression(_) => None,
        }
    }

    /// The expression, if this is one.
    pub fn expression(&self) -> Option<&ModExpression> {
        match &self.syntax {
            Mod::Module(_) => None,
            Mod::Expression(expression) => Some(expression),
        }
    }
}

/// Parses a program.
///
/// The tree may be as deep as the program is nested: see [`on_sufficient_stack`].
pub fn parse(source: &Source, mode: Mode) -> Result<Parsed, SyntaxError> {
    let scan = tokenize::scan(source.text());
    refuse_too_deep(source, &scan)?;
    let ruff_mode = match mode {
        Mode::Exec | Mode::Single => ruff_python_parser::Mode::Module,
        Mode::Eval => ruff_python_parser::Mode::Expression,
    };
    let options = ParseOptions::from(ruff_mode).with_target_version(PythonVersion::PY314);
    let parsed = ruff_python_parser::parse_unchecked(source.text(), options);
    if let Some(error) = diagnose::diagnose(source, mode, &scan, &parsed) {
        return Err(error);
    }
    if let (Mode::Single, Mod::Module(module)) = (mode, parsed.syntax()) {
        refuse_more_statements(source, &scan, &module.body)?;
    }
    Ok(Parsed { syntax: parsed.into_syntax() })
}

/// Interactive input is one compound statement or one line of simple ones.
fn refuse_more_statements(source: &Source, scan: &Scan, body: &[Stmt]) -> Result<(), SyntaxError> {
    let Some((first, rest)) = body.split_first() else { return Ok(()) };
    let line_end = scan
        .tokens
        .iter()
        .find(|token| token.kind == TokenKind::Newline && token.start >= first.start().to_u32());
    let line_end = line_end.map_or(u32::MAX, |token| token.start);
    let is_compound = matches!(
        first,
        Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::If(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::With(_)
            | Stmt::Try(_)
            | Stmt::Match(_)
    );
    match rest.iter().find(|statement| is_compound || statement.start().to_u32() > line_end) {
        Some(other) => {
            let message = "multiple statements found while compiling a single statement";
            Err(SyntaxError::new(source, other.range(), message))
        }
        None => Ok(()),
    }
}

/// Whether the text stops, without a newline, within an indented block: more lines of it could follow. (What
/// `PyCF_DONT_IMPLY_DEDENT` asks.)
pub fn ends_in_block(source: &Source) -> bool {
    let tokens = tokenize::scan(source.text()).tokens;
    let open = tokens.iter().nth_back(1).is_some_and(|token| token.kind == TokenKind::Dedent);
    open && !source.text().ends_with('\n')
}

/// What this compiler goes through without more stack than a thread has.
const SHALLOW: usize = 150;
/// The deepest tree that is compiled at all.
const DEEPEST: usize = 20_000;
/// Stack for each level of a tree; parsing takes the most.
const STACK_PER_LEVEL: usize = 24 << 10;
/// Stack beside that.
const STACK_BASE: usize = 16 << 20;

fn refuse_too_deep(source: &Source, scan: &Scan) -> Result<(), SyntaxError> {
    if let Some(error) = &scan.error
        && (error.message.starts_with("too many ") || error.message.ends_with("nested too deeply"))
    {
        return Err(diagnose::token_error(source, error));
    }
    if scan.depth > DEEPEST { Err(SyntaxError::too_deep()) } else { Ok(()) }
}

/// Runs `work`, which parses `source` and walks its tree, on a stack that is deep enough for it.
///
/// `work` runs on this thread, unless the program is nested so deeply that it needs a bigger stack: then on a thread
/// made for it. Fails if the program is nested deeper than any.
pub fn on_sufficient_stack<R: Send>(
    source: &Source,
    work: impl FnOnce() -> Result<R, SyntaxError> + Send,
) -> Result<R, SyntaxError> {
    let scan = tokenize::scan(source.text());
    refuse_too_deep(source, &scan)?;
    let depth = scan.depth;
    drop(scan);
    on_stack_for(depth, work)
}

/// Runs `work` on a stack that is deep enough for a tree of this depth, as [`on_sufficient_stack`] does.
pub(crate) fn on_stack_for<R: Send>(
    depth: usize,
    work: impl FnOnce() -> Result<R, SyntaxError> + Send,
) -> Result<R, SyntaxError> {
    if depth > DEEPEST {
        return Err(SyntaxError::too_deep());
    }
    if depth <= SHALLOW {
        return work();
    }
    let stack = STACK_BASE + depth * STACK_PER_LEVEL;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(SyntaxError::too_deep()),
        }
    })
}

#[cfg(test)]
mod tests;
