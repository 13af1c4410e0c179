//! Heaps of the `gil` build: one for all threads, used under the GIL.
//!
//! Every page is the heap's own, so a free is always local; nobody has stale pointers, as no thread runs
//! while another is between two loads.

use std::ptr::NonNull;
use std::sync::OnceLock;

use crate::block;
use crate::heap::{Backend, RawHeap};
use crate::page::PageRef;
use crate::registry::{AttachError, Registry};

/// One heap, shared under the GIL.
#[derive(Debug, Clone, Copy)]
pub struct Heaps;

// SAFETY: there is one heap, so each page in use is its own.
unsafe impl Backend for Heaps {
    const STALE_READERS: bool = false;

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: OnceLock<Registry<Heaps>> = OnceLock::new();
        REGISTRY.get_or_init(|| Registry::new(1))
    }

    #[inline(always)]
    fn owns(_: &RawHeap<Self>, _: PageRef) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn bury(block: NonNull<u8>) {
        // SAFETY: as the caller says. Only the walk asks whether it is free.
        unsafe { block::disown(block) };
    }

    fn unlist(_: PageRef) -> bool {
        true
    }

    fn relist(_: PageRef) -> bool {
        true
    }

    fn attach() -> Result<&'static RawHeap<Self>, AttachError> {
        Self::registry().first_heap()
    }

    fn park(_: &'static RawHeap<Self>) {}

    fn detach(_: &RawHeap<Self>) {}

    fn reattach(_: &RawHeap<Self>) {}
}
