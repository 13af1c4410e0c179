//! Conditions: tests that only decide where to go on.
//!
//! `and`, `or`, `not`, conditional expressions and chained comparisons become jumps; a comparison becomes one fused
//! instruction. [`Lowerer::jump_if`] jumps forward, [`Lowerer::loop_if`] jumps back to a loop's body.

use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, UnaryOp};
use ruff_text_size::Ranged;

use super::fold::truth;
use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::{IF_TRUE, Opcode};
use crate::bytecode::operand::{Label, Value};

impl<'a> Lowerer<'a> {
    /// Jumps forward to `target` if the truth of `test` is `sense`.
    pub(super) fn jump_if(&mut self, test: &'a Expr, sense: bool, target: Label) -> Res {
        if let Some(constant) = self.constant_of(test)? {
            if truth(&constant) == sense {
                self.at(test.range());
                self.jump(target);
            }
            return Ok(());
        }
        match test {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => self.jump_if(&unary.operand, !sense, target),
            Expr::BoolOp(boolean) => self.jump_if_boolean(boolean, sense, target),
            Expr::If(conditional) => {
                let other = self.label();
                let end = self.label();
                self.jump_if(&conditional.test, false, other)?;
                self.jump_if(&conditional.body, sense, target)?;
                self.jump(end);
                self.bind(other);
                self.jump_if(&conditional.orelse, sense, target)?;
                self.bind(end);
                Ok(())
            }
            Expr::Compare(compare) => self.jump_if_compare(compare, sense, target),
            _ => {
                let mark = self.depth();
                let value = self.operand(test)?;
                self.release(mark);
                self.at(test.range());
                let opcode = if sense { Opcode::JumpIfTrue } else { Opcode::JumpIfFalse };
                self.unit.code.jump(opcode, value.kill_a(), value, NONE, target);
                Ok(())
            }
        }
    }

    fn jump_if_boolean(&mut self, boolean: &'a ast::ExprBoolOp, sense: bool, target: Label) -> Res {
        let decides = boolean.op == BoolOp::Or;
        let Some((last, first)) = boolean.values.split_last() else { return Ok(()) };
        // Where an early decision goes: to the target if it is the sense asked for, else past the whole.
        let early = if decides == sense { target } else { self.label() };
        for value in first {
            self.jump_if(value, decides, early)?;
        }
        self.jump_if(last, sense, target)?;
        if early != target {
            self.bind(early);
        }
        Ok(())
    }

    fn jump_if_compare(&mut self, compare: &'a ast::ExprCompare, sense: bool, target: Label) -> Res {
        let mark = self.depth();
        let last = compare.ops.len() - 1;
        let mut left = self.operand_before(&compare.left, &compare.comparators)?;
        let mut cleanups = Vec::new();
        let failed = if sense { self.label() } else { target };
        for (index, op) in compare.ops[..last].iter().enumerate() {
            let later = &compare.comparators[index + 1..];
            let middle = self.operand_before(&compare.comparators[index], later)?;
            let exit = if middle.kill { self.label() } else { failed };
            if middle.kill {
                cleanups.push((exit, middle));
            }
            self.at(compare.range);
            self.compare_and_jump(*op, left, Value::kept(middle.reg), false, exit);
            left = middle;
        }
        let right = &compare.comparators[last];
        let op = compare.ops[last];
        if matches!(op, CmpOp::Is | CmpOp::IsNot) && right.is_none_literal_expr() {
            self.at(compare.range);
            let opcode = if (op == CmpOp::Is) == sense { Opcode::JumpIfNone } else { Opcode::JumpIfNotNone };
            self.unit.code.jump(opcode, left.kill_a(), left, NONE, target);
        } else if let Some((opcode, _)) = constant_forms(op)
            && let Some(constant) = self.constant_of(right)?
        {
            let index = self.constant(constant);
            self.at(compare.range);
            let flags = left.kill_a() | if sense { IF_TRUE } else { 0 };
            self.unit.code.jump(opcode, flags, left, index, target);
        } else {
            let right = self.comparator(op, right)?;
            self.at(compare.range);
            self.compare_and_jump(op, left, right, sense, target);
        }
        self.release(mark);
        if !cleanups.is_empty() {
            let end = self.label();
            self.jump(end);
            for (exit, value) in cleanups {
                self.bind(exit);
                self.discard(value);
                self.jump(failed);
            }
            self.bind(end);
        }
        if sense {
            self.bind(failed);
        }
        Ok(())
    }

    /// Compares two registers and jumps forward if the outcome is `sense`.
    pub(super) fn compare_and_jump(
        &mut self,
        op: CmpOp,
        left: Value,
        right: Value,
        sense: bool,
        target: Label,
    ) {
        let (opcode, negated) = match op {
            CmpOp::Lt => (Opcode::JumpLt, false),
            CmpOp::LtE => (Opcode::JumpLe, false),
            CmpOp::Eq => (Opcode::JumpEq, false),
            CmpOp::NotEq => (Opcode::JumpNe, false),
            CmpOp::Gt => (Opcode::JumpGt, false),
            CmpOp::GtE => (Opcode::JumpGe, false),
            CmpOp::Is => (Opcode::JumpIs, false),
            CmpOp::IsNot => (Opcode::JumpIs, true),
            CmpOp::In => (Opcode::JumpIn, false),
            CmpOp::NotIn => (Opcode::JumpIn, true),
        };
        let flags = left.kill_a() | right.kill_b() | if sense != negated { IF_TRUE } else { 0 };
        self.unit.code.jump(opcode, flags, left, right, target);
    }

    /// Jumps back to `body` if `test` is true, else falls through.
    pub(super) fn loop_if(&mut self, test: &'a Expr, body: Label) -> Res {
        if let Some(constant) = self.constant_of(test)? {
            if truth(&constant) {
                self.at(test.range());
                self.jump_back(body);
            }
            return Ok(());
        }
        match test {
            Expr::BoolOp(boolean) => {
                let Some((last, first)) = boolean.values.split_last() else { return Ok(()) };
                if boolean.op == BoolOp::Or {
                    for value in first {
                        self.loop_if(value, body)?;
                    }
                    return self.loop_if(last, body);
                }
                let exit = self.label();
                for value in first {
                    self.jump_if(value, false, exit)?;
                }
                self.loop_if(last, body)?;
                self.bind(exit);
                Ok(())
            }
            Expr::Compare(compare) if compare.ops.len() == 1 && loop_form(compare.ops[0]).is_some() => {
                self.loop_if_compare(compare, body)
            }
            Expr::UnaryOp(ast::ExprUnaryOp { op: UnaryOp::Not, .. }) | Expr::If(_) | Expr::Compare(_) => {
                let exit = self.label();
                self.jump_if(test, false, exit)?;
                self.at(test.range());
                self.jump_back(body);
                self.bind(exit);
                Ok(())
            }
            _ => {
                let mark = self.depth();
                let value = self.operand(test)?;
                self.release(mark);
                self.at(test.range());
                self.unit.code.jump(Opcode::LoopIfTrue, value.kill_a(), value, NONE, body);
                Ok(())
            }
        }
    }

    fn loop_if_compare(&mut self, compare: &'a ast::ExprCompare, body: Label) -> Res {
        let mark = self.depth();
        let right = &compare.comparators[0];
        let op = compare.ops[0];
        let left = self.operand_before(&compare.left, [right])?;
        if let Some((_, opcode)) = constant_forms(op)
            && let Some(constant) = self.constant_of(right)?
        {
            let index = self.constant(constant);
            self.at(compare.range);
            self.unit.code.jump(opcode, left.kill_a(), left, index, body);
        } else if let Some(opcode) = loop_form(op) {
            let right = self.operand(right)?;
            self.at(compare.range);
            self.unit.code.jump(opcode, left.kill_a() | right.kill_b(), left, right, body);
        }
        self.release(mark);
        Ok(())
    }
}

/// The forward and the backward instruction that compare with a constant.
fn constant_forms(op: CmpOp) -> Option<(Opcode, Opcode)> {
    Some(match op {
        CmpOp::Lt => (Opcode::JumpLtK, Opcode::LoopLtK),
        CmpOp::LtE => (Opcode::JumpLeK, Opcode::LoopLeK),
        CmpOp::Eq => (Opcode::JumpEqK, Opcode::LoopEqK),
        CmpOp::NotEq => (Opcode::JumpNeK, Opcode::LoopNeK),
        CmpOp::Gt => (Opcode::JumpGtK, Opcode::LoopGtK),
        CmpOp::GtE => (Opcode::JumpGeK, Opcode::LoopGeK),
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    })
}

fn loop_form(op: CmpOp) -> Option<Opcode> {
    Some(match op {
        CmpOp::Lt => Opcode::LoopLt,
        CmpOp::LtE => Opcode::LoopLe,
        CmpOp::Eq => Opcode::LoopEq,
        CmpOp::NotEq => Opcode::LoopNe,
        CmpOp::Gt => Opcode::LoopGt,
        CmpOp::GtE => Opcode::LoopGe,
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    })
}
