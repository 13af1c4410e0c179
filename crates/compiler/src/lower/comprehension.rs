//! Comprehensions and generator expressions.
//!
//! A list, set or dict comprehension shares the frame: its targets are locals of their own, which are unbound again
//! afterwards, or fresh cells in temporaries if functions capture them. A generator expression is a function of its
//! outermost iterator.

use std::collections::HashMap;

use ruff_python_ast::{self as ast, Comprehension, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::call::HEADER;
use super::loops::ITERATION;
use super::unit::ComprehensionScope;
use super::{Lowerer, NONE, Res};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Part, ScopeId};

/// What is done with each element.
#[derive(Clone, Copy)]
enum Element<'a> {
    List { container: Reg, item: &'a Expr },
    Set { container: Reg, item: &'a Expr },
    Dict { container: Reg, key: &'a Expr, value: &'a Expr },
    Yield { item: &'a Expr },
}

impl<'a> Lowerer<'a> {
    pub(super) fn comprehension(&mut self, expression: &'a Expr, dst: Dst) -> Res<Reg> {
        let container = self.push();
        let (scope, generators, build, element) = match expression {
            Expr::ListComp(list) => (
                self.scopes.child(list, Part::Body),
                &list.generators,
                Opcode::BuildList,
                Element::List { container, item: &list.elt },
            ),
            Expr::SetComp(set) => (
                self.scopes.child(set, Part::Body),
                &set.generators,
                Opcode::BuildSet,
                Element::Set { container, item: &set.elt },
            ),
            Expr::DictComp(dict) => {
                let Some(key) = &dict.key else {
                    return self.unsupported(dict.range, "unpacking in a dict comprehension");
                };
                (
                    self.scopes.child(dict, Part::Body),
                    &dict.generators,
                    Opcode::BuildMap,
                    Element::Dict { container, key, value: &dict.value },
                )
            }
            _ => return self.unsupported(expression.range(), "this comprehension"),
        };
        let range = expression.range();
        let (Some(scope), Some(outermost)) = (scope, generators.first()) else {
            return self.error(range, "comprehension without a scope");
        };
        // The outermost iterable belongs to the code around.
        let iterator = self.begin_generator(outermost)?;
        self.at(range);
        self.emit(build, 0, container, container, 0);
        let outer = self.enter_comprehension(scope);
        self.generator_loop(iterator, generators, element)?;
        self.at(range);
        self.leave_comprehension(outer);
        self.release_to(container);
        Ok(self.deliver(container, dst))
    }

    fn begin_generator(&mut self, generator: &'a Comprehension) -> Res<Reg> {
        if generator.is_async {
            self.begin_async_iteration(&generator.iter)
        } else {
            self.begin_iteration(&generator.iter)
        }
    }

    /// Gives the targets of a comprehension their registers. The scope around it.
    fn enter_comprehension(&mut self, scope: ScopeId) -> ScopeId {
        let mut variables = HashMap::new();
        let scopes = self.scopes;
        for name in scopes.cells(scope) {
            let cell = self.push();
            // A dead temporary may hold anything that is no pointer.
            self.clear(cell);
            self.emit(Opcode::MakeCell, 0, cell, NONE, NONE);
            variables.insert(name.clone(), (cell, true));
        }
        for name in scopes.locals(scope) {
            if variables.contains_key(name) {
                continue;
            }
            let reg = self.unit.comprehension_local(name);
            variables.insert(name.clone(), (reg, false));
        }
        self.unit.comprehensions.push(ComprehensionScope { id: scope, variables });
        std::mem::replace(&mut self.unit.current, scope)
    }

    fn leave_comprehension(&mut self, outer: ScopeId) {
        self.unit.current = outer;
        let Some(left) = self.unit.comprehensions.pop() else { return };
        let mut registers: Vec<Reg> = left.variables.values().map(|(reg, _)| *reg).collect();
        registers.sort_by_key(|reg| (reg.is_temporary(), reg.number()));
        for reg in registers {
            self.clear(reg);
        }
    }

    /// One `for` of a comprehension and all that is inside.
    fn generator_loop(
        &mut self,
        iterator: Reg,
        generators: &'a [Comprehension],
        element: Element<'a>,
    ) -> Res {
        let Some((generator, inner)) = generators.split_first() else { return Ok(()) };
        let next = self.label();
        if generator.is_async {
            let ended = self.label();
            self.bind(next);
            self.at(generator.iter.range());
            // Filters that fail go back to the step, which stands at the top.
            let filtered = self.label();
            let item = self.next_async_item(iterator, ended)?;
            self.store(&generator.target, Value::dying(item))?;
            self.release_to(item);
            for test in &generator.ifs {
                self.jump_if(test, false, filtered)?;
            }
            self.generator_body(inner, element)?;
            self.bind(filtered);
            self.jump_back(next);
            self.bind(ended);
            let depth = self.depth();
            self.end_async_iteration(iterator, &generator.iter);
            self.release(depth);
            return Ok(());
        }
        self.at(generator.iter.range());
        self.jump(next);
        let top = self.unit.code.label_here();
        let item = self.begin_item(&generator.target)?;
        for test in &generator.ifs {
            self.jump_if(test, false, next)?;
        }
        self.generator_body(inner, element)?;
        self.bind(next);
        self.next_item(iterator, item, &generator.iter, top);
        Ok(())
    }

    /// The inner `for`s, or the element.
    fn generator_body(&mut self, inner: &'a [Comprehension], element: Element<'a>) -> Res {
        let Some((generator, rest)) = inner.split_first() else { return self.element(element) };
        let mark = self.depth();
        if let Some(item) = single_item(generator) {
            // `for y in [f(x)]` is an assignment.
            self.assign_to(&generator.target, item)?;
            let skip = self.label();
            for test in &generator.ifs {
                self.jump_if(test, false, skip)?;
            }
            self.generator_body(rest, element)?;
            self.bind(skip);
            self.release(mark);
            return Ok(());
        }
        let iterator = self.begin_generator(generator)?;
        self.generator_loop(iterator, inner, element)?;
        self.release(mark);
        Ok(())
    }

    fn element(&mut self, element: Element<'a>) -> Res {
        let mark = self.depth();
        match element {
            Element::List { container, item } | Element::Set { container, item } => {
                let opcode =
                    if matches!(element, Element::List { .. }) { Opcode::ListAppend } else { Opcode::SetAdd };
                let value = self.operand(item)?;
                self.at(item.range());
                self.emit(opcode, value.kill_b(), container, value, NONE);
            }
            Element::Dict { container, key, value } => {
                let range = TextRange::new(key.start(), value.end());
                let key = self.operand_before(key, [value])?;
                let value = self.operand(value)?;
                self.at(range);
                self.emit(Opcode::MapAdd, key.kill_b() | value.kill_c(), container, key, value);
            }
            Element::Yield { item } => {
                let value = self.operand(item)?;
                self.release(mark);
                self.at(item.range());
                let sent = self.emit_yield(value, Dst::Push)?;
                self.clear(sent);
            }
        }
        self.release(mark);
        Ok(())
    }

    pub(super) fn generator_expression(&mut self, generator: &'a ast::ExprGenerator, dst: Dst) -> Res<Reg> {
        let range = generator.range;
        let (Some(scope), Some(outermost)) =
            (self.scopes.child(generator, Part::Body), generator.generators.first())
        else {
            return self.error(range, "generator expression without a scope");
        };
        let line = self.line_of(range);
        self.enter_unit(scope, "<genexpr>", line);
        self.unit.arg_count = 1;
        self.prologue();
        let outcome = self.guarded(|lowerer| {
            let argument = Reg::local(0);
            lowerer.at(outermost.iter.range());
            let iterator = if outermost.is_async {
                let iterator = lowerer.push();
                lowerer.move_to(Value::kept(argument), iterator);
                iterator
            } else {
                let iterator = lowerer.reserve(ITERATION);
                lowerer.emit(Opcode::AdoptIter, 0, iterator, argument, NONE);
                iterator
            };
            lowerer.generator_loop(
                iterator,
                &generator.generators,
                Element::Yield { item: &generator.elt },
            )?;
            lowerer.at(range);
            lowerer.release_to(iterator);
            lowerer.return_none();
            Ok(())
        });
        let code = self.leave_unit();
        outcome?;
        let window = self.make_plain_function(code?, range, Dst::Push)?;
        self.release(window.number() + HEADER);
        let argument = self.unit.code.top();
        let iterable = self.operand(&outermost.iter)?;
        self.release_to(argument);
        let argument = self.push();
        self.at(outermost.iter.range());
        let opcode = if outermost.is_async { Opcode::GetAIter } else { Opcode::GetIterator };
        self.emit(opcode, iterable.kill_b(), argument, iterable, NONE);
        self.release_to(window);
        let reg = self.result(dst);
        self.at(range);
        self.emit(Opcode::Call, 0, reg, window, 1);
        Ok(reg)
    }
}

/// The only item of `for … in [item]`.
fn single_item(generator: &Comprehension) -> Option<&Expr> {
    if generator.is_async {
        return None;
    }
    match &generator.iter {
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => match &**elts {
            [item] if !item.is_starred_expr() => Some(item),
            _ => None,
        },
        _ => None,
    }
}
