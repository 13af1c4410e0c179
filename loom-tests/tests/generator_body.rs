//! The body of a generator that several threads go on with or look at (`object_model::lock::baton`).
//!
//! # Invariants
//! 1. One thread at a time has the body, and sees what those before it did.
//! 2. What ended is not gone on with again.
//! 3. Who looks at a body that rests sees it whole, and changes what is seen next.

use loom::sync::atomic::{AtomicU32, Ordering};
use loom_tests::broken::baton::*;
use loom_tests::shipped::baton::Baton;
use loom_tests::{Play, Watched, check_play, play_must_fail};

struct Body<B> {
    baton: B,
    registers: Watched,
    runs: AtomicU32,
    ends: AtomicU32,
}

impl<B: OneAtATime> Body<B> {
    fn new() -> Self {
        Body {
            baton: B::default(),
            registers: Watched::new(),
            runs: AtomicU32::new(0),
            ends: AtomicU32::new(0),
        }
    }

    fn resume(&self) {
        if self.baton.take() {
            self.registers.add_one();
            self.runs.fetch_add(1, Ordering::Relaxed);
            self.baton.put_back();
        }
    }

    fn finish(&self) {
        if self.baton.take() {
            self.registers.add_one();
            self.runs.fetch_add(1, Ordering::Relaxed);
            self.ends.fetch_add(1, Ordering::Relaxed);
            self.baton.end();
        }
    }

    fn change(&self) {
        if let Some(before) = self.baton.visit() {
            self.registers.add_one();
            self.runs.fetch_add(1, Ordering::Relaxed);
            self.baton.leave(before);
        }
    }

    fn nothing_lost(&self) {
        assert_eq!(self.registers.get(), self.runs.load(Ordering::Relaxed) as _, "a change was lost");
        assert!(self.ends.load(Ordering::Relaxed) <= 1, "ended twice");
    }
}

fn three_resume<B: OneAtATime>() -> Play<Body<B>> {
    Play::over(Body::new())
        .role(|body| {
            body.resume();
            body.resume();
        })
        .role(Body::resume)
        .role(Body::resume)
        .end(Body::nothing_lost)
}

fn two_finish<B: OneAtATime>() -> Play<Body<B>> {
    Play::over(Body::new()).role(Body::finish).role(Body::finish).end(Body::nothing_lost)
}

fn resumed_while_changed<B: OneAtATime>() -> Play<Body<B>> {
    Play::over(Body::new())
        .role(|body| {
            body.resume();
            body.resume();
        })
        .role(Body::change)
        .end(Body::nothing_lost)
}

fn finished_while_changed<B: OneAtATime>() -> Play<Body<B>> {
    Play::over(Body::new()).role(Body::finish).role(Body::change).end(Body::nothing_lost)
}

/// Invariant 1.
#[test]
fn threads_resume_one_generator() {
    check_play(three_resume::<Baton>);
    check_play(three_resume::<Broken<SOUND>>);
}

#[test]
fn fails_if_taking_does_not_acquire() {
    play_must_fail("Causality violation", three_resume::<Broken<RELAXED_TAKE>>);
}

#[test]
fn fails_if_putting_back_does_not_release() {
    play_must_fail("Causality violation", three_resume::<Broken<RELAXED_PUT_BACK>>);
}

#[test]
fn fails_if_taking_is_a_look_and_a_store() {
    play_must_fail("Causality violation", three_resume::<Broken<TAKE_BY_STORE>>);
}

/// Invariant 2.
#[test]
fn two_threads_end_one_generator() {
    check_play(two_finish::<Baton>);
}

#[test]
fn fails_if_what_ended_is_put_back() {
    play_must_fail("ended twice", two_finish::<Broken<END_AS_REST>>);
}

/// Invariant 3.
#[test]
fn a_frame_object_changes_a_variable() {
    check_play(resumed_while_changed::<Baton>);
    check_play(finished_while_changed::<Baton>);
}

#[test]
fn fails_if_a_visit_leaves_no_mark() {
    play_must_fail("Causality violation", resumed_while_changed::<Broken<UNSEEN_VISIT>>);
}

#[test]
fn fails_if_the_end_of_a_visit_does_not_release() {
    play_must_fail("Causality violation", resumed_while_changed::<Broken<RELAXED_LEAVE>>);
}
