//! How an object knows that nobody needs it any more: the contract of a reference count, and its two backends.
//!
//! A count is 8 bytes in an object's header. The header's owner, an [`OwnerCell`], lies elsewhere in it and is
//! handed in, with the identity of the calling thread's heap. This crate knows no memory and no object: it says
//! [`Release::Dead`] and the caller destroys, it says [`Release::Queue`] and the caller hands the object to its
//! owner's [`MergeQueue`].
//!
//! - [`state`]: the word that all threads count in: its bits, its states, its transitions, as pure functions.
//! - [`gil`]: one plain counter.
//! - [`free_threaded`]: biased counting. The owner counts without atomics, everybody else with them.
//! - [`merge_queue`]: where references go that only the owner can settle.
//! - [`promoted`]: counting by threads for themselves, of what many of them use.
//!
//! # Rules for callers
//! - Whoever is told `Kept` has given up its reference and may not touch the object again.
//! - `Dead` is said exactly once for a life, and makes the hearer the only one who may touch the object.
//! - `me` is the heap of the calling thread, and that thread is attached.
//!
//! Not here: the header's layout, destruction and weak references (`object-model`), blocks (`allocator`), who
//! polls a queue (`vm`).

pub mod free_threaded;
pub mod gil;
pub mod merge_queue;
pub mod promoted;
pub mod state;

#[cfg(test)]
mod conforms;

use mode::OwnerId;
use mode::primitive::{AtomicU16, Ordering};

pub use merge_queue::{Given, MergeQueue};

/// The count of this build.
pub type RefCount = <mode::Active as HasRefCount>::RefCount;

/// Which count a mode uses.
pub trait HasRefCount {
    /// The count in every object's header.
    type RefCount: RawRefCount;
}

impl HasRefCount for mode::Gil {
    type RefCount = gil::RefCount;
}

impl HasRefCount for mode::FreeThreaded {
    type RefCount = free_threaded::RefCount;
}

/// The owner in an object's header: a heap, or one of [`OwnerId`]'s special values.
///
/// While an object lives, its owner's id is replaced only by the owner or by whoever holds the owner off, and by a
/// special value. So a thread that reads its own id reads the truth, and to it all other heaps' ids mean the same.
#[derive(Debug)]
#[repr(transparent)]
pub struct OwnerCell(AtomicU16);

impl OwnerCell {
    /// A cell that holds `owner`.
    #[inline]
    pub fn new(owner: OwnerId) -> Self {
        OwnerCell(AtomicU16::new(owner.0))
    }

    /// The owner.
    #[inline(always)]
    pub fn load(&self) -> OwnerId {
        // Relaxed: a thread's own id is written by that thread, or while it was held off by its queue's mutex. Who
        // has to see a foreign owner exactly (to find its queue) has acquired the shared word first.
        OwnerId(self.0.load(Ordering::Relaxed))
    }

    /// Replaces the owner. Counts must be in the state that `owner` promises; see [`RawRefCount`].
    #[inline(always)]
    pub fn store(&self, owner: OwnerId) {
        // Relaxed: the write to the shared word that follows publishes it, or the object is not published yet.
        self.0.store(owner.0, Ordering::Relaxed);
    }
}

/// What giving up a reference led to.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Somebody else still holds the object, or nobody counts it. Do not touch it again.
    Kept,
    /// That was the last one: the caller destroys the object.
    Dead,
    /// Only the owner can tell. The reference was not dropped but became the queue's: the caller reads the owner
    /// again and hands the object to that heap's [`MergeQueue`], or, if it is no heap any more, calls
    /// [`RawRefCount::merge`] with one donated reference.
    Queue,
}

/// A reference count, 8 bytes, aligned to 4. All zero bytes are [`RawRefCount::dead`].
///
/// `owner` is always the cell of the same header, `me` the calling thread's heap.
pub trait RawRefCount: Sized + Send + Sync + 'static {
    /// One reference, held by the owner.
    fn unique() -> Self;

    /// Never dies. The cell must hold [`OwnerId::IMMORTAL`].
    fn immortal() -> Self;

    /// What a block shows that holds no object: [`RawRefCount::try_increment`] fails.
    fn dead() -> Self;

    /// Turns a dead block into an object of `me` with one reference, while stale readers may still look at the
    /// counts.
    fn begin_life(&self, owner: &OwnerCell, me: OwnerId);

    /// Makes the counts of an object read as dead that did not die by count: the collector frees it, and no thread
    /// has or can gain a reference. A count that said [`Release::Dead`] reads as dead already.
    fn end_life(&self, owner: &OwnerCell);

    /// One more reference. The caller holds one, or knows of one that cannot go away meanwhile.
    fn increment(&self, owner: &OwnerCell, me: OwnerId);

    /// [`RawRefCount::increment`] by the owner, who has just seen that it is.
    #[inline(always)]
    fn increment_own(&self, owner: &OwnerCell) {
        self.increment(owner, owner.load());
    }

    /// [`RawRefCount::increment`] where that takes nothing but the owner's own count, or no count at all; else false, and
    /// nothing is counted that matters. The owner and whoever sees an uncounted object may do without holding a reference: nobody else
    /// ends its life meanwhile.
    #[must_use]
    fn increment_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool;

    /// `more` more references at once.
    fn increment_by(&self, owner: &OwnerCell, me: OwnerId, more: u32);

    /// Gives up one reference.
    #[inline(always)]
    fn decrement(&self, owner: &OwnerCell, me: OwnerId) -> Release {
        if self.decrement_quick(owner, me) { Release::Kept } else { self.decrement_rest(owner, me) }
    }

    /// The part of [`RawRefCount::decrement`] that is all there is to do for most. False: [`RawRefCount::decrement_rest`]
    /// must follow before the thread does anything else with the object.
    #[must_use]
    fn decrement_quick(&self, owner: &OwnerCell, me: OwnerId) -> bool;

    /// The rest of [`RawRefCount::decrement`].
    fn decrement_rest(&self, owner: &OwnerCell, me: OwnerId) -> Release;

    /// One more reference for a reader that holds none and no lock, if the object is alive and was shared.
    ///
    /// On success the reader looks again at the slot and at the storage that it came from; where either changed,
    /// it gives the reference up by [`RawRefCount::decrement`] and starts over. A failure for a live object is
    /// possible: nobody called [`RawRefCount::share`] yet; the reader takes the lock, and shares.
    #[must_use]
    fn try_increment(&self, owner: &OwnerCell, me: OwnerId) -> bool;

    /// Lets later [`RawRefCount::try_increment`]s of other threads succeed. The caller holds a reference, or the
    /// lock of a container that does.
    fn share(&self, owner: &OwnerCell, me: OwnerId);

    /// Moves all counts into the shared word, less `donated` references of a queue, so that the owner is owner no
    /// more. For the owner, or whoever holds it off; for anybody if the owner is none any more.
    fn merge(&self, owner: &OwnerCell, donated: u32) -> Release;

    /// True if there is one reference and it is the caller's, so that the object may be changed in place. May be
    /// false though it is so.
    fn is_unique(&self, owner: &OwnerCell, me: OwnerId) -> bool;

    /// Takes the object out of counting for good. By the owner before anybody else knows of the object, or with the
    /// world stopped.
    fn make_immortal(&self, owner: &OwnerCell);

    /// Leaves the object's life to the collector, where threads run in parallel; elsewhere it stays counted. Same
    /// premise as [`RawRefCount::make_immortal`].
    fn make_deferred(&self, owner: &OwnerCell);

    /// Has each thread count for itself from now on, under `number`; false if that is not possible. With the world stopped.
    fn promote(&self, _owner: &OwnerCell, _number: u32) -> bool {
        false
    }

    /// The number that an object was promoted under, if it is.
    fn number(&self, _owner: &OwnerCell) -> Option<u32> {
        None
    }

    /// Adds what a thread has counted to the base of a promoted object; the base after that, which is the number of
    /// references once all threads' are in it. With the world stopped, or by the thread itself.
    fn settle(&self, owner: &OwnerCell, _counted: i64) -> i64 {
        self.count(owner) as i64
    }

    /// Ends a promotion that was settled: the object is merged, with the references that its base says. With the world
    /// stopped.
    fn demote(&self, _owner: &OwnerCell) {}

    /// Gives an object that was said to be dead one reference of `me`, for its finalizer to run with. `me` becomes
    /// its owner, wherever its block lies.
    fn resurrect_begin(&self, owner: &OwnerCell, me: OwnerId);

    /// Gives up the finalizer's reference: `Dead` to go on destroying, `Kept` if somebody took the object.
    fn resurrect_end(&self, owner: &OwnerCell, me: OwnerId) -> Release;

    /// References: what other threads count outdates it. `u32::MAX` if nobody counts. For the owner, or with the world
    /// stopped.
    fn count(&self, owner: &OwnerCell) -> usize;
}

/// What [`RawRefCount::count`] says of an object that nobody counts.
pub const UNCOUNTED: usize = u32::MAX as usize;
