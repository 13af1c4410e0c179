//! An abstract syntax tree to the compiler's tree, with a text that stands in for the source.
//!
//! The compiler asks its source for three things: the place of a range, the text of literals, and where a definition
//! begins after its decorators. So the text made here has one character for the start of each node and one for its
//! end, each mapped to the place that the node names, and literals between them.
//!
//! Invariant: an offset is the start or the end of at most one node, and they are mapped in increasing order.

use ruff_python_ast::{
    self as ast, AtomicNodeIndex, BytesLiteralFlags, ConversionFlag, Expr, ExprContext, FStringFlags,
    Identifier, InterpolatedElement, InterpolatedStringElement, InterpolatedStringLiteralElement, Mod,
    Number, Parameter, ParameterWithDefault, Parameters, Pattern, Singleton, Stmt, StringLiteralFlags, Suite,
    TStringFlags, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Field, Kind, Node, Place};
use crate::bytecode::code::Constant;
use crate::parse::{Parsed, Source, SourcePlace};
use crate::syntax_error::{Kind as ErrorKind, SyntaxError};

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

fn context(node: &Node, index: usize) -> ExprContext {
    match node.node(index).map(|ctx| ctx.kind) {
        Some(Kind::Store) => ExprContext::Store,
        Some(Kind::Del) => ExprContext::Del,
        _ => ExprContext::Load,
    }
}

fn operator(node: &Node, index: usize) -> Res<ast::Operator> {
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

/// Text as it stands between quotes. Braces are doubled in strings with fields.
fn escape(content: &[u8], braces: bool, out: &mut String) {
    use std::fmt::Write;
    let mut rest = content;
    while !rest.is_empty() {
        let valid = match std::str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or(""),
        };
        for character in valid.chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '{' | '}' if braces => out.extend([character, character]),
                '\0'..='\x1f' | '\x7f' => {
                    let _ = write!(out, "\\x{:02x}", character as u32);
                }
                _ => out.push(character),
            }
        }
        rest = &rest[valid.len()..];
        if let [first, second, third, after @ ..] = rest {
            // A surrogate: three bytes that are no UTF-8.
            let code =
                (u32::from(*first) & 0xf) << 12 | (u32::from(*second) & 0x3f) << 6 | u32::from(*third) & 0x3f;
            let _ = write!(out, "\\u{code:04x}");
            rest = after;
        } else {
            break;
        }
    }
}

fn escape_bytes(content: &[u8], out: &mut String) {
    use std::fmt::Write;
    for byte in content {
        match byte {
            b'\\' | b'"' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
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

    // Expressions.

    fn expression(&mut self, node: &Node) -> Res<Expr> {
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

    fn generators(&mut self, node: &Node, index: usize) -> Res<Vec<ast::Comprehension>> {
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
    fn arguments(
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

    fn keyword(&mut self, node: &Node) -> Res<ast::Keyword> {
        let start = self.open(node.place);
        let arg = self.optional_identifier(node.text(0), start)?;
        let value = *self.required(node, 1)?;
        let range = self.close(start, node.place);
        Ok(ast::Keyword { node_index: AtomicNodeIndex::NONE, range, arg, value })
    }

    fn parameter(&mut self, node: &Node) -> Res<Parameter> {
        let start = self.open(node.place);
        let name = self.identifier_at(node.text(0), start)?;
        let annotation = self.optional(node, 1)?;
        let range = self.close(start, node.place);
        Ok(Parameter { node_index: AtomicNodeIndex::NONE, range, name, annotation })
    }

    fn with_default(&mut self, node: &Node, default: Option<&Node>) -> Res<ParameterWithDefault> {
        let start = self.end();
        let parameter = self.parameter(node)?;
        let default = default.map(|default| self.expression(default).map(Box::new)).transpose()?;
        let range = TextRange::new(start, self.end());
        Ok(ParameterWithDefault { node_index: AtomicNodeIndex::NONE, range, parameter, default })
    }

    fn parameters(&mut self, node: &Node) -> Res<Parameters> {
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

    // Constants.

    fn constant(&mut self, constant: &Constant, place: Place) -> Res<Expr> {
        let node_index = AtomicNodeIndex::NONE;
        let number = |range, value| {
            Expr::NumberLiteral(ast::ExprNumberLiteral { node_index: AtomicNodeIndex::NONE, range, value })
        };
        Ok(match constant {
            Constant::None => {
                let range = self.literal(place, |_| {});
                Expr::NoneLiteral(ast::ExprNoneLiteral { node_index, range })
            }
            Constant::True | Constant::False => {
                let value = matches!(constant, Constant::True);
                let range = self.literal(place, |_| {});
                Expr::BooleanLiteral(ast::ExprBooleanLiteral { node_index, range, value })
            }
            Constant::Ellipsis => {
                let range = self.literal(place, |_| {});
                Expr::EllipsisLiteral(ast::ExprEllipsisLiteral { node_index, range })
            }
            Constant::Int(value) if *value < 0 => {
                let magnitude = Constant::BigInt(format!("{:x}", value.unsigned_abs()).into());
                self.negative(&magnitude, place)?
            }
            Constant::Int(value) => {
                let digits = value.to_string();
                let range = self.literal(place, |text| text.push_str(&digits));
                number(range, Number::Int(digits.parse().map_err(|_| unsupported("this number"))?))
            }
            Constant::BigInt(digits) => match digits.strip_prefix('-') {
                Some(digits) => self.negative(&Constant::BigInt(digits.into()), place)?,
                None => {
                    let token = format!("0x{digits}");
                    let range = self.literal(place, |text| text.push_str(&token));
                    let value = ast::Int::from_str_radix(digits, 16, &token);
                    number(range, Number::Int(value.map_err(|_| unsupported("this number"))?))
                }
            },
            Constant::Float(value) => {
                let range = self.literal(place, |_| {});
                number(range, Number::Float(*value))
            }
            Constant::Complex(real, imag) => {
                let range = self.literal(place, |_| {});
                number(range, Number::Complex { real: *real, imag: *imag })
            }
            Constant::Str(content) => {
                let range = self.literal(place, |text| {
                    text.push('"');
                    escape(content, false, text);
                    text.push('"');
                });
                let value = String::from_utf8_lossy(content).into();
                let flags = StringLiteralFlags::empty();
                let part = ast::StringLiteral { node_index: AtomicNodeIndex::NONE, range, value, flags };
                let value = ast::StringLiteralValue::single(part);
                Expr::StringLiteral(ast::ExprStringLiteral { node_index, range, value })
            }
            Constant::Bytes(content) => {
                let range = self.literal(place, |text| {
                    text.push_str("b\"");
                    escape_bytes(content, text);
                    text.push('"');
                });
                let (value, flags) = ((&**content).into(), BytesLiteralFlags::empty());
                let part = ast::BytesLiteral { node_index: AtomicNodeIndex::NONE, range, value, flags };
                let value = ast::BytesLiteralValue::single(part);
                Expr::BytesLiteral(ast::ExprBytesLiteral { node_index, range, value })
            }
            Constant::Tuple(items) => {
                let start = self.open(place);
                let elts = items.iter().map(|item| self.constant(item, place)).collect::<Res<_>>()?;
                let range = self.close(start, place);
                let ctx = ExprContext::Load;
                Expr::Tuple(ast::ExprTuple { node_index, range, elts, ctx, parenthesized: true })
            }
            Constant::FrozenSet(_) => return Err(unsupported("a frozenset as Constant")),
            Constant::Slice(_) | Constant::Code(_) => return Err(unsupported("this Constant")),
        })
    }

    fn negative(&mut self, magnitude: &Constant, place: Place) -> Res<Expr> {
        let start = self.open(place);
        let operand = Box::new(self.constant(magnitude, place)?);
        let range = self.close(start, place);
        Ok(Expr::UnaryOp(ast::ExprUnaryOp {
            node_index: AtomicNodeIndex::NONE,
            range,
            op: ast::UnaryOp::USub,
            operand,
        }))
    }

    // Strings with fields.

    fn joined(&mut self, node: &Node) -> Res<Expr> {
        let start = self.map(node.place.line, node.place.column);
        self.text.push_str("f\"");
        let elements = self.elements(node)?;
        self.text.push('"');
        let range = self.close(start, node.place);
        Ok(fstring(elements, range))
    }

    fn template(&mut self, node: &Node) -> Res<Expr> {
        let start = self.map(node.place.line, node.place.column);
        self.text.push_str("t\"");
        let elements = self.elements(node)?;
        self.text.push('"');
        let range = self.close(start, node.place);
        let part = ast::TString {
            node_index: AtomicNodeIndex::NONE,
            range,
            elements: elements.into(),
            flags: TStringFlags::empty(),
        };
        let value = ast::TStringValue::single(part);
        Ok(Expr::TString(ast::ExprTString { node_index: AtomicNodeIndex::NONE, range, value }))
    }

    fn elements(&mut self, node: &Node) -> Res<Vec<InterpolatedStringElement>> {
        let mut elements = Vec::new();
        for item in node.nodes(0) {
            elements.push(match (item.kind, item.fields.first()) {
                (Kind::Constant, Some(Field::Constant(Constant::Str(content)))) => {
                    let range = self.literal(item.place, |text| escape(content, true, text));
                    InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
                        node_index: AtomicNodeIndex::NONE,
                        range,
                        value: String::from_utf8_lossy(content).into(),
                    })
                }
                (Kind::FormattedValue | Kind::Interpolation, _) => self.replacement(item)?,
                // Any other expression must be text; formatting does not change that.
                _ => {
                    let start = self.open(item.place);
                    let expression = Box::new(self.expression(item)?);
                    let range = self.close(start, item.place);
                    field(range, expression, ConversionFlag::None, None)
                }
            });
        }
        Ok(elements)
    }

    fn replacement(&mut self, node: &Node) -> Res<InterpolatedStringElement> {
        let is_template = node.kind == Kind::Interpolation;
        let (conversion_at, spec_at) = if is_template { (2, 3) } else { (1, 2) };
        // What it is made of comes before it: its own text is the source of the expression.
        let mut expression = is_template.then(|| self.required(node, 0)).transpose()?;
        let start = self.open(node.place);
        if let (Some(expression), Some(Field::Constant(Constant::Str(source)))) =
            (&mut expression, node.fields.get(1))
        {
            let place = node.node(0).map_or(node.place, |value| value.place);
            self.places.push(SourcePlace {
                offset: self.end().to_u32(),
                line: u32::try_from(place.line).unwrap_or(0),
                column: u32::try_from(place.column).unwrap_or(0),
            });
            let from = self.end();
            self.text.push_str(&String::from_utf8_lossy(source));
            let range = self.close(from, place);
            ranged(expression, range);
        }
        let expression = match expression {
            Some(expression) => expression,
            None => self.required(node, 0)?,
        };
        let conversion = match node.int(conversion_at) {
            -1 => ConversionFlag::None,
            115 => ConversionFlag::Str,
            114 => ConversionFlag::Repr,
            97 => ConversionFlag::Ascii,
            other => {
                return Err(unsupported(&format!("the conversion character {other}")));
            }
        };
        let spec = match node.node(spec_at) {
            None => None,
            Some(spec) => {
                let start = self.open(spec.place);
                let elements = if spec.kind == Kind::JoinedStr {
                    self.elements(spec)?
                } else {
                    let list = Node {
                        kind: Kind::JoinedStr,
                        place: spec.place,
                        fields: vec![Field::List(vec![Field::Node(Box::new(spec.clone()))])],
                    };
                    self.elements(&list)?
                };
                let range = self.close(start, spec.place);
                Some(Box::new(ast::InterpolatedStringFormatSpec {
                    node_index: AtomicNodeIndex::NONE,
                    range,
                    elements: elements.into(),
                }))
            }
        };
        let range = self.close(start, node.place);
        Ok(field(range, expression, conversion, spec))
    }

    // Statements.

    fn type_parameters(&mut self, node: &Node, index: usize) -> Res<Option<Box<TypeParams>>> {
        if node.list(index).is_empty() {
            return Ok(None);
        }
        let begin = self.end();
        let node_index = || AtomicNodeIndex::NONE;
        let each = node.nodes(index).map(|parameter| {
            let place = parameter.place;
            let start = self.open(place);
            let name = self.identifier_at(parameter.text(0), start)?;
            let first = self.optional(parameter, 1)?;
            Ok(match parameter.kind {
                Kind::TypeVar => {
                    let default = self.optional(parameter, 2)?;
                    let range = self.close(start, place);
                    TypeParam::TypeVar(ast::TypeParamTypeVar {
                        node_index: node_index(),
                        range,
                        name,
                        bound: first,
                        default,
                    })
                }
                Kind::ParamSpec => {
                    let range = self.close(start, place);
                    TypeParam::ParamSpec(ast::TypeParamParamSpec {
                        node_index: node_index(),
                        range,
                        name,
                        default: first,
                    })
                }
                _ => {
                    let range = self.close(start, place);
                    TypeParam::TypeVarTuple(ast::TypeParamTypeVarTuple {
                        node_index: node_index(),
                        range,
                        name,
                        default: first,
                    })
                }
            })
        });
        let type_params = each.collect::<Res<Vec<_>>>()?;
        let range = TextRange::new(begin, self.end());
        Ok(Some(Box::new(TypeParams { node_index: AtomicNodeIndex::NONE, range, type_params })))
    }

    /// The decorators of a definition, and where all of it begins. The text goes on where the definition itself does.
    fn decorators(&mut self, node: &Node, index: usize) -> Res<(Vec<ast::Decorator>, TextSize)> {
        let begin = self.end();
        let mut decorators = Vec::new();
        for item in node.nodes(index) {
            let start = self.end();
            let expression = self.expression(item)?;
            let range = TextRange::new(start, self.end());
            decorators.push(ast::Decorator { node_index: AtomicNodeIndex::NONE, range, expression });
        }
        self.open(node.place);
        Ok((decorators, begin))
    }

    fn aliases(&mut self, node: &Node, index: usize) -> Res<Vec<ast::Alias>> {
        let each = node.nodes(index).map(|alias| {
            let start = self.open(alias.place);
            let name = self.identifier_at(alias.text(0), start)?;
            let asname = self.optional_identifier(alias.text(1), start)?;
            let range = self.close(start, alias.place);
            Ok(ast::Alias { node_index: AtomicNodeIndex::NONE, range, name, asname })
        });
        each.collect()
    }

    fn names(&self, node: &Node, range: TextRange) -> Res<Vec<Identifier>> {
        let each = node.list(0).iter().map(|item| match item {
            Field::Text(text) => self.identifier(Some(text), range),
            _ => Err(damaged(node)),
        });
        each.collect()
    }

    fn statement(&mut self, node: &Node) -> Res<Stmt> {
        let place = node.place;
        let node_index = AtomicNodeIndex::NONE;
        match node.kind {
            Kind::FunctionDef | Kind::AsyncFunctionDef => {
                let (decorators, begin) = self.decorators(node, 3)?;
                let name = self.identifier_at(node.text(0), begin)?;
                let type_params = self.type_parameters(node, 6)?;
                let parameters = node.node(1).ok_or_else(|| damaged(node))?;
                let parameters = Box::new(self.parameters(parameters)?);
                let returns = self.optional(node, 4)?;
                let body = self.body(node, 2)?;
                return Ok(Stmt::FunctionDef(ast::StmtFunctionDef {
                    node_index,
                    range: self.close(begin, place),
                    is_async: node.kind == Kind::AsyncFunctionDef,
                    decorator_list: decorators.into_iter().collect(),
                    name,
                    type_params,
                    parameters,
                    returns,
                    body,
                }));
            }
            Kind::ClassDef => {
                let (decorators, begin) = self.decorators(node, 4)?;
                let name = self.identifier_at(node.text(0), begin)?;
                let type_params = self.type_parameters(node, 5)?;
                let (arguments, any) = self.arguments(node, 1, 2, None)?;
                let body = self.body(node, 3)?;
                return Ok(Stmt::ClassDef(ast::StmtClassDef {
                    node_index,
                    range: self.close(begin, place),
                    decorator_list: decorators.into_iter().collect(),
                    name,
                    type_params,
                    arguments: any.then(|| Box::new(arguments)),
                    body,
                }));
            }
            _ => {}
        }
        let start = self.open(place);
        Ok(match node.kind {
            Kind::Return => {
                let value = self.optional(node, 0)?;
                Stmt::Return(ast::StmtReturn { node_index, range: self.close(start, place), value })
            }
            Kind::Delete => {
                let targets = self.list(node, 0)?;
                Stmt::Delete(ast::StmtDelete { node_index, range: self.close(start, place), targets })
            }
            Kind::Assign => {
                let (targets, value) = (self.list(node, 0)?, self.required(node, 1)?);
                Stmt::Assign(ast::StmtAssign { node_index, range: self.close(start, place), targets, value })
            }
            Kind::TypeAlias => {
                let name = self.required(node, 0)?;
                let type_params = self.type_parameters(node, 1)?;
                let value = self.required(node, 2)?;
                let range = self.close(start, place);
                Stmt::TypeAlias(ast::StmtTypeAlias { node_index, range, name, type_params, value })
            }
            Kind::AugAssign => {
                let (target, op, value) =
                    (self.required(node, 0)?, operator(node, 1)?, self.required(node, 2)?);
                let range = self.close(start, place);
                Stmt::AugAssign(ast::StmtAugAssign { node_index, range, target, op, value })
            }
            Kind::AnnAssign => {
                let target = self.required(node, 0)?;
                let annotation = self.required(node, 1)?;
                let value = self.optional(node, 2)?;
                let (range, simple) = (self.close(start, place), node.int(3) != 0);
                Stmt::AnnAssign(ast::StmtAnnAssign { node_index, range, target, annotation, value, simple })
            }
            Kind::For | Kind::AsyncFor => {
                let (target, iter) = (self.required(node, 0)?, self.required(node, 1)?);
                let (body, orelse) = (self.body(node, 2)?, self.body(node, 3)?);
                let range = self.close(start, place);
                let is_async = node.kind == Kind::AsyncFor;
                Stmt::For(ast::StmtFor { node_index, range, is_async, target, iter, body, orelse })
            }
            Kind::While => {
                let test = self.required(node, 0)?;
                let (body, orelse) = (self.body(node, 1)?, self.body(node, 2)?);
                Stmt::While(ast::StmtWhile {
                    node_index,
                    range: self.close(start, place),
                    test,
                    body,
                    orelse,
                })
            }
            Kind::If => {
                let (test, body) = (self.required(node, 0)?, self.body(node, 1)?);
                let mut elif_else_clauses = Vec::new();
                if !node.list(2).is_empty() {
                    let begin = self.end();
                    let body = self.body(node, 2)?;
                    let range = TextRange::new(begin, self.end());
                    let node_index = AtomicNodeIndex::NONE;
                    elif_else_clauses.push(ast::ElifElseClause { node_index, range, test: None, body });
                }
                Stmt::If(ast::StmtIf {
                    node_index,
                    range: self.close(start, place),
                    test,
                    body,
                    elif_else_clauses,
                })
            }
            Kind::With | Kind::AsyncWith => {
                let items = node.nodes(0).map(|item| {
                    let begin = self.end();
                    let context_expr = *self.required(item, 0)?;
                    let optional_vars = self.optional(item, 1)?;
                    // It ends where its last part does.
                    let end = optional_vars.as_deref().unwrap_or(&context_expr).end();
                    let range = TextRange::new(begin, end);
                    let node_index = AtomicNodeIndex::NONE;
                    Ok(ast::WithItem { node_index, range, context_expr, optional_vars })
                });
                let items = items.collect::<Res<Vec<_>>>()?;
                let body = self.body(node, 1)?;
                let is_async = node.kind == Kind::AsyncWith;
                Stmt::With(ast::StmtWith {
                    node_index,
                    range: self.close(start, place),
                    is_async,
                    items,
                    body,
                })
            }
            Kind::Match => {
                let subject = self.required(node, 0)?;
                let cases = node.nodes(1).map(|case| {
                    let begin = self.end();
                    let pattern = case.node(0).ok_or_else(|| damaged(case))?;
                    let pattern = self.pattern(pattern)?;
                    let guard = self.optional(case, 1)?;
                    let body = self.body(case, 2)?;
                    let range = TextRange::new(begin, self.end());
                    let node_index = AtomicNodeIndex::NONE;
                    Ok(ast::MatchCase { node_index, range, pattern, guard, body })
                });
                let cases = cases.collect::<Res<Vec<_>>>()?;
                Stmt::Match(ast::StmtMatch { node_index, range: self.close(start, place), subject, cases })
            }
            Kind::Raise => {
                let (exc, cause) = (self.optional(node, 0)?, self.optional(node, 1)?);
                Stmt::Raise(ast::StmtRaise { node_index, range: self.close(start, place), exc, cause })
            }
            Kind::Try | Kind::TryStar => {
                let body = self.body(node, 0)?;
                let handlers = node.nodes(1).map(|handler| {
                    let begin = self.open(handler.place);
                    let type_ = self.optional(handler, 0)?;
                    let name = self.optional_identifier(handler.text(1), begin)?;
                    let body = self.body(handler, 2)?;
                    let range = self.close(begin, handler.place);
                    let node_index = AtomicNodeIndex::NONE;
                    let handler = ast::ExceptHandlerExceptHandler { node_index, range, type_, name, body };
                    Ok(ast::ExceptHandler::ExceptHandler(handler))
                });
                let handlers = handlers.collect::<Res<Vec<_>>>()?;
                let (orelse, finalbody) = (self.body(node, 2)?, self.body(node, 3)?);
                let range = self.close(start, place);
                let is_star = node.kind == Kind::TryStar;
                Stmt::Try(ast::StmtTry { node_index, range, body, handlers, orelse, finalbody, is_star })
            }
            Kind::Assert => {
                let (test, msg) = (self.required(node, 0)?, self.optional(node, 1)?);
                Stmt::Assert(ast::StmtAssert { node_index, range: self.close(start, place), test, msg })
            }
            Kind::Import => {
                let names = self.aliases(node, 0)?;
                let range = self.close(start, place);
                Stmt::Import(ast::StmtImport { node_index, range, names, is_lazy: false })
            }
            Kind::ImportFrom => {
                let names = self.aliases(node, 1)?;
                let module = self.optional_identifier(node.text(0), start)?;
                let range = self.close(start, place);
                let level = u32::try_from(node.int(2)).map_err(|_| unsupported("this level of an import"))?;
                Stmt::ImportFrom(ast::StmtImportFrom {
                    node_index,
                    range,
                    module,
                    names,
                    level,
                    is_lazy: false,
                })
            }
            Kind::Global => {
                let range = self.close(start, place);
                let names = self.names(node, range)?;
                Stmt::Global(ast::StmtGlobal { node_index, range, names })
            }
            Kind::Nonlocal => {
                let range = self.close(start, place);
                let names = self.names(node, range)?;
                Stmt::Nonlocal(ast::StmtNonlocal { node_index, range, names })
            }
            Kind::Expr => {
                let value = self.required(node, 0)?;
                Stmt::Expr(ast::StmtExpr { node_index, range: self.close(start, place), value })
            }
            Kind::Pass => Stmt::Pass(ast::StmtPass { node_index, range: self.close(start, place) }),
            Kind::Break => Stmt::Break(ast::StmtBreak { node_index, range: self.close(start, place) }),
            Kind::Continue => {
                Stmt::Continue(ast::StmtContinue { node_index, range: self.close(start, place) })
            }
            _ => return Err(damaged(node)),
        })
    }

    // Patterns.

    fn patterns(&mut self, node: &Node, index: usize) -> Res<Vec<Pattern>> {
        node.nodes(index).map(|item| self.pattern(item)).collect()
    }

    fn pattern(&mut self, node: &Node) -> Res<Pattern> {
        let place = node.place;
        let node_index = AtomicNodeIndex::NONE;
        let start = self.open(place);
        Ok(match node.kind {
            Kind::MatchValue => {
                let value = self.required(node, 0)?;
                Pattern::MatchValue(ast::PatternMatchValue {
                    node_index,
                    range: self.close(start, place),
                    value,
                })
            }
            Kind::MatchSingleton => {
                let value = match node.fields.first() {
                    Some(Field::Constant(Constant::True)) => Singleton::True,
                    Some(Field::Constant(Constant::False)) => Singleton::False,
                    _ => Singleton::None,
                };
                let range = self.close(start, place);
                Pattern::MatchSingleton(ast::PatternMatchSingleton { node_index, range, value })
            }
            Kind::MatchSequence => {
                let patterns = self.patterns(node, 0)?;
                let range = self.close(start, place);
                Pattern::MatchSequence(ast::PatternMatchSequence { node_index, range, patterns })
            }
            Kind::MatchMapping => {
                let keys = self.list(node, 0)?.into_iter().collect();
                let patterns = self.patterns(node, 1)?.into_iter().collect();
                let range = self.close(start, place);
                let rest = self.optional_identifier(node.text(2), start)?;
                Pattern::MatchMapping(ast::PatternMatchMapping { node_index, range, keys, patterns, rest })
            }
            Kind::MatchClass => {
                let cls = self.required(node, 0)?;
                let begin = self.end();
                let patterns = self.patterns(node, 1)?.into_iter().collect();
                let mut keywords = Vec::new();
                for (attribute, value) in node.list(2).iter().zip(node.nodes(3)) {
                    let Field::Text(attribute) = attribute else { return Err(damaged(node)) };
                    let from = self.end();
                    let pattern = self.pattern(value)?;
                    let range = TextRange::new(from, self.end());
                    let attr = self.identifier(Some(attribute), range)?;
                    keywords.push(ast::PatternKeyword {
                        node_index: AtomicNodeIndex::NONE,
                        range,
                        attr,
                        pattern,
                    });
                }
                let range = self.close(start, place);
                let arguments = ast::PatternArguments {
                    node_index: AtomicNodeIndex::NONE,
                    range: TextRange::new(begin, range.end()),
                    patterns,
                    keywords,
                };
                Pattern::MatchClass(ast::PatternMatchClass { node_index, range, cls, arguments })
            }
            Kind::MatchStar => {
                let range = self.close(start, place);
                let name = self.optional_identifier(node.text(0), start)?;
                Pattern::MatchStar(ast::PatternMatchStar { node_index, range, name })
            }
            Kind::MatchAs => {
                let pattern = node.node(0).map(|inner| self.pattern(inner).map(Box::new)).transpose()?;
                let range = self.close(start, place);
                let name = self.optional_identifier(node.text(1), start)?;
                Pattern::MatchAs(ast::PatternMatchAs { node_index, range, pattern, name })
            }
            Kind::MatchOr => {
                let patterns = self.patterns(node, 0)?;
                let range = self.close(start, place);
                Pattern::MatchOr(ast::PatternMatchOr { node_index, range, patterns })
            }
            _ => return Err(damaged(node)),
        })
    }
}

fn fstring(elements: Vec<InterpolatedStringElement>, range: TextRange) -> Expr {
    let part = ast::FString {
        node_index: AtomicNodeIndex::NONE,
        range,
        elements: elements.into(),
        flags: FStringFlags::empty(),
    };
    let value = ast::FStringValue::single(part);
    Expr::FString(ast::ExprFString { node_index: AtomicNodeIndex::NONE, range, value })
}

fn field(
    range: TextRange,
    expression: Box<Expr>,
    conversion: ConversionFlag,
    format_spec: Option<Box<ast::InterpolatedStringFormatSpec>>,
) -> InterpolatedStringElement {
    InterpolatedStringElement::Interpolation(InterpolatedElement {
        node_index: AtomicNodeIndex::NONE,
        range,
        expression,
        debug_text: None,
        conversion,
        format_spec,
    })
}

/// Gives an expression another range; its parts keep theirs.
fn ranged(expression: &mut Expr, to: TextRange) {
    macro_rules! set {
        ($($variant:ident)*) => {
            match expression {
                $(Expr::$variant(e) => e.range = to,)*
                Expr::Call(e) => {
                    e.range_start = to.start();
                    e.arguments.range = TextRange::new(to.start(), to.end());
                }
            }
        };
    }
    set! {
        BoolOp Named BinOp UnaryOp Lambda If Dict Set ListComp SetComp DictComp Generator Await Yield YieldFrom
        Compare FString TString StringLiteral BytesLiteral NumberLiteral BooleanLiteral NoneLiteral EllipsisLiteral
        Attribute Subscript Starred Name List Tuple Slice IpyEscapeCommand
    }
}
