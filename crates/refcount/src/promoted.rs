//! Counts of promoted objects: each thread has a number of its own for each, so that threads that read the same object
//! write nothing that another one reads (PEP 703 calls the like "per-thread reference counting").
//!
//! # Protocol
//! - An object is promoted with the world stopped: its owner becomes [`mode::OwnerId::PROMOTED`], its local word its number, and
//!   its shared word the base, which holds all references counted so far.
//! - While it is promoted a thread counts in its own [`Counters`], plainly; those may be negative. Whoever has none counts
//!   in the base, atomically.
//! - With the world stopped again the counters of all threads are taken into the base ([`crate::RawRefCount::settle`]): then
//!   that is the number of references. If it is none, the object is dead; it dies nowhere else.
//!
//! # Invariants
//! 1. Base plus all threads' counters is the number of references.
//! 2. A thread's counters are written by that thread alone, and read and reset by others only while it is stopped or gone.
//!
//! Not here: which objects have which numbers, who stops the world (`vm::thread::promote`). Checked by
//! `loom-tests/tests/promoted_counts.rs`.

use std::ptr::NonNull;
use std::sync::OnceLock;

use mode::attached;
use mode::primitive::{AtomicU64, Ordering};

use crate::free_threaded::RefCount;

/// How many objects can be promoted at once.
pub const CAPACITY: usize = 1 << 13;

/// Of so many references that a thread takes to others' objects, it reports one.
const PERIOD: u32 = 64;

/// What one thread has counted of each promoted object.
#[derive(Debug)]
pub struct Counters(Box<[AtomicU64]>);

impl Counters {
    /// Counters for objects numbered below `capacity`, all zero.
    pub fn new(capacity: usize) -> Counters {
        Counters((0..capacity).map(|_| AtomicU64::new(0)).collect())
    }

    /// What the token of the thread refers to them by.
    pub fn as_ptr(&self) -> *const AtomicU64 {
        self.0.as_ptr()
    }

    /// Counts `more` references to object `number`. The thread's own.
    #[inline]
    pub fn add(&self, number: usize, more: i64) {
        add_to(&self.0[number], more);
    }

    /// Takes what was counted of object `number`, leaving zero. The thread is the caller, stopped or gone.
    pub fn take(&self, number: usize) -> i64 {
        // Relaxed: invariant 2; stopping the world synchronises.
        let count = self.0[number].load(Ordering::Relaxed);
        self.0[number].store(0, Ordering::Relaxed); // Relaxed: as above.
        count as i64
    }
}

#[inline]
fn add_to(counter: &AtomicU64, more: i64) {
    // Relaxed: a thread's own number, invariant 2. No read-modify-write is needed.
    let count = counter.load(Ordering::Relaxed).wrapping_add_signed(more);
    counter.store(count, Ordering::Relaxed); // Relaxed: as above.
}

/// Counts in the calling thread's counters; false if it has none.
#[inline]
pub(crate) fn add(number: u32, more: i64) -> bool {
    let token = attached::current();
    if token.is_null() {
        return false;
    }
    // SAFETY: `set_current` keeps the token valid while it is set.
    let counters = unsafe { &*token }.counters().get();
    if counters.is_null() || number as usize >= CAPACITY {
        return false;
    }
    // SAFETY: a token's counters are an array of `CAPACITY`, alive while the token refers to them.
    add_to(unsafe { &*counters.add(number as usize) }, more);
    true
}

/// What the calling thread has counted of object `number`.
pub(crate) fn own(number: u32) -> i64 {
    let token = attached::current();
    if token.is_null() || number as usize >= CAPACITY {
        return 0;
    }
    // SAFETY: as in `add`.
    let counters = unsafe { &*token }.counters().get();
    if counters.is_null() {
        return 0;
    }
    // SAFETY: as in `add`. Relaxed: a thread's own number.
    unsafe { &*counters.add(number as usize) }.load(Ordering::Relaxed) as i64
}

static HOOK: OnceLock<fn(NonNull<RefCount>)> = OnceLock::new();

/// Installs who hears of objects that threads count which do not own them, once. The object is alive during the call.
pub fn set_hook(hook: fn(NonNull<RefCount>)) {
    // A second interpreter in the process installs the same function.
    let _ = HOOK.set(hook);
}

/// The calling thread has just taken a reference to an object that it does not own.
#[inline]
pub(crate) fn sample(counts: &RefCount) {
    let token = attached::current();
    if token.is_null() {
        return;
    }
    // SAFETY: as in `add`.
    let left = unsafe { &*token }.until_report();
    let number = left.get();
    if number > 0 {
        left.set(number - 1);
        return;
    }
    left.set(PERIOD);
    if let Some(hook) = HOOK.get() {
        hook(NonNull::from(counts));
    }
}
