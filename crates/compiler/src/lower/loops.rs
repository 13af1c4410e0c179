//! Loops. The test of a `while` and the step of a `for` stand at the bottom, so that a round has one jump.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::block::{Exit, Iterator};
use super::fold::truth;
use super::{Lowerer, NONE, Res};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Label, Reg, Value};

/// Registers of an iteration.
pub(super) const ITERATION: u32 = 3;

impl<'a> Lowerer<'a> {
    pub(super) fn while_statement(&mut self, statement: &'a ast::StmtWhile) -> Res {
        let on_break = self.label();
        match self.constant_of(&statement.test)? {
            Some(constant) if truth(&constant) => {
                let top = self.unit.code.label_here();
                self.push_block(Exit::Loop { on_continue: top, on_break, iterator: Iterator::None });
                self.conditional_body(&statement.body)?;
                self.pop_block();
                self.at(statement.test.range());
                self.jump_back(top);
            }
            Some(_) => self.conditional_body(&statement.orelse)?,
            None => {
                let test = self.label();
                self.at(statement.test.range());
                self.jump(test);
                let top = self.unit.code.label_here();
                self.push_block(Exit::Loop { on_continue: test, on_break, iterator: Iterator::None });
                self.conditional_body(&statement.body)?;
                self.pop_block();
                self.bind(test);
                self.loop_if(&statement.test, top)?;
                self.conditional_body(&statement.orelse)?;
            }
        }
        self.bind(on_break);
        Ok(())
    }

    pub(super) fn for_statement(&mut self, statement: &'a ast::StmtFor) -> Res {
        let on_break = self.label();
        let next = self.label();
        let iterator = self.begin_iteration(&statement.iter)?;
        self.jump(next);
        let top = self.unit.code.label_here();
        self.push_block(Exit::Loop { on_continue: next, on_break, iterator: Iterator::Plain(iterator) });
        let item = self.begin_item(&statement.target)?;
        self.conditional_body(&statement.body)?;
        self.pop_block();
        self.bind(next);
        self.next_item(iterator, item, &statement.iter, top);
        self.release_to(iterator);
        self.conditional_body(&statement.orelse)?;
        self.bind(on_break);
        Ok(())
    }

    /// Starts to iterate over an expression, in three new temporaries.
    pub(super) fn begin_iteration(&mut self, iterable: &'a Expr) -> Res<Reg> {
        let base = self.unit.code.top();
        let value = match iterable {
            Expr::List(_) | Expr::Set(_) => match self.constant_container(iterable)? {
                Some(constant) => {
                    self.at(iterable.range());
                    self.push_constant(constant)
                }
                None => self.operand(iterable)?,
            },
            _ => self.operand(iterable)?,
        };
        self.release_to(base);
        self.reserve(ITERATION);
        self.at(iterable.range());
        self.emit(Opcode::GetIter, value.kill_b(), base, value, NONE);
        Ok(base)
    }

    /// At the top of a loop's body: assigns the item to the target. The register that the step has to put it in.
    pub(super) fn begin_item(&mut self, target: &'a Expr) -> Res<Reg> {
        match self.destination(target) {
            Dst::Reg(local) => Ok(local),
            Dst::Push => {
                let item = self.push();
                self.store(target, Value::dying(item))?;
                self.release_to(item);
                Ok(item)
            }
        }
    }

    /// The step at the bottom of a loop.
    pub(super) fn next_item(&mut self, iterator: Reg, item: Reg, iterable: &Expr, top: Label) {
        self.at(iterable.range());
        self.unit.code.jump(Opcode::ForNext, 0, iterator, item, top);
    }

    pub(super) fn async_for(&mut self, statement: &'a ast::StmtFor) -> Res {
        let on_break = self.label();
        let ended = self.label();
        let iterator = self.begin_async_iteration(&statement.iter)?;
        let top = self.unit.code.label_here();
        self.push_block(Exit::Loop { on_continue: top, on_break, iterator: Iterator::Async(iterator) });
        self.at(statement.range);
        let item = self.next_async_item(iterator, ended)?;
        self.store(&statement.target, Value::dying(item))?;
        self.release_to(item);
        self.conditional_body(&statement.body)?;
        self.pop_block();
        self.jump_back(top);
        self.bind(ended);
        self.end_async_iteration(iterator, &statement.iter);
        self.conditional_body(&statement.orelse)?;
        self.bind(on_break);
        Ok(())
    }

    /// Starts to iterate asynchronously, in a new temporary.
    pub(super) fn begin_async_iteration(&mut self, iterable: &'a Expr) -> Res<Reg> {
        let base = self.unit.code.top();
        let value = self.operand(iterable)?;
        self.release_to(base);
        let iterator = self.push();
        self.at(iterable.range());
        self.emit(Opcode::GetAIter, value.kill_b(), iterator, value, NONE);
        Ok(iterator)
    }

    /// Awaits the next item, in a new temporary; `ended` is the handler of its end, which gets the exception there.
    pub(super) fn next_async_item(&mut self, iterator: Reg, ended: Label) -> Res<Reg> {
        let item = self.unit.code.top();
        let outside = self.unit.code.region();
        let region = self.unit.code.new_region(ended, item, item.number());
        self.unit.code.set_region(region);
        let awaitable = item.offset(1);
        self.reserve(2);
        self.emit(Opcode::GetANext, 0, awaitable, iterator, NONE);
        self.load_constant(Constant::None, Dst::Reg(item));
        self.delegate(item, awaitable);
        self.unit.code.set_region(outside);
        self.release_to(awaitable);
        Ok(item)
    }

    /// The handler of an asynchronous iteration's end.
    pub(super) fn end_async_iteration(&mut self, iterator: Reg, iterable: &Expr) {
        self.release_to(iterator);
        self.at(iterable.range());
        let exception = iterator.offset(1);
        let flags = Value::dying(iterator).kill_a() | Value::dying(exception).kill_b();
        self.emit(Opcode::EndAsyncFor, flags, iterator, exception, NONE);
    }
}
