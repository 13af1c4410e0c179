//! `__context__`: what was being handled when an exception was raised.
//!
//! # Invariants
//! - N1 Raising never closes a cycle of contexts; Python code that sets `__context__` itself may.

use super::raise::as_exception;
use crate::prelude::*;

/// The exception being handled, in a generator or by whoever goes on with it; None if none is.
pub fn handled(th: &Thread) -> Value {
    if !th.handled.is_none() {
        return th.handled.clone();
    }
    // SAFETY: what runs is on this thread's stack, and its frame keeps the generator.
    let mut running = unsafe { th.generator.as_ref() };
    while let Some(generator) = running {
        if !generator.handled.is_none() {
            return generator.handled.clone();
        }
        // SAFETY: as above.
        running = unsafe { generator.outer.as_ref() };
    }
    Value::NONE
}

/// Sets `exception.__context__` to the exception that the thread is handling, unless that is `exception` itself.
pub fn set_context(th: &mut Thread, exception: &Value) {
    let handled = handled(th);
    if handled.is_none() || handled.is(exception) {
        return;
    }
    let Some(raised) = as_exception(th, exception).cloned() else { return };
    cut(th, &handled, exception);
    raised.set_context(th, handled);
}

/// Removes `exception` from the chain of contexts that begins with `first`.
fn cut(th: &Thread, first: &Value, exception: &Value) {
    let mut current = first.clone();
    // A second walker at half the speed meets the first in a cycle that Python code made.
    let mut slow = first.clone();
    let mut odd = false;
    while let Some(here) = as_exception(th, &current) {
        let next = here.context(th);
        if next.is_none() {
            return;
        }
        if next.is(exception) {
            here.set_context(th, Value::NONE);
            return;
        }
        current = next;
        if current.is(&slow) {
            return;
        }
        if odd {
            let behind = as_exception(th, &slow).map(|e| e.context(th));
            slow = behind.unwrap_or(Value::NONE);
        }
        odd = !odd;
    }
}

/// Makes `context` the end of the chain of contexts of `exception`, as leaving a `with` or generator does when a new
/// exception replaces one that was on its way.
pub fn append_context(th: &mut Thread, exception: &Value, context: &Value) {
    if context.is_none() || context.is(exception) {
        return;
    }
    let Some(raised) = as_exception(th, exception).cloned() else { return };
    cut(th, context, exception);
    raised.set_context(th, context.clone());
}
