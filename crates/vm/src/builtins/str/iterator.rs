//! The iterator of a `str`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::builtins::iterators::{self, FastNext};
use crate::prelude::*;

/// Iterates over the characters of a string.
#[pyclass(name = "str_iterator", module = "builtins", no_new)]
pub struct StrIterator {
    text: Held<Obj<Str>>,
    /// The next position; beyond the length when exhausted.
    at: AtomicUsize,
}

static NEXT: FastNext = FastNext::new(|th, iterator| {
    // SAFETY: hung on this very class, whose instances these are.
    unsafe { Obj::<StrIterator>::borrow_unchecked(iterator) }.__next__(th)
});

/// `iter(text)`
pub fn make(th: &mut Thread, text: &Obj<Str>) -> Value {
    iterators::make(th, StrIterator { text: Held::new(text.clone()), at: AtomicUsize::new(0) }, &NEXT)
}

impl StrIterator {
    /// The text and the next position, unless that is beyond the end.
    fn left(&self, th: &Thread) -> Option<(usize, Obj<Str>)> {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: the text never changes.
        self.text.get(th).filter(|text| at < text.len()).map(|text| (at, text.clone()))
    }
}

#[pymethods]
impl StrIterator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: threads that share an iterator get distinct positions; the text never changes.
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        let unit = self.text.get(th).filter(|text| at < text.len()).map(|text| text.units().get(at));
        let Some(unit) = unit else {
            self.at.store(usize::MAX / 2, Ordering::Relaxed); // Relaxed: as above.
            self.text.release(th);
            return Ok(None);
        };
        super::character(th, unit).map(Some)
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> usize {
        self.left(th).map_or(0, |(at, text)| text.len() - at)
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let iter = crate::builtins::iterators::builtin_iter(th)?;
        let (rest, at) = match self.left(th) {
            Some((at, text)) => (text.into_value(), Some(th.int(at as i64))),
            None => (super::empty(), None),
        };
        Ok(crate::builtins::iterators::reduced(th, iter, rest, at))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, th: &mut Thread, object: i64) {
        let Some(length) = self.text.get(th).map(|text| text.len()) else { return };
        let at = usize::try_from(object).unwrap_or(0).min(length);
        self.at.store(at, Ordering::Relaxed); // Relaxed: the text never changes.
    }
}
