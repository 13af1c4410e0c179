//! Merge queues: owners that run, sleep, wake, end and are succeeded, while others drop what the owner counted.
//!
//! # Invariants
//! 1. `local` plus the shared count is the number of references, a queue's included.
//! 4. Only the owner, or who holds it off, writes `local` and the owner.
//! 5. An object is destroyed once.
//! 10. A detached owner's queue is empty and stays so; every later drop is merged by whoever drops.
//!
//! The numbers are those of `biased_counts.rs`.

use loom::sync::atomic::{AtomicBool, Ordering};
use loom_tests::broken::counts::{Counts, MERGE_BY_STORE};
use loom_tests::broken::queue::*;
use loom_tests::{Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{Given, MergeQueue, RawRefCount, Release};

/// The heap whose queue it is, whatever thread runs it.
const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);
const THIRD: OwnerId = OwnerId(3);

/// An object and its owner's queue.
struct World<Q, C = RefCount> {
    object: Toy<C>,
    queue: Q,
    /// The owner's thread has ended, and no other has taken its heap over.
    parked: AtomicBool,
}

impl<Q: Queue, C: RawRefCount> World<Q, C> {
    /// An object with `references`, all counted by its owner, who is attached if `attached`.
    fn new(references: u32, attached: bool) -> Self {
        let world = World { object: Toy::new(OWNER, 1), queue: Q::new(), parked: AtomicBool::new(false) };
        for _ in 1..references {
            world.object.increment(OWNER);
        }
        if attached {
            world.queue.attach();
        }
        world
    }

    /// What a thread does that gives up its reference.
    fn drop(&self, me: OwnerId) {
        self.object.read();
        let release = self.object.decrement(me);
        if release != Release::Queue {
            self.object.settle(release);
            return;
        }
        if !self.object.owner.load().is_heap() {
            self.object.settle(self.object.merge(1));
            return;
        }
        // SAFETY: the world holds the object until all threads are done.
        let merge = |pointer| unsafe { Toy::<C>::from_pointer(pointer) }.merge(1);
        match self.queue.give(self.object.pointer(), merge) {
            Given::Queued => {}
            Given::Merged(release) => {
                self.object.settle(release);
            }
        }
    }

    /// The owner's safepoint.
    fn drain(&self) {
        for pointer in self.queue.drain() {
            // SAFETY: as in `drop`.
            let object = unsafe { Toy::<C>::from_pointer(pointer) };
            object.settle(object.merge(1));
        }
    }

    /// The owner ends, or goes to sleep with nothing left to do.
    fn detach(&self) {
        while !self.queue.try_detach() {
            self.drain();
        }
    }

    /// The owner's thread ends.
    fn park(&self) {
        self.detach();
        self.parked.swap(true, Ordering::AcqRel);
    }

    /// A new thread takes the heap over, if its thread has ended, and drops the reference that it finds there.
    fn adopt(&self) {
        if self.parked.swap(false, Ordering::AcqRel) {
            self.queue.attach();
            self.object.increment(OWNER);
            self.drop(OWNER);
            self.drop(OWNER);
            self.detach();
        }
    }

    /// With everybody gone, nothing is left to do.
    fn end(&self) {
        self.adopt();
        assert!(self.queue.drain().is_empty(), "left in a sleeping owner's queue");
        self.object.assert_dead();
    }
}

/// Tests of one model: over what ships, over the faultless copy, and over a copy for each fault, which must fail.
macro_rules! protocol {
    ($(#[$doc:meta])* $model:ident: $($twin:ident = $fault:ident: $reason:literal),+ $(,)?) => {
        $(#[$doc])*
        mod $model {
            use super::*;

            #[test]
            fn holds() {
                check_play(super::$model::<MergeQueue>);
            }

            #[test]
            fn holds_for_the_faultless_copy() {
                check_play(super::$model::<Broken<SOUND>>);
            }

            $(#[test]
            fn $twin() {
                play_must_fail($reason, super::$model::<Broken<$fault>>);
            })+
        }
    };
}

protocol! {
    /// Invariants 1, 5 and 10.
    an_attached_owner_is_given_what_others_drop:
        fails_if_others_merge_while_it_runs = MERGE_ALWAYS: "Concurrent read and write accesses",
        fails_if_it_detaches_by_the_hint = DETACH_BY_HINT: "left in a sleeping owner's queue",
        fails_if_it_detaches_without_a_look = DETACH_BLINDLY: "left in a sleeping owner's queue",
}

/// The owner counts, passes a safepoint, drops, and goes to sleep; another thread drops at any time.
fn an_attached_owner_is_given_what_others_drop<Q: Queue>() -> Play<World<Q>> {
    Play::over(<World<Q>>::new(2, true))
        .role(|world| {
            world.object.increment(OWNER);
            if !world.queue.is_empty() {
                world.drain();
            }
            world.drop(OWNER);
            world.drop(OWNER);
            world.detach();
        })
        .role(|world| world.drop(OTHER))
        .end(World::end)
}

protocol! {
    /// Invariants 1, 4 and 5.
    a_detached_owner_is_merged_for:
        fails_if_it_wakes_without_waiting = ATTACH_UNLOCKED: "Concurrent read and write accesses",
        fails_if_it_is_merged_for_without_the_lock = MERGE_UNLOCKED: "Concurrent read and write accesses",
        fails_if_the_state_is_read_before_the_lock = LOOK_BEFORE_LOCK: "left in a sleeping owner's queue",
}

/// Another thread drops while the owner sleeps, wakes, counts, drops and sleeps again.
fn a_detached_owner_is_merged_for<Q: Queue>() -> Play<World<Q>> {
    Play::over(<World<Q>>::new(2, false))
        .role(|world| {
            world.queue.attach();
            world.object.increment(OWNER);
            world.drop(OWNER);
            world.drop(OWNER);
            world.detach();
        })
        .role(|world| world.drop(OTHER))
        .end(World::end)
}

/// The heap has no thread; one of the two merges, the other counts below zero or finds the object merged.
fn two_threads_drop_what_a_parked_heap_counted<C: RawRefCount>() -> Play<World<MergeQueue, C>> {
    Play::over(<World<_, C>>::new(2, false))
        .role(|world| world.drop(OTHER))
        .role(|world| world.drop(THIRD))
        .end(World::end)
}

/// Invariants 1, 4 and 5.
#[test]
fn two_threads_share_a_parked_heap() {
    check_play(two_threads_drop_what_a_parked_heap_counted::<RefCount>);
}

/// The twin: the one who merges loses what the other counts.
#[test]
fn two_threads_fail_if_counts_are_merged_by_a_store() {
    play_must_fail("never destroyed", two_threads_drop_what_a_parked_heap_counted::<Counts<MERGE_BY_STORE>>);
}

protocol! {
    /// Invariants 1, 4, 5 and 10.
    an_owner_ends_and_another_takes_over:
        fails_if_it_ends_by_the_hint = DETACH_BY_HINT: "left in a sleeping owner's queue",
        fails_if_it_ends_without_a_look = DETACH_BLINDLY: "left in a sleeping owner's queue",
        fails_if_the_successor_does_not_wait = ATTACH_UNLOCKED: "Concurrent read and write accesses",
        fails_if_it_is_merged_for_without_the_lock = MERGE_UNLOCKED: "Concurrent read and write accesses",
}

/// The owner drops and ends; a new thread adopts its heap, with the id, and drops what it found there; a third drops
/// at any time.
fn an_owner_ends_and_another_takes_over<Q: Queue>() -> Play<World<Q>> {
    Play::over(<World<Q>>::new(3, true))
        .role(|world| {
            world.drop(OWNER);
            world.park();
        })
        .role(World::adopt)
        .role(|world| world.drop(OTHER))
        .end(World::end)
}
