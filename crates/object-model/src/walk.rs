//! All live objects, while the world is stopped.

use std::ptr::NonNull;

use crate::object::header::{Header, flag};

/// Goes through every live object of every heap. The world must be stopped, and `each` may neither make nor free objects.
pub fn objects(each: &mut dyn FnMut(NonNull<Header>)) {
    let mut unless_buried = |object: NonNull<Header>| {
        // SAFETY: a block in use has a header. What is left of a class is buried, and stays.
        if unsafe { object.as_ref() }.has_flag(flag::LIVE) {
            each(object);
        }
    };
    // SAFETY: the caller stopped the world, so no block is born or freed.
    unsafe { allocator::walk::for_each_live::<allocator::Heaps>(|block| unless_buried(block.cast())) };
}
