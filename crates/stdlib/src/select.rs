//! The module `select`: waiting for file descriptors.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use vm::prelude::*;
use vm::thread::signals;

use crate::support::{self, errno};

const NANOSECONDS: i64 = 1_000_000_000;

/// When waiting ends: None waits for ever.
struct Deadline(Option<i64>);

fn now() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the structure; the clock exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.saturating_mul(NANOSECONDS).saturating_add(time.tv_nsec)
}

impl Deadline {
    /// After a number of units of so many nanoseconds; None and negative numbers mean for ever, if that is allowed.
    fn parse(
        th: &mut Thread,
        timeout: Option<&Value>,
        unit: f64,
        negative_waits: bool,
    ) -> PyResult<Deadline> {
        let Some(timeout) = timeout.filter(|t| !t.is_none()) else { return Ok(Deadline(None)) };
        let given = th.to_f64(timeout);
        let Some(given) = th.catch(given, Exc::TypeError)? else {
            return Err(th.type_error("timeout must be a float or None"));
        };
        if given.is_nan() {
            return Err(th.value_error("Invalid value NaN (not a number)"));
        }
        if given < 0.0 {
            if negative_waits {
                return Ok(Deadline(None));
            }
            return Err(th.value_error("timeout must be non-negative"));
        }
        let nanoseconds = (given * unit).ceil();
        if nanoseconds > 9.2e18 {
            return Err(th.overflow_error("timeout is too large"));
        }
        Ok(Deadline(Some(now().saturating_add(nanoseconds as i64))))
    }

    fn rest(&self) -> Option<libc::timespec> {
        let rest = self.0?.saturating_sub(now()).max(0);
        Some(libc::timespec { tv_sec: rest / NANOSECONDS, tv_nsec: rest % NANOSECONDS })
    }

    /// In milliseconds, rounded up; -1 for ever.
    fn milliseconds(&self) -> i32 {
        match self.0 {
            None => -1,
            Some(end) => {
                let rest = end.saturating_sub(now()).max(0);
                i32::try_from((rest + 999_999) / 1_000_000).unwrap_or(i32::MAX)
            }
        }
    }
}

/// Calls `wait` until it is not interrupted.
fn wait(th: &mut Thread, mut wait: impl FnMut() -> i32) -> PyResult<usize> {
    loop {
        let (count, error) = th.detached(|| {
            let count = wait();
            (count, errno())
        });
        match usize::try_from(count) {
            Ok(count) => return Ok(count),
            Err(_) if error == libc::EINTR => signals::check(th)?,
            Err(_) => return Err(th.os_error(error, None)),
        }
    }
}

/// Files of one argument of `select`: the objects, and the set of their descriptors.
struct Group {
    files: Vec<(Value, i32)>,
    set: libc::fd_set,
}

fn group(th: &mut Thread, list: &Value, most: &mut i32) -> PyResult<Group> {
    let collected = th.collect(list);
    let Some(items) = th.catch(collected, Exc::TypeError)? else {
        return Err(th.type_error("arguments 1-3 must be sequences"));
    };
    // SAFETY: zeroes are an empty set.
    let mut set: libc::fd_set = unsafe { std::mem::zeroed() };
    let mut files = Vec::with_capacity(items.len());
    for item in items {
        let fd = support::file_descriptor(th, &item)?;
        if fd as usize >= libc::FD_SETSIZE {
            return Err(th.value_error("filedescriptor out of range in select()"));
        }
        // SAFETY: a descriptor below the size of the set.
        unsafe { libc::FD_SET(fd, &raw mut set) };
        *most = (*most).max(fd);
        files.push((item, fd));
    }
    Ok(Group { files, set })
}

fn ready(th: &mut Thread, group: &Group, set: &libc::fd_set) -> Value {
    // SAFETY: descriptors below the size of the set.
    let chosen = group.files.iter().filter(|(_, fd)| unsafe { libc::FD_ISSET(*fd, set) });
    let chosen = chosen.map(|(file, _)| file.clone()).collect();
    th.list(chosen)
}

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as u32 as i64),)*];
    };
}

constants! {
    POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND POLLRDHUP
    EPOLLIN EPOLLOUT EPOLLPRI EPOLLERR EPOLLHUP EPOLLRDHUP EPOLLET EPOLLONESHOT EPOLLEXCLUSIVE EPOLLRDNORM EPOLLRDBAND
    EPOLLWRNORM EPOLLWRBAND EPOLLMSG EPOLL_CLOEXEC
}

/// Registered descriptors that are waited for together.
#[pyclass(name = "poll", module = "select", no_new, no_export)]
pub struct Poll {
    #[no_trace]
    registered: Guarded<BTreeMap<i32, u16>>,
    busy: AtomicBool,
}

fn event_mask(th: &mut Thread, mask: Option<&Value>) -> PyResult<u16> {
    let Some(mask) = mask else { return Ok((libc::POLLIN | libc::POLLPRI | libc::POLLOUT) as u16) };
    let number = th.index(mask)?;
    match u16::try_from(number) {
        Ok(mask) => Ok(mask),
        Err(_) if number < 0 => Err(th.value_error("Python int cannot be converted to C unsigned short")),
        Err(_) => Err(th.overflow_error("Python int too large for C unsigned short")),
    }
}

#[pymethods]
impl Poll {
    /// Register a file descriptor with the polling object.
    #[signature("(fd, eventmask=<unrepresentable>, /)")]
    fn register(this: &Obj<Self>, th: &mut Thread, fd: &Value, eventmask: Option<&Value>) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        let mask = event_mask(th, eventmask)?;
        this.registered.lock(th).insert(fd, mask);
        Ok(())
    }

    /// Modify an already registered file descriptor.
    fn modify(this: &Obj<Self>, th: &mut Thread, fd: &Value, eventmask: &Value) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        let mask = event_mask(th, Some(eventmask))?;
        let known = match this.registered.lock(th).get_mut(&fd) {
            Some(known) => {
                *known = mask;
                true
            }
            None => false,
        };
        if known { Ok(()) } else { Err(th.os_error(libc::ENOENT, None)) }
    }

    /// Remove a file descriptor being tracked by the polling object.
    fn unregister(this: &Obj<Self>, th: &mut Thread, fd: &Value) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        let known = this.registered.lock(th).remove(&fd);
        match known {
            Some(_) => Ok(()),
            None => {
                let fd = th.int(fd.into());
                Err(th.key_error(fd))
            }
        }
    }

    /// Polls the set of registered file descriptors.
    #[signature("(timeout=None, /)")]
    fn poll(this: &Obj<Self>, th: &mut Thread, timeout: Option<&Value>) -> PyResult {
        let deadline = Deadline::parse(th, timeout, 1e6, true)?;
        // AcqRel: one thread at a time.
        if this.busy.swap(true, Ordering::AcqRel) {
            return Err(th.runtime_error("concurrent poll() invocation"));
        }
        let mut list: Vec<libc::pollfd> = {
            let registered = this.registered.lock(th);
            registered
                .iter()
                .map(|(fd, mask)| libc::pollfd { fd: *fd, events: *mask as i16, revents: 0 })
                .collect()
        };
        let count = list.len() as libc::nfds_t;
        let result = wait(th, || {
            // SAFETY: a list of the length that is told.
            unsafe { libc::poll(list.as_mut_ptr(), count, deadline.milliseconds()) }
        });
        this.busy.store(false, Ordering::Release); // Release pairs with the swap above.
        result?;
        let mut found = Vec::new();
        for entry in list.iter().filter(|e| e.revents != 0) {
            let pair = vec![th.int(entry.fd.into()), th.int((entry.revents as u16).into())];
            found.push(th.tuple(pair));
        }
        Ok(th.list(found))
    }
}

/// Returns an epolling object.
#[pyclass(name = "epoll", module = "select", subclassable, no_export)]
pub struct Epoll {
    #[no_trace]
    fd: AtomicI32,
}

impl Epoll {
    fn open(&self, th: &mut Thread) -> PyResult<i32> {
        let fd = self.fd.load(Ordering::Relaxed); // Relaxed: a number on its own.
        if fd < 0 { Err(th.value_error("I/O operation on closed epoll object")) } else { Ok(fd) }
    }

    fn control(&self, th: &mut Thread, operation: i32, fd: &Value, events: u32) -> PyResult<()> {
        let own = self.open(th)?;
        let fd = support::file_descriptor(th, fd)?;
        let mut event = libc::epoll_event { events, u64: fd as u64 };
        // SAFETY: the structure is readable.
        support::checked(th, || unsafe { libc::epoll_ctl(own, operation, fd, &raw mut event) }).map(drop)
    }
}

const DEFAULT_EVENTS: u32 = (libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLPRI) as u32;

#[pymethods]
impl Epoll {
    #[new]
    #[signature("(sizehint=-1, flags=0)")]
    fn new(th: &mut Thread, sizehint: Option<i32>, flags: Option<i32>) -> PyResult<Epoll> {
        let size = sizehint.unwrap_or(-1);
        if size < -1 || size == 0 {
            return Err(th.value_error("sizehint must be positive or -1"));
        }
        if flags.unwrap_or(0) & !libc::EPOLL_CLOEXEC != 0 {
            return Err(th.os_error(libc::EINVAL, None));
        }
        // SAFETY: no memory is passed.
        let fd = support::checked(th, || unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Epoll { fd: AtomicI32::new(fd) })
    }

    /// Create an epoll object from a given control fd.
    #[classmethod]
    fn fromfd(th: &mut Thread, class: Class, fd: i32) -> PyResult {
        let object = Obj::new(th, class.payload.instance_shape(), Epoll { fd: AtomicI32::new(fd) });
        Ok(object.into_value())
    }

    /// Registers a new fd or raises an OSError if the fd is already registered.
    #[signature("(fd, eventmask=<unrepresentable>)")]
    fn register(&self, th: &mut Thread, fd: &Value, eventmask: Option<u32>) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_ADD, fd, eventmask.unwrap_or(DEFAULT_EVENTS))
    }

    /// Modify event mask for a registered file descriptor.
    #[signature("(fd, eventmask)")]
    fn modify(&self, th: &mut Thread, fd: &Value, eventmask: u32) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_MOD, fd, eventmask)
    }

    /// Remove a registered file descriptor from the epoll object.
    #[signature("(fd)")]
    fn unregister(&self, th: &mut Thread, fd: &Value) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_DEL, fd, 0)
    }

    /// Wait for events on the epoll file descriptor.
    #[signature("(timeout=None, maxevents=-1)")]
    fn poll(&self, th: &mut Thread, timeout: Option<&Value>, maxevents: Option<i32>) -> PyResult {
        let own = self.open(th)?;
        let deadline = Deadline::parse(th, timeout, 1e9, true)?;
        let most = match maxevents.unwrap_or(-1) {
            -1 => libc::FD_SETSIZE as i32 - 1,
            n if n > 0 => n,
            n => return Err(th.value_error(format_args!("maxevents must be greater than 0, got {n}"))),
        };
        let mut events: Vec<libc::epoll_event> = Vec::new();
        if events.try_reserve_exact(most as usize).is_err() {
            return Err(th.memory_error());
        }
        let room = events.as_mut_ptr();
        // SAFETY: room for as many events as are told.
        let count = wait(th, || unsafe { libc::epoll_wait(own, room, most, deadline.milliseconds()) })?;
        // SAFETY: the system wrote that many.
        unsafe { events.set_len(count) };
        let mut found = Vec::with_capacity(count);
        for event in &events {
            let (fd, mask) = (event.u64 as i32, event.events);
            let pair = vec![th.int(fd.into()), th.int(mask.into())];
            found.push(th.tuple(pair));
        }
        Ok(th.list(found))
    }

    /// Close the epoll control file descriptor.
    fn close(&self, th: &mut Thread) -> PyResult<()> {
        // AcqRel: one of several closers gets the descriptor.
        let fd = self.fd.swap(-1, Ordering::AcqRel);
        if fd < 0 {
            return Ok(());
        }
        // SAFETY: the descriptor is ours and nobody else closes it.
        support::checked(th, || unsafe { libc::close(fd) }).map(drop)
    }

    /// Return the epoll control file descriptor.
    fn fileno(&self, th: &mut Thread) -> PyResult<i32> {
        self.open(th)
    }

    /// True if the epoll handler is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.fd.load(Ordering::Relaxed) < 0 // Relaxed: a number on its own.
    }

    fn __enter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        this.open(th)?;
        Ok(this.as_value().clone())
    }

    #[signature("(*args)")]
    fn __exit__(&self, th: &mut Thread, args: &[Value]) -> PyResult<()> {
        let _ = args;
        self.close(th)
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        let fd = *self.fd.get_mut();
        if fd >= 0 {
            // SAFETY: the descriptor is ours and nobody refers to the object any more.
            unsafe { libc::close(fd) };
        }
    }
}

#[pymodule(name = "select", doc = "This module supports asynchronous I/O on multiple file descriptors.")]
pub mod module {
    use super::*;

    #[pyattr(name = "PIPE_BUF")]
    const PIPE_BUF: i64 = libc::PIPE_BUF as i64;

    /// Wait until one or more file descriptors are ready for some kind of I/O.
    #[pyfunction(signature = "(rlist, wlist, xlist, timeout=None, /)")]
    fn select(
        th: &mut Thread,
        rlist: &Value,
        wlist: &Value,
        xlist: &Value,
        timeout: Option<&Value>,
    ) -> PyResult {
        let deadline = Deadline::parse(th, timeout, 1e9, false)?;
        let mut most = -1;
        let groups =
            [group(th, rlist, &mut most)?, group(th, wlist, &mut most)?, group(th, xlist, &mut most)?];
        let mut sets = [groups[0].set, groups[1].set, groups[2].set];
        wait(th, || {
            sets = [groups[0].set, groups[1].set, groups[2].set];
            let rest = deadline.rest();
            let pointer = rest.as_ref().map_or(std::ptr::null(), |r| &raw const *r);
            let [r, w, x] = &mut sets;
            // SAFETY: three sets and null or a time.
            unsafe { libc::pselect(most + 1, r, w, x, pointer, std::ptr::null()) }
        })?;
        let answers: Vec<Value> =
            groups.iter().zip(&sets).map(|(group, set)| ready(th, group, set)).collect();
        Ok(th.tuple(answers))
    }

    /// Returns a polling object.
    #[pyfunction]
    fn poll(th: &mut Thread) -> PyResult {
        let fresh = Poll { registered: Guarded::new(BTreeMap::new()), busy: AtomicBool::new(false) };
        Ok(Poll::new_object(th, fresh).into_value())
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            let value = th.int(*value);
            support::set_attr(th, module, name, &value)?;
        }
        let class = Epoll::class(th).value();
        support::set_attr(th, module, "epoll", &class)?;
        support::set_attr(th, module, "error", &Exc::OSError.class().value())
    }
}
