//! An abstract syntax tree to the compiler's tree, with a text that stands in for the source.
//!
//! The compiler asks its source for three things: the place of a range, the text of literals, and where a definition
//! begins after its decorators. So the text made here has one character for the start of each node and one for its
//! end, each mapped to the place that the node names, and literals between them.
//!
//! Invariant: an offset is the start or the end of at most one node, and they are mapped in increasing order.

use ruff_python_ast::{self as ast, AtomicNodeIndex, Expr, Identifier, Mod, Stmt, Suite};
use ruff_text_size::{TextRange, TextSize};

use super::{Kind, Node, Place};
use crate::parse::{Parsed, Source, SourcePlace};
use crate::syntax_error::{Kind as ErrorKind, SyntaxError};

mod constant;
mod expression;
mod fstring;
mod pattern;
mod statement;

type Res<T> = Result<T, SyntaxError>;

/// The compiler's tree of a program, and its source.
pub(super) fn program(tree: &Node, filename: &str) -> Res<(Parsed, Source)> {
    let mut writer = Writer { text: String::new(), places: Vec::new() };
    let node_index = AtomicNodeIndex::NONE;
    let syntax = match tree.kind {
        Kind::Module | Kind::Interactive => {
            let body = writer.body(tree, 0)?;
            Mod::Module(ast::ModModule { node_index, range: TextRange::up_to(writer.end()), body })
        }
        Kind::Expression => {
            let body = writer.required(tree, 0)?;
            Mod::Expression(ast::ModExpression { node_index, range: TextRange::up_to(writer.end()), body })
        }
        _ => return Err(unsupported("this kind of tree")),
    };
    Ok((Parsed::of(syntax), Source::of_places(writer.text, writer.places, filename)))
}

fn unsupported(what: &str) -> SyntaxError {
    let message = format!("compiling a syntax tree with {what} is not implemented");
    SyntaxError::without_position(ErrorKind::Unsupported, message)
}

fn damaged(node: &Node) -> SyntaxError {
    unsupported(&format!("an incomplete {}", node.kind.info().name))
}

struct Writer {
    text: String,
    places: Vec<SourcePlace>,
}

/// Names are text without surrogates.
fn name(text: Option<&[u8]>) -> Res<&str> {
    std::str::from_utf8(text.unwrap_or(b"")).map_err(|_| unsupported("surrogates in a name"))
}

impl Writer {
    fn end(&self) -> TextSize {
        TextSize::new(self.text.len() as u32)
    }

    fn map(&mut self, line: i32, column: i32) -> TextSize {
        let offset = self.end();
        // What is no line of a program stays none.
        let (line, column) = (u32::try_from(line).unwrap_or(0), u32::try_from(column).unwrap_or(0));
        self.places.push(SourcePlace { offset: offset.to_u32(), line, column });
        offset
    }

    /// Where a node begins.
    fn open(&mut self, place: Place) -> TextSize {
        let offset = self.map(place.line, place.column);
        self.text.push(';');
        offset
    }

    /// The range of a node whose parts are written.
    fn close(&mut self, start: TextSize, place: Place) -> TextRange {
        let offset = self.map(place.end_line, place.end_column);
        self.text.push(';');
        TextRange::new(start, offset)
    }

    /// A literal's own text, and its range.
    fn literal(&mut self, place: Place, write: impl FnOnce(&mut String)) -> TextRange {
        let start = self.map(place.line, place.column);
        write(&mut self.text);
        self.close(start, place)
    }

    fn identifier(&self, text: Option<&[u8]>, range: TextRange) -> Res<Identifier> {
        Ok(Identifier::new(name(text)?, range))
    }

    /// A name that begins where the node at `start` does.
    fn identifier_at(&self, text: Option<&[u8]>, start: TextSize) -> Res<Identifier> {
        self.identifier(text, TextRange::new(start, self.end()))
    }

    fn optional_identifier(&self, text: Option<&[u8]>, start: TextSize) -> Res<Option<Identifier>> {
        text.map(|text| self.identifier_at(Some(text), start)).transpose()
    }

    fn required(&mut self, node: &Node, index: usize) -> Res<Box<Expr>> {
        let expression = node.node(index).ok_or_else(|| damaged(node))?;
        self.expression(expression).map(Box::new)
    }

    fn optional(&mut self, node: &Node, index: usize) -> Res<Option<Box<Expr>>> {
        node.node(index).map(|expression| self.expression(expression).map(Box::new)).transpose()
    }

    fn list(&mut self, node: &Node, index: usize) -> Res<Vec<Expr>> {
        node.nodes(index).map(|item| self.expression(item)).collect()
    }

    fn body(&mut self, node: &Node, index: usize) -> Res<Suite> {
        let statements: Res<Vec<Stmt>> = node.nodes(index).map(|item| self.statement(item)).collect();
        Ok(statements?.into_iter().collect())
    }
}
