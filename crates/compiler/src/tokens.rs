//! The tokens of a program, as Python's module `tokenize` shows them.
//!
//! The scanner (`tokenize`) knows those that matter to the grammar; comments and newlines that mean nothing are found
//! in the gaps between them.

use std::ops::Range;

use crate::diagnose;
use crate::parse::Source;
use crate::syntax_error::SyntaxError;
use crate::tokenize::{self, TokenKind};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword.
    Name,
    /// A number.
    Number,
    /// A string without fields.
    String,
    /// Prefix and opening quotes of an f-string.
    FStringStart,
    /// Literal text in one.
    FStringMiddle,
    /// Closing quotes of one.
    FStringEnd,
    /// Prefix and opening quotes of a t-string.
    TStringStart,
    /// Literal text in one.
    TStringMiddle,
    /// Closing quotes of one.
    TStringEnd,
    /// An operator.
    Operator,
    /// The end of a logical line.
    Newline,
    /// A newline that ends no logical line.
    Nl,
    /// A comment.
    Comment,
    /// More indentation.
    Indent,
    /// Less indentation.
    Dedent,
    /// The end.
    End,
}

/// A token. Lines count from 1, columns in characters from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Line and column.
    pub start: (u32, u32),
    /// Line and column.
    pub end: (u32, u32),
    /// The physical lines that it is on.
    pub line: String,
}

struct Collector<'s> {
    source: &'s Source,
    tokens: Vec<Token>,
    /// For each open f-string or t-string, whether it is a t-string.
    templates: Vec<bool>,
}

/// All tokens of a program, and the error that ends them.
pub fn tokens(source: &Source) -> (Vec<Token>, Option<SyntaxError>) {
    let scan = tokenize::scan(source.text());
    let mut collector = Collector { source, tokens: Vec::new(), templates: Vec::new() };
    let mut at = 0;
    for token in &scan.tokens {
        let range = token.start as usize..token.end as usize;
        // Literal text has no gaps; before an indentation there is only itself.
        let gap_end =
            if token.kind == TokenKind::Indent { collector.line_start(range.start) } else { range.start };
        if at < gap_end && token.kind != TokenKind::StringMiddle && token.kind != TokenKind::StringEnd {
            collector.gap(at..gap_end, token.kind == TokenKind::Newline);
        }
        collector.significant(token.kind, range.clone());
        at = at.max(range.end);
    }
    let error = scan.error.as_ref().map(|error| diagnose::token_error(source, error));
    (collector.tokens, error)
}

impl Collector<'_> {
    fn text(&self) -> &str {
        self.source.text()
    }

    fn line_start(&self, at: usize) -> usize {
        let before = &self.text().as_bytes()[..at.min(self.text().len())];
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
    }

    fn place(&self, at: usize) -> (u32, u32) {
        self.source.line_character((at as u32).into())
    }

    /// The physical lines of a range.
    fn lines(&self, range: &Range<usize>) -> String {
        let start = self.line_start(range.start);
        let bytes = self.text().as_bytes();
        // A newline belongs to the line that it ends.
        let last = if range.end > range.start && bytes.get(range.end - 1) == Some(&b'\n') {
            range.end - 1
        } else {
            range.end
        };
        let last = last.max(start);
        let end = bytes[last..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |n| last + n + 1);
        self.text().get(start..end).unwrap_or("").to_owned()
    }

    fn push(&mut self, kind: Kind, range: Range<usize>) {
        let text = self.text().get(range.clone()).unwrap_or("").to_owned();
        let token = Token {
            kind,
            text,
            start: self.place(range.start),
            end: self.place(range.end),
            line: self.lines(&range),
        };
        self.tokens.push(token);
    }

    /// A newline: it ends on its own line.
    fn push_newline(&mut self, kind: Kind, at: usize) {
        let start = self.place(at);
        let is_there = self.text().as_bytes().get(at) == Some(&b'\n');
        let text = if is_there { "\n" } else { "" }.to_owned();
        let end = (start.0, start.1 + 1);
        let line = self.lines(&(at..at));
        self.tokens.push(Token { kind, text, start, end, line });
    }

    /// Where, counted from its start, a range has a doubled brace.
    fn doubled_brace(&self, range: Range<usize>) -> Option<usize> {
        let bytes = self.text().as_bytes().get(range)?;
        bytes.windows(2).position(|pair| pair == b"{{" || pair == b"}}")
    }

    /// Comments and newlines between two tokens; a newline that means something may follow.
    fn gap(&mut self, range: Range<usize>, newline_follows: bool) {
        let mut at = range.start;
        while at < range.end {
            match self.text().as_bytes()[at] {
                b'#' => {
                    let rest = &self.text().as_bytes()[at..range.end];
                    let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                    self.push(Kind::Comment, at..end);
                    at = end;
                    if at == self.text().len() && !newline_follows {
                        self.push_newline(Kind::Nl, at);
                    }
                }
                b'\n' => {
                    self.push_newline(Kind::Nl, at);
                    at += 1;
                }
                // A line that goes on.
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }

    fn significant(&mut self, kind: TokenKind, range: Range<usize>) {
        let template = self.templates.last().copied().unwrap_or(false);
        match kind {
            TokenKind::Name => self.push(Kind::Name, range),
            TokenKind::Number => self.push(Kind::Number, range),
            TokenKind::String => self.push(Kind::String, range),
            TokenKind::Operator => self.push(Kind::Operator, range),
            TokenKind::StringStart => {
                let prefix = self.text().get(range.clone()).unwrap_or("");
                let template = prefix.contains(['t', 'T']);
                self.templates.push(template);
                self.push(if template { Kind::TStringStart } else { Kind::FStringStart }, range);
            }
            TokenKind::StringEnd => {
                self.templates.pop();
                self.push(if template { Kind::TStringEnd } else { Kind::FStringEnd }, range);
            }
            TokenKind::StringMiddle => {
                let kind = if template { Kind::TStringMiddle } else { Kind::FStringMiddle };
                // Of a doubled brace, the text has one.
                let mut start = range.start;
                while let Some(found) = self.doubled_brace(start..range.end) {
                    self.push(kind, start..start + found + 1);
                    start += found + 2;
                }
                if start < range.end {
                    self.push(kind, start..range.end);
                }
            }
            TokenKind::Newline => {
                let empty = range.is_empty();
                self.push_newline(Kind::Newline, range.start);
                if empty && let Some(token) = self.tokens.last_mut() {
                    token.text.clear();
                }
            }
            TokenKind::Indent => {
                let start = self.line_start(range.start);
                self.push(Kind::Indent, start..range.start);
            }
            TokenKind::Dedent | TokenKind::End => {
                let kind = if kind == TokenKind::End { Kind::End } else { Kind::Dedent };
                if range.start < self.text().len() {
                    self.push(kind, range);
                    return;
                }
                // After the last line.
                let (line, column) = self.place(range.start);
                let after = if column == 0 { line } else { line + 1 };
                self.tokens.push(Token {
                    kind,
                    text: String::new(),
                    start: (after, 0),
                    end: (after, 0),
                    line: String::new(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};
    use crate::parse::Source;

    #[test]
    fn comments_and_indentation() {
        let source = Source::new("if x: # a\n    y\n# b\nz", "<test>");
        let (found, error) = tokens(&source);
        assert_eq!(error, None);
        let kinds: Vec<(Kind, &str)> = found.iter().map(|token| (token.kind, token.text.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Name, "if"),
                (Kind::Name, "x"),
                (Kind::Operator, ":"),
                (Kind::Comment, "# a"),
                (Kind::Newline, "\n"),
                (Kind::Indent, "    "),
                (Kind::Name, "y"),
                (Kind::Newline, "\n"),
                (Kind::Comment, "# b"),
                (Kind::Nl, "\n"),
                (Kind::Dedent, ""),
                (Kind::Name, "z"),
                (Kind::Newline, ""),
                (Kind::End, ""),
            ]
        );
        assert_eq!(found.last().map(|token| token.start), Some((5, 0)));
    }
}
