//! `anext(iterator, default)`: awaits the next item, or gives the default at the end.

use crate::names::Special;
use crate::prelude::*;

/// The awaitable that `anext` with a default answers.
#[pyclass(name = "anext_awaitable", module = "builtins", no_new)]
pub struct AnextAwaitable {
    /// What `__anext__` answered.
    awaitable: Value,
    default: Value,
}

/// Wraps what `__anext__` answered.
pub fn with_default(th: &mut Thread, awaitable: Value, default: Value) -> Value {
    AnextAwaitable::new_object(th, AnextAwaitable { awaitable, default }).into_value()
}

impl AnextAwaitable {
    /// What the awaitable is driven by: itself, if it is a coroutine, else the result of its `__await__`.
    fn driver(&self, th: &mut Thread) -> PyResult {
        if !th.has_special(&self.awaitable, Special::Await) {
            return Ok(self.awaitable.clone());
        }
        match th.call_special(&self.awaitable, Special::Await, &[])? {
            Some(driver) => Ok(driver),
            None => Ok(self.awaitable.clone()),
        }
    }

    /// The result of a step, with the end of the iteration replaced by the default.
    fn step(&self, th: &mut Thread, result: PyResult) -> PyResult {
        match th.catch(result, Exc::StopAsyncIteration)? {
            Some(value) => Ok(value),
            None => Err(crate::exceptions::raise::raise_stop_iteration(th, self.default.clone())),
        }
    }
}

#[pymethods]
impl AnextAwaitable {
    fn __await__(this: &Obj<Self>) -> Value {
        this.clone().into_value()
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.clone().into_value()
    }

    #[raw]
    fn __next__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let _ = args;
        let driver = this.driver(th)?;
        let result = match th.call_special(&driver, Special::Next, &[]) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                let found = th.type_name(&driver);
                Err(th.type_error(format_args!("'{found}' object is not an iterator")))
            }
            Err(raised) => Err(raised),
        };
        this.step(th, result)
    }

    fn send(&self, th: &mut Thread, value: &Value) -> PyResult {
        let driver = self.driver(th)?;
        let result = th.call_method(&driver, "send", std::slice::from_ref(value));
        self.step(th, result)
    }

    #[raw]
    fn throw(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let driver = this.driver(th)?;
        let result = th.call_method(&driver, "throw", args.positional);
        this.step(th, result)
    }

    fn close(&self, th: &mut Thread) -> PyResult {
        let driver = self.driver(th)?;
        th.call_method(&driver, "close", &[])
    }
}
