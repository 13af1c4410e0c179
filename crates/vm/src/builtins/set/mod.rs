//! `set` and `frozenset`: methods. The storage is `object_model::set`, operations on two sets are in `algebra`.

mod algebra;

use std::sync::atomic::{AtomicUsize, Ordering};

use object_model::set::{FrozenSet, Probe, Set, Stale, Step};
use object_model::text::units::Builder;
use object_model::ty::flag;

use crate::builtins::iterators::{self, FastNext, builtin_iter, reduced};
use crate::builtins::list::guarded_repr;
use crate::class::type_of;
use crate::names::names;
use crate::prelude::*;
use crate::protocol::{exact, hash, mapping};

/// Build an unordered collection of unique elements.
#[pyclass(
    for = Set,
    name = "set",
    module = "builtins",
    subclassable,
    weakref,
    shape = SET,
    layout = &object_model::set::LAYOUT,
    flags = flag::SET_SUBCLASS | flag::MATCH_SELF,
    parts("algebra", "in_place")
)]
pub struct SetClass;

/// Build an immutable unordered collection of unique elements.
#[pyclass(
    for = FrozenSet,
    name = "frozenset",
    module = "builtins",
    subclassable,
    weakref,
    shape = FROZENSET,
    layout = &object_model::set::FROZEN_LAYOUT,
    flags = flag::FROZENSET_SUBCLASS | flag::MATCH_SELF,
    parts("algebra")
)]
pub struct FrozenSetClass;

/// The entry of `key`; a probe that ends so is what `insert` and `remove` take, unless a comparison changed the set. The key
/// that was found `equal` is not asked again by a search that has to be repeated: it might change the set each time.
fn find(
    th: &mut Thread,
    set: &Obj<Set>,
    key: &Value,
    hash: i64,
    probe: &mut Probe,
    equal: &mut Option<Value>,
) -> PyResult<Option<usize>> {
    loop {
        match set.search(th, key, hash, probe) {
            Step::Found(number) => return Ok(Some(number)),
            Step::Missing => return Ok(None),
            Step::Ask(candidate, number) => {
                if equal.as_ref().is_some_and(|known| known.is(&candidate)) || th.eq(&candidate, key)? {
                    *equal = Some(candidate);
                    return Ok(Some(number));
                }
            }
        }
    }
}

fn contains_hashed(th: &mut Thread, set: &Obj<Set>, key: &Value, hash: i64) -> PyResult<bool> {
    if let Some(found) = set.contains_quick(key, hash) {
        return Ok(found);
    }
    contains_compared(th, set, key, hash)
}

#[inline(never)]
fn contains_compared(th: &mut Thread, set: &Obj<Set>, key: &Value, hash: i64) -> PyResult<bool> {
    Ok(find(th, set, key, hash, &mut Probe::new(), &mut None)?.is_some())
}

#[inline]
fn add_hashed(th: &mut Thread, set: &Obj<Set>, key: &Value, hash: i64) -> PyResult<()> {
    match set.add_quick(th, key, hash) {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) => Err(th.memory_error()),
        None => add_compared(th, set, key, hash),
    }
}

#[inline(never)]
fn add_compared(th: &mut Thread, set: &Obj<Set>, key: &Value, hash: i64) -> PyResult<()> {
    loop {
        let mut probe = Probe::new();
        if find(th, set, key, hash, &mut probe, &mut None)?.is_some() {
            return Ok(());
        }
        match set.insert(th, &probe, key.clone(), hash) {
            Ok(()) => return Ok(()),
            Err(Stale::Keys) => {}
            Err(Stale::OutOfMemory) => return Err(th.memory_error()),
        }
    }
}

/// Removes a key; false if it was not there.
fn discard_hashed(th: &mut Thread, set: &Obj<Set>, key: &Value, hash: i64) -> PyResult<bool> {
    if let Some(removed) = set.remove_quick(th, key, hash) {
        return Ok(removed.is_some());
    }
    let mut equal = None;
    loop {
        let mut probe = Probe::new();
        let Some(number) = find(th, set, key, hash, &mut probe, &mut equal)? else { return Ok(false) };
        if let Ok(removed) = set.remove(th, &probe, number) {
            return Ok(removed.is_some());
        }
    }
}

/// The hash of an element that is added.
#[inline(always)]
fn hash_new(th: &mut Thread, element: &Value) -> PyResult<i64> {
    match hash::quick(element) {
        Some(hash) => Ok(hash),
        None => th.hash_element(element),
    }
}

/// The hash of what is looked for; that of a set, which has none, is the hash of the frozenset equal to it.
#[inline(always)]
fn hash_wanted(th: &mut Thread, key: &Value) -> PyResult<i64> {
    match hash::quick(key) {
        Some(hash) => Ok(hash),
        None => hash_wanted_of_object(th, key),
    }
}

fn hash_wanted_of_object(th: &mut Thread, key: &Value) -> PyResult<i64> {
    let hash = th.hash_element(key);
    match exact::any_set(key) {
        Some(set) if hash.is_err() => match th.catch(hash, Exc::TypeError)? {
            Some(hash) => Ok(hash),
            None => Ok(set.frozen_hash(th)),
        },
        _ => hash,
    }
}

/// `key in set`
pub(crate) fn contains(th: &mut Thread, set: &Obj<Set>, key: &Value) -> PyResult<bool> {
    let hash = hash_wanted(th, key)?;
    contains_hashed(th, set, key, hash)
}

/// A new `frozenset` of these elements.
pub fn frozenset(th: &mut Thread, elements: Vec<Value>) -> PyResult {
    let set = Obj::new(th, builtin::FROZENSET, FrozenSet::default());
    for element in &elements {
        add(th, set.as_set(), element)?;
    }
    Ok(set.into_value())
}

#[inline]
fn add(th: &mut Thread, set: &Obj<Set>, element: &Value) -> PyResult<()> {
    let hash = hash_new(th, element)?;
    add_hashed(th, set, element, hash)
}

/// Adds what `source` yields.
fn update(th: &mut Thread, set: &Obj<Set>, source: &Value) -> PyResult<()> {
    if let Some(other) = exact::any_set(source) {
        if other.as_value().is(set.as_value()) || other.is_empty() {
            return Ok(());
        }
        let filled = set.fill_from(th, other);
        if mapping::memory(th, filled)? {
            return Ok(());
        }
        let keys = other.snapshot(th);
        return add_all(th, set, &keys);
    }
    if let Some(dict) = exact::dict(source) {
        let keys: Vec<_> = dict.snapshot(th).into_iter().map(|(key, _value, hash)| (key, hash)).collect();
        return add_all(th, set, &keys);
    }
    th.for_each(source, |th, element| add(th, set, &element))
}

/// Adds keys that are hashed already; in one step as far as Python is not asked.
fn add_all(th: &mut Thread, set: &Obj<Set>, keys: &[(Value, i64)]) -> PyResult<()> {
    let reserved = set.reserve(th, keys.len());
    mapping::memory(th, reserved)?;
    let mut done = 0;
    while done < keys.len() {
        let added = set.add_batch(th, &keys[done..]);
        done += mapping::memory(th, added)?;
        if let Some((key, hash)) = keys.get(done) {
            add_hashed(th, set, key, *hash)?;
            done += 1;
        }
    }
    Ok(())
}

/// `name({…})`, or `{…}` for a set.
fn repr(th: &mut Thread, set: &Obj<Set>) -> PyResult {
    let name = th.type_name(set.as_value());
    if set.is_empty() {
        return Ok(th.str(&format!("{name}()")));
    }
    guarded_repr(th, set.as_value(), &format!("{name}(...)"), |th| {
        let plain = set.header().shape_id() == builtin::SET;
        let mut text = Builder::new();
        if !plain {
            text.push_str(&name);
            text.push_str("(");
        }
        for (i, (element, _hash)) in set.snapshot(th).iter().enumerate() {
            text.push_str(if i == 0 { "{" } else { ", " });
            text.push_units(th.repr(element)?.units());
        }
        text.push_str(if plain { "}" } else { "})" });
        th.units(text.finish().units())
    })
}

/// `(class, ([…],), state)`
fn reduce(th: &mut Thread, set: &Obj<Set>) -> PyResult {
    let elements = set.snapshot(th).into_iter().map(|(element, _hash)| element).collect();
    let elements = th.list(elements);
    let state = th.call_method_name(set.as_value(), &names().getstate, &[])?;
    let class = type_of(set.as_value()).value();
    Ok(reduced(th, class, elements, Some(state)))
}

impl Thread {
    /// A `set` of these elements.
    pub fn build_set(&mut self, elements: impl IntoIterator<Item = Value>) -> PyResult {
        let set = Obj::<Set>::set(self);
        for element in elements {
            add(self, &set, &element)?;
        }
        Ok(set.into_value())
    }

    /// `set.add(element)` for a value that is a set; what `{*iterable}` and comprehensions do.
    pub fn set_add(&mut self, set: &Value, element: &Value) -> PyResult<()> {
        match exact::any_set(set) {
            Some(set) => add(self, set, element),
            None => Err(self.system_error("not a set")),
        }
    }
}

#[pymethods(for = Set)]
impl SetClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        Ok(Obj::new(th, class.payload.instance_shape(), Set::default()).into_value())
    }

    #[raw]
    fn __init__(this: &Obj<Set>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        if args.has_keywords() {
            return Err(th.type_error("set() takes no keyword arguments"));
        }
        let source = match args.positional {
            [] => None,
            [source] => Some(source),
            more => {
                let found = more.len();
                return Err(th.type_error(format_args!("set expected at most 1 argument, got {found}")));
            }
        };
        if !this.is_empty() {
            this.clear(th);
        }
        match source {
            Some(source) => update(th, this, source),
            None => Ok(()),
        }
    }

    fn __repr__(this: &Obj<Set>, th: &mut Thread) -> PyResult {
        repr(th, this)
    }

    fn __len__(this: &Obj<Set>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<Set>, th: &mut Thread) -> Value {
        SetIterator::make(th, this.as_value().clone())
    }

    /// x.__contains__(y) <==> y in x.
    #[signature("(object, /)")]
    fn __contains__(this: &Obj<Set>, th: &mut Thread, object: &Value) -> PyResult<bool> {
        contains(th, this, object)
    }

    /// Add an element to a set.
    ///
    /// This has no effect if the element is already present.
    #[signature("(object, /)")]
    fn add(this: &Obj<Set>, th: &mut Thread, object: &Value) -> PyResult<()> {
        add(th, this, object)
    }

    /// Remove all elements from this set.
    fn clear(this: &Obj<Set>, th: &mut Thread) {
        this.clear(th);
    }

    /// Remove an element from a set if it is a member.
    ///
    /// Unlike set.remove(), the discard() method does not raise
    /// an exception when an element is missing from the set.
    #[signature("(object, /)")]
    fn discard(this: &Obj<Set>, th: &mut Thread, object: &Value) -> PyResult<()> {
        let hash = hash_wanted(th, object)?;
        discard_hashed(th, this, object, hash)?;
        Ok(())
    }

    /// Remove an element from a set; it must be a member.
    ///
    /// If the element is not a member, raise a KeyError.
    #[signature("(object, /)")]
    fn remove(this: &Obj<Set>, th: &mut Thread, object: &Value) -> PyResult<()> {
        let hash = hash_wanted(th, object)?;
        if discard_hashed(th, this, object, hash)? { Ok(()) } else { Err(th.key_error(object.clone())) }
    }

    /// Remove and return an arbitrary set element.
    ///
    /// Raises KeyError if the set is empty.
    fn pop(this: &Obj<Set>, th: &mut Thread) -> PyResult {
        match this.pop(th) {
            Some(element) => Ok(element),
            None => {
                let message = th.str("pop from an empty set");
                Err(th.key_error(message))
            }
        }
    }

    /// Update the set, adding elements from all others.
    #[signature("(*others)")]
    fn update(this: &Obj<Set>, th: &mut Thread, others: &[Value]) -> PyResult<()> {
        others.iter().try_for_each(|other| update(th, this, other))
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Set>, th: &mut Thread) -> PyResult {
        reduce(th, this)
    }

    /// S.__sizeof__() -> size of S in memory, in bytes.
    fn __sizeof__(this: &Obj<Set>) -> usize {
        object_model::set::LAYOUT.size + this.table_size()
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}

#[pymethods(for = FrozenSet)]
impl FrozenSetClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let own = std::ptr::eq(class, FrozenSet::class(th));
        let args = without_keywords::<FrozenSet>(th, class, args)?;
        let source = match args.positional {
            [] => None,
            [source] if own && source.as_header().is_some_and(|h| h.shape_id() == builtin::FROZENSET) => {
                return Ok(source.clone());
            }
            [source] => Some(source),
            more => {
                let found = more.len();
                return Err(th.type_error(format_args!("frozenset expected at most 1 argument, got {found}")));
            }
        };
        let set = Obj::new(th, class.payload.instance_shape(), FrozenSet::default());
        if let Some(source) = source {
            update(th, set.as_set(), source)?;
        }
        Ok(set.into_value())
    }

    fn __repr__(this: &Obj<FrozenSet>, th: &mut Thread) -> PyResult {
        repr(th, this.as_set())
    }

    fn __hash__(this: &Obj<FrozenSet>, th: &mut Thread) -> i64 {
        this.hash(th)
    }

    fn __len__(this: &Obj<FrozenSet>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<FrozenSet>, th: &mut Thread) -> Value {
        SetIterator::make(th, this.as_value().clone())
    }

    /// x.__contains__(y) <==> y in x.
    #[signature("(object, /)")]
    fn __contains__(this: &Obj<FrozenSet>, th: &mut Thread, object: &Value) -> PyResult<bool> {
        contains(th, this.as_set(), object)
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<FrozenSet>, th: &mut Thread) -> PyResult {
        reduce(th, this.as_set())
    }

    /// S.__sizeof__() -> size of S in memory, in bytes.
    fn __sizeof__(this: &Obj<FrozenSet>) -> usize {
        object_model::set::FROZEN_LAYOUT.size + this.table_size()
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}

/// The payload of the iterator of a set or frozenset.
#[pyclass(name = "set_iterator", module = "builtins", no_new)]
pub struct SetIterator {
    /// A set or frozenset, or of a subclass.
    set: Held<Value>,
    /// The next entry number, END at the end. Threads that share an iterator may see an element twice.
    at: AtomicUsize,
    /// How many elements the set must have; END once it was found changed.
    size: AtomicUsize,
    left: AtomicUsize,
}

const END: usize = usize::MAX;

static SET_NEXT: FastNext = FastNext::new(|th, iterator| {
    // SAFETY: hung on this very class, whose instances these are.
    let this: &Obj<SetIterator> = unsafe { Obj::borrow_unchecked(iterator) };
    SetIterator::__next__(this, th)
});

impl SetIterator {
    /// A new iterator over a value that is a set.
    pub(crate) fn make(th: &mut Thread, set: Value) -> Value {
        let size = exact::any_set(&set).map_or(0, |s| s.len());
        let (at, left) = (AtomicUsize::new(0), AtomicUsize::new(size));
        iterators::make(
            th,
            SetIterator { set: Held::new(set), at, size: AtomicUsize::new(size), left },
            &SET_NEXT,
        )
    }
}

#[pymethods]
impl SetIterator {
    fn __iter__(this: &Obj<SetIterator>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let at = self.at.load(Ordering::Relaxed); // Relaxed: see the fields.
        let Some(set) = self.set.get(th).and_then(exact::any_set).filter(|_| at != END) else {
            return Ok(None);
        };
        // Relaxed: as above.
        if self.size.load(Ordering::Relaxed) != set.len() {
            self.size.store(END, Ordering::Relaxed); // Relaxed: as above.
            return Err(th.runtime_error("Set changed size during iteration"));
        }
        let Some((element, next)) = set.key_from(th, at) else {
            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
            self.set.release(th);
            return Ok(None);
        };
        self.at.store(next, Ordering::Relaxed); // Relaxed: as above.
        let left = self.left.load(Ordering::Relaxed).saturating_sub(1); // Relaxed: as above.
        self.left.store(left, Ordering::Relaxed); // Relaxed: as above.
        Ok(Some(element))
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> usize {
        // Relaxed: as above.
        let (at, size) = (self.at.load(Ordering::Relaxed), self.size.load(Ordering::Relaxed));
        let unchanged = self.set.get(th).and_then(exact::any_set).is_some_and(|s| s.len() == size);
        if at == END || !unchanged { 0 } else { self.left.load(Ordering::Relaxed) } // Relaxed: as above.
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<SetIterator>, th: &mut Thread) -> PyResult {
        let mut at = this.at.load(Ordering::Relaxed); // Relaxed: as above.
        let mut rest = Vec::new();
        if let Some(set) = this.set.get(th).and_then(exact::any_set).filter(|_| at != END) {
            while let Some((element, next)) = set.key_from(th, at) {
                rest.push(element);
                at = next;
            }
        }
        let (iter, rest) = (builtin_iter(th)?, th.list(rest));
        Ok(reduced(th, iter, rest, None))
    }
}
