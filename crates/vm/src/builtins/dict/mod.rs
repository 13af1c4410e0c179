//! `dict`: methods. The storage is `object_model::dict`; what asks Python about keys is in `protocol::mapping`.

pub mod iterators;
pub mod views;

use object_model::text::units::Builder;
use object_model::ty::flag;

use crate::builtins::list::guarded_repr;
use crate::names::Special;
use crate::native::KwArgs;
use crate::prelude::*;
use crate::protocol::{exact, mapping};
use iterators::{DictKeyIterator, DictReverseKeyIterator};
use views::{DictItems, DictKeys, DictValues};

/// dict() -> new empty dictionary
/// dict(mapping) -> new dictionary initialized from a mapping object's
///     (key, value) pairs
/// dict(iterable) -> new dictionary initialized as if via:
///     d = {}
///     for k, v in iterable:
///         d[k] = v
/// dict(**kwargs) -> new dictionary initialized with the name=value pairs
///     in the keyword argument list.  For example:  dict(one=1, two=2)
#[pyclass(
    for = Dict,
    name = "dict",
    module = "builtins",
    subclassable,
    mapping,
    shape = DICT,
    layout = &object_model::dict::LAYOUT,
    flags = flag::DICT_SUBCLASS | flag::MATCH_SELF
)]
pub struct DictClass;

/// What `dict(source)` and `update(source)` add: a mapping's items, or pairs.
fn update_from(th: &mut Thread, dict: &Obj<Dict>, source: &Value) -> PyResult<()> {
    if exact::dict(source).is_some() || th.lookup_attr(source, "keys")?.is_some() {
        return th.dict_update_from(dict, source);
    }
    let iterator = th.iter(source)?;
    let mut number = 0;
    while let Some(item) = th.next(&iterator)? {
        let pair = match th.collect(&item) {
            Ok(pair) => pair,
            Err(raised) => return Err(not_a_pair(th, raised, &item, number)),
        };
        let [key, value] = pair.as_slice() else {
            let found = pair.len();
            return Err(th.value_error(format_args!(
                "dictionary update sequence element #{number} has length {found}; 2 is required"
            )));
        };
        th.dict_set(dict, key, value.clone())?;
        number += 1;
    }
    Ok(())
}

/// Adds to a TypeError which item is no pair; one that cannot be iterated over is not named.
#[cold]
fn not_a_pair(th: &mut Thread, mut raised: Raised, item: &Value, number: usize) -> Raised {
    if !th.exception_is(Exc::TypeError) {
        return raised;
    }
    if !th.has_special(item, Special::Iter) && !th.is_sequence(item) {
        th.clear_exception();
        raised = th.type_error("object is not iterable");
    }
    let exception = th.take_exception();
    let note = th.str(&format!("Cannot convert dictionary update sequence element #{number} to a sequence"));
    match th.call_method(&exception, "add_note", &[note]) {
        Ok(_none) => {
            th.set_raised(exception);
            raised
        }
        Err(raised) => raised,
    }
}

fn update_all(
    th: &mut Thread,
    dict: &Obj<Dict>,
    name: &str,
    positional: &[Value],
    keywords: KwArgs<'_>,
) -> PyResult<()> {
    match positional {
        [] => {}
        [source] => update_from(th, dict, source)?,
        more => {
            let found = more.len();
            return Err(th.type_error(format_args!("{name} expected at most 1 argument, got {found}")));
        }
    }
    for (name, value) in keywords.iter() {
        th.dict_set(dict, name.as_value(), value.clone())?;
    }
    Ok(())
}

/// A copy that shares keys and values.
fn copy(th: &mut Thread, dict: &Obj<Dict>) -> PyResult<Obj<Dict>> {
    let copy = dict.copy(th);
    mapping::memory(th, copy)
}

/// `a == b`
fn equal(th: &mut Thread, a: &Obj<Dict>, b: &Obj<Dict>) -> PyResult<bool> {
    th.check_native_stack()?;
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((key, value, hash, next)) = a.entry_from(th, at) {
        at = next;
        let Some(other) = th.dict_get_hashed(b, &key, hash)? else { return Ok(false) };
        if !th.same_or_equal(&value, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare(th: &mut Thread, this: &Obj<Dict>, other: &Value, wanted: bool) -> PyResult {
    let Some(other) = exact::any_dict(other) else { return Ok(Value::NOT_IMPLEMENTED) };
    Ok(Value::bool(equal(th, this, other)? == wanted))
}

#[pymethods(for = Dict)]
impl DictClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        Ok(Obj::new(th, class.payload.instance_shape(), Dict::default()).into_value())
    }

    #[signature("(*args, **kwargs)")]
    fn __init__(this: &Obj<Dict>, th: &mut Thread, args: &[Value], kwargs: KwArgs<'_>) -> PyResult<()> {
        update_all(th, this, "dict", args, kwargs)
    }

    fn __repr__(this: &Obj<Dict>, th: &mut Thread) -> PyResult {
        if this.len() == 0 {
            return Ok(th.str("{}"));
        }
        guarded_repr(th, this.as_value(), "{...}", |th| {
            let mut text = Builder::new();
            text.push_str("{");
            let mut at = 0;
            while let Some((key, value, _, next)) = this.entry_from(th, at) {
                if at > 0 && text.len() > 1 {
                    text.push_str(", ");
                }
                text.push_units(th.repr(&key)?.units());
                text.push_str(": ");
                text.push_units(th.repr(&value)?.units());
                at = next;
            }
            text.push_str("}");
            th.units(text.finish().units())
        })
    }

    fn __len__(this: &Obj<Dict>) -> usize {
        this.len()
    }

    fn __iter__(this: &Obj<Dict>, th: &mut Thread) -> Value {
        DictKeyIterator::make(th, this.clone())
    }

    /// Return a reverse iterator over the dict keys.
    fn __reversed__(this: &Obj<Dict>, th: &mut Thread) -> Value {
        DictReverseKeyIterator::make(th, this.clone())
    }

    /// True if the dictionary has the specified key, else False.
    #[signature("(key, /)")]
    fn __contains__(this: &Obj<Dict>, th: &mut Thread, key: &Value) -> PyResult<bool> {
        th.dict_contains(this, key)
    }

    /// Return self[key].
    #[signature("(key, /)")]
    fn __getitem__(this: &Obj<Dict>, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(value) = th.dict_get(this, key)? {
            return Ok(value);
        }
        if exact::dict(this.as_value()).is_none()
            && let Some(value) = th.call_special(this.as_value(), Special::Missing, &[key])?
        {
            return Ok(value);
        }
        Err(th.key_error(key.clone()))
    }

    fn __setitem__(this: &Obj<Dict>, th: &mut Thread, key: &Value, value: Value) -> PyResult<()> {
        th.dict_set(this, key, value)
    }

    fn __delitem__(this: &Obj<Dict>, th: &mut Thread, key: &Value) -> PyResult<()> {
        if th.dict_del(this, key)? { Ok(()) } else { Err(th.key_error(key.clone())) }
    }

    fn __eq__(this: &Obj<Dict>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, true)
    }

    fn __ne__(this: &Obj<Dict>, th: &mut Thread, other: &Value) -> PyResult {
        compare(th, this, other, false)
    }

    fn __or__(this: &Obj<Dict>, th: &mut Thread, value: &Value) -> PyResult {
        if exact::any_dict(value).is_none() {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let union = copy(th, this)?;
        th.dict_update_from(&union, value)?;
        Ok(union.into_value())
    }

    fn __ror__(this: &Obj<Dict>, th: &mut Thread, value: &Value) -> PyResult {
        let Some(other) = exact::any_dict(value) else { return Ok(Value::NOT_IMPLEMENTED) };
        let union = copy(th, other)?;
        th.dict_update_from(&union, this.as_value())?;
        Ok(union.into_value())
    }

    fn __ior__(this: &Obj<Dict>, th: &mut Thread, value: &Value) -> PyResult {
        update_from(th, this, value)?;
        Ok(this.as_value().clone())
    }

    /// Remove all items from the dict.
    fn clear(this: &Obj<Dict>, th: &mut Thread) {
        this.clear(th);
    }

    /// Return a shallow copy of the dict.
    fn copy(this: &Obj<Dict>, th: &mut Thread) -> PyResult {
        copy(th, this).map(Obj::into_value)
    }

    /// Create a new dictionary with keys from iterable and values set to value.
    #[classmethod]
    #[signature("(iterable, value=None, /)")]
    fn fromkeys(th: &mut Thread, class: Class, iterable: &Value, value: Option<&Value>) -> PyResult {
        let value = value.cloned().unwrap_or(Value::NONE);
        let made = th.call(&class.value(), &[])?;
        if let Some(dict) = exact::dict(&made) {
            let dict = dict.clone();
            // What is hashed already is not hashed again.
            let hashed: Option<Vec<(Value, i64)>> = if let Some(set) = exact::any_set(iterable) {
                Some(set.snapshot(th))
            } else {
                let from = exact::dict(iterable);
                from.map(|d| d.snapshot(th).into_iter().map(|(key, _, hash)| (key, hash)).collect())
            };
            if let Some(hashed) = hashed {
                for (key, hash) in hashed {
                    th.dict_set_hashed(&dict, &key, hash, value.clone())?;
                }
                return Ok(made);
            }
            th.for_each(iterable, |th, key| th.dict_set(&dict, &key, value.clone()))?;
        } else {
            th.for_each(iterable, |th, key| th.set_item(&made, &key, &value))?;
        }
        Ok(made)
    }

    /// Return the value for key if key is in the dictionary, else default.
    #[signature("(key, default=None, /)")]
    fn get(this: &Obj<Dict>, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        Ok(match th.dict_get(this, key)? {
            Some(value) => value,
            None => default.cloned().unwrap_or(Value::NONE),
        })
    }

    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    #[signature("(key, default=None, /)")]
    fn setdefault(this: &Obj<Dict>, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        let default = default.cloned().unwrap_or(Value::NONE);
        th.dict_set_default(this, key, &default).map(|(value, _)| value)
    }

    /// D.pop(k[,d]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise,
    /// raise a KeyError.
    #[signature("(key, default=<unrepresentable>, /)")]
    fn pop(this: &Obj<Dict>, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        match (th.dict_pop(this, key)?, default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(th.key_error(key.clone())),
        }
    }

    /// Remove and return a (key, value) pair as a 2-tuple.
    ///
    /// Pairs are returned in LIFO (last-in, first-out) order.
    /// Raises KeyError if the dict is empty.
    fn popitem(this: &Obj<Dict>, th: &mut Thread) -> PyResult {
        match this.pop_last(th) {
            Some((key, value)) => Ok(th.tuple(vec![key, value])),
            None => {
                let message = th.str("popitem(): dictionary is empty");
                Err(th.key_error(message))
            }
        }
    }

    /// D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.
    /// If E is present and has a .keys() method, then does:  for k in E.keys(): D[k] = E[k]
    /// If E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v
    /// In either case, this is followed by: for k in F:  D[k] = F[k]
    #[signature("(*args, **kwargs)")]
    fn update(this: &Obj<Dict>, th: &mut Thread, args: &[Value], kwargs: KwArgs<'_>) -> PyResult<()> {
        update_all(th, this, "update", args, kwargs)
    }

    /// Return a set-like object providing a view on the dict's keys.
    fn keys(this: &Obj<Dict>, th: &mut Thread) -> Value {
        DictKeys::new_object(th, DictKeys { dict: this.clone() }).into_value()
    }

    /// Return an object providing a view on the dict's values.
    fn values(this: &Obj<Dict>, th: &mut Thread) -> Value {
        DictValues::new_object(th, DictValues { dict: this.clone() }).into_value()
    }

    /// Return a set-like object providing a view on the dict's items.
    fn items(this: &Obj<Dict>, th: &mut Thread) -> Value {
        DictItems::new_object(th, DictItems { dict: this.clone() }).into_value()
    }

    /// Return the size of the dict in memory.
    fn __sizeof__(this: &Obj<Dict>) -> usize {
        object_model::dict::LAYOUT.size + this.entries() * 24
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}
