//! All live objects, while the world is stopped.

use std::ptr::NonNull;

use crate::object::header::Header;

/// Every live object of every heap. The world must be stopped while the answer is used.
pub fn objects() -> Vec<NonNull<Header>> {
    let mut all = Vec::new();
    // SAFETY: the caller stopped the world, so no block is born or freed.
    unsafe { allocator::walk::for_each_live::<allocator::Heaps>(|block| all.push(block.cast())) };
    all
}
