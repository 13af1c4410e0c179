//! `try` with `except*`.
//!
//! The handler keeps four registers: what was handled before, the original exception, the list of what the clauses
//! raised, and the part of the group that no clause has matched yet (None if there is none left).

use ruff_python_ast::{self as ast, ExceptHandler};

use super::block::Exit;
use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Reg, Value};

impl<'a> Lowerer<'a> {
    pub(super) fn try_star(&mut self, statement: &'a ast::StmtTry) -> Res {
        let depth = self.depth();
        let handler = self.label();
        let orelse = self.label();
        let end = self.label();
        self.push_protected(Exit::Try, handler, Reg::temporary(depth + 1), depth);
        self.conditional_body(&statement.body)?;
        self.pop_block();
        self.jump(orelse);

        self.bind(handler);
        let handling = self.begin_handler(depth);
        let original = handling.exception;
        let raised = self.push();
        self.emit(Opcode::BuildList, 0, raised, raised, 0);
        let rest = self.push();
        self.move_to(Value::kept(original), rest);
        for clause in &statement.handlers {
            let ExceptHandler::ExceptHandler(clause) = clause;
            self.star_clause(clause, raised, rest)?;
        }
        // What is left is raised again, as it was.
        self.emit(Opcode::ListAppend, Value::dying(rest).kill_b(), raised, rest, NONE);
        self.release_to(rest);
        let flags = Value::dying(original).kill_b() | Value::dying(raised).kill_c();
        self.emit(Opcode::PrepReraiseStar, flags, original, original, raised);
        self.release_to(raised);
        let region = self.unit.code.region();
        let reraise = self.label();
        self.unit.code.jump(Opcode::JumpIfNotNone, 0, original, NONE, reraise);
        if let Some(block) = self.unit.blocks.last() {
            let outside = block.outside;
            self.unit.code.set_region(outside);
        }
        self.clear(original);
        self.pop_exception(handling.previous);
        self.jump(end);
        self.bind(reraise);
        self.pop_exception(handling.previous);
        self.reraise(original);
        self.unit.code.set_region(region);
        self.end_handler(handling);

        self.bind(orelse);
        self.conditional_body(&statement.orelse)?;
        self.bind(end);
        Ok(())
    }

    fn star_clause(&mut self, clause: &'a ast::ExceptHandlerExceptHandler, raised: Reg, rest: Reg) -> Res {
        let next = self.label();
        let unmatched = self.label();
        let mark = self.depth();
        let Some(expected) = &clause.type_ else {
            return self.error(clause.range, "expected one or more exception types");
        };
        let expected = self.operand(expected)?;
        self.at(clause.range);
        self.release(mark);
        let matched = self.reserve(2);
        let flags = Value::dying(rest).kill_b() | expected.kill_c();
        self.emit(Opcode::ExcGroupMatch, flags, matched, rest, expected);
        self.move_to(Value::dying(matched.offset(1)), rest);
        self.unit.code.jump(Opcode::JumpIfNone, 0, matched, NONE, unmatched);
        // The matched part is what the clause handles; what is put back in the end was saved before.
        self.emit(Opcode::PushExc, 0, matched.offset(1), matched, NONE);
        self.clear(matched.offset(1));
        self.release_to(matched);
        self.star_body(clause, matched, raised, next)?;
        self.bind(unmatched);
        self.clear(matched);
        self.bind(next);
        self.release(mark);
        Ok(())
    }

    fn star_body(
        &mut self,
        clause: &'a ast::ExceptHandlerExceptHandler,
        matched: Reg,
        raised: Reg,
        next: crate::bytecode::operand::Label,
    ) -> Res {
        let name = clause.name.as_ref();
        match name {
            Some(name) => self.store_name(name, Value::dying(matched)),
            None => self.clear(matched),
        }
        let failed = self.label();
        let depth = self.depth();
        self.push_protected(Exit::StarHandler, failed, matched, depth);
        self.conditional_body(&clause.body)?;
        self.pop_block();
        if let Some(name) = name {
            self.unbind_exception(name);
        }
        self.jump(next);

        self.bind(failed);
        let exception = self.push();
        if let Some(name) = name {
            self.unbind_exception(name);
        }
        self.emit(Opcode::ListAppend, Value::dying(exception).kill_b(), raised, exception, NONE);
        self.jump(next);
        self.release(depth);
        Ok(())
    }
}
