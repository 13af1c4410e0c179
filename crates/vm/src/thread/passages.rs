//! Threads that begin or end: they run code of the runtime, of the allocators and of the systems' libraries without being
//! attached, and a fork must find none of them there, since what they hold would stay held in the child.
//!
//! # Invariants
//! - P1 Who starts a thread counts it before it exists, and a thread that ends counts itself while it is attached. So
//!   nobody is counted while the world is stopped, other than threads that nobody attached has started, which wait.
//! - P2 Who is counted takes itself out without attaching, so that whoever has stopped the world may wait for it.

use mode::primitive::{Condvar, Mutex, MutexGuard};

/// How many threads begin or end at the moment.
#[derive(Debug)]
pub struct Passages {
    count: Mutex<usize>,
    /// Signalled when nobody is left.
    empty: Condvar,
}

fn guard<'a>(result: std::sync::LockResult<MutexGuard<'a, usize>>) -> MutexGuard<'a, usize> {
    // A panic elsewhere cannot leave a number half written.
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Default for Passages {
    fn default() -> Self {
        Passages::new()
    }
}

impl Passages {
    /// Nobody.
    pub fn new() -> Passages {
        Passages { count: Mutex::new(0), empty: Condvar::new() }
    }

    /// Counts a thread that begins or ends (P1).
    pub fn enter(&self) {
        *guard(self.count.lock()) += 1;
    }

    /// It has begun, and is about to attach; or it is gone.
    pub fn leave(&self) {
        let mut count = guard(self.count.lock());
        *count -= 1;
        if *count == 0 {
            drop(count);
            self.empty.notify_all();
        }
    }

    /// Runs `body` while no thread begins or ends. The caller has stopped the world (P2).
    pub fn without<R>(&self, body: impl FnOnce() -> R) -> R {
        let mut count = guard(self.count.lock());
        while *count > 0 {
            count = guard(self.empty.wait(count));
        }
        let result = body();
        drop(count);
        result
    }

    /// Runs something short that no fork is to interrupt, on a thread that is not attached.
    pub fn briefly<R>(&self, body: impl FnOnce() -> R) -> R {
        let count = guard(self.count.lock());
        let result = body();
        drop(count);
        result
    }
}
