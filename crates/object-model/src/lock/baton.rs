//! Who may go on with something that one thread at a time goes on with: the body of a generator.
//!
//! Whoever takes the baton has what it stands for to itself until putting it back, across any Python code; whoever
//! comes meanwhile is refused and does not wait. Looking at what rests is a visit: short, and waited for.
//!
//! # Ordering
//! Taking and visiting acquire; putting back, ending and leaving release; they pair with each other.
//!
//! # Invariants
//! - B1 One thread at a time has the baton or visits.
//! - B2 What has ended is never taken again.

use mode::primitive::{AtomicU8, Ordering, yield_now};
use mode::{FREE_THREADED, alone};

/// Nobody took it yet.
pub const NEW: u8 = 0;
/// It was put back.
pub const RESTING: u8 = 1;
/// Somebody has it.
pub const TAKEN: u8 = 2;
/// Somebody looks at what rests.
pub const VISITED: u8 = 3;
/// Nobody takes it any more.
pub const ENDED: u8 = 4;

/// Why a baton was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody has it.
    Taken,
    /// It ended.
    Ended,
}

/// The state of something that one thread at a time goes on with.
pub struct Baton(AtomicU8);

impl Default for Baton {
    fn default() -> Self {
        Baton::new()
    }
}

impl Baton {
    /// One that nobody took yet.
    pub fn new() -> Baton {
        Baton(AtomicU8::new(NEW))
    }

    /// The state at the moment; a visit shows as [`RESTING`].
    #[inline]
    pub fn state(&self) -> u8 {
        // Relaxed: an answer that may be old at once; nothing is read on its strength.
        match self.0.load(Ordering::Relaxed) {
            VISITED => RESTING,
            state => state,
        }
    }

    /// Takes it. True if it was new.
    #[inline]
    pub fn take(&self) -> Result<bool, Refusal> {
        if FREE_THREADED && !alone::is_alone() {
            return self.take_shared();
        }
        // Relaxed: the lock that the thread holds in the `gil` build orders everything, and a lone thread orders itself.
        let state = self.0.load(Ordering::Relaxed);
        if state > RESTING {
            return Err(if state == ENDED { Refusal::Ended } else { Refusal::Taken });
        }
        self.0.store(TAKEN, Ordering::Relaxed); // Relaxed: as above.
        Ok(state == NEW)
    }

    /// [`Baton::take`], if it is to be had and that takes no exchange, and `then` says yes; else nothing is taken.
    #[inline(always)]
    pub fn take_quick(&self, then: impl FnOnce() -> bool) -> bool {
        // Relaxed: as in `take`.
        if FREE_THREADED && !alone::is_alone() || self.0.load(Ordering::Relaxed) > RESTING || !then() {
            return false;
        }
        self.0.store(TAKEN, Ordering::Relaxed); // Relaxed: as in `take`.
        true
    }

    /// [`Baton::take`], among threads that run at once.
    #[inline]
    pub fn take_shared(&self) -> Result<bool, Refusal> {
        self.claim(TAKEN).map(|before| before == NEW)
    }

    #[inline]
    fn claim(&self, with: u8) -> Result<u8, Refusal> {
        // Relaxed: the exchanges below acquire.
        let mut state = self.0.load(Ordering::Relaxed);
        loop {
            match state {
                // Acquire pairs with the release in `put_back` and `leave`: what was done with it is seen. Relaxed on
                // failure: the loop looks again.
                NEW | RESTING => {
                    match self.0.compare_exchange(state, with, Ordering::Acquire, Ordering::Relaxed) {
                        Ok(before) => return Ok(before),
                        Err(now) => state = now,
                    }
                }
                TAKEN => return Err(Refusal::Taken),
                ENDED => return Err(Refusal::Ended),
                // A visit is a few instructions long and never waits. An exchange that changes nothing, unlike a load,
                // cannot answer what was long ago. Relaxed: nothing is learnt from it but the state.
                _ => {
                    yield_now();
                    let same =
                        self.0.compare_exchange(VISITED, VISITED, Ordering::Relaxed, Ordering::Relaxed);
                    state = same.unwrap_or_else(|now| now);
                }
            }
        }
    }

    /// Puts it back. Only for who has it.
    #[inline]
    pub fn put_back(&self) {
        // Release pairs with the acquire in `claim`.
        self.0.store(RESTING, Ordering::Release);
    }

    /// Ends it. Only for who has it.
    #[inline]
    pub fn end(&self) {
        // Release pairs with nobody's acquire: nobody takes it any more; the collector stops the world.
        self.0.store(ENDED, Ordering::Release);
    }

    /// Begins a visit; what to hand to [`Baton::leave`].
    pub fn visit(&self) -> Result<u8, Refusal> {
        if FREE_THREADED {
            return self.visit_shared();
        }
        // Nobody else runs before the visit ends.
        match self.state() {
            TAKEN => Err(Refusal::Taken),
            ENDED => Err(Refusal::Ended),
            state => Ok(state),
        }
    }

    /// [`Baton::visit`], among threads that run at once.
    pub fn visit_shared(&self) -> Result<u8, Refusal> {
        self.claim(VISITED)
    }

    /// Ends a visit that answered `before`.
    pub fn leave(&self, before: u8) {
        // Release pairs with the acquire in `claim`.
        self.0.store(before, Ordering::Release);
    }
}
