//! Processes: starting, ending, waiting for them, and who they belong to.

use std::ffi::CString;

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use super::common::{c_text, id_argument, id_value, on_descriptor};
use crate::os_text;
use crate::support::{self, errno};

/// `os.times_result`
pub static TIMES_RESULT: StructSeqDef = StructSeqDef {
    name: "times_result",
    module: "posix",
    fields: &[
        ("user", "user time"),
        ("system", "system time"),
        ("children_user", "user time of children"),
        ("children_system", "system time of children"),
        ("elapsed", "elapsed time since an arbitrary point in the past"),
    ],
    n_sequence_fields: 5,
};

/// `os.waitid_result`
pub static WAITID_RESULT: StructSeqDef = StructSeqDef {
    name: "waitid_result",
    module: "posix",
    fields: &[("si_pid", ""), ("si_uid", ""), ("si_signo", ""), ("si_status", ""), ("si_code", "")],
    n_sequence_fields: 5,
};

/// Functions that `register_at_fork` was given.
#[derive(Default)]
struct AtFork {
    before: Vec<Value>,
    in_parent: Vec<Value>,
    in_child: Vec<Value>,
}

impl Trace for AtFork {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.before.trace(visit);
        self.in_parent.trace(visit);
        self.in_child.trace(visit);
    }
}

fn at_fork() -> &'static Guarded<AtFork> {
    static AT_FORK: OnceLock<Guarded<AtFork>> = OnceLock::new();
    AT_FORK.get_or_init(|| Guarded::new(AtFork::default()))
}

/// Which functions are run around a fork.
#[derive(Clone, Copy)]
pub enum Moment {
    /// In the parent, before; the last one registered first.
    Before,
    /// In the parent, after.
    Parent,
    /// In the child.
    Child,
}

/// Runs what was registered for a moment; errors are reported, not raised.
pub fn run_at_fork(th: &mut Thread, moment: Moment) {
    if matches!(moment, Moment::Child) {
        crate::thread::handle::forget_others(th);
    }
    let functions = {
        let registered = at_fork().lock(th);
        match moment {
            Moment::Before => registered.before.iter().rev().cloned().collect(),
            Moment::Parent => registered.in_parent.clone(),
            Moment::Child => registered.in_child.clone(),
        }
    };
    let functions: Vec<Value> = functions;
    for function in functions {
        if th.call(&function, &[]).is_err() {
            let exception = th.take_exception();
            vm::exceptions::unraisable(th, exception, Some(&function), "Exception ignored in");
        }
    }
}

/// Register callables to be called when forking a new process.
#[pyfunction(
    signature = "(*, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)"
)]
pub fn register_at_fork(
    th: &mut Thread,
    before: Option<&Value>,
    after_in_child: Option<&Value>,
    after_in_parent: Option<&Value>,
) -> PyResult<()> {
    if before.is_none() && after_in_child.is_none() && after_in_parent.is_none() {
        return Err(th.type_error("At least one argument is required."));
    }
    let given =
        [("before", before), ("after_in_child", after_in_child), ("after_in_parent", after_in_parent)];
    for (name, function) in given {
        if let Some(function) = function
            && !th.is_callable(function)
        {
            let found = th.type_name(function);
            return Err(th.type_error(format_args!("'{name}' must be callable, not {found}")));
        }
    }
    let mut registered = at_fork().lock(th);
    registered.before.extend(before.cloned());
    registered.in_child.extend(after_in_child.cloned());
    registered.in_parent.extend(after_in_parent.cloned());
    Ok(())
}

/// Forks; the world is stopped, so that no other thread is in the middle of anything. In the child only this thread
/// exists. Answers the child's number, 0 in the child.
fn fork_process(th: &mut Thread, fork: impl FnOnce() -> i32) -> PyResult<i32> {
    if vm::thread::registry::idents().len() > 1 {
        // SAFETY: no memory is passed.
        let own = unsafe { libc::getpid() };
        let message = format!(
            "This process (pid={own}) is multi-threaded, use of fork() may lead to deadlocks in the child."
        );
        support::warn(th, Exc::DeprecationWarning, &message, 1)?;
    }
    run_at_fork(th, Moment::Before);
    vm::import::imp::acquire(th);
    let (child, error) = th.fork(fork);
    vm::import::imp::release(th);
    if child == 0 {
        run_at_fork(th, Moment::Child);
        return Ok(0);
    }
    run_at_fork(th, Moment::Parent);
    if child < 0 { Err(th.os_error(error, None)) } else { Ok(child) }
}

/// Fork a child process.
#[pyfunction]
pub fn fork(th: &mut Thread) -> PyResult<i32> {
    // SAFETY: the world is stopped.
    fork_process(th, || unsafe { libc::fork() })
}

/// Fork a new process with a new pseudo-terminal as controlling tty.
#[pyfunction]
pub fn forkpty(th: &mut Thread) -> PyResult {
    let mut master = -1;
    let child = fork_process(th, || {
        // SAFETY: the world is stopped; nothing but the descriptor is asked for.
        unsafe {
            libc::forkpty(&raw mut master, std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut())
        }
    })?;
    let pair = vec![th.int(child.into()), th.int(master.into())];
    Ok(th.tuple(pair))
}

/// Exit to the system with specified status, without normal exit processing.
#[pyfunction(signature = "(status)")]
pub fn _exit(status: i32) -> PyResult<()> {
    // SAFETY: ends the process at once, as asked.
    unsafe { libc::_exit(status) }
}

/// Abort the interpreter immediately.
#[pyfunction]
pub fn abort() {
    std::process::abort()
}

/// Terminated texts and the list of pointers to them that `exec` wants.
pub struct Texts {
    _owned: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Texts {
    /// From terminated texts.
    pub fn new(owned: Vec<CString>) -> Texts {
        let pointers = owned.iter().map(|t| t.as_ptr()).chain(std::iter::once(std::ptr::null())).collect();
        Texts { _owned: owned, pointers }
    }

    /// The list, ended by null.
    pub fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.pointers.len() - 1
    }
}

/// A sequence of texts.
pub fn text_list(th: &mut Thread, list: &Value) -> PyResult<Texts> {
    let items = th.collect(list)?;
    let mut texts = Vec::with_capacity(items.len());
    for item in &items {
        texts.push(c_text(th, item)?);
    }
    Ok(Texts::new(texts))
}

/// A mapping of names to values as `NAME=value`.
pub fn environment(th: &mut Thread, env: &Value) -> PyResult<Texts> {
    let keys = th.call_method(env, "keys", &[])?;
    let keys = th.collect(&keys)?;
    let mut texts = Vec::with_capacity(keys.len());
    for key in &keys {
        let value = th.get_item(env, key)?;
        let name = c_text(th, key)?;
        if name.as_bytes().is_empty() || name.as_bytes()[1..].contains(&b'=') {
            return Err(th.value_error("illegal environment variable name"));
        }
        let value = c_text(th, &value)?;
        let joined = [name.as_bytes(), b"=", value.as_bytes()].concat();
        texts.push(CString::new(joined).map_err(|_| th.value_error("embedded null byte"))?);
    }
    Ok(Texts::new(texts))
}

/// `what` names the argument in messages.
fn arguments(th: &mut Thread, argv: &Value, what: &str) -> PyResult<Texts> {
    if th.downcast::<List>(argv).is_none() && th.downcast::<Tuple>(argv).is_none() {
        return Err(th.type_error(format_args!("{what} must be a tuple or list")));
    }
    let texts = text_list(th, argv)?;
    if texts.len() == 0 {
        return Err(th.value_error(format_args!("{what} must not be empty")));
    }
    if texts._owned[0].as_bytes().is_empty() {
        return Err(th.value_error(format_args!("{what} first element cannot be empty")));
    }
    Ok(texts)
}

/// Execute an executable path with arguments, replacing current process.
#[pyfunction]
pub fn execv(th: &mut Thread, path: &Value, argv: &Value) -> PyResult<()> {
    let path = os_text::path(th, path, "execv", "path")?;
    let argv = arguments(th, argv, "execv() arg 2")?;
    // SAFETY: a terminated path, and a list of terminated texts that ends with null.
    unsafe { libc::execv(path.bytes.as_ptr(), argv.as_ptr()) };
    Err(th.os_error(errno(), None))
}

/// Execute an executable path with arguments, replacing current process.
#[pyfunction(signature = "(path, argv, env)")]
pub fn execve(th: &mut Thread, path: &Value, argv: &Value, env: &Value) -> PyResult<()> {
    let target = os_text::target(th, path, "execve", "path")?;
    let argv = arguments(th, argv, "execve: argv")?;
    let env = environment(th, env)?;
    // SAFETY: a terminated path or a descriptor, and two lists of terminated texts that end with null.
    unsafe {
        match &target {
            os_text::Target::Path(path) => libc::execve(path.bytes.as_ptr(), argv.as_ptr(), env.as_ptr()),
            os_text::Target::Descriptor(fd, _) => libc::fexecve(*fd, argv.as_ptr(), env.as_ptr()),
        }
    };
    let error = errno();
    Err(target.error(th, error))
}

fn pair(th: &mut Thread, a: i32, b: i32) -> Value {
    let pair = vec![th.int(a.into()), th.int(b.into())];
    th.tuple(pair)
}

/// Wait for completion of a given child process.
#[pyfunction]
pub fn waitpid(th: &mut Thread, pid: i32, options: i32) -> PyResult {
    let mut status = 0;
    // SAFETY: the call fills the status.
    let found = support::checked(th, || unsafe { libc::waitpid(pid, &raw mut status, options) })?;
    Ok(pair(th, found, status))
}

/// Wait for completion of a child process.
#[pyfunction]
pub fn wait(th: &mut Thread) -> PyResult {
    waitpid(th, -1, 0)
}

fn wait_with_usage(th: &mut Thread, pid: i32, options: i32) -> PyResult {
    let mut status = 0;
    // SAFETY: zeroes are a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills both.
    let found =
        support::checked(th, || unsafe { libc::wait4(pid, &raw mut status, options, &raw mut usage) })?;
    let usage = crate::resource::to_result(th, &usage)?;
    let parts = vec![th.int(found.into()), th.int(status.into()), usage];
    Ok(th.tuple(parts))
}

/// Wait for completion of a child process.
#[pyfunction(signature = "(options)")]
pub fn wait3(th: &mut Thread, options: i32) -> PyResult {
    wait_with_usage(th, -1, options)
}

/// Wait for completion of a specific child process.
#[pyfunction(signature = "(pid, options)")]
pub fn wait4(th: &mut Thread, pid: i32, options: i32) -> PyResult {
    wait_with_usage(th, pid, options)
}

/// Returns the result of waiting for a process or processes.
#[pyfunction]
pub fn waitid(th: &mut Thread, idtype: i32, id: u32, options: i32) -> PyResult {
    // SAFETY: zeroes are a valid `siginfo_t`.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the structure.
    support::checked(th, || unsafe { libc::waitid(idtype as libc::idtype_t, id, &raw mut info, options) })?;
    // SAFETY: what a wait filled in, or zeroes.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    if pid == 0 {
        return Ok(Value::NONE);
    }
    let class = structseq::make_type(th, &WAITID_RESULT);
    let fields = vec![
        th.int(pid.into()),
        id_value(th, uid),
        th.int(info.si_signo.into()),
        th.int(status.into()),
        th.int(info.si_code.into()),
    ];
    structseq::new(th, class, fields)
}

/// Return True if the process returning status was dumped to a core file.
#[pyfunction(name = "WCOREDUMP", signature = "(status, /)")]
pub fn dumped_core(status: i32) -> bool {
    libc::WCOREDUMP(status)
}

/// Return True if a particular process was continued from a job control stop.
#[pyfunction(name = "WIFCONTINUED", signature = "(status)")]
pub fn was_continued(status: i32) -> bool {
    libc::WIFCONTINUED(status)
}

/// Return True if the process returning status was stopped.
#[pyfunction(name = "WIFSTOPPED", signature = "(status)")]
pub fn was_stopped(status: i32) -> bool {
    libc::WIFSTOPPED(status)
}

/// Return True if the process returning status was terminated by a signal.
#[pyfunction(name = "WIFSIGNALED", signature = "(status)")]
pub fn was_signaled(status: i32) -> bool {
    libc::WIFSIGNALED(status)
}

/// Return True if the process returning status exited via the exit() system call.
#[pyfunction(name = "WIFEXITED", signature = "(status)")]
pub fn has_exited(status: i32) -> bool {
    libc::WIFEXITED(status)
}

/// Return the process return code from status.
#[pyfunction(name = "WEXITSTATUS", signature = "(status)")]
pub fn exit_code(status: i32) -> i32 {
    libc::WEXITSTATUS(status)
}

/// Return the signal that terminated the process that provided the status value.
#[pyfunction(name = "WTERMSIG", signature = "(status)")]
pub fn ending_signal(status: i32) -> i32 {
    libc::WTERMSIG(status)
}

/// Return the signal that stopped the process that provided the status value.
#[pyfunction(name = "WSTOPSIG", signature = "(status)")]
pub fn stopping_signal(status: i32) -> i32 {
    libc::WSTOPSIG(status)
}

/// Convert a wait status to an exit code.
#[pyfunction(signature = "(status)")]
pub fn waitstatus_to_exitcode(th: &mut Thread, status: i32) -> PyResult<i32> {
    if libc::WIFEXITED(status) {
        return Ok(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(-libc::WTERMSIG(status));
    }
    if libc::WIFSTOPPED(status) {
        let signal = libc::WSTOPSIG(status);
        return Err(th.value_error(format_args!("process stopped by delivery of signal {signal}")));
    }
    Err(th.value_error(format_args!("invalid wait status: {status}")))
}

/// Kill a process with a signal.
#[pyfunction]
pub fn kill(th: &mut Thread, pid: i32, signal: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    if unsafe { libc::kill(pid, signal) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    // A signal to the process itself has arrived by now.
    vm::thread::signals::check(th)
}

/// Kill a process group with a signal.
#[pyfunction]
pub fn killpg(th: &mut Thread, pgid: i32, signal: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    if unsafe { libc::killpg(pgid, signal) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    vm::thread::signals::check(th)
}

/// Execute the command in a subshell.
#[pyfunction(signature = "(command)")]
pub fn system(th: &mut Thread, command: &Value) -> PyResult<i32> {
    let command = c_text(th, command)?;
    // SAFETY: a terminated text.
    Ok(th.detached(|| unsafe { libc::system(command.as_ptr()) }))
}

/// Return the current process id.
#[pyfunction]
pub fn getpid() -> i32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getpid() }
}

/// Return the parent's process id.
#[pyfunction]
pub fn getppid() -> i32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getppid() }
}

/// Return the current process group id.
#[pyfunction]
pub fn getpgrp() -> i32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getpgrp() }
}

/// Call the system call getpgid(), and return the result.
#[pyfunction(signature = "(pid)")]
pub fn getpgid(th: &mut Thread, pid: i32) -> PyResult<i32> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::getpgid(pid) })
}

/// Make the current process the leader of its process group.
#[pyfunction]
pub fn setpgrp(th: &mut Thread) -> PyResult<()> {
    setpgid(th, 0, 0)
}

/// Call the system call setpgid(pid, pgrp).
#[pyfunction]
pub fn setpgid(th: &mut Thread, pid: i32, pgrp: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setpgid(pid, pgrp) })
}

/// Call the system call getsid(pid) and return the result.
#[pyfunction]
pub fn getsid(th: &mut Thread, pid: i32) -> PyResult<i32> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::getsid(pid) })
}

/// Call the system call setsid().
#[pyfunction]
pub fn setsid(th: &mut Thread) -> PyResult<()> {
    // SAFETY: no memory is passed.
    support::checked(th, || unsafe { libc::setsid() }).map(drop)
}

/// Return the current process's user id.
#[pyfunction]
pub fn getuid() -> u32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getuid() }
}

/// Return the current process's effective user id.
#[pyfunction]
pub fn geteuid() -> u32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::geteuid() }
}

/// Return the current process's group id.
#[pyfunction]
pub fn getgid() -> u32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getgid() }
}

/// Return the current process's effective group id.
#[pyfunction]
pub fn getegid() -> u32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::getegid() }
}

/// Set the current process's user id.
#[pyfunction]
pub fn setuid(th: &mut Thread, uid: &Value) -> PyResult<()> {
    let uid = id_argument(th, uid, "uid")?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setuid(uid) })
}

/// Set the current process's effective user id.
#[pyfunction]
pub fn seteuid(th: &mut Thread, euid: &Value) -> PyResult<()> {
    let uid = id_argument(th, euid, "uid")?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::seteuid(uid) })
}

/// Set the current process's group id.
#[pyfunction]
pub fn setgid(th: &mut Thread, gid: &Value) -> PyResult<()> {
    let gid = id_argument(th, gid, "gid")?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setgid(gid) })
}

/// Set the current process's effective group id.
#[pyfunction]
pub fn setegid(th: &mut Thread, egid: &Value) -> PyResult<()> {
    let gid = id_argument(th, egid, "gid")?;
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setegid(gid) })
}

/// Set the current process's real and effective user ids.
#[pyfunction]
pub fn setreuid(th: &mut Thread, ruid: &Value, euid: &Value) -> PyResult<()> {
    let (real, effective) = (id_argument(th, ruid, "uid")?, id_argument(th, euid, "uid")?);
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setreuid(real, effective) })
}

/// Set the current process's real and effective group ids.
#[pyfunction]
pub fn setregid(th: &mut Thread, rgid: &Value, egid: &Value) -> PyResult<()> {
    let (real, effective) = (id_argument(th, rgid, "gid")?, id_argument(th, egid, "gid")?);
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setregid(real, effective) })
}

/// Return a tuple of the current process's real, effective, and saved user ids.
#[pyfunction]
pub fn getresuid(th: &mut Thread) -> PyResult {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: room for three numbers.
    if unsafe { libc::getresuid(real, effective, saved) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    let ids = ids.map(|id| id_value(th, id));
    Ok(th.tuple(ids.to_vec()))
}

/// Return a tuple of the current process's real, effective, and saved group ids.
#[pyfunction]
pub fn getresgid(th: &mut Thread) -> PyResult {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: room for three numbers.
    if unsafe { libc::getresgid(real, effective, saved) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    let ids = ids.map(|id| id_value(th, id));
    Ok(th.tuple(ids.to_vec()))
}

/// Return list of supplemental group IDs for the process.
#[pyfunction]
pub fn getgroups(th: &mut Thread) -> PyResult {
    // SAFETY: a size of zero asks how many there are.
    let count = support::checked(th, || unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
    let mut groups = vec![0; count.max(0) as usize];
    // SAFETY: room for that many numbers.
    let count = support::checked(th, || unsafe { libc::getgroups(count, groups.as_mut_ptr()) })?;
    groups.truncate(count as usize);
    let groups = groups.into_iter().map(|id| id_value(th, id)).collect();
    Ok(th.list(groups))
}

/// Set the groups of the current process to list.
#[pyfunction]
pub fn setgroups(th: &mut Thread, groups: &Value) -> PyResult<()> {
    let items = th.collect(groups)?;
    let mut numbers = Vec::with_capacity(items.len());
    for item in &items {
        numbers.push(id_argument(th, item, "gid")?);
    }
    // SAFETY: a list of the length that is told.
    on_descriptor(th, || unsafe { libc::setgroups(numbers.len(), numbers.as_ptr()) })
}

unsafe extern "C" {
    fn getlogin_r(name: *mut libc::c_char, size: libc::size_t) -> libc::c_int;
}

/// Return the actual login name.
#[pyfunction]
pub fn getlogin(th: &mut Thread) -> PyResult {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer has the length that is told.
    let error = unsafe { getlogin_r(name.as_mut_ptr().cast(), name.len()) };
    if error != 0 {
        return Err(th.os_error(error, None));
    }
    let length = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    os_text::decode(th, &name[..length])
}

/// Add increment to the priority of process and return the new priority.
#[pyfunction]
pub fn nice(th: &mut Thread, increment: i32) -> PyResult<i32> {
    // SAFETY: the calling thread's own error number; -1 may be the answer, so it tells failure.
    let (value, error) = unsafe {
        *libc::__errno_location() = 0;
        let value = libc::nice(increment);
        (value, errno())
    };
    if value == -1 && error != 0 { Err(th.os_error(error, None)) } else { Ok(value) }
}

/// Return program scheduling priority.
#[pyfunction(signature = "(which, who)")]
pub fn getpriority(th: &mut Thread, which: i32, who: u32) -> PyResult<i32> {
    // SAFETY: as in `nice`.
    let (value, error) = unsafe {
        *libc::__errno_location() = 0;
        let value = libc::getpriority(which as libc::__priority_which_t, who);
        (value, errno())
    };
    if value == -1 && error != 0 { Err(th.os_error(error, None)) } else { Ok(value) }
}

/// Set program scheduling priority.
#[pyfunction(signature = "(which, who, priority)")]
pub fn setpriority(th: &mut Thread, which: i32, who: u32, priority: i32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    on_descriptor(th, || unsafe { libc::setpriority(which as libc::__priority_which_t, who, priority) })
}

/// Return a collection containing process timing information.
#[pyfunction]
pub fn times(th: &mut Thread) -> PyResult {
    // SAFETY: zeroes are a valid `tms`, and the call fills it.
    let (elapsed, spent, ticks) = unsafe {
        let mut spent: libc::tms = std::mem::zeroed();
        let elapsed = libc::times(&raw mut spent);
        (elapsed, spent, libc::sysconf(libc::_SC_CLK_TCK))
    };
    let ticks = if ticks > 0 { ticks as f64 } else { 100.0 };
    let class = structseq::make_type(th, &TIMES_RESULT);
    let numbers = [spent.tms_utime, spent.tms_stime, spent.tms_cutime, spent.tms_cstime, elapsed];
    let fields = numbers.iter().map(|n| th.float(*n as f64 / ticks)).collect();
    structseq::new(th, class, fields)
}

/// Return the set of CPUs the process identified by pid (or the current process if zero) is restricted to.
#[pyfunction]
pub fn sched_getaffinity(th: &mut Thread, pid: i32) -> PyResult {
    // SAFETY: zeroes are a valid `cpu_set_t`, and the call fills it.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    if unsafe { libc::sched_getaffinity(pid, size_of::<libc::cpu_set_t>(), &raw mut set) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    // SAFETY: numbers below the size of the set.
    let found = (0..libc::CPU_SETSIZE as usize).filter(|n| unsafe { libc::CPU_ISSET(*n, &set) });
    let numbers: Vec<Value> = found.map(|n| th.int(n as i64)).collect();
    let numbers = th.list(numbers);
    let set = support::import_attr(th, "builtins", "set")?;
    th.call(&set, &[numbers])
}

/// Set the CPU affinity of the process identified by pid to mask.
#[pyfunction]
pub fn sched_setaffinity(th: &mut Thread, pid: i32, mask: &Value) -> PyResult<()> {
    // SAFETY: zeroes are a valid `cpu_set_t`.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for item in th.collect(mask)? {
        let number = th.index(&item)?;
        match usize::try_from(number) {
            // SAFETY: a number below the size of the set.
            Ok(number) if number < libc::CPU_SETSIZE as usize => unsafe { libc::CPU_SET(number, &mut set) },
            Ok(_) => return Err(th.overflow_error("CPU number too large")),
            Err(_) => return Err(th.value_error("negative CPU number")),
        }
    }
    // SAFETY: a set of the size that is told.
    on_descriptor(th, || unsafe {
        libc::sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &raw const set)
    })
}

/// Voluntarily relinquish the CPU.
#[pyfunction]
pub fn sched_yield(th: &mut Thread) -> PyResult<()> {
    // SAFETY: no memory is passed.
    th.detached(|| unsafe { libc::sched_yield() });
    Ok(())
}

/// Return a file descriptor referring to the process pid.
#[pyfunction(signature = "(pid, flags=0)")]
pub fn pidfd_open(th: &mut Thread, pid: i32, flags: Option<u32>) -> PyResult<i32> {
    let flags = flags.unwrap_or(0);
    // SAFETY: no memory is passed.
    let fd = support::checked(th, || unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) })?;
    Ok(fd as i32)
}
