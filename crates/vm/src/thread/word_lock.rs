//! A lock of one word, which anybody may give back: `_thread.lock`.
//!
//! Nothing but the word says who holds it or that somebody waits, and a waiter does not hold anything, so that a fork finds
//! it either free or held.
//!
//! # Invariants
//! - L1 A thread waits only while the word says [`WAITED_FOR`], which it or another waiter has written; whoever gives the
//!   lock back then wakes one.
//! - L2 A thread that has waited takes the lock as [`WAITED_FOR`]: there may be others.
//!
//! Not here: detaching meanwhile, signals (`_thread`, in `stdlib`).

use std::time::Instant;

use mode::primitive::{Futex, Ordering};

const FREE: u32 = 0;
const HELD: u32 = 1;
const WAITED_FOR: u32 = 2;

/// The lock.
#[derive(Debug)]
pub struct WordLock(Futex);

impl Default for WordLock {
    fn default() -> Self {
        WordLock::new()
    }
}

impl WordLock {
    /// A free lock.
    pub fn new() -> WordLock {
        WordLock(Futex::new(FREE))
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_take(&self) -> bool {
        // Acquire pairs with the release in `give`: what was done under the lock is seen. Relaxed on failure: nothing was
        // gained.
        self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock, waiting until a moment (None: for ever); false if that came. For who has tried.
    pub fn take(&self, until: Option<Instant>) -> bool {
        loop {
            // Acquire: as in `try_take`.
            if self.0.swap(WAITED_FOR, Ordering::Acquire) == FREE {
                return true;
            }
            if !self.0.wait(WAITED_FOR, until) {
                return false;
            }
        }
    }

    /// Gives the lock back; false if it is free.
    #[inline]
    pub fn give(&self) -> bool {
        // Release pairs with the acquire in `try_take` and `take`.
        let before = self.0.swap(FREE, Ordering::Release);
        if before == WAITED_FOR {
            self.0.wake_one();
        }
        before != FREE
    }

    /// Whether somebody holds it, at the moment.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.0.load(Ordering::Relaxed) != FREE // Relaxed: an answer that may be old at once.
    }

    /// Frees the lock in the child of a fork, whoever held it.
    pub fn reset(&self) {
        self.0.store(FREE, Ordering::Relaxed); // Relaxed: there is no other thread.
    }
}
