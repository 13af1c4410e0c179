//! `list`: methods. The storage is `object_model::list`, sorting is in `sort`.

pub mod sort;

use object_model::text::units::Builder;
use object_model::ty::flag;

use crate::builtins::iterators::{ListIterator, ListReverseIterator};
use crate::builtins::slice::{self, Slice};
use crate::class::{special, type_of};
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::sequence::{self, Indexed};
use crate::protocol::{exact, mapping};

/// Built-in mutable sequence.
///
/// If no argument is given, the constructor creates a new empty list.
/// The argument must be an iterable if specified.
#[pyclass(
    for = List,
    name = "list",
    module = "builtins",
    subclassable,
    sequence,
    shape = LIST,
    layout = &object_model::list::LAYOUT,
    flags = flag::LIST_SUBCLASS | flag::MATCH_SELF,
    parts("sort")
)]
pub struct ListClass;

/// Runs `make` unless the repr of `object` is in progress already; then the answer is `recursive`.
pub(crate) fn guarded_repr(
    th: &mut Thread,
    object: &Value,
    recursive: &str,
    make: impl FnOnce(&mut Thread) -> PyResult,
) -> PyResult {
    th.check_native_stack()?;
    if !th.enter_repr(object) {
        return Ok(th.str(recursive));
    }
    let result = make(th);
    th.leave_repr(object);
    result
}

/// The repr of items one after the other, between `open` and `close`; `recursive` stands for the container in itself.
pub(crate) fn repr_items<T>(th: &mut Thread, items: &Obj<T>, [open, close, recursive]: [&str; 3]) -> PyResult
where
    Obj<T>: Indexed,
{
    guarded_repr(th, items.as_value(), recursive, |th| {
        let mut text = Builder::new();
        text.push_str(open);
        let mut index = 0;
        while let Some(item) = items.at(th, index) {
            if index > 0 {
                text.push_str(", ");
            }
            text.push_units(th.repr(&item)?.units());
            index += 1;
        }
        text.push_str(close);
        th.units(text.finish().units())
    })
}

/// True if `this` was made by the `__new__` of the builtin class, which ignores what `__init__` then refuses.
pub(crate) fn makes_plainly<T: PyClass>(th: &mut Thread, this: &Value) -> bool {
    let class = T::class(th);
    match (special::get(th, type_of(this), Special::New), special::get(th, class, Special::New)) {
        (Some(own), Some(plain)) => own.is(plain),
        _ => false,
    }
}

/// Removes everything; what was there is dropped after the list's section.
fn empty(th: &mut Thread, list: &Obj<List>) {
    let items = list.take(th);
    drop(items);
}

fn compare(th: &mut Thread, this: &Obj<List>, other: &Value, op: CompareOp) -> PyResult {
    match exact::any_list(other) {
        Some(other) => sequence::compare(th, this, other, op),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// The first place from `index` on, before `stop`, of an item that is or equals `value`.
pub(crate) fn find(
    th: &mut Thread,
    this: &Obj<List>,
    value: &Value,
    mut index: usize,
    stop: usize,
) -> PyResult<Option<usize>> {
    let int = value.as_small_int().map(|_| value.word());
    loop {
        if let Some(int) = int {
            index = this.skip_other_ints(index, int);
        }
        let item = if index < stop { this.get(th, index) } else { None };
        let Some(item) = item else { return Ok(None) };
        if th.same_or_equal(&item, value)? {
            return Ok(Some(index));
        }
        index += 1;
    }
}

/// `this[slice]`
pub(crate) fn load_slice(th: &mut Thread, this: &Obj<List>, slice: &Slice) -> PyResult {
    let parts = slice::unpack(th, slice)?;
    let indices = slice::fit(parts, this.len());
    let sliced = this.sliced(th, indices.start.max(0) as usize, indices.step as isize, indices.count);
    Ok(mapping::memory(th, sliced)?.into_value())
}

/// `this[slice] = values`
pub(crate) fn assign_slice(th: &mut Thread, this: &Obj<List>, slice: &Slice, values: &Value) -> PyResult<()> {
    let parts = slice::unpack(th, slice)?;
    if !th.is_iterable(values) {
        return Err(th.type_error(if parts.2 == 1 {
            "can only assign an iterable"
        } else {
            "must assign iterable to extended slice"
        }));
    }
    let mut values = th.collect(values)?;
    let indices = slice::fit(parts, this.len());
    if indices.step == 1 {
        let start = indices.start as usize;
        if values.len() == indices.count {
            match this.exchange(th, start, values) {
                Ok(_removed) => return Ok(()),
                Err(unused) => values = unused,
            }
        }
        let removed = this.splice(th, start..start + indices.count, values);
        mapping::memory(th, removed)?;
        return Ok(());
    }
    if values.len() != indices.count {
        let (given, wanted) = (values.len(), indices.count);
        return Err(th.value_error(format_args!(
            "attempt to assign sequence of size {given} to extended slice of size {wanted}"
        )));
    }
    for (index, value) in indices.iter().zip(values) {
        // Only another thread could have shortened the list: then there is nothing to replace.
        let _ = this.set(th, index, value);
    }
    Ok(())
}

/// `del this[slice]`
fn delete_slice(th: &mut Thread, this: &Obj<List>, slice: &Slice) -> PyResult<()> {
    let parts = slice::unpack(th, slice)?;
    let indices = slice::fit(parts, this.len());
    if indices.count == 0 {
        return Ok(());
    }
    let (low, step) = indices.rising();
    let high = low + (indices.count - 1) * step;
    let kept: Vec<Value> = if step == 1 {
        Vec::new()
    } else {
        let items = this.snapshot_range(th, low..high + 1).into_iter().enumerate();
        items.filter_map(|(i, item)| (i % step != 0).then_some(item)).collect()
    };
    let removed = this.splice(th, low..high + 1, kept);
    mapping::memory(th, removed)?;
    Ok(())
}

/// The subscript of an item.
fn item_index(th: &mut Thread, this: &Obj<List>, key: &Value) -> PyResult<usize> {
    match th.sequence_index(key, this.len())? {
        Some(index) => Ok(index),
        None => {
            let name = th.type_name(key);
            Err(th.type_error(format_args!("list indices must be integers or slices, not {name}")))
        }
    }
}

#[pymethods(for = List)]
impl ListClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        Ok(Obj::new(th, class.payload.instance_shape(), List::from_vec(Vec::new())).into_value())
    }

    #[raw]
    fn __init__(this: &Obj<List>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        if args.has_keywords() && makes_plainly::<List>(th, this.as_value()) {
            return Err(th.type_error("list() takes no keyword arguments"));
        }
        if this.len() > 0 {
            empty(th, this);
        }
        match args.positional {
            [] => Ok(()),
            [iterable] => th.list_extend(this, iterable),
            more => {
                let found = more.len();
                Err(th.type_error(format_args!("list expected at most 1 argument, got {found}")))
            }
        }
    }

    fn __repr__(this: &Obj<List>, th: &mut Thread) -> PyResult {
        if this.len() == 0 { Ok(th.str("[]")) } else { repr_items(th, this, ["[", "]", "[...]"]) }
    }

    fn __len__(this: &Obj<List>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<List>, th: &mut Thread) -> Value {
        ListIterator::make(th, this.clone())
    }

    /// Return a reverse iterator over the list.
    fn __reversed__(this: &Obj<List>, th: &mut Thread) -> Value {
        ListReverseIterator::make(th, this.clone())
    }

    fn __contains__(this: &Obj<List>, th: &mut Thread, key: &Value) -> PyResult<bool> {
        Ok(find(th, this, key, 0, usize::MAX)?.is_some())
    }

    /// Return self[index].
    fn __getitem__(this: &Obj<List>, th: &mut Thread, index: &Value) -> PyResult {
        if let Some(slice) = slice::exact(index) {
            return load_slice(th, this, slice);
        }
        let index = item_index(th, this, index)?;
        match this.get(th, index) {
            Some(item) => Ok(item),
            None => Err(th.index_error("list index out of range")),
        }
    }

    fn __setitem__(this: &Obj<List>, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key) {
            return assign_slice(th, this, slice, value);
        }
        let index = item_index(th, this, key)?;
        match this.set(th, index, value.clone()) {
            Ok(()) => Ok(()),
            Err(_value) => Err(th.index_error("list assignment index out of range")),
        }
    }

    fn __delitem__(this: &Obj<List>, th: &mut Thread, key: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key) {
            return delete_slice(th, this, slice);
        }
        let index = item_index(th, this, key)?;
        match this.remove(th, index) {
            Some(_item) => Ok(()),
            None => Err(th.index_error("list assignment index out of range")),
        }
    }

    fn __add__(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult {
        let Some(other) = exact::any_list(value) else {
            return sequence::cannot_concatenate(th, "list", value);
        };
        let both = this.concat(th, other);
        Ok(mapping::memory(th, both)?.into_value())
    }

    fn __iadd__(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult {
        th.list_extend(this, value)?;
        Ok(this.as_value().clone())
    }

    fn __mul__(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult {
        let times = match sequence::repetitions(th, value) {
            Ok(times) => times,
            Err(answer) => return answer,
        };
        let list = List::repeated(&this.snapshot(th), times);
        let list = mapping::memory(th, list)?;
        Ok(Obj::new(th, builtin::LIST, list).into_value())
    }

    fn __rmul__(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult {
        Self::__mul__(this, th, value)
    }

    fn __imul__(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult {
        let times = match sequence::repetitions(th, value) {
            Ok(times) => times,
            Err(answer) => return answer,
        };
        if times == 0 {
            empty(th, this);
        } else if times > 1 {
            let Some(more) = sequence::repeated(&this.snapshot(th), times - 1) else {
                return Err(th.memory_error());
            };
            let extended = this.extend(th, more);
            mapping::memory(th, extended)?;
        }
        Ok(this.as_value().clone())
    }

    fn __eq__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Eq)
    }

    fn __ne__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ne)
    }

    fn __lt__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Lt)
    }

    fn __le__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Le)
    }

    fn __gt__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Gt)
    }

    fn __ge__(this: &Obj<List>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ge)
    }

    /// Append object to the end of the list.
    #[signature("(object, /)")]
    fn append(this: &Obj<List>, th: &mut Thread, object: Value) -> PyResult<()> {
        let pushed = this.push(th, object);
        mapping::memory(th, pushed)
    }

    /// Remove all items from list.
    fn clear(this: &Obj<List>, th: &mut Thread) {
        empty(th, this);
    }

    /// Return a shallow copy of the list.
    fn copy(this: &Obj<List>, th: &mut Thread) -> Value {
        let items = this.snapshot(th);
        th.list(items)
    }

    /// Return number of occurrences of value.
    #[signature("(value, /)")]
    fn count(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult<usize> {
        let (mut index, mut count) = (0, 0);
        while let Some(item) = this.get(th, index) {
            count += usize::from(th.same_or_equal(&item, value)?);
            index += 1;
        }
        Ok(count)
    }

    /// Extend list by appending elements from the iterable.
    #[signature("(iterable, /)")]
    fn extend(this: &Obj<List>, th: &mut Thread, iterable: &Value) -> PyResult<()> {
        th.list_extend(this, iterable)
    }

    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    #[signature("(value, start=0, stop=sys.maxsize, /)")]
    fn index(
        this: &Obj<List>,
        th: &mut Thread,
        value: &Value,
        start: Option<&Value>,
        stop: Option<&Value>,
    ) -> PyResult<usize> {
        let length = this.len();
        let start = slice::bound(th, start, length, 0)?;
        let stop = slice::bound(th, stop, length, usize::MAX)?;
        match find(th, this, value, start, stop)? {
            Some(index) => Ok(index),
            None => Err(th.value_error("list.index(x): x not in list")),
        }
    }

    /// Insert object before index.
    #[signature("(index, object, /)")]
    fn insert(this: &Obj<List>, th: &mut Thread, index: i64, object: Value) -> PyResult<()> {
        let index = if index < 0 { index.saturating_add(this.len() as i64).max(0) } else { index };
        let inserted = this.insert(th, index as usize, object);
        mapping::memory(th, inserted)
    }

    /// Remove and return item at index (default last).
    ///
    /// Raises IndexError if list is empty or index is out of range.
    #[signature("(index=-1, /)")]
    fn pop(this: &Obj<List>, th: &mut Thread, index: Option<i64>) -> PyResult {
        let popped = match index {
            None => this.pop_last(th),
            Some(index) => {
                let index = if index < 0 { index.saturating_add(this.len() as i64) } else { index };
                usize::try_from(index).ok().and_then(|i| this.remove(th, i))
            }
        };
        match popped {
            Some(item) => Ok(item),
            None if this.len() == 0 => Err(th.index_error("pop from empty list")),
            None => Err(th.index_error("pop index out of range")),
        }
    }

    /// Remove first occurrence of value.
    ///
    /// Raises ValueError if the value is not present.
    #[signature("(value, /)")]
    fn remove(this: &Obj<List>, th: &mut Thread, value: &Value) -> PyResult<()> {
        match find(th, this, value, 0, usize::MAX)? {
            Some(index) => {
                drop(this.remove(th, index));
                Ok(())
            }
            None => Err(th.value_error("list.remove(x): x not in list")),
        }
    }

    /// Reverse *IN PLACE*.
    fn reverse(this: &Obj<List>, th: &mut Thread) {
        this.reverse(th);
    }

    /// Return the size of the list in memory, in bytes.
    fn __sizeof__(this: &Obj<List>) -> usize {
        object_model::list::LAYOUT.size + this.capacity() * 8
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}
