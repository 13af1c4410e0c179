//! The one door to atomics, threads and spin hints: `std`'s, or `loom`'s under `--cfg amphis_loom`.
//!
//! Every protocol in which two threads meet is written against this module, so that `loom-tests` checks the
//! code that ships. It is the only file of the workspace that names `cfg(amphis_loom)`.
//!
//! loom's constructors are not `const`; what must be a `static` is built lazily or in `vm`.

#[cfg(not(amphis_loom))]
mod imp {
    pub use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub use std::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use std::thread;
    pub use std::{cell::UnsafeCell, hint::spin_loop};

    use std::sync::PoisonError;
    use std::time::Duration;

    /// Waits for `condition`, at most for `limit`; true if the time ran out.
    pub fn wait_timeout<'a, T>(
        condition: &Condvar,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let (guard, result) = condition.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner);
        (guard, result.timed_out())
    }

    /// Gives up the processor while another thread finishes a few instructions.
    pub fn yield_now() {
        std::thread::yield_now();
    }
}

#[cfg(amphis_loom)]
mod imp {
    pub use loom::cell::UnsafeCell;
    pub use loom::hint::spin_loop;
    pub use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use loom::thread;

    use std::cell::Cell;
    use std::sync::PoisonError;
    use std::time::Duration;

    loom::thread_local! {
        static TIMED_OUT: Cell<bool> = Cell::new(false);
    }

    /// Waits for `condition`. loom knows no time: a thread's first wait ends at once, as if the time had run out, and
    /// later ones never do, so that a wake-up which is lost is found.
    pub fn wait_timeout<'a, T>(
        condition: &Condvar,
        guard: MutexGuard<'a, T>,
        _limit: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        if !TIMED_OUT.with(|done| done.replace(true)) {
            return (guard, true);
        }
        (condition.wait(guard).unwrap_or_else(PoisonError::into_inner), false)
    }

    /// Gives up the processor while another thread finishes a few instructions.
    pub fn yield_now() {
        loom::thread::yield_now();
    }
}

pub use imp::*;
