//! Hooks that programs may replace, and audit hooks.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::builtins::functions::text;
use crate::builtins::structseq::{self, StructSeqDef};
use crate::exceptions::{uncaught, unraisable};
use crate::prelude::*;

/// Handle an exception by displaying it with a traceback on sys.stderr.
#[pyfunction(signature = "(exctype, value, traceback, /)")]
pub fn excepthook(th: &mut Thread, exctype: &Value, value: &Value, traceback: &Value) {
    let _ = exctype;
    if let Some(exception) = crate::exceptions::as_exception(th, value).cloned()
        && exception.traceback(th).is_none()
        && th.exact::<crate::frame::traceback::Traceback>(traceback).is_some()
    {
        exception.set_traceback(th, traceback.clone());
    }
    uncaught::display(th, value);
}

/// Print an object to sys.stdout and also save it in builtins._
#[pyfunction(signature = "(object, /)")]
pub fn displayhook(th: &mut Thread, object: &Value) -> PyResult<()> {
    text::display(th, object)
}

/// Handle an unraisable exception.
///
/// The unraisable argument has the following attributes:
///
/// * exc_type: Exception type.
/// * exc_value: Exception value, can be None.
/// * exc_traceback: Exception traceback, can be None.
/// * err_msg: Error message, can be None.
/// * object: Object causing the exception, can be None.
#[pyfunction(signature = "(unraisable, /)")]
pub fn unraisablehook(th: &mut Thread, unraisable_: &Value) -> PyResult<()> {
    unraisable::default_hook(th, unraisable_)
}

/// This hook function is called by built-in breakpoint().
#[pyfunction(raw)]
pub fn breakpointhook(th: &mut Thread, args: Args<'_>) -> PyResult {
    text::default_breakpoint(th, args)
}

static AUDIT_HOOKS: Mutex<Vec<Value>> = Mutex::new(Vec::new());
static AUDITED: AtomicBool = AtomicBool::new(false);

/// Passes the event to any hooks that are attached.
#[pyfunction(signature = "(event, /, *args)")]
pub fn audit(th: &mut Thread, event: &Value, args: &[Value]) -> PyResult<()> {
    // Relaxed: a hook is added by a thread before it does what it wants to hear of.
    if !AUDITED.load(Ordering::Relaxed) {
        return Ok(());
    }
    if th.as_str(event).is_none() {
        let found = th.type_name(event);
        return Err(th.type_error(format_args!("expected str for argument 'event', not {found}")));
    }
    let hooks = AUDIT_HOOKS.lock().clone();
    let arguments = th.tuple(args.to_vec());
    for hook in hooks {
        th.call(&hook, &[event.clone(), arguments.clone()])?;
    }
    Ok(())
}

/// Adds a new audit hook callback.
#[pyfunction(signature = "(hook)")]
pub fn addaudithook(th: &mut Thread, hook: &Value) -> PyResult<()> {
    let event = th.str("sys.addaudithook");
    let asked = audit(th, &event, &[]);
    // A hook may refuse others.
    if th.catch(asked, Exc::Exception)?.is_some() {
        AUDIT_HOOKS.lock().push(hook.clone());
        AUDITED.store(true, Ordering::Relaxed); // Relaxed: as in `audit`.
    }
    Ok(())
}

static ASYNCGEN_HOOKS: StructSeqDef = StructSeqDef {
    name: "asyncgen_hooks",
    module: "sys",
    fields: &[
        ("firstiter", "Hook to intercept first iteration"),
        ("finalizer", "Hook to intercept finalization"),
    ],
    n_sequence_fields: 2,
};

/// Return the installed asynchronous generators hooks.
///
/// This returns a namedtuple of the form (firstiter, finalizer).
#[pyfunction(signature = "()")]
pub fn get_asyncgen_hooks(th: &mut Thread) -> PyResult {
    let class = structseq::make_type(th, &ASYNCGEN_HOOKS);
    let (first, finalizer) = th.async_gen_hooks.clone();
    structseq::new(th, class, vec![first.unwrap_or(Value::NONE), finalizer.unwrap_or(Value::NONE)])
}

/// set_asyncgen_hooks([firstiter] [, finalizer])
///
/// Set a finalizer for async generators objects.
#[pyfunction(signature = "(firstiter=<unrepresentable>, finalizer=<unrepresentable>)")]
pub fn set_asyncgen_hooks(
    th: &mut Thread,
    firstiter: Option<&Value>,
    finalizer: Option<&Value>,
) -> PyResult<()> {
    for (name, hook) in [("finalizer", finalizer), ("firstiter", firstiter)] {
        if let Some(hook) = hook
            && !hook.is_none()
            && !th.is_callable(hook)
        {
            let found = th.type_name(hook);
            return Err(th.type_error(format_args!("callable {name} expected, got {found}")));
        }
    }
    let given = |hook: &Value| Some(hook.clone()).filter(|h| !h.is_none());
    if let Some(hook) = firstiter {
        drop(std::mem::replace(&mut th.async_gen_hooks.0, given(hook)));
    }
    if let Some(hook) = finalizer {
        drop(std::mem::replace(&mut th.async_gen_hooks.1, given(hook)));
    }
    Ok(())
}
