//! Loading, storing and deleting variables.
//!
//! A local is read in place; whether it is bound is tested before each use, and the assembler drops the tests that
//! cannot fail. Not here: targets that are not names (`assign`).

use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Area, Dst, Reg, Value};
use crate::scope::{Place, ScopeKind};

/// Where a name's value lies, with its register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Register(Reg),
    Cell(Reg),
    /// A cell, but the class mapping has precedence.
    ClassCell(Reg),
    /// The class mapping (of the cell `__classdict__`), then global.
    ClassDict,
    Global,
    Name,
}

impl Lowerer<'_> {
    /// What `name`, already mangled, means here.
    pub(super) fn variable(&self, name: &str) -> Variable {
        let (owner, place) = self.scopes.resolve(self.unit.current, name);
        let in_comprehension = self.unit.comprehensions.iter().rev().find(|scope| scope.id == owner);
        if let Some((reg, is_cell)) = in_comprehension.and_then(|scope| scope.variables.get(name)) {
            return if *is_cell { Variable::Cell(*reg) } else { Variable::Register(*reg) };
        }
        match place {
            Place::Local => match self.unit.local(name) {
                Some(reg) => Variable::Register(reg),
                None => Variable::Name,
            },
            Place::Cell | Place::Free | Place::ClassDictOrFree => match self.unit.frame_cell(name) {
                Some(reg) if place == Place::ClassDictOrFree => Variable::ClassCell(reg),
                Some(reg) => Variable::Cell(reg),
                None => Variable::Name,
            },
            Place::GlobalExplicit | Place::GlobalImplicit => Variable::Global,
            Place::Name => Variable::Name,
            Place::ClassDictOrGlobal => Variable::ClassDict,
        }
    }

    /// The register of a name that is a plain local here.
    pub(super) fn local_register(&self, name: &str) -> Option<Reg> {
        let mangled = self.scopes.mangled(self.unit.current, name);
        match self.variable(&mangled) {
            Variable::Register(reg) => Some(reg),
            _ => None,
        }
    }

    /// Raises if a local is unbound.
    pub(super) fn check_bound(&mut self, reg: Reg, name: &str) {
        if reg.area() == Area::Local {
            let name = self.name(name);
            self.emit(Opcode::CheckBound, 0, reg, name, NONE);
        }
    }

    /// Loads a variable; `name` is as written.
    pub(super) fn load_name(&mut self, name: &str, dst: Dst) -> Res<Reg> {
        let mangled = self.scopes.mangled(self.unit.current, name).into_owned();
        let variable = self.variable(&mangled);
        let index = self.name(&mangled);
        match variable {
            Variable::Register(local) => {
                self.check_bound(local, &mangled);
                let reg = self.result(dst);
                self.move_to(Value::kept(local), reg);
                Ok(reg)
            }
            Variable::Cell(cell) => {
                let reg = self.result(dst);
                self.emit(Opcode::LoadCell, 0, reg, cell, index);
                Ok(reg)
            }
            Variable::ClassCell(cell) => {
                let mapping = self.class_mapping()?;
                self.release_to(mapping.reg);
                let reg = self.result(dst);
                let flags = mapping.kill_b();
                self.unit.code.emit_extra(Opcode::LoadFromDictOrCell, flags, reg, mapping, cell, index);
                Ok(reg)
            }
            Variable::ClassDict => {
                let mapping = self.class_mapping()?;
                self.release_to(mapping.reg);
                let reg = self.result(dst);
                self.emit(Opcode::LoadFromDictOrGlobals, mapping.kill_c(), reg, index, mapping);
                Ok(reg)
            }
            Variable::Global => {
                let reg = self.result(dst);
                self.emit(Opcode::LoadGlobal, 0, reg, index, NONE);
                Ok(reg)
            }
            Variable::Name => {
                let reg = self.result(dst);
                self.emit(Opcode::LoadName, 0, reg, index, NONE);
                Ok(reg)
            }
        }
    }

    /// The mapping that class-level names are looked up in, in a new temporary.
    fn class_mapping(&mut self) -> Res<Value> {
        let reg = self.push();
        match self.unit.frame_cell("__classdict__") {
            Some(cell) if self.unit.kind != ScopeKind::Class => {
                let name = self.name("__classdict__");
                self.emit(Opcode::LoadCell, 0, reg, cell, name);
            }
            _ => self.emit(Opcode::LoadLocals, 0, reg, NONE, NONE),
        }
        Ok(Value::dying(reg))
    }

    /// Assigns to a variable; `name` is as written.
    pub(super) fn store_name(&mut self, name: &str, value: Value) {
        let mangled = self.scopes.mangled(self.unit.current, name).into_owned();
        match self.variable(&mangled) {
            Variable::Register(local) => self.move_to(value, local),
            Variable::Cell(cell) | Variable::ClassCell(cell) => {
                self.emit(Opcode::StoreCell, value.kill_b(), cell, value, NONE);
            }
            Variable::Global => {
                let index = self.name(&mangled);
                self.emit(Opcode::StoreGlobal, value.kill_a(), value, index, NONE);
            }
            Variable::Name | Variable::ClassDict => {
                let index = self.name(&mangled);
                self.emit(Opcode::StoreName, value.kill_a(), value, index, NONE);
            }
        }
    }

    /// `del name`
    pub(super) fn delete_name(&mut self, name: &str) {
        let mangled = self.scopes.mangled(self.unit.current, name).into_owned();
        let index = self.name(&mangled);
        match self.variable(&mangled) {
            Variable::Register(local) => self.emit(Opcode::DeleteLocal, 0, local, index, NONE),
            Variable::Cell(cell) | Variable::ClassCell(cell) => {
                self.emit(Opcode::DeleteCell, 0, cell, index, NONE);
            }
            Variable::Global => self.emit(Opcode::DeleteGlobal, 0, NONE, index, NONE),
            Variable::Name | Variable::ClassDict => self.emit(Opcode::DeleteName, 0, NONE, index, NONE),
        }
    }

    /// Where to compute what will be assigned to `name`: its own register if it is a local.
    pub(super) fn store_destination(&self, name: &str) -> Dst {
        self.local_register(name).map_or(Dst::Push, Dst::Reg)
    }
}
