//! Whether a tree that was put together by hand is one that a parser could have made.

use super::kinds::Places;
use super::{Field, Kind, Node, Place};
use crate::bytecode::code::Constant;

/// Why a tree cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// ValueError
    Value(String),
    /// TypeError
    Type(String),
}

type Check = Result<(), Invalid>;

fn value(message: impl Into<String>) -> Check {
    Err(Invalid::Value(message.into()))
}

/// Checks a tree; messages are CPython's.
pub fn validate(tree: &Node) -> Check {
    match tree.kind {
        Kind::Module | Kind::Interactive => statements(tree.list(0)),
        Kind::Expression => expression_at(tree, 0, Kind::Load),
        Kind::FunctionType => {
            expressions(tree.list(0), Kind::Load, false)?;
            expression_at(tree, 1, Kind::Load)
        }
        _ => value("impossible module node"),
    }
}

fn place(node: &Node) -> Check {
    let Place { line, column, end_line, end_column } = node.place;
    if node.kind.info().places == Places::None {
        return Ok(());
    }
    if line > end_line {
        return value(format!("AST node line range ({line}, {end_line}) is not valid"));
    }
    if line < 0 && end_line != line || column < 0 && column != end_column {
        return value(format!(
            "AST node column range ({column}, {end_column}) for line range ({line}, {end_line}) is not valid"
        ));
    }
    if line == end_line && column > end_column {
        return value(format!("line {line}, column {column}-{end_column} is not a valid range"));
    }
    Ok(())
}

fn name(text: Option<&[u8]>) -> Check {
    match text {
        Some(b"None") => value("identifier field can't represent 'None' constant"),
        Some(b"True") => value("identifier field can't represent 'True' constant"),
        Some(b"False") => value("identifier field can't represent 'False' constant"),
        _ => Ok(()),
    }
}

fn capture(text: Option<&[u8]>) -> Check {
    if text == Some(b"_") {
        return value("can't capture name '_' in patterns");
    }
    name(text)
}

fn statements(list: &[Field]) -> Check {
    for item in list {
        match item {
            Field::Node(node) => statement(node)?,
            _ => return value("None disallowed in statement list"),
        }
    }
    Ok(())
}

fn expressions(list: &[Field], context: Kind, none_allowed: bool) -> Check {
    for item in list {
        match item {
            Field::Node(node) => expression(node, context)?,
            _ if none_allowed => {}
            _ => return value("None disallowed in expression list"),
        }
    }
    Ok(())
}

/// The expression in a field, if there is one.
fn expression_at(node: &Node, index: usize, context: Kind) -> Check {
    node.node(index).map_or(Ok(()), |expr| expression(expr, context))
}

fn nonempty(node: &Node, index: usize, what: &str) -> Check {
    if node.list(index).is_empty() {
        return value(format!("empty {what} on {}", node.kind.info().name));
    }
    Ok(())
}

fn body(node: &Node, index: usize) -> Check {
    nonempty(node, index, "body")?;
    statements(node.list(index))
}

fn comprehensions(node: &Node, index: usize) -> Check {
    if node.list(index).is_empty() {
        return value("comprehension with no generators");
    }
    for part in node.nodes(index) {
        expression_at(part, 0, Kind::Store)?;
        expression_at(part, 1, Kind::Load)?;
        expressions(part.list(2), Kind::Load, false)?;
    }
    Ok(())
}

fn keywords(node: &Node, index: usize) -> Check {
    node.nodes(index).try_for_each(|keyword| expression_at(keyword, 1, Kind::Load))
}

fn parameters(node: &Node) -> Check {
    for index in [0, 1] {
        for arg in node.nodes(index) {
            place(arg)?;
            expression_at(arg, 1, Kind::Load)?;
        }
    }
    node.node(2).map_or(Ok(()), |arg| expression_at(arg, 1, Kind::Load))?;
    for arg in node.nodes(3) {
        place(arg)?;
        expression_at(arg, 1, Kind::Load)?;
    }
    node.node(5).map_or(Ok(()), |arg| expression_at(arg, 1, Kind::Load))?;
    if node.list(6).len() > node.list(0).len() + node.list(1).len() {
        return value("more positional defaults than args on arguments");
    }
    if node.list(4).len() != node.list(3).len() {
        return value("length of kwonlyargs is not the same as kw_defaults on arguments");
    }
    expressions(node.list(6), Kind::Load, false)?;
    expressions(node.list(4), Kind::Load, true)
}

fn type_parameters(node: &Node, index: usize) -> Check {
    for parameter in node.nodes(index) {
        place(parameter)?;
        name(parameter.text(0))?;
        for index in 1..parameter.fields.len() {
            expression_at(parameter, index, Kind::Load)?;
        }
    }
    Ok(())
}

fn expression(node: &Node, context: Kind) -> Check {
    use Kind::*;
    place(node)?;
    let own = match node.kind {
        Attribute | Subscript => node.node(2),
        Starred | Name | List | Tuple => node.node(1),
        _ => None,
    };
    if node.kind == Name {
        name(node.text(0))?;
    }
    match own {
        Some(own) if own.kind != context => {
            let (wanted, found) = (context.info().name, own.kind.info().name);
            return value(format!("expression must have {wanted} context but has {found} instead"));
        }
        None if context != Load => {
            let wanted = context.info().name;
            return value(format!("expression which can't be assigned to in {wanted} context"));
        }
        _ => {}
    }
    match node.kind {
        BoolOp if node.list(1).len() < 2 => value("BoolOp with less than 2 values"),
        BoolOp => expressions(node.list(1), Load, false),
        BinOp => {
            expression_at(node, 0, Load)?;
            expression_at(node, 2, Load)
        }
        Lambda => {
            node.node(0).map_or(Ok(()), parameters)?;
            expression_at(node, 1, Load)
        }
        Dict if node.list(0).len() != node.list(1).len() => {
            value("Dict doesn't have the same number of keys as values")
        }
        Dict => {
            expressions(node.list(0), Load, true)?;
            expressions(node.list(1), Load, false)
        }
        Set | JoinedStr | TemplateStr => expressions(node.list(0), Load, false),
        ListComp | SetComp | GeneratorExp => {
            comprehensions(node, 1)?;
            expression_at(node, 0, Load)
        }
        DictComp => {
            comprehensions(node, 2)?;
            expression_at(node, 0, Load)?;
            expression_at(node, 1, Load)
        }
        Compare => {
            if node.list(2).is_empty() {
                return value("Compare with no comparators");
            }
            if node.list(2).len() != node.list(1).len() {
                return value("Compare has a different number of comparators and operands");
            }
            expressions(node.list(2), Load, false)?;
            expression_at(node, 0, Load)
        }
        Call => {
            expression_at(node, 0, Load)?;
            expressions(node.list(1), Load, false)?;
            keywords(node, 2)
        }
        Starred => expression_at(node, 0, context),
        List | Tuple => expressions(node.list(0), context, false),
        NamedExpr => {
            if node.node(0).is_none_or(|target| target.kind != Name) {
                return Err(Invalid::Type("NamedExpr target must be a Name".into()));
            }
            expression_at(node, 1, Load)
        }
        Constant | Name => Ok(()),
        // All others hold expressions that are loaded, beside fields that need no check.
        _ => (0..node.fields.len())
            .filter(|index| node.kind.info().fields[*index].name != "ctx")
            .filter_map(|index| node.node(index))
            .filter(|field| field.kind.info().family == "expr")
            .try_for_each(|field| expression(field, Load)),
    }
}

fn is_number(node: Option<&Node>, real: bool, imaginary: bool) -> bool {
    let Some(Field::Constant(constant)) =
        node.filter(|n| n.kind == Kind::Constant).and_then(|n| n.fields.first())
    else {
        return false;
    };
    match constant {
        Constant::Int(_) | Constant::BigInt(_) | Constant::Float(_) => real,
        Constant::Complex(..) => imaginary,
        _ => false,
    }
}

fn is_negative_number(node: Option<&Node>, imaginary: bool) -> bool {
    node.is_some_and(|node| {
        node.kind == Kind::UnaryOp
            && node.node(0).is_some_and(|op| op.kind == Kind::USub)
            && is_number(node.node(1), true, imaginary)
    })
}

fn pattern_value(node: &Node) -> Check {
    expression(node, Kind::Load)?;
    let right = match node.kind {
        Kind::Constant => match node.fields.first() {
            Some(Field::Constant(
                Constant::Int(_)
                | Constant::BigInt(_)
                | Constant::Float(_)
                | Constant::Complex(..)
                | Constant::Str(_)
                | Constant::Bytes(_),
            )) => true,
            _ => return value("unexpected constant inside of a literal pattern"),
        },
        Kind::Attribute | Kind::JoinedStr | Kind::TemplateStr => true,
        Kind::UnaryOp => is_negative_number(Some(node), true),
        Kind::BinOp => {
            node.node(1).is_some_and(|op| matches!(op.kind, Kind::Add | Kind::Sub))
                && (is_number(node.node(0), true, false) || is_negative_number(node.node(0), false))
                && is_number(node.node(2), false, true)
        }
        _ => false,
    };
    if right { Ok(()) } else { value("patterns may only match literals and attribute lookups") }
}

fn patterns(node: &Node, index: usize, star_allowed: bool) -> Check {
    node.nodes(index).try_for_each(|item| pattern(item, star_allowed))
}

fn pattern(node: &Node, star_allowed: bool) -> Check {
    place(node)?;
    match node.kind {
        Kind::MatchValue => node.node(0).map_or(Ok(()), pattern_value),
        Kind::MatchSingleton => match node.fields.first() {
            Some(Field::Constant(Constant::None | Constant::True | Constant::False)) => Ok(()),
            _ => value("MatchSingleton can only contain True, False and None"),
        },
        Kind::MatchSequence => patterns(node, 0, true),
        Kind::MatchMapping => {
            if node.list(0).len() != node.list(1).len() {
                return value("MatchMapping doesn't have the same number of keys as patterns");
            }
            if node.text(2).is_some() {
                capture(node.text(2))?;
            }
            for key in node.nodes(0) {
                let singleton = matches!(
                    key.fields.first(),
                    Some(Field::Constant(Constant::None | Constant::True | Constant::False))
                );
                if !singleton {
                    pattern_value(key)?;
                }
            }
            patterns(node, 1, false)
        }
        Kind::MatchClass => {
            if node.list(2).len() != node.list(3).len() {
                return value("MatchClass doesn't have the same number of keyword attributes as patterns");
            }
            expression_at(node, 0, Kind::Load)?;
            let mut class = node.node(0);
            loop {
                match class {
                    Some(inner) if inner.kind == Kind::Attribute => class = inner.node(0),
                    Some(inner) if inner.kind == Kind::Name => break,
                    _ => return value("MatchClass cls field can only contain Name or Attribute nodes."),
                }
            }
            for attribute in node.list(2) {
                if let Field::Text(text) = attribute {
                    name(Some(text))?;
                }
            }
            patterns(node, 1, false)?;
            patterns(node, 3, false)
        }
        Kind::MatchStar if !star_allowed => value("can't use MatchStar here"),
        Kind::MatchStar => capture(node.text(0)),
        Kind::MatchAs => {
            capture(node.text(1))?;
            match node.node(0) {
                None => Ok(()),
                Some(_) if node.text(1).is_none() => {
                    value("MatchAs must specify a target name if a pattern is given")
                }
                Some(inner) => pattern(inner, false),
            }
        }
        _ if node.list(0).len() < 2 => value("MatchOr requires at least 2 patterns"),
        _ => patterns(node, 0, false),
    }
}

fn statement(node: &Node) -> Check {
    use Kind::*;
    place(node)?;
    match node.kind {
        FunctionDef | AsyncFunctionDef => {
            body(node, 2)?;
            type_parameters(node, 6)?;
            node.node(1).map_or(Ok(()), parameters)?;
            expressions(node.list(3), Load, false)?;
            expression_at(node, 4, Load)
        }
        ClassDef => {
            body(node, 3)?;
            type_parameters(node, 5)?;
            expressions(node.list(1), Load, false)?;
            keywords(node, 2)?;
            expressions(node.list(4), Load, false)
        }
        Delete => {
            nonempty(node, 0, "targets")?;
            expressions(node.list(0), Del, false)
        }
        Assign => {
            nonempty(node, 0, "targets")?;
            expressions(node.list(0), Store, false)?;
            expression_at(node, 1, Load)
        }
        AugAssign => {
            expression_at(node, 0, Store)?;
            expression_at(node, 2, Load)
        }
        AnnAssign => {
            if node.node(0).is_none_or(|target| target.kind != Name) && node.int(3) != 0 {
                return Err(Invalid::Type("AnnAssign with simple non-Name target".into()));
            }
            expression_at(node, 0, Store)?;
            expression_at(node, 2, Load)?;
            expression_at(node, 1, Load)
        }
        TypeAlias => {
            if node.node(0).is_none_or(|target| target.kind != Name) {
                return Err(Invalid::Type("TypeAlias with non-Name name".into()));
            }
            expression_at(node, 0, Store)?;
            type_parameters(node, 1)?;
            expression_at(node, 2, Load)
        }
        For | AsyncFor => {
            expression_at(node, 0, Store)?;
            expression_at(node, 1, Load)?;
            body(node, 2)?;
            statements(node.list(3))
        }
        While | If => {
            expression_at(node, 0, Load)?;
            body(node, 1)?;
            statements(node.list(2))
        }
        With | AsyncWith => {
            nonempty(node, 0, "items")?;
            for item in node.nodes(0) {
                expression_at(item, 0, Load)?;
                expression_at(item, 1, Store)?;
            }
            body(node, 1)
        }
        Match => {
            expression_at(node, 0, Load)?;
            nonempty(node, 1, "cases")?;
            for case in node.nodes(1) {
                case.node(0).map_or(Ok(()), |p| pattern(p, false))?;
                expression_at(case, 1, Load)?;
                body(case, 2)?;
            }
            Ok(())
        }
        Raise => {
            if node.node(0).is_none() && node.node(1).is_some() {
                return value("Raise with cause but no exception");
            }
            expression_at(node, 0, Load)?;
            expression_at(node, 1, Load)
        }
        Try | TryStar => {
            body(node, 0)?;
            let own = node.kind.info().name;
            if node.list(1).is_empty() && node.list(3).is_empty() {
                return value(format!("{own} has neither except handlers nor finalbody"));
            }
            if node.list(1).is_empty() && !node.list(2).is_empty() {
                return value(format!("{own} has orelse but no except handlers"));
            }
            for handler in node.nodes(1) {
                place(handler)?;
                expression_at(handler, 0, Load)?;
                body(handler, 2)?;
            }
            statements(node.list(3))?;
            statements(node.list(2))
        }
        Import => nonempty(node, 0, "names"),
        ImportFrom => {
            if node.int(2) < 0 {
                return value("Negative ImportFrom level");
            }
            nonempty(node, 1, "names")
        }
        Global | Nonlocal => nonempty(node, 0, "names"),
        Return | Assert | Expr => {
            expression_at(node, 0, Load)?;
            expression_at(node, 1, Load)
        }
        _ => Ok(()),
    }
}
