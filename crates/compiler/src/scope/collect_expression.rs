//! The first pass, expressions.

use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::{Ranged, TextRange};

use super::collect::{CLASS, Collector, Outcome};
use super::symbol::{Resolution, usage};
use super::{Part, ScopeId, ScopeKind, ScopeNode};

impl Collector<'_> {
    pub(super) fn optional(&mut self, expression: Option<&Expr>) -> Outcome {
        expression.map_or(Ok(()), |expression| self.expression(expression))
    }

    pub(super) fn expressions<'b>(&mut self, expressions: impl IntoIterator<Item = &'b Expr>) -> Outcome {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> Outcome {
        match expression {
            Expr::Named(node) => self.named(node),
            Expr::BoolOp(node) => self.expressions(&node.values),
            Expr::BinOp(node) => {
                self.expression(&node.left)?;
                self.expression(&node.right)
            }
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.defaults(parameters)?;
                }
                self.enter(node, Part::Body, ScopeKind::Lambda);
                if let Some(parameters) = &node.parameters {
                    self.parameters(parameters)?;
                }
                self.expression(&node.body)?;
                self.leave();
                Ok(())
            }
            Expr::If(node) => {
                self.expression(&node.test)?;
                self.expression(&node.body)?;
                self.expression(&node.orelse)
            }
            Expr::Dict(node) => {
                self.expressions(node.items.iter().filter_map(|item| item.key.as_ref()))?;
                self.expressions(node.items.iter().map(|item| &item.value))
            }
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::ListComp(node) => {
                self.comprehension(node, &node.generators, None, &node.elt, Some("list comprehension"))
            }
            Expr::SetComp(node) => {
                self.comprehension(node, &node.generators, None, &node.elt, Some("set comprehension"))
            }
            Expr::DictComp(node) => {
                let value = Some(&*node.value);
                let key = node.key.as_deref().unwrap_or(&node.value);
                self.comprehension(node, &node.generators, value, key, Some("dict comprehension"))
            }
            Expr::Generator(node) => self.comprehension(node, &node.generators, None, &node.elt, None),
            Expr::Await(node) => self.awaits(node),
            Expr::Yield(node) => {
                self.refuse_in_annotation("yield expression", node.range)?;
                self.optional(node.value.as_deref())?;
                self.yields(node.range)
            }
            Expr::YieldFrom(node) => {
                self.refuse_in_annotation("yield expression", node.range)?;
                self.expression(&node.value)?;
                self.yields(node.range)
            }
            Expr::Compare(node) => {
                self.expression(&node.left)?;
                self.expressions(&node.comparators)
            }
            Expr::Call(node) => {
                self.expression(&node.func)?;
                self.arguments(&node.arguments)
            }
            Expr::FString(node) => node.value.elements().try_for_each(|element| self.interpolated(element)),
            Expr::TString(node) => node.value.elements().try_for_each(|element| self.interpolated(element)),
            Expr::Attribute(node) => {
                if node.attr.as_str() == "__debug__" {
                    self.refuse_debug(node.ctx, node.range)?;
                }
                self.expression(&node.value)
            }
            Expr::Subscript(node) => {
                self.expression(&node.value)?;
                self.expression(&node.slice)
            }
            Expr::Starred(node) => self.expression(&node.value),
            Expr::Name(node) => self.name(node),
            Expr::List(node) => self.expressions(&node.elts),
            Expr::Tuple(node) => self.expressions(&node.elts),
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref())?;
                self.optional(node.upper.as_deref())?;
                self.optional(node.step.as_deref())
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => Ok(()),
        }
    }

    fn refuse_debug(&self, context: ExprContext, range: TextRange) -> Outcome {
        match context {
            ExprContext::Store => self.error(range, "cannot assign to __debug__"),
            ExprContext::Del => self.error(range, "cannot delete __debug__"),
            ExprContext::Load | ExprContext::Invalid => Ok(()),
        }
    }

    fn name(&mut self, node: &ast::ExprName) -> Outcome {
        if self.scope().in_unevaluated_annotation {
            return Ok(());
        }
        if node.ctx != ExprContext::Load {
            if node.id.as_str() == "__debug__" {
                self.refuse_debug(node.ctx, node.range)?;
            }
            return self.define(&node.id, usage::LOCAL, node.range);
        }
        self.define(&node.id, usage::USE, node.range)?;
        // `super()` finds its class through this cell.
        if node.id.as_str() == "super" && self.scope().is_function_like() {
            self.scope().add(CLASS, usage::USE, Resolution::GlobalImplicit);
        }
        Ok(())
    }

    pub(super) fn arguments(&mut self, arguments: &ast::Arguments) -> Outcome {
        self.expressions(&arguments.args)?;
        for keyword in &arguments.keywords {
            if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "__debug__") {
                return self.error(keyword.range, "cannot assign to __debug__");
            }
        }
        self.expressions(arguments.keywords.iter().map(|keyword| &keyword.value))
    }

    fn interpolated(&mut self, element: &ast::InterpolatedStringElement) -> Outcome {
        let ast::InterpolatedStringElement::Interpolation(node) = element else { return Ok(()) };
        self.expression(&node.expression)?;
        match &node.format_spec {
            Some(specification) => {
                specification.elements.iter().try_for_each(|element| self.interpolated(element))
            }
            None => Ok(()),
        }
    }

    fn awaits(&mut self, node: &ast::ExprAwait) -> Outcome {
        self.refuse_in_annotation("await expression", node.range)?;
        let scope = self.scope();
        if !scope.is_function_like() {
            return self.error(node.range, "'await' outside function");
        }
        let allowed = match scope.kind {
            ScopeKind::Function => scope.coroutine,
            // Whether these may is decided by what is around them.
            ScopeKind::Comprehension | ScopeKind::Generator => true,
            _ => false,
        };
        if !allowed {
            return self.error(node.range, "'await' outside async function");
        }
        self.expression(&node.value)?;
        self.scope().coroutine = true;
        Ok(())
    }

    fn yields(&mut self, range: TextRange) -> Outcome {
        let scope = self.scope();
        scope.generator = true;
        match (scope.kind, scope.comprehension) {
            (ScopeKind::Comprehension, Some(what)) => self.error(range, format!("'yield' inside {what}")),
            (ScopeKind::Generator, _) => self.error(range, "'yield' inside generator expression"),
            _ => Ok(()),
        }
    }

    fn refuse_in_annotation(&mut self, what: &str, range: TextRange) -> Outcome {
        let scope = self.scope();
        let place = match scope.kind {
            ScopeKind::Annotations => "an annotation",
            ScopeKind::TypeVarBound => scope.description.unwrap_or("a TypeVar bound"),
            ScopeKind::TypeAlias => "a type alias",
            ScopeKind::TypeParameters => "the definition of a generic",
            _ => return Ok(()),
        };
        self.error(range, format!("{what} cannot be used within {place}"))
    }

    // Assignment expressions.

    fn named(&mut self, node: &ast::ExprNamed) -> Outcome {
        self.refuse_in_annotation("named expression", node.range)?;
        if self.scope().comprehension_iterables > 0 {
            let message = "assignment expression cannot be used in a comprehension iterable expression";
            return self.error(node.range, message);
        }
        if matches!(self.scope().kind, ScopeKind::Comprehension | ScopeKind::Generator)
            && let Expr::Name(target) = &*node.target
        {
            self.bind_outside_comprehension(target)?;
        }
        self.expression(&node.value)?;
        self.expression(&node.target)
    }

    /// Inside a comprehension `:=` binds in the nearest scope around that is not a comprehension.
    fn bind_outside_comprehension(&mut self, target: &ast::ExprName) -> Outcome {
        let mut scope = self.current;
        loop {
            let kind = self.table.scope(scope).kind;
            match kind {
                ScopeKind::Comprehension | ScopeKind::Generator => {
                    let usage = self.usage(scope, &target.id);
                    if usage & usage::COMPREHENSION_TARGET != 0 && usage & usage::LOCAL != 0 {
                        let message = format!(
                            "assignment expression cannot rebind comprehension iteration variable '{}'",
                            target.id
                        );
                        return self.error(target.range, message);
                    }
                }
                ScopeKind::Function | ScopeKind::Lambda => {
                    let global = self.usage(scope, &target.id) & usage::GLOBAL != 0;
                    let how = if global { usage::GLOBAL } else { usage::NONLOCAL };
                    self.define(&target.id, how, target.range)?;
                    self.record_directive(&target.id, target.range);
                    return self.define_in(scope, &target.id, usage::LOCAL, target.range);
                }
                ScopeKind::Module => {
                    self.define(&target.id, usage::GLOBAL, target.range)?;
                    self.record_directive(&target.id, target.range);
                    return self.define_in(scope, &target.id, usage::GLOBAL, target.range);
                }
                ScopeKind::Class => {
                    let message =
                        "assignment expression within a comprehension cannot be used in a class body";
                    return self.error(target.range, message);
                }
                ScopeKind::TypeParameters => {
                    let message = "assignment expression within a comprehension cannot be used within the \
                                   definition of a generic";
                    return self.error(target.range, message);
                }
                ScopeKind::TypeAlias => {
                    let message =
                        "assignment expression within a comprehension cannot be used in a type alias";
                    return self.error(target.range, message);
                }
                ScopeKind::TypeVarBound => {
                    let message =
                        "assignment expression within a comprehension cannot be used in a TypeVar bound";
                    return self.error(target.range, message);
                }
                // An annotation is passed by: what is around it decides.
                ScopeKind::Annotations => {}
            }
            scope = self.table.scope(scope).parent.unwrap_or(ScopeId::MODULE);
        }
    }

    // Comprehensions.

    /// `what` is None for a generator expression.
    fn comprehension<T: ScopeNode + Ranged>(
        &mut self,
        node: &T,
        generators: &[ast::Comprehension],
        value: Option<&Expr>,
        element: &Expr,
        what: Option<&'static str>,
    ) -> Outcome {
        let Some((first, rest)) = generators.split_first() else { return Ok(()) };
        // The outermost iterable is evaluated outside.
        self.iterable(&first.iter)?;
        let kind = if what.is_some() { ScopeKind::Comprehension } else { ScopeKind::Generator };
        self.enter(node, Part::Body, kind);
        self.scope().comprehension = what;
        self.scope().coroutine = first.is_async;
        if what.is_none() {
            self.define(".0", usage::PARAMETER, node.range())?;
        }
        self.target(&first.target)?;
        self.expressions(&first.ifs)?;
        for generator in rest {
            self.target(&generator.target)?;
            self.iterable(&generator.iter)?;
            self.expressions(&generator.ifs)?;
            if generator.is_async {
                self.scope().coroutine = true;
            }
        }
        self.optional(value)?;
        self.expression(element)?;
        self.scope().generator = what.is_none();
        let is_async = self.scope().coroutine && what.is_some();
        self.leave();
        if is_async {
            let outer = self.scope();
            let allowed = outer.kind == ScopeKind::Function && outer.coroutine
                || matches!(outer.kind, ScopeKind::Comprehension | ScopeKind::Generator);
            if !allowed {
                let message = "asynchronous comprehension outside of an asynchronous function";
                return self.error(node.range(), message);
            }
            self.scope().coroutine = true;
        }
        Ok(())
    }

    fn iterable(&mut self, expression: &Expr) -> Outcome {
        self.scope().comprehension_iterables += 1;
        self.expression(expression)?;
        self.scope().comprehension_iterables -= 1;
        Ok(())
    }

    fn target(&mut self, expression: &Expr) -> Outcome {
        self.scope().in_comprehension_target = true;
        self.expression(expression)?;
        self.scope().in_comprehension_target = false;
        Ok(())
    }
}
