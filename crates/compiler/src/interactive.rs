//! Programs that are typed line by line: when what was typed so far can be run.
//!
//! Not here: reading the lines (`vm::lifecycle::interactive`).

use ruff_python_ast::Stmt;

use crate::parse::{self, Mode, Source};
use crate::syntax_error::{Kind, SyntaxError};
use crate::tokenize::{self, TokenKind};

/// What typed lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Blank lines and comments.
    Nothing,
    /// More lines have to follow: of a bracket or string that is open, or of a block, which ends with an empty line.
    Incomplete,
    /// A statement, or something that no further line can mend.
    Complete,
}

/// Looks at all lines that were typed for one statement.
pub fn input(source: &Source) -> Input {
    let text = source.text();
    let scan = tokenize::scan(text);
    let is_empty = |kind| matches!(kind, TokenKind::Newline | TokenKind::End);
    if scan.error.is_none() && scan.tokens.iter().all(|token| is_empty(token.kind)) {
        return Input::Nothing;
    }
    let continues = scan.error.as_ref().is_some_and(|error| error.incomplete) || scan.unclosed.is_some();
    let last_is_blank = text.lines().next_back().is_none_or(|line| line.trim().is_empty());
    parse::on_sufficient_stack(source, || {
        let more = match parse::parse(source, Mode::Single) {
            Ok(parsed) => {
                let first = parsed.module().and_then(|module| module.body.first());
                first.is_some_and(is_compound) && !last_is_blank
            }
            Err(error) => may_go_on(source, &error) && (continues || !last_is_blank),
        };
        Ok(if more { Input::Incomplete } else { Input::Complete })
    })
    .unwrap_or(Input::Complete)
}

/// True if more text could mend the error.
fn may_go_on(source: &Source, error: &SyntaxError) -> bool {
    // The newline of a line that goes on (after a backslash) is not the end of a statement.
    let typed = source.text().strip_suffix('\n').unwrap_or(source.text());
    let typed = Source::new(typed, source.filename());
    let ends_early = |error: &SyntaxError| error.kind == Kind::Incomplete;
    ends_early(error)
        || typed.text().ends_with('\\')
            && parse::parse(&typed, Mode::Single).is_err_and(|error| ends_early(&error))
        || ends_with_decorator(&typed)
}

/// True if a definition has to follow the last line, which is all that is missing.
fn ends_with_decorator(source: &Source) -> bool {
    let Some(line) = source.line_text(source.line_count()) else { return false };
    let indent = &line[..line.len() - line.trim_start().len()];
    line.trim_start().starts_with('@') && {
        let mended = format!("{}\n{indent}def _(): pass", source.text());
        parse::parse(&Source::new(mended, source.filename()), Mode::Single).is_ok()
    }
}

fn is_compound(statement: &Stmt) -> bool {
    matches!(
        statement,
        Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::If(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::With(_)
            | Stmt::Try(_)
            | Stmt::Match(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Input {
        input(&Source::new(text, "<stdin>"))
    }

    #[test]
    fn lines_are_collected_until_a_statement_is_whole() {
        for text in ["\n", "  # comment\n", "", "\n\n"] {
            assert_eq!(kind(text), Input::Nothing, "{text:?}");
        }
        for text in [
            "(1,\n",
            "(1,\n\n",
            "if x:\n",
            "if x: y\n",
            "if x:\n  y\n",
            "'''a\n\n",
            "x = 1 + \\\n",
            "@f\n",
            "try:\n  x\n",
        ] {
            assert_eq!(kind(text), Input::Incomplete, "{text:?}");
        }
        for text in [
            "x\n",
            "x = 1; y\n",
            "if x: y\n\n",
            "def f():\n  y\n\n",
            "if x:\n\n",
            "x y\n",
            ")\n",
            "'abc\n",
            "(1,\n2)\n",
        ] {
            assert_eq!(kind(text), Input::Complete, "{text:?}");
        }
    }
}
