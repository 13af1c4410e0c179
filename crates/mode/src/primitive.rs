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

    impl super::PlainU32 {
        /// The number.
        ///
        /// # Safety
        /// No other thread writes it at the time.
        #[inline(always)]
        pub unsafe fn get(&self) -> u32 {
            // SAFETY: the caller's word.
            unsafe { *self.0.get() }
        }

        /// Replaces the number.
        ///
        /// # Safety
        /// No other thread reads or writes it at the time.
        #[inline(always)]
        pub unsafe fn set(&self, number: u32) {
            // SAFETY: the caller's word.
            unsafe { *self.0.get() = number }
        }
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

    impl super::PlainU32 {
        /// The number; loom sees to it that the caller's word is kept.
        ///
        /// # Safety
        /// No other thread writes it at the time.
        pub unsafe fn get(&self) -> u32 {
            // SAFETY: the caller's word.
            self.0.with(|number| unsafe { *number })
        }

        /// Replaces the number.
        ///
        /// # Safety
        /// No other thread reads or writes it at the time.
        pub unsafe fn set(&self, new: u32) {
            // SAFETY: the caller's word.
            self.0.with_mut(|number| unsafe { *number = new });
        }
    }
}

pub use imp::*;

/// A number that is not atomic: it changes hands by other means. What only one thread touches at a time can be counted in
/// memory, by one instruction, which an atomic load and store are not made into.
#[derive(Debug)]
#[repr(transparent)]
pub struct PlainU32(UnsafeCell<u32>);

// SAFETY: `get` and `set` ask of their callers that they do not meet.
unsafe impl Sync for PlainU32 {}

impl PlainU32 {
    /// A cell with this number.
    pub fn new(number: u32) -> PlainU32 {
        PlainU32(UnsafeCell::new(number))
    }
}
