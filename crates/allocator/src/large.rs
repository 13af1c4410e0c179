//! Blocks above [`MAX_BLOCK`](crate::size_class::MAX_BLOCK): a page of their own, of as many slices as they
//! need.
//!
//! A large page is born unlisted (`remote.rs`), so that a free by another thread brings it back to its heap
//! like any page that was used up. An empty one may serve the next large block at once, since the
//! header lies at the same place; its slices serve other uses only after it was released.
//!
//! Not here: the search for slices (`segment.rs`).

use std::ptr::NonNull;

use crate::heap::{Backend, RawHeap};
use crate::page::{LARGE, PageRef, Plan, SLICE};
use crate::segment;

/// How many empty large pages are tried for the next large block.
const TRIES: usize = 8;

impl<B: Backend> RawHeap<B> {
    /// A block of `size` bytes, more than fit in a page of several.
    ///
    /// # Safety
    /// As `RawHeap::allocate`.
    #[cold]
    pub(crate) unsafe fn allocate_large(&self, size: usize) -> Option<NonNull<u8>> {
        if size > isize::MAX as usize {
            return None;
        }
        let slices = size.div_ceil(SLICE);
        let page = match self.reuse_large(slices) {
            Some(page) => page,
            None => {
                let (header, start) = segment::take(slices)?;
                let plan = Plan {
                    heap: self.address(),
                    class: LARGE,
                    block_size: slices * SLICE,
                    capacity: 1,
                    slices,
                };
                // SAFETY: `take` gave this slot and these slices to us.
                unsafe { PageRef::create(header, start, plan) }
            }
        };
        self.link_page(page);
        Some(page.sole_block())
    }

    /// An empty large page with room for `slices` slices, and not much more.
    fn reuse_large(&self, slices: usize) -> Option<PageRef> {
        let fits = |page: PageRef| page.slices >= slices && page.slices - slices <= slices / 4;
        let page = self.empty_large().take_first(TRIES, fits)?;
        self.forget_empty(page);
        page.renew_large();
        // It was empty, so no block can be on its way to it.
        let unlisted = B::unlist(page);
        debug_assert!(unlisted);
        Some(page)
    }
}
