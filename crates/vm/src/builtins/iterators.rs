//! Iterators that are not a container's own: over anything with `__getitem__`, over a callable, and `enumerate`, `zip`,
//! `map`, `filter`, `reversed`. Those of list and tuple are here too, for they are the same but for the storage.
//!
//! # Rule
//! Positions are plain atomics: threads that share an iterator may see an item twice or not at all, as with CPython's,
//! but never one that was not there.

mod combine;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

pub use crate::protocol::iterator::FastNext;

pub use combine::{Enumerate, Filter, Map, Reversed, Zip};

use crate::names::Special;
use crate::prelude::*;
use crate::protocol::exact;

/// A new iterator of a native class; its class gets the short way to `__next__`.
pub(crate) fn make<T: PyClass>(th: &mut Thread, payload: T, next: &'static FastNext) -> Value {
    hang::<T>(th, next);
    T::new_object(th, payload).into_value()
}

/// Hangs the short way to `__next__` on a class; subclasses do not have it.
pub(crate) fn hang<T: PyClass>(th: &mut Thread, next: &'static FastNext) {
    next.hang(T::class(th));
}

/// The iterator of a value that is exactly a builtin container.
pub(crate) fn of_builtin(th: &mut Thread, value: &Value) -> Option<Value> {
    if value.as_header()?.shape_id() == builtin::GENERATOR {
        return Some(value.clone());
    }
    if let Some(list) = exact::list(value) {
        return Some(ListIterator::make(th, list.clone()));
    }
    if let Some(tuple) = exact::tuple(value) {
        return Some(TupleIterator::make(th, tuple.clone()));
    }
    if let Some(range) = super::range::exact(value) {
        return Some(super::range::iterator(th, range));
    }
    if let Some(dict) = exact::dict(value) {
        return Some(super::dict::iterators::DictKeyIterator::make(th, dict.clone()));
    }
    exact::set(value).is_some().then(|| super::set::SetIterator::make(th, value.clone()))
}

/// `iter`, for pickling.
pub(crate) fn builtin_iter(th: &mut Thread) -> PyResult {
    super::module::builtin(th, "iter")
}

/// `reversed`, for pickling.
fn builtin_reversed(th: &mut Thread) -> PyResult {
    super::module::builtin(th, "reversed")
}

/// What `__reduce__` answers: `(function, (subject,), state)`, without state if there is none.
pub(crate) fn reduced(th: &mut Thread, function: Value, subject: Value, state: Option<Value>) -> Value {
    let arguments = th.tuple(vec![subject]);
    let mut parts = vec![function, arguments];
    parts.extend(state);
    th.tuple(parts)
}

/// The position of an exhausted iterator.
const END: usize = usize::MAX;

macro_rules! indexed_iterator {
    ($(#[$doc:meta])* $type:ident $name:tt $payload:ident $static:ident) => {
        $(#[$doc])*
        #[pyclass(name = $name, module = "builtins", no_new)]
        pub struct $type {
            items: Held<Obj<$payload>>,
            /// The next index, or END.
            index: AtomicUsize,
        }

        static $static: FastNext = FastNext::new(|th, iterator| {
            // SAFETY: hung on this very class, whose instances these are.
            let this: &Obj<$type> = unsafe { Obj::borrow_unchecked(iterator) };
            Ok(this.step_on(th))
        });

        impl $type {
            /// A new iterator at the start.
            pub fn make(th: &mut Thread, items: Obj<$payload>) -> Value {
                make(th, $type { items: Held::new(items), index: AtomicUsize::new(0) }, &$static)
            }

            #[inline]
            fn step_on(&self, th: &mut Thread) -> Option<Value> {
                use crate::protocol::sequence::Indexed;
                // Relaxed: see the rule above.
                let index = self.index.load(Ordering::Relaxed);
                // There is never an item END.
                let item = self.items.get(th).and_then(|items| items.at(th, index));
                if item.is_some() {
                    self.index.store(index + 1, Ordering::Relaxed); // Relaxed: as above.
                } else {
                    self.finish(th);
                }
                item
            }

            #[cold]
            fn finish(&self, th: &mut Thread) {
                self.index.store(END, Ordering::Relaxed); // Relaxed: as above.
                self.items.release(th);
            }

            /// What an iteration in registers needs to go on where the iterator `value` is.
            pub(crate) fn in_registers(th: &Thread, value: &Value) -> Option<(Value, usize)> {
                let (index, items) = th.exact::<$type>(value)?.left(th)?;
                Some((items.into_value(), index))
            }

            /// The items, unless they are exhausted.
            fn left(&self, th: &Thread) -> Option<(usize, Obj<$payload>)> {
                let index = self.index.load(Ordering::Relaxed); // Relaxed: as above.
                self.items.get(th).filter(|_| index != END).map(|items| (index, items.clone()))
            }
        }

        #[pymethods]
        impl $type {
            fn __iter__(this: &Obj<$type>) -> Value {
                this.as_value().clone()
            }

            fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
                Ok(self.step_on(th))
            }

            /// Private method returning an estimate of len(list(it)).
            fn __length_hint__(&self, th: &mut Thread) -> usize {
                self.left(th).map_or(0, |(index, items)| items.len().saturating_sub(index))
            }

            /// Return state information for pickling.
            fn __reduce__(&self, th: &mut Thread) -> PyResult {
                let iter = builtin_iter(th)?;
                Ok(match self.left(th) {
                    None => {
                        let nothing = $type::nothing(th);
                        reduced(th, iter, nothing, None)
                    }
                    Some((index, items)) => {
                        let index = th.int(index as i64);
                        reduced(th, iter, items.into_value(), Some(index))
                    }
                })
            }

            /// Set state information for unpickling.
            #[signature("(object, /)")]
            fn __setstate__(&self, th: &mut Thread, object: i64) {
                if let Some((_, items)) = self.left(th) {
                    let index = (object.max(0) as usize).min(items.len());
                    self.index.store(index, Ordering::Relaxed); // Relaxed: see the rule above.
                }
            }
        }
    };
}

indexed_iterator! {
    /// The payload of the iterator of a list.
    ListIterator "list_iterator" List LIST_NEXT
}

indexed_iterator! {
    /// The payload of the iterator of a tuple.
    TupleIterator "tuple_iterator" Tuple TUPLE_NEXT
}

impl ListIterator {
    fn nothing(th: &Thread) -> Value {
        th.list(Vec::new())
    }
}

impl TupleIterator {
    fn nothing(th: &Thread) -> Value {
        th.tuple(Vec::new())
    }
}

/// The payload of the reverse iterator of a list.
#[pyclass(name = "list_reverseiterator", module = "builtins", no_new)]
pub struct ListReverseIterator {
    items: Held<Obj<List>>,
    /// The next index; -1 before the end is noticed, then `OVER`.
    index: AtomicI64,
}

/// The position of an exhausted reverse iterator.
const OVER: i64 = -2;

static LIST_REVERSE_NEXT: FastNext = FastNext::new(|th, iterator| {
    // SAFETY: hung on this very class, whose instances these are.
    let this: &Obj<ListReverseIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    Ok(this.step_on(th))
});

impl ListReverseIterator {
    /// A new iterator at the end.
    pub fn make(th: &mut Thread, items: Obj<List>) -> Value {
        let index = AtomicI64::new(items.len() as i64 - 1);
        make(th, ListReverseIterator { items: Held::new(items), index }, &LIST_REVERSE_NEXT)
    }

    fn step_on(&self, th: &mut Thread) -> Option<Value> {
        // Relaxed: see the rule above.
        let index = self.index.load(Ordering::Relaxed);
        let at = usize::try_from(index).ok();
        let item = at.zip(self.items.get(th)).and_then(|(index, items)| items.get(th, index));
        let next = if item.is_some() { index - 1 } else { OVER };
        self.index.store(next, Ordering::Relaxed); // Relaxed: as above.
        if item.is_none() {
            self.items.release(th);
        }
        item
    }

    /// The items, unless they are exhausted.
    fn left(&self, th: &Thread) -> Option<(i64, Obj<List>)> {
        let index = self.index.load(Ordering::Relaxed); // Relaxed: as above.
        self.items.get(th).filter(|_| index != OVER).map(|items| (index, items.clone()))
    }
}

#[pymethods]
impl ListReverseIterator {
    fn __iter__(this: &Obj<ListReverseIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        Ok(self.step_on(th))
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> usize {
        let Some((index, items)) = self.left(th) else { return 0 };
        let left = (index + 1).max(0) as usize;
        if left > items.len() { 0 } else { left }
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let Some((index, items)) = self.left(th) else {
            let (iter, nothing) = (builtin_iter(th)?, th.list(Vec::new()));
            return Ok(reduced(th, iter, nothing, None));
        };
        let (reversed, index) = (builtin_reversed(th)?, th.int(index));
        Ok(reduced(th, reversed, items.into_value(), Some(index)))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, th: &mut Thread, object: i64) {
        if let Some((_, items)) = self.left(th) {
            let index = object.clamp(-1, items.len() as i64 - 1);
            self.index.store(index, Ordering::Relaxed); // Relaxed: see the rule above.
        }
    }
}

/// The payload of the iterator over anything with `__getitem__`.
#[pyclass(name = "iterator", module = "builtins", no_new)]
pub struct SequenceIterator {
    sequence: Held<Value>,
    /// The next index, -1 at the end.
    index: AtomicI64,
}

static SEQUENCE_NEXT: FastNext = FastNext::new(|th, iterator| {
    // SAFETY: hung on this very class, whose instances these are.
    let this: &Obj<SequenceIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    SequenceIterator::__next__(this, th)
});

/// `sequence[index]`, or None where IndexError or StopIteration say that it ended.
fn item_or_end(th: &mut Thread, sequence: &Value, index: i64) -> PyResult<Option<Value>> {
    let key = th.int(index);
    match th.get_item(sequence, &key) {
        Ok(item) => Ok(Some(item)),
        Err(_) if th.exception_is(Exc::IndexError) || th.exception_is(Exc::StopIteration) => {
            th.clear_exception();
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}

impl SequenceIterator {
    /// A new iterator at index 0.
    pub fn make(th: &mut Thread, sequence: Value) -> Value {
        make(th, SequenceIterator { sequence: Held::new(sequence), index: AtomicI64::new(0) }, &SEQUENCE_NEXT)
    }

    /// The sequence, unless it is exhausted.
    fn left(&self, th: &Thread) -> Option<(i64, Value)> {
        let index = self.index.load(Ordering::Relaxed); // Relaxed: see the rule above.
        self.sequence.get(th).filter(|_| index >= 0).map(|sequence| (index, sequence.clone()))
    }
}

#[pymethods]
impl SequenceIterator {
    fn __iter__(this: &Obj<SequenceIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let Some((index, sequence)) = self.left(th) else { return Ok(None) };
        if index == i64::MAX {
            return Err(th.overflow_error("iter index too large"));
        }
        let item = item_or_end(th, &sequence, index)?;
        // Relaxed: see the rule above.
        self.index.store(if item.is_some() { index + 1 } else { -1 }, Ordering::Relaxed);
        if item.is_none() {
            self.sequence.release(th);
        }
        Ok(item)
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> PyResult {
        let Some((index, sequence)) = self.left(th) else { return Ok(th.int(0)) };
        if !th.has_special(&sequence, Special::Len) {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let length = th.length(&sequence)? as i64;
        Ok(th.int((length - index).max(0)))
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let iter = builtin_iter(th)?;
        let Some((index, sequence)) = self.left(th) else {
            let nothing = th.tuple(Vec::new());
            return Ok(reduced(th, iter, nothing, None));
        };
        let index = th.int(index);
        Ok(reduced(th, iter, sequence, Some(index)))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, object: i64) {
        // Relaxed: see the rule above.
        if self.index.load(Ordering::Relaxed) >= 0 {
            self.index.store(object.max(0), Ordering::Relaxed); // Relaxed: as above.
        }
    }
}

/// The payload of `iter(callable, sentinel)`.
#[pyclass(name = "callable_iterator", module = "builtins", no_new)]
pub struct CallableIterator {
    /// None at the end.
    source: Guarded<Option<(Value, Value)>>,
}

static CALLABLE_NEXT: FastNext = FastNext::new(|th, iterator| {
    // SAFETY: hung on this very class, whose instances these are.
    let this: &Obj<CallableIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    CallableIterator::__next__(this, th)
});

impl CallableIterator {
    /// An iterator over what `callable()` returns until it returns `sentinel`.
    pub fn make(th: &mut Thread, callable: Value, sentinel: Value) -> Value {
        make(th, CallableIterator { source: Guarded::new(Some((callable, sentinel))) }, &CALLABLE_NEXT)
    }

    fn finish(&self, th: &Thread) {
        let source = self.source.lock(th).take();
        drop(source);
    }
}

#[pymethods]
impl CallableIterator {
    fn __iter__(this: &Obj<CallableIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let source = self.source.lock(th).clone();
        let Some((callable, sentinel)) = source else { return Ok(None) };
        let result = th.call(&callable, &[]);
        let Some(result) = th.catch(result, Exc::StopIteration)? else {
            self.finish(th);
            return Ok(None);
        };
        if th.same_or_equal(&sentinel, &result)? {
            self.finish(th);
            return Ok(None);
        }
        Ok(Some(result))
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let iter = builtin_iter(th)?;
        let source = self.source.lock(th).clone();
        let Some((callable, sentinel)) = source else {
            let nothing = th.tuple(Vec::new());
            return Ok(reduced(th, iter, nothing, None));
        };
        let arguments = th.tuple(vec![callable, sentinel]);
        Ok(th.tuple(vec![iter, arguments]))
    }
}
