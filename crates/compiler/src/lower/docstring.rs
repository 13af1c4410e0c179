//! Docstrings: which string is one, and its indentation.

use ruff_python_ast::{self as ast, Expr, Stmt};

use super::{Lowerer, Res, literal};
use crate::bytecode::code::Constant;

/// Width of a tab stop.
const TAB: usize = 8;

/// The string literal that a body begins with.
pub(super) fn literal_of(body: &[Stmt]) -> Option<&ast::ExprStringLiteral> {
    match body.first() {
        Some(Stmt::Expr(statement)) => match &*statement.value {
            Expr::StringLiteral(literal) => Some(literal),
            _ => None,
        },
        _ => None,
    }
}

impl Lowerer<'_> {
    /// The docstring of a body, without the indentation that all its lines share.
    pub(super) fn docstring(&self, body: &[Stmt]) -> Res<Option<Constant>> {
        if self.optimize >= 2 {
            return Ok(None);
        }
        let Some(literal) = literal_of(body) else { return Ok(None) };
        Ok(match literal::string(self.source, literal)? {
            Constant::Str(text) => Some(Constant::Str(clean(&text).into())),
            _ => None,
        })
    }
}

/// Expands tabs, removes the first line's indentation and that which the other lines share.
fn clean(text: &[u8]) -> Vec<u8> {
    let text = expand_tabs(text);
    let blank = |line: &[u8]| line.iter().take_while(|byte| **byte == b' ').count();
    let mut lines = text.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or(&[]);
    let margin = lines.clone().filter(|line| blank(line) < line.len()).map(blank).min().unwrap_or(0);
    let mut result = first[blank(first)..].to_vec();
    for line in lines {
        result.push(b'\n');
        result.extend_from_slice(&line[blank(line).min(margin)..]);
    }
    result
}

fn expand_tabs(text: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut column = 0;
    for byte in text {
        match byte {
            b'\t' => {
                let width = TAB - column % TAB;
                result.extend(std::iter::repeat_n(b' ', width));
                column += width;
            }
            b'\n' | b'\r' => {
                result.push(*byte);
                column = 0;
            }
            _ => {
                result.push(*byte);
                // Continuation bytes belong to the character before.
                column += usize::from(byte & 0xc0 != 0x80);
            }
        }
    }
    result
}
