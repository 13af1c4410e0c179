//! The object heap: blocks for objects, and nothing else. It knows no type, no count, no Python.
//!
//! One [`Heap`] a thread (`free-threaded`) or one for all (`gil`), made of 64 KiB pages of equal blocks. A
//! thread [attaches](attach_heap) to a heap, allocates and frees through it, and [parks](HeapHandle::park)
//! it, with all its objects, for the next thread. Any thread may free any block: those of other heaps go
//! through one atomic list a page.
//!
//! # The contract with the object model
//! - K1: an object's header begins its block, 16 bytes laid out as `block.rs` draws it. The allocator gives a
//!   block whose owner is [`NOBODY`] and, in the `free-threaded` build, whose counts are zero. The rest is
//!   arbitrary.
//! - K2: a live object's owner is not `NOBODY` (in both builds): that is what makes it live for [`walk`].
//!   Write it before the next safepoint.
//! - K3: the object model need not mark an object as dead before it frees it: `free` writes the counts and
//!   the owner, atomically, and a free block keeps them until it is allocated again. A stale reader may look
//!   at, and compare-exchange, the counts of a freed or reused block; it must refuse a shared word of zero.
//! - K4: a page serves another block size only when a [`Retired`] batch is released, which the runtime does
//!   after a grace period: at a safepoint where [`RawHeap::retired_bytes`] is large, `take_retired`, and
//!   defer `release` to the epoch. Until then memory is type-stable: what was a block's start stays one.
//! - K5: when memory is short, the answer is `None`, and nothing has changed.
//!
//! # The two builds
//! [`Backend`] is the contract; `gil::Heaps` and `free_threaded::Heaps` implement it, both in every build;
//! [`Heap`] is the one of this build.
//!
//! # Not here
//! Reference counts (`refcount`), what lies behind the header (`object-model`), raw memory for arrays (the
//! global allocator; [`growing`] serves those that grow large), when the world stops (`vm`).

pub mod block;
pub mod free_threaded;
pub mod gil;
pub mod growing;
pub mod growth;
pub mod handle;
pub mod heap;
mod large;
mod list;
mod os;
pub mod page;
pub mod parking;
mod quarantine;
pub mod registry;
pub mod remote;
mod segment;
pub mod size_class;
pub mod stats;
pub mod walk;

#[cfg(test)]
mod tests;

use mode::{FreeThreaded, Gil, OwnerId};

pub use block::NOBODY;
pub use handle::RawHeapHandle;
pub use heap::{Backend, RawHeap, Retired};
pub use page::{PageRef, page_of};
pub use parking::Attended;
pub use registry::AttachError;

/// The heaps that a mode has.
pub trait HasHeaps {
    /// Their kind.
    type Heaps: Backend;
}

impl HasHeaps for Gil {
    type Heaps = gil::Heaps;
}

impl HasHeaps for FreeThreaded {
    type Heaps = free_threaded::Heaps;
}

/// The heaps of this build.
pub type Heaps = <mode::Active as HasHeaps>::Heaps;

/// A heap of this build.
pub type Heap = RawHeap<Heaps>;

/// A handle of this build.
pub type HeapHandle = RawHeapHandle<Heaps>;

/// Takes over a parked heap, with all its objects, or makes a new one.
pub fn attach_heap() -> Result<HeapHandle, AttachError> {
    RawHeapHandle::attach()
}

/// The heap with this id, if there is one.
#[inline]
pub fn heap(owner: OwnerId) -> Option<&'static Heap> {
    Heaps::registry().heap(owner)
}

/// Parks a heap whose thread is gone without having done so, in the child of a fork.
///
/// # Safety
/// The heap was attended by a thread that does not exist any more, and was not in the middle of using it.
pub unsafe fn park_heap_of_gone(owner: OwnerId) {
    if let Some(heap) = heap(owner)
        && heap.parking.is_attended()
    {
        Heaps::park(heap);
    }
}

/// Works on a heap whose thread has ended or is blocked, in its place; see [`RawHeap::with_unattended`].
/// A heap that does not exist counts as attended: there is nothing to do in it.
pub fn with_parked<R>(owner: OwnerId, work: impl FnOnce(&'static Heap) -> R) -> Result<R, Attended> {
    heap(owner).ok_or(Attended)?.with_unattended(work)
}

/// The bytes of the block that an object lies in.
///
/// # Safety
/// As [`page_of`].
pub unsafe fn block_size(block: std::ptr::NonNull<u8>) -> usize {
    // SAFETY: the caller gives a block in use.
    unsafe { page_of(block) }.block_size()
}
