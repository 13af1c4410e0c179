//! `groupby` and the iterators over its groups.

use std::sync::atomic::{AtomicU64, Ordering};

use vm::prelude::*;

super::hang!(GroupBy, Grouper);

/// Where the grouping stands.
#[derive(Default)]
struct Place {
    /// The key of the group that was handed out last.
    target: Option<Value>,
    /// The key of the item read last.
    key: Option<Value>,
    /// That item, unless it was handed out.
    item: Option<Value>,
}

impl Trace for Place {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.target.trace(visit);
        self.key.trace(visit);
        self.item.trace(visit);
    }
}

/// Runs of items with equal keys: pairs of a key and an iterator over its run.
#[pyclass(name = "groupby", module = "itertools", subclassable)]
pub struct GroupBy {
    iterator: Value,
    key: Option<Value>,
    place: Guarded<Place>,
    /// Number of the group that may still read on.
    current: AtomicU64,
}

impl GroupBy {
    /// Reads an item; false at the end.
    fn step(&self, th: &mut Thread) -> PyResult<bool> {
        let Some(item) = th.next(&self.iterator)? else { return Ok(false) };
        let key = match &self.key {
            Some(key) => th.call(key, std::slice::from_ref(&item))?,
            None => item.clone(),
        };
        let old = {
            let mut place = self.place.lock(th);
            (place.item.replace(item), place.key.replace(key))
        };
        drop(old);
        Ok(true)
    }
}

#[pymethods]
impl GroupBy {
    #[new]
    #[signature("(iterable, key=None)")]
    fn new(th: &mut Thread, iterable: &Value, key: Option<&Value>) -> PyResult<GroupBy> {
        Ok(GroupBy {
            iterator: th.iter(iterable)?,
            key: key.cloned(),
            place: Guarded::new(Place::default()),
            current: AtomicU64::new(0),
        })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: a number on its own.
        let number = this.current.fetch_add(1, Ordering::Relaxed) + 1;
        loop {
            let (target, key) = {
                let place = this.place.lock(th);
                (place.target.clone(), place.key.clone())
            };
            if let Some(key) = key {
                match target {
                    None => break,
                    Some(target) if !th.eq(&target, &key)? => break,
                    Some(_) => {}
                }
            }
            if !this.step(th)? {
                return Ok(None);
            }
            th.poll()?;
        }
        let (key, old) = {
            let mut place = this.place.lock(th);
            let key = place.key.clone().unwrap_or(Value::NONE);
            let old = place.target.replace(key.clone());
            (key, old)
        };
        drop(old);
        let group = Grouper { parent: this.clone(), target: key.clone(), number };
        let group = Grouper::new_object(th, group).into_value();
        Ok(Some(th.tuple(vec![key, group])))
    }
}

/// The payload of an iterator over a group.
#[pyclass(name = "_grouper", module = "itertools", no_new)]
pub struct Grouper {
    parent: Obj<GroupBy>,
    target: Value,
    number: u64,
}

#[pymethods]
impl Grouper {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: a number on its own.
        if self.parent.current.load(Ordering::Relaxed) != self.number {
            return Ok(None);
        }
        let has_item = self.parent.place.lock(th).item.is_some();
        if !has_item && !self.parent.step(th)? {
            return Ok(None);
        }
        let key = self.parent.place.lock(th).key.clone();
        let Some(key) = key else { return Ok(None) };
        if !th.eq(&self.target, &key)? {
            return Ok(None);
        }
        let (item, key) = {
            let mut place = self.parent.place.lock(th);
            (place.item.take(), place.key.take())
        };
        drop(key);
        Ok(item)
    }
}
