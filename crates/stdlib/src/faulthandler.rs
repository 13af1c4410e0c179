//! `faulthandler`: tracebacks on demand, and on the failures that the system reports with signals.
//!
//! A handler writes which signal it was and then lets the system do what it does without a handler: the interpreter's
//! frames are not looked at from there. Not here: `dump_traceback_later` and `register`, which say so.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use vm::prelude::*;

use crate::support;

static ENABLED: AtomicBool = AtomicBool::new(false);
static OUTPUT: AtomicI32 = AtomicI32::new(2);

/// Signals and what to say of them.
const FATAL: [(i32, &str); 5] = [
    (libc::SIGBUS, "Fatal Python error: Bus error\n\n"),
    (libc::SIGILL, "Fatal Python error: Illegal instruction\n\n"),
    (libc::SIGFPE, "Fatal Python error: Floating-point exception\n\n"),
    (libc::SIGABRT, "Fatal Python error: Aborted\n\n"),
    (libc::SIGSEGV, "Fatal Python error: Segmentation fault\n\n"),
];

extern "C" fn report(signal: libc::c_int) {
    // Relaxed: a number on its own. Only async-signal-safe operations are used here.
    let fd = OUTPUT.load(Ordering::Relaxed);
    for (number, message) in FATAL {
        if number == signal {
            // SAFETY: write is async-signal-safe; the text is static.
            unsafe { libc::write(fd, message.as_ptr().cast(), message.len()) };
        }
    }
    // SAFETY: both are async-signal-safe. The signal is delivered again when the handler returns.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

fn install(on: bool) {
    for (signal, _) in FATAL {
        // SAFETY: a zeroed sigaction is valid, and the handler is async-signal-safe.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = if on { report as *const () as usize } else { libc::SIG_DFL };
            action.sa_flags = libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// The descriptor of a file argument: `sys.stderr` if there is none.
fn descriptor(th: &mut Thread, file: Option<&Value>) -> PyResult<i32> {
    let file = match file.filter(|file| !file.is_none()) {
        Some(file) => file.clone(),
        None => {
            let stderr = support::import_attr(th, "sys", "stderr")?;
            if stderr.is_none() {
                return Err(th.runtime_error("sys.stderr is None"));
            }
            stderr
        }
    };
    if vm::builtins::int::as_int(&file).is_some() {
        return support::file_descriptor(th, &file);
    }
    let fd = th.call_method(&file, "fileno", &[])?;
    let fd = th.index(&fd)?;
    let Some(fd) = i32::try_from(fd).ok().filter(|fd| *fd >= 0) else {
        return Err(th.runtime_error("file.fileno() is not a valid file descriptor"));
    };
    let flushed = th.call_method(&file, "flush", &[]);
    if flushed.is_err() {
        th.clear_exception();
    }
    Ok(fd)
}

/// Writes the stacks of threads.
fn dump(th: &mut Thread, fd: i32, all_threads: bool) -> PyResult<()> {
    let frames = support::import_attr(th, "sys", "_current_frames")?;
    let frames = th.call(&frames, &[])?;
    let own = support::import_attr(th, "_thread", "get_ident")?;
    let own = th.call(&own, &[])?;
    let own = th.index(&own)?;
    let items = th.call_method(&frames, "items", &[])?;
    let mut threads = Vec::new();
    for item in th.collect(&items)? {
        let Some(pair) = th.downcast::<Tuple>(&item).cloned() else { continue };
        let [ident, frame] = pair.items() else { continue };
        let ident = th.index(ident)?;
        if all_threads || ident == own {
            threads.push((ident, frame.clone()));
        }
    }
    // The calling thread comes last, as the others do in the order of their making.
    threads.sort_by_key(|(ident, _)| *ident == own);
    let mut text = String::new();
    for (index, (ident, frame)) in threads.into_iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        if all_threads {
            let which = if ident == own { "Current thread" } else { "Thread" };
            text.push_str(&format!("{which} 0x{ident:016x} (most recent call first):\n"));
        } else {
            text.push_str("Stack (most recent call first):\n");
        }
        let mut frame = frame;
        let mut count = 0;
        while !frame.is_none() {
            if count == 100 {
                text.push_str("  ...\n");
                break;
            }
            count += 1;
            let code = th.get_attr_str(&frame, "f_code")?;
            let (file, name) =
                (th.get_attr_str(&code, "co_filename")?, th.get_attr_str(&code, "co_qualname")?);
            let line = th.get_attr_str(&frame, "f_lineno")?;
            let line = if line.is_none() { "???".to_string() } else { th.index(&line)?.to_string() };
            let shown = |th: &Thread, value: &Value| {
                th.as_str(value)
                    .map_or_else(|| "???".to_string(), |text| text.units().to_str_lossy().into_owned())
            };
            text.push_str(&format!("  File \"{}\", line {line} in {}\n", shown(th, &file), shown(th, &name)));
            frame = th.get_attr_str(&frame, "f_back")?;
        }
    }
    // SAFETY: the text is as long as it says.
    unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
    Ok(())
}

/// The module.
#[pymodule(name = "faulthandler")]
pub mod module {
    use super::*;

    /// Enable the fault handler.
    #[pyfunction(signature = "(file=sys.stderr, all_threads=True, c_stack=True)")]
    fn enable(
        th: &mut Thread,
        file: Option<&Value>,
        _all_threads: Option<&Value>,
        _c_stack: Option<&Value>,
    ) -> PyResult<()> {
        let fd = descriptor(th, file)?;
        OUTPUT.store(fd, Ordering::Relaxed); // Relaxed: a number on its own.
        install(true);
        ENABLED.store(true, Ordering::Relaxed); // Relaxed: as above.
        Ok(())
    }

    /// Disable the fault handler.
    #[pyfunction(signature = "()")]
    fn disable() -> bool {
        let was = ENABLED.swap(false, Ordering::Relaxed); // Relaxed: as above.
        if was {
            install(false);
        }
        was
    }

    /// Check if the handler is enabled.
    #[pyfunction(signature = "()")]
    fn is_enabled() -> bool {
        ENABLED.load(Ordering::Relaxed) // Relaxed: as above.
    }

    /// Dump the traceback of the current thread into file.
    #[pyfunction(signature = "(file=sys.stderr, all_threads=True)")]
    fn dump_traceback(th: &mut Thread, file: Option<&Value>, all_threads: Option<bool>) -> PyResult<()> {
        let fd = descriptor(th, file)?;
        dump(th, fd, all_threads.unwrap_or(true))
    }

    /// Dump the traceback of all threads in timeout seconds: not implemented.
    #[pyfunction(signature = "(timeout, repeat=False, file=sys.stderr, exit=False)")]
    fn dump_traceback_later(
        th: &mut Thread,
        _timeout: &Value,
        _repeat: Option<&Value>,
        _file: Option<&Value>,
        _exit: Option<&Value>,
    ) -> PyResult<()> {
        Err(th.not_implemented_error("faulthandler.dump_traceback_later() is not implemented"))
    }

    /// Cancel the previous call to dump_traceback_later().
    #[pyfunction(signature = "()")]
    fn cancel_dump_traceback_later() {}

    /// Register a handler for the signal 'signum': not implemented.
    #[pyfunction(signature = "(signum, file=sys.stderr, all_threads=True, chain=False)")]
    fn register(
        th: &mut Thread,
        _signum: &Value,
        _file: Option<&Value>,
        _all_threads: Option<&Value>,
        _chain: Option<&Value>,
    ) -> PyResult<()> {
        Err(th.not_implemented_error("faulthandler.register() is not implemented"))
    }

    /// Unregister the handler of the signal 'signum' registered by register().
    #[pyfunction(signature = "(signum, /)")]
    fn unregister(_signum: i32) -> bool {
        false
    }
}
