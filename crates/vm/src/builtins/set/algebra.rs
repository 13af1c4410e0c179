//! Sets as operands: union, intersection, difference, comparison, of `set` and `frozenset` alike.

use object_model::set::{FrozenSet, Hashed, Set};

use super::{FrozenSetClass, SetClass, add_hashed, contains, contains_hashed, discard_hashed, update};
use crate::prelude::*;
use crate::protocol::{exact, mapping};

/// A new empty set of the builtin class that `like` is of.
fn empty_like(th: &mut Thread, like: &Obj<Set>) -> Obj<Set> {
    if exact::is_frozenset(like.as_value()) {
        Obj::new(th, builtin::FROZENSET, FrozenSet::default()).as_set().clone()
    } else {
        Obj::<Set>::set(th)
    }
}

/// A copy of the same builtin class.
fn base_copy(th: &mut Thread, set: &Obj<Set>) -> PyResult<Obj<Set>> {
    let copy = empty_like(th, set);
    let filled = copy.fill_from(th, set);
    mapping::memory(th, filled)?;
    Ok(copy)
}

/// `set.copy()`: of the builtin class; a frozenset is its own copy.
fn copy(th: &mut Thread, set: &Obj<Set>) -> PyResult<Obj<Set>> {
    if set.header().shape_id() == builtin::FROZENSET { Ok(set.clone()) } else { base_copy(th, set) }
}

fn union(th: &mut Thread, set: &Obj<Set>, others: &[Value]) -> PyResult {
    let union = base_copy(th, set)?;
    for other in others {
        if !other.is(set.as_value()) {
            update(th, &union, other)?;
        }
    }
    Ok(union.into_value())
}

fn intersection(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<Obj<Set>> {
    if other.is(set.as_value()) {
        return base_copy(th, set);
    }
    let both = empty_like(th, set);
    if let Some(other) = exact::any_set(other) {
        let (large, small) = if other.len() > set.len() { (other, set) } else { (set, other) };
        for (key, hash) in small.snapshot(th) {
            if contains_hashed(th, large, &key, hash)? {
                add_hashed(th, &both, &key, hash)?;
            }
        }
        return Ok(both);
    }
    let iterator = th.iter(other)?;
    while let Some(key) = th.next(&iterator)? {
        let hash = th.hash_element(&key)?;
        if contains_hashed(th, set, &key, hash)? {
            add_hashed(th, &both, &key, hash)?;
            if both.len() >= set.len() {
                break;
            }
        }
    }
    Ok(both)
}

fn intersection_of_all(th: &mut Thread, set: &Obj<Set>, others: &[Value]) -> PyResult<Obj<Set>> {
    let [first, rest @ ..] = others else { return base_copy(th, set) };
    let mut both = intersection(th, set, first)?;
    for other in rest {
        both = intersection(th, &both, other)?;
    }
    Ok(both)
}

/// Replaces what is in `set` by what is in its intersection with others.
fn become_intersection(th: &mut Thread, set: &Obj<Set>, others: &[Value]) -> PyResult<()> {
    let both = intersection_of_all(th, set, others)?;
    set.take_over(th, &both);
    Ok(())
}

/// Removes keys that are hashed already; in one step as far as Python is not asked.
fn remove_all(th: &mut Thread, set: &Obj<Set>, keys: &[Hashed]) -> PyResult<()> {
    let mut done = 0;
    while done < keys.len() {
        done += set.remove_batch(th, &keys[done..]);
        if let Some((key, hash)) = keys.get(done) {
            discard_hashed(th, set, key, *hash)?;
            done += 1;
        }
    }
    Ok(())
}

fn difference_update(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<()> {
    if other.is(set.as_value()) {
        set.clear(th);
        return Ok(());
    }
    if let Some(others) = exact::any_set(other) {
        // A much larger set is not worth walking.
        let keys = if others.len() >> 3 > set.len() {
            intersection(th, set, other)?.snapshot(th)
        } else {
            others.snapshot(th)
        };
        remove_all(th, set, &keys)?;
    } else {
        th.for_each(other, |th, key| {
            let hash = th.hash_element(&key)?;
            discard_hashed(th, set, &key, hash)?;
            Ok(())
        })?;
    }
    let tidied = set.tidy(th);
    mapping::memory(th, tidied)
}

fn difference(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<Obj<Set>> {
    let dict = exact::dict(other);
    let size = exact::any_set(other).map(|s| s.len()).or(dict.map(|d| d.len()));
    // Much smaller operands are taken away from a copy; the result differs only in its order.
    let Some(_) = size.filter(|size| set.len() >> 2 <= *size) else {
        let rest = base_copy(th, set)?;
        difference_update(th, &rest, other)?;
        return Ok(rest);
    };
    let rest = empty_like(th, set);
    for (key, hash) in set.snapshot(th) {
        let found = match (exact::any_set(other), dict) {
            (Some(others), _) => contains_hashed(th, others, &key, hash)?,
            (None, Some(dict)) => th.dict_contains_hashed(dict, &key, hash)?,
            (None, None) => false,
        };
        if !found {
            add_hashed(th, &rest, &key, hash)?;
        }
    }
    Ok(rest)
}

fn difference_of_all(th: &mut Thread, set: &Obj<Set>, others: &[Value]) -> PyResult<Obj<Set>> {
    let [first, rest @ ..] = others else { return copy(th, set) };
    let left = difference(th, set, first)?;
    for other in rest {
        difference_update(th, &left, other)?;
    }
    Ok(left)
}

fn symmetric_difference_update(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<()> {
    if other.is(set.as_value()) {
        set.clear(th);
        return Ok(());
    }
    let keys: Vec<Hashed> = if let Some(others) = exact::any_set(other) {
        others.snapshot(th)
    } else if let Some(dict) = exact::dict(other) {
        dict.snapshot(th).into_iter().map(|(key, _value, hash)| (key, hash)).collect()
    } else {
        let others = empty_like(th, set);
        update(th, &others, other)?;
        others.snapshot(th)
    };
    for (key, hash) in keys {
        if !discard_hashed(th, set, &key, hash)? {
            add_hashed(th, set, &key, hash)?;
        }
    }
    Ok(())
}

/// In CPython the operand is copied, not the receiver.
fn symmetric_difference(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<Obj<Set>> {
    let result = empty_like(th, set);
    update(th, &result, other)?;
    symmetric_difference_update(th, &result, set.as_value())?;
    Ok(result)
}

fn is_subset_of(th: &mut Thread, set: &Obj<Set>, other: &Obj<Set>) -> PyResult<bool> {
    if set.len() > other.len() {
        return Ok(false);
    }
    for (key, hash) in set.snapshot(th) {
        if !contains_hashed(th, other, &key, hash)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_subset(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<bool> {
    if let Some(other) = exact::any_set(other) {
        return is_subset_of(th, set, other);
    }
    let both = intersection(th, set, other)?;
    Ok(both.len() == set.len())
}

fn is_superset(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<bool> {
    if let Some(other) = exact::any_set(other) {
        return is_subset_of(th, other, set);
    }
    let iterator = th.iter(other)?;
    while let Some(key) = th.next(&iterator)? {
        if !contains(th, set, &key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_disjoint(th: &mut Thread, set: &Obj<Set>, other: &Value) -> PyResult<bool> {
    if other.is(set.as_value()) {
        return Ok(set.is_empty());
    }
    if let Some(other) = exact::set(other) {
        let (large, small) = if other.len() > set.len() { (other, set) } else { (set, other) };
        for (key, hash) in small.snapshot(th) {
            if contains_hashed(th, large, &key, hash)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let iterator = th.iter(other)?;
    while let Some(key) = th.next(&iterator)? {
        if contains(th, set, &key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare(th: &mut Thread, a: &Obj<Set>, other: &Value, op: CompareOp) -> PyResult {
    let Some(b) = exact::any_set(other) else { return Ok(Value::NOT_IMPLEMENTED) };
    th.check_native_stack()?;
    let (own, others) = (a.len(), b.len());
    Ok(Value::bool(match op {
        CompareOp::Eq => own == others && is_subset_of(th, a, b)?,
        CompareOp::Ne => !(own == others && is_subset_of(th, a, b)?),
        CompareOp::Lt => own < others && is_subset_of(th, a, b)?,
        CompareOp::Le => is_subset_of(th, a, b)?,
        CompareOp::Gt => own > others && is_subset_of(th, b, a)?,
        CompareOp::Ge => is_subset_of(th, b, a)?,
    }))
}

/// An operator between two sets; whatever else is not its business.
fn operator(
    th: &mut Thread,
    left: &Value,
    right: &Value,
    apply: impl FnOnce(&mut Thread, &Obj<Set>, &Value) -> PyResult<Obj<Set>>,
) -> PyResult {
    match (exact::any_set(left), exact::any_set(right)) {
        (Some(left), Some(_)) => apply(th, left, right).map(Obj::into_value),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `left | right` of two sets.
fn or(th: &mut Thread, left: &Obj<Set>, right: &Value) -> PyResult<Obj<Set>> {
    let union = base_copy(th, left)?;
    update(th, &union, right)?;
    Ok(union)
}

macro_rules! algebra {
    ($class:ident $payload:ident $as_set:expr) => {
        #[pymethods(for = $payload, part = "algebra")]
        impl $class {
            fn __eq__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Eq)
            }

            fn __ne__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Ne)
            }

            fn __lt__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Lt)
            }

            fn __le__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Le)
            }

            fn __gt__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Gt)
            }

            fn __ge__(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, $as_set(this), other, CompareOp::Ge)
            }

            fn __or__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, this.as_value(), value, or)
            }

            fn __ror__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, value, this.as_value(), or)
            }

            fn __and__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, this.as_value(), value, intersection)
            }

            fn __rand__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, value, this.as_value(), intersection)
            }

            fn __sub__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, this.as_value(), value, difference)
            }

            fn __rsub__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, value, this.as_value(), difference)
            }

            fn __xor__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, this.as_value(), value, symmetric_difference)
            }

            fn __rxor__(this: &Obj<$payload>, th: &mut Thread, value: &Value) -> PyResult {
                operator(th, value, this.as_value(), symmetric_difference)
            }

            /// Return a shallow copy of a set.
            fn copy(this: &Obj<$payload>, th: &mut Thread) -> PyResult {
                copy(th, $as_set(this)).map(Obj::into_value)
            }

            /// Return a new set with elements from the set and all others.
            #[signature("(*others)")]
            fn union(this: &Obj<$payload>, th: &mut Thread, others: &[Value]) -> PyResult {
                union(th, $as_set(this), others)
            }

            /// Return a new set with elements common to the set and all others.
            #[signature("(*others)")]
            fn intersection(this: &Obj<$payload>, th: &mut Thread, others: &[Value]) -> PyResult {
                intersection_of_all(th, $as_set(this), others).map(Obj::into_value)
            }

            /// Return a new set with elements in the set that are not in the others.
            #[signature("(*others)")]
            fn difference(this: &Obj<$payload>, th: &mut Thread, others: &[Value]) -> PyResult {
                difference_of_all(th, $as_set(this), others).map(Obj::into_value)
            }

            /// Return a new set with elements in either the set or other but not both.
            #[signature("(other, /)")]
            fn symmetric_difference(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult {
                symmetric_difference(th, $as_set(this), other).map(Obj::into_value)
            }

            /// Report whether another set contains this set.
            #[signature("(other, /)")]
            fn issubset(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult<bool> {
                is_subset(th, $as_set(this), other)
            }

            /// Report whether this set contains another set.
            #[signature("(other, /)")]
            fn issuperset(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult<bool> {
                is_superset(th, $as_set(this), other)
            }

            /// Return True if two sets have a null intersection.
            #[signature("(other, /)")]
            fn isdisjoint(this: &Obj<$payload>, th: &mut Thread, other: &Value) -> PyResult<bool> {
                is_disjoint(th, $as_set(this), other)
            }
        }
    };
}

fn itself(set: &Obj<Set>) -> &Obj<Set> {
    set
}

algebra! { SetClass Set itself }
algebra! { FrozenSetClass FrozenSet Obj::<FrozenSet>::as_set }

/// An operator that changes its left operand.
fn in_place(
    th: &mut Thread,
    this: &Obj<Set>,
    value: &Value,
    apply: impl FnOnce(&mut Thread, &Obj<Set>, &Value) -> PyResult<()>,
) -> PyResult {
    if exact::any_set(value).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    apply(th, this, value)?;
    Ok(this.as_value().clone())
}

#[pymethods(for = Set, part = "in_place")]
impl SetClass {
    fn __ior__(this: &Obj<Set>, th: &mut Thread, value: &Value) -> PyResult {
        in_place(th, this, value, update)
    }

    fn __iand__(this: &Obj<Set>, th: &mut Thread, value: &Value) -> PyResult {
        in_place(th, this, value, |th, set, other| become_intersection(th, set, std::slice::from_ref(other)))
    }

    fn __isub__(this: &Obj<Set>, th: &mut Thread, value: &Value) -> PyResult {
        in_place(th, this, value, difference_update)
    }

    fn __ixor__(this: &Obj<Set>, th: &mut Thread, value: &Value) -> PyResult {
        in_place(th, this, value, symmetric_difference_update)
    }

    /// Update the set, keeping only elements found in it and all others.
    #[signature("(*others)")]
    fn intersection_update(this: &Obj<Set>, th: &mut Thread, others: &[Value]) -> PyResult<()> {
        become_intersection(th, this, others)
    }

    /// Update the set, removing elements found in others.
    #[signature("(*others)")]
    fn difference_update(this: &Obj<Set>, th: &mut Thread, others: &[Value]) -> PyResult<()> {
        others.iter().try_for_each(|other| difference_update(th, this, other))
    }

    /// Update the set, keeping only elements found in either set, but not in both.
    #[signature("(other, /)")]
    fn symmetric_difference_update(this: &Obj<Set>, th: &mut Thread, other: &Value) -> PyResult<()> {
        symmetric_difference_update(th, this, other)
    }
}
