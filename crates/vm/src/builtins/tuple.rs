//! `tuple`: methods. The storage is `object_model::tuple`.

use object_model::ty::flag;

use crate::builtins::iterators::TupleIterator;
use crate::builtins::slice::{self, SliceIndices};
use crate::prelude::*;
use crate::protocol::{exact, mapping, sequence};

/// Built-in immutable sequence.
///
/// If no argument is given, the constructor returns an empty tuple.
/// If iterable is specified the tuple is initialized from iterable's items.
///
/// If the argument is a tuple, the return value is the same object.
#[pyclass(
    for = Tuple,
    name = "tuple",
    module = "builtins",
    subclassable,
    sequence,
    shape = TUPLE,
    layout = &object_model::tuple::LAYOUT,
    flags = flag::TUPLE_SUBCLASS | flag::MATCH_SELF
)]
pub struct TupleClass;

/// A tuple of a class: `tuple` itself or a subclass.
fn of_class(th: &mut Thread, class: Class, items: Vec<Value>) -> PyResult {
    if std::ptr::eq(class, Tuple::class(th)) {
        return Ok(th.tuple(items));
    }
    let length = items.len();
    let mut items = items.into_iter();
    let shape = class.payload.instance_shape();
    let made = Obj::<Tuple>::from_exact(th, shape, length, |_| items.next().unwrap_or(Value::NONE));
    Ok(mapping::memory(th, made)?.into_value())
}

fn compare(th: &mut Thread, this: &Obj<Tuple>, other: &Value, op: CompareOp) -> PyResult {
    match exact::any_tuple(other) {
        Some(other) => sequence::compare(th, this, other, op),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// The items that a slice names.
pub(crate) fn subscript(th: &mut Thread, this: &Obj<Tuple>, indices: SliceIndices) -> PyResult {
    if indices.step == 1 && indices.count == this.len() && exact::tuple(this.as_value()).is_some() {
        return Ok(this.as_value().clone());
    }
    let items = indices.iter().filter_map(|i| this.items().get(i).cloned()).collect();
    Ok(th.tuple(items))
}

#[pymethods(for = Tuple)]
impl TupleClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let is_exact = std::ptr::eq(class, Tuple::class(th));
        let args = without_keywords::<Tuple>(th, class, args)?;
        let items = match args.positional {
            [] => Vec::new(),
            [iterable] if is_exact && exact::tuple(iterable).is_some() => return Ok(iterable.clone()),
            [iterable] => th.collect(iterable)?,
            more => {
                let found = more.len();
                return Err(th.type_error(format_args!("tuple expected at most 1 argument, got {found}")));
            }
        };
        of_class(th, class, items)
    }

    fn __repr__(this: &Obj<Tuple>, th: &mut Thread) -> PyResult {
        if this.len() == 0 {
            return Ok(th.str("()"));
        }
        let close = if this.len() == 1 { ",)" } else { ")" };
        super::list::repr_items(th, this, ["(", close, "(...)"])
    }

    fn __hash__(this: &Obj<Tuple>, th: &mut Thread) -> PyResult<i64> {
        th.hash_tuple(this)
    }

    fn __len__(this: &Obj<Tuple>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<Tuple>, th: &mut Thread) -> Value {
        TupleIterator::make(th, this.clone())
    }

    fn __contains__(this: &Obj<Tuple>, th: &mut Thread, key: &Value) -> PyResult<bool> {
        for item in this.items() {
            if th.same_or_equal(item, key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn __getitem__(this: &Obj<Tuple>, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(slice) = slice::exact(key) {
            let indices = slice::adjust(th, slice, this.len())?;
            return subscript(th, this, indices);
        }
        match th.sequence_index(key, this.len())? {
            Some(index) => match this.items().get(index) {
                Some(item) => Ok(item.clone()),
                None => Err(th.index_error("tuple index out of range")),
            },
            None => {
                let name = th.type_name(key);
                Err(th.type_error(format_args!("tuple indices must be integers or slices, not {name}")))
            }
        }
    }

    fn __add__(this: &Obj<Tuple>, th: &mut Thread, value: &Value) -> PyResult {
        let Some(other) = exact::any_tuple(value) else {
            return sequence::cannot_concatenate(th, "tuple", value);
        };
        if this.len() == 0 && exact::tuple(value).is_some() {
            return Ok(value.clone());
        }
        if other.len() == 0 && exact::tuple(this.as_value()).is_some() {
            return Ok(this.as_value().clone());
        }
        let (a, b) = (this.items(), other.items());
        let both = Obj::<Tuple>::from_exact(th, builtin::TUPLE, a.len() + b.len(), |i| {
            a.get(i).unwrap_or_else(|| &b[i - a.len()]).clone()
        });
        Ok(mapping::memory(th, both)?.into_value())
    }

    fn __mul__(this: &Obj<Tuple>, th: &mut Thread, value: &Value) -> PyResult {
        let times = match sequence::repetitions(th, value) {
            Ok(times) => times,
            Err(answer) => return answer,
        };
        if exact::tuple(this.as_value()).is_some() && (times == 1 || this.len() == 0) {
            return Ok(this.as_value().clone());
        }
        let items = this.items();
        let Some(length) = items.len().checked_mul(times) else { return Err(th.memory_error()) };
        let all = Obj::<Tuple>::from_exact(th, builtin::TUPLE, length, |i| items[i % items.len()].clone());
        Ok(mapping::memory(th, all)?.into_value())
    }

    fn __rmul__(this: &Obj<Tuple>, th: &mut Thread, value: &Value) -> PyResult {
        Self::__mul__(this, th, value)
    }

    fn __eq__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Eq)
    }

    fn __ne__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ne)
    }

    fn __lt__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Lt)
    }

    fn __le__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Le)
    }

    fn __gt__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Gt)
    }

    fn __ge__(this: &Obj<Tuple>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, CompareOp::Ge)
    }

    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    #[signature("(value, start=0, stop=sys.maxsize, /)")]
    fn index(
        this: &Obj<Tuple>,
        th: &mut Thread,
        value: &Value,
        start: Option<&Value>,
        stop: Option<&Value>,
    ) -> PyResult<usize> {
        let start = slice::bound(th, start, this.len(), 0)?;
        let stop = slice::bound(th, stop, this.len(), this.len())?;
        for (i, item) in this.items().iter().enumerate().take(stop).skip(start) {
            if th.same_or_equal(item, value)? {
                return Ok(i);
            }
        }
        Err(th.value_error("tuple.index(x): x not in tuple"))
    }

    /// Return number of occurrences of value.
    #[signature("(value, /)")]
    fn count(this: &Obj<Tuple>, th: &mut Thread, value: &Value) -> PyResult<usize> {
        let mut count = 0;
        for item in this.items() {
            count += usize::from(th.same_or_equal(item, value)?);
        }
        Ok(count)
    }

    fn __getnewargs__(this: &Obj<Tuple>, th: &mut Thread) -> Value {
        let plain = if exact::tuple(this.as_value()).is_some() {
            this.as_value().clone()
        } else {
            th.tuple(this.items().to_vec())
        };
        th.tuple(vec![plain])
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}
