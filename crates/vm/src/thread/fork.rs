//! Forking: the child has the forking thread only.
//!
//! The locks of registry, GIL and world are held across the call, so that none is in the middle of a change in the child;
//! what they say of other threads is forgotten there.
//!
//! Not here: the functions that Python code registers around a fork (`posix`).

use super::Thread;
use super::registry;

impl Thread {
    /// Calls `fork`, which answers as the system's does: 0 in the child. Also answers `errno`.
    pub fn fork(&mut self, fork: impl FnOnce() -> i32) -> (i32, i32) {
        self.stop_the_world(|th| {
            let mut outcome = (-1, 0);
            let this = std::ptr::from_mut(th);
            registry::around_fork(this, || {
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
                th.is_main = true;
                super::signals::set_main_thread();
            }
            outcome
        })
    }
}
