//! Entries of a dict that inline caches name by number (`object_model::dict`): the version of the set of keys, and an
//! entry that is emptied and used again for another key.
//!
//! # Invariants
//! 1. What a cache answers was the value of its key while the dict had the version that the cache remembers.
//! 2. Whoever changes the set of keys takes the version away before any entry changes.
//! 3. A pair that an iteration answers was in the dict: no key with another one's value.

use loom::sync::atomic::{AtomicU32, Ordering};
use loom_tests::{Play, check_play, play_must_fail};

/// No fault.
const SOUND: u8 = 0;
/// The version goes after the entry has changed.
const FORGET_LATE: u8 = 1;
/// The reader does not look at the version (or the stamp) again.
const LOOK_ONCE: u8 = 2;
/// The version goes without release, and the entry is written so too.
const RELAXED: u8 = 3;

/// A dict of one entry: key 1 has the value 10, key 2 the value 20.
struct Dict<const FAULT: u8> {
    version: AtomicU32,
    stamp: AtomicU32,
    key: AtomicU32,
    value: AtomicU32,
}

impl<const FAULT: u8> Dict<FAULT> {
    fn new() -> Self {
        Dict {
            version: AtomicU32::new(7),
            stamp: AtomicU32::new(1),
            key: AtomicU32::new(1),
            value: AtomicU32::new(10),
        }
    }

    fn order(&self) -> Ordering {
        if FAULT == RELAXED { Ordering::Relaxed } else { Ordering::Release }
    }

    fn touch(&self) {
        self.version.store(0, self.order());
        self.stamp.store(self.stamp.load(Ordering::Relaxed) + 1, self.order());
    }

    /// `popitem`, and an insertion that uses the entry again. The dict's lock is held.
    fn replaces(&self) {
        if FAULT != FORGET_LATE {
            self.touch();
        }
        self.key.store(0, self.order());
        self.value.store(0, self.order());
        if FAULT != FORGET_LATE {
            self.touch();
        }
        self.value.store(20, self.order());
        self.key.store(2, self.order());
        if FAULT == FORGET_LATE {
            self.touch();
        }
    }

    /// A cache that knows key 1 as entry 0 of version 7.
    fn asks_the_cache(&self) {
        if self.version.load(Ordering::Acquire) != 7 {
            return;
        }
        let value = self.value.load(Ordering::Acquire);
        if FAULT != LOOK_ONCE && self.version.load(Ordering::Acquire) != 7 {
            return;
        }
        assert!(value == 10, "another key's value");
    }

    fn iterates(&self) {
        let stamp = self.stamp.load(Ordering::Acquire);
        let key = self.key.load(Ordering::Acquire);
        let value = self.value.load(Ordering::Acquire);
        if key == 0 || value == 0 || FAULT != LOOK_ONCE && self.stamp.load(Ordering::Acquire) != stamp {
            return;
        }
        assert!(value == key * 10, "another key's value");
    }
}

fn a_cache_is_asked<const FAULT: u8>() -> Play<Dict<FAULT>> {
    Play::over(Dict::new()).role(Dict::replaces).role(Dict::asks_the_cache)
}

fn a_dict_is_walked<const FAULT: u8>() -> Play<Dict<FAULT>> {
    Play::over(Dict::new()).role(Dict::replaces).role(Dict::iterates)
}

/// Invariants 1 and 2.
#[test]
fn a_cache_answers_its_own_key() {
    check_play(a_cache_is_asked::<SOUND>);
}

#[test]
fn a_cache_fails_if_it_does_not_look_again() {
    play_must_fail("another key's value", a_cache_is_asked::<LOOK_ONCE>);
}

#[test]
fn a_cache_fails_if_the_version_goes_late() {
    play_must_fail("another key's value", a_cache_is_asked::<FORGET_LATE>);
}

#[test]
fn a_cache_fails_if_nothing_is_released() {
    play_must_fail("another key's value", a_cache_is_asked::<RELAXED>);
}

/// Invariant 3.
#[test]
fn an_iteration_answers_pairs() {
    check_play(a_dict_is_walked::<SOUND>);
}

#[test]
fn an_iteration_fails_if_it_does_not_look_again() {
    play_must_fail("another key's value", a_dict_is_walked::<LOOK_ONCE>);
}

#[test]
fn an_iteration_fails_if_the_stamp_changes_late() {
    play_must_fail("another key's value", a_dict_is_walked::<FORGET_LATE>);
}
