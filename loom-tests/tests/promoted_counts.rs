//! Promoted objects: each thread counts for itself, and whoever has stopped the world adds up. The counters and the counts
//! are those that ship (`refcount::promoted`, `RawRefCount::{promote, settle, demote}`), and so is the world; what
//! `vm::thread::promote` does with them is done here the same way.
//!
//! # Invariants
//! 1. Base plus all counters is the number of references: nobody finds none while somebody has one.
//! 2. A thread's counters are written by others only while it is stopped or gone.
//! 3. What a thread counted is not lost when it ends.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom_tests::shipped::world::World;
use loom_tests::{Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::RawRefCount;
use refcount::free_threaded::RefCount;
use refcount::promoted::Counters;

const OWNER: OwnerId = OwnerId(1);

/// No fault.
const SOUND: u8 = 0;
/// The counters are added up while threads run.
const SETTLE_RUNNING: u8 = 1;
/// One thread's counters are forgotten.
const FORGET: u8 = 2;
/// A thread that ends takes its counters with it.
const LOSE: u8 = 3;

/// A promoted object that a slot refers to.
struct Scene<const FAULT: u8> {
    world: World,
    object: Toy<RefCount>,
    /// 1 while it holds the reference.
    slot: AtomicUsize,
    taker: Counters,
    reader: Counters,
}

impl<const FAULT: u8> Scene<FAULT> {
    fn new() -> Self {
        let scene = Scene {
            world: World::new(),
            object: Toy::new(OWNER, 1),
            slot: AtomicUsize::new(1),
            taker: Counters::new(1),
            reader: Counters::new(1),
        };
        assert!(scene.object.counts.promote(&scene.object.owner, 0));
        (0..3).for_each(|_| scene.world.attach());
        scene
    }

    /// Empties the slot, and drops what was in it.
    fn takes(&self) {
        if self.slot.fetch_and(!1, Ordering::AcqRel) & 1 == 1 {
            self.object.read();
            self.taker.add(0, -1);
        }
        self.world.detach();
    }

    /// Takes a reference, keeps it over a safepoint, and gives it back.
    fn reads(&self) {
        if self.slot.load(Ordering::Acquire) & 1 == 1 {
            self.reader.add(0, 1);
            self.object.read();
            self.world.detach();
            self.world.attach();
            self.object.read();
            self.reader.add(0, -1);
        }
        self.world.detach();
    }

    /// Takes a reference and gives it to the slot's finder in the base: the thread ends with what it counted.
    fn reads_and_ends(&self) {
        if self.slot.load(Ordering::Acquire) & 1 == 1 {
            self.reader.add(0, 1);
            self.object.read();
            // The reference goes on living elsewhere, as one in a list does.
            self.slot.fetch_add(2, Ordering::AcqRel);
        }
        let counted = self.reader.take(0);
        if FAULT != LOSE {
            self.object.counts.settle(&self.object.owner, counted);
        }
        self.world.detach();
    }

    /// Adds up; the object dies if nobody has a reference.
    fn settles(&self) {
        if self.object.counts.number(&self.object.owner).is_none() {
            return;
        }
        let mut counted = self.taker.take(0);
        if FAULT != FORGET {
            counted += self.reader.take(0);
        }
        if self.object.counts.settle(&self.object.owner, counted) == 0 {
            self.object.counts.demote(&self.object.owner);
            self.object.destroy();
        }
    }

    fn collects(&self) {
        if FAULT != SETTLE_RUNNING {
            self.world.stop(|| {});
        }
        self.settles();
        if FAULT != SETTLE_RUNNING {
            self.world.start();
        }
        self.world.detach();
    }

    /// What is still referred to is still there; what is not is found.
    fn end(&self) {
        let slot = self.slot.load(Ordering::Acquire);
        if slot & 1 == 1 {
            self.object.read();
            self.taker.add(0, -1);
        }
        if slot & 2 == 2 {
            self.object.read();
            self.taker.add(0, -1);
        }
        self.settles();
        self.object.assert_dead();
    }
}

fn a_reader<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::new()).role(Scene::takes).role(Scene::reads).role(Scene::collects).end(Scene::end)
}

fn an_ending_thread<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::new())
        .role(Scene::takes)
        .role(Scene::reads_and_ends)
        .role(Scene::collects)
        .end(Scene::end)
}

/// Invariants 1 and 2.
#[test]
fn nobody_finds_none_while_somebody_has_one() {
    check_play(a_reader::<SOUND>);
}

#[test]
fn fails_if_it_is_added_up_while_threads_count() {
    play_must_fail("never destroyed", a_reader::<SETTLE_RUNNING>);
}

#[test]
fn fails_if_a_thread_is_forgotten() {
    play_must_fail("destruction", a_reader::<FORGET>);
}

/// Invariant 3.
#[test]
fn an_ending_thread_leaves_what_it_counted() {
    check_play(an_ending_thread::<SOUND>);
}

#[test]
fn fails_if_an_ending_thread_takes_it_along() {
    play_must_fail("destruction", an_ending_thread::<LOSE>);
}
