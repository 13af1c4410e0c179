//! Iteration and unpacking.
//!
//! An iteration takes three registers. Ranges, lists and tuples are iterated in them, marked by an internal value in the
//! first; everything else has its iterator there.

use compiler::bytecode::instruction::{Instruction, KILL_B};
use object_model::list::List;
use object_model::shape::builtin;
use object_model::{Obj, Value};

use super::attribute::{kill, put, take};
use crate::builtins::range::Range;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::thread::Thread;

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
    use object_model::value::singleton::{LIST_MARK, RANGE_MARK, TUPLE_MARK};
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

/// `ADOPT_ITER`
pub fn adopt(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let iterator = take(frame, i, KILL_B, i.b);
    begin(th, frame, i.a, [iterator, ZERO, ZERO]);
    Ok(())
}

/// `GET_ITERATOR`
pub fn get_iterator(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let iterable = take(frame, i, KILL_B, i.b);
    let iterator = th.iter(&iterable)?;
    put(th, frame, i.a as usize, iterator);
    Ok(())
}

/// `FOR_NEXT` on an iterator object; false when it is exhausted, and dropped.
#[inline(never)]
pub fn next(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<bool> {
    match th.next(value(frame, i.a))? {
        Some(item) => {
            put(th, frame, i.b as usize, item);
            Ok(true)
        }
        None => {
            put(th, frame, i.a as usize, Value::UNBOUND);
            Ok(false)
        }
    }
}

/// `UNPACK_SEQUENCE` of a short list; false if it is not that long, or another thread shortens it meanwhile.
#[inline]
pub fn unpack_list(th: &Thread, frame: Frame, i: Instruction, list: &Obj<List>) -> bool {
    const FEW: usize = 8;
    let count = i.c as usize;
    if count > FEW || list.len() != count {
        return false;
    }
    // The source's register may be among the targets, so nothing is written before everything is read.
    let mut items = [const { Value::UNBOUND }; FEW];
    for (n, item) in items[..count].iter_mut().enumerate() {
        let Some(found) = list.get(th, n) else { return false };
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
pub fn unpack_ex(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let (before, after) = (usize::from(i.c & 0xFF), usize::from(i.c >> 8));
    let items = th.unpack_star(&source, before, after)?;
    for (n, item) in items.into_iter().enumerate() {
        put(th, frame, i.a as usize + n, item);
    }
    Ok(())
}
