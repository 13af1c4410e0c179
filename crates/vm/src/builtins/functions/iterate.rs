//! Functions over iterables.

use crate::builtins::iterators;
use crate::error::Raised;
use crate::names::Special;
use crate::prelude::*;

/// Return the number of items in a container.
#[pyfunction(signature = "(obj, /)")]
pub fn len(th: &mut Thread, obj: &Value) -> PyResult<usize> {
    th.length(obj)
}

/// iter(iterable) -> iterator
/// iter(callable, sentinel) -> iterator
///
/// Get an iterator from an object.
/// In the first form, the argument must supply its own iterator, or be a sequence.
/// In the second form, the callable is called until it returns the sentinel.
#[pyfunction]
pub fn iter(th: &mut Thread, object: &Value, sentinel: Option<&Value>) -> PyResult {
    let Some(sentinel) = sentinel else { return th.iter(object) };
    if !th.is_callable(object) {
        return Err(th.type_error("iter(v, w): v must be callable"));
    }
    Ok(iterators::CallableIterator::make(th, object.clone(), sentinel.clone()))
}

/// next(iterator[, default])
///
/// Return the next item from the iterator. If default is given and the iterator
/// is exhausted, it is returned instead of raising StopIteration.
#[pyfunction]
pub fn next(th: &mut Thread, iterator: &Value, default: Option<&Value>) -> PyResult {
    if !th.has_special(iterator, Special::Next) {
        let found = th.type_name(iterator);
        return Err(th.type_error(format_args!("'{found}' object is not an iterator")));
    }
    let Some(default) = default else {
        return match th.call_special(iterator, Special::Next, &[])? {
            Some(item) => Ok(item),
            None => Err(th.stop_iteration()),
        };
    };
    Ok(th.next(iterator)?.unwrap_or_else(|| default.clone()))
}

/// Return True if bool(x) is True for all values x in the iterable.
///
/// If the iterable is empty, return True.
#[pyfunction(signature = "(iterable, /)")]
pub fn all(th: &mut Thread, iterable: &Value) -> PyResult<bool> {
    let iterator = th.iter(iterable)?;
    while let Some(item) = th.next(&iterator)? {
        if !th.is_true(&item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Return True if bool(x) is True for any x in the iterable.
///
/// If the iterable is empty, return False.
#[pyfunction(signature = "(iterable, /)")]
pub fn any(th: &mut Thread, iterable: &Value) -> PyResult<bool> {
    let iterator = th.iter(iterable)?;
    while let Some(item) = th.next(&iterator)? {
        if th.is_true(&item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Two floats that stand for their sum with what rounding lost (Neumaier).
#[derive(Clone, Copy)]
struct Compensated {
    high: f64,
    low: f64,
}

impl Compensated {
    fn add(self, x: f64) -> Compensated {
        let total = self.high + x;
        let lost = if self.high.abs() >= x.abs() { (self.high - total) + x } else { (x - total) + self.high };
        Compensated { high: total, low: self.low + lost }
    }

    fn value(self) -> f64 {
        // An infinite or undefined correction would spoil an infinite sum.
        if self.low != 0.0 && self.low.is_finite() { self.high + self.low } else { self.high }
    }
}

fn exact_float(th: &Thread, value: &Value) -> Option<f64> {
    value.as_immediate_float().or_else(|| th.exact::<Float>(value).map(|f| f.0))
}

/// Return the sum of a 'start' value (default: 0) plus an iterable of numbers
///
/// When the iterable is empty, return the start value.
/// This function is intended specifically for use with numeric values and may
/// reject non-numeric types.
#[pyfunction(signature = "(iterable, /, start=0)")]
pub fn sum(th: &mut Thread, iterable: &Value, start: Option<&Value>) -> PyResult {
    let mut total = match start {
        Some(start) => start.clone(),
        None => th.int(0),
    };
    let refused = if th.as_str(&total).is_some() {
        Some("sum() can't sum strings [use ''.join(seq) instead]")
    } else if th.downcast::<Bytes>(&total).is_some() {
        Some("sum() can't sum bytes [use b''.join(seq) instead]")
    } else if th.downcast::<ByteArray>(&total).is_some() {
        Some("sum() can't sum bytearray [use b''.join(seq) instead]")
    } else {
        None
    };
    if let Some(message) = refused {
        return Err(th.type_error(message));
    }
    let iterator = th.iter(iterable)?;
    while let Some(item) = th.next(&iterator)? {
        // Small integers, then floats, without calls.
        if let (Some(a), Some(b)) = (total.as_small_int(), item.as_small_int())
            && let Some(sum) = a.checked_add(b)
        {
            total = th.int(sum);
            continue;
        }
        if let (Some(high), Some(x)) = (exact_float(th, &total), exact_float(th, &item)) {
            total = sum_floats(th, &iterator, Compensated { high, low: 0.0 }.add(x))?;
            continue;
        }
        total = th.binary_op(BinaryOp::Add, &total, &item)?;
    }
    Ok(total)
}

/// Goes on while the items are floats or small integers; the first other one is added as any object.
fn sum_floats(th: &mut Thread, iterator: &Value, mut total: Compensated) -> PyResult {
    while let Some(item) = th.next(iterator)? {
        if let Some(x) = exact_float(th, &item) {
            total = total.add(x);
        } else if let Some(i) = item.as_small_int() {
            total = total.add(i as f64);
        } else {
            let sum = th.float(total.value());
            return th.binary_op(BinaryOp::Add, &sum, &item);
        }
    }
    Ok(th.float(total.value()))
}

/// min(iterable, *[, default=obj, key=func]) -> value
/// min(arg1, arg2, *args, *[, key=func]) -> value
///
/// With a single iterable argument, return its smallest item. The
/// default keyword-only argument specifies an object to return if
/// the provided iterable is empty.
/// With two or more positional arguments, return the smallest argument.
#[pyfunction(raw)]
pub fn min(th: &mut Thread, args: Args<'_>) -> PyResult {
    extreme(th, args, "min", CompareOp::Lt)
}

/// max(iterable, *[, default=obj, key=func]) -> value
/// max(arg1, arg2, *args, *[, key=func]) -> value
///
/// With a single iterable argument, return its biggest item. The
/// default keyword-only argument specifies an object to return if
/// the provided iterable is empty.
/// With two or more positional arguments, return the largest argument.
#[pyfunction(raw)]
pub fn max(th: &mut Thread, args: Args<'_>) -> PyResult {
    extreme(th, args, "max", CompareOp::Gt)
}

fn extreme(th: &mut Thread, args: Args<'_>, name: &str, better: CompareOp) -> PyResult {
    let (mut key, mut default) = (None, None);
    for (keyword, value) in args.keywords() {
        match keyword.as_ascii() {
            Some("key") => key = Some(value.clone()).filter(|k| !k.is_none()),
            Some("default") => default = Some(value.clone()),
            _ => {
                let keyword = super::text_of(keyword);
                return Err(
                    th.type_error(format_args!("{name}() got an unexpected keyword argument '{keyword}'"))
                );
            }
        }
    }
    let positional = args.positional;
    if positional.is_empty() {
        return Err(th.type_error(format_args!("{name} expected at least 1 argument, got 0")));
    }
    if positional.len() > 1 && default.is_some() {
        return Err(th.type_error(format_args!(
            "Cannot specify a default for {name}() with multiple positional arguments"
        )));
    }
    let mut best: Option<(Value, Value)> = None;
    let mut consider = |th: &mut Thread, item: Value| -> PyResult<()> {
        let measure = match &key {
            Some(key) => th.call(key, std::slice::from_ref(&item))?,
            None => item.clone(),
        };
        let replace = match &best {
            None => true,
            Some((_, known)) => match (measure.as_small_int(), known.as_small_int()) {
                (Some(a), Some(b)) => {
                    if better == CompareOp::Lt {
                        a < b
                    } else {
                        a > b
                    }
                }
                _ => th.compare_bool(&measure, known, better)?,
            },
        };
        if replace {
            best = Some((item, measure));
        }
        Ok(())
    };
    if let [iterable] = positional {
        let iterator = th.iter(iterable)?;
        while let Some(item) = th.next(&iterator)? {
            consider(th, item)?;
        }
    } else {
        for item in positional {
            consider(th, item.clone())?;
        }
    }
    match best.map(|(item, _)| item).or(default) {
        Some(item) => Ok(item),
        None => Err(th.value_error(format_args!("{name}() iterable argument is empty"))),
    }
}

/// Return a new list containing all items from the iterable in ascending order.
///
/// A custom key function can be supplied to customize the sort order, and the
/// reverse flag can be set to request the result in descending order.
#[pyfunction(signature = "(iterable, /, *, key=None, reverse=False)")]
pub fn sorted(th: &mut Thread, iterable: &Value, key: Option<&Value>, reverse: Option<&Value>) -> PyResult {
    let reverse = match reverse {
        Some(reverse) => th.is_true(reverse)?,
        None => false,
    };
    let mut items = th.collect(iterable)?;
    crate::builtins::list::sort::sort_values(th, &mut items, key, reverse)?;
    Ok(th.list(items))
}

#[cold]
fn not_async(th: &mut Thread, value: &Value, what: &str) -> Raised {
    let found = th.type_name(value);
    th.type_error(format_args!("'{found}' object is not an async {what}"))
}

/// Return an AsyncIterator for an AsyncIterable object.
#[pyfunction(signature = "(async_iterable, /)")]
pub fn aiter(th: &mut Thread, async_iterable: &Value) -> PyResult {
    let Some(iterator) = th.call_special(async_iterable, Special::AIter, &[])? else {
        return Err(not_async(th, async_iterable, "iterable"));
    };
    if !th.has_special(&iterator, Special::ANext) {
        let found = th.type_name(&iterator);
        return Err(th.type_error(format_args!("aiter() returned not an async iterator of type '{found}'")));
    }
    Ok(iterator)
}

/// Return the next item from the async iterator.
///
/// If default is given and the async iterator is exhausted,
/// it is returned instead of raising StopAsyncIteration.
#[pyfunction(signature = "(aiterator, default=<unrepresentable>, /)")]
pub fn anext(th: &mut Thread, aiterator: &Value, default: Option<&Value>) -> PyResult {
    let Some(awaitable) = th.call_special(aiterator, Special::ANext, &[])? else {
        return Err(not_async(th, aiterator, "iterator"));
    };
    match default {
        None => Ok(awaitable),
        Some(default) => Ok(super::anext::with_default(th, awaitable, default.clone())),
    }
}
