//! The compiler's errors as Python exceptions.

use compiler::SyntaxError;
use compiler::syntax_error::Kind;

use super::Exc;
use crate::error::Raised;
use crate::prelude::*;

/// Raises what the compiler found wrong with the program in `filename`.
#[cold]
pub fn syntax_error(th: &mut Thread, error: &SyntaxError, filename: &str) -> Raised {
    let class = match error.kind {
        Kind::Syntax => Exc::SyntaxError,
        Kind::Indentation => Exc::IndentationError,
        Kind::Tab => Exc::TabError,
        Kind::Incomplete => Exc::_IncompleteInputError,
        Kind::Recursion => return th.recursion_error(&error.message),
        Kind::Unsupported => return th.raise_exc(Exc::NotImplementedError, &error.message),
    };
    let number = |n: u32| Value::small_int(n.into()).unwrap_or(Value::NONE);
    let known = |n: u32| if n == 0 { Value::NONE } else { number(n) };
    let message = th.str(&error.message);
    let filename = th.str(filename);
    let text = match &error.text {
        Some(text) => th.str(text),
        None => Value::NONE,
    };
    let end = if error.end_line == 0 { Value::NONE } else { number(error.end_column) };
    let info =
        th.tuple(vec![filename, known(error.line), known(error.column), text, known(error.end_line), end]);
    th.raise_args(class, vec![message, info])
}
