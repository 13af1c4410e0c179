//! What the protocols meet in: an object with counts, owner, and a body that loom watches; data; a place to wait.

use std::ptr::NonNull;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU8, Ordering};
use loom::sync::{Condvar, Mutex};
use mode::OwnerId;
use refcount::{OwnerCell, RawRefCount, Release};

use crate::shipped::lock::{HELD_PARKED, Parking};

/// What the body of a destroyed object holds.
const DESTROYED: u32 = 0;

/// An object with a header and a body.
///
/// Loom rejects an execution in which two threads touch the body, one of them writing, and nothing orders them.
#[derive(Debug)]
pub struct Toy<C> {
    pub counts: C,
    pub owner: OwnerCell,
    body: UnsafeCell<u32>,
}

impl<C: RawRefCount> Toy<C> {
    /// An object of `owner` with one reference, and `tag`, which is not 0, for a body.
    pub fn new(owner: OwnerId, tag: u32) -> Self {
        Toy { counts: C::unique(), owner: OwnerCell::new(owner), body: UnsafeCell::new(tag) }
    }

    /// A block that holds no object.
    pub fn free(owner: OwnerId) -> Self {
        Toy { counts: C::dead(), owner: OwnerCell::new(owner), body: UnsafeCell::new(DESTROYED) }
    }

    /// Makes a new object in a block that holds none.
    pub fn reuse(&self, me: OwnerId, tag: u32) {
        self.write(|body| {
            assert_eq!(*body, DESTROYED, "a living object's block was reused");
            *body = tag;
        });
        self.counts.begin_life(&self.owner, me);
    }

    /// Uses the object: its tag.
    pub fn read(&self) -> u32 {
        self.body.with(|body| {
            // SAFETY: loom fails the model if another thread writes at the same time.
            let tag = unsafe { *body };
            assert_ne!(tag, DESTROYED, "used after its destruction");
            tag
        })
    }

    /// Changes the object in place.
    pub fn write(&self, change: impl FnOnce(&mut u32)) {
        self.body.with_mut(|body| {
            // SAFETY: loom fails the model if another thread touches it at the same time.
            change(unsafe { &mut *body });
        });
    }

    /// Ends the object; its block may be used again.
    pub fn destroy(&self) {
        self.write(|body| {
            assert_ne!(*body, DESTROYED, "destroyed twice");
            *body = DESTROYED;
        });
    }

    /// Destroys the object if `release` says so; true if it did.
    ///
    /// # Panics
    /// If `release` is `Queue`.
    pub fn settle(&self, release: Release) -> bool {
        assert_ne!(release, Release::Queue, "nobody serves the queue");
        if release == Release::Dead {
            self.destroy();
        }
        release == Release::Dead
    }

    pub fn increment(&self, me: OwnerId) {
        self.counts.increment(&self.owner, me);
    }

    #[must_use]
    pub fn try_increment(&self, me: OwnerId) -> bool {
        self.counts.try_increment(&self.owner, me)
    }

    pub fn decrement(&self, me: OwnerId) -> Release {
        self.counts.decrement(&self.owner, me)
    }

    pub fn share(&self, me: OwnerId) {
        self.counts.share(&self.owner, me);
    }

    pub fn merge(&self, donated: u32) -> Release {
        self.counts.merge(&self.owner, donated)
    }

    /// As a queue carries it.
    pub fn pointer(&self) -> NonNull<()> {
        NonNull::from(self).cast()
    }

    /// The object that [`Toy::pointer`] told of.
    ///
    /// # Safety
    /// `pointer` came from a `Toy<C>` that outlives `'a`.
    pub unsafe fn from_pointer<'a>(pointer: NonNull<()>) -> &'a Self {
        // SAFETY: the caller's promise.
        unsafe { pointer.cast().as_ref() }
    }

    /// Checks, when all threads are done, that the object died.
    pub fn assert_dead(&self) {
        self.body.with(|body| {
            // SAFETY: as in `read`.
            assert_eq!(unsafe { *body }, DESTROYED, "never destroyed");
        });
    }
}

/// A free list of two blocks, which hands out at once what was freed last.
#[derive(Debug)]
pub struct FreeList {
    free: Mutex<Vec<usize>>,
}

impl FreeList {
    /// Blocks 0 and 1 are free; 0 is next.
    pub fn new() -> Self {
        FreeList { free: Mutex::new(vec![1, 0]) }
    }

    /// A block.
    ///
    /// # Panics
    /// If none is free.
    pub fn take(&self) -> usize {
        self.free.lock().expect("no thread panics and goes on").pop().expect("both blocks are in use")
    }

    /// How many blocks are free.
    pub fn len(&self) -> usize {
        self.free.lock().expect("no thread panics and goes on").len()
    }

    /// Gives a block back.
    pub fn give(&self, block: usize) {
        self.free.lock().expect("no thread panics and goes on").push(block);
    }
}

/// Data without a lock of its own: loom rejects an execution in which two threads use it, one of them changing it, and
/// nothing orders them.
#[derive(Debug)]
pub struct Watched(UnsafeCell<u32>);

impl Watched {
    /// Holds 0.
    pub fn new() -> Self {
        Watched(UnsafeCell::new(0))
    }

    /// What it holds.
    pub fn get(&self) -> u32 {
        // SAFETY: loom fails the model if another thread changes it at the same time.
        self.0.with(|value| unsafe { *value })
    }

    /// Adds 1.
    pub fn add_one(&self) {
        self.0.with_mut(|value| {
            // SAFETY: loom fails the model if another thread uses it at the same time.
            unsafe { *value += 1 };
        });
    }
}

// SAFETY: loom checks each access.
unsafe impl Sync for Watched {}

/// A place for threads to wait for a lock byte, as `parking_lot_core` is one: what is checked before sleeping is checked
/// under the mutex that the waker takes too.
#[derive(Debug)]
pub struct Lot {
    queue: Mutex<()>,
    woken: Condvar,
    /// Whether a thread sleeps without that check: the fault of a twin.
    pub unchecked: bool,
}

impl Lot {
    /// Nobody waits.
    pub fn new() -> Self {
        Lot { queue: Mutex::new(()), woken: Condvar::new(), unchecked: false }
    }
}

impl Parking for Lot {
    fn park(&self, lock: &AtomicU8) {
        let queue = self.queue.lock().expect("no thread panics and goes on");
        if self.unchecked || lock.load(Ordering::Relaxed) == HELD_PARKED {
            drop(self.woken.wait(queue).expect("no thread panics and goes on"));
        }
    }

    fn unpark_all(&self, _: &AtomicU8) {
        let queue = self.queue.lock().expect("no thread panics and goes on");
        self.woken.notify_all();
        drop(queue);
    }
}
