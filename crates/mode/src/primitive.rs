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

    use std::ops::Deref;
    use std::sync::PoisonError;
    use std::time::{Duration, Instant};

    /// A number that threads wait for to change, in the kernel: nothing of the process tells who waits. So what a fork
    /// leaves of it in the child, where the waiters do not exist, is a number like any other.
    #[derive(Debug)]
    #[repr(transparent)]
    pub struct Futex(AtomicU32);

    impl Futex {
        /// With this number.
        pub const fn new(number: u32) -> Futex {
            Futex(AtomicU32::new(number))
        }

        /// Waits while the number is `expected`, until a moment (None: for ever); false if that came. May come back for no
        /// reason.
        pub fn wait(&self, expected: u32, until: Option<Instant>) -> bool {
            let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
            let limit = limit.map(|limit| libc::timespec {
                tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
                tv_nsec: limit.subsec_nanos().into(),
            });
            let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: the word is alive and aligned, the limit null or a valid length of time.
            let outcome = unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.0.as_ptr(),
                    libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                    expected,
                    limit,
                )
            };
            outcome == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT)
        }

        /// Wakes one thread that waits.
        pub fn wake_one(&self) {
            self.wake(1);
        }

        /// Wakes all threads that wait.
        pub fn wake_all(&self) {
            self.wake(i32::MAX);
        }

        fn wake(&self, count: i32) {
            // SAFETY: the word is alive and aligned.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.0.as_ptr(),
                    libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                    count,
                );
            }
        }
    }

    impl Deref for Futex {
        type Target = AtomicU32;

        #[inline(always)]
        fn deref(&self) -> &AtomicU32 {
            &self.0
        }
    }

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
    use std::ops::Deref;
    use std::sync::PoisonError;
    use std::time::{Duration, Instant};

    loom::thread_local! {
        static TIMED_OUT: Cell<bool> = Cell::new(false);
    }

    /// A number that threads wait for to change.
    #[derive(Debug)]
    pub struct Futex {
        number: AtomicU32,
        /// The kernel's: who looks at the number before waiting and who wakes take turns.
        kernel: Mutex<()>,
        changed: Condvar,
    }

    impl Futex {
        /// With this number.
        pub fn new(number: u32) -> Futex {
            Futex { number: AtomicU32::new(number), kernel: Mutex::new(()), changed: Condvar::new() }
        }

        /// Waits while the number is `expected`; false if the time is over (see [`wait_timeout`]).
        pub fn wait(&self, expected: u32, until: Option<Instant>) -> bool {
            let guard = self.kernel.lock().unwrap_or_else(PoisonError::into_inner);
            // Relaxed: whoever wakes has changed the number before, and comes through the mutex.
            if self.number.load(Ordering::Relaxed) != expected {
                return true;
            }
            if until.is_some() {
                return !wait_timeout(&self.changed, guard, Duration::ZERO).1;
            }
            drop(self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner));
            true
        }

        /// Wakes one thread that waits.
        pub fn wake_one(&self) {
            drop(self.kernel.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_one();
        }

        /// Wakes all threads that wait.
        pub fn wake_all(&self) {
            drop(self.kernel.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_all();
        }
    }

    impl Deref for Futex {
        type Target = AtomicU32;

        fn deref(&self) -> &AtomicU32 {
            &self.number
        }
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
