//! A biased count with a fault to choose. Follows `refcount::free_threaded` line by line.

use mode::OwnerId;
use mode::primitive::{AtomicU32, Ordering};
use refcount::state::{Decremented, MERGED, ONE, QUEUED, Shared};
use refcount::{OwnerCell, RawRefCount, Release};

/// No fault.
pub const SOUND: u8 = 0;
/// The owner's look at the shared word, before it destroys, does not acquire.
pub const RELAXED_DEATH: u8 = 1;
/// A foreign decrement does not release.
pub const RELAXED_DECREMENT: u8 = 2;
/// The owner publishes merged counts by a load and a store.
pub const MERGE_BY_STORE: u8 = 3;
/// `local` and owner are cleared after the exchange that publishes.
pub const PUBLISH_FIRST: u8 = 4;
/// Every foreign decrement that finds no count to lower donates.
pub const QUEUE_TWICE: u8 = 5;
/// A donated reference is subtracted too.
pub const DONATE_AND_DROP: u8 = 6;
/// A reader gains a reference at count 0 in the default state.
pub const TRY_UNSHARED: u8 = 7;
/// A reader gains a reference at count 0 in the merged state.
pub const TRY_MERGED: u8 = 8;
/// A reader's gain does not acquire.
pub const RELAXED_TRY: u8 = 9;
/// The maybe-weakref state is set by a load and a store.
pub const SHARE_BY_STORE: u8 = 10;
/// The finalizer's reference is taken back by writing a new count.
pub const END_BY_STORE: u8 = 11;
/// The finalizer's reference is counted in the merged word.
pub const RESURRECT_MERGED: u8 = 12;
/// The test for a single reference does not acquire.
pub const RELAXED_UNIQUE: u8 = 13;
/// The test for a single reference looks at the owner's count alone.
pub const LOCAL_UNIQUE: u8 = 14;
/// Neither a life's beginning releases nor a donation acquires.
pub const STALE_OWNER: u8 = 15;
/// The owner that finds its count 0 destroys without a look at the shared word.
pub const LOCAL_DEATH: u8 = 16;

/// A biased count with one fault.
#[derive(Debug)]
pub struct Counts<const FAULT: u8> {
    local: AtomicU32,
    shared: AtomicU32,
}

/// `sound`, or `Relaxed` where that is the fault.
const fn unless(broken: bool, sound: Ordering) -> Ordering {
    if broken { Ordering::Relaxed } else { sound }
}

impl<const FAULT: u8> Counts<FAULT> {
    fn exchange(&self, current: Shared, next: Shared, order: Ordering) -> Result<(), Shared> {
        match self.shared.compare_exchange(current.0, next.0, order, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(seen) => Err(Shared(seen)),
        }
    }

    fn peek(&self) -> Shared {
        Shared(self.shared.load(Ordering::Relaxed))
    }

    fn decrement_shared(&self) -> Release {
        let mut current = self.peek();
        loop {
            let (next, release) = match current.decremented() {
                Decremented::Pinned => return Release::Kept,
                Decremented::Donated(next) if FAULT == DONATE_AND_DROP => {
                    (Shared::new(next.count() - 1, QUEUED), Release::Queue)
                }
                Decremented::Donated(next) => (next, Release::Queue),
                Decremented::Dropped(_) if FAULT == QUEUE_TWICE && current == Shared::new(0, QUEUED) => {
                    (current, Release::Queue)
                }
                Decremented::Dropped(next) if next == Shared::DEAD => (next, Release::Dead),
                Decremented::Dropped(next) => (next, Release::Kept),
            };
            let order = match release {
                _ if FAULT == RELAXED_DECREMENT => Ordering::Relaxed,
                Release::Kept => Ordering::Release,
                Release::Queue if FAULT == STALE_OWNER => Ordering::Release,
                _ => Ordering::AcqRel,
            };
            match self.exchange(current, next, order) {
                Ok(()) => return release,
                Err(seen) => current = seen,
            }
        }
    }

    fn try_increment_shared(&self) -> bool {
        let mut current = self.peek();
        loop {
            let next = match current.tried() {
                None if FAULT == TRY_UNSHARED && current == Shared::UNSHARED => Shared(current.0 + ONE),
                None if FAULT == TRY_MERGED && current == Shared::DEAD => Shared(current.0 + ONE),
                None => return false,
                Some(next) => next,
            };
            match self.exchange(current, next, unless(FAULT == RELAXED_TRY, Ordering::Acquire)) {
                Ok(()) => return true,
                Err(seen) => current = seen,
            }
        }
    }
}

impl<const FAULT: u8> RawRefCount for Counts<FAULT> {
    fn unique() -> Self {
        Counts { local: AtomicU32::new(1), shared: AtomicU32::new(Shared::UNSHARED.0) }
    }

    fn immortal() -> Self {
        Self::unique()
    }

    fn dead() -> Self {
        Counts { local: AtomicU32::new(0), shared: AtomicU32::new(Shared::UNSHARED.0) }
    }

    fn begin_life(&self, owner: &OwnerCell, me: OwnerId) {
        owner.store(me);
        self.local.store(1, Ordering::Relaxed);
        self.shared.store(Shared::UNSHARED.0, unless(FAULT == STALE_OWNER, Ordering::Release));
    }

    fn end_life(&self, owner: &OwnerCell) {
        owner.store(OwnerId::MERGED);
        self.local.store(0, Ordering::Relaxed);
        self.shared.store(Shared::DEAD.0, Ordering::Release);
    }

    fn increment(&self, owner: &OwnerCell, me: OwnerId) {
        if owner.load() == me {
            self.local.store(self.local.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            self.shared.fetch_add(ONE, Ordering::Relaxed);
        }
    }

    fn increment_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let own = owner.load() == me;
        if own {
            self.increment(owner, me);
        }
        own
    }

    fn increment_by(&self, owner: &OwnerCell, me: OwnerId, more: u32) {
        for _ in 0..more {
            self.increment(owner, me);
        }
    }

    fn decrement_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        if owner.load() != me {
            return false;
        }
        let left = self.local.load(Ordering::Relaxed) - 1;
        self.local.store(left, Ordering::Relaxed);
        left != 0
    }

    fn decrement_rest(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        if owner.load() != me {
            return self.decrement_shared();
        }
        let order = unless(FAULT == RELAXED_DEATH, Ordering::Acquire);
        if self.shared.load(order) == Shared::UNSHARED.0 || FAULT == LOCAL_DEATH {
            return Release::Dead;
        }
        self.merge(owner, 0)
    }

    fn try_increment(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        if owner.load() != me {
            return self.try_increment_shared();
        }
        let alive = self.local.load(Ordering::Relaxed) != 0;
        if alive {
            self.increment(owner, me);
        }
        alive
    }

    fn share(&self, _owner: &OwnerCell, _me: OwnerId) {
        let mut current = self.peek();
        while current != current.shared() {
            if FAULT == SHARE_BY_STORE {
                self.shared.store(current.shared().0, Ordering::Relaxed);
                return;
            }
            match self.exchange(current, current.shared(), Ordering::Relaxed) {
                Ok(()) => return,
                Err(seen) => current = seen,
            }
        }
    }

    fn merge(&self, owner: &OwnerCell, donated: u32) -> Release {
        let mut local = 0;
        let owned = owner.load().is_heap();
        if owned {
            local = self.local.load(Ordering::Relaxed);
            if FAULT != PUBLISH_FIRST {
                self.local.store(0, Ordering::Relaxed);
                owner.store(OwnerId::MERGED);
            }
        }
        let mut current = self.peek();
        let merged = loop {
            let next = current.merged(local, donated);
            if FAULT == MERGE_BY_STORE {
                self.shared.store(next.0, Ordering::Release);
                break next;
            }
            match self.exchange(current, next, Ordering::AcqRel) {
                Ok(()) => break next,
                Err(seen) => current = seen,
            }
        };
        if FAULT == PUBLISH_FIRST && owned {
            self.local.store(0, Ordering::Relaxed);
            owner.store(OwnerId::MERGED);
        }
        if merged == Shared::DEAD { Release::Dead } else { Release::Kept }
    }

    fn is_unique(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let order = unless(FAULT == RELAXED_UNIQUE, Ordering::Acquire);
        owner.load() == me
            && self.local.load(Ordering::Relaxed) == 1
            && (self.shared.load(order) == Shared::UNSHARED.0 || FAULT == LOCAL_UNIQUE)
    }

    fn make_immortal(&self, owner: &OwnerCell) {
        owner.store(OwnerId::IMMORTAL);
    }

    fn make_deferred(&self, owner: &OwnerCell) {
        owner.store(OwnerId::DEFERRED);
    }

    fn resurrect_begin(&self, owner: &OwnerCell, me: OwnerId) {
        if FAULT == RESURRECT_MERGED {
            self.shared.store(Shared::new(1, MERGED).0, Ordering::Release);
        } else {
            self.begin_life(owner, me);
        }
    }

    fn resurrect_end(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        match FAULT {
            RESURRECT_MERGED => {
                if self.peek() == Shared::new(1, MERGED) {
                    self.shared.store(Shared::DEAD.0, Ordering::Release);
                    return Release::Dead;
                }
                self.decrement_shared()
            }
            END_BY_STORE => {
                let left = self.local.load(Ordering::Relaxed) as i32 + self.peek().count() - 1;
                self.local.store(left as u32, Ordering::Relaxed);
                self.shared.store(Shared::UNSHARED.0, Ordering::Release);
                if left == 0 { Release::Dead } else { Release::Kept }
            }
            _ => self.decrement(owner, me),
        }
    }

    fn count(&self, _owner: &OwnerCell) -> usize {
        let count = i64::from(self.local.load(Ordering::Relaxed)) + i64::from(self.peek().count());
        count.max(0) as usize
    }
}
