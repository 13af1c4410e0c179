//! `slice`, and what positions in sequences are: shared by list, tuple, str, bytes, range and memoryview.

use object_model::number::int::IntRef;

use crate::class::type_of;
use crate::names::Special;
use crate::prelude::*;

/// The payload of a `slice`.
#[pyclass(name = "slice", module = "builtins", shape = SLICE)]
pub struct Slice {
    /// `start`
    pub start: Value,
    /// `stop`
    pub stop: Value,
    /// `step`
    pub step: Value,
}

/// What a slice means for a sequence of some length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceIndices {
    /// The first index.
    pub start: i64,
    /// Where to end: the index after the last, or before it when going down.
    pub stop: i64,
    /// Never zero.
    pub step: i64,
    /// How many indices there are.
    pub count: usize,
}

impl SliceIndices {
    /// The indices, all inside the sequence.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |i| (self.start + i as i64 * self.step) as usize)
    }

    /// The same indices in rising order: the lowest, and the distance between them.
    pub fn rising(self) -> (usize, usize) {
        if self.count == 0 {
            return (self.start.max(0) as usize, 1);
        }
        let last = self.start + (self.count as i64 - 1) * self.step;
        (self.start.min(last) as usize, self.step.unsigned_abs() as usize)
    }
}

/// An index: a number, or one beyond 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// This number.
    At(i64),
    /// Less than any index.
    Below,
    /// More than any index.
    Beyond,
}

/// The integer that a value is (`int`, `bool` or of a subclass), clamped to 64 bits; None if it is none.
pub(crate) fn int_of(value: &Value) -> Option<i64> {
    int_ref(value).map(|i| match position_of(i) {
        Position::At(i) => i,
        Position::Below => i64::MIN,
        Position::Beyond => i64::MAX,
    })
}

/// The integer that a value is, of any size.
pub(crate) fn int_ref(value: &Value) -> Option<IntRef<'_>> {
    if let Some(i) = value.as_small_int() {
        return Some(IntRef::Small(i));
    }
    if let Some(b) = value.as_bool() {
        return Some(IntRef::Small(b.into()));
    }
    let header = value.as_header()?;
    if !header.shape().class().payload.has(object_model::ty::flag::INT_SUBCLASS) {
        return None;
    }
    // SAFETY: the type says that the payload is an `Int`.
    let int: &Obj<Int> = unsafe { Obj::borrow_unchecked(value) };
    // The payload is borrowed from the object, which the value keeps alive.
    Some(IntRef::Big(&int.0))
}

fn position_of(int: IntRef<'_>) -> Position {
    match int.to_i64() {
        Some(i) => Position::At(i),
        None if int.is_negative() => Position::Below,
        None => Position::Beyond,
    }
}

/// `operator.index(value)` as an exact or derived int; None if the value has no `__index__`.
pub(crate) fn index_value(th: &mut Thread, value: &Value) -> PyResult<Option<Value>> {
    if int_ref(value).is_some() {
        return Ok(Some(value.clone()));
    }
    let Some(index) = th.call_special(value, Special::Index, &[])? else { return Ok(None) };
    if int_ref(&index).is_none() {
        let name = th.type_name(&index);
        return Err(th.type_error(format_args!("__index__ returned non-int (type {name})")));
    }
    Ok(Some(index))
}

/// The index that a value means; None if it has no `__index__`.
#[inline]
pub fn position(th: &mut Thread, value: &Value) -> PyResult<Option<Position>> {
    if let Some(i) = value.as_small_int() {
        return Ok(Some(Position::At(i)));
    }
    let index = index_value(th, value)?;
    Ok(index.as_ref().and_then(int_ref).map(position_of))
}

/// The error for a value that should have had an `__index__`.
pub(crate) fn not_an_integer(th: &mut Thread, value: &Value) -> Raised {
    let name = th.type_name(value);
    th.type_error(format_args!("'{name}' object cannot be interpreted as an integer"))
}

/// An index as `list.index` and other searches take it: clamped to 64 bits.
pub fn clamped(th: &mut Thread, value: &Value) -> PyResult<i64> {
    match position(th, value)? {
        Some(Position::At(i)) => Ok(i),
        Some(Position::Below) => Ok(i64::MIN),
        Some(Position::Beyond) => Ok(i64::MAX),
        None => Err(th.type_error("slice indices must be integers or None or have an __index__ method")),
    }
}

/// `clamped`, with negative numbers counted from the end and the result between 0 and `length`.
pub fn bound(th: &mut Thread, value: Option<&Value>, length: usize, default: usize) -> PyResult<usize> {
    let Some(value) = value else { return Ok(default) };
    let i = clamped(th, value)?;
    let i = if i < 0 { i.saturating_add(length as i64).max(0) } else { i };
    Ok((i as usize).min(length))
}

/// What `slice` means for a sequence of `length` items.
pub fn adjust(th: &mut Thread, slice: &Slice, length: usize) -> PyResult<SliceIndices> {
    let raw = unpack(th, slice)?;
    Ok(fit(raw, length))
}

/// Start, stop and step as numbers. A sequence that Python code could change meanwhile is measured after this.
pub fn unpack(th: &mut Thread, slice: &Slice) -> PyResult<(i64, i64, i64)> {
    let step = if slice.step.is_none() { 1 } else { clamped(th, &slice.step)? };
    if step == 0 {
        return Err(th.value_error("slice step cannot be zero"));
    }
    // So that its negative is a number too.
    let step = step.max(-i64::MAX);
    let start = match &slice.start {
        none if none.is_none() => {
            if step < 0 {
                i64::MAX
            } else {
                0
            }
        }
        start => clamped(th, start)?,
    };
    let stop = match &slice.stop {
        none if none.is_none() => {
            if step < 0 {
                i64::MIN
            } else {
                i64::MAX
            }
        }
        stop => clamped(th, stop)?,
    };
    Ok((start, stop, step))
}

/// Fits numbers of [`unpack`] to a sequence of `length` items.
#[inline]
pub fn fit((start, stop, step): (i64, i64, i64), length: usize) -> SliceIndices {
    let length = length as i64;
    let clip = |i: i64| {
        let i = if i < 0 { i.saturating_add(length) } else { i };
        if step < 0 { i.clamp(-1, length - 1) } else { i.clamp(0, length) }
    };
    let (start, stop) = (clip(start), clip(stop));
    // Divisions are slow, and most steps are one.
    let count = match step {
        1 => (stop - start).max(0),
        -1 => (start - stop).max(0),
        ..=-1 if stop < start => (start - stop - 1) / -step + 1,
        _ if step > 0 && start < stop => (stop - start - 1) / step + 1,
        _ => 0,
    };
    SliceIndices { start, stop, step, count: count as usize }
}

impl Slice {
    /// `slice(start, stop, step)`
    pub fn make(th: &mut Thread, start: Value, stop: Value, step: Value) -> Value {
        Obj::new(th, builtin::SLICE, Slice { start, stop, step }).into_value()
    }

    fn parts(&self) -> Vec<Value> {
        vec![self.start.clone(), self.stop.clone(), self.step.clone()]
    }
}

/// The value as a slice, if it is one.
#[inline(always)]
pub fn exact(value: &Value) -> Option<&Obj<Slice>> {
    match value.as_header() {
        // SAFETY: the shape says so.
        Some(header) if header.shape_id() == builtin::SLICE => Some(unsafe { Obj::borrow_unchecked(value) }),
        _ => None,
    }
}

#[pymethods]
impl Slice {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.type_error("slice() takes no keyword arguments"));
        }
        let none = || Value::NONE;
        match args.positional {
            [stop] => Ok(Slice::make(th, none(), stop.clone(), none())),
            [start, stop] => Ok(Slice::make(th, start.clone(), stop.clone(), none())),
            [start, stop, step] => Ok(Slice::make(th, start.clone(), stop.clone(), step.clone())),
            [] => Err(th.type_error("slice expected at least 1 argument, got 0")),
            more => {
                Err(th.type_error(format_args!("slice expected at most 3 arguments, got {}", more.len())))
            }
        }
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

    /// S.indices(len) -> (start, stop, stride)
    ///
    /// Assuming a sequence of length len, calculate the start and stop
    /// indices, and the stride length of the extended slice described by
    /// S. Out of bounds indices are clipped in a manner consistent with the
    /// handling of normal slices.
    #[signature("(object, /)")]
    fn indices(&self, th: &mut Thread, object: &Value) -> PyResult {
        let Some(length) = index_value(th, object)? else { return Err(not_an_integer(th, object)) };
        super::range::slice_indices(th, self, &length)
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult<String> {
        th.check_native_stack()?;
        let mut text = String::from("slice(");
        for (i, part) in self.parts().iter().enumerate() {
            if i > 0 {
                text.push_str(", ");
            }
            text.push_str(&th.repr(part)?.units().to_str_lossy());
        }
        text.push(')');
        Ok(text)
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        let parts = th.tuple(self.parts());
        th.hash(&parts)
    }

    fn __eq__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Eq)
    }

    fn __ne__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ne)
    }

    fn __lt__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Lt)
    }

    fn __le__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Le)
    }

    fn __gt__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Gt)
    }

    fn __ge__(this: &Obj<Slice>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ge)
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Slice>, th: &mut Thread) -> PyResult {
        let class = type_of(this.as_value()).value();
        let parts = th.tuple(this.parts());
        Ok(th.tuple(vec![class, parts]))
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}

fn compare(th: &mut Thread, this: &Obj<Slice>, other: &Value, op: CompareOp) -> PyResult {
    let Some(other) = exact(other) else { return Ok(Value::NOT_IMPLEMENTED) };
    if this.as_value().is(other.as_value()) {
        let same = matches!(op, CompareOp::Eq | CompareOp::Le | CompareOp::Ge);
        return Ok(Value::bool(same));
    }
    let (a, b) = (th.tuple(this.parts()), th.tuple(other.parts()));
    th.compare(&a, &b, op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_clipped_as_cpython_does() {
        let indices = |start, stop, step, length| {
            let s = fit((start, stop, step), length);
            (s.start, s.stop, s.step, s.iter().collect::<Vec<_>>())
        };
        assert_eq!(indices(1, i64::MAX, 2, 6), (1, 6, 2, vec![1, 3, 5]));
        assert_eq!(indices(i64::MAX, i64::MIN, -1, 3), (2, -1, -1, vec![2, 1, 0]));
        assert_eq!(indices(-100, 100, 1, 2), (0, 2, 1, vec![0, 1]));
        assert_eq!(indices(3, 1, 1, 5), (3, 1, 1, vec![]));
        assert_eq!(indices(0, i64::MAX, i64::MAX, 5), (0, 5, i64::MAX, vec![0]));
        assert_eq!(indices(i64::MAX, i64::MIN, -i64::MAX, 5), (4, -1, -i64::MAX, vec![4]));
        assert_eq!(fit((4, -6, -2), 5).rising(), (0, 2));
    }
}
