//! Why a program does not parse, in CPython's words.
//!
//! The parser finds that there is an error and roughly where; this module says which it is: first errors of the
//! tokenizer, wherever they are, then those that CPython has words for (`expression`, `target`, `parameter`,
//! `statement`, `string`), else "invalid syntax". Runs only on programs that are refused, so it may take its time: to
//! find out where an expression ends it simply tries to parse.

mod expression;
mod parameter;
mod statement;
mod string;
mod target;
#[cfg(test)]
mod tests;

use ruff_python_ast::token::TokenKind as Kind;
use ruff_python_ast::{Expr, Mod};
use ruff_python_parser::{
    InterpolatedStringErrorType, LexicalErrorType, ParseError, ParseErrorType, Parsed,
    UnsupportedSyntaxErrorKind,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::parse::{Mode, Source};
use crate::syntax_error::{Context, Kind as ErrorKind, SyntaxError};
use crate::tokenize::{Extent, Scan, Token, TokenError, TokenKind};

/// The error of a program that did not parse; None if it did.
pub(crate) fn diagnose(
    source: &Source,
    mode: Mode,
    scan: &Scan,
    parsed: &Parsed<Mod>,
) -> Option<SyntaxError> {
    // In the order in which the parser met them: later ones are often its own recovery.
    let errors = parsed.errors();
    let Some(first) = errors.first() else { return unsupported(source, scan, parsed) };
    let incomplete = |error: SyntaxError, more: bool| {
        let error = SyntaxError { completable: more, ..error };
        if more && mode == Mode::Single { error.incomplete() } else { error }
    };
    if let Some(error) = &scan.error {
        // A mistake in a replacement field comes before those that it leads to.
        if scan.in_string && first.location.start().to_u32() < error.start {
            let explained = Diagnosis::new(source, scan, parsed.syntax(), first).explain();
            if explained.is_some() {
                return explained;
            }
        }
        let diagnosis = Diagnosis::new(source, scan, parsed.syntax(), first);
        if error.message == END_OF_TEXT
            && let Some((bracket, start)) = scan.unclosed
        {
            return Some(incomplete(diagnosis.never_closed(bracket, start), true));
        }
        if scan.in_string
            && error.message.ends_with("expecting '}'")
            && let Some(error) = diagnosis.unfinished_field()
        {
            return Some(error);
        }
        let mut found = token_error(source, error);
        // The end of a file is that of a line too; that of an expression is not.
        if mode == Mode::Eval && error.message == END_OF_TEXT && source.text().ends_with('\\') {
            found.message = "unexpected character after line continuation character".to_owned();
        }
        return Some(incomplete(found, error.incomplete));
    }
    for error in errors {
        if let ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok }) = error.error
            && !tok.is_ascii()
        {
            return Some(unknown_character(source, error.location, tok));
        }
    }
    // The parser takes the colon of a lambda for the field's and fails after it.
    let lambda = errors.iter().find(|error| {
        use InterpolatedStringErrorType::LambdaWithoutParentheses as Lambda;
        matches!(error.error, ParseErrorType::FStringError(Lambda) | ParseErrorType::TStringError(Lambda))
    });
    let first = lambda.unwrap_or(first);
    let diagnosis = Diagnosis::new(source, scan, parsed.syntax(), first);
    if let Some((bracket, start)) = scan.unclosed {
        let line = |offset: u32| source.line_column(TextSize::new(offset)).0;
        let here = diagnosis.token(diagnosis.at);
        if here.kind == TokenKind::End || line(here.start) > line(start) || diagnosis.reads_on_to_the_end() {
            return Some(incomplete(diagnosis.never_closed(bracket, start), true));
        }
    }
    let mut error = diagnosis.explain().unwrap_or_else(|| diagnosis.generic());
    if error.message.starts_with("invalid syntax") {
        error.context = Some(Box::new(diagnosis.context()));
    }
    // A missing block is missed only after the end of its header.
    let header = error.kind == ErrorKind::Indentation && diagnosis.is_newline(diagnosis.at);
    let rest = scan.tokens.get(diagnosis.at + usize::from(header)..).unwrap_or_default();
    let at_end = rest.iter().all(|token| matches!(token.kind, TokenKind::Dedent | TokenKind::End));
    Some(incomplete(error, at_end))
}

/// What the parser takes although Python 3.14 does not.
fn unsupported(source: &Source, scan: &Scan, parsed: &Parsed<Mod>) -> Option<SyntaxError> {
    let error = parsed.unsupported_syntax_errors().first()?;
    let text = source.slice(error.range);
    let (start, end) = (error.range.start(), error.range.end());
    Some(match error.kind {
        UnsupportedSyntaxErrorKind::ParenthesizedKeywordArgumentName => {
            let equal = scan.tokens.iter().find(|token| token.start >= end.to_u32());
            let end = equal.map_or(end, |token| TextSize::new(token.end));
            let inner = text.trim_start_matches(['(', ' ', '\n']);
            let start = start + TextSize::try_from(text.len() - inner.len()).unwrap_or_default();
            let message = "expression cannot contain assignment, perhaps you meant \"==\"?";
            SyntaxError::new(source, TextRange::new(start, end), message)
        }
        UnsupportedSyntaxErrorKind::UnpackingInComprehension(_) if text.starts_with("**") => {
            let range = TextRange::at(start, TextSize::new(2));
            SyntaxError::new(source, range, "dict unpacking cannot be used in dict comprehension")
        }
        UnsupportedSyntaxErrorKind::UnpackingInComprehension(_) => {
            SyntaxError::new(source, error.range, "iterable unpacking cannot be used in comprehension")
        }
        _ => SyntaxError::new(source, error.range, "invalid syntax"),
    })
}

/// An error of the tokenizer.
pub(crate) fn token_error(source: &Source, error: &TokenError) -> SyntaxError {
    let range = TextRange::new(error.start.into(), error.end.into());
    let mut result = SyntaxError::of_kind(error.kind, source, range, error.message.clone());
    if error.kind == ErrorKind::Syntax {
        without_newline(&mut result);
    }
    match error.extent {
        Extent::Range => {}
        Extent::Open => result.end_column = 0,
        Extent::Line => (result.column, result.end_column) = (1, 0),
    }
    result
}

/// The tokenizer shows its line without the end.
fn without_newline(error: &mut SyntaxError) {
    if let Some(text) = &mut error.text {
        text.truncate(text.trim_end_matches('\n').len());
    }
}

fn unknown_character(source: &Source, range: TextRange, character: char) -> SyntaxError {
    let code = character as u32;
    let hidden = character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}');
    let message = if hidden {
        format!("invalid non-printable character U+{code:04X}")
    } else {
        format!("invalid character '{character}' (U+{code:04X})")
    };
    let mut error = SyntaxError::new(source, TextRange::empty(range.start()), message);
    without_newline(&mut error);
    error
}

/// An error of the parser with what surrounds it.
struct Diagnosis<'a> {
    source: &'a Source,
    text: &'a str,
    tokens: &'a [Token],
    syntax: &'a Mod,
    error: &'a ParseError,
    /// The token at the error.
    at: usize,
}

impl<'a> Diagnosis<'a> {
    fn new(source: &'a Source, scan: &'a Scan, syntax: &'a Mod, error: &'a ParseError) -> Diagnosis<'a> {
        let tokens = &scan.tokens[..];
        let start = error.location.start().to_u32();
        let mut first = tokens.partition_point(|token| token.start < start);
        // The parser may see two tokens (`<>`) where there is one.
        if first > 0 && tokens[first - 1].end > start && tokens[first - 1].kind == TokenKind::Operator {
            first -= 1;
        }
        // A token that begins a line stands behind the changes of indentation before it.
        let marks = tokens[first..]
            .iter()
            .take_while(|token| matches!(token.kind, TokenKind::Dedent | TokenKind::Indent))
            .count();
        let at = match tokens.get(first + marks) {
            Some(token) if token.kind != TokenKind::End => first + marks,
            _ => first.min(tokens.len().saturating_sub(1)),
        };
        Diagnosis { source, text: source.text(), tokens, syntax, error, at }
    }

    // Errors.

    fn at_range(&self, range: TextRange, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.source, range, message)
    }

    /// From the start of one token to the end of another.
    fn between(&self, from: usize, to: usize, message: impl Into<String>) -> SyntaxError {
        let (start, end) = (self.token(from).start, self.token(to).end);
        self.at_range(TextRange::new(start.into(), end.max(start).into()), message)
    }

    /// From the start of one token to the last character of another, which is not itself part of the range.
    fn until(&self, from: usize, to: usize, message: impl Into<String>) -> SyntaxError {
        let (start, last) = (self.token(from).start, self.token(to));
        let end = if last.kind == TokenKind::Newline { last.start } else { last.end.saturating_sub(1) };
        self.at_range(TextRange::new(start.into(), end.max(start).into()), message)
    }

    /// From an offset on.
    fn open(&self, start: u32, message: impl Into<String>) -> SyntaxError {
        let mut error = self.at_range(TextRange::empty(start.into()), message);
        error.end_column = 0;
        error
    }

    /// At a token.
    fn at_token(&self, index: usize, message: impl Into<String>) -> SyntaxError {
        let token = self.token(index);
        match token.kind {
            // The end of the text lies behind the last line.
            TokenKind::Dedent | TokenKind::End if token.start as usize == self.text.len() => {
                let end = self.text.trim_end_matches('\n').len() as u32;
                self.open(end, message)
            }
            TokenKind::Dedent | TokenKind::Indent | TokenKind::End => {
                let mut error = self.open(token.start, message);
                error.column = error.column.saturating_sub(1);
                error
            }
            TokenKind::Newline => {
                let mut error = self.at_range(TextRange::empty(token.start.into()), message);
                error.end_column += 1;
                error
            }
            _ => self.at_range(token.range(), message),
        }
    }

    fn never_closed(&self, bracket: u8, start: u32) -> SyntaxError {
        self.open(start, format!("'{}' was never closed", char::from(bracket)))
    }

    fn generic(&self) -> SyntaxError {
        self.at_token(self.at, "invalid syntax")
    }

    /// Where the last statement at the margin that precedes the line of the error begins.
    fn context(&self) -> Context {
        let mut start = self.line_start(self.at);
        let (line, column) = loop {
            let Some(before) = start.checked_sub(1) else { break (0, 0) };
            start = self.line_start(before);
            let first = self.token(start);
            let (line, column) = self.source.line_character(first.start.into());
            let clause = matches!(self.word(start), "else" | "elif" | "except" | "finally" | "case");
            if column == 0 && first.kind == TokenKind::Name && !clause {
                break (line, column);
            }
        };
        Context { line, column, source: self.text.to_owned() }
    }

    // Tokens.

    fn token(&self, index: usize) -> Token {
        let end = self.text.len() as u32;
        let none = Token { kind: TokenKind::End, start: end, end, level: 0 };
        self.tokens.get(index).copied().unwrap_or(none)
    }

    fn word(&self, index: usize) -> &'a str {
        let token = self.token(index);
        if matches!(token.kind, TokenKind::Name | TokenKind::Operator) { token.text(self.text) } else { "" }
    }

    fn is(&self, index: usize, word: &str) -> bool {
        self.word(index) == word
    }

    /// The word before the token at the error.
    fn is_before(&self, word: &str) -> bool {
        self.at > 0 && self.is(self.at - 1, word)
    }

    fn is_newline(&self, index: usize) -> bool {
        matches!(self.token(index).kind, TokenKind::Newline | TokenKind::End)
    }

    /// A name that is no keyword.
    fn is_identifier(&self, index: usize) -> bool {
        self.token(index).kind == TokenKind::Name && !is_keyword(self.word(index))
    }

    /// How many brackets are open before a token.
    fn level_before(&self, index: usize) -> u32 {
        if index == 0 { 0 } else { self.token(index - 1).level }
    }

    /// First token of the logical line of a token.
    fn line_start(&self, index: usize) -> usize {
        let before = self.tokens[..index.min(self.tokens.len())].iter().rposition(|token| {
            matches!(token.kind, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent)
        });
        before.map_or(0, |newline| newline + 1)
    }

    /// First token of the simple statement of a token: of its line, or after a `;`.
    fn statement_start(&self, index: usize) -> usize {
        let line = self.line_start(index);
        let separator = (line..index).rev().find(|at| self.is(*at, ";") && self.token(*at).level == 0);
        separator.map_or(line, |at| at + 1)
    }

    /// The bracket that is open before a token.
    fn opener(&self, index: usize) -> Option<usize> {
        let level = self.level_before(index);
        (0..index).rev().find(|at| {
            matches!(self.word(*at), "(" | "[" | "{")
                && self.token(*at).level == level
                && self.level_before(*at) + 1 == level
        })
    }

    /// The token that closes the bracket at `opener`.
    fn closer(&self, opener: usize) -> Option<usize> {
        let level = self.level_before(opener);
        (opener + 1..self.tokens.len())
            .find(|at| matches!(self.word(*at), ")" | "]" | "}") && self.token(*at).level == level)
    }

    // Expressions.

    /// The expression that fills the tokens `from ..= to`.
    fn parse(&self, from: usize, to: usize) -> Option<Expr> {
        let range = TextRange::new(self.token(from).start.into(), self.token(to).end.into());
        let parsed = ruff_python_parser::parse_expression_range(self.text, range).ok()?;
        Some(*parsed.into_syntax().body)
    }

    /// The longest expression without a bare comma that starts at a token; its last token.
    fn expression_from(&self, from: usize) -> Option<(usize, Expr)> {
        let level = self.level_before(from);
        let stop = (from..self.tokens.len()).find(|at| {
            let token = self.token(*at);
            self.is_newline(*at)
                || token.level < level
                || token.level == level && matches!(self.word(*at), "," | ";" | "=" | ":=")
        })?;
        (from..stop).rev().take(MAX_TRIES).find_map(|to| Some((to, self.parse(from, to)?)))
    }

    /// The longest expression without a bare comma that ends at a token; its first token.
    fn expression_to(&self, to: usize) -> Option<(usize, Expr)> {
        let level = self.token(to).level;
        let start = self.statement_start(to);
        let stop = (start..=to).rev().find(|at| {
            let token = self.token(*at);
            token.level < level
                || token.level == level
                    && (matches!(self.word(*at), "," | "=" | ":=" | ";")
                        || matches!(self.word(*at), "(" | "[" | "{") && self.level_before(*at) < level)
        });
        let first = stop.map_or(start, |at| at + 1);
        (first..=to).take(MAX_TRIES).find_map(|from| Some((from, self.parse(from, to)?)))
    }

    /// The words for the error, if CPython has any.
    fn explain(&self) -> Option<SyntaxError> {
        use ParseErrorType as E;
        match &self.error.error {
            E::Lexical(error) => self.lexical(error),
            E::FStringError(error) => self.interpolated('f', error),
            E::TStringError(error) => self.interpolated('t', error),
            E::InvalidAssignmentTarget
            | E::InvalidNamedAssignmentTarget
            | E::InvalidAnnotatedAssignmentTarget
            | E::InvalidAugmentedAssignmentTarget
            | E::InvalidDeleteTarget => self.target(),
            E::UnexpectedIndentation => {
                let offset = self.error.location.end().to_u32().saturating_sub(1);
                let mut error = self.open(offset, "unexpected indent");
                error.kind = ErrorKind::Indentation;
                Some(error)
            }
            E::EmptyImportNames if self.is_newline(self.at) => {
                let message = "Expected one or more names after 'import'";
                Some(self.until(self.at, self.at, message))
            }
            E::EmptyTypeParams => {
                // Only after a soft keyword does the parser look further.
                let soft = usize::from(self.is(self.line_start(self.at), "type"));
                Some(self.until(self.at, self.at + soft, "Type parameter list cannot be empty"))
            }
            E::UnparenthesizedTupleExpression => {
                let comma = (self.at..self.tokens.len()).find(|at| self.is(*at, ","))?;
                Some(self.at_token(comma, "invalid syntax"))
            }
            E::ParamAfterVarKeywordParam
            | E::NonDefaultParamAfterDefaultParam
            | E::VarParameterWithDefault
            | E::ExpectedKeywordParam => self.parameter(),
            E::PositionalAfterKeywordArgument => {
                self.after_keyword("positional argument follows keyword argument")
            }
            E::PositionalAfterKeywordUnpacking => {
                self.after_keyword("positional argument follows keyword argument unpacking")
            }
            E::InvalidArgumentUnpackingOrder => {
                let end = self.expression_from(self.at + 1).map_or(self.at, |(end, _)| end);
                let message = "iterable argument unpacking follows keyword argument unpacking";
                Some(self.until(self.at.saturating_sub(1), end + 1, message))
            }
            E::UnparenthesizedGeneratorExpression if self.is(self.line_start(self.at), "class") => {
                let keyword = (self.at..self.tokens.len()).find(|at| self.is(*at, "for"))?;
                Some(self.at_token(keyword, "invalid syntax"))
            }
            E::UnparenthesizedGeneratorExpression => {
                Some(self.at_range(self.error.location, "Generator expression must be parenthesized"))
            }
            E::InvalidStarredExpressionUsage => Some(self.starred()),
            E::InvalidMatchPatternTarget if !self.is_before("**") => {
                Some(self.at_range(self.error.location, "cannot use '_' as a target"))
            }
            E::ExpectedImaginaryNumber => {
                Some(self.at_range(self.error.location, "imaginary number required in complex literal"))
            }
            E::ExpectedRealNumber => {
                Some(self.at_range(self.error.location, "real number required in complex literal"))
            }
            E::ExpectedToken { expected: Kind::Colon, .. } if self.is_newline(self.at) => {
                self.missing_colon()
            }
            E::ExpectedToken { expected: Kind::Else, .. } => self.missing_else(),
            E::ExpectedToken { expected: Kind::Lpar, .. } if self.in_definition() => {
                Some(self.at_token(self.at, "expected '('"))
            }
            E::OtherError(message) => self.other(message).or_else(|| self.general()),
            _ => self.general(),
        }
    }

    /// Errors that the parser has no special words for.
    fn general(&self) -> Option<SyntaxError> {
        self.after_interpolation()
            .or_else(|| self.statement_after_else())
            .or_else(|| self.parenthesized_parameters())
            .or_else(|| self.missing_comma_after_slash())
            .or_else(|| self.star_without_value())
            .or_else(|| self.missing_value())
            .or_else(|| self.augmented_tuple())
            .or_else(|| self.as_target())
            .or_else(|| self.type_parameter())
            .or_else(|| self.import_target())
            .or_else(|| self.for_without_in())
            .or_else(|| self.assignment_in_expression())
            .or_else(|| self.comprehension_target())
            .or_else(|| self.dictionary())
            .or_else(|| self.legacy_statement())
            .or_else(|| self.forgotten_comma())
            .or_else(|| self.forced_colon())
    }
}

/// What the tokenizer says of a backslash at the end of the text.
const END_OF_TEXT: &str = "unexpected EOF while parsing";

/// How many ends of an expression are tried before giving up.
const MAX_TRIES: usize = 200;

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "False"
            | "None"
            | "True"
            | "and"
            | "as"
            | "assert"
            | "async"
            | "await"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
    )
}

/// The offset where an expression starts.
fn start_of(expression: &Expr) -> u32 {
    expression.start().to_u32()
}
