//! `range` over integers of any size, and its iterators; ranges of immediates have a path of their own.

use std::sync::atomic::{AtomicI64, Ordering};

use object_model::number::int::{Int as AnyInt, IntRef};

use crate::builtins::iterators::{self, builtin_iter};
use crate::builtins::slice::{self, Slice, index_value, int_ref, not_an_integer};
use crate::class::type_of;
use crate::prelude::*;

/// The payload of a `range`.
#[pyclass(name = "range", module = "builtins", shape = RANGE, sequence)]
pub struct Range {
    /// `start`, exactly an int.
    start: Value,
    /// `stop`
    stop: Value,
    /// `step`
    step: Value,
    /// Number of items.
    length: Value,
    /// The same, if all are immediates.
    #[no_trace]
    small: Option<Small>,
}

/// A range whose numbers are immediates.
#[derive(Debug, Clone, Copy)]
struct Small {
    start: i64,
    stop: i64,
    step: i64,
    length: i64,
}

impl Small {
    fn new(start: i64, stop: i64, step: i64) -> Small {
        let indices = if step > 0 { (start, stop) } else { (stop, start) };
        // Immediates have 62 bits: no difference of two overflows.
        let span = indices.1 - indices.0;
        let length = if span <= 0 { 0 } else { (span - 1) / step.abs() + 1 };
        Small { start, stop, step, length }
    }

    fn item(self, index: i64) -> i64 {
        self.start + index * self.step
    }
}

/// An int as a value.
pub(crate) fn int_value(th: &mut Thread, int: AnyInt) -> Value {
    match int {
        AnyInt::Small(i) => th.int(i),
        AnyInt::Big(big) => th.int_from(big),
    }
}

fn number(value: &Value) -> IntRef<'_> {
    // Only ints are stored in ranges.
    int_ref(value).unwrap_or(IntRef::Small(0))
}

/// Multiplies; None only where memory ends.
fn multiply(th: &mut Thread, a: IntRef<'_>, b: IntRef<'_>) -> PyResult<AnyInt> {
    a.mul(b).map_err(|_| th.memory_error())
}

fn divide(th: &mut Thread, a: IntRef<'_>, b: IntRef<'_>) -> PyResult<AnyInt> {
    a.floor_div(b).map_err(|_| th.memory_error())
}

/// Number of items between two numbers, for a step that is not zero.
fn count_items(th: &mut Thread, start: IntRef<'_>, stop: IntRef<'_>, step: IntRef<'_>) -> PyResult<AnyInt> {
    let (low, high) = if step.is_negative() { (stop, start) } else { (start, stop) };
    let span = high.sub(low);
    if span.as_ref().signum() <= 0 {
        return Ok(AnyInt::Small(0));
    }
    let last = divide(th, span.as_ref().sub(IntRef::Small(1)).as_ref(), step.abs().as_ref())?;
    Ok(last.as_ref().add(IntRef::Small(1)))
}

impl Range {
    /// `range(start, stop, step)` of ints; a step of zero is a ValueError.
    pub fn make(th: &mut Thread, start: Value, stop: Value, step: Value) -> PyResult<Obj<Range>> {
        if let (Some(a), Some(b), Some(c)) = (start.as_small_int(), stop.as_small_int(), step.as_small_int())
            && c != 0
        {
            let small = Small::new(a, b, c);
            let length = th.int(small.length);
            return Ok(Obj::new(th, builtin::RANGE, Range { start, stop, step, length, small: Some(small) }));
        }
        if number(&step).is_zero() {
            return Err(th.value_error("range() arg 3 must not be zero"));
        }
        let length = count_items(th, number(&start), number(&stop), number(&step))?;
        let length = int_value(th, length);
        Ok(Obj::new(th, builtin::RANGE, Range { start, stop, step, length, small: None }))
    }

    /// Start, stop and step, if all are immediates.
    #[inline]
    pub fn small_bounds(&self) -> Option<(i64, i64, i64)> {
        self.small.map(|s| (s.start, s.stop, s.step))
    }

    /// All items, if they are immediates and there is memory for them.
    pub(crate) fn items(&self) -> Option<Vec<Value>> {
        let small = self.small?;
        let mut items = Vec::new();
        items.try_reserve_exact(usize::try_from(small.length).ok()?).ok()?;
        items.extend((0..small.length).filter_map(|i| Value::small_int(small.item(i))));
        Some(items)
    }

    /// Item `index`, which is not checked.
    fn item(&self, th: &mut Thread, index: IntRef<'_>) -> PyResult {
        if let (Some(small), IntRef::Small(i)) = (self.small, index)
            && i.unsigned_abs() <= small.length.unsigned_abs()
        {
            return Ok(th.int(small.item(i)));
        }
        let offset = multiply(th, index, number(&self.step))?;
        let sum = number(&self.start).add(offset.as_ref());
        Ok(int_value(th, sum))
    }

    /// Where an int is in the range.
    fn position(&self, th: &mut Thread, value: IntRef<'_>) -> PyResult<Option<AnyInt>> {
        let offset = value.sub(number(&self.start));
        let step = number(&self.step);
        let (index, rest) = offset.as_ref().divmod(step).map_err(|_| th.memory_error())?;
        let inside = !index.as_ref().is_negative() && index.as_ref().cmp(number(&self.length)).is_lt();
        Ok((rest.as_ref().is_zero() && inside).then_some(index))
    }

    fn slice(&self, th: &mut Thread, slice: &Slice) -> PyResult {
        let (start, stop, step) = long_indices(th, slice, number(&self.length))?;
        let step = multiply(th, step.as_ref(), number(&self.step))?;
        let (start, stop) = (self.item(th, start.as_ref())?, self.item(th, stop.as_ref())?);
        let step = int_value(th, step);
        Ok(Range::make(th, start, stop, step)?.into_value())
    }
}

/// The value as a range, if it is one.
#[inline(always)]
pub fn exact(value: &Value) -> Option<&Obj<Range>> {
    match value.as_header() {
        // SAFETY: the shape says so.
        Some(header) if header.shape_id() == builtin::RANGE => Some(unsafe { Obj::borrow_unchecked(value) }),
        _ => None,
    }
}

/// `slice.indices(length)` for a length of any size.
pub(crate) fn slice_indices(th: &mut Thread, slice: &Slice, length: &Value) -> PyResult {
    if number(length).is_negative() {
        return Err(th.value_error("length should not be negative"));
    }
    let (start, stop, step) = long_indices(th, slice, number(length))?;
    let items = [start, stop, step].map(|i| int_value(th, i));
    Ok(th.tuple(items.into()))
}

fn long_indices(th: &mut Thread, slice: &Slice, length: IntRef<'_>) -> PyResult<(AnyInt, AnyInt, AnyInt)> {
    let step = match &slice.step {
        none if none.is_none() => AnyInt::Small(1),
        step => slice_part(th, step)?,
    };
    if step.as_ref().is_zero() {
        return Err(th.value_error("slice step cannot be zero"));
    }
    let down = step.as_ref().is_negative();
    let (lower, upper) = if down {
        (AnyInt::Small(-1), length.sub(IntRef::Small(1)))
    } else {
        (AnyInt::Small(0), length.to_int())
    };
    let clip = |th: &mut Thread, part: &Value, default: &AnyInt| -> PyResult<AnyInt> {
        if part.is_none() {
            return Ok(default.clone());
        }
        let mut index = slice_part(th, part)?;
        if index.as_ref().is_negative() {
            index = index.as_ref().add(length);
        }
        Ok(if index.as_ref().cmp(lower.as_ref()).is_lt() {
            lower.clone()
        } else if index.as_ref().cmp(upper.as_ref()).is_gt() {
            upper.clone()
        } else {
            index
        })
    };
    let (first, last) = if down { (&upper, &lower) } else { (&lower, &upper) };
    let start = clip(th, &slice.start, first)?;
    let stop = clip(th, &slice.stop, last)?;
    Ok((start, stop, step))
}

fn slice_part(th: &mut Thread, value: &Value) -> PyResult<AnyInt> {
    match index_value(th, value)? {
        Some(index) => Ok(number(&index).to_int()),
        None => Err(th.type_error("slice indices must be integers or None or have an __index__ method")),
    }
}

/// An argument of `range`: exactly an int.
fn bound(th: &mut Thread, value: &Value) -> PyResult {
    if value.as_small_int().is_some() {
        return Ok(value.clone());
    }
    match index_value(th, value)? {
        Some(index) => Ok(int_value(th, number(&index).to_int())),
        None => Err(not_an_integer(th, value)),
    }
}

#[pymethods]
impl Range {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.type_error("range() takes no keyword arguments"));
        }
        let (zero, one) = (Value::int32(0), Value::int32(1));
        let (start, stop, step) = match args.positional {
            [stop] => (zero, bound(th, stop)?, one),
            [start, stop] => (bound(th, start)?, bound(th, stop)?, one),
            [start, stop, step] => (bound(th, start)?, bound(th, stop)?, bound(th, step)?),
            [] => return Err(th.type_error("range expected at least 1 argument, got 0")),
            more => {
                let found = more.len();
                return Err(th.type_error(format_args!("range expected at most 3 arguments, got {found}")));
            }
        };
        Ok(Range::make(th, start, stop, step)?.into_value())
    }

    #[getter("start")]
    fn get_start(&self) -> Value {
        self.start.clone()
    }

    #[getter("stop")]
    fn get_stop(&self) -> Value {
        self.stop.clone()
    }

    #[getter("step")]
    fn get_step(&self) -> Value {
        self.step.clone()
    }

    fn __len__(&self, th: &mut Thread) -> PyResult<Value> {
        if number(&self.length).to_i64().is_none() {
            return Err(th.overflow_error("Python int too large to convert to C ssize_t"));
        }
        Ok(self.length.clone())
    }

    fn __bool__(&self) -> bool {
        !number(&self.length).is_zero()
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(slice) = slice::exact(key) {
            return self.slice(th, slice);
        }
        let Some(index) = index_value(th, key)? else {
            let name = th.type_name(key);
            return Err(th.type_error(format_args!("range indices must be integers or slices, not {name}")));
        };
        let length = number(&self.length);
        let index = number(&index);
        let index = if index.is_negative() { index.add(length) } else { index.to_int() };
        if index.as_ref().is_negative() || !index.as_ref().cmp(length).is_lt() {
            return Err(th.index_error("range object index out of range"));
        }
        self.item(th, index.as_ref())
    }

    fn __contains__(this: &Obj<Range>, th: &mut Thread, key: &Value) -> PyResult<bool> {
        if let Some(value) = plain_int(key) {
            return Ok(this.position(th, value)?.is_some());
        }
        Ok(search(th, this, key, true)?.0.is_some())
    }

    /// rangeobject.count(value) -> integer -- return number of occurrences of value
    #[signature("(object, /)")]
    fn count(this: &Obj<Range>, th: &mut Thread, object: &Value) -> PyResult<i64> {
        if let Some(value) = plain_int(object) {
            return Ok(this.position(th, value)?.is_some().into());
        }
        Ok(search(th, this, object, false)?.1)
    }

    /// rangeobject.index(value) -> integer -- return index of value.
    /// Raise ValueError if the value is not present.
    #[signature("(object, /)")]
    fn index(this: &Obj<Range>, th: &mut Thread, object: &Value) -> PyResult {
        if let Some(value) = plain_int(object) {
            return match this.position(th, value)? {
                Some(index) => Ok(int_value(th, index)),
                None => Err(th.value_error("range.index(x): x not in range")),
            };
        }
        match search(th, this, object, true)?.0 {
            Some(index) => Ok(th.int(index)),
            None => Err(th.value_error("sequence.index(x): x not in sequence")),
        }
    }

    fn __iter__(this: &Obj<Range>, th: &mut Thread) -> Value {
        iterator(th, this)
    }

    /// Return a reverse iterator.
    fn __reversed__(&self, th: &mut Thread) -> PyResult {
        if let Some(small) = self.small {
            let last = if small.length > 0 { small.item(small.length - 1) } else { small.start };
            let payload = RangeIterator {
                start: last,
                step: -small.step,
                length: small.length,
                index: AtomicI64::new(0),
            };
            return Ok(iterators::make(th, payload, &RANGE_NEXT));
        }
        let step = int_value(th, number(&self.step).neg());
        let last = number(&self.length).sub(IntRef::Small(1));
        let start = self.item(th, last.as_ref())?;
        Ok(long_iterator(th, start, step, self.length.clone()))
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult<String> {
        let mut text = String::from("range(");
        for (i, part) in [&self.start, &self.stop, &self.step].into_iter().enumerate() {
            if i == 2 && part.as_small_int() == Some(1) {
                break;
            }
            if i > 0 {
                text.push_str(", ");
            }
            text.push_str(&th.repr(part)?.units().to_str_lossy());
        }
        text.push(')');
        Ok(text)
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        let parts = th.tuple(self.identity().into());
        th.hash(&parts)
    }

    fn __eq__(this: &Obj<Range>, th: &mut Thread, other: &Value) -> PyResult {
        equal(th, this, other).map(|answer| answer.map_or(Value::NOT_IMPLEMENTED, Value::bool))
    }

    fn __ne__(this: &Obj<Range>, th: &mut Thread, other: &Value) -> PyResult {
        equal(th, this, other).map(|answer| answer.map_or(Value::NOT_IMPLEMENTED, |b| Value::bool(!b)))
    }

    fn __reduce__(this: &Obj<Range>, th: &mut Thread) -> Value {
        let class = type_of(this.as_value()).value();
        let parts = th.tuple(vec![this.start.clone(), this.stop.clone(), this.step.clone()]);
        th.tuple(vec![class, parts])
    }
}

impl Range {
    /// What ranges of the same items have in common: length, first item, step, as far as they matter.
    fn identity(&self) -> [Value; 3] {
        match number(&self.length).to_i64() {
            Some(0) => [self.length.clone(), Value::NONE, Value::NONE],
            Some(1) => [self.length.clone(), self.start.clone(), Value::NONE],
            _ => [self.length.clone(), self.start.clone(), self.step.clone()],
        }
    }
}

fn equal(th: &mut Thread, this: &Obj<Range>, other: &Value) -> PyResult<Option<bool>> {
    let Some(other) = exact(other) else { return Ok(None) };
    for (a, b) in this.identity().iter().zip(&other.identity()) {
        if !th.same_or_equal(a, b)? {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}

/// The number, if the value is exactly an int or a bool: equality needs no Python.
fn plain_int(value: &Value) -> Option<IntRef<'_>> {
    let exact = value.as_header().is_none_or(|h| h.shape_id() == builtin::INT);
    int_ref(value).filter(|_| exact)
}

/// Compares item by item: the first that is equal, and how many are (one, if the first is all that is wanted).
fn search(th: &mut Thread, this: &Obj<Range>, value: &Value, first: bool) -> PyResult<(Option<i64>, i64)> {
    let iterator = iterator(th, this);
    let (mut found, mut count, mut index) = (None, 0, 0);
    while let Some(item) = th.next(&iterator)? {
        if th.same_or_equal(&item, value)? {
            found = found.or(Some(index));
            count += 1;
            if first {
                break;
            }
        }
        index += 1;
        th.poll()?;
    }
    Ok((found, count))
}

/// `iter(range)`
pub(crate) fn iterator(th: &mut Thread, range: &Obj<Range>) -> Value {
    match range.small {
        Some(small) => {
            let payload = RangeIterator {
                start: small.start,
                step: small.step,
                length: small.length,
                index: AtomicI64::new(0),
            };
            iterators::make(th, payload, &RANGE_NEXT)
        }
        None => long_iterator(th, range.start.clone(), range.step.clone(), range.length.clone()),
    }
}

/// The payload of the iterator of a range of immediates.
#[pyclass(name = "range_iterator", module = "builtins", no_new)]
pub struct RangeIterator {
    start: i64,
    step: i64,
    length: i64,
    /// How many items were given out.
    index: AtomicI64,
}

static RANGE_NEXT: iterators::FastNext = iterators::FastNext::new(|th, iterator| {
    // SAFETY: hung on the class of `RangeIterator`, whose instances these are.
    let this: &Obj<RangeIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    Ok(this.step_on().map(|i| th.int(i)))
});

impl RangeIterator {
    fn step_on(&self) -> Option<i64> {
        // Relaxed: threads that share an iterator may see an item twice, as with CPython's.
        let index = self.index.load(Ordering::Relaxed);
        if index >= self.length {
            return None;
        }
        self.index.store(index + 1, Ordering::Relaxed); // Relaxed: as above.
        Some(self.start + index * self.step)
    }

    /// The next number and the one after the last, if the step is 1.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let index = self.index.load(Ordering::Relaxed); // Relaxed: as above.
        (self.step == 1).then(|| (self.start + index, self.start + self.length))
    }

    fn left(&self) -> i64 {
        self.length - self.index.load(Ordering::Relaxed) // Relaxed: as above.
    }
}

#[pymethods]
impl RangeIterator {
    fn __iter__(this: &Obj<RangeIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        Ok(self.step_on().map(|i| th.int(i)))
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self) -> i64 {
        self.left()
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let index = self.index.load(Ordering::Relaxed); // Relaxed: see `step_on`.
        let parts = [self.start + index * self.step, self.start + self.length * self.step, self.step];
        let [start, stop, step] = parts.map(|i| th.int(i));
        let range = Range::make(th, start, stop, step)?.into_value();
        let (iter, arguments) = (builtin_iter(th)?, th.tuple(vec![range]));
        Ok(th.tuple(vec![iter, arguments, Value::NONE]))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, object: i64) {
        self.index.store(object.clamp(0, self.length), Ordering::Relaxed); // Relaxed: see `step_on`.
    }
}

/// The payload of the iterator of any other range.
#[pyclass(name = "longrange_iterator", module = "builtins", no_new)]
pub struct LongRangeIterator {
    start: Value,
    step: Value,
    length: Value,
    /// How many items were given out: an int.
    index: Guarded<Value>,
}

static LONG_NEXT: iterators::FastNext = iterators::FastNext::new(|th, iterator| {
    // SAFETY: hung on the class of `LongRangeIterator`, whose instances these are.
    let this: &Obj<LongRangeIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    LongRangeIterator::__next__(this, th)
});

fn long_iterator(th: &mut Thread, start: Value, step: Value, length: Value) -> Value {
    let payload = LongRangeIterator { start, step, length, index: Guarded::new(Value::int32(0)) };
    iterators::make(th, payload, &LONG_NEXT)
}

impl LongRangeIterator {
    fn item(&self, th: &mut Thread, index: IntRef<'_>) -> PyResult {
        let offset = multiply(th, index, number(&self.step))?;
        Ok(int_value(th, number(&self.start).add(offset.as_ref())))
    }
}

#[pymethods]
impl LongRangeIterator {
    fn __iter__(this: &Obj<LongRangeIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let index = self.index.lock(th).clone();
        if !number(&index).cmp(number(&self.length)).is_lt() {
            return Ok(None);
        }
        let item = self.item(th, number(&index))?;
        let next = int_value(th, number(&index).add(IntRef::Small(1)));
        *self.index.lock(th) = next;
        Ok(Some(item))
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> Value {
        let index = self.index.lock(th).clone();
        int_value(th, number(&self.length).sub(number(&index)))
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let index = self.index.lock(th).clone();
        let (start, stop) = (self.item(th, number(&index))?, self.item(th, number(&self.length))?);
        let range = Range::make(th, start, stop, self.step.clone())?.into_value();
        let (iter, arguments) = (builtin_iter(th)?, th.tuple(vec![range]));
        Ok(th.tuple(vec![iter, arguments, Value::NONE]))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, th: &mut Thread, object: &Value) -> PyResult<()> {
        let Some(index) = int_ref(object) else {
            let name = th.type_name(object);
            return Err(th.type_error(format_args!("state must be an int, not {name}")));
        };
        let length = number(&self.length);
        let index = if index.is_negative() {
            AnyInt::Small(0)
        } else if index.cmp(length).is_gt() {
            length.to_int()
        } else {
            index.to_int()
        };
        let index = int_value(th, index);
        *self.index.lock(th) = index;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_cpythons() {
        for (start, stop, step, length) in [
            (0, 10, 3, 4),
            (10, 0, -3, 4),
            (5, 5, 1, 0),
            (0, -1, 1, 0),
            (-(1 << 61), (1 << 61) - 1, 1, (1 << 62) - 1),
        ] {
            assert_eq!(Small::new(start, stop, step).length, length);
        }
    }
}
