//! Exceptions that nobody can receive: raised by finalizers, callbacks and the like.
//!
//! They go to `sys.unraisablehook`, or are printed if there is none.

use super::render;
use super::uncaught::{sys_attribute, write_error};
use crate::prelude::*;

/// What `sys.unraisablehook` is called with.
#[pyclass(name = "UnraisableHookArgs", module = "sys", no_new)]
pub struct UnraisableHookArgs {
    class: Value,
    exception: Value,
    traceback: Value,
    message: Value,
    object: Value,
}

#[pymethods]
impl UnraisableHookArgs {
    #[getter]
    fn exc_type(&self) -> Value {
        self.class.clone()
    }

    #[getter]
    fn exc_value(&self) -> Value {
        self.exception.clone()
    }

    #[getter]
    fn exc_traceback(&self) -> Value {
        self.traceback.clone()
    }

    #[getter]
    fn err_msg(&self) -> Value {
        self.message.clone()
    }

    #[getter]
    fn object(&self) -> Value {
        self.object.clone()
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult<String> {
        let fields = [
            ("exc_type", &self.class),
            ("exc_value", &self.exception),
            ("exc_traceback", &self.traceback),
            ("err_msg", &self.message),
            ("object", &self.object),
        ];
        let mut parts = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            parts.push(format!("{name}={}", th.repr(value)?.units().to_str_lossy()));
        }
        Ok(format!("sys.UnraisableHookArgs({})", parts.join(", ")))
    }
}

/// Reports an exception that cannot be raised. `object` is what was at work, `message` says what went on: together they
/// are the message; without one, the hook is given the object.
#[cold]
pub fn unraisable(th: &mut Thread, exception: Value, object: Option<&Value>, message: &str) {
    let pending = th.raised.take();
    let (message, object) = match object {
        Some(object) if !message.is_empty() => {
            let shown = repr_or_failure(th, object);
            (th.str(&format!("{message} {shown}")), Value::NONE)
        }
        object => {
            let message = if message.is_empty() { Value::NONE } else { th.str(message) };
            (message, object.cloned().unwrap_or(Value::NONE))
        }
    };
    if let Some(raised) = super::as_exception(th, &exception).cloned()
        && raised.traceback(th).is_none()
        && let Some(frame) = crate::frame::current(th)
    {
        // Raised by native code: the traceback says at least who was running.
        let (index, line) = (frame.instruction_index(), frame.line());
        let object = crate::frame::object_of(th, frame);
        crate::frame::traceback::add(th, &exception, object, index, line);
    }
    let args = UnraisableHookArgs {
        class: th.type_of(&exception).value(),
        traceback: super::as_exception(th, &exception).map_or(Value::NONE, |e| e.traceback(th)),
        exception,
        message,
        object,
    };
    let args = UnraisableHookArgs::new_object(th, args);
    match sys_attribute(th, "unraisablehook").filter(|hook| !hook.is_none()) {
        Some(hook) => {
            if th.call(&hook, &[args.clone().into_value()]).is_err() {
                let failure = th.take_exception();
                print_failed_hook(th, failure);
                print(th, &args);
            }
        }
        None => print(th, &args),
    }
    th.clear_exception();
    th.raised = pending;
}

fn repr_or_failure(th: &mut Thread, object: &Value) -> String {
    match th.repr(object) {
        Ok(shown) => shown.units().to_str_lossy().into_owned(),
        Err(_) => {
            th.clear_exception();
            "<object repr() failed>".to_owned()
        }
    }
}

fn print_failed_hook(th: &mut Thread, failure: Value) {
    write_error(th, "Exception ignored in sys.unraisablehook:\n");
    let text = render::render(th, &failure);
    write_error(th, &text);
}

/// `sys.__unraisablehook__`: prints to `sys.stderr`.
pub fn default_hook(th: &mut Thread, args: &Value) -> PyResult<()> {
    let Some(args) = th.exact::<UnraisableHookArgs>(args).cloned() else {
        return Err(th.type_error("sys.unraisablehook argument type must be UnraisableHookArgs"));
    };
    print(th, &args);
    Ok(())
}

fn print(th: &mut Thread, args: &Obj<UnraisableHookArgs>) {
    let message = th.as_str(&args.message).map(|m| m.units().to_str_lossy().into_owned());
    let head = if args.object.is_none() {
        format!("{}:\n", message.as_deref().unwrap_or("Exception ignored"))
    } else {
        let shown = repr_or_failure(th, &args.object);
        format!("{}: {shown}\n", message.as_deref().unwrap_or("Exception ignored in"))
    };
    write_error(th, &head);
    let text = render::render_one(th, &args.exception);
    write_error(th, &text);
}
