//! Attribute access: the part that fills caches, and everything that is not cached.

use std::sync::atomic::{AtomicU64, Ordering};

use compiler::bytecode::instruction::{FRAME_HEADER, Instruction, KILL_A, KILL_B, KILL_C, SpecialMethod};
use object_model::lock::CriticalSection;
use object_model::object::attributes;
use object_model::shape::ShapeId;
use object_model::string::Str;
use object_model::ty::flag;
use object_model::value::singleton::UNBOUND;
use object_model::{Header, Obj, Value};

use super::cache::{self, Entry};
use crate::class::{self, descriptor};
use crate::error::PyResult;
use crate::frame::{Frame, drop_word};
use crate::names::Special;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// Writes a register.
pub fn put(th: &Thread, frame: Frame, register: usize, value: Value) {
    // SAFETY: a register of the frame; its old reference is dropped.
    unsafe {
        let old = std::mem::replace(&mut *frame.register(register), value.into_word());
        drop_word(th, old);
    }
}

/// Kills a register if the flag is set.
pub fn kill(th: &Thread, frame: Frame, i: Instruction, flag: u8, register: u16) {
    if i.flags & flag != 0 {
        put(th, frame, register as usize, Value::UNBOUND);
    }
}

/// Takes a register's value: moved if it is killed here, else cloned.
pub fn take(frame: Frame, i: Instruction, flag: u8, register: u16) -> Value {
    if i.flags & flag != 0 {
        // SAFETY: the register's reference moves out.
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(register as usize), UNBOUND)) }
    } else {
        value(frame, register).clone()
    }
}

/// The name with this index.
pub fn name(frame: Frame, index: u16) -> &'static Obj<Str> {
    &frame.code().payload.names[index as usize]
}

/// `LOAD_ATTR`
#[inline(never)]
pub fn load(th: &mut Thread, frame: Frame, i: Instruction, [first, second]: [&AtomicU64; 2]) -> PyResult<()> {
    let receiver = value(frame, i.b);
    let shape = receiver.as_header().map_or(0, |h| h.shape_id().0);
    if shape != 0 {
        if let Some(entry) = cache::entry(th, second, shape) {
            let found = entry.value.clone();
            kill(th, frame, i, KILL_B, i.b);
            put(th, frame, i.a as usize, found);
            return Ok(());
        }
    }
    let receiver = take(frame, i, KILL_B, i.b);
    let name = name(frame, i.c);
    if let Some(header) = receiver.as_header() {
        fill_load(th, header, name, first, second);
    }
    let found = th.get_attr(&receiver, name)?;
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// Remembers where an attribute was found, if the place is simple.
fn fill_load(th: &mut Thread, header: &Header, name: &Obj<Str>, first: &AtomicU64, second: &AtomicU64) {
    let shape = header.shape();
    let class = shape.class();
    if class.payload.has(flag::CUSTOM_GETATTR) {
        return;
    }
    let version = class.payload.version();
    let in_type = class::lookup(th, class, name);
    if in_type.as_ref().is_some_and(|attribute| descriptor::is_data(th, attribute)) {
        if let Some(attribute) = in_type
            && let Some(index) = member_index(th, &attribute)
            && let Some(offset) =
                attributes::area(header, shape).and_then(|area| area.inline_offset(header, index))
            && !class.payload.layout().variable
        {
            remember_slot(first, shape.id(), offset);
        }
        return;
    }
    if let Some(area) = attributes::area(header, shape) {
        if shape.is_dict_mode() {
            return;
        }
        if let Some(index) = shape.find(name.as_value()) {
            if let Some(offset) =
                area.inline_offset(header, index).filter(|_| !class.payload.layout().variable)
            {
                remember_slot(first, shape.id(), offset);
            }
            return;
        }
    }
    // A plain value in the class: no descriptor, and instances of this shape do not have their own.
    if let Some(attribute) = in_type
        && crate::class::special::get(th, class::type_of(&attribute), Special::Get).is_none()
    {
        cache::publish(th, second, Entry { shape: shape.id().0, version, class, value: attribute });
    }
}

fn member_index(th: &Thread, attribute: &Value) -> Option<usize> {
    th.exact::<crate::builtins::native_function::Member>(attribute).map(|m| m.index)
}

fn remember_slot(word: &AtomicU64, shape: ShapeId, offset: usize) {
    if let Ok(offset) = u16::try_from(offset) {
        // Relaxed: the word stands on its own.
        word.store(u64::from(shape.0) << 32 | cache::SLOT | u64::from(offset), Ordering::Relaxed);
    }
}

/// `STORE_ATTR` into a slot that a cache word names; false if it must go the long way.
#[inline(always)]
pub fn store_cached(th: &Thread, object: &Header, cached: u64, value: &Value) -> bool {
    let section = CriticalSection::enter(th, object);
    if object.shape_id().0 != (cached >> 32) as u32 {
        return false;
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(object.as_ptr(), (cached & 0xFFFF) as usize) };
    let old = slot.replace(Some(value.clone()));
    drop(section);
    drop(old);
    true
}

/// `STORE_ATTR`
#[inline(never)]
pub fn store(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    [first, second]: [&AtomicU64; 2],
) -> PyResult<()> {
    let receiver = value(frame, i.a);
    if let Some(header) = receiver.as_header() {
        // Relaxed: both words stand on their own: the second is checked to belong to the first's shape.
        let cached = first.load(Ordering::Relaxed);
        let next = second.load(Ordering::Relaxed);
        if cached & cache::TRANSITION != 0
            && cached >> 32 == u64::from(header.shape_id().0)
            && next >> 32 == cached >> 32
            && add_cached(th, header, cached, next, value(frame, i.c))
        {
            kill(th, frame, i, KILL_C, i.c);
            kill(th, frame, i, KILL_A, i.a);
            return Ok(());
        }
    }
    let receiver = take(frame, i, KILL_A, i.a);
    let value = take(frame, i, KILL_C, i.c);
    let name = name(frame, i.b);
    let Some(header) = receiver.as_header() else { return th.set_attr(&receiver, name, &value) };
    let before = header.shape();
    th.set_attr(&receiver, name, &value)?;
    let class = before.class();
    let simple = !class.payload.has(flag::CUSTOM_SETATTR)
        && !class.payload.layout().variable
        && !before.is_dict_mode();
    if !simple {
        return Ok(());
    }
    let in_type = class::lookup(th, class, name);
    let Some(area) = attributes::area(header, before) else { return Ok(()) };
    if let Some(attribute) = in_type.filter(|a| descriptor::is_data(th, a)) {
        if let Some(offset) = member_index(th, &attribute).and_then(|index| area.inline_offset(header, index))
        {
            remember_slot(first, before.id(), offset);
        }
        return Ok(());
    }
    match before.find(name.as_value()) {
        Some(index) => {
            if let Some(offset) = area.inline_offset(header, index) {
                remember_slot(first, before.id(), offset);
            }
        }
        None => {
            let after = header.shape();
            let grown =
                after.find(name.as_value()) == Some(before.count()) && after.count() == before.count() + 1;
            if let Some(offset) = area.inline_offset(header, before.count()).filter(|_| grown)
                && let Ok(offset) = u16::try_from(offset)
            {
                let shape = u64::from(before.id().0) << 32;
                // Relaxed: as above.
                second.store(shape | u64::from(after.id().0), Ordering::Relaxed);
                first.store(shape | cache::TRANSITION | u64::from(offset), Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

fn add_cached(th: &Thread, object: &Header, cached: u64, next: u64, value: &Value) -> bool {
    let section = CriticalSection::enter(th, object);
    if object.shape_id().0 != (cached >> 32) as u32 {
        return false;
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(object.as_ptr(), (cached & 0xFFFF) as usize) };
    let old = slot.replace(Some(value.clone()));
    // The slot is written before the shape that names it is published.
    object.set_shape(ShapeId(next as u32));
    drop(section);
    drop(old);
    true
}

/// `DELETE_ATTR`
pub fn delete(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let receiver = take(frame, i, KILL_A, i.a);
    th.del_attr(&receiver, name(frame, i.b))
}

fn put_method(th: &Thread, frame: Frame, register: u16, method: Value, receiver: Option<Value>) {
    put(th, frame, (register + FRAME_HEADER) as usize, receiver.unwrap_or(Value::UNBOUND));
    put(th, frame, register as usize, method);
}

/// `LOAD_METHOD`
#[inline(never)]
pub fn load_method(th: &mut Thread, frame: Frame, i: Instruction, cell: &AtomicU64) -> PyResult<()> {
    let receiver = value(frame, i.b);
    let shape = receiver.as_header().map_or(0, |h| h.shape_id().0);
    if shape != 0
        && let Some(entry) = cache::entry(th, cell, shape)
    {
        let method = entry.value.clone();
        let receiver = take(frame, i, KILL_B, i.b);
        put_method(th, frame, i.a, method, Some(receiver));
        return Ok(());
    }
    let receiver = take(frame, i, KILL_B, i.b);
    let name = name(frame, i.c);
    let class = class::type_of(&receiver);
    if !class.payload.has(flag::CUSTOM_GETATTR) {
        let version = class.payload.version();
        if let Some(method) = class::lookup(th, class, name)
            && descriptor::is_plain_method(&method)
        {
            let own = receiver.as_header().and_then(|h| class::attribute::own(th, h, name));
            if own.is_none() {
                let cacheable = receiver.as_header().is_some_and(|h| {
                    let shape = h.shape();
                    !shape.is_dict_mode() && shape.find(name.as_value()).is_none()
                });
                if cacheable {
                    cache::publish(th, cell, Entry { shape, version, class, value: method.clone() });
                }
                put_method(th, frame, i.a, method, Some(receiver));
                return Ok(());
            }
        }
    }
    let method = th.get_attr(&receiver, name)?;
    put_method(th, frame, i.a, method, None);
    Ok(())
}

fn super_parts(th: &mut Thread, frame: Frame, i: Instruction) -> [Value; 3] {
    let _ = th;
    [0, 1, 2].map(|n| {
        let register = frame.register(i.b as usize + n);
        // SAFETY: the run's registers hold values, which are consumed.
        unsafe { Value::from_word(std::mem::replace(&mut *register, UNBOUND)) }
    })
}

/// `LOAD_SUPER_ATTR`
pub fn load_super_attr(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = super_attribute(th, frame, i)?;
    put(th, frame, i.a as usize, found);
    Ok(())
}

fn super_attribute(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult {
    let [global, class, receiver] = super_parts(th, frame, i);
    let name = name(frame, i.c);
    let is_super = th
        .as_class(&global)
        .is_some_and(|c| Some(c) == <crate::builtins::super_::Super as crate::native::PyClass>::cell().get());
    if is_super && let Some(found) = crate::builtins::super_::load_super_attr(th, &class, &receiver, name)? {
        return Ok(found);
    }
    let object = th.call(&global, &[class, receiver])?;
    th.get_attr(&object, name)
}

/// `LOAD_SUPER_METHOD`
pub fn load_super_method(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = super_attribute(th, frame, i)?;
    // A bound method is taken apart again, so that the call finds its function.
    if let Some(method) = th.exact::<crate::builtins::function::Method>(&found) {
        let (function, receiver) = (method.function.clone(), method.receiver.clone());
        put_method(th, frame, i.a, function, Some(receiver));
    } else {
        put_method(th, frame, i.a, found, None);
    }
    Ok(())
}

/// `LOAD_SPECIAL`
pub fn load_special(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let receiver = take(frame, i, KILL_B, i.b);
    let which = match i.c {
        c if c == SpecialMethod::Enter as u16 => Special::Enter,
        c if c == SpecialMethod::Exit as u16 => Special::Exit,
        c if c == SpecialMethod::AEnter as u16 => Special::AEnter,
        _ => Special::AExit,
    };
    let class = class::type_of(&receiver);
    let Some(method) = class::special::get(th, class, which).cloned() else {
        return Err(no_context_manager(th, &receiver, which));
    };
    if descriptor::is_plain_method(&method) {
        put_method(th, frame, i.a, method, Some(receiver));
    } else {
        let bound = descriptor::bind(th, &method, Some(&receiver), class)?;
        put_method(th, frame, i.a, bound, None);
    }
    Ok(())
}

#[cold]
fn no_context_manager(th: &mut Thread, receiver: &Value, which: Special) -> crate::error::Raised {
    let found = class::full_name(th, class::type_of(receiver));
    let (kind, other, hint) = match which {
        Special::Enter => ("the context manager protocol", Special::AEnter, "async with"),
        Special::Exit => ("the context manager protocol", Special::AExit, "async with"),
        Special::AEnter => ("the asynchronous context manager protocol", Special::Enter, "with"),
        _ => ("the asynchronous context manager protocol", Special::Exit, "with"),
    };
    let method = which.text();
    let base = format!("'{found}' object does not support {kind} (missed {method} method)");
    if th.has_special(receiver, other) {
        return th.type_error(format_args!(
            "{base} but it supports the {} context manager protocol. Did you mean to use '{hint}'?",
            if hint == "with" { "synchronous" } else { "asynchronous" }
        ));
    }
    th.type_error(base)
}
