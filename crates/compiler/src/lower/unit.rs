//! The state of one code unit while it is lowered: its names' registers, open blocks, and where it belongs.
//!
//! Not here: its instructions (`bytecode::builder`), how names are loaded (`names`).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ruff_python_ast as ast;

use super::block::Block;
use super::{Lowerer, NONE, Res};
use crate::bytecode::assemble::{Head, assemble};
use crate::bytecode::builder::Builder;
use crate::bytecode::code::{CodeUnit, Position, flags};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::Reg;
use crate::scope::{Place, ScopeId, ScopeKind, ScopeTable};
use crate::syntax_error::{Kind, SyntaxError};

/// The variables of a comprehension that is being lowered; it shares the unit's frame.
#[derive(Debug)]
pub(super) struct ComprehensionScope {
    pub id: ScopeId,
    /// Targets, and whether their register holds a cell.
    pub variables: HashMap<Arc<str>, (Reg, bool)>,
}

/// One code unit.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub code: Builder,
    /// The frame's scope.
    pub scope: ScopeId,
    /// The scope of the code being lowered: the frame's or a comprehension's.
    pub current: ScopeId,
    pub kind: ScopeKind,
    pub name: Arc<str>,
    pub qualname: Arc<str>,
    pub filename: Arc<str>,
    pub first_line: u32,
    pub flags: u32,
    pub arg_count: u32,
    pub posonly_count: u32,
    pub kwonly_count: u32,
    pub locals: Vec<Arc<str>>,
    local_index: HashMap<Arc<str>, u32>,
    pub parameters: usize,
    pub cells: Vec<(Arc<str>, Reg)>,
    pub free: Vec<Arc<str>>,
    pub comprehensions: Vec<ComprehensionScope>,
    /// Enclosing blocks, outermost first.
    pub blocks: Vec<Block<'a>>,
    /// Attributes that methods assign through `self` (class bodies).
    pub static_attributes: BTreeSet<String>,
    /// Annotated names of a module or class body; with the index that marks them as executed.
    pub deferred_annotations: Vec<(&'a ast::StmtAnnAssign, Option<u32>)>,
    pub conditional_annotations: u32,
    /// Inside how many blocks that may not be executed?
    pub conditional_depth: u32,
    /// Register of `*args` if the function never rebinds it: it then holds a tuple.
    pub vararg: Option<Reg>,
}

impl<'a> Unit<'a> {
    fn new(scopes: &ScopeTable, scope: ScopeId, name: &str, filename: Arc<str>, first_line: u32) -> Unit<'a> {
        let locals = scopes.locals(scope).to_vec();
        let local_index: HashMap<_, _> =
            locals.iter().enumerate().map(|(index, name)| (name.clone(), index as u32)).collect();
        let mut own_cells = 0;
        let cells = scopes.cells(scope).iter().map(|name| {
            let reg = local_index.get(name).map_or_else(
                || {
                    own_cells += 1;
                    Reg::cell(own_cells - 1)
                },
                |index| Reg::local(*index),
            );
            (name.clone(), reg)
        });
        Unit {
            code: Builder::default(),
            scope,
            current: scope,
            kind: scopes.kind(scope),
            name: name.into(),
            qualname: name.into(),
            filename,
            first_line,
            flags: 0,
            arg_count: 0,
            posonly_count: 0,
            kwonly_count: 0,
            parameters: scopes.parameters(scope).len(),
            cells: cells.collect(),
            free: scopes.free(scope).to_vec(),
            locals,
            local_index,
            comprehensions: Vec::new(),
            blocks: Vec::new(),
            static_attributes: BTreeSet::new(),
            deferred_annotations: Vec::new(),
            conditional_annotations: 0,
            conditional_depth: 0,
            vararg: None,
        }
    }

    /// The outermost unit.
    pub fn module(scopes: &ScopeTable, scope: ScopeId, filename: &str) -> Unit<'a> {
        Unit::new(scopes, scope, "<module>", filename.into(), 1)
    }

    /// Register of a local of the frame.
    pub fn local(&self, name: &str) -> Option<Reg> {
        self.local_index.get(name).map(|index| Reg::local(*index))
    }

    /// A local for a comprehension's target: one that an earlier comprehension had for a target of that name, or a new
    /// one. It is never the frame's own variable of that name.
    pub fn comprehension_local(&mut self, name: &Arc<str>) -> Reg {
        let in_use = |reg: Reg| {
            let mut variables = self.comprehensions.iter().flat_map(|scope| scope.variables.values());
            variables.any(|(used, _)| *used == reg)
        };
        let own = self.local_index.len();
        let free = (own..self.locals.len())
            .map(|index| Reg::local(index as u32))
            .find(|reg| self.locals[reg.number() as usize] == *name && !in_use(*reg));
        free.unwrap_or_else(|| {
            self.locals.push(name.clone());
            Reg::local(self.locals.len() as u32 - 1)
        })
    }

    /// Register of the cell that `name` means to a function made here.
    pub fn cell(&self, name: &str) -> Option<Reg> {
        for scope in self.comprehensions.iter().rev() {
            if let Some((reg, true)) = scope.variables.get(name) {
                return Some(*reg);
            }
        }
        self.frame_cell(name)
    }

    /// Register of a cell or free variable of the frame.
    pub fn frame_cell(&self, name: &str) -> Option<Reg> {
        if let Some((_, reg)) = self.cells.iter().find(|(cell, _)| &**cell == name) {
            return Some(*reg);
        }
        let free = self.free.iter().position(|free| &**free == name)?;
        Some(Reg::free(free as u32))
    }

    /// Is its code a function's, with locals in registers?
    pub fn is_function(&self) -> bool {
        !matches!(self.kind, ScopeKind::Module | ScopeKind::Class)
    }
}

impl<'a> Lowerer<'a> {
    /// Begins a unit inside the current one.
    pub(super) fn enter_unit(&mut self, scope: ScopeId, name: &str, first_line: u32) {
        let mut unit = Unit::new(self.scopes, scope, name, self.unit.filename.clone(), first_line);
        unit.qualname = self.qualname(scope, name);
        if unit.is_function() {
            unit.flags |= flags::OPTIMIZED | flags::NEWLOCALS;
            if self.scopes.is_nested(scope) {
                unit.flags |= flags::NESTED;
            }
            unit.flags |= match (self.scopes.is_generator(scope), self.scopes.is_coroutine(scope)) {
                (true, true) => flags::ASYNC_GENERATOR,
                (true, false) => flags::GENERATOR,
                (false, true) => flags::COROUTINE,
                (false, false) => 0,
            };
        }
        self.outer.push(std::mem::replace(&mut self.unit, unit));
    }

    fn qualname(&self, scope: ScopeId, name: &str) -> Arc<str> {
        let annotation_like = |kind| {
            matches!(
                kind,
                ScopeKind::Annotations
                    | ScopeKind::TypeParameters
                    | ScopeKind::TypeAlias
                    | ScopeKind::TypeVarBound
            )
        };
        if self.outer.is_empty() {
            return name.into();
        }
        let mut parent = &self.unit;
        if annotation_like(parent.kind) {
            if self.outer.len() == 1 {
                return name.into();
            }
            // The length was tested: there is one.
            if let Some(grandparent) = self.outer.last() {
                parent = grandparent;
            }
        }
        if matches!(self.scopes.kind(scope), ScopeKind::Function | ScopeKind::Class) {
            let mangled = self.scopes.mangled(parent.scope, name);
            if self.scopes.place(parent.scope, &mangled) == Place::GlobalExplicit {
                return name.into();
            }
        }
        let locals =
            if matches!(parent.kind, ScopeKind::Function | ScopeKind::Lambda) { ".<locals>" } else { "" };
        format!("{}{locals}.{name}", parent.qualname).into()
    }

    /// First instructions of every unit: the generator object, the cells.
    pub(super) fn prologue(&mut self) {
        if self.future_annotations {
            self.unit.flags |= flags::FUTURE_ANNOTATIONS;
        }
        let line = self.unit.first_line;
        self.set_position(Position { line, end_line: line, column: 0, end_column: 0 });
        if self.unit.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0 {
            self.emit(Opcode::ReturnGenerator, 0, NONE, NONE, NONE);
        }
        for index in 0..self.unit.cells.len() {
            let reg = self.unit.cells[index].1;
            self.emit(Opcode::MakeCell, 0, reg, NONE, NONE);
        }
    }

    /// Ends the current unit and goes back to the one around it.
    pub(super) fn leave_unit(&mut self) -> Res<CodeUnit> {
        let outer = self.outer.pop();
        let code = self.finish_unit();
        if let Some(outer) = outer {
            self.unit = outer;
        }
        code
    }

    /// Assembles the current unit, which is empty afterwards.
    pub(super) fn finish_unit(&mut self) -> Res<CodeUnit> {
        let code = std::mem::take(&mut self.unit.code);
        let unit = &mut self.unit;
        let head = Head {
            name: unit.name.clone(),
            qualname: unit.qualname.clone(),
            filename: unit.filename.clone(),
            first_line: unit.first_line,
            flags: unit.flags,
            arg_count: unit.arg_count,
            posonly_count: unit.posonly_count,
            kwonly_count: unit.kwonly_count,
            locals: std::mem::take(&mut unit.locals),
            cells: std::mem::take(&mut unit.cells),
            free: std::mem::take(&mut unit.free),
            parameters: unit.parameters,
        };
        assemble(code, head).map_err(|what| {
            SyntaxError::without_position(Kind::Syntax, format!("too many {} in {}", what.0, unit.name))
        })
    }
}
