//! `compress`, `dropwhile`, `filterfalse`, `islice`, `takewhile`: some of the items of an iterable.

use std::sync::atomic::{AtomicBool, Ordering};

use vm::prelude::*;

super::hang!(Compress, DropWhile, FilterFalse, Islice, TakeWhile);

/// Those items of `data` whose selectors are true.
#[pyclass(name = "compress", module = "itertools", subclassable)]
pub struct Compress {
    data: Value,
    selectors: Value,
}

#[pymethods]
impl Compress {
    #[new]
    #[signature("(data, selectors)")]
    fn new(th: &mut Thread, data: &Value, selectors: &Value) -> PyResult<Compress> {
        Ok(Compress { data: th.iter(data)?, selectors: th.iter(selectors)? })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        loop {
            let Some(datum) = th.next(&self.data)? else { return Ok(None) };
            let Some(selector) = th.next(&self.selectors)? else { return Ok(None) };
            if th.is_true(&selector)? {
                return Ok(Some(datum));
            }
            th.poll()?;
        }
    }
}

/// The items from the first one on for which the predicate is false.
#[pyclass(name = "dropwhile", module = "itertools", subclassable)]
pub struct DropWhile {
    predicate: Value,
    iterator: Value,
    started: AtomicBool,
}

#[pymethods]
impl DropWhile {
    #[new]
    #[signature("(predicate, iterable, /)")]
    fn new(th: &mut Thread, predicate: &Value, iterable: &Value) -> PyResult<DropWhile> {
        let iterator = th.iter(iterable)?;
        Ok(DropWhile { predicate: predicate.clone(), iterator, started: AtomicBool::new(false) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        loop {
            let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
            // Relaxed: a flag on its own.
            if self.started.load(Ordering::Relaxed) {
                return Ok(Some(item));
            }
            let answer = th.call(&self.predicate, std::slice::from_ref(&item))?;
            if !th.is_true(&answer)? {
                self.started.store(true, Ordering::Relaxed); // Relaxed: as above.
                return Ok(Some(item));
            }
        }
    }
}

/// The items up to the first one for which the predicate is false.
#[pyclass(name = "takewhile", module = "itertools", subclassable)]
pub struct TakeWhile {
    predicate: Value,
    iterator: Value,
    stopped: AtomicBool,
}

#[pymethods]
impl TakeWhile {
    #[new]
    #[signature("(predicate, iterable, /)")]
    fn new(th: &mut Thread, predicate: &Value, iterable: &Value) -> PyResult<TakeWhile> {
        let iterator = th.iter(iterable)?;
        Ok(TakeWhile { predicate: predicate.clone(), iterator, stopped: AtomicBool::new(false) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: a flag on its own.
        if self.stopped.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
        let answer = th.call(&self.predicate, std::slice::from_ref(&item))?;
        if th.is_true(&answer)? {
            return Ok(Some(item));
        }
        self.stopped.store(true, Ordering::Relaxed); // Relaxed: as above.
        Ok(None)
    }
}

/// The items for which the function is false; without a function, the false items.
#[pyclass(name = "filterfalse", module = "itertools", subclassable)]
pub struct FilterFalse {
    function: Value,
    iterator: Value,
}

#[pymethods]
impl FilterFalse {
    #[new]
    #[signature("(function, iterable, /)")]
    fn new(th: &mut Thread, function: &Value, iterable: &Value) -> PyResult<FilterFalse> {
        Ok(FilterFalse { function: function.clone(), iterator: th.iter(iterable)? })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        loop {
            let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
            let truth = if self.function.is_none() {
                th.is_true(&item)?
            } else {
                let answer = th.call(&self.function, std::slice::from_ref(&item))?;
                th.is_true(&answer)?
            };
            if !truth {
                return Ok(Some(item));
            }
            th.poll()?;
        }
    }
}

/// What is left of a slice.
struct Window {
    /// None once it is done.
    iterator: Option<Value>,
    /// Index of the next item of the iterator.
    at: u64,
    /// Index of the next item to give out.
    next: u64,
    stop: u64,
    step: u64,
}

impl Trace for Window {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iterator.trace(visit);
    }
}

/// islice(iterable, stop), islice(iterable, start, stop[, step]): the selected items of an iterable.
#[pyclass(name = "islice", module = "itertools", subclassable)]
pub struct Islice {
    window: Guarded<Window>,
}

/// An index argument; None if it is None.
fn index_argument(th: &mut Thread, value: &Value) -> PyResult<Option<Option<u64>>> {
    if value.is_none() {
        return Ok(Some(None));
    }
    let index = th.index(value);
    if index.is_err() {
        th.clear_exception();
    }
    Ok(index.ok().and_then(|index| u64::try_from(index).ok()).map(Some))
}

#[pymethods]
impl Islice {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let args = without_keywords::<Islice>(th, class, args)?;
        let (iterable, start, stop, step) = match args.positional {
            [iterable, stop] => (iterable, None, stop, None),
            [iterable, start, stop] => (iterable, Some(start), stop, None),
            [iterable, start, stop, step] => (iterable, Some(start), stop, Some(step)),
            few_or_many => {
                let (bound, given) =
                    (if few_or_many.len() < 2 { "least 2" } else { "most 4" }, few_or_many.len());
                return Err(th.type_error(format_args!("islice expected at {bound} arguments, got {given}")));
            }
        };
        let Some(stop) = index_argument(th, stop)? else {
            return Err(th.value_error(
                "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
            ));
        };
        let start = match start {
            Some(start) => match index_argument(th, start)? {
                Some(start) => start.unwrap_or(0),
                None => {
                    return Err(th.value_error(
                        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
                    ));
                }
            },
            None => 0,
        };
        let step = match step {
            Some(step) => match index_argument(th, step)? {
                Some(None) => 1,
                Some(Some(step)) if step > 0 => step,
                _ => return Err(th.value_error("Step for islice() must be a positive integer or None.")),
            },
            None => 1,
        };
        let iterator = Some(th.iter(iterable)?);
        let window = Window { iterator, at: 0, next: start, stop: stop.unwrap_or(u64::MAX), step };
        let islice = Islice { window: Guarded::new(window) };
        Ok(Obj::new(th, class.payload.instance_shape(), islice).into_value())
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let (iterator, skip, over) = {
            let window = self.window.lock(th);
            let Some(iterator) = window.iterator.clone() else { return Ok(None) };
            let until = window.next.min(window.stop);
            (iterator, until.saturating_sub(window.at), window.next >= window.stop)
        };
        for _ in 0..skip {
            let skipped = th.next(&iterator)?;
            if skipped.is_none() {
                return Ok(self.end(th));
            }
            self.window.lock(th).at += 1;
            th.poll()?;
        }
        if over {
            return Ok(self.end(th));
        }
        let Some(item) = th.next(&iterator)? else { return Ok(self.end(th)) };
        let mut window = self.window.lock(th);
        window.at += 1;
        window.next = window.next.saturating_add(window.step).min(window.stop);
        Ok(Some(item))
    }
}

impl Islice {
    /// Lets the iterator go.
    fn end(&self, th: &Thread) -> Option<Value> {
        let done = self.window.lock(th).iterator.take();
        drop(done);
        None
    }
}
