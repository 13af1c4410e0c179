//! Statements and what only they have: decorators, type parameters, aliases.

use ruff_python_ast::{self as ast, AtomicNodeIndex, Identifier, Stmt, TypeParam, TypeParams};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::expression::operator;
use super::{Res, Writer, damaged, unsupported};
use crate::tree::{Field, Kind, Node};

impl Writer {
    pub(super) fn type_parameters(&mut self, node: &Node, index: usize) -> Res<Option<Box<TypeParams>>> {
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
    pub(super) fn decorators(&mut self, node: &Node, index: usize) -> Res<(Vec<ast::Decorator>, TextSize)> {
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

    pub(super) fn aliases(&mut self, node: &Node, index: usize) -> Res<Vec<ast::Alias>> {
        let each = node.nodes(index).map(|alias| {
            let start = self.open(alias.place);
            let name = self.identifier_at(alias.text(0), start)?;
            let asname = self.optional_identifier(alias.text(1), start)?;
            let range = self.close(start, alias.place);
            Ok(ast::Alias { node_index: AtomicNodeIndex::NONE, range, name, asname })
        });
        each.collect()
    }

    pub(super) fn names(&self, node: &Node, range: TextRange) -> Res<Vec<Identifier>> {
        let each = node.list(0).iter().map(|item| match item {
            Field::Text(text) => self.identifier(Some(text), range),
            _ => Err(damaged(node)),
        });
        each.collect()
    }

    pub(super) fn statement(&mut self, node: &Node) -> Res<Stmt> {
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
}
