//! `_signal`: Python handlers of signals, and what else POSIX offers.
//!
//! Not here: how a signal reaches its Python handler (`vm::thread::signals`).

mod constants;
mod sets;
mod timers;

use vm::prelude::*;
use vm::thread::signals::{self, Action};

/// `SIG_DFL`, `SIG_IGN`
pub(crate) const DEFAULT: i64 = 0;
pub(crate) const IGNORE: i64 = 1;

/// A signal number, checked.
fn number(th: &mut Thread, signal: i64) -> PyResult<i32> {
    if (1..signals::COUNT as i64).contains(&signal) {
        Ok(signal as i32)
    } else {
        Err(th.value_error("signal number out of range"))
    }
}

/// The OSError of the last system call.
fn last_error(th: &mut Thread) -> Raised {
    let error = std::io::Error::last_os_error();
    th.io_error(&error, None)
}

/// What the system does with a signal that has no Python handler.
fn system_action(th: &Thread, signal: i32) -> Value {
    // SAFETY: a query into a zeroed structure, which is a valid one.
    let action = unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, std::ptr::null(), &raw mut old) == 0 {
            Some(old.sa_sigaction)
        } else {
            None
        }
    };
    match action {
        Some(libc::SIG_DFL) => th.int(DEFAULT),
        Some(libc::SIG_IGN) => th.int(IGNORE),
        _ => Value::NONE,
    }
}

/// The handler of a signal as Python sees it.
fn handler_of(th: &Thread, signal: i32) -> Value {
    match signals::handler(signal as usize) {
        Some(handler) => handler,
        None => system_action(th, signal),
    }
}

fn set(th: &mut Thread, signal: i64, handler: &Value) -> PyResult {
    if !th.is_main {
        return Err(th.value_error("signal only works in main thread of the main interpreter"));
    }
    let signal = number(th, signal)?;
    let plain = handler.as_small_int();
    let (action, new) = match plain {
        Some(DEFAULT) => (Action::Default, None),
        Some(IGNORE) => (Action::Ignore, None),
        _ if th.is_callable(handler) => (Action::Note, Some(handler.clone())),
        _ => {
            return Err(
                th.type_error("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
            );
        }
    };
    // Signals that arrived before are handled by the old handler.
    signals::check(th)?;
    let old = handler_of(th, signal);
    if let Err(error) = signals::install(signal, action) {
        return Err(th.io_error(&error, None));
    }
    drop(signals::set_handler(signal as usize, new));
    Ok(old)
}

/// Installs `default_int_handler` for SIGINT unless the program was started with SIGINT ignored.
pub fn install_default_handlers(th: &mut Thread) -> PyResult<()> {
    if system_action(th, libc::SIGINT).as_small_int() != Some(DEFAULT) {
        return Ok(());
    }
    let module = th.import("_signal")?;
    let handler = th.get_attr_str(&module, "default_int_handler")?;
    set(th, libc::SIGINT.into(), &handler).map(drop)
}

/// What `signal` is built on.
#[pymodule(name = "_signal", doc = "Signals.")]
pub mod module {
    use super::{DEFAULT, IGNORE, last_error, number, sets, timers};
    use vm::prelude::*;
    use vm::thread::signals;

    /// Raises KeyboardInterrupt.
    #[pyfunction(signature = "(signalnum, frame, /)")]
    fn default_int_handler(th: &mut Thread, signalnum: i64, frame: &Value) -> PyResult<()> {
        let _ = (signalnum, frame);
        Err(th.raise_args(Exc::KeyboardInterrupt, Vec::new()))
    }

    /// Sets what is done when a signal arrives; what was done before comes back.
    #[pyfunction(name = "signal", signature = "(signalnum, handler, /)")]
    fn signal_(th: &mut Thread, signalnum: i64, handler: &Value) -> PyResult {
        super::set(th, signalnum, handler)
    }

    /// What is done when a signal arrives; None if something else than Python decides.
    #[pyfunction(signature = "(signalnum, /)")]
    fn getsignal(th: &mut Thread, signalnum: i64) -> PyResult {
        let signal = number(th, signalnum)?;
        Ok(super::handler_of(th, signal))
    }

    /// Sends a signal to the running process.
    #[pyfunction(signature = "(signalnum, /)")]
    fn raise_signal(th: &mut Thread, signalnum: i64) -> PyResult<()> {
        let signal = i32::try_from(signalnum).unwrap_or(-1);
        // SAFETY: raise takes any number.
        if unsafe { libc::raise(signal) } != 0 {
            return Err(last_error(th));
        }
        signals::check(th)
    }

    /// What a signal means, in words; None if there is no such signal.
    #[pyfunction(signature = "(signalnum, /)")]
    fn strsignal(th: &mut Thread, signalnum: i64) -> PyResult<Option<String>> {
        let signal = number(th, signalnum)?;
        // SAFETY: strsignal takes any number; its answer is copied at once.
        let text = unsafe {
            let text = libc::strsignal(signal);
            if text.is_null() {
                None
            } else {
                Some(std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned())
            }
        };
        Ok(text.filter(|text| !text.starts_with("Unknown signal")))
    }

    /// Has every signal write its number to a file; the file of before.
    #[pyfunction(signature = "(fd, /, *, warn_on_full_buffer=True)")]
    fn set_wakeup_fd(th: &mut Thread, fd: i32, warn_on_full_buffer: Option<bool>) -> PyResult<i32> {
        let _ = warn_on_full_buffer;
        if !th.is_main {
            return Err(th.value_error("set_wakeup_fd only works in main thread of the main interpreter"));
        }
        if fd != -1 {
            // SAFETY: queries a descriptor, which may be any number.
            let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
            if flags < 0 {
                return Err(last_error(th));
            }
            if flags & libc::O_NONBLOCK == 0 {
                return Err(th.value_error(format_args!("the fd {fd} must be in non-blocking mode")));
            }
        }
        Ok(signals::set_wakeup_fd(fd))
    }

    /// Whether a signal interrupts system calls.
    #[pyfunction(signature = "(signalnum, flag, /)")]
    fn siginterrupt(th: &mut Thread, signalnum: i64, flag: i64) -> PyResult<()> {
        let signal = number(th, signalnum)?;
        // SAFETY: reads the action of a signal and writes it back with one flag changed.
        let failed = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut action) != 0 || {
                if flag != 0 {
                    action.sa_flags &= !libc::SA_RESTART;
                } else {
                    action.sa_flags |= libc::SA_RESTART;
                }
                libc::sigaction(signal, &raw const action, std::ptr::null_mut()) != 0
            }
        };
        if failed { Err(last_error(th)) } else { Ok(()) }
    }

    /// Has SIGALRM arrive after so many seconds; how many were left before.
    #[pyfunction(signature = "(seconds, /)")]
    fn alarm(seconds: i32) -> u32 {
        // SAFETY: takes any number.
        unsafe { libc::alarm(seconds.cast_unsigned()) }
    }

    /// Waits for a signal.
    #[pyfunction]
    fn pause(th: &mut Thread) -> PyResult<()> {
        th.detached(|| {
            // SAFETY: waits for a signal; has no arguments.
            unsafe { libc::pause() }
        });
        signals::check(th)
    }

    /// Sets a timer; its old state.
    #[pyfunction(signature = "(which, seconds, interval=0.0, /)")]
    fn setitimer(th: &mut Thread, which: i32, seconds: f64, interval: Option<f64>) -> PyResult {
        timers::set(th, which, seconds, interval.unwrap_or(0.0))
    }

    /// The state of a timer.
    #[pyfunction(signature = "(which, /)")]
    fn getitimer(th: &mut Thread, which: i32) -> PyResult {
        timers::get(th, which)
    }

    /// Changes which signals are blocked in the calling thread; those of before.
    #[pyfunction(signature = "(how, mask, /)")]
    fn pthread_sigmask(th: &mut Thread, how: i32, mask: &Value) -> PyResult {
        let new = sets::from_iterable(th, mask)?;
        let mut old = sets::empty();
        // SAFETY: both sets live across the call.
        let error = unsafe { libc::pthread_sigmask(how, &raw const new, &raw mut old) };
        if error != 0 {
            return Err(th.os_error(error, None));
        }
        signals::check(th)?;
        sets::to_set(th, &old)
    }

    /// Sends a signal to a thread.
    #[pyfunction(signature = "(thread_id, signalnum, /)")]
    fn pthread_kill(th: &mut Thread, thread_id: u64, signalnum: i64) -> PyResult<()> {
        let signal = i32::try_from(signalnum).unwrap_or(-1);
        if !vm::thread::registry::idents().contains(&thread_id) {
            return Err(th.os_error(libc::ESRCH, None));
        }
        if thread_id == th.ident {
            // SAFETY: the calling thread exists.
            let error = unsafe { libc::pthread_kill(libc::pthread_self(), signal) };
            if error != 0 {
                return Err(th.os_error(error, None));
            }
            return signals::check(th);
        }
        Err(th.not_implemented_error("pthread_kill() of another thread: idents are not the system's"))
    }

    /// The signals that are blocked and wait to be delivered.
    #[pyfunction]
    fn sigpending(th: &mut Thread) -> PyResult {
        let mut pending = sets::empty();
        // SAFETY: the set lives across the call.
        if unsafe { libc::sigpending(&raw mut pending) } != 0 {
            return Err(last_error(th));
        }
        sets::to_set(th, &pending)
    }

    /// Waits for one of the signals; its number.
    #[pyfunction(signature = "(sigset, /)")]
    fn sigwait(th: &mut Thread, sigset: &Value) -> PyResult<i32> {
        let wanted = sets::from_iterable(th, sigset)?;
        let mut found = 0;
        // SAFETY: the set and the number live across the call.
        let error = th.detached(|| unsafe { libc::sigwait(&raw const wanted, &raw mut found) });
        if error == 0 { Ok(found) } else { Err(th.os_error(error, None)) }
    }

    /// All signals that the system knows.
    #[pyfunction]
    fn valid_signals(th: &mut Thread) -> PyResult {
        let mut all = sets::empty();
        // SAFETY: the set lives across the call.
        unsafe { libc::sigfillset(&raw mut all) };
        sets::to_set(th, &all)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let plain = [("SIG_DFL", DEFAULT), ("SIG_IGN", IGNORE), ("NSIG", signals::COUNT as i64)];
        let numbers = super::constants::ALL
            .iter()
            .chain(super::constants::OF_LINUX)
            .map(|(name, number)| (*name, i64::from(*number)));
        for (name, number) in plain.into_iter().chain(numbers) {
            let (name, number) = (th.intern(name), th.int(number));
            th.set_attr(module, &name, &number)?;
        }
        let real_time = [("SIGRTMIN", libc::SIGRTMIN()), ("SIGRTMAX", libc::SIGRTMAX())];
        for (name, number) in real_time {
            let (name, number) = (th.intern(name), th.int(number.into()));
            th.set_attr(module, &name, &number)?;
        }
        let name = th.intern("ItimerError");
        th.set_attr(module, &name, &Exc::OSError.class().value())
    }
}
