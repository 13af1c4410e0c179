//! Expressions, arguments and parameters.

use ruff_python_ast::{
    self as ast, AtomicNodeIndex, Expr, ExprContext, Parameter, ParameterWithDefault, Parameters,
};
use ruff_text_size::{TextRange, TextSize};

use super::fstring::fstring;
use super::{Res, Writer, damaged, name, unsupported};
use crate::tree::{Field, Kind, Node, Place};

impl Writer {
    pub(super) fn expression(&mut self, node: &Node) -> Res<Expr> {
        let place = node.place;
        let node_index = AtomicNodeIndex::NONE;
        match node.kind {
            Kind::Constant => {
                let Some(Field::Constant(constant)) = node.fields.first() else { return Err(damaged(node)) };
                return self.constant(constant, place);
            }
            Kind::JoinedStr => return self.joined(node),
            Kind::TemplateStr => return self.template(node),
            Kind::FormattedValue => {
                let start = self.map(place.line, place.column);
                self.text.push_str("f\"");
                let element = self.replacement(node)?;
                self.text.push('"');
                let range = self.close(start, place);
                return Ok(fstring(vec![element], range));
            }
            _ => {}
        }
        let start = self.open(place);
        Ok(match node.kind {
            Kind::BoolOp => {
                let op = match node.node(0).map(|op| op.kind) {
                    Some(Kind::And) => ast::BoolOp::And,
                    Some(Kind::Or) => ast::BoolOp::Or,
                    _ => return Err(damaged(node)),
                };
                let values = self.list(node, 1)?;
                Expr::BoolOp(ast::ExprBoolOp { node_index, range: self.close(start, place), op, values })
            }
            Kind::NamedExpr => {
                // The compiler looks for this in the text.
                self.text.push_str(":=");
                let (target, value) = (self.required(node, 0)?, self.required(node, 1)?);
                Expr::Named(ast::ExprNamed { node_index, range: self.close(start, place), target, value })
            }
            Kind::BinOp => {
                let (left, op, right) =
                    (self.required(node, 0)?, operator(node, 1)?, self.required(node, 2)?);
                Expr::BinOp(ast::ExprBinOp { node_index, range: self.close(start, place), left, op, right })
            }
            Kind::UnaryOp => {
                let op = match node.node(0).map(|op| op.kind) {
                    Some(Kind::Invert) => ast::UnaryOp::Invert,
                    Some(Kind::Not) => ast::UnaryOp::Not,
                    Some(Kind::UAdd) => ast::UnaryOp::UAdd,
                    Some(Kind::USub) => ast::UnaryOp::USub,
                    _ => return Err(damaged(node)),
                };
                let operand = self.required(node, 1)?;
                Expr::UnaryOp(ast::ExprUnaryOp { node_index, range: self.close(start, place), op, operand })
            }
            Kind::Lambda => {
                let parameters = node.node(0).ok_or_else(|| damaged(node))?;
                let any = parameters.fields.iter().any(|field| match field {
                    Field::List(items) => !items.is_empty(),
                    other => *other != Field::None,
                });
                let parameters = self.parameters(parameters)?;
                let body = self.required(node, 1)?;
                let range = self.close(start, place);
                let parameters = any.then(|| Box::new(parameters));
                Expr::Lambda(ast::ExprLambda { node_index, range, parameters, body })
            }
            Kind::IfExp => {
                let (test, body, orelse) =
                    (self.required(node, 0)?, self.required(node, 1)?, self.required(node, 2)?);
                Expr::If(ast::ExprIf { node_index, range: self.close(start, place), test, body, orelse })
            }
            Kind::Dict => {
                let mut items = Vec::new();
                for (key, value) in node.list(0).iter().zip(node.nodes(1)) {
                    let key = match key {
                        Field::Node(key) => Some(self.expression(key)?),
                        _ => None,
                    };
                    items.push(ast::DictItem { key, value: self.expression(value)? });
                }
                Expr::Dict(ast::ExprDict { node_index, range: self.close(start, place), items })
            }
            Kind::Set => {
                let elts = self.list(node, 0)?;
                let range = self.close(start, place);
                if elts.is_empty() {
                    return Err(unsupported("an empty Set"));
                }
                Expr::Set(ast::ExprSet { node_index, range, elts })
            }
            Kind::ListComp => {
                let (elt, generators) = (self.required(node, 0)?, self.generators(node, 1)?);
                Expr::ListComp(ast::ExprListComp {
                    node_index,
                    range: self.close(start, place),
                    elt,
                    generators,
                })
            }
            Kind::SetComp => {
                let (elt, generators) = (self.required(node, 0)?, self.generators(node, 1)?);
                Expr::SetComp(ast::ExprSetComp {
                    node_index,
                    range: self.close(start, place),
                    elt,
                    generators,
                })
            }
            Kind::GeneratorExp => {
                let (elt, generators) = (self.required(node, 0)?, self.generators(node, 1)?);
                let range = self.close(start, place);
                Expr::Generator(ast::ExprGenerator {
                    node_index,
                    range,
                    elt,
                    generators,
                    parenthesized: true,
                })
            }
            Kind::DictComp => {
                let (key, value) = (self.required(node, 0)?, self.required(node, 1)?);
                let generators = self.generators(node, 2)?;
                let range = self.close(start, place);
                Expr::DictComp(ast::ExprDictComp { node_index, range, key: Some(key), value, generators })
            }
            Kind::Await => {
                let value = self.required(node, 0)?;
                Expr::Await(ast::ExprAwait { node_index, range: self.close(start, place), value })
            }
            Kind::Yield => {
                let value = self.optional(node, 0)?;
                Expr::Yield(ast::ExprYield { node_index, range: self.close(start, place), value })
            }
            Kind::YieldFrom => {
                let value = self.required(node, 0)?;
                Expr::YieldFrom(ast::ExprYieldFrom { node_index, range: self.close(start, place), value })
            }
            Kind::Compare => {
                let left = self.required(node, 0)?;
                let ops: Res<Vec<_>> = node.list(1).iter().map(|op| comparison(node, op)).collect();
                let (ops, comparators) = (ops?.into(), self.list(node, 2)?.into());
                let range = self.close(start, place);
                Expr::Compare(ast::ExprCompare { node_index, range, left, ops, comparators })
            }
            Kind::Call => {
                let func = self.required(node, 0)?;
                let (arguments, _) = self.arguments(node, 1, 2, Some((start, place)))?;
                Expr::Call(ast::ExprCall { node_index, range_start: start, func, arguments })
            }
            Kind::Attribute => {
                let value = self.required(node, 0)?;
                let after = self.end();
                let range = self.close(start, place);
                let attr = self.identifier(node.text(1), TextRange::new(after, range.end()))?;
                Expr::Attribute(ast::ExprAttribute { node_index, range, value, attr, ctx: context(node, 2) })
            }
            Kind::Subscript => {
                let (value, slice) = (self.required(node, 0)?, self.required(node, 1)?);
                let range = self.close(start, place);
                Expr::Subscript(ast::ExprSubscript { node_index, range, value, slice, ctx: context(node, 2) })
            }
            Kind::Starred => {
                let value = self.required(node, 0)?;
                let range = self.close(start, place);
                Expr::Starred(ast::ExprStarred { node_index, range, value, ctx: context(node, 1) })
            }
            Kind::Name => {
                let range = self.close(start, place);
                let id = name(node.text(0))?.into();
                Expr::Name(ast::ExprName { node_index, range, id, ctx: context(node, 1) })
            }
            Kind::List => {
                let elts = self.list(node, 0)?;
                let range = self.close(start, place);
                Expr::List(ast::ExprList { node_index, range, elts, ctx: context(node, 1) })
            }
            Kind::Tuple => {
                let elts = self.list(node, 0)?;
                let range = self.close(start, place);
                Expr::Tuple(ast::ExprTuple {
                    node_index,
                    range,
                    elts,
                    ctx: context(node, 1),
                    parenthesized: true,
                })
            }
            Kind::Slice => {
                let (lower, upper, step) =
                    (self.optional(node, 0)?, self.optional(node, 1)?, self.optional(node, 2)?);
                Expr::Slice(ast::ExprSlice {
                    node_index,
                    range: self.close(start, place),
                    lower,
                    upper,
                    step,
                })
            }
            Kind::Interpolation => return Err(unsupported("an Interpolation outside of a TemplateStr")),
            _ => return Err(damaged(node)),
        })
    }

    pub(super) fn generators(&mut self, node: &Node, index: usize) -> Res<Vec<ast::Comprehension>> {
        let each = node.nodes(index).map(|part| {
            let start = self.end();
            let target = *self.required(part, 0)?;
            let iter = *self.required(part, 1)?;
            let ifs = self.list(part, 2)?;
            Ok(ast::Comprehension {
                node_index: AtomicNodeIndex::NONE,
                range: TextRange::new(start, self.end()),
                target,
                iter,
                ifs,
                is_async: part.int(3) != 0,
            })
        });
        each.collect()
    }

    /// The arguments of a call, which ends with them, or of a class.
    pub(super) fn arguments(
        &mut self,
        node: &Node,
        args: usize,
        keywords: usize,
        call: Option<(TextSize, Place)>,
    ) -> Res<(ast::Arguments, bool)> {
        let start = self.end();
        let args = self.list(node, args)?;
        let keywords: Res<Vec<_>> = node.nodes(keywords).map(|keyword| self.keyword(keyword)).collect();
        let keywords = keywords?;
        let range = match call {
            Some((start_of_call, place)) => TextRange::new(start, self.close(start_of_call, place).end()),
            None => TextRange::new(start, self.end()),
        };
        let any = !args.is_empty() || !keywords.is_empty();
        let arguments = ast::Arguments {
            node_index: AtomicNodeIndex::NONE,
            range,
            args: args.into(),
            keywords: keywords.into_iter().collect(),
        };
        Ok((arguments, any))
    }

    pub(super) fn keyword(&mut self, node: &Node) -> Res<ast::Keyword> {
        let start = self.open(node.place);
        let arg = self.optional_identifier(node.text(0), start)?;
        let value = *self.required(node, 1)?;
        let range = self.close(start, node.place);
        Ok(ast::Keyword { node_index: AtomicNodeIndex::NONE, range, arg, value })
    }

    pub(super) fn parameter(&mut self, node: &Node) -> Res<Parameter> {
        let start = self.open(node.place);
        let name = self.identifier_at(node.text(0), start)?;
        let annotation = self.optional(node, 1)?;
        let range = self.close(start, node.place);
        Ok(Parameter { node_index: AtomicNodeIndex::NONE, range, name, annotation })
    }

    pub(super) fn with_default(&mut self, node: &Node, default: Option<&Node>) -> Res<ParameterWithDefault> {
        let start = self.end();
        let parameter = self.parameter(node)?;
        let default = default.map(|default| self.expression(default).map(Box::new)).transpose()?;
        let range = TextRange::new(start, self.end());
        Ok(ParameterWithDefault { node_index: AtomicNodeIndex::NONE, range, parameter, default })
    }

    pub(super) fn parameters(&mut self, node: &Node) -> Res<Parameters> {
        let start = self.end();
        let (first, rest) = (node.list(0).len(), node.list(1).len());
        let without = (first + rest).saturating_sub(node.list(6).len());
        let defaults: Vec<&Node> = node.nodes(6).collect();
        let default_of = |index: usize| index.checked_sub(without).and_then(|i| defaults.get(i)).copied();
        let mut posonlyargs = Vec::with_capacity(first);
        for (index, arg) in node.nodes(0).enumerate() {
            posonlyargs.push(self.with_default(arg, default_of(index))?);
        }
        let mut args = Vec::with_capacity(rest);
        for (index, arg) in node.nodes(1).enumerate() {
            args.push(self.with_default(arg, default_of(first + index))?);
        }
        let vararg = node.node(2).map(|arg| self.parameter(arg).map(Box::new)).transpose()?;
        let mut kwonlyargs = Vec::new();
        for (arg, default) in node.nodes(3).zip(node.list(4)) {
            let default = match default {
                Field::Node(default) => Some(&**default),
                _ => None,
            };
            kwonlyargs.push(self.with_default(arg, default)?);
        }
        let kwarg = node.node(5).map(|arg| self.parameter(arg).map(Box::new)).transpose()?;
        Ok(Parameters {
            node_index: AtomicNodeIndex::NONE,
            range: TextRange::new(start, self.end()),
            posonlyargs: posonlyargs.into_iter().collect(),
            args: args.into_iter().collect(),
            vararg,
            kwonlyargs: kwonlyargs.into_iter().collect(),
            kwarg,
        })
    }
}

fn context(node: &Node, index: usize) -> ExprContext {
    match node.node(index).map(|ctx| ctx.kind) {
        Some(Kind::Store) => ExprContext::Store,
        Some(Kind::Del) => ExprContext::Del,
        _ => ExprContext::Load,
    }
}

pub(super) fn operator(node: &Node, index: usize) -> Res<ast::Operator> {
    Ok(match node.node(index).map(|op| op.kind) {
        Some(Kind::Add) => ast::Operator::Add,
        Some(Kind::Sub) => ast::Operator::Sub,
        Some(Kind::Mult) => ast::Operator::Mult,
        Some(Kind::MatMult) => ast::Operator::MatMult,
        Some(Kind::Div) => ast::Operator::Div,
        Some(Kind::Mod) => ast::Operator::Mod,
        Some(Kind::Pow) => ast::Operator::Pow,
        Some(Kind::LShift) => ast::Operator::LShift,
        Some(Kind::RShift) => ast::Operator::RShift,
        Some(Kind::BitOr) => ast::Operator::BitOr,
        Some(Kind::BitXor) => ast::Operator::BitXor,
        Some(Kind::BitAnd) => ast::Operator::BitAnd,
        Some(Kind::FloorDiv) => ast::Operator::FloorDiv,
        _ => return Err(damaged(node)),
    })
}

fn comparison(node: &Node, op: &Field) -> Res<ast::CmpOp> {
    let Field::Node(op) = op else { return Err(damaged(node)) };
    Ok(match op.kind {
        Kind::Eq => ast::CmpOp::Eq,
        Kind::NotEq => ast::CmpOp::NotEq,
        Kind::Lt => ast::CmpOp::Lt,
        Kind::LtE => ast::CmpOp::LtE,
        Kind::Gt => ast::CmpOp::Gt,
        Kind::GtE => ast::CmpOp::GtE,
        Kind::Is => ast::CmpOp::Is,
        Kind::IsNot => ast::CmpOp::IsNot,
        Kind::In => ast::CmpOp::In,
        Kind::NotIn => ast::CmpOp::NotIn,
        _ => return Err(damaged(node)),
    })
}
