//! One number for each block of the pages that hold candidates: what the collector knows of an object.
//!
//! Numbers lie in the order of blocks in pages, so that an object's is found by arithmetic and a number costs four bytes.
//!
//! # Invariants
//! - K1 A page that has numbers knows where they begin; it forgets when the marks are dropped. Only the thread that
//!   stopped the world uses this.

use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use allocator::page::{PageRef, page_of};

use crate::object::header::Header;

/// No candidate.
const NONE: i32 = i32::MIN;
/// A candidate that is a root whatever its count says (G2).
pub(super) const ROOT: i32 = i32::MAX;
/// A candidate that was reached from a root.
pub(super) const REACHED: i32 = i32::MAX - 1;

/// The numbers of all candidates.
pub(super) struct Marks {
    /// Number 0 is nobody's: a page without numbers begins there.
    numbers: Vec<i32>,
    pages: Vec<PageRef>,
}

impl Marks {
    pub(super) fn new() -> Marks {
        Marks { numbers: vec![NONE], pages: Vec::new() }
    }

    /// Makes a live object a candidate.
    pub(super) fn add(&mut self, object: NonNull<Header>, number: i32) {
        // SAFETY: a live object is a block in use.
        let page = unsafe { page_of(object.cast()) };
        let mut first = page.tag().load(Ordering::Relaxed); // Relaxed: this thread's alone (K1).
        if first == 0 {
            // Objects beyond 2**32 blocks are no candidates; they are kept.
            let Ok(begin) = u32::try_from(self.numbers.len()) else { return };
            first = begin;
            page.tag().store(first, Ordering::Relaxed); // Relaxed: as above.
            self.numbers.resize(self.numbers.len() + page.capacity(), NONE);
            self.pages.push(page);
        }
        self.numbers[first as usize + page.index_of(object.cast())] = number;
    }

    /// The number of a candidate; None for everything else. `object` must be live.
    #[inline]
    pub(super) fn get(&mut self, object: &Header) -> Option<&mut i32> {
        let block = NonNull::from(object).cast();
        // SAFETY: as in `add`.
        let page = unsafe { page_of(block) };
        let first = page.tag().load(Ordering::Relaxed); // Relaxed: this thread's alone (K1).
        if first == 0 {
            return None;
        }
        self.numbers.get_mut(first as usize + page.index_of(block)).filter(|number| **number != NONE)
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        for page in &self.pages {
            page.tag().store(0, Ordering::Relaxed); // Relaxed: as above.
        }
    }
}
