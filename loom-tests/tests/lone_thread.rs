//! The process's first thread uses guarded cells without their locks until a second one begins, which ends that with the
//! world stopped (`mode::alone`, whose flag is a static and therefore played by one of the scene here; lock
//! and world are those that ship).
//!
//! # Invariants
//! 1. One thread at a time has the cell, and sees what those before it wrote.
//! 2. A cell is taken and given back under the same answer.

use loom::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use loom_tests::broken::lock::{ByteLock, Shipped};
use loom_tests::shipped::lock::FREE;
use loom_tests::shipped::world::World;
use loom_tests::{Lot, Play, Watched, check_play, play_must_fail};

/// No fault.
const SOUND: u8 = 0;
/// The second thread begins without stopping the world.
const BEGIN_RUNNING: u8 = 1;
/// The second thread takes the cell before it has ended the first one's solitude.
const TAKE_EARLY: u8 = 2;

struct Scene<const FAULT: u8> {
    world: World,
    alone: AtomicBool,
    lock: AtomicU8,
    lot: Lot,
    value: Watched,
}

impl<const FAULT: u8> Scene<FAULT> {
    fn new() -> Self {
        let scene = Scene {
            world: World::new(),
            alone: AtomicBool::new(true),
            lock: AtomicU8::new(FREE),
            lot: Lot::new(),
            value: Watched::new(),
        };
        scene.world.attach();
        scene
    }

    fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    fn add(&self) {
        if !self.is_alone() {
            Shipped::lock(&self.lot, &self.lock);
        }
        self.value.add_one();
        if !self.is_alone() {
            Shipped::unlock(&self.lot, &self.lock);
        }
    }

    /// The first thread, with a safepoint between two uses.
    fn first(&self) {
        self.add();
        self.world.detach();
        self.world.attach();
        self.add();
        self.world.detach();
    }

    fn second(&self) {
        self.world.attach();
        if FAULT == TAKE_EARLY {
            self.add();
        }
        if FAULT == BEGIN_RUNNING {
            self.alone.store(false, Ordering::Relaxed);
        } else {
            self.world.stop(|| {});
            self.alone.store(false, Ordering::Relaxed);
            self.world.start();
        }
        if FAULT != TAKE_EARLY {
            self.add();
        }
        self.world.detach();
    }
}

fn two<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::new())
        .role(Scene::first)
        .role(Scene::second)
        .end(|scene| assert_eq!(scene.value.get(), 3, "a change was lost"))
}

/// Invariants 1 and 2.
#[test]
fn the_second_thread_ends_solitude() {
    check_play(two::<SOUND>);
}

#[test]
fn fails_if_it_does_so_while_the_first_runs() {
    play_must_fail("Causality violation", two::<BEGIN_RUNNING>);
}

#[test]
fn fails_if_it_takes_the_cell_before() {
    play_must_fail("Causality violation", two::<TAKE_EARLY>);
}
