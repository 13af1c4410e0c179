//! `_socket`: network connections and addresses.
//!
//! | file | what |
//! |---|---|
//! | `address` | addresses as Python values and as the system's structures |
//! | `constants` | numbers of the system |
//! | `messages` | `sendmsg` and `recvmsg` |
//! | `names` | names of hosts, services and interfaces |
//!
//! A socket with a timeout is non-blocking for the system; waiting is `poll`. All that may wait does so while the
//! thread is detached, and goes on after signals. Families other than AF_INET, AF_INET6 and AF_UNIX can be opened, but
//! have no addresses.

mod address;
mod constants;
mod messages;
mod names;

use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use address::Address;
use vm::prelude::*;
use vm::thread::signals;

use crate::support::{self, Outcome, errno};

/// Waiting is for ever.
const FOREVER: i64 = -1;

/// `socket.setdefaulttimeout`, in nanoseconds.
static DEFAULT_TIMEOUT: AtomicI64 = AtomicI64::new(FOREVER);

/// A socket object.
#[pyclass(name = "socket", module = "_socket", subclassable, weakref)]
pub struct Socket {
    /// -1 when closed.
    fd: AtomicI32,
    family: AtomicI32,
    kind: AtomicI32,
    protocol: AtomicI32,
    /// In nanoseconds.
    timeout: AtomicI64,
}

// The atomics of a socket are numbers on their own: every access is Relaxed, and what they say is only known to the
// system anyway.
const RELAXED: Ordering = Ordering::Relaxed;

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Read,
    Write,
}

/// A timeout argument in nanoseconds: None is for ever.
fn parse_timeout(th: &mut Thread, value: &Value) -> PyResult<i64> {
    if value.is_none() {
        return Ok(FOREVER);
    }
    let seconds = th.to_f64(value)?;
    if seconds.is_nan() {
        return Err(th.value_error("Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 {
        return Err(th.value_error("Timeout value out of range"));
    }
    let nanoseconds = (seconds * 1e9).ceil();
    if nanoseconds >= 9.2e18 {
        return Err(th.overflow_error("timestamp out of range for platform time_t"));
    }
    Ok(nanoseconds as i64)
}

fn timeout_value(th: &mut Thread, nanoseconds: i64) -> Value {
    if nanoseconds < 0 { Value::NONE } else { th.float(nanoseconds as f64 / 1e9) }
}

fn set_blocking(fd: i32, blocking: bool) -> Outcome<()> {
    let mut flag = libc::c_int::from(!blocking);
    // SAFETY: the call reads one int.
    match unsafe { libc::ioctl(fd, libc::FIONBIO, &raw mut flag) } {
        -1 => Err(errno()),
        _ => Ok(()),
    }
}

/// Polls a descriptor; Ok(false) if the time is over.
fn wait_for(
    th: &mut Thread,
    fd: i32,
    event: Event,
    connecting: bool,
    end: Option<Instant>,
) -> PyResult<bool> {
    let mut events = match event {
        Event::Read => libc::POLLIN,
        Event::Write => libc::POLLOUT,
    };
    if connecting {
        events |= libc::POLLERR;
    }
    loop {
        let milliseconds = match end {
            None => -1,
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
            }
        };
        let (count, error) = th.detached(|| {
            let mut poll = libc::pollfd { fd, events, revents: 0 };
            // SAFETY: one entry.
            let count = unsafe { libc::poll(&raw mut poll, 1, milliseconds) };
            (count, errno())
        });
        match count {
            0 => return Ok(false),
            -1 if error == libc::EINTR => signals::check(th)?,
            -1 => return Err(th.os_error(error, None)),
            _ => return Ok(true),
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Ok(false);
        }
    }
}

fn timed_out(th: &mut Thread) -> Raised {
    th.raise_exc(Exc::TimeoutError, "timed out")
}

impl Socket {
    fn fd(&self) -> i32 {
        self.fd.load(RELAXED)
    }

    fn family(&self) -> i32 {
        self.family.load(RELAXED)
    }

    fn deadline(&self) -> Option<Instant> {
        let timeout = self.timeout.load(RELAXED);
        u64::try_from(timeout).ok().filter(|t| *t != 0).map(|t| Instant::now() + Duration::from_nanos(t))
    }

    /// Makes a system call that may have to wait for an event, within the socket's timeout. The call answers -1 for
    /// failure.
    fn call(&self, th: &mut Thread, event: Event, call: impl FnMut(i32) -> isize) -> PyResult<usize> {
        let end = self.deadline();
        self.call_until(th, event, end, call)
    }

    fn call_until(
        &self,
        th: &mut Thread,
        event: Event,
        end: Option<Instant>,
        mut call: impl FnMut(i32) -> isize,
    ) -> PyResult<usize> {
        let fd = self.fd();
        loop {
            if self.timeout.load(RELAXED) > 0 && !wait_for(th, fd, event, false, end)? {
                return Err(timed_out(th));
            }
            let (result, error) = th.detached(|| {
                let result = call(fd);
                (result, errno())
            });
            if let Ok(result) = usize::try_from(result) {
                return Ok(result);
            }
            match error {
                libc::EINTR => signals::check(th)?,
                // Somebody else was faster.
                libc::EAGAIN if self.timeout.load(RELAXED) > 0 => {}
                error => return Err(th.os_error(error, None)),
            }
        }
    }

    /// Makes a system call that does not wait.
    fn simple(&self, th: &mut Thread, call: impl FnOnce(i32) -> i32) -> PyResult<i32> {
        let fd = self.fd();
        let (result, error) = th.detached(|| {
            let result = call(fd);
            (result, errno())
        });
        if result < 0 { Err(th.os_error(error, None)) } else { Ok(result) }
    }

    /// Connects; the error number if it fails, EAGAIN's stand-in for timeouts being `Err(None)`.
    fn connect_to(&self, th: &mut Thread, address: Address) -> PyResult<Result<(), Option<i32>>> {
        let fd = self.fd();
        let (result, error) = th.detached(|| {
            // SAFETY: the address is as long as it says.
            let result = unsafe { libc::connect(fd, address.as_ptr(), address.length()) };
            (result, errno())
        });
        if result == 0 {
            return Ok(Ok(()));
        }
        let timeout = self.timeout.load(RELAXED);
        let wait = match error {
            // The system goes on connecting after an interruption.
            libc::EINTR => {
                signals::check(th)?;
                timeout != 0
            }
            libc::EINPROGRESS => timeout > 0,
            _ => false,
        };
        if !wait {
            return Ok(Err(Some(error)));
        }
        let end = self.deadline();
        if !wait_for(th, fd, Event::Write, true, end)? {
            return Ok(Err(None));
        }
        let mut pending: libc::c_int = 0;
        let mut size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the option is an int.
        let got = unsafe {
            libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, (&raw mut pending).cast(), &raw mut size)
        };
        let error = if got < 0 { errno() } else { pending };
        Ok(if error == 0 || error == libc::EISCONN { Ok(()) } else { Err(Some(error)) })
    }

    fn close_now(&self) -> Option<i32> {
        let fd = self.fd.swap(-1, RELAXED);
        if fd < 0 {
            return None;
        }
        // SAFETY: the descriptor was this socket's.
        if unsafe { libc::close(fd) } < 0 { Some(errno()) } else { None }
    }

    /// Sends once; `call` is given the descriptor.
    fn send_once(&self, th: &mut Thread, data: &[u8], flags: i32, end: Option<Instant>) -> PyResult<usize> {
        self.call_until(th, Event::Write, end, |fd| {
            // SAFETY: the data is as long as it says.
            unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags) }
        })
    }

    fn receive(&self, th: &mut Thread, room: &mut [u8], flags: i32) -> PyResult<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        self.call(th, Event::Read, |fd| {
            // SAFETY: the buffer is as long as it says.
            unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), flags) }
        })
    }

    fn receive_from(&self, th: &mut Thread, room: &mut [u8], flags: i32) -> PyResult<(usize, Address)> {
        let mut address = Address::empty();
        let count = self.call(th, Event::Read, |fd| {
            address = Address::empty();
            let to = address.as_mut_ptr();
            // SAFETY: the buffer and the address are as long as it says.
            unsafe {
                libc::recvfrom(
                    fd,
                    room.as_mut_ptr().cast(),
                    room.len(),
                    flags,
                    to,
                    std::ptr::from_mut(address.length_mut()),
                )
            }
        })?;
        Ok((count, address))
    }
}

/// A buffer of zeroes.
fn room(th: &mut Thread, size: i64, function: &str) -> PyResult<Vec<u8>> {
    let Ok(size) = usize::try_from(size) else {
        return Err(th.value_error(format_args!("negative buffersize in {function}")));
    };
    let mut room = Vec::new();
    if room.try_reserve_exact(size).is_err() {
        return Err(th.memory_error());
    }
    room.resize(size, 0);
    Ok(room)
}

/// The part of a writable buffer that is to be filled: so many bytes, or all.
fn part(th: &mut Thread, buffer: &Value, nbytes: Option<i64>, function: &str) -> PyResult<Vec<u8>> {
    let size = th.with_buffer_mut(buffer, |bytes| bytes.len())?;
    let wanted = nbytes.unwrap_or(0);
    if wanted < 0 {
        return Err(th.value_error(format_args!("negative buffersize in {function}")));
    }
    let wanted = if wanted == 0 { size } else { wanted as usize };
    if wanted > size {
        return Err(th.value_error("buffer too small for requested bytes"));
    }
    room(th, wanted as i64, function)
}

fn fill(th: &mut Thread, buffer: &Value, content: &[u8]) -> PyResult<()> {
    th.with_buffer_mut(buffer, |bytes| {
        if let Some(to) = bytes.get_mut(..content.len()) {
            to.copy_from_slice(content);
        }
    })
}

#[pymethods]
impl Socket {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        let socket = Socket {
            fd: AtomicI32::new(-1),
            family: AtomicI32::new(0),
            kind: AtomicI32::new(0),
            protocol: AtomicI32::new(0),
            timeout: AtomicI64::new(FOREVER),
        };
        Ok(Obj::new(th, class.payload.instance_shape(), socket).into_value())
    }

    #[signature("(family=-1, type=-1, proto=-1, fileno=None)")]
    fn __init__(
        &self,
        th: &mut Thread,
        family: Option<i32>,
        r#type: Option<i32>,
        proto: Option<i32>,
        fileno: Option<&Value>,
    ) -> PyResult<()> {
        let (mut family, mut kind, mut protocol) =
            (family.unwrap_or(-1), r#type.unwrap_or(-1), proto.unwrap_or(-1));
        let fd = match fileno.filter(|fileno| !fileno.is_none()) {
            Some(fileno) => {
                if th.exact::<Float>(fileno).is_some() || fileno.as_immediate_float().is_some() {
                    return Err(th.type_error("integer argument expected, got float"));
                }
                let fd = th.index(fileno)?;
                let Ok(fd) = i32::try_from(fd) else {
                    return Err(th.overflow_error("Python int too large to convert to C int"));
                };
                if fd < 0 {
                    return Err(th.value_error("negative file descriptor"));
                }
                let mut address = Address::empty();
                let to = address.as_mut_ptr();
                // SAFETY: the address has room for any.
                let got = unsafe { libc::getsockname(fd, to, std::ptr::from_mut(address.length_mut())) };
                if got < 0 {
                    let error = errno();
                    if family == -1 || error == libc::EBADF || error == libc::ENOTSOCK {
                        return Err(th.os_error(error, None));
                    }
                }
                let ask = |option: i32| {
                    let mut value: libc::c_int = 0;
                    let mut size = size_of::<libc::c_int>() as libc::socklen_t;
                    // SAFETY: these options are ints.
                    let got = unsafe {
                        libc::getsockopt(fd, libc::SOL_SOCKET, option, (&raw mut value).cast(), &raw mut size)
                    };
                    if got < 0 { Err(errno()) } else { Ok(value) }
                };
                for (slot, option) in [
                    (&mut family, libc::SO_DOMAIN),
                    (&mut kind, libc::SO_TYPE),
                    (&mut protocol, libc::SO_PROTOCOL),
                ] {
                    if *slot == -1 {
                        *slot = match ask(option) {
                            Ok(value) => value,
                            Err(error) => return Err(th.os_error(error, None)),
                        };
                    }
                }
                fd
            }
            None => {
                let default = |value: i32, otherwise: i32| if value == -1 { otherwise } else { value };
                family = default(family, libc::AF_INET);
                kind = default(kind, libc::SOCK_STREAM);
                protocol = default(protocol, 0);
                let (fd, error) = th.detached(|| {
                    // SAFETY: no memory is involved.
                    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
                    (fd, errno())
                });
                if fd < 0 {
                    return Err(th.os_error(error, None));
                }
                fd
            }
        };
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        self.family.store(family, RELAXED);
        self.kind.store(kind & !flags, RELAXED);
        self.protocol.store(protocol, RELAXED);
        let timeout = if kind & libc::SOCK_NONBLOCK != 0 { 0 } else { DEFAULT_TIMEOUT.load(RELAXED) };
        self.timeout.store(timeout, RELAXED);
        if timeout >= 0
            && let Err(error) = set_blocking(fd, false)
        {
            return Err(th.os_error(error, None));
        }
        let before = self.fd.swap(fd, RELAXED);
        if before >= 0 && before != fd {
            // SAFETY: the descriptor was this socket's.
            unsafe { libc::close(before) };
        }
        Ok(())
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) {
        if this.fd() < 0 {
            return;
        }
        if let Ok(text) = th.repr(this.as_value()) {
            let message = format!("unclosed {}", text.units().to_str_lossy());
            let warned = support::import_attr(th, "_warnings", "warn").and_then(|warn| {
                let arguments = [
                    th.str(&message),
                    Exc::ResourceWarning.class().value(),
                    th.int(1),
                    this.as_value().clone(),
                ];
                th.call(&warn, &arguments)
            });
            if warned.is_err() {
                let exception = th.take_exception();
                vm::exceptions::unraisable::unraisable(
                    th,
                    exception,
                    Some(this.as_value()),
                    "Exception ignored in",
                );
            }
        } else {
            th.clear_exception();
        }
        this.close_now();
    }

    fn __repr__(this: &Obj<Self>) -> String {
        let (fd, family) = (this.fd(), this.family());
        let (kind, protocol) = (this.kind.load(RELAXED), this.protocol.load(RELAXED));
        format!("<socket object, fd={fd}, family={family}, type={kind}, proto={protocol}>")
    }

    /// Wait for an incoming connection. Return a new socket file descriptor representing the connection, and the address of the client.
    #[signature("()")]
    fn _accept(&self, th: &mut Thread) -> PyResult {
        let mut address = Address::empty();
        let fd = self.call(th, Event::Read, |fd| {
            address = Address::empty();
            let to = address.as_mut_ptr();
            // SAFETY: the address has room for any.
            let new = unsafe {
                libc::accept4(fd, to, std::ptr::from_mut(address.length_mut()), libc::SOCK_CLOEXEC)
            };
            new as isize
        })?;
        let address = address.value(th)?;
        Ok(th.tuple(vec![th.int(fd as i64), address]))
    }

    /// Bind the socket to a local address.
    #[signature("(address, /)")]
    fn bind(&self, th: &mut Thread, address: &Value) -> PyResult<()> {
        let address = Address::from_value(th, self.family(), address, "bind")?;
        // SAFETY: the address is as long as it says.
        self.simple(th, |fd| unsafe { libc::bind(fd, address.as_ptr(), address.length()) }).map(drop)
    }

    /// Close the socket. It cannot be used after this call.
    #[signature("()")]
    fn close(&self, th: &mut Thread) -> PyResult<()> {
        match th.detached(|| self.close_now()) {
            Some(error) if error != libc::ECONNRESET => Err(th.os_error(error, None)),
            _ => Ok(()),
        }
    }

    /// Connect the socket to a remote address.
    #[signature("(address, /)")]
    fn connect(&self, th: &mut Thread, address: &Value) -> PyResult<()> {
        let address = Address::from_value(th, self.family(), address, "connect")?;
        match self.connect_to(th, address)? {
            Ok(()) => Ok(()),
            Err(Some(error)) => Err(th.os_error(error, None)),
            Err(None) => Err(timed_out(th)),
        }
    }

    /// This is like connect(address), but returns an error code (the errno value) instead of raising an exception when an error occurs.
    #[signature("(address, /)")]
    fn connect_ex(&self, th: &mut Thread, address: &Value) -> PyResult<i64> {
        let address = Address::from_value(th, self.family(), address, "connect_ex")?;
        Ok(match self.connect_to(th, address)? {
            Ok(()) => 0,
            Err(Some(error)) => error.into(),
            Err(None) => libc::EWOULDBLOCK.into(),
        })
    }

    /// Close the socket object without closing the underlying file descriptor.
    #[signature("()")]
    fn detach(&self) -> i64 {
        self.fd.swap(-1, RELAXED).into()
    }

    /// Return the integer file descriptor of the socket.
    #[signature("()")]
    fn fileno(&self) -> i64 {
        self.fd().into()
    }

    #[skip]
    fn address_of(
        &self,
        th: &mut Thread,
        ask: unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32,
    ) -> PyResult {
        let mut address = Address::empty();
        let to = address.as_mut_ptr();
        let length = std::ptr::from_mut(address.length_mut());
        // SAFETY: the address has room for any.
        self.simple(th, |fd| unsafe { ask(fd, to, length) })?;
        address.value(th)
    }

    /// Return the address of the remote endpoint.
    #[signature("()")]
    fn getpeername(&self, th: &mut Thread) -> PyResult {
        self.address_of(th, libc::getpeername)
    }

    /// Return the address of the local endpoint.
    #[signature("()")]
    fn getsockname(&self, th: &mut Thread) -> PyResult {
        self.address_of(th, libc::getsockname)
    }

    /// Get a socket option.
    #[signature("(level, option, buffersize=0, /)")]
    fn getsockopt(&self, th: &mut Thread, level: i32, option: i32, buffersize: Option<i64>) -> PyResult {
        let size = buffersize.unwrap_or(0);
        if size == 0 {
            let mut value: libc::c_int = 0;
            let mut length = size_of::<libc::c_int>() as libc::socklen_t;
            self.simple(th, |fd| {
                // SAFETY: there is room for an int, and it says so.
                unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &raw mut length) }
            })?;
            return Ok(th.int(value.into()));
        }
        if !(0..=1024).contains(&size) {
            return Err(th.raise_exc(Exc::OSError, "getsockopt buflen out of range"));
        }
        let mut value = vec![0u8; size as usize];
        let mut length = value.len() as libc::socklen_t;
        self.simple(th, |fd| {
            // SAFETY: the buffer is as long as it says.
            unsafe { libc::getsockopt(fd, level, option, value.as_mut_ptr().cast(), &raw mut length) }
        })?;
        th.bytes(&value[..(length as usize).min(value.len())])
    }

    /// Set a socket option.
    #[signature("(level, option, value, optlen=None, /)")]
    fn setsockopt(
        &self,
        th: &mut Thread,
        level: i32,
        option: i32,
        value: &Value,
        optlen: Option<i64>,
    ) -> PyResult<()> {
        if let Some(length) = optlen {
            if !value.is_none() {
                let found = th.type_name(value);
                return Err(th.type_error(format_args!("setsockopt() argument 3 must be None, not {found}")));
            }
            let Ok(length) = libc::socklen_t::try_from(length) else {
                return Err(th.overflow_error("can't convert negative value to unsigned int"));
            };
            // SAFETY: with a null pointer, the length is a number on its own.
            let set = |fd| unsafe { libc::setsockopt(fd, level, option, std::ptr::null(), length) };
            return self.simple(th, set).map(drop);
        }
        let data = if vm::builtins::int::as_int(value).is_some() {
            let number = th.index(value)?;
            let Ok(number) = i32::try_from(number) else {
                return Err(th.overflow_error("Python int too large to convert to C int"));
            };
            number.to_ne_bytes().to_vec()
        } else {
            if value.is_none() {
                return Err(th.type_error("socket option should be integer, bytes-like object or None"));
            }
            th.buffer_to_vec(value)?
        };
        self.simple(th, |fd| {
            // SAFETY: the data is as long as it says.
            unsafe {
                libc::setsockopt(fd, level, option, data.as_ptr().cast(), data.len() as libc::socklen_t)
            }
        })
        .map(drop)
    }

    /// Returns the timeout in seconds (float) associated with socket operations.
    #[signature("()")]
    fn gettimeout(&self, th: &mut Thread) -> Value {
        timeout_value(th, self.timeout.load(RELAXED))
    }

    /// Set a timeout on socket operations.
    #[signature("(timeout, /)")]
    fn settimeout(&self, th: &mut Thread, timeout: &Value) -> PyResult<()> {
        let timeout = parse_timeout(th, timeout)?;
        self.timeout.store(timeout, RELAXED);
        match set_blocking(self.fd(), timeout < 0) {
            Ok(()) => Ok(()),
            Err(error) => Err(th.os_error(error, None)),
        }
    }

    /// Set the socket to blocking (flag is true) or non-blocking (false).
    #[signature("(flag, /)")]
    fn setblocking(&self, th: &mut Thread, flag: bool) -> PyResult<()> {
        self.timeout.store(if flag { FOREVER } else { 0 }, RELAXED);
        match set_blocking(self.fd(), flag) {
            Ok(()) => Ok(()),
            Err(error) => Err(th.os_error(error, None)),
        }
    }

    /// Returns True if socket is in blocking mode, or False if it is in non-blocking mode.
    #[signature("()")]
    fn getblocking(&self) -> bool {
        self.timeout.load(RELAXED) != 0
    }

    /// Enable a server to accept connections.
    #[signature("(backlog=128, /)")]
    fn listen(&self, th: &mut Thread, backlog: Option<i32>) -> PyResult<()> {
        let backlog = backlog.unwrap_or(128).max(0);
        // SAFETY: no memory is involved.
        self.simple(th, |fd| unsafe { libc::listen(fd, backlog) }).map(drop)
    }

    /// Receive up to buffersize bytes from the socket.
    #[signature("(buffersize, flags=0, /)")]
    fn recv(&self, th: &mut Thread, buffersize: i64, flags: Option<i32>) -> PyResult {
        let mut room = room(th, buffersize, "recv")?;
        let count = self.receive(th, &mut room, flags.unwrap_or(0))?;
        th.bytes(&room[..count])
    }

    /// A version of recv() that stores its data into a buffer rather than creating a new string.
    #[signature("(buffer, nbytes=0, flags=0)")]
    fn recv_into(
        &self,
        th: &mut Thread,
        buffer: &Value,
        nbytes: Option<i64>,
        flags: Option<i32>,
    ) -> PyResult<usize> {
        let mut room = part(th, buffer, nbytes, "recv_into")?;
        let count = self.receive(th, &mut room, flags.unwrap_or(0))?;
        fill(th, buffer, &room[..count])?;
        Ok(count)
    }

    /// Like recv(buffersize, flags) but also return the sender's address info.
    #[signature("(buffersize, flags=0, /)")]
    fn recvfrom(&self, th: &mut Thread, buffersize: i64, flags: Option<i32>) -> PyResult {
        let mut room = room(th, buffersize, "recvfrom")?;
        let (count, address) = self.receive_from(th, &mut room, flags.unwrap_or(0))?;
        let items = vec![th.bytes(&room[..count])?, address.value(th)?];
        Ok(th.tuple(items))
    }

    /// Like recv_into(buffer[, nbytes[, flags]]) but also return the sender's address info.
    #[signature("(buffer, nbytes=0, flags=0)")]
    fn recvfrom_into(
        &self,
        th: &mut Thread,
        buffer: &Value,
        nbytes: Option<i64>,
        flags: Option<i32>,
    ) -> PyResult {
        if nbytes.is_some_and(|n| n < 0) {
            return Err(th.value_error("negative buffersize in recvfrom_into"));
        }
        let size = th.with_buffer_mut(buffer, |bytes| bytes.len())?;
        if nbytes.is_some_and(|n| n as usize > size) {
            return Err(th.value_error("nbytes is greater than the length of the buffer"));
        }
        let mut room = part(th, buffer, nbytes, "recvfrom_into")?;
        let (count, address) = self.receive_from(th, &mut room, flags.unwrap_or(0))?;
        fill(th, buffer, &room[..count])?;
        let items = vec![th.int(count as i64), address.value(th)?];
        Ok(th.tuple(items))
    }

    /// Send a data string to the socket.
    #[signature("(data, flags=0, /)")]
    fn send(&self, th: &mut Thread, data: &Value, flags: Option<i32>) -> PyResult<usize> {
        let data = th.buffer_to_vec(data)?;
        let end = self.deadline();
        self.send_once(th, &data, flags.unwrap_or(0), end)
    }

    /// Send a data string to the socket. This calls send() repeatedly until all data is sent.
    #[signature("(data, flags=0, /)")]
    fn sendall(&self, th: &mut Thread, data: &Value, flags: Option<i32>) -> PyResult<()> {
        let data = th.buffer_to_vec(data)?;
        let end = self.deadline();
        let mut rest = &data[..];
        loop {
            let count = self.send_once(th, rest, flags.unwrap_or(0), end)?;
            rest = &rest[count.min(rest.len())..];
            if rest.is_empty() {
                return Ok(());
            }
            signals::check(th)?;
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(timed_out(th));
            }
        }
    }

    /// sendto(data, [flags,] address) -> count
    #[signature("(data, flags_or_address, address=<unrepresentable>, /)")]
    fn sendto(
        &self,
        th: &mut Thread,
        data: &Value,
        flags_or_address: &Value,
        address: Option<&Value>,
    ) -> PyResult<usize> {
        let data = th.buffer_to_vec(data)?;
        let (flags, address) = match address {
            Some(address) => (th.index(flags_or_address)? as i32, address),
            None => (0, flags_or_address),
        };
        let address = Address::from_value(th, self.family(), address, "sendto")?;
        self.call(th, Event::Write, |fd| {
            // SAFETY: data and address are as long as it says.
            unsafe {
                libc::sendto(fd, data.as_ptr().cast(), data.len(), flags, address.as_ptr(), address.length())
            }
        })
    }

    /// Shut down the reading side of the socket (flag == SHUT_RD), the writing side of the socket (flag == SHUT_WR), or both ends (flag == SHUT_RDWR).
    #[signature("(how, /)")]
    fn shutdown(&self, th: &mut Thread, how: i32) -> PyResult<()> {
        // SAFETY: no memory is involved.
        self.simple(th, |fd| unsafe { libc::shutdown(fd, how) }).map(drop)
    }

    /// Send normal and ancillary data to the socket.
    #[signature("(buffers, ancdata=(), flags=0, address=None, /)")]
    fn sendmsg(
        &self,
        th: &mut Thread,
        buffers: &Value,
        ancdata: Option<&Value>,
        flags: Option<i32>,
        address: Option<&Value>,
    ) -> PyResult<usize> {
        messages::send(self, th, buffers, ancdata, flags.unwrap_or(0), address)
    }

    /// Receive normal data and ancillary data from the socket.
    #[signature("(bufsize, ancbufsize=0, flags=0, /)")]
    fn recvmsg(
        &self,
        th: &mut Thread,
        bufsize: i64,
        ancbufsize: Option<i64>,
        flags: Option<i32>,
    ) -> PyResult {
        messages::receive(self, th, bufsize, ancbufsize.unwrap_or(0), flags.unwrap_or(0))
    }

    /// Receive normal data and ancillary data from the socket into buffers.
    #[signature("(buffers, ancbufsize=0, flags=0, /)")]
    fn recvmsg_into(
        &self,
        th: &mut Thread,
        buffers: &Value,
        ancbufsize: Option<i64>,
        flags: Option<i32>,
    ) -> PyResult {
        messages::receive_into(self, th, buffers, ancbufsize.unwrap_or(0), flags.unwrap_or(0))
    }

    /// the socket family
    #[getter("family")]
    fn family_number(&self) -> i64 {
        self.family().into()
    }

    /// the socket type
    #[getter("type")]
    fn kind_number(&self) -> i64 {
        self.kind.load(RELAXED).into()
    }

    /// the socket protocol
    #[getter]
    fn proto(&self) -> i64 {
        self.protocol.load(RELAXED).into()
    }

    /// the socket timeout
    #[getter]
    fn timeout(&self, th: &mut Thread) -> Value {
        timeout_value(th, self.timeout.load(RELAXED))
    }
}

/// The module.
#[pymodule(name = "_socket", classes = [super::Socket], functions = [
    super::names::functions::getaddrinfo, super::names::functions::getnameinfo,
    super::names::functions::gethostname, super::names::functions::sethostname,
    super::names::functions::gethostbyname, super::names::functions::gethostbyname_ex,
    super::names::functions::gethostbyaddr, super::names::functions::getservbyname,
    super::names::functions::getservbyport, super::names::functions::getprotobyname,
    super::names::functions::inet_aton, super::names::functions::inet_ntoa,
    super::names::functions::inet_pton, super::names::functions::inet_ntop,
    super::names::functions::if_nameindex, super::names::functions::if_nametoindex,
    super::names::functions::if_indextoname
])]
pub mod module {
    use super::*;

    /// Close an integer socket file descriptor.
    #[pyfunction(signature = "(fd, /)")]
    fn close(th: &mut Thread, fd: i32) -> PyResult<()> {
        let (result, error) = th.detached(|| {
            // SAFETY: closing a descriptor is what the caller asked for.
            let result = unsafe { libc::close(fd) };
            (result, errno())
        });
        if result < 0 && error != libc::ECONNRESET { Err(th.os_error(error, None)) } else { Ok(()) }
    }

    /// Duplicate an integer socket file descriptor.
    #[pyfunction(signature = "(fd, /)")]
    fn dup(th: &mut Thread, fd: i32) -> PyResult<i64> {
        // SAFETY: no memory is involved.
        match unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) } {
            -1 => Err(th.os_error(errno(), None)),
            new => Ok(new.into()),
        }
    }

    /// Create a pair of socket objects from the sockets returned by the platform socketpair() function.
    #[pyfunction(signature = "(family=AF_UNIX, type=SOCK_STREAM, proto=0, /)")]
    fn socketpair(th: &mut Thread, family: Option<i32>, r#type: Option<i32>, proto: Option<i32>) -> PyResult {
        let (family, kind) = (family.unwrap_or(libc::AF_UNIX), r#type.unwrap_or(libc::SOCK_STREAM));
        let protocol = proto.unwrap_or(0);
        let mut fds = [-1i32; 2];
        // SAFETY: there is room for two descriptors.
        let made = unsafe { libc::socketpair(family, kind | libc::SOCK_CLOEXEC, protocol, fds.as_mut_ptr()) };
        if made < 0 {
            return Err(th.os_error(errno(), None));
        }
        let timeout = DEFAULT_TIMEOUT.load(RELAXED);
        let sockets = fds.map(|fd| {
            if timeout >= 0 {
                // It was just made: that this fails is not to be expected, and does no harm.
                let _ = set_blocking(fd, false);
            }
            let socket = Socket {
                fd: AtomicI32::new(fd),
                family: AtomicI32::new(family),
                kind: AtomicI32::new(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)),
                protocol: AtomicI32::new(protocol),
                timeout: AtomicI64::new(timeout),
            };
            Socket::new_object(th, socket).into_value()
        });
        Ok(th.tuple(sockets.into()))
    }

    /// Returns the default timeout in seconds (float) for new socket objects.
    #[pyfunction(signature = "()")]
    fn getdefaulttimeout(th: &mut Thread) -> Value {
        timeout_value(th, DEFAULT_TIMEOUT.load(RELAXED))
    }

    /// Set the default timeout in seconds (float) for new socket objects.
    #[pyfunction(signature = "(timeout, /)")]
    fn setdefaulttimeout(th: &mut Thread, timeout: &Value) -> PyResult<()> {
        let timeout = parse_timeout(th, timeout)?;
        DEFAULT_TIMEOUT.store(timeout, RELAXED);
        Ok(())
    }

    fn number(th: &mut Thread, x: &Value, most: u32) -> PyResult<u32> {
        let number = th.to_index(x)?;
        let zero = th.int(0);
        let negative = th.compare(&number, &zero, CompareOp::Lt)?;
        if th.is_true(&negative)? {
            return Err(th.value_error("Cannot convert negative int"));
        }
        match vm::builtins::int::as_int(&number).and_then(|n| n.to_i128()) {
            Some(x) if x <= most.into() => Ok(x as u32),
            _ => Err(th.overflow_error("Python int too large to convert to C unsigned int")),
        }
    }

    fn short(th: &mut Thread, x: &Value) -> PyResult<u16> {
        number(th, x, u16::MAX.into()).map(|x| x as u16)
    }

    fn long(th: &mut Thread, x: &Value) -> PyResult<u32> {
        number(th, x, u32::MAX)
    }

    /// Convert a 16-bit unsigned integer from network to host byte order.
    #[pyfunction(signature = "(x, /)")]
    fn ntohs(th: &mut Thread, x: &Value) -> PyResult<i64> {
        short(th, x).map(|x| u16::from_be(x).into())
    }

    /// Convert a 16-bit unsigned integer from host to network byte order.
    #[pyfunction(signature = "(x, /)")]
    fn htons(th: &mut Thread, x: &Value) -> PyResult<i64> {
        short(th, x).map(|x| x.to_be().into())
    }

    /// Convert a 32-bit unsigned integer from network to host byte order.
    #[pyfunction(signature = "(x, /)")]
    fn ntohl(th: &mut Thread, x: &Value) -> PyResult<i64> {
        long(th, x).map(|x| u32::from_be(x).into())
    }

    /// Convert a 32-bit unsigned integer from host to network byte order.
    #[pyfunction(signature = "(x, /)")]
    fn htonl(th: &mut Thread, x: &Value) -> PyResult<i64> {
        long(th, x).map(|x| x.to_be().into())
    }

    /// Return the total length, without trailing padding, of an ancillary data item with associated data of the given length.
    #[pyfunction(name = "CMSG_LEN", signature = "(length, /)")]
    fn cmsg_len(th: &mut Thread, length: i64) -> PyResult<i64> {
        messages::item_size(th, length, "CMSG_LEN", false)
    }

    /// Return the buffer size needed for recvmsg() to receive an ancillary data item with associated data of the given length, along with any trailing padding.
    #[pyfunction(name = "CMSG_SPACE", signature = "(length, /)")]
    fn cmsg_space(th: &mut Thread, length: i64) -> PyResult<i64> {
        messages::item_size(th, length, "CMSG_SPACE", true)
    }

    #[pyattr(name = "has_ipv6")]
    const HAS_IPV6: bool = true;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let socket = Socket::class(th).value();
        support::set_attr(th, module, "SocketType", &socket)?;
        support::set_attr(th, module, "error", &Exc::OSError.class().value())?;
        support::set_attr(th, module, "timeout", &Exc::TimeoutError.class().value())?;
        let (gai, host) = (names::gai_error_class(th)?, names::host_error_class(th)?);
        support::set_attr(th, module, "gaierror", &gai)?;
        support::set_attr(th, module, "herror", &host)?;
        for (name, number) in constants::ALL {
            let number = th.int(*number);
            support::set_attr(th, module, name, &number)?;
        }
        Ok(())
    }
}
