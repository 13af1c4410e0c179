//! Whole pages for large arrays that grow: the operating system moves them by changing its tables, so that growing copies
//! nothing and the old array does not stay beside the new one, as it does with an allocator for general use.
//!
//! Lengths are multiples of [`UNIT`]. The owner keeps the length.

use std::ptr::NonNull;

use crate::os;

/// What lengths are multiples of, in bytes. (A system with larger pages rounds up.)
pub const UNIT: usize = 4096;

/// Maps `len` zeroed bytes; `None` when memory is short.
pub fn map(len: usize) -> Option<NonNull<u8>> {
    debug_assert!(len != 0 && len.is_multiple_of(UNIT));
    os::map_pages(len)
}

/// Makes `old` bytes at `start` as many as `new`, here or elsewhere; what is added is zeroed. `None` when memory is short,
/// and nothing has changed.
///
/// # Safety
/// [`map`] or this function must have answered `start` for `old` bytes. Nobody may use the old address after a success.
pub unsafe fn resize(start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
    debug_assert!(new != 0 && new.is_multiple_of(UNIT));
    // SAFETY: the contract is the same.
    unsafe { os::resize_pages(start, old, new) }
}

/// Gives `len` bytes at `start` back.
///
/// # Safety
/// [`map`] or [`resize`] must have answered `start` for `len` bytes, and they are never touched again.
pub unsafe fn unmap(start: NonNull<u8>, len: usize) {
    // SAFETY: the contract is the same.
    unsafe { os::unmap_pages(start, len) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_moves_and_what_is_added_is_zero() {
        let mut start = map(UNIT).unwrap();
        let mut len = UNIT;
        for round in 1..10_u8 {
            // SAFETY: the last byte of the mapping.
            unsafe { start.add(len - 1).write(round) };
            // SAFETY: mapped above with this length; `start` is replaced.
            start = unsafe { resize(start, len, len * 2) }.unwrap();
            // SAFETY: inside the mapping.
            assert_eq!(unsafe { (start.add(len - 1).read(), start.add(len).read()) }, (round, 0));
            len *= 2;
        }
        // SAFETY: as above.
        start = unsafe { resize(start, len, UNIT) }.unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { start.add(UNIT - 1).read() }, 1);
        // SAFETY: as above.
        unsafe { unmap(start, UNIT) };
    }
}
