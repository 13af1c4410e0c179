//! How much all heaps hold, and who is told when that passes a limit: the collector's trigger. Looked at when a page is
//! taken or given up, not for each block.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

static HELD: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
static HOOK: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Bytes of pages with blocks in use, of all heaps.
pub fn held() -> usize {
    HELD.load(Ordering::Relaxed) // Relaxed: a statistic.
}

/// Sets the limit, in bytes.
pub fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// Sets what is called, on the thread that allocates, for each page beyond the limit. It must not allocate blocks.
pub fn set_hook(hook: fn()) {
    // Release pairs with the acquire in `changed`, though a function needs no publishing.
    HOOK.store(hook as *mut (), Ordering::Release);
}

pub(crate) fn changed(bytes: isize) {
    // Relaxed: a statistic; wrapping addition serves both directions.
    let before = HELD.fetch_add(bytes as usize, Ordering::Relaxed);
    // Relaxed: a number on its own.
    if bytes > 0 && before.wrapping_add_signed(bytes) > LIMIT.load(Ordering::Relaxed) {
        let hook = HOOK.load(Ordering::Acquire);
        if !hook.is_null() {
            // SAFETY: only `set_hook` writes the pointer, of such a function.
            unsafe { std::mem::transmute::<*mut (), fn()>(hook)() };
        }
    }
}
