//! Attribute access: the part that fills caches, and everything that is not cached.

use std::sync::atomic::{AtomicU64, Ordering};

use compiler::bytecode::instruction::{FRAME_HEADER, Instruction, KILL_A, KILL_B, KILL_C, SpecialMethod};
use mode::OwnerId;
use object_model::lock::CriticalSection;
use object_model::object::attributes;
use object_model::shape::{Shape, ShapeId, builtin};
use object_model::string::Str;
use object_model::ty::{Class, Type, flag};
use object_model::value::singleton::UNBOUND;
use object_model::{Header, Obj, Value};

use super::cache::{self, Entry};
use super::call;
use super::dispatch::Resume;
use crate::builtins::classmethod::ClassMethod;
use crate::builtins::module::Module;
use crate::builtins::property::Property;
use crate::builtins::staticmethod::StaticMethod;
use crate::class::lookup_cache::Place;
use crate::class::{self, descriptor, special};
use crate::error::PyResult;
use crate::frame::{Frame, drop_word, drop_word_as};
use crate::names::Special;
use crate::native::PyClass;
use crate::thread::Thread;

#[inline(always)]
fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// Writes a register.
#[inline(always)]
pub fn put(th: &Thread, frame: Frame, register: usize, value: Value) {
    // SAFETY: a register of the frame; its old reference is dropped.
    unsafe {
        let old = std::mem::replace(&mut *frame.register(register), value.into_word());
        drop_word(th, old);
    }
}

/// [`put`], by the thread whose heap is `me`.
#[inline(always)]
pub fn put_as(th: &Thread, me: OwnerId, frame: Frame, register: usize, value: Value) {
    // SAFETY: as in `put`.
    unsafe {
        let old = std::mem::replace(&mut *frame.register(register), value.into_word());
        drop_word_as(th, me, old);
    }
}

/// Kills a register if the flag is set.
#[inline(always)]
pub fn kill(th: &Thread, frame: Frame, i: Instruction, flag: u8, register: u16) {
    if i.flags & flag != 0 {
        put(th, frame, register as usize, Value::UNBOUND);
    }
}

/// Takes a register's value: moved if it is killed here, else cloned.
#[inline(always)]
pub fn take(frame: Frame, i: Instruction, flag: u8, register: u16) -> Value {
    take_with(frame, i, flag, register, Value::clone)
}

/// [`take`], by the thread whose heap is `me`.
#[inline(always)]
pub fn take_as(me: OwnerId, frame: Frame, i: Instruction, flag: u8, register: u16) -> Value {
    take_with(frame, i, flag, register, |value| value.clone_as(me))
}

#[inline(always)]
fn take_with(
    frame: Frame,
    i: Instruction,
    flag: u8,
    register: u16,
    clone: impl FnOnce(&Value) -> Value,
) -> Value {
    if i.flags & flag != 0 {
        // SAFETY: the register's reference moves out.
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(register as usize), UNBOUND)) }
    } else {
        clone(value(frame, register))
    }
}

/// Undoes [`take`] of operand `c`.
///
/// # Safety
/// `value` must be what was taken.
#[cold]
pub unsafe fn give_back(frame: Frame, i: Instruction, value: Value) {
    if i.flags & KILL_C != 0 {
        // SAFETY: the register was emptied when the value was taken.
        unsafe { *frame.register(i.c as usize) = value.into_word() };
    }
}

/// The name with this index.
pub fn name(frame: Frame, index: u16) -> &'static Obj<Str> {
    &frame.code().payload.names[index as usize]
}

/// `LOAD_ATTR` of an inline slot that one of the cache words names, or of what the first one found in a class, if the value
/// needs no call to be counted; None: the long way.
#[inline(always)]
pub fn cached_first(me: OwnerId, receiver: &Value, words: &[AtomicU64]) -> Option<Value> {
    let header = receiver.as_header()?;
    let shape = header.shape_id();
    // Relaxed: a word that names a slot stands on its own, and is checked against the object's shape.
    let slot_of_shape = u64::from(shape.0) << 32 | cache::SLOT;
    let mut word = words[0].load(Ordering::Relaxed);
    if word & !cache::OFFSET != slot_of_shape {
        if word & cache::SLOT == 0 {
            return cache::found_quick(me, cache::read(&words[0]), header);
        }
        word = words[1].load(Ordering::Relaxed); // Relaxed: as above.
        if word & !cache::OFFSET != slot_of_shape {
            return None;
        }
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(header.as_ptr(), (word & cache::OFFSET) as usize) };
    slot.load_quick(me)
}

/// `LOAD_ATTR`, where the first alternative is no slot of the receiver's shape. Some: a property's function goes on.
#[inline(never)]
pub fn load(th: &mut Thread, frame: Frame, i: Instruction, words: &[AtomicU64]) -> PyResult<Option<Resume>> {
    let receiver = value(frame, i.b);
    let found = match receiver.as_header() {
        Some(header) if header.shape_id() == builtin::MODULE => {
            of_module(th, receiver, name(frame, i.c), words)
        }
        Some(header) => cached(th, header, words)
            .or_else(|| placed(th, header, name(frame, i.c), words))
            .or_else(|| uncached(th, header, name(frame, i.c), words)),
        None => None,
    };
    if let Some(found) = found {
        kill(th, frame, i, KILL_B, i.b);
        put(th, frame, i.a as usize, found);
        return Ok(None);
    }
    let receiver = take(frame, i, KILL_B, i.b);
    if let Some(getter) = getter(th, &receiver, name(frame, i.c)) {
        // The value arrives behind the cache words.
        frame.set_pc(frame.pc().wrapping_add(words.len()));
        return call::enter_simple(th, frame, i.a, getter, [receiver]).map(Some);
    }
    let found = th.get_attr(&receiver, name(frame, i.c))?;
    put(th, frame, i.a as usize, found);
    Ok(None)
}

/// The attribute of a module, if it is in the module's dict and nothing in the class may come first.
#[inline]
fn of_module(th: &mut Thread, receiver: &Value, name: &Obj<Str>, words: &[AtomicU64]) -> Option<Value> {
    // SAFETY: the caller saw the shape of modules.
    let module: &Obj<Module> = unsafe { Obj::borrow_unchecked(receiver) };
    if let Some(found) = cache::in_module(th, &module.dict, words) {
        return Some(found);
    }
    if class::lookup(th, class::type_of(receiver), name).is_some() {
        return None;
    }
    cache::fill_module(th, &module.dict, name, words)
}

/// The Python function that a property of the receiver's class calls, if reading the attribute comes to just that.
fn getter(th: &Thread, receiver: &Value, name: &Obj<Str>) -> Option<Value> {
    let class = receiver.as_header()?.shape().class();
    if class.payload.has(flag::CUSTOM_GETATTR) {
        return None;
    }
    let attribute = class::lookup(th, class, name)?;
    if attribute.as_header()?.shape_id() != builtin::PROPERTY {
        return None;
    }
    // SAFETY: the shape says so.
    let getter = unsafe { Obj::<Property>::borrow_unchecked(&attribute) }.getter_of(th)?;
    call::takes(&getter, 1).then_some(getter)
}

fn cached(th: &Thread, header: &Header, words: &[AtomicU64]) -> Option<Value> {
    let shape = header.shape_id();
    words.iter().find_map(|word| {
        let word = cache::read(word);
        if word & cache::SLOT == 0 {
            return cache::found(th.owner(), word, header);
        }
        if word >> 32 != u64::from(shape.0) {
            return None;
        }
        slot_value(th, header, shape, (word & cache::OFFSET) as usize)
    })
}

/// The slot at `offset` of an object of `shape`.
fn slot_value(th: &Thread, header: &Header, shape: ShapeId, offset: usize) -> Option<Value> {
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(header.as_ptr(), offset) };
    slot.load(th.owner(), || header.shape_id() == shape).ok().flatten()
}

/// By the thread's own cache, where this instruction is new or sees many shapes.
fn placed(th: &mut Thread, header: &Header, name: &Obj<Str>, words: &[AtomicU64]) -> Option<Value> {
    let shape = header.shape_id();
    match th.places.get(shape, name)? {
        Place::Inline(offset) => {
            remember_slot(th, words, 1, shape, offset);
            slot_value(th, header, shape, offset)
        }
        Place::Absent => None,
    }
}

/// Has an alternative, `stride` words each, name the slot at `offset`, if there is room.
fn remember_slot(th: &mut Thread, words: &[AtomicU64], stride: usize, shape: ShapeId, offset: usize) {
    if let Some(word) = slot_word(shape, cache::SLOT, offset)
        && let Some(at) = cache::vacancy(th, words, stride, shape.0)
    {
        cache::replace(th, &words[at], word);
    }
}

/// Looks an attribute up if that needs no Python code, and remembers where it was, if the place is simple.
fn uncached(th: &mut Thread, header: &Header, name: &Obj<Str>, words: &[AtomicU64]) -> Option<Value> {
    let shape = header.shape();
    let class = shape.class();
    if class.payload.has(flag::CUSTOM_GETATTR) {
        return if class.payload.has(flag::TYPE_SUBCLASS) { of_class(th, header, name, words) } else { None };
    }
    let version = class.payload.version();
    let in_type = class::lookup(th, class, name);
    let mut index = None;
    if let Some(attribute) = in_type.as_ref().filter(|attribute| descriptor::is_data(th, attribute)) {
        index = Some(member_index(th, attribute)?);
    }
    if let Some(area) = attributes::area(header, shape) {
        if shape.is_dict_mode() && index.is_none() {
            return area.dict().get_str(th, name);
        }
        let is_own = index.is_none();
        if let Some(index) = index.or_else(|| shape.find(name.as_value())) {
            let offset = area.inline_offset(header, index).filter(|_| !class.payload.layout().variable)?;
            remember_slot(th, words, 1, shape.id(), offset);
            if is_own {
                th.places.put(shape.id(), name, Place::Inline(offset));
            }
            return slot_value(th, header, shape.id(), offset);
        }
    }
    // A plain value in the class: no descriptor, and instances of this shape do not have their own.
    let attribute = in_type?;
    if special::get(th, class::type_of(&attribute), Special::Get).is_some() {
        return None;
    }
    let entry = Entry { shape: shape.id().0, version, class, of_type: None, word: attribute.word() };
    cache::publish(th, words, entry);
    Some(attribute)
}

/// The attribute of a class whose metaclass looks it up as `type` does, if it needs no binding.
fn of_class(th: &mut Thread, header: &Header, name: &Obj<Str>, words: &[AtomicU64]) -> Option<Value> {
    let shape = header.shape();
    let meta = shape.class();
    let meta_version = meta.payload.version();
    if shape.id() != builtin::TYPE {
        let plain = special::get(th, <Type as PyClass>::cell().get()?, Special::GetAttribute)?;
        if meta_version == 0 || !special::get(th, meta, Special::GetAttribute)?.is(plain) {
            return None;
        }
    }
    // SAFETY: an instance of a metaclass; classes outlive every use.
    let class: Class = unsafe { header.as_ptr().cast().as_ref() };
    if class::lookup(th, meta, name).is_some() {
        return None;
    }
    let version = class.payload.version();
    let attribute = class::lookup(th, class, name)?;
    let is_plain = attribute.as_header().is_some_and(|h| h.shape_id() == builtin::FUNCTION)
        || special::get(th, class::type_of(&attribute), Special::Get).is_none();
    if !is_plain {
        return None;
    }
    let of_type = Some((meta, meta_version));
    let entry = Entry { shape: shape.id().0, version, class, of_type, word: attribute.word() };
    cache::publish(th, words, entry);
    Some(attribute)
}

fn member_index(th: &Thread, attribute: &Value) -> Option<usize> {
    th.exact::<crate::builtins::native_function::Member>(attribute).map(|m| m.index)
}

/// The cache word that names the slot at `offset`.
fn slot_word(shape: ShapeId, kind: u64, offset: usize) -> Option<u64> {
    u16::try_from(offset).ok().map(|offset| u64::from(shape.0) << 32 | u64::from(offset) | kind)
}

/// `STORE_ATTR` by the first alternative, if that names an inline slot of the receiver, there already or new, and the thread
/// needs no lock; else false, and the value is not made.
#[inline(always)]
pub fn store_first(
    th: &Thread,
    me: OwnerId,
    object: &Header,
    words: &[AtomicU64],
    value: impl Fn() -> Value,
) -> bool {
    let shape = object.shape_id();
    // Relaxed: the first word stands on its own, and is checked against the object's shape.
    let cached = words[0].load(Ordering::Relaxed);
    if cached >> 32 != u64::from(shape.0) || !CriticalSection::is_unneeded(object, me) {
        return false;
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(object.as_ptr(), (cached & cache::OFFSET) as usize) };
    let old = if cached & cache::SLOT != 0 {
        slot.exchange(value())
    } else {
        // Acquire pairs with the release in `fill_store`: the shape that it names is visible.
        let next = words[1].load(Ordering::Acquire);
        if next >> 32 != u64::from(shape.0) {
            return false;
        }
        let old = slot.exchange(value());
        // The slot is written before the shape that names it is published.
        object.set_shape(ShapeId(next as u32));
        old
    };
    // SAFETY: the reference is ours.
    unsafe { drop_word_as(th, me, old.into_word()) };
    true
}

/// `STORE_ATTR` into a slot that a cache word names; gives the value back if it must go the long way.
fn store_cached(th: &Thread, object: &Header, cached: u64, value: Value) -> Result<(), Value> {
    let section = CriticalSection::enter(th, object);
    if mode::FREE_THREADED && object.shape_id().0 != (cached >> 32) as u32 {
        return Err(value);
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(object.as_ptr(), (cached & cache::OFFSET) as usize) };
    let old = slot.replace(Some(value));
    drop(section);
    drop(old);
    Ok(())
}

/// `STORE_ATTR`, where the first alternative is no slot of the receiver's shape.
#[inline(never)]
pub fn store(th: &mut Thread, frame: Frame, i: Instruction, words: &[AtomicU64]) -> PyResult<()> {
    let receiver = value(frame, i.a);
    let mut new = take(frame, i, KILL_C, i.c);
    if let Some(header) = receiver.as_header() {
        let shape = u64::from(header.shape_id().0);
        for pair in words.chunks_exact(2) {
            // Relaxed: both words stand on their own: the second is checked to belong to the first's shape.
            let cached = pair[0].load(Ordering::Relaxed);
            // Acquire: as in `store_first`.
            let next = pair[1].load(Ordering::Acquire);
            if cached >> 32 != shape || cached == 0 {
                continue;
            }
            let stored = if cached & cache::SLOT != 0 {
                store_cached(th, header, cached, new)
            } else if next >> 32 == shape {
                add_cached(th, header, cached, next, new)
            } else {
                continue;
            };
            match stored {
                Ok(()) => {
                    kill(th, frame, i, KILL_A, i.a);
                    return Ok(());
                }
                Err(value) => new = value,
            }
        }
        // The cache of places is filled by loads, past a `__setattr__`.
        if let Some(Place::Inline(offset)) = th.places.get(ShapeId(shape as u32), name(frame, i.b))
            && !header.shape().class().payload.has(flag::CUSTOM_SETATTR)
        {
            match store_cached(th, header, shape << 32 | offset as u64, new) {
                Ok(()) => {
                    remember_slot(th, words, 2, ShapeId(shape as u32), offset);
                    kill(th, frame, i, KILL_A, i.a);
                    return Ok(());
                }
                Err(value) => new = value,
            }
        }
    }
    let receiver = take(frame, i, KILL_A, i.a);
    let name = name(frame, i.b);
    let Some(header) = receiver.as_header() else { return th.set_attr(&receiver, name, &new) };
    let before = header.shape();
    th.set_attr(&receiver, name, &new)?;
    fill_store(th, header, before, name, words);
    Ok(())
}

/// Remembers where an attribute was stored, if the place is simple.
fn fill_store(th: &mut Thread, header: &Header, before: &Shape, name: &Obj<Str>, words: &[AtomicU64]) {
    let class = before.class();
    let simple = !class.payload.has(flag::CUSTOM_SETATTR)
        && !class.payload.layout().variable
        && !before.is_dict_mode();
    if !simple {
        return;
    }
    let in_type = class::lookup(th, class, name);
    let Some(area) = attributes::area(header, before) else { return };
    let index = match in_type.filter(|a| descriptor::is_data(th, a)) {
        Some(attribute) => match member_index(th, &attribute) {
            Some(index) => Some(index),
            None => return,
        },
        None => before.find(name.as_value()),
    };
    let Some(at) = cache::vacancy(th, words, 2, before.id().0) else { return };
    if let Some(index) = index {
        if let Some(offset) = area.inline_offset(header, index)
            && let Some(word) = slot_word(before.id(), cache::SLOT, offset)
        {
            cache::replace(th, &words[at], word);
        }
        return;
    }
    let after = header.shape();
    let grown = after.find(name.as_value()) == Some(before.count()) && after.count() == before.count() + 1;
    if let Some(offset) = area.inline_offset(header, before.count()).filter(|_| grown)
        && let Some(word) = slot_word(before.id(), cache::TRANSITION, offset)
    {
        // Release pairs with the acquires in `store_first` and `store`: who finds the shape here sees it whole.
        words[at + 1].store(u64::from(before.id().0) << 32 | u64::from(after.id().0), Ordering::Release);
        cache::replace(th, &words[at], word);
    }
}

fn add_cached(th: &Thread, object: &Header, cached: u64, next: u64, value: Value) -> Result<(), Value> {
    let section = CriticalSection::enter(th, object);
    if object.shape_id().0 != (cached >> 32) as u32 {
        return Err(value);
    }
    // SAFETY: the offset was found for an object of this shape.
    let slot = unsafe { attributes::slot_at(object.as_ptr(), (cached & cache::OFFSET) as usize) };
    let old = slot.replace(Some(value));
    // The slot is written before the shape that names it is published.
    object.set_shape(ShapeId(next as u32));
    drop(section);
    drop(old);
    Ok(())
}

/// `DELETE_ATTR`
#[inline(never)]
pub fn delete(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let receiver = take(frame, i, KILL_A, i.a);
    th.del_attr(&receiver, name(frame, i.b))
}

fn put_method(th: &Thread, frame: Frame, register: u16, method: Value, receiver: Option<Value>) {
    put(th, frame, (register + FRAME_HEADER) as usize, receiver.unwrap_or(Value::UNBOUND));
    put(th, frame, register as usize, method);
}

/// True if an instance has the attribute itself, which then hides its type's method.
fn has_own(th: &Thread, header: &Header, name: &Obj<Str>) -> bool {
    let shape = header.shape();
    match th.places.get(shape.id(), name) {
        Some(place) => place != Place::Absent,
        None if shape.is_dict_mode() => class::attribute::own(th, header, name).is_some(),
        None => {
            let found = shape.find(name.as_value()).is_some();
            if !found {
                th.places.put(shape.id(), name, Place::Absent);
            }
            found
        }
    }
}

/// `LOAD_METHOD`, where no alternative tells of a method for the receiver's shape that needs no call to be counted.
#[inline(never)]
pub fn load_method(th: &mut Thread, frame: Frame, i: Instruction, words: &[AtomicU64]) -> PyResult<()> {
    let receiver = take(frame, i, KILL_B, i.b);
    // With a GIL all is counted quickly.
    let rest = if mode::FREE_THREADED { words } else { &[] };
    let known = |word: &AtomicU64| cache::found(th.owner(), cache::read(word), receiver.as_header()?);
    if let Some(method) = rest.iter().rev().find_map(known) {
        put_method(th, frame, i.a, method, Some(receiver));
        return Ok(());
    }
    let name = name(frame, i.c);
    if let Some(header) = receiver.as_header()
        && header.shape_id() == builtin::MODULE
        && let Some(found) = of_module(th, &receiver, name, words)
    {
        put_method(th, frame, i.a, found, None);
        return Ok(());
    }
    let class = class::type_of(&receiver);
    if !class.payload.has(flag::CUSTOM_GETATTR) {
        let version = class.payload.version();
        if let Some(method) = class::lookup(th, class, name)
            && descriptor::is_plain_method(&method)
            && !receiver.as_header().is_some_and(|h| has_own(th, h, name))
        {
            if let Some(header) = receiver.as_header() {
                let shape = header.shape();
                if !shape.is_dict_mode() {
                    let entry =
                        Entry { shape: shape.id().0, version, class, of_type: None, word: method.word() };
                    cache::publish(th, words, entry);
                }
            }
            put_method(th, frame, i.a, method, Some(receiver));
            return Ok(());
        }
    }
    if let Some((callable, receiver)) = wrapped_method(th, &receiver, class, name) {
        put_method(th, frame, i.a, callable, receiver);
        return Ok(());
    }
    let method = th.get_attr(&receiver, name)?;
    put_method(th, frame, i.a, method, None);
    Ok(())
}

/// What calling a class method or a static method calls, and the class that goes first: without a bound method.
fn wrapped_method(
    th: &Thread,
    receiver: &Value,
    class: Class,
    name: &Obj<Str>,
) -> Option<(Value, Option<Value>)> {
    let header = receiver.as_header()?;
    let owner = if header.shape_id() == builtin::TYPE {
        if class::lookup(th, class, name).is_some() {
            return None;
        }
        class::as_class(receiver)?
    } else {
        if class.payload.has(flag::CUSTOM_GETATTR) || has_own(th, header, name) {
            return None;
        }
        class
    };
    let attribute = class::lookup(th, owner, name)?;
    if let Some(method) = th.exact::<ClassMethod>(&attribute) {
        let callable = method.callable(th);
        // Anything else is called without being bound, too, but not with the class first in line.
        return descriptor::is_plain_method(&callable).then(|| (callable, Some(owner.value())));
    }
    th.exact::<StaticMethod>(&attribute).map(|method| (method.callable(th), None))
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
#[inline(never)]
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
        .is_some_and(|c| Some(c) == <crate::builtins::super_::Super as PyClass>::cell().get());
    if is_super && let Some(found) = crate::builtins::super_::load_super_attr(th, &class, &receiver, name)? {
        return Ok(found);
    }
    let object = th.call(&global, &[class, receiver])?;
    th.get_attr(&object, name)
}

/// `LOAD_SUPER_METHOD`
#[inline(never)]
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
#[inline(never)]
pub fn load_special(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let receiver = take(frame, i, KILL_B, i.b);
    let which = match i.c {
        c if c == SpecialMethod::Enter as u16 => Special::Enter,
        c if c == SpecialMethod::Exit as u16 => Special::Exit,
        c if c == SpecialMethod::AEnter as u16 => Special::AEnter,
        _ => Special::AExit,
    };
    let class = class::type_of(&receiver);
    let Some(method) = special::get(th, class, which).cloned() else {
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
            "{base} but it supports the {}context manager protocol. Did you mean to use '{hint}'?",
            if hint == "with" { "" } else { "asynchronous " }
        ));
    }
    th.type_error(base)
}
