//! What a generator keeps of its frame while that does not run.
//!
//! # Invariants
//! - G1 Only who has the baton, or visits, touches the frame's remains.
//! - G2 While the frame is on a stack, `function` is unbound and the registers here are stale: the references are the
//!   frame's.

use std::cell::UnsafeCell;

use object_model::Value;
use object_model::lock::baton::{ENDED, NEW, TAKEN};
use object_model::lock::{Baton, Refusal};
use object_model::value::singleton::UNBOUND;

/// Registers and place of a frame that does not run.
pub struct Suspended {
    /// Registers; those that are kept own their references, the others are stale.
    pub registers: Box<[u64]>,
    /// How many are kept.
    pub kept: usize,
    /// Address of the next instruction.
    pub pc: usize,
    /// The function; unbound while the frame is on a stack, and at the end.
    pub function: Value,
    /// The exception that the frame is handling; while it runs, the one that is handled outside of it.
    pub handled: Value,
    /// While it runs, the generator that runs around it; null if none does.
    pub outer: *const Suspended,
}

impl Suspended {
    /// Visits what is owned here.
    pub fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        if self.function.is_unbound() {
            return;
        }
        visit(&self.function);
        visit(&self.handled);
        for word in self.registers.iter().take(self.kept) {
            // SAFETY: registers hold valid values (G2).
            visit(unsafe { Value::borrow_word(word) });
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        if self.function.is_unbound() {
            return;
        }
        for word in self.registers.iter_mut().take(self.kept) {
            // SAFETY: registers own their references (G2); each is dropped once.
            drop(unsafe { Value::from_word(std::mem::replace(word, UNBOUND)) });
        }
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

    /// Visits what it owns, for the collector: no thread runs.
    pub fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        if matches!(self.stage(), Stage::Created | Stage::Suspended) {
            // SAFETY: threads stop neither in a visit nor between taking and putting on a stack, so nobody else looks.
            unsafe { &*self.suspended.get() }.trace(visit);
        }
    }
}
