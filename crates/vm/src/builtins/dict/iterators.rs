//! The iterators of dicts and their views: forwards by entry number, backwards over what was there at the start.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::builtins::iterators::{FastNext, builtin_iter, make, reduced};
use crate::prelude::*;

/// Where an iteration is. Threads that share an iterator may see an entry twice, as with CPython's.
struct Cursor {
    /// The next entry number, END when nothing is left.
    at: AtomicUsize,
    /// How many keys the dict must have; END once it was found changed.
    size: AtomicUsize,
    /// How many entries are still to come.
    left: AtomicUsize,
}

const END: usize = usize::MAX;

impl Cursor {
    fn new(dict: &Dict) -> Cursor {
        let size = dict.len();
        Cursor { at: AtomicUsize::new(0), size: AtomicUsize::new(size), left: AtomicUsize::new(size) }
    }

    /// Raises if the number of keys is not what it was.
    fn check(&self, th: &mut Thread, dict: &Dict) -> PyResult<()> {
        // Relaxed: see above.
        if self.size.load(Ordering::Relaxed) != dict.len() {
            self.size.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Err(th.runtime_error("dictionary changed size during iteration"));
        }
        Ok(())
    }

    fn next(&self, th: &mut Thread, dict: &Obj<Dict>) -> PyResult<Option<(Value, Value)>> {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: see above.
        if at == END {
            return Ok(None);
        }
        self.check(th, dict)?;
        let Some((key, value, _hash, next)) = dict.entry_from(th, at) else {
            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Ok(None);
        };
        let left = self.left.load(Ordering::Relaxed); // Relaxed: as above.
        if left == 0 {
            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Err(th.runtime_error("dictionary keys changed during iteration"));
        }
        self.left.store(left - 1, Ordering::Relaxed); // Relaxed: as above.
        self.at.store(next, Ordering::Relaxed); // Relaxed: as above.
        Ok(Some((key, value)))
    }

    fn hint(&self, dict: &Dict) -> usize {
        // Relaxed: as above.
        let (at, size) = (self.at.load(Ordering::Relaxed), self.size.load(Ordering::Relaxed));
        if at == END || size != dict.len() { 0 } else { self.left.load(Ordering::Relaxed) } // Relaxed: as above.
    }
}

fn key(_th: &mut Thread, key: Value, _value: Value) -> Value {
    key
}

fn value(_th: &mut Thread, _key: Value, value: Value) -> Value {
    value
}

fn item(th: &mut Thread, key: Value, value: Value) -> Value {
    th.tuple(vec![key, value])
}

macro_rules! dict_iterator {
    ($type:ident $name:tt $part:ident $static:ident) => {
        #[doc = concat!("The payload of a `", $name, "`.")]
        #[pyclass(name = $name, module = "builtins", no_new)]
        pub struct $type {
            dict: Obj<Dict>,
            #[no_trace]
            cursor: Cursor,
        }

        static $static: FastNext = FastNext(|th, iterator| {
            // SAFETY: hung on this very class, whose instances these are.
            let this: &Obj<$type> = unsafe { Obj::borrow_unchecked(iterator) };
            $type::__next__(this, th)
        });

        impl $type {
            /// A new iterator at the first entry.
            pub fn make(th: &mut Thread, dict: Obj<Dict>) -> Value {
                let cursor = Cursor::new(&dict);
                make(th, $type { dict, cursor }, &$static)
            }
        }

        #[pymethods]
        impl $type {
            fn __iter__(this: &Obj<$type>) -> Value {
                this.as_value().clone()
            }

            fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
                let entry = self.cursor.next(th, &self.dict)?;
                Ok(entry.map(|(k, v)| $part(th, k, v)))
            }

            /// Private method returning an estimate of len(list(it)).
            fn __length_hint__(&self) -> usize {
                self.cursor.hint(&self.dict)
            }

            /// Return state information for pickling.
            fn __reduce__(&self, th: &mut Thread) -> PyResult {
                let mut at = self.cursor.at.load(Ordering::Relaxed); // Relaxed: see `Cursor`.
                let mut rest = Vec::new();
                if at != END {
                    self.cursor.check(th, &self.dict)?;
                    while let Some((k, v, _hash, next)) = self.dict.entry_from(th, at) {
                        rest.push($part(th, k, v));
                        at = next;
                    }
                }
                let (iter, rest) = (builtin_iter(th)?, th.list(rest));
                Ok(reduced(th, iter, rest, None))
            }
        }
    };
}

dict_iterator! { DictKeyIterator "dict_keyiterator" key KEY_NEXT }
dict_iterator! { DictValueIterator "dict_valueiterator" value VALUE_NEXT }
dict_iterator! { DictItemIterator "dict_itemiterator" item ITEM_NEXT }

macro_rules! dict_reverse_iterator {
    ($type:ident $name:tt $part:ident $static:ident) => {
        #[doc = concat!("The payload of a `", $name, "`.")]
        #[pyclass(name = $name, module = "builtins", no_new)]
        pub struct $type {
            dict: Obj<Dict>,
            /// What is still to come, the next one last.
            rest: Guarded<Vec<Value>>,
            #[no_trace]
            cursor: Cursor,
        }

        static $static: FastNext = FastNext(|th, iterator| {
            // SAFETY: hung on this very class, whose instances these are.
            let this: &Obj<$type> = unsafe { Obj::borrow_unchecked(iterator) };
            $type::__next__(this, th)
        });

        impl $type {
            /// A new iterator at the last entry.
            pub fn make(th: &mut Thread, dict: Obj<Dict>) -> Value {
                let cursor = Cursor::new(&dict);
                let entries = dict.snapshot(th);
                let rest: Vec<Value> = entries.into_iter().map(|(k, v, _hash)| $part(th, k, v)).collect();
                make(th, $type { dict, rest: Guarded::new(rest), cursor }, &$static)
            }
        }

        #[pymethods]
        impl $type {
            fn __iter__(this: &Obj<$type>) -> Value {
                this.as_value().clone()
            }

            fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
                if self.rest.lock(th).is_empty() {
                    return Ok(None);
                }
                self.cursor.check(th, &self.dict)?;
                Ok(self.rest.lock(th).pop())
            }

            /// Private method returning an estimate of len(list(it)).
            fn __length_hint__(&self, th: &mut Thread) -> usize {
                if self.cursor.hint(&self.dict) == 0 { 0 } else { self.rest.lock(th).len() }
            }

            /// Return state information for pickling.
            fn __reduce__(&self, th: &mut Thread) -> PyResult {
                let mut rest = self.rest.lock(th).clone();
                rest.reverse();
                let (iter, rest) = (builtin_iter(th)?, th.list(rest));
                Ok(reduced(th, iter, rest, None))
            }
        }
    };
}

dict_reverse_iterator! { DictReverseKeyIterator "dict_reversekeyiterator" key REVERSE_KEY_NEXT }
dict_reverse_iterator! { DictReverseValueIterator "dict_reversevalueiterator" value REVERSE_VALUE_NEXT }
dict_reverse_iterator! { DictReverseItemIterator "dict_reverseitemiterator" item REVERSE_ITEM_NEXT }
