//! What the runtime tells a sanitizer of the memory that it recycles by itself.
//!
//! The object heap gives a freed block to the next object of its size, so that AddressSanitizer, which watches the
//! global allocator, would never see a use after free of an object. Under `--cfg amphis_address_sanitizer` (set by
//! `sanitizers/run.sh`) freed blocks are [`poison`]ed until they are allocated again. This is the only file of the
//! workspace that names the cfgs; elsewhere they are ordinary constants.
//!
//! Not here: which bytes are poisoned and how long a block rests (`allocator::quarantine`), which allocator serves
//! the rest (`amphis`'s `main.rs`).

/// True in a build for AddressSanitizer.
pub const ADDRESS: bool = cfg!(amphis_address_sanitizer);

/// True in a build for any sanitizer: raw memory should come from the system's allocator, which they intercept.
pub const ANY: bool = ADDRESS || cfg!(amphis_thread_sanitizer);

/// How many bytes of native stack a thread should have that would have so many. ThreadSanitizer keeps the calls in progress
/// in an array of 65,536 frames for each thread, and writes behind its end when there are more: no stack may hold so many.
/// Frames of recursions have more than 128 bytes in a build for it.
pub fn stack(wanted: usize) -> usize {
    if cfg!(amphis_thread_sanitizer) { wanted.min(65_536 * 128) } else { wanted }
}

#[cfg(amphis_address_sanitizer)]
mod imp {
    use std::ffi::c_void;

    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const c_void, size: usize);
        fn __asan_unpoison_memory_region(start: *const c_void, size: usize);
    }

    pub unsafe fn poison(start: *const u8, size: usize) {
        // SAFETY: the caller owns the region, and only instrumented code, which asks the sanitizer first, sees the mark.
        unsafe { __asan_poison_memory_region(start.cast(), size) };
    }

    pub unsafe fn unpoison(start: *const u8, size: usize) {
        // SAFETY: the caller owns the region.
        unsafe { __asan_unpoison_memory_region(start.cast(), size) };
    }
}

#[cfg(not(amphis_address_sanitizer))]
mod imp {
    #[inline(always)]
    pub unsafe fn poison(_start: *const u8, _size: usize) {}

    #[inline(always)]
    pub unsafe fn unpoison(_start: *const u8, _size: usize) {}
}

/// Makes every access to these bytes an error, until [`unpoison`]. Does nothing but in a build for AddressSanitizer.
///
/// # Safety
/// The region must be mapped, the caller's alone, and begin and end at multiples of 8.
#[inline(always)]
pub unsafe fn poison(start: *const u8, size: usize) {
    // SAFETY: the caller says so.
    unsafe { imp::poison(start, size) };
}

/// Allows accesses to these bytes again.
///
/// # Safety
/// As [`poison`].
#[inline(always)]
pub unsafe fn unpoison(start: *const u8, size: usize) {
    // SAFETY: the caller says so.
    unsafe { imp::unpoison(start, size) };
}
