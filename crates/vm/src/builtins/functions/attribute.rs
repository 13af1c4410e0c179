//! Attributes and namespaces.

use crate::frame;
use crate::names::{Special, names};
use crate::prelude::*;

/// The name of an attribute, interned.
fn name_of(th: &mut Thread, name: &Value) -> PyResult<Obj<Str>> {
    match th.as_str(name) {
        Some(name) => Ok(th.intern_obj(name)),
        None => {
            let found = th.type_name(name);
            Err(th.type_error(format_args!("attribute name must be string, not '{found}'")))
        }
    }
}

/// getattr(object, name[, default]) -> value
///
/// Get a named attribute from an object; getattr(x, 'y') is equivalent to x.y.
/// When a default argument is given, it is returned when the attribute doesn't
/// exist; without it, an exception is raised in that case.
#[pyfunction]
pub fn getattr(th: &mut Thread, object: &Value, name: &Value, default: Option<&Value>) -> PyResult {
    let name = name_of(th, name)?;
    match default {
        None => th.get_attr(object, &name),
        Some(default) => Ok(th.find_attr_or_none(object, &name)?.unwrap_or_else(|| default.clone())),
    }
}

/// Sets the named attribute on the given object to the specified value.
///
/// setattr(x, 'y', v) is equivalent to ``x.y = v``
#[pyfunction(signature = "(obj, name, value, /)")]
pub fn setattr(th: &mut Thread, obj: &Value, name: &Value, value: &Value) -> PyResult<()> {
    let name = name_of(th, name)?;
    th.set_attr(obj, &name, value)
}

/// Deletes the named attribute from the given object.
///
/// delattr(x, 'y') is equivalent to ``del x.y``
#[pyfunction(signature = "(obj, name, /)")]
pub fn delattr(th: &mut Thread, obj: &Value, name: &Value) -> PyResult<()> {
    let name = name_of(th, name)?;
    th.del_attr(obj, &name)
}

/// Return whether the object has an attribute with the given name.
///
/// This is done by calling getattr(obj, name) and catching AttributeError.
#[pyfunction(signature = "(obj, name, /)")]
pub fn hasattr(th: &mut Thread, obj: &Value, name: &Value) -> PyResult<bool> {
    let name = name_of(th, name)?;
    Ok(th.find_attr_or_none(obj, &name)?.is_some())
}

/// dir([object]) -> list of strings
///
/// If called without an argument, return the names in the current scope.
/// Else, return an alphabetized list of names comprising (some of) the attributes
/// of the given object, and of attributes reachable from it.
/// If the object supplies a method named __dir__, it will be used; otherwise
/// the default dir() logic is used and returns:
///   for a module object: the module's attributes.
///   for a class object:  its attributes, and recursively the attributes
///     of its bases.
///   for any other object: its attributes, its class's attributes, and
///     recursively the attributes of its class's base classes.
#[pyfunction]
pub fn dir(th: &mut Thread, object: Option<&Value>) -> PyResult {
    let names = match object {
        None => {
            let locals = frame::object::current_locals(th)?;
            let keys = th.call_method(&locals, "keys", &[])?;
            th.collect(&keys)?
        }
        Some(object) => match th.call_special(object, Special::Dir, &[])? {
            Some(names) => th.collect(&names)?,
            None => return Err(th.type_error("object does not provide __dir__")),
        },
    };
    let list = th.list(names);
    th.call_method(&list, "sort", &[])?;
    Ok(list)
}

/// vars([object]) -> dictionary
///
/// Without arguments, equivalent to locals().
/// With an argument, equivalent to object.__dict__.
#[pyfunction]
pub fn vars(th: &mut Thread, object: Option<&Value>) -> PyResult {
    let Some(object) = object else { return frame::object::current_locals(th) };
    match th.find_attr_or_none(object, &names().dict)? {
        Some(dict) => Ok(dict),
        None => Err(th.type_error("vars() argument must have __dict__ attribute")),
    }
}

/// Return a dictionary containing the current scope's local variables.
///
/// NOTE: Whether or not updates to this dictionary will affect name lookups in
/// the local scope and vice-versa is *implementation dependent* and not
/// covered by any backwards compatibility guarantees.
#[pyfunction(signature = "()")]
pub fn locals(th: &mut Thread) -> PyResult {
    frame::object::current_locals(th)
}

/// Return the dictionary containing the current scope's global variables.
///
/// NOTE: Updates to this dictionary *will* affect name lookups in the current
/// global scope and vice-versa.
#[pyfunction(signature = "()")]
pub fn globals(th: &mut Thread) -> Value {
    frame::current_globals(th).map_or(Value::NONE, Obj::into_value)
}
