//! The compiler's tree to an abstract syntax tree with CPython's kinds and places.

use ruff_python_ast::{
    self as ast, ConversionFlag, ElifElseClause, Expr, ExprContext, FStringPart, InterpolatedElement,
    InterpolatedStringElement, Mod, Parameter, ParameterWithDefault, Parameters, Pattern, Singleton, Stmt,
    TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Field, Kind, Node, Place};
use crate::Mode;
use crate::bytecode::code::Constant;
use crate::literal;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

type Res<T> = Result<T, SyntaxError>;

/// The tree of a program.
pub(super) fn tree(parsed: &Parsed, source: &Source, mode: Mode) -> Res<Node> {
    let reader = Reader { source };
    Ok(match parsed.syntax() {
        Mod::Module(module) => {
            let body = reader.body(&module.body)?;
            match mode {
                Mode::Single => bare(Kind::Interactive, vec![body]),
                _ => bare(Kind::Module, vec![body, Field::List(Vec::new())]),
            }
        }
        Mod::Expression(expression) => bare(Kind::Expression, vec![reader.field(&expression.body)?]),
    })
}

fn bare(kind: Kind, fields: Vec<Field>) -> Node {
    Node { kind, place: Place::default(), fields }
}

fn boxed(node: Node) -> Field {
    Field::Node(Box::new(node))
}

fn mark(kind: Kind) -> Field {
    boxed(bare(kind, Vec::new()))
}

fn text(text: &str) -> Field {
    Field::Text(text.as_bytes().into())
}

fn name_of(name: Option<&ast::Identifier>) -> Field {
    name.map_or(Field::None, |name| text(&name.id))
}

fn context(context: ExprContext) -> Field {
    mark(match context {
        ExprContext::Store => Kind::Store,
        ExprContext::Del => Kind::Del,
        ExprContext::Load | ExprContext::Invalid => Kind::Load,
    })
}

fn operator(op: ast::Operator) -> Field {
    mark(match op {
        ast::Operator::Add => Kind::Add,
        ast::Operator::Sub => Kind::Sub,
        ast::Operator::Mult => Kind::Mult,
        ast::Operator::MatMult => Kind::MatMult,
        ast::Operator::Div => Kind::Div,
        ast::Operator::Mod => Kind::Mod,
        ast::Operator::Pow => Kind::Pow,
        ast::Operator::LShift => Kind::LShift,
        ast::Operator::RShift => Kind::RShift,
        ast::Operator::BitOr => Kind::BitOr,
        ast::Operator::BitXor => Kind::BitXor,
        ast::Operator::BitAnd => Kind::BitAnd,
        ast::Operator::FloorDiv => Kind::FloorDiv,
    })
}

fn comparison(op: ast::CmpOp) -> Field {
    mark(match op {
        ast::CmpOp::Eq => Kind::Eq,
        ast::CmpOp::NotEq => Kind::NotEq,
        ast::CmpOp::Lt => Kind::Lt,
        ast::CmpOp::LtE => Kind::LtE,
        ast::CmpOp::Gt => Kind::Gt,
        ast::CmpOp::GtE => Kind::GtE,
        ast::CmpOp::Is => Kind::Is,
        ast::CmpOp::IsNot => Kind::IsNot,
        ast::CmpOp::In => Kind::In,
        ast::CmpOp::NotIn => Kind::NotIn,
    })
}

/// Part of an f-string or t-string.
enum Piece {
    /// Literal text, WTF-8, with where it starts and ends, and whether it is from a `u""`.
    Literal(Vec<u8>, TextRange, bool),
    Field(Node),
}

struct Reader<'s> {
    source: &'s Source,
}

impl Reader<'_> {
    fn place(&self, range: TextRange) -> Place {
        let (line, column) = self.source.line_column(range.start());
        let (end_line, end_column) = self.source.line_column(range.end());
        Place {
            line: line as i32,
            column: column as i32,
            end_line: end_line as i32,
            end_column: end_column as i32,
        }
    }

    fn at(&self, kind: Kind, range: TextRange, fields: Vec<Field>) -> Node {
        Node { kind, place: self.place(range), fields }
    }

    fn constant(&self, range: TextRange, constant: Constant, unicode: bool) -> Node {
        let kind = if unicode { text("u") } else { Field::None };
        self.at(Kind::Constant, range, vec![Field::Constant(constant), kind])
    }

    fn field(&self, expression: &Expr) -> Res<Field> {
        self.expression(expression).map(boxed)
    }

    fn optional(&self, expression: Option<&Expr>) -> Res<Field> {
        expression.map_or(Ok(Field::None), |expression| self.field(expression))
    }

    fn list<'a>(&self, items: impl IntoIterator<Item = &'a Expr>) -> Res<Field> {
        items.into_iter().map(|item| self.field(item)).collect::<Res<Vec<_>>>().map(Field::List)
    }

    fn body(&self, body: &[Stmt]) -> Res<Field> {
        body.iter().map(|s| self.statement(s).map(boxed)).collect::<Res<Vec<_>>>().map(Field::List)
    }

    // Expressions.

    fn expression(&self, expression: &Expr) -> Res<Node> {
        let range = expression.range();
        let (kind, fields) = match expression {
            Expr::BoolOp(e) => {
                let op = match e.op {
                    ast::BoolOp::And => Kind::And,
                    ast::BoolOp::Or => Kind::Or,
                };
                (Kind::BoolOp, vec![mark(op), self.list(&e.values)?])
            }
            Expr::Named(e) => (Kind::NamedExpr, vec![self.field(&e.target)?, self.field(&e.value)?]),
            Expr::BinOp(e) => {
                (Kind::BinOp, vec![self.field(&e.left)?, operator(e.op), self.field(&e.right)?])
            }
            Expr::UnaryOp(e) => {
                let op = match e.op {
                    ast::UnaryOp::Invert => Kind::Invert,
                    ast::UnaryOp::Not => Kind::Not,
                    ast::UnaryOp::UAdd => Kind::UAdd,
                    ast::UnaryOp::USub => Kind::USub,
                };
                (Kind::UnaryOp, vec![mark(op), self.field(&e.operand)?])
            }
            Expr::Lambda(e) => {
                (Kind::Lambda, vec![self.parameters(e.parameters.as_deref())?, self.field(&e.body)?])
            }
            Expr::If(e) => {
                (Kind::IfExp, vec![self.field(&e.test)?, self.field(&e.body)?, self.field(&e.orelse)?])
            }
            Expr::Dict(e) => {
                let keys: Res<Vec<_>> = e.items.iter().map(|item| self.optional(item.key.as_ref())).collect();
                let values = self.list(e.items.iter().map(|item| &item.value))?;
                (Kind::Dict, vec![Field::List(keys?), values])
            }
            Expr::Set(e) => (Kind::Set, vec![self.list(&e.elts)?]),
            Expr::ListComp(e) => (Kind::ListComp, vec![self.field(&e.elt)?, self.generators(&e.generators)?]),
            Expr::SetComp(e) => (Kind::SetComp, vec![self.field(&e.elt)?, self.generators(&e.generators)?]),
            Expr::DictComp(e) => {
                let key = self.optional(e.key.as_deref())?;
                (Kind::DictComp, vec![key, self.field(&e.value)?, self.generators(&e.generators)?])
            }
            Expr::Generator(e) => {
                (Kind::GeneratorExp, vec![self.field(&e.elt)?, self.generators(&e.generators)?])
            }
            Expr::Await(e) => (Kind::Await, vec![self.field(&e.value)?]),
            Expr::Yield(e) => (Kind::Yield, vec![self.optional(e.value.as_deref())?]),
            Expr::YieldFrom(e) => (Kind::YieldFrom, vec![self.field(&e.value)?]),
            Expr::Compare(e) => {
                let ops = e.ops.iter().map(|op| comparison(*op)).collect();
                (Kind::Compare, vec![self.field(&e.left)?, Field::List(ops), self.list(&e.comparators)?])
            }
            Expr::Call(e) => {
                let (args, keywords) = self.arguments(&e.arguments)?;
                (Kind::Call, vec![self.field(&e.func)?, args, keywords])
            }
            Expr::FString(e) => return self.fstring(e),
            Expr::TString(e) => {
                let mut pieces = Vec::new();
                for part in &e.value {
                    let raw = part.flags.prefix().is_raw();
                    self.pieces(&part.elements, raw, true, &mut pieces)?;
                }
                (Kind::TemplateStr, vec![self.joined(pieces)])
            }
            Expr::StringLiteral(e) => {
                let unicode = e.value.iter().next().is_some_and(is_unicode);
                return Ok(self.constant(range, literal::string(self.source, e)?, unicode));
            }
            Expr::BytesLiteral(e) => {
                return Ok(self.constant(range, literal::bytes(self.source, e)?, false));
            }
            Expr::NumberLiteral(e) => {
                return Ok(self.constant(range, literal::number(self.source, e)?, false));
            }
            Expr::BooleanLiteral(e) => {
                let constant = if e.value { Constant::True } else { Constant::False };
                return Ok(self.constant(range, constant, false));
            }
            Expr::NoneLiteral(_) => return Ok(self.constant(range, Constant::None, false)),
            Expr::EllipsisLiteral(_) => return Ok(self.constant(range, Constant::Ellipsis, false)),
            Expr::Attribute(e) => {
                (Kind::Attribute, vec![self.field(&e.value)?, text(&e.attr.id), context(e.ctx)])
            }
            Expr::Subscript(e) => {
                (Kind::Subscript, vec![self.field(&e.value)?, self.field(&e.slice)?, context(e.ctx)])
            }
            Expr::Starred(e) => (Kind::Starred, vec![self.field(&e.value)?, context(e.ctx)]),
            Expr::Name(e) => (Kind::Name, vec![text(&e.id), context(e.ctx)]),
            Expr::List(e) => (Kind::List, vec![self.list(&e.elts)?, context(e.ctx)]),
            Expr::Tuple(e) => (Kind::Tuple, vec![self.list(&e.elts)?, context(e.ctx)]),
            Expr::Slice(e) => {
                let parts = [&e.lower, &e.upper, &e.step].map(|part| self.optional(part.as_deref()));
                (Kind::Slice, parts.into_iter().collect::<Res<Vec<_>>>()?)
            }
            Expr::IpyEscapeCommand(e) => {
                return Err(SyntaxError::new(self.source, e.range, "invalid syntax"));
            }
        };
        Ok(self.at(kind, range, fields))
    }

    fn generators(&self, generators: &[ast::Comprehension]) -> Res<Field> {
        let each = generators.iter().map(|part| {
            let fields = vec![
                self.field(&part.target)?,
                self.field(&part.iter)?,
                self.list(&part.ifs)?,
                Field::Int(part.is_async.into()),
            ];
            Ok(boxed(bare(Kind::comprehension, fields)))
        });
        each.collect::<Res<Vec<_>>>().map(Field::List)
    }

    fn arguments(&self, arguments: &ast::Arguments) -> Res<(Field, Field)> {
        let args = match &*arguments.args {
            // Alone it needs no parentheses of its own: it has the call's.
            [Expr::Generator(only)] if !only.parenthesized && arguments.keywords.is_empty() => {
                let fields = vec![self.field(&only.elt)?, self.generators(&only.generators)?];
                Field::List(vec![boxed(self.at(Kind::GeneratorExp, arguments.range, fields))])
            }
            args => self.list(args)?,
        };
        let keywords = arguments.keywords.iter().map(|keyword| {
            let fields = vec![name_of(keyword.arg.as_ref()), self.field(&keyword.value)?];
            Ok(boxed(self.at(Kind::keyword, keyword.range, fields)))
        });
        Ok((args, Field::List(keywords.collect::<Res<Vec<_>>>()?)))
    }

    fn parameter(&self, parameter: &Parameter) -> Res<Field> {
        let annotation = self.optional(parameter.annotation.as_deref())?;
        let fields = vec![text(&parameter.name.id), annotation, Field::None];
        Ok(boxed(self.at(Kind::arg, parameter.range, fields)))
    }

    fn parameters(&self, parameters: Option<&Parameters>) -> Res<Field> {
        let empty = || Field::List(Vec::new());
        let Some(parameters) = parameters else {
            let fields = vec![empty(), empty(), Field::None, empty(), empty(), Field::None, empty()];
            return Ok(boxed(bare(Kind::arguments, fields)));
        };
        let names = |list: &[ParameterWithDefault]| {
            list.iter().map(|p| self.parameter(&p.parameter)).collect::<Res<Vec<_>>>().map(Field::List)
        };
        // Those with stars begin after them.
        let starred = |parameter: Option<&Parameter>| {
            let Some(parameter) = parameter else { return Ok(Field::None) };
            let mut field = self.parameter(parameter)?;
            if let Field::Node(node) = &mut field {
                node.place = self.place(TextRange::new(parameter.name.start(), parameter.range.end()));
            }
            Ok(field)
        };
        let positional = parameters.posonlyargs.iter().chain(parameters.args.iter());
        let defaults = self.list(positional.filter_map(|p| p.default.as_deref()))?;
        let keyword_defaults: Res<Vec<_>> =
            parameters.kwonlyargs.iter().map(|p| self.optional(p.default.as_deref())).collect();
        let fields = vec![
            names(&parameters.posonlyargs)?,
            names(&parameters.args)?,
            starred(parameters.vararg.as_deref())?,
            names(&parameters.kwonlyargs)?,
            Field::List(keyword_defaults?),
            starred(parameters.kwarg.as_deref())?,
            defaults,
        ];
        Ok(boxed(bare(Kind::arguments, fields)))
    }

    // Strings with fields.

    fn fstring(&self, string: &ast::ExprFString) -> Res<Node> {
        let mut pieces = Vec::new();
        for part in &string.value {
            match part {
                FStringPart::Literal(part) => {
                    let text = literal::string_part(self.source, part)?;
                    pieces.push(Piece::Literal(text, part.range, is_unicode(part)));
                }
                FStringPart::FString(part) => {
                    let raw = part.flags.prefix().is_raw();
                    self.pieces(&part.elements, raw, false, &mut pieces)?;
                }
            }
        }
        Ok(self.at(Kind::JoinedStr, string.range, vec![self.joined(pieces)]))
    }

    fn pieces(
        &self,
        elements: &ast::InterpolatedStringElements,
        raw: bool,
        template: bool,
        pieces: &mut Vec<Piece>,
    ) -> Res<()> {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    let text = literal::interpolated_part(self.source, element, raw)?;
                    pieces.push(Piece::Literal(text, element.range, false));
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        let start = element.range.start() + TextSize::new(1);
                        let end = start + TextSize::new(debug.as_str().len() as u32);
                        let range = TextRange::new(start, end);
                        pieces.push(Piece::Literal(debug.as_str().as_bytes().to_vec(), range, false));
                    }
                    pieces.push(Piece::Field(self.replacement(element, raw, template)?));
                }
            }
        }
        Ok(())
    }

    fn replacement(&self, field: &InterpolatedElement, raw: bool, template: bool) -> Res<Node> {
        let value = self.field(&field.expression)?;
        let conversion = match field.conversion {
            ConversionFlag::None if field.debug_text.is_some() && field.format_spec.is_none() => {
                ConversionFlag::Repr
            }
            other => other,
        };
        let spec = match &field.format_spec {
            None => Field::None,
            Some(spec) => {
                let mut pieces = Vec::new();
                self.pieces(&spec.elements, raw, template, &mut pieces)?;
                // It begins with its colon.
                let colon = spec.range.start().checked_sub(TextSize::new(1)).unwrap_or_default();
                let range = TextRange::new(colon, spec.range.end());
                boxed(self.at(Kind::JoinedStr, range, vec![self.joined(pieces)]))
            }
        };
        let conversion = Field::Int(conversion as i8 as i64);
        if !template {
            return Ok(self.at(Kind::FormattedValue, field.range, vec![value, conversion, spec]));
        }
        let source = field_text(self.source, field);
        let source = Field::Constant(Constant::Str(source.as_bytes().into()));
        Ok(self.at(Kind::Interpolation, field.range, vec![value, source, conversion, spec]))
    }

    /// Neighbouring texts are one constant, empty ones are none.
    fn joined(&self, pieces: Vec<Piece>) -> Field {
        let mut fields = Vec::with_capacity(pieces.len());
        let mut pending: Option<(Vec<u8>, TextRange, bool)> = None;
        let flush = |pending: &mut Option<(Vec<u8>, TextRange, bool)>, fields: &mut Vec<Field>| {
            if let Some((text, range, unicode)) = pending.take()
                && !text.is_empty()
            {
                fields.push(boxed(self.constant(range, Constant::Str(text.into()), unicode)));
            }
        };
        for piece in pieces {
            match piece {
                Piece::Literal(text, range, unicode) => match &mut pending {
                    Some((all, whole, _)) => {
                        all.extend(text);
                        *whole = whole.cover(range);
                    }
                    None => pending = Some((text, range, unicode)),
                },
                Piece::Field(node) => {
                    flush(&mut pending, &mut fields);
                    fields.push(boxed(node));
                }
            }
        }
        flush(&mut pending, &mut fields);
        Field::List(fields)
    }

    // Statements.

    /// A definition without its decorators.
    fn definition(&self, range: TextRange, decorators: &[ast::Decorator]) -> TextRange {
        let Some(last) = decorators.last() else { return range };
        let mut start = last.range.end();
        for line in self.source.slice(TextRange::new(start, range.end())).split_inclusive('\n') {
            let code = line.trim_start();
            let blank =
                if code.is_empty() || code.starts_with('#') { line.len() } else { line.len() - code.len() };
            start += TextSize::try_from(blank).unwrap_or_default();
            if blank != line.len() {
                break;
            }
        }
        TextRange::new(start.min(range.end()), range.end())
    }

    fn statement(&self, statement: &Stmt) -> Res<Node> {
        let mut range = statement.range();
        let (kind, fields) = match statement {
            Stmt::FunctionDef(s) => {
                range = self.definition(range, &s.decorator_list);
                let kind = if s.is_async { Kind::AsyncFunctionDef } else { Kind::FunctionDef };
                let fields = vec![
                    text(&s.name.id),
                    self.parameters(Some(&s.parameters))?,
                    self.body(&s.body)?,
                    self.list(s.decorator_list.iter().map(|d| &d.expression))?,
                    self.optional(s.returns.as_deref())?,
                    Field::None,
                    self.type_parameters(s.type_params.as_deref())?,
                ];
                (kind, fields)
            }
            Stmt::ClassDef(s) => {
                range = self.definition(range, &s.decorator_list);
                let (bases, keywords) = match &s.arguments {
                    Some(arguments) => self.arguments(arguments)?,
                    None => (Field::List(Vec::new()), Field::List(Vec::new())),
                };
                let fields = vec![
                    text(&s.name.id),
                    bases,
                    keywords,
                    self.body(&s.body)?,
                    self.list(s.decorator_list.iter().map(|d| &d.expression))?,
                    self.type_parameters(s.type_params.as_deref())?,
                ];
                (Kind::ClassDef, fields)
            }
            Stmt::Return(s) => (Kind::Return, vec![self.optional(s.value.as_deref())?]),
            Stmt::Delete(s) => (Kind::Delete, vec![self.list(&s.targets)?]),
            Stmt::TypeAlias(s) => {
                let parameters = self.type_parameters(s.type_params.as_deref())?;
                (Kind::TypeAlias, vec![self.field(&s.name)?, parameters, self.field(&s.value)?])
            }
            Stmt::Assign(s) => {
                (Kind::Assign, vec![self.list(&s.targets)?, self.field(&s.value)?, Field::None])
            }
            Stmt::AugAssign(s) => {
                (Kind::AugAssign, vec![self.field(&s.target)?, operator(s.op), self.field(&s.value)?])
            }
            Stmt::AnnAssign(s) => {
                let fields = vec![
                    self.field(&s.target)?,
                    self.field(&s.annotation)?,
                    self.optional(s.value.as_deref())?,
                    Field::Int(s.simple.into()),
                ];
                (Kind::AnnAssign, fields)
            }
            Stmt::For(s) => {
                let kind = if s.is_async { Kind::AsyncFor } else { Kind::For };
                let fields = vec![
                    self.field(&s.target)?,
                    self.field(&s.iter)?,
                    self.body(&s.body)?,
                    self.body(&s.orelse)?,
                    Field::None,
                ];
                (kind, fields)
            }
            Stmt::While(s) => {
                (Kind::While, vec![self.field(&s.test)?, self.body(&s.body)?, self.body(&s.orelse)?])
            }
            Stmt::If(s) => {
                let orelse = self.else_clauses(&s.elif_else_clauses, range.end())?;
                (Kind::If, vec![self.field(&s.test)?, self.body(&s.body)?, orelse])
            }
            Stmt::With(s) => {
                let kind = if s.is_async { Kind::AsyncWith } else { Kind::With };
                let items = s.items.iter().map(|item| {
                    let target = self.optional(item.optional_vars.as_deref())?;
                    Ok(boxed(bare(Kind::withitem, vec![self.field(&item.context_expr)?, target])))
                });
                let items = Field::List(items.collect::<Res<Vec<_>>>()?);
                (kind, vec![items, self.body(&s.body)?, Field::None])
            }
            Stmt::Match(s) => {
                let cases = s.cases.iter().map(|case| {
                    let guard = self.optional(case.guard.as_deref())?;
                    let fields = vec![self.pattern(&case.pattern)?, guard, self.body(&case.body)?];
                    Ok(boxed(bare(Kind::match_case, fields)))
                });
                let cases = Field::List(cases.collect::<Res<Vec<_>>>()?);
                (Kind::Match, vec![self.field(&s.subject)?, cases])
            }
            Stmt::Raise(s) => {
                (Kind::Raise, vec![self.optional(s.exc.as_deref())?, self.optional(s.cause.as_deref())?])
            }
            Stmt::Try(s) => {
                let kind = if s.is_star { Kind::TryStar } else { Kind::Try };
                let handlers = s.handlers.iter().map(|handler| {
                    let ast::ExceptHandler::ExceptHandler(h) = handler;
                    let fields = vec![
                        self.optional(h.type_.as_deref())?,
                        name_of(h.name.as_ref()),
                        self.body(&h.body)?,
                    ];
                    Ok(boxed(self.at(Kind::ExceptHandler, h.range, fields)))
                });
                let handlers = Field::List(handlers.collect::<Res<Vec<_>>>()?);
                (kind, vec![self.body(&s.body)?, handlers, self.body(&s.orelse)?, self.body(&s.finalbody)?])
            }
            Stmt::Assert(s) => (Kind::Assert, vec![self.field(&s.test)?, self.optional(s.msg.as_deref())?]),
            Stmt::Import(s) => (Kind::Import, vec![self.aliases(&s.names)]),
            Stmt::ImportFrom(s) => {
                let fields =
                    vec![name_of(s.module.as_ref()), self.aliases(&s.names), Field::Int(s.level.into())];
                (Kind::ImportFrom, fields)
            }
            Stmt::Global(s) => {
                (Kind::Global, vec![Field::List(s.names.iter().map(|name| text(&name.id)).collect())])
            }
            Stmt::Nonlocal(s) => {
                (Kind::Nonlocal, vec![Field::List(s.names.iter().map(|name| text(&name.id)).collect())])
            }
            Stmt::Expr(s) => (Kind::Expr, vec![self.field(&s.value)?]),
            Stmt::Pass(_) => (Kind::Pass, Vec::new()),
            Stmt::Break(_) => (Kind::Break, Vec::new()),
            Stmt::Continue(_) => (Kind::Continue, Vec::new()),
            Stmt::IpyEscapeCommand(s) => {
                return Err(SyntaxError::new(self.source, s.range, "invalid syntax"));
            }
        };
        Ok(self.at(kind, range, fields))
    }

    /// What an `if` has in `orelse`: an `elif` is an `if` of its own, to the end of the whole statement.
    fn else_clauses(&self, clauses: &[ElifElseClause], end: TextSize) -> Res<Field> {
        let mut orelse = Field::List(Vec::new());
        for clause in clauses.iter().rev() {
            let body = self.body(&clause.body)?;
            orelse = match &clause.test {
                None => body,
                Some(test) => {
                    let range = TextRange::new(clause.range.start(), end);
                    let fields = vec![self.field(test)?, body, orelse];
                    Field::List(vec![boxed(self.at(Kind::If, range, fields))])
                }
            };
        }
        Ok(orelse)
    }

    fn aliases(&self, names: &[ast::Alias]) -> Field {
        let each = names.iter().map(|alias| {
            let fields = vec![text(&alias.name.id), name_of(alias.asname.as_ref())];
            boxed(self.at(Kind::alias, alias.range, fields))
        });
        Field::List(each.collect())
    }

    fn type_parameters(&self, parameters: Option<&TypeParams>) -> Res<Field> {
        let Some(parameters) = parameters else { return Ok(Field::List(Vec::new())) };
        let each = parameters.type_params.iter().map(|parameter| {
            let (kind, fields) = match parameter {
                TypeParam::TypeVar(p) => {
                    let bound = self.optional(p.bound.as_deref())?;
                    (Kind::TypeVar, vec![text(&p.name.id), bound, self.optional(p.default.as_deref())?])
                }
                TypeParam::ParamSpec(p) => {
                    (Kind::ParamSpec, vec![text(&p.name.id), self.optional(p.default.as_deref())?])
                }
                TypeParam::TypeVarTuple(p) => {
                    (Kind::TypeVarTuple, vec![text(&p.name.id), self.optional(p.default.as_deref())?])
                }
            };
            Ok(boxed(self.at(kind, parameter.range(), fields)))
        });
        each.collect::<Res<Vec<_>>>().map(Field::List)
    }

    fn patterns(&self, patterns: &[Pattern]) -> Res<Field> {
        patterns.iter().map(|p| self.pattern(p)).collect::<Res<Vec<_>>>().map(Field::List)
    }

    fn pattern(&self, pattern: &Pattern) -> Res<Field> {
        let (kind, fields) = match pattern {
            Pattern::MatchValue(p) => (Kind::MatchValue, vec![self.field(&p.value)?]),
            Pattern::MatchSingleton(p) => {
                let constant = match p.value {
                    Singleton::None => Constant::None,
                    Singleton::True => Constant::True,
                    Singleton::False => Constant::False,
                };
                (Kind::MatchSingleton, vec![Field::Constant(constant)])
            }
            Pattern::MatchSequence(p) => (Kind::MatchSequence, vec![self.patterns(&p.patterns)?]),
            Pattern::MatchMapping(p) => {
                let keys = self.list(&p.keys)?;
                (Kind::MatchMapping, vec![keys, self.patterns(&p.patterns)?, name_of(p.rest.as_ref())])
            }
            Pattern::MatchClass(p) => {
                let keywords = &p.arguments.keywords;
                let names = keywords.iter().map(|keyword| text(&keyword.attr.id)).collect();
                let values: Res<Vec<_>> = keywords.iter().map(|k| self.pattern(&k.pattern)).collect();
                let fields = vec![
                    self.field(&p.cls)?,
                    self.patterns(&p.arguments.patterns)?,
                    Field::List(names),
                    Field::List(values?),
                ];
                (Kind::MatchClass, fields)
            }
            Pattern::MatchStar(p) => (Kind::MatchStar, vec![name_of(p.name.as_ref())]),
            Pattern::MatchAs(p) => {
                let inner = p.pattern.as_deref().map_or(Ok(Field::None), |inner| self.pattern(inner))?;
                (Kind::MatchAs, vec![inner, name_of(p.name.as_ref())])
            }
            Pattern::MatchOr(p) => (Kind::MatchOr, vec![self.patterns(&p.patterns)?]),
        };
        Ok(boxed(self.at(kind, pattern.range(), fields)))
    }
}

fn is_unicode(part: &ast::StringLiteral) -> bool {
    part.flags.prefix().is_unicode()
}

/// The source of a field's expression, with its parentheses.
fn field_text<'s>(source: &'s Source, field: &InterpolatedElement) -> &'s str {
    let start = field.range.start() + TextSize::new(1);
    let end = field.expression.range().end();
    let rest = source.slice(TextRange::new(end, field.range.end()));
    let more = rest.len() - rest.trim_start_matches(|c: char| c == ')' || c.is_whitespace()).len();
    source.slice(TextRange::new(start, end + TextSize::new(more as u32))).trim()
}
