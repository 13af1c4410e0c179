//! A fork against threads that begin and end (`vm::thread::passages`, `start_exit`, `fork`). World and passages are those
//! that ship.
//!
//! # Invariants
//! 1. While a process forks no thread is on its way into the runtime or out of it.
//! 2. All threads end: who forks waits for nobody who waits for it.

use loom::sync::{Condvar, Mutex};
use loom_tests::shipped::passages::Passages;
use loom_tests::shipped::world::World;
use loom_tests::{Play, Watched, check_play, play_must_fail};

/// No fault.
const SOUND: u8 = 0;
/// A thread that was started counts itself.
const COUNT_ITSELF: u8 = 1;
/// A thread that ends counts itself when it has detached.
const COUNT_LATE: u8 = 2;
/// A thread that was started attaches before it takes itself out.
const ATTACH_FIRST: u8 = 3;

/// A thread that is started, and what a fork must find whole.
struct Scene<const FAULT: u8> {
    world: World,
    passages: Passages,
    started: Mutex<bool>,
    starting: Condvar,
    beginning: Watched,
    ending: Watched,
}

impl<const FAULT: u8> Scene<FAULT> {
    /// `attached` threads run already.
    fn of(attached: usize) -> Self {
        let scene = Scene {
            world: World::new(),
            passages: Passages::new(),
            started: Mutex::new(false),
            starting: Condvar::new(),
            beginning: Watched::new(),
            ending: Watched::new(),
        };
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    /// An attached thread starts another.
    fn starts(&self) {
        if FAULT != COUNT_ITSELF {
            self.passages.enter();
        }
        *self.started.lock().expect("no thread panics and goes on") = true;
        self.starting.notify_all();
        self.world.detach();
    }

    fn begins(&self) {
        let mut started = self.started.lock().expect("no thread panics and goes on");
        while !*started {
            started = self.starting.wait(started).expect("no thread panics and goes on");
        }
        drop(started);
        // What the system does before code of the runtime runs is a part of it.
        self.beginning.add_one();
        if FAULT == COUNT_ITSELF {
            self.passages.enter();
        }
        if FAULT == ATTACH_FIRST {
            self.world.attach();
            self.passages.leave();
        } else {
            self.passages.leave();
            self.world.attach();
        }
        self.world.detach();
    }

    /// An attached thread ends.
    fn ends(&self) {
        if FAULT != COUNT_LATE {
            self.passages.enter();
        }
        self.world.detach();
        self.ending.add_one();
        if FAULT == COUNT_LATE {
            self.passages.enter();
        }
        self.passages.leave();
    }

    /// An attached thread forks.
    fn forks(&self) {
        self.world.stop(|| {});
        self.passages.without(|| (self.beginning.get(), self.ending.get()));
        self.world.start();
        self.world.detach();
    }
}

fn a_thread_begins<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::<FAULT>::of(2)).role(Scene::starts).role(Scene::begins).role(Scene::forks)
}

fn a_thread_ends<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::<FAULT>::of(2)).role(Scene::ends).role(Scene::forks)
}

fn two_threads_end<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::<FAULT>::of(2)).role(Scene::ends).role(Scene::forks).role(|scene| {
        // A thread that nobody attached has started.
        scene.passages.enter();
        scene.passages.leave();
        scene.world.attach();
        scene.world.detach();
    })
}

/// Invariants 1 and 2.
#[test]
fn a_fork_meets_no_thread_that_begins() {
    check_play(a_thread_begins::<SOUND>);
}

/// Invariants 1 and 2.
#[test]
fn a_fork_meets_no_thread_that_ends() {
    check_play(a_thread_ends::<SOUND>);
    check_play(two_threads_end::<SOUND>);
}

#[test]
fn fails_if_a_thread_counts_itself() {
    play_must_fail("Causality violation", a_thread_begins::<COUNT_ITSELF>);
}

#[test]
fn fails_if_a_thread_counts_itself_when_it_has_detached() {
    play_must_fail("Causality violation", a_thread_ends::<COUNT_LATE>);
}

#[test]
fn fails_if_a_thread_attaches_before_it_takes_itself_out() {
    play_must_fail("deadlock", a_thread_begins::<ATTACH_FIRST>);
}
