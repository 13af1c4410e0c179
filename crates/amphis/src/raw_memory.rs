//! Where arrays, tables and strings come from: `mimalloc`, or the system's allocator where a sanitizer watches.
//!
//! Not here: objects, which have a heap of their own (`allocator`).

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;
use mode::sanitizer;

#[global_allocator]
static ALLOCATOR: RawMemory = RawMemory;

struct RawMemory;

// SAFETY: every call goes to one allocator, always the same, which keeps the contract.
unsafe impl GlobalAlloc for RawMemory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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
        if sanitizer::ANY {
            // SAFETY: as in `dealloc`.
            unsafe { System.realloc(memory, layout, size) }
        } else {
            // SAFETY: as above.
            unsafe { MiMalloc.realloc(memory, layout, size) }
        }
    }
}
