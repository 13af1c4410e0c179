//! Module `_tokenize`: the tokens of a program.
//!
//! The program is read whole before the first token is given out.

use std::collections::VecDeque;

use compiler::tokens::{Kind, Token, tokens};
use compiler::{Source, SyntaxError};
use vm::prelude::*;

/// What is left to give out.
struct State {
    /// None until the program is read.
    tokens: Option<VecDeque<Token>>,
    error: Option<SyntaxError>,
}

/// An iterator over the tokens of a program.
#[pyclass(name = "TokenizerIter", module = "_tokenize")]
pub struct TokenizerIter {
    readline: Value,
    extra_tokens: bool,
    #[no_trace]
    encoding: Option<String>,
    #[no_trace]
    state: Guarded<State>,
}

const OP: i64 = 55;

/// Operators by their numbers in the module `token`, from 7 on.
const OPERATORS: [&str; 48] = [
    "(", ")", "[", "]", ":", ",", ";", "+", "-", "*", "/", "|", "&", "<", ">", "=", ".", "%", "{", "}", "==",
    "!=", "<=", ">=", "~", "^", "<<", ">>", "**", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=",
    ">>=", "**=", "//", "//=", "@", "@=", "->", "...", ":=", "!",
];

fn number_of(token: &Token, extra: bool) -> i64 {
    match token.kind {
        Kind::End => 0,
        Kind::Name => 1,
        Kind::Number => 2,
        Kind::String => 3,
        Kind::Newline => 4,
        Kind::Indent => 5,
        Kind::Dedent => 6,
        Kind::Operator if extra => OP,
        Kind::Operator => {
            let found = OPERATORS.iter().position(|operator| *operator == token.text);
            found.map_or(OP, |place| place as i64 + 7)
        }
        Kind::FStringStart => 59,
        Kind::FStringMiddle => 60,
        Kind::FStringEnd => 61,
        Kind::TStringStart => 62,
        Kind::TStringMiddle => 63,
        Kind::TStringEnd => 64,
        Kind::Comment => 65,
        Kind::Nl => 66,
    }
}

impl TokenizerIter {
    fn read(&self, th: &mut Thread) -> PyResult<(VecDeque<Token>, Option<SyntaxError>)> {
        let mut text = String::new();
        loop {
            let result = th.call(&self.readline, &[]);
            let Some(line) = th.catch(result, Exc::StopIteration)? else { break };
            let line = match &self.encoding {
                None => {
                    if th.as_str(&line).is_none() {
                        return Err(th.type_error("readline() returned a non-string object"));
                    }
                    line
                }
                Some(encoding) => {
                    if th.downcast::<Bytes>(&line).is_none() {
                        return Err(th.type_error("readline() returned a non-bytes object"));
                    }
                    let arguments = [th.str(encoding), th.str("replace")];
                    th.call_method(&line, "decode", &arguments)?
                }
            };
            let line = crate::support::text_of(th, &line, "line")?;
            if line.is_empty() {
                break;
            }
            text.push_str(&line);
        }
        if text.contains('\0') {
            return Err(th.syntax_error_text("source code cannot contain null bytes"));
        }
        // The scanner knows one kind of newlines only.
        let long: Vec<bool> = text.split_inclusive('\n').map(|line| line.ends_with("\r\n")).collect();
        let source = Source::new(text, "<string>");
        let (mut found, error) = tokens(&source);
        if self.extra_tokens {
            for token in &mut found {
                let is_long = (token.end.0 as usize).checked_sub(1).and_then(|line| long.get(line)).copied();
                if is_long != Some(true) {
                    continue;
                }
                if token.text == "\n" {
                    token.text = "\r\n".into();
                    token.end.1 += 1;
                }
                if token.line.ends_with('\n') {
                    token.line.insert(token.line.len() - 1, '\r');
                }
            }
        } else {
            found.retain(|token| !matches!(token.kind, Kind::Comment | Kind::Nl));
            for token in found.iter_mut().filter(|token| token.kind == Kind::Newline) {
                token.text.clear();
                token.end = token.start;
            }
        }
        Ok((found.into(), error))
    }
}

#[pymethods]
impl TokenizerIter {
    #[new]
    #[signature("(readline, /, *, extra_tokens, encoding='utf-8')")]
    fn new(readline: Value, extra_tokens: bool, encoding: Option<String>) -> TokenizerIter {
        let state = Guarded::new(State { tokens: None, error: None });
        TokenizerIter { readline, extra_tokens, encoding, state }
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        if self.state.lock(th).tokens.is_none() {
            let (found, error) = self.read(th)?;
            let mut state = self.state.lock(th);
            state.tokens = Some(found);
            state.error = error;
        }
        let (token, error) = {
            let mut state = self.state.lock(th);
            let token = state.tokens.as_mut().and_then(VecDeque::pop_front);
            let error = if token.is_none() { state.error.take() } else { None };
            (token, error)
        };
        let Some(token) = token else {
            return match error {
                Some(error) => Err(vm::exceptions::syntax_error(th, &error, "<string>")),
                None => Ok(None),
            };
        };
        let place = |th: &mut Thread, (line, column): (u32, u32)| {
            let pair = vec![th.int(line.into()), th.int(column.into())];
            th.tuple(pair)
        };
        let items = vec![
            th.int(number_of(&token, self.extra_tokens)),
            th.str(&token.text),
            place(th, token.start),
            place(th, token.end),
            th.str(&token.line),
        ];
        Ok(Some(th.tuple(items)))
    }
}

/// The module.
#[pymodule(name = "_tokenize", classes = [super::TokenizerIter])]
pub mod module {}
