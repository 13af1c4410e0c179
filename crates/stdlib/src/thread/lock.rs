//! `_thread.lock` and `_thread.RLock`.
//!
//! A wait detaches the thread. The main thread waits in short pieces, so that a signal's Python handler runs soon.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use vm::prelude::*;

/// How long the main thread waits before it looks for signals.
const SIGNAL_CHECK: Duration = Duration::from_millis(50);

/// Waits on `condition` until `ready` answers, or the timeout (None: for ever) is over. Signals' handlers run meanwhile
/// and may raise.
pub(super) fn wait<T: Send, R: Send>(
    th: &mut Thread,
    state: &Mutex<T>,
    condition: &Condvar,
    timeout: Option<Duration>,
    mut ready: impl FnMut(&mut T) -> Option<R> + Send,
) -> PyResult<Option<R>> {
    if let Some(result) = ready(&mut state.lock()) {
        return Ok(Some(result));
    }
    let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
    if timeout == Some(Duration::ZERO) {
        return Ok(None);
    }
    let is_main = th.is_main;
    loop {
        let slice = if is_main { Instant::now().checked_add(SIGNAL_CHECK) } else { None };
        let until = match (deadline, slice) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let found = th.detached(|| {
            let mut guard = state.lock();
            loop {
                if let Some(result) = ready(&mut guard) {
                    return Some(result);
                }
                match until {
                    Some(until) => {
                        if condition.wait_until(&mut guard, until).timed_out() {
                            return ready(&mut guard);
                        }
                    }
                    None => condition.wait(&mut guard),
                }
            }
        });
        if found.is_some() {
            return Ok(found);
        }
        vm::thread::signals::check(th)?;
        if deadline.is_some_and(|d| Instant::now() >= d) {
            return Ok(None);
        }
    }
}

/// A lock: not owned by anybody, so any thread may release it.
#[pyclass(name = "lock", module = "_thread", weakref)]
pub struct Lock {
    #[no_trace]
    locked: Mutex<bool>,
    #[no_trace]
    released: Condvar,
}

impl Lock {
    /// An unlocked lock.
    pub fn new() -> Lock {
        Lock { locked: Mutex::new(false), released: Condvar::new() }
    }

    fn take(&self, th: &mut Thread, timeout: Option<Duration>) -> PyResult<bool> {
        let taken = wait(th, &self.locked, &self.released, timeout, |locked| {
            if *locked {
                return None;
            }
            *locked = true;
            Some(())
        })?;
        Ok(taken.is_some())
    }

    fn give(&self, th: &mut Thread) -> PyResult<()> {
        {
            let mut locked = self.locked.lock();
            if *locked {
                *locked = false;
                drop(locked);
                self.released.notify_one();
                return Ok(());
            }
        }
        Err(th.runtime_error("release unlocked lock"))
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
        *self.locked.lock()
    }

    fn locked_lock(&self) -> bool {
        *self.locked.lock()
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
        *self.locked.lock() = false;
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let state = if *this.locked.lock() { "locked" } else { "unlocked" };
        let class = vm::class::full_name(th, th.type_of(this.as_value()));
        format!("<{state} {class} object at {:#x}>", this.as_value().word())
    }
}

#[derive(Default)]
struct Owned {
    owner: u64,
    count: usize,
}

/// A lock that its owner may take again.
#[pyclass(name = "RLock", module = "_thread", weakref, subclassable)]
pub struct RLock {
    #[no_trace]
    owned: Mutex<Owned>,
    #[no_trace]
    released: Condvar,
}

impl RLock {
    fn take(&self, th: &mut Thread, timeout: Option<Duration>, count: usize) -> PyResult<bool> {
        let me = th.ident;
        let taken = wait(th, &self.owned, &self.released, timeout, |owned| {
            if owned.count == 0 {
                *owned = Owned { owner: me, count };
                return Some(true);
            }
            if owned.owner == me {
                return match owned.count.checked_add(count) {
                    Some(count) => {
                        owned.count = count;
                        Some(true)
                    }
                    None => Some(false),
                };
            }
            None
        })?;
        match taken {
            Some(false) => Err(th.overflow_error("Internal lock count overflowed")),
            taken => Ok(taken.is_some()),
        }
    }

    fn give(&self, th: &mut Thread) -> PyResult<()> {
        {
            let mut owned = self.owned.lock();
            if owned.count > 0 && owned.owner == th.ident {
                owned.count -= 1;
                if owned.count == 0 {
                    owned.owner = 0;
                    drop(owned);
                    self.released.notify_one();
                }
                return Ok(());
            }
        }
        Err(th.runtime_error("cannot release un-acquired lock"))
    }
}

#[pymethods]
impl RLock {
    #[new(raw)]
    fn make(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let lock = RLock { owned: Mutex::new(Owned::default()), released: Condvar::new() };
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
        self.owned.lock().count > 0
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
        let owned = self.owned.lock();
        owned.count > 0 && owned.owner == th.ident
    }

    fn _recursion_count(&self, th: &mut Thread) -> usize {
        let owned = self.owned.lock();
        if owned.owner == th.ident { owned.count } else { 0 }
    }

    fn _release_save(&self, th: &mut Thread) -> PyResult {
        let saved = {
            let mut owned = self.owned.lock();
            if owned.count == 0 { None } else { Some(std::mem::take(&mut *owned)) }
        };
        let Some(saved) = saved else { return Err(th.runtime_error("cannot release un-acquired lock")) };
        self.released.notify_one();
        let (count, owner) = (th.int(saved.count as i64), th.int_unsigned(saved.owner));
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
        *self.owned.lock() = Owned::default();
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let (owner, count) = {
            let owned = this.owned.lock();
            (owned.owner, owned.count)
        };
        let state = if count > 0 { "locked" } else { "unlocked" };
        let class = vm::class::full_name(th, th.type_of(this.as_value()));
        format!("<{state} {class} object owner={owner} count={count} at {:#x}>", this.as_value().word())
    }
}
