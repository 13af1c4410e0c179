//! Parameters of functions and lambdas.

use ruff_python_parser::ParseErrorType;

use super::Diagnosis;
use crate::syntax_error::SyntaxError;
use crate::tokenize::TokenKind;

impl Diagnosis<'_> {
    pub(super) fn parameter(&self) -> Option<SyntaxError> {
        let at = self.at;
        match self.error.error {
            ParseErrorType::ParamAfterVarKeywordParam => {
                Some(self.at_token(at, "arguments cannot follow var-keyword argument"))
            }
            ParseErrorType::NonDefaultParamAfterDefaultParam => {
                let message = "parameter without a default follows parameter with a default";
                Some(self.at_range(self.error.location, message))
            }
            ParseErrorType::VarParameterWithDefault => {
                let star =
                    (0..at).rev().map(|index| self.word(index)).find(|word| matches!(*word, "*" | "**"))?;
                let kind = if star == "*" { "positional" } else { "keyword" };
                Some(self.at_token(at, format!("var-{kind} argument cannot have default value")))
            }
            ParseErrorType::ExpectedKeywordParam => {
                let star = (0..=at).rev().find(|index| self.is(*index, "*"))?;
                if !matches!(self.word(star + 1), ")" | "," | ":") {
                    return Some(self.at_token(star + 1, "invalid syntax"));
                }
                let message = "named arguments must follow bare *";
                if self.in_lambda(star) {
                    // Reported where the parser stands.
                    let last = if self.is(star + 1, ",") { star + 2 } else { star + 1 };
                    return Some(self.at_token(last, message));
                }
                Some(self.at_token(star, message))
            }
            _ => None,
        }
    }

    /// Whether a token stands among the parameters of a lambda.
    fn in_lambda(&self, index: usize) -> bool {
        let level = self.level_before(index);
        let start = self.line_start(index);
        (start..index)
            .rev()
            .take_while(|at| self.token(*at).level >= level)
            .filter(|at| self.token(*at).level == level)
            .map(|at| self.word(at))
            .find(|word| matches!(*word, "lambda" | ":" | "(" | "[" | "{"))
            == Some("lambda")
    }

    /// Whether the line at the error begins the definition of a function.
    pub(super) fn in_definition(&self) -> bool {
        let start = self.line_start(self.at);
        self.is(start, "def") || self.is(start, "async") && self.is(start + 1, "def")
    }

    /// Whether the error lies among the parameters of a definition.
    fn in_parameters(&self) -> bool {
        self.in_definition()
            && self.level_before(self.at) == 1
            && self.opener(self.at).is_some_and(|opener| {
                let start = self.line_start(self.at);
                (start..opener).all(|at| !matches!(self.word(at), ":" | "->"))
            })
    }

    /// `def f((a, b))`
    pub(super) fn parenthesized_parameters(&self) -> Option<SyntaxError> {
        if !self.is(self.at, "(") {
            return None;
        }
        let end = self.closer(self.at)?;
        let names = (self.at + 1..end).all(|at| self.is_identifier(at) || self.is(at, ","));
        if !names || end == self.at + 1 {
            return None;
        }
        if self.in_lambda(self.at) {
            return Some(self.between(self.at, end, "Lambda expression parameters cannot be parenthesized"));
        }
        if self.in_parameters() {
            return Some(self.between(self.at, end, "Function parameters cannot be parenthesized"));
        }
        None
    }

    /// `def f(a, /*, b)`
    pub(super) fn missing_comma_after_slash(&self) -> Option<SyntaxError> {
        let at = self.at;
        let parameters =
            self.is(at, "*") && self.is_before("/") && (self.in_lambda(at) || self.in_parameters());
        parameters.then(|| self.at_token(at, "expected comma between / and *"))
    }

    /// `def f(a=)`, `f(a=)`
    pub(super) fn missing_value(&self) -> Option<SyntaxError> {
        let at = self.at;
        if !self.is_before("=") || !matches!(self.word(at), "," | ")" | ":") {
            return None;
        }
        if self.in_lambda(at) || self.in_parameters() {
            return Some(self.at_token(at - 1, "expected default value expression"));
        }
        let opener = self.opener(at)?;
        if self.is_call(opener) && at >= 2 && self.is_identifier(at - 2) && !self.is(at, ":") {
            return Some(self.between(at - 2, at - 1, "expected argument value expression"));
        }
        None
    }

    /// `[*Ts: int]`
    pub(super) fn type_parameter(&self) -> Option<SyntaxError> {
        let at = self.at;
        if !self.is(at, ":") || at < 2 || self.token(at - 1).kind != TokenKind::Name {
            return None;
        }
        let kind = match self.word(at - 2) {
            "*" => "TypeVarTuple",
            "**" => "ParamSpec",
            _ => return None,
        };
        let opener = self.opener(at).filter(|opener| self.is(*opener, "["))?;
        let start = self.line_start(at);
        if !matches!(self.word(start), "def" | "class" | "type" | "async") || self.level_before(opener) != 0 {
            return None;
        }
        let (end, bound) = self.expression_from(at + 1)?;
        let what = if bound.is_tuple_expr() { "constraints" } else { "bound" };
        Some(self.until(at, end + 1, format!("cannot use {what} with {kind}")))
    }
}
