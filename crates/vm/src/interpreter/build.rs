//! Displays, strings, functions, and the rare operations behind `INTRINSIC`.

use compiler::bytecode::code::flags;
use compiler::bytecode::instruction::{
    HAS_ANNOTATE, HAS_CLOSURE, HAS_DEFAULTS, HAS_KWDEFAULTS, Instruction, Intrinsic, KILL_B, KILL_C,
};
use object_model::dict::Dict;
use object_model::list::List;
use object_model::shape::builtin;
use object_model::tuple::Tuple;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Value};

use super::attribute::{kill, put, take};
use crate::builtins::code::Code;
use crate::builtins::function::{Defaults, Function};
use crate::error::PyResult;
use crate::frame::Frame;
use crate::names::Special;
use crate::protocol::mapping;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// Moves a register of a run out.
#[inline(always)]
pub(super) fn move_out(frame: Frame, register: usize) -> Value {
    // SAFETY: the register holds a value, which is left without one.
    unsafe { Value::from_word(std::mem::replace(&mut *frame.register(register), UNBOUND)) }
}

/// A run of registers, moved out one by one; those that are not asked for are given up.
struct Run {
    frame: Frame,
    next: usize,
    end: usize,
}

impl Run {
    fn new(frame: Frame, from: u16, count: usize) -> Run {
        Run { frame, next: from as usize, end: from as usize + count }
    }
}

impl Iterator for Run {
    type Item = Value;

    #[inline(always)]
    fn next(&mut self) -> Option<Value> {
        if self.next == self.end {
            return None;
        }
        self.next += 1;
        Some(move_out(self.frame, self.next - 1))
    }
}

impl Drop for Run {
    #[inline(always)]
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// Moves a run of registers out.
fn run(frame: Frame, from: u16, count: usize) -> Vec<Value> {
    (from as usize..from as usize + count).map(|n| move_out(frame, n)).collect()
}

/// `BUILD_SLICE`
#[inline(never)]
pub fn slice(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let first = i.b as usize;
    let (start, stop) = (move_out(frame, first), move_out(frame, first + 1));
    let step = move_out(frame, first + 2);
    let slice = crate::builtins::slice::Slice::make(th, start, stop, step);
    put(th, frame, i.a as usize, slice);
    Ok(())
}

/// `BUILD_TUPLE`
#[inline(never)]
pub fn tuple(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    match Obj::from_exact(th, builtin::TUPLE, i.c as usize, |n| move_out(frame, i.b as usize + n)) {
        Ok(tuple) => {
            put(th, frame, i.a as usize, tuple.into_value());
            Ok(())
        }
        Err(_) => Err(th.memory_error()),
    }
}

/// `BUILD_LIST`
#[inline(never)]
pub fn list(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    match List::from_fn(i.c as usize, |n| Some(move_out(frame, i.b as usize + n))) {
        Ok(list) => {
            let list = Obj::new(th, builtin::LIST, list);
            put(th, frame, i.a as usize, list.into_value());
            Ok(())
        }
        Err(_) => Err(th.memory_error()),
    }
}

/// `BUILD_SET`
#[inline(never)]
pub fn set(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let set = th.build_set(Run::new(frame, i.b, i.c as usize))?;
    put(th, frame, i.a as usize, set);
    Ok(())
}

/// `BUILD_MAP`
#[inline(never)]
pub fn map(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let mut items = Run::new(frame, i.b, 2 * i.c as usize);
    let dict = mapping::memory(th, Obj::<Dict>::with_room(th, i.c as usize))?;
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        th.dict_set(&dict, &key, value)?;
    }
    put(th, frame, i.a as usize, dict.into_value());
    Ok(())
}

/// `BUILD_STRING`
#[inline(never)]
pub fn string(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let parts = run(frame, i.b, i.c as usize);
    let joined = crate::builtins::str::join_all(th, &parts)?;
    put(th, frame, i.a as usize, joined);
    Ok(())
}

/// `BUILD_TEMPLATE`
#[inline(never)]
pub fn template(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let parts = run(frame, i.b, 2);
    let template = crate::builtins::template::make_template(th, &parts[0], &parts[1])?;
    put(th, frame, i.a as usize, template);
    Ok(())
}

/// `BUILD_INTERPOLATION`
#[inline(never)]
pub fn interpolation(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let parts = run(frame, i.b, 4);
    let made = crate::builtins::template::make_interpolation(th, &parts[0], &parts[1], &parts[2], &parts[3])?;
    put(th, frame, i.a as usize, made);
    Ok(())
}

fn as_list(frame: Frame, register: u16) -> Obj<List> {
    // SAFETY: the compiler names the register of a list that it built.
    unsafe { Obj::<List>::borrow_unchecked(value(frame, register)) }.clone()
}

fn as_dict(frame: Frame, register: u16) -> Obj<Dict> {
    // SAFETY: the compiler names the register of a dict that it built.
    unsafe { Obj::<Dict>::borrow_unchecked(value(frame, register)) }.clone()
}

/// `LIST_EXTEND`
#[inline(never)]
pub fn list_extend(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let items = take(frame, i, KILL_B, i.b);
    if !th.has_special(&items, Special::Iter) && !th.has_special(&items, Special::GetItem) {
        let name = th.type_name(&items);
        return Err(th.type_error(format_args!("Value after * must be an iterable, not {name}")));
    }
    th.list_extend(&as_list(frame, i.a), &items)
}

/// `SET_ADD`
#[inline(never)]
pub fn set_add(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let item = take(frame, i, KILL_B, i.b);
    let set = value(frame, i.a).clone();
    th.set_add(&set, &item)
}

/// `SET_UPDATE`
#[inline(never)]
pub fn set_update(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let items = take(frame, i, KILL_B, i.b);
    let set = value(frame, i.a).clone();
    for item in th.collect(&items)? {
        th.set_add(&set, &item)?;
    }
    Ok(())
}

/// `MAP_ADD`
#[inline(never)]
pub fn map_add(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let key = take(frame, i, KILL_B, i.b);
    let item = take(frame, i, KILL_C, i.c);
    th.dict_set(&as_dict(frame, i.a), &key, item)
}

/// `DICT_UPDATE`
#[inline(never)]
pub fn dict_update(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let mapping = take(frame, i, KILL_B, i.b);
    th.dict_update(&as_dict(frame, i.a), &mapping)
}

/// `DICT_MERGE`
#[inline(never)]
pub fn dict_merge(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let mapping = take(frame, i, KILL_B, i.b);
    let callable = value(frame, i.c).clone();
    th.dict_merge(&as_dict(frame, i.a), &mapping, &callable)
}

/// `LIST_TO_TUPLE`
#[inline(never)]
pub fn list_to_tuple(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let items = as_list(frame, i.b).snapshot(th);
    kill(th, frame, i, KILL_B, i.b);
    let tuple = th.tuple(items);
    put(th, frame, i.a as usize, tuple);
    Ok(())
}

/// `FORMAT_SIMPLE`
#[inline(never)]
pub fn format_simple(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let formatted = take(frame, i, KILL_B, i.b);
    let formatted = if crate::class::exact_str(&formatted).is_some() {
        formatted
    } else {
        let empty = crate::names::names().empty.clone();
        th.format(&formatted, &empty)?.into_value()
    };
    put(th, frame, i.a as usize, formatted);
    Ok(())
}

/// `FORMAT_SPEC`
#[inline(never)]
pub fn format_spec(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let formatted = take(frame, i, KILL_B, i.b);
    let spec = take(frame, i, KILL_C, i.c);
    let Some(spec) = th.as_str(&spec).cloned() else { return Err(th.type_error("format spec must be str")) };
    let formatted = th.format(&formatted, &spec)?.into_value();
    put(th, frame, i.a as usize, formatted);
    Ok(())
}

/// `CONVERT`
#[inline(never)]
pub fn convert(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let text = match i.c {
        1 => th.str_of(&source)?,
        2 => th.repr(&source)?,
        _ => th.ascii(&source)?,
    };
    put(th, frame, i.a as usize, text.into_value());
    Ok(())
}

/// `MAKE_FUNCTION`
#[inline(never)]
pub fn function(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let code = frame.code().payload.constants[i.b as usize].clone();
    let Some(code) = th.exact::<Code>(&code).cloned() else {
        return Err(th.system_error("not a code constant"));
    };
    let part = |flag: u8, offset: usize| {
        if i.flags & flag == 0 {
            return None;
        }
        // SAFETY: the flag says that the register is present; it is consumed.
        Some(unsafe {
            Value::from_word(std::mem::replace(&mut *frame.register(i.c as usize + offset), UNBOUND))
        })
    };
    let positional = part(HAS_DEFAULTS, 0).and_then(|v| th.exact::<Tuple>(&v).cloned());
    let keyword = part(HAS_KWDEFAULTS, 1).and_then(|v| th.exact::<Dict>(&v).cloned());
    let annotate = part(HAS_ANNOTATE, 2);
    let closure = part(HAS_CLOSURE, 3).and_then(|v| th.exact::<Tuple>(&v).cloned());
    let Some(globals) = frame.globals() else { return Err(th.system_error("frame without globals")) };
    let in_body = frame.code().payload.unit.flags & flags::OPTIMIZED == 0;
    // Lambdas and generator expressions come and go, wherever they stand.
    let is_defined = in_body && !code.unit.name.starts_with('<');
    let function = Function::new(th, code, globals, Defaults { positional, keyword }, closure);
    if is_defined {
        Function::defer(&function, th);
    }
    if let Some(annotate) = annotate {
        function.set_annotate(th, annotate);
    }
    put(th, frame, i.a as usize, function.into_value());
    Ok(())
}

const INTRINSICS: &[Intrinsic] = &[
    Intrinsic::Print,
    Intrinsic::StopIterationError,
    Intrinsic::AsyncGenWrap,
    Intrinsic::TypeVar,
    Intrinsic::TypeVarWithBound,
    Intrinsic::TypeVarWithConstraints,
    Intrinsic::ParamSpec,
    Intrinsic::TypeVarTuple,
    Intrinsic::SetTypeParamDefault,
    Intrinsic::SubscriptGeneric,
    Intrinsic::TypeAlias,
    Intrinsic::SetFunctionTypeParams,
];

/// `INTRINSIC`
#[inline(never)]
pub fn intrinsic(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let Some(which) = INTRINSICS.iter().copied().find(|w| *w as u16 == i.b) else {
        return Err(th.system_error("unknown intrinsic"));
    };
    let arguments = run(frame, i.c, which.arity());
    let result = match which {
        Intrinsic::Print => {
            let hook = crate::import::sys_attribute(th, "displayhook")?;
            th.call(&hook, &arguments)?
        }
        Intrinsic::StopIterationError => super::generator::stop_iteration_error(th, &arguments[0])?,
        Intrinsic::AsyncGenWrap => crate::builtins::generator::wrap_async_value(th, arguments[0].clone()),
        Intrinsic::SetFunctionTypeParams => {
            if let Some(function) = th.exact::<Function>(&arguments[0]) {
                function.set_type_params(th, arguments[1].clone());
            }
            arguments[0].clone()
        }
        Intrinsic::TypeVar
        | Intrinsic::TypeVarWithBound
        | Intrinsic::TypeVarWithConstraints
        | Intrinsic::ParamSpec
        | Intrinsic::TypeVarTuple
        | Intrinsic::SetTypeParamDefault
        | Intrinsic::SubscriptGeneric
        | Intrinsic::TypeAlias => crate::builtins::typevar::intrinsic(th, which, arguments)?,
        Intrinsic::Reserved => return Err(th.system_error("unknown intrinsic")),
    };
    put(th, frame, i.a as usize, result);
    Ok(())
}
