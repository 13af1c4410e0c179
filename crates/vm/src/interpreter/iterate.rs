//! Iteration and unpacking.
//!
//! An iteration takes three registers. Ranges, lists and tuples are iterated in them, marked by an internal value in the
//! first; everything else has its iterator there.

use compiler::bytecode::instruction::{Instruction, KILL_B, Opcode};
use mode::OwnerId;
use object_model::list::List;
use object_model::object::slot::count_quick;
use object_model::shape::builtin;
use object_model::tuple::Tuple;
use object_model::value::int::{int_word, word_int};
use object_model::value::singleton::{LIST_MARK, RANGE_MARK, TUPLE_MARK};
use object_model::{Obj, Value};

use super::attribute::{kill, put, put_as, take, take_as};
use crate::builtins::iterators::{ListIterator, TupleIterator};
use crate::builtins::range::{Range, RangeIterator};
use crate::error::PyResult;
use crate::frame::{Frame, drop_word_as};
use crate::protocol::exact;
use crate::protocol::iterator::Item;
use crate::thread::Thread;

#[inline(always)]
fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value, and stays while native code runs: the frame is not running.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

const ZERO: Value = Value::int32(0);

fn begin(th: &Thread, frame: Frame, register: u16, parts: [Value; 3]) {
    for (n, part) in parts.into_iter().enumerate() {
        put(th, frame, register as usize + n, part);
    }
}

fn mark(word: u64) -> Value {
    // SAFETY: the internal marks are valid encodings.
    unsafe { Value::from_word(word) }
}

/// `GET_ITER`
#[inline(never)]
pub fn get_iter(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let iterable = take(frame, i, KILL_B, i.b);
    let parts = match iterable.as_header().map(|h| h.shape_id()) {
        Some(builtin::LIST) => [mark(LIST_MARK), iterable, ZERO],
        Some(builtin::TUPLE) => [mark(TUPLE_MARK), iterable, ZERO],
        Some(builtin::RANGE) => match th.exact::<Range>(&iterable).and_then(|r| r.small_bounds()) {
            Some((start, stop, 1)) => match (Value::small_int(start), Value::small_int(stop)) {
                (Some(start), Some(stop)) => [mark(RANGE_MARK), start, stop],
                _ => [th.iter(&iterable)?, ZERO, ZERO],
            },
            _ => [th.iter(&iterable)?, ZERO, ZERO],
        },
        _ => [th.iter(&iterable)?, ZERO, ZERO],
    };
    begin(th, frame, i.a, parts);
    Ok(())
}

/// `ADOPT_ITER`. An iterator that nobody else has is gone on with in the registers; it stays where it was.
#[inline(never)]
pub fn adopt(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let iterator = value(frame, i.b);
    let is_own = iterator.as_header().is_some_and(|header| header.is_unique(th));
    let parts = if is_own { parts_of(th, iterator) } else { None };
    let parts = parts.unwrap_or_else(|| [take(frame, i, KILL_B, i.b), ZERO, ZERO]);
    begin(th, frame, i.a, parts);
    Ok(())
}

/// The registers of an iteration that goes on where an iterator is.
fn parts_of(th: &Thread, iterator: &Value) -> Option<[Value; 3]> {
    if let Some((list, index)) = ListIterator::in_registers(th, iterator) {
        return Some([mark(LIST_MARK), list, Value::small_int(i64::try_from(index).ok()?)?]);
    }
    if let Some((tuple, index)) = TupleIterator::in_registers(th, iterator) {
        return Some([mark(TUPLE_MARK), tuple, Value::small_int(i64::try_from(index).ok()?)?]);
    }
    let (next, end) = th.exact::<RangeIterator>(iterator)?.bounds()?;
    Some([mark(RANGE_MARK), Value::small_int(next)?, Value::small_int(end)?])
}

/// `GET_ITERATOR`
#[inline(never)]
pub fn get_iterator(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let iterable = take(frame, i, KILL_B, i.b);
    let iterator = th.iter(&iterable)?;
    put(th, frame, i.a as usize, iterator);
    Ok(())
}

/// `FOR_NEXT` on a list or tuple, whose mark is `mark`, of an item that needs no call to be counted; None: [`step`] knows.
#[inline(always)]
pub fn step_quick(me: OwnerId, frame: Frame, register: u16, mark: u64) -> Option<Value> {
    let (items, index) = (value(frame, register + 1), frame.register(register as usize + 2));
    // SAFETY: the third register of such an iteration holds the index.
    let at = word_int(unsafe { *index }) as usize;
    let item = if mark == LIST_MARK {
        // SAFETY: the mark says that this is a list.
        unsafe { Obj::<List>::borrow_unchecked(items) }.get_quick(me, at)?
    } else {
        // SAFETY: the mark says that this is a tuple.
        let item = unsafe { Obj::<Tuple>::borrow_unchecked(items) }.items().get(at)?;
        // SAFETY: the tuple holds its items.
        unsafe { count_quick(me, item.word()) }?
    };
    // SAFETY: as above; an int is no reference.
    unsafe { *index = int_word(at as i64 + 1) };
    Some(item)
}

/// `FOR_NEXT` on a list or tuple; false at the end.
#[inline(never)]
pub fn step(th: &Thread, frame: Frame, i: Instruction) -> bool {
    let (items, index) = (value(frame, i.a + 1), frame.register(i.a as usize + 2));
    // SAFETY: as in `step_quick`.
    let at = word_int(unsafe { *index }) as usize;
    // SAFETY: the first register holds the iteration's mark.
    let item = if unsafe { *frame.register(i.a as usize) } == LIST_MARK {
        // SAFETY: the mark says that this is a list, perhaps of a subclass.
        unsafe { Obj::<List>::borrow_unchecked(items) }.get(th, at)
    } else {
        // SAFETY: as in `step_quick`.
        unsafe { Obj::<Tuple>::borrow_unchecked(items) }.items().get(at).cloned()
    };
    let Some(item) = item else {
        put(th, frame, i.a as usize + 1, Value::UNBOUND);
        return false;
    };
    // SAFETY: as in `step_quick`.
    unsafe { *index = int_word(at as i64 + 1) };
    put(th, frame, i.b as usize, item);
    true
}

/// Where a step of an iteration leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// Behind the loop: the iterator is exhausted, and dropped.
    Out,
    /// To the loop's beginning, with the item.
    In,
    /// Behind the `UNPACK_SEQUENCE` at the loop's beginning: its registers have what it would write.
    Unpacked,
}

/// `FOR_NEXT` on an iterator object.
#[inline(never)]
pub fn next(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Stepped> {
    let iterator = value(frame, i.a);
    let item = match pair_target(frame, i).and_then(|first| Some((first, th.next_pair(iterator)?))) {
        Some((first, item)) => match item? {
            Some(Item::Pair(x, y)) => {
                put(th, frame, first, x);
                put(th, frame, first + 1, y);
                return Ok(Stepped::Unpacked);
            }
            Some(Item::Whole(item)) => Some(item),
            None => None,
        },
        None => th.next(iterator)?,
    };
    match item {
        Some(item) => {
            put(th, frame, i.b as usize, item);
            Ok(Stepped::In)
        }
        None => {
            put(th, frame, i.a as usize, Value::UNBOUND);
            Ok(Stepped::Out)
        }
    }
}

/// The first of the two registers that the loop's first instruction unpacks an item into, if it does nothing else with it.
#[inline(always)]
fn pair_target(frame: Frame, i: Instruction) -> Option<usize> {
    // SAFETY: the compiler's jumps stay inside the code; the frame's place is behind the instruction.
    let first = unsafe { &*frame.pc().offset(i.c.cast_signed() as isize) };
    let takes_apart = first.opcode == Opcode::UnpackSequence as u8 && first.b == i.b && first.c == 2;
    (takes_apart && first.flags & KILL_B != 0).then_some(first.a as usize)
}

/// `UNPACK_SEQUENCE` of exactly a tuple or a list of the right length; false if it must go the long way.
#[inline(always)]
pub fn unpack_known(th: &Thread, me: OwnerId, frame: Frame, i: Instruction) -> bool {
    let source = value(frame, i.b);
    if let Some(tuple) = exact::tuple(source) {
        if tuple.len() != i.c as usize {
            return false;
        }
        // The tuple outlives what is written, even if its register is among the targets.
        let tuple = take_as(me, frame, i, KILL_B, i.b);
        // SAFETY: seen to be a tuple.
        let items = unsafe { Obj::<Tuple>::borrow_unchecked(&tuple) }.items();
        for (n, item) in items.iter().enumerate() {
            put_as(th, me, frame, i.a as usize + n, item.clone_as(me));
        }
        // SAFETY: the reference is ours.
        unsafe { drop_word_as(th, me, tuple.into_word()) };
        return true;
    }
    exact::list(source).is_some_and(|list| unpack_list(th, me, frame, i, list))
}

/// `UNPACK_SEQUENCE` of a list; false if it is not that long, or another thread shortens it meanwhile.
#[inline]
fn unpack_list(th: &Thread, me: OwnerId, frame: Frame, i: Instruction, list: &Obj<List>) -> bool {
    const FEW: usize = 8;
    let get = |n| list.get_quick(me, n).or_else(|| list.get(th, n));
    let count = i.c as usize;
    if list.len() != count {
        return false;
    }
    if !(i.a..i.a + i.c).contains(&i.b) {
        for n in 0..count {
            // The source stays in its register, so the long way can begin again.
            let Some(item) = get(n) else { return false };
            put_as(th, me, frame, i.a as usize + n, item);
        }
        kill(th, frame, i, KILL_B, i.b);
        return true;
    }
    if count > FEW {
        return false;
    }
    // The source's register may be among the targets, so nothing is written before everything is read.
    let mut items = [const { Value::UNBOUND }; FEW];
    for (n, item) in items[..count].iter_mut().enumerate() {
        let Some(found) = get(n) else { return false };
        *item = found;
    }
    kill(th, frame, i, KILL_B, i.b);
    for (n, item) in items.into_iter().take(count).enumerate() {
        put(th, frame, i.a as usize + n, item);
    }
    true
}

/// `UNPACK_SEQUENCE`
#[inline(never)]
pub fn unpack(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let items = th.unpack_exact(&source, i.c as usize)?;
    for (n, item) in items.into_iter().enumerate() {
        put(th, frame, i.a as usize + n, item);
    }
    Ok(())
}

/// `UNPACK_EX`
#[inline(never)]
pub fn unpack_ex(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let (before, after) = (usize::from(i.c & 0xFF), usize::from(i.c >> 8));
    let items = th.unpack_star(&source, before, after)?;
    for (n, item) in items.into_iter().enumerate() {
        put(th, frame, i.a as usize + n, item);
    }
    Ok(())
}
