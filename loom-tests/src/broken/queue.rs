//! A merge queue with a fault to choose. Follows `refcount::merge_queue`.

use std::ptr::NonNull;

use mode::primitive::{AtomicBool, Mutex, MutexGuard, Ordering};
use refcount::{Given, MergeQueue, Release};

/// What the models use of a queue.
pub trait Queue: Send + Sync + 'static {
    fn new() -> Self;
    fn attach(&self);
    #[must_use]
    fn try_detach(&self) -> bool;
    fn give(&self, object: NonNull<()>, merge: impl FnOnce(NonNull<()>) -> Release) -> Given;
    fn drain(&self) -> Vec<NonNull<()>>;
    fn is_empty(&self) -> bool;
}

impl Queue for MergeQueue {
    fn new() -> Self {
        MergeQueue::new()
    }

    fn attach(&self) {
        MergeQueue::attach(self);
    }

    fn try_detach(&self) -> bool {
        MergeQueue::try_detach(self)
    }

    fn give(&self, object: NonNull<()>, merge: impl FnOnce(NonNull<()>) -> Release) -> Given {
        MergeQueue::give(self, object, merge)
    }

    fn drain(&self) -> Vec<NonNull<()>> {
        MergeQueue::drain(self)
    }

    fn is_empty(&self) -> bool {
        MergeQueue::is_empty(self)
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// The giver looks at the owner's state before it locks.
pub const LOOK_BEFORE_LOCK: u8 = 1;
/// The giver merges for a detached owner after it has unlocked.
pub const MERGE_UNLOCKED: u8 = 2;
/// The owner detaches by the hint alone, without the lock.
pub const DETACH_BY_HINT: u8 = 3;
/// The owner detaches without looking at the list.
pub const DETACH_BLINDLY: u8 = 4;
/// The giver merges whether the owner runs or not.
pub const MERGE_ALWAYS: u8 = 5;
/// The owner starts to run without waiting for who merges for it.
pub const ATTACH_UNLOCKED: u8 = 6;

/// A merge queue with one fault.
#[derive(Debug)]
pub struct Broken<const FAULT: u8> {
    objects: Mutex<Objects>,
    attached: AtomicBool,
    pending: AtomicBool,
}

#[derive(Debug, Default)]
struct Objects(Vec<NonNull<()>>);

// SAFETY: carried, never followed.
unsafe impl Send for Objects {}

impl<const FAULT: u8> Broken<FAULT> {
    fn lock(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().expect("no thread panics and goes on")
    }
}

impl<const FAULT: u8> Queue for Broken<FAULT> {
    fn new() -> Self {
        Broken {
            objects: Mutex::new(Objects::default()),
            attached: AtomicBool::new(false),
            pending: AtomicBool::new(false),
        }
    }

    fn attach(&self) {
        if FAULT == ATTACH_UNLOCKED {
            self.attached.store(true, Ordering::Release);
            return;
        }
        let _objects = self.lock();
        self.attached.store(true, Ordering::Relaxed);
    }

    fn try_detach(&self) -> bool {
        if FAULT == DETACH_BY_HINT {
            let done = self.is_empty();
            self.attached.store(!done, Ordering::Release);
            return done;
        }
        let objects = self.lock();
        let done = objects.0.is_empty() || FAULT == DETACH_BLINDLY;
        self.attached.store(!done, Ordering::Relaxed);
        done
    }

    fn give(&self, object: NonNull<()>, merge: impl FnOnce(NonNull<()>) -> Release) -> Given {
        let looked = FAULT == LOOK_BEFORE_LOCK && self.attached.load(Ordering::Acquire);
        let mut objects = self.lock();
        let attached = match FAULT {
            LOOK_BEFORE_LOCK => looked,
            MERGE_ALWAYS => false,
            _ => self.attached.load(Ordering::Relaxed),
        };
        if !attached {
            if FAULT == MERGE_UNLOCKED {
                drop(objects);
            }
            return Given::Merged(merge(object));
        }
        objects.0.push(object);
        self.pending.store(true, Ordering::Relaxed);
        Given::Queued
    }

    fn drain(&self) -> Vec<NonNull<()>> {
        let mut objects = self.lock();
        self.pending.store(false, Ordering::Relaxed);
        std::mem::take(&mut objects.0)
    }

    fn is_empty(&self) -> bool {
        !self.pending.load(Ordering::Relaxed)
    }
}
