//! Frames, exceptions being handled, tracing.

use crate::exceptions::chain;
use crate::frame::{self, Frame};
use crate::names::names;
use crate::prelude::*;

fn frame_at(th: &Thread, depth: i64) -> Option<Frame> {
    let mut frame = frame::current(th)?;
    for _ in 0..depth.max(0) {
        frame = frame.caller()?;
    }
    Some(frame)
}

/// Return a frame object from the call stack.
///
/// If optional integer depth is given, return the frame object that many
/// calls below the top of the stack.  If that is deeper than the call
/// stack, ValueError is raised.  The default for depth is zero, returning
/// the frame at the top of the call stack.
///
/// This function should be used for internal and specialized purposes
/// only.
#[pyfunction(signature = "(depth=0, /)")]
pub fn _getframe(th: &mut Thread, depth: Option<i32>) -> PyResult {
    match frame_at(th, depth.unwrap_or(0).into()) {
        Some(frame) => Ok(frame::object_of(th, frame)),
        None => Err(th.value_error("call stack is not deep enough")),
    }
}

/// Return the name of the module for a calling frame.
///
/// The default depth returns the module containing the call to this API.
/// A more typical use in a library will pass a depth of 1 to get the user's
/// module rather than the library module.
///
/// If no frame, module, or name can be found, returns None.
#[pyfunction(signature = "(depth=0)")]
pub fn _getframemodulename(th: &mut Thread, depth: Option<i32>) -> Value {
    let globals = frame_at(th, depth.unwrap_or(0).into()).and_then(Frame::globals);
    globals.and_then(|g| g.get_str(th, &names().dunder_name)).unwrap_or(Value::NONE)
}

/// Return a dict mapping the calling thread's thread id to its current stack frame.
///
/// Frames of other threads cannot be looked at while they run.
#[pyfunction(signature = "()")]
pub fn _current_frames(th: &mut Thread) -> PyResult {
    let dict = th.dict();
    let frame = frame::current_object(th);
    let ident = th.int_unsigned(th.ident);
    th.dict_set(&dict, &ident, frame)?;
    Ok(dict.into_value())
}

/// Return a dict mapping the calling thread's identifier to the exception that it handles.
#[pyfunction(signature = "()")]
pub fn _current_exceptions(th: &mut Thread) -> PyResult {
    let dict = th.dict();
    let (ident, handled) = (th.int_unsigned(th.ident), chain::handled(th));
    th.dict_set(&dict, &ident, handled)?;
    Ok(dict.into_value())
}

/// Return current exception information: (type, value, traceback).
///
/// Return information about the most recent exception caught by an except
/// clause in the current stack frame or in an older stack frame.
#[pyfunction(signature = "()")]
pub fn exc_info(th: &mut Thread) -> Value {
    let handled = chain::handled(th);
    let parts = match crate::exceptions::as_exception(th, &handled).cloned() {
        Some(exception) => vec![th.type_of(&handled).value(), handled, exception.traceback(th)],
        None => vec![Value::NONE; 3],
    };
    th.tuple(parts)
}

/// Return the current exception.
///
/// Return the most recent exception caught by an except clause
/// in the current stack frame or in an older stack frame, or None
/// if no such clause exists.
#[pyfunction(signature = "()")]
pub fn exception(th: &mut Thread) -> Value {
    chain::handled(th)
}

fn no_tracing(th: &mut Thread, function: &Value, name: &str) -> PyResult<()> {
    if function.is_none() {
        return Ok(());
    }
    Err(th.not_implemented_error(format_args!("sys.{name}: functions cannot be traced")))
}

/// Set the global debug tracing function. Only None is supported.
#[pyfunction(signature = "(function, /)")]
pub fn settrace(th: &mut Thread, function: &Value) -> PyResult<()> {
    no_tracing(th, function, "settrace")
}

/// Return the global debug tracing function set with sys.settrace.
#[pyfunction(signature = "()")]
pub fn gettrace() {}

/// Set the profiling function. Only None is supported.
#[pyfunction(signature = "(function, /)")]
pub fn setprofile(th: &mut Thread, function: &Value) -> PyResult<()> {
    no_tracing(th, function, "setprofile")
}

/// Return the profiling function set with sys.setprofile.
#[pyfunction(signature = "()")]
pub fn getprofile() {}

/// Set the global debug tracing function in all running threads. Only None is supported.
#[pyfunction(signature = "(function, /)")]
pub fn _settraceallthreads(th: &mut Thread, function: &Value) -> PyResult<()> {
    no_tracing(th, function, "_settraceallthreads")
}

/// Set the profiling function in all running threads. Only None is supported.
#[pyfunction(signature = "(function, /)")]
pub fn _setprofileallthreads(th: &mut Thread, function: &Value) -> PyResult<()> {
    no_tracing(th, function, "_setprofileallthreads")
}

/// Call func(*args), while tracing is enabled.
#[pyfunction(signature = "(func, args, /)")]
pub fn call_tracing(th: &mut Thread, func: &Value, args: &Obj<Tuple>) -> PyResult {
    th.call(func, args.items())
}
