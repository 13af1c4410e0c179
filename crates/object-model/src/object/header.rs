//! The object header: 16 bytes, the same in both builds.
//!
//! | bytes | field | who writes |
//! |---|---|---|
//! | 0..8 | counts | see `refcount` |
//! | 8..12 | shape | the allocator (link of a free block), birth, attribute transitions under the object's lock |
//! | 12..14 | owner heap | birth, merges |
//! | 14 | lock | see `lock::object_lock` |
//! | 15 | flags | [`flag`], atomically |
//!
//! # Invariants
//! - H1 The header of a live object is at an 8-byte boundary inside a page of the object heap.
//! - H2 The counts of a free block read as dead until its next birth; shape is written before the counts, and the
//!   counts are published by whatever store publishes the reference.

use std::ptr::NonNull;

use mode::primitive::{AtomicU8, AtomicU32, Ordering};
use mode::{Attached, OwnerId};
use refcount::{OwnerCell, RawRefCount, RefCount, Release};

use crate::shape::{Shape, ShapeId};

/// Bits of the header's flag byte.
pub mod flag {
    /// The finalizer ran (PEP 442: at most once).
    pub const FINALIZED: u8 = 1;
    /// Somebody holds a weak reference; death must tell them.
    pub const WEAKLY_REFERENCED: u8 = 2;
    /// An interned string.
    pub const INTERNED: u8 = 4;
    /// The two bits of [`super::Header::age`].
    pub(super) const AGE: u8 = 8 | 16;
    /// Found unreachable by the collection that is under way: nobody may be handed a reference.
    pub const CONDEMNED: u8 = 32;
    /// Tells the heap walker that this block holds a live object.
    pub const LIVE: u8 = 128;
}

/// What every heap object starts with.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Header {
    counts: RefCount,
    shape: AtomicU32,
    owner: OwnerCell,
    pub(crate) lock: AtomicU8,
    flags: AtomicU8,
}

/// The lower one of the bits of an age.
const AGE_UNIT: u8 = 8;

const _: () = assert!(size_of::<Header>() == 16 && align_of::<Header>() == 8);

impl Header {
    /// Writes the header of an object being born in the heap of `token`, with one reference. Stale readers may be
    /// looking at the block's counts meanwhile, so the fields are written one by one, the counts last.
    ///
    /// # Safety
    /// `block` must be a fresh block of the object heap.
    #[inline(always)]
    pub(crate) unsafe fn begin(block: NonNull<Header>, token: &Attached, shape: ShapeId) {
        // SAFETY: blocks are readable as headers at all times (H2), and this one is ours.
        let header = unsafe { block.as_ref() };
        // Relaxed: published with the reference (H2).
        header.shape.store(shape.0, Ordering::Relaxed);
        header.lock.store(crate::lock::object_lock::INITIAL, Ordering::Relaxed); // Relaxed: as above.
        header.flags.store(flag::LIVE, Ordering::Relaxed); // Relaxed: as above.
        header.counts.begin_life(&header.owner, token.owner());
    }

    /// The hidden class.
    #[inline(always)]
    pub fn shape_id(&self) -> ShapeId {
        // Acquire pairs with the release in `set_shape`: who sees the new shape sees the attribute it adds.
        ShapeId(self.shape.load(Ordering::Acquire))
    }

    /// The hidden class, resolved.
    #[inline(always)]
    pub fn shape(&self) -> &'static Shape {
        self.shape_id().get()
    }

    /// Moves the object to another hidden class. The caller holds the object's lock.
    #[inline(always)]
    pub fn set_shape(&self, shape: ShapeId) {
        // Release pairs with the acquire in `shape_id`.
        self.shape.store(shape.0, Ordering::Release);
    }

    /// The heap that owns the object, or a special owner.
    #[inline(always)]
    pub fn owner(&self) -> OwnerId {
        self.owner.load()
    }

    /// Adds a reference.
    #[inline(always)]
    pub fn increment(&self, token: &Attached) {
        self.counts.increment(&self.owner, token.owner());
    }

    /// Adds a reference for the thread whose heap is `me`.
    #[inline(always)]
    pub fn increment_as(&self, me: OwnerId) {
        self.counts.increment(&self.owner, me);
    }

    /// Adds a reference for the thread whose heap is `me`, if that needs no call; else false, and none is added.
    #[inline(always)]
    #[must_use]
    pub fn increment_quick(&self, me: OwnerId) -> bool {
        self.counts.increment_quick(&self.owner, me)
    }

    /// Adds a reference for the owner, who has just seen that it is.
    #[inline(always)]
    pub(crate) fn increment_own(&self) {
        self.counts.increment_own(&self.owner);
    }

    /// Adds a reference on behalf of the current thread.
    #[inline(always)]
    pub fn increment_current(&self) {
        self.counts.increment(&self.owner, mode::attached::current_owner());
    }

    /// Gives up a reference, if that is all there is to do. False: [`Header::decrement_rest`] must follow.
    #[inline(always)]
    #[must_use]
    pub fn decrement_quick(&self, me: OwnerId) -> bool {
        self.counts.decrement_quick(&self.owner, me)
    }

    /// The rest of giving up a reference; says what is to be done.
    #[inline(always)]
    pub fn decrement_rest(&self, me: OwnerId) -> Release {
        self.counts.decrement_rest(&self.owner, me)
    }

    /// Adds a reference if the object is surely alive. The caller then re-checks where it found the object.
    #[inline(always)]
    pub fn try_increment(&self, me: OwnerId) -> bool {
        self.counts.try_increment(&self.owner, me)
    }

    /// Lets later `try_increment`s by any thread succeed. The caller keeps the object alive meanwhile.
    pub fn share(&self, token: &Attached) {
        self.counts.share(&self.owner, token.owner());
    }

    /// True if the caller's reference is the only one.
    #[inline(always)]
    pub fn is_unique(&self, token: &Attached) -> bool {
        self.counts.is_unique(&self.owner, token.owner())
    }

    /// Merges the counts with `donated` references given up; see `RawRefCount::merge`.
    pub fn merge(&self, donated: u32) -> Release {
        self.counts.merge(&self.owner, donated)
    }

    /// Makes the object live as long as the process. The caller has the only reference.
    pub fn make_immortal(&self) {
        self.counts.make_immortal(&self.owner);
    }

    /// Leaves the object's death to the collector. The caller has the only reference.
    pub fn make_deferred(&self) {
        self.counts.make_deferred(&self.owner);
    }

    /// [`Header::make_deferred`] of an object that other threads may know, if it belongs to the heap of `token`. Counts of
    /// others that are under way are then of no consequence; a merge would be, and only the owner merges while it runs.
    pub fn defer_own(&self, token: &Attached) {
        // One that was revived by another thread than it was born in stays counted: the heap it lies in tells a deferred
        // object's bias.
        if mode::FREE_THREADED && self.owner.load() == token.owner() && self.lies_in_heap_of(token) {
            self.counts.make_deferred(&self.owner);
        }
    }

    /// Has each thread count references for itself from now on, under `number`; false if that is not possible. Nobody is
    /// biased to the object any more either. The world must be stopped.
    pub fn promote(&self, number: u32) -> bool {
        use crate::lock::object_lock::{BIASED, FREE};
        let promoted = self.counts.promote(&self.owner, number);
        if promoted {
            // Relaxed: nobody else runs; starting the world publishes it.
            let _ = self.lock.compare_exchange(BIASED, FREE, Ordering::Relaxed, Ordering::Relaxed);
        }
        promoted
    }

    /// The number that the object was promoted under, if it is.
    #[inline]
    pub fn promoted_number(&self) -> Option<u32> {
        self.counts.number(&self.owner)
    }

    /// Takes what a thread has counted into the base of a promoted object; see `RawRefCount::settle`.
    pub fn settle(&self, counted: i64) -> i64 {
        self.counts.settle(&self.owner, counted)
    }

    /// Ends a promotion that was settled. The world must be stopped.
    pub fn demote(&self) {
        self.counts.demote(&self.owner);
    }

    /// True if the object was born in the heap of `token`, or in one that became part of it. Of a live object.
    #[inline]
    pub(crate) fn lies_in_heap_of(&self, token: &Attached) -> bool {
        // SAFETY: live objects lie in pages of the object heap (H1).
        let page = unsafe { allocator::page_of(self.as_ptr().cast()) };
        std::ptr::eq(page.heap(), token.heap().as_ptr())
    }

    /// Revives a dead object for its finalizer.
    pub fn resurrect_begin(&self, token: &Attached) {
        self.counts.resurrect_begin(&self.owner, token.owner());
    }

    /// Ends what `resurrect_begin` began.
    pub fn resurrect_end(&self, token: &Attached) -> Release {
        self.counts.resurrect_end(&self.owner, token.owner())
    }

    /// What `sys.getrefcount` counts. For the owner, or with the world stopped.
    pub fn count(&self) -> usize {
        self.counts.count(&self.owner)
    }

    /// True if flag `bit` is set.
    #[inline(always)]
    pub fn has_flag(&self, bit: u8) -> bool {
        // Relaxed: a flag orders nothing; what it announces is found under its own lock.
        self.flags.load(Ordering::Relaxed) & bit != 0
    }

    /// Sets flag `bit`; true if it was not set before.
    pub fn set_flag(&self, bit: u8) -> bool {
        // Relaxed: as in `has_flag`.
        self.flags.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    /// Clears flag `bit`.
    pub fn clear_flag(&self, bit: u8) {
        // Relaxed: as in `has_flag`.
        self.flags.fetch_and(!bit, Ordering::Relaxed);
    }

    /// The generation of the collector that the object is in; 3 is that of objects which are left alone.
    pub fn age(&self) -> u8 {
        // Relaxed: changes while the world is stopped, which synchronises.
        (self.flags.load(Ordering::Relaxed) & flag::AGE) / AGE_UNIT
    }

    /// Moves the object to another generation, 0 to 3. The world is stopped.
    pub fn set_age(&self, age: u8) {
        let others = self.flags.load(Ordering::Relaxed) & !flag::AGE; // Relaxed: as in `age`.
        self.flags.store(others | ((age * AGE_UNIT) & flag::AGE), Ordering::Relaxed); // Relaxed: as in `age`.
    }

    /// Ends an object that did not die by its count: no thread has or can gain a reference.
    pub(crate) fn end_life(&self) {
        self.counts.end_life(&self.owner);
        self.bury();
    }

    /// Marks the block as holding no object, just before it is freed.
    pub(crate) fn bury(&self) {
        // Relaxed: only the heap walker looks at it, while the world is stopped. The counts read as dead already.
        self.flags.store(0, Ordering::Relaxed);
    }

    /// The header as a pointer.
    #[inline(always)]
    pub fn as_ptr(&self) -> NonNull<Header> {
        NonNull::from(self)
    }

    /// Whether the object's own lock byte is `lock`-biased or held is the business of `lock`.
    #[inline(always)]
    pub(crate) fn lock_byte(&self) -> &AtomicU8 {
        &self.lock
    }
}
