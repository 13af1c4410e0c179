//! Strings that cannot be decoded and replacement fields that are malformed.

use ruff_python_parser::{InterpolatedStringErrorType, LexicalErrorType};

use super::{Diagnosis, MAX_TRIES};
use crate::literal;
use crate::syntax_error::SyntaxError;
use crate::tokenize::{Token, TokenKind};

impl Diagnosis<'_> {
    pub(super) fn lexical(&self, error: &LexicalErrorType) -> Option<SyntaxError> {
        match error {
            LexicalErrorType::UnicodeError
            | LexicalErrorType::MissingUnicodeLbrace
            | LexicalErrorType::MissingUnicodeRbrace
            | LexicalErrorType::StringError => self.escape(),
            LexicalErrorType::InvalidByteLiteral => {
                let token = self.string_around()?;
                Some(self.at_range(token.range(), "bytes can only contain ASCII literal characters"))
            }
            LexicalErrorType::FStringError(error) => self.interpolated('f', error),
            LexicalErrorType::TStringError(error) => self.interpolated('t', error),
            _ => self.general(),
        }
    }

    /// The string or literal text that the error lies in.
    fn string_around(&self) -> Option<Token> {
        let start = self.error.location.start().to_u32();
        let mut index = self.tokens.partition_point(|token| token.start <= start).checked_sub(1)?;
        if self.token(index).kind == TokenKind::StringEnd {
            index = index.checked_sub(1)?;
        }
        let token = self.token(index);
        matches!(token.kind, TokenKind::String | TokenKind::StringMiddle).then_some(token)
    }

    /// Decodes the string again for the words.
    fn escape(&self) -> Option<SyntaxError> {
        let token = self.string_around()?;
        let text = token.text(self.text);
        let mut out = Vec::new();
        let result = if token.kind == TokenKind::StringMiddle {
            literal::interpolated_text(text, false, &mut out)
        } else {
            let quote = text.find(['"', '\''])?;
            let (prefix, quoted) = text.split_at(quote);
            let size = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") { 3 } else { 1 };
            let content = quoted.get(size..quoted.len().checked_sub(size)?)?;
            if prefix.contains(['b', 'B']) {
                literal::unescape_bytes(content, &mut out)
            } else {
                literal::unescape(content, &mut out)
            }
        };
        Some(self.at_range(token.range(), result.err()?.0))
    }

    /// Whether a bracket opens a replacement field; the prefix of its string.
    pub(super) fn in_string(&self, opener: usize) -> Option<char> {
        let mut open = Vec::new();
        for token in &self.tokens[..opener] {
            match token.kind {
                TokenKind::StringStart => open.push(*token),
                TokenKind::StringEnd => {
                    open.pop();
                }
                _ => {}
            }
        }
        let start = open.last()?;
        // The field's own brace: only text and other fields lie before it in the string.
        let level = self.tokens.iter().find(|token| token.start == start.start)?.level;
        if self.level_before(opener) != level
            && self.token(opener - 1).kind != TokenKind::StringMiddle
            && !self.begins_in_format(opener)
        {
            return None;
        }
        let prefix = start.text(self.text).to_ascii_lowercase();
        Some(if prefix.contains('t') { 't' } else { 'f' })
    }

    /// Whether a brace lies directly in the format of a replacement field, at its start or after another field.
    fn begins_in_format(&self, opener: usize) -> bool {
        let Some(field) = self.opener(opener).filter(|field| self.is(*field, "{")) else { return false };
        let level = self.token(field).level;
        matches!(self.word(opener - 1), ":" | "}")
            && (field + 1..opener).any(|at| self.token(at).level == level && self.is(at, ":"))
            && self.in_string(field).is_some()
    }

    /// The parser expected the end of a replacement field, or something in it.
    pub(super) fn after_interpolation(&self) -> Option<SyntaxError> {
        let opener = self.opener(self.at).filter(|opener| self.is(*opener, "{"))?;
        let prefix = self.in_string(opener)?;
        self.field(prefix, opener)
    }

    pub(super) fn interpolated(
        &self,
        prefix: char,
        error: &InterpolatedStringErrorType,
    ) -> Option<SyntaxError> {
        use InterpolatedStringErrorType as E;
        let at = self.at;
        match error {
            E::SingleRbrace => Some(
                self.at_range(self.error.location, format!("{prefix}-string: single '}}' is not allowed")),
            ),
            E::InvalidConversionFlag | E::ConversionFlagNotImmediatelyAfterExclamation => {
                if self.token(at).kind == TokenKind::Name {
                    let flag = self.word(at);
                    let spaced = at > 0 && self.token(at - 1).end != self.token(at).start;
                    let message = if spaced {
                        format!("{prefix}-string: conversion type must come right after the exclamation mark")
                    } else {
                        format!(
                            "{prefix}-string: invalid conversion character '{flag}': expected 's', 'r', or 'a'"
                        )
                    };
                    return Some(self.at_token(at, message));
                }
                let what = if matches!(self.word(at), ":" | "}") { "missing" } else { "invalid" };
                Some(self.at_token(at, format!("{prefix}-string: {what} conversion character")))
            }
            E::LambdaWithoutParentheses => {
                let message =
                    format!("{prefix}-string: lambda expressions are not allowed without parentheses");
                Some(self.at_range(self.error.location, message))
            }
            _ => {
                let opener = self.opener(at).filter(|opener| self.is(*opener, "{"))?;
                self.field(prefix, opener)
            }
        }
    }

    /// A field that is open where its string ends, and that begins with no expression.
    pub(super) fn unfinished_field(&self) -> Option<SyntaxError> {
        let text = |token: &Token| !matches!(token.kind, TokenKind::Newline | TokenKind::End);
        let last = self.tokens.iter().rposition(text)?;
        let opener = self.opener(last + 1).filter(|opener| self.is(*opener, "{"))?;
        let prefix = self.in_string(opener)?;
        let first = opener + 1;
        if first > last
            || matches!(self.word(first), "!" | ":" | "=" | "}")
            || (first..=last).rev().take(MAX_TRIES).any(|to| self.parse(first, to).is_some())
        {
            return None;
        }
        Some(self.at_token(first, format!("{prefix}-string: expecting a valid expression after '{{'")))
    }

    /// A lambda whose colon begins the format of the field.
    fn lambda_in_field(&self, prefix: char, opener: usize) -> Option<SyntaxError> {
        let level = self.token(opener).level;
        let colon = (opener + 1..self.at).find(|at| self.token(*at).level == level && self.is(*at, ":"))?;
        let lambda =
            (opener + 1..colon).find(|at| self.token(*at).level == level && self.is(*at, "lambda"))?;
        if matches!(self.word(lambda - 1), "{" | "," | "else") {
            let message = format!("{prefix}-string: lambda expressions are not allowed without parentheses");
            return Some(self.between(lambda, colon, message));
        }
        let message = format!("{prefix}-string: expecting a valid expression after '{{'");
        Some(self.at_token(opener + 1, message))
    }

    /// What is wrong in the field that `opener` opens.
    fn field(&self, prefix: char, opener: usize) -> Option<SyntaxError> {
        let at = self.at;
        if at == opener + 1 {
            let word = self.word(at);
            return Some(if matches!(word, "=" | "!" | ":" | "}") {
                self.at_token(at, format!("{prefix}-string: valid expression required before '{word}'"))
            } else {
                self.at_token(at, format!("{prefix}-string: expecting a valid expression after '{{'"))
            });
        }
        let level = self.token(opener).level;
        let inside =
            |word: &str| (opener + 1..at).any(|at| self.token(at).level == level && self.is(at, word));
        let expected = if inside(":") {
            if let Some(error) = self.lambda_in_field(prefix, opener) {
                return Some(error);
            }
            "expecting '}', or format specs"
        } else if inside("!") {
            "expecting ':' or '}'"
        } else if inside("=") {
            "expecting '!', or ':', or '}'"
        } else {
            if let Some(error) = self.forgotten_comma() {
                return Some(error);
            }
            // What goes on after an expression without being part of it.
            let Some((end, _)) = self.expression_from(opener + 1) else {
                let message = format!("{prefix}-string: expecting a valid expression after '{{'");
                return Some(self.at_token(opener + 1, message));
            };
            let message = format!("{prefix}-string: expecting '=', or '!', or ':', or '}}'");
            return Some(self.at_token(end + 1, message));
        };
        Some(self.at_token(at, format!("{prefix}-string: {expected}")))
    }
}
