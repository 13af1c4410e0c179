//! Heaps of the `free-threaded` build: one for each thread, handed on when the thread ends.

use std::ptr::NonNull;
use std::sync::OnceLock;

use mode::OwnerId;

use crate::block;
use crate::heap::{Backend, RawHeap};
use crate::page::PageRef;
use crate::registry::{AttachError, Registry};

/// A heap for each thread.
#[derive(Debug, Clone, Copy)]
pub struct Heaps;

// SAFETY: `owns` compares the heap that the page's header names.
unsafe impl Backend for Heaps {
    const STALE_READERS: bool = true;

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: OnceLock<Registry<Heaps>> = OnceLock::new();
        REGISTRY.get_or_init(|| Registry::new(OwnerId::FIRST_SPECIAL - 1))
    }

    #[inline(always)]
    fn owns(heap: &RawHeap<Self>, page: PageRef) -> bool {
        page.heap() == heap.address()
    }

    #[inline(always)]
    unsafe fn bury(block: NonNull<u8>) {
        // SAFETY: as the caller says.
        unsafe { block::bury(block) };
    }

    fn unlist(page: PageRef) -> bool {
        page.remote.try_unlist()
    }

    fn relist(page: PageRef) -> bool {
        page.remote.try_relist()
    }

    fn attach() -> Result<&'static RawHeap<Self>, AttachError> {
        Self::registry().adopt_or_create()
    }

    fn park(heap: &'static RawHeap<Self>) {
        Self::registry().park(heap);
    }

    fn detach(heap: &RawHeap<Self>) {
        heap.parking.detach();
    }

    fn reattach(heap: &RawHeap<Self>) {
        heap.parking.reattach();
    }
}
