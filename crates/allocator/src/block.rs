//! What the allocator knows of a block: a few bytes of the object header that lies at its start.
//!
//! ```text
//!     byte 0        4        8        12      14
//!     | u32 local | u32 shared | u32 link | u16 owner | (two bytes of the object model)
//! ```
//!
//! While an object lives, all of it is the object model's (`link` is its shape). While the block is free,
//! `link` chains it in a free list.
//!
//! # Invariants
//! - B1: **a block is live exactly while its owner is not [`NOBODY`].** The allocator hands out blocks whose
//!   owner is nobody, and makes it nobody again when the block is freed; the object model must write another
//!   owner (a heap, or one of the special ones) into each object before the next safepoint. That is
//!   how a heap walk tells objects from free blocks without a bitmap, and it skips half-made objects.
//! - B2: the counts and the owner of a free block read as zero, "dead", for as long as a thread that came by
//!   a stale pointer may look at them: they are only ever written atomically, and the link overlaps neither.
//!   A try-increment must therefore refuse a shared word of zero, without a transient change to it. (In the
//!   `gil` build there are no such readers, and only the owner is written.)
//!
//! All accesses are relaxed: blocks pass between threads through the lists of `remote.rs`, whose orderings
//! publish them; a stale reader needs any one of the values that were there, not their order.

use std::ptr::NonNull;

use mode::OwnerId;
use mode::primitive::{AtomicU16, AtomicU32, Ordering};

/// Blocks are aligned to this many bytes, and their sizes are multiples of it.
pub const GRAIN: usize = 8;

/// The bytes of an object's header, which is the smallest block.
pub const HEADER: usize = 16;

/// The owner of a free block. No heap has this id.
pub const NOBODY: OwnerId = OwnerId(0);

const LOCAL: usize = 0;
const SHARED: usize = 4;
const LINK: usize = 8;
const OWNER: usize = 12;

/// The 32-bit word `at` bytes into a block.
///
/// # Safety
/// `block` must be a block of a page that is not released during `'a`; `at` is one of the constants above.
#[inline(always)]
unsafe fn word<'a>(block: NonNull<u8>, at: usize) -> &'a AtomicU32 {
    // SAFETY: a block has at least 16 bytes and is aligned to 8, so the word is inside and aligned; it is
    // written through atomics or by the only thread that can reach it.
    unsafe { block.add(at).cast::<AtomicU32>().as_ref() }
}

/// The owner field of a block.
///
/// # Safety
/// As [`word`].
#[inline(always)]
unsafe fn owner_field<'a>(block: NonNull<u8>) -> &'a AtomicU16 {
    // SAFETY: bytes 12 and 13 of a block exist and are aligned to 2, and are accessed as `word` says.
    unsafe { block.add(OWNER).cast::<AtomicU16>().as_ref() }
}

/// The next block of the free list that `block` is in, as a place in its page; 0 if it is the last.
///
/// # Safety
/// `block` must be a free block in the caller's hands.
#[inline(always)]
pub(crate) unsafe fn link(block: NonNull<u8>) -> u32 {
    // SAFETY: the caller holds the block, so its page is not released.
    unsafe { word(block, LINK) }.load(Ordering::Relaxed)
}

/// Chains `block` before the block at place `next`.
///
/// # Safety
/// As [`link`].
#[inline(always)]
pub(crate) unsafe fn set_link(block: NonNull<u8>, next: u32) {
    // SAFETY: as in `link`.
    unsafe { word(block, LINK) }.store(next, Ordering::Relaxed);
}

/// Makes the block's counts and owner read as dead (B2).
///
/// # Safety
/// The block's object must be destroyed (or never have been made), and the block in the caller's hands.
#[inline(always)]
pub(crate) unsafe fn bury(block: NonNull<u8>) {
    // SAFETY: the caller holds the block.
    unsafe { word(block, LOCAL) }.store(0, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { word(block, SHARED) }.store(0, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { disown(block) };
}

/// Makes the block's owner nobody, where no thread can have a stale pointer.
///
/// # Safety
/// As [`bury`].
#[inline(always)]
pub(crate) unsafe fn disown(block: NonNull<u8>) {
    // SAFETY: the caller holds the block.
    unsafe { owner_field(block) }.store(NOBODY.0, Ordering::Relaxed);
}

/// True if an object lives in the block (B1).
///
/// # Safety
/// `block` must be a block of a page that is not released meanwhile.
#[inline(always)]
pub(crate) unsafe fn is_live(block: NonNull<u8>) -> bool {
    // SAFETY: the caller's page is not released.
    unsafe { owner_field(block) }.load(Ordering::Relaxed) != NOBODY.0
}

/// True if the counts read as dead.
///
/// # Safety
/// As [`is_live`].
pub(crate) unsafe fn reads_dead(block: NonNull<u8>) -> bool {
    // SAFETY: the caller's page is not released.
    let local = unsafe { word(block, LOCAL) }.load(Ordering::Relaxed);
    // SAFETY: as above.
    let shared = unsafe { word(block, SHARED) }.load(Ordering::Relaxed);
    local == 0 && shared == 0
}
