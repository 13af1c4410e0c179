//! Starting threads, waiting for their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};
use vm::exceptions::Exc;
use vm::lifecycle::shutdown::is_finalizing;
use vm::prelude::*;
use vm::thread::start_exit;
use vm::thread::state::NATIVE_RESERVE;

/// The native stack of a new thread unless `stack_size` says else.
const DEFAULT_STACK: usize = 16 << 20;

static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Threads that `threading._shutdown` waits for.
static JOINED_AT_EXIT: Mutex<Vec<Arc<Progress>>> = Mutex::new(Vec::new());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    NotStarted,
    Starting,
    Running,
    Done,
}

struct Progress {
    phase: Mutex<(Phase, u64)>,
    changed: Condvar,
}

impl Progress {
    fn set(&self, phase: Phase) {
        self.phase.lock().0 = phase;
        self.changed.notify_all();
    }
}

/// A handle to a thread that may be joined.
#[pyclass(name = "_ThreadHandle", module = "_thread", weakref)]
pub struct ThreadHandle {
    #[no_trace]
    progress: Arc<Progress>,
}

impl ThreadHandle {
    /// Of a thread that does not run yet.
    pub fn new() -> ThreadHandle {
        ThreadHandle {
            progress: Arc::new(Progress {
                phase: Mutex::new((Phase::NotStarted, 0)),
                changed: Condvar::new(),
            }),
        }
    }

    /// Of a thread that runs already.
    pub fn of_running(ident: u64) -> ThreadHandle {
        ThreadHandle {
            progress: Arc::new(Progress {
                phase: Mutex::new((Phase::Running, ident)),
                changed: Condvar::new(),
            }),
        }
    }

    /// Starts a thread that calls `function`; its ident.
    pub fn start(
        &self,
        th: &mut Thread,
        function: Value,
        args: Vec<Value>,
        keywords: Vec<(Obj<Str>, Value)>,
        daemon: bool,
    ) -> PyResult<u64> {
        {
            let mut phase = self.progress.phase.lock();
            if phase.0 != Phase::NotStarted {
                drop(phase);
                return Err(th.runtime_error("thread already started"));
            }
            phase.0 = Phase::Starting;
        }
        if is_finalizing() {
            let message = "can't create new thread at interpreter shutdown";
            return Err(th.raise_exc(Exc::PythonFinalizationError, message));
        }
        vm::object_model::reclaim::set_multi_threaded();
        let progress = self.progress.clone();
        let size = match STACK_SIZE.load(Ordering::Relaxed) {
            0 => DEFAULT_STACK,
            // The sizes that programs ask for do not count what is kept free here.
            size => size.saturating_add(2 * NATIVE_RESERVE),
        };
        let started = std::thread::Builder::new().stack_size(size).spawn(move || {
            let own = progress.clone();
            let result = start_exit::run(false, move |th| {
                *own.phase.lock() = (Phase::Running, th.ident);
                own.changed.notify_all();
                body(th, function, args, keywords);
            });
            if result.is_err() {
                eprintln!("Fatal error: a thread could not be attached to the runtime");
            }
            progress.set(Phase::Done);
            JOINED_AT_EXIT.lock().retain(|p| !Arc::ptr_eq(p, &progress));
        });
        if started.is_err() {
            self.progress.set(Phase::NotStarted);
            return Err(th.runtime_error("can't start new thread"));
        }
        if !daemon {
            JOINED_AT_EXIT.lock().push(self.progress.clone());
        }
        let progress = self.progress.clone();
        let ident = th.detached(|| {
            let mut phase = progress.phase.lock();
            while phase.0 == Phase::Starting {
                progress.changed.wait(&mut phase);
            }
            phase.1
        });
        Ok(ident)
    }
}

fn body(th: &mut Thread, function: Value, args: Vec<Value>, keywords: Vec<(Obj<Str>, Value)>) {
    if th.call_kw(&function, &args, &keywords).is_err() {
        if th.exception_is(Exc::SystemExit) {
            th.clear_exception();
        } else {
            let exception = th.take_exception();
            vm::exceptions::unraisable(
                th,
                exception,
                Some(&function),
                "Exception ignored in thread started by",
            );
        }
    }
}

/// Waits until `progress` is done; false on a timeout.
fn join(th: &mut Thread, progress: &Arc<Progress>, timeout: Option<std::time::Duration>) -> PyResult<bool> {
    let done = super::lock::wait(th, &progress.phase, &progress.changed, timeout, |phase| {
        (phase.0 == Phase::Done).then_some(())
    })?;
    Ok(done.is_some())
}

/// `_thread._shutdown`: waits for all threads that are no daemons.
pub fn join_all(th: &mut Thread) -> PyResult<()> {
    loop {
        let next = JOINED_AT_EXIT.lock().iter().find(|p| p.phase.lock().1 != th.ident).cloned();
        let Some(next) = next else { return Ok(()) };
        join(th, &next, None)?;
        JOINED_AT_EXIT.lock().retain(|p| !Arc::ptr_eq(p, &next));
    }
}

/// `_thread.stack_size`
pub fn stack_size(th: &mut Thread, size: Option<i64>) -> PyResult<usize> {
    let old = STACK_SIZE.load(Ordering::Relaxed); // Relaxed: a number on its own.
    if let Some(size) = size {
        if size < 0 {
            return Err(th.value_error("size must be 0 or a positive value"));
        }
        if size != 0 && size < 32768 {
            return Err(th.value_error(format_args!("size not valid: {size} bytes")));
        }
        STACK_SIZE.store(size as usize, Ordering::Relaxed); // Relaxed: as above.
    }
    Ok(old)
}

/// Names the OS thread (15 bytes at most).
pub fn set_native_name(name: &str) {
    let mut bytes: Vec<u8> = name.bytes().filter(|b| *b != 0).take(15).collect();
    bytes.push(0);
    // SAFETY: the name is terminated and lives across the call.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), bytes.as_ptr().cast()) };
}

#[pymethods]
impl ThreadHandle {
    #[new]
    fn make(_th: &mut Thread, _class: Class) -> PyResult<ThreadHandle> {
        Ok(ThreadHandle::new())
    }

    #[getter]
    fn ident(&self) -> u64 {
        self.progress.phase.lock().1
    }

    #[signature = "(timeout=None)"]
    fn join(&self, th: &mut Thread, timeout: Option<f64>) -> PyResult<()> {
        let (phase, ident) = *self.progress.phase.lock();
        if phase == Phase::NotStarted {
            return Err(th.runtime_error("thread not started"));
        }
        if phase == Phase::Running && ident == th.ident {
            return Err(th.runtime_error("Cannot join current thread"));
        }
        if phase != Phase::Done && is_finalizing() {
            // Other threads run no Python code any more: it could not end.
            let message = "cannot join thread at interpreter shutdown";
            return Err(th.raise_exc(Exc::PythonFinalizationError, message));
        }
        let timeout = match timeout {
            Some(timeout) if timeout >= 0.0 => super::timeout_of(th, true, timeout)?,
            _ => None,
        };
        let progress = self.progress.clone();
        join(th, &progress, timeout)?;
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.progress.phase.lock().0 == Phase::Done
    }

    fn _set_done(&self) {
        self.progress.set(Phase::Done);
    }

    fn __repr__(this: &Obj<Self>) -> String {
        let ident = this.progress.phase.lock().1;
        format!("<_ThreadHandle object: ident={ident}>")
    }
}
