//! `tee`: several iterators over the items of one.
//!
//! Items are kept in blocks that lead to the next one, so that what every iterator has passed is freed.

use vm::prelude::*;

super::hang!(Tee);

/// Items of a block.
const BLOCK: usize = 64;

struct Content {
    items: Vec<Value>,
    next: Option<Obj<TeeBlock>>,
    /// Somebody reads the next item.
    reading: bool,
}

impl Trace for Content {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.items.trace(visit);
        self.next.trace(visit);
    }
}

/// The payload of a block of items.
#[pyclass(name = "_tee_dataobject", module = "itertools", no_new)]
pub struct TeeBlock {
    iterator: Value,
    content: Guarded<Content>,
}

#[pymethods]
impl TeeBlock {}

impl Drop for TeeBlock {
    fn drop(&mut self) {
        // A long chain dies block by block, not by recursion.
        let mut next = self.content.get_mut().next.take();
        Thread::with_current(|th| {
            while let Some(block) = next.take() {
                if block.header().is_unique(th) {
                    next = block.content.lock(th).next.take();
                }
            }
        });
    }
}

impl TeeBlock {
    fn make(th: &mut Thread, iterator: Value) -> Obj<TeeBlock> {
        let content = Content { items: Vec::new(), next: None, reading: false };
        TeeBlock::new_object(th, TeeBlock { iterator, content: Guarded::new(content) })
    }

    /// The item at `index`, read from the iterator if nobody did.
    fn item(&self, th: &mut Thread, index: usize) -> PyResult<Option<Value>> {
        {
            let mut content = self.content.lock(th);
            if let Some(item) = content.items.get(index) {
                return Ok(Some(item.clone()));
            }
            if content.reading {
                drop(content);
                return Err(th.runtime_error("cannot re-enter the tee iterator"));
            }
            content.reading = true;
        }
        let read = th.next(&self.iterator);
        let mut content = self.content.lock(th);
        content.reading = false;
        let item = read?;
        content.items.extend(item.clone());
        Ok(item)
    }

    /// The block behind this one.
    fn next(&self, th: &mut Thread) -> Obj<TeeBlock> {
        if let Some(next) = self.content.lock(th).next.clone() {
            return next;
        }
        let made = TeeBlock::make(th, self.iterator.clone());
        let mut content = self.content.lock(th);
        content.next.get_or_insert(made).clone()
    }
}

/// An iterator that can be copied.
#[pyclass(name = "_tee", module = "itertools", weakref)]
pub struct Tee {
    place: Guarded<(Obj<TeeBlock>, usize)>,
}

impl Tee {
    /// A tee of an iterable; a copy if it is one.
    fn of(th: &mut Thread, iterable: &Value) -> PyResult<Obj<Tee>> {
        let iterator = th.iter(iterable)?;
        let place = match th.downcast::<Tee>(&iterator) {
            Some(tee) => tee.place.lock(th).clone(),
            None => (TeeBlock::make(th, iterator), 0),
        };
        Ok(Tee::new_object(th, Tee { place: Guarded::new(place) }))
    }
}

#[pymethods]
impl Tee {
    #[new]
    #[signature("(iterable, /)")]
    fn new(th: &mut Thread, class: Class, iterable: &Value) -> PyResult {
        let _ = class;
        Ok(Tee::of(th, iterable)?.into_value())
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let (mut block, mut index) = self.place.lock(th).clone();
        if index == BLOCK {
            block = block.next(th);
            index = 0;
        }
        let item = block.item(th, index)?;
        if item.is_some() {
            let old = std::mem::replace(&mut *self.place.lock(th), (block, index + 1));
            drop(old);
        }
        Ok(item)
    }

    /// Another iterator that stands at the same item.
    fn __copy__(this: &Obj<Self>, th: &mut Thread) -> Obj<Tee> {
        let place = this.place.lock(th).clone();
        Tee::new_object(th, Tee { place: Guarded::new(place) })
    }
}

/// `tee(iterable, n)`
pub(super) fn split(th: &mut Thread, iterable: &Value, n: i64) -> PyResult {
    if n < 0 {
        return Err(th.value_error("n must be >= 0"));
    }
    let mut all = Vec::new();
    if all.try_reserve_exact(n as usize).is_err() {
        return Err(th.memory_error());
    }
    if n > 0 {
        let first = Tee::of(th, iterable)?;
        for _ in 1..n {
            all.push(Tee::__copy__(&first, th).into_value());
        }
        all.push(first.into_value());
    }
    Ok(th.tuple(all))
}
