//! All live objects, while the world is stopped.

use std::ptr::NonNull;

use crate::object::header::Header;

/// Goes through every live object of every heap. The world must be stopped, and `each` may neither make nor free objects.
pub fn objects(each: &mut dyn FnMut(NonNull<Header>)) {
    // SAFETY: the caller stopped the world, so no block is born or freed.
    unsafe { allocator::walk::for_each_live::<allocator::Heaps>(|block| each(block.cast())) };
}
