//! Enclosing blocks of a statement, and leaving them by `return`, `break` and `continue`.
//!
//! A block knows what must be done when control leaves it before its end: an iteration is dropped, a `finally` body
//! is run (a copy of it), an exit method is called, the handled exception is put back. While that is done, the block's
//! own handler is not active any more.

use ruff_python_ast::Stmt;
use ruff_text_size::TextRange;

use super::call::HEADER;
use super::{Lowerer, NONE, Res};
use crate::bytecode::code::{Constant, Position};
use crate::bytecode::exception_table::RegionId;
use crate::bytecode::instruction::{METHOD, Opcode};
use crate::bytecode::operand::{Dst, Label, Reg, Value};

/// What has to be done on leaving a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Exit<'a> {
    /// A loop; `break` and `continue` end here.
    Loop { on_continue: Label, on_break: Label, iterator: Iterator },
    /// The body of `try … finally`.
    Finally { body: &'a [Stmt] },
    /// A handler: the register of the exception handled before, the exception if a register still holds it, and
    /// the name that the handler binds.
    Handler { previous: Reg, exception: Option<Reg>, name: Option<&'a str> },
    /// The body of an `except*` clause; nothing may leave it.
    StarHandler,
    /// The body of `with`: the prepared exit method.
    With { exit: Reg, is_async: bool, position: Position },
    /// A value that waits in a register (that of the `return` whose `finally` body this is).
    Value { reg: Reg },
    /// The body of `try … except`: nothing but its handler.
    Try,
}

/// What a loop iterates with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Iterator {
    /// `while`
    None,
    /// `for`
    Plain(Reg),
    /// `async for`
    Async(Reg),
}

/// An enclosing block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub exit: Exit<'a>,
    /// The region outside of it.
    pub outside: RegionId,
}

/// Blocks that were left and have to be entered again for the code that follows.
pub(super) struct Left<'a> {
    blocks: Vec<Block<'a>>,
    region: RegionId,
}

impl<'a> Lowerer<'a> {
    /// Enters a block.
    pub(super) fn push_block(&mut self, exit: Exit<'a>) {
        let outside = self.unit.code.region();
        self.unit.blocks.push(Block { exit, outside });
    }

    /// Enters a block whose code is protected by a handler that gets the exception in `exception`.
    pub(super) fn push_protected(&mut self, exit: Exit<'a>, handler: Label, exception: Reg, depth: u32) {
        self.push_block(exit);
        let region = self.unit.code.new_region(handler, exception, depth);
        self.unit.code.set_region(region);
    }

    /// Leaves the innermost block by its end; its handler is not active any more.
    pub(super) fn pop_block(&mut self) {
        if let Some(block) = self.unit.blocks.pop() {
            self.unit.code.set_region(block.outside);
        }
    }

    /// Emits what leaving all blocks from number `keep` on takes. What is emitted next lies outside of them, until
    /// [`Lowerer::reenter`]. `waiting` is a temporary that has to survive.
    pub(super) fn leave_blocks(&mut self, keep: usize, waiting: Option<Reg>) -> Res<Left<'a>> {
        let region = self.unit.code.region();
        let mut blocks = Vec::new();
        while self.unit.blocks.len() > keep {
            let Some(block) = self.unit.blocks.pop() else { break };
            blocks.push(block);
            self.unit.code.set_region(block.outside);
            self.leave(block.exit, waiting)?;
        }
        Ok(Left { blocks, region })
    }

    /// Goes back into the blocks that were left.
    pub(super) fn reenter(&mut self, left: Left<'a>) {
        self.unit.blocks.extend(left.blocks.into_iter().rev());
        self.unit.code.set_region(left.region);
    }

    fn leave(&mut self, exit: Exit<'a>, waiting: Option<Reg>) -> Res {
        match exit {
            Exit::Loop { iterator, .. } => self.drop_iterator(iterator),
            Exit::Finally { body } => {
                if let Some(reg) = waiting {
                    self.push_block(Exit::Value { reg });
                }
                self.body(body)?;
                if waiting.is_some() {
                    self.pop_block();
                }
            }
            Exit::Handler { previous, exception, name } => {
                if let Some(exception) = exception {
                    self.emit(Opcode::Clear, 0, exception, NONE, NONE);
                }
                self.emit(Opcode::PopExc, Value::dying(previous).kill_a(), previous, NONE, NONE);
                if let Some(name) = name {
                    self.unbind_exception(name);
                }
            }
            Exit::With { exit, is_async, position } => {
                self.set_position(position);
                self.call_exit(exit, is_async)?;
            }
            Exit::Value { reg } => self.emit(Opcode::Clear, 0, reg, NONE, NONE),
            Exit::StarHandler | Exit::Try => {}
        }
        Ok(())
    }

    /// Drops the iteration of a loop that is left early.
    fn drop_iterator(&mut self, iterator: Iterator) {
        match iterator {
            Iterator::None => {}
            Iterator::Plain(reg) => self.emit(Opcode::EndIter, 0, reg, NONE, NONE),
            Iterator::Async(reg) => self.emit(Opcode::Clear, 0, reg, NONE, NONE),
        }
    }

    /// `name = None; del name` at the end of a handler.
    pub(super) fn unbind_exception(&mut self, name: &str) {
        let mark = self.depth();
        let dst = self.store_destination(name);
        let none = self.load_constant(Constant::None, dst);
        if dst == Dst::Push {
            self.store_name(name, Value::dying(none));
        }
        self.release(mark);
        self.delete_name(name);
    }

    /// Calls the exit method prepared at `exit` with three times None, and drops the result. The method is consumed.
    pub(super) fn call_exit(&mut self, exit: Reg, is_async: bool) -> Res {
        let mark = self.depth();
        let mut window = exit;
        if mark == exit.number() + HEADER + 1 {
            self.release(mark);
        } else {
            // Something lives above: the callee's frame must not lie there.
            window = self.reserve(HEADER + 1);
            self.move_to(Value::dying(exit), window);
            self.move_to(Value::dying(exit.offset(HEADER)), window.offset(HEADER));
        }
        for _ in 0..3 {
            self.load_constant(Constant::None, Dst::Push);
        }
        self.release_to(window);
        let result = self.push();
        self.emit(Opcode::Call, METHOD, result, window, 3);
        if is_async {
            self.await_value(Value::dying(result), 2)?;
        }
        self.emit(Opcode::Clear, 0, result, NONE, NONE);
        self.release(mark);
        Ok(())
    }

    /// `break`
    pub(super) fn break_statement(&mut self, range: TextRange) -> Res {
        self.leave_loop(range, true)
    }

    /// `continue`
    pub(super) fn continue_statement(&mut self, range: TextRange) -> Res {
        self.leave_loop(range, false)
    }

    fn leave_loop(&mut self, range: TextRange, breaks: bool) -> Res {
        self.at(range);
        let is_loop = |block: &Block<'_>| matches!(block.exit, Exit::Loop { .. });
        let Some(index) = self.unit.blocks.iter().rposition(is_loop) else {
            let message = if breaks { "'break' outside loop" } else { "'continue' not properly in loop" };
            return self.error(range, message);
        };
        self.check_star(index, range)?;
        let left = self.leave_blocks(index + 1, None)?;
        if let Some(Block { exit: Exit::Loop { on_continue, on_break, iterator }, .. }) =
            self.unit.blocks.get(index).copied()
        {
            if breaks {
                self.drop_iterator(iterator);
                self.jump(on_break);
            } else if self.unit.code.is_bound(on_continue) {
                self.jump_back(on_continue);
            } else {
                self.jump(on_continue);
            }
        }
        self.reenter(left);
        Ok(())
    }

    /// Nothing may leave an `except*` clause.
    pub(super) fn check_star(&self, keep: usize, range: TextRange) -> Res {
        if self.unit.blocks[keep..].iter().any(|block| matches!(block.exit, Exit::StarHandler)) {
            return self.error(range, "'break', 'continue' and 'return' cannot appear in an except* block");
        }
        Ok(())
    }

    /// Must a value that is returned from here wait in a temporary of its own, because leaving the blocks can rebind
    /// locals?
    pub(super) fn leaving_rebinds(&self) -> bool {
        self.unit
            .blocks
            .iter()
            .any(|block| matches!(block.exit, Exit::Finally { .. } | Exit::Handler { name: Some(_), .. }))
    }
}
