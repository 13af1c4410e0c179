//! Forking: the child has the forking thread only.
//!
//! Whatever another thread holds at that moment stays held in the child, for ever. So nobody holds anything:
//!
//! # Invariants
//! - F1 The world is stopped (or the GIL held). Attached threads are at safepoints, or wait for the lock of an object; those
//!   that hold another one meanwhile are let go on first ([`registry::anybody_has_guards`]).
//! - F2 No thread begins or ends ([`super::passages`]).
//! - F3 The locks of registry, GIL and world are held across the call; what they say of other threads is forgotten in the
//!   child.
//! - F4 What detached threads wait for is a number in memory and a queue in the kernel (`mode::primitive::Futex`): nobody
//!   is in the middle of queueing, and nobody is left in a queue. `parking_lot`, whose queues are in memory, is for attached
//!   threads alone.
//!
//! Detached code is not watched otherwise: what it does to the allocator or the C library may be half done in the child.
//!
//! Not here: the functions that Python code registers around a fork (`posix`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mode::{FREE_THREADED, OwnerId};

use super::{Thread, registry, safepoint};

/// How long those that are in the middle of something get.
const LET_GO_ON: Duration = Duration::from_micros(50);

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks this process stems from, since the runtime started. What was held by another thread in an earlier
/// generation is held by nobody.
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed) // Relaxed: changes while there is one thread.
}

impl Thread {
    /// Calls `fork`, which answers as the system's does: 0 in the child. Also answers `errno`.
    pub fn fork(&mut self, fork: impl FnOnce() -> i32) -> (i32, i32) {
        let mut fork = Some(fork);
        loop {
            let outcome = self.stop_the_world(|th| {
                if registry::anybody_has_guards(th) {
                    return None;
                }
                registry::passages().without(|| fork.take().map(|fork| th.fork_alone(fork)))
            });
            match outcome {
                Some((child, error, gone)) => {
                    if child == 0 {
                        settle(gone);
                    }
                    return (child, error);
                }
                // They may be waiting for the world, or for the GIL.
                None => self.detached(|| std::thread::sleep(LET_GO_ON)),
            }
        }
    }

    /// Nobody is in the middle of anything. Also answers the heaps of the threads that are gone.
    fn fork_alone(&mut self, fork: impl FnOnce() -> i32) -> (i32, i32, Vec<OwnerId>) {
        let mut outcome = (-1, 0);
        let this = std::ptr::from_mut(self);
        let gone = registry::around_fork(this, || {
            let mut in_child = false;
            registry::world().around_fork(|| {
                registry::gil().around_fork(|| {
                    let answer = fork();
                    outcome = (answer, std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
                    in_child = answer == 0;
                    in_child
                });
                in_child
            });
            in_child
        });
        if outcome.0 == 0 {
            GENERATION.fetch_add(1, Ordering::Relaxed); // Relaxed: as in `generation`.
            self.is_main = true;
            super::signals::set_main_thread();
            crate::builtins::warn::forked(self);
            object_model::reclaim::forked(self);
        }
        (outcome.0, outcome.1, gone)
    }
}

/// In the child: takes over for threads that are gone, as if they had ended.
fn settle(gone: Vec<OwnerId>) {
    if FREE_THREADED {
        gone.into_iter().for_each(safepoint::end_for);
    }
}
