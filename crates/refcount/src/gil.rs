//! The count of the `gil` build: a plain number.
//!
//! The top bit says immortal. Counting up stops there, so that a count that grows into it stays: it saturates and
//! never wraps. The owner means nothing here, and nothing is ever queued; deferral is a matter of threads that run
//! in parallel, so a deferred object is counted like any other.

use std::cell::Cell;

use mode::OwnerId;

use crate::{OwnerCell, RawRefCount, Release, UNCOUNTED};

/// The lowest count that is immortal.
const IMMORTAL: u32 = 1 << 31;

/// A plain reference count.
#[derive(Debug)]
#[repr(C)]
pub struct RefCount {
    count: Cell<u32>,
    /// The other build's shared word: headers are alike.
    _shared: u32,
}

// SAFETY: a count is only reached by the thread that holds the GIL; its hand-over orders all accesses.
unsafe impl Sync for RefCount {}

const _: () = assert!(size_of::<RefCount>() == 8 && align_of::<RefCount>() == 4);

impl RefCount {
    const fn new(count: u32) -> Self {
        RefCount { count: Cell::new(count), _shared: 0 }
    }

    /// Drops `references`, none of which the object can be without.
    #[inline(always)]
    fn drop_references(&self, references: u32) -> Release {
        let count = self.count.get();
        if count >= IMMORTAL {
            return Release::Kept;
        }
        debug_assert!(count >= references, "more references dropped than taken");
        let left = count.wrapping_sub(references);
        self.count.set(left);
        if left == 0 { Release::Dead } else { Release::Kept }
    }
}

impl RawRefCount for RefCount {
    fn unique() -> Self {
        RefCount::new(1)
    }

    fn immortal() -> Self {
        RefCount::new(IMMORTAL)
    }

    fn dead() -> Self {
        RefCount::new(0)
    }

    #[inline(always)]
    fn begin_life(&self, owner: &OwnerCell, me: OwnerId) {
        self.count.set(1);
        owner.store(me);
    }

    fn end_life(&self, _owner: &OwnerCell) {
        self.count.set(0);
    }

    #[inline(always)]
    fn increment(&self, _owner: &OwnerCell, _me: OwnerId) {
        let count = self.count.get();
        if count < IMMORTAL {
            self.count.set(count + 1);
        }
    }

    #[inline]
    fn increment_by(&self, _owner: &OwnerCell, _me: OwnerId, more: u32) {
        let count = self.count.get();
        if count < IMMORTAL {
            self.count.set(count.saturating_add(more));
        }
    }

    #[inline(always)]
    fn decrement(&self, _owner: &OwnerCell, _me: OwnerId) -> Release {
        self.drop_references(1)
    }

    #[inline]
    fn try_increment(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let alive = self.count.get() != 0;
        if alive {
            self.increment(owner, me);
        }
        alive
    }

    #[inline(always)]
    fn share(&self, _owner: &OwnerCell, _me: OwnerId) {}

    fn merge(&self, _owner: &OwnerCell, donated: u32) -> Release {
        self.drop_references(donated)
    }

    #[inline(always)]
    fn is_unique(&self, _owner: &OwnerCell, _me: OwnerId) -> bool {
        self.count.get() == 1
    }

    fn make_immortal(&self, owner: &OwnerCell) {
        self.count.set(IMMORTAL);
        owner.store(OwnerId::IMMORTAL);
    }

    fn make_deferred(&self, _owner: &OwnerCell) {}

    fn resurrect_begin(&self, _owner: &OwnerCell, _me: OwnerId) {
        self.count.set(1);
    }

    fn resurrect_end(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        self.decrement(owner, me)
    }

    fn count(&self, _owner: &OwnerCell) -> usize {
        let count = self.count.get();
        if count >= IMMORTAL { UNCOUNTED } else { count as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_reaches_the_top_bit_stays_there() {
        let owner = OwnerCell::new(OwnerId(1));
        let full = RefCount::new(IMMORTAL - 1);
        full.increment(&owner, OwnerId(1));
        assert_eq!(full.count(&owner), UNCOUNTED);
        assert_eq!(full.decrement(&owner, OwnerId(1)), Release::Kept);
        assert_eq!(full.count(&owner), UNCOUNTED);
        let many = RefCount::unique();
        many.increment_by(&owner, OwnerId(1), u32::MAX);
        assert_eq!(many.count(&owner), UNCOUNTED);
    }
}
