//! Abstract syntax trees as Python's module `ast` has them, as plain data.
//!
//! A [`Node`] has the fields that [`kinds`] lists for its kind, in that order. [`parse()`] makes trees of source text,
//! [`compile`] makes code of a tree (the caller checks it with [`validate`] before). Both work through the compiler's
//! own tree: `from_syntax` and `to_syntax` translate.
//!
//! Not here: Python objects for nodes (the module `_ast`).

mod features;
mod from_syntax;
pub mod kinds;
mod optimize;
mod to_syntax;
mod validate;

use crate::bytecode::code::{CodeUnit, Constant};
use crate::parse::{self, Source};
use crate::syntax_error::SyntaxError;
use crate::{Mode, Options, check, lower, scope};

pub use kinds::{Kind, KindInfo};
pub use optimize::optimize;
pub use validate::{Invalid, validate};

/// `lineno`, `col_offset` (in UTF-8 bytes), `end_lineno`, `end_col_offset`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// `lineno`
    pub line: i32,
    /// `col_offset`
    pub column: i32,
    /// `end_lineno`
    pub end_line: i32,
    /// `end_col_offset`
    pub end_column: i32,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Nothing in an optional field or in a list.
    None,
    /// A node.
    Node(Box<Node>),
    /// A list.
    List(Vec<Field>),
    /// A name or other text: UTF-8 in which lone surrogates may occur.
    Text(Box<[u8]>),
    /// A number.
    Int(i64),
    /// A constant.
    Constant(Constant),
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it is; meaningless for kinds without a place.
    pub place: Place,
    /// As many as the kind has, in its order.
    pub fields: Vec<Field>,
}

impl Node {
    /// The field at `index`, which must be a node.
    fn node(&self, index: usize) -> Option<&Node> {
        match self.fields.get(index) {
            Some(Field::Node(node)) => Some(node),
            _ => None,
        }
    }

    /// The items of the list at `index`.
    fn list(&self, index: usize) -> &[Field] {
        match self.fields.get(index) {
            Some(Field::List(items)) => items,
            _ => &[],
        }
    }

    /// The nodes of the list at `index`.
    fn nodes(&self, index: usize) -> impl Iterator<Item = &Node> {
        self.list(index).iter().filter_map(|item| match item {
            Field::Node(node) => Some(&**node),
            _ => None,
        })
    }

    /// The text at `index`.
    fn text(&self, index: usize) -> Option<&[u8]> {
        match self.fields.get(index) {
            Some(Field::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number at `index`.
    fn int(&self, index: usize) -> i64 {
        match self.fields.get(index) {
            Some(Field::Int(number)) => *number,
            _ => 0,
        }
    }

    /// How deep nodes are nested in it.
    fn depth(&self) -> usize {
        fn of(field: &Field) -> usize {
            match field {
                Field::Node(node) => node.depth(),
                Field::List(items) => items.iter().map(of).max().unwrap_or(0),
                _ => 0,
            }
        }
        1 + self.fields.iter().map(of).max().unwrap_or(0)
    }
}

/// The tree of a program, given to `work` where its depth is no danger.
///
/// Only the grammar is checked, as CPython's parser does. With a minor version, what that version of Python does not
/// have is refused.
pub fn parse<R: Send>(
    source: &Source,
    mode: Mode,
    minor_version: Option<u32>,
    work: impl FnOnce(Node) -> R + Send,
) -> Result<R, SyntaxError> {
    parse::on_sufficient_stack(source, || {
        let parsed = parse::parse(source, mode)?;
        let tree = from_syntax::tree(&parsed, source, mode)?;
        drop(parsed);
        if let Some(minor) = minor_version {
            features::check(&tree, source, minor)?;
        }
        Ok(work(tree))
    })
}

/// Compiles a tree that [`validate`] found right.
pub fn compile(tree: &Node, options: &Options<'_>) -> Result<CodeUnit, SyntaxError> {
    parse::on_stack_for(tree.depth(), || {
        let (parsed, source) = to_syntax::program(tree, options.filename)?;
        let scopes = scope::analyze(&parsed, &source, options)?;
        check::check(&parsed, &source, options)?;
        lower::lower(&parsed, &source, &scopes, options)
    })
}
