//! Promotion: an object that foreign threads keep counting gets a deferred count, and from then on only the collector
//! frees it. The counts are those that ship (`refcount::free_threaded`, `make_deferred`), and so is the world; who
//! promotes what is still to be written, and must do it as here.
//!
//! # Invariants
//! 1. Nobody is between looking at the owner and acting on it while an object is promoted: the world is stopped.
//! 2. What is promoted was found, alive, after the world had stopped.
//! 3. A promoted object dies in the collector alone, whoever drops what was counted before.
//! 4. Its owner may promote an object while others count, with a reference of its own that it never gives up
//!    (`Header::defer_own`): nobody but the owner merges meanwhile.

use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use loom_tests::shipped::world::World;
use loom_tests::{Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{RawRefCount, Release};

const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);
const THIRD: OwnerId = OwnerId(3);

/// No fault.
const SOUND: u8 = 0;
/// The object is promoted while others count.
const PROMOTE_RUNNING: u8 = 1;
/// The object is looked for before the world stops.
const LOOK_EARLY: u8 = 2;

/// An object that a slot refers to.
struct Scene<const FAULT: u8> {
    world: World,
    object: Toy<RefCount>,
    /// 1 while it holds the reference.
    slot: AtomicUsize,
    donated: AtomicU32,
    promoted: AtomicBool,
}

impl<const FAULT: u8> Scene<FAULT> {
    /// The slot's reference is counted by the owner; other threads may count too.
    fn owned(attached: usize) -> Self {
        let scene = Scene {
            world: World::new(),
            object: Toy::new(OWNER, 1),
            slot: AtomicUsize::new(1),
            donated: AtomicU32::new(0),
            promoted: AtomicBool::new(false),
        };
        scene.object.share(OWNER);
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    /// The owner has merged its count.
    fn merged(attached: usize) -> Self {
        let scene = Self::owned(attached);
        assert_eq!(scene.object.merge(0), Release::Kept);
        scene
    }

    fn drop(&self, me: OwnerId) {
        match self.object.decrement(me) {
            Release::Queue => {
                self.donated.fetch_add(1, Ordering::AcqRel);
            }
            release => {
                self.object.settle(release);
            }
        }
    }

    /// Empties the slot.
    fn clears(&self, me: OwnerId) {
        if self.slot.swap(0, Ordering::AcqRel) == 1 {
            self.drop(me);
        }
        self.world.detach();
    }

    /// Reads the slot as `object_model::object::slot` does.
    fn reads(&self) {
        if self.slot.load(Ordering::Acquire) == 1 && self.object.try_increment(THIRD) {
            if self.slot.load(Ordering::Acquire) == 1 {
                self.object.read();
            }
            self.drop(THIRD);
        }
        self.world.detach();
    }

    fn promotes(&self) {
        let early = self.slot.load(Ordering::Acquire) == 1;
        if FAULT != PROMOTE_RUNNING {
            self.world.stop(|| {});
        }
        let found = if FAULT == LOOK_EARLY { early } else { self.slot.load(Ordering::Acquire) == 1 };
        if found {
            self.object.counts.make_deferred(&self.object.owner);
            self.promoted.store(true, Ordering::Release);
        }
        if FAULT != PROMOTE_RUNNING {
            self.world.start();
        }
        if found {
            // A register holds it from now on, uncounted.
            self.object.read();
        }
        self.world.detach();
    }

    /// `me` has a counted reference, promotes, and goes on using the object.
    fn defers(&self, me: OwnerId) {
        self.object.increment(me);
        self.object.counts.make_deferred(&self.object.owner);
        self.promoted.store(true, Ordering::Release);
        self.object.increment(me);
        self.drop(me);
        self.object.read();
        self.world.detach();
    }

    /// The owner serves its queue, and gives up the slot's reference.
    fn merges(&self) {
        self.object.settle(self.object.merge(0));
        self.clears(OWNER);
    }

    /// The owner serves its queue; the collector finds that nobody refers to the object.
    fn end(&self) {
        let donated = self.donated.load(Ordering::Acquire);
        if donated > 0 {
            self.object.settle(self.object.merge(donated));
        }
        if self.promoted.load(Ordering::Acquire) {
            self.object.destroy();
        } else if self.slot.load(Ordering::Acquire) == 1 {
            self.drop(OWNER);
        }
        self.object.assert_dead();
    }
}

fn a_stranger_clears<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::merged(2)).role(|scene| scene.clears(OTHER)).role(Scene::promotes).end(Scene::end)
}

fn the_owner_clears<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::owned(2)).role(|scene| scene.clears(OWNER)).role(Scene::promotes).end(Scene::end)
}

/// Invariants 1 to 3.
#[test]
fn a_merged_object_is_promoted() {
    check_play(a_stranger_clears::<SOUND>);
}

#[test]
fn a_merged_object_fails_if_others_count_meanwhile() {
    play_must_fail("Causality violation", a_stranger_clears::<PROMOTE_RUNNING>);
}

#[test]
fn a_merged_object_fails_if_it_is_looked_for_too_early() {
    play_must_fail("destruction", a_stranger_clears::<LOOK_EARLY>);
}

/// Invariants 1 to 3.
#[test]
fn an_owned_object_is_promoted() {
    check_play(the_owner_clears::<SOUND>);
}

#[test]
fn an_owned_object_fails_if_its_owner_counts_meanwhile() {
    play_must_fail("Causality violation", the_owner_clears::<PROMOTE_RUNNING>);
}

/// Invariants 1 to 3: a reader counts before, and gives back after.
#[test]
fn three_threads() {
    check_play(|| {
        Play::over(Scene::<SOUND>::merged(3))
            .role(|scene| scene.clears(OTHER))
            .role(Scene::reads)
            .role(Scene::promotes)
            .end(Scene::end)
    });
}

/// Invariant 4.
#[test]
fn an_owner_promotes_what_others_count() {
    check_play(|| {
        Play::over(Scene::<SOUND>::owned(3))
            .role(|scene| scene.clears(OTHER))
            .role(Scene::reads)
            .role(|scene| scene.defers(OWNER))
            .end(Scene::end)
    });
}

#[test]
fn fails_if_a_stranger_promotes_while_the_owner_merges() {
    play_must_fail("Causality violation", || {
        Play::over(Scene::<SOUND>::owned(2))
            .role(Scene::merges)
            .role(|scene| scene.defers(OTHER))
            .end(Scene::end)
    });
}
