//! What the collector is told and what it counts.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use super::{GENERATIONS, OLDEST};

const COUNT: usize = GENERATIONS as usize;

static ENABLED: AtomicBool = AtomicBool::new(true);
static DEBUG: AtomicI64 = AtomicI64::new(0);
/// The first one, if it is zero, keeps collections from starting by themselves; otherwise the size of the heap decides.
static THRESHOLDS: [AtomicI64; COUNT] = [AtomicI64::new(2000), AtomicI64::new(10), AtomicI64::new(0)];
/// Collections of each generation since the last one of the next.
static SINCE: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];
static COLLECTIONS: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];
static COLLECTED: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];

/// What was done to one generation.
#[derive(Debug, Clone, Copy)]
pub struct Statistics {
    /// Collections so far.
    pub collections: usize,
    /// Objects that they freed.
    pub collected: usize,
}

/// `gc.enable()`, `gc.disable()`
pub fn set_enabled(on: bool) {
    ENABLED.store(on, Ordering::Relaxed); // Relaxed: a flag on its own.
}

/// `gc.isenabled()`
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed) // Relaxed: a flag on its own.
}

/// See `debugging`.
pub fn debug() -> i64 {
    DEBUG.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// See `debugging`.
pub fn set_debug(flags: i64) {
    DEBUG.store(flags, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// The thresholds; 0 as the first keeps collections from starting by themselves.
pub fn thresholds() -> [i64; COUNT] {
    std::array::from_fn(|generation| THRESHOLDS[generation].load(Ordering::Relaxed)) // Relaxed: numbers on their own.
}

/// Sets those thresholds that are given.
pub fn set_thresholds(new: [Option<i64>; COUNT]) {
    for (threshold, new) in THRESHOLDS.iter().zip(new) {
        if let Some(new) = new {
            threshold.store(new, Ordering::Relaxed); // Relaxed: a number on its own.
        }
    }
}

/// Collections of each generation but the oldest since the last one of an older generation, by the older one.
pub fn counts() -> [usize; COUNT] {
    std::array::from_fn(|generation| SINCE[generation].load(Ordering::Relaxed)) // Relaxed: statistics.
}

/// What was done to each generation.
pub fn statistics() -> [Statistics; COUNT] {
    std::array::from_fn(|generation| Statistics {
        collections: COLLECTIONS[generation].load(Ordering::Relaxed), // Relaxed: a statistic.
        collected: COLLECTED[generation].load(Ordering::Relaxed),     // Relaxed: a statistic.
    })
}

/// A collection of `generation` is over.
pub(super) fn note(generation: u8, collected: usize) {
    let which = usize::from(generation);
    COLLECTIONS[which].fetch_add(1, Ordering::Relaxed); // Relaxed: a statistic.
    COLLECTED[which].fetch_add(collected, Ordering::Relaxed); // Relaxed: a statistic.
    if generation < OLDEST {
        SINCE[which + 1].fetch_add(1, Ordering::Relaxed); // Relaxed: a statistic.
    }
    for since in &SINCE[..=which] {
        since.store(0, Ordering::Relaxed); // Relaxed: a statistic.
    }
}
