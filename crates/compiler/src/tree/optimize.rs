//! What CPython's compiler makes simpler in a tree before it compiles it, for those who ask for such trees.
//!
//! `__debug__` becomes a constant, docstrings go at level 2, formatting with `%` becomes a string with fields, and
//! numbers in patterns are computed. Trees to be compiled need none of it: the compiler does so itself.

use super::{Field, Kind, Node};
use crate::bytecode::code::Constant;

/// Makes a tree simpler, at an optimisation level.
pub fn optimize(tree: &mut Node, level: u8) {
    let docstring_at = match tree.kind {
        Kind::Module => Some(0),
        Kind::FunctionDef | Kind::AsyncFunctionDef => Some(2),
        Kind::ClassDef => Some(3),
        _ => None,
    };
    if level >= 2
        && let Some(Field::List(body)) = docstring_at.and_then(|index| tree.fields.get_mut(index))
    {
        remove_docstring(body);
    }
    if tree.kind == Kind::MatchValue {
        tree.fields.iter_mut().for_each(fold_number);
    }
    if tree.kind == Kind::MatchMapping
        && let Some(Field::List(keys)) = tree.fields.first_mut()
    {
        keys.iter_mut().for_each(fold_number);
    }
    for field in &mut tree.fields {
        match field {
            Field::Node(node) => optimize(node, level),
            Field::List(items) => {
                for item in items {
                    if let Field::Node(node) = item {
                        optimize(node, level);
                    }
                }
            }
            _ => {}
        }
    }
    let is_debug = tree.kind == Kind::Name
        && tree.text(0) == Some(b"__debug__")
        && tree.node(1).is_some_and(|context| context.kind == Kind::Load);
    if is_debug {
        let value = if level == 0 { Constant::True } else { Constant::False };
        tree.kind = Kind::Constant;
        tree.fields = vec![Field::Constant(value), Field::None];
    }
    if let Some(values) = formatted(tree) {
        tree.kind = Kind::JoinedStr;
        tree.fields = vec![Field::List(values)];
    }
}

fn remove_docstring(body: &mut Vec<Field>) {
    let only = body.len() == 1;
    let Some(Field::Node(first)) = body.first_mut() else { return };
    let is_docstring = first.kind == Kind::Expr
        && first.node(0).is_some_and(|value| {
            matches!(value.fields.first(), Some(Field::Constant(Constant::Str(_))))
                && value.kind == Kind::Constant
        });
    if !is_docstring {
        return;
    }
    if !only {
        body.remove(0);
        return;
    }
    // A body is never empty.
    first.place.end_line = first.place.line;
    first.place.end_column = first.place.column + 4;
    first.kind = Kind::Pass;
    first.fields = Vec::new();
}

fn number(node: Option<&Node>) -> Option<&Constant> {
    match node.filter(|node| node.kind == Kind::Constant)?.fields.first()? {
        Field::Constant(
            constant @ (Constant::Int(_) | Constant::BigInt(_) | Constant::Float(_) | Constant::Complex(..)),
        ) => Some(constant),
        _ => None,
    }
}

fn negated(constant: &Constant) -> Option<Constant> {
    Some(match constant {
        Constant::Int(number) => Constant::Int(number.checked_neg()?),
        Constant::Float(number) => Constant::Float(-number),
        Constant::Complex(real, imaginary) => Constant::Complex(-real, -imaginary),
        _ => return None,
    })
}

fn real(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Int(number) => Some(*number as f64),
        Constant::Float(number) => Some(*number),
        _ => None,
    }
}

/// A number of a pattern, with its signs.
fn fold_number(field: &mut Field) {
    let Field::Node(node) = field else { return };
    if node.kind == Kind::BinOp
        && let Some(left) = node.fields.first_mut()
    {
        fold_number(left);
    }
    let folded = match node.kind {
        Kind::UnaryOp if node.node(0).is_some_and(|op| op.kind == Kind::USub) => {
            number(node.node(1)).and_then(negated)
        }
        Kind::BinOp => match (number(node.node(0)).and_then(real), node.node(1), number(node.node(2))) {
            (Some(left), Some(op), Some(Constant::Complex(real, imaginary))) => match op.kind {
                Kind::Add => Some(Constant::Complex(left + real, *imaginary)),
                Kind::Sub => Some(Constant::Complex(left - real, -imaginary)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    if let Some(constant) = folded {
        node.kind = Kind::Constant;
        node.fields = vec![Field::Constant(constant), Field::None];
    }
}

/// What `"…" % (…)` is as a string with fields, if it is one.
fn formatted(node: &Node) -> Option<Vec<Field>> {
    if node.kind != Kind::BinOp || node.node(1)?.kind != Kind::Mod {
        return None;
    }
    let (left, right) = (node.node(0)?, node.node(2)?);
    let Some(Field::Constant(Constant::Str(format))) =
        left.fields.first().filter(|_| left.kind == Kind::Constant)
    else {
        return None;
    };
    if right.kind != Kind::Tuple || right.nodes(0).any(|item| item.kind == Kind::Starred) {
        return None;
    }
    let text = std::str::from_utf8(format).ok()?;
    let constant = |text: &str| {
        let fields = vec![Field::Constant(Constant::Str(text.as_bytes().into())), Field::None];
        Field::Node(Box::new(Node { kind: Kind::Constant, place: node.place, fields }))
    };
    let mut values = Vec::new();
    let mut items = right.nodes(0);
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            literal.push('%');
            rest = after;
            continue;
        }
        let left_justified = rest.starts_with('-');
        rest = rest.trim_start_matches('-');
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let width_length = digits(rest);
        let (width, after) = rest.split_at(width_length);
        rest = after;
        let mut precision = None;
        if let Some(after) = rest.strip_prefix('.') {
            let length = digits(after);
            precision = Some(&after[..length]);
            rest = &after[length..];
        }
        if width_length > 3 || width.starts_with('0') || precision.is_some_and(|digits| digits.len() > 3) {
            return None;
        }
        let conversion = rest.chars().next()?;
        if !matches!(conversion, 's' | 'r' | 'a') {
            return None;
        }
        rest = &rest[1..];
        let item = items.next()?;
        if !literal.is_empty() {
            values.push(constant(&std::mem::take(&mut literal)));
        }
        let mut spec = String::new();
        if !width.is_empty() {
            spec.push_str(if left_justified { "" } else { ">" });
            spec.push_str(width);
        }
        if let Some(precision) = precision {
            spec.push('.');
            spec.push_str(if precision.is_empty() { "0" } else { precision });
        }
        let spec = if spec.is_empty() {
            Field::None
        } else {
            let fields = vec![Field::List(vec![constant(&spec)])];
            Field::Node(Box::new(Node { kind: Kind::JoinedStr, place: item.place, fields }))
        };
        let fields = vec![Field::Node(Box::new(item.clone())), Field::Int(conversion as i64), spec];
        values.push(Field::Node(Box::new(Node { kind: Kind::FormattedValue, place: item.place, fields })));
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        values.push(constant(&literal));
    }
    if items.next().is_some() { None } else { Some(values) }
}
