//! The right to a heap: taken at a thread's start, left at its end, lent while the thread is blocked.
//!
//! Not here: the protocol under it (`parking.rs`), the choice of a heap (`registry.rs`).

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use mode::{Attached, OwnerId};

use crate::heap::{Backend, RawHeap};
use crate::parking::Attended;
use crate::registry::AttachError;
use crate::{Heap, Heaps};

/// The right to a heap: the thread that has it attends the heap. In the `gil` build all handles are to one
/// heap, and the right is the GIL's.
#[derive(Debug)]
pub struct RawHeapHandle<B: Backend> {
    heap: &'static RawHeap<B>,
    /// It may move to another thread, but two cannot have it.
    not_sync: PhantomData<std::cell::Cell<()>>,
}

impl<B: Backend> RawHeapHandle<B> {
    /// As [`attach_heap`](crate::attach_heap), for either build.
    pub fn attach() -> Result<Self, AttachError> {
        Ok(RawHeapHandle { heap: B::attach()?, not_sync: PhantomData })
    }

    /// The heap, for as long as the process lives; the right to use it ends with the handle.
    pub fn heap(&self) -> &'static RawHeap<B> {
        self.heap
    }

    /// Leaves the heap, with all its objects, to the next thread, and answers its id. Dropping the handle
    /// does the same. Messages for the heap's owner that arrive meanwhile are nobody's to read: look for them
    /// after this call (`parking.rs` P4).
    pub fn park(self) -> OwnerId {
        let heap = ManuallyDrop::new(self).heap;
        B::park(heap);
        heap.id()
    }

    /// Lets others [help](crate::with_parked) with the heap while its thread is blocked. Until
    /// [`Self::reattach`] the thread must not use the heap. Look for messages after this call (`parking.rs`
    /// P4).
    pub fn detach(&self) {
        B::detach(self.heap);
    }

    /// Ends what [`Self::detach`] began; waits for a helper.
    pub fn reattach(&self) {
        B::reattach(self.heap);
    }
}

impl<B: Backend> Deref for RawHeapHandle<B> {
    type Target = RawHeap<B>;

    #[inline(always)]
    fn deref(&self) -> &RawHeap<B> {
        self.heap
    }
}

impl<B: Backend> Drop for RawHeapHandle<B> {
    fn drop(&mut self) {
        B::park(self.heap);
    }
}

impl<B: Backend> RawHeap<B> {
    /// Runs `work`, which may use the heap like its owner, while the heap has no thread or its thread is
    /// detached; else the heap's thread must be asked. What was written before this call is seen by a thread
    /// that was found attended, when it looks after it has parked or detached (`parking.rs` P4).
    ///
    /// One helper at a time; the heap's thread waits for it. So `work` must be short, must not run Python,
    /// block, or help with another heap.
    pub fn with_unattended<R>(&'static self, work: impl FnOnce(&'static Self) -> R) -> Result<R, Attended> {
        let _help = self.parking.try_help()?;
        Ok(work(self))
    }
}

impl RawHeap<Heaps> {
    /// The heap of the current thread.
    #[inline(always)]
    pub fn of(token: &Attached) -> &'static Heap {
        // SAFETY: `Attached::new` demands that this is the heap of the thread; heaps are never freed (H2).
        unsafe { token.heap().cast::<Heap>().as_ref() }
    }
}
