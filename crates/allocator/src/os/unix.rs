//! `mmap`, `mremap` and `munmap`.

use std::ptr::{self, NonNull};

/// Maps `len` zeroed bytes, aligned to `align`.
pub(crate) fn map(len: usize, align: usize) -> Option<NonNull<u8>> {
    // A mapping larger by `align` holds an aligned one; what lies before and after it is given back.
    let room = len.checked_add(align)?;
    let start = map_pages(room)?;
    let before = start.as_ptr().align_offset(align);
    // SAFETY: `before < align`, so this stays inside the `len + align` bytes just mapped.
    let aligned = unsafe { start.add(before) };
    if before != 0 {
        // SAFETY: these first bytes of our own mapping are in nobody's use; they end at a system page.
        unsafe { unmap(start, before, align) };
    }
    // SAFETY: `before + len <= room`.
    let end = unsafe { aligned.add(len) };
    if room - before - len != 0 {
        // SAFETY: these last bytes of our own mapping are in nobody's use; `len` is a multiple of a page.
        unsafe { unmap(end, room - before - len, align) };
    }
    Some(aligned)
}

/// Maps `len` zeroed bytes.
pub(crate) fn map_pages(len: usize) -> Option<NonNull<u8>> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new anonymous mapping at an address of the system's choice touches no existing memory.
    let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
}

/// Gives `len` bytes at `start` back.
///
/// # Safety
/// They must be mapped by [`map`], whole system pages, and never be touched again.
pub(crate) unsafe fn unmap(start: NonNull<u8>, len: usize, _align: usize) {
    // SAFETY: the contract is the same.
    unsafe { unmap_pages(start, len) };
}

/// Gives `len` bytes at `start` back.
///
/// # Safety
/// They must be mapped by [`map`], [`map_pages`] or [`resize_pages`], whole system pages, and never be touched again.
pub(crate) unsafe fn unmap_pages(start: NonNull<u8>, len: usize) {
    // SAFETY: by the contract this unmaps memory of ours that nobody uses.
    let failed = unsafe { libc::munmap(start.as_ptr().cast(), len) };
    // It can fail only where splitting a mapping would exceed the system's limit; the memory then stays
    // mapped and unused.
    debug_assert_eq!(failed, 0);
}

/// Makes `old` bytes at `start` as many as `new`, here or elsewhere; what is added is zeroed. `None` changes nothing.
///
/// # Safety
/// They must be mapped by [`map_pages`] or this function, and nobody may use their old address after a success.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) unsafe fn resize_pages(start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
    // SAFETY: by the contract the pages are ours, and may move.
    let moved = unsafe { libc::mremap(start.as_ptr().cast(), old, new, libc::MREMAP_MAYMOVE) };
    if moved == libc::MAP_FAILED { None } else { NonNull::new(moved.cast()) }
}

/// Makes `old` bytes at `start` as many as `new`, elsewhere; what is added is zeroed. `None` changes nothing.
///
/// # Safety
/// They must be mapped by [`map_pages`] or this function, and nobody may use their old address after a success.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) unsafe fn resize_pages(start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
    let moved = map_pages(new)?;
    // SAFETY: both are mapped, and a new mapping overlaps no other.
    unsafe { ptr::copy_nonoverlapping(start.as_ptr(), moved.as_ptr(), old.min(new)) };
    // SAFETY: by the contract nobody uses the old pages any more.
    unsafe { unmap_pages(start, old) };
    Some(moved)
}
