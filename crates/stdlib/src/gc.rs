//! `gc`: the collector as Python sees it.
//!
//! There is one generation: thresholds but the first are kept for those who ask, and change nothing.

use std::sync::atomic::{AtomicI64, Ordering};

use vm::prelude::*;

static DEBUG: AtomicI64 = AtomicI64::new(0);
static OTHER_THRESHOLDS: [AtomicI64; 2] = [AtomicI64::new(10), AtomicI64::new(0)];

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
    use super::{DEBUG, OTHER_THRESHOLDS, Ordering};
    use vm::collect;
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
        collect::set_enabled(true);
    }

    /// Has no collections happen by themselves.
    #[pyfunction]
    fn disable() {
        collect::set_enabled(false);
    }

    /// Whether collections happen by themselves.
    #[pyfunction]
    fn isenabled() -> bool {
        collect::is_enabled()
    }

    /// Runs the collector; how many unreachable objects it found.
    #[pyfunction(signature = "(generation=2)")]
    fn collect(th: &mut Thread, generation: Option<i64>) -> PyResult<i64> {
        if !(0..=2).contains(&generation.unwrap_or(2)) {
            return Err(th.value_error("invalid generation"));
        }
        th.poll()?;
        vm::object_model::reclaim::settle(th);
        Ok(collect::collect_now(th) as i64)
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
        let others = OTHER_THRESHOLDS.iter().map(|t| t.load(Ordering::Relaxed));
        let all = std::iter::once(collect::threshold()).chain(others).map(|t| th.int(t)).collect();
        th.tuple(all)
    }

    /// Sets the thresholds.
    #[pyfunction(signature = "(threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)")]
    fn set_threshold(threshold0: i64, threshold1: Option<i64>, threshold2: Option<i64>) {
        collect::set_threshold(threshold0);
        for (place, new) in OTHER_THRESHOLDS.iter().zip([threshold1, threshold2]) {
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
        let (collections, collected) = collect::statistics();
        for generation in 0..3 {
            let dict = th.dict();
            // All collections are of the whole heap.
            let mine = if generation == 2 { [collections, collected, 0] } else { [0; 3] };
            for (name, number) in ["collections", "collected", "uncollectable"].into_iter().zip(mine) {
                let (name, number) = (th.str(name), th.int(number as i64));
                th.dict_set(&dict, &name, number)?;
            }
            all.push(dict.into_value());
        }
        Ok(th.list(all))
    }

    /// All objects that the collector looks after.
    #[pyfunction(signature = "(generation=None)")]
    fn get_objects(th: &mut Thread, generation: Option<i64>) -> PyResult {
        if generation.is_some_and(|generation| !(0..=2).contains(&generation)) {
            return Err(th.value_error(
                "generation parameter must be less than the number of available generations (3)",
            ));
        }
        let all = collect::objects(th, &mut |_| true);
        Ok(th.list(all))
    }

    /// The objects that refer to any of the given ones.
    #[pyfunction(raw)]
    fn get_referrers(th: &mut Thread, args: Args<'_>) -> PyResult {
        let wanted: Vec<u64> = args.positional.iter().filter(|v| v.is_object()).map(Value::word).collect();
        let all = collect::objects(th, &mut |referents| referents.any_is(&wanted));
        Ok(th.list(all))
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
        let Some(header) = obj.as_header() else { return false };
        // The empty tuple is in no cycle.
        let is_empty = header.shape_id() == builtin::TUPLE && super::referents(obj).is_empty();
        vm::object_model::collect::can_refer(header) && !is_empty
    }

    /// Whether the collector ran the finalizer of an object.
    #[pyfunction(signature = "(obj, /)")]
    fn is_finalized(obj: &Value) -> bool {
        obj.as_header().is_some_and(|h| h.has_flag(vm::object_model::object::header::flag::FINALIZED))
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
