//! The iterator of a `str`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::prelude::*;

/// Iterates over the characters of a string.
#[pyclass(name = "str_iterator", module = "builtins", no_new)]
pub struct StrIterator {
    text: Obj<Str>,
    /// The next position; beyond the length when exhausted.
    at: AtomicUsize,
}

/// `iter(text)`
pub fn make(th: &mut Thread, text: &Obj<Str>) -> Value {
    StrIterator::new_object(th, StrIterator { text: text.clone(), at: AtomicUsize::new(0) }).into_value()
}

#[pymethods]
impl StrIterator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: threads that share an iterator get distinct positions; the text never changes.
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        if at >= self.text.len() {
            self.at.store(self.text.len(), Ordering::Relaxed); // Relaxed: as above.
            return Ok(None);
        }
        super::character(th, self.text.units().get(at)).map(Some)
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self) -> usize {
        // Relaxed: an estimate.
        self.text.len().saturating_sub(self.at.load(Ordering::Relaxed))
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: the text never changes.
        let builtins = th.import("builtins")?;
        let iter = th.get_attr_str(&builtins, "iter")?;
        let rest = if at >= self.text.len() { super::empty() } else { self.text.as_value().clone() };
        let args = th.tuple(vec![rest]);
        let mut parts = vec![iter, args];
        if at < self.text.len() {
            parts.push(th.int(at as i64));
        }
        Ok(th.tuple(parts))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, object: i64) {
        let at = usize::try_from(object).unwrap_or(0).min(self.text.len());
        self.at.store(at, Ordering::Relaxed); // Relaxed: the text never changes.
    }
}
