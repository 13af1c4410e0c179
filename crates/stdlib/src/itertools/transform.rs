//! `accumulate`, `batched`, `chain`, `pairwise`, `starmap`, `zip_longest`: items made from those of iterables.

use vm::prelude::*;

super::hang!(Accumulate, Batched, Chain, Pairwise, StarMap, ZipLongest);

/// Running totals, by addition or another function of two arguments.
#[pyclass(name = "accumulate", module = "itertools", subclassable)]
pub struct Accumulate {
    iterator: Value,
    function: Option<Value>,
    initial: Guarded<Option<Value>>,
    total: Guarded<Option<Value>>,
}

#[pymethods]
impl Accumulate {
    #[new]
    #[signature("(iterable, func=None, *, initial=None)")]
    fn new(
        th: &mut Thread,
        iterable: &Value,
        func: Option<&Value>,
        initial: Option<&Value>,
    ) -> PyResult<Accumulate> {
        Ok(Accumulate {
            iterator: th.iter(iterable)?,
            function: func.cloned(),
            initial: Guarded::new(initial.cloned()),
            total: Guarded::new(None),
        })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let initial = self.initial.lock(th).take();
        let new = match initial {
            Some(initial) => initial,
            None => {
                let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
                let total = self.total.lock(th).clone();
                match (total, &self.function) {
                    (None, _) => item,
                    (Some(total), Some(function)) => th.call(function, &[total, item])?,
                    (Some(total), None) => th.binary_op(BinaryOp::Add, &total, &item)?,
                }
            }
        };
        let old = self.total.lock(th).replace(new.clone());
        drop(old);
        Ok(Some(new))
    }
}

/// The items in tuples of n; what is left over makes a shorter one.
///
///     >>> list(batched('ABCDE', 2))
///     [('A', 'B'), ('C', 'D'), ('E',)]
///
/// If "strict" is True, it is an error if something is left over.
#[pyclass(name = "batched", module = "itertools", subclassable)]
pub struct Batched {
    iterator: Guarded<Option<Value>>,
    size: usize,
    strict: bool,
}

#[pymethods]
impl Batched {
    #[new]
    #[signature("(iterable, n, *, strict=False)")]
    fn new(th: &mut Thread, iterable: &Value, n: i64, strict: Option<bool>) -> PyResult<Batched> {
        if n < 1 {
            return Err(th.value_error("n must be at least one"));
        }
        let iterator = Guarded::new(Some(th.iter(iterable)?));
        Ok(Batched { iterator, size: n as usize, strict: strict.unwrap_or(false) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let Some(iterator) = self.iterator.lock(th).clone() else { return Ok(None) };
        let mut batch = Vec::new();
        while batch.len() < self.size {
            match th.next(&iterator) {
                Ok(Some(item)) => batch.push(item),
                Ok(None) => {
                    drop(self.iterator.lock(th).take());
                    if batch.is_empty() {
                        return Ok(None);
                    }
                    if self.strict {
                        return Err(th.value_error("batched(): incomplete batch"));
                    }
                    break;
                }
                Err(raised) => {
                    drop(self.iterator.lock(th).take());
                    return Err(raised);
                }
            }
        }
        Ok(Some(th.tuple(batch)))
    }
}

/// What is left of a chain: the iterables, and the iterator over the current one.
struct Rest {
    iterables: Option<Value>,
    current: Option<Value>,
}

impl Trace for Rest {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iterables.trace(visit);
        self.current.trace(visit);
    }
}

/// The items of several iterables, one iterable after the other.
#[pyclass(name = "chain", module = "itertools", subclassable)]
pub struct Chain {
    rest: Guarded<Rest>,
}

impl Chain {
    fn of(iterables: Value) -> Chain {
        Chain { rest: Guarded::new(Rest { iterables: Some(iterables), current: None }) }
    }
}

#[pymethods]
impl Chain {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let args = without_keywords::<Chain>(th, class, args)?;
        let iterables = th.tuple(args.positional.to_vec());
        let iterables = th.iter(&iterables)?;
        Ok(Obj::new(th, class.payload.instance_shape(), Chain::of(iterables)).into_value())
    }

    /// A chain of the iterables that an iterable gives, taken as they are needed.
    #[classmethod]
    #[signature("(iterable, /)")]
    fn from_iterable(th: &mut Thread, class: Class, iterable: &Value) -> PyResult {
        let iterables = th.iter(iterable)?;
        Ok(Obj::new(th, class.payload.instance_shape(), Chain::of(iterables)).into_value())
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        loop {
            let (iterables, current) = {
                let rest = self.rest.lock(th);
                (rest.iterables.clone(), rest.current.clone())
            };
            let Some(iterables) = iterables else { return Ok(None) };
            if let Some(current) = current {
                if let Some(item) = th.next(&current)? {
                    return Ok(Some(item));
                }
                drop(self.rest.lock(th).current.take());
            }
            let next = match th.next(&iterables) {
                Ok(Some(iterable)) => th.iter(&iterable),
                Ok(None) => {
                    drop(self.rest.lock(th).iterables.take());
                    return Ok(None);
                }
                Err(raised) => Err(raised),
            };
            match next {
                Ok(iterator) => self.rest.lock(th).current = Some(iterator),
                Err(raised) => {
                    drop(self.rest.lock(th).iterables.take());
                    return Err(raised);
                }
            }
            th.poll()?;
        }
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}

/// Each item together with the one behind it.
#[pyclass(name = "pairwise", module = "itertools", subclassable)]
pub struct Pairwise {
    iterator: Guarded<Option<Value>>,
    old: Guarded<Option<Value>>,
}

#[pymethods]
impl Pairwise {
    #[new]
    #[signature("(iterable, /)")]
    fn new(th: &mut Thread, iterable: &Value) -> PyResult<Pairwise> {
        Ok(Pairwise { iterator: Guarded::new(Some(th.iter(iterable)?)), old: Guarded::new(None) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let Some(iterator) = self.iterator.lock(th).clone() else { return Ok(None) };
        let old = self.old.lock(th).clone();
        let old = match old {
            Some(old) => old,
            None => match th.next(&iterator)? {
                Some(first) => {
                    // The iterator may have come back here meanwhile.
                    drop(self.old.lock(th).replace(first.clone()));
                    if self.iterator.lock(th).is_none() {
                        return Ok(None);
                    }
                    first
                }
                None => return Ok(self.end(th)),
            },
        };
        let Some(new) = th.next(&iterator)? else { return Ok(self.end(th)) };
        drop(self.old.lock(th).replace(new.clone()));
        Ok(Some(th.tuple(vec![old, new])))
    }
}

impl Pairwise {
    fn end(&self, th: &Thread) -> Option<Value> {
        drop(self.iterator.lock(th).take());
        drop(self.old.lock(th).take());
        None
    }
}

/// The payload of a starmap.
#[pyclass(
    name = "starmap",
    module = "itertools",
    doc = "The results of function(*item) for each item of an iterable.",
    subclassable
)]
pub struct StarMap {
    function: Value,
    iterator: Value,
}

#[pymethods]
impl StarMap {
    #[new]
    #[signature("(function, iterable, /)")]
    fn new(th: &mut Thread, function: &Value, iterable: &Value) -> PyResult<StarMap> {
        Ok(StarMap { function: function.clone(), iterator: th.iter(iterable)? })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
        let arguments = match th.exact::<Tuple>(&item) {
            Some(tuple) => tuple.items().to_vec(),
            None => th.collect(&item)?,
        };
        th.call(&self.function, &arguments).map(Some)
    }
}

/// Tuples of items of several iterables; the shorter ones are filled up to the longest.
#[pyclass(name = "zip_longest", module = "itertools", subclassable)]
pub struct ZipLongest {
    /// None where an iterable is exhausted.
    iterators: Guarded<Vec<Option<Value>>>,
    fill: Value,
}

#[pymethods]
impl ZipLongest {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let mut fill = Value::NONE;
        for (name, value) in args.keywords() {
            if name.as_ascii() != Some("fillvalue") {
                return Err(th.type_error("zip_longest() got an unexpected keyword argument"));
            }
            fill = value.clone();
        }
        let mut iterators = Vec::new();
        for iterable in args.positional {
            iterators.push(Some(th.iter(iterable)?));
        }
        let zip = ZipLongest { iterators: Guarded::new(iterators), fill };
        Ok(Obj::new(th, class.payload.instance_shape(), zip).into_value())
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let iterators = self.iterators.lock(th).clone();
        let mut items = Vec::with_capacity(iterators.len());
        let mut any = false;
        for (number, iterator) in iterators.iter().enumerate() {
            let item = match iterator {
                Some(iterator) => match th.next(iterator) {
                    Ok(item) => item,
                    Err(raised) => {
                        let all = std::mem::take(&mut *self.iterators.lock(th));
                        drop(all);
                        return Err(raised);
                    }
                },
                None => None,
            };
            if item.is_none() && iterator.is_some() {
                let done = self.iterators.lock(th).get_mut(number).and_then(Option::take);
                drop(done);
            }
            any |= item.is_some();
            items.push(item.unwrap_or_else(|| self.fill.clone()));
        }
        Ok(any.then(|| th.tuple(items)))
    }
}
