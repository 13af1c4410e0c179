//! The one-byte lock of objects, and how its waiters stand to a stopped world.
//!
//! # Invariants
//! 1. One thread at a time holds the lock, and sees what the holders before it wrote.
//! 2. No waiter is forgotten: all threads end.
//! 3. A thread that waits for a lock holds up nobody who stops the world, be it the lock's holder.

use loom::sync::atomic::AtomicU8;
use loom_tests::broken::lock::*;
use loom_tests::shipped::lock::{FREE, Parking};
use loom_tests::shipped::world::World;
use loom_tests::{Lot, Play, Watched, check_play, play_must_fail};

/// A lock, what it guards, and where its waiters wait.
struct Guarded {
    lock: AtomicU8,
    lot: Lot,
    value: Watched,
}

impl Guarded {
    fn new() -> Self {
        Guarded { lock: AtomicU8::new(FREE), lot: Lot::new(), value: Watched::new() }
    }

    fn add<L: ByteLock>(&self) {
        L::lock(&self.lot, &self.lock);
        self.value.add_one();
        L::unlock(&self.lot, &self.lock);
    }
}

fn two_threads<L: ByteLock>() -> Play<Guarded> {
    Play::over(Guarded::new())
        .role(Guarded::add::<L>)
        .role(Guarded::add::<L>)
        .end(|world| assert_eq!(world.value.get(), 2, "a change was lost"))
}

fn three_threads<L: ByteLock>() -> Play<Guarded> {
    Play::over(Guarded::new())
        .role(Guarded::add::<L>)
        .role(Guarded::add::<L>)
        .role(Guarded::add::<L>)
        .end(|world| assert_eq!(world.value.get(), 3, "a change was lost"))
}

fn twice_each<L: ByteLock>() -> Play<Guarded> {
    fn twice<L: ByteLock>(world: &Guarded) {
        world.add::<L>();
        world.add::<L>();
    }
    Play::over(Guarded::new())
        .role(twice::<L>)
        .role(twice::<L>)
        .end(|world| assert_eq!(world.value.get(), 4, "a change was lost"))
}

/// Invariants 1 and 2.
#[test]
fn two_threads_take_turns() {
    check_play(two_threads::<Shipped>);
    check_play(two_threads::<Broken<SOUND>>);
}

/// Invariants 1 and 2.
#[test]
fn three_threads_take_turns() {
    check_play(three_threads::<Shipped>);
}

/// Invariants 1 and 2.
#[test]
fn a_lock_is_taken_again() {
    check_play(twice_each::<Shipped>);
}

#[test]
fn fails_if_taking_does_not_acquire() {
    play_must_fail("Causality violation", two_threads::<Broken<RELAXED_LOCK>>);
}

#[test]
fn fails_if_giving_back_does_not_release() {
    play_must_fail("Causality violation", two_threads::<Broken<RELAXED_UNLOCK>>);
}

#[test]
fn fails_if_taking_is_a_store() {
    play_must_fail("Causality violation", two_threads::<Broken<LOCK_BY_STORE>>);
}

#[test]
fn fails_if_waiters_announce_themselves_blindly() {
    play_must_fail("deadlock", two_threads::<Broken<ANNOUNCE_BLINDLY>>);
}

#[test]
fn fails_if_waiters_do_not_announce_themselves() {
    play_must_fail("Model exceeded maximum number of branches", two_threads::<Broken<ANNOUNCE_NOTHING>>);
}

#[test]
fn fails_if_giving_back_is_a_store() {
    play_must_fail("deadlock", two_threads::<Broken<UNLOCK_BY_STORE>>);
}

#[test]
fn fails_if_waiters_are_woken_before_the_lock_is_free() {
    play_must_fail("deadlock", two_threads::<Broken<WAKE_FIRST>>);
}

/// Invariant 2: parking looks at the lock under the queue's mutex.
#[test]
fn fails_if_parking_does_not_look_again() {
    play_must_fail("deadlock", || {
        let mut world = Guarded::new();
        world.lot.unchecked = true;
        Play::over(world).role(Guarded::add::<Shipped>).role(Guarded::add::<Shipped>)
    });
}

/// A world with two threads in it, and one lock.
struct Meeting {
    world: World,
    guarded: Guarded,
    alone: Watched,
}

/// Waits for a lock, detached from the world or not.
struct Detaching<'m> {
    meeting: &'m Meeting,
    detaches: bool,
}

impl Parking for Detaching<'_> {
    fn park(&self, lock: &AtomicU8) {
        if self.detaches {
            self.meeting.world.detach();
        }
        self.meeting.guarded.lot.park(lock);
        if self.detaches {
            self.meeting.world.attach();
        }
    }

    fn unpark_all(&self, lock: &AtomicU8) {
        self.meeting.guarded.lot.unpark_all(lock);
    }
}

impl Meeting {
    /// A world whose `attached` threads run already.
    fn of(attached: usize) -> Self {
        let meeting = Meeting { world: World::new(), guarded: Guarded::new(), alone: Watched::new() };
        (0..attached).for_each(|_| meeting.world.attach());
        meeting
    }

    fn waits(&self, detaches: bool) {
        let parking = Detaching { meeting: self, detaches };
        Shipped::lock(&parking, &self.guarded.lock);
        self.guarded.value.add_one();
        self.alone.get();
        Shipped::unlock(&parking, &self.guarded.lock);
        self.world.detach();
    }

    fn holds_and_stops(&self) {
        let parking = Detaching { meeting: self, detaches: true };
        Shipped::lock(&parking, &self.guarded.lock);
        self.world.stop(|| {});
        self.alone.add_one();
        self.world.start();
        self.guarded.value.add_one();
        Shipped::unlock(&parking, &self.guarded.lock);
        self.world.detach();
    }

    fn stops(&self) {
        self.world.stop(|| {});
        self.alone.add_one();
        self.world.start();
        self.world.detach();
    }
}

/// Invariant 3: the holder stops the world while another thread waits for the lock.
#[test]
fn a_holder_stops_the_world() {
    check_play(|| {
        Play::over(Meeting::of(2))
            .role(Meeting::holds_and_stops)
            .role(|meeting| meeting.waits(true))
            .end(|meeting| assert_eq!(meeting.guarded.value.get(), 2, "a change was lost"))
    });
}

#[test]
fn fails_if_a_waiter_stays_attached() {
    play_must_fail("deadlock", || {
        Play::over(Meeting::of(2)).role(Meeting::holds_and_stops).role(|meeting| meeting.waits(false))
    });
}

/// Invariants 2 and 3: two threads meet in the lock while a third stops the world.
#[test]
fn a_third_thread_stops_the_world() {
    check_play(|| {
        Play::over(Meeting::of(3))
            .role(|meeting| meeting.waits(true))
            .role(|meeting| meeting.waits(true))
            .role(Meeting::stops)
            .end(|meeting| assert_eq!(meeting.guarded.value.get(), 2, "a change was lost"))
    });
}
