//! `collections.deque`
//!
//! # Invariants
//! - D1 With a limit, there are never more items than it says.
//! - D2 The stamp changes whenever items are added, removed or moved; iterators compare it.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::{DequeIterator, DequeReverseIterator};
use vm::prelude::*;

/// Items, limit, stamp.
struct Content {
    items: VecDeque<Value>,
    limit: Option<usize>,
    stamp: u64,
}

impl Trace for Content {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.items.trace(visit);
    }
}

impl Content {
    fn push(&mut self, item: Value, left: bool) -> Option<Value> {
        self.stamp += 1;
        if left {
            self.items.push_front(item);
        } else {
            self.items.push_back(item);
        }
        match self.limit {
            Some(limit) if self.items.len() > limit => {
                if left {
                    self.items.pop_back()
                } else {
                    self.items.pop_front()
                }
            }
            _ => None,
        }
    }
}

/// The payload of a deque.
#[pyclass(
    name = "deque",
    module = "collections",
    doc = "A sequence that grows and shrinks at both ends in constant time.",
    subclassable,
    weakref,
    sequence
)]
pub struct Deque {
    content: Guarded<Content>,
}

#[cold]
fn out_of_range(th: &mut Thread) -> Raised {
    th.index_error("deque index out of range")
}

/// `(index, stop]` of `index()`, cut to the length.
fn bound(index: i64, length: usize) -> usize {
    let length = length as i64;
    (if index < 0 { (index + length).max(0) } else { index.min(length) }) as usize
}

impl Deque {
    fn with(items: VecDeque<Value>, limit: Option<usize>) -> Deque {
        Deque { content: Guarded::new(Content { items, limit, stamp: 0 }) }
    }

    /// A deque without items.
    pub fn empty(th: &mut Thread) -> Obj<Deque> {
        Deque::new_object(th, Deque::with(VecDeque::new(), None))
    }

    /// Changes whenever items are added, removed or moved.
    pub fn stamp(&self, th: &Thread) -> u64 {
        self.content.lock(th).stamp
    }

    /// How many items there are.
    pub fn len(&self, th: &Thread) -> usize {
        self.content.lock(th).items.len()
    }

    /// The item at `index`, counted from one end, and the stamp.
    pub fn item(&self, th: &Thread, index: usize, backwards: bool) -> (Option<Value>, u64) {
        let content = self.content.lock(th);
        let length = content.items.len();
        let index = if backwards { length.checked_sub(index + 1) } else { Some(index) };
        (index.and_then(|i| content.items.get(i)).cloned(), content.stamp)
    }

    fn limit(&self, th: &Thread) -> Option<usize> {
        self.content.lock(th).limit
    }

    fn items(&self, th: &Thread) -> VecDeque<Value> {
        self.content.lock(th).items.clone()
    }

    fn push(&self, th: &Thread, item: Value, left: bool) {
        let gone = self.content.lock(th).push(item, left);
        drop(gone);
    }

    fn add_all(this: &Obj<Deque>, th: &mut Thread, iterable: &Value, left: bool) -> PyResult<()> {
        if iterable.is(this.as_value()) {
            for item in this.items(th) {
                this.push(th, item, left);
            }
            return Ok(());
        }
        let iterator = th.iter(iterable)?;
        while let Some(item) = th.next(&iterator)? {
            this.push(th, item, left);
        }
        Ok(())
    }

    /// A place for an index given by Python code.
    fn place(&self, th: &mut Thread, index: &Value) -> PyResult<usize> {
        let index = th.index_for_subscript(index)?;
        let length = self.len(th);
        let index = if index < 0 { index + length as i64 } else { index };
        match usize::try_from(index) {
            Ok(index) if index < length => Ok(index),
            _ => Err(out_of_range(th)),
        }
    }

    /// The first place from `start` to `stop` where an equal item is.
    fn find(&self, th: &mut Thread, value: &Value, start: usize, stop: usize) -> PyResult<Option<usize>> {
        let stamp = self.stamp(th);
        for index in start..stop {
            let (item, now) = self.item(th, index, false);
            if now != stamp {
                return Err(th.runtime_error("deque mutated during iteration"));
            }
            let Some(item) = item else { return Ok(None) };
            if th.eq(&item, value)? {
                if self.stamp(th) != stamp {
                    return Err(th.index_error("deque mutated during iteration"));
                }
                return Ok(Some(index));
            }
        }
        if self.stamp(th) != stamp {
            return Err(th.runtime_error("deque mutated during iteration"));
        }
        Ok(None)
    }

    /// A deque of the class of `this`, with the same limit.
    fn like(this: &Obj<Deque>, th: &mut Thread, items: VecDeque<Value>) -> PyResult {
        let limit = this.limit(th);
        let class = th.type_of(this.as_value());
        if Some(class) == Deque::cell().get() {
            return Ok(Deque::new_object(th, Deque::with(items, limit)).into_value());
        }
        let list = th.list(items.into());
        match limit {
            Some(limit) => {
                let limit = th.int(limit as i64);
                th.call(&class.value(), &[list, limit])
            }
            None => th.call(&class.value(), &[list]),
        }
    }

    /// The items `times` times over, no more than the limit.
    fn repeated(&self, th: &mut Thread, times: i64) -> PyResult<VecDeque<Value>> {
        let (items, limit) = {
            let content = self.content.lock(th);
            (content.items.clone(), content.limit)
        };
        let times = usize::try_from(times).unwrap_or(0);
        if items.is_empty() || times == 0 {
            return Ok(VecDeque::new());
        }
        let total = items.len().checked_mul(times);
        let keep = match (total, limit) {
            (Some(total), Some(limit)) => total.min(limit),
            (None, Some(limit)) => limit,
            (Some(total), None) => total,
            (None, None) => return Err(th.memory_error()),
        };
        let mut all = VecDeque::new();
        if all.try_reserve_exact(keep).is_err() {
            return Err(th.memory_error());
        }
        // The last `keep` of all of them.
        let first = items.len() - keep % items.len();
        all.extend((0..keep).map(|i| items[(first + i) % items.len()].clone()));
        Ok(all)
    }

    fn compared(&self, th: &mut Thread, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = th.downcast::<Deque>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        th.check_native_stack()?;
        let (a, b) = (self.items(th), other.items(th));
        if a.len() != b.len() {
            match op {
                CompareOp::Eq => return Ok(Value::FALSE),
                CompareOp::Ne => return Ok(Value::TRUE),
                _ => {}
            }
        }
        for (x, y) in a.iter().zip(&b) {
            if !th.eq(x, y)? {
                return match op {
                    CompareOp::Eq => Ok(Value::FALSE),
                    CompareOp::Ne => Ok(Value::TRUE),
                    _ => th.compare(x, y, op),
                };
            }
        }
        let order: Ordering = a.len().cmp(&b.len());
        Ok(Value::bool(op.holds(order)))
    }

    fn delete(&self, th: &Thread, index: usize) -> Option<Value> {
        let mut content = self.content.lock(th);
        content.stamp += 1;
        content.items.remove(index)
    }
}

#[pymethods]
impl Deque {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        let deque = Deque::with(VecDeque::new(), None);
        Ok(Obj::new(th, class.payload.instance_shape(), deque).into_value())
    }

    #[signature = "(iterable=<unrepresentable>, maxlen=<unrepresentable>)"]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        iterable: Option<&Value>,
        maxlen: Option<&Value>,
    ) -> PyResult<()> {
        let limit = match maxlen.filter(|limit| !limit.is_none()) {
            Some(limit) => {
                let limit = th.index(limit)?;
                if limit < 0 {
                    return Err(th.value_error("maxlen must be non-negative"));
                }
                Some(limit as usize)
            }
            None => None,
        };
        let old = {
            let mut content = this.content.lock(th);
            content.limit = limit;
            content.stamp += 1;
            std::mem::take(&mut content.items)
        };
        drop(old);
        match iterable {
            Some(iterable) => Deque::add_all(this, th, iterable, false),
            None => Ok(()),
        }
    }

    #[getter]
    fn maxlen(&self, th: &mut Thread) -> Option<usize> {
        self.limit(th)
    }

    /// Puts an item at the right end.
    fn append(&self, th: &mut Thread, item: Value) {
        self.push(th, item, false);
    }

    /// Puts an item at the left end.
    fn appendleft(&self, th: &mut Thread, item: Value) {
        self.push(th, item, true);
    }

    /// Takes the item at the right end out.
    fn pop(&self, th: &mut Thread) -> PyResult {
        let item = {
            let mut content = self.content.lock(th);
            content.stamp += 1;
            content.items.pop_back()
        };
        item.ok_or_else(|| th.index_error("pop from an empty deque"))
    }

    /// Takes the item at the left end out.
    fn popleft(&self, th: &mut Thread) -> PyResult {
        let item = {
            let mut content = self.content.lock(th);
            content.stamp += 1;
            content.items.pop_front()
        };
        item.ok_or_else(|| th.index_error("pop from an empty deque"))
    }

    /// Puts the items of an iterable at the right end.
    fn extend(this: &Obj<Self>, th: &mut Thread, iterable: &Value) -> PyResult<()> {
        Deque::add_all(this, th, iterable, false)
    }

    /// Puts the items of an iterable at the left end, each before the last.
    fn extendleft(this: &Obj<Self>, th: &mut Thread, iterable: &Value) -> PyResult<()> {
        Deque::add_all(this, th, iterable, true)
    }

    /// Takes all items out.
    fn clear(&self, th: &mut Thread) {
        let old = {
            let mut content = self.content.lock(th);
            content.stamp += 1;
            std::mem::take(&mut content.items)
        };
        drop(old);
    }

    /// A deque of the same items.
    fn copy(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let items = this.items(th);
        Deque::like(this, th, items)
    }

    fn __copy__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let items = this.items(th);
        Deque::like(this, th, items)
    }

    /// How many items equal a value.
    fn count(&self, th: &mut Thread, value: &Value) -> PyResult<usize> {
        let stamp = self.stamp(th);
        let mut count = 0;
        for index in 0..self.len(th) {
            let Some(item) = self.item(th, index, false).0 else { break };
            count += usize::from(th.eq(&item, value)?);
            if self.stamp(th) != stamp {
                return Err(th.runtime_error("deque mutated during iteration"));
            }
        }
        Ok(count)
    }

    /// Where the first item is that equals a value.
    #[signature = "(value, start=<unrepresentable>, stop=<unrepresentable>, /)"]
    fn index(
        &self,
        th: &mut Thread,
        value: &Value,
        start: Option<&Value>,
        stop: Option<&Value>,
    ) -> PyResult<usize> {
        let length = self.len(th);
        let start = match start {
            Some(start) => bound(th.index_clamped(start)?, length),
            None => 0,
        };
        let stop = match stop {
            Some(stop) => bound(th.index_clamped(stop)?, length),
            None => length,
        };
        match self.find(th, value, start, stop)? {
            Some(index) => Ok(index),
            None => {
                let shown = th.repr(value)?.units().to_str_lossy().into_owned();
                Err(th.value_error(format_args!("{shown} is not in deque")))
            }
        }
    }

    /// Puts a value before the item at an index.
    fn insert(&self, th: &mut Thread, index: i64, value: Value) -> PyResult<()> {
        let mut content = self.content.lock(th);
        let length = content.items.len();
        if content.limit.is_some_and(|limit| length >= limit) {
            drop(content);
            return Err(th.index_error("deque already at its maximum size"));
        }
        content.stamp += 1;
        content.items.insert(bound(index, length), value);
        Ok(())
    }

    /// Takes the first item out that equals a value.
    fn remove(&self, th: &mut Thread, value: &Value) -> PyResult<()> {
        let stamp = self.stamp(th);
        for index in 0..self.len(th) {
            let Some(item) = self.item(th, index, false).0 else { break };
            let equal = th.eq(&item, value)?;
            if self.stamp(th) != stamp {
                return Err(th.index_error("deque mutated during remove()."));
            }
            if equal {
                drop(self.delete(th, index));
                return Ok(());
            }
        }
        Err(th.value_error("deque.remove(x): x not in deque"))
    }

    /// Turns the order of the items round.
    fn reverse(&self, th: &mut Thread) {
        let mut content = self.content.lock(th);
        content.stamp += 1;
        content.items.make_contiguous().reverse();
    }

    /// Moves n items from the right end to the left one (negative: the other way).
    #[signature = "(n=1, /)"]
    fn rotate(&self, th: &mut Thread, n: Option<i64>) {
        let mut content = self.content.lock(th);
        let length = content.items.len();
        if length > 1 {
            content.stamp += 1;
            let steps = n.unwrap_or(1).rem_euclid(length as i64) as usize;
            content.items.rotate_right(steps);
        }
    }

    fn __len__(&self, th: &mut Thread) -> usize {
        self.len(th)
    }

    fn __bool__(&self, th: &mut Thread) -> bool {
        self.len(th) > 0
    }

    fn __getitem__(&self, th: &mut Thread, index: &Value) -> PyResult {
        let index = self.place(th, index)?;
        self.item(th, index, false).0.ok_or_else(|| out_of_range(th))
    }

    fn __setitem__(&self, th: &mut Thread, index: &Value, value: Value) -> PyResult<()> {
        let index = self.place(th, index)?;
        let old = self.content.lock(th).items.get_mut(index).map(|slot| std::mem::replace(slot, value));
        if old.is_some() { Ok(()) } else { Err(out_of_range(th)) }
    }

    fn __delitem__(&self, th: &mut Thread, index: &Value) -> PyResult<()> {
        let index = self.place(th, index)?;
        if self.delete(th, index).is_some() { Ok(()) } else { Err(out_of_range(th)) }
    }

    fn __contains__(&self, th: &mut Thread, value: &Value) -> PyResult<bool> {
        let stop = self.len(th);
        Ok(self.find(th, value, 0, stop)?.is_some())
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> Obj<DequeIterator> {
        DequeIterator::over(th, this)
    }

    /// An iterator from the right end to the left one.
    fn __reversed__(this: &Obj<Self>, th: &mut Thread) -> Obj<DequeReverseIterator> {
        DequeReverseIterator::over(th, this)
    }

    fn __add__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.downcast::<Deque>(other).cloned() else {
            let found = th.type_name(other);
            return Err(th.type_error(format_args!("can only concatenate deque (not \"{found}\") to deque")));
        };
        let mut items = this.items(th);
        items.extend(other.items(th));
        if let Some(limit) = this.limit(th) {
            let surplus = items.len().saturating_sub(limit);
            items.drain(..surplus);
        }
        Deque::like(this, th, items)
    }

    fn __iadd__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Deque::add_all(this, th, other, false)?;
        Ok(this.as_value().clone())
    }

    fn __mul__(this: &Obj<Self>, th: &mut Thread, times: &Value) -> PyResult {
        if !th.has_special(times, vm::names::Special::Index) {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let times = th.index(times)?;
        let items = this.repeated(th, times)?;
        Deque::like(this, th, items)
    }

    fn __rmul__(this: &Obj<Self>, th: &mut Thread, times: &Value) -> PyResult {
        Deque::__mul__(this, th, times)
    }

    fn __imul__(this: &Obj<Self>, th: &mut Thread, times: &Value) -> PyResult {
        if !th.has_special(times, vm::names::Special::Index) {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let times = th.index(times)?;
        let items = this.repeated(th, times)?;
        let old = {
            let mut content = this.content.lock(th);
            content.stamp += 1;
            std::mem::replace(&mut content.items, items)
        };
        drop(old);
        Ok(this.as_value().clone())
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Eq)
    }

    fn __ne__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ne)
    }

    fn __lt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Lt)
    }

    fn __le__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Le)
    }

    fn __gt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Gt)
    }

    fn __ge__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ge)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let name = th.short_type_name(this.as_value());
        th.check_native_stack()?;
        if !th.enter_repr(this.as_value()) {
            return Ok("[...]".to_owned());
        }
        let items = this.items(th);
        let list = th.list(items.into());
        let shown = th.repr(&list);
        th.leave_repr(this.as_value());
        let shown = shown?.units().to_str_lossy().into_owned();
        Ok(match this.limit(th) {
            Some(limit) => format!("{name}({shown}, maxlen={limit})"),
            None => format!("{name}({shown})"),
        })
    }

    /// What pickling stores.
    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let class = th.type_of(this.as_value()).value();
        let state = th.call_method(this.as_value(), "__getstate__", &[])?;
        let arguments = match this.limit(th) {
            Some(limit) => {
                let none = th.tuple(Vec::new());
                let limit = th.int(limit as i64);
                th.tuple(vec![none, limit])
            }
            None => th.tuple(Vec::new()),
        };
        let iterator = th.iter(this.as_value())?;
        Ok(th.tuple(vec![class, arguments, state, iterator]))
    }

    /// Bytes in memory.
    fn __sizeof__(&self, th: &mut Thread) -> usize {
        self.content.lock(th).items.capacity() * size_of::<Value>() + size_of::<Deque>() + 16
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}
