//! Raising, handling, `with`.

use compiler::bytecode::instruction::{FRAME_HEADER, IF_TRUE, Instruction, KILL_A, KILL_B, KILL_C};
use object_model::Value;

use super::attribute::{kill, put, take};
use crate::error::PyResult;
use crate::exceptions;
use crate::frame::Frame;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// `RAISE`
#[inline(never)]
pub fn raise(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let exception = take(frame, i, KILL_A, i.a);
    if i.flags & IF_TRUE != 0 {
        let cause = take(frame, i, KILL_B, i.b);
        return Err(exceptions::raise_from(th, exception, cause));
    }
    Err(exceptions::raise_object(th, exception))
}

/// `RAISE_AGAIN`
#[inline(never)]
pub fn raise_again(th: &mut Thread, _frame: Frame, _i: Instruction) -> PyResult<()> {
    let handled = exceptions::chain::handled(th);
    if handled.is_none() {
        return Err(th.runtime_error("No active exception to reraise"));
    }
    Err(th.set_raised(handled))
}

/// `RERAISE`: the exception is pending afterwards.
pub fn reraise(th: &mut Thread, frame: Frame, i: Instruction) {
    let exception = take(frame, i, KILL_A, i.a);
    if i.flags & KILL_A == 0 {
        put(th, frame, i.a as usize, Value::UNBOUND);
    }
    let _ = th.set_raised(exception);
}

/// `PUSH_EXC`
#[inline(never)]
pub fn push(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let now = value(frame, i.b).clone();
    let before = std::mem::replace(&mut th.handled, now);
    put(th, frame, i.a as usize, before);
    Ok(())
}

/// `POP_EXC`
#[inline(never)]
pub fn pop(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let before = take(frame, i, KILL_A, i.a);
    if i.flags & KILL_A == 0 {
        put(th, frame, i.a as usize, Value::UNBOUND);
    }
    let handled = std::mem::replace(&mut th.handled, before);
    drop(handled);
    Ok(())
}

/// `EXC_MATCH`
#[inline(never)]
pub fn matches(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let exception = value(frame, i.b).clone();
    let classes = take(frame, i, KILL_C, i.c);
    let matches = exceptions::matches(th, &exception, &classes)?;
    kill(th, frame, i, KILL_B, i.b);
    put(th, frame, i.a as usize, Value::bool(matches));
    Ok(())
}

/// `EXC_GROUP_MATCH`
#[inline(never)]
pub fn group_match(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let exception = take(frame, i, KILL_B, i.b);
    let classes = take(frame, i, KILL_C, i.c);
    let (matched, rest) = exceptions::except_star_match(th, &exception, &classes)?;
    put(th, frame, i.a as usize, matched);
    put(th, frame, i.a as usize + 1, rest);
    Ok(())
}

/// `PREP_RERAISE_STAR`
#[inline(never)]
pub fn prep_reraise_star(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let original = take(frame, i, KILL_B, i.b);
    let raised = take(frame, i, KILL_C, i.c);
    let raised = th.collect(&raised)?;
    let result = exceptions::prep_reraise_star(th, &original, raised)?;
    put(th, frame, i.a as usize, result);
    Ok(())
}

/// `WITH_EXCEPT_START`
#[inline(never)]
pub fn with_except_start(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let exit = value(frame, i.b).clone();
    let receiver = value(frame, i.b + FRAME_HEADER).clone();
    let exception = value(frame, i.c).clone();
    let class = th.type_of(&exception).value();
    let traceback = exceptions::as_exception(th, &exception).map_or(Value::NONE, |e| e.traceback(th));
    let arguments = [class, exception, traceback];
    let result = if receiver.is_unbound() {
        th.call(&exit, &arguments)?
    } else {
        th.call_prepended(&exit, &receiver, crate::native::Args::positional(&arguments))?
    };
    kill(th, frame, i, KILL_C, i.c);
    put(th, frame, i.a as usize, result);
    Ok(())
}
