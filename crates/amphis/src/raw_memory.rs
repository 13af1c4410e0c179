//! Where arrays, tables and strings come from: `mimalloc`, or the system's allocator where a sanitizer watches.
//!
//! More than the machine has is refused at once: `mimalloc` would promise it, and the process would be killed for using it.
//!
//! Not here: objects, which have a heap of their own (`allocator`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use mimalloc::MiMalloc;
use mode::sanitizer;

#[global_allocator]
static ALLOCATOR: RawMemory = RawMemory;

struct RawMemory;

/// Sizes below this are not looked at.
const LARGE: usize = 1 << 30;

/// True for what the machine's memory can hold.
#[inline(always)]
fn fits(size: usize) -> bool {
    size < LARGE || size <= machine()
}

/// The bytes of the machine's memory.
#[cold]
fn machine() -> usize {
    static BYTES: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: a number on its own, the same whoever finds it out.
    let known = BYTES.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: `sysconf` has no preconditions.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    let bytes = usize::try_from(pages).unwrap_or(0).saturating_mul(usize::try_from(size).unwrap_or(0));
    let bytes = if bytes == 0 { usize::MAX } else { bytes };
    BYTES.store(bytes, Ordering::Relaxed); // Relaxed: as above.
    bytes
}

// SAFETY: every call goes to one allocator, always the same, which keeps the contract.
unsafe impl GlobalAlloc for RawMemory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !fits(layout.size()) {
            return std::ptr::null_mut();
        }
        if sanitizer::ANY {
            // SAFETY: the caller's contract is the same.
            unsafe { System.alloc(layout) }
        } else {
            // SAFETY: as above.
            unsafe { MiMalloc.alloc(layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !fits(layout.size()) {
            return std::ptr::null_mut();
        }
        if sanitizer::ANY {
            // SAFETY: as in `alloc`.
            unsafe { System.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { MiMalloc.alloc_zeroed(layout) }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if sanitizer::ANY {
            // SAFETY: as in `alloc`; the memory came from there.
            unsafe { System.dealloc(memory, layout) }
        } else {
            // SAFETY: as above.
            unsafe { MiMalloc.dealloc(memory, layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !fits(size) {
            return std::ptr::null_mut();
        }
        if sanitizer::ANY {
            // SAFETY: as in `dealloc`.
            unsafe { System.realloc(memory, layout, size) }
        } else {
            // SAFETY: as above.
            unsafe { MiMalloc.realloc(memory, layout, size) }
        }
    }
}
