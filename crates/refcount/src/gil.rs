//! The count of the `gil` build: a plain number of 64 bits.
//!
//! So large a number cannot run over, and so counting is one instruction without a question: an immortal object is one
//! whose count begins so high that what is counted from there on makes no difference. The owner means nothing here, and
//! nothing is ever queued; deferral is a matter of threads that run in parallel, so a deferred object is counted like any
//! other.

use std::cell::Cell;

use mode::OwnerId;

use crate::{OwnerCell, RawRefCount, Release, UNCOUNTED};

/// Where the count of an immortal object begins.
const IMMORTAL: u64 = 1 << 62;
/// The lowest count that is immortal: as far from [`IMMORTAL`] as from the count of an object that can die.
const LOWEST_IMMORTAL: u64 = IMMORTAL / 2;

/// A plain reference count.
#[derive(Debug)]
#[repr(C)]
pub struct RefCount {
    count: Cell<u64>,
}

// SAFETY: a count is only reached by the thread that holds the GIL; its hand-over orders all accesses.
unsafe impl Sync for RefCount {}

const _: () = assert!(size_of::<RefCount>() == 8);

impl RefCount {
    const fn new(count: u64) -> Self {
        RefCount { count: Cell::new(count) }
    }

    /// Drops `references`, none of which the object can be without.
    #[inline(always)]
    fn drop_references(&self, references: u32) -> Release {
        let count = self.count.get();
        debug_assert!(count >= references.into(), "more references dropped than taken");
        let left = count.wrapping_sub(references.into());
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
        self.count.set(self.count.get() + 1);
    }

    #[inline(always)]
    fn increment_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        self.increment(owner, me);
        true
    }

    #[inline]
    fn increment_by(&self, _owner: &OwnerCell, _me: OwnerId, more: u32) {
        self.count.set(self.count.get() + u64::from(more));
    }

    #[inline(always)]
    fn decrement_quick(&self, _owner: &OwnerCell, _me: OwnerId) -> bool {
        self.drop_references(1) == Release::Kept
    }

    #[inline(always)]
    fn decrement_rest(&self, _owner: &OwnerCell, _me: OwnerId) -> Release {
        Release::Dead
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
        if count >= LOWEST_IMMORTAL { UNCOUNTED } else { count as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_of_an_immortal_object_makes_no_difference() {
        let owner = OwnerCell::new(OwnerId::IMMORTAL);
        let immortal = RefCount::immortal();
        for _ in 0..3 {
            immortal.increment_by(&owner, OwnerId(1), u32::MAX);
            assert_eq!(immortal.count(&owner), UNCOUNTED);
        }
        for _ in 0..1000 {
            assert_eq!(immortal.decrement(&owner, OwnerId(1)), Release::Kept);
        }
        assert_eq!(immortal.count(&owner), UNCOUNTED);
    }

    #[test]
    fn a_count_goes_on_beyond_32_bits() {
        let owner = OwnerCell::new(OwnerId(1));
        let many = RefCount::unique();
        many.increment_by(&owner, OwnerId(1), u32::MAX);
        many.increment(&owner, OwnerId(1));
        assert_eq!(many.count(&owner), (1 << 32) + 1);
        assert_eq!(many.merge(&owner, u32::MAX), Release::Kept);
        assert_eq!(many.count(&owner), 2);
    }
}
