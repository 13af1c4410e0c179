//! Which standard descriptors were closed when the process started: Rust's runtime opens `/dev/null` in their place before
//! `main`, but a program is told by `None` for `sys.stdin` and the others.

use std::sync::atomic::{AtomicU8, Ordering};

/// A bit for each closed descriptor.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Runs before Rust's runtime looks at the descriptors.
extern "C" fn look() {
    for fd in 0..3 {
        // SAFETY: asks about a number.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
            // Relaxed: there is one thread yet.
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

// SAFETY: the section holds addresses of functions that the C runtime calls before `main`; this one uses nothing that
// Rust's runtime must have prepared.
#[unsafe(link_section = ".init_array")]
#[used]
static LOOK: extern "C" fn() = look;

/// Closes the descriptors again that were closed. Called by `main`, before anything else opens files.
pub fn close_again() {
    // Relaxed: as above.
    let closed = CLOSED.load(Ordering::Relaxed);
    for fd in 0..3 {
        if closed & 1 << fd != 0 {
            // SAFETY: Rust's runtime has opened it for nobody in particular.
            unsafe { libc::close(fd) };
        }
    }
}
