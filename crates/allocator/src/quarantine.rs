//! Blocks that rest between their death and their next life, so that a sanitizer can see who still uses them.
//!
//! Only in builds for AddressSanitizer ([`sanitizer::ADDRESS`]); in all others every function here is empty.
//!
//! - Q1: the bytes of a free block after its header are poisoned. The header (`block.rs`) is not: stale readers may
//!   look at, and compare-exchange, its counts (B2), and the free lists use its link.
//! - Q2: a freed block rests here, behind [`RESTING`] others, before it goes back to its page. To its page it is in
//!   use meanwhile, to a heap walk it is dead, as are the blocks in `remote`.
//! - Q3: what has rested is freed by whichever thread comes by; any thread may free any block.
//!
//! Not covered: headers, what lies between an object's end and its block's, and registers of the interpreter.

use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use mode::sanitizer;

use crate::block::HEADER;

/// How many blocks rest. The allocator's own tests count blocks and pages, so there none do.
const RESTING: usize = if cfg!(test) { 0 } else { 1 << 16 };

/// The address of a block on its way.
struct Resting(NonNull<u8>);

// SAFETY: a dead block is nobody's but the queue's, and may be freed from any thread (Q3).
unsafe impl Send for Resting {}

static QUEUE: Mutex<VecDeque<Resting>> = Mutex::new(VecDeque::new());

/// Lays a dead block to rest, and answers the one to be freed in its place, if any: `block` itself where nothing rests.
#[inline(always)]
pub(crate) fn exchange(block: NonNull<u8>) -> Option<NonNull<u8>> {
    if !sanitizer::ADDRESS || RESTING == 0 {
        return Some(block);
    }
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    queue.push_back(Resting(block));
    if queue.len() > RESTING { queue.pop_front().map(|resting| resting.0) } else { None }
}

/// Poisons a free block of `size` bytes (Q1).
///
/// # Safety
/// The block must be dead and the caller's.
#[inline(always)]
pub(crate) unsafe fn poison(block: NonNull<u8>, size: usize) {
    // SAFETY: the bytes after the header are the caller's, and blocks are multiples of 8 bytes.
    unsafe { sanitizer::poison(block.as_ptr().wrapping_add(HEADER), size - HEADER) };
}

/// Allows the use of all of a block, or of all of a page, again.
///
/// # Safety
/// As [`poison`].
#[inline(always)]
pub(crate) unsafe fn unpoison(block: NonNull<u8>, size: usize) {
    // SAFETY: the bytes are the caller's.
    unsafe { sanitizer::unpoison(block.as_ptr(), size) };
}
