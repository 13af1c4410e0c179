//! Expressions: forgotten commas and operators, comprehensions, conditional expressions, dictionaries, calls.

use ruff_python_ast::Expr;

use super::{Diagnosis, is_keyword};
use crate::syntax_error::SyntaxError;
use crate::tokenize::TokenKind;

impl Diagnosis<'_> {
    /// A positional argument after keywords is reported where the arguments end.
    pub(super) fn after_keyword(&self, message: &str) -> Option<SyntaxError> {
        let opener = self.opener(self.at)?;
        Some(self.at_token(self.closer(opener)?, message))
    }

    pub(super) fn starred(&self) -> SyntaxError {
        let range = self.error.location;
        if self.is_before(":") && !self.opener(self.at).is_some_and(|opener| self.is(opener, "{"))
            || self.at > 0
                && matches!(
                    self.word(self.at - 1),
                    "+" | "-" | "/" | "%" | "//" | "@" | "~" | "|" | "&" | "^"
                )
        {
            return self.generic();
        }
        if self.is_before(":") && self.opener(self.at).is_some_and(|opener| self.is(opener, "{")) {
            return self.at_range(range, "cannot use a starred expression in a dictionary value");
        }
        let end = range.end().to_u32();
        let after = self.tokens.partition_point(|token| token.start < end);
        if self.is(after, ":") && self.level_before(self.at) > 0 {
            return self.at_token(after, "invalid syntax");
        }
        if self.is_before("(") && self.is(after, ")") {
            return self.at_range(range, "cannot use starred expression here");
        }
        self.at_range(range, "can't use starred expression here")
    }

    /// `f(*)`, `a[*(b:c)]`
    pub(super) fn star_without_value(&self) -> Option<SyntaxError> {
        let opener = self.opener(self.at)?;
        let star = if self.is_before("*") {
            self.at - 1
        } else if self.is(self.at, ":") && self.is(opener, "(") && self.is(opener.checked_sub(1)?, "*") {
            opener - 1
        } else {
            return None;
        };
        let begins = matches!(self.word(star.checked_sub(1)?), "(" | "[" | ",");
        (begins && self.in_string(opener).is_none())
            .then(|| self.at_token(self.at, "Invalid star expression"))
    }

    /// A statement where an `if` expression needs a value.
    pub(super) fn statement_after_else(&self) -> Option<SyntaxError> {
        let statement = matches!(
            self.word(self.at),
            "pass"
                | "return"
                | "raise"
                | "del"
                | "yield"
                | "assert"
                | "break"
                | "continue"
                | "import"
                | "from"
        );
        let start = self.statement_start(self.at);
        let conditional = (start..self.at).any(|at| self.is(at, "if"));
        if !statement || !self.is_before("else") || !conditional || self.is(start, "else") {
            return None;
        }
        Some(self.at_token(self.at, "expected expression after 'else', but statement is given"))
    }

    /// `a if b`
    pub(super) fn missing_else(&self) -> Option<SyntaxError> {
        if let Some(error) = self.for_without_in() {
            return Some(error);
        }
        if self.is(self.at, ":") {
            return self.general();
        }
        let level = self.level_before(self.at);
        let start = self.statement_start(self.at);
        let keyword =
            (start..self.at).rev().find(|at| self.token(*at).level == level && self.is(*at, "if"))?;
        let (value, _) = self.expression_to(keyword.checked_sub(1)?)?;
        let (condition, _) = self.expression_from(keyword + 1)?;
        Some(self.between(value, condition.min(self.at - 1), "expected 'else' after 'if' expression"))
    }

    /// `[x for y if z]`
    pub(super) fn for_without_in(&self) -> Option<SyntaxError> {
        let level = self.level_before(self.at);
        if level == 0 {
            return None;
        }
        let start = self.line_start(self.at);
        let keyword =
            (start..self.at).rev().find(|at| self.token(*at).level == level && self.is(*at, "for"))?;
        if (keyword..self.at).any(|at| self.token(at).level == level && self.is(at, "in"))
            || self.is(self.at, "in")
        {
            return None;
        }
        let last = (keyword + 1..self.at)
            .find(|at| self.token(*at).level == level && matches!(self.word(*at), "if" | "for" | "else"));
        let at = last.unwrap_or(self.at);
        if at == keyword + 1 {
            return None;
        }
        Some(self.at_token(at, "'in' expected after for-loop variables"))
    }

    /// `[x, y for x, y in z]`
    pub(super) fn comprehension_target(&self) -> Option<SyntaxError> {
        if !matches!(self.word(self.at), "for" | "async") || self.at == 0 {
            return None;
        }
        let opener = self.opener(self.at)?;
        let level = self.level_before(self.at);
        if self.is_call(opener) {
            // `f(x = 1 for x in y)`
            let equal =
                (opener..self.at).rev().find(|at| self.token(*at).level == level && self.is(*at, "="))?;
            let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return self.is_identifier(equal - 1).then(|| self.between(equal - 1, equal, message));
        }
        let comma = (opener + 1..self.at).any(|at| self.token(at).level == level && self.is(at, ","));
        let message = "did you forget parentheses around the comprehension target?";
        (comma && !self.is(opener, "(")).then(|| self.between(opener + 1, self.at - 1, message))
    }

    /// Mistakes between the braces of a dictionary.
    pub(super) fn dictionary(&self) -> Option<SyntaxError> {
        let at = self.at;
        let opener = self.opener(at).filter(|opener| self.is(*opener, "{"))?;
        if self.in_string(opener).is_some() {
            return None;
        }
        if self.is_before(":") && matches!(self.word(at), "}" | ",") {
            return Some(self.at_token(at - 1, "expression expected after dictionary key and ':'"));
        }
        let level = self.level_before(at);
        let pairs = (opener..at).any(|at| self.token(at).level == level && self.is(at, ":"));
        if pairs && matches!(self.word(at), "}" | ",") && at > 0 {
            let (start, _) = self.expression_to(at - 1)?;
            if matches!(self.word(start.checked_sub(1)?), "," | "{") {
                let end = self.token(at - 1).end.saturating_sub(1);
                return Some(self.open(end, "':' expected after dictionary key"));
            }
        }
        None
    }

    /// `print x`
    pub(super) fn legacy_statement(&self) -> Option<SyntaxError> {
        let name = self.at.checked_sub(1)?;
        let word = self.word(name);
        if !matches!(word, "print" | "exec") || self.is(self.at, "(") {
            return None;
        }
        if name > self.statement_start(name)
            && !matches!(self.word(name - 1), ":" | "=" | "(" | "," | "return")
        {
            return None;
        }
        let (mut end, _) = self.expression_from(self.at)?;
        while self.is(end + 1, ",") {
            match self.expression_from(end + 2) {
                Some((next, _)) => end = next,
                None => {
                    end += 1;
                    break;
                }
            }
        }
        let message = format!("Missing parentheses in call to '{word}'. Did you mean {word}(...)?");
        Some(self.between(name, end, message))
    }

    /// Two expressions side by side.
    pub(super) fn forgotten_comma(&self) -> Option<SyntaxError> {
        let at = self.at;
        if at == 0 || !self.starts_expression(at) {
            return None;
        }
        if let Some(error) = self.part_of_string() {
            return Some(error);
        }
        // Outside brackets a line break would have been as likely.
        if self.level_before(at) == 0 {
            return None;
        }
        // The clauses of a comprehension are separated by no commas.
        let (opener, level) = (self.opener(at)?, self.level_before(at));
        if (opener..at).any(|at| self.token(at).level == level && self.is(at, "for")) {
            return None;
        }
        let (start, left) = self.expression_to(at - 1)?;
        if matches!(
            left,
            Expr::Lambda(_) | Expr::If(_) | Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Named(_)
        ) {
            return None;
        }
        let named_string = self.is_identifier(start) && self.token(start + 1).kind == TokenKind::String;
        if named_string || matches!(self.word(start), "match" | "case" | "type" | "_") {
            return None;
        }
        if matches!(self.word(start), "print" | "exec") && start + 1 == at {
            return None;
        }
        let (end, right) = self.expression_from(at)?;
        if matches!(right, Expr::Lambda(_) | Expr::Named(_) | Expr::Yield(_) | Expr::YieldFrom(_)) {
            return None;
        }
        Some(self.between(start, end, "invalid syntax. Perhaps you forgot a comma?"))
    }

    /// `"a" b "c"`
    fn part_of_string(&self) -> Option<SyntaxError> {
        let is_string = |at: usize| self.token(at).kind == TokenKind::String;
        if !is_string(self.at - 1) {
            return None;
        }
        let mut at = self.at;
        let mut last = None;
        while !is_string(at) {
            // One expression after another, as long as no string begins.
            let end = (at..self.tokens.len()).take(MAX_WORDS).take_while(|end| !is_string(*end)).last()?;
            let end = (at..=end).rev().find(|end| self.parse(at, *end).is_some())?;
            last = Some(end);
            at = end + 1;
        }
        let message = "invalid syntax. Is this intended to be part of the string?";
        Some(self.between(self.at, last?, message))
    }

    fn starts_expression(&self, at: usize) -> bool {
        match self.token(at).kind {
            TokenKind::Name => {
                let word = self.word(at);
                !is_keyword(word) || matches!(word, "None" | "True" | "False" | "not" | "await")
            }
            TokenKind::Number | TokenKind::String | TokenKind::StringStart => true,
            TokenKind::Operator => matches!(self.word(at), "(" | "[" | "{" | "..." | "~"),
            _ => false,
        }
    }
}

/// How many words are looked through for the next string.
const MAX_WORDS: usize = 50;
