//! The end: other threads are waited for, `atexit` functions run, what the program left is dropped, streams flushed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::builtins::function::Function;
use crate::builtins::module;
use crate::builtins::native_function::NativeFunction;
use crate::import::name::in_modules;
use crate::import::state::{find_sys_attribute, required};
use crate::names::{Special, names};
use crate::prelude::*;

/// The exit status when the streams could not be flushed.
pub const FLUSH_FAILED: i32 = 120;

static FINALIZING: AtomicBool = AtomicBool::new(false);

/// `sys.is_finalizing()`
pub fn is_finalizing() -> bool {
    FINALIZING.load(Ordering::Relaxed) // Relaxed: a flag on its own.
}

/// Shuts down; the exit status, given the program's.
pub fn shut_down(th: &mut Thread, status: i32) -> i32 {
    call(th, "threading", "_shutdown", "Exception ignored on threading shutdown");
    call(th, "atexit", "_run_exitfuncs", "Exception ignored in atexit callback");
    let flushed = flush(th);
    FINALIZING.store(true, Ordering::Relaxed); // Relaxed: as in `is_finalizing`.
    crate::thread::registry::end_others(th.ident);
    drop_modules(th);
    crate::collect::collect_last(th);
    let flushed_again = flush(th);
    if status == 0 && !(flushed && flushed_again) { FLUSH_FAILED } else { status }
}

/// Calls a function of a module, if that was imported.
fn call(th: &mut Thread, name: &str, function: &str, trouble: &str) {
    let key = th.intern(name);
    let called = match in_modules(th, &key) {
        Ok(Some(module)) if !module.is_none() => th.call_method(&module, function, &[]),
        Ok(_) => return,
        Err(raised) => Err(raised),
    };
    if called.is_err() {
        let exception = th.take_exception();
        crate::exceptions::unraisable(th, exception, None, trouble);
    }
}

/// Flushes the standard streams; false if that went wrong.
fn flush(th: &mut Thread) -> bool {
    let mut fine = true;
    for name in ["stdout", "stderr"] {
        let Ok(Some(stream)) = find_sys_attribute(th, name) else { continue };
        if stream.is_none() || is_closed(th, &stream) {
            continue;
        }
        if th.call_method(&stream, "flush", &[]).is_err() {
            let exception = th.take_exception();
            // What cannot be written to standard error cannot be reported there either.
            if name == "stdout" {
                crate::exceptions::unraisable(
                    th,
                    exception,
                    Some(&stream),
                    "Exception ignored while flushing sys.stdout",
                );
                fine = false;
            }
        }
    }
    fine
}

fn is_closed(th: &mut Thread, stream: &Value) -> bool {
    let closed = th.lookup_attr(stream, "closed");
    let closed = closed.and_then(|closed| match closed {
        Some(closed) => th.is_true(&closed),
        None => Ok(false),
    });
    if closed.is_err() {
        th.clear_exception();
    }
    closed.unwrap_or(false)
}

/// Drops the modules that are the program's own, so that finalizers of what they hold run while the runtime still works;
/// not the library's, which finalizers may use. Modules in cycles are collected, and their finalizers see all of them. Those
/// that somebody refers to all the same lose their globals, the last imported first.
fn drop_modules(th: &mut Thread) {
    let Ok(state) = required(th) else { return };
    let modules = state.modules.clone();
    let Some(library) = library_folder(th) else { return };
    let mut left = Vec::new();
    for (key, module, _) in modules.snapshot(th) {
        let (Some(name), Some(dict)) = (crate::class::exact_str(&key), module::dict_of(th, &module).cloned())
        else {
            continue;
        };
        let file = dict.get_str(th, &names().file);
        let file = file.and_then(|file| Some(th.as_str(&file)?.units().to_str_lossy().into_owned()));
        let is_library =
            |file: String| file.strip_prefix(&library).is_some_and(|rest| !rest.starts_with("site-packages"));
        if file.is_none_or(is_library) && !name.units().eq_str("__main__") {
            continue;
        }
        let weak = crate::builtins::weakref::reference(th, &module, None);
        match weak {
            // Globals that are not counted stay when the module is gone.
            Ok(weak) => left.push((weak, mode::FREE_THREADED.then_some(dict))),
            Err(_) => th.clear_exception(),
        }
        drop(modules.remove_str(th, name));
    }
    crate::collect::collect_last(th);
    for (_, dict) in left.iter().rev() {
        let Some(dict) = dict else { continue };
        if drop_instances(th, dict, |th, value| th.has_special(value, Special::Del)) {
            // Those in cycles.
            crate::collect::collect_last(th);
        }
        drop_instances(th, dict, |_, _| true);
    }
    for (weak, dict) in left.into_iter().rev() {
        let module = crate::builtins::weakref::referent(th, &weak).flatten();
        let dict = dict.or_else(|| module::dict_of(th, &module?).cloned());
        if let Some(dict) = dict {
            drop_globals(th, &dict);
        }
    }
}

/// Drops objects that lasting globals hold and that are chosen, the last one made first: not modules, classes and
/// functions, which finalizers use. True if there was one.
fn drop_instances(th: &mut Thread, dict: &Obj<Dict>, is_chosen: impl Fn(&Thread, &Value) -> bool) -> bool {
    let mut found = false;
    for (key, value, _) in dict.snapshot(th).into_iter().rev() {
        let Some(name) = crate::class::exact_str(&key) else { continue };
        let is_used = crate::class::as_class(&value).is_some()
            || module::dict_of(th, &value).is_some()
            || th.exact::<Function>(&value).is_some()
            || th.exact::<NativeFunction>(&value).is_some();
        if is_used
            || value.is_none()
            || name.units().to_str_lossy().starts_with("__")
            || !is_chosen(th, &value)
        {
            continue;
        }
        drop(value);
        found = true;
        if dict.set_str(th, name, Value::NONE).is_err() {
            break;
        }
    }
    found
}

/// The folder that the library's modules say they are in.
fn library_folder(th: &mut Thread) -> Option<String> {
    let os = th.intern("os");
    let os = in_modules(th, &os).ok().flatten()?;
    let file = module::dict_of(th, &os)?.get_str(th, &names().file)?;
    let file = th.as_str(&file)?.units().to_str_lossy().into_owned();
    Some(file.strip_suffix("os.py")?.to_owned())
}

/// Drops what a module's globals hold, as CPython does it: first names with one underscore, then all but
/// `__builtins__`.
fn drop_globals(th: &mut Thread, dict: &Obj<Dict>) {
    let private = |key: &Obj<Str>| {
        let text = key.units().to_str_lossy();
        text.starts_with('_') && !text.starts_with("__")
    };
    for round in 0..2 {
        for (key, _, _) in dict.snapshot(th) {
            let Some(name) = crate::class::exact_str(&key) else { continue };
            let due = if round == 0 { private(name) } else { !name.units().eq_str("__builtins__") };
            if due && dict.set_str(th, name, Value::NONE).is_err() {
                return;
            }
        }
    }
}
