//! Assignment: targets, unpacking, augmented assignment.
//!
//! The value of an assignment to one local is computed in the local itself. Not here: annotations (`annotation`).

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::expression::{IN_PLACE, rebinds};
use super::{Lowerer, NONE, Res};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Area, Dst, Reg, Value};
use crate::scope::ScopeKind;

impl<'a> Lowerer<'a> {
    pub(super) fn assign(&mut self, assign: &'a ast::StmtAssign) -> Res {
        let mark = self.depth();
        if let [target] = &*assign.targets {
            self.assign_to(target, &assign.value)?;
            self.release(mark);
            return Ok(());
        }
        if let Some(constant) = self.constant_of(&assign.value)? {
            for target in &assign.targets {
                self.assign_constant(target, constant.clone(), assign.value.range())?;
            }
            return Ok(());
        }
        let simple = |target: &Expr| target.is_name_expr();
        let first =
            if assign.targets.iter().all(simple) { self.destination(&assign.targets[0]) } else { Dst::Push };
        let reg = self.expression(&assign.value, first)?;
        let (start, temporary) = if first == Dst::Push { (0, true) } else { (1, false) };
        let targets = &assign.targets[start..];
        for (index, target) in targets.iter().enumerate() {
            let last = index + 1 == targets.len();
            self.store(target, Value { reg, kill: temporary && last })?;
        }
        self.release(mark);
        Ok(())
    }

    fn assign_constant(&mut self, target: &'a Expr, constant: Constant, range: TextRange) -> Res {
        let depth = self.depth();
        self.at(range);
        let dst = self.destination(target);
        let reg = self.load_constant(constant, dst);
        if dst == Dst::Push {
            self.store(target, Value::dying(reg))?;
        }
        self.release(depth);
        Ok(())
    }

    /// `target = value`
    pub(super) fn assign_to(&mut self, target: &'a Expr, value: &'a Expr) -> Res {
        match target {
            Expr::Name(name) => {
                let dst = self.store_destination(&name.id);
                match dst {
                    Dst::Reg(_) => {
                        self.expression(value, dst)?;
                    }
                    Dst::Push => {
                        let value = self.operand(value)?;
                        self.at(name.range);
                        self.store_name(&name.id, value);
                    }
                }
                Ok(())
            }
            Expr::Tuple(ast::ExprTuple { elts: targets, .. })
            | Expr::List(ast::ExprList { elts: targets, .. }) => {
                if let Expr::Tuple(ast::ExprTuple { elts: values, .. })
                | Expr::List(ast::ExprList { elts: values, .. }) = value
                    && values.len() == targets.len()
                    && targets.len() <= 16
                    && !values.iter().chain(targets).any(Expr::is_starred_expr)
                {
                    return self.assign_parallel(targets, values);
                }
                let value = self.operand(value)?;
                self.unpack(targets, value, target.range())
            }
            _ => {
                let value = self.operand_before(value, [target])?;
                self.store(target, value)
            }
        }
    }

    /// `a, b = x, y`: no tuple is made.
    fn assign_parallel(&mut self, targets: &'a [Expr], values: &'a [Expr]) -> Res {
        let mut operands = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            if let Some(constant) = self.constant_of(value)? {
                operands.push(Err((constant, value.range())));
                continue;
            }
            // A local can be read in place if no target before this one is it.
            let name = value.as_name_expr().map(|name| &name.id);
            let clobbered = name.is_some_and(|name| {
                targets[..index].iter().any(|target| stores_to(target, name))
                    || self.has_walrus
                        && (values[index + 1..].iter().chain(targets)).any(|later| rebinds(later, name))
            });
            let operand = if clobbered || value.is_named_expr() {
                Value::dying(self.push_expression(value)?)
            } else {
                self.operand(value)?
            };
            operands.push(Ok(operand));
        }
        for (target, value) in targets.iter().zip(operands) {
            match value {
                Ok(value) => self.store(target, value)?,
                Err((constant, range)) => self.assign_constant(target, constant, range)?,
            }
        }
        Ok(())
    }

    /// Where to compute what is assigned to `target`.
    pub(super) fn destination(&self, target: &Expr) -> Dst {
        match target {
            Expr::Name(name) => self.store_destination(&name.id),
            _ => Dst::Push,
        }
    }

    /// Assigns a value to a target.
    pub(super) fn store(&mut self, target: &'a Expr, value: Value) -> Res {
        let mark = self.depth();
        match target {
            Expr::Name(name) => {
                self.at(name.range);
                self.store_name(&name.id, value);
            }
            Expr::Attribute(attribute) => {
                self.note_static_attribute(attribute);
                let object = self.operand(&attribute.value)?;
                let position = self.attribute_position(attribute.range, attribute);
                self.set_position(position);
                let name = self.attribute_name(attribute);
                self.emit(Opcode::StoreAttr, object.kill_a() | value.kill_c(), object, name, value);
            }
            Expr::Subscript(subscript) => {
                let object = self.operand_before(&subscript.value, [&*subscript.slice])?;
                if let Some(slice) = self.varying_slice(&subscript.slice)? {
                    let run = self.slice_run(slice)?;
                    self.at(subscript.range);
                    self.emit(Opcode::StoreSlice, object.kill_a() | value.kill_c(), object, run, value);
                    self.release(mark);
                    return Ok(());
                }
                let index = self.operand(&subscript.slice)?;
                self.at(subscript.range);
                let flags = object.kill_a() | index.kill_b() | value.kill_c();
                self.emit(Opcode::StoreSubscr, flags, object, index, value);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, value, target.range())?;
            }
            Expr::Starred(starred) => {
                return self.error(starred.range, "starred assignment target must be in a list or tuple");
            }
            _ => return self.error(target.range(), "cannot assign to expression"),
        }
        self.release(mark);
        Ok(())
    }

    /// Remembers `self.name = …` for the class's `__static_attributes__`.
    fn note_static_attribute(&mut self, attribute: &ast::ExprAttribute) {
        if !matches!(&*attribute.value, Expr::Name(name) if name.id == "self") {
            return;
        }
        let class = self.outer.iter_mut().rev().find(|unit| unit.kind == ScopeKind::Class);
        let class = if self.unit.kind == ScopeKind::Class { Some(&mut self.unit) } else { class };
        if let Some(class) = class {
            class.static_attributes.insert(attribute.attr.to_string());
        }
    }

    /// Unpacks a value to targets.
    pub(super) fn unpack(&mut self, targets: &'a [Expr], value: Value, range: TextRange) -> Res {
        let mark = self.depth();
        let count = targets.len() as u32;
        let starred = targets.iter().position(Expr::is_starred_expr);
        let (opcode, shape) = match starred {
            Some(star) => {
                let after = targets.len() - star - 1;
                if star > 0xff || after > 0xff {
                    return self.error(range, "too many expressions in star-unpacking assignment");
                }
                (Opcode::UnpackEx, star as u32 | (after as u32) << 8)
            }
            None => (Opcode::UnpackSequence, count),
        };
        self.at(range);
        if starred.is_none()
            && let Some(first) = self.consecutive_locals(targets)
            // `a, b = a`: what is unpacked must outlive the first write.
            && (value.kill || !(first.number()..first.number() + count).contains(&value.reg.number()))
        {
            self.emit(opcode, value.kill_b(), first, value, shape);
            self.release(mark);
            return Ok(());
        }
        let first = self.reserve(count);
        self.emit(opcode, value.kill_b(), first, value, shape);
        for (index, target) in targets.iter().enumerate() {
            let target = match target {
                Expr::Starred(starred) => &*starred.value,
                _ => target,
            };
            self.store(target, Value::dying(first.offset(index as u32)))?;
        }
        self.release(mark);
        Ok(())
    }

    /// The first register of targets that are consecutive locals: they can be unpacked to directly.
    fn consecutive_locals(&self, targets: &[Expr]) -> Option<Reg> {
        let local = |target: &Expr| match target {
            Expr::Name(name) => self.local_register(&name.id).filter(|reg| reg.area() == Area::Local),
            _ => None,
        };
        let first = local(targets.first()?)?;
        let consecutive = targets
            .iter()
            .enumerate()
            .all(|(index, target)| local(target) == Some(first.offset(index as u32)));
        consecutive.then_some(first)
    }

    pub(super) fn augmented_assign(&mut self, assign: &'a ast::StmtAugAssign) -> Res {
        let mark = self.depth();
        match &*assign.target {
            Expr::Name(name) => {
                if let Some(local) = self.local_register(&name.id) {
                    let left = self.operand_before(&assign.target, [&*assign.value])?;
                    let right = self.right_operand(assign.op, &assign.value)?;
                    self.at(assign.range);
                    self.emit_binary(assign.op, IN_PLACE, local, left, right);
                } else {
                    let left = self.push_expression(&assign.target)?;
                    let right = self.right_operand(assign.op, &assign.value)?;
                    self.at(assign.range);
                    self.emit_binary(assign.op, IN_PLACE, left, Value::dying(left), right);
                    self.at(name.range);
                    self.store_name(&name.id, Value::dying(left));
                }
            }
            Expr::Attribute(attribute) => {
                let object = self.operand_before(&attribute.value, [&*assign.value])?;
                let position = self.attribute_position(attribute.range, attribute);
                self.set_position(position);
                let name = self.attribute_name(attribute);
                let old = self.push();
                self.emit(Opcode::LoadAttr, 0, old, object, name);
                let right = self.right_operand(assign.op, &assign.value)?;
                self.at(assign.range);
                self.emit_binary(assign.op, IN_PLACE, old, Value::dying(old), right);
                self.set_position(position);
                let flags = object.kill_a() | Value::dying(old).kill_c();
                self.emit(Opcode::StoreAttr, flags, object, name, old);
            }
            Expr::Subscript(subscript) => {
                let later = [&*subscript.slice, &*assign.value];
                let object = self.operand_before(&subscript.value, later)?;
                let index = self.operand_before(&subscript.slice, [&*assign.value])?;
                self.at(subscript.range);
                let old = self.push();
                self.emit(Opcode::LoadSubscr, 0, old, object, index);
                let right = self.right_operand(assign.op, &assign.value)?;
                self.at(assign.range);
                self.emit_binary(assign.op, IN_PLACE, old, Value::dying(old), right);
                self.at(subscript.range);
                let flags = object.kill_a() | index.kill_b() | Value::dying(old).kill_c();
                self.emit(Opcode::StoreSubscr, flags, object, index, old);
            }
            target => return self.error(target.range(), "illegal expression for augmented assignment"),
        }
        self.release(mark);
        Ok(())
    }

    /// Drops a value, at the current position.
    pub(super) fn clear(&mut self, reg: Reg) {
        self.emit(Opcode::Clear, 0, reg, NONE, NONE);
    }
}

/// Does assigning to `target` rebind the variable `name`?
fn stores_to(target: &Expr, name: &str) -> bool {
    match target {
        Expr::Name(target) => target.id == name,
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
            elts.iter().any(|target| stores_to(target, name))
        }
        _ => false,
    }
}
