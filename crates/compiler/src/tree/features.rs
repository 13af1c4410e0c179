//! Which version of Python a tree needs.

use super::{Field, Kind, Node};
use crate::parse::Source;
use crate::syntax_error::{Kind as ErrorKind, SyntaxError};

/// The first thing in a tree that Python 3.`minor` does not have.
pub fn check(tree: &Node, source: &Source, minor: u32) -> Result<(), SyntaxError> {
    if let Some((feature, since)) = needs(tree, source).into_iter().find(|(_, since)| *since > minor) {
        let message = format!("{feature} only supported in Python 3.{since} and greater");
        let mut error = SyntaxError::without_position(ErrorKind::Syntax, message);
        error.line = u32::try_from(tree.place.line).unwrap_or(0);
        error.text = source.line_text(error.line).map(str::to_owned);
        return Err(error);
    }
    for field in &tree.fields {
        match field {
            Field::Node(node) => check(node, source, minor)?,
            Field::List(items) => {
                for item in items {
                    if let Field::Node(node) = item {
                        check(node, source, minor)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a node itself needs: features, and the versions that brought them.
fn needs(node: &Node, source: &Source) -> Vec<(&'static str, u32)> {
    let mut found = Vec::new();
    let mut need = |feature, since| found.push((feature, since));
    match node.kind {
        Kind::AsyncFunctionDef => need("Async functions are", 5),
        Kind::AsyncFor => need("Async for loops are", 5),
        Kind::AsyncWith => need("Async with statements are", 5),
        Kind::Await => need("Await expressions are", 5),
        Kind::MatMult => need("The '@' operator is", 5),
        Kind::AnnAssign => need("Variable annotation syntax is", 6),
        Kind::JoinedStr => need("Format strings are", 6),
        Kind::comprehension if node.int(3) != 0 => need("Async comprehensions are", 6),
        Kind::NamedExpr => need("Assignment expressions are", 8),
        Kind::arguments if !node.list(0).is_empty() => need("Positional-only parameters are", 8),
        Kind::Match => need("Pattern matching is", 10),
        Kind::TryStar => need("Exception groups are", 11),
        Kind::TypeAlias => need("Type statement is", 12),
        Kind::TypeVar | Kind::ParamSpec | Kind::TypeVarTuple => {
            need("Type parameter lists are", 12);
            let default = node.fields.len() - 1;
            if node.node(default).is_some() {
                need("Type parameter defaults are", 13);
            }
        }
        Kind::TemplateStr => need("t-strings are", 14),
        Kind::ExceptHandler => {
            if let Some(kind) = node.node(0).filter(|kind| kind.kind == Kind::Tuple) {
                let line =
                    u32::try_from(kind.place.line).ok().and_then(|line| source.line_text(line)).unwrap_or("");
                let column = usize::try_from(kind.place.column).unwrap_or(0);
                if line.as_bytes().get(column) != Some(&b'(') {
                    need("except expressions without parentheses are", 14);
                }
            }
        }
        _ => {}
    }
    found
}
