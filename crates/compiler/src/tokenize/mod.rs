//! A second tokenizer, with CPython's rules and CPython's errors.
//!
//! The parser has its own; this one runs before it to bound how deep the program is nested, and supplies the errors
//! that CPython's tokenizer reports (brackets, indentation, strings, numbers) in its words. It accepts all that the
//! parser accepts.
//!
//! Positions are byte offsets. Not here: the errors that need the grammar (`diagnose`).

mod number;

use ruff_text_size::{TextRange, TextSize};

use crate::syntax_error::Kind;

/// Brackets may be nested so deeply.
const MAX_BRACKETS: usize = 200;
/// Blocks may be nested so deeply.
const MAX_INDENTS: usize = 100;
/// Interpolated strings may be nested so deeply.
const MAX_STRINGS: usize = 150;
/// Fields within format specifications of fields may be nested so deeply.
const MAX_FIELDS: usize = 3;
const TAB_SIZE: u32 = 8;
/// A lambda counts as so many levels of the tree: code objects nest on it, and those are walked elsewhere too.
const LAMBDA_DEPTH: usize = 50;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An identifier or keyword.
    Name,
    Number,
    String,
    /// Prefix and opening quotes of an f-string or t-string.
    StringStart,
    /// Literal text in one.
    StringMiddle,
    /// Closing quotes of one.
    StringEnd,
    Operator,
    Newline,
    Indent,
    Dedent,
    End,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// How many brackets are open after it.
    pub(crate) level: u32,
}

impl Token {
    pub(crate) fn range(self) -> TextRange {
        TextRange::new(TextSize::new(self.start), TextSize::new(self.end))
    }

    pub(crate) fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// How far the range of an error goes, for what has none in CPython.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// `start .. end`
    Range,
    /// The end is unknown: `end_offset` is 0.
    Open,
    /// Only the line matters: the offset is 1, `end_offset` is 0.
    Line,
}

/// An error of CPython's tokenizer.
#[derive(Debug, Clone)]
pub(crate) struct TokenError {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) extent: Extent,
    /// More text could mend it.
    pub(crate) incomplete: bool,
}

/// What scanning a program finds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// All tokens, or those before the error.
    pub(crate) tokens: Vec<Token>,
    pub(crate) error: Option<TokenError>,
    /// The error lies within an f-string or t-string.
    pub(crate) in_string: bool,
    /// The innermost bracket that is open at the end.
    pub(crate) unclosed: Option<(u8, u32)>,
    /// An upper bound for the depth of the syntax tree.
    pub(crate) depth: usize,
}

/// Scans a program whose newlines are `\n`.
pub(crate) fn scan(source: &str) -> Scan {
    let mut scanner = Scanner::new(source);
    let result = scanner.run();
    let unclosed = scanner.brackets.last().map(|bracket| (bracket.character, bracket.start));
    let in_string = result.is_err() && !scanner.strings.is_empty();
    Scan { tokens: scanner.tokens, error: result.err(), in_string, unclosed, depth: scanner.max_depth }
}

/// An open bracket.
struct Bracket {
    character: u8,
    start: u32,
    line: u32,
    /// What the tree's depth was where it opened.
    chain: usize,
    lambdas: usize,
}

/// An open f-string or t-string.
struct Interpolated {
    prefix: char,
    quote: u8,
    quote_size: usize,
    raw: bool,
    start: u32,
    /// Brackets open inside the current fields.
    brackets: usize,
    /// For each open field, how many brackets were open before its own.
    fields: Vec<usize>,
    in_specification: bool,
    /// Scanning text, not an expression.
    in_text: bool,
}

impl Interpolated {
    /// Whether the innermost open bracket is that of a field.
    fn is_at_field(&self) -> bool {
        self.fields.last().is_some_and(|before| *before + 1 == self.brackets)
    }
}

struct Scanner<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    tokens: Vec<Token>,
    brackets: Vec<Bracket>,
    strings: Vec<Interpolated>,
    /// Columns with tabs to 8 and with tabs to 1.
    indents: Vec<(u32, u32)>,
    /// Operators since the last separator on this bracket level, and lambdas whose parameters are open.
    chain: usize,
    lambdas: usize,
    /// Sum of `chain` over the outer levels.
    outer_depth: usize,
    max_depth: usize,
}

type Outcome<T = ()> = Result<T, TokenError>;

impl<'a> Scanner<'a> {
    fn new(source: &'a str) -> Scanner<'a> {
        Scanner {
            source,
            bytes: source.as_bytes(),
            at: 0,
            line: 1,
            tokens: Vec::new(),
            brackets: Vec::new(),
            strings: Vec::new(),
            indents: Vec::new(),
            chain: 0,
            lambdas: 0,
            outer_depth: 0,
            max_depth: 0,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn is_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        let level = self.brackets.len() as u32;
        self.tokens.push(Token { kind, start: start as u32, end: end as u32, level });
    }

    // Errors.

    fn error_range(message: impl Into<String>, start: usize, end: usize) -> TokenError {
        TokenError {
            kind: Kind::Syntax,
            message: message.into(),
            start: start as u32,
            end: end as u32,
            extent: Extent::Range,
            incomplete: false,
        }
    }

    /// An error at the character before `end`: where CPython's tokenizer stands when it reports one.
    fn error_before<T>(&self, end: usize, message: impl Into<String>) -> Outcome<T> {
        let line_start = self.source[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let last = self.source[line_start..end].chars().next_back();
        let start = end - last.map_or(0, char::len_utf8);
        Err(Scanner::error_range(message, start, start))
    }

    fn line_error(&self, kind: Kind, message: &str) -> TokenError {
        TokenError {
            kind,
            message: message.to_owned(),
            start: self.at as u32,
            end: self.at as u32,
            extent: Extent::Line,
            incomplete: false,
        }
    }

    // The depth of the tree.

    /// Something that the tree may nest on.
    fn deepen(&mut self, by: usize) {
        self.chain += by;
        self.max_depth = self.max_depth.max(self.outer_depth + self.chain + 4 * self.indents.len());
    }

    /// A comma: what follows is beside what went before, unless it separates the parameters of a lambda.
    fn separate(&mut self) {
        if self.lambdas == 0 {
            self.chain = 0;
        }
    }

    // Lines.

    fn run(&mut self) -> Outcome {
        while !self.is_end() {
            if self.line_start()? {
                self.logical_line()?;
            }
        }
        // In a replacement field it is the brace that is missed: a comment may have hidden the quote.
        let in_field = |string: &&Interpolated| !string.fields.is_empty() && !string.in_specification;
        if let Some(string) =
            self.strings.last().filter(|string| !in_field(string) || self.brackets.is_empty())
        {
            let start = string.start as usize;
            return Err(self.unterminated(start, string.quote_size, Some(string.prefix), false));
        }
        let end = self.bytes.len();
        if !self.brackets.is_empty() {
            self.push(TokenKind::End, end, end);
            return Ok(());
        }
        if self
            .tokens
            .last()
            .is_some_and(|token| token.kind != TokenKind::Newline && token.kind != TokenKind::Dedent)
        {
            self.push(TokenKind::Newline, end, end);
        }
        for _ in 0..self.indents.len() {
            self.push(TokenKind::Dedent, end, end);
        }
        self.push(TokenKind::End, end, end);
        Ok(())
    }

    /// Reads the indentation; false if the line is blank (and consumed).
    fn line_start(&mut self) -> Outcome<bool> {
        let (mut column, mut alternative) = (0_u32, 0_u32);
        let mut continued = None;
        loop {
            match self.peek(0) {
                b' ' => (column, alternative) = (column + 1, alternative + 1),
                b'\t' => (column, alternative) = ((column / TAB_SIZE + 1) * TAB_SIZE, alternative + 1),
                b'\x0c' => (column, alternative) = (0, 0),
                b'\\' => {
                    // The part before the backslash is the indentation.
                    continued.get_or_insert((column, alternative));
                    self.continuation()?;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if matches!(self.peek(0), b'#' | b'\n') || self.is_end() {
            self.skip_comment();
            if !self.is_end() {
                self.at += 1;
                self.line += 1;
            }
            return Ok(false);
        }
        if let Some((before, _)) = continued.filter(|(before, _)| *before != 0) {
            (column, alternative) = (before, before);
        }
        self.indentation(column, alternative)?;
        Ok(true)
    }

    fn indentation(&mut self, column: u32, alternative: u32) -> Outcome {
        let tabs = "inconsistent use of tabs and spaces in indentation";
        let current = self.indents.last().copied().unwrap_or((0, 0));
        if column == current.0 {
            if alternative != current.1 {
                return Err(self.line_error(Kind::Tab, tabs));
            }
            return Ok(());
        }
        if column > current.0 {
            if self.indents.len() + 2 > MAX_INDENTS {
                return Err(self.line_error(Kind::Indentation, "too many levels of indentation"));
            }
            if alternative <= current.1 {
                return Err(self.line_error(Kind::Tab, tabs));
            }
            self.indents.push((column, alternative));
            self.push(TokenKind::Indent, self.at, self.at);
            return Ok(());
        }
        while self.indents.last().is_some_and(|(indent, _)| column < *indent) {
            self.indents.pop();
            self.push(TokenKind::Dedent, self.at, self.at);
        }
        let outer = self.indents.last().copied().unwrap_or((0, 0));
        if column != outer.0 {
            let message = "unindent does not match any outer indentation level";
            // Reported at the end of the line.
            let end = self.bytes[self.at..].iter().position(|byte| *byte == b'\n');
            let end = end.map_or(self.bytes.len(), |length| self.at + length);
            let mut error = Scanner::error_range(message, end, end);
            error.kind = Kind::Indentation;
            error.extent = Extent::Open;
            return Err(error);
        }
        if alternative != outer.1 {
            return Err(self.line_error(Kind::Tab, tabs));
        }
        Ok(())
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    /// A backslash: the line goes on on the next.
    fn continuation(&mut self) -> Outcome {
        if self.at + 1 >= self.bytes.len() || (self.peek(1) == b'\n' && self.at + 2 >= self.bytes.len()) {
            let end = self.at + 1;
            let mut error = Scanner::error_range("unexpected EOF while parsing", end, end);
            error.extent = Extent::Open;
            error.incomplete = true;
            return Err(error);
        }
        if self.peek(1) != b'\n' {
            let message = "unexpected character after line continuation character";
            let mut error = Scanner::error_range(message, self.at + 1, self.at + 1);
            error.extent = Extent::Open;
            return Err(error);
        }
        self.at += 2;
        self.line += 1;
        Ok(())
    }

    /// The tokens up to the end of a logical line.
    fn logical_line(&mut self) -> Outcome {
        (self.chain, self.lambdas, self.outer_depth) = (0, 0, 0);
        while !self.is_end() {
            if self.strings.last().is_some_and(|string| string.in_text) {
                self.string_text()?;
                continue;
            }
            let start = self.at;
            match self.bytes[start] {
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'#' => self.skip_comment(),
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    if self.brackets.is_empty() && self.strings.is_empty() {
                        self.push(TokenKind::Newline, start, start + 1);
                        return Ok(());
                    }
                }
                b'\\' => self.continuation()?,
                b'0'..=b'9' => self.number()?,
                b'.' if self.peek(1).is_ascii_digit() => self.number()?,
                b'"' | b'\'' => self.string(start)?,
                byte if byte == b'_' || byte.is_ascii_alphabetic() || byte >= 128 => self.word()?,
                _ => self.operator()?,
            }
        }
        Ok(())
    }

    // Words and strings.

    fn word(&mut self) -> Outcome {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length =
            rest.iter().position(|byte| !(*byte == b'_' || byte.is_ascii_alphanumeric() || *byte >= 128));
        let end = start + length.unwrap_or(rest.len());
        let word = &self.source[start..end];
        if matches!(self.bytes.get(end), Some(b'"' | b'\''))
            && let Some(prefix) = string_prefix(word)
        {
            if let Some((one, other)) = incompatible(&prefix) {
                let message = format!("'{one}' and '{other}' prefixes are incompatible");
                return Err(Scanner::error_range(message, start, end));
            }
            self.at = end;
            if prefix.contains(['f', 't']) {
                return self.interpolated_start(start, &prefix);
            }
            return self.string(start);
        }
        match word {
            "lambda" => {
                self.lambdas += 1;
                self.deepen(LAMBDA_DEPTH);
            }
            "if" | "else" | "not" | "await" | "yield" | "and" | "or" | "in" | "is" | "for" | "while"
            | "with" | "try" | "def" | "class" | "async" | "match" | "case" | "return" | "from" | "as"
            | "elif" | "except" | "finally" => self.deepen(1),
            _ => {}
        }
        self.at = end;
        self.push(TokenKind::Name, start, end);
        Ok(())
    }

    /// A string that starts (with its prefix) at `start`; the scanner stands at its quote.
    fn string(&mut self, start: usize) -> Outcome {
        let quote = self.bytes[self.at];
        let mut size = 1;
        if self.peek(1) == quote {
            if self.peek(2) != quote {
                self.at += 2;
                self.push(TokenKind::String, start, self.at);
                return Ok(());
            }
            size = 3;
        }
        self.at += size;
        let mut escaped_quote = false;
        let mut closing = 0;
        while closing < size {
            if self.is_end() || (size == 1 && self.peek(0) == b'\n') {
                if let Some(outer) = self.strings.last()
                    && outer.quote == quote
                    && outer.quote_size == size
                {
                    let message = format!("{}-string: expecting '}}'", outer.prefix);
                    return Err(Scanner::error_range(message, start, start));
                }
                return Err(self.unterminated(start, size, None, escaped_quote));
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == quote {
                closing += 1;
                continue;
            }
            closing = 0;
            if byte == b'\n' {
                self.line += 1;
            } else if byte == b'\\' && !self.is_end() {
                escaped_quote |= self.bytes[self.at] == quote;
                self.line += u32::from(self.bytes[self.at] == b'\n');
                self.at += 1;
            }
        }
        self.push(TokenKind::String, start, self.at);
        Ok(())
    }

    fn unterminated(
        &self,
        start: usize,
        size: usize,
        prefix: Option<char>,
        escaped_quote: bool,
    ) -> TokenError {
        let kind = prefix.map(|prefix| format!("{prefix}-")).unwrap_or_default();
        let triple = if size == 3 { "triple-quoted " } else { "" };
        // Text that ends with a newline ends on that line.
        let line = self.line - u32::from(self.is_end() && self.source.ends_with('\n'));
        let mut message = format!("unterminated {triple}{kind}string literal (detected at line {line})");
        if escaped_quote && size == 1 {
            message.push_str("; perhaps you escaped the end quote?");
        }
        let mut error = Scanner::error_range(message, start, start);
        error.incomplete = size == 3;
        error
    }

    // Interpolated strings.

    fn interpolated_start(&mut self, start: usize, prefix: &str) -> Outcome {
        let quote = self.bytes[self.at];
        let quote_size = if self.peek(1) == quote && self.peek(2) == quote { 3 } else { 1 };
        self.at += quote_size;
        if self.strings.len() + 1 >= MAX_STRINGS {
            return self.error_before(self.at, "too many nested f-strings or t-strings");
        }
        self.strings.push(Interpolated {
            prefix: if prefix.contains('t') { 't' } else { 'f' },
            quote,
            quote_size,
            raw: prefix.contains('r'),
            start: start as u32,
            brackets: 0,
            fields: Vec::new(),
            in_specification: false,
            in_text: true,
        });
        self.deepen(4);
        self.push(TokenKind::StringStart, start, self.at);
        Ok(())
    }

    /// Literal text up to a field, the end of a format specification or the end of the string.
    fn string_text(&mut self) -> Outcome {
        let start = self.at;
        let Some(string) = self.strings.last_mut() else { return Ok(()) };
        let quotes = [string.quote; 3];
        let in_specification = string.in_specification && !string.fields.is_empty();
        loop {
            let rest = &self.bytes[self.at..];
            let Some(byte) = rest.first().copied() else { return Ok(()) };
            if rest.starts_with(&quotes[..string.quote_size]) {
                break;
            }
            match byte {
                b'\n' if string.quote_size == 1 => {
                    let prefix = string.prefix;
                    if in_specification {
                        let message = format!(
                            "{prefix}-string: newlines are not allowed in format specifiers for single quoted \
                             {prefix}-strings"
                        );
                        return self.error_before(self.at, message);
                    }
                    let start = string.start as usize;
                    return Err(self.unterminated(start, 1, Some(prefix), false));
                }
                b'\n' => self.line += 1,
                b'{' if in_specification || rest.get(1) != Some(&b'{') => break,
                b'{' => self.at += 1,
                // Outside a format specification a brace must be doubled; the operator reports a lone one.
                b'}' if in_specification || rest.get(1) != Some(&b'}') => break,
                b'}' => self.at += 1,
                b'\\' => match rest.get(1) {
                    Some(b'{' | b'}') | None => {}
                    Some(b'N') if !string.raw && rest.get(2) == Some(&b'{') => {
                        let name = rest.iter().take_while(|byte| !matches!(byte, b'}' | b'\n'));
                        let length = name.count();
                        // Without an end it is text all the same: the braces are not a field's.
                        self.at += if rest.get(length) == Some(&b'}') { length } else { 2 };
                    }
                    Some(next) => {
                        self.line += u32::from(*next == b'\n');
                        self.at += 1;
                    }
                },
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at;
        if end > start {
            self.push(TokenKind::StringMiddle, start, end);
        }
        let Some(string) = self.strings.last_mut() else { return Ok(()) };
        if matches!(self.bytes[end], b'{' | b'}') && !quotes[..string.quote_size].contains(&self.bytes[end]) {
            string.in_text = false;
            string.in_specification = false;
            if self.bytes[end] == b'{' {
                string.fields.push(string.brackets);
                if string.fields.len() > MAX_FIELDS {
                    let message = format!("{}-string: expressions nested too deeply", string.prefix);
                    return self.error_before(end, message);
                }
            }
            return self.operator();
        }
        // A quote ends the string even within a field's format specification.
        if !string.fields.is_empty() {
            let message = format!("{}-string: expecting '}}', or format specs", string.prefix);
            return Err(Scanner::error_range(message, end, end + string.quote_size));
        }
        self.at = end + string.quote_size;
        self.strings.pop();
        self.push(TokenKind::StringEnd, end, self.at);
        Ok(())
    }

    // Operators and brackets.

    fn operator(&mut self) -> Outcome {
        let start = self.at;
        let byte = self.bytes[start];
        match byte {
            b'(' | b'[' | b'{' => return self.open(byte),
            b')' | b']' | b'}' => return self.close(byte),
            _ => {}
        }
        if byte == b':'
            && let Some(string) = self.strings.last_mut()
            && string.is_at_field()
        {
            self.at += 1;
            string.in_text = true;
            string.in_specification = true;
            self.push(TokenKind::Operator, start, self.at);
            return Ok(());
        }
        if byte < 0x20 || byte == 0x7f {
            return Err(Scanner::error_range(
                format!("invalid non-printable character U+{byte:04X}"),
                start,
                start,
            ));
        }
        let three: [u8; 3] = [byte, self.peek(1), self.peek(2)];
        let length = match &three {
            b"**=" | b"//=" | b"<<=" | b">>=" | b"..." => 3,
            [
                b'!' | b'%' | b'&' | b'*' | b'+' | b'-' | b'/' | b'<' | b'=' | b'>' | b'@' | b'^' | b'|'
                | b':',
                b'=',
                _,
            ]
            | [b'*', b'*', _]
            | [b'/', b'/', _]
            | [b'<', b'<' | b'>', _]
            | [b'>', b'>', _]
            | [b'-', b'>', _] => 2,
            _ => 1,
        };
        match byte {
            b',' => self.separate(),
            b';' => (self.chain, self.lambdas) = (0, 0),
            b':' if length == 1 && self.lambdas > 0 => self.lambdas -= 1,
            _ => self.deepen(1),
        }
        self.at += length;
        self.push(TokenKind::Operator, start, self.at);
        Ok(())
    }

    fn open(&mut self, byte: u8) -> Outcome {
        let start = self.at;
        self.at += 1;
        if self.brackets.len() >= MAX_BRACKETS {
            return self.error_before(self.at, "too many nested parentheses");
        }
        let bracket = Bracket {
            character: byte,
            start: start as u32,
            line: self.line,
            chain: self.chain,
            lambdas: self.lambdas,
        };
        self.brackets.push(bracket);
        self.outer_depth += self.chain;
        (self.chain, self.lambdas) = (0, 0);
        // An opening bracket passes through all levels of precedence.
        self.deepen(8);
        if let Some(string) = self.strings.last_mut() {
            string.brackets += 1;
        }
        self.push(TokenKind::Operator, start, self.at);
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Outcome {
        let start = self.at;
        self.at += 1;
        let found = char::from(byte);
        if let Some(string) = self.strings.last()
            && string.brackets == 0
            && byte == b'}'
        {
            let message = format!("{}-string: single '}}' is not allowed", string.prefix);
            return self.error_before(self.at, message);
        }
        let Some(bracket) = self.brackets.pop() else {
            return self.error_before(self.at, format!("unmatched '{found}'"));
        };
        if !matches!((bracket.character, byte), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
            if let Some(string) = self.strings.last()
                && bracket.character == b'{'
                && string.is_at_field()
            {
                return self.error_before(self.at, format!("{}-string: unmatched '{found}'", string.prefix));
            }
            let opening = char::from(bracket.character);
            let mut message =
                format!("closing parenthesis '{found}' does not match opening parenthesis '{opening}'");
            if bracket.line != self.line {
                message.push_str(&format!(" on line {}", bracket.line));
            }
            // The bracket stays open for the report.
            return self.error_before(self.at, message);
        }
        self.outer_depth -= bracket.chain;
        (self.chain, self.lambdas) = (bracket.chain, bracket.lambdas);
        // Calls and subscripts nest on what went before; the fields of a string lie side by side.
        if !self.strings.last().is_some_and(Interpolated::is_at_field) {
            self.deepen(1);
        }
        if let Some(string) = self.strings.last_mut() {
            let Some(inside) = string.brackets.checked_sub(1) else {
                let message = format!("{}-string: unmatched '{found}'", string.prefix);
                return self.error_before(self.at, message);
            };
            string.brackets = inside;
            if byte == b'}' && string.fields.last() == Some(&inside) {
                string.fields.pop();
                string.in_text = true;
                string.in_specification = !string.fields.is_empty();
            }
        }
        self.push(TokenKind::Operator, start, self.at);
        Ok(())
    }
}

/// The prefix of a string in lower case, if it is one.
fn string_prefix(word: &str) -> Option<String> {
    let prefix = word.to_ascii_lowercase();
    let distinct = prefix.char_indices().all(|(index, letter)| !prefix[..index].contains(letter));
    (distinct && prefix.chars().all(|letter| "bruft".contains(letter))).then_some(prefix)
}

/// Two letters of a prefix that exclude each other.
fn incompatible(prefix: &str) -> Option<(char, char)> {
    [('u', 'b'), ('u', 'r'), ('u', 'f'), ('u', 't'), ('b', 'f'), ('b', 't'), ('f', 't')]
        .into_iter()
        .find(|(one, other)| prefix.contains(*one) && prefix.contains(*other))
}
