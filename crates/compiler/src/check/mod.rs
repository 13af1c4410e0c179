//! Errors that the grammar and the scopes do not see: `return` outside a function, `break` outside a loop, two stars
//! in an assignment, a keyword argument given twice, patterns that can never match (`pattern`).
//!
//! Checked after `scope`, in the order in which CPython's code generator meets them. Not here: names (`scope`),
//! targets that the grammar refuses (`diagnose`).

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, ExprContext, Mod, Stmt};
use ruff_text_size::{Ranged, TextRange};

use crate::Options;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

/// CPython's limit on loops, `with` and `try` statements inside one another.
const MAX_BLOCKS: usize = 20;

/// Checks a whole program.
pub fn check(parsed: &Parsed, source: &Source, _options: &Options<'_>) -> Result<(), SyntaxError> {
    let mut checker = Checker { source, error: None, frame: Frame::new(FrameKind::Other) };
    match parsed.syntax() {
        Mod::Module(module) => checker.visit_body(&module.body),
        Mod::Expression(expression) => checker.visit_expr(&expression.body),
    }
    checker.error.map_or(Ok(()), Err)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    Function {
        is_async: bool,
        is_generator: bool,
    },
    /// A lambda or generator expression.
    Expression,
    /// A module or class body.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Loop,
    /// A handler of `except*`.
    StarHandler,
    /// `with`, `try` and what belongs to it.
    Other,
}

/// What surrounds a statement within its code object.
struct Frame {
    kind: FrameKind,
    blocks: Vec<Block>,
}

impl Frame {
    fn new(kind: FrameKind) -> Frame {
        Frame { kind, blocks: Vec::new() }
    }
}

/// Walks the tree until the first error.
struct Checker<'a> {
    source: &'a Source,
    error: Option<SyntaxError>,
    frame: Frame,
}

impl<'a> Checker<'a> {
    fn fail(&mut self, range: TextRange, message: impl Into<String>) {
        if self.error.is_none() {
            self.error = Some(SyntaxError::new(self.source, range, message));
        }
    }

    /// Visits something in a frame of its own.
    fn in_frame(&mut self, kind: FrameKind, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.frame, Frame::new(kind));
        visit(self);
        self.frame = outer;
    }

    fn in_block(&mut self, block: Block, range: TextRange, visit: impl FnOnce(&mut Self)) {
        if self.frame.blocks.len() >= MAX_BLOCKS {
            self.fail(range, "too many statically nested blocks");
            return;
        }
        self.frame.blocks.push(block);
        visit(self);
        self.frame.blocks.pop();
    }

    /// `break` and `continue`.
    fn leave_loop(&mut self, range: TextRange, outside: &str) {
        match self.frame.blocks.iter().rev().find(|block| **block != Block::Other) {
            Some(Block::StarHandler) => self.fail_in_star_handler(range),
            Some(_) => {}
            None => self.fail(range, outside),
        }
    }

    fn fail_in_star_handler(&mut self, range: TextRange) {
        self.fail(range, "'break', 'continue' and 'return' cannot appear in an except* block");
    }

    fn function(&mut self, node: &'a ast::StmtFunctionDef) {
        for decorator in &node.decorator_list {
            self.visit_decorator(decorator);
        }
        for parameter in node.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        self.type_parameters(node.type_params.as_deref());
        for parameter in &node.parameters {
            match parameter.annotation() {
                // `*args: *Ts`
                Some(Expr::Starred(starred)) if parameter.is_variadic() => self.visit_expr(&starred.value),
                Some(annotation) => self.visit_expr(annotation),
                None => {}
            }
        }
        if let Some(returns) = &node.returns {
            self.visit_expr(returns);
        }
        let is_generator = node.is_async && yields(&node.body);
        self.in_frame(FrameKind::Function { is_async: node.is_async, is_generator }, |this| {
            this.visit_body(&node.body);
        });
    }

    fn type_parameters(&mut self, parameters: Option<&'a ast::TypeParams>) {
        let mut seen_default = false;
        for parameter in parameters.into_iter().flat_map(|parameters| &parameters.type_params) {
            if parameter.default().is_some() {
                seen_default = true;
            } else if seen_default {
                let name = parameter.name();
                let message = format!("non-default type parameter '{name}' follows default type parameter");
                self.fail(parameter.range(), message);
            }
            if let ast::TypeParam::TypeVar(variable) = parameter
                && let Some(bound) = &variable.bound
            {
                self.visit_expr(bound);
            }
            match (parameter, parameter.default()) {
                (ast::TypeParam::TypeVarTuple(_), Some(Expr::Starred(starred))) => {
                    self.visit_expr(&starred.value)
                }
                (_, Some(default)) => self.visit_expr(default),
                (_, None) => {}
            }
        }
    }

    fn keywords(&mut self, arguments: &ast::Arguments) {
        let mut seen = HashSet::new();
        for keyword in &arguments.keywords {
            if let Some(name) = &keyword.arg
                && !seen.insert(name.as_str())
            {
                self.fail(keyword.range, format!("keyword argument repeated: {name}"));
            }
        }
    }

    /// Elements of a list, tuple, set or call, where stars may stand.
    fn elements(&mut self, elements: &'a [Expr]) {
        for element in elements {
            match element {
                Expr::Starred(starred) => self.visit_expr(&starred.value),
                element => self.visit_expr(element),
            }
        }
    }

    fn targets(&mut self, elements: &'a [Expr], range: TextRange) {
        let stars = elements.iter().filter(|element| element.is_starred_expr()).count();
        if stars > 1 {
            self.fail(range, "multiple starred expressions in assignment");
        }
        let before = elements.iter().position(Expr::is_starred_expr).unwrap_or(0);
        if stars == 1 && (before >= 1 << 8 || elements.len() - before > 1 << 8) {
            // The operand of the instruction holds a byte for each side.
            self.fail(range, "too many expressions in star-unpacking assignment");
        }
        self.elements(elements);
    }

    fn try_statement(&mut self, node: &'a ast::StmtTry) {
        let handlers = &node.handlers;
        for (index, handler) in handlers.iter().enumerate() {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            if handler.type_.is_none() && index + 1 < handlers.len() {
                self.fail(handler.range, "default 'except:' must be last");
            }
        }
        let finally = !node.finalbody.is_empty();
        let protected = |this: &mut Self| {
            this.in_block(Block::Other, node.range, |this| this.visit_body(&node.body));
            this.visit_body(&node.orelse);
            for handler in handlers {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                if let Some(type_) = &handler.type_ {
                    this.visit_expr(type_);
                }
                let block = if node.is_star { Block::StarHandler } else { Block::Other };
                this.in_block(block, handler.range, |this| this.visit_body(&handler.body));
            }
        };
        if finally && !handlers.is_empty() {
            self.in_block(Block::Other, node.range, protected);
        } else {
            protected(self);
        }
        self.visit_body(&node.finalbody);
    }
}

impl<'a> Visitor<'a> for Checker<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if self.error.is_some() {
            return;
        }
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => {
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.type_parameters(node.type_params.as_deref());
                self.in_frame(FrameKind::Other, |this| this.visit_body(&node.body));
                if let Some(arguments) = &node.arguments {
                    self.visit_arguments(arguments);
                }
            }
            Stmt::TypeAlias(node) => {
                self.type_parameters(node.type_params.as_deref());
                self.visit_expr(&node.value);
            }
            Stmt::Return(node) => {
                match self.frame.kind {
                    FrameKind::Function { is_generator, .. } => {
                        if is_generator && node.value.is_some() {
                            self.fail(node.range, "'return' with value in async generator");
                        }
                    }
                    FrameKind::Expression | FrameKind::Other => {
                        self.fail(node.range, "'return' outside function");
                    }
                }
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
                if self.frame.blocks.contains(&Block::StarHandler) {
                    self.fail_in_star_handler(node.range);
                }
            }
            Stmt::Break(node) => self.leave_loop(node.range, "'break' outside loop"),
            Stmt::Continue(node) => self.leave_loop(node.range, "'continue' not properly in loop"),
            Stmt::While(node) => {
                self.in_block(Block::Loop, node.range, |this| {
                    this.visit_expr(&node.test);
                    this.visit_body(&node.body);
                });
                self.visit_body(&node.orelse);
            }
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                self.in_block(Block::Loop, node.range, |this| {
                    this.visit_expr(&node.target);
                    this.visit_body(&node.body);
                });
                self.visit_body(&node.orelse);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.visit_with_item(item);
                }
                // One block for each manager, all around the body.
                let count = node.items.len();
                if self.frame.blocks.len() + count > MAX_BLOCKS {
                    self.fail(node.range, "too many statically nested blocks");
                }
                self.frame.blocks.extend(std::iter::repeat_n(Block::Other, count));
                self.visit_body(&node.body);
                self.frame.blocks.truncate(self.frame.blocks.len() - count);
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Match(node) => {
                self.visit_expr(&node.subject);
                self.match_cases(&node.cases);
            }
            Stmt::AnnAssign(node) => {
                // Annotations of locals are not evaluated, but must be expressions that could be.
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
                self.visit_expr(&node.target);
                if !matches!(self.frame.kind, FrameKind::Function { .. }) {
                    self.visit_expr(&node.annotation);
                }
            }
            Stmt::Assign(node) => {
                self.visit_expr(&node.value);
                for target in &node.targets {
                    self.visit_expr(target);
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if self.error.is_some() {
            return;
        }
        match expression {
            Expr::Starred(node) if node.ctx == ExprContext::Store => {
                self.fail(node.range, "starred assignment target must be in a list or tuple");
            }
            Expr::Starred(node) => self.fail(node.range, "can't use starred expression here"),
            Expr::List(node) if node.ctx == ExprContext::Store => self.targets(&node.elts, node.range),
            Expr::Tuple(node) if node.ctx == ExprContext::Store => self.targets(&node.elts, node.range),
            Expr::List(node) => self.elements(&node.elts),
            Expr::Tuple(node) => self.elements(&node.elts),
            Expr::Set(node) => self.elements(&node.elts),
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.visit_parameters(parameters);
                }
                let kind = FrameKind::Function { is_async: false, is_generator: false };
                self.in_frame(kind, |this| this.visit_expr(&node.body));
            }
            Expr::Generator(_) => {
                self.in_frame(FrameKind::Expression, |this| visitor::walk_expr(this, expression));
            }
            Expr::Yield(node) => {
                if self.frame.kind == FrameKind::Other {
                    self.fail(node.range, "'yield' outside function");
                }
                visitor::walk_expr(self, expression);
            }
            Expr::YieldFrom(node) => {
                match self.frame.kind {
                    FrameKind::Other => self.fail(node.range, "'yield from' outside function"),
                    FrameKind::Function { is_async: true, .. } => {
                        self.fail(node.range, "'yield from' inside async function");
                    }
                    FrameKind::Function { .. } | FrameKind::Expression => {}
                }
                visitor::walk_expr(self, expression);
            }
            _ => visitor::walk_expr(self, expression),
        }
    }

    fn visit_annotation(&mut self, annotation: &'a Expr) {
        self.visit_expr(annotation);
    }

    fn visit_arguments(&mut self, arguments: &'a ast::Arguments) {
        self.keywords(arguments);
        self.elements(&arguments.args);
        for keyword in &arguments.keywords {
            self.visit_expr(&keyword.value);
        }
    }
}

/// Whether a function with this body is a generator.
fn yields(body: &[Stmt]) -> bool {
    struct Finder(bool);

    impl<'a> Visitor<'a> for Finder {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                // Only what is evaluated around the body belongs to this function.
                Stmt::FunctionDef(node) => {
                    for decorator in &node.decorator_list {
                        self.visit_decorator(decorator);
                    }
                    for parameter in node.parameters.iter_non_variadic_params() {
                        if let Some(default) = &parameter.default {
                            self.visit_expr(default);
                        }
                    }
                }
                Stmt::ClassDef(node) => {
                    for decorator in &node.decorator_list {
                        self.visit_decorator(decorator);
                    }
                    if let Some(arguments) = &node.arguments {
                        self.visit_arguments(arguments);
                    }
                }
                _ if self.0 => {}
                _ => visitor::walk_stmt(self, statement),
            }
        }

        fn visit_expr(&mut self, expression: &'a Expr) {
            match expression {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
                Expr::Lambda(_) => {}
                _ if self.0 => {}
                _ => visitor::walk_expr(self, expression),
            }
        }
    }

    let mut finder = Finder(false);
    finder.visit_body(body);
    finder.0
}
