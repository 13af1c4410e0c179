//! Annotations (PEP 649): they are evaluated by an `__annotate__` function, when somebody asks.
//!
//! With `from __future__ import annotations` they are strings. A module's annotations, and those in blocks of a class
//! that may not be executed, count only if the statement was: its index is then in `__conditional_annotations__`.

use ruff_python_ast::{self as ast, Expr, Parameter};
use ruff_text_size::{Ranged, TextRange};

use super::unparse::unparse;
use super::{Lowerer, NONE, Res, string_constant};
use crate::bytecode::code::{CodeUnit, Constant};
use crate::bytecode::instruction::{CommonConstant, HAS_ANNOTATE, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Part, ScopeId, ScopeKind};

/// `annotationlib.Format.VALUE_WITH_FAKE_GLOBALS`
const VALUE_WITH_FAKE_GLOBALS: i64 = 2;
/// Where executed annotations are recorded.
const CONDITIONAL: &str = "__conditional_annotations__";

impl<'a> Lowerer<'a> {
    /// `target: annotation = value`
    pub(super) fn annotated_assign(&mut self, assign: &'a ast::StmtAnnAssign) -> Res {
        let mark = self.depth();
        if let Some(value) = &assign.value {
            self.assign_to(&assign.target, value)?;
            self.release(mark);
        }
        match &*assign.target {
            Expr::Name(name) => {
                let kept = matches!(self.unit.kind, ScopeKind::Module | ScopeKind::Class);
                if assign.simple && kept {
                    self.keep_annotation(assign, &name.id)?;
                }
            }
            Expr::Attribute(attribute) if assign.value.is_none() => self.effect(&attribute.value)?,
            Expr::Subscript(subscript) if assign.value.is_none() => {
                self.effect(&subscript.value)?;
                self.subscript_effect(&subscript.slice)?;
            }
            _ => {}
        }
        self.release(mark);
        Ok(())
    }

    fn subscript_effect(&mut self, slice: &'a Expr) -> Res {
        match slice {
            Expr::Slice(slice) => [&slice.lower, &slice.upper, &slice.step]
                .into_iter()
                .flatten()
                .try_for_each(|bound| self.effect(bound)),
            Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|item| self.subscript_effect(item)),
            _ => self.effect(slice),
        }
    }

    /// The annotation of a variable of a module or class.
    fn keep_annotation(&mut self, assign: &'a ast::StmtAnnAssign, name: &str) -> Res {
        self.at(assign.range);
        let mangled = self.scopes.mangled(self.unit.current, name).into_owned();
        if self.future_annotations {
            let text = unparse(self.source, &assign.annotation);
            let value = self.load_str(&text, Dst::Push);
            let mapping = self.push();
            let index = self.name("__annotations__");
            self.emit(Opcode::LoadName, 0, mapping, index, NONE);
            let key = self.load_str(&mangled, Dst::Push);
            let flags =
                Value::dying(mapping).kill_a() | Value::dying(key).kill_b() | Value::dying(value).kill_c();
            self.emit(Opcode::StoreSubscr, flags, mapping, key, value);
            self.release_to(value);
            return Ok(());
        }
        let is_module = self.unit.kind == ScopeKind::Module;
        let mut index = None;
        if is_module || self.unit.conditional_depth != 0 {
            let number = self.unit.conditional_annotations;
            self.unit.conditional_annotations += 1;
            index = Some(number);
            let set = self.push();
            let name = self.name(CONDITIONAL);
            match self.unit.frame_cell(CONDITIONAL) {
                Some(cell) => self.emit(Opcode::LoadCell, 0, set, cell, name),
                None => self.emit(Opcode::LoadName, 0, set, name, NONE),
            }
            let number = self.push_constant(Constant::Int(i64::from(number)));
            self.emit(Opcode::SetAdd, number.kill_b(), set, number, NONE);
            self.clear(set);
            self.release_to(set);
        }
        self.unit.deferred_annotations.push((assign, index));
        Ok(())
    }

    /// Makes the `__annotate__` function of the current module or class body and binds it to `name`.
    pub(super) fn deferred_annotations(&mut self, name: &str) -> Res {
        let deferred = std::mem::take(&mut self.unit.deferred_annotations);
        let Some(scope) = self.scopes.annotations(self.unit.scope) else { return Ok(()) };
        let Some((first, _)) = deferred.first() else { return Ok(()) };
        let range = first.range;
        let line = if self.unit.kind == ScopeKind::Class { self.unit.first_line } else { 1 };
        let code = self.evaluator(scope, "__annotate__", line, |lowerer| {
            let map = lowerer.push();
            lowerer.emit(Opcode::BuildMap, 0, map, map, 0);
            for (assign, index) in &deferred {
                lowerer.deferred_annotation(map, assign, *index)?;
            }
            Ok(map)
        })?;
        let function = self.make_plain_function(code, range, Dst::Push)?;
        self.store_name(name, Value::dying(function));
        self.release_to(function);
        Ok(())
    }

    fn deferred_annotation(&mut self, map: Reg, assign: &'a ast::StmtAnnAssign, index: Option<u32>) -> Res {
        let Expr::Name(target) = &*assign.target else { return Ok(()) };
        let skip = self.label();
        let mark = self.depth();
        self.at(assign.range);
        if let Some(index) = index {
            let number = self.push_constant(Constant::Int(i64::from(index)));
            let set = self.push();
            let name = self.name(CONDITIONAL);
            match self.unit.frame_cell(CONDITIONAL) {
                Some(cell) => self.emit(Opcode::LoadCell, 0, set, cell, name),
                None => self.emit(Opcode::LoadGlobal, 0, set, name, NONE),
            }
            self.compare_and_jump(ast::CmpOp::In, number, Value::dying(set), false, skip);
            self.release(mark);
        }
        let value = self.operand(&assign.annotation)?;
        self.at(assign.range);
        let mangled = self.scopes.mangled(self.unit.current, &target.id).into_owned();
        let key = self.push_constant(string_constant(&mangled));
        self.emit(Opcode::StoreSubscr, key.kill_b() | value.kill_c(), map, key, value);
        self.release(mark);
        self.bind(skip);
        Ok(())
    }

    /// The code of an annotation scope: a function of a format, which refuses formats that it doesn't know and returns
    /// the register that `body` fills.
    pub(super) fn evaluator(
        &mut self,
        scope: ScopeId,
        name: &str,
        first_line: u32,
        body: impl FnOnce(&mut Self) -> Res<Reg>,
    ) -> Res<CodeUnit> {
        self.enter_unit(scope, name, first_line);
        self.unit.arg_count = 1;
        self.unit.posonly_count = 1;
        self.prologue();
        let known = self.label();
        let limit = self.constant(Constant::Int(VALUE_WITH_FAKE_GLOBALS));
        self.unit.code.jump(Opcode::JumpGtK, 0, Reg::local(0), limit, known);
        let error = self.push();
        let number = CommonConstant::NotImplementedError as u32;
        self.emit(Opcode::LoadCommonConstant, 0, error, number, NONE);
        self.emit(Opcode::Raise, Value::dying(error).kill_a(), error, error, NONE);
        self.release_to(error);
        self.bind(known);
        let outcome = body(self).map(|reg| self.return_value(Value::dying(reg)));
        // Users see the parameter as `format`; inside, no name of the program can mean it.
        if let Some(parameter) = self.unit.locals.first_mut() {
            *parameter = "format".into();
        }
        let code = self.leave_unit();
        outcome?;
        code
    }

    /// The code of an annotation scope that evaluates one expression.
    pub(super) fn expression_evaluator(
        &mut self,
        scope: ScopeId,
        name: &str,
        expression: &'a Expr,
    ) -> Res<CodeUnit> {
        let line = self.line_of(expression.range());
        self.evaluator(scope, name, line, |lowerer| {
            let reg = lowerer.annotation_value(expression)?;
            lowerer.at(expression.range());
            Ok(reg)
        })
    }

    /// An annotation's value in a new temporary; `*Ts` is the one item of its unpacking.
    fn annotation_value(&mut self, annotation: &'a Expr) -> Res<Reg> {
        let Expr::Starred(starred) = annotation else { return self.push_expression(annotation) };
        let value = self.operand(&starred.value)?;
        let reg = if value.kill { value.reg } else { self.push() };
        self.at(annotation.range());
        self.emit(Opcode::UnpackSequence, value.kill_b(), reg, value, 1);
        Ok(reg)
    }

    /// Makes the `__annotate__` function of a function in `target`; whether it has one.
    pub(super) fn function_annotations(
        &mut self,
        function: &'a ast::StmtFunctionDef,
        range: TextRange,
        target: Reg,
    ) -> Res<u8> {
        let Some(scope) = self.scopes.child(function, Part::Annotations) else { return Ok(0) };
        let parameters = &*function.parameters;
        let all = parameters
            .args
            .iter()
            .chain(&parameters.posonlyargs)
            .map(|parameter| &parameter.parameter)
            .chain(parameters.vararg.as_deref())
            .chain(parameters.kwonlyargs.iter().map(|parameter| &parameter.parameter))
            .chain(parameters.kwarg.as_deref());
        let annotated: Vec<(&Parameter, &Expr)> =
            all.filter_map(|parameter| Some((parameter, parameter.annotation.as_deref()?))).collect();
        let returns = function.returns.as_deref();
        if annotated.is_empty() && returns.is_none() {
            return Ok(0);
        }
        let line = self.line_of(range);
        let code = self.evaluator(scope, "__annotate__", line, |lowerer| {
            lowerer.at(range);
            let map = lowerer.push();
            lowerer.emit(Opcode::BuildMap, 0, map, map, 0);
            for (parameter, annotation) in annotated {
                let name = lowerer.scopes.mangled(lowerer.unit.current, &parameter.name).into_owned();
                lowerer.parameter_annotation(map, &name, annotation, range)?;
            }
            if let Some(returns) = returns {
                lowerer.parameter_annotation(map, "return", returns, range)?;
            }
            Ok(map)
        })?;
        self.make_plain_function(code, range, Dst::Reg(target))?;
        Ok(HAS_ANNOTATE)
    }

    fn parameter_annotation(&mut self, map: Reg, name: &str, annotation: &'a Expr, range: TextRange) -> Res {
        self.at(range);
        let key = self.push_constant(string_constant(name));
        let value = if self.future_annotations {
            let text = unparse(self.source, annotation);
            self.load_str(&text, Dst::Push)
        } else {
            self.annotation_value(annotation)?
        };
        self.at(range);
        let value = Value::dying(value);
        self.emit(Opcode::MapAdd, key.kill_b() | value.kill_c(), map, key, value);
        self.release_to(key.reg);
        Ok(())
    }
}
