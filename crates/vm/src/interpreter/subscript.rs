//! Subscripts and membership: what the loop does not do itself.

use compiler::bytecode::instruction::{Instruction, KILL_A, KILL_B, KILL_C, Opcode};
use object_model::Value;

use super::attribute::{kill, put, take};
use crate::error::PyResult;
use crate::frame::Frame;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value, and stays while native code runs: the frame is not running.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// `LOAD_SUBSCR`
#[inline(never)]
pub fn load(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = th.get_item(value(frame, i.b), value(frame, i.c))?;
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_C, i.c);
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// `LOAD_SUBSCR_K`
#[inline(never)]
pub fn load_constant(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let index = &frame.code().payload.constants[i.c as usize];
    let found = th.get_item(value(frame, i.b), index)?;
    kill(th, frame, i, KILL_B, i.b);
    put(th, frame, i.a as usize, found);
    Ok(())
}

/// `STORE_SUBSCR`
#[inline(never)]
pub fn store(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    th.set_item(value(frame, i.a), value(frame, i.b), value(frame, i.c))?;
    kill(th, frame, i, KILL_C, i.c);
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_A, i.a);
    Ok(())
}

/// `DELETE_SUBSCR`
pub fn delete(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let container = take(frame, i, KILL_A, i.a);
    let index = take(frame, i, KILL_B, i.b);
    th.del_item(&container, &index)
}

/// `IN`, `NOT_IN`
pub fn contains(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let found = th.contains(value(frame, i.c), value(frame, i.b))?;
    kill(th, frame, i, KILL_B, i.b);
    kill(th, frame, i, KILL_C, i.c);
    put(th, frame, i.a as usize, Value::bool(found == (i.opcode == Opcode::In as u8)));
    Ok(())
}

/// `JUMP_IN`: whether `a in b`.
pub fn contains_jump(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<bool> {
    let found = th.contains(value(frame, i.b), value(frame, i.a))?;
    kill(th, frame, i, KILL_A, i.a);
    kill(th, frame, i, KILL_B, i.b);
    Ok(found)
}
