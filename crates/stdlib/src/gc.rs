//! `gc`: the collector as Python sees it.
//!
//! Collections that start by themselves are of the whole heap, and its growth starts them: a first threshold of 0 stops
//! that, the others are kept for those who ask. Collections of young generations are those that somebody asks for.
//! There is nothing that cannot be freed, so `garbage` is filled by `DEBUG_SAVEALL` alone.

use vm::prelude::*;

/// A threshold or a set of flags: a C `int`.
fn int(th: &mut Thread, number: i64) -> PyResult<i64> {
    match i32::try_from(number) {
        Ok(number) => Ok(i64::from(number)),
        Err(_) => {
            let bound = if number < 0 { "less than minimum" } else { "greater than maximum" };
            Err(th.overflow_error(format_args!("signed integer is {bound}")))
        }
    }
}

/// The collector as a module.
#[pymodule(name = "gc", doc = "The garbage collector.")]
pub mod module {
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
        collect::garbage(th)
    }

    /// Functions to be called before and after a collection.
    #[pyattr]
    fn callbacks(th: &mut Thread) -> Value {
        collect::callbacks(th)
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
        let generation = super::int(th, generation.unwrap_or(2))?;
        let Some(generation) = u8::try_from(generation).ok().filter(|g| *g <= collect::OLDEST) else {
            return Err(th.value_error("invalid generation"));
        };
        th.poll()?;
        vm::object_model::reclaim::settle(th);
        Ok(collect::collect_now(th, generation) as i64)
    }

    /// How many young objects there are, and how many collections of each generation since the last one of the next.
    #[pyfunction]
    fn get_count(th: &mut Thread) -> Value {
        let [_, first, second] = collect::counts();
        let young = collect::populations(th)[0];
        let all = [young, first, second].map(|count| th.int(count as i64)).to_vec();
        th.tuple(all)
    }

    /// The thresholds that start a collection.
    #[pyfunction]
    fn get_threshold(th: &mut Thread) -> Value {
        let all = collect::thresholds().map(|threshold| th.int(threshold)).to_vec();
        th.tuple(all)
    }

    /// Sets the thresholds.
    #[pyfunction(signature = "(threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)")]
    fn set_threshold(
        th: &mut Thread,
        threshold0: i64,
        threshold1: Option<i64>,
        threshold2: Option<i64>,
    ) -> PyResult<()> {
        let mut all = [None; 3];
        for (place, given) in all.iter_mut().zip([Some(threshold0), threshold1, threshold2]) {
            *place = given.map(|given| super::int(th, given)).transpose()?;
        }
        collect::set_thresholds(all);
        Ok(())
    }

    /// The debugging flags.
    #[pyfunction]
    fn get_debug() -> i64 {
        collect::debug()
    }

    /// Sets the debugging flags. What they ask for is written to sys.stderr.
    #[pyfunction(signature = "(flags, /)")]
    fn set_debug(th: &mut Thread, flags: i64) -> PyResult<()> {
        let flags = super::int(th, flags)?;
        collect::set_debug(flags);
        Ok(())
    }

    /// Statistics, a dict for each generation.
    #[pyfunction]
    fn get_stats(th: &mut Thread) -> PyResult {
        let mut all = Vec::new();
        for generation in collect::statistics() {
            let dict = th.dict();
            let numbers = [
                ("collections", generation.collections),
                ("collected", generation.collected),
                ("uncollectable", 0),
            ];
            for (name, number) in numbers {
                let (name, number) = (th.str(name), th.int(number as i64));
                th.dict_set(&dict, &name, number)?;
            }
            all.push(dict.into_value());
        }
        Ok(th.list(all))
    }

    /// All objects that the collector looks after, or those of one generation.
    #[pyfunction(signature = "(generation=None)")]
    fn get_objects(th: &mut Thread, generation: Option<i64>) -> PyResult {
        let generation = match generation {
            // As if none were given.
            None | Some(-1) => None,
            Some(generation) if generation > i64::from(collect::OLDEST) => {
                return Err(th.value_error(
                    "generation parameter must be less than the number of available generations (3)",
                ));
            }
            Some(generation) => match u8::try_from(generation) {
                Ok(generation) => Some(generation),
                Err(_) => return Err(th.value_error("generation parameter cannot be negative")),
            },
        };
        let all = collect::objects(th, generation, &mut |_| true);
        Ok(th.list(all))
    }

    /// The objects that refer to any of the given ones.
    #[pyfunction(raw)]
    fn get_referrers(th: &mut Thread, args: Args<'_>) -> PyResult {
        let wanted: Vec<u64> = args.positional.iter().filter(|v| v.is_object()).map(Value::word).collect();
        let all = collect::objects(th, None, &mut |referents| referents.any_is(&wanted));
        Ok(th.list(all))
    }

    /// The objects that the given ones refer to.
    #[pyfunction(raw)]
    fn get_referents(th: &mut Thread, args: Args<'_>) -> PyResult {
        let mut all = Vec::new();
        for object in args.positional {
            all.extend(collect::referents(th, object));
        }
        Ok(th.list(all))
    }

    /// Whether the collector looks after an object: only if it may refer to others.
    #[pyfunction(signature = "(obj, /)")]
    fn is_tracked(obj: &Value) -> bool {
        collect::is_tracked(obj)
    }

    /// Whether the collector ran the finalizer of an object.
    #[pyfunction(signature = "(obj, /)")]
    fn is_finalized(obj: &Value) -> bool {
        obj.as_header().is_some_and(|h| h.has_flag(vm::object_model::object::header::flag::FINALIZED))
    }

    /// Has the collector leave all objects alone that there are now.
    #[pyfunction]
    fn freeze(th: &mut Thread) {
        collect::freeze(th);
    }

    /// Has the collector look after all objects again.
    #[pyfunction]
    fn unfreeze(th: &mut Thread) {
        collect::unfreeze(th);
    }

    /// How many objects the collector leaves alone.
    #[pyfunction]
    fn get_freeze_count(th: &mut Thread) -> i64 {
        collect::populations(th).last().map_or(0, |count| *count as i64)
    }
}
