//! The module `_posixsubprocess`: a process with other descriptors and another program.
//!
//! Between fork and exec only async-signal-safe calls are made, and nothing is allocated: whatever the child needs was
//! laid out before. With `preexec_fn` that cannot hold, as in CPython.

use std::ffi::CString;

use vm::prelude::*;

use crate::os_text;
use crate::posix::process::{Moment, Texts, run_at_fork, text_list};

/// What the child does, laid out before the fork.
struct Plan {
    programs: Vec<CString>,
    arguments: Texts,
    environment: Option<Texts>,
    folder: Option<CString>,
    /// Descriptors to keep, in order.
    keep: Vec<i32>,
    close_others: bool,
    p2c: [i32; 2],
    c2p: [i32; 2],
    err: [i32; 2],
    error_pipe: [i32; 2],
    restore_signals: bool,
    new_session: bool,
    process_group: i32,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
    uid: Option<u32>,
    umask: i32,
}

/// Why the child did not get to its program: the failing step has no exec error if it is named.
struct Failure {
    error: i32,
    step: &'static [u8],
}

fn errno_now() -> i32 {
    // SAFETY: the calling thread's own error number.
    unsafe { *libc::__errno_location() }
}

fn ok(result: i32, step: &'static [u8]) -> Result<i32, Failure> {
    if result < 0 { Err(Failure { error: errno_now(), step }) } else { Ok(result) }
}

fn inherit(fd: i32) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    ok(unsafe { libc::ioctl(fd, libc::FIONCLEX) }, b"").map(drop)
}

/// Closes what is open from `low` on, but for the descriptors to keep.
fn close_others(low: i32, keep: &[i32]) {
    let close = |from: i32, to: i32| {
        if from > to {
            return;
        }
        // SAFETY: no memory is passed.
        let done = unsafe { libc::syscall(libc::SYS_close_range, from as u32, to as u32, 0) } == 0;
        if !done {
            // SAFETY: no memory is passed.
            let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(256, 1 << 20) as i32;
            for fd in from..=to.min(most) {
                // SAFETY: the child's descriptors are ours.
                unsafe { libc::close(fd) };
            }
        }
    };
    let mut from = low;
    for &fd in keep.iter().filter(|fd| **fd >= low) {
        close(from, fd - 1);
        from = fd + 1;
    }
    close(from, i32::MAX);
}

impl Plan {
    /// In the child: everything up to the program, and the program. Comes back only with a failure.
    fn run(&self, before_exec: Option<&mut dyn FnMut() -> bool>) -> Failure {
        match self.prepare(before_exec) {
            Err(failure) => failure,
            Ok(()) => self.execute(),
        }
    }

    fn prepare(&self, before_exec: Option<&mut dyn FnMut() -> bool>) -> Result<(), Failure> {
        for &fd in self.keep.iter().filter(|fd| **fd != self.error_pipe[1]) {
            inherit(fd)?;
        }
        for fd in [self.p2c[1], self.c2p[0], self.err[0], self.error_pipe[0]] {
            if fd >= 0 {
                // SAFETY: the parent's ends, which the child does not use.
                unsafe { libc::close(fd) };
            }
        }
        // A descriptor that lies where another is to go moves away first.
        // SAFETY: no memory is passed; likewise in the calls below.
        let (mut c2p, mut err) = (self.c2p[1], self.err[1]);
        if c2p == 0 {
            // SAFETY: as above.
            c2p = ok(unsafe { libc::dup(c2p) }, b"")?;
        }
        while (0..2).contains(&err) {
            // SAFETY: as above.
            err = ok(unsafe { libc::dup(err) }, b"")?;
        }
        for (from, to) in [(self.p2c[0], 0), (c2p, 1), (err, 2)] {
            if from == to {
                inherit(to)?;
            } else if from >= 0 {
                // SAFETY: as above.
                ok(unsafe { libc::dup2(from, to) }, b"")?;
            }
        }
        if let Some(folder) = &self.folder {
            // SAFETY: a terminated path.
            ok(unsafe { libc::chdir(folder.as_ptr()) }, b"noexec:chdir")?;
        }
        if self.umask >= 0 {
            // SAFETY: as above.
            unsafe { libc::umask(self.umask as libc::mode_t) };
        }
        if self.restore_signals {
            // SAFETY: the default action needs no handler.
            unsafe {
                libc::signal(libc::SIGPIPE, libc::SIG_DFL);
                libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
            }
        }
        if self.new_session {
            // SAFETY: as above.
            ok(unsafe { libc::setsid() }, b"")?;
        }
        if self.process_group >= 0 {
            // SAFETY: as above.
            ok(unsafe { libc::setpgid(0, self.process_group) }, b"")?;
        }
        if let Some(groups) = &self.groups {
            // SAFETY: a list of the length that is told.
            ok(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }, b"")?;
        }
        if let Some(gid) = self.gid {
            // SAFETY: as above.
            ok(unsafe { libc::setregid(gid, gid) }, b"")?;
        }
        if let Some(uid) = self.uid {
            // SAFETY: as above.
            ok(unsafe { libc::setreuid(uid, uid) }, b"")?;
        }
        if let Some(call) = before_exec
            && !call()
        {
            return Err(Failure { error: 0, step: b"preexec" });
        }
        if self.close_others {
            close_others(3, &self.keep);
        }
        Ok(())
    }

    fn execute(&self) -> Failure {
        let mut saved = 0;
        for program in &self.programs {
            // SAFETY: a terminated path, and lists of terminated texts that end with null.
            unsafe {
                match &self.environment {
                    Some(environment) => {
                        libc::execve(program.as_ptr(), self.arguments.as_ptr(), environment.as_ptr());
                    }
                    None => {
                        libc::execv(program.as_ptr(), self.arguments.as_ptr());
                    }
                }
            }
            let error = errno_now();
            if error != libc::ENOENT && error != libc::ENOTDIR && saved == 0 {
                saved = error;
            }
        }
        Failure { error: if saved == 0 { errno_now() } else { saved }, step: b"" }
    }

    /// In the child: tells the parent why, in the form that `subprocess.py` reads.
    fn report(&self, failure: &Failure) {
        let mut message = [0_u8; 64];
        let mut used = 0;
        let mut put = |bytes: &[u8]| {
            let room = message.len() - used;
            let count = bytes.len().min(room);
            message[used..used + count].copy_from_slice(&bytes[..count]);
            used += count;
        };
        if failure.error == 0 {
            put(b"SubprocessError:0:Exception occurred in preexec_fn.");
        } else {
            put(b"OSError:");
            let mut digits = [0_u8; 8];
            let (mut number, mut at) = (failure.error as u32, digits.len());
            while number > 0 && at > 0 {
                at -= 1;
                digits[at] = b"0123456789ABCDEF"[(number & 15) as usize];
                number >>= 4;
            }
            put(&digits[at..]);
            put(b":");
            put(failure.step);
        }
        // SAFETY: the message is readable; a failure cannot be told to anybody.
        unsafe { libc::write(self.error_pipe[1], message.as_ptr().cast(), used) };
    }
}

fn optional_id(th: &mut Thread, value: &Value) -> PyResult<Option<u32>> {
    if value.is_none() {
        return Ok(None);
    }
    let number = th.index(value)?;
    match u32::try_from(number) {
        Ok(id) => Ok(Some(id)),
        Err(_) if number < 0 => Err(th.value_error("invalid user or group id")),
        Err(_) => Err(th.overflow_error("user or group id is greater than maximum")),
    }
}

fn descriptor(th: &mut Thread, value: &Value) -> PyResult<i32> {
    let number = th.index(value)?;
    i32::try_from(number).map_err(|_| th.overflow_error("Python int too large to convert to C int"))
}

fn terminated(th: &mut Thread, value: &Value) -> PyResult<CString> {
    let plain = os_text::fspath(th, value)?;
    let bytes = match th.downcast::<Bytes>(&plain) {
        Some(bytes) => bytes.as_slice().to_vec(),
        None => os_text::encode(th, &plain)?,
    };
    CString::new(bytes).map_err(|_| th.value_error("embedded null byte"))
}

/// The arguments of `fork_exec`, by position.
fn plan(th: &mut Thread, a: &[Value]) -> PyResult<Plan> {
    let mut programs = Vec::new();
    for program in th.collect(&a[1])? {
        programs.push(terminated(th, &program)?);
    }
    let arguments = text_list(th, &a[0])?;
    let environment = if a[5].is_none() { None } else { Some(text_list(th, &a[5])?) };
    let folder = if a[4].is_none() { None } else { Some(terminated(th, &a[4])?) };
    let kept = th.collect(&a[3])?;
    let mut keep = Vec::with_capacity(kept.len());
    for fd in &kept {
        keep.push(descriptor(th, fd)?);
    }
    if !keep.is_sorted() || keep.first().is_some_and(|fd| *fd < 0) {
        return Err(th.value_error("bad value(s) in fds_to_keep"));
    }
    let mut pipes = [0_i32; 8];
    for (pipe, value) in pipes.iter_mut().zip(&a[6..14]) {
        *pipe = descriptor(th, value)?;
    }
    let close_others = th.is_true(&a[2])?;
    if close_others && pipes[7] < 3 {
        return Err(th.value_error("errpipe_write must be >= 3"));
    }
    let groups = if a[18].is_none() {
        None
    } else {
        let mut groups = Vec::new();
        for group in th.collect(&a[18])? {
            groups.extend(optional_id(th, &group)?);
        }
        Some(groups)
    };
    Ok(Plan {
        programs,
        arguments,
        environment,
        folder,
        keep,
        close_others,
        p2c: [pipes[0], pipes[1]],
        c2p: [pipes[2], pipes[3]],
        err: [pipes[4], pipes[5]],
        error_pipe: [pipes[6], pipes[7]],
        restore_signals: th.is_true(&a[14])?,
        new_session: th.is_true(&a[15])?,
        process_group: descriptor(th, &a[16])?,
        gid: optional_id(th, &a[17])?,
        groups,
        uid: optional_id(th, &a[19])?,
        umask: descriptor(th, &a[20])?,
    })
}

const ARGUMENTS: usize = 22;

/// In the child: does as planned and ends the process if that fails.
fn become_program(plan: &Plan, before_exec: Option<&mut dyn FnMut() -> bool>) -> ! {
    let failure = plan.run(before_exec);
    plan.report(&failure);
    // SAFETY: ends the child at once.
    unsafe { libc::_exit(255) }
}

#[pymodule(name = "_posixsubprocess", doc = "A POSIX helper for the subprocess module.")]
pub mod module {
    use super::*;

    /// Spawn a fresh new child process.
    #[pyfunction(raw)]
    fn fork_exec(th: &mut Thread, args: Args<'_>) -> PyResult {
        let given = args.positional;
        if args.has_keywords() || given.len() != ARGUMENTS {
            let count = given.len();
            return Err(th.type_error(format_args!("fork_exec expected {ARGUMENTS} arguments, got {count}")));
        }
        let plan = plan(th, given)?;
        let call = given.get(21).filter(|f| !f.is_none()).cloned();
        let Some(call) = call else {
            // SAFETY: the world is stopped, and the child keeps to async-signal-safe calls.
            let (child, error) = th.fork(|| match unsafe { libc::fork() } {
                0 => become_program(&plan, None),
                child => child,
            });
            return if child < 0 { Err(th.os_error(error, None)) } else { Ok(th.int(child.into())) };
        };
        run_at_fork(th, Moment::Before);
        // SAFETY: the world is stopped.
        let (child, error) = th.fork(|| unsafe { libc::fork() });
        if child == 0 {
            run_at_fork(th, Moment::Child);
            become_program(&plan, Some(&mut || th.call(&call, &[]).is_ok()));
        }
        run_at_fork(th, Moment::Parent);
        if child < 0 { Err(th.os_error(error, None)) } else { Ok(th.int(child.into())) }
    }
}
