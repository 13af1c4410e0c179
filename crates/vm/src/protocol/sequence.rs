//! What sequences share: length, concatenation and repetition, comparison item by item, unpacking.
//!
//! Not here: subscripts (`mapping`), which go by the key.

use std::sync::atomic::Ordering;

use object_model::dict::same_key;
use object_model::ty::flag;

use crate::builtins::slice::{self, Position};
use crate::class::type_of;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::exact;

/// Length hints below are not checked against the memory.
const PLAUSIBLE: usize = 1 << 16;

/// Hung on a class of native sequences: subscripts with small ints without a call.
pub struct FastItems {
    /// The item at an index that may be negative; None leaves the matter to `__getitem__`.
    pub get: fn(&mut Thread, &Value, i64) -> Option<Value>,
    /// Replaces that item; false leaves the matter to `__setitem__`.
    pub set: fn(&mut Thread, &Value, i64, &Value) -> bool,
}

impl FastItems {
    /// Hangs it on a class; subclasses do not have it.
    pub fn hang(&'static self, class: Class) {
        // Release pairs with the acquire in `of`, though a static needs no publishing.
        class.payload.items.store(std::ptr::from_ref(self).cast_mut().cast(), Ordering::Release);
    }

    /// What hangs on a class.
    #[inline(always)]
    pub fn of(class: Class) -> Option<&'static FastItems> {
        // SAFETY: only `hang` writes the pointer.
        unsafe { class.payload.items.load(Ordering::Acquire).cast::<FastItems>().as_ref() }
    }
}

/// Something whose items are reached by number, without running Python.
pub(crate) trait Indexed {
    /// Number of items now.
    fn count(&self) -> usize;
    /// Item `index`; None beyond the end.
    fn at(&self, th: &Thread, index: usize) -> Option<Value>;
}

impl Indexed for Obj<List> {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, th: &Thread, index: usize) -> Option<Value> {
        self.get(th, index)
    }
}

impl Indexed for Obj<Tuple> {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, _th: &Thread, index: usize) -> Option<Value> {
        self.items().get(index).cloned()
    }
}

impl Thread {
    /// `len(value)`
    pub fn length(&mut self, value: &Value) -> PyResult<usize> {
        if let Some(list) = exact::list(value) {
            return Ok(list.len());
        }
        if let Some(tuple) = exact::tuple(value) {
            return Ok(tuple.len());
        }
        if let Some(dict) = exact::dict(value) {
            return Ok(dict.len());
        }
        let Some(length) = self.call_special(value, Special::Len, &[])? else {
            let name = self.type_name(value);
            return Err(self.type_error(format_args!("object of type '{name}' has no len()")));
        };
        if let Some(i) = length.as_small_int()
            && i >= 0
        {
            return Ok(i as usize);
        }
        match slice::position(self, &length)? {
            Some(Position::At(i)) if i >= 0 => Ok(i as usize),
            Some(Position::At(_) | Position::Below) => Err(self.value_error("__len__() should return >= 0")),
            Some(Position::Beyond) => {
                Err(self.overflow_error("cannot fit 'int' into an index-sized integer"))
            }
            None => Err(slice::not_an_integer(self, &length)),
        }
    }

    /// `a is b or a == b`: what containers mean by equal.
    #[inline]
    pub fn same_or_equal(&mut self, a: &Value, b: &Value) -> PyResult<bool> {
        match same_key(a, b) {
            Some(answer) => Ok(answer),
            None => self.eq(a, b),
        }
    }

    /// Exactly `count` items, or the error that unpacking gives.
    pub fn unpack_exact(&mut self, value: &Value, count: usize) -> PyResult<Vec<Value>> {
        let known = match (exact::tuple(value), exact::list(value)) {
            (Some(tuple), _) => Some(tuple.items().to_vec()),
            (_, Some(list)) => Some(list.snapshot(self)),
            _ => None,
        };
        if let Some(items) = known {
            return match items.len() {
                found if found == count => Ok(items),
                found if found < count => Err(self.not_enough("", count, found)),
                found => Err(self
                    .value_error(format_args!("too many values to unpack (expected {count}, got {found})"))),
            };
        }
        let iterator = self.iter_to_unpack(value)?;
        let mut items = Vec::with_capacity(count);
        while items.len() < count {
            match self.next(&iterator)? {
                Some(item) => items.push(item),
                None => return Err(self.not_enough("", count, items.len())),
            }
        }
        if self.next(&iterator)?.is_none() {
            return Ok(items);
        }
        match exact::dict(value) {
            Some(dict) if dict.len() > count => {
                let found = dict.len();
                Err(self
                    .value_error(format_args!("too many values to unpack (expected {count}, got {found})")))
            }
            _ => Err(self.value_error(format_args!("too many values to unpack (expected {count})"))),
        }
    }

    /// `before` items, a list of those in the middle, `after` items: what `a, *b, c = value` assigns, in that order.
    pub fn unpack_star(&mut self, value: &Value, before: usize, after: usize) -> PyResult<Vec<Value>> {
        let iterator = self.iter_to_unpack(value)?;
        let mut items = Vec::with_capacity(before + after + 1);
        while items.len() < before {
            match self.next(&iterator)? {
                Some(item) => items.push(item),
                None => return Err(self.not_enough("at least ", before + after, items.len())),
            }
        }
        let mut rest = Vec::new();
        while let Some(item) = self.next(&iterator)? {
            rest.push(item);
        }
        if rest.len() < after {
            return Err(self.not_enough("at least ", before + after, before + rest.len()));
        }
        let last = rest.split_off(rest.len() - after);
        items.push(self.list(rest));
        items.extend(last);
        Ok(items)
    }

    fn iter_to_unpack(&mut self, value: &Value) -> PyResult {
        if !self.is_iterable(value) {
            let name = self.type_name(value);
            return Err(self.type_error(format_args!("cannot unpack non-iterable {name} object")));
        }
        self.iter(value)
    }

    #[cold]
    fn not_enough(&mut self, bound: &str, expected: usize, found: usize) -> Raised {
        self.value_error(format_args!(
            "not enough values to unpack (expected {bound}{expected}, got {found})"
        ))
    }

    /// `list.extend(iterable)`: what `[*iterable]` and `+=` do.
    pub fn list_extend(&mut self, list: &Obj<List>, iterable: &Value) -> PyResult<()> {
        if let Some(items) = self.builtin_items(iterable) {
            return list.extend(self, items).map_err(|_| self.memory_error());
        }
        let iterator = self.iter(iterable)?;
        // The list grows in steps anyway; what cannot fit fails at once. With what is there already no size at all, as in
        // CPython, the hint is not believed.
        let hint = self.length_hint(iterable, 8)?;
        let is_size = isize::try_from(hint).is_ok_and(|hint| hint.checked_add_unsigned(list.len()).is_some());
        if hint > PLAUSIBLE && is_size && Vec::<Value>::new().try_reserve_exact(hint).is_err() {
            return Err(self.memory_error());
        }
        while let Some(item) = self.next(&iterator)? {
            if list.push(self, item).is_err() {
                return Err(self.memory_error());
            }
        }
        Ok(())
    }
}

/// How two sequences compare by their first difference.
pub(crate) fn compare(
    th: &mut Thread,
    a: &(impl Indexed + ?Sized),
    b: &(impl Indexed + ?Sized),
    op: CompareOp,
) -> PyResult {
    th.check_native_stack()?;
    if a.count() != b.count() {
        match op {
            CompareOp::Eq => return Ok(Value::FALSE),
            CompareOp::Ne => return Ok(Value::TRUE),
            _ => {}
        }
    }
    let mut index = 0;
    while let (Some(x), Some(y)) = (a.at(th, index), b.at(th, index)) {
        if !th.same_or_equal(&x, &y)? {
            if index >= a.count() || index >= b.count() {
                // The comparison has emptied one of them.
                break;
            }
            return match op {
                CompareOp::Eq => Ok(Value::FALSE),
                CompareOp::Ne => Ok(Value::TRUE),
                _ => th.compare(&x, &y, op),
            };
        }
        index += 1;
    }
    let (a, b) = (a.count(), b.count());
    Ok(Value::bool(match op {
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }))
}

/// The answer of `+` when `other` is of no use: an error, unless its class may know better.
pub(crate) fn cannot_concatenate(th: &mut Thread, kind: &str, other: &Value) -> PyResult {
    if type_of(other).payload.has(flag::HEAP) && th.has_special(other, Special::RAdd) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let name = th.type_name(other);
    Err(th.type_error(format_args!("can only concatenate {kind} (not \"{name}\") to {kind}")))
}

/// The number of times that `*` repeats a sequence, none if negative. `Err(Ok(answer))` is the answer of the operator.
pub(crate) fn repetitions(th: &mut Thread, other: &Value) -> Result<usize, PyResult> {
    match slice::position(th, other) {
        Ok(Some(Position::At(count))) => Ok(count.max(0) as usize),
        Ok(Some(_)) => Err(Err(th.overflow_error("cannot fit 'int' into an index-sized integer"))),
        Ok(None) => {
            let known = th.has_special(other, Special::Mul) || th.has_special(other, Special::RMul);
            if type_of(other).payload.has(flag::HEAP) && known {
                return Err(Ok(Value::NOT_IMPLEMENTED));
            }
            let name = th.type_name(other);
            Err(Err(th.type_error(format_args!("can't multiply sequence by non-int of type '{name}'"))))
        }
        Err(raised) => Err(Err(raised)),
    }
}

/// `items` so many times over; None if that does not fit into memory.
pub(crate) fn repeated(items: &[Value], times: usize) -> Option<Vec<Value>> {
    if items.is_empty() {
        return Some(Vec::new());
    }
    let length = items.len().checked_mul(times)?;
    let mut all = Vec::new();
    all.try_reserve_exact(length).ok()?;
    for _ in 0..times {
        all.extend_from_slice(items);
    }
    Some(all)
}
