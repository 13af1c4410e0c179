//! Starting threads, waiting for their end.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use mode::primitive::Futex;
use parking_lot::Mutex;
use vm::builtins::function::Method;
use vm::exceptions::Exc;
use vm::lifecycle::shutdown::is_finalizing;
use vm::prelude::*;
use vm::thread::start_exit;
use vm::thread::state::NATIVE_RESERVE;

/// The native stack of a new thread unless `stack_size` says else.
const DEFAULT_STACK: usize = 16 << 20;

static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Threads that `threading._shutdown` waits for, some that are done among them. Only attached threads lock it: none while a
/// process forks.
static JOINED_AT_EXIT: Mutex<Vec<Arc<Progress>>> = Mutex::new(Vec::new());

/// All threads that have a handle: as [`JOINED_AT_EXIT`].
static KNOWN: Mutex<Vec<Weak<Progress>>> = Mutex::new(Vec::new());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Phase {
    NotStarted,
    Starting,
    Running,
    Done,
}

/// How far a thread is. Waiting for it holds nothing: a fork's child finds one phase or another.
struct Progress {
    /// A [`Phase`].
    phase: Futex,
    /// 0 until the thread runs.
    ident: AtomicU64,
}

impl Progress {
    fn new(phase: Phase, ident: u64) -> Arc<Progress> {
        Arc::new(Progress { phase: Futex::new(phase as u32), ident: AtomicU64::new(ident) })
    }

    fn phase(&self) -> Phase {
        // Acquire: with the release in `set`, for the ident of a thread that runs.
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::NotStarted,
            1 => Phase::Starting,
            2 => Phase::Running,
            _ => Phase::Done,
        }
    }

    fn ident(&self) -> u64 {
        self.ident.load(Ordering::Relaxed) // Relaxed: a number; who must see it has looked at the phase.
    }

    /// Has the child of a fork know of the thread.
    fn note(self: &Arc<Progress>) {
        let mut known = KNOWN.lock();
        if known.len() == known.capacity() {
            known.retain(|progress| progress.strong_count() != 0);
        }
        known.push(Arc::downgrade(self));
    }

    /// The thread begins or gives up beginning; false if somebody else began.
    fn exchange(&self, from: Phase, to: Phase) -> bool {
        // Relaxed: of the creating side alone; the new thread is told by its start.
        self.phase.compare_exchange(from as u32, to as u32, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn set(&self, phase: Phase) {
        let unless_done = |now| (now != Phase::Done as u32).then_some(phase as u32);
        // Release: with the acquire in `phase`. Relaxed: that is only looked at.
        if self.phase.fetch_update(Ordering::Release, Ordering::Relaxed, unless_done).is_ok() {
            self.phase.wake_all();
        }
    }

    /// Waits until a phase is over, or until a moment (None: for ever); false if that came.
    fn wait_while(&self, phase: Phase, until: Option<Instant>) -> bool {
        while self.phase() == phase {
            if !self.phase.wait(phase as u32, until) {
                return false;
            }
        }
        true
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
        ThreadHandle { progress: Progress::new(Phase::NotStarted, 0) }
    }

    /// Of a thread that runs already.
    pub fn of_running(ident: u64) -> ThreadHandle {
        let progress = Progress::new(Phase::Running, ident);
        progress.note();
        ThreadHandle { progress }
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
        if !self.progress.exchange(Phase::NotStarted, Phase::Starting) {
            return Err(th.runtime_error("thread already started"));
        }
        if is_finalizing() {
            self.progress.exchange(Phase::Starting, Phase::NotStarted);
            let message = "can't create new thread at interpreter shutdown";
            return Err(th.raise_exc(Exc::PythonFinalizationError, message));
        }
        self.progress.note();
        if let Some(method) = th.exact::<Method>(&function) {
            vm::object_model::lock::hand_over(th, &method.receiver);
        }
        vm::object_model::reclaim::set_multi_threaded();
        let progress = self.progress.clone();
        let size = match STACK_SIZE.load(Ordering::Relaxed) {
            0 => DEFAULT_STACK,
            // The sizes that programs ask for do not count what is kept free here.
            size => size.saturating_add(2 * NATIVE_RESERVE),
        };
        let passage = start_exit::Passage::enter();
        let started = std::thread::Builder::new().stack_size(mode::sanitizer::stack(size)).spawn(move || {
            let own = progress.clone();
            let result = start_exit::run_started(passage, move |th| {
                own.ident.store(th.ident, Ordering::Relaxed); // Relaxed: the phase tells of it.
                own.set(Phase::Running);
                body(th, function, args, keywords);
            });
            if result.is_err() {
                eprintln!("Fatal error: a thread could not be attached to the runtime");
            }
            progress.set(Phase::Done);
        });
        if started.is_err() {
            self.progress.exchange(Phase::Starting, Phase::NotStarted);
            return Err(th.runtime_error("can't start new thread"));
        }
        if !daemon {
            let mut joined = JOINED_AT_EXIT.lock();
            joined.retain(|progress| progress.phase() != Phase::Done);
            joined.push(self.progress.clone());
        }
        let progress = self.progress.clone();
        let ident = th.detached(|| {
            progress.wait_while(Phase::Starting, None);
            progress.ident()
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
    let done = |until: Option<Instant>| loop {
        match progress.phase() {
            Phase::Done => return true,
            phase if !progress.wait_while(phase, until) => return false,
            _ => {}
        }
    };
    if progress.phase() == Phase::Done { Ok(true) } else { super::lock::wait(th, timeout, done) }
}

/// `_thread._shutdown`: waits for all threads that are no daemons.
pub fn join_all(th: &mut Thread) -> PyResult<()> {
    loop {
        let next = JOINED_AT_EXIT.lock().iter().find(|p| p.ident() != th.ident).cloned();
        let Some(next) = next else { return Ok(()) };
        join(th, &next, None)?;
        JOINED_AT_EXIT.lock().retain(|p| !Arc::ptr_eq(p, &next));
    }
}

/// In the child of a fork, where `th` is the only thread: the others are done.
pub fn forget_others(th: &Thread) {
    for progress in KNOWN.lock().iter().filter_map(Weak::upgrade) {
        if progress.ident() != th.ident && progress.phase() != Phase::NotStarted {
            progress.phase.store(Phase::Done as u32, Ordering::Relaxed); // Relaxed: there is no other thread.
        }
    }
    JOINED_AT_EXIT.lock().retain(|progress| progress.phase() != Phase::Done);
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
        self.progress.ident()
    }

    #[signature = "(timeout=None)"]
    fn join(&self, th: &mut Thread, timeout: Option<f64>) -> PyResult<()> {
        let (phase, ident) = (self.progress.phase(), self.progress.ident());
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
        self.progress.phase() == Phase::Done
    }

    fn _set_done(&self) {
        self.progress.set(Phase::Done);
    }

    fn __repr__(this: &Obj<Self>) -> String {
        let ident = this.progress.ident();
        format!("<_ThreadHandle object: ident={ident}>")
    }
}
