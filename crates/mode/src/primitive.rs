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

    /// Gives up the processor while another thread finishes a few instructions.
    pub fn yield_now() {
        loom::thread::yield_now();
    }
}

pub use imp::*;
