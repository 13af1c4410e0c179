//! Who is told of collections: `gc.callbacks`, `gc.garbage`, standard error.

use std::sync::OnceLock;
use std::time::Duration;

use super::{GENERATIONS, populations};
use crate::exceptions::uncaught::write_error;
use crate::prelude::*;

static CALLBACKS: OnceLock<Obj<List>> = OnceLock::new();
static GARBAGE: OnceLock<Obj<List>> = OnceLock::new();

/// The list of functions that are called before and after a collection.
pub fn callbacks(th: &Thread) -> Value {
    CALLBACKS.get_or_init(|| Obj::list(th, Vec::new())).as_value().clone()
}

/// The list of objects that were unreachable and have not been freed.
pub fn garbage(th: &Thread) -> Value {
    GARBAGE.get_or_init(|| Obj::list(th, Vec::new())).as_value().clone()
}

/// Calls `gc.callbacks`.
pub(super) fn announce(th: &mut Thread, phase: &str, generation: u8, collected: usize) {
    let Some(callbacks) = CALLBACKS.get().filter(|callbacks| callbacks.len() != 0) else { return };
    let info = th.dict();
    let numbers = [("generation", usize::from(generation)), ("collected", collected), ("uncollectable", 0)];
    for (name, number) in numbers {
        let (name, number) = (th.intern(name), th.int(number as i64));
        if info.set_str(th, &name, number).is_err() {
            return;
        }
    }
    let (phase, info) = (th.str(phase), info.into_value());
    // A callback may take itself from the list.
    let mut at = 0;
    while let Some(callback) = callbacks.get(th, at) {
        if th.call(&callback, &[phase.clone(), info.clone()]).is_err() {
            let exception = th.take_exception();
            let message = "Exception ignored while calling GC callback";
            crate::exceptions::unraisable(th, exception, Some(&callback), message);
        }
        at += 1;
    }
}

/// `DEBUG_STATS`: a collection begins.
pub(super) fn started(th: &mut Thread, generation: u8) {
    let counts = populations(th);
    let (young, left_alone) = counts.split_at(usize::from(GENERATIONS));
    let young: String = young.iter().map(|count| format!(" {count}")).collect();
    let left_alone = left_alone.iter().sum::<usize>();
    let text = format!(
        "gc: collecting generation {generation}...\ngc: objects in each generation:{young}\ngc: objects in permanent \
         generation: {left_alone}\n"
    );
    write_error(th, &text);
}

/// `DEBUG_STATS`: a collection is over.
pub(super) fn done(th: &mut Thread, unreachable: usize, elapsed: Duration) {
    let elapsed = elapsed.as_secs_f64();
    write_error(
        th,
        &format!("gc: done, {unreachable} unreachable, 0 uncollectable, {elapsed:.4}s elapsed\n"),
    );
}

/// `DEBUG_COLLECTABLE`
pub(super) fn collectable(th: &mut Thread, garbage: &[Value]) {
    for object in garbage {
        let class = th.type_of(object);
        let class = crate::class::tp_name(th, class);
        write_error(th, &format!("gc: collectable <{class} {:#x}>\n", object.word()));
    }
}

/// `DEBUG_SAVEALL`: garbage goes to `gc.garbage`.
pub(super) fn save(th: &mut Thread, objects: Vec<Value>) {
    let list = GARBAGE.get_or_init(|| Obj::list(th, Vec::new()));
    // Out of memory they are left where they are: unreachable.
    let _ = list.extend(th, objects);
}
