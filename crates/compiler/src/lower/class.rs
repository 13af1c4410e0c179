//! Class definitions: `__build_class__(body, name, *bases, **keywords)`.

use ruff_python_ast as ast;
use ruff_text_size::TextRange;

use super::call::HEADER;
use super::{Lowerer, NONE, Res, docstring, names_constant};
use crate::bytecode::code::{CodeUnit, Constant, Position, flags};
use crate::bytecode::instruction::{Intrinsic, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Part, ScopeKind};

/// Where a generic class's body finds its type parameters.
const TYPE_PARAMS: &str = ".type_params";

impl<'a> Lowerer<'a> {
    pub(super) fn class(&mut self, class: &'a ast::StmtClassDef) -> Res {
        let mark = self.depth();
        let first_line = self.first_line(class.range, &class.name, &class.decorator_list);
        let windows = self.decorators(&class.decorator_list)?;
        let dst = if windows.is_empty() { self.store_destination(&class.name) } else { Dst::Push };
        let range = self.definition_range(class.range, &class.decorator_list);
        let reg = match &class.type_params {
            Some(type_params) => self.generic_class(class, type_params, range, first_line, dst)?,
            None => self.build_class(class, range, first_line, None, dst)?,
        };
        self.finish_decorated(&class.decorator_list, &windows, reg, &class.name, range)?;
        self.release(mark);
        Ok(())
    }

    /// Calls `__build_class__`; `generic_base` is passed after the bases.
    fn build_class(
        &mut self,
        class: &'a ast::StmtClassDef,
        range: TextRange,
        first_line: u32,
        generic_base: Option<Value>,
        dst: Dst,
    ) -> Res<Reg> {
        let code = self.class_code(class, first_line)?;
        self.at(range);
        let window = self.push();
        self.emit(Opcode::LoadBuildClass, 0, window, NONE, NONE);
        self.reserve(HEADER - 1);
        self.make_plain_function(code, range, Dst::Push)?;
        self.load_str(&class.name, Dst::Push);
        let injected: Vec<Value> = generic_base.into_iter().collect();
        if let Some(arguments) = &class.arguments {
            return self.arguments_and_call(window, range, arguments, &injected, dst);
        }
        for value in &injected {
            let reg = self.push();
            self.move_to(*value, reg);
        }
        self.release_to(window);
        let reg = self.result(dst);
        self.emit(Opcode::Call, 0, reg, window, 2 + injected.len() as u32);
        Ok(reg)
    }

    /// A generic class: a function of its type parameters makes it.
    fn generic_class(
        &mut self,
        class: &'a ast::StmtClassDef,
        type_params: &'a ast::TypeParams,
        range: TextRange,
        first_line: u32,
        dst: Dst,
    ) -> Res<Reg> {
        let Some(scope) = self.scopes.child(class, Part::TypeParameters) else {
            return self.error(range, "type parameters without a scope");
        };
        let name = format!("<generic parameters of {}>", class.name);
        self.enter_unit(scope, &name, first_line);
        self.prologue();
        let outcome = self.generic_class_body(class, type_params, range, first_line);
        let code = self.leave_unit();
        outcome?;
        let window = self.make_plain_function(code?, range, Dst::Push)?;
        Ok(self.call_without_arguments(window, dst))
    }

    fn generic_class_body(
        &mut self,
        class: &'a ast::StmtClassDef,
        type_params: &'a ast::TypeParams,
        range: TextRange,
        first_line: u32,
    ) -> Res {
        let params = self.type_params(type_params)?;
        self.at(range);
        self.store_name(TYPE_PARAMS, Value::kept(params));
        let base = params;
        self.emit(Opcode::Intrinsic, 0, base, Intrinsic::SubscriptGeneric as u32, params);
        let made = self.build_class(class, range, first_line, Some(Value::dying(base)), Dst::Push)?;
        self.return_value(Value::dying(made));
        self.release_to(params);
        Ok(())
    }

    fn class_code(&mut self, class: &'a ast::StmtClassDef, first_line: u32) -> Res<CodeUnit> {
        let Some(scope) = self.scopes.child(class, Part::Body) else {
            return self.error(class.range, "class without a scope");
        };
        self.enter_unit(scope, &class.name, first_line);
        if self.scopes.is_nested(scope) {
            self.unit.flags |= flags::NESTED;
        }
        self.prologue();
        let outcome = self.class_body(class, first_line);
        let code = self.leave_unit();
        outcome?;
        code
    }

    fn class_body(&mut self, class: &'a ast::StmtClassDef, first_line: u32) -> Res {
        let line = Position { line: first_line, end_line: first_line, column: 0, end_column: 0 };
        self.set_position(line);
        let module = self.push();
        let name = self.name("__name__");
        self.emit(Opcode::LoadName, 0, module, name, NONE);
        self.store_class_name("__module__", module);
        let qualname = self.unit.qualname.clone();
        self.load_str(&qualname, Dst::Push);
        self.store_class_name("__qualname__", module);
        self.load_constant(Constant::Int(i64::from(first_line)), Dst::Push);
        self.store_class_name("__firstlineno__", module);
        if class.type_params.is_some() {
            self.load_name(TYPE_PARAMS, Dst::Push)?;
            self.store_class_name("__type_params__", module);
        }
        let scope = self.unit.scope;
        if self.scopes.needs_classdict(scope)
            && let Some(cell) = self.unit.frame_cell("__classdict__")
        {
            let mapping = self.push();
            self.emit(Opcode::LoadLocals, 0, mapping, NONE, NONE);
            self.emit(Opcode::StoreCell, Value::dying(mapping).kill_b(), cell, mapping, NONE);
            self.release_to(mapping);
        }
        if self.scopes.has_conditional_annotations(scope)
            && let Some(cell) = self.unit.frame_cell("__conditional_annotations__")
        {
            let set = self.push();
            self.emit(Opcode::BuildSet, 0, set, set, 0);
            self.emit(Opcode::StoreCell, Value::dying(set).kill_b(), cell, set, NONE);
            self.release_to(set);
        }
        self.module_or_class_body(&class.body)?;

        let attributes = std::mem::take(&mut self.unit.static_attributes);
        let attributes = names_constant(attributes.iter().map(String::as_str));
        let reg = self.load_constant(attributes, Dst::Push);
        self.store_class_name("__static_attributes__", reg);
        if self.scopes.needs_classdict(scope)
            && let Some(cell) = self.unit.frame_cell("__classdict__")
        {
            let reg = self.push();
            self.move_to(Value::kept(cell), reg);
            self.store_class_name("__classdictcell__", reg);
        }
        if self.scopes.needs_class_cell(scope)
            && let Some(cell) = self.unit.frame_cell("__class__")
        {
            let name = self.name("__classcell__");
            self.emit(Opcode::StoreName, 0, cell, name, NONE);
            self.return_value(Value::kept(cell));
        } else {
            self.return_none();
        }
        Ok(())
    }

    /// Stores the top register into the class mapping; it is then free.
    fn store_class_name(&mut self, name: &str, reg: Reg) {
        let name = self.name(name);
        self.emit(Opcode::StoreName, Value::dying(reg).kill_a(), reg, name, NONE);
        self.release_to(reg);
    }

    /// Statements of a module or class body: docstring, annotations.
    pub(super) fn module_or_class_body(&mut self, body: &'a [ast::Stmt]) -> Res {
        let is_class = self.unit.kind == ScopeKind::Class;
        let annotated = self.scopes.annotations(self.unit.scope).is_some();
        if self.future_annotations && annotated {
            self.emit(Opcode::SetupAnnotations, 0, NONE, NONE, NONE);
        }
        // A module's `__annotate__` is there before its first statement; the code that makes it is known last.
        let late = (annotated && !is_class && !self.future_annotations).then(|| (self.label(), self.label()));
        if let Some((setup, start)) = late {
            self.jump(setup);
            self.bind(start);
        }
        let mut statements = body;
        if !self.interactive || is_class {
            if let Some(docstring) = self.docstring(body)? {
                if let Some(literal) = docstring::literal_of(body) {
                    self.at(literal.range);
                }
                let reg = self.load_constant(docstring, Dst::Push);
                self.store_class_name("__doc__", reg);
            }
            if docstring::literal_of(body).is_some() {
                statements = &body[1..];
            }
        }
        self.body(statements)?;
        if is_class {
            if !self.future_annotations {
                self.deferred_annotations("__annotate_func__")?;
            }
        } else if let Some((setup, start)) = late {
            self.return_none();
            self.bind(setup);
            self.deferred_annotations("__annotate__")?;
            self.unit.code.jump(Opcode::JumpBackNoPoll, 0, NONE, NONE, start);
        }
        Ok(())
    }
}
