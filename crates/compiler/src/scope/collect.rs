//! The first pass: which scopes a program has and what each does with which name.
//!
//! Statements are here, expressions in `collect_expression`. Names are visited in CPython's order, because the first
//! error found is the one reported and the first appearance numbers the locals.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use ruff_python_ast::{self as ast, Expr, Mod, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::future::{self, Future};
use super::symbol::{NameId, Names, Resolution, Scope, usage};
use super::{Part, ScopeId, ScopeKind, ScopeNode, mangle};
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

/// `__class__`, interned first.
pub(super) const CLASS: NameId = 0;
/// `__classdict__`, interned second.
pub(super) const CLASSDICT: NameId = 1;
/// `__conditional_annotations__`, interned third.
pub(super) const CONDITIONAL_ANNOTATIONS: NameId = 2;

/// What the first pass finds.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) names: Names,
    pub(super) scopes: Vec<Scope>,
    pub(super) children: HashMap<(usize, Part), ScopeId>,
    pub(super) future_annotations: bool,
}

impl Collected {
    pub(super) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub(super) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    /// A name as `scope` stores it.
    pub(super) fn mangled<'a>(&self, scope: ScopeId, name: &'a str) -> Cow<'a, str> {
        let record = self.scope(scope);
        if let Some(generic) = record.mangles_only
            && !self.scope(generic).mangled_names.contains(name)
        {
            return Cow::Borrowed(name);
        }
        mangle(record.class_name.as_deref(), name)
    }
}

/// Runs the first pass.
pub(super) fn collect(
    parsed: &Parsed,
    source: &Source,
    inherited_annotations: bool,
) -> Result<Collected, SyntaxError> {
    let body: &[Stmt] = parsed.module().map_or(&[], |module| &module.body);
    let future = future::read(body, source)?;
    let mut names = Names::default();
    for name in ["__class__", "__classdict__", "__conditional_annotations__"] {
        names.intern(name);
    }
    let future_annotations = future.annotations || inherited_annotations;
    let table = Collected {
        names,
        scopes: vec![Scope::new(ScopeKind::Module, None)],
        children: HashMap::new(),
        future_annotations,
    };
    let mut collector = Collector { table, source, future, current: ScopeId::MODULE };
    match parsed.syntax() {
        Mod::Module(module) => collector.statements(&module.body)?,
        Mod::Expression(expression) => collector.expression(&expression.body)?,
    }
    Ok(collector.table)
}

pub(super) struct Collector<'a> {
    pub(super) table: Collected,
    pub(super) source: &'a Source,
    future: Future,
    pub(super) current: ScopeId,
}

pub(super) type Outcome = Result<(), SyntaxError>;

impl Collector<'_> {
    pub(super) fn scope(&mut self) -> &mut Scope {
        self.table.scope_mut(self.current)
    }

    pub(super) fn error<T>(&self, range: TextRange, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.source, range, message))
    }

    // Scopes.

    fn new_scope(&mut self, kind: ScopeKind) -> ScopeId {
        let parent = self.table.scope(self.current);
        let mut scope = Scope::new(kind, Some(self.current));
        scope.nested = parent.nested || parent.is_function_like();
        scope.class_name = parent.class_name.clone();
        scope.mangles_only = parent.mangles_only;
        let id = ScopeId(self.table.scopes.len() as u32);
        self.table.scopes.push(scope);
        id
    }

    /// Opens a scope that exists but is not yet among its parent's children.
    fn enter_new(&mut self, id: ScopeId) {
        self.scope().children.push(id);
        self.reenter(id);
    }

    fn reenter(&mut self, id: ScopeId) {
        let iterables = self.scope().comprehension_iterables;
        self.current = id;
        self.scope().comprehension_iterables = iterables;
    }

    pub(super) fn enter<T: ScopeNode>(&mut self, node: &T, part: Part, kind: ScopeKind) {
        let id = self.new_scope(kind);
        self.table.children.insert((node.key(), part), id);
        self.enter_new(id);
        if matches!(kind, ScopeKind::Annotations | ScopeKind::TypeVarBound | ScopeKind::TypeAlias) {
            self.add_format_parameter();
        }
    }

    pub(super) fn leave(&mut self) {
        self.current = self.table.scope(self.current).parent.unwrap_or(ScopeId::MODULE);
    }

    fn add_format_parameter(&mut self) {
        let name = self.table.names.intern(".format");
        self.scope().parameters.push(name);
        self.scope().add(name, usage::PARAMETER | usage::USE, Resolution::Local);
    }

    pub(super) fn see_class(&mut self) {
        self.scope().sees_class = true;
        self.scope().add(CLASSDICT, usage::USE, Resolution::GlobalImplicit);
    }

    // Names.

    pub(super) fn intern_mangled(&mut self, scope: ScopeId, name: &str) -> NameId {
        match self.table.mangled(scope, name) {
            Cow::Borrowed(name) => self.table.names.intern(name),
            Cow::Owned(name) => self.table.names.intern(&name),
        }
    }

    /// Records that the current scope does `how` with `name`.
    pub(super) fn define(&mut self, name: &str, how: u16, range: TextRange) -> Outcome {
        if how & (usage::PARAMETER | usage::LOCAL | usage::IMPORT) != 0 && name == "__debug__" {
            return self.error(range, "cannot assign to __debug__");
        }
        if how & usage::TYPE_PARAMETER != 0
            && let Some(generic) = self.table.scope(self.current).mangles_only
        {
            self.table.scope_mut(generic).mangled_names.insert(name.to_owned());
        }
        self.define_in(self.current, name, how, range)
    }

    pub(super) fn define_in(&mut self, scope: ScopeId, name: &str, how: u16, range: TextRange) -> Outcome {
        let mangled = self.intern_mangled(self.current, name);
        let record = self.table.scope_mut(scope);
        let before = record.usage(mangled);
        if how & before & usage::PARAMETER != 0 {
            return self.error(range, format!("duplicate argument '{name}' in function definition"));
        }
        if how & before & usage::TYPE_PARAMETER != 0 {
            return self.error(range, format!("duplicate type parameter '{name}'"));
        }
        let mut how = how;
        if record.in_comprehension_target {
            if (before | how) & (usage::GLOBAL | usage::NONLOCAL) != 0 {
                let message =
                    format!("comprehension inner loop cannot rebind assignment expression target '{name}'");
                return self.error(range, message);
            }
            how |= usage::COMPREHENSION_TARGET;
        }
        record.add(mangled, how, Resolution::GlobalImplicit);
        if how & usage::PARAMETER != 0 {
            record.parameters.push(mangled);
        } else if how & usage::GLOBAL != 0 {
            self.table.scope_mut(ScopeId::MODULE).add(mangled, usage::GLOBAL, Resolution::GlobalImplicit);
        }
        Ok(())
    }

    pub(super) fn usage(&mut self, scope: ScopeId, name: &str) -> u16 {
        let mangled = self.intern_mangled(scope, name);
        self.table.scope(scope).usage(mangled)
    }

    pub(super) fn record_directive(&mut self, name: &str, range: TextRange) {
        let mangled = self.intern_mangled(self.current, name);
        self.scope().directives.push((mangled, range));
    }

    // Statements.

    fn statements(&mut self, body: &[Stmt]) -> Outcome {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    /// Statements that may not be executed.
    fn conditional<'b>(&mut self, bodies: impl IntoIterator<Item = &'b [Stmt]>) -> Outcome {
        let outer = std::mem::replace(&mut self.scope().in_conditional_block, true);
        for body in bodies {
            self.statements(body)?;
        }
        self.scope().in_conditional_block = outer;
        Ok(())
    }

    fn statement(&mut self, statement: &Stmt) -> Outcome {
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Return(node) => self.optional(node.value.as_deref()),
            Stmt::Delete(node) => self.expressions(&node.targets),
            Stmt::Assign(node) => {
                self.expressions(&node.targets)?;
                self.expression(&node.value)
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target)?;
                self.expression(&node.value)
            }
            Stmt::AnnAssign(node) => self.annotated_assignment(node),
            Stmt::For(node) => {
                if node.is_async && !self.scope().coroutine {
                    return self.error(node.range, "'async for' outside async function");
                }
                self.expression(&node.target)?;
                self.expression(&node.iter)?;
                self.conditional([&*node.body, &*node.orelse])
            }
            Stmt::While(node) => {
                self.expression(&node.test)?;
                self.conditional([&*node.body, &*node.orelse])
            }
            Stmt::If(node) => {
                self.expression(&node.test)?;
                self.conditional([&*node.body])?;
                for clause in &node.elif_else_clauses {
                    self.optional(clause.test.as_ref())?;
                    self.conditional([&*clause.body])?;
                }
                Ok(())
            }
            Stmt::With(node) => {
                if node.is_async && !self.scope().coroutine {
                    return self.error(node.range, "'async with' outside async function");
                }
                for item in &node.items {
                    self.expression(&item.context_expr)?;
                    self.optional(item.optional_vars.as_deref())?;
                }
                self.conditional([&*node.body])
            }
            Stmt::Match(node) => {
                self.expression(&node.subject)?;
                for case in &node.cases {
                    self.pattern(&case.pattern)?;
                    self.optional(case.guard.as_deref())?;
                    self.conditional([&*case.body])?;
                }
                Ok(())
            }
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref())?;
                self.optional(node.cause.as_deref())
            }
            Stmt::Try(node) => {
                self.conditional([&*node.body])?;
                for handler in &node.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.optional(handler.type_.as_deref())?;
                    if let Some(name) = &handler.name {
                        self.define(name, usage::LOCAL, handler.range)?;
                    }
                    self.conditional([&*handler.body])?;
                }
                self.conditional([&*node.orelse, &*node.finalbody])
            }
            Stmt::Assert(node) => {
                self.expression(&node.test)?;
                self.optional(node.msg.as_deref())
            }
            Stmt::Import(node) => node.names.iter().try_for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(node) => {
                node.names.iter().try_for_each(|alias| self.import(alias))?;
                if future::is_future(node) && node.end() > self.future.end {
                    let message = "from __future__ imports must occur at the beginning of the file";
                    return self.error(node.range, message);
                }
                Ok(())
            }
            Stmt::Global(node) => {
                node.names.iter().try_for_each(|name| self.declaration(name, usage::GLOBAL, node.range))
            }
            Stmt::Nonlocal(node) => {
                node.names.iter().try_for_each(|name| self.declaration(name, usage::NONLOCAL, node.range))
            }
            Stmt::Expr(node) => self.expression(&node.value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => Ok(()),
        }
    }

    /// `global` and `nonlocal`.
    fn declaration(&mut self, name: &str, how: u16, range: TextRange) -> Outcome {
        let word = if how == usage::GLOBAL { "global" } else { "nonlocal" };
        let before = self.usage(self.current, name);
        let message = if before & usage::PARAMETER != 0 {
            format!("name '{name}' is parameter and {word}")
        } else if before & usage::USE != 0 {
            format!("name '{name}' is used prior to {word} declaration")
        } else if before & usage::ANNOTATED != 0 {
            format!("annotated name '{name}' can't be {word}")
        } else if before & usage::LOCAL != 0 {
            format!("name '{name}' is assigned to before {word} declaration")
        } else {
            self.define(name, how, range)?;
            self.record_directive(name, range);
            return Ok(());
        };
        self.error(range, message)
    }

    fn import(&mut self, alias: &ast::Alias) -> Outcome {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        if name != "*" {
            let bound = name.split('.').next().unwrap_or(name);
            return self.define(bound, usage::IMPORT, alias.range);
        }
        if self.current != ScopeId::MODULE {
            return self.error(alias.range, "import * only allowed at module level");
        }
        Ok(())
    }

    // Definitions.

    fn function(&mut self, node: &ast::StmtFunctionDef) -> Outcome {
        let range = self.definition_range(node.range, &node.decorator_list);
        self.define(&node.name, usage::LOCAL, range)?;
        self.defaults(&node.parameters)?;
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression)?;
        }
        if let Some(parameters) = &node.type_params {
            self.enter_type_parameters(node, false);
            let mut positional = node.parameters.posonlyargs.iter().chain(&node.parameters.args);
            if positional.any(|parameter| parameter.default.is_some()) {
                self.define(".defaults", usage::PARAMETER, range)?;
            }
            if node.parameters.kwonlyargs.iter().any(|parameter| parameter.default.is_some()) {
                self.define(".kwdefaults", usage::PARAMETER, range)?;
            }
            self.type_parameters(parameters)?;
        }
        self.signature_annotations(node)?;
        self.enter(node, Part::Body, ScopeKind::Function);
        self.scope().coroutine = node.is_async;
        self.parameters(&node.parameters)?;
        self.statements(&node.body)?;
        self.leave();
        if node.type_params.is_some() {
            self.leave();
        }
        Ok(())
    }

    fn class(&mut self, node: &ast::StmtClassDef) -> Outcome {
        let range = self.definition_range(node.range, &node.decorator_list);
        self.define(&node.name, usage::LOCAL, range)?;
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression)?;
        }
        let class_name: Arc<str> = node.name.as_str().into();
        if let Some(parameters) = &node.type_params {
            self.enter_type_parameters(node, true);
            let scope = self.current;
            self.scope().class_name = Some(class_name.clone());
            self.scope().mangles_only = Some(scope);
            self.type_parameters(parameters)?;
        }
        if let Some(arguments) = &node.arguments {
            self.arguments(arguments)?;
        }
        self.enter(node, Part::Body, ScopeKind::Class);
        self.scope().class_name = Some(class_name);
        self.scope().mangles_only = None;
        if node.type_params.is_some() {
            self.define("__type_params__", usage::LOCAL, range)?;
            self.define(".type_params", usage::USE, range)?;
        }
        self.statements(&node.body)?;
        self.leave();
        if node.type_params.is_some() {
            self.leave();
        }
        Ok(())
    }

    fn type_alias(&mut self, node: &ast::StmtTypeAlias) -> Outcome {
        self.expression(&node.name)?;
        let in_class = self.scope().kind == ScopeKind::Class;
        if let Some(parameters) = &node.type_params {
            self.enter_type_parameters(node, false);
            self.type_parameters(parameters)?;
        }
        self.enter(node, Part::Body, ScopeKind::TypeAlias);
        if in_class {
            self.see_class();
        }
        self.expression(&node.value)?;
        self.leave();
        if node.type_params.is_some() {
            self.leave();
        }
        Ok(())
    }

    /// The `def` or `class` statement without its decorators.
    fn definition_range(&self, range: TextRange, decorators: &[ast::Decorator]) -> TextRange {
        let Some(last) = decorators.last() else { return range };
        let mut start = last.end();
        for line in self.source.slice(TextRange::new(start, range.end())).split_inclusive('\n') {
            let code = line.trim_start();
            if !code.is_empty() && !code.starts_with('#') {
                start += ruff_text_size::TextSize::try_from(line.len() - code.len()).unwrap_or_default();
                break;
            }
            start += ruff_text_size::TextSize::try_from(line.len()).unwrap_or_default();
        }
        TextRange::new(start.min(range.end()), range.end())
    }

    fn enter_type_parameters<T: ScopeNode>(&mut self, node: &T, of_class: bool) {
        let in_class = self.scope().kind == ScopeKind::Class;
        self.enter(node, Part::TypeParameters, ScopeKind::TypeParameters);
        if in_class {
            self.see_class();
        }
        if of_class {
            for name in [".type_params", ".generic_base"] {
                let name = self.table.names.intern(name);
                self.scope().add(name, usage::LOCAL | usage::USE, Resolution::GlobalImplicit);
            }
        }
    }

    fn type_parameters(&mut self, parameters: &ast::TypeParams) -> Outcome {
        const BOUND: u16 = usage::TYPE_PARAMETER | usage::LOCAL;
        for parameter in &parameters.type_params {
            match parameter {
                ast::TypeParam::TypeVar(node) => {
                    self.define(&node.name, BOUND, node.range)?;
                    let description = match node.bound.as_deref() {
                        Some(Expr::Tuple(_)) => "a TypeVar constraint",
                        _ => "a TypeVar bound",
                    };
                    self.type_variable(node, &node.name, node.bound.as_deref(), Part::Bound, description)?;
                    let default = node.default.as_deref();
                    self.type_variable(node, &node.name, default, Part::Default, "a TypeVar default")?;
                }
                ast::TypeParam::TypeVarTuple(node) => {
                    self.define(&node.name, BOUND, node.range)?;
                    let default = node.default.as_deref();
                    self.type_variable(node, &node.name, default, Part::Default, "a TypeVarTuple default")?;
                }
                ast::TypeParam::ParamSpec(node) => {
                    self.define(&node.name, BOUND, node.range)?;
                    let default = node.default.as_deref();
                    self.type_variable(node, &node.name, default, Part::Default, "a ParamSpec default")?;
                }
            }
        }
        Ok(())
    }

    /// A bound or default of a type parameter.
    fn type_variable<T: ScopeNode + Ranged>(
        &mut self,
        node: &T,
        name: &str,
        value: Option<&Expr>,
        part: Part,
        description: &'static str,
    ) -> Outcome {
        if name == "__classdict__" {
            return self
                .error(node.range(), format!("reserved name '{name}' cannot be used for type parameter"));
        }
        let Some(value) = value else { return Ok(()) };
        let sees_class = self.scope().sees_class;
        self.enter(node, part, ScopeKind::TypeVarBound);
        if sees_class {
            self.see_class();
        }
        self.scope().description = Some(description);
        self.expression(value)?;
        self.leave();
        Ok(())
    }

    pub(super) fn defaults(&mut self, parameters: &ast::Parameters) -> Outcome {
        // Positional defaults come first, as they are evaluated.
        parameters
            .iter_non_variadic_params()
            .try_for_each(|parameter| self.optional(parameter.default.as_deref()))
    }

    pub(super) fn parameters(&mut self, parameters: &ast::Parameters) -> Outcome {
        for parameter in parameters.iter_non_variadic_params() {
            self.define(&parameter.parameter.name, usage::PARAMETER, parameter.parameter.range)?;
        }
        for parameter in parameters.vararg.iter().chain(&parameters.kwarg) {
            // Without the stars.
            let range = TextRange::new(parameter.name.start(), parameter.range.end());
            self.define(&parameter.name, usage::PARAMETER, range)?;
        }
        Ok(())
    }

    // Annotations.

    fn signature_annotations(&mut self, node: &ast::StmtFunctionDef) -> Outcome {
        let sees_class = self.scope().sees_class || self.scope().kind == ScopeKind::Class;
        let parameters = &node.parameters;
        let variadic = parameters.vararg.iter().chain(&parameters.kwarg).map(|parameter| &**parameter);
        let positional = parameters.posonlyargs.iter().chain(&parameters.args).map(|p| &p.parameter);
        let keyword = parameters.kwonlyargs.iter().map(|p| &p.parameter);
        let annotations: Vec<&Expr> = positional
            .chain(variadic)
            .chain(keyword)
            .filter_map(|parameter| parameter.annotation.as_deref())
            .chain(node.returns.as_deref())
            .collect();
        if annotations.is_empty() {
            return Ok(());
        }
        self.enter(node, Part::Annotations, ScopeKind::Annotations);
        if sees_class {
            self.see_class();
        }
        self.scope().annotations_used = true;
        for annotation in annotations {
            self.expression(annotation)?;
        }
        self.forget_if_strings();
        self.leave();
        Ok(())
    }

    /// Under `from __future__ import annotations` annotations are never evaluated: they use no name.
    fn forget_if_strings(&mut self) {
        if self.table.future_annotations {
            let scope = self.scope();
            scope.symbols.clear();
            scope.index.clear();
            scope.children.clear();
            scope.parameters.clear();
            scope.sees_class = false;
            self.add_format_parameter();
        }
    }

    fn annotated_assignment(&mut self, node: &ast::StmtAnnAssign) -> Outcome {
        self.scope().annotations_used = true;
        match &*node.target {
            Expr::Name(target) => {
                let before = self.usage(self.current, &target.id);
                let declared = before & (usage::GLOBAL | usage::NONLOCAL);
                if declared != 0 && self.current != ScopeId::MODULE && node.simple {
                    let word = if declared & usage::GLOBAL != 0 { "global" } else { "nonlocal" };
                    return self.error(node.range, format!("annotated name '{}' can't be {word}", target.id));
                }
                if node.simple {
                    self.define(&target.id, usage::ANNOTATED | usage::LOCAL, target.range)?;
                } else if node.value.is_some() {
                    self.define(&target.id, usage::LOCAL, target.range)?;
                }
            }
            target => self.expression(target)?,
        }
        self.variable_annotation(&node.annotation)?;
        self.optional(node.value.as_deref())
    }

    fn variable_annotation(&mut self, annotation: &Expr) -> Outcome {
        let outer = self.current;
        let kind = self.scope().kind;
        // Annotations of locals are not evaluated.
        let unevaluated = self.table.scope(outer).is_function_block();
        // A module may be executed in part, so all its annotations are conditional.
        let conditional =
            kind == ScopeKind::Module || kind == ScopeKind::Class && self.scope().in_conditional_block;
        let first_conditional = conditional && !self.scope().conditional_annotations;
        if first_conditional {
            self.scope().conditional_annotations = true;
            self.scope().add(CONDITIONAL_ANNOTATIONS, usage::USE, Resolution::GlobalImplicit);
        }
        match self.scope().annotations {
            Some(annotations) => self.reenter(annotations),
            None => {
                let annotations = self.new_scope(ScopeKind::Annotations);
                self.scope().annotations = Some(annotations);
                self.enter_new(annotations);
                self.add_format_parameter();
                if kind == ScopeKind::Class && !self.table.future_annotations {
                    self.table.scope_mut(outer).needs_classdict = true;
                    self.see_class();
                }
            }
        }
        self.scope().in_unevaluated_annotation = unevaluated;
        self.expression(annotation)?;
        self.forget_if_strings();
        if kind == ScopeKind::Class && self.table.scope(outer).conditional_annotations {
            self.scope().add(CONDITIONAL_ANNOTATIONS, usage::USE, Resolution::GlobalImplicit);
        }
        self.current = outer;
        Ok(())
    }

    // Patterns.

    fn pattern(&mut self, pattern: &Pattern) -> Outcome {
        match pattern {
            Pattern::MatchValue(node) => self.expression(&node.value),
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(node) => node.patterns.iter().try_for_each(|p| self.pattern(p)),
            Pattern::MatchStar(node) => self.capture(node.name.as_ref(), node.range),
            Pattern::MatchMapping(node) => {
                self.expressions(&node.keys)?;
                node.patterns.iter().try_for_each(|p| self.pattern(p))?;
                self.capture(node.rest.as_ref(), node.range)
            }
            Pattern::MatchClass(node) => {
                self.expression(&node.cls)?;
                node.arguments.patterns.iter().try_for_each(|p| self.pattern(p))?;
                for keyword in &node.arguments.keywords {
                    if keyword.attr.as_str() == "__debug__" {
                        return self.error(keyword.pattern.range(), "cannot assign to __debug__");
                    }
                }
                node.arguments.keywords.iter().try_for_each(|keyword| self.pattern(&keyword.pattern))
            }
            Pattern::MatchAs(node) => {
                if let Some(pattern) = &node.pattern {
                    self.pattern(pattern)?;
                }
                self.capture(node.name.as_ref(), node.range)
            }
            Pattern::MatchOr(node) => node.patterns.iter().try_for_each(|p| self.pattern(p)),
        }
    }

    fn capture(&mut self, name: Option<&ast::Identifier>, range: TextRange) -> Outcome {
        name.map_or(Ok(()), |name| self.define(name, usage::LOCAL, range))
    }
}
