//! `_thread.lock` and `_thread.RLock`.
//!
//! A wait detaches the thread, and holds nothing: what a fork's child finds is free or held. The main thread waits in short pieces, so that a signal's Python handler runs soon.

use std::time::{Duration, Instant};

use vm::prelude::*;
use vm::thread::reentrant::ReentrantLock;
use vm::thread::word_lock::WordLock;

/// How long the main thread waits before it looks for signals.
const SIGNAL_CHECK: Duration = Duration::from_millis(50);

/// Detached, waits until `take` answers true or the timeout (None: for ever) is over; `take` waits until the moment that it
/// is given, and takes nothing that a fork must not find half taken. Signals' handlers run meanwhile and may raise.
pub(super) fn wait(
    th: &mut Thread,
    timeout: Option<Duration>,
    mut take: impl FnMut(Option<Instant>) -> bool,
) -> PyResult<bool> {
    let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
    if timeout == Some(Duration::ZERO) {
        return Ok(false);
    }
    loop {
        let slice = if th.is_main { Instant::now().checked_add(SIGNAL_CHECK) } else { None };
        let until = match (deadline, slice) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if th.detached(|| take(until)) {
            return Ok(true);
        }
        vm::thread::signals::check(th)?;
        if deadline.is_some_and(|d| Instant::now() >= d) {
            return Ok(false);
        }
    }
}

/// A lock: not owned by anybody, so any thread may release it.
#[pyclass(name = "lock", module = "_thread", weakref)]
pub struct Lock {
    #[no_trace]
    lock: WordLock,
}

impl Lock {
    /// An unlocked lock.
    pub fn new() -> Lock {
        Lock { lock: WordLock::new() }
    }

    fn take(&self, th: &mut Thread, timeout: Option<Duration>) -> PyResult<bool> {
        if self.lock.try_take() {
            return Ok(true);
        }
        wait(th, timeout, |until| self.lock.take(until))
    }

    fn give(&self, th: &mut Thread) -> PyResult<()> {
        if self.lock.give() { Ok(()) } else { Err(th.runtime_error("release unlocked lock")) }
    }
}

#[pymethods]
impl Lock {
    #[new]
    fn make(_th: &mut Thread, _class: Class) -> PyResult<Lock> {
        Ok(Lock::new())
    }

    #[signature = "(blocking=True, timeout=-1)"]
    fn acquire(&self, th: &mut Thread, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = super::timeout_of(th, blocking.unwrap_or(true), timeout.unwrap_or(-1.0))?;
        self.take(th, timeout)
    }

    #[signature = "(blocking=True, timeout=-1)"]
    fn acquire_lock(&self, th: &mut Thread, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        self.acquire(th, blocking, timeout)
    }

    fn release(&self, th: &mut Thread) -> PyResult<()> {
        self.give(th)
    }

    fn release_lock(&self, th: &mut Thread) -> PyResult<()> {
        self.give(th)
    }

    fn locked(&self) -> bool {
        self.lock.is_held()
    }

    fn locked_lock(&self) -> bool {
        self.lock.is_held()
    }

    fn __enter__(&self, th: &mut Thread) -> PyResult<bool> {
        self.take(th, None)
    }

    #[raw]
    fn __exit__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let _ = args;
        this.give(th)?;
        Ok(Value::NONE)
    }

    fn _at_fork_reinit(&self) {
        self.lock.reset();
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let state = if this.lock.is_held() { "locked" } else { "unlocked" };
        let class = vm::class::full_name(th, th.type_of(this.as_value()));
        format!("<{state} {class} object at {:#x}>", this.as_value().word())
    }
}

/// A lock that its owner may take again.
#[pyclass(name = "RLock", module = "_thread", weakref, subclassable)]
pub struct RLock {
    #[no_trace]
    lock: ReentrantLock,
}

impl RLock {
    fn take(&self, th: &mut Thread, timeout: Option<Duration>, count: usize) -> PyResult<bool> {
        let me = th.ident;
        if self.lock.is_owned_by(me) {
            return match self.lock.again(count) {
                true => Ok(true),
                false => Err(th.overflow_error("Internal lock count overflowed")),
            };
        }
        let below = self.lock.below();
        let taken = below.try_take(me) || wait(th, timeout, |until| below.take(me, until, |_| false))?;
        if taken {
            self.lock.begin(count);
        }
        Ok(taken)
    }

    fn give(&self, th: &mut Thread) -> PyResult<()> {
        if self.lock.release(th.ident) {
            Ok(())
        } else {
            Err(th.runtime_error("cannot release un-acquired lock"))
        }
    }
}

#[pymethods]
impl RLock {
    #[new(raw)]
    fn make(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let lock = RLock { lock: ReentrantLock::new() };
        Ok(Obj::new(th, class.payload.instance_shape(), lock).into_value())
    }

    #[signature = "(blocking=True, timeout=-1)"]
    fn acquire(&self, th: &mut Thread, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = super::timeout_of(th, blocking.unwrap_or(true), timeout.unwrap_or(-1.0))?;
        self.take(th, timeout, 1)
    }

    fn release(&self, th: &mut Thread) -> PyResult<()> {
        self.give(th)
    }

    fn locked(&self) -> bool {
        self.lock.held().0 > 0
    }

    fn __enter__(&self, th: &mut Thread) -> PyResult<bool> {
        self.take(th, None, 1)
    }

    #[raw]
    fn __exit__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let _ = args;
        this.give(th)?;
        Ok(Value::NONE)
    }

    fn _is_owned(&self, th: &mut Thread) -> bool {
        self.lock.is_owned_by(th.ident)
    }

    fn _recursion_count(&self, th: &mut Thread) -> usize {
        if self.lock.is_owned_by(th.ident) { self.lock.held().0 } else { 0 }
    }

    fn _release_save(&self, th: &mut Thread) -> PyResult {
        if !self.lock.is_owned_by(th.ident) {
            return Err(th.runtime_error("cannot release un-acquired lock"));
        }
        let (count, owner) = self.lock.held();
        self.lock.release_all();
        let (count, owner) = (th.int(count as i64), th.int_unsigned(owner));
        Ok(th.tuple(vec![count, owner]))
    }

    fn _acquire_restore(&self, th: &mut Thread, state: &Value) -> PyResult<()> {
        let items = th.collect(state)?;
        let count = match items.first() {
            Some(count) => th.index(count)?,
            None => return Err(th.type_error("_acquire_restore() needs a (count, owner) tuple")),
        };
        self.take(th, None, usize::try_from(count).unwrap_or(1))?;
        Ok(())
    }

    fn _at_fork_reinit(&self) {
        self.lock.reset();
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let (count, owner) = this.lock.held();
        let state = if count > 0 { "locked" } else { "unlocked" };
        let class = vm::class::full_name(th, th.type_of(this.as_value()));
        format!("<{state} {class} object owner={owner} count={count} at {:#x}>", this.as_value().word())
    }
}
