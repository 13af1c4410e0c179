//! Displays: lists, tuples, sets, dicts, with unpacking.
//!
//! A short display is built from a run of registers. A long one grows item by item, so that no frame needs a register
//! for each item; so does one with unpacking.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowerer, NONE, Res};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Reg, Value};

/// Most registers that a display's run may have.
const MAX_RUN: usize = 48;
/// From this many constant items on, they are taken from one constant tuple.
const MIN_CONSTANT_ITEMS: usize = 3;

impl<'a> Lowerer<'a> {
    pub(super) fn list(&mut self, items: &'a [Expr], range: TextRange, dst: Dst) -> Res<Reg> {
        if items.len() >= MIN_CONSTANT_ITEMS
            && let Some(constants) = self.constants_of(items)?
        {
            return Ok(self.constant_items(
                Opcode::BuildList,
                Opcode::ListExtend,
                Constant::Tuple(constants.into()),
                range,
                dst,
            ));
        }
        if is_plain(items) {
            return self.run(Opcode::BuildList, items, range, dst);
        }
        let list = self.grow(Opcode::BuildList, Opcode::ListAppend, Opcode::ListExtend, items, range)?;
        self.release_to(list);
        Ok(self.deliver(list, dst))
    }

    pub(super) fn tuple(&mut self, items: &'a [Expr], range: TextRange, dst: Dst) -> Res<Reg> {
        if is_plain(items) {
            return self.run(Opcode::BuildTuple, items, range, dst);
        }
        let list = self.grow(Opcode::BuildList, Opcode::ListAppend, Opcode::ListExtend, items, range)?;
        self.release_to(list);
        let reg = self.result(dst);
        self.emit(Opcode::ListToTuple, Value::dying(list).kill_b(), reg, list, NONE);
        Ok(reg)
    }

    pub(super) fn set(&mut self, items: &'a [Expr], range: TextRange, dst: Dst) -> Res<Reg> {
        if items.len() >= MIN_CONSTANT_ITEMS
            && let Some(constants) = self.constants_of(items)?
        {
            return Ok(self.constant_items(
                Opcode::BuildSet,
                Opcode::SetUpdate,
                Constant::FrozenSet(constants.into()),
                range,
                dst,
            ));
        }
        if is_plain(items) {
            return self.run(Opcode::BuildSet, items, range, dst);
        }
        let set = self.grow(Opcode::BuildSet, Opcode::SetAdd, Opcode::SetUpdate, items, range)?;
        self.release_to(set);
        Ok(self.deliver(set, dst))
    }

    /// A container made from one constant that holds its items.
    fn constant_items(
        &mut self,
        build: Opcode,
        extend: Opcode,
        items: Constant,
        range: TextRange,
        dst: Dst,
    ) -> Reg {
        self.at(range);
        let mark = self.depth();
        // Neither instruction can fail, so a local may be written at once.
        let container = self.result(dst);
        self.emit(build, 0, container, container, 0);
        let depth = self.depth();
        let items = self.load_constant(items, Dst::Push);
        self.emit(extend, Value::dying(items).kill_b(), container, items, NONE);
        self.release(if dst == Dst::Push { depth } else { mark });
        container
    }

    /// A container made from a run of registers.
    fn run(&mut self, build: Opcode, items: &'a [Expr], range: TextRange, dst: Dst) -> Res<Reg> {
        let run = self.unit.code.top();
        for item in items {
            self.push_expression(item)?;
        }
        self.release_to(run);
        let reg = self.result(dst);
        self.at(range);
        // An empty run names any register.
        let run = if items.is_empty() { reg } else { run };
        self.emit(build, 0, reg, run, items.len() as u32);
        Ok(reg)
    }

    /// A container that grows item by item, in a new temporary.
    pub(super) fn grow(
        &mut self,
        build: Opcode,
        add: Opcode,
        extend: Opcode,
        items: &'a [Expr],
        range: TextRange,
    ) -> Res<Reg> {
        self.at(range);
        // What comes before the first unpacking is built at once.
        let plain = items.iter().take_while(|item| !item.is_starred_expr()).count().min(MAX_RUN);
        let container = self.run(build, &items[..plain], range, Dst::Push)?;
        let mark = self.depth();
        for item in &items[plain..] {
            let (opcode, item) = match item {
                Expr::Starred(starred) => (extend, &*starred.value),
                _ => (add, item),
            };
            let value = self.operand(item)?;
            self.at(range);
            self.emit(opcode, value.kill_b(), container, value, NONE);
            self.release(mark);
        }
        Ok(container)
    }

    pub(super) fn dict(&mut self, dict: &'a ast::ExprDict, dst: Dst) -> Res<Reg> {
        let plain = dict.items.iter().take_while(|item| item.key.is_some()).count().min(MAX_RUN / 2);
        let run = self.unit.code.top();
        for item in &dict.items[..plain] {
            if let Some(key) = &item.key {
                self.push_expression(key)?;
                self.push_expression(&item.value)?;
            }
        }
        self.release_to(run);
        if plain == dict.items.len() {
            let reg = self.result(dst);
            self.at(dict.range);
            let run = if plain == 0 { reg } else { run };
            self.emit(Opcode::BuildMap, 0, reg, run, plain as u32);
            return Ok(reg);
        }
        let map = self.push();
        self.at(dict.range);
        self.emit(Opcode::BuildMap, 0, map, run, plain as u32);
        let mark = self.depth();
        for item in &dict.items[plain..] {
            match &item.key {
                Some(key) => {
                    let key = self.operand_before(key, [&item.value])?;
                    let value = self.operand(&item.value)?;
                    self.at(dict.range);
                    self.emit(Opcode::MapAdd, key.kill_b() | value.kill_c(), map, key, value);
                }
                None => {
                    let value = self.operand(&item.value)?;
                    self.at(item.value.range());
                    self.emit(Opcode::DictUpdate, value.kill_b(), map, value, NONE);
                }
            }
            self.release(mark);
        }
        self.release_to(map);
        Ok(self.deliver(map, dst))
    }
}

/// Can it be built from a run of registers?
fn is_plain(items: &[Expr]) -> bool {
    items.len() <= MAX_RUN && !items.iter().any(Expr::is_starred_expr)
}
