//! Limits, intervals and switches.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use crate::builtins::int;
use crate::prelude::*;
use crate::thread::{gil, state};

/// What `getrefcount` says of values that are not counted.
pub(super) const UNCOUNTED: i64 = 3 << 30;

/// The reference count of a value, the caller's own included.
pub(super) fn reference_count(th: &mut Thread, value: &Value) -> i64 {
    let Some(header) = value.as_header() else { return UNCOUNTED };
    // What the owner counts only the owner may read while it runs.
    let count =
        if header.owner() == th.owner() { header.count() } else { th.stop_the_world(|_| header.count()) };
    i64::try_from(count).map_or(UNCOUNTED, |count| count.min(UNCOUNTED))
}

/// Return the current value of the recursion limit.
///
/// The recursion limit is the maximum depth of the Python interpreter
/// stack.  This limit prevents infinite recursion from causing an overflow
/// of the C stack and crashing Python.
#[pyfunction(signature = "()")]
pub fn getrecursionlimit() -> u32 {
    state::recursion_limit()
}

/// Set the maximum depth of the Python interpreter stack to n.
///
/// This limit prevents infinite recursion from causing an overflow of the C
/// stack and crashing Python.  The highest possible limit is platform-
/// dependent.
#[pyfunction(signature = "(limit, /)")]
pub fn setrecursionlimit(th: &mut Thread, limit: i32) -> PyResult<()> {
    let Some(limit) = u32::try_from(limit).ok().filter(|n| *n >= 1) else {
        return Err(th.value_error("recursion limit must be greater or equal than 1"));
    };
    if limit <= th.depth {
        let depth = th.depth;
        return Err(th.recursion_error(format_args!(
            "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
        )));
    }
    state::set_recursion_limit(limit);
    Ok(())
}

/// Return the current thread switch interval; see sys.setswitchinterval().
#[pyfunction(signature = "()")]
pub fn getswitchinterval() -> f64 {
    gil::switch_interval().as_micros() as f64 / 1e6
}

/// Set the ideal thread switching delay inside the Python interpreter.
///
/// The actual frequency of switching threads can be lower if the
/// interpreter executes long sequences of uninterruptible code
/// (this is implementation-specific and workload-dependent).
///
/// The parameter must represent the desired switching delay in seconds
/// A typical value is 0.005 (5 milliseconds).
#[pyfunction(signature = "(interval, /)")]
pub fn setswitchinterval(th: &mut Thread, interval: f64) -> PyResult<()> {
    match Duration::try_from_secs_f64(interval) {
        Ok(interval) if !interval.is_zero() => {
            gil::set_switch_interval(interval);
            Ok(())
        }
        _ => Err(th.value_error("switch interval must be strictly positive")),
    }
}

/// Return the maximum string digits limit for non-binary int<->str conversions.
#[pyfunction(signature = "()")]
pub fn get_int_max_str_digits() -> usize {
    int::max_str_digits()
}

/// Set the maximum string digits limit for non-binary int<->str conversions.
#[pyfunction(signature = "(maxdigits)")]
pub fn set_int_max_str_digits(th: &mut Thread, maxdigits: i32) -> PyResult<()> {
    match usize::try_from(maxdigits) {
        Ok(limit) if limit == 0 || limit >= 640 => {
            int::set_max_str_digits(limit);
            Ok(())
        }
        _ => Err(th.value_error("maxdigits must be >= 640 or 0 for unlimited")),
    }
}

static ORIGIN_DEPTH: AtomicI32 = AtomicI32::new(0);

/// Check status of origin tracking for coroutine objects in this thread.
#[pyfunction(signature = "()")]
pub fn get_coroutine_origin_tracking_depth() -> i32 {
    ORIGIN_DEPTH.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// Enable or disable origin tracking for coroutine objects in this thread.
///
/// Coroutine objects will track 'depth' frames of traceback information
/// about where they came from, available in their cr_origin attribute.
///
/// Set a depth of 0 to disable.
#[pyfunction(signature = "(depth)")]
pub fn set_coroutine_origin_tracking_depth(th: &mut Thread, depth: i32) -> PyResult<()> {
    if depth < 0 {
        return Err(th.value_error("depth must be >= 0"));
    }
    ORIGIN_DEPTH.store(depth, Ordering::Relaxed); // Relaxed: a number on its own.
    Ok(())
}

static DLOPEN_FLAGS: AtomicI32 = AtomicI32::new(libc::RTLD_NOW);

/// Return the current value of the flags that are used for dlopen calls.
///
/// The flag constants are defined in the os module.
#[pyfunction(signature = "()")]
pub fn getdlopenflags() -> i32 {
    DLOPEN_FLAGS.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// How many frames `cr_origin` shows.
pub(crate) fn origin_depth() -> usize {
    ORIGIN_DEPTH.load(Ordering::Relaxed).max(0) as usize // Relaxed: a number on its own.
}

/// Set the flags used by the interpreter for dlopen calls.
#[pyfunction(signature = "(flags, /)")]
pub fn setdlopenflags(flags: i32) {
    DLOPEN_FLAGS.store(flags, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// Activate stack profiler trampoline *backend*: there is none.
#[pyfunction(signature = "(backend, /)")]
pub fn activate_stack_trampoline(th: &mut Thread, backend: &Value) -> PyResult<()> {
    let _ = backend;
    Err(th.value_error("perf trampoline not available"))
}

/// Deactivate the current stack profiler trampoline backend.
#[pyfunction(signature = "()")]
pub fn deactivate_stack_trampoline() {}

/// Return *True* if a stack profiler trampoline is active.
#[pyfunction(signature = "()")]
pub fn is_stack_trampoline_active() -> bool {
    false
}

/// Return True if remote debugging is enabled, False otherwise.
#[pyfunction(signature = "()")]
pub fn is_remote_debug_enabled() -> bool {
    false
}

/// Executes a file containing Python code in a given remote Python process: not supported.
#[pyfunction(signature = "(pid, script)")]
pub fn remote_exec(th: &mut Thread, pid: &Value, script: &Value) -> PyResult<()> {
    let _ = (pid, script);
    Err(th.runtime_error("Remote debugging is not enabled"))
}
