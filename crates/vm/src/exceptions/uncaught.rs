//! What happens to an exception that leaves the program: `sys.excepthook`, printing, exit status.

use std::io::Write;

use super::fields::number;
use super::hierarchy::Exc;
use super::raise::as_exception;
use super::render;
use crate::prelude::*;

/// A module by name, as `import` finds it. None if it cannot be imported (nothing stays pending).
fn module(th: &mut Thread, name: &str) -> Option<Value> {
    let import = crate::builtins::module::builtin(th, "__import__");
    let found = import.and_then(|import| {
        let name = th.str(name);
        th.call(&import, &[name])
    });
    if found.is_err() {
        th.clear_exception();
    }
    found.ok()
}

/// An attribute of the module `sys`, None if it is not there (nothing stays pending).
pub(super) fn sys_attribute(th: &mut Thread, name: &str) -> Option<Value> {
    let sys = module(th, "sys")?;
    let found = th.lookup_attr(&sys, name);
    if found.is_err() {
        th.clear_exception();
    }
    found.ok().flatten()
}

/// Writes to `sys.stderr`, or to the process's standard error if that fails.
pub fn write_error(th: &mut Thread, text: &str) {
    let text = th.str(text);
    write_error_value(th, &text);
}

/// As [`write_error`]; what is lone surrogates in the text is for the stream to show.
fn write_error_value(th: &mut Thread, text: &Value) {
    if let Some(file) = sys_attribute(th, "stderr") {
        if file.is_none() || th.call_method(&file, "write", std::slice::from_ref(text)).is_ok() {
            return;
        }
        th.clear_exception();
    }
    let text = th.as_str(text).map(|text| text.units().to_str_lossy().into_owned()).unwrap_or_default();
    // Standard error may be closed; there is nowhere else to say so.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Flushes `sys.stdout` and `sys.stderr`; what goes wrong is forgotten.
pub fn flush_streams(th: &mut Thread) {
    for name in ["stdout", "stderr"] {
        if let Some(file) = sys_attribute(th, name).filter(|f| !f.is_none())
            && th.call_method(&file, "flush", &[]).is_err()
        {
            th.clear_exception();
        }
    }
}

/// What `sys.__excepthook__` does: prints the exception, by the module `traceback` if that can be imported.
pub fn display(th: &mut Thread, exception: &Value) {
    if sys_attribute(th, "stderr").is_some_and(|file| file.is_none()) {
        return;
    }
    if let Some(traceback) = module(th, "traceback") {
        let printed = th.call_method(&traceback, "_print_exception_bltin", std::slice::from_ref(exception));
        if printed.is_ok() {
            return;
        }
        th.clear_exception();
    }
    let text = render::render(th, exception);
    write_error(th, &text);
}

/// Takes the pending exception and hands it to `sys.excepthook`. The traceback stays in the exception.
#[cold]
pub fn print_uncaught(th: &mut Thread) {
    let exception = th.take_exception();
    let Some(this) = as_exception(th, &exception).cloned() else { return };
    let pending = std::mem::replace(&mut th.handled, Value::NONE);
    let hook = sys_attribute(th, "excepthook");
    match hook.filter(|h| !h.is_none()) {
        Some(hook) => {
            let arguments = [th.type_of(&exception).value(), exception.clone(), this.traceback(th)];
            if th.call(&hook, &arguments).is_err() {
                let failure = th.take_exception();
                write_error(th, "Error in sys.excepthook:\n");
                display(th, &failure);
                write_error(th, "\nOriginal exception was:\n");
                display(th, &exception);
            }
        }
        None => {
            write_error(th, "sys.excepthook is missing\n");
            display(th, &exception);
        }
    }
    flush_streams(th);
    th.handled = pending;
}

/// The exit status that a SystemExit asks for; None for other exceptions. A code that is neither None nor an int is
/// printed to `sys.stderr` and means 1.
pub fn exit_status(th: &mut Thread, exception: &Value) -> Option<i32> {
    let this = as_exception(th, exception).cloned()?;
    if !th.type_of(exception).is_subtype(th, Exc::SystemExit.class()) {
        return None;
    }
    let mut code = this.extra(th, number::CODE).unwrap_or(Value::NONE);
    // A subclass may compute `code`.
    match th.lookup_attr(exception, "code") {
        Ok(Some(found)) => code = found,
        Ok(None) => {}
        Err(_) => th.clear_exception(),
    }
    if code.is_none() {
        return Some(0);
    }
    if let Some(truth) = code.as_bool() {
        return Some(truth.into());
    }
    if let Some(number) = code.as_small_int() {
        // As in C: the low bits of what fits a long.
        return Some(number as i32);
    }
    if th.downcast::<Int>(&code).is_some() {
        let number = th.index(&code);
        if number.is_err() {
            th.clear_exception();
        }
        return Some(number.map_or(-1, |n| n as i32));
    }
    flush_streams(th);
    match th.str_of(&code) {
        Ok(text) => write_error_value(th, text.as_value()),
        Err(_) => th.clear_exception(),
    }
    write_error(th, "\n");
    Some(1)
}
