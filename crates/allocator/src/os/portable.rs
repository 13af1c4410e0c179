//! The system allocator, where there is no `mmap` (and under Miri).

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::NonNull;

/// Allocates `len` zeroed bytes, aligned to `align`.
pub(crate) fn map(len: usize, align: usize) -> Option<NonNull<u8>> {
    let layout = Layout::from_size_align(len, align).ok().filter(|layout| layout.size() != 0)?;
    // SAFETY: the layout's size is not zero.
    NonNull::new(unsafe { System.alloc_zeroed(layout) })
}

/// Gives `len` bytes at `start` back.
///
/// # Safety
/// `map(len, align)` must have answered `start`, which is never touched again.
pub(crate) unsafe fn unmap(start: NonNull<u8>, len: usize, align: usize) {
    // SAFETY: the layout was valid when `map` used it.
    let layout = unsafe { Layout::from_size_align_unchecked(len, align) };
    // SAFETY: by the contract the memory came from `System` with this layout.
    unsafe { System.dealloc(start.as_ptr(), layout) };
}
