//! Python source to register bytecode. Knows no virtual machine and no Python object.
//!
//! The way of a program: `parse` → `scope` → `check` → `lower` → `bytecode::CodeUnit`. No stage looks back.

pub mod bytecode;
pub mod check;
mod diagnose;
pub mod interactive;
pub mod literal;
mod lower;
pub mod parse;
pub mod scope;
pub mod syntax_error;
mod tokenize;
pub mod tokens;
pub mod tree;
pub mod warnings;

pub use bytecode::code::CodeUnit;
pub use parse::{Mode, Source, decode};
pub use syntax_error::SyntaxError;
pub use warnings::Warning;

/// How to compile.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// `co_filename`
    pub filename: &'a str,
    /// What is compiled.
    pub mode: Mode,
    /// 0, 1 (no asserts) or 2 (no docstrings either).
    pub optimize: u8,
    /// `from __future__ import annotations` is inherited from the code that compiles.
    pub future_annotations: bool,
}

/// Compiles a program.
///
/// The order of errors is CPython's: those of the grammar, then of the scopes, then all others.
pub fn compile(source: &Source, options: &Options<'_>) -> Result<CodeUnit, SyntaxError> {
    compile_and_warn(source, options, &mut Vec::new())
}

/// Compiles a program; what it is to be warned of is added to `warnings`.
pub fn compile_and_warn(
    source: &Source,
    options: &Options<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<CodeUnit, SyntaxError> {
    let (unit, found) = parse::on_sufficient_stack(source, || {
        let parsed = parse::parse(source, options.mode)?;
        let late = SyntaxError::after_parsing;
        let scopes = scope::analyze(&parsed, source, options).map_err(late)?;
        check::check(&parsed, source, options).map_err(late)?;
        let unit = lower::lower(&parsed, source, &scopes, options).map_err(late)?;
        Ok((unit, warnings::find(&parsed, source)))
    })?;
    warnings.extend(found);
    Ok(unit)
}
