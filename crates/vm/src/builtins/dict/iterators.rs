//! The iterators of dicts and their views: by entry number, forwards and backwards.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::builtins::iterators::{FastNext, builtin_iter, make, reduced};
use crate::prelude::*;
use crate::protocol::iterator::Item;

/// Where an iteration is. Threads that share an iterator may see an entry twice, as with CPython's.
struct Cursor {
    /// Forwards the next entry number, END when nothing is left; backwards the last one.
    at: AtomicUsize,
    /// How many keys the dict must have; END once it was found changed.
    size: AtomicUsize,
    /// How many entries are still to come.
    left: AtomicUsize,
}

const END: usize = usize::MAX;

impl Clone for Cursor {
    fn clone(&self) -> Cursor {
        // Relaxed: see above.
        let copy = |word: &AtomicUsize| AtomicUsize::new(word.load(Ordering::Relaxed));
        Cursor { at: copy(&self.at), size: copy(&self.size), left: copy(&self.left) }
    }
}

impl Cursor {
    fn new(dict: &Obj<Dict>, at: usize) -> Cursor {
        let size = dict.len();
        Cursor { at: AtomicUsize::new(at), size: AtomicUsize::new(size), left: AtomicUsize::new(size) }
    }

    /// Whether the number of keys is what it was; once it is not, it never is again.
    fn holds(&self, dict: &Obj<Dict>) -> bool {
        // Relaxed: see above.
        let same = self.size.load(Ordering::Relaxed) == dict.len();
        if !same {
            self.size.store(END, Ordering::Relaxed); // Relaxed: as above.
        }
        same
    }

    /// The next entry forwards.
    fn next(&self, th: &Thread, dict: &Obj<Dict>) -> Step {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: see above.
        if at == END {
            return Step::End;
        }
        if !self.holds(dict) {
            return Step::Failed(CHANGED_SIZE);
        }
        let Some((key, value, _hash, next)) = dict.entry_from(th, at) else {
            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Step::End;
        };
        let left = self.left.load(Ordering::Relaxed); // Relaxed: as above.
        if left == 0 {
            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Step::Failed("dictionary keys changed during iteration");
        }
        self.left.store(left - 1, Ordering::Relaxed); // Relaxed: as above.
        self.at.store(next, Ordering::Relaxed); // Relaxed: as above.
        Step::Entry(key, value)
    }

    /// The next entry backwards: one before `at`.
    fn previous(&self, th: &Thread, dict: &Obj<Dict>) -> Step {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: see above.
        if !self.holds(dict) {
            return Step::Failed(CHANGED_SIZE);
        }
        let Some((key, value, number)) = dict.entry_before(th, at) else {
            self.at.store(0, Ordering::Relaxed); // Relaxed: as above.
            return Step::End;
        };
        let left = self.left.load(Ordering::Relaxed).saturating_sub(1); // Relaxed: as above.
        self.left.store(left, Ordering::Relaxed); // Relaxed: as above.
        self.at.store(number, Ordering::Relaxed); // Relaxed: as above.
        Step::Entry(key, value)
    }

    fn hint(&self, dict: Option<&Obj<Dict>>) -> usize {
        // Relaxed: as above.
        let (at, size) = (self.at.load(Ordering::Relaxed), self.size.load(Ordering::Relaxed));
        let over = at == END || dict.is_none_or(|dict| dict.len() != size);
        if over { 0 } else { self.left.load(Ordering::Relaxed) } // Relaxed: as above.
    }
}

/// What a step of an iteration finds.
enum Step {
    Entry(Value, Value),
    End,
    Failed(&'static str),
}

const CHANGED_SIZE: &str = "dictionary changed size during iteration";

fn key(_th: &mut Thread, key: Value, _value: Value) -> Value {
    key
}

fn value(_th: &mut Thread, _key: Value, value: Value) -> Value {
    value
}

fn item(th: &mut Thread, key: Value, value: Value) -> Value {
    th.tuple(vec![key, value])
}

/// How loops step over the iterators: with their items' parts apart, if items have parts.
macro_rules! fast_next {
    ($type:ident, key) => { fast_next!($type, new __next__) };
    ($type:ident, value) => { fast_next!($type, new __next__) };
    ($type:ident, item) => { fast_next!($type, of_pairs __next__ pair) };
    ($type:ident, $make:ident $($method:ident)*) => {
        FastNext::$make($(|th, iterator| {
            // SAFETY: hung on this very class, whose instances these are.
            let this: &Obj<$type> = unsafe { Obj::borrow_unchecked(iterator) };
            this.$method(th)
        }),*)
    };
}

macro_rules! dict_iterator {
    ($type:ident $name:tt $part:ident $static:ident $start:expr, $step:ident) => {
        #[doc = concat!("The payload of a `", $name, "`.")]
        #[pyclass(name = $name, module = "builtins", no_new)]
        pub struct $type {
            dict: Held<Obj<Dict>>,
            #[no_trace]
            cursor: Cursor,
        }

        static $static: FastNext = fast_next!($type, $part);

        impl $type {
            /// A new iterator.
            pub fn make(th: &mut Thread, dict: Obj<Dict>) -> Value {
                let start: fn(&Obj<Dict>) -> usize = $start;
                let cursor = Cursor::new(&dict, start(&dict));
                make(th, $type { dict: Held::new(dict), cursor }, &$static)
            }

            /// The next entry.
            fn step(&self, th: &mut Thread) -> PyResult<Option<(Value, Value)>> {
                let Some(dict) = self.dict.get(th) else { return Ok(None) };
                match self.cursor.$step(th, dict) {
                    Step::Entry(key, value) => Ok(Some((key, value))),
                    Step::End => {
                        self.dict.release(th);
                        Ok(None)
                    }
                    Step::Failed(message) => Err(th.runtime_error(message)),
                }
            }
        }

        #[pymethods]
        impl $type {
            fn __iter__(this: &Obj<$type>) -> Value {
                this.as_value().clone()
            }

            fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
                Ok(self.step(th)?.map(|(key, value)| $part(th, key, value)))
            }

            /// Private method returning an estimate of len(list(it)).
            fn __length_hint__(&self, th: &mut Thread) -> usize {
                self.cursor.hint(self.dict.get(th))
            }

            /// Return state information for pickling.
            fn __reduce__(&self, th: &mut Thread) -> PyResult {
                let mut rest = Vec::new();
                if let Some(dict) = self.dict.get(th).cloned() {
                    let cursor = self.cursor.clone();
                    loop {
                        match cursor.$step(th, &dict) {
                            Step::Entry(k, v) => rest.push($part(th, k, v)),
                            Step::End => break,
                            Step::Failed(message) => return Err(th.runtime_error(message)),
                        }
                    }
                }
                let (iter, rest) = (builtin_iter(th)?, th.list(rest));
                Ok(reduced(th, iter, rest, None))
            }
        }
    };
}

impl DictItemIterator {
    fn pair(&self, th: &mut Thread) -> PyResult<Option<Item>> {
        Ok(self.step(th)?.map(|(key, value)| Item::Pair(key, value)))
    }
}

impl DictReverseItemIterator {
    fn pair(&self, th: &mut Thread) -> PyResult<Option<Item>> {
        Ok(self.step(th)?.map(|(key, value)| Item::Pair(key, value)))
    }
}

dict_iterator! { DictKeyIterator "dict_keyiterator" key KEY_NEXT |_| 0, next }
dict_iterator! { DictValueIterator "dict_valueiterator" value VALUE_NEXT |_| 0, next }
dict_iterator! { DictItemIterator "dict_itemiterator" item ITEM_NEXT |_| 0, next }
dict_iterator! { DictReverseKeyIterator "dict_reversekeyiterator" key REVERSE_KEY_NEXT Obj::<Dict>::entry_end, previous }
dict_iterator! { DictReverseValueIterator "dict_reversevalueiterator" value REVERSE_VALUE_NEXT Obj::<Dict>::entry_end, previous }
dict_iterator! { DictReverseItemIterator "dict_reverseitemiterator" item REVERSE_ITEM_NEXT Obj::<Dict>::entry_end, previous }
