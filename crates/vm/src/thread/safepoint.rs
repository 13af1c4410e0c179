//! What a thread does at a safepoint, and around blocking code.

use std::sync::atomic::Ordering;

use mode::{Attached, FREE_THREADED, OwnerId};
use object_model::object::header::Header;
use object_model::object::layout;
use object_model::reclaim;
use refcount::{Given, MergeQueue, Release};

use super::registry;
use super::state::{Thread, poll};
use crate::error::PyResult;

/// Does what the poll word asks for.
#[cold]
#[inline(never)]
pub fn pass(th: &mut Thread) -> PyResult<()> {
    // Acquire pairs with the release in `registry::poke`.
    let asked = th.poll_word().swap(0, Ordering::AcqRel);
    if asked & poll::END != 0 {
        rest_for_ever(th);
    }
    if asked & poll::STOP != 0 {
        registry::world().pause();
    }
    if asked & poll::GIL != 0 {
        yield_gil(th);
    }
    if asked & poll::MERGE != 0 {
        drain_merges(th);
    }
    if asked & poll::PROMOTE != 0 {
        super::promote::pass(th);
    }
    reclaim::quiescent();
    if asked & poll::RECLAIM_ALL == poll::RECLAIM {
        push_on(th);
    }
    if asked & poll::COLLECT != 0 {
        crate::collect::collect_if_enabled(th);
    }
    if asked & poll::SIGNAL != 0 && th.is_main {
        super::signals::deliver(th)?;
    }
    if asked & poll::ASYNC_EXCEPTION != 0 {
        let exception = th.async_exception.lock().take();
        if let Some(exception) = exception {
            return Err(crate::exceptions::raise_object(th, exception));
        }
    }
    Ok(())
}

/// Hook of `object_model`: the thread has retired enough to free some of it at its next safepoint.
pub(super) fn retired(token: &Attached) {
    Thread::behind(token).poll_word().fetch_or(poll::RECLAIM, Ordering::Relaxed); // Relaxed: own thread.
}

/// The thread frees what it retired, which it can as soon as all others have passed a safepoint since: now and then it
/// asks them to.
fn push_on(th: &mut Thread) {
    th.reclaims = th.reclaims.wrapping_add(1);
    if FREE_THREADED && th.reclaims.is_multiple_of(RECLAIMS_ALONE) {
        registry::poke_others(th, poll::RECLAIM_ALL);
    }
}

/// So often a thread frees what it can without asking the others.
const RECLAIMS_ALONE: u32 = 16;

fn yield_gil(th: &mut Thread) {
    if !registry::gil_enabled() {
        return;
    }
    before_detach(th);
    registry::world().detach();
    registry::gil().hand_over(th.ident, |holder| registry::poke_thread(holder, poll::GIL));
    registry::world().attach();
    after_attach(th);
}

/// The merge queue of a heap.
pub(super) fn queue_of(owner: OwnerId) -> Option<&'static MergeQueue> {
    let heap = allocator::heap(owner)?;
    // SAFETY: the extension is set once, to a leaked `MergeQueue`, before the heap has objects.
    unsafe { heap.extension().cast::<MergeQueue>().as_ref() }
}

fn drain_merges(th: &mut Thread) {
    let Some(queue) = queue_of(th.owner()) else { return };
    for object in queue.drain() {
        let object = object.cast::<Header>();
        // SAFETY: a queued object holds the reference donated with it; we are its owner.
        let release = unsafe { object.as_ref() }.merge(1);
        // SAFETY: the answer of the merge; the object is not touched afterwards.
        unsafe { layout::released(object, release) };
    }
}

/// In the child of a fork: settles what the thread of a heap, which is gone, was given to settle, and leaves the heap to the
/// next thread.
pub(super) fn end_for(owner: OwnerId) {
    let mut given = Vec::new();
    if let Some(queue) = queue_of(owner) {
        given = queue.drain();
        queue.detach();
    }
    for object in given {
        let object = object.cast::<Header>();
        // SAFETY: a queued object holds the reference donated with it; its owner is gone, and there is no other thread.
        let release = unsafe { object.as_ref() }.merge(1);
        // SAFETY: the answer of the merge; the object is not touched afterwards.
        unsafe { layout::released(object, release) };
    }
    // SAFETY: its thread is gone.
    unsafe { allocator::park_heap_of_gone(owner) };
}

/// Hook of `object_model`: a foreign reference was given up that only the owner can settle.
pub(super) fn queue(object: std::ptr::NonNull<Header>) {
    // SAFETY: the donated reference keeps the object alive until it is merged.
    let owner = unsafe { object.as_ref() }.owner();
    let settle = |object: std::ptr::NonNull<()>| -> Release {
        // SAFETY: as above.
        unsafe { object.cast::<Header>().as_ref() }.merge(1)
    };
    let given = match queue_of(owner) {
        Some(queue) if owner.is_heap() => queue.give(object.cast(), settle),
        _ => Given::Merged(settle(object.cast())),
    };
    match given {
        Given::Queued => registry::poke_owner(owner, poll::MERGE),
        // SAFETY: the answer of the merge; the object is not touched afterwards.
        Given::Merged(release) => unsafe { layout::released(object, release) },
    }
}

fn before_detach(th: &mut Thread) {
    if FREE_THREADED {
        // What is given to the queue after this is merged by the giver.
        while let Some(queue) = queue_of(th.owner()) {
            drain_merges(th);
            if queue.try_detach() {
                break;
            }
        }
    }
    reclaim::leave();
}

fn after_attach(th: &mut Thread) {
    reclaim::enter();
    if FREE_THREADED && let Some(queue) = queue_of(th.owner()) {
        queue.attach();
    }
}

/// What this thread uses is being taken apart: it waits for the end of the process.
#[cold]
fn rest_for_ever(th: &mut Thread) -> ! {
    th.detached(|| {
        loop {
            std::thread::park();
        }
    })
}

impl Thread {
    /// Runs native code that may block, or take long, while other threads run Python. Nothing in it may touch objects.
    pub fn detached<R>(&mut self, body: impl FnOnce() -> R) -> R {
        self.detach();
        let result = body();
        self.attach();
        result
    }

    /// Attaches again inside [`Thread::detached`], for the length of `body`.
    ///
    /// # Safety
    /// The thread must be inside `detached`, in whose closure this is called; it is attached while `body` runs.
    pub unsafe fn attached_again<R>(&mut self, body: impl FnOnce(&mut Thread) -> R) -> R {
        self.attach();
        let result = body(self);
        self.detach();
        result
    }

    fn detach(&mut self) {
        before_detach(self);
        registry::world().detach();
        if registry::gil_enabled() {
            registry::gil().release();
        }
    }

    fn attach(&mut self) {
        // SAFETY: reading errno's location of the calling thread; it is restored below, as callers look at it.
        let errno = unsafe { *libc::__errno_location() };
        if registry::gil_enabled() {
            registry::gil().take(self.ident, |holder| registry::poke_thread(holder, poll::GIL));
        }
        registry::world().attach();
        after_attach(self);
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = errno };
    }

    /// First attachment of a new thread.
    pub(super) fn attach_first(&mut self) {
        self.attach();
    }

    /// Last detachment of an ending thread.
    pub(super) fn detach_last(&mut self) {
        self.detach();
    }

    /// Runs `body` while no other thread touches objects.
    pub fn stop_the_world<R>(&mut self, body: impl FnOnce(&mut Thread) -> R) -> R {
        if registry::gil_enabled() {
            return body(self);
        }
        registry::world().stop(|| registry::poke_all(poll::STOP));
        let result = body(self);
        registry::world().start();
        result
    }
}

/// Hook of `object_model`: waits for an object lock while counting as stopped. The epoch guard stays pinned: the
/// waiter may hold borrows of storage.
pub(super) fn wait_detached(token: &Attached, wait: &mut dyn FnMut()) {
    let _ = token;
    registry::world().detach();
    if registry::gil_enabled() {
        registry::gil().release();
    }
    wait();
    if registry::gil_enabled() {
        registry::gil().take(registry::new_ident(), |holder| registry::poke_thread(holder, poll::GIL));
    }
    registry::world().attach();
}

/// Hook of `object_model`: ends the owner's bias on an object's lock, and on those of its whole page.
pub(super) fn revoke_bias(_token: &Attached, object: std::ptr::NonNull<Header>) {
    registry::world().stop(|| registry::poke_all(poll::STOP));
    // SAFETY: a live object of the heap; the world is stopped, so no owner is in the middle of a biased mutation.
    unsafe { object_model::lock::object_lock::end_bias_of_page(object) };
    registry::world().start();
}
