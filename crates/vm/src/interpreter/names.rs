//! Locals, cells, globals, names of module and class bodies, imports.

use std::sync::atomic::{AtomicU64, Ordering};

use compiler::bytecode::instruction::{CommonConstant, Instruction, KILL_A, KILL_B};
use mode::OwnerId;
use object_model::dict::Dict;
use object_model::string::Str;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Value};

use super::attribute::{kill, name, put, take};
use crate::builtins::cell::Cell;
use crate::error::{PyResult, Raised};
use crate::exceptions::Exc;
use crate::frame::Frame;
use crate::names::names;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

fn text(name: &Obj<Str>) -> String {
    name.units().to_str_lossy().to_string()
}

/// Raises UnboundLocalError for a local.
#[cold]
pub fn raise_unbound(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    Err(unbound_local(th, name(frame, i.b)))
}

fn unbound_local(th: &mut Thread, name: &Obj<Str>) -> Raised {
    let text = text(name);
    th.unbound_local_error(format_args!(
        "cannot access local variable '{text}' where it is not associated with a value"
    ))
}

/// `DELETE_LOCAL`
#[inline(never)]
pub fn delete_local(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    if value(frame, i.a).is_unbound() {
        return Err(unbound_local(th, name(frame, i.b)));
    }
    put(th, frame, i.a as usize, Value::UNBOUND);
    Ok(())
}

/// `MAKE_CELL`
#[inline(never)]
pub fn make_cell(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    // SAFETY: the register's reference moves into the cell.
    let content = unsafe { Value::from_word(std::mem::replace(&mut *frame.register(i.a as usize), UNBOUND)) };
    let content = if content.is_unbound() { None } else { Some(content) };
    let cell = Cell::create(th, content).into_value();
    put(th, frame, i.a as usize, cell);
    Ok(())
}

/// What a cell holds.
#[inline]
fn cell_value(th: &Thread, cell: &Value) -> Option<Value> {
    // SAFETY: the compiler uses LOAD_CELL on cells' registers only.
    let cell: &Obj<Cell> = unsafe { Obj::borrow_unchecked(cell) };
    cell.get(th)
}

/// `LOAD_CELL` of a value that needs no call to be counted; None: the long way.
#[inline(always)]
pub fn cell_quick(me: OwnerId, cell: &Value) -> Option<Value> {
    // SAFETY: as in `cell_value`.
    let cell: &Obj<Cell> = unsafe { Obj::borrow_unchecked(cell) };
    cell.get_quick(me)
}

/// `LOAD_CELL`
#[cold]
pub fn load_cell(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    match cell_value(th, value(frame, i.b)) {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(empty_cell(th, frame, i.b, name(frame, i.c))),
    }
}

fn empty_cell(th: &mut Thread, frame: Frame, register: u16, name: &Obj<Str>) -> Raised {
    if register >= frame.code().payload.unit.first_free {
        let text = text(name);
        let raised = th.name_error(format_args!(
            "cannot access free variable '{text}' where it is not associated with a value in enclosing scope"
        ));
        crate::exceptions::attach_name(th, name);
        return raised;
    }
    unbound_local(th, name)
}

/// `STORE_CELL`
#[inline(never)]
pub fn store_cell(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let content = take(frame, i, KILL_B, i.b);
    // SAFETY: the compiler uses STORE_CELL on cells' registers only.
    let cell: &Obj<Cell> = unsafe { Obj::borrow_unchecked(value(frame, i.a)) };
    cell.set(th, Some(content));
    Ok(())
}

/// `DELETE_CELL`
#[inline(never)]
pub fn delete_cell(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    // SAFETY: the compiler uses DELETE_CELL on cells' registers only.
    let cell: Obj<Cell> = unsafe { Obj::<Cell>::borrow_unchecked(value(frame, i.a)) }.clone();
    if cell.get(th).is_none() {
        return Err(empty_cell(th, frame, i.a, name(frame, i.b)));
    }
    cell.set(th, None);
    Ok(())
}

/// The pair of dicts that globals are looked up in.
fn scopes(th: &mut Thread, frame: Frame) -> PyResult<(Obj<Dict>, Obj<Dict>)> {
    match frame.function() {
        Some(function) => Ok((function.payload.globals.clone(), function.payload.builtins.clone())),
        None => Err(th.system_error("frame without a function")),
    }
}

#[cold]
fn undefined(th: &mut Thread, name: &Obj<Str>) -> Raised {
    let text = text(name);
    let raised = th.name_error(format_args!("name '{text}' is not defined"));
    crate::exceptions::attach_name(th, name);
    raised
}

/// A global or builtin.
fn lookup_global(th: &mut Thread, frame: Frame, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let (globals, builtins) = scopes(th, frame)?;
    if let Some(value) = globals.get_str(th, name) {
        return Ok(Some(value));
    }
    if globals.as_value().as_header().is_some_and(|h| h.shape_id() != object_model::shape::builtin::DICT)
        && let Some(value) = missing(th, globals.as_value(), name)?
    {
        return Ok(Some(value));
    }
    Ok(builtins.get_str(th, name))
}

/// `__missing__` of a dict subclass used as a namespace.
fn missing(th: &mut Thread, namespace: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let found = th.get_item(namespace, name.as_value());
    th.catch(found, Exc::KeyError)
}

/// `LOAD_GLOBAL`, filling its cache.
#[inline(never)]
pub fn load_global(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    // SAFETY: the saved pc points to the two cache words of LOAD_GLOBAL.
    let (first, second) = unsafe {
        let words = frame.pc().cast::<AtomicU64>();
        (&*words, &*words.add(1))
    };
    if mode::FREE_THREADED
        && let Some(found) = super::cache::global(th, frame, first, second)
    {
        put(th, frame, i.a as usize, found);
        return Ok(());
    }
    let name = name(frame, i.b);
    let (globals, builtins) = scopes(th, frame)?;
    // Versions are read before the lookups: if keys change in between, the cache just does not match.
    let version = globals.cache_version();
    if let Some(index) = globals.index_of_str(th, name) {
        if let Some(found) = globals.value_at(th, index) {
            if version != 0 && globals.has_version(version) {
                // Relaxed: the word stands on its own.
                first.store(u64::from(version) << 32 | (index as u64) << 1, Ordering::Relaxed);
            }
            put(th, frame, i.a as usize, found);
            return Ok(());
        }
    } else if version != 0 {
        let builtins_version = builtins.cache_version();
        if let Some(index) = builtins.index_of_str(th, name)
            && builtins_version != 0
            && builtins.has_version(builtins_version)
            && globals.has_version(version)
        {
            // Relaxed: each word stands on its own.
            second.store(u64::from(builtins_version) << 32 | index as u64, Ordering::Relaxed);
            first.store(u64::from(version) << 32 | 1, Ordering::Relaxed);
        }
    }
    match lookup_global(th, frame, name)? {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(undefined(th, name)),
    }
}

/// `STORE_GLOBAL`
#[inline(never)]
pub fn store_global(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let value = take(frame, i, KILL_A, i.a);
    let (globals, _) = scopes(th, frame)?;
    globals.set_str(th, name(frame, i.b), value).map_err(|_| th.memory_error())
}

/// `DELETE_GLOBAL`
#[inline(never)]
pub fn delete_global(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let name = name(frame, i.b);
    let (globals, _) = scopes(th, frame)?;
    match globals.remove_str(th, name) {
        Some(_) => Ok(()),
        None => Err(undefined(th, name)),
    }
}

fn from_namespace(th: &mut Thread, namespace: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    if let Some(dict) = th.exact::<Dict>(namespace) {
        return Ok(dict.get_str(th, name));
    }
    missing(th, namespace, name)
}

/// `LOAD_NAME`
#[inline(never)]
pub fn load_name(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let name = name(frame, i.b);
    if let Some(namespace) = frame.mapping(th)
        && let Some(found) = from_namespace(th, &namespace, name)?
    {
        put(th, frame, i.a as usize, found);
        return Ok(());
    }
    match lookup_global(th, frame, name)? {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(undefined(th, name)),
    }
}

/// `STORE_NAME`
#[inline(never)]
pub fn store_name(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let value = take(frame, i, KILL_A, i.a);
    let name = name(frame, i.b);
    let Some(namespace) = frame.mapping(th) else {
        return Err(th.system_error("no locals found when storing a name"));
    };
    if let Some(dict) = th.exact::<Dict>(&namespace) {
        return dict.set_str(th, name, value).map_err(|_| th.memory_error());
    }
    th.set_item(&namespace, name.as_value(), &value)
}

/// `DELETE_NAME`
#[inline(never)]
pub fn delete_name(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let name = name(frame, i.b);
    let Some(namespace) = frame.mapping(th) else {
        return Err(th.system_error("no locals when deleting a name"));
    };
    let done = th.del_item(&namespace, name.as_value());
    match th.catch(done, Exc::KeyError)? {
        Some(()) => Ok(()),
        None => Err(undefined(th, name)),
    }
}

/// `LOAD_FROM_DICT_OR_GLOBALS`
#[inline(never)]
pub fn load_from_dict_or_globals(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let name = name(frame, i.b);
    let namespace = value(frame, i.c).clone();
    let found = match from_namespace(th, &namespace, name)? {
        Some(found) => Some(found),
        None => lookup_global(th, frame, name)?,
    };
    match found {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(undefined(th, name)),
    }
}

/// `LOAD_FROM_DICT_OR_CELL`
#[inline(never)]
pub fn load_from_dict_or_cell(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    // SAFETY: the saved pc points to the operand word.
    let extra = unsafe { *frame.pc() };
    let name = name(frame, extra.a);
    let namespace = value(frame, i.b).clone();
    let found = match from_namespace(th, &namespace, name)? {
        Some(found) => Some(found),
        None => cell_value(th, value(frame, i.c)),
    };
    match found {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(empty_cell(th, frame, i.c, name)),
    }
}

/// `LOAD_LOCALS`
#[inline(never)]
pub fn load_locals(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let Some(namespace) = frame.mapping(th) else { return Err(th.system_error("no locals")) };
    put(th, frame, i.a as usize, namespace);
    Ok(())
}

/// `LOAD_BUILD_CLASS`
#[inline(never)]
pub fn load_build_class(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let (_, builtins) = scopes(th, frame)?;
    match builtins.get_str(th, &names().build_class) {
        Some(found) => {
            put(th, frame, i.a as usize, found);
            Ok(())
        }
        None => Err(th.name_error("__build_class__ not found")),
    }
}

/// `LOAD_COMMON_CONSTANT`
#[inline(never)]
pub fn load_common_constant(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = match i.b {
        b if b == CommonConstant::AssertionError as u16 => Exc::AssertionError.class().value(),
        b if b == CommonConstant::NotImplementedError as u16 => Exc::NotImplementedError.class().value(),
        b if b == CommonConstant::Tuple as u16 => crate::builtins::module::builtin(th, "tuple")?,
        b if b == CommonConstant::All as u16 => crate::builtins::module::builtin(th, "all")?,
        _ => crate::builtins::module::builtin(th, "any")?,
    };
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// `SETUP_ANNOTATIONS`
#[inline(never)]
pub fn setup_annotations(th: &mut Thread, frame: Frame, _i: Instruction) -> PyResult<()> {
    let Some(namespace) = frame.mapping(th) else { return Ok(()) };
    if from_namespace(th, &namespace, &names().annotations)?.is_none() {
        let dict = Obj::dict(th).into_value();
        th.set_item(&namespace, names().annotations.as_value(), &dict)?;
    }
    Ok(())
}

/// `IMPORT_NAME`
#[inline(never)]
pub fn import_name(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let taken = |n: usize| {
        // SAFETY: the run's registers hold values, which are consumed.
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(i.c as usize + n), UNBOUND)) }
    };
    let (level, fromlist) = (taken(0), taken(1));
    let (globals, builtins) = scopes(th, frame)?;
    let name = name(frame, i.b);
    let module =
        crate::import::import_name(th, &globals, &builtins, frame.mapping(th), name, &fromlist, &level)?;
    put(th, frame, i.a as usize, module);
    Ok(())
}

/// `IMPORT_FROM`
#[inline(never)]
pub fn import_from(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let module = take(frame, i, KILL_B, i.b);
    let found = crate::import::import_from(th, &module, name(frame, i.c))?;
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// `IMPORT_STAR`
#[inline(never)]
pub fn import_star(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let module = value(frame, i.a).clone();
    kill(th, frame, i, KILL_A, i.a);
    let Some(namespace) = frame.mapping(th) else {
        return Err(th.system_error("no locals found during 'import *'"));
    };
    crate::import::import_star(th, &module, &namespace)
}
