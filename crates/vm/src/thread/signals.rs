//! Signals: a native handler notes them, the main thread runs Python handlers at its next safepoint.
//!
//! Not here: the module `_signal` (`stdlib`), which sets the Python handlers.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use object_model::Value;
use parking_lot::Mutex;

use super::registry;
use super::state::{Thread, poll};
use crate::error::PyResult;

/// One more than the highest signal number.
pub const COUNT: usize = 65;

static PENDING: AtomicU64 = AtomicU64::new(0);
static UNNOTICED: AtomicBool = AtomicBool::new(false);
static WAKEUP_FD: AtomicI32 = AtomicI32::new(-1);
static HANDLERS: Mutex<[Option<Value>; COUNT]> = Mutex::new([const { None }; COUNT]);

/// The system's number of the main thread; 0 before there is one.
static MAIN: AtomicI32 = AtomicI32::new(0);

/// Says that this is the main thread: signals interrupt its system calls, whichever thread they arrive in.
pub fn set_main_thread() {
    // SAFETY: asks for a number.
    MAIN.store(unsafe { libc::gettid() }, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// The signals that a thread does not take.
#[derive(Clone, Copy)]
pub struct Mask(libc::sigset_t);

/// Leaves all signals to other threads; the mask of before.
pub fn leave_to_others() -> Mask {
    // SAFETY: the sets are valid, and live during the calls that fill them in.
    unsafe {
        let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        Mask(before)
    }
}

/// Takes the signals that are not in `mask`.
pub fn set_mask(mask: Mask) {
    // SAFETY: the set is valid.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask.0, std::ptr::null_mut()) };
}

/// Sends the signal on to the main thread, if this is another one. True if that worked.
fn pass_on(signal: libc::c_int) -> bool {
    let main = MAIN.load(Ordering::Relaxed); // Relaxed: a number on its own.
    // SAFETY: async-signal-safe calls on numbers; a thread that is gone gives an error.
    unsafe {
        main != 0
            && libc::gettid() != main
            && libc::syscall(libc::SYS_tgkill, libc::getpid(), main, signal) == 0
    }
}

extern "C" fn note(signal: libc::c_int) {
    // What blocks in the main thread is to end, so that the signal is handled at once.
    if pass_on(signal) {
        return;
    }
    // Release pairs with the acquire in `deliver`. Only async-signal-safe operations are used here.
    PENDING.fetch_or(1 << (signal as u64 & 63), Ordering::Release);
    let fd = WAKEUP_FD.load(Ordering::Relaxed); // Relaxed: a number on its own.
    if fd >= 0 {
        let byte = signal as u8;
        // SAFETY: write is async-signal-safe; a failure is ignored as the wakeup is only a hint.
        unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
    }
    if !registry::try_poke_main(poll::SIGNAL) {
        // Release pairs with the acquire in `noticed`.
        UNNOTICED.store(true, Ordering::Release);
    }
}

/// Behaves as if `signal` had arrived.
pub fn trigger(signal: i32) {
    if handler(signal as usize).is_some() {
        note(signal);
    }
}

/// Installs the native handler of `signal`, or the system's default, or ignores it.
pub fn install(signal: i32, action: Action) -> std::io::Result<()> {
    // SAFETY: a zeroed sigaction is valid, and the handler is async-signal-safe.
    let result = unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = match action {
            Action::Note => note as *const () as usize,
            Action::Default => libc::SIG_DFL,
            Action::Ignore => libc::SIG_IGN,
        };
        libc::sigemptyset(&raw mut new.sa_mask);
        libc::sigaction(signal, &raw const new, std::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// What the system does with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Notes it for the main thread.
    Note,
    /// The system's default.
    Default,
    /// Nothing.
    Ignore,
}

/// Sets the Python handler of `signal`; hands out the old one.
pub fn set_handler(signal: usize, handler: Option<Value>) -> Option<Value> {
    let mut handlers = HANDLERS.lock();
    handlers.get_mut(signal).and_then(|slot| std::mem::replace(slot, handler))
}

/// The Python handler of `signal`.
pub fn handler(signal: usize) -> Option<Value> {
    HANDLERS.lock().get(signal).and_then(Clone::clone)
}

/// `signal.set_wakeup_fd`
pub fn set_wakeup_fd(fd: i32) -> i32 {
    WAKEUP_FD.swap(fd, Ordering::Relaxed) // Relaxed: a number on its own.
}

/// True if a signal waits for its Python handler.
pub fn any_pending() -> bool {
    PENDING.load(Ordering::Acquire) != 0 // Acquire pairs with the release in `note`.
}

/// Runs the Python handlers of noted signals, in the main thread.
pub fn deliver(th: &mut Thread) -> PyResult<()> {
    UNNOTICED.store(false, Ordering::Release); // Release: before PENDING is taken.
    let mut pending = PENDING.swap(0, Ordering::AcqRel); // Acquire pairs with the release in `note`.
    while pending != 0 {
        let signal = pending.trailing_zeros() as usize;
        pending &= pending - 1;
        let Some(handler) = handler(signal) else { continue };
        let frame = crate::frame::current_object(th);
        let number = th.int(signal as i64);
        if let Err(raised) = th.call(&handler, &[number, frame]) {
            // Signals not handled yet stay pending.
            PENDING.fetch_or(pending, Ordering::Release); // Release pairs with the acquire above.
            if pending != 0 {
                th.poll_word().fetch_or(poll::SIGNAL, Ordering::Release); // Release: as in `registry::poke`.
            }
            return Err(raised);
        }
    }
    Ok(())
}

/// Called after blocking calls were interrupted: runs handlers if there are any.
pub fn check(th: &mut Thread) -> PyResult<()> {
    if th.is_main && (any_pending() || UNNOTICED.load(Ordering::Acquire)) { deliver(th) } else { Ok(()) }
}
