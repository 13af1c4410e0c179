//! Whether the process has had one attached thread so far, so that cells need no lock and batons no exchange.
//!
//! # Invariants
//! - A1 It is true from the start of the first thread until, with the world stopped, the second one ends it for good.
//! - A2 Nobody is inside a cell or about to take a baton while the world is stopped but for those who wait for a lock, and a
//!   lone thread never waits. So a guard is taken and given back under the same answer.
//!
//! Checked by `loom-tests/tests/lone_thread.rs`.

use std::sync::atomic::{AtomicU8, Ordering};

const BEFORE: u8 = 0;
const ALONE: u8 = 1;
const SHARED: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(BEFORE);

/// True while the calling thread is the only one there has been.
#[inline(always)]
pub fn is_alone() -> bool {
    // Relaxed: changes only while this thread is stopped, or has not begun.
    STATE.load(Ordering::Relaxed) == ALONE
}

/// The first thread of the process begins; of no consequence if it is not the first.
pub fn begin() {
    // Relaxed: as in `is_alone`.
    let _ = STATE.compare_exchange(BEFORE, ALONE, Ordering::Relaxed, Ordering::Relaxed);
}

/// Another thread begins. The world must be stopped.
pub fn end() {
    STATE.store(SHARED, Ordering::Relaxed); // Relaxed: starting the world publishes it.
}
