//! Iterators over a deque, forwards and backwards.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Deque;
use vm::prelude::*;

/// What the two have in common.
struct Cursor {
    deque: Guarded<Option<Obj<Deque>>>,
    /// Items handed out.
    done: AtomicUsize,
    stamp: u64,
}

impl Trace for Cursor {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.deque.trace(visit);
    }
}

impl Cursor {
    fn new(th: &Thread, deque: &Obj<Deque>) -> Cursor {
        let stamp = deque.stamp(th);
        Cursor { deque: Guarded::new(Some(deque.clone())), done: AtomicUsize::new(0), stamp }
    }

    fn next(&self, th: &mut Thread, backwards: bool) -> PyResult<Option<Value>> {
        let Some(deque) = self.deque.lock(th).clone() else { return Ok(None) };
        let (item, stamp) = {
            // Relaxed: a position; two threads that share an iterator may see an item twice.
            let done = self.done.load(Ordering::Relaxed);
            deque.item(th, done, backwards)
        };
        if stamp != self.stamp {
            drop(self.deque.lock(th).take());
            return Err(th.runtime_error("deque mutated during iteration"));
        }
        if item.is_none() {
            drop(self.deque.lock(th).take());
        } else {
            self.done.fetch_add(1, Ordering::Relaxed); // Relaxed: as above.
        }
        Ok(item)
    }

    fn left(&self, th: &Thread) -> usize {
        let Some(deque) = self.deque.lock(th).clone() else { return 0 };
        deque.len(th).saturating_sub(self.done.load(Ordering::Relaxed)) // Relaxed: as above.
    }

    fn reduce(&self, th: &mut Thread, class: Class) -> Value {
        let deque = self.deque.lock(th).clone();
        let deque = match deque {
            Some(deque) => deque.into_value(),
            None => Deque::empty(th).into_value(),
        };
        let done = th.int(self.done.load(Ordering::Relaxed) as i64); // Relaxed: as above.
        let arguments = th.tuple(vec![deque, done]);
        th.tuple(vec![class.value(), arguments])
    }

    /// An iterator over `deque` from an index on.
    fn from_arguments(th: &mut Thread, deque: &Obj<Deque>, index: Option<i64>) -> Cursor {
        let cursor = Cursor::new(th, deque);
        let index = index.unwrap_or(0).max(0) as usize;
        cursor.done.store(index.min(deque.len(th)), Ordering::Relaxed); // Relaxed: nobody else has it yet.
        cursor
    }
}

macro_rules! iterators {
    ($($class:ident $name:tt $backwards:literal $what:tt;)*) => {
        $(
            #[doc = concat!("The payload of an iterator over a deque, ", $what, ".")]
            #[pyclass(name = $name, module = "_collections")]
            pub struct $class {
                cursor: Cursor,
            }

            impl $class {
                /// An iterator over `deque` from its beginning.
                pub fn over(th: &mut Thread, deque: &Obj<Deque>) -> Obj<$class> {
                    let cursor = Cursor::new(th, deque);
                    $class::new_object(th, $class { cursor })
                }
            }

            #[pymethods]
            impl $class {
                #[new]
                #[signature("(deque, index=0, /)")]
                fn new(th: &mut Thread, deque: &Obj<Deque>, index: Option<i64>) -> PyResult<$class> {
                    Ok($class { cursor: Cursor::from_arguments(th, deque, index) })
                }

                fn __iter__(this: &Obj<Self>) -> Value {
                    this.as_value().clone()
                }

                fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
                    self.cursor.next(th, $backwards)
                }

                fn __length_hint__(&self, th: &mut Thread) -> usize {
                    self.cursor.left(th)
                }

                fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> Value {
                    let class = th.type_of(this.as_value());
                    this.cursor.reduce(th, class)
                }
            }
        )*
    };
}

iterators! {
    DequeIterator "_deque_iterator" false "forwards";
    DequeReverseIterator "_deque_reverse_iterator" true "backwards";
}
