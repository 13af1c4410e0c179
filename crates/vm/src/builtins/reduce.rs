//! How objects are taken apart for pickling and copying: `object.__reduce_ex__` and `object.__getstate__`.
//!
//! The functions that put them together again are those of the module `copyreg`.

use crate::class::{self, Plain, attribute, special};
use crate::names::{Special, names};
use crate::prelude::*;

fn copyreg(th: &mut Thread) -> PyResult {
    let import = super::module::builtin(th, "__import__")?;
    let name = th.str("copyreg");
    th.call(&import, &[name])
}

/// True if the attribute `name` of the value's class is `object`'s own.
fn is_objects(th: &Thread, value: &Value, name: &Obj<Str>) -> bool {
    let class = th.type_of(value);
    match (class::lookup(th, class, name), Plain::cell().get()) {
        (Some(own), Some(object)) => class::lookup(th, object, name).is_some_and(|plain| plain.is(&own)),
        _ => false,
    }
}

/// `object.__reduce_ex__(protocol)`
pub fn reduce_ex(th: &mut Thread, value: &Value, protocol: i32) -> PyResult {
    if !is_objects(th, value, &names().reduce) {
        return th.call_method_name(value, &names().reduce, &[]);
    }
    reduce(th, value, protocol)
}

/// What `object.__reduce__` and `object.__reduce_ex__` do where `__reduce__` is not overridden.
pub fn reduce(th: &mut Thread, value: &Value, protocol: i32) -> PyResult {
    let copyreg = copyreg(th)?;
    if protocol < 2 {
        let protocol = th.int(protocol.into());
        return th.call_method(&copyreg, "_reduce_ex", &[value.clone(), protocol]);
    }
    let class = th.type_of(value);
    if special::get(th, class, Special::New).is_none() {
        return Err(cannot_pickle(th, value));
    }
    let (arguments, keywords) = new_arguments(th, value)?;
    let is_list = th.downcast::<List>(value).is_some();
    let is_dict = th.downcast::<Dict>(value).is_some();
    let required = arguments.is_none() && !is_list && !is_dict;
    let class_value = class.value();
    let (function, parts) = match keywords.filter(|k| k.len() > 0) {
        None => {
            let mut parts = vec![class_value];
            parts.extend(arguments.unwrap_or_default());
            (th.get_attr_str(&copyreg, "__newobj__")?, parts)
        }
        Some(keywords) => {
            let arguments = th.tuple(arguments.unwrap_or_default());
            let function = th.get_attr_str(&copyreg, "__newobj_ex__")?;
            (function, vec![class_value, arguments, keywords.into_value()])
        }
    };
    let state = get_state(th, value, required)?;
    let items = if is_list { th.iter(value)? } else { Value::NONE };
    let pairs = if is_dict {
        let pairs = th.call_method(value, "items", &[])?;
        th.iter(&pairs)?
    } else {
        Value::NONE
    };
    let parts = th.tuple(parts);
    Ok(th.tuple(vec![function, parts, state, items, pairs]))
}

#[cold]
fn cannot_pickle(th: &mut Thread, value: &Value) -> crate::error::Raised {
    let name = th.type_name(value);
    th.type_error(format_args!("cannot pickle '{name}' object"))
}

type NewArguments = (Option<Vec<Value>>, Option<Obj<Dict>>);

/// What the method that the value's class has under this name answers.
fn call_of_class(th: &mut Thread, value: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let class = th.type_of(value);
    match class::lookup(th, class, name) {
        Some(method) => th.call_special_method(&method, value, class, &[]).map(Some),
        None => Ok(None),
    }
}

/// What `__getnewargs_ex__` or `__getnewargs__` say.
fn new_arguments(th: &mut Thread, value: &Value) -> PyResult<NewArguments> {
    let n = names();
    if let Some(pair) = call_of_class(th, value, &n.getnewargs_ex)? {
        let Some(tuple) = th.downcast::<Tuple>(&pair) else {
            let found = th.type_name(&pair);
            return Err(th.type_error(format_args!("__getnewargs_ex__ should return a tuple, not '{found}'")));
        };
        let [arguments, keywords] = tuple.items() else {
            let size = tuple.len();
            return Err(th.value_error(format_args!(
                "__getnewargs_ex__ should return a tuple of length 2, not {size}"
            )));
        };
        let Some(arguments) = th.downcast::<Tuple>(arguments) else {
            let found = th.type_name(arguments);
            return Err(th.type_error(format_args!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{found}'"
            )));
        };
        let Some(keywords) = th.downcast::<Dict>(keywords) else {
            let found = th.type_name(keywords);
            return Err(th.type_error(format_args!(
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{found}'"
            )));
        };
        return Ok((Some(arguments.items().to_vec()), Some(keywords.clone())));
    }
    if let Some(arguments) = call_of_class(th, value, &n.getnewargs)? {
        let Some(tuple) = th.downcast::<Tuple>(&arguments) else {
            let found = th.type_name(&arguments);
            return Err(th.type_error(format_args!("__getnewargs__ should return a tuple, not '{found}'")));
        };
        return Ok((Some(tuple.items().to_vec()), None));
    }
    Ok((None, None))
}

/// `value.__getstate__()`, where `required` says that the state must be the whole object.
fn get_state(th: &mut Thread, value: &Value, required: bool) -> PyResult {
    if is_objects(th, value, &names().getstate) {
        return state(th, value, required);
    }
    th.call_method_name(value, &names().getstate, &[])
}

/// `object.__getstate__`: the `__dict__` (None if there is none), with the values of `__slots__` where there are any.
pub fn state(th: &mut Thread, value: &Value, required: bool) -> PyResult {
    let class = th.type_of(value);
    // What lies in native storage is not in the state.
    if required && !std::ptr::eq(class.payload.layout(), &raw const class::PLAIN) {
        return Err(cannot_pickle(th, value));
    }
    let own = attributes_copy(th, value)?.map_or(Value::NONE, Obj::into_value);
    let slots = slot_values(th, value, class)?;
    match slots {
        Some(slots) => Ok(th.tuple(vec![own, slots])),
        None => Ok(own),
    }
}

/// A new dict of the object's own attributes; None if it has none. The object itself keeps its shape.
pub fn attributes_copy(th: &mut Thread, value: &Value) -> PyResult<Option<Obj<Dict>>> {
    let Some(header) = value.as_header() else { return Ok(None) };
    let names = attribute::own_names(th, value);
    if names.is_empty() {
        return Ok(None);
    }
    if header.shape().is_dict_mode() {
        let dict = attribute::to_dict_mode(th, header)?;
        return dict.copy(th).map(Some).map_err(|_| th.memory_error());
    }
    let copy = th.dict();
    for name in names {
        let Some(name) = th.as_str(&name).cloned() else { continue };
        if let Some(attribute) = attribute::own(th, header, &name)
            && copy.set_str(th, &name, attribute).is_err()
        {
            return Err(th.memory_error());
        }
    }
    Ok((copy.len() > 0).then_some(copy))
}

/// A dict of the slots that are set; None if there are none.
fn slot_values(th: &mut Thread, value: &Value, class: Class) -> PyResult<Option<Value>> {
    let n = names();
    let slot_names = match class.payload.dict.get_str(th, &n.slotnames) {
        Some(found) => found,
        None if class.payload.slots() == 0 => return Ok(None),
        None => {
            let copyreg = copyreg(th)?;
            th.call_method(&copyreg, "_slotnames", &[class.value()])?
        }
    };
    if slot_names.is_none() {
        return Ok(None);
    }
    let dict = th.dict();
    for name in th.collect(&slot_names)? {
        let Some(text) = th.as_str(&name).cloned() else { continue };
        if let Some(slot) = th.find_attr_or_none(value, &text)? {
            th.dict_set(&dict, &name, slot)?;
        }
    }
    Ok((dict.len() > 0).then(|| dict.into_value()))
}
