//! Running a model, and running one that must not pass.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::Arc;
use loom::thread;

/// A world, the threads that meet in it, and what must be true of it when all are done.
///
/// [`check_play`] explores it once for every order in which the threads can be started. That matters: of the
/// accesses to an atomic loom remembers only the last, so a thread that loads a word before it exchanges it hides
/// from loom that the exchange should also be tried before another thread's load. Each order makes another thread
/// the one that runs through first.
pub struct Play<W> {
    world: Arc<W>,
    roles: Vec<fn(&W)>,
    end: fn(&W),
}

impl<W: 'static> Play<W> {
    /// A play without roles.
    pub fn over(world: W) -> Self {
        Play { world: Arc::new(world), roles: Vec::new(), end: |_| {} }
    }

    /// Adds a thread.
    pub fn role(mut self, role: fn(&W)) -> Self {
        self.roles.push(role);
        self
    }

    /// What is done, and checked, after all threads.
    pub fn end(mut self, end: fn(&W)) -> Self {
        self.end = end;
        self
    }

    /// Starts the threads in the `order`th order, and waits for them.
    fn perform(mut self, mut order: usize) {
        let mut threads = Vec::new();
        while !self.roles.is_empty() {
            let role = self.roles.remove(order % self.roles.len());
            order /= self.roles.len() + 1;
            let world = self.world.clone();
            threads.push(thread::spawn(move || role(&world)));
        }
        for thread in threads {
            thread.join().expect("loom stops at the first panic");
        }
        (self.end)(&self.world);
    }
}

/// Explores every execution of `model` with at most `LOOM_MAX_PREEMPTIONS` preemptions, 2 if that is not set.
///
/// # Panics
/// If an execution panics, races, leaks or deadlocks.
pub fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.check(model);
}

/// [`check`]s a play in every order of its roles. `make` is called for every execution.
///
/// # Panics
/// As [`check`].
pub fn check_play<W: 'static>(make: fn() -> Play<W>) {
    let roles = std::sync::Arc::new(AtomicUsize::new(0));
    let mut order = 0;
    loop {
        let seen = roles.clone();
        check(move || {
            let play = make();
            seen.store(play.roles.len(), Ordering::Relaxed);
            play.perform(order);
        });
        order += 1;
        if order == (1..=roles.load(Ordering::Relaxed)).product() {
            return;
        }
    }
}

/// Runs what loom must reject.
fn expect_panic(reason: &str, run: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else {
        panic!("a model with a fault passed");
    };
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text");
    assert!(message.contains(reason), "failed for another reason: {message}");
}

/// Checks that loom rejects `model`, with a message that holds `reason`.
///
/// # Panics
/// If all executions pass, or the first to fail does so for another reason.
pub fn must_fail(reason: &str, model: impl Fn() + Sync + Send + 'static) {
    expect_panic(reason, || check(model));
}

/// Checks that loom rejects a play in one of its orders, with a message that holds `reason`.
///
/// # Panics
/// As [`must_fail`].
pub fn play_must_fail<W: 'static>(reason: &str, make: fn() -> Play<W>) {
    if reason == DEADLOCK {
        must_hang(|| check_play(make));
    } else {
        expect_panic(reason, || check_play(make));
    }
}

/// What loom says when no thread can go on.
const DEADLOCK: &str = "deadlock";

/// Set in a process that is to end in a deadlock.
const DOOMED: &str = "LOOM_TESTS_DOOMED";

/// Runs what must end in a deadlock. loom panics then in a thread that may own guards, and dropping those panics again,
/// which ends the process; so the test that called this runs in another process.
fn must_hang(run: impl FnOnce()) {
    if std::env::var_os(DOOMED).is_some() {
        return run();
    }
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").expect("tests run in threads of their own");
    let program = std::env::current_exe().expect("a test is a program");
    let arguments = ["--exact", "--nocapture", test];
    let output =
        std::process::Command::new(program).args(arguments).env(DOOMED, "1").output().expect("a process");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "a model with a fault passed");
    assert!(text.contains(&format!("{DEADLOCK}; threads")), "failed for another reason: {text}");
}
