//! From a raise to a handler: the side table is searched frame by frame; frames without a handler end.

use compiler::bytecode::code::ExceptionEntry;
use compiler::bytecode::instruction::{Instruction, Opcode};
use object_model::Value;

use super::call;
use super::dispatch::Resume;
use crate::builtins::code::Code;
use crate::error::Raised;
use crate::frame::{self, Frame, bit, drop_word};
use crate::thread::Thread;

/// Finds the handler of the pending exception, from `frame` outwards to the frame that native code entered. None:
/// there is none, all frames were popped, and the exception stays pending.
#[cold]
#[inline(never)]
pub fn unwind(th: &mut Thread, frame: Frame, pc: *const Instruction) -> Option<Resume> {
    let mut frame = frame;
    frame.set_pc(pc);
    let mut reraised = is_reraise(th, frame);
    loop {
        let index = frame.instruction_index();
        if !reraised {
            add_traceback(th, frame, index);
        }
        reraised = false;
        if let Some(entry) = handler(&frame.code().payload, index) {
            frame.sweep(th, entry.depth as usize);
            let exception = th.take_exception();
            // SAFETY: a register of the frame; its old reference is dropped.
            unsafe {
                let old =
                    std::mem::replace(&mut *frame.register(entry.exception as usize), exception.into_word());
                drop_word(th, old);
            }
            let start = frame.code().payload.words.as_ptr();
            // SAFETY: the table's targets are words of the code.
            let pc = unsafe { start.add(entry.target as usize) }.cast();
            th.frame = frame.0;
            return Some(Resume { frame, pc });
        }
        let flags = frame.flags();
        if flags & bit::OBJECT != 0 {
            frame::object::finish(th, frame);
        }
        if flags & bit::GENERATOR != 0 {
            super::generator::ended(th, frame);
        }
        let pending = th.take_exception();
        // With the end of its body a generator may end, and its frame with it.
        let caller = frame.caller();
        call::abandon(th, frame);
        let _ = th.set_raised(pending);
        if flags & bit::ENTRY != 0 {
            return None;
        }
        frame = caller?;
    }
}

/// Whether the pending exception goes on from where this frame caught it: its traceback knows the frame.
fn is_reraise(th: &Thread, frame: Frame) -> bool {
    let index = frame.instruction_index();
    let Some(instruction) = frame.code().payload.unit.instructions.get(index) else { return false };
    if instruction.opcode == Opcode::RaiseAgain as u8 {
        // Unless there was nothing to raise again.
        let handled = crate::exceptions::chain::handled(th);
        return th.raised.as_ref().is_some_and(|raised| raised.is(&handled));
    }
    instruction.opcode == Opcode::Reraise as u8
}

/// The innermost handler around an instruction.
pub fn handler(code: &Code, index: usize) -> Option<ExceptionEntry> {
    let table = &code.unit.exceptions;
    table.iter().find(|e| (e.start as usize..e.end as usize).contains(&index)).copied()
}

fn add_traceback(th: &mut Thread, frame: Frame, index: usize) {
    let line = frame.code().payload.position(index).line;
    let exception = th.take_exception();
    let object = frame::object_of(th, frame);
    frame::traceback::add(th, &exception, object, index, line);
    let _ = th.set_raised(exception);
}

/// The marker of the exception that `unwind` left pending.
pub fn leaving(th: &mut Thread) -> Raised {
    let exception = th.take_exception();
    th.set_raised(exception)
}

/// A value whose frame had no caller (a frame without flags always has one).
pub fn orphan(word: u64) -> Value {
    // SAFETY: the returned word's reference is the caller's.
    unsafe { Value::from_word(word) }
}
