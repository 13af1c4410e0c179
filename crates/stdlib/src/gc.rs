//! `gc`: the collector as Python sees it.
//!
//! There is no cycle collector yet: objects die by their counts alone, and `collect` only passes a safepoint, at which
//! what other threads let go is counted.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use vm::prelude::*;

static ENABLED: AtomicBool = AtomicBool::new(true);
static DEBUG: AtomicI64 = AtomicI64::new(0);
static THRESHOLDS: [AtomicI64; 3] = [AtomicI64::new(2000), AtomicI64::new(10), AtomicI64::new(0)];

#[cold]
fn no_collector(th: &mut Thread, what: &str) -> Raised {
    th.not_implemented_error(format_args!("gc.{what}() needs a cycle collector, which is not built yet"))
}

/// What an object refers to.
fn referents(object: &Value) -> Vec<Value> {
    let Some(header) = object.as_header() else { return Vec::new() };
    let mut found = Vec::new();
    let layout = header.shape().class().layout();
    // SAFETY: the object is alive, and the layout is its class's.
    unsafe { layout.trace(header.as_ptr(), &mut |value| found.push(value.clone())) };
    vm::object_model::object::attributes::trace(header, &mut |value| found.push(value.clone()));
    found.retain(Value::is_object);
    found
}

/// The collector as a module.
#[pymodule(name = "gc", doc = "The garbage collector.")]
pub mod module {
    use super::{DEBUG, ENABLED, Ordering, THRESHOLDS, no_collector};
    use vm::prelude::*;

    #[pyattr]
    const DEBUG_STATS: i64 = 1;
    #[pyattr]
    const DEBUG_COLLECTABLE: i64 = 2;
    #[pyattr]
    const DEBUG_UNCOLLECTABLE: i64 = 4;
    #[pyattr]
    const DEBUG_SAVEALL: i64 = 32;
    #[pyattr]
    const DEBUG_LEAK: i64 = 2 | 4 | 32;

    /// What could not be freed.
    #[pyattr]
    fn garbage(th: &mut Thread) -> Value {
        th.list(Vec::new())
    }

    /// Functions to be called before and after a collection.
    #[pyattr]
    fn callbacks(th: &mut Thread) -> Value {
        th.list(Vec::new())
    }

    /// Has collections happen by themselves.
    #[pyfunction]
    fn enable() {
        ENABLED.store(true, Ordering::Relaxed); // Relaxed: a flag on its own.
    }

    /// Has no collections happen by themselves.
    #[pyfunction]
    fn disable() {
        ENABLED.store(false, Ordering::Relaxed); // Relaxed: a flag on its own.
    }

    /// Whether collections happen by themselves.
    #[pyfunction]
    fn isenabled() -> bool {
        ENABLED.load(Ordering::Relaxed) // Relaxed: a flag on its own.
    }

    /// Runs the collector; how many unreachable objects it found.
    #[pyfunction(signature = "(generation=2)")]
    fn collect(th: &mut Thread, generation: Option<i64>) -> PyResult<i64> {
        if !(0..=2).contains(&generation.unwrap_or(2)) {
            return Err(th.value_error("invalid generation"));
        }
        th.poll()?;
        Ok(0)
    }

    /// Numbers of allocations since the last collections.
    #[pyfunction]
    fn get_count(th: &mut Thread) -> Value {
        let zeros = vec![th.int(0), th.int(0), th.int(0)];
        th.tuple(zeros)
    }

    /// The thresholds that start a collection.
    #[pyfunction]
    fn get_threshold(th: &mut Thread) -> Value {
        // Relaxed: numbers on their own.
        let all = THRESHOLDS.iter().map(|t| th.int(t.load(Ordering::Relaxed))).collect();
        th.tuple(all)
    }

    /// Sets the thresholds.
    #[pyfunction(signature = "(threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)")]
    fn set_threshold(threshold0: i64, threshold1: Option<i64>, threshold2: Option<i64>) {
        for (place, new) in THRESHOLDS.iter().zip([Some(threshold0), threshold1, threshold2]) {
            if let Some(new) = new {
                place.store(new, Ordering::Relaxed); // Relaxed: a number on its own.
            }
        }
    }

    /// The debugging flags.
    #[pyfunction]
    fn get_debug() -> i64 {
        DEBUG.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    /// Sets the debugging flags.
    #[pyfunction(signature = "(flags, /)")]
    fn set_debug(flags: i64) {
        DEBUG.store(flags, Ordering::Relaxed); // Relaxed: a number on its own.
    }

    /// Statistics, a dict for each generation.
    #[pyfunction]
    fn get_stats(th: &mut Thread) -> PyResult {
        let mut all = Vec::new();
        for _ in 0..3 {
            let dict = th.dict();
            for name in ["collections", "collected", "uncollectable"] {
                let (name, zero) = (th.str(name), th.int(0));
                th.dict_set(&dict, &name, zero)?;
            }
            all.push(dict.into_value());
        }
        Ok(th.list(all))
    }

    /// All objects that the collector looks after.
    #[pyfunction(signature = "(generation=None)")]
    fn get_objects(th: &mut Thread, generation: Option<i64>) -> PyResult {
        let _ = generation;
        Err(no_collector(th, "get_objects"))
    }

    /// The objects that refer to any of the given ones.
    #[pyfunction(raw)]
    fn get_referrers(th: &mut Thread, args: Args<'_>) -> PyResult {
        let _ = args;
        Err(no_collector(th, "get_referrers"))
    }

    /// The objects that the given ones refer to.
    #[pyfunction(raw)]
    fn get_referents(th: &mut Thread, args: Args<'_>) -> PyResult {
        let all = args.positional.iter().flat_map(super::referents).collect();
        Ok(th.list(all))
    }

    /// Whether the collector looks after an object: only if it may refer to others.
    #[pyfunction(signature = "(obj, /)")]
    fn is_tracked(th: &mut Thread, obj: &Value) -> bool {
        let _ = th;
        obj.is_object() && !super::referents(obj).is_empty()
    }

    /// Whether the collector ran the finalizer of an object.
    #[pyfunction(signature = "(obj, /)")]
    fn is_finalized(obj: &Value) -> bool {
        let _ = obj;
        false
    }

    /// Has the collector ignore all objects of now.
    #[pyfunction]
    fn freeze() {}

    /// Has the collector look after all objects again.
    #[pyfunction]
    fn unfreeze() {}

    /// How many objects the collector ignores.
    #[pyfunction]
    fn get_freeze_count() -> i64 {
        0
    }
}
