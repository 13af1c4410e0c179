//! `dict_keys`, `dict_values`, `dict_items`; the first and the last are sets as far as operators go.

use object_model::shape::builtin;

use super::iterators::{
    DictItemIterator, DictKeyIterator, DictReverseItemIterator, DictReverseKeyIterator,
    DictReverseValueIterator, DictValueIterator,
};
use crate::builtins::list::guarded_repr;
use crate::prelude::*;
use crate::protocol::exact;

/// The payload of what `dict.keys()` returns.
#[pyclass(name = "dict_keys", module = "builtins", no_new)]
pub struct DictKeys {
    /// The dict.
    pub dict: Obj<Dict>,
}

/// The payload of what `dict.values()` returns.
#[pyclass(name = "dict_values", module = "builtins", no_new)]
pub struct DictValues {
    /// The dict.
    pub dict: Obj<Dict>,
}

/// The payload of what `dict.items()` returns.
#[pyclass(name = "dict_items", module = "builtins", no_new)]
pub struct DictItems {
    /// The dict.
    pub dict: Obj<Dict>,
}

/// A read-only view of a dict.
fn proxy(th: &mut Thread, dict: &Obj<Dict>) -> PyResult {
    let class = builtin::MAPPINGPROXY.get().class().value();
    th.call(&class, std::slice::from_ref(dict.as_value()))
}

/// `name([…])`
fn repr(th: &mut Thread, this: &Value) -> PyResult {
    let name = th.type_name(this);
    guarded_repr(th, this, "...", |th| {
        let items = th.collect(this)?;
        let list = th.list(items);
        let items = th.repr(&list)?;
        let mut text = object_model::text::units::Builder::new();
        text.push_str(&name);
        text.push_str("(");
        text.push_units(items.units());
        text.push_str(")");
        th.units(text.finish().units())
    })
}

/// True for what set operators of views compare with: sets, and views of keys or items.
fn is_set_like(th: &Thread, value: &Value) -> bool {
    exact::any_set(value).is_some()
        || th.exact::<DictKeys>(value).is_some()
        || th.exact::<DictItems>(value).is_some()
}

fn all_in(th: &mut Thread, items: &Value, container: &Value) -> PyResult<bool> {
    let iterator = th.iter(items)?;
    while let Some(item) = th.next(&iterator)? {
        if !th.contains(container, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare(th: &mut Thread, this: &Value, other: &Value, op: CompareOp) -> PyResult {
    if !is_set_like(th, other) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (own, others) = (th.length(this)?, th.length(other)?);
    Ok(Value::bool(match op {
        CompareOp::Eq => own == others && all_in(th, this, other)?,
        CompareOp::Ne => !(own == others && all_in(th, this, other)?),
        CompareOp::Lt => own < others && all_in(th, this, other)?,
        CompareOp::Le => own <= others && all_in(th, this, other)?,
        CompareOp::Gt => own > others && all_in(th, other, this)?,
        CompareOp::Ge => own >= others && all_in(th, other, this)?,
    }))
}

/// A new set of what `left` yields, changed by the method `name` of set with `right`.
fn combine(th: &mut Thread, left: &Value, right: &Value, name: &str) -> PyResult {
    let items = th.collect(left)?;
    let set = th.build_set(items)?;
    th.call_method(&set, name, std::slice::from_ref(right))?;
    Ok(set)
}

/// The items of `other` that are in the view.
fn intersection(th: &mut Thread, this: &Value, other: &Value) -> PyResult {
    let (mut walked, mut asked) = (other, this);
    if is_set_like(th, other) && th.length(other)? > th.length(this)? {
        (walked, asked) = (this, other);
    }
    let mut both = Vec::new();
    let iterator = th.iter(walked)?;
    while let Some(item) = th.next(&iterator)? {
        if th.contains(asked, &item)? {
            both.push(item);
        }
    }
    th.build_set(both)
}

fn is_disjoint(th: &mut Thread, this: &Value, other: &Value) -> PyResult<bool> {
    if this.is(other) {
        return Ok(th.length(this)? == 0);
    }
    let (mut walked, mut asked) = (other, this);
    if is_set_like(th, other) && th.length(other)? > th.length(this)? {
        (walked, asked) = (this, other);
    }
    let iterator = th.iter(walked)?;
    while let Some(item) = th.next(&iterator)? {
        if th.contains(asked, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

macro_rules! set_view {
    ($type:ident $iterator:ident $reverse:ident, $contains:item) => {
        #[pymethods]
        impl $type {
            fn __len__(&self) -> usize {
                self.dict.len()
            }

            fn __iter__(&self, th: &mut Thread) -> Value {
                $iterator::make(th, self.dict.clone())
            }

            /// Return a reverse iterator over the dict's view.
            fn __reversed__(&self, th: &mut Thread) -> Value {
                $reverse::make(th, self.dict.clone())
            }

            $contains

            /// dictionary that this view refers to
            #[getter]
            fn mapping(&self, th: &mut Thread) -> PyResult {
                proxy(th, &self.dict)
            }

            fn __repr__(this: &Obj<$type>, th: &mut Thread) -> PyResult {
                repr(th, this.as_value())
            }

            fn __eq__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Eq)
            }

            fn __ne__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Ne)
            }

            fn __lt__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Lt)
            }

            fn __le__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Le)
            }

            fn __gt__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Gt)
            }

            fn __ge__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                compare(th, this.as_value(), other, CompareOp::Ge)
            }

            fn __and__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                intersection(th, this.as_value(), other)
            }

            fn __rand__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                intersection(th, this.as_value(), other)
            }

            fn __or__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, this.as_value(), other, "update")
            }

            fn __ror__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, other, this.as_value(), "update")
            }

            fn __sub__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, this.as_value(), other, "difference_update")
            }

            fn __rsub__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, other, this.as_value(), "difference_update")
            }

            fn __xor__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, this.as_value(), other, "symmetric_difference_update")
            }

            fn __rxor__(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult {
                combine(th, other, this.as_value(), "symmetric_difference_update")
            }

            /// Return True if the view and the given iterable have a null intersection.
            #[signature("(other, /)")]
            fn isdisjoint(this: &Obj<$type>, th: &mut Thread, other: &Value) -> PyResult<bool> {
                is_disjoint(th, this.as_value(), other)
            }
        }
    };
}

set_view! {
    DictKeys DictKeyIterator DictReverseKeyIterator,
    fn __contains__(&self, th: &mut Thread, key: &Value) -> PyResult<bool> {
        th.dict_contains(&self.dict, key)
    }
}

set_view! {
    DictItems DictItemIterator DictReverseItemIterator,
    fn __contains__(&self, th: &mut Thread, item: &Value) -> PyResult<bool> {
        let Some(pair) = exact::any_tuple(item) else { return Ok(false) };
        let [key, value] = pair.items() else { return Ok(false) };
        match th.dict_get(&self.dict, key)? {
            Some(found) => th.same_or_equal(&found, value),
            None => Ok(false),
        }
    }
}

#[pymethods]
impl DictValues {
    fn __len__(&self) -> usize {
        self.dict.len()
    }

    fn __iter__(&self, th: &mut Thread) -> Value {
        DictValueIterator::make(th, self.dict.clone())
    }

    /// Return a reverse iterator over the dict's view.
    fn __reversed__(&self, th: &mut Thread) -> Value {
        DictReverseValueIterator::make(th, self.dict.clone())
    }

    /// dictionary that this view refers to
    #[getter]
    fn mapping(&self, th: &mut Thread) -> PyResult {
        proxy(th, &self.dict)
    }

    fn __repr__(this: &Obj<DictValues>, th: &mut Thread) -> PyResult {
        repr(th, this.as_value())
    }
}
