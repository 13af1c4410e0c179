//! Where other threads leave references that only an object's owner can settle.
//!
//! A heap has one queue. While the heap's thread is attached, others give it objects and the thread merges them at
//! its next safepoint. While it is detached (blocked in a call, or gone, its heap parked), nobody counts in those
//! objects' local words, so the giver merges at once: a sleeping owner holds no garbage. One mutex covers the
//! owner's state, the list, and such a merge, so that an owner who wakes waits until it is done.
//!
//! # Invariants
//! - An object in the list holds exactly one reference, the list's.
//! - Whoever merges for the owner holds the mutex and saw the owner detached in it.
//! - [`MergeQueue::try_detach`] leaves an empty list, and a detached owner's list does not grow.
//!
//! Not here: counting (`free_threaded`), destruction, waking the owner (`vm`).
//!
//! Checked by `loom-tests/tests/merge_queue.rs`.

use std::ptr::NonNull;
use std::sync::PoisonError;

use mode::primitive::{AtomicBool, Mutex, MutexGuard, Ordering};

use crate::Release;

/// What became of an object that was given to a queue.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The owner merges it: the caller sets the owner's poll word.
    Queued,
    /// It was merged for the owner. If `Dead`, the caller destroys the object now, outside the queue.
    Merged(Release),
}

/// The references that other threads hand to one heap's owner, and whether that owner runs.
#[derive(Debug)]
pub struct MergeQueue {
    inner: Mutex<Inner>,
    /// Whether the list holds something; written under the mutex.
    pending: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    attached: bool,
    objects: Vec<NonNull<()>>,
}

// SAFETY: the pointers are carried, never followed; each stands for one counted reference, which any thread may hold.
unsafe impl Send for Inner {}

impl MergeQueue {
    /// An empty queue whose owner is detached.
    pub fn new() -> Self {
        let inner = Inner { attached: false, objects: Vec::new() };
        MergeQueue { inner: Mutex::new(inner), pending: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A merge that panicked left the list as it was.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner, or the thread that adopts its heap, starts to run. Waits while somebody merges for it. The list
    /// may hold objects if the heap was left by [`MergeQueue::detach`].
    pub fn attach(&self) {
        let mut inner = self.lock();
        debug_assert!(!inner.attached, "a heap has one thread");
        inner.attached = true;
    }

    /// The owner stops running, where it cannot destroy objects first: what was given since it last drained stays
    /// until it attaches again or somebody else drains.
    pub fn detach(&self) {
        self.lock().attached = false;
    }

    /// The owner stops running, unless the list holds something: then false, and it drains and tries again.
    #[must_use]
    pub fn try_detach(&self) -> bool {
        let mut inner = self.lock();
        debug_assert!(inner.attached, "only the owner detaches");
        let done = inner.objects.is_empty();
        inner.attached = !done;
        done
    }

    /// Hands over the reference to `object` that [`Release::Queue`] spoke of.
    ///
    /// If the owner is detached, `merge` runs here with the owner held off: it merges one donated reference
    /// ([`RawRefCount::merge`](crate::RawRefCount::merge)) and says what came of it. It does nothing else, as the
    /// queue is locked.
    pub fn give(&self, object: NonNull<()>, merge: impl FnOnce(NonNull<()>) -> Release) -> Given {
        let mut inner = self.lock();
        if !inner.attached {
            return Given::Merged(merge(object));
        }
        inner.objects.push(object);
        // Relaxed: a hint to the owner, who locks before it looks.
        self.pending.store(true, Ordering::Relaxed);
        Given::Queued
    }

    /// Takes all objects. The caller merges each with one donated reference and destroys the dead. For the attached
    /// owner, or for anybody while the world is stopped.
    #[must_use]
    pub fn drain(&self) -> Vec<NonNull<()>> {
        let mut inner = self.lock();
        // Relaxed: as in `give`.
        self.pending.store(false, Ordering::Relaxed);
        std::mem::take(&mut inner.objects)
    }

    /// True if there was nothing to drain a moment ago.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        // Relaxed: the giver sets the owner's poll word, which brings the owner here with the value.
        !self.pending.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> NonNull<()> {
        NonNull::<u64>::dangling().cast()
    }

    #[test]
    fn an_attached_owner_is_given_the_object() {
        let queue = MergeQueue::new();
        queue.attach();
        assert!(queue.is_empty());
        assert_eq!(queue.give(object(), |_| unreachable!("the owner runs")), Given::Queued);
        assert!(!queue.is_empty());
        assert!(!queue.try_detach());
        assert_eq!(queue.drain(), [object()]);
        assert!(queue.is_empty() && queue.try_detach());
    }

    #[test]
    fn a_detached_owner_is_merged_for() {
        let queue = MergeQueue::new();
        assert_eq!(queue.give(object(), |_| Release::Dead), Given::Merged(Release::Dead));
        queue.attach();
        assert_eq!(queue.give(object(), |_| Release::Dead), Given::Queued);
        queue.detach();
        assert_eq!(queue.give(object(), |_| Release::Kept), Given::Merged(Release::Kept));
        assert_eq!(queue.drain().len(), 1);
    }
}
