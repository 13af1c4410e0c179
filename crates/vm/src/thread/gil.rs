//! The global interpreter lock: one thread runs at a time, and is asked to let go after the switch interval.
//!
//! Used by the `gil` build always, by the `free-threaded` build when it was switched on at start-up.
//!
//! # Protocol (CPython's, `Python/ceval_gil.c`)
//! A thread that waits longer than the interval without a switch having happened asks the holder, through its poll
//! word, to drop the lock. The dropper then waits until another thread has taken it (forced switching).
//!
//! # Invariants
//! - G1 `holder` is the ident of the thread that has the lock, 0 if it is free; it changes under the mutex.
//! - G2 What the holder wrote is visible to the next: both go through the mutex.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mode::primitive::{Condvar, Mutex, MutexGuard, wait_timeout};

static INTERVAL_MICROSECONDS: AtomicU64 = AtomicU64::new(5000);

/// `sys.getswitchinterval()`
pub fn switch_interval() -> Duration {
    Duration::from_micros(INTERVAL_MICROSECONDS.load(Ordering::Relaxed)) // Relaxed: a number on its own.
}

/// `sys.setswitchinterval()`
pub fn set_switch_interval(interval: Duration) {
    let microseconds = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX).max(1);
    INTERVAL_MICROSECONDS.store(microseconds, Ordering::Relaxed); // Relaxed: a number on its own.
}

#[derive(Default)]
struct State {
    holder: u64,
    /// Counts hand-overs.
    switches: u64,
    waiting: usize,
}

/// The lock.
pub struct Gil {
    state: Mutex<State>,
    /// Signalled when the lock becomes free.
    freed: Condvar,
    /// Signalled when the lock is taken.
    taken: Condvar,
}

fn guard<'a>(result: std::sync::LockResult<MutexGuard<'a, State>>) -> MutexGuard<'a, State> {
    // A panic elsewhere cannot leave the state half written.
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Gil {
    /// A free lock.
    pub fn new() -> Gil {
        Gil { state: Mutex::new(State::default()), freed: Condvar::new(), taken: Condvar::new() }
    }

    /// Takes the lock for thread `me`. `ask` is called with the holder's ident when the interval has passed.
    pub fn take(&self, me: u64, ask: impl Fn(u64)) {
        let mut state = guard(self.state.lock());
        state.waiting += 1;
        while state.holder != 0 {
            let (holder, switches) = (state.holder, state.switches);
            let (next, timed_out) = wait_timeout(&self.freed, state, switch_interval());
            state = next;
            if timed_out && state.holder == holder && state.switches == switches {
                ask(holder);
            }
        }
        state.waiting -= 1;
        state.holder = me;
        state.switches += 1;
        drop(state);
        self.taken.notify_all();
    }

    /// Gives the lock up.
    pub fn release(&self) {
        let mut state = guard(self.state.lock());
        state.holder = 0;
        drop(state);
        self.freed.notify_one();
    }

    /// Gives the lock up because another thread asked for it, waits until one has had it, and takes it again.
    pub fn hand_over(&self, me: u64, ask: impl Fn(u64)) {
        let mut state = guard(self.state.lock());
        if state.waiting == 0 {
            return;
        }
        let switches = state.switches;
        state.holder = 0;
        self.freed.notify_one();
        while state.switches == switches && state.waiting > 0 {
            state = guard(self.taken.wait(state));
        }
        drop(state);
        self.take(me, ask);
    }

    /// Keeps the lock as it is while `fork` runs; where that answers true, in a forked child, nobody waits any more.
    pub(super) fn around_fork(&self, fork: impl FnOnce() -> bool) {
        let mut state = guard(self.state.lock());
        if fork() {
            state.waiting = 0;
        }
    }

    /// The ident of the holder, 0 if the lock is free.
    pub fn holder(&self) -> u64 {
        guard(self.state.lock()).holder
    }
}
