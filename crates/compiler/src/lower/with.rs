//! `with` and `async with`.
//!
//! The exit method is prepared like a call, in registers that stay in use during the body: the callable in `r`, the
//! receiver in `r + H`.

use ruff_python_ast::{self as ast, Stmt, WithItem};
use ruff_text_size::{Ranged, TextRange};

use super::block::Exit;
use super::call::HEADER;
use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::{METHOD, Opcode, SpecialMethod};
use crate::bytecode::operand::{Dst, Reg, Value};

impl<'a> Lowerer<'a> {
    pub(super) fn with_statement(&mut self, statement: &'a ast::StmtWith) -> Res {
        let Some((item, rest)) = statement.items.split_first() else { return Ok(()) };
        self.with_item(item, rest, statement)
    }

    fn with_item(&mut self, item: &'a WithItem, rest: &'a [WithItem], statement: &'a ast::StmtWith) -> Res {
        let is_async = statement.is_async;
        let range = item.context_expr.range();
        let position = self.source.position(range);
        let end = self.label();
        let handler = self.label();

        let exit = self.reserve(HEADER + 1);
        let depth = self.depth();
        let manager = self.operand(&item.context_expr)?;
        self.at(range);
        let (enter_method, exit_method) = if is_async {
            (SpecialMethod::AEnter, SpecialMethod::AExit)
        } else {
            (SpecialMethod::Enter, SpecialMethod::Exit)
        };
        self.emit(Opcode::LoadSpecial, 0, exit, manager, exit_method as u32);
        self.release(depth);
        let window = self.reserve(HEADER + 1);
        self.emit(Opcode::LoadSpecial, manager.kill_b(), window, manager, enter_method as u32);
        self.release_to(window);
        let direct = match &item.optional_vars {
            Some(target) if !is_async => self.destination(target),
            _ => Dst::Push,
        };
        let value = self.result(direct);
        self.emit(Opcode::Call, METHOD, value, window, 0);
        if is_async {
            self.await_value(Value::dying(value), 1)?;
        }

        self.push_protected(
            Exit::With { exit, is_async, position },
            handler,
            Reg::temporary(depth + 1),
            depth,
        );
        match &item.optional_vars {
            Some(target) if direct == Dst::Push => self.store(target, Value::dying(value))?,
            Some(_) => {}
            None => self.clear(value),
        }
        self.release(depth);
        match rest.split_first() {
            Some((next, rest)) => self.with_item(next, rest, statement)?,
            None => self.with_body(&statement.body)?,
        }
        self.pop_block();
        self.set_position(position);
        self.call_exit(exit, is_async)?;
        self.jump(end);

        self.bind(handler);
        self.exit_with_exception(exit, depth, is_async, range)?;
        self.bind(end);
        self.release_to(exit);
        Ok(())
    }

    fn with_body(&mut self, body: &'a [Stmt]) -> Res {
        self.conditional_body(body)
    }

    /// The handler: asks the exit method whether it swallows the exception.
    fn exit_with_exception(&mut self, exit: Reg, depth: u32, is_async: bool, range: TextRange) -> Res {
        let suppressed = self.label();
        let end = self.label();
        self.at(range);
        let handling = self.begin_handler(depth);
        let answer = self.push();
        self.emit(Opcode::WithExceptStart, 0, answer, exit, handling.exception);
        if is_async {
            self.await_value(Value::dying(answer), 2)?;
        }
        let kill = Value::dying(answer).kill_a();
        self.unit.code.jump(Opcode::JumpIfTrue, kill, answer, NONE, suppressed);
        self.reraise(handling.exception);
        self.bind(suppressed);
        self.release_to(answer);
        self.clear(handling.exception);
        let region = self.unit.code.region();
        if let Some(block) = self.unit.blocks.last() {
            let outside = block.outside;
            self.unit.code.set_region(outside);
        }
        self.pop_exception(handling.previous);
        self.clear(exit);
        self.clear(exit.offset(HEADER));
        self.jump(end);
        self.unit.code.set_region(region);
        self.end_handler(handling);
        self.bind(end);
        Ok(())
    }
}
