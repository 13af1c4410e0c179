//! `match`: patterns to tests and captures.
//!
//! A pattern is tested against a subject that lies in a register. Parts of the subject go to temporaries above; a name's
//! value stays where it is until the whole pattern has matched, then all names are bound. A test that fails jumps to the
//! label of the current depth: there, the temporaries above the start of the pattern are cleared, from the top.

use ruff_python_ast::{self as ast, CmpOp, Expr, Pattern, Singleton};
use ruff_text_size::Ranged;

use super::expression::rebinds;
use super::{Lowerer, NONE, Res, names_constant};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Label, Reg, Value};

/// What the patterns of one case have done so far.
struct Matching<'a> {
    /// Depth at which the pattern began.
    base: u32,
    /// Where to go on failure with that many temporaries above the base to clear.
    fail: Vec<Label>,
    /// Names with the register of their value.
    captures: Vec<(&'a str, Value)>,
}

impl<'a> Lowerer<'a> {
    pub(super) fn match_statement(&mut self, statement: &'a ast::StmtMatch) -> Res {
        let mark = self.depth();
        let subject = self.subject(statement)?;
        let end = self.label();
        let mut exhaustive = false;
        for case in &statement.cases {
            let next = self.label();
            let depth = self.depth();
            let mut matching = Matching { base: depth, fail: Vec::new(), captures: Vec::new() };
            let irrefutable = case.pattern.is_irrefutable() && case.guard.is_none();
            self.pattern(&case.pattern, Value::kept(subject.reg), &mut matching)?;
            self.at(case.pattern.range());
            self.bind_captures(&mut matching);
            if let Some(guard) = &case.guard {
                let failed = self.fail_label(&mut matching);
                self.jump_if(guard, false, failed)?;
            }
            self.discard(subject);
            self.release(mark);
            self.conditional_body(&case.body)?;
            self.release(depth);
            if !irrefutable {
                self.jump(end);
            }
            self.failures(matching, next);
            self.bind(next);
            if irrefutable {
                exhaustive = true;
                break;
            }
        }
        if !exhaustive {
            self.discard(subject);
        }
        self.bind(end);
        self.release(mark);
        Ok(())
    }

    /// Evaluates the subject: a local is read in place if no case rebinds it.
    fn subject(&mut self, statement: &'a ast::StmtMatch) -> Res<Value> {
        if let Expr::Name(name) = &*statement.subject {
            let rebound = statement.cases.iter().any(|case| {
                captures(&case.pattern, &name.id)
                    || case.guard.as_ref().is_some_and(|guard| rebinds(guard, &name.id))
            });
            if !rebound {
                return self.operand(&statement.subject);
            }
        }
        Ok(Value::dying(self.push_expression(&statement.subject)?))
    }

    /// Binds all names; no temporary of the pattern is in use afterwards.
    fn bind_captures(&mut self, matching: &mut Matching<'a>) {
        let captures = std::mem::take(&mut matching.captures);
        for (name, value) in &captures {
            self.store_name(name, *value);
        }
        for number in matching.base..self.depth() {
            let reg = Reg::temporary(number);
            if !captures.iter().any(|(_, value)| value.kill && value.reg == reg) {
                self.clear(reg);
            }
        }
        self.release(matching.base);
    }

    /// Where a test that fails now goes.
    fn fail_label(&mut self, matching: &mut Matching<'a>) -> Label {
        let live = (self.depth() - matching.base) as usize;
        while matching.fail.len() <= live {
            let label = self.label();
            matching.fail.push(label);
        }
        matching.fail[live]
    }

    /// Emits the clearing of temporaries on failure; goes on at `next`.
    fn failures(&mut self, matching: Matching<'a>, next: Label) {
        for (live, label) in matching.fail.iter().enumerate().rev() {
            self.bind(*label);
            if live != 0 {
                self.clear(Reg::temporary(matching.base + live as u32 - 1));
            }
        }
        self.jump(next);
    }

    /// Tests a pattern against a subject. A subject that is a temporary of the pattern (`kill`) is consumed, or kept
    /// as a capture, or left to be cleared.
    fn pattern(&mut self, pattern: &'a Pattern, subject: Value, matching: &mut Matching<'a>) -> Res {
        match pattern {
            Pattern::MatchValue(value) => self.match_value(&value.value, subject, matching),
            Pattern::MatchSingleton(singleton) => {
                self.at(singleton.range);
                let fail = self.fail_label(matching);
                let constant = match singleton.value {
                    Singleton::None => {
                        self.unit.code.jump(Opcode::JumpIfNotNone, 0, subject.reg, NONE, fail);
                        return Ok(());
                    }
                    Singleton::True => Constant::True,
                    Singleton::False => Constant::False,
                };
                let mark = self.depth();
                let expected = self.push_constant(constant);
                self.release(mark);
                self.compare_and_jump(CmpOp::Is, Value::kept(subject.reg), expected, false, fail);
                Ok(())
            }
            Pattern::MatchSequence(sequence) => self.match_sequence(sequence, subject, matching),
            Pattern::MatchMapping(mapping) => self.match_mapping(mapping, subject, matching),
            Pattern::MatchClass(class) => self.match_class(class, subject, matching),
            Pattern::MatchStar(star) => self.error(star.range, "can't use starred name here"),
            Pattern::MatchAs(capture) => {
                if let Some(inner) = &capture.pattern {
                    self.pattern(inner, Value::kept(subject.reg), matching)?;
                }
                let Some(name) = &capture.name else { return Ok(()) };
                self.at(capture.range);
                self.capture(name, subject, capture.pattern.is_some(), matching)
            }
            Pattern::MatchOr(or) => self.match_or(or, subject, matching),
        }
    }

    /// Remembers that `name` is to be bound to the subject.
    fn capture(&mut self, name: &'a str, subject: Value, copy: bool, matching: &mut Matching<'a>) -> Res {
        let taken = matching.captures.iter().any(|(_, value)| value.reg == subject.reg);
        let value = if copy || taken {
            let reg = self.push();
            self.move_to(Value::kept(subject.reg), reg);
            Value::dying(reg)
        } else {
            subject
        };
        matching.captures.push((name, value));
        Ok(())
    }

    fn match_value(&mut self, value: &'a Expr, subject: Value, matching: &mut Matching<'a>) -> Res {
        let fail = self.fail_label(matching);
        let left = Value::kept(subject.reg);
        if let Some(constant) = self.constant_of(value)? {
            self.at(value.range());
            let index = self.constant(constant);
            self.unit.code.jump(Opcode::JumpEqK, 0, left, index, fail);
            return Ok(());
        }
        let mark = self.depth();
        let expected = self.operand(value)?;
        self.release(mark);
        self.at(value.range());
        self.compare_and_jump(CmpOp::Eq, left, expected, false, fail);
        Ok(())
    }

    fn match_sequence(
        &mut self,
        sequence: &'a ast::PatternMatchSequence,
        subject: Value,
        matching: &mut Matching<'a>,
    ) -> Res {
        let patterns = &sequence.patterns;
        let is_star = |pattern: &Pattern| matches!(pattern, Pattern::MatchStar(_));
        let star = patterns.iter().position(is_star);
        if patterns.iter().filter(|pattern| is_star(pattern)).count() > 1 {
            return self.error(sequence.range, "multiple starred expressions in sequence pattern");
        }
        self.at(sequence.range);
        self.test_kind(Opcode::MatchSequence, subject, matching);
        let fixed = patterns.len() - usize::from(star.is_some());
        if star.is_none() || fixed != 0 {
            self.test_length(
                if star.is_some() { Opcode::JumpGeK } else { Opcode::JumpEqK },
                fixed,
                subject,
                matching,
            );
        }
        let star_wildcard = star
            .is_some_and(|star| matches!(&patterns[star], Pattern::MatchStar(star) if star.name.is_none()));
        let only_wildcards = patterns.iter().all(|pattern| match pattern {
            Pattern::MatchStar(star) => star.name.is_none(),
            _ => is_wildcard(pattern),
        });
        if only_wildcards {
            return Ok(());
        }
        if star_wildcard {
            return self.match_items(patterns, star.unwrap_or(0), subject, matching);
        }
        self.at(sequence.range);
        let first = self.reserve(patterns.len() as u32);
        let (opcode, shape) = match star {
            Some(star) => {
                let after = patterns.len() - star - 1;
                if star > 0xff || after > 0xff {
                    let message = "too many expressions in star-unpacking sequence pattern";
                    return self.error(sequence.range, message);
                }
                (Opcode::UnpackEx, star as u32 | (after as u32) << 8)
            }
            None => (Opcode::UnpackSequence, patterns.len() as u32),
        };
        self.emit(opcode, 0, first, subject.reg, shape);
        for (index, pattern) in patterns.iter().enumerate() {
            let item = Value::dying(first.offset(index as u32));
            match pattern {
                Pattern::MatchStar(star) => {
                    if let Some(name) = &star.name {
                        self.capture(name, item, false, matching)?;
                    }
                }
                _ => self.pattern(pattern, item, matching)?,
            }
        }
        Ok(())
    }

    /// Items around a star that nobody wants are taken one by one.
    fn match_items(
        &mut self,
        patterns: &'a [Pattern],
        star: usize,
        subject: Value,
        matching: &mut Matching<'a>,
    ) -> Res {
        for (index, pattern) in patterns.iter().enumerate() {
            if index == star || is_wildcard(pattern) {
                continue;
            }
            self.at(pattern.range());
            let item = self.push();
            if index < star {
                let position = self.constant(Constant::Int(index as i64));
                self.emit(Opcode::LoadSubscrK, 0, item, subject.reg, position);
            } else {
                // Counted from the length, as negative indices are the sequence's own business.
                let from_end = (patterns.len() - index) as i64;
                let from_end = self.constant(Constant::Int(from_end));
                self.emit(Opcode::GetLen, 0, item, subject.reg, NONE);
                let kill = Value::dying(item);
                self.emit(Opcode::SubK, kill.kill_b(), item, item, from_end);
                self.emit(Opcode::LoadSubscr, kill.kill_c(), item, subject.reg, item);
            }
            self.pattern(pattern, Value::dying(item), matching)?;
        }
        Ok(())
    }

    /// Fails unless the subject is of a kind.
    fn test_kind(&mut self, opcode: Opcode, subject: Value, matching: &mut Matching<'a>) {
        let fail = self.fail_label(matching);
        let answer = self.push();
        self.emit(opcode, 0, answer, subject.reg, NONE);
        self.release_to(answer);
        self.unit.code.jump(Opcode::JumpIfFalse, Value::dying(answer).kill_a(), answer, NONE, fail);
    }

    fn test_length(&mut self, opcode: Opcode, length: usize, subject: Value, matching: &mut Matching<'a>) {
        let fail = self.fail_label(matching);
        let actual = self.push();
        self.emit(Opcode::GetLen, 0, actual, subject.reg, NONE);
        self.release_to(actual);
        let index = self.constant(Constant::Int(length as i64));
        self.unit.code.jump(opcode, Value::dying(actual).kill_a(), actual, index, fail);
    }

    fn match_mapping(
        &mut self,
        mapping: &'a ast::PatternMatchMapping,
        subject: Value,
        matching: &mut Matching<'a>,
    ) -> Res {
        self.at(mapping.range);
        self.test_kind(Opcode::MatchMapping, subject, matching);
        if mapping.keys.is_empty() && mapping.rest.is_none() {
            return Ok(());
        }
        if !mapping.keys.is_empty() {
            self.test_length(Opcode::JumpGeK, mapping.keys.len(), subject, matching);
        }
        let keys = self.tuple_of(&mapping.keys)?;
        self.at(mapping.range);
        let values = self.push();
        self.emit(Opcode::MatchKeys, 0, values, subject.reg, keys);
        let fail = self.fail_label(matching);
        self.unit.code.jump(Opcode::JumpIfNone, 0, values, NONE, fail);
        if let Some(rest) = &mapping.rest {
            let reg = self.push();
            self.emit(Opcode::MatchRest, 0, reg, subject.reg, keys);
            self.capture(rest, Value::dying(reg), false, matching)?;
        }
        self.unpack_parts(values, &mapping.patterns.iter().collect::<Vec<_>>(), matching)
    }

    /// A tuple of expressions in the next temporary.
    fn tuple_of(&mut self, expressions: &'a [Expr]) -> Res<Reg> {
        if let Some(constants) = self.constants_of(expressions)? {
            return Ok(self.load_constant(Constant::Tuple(constants.into()), Dst::Push));
        }
        let range = expressions.first().map_or_else(Default::default, Ranged::range);
        self.tuple(expressions, range, Dst::Push)
    }

    /// Tests patterns against the items of the tuple in `values`.
    fn unpack_parts(&mut self, values: Reg, patterns: &[&'a Pattern], matching: &mut Matching<'a>) -> Res {
        if patterns.iter().all(|pattern| is_wildcard(pattern)) {
            return Ok(());
        }
        let first = self.reserve(patterns.len() as u32);
        // The tuple stays until all is cleared: where tests fail, it is there whatever test it was.
        self.emit(Opcode::UnpackSequence, 0, first, values, patterns.len() as u32);
        for (index, pattern) in patterns.iter().enumerate() {
            if !is_wildcard(pattern) {
                self.pattern(pattern, Value::dying(first.offset(index as u32)), matching)?;
            }
        }
        Ok(())
    }

    fn match_class(
        &mut self,
        class: &'a ast::PatternMatchClass,
        subject: Value,
        matching: &mut Matching<'a>,
    ) -> Res {
        let arguments = &class.arguments;
        let result = self.push();
        let run = self.push_expression(&class.cls)?;
        let names = names_constant(arguments.keywords.iter().map(|keyword| keyword.attr.as_str()));
        self.at(class.range);
        self.load_constant(names, Dst::Push);
        let positional = arguments.patterns.len() as u32;
        self.unit.code.emit_extra(Opcode::MatchClass, 0, result, subject.reg, run, positional);
        self.release_to(run);
        let fail = self.fail_label(matching);
        self.unit.code.jump(Opcode::JumpIfNone, 0, result, NONE, fail);
        let patterns: Vec<&Pattern> = arguments
            .patterns
            .iter()
            .chain(arguments.keywords.iter().map(|keyword| &keyword.pattern))
            .collect();
        self.unpack_parts(result, &patterns, matching)
    }

    /// Alternatives bind the same names: each moves its captures to the registers reserved for them.
    fn match_or(&mut self, or: &'a ast::PatternMatchOr, subject: Value, matching: &mut Matching<'a>) -> Res {
        let Some((last, _)) = or.patterns.split_last() else { return Ok(()) };
        let mut names = Vec::new();
        collect_captures(last, &mut names);
        let shared = self.reserve(names.len() as u32);
        let matched = self.label();
        let depth = self.depth();
        for (index, alternative) in or.patterns.iter().enumerate() {
            let is_last = index + 1 == or.patterns.len();
            if alternative.is_irrefutable() && !is_last {
                return self.error(alternative.range(), "wildcard makes remaining patterns unreachable");
            }
            let mut inner = Matching { base: depth, fail: Vec::new(), captures: Vec::new() };
            self.pattern(alternative, Value::kept(subject.reg), &mut inner)?;
            let found = std::mem::take(&mut inner.captures);
            if found.len() != names.len() {
                return self.error(or.range, "alternative patterns bind different names");
            }
            let mut moved = Vec::new();
            for (name, value) in &found {
                let Some(position) = names.iter().position(|shared| shared == name) else {
                    return self.error(or.range, "alternative patterns bind different names");
                };
                self.move_to(*value, shared.offset(position as u32));
                moved.push(*value);
            }
            for number in depth..self.depth() {
                let reg = Reg::temporary(number);
                if !moved.iter().any(|value| value.kill && value.reg == reg) {
                    self.clear(reg);
                }
            }
            self.release(depth);
            self.jump(matched);
            let next = self.label();
            self.failures(inner, next);
            self.bind(next);
        }
        self.release_to(shared);
        let fail = self.fail_label(matching);
        self.jump(fail);
        self.release(depth);
        self.bind(matched);
        for (index, name) in names.into_iter().enumerate() {
            matching.captures.push((name, Value::dying(shared.offset(index as u32))));
        }
        Ok(())
    }
}

/// Names that a pattern binds, in order.
fn collect_captures<'a>(pattern: &'a Pattern, names: &mut Vec<&'a str>) {
    match pattern {
        Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
        Pattern::MatchSequence(sequence) => {
            sequence.patterns.iter().for_each(|pattern| collect_captures(pattern, names));
        }
        Pattern::MatchMapping(mapping) => {
            mapping.patterns.iter().for_each(|pattern| collect_captures(pattern, names));
            names.extend(mapping.rest.iter().map(ast::Identifier::as_str));
        }
        Pattern::MatchClass(class) => {
            class.arguments.patterns.iter().for_each(|pattern| collect_captures(pattern, names));
            class.arguments.keywords.iter().for_each(|keyword| collect_captures(&keyword.pattern, names));
        }
        Pattern::MatchStar(star) => names.extend(star.name.iter().map(ast::Identifier::as_str)),
        Pattern::MatchAs(capture) => {
            if let Some(inner) = &capture.pattern {
                collect_captures(inner, names);
            }
            names.extend(capture.name.iter().map(ast::Identifier::as_str));
        }
        Pattern::MatchOr(or) => {
            or.patterns.first().into_iter().for_each(|first| collect_captures(first, names))
        }
    }
}

/// Does a pattern bind `name`?
fn captures(pattern: &Pattern, name: &str) -> bool {
    let mut names = Vec::new();
    collect_captures(pattern, &mut names);
    names.contains(&name)
}

/// Is it `_`?
fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::MatchAs(capture) if capture.pattern.is_none() && capture.name.is_none())
}
