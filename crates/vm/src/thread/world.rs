//! Stopping the world: one thread runs, all others are detached or wait at a safepoint.
//!
//! # Protocol
//! - A thread attaches and detaches through [`World`]; while the world is stopped nobody attaches.
//! - The stopper counts itself out, asks everybody to stop (their poll words, through `ask`), and waits until nobody is
//!   attached. Two stoppers take turns: the second counts as stopped while it waits.
//!
//! # Invariants
//! - W1 `attached` is the number of threads between attach and detach, the stopper excepted.
//! - W2 While `stopped`, `attached` only falls, and what the stopper does happens after everything that the others did
//!   before (all go through the mutex).

use mode::primitive::{Condvar, Mutex, MutexGuard};

#[derive(Default)]
struct State {
    attached: usize,
    stopped: bool,
}

/// Who may run.
pub struct World {
    state: Mutex<State>,
    /// Signalled when a thread detaches while the world is being stopped.
    detached: Condvar,
    /// Signalled when the world starts again.
    started: Condvar,
}

fn guard<'a>(result: std::sync::LockResult<MutexGuard<'a, State>>) -> MutexGuard<'a, State> {
    // A panic elsewhere cannot leave the state half written.
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl World {
    /// A world without threads.
    pub fn new() -> World {
        World { state: Mutex::new(State::default()), detached: Condvar::new(), started: Condvar::new() }
    }

    /// Waits until the world runs, then counts the caller in.
    pub fn attach(&self) {
        let mut state = guard(self.state.lock());
        while state.stopped {
            state = guard(self.started.wait(state));
        }
        state.attached += 1;
    }

    /// Counts the caller out.
    pub fn detach(&self) {
        let mut state = guard(self.state.lock());
        state.attached -= 1;
        if state.stopped {
            drop(state);
            self.detached.notify_all();
        }
    }

    /// At a safepoint: waits while the world is stopped.
    pub fn pause(&self) {
        let mut state = guard(self.state.lock());
        if !state.stopped {
            return;
        }
        state.attached -= 1;
        self.detached.notify_all();
        while state.stopped {
            state = guard(self.started.wait(state));
        }
        state.attached += 1;
    }

    /// Stops the world; the caller is attached. `ask` makes the other threads look at their poll words.
    pub fn stop(&self, ask: impl Fn()) {
        let mut state = guard(self.state.lock());
        state.attached -= 1;
        if state.stopped {
            self.detached.notify_all();
            while state.stopped {
                state = guard(self.started.wait(state));
            }
        }
        state.stopped = true;
        ask();
        while state.attached > 0 {
            state = guard(self.detached.wait(state));
        }
    }

    /// Starts the world again; the caller stopped it, and is attached afterwards.
    pub fn start(&self) {
        let mut state = guard(self.state.lock());
        state.stopped = false;
        state.attached += 1;
        drop(state);
        self.started.notify_all();
    }

    /// Keeps the world as it is while `fork` runs; where that answers true, in a forked child, only the caller is left.
    pub(super) fn around_fork(&self, fork: impl FnOnce() -> bool) {
        let mut state = guard(self.state.lock());
        if fork() {
            // A stopper is not counted (W1).
            state.attached = usize::from(!state.stopped);
        }
    }

    /// Whether somebody stops or has stopped the world.
    pub fn is_stopped(&self) -> bool {
        guard(self.state.lock()).stopped
    }
}
