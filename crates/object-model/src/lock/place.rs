//! A place where threads wait for locks that are freed elsewhere; several locks may share one.
//!
//! There is no queue, only a number that grows: a fork finds nothing half changed, and in its child nobody waits.
//!
//! # Invariants
//! - N1 Whoever wakes has freed the lock before; the number grows in between. A waiter reads the number, then looks at the
//!   lock, then waits for the number to change: it sees the lock freed, or the number is another one already, or it is
//!   woken.

use mode::primitive::{Futex, Ordering};

/// Where threads wait.
#[derive(Debug)]
pub struct Place {
    /// Counts wake-ups; only whether it has changed matters.
    wakes: Futex,
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}

impl Place {
    /// A place where nobody waits.
    pub fn new() -> Place {
        Place { wakes: Futex::new(0) }
    }

    /// Waits unless `must_wait` is false. May come back for no reason, as others share the place.
    pub fn park(&self, must_wait: impl Fn() -> bool) {
        // Acquire pairs with the release in `unpark_all`: who sees that wake-up sees the lock freed (N1).
        let seen = self.wakes.load(Ordering::Acquire);
        if must_wait() {
            self.wakes.wait(seen, None);
        }
    }

    /// Wakes all who wait here.
    pub fn unpark_all(&self) {
        // Release pairs with the acquire in `park`.
        self.wakes.fetch_add(1, Ordering::Release);
        self.wakes.wake_all();
    }
}
