//! The bias of an object's lock: its owner mutates without the lock until a foreign writer ends that, with the world
//! stopped (`object_model::lock::critical_section`).
//!
//! # Invariants
//! 1. One thread at a time mutates an object, and sees what the mutations before did.
//! 2. The bias is looked at after the last point at which the owner may have been stopped; for two objects, too.
//! 3. All threads end.

use loom::sync::atomic::{AtomicU8, Ordering};
use loom_tests::broken::lock::{ByteLock, Shipped};
use loom_tests::shipped::lock::{BIASED, FREE, Parking};
use loom_tests::shipped::world::World;
use loom_tests::{Lot, Play, Watched, check_play, play_must_fail};

/// No fault.
const SOUND: u8 = 0;
/// A foreign writer ends the bias while its owner runs.
const REVOKE_RUNNING: u8 = 1;
/// The owner passes a safepoint between its look at the bias and the mutation.
const LOOK_EARLY: u8 = 2;
/// The owner of one of two objects does not look at its bias again after it waited for the other.
const LOOK_ONCE: u8 = 3;
/// A foreign writer takes the lock although the owner mutates without it.
const TAKE_BIASED: u8 = 4;
/// The bias of a page's other objects ends when the world runs again.
const REVOKE_PART: u8 = 5;
/// An owner that was detached does not look at its bias again.
const TRUST_OLD_LOOK: u8 = 6;
/// An owner that ends its own bias does not release what it did under it.
const RELAXED_END: u8 = 7;

/// An object.
struct Object {
    lock: AtomicU8,
    body: Watched,
}

impl Object {
    fn new(lock: u8) -> Self {
        Object { lock: AtomicU8::new(lock), body: Watched::new() }
    }
}

/// Two objects in a world; the first thread owns `own`, the second `other`.
struct Scene<const FAULT: u8> {
    world: World,
    lot: Lot,
    own: Object,
    other: Object,
}

impl<const FAULT: u8> Parking for Scene<FAULT> {
    fn park(&self, lock: &AtomicU8) {
        self.world.detach();
        self.lot.park(lock);
        self.world.attach();
    }

    fn unpark_all(&self, lock: &AtomicU8) {
        self.lot.unpark_all(lock);
    }
}

impl<const FAULT: u8> Scene<FAULT> {
    /// `attached` threads run already.
    fn of(attached: usize) -> Self {
        Self::with(attached, BIASED)
    }

    /// With another lock for the second object.
    fn with(attached: usize, other: u8) -> Self {
        let [own, other] = [BIASED, other].map(Object::new);
        let scene = Scene { world: World::new(), lot: Lot::new(), own, other };
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    /// Takes the right to mutate; true if the lock was taken, false if the owner needs none.
    fn enter(&self, object: &Object, mine: bool) -> bool {
        if self.is_biased(object, mine) {
            return false;
        }
        if object.lock.load(Ordering::Relaxed) == BIASED {
            self.revoke(object);
        }
        Shipped::lock(self, &object.lock);
        true
    }

    fn is_biased(&self, object: &Object, mine: bool) -> bool {
        mine && object.lock.load(Ordering::Relaxed) == BIASED
    }

    fn revoke(&self, object: &Object) {
        if FAULT == TAKE_BIASED {
            let _ = object.lock.compare_exchange(BIASED, FREE, Ordering::AcqRel, Ordering::Relaxed);
            return;
        }
        if FAULT != REVOKE_RUNNING {
            self.world.stop(|| {});
        }
        let _ = object.lock.compare_exchange(BIASED, FREE, Ordering::Relaxed, Ordering::Relaxed);
        if FAULT != REVOKE_RUNNING {
            self.world.start();
        }
    }

    fn leave(&self, object: &Object, locked: bool) {
        if locked {
            Shipped::unlock(self, &object.lock);
        }
    }

    /// Takes the right to mutate both objects: `own` comes first in address order. Whether each lock was taken.
    fn enter_two(&self, own_is_mine: bool) -> (bool, bool) {
        loop {
            let first = self.enter(&self.own, own_is_mine);
            let second = self.enter(&self.other, !own_is_mine);
            // The second may have been waited for, and the bias of the first ended meanwhile.
            if FAULT == LOOK_ONCE || first || self.is_biased(&self.own, own_is_mine) {
                return (first, second);
            }
            self.leave(&self.other, second);
        }
    }

    fn mutates(&self, mine: bool) {
        let locked = if FAULT == LOOK_EARLY && mine && self.is_biased(&self.own, mine) {
            self.world.pause();
            false
        } else {
            self.enter(&self.own, mine)
        };
        self.own.body.add_one();
        self.leave(&self.own, locked);
        self.world.pause();
    }

    fn owner(&self) {
        self.mutates(true);
        self.mutates(true);
        self.world.detach();
    }

    fn stranger(&self) {
        self.mutates(false);
        self.world.detach();
    }

    /// Ends the bias of both objects, which lie in one page, and mutates both.
    fn revokes_the_page(&self) {
        let end = |object: &Object| {
            let _ = object.lock.compare_exchange(BIASED, FREE, Ordering::Relaxed, Ordering::Relaxed);
        };
        self.world.stop(|| {});
        end(&self.own);
        if FAULT != REVOKE_PART {
            end(&self.other);
        }
        self.world.start();
        end(&self.other);
        for object in [&self.own, &self.other] {
            Shipped::lock(self, &object.lock);
            object.body.add_one();
            Shipped::unlock(self, &object.lock);
        }
        self.world.detach();
    }

    /// Owns both objects.
    fn owns_the_page(&self) {
        for object in [&self.own, &self.other] {
            let locked = self.enter(object, true);
            object.body.add_one();
            self.leave(object, locked);
            self.world.pause();
        }
        self.world.detach();
    }

    /// An owner that blocks between two mutations.
    fn owner_that_sleeps(&self) {
        self.mutates(true);
        let biased = self.is_biased(&self.own, true);
        self.world.detach();
        self.world.attach();
        if FAULT == TRUST_OLD_LOOK && biased {
            self.own.body.add_one();
        } else {
            self.mutates(true);
        }
        self.world.detach();
    }

    /// An owner that ends its own bias between two mutations, without stopping the world.
    fn hands_over(&self) {
        self.mutates(true);
        if self.is_biased(&self.own, true) {
            let order = if FAULT == RELAXED_END { Ordering::Relaxed } else { Ordering::Release };
            self.own.lock.store(FREE, order);
        }
        self.mutates(true);
        self.world.detach();
    }

    /// Mutates one object after the other.
    fn mutates_each(&self) {
        for object in [&self.other, &self.own] {
            let locked = self.enter(object, false);
            object.body.add_one();
            self.leave(object, locked);
        }
        self.world.detach();
    }

    fn mutates_both(&self, own_is_mine: bool) {
        let (first, second) = self.enter_two(own_is_mine);
        self.own.body.add_one();
        self.other.body.add_one();
        self.leave(&self.other, second);
        self.leave(&self.own, first);
        self.world.detach();
    }
}

fn an_owner_and_a_stranger<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2))
        .role(Scene::owner)
        .role(Scene::stranger)
        .end(|scene| assert_eq!(scene.own.body.get(), 3, "a mutation was lost"))
}

fn two_strangers<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2))
        .role(Scene::stranger)
        .role(Scene::stranger)
        .end(|scene| assert_eq!(scene.own.body.get(), 2, "a mutation was lost"))
}

fn both_objects<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2))
        .role(|scene| scene.mutates_both(true))
        .role(|scene| scene.mutates_both(false))
        .end(|scene| {
            assert_eq!((scene.own.body.get(), scene.other.body.get()), (2, 2), "a mutation was lost")
        })
}

/// The owner of one object waits for the other, which has no bias, while a stranger ends the bias of the first.
fn both_meet_each<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::with(2, FREE)).role(|scene| scene.mutates_both(true)).role(Scene::mutates_each).end(
        |scene| assert_eq!((scene.own.body.get(), scene.other.body.get()), (2, 2), "a mutation was lost"),
    )
}

/// Invariants 1 and 3.
#[test]
fn a_stranger_ends_the_bias() {
    check_play(an_owner_and_a_stranger::<SOUND>);
}

#[test]
fn fails_if_the_bias_ends_while_its_owner_runs() {
    play_must_fail("Causality violation", an_owner_and_a_stranger::<REVOKE_RUNNING>);
}

#[test]
fn fails_if_the_owner_looks_before_a_safepoint() {
    play_must_fail("Causality violation", an_owner_and_a_stranger::<LOOK_EARLY>);
}

#[test]
fn fails_if_a_biased_lock_is_taken() {
    play_must_fail("Causality violation", an_owner_and_a_stranger::<TAKE_BIASED>);
}

/// Invariants 1 and 3: both find the bias, and end it one after the other.
#[test]
fn two_strangers_end_the_bias() {
    check_play(two_strangers::<SOUND>);
}

/// Invariants 1 to 3: each thread owns one of the two objects that both mutate.
#[test]
fn two_owners_mutate_both_objects() {
    check_play(both_objects::<SOUND>);
}

/// Invariants 1 to 3.
#[test]
fn an_owner_waits_for_another_object() {
    check_play(both_meet_each::<SOUND>);
}

#[test]
fn fails_if_an_owner_does_not_look_again() {
    play_must_fail("Causality violation", both_meet_each::<LOOK_ONCE>);
}

fn a_page_is_revoked<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2)).role(Scene::owns_the_page).role(Scene::revokes_the_page).end(|scene| {
        assert_eq!((scene.own.body.get(), scene.other.body.get()), (2, 2), "a mutation was lost")
    })
}

fn an_owner_sleeps<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2))
        .role(Scene::owner_that_sleeps)
        .role(Scene::stranger)
        .end(|scene| assert_eq!(scene.own.body.get(), 3, "a mutation was lost"))
}

/// Invariants 1 to 3: the bias of all objects of a page ends at once.
#[test]
fn a_stranger_ends_the_bias_of_a_page() {
    check_play(a_page_is_revoked::<SOUND>);
}

#[test]
fn fails_if_a_part_of_the_page_follows_later() {
    play_must_fail("Causality violation", a_page_is_revoked::<REVOKE_PART>);
}

/// Invariants 1 to 3: nobody waits for an owner that is detached.
#[test]
fn an_owner_wakes_without_its_bias() {
    check_play(an_owner_sleeps::<SOUND>);
}

#[test]
fn fails_if_an_owner_wakes_and_trusts_what_it_saw() {
    play_must_fail("Causality violation", an_owner_sleeps::<TRUST_OLD_LOOK>);
}

fn an_owner_hands_over<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(2))
        .role(Scene::hands_over)
        .role(Scene::stranger)
        .end(|scene| assert_eq!(scene.own.body.get(), 3, "a mutation was lost"))
}

/// Invariants 1 to 3: an owner ends its own bias, perhaps while a stranger is about to.
#[test]
fn an_owner_ends_its_own_bias() {
    check_play(an_owner_hands_over::<SOUND>);
}

#[test]
fn fails_if_an_owner_ends_its_bias_without_an_order() {
    play_must_fail("Causality violation", an_owner_hands_over::<RELAXED_END>);
}

/// Invariants 1 and 3: an owner and two strangers.
#[test]
fn three_threads() {
    check_play(|| {
        Play::over(Scene::<SOUND>::of(3))
            .role(|scene| {
                scene.mutates(true);
                scene.world.detach();
            })
            .role(Scene::stranger)
            .role(Scene::stranger)
            .end(|scene| assert_eq!(scene.own.body.get(), 3, "a mutation was lost"))
    });
}
