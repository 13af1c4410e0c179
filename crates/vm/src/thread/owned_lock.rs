//! A lock that knows its owner, so that the owner can be told from others, and one who is gone from one who works.
//!
//! One word says all of it, so that a fork never finds a lock that is held by nobody.
//!
//! # Invariants
//! - O1 The word names the owner, 0 for nobody, with [`WAITED_FOR`] if somebody may be waiting. Only the owner writes its
//!   own name there and takes it away; a name of somebody who is gone is replaced like 0.
//! - O2 A thread waits only if it saw [`WAITED_FOR`] after it had read `gifts`. Whoever gives back such a word changes
//!   `gifts` afterwards, and wakes one.
//! - O3 A thread that has waited takes the lock with [`WAITED_FOR`]: there may be others.
//!
//! Not here: counting how often (`reentrant`), detaching meanwhile.

use std::time::Instant;

use mode::primitive::{AtomicU64, Futex, Ordering};

const WAITED_FOR: u64 = 1 << 63;

/// The lock.
#[derive(Debug)]
pub struct OwnedLock {
    word: AtomicU64,
    /// Counts gifts to waiters; only whether it has changed matters.
    gifts: Futex,
}

impl Default for OwnedLock {
    fn default() -> Self {
        OwnedLock::new()
    }
}

impl OwnedLock {
    /// A free lock.
    pub fn new() -> OwnedLock {
        OwnedLock { word: AtomicU64::new(0), gifts: Futex::new(0) }
    }

    /// The owner at the moment, 0 for nobody. A thread that asks for itself gets an answer that stays true.
    #[inline]
    pub fn owner(&self) -> u64 {
        // Relaxed: only a thread itself writes its name (O1).
        self.word.load(Ordering::Relaxed) & !WAITED_FOR
    }

    /// Takes the lock for `me` if it is free.
    #[inline]
    pub fn try_take(&self, me: u64) -> bool {
        // Acquire pairs with the release in `give`: what was done under the lock is seen. Relaxed on failure: nothing was
        // gained.
        self.word.compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock for `me`, who does not have it, waiting until a moment (None: for ever); false if that came. What is
    /// held by who is `gone` is free.
    pub fn take(&self, me: u64, until: Option<Instant>, gone: impl Fn(u64) -> bool) -> bool {
        loop {
            // Acquire pairs with the release in `give` (O2).
            let gifts = self.gifts.load(Ordering::Acquire);
            // Relaxed: the exchanges acquire, and what is only looked at is looked at again.
            let now = self.word.load(Ordering::Relaxed);
            let owner = now & !WAITED_FOR;
            if owner == 0 || gone(owner) {
                // With the mark (O3). Acquire: as in `try_take`.
                if self
                    .word
                    .compare_exchange(now, me | WAITED_FOR, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return true;
                }
            } else if now & WAITED_FOR == 0 {
                // Relaxed: announces a waiter, who looks again before waiting.
                let _ =
                    self.word.compare_exchange(now, now | WAITED_FOR, Ordering::Relaxed, Ordering::Relaxed);
            } else if !self.gifts.wait(gifts, until) {
                return false;
            }
        }
    }

    /// Gives the lock back. Only for its owner.
    #[inline]
    pub fn give(&self) {
        // Release pairs with the acquire in `try_take` and `take`.
        if self.word.swap(0, Ordering::Release) & WAITED_FOR != 0 {
            // Release pairs with the acquire of `gifts` in `take`: who sees it sees the lock free.
            self.gifts.fetch_add(1, Ordering::Release);
            self.gifts.wake_one();
        }
    }

    /// Frees the lock in the child of a fork, whoever held it.
    pub fn reset(&self) {
        self.word.store(0, Ordering::Relaxed); // Relaxed: there is no other thread.
    }
}
