//! Making and raising exceptions that Python code names, matching them, and what is attached to them.

use object_model::ty::flag;

use super::base::{BaseException, allocate};
use super::fields::{self, number};
use super::hierarchy::{Exc, Family};
use crate::class::as_class;
use crate::error::Raised;
use crate::names::names;
use crate::prelude::*;

/// The exception that a value is, if it is one.
#[inline]
pub fn as_exception<'a>(_th: &Thread, value: &'a Value) -> Option<&'a Obj<BaseException>> {
    let header = value.as_header()?;
    let is = header.shape().class().payload.has(flag::EXCEPTION_SUBCLASS);
    // SAFETY: classes with this flag derive from BaseException, whose payload all of them have.
    if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
}

/// The exception class that a value is, if it is one.
pub fn is_exception_class(value: &Value) -> Option<Class> {
    as_class(value).filter(|c| c.payload.has(flag::EXCEPTION_SUBCLASS))
}

/// A new exception of a builtin class.
pub fn new(th: &mut Thread, class: Exc, args: Vec<Value>) -> PyResult {
    let object = class.class();
    match class.family() {
        Family::Os => super::os_error::make(th, object, Args::positional(&args)),
        Family::Group => super::groups::make(th, object, Args::positional(&args)),
        family => {
            let empty = th.tuple(Vec::new());
            let this = allocate(th, object, empty);
            fields::initialise(th, family, &this, Args::positional(&args))?;
            Ok(this.into_value())
        }
    }
}

/// The instance that `raise value` raises: `value` itself, or what calling it gives.
pub fn instance(th: &mut Thread, value: Value, wrong: &str) -> PyResult {
    if let Some(class) = is_exception_class(&value) {
        let made = th.call(&value, &[])?;
        if as_exception(th, &made).is_some() {
            return Ok(made);
        }
        let class = crate::class::full_name(th, class);
        let found = th.type_of(&made);
        let found = crate::class::full_name(th, found);
        return Err(th.type_error(format_args!(
            "calling <class '{class}'> should have returned an instance of BaseException, not <class '{found}'>"
        )));
    }
    if as_exception(th, &value).is_some() {
        return Ok(value);
    }
    Err(th.type_error(wrong))
}

/// `raise value`: a class is called first.
#[cold]
pub fn raise_object(th: &mut Thread, value: Value) -> Raised {
    match instance(th, value, "exceptions must derive from BaseException") {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

/// `raise value from cause`
#[cold]
pub fn raise_from(th: &mut Thread, value: Value, cause: Value) -> Raised {
    let exception = match instance(th, value, "exceptions must derive from BaseException") {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    let cause = if cause.is_none() {
        cause
    } else {
        match instance(th, cause, "exception causes must derive from BaseException") {
            Ok(cause) => cause,
            Err(raised) => return raised,
        }
    };
    if let Some(raised) = as_exception(th, &exception) {
        raised.set_cause(th, cause);
    }
    th.raise(exception)
}

/// Raises TypeError unless `types` can stand after `except`.
pub(super) fn check_types(th: &mut Thread, types: &Value, message: &str) -> PyResult<()> {
    let right = match th.downcast::<Tuple>(types) {
        Some(tuple) => tuple.items().iter().all(|t| is_exception_class(t).is_some()),
        None => is_exception_class(types).is_some(),
    };
    if right { Ok(()) } else { Err(th.type_error(message)) }
}

/// True if `except types` catches `exception`.
pub fn matches(th: &mut Thread, exception: &Value, types: &Value) -> PyResult<bool> {
    check_types(th, types, "catching classes that do not inherit from BaseException is not allowed")?;
    Ok(is_instance_of(th, exception, types))
}

/// True if `exception` is an instance of the class, or of one of the tuple of classes; by the mro alone.
pub(super) fn is_instance_of(th: &Thread, exception: &Value, types: &Value) -> bool {
    let class = th.type_of(exception);
    let derives = |t: &Value| as_class(t).is_some_and(|t| class.is_subtype(th, t));
    match th.downcast::<Tuple>(types) {
        Some(tuple) => tuple.items().iter().any(derives),
        None => derives(types),
    }
}

/// Tells the pending AttributeError which attribute of what is missing, unless it knows.
#[cold]
pub fn attach_name_and_object(th: &mut Thread, name: &Obj<Str>, object: &Value) {
    let Some(pending) = th.raised.clone() else { return };
    if !th.type_of(&pending).is_subtype(th, Exc::AttributeError.class()) {
        return;
    }
    if let Some(exception) = as_exception(th, &pending)
        && exception.extra(th, number::NAME).is_none()
        && exception.extra(th, number::OBJ).is_none()
    {
        exception.set_extra(th, number::NAME, Some(name.as_value().clone()));
        exception.set_extra(th, number::OBJ, Some(object.clone()));
    }
}

/// Tells the pending NameError which name is missing, unless it knows.
#[cold]
pub fn attach_name(th: &mut Thread, name: &Obj<Str>) {
    let Some(pending) = th.raised.clone() else { return };
    if !th.type_of(&pending).is_subtype(th, Exc::NameError.class()) {
        return;
    }
    if let Some(exception) = as_exception(th, &pending)
        && exception.extra(th, number::NAME).is_none()
    {
        exception.set_extra(th, number::NAME, Some(name.as_value().clone()));
    }
}

/// `exception.add_note(note)`; what goes wrong is forgotten, the exception itself matters more.
#[cold]
pub fn add_note(th: &mut Thread, exception: &Value, note: &str) {
    let pending = th.raised.take();
    let note = th.str(note);
    if th.call_method(exception, "add_note", &[note]).is_err() {
        th.clear_exception();
    }
    th.raised = pending;
}

/// Makes the message, `name`, `path` and so on of an ImportError or ModuleNotFoundError, and raises it.
#[cold]
pub fn import_error(
    th: &mut Thread,
    class: Exc,
    message: &str,
    name: Option<Value>,
    path: Option<Value>,
    name_from: Option<Value>,
) -> Raised {
    let message = th.str(message);
    let exception = match new(th, class, vec![message]) {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    if let Some(this) = as_exception(th, &exception) {
        this.set_extra(th, number::NAME, name);
        this.set_extra(th, number::IMPORT_PATH, path);
        this.set_extra(th, number::IMPORT_NAME_FROM, name_from);
    }
    th.raise(exception)
}

/// The value of a StopIteration (`return` of a generator); None of other exceptions.
pub fn stop_value(th: &Thread, exception: &Value) -> Value {
    as_exception(th, exception).and_then(|e| e.extra(th, number::VALUE)).unwrap_or(Value::NONE)
}

/// Raises `StopIteration(value)`, also where `value` is a tuple or an exception.
#[cold]
pub fn raise_stop_iteration(th: &mut Thread, value: Value) -> Raised {
    let args = if value.is_none() { Vec::new() } else { vec![value] };
    th.raise_args(Exc::StopIteration, args)
}

/// `BaseException.__notes__` is read by this name.
pub fn notes_of(th: &mut Thread, exception: &Value) -> PyResult<Option<Value>> {
    th.find_attr_or_none(exception, &names().notes)
}
