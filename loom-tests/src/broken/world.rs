//! A world with a fault to choose. Follows `vm::thread::world`.

use mode::primitive::{Condvar, Mutex, MutexGuard};

use crate::shipped::world::World;

/// What the models use of a world.
pub trait Stopping: Send + Sync + 'static {
    fn new() -> Self;
    fn attach(&self);
    fn detach(&self);
    fn pause(&self);
    fn stop(&self, ask: impl Fn());
    fn start(&self);
}

impl Stopping for World {
    fn new() -> Self {
        World::new()
    }

    fn attach(&self) {
        World::attach(self);
    }

    fn detach(&self) {
        World::detach(self);
    }

    fn pause(&self) {
        World::pause(self);
    }

    fn stop(&self, ask: impl Fn()) {
        World::stop(self, ask);
    }

    fn start(&self) {
        World::start(self);
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// A thread attaches while the world is stopped.
pub const ATTACH_BLINDLY: u8 = 1;
/// The stopper does not wait for the others.
pub const STOP_BLINDLY: u8 = 2;
/// The second stopper does not wait for the first.
pub const STOP_TOGETHER: u8 = 3;
/// The second stopper counts as attached while it waits.
pub const STOP_ATTACHED: u8 = 4;
/// A detaching thread does not tell the stopper.
pub const DETACH_SILENTLY: u8 = 5;
/// A pausing thread does not tell the stopper.
pub const PAUSE_SILENTLY: u8 = 6;
/// Nobody is told that the world starts.
pub const START_SILENTLY: u8 = 7;
/// A paused thread goes on without looking whether the world was stopped again.
pub const PAUSE_ONCE: u8 = 8;

#[derive(Default)]
struct State {
    attached: usize,
    stopped: bool,
}

/// A world with one fault.
pub struct Broken<const FAULT: u8> {
    state: Mutex<State>,
    detached: Condvar,
    started: Condvar,
}

impl<const FAULT: u8> Broken<FAULT> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics and goes on")
    }

    fn wait_started<'a>(&self, mut state: MutexGuard<'a, State>, again: bool) -> MutexGuard<'a, State> {
        while state.stopped {
            state = self.started.wait(state).expect("no thread panics and goes on");
            if !again {
                break;
            }
        }
        state
    }
}

impl<const FAULT: u8> Stopping for Broken<FAULT> {
    fn new() -> Self {
        Broken { state: Mutex::new(State::default()), detached: Condvar::new(), started: Condvar::new() }
    }

    fn attach(&self) {
        let mut state = self.state();
        if FAULT != ATTACH_BLINDLY {
            state = self.wait_started(state, true);
        }
        state.attached += 1;
    }

    fn detach(&self) {
        let mut state = self.state();
        state.attached -= 1;
        if state.stopped && FAULT != DETACH_SILENTLY {
            drop(state);
            self.detached.notify_all();
        }
    }

    fn pause(&self) {
        let mut state = self.state();
        if !state.stopped {
            return;
        }
        state.attached -= 1;
        if FAULT != PAUSE_SILENTLY {
            self.detached.notify_all();
        }
        state = self.wait_started(state, FAULT != PAUSE_ONCE);
        state.attached += 1;
    }

    fn stop(&self, ask: impl Fn()) {
        let mut state = self.state();
        if FAULT != STOP_ATTACHED {
            state.attached -= 1;
        }
        if state.stopped && FAULT != STOP_TOGETHER {
            self.detached.notify_all();
            state = self.wait_started(state, true);
        }
        if FAULT == STOP_ATTACHED {
            state.attached -= 1;
        }
        state.stopped = true;
        ask();
        while state.attached > 0 && FAULT != STOP_BLINDLY {
            state = self.detached.wait(state).expect("no thread panics and goes on");
        }
    }

    fn start(&self) {
        let mut state = self.state();
        state.stopped = false;
        state.attached += 1;
        drop(state);
        if FAULT != START_SILENTLY {
            self.started.notify_all();
        }
    }
}
