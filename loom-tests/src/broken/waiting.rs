//! Locks whose waiters wait for a number to change, with a fault to choose. Follow `vm::thread::word_lock`,
//! `vm::thread::owned_lock` and `object_model::lock::place`.

use mode::primitive::{AtomicU64, Futex, Ordering};

use crate::shipped::{owned_lock, place, word_lock};

/// What the models use of a lock.
pub trait Lock: Send + Sync + 'static {
    /// A free lock.
    fn new() -> Self;
    /// Takes it for a thread.
    fn take(&self, me: u64);
    /// Gives it back.
    fn give(&self);
}

impl Lock for word_lock::WordLock {
    fn new() -> Self {
        word_lock::WordLock::new()
    }

    fn take(&self, _me: u64) {
        assert!(self.try_take() || word_lock::WordLock::take(self, None), "it came back without the lock");
    }

    fn give(&self) {
        assert!(word_lock::WordLock::give(self), "the lock was free");
    }
}

impl Lock for owned_lock::OwnedLock {
    fn new() -> Self {
        owned_lock::OwnedLock::new()
    }

    fn take(&self, me: u64) {
        let taken = self.try_take(me) || owned_lock::OwnedLock::take(self, me, None, |_| false);
        assert!(taken, "it came back without the lock");
        assert_eq!(self.owner(), me, "somebody else owns it");
    }

    fn give(&self) {
        owned_lock::OwnedLock::give(self);
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// Taking does not acquire.
pub const RELAXED_TAKE: u8 = 1;
/// Giving back does not release.
pub const RELAXED_GIVE: u8 = 2;
/// Who has waited takes the lock as if nobody else were waiting.
pub const TAKE_UNMARKED: u8 = 3;
/// A waiter does not say that it waits.
pub const ANNOUNCE_NOTHING: u8 = 4;
/// A waiter looks at the lock before it reads the number that it waits for.
pub const LOOK_FIRST: u8 = 5;
/// The number does not change.
pub const COUNT_NOTHING: u8 = 6;
/// Waiters are woken before the lock is free.
pub const WAKE_FIRST: u8 = 7;

const FREE: u32 = 0;
const HELD: u32 = 1;
const WAITED_FOR: u32 = 2;

const fn taking(fault: u8) -> Ordering {
    if fault == RELAXED_TAKE { Ordering::Relaxed } else { Ordering::Acquire }
}

const fn giving(fault: u8) -> Ordering {
    if fault == RELAXED_GIVE { Ordering::Relaxed } else { Ordering::Release }
}

/// `WordLock` with one fault.
pub struct Word<const FAULT: u8>(Futex);

impl<const FAULT: u8> Lock for Word<FAULT> {
    fn new() -> Self {
        Word(Futex::new(FREE))
    }

    fn take(&self, _me: u64) {
        let try_take = |what| self.0.compare_exchange(FREE, what, taking(FAULT), Ordering::Relaxed).is_ok();
        if try_take(HELD) {
            return;
        }
        loop {
            match FAULT {
                ANNOUNCE_NOTHING => {
                    if try_take(HELD) {
                        return;
                    }
                    self.0.wait(HELD, None);
                }
                TAKE_UNMARKED => {
                    if try_take(HELD) {
                        return;
                    }
                    if self.0.compare_exchange(HELD, WAITED_FOR, Ordering::Relaxed, Ordering::Relaxed)
                        != Err(FREE)
                    {
                        self.0.wait(WAITED_FOR, None);
                    }
                }
                _ => {
                    if self.0.swap(WAITED_FOR, taking(FAULT)) == FREE {
                        return;
                    }
                    self.0.wait(WAITED_FOR, None);
                }
            }
        }
    }

    fn give(&self) {
        if FAULT == WAKE_FIRST {
            if self.0.load(Ordering::Relaxed) == WAITED_FOR {
                self.0.wake_one();
            }
            self.0.store(FREE, Ordering::Release);
        } else if self.0.swap(FREE, giving(FAULT)) == WAITED_FOR {
            self.0.wake_one();
        }
    }
}

const MARK: u64 = 1 << 63;

/// `OwnedLock` with one fault.
pub struct Owned<const FAULT: u8> {
    word: AtomicU64,
    gifts: Futex,
}

impl<const FAULT: u8> Lock for Owned<FAULT> {
    fn new() -> Self {
        Owned { word: AtomicU64::new(0), gifts: Futex::new(0) }
    }

    fn take(&self, me: u64) {
        let try_take = |what| self.word.compare_exchange(0, what, taking(FAULT), Ordering::Relaxed).is_ok();
        if try_take(me) {
            return;
        }
        loop {
            let mut gifts = self.gifts.load(Ordering::Acquire);
            let now = self.word.load(Ordering::Relaxed);
            if now & !MARK == 0 {
                if try_take(if FAULT == TAKE_UNMARKED { me } else { me | MARK }) {
                    return;
                }
            } else if now & MARK == 0 && FAULT != ANNOUNCE_NOTHING {
                let _ = self.word.compare_exchange(now, now | MARK, Ordering::Relaxed, Ordering::Relaxed);
            } else {
                if FAULT == LOOK_FIRST {
                    gifts = self.gifts.load(Ordering::Acquire);
                }
                self.gifts.wait(gifts, None);
            }
        }
    }

    fn give(&self) {
        if self.word.swap(0, giving(FAULT)) & MARK != 0 {
            if FAULT != COUNT_NOTHING {
                self.gifts.fetch_add(1, Ordering::Release);
            }
            self.gifts.wake_one();
        }
    }
}

/// What the models use of a place.
pub trait Meeting: Send + Sync + 'static {
    /// A place where nobody waits.
    fn new() -> Self;
    /// Waits unless `must_wait` is false.
    fn park(&self, must_wait: impl Fn() -> bool);
    /// Wakes all.
    fn unpark_all(&self);
}

impl Meeting for place::Place {
    fn new() -> Self {
        place::Place::new()
    }

    fn park(&self, must_wait: impl Fn() -> bool) {
        place::Place::park(self, must_wait);
    }

    fn unpark_all(&self) {
        place::Place::unpark_all(self);
    }
}

/// `Place` with one fault.
pub struct Place<const FAULT: u8>(Futex);

impl<const FAULT: u8> Meeting for Place<FAULT> {
    fn new() -> Self {
        Place(Futex::new(0))
    }

    fn park(&self, must_wait: impl Fn() -> bool) {
        if FAULT == LOOK_FIRST {
            if must_wait() {
                self.0.wait(self.0.load(Ordering::Acquire), None);
            }
            return;
        }
        let seen = self.0.load(if FAULT == RELAXED_TAKE { Ordering::Relaxed } else { Ordering::Acquire });
        if must_wait() {
            self.0.wait(seen, None);
        }
    }

    fn unpark_all(&self) {
        if FAULT != COUNT_NOTHING {
            self.0.fetch_add(1, giving(FAULT));
        }
        self.0.wake_all();
    }
}
