//! `_multiprocessing`: semaphores that processes share.

use std::ffi::CString;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use vm::prelude::*;
use vm::thread::signals;

use crate::support::errno;

const RECURSIVE_MUTEX: i32 = 0;
const SEMAPHORE: i32 = 1;

/// The address of a semaphore of the system. It stays valid for as long as the object that opened it lives.
#[derive(Clone, Copy)]
struct Handle(usize);

impl Handle {
    fn pointer(self) -> *mut libc::sem_t {
        self.0 as *mut libc::sem_t
    }
}

/// Semaphore/Mutex type
#[pyclass(name = "SemLock", module = "_multiprocessing", subclassable)]
pub struct SemLock {
    #[no_trace]
    handle: Handle,
    kind: i32,
    maximum: i32,
    name: Option<String>,
    /// How often it is held; of a mutex by its owner.
    count: AtomicI64,
    /// The thread that acquired it last.
    owner: AtomicU64,
}

// The counters only mean something to the thread that holds the semaphore, which orders all accesses: Relaxed.
const RELAXED: Ordering = Ordering::Relaxed;

impl Drop for SemLock {
    fn drop(&mut self) {
        // SAFETY: the object opened it.
        unsafe { libc::sem_close(self.handle.pointer()) };
    }
}

fn thread_ident() -> u64 {
    // SAFETY: no arguments.
    unsafe { libc::pthread_self() as u64 }
}

impl SemLock {
    fn is_mine(&self) -> bool {
        self.count.load(RELAXED) > 0 && self.owner.load(RELAXED) == thread_ident()
    }

    fn value(&self) -> Result<i32, i32> {
        let mut value = 0;
        // SAFETY: the semaphore is open.
        let result = unsafe { libc::sem_getvalue(self.handle.pointer(), &raw mut value) };
        if result < 0 { Err(errno()) } else { Ok(value.max(0)) }
    }

    fn acquired(&self) {
        self.count.fetch_add(1, RELAXED);
        self.owner.store(thread_ident(), RELAXED);
    }
}

fn c_name(th: &mut Thread, name: &str) -> PyResult<CString> {
    CString::new(name).map_err(|_| th.value_error("embedded null character"))
}

/// When waiting ends, on the clock that the system's call goes by.
fn deadline(seconds: f64) -> libc::timespec {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the structure; the clock exists.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    let seconds = seconds.clamp(0.0, 1e9);
    let nanoseconds = now.tv_nsec + (seconds.fract() * 1e9) as i64;
    libc::timespec {
        tv_sec: now.tv_sec + seconds as i64 + nanoseconds / 1_000_000_000,
        tv_nsec: nanoseconds % 1_000_000_000,
    }
}

#[pymethods]
impl SemLock {
    #[new]
    #[signature("(kind, value, maxvalue, name, unlink)")]
    fn new(
        th: &mut Thread,
        kind: i32,
        value: i32,
        maxvalue: i32,
        name: String,
        unlink: bool,
    ) -> PyResult<SemLock> {
        if kind != RECURSIVE_MUTEX && kind != SEMAPHORE {
            return Err(th.value_error("unrecognized kind"));
        }
        let text = c_name(th, &name)?;
        // SAFETY: a C string; with O_CREAT come a mode and a value.
        let handle = unsafe {
            libc::sem_open(
                text.as_ptr(),
                libc::O_CREAT | libc::O_EXCL,
                0o600 as libc::mode_t,
                value as libc::c_uint,
            )
        };
        if handle == libc::SEM_FAILED {
            return Err(th.os_error(errno(), None));
        }
        let lock = SemLock {
            handle: Handle(handle as usize),
            kind,
            maximum: maxvalue,
            name: (!unlink).then_some(name),
            count: AtomicI64::new(0),
            owner: AtomicU64::new(0),
        };
        if unlink {
            // SAFETY: a C string.
            let result = unsafe { libc::sem_unlink(text.as_ptr()) };
            if result < 0 {
                return Err(th.os_error(errno(), None));
            }
        }
        Ok(lock)
    }

    #[classmethod]
    #[signature("(handle, kind, maxvalue, name, /)")]
    fn _rebuild(
        th: &mut Thread,
        class: Class,
        handle: i64,
        kind: i32,
        maxvalue: i32,
        name: Option<String>,
    ) -> PyResult {
        let handle = match &name {
            Some(name) => {
                let text = c_name(th, name)?;
                // SAFETY: a C string.
                let handle = unsafe { libc::sem_open(text.as_ptr(), 0) };
                if handle == libc::SEM_FAILED {
                    return Err(th.os_error(errno(), None));
                }
                handle as usize
            }
            None => {
                let _ = handle;
                return Err(th.value_error("a semaphore without a name cannot be opened again"));
            }
        };
        let lock = SemLock {
            handle: Handle(handle),
            kind,
            maximum: maxvalue,
            name,
            count: AtomicI64::new(0),
            owner: AtomicU64::new(0),
        };
        Ok(Obj::new(th, class.payload.instance_shape(), lock).into_value())
    }

    /// Acquire the semaphore/lock.
    #[signature("(block=True, timeout=None)")]
    fn acquire(&self, th: &mut Thread, block: Option<bool>, timeout: Option<&Value>) -> PyResult<bool> {
        if self.kind == RECURSIVE_MUTEX && self.is_mine() {
            self.count.fetch_add(1, RELAXED);
            return Ok(true);
        }
        let end = match timeout.filter(|timeout| !timeout.is_none()) {
            Some(timeout) => Some(deadline(th.to_f64(timeout)?)),
            None => None,
        };
        let handle = self.handle;
        // SAFETY: the semaphore is open.
        if unsafe { libc::sem_trywait(handle.pointer()) } == 0 {
            self.acquired();
            return Ok(true);
        }
        let error = errno();
        if error != libc::EAGAIN && error != libc::EINTR {
            return Err(th.os_error(error, None));
        }
        if !block.unwrap_or(true) {
            return Ok(false);
        }
        loop {
            let (result, error) = th.detached(|| {
                let result = match &end {
                    // SAFETY: the semaphore is open.
                    None => unsafe { libc::sem_wait(handle.pointer()) },
                    // SAFETY: as above; the time lives across the call.
                    Some(end) => unsafe { libc::sem_timedwait(handle.pointer(), std::ptr::from_ref(end)) },
                };
                (result, errno())
            });
            if result == 0 {
                self.acquired();
                return Ok(true);
            }
            match error {
                libc::EINTR => signals::check(th)?,
                libc::ETIMEDOUT | libc::EAGAIN => return Ok(false),
                error => return Err(th.os_error(error, None)),
            }
        }
    }

    /// Release the semaphore/lock.
    #[signature("()")]
    fn release(&self, th: &mut Thread) -> PyResult<()> {
        if self.kind == RECURSIVE_MUTEX {
            if !self.is_mine() {
                return Err(th.raise_exc(
                    Exc::AssertionError,
                    "attempt to release recursive lock not owned by thread",
                ));
            }
            if self.count.load(RELAXED) > 1 {
                self.count.fetch_sub(1, RELAXED);
                return Ok(());
            }
        } else {
            match self.value() {
                Ok(value) if value >= self.maximum => {
                    return Err(th.value_error("semaphore or lock released too many times"));
                }
                Ok(_) => {}
                Err(error) => return Err(th.os_error(error, None)),
            }
        }
        self.count.fetch_sub(1, RELAXED);
        // SAFETY: the semaphore is open.
        if unsafe { libc::sem_post(self.handle.pointer()) } < 0 {
            return Err(th.os_error(errno(), None));
        }
        Ok(())
    }

    /// Enter the semaphore/lock.
    #[signature("()")]
    fn __enter__(&self, th: &mut Thread) -> PyResult<bool> {
        self.acquire(th, None, None)
    }

    /// Exit the semaphore/lock.
    #[signature("(exc_type=None, exc_value=None, exc_tb=None, /)")]
    fn __exit__(
        &self,
        th: &mut Thread,
        _exc_type: Option<&Value>,
        _exc_value: Option<&Value>,
        _exc_tb: Option<&Value>,
    ) -> PyResult<()> {
        self.release(th)
    }

    /// Num of `acquire()`s minus num of `release()`s for this process.
    #[signature("()")]
    fn _count(&self) -> i64 {
        self.count.load(RELAXED)
    }

    /// Whether the lock is owned by this thread.
    #[signature("()")]
    fn _is_mine(&self) -> bool {
        self.is_mine()
    }

    /// Get the value of the semaphore.
    #[signature("()")]
    fn _get_value(&self, th: &mut Thread) -> PyResult<i64> {
        match self.value() {
            Ok(value) => Ok(value.into()),
            Err(error) => Err(th.os_error(error, None)),
        }
    }

    /// Return whether semaphore has value zero.
    #[signature("()")]
    fn _is_zero(&self, th: &mut Thread) -> PyResult<bool> {
        self._get_value(th).map(|value| value == 0)
    }

    /// Rezero the net acquisition count after fork().
    #[signature("()")]
    fn _after_fork(&self) {
        self.count.store(0, RELAXED);
    }

    #[getter("handle")]
    fn handle_number(&self, th: &mut Thread) -> Value {
        th.int_unsigned(self.handle.0 as u64)
    }

    #[getter]
    fn kind(&self) -> i64 {
        self.kind.into()
    }

    #[getter]
    fn maxvalue(&self) -> i64 {
        self.maximum.into()
    }

    #[getter]
    fn name(&self) -> Option<String> {
        self.name.clone()
    }

    #[constant]
    const SEM_VALUE_MAX: i64 = i32::MAX as i64;
}

/// The module.
#[pymodule(name = "_multiprocessing", classes = [super::SemLock])]
pub mod module {
    use super::{c_name, errno};
    use vm::prelude::*;

    /// Removes the name of a semaphore.
    #[pyfunction(signature = "(name, /)")]
    fn sem_unlink(th: &mut Thread, name: String) -> PyResult<()> {
        let name = c_name(th, &name)?;
        // SAFETY: a C string.
        if unsafe { libc::sem_unlink(name.as_ptr()) } < 0 {
            return Err(th.os_error(errno(), None));
        }
        Ok(())
    }

    #[pyattr]
    fn flags(th: &mut Thread) -> PyResult {
        let flags = th.dict();
        for name in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT", "HAVE_FD_TRANSFER"] {
            let (name, one) = (th.str(name), th.int(1));
            th.dict_set(&flags, &name, one)?;
        }
        Ok(flags.into_value())
    }
}
