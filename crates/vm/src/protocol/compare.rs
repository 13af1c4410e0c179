//! Comparisons: fast paths on exact builtin types, then rich comparison with the priority of subclasses.
//!
//! Not here: the order of a type's own values (`builtins`).

use object_model::shape::builtin;
use object_model::text::Units;

use super::CompareOp;
use super::number::Real;
use crate::class::{Plain, descriptor, exact_str, special, type_of};
use crate::names::Special;
use crate::prelude::*;

/// The order of two strings by code points.
pub fn compare_units(a: Units<'_>, b: Units<'_>) -> std::cmp::Ordering {
    match (a, b) {
        (Units::Ascii(x) | Units::Latin1(x), Units::Ascii(y) | Units::Latin1(y)) => x.cmp(y),
        (Units::Ucs2(x), Units::Ucs2(y)) => x.cmp(y),
        (Units::Ucs4(x), Units::Ucs4(y)) => x.cmp(y),
        (a, b) => a.iter().cmp(b.iter()),
    }
}

/// The answer where no special method is needed.
#[inline]
fn fast(a: &Value, b: &Value, op: CompareOp) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        return Some(op.holds(x.cmp(&y)));
    }
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b)) {
        return Some(match op {
            CompareOp::Eq => a.is(b) || x.same(y),
            CompareOp::Ne => !a.is(b) && !x.same(y),
            _ => op.holds(compare_units(x.units(), y.units())),
        });
    }
    if let (Some(x), Some(y)) = (Real::of(a), Real::of(b)) {
        return Some(match (x, y) {
            (Real::Int(x), Real::Int(y)) => op.holds(x.cmp(y)),
            (Real::Float(x), Real::Float(y)) => op.holds_partly(x.partial_cmp(&y)),
            (Real::Int(x), Real::Float(y)) => op.holds_partly(x.cmp_f64(y)),
            (Real::Float(x), Real::Int(y)) => op.swapped().holds_partly(y.cmp_f64(x)),
        });
    }
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    // What knows nothing of the other: None and a number, a str and either.
    let strange = |x: &Value, y: &Value| y.as_header().is_none() && (x.is_none() || exact_str(x).is_some());
    if equality && (strange(a, b) || strange(b, a)) {
        return Some(a.is(b) == (op == CompareOp::Eq));
    }
    if let (Some(x), Some(y)) = (a.as_header(), b.as_header())
        && x.shape_id() == builtin::BYTES
        && y.shape_id() == builtin::BYTES
    {
        // SAFETY: both shapes say that the payload is a `Bytes`.
        let (x, y) = unsafe { (Obj::<Bytes>::borrow_unchecked(a), Obj::<Bytes>::borrow_unchecked(b)) };
        return Some(op.holds(x.as_slice().cmp(y.as_slice())));
    }
    None
}

/// The comparison method of a class; None for `object`'s, which knows nothing but identity.
fn method(th: &Thread, class: Class, special_method: Special) -> Option<Value> {
    let method = special::get(th, class, special_method)?;
    let plain = Plain::cell().get().and_then(|object| special::get(th, object, special_method));
    if plain.is_some_and(|plain| plain.is(method)) { None } else { Some(method.clone()) }
}

/// Calls a comparison method. One that cannot be had from its descriptor counts as not there.
fn call(th: &mut Thread, method: &Value, receiver: &Value, class: Class, other: &Value) -> PyResult {
    if descriptor::is_plain_method(method) {
        return th.call_special_method(method, receiver, class, &[other]);
    }
    match descriptor::bind(th, method, Some(receiver), class) {
        Ok(bound) => th.call(&bound, std::slice::from_ref(other)),
        Err(_) => {
            th.clear_exception();
            Ok(Value::NOT_IMPLEMENTED)
        }
    }
}

/// Asks one side. `object.__ne__` is the opposite of `__eq__`.
fn ask(
    th: &mut Thread,
    class: Class,
    receiver: &Value,
    other: &Value,
    op: CompareOp,
) -> PyResult<Option<Value>> {
    if let Some(found) = method(th, class, op.special()) {
        let answer = call(th, &found, receiver, class, other)?;
        return Ok(if answer.is(&Value::NOT_IMPLEMENTED) { None } else { Some(answer) });
    }
    if op == CompareOp::Ne
        && let Some(found) = method(th, class, Special::Eq)
    {
        let answer = call(th, &found, receiver, class, other)?;
        if answer.is(&Value::NOT_IMPLEMENTED) {
            return Ok(None);
        }
        let equal = th.is_true(&answer)?;
        return Ok(Some(Value::bool(!equal)));
    }
    Ok(None)
}

impl Thread {
    /// `a op b`
    pub fn compare(&mut self, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        if let Some(answer) = fast(a, b, op) {
            return Ok(Value::bool(answer));
        }
        self.check_native_stack()?;
        let (class_a, class_b) = (type_of(a), type_of(b));
        if std::ptr::eq(class_a, class_b)
            && matches!(op, CompareOp::Eq | CompareOp::Ne)
            && method(self, class_a, Special::Eq).is_none()
            && method(self, class_a, Special::Ne).is_none()
        {
            return Ok(Value::bool(a.is(b) == (op == CompareOp::Eq)));
        }
        let reflected_first = !std::ptr::eq(class_a, class_b) && class_b.is_subtype(self, class_a);
        if reflected_first && let Some(answer) = ask(self, class_b, b, a, op.swapped())? {
            return Ok(answer);
        }
        if let Some(answer) = ask(self, class_a, a, b, op)? {
            return Ok(answer);
        }
        if !reflected_first && let Some(answer) = ask(self, class_b, b, a, op.swapped())? {
            return Ok(answer);
        }
        match op {
            CompareOp::Eq => Ok(Value::bool(a.is(b))),
            CompareOp::Ne => Ok(Value::bool(!a.is(b))),
            _ => {
                let (name_a, name_b, symbol) = (self.type_name(a), self.type_name(b), op.symbol());
                Err(self.type_error(format_args!(
                    "'{symbol}' not supported between instances of '{name_a}' and '{name_b}'"
                )))
            }
        }
    }

    /// The truth of `a op b`.
    #[inline]
    pub fn compare_bool(&mut self, a: &Value, b: &Value, op: CompareOp) -> PyResult<bool> {
        if let Some(answer) = fast(a, b, op) {
            return Ok(answer);
        }
        let answer = self.compare(a, b, op)?;
        self.is_true(&answer)
    }

    /// `a is b or a == b`: what containers call equal.
    #[inline]
    pub fn eq(&mut self, a: &Value, b: &Value) -> PyResult<bool> {
        if a.is(b) { Ok(true) } else { self.compare_bool(a, b, CompareOp::Eq) }
    }

    /// The same as [`Thread::eq`].
    #[inline]
    pub fn identical_or_equal(&mut self, a: &Value, b: &Value) -> PyResult<bool> {
        self.eq(a, b)
    }
}
