//! The count of the `free-threaded` build: biased to the owner's heap (Choi, Shull, Torrellas 2018; PEP 703).
//!
//! The owner counts in `local` with plain loads and stores. All other threads count in `shared`, whose states and
//! transitions are `state`'s. A thread knows which it is by one comparison of the header's owner with its heap.
//!
//! # Invariants
//! 1. `local` plus the shared count is the number of references, a queue's included.
//! 2. `local` is touched by the owner, by whoever holds the owner off, and by the one who destroys the object. That of a
//!    promoted object is read by all, and written with the world stopped.
//! 3. The owner cell changes before the write to `shared` that tells of it, and that write releases. So whoever
//!    acquires `shared` in the same life of the block sees the owner of that life or a later one.
//! 4. Death is decided once: by the owner who finds `local` 0 and `shared` exactly [`Shared::UNSHARED`], or by
//!    whoever makes `shared` exactly [`Shared::DEAD`]. No reader gains a reference at either value.
//! 5. After its last write to a word that leaves somebody else a reference, an operation touches nothing.
//!
//! # Saturation
//! A `local` count that would reach 2^31 makes the object immortal, which only its owner can do; a shared count is
//! pinned (`state`). Neither wraps.
//!
//! Deferred objects are not counted at all; their lives are the collector's. Of promoted ones the local word is a number
//! and the shared one a base: see `promoted`. The owner of a promoted object changes with the world stopped only, so who
//! has seen it acts on it.
//!
//! Checked by `loom-tests/tests/biased_counts.rs`.

use mode::OwnerId;
use mode::primitive::{AtomicU32, Ordering, PlainU32};

use crate::state::{Decremented, LIMIT, MERGED, ONE, Shared};
use crate::{OwnerCell, RawRefCount, Release, UNCOUNTED, promoted};

/// A biased reference count.
#[derive(Debug)]
#[repr(C)]
pub struct RefCount {
    local: PlainU32,
    shared: AtomicU32,
}

// loom's atomics are larger.
const _: () =
    assert!(size_of::<AtomicU32>() != 4 || size_of::<RefCount>() == 8 && align_of::<RefCount>() == 4);

/// True if nobody counts references to an object of `owner`.
#[inline(always)]
fn is_uncounted(owner: OwnerId) -> bool {
    owner.0 >= OwnerId::DEFERRED.0
}

const _: () = assert!(OwnerId::DEFERRED.0 > OwnerId::MERGED.0 && OwnerId::IMMORTAL.0 > OwnerId::DEFERRED.0);

impl RefCount {
    fn new(local: u32, shared: Shared) -> Self {
        RefCount { local: PlainU32::new(local), shared: AtomicU32::new(shared.0) }
    }

    #[inline(always)]
    fn local(&self) -> u32 {
        // SAFETY: invariant 2 leaves nobody to meet with.
        unsafe { self.local.get() }
    }

    #[inline(always)]
    fn set_local(&self, count: u32) {
        // SAFETY: as in `local`.
        unsafe { self.local.set(count) };
    }

    /// A guess at the shared word to start a compare-exchange from, or to show to a user.
    #[inline(always)]
    fn peek_shared(&self) -> Shared {
        // Relaxed: the compare-exchange that follows decides.
        Shared(self.shared.load(Ordering::Relaxed))
    }

    /// Replaces the shared word if it is still `current`; its value otherwise.
    #[inline(always)]
    fn exchange(&self, current: Shared, next: Shared, success: Ordering) -> Result<(), Shared> {
        // Relaxed on failure: the value is only the next guess.
        match self.shared.compare_exchange_weak(current.0, next.0, success, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(seen) => Err(Shared(seen)),
        }
    }

    /// Adds references for a thread that does not own the object.
    #[cold]
    #[inline(never)]
    fn increment_foreign(&self, holder: OwnerId, more: u32) {
        if holder == OwnerId::PROMOTED && promoted::add(self.local(), more.into()) {
            return;
        }
        if more == 1 {
            self.increment_shared();
        } else {
            self.increment_shared_by(more);
        }
        promoted::sample(self);
    }

    #[inline]
    fn increment_shared(&self) {
        // Relaxed: the caller's reference keeps the object alive, as in `Arc`.
        let before = Shared(self.shared.fetch_add(ONE, Ordering::Relaxed));
        if before.is_pinned() {
            // Relaxed: pinned for good, the number only has to stay near the limit.
            self.shared.fetch_sub(ONE, Ordering::Relaxed);
        }
    }

    #[inline]
    fn increment_shared_by(&self, more: u32) {
        let mut current = self.peek_shared();
        // Relaxed: as in `increment_shared`.
        while let Err(seen) = self.exchange(current, current.raised(more), Ordering::Relaxed) {
            current = seen;
        }
    }

    #[cold]
    #[inline(never)]
    fn decrement_foreign(&self, holder: OwnerId) -> Release {
        if holder == OwnerId::PROMOTED {
            if !promoted::add(self.local(), -1) {
                self.add_to_base(-1);
            }
            return Release::Kept;
        }
        self.decrement_shared()
    }

    /// Adds to the base of a promoted object.
    fn add_to_base(&self, more: i64) -> i64 {
        let mut current = self.peek_shared();
        loop {
            let count = (i64::from(current.count()) + more).clamp((-LIMIT).into(), LIMIT.into());
            // Relaxed: a number on its own; stopping the world synchronises whoever draws conclusions from it.
            match self.exchange(current, Shared::new(count as i32, MERGED), Ordering::Relaxed) {
                Ok(()) => return count,
                Err(seen) => current = seen,
            }
        }
    }

    #[inline]
    fn decrement_shared(&self) -> Release {
        let mut current = self.peek_shared();
        loop {
            let (next, release) = match current.decremented() {
                Decremented::Pinned => return Release::Kept,
                Decremented::Donated(next) => (next, Release::Queue),
                Decremented::Dropped(next) if next == Shared::DEAD => (next, Release::Dead),
                Decremented::Dropped(next) => (next, Release::Kept),
            };
            // Release: what this thread did to the object comes before its destruction; partners are the acquiring
            // exchange below of whoever says `Dead`, that of `merge`, and the owner's load in `decrement_rest`.
            // Acquire too for `Dead`: all other holders' uses come before the destruction that follows; and for
            // `Queue`: the caller reads the owner next, which the write that started this life, or merged, released.
            let order = if release == Release::Kept { Ordering::Release } else { Ordering::AcqRel };
            match self.exchange(current, next, order) {
                Ok(()) => return release,
                Err(seen) => current = seen,
            }
        }
    }

    #[inline]
    fn try_increment_foreign(&self, holder: OwnerId) -> bool {
        if holder == OwnerId::PROMOTED && promoted::add(self.local(), 1) {
            return true;
        }
        let taken = self.try_increment_shared();
        if taken {
            promoted::sample(self);
        }
        taken
    }

    #[inline]
    fn try_increment_shared(&self) -> bool {
        let mut current = self.peek_shared();
        while let Some(next) = current.tried() {
            // Acquire: the caller's second look at the slot stays behind this; partner of the release by which this
            // life began, so that the owner it reads when it gives the reference up is of this life.
            match self.exchange(current, next, Ordering::Acquire) {
                Ok(()) => return true,
                Err(seen) => current = seen,
            }
        }
        false
    }

    /// The owner counted 2^31 references.
    #[cold]
    #[inline(never)]
    fn saturate(&self, owner: &OwnerCell) {
        // Whoever does not see it yet counts in `shared`, or queues; neither kills an immortal object.
        owner.store(OwnerId::IMMORTAL);
    }
}

impl RawRefCount for RefCount {
    fn unique() -> Self {
        RefCount::new(1, Shared::UNSHARED)
    }

    fn immortal() -> Self {
        RefCount::new(1, Shared::UNSHARED)
    }

    fn dead() -> Self {
        RefCount::new(0, Shared::UNSHARED)
    }

    #[inline(always)]
    fn begin_life(&self, owner: &OwnerCell, me: OwnerId) {
        owner.store(me);
        self.set_local(1);
        // A store is enough: a dead block's word is one at which no stale reader's exchange succeeds.
        // Release: heads the sequence that every acquiring exchange of this life reads from, invariant 3.
        self.shared.store(Shared::UNSHARED.0, Ordering::Release);
    }

    fn end_life(&self, owner: &OwnerCell) {
        owner.store(OwnerId::MERGED);
        self.set_local(0);
        // Release: as in `begin_life`.
        self.shared.store(Shared::DEAD.0, Ordering::Release);
    }

    #[inline(always)]
    fn increment(&self, owner: &OwnerCell, me: OwnerId) {
        let holder = owner.load();
        if holder == me {
            self.increment_own(owner);
        } else if !is_uncounted(holder) {
            self.increment_foreign(holder, 1);
        }
    }

    #[inline(always)]
    fn increment_own(&self, owner: &OwnerCell) {
        let count = self.local().wrapping_add(1);
        self.set_local(count);
        if (count as i32) < 0 {
            self.saturate(owner);
        }
    }

    #[inline(always)]
    fn increment_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let holder = owner.load();
        if holder != me {
            return is_uncounted(holder);
        }
        // Too many are left to `increment`, which makes the object immortal: the one counted here does not matter then.
        let count = self.local().wrapping_add(1);
        self.set_local(count);
        count as i32 >= 0
    }

    #[inline]
    fn increment_by(&self, owner: &OwnerCell, me: OwnerId, more: u32) {
        let holder = owner.load();
        if holder == me {
            let count = self.local().saturating_add(more);
            if count as i32 >= 0 {
                self.set_local(count);
            } else {
                self.saturate(owner);
            }
        } else if !is_uncounted(holder) {
            self.increment_foreign(holder, more);
        }
    }

    #[inline(always)]
    fn decrement_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let holder = owner.load();
        if holder != me {
            return is_uncounted(holder);
        }
        let left = self.local().wrapping_sub(1);
        debug_assert!(left != u32::MAX, "more references dropped than taken");
        self.set_local(left);
        left != 0
    }

    #[inline]
    fn decrement_rest(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        let holder = owner.load();
        if is_uncounted(holder) {
            // Since the first look.
            return Release::Kept;
        }
        if holder != me {
            return self.decrement_foreign(holder);
        }
        // Acquire: other threads' uses of the object come before its destruction; partner is the release in
        // `decrement_shared` that brought the word back to zero.
        if self.shared.load(Ordering::Acquire) == Shared::UNSHARED.0 {
            return Release::Dead;
        }
        self.merge(owner, 0)
    }

    #[inline]
    fn try_increment(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        let holder = owner.load();
        if holder == me {
            // The owner's own objects die under its own hands, so zero is one that it is destroying.
            let alive = self.local() != 0;
            if alive {
                self.increment_own(owner);
            }
            alive
        } else {
            is_uncounted(holder) || self.try_increment_foreign(holder)
        }
    }

    fn share(&self, owner: &OwnerCell, _me: OwnerId) {
        let holder = owner.load();
        if is_uncounted(holder) || holder == OwnerId::PROMOTED {
            return;
        }
        let mut current = self.peek_shared();
        while current != current.shared() {
            // Relaxed: it only lets others count; the slot or weak reference by which they come publishes the rest.
            match self.exchange(current, current.shared(), Ordering::Relaxed) {
                Ok(()) => return,
                Err(seen) => current = seen,
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn merge(&self, owner: &OwnerCell, donated: u32) -> Release {
        let holder = owner.load();
        if is_uncounted(holder) {
            return Release::Kept;
        }
        if holder == OwnerId::PROMOTED {
            // The queue's reference goes the way of all others.
            if !promoted::add(self.local(), -i64::from(donated)) {
                self.add_to_base(-i64::from(donated));
            }
            return Release::Kept;
        }
        let mut local = 0;
        if holder.is_heap() {
            // Before the exchange: once it is made, the object is another thread's to destroy.
            local = self.local();
            self.set_local(0);
            owner.store(OwnerId::MERGED);
        }
        let mut current = self.peek_shared();
        loop {
            let next = current.merged(local, donated);
            // Release: publishes the two stores above and this thread's uses. Acquire: if it is dead, all other
            // holders' uses come before its destruction. Partners: `decrement_shared`.
            match self.exchange(current, next, Ordering::AcqRel) {
                Ok(()) if next == Shared::DEAD => return Release::Dead,
                Ok(()) => return Release::Kept,
                Err(seen) => current = seen,
            }
        }
    }

    #[inline(always)]
    fn is_unique(&self, owner: &OwnerCell, me: OwnerId) -> bool {
        // Acquire: the uses of those who dropped theirs come before the change in place; partner is the release in
        // `decrement_shared`. A merged object is never unique: a reader could gain it back at any time.
        owner.load() == me && self.local() == 1 && self.shared.load(Ordering::Acquire) == Shared::UNSHARED.0
    }

    fn make_immortal(&self, owner: &OwnerCell) {
        owner.store(OwnerId::IMMORTAL);
    }

    fn make_deferred(&self, owner: &OwnerCell) {
        if owner.load() != OwnerId::IMMORTAL {
            owner.store(OwnerId::DEFERRED);
        }
    }

    fn promote(&self, owner: &OwnerCell, number: u32) -> bool {
        let holder = owner.load();
        let shared = self.peek_shared();
        if is_uncounted(holder) || holder == OwnerId::PROMOTED || shared.is_pinned() {
            return false;
        }
        let local = if holder.is_heap() { self.local() } else { 0 };
        let count = i64::from(local) + i64::from(shared.count());
        if !(1..i64::from(LIMIT)).contains(&count) {
            return false;
        }
        self.set_local(number);
        owner.store(OwnerId::PROMOTED);
        // Relaxed: the world is stopped, and starting it publishes all three.
        self.shared.store(Shared::new(count as i32, MERGED).0, Ordering::Relaxed);
        true
    }

    fn number(&self, owner: &OwnerCell) -> Option<u32> {
        (owner.load() == OwnerId::PROMOTED).then(|| self.local())
    }

    fn settle(&self, _owner: &OwnerCell, counted: i64) -> i64 {
        self.add_to_base(counted)
    }

    fn demote(&self, owner: &OwnerCell) {
        self.set_local(0);
        owner.store(OwnerId::MERGED);
    }

    fn resurrect_begin(&self, owner: &OwnerCell, me: OwnerId) {
        // Never (merged, 1): a stale reader would gain a reference to what is being destroyed. Dead and unshared
        // words fail its exchange alike, so that stores are enough.
        self.begin_life(owner, me);
    }

    fn resurrect_end(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        // The owner, or merged: it cannot be queued by this thread.
        self.decrement(owner, me)
    }

    fn count(&self, owner: &OwnerCell) -> usize {
        let holder = owner.load();
        if is_uncounted(holder) {
            return UNCOUNTED;
        }
        if holder == OwnerId::PROMOTED {
            let count = i64::from(self.peek_shared().count()) + promoted::own(self.local());
            return count.max(1) as usize;
        }
        let count = i64::from(self.local()) + i64::from(self.peek_shared().count());
        count.max(0) as usize
    }
}

#[cfg(test)]
mod tests;
