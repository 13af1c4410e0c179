//! Expressions: where their values go, and the operators, names, attributes and subscripts.
//!
//! [`Lowerer::expression`] computes into a [`Dst`]; [`Lowerer::operand`] gives a register to read, which is the
//! local itself for a local. Calls, displays, comprehensions, strings and conditions have files of their own.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, CmpOp, Expr, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowerer, NONE, Res};
use crate::bytecode::code::{Constant, Position};
use crate::bytecode::instruction::{INPLACE, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};

/// Does the expression assign to `name` by `:=`?
struct FindNamed<'n> {
    name: &'n str,
    found: bool,
}

impl<'a> Visitor<'a> for FindNamed<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Named(named) = expression
            && let Expr::Name(target) = &*named.target
            && target.id == self.name
        {
            self.found = true;
        }
        if !self.found {
            walk_expr(self, expression);
        }
    }
}

impl<'a> Lowerer<'a> {
    /// Computes an expression; the register that holds the result.
    pub(super) fn expression(&mut self, expression: &'a Expr, dst: Dst) -> Res<Reg> {
        if let Some(constant) = self.constant_of(expression)? {
            self.at(expression.range());
            return Ok(self.load_constant(constant, dst));
        }
        match expression {
            Expr::Name(name) => {
                self.at(name.range);
                self.load_name(&name.id, dst)
            }
            Expr::Call(call) => self.call(call, dst),
            Expr::Attribute(attribute) => self.attribute(attribute, dst),
            Expr::Subscript(subscript) => self.subscript(subscript, dst),
            Expr::BinOp(binary) => self.binary(binary, dst),
            Expr::UnaryOp(unary) => self.unary(unary, dst),
            Expr::Compare(compare) => self.compare(compare, dst),
            Expr::BoolOp(boolean) => self.boolean(boolean, dst),
            Expr::If(conditional) => self.conditional(conditional, dst),
            Expr::Named(named) => self.named(named, dst),
            Expr::Lambda(lambda) => self.lambda(lambda, dst),
            Expr::List(list) => self.list(&list.elts, list.range, dst),
            Expr::Tuple(tuple) => self.tuple(&tuple.elts, tuple.range, dst),
            Expr::Set(set) => self.set(&set.elts, set.range, dst),
            Expr::Dict(dict) => self.dict(dict, dst),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => self.comprehension(expression, dst),
            Expr::Generator(generator) => self.generator_expression(generator, dst),
            Expr::Slice(slice) => self.slice(slice, dst),
            Expr::FString(string) => self.fstring(string, dst),
            Expr::TString(string) => self.tstring(string, dst),
            Expr::Await(awaited) => self.await_expression(awaited, dst),
            Expr::Yield(yielded) => self.yield_expression(yielded, dst),
            Expr::YieldFrom(delegated) => self.yield_from(delegated, dst),
            Expr::Starred(starred) => self.error(starred.range, "can't use starred expression here"),
            Expr::IpyEscapeCommand(command) => self.unsupported(command.range, "an IPython command"),
            Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => self.unsupported(expression.range(), "this literal"),
        }
    }

    /// Computes an expression into the next temporary.
    pub(super) fn push_expression(&mut self, expression: &'a Expr) -> Res<Reg> {
        self.expression(expression, Dst::Push)
    }

    /// A value to read once: a local in place, or a new temporary.
    pub(super) fn operand(&mut self, expression: &'a Expr) -> Res<Value> {
        match expression {
            Expr::Name(name) => {
                if let Some(local) = self.local_register(&name.id) {
                    self.at(name.range);
                    self.check_bound(local, &name.id);
                    return Ok(Value::kept(local));
                }
            }
            Expr::Named(named) => {
                if let Expr::Name(target) = &*named.target
                    && let Some(local) = self.local_register(&target.id)
                {
                    self.expression(&named.value, Dst::Reg(local))?;
                    return Ok(Value::kept(local));
                }
            }
            _ => {}
        }
        Ok(Value::dying(self.push_expression(expression)?))
    }

    /// As [`Lowerer::operand`], for a value that must still be what it is after `later` were evaluated.
    pub(super) fn operand_before<'e>(
        &mut self,
        expression: &'a Expr,
        later: impl IntoIterator<Item = &'e Expr>,
    ) -> Res<Value> {
        if self.has_walrus {
            let name = match expression {
                Expr::Name(name) => Some(&name.id),
                Expr::Named(named) => named.target.as_name_expr().map(|name| &name.id),
                _ => None,
            };
            if let Some(name) = name
                && later.into_iter().any(|later| rebinds(later, name))
            {
                return Ok(Value::dying(self.push_expression(expression)?));
            }
        }
        self.operand(expression)
    }

    /// Evaluates an expression for its effects.
    pub(super) fn effect(&mut self, expression: &'a Expr) -> Res {
        if self.constant_of(expression)?.is_some() {
            return Ok(());
        }
        let mark = self.depth();
        let value = self.operand(expression)?;
        self.discard(value);
        self.release(mark);
        Ok(())
    }

    fn binary(&mut self, binary: &'a ast::ExprBinOp, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let left = self.operand_before(&binary.left, [&*binary.right])?;
        let right = self.right_operand(binary.op, &binary.right)?;
        self.release(mark);
        let reg = self.result(dst);
        self.at(binary.range);
        self.emit_binary(binary.op, 0, reg, left, right);
        Ok(reg)
    }

    /// The right operand of an operator: an index into the constants where there is a form for that.
    pub(super) fn right_operand(&mut self, op: Operator, expression: &'a Expr) -> Res<RightOperand> {
        if constant_form(op).is_some()
            && let Some(constant) = self.constant_of(expression)?
        {
            return Ok(RightOperand::Constant(self.constant(constant)));
        }
        Ok(RightOperand::Value(self.operand(expression)?))
    }

    /// Emits `reg = left op right`; `flags` may say that it is in place.
    pub(super) fn emit_binary(
        &mut self,
        op: Operator,
        flags: u8,
        reg: Reg,
        left: Value,
        right: RightOperand,
    ) {
        match right {
            RightOperand::Constant(index) => {
                let opcode = constant_form(op).unwrap_or(Opcode::AddK);
                self.emit(opcode, flags | left.kill_b(), reg, left, index);
            }
            RightOperand::Value(right) => {
                self.emit(register_form(op), flags | left.kill_b() | right.kill_c(), reg, left, right);
            }
        }
    }

    fn unary(&mut self, unary: &'a ast::ExprUnaryOp, dst: Dst) -> Res<Reg> {
        if unary.op == UnaryOp::Not
            && let Expr::Compare(compare) = &*unary.operand
            && let [op @ (CmpOp::In | CmpOp::NotIn | CmpOp::Is | CmpOp::IsNot)] = &*compare.ops
        {
            return self.compare_once(compare, op.negate(), dst);
        }
        let mark = self.depth();
        let operand = self.operand(&unary.operand)?;
        self.release(mark);
        let reg = self.result(dst);
        self.at(unary.range);
        let opcode = match unary.op {
            UnaryOp::Not => Opcode::Not,
            UnaryOp::USub => Opcode::Neg,
            UnaryOp::UAdd => Opcode::Pos,
            UnaryOp::Invert => Opcode::Invert,
        };
        self.emit(opcode, operand.kill_b(), reg, operand, NONE);
        Ok(reg)
    }

    fn compare(&mut self, compare: &'a ast::ExprCompare, dst: Dst) -> Res<Reg> {
        if let [op] = &*compare.ops {
            return self.compare_once(compare, *op, dst);
        }
        self.compare_chain(compare, dst)
    }

    fn compare_once(&mut self, compare: &'a ast::ExprCompare, op: CmpOp, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let right = &compare.comparators[0];
        let left = self.operand_before(&compare.left, [right])?;
        let right = self.comparator(op, right)?;
        self.release(mark);
        let reg = self.result(dst);
        self.at(compare.range);
        self.emit(comparison(op), left.kill_b() | right.kill_c(), reg, left, right);
        Ok(reg)
    }

    /// The right operand of a comparison; a display that is only searched is a constant.
    pub(super) fn comparator(&mut self, op: CmpOp, expression: &'a Expr) -> Res<Value> {
        if matches!(op, CmpOp::In | CmpOp::NotIn)
            && matches!(expression, Expr::List(_) | Expr::Set(_))
            && let Some(constant) = self.constant_container(expression)?
        {
            self.at(expression.range());
            return Ok(Value::dying(self.load_constant(constant, Dst::Push)));
        }
        self.operand(expression)
    }

    /// `a < b < c` as a value: that of the first comparison that fails, or of the last.
    fn compare_chain(&mut self, compare: &'a ast::ExprCompare, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        // A local keeps its value until the whole chain is evaluated.
        let result = match dst {
            Dst::Reg(reg) if reg.is_temporary() => reg,
            _ => self.push(),
        };
        let end = self.label();
        let last = compare.ops.len() - 1;
        let mut cleanups = Vec::new();
        let mut left = self.operand_before(&compare.left, &compare.comparators)?;
        for (index, (op, right)) in compare.ops.iter().zip(&compare.comparators).enumerate() {
            if index == last {
                let right = self.comparator(*op, right)?;
                self.at(compare.range);
                self.emit(comparison(*op), left.kill_b() | right.kill_c(), result, left, right);
                break;
            }
            let right = self.operand_before(right, &compare.comparators[index + 1..])?;
            self.at(compare.range);
            self.emit(comparison(*op), left.kill_b(), result, left, right);
            let cleanup = if right.kill { self.label() } else { end };
            if right.kill {
                cleanups.push((cleanup, right));
            }
            self.unit.code.jump(Opcode::JumpIfFalse, 0, result, NONE, cleanup);
            left = right;
        }
        if !cleanups.is_empty() {
            self.jump(end);
        }
        for (position, (cleanup, value)) in cleanups.iter().enumerate() {
            self.bind(*cleanup);
            self.discard(*value);
            if position + 1 != cleanups.len() {
                self.jump(end);
            }
        }
        self.bind(end);
        self.release(mark);
        Ok(self.deliver(result, dst))
    }

    /// Moves a result from the temporary where it was computed (the next free one, or the destination itself) to its
    /// destination.
    pub(super) fn deliver(&mut self, temporary: Reg, dst: Dst) -> Reg {
        let reg = self.result(dst);
        self.move_to(Value::dying(temporary), reg);
        reg
    }

    /// `a and b`, `a or b` as a value.
    fn boolean(&mut self, boolean: &'a ast::ExprBoolOp, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let Some((last, first)) = boolean.values.split_last() else {
            return self.unsupported(boolean.range, "an empty operation");
        };
        let opcode = match boolean.op {
            ast::BoolOp::And => Opcode::JumpIfFalse,
            ast::BoolOp::Or => Opcode::JumpIfTrue,
        };
        let end = self.label();
        // A local may be written before the end only if what follows cannot see it and cannot fail.
        let early = match dst {
            Dst::Reg(reg) if reg.is_temporary() => Some(reg),
            Dst::Reg(reg) => {
                let mut harmless = true;
                for value in &boolean.values[1..] {
                    harmless &= self.constant_of(value)?.is_some();
                }
                harmless.then_some(reg)
            }
            Dst::Push => None,
        };
        let mut target = early;
        for (index, value) in first.iter().enumerate() {
            if index == 0
                && let Dst::Reg(reg) = dst
                && target.is_none()
                && boolean.values.len() == 2
                && let Expr::Name(name) = value
                && self.local_register(&name.id) == Some(reg)
            {
                // `x = x or …`: the local is its own result.
                self.at(name.range);
                self.check_bound(reg, &name.id);
                self.at(boolean.range);
                self.unit.code.jump(opcode, 0, reg, NONE, end);
                self.expression(last, dst)?;
                self.bind(end);
                return Ok(reg);
            }
            let reg = match target {
                Some(reg) => self.expression(value, Dst::Reg(reg))?,
                None => self.push_expression(value)?,
            };
            target = Some(reg);
            self.at(boolean.range);
            self.unit.code.jump(opcode, 0, reg, NONE, end);
        }
        let reg = match target {
            Some(reg) => self.expression(last, Dst::Reg(reg))?,
            None => self.push_expression(last)?,
        };
        self.bind(end);
        self.release(mark);
        if Some(reg) == early {
            return Ok(reg);
        }
        Ok(self.deliver(reg, dst))
    }

    /// `a if test else b`
    fn conditional(&mut self, conditional: &'a ast::ExprIf, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        if let Some(constant) = self.constant_of(&conditional.test)? {
            let taken = if super::fold::truth(&constant) { &conditional.body } else { &conditional.orelse };
            return self.expression(taken, dst);
        }
        let other = self.label();
        let end = self.label();
        self.jump_if(&conditional.test, false, other)?;
        self.expression(&conditional.body, dst)?;
        self.jump(end);
        self.release(mark);
        self.bind(other);
        let reg = self.expression(&conditional.orelse, dst)?;
        self.bind(end);
        Ok(reg)
    }

    fn named(&mut self, named: &'a ast::ExprNamed, dst: Dst) -> Res<Reg> {
        let Expr::Name(target) = &*named.target else {
            return self.error(named.range, "cannot use assignment expressions with this target");
        };
        if let Some(local) = self.local_register(&target.id) {
            self.expression(&named.value, Dst::Reg(local))?;
            self.at(named.range);
            let reg = self.result(dst);
            self.move_to(Value::kept(local), reg);
            return Ok(reg);
        }
        let mark = self.depth();
        let value = self.push_expression(&named.value)?;
        self.at(target.range);
        self.store_name(&target.id, Value::kept(value));
        self.release(mark);
        Ok(self.deliver(value, dst))
    }

    fn attribute(&mut self, attribute: &'a ast::ExprAttribute, dst: Dst) -> Res<Reg> {
        if let Some(run) = self.super_arguments(attribute)? {
            self.release_to(run);
            let reg = self.result(dst);
            self.at(attribute.range);
            let name = self.attribute_name(attribute);
            self.emit(Opcode::LoadSuperAttr, 0, reg, run, name);
            return Ok(reg);
        }
        let mark = self.depth();
        let object = self.operand(&attribute.value)?;
        self.release(mark);
        let reg = self.result(dst);
        let position = self.attribute_position(attribute.range, attribute);
        self.set_position(position);
        let name = self.attribute_name(attribute);
        self.emit(Opcode::LoadAttr, object.kill_b(), reg, object, name);
        Ok(reg)
    }

    /// Index of an attribute's name, mangled.
    pub(super) fn attribute_name(&mut self, attribute: &ast::ExprAttribute) -> u32 {
        let name = self.scopes.mangled(self.unit.current, &attribute.attr).into_owned();
        self.name(&name)
    }

    /// Position of an operation on an attribute: where the attribute ends on another line than the operation begins,
    /// it starts at the attribute's name.
    pub(super) fn attribute_position(&self, range: TextRange, attribute: &ast::ExprAttribute) -> Position {
        let mut position = self.source.position(range);
        let end = self.source.position(attribute.range);
        if position.line != end.end_line {
            position.line = end.end_line;
            let length = attribute.attr.chars().count() as u32;
            position.column = end.end_column.saturating_sub(length);
            position.end_line = position.end_line.max(position.line);
            if position.line == position.end_line {
                position.end_column = position.end_column.max(position.column);
            }
        }
        position
    }

    fn subscript(&mut self, subscript: &'a ast::ExprSubscript, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let object = self.operand_before(&subscript.value, [&*subscript.slice])?;
        if let Some(index) = self.constant_subscript(&subscript.slice)? {
            self.release(mark);
            let reg = self.result(dst);
            self.at(subscript.range);
            self.emit(Opcode::LoadSubscrK, object.kill_b(), reg, object, index);
            return Ok(reg);
        }
        if let Expr::Slice(slice) = &*subscript.slice {
            let run = self.slice_run(slice)?;
            self.release(mark);
            let reg = self.result(dst);
            self.at(subscript.range);
            self.emit(Opcode::LoadSlice, object.kill_b(), reg, object, run);
            return Ok(reg);
        }
        let index = self.operand(&subscript.slice)?;
        self.release(mark);
        let reg = self.result(dst);
        self.at(subscript.range);
        self.emit(Opcode::LoadSubscr, object.kill_b() | index.kill_c(), reg, object, index);
        Ok(reg)
    }

    /// Index of the constant that a subscript is.
    fn constant_subscript(&mut self, slice: &Expr) -> Res<Option<u32>> {
        let constant = match self.constant_slice(slice)? {
            Some(constant) => Some(constant),
            None => self.constant_of(slice)?,
        };
        Ok(constant.map(|constant| self.constant(constant)))
    }

    fn slice(&mut self, slice: &'a ast::ExprSlice, dst: Dst) -> Res<Reg> {
        if let Some(constant) = self.slice_constant(slice)? {
            self.at(slice.range);
            return Ok(self.load_constant(constant, dst));
        }
        let run = self.slice_run(slice)?;
        self.release_to(run);
        let reg = self.result(dst);
        self.at(slice.range);
        self.emit(Opcode::BuildSlice, 0, reg, run, NONE);
        Ok(reg)
    }

    /// Pushes the three parts of a slice; the run's first register.
    pub(super) fn slice_run(&mut self, slice: &'a ast::ExprSlice) -> Res<Reg> {
        let run = self.unit.code.top();
        for bound in [&slice.lower, &slice.upper, &slice.step] {
            match bound {
                Some(bound) => self.push_expression(bound)?,
                None => {
                    self.at(slice.range);
                    self.load_constant(Constant::None, Dst::Push)
                }
            };
        }
        Ok(run)
    }

    /// The parts of a slice that is no constant.
    pub(super) fn varying_slice<'s>(&mut self, index: &'s Expr) -> Res<Option<&'s ast::ExprSlice>> {
        match index {
            Expr::Slice(slice) if self.slice_constant(slice)?.is_none() => Ok(Some(slice)),
            _ => Ok(None),
        }
    }
}

/// Right operand of a binary operator.
#[derive(Debug, Clone, Copy)]
pub(super) enum RightOperand {
    /// An index into the constants.
    Constant(u32),
    Value(Value),
}

/// Does `expression` assign to `name` by `:=`?
pub(super) fn rebinds(expression: &Expr, name: &str) -> bool {
    let mut visitor = FindNamed { name, found: false };
    visitor.visit_expr(expression);
    visitor.found
}

/// The flag of `op=`.
pub(super) const IN_PLACE: u8 = INPLACE;

fn register_form(op: Operator) -> Opcode {
    match op {
        Operator::Add => Opcode::Add,
        Operator::Sub => Opcode::Sub,
        Operator::Mult => Opcode::Mul,
        Operator::MatMult => Opcode::MatMul,
        Operator::Div => Opcode::TrueDiv,
        Operator::Mod => Opcode::Mod,
        Operator::Pow => Opcode::Pow,
        Operator::LShift => Opcode::LShift,
        Operator::RShift => Opcode::RShift,
        Operator::BitOr => Opcode::Or,
        Operator::BitXor => Opcode::Xor,
        Operator::BitAnd => Opcode::And,
        Operator::FloorDiv => Opcode::FloorDiv,
    }
}

fn constant_form(op: Operator) -> Option<Opcode> {
    Some(match op {
        Operator::Add => Opcode::AddK,
        Operator::Sub => Opcode::SubK,
        Operator::Mult => Opcode::MulK,
        Operator::Div => Opcode::TrueDivK,
        Operator::Mod => Opcode::ModK,
        Operator::Pow => Opcode::PowK,
        Operator::LShift => Opcode::LShiftK,
        Operator::RShift => Opcode::RShiftK,
        Operator::BitAnd => Opcode::AndK,
        Operator::FloorDiv => Opcode::FloorDivK,
        Operator::MatMult | Operator::BitOr | Operator::BitXor => return None,
    })
}

/// The instruction that makes a comparison a value.
pub(super) fn comparison(op: CmpOp) -> Opcode {
    match op {
        CmpOp::Eq => Opcode::Eq,
        CmpOp::NotEq => Opcode::Ne,
        CmpOp::Lt => Opcode::Lt,
        CmpOp::LtE => Opcode::Le,
        CmpOp::Gt => Opcode::Gt,
        CmpOp::GtE => Opcode::Ge,
        CmpOp::Is => Opcode::Is,
        CmpOp::IsNot => Opcode::IsNot,
        CmpOp::In => Opcode::In,
        CmpOp::NotIn => Opcode::NotIn,
    }
}
