//! `yield`, `yield from`, `await`: suspending and delegating.
//!
//! A delegation keeps the value to send in a register `v` and the sub-iterator in `v + 1`:
//! `L: SEND v, v+1, done; YIELD v, v, kept (DELEGATE); JUMP_BACK_NO_POLL L; done: CLEAR v+1`.

use ruff_python_ast as ast;

use super::{Lowerer, NONE, Res};
use crate::bytecode::code::{Constant, flags};
use crate::bytecode::instruction::{DELEGATE, Intrinsic, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};

impl<'a> Lowerer<'a> {
    pub(super) fn yield_expression(&mut self, yielded: &'a ast::ExprYield, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let value = match &yielded.value {
            Some(value) => self.operand(value)?,
            None => {
                self.at(yielded.range);
                self.push_constant(Constant::None)
            }
        };
        self.release(mark);
        self.at(yielded.range);
        self.emit_yield(value, dst)
    }

    /// Yields a value; where what is sent arrives.
    pub(super) fn emit_yield(&mut self, value: Value, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        let mut value = value;
        if self.unit.flags & flags::ASYNC_GENERATOR != 0 {
            let wrapped = self.push();
            self.move_to(value, wrapped);
            self.emit(Opcode::Intrinsic, 0, wrapped, Intrinsic::AsyncGenWrap as u32, wrapped);
            value = Value::dying(wrapped);
        }
        self.release(mark);
        let reg = self.result(dst);
        let kept = self.last_in_use();
        self.emit(Opcode::Yield, value.kill_b(), reg, value, kept);
        Ok(reg)
    }

    /// The last temporary that may hold something; the first one if none does.
    fn last_in_use(&self) -> Reg {
        Reg::temporary(self.depth().saturating_sub(1))
    }

    pub(super) fn yield_from(&mut self, delegated: &'a ast::ExprYieldFrom, dst: Dst) -> Res<Reg> {
        let sent = self.unit.code.top();
        let value = self.operand(&delegated.value)?;
        self.at(delegated.range);
        self.release_to(sent);
        self.reserve(2);
        let iterator = sent.offset(1);
        self.emit(Opcode::GetYieldFromIter, value.kill_b(), iterator, value, NONE);
        self.load_constant(Constant::None, Dst::Reg(sent));
        self.delegate(sent, iterator);
        self.release_to(sent);
        Ok(self.deliver(sent, dst))
    }

    pub(super) fn await_expression(&mut self, awaited: &'a ast::ExprAwait, dst: Dst) -> Res<Reg> {
        let top = self.unit.code.top();
        let value = self.operand(&awaited.value)?;
        self.at(awaited.range);
        self.release_to(top);
        let result = self.await_value(value, 0)?;
        self.release_to(result);
        Ok(self.deliver(result, dst))
    }

    /// Awaits a value; the result is in the value's own register if that is a temporary (which then stays in use), else
    /// in a new one. `context` is that of `GET_AWAITABLE`.
    pub(super) fn await_value(&mut self, value: Value, context: u32) -> Res<Reg> {
        let sent = if value.kill { value.reg } else { self.unit.code.top() };
        let awaitable = sent.offset(1);
        let depth = self.depth();
        self.release(depth.max(awaitable.number() + 1));
        self.emit(Opcode::GetAwaitable, value.kill_b(), awaitable, value, context);
        self.load_constant(Constant::None, Dst::Reg(sent));
        self.delegate(sent, awaitable);
        self.release(sent.number() + 1);
        Ok(sent)
    }

    /// Sends what is in `sent` to `iterator` until it ends; its result is then in `sent`.
    pub(super) fn delegate(&mut self, sent: Reg, iterator: Reg) {
        let done = self.label();
        let again = self.unit.code.label_here();
        self.unit.code.jump(Opcode::Send, 0, sent, iterator, done);
        let kept = self.last_in_use();
        let kept = if kept.number() < iterator.number() { iterator } else { kept };
        self.emit(Opcode::Yield, DELEGATE | Value::dying(sent).kill_b(), sent, sent, kept);
        self.unit.code.jump(Opcode::JumpBackNoPoll, 0, NONE, NONE, again);
        self.bind(done);
        self.clear(iterator);
    }
}
