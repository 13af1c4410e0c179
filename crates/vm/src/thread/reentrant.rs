//! A lock that its owner may take again: `_thread.RLock`, the import lock, the lock of the warnings' filters.
//!
//! A wait detaches the thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Thread;
use super::owned_lock::OwnedLock;

/// The lock, which owners hold by their idents.
#[derive(Debug, Default)]
pub struct ReentrantLock {
    lock: OwnedLock,
    /// How often the owner took it; only the owner writes it.
    count: AtomicUsize,
}

impl ReentrantLock {
    /// A free lock.
    pub fn new() -> ReentrantLock {
        ReentrantLock::default()
    }

    /// The lock below, for those who wait for it in their own way, and then say [`ReentrantLock::begin`].
    pub fn below(&self) -> &OwnedLock {
        &self.lock
    }

    /// The owner has just taken the lock below, so many times.
    pub fn begin(&self, count: usize) {
        self.count.store(count, Ordering::Relaxed); // Relaxed: the owner's; the lock orders owners.
    }

    /// Whether `ident` holds the lock.
    pub fn is_owned_by(&self, ident: u64) -> bool {
        self.lock.owner() == ident
    }

    /// How often it is held at the moment, and by whom.
    pub fn held(&self) -> (usize, u64) {
        match self.lock.owner() {
            0 => (0, 0),
            owner => (self.count.load(Ordering::Relaxed), owner), // Relaxed: as in `begin`.
        }
    }

    /// The owner takes it so many times more; false if it cannot be counted.
    pub fn again(&self, count: usize) -> bool {
        // Relaxed: as in `begin`.
        match self.count.load(Ordering::Relaxed).checked_add(count) {
            Some(sum) => {
                self.count.store(sum, Ordering::Relaxed); // Relaxed: as above.
                true
            }
            None => false,
        }
    }

    /// Takes the lock once, waiting as long as it takes. What is held by somebody `gone` is free.
    pub fn acquire(&self, th: &mut Thread, gone: impl Fn(u64) -> bool) {
        let me = th.ident;
        if self.is_owned_by(me) {
            self.again(1);
            return;
        }
        if !self.lock.try_take(me) {
            th.detached(|| self.lock.take(me, None, gone));
        }
        self.begin(1);
    }

    /// Gives the lock back once; false if `ident` does not hold it.
    pub fn release(&self, ident: u64) -> bool {
        if !self.is_owned_by(ident) {
            return false;
        }
        // Relaxed: as in `begin`.
        match self.count.load(Ordering::Relaxed) {
            0 | 1 => self.release_all(),
            count => self.count.store(count - 1, Ordering::Relaxed), // Relaxed: as above.
        }
        true
    }

    /// Gives the lock back as often as it is held. Only for its owner.
    pub fn release_all(&self) {
        self.begin(0);
        self.lock.give();
    }

    /// Frees the lock in the child of a fork, whoever held it.
    pub fn reset(&self) {
        self.begin(0);
        self.lock.reset();
    }
}
