//! Type parameters and `type` statements (PEP 695, 696).
//!
//! Type parameters live in a scope of their own, a function that is called at once. Bounds, constraints, defaults and
//! values of aliases are evaluated when somebody asks, by functions.

use ruff_python_ast::{self as ast, Expr, TypeParam};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowerer, Res};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::{Intrinsic, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Part, ScopeId};

impl<'a> Lowerer<'a> {
    /// Makes the type parameters and binds their names. The tuple of them, in the next temporary.
    pub(super) fn type_params(&mut self, type_params: &'a ast::TypeParams) -> Res<Reg> {
        let first = self.unit.code.top();
        let mut seen_default = false;
        for param in type_params {
            let reg = self.type_param(param)?;
            match param.default() {
                Some(default) => {
                    seen_default = true;
                    let scope = match param {
                        TypeParam::TypeVar(param) => self.scopes.child(param, Part::Default),
                        TypeParam::TypeVarTuple(param) => self.scopes.child(param, Part::Default),
                        TypeParam::ParamSpec(param) => self.scopes.child(param, Part::Default),
                    };
                    self.push_evaluator(scope, param.name(), default)?;
                    self.at(param.range());
                    self.emit(Opcode::Intrinsic, 0, reg, Intrinsic::SetTypeParamDefault as u32, reg);
                }
                None if seen_default => {
                    let name = param.name();
                    let message =
                        format!("non-default type parameter '{name}' follows default type parameter");
                    return self.error(param.range(), message);
                }
                None => {}
            }
            self.release(reg.number() + 1);
            self.at(param.range());
            self.store_name(param.name(), Value::kept(reg));
        }
        self.release_to(first);
        let tuple = self.push();
        if let Some(param) = type_params.first() {
            self.at(param.range());
        }
        self.emit(Opcode::BuildTuple, 0, tuple, first, type_params.len() as u32);
        Ok(tuple)
    }

    /// Makes a type parameter, without its default, in the next temporary.
    fn type_param(&mut self, param: &'a TypeParam) -> Res<Reg> {
        self.at(param.range());
        let reg = self.load_str(param.name(), Dst::Push);
        let intrinsic = match param {
            TypeParam::TypeVar(variable) => match &variable.bound {
                Some(bound) => {
                    let scope = self.scopes.child(variable, Part::Bound);
                    self.push_evaluator(scope, &variable.name, bound)?;
                    if bound.is_tuple_expr() {
                        Intrinsic::TypeVarWithConstraints
                    } else {
                        Intrinsic::TypeVarWithBound
                    }
                }
                None => Intrinsic::TypeVar,
            },
            TypeParam::TypeVarTuple(_) => Intrinsic::TypeVarTuple,
            TypeParam::ParamSpec(_) => Intrinsic::ParamSpec,
        };
        self.at(param.range());
        self.emit(Opcode::Intrinsic, 0, reg, intrinsic as u32, reg);
        self.release(reg.number() + 1);
        Ok(reg)
    }

    /// Makes the function that evaluates `expression`, in the next temporary.
    fn push_evaluator(&mut self, scope: Option<ScopeId>, name: &str, expression: &'a Expr) -> Res {
        let range = expression.range();
        let Some(scope) = scope else { return self.error(range, "type parameter without a scope") };
        let code = self.expression_evaluator(scope, name, expression)?;
        self.make_evaluator(code, range, Dst::Push)?;
        Ok(())
    }

    /// `type name[…] = value`
    pub(super) fn type_alias(&mut self, alias: &'a ast::StmtTypeAlias) -> Res {
        let Expr::Name(name) = &*alias.name else {
            return self.error(alias.range, "a type alias needs a name");
        };
        let range = alias.range;
        let mark = self.depth();
        let made = match &alias.type_params {
            None => self.alias_object(alias, &name.id, None)?,
            Some(type_params) => {
                let Some(scope) = self.scopes.child(alias, Part::TypeParameters) else {
                    return self.error(range, "type parameters without a scope");
                };
                let line = self.line_of(range);
                self.enter_unit(scope, &format!("<generic parameters of {}>", name.id), line);
                self.prologue();
                let outcome = self.alias_object(alias, &name.id, Some(type_params));
                let outcome = outcome.map(|made| self.return_value(Value::dying(made)));
                let code = self.leave_unit();
                outcome?;
                let window = self.make_plain_function(code?, range, Dst::Push)?;
                self.call_without_arguments(window, Dst::Push)
            }
        };
        self.at(range);
        self.store_name(&name.id, Value::dying(made));
        self.release(mark);
        Ok(())
    }

    /// The alias object, in the next temporary.
    fn alias_object(
        &mut self,
        alias: &'a ast::StmtTypeAlias,
        name: &str,
        type_params: Option<&'a ast::TypeParams>,
    ) -> Res<Reg> {
        let range: TextRange = alias.range;
        self.at(range);
        let run = self.load_str(name, Dst::Push);
        match type_params {
            Some(type_params) => self.type_params(type_params)?,
            None => self.load_constant(Constant::None, Dst::Push),
        };
        let Some(scope) = self.scopes.child(alias, Part::Body) else {
            return self.error(range, "type alias without a scope");
        };
        let line = self.line_of(range);
        let code = self.evaluator(scope, name, line, |lowerer| {
            let reg = lowerer.push_expression(&alias.value)?;
            lowerer.at(range);
            Ok(reg)
        })?;
        self.make_evaluator(code, range, Dst::Push)?;
        self.at(range);
        self.emit(Opcode::Intrinsic, 0, run, Intrinsic::TypeAlias as u32, run);
        self.release(run.number() + 1);
        Ok(run)
    }
}
