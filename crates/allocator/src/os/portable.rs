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

/// How [`map_pages`] aligns.
const PAGE: usize = 4096;

/// Allocates `len` zeroed bytes.
pub(crate) fn map_pages(len: usize) -> Option<NonNull<u8>> {
    map(len, PAGE)
}

/// Gives `len` bytes at `start` back.
///
/// # Safety
/// [`map_pages`] or [`resize_pages`] must have answered `start` for `len`, and it is never touched again.
pub(crate) unsafe fn unmap_pages(start: NonNull<u8>, len: usize) {
    // SAFETY: the contract is the same.
    unsafe { unmap(start, len, PAGE) };
}

/// Makes `old` bytes at `start` as many as `new`, elsewhere; what is added is zeroed. `None` changes nothing.
///
/// # Safety
/// As [`unmap_pages`], if it succeeds.
pub(crate) unsafe fn resize_pages(start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
    let moved = map_pages(new)?;
    // SAFETY: two allocations, of at least so many bytes.
    unsafe { std::ptr::copy_nonoverlapping(start.as_ptr(), moved.as_ptr(), old.min(new)) };
    // SAFETY: by the contract nobody uses the old bytes any more.
    unsafe { unmap_pages(start, old) };
    Some(moved)
}
