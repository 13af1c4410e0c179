//! Subscripts and membership: what the loop does not do itself.

use compiler::bytecode::instruction::{Instruction, KILL_A, KILL_B, KILL_C, Opcode};
use mode::OwnerId;
use object_model::bytes_object::Bytes;
use object_model::list::List;
use object_model::object::slot::count_quick;
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::tuple::Tuple;
use object_model::value::int::{INT_TAG, word_int};
use object_model::{Obj, Value};

use super::attribute::{give_back, kill, put, take, take_as};
use super::build;
use super::call;
use super::dispatch::Resume;
use crate::builtins::bytes::immutable;
use crate::builtins::slice::{self, Slice};
use crate::builtins::{str, tuple};
use crate::class::special;
use crate::error::PyResult;
use crate::frame::{Frame, drop_word_as};
use crate::names::Special;
use crate::protocol::sequence::FastItems;
use crate::protocol::{exact, mapping};
use crate::thread::Thread;

#[inline(always)]
fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value, and stays while native code runs: the frame is not running.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// `container[index]` of exactly a list or a tuple and a small int, of an item that needs no call to be counted; None for
/// all else, also beyond the end.
#[inline(always)]
pub fn item_quick(me: OwnerId, container: &Value, index: u64) -> Option<Value> {
    if index & INT_TAG != INT_TAG {
        return None;
    }
    if let Some(list) = exact::list(container) {
        return list.get_quick(me, place(word_int(index), || list.len()));
    }
    let items = exact::tuple(container)?.items();
    // SAFETY: the tuple holds its items.
    unsafe { count_quick(me, items.get(place(word_int(index), || items.len()))?.word()) }
}

/// The place that an index means; beyond any length for a negative one that is too large.
#[inline(always)]
fn place(index: i64, len: impl FnOnce() -> usize) -> usize {
    if index < 0 { (index + len() as i64) as usize } else { index as usize }
}

/// `STORE_SUBSCR` of exactly a list and a small int below its length; false for all else. Leaves `KILL_A` to the caller.
#[inline(always)]
pub fn store_item(th: &Thread, me: OwnerId, frame: Frame, i: Instruction) -> bool {
    let (Some(list), Some(index)) = (exact::list(value(frame, i.a)), value(frame, i.b).as_small_int()) else {
        return false;
    };
    let index = place(index, || list.len());
    match list.set_quick(me, index, || take_as(me, frame, i, KILL_C, i.c)) {
        Some(old) => {
            // SAFETY: the reference is ours.
            unsafe { drop_word_as(th, me, old.into_word()) };
            true
        }
        None => mode::FREE_THREADED && store_locked(th, frame, i, list, index),
    }
}

/// [`store_item`] of a list that other threads may mutate.
#[inline(never)]
fn store_locked(th: &Thread, frame: Frame, i: Instruction, list: &Obj<List>, index: usize) -> bool {
    if index >= list.len() {
        return false;
    }
    match list.set(th, index, take(frame, i, KILL_C, i.c)) {
        Ok(()) => true,
        Err(new) => {
            // SAFETY: the reference goes back where it came from.
            unsafe { give_back(frame, i, new) };
            false
        }
    }
}

/// `container[index]` of a native sequence and a small int, if that needs no call and there is such an item.
#[inline(always)]
fn fast_item(th: &mut Thread, container: &Value, index: &Value) -> Option<Value> {
    let header = container.as_header()?;
    let index = index.as_small_int()?;
    match header.shape_id() {
        builtin::LIST => {
            // SAFETY: the shape says so.
            let list = unsafe { Obj::<List>::borrow_unchecked(container) };
            list.get(th, place(index, || list.len()))
        }
        builtin::TUPLE => {
            // SAFETY: the shape says so.
            let items = unsafe { Obj::<Tuple>::borrow_unchecked(container) }.items();
            items.get(place(index, || items.len())).cloned()
        }
        builtin::BYTES => {
            // SAFETY: the shape says so.
            let bytes = unsafe { Obj::<Bytes>::borrow_unchecked(container) }.as_slice();
            bytes.get(place(index, || bytes.len())).map(|byte| Value::int32((*byte).into()))
        }
        builtin::STR => {
            // SAFETY: the shape says so.
            let text = unsafe { Obj::<Str>::borrow_unchecked(container) };
            let index = Some(place(index, || text.len())).filter(|index| *index < text.len())?;
            let character = u8::try_from(text.units().get(index)).ok()?;
            Some(crate::builtins::str::latin1(th, character))
        }
        _ => (FastItems::of(header.shape().class())?.get)(th, container, index),
    }
}

/// `LOAD_SUBSCR`. Some: a `__getitem__` goes on.
#[inline(never)]
pub fn load(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Option<Resume>> {
    if let Some(dict) = exact::dict(value(frame, i.b)) {
        let key = value(frame, i.c);
        let Some(found) = th.dict_get(dict, key)? else { return Err(th.key_error(key.clone())) };
        kill(th, frame, i, KILL_B, i.b);
        kill(th, frame, i, KILL_C, i.c);
        put(th, frame, i.a as usize, found);
        return Ok(None);
    }
    if let Some(found) = fast_item(th, value(frame, i.b), value(frame, i.c)) {
        kill(th, frame, i, KILL_B, i.b);
        put(th, frame, i.a as usize, found);
        return Ok(None);
    }
    if let Some(header) = value(frame, i.b).as_header()
        && let class = header.shape().class()
        && let Some(method) = special::get(th, class, Special::GetItem)
        && call::takes(method, 2)
    {
        let method = method.clone();
        let (receiver, key) = (take(frame, i, KILL_B, i.b), take(frame, i, KILL_C, i.c));
        return call::enter_simple(th, frame, i.a, method, [receiver, key]).map(Some);
    }
    let found = th.get_item(value(frame, i.b), value(frame, i.c))?;
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_C, i.c);
    put(th, frame, i.a as usize, found);
    Ok(None)
}

/// `LOAD_SUBSCR_K`
#[inline(never)]
pub fn load_constant(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let index = &frame.code().payload.constants[i.c as usize];
    if let Some(dict) = exact::dict(value(frame, i.b)) {
        let Some(found) = th.dict_get(dict, index)? else { return Err(th.key_error(index.clone())) };
        kill(th, frame, i, KILL_B, i.b);
        put(th, frame, i.a as usize, found);
        return Ok(());
    }
    let found = match fast_item(th, value(frame, i.b), index) {
        Some(found) => found,
        None => th.get_item(value(frame, i.b), index)?,
    };
    kill(th, frame, i, KILL_B, i.b);
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// `STORE_SUBSCR`
#[inline(never)]
pub fn store(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let (container, index, new) = (value(frame, i.a), value(frame, i.b), value(frame, i.c));
    if let Some(dict) = exact::dict(container) {
        th.dict_set(dict, index, new.clone())?;
        kill(th, frame, i, KILL_C, i.c);
        kill(th, frame, i, KILL_B, i.b);
        kill(th, frame, i, KILL_A, i.a);
        return Ok(());
    }
    if let (Some(list), Some(slice)) = (exact::list(container), slice::exact(index))
        && let Some(numbers) = numbers_of([&slice.start, &slice.stop, &slice.step])
        && exchange(th, i, list, numbers, new)
    {
        kill(th, frame, i, KILL_C, i.c);
        kill(th, frame, i, KILL_B, i.b);
        kill(th, frame, i, KILL_A, i.a);
        return Ok(());
    }
    let fast = container.as_header().and_then(|header| FastItems::of(header.shape().class()));
    let done = match (fast, index.as_small_int()) {
        (Some(items), Some(index)) => (items.set)(th, container, index, new),
        _ => false,
    };
    if !done {
        th.set_item(container, index, new)?;
    }
    kill(th, frame, i, KILL_C, i.c);
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_A, i.a);
    Ok(())
}

/// The numbers that the parts of a slice in a run of registers are, if they are numbers.
#[inline(always)]
fn numbers(frame: Frame, first: u16) -> Option<(i64, i64, i64)> {
    numbers_of([0, 1, 2].map(|n| value(frame, first + n)))
}

/// Start, stop and step as numbers, if they are numbers (start and stop: none is everything).
#[inline(always)]
fn numbers_of([start, stop, step]: [&Value; 3]) -> Option<(i64, i64, i64)> {
    let step = if step.is_none() { 1 } else { step.as_small_int().filter(|step| *step != 0)? };
    let start = match start.as_small_int() {
        Some(start) => start,
        None if !start.is_none() => return None,
        None if step > 0 => 0,
        None => i64::MAX,
    };
    let stop = match stop.as_small_int() {
        Some(stop) => stop,
        None if !stop.is_none() => return None,
        None if step > 0 => i64::MAX,
        None => i64::MIN,
    };
    Some((start, stop, step))
}

/// Makes a slice of a run's three registers.
fn built(th: &mut Thread, frame: Frame, first: u16) -> Value {
    let first = first as usize;
    let (start, stop) = (build::move_out(frame, first), build::move_out(frame, first + 1));
    let step = build::move_out(frame, first + 2);
    Slice::make(th, start, stop, step)
}

/// The part of a container that a slice of these numbers names; None of a container whose type is not known here.
fn part(th: &mut Thread, container: &Value, numbers: (i64, i64, i64)) -> Option<PyResult> {
    match container.as_header()?.shape_id() {
        builtin::LIST => {
            // SAFETY: the shape says so.
            let list = unsafe { Obj::<List>::borrow_unchecked(container) };
            let at = slice::fit(numbers, list.len());
            let sliced = list.sliced(th, at.start.max(0) as usize, at.step as isize, at.count);
            Some(mapping::memory(th, sliced).map(Obj::into_value))
        }
        builtin::TUPLE => {
            // SAFETY: the shape says so.
            let tuple = unsafe { Obj::<Tuple>::borrow_unchecked(container) };
            Some(tuple::subscript(th, tuple, slice::fit(numbers, tuple.len())))
        }
        builtin::STR => {
            // SAFETY: the shape says so.
            let text = unsafe { Obj::<Str>::borrow_unchecked(container) };
            Some(str::subscript(th, text, slice::fit(numbers, text.len())))
        }
        builtin::BYTES => {
            // SAFETY: the shape says so.
            let bytes = unsafe { Obj::<Bytes>::borrow_unchecked(container) };
            Some(immutable::subscript(th, bytes, slice::fit(numbers, bytes.as_slice().len())))
        }
        _ => None,
    }
}

/// `LOAD_SLICE`
#[inline(never)]
pub fn load_slice(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let container = value(frame, i.b);
    // Where the parts are numbers, their registers need no clearing: they hold no references.
    let known = numbers(frame, i.c).and_then(|numbers| part(th, container, numbers));
    let found = match known {
        Some(found) => found?,
        None => {
            let slice = built(th, frame, i.c);
            th.get_item(container, &slice)?
        }
    };
    kill(th, frame, i, KILL_B, i.b);
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// Gives a list the items of another one, which dies with this instruction, for as many of its own from a place on. False
/// if it is not so simple.
#[inline]
fn exchange(th: &Thread, i: Instruction, list: &Obj<List>, numbers: (i64, i64, i64), new: &Value) -> bool {
    let Some(new) = exact::list(new).filter(|_| numbers.2 == 1 && i.flags & KILL_C != 0) else {
        return false;
    };
    let at = slice::fit(numbers, list.len());
    at.count == new.len() && list.exchange_unique(th, at.start as usize, new)
}

/// `STORE_SLICE`
#[inline(never)]
pub fn store_slice(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let (container, new) = (value(frame, i.a), value(frame, i.c));
    let exchanged = match (exact::list(container), numbers(frame, i.b)) {
        (Some(list), Some(numbers)) => exchange(th, i, list, numbers, new),
        _ => false,
    };
    if !exchanged {
        let slice = built(th, frame, i.b);
        th.set_item(container, &slice, new)?;
    }
    kill(th, frame, i, KILL_C, i.c);
    kill(th, frame, i, KILL_A, i.a);
    Ok(())
}

/// `DELETE_SUBSCR`
#[inline(never)]
pub fn delete(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let container = take(frame, i, KILL_A, i.a);
    let index = take(frame, i, KILL_B, i.b);
    th.del_item(&container, &index)
}

/// `IN`, `NOT_IN`
#[inline(never)]
pub fn contains(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = th.contains(value(frame, i.c), value(frame, i.b))?;
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_C, i.c);
    put(th, frame, i.a as usize, Value::bool(found == (i.opcode == Opcode::In as u8)));
    Ok(())
}

/// `JUMP_IN`: whether `a in b`.
#[inline(never)]
pub fn contains_jump(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<bool> {
    let found = th.contains(value(frame, i.b), value(frame, i.a))?;
    kill(th, frame, i, KILL_A, i.a);
    kill(th, frame, i, KILL_B, i.b);
    Ok(found)
}
