//! Functions and lambdas: their code, defaults, closures, decorators.
//!
//! `MAKE_FUNCTION` takes what a function carries from a run of four registers: positional defaults, keyword defaults,
//! `__annotate__`, the closure.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Decorator, Expr, Parameters, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::call::HEADER;
use super::{Lowerer, NONE, Res};
use crate::bytecode::code::{CodeUnit, Constant, flags};
use crate::bytecode::instruction::{HAS_CLOSURE, HAS_DEFAULTS, HAS_KWDEFAULTS, Intrinsic, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Part, ScopeKind};

/// Index in the run of `MAKE_FUNCTION`.
const ANNOTATE: u32 = 2;
const CLOSURE: u32 = 3;
/// Length of the run.
const RUN: u32 = 4;

impl<'a> Lowerer<'a> {
    pub(super) fn function(&mut self, function: &'a ast::StmtFunctionDef) -> Res {
        let mark = self.depth();
        let first_line = self.first_line(function.range, &function.name, &function.decorator_list);
        let windows = self.decorators(&function.decorator_list)?;
        let dst = if windows.is_empty() { self.store_destination(&function.name) } else { Dst::Push };
        let range = self.definition_range(function.range, &function.decorator_list);
        let reg = self.function_object(function, range, first_line, dst)?;
        self.finish_decorated(&function.decorator_list, &windows, reg, &function.name, range)?;
        self.release(mark);
        Ok(())
    }

    /// Line of the first decorator or of the definition.
    pub(super) fn first_line(
        &self,
        range: TextRange,
        name: &ast::Identifier,
        decorators: &[Decorator],
    ) -> u32 {
        match decorators.first() {
            Some(first) => self.line_of(first.expression.range()),
            None if range.is_empty() => self.line_of(name.range),
            None => self.line_of(range),
        }
    }

    /// The range of a definition without its decorators.
    pub(super) fn definition_range(&self, range: TextRange, decorators: &[Decorator]) -> TextRange {
        let Some(last) = decorators.last() else { return range };
        // Between the last decorator and the definition are only blanks and comments.
        let mut start = last.range.end();
        loop {
            let rest = self.source.slice(TextRange::new(start, range.end()));
            let blank = rest.len() - rest.trim_start().len();
            start += ruff_text_size::TextSize::new(blank as u32);
            let rest = &rest[blank..];
            if !rest.starts_with('#') {
                return TextRange::new(start, range.end());
            }
            let comment = rest.find('\n').unwrap_or(rest.len());
            start += ruff_text_size::TextSize::new(comment as u32);
        }
    }

    /// Evaluates decorators, each to where its call wants it.
    pub(super) fn decorators(&mut self, decorators: &'a [Decorator]) -> Res<Vec<Reg>> {
        let mut windows = Vec::with_capacity(decorators.len());
        for decorator in decorators {
            windows.push(self.push_expression(&decorator.expression)?);
            // The argument of this call is the next one's result.
            self.reserve(HEADER - 1);
        }
        Ok(windows)
    }

    /// Applies decorators to what is in `reg`, and binds the result to `name`.
    pub(super) fn finish_decorated(
        &mut self,
        decorators: &'a [Decorator],
        windows: &[Reg],
        reg: Reg,
        name: &str,
        range: TextRange,
    ) -> Res {
        let mut value = Value::dying(reg);
        for (index, window) in windows.iter().enumerate().rev() {
            self.at(decorators[index].expression.range());
            let target = match index.checked_sub(1).map(|outer| windows[outer].offset(HEADER)) {
                Some(argument) => argument,
                None => match self.store_destination(name) {
                    Dst::Reg(local) => local,
                    Dst::Push => *window,
                },
            };
            self.emit(Opcode::Call, 0, target, *window, 1);
            value = Value { reg: target, kill: target.is_temporary() };
        }
        self.at(range);
        if self.store_destination(name) != Dst::Reg(value.reg) {
            self.store_name(name, value);
        }
        Ok(())
    }

    /// Makes the function object, undecorated.
    fn function_object(
        &mut self,
        function: &'a ast::StmtFunctionDef,
        range: TextRange,
        first_line: u32,
        dst: Dst,
    ) -> Res<Reg> {
        if let Some(type_params) = &function.type_params {
            return self.generic_function(function, type_params, range, first_line, dst);
        }
        let run = self.reserve(RUN);
        let carried = self.defaults(run, &function.parameters, range)?;
        self.finish_function(function, range, first_line, run, carried, dst)
    }

    fn finish_function(
        &mut self,
        function: &'a ast::StmtFunctionDef,
        range: TextRange,
        first_line: u32,
        run: Reg,
        mut carried: u8,
        dst: Dst,
    ) -> Res<Reg> {
        carried |= self.function_annotations(function, range, run.offset(ANNOTATE))?;
        let code = self.function_code(function, first_line)?;
        self.make_function(code, range, run, carried, dst)
    }

    /// Defaults to the first two registers of the run, which are reserved; which there are.
    pub(super) fn defaults(&mut self, run: Reg, parameters: &'a Parameters, range: TextRange) -> Res<u8> {
        let mut carried = 0;
        let mark = self.depth();
        let positional: Vec<&Expr> = parameters
            .posonlyargs
            .iter()
            .chain(&parameters.args)
            .filter_map(|parameter| parameter.default.as_deref())
            .collect();
        if !positional.is_empty() {
            carried |= HAS_DEFAULTS;
            let mut constants = Vec::new();
            for default in &positional {
                constants.extend(self.constant_of(default)?);
            }
            if constants.len() == positional.len() {
                self.at(range);
                self.load_constant(Constant::Tuple(constants.into()), Dst::Reg(run));
            } else {
                let items = self.unit.code.top();
                for default in &positional {
                    self.push_expression(default)?;
                }
                self.at(range);
                self.emit(Opcode::BuildTuple, 0, run, items, positional.len() as u32);
                self.release(mark);
            }
        }
        let items = self.unit.code.top();
        let mut count = 0;
        for parameter in &parameters.kwonlyargs {
            if let Some(default) = &parameter.default {
                let name = self.scopes.mangled(self.unit.current, &parameter.parameter.name).into_owned();
                self.at(range);
                self.load_str(&name, Dst::Push);
                self.push_expression(default)?;
                count += 1;
            }
        }
        if count != 0 {
            carried |= HAS_KWDEFAULTS;
            self.at(range);
            self.emit(Opcode::BuildMap, 0, run.offset(1), items, count);
            self.release(mark);
        }
        Ok(carried)
    }

    /// Makes a function of a code unit; `run` is the top register, `carried` says what it holds besides the closure.
    pub(super) fn make_function(
        &mut self,
        code: CodeUnit,
        range: TextRange,
        run: Reg,
        mut carried: u8,
        dst: Dst,
    ) -> Res<Reg> {
        self.at(range);
        if !code.free.is_empty() {
            carried |= HAS_CLOSURE;
            self.release(run.number() + RUN);
            let cells = self.unit.code.top();
            for name in &code.free {
                let cell = self.push();
                match self.unit.cell(name) {
                    Some(reg) => self.move_to(Value::kept(reg), cell),
                    None => return self.error(range, format!("no cell for variable '{name}'")),
                }
            }
            self.emit(Opcode::BuildTuple, 0, run.offset(CLOSURE), cells, code.free.len() as u32);
        }
        let index = self.constant(Constant::Code(code.into()));
        self.release_to(run);
        let reg = self.result(dst);
        self.emit(Opcode::MakeFunction, carried, reg, index, run);
        Ok(reg)
    }

    /// Makes a function that carries nothing but a closure.
    pub(super) fn make_plain_function(&mut self, code: CodeUnit, range: TextRange, dst: Dst) -> Res<Reg> {
        let run = self.reserve(RUN);
        self.make_function(code, range, run, 0, dst)
    }

    /// Makes an evaluator of an annotation scope: its only parameter is 1 by default.
    pub(super) fn make_evaluator(&mut self, code: CodeUnit, range: TextRange, dst: Dst) -> Res<Reg> {
        self.at(range);
        let run = self.reserve(RUN);
        self.load_constant(Constant::Tuple([Constant::Int(1)].into()), Dst::Reg(run));
        self.make_function(code, range, run, HAS_DEFAULTS, dst)
    }

    fn set_parameters(&mut self, parameters: &Parameters) {
        let unit = &mut self.unit;
        unit.posonly_count = parameters.posonlyargs.len() as u32;
        unit.arg_count = unit.posonly_count + parameters.args.len() as u32;
        unit.kwonly_count = parameters.kwonlyargs.len() as u32;
        if parameters.vararg.is_some() {
            unit.flags |= flags::VARARGS;
        }
        if parameters.kwarg.is_some() {
            unit.flags |= flags::VARKEYWORDS;
        }
    }

    fn function_code(&mut self, function: &'a ast::StmtFunctionDef, first_line: u32) -> Res<CodeUnit> {
        let Some(scope) = self.scopes.child(function, Part::Body) else {
            return self.error(function.range, "function without a scope");
        };
        let in_class = self.unit.kind == ScopeKind::Class
            || self.unit.kind == ScopeKind::TypeParameters
                && self.outer.last().is_some_and(|unit| unit.kind == ScopeKind::Class);
        self.enter_unit(scope, &function.name, first_line);
        self.set_parameters(&function.parameters);
        if in_class {
            self.unit.flags |= flags::METHOD;
        }
        if let Some(vararg) = &function.parameters.vararg {
            let name = self.scopes.mangled(self.unit.scope, &vararg.name).into_owned();
            let mut binds = FindBinding { name: &vararg.name, found: false };
            binds.visit_body(&function.body);
            if !binds.found {
                self.unit.vararg = self.unit.local(&name);
            }
        }
        let outcome = self.function_body(&function.body);
        let code = self.leave_unit();
        outcome?;
        code
    }

    fn function_body(&mut self, body: &'a [Stmt]) -> Res {
        let mut statements = body;
        if let Some(docstring) = self.docstring(body)? {
            self.constant(docstring);
            self.unit.flags |= flags::HAS_DOCSTRING;
        }
        if super::docstring::literal_of(body).is_some() {
            statements = &body[1..];
        }
        self.prologue();
        self.guarded(|lowerer| {
            lowerer.body(statements)?;
            lowerer.return_none();
            Ok(())
        })
    }

    /// Emits the body of a unit; that of a generator or coroutine is protected by the handler that keeps StopIteration
    /// in.
    pub(super) fn guarded(&mut self, body: impl FnOnce(&mut Self) -> Res) -> Res {
        let suspends = flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR;
        if self.unit.flags & suspends == 0 {
            return body(self);
        }
        let handler = self.label();
        let exception = self.unit.code.top();
        let region = self.unit.code.new_region(handler, exception, exception.number());
        self.unit.code.set_region(region);
        body(self)?;
        self.unit.code.set_region(crate::bytecode::exception_table::RegionId::NONE);
        self.bind(handler);
        self.release_to(exception);
        self.push();
        self.emit(Opcode::Intrinsic, 0, exception, Intrinsic::StopIterationError as u32, exception);
        self.reraise(exception);
        Ok(())
    }

    pub(super) fn lambda(&mut self, lambda: &'a ast::ExprLambda, dst: Dst) -> Res<Reg> {
        let run = self.reserve(RUN);
        let carried = match &lambda.parameters {
            Some(parameters) => self.defaults(run, parameters, lambda.range)?,
            None => 0,
        };
        let Some(scope) = self.scopes.child(lambda, Part::Body) else {
            return self.error(lambda.range, "lambda without a scope");
        };
        let line = self.line_of(lambda.range);
        self.enter_unit(scope, "<lambda>", line);
        if let Some(parameters) = &lambda.parameters {
            self.set_parameters(parameters);
        }
        self.prologue();
        let outcome = self.guarded(|lowerer| {
            let value = lowerer.operand(&lambda.body)?;
            lowerer.at(lambda.body.range());
            lowerer.return_value(value);
            Ok(())
        });
        let code = self.leave_unit();
        outcome?;
        self.make_function(code?, lambda.range, run, carried, dst)
    }

    /// A generic function: a function of its type parameters makes it; defaults are evaluated outside.
    fn generic_function(
        &mut self,
        function: &'a ast::StmtFunctionDef,
        type_params: &'a ast::TypeParams,
        range: TextRange,
        first_line: u32,
        dst: Dst,
    ) -> Res<Reg> {
        let window = self.push();
        let defaults = self.reserve(RUN);
        let carried = self.defaults(defaults, &function.parameters, range)?;
        let Some(scope) = self.scopes.child(function, Part::TypeParameters) else {
            return self.error(range, "type parameters without a scope");
        };
        let passed = u32::from(carried & HAS_DEFAULTS != 0) + u32::from(carried & HAS_KWDEFAULTS != 0);
        let name = format!("<generic parameters of {}>", function.name);
        self.enter_unit(scope, &name, first_line);
        self.unit.arg_count = passed;
        self.prologue();
        let outcome = self.generic_function_body(function, type_params, range, first_line, carried);
        let code = self.leave_unit();
        outcome?;
        let callable = self.make_plain_function(code?, range, Dst::Push)?;
        self.move_to(Value::dying(callable), window);
        // The defaults move up to where the call wants them: from the last, so that none is overwritten.
        let first = window.offset(HEADER);
        let present = [HAS_DEFAULTS, HAS_KWDEFAULTS];
        let mut slot = passed;
        for index in [1, 0] {
            if carried & present[index as usize] != 0 {
                slot -= 1;
                self.release(self.depth().max(first.number() + slot + 1));
                self.move_to(Value::dying(defaults.offset(index)), first.offset(slot));
            }
        }
        self.release(first.number() + passed);
        self.release_to(window);
        let reg = self.result(dst);
        self.emit(Opcode::Call, 0, reg, window, passed);
        Ok(reg)
    }

    fn generic_function_body(
        &mut self,
        function: &'a ast::StmtFunctionDef,
        type_params: &'a ast::TypeParams,
        range: TextRange,
        first_line: u32,
        carried: u8,
    ) -> Res {
        // The run of SET_FUNCTION_TYPE_PARAMS: the function, the type parameters.
        let pair = self.push();
        self.type_params(type_params)?;
        let run = self.reserve(RUN);
        let mut parameter = 0;
        self.at(range);
        for (index, present) in [HAS_DEFAULTS, HAS_KWDEFAULTS].into_iter().enumerate() {
            if carried & present != 0 {
                self.move_to(Value::kept(Reg::local(parameter)), run.offset(index as u32));
                parameter += 1;
            }
        }
        let made = self.finish_function(function, range, first_line, run, carried, Dst::Push)?;
        self.at(range);
        self.move_to(Value::dying(made), pair);
        self.release_to(pair);
        let result = self.push();
        self.emit(Opcode::Intrinsic, 0, result, Intrinsic::SetFunctionTypeParams as u32, pair);
        self.return_value(Value::dying(result));
        self.release_to(pair);
        Ok(())
    }

    /// Calls a function without arguments that lies in the top register.
    pub(super) fn call_without_arguments(&mut self, window: Reg, dst: Dst) -> Reg {
        self.release_to(window);
        self.reserve(HEADER);
        self.release_to(window);
        let reg = self.result(dst);
        self.emit(Opcode::Call, 0, reg, window, NONE);
        reg
    }
}

/// Looks for anything in a function that binds a name, nested functions included.
struct FindBinding<'n> {
    name: &'n str,
    found: bool,
}

impl<'a> Visitor<'a> for FindBinding<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let is = |name: &ast::Identifier| name.as_str() == self.name;
        self.found |= match statement {
            Stmt::FunctionDef(function) => is(&function.name),
            Stmt::ClassDef(class) => is(&class.name),
            Stmt::Import(import) => {
                import.names.iter().any(|alias| is(alias.asname.as_ref().unwrap_or(&alias.name)))
            }
            Stmt::ImportFrom(import) => {
                import.names.iter().any(|alias| is(alias.asname.as_ref().unwrap_or(&alias.name)))
            }
            Stmt::Nonlocal(nonlocal) => nonlocal.names.iter().any(is),
            // Patterns and handlers bind too; they are rare enough not to be looked into.
            Stmt::Match(_) => true,
            Stmt::Try(statement) => statement.handlers.iter().any(|handler| {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                handler.name.as_ref().is_some_and(is)
            }),
            _ => false,
        };
        if !self.found {
            walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression {
            self.found |= name.id == self.name && !name.ctx.is_load();
        }
        if !self.found {
            walk_expr(self, expression);
        }
    }
}
