//! `vm::thread::gil`: whose turn it is.
//!
//! # Invariants
//! 1. One thread at a time holds the lock, and sees what the holders before it wrote.
//! 2. A holder that is asked to hand over, and does, has it again only after another thread had it.
//! 3. Nobody waits for ever.

use loom::sync::atomic::{AtomicBool, Ordering};
use loom_tests::broken::gil::*;
use loom_tests::shipped::gil::Gil;
use loom_tests::{Play, Watched, check_play, play_must_fail};

/// The lock, what its holder may use, and the holder's poll word.
struct Scene<G> {
    gil: G,
    turns: Watched,
    asked: AtomicBool,
}

impl<G: Turns> Scene<G> {
    fn new() -> Self {
        Scene { gil: G::new(), turns: Watched::new(), asked: AtomicBool::new(false) }
    }

    /// Thread `holder` has the lock from the start.
    fn held_by(holder: u64) -> Self {
        let scene = Self::new();
        scene.gil.take(holder, |_| {});
        scene
    }

    fn ask(&self) -> impl Fn(u64) {
        |_| self.asked.store(true, Ordering::Release)
    }

    fn takes_a_turn(&self, me: u64) {
        self.gil.take(me, self.ask());
        self.turns.add_one();
        self.gil.release();
    }

    /// A safepoint of the holder.
    fn passes(&self, me: u64) {
        let before = self.turns.get();
        if self.asked.swap(false, Ordering::Acquire) {
            self.gil.hand_over(me, self.ask());
            assert!(self.turns.get() > before, "nobody else had a turn");
        }
    }

    /// The holder runs until another thread asked for the lock.
    fn runs_until_asked(&self, me: u64) {
        while !self.asked.load(Ordering::Acquire) {
            loom::thread::yield_now();
        }
        self.passes(me);
        self.gil.release();
    }
}

/// Tests of one model: over the lock that ships, over the faultless copy, and over a copy for each fault.
macro_rules! protocol {
    ($(#[$doc:meta])* $model:ident: $($twin:ident = $fault:ident: $reason:literal),* $(,)?) => {
        $(#[$doc])*
        mod $model {
            use super::*;

            #[test]
            fn holds() {
                check_play(super::$model::<Gil>);
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
    /// Invariants 1 and 3.
    two_take_turns:
        fails_if_a_woken_thread_does_not_look_again = TAKE_ONCE: "Causality violation",
        fails_if_nobody_hears_of_the_release = RELEASE_SILENTLY: "deadlock",
}

fn two_take_turns<G: Turns>() -> Play<Scene<G>> {
    Play::over(Scene::<G>::new())
        .role(|scene| scene.takes_a_turn(1))
        .role(|scene| scene.takes_a_turn(2))
        .end(|scene| assert_eq!(scene.turns.get(), 2, "a turn was lost"))
}

protocol! {
    /// Invariants 1 and 3.
    three_take_turns:
        fails_if_nobody_hears_of_the_release = RELEASE_SILENTLY: "deadlock",
}

fn three_take_turns<G: Turns>() -> Play<Scene<G>> {
    Play::over(Scene::<G>::new())
        .role(|scene| scene.takes_a_turn(1))
        .role(|scene| scene.takes_a_turn(2))
        .role(|scene| scene.takes_a_turn(3))
        .end(|scene| assert_eq!(scene.turns.get(), 3, "a turn was lost"))
}

protocol! {
    /// Invariants 1 to 3.
    a_holder_is_asked:
        fails_if_it_does_not_wait_for_the_other = UNFORCED: "nobody else had a turn",
        fails_if_nobody_hears_of_the_taking = TAKE_SILENTLY: "deadlock",
        fails_if_nobody_hears_of_the_hand_over = HAND_OVER_SILENTLY: "deadlock",
        fails_if_a_waiter_never_asks = NEVER_ASK: "Model exceeded maximum number of branches",
}

fn a_holder_is_asked<G: Turns>() -> Play<Scene<G>> {
    Play::over(Scene::<G>::held_by(1))
        .role(|scene| scene.runs_until_asked(1))
        .role(|scene| scene.takes_a_turn(2))
        .end(|scene| assert_eq!(scene.turns.get(), 1, "a turn was lost"))
}

protocol! {
    /// Invariants 1 to 3.
    a_holder_hands_over_to_one_of_two:
        fails_if_it_does_not_wait_for_another = UNFORCED: "nobody else had a turn",
}

fn a_holder_hands_over_to_one_of_two<G: Turns>() -> Play<Scene<G>> {
    Play::over(Scene::<G>::held_by(1))
        .role(|scene| {
            scene.passes(1);
            scene.gil.release();
        })
        .role(|scene| scene.takes_a_turn(2))
        .role(|scene| scene.takes_a_turn(3))
        .end(|scene| assert_eq!(scene.turns.get(), 2, "a turn was lost"))
}

protocol! {
    /// Invariant 3: a request may come late, when nobody wants the lock any more.
    a_holder_hands_over_unasked:
        fails_if_it_waits_for_nobody = HAND_TO_NOBODY: "deadlock",
}

fn a_holder_hands_over_unasked<G: Turns>() -> Play<Scene<G>> {
    Play::over(Scene::<G>::held_by(1))
        .role(|scene| {
            scene.gil.hand_over(1, scene.ask());
            scene.turns.add_one();
            scene.gil.hand_over(1, scene.ask());
            scene.gil.release();
        })
        .role(|scene| scene.takes_a_turn(2))
        .end(|scene| assert_eq!(scene.turns.get(), 2, "a turn was lost"))
}
