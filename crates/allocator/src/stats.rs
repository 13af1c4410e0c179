//! How much memory the objects have.
//!
//! Counted by walking page headers, so that allocating and freeing keep no figures but those they need.

use crate::heap::{Backend, RawHeap};
use crate::page::{LARGE, SLICE};
use crate::segment::{self, PoolStats};
use crate::size_class::{BLOCK_SIZES, CLASSES};

/// What one size class holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassStats {
    /// Bytes a block.
    pub block_size: usize,
    /// Pages with blocks in use.
    pub pages: usize,
    /// Blocks in use; those that other threads freed count until they are collected.
    pub blocks: usize,
}

/// What one heap holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeapStats {
    /// By class.
    pub classes: [ClassStats; CLASSES],
    /// Blocks with a page of their own.
    pub large_blocks: usize,
    /// The bytes of their pages.
    pub large_bytes: usize,
    /// The bytes of all pages with blocks in use.
    pub held_bytes: usize,
    /// The bytes of empty pages that the heap keeps.
    pub empty_bytes: usize,
}

impl HeapStats {
    /// The blocks in use.
    pub fn blocks(&self) -> usize {
        self.classes.iter().map(|class| class.blocks).sum::<usize>() + self.large_blocks
    }

    /// The bytes of blocks in use.
    pub fn block_bytes(&self) -> usize {
        self.classes.iter().map(|class| class.blocks * class.block_size).sum::<usize>() + self.large_bytes
    }
}

impl<B: Backend> RawHeap<B> {
    /// What the heap holds.
    ///
    /// # Safety
    /// The caller must own the heap (`heap.rs` H1).
    pub unsafe fn stats(&self) -> HeapStats {
        let mut classes = BLOCK_SIZES
            .map(|block_size| ClassStats { block_size: block_size as usize, ..ClassStats::default() });
        let (mut large_blocks, mut large_bytes) = (0, 0);
        for page in self.pages_in_use() {
            if page.class == LARGE {
                large_blocks += 1;
                large_bytes += page.slices * SLICE;
            } else {
                let class = &mut classes[page.class as usize];
                class.pages += 1;
                class.blocks += page.blocks_in_use() as usize;
            }
        }
        HeapStats {
            classes,
            large_blocks,
            large_bytes,
            held_bytes: self.held_bytes(),
            // SAFETY: the caller owns the heap.
            empty_bytes: unsafe { self.retired_bytes() },
        }
    }
}

/// What the process holds for all heaps of both builds.
pub fn pool() -> PoolStats {
    segment::stats()
}
