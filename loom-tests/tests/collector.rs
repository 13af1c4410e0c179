//! A collection among running threads (`vm::collect`): the world is stopped to find garbage and to cut it off from weak
//! references, runs for finalizers, and is stopped again to see what they brought back. Counts and world are those
//! that ship.
//!
//! # Invariants
//! 1. What is dismantled is nobody's: neither a weak reference that was followed nor a finalizer gave it to anyone.
//! 2. Following a weak reference has no safepoint inside, so it is over, or has not begun, when the world is stopped.
//! 3. Garbage is dismantled once; what is not garbage any more is kept.

use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom_tests::shipped::world::World;
use loom_tests::{Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{RawRefCount, Release};

const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);

/// No fault.
const SOUND: u8 = 0;
/// Garbage is looked for while others run.
const LOOK_RUNNING: u8 = 1;
/// Weak references still lead to garbage.
const KEEP_WEAK: u8 = 2;
/// What finalizers did is not looked at.
const LOOK_ONCE: u8 = 3;

/// An object in a cycle with itself, and a weak reference to it.
struct Scene<const FAULT: u8> {
    world: World,
    object: Toy<RefCount>,
    weak: AtomicBool,
    /// Where the finalizer puts the object.
    global: AtomicBool,
    donated: AtomicU32,
    dismantled: AtomicBool,
}

impl<const FAULT: u8> Scene<FAULT> {
    /// `attached` threads run already.
    fn of(attached: usize) -> Self {
        let scene = Scene {
            world: World::new(),
            object: Toy::new(OWNER, 1),
            weak: AtomicBool::new(true),
            global: AtomicBool::new(false),
            donated: AtomicU32::new(0),
            dismantled: AtomicBool::new(false),
        };
        scene.object.share(OWNER);
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    fn count(&self) -> usize {
        self.object.counts.count(&self.object.owner)
    }

    fn drop(&self, me: OwnerId) {
        match self.object.decrement(me) {
            Release::Queue => {
                self.donated.fetch_add(1, Ordering::AcqRel);
            }
            release => {
                assert_eq!(release, Release::Kept, "the cycle still refers to it");
            }
        }
    }

    /// Follows a place that may hold a reference, uses what is there, and gives it up.
    fn follows(&self, place: &AtomicBool) {
        if place.load(Ordering::Acquire) && self.object.try_increment(OTHER) {
            if place.load(Ordering::Acquire) {
                self.object.read();
                self.world.pause();
                self.object.read();
            }
            self.drop(OTHER);
        }
    }

    fn follows_the_weak_reference(&self) {
        self.world.attach();
        self.follows(&self.weak);
        self.world.detach();
    }

    fn follows_what_the_finalizer_left(&self) {
        self.world.attach();
        self.follows(&self.global);
        self.world.detach();
    }

    /// A collection; `resurrects` says whether a finalizer puts the object into a global.
    fn collects(&self, resurrects: bool) {
        if FAULT != LOOK_RUNNING {
            self.world.stop(|| {});
        }
        // Tracing finds the one reference of the cycle.
        let garbage = self.count() == 1;
        if garbage {
            self.object.increment(OWNER);
            assert_eq!(self.object.merge(0), Release::Kept);
            if FAULT != KEEP_WEAK {
                self.weak.store(false, Ordering::Release);
            }
        }
        if FAULT != LOOK_RUNNING {
            self.world.start();
        }
        if !garbage {
            return self.world.detach();
        }
        if resurrects {
            self.object.increment(OWNER);
            self.global.store(true, Ordering::Release);
        }
        self.world.stop(|| {});
        // The cycle's reference and the collector's.
        let dead = FAULT == LOOK_ONCE || FAULT == LOOK_RUNNING || self.count() == 2;
        self.world.start();
        if dead {
            self.object.destroy();
            self.dismantled.store(true, Ordering::Release);
        } else {
            self.drop(OWNER);
        }
        self.world.detach();
    }

    /// A last collection, with everybody gone.
    fn end(&self) {
        let donated = self.donated.load(Ordering::Acquire);
        if donated > 0 {
            assert_eq!(self.object.merge(donated), Release::Kept);
        }
        if !self.dismantled.load(Ordering::Acquire) {
            let outside = usize::from(self.global.load(Ordering::Acquire));
            assert_eq!(self.count(), 1 + outside, "a reference was lost");
            self.object.destroy();
        }
        self.object.assert_dead();
    }
}

fn a_weak_reference_is_followed<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(1))
        .role(Scene::follows_the_weak_reference)
        .role(|scene| scene.collects(false))
        .end(Scene::end)
}

fn a_finalizer_brings_it_back<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(1))
        .role(Scene::follows_what_the_finalizer_left)
        .role(|scene| scene.collects(true))
        .end(Scene::end)
}

/// Invariants 1 to 3.
#[test]
fn garbage_meets_a_weak_reference() {
    check_play(a_weak_reference_is_followed::<SOUND>);
}

#[test]
fn fails_if_garbage_is_looked_for_while_others_run() {
    play_must_fail("destruction", a_weak_reference_is_followed::<LOOK_RUNNING>);
}

#[test]
fn fails_if_a_weak_reference_leads_to_garbage() {
    play_must_fail("destruction", a_weak_reference_is_followed::<KEEP_WEAK>);
}

/// Invariants 1 and 3.
#[test]
fn a_finalizer_gives_garbage_away() {
    check_play(a_finalizer_brings_it_back::<SOUND>);
}

#[test]
fn fails_if_nobody_looks_after_the_finalizers() {
    play_must_fail("destruction", a_finalizer_brings_it_back::<LOOK_ONCE>);
}

/// Invariants 1 to 3: two who follow the weak reference.
#[test]
fn three_threads() {
    check_play(|| {
        Play::over(Scene::<SOUND>::of(1))
            .role(Scene::follows_the_weak_reference)
            .role(Scene::follows_the_weak_reference)
            .role(|scene| scene.collects(false))
            .end(Scene::end)
    });
}
