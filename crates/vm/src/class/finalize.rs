//! `__del__`, called when an object dies.

use object_model::Value;

use super::special;
use crate::builtins::generator::Generator;
use crate::names::Special;
use crate::thread::Thread;

/// Hook of `object_model`: runs the finalizer of an object that was revived for it.
pub fn run(object: &Value) {
    if Generator::of(object).is_some_and(|generator| generator.is_finished()) {
        return;
    }
    Thread::with_current(|th| {
        // What it holds then dies as the parts of any object do, however long a chain of generators is.
        if Generator::of(object).is_some_and(|generator| generator.dies_silently(th)) {
            return;
        }
        let class = super::type_of(object);
        let Some(method) = special::get(th, class, Special::Del).cloned() else { return };
        // A finalizer neither sees nor disturbs an exception that is on its way.
        let pending = th.raised.take();
        if th.call_special_method(&method, object, class, &[]).is_err() {
            let exception = th.take_exception();
            crate::exceptions::unraisable(
                th,
                exception,
                Some(&method),
                "Exception ignored while calling deallocator",
            );
        }
        th.raised = pending;
    });
}
