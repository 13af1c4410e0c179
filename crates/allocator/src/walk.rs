//! Finding all objects: through the pages of each heap.
//!
//! A block is an object's exactly while its owner is not nobody (`block.rs` B1), so no list of objects is
//! kept, and allocating and freeing note nothing. The world must be stopped; the caller may then share out
//! the pages among threads.
//!
//! Not here: what an object refers to.

use std::ptr::NonNull;

use crate::heap::{Backend, RawHeap};
use crate::page::PageRef;

impl<B: Backend> RawHeap<B> {
    /// The pages with blocks in use, in no order.
    ///
    /// # Safety
    /// No other thread may use the heap, and the caller must neither allocate nor free in it, until the
    /// iterator is dropped.
    pub unsafe fn pages(&self) -> impl Iterator<Item = PageRef> {
        self.pages_in_use()
    }

    /// Calls `each` with every live block of the heap.
    ///
    /// # Safety
    /// As [`Self::pages`], during the call; also, no thread may free blocks of this heap remotely.
    pub unsafe fn for_each_live(&self, mut each: impl FnMut(NonNull<u8>)) {
        for page in self.pages_in_use() {
            // SAFETY: the caller keeps others away, and pages in use are not given back meanwhile.
            for block in unsafe { page.live_blocks() } {
                each(block);
            }
        }
    }
}

/// Calls `each` with every live block of all heaps of the build, parked ones included.
///
/// # Safety
/// No other thread may allocate or free, and the caller must not do so in `each`, during the call.
pub unsafe fn for_each_live<B: Backend>(mut each: impl FnMut(NonNull<u8>)) {
    for heap in B::registry().heaps() {
        // SAFETY: the caller keeps every thread away from every heap.
        unsafe { heap.for_each_live(&mut each) };
    }
}
