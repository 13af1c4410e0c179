//! `try` with `except`, `else` and `finally`.
//!
//! A handler begins with the exception in a register: `PUSH_EXC p, e` makes it the one handled and saves in `p` the
//! one handled before; `POP_EXC p` puts that back. An exception that leaves the handler goes through a clean-up
//! handler that does so and unwinds on. A `finally` body is emitted once for each way to it.

use ruff_python_ast::{self as ast, ExceptHandler, Stmt};

use super::block::{Block, Exit};
use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Label, Reg, Value};

/// Registers and labels of a handler that is being emitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handling {
    /// Holds the exception that was handled before.
    pub previous: Reg,
    /// Holds the exception.
    pub exception: Reg,
    cleanup: Label,
}

impl<'a> Lowerer<'a> {
    pub(super) fn try_statement(&mut self, statement: &'a ast::StmtTry) -> Res {
        if statement.finalbody.is_empty() {
            return self.try_body(statement);
        }
        let depth = self.depth();
        let handler = self.label();
        let end = self.label();
        let exception = Reg::temporary(depth + 1);
        self.push_protected(Exit::Finally { body: &statement.finalbody }, handler, exception, depth);
        if statement.handlers.is_empty() {
            self.conditional_body(&statement.body)?;
        } else {
            self.try_body(statement)?;
        }
        self.pop_block();
        self.conditional_body(&statement.finalbody)?;
        self.jump(end);

        self.bind(handler);
        let handling = self.begin_handler(depth);
        let exit =
            Exit::Handler { previous: handling.previous, exception: Some(handling.exception), name: None };
        self.push_block(exit);
        self.conditional_body(&statement.finalbody)?;
        self.unit.blocks.pop();
        self.reraise(handling.exception);
        self.end_handler(handling);
        self.bind(end);
        Ok(())
    }

    fn try_body(&mut self, statement: &'a ast::StmtTry) -> Res {
        if statement.is_star { self.try_star(statement) } else { self.try_except(statement) }
    }

    /// Begins a handler whose exception was written to the register after number `depth`. The code that follows is
    /// protected by the clean-up handler.
    pub(super) fn begin_handler(&mut self, depth: u32) -> Handling {
        self.release(depth);
        let previous = self.push();
        let exception = self.push();
        let cleanup = self.label();
        self.emit(Opcode::PushExc, 0, previous, exception, NONE);
        self.push_protected(Exit::Try, cleanup, exception, exception.number());
        Handling { previous, exception, cleanup }
    }

    /// Ends the code that [`Lowerer::begin_handler`] began, whose end is not reached, and emits the clean-up handler.
    pub(super) fn end_handler(&mut self, handling: Handling) {
        self.pop_block();
        self.bind(handling.cleanup);
        self.pop_exception(handling.previous);
        self.reraise(handling.exception);
        self.release_to(handling.previous);
    }

    /// Goes on unwinding with an exception.
    pub(super) fn reraise(&mut self, exception: Reg) {
        self.emit(Opcode::Reraise, Value::dying(exception).kill_a(), exception, NONE, NONE);
    }

    /// Puts back what was handled before.
    pub(super) fn pop_exception(&mut self, previous: Reg) {
        self.emit(Opcode::PopExc, Value::dying(previous).kill_a(), previous, NONE, NONE);
    }

    fn try_except(&mut self, statement: &'a ast::StmtTry) -> Res {
        let depth = self.depth();
        let handler = self.label();
        let end = self.label();
        self.push_protected(Exit::Try, handler, Reg::temporary(depth + 1), depth);
        self.conditional_body(&statement.body)?;
        self.pop_block();
        self.conditional_body(&statement.orelse)?;
        self.jump(end);

        self.bind(handler);
        let handling = self.begin_handler(depth);
        for clause in &statement.handlers {
            let ExceptHandler::ExceptHandler(clause) = clause;
            let next = self.label();
            if let Some(expected) = &clause.type_ {
                let mark = self.depth();
                let expected = self.operand(expected)?;
                self.at(clause.range);
                self.release(mark);
                let matches = self.push();
                let flags = expected.kill_c();
                self.emit(Opcode::ExcMatch, flags, matches, handling.exception, expected);
                let kill = Value::dying(matches).kill_a();
                self.unit.code.jump(Opcode::JumpIfFalse, kill, matches, NONE, next);
                self.release(mark);
            }
            self.at(clause.range);
            self.except_clause(clause, handling, end)?;
            self.bind(next);
            self.release(handling.exception.number() + 1);
        }
        self.reraise(handling.exception);
        self.end_handler(handling);
        self.bind(end);
        Ok(())
    }

    /// The body of a clause that matched. The exception's register is dead afterwards.
    fn except_clause(
        &mut self,
        clause: &'a ast::ExceptHandlerExceptHandler,
        handling: Handling,
        end: Label,
    ) -> Res {
        let exit = |name| Exit::Handler { previous: handling.previous, exception: None, name };
        let cleanup = self.unit.code.region();
        let Some(name) = &clause.name else {
            self.clear(handling.exception);
            self.release_to(handling.exception);
            self.handler_body(exit(None), &clause.body)?;
            self.jump(end);
            self.unit.code.set_region(cleanup);
            return Ok(());
        };
        self.store_name(name, Value::dying(handling.exception));
        self.release_to(handling.exception);
        // An exception in the body unbinds the name on its way out.
        let failed = self.label();
        let depth = self.depth();
        let region = self.unit.code.new_region(failed, handling.exception, depth);
        self.unit.code.set_region(region);
        self.handler_body(exit(Some(name.as_str())), &clause.body)?;
        self.unbind_exception(name);
        self.jump(end);
        self.unit.code.set_region(cleanup);
        self.bind(failed);
        self.release(depth);
        let exception = self.push();
        self.unbind_exception(name);
        self.reraise(exception);
        Ok(())
    }

    /// A clause's body, and the end of the handling after it. What follows is outside of the whole `try`'s handlers.
    fn handler_body(&mut self, exit: Exit<'a>, body: &'a [Stmt]) -> Res {
        let Exit::Handler { previous, .. } = exit else { return Ok(()) };
        // The clean-up block is innermost: what lies outside of it lies outside of the handler.
        let Some(cleanup) = self.unit.blocks.last() else { return Ok(()) };
        let outside = cleanup.outside;
        self.unit.blocks.push(Block { exit, outside });
        self.conditional_body(body)?;
        self.unit.blocks.pop();
        self.unit.code.set_region(outside);
        self.pop_exception(previous);
        Ok(())
    }
}
