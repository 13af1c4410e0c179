//! `vm::thread::world`: who runs while one thread has stopped all others.
//!
//! # Invariants
//! 1. While the world is stopped nobody but the stopper runs, and the stopper sees what the others did before.
//! 2. A thread that attaches meanwhile waits, and sees what the stopper did.
//! 3. Two stoppers take turns.
//! 4. All threads end.

use loom_tests::broken::world::*;
use loom_tests::shipped::world::World;
use loom_tests::{Play, Watched, check_play, play_must_fail};

/// A world, and what its threads use: all may look, only a stopper changes it.
struct Scene<W> {
    world: W,
    shared: Watched,
}

impl<W: Stopping> Scene<W> {
    /// `attached` threads run already.
    fn of(attached: usize) -> Self {
        let scene = Scene { world: W::new(), shared: Watched::new() };
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    fn runs(&self) {
        self.shared.get();
        self.world.pause();
        self.shared.get();
        self.world.detach();
    }

    fn comes(&self) {
        self.world.attach();
        self.shared.get();
        self.world.detach();
    }

    fn stops(&self) {
        self.world.stop(|| {});
        self.shared.add_one();
        self.world.start();
        self.shared.get();
        self.world.detach();
    }

    fn stops_while_pausing(&self) {
        self.stops_once();
        self.world.pause();
        self.shared.get();
        self.world.detach();
    }

    fn stops_once(&self) {
        self.world.stop(|| {});
        self.shared.add_one();
        self.world.start();
    }

    fn stops_twice(&self) {
        self.stops_once();
        self.stops_once();
        self.world.detach();
    }
}

/// Tests of one model: over the world that ships, over the faultless copy, and over a copy for each fault.
macro_rules! protocol {
    ($(#[$doc:meta])* $model:ident: $($twin:ident = $fault:ident: $reason:literal),* $(,)?) => {
        $(#[$doc])*
        mod $model {
            use super::*;

            #[test]
            fn holds() {
                check_play(super::$model::<World>);
            }

            #[test]
            fn holds_for_the_faultless_copy() {
                check_play(super::$model::<Broken<SOUND>>);
            }

            $(#[test]
            fn $twin() {
                play_must_fail($reason, super::$model::<Broken<$fault>>);
            })*
        }
    };
}

protocol! {
    /// Invariants 1 and 4.
    one_runs_one_stops:
        fails_if_the_stopper_does_not_wait = STOP_BLINDLY: "Causality violation",
        fails_if_nobody_hears_of_a_pause = PAUSE_SILENTLY: "deadlock",
        fails_if_nobody_hears_of_a_detach = DETACH_SILENTLY: "deadlock",
        fails_if_nobody_hears_of_the_start = START_SILENTLY: "deadlock",
}

fn one_runs_one_stops<W: Stopping>() -> Play<Scene<W>> {
    Play::over(Scene::of(2)).role(Scene::runs).role(Scene::stops)
}

protocol! {
    /// Invariants 2 and 4.
    one_comes_one_stops:
        fails_if_it_attaches_while_the_world_is_stopped = ATTACH_BLINDLY: "Causality violation",
        fails_if_nobody_hears_of_the_start = START_SILENTLY: "deadlock",
}

fn one_comes_one_stops<W: Stopping>() -> Play<Scene<W>> {
    Play::over(Scene::of(1)).role(Scene::comes).role(Scene::stops)
}

protocol! {
    /// Invariants 3 and 4.
    two_stop:
        fails_if_the_second_does_not_wait = STOP_TOGETHER: "deadlock",
        fails_if_the_second_counts_as_attached = STOP_ATTACHED: "deadlock",
}

fn two_stop<W: Stopping>() -> Play<Scene<W>> {
    Play::over(Scene::of(2))
        .role(Scene::stops)
        .role(Scene::stops_while_pausing)
        .end(|scene| assert_eq!(scene.shared.get(), 2, "a change was lost"))
}

protocol! {
    /// Invariants 1 to 4: a pausing thread, and one that stops twice.
    the_world_is_stopped_again:
        fails_if_a_paused_thread_does_not_look_again = PAUSE_ONCE: "Causality violation",
}

fn the_world_is_stopped_again<W: Stopping>() -> Play<Scene<W>> {
    Play::over(Scene::of(2)).role(Scene::runs).role(Scene::stops_twice)
}

protocol! {
    /// Invariants 1 to 4.
    one_runs_two_stop:
        fails_if_the_second_does_not_wait = STOP_TOGETHER: "deadlock",
}

fn one_runs_two_stop<W: Stopping>() -> Play<Scene<W>> {
    Play::over(Scene::of(3)).role(Scene::runs).role(Scene::stops).role(Scene::stops)
}

/// Invariants 1, 2 and 4: one runs, one comes, one stops.
#[test]
fn three_threads() {
    check_play(|| Play::over(Scene::<World>::of(2)).role(Scene::runs).role(Scene::comes).role(Scene::stops));
}
