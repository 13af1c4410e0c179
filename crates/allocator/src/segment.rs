//! Where pages come from: 4 MiB segments of 64 slices, shared by all heaps of the process.
//!
//! ```text
//!     slice 0          slices 1 to 63
//!     | 64 headers … | 64 KiB | 64 KiB | …
//! ```
//!
//! Segments are aligned to their size, so the header of the page that starts in a slice is found from any
//! address in that slice by masks and shifts. Slice 0 holds the table of headers only (the rest of it is
//! never touched); its own slot describes the segment. A span longer than half a segment gets a mapping of
//! its own, which begins like a segment, with its block at slice 1.
//!
//! # Invariants
//! - S1: bit `n` of a segment's mask is set exactly when slice `n` is free; bit 0 never is.
//! - S2: `pool.segments[segment.index]` is the segment; none below `first_free` has a free slice.
//!
//! Everything here is behind one lock: a heap comes once per 64 KiB of new pages.
//!
//! Memory goes back to the operating system a segment at a time, and some empty segments are kept.
//!
//! Not here: what becomes of a page that is empty (`heap.rs`).

use std::ptr::NonNull;
use std::sync::{OnceLock, PoisonError};

use mode::primitive::{Mutex, MutexGuard};

use crate::os;
use crate::page::{Page, PageRef, SLICE};
use crate::quarantine;

/// The bytes of a segment.
pub const SEGMENT: usize = SLICE * SLICES;
const SLICES: usize = 64;

/// The distance of two headers in a segment's table.
const HEADER: usize = size_of::<Page>().next_power_of_two();

/// Spans above this many slices get a mapping of their own.
const MAX_SPAN: usize = SLICES / 2;

/// How many wholly free segments are kept at least; above, as many as are in use. Faulting memory in anew
/// costs several times what allocating in it does, so what a program has just given up and may want again
/// stays.
const KEPT_IDLE: usize = 16;

/// All slices free, but for the table's.
const ALL_FREE: u64 = !1;

const _: () = assert!(HEADER * SLICES <= SLICE);

/// What lies in the header slot of slice 0.
#[repr(C)]
struct Segment {
    /// The segment's place in the pool.
    index: usize,
}

struct Entry {
    start: NonNull<u8>,
    free: u64,
}

struct Pool {
    segments: Vec<Entry>,
    /// No segment below this one has a free slice.
    first_free: usize,
    /// How many segments are wholly free.
    idle: usize,
    /// Bytes in mappings of single large blocks.
    dedicated: usize,
}

// SAFETY: the pool owns the free slices of the segments that it points to, and is behind a lock.
unsafe impl Send for Pool {}

fn pool() -> MutexGuard<'static, Pool> {
    static POOL: OnceLock<Mutex<Pool>> = OnceLock::new();
    POOL.get_or_init(|| Mutex::new(Pool { segments: Vec::new(), first_free: 0, idle: 0, dedicated: 0 }))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What the process holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Segments mapped.
    pub segments: usize,
    /// Slices of 64 KiB that no heap has.
    pub free_slices: usize,
    /// Bytes in mappings of single large blocks.
    pub dedicated_bytes: usize,
}

/// What the process holds now.
pub(crate) fn stats() -> PoolStats {
    let pool = pool();
    PoolStats {
        segments: pool.segments.len(),
        free_slices: pool.segments.iter().map(|entry| entry.free.count_ones() as usize).sum(),
        dedicated_bytes: pool.dedicated,
    }
}

/// The header slot of the slice that an address is in.
#[inline(always)]
pub(crate) fn header_of(address: NonNull<u8>) -> NonNull<Page> {
    let header = address.as_ptr().map_addr(|at| (at & !(SEGMENT - 1)) + at / SLICE % SLICES * HEADER);
    // SAFETY: no segment lies at address 0, so neither does an address in one, rounded down to it.
    unsafe { NonNull::new_unchecked(header) }.cast()
}

/// A free span of `slices` slices: its header slot and its start. `None` when memory is short.
pub(crate) fn take(slices: usize) -> Option<(NonNull<Page>, NonNull<u8>)> {
    let start = if slices <= MAX_SPAN { pool().take(slices)? } else { take_dedicated(slices)? };
    Some((header_of(start), start))
}

/// Takes pages back, each of them in no heap.
///
/// # Safety
/// Nobody may look at the pages or their blocks any more, not even by a stale pointer.
pub(crate) unsafe fn give(pages: impl Iterator<Item = PageRef>) {
    for page in pages {
        let (header, slices) = (page.as_raw(), page.slices);
        // SAFETY: the page's blocks are the caller's to give up.
        unsafe { quarantine::unpoison(page.start(), slices * SLICE) };
        if slices <= MAX_SPAN {
            // SAFETY: a page of this many slices came from `Pool::take`, and the caller gives it up.
            unsafe { pool().give(header, slices) };
        } else {
            let len = dedicated_len(slices);
            // SAFETY: a page of this many slices came from `take_dedicated`; the caller gives it up.
            unsafe { os::unmap(start_of(header), len, SEGMENT) };
            pool().dedicated -= len;
        }
    }
}

fn dedicated_len(slices: usize) -> usize {
    // No overflow: `take_dedicated` has checked it.
    (slices + 1) * SLICE
}

fn take_dedicated(slices: usize) -> Option<NonNull<u8>> {
    let len = slices.checked_add(1)?.checked_mul(SLICE)?;
    let start = os::map(len, SEGMENT)?;
    pool().dedicated += len;
    // SAFETY: the mapping has more than one slice.
    Some(unsafe { start.add(SLICE) })
}

/// The start of the segment that a header slot is in.
fn start_of(header: NonNull<Page>) -> NonNull<u8> {
    let start = header.as_ptr().cast::<u8>().map_addr(|at| at & !(SEGMENT - 1));
    // SAFETY: no segment lies at address 0.
    unsafe { NonNull::new_unchecked(start) }
}

impl Pool {
    fn take(&mut self, slices: usize) -> Option<NonNull<u8>> {
        let found = (self.first_free..self.segments.len())
            .find_map(|index| Some((index, find_run(self.segments[index].free, slices)?)));
        let (index, slice) = match found {
            Some(found) => found,
            None => (self.add_segment()?, 1),
        };
        let entry = &mut self.segments[index];
        if entry.free == ALL_FREE {
            self.idle -= 1;
        }
        entry.free &= !run(slice, slices);
        let start = entry.start;
        while self.segments.get(self.first_free).is_some_and(|entry| entry.free == 0) {
            self.first_free += 1;
        }
        // SAFETY: `slice` is a slice of the segment.
        Some(unsafe { start.add(slice * SLICE) })
    }

    fn add_segment(&mut self) -> Option<usize> {
        self.segments.try_reserve(1).ok()?;
        let start = os::map(SEGMENT, SEGMENT)?;
        let index = self.segments.len();
        // SAFETY: the slot of slice 0 is no page's, and large enough.
        unsafe { start.cast::<Segment>().write(Segment { index }) };
        self.segments.push(Entry { start, free: ALL_FREE });
        self.idle += 1;
        Some(index)
    }

    /// Takes `slices` slices back, the first of which has this header.
    ///
    /// # Safety
    /// They came from `take`, and nobody uses them any more.
    unsafe fn give(&mut self, header: NonNull<Page>, slices: usize) {
        let start = start_of(header);
        let slice = (header.addr().get() - start.addr().get()) / HEADER;
        // SAFETY: the slot of slice 0 was written by `add_segment`, and is only touched under the lock.
        let index = unsafe { start.cast::<Segment>().as_ref() }.index;
        self.segments[index].free |= run(slice, slices);
        self.first_free = self.first_free.min(index);
        if self.segments[index].free == ALL_FREE {
            self.idle += 1;
            if self.idle > KEPT_IDLE.max(self.segments.len() - self.idle) {
                self.idle -= 1;
                self.remove_segment(index);
            }
        }
    }

    /// Gives a wholly free segment back to the operating system.
    fn remove_segment(&mut self, index: usize) {
        let gone = self.segments.swap_remove(index);
        if let Some(moved) = self.segments.get(index) {
            // SAFETY: as in `give`: the slot is the segment's, under the lock.
            unsafe { moved.start.cast::<Segment>().as_mut() }.index = index;
            self.first_free = self.first_free.min(index);
        }
        // SAFETY: all its slices were given back, so nobody uses any of it.
        unsafe { os::unmap(gone.start, SEGMENT, SEGMENT) };
    }
}

/// The bits of `count` slices from `slice`.
fn run(slice: usize, count: usize) -> u64 {
    (u64::MAX >> (SLICES - count)) << slice
}

/// The first of `count` neighbouring free slices.
fn find_run(free: u64, count: usize) -> Option<usize> {
    // After a step with `have`, bit n says that `have` slices from n on are free.
    let (mut starts, mut have) = (free, 1);
    while have < count && starts != 0 {
        let step = have.min(count - have);
        starts &= starts >> step;
        have += step;
    }
    (starts != 0).then(|| starts.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_free_slices_are_found() {
        assert_eq!(find_run(ALL_FREE, 1), Some(1));
        assert_eq!(find_run(ALL_FREE, 32), Some(1));
        assert_eq!(find_run(0, 1), None);
        assert_eq!(find_run(0b1011_0111_0110, 3), Some(4));
        assert_eq!(find_run(0b1011_0111_0110, 4), None);
        assert_eq!(find_run(run(20, 7) | run(40, 8), 8), Some(40));
        assert_eq!(run(63, 1), 1 << 63);
    }

    #[test]
    fn two_cache_lines_describe_a_page() {
        assert_eq!(HEADER, 128);
    }
}
