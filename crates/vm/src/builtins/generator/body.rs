//! The frame of a generator: it lies behind the generator's payload, whether it runs or waits.
//!
//! # Invariants
//! - G1 Only who has the baton, or visits, touches the frame; once the body has ended, who ended it.
//! - G2 While the generator waits, the frame owns what its function word and its registers refer to, and its extra word is
//!   unbound. Once what the body left is dropped nothing in the frame is a reference.

use std::cell::UnsafeCell;
use std::ptr;

use object_model::lock::baton::{ENDED, NEW, TAKEN};
use object_model::lock::{Baton, Refusal};
use object_model::value::singleton::UNBOUND;
use object_model::{Object, Value};

use crate::builtins::code::Code;
use crate::frame::{Frame, GENERATOR_HEADER};

/// Words above the registers: a call window may reach one past them, and the sweep of a frame looks at that one.
const ABOVE: usize = 2;

/// A frame that does not lie on a thread's stack, and what goes with it.
pub struct Suspended {
    frame: Frame,
    /// Registers of the frame, and what is above them.
    registers: usize,
    /// The exception that the frame is handling; while it runs, the one that is handled outside of it.
    pub handled: Value,
    /// While it runs, the generator that runs around it; null if none does.
    pub outer: *const Suspended,
}

/// How many words the frame of a generator with this code takes.
#[inline(always)]
pub fn words(code: &Code) -> usize {
    GENERATOR_HEADER + code.registers as usize + ABOVE
}

impl Suspended {
    /// The frame of a function with this code, before its first instruction and without the function.
    ///
    /// # Safety
    /// There must be [`words`] words at `place`, for as long as this is used.
    #[inline(always)]
    pub unsafe fn new(code: &Object<Code>, place: *mut u64) -> Suspended {
        let registers = code.payload.registers as usize + ABOVE;
        // SAFETY: the caller's words.
        let frame = Frame(unsafe { place.add(GENERATOR_HEADER) });
        for number in 0..registers {
            // SAFETY: as above.
            unsafe { frame.register(number).write(UNBOUND) };
        }
        // SAFETY: as above.
        unsafe { frame.function_word().write(UNBOUND) };
        frame.begin(code, ptr::null_mut(), 0, 0);
        Suspended { frame, registers, handled: Value::NONE, outer: ptr::null() }
    }

    /// The frame.
    #[inline(always)]
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Bytes that the frame takes.
    pub fn size(&self) -> usize {
        (GENERATOR_HEADER + self.registers) * 8
    }

    /// The function, unbound once the body has ended.
    pub fn function(&self) -> &Value {
        // SAFETY: the function word is a value (G2).
        unsafe { Value::borrow_word(&*self.frame.function_word()) }
    }

    /// Drops what the frame owns. Only for one that does not run.
    pub fn clear(&mut self) {
        if self.function().is_unbound() {
            return;
        }
        for number in 0..self.registers {
            // SAFETY: registers own their references (G2); each is dropped once.
            drop(unsafe { Value::from_word(std::mem::replace(&mut *self.frame.register(number), UNBOUND)) });
        }
        // SAFETY: as above.
        drop(unsafe { Value::from_word(std::mem::replace(&mut *self.frame.function_word(), UNBOUND)) });
        drop(std::mem::replace(&mut self.handled, Value::NONE));
    }

    /// Visits what is owned here. Only for one that waits.
    pub fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        if self.function().is_unbound() {
            return;
        }
        visit(self.function());
        visit(&self.handled);
        for number in 0..self.registers {
            // SAFETY: registers hold valid values (G2).
            visit(unsafe { Value::borrow_word(&*self.frame.register(number)) });
        }
    }
}

impl Drop for Suspended {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

/// Where a generator is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Never gone on with.
    Created,
    /// At a yield.
    Suspended,
    /// A thread runs it.
    Running,
    /// Its body ended.
    Finished,
}

/// The frame of a generator, for one thread at a time.
pub struct Body {
    baton: Baton,
    suspended: UnsafeCell<Suspended>,
}

// SAFETY: the baton gives `suspended` to one thread at a time (G1), and values may move between threads.
unsafe impl Sync for Body {}
// SAFETY: as above.
unsafe impl Send for Body {}

impl Body {
    /// One that waits to be started.
    #[inline(always)]
    pub fn new(suspended: Suspended) -> Body {
        Body { baton: Baton::new(), suspended: UnsafeCell::new(suspended) }
    }

    /// Where it is at the moment.
    pub fn stage(&self) -> Stage {
        match self.baton.state() {
            NEW => Stage::Created,
            TAKEN => Stage::Running,
            ENDED => Stage::Finished,
            _ => Stage::Suspended,
        }
    }

    /// Takes it, to go on with it or to end it.
    #[inline]
    pub fn take(&self) -> Result<(), Refusal> {
        self.baton.take().map(drop)
    }

    /// [`Body::take`], if that takes no exchange and `then` says yes.
    #[inline(always)]
    pub fn take_quick(&self, then: impl FnOnce() -> bool) -> bool {
        self.baton.take_quick(then)
    }

    /// What was taken.
    ///
    /// # Safety
    /// The caller has taken the body and not given it back, and uses no other reference from here.
    #[expect(clippy::mut_from_ref, reason = "the baton is what makes it exclusive")]
    #[inline]
    pub unsafe fn held(&self) -> &mut Suspended {
        // SAFETY: the caller has the baton (G1).
        unsafe { &mut *self.suspended.get() }
    }

    /// Gives back what was taken; it can be gone on with.
    #[inline]
    pub fn rest(&self) {
        self.baton.put_back();
    }

    /// Gives back what was taken; it cannot be gone on with.
    #[inline]
    pub fn end(&self) {
        self.baton.end();
    }

    /// Looks at a body that waits; None if it runs or has ended. `look` may neither run Python nor drop values.
    pub fn visit<R>(&self, look: impl FnOnce(&mut Suspended) -> R) -> Option<R> {
        let before = self.baton.visit().ok()?;
        // SAFETY: a visit is exclusive (G1).
        let found = look(unsafe { &mut *self.suspended.get() });
        self.baton.leave(before);
        Some(found)
    }

    /// Bytes that the frame takes.
    pub fn size(&self) -> usize {
        // SAFETY: what the size is made of never changes.
        unsafe { (*self.suspended.get()).size() }
    }

    /// Visits what it owns, for the collector: no thread runs.
    pub fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        if matches!(self.stage(), Stage::Created | Stage::Suspended) {
            // SAFETY: threads stop neither in a visit nor between taking and entering the frame, so nobody else looks.
            unsafe { &*self.suspended.get() }.trace(visit);
        }
    }
}
