//! A global interpreter lock with a fault to choose. Follows `vm::thread::gil`.

use std::time::Duration;

use mode::primitive::{Condvar, Mutex, MutexGuard, wait_timeout};

use crate::shipped::gil::Gil;

/// What the models use of the lock.
pub trait Turns: Send + Sync + 'static {
    fn new() -> Self;
    fn take(&self, me: u64, ask: impl Fn(u64));
    fn release(&self);
    fn hand_over(&self, me: u64, ask: impl Fn(u64));
}

impl Turns for Gil {
    fn new() -> Self {
        Gil::new()
    }

    fn take(&self, me: u64, ask: impl Fn(u64)) {
        Gil::take(self, me, ask);
    }

    fn release(&self) {
        Gil::release(self);
    }

    fn hand_over(&self, me: u64, ask: impl Fn(u64)) {
        Gil::hand_over(self, me, ask);
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// A woken thread takes the lock without looking whether it is free.
pub const TAKE_ONCE: u8 = 1;
/// Nobody is told that the lock is free.
pub const RELEASE_SILENTLY: u8 = 2;
/// The dropper takes the lock again without waiting for another thread to have it.
pub const UNFORCED: u8 = 3;
/// Nobody is told that the lock was taken.
pub const TAKE_SILENTLY: u8 = 4;
/// The dropper waits although nobody wants the lock.
pub const HAND_TO_NOBODY: u8 = 5;
/// A dropper does not tell that the lock is free.
pub const HAND_OVER_SILENTLY: u8 = 6;
/// A waiter whose time ran out does not ask.
pub const NEVER_ASK: u8 = 7;

#[derive(Default)]
struct State {
    holder: u64,
    switches: u64,
    waiting: usize,
}

/// A lock with one fault.
pub struct Broken<const FAULT: u8> {
    state: Mutex<State>,
    freed: Condvar,
    taken: Condvar,
}

impl<const FAULT: u8> Broken<FAULT> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics and goes on")
    }
}

impl<const FAULT: u8> Turns for Broken<FAULT> {
    fn new() -> Self {
        Broken { state: Mutex::new(State::default()), freed: Condvar::new(), taken: Condvar::new() }
    }

    fn take(&self, me: u64, ask: impl Fn(u64)) {
        let mut state = self.state();
        state.waiting += 1;
        while state.holder != 0 {
            let (holder, switches) = (state.holder, state.switches);
            let (next, timed_out) = wait_timeout(&self.freed, state, Duration::ZERO);
            state = next;
            if timed_out && state.holder == holder && state.switches == switches && FAULT != NEVER_ASK {
                ask(holder);
            }
            if FAULT == TAKE_ONCE {
                break;
            }
        }
        state.waiting -= 1;
        state.holder = me;
        state.switches += 1;
        drop(state);
        if FAULT != TAKE_SILENTLY {
            self.taken.notify_all();
        }
    }

    fn release(&self) {
        let mut state = self.state();
        state.holder = 0;
        drop(state);
        if FAULT != RELEASE_SILENTLY {
            self.freed.notify_one();
        }
    }

    fn hand_over(&self, me: u64, ask: impl Fn(u64)) {
        let mut state = self.state();
        if state.waiting == 0 && FAULT != HAND_TO_NOBODY {
            return;
        }
        let switches = state.switches;
        state.holder = 0;
        if FAULT != HAND_OVER_SILENTLY {
            self.freed.notify_one();
        }
        while state.switches == switches
            && (state.waiting > 0 || FAULT == HAND_TO_NOBODY)
            && FAULT != UNFORCED
        {
            state = self.taken.wait(state).expect("no thread panics and goes on");
        }
        drop(state);
        self.take(me, ask);
    }
}
