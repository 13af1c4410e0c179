//! Source text of annotations under `from __future__ import annotations`.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::parse::Source;

/// The text of an expression, on one line.
pub(super) fn unparse(source: &Source, expression: &Expr) -> String {
    source.slice(expression.range()).split_whitespace().collect::<Vec<_>>().join(" ")
}
