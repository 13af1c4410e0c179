//! Why a program does not parse, in CPython's words.
//!
//! The parser finds that there is an error and roughly where; this module says which it is: first errors of the
//! tokenizer, wherever they are, then those that the grammar of CPython has words for, else "invalid syntax".

use ruff_python_ast::Mod;
use ruff_python_parser::Parsed;

use crate::parse::{Mode, Source};
use crate::syntax_error::SyntaxError;
use crate::tokenize::{Extent, Scan, TokenError};

/// The error of a program that did not parse; None if it did.
pub(crate) fn diagnose(
    source: &Source,
    _mode: Mode,
    scan: &Scan,
    parsed: &Parsed<Mod>,
) -> Option<SyntaxError> {
    let first = parsed.errors().first()?;
    if let Some(error) = &scan.error {
        return Some(token_error(source, error));
    }
    Some(SyntaxError::new(source, first.location, "invalid syntax"))
}

/// An error of the tokenizer.
pub(crate) fn token_error(source: &Source, error: &TokenError) -> SyntaxError {
    let range = ruff_text_size::TextRange::new(error.start.into(), error.end.into());
    let mut result = SyntaxError::of_kind(error.kind, source, range, error.message.clone());
    match error.extent {
        Extent::Range => {}
        Extent::Open => result.end_column = 0,
        Extent::Line => (result.column, result.end_column) = (1, 0),
    }
    result
}
