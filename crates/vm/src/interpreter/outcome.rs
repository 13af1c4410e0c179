//! What a handler that may change frames tells the loop.

use compiler::bytecode::instruction::Instruction;
use object_model::Value;

use crate::frame::Frame;

/// Where a handler that changed frames goes on.
#[derive(Clone, Copy)]
pub struct Resume {
    /// The frame.
    pub frame: Frame,
    /// Its next instruction.
    pub pc: *const Instruction,
}

impl Resume {
    /// Nowhere: what an `Option` would say, in two words, which come back in machine registers.
    pub const NOWHERE: Resume = Resume { frame: Frame(std::ptr::null_mut()), pc: std::ptr::null() };

    /// True for [`Resume::NOWHERE`].
    #[inline(always)]
    pub fn is_nowhere(self) -> bool {
        self.frame.0.is_null()
    }
}

/// What a call-like handler led to.
pub enum Outcome {
    /// The instruction is done; go on behind it.
    Next,
    /// A frame was pushed or popped.
    Frame(Resume),
    /// The frame that the loop was entered with ended with this result.
    Done(Value),
}
