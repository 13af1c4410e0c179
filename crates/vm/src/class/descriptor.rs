//! Descriptors: how an attribute found in a class becomes the attribute of an instance.

use object_model::shape::builtin;
use object_model::ty::Class;
use object_model::{Obj, Value};

use super::special;
use crate::builtins::function::Method;
use crate::builtins::native_function::{GetSet, Member, NativeFunction, NativeMethod};
use crate::error::PyResult;
use crate::names::Special;
use crate::native::Args;
use crate::thread::Thread;

/// True if binding `attribute` only passes the receiver first: Python functions and native methods.
#[inline(always)]
pub fn is_plain_method(attribute: &Value) -> bool {
    attribute.as_header().is_some_and(|h| {
        let shape = h.shape_id();
        shape == builtin::FUNCTION
            || shape == builtin::METHOD_DESCRIPTOR
            || shape == builtin::WRAPPER_DESCRIPTOR
    })
}

/// True if `attribute` takes precedence over instance attributes.
#[inline]
pub fn is_data(th: &Thread, attribute: &Value) -> bool {
    let Some(header) = attribute.as_header() else { return false };
    let shape = header.shape_id();
    if shape == builtin::FUNCTION
        || shape == builtin::METHOD_DESCRIPTOR
        || shape == builtin::WRAPPER_DESCRIPTOR
    {
        return false;
    }
    if shape == builtin::GETSET_DESCRIPTOR
        || shape == builtin::MEMBER_DESCRIPTOR
        || shape == builtin::PROPERTY
    {
        return true;
    }
    let class = header.shape().class();
    special::get(th, class, Special::Set).is_some() || special::get(th, class, Special::Delete).is_some()
}

/// True if reading goes through `attribute` even where the instance has an attribute of this name: a data descriptor
/// that can be read.
#[inline]
pub fn overrides(th: &Thread, attribute: &Value) -> bool {
    if !is_data(th, attribute) {
        return false;
    }
    let Some(header) = attribute.as_header() else { return false };
    let shape = header.shape_id();
    shape == builtin::GETSET_DESCRIPTOR
        || shape == builtin::MEMBER_DESCRIPTOR
        || special::get(th, header.shape().class(), Special::Get).is_some()
}

/// What `attribute`, found in `class`, is for `receiver` (None: for the class itself).
pub fn bind(th: &mut Thread, attribute: &Value, receiver: Option<&Value>, class: Class) -> PyResult {
    let Some(header) = attribute.as_header() else { return Ok(attribute.clone()) };
    let shape = header.shape_id();
    match (shape, receiver) {
        (builtin::FUNCTION, Some(receiver)) => {
            return Ok(Obj::new(
                th,
                builtin::METHOD,
                Method { function: attribute.clone(), receiver: receiver.clone() },
            )
            .into_value());
        }
        (builtin::METHOD_DESCRIPTOR | builtin::WRAPPER_DESCRIPTOR, Some(receiver)) => {
            // SAFETY: both shapes have this payload.
            let method: &Obj<NativeMethod> = unsafe { Obj::borrow_unchecked(attribute) };
            return Ok(NativeFunction::bound(th, method, receiver.clone()));
        }
        (builtin::FUNCTION | builtin::METHOD_DESCRIPTOR | builtin::WRAPPER_DESCRIPTOR, None) => {
            return Ok(attribute.clone());
        }
        (builtin::GETSET_DESCRIPTOR, Some(receiver)) => {
            // SAFETY: the shape says so.
            let getset: &Obj<GetSet> = unsafe { Obj::borrow_unchecked(attribute) };
            return getset.read(th, receiver);
        }
        (builtin::MEMBER_DESCRIPTOR, Some(receiver)) => {
            // SAFETY: the shape says so.
            let member: &Obj<Member> = unsafe { Obj::borrow_unchecked(attribute) };
            return member.read(th, receiver);
        }
        (builtin::GETSET_DESCRIPTOR | builtin::MEMBER_DESCRIPTOR, None) => return Ok(attribute.clone()),
        _ => {}
    }
    let own = header.shape().class();
    let Some(get) = special::get(th, own, Special::Get) else { return Ok(attribute.clone()) };
    let get = get.clone();
    let arguments = [attribute.clone(), receiver.cloned().unwrap_or(Value::NONE), class.value()];
    if is_plain_method(&get) {
        return th.call_args(&get, Args::positional(&arguments));
    }
    let bound = bind(th, &get, Some(attribute), own)?;
    th.call_args(&bound, Args::positional(&arguments[1..]))
}

/// Assigns (Some) or deletes (None) through a data descriptor; None if `attribute` is none.
pub fn assign(
    th: &mut Thread,
    attribute: &Value,
    receiver: &Value,
    value: Option<&Value>,
) -> PyResult<Option<()>> {
    let Some(header) = attribute.as_header() else { return Ok(None) };
    match header.shape_id() {
        builtin::GETSET_DESCRIPTOR => {
            // SAFETY: the shape says so.
            let getset: &Obj<GetSet> = unsafe { Obj::borrow_unchecked(attribute) };
            return getset.write(th, receiver, value).map(Some);
        }
        builtin::MEMBER_DESCRIPTOR => {
            // SAFETY: the shape says so.
            let member: &Obj<Member> = unsafe { Obj::borrow_unchecked(attribute) };
            return member.write(th, receiver, value.cloned()).map(Some);
        }
        _ => {}
    }
    let own = header.shape().class();
    let has_set = special::get(th, own, Special::Set).is_some();
    let has_delete = special::get(th, own, Special::Delete).is_some();
    let done = match value {
        Some(value) if has_set => th.call_special(attribute, Special::Set, &[receiver, value])?,
        None if has_delete => th.call_special(attribute, Special::Delete, &[receiver])?,
        Some(_) if has_delete => return Err(th.attribute_error("__set__")),
        None if has_set => return Err(th.attribute_error("__delete__")),
        _ => None,
    };
    Ok(done.map(drop))
}

/// What a class method found in a base of `class` is for `class` itself, given as `value`.
pub fn bind_to_class(th: &mut Thread, attribute: &Value, value: &Value, class: Class) -> PyResult {
    if is_plain_method(attribute) {
        // Not wrapped as a class method: called with the class as its receiver all the same.
        return bind(th, attribute, Some(value), class);
    }
    bind(th, attribute, None, class)
}
