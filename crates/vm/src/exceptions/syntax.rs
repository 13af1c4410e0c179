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
    let (mut column, mut end_column, mut text) = (error.column, error.end_column, error.text.clone());
    if error.late {
        text = line_of_file(th, filename, error.line);
        if text.is_none() {
            column = error.in_bytes(column);
            if error.end_line == error.line {
                end_column = error.in_bytes(end_column);
            }
        }
    }
    let filename = th.str(filename);
    let text = text.map_or(Value::NONE, |text| th.str(&text));
    let end = if error.end_line == 0 { Value::NONE } else { number(end_column) };
    // Column 0 stands for a whole line.
    let column = if error.line == 0 { Value::NONE } else { number(column) };
    let info = th.tuple(vec![filename, known(error.line), column, text, known(error.end_line), end]);
    let raised = th.raise_args(class, vec![message, info]);
    if let Some(context) = &error.context {
        let metadata = vec![number(context.line), number(context.column), th.str(&context.source)];
        let metadata = th.tuple(metadata);
        if let Some(exception) = th.raised.clone()
            && let Some(exception) = super::as_exception(th, &exception)
        {
            exception.set_extra(th, super::fields::number::METADATA, Some(metadata));
        }
    }
    raised
}

/// A line of a source file, if it can be read.
pub(crate) fn line_of_file(th: &mut Thread, filename: &str, line: u32) -> Option<String> {
    let content = std::fs::read(filename).ok()?;
    match crate::builtins::functions::run::decode_bytes(th, &content, filename) {
        Ok(source) => source.line_text(line).map(str::to_owned),
        Err(_) => {
            th.clear_exception();
            None
        }
    }
}
