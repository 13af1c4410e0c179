//! `from __future__ import …`: which features a program asks for, and where such imports may stand.

use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::{Ranged, TextSize};

use crate::parse::Source;
use crate::syntax_error::SyntaxError;

/// Features that became the rule long ago; asking for them has no effect.
const SETTLED: [&str; 8] = [
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "generator_stop",
];

/// What the head of a program asks for.
#[derive(Debug, Default)]
pub(super) struct Future {
    /// `annotations`: annotations are kept as strings.
    pub(super) annotations: bool,
    /// End of the last such import at the head; a later one is an error.
    pub(super) end: TextSize,
}

/// Reads the head of a program: an optional docstring, then future imports.
pub(super) fn read(body: &[Stmt], source: &Source) -> Result<Future, SyntaxError> {
    let mut future = Future::default();
    for (index, statement) in body.iter().enumerate() {
        match statement {
            Stmt::Expr(expression) if index == 0 && expression.value.is_string_literal_expr() => {}
            Stmt::ImportFrom(import) if is_future(import) => {
                for alias in &import.names {
                    match alias.name.as_str() {
                        "annotations" => future.annotations = true,
                        "barry_as_FLUFL" => {}
                        "braces" => return Err(SyntaxError::new(source, alias.range, "not a chance")),
                        name if SETTLED.contains(&name) => {}
                        name => {
                            let message = format!("future feature {name} is not defined");
                            return Err(SyntaxError::new(source, alias.range, message));
                        }
                    }
                }
                future.end = import.end();
            }
            _ => break,
        }
    }
    Ok(future)
}

/// Whether it imports from `__future__`.
pub(super) fn is_future(import: &ast::StmtImportFrom) -> bool {
    import.level == 0 && import.module.as_ref().is_some_and(|module| module.as_str() == "__future__")
}
