//! Statements: missing colons and blocks, clauses in the wrong place, imports.

use ruff_python_parser::ParseErrorType;

use super::Diagnosis;
use super::target::expression_name;
use crate::syntax_error::{Kind, SyntaxError};
use crate::tokenize::TokenKind;

impl Diagnosis<'_> {
    /// Errors that the parser words itself.
    pub(super) fn other(&self, message: &str) -> Option<SyntaxError> {
        let at = self.at;
        let here = |message: &str| Some(self.at_range(self.error.location, message));
        if let Some(what) = message.strip_prefix("Expected an indented block after ") {
            return Some(self.missing_block(what));
        }
        match message {
            "Only single target (not tuple) can be annotated" => {
                let error =
                    self.at_range(self.error.location, "only single target (not tuple) can be annotated");
                // Of a bare tuple the first element is shown.
                if matches!(self.word(at), "(") {
                    return Some(error);
                }
                let first = self.expression_from(at).map_or(at, |(end, _)| end);
                Some(self.between(at, first, "only single target (not tuple) can be annotated"))
            }
            "Only single target (not list) can be annotated" => {
                here("only single target (not list) can be annotated")
            }
            "Boolean 'not' expression cannot be used here" if self.after_operator() => {
                let end = self.expression_from(at).map_or(at, |(end, _)| end);
                Some(self.between(at, end, "'not' after an operator must be parenthesized"))
            }
            "Position-only parameter separator not allowed as first parameter" if self.is(at + 1, ",") => {
                Some(self.at_token(at, "at least one argument must precede /"))
            }
            "Only one '/' separator allowed" => Some(self.at_token(at, "/ may appear only once")),
            "'/' parameter must appear before '*' parameter" => {
                Some(self.at_token(at, "/ must be ahead of *"))
            }
            "Only one '*' parameter allowed" => Some(self.at_token(at, "* argument may appear only once")),
            "Expected a parameter name" => {
                let end = self.error.location.end().to_u32();
                let equal = self.tokens.partition_point(|token| token.start < end);
                if self.is(at, "*") {
                    let (value, _) = self.expression_from(equal + 1)?;
                    return Some(self.between(at, value, "cannot assign to iterable argument unpacking"));
                }
                self.is(equal, "=").then(|| self.keyword_name(at, equal))
            }
            "Trailing comma not allowed" if self.is_newline(at + 1) => {
                let message = "trailing comma not allowed without surrounding parentheses";
                Some(self.at_token(at + 1, message))
            }
            "Expected `except` or `finally` after `try` block" => {
                Some(self.at_token(self.first_mark(), "expected 'except' or 'finally' block"))
            }
            "Cannot have both 'except' and 'except*' on the same 'try'" => {
                let message = "cannot have both 'except' and 'except*' on the same 'try'";
                let keyword = (0..=at).rev().find(|index| self.is(*index, "except")).unwrap_or(at);
                let last = if self.is(keyword + 1, "*") { keyword + 1 } else { keyword };
                Some(self.between(keyword, last, message))
            }
            "Expected one or more exception types" => {
                let at = if self.is(at, "*") { at + 1 } else { at };
                Some(self.at_token(at, "expected one or more exception types"))
            }
            "Multiple exception types must be parenthesized when using `as`" => {
                let message = "multiple exception types must be parenthesized when using 'as'";
                let colon = (at..self.tokens.len()).find(|index| self.is(*index, ":")).unwrap_or(at);
                Some(self.until(at, colon, message))
            }
            "Positional patterns cannot follow keyword patterns" => {
                here("positional patterns follow keyword patterns")
            }
            "Bytes literal cannot be mixed with non-bytes literals" => {
                let end = self.error.location.end().to_u32();
                let after = self.tokens.partition_point(|token| token.start < end);
                Some(self.at_token(after, "cannot mix bytes and nonbytes literals"))
            }
            "Star import must be the only import" => {
                let comma = (at..self.tokens.len()).find(|index| self.is(*index, ","))?;
                Some(self.at_token(comma, "invalid syntax"))
            }
            "Star import cannot be parenthesized" => {
                let star = (at..self.tokens.len()).find(|index| self.is(*index, "*"))?;
                Some(self.at_token(star, "invalid syntax"))
            }
            "Expected a statement" if self.is(at, "elif") && self.follows_else() => {
                Some(self.at_token(at, "'elif' block follows an 'else' block"))
            }
            "Expected symbol after `as`" => self.import_target(),
            _ if self.is_before("as") => self.as_target(),
            _ if matches!(self.word(at), "pass" | "break" | "continue") => self.statement_in_expression(),
            _ => None,
        }
    }

    /// The parser looks for all positional patterns after a keyword's before it complains.
    pub(super) fn reads_on_to_the_end(&self) -> bool {
        let message = "Positional patterns cannot follow keyword patterns";
        matches!(&self.error.error, ParseErrorType::OtherError(found) if found == message)
            && self.tokens[self.at..].iter().enumerate().all(|(index, token)| match token.kind {
                TokenKind::Operator => matches!(self.word(self.at + index), "," | "."),
                _ => true,
            })
    }

    /// The first of the dedents before the token at the error, or that token.
    fn first_mark(&self) -> usize {
        let marks =
            self.tokens[..self.at].iter().rev().take_while(|token| token.kind == TokenKind::Dedent).count();
        // Only at the end of the text does the parser stop there.
        if self.is_newline(self.at) { self.at - marks } else { self.at }
    }

    fn missing_block(&self, what: &str) -> SyntaxError {
        // The error is at the end of the header or at what follows it.
        let newline = (0..=self.at).rev().find(|at| self.token(*at).kind == TokenKind::Newline);
        let header = newline.map_or(0, |newline| self.line_start(newline));
        let after = newline.map_or(self.at, |newline| newline + 1);
        let line = self.source.line_column(self.token(header).start.into()).0;
        let what = match what {
            "function definition" => "function definition".to_owned(),
            "`class` definition" => "class definition".to_owned(),
            _ => {
                let word = what.split('`').nth(1).unwrap_or(what);
                let star = if word == "except" && self.is(header + 1, "*") { "*" } else { "" };
                format!("'{word}{star}' statement")
            }
        };
        let message = format!("expected an indented block after {what} on line {line}");
        let mut error = self.at_token(after, message);
        error.kind = Kind::Indentation;
        error
    }

    /// A line that ends where a block should begin.
    pub(super) fn missing_colon(&self) -> Option<SyntaxError> {
        let start = self.line_start(self.at);
        let in_lambda = self.level_before(self.at) > 0;
        let header = matches!(
            self.word(start),
            "if" | "elif"
                | "else"
                | "while"
                | "for"
                | "with"
                | "async"
                | "try"
                | "except"
                | "finally"
                | "def"
                | "class"
                | "match"
                | "case"
        );
        let lambda = (start..self.at).any(|at| self.is(at, "lambda"));
        (header && !in_lambda || lambda).then(|| self.at_token(self.at, "expected ':'"))
    }

    /// Headers whose colon must follow at once.
    pub(super) fn forced_colon(&self) -> Option<SyntaxError> {
        let start = self.line_start(self.at);
        let bare = matches!(self.word(start), "else" | "try" | "finally") && self.at == start + 1;
        let definition = self.in_definition() && self.level_before(self.at) == 0 && self.is_before(")");
        (bare || definition).then(|| self.at_token(self.at, "expected ':'"))
    }

    /// Whether the block before the line at the error belongs to an `else` of the same statement.
    fn follows_else(&self) -> bool {
        let column = |at: usize| self.source.line_column(self.token(at).start.into()).1;
        let here = column(self.at);
        let mut at = self.at;
        while at > 0 {
            at = self.line_start(at.saturating_sub(1));
            if column(at) == here && !self.is_newline(at) && self.token(at).end > self.token(at).start {
                return self.is(at, "else");
            }
            if at == 0 {
                break;
            }
            at -= 1;
        }
        false
    }

    /// Whether an arithmetic operator stands before the error.
    fn after_operator(&self) -> bool {
        self.at > 0 && matches!(self.word(self.at - 1), "+" | "-" | "*" | "/" | "%" | "//" | "@" | "~")
    }

    /// `x = 1 if y else pass`, `x = pass if y else 1`
    fn statement_in_expression(&self) -> Option<SyntaxError> {
        let at = self.at;
        if self.is_before("else") {
            return Some(self.at_token(at, "expected expression after 'else', but statement is given"));
        }
        if self.is(at + 1, "if") {
            let (condition, _) = self.expression_from(at + 2)?;
            if self.is(condition + 1, "else") {
                return Some(self.at_token(at, "expected expression before 'if', but statement is given"));
            }
        }
        None
    }

    /// What stands after `as` in an import is no name.
    pub(super) fn import_target(&self) -> Option<SyntaxError> {
        let start = self.statement_start(self.at);
        if !matches!(self.word(start), "import" | "from") {
            return None;
        }
        if self.is(start, "import") && self.is(self.at, "from") {
            let message = "Did you mean to use 'from ... import ...' instead?";
            let name = |at: usize| self.is_identifier(at) || self.is(at, ".");
            let last = (self.at + 1..self.tokens.len()).find(|at| !name(*at))?;
            return Some(self.until(start, last, message));
        }
        let keyword = (start..self.at).rev().find(|at| self.is(*at, "as"))?;
        let (end, target) = self.expression_from(keyword + 1)?;
        if target.is_name_expr() {
            return None;
        }
        let message = format!("cannot use {} as import target", expression_name(&target));
        Some(self.between(keyword + 1, end, message))
    }

    /// What stands after `as` in a pattern or `except` is no name.
    pub(super) fn as_target(&self) -> Option<SyntaxError> {
        let start = self.line_start(self.at);
        let keyword = (start..=self.at).rev().find(|at| self.is(*at, "as"))?;
        if self.at > keyword + 2 {
            return None;
        }
        let (end, target) = self.expression_from(keyword + 1)?;
        if target.is_name_expr() {
            return None;
        }
        let name = expression_name(&target);
        let message = match self.word(start) {
            "case" => format!("cannot use {name} as pattern target"),
            "except" if self.is(start + 1, "*") => format!("cannot use except* statement with {name}"),
            "except" => format!("cannot use except statement with {name}"),
            _ => return None,
        };
        Some(self.between(keyword + 1, end, message))
    }
}
