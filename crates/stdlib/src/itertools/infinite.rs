//! `count`, `cycle`, `repeat`.

use std::sync::atomic::{AtomicI64, Ordering};

use vm::prelude::*;

super::hang!(Count, Cycle, Repeat);

/// The largest int that is counted without Python's arithmetic.
const FAST_END: i64 = 1 << 60;

/// Numbers that go on for ever, by equal steps.
#[pyclass(name = "count", module = "itertools", subclassable)]
pub struct Count {
    /// The next number as long as it is below `FAST_END`.
    fast: AtomicI64,
    /// The next number, if `fast` does not say.
    slow: Guarded<Option<Value>>,
    step: Value,
}

impl Count {
    /// The next number, taken by `advance` or only looked at.
    fn take(&self, th: &mut Thread, advance: bool) -> PyResult {
        while let Some(current) = { self.slow.lock(th).clone() } {
            if !advance {
                return Ok(current);
            }
            let next = th.binary_op(BinaryOp::Add, &current, &self.step)?;
            let mut slow = self.slow.lock(th);
            // Another thread may have taken the number meanwhile.
            if slow.as_ref().is_some_and(|now| now.is(&current)) {
                let old = slow.replace(next);
                drop(slow);
                drop(old);
                return Ok(current);
            }
        }
        let next = if advance {
            self.fast.fetch_add(1, Ordering::Relaxed) // Relaxed: a number on its own.
        } else {
            self.fast.load(Ordering::Relaxed) // Relaxed: as above.
        };
        if next >= FAST_END {
            // The rest is counted with objects. Whoever comes second finds the first one's number.
            let number = th.int(next + i64::from(advance));
            self.slow.lock(th).get_or_insert(number);
        }
        Ok(th.int(next))
    }
}

#[pymethods]
impl Count {
    #[new]
    #[signature("(start=0, step=1)")]
    fn new(th: &mut Thread, start: Option<&Value>, step: Option<&Value>) -> PyResult<Count> {
        for number in [start, step].into_iter().flatten() {
            if !is_number(th, number) {
                return Err(th.type_error("a number is required"));
            }
        }
        let step = step.cloned().unwrap_or_else(|| th.int(1));
        let start = start.cloned().unwrap_or_else(|| th.int(0));
        let fast = match (start.as_small_int(), step.as_small_int()) {
            (Some(start), Some(1)) if start < FAST_END => Some(start),
            _ => None,
        };
        Ok(Count {
            fast: AtomicI64::new(fast.unwrap_or(0)),
            slow: Guarded::new(if fast.is_some() { None } else { Some(start) }),
            step,
        })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        self.take(th, true).map(Some)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let name = th.short_type_name(this.as_value());
        let current = this.take(th, false)?;
        let current = th.repr(&current)?.units().to_str_lossy().into_owned();
        if this.step.as_small_int() == Some(1) {
            return Ok(format!("{name}({current})"));
        }
        let step = th.repr(&this.step)?;
        Ok(format!("{name}({current}, {})", step.units().to_str_lossy()))
    }
}

fn is_number(th: &Thread, value: &Value) -> bool {
    use vm::names::Special;
    [Special::Index, Special::Int, Special::Float, Special::Complex].iter().any(|s| th.has_special(value, *s))
}

/// The items that `cycle` gives out: first the iterator's, then those kept.
struct Round {
    iterator: Option<Value>,
    kept: Vec<Value>,
    next: usize,
}

impl Trace for Round {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iterator.trace(visit);
        self.kept.trace(visit);
    }
}

/// The items of an iterable, over and over.
#[pyclass(name = "cycle", module = "itertools", subclassable)]
pub struct Cycle {
    round: Guarded<Round>,
}

#[pymethods]
impl Cycle {
    #[new]
    #[signature("(iterable, /)")]
    fn new(th: &mut Thread, iterable: &Value) -> PyResult<Cycle> {
        let iterator = Some(th.iter(iterable)?);
        Ok(Cycle { round: Guarded::new(Round { iterator, kept: Vec::new(), next: 0 }) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let iterator = self.round.lock(th).iterator.clone();
        if let Some(iterator) = iterator {
            if let Some(item) = th.next(&iterator)? {
                self.round.lock(th).kept.push(item.clone());
                return Ok(Some(item));
            }
            let done = self.round.lock(th).iterator.take();
            drop(done);
        }
        let mut round = self.round.lock(th);
        let index = round.next;
        let Some(item) = round.kept.get(index).cloned() else { return Ok(None) };
        round.next = if index + 1 < round.kept.len() { index + 1 } else { 0 };
        Ok(Some(item))
    }
}

/// One object, for ever or a number of times.
#[pyclass(name = "repeat", module = "itertools", subclassable)]
pub struct Repeat {
    object: Value,
    /// How often it still comes; -1 for ever.
    left: AtomicI64,
}

#[pymethods]
impl Repeat {
    #[new]
    #[signature("(object, times=<unrepresentable>)")]
    fn new(th: &mut Thread, object: &Value, times: Option<&Value>) -> PyResult<Repeat> {
        let left = match times {
            Some(times) => th.index(times)?.max(0),
            None => -1,
        };
        Ok(Repeat { object: object.clone(), left: AtomicI64::new(left) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, _th: &mut Thread) -> PyResult<Option<Value>> {
        // Relaxed: a number on its own.
        let left = self.left.load(Ordering::Relaxed);
        if left < 0 {
            return Ok(Some(self.object.clone()));
        }
        // Relaxed: as above.
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left > 0).then(|| left - 1));
        Ok(taken.ok().map(|_| self.object.clone()))
    }

    fn __length_hint__(&self, th: &mut Thread) -> PyResult<i64> {
        // Relaxed: a number on its own.
        match self.left.load(Ordering::Relaxed) {
            -1 => Err(th.type_error("len() of unsized object")),
            left => Ok(left),
        }
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let name = th.short_type_name(this.as_value());
        let object = th.repr(&this.object)?;
        let object = object.units().to_str_lossy();
        // Relaxed: a number on its own.
        Ok(match this.left.load(Ordering::Relaxed) {
            -1 => format!("{name}({object})"),
            left => format!("{name}({object}, {left})"),
        })
    }
}
