//! Locks whose waiters wait for a number to change (`Futex`): `vm::thread::word_lock`, `vm::thread::owned_lock`, and
//! `object_model::lock::place` under the one-byte lock.
//!
//! # Invariants
//! 1. One thread at a time holds the lock, and sees what the holders before it wrote.
//! 2. No waiter is forgotten: all threads end.

use loom::sync::atomic::{AtomicU8, Ordering};
use loom_tests::broken::waiting::*;
use loom_tests::shipped::lock::{self, FREE, HELD_PARKED, Parking};
use loom_tests::shipped::owned_lock::OwnedLock;
use loom_tests::shipped::{place, word_lock::WordLock};
use loom_tests::{Play, Watched, check_play, play_must_fail};

/// A lock, and what it guards.
struct Scene<L> {
    lock: L,
    value: Watched,
}

impl<L: Lock> Scene<L> {
    fn new() -> Self {
        Scene { lock: L::new(), value: Watched::new() }
    }

    fn add(&self, me: u64) {
        self.lock.take(me);
        self.value.add_one();
        self.lock.give();
    }
}

fn two_threads<L: Lock>() -> Play<Scene<L>> {
    Play::over(Scene::<L>::new())
        .role(|scene| scene.add(1))
        .role(|scene| scene.add(2))
        .end(|scene| assert_eq!(scene.value.get(), 2, "a change was lost"))
}

fn three_threads<L: Lock>() -> Play<Scene<L>> {
    Play::over(Scene::<L>::new())
        .role(|scene| scene.add(1))
        .role(|scene| scene.add(2))
        .role(|scene| scene.add(3))
        .end(|scene| assert_eq!(scene.value.get(), 3, "a change was lost"))
}

/// One thread holds the lock at first; two wait.
fn a_holder_and_two<L: Lock>() -> Play<Scene<L>> {
    let scene = Scene::<L>::new();
    scene.lock.take(1);
    Play::over(scene)
        .role(|scene| {
            scene.value.add_one();
            scene.lock.give();
        })
        .role(|scene| scene.add(2))
        .role(|scene| scene.add(3))
        .end(|scene| assert_eq!(scene.value.get(), 3, "a change was lost"))
}

/// Invariants 1 and 2.
#[test]
fn two_take_a_word_lock() {
    check_play(two_threads::<WordLock>);
    check_play(two_threads::<Word<SOUND>>);
}

/// Invariants 1 and 2.
#[test]
fn three_take_a_word_lock() {
    check_play(three_threads::<WordLock>);
    check_play(a_holder_and_two::<WordLock>);
    check_play(a_holder_and_two::<Word<SOUND>>);
}

#[test]
fn a_word_lock_fails_if_taking_does_not_acquire() {
    play_must_fail("Causality violation", two_threads::<Word<RELAXED_TAKE>>);
}

#[test]
fn a_word_lock_fails_if_giving_does_not_release() {
    play_must_fail("Causality violation", two_threads::<Word<RELAXED_GIVE>>);
}

#[test]
fn a_word_lock_fails_if_waiters_do_not_announce_themselves() {
    play_must_fail("deadlock", two_threads::<Word<ANNOUNCE_NOTHING>>);
}

#[test]
fn a_word_lock_fails_if_waiters_are_woken_before_it_is_free() {
    play_must_fail("deadlock", two_threads::<Word<WAKE_FIRST>>);
}

#[test]
fn a_word_lock_fails_if_who_has_waited_forgets_the_others() {
    play_must_fail("deadlock", a_holder_and_two::<Word<TAKE_UNMARKED>>);
}

/// Invariants 1 and 2.
#[test]
fn two_take_an_owned_lock() {
    check_play(two_threads::<OwnedLock>);
    check_play(two_threads::<Owned<SOUND>>);
}

/// Invariants 1 and 2.
#[test]
fn three_take_an_owned_lock() {
    check_play(a_holder_and_two::<OwnedLock>);
    check_play(a_holder_and_two::<Owned<SOUND>>);
}

#[test]
fn an_owned_lock_fails_if_taking_does_not_acquire() {
    play_must_fail("Causality violation", two_threads::<Owned<RELAXED_TAKE>>);
}

#[test]
fn an_owned_lock_fails_if_giving_does_not_release() {
    play_must_fail("Causality violation", two_threads::<Owned<RELAXED_GIVE>>);
}

#[test]
fn an_owned_lock_fails_if_waiters_do_not_announce_themselves() {
    play_must_fail("deadlock", two_threads::<Owned<ANNOUNCE_NOTHING>>);
}

#[test]
fn an_owned_lock_fails_if_waiters_look_first() {
    play_must_fail("deadlock", two_threads::<Owned<LOOK_FIRST>>);
}

#[test]
fn an_owned_lock_fails_if_nothing_is_counted() {
    play_must_fail("deadlock", two_threads::<Owned<COUNT_NOTHING>>);
}

#[test]
fn an_owned_lock_fails_if_who_has_waited_forgets_the_others() {
    play_must_fail("deadlock", a_holder_and_two::<Owned<TAKE_UNMARKED>>);
}

/// One-byte locks that share a place.
struct Shared<P> {
    locks: [AtomicU8; 2],
    values: [Watched; 2],
    place: P,
}

/// Waits at the place.
struct At<'a, P>(&'a P);

impl<P: Meeting> Parking for At<'_, P> {
    fn park(&self, lock: &AtomicU8) {
        self.0.park(|| lock.load(Ordering::Relaxed) == HELD_PARKED);
    }

    fn unpark_all(&self, _: &AtomicU8) {
        self.0.unpark_all();
    }
}

impl<P: Meeting> Shared<P> {
    fn new() -> Self {
        let locks = [AtomicU8::new(FREE), AtomicU8::new(FREE)];
        Shared { locks, values: [Watched::new(), Watched::new()], place: P::new() }
    }

    fn add(&self, which: usize) {
        lock::lock(&At(&self.place), &self.locks[which], 0);
        self.values[which].add_one();
        lock::unlock(&At(&self.place), &self.locks[which]);
    }
}

fn two_wait_at_a_place<P: Meeting>() -> Play<Shared<P>> {
    Play::over(Shared::<P>::new())
        .role(|shared| shared.add(0))
        .role(|shared| shared.add(0))
        .end(|shared| assert_eq!(shared.values[0].get(), 2, "a change was lost"))
}

/// Invariants 1 and 2.
#[test]
fn a_lock_has_a_place() {
    check_play(two_wait_at_a_place::<place::Place>);
    check_play(two_wait_at_a_place::<Place<SOUND>>);
}

/// Invariant 2: who waits for another lock at the same place wakes for nothing, and waits again.
#[test]
fn two_locks_share_a_place() {
    fn play() -> Play<Shared<place::Place>> {
        let shared = Shared::new();
        lock::lock(&At(&shared.place), &shared.locks[0], 0);
        lock::lock(&At(&shared.place), &shared.locks[1], 0);
        Play::over(shared)
            .role(|shared| {
                lock::unlock(&At(&shared.place), &shared.locks[0]);
                lock::unlock(&At(&shared.place), &shared.locks[1]);
            })
            .role(|shared| shared.add(0))
            .role(|shared| shared.add(1))
    }
    check_play(play);
}

#[test]
fn a_place_fails_if_waiters_look_first() {
    play_must_fail("deadlock", two_wait_at_a_place::<Place<LOOK_FIRST>>);
}

#[test]
fn a_place_fails_if_nothing_is_counted() {
    play_must_fail("deadlock", two_wait_at_a_place::<Place<COUNT_NOTHING>>);
}

#[test]
fn a_place_fails_if_the_count_does_not_release() {
    play_must_fail("deadlock", two_wait_at_a_place::<Place<RELAXED_GIVE>>);
}

#[test]
fn a_place_fails_if_the_count_is_not_acquired() {
    play_must_fail("deadlock", two_wait_at_a_place::<Place<RELAXED_TAKE>>);
}
