//! `enumerate`, `zip`, `map`, `filter` and `reversed`.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use object_model::number::int::IntRef;

use super::{FastNext, hang, item_or_end, reduced};
use crate::builtins::range::int_value;
use crate::builtins::slice::{index_value, int_ref, not_an_integer};
use crate::class::special;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::iterator::Item;
use crate::protocol::mapping;

/// A tuple of two.
fn pair(th: &mut Thread, first: Value, second: Value) -> PyResult {
    let mut items = [Some(first), Some(second)];
    let made = Obj::<Tuple>::from_exact(th, builtin::TUPLE, 2, |i| items[i].take().unwrap_or(Value::NONE));
    Ok(mapping::memory(th, made)?.into_value())
}

macro_rules! fast_next {
    ($static:ident $type:ident, $make:ident $($method:ident)*) => {
        static $static: FastNext = FastNext::$make($(|th, iterator| {
            // SAFETY: hung on this very class, whose instances these are.
            let this: &Obj<$type> = unsafe { Obj::borrow_unchecked(iterator) };
            this.$method(th)
        }),*);
    };
}

/// Return an enumerate object.
///
///   iterable
///     an object supporting iteration
///
/// The enumerate object yields pairs containing a count (from start, which
/// defaults to zero) and a value yielded by the iterable argument.
///
/// enumerate is useful for obtaining an indexed list:
///     (0, seq[0]), (1, seq[1]), (2, seq[2]), ...
#[pyclass(name = "enumerate", module = "builtins", subclassable)]
pub struct Enumerate {
    iterator: Value,
    /// The next number; past the last small one it is in `large`.
    index: AtomicI64,
    large: Guarded<Value>,
}

/// The number is in `Enumerate::large`.
const LARGE: i64 = i64::MAX;

fast_next!(ENUMERATE_NEXT Enumerate, of_pairs __next__ pair);

impl Enumerate {
    /// The next number and its item.
    fn step(&self, th: &mut Thread) -> PyResult<Option<(Value, Value)>> {
        let Some(item) = th.next(&self.iterator)? else { return Ok(None) };
        // Relaxed: threads that share an iterator may see a number twice, as they may an item.
        let index = self.index.load(Ordering::Relaxed);
        match Value::small_int(index) {
            Some(value) if index != LARGE => {
                let next = if Value::small_int(index + 1).is_some() { index + 1 } else { LARGE };
                if next == LARGE {
                    *self.large.lock(th) = int_value(th, IntRef::Small(index).add(IntRef::Small(1)));
                }
                self.index.store(next, Ordering::Relaxed); // Relaxed: as above.
                Ok(Some((value, item)))
            }
            _ => {
                let index = self.large.lock(th).clone();
                let next = int_value(th, int_ref(&index).unwrap_or(IntRef::Small(0)).add(IntRef::Small(1)));
                *self.large.lock(th) = next;
                Ok(Some((index, item)))
            }
        }
    }

    fn pair(&self, th: &mut Thread) -> PyResult<Option<Item>> {
        Ok(self.step(th)?.map(|(number, item)| Item::Pair(number, item)))
    }
}

#[pymethods]
impl Enumerate {
    #[new]
    #[signature("(iterable, start=0)")]
    fn new(th: &mut Thread, iterable: &Value, start: Option<&Value>) -> PyResult<Enumerate> {
        hang::<Enumerate>(th, &ENUMERATE_NEXT);
        let index = match start {
            None => Value::int32(0),
            Some(start) => match index_value(th, start)? {
                Some(index) => int_value(th, int_ref(&index).unwrap_or(IntRef::Small(0)).to_int()),
                None => return Err(not_an_integer(th, start)),
            },
        };
        let iterator = th.iter(iterable)?;
        let small = index.as_small_int().unwrap_or(LARGE);
        Ok(Enumerate { iterator, index: AtomicI64::new(small), large: Guarded::new(index) })
    }

    fn __iter__(this: &Obj<Enumerate>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        match self.step(th)? {
            Some((number, item)) => pair(th, number, item).map(Some),
            None => Ok(None),
        }
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Enumerate>, th: &mut Thread) -> Value {
        // Relaxed: as in `__next__`.
        let index = match this.index.load(Ordering::Relaxed) {
            LARGE => this.large.lock(th).clone(),
            small => th.int(small),
        };
        let class = th.type_of(this.as_value()).value();
        let arguments = th.tuple(vec![this.iterator.clone(), index]);
        th.tuple(vec![class, arguments])
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(crate::builtins::generic_alias::make(th, class, object))
    }
}

/// The keyword argument `strict` of `zip` and `map`, if it is given; any other keyword is an error.
fn strict(th: &mut Thread, name: &str, args: &Args<'_>) -> PyResult<bool> {
    let count = args.keyword_values.len();
    if count > 1 {
        return Err(th.type_error(format_args!("{name}() takes at most 1 keyword argument ({count} given)")));
    }
    let Some((keyword, value)) = args.keywords().next() else { return Ok(false) };
    if keyword.as_ascii() != Some("strict") {
        let keyword = keyword.units().to_str_lossy().to_string();
        return Err(th.type_error(format_args!("{name}() got an unexpected keyword argument '{keyword}'")));
    }
    th.is_true(value)
}

/// One item of each iterator; None when one ends, which must be all of them at once if `strict`.
fn advance(th: &mut Thread, name: &str, iterators: &[Value], strict: bool) -> PyResult<Option<Vec<Value>>> {
    let mut items = Vec::with_capacity(iterators.len());
    for (i, iterator) in iterators.iter().enumerate() {
        match th.next(iterator)? {
            Some(item) => items.push(item),
            None if !strict => return Ok(None),
            None if i > 0 => return Err(mismatch(th, name, i, "shorter")),
            None => {
                for (i, iterator) in iterators.iter().enumerate().skip(1) {
                    if th.next(iterator)?.is_some() {
                        return Err(mismatch(th, name, i, "longer"));
                    }
                }
                return Ok(None);
            }
        }
    }
    Ok(Some(items))
}

fn mismatch(th: &mut Thread, name: &str, i: usize, how: &str) -> Raised {
    let others = if i == 1 { " 1".to_string() } else { format!("s 1-{i}") };
    th.value_error(format_args!("{name}() argument {} is {how} than argument{others}", i + 1))
}

/// The zip object yields n-length tuples, where n is the number of iterables
/// passed as positional arguments to zip().  The i-th element in every tuple
/// comes from the i-th iterable argument to zip().  This continues until the
/// shortest argument is exhausted.
///
/// If strict is true and one of the arguments is exhausted before the others,
/// raise a ValueError.
///
///    >>> list(zip('abcdefg', range(3), range(4)))
///    [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]
#[pyclass(name = "zip", module = "builtins", subclassable)]
pub struct Zip {
    iterators: Vec<Value>,
    strict: AtomicBool,
}

fast_next!(ZIP_NEXT Zip, of_pairs __next__ item);

impl Zip {
    /// The next items, of two iterators without a tuple.
    fn item(&self, th: &mut Thread) -> PyResult<Option<Item>> {
        let strict = self.strict.load(Ordering::Relaxed); // Relaxed: a flag on its own.
        if let ([a, b], false) = (self.iterators.as_slice(), strict) {
            let Some(first) = th.next(a)? else { return Ok(None) };
            let Some(second) = th.next(b)? else { return Ok(None) };
            return Ok(Some(Item::Pair(first, second)));
        }
        if self.iterators.is_empty() {
            return Ok(None);
        }
        let items = advance(th, "zip", &self.iterators, strict)?;
        Ok(items.map(|items| Item::Whole(th.tuple(items))))
    }
}

#[pymethods]
impl Zip {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        hang::<Zip>(th, &ZIP_NEXT);
        let strict = strict(th, "zip", &args)?;
        let mut iterators = Vec::with_capacity(args.positional.len());
        for iterable in args.positional {
            iterators.push(th.iter(iterable)?);
        }
        let zip = Zip { iterators, strict: AtomicBool::new(strict) };
        Ok(Obj::new(th, class.payload.instance_shape(), zip).into_value())
    }

    fn __iter__(this: &Obj<Zip>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        match self.item(th)? {
            Some(Item::Pair(first, second)) => pair(th, first, second).map(Some),
            Some(Item::Whole(item)) => Ok(Some(item)),
            None => Ok(None),
        }
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Zip>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let arguments = th.tuple(this.iterators.clone());
        let mut parts = vec![class, arguments];
        if this.strict.load(Ordering::Relaxed) {
            // Relaxed: a flag on its own.
            parts.push(Value::TRUE);
        }
        th.tuple(parts)
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, object: bool) {
        self.strict.store(object, Ordering::Relaxed); // Relaxed: a flag on its own.
    }
}

/// Make an iterator that computes the function using arguments from
/// each of the iterables.  Stops when the shortest iterable is exhausted.
///
/// If strict is true and one of the arguments is exhausted before the others,
/// raise a ValueError.
#[pyclass(name = "map", module = "builtins", subclassable)]
pub struct Map {
    function: Value,
    iterators: Vec<Value>,
    strict: AtomicBool,
}

fast_next!(MAP_NEXT Map, new __next__);

#[pymethods]
impl Map {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        hang::<Map>(th, &MAP_NEXT);
        let strict = strict(th, "map", &args)?;
        let [function, iterables @ ..] = args.positional else {
            return Err(th.type_error("map() must have at least two arguments."));
        };
        if iterables.is_empty() {
            return Err(th.type_error("map() must have at least two arguments."));
        }
        let mut iterators = Vec::with_capacity(iterables.len());
        for iterable in iterables {
            iterators.push(th.iter(iterable)?);
        }
        let map = Map { function: function.clone(), iterators, strict: AtomicBool::new(strict) };
        Ok(Obj::new(th, class.payload.instance_shape(), map).into_value())
    }

    fn __iter__(this: &Obj<Map>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        if let [only] = self.iterators.as_slice() {
            let Some(item) = th.next(only)? else { return Ok(None) };
            return th.call(&self.function, std::slice::from_ref(&item)).map(Some);
        }
        let strict = self.strict.load(Ordering::Relaxed); // Relaxed: a flag on its own.
        match advance(th, "map", &self.iterators, strict)? {
            Some(items) => th.call(&self.function, &items).map(Some),
            None => Ok(None),
        }
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Map>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let mut arguments = vec![this.function.clone()];
        arguments.extend(this.iterators.iter().cloned());
        let arguments = th.tuple(arguments);
        let mut parts = vec![class, arguments];
        if this.strict.load(Ordering::Relaxed) {
            // Relaxed: a flag on its own.
            parts.push(Value::TRUE);
        }
        th.tuple(parts)
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, object: bool) {
        self.strict.store(object, Ordering::Relaxed); // Relaxed: a flag on its own.
    }
}

/// Return an iterator yielding those items of iterable for which function(item)
/// is true. If function is None, return the items that are true.
#[pyclass(name = "filter", module = "builtins", subclassable)]
pub struct Filter {
    function: Value,
    iterator: Value,
}

fast_next!(FILTER_NEXT Filter, new __next__);

#[pymethods]
impl Filter {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        hang::<Filter>(th, &FILTER_NEXT);
        let args = without_keywords::<Filter>(th, class, args)?;
        let [function, iterable] = args.positional else {
            let found = args.positional.len();
            return Err(th.type_error(format_args!("filter expected 2 arguments, got {found}")));
        };
        let iterator = th.iter(iterable)?;
        let filter = Filter { function: function.clone(), iterator };
        Ok(Obj::new(th, class.payload.instance_shape(), filter).into_value())
    }

    fn __iter__(this: &Obj<Filter>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let bool_class = crate::class::IMMEDIATES.bool.get();
        let truth =
            self.function.is_none() || bool_class.is_some() && th.as_class(&self.function) == bool_class;
        while let Some(item) = th.next(&self.iterator)? {
            let keep = if truth {
                th.is_true(&item)?
            } else {
                let answer = th.call(&self.function, std::slice::from_ref(&item))?;
                th.is_true(&answer)?
            };
            if keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Filter>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let arguments = th.tuple(vec![this.function.clone(), this.iterator.clone()]);
        th.tuple(vec![class, arguments])
    }
}

/// Return a reverse iterator over the values of the given sequence.
#[pyclass(name = "reversed", module = "builtins", subclassable)]
pub struct Reversed {
    sequence: Held<Value>,
    /// The next index, -1 at the end.
    index: AtomicI64,
}

fast_next!(REVERSED_NEXT Reversed, new __next__);

impl Reversed {
    /// The sequence and the next index, unless it is exhausted.
    fn left(&self, th: &Thread) -> Option<(i64, Value)> {
        let index = self.index.load(Ordering::Relaxed); // Relaxed: a number on its own.
        self.sequence.get(th).filter(|_| index >= 0).map(|sequence| (index, sequence.clone()))
    }
}

#[pymethods]
impl Reversed {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        hang::<Reversed>(th, &REVERSED_NEXT);
        let args = without_keywords::<Reversed>(th, class, args)?;
        let [sequence] = args.positional else {
            let found = args.positional.len();
            return Err(th.type_error(format_args!("reversed expected 1 argument, got {found}")));
        };
        let kind = th.type_of(sequence);
        match special::get(th, kind, Special::Reversed).cloned() {
            Some(method) if !method.is_none() => return th.call_special_method(&method, sequence, kind, &[]),
            None if th.is_sequence(sequence) => {}
            _ => {
                let name = th.type_name(sequence);
                return Err(th.type_error(format_args!("'{name}' object is not reversible")));
            }
        }
        let index = AtomicI64::new(th.length(sequence)? as i64 - 1);
        let reversed = Reversed { sequence: Held::new(sequence.clone()), index };
        Ok(Obj::new(th, class.payload.instance_shape(), reversed).into_value())
    }

    fn __iter__(this: &Obj<Reversed>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let Some((index, sequence)) = self.left(th) else {
            self.sequence.release(th);
            return Ok(None);
        };
        let item = item_or_end(th, &sequence, index)?;
        // Relaxed: threads that share an iterator may see an item twice.
        self.index.store(if item.is_some() { index - 1 } else { -1 }, Ordering::Relaxed);
        Ok(item)
    }

    /// Private method returning an estimate of len(list(it)).
    fn __length_hint__(&self, th: &mut Thread) -> PyResult<i64> {
        let Some((index, sequence)) = self.left(th) else { return Ok(0) };
        let length = th.length(&sequence)? as i64;
        Ok(if length <= index { 0 } else { index + 1 })
    }

    /// Return state information for pickling.
    fn __reduce__(this: &Obj<Reversed>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let Some((index, sequence)) = this.left(th) else {
            let nothing = th.tuple(Vec::new());
            return reduced(th, class, nothing, None);
        };
        let index = th.int(index);
        reduced(th, class, sequence, Some(index))
    }

    /// Set state information for unpickling.
    #[signature("(object, /)")]
    fn __setstate__(&self, th: &mut Thread, object: i64) -> PyResult<()> {
        if let Some((_, sequence)) = self.left(th) {
            let length = th.length(&sequence)? as i64;
            self.index.store(object.clamp(-1, length - 1), Ordering::Relaxed); // Relaxed: as above.
        }
        Ok(())
    }
}
