//! The module `resource`: limits and usage.

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use crate::support::{self, errno};

/// `resource.struct_rusage`
pub static RUSAGE: StructSeqDef = StructSeqDef {
    name: "struct_rusage",
    module: "resource",
    fields: &[
        ("ru_utime", "user time used"),
        ("ru_stime", "system time used"),
        ("ru_maxrss", "max. resident set size"),
        ("ru_ixrss", "shared memory size"),
        ("ru_idrss", "unshared data size"),
        ("ru_isrss", "unshared stack size"),
        ("ru_minflt", "page faults not requiring I/O"),
        ("ru_majflt", "page faults requiring I/O"),
        ("ru_nswap", "number of swap outs"),
        ("ru_inblock", "block input operations"),
        ("ru_oublock", "block output operations"),
        ("ru_msgsnd", "IPC messages sent"),
        ("ru_msgrcv", "IPC messages received"),
        ("ru_nsignals", "signals received"),
        ("ru_nvcsw", "voluntary context switches"),
        ("ru_nivcsw", "involuntary context switches"),
    ],
    n_sequence_fields: 16,
};

/// The usage as Python sees it.
pub fn to_result(th: &mut Thread, u: &libc::rusage) -> PyResult {
    let class = structseq::make_type(th, &RUSAGE);
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    let mut fields = vec![th.float(seconds(u.ru_utime)), th.float(seconds(u.ru_stime))];
    let numbers = [
        u.ru_maxrss,
        u.ru_ixrss,
        u.ru_idrss,
        u.ru_isrss,
        u.ru_minflt,
        u.ru_majflt,
        u.ru_nswap,
        u.ru_inblock,
        u.ru_oublock,
        u.ru_msgsnd,
        u.ru_msgrcv,
        u.ru_nsignals,
        u.ru_nvcsw,
        u.ru_nivcsw,
    ];
    fields.extend(numbers.map(|n| th.int(n)));
    structseq::new(th, class, fields)
}

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as i64),)*];
    };
}

constants! {
    RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_NOFILE RLIMIT_AS RLIMIT_RSS RLIMIT_NPROC
    RLIMIT_MEMLOCK RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING
    RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD
}

fn limit_value(th: &mut Thread, limit: libc::rlim_t) -> Value {
    if limit == libc::RLIM_INFINITY { th.int(-1) } else { th.int_unsigned(limit) }
}

fn pair(th: &mut Thread, limits: libc::rlimit) -> Value {
    let pair = vec![limit_value(th, limits.rlim_cur), limit_value(th, limits.rlim_max)];
    th.tuple(pair)
}

fn parse_limits(th: &mut Thread, limits: &Value) -> PyResult<libc::rlimit> {
    let items = th.collect(limits)?;
    let [soft, hard] = items.as_slice() else {
        return Err(th.value_error("expected a tuple of 2 integers"));
    };
    let mut parse = |value: &Value| match th.index(value) {
        Ok(-1) => Ok(libc::RLIM_INFINITY),
        Ok(number) => u64::try_from(number).map_err(|_| th.value_error("limits must not be negative")),
        Err(raised) => Err(raised),
    };
    Ok(libc::rlimit { rlim_cur: parse(soft)?, rlim_max: parse(hard)? })
}

fn change(th: &mut Thread, pid: i32, resource: i32, new: Option<libc::rlimit>) -> PyResult<libc::rlimit> {
    if !(0..16).contains(&resource) {
        return Err(th.value_error("invalid resource specified"));
    }
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let given = new.as_ref().map_or(std::ptr::null(), |n| &raw const *n);
    // SAFETY: null or limits to set, and a place for the old ones.
    let result = unsafe { libc::prlimit(pid, resource as libc::__rlimit_resource_t, given, &raw mut old) };
    if result == 0 {
        return Ok(old);
    }
    let error = errno();
    match error {
        libc::EINVAL => Err(th.value_error("current limit exceeds maximum limit")),
        libc::EPERM if pid == 0 => Err(th.value_error("not allowed to raise maximum limit")),
        error => Err(th.os_error(error, None)),
    }
}

#[pymodule(name = "resource", doc = "Limits and usage of system resources.")]
pub mod module {
    use super::*;

    #[pyattr]
    const RLIM_INFINITY: i64 = -1;

    /// Resource usage of the process, its children or the thread.
    #[pyfunction]
    fn getrusage(th: &mut Thread, who: i32) -> PyResult {
        // SAFETY: zeroes are a valid `rusage`.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the call fills the structure.
        if unsafe { libc::getrusage(who, &raw mut usage) } < 0 {
            let error = errno();
            if error == libc::EINVAL {
                return Err(th.value_error("invalid who parameter"));
            }
            return Err(th.os_error(error, None));
        }
        to_result(th, &usage)
    }

    /// The soft and hard limit of a resource.
    #[pyfunction]
    fn getrlimit(th: &mut Thread, resource: i32) -> PyResult {
        let limits = change(th, 0, resource, None)?;
        Ok(pair(th, limits))
    }

    /// Sets the soft and hard limit of a resource.
    #[pyfunction]
    fn setrlimit(th: &mut Thread, resource: i32, limits: &Value) -> PyResult<()> {
        let limits = parse_limits(th, limits)?;
        change(th, 0, resource, Some(limits)).map(drop)
    }

    /// Gets or sets limits of any process.
    #[pyfunction(signature = "(pid, resource, limits=None, /)")]
    fn prlimit(th: &mut Thread, pid: i32, resource: i32, limits: Option<&Value>) -> PyResult {
        let new = match limits.filter(|l| !l.is_none()) {
            Some(limits) => Some(parse_limits(th, limits)?),
            None => None,
        };
        let old = change(th, pid, resource, new)?;
        Ok(pair(th, old))
    }

    /// Bytes of a memory page.
    #[pyfunction]
    fn getpagesize() -> i64 {
        // SAFETY: no memory is passed.
        unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            let value = th.int(*value);
            support::set_attr(th, module, name, &value)?;
        }
        support::set_attr(th, module, "RLIMIT_OFILE", &th.int(libc::RLIMIT_NOFILE.into()))?;
        support::set_attr(th, module, "error", &Exc::OSError.class().value())?;
        let class = structseq::make_type(th, &RUSAGE).value();
        support::set_attr(th, module, "struct_rusage", &class)
    }
}
