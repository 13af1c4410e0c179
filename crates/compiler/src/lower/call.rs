//! Calls: the callable and its arguments are computed where the call wants them.
//!
//! A call's registers are `r` (the callable), `r+1 ..= r+H-1` (free) and the arguments from `r+H`; so the callee's
//! frame begins at its arguments and nothing is copied. `obj.name(…)` prepares the call without making a bound
//! method; `super().name` looks the attribute up without making a super object.

use ruff_python_ast::{self as ast, Expr, Keyword};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowerer, NONE, Res, names_constant};
use crate::bytecode::code::{Constant, Position};
use crate::bytecode::instruction::{FRAME_HEADER, METHOD, Opcode};
use crate::bytecode::operand::{Dst, Reg, Value};
use crate::scope::{Place, ScopeKind};

/// Registers between the callable and the first argument, and the callable itself.
pub(super) const HEADER: u32 = FRAME_HEADER as u32;
/// More arguments than this go by a tuple.
const MAX_ARGUMENTS: usize = 255;

impl<'a> Lowerer<'a> {
    pub(super) fn call(&mut self, call: &'a ast::ExprCall, dst: Dst) -> Res<Reg> {
        let arguments = &call.arguments;
        let unpacks = needs_unpacking(arguments);
        if !unpacks && let Expr::Attribute(attribute) = &*call.func {
            return self.method_call(call, attribute, dst);
        }
        let window = self.push_expression(&call.func)?;
        self.arguments_and_call(window, call.range(), arguments, &[], dst)
    }

    fn method_call(
        &mut self,
        call: &'a ast::ExprCall,
        attribute: &'a ast::ExprAttribute,
        dst: Dst,
    ) -> Res<Reg> {
        let window = self.unit.code.top();
        if self.is_super_call(attribute) {
            // The run lies above the callable's register, which is written after the run is read.
            self.push();
            if let Some(run) = self.super_arguments(attribute)? {
                self.at(attribute.range);
                let name = self.attribute_name(attribute);
                self.emit(Opcode::LoadSuperMethod, 0, window, run, name);
            }
        } else {
            let object = self.operand(&attribute.value)?;
            let position = self.attribute_position(attribute.range, attribute);
            self.set_position(position);
            let name = self.attribute_name(attribute);
            self.emit(Opcode::LoadMethod, object.kill_b(), window, object, name);
        }
        self.release_to(window);
        self.reserve(HEADER + 1);
        let position = self.attribute_position(call.range(), attribute);
        self.plain_arguments(&call.arguments)?;
        self.emit_call(METHOD, window, position, &call.arguments.args, &call.arguments.keywords, 0, dst)
    }

    /// Evaluates positional arguments and keyword values to the next registers.
    fn plain_arguments(&mut self, arguments: &'a ast::Arguments) -> Res {
        for argument in &arguments.args {
            self.push_expression(argument)?;
        }
        for keyword in &arguments.keywords {
            self.push_expression(&keyword.value)?;
        }
        Ok(())
    }

    fn emit_call(
        &mut self,
        flags: u8,
        window: Reg,
        position: Position,
        args: &[Expr],
        keywords: &[Keyword],
        injected: u32,
        dst: Dst,
    ) -> Res<Reg> {
        self.release_to(window);
        let reg = self.result(dst);
        self.set_position(position);
        let count = args.len() as u32 + injected + keywords.len() as u32;
        if keywords.is_empty() {
            self.emit(Opcode::Call, flags, reg, window, count);
            return Ok(reg);
        }
        let names = self.keyword_names(keywords);
        let names = self.constant(names);
        self.unit.code.emit_extra(Opcode::CallKw, flags, reg, window, count, names);
        Ok(reg)
    }

    fn keyword_names(&self, keywords: &[Keyword]) -> Constant {
        let names: Vec<String> = keywords
            .iter()
            .filter_map(|keyword| keyword.arg.as_ref())
            .map(|name| self.scopes.mangled(self.unit.current, name).into_owned())
            .collect();
        names_constant(names.iter().map(String::as_str))
    }

    /// Calls what lies in `window`, the top register. `injected` are values to pass after the positional arguments;
    /// values that come before them lie in registers already, from `window + HEADER` (a class's body and name).
    pub(super) fn arguments_and_call(
        &mut self,
        window: Reg,
        range: TextRange,
        arguments: &'a ast::Arguments,
        injected: &[Value],
        dst: Dst,
    ) -> Res<Reg> {
        let before = self.depth().saturating_sub(window.number() + HEADER);
        self.release(self.depth().max(window.number() + HEADER));
        let position = self.source.position(range);
        if needs_unpacking(arguments) {
            return self.unpacking_call(window, range, arguments, before, injected, dst);
        }
        for argument in &arguments.args {
            self.push_expression(argument)?;
        }
        for value in injected {
            let reg = self.push();
            self.move_to(*value, reg);
        }
        for keyword in &arguments.keywords {
            self.push_expression(&keyword.value)?;
        }
        let extra = before + injected.len() as u32;
        self.emit_call(0, window, position, &arguments.args, &arguments.keywords, extra, dst)
    }

    /// A call with `*` or `**` arguments: a tuple and a dict.
    fn unpacking_call(
        &mut self,
        window: Reg,
        range: TextRange,
        arguments: &'a ast::Arguments,
        before: u32,
        injected: &[Value],
        dst: Dst,
    ) -> Res<Reg> {
        let first = window.offset(HEADER);
        self.positional_tuple(first, range, &arguments.args, before, injected)?;
        if arguments.keywords.is_empty() {
            let none = self.push();
            self.at(range);
            self.emit(Opcode::Clear, 0, none, NONE, NONE);
        } else {
            self.keyword_dict(window, range, &arguments.keywords)?;
        }
        self.release_to(window);
        let reg = self.result(dst);
        self.at(range);
        self.emit(Opcode::CallEx, 0, reg, window, NONE);
        Ok(reg)
    }

    /// The tuple of positional arguments, or the one iterable of them, in `first`; the next register after it is then free.
    fn positional_tuple(
        &mut self,
        first: Reg,
        range: TextRange,
        args: &'a [Expr],
        before: u32,
        injected: &[Value],
    ) -> Res {
        if before == 0 && injected.is_empty() {
            if let [Expr::Starred(starred)] = args
                && let Expr::Name(name) = &*starred.value
                && let Some(local) = self.local_register(&name.id)
                && self.unit.vararg == Some(local)
            {
                // The function's own `*args`, never rebound, is a tuple already.
                let reg = self.push();
                self.at(starred.range);
                self.move_to(Value::kept(local), reg);
                return Ok(());
            }
            if let [Expr::Starred(starred)] = args {
                self.push_expression(&starred.value)?;
                return Ok(());
            }
            if let Some(constants) = self.constants_of(args)? {
                self.at(range);
                self.load_constant(Constant::Tuple(constants.into()), Dst::Push);
                return Ok(());
            }
            if args.len() <= MAX_ARGUMENTS && !args.iter().any(Expr::is_starred_expr) {
                self.tuple(args, range, Dst::Push)?;
                return Ok(());
            }
        }
        self.at(range);
        let list = if before == 0 {
            self.grow(Opcode::BuildList, Opcode::ListAppend, Opcode::ListExtend, args, range)?
        } else {
            self.emit(Opcode::BuildList, 0, first, first, before);
            self.release_to(first);
            let list = self.push();
            let mark = self.depth();
            for argument in args {
                let (opcode, argument) = match argument {
                    Expr::Starred(starred) => (Opcode::ListExtend, &*starred.value),
                    _ => (Opcode::ListAppend, argument),
                };
                let value = self.operand(argument)?;
                self.at(range);
                self.emit(opcode, value.kill_b(), list, value, NONE);
                self.release(mark);
            }
            list
        };
        for value in injected {
            self.emit(Opcode::ListAppend, value.kill_b(), list, *value, NONE);
        }
        self.emit(Opcode::ListToTuple, Value::dying(list).kill_b(), first, list, NONE);
        self.release(first.number() + 1);
        Ok(())
    }

    /// The dict of keyword arguments in the next register.
    fn keyword_dict(&mut self, window: Reg, range: TextRange, keywords: &'a [Keyword]) -> Res {
        let mut dict: Option<Reg> = None;
        let mut rest = keywords;
        while !rest.is_empty() {
            let named = rest.iter().take_while(|keyword| keyword.arg.is_some()).count();
            if named != 0 || dict.is_none() {
                let run = self.unit.code.top();
                for keyword in &rest[..named] {
                    if let Some(name) = &keyword.arg {
                        let name = self.scopes.mangled(self.unit.current, name).into_owned();
                        self.at(range);
                        self.load_str(&name, Dst::Push);
                        self.push_expression(&keyword.value)?;
                    }
                }
                self.release_to(run);
                let part = self.push();
                self.at(range);
                self.emit(Opcode::BuildMap, 0, part, run, named as u32);
                match dict {
                    Some(dict) => {
                        self.emit(Opcode::DictMerge, Value::dying(part).kill_b(), dict, part, window);
                        self.release_to(part);
                    }
                    None => dict = Some(part),
                }
            }
            rest = &rest[named..];
            if let Some((unpacked, after)) = rest.split_first() {
                let mark = self.depth();
                let value = self.operand(&unpacked.value)?;
                self.at(range);
                if let Some(dict) = dict {
                    self.emit(Opcode::DictMerge, value.kill_b(), dict, value, window);
                }
                self.release(mark);
                rest = after;
            }
        }
        Ok(())
    }

    /// Can `attribute` be looked up by `LOAD_SUPER_*`?
    fn is_super_call(&self, attribute: &ast::ExprAttribute) -> bool {
        let Expr::Call(call) = &*attribute.value else { return false };
        let Expr::Name(name) = &*call.func else { return false };
        if name.id != "super" || &attribute.attr == "__class__" || !call.arguments.keywords.is_empty() {
            return false;
        }
        // The run holds what `super` is at run time, so that a global of that name is seen.
        if self.scopes.place(self.unit.current, "super") != Place::GlobalImplicit {
            return false;
        }
        match call.arguments.args.len() {
            2 => !call.arguments.args.iter().any(Expr::is_starred_expr),
            0 => {
                self.unit.arg_count != 0
                    && matches!(self.unit.kind, ScopeKind::Function | ScopeKind::Lambda)
                    && self.scopes.place(self.unit.scope, "__class__") == Place::Free
            }
            _ => false,
        }
    }

    /// Puts the run of `LOAD_SUPER_*` into the next three registers, if `attribute` is of that form.
    pub(super) fn super_arguments(&mut self, attribute: &'a ast::ExprAttribute) -> Res<Option<Reg>> {
        if !self.is_super_call(attribute) {
            return Ok(None);
        }
        let Expr::Call(call) = &*attribute.value else { return Ok(None) };
        let run = self.push_expression(&call.func)?;
        if let [class, object] = &*call.arguments.args {
            self.push_expression(class)?;
            self.push_expression(object)?;
            return Ok(Some(run));
        }
        self.at(call.range());
        self.load_name("__class__", Dst::Push)?;
        let object = self.push();
        self.load_first_parameter(object);
        Ok(Some(run))
    }

    /// Loads the frame's first parameter.
    fn load_first_parameter(&mut self, target: Reg) {
        let Some(name) = self.unit.locals.first().cloned() else { return };
        let index = self.name(&name);
        match self.unit.frame_cell(&name) {
            Some(cell) => self.emit(Opcode::LoadCell, 0, target, cell, index),
            None => {
                let first = Reg::local(0);
                self.check_bound(first, &name);
                self.move_to(Value::kept(first), target);
            }
        }
    }
}

fn needs_unpacking(arguments: &ast::Arguments) -> bool {
    arguments.args.iter().any(Expr::is_starred_expr)
        || arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
        || arguments.args.len() + arguments.keywords.len() > MAX_ARGUMENTS
}
