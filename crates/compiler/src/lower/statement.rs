//! Statements that are simple, and the way to those that are not.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::fold::truth;
use super::{Lowerer, NONE, Res};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::{CommonConstant, IF_TRUE, Intrinsic, Opcode};
use crate::bytecode::operand::{Dst, Value};
use crate::scope::ScopeId;

use super::call::HEADER;

impl<'a> Lowerer<'a> {
    pub(super) fn body(&mut self, statements: &'a [Stmt]) -> Res {
        for statement in statements {
            self.statement(statement)?;
        }
        Ok(())
    }

    /// A body that may not be executed at all: annotations in it are recorded as they are.
    pub(super) fn conditional_body(&mut self, statements: &'a [Stmt]) -> Res {
        self.unit.conditional_depth += 1;
        let outcome = self.body(statements);
        self.unit.conditional_depth -= 1;
        outcome
    }

    fn statement(&mut self, statement: &'a Stmt) -> Res {
        match statement {
            Stmt::Expr(expression) => self.expression_statement(expression),
            Stmt::Assign(assign) => self.assign(assign),
            Stmt::AugAssign(assign) => self.augmented_assign(assign),
            Stmt::AnnAssign(assign) => self.annotated_assign(assign),
            Stmt::Return(statement) => self.return_statement(statement),
            Stmt::If(statement) => self.if_statement(statement),
            Stmt::For(statement) if statement.is_async => self.async_for(statement),
            Stmt::For(statement) => self.for_statement(statement),
            Stmt::While(statement) => self.while_statement(statement),
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::With(statement) => self.with_statement(statement),
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Raise(statement) => self.raise(statement),
            Stmt::Assert(statement) => self.assert(statement),
            Stmt::Delete(statement) => statement.targets.iter().try_for_each(|target| self.delete(target)),
            Stmt::Match(statement) => self.match_statement(statement),
            Stmt::TypeAlias(alias) => self.type_alias(alias),
            Stmt::Break(statement) => self.break_statement(statement.range),
            Stmt::Continue(statement) => self.continue_statement(statement.range),
            Stmt::Pass(_) | Stmt::Global(_) | Stmt::Nonlocal(_) => Ok(()),
            Stmt::IpyEscapeCommand(command) => self.unsupported(command.range, "an IPython command"),
        }
    }

    fn expression_statement(&mut self, statement: &'a ast::StmtExpr) -> Res {
        if self.interactive && self.unit.scope == ScopeId::MODULE && self.outer.is_empty() {
            let value = self.push_expression(&statement.value)?;
            self.at(statement.range);
            self.emit(Opcode::Intrinsic, 0, value, Intrinsic::Print as u32, value);
            self.discard(Value::dying(value));
            self.release_to(value);
            return Ok(());
        }
        self.effect(&statement.value)
    }

    fn return_statement(&mut self, statement: &'a ast::StmtReturn) -> Res {
        self.check_star(0, statement.range)?;
        let constant = match &statement.value {
            Some(value) => self.constant_of(value)?,
            None => Some(Constant::None),
        };
        let mark = self.depth();
        let same_line = statement
            .value
            .as_ref()
            .is_some_and(|value| self.line_of(value.range()) == self.line_of(statement.range));
        if let Some(constant) = constant {
            let range = match &statement.value {
                Some(value) if same_line => value.range(),
                _ => statement.range,
            };
            self.at(range);
            let left = self.leave_blocks(0, None)?;
            let index = self.constant(constant);
            self.emit(Opcode::ReturnConst, 0, index, NONE, NONE);
            self.reenter(left);
            return Ok(());
        }
        let Some(expression) = &statement.value else { return Ok(()) };
        let value = if self.leaving_rebinds() {
            Value::dying(self.push_expression(expression)?)
        } else {
            self.operand(expression)?
        };
        self.at(statement.range);
        let left = self.leave_blocks(0, value.kill.then_some(value.reg))?;
        self.return_value(value);
        self.reenter(left);
        self.release(mark);
        Ok(())
    }

    fn if_statement(&mut self, statement: &'a ast::StmtIf) -> Res {
        let end = self.label();
        let mut test = Some(&*statement.test);
        let mut body = &*statement.body;
        let mut clauses = statement.elif_else_clauses.iter();
        loop {
            let clause = clauses.next();
            let constant = match test {
                Some(test) => self.constant_of(test)?,
                None => Some(Constant::True),
            };
            match (&constant, test) {
                (Some(constant), _) if truth(constant) => {
                    // What follows is never reached.
                    self.conditional_body(body)?;
                    break;
                }
                (None, Some(test)) => {
                    let next = if clause.is_some() { self.label() } else { end };
                    self.jump_if(test, false, next)?;
                    self.conditional_body(body)?;
                    if clause.is_some() {
                        self.jump(end);
                        self.bind(next);
                    }
                }
                _ => {}
            }
            let Some(clause) = clause else { break };
            test = clause.test.as_ref();
            body = &clause.body;
        }
        self.bind(end);
        Ok(())
    }

    fn raise(&mut self, statement: &'a ast::StmtRaise) -> Res {
        let mark = self.depth();
        let Some(exception) = &statement.exc else {
            self.at(statement.range);
            self.emit(Opcode::RaiseAgain, 0, NONE, NONE, NONE);
            return Ok(());
        };
        let exception = self.operand_before(exception, statement.cause.as_deref())?;
        let cause = match &statement.cause {
            Some(cause) => Some(self.operand(cause)?),
            None => None,
        };
        self.at(statement.range);
        match cause {
            Some(cause) => {
                self.emit(
                    Opcode::Raise,
                    IF_TRUE | exception.kill_a() | cause.kill_b(),
                    exception,
                    cause,
                    NONE,
                );
            }
            // The second operand is not looked at; it names the first once more.
            None => self.emit(Opcode::Raise, exception.kill_a(), exception, exception, NONE),
        }
        self.release(mark);
        Ok(())
    }

    fn assert(&mut self, statement: &'a ast::StmtAssert) -> Res {
        if self.optimize != 0 {
            return Ok(());
        }
        let mark = self.depth();
        let end = self.label();
        self.jump_if(&statement.test, true, end)?;
        self.at(statement.range);
        let error = self.push();
        self.emit(Opcode::LoadCommonConstant, 0, error, CommonConstant::AssertionError as u32, NONE);
        if let Some(message) = &statement.msg {
            self.reserve(HEADER - 1);
            self.push_expression(message)?;
            self.at(statement.range);
            self.emit(Opcode::Call, 0, error, error, 1);
        }
        self.at(statement.test.range());
        self.emit(Opcode::Raise, Value::dying(error).kill_a(), error, error, NONE);
        self.release(mark);
        self.bind(end);
        Ok(())
    }

    fn delete(&mut self, target: &'a Expr) -> Res {
        let mark = self.depth();
        match target {
            Expr::Name(name) => {
                self.at(name.range);
                self.delete_name(&name.id);
            }
            Expr::Attribute(attribute) => {
                let object = self.operand(&attribute.value)?;
                let position = self.attribute_position(attribute.range, attribute);
                self.set_position(position);
                let name = self.attribute_name(attribute);
                self.emit(Opcode::DeleteAttr, object.kill_a(), object, name, NONE);
            }
            Expr::Subscript(subscript) => {
                let object = self.operand_before(&subscript.value, [&*subscript.slice])?;
                let index = self.operand(&subscript.slice)?;
                self.at(subscript.range);
                self.emit(Opcode::DeleteSubscr, object.kill_a() | index.kill_b(), object, index, NONE);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().try_for_each(|target| self.delete(target))?;
            }
            _ => return self.error(target.range(), "cannot delete expression"),
        }
        self.release(mark);
        Ok(())
    }

    /// Loads a constant that is an operand of what follows.
    pub(super) fn push_constant(&mut self, constant: Constant) -> Value {
        Value::dying(self.load_constant(constant, Dst::Push))
    }
}
