//! `atexit`: functions that are called when the program ends.

use parking_lot::Mutex;
use vm::prelude::*;

struct Callback {
    function: Value,
    arguments: Vec<Value>,
    keywords: Vec<(Obj<Str>, Value)>,
}

static CALLBACKS: Mutex<Vec<Callback>> = Mutex::new(Vec::new());

/// Calls the functions, the last registered one first. What they raise is reported and goes no further.
fn run(th: &mut Thread) {
    loop {
        let next = CALLBACKS.lock().pop();
        let Some(callback) = next else { return };
        if th.call_kw(&callback.function, &callback.arguments, &callback.keywords).is_err() {
            let exception = th.take_exception();
            let message = "Exception ignored in atexit callback";
            vm::exceptions::unraisable(th, exception, Some(&callback.function), message);
        }
    }
}

/// Functions called at the end.
#[pymodule(name = "atexit", doc = "Functions to be called when the program ends.")]
pub mod module {
    use super::{CALLBACKS, Callback};
    use vm::prelude::*;

    /// Registers a function, with arguments, to be called when the program ends.
    #[pyfunction(raw)]
    fn register(th: &mut Thread, args: Args<'_>) -> PyResult {
        let Some(function) = args.positional.first() else {
            return Err(th.type_error("register() takes at least 1 argument (0 given)"));
        };
        if !th.is_callable(function) {
            return Err(th.type_error("the first argument must be callable"));
        }
        let callback = Callback {
            function: function.clone(),
            arguments: args.positional.get(1..).unwrap_or(&[]).to_vec(),
            keywords: args.keywords().map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        CALLBACKS.lock().push(callback);
        Ok(function.clone())
    }

    /// Forgets all registrations of a function.
    #[pyfunction(signature = "(func, /)")]
    fn unregister(th: &mut Thread, func: &Value) -> PyResult<()> {
        // The comparison runs Python code, so the list is not locked meanwhile.
        let mut index = 0;
        loop {
            let function = CALLBACKS.lock().get(index).map(|callback| callback.function.clone());
            let Some(function) = function else { return Ok(()) };
            if !th.eq(&function, func)? {
                index += 1;
                continue;
            }
            let removed = {
                let mut all = CALLBACKS.lock();
                let same = all.get(index).is_some_and(|callback| callback.function.is(&function));
                same.then(|| all.remove(index))
            };
            drop(removed);
        }
    }

    /// Calls the functions now.
    #[pyfunction]
    fn _run_exitfuncs(th: &mut Thread) {
        super::run(th);
    }

    /// Forgets all functions.
    #[pyfunction(name = "_clear")]
    fn clear() {
        let all = std::mem::take(&mut *CALLBACKS.lock());
        drop(all);
    }

    /// How many functions are registered.
    #[pyfunction(name = "_ncallbacks")]
    fn count() -> usize {
        CALLBACKS.lock().len()
    }
}
