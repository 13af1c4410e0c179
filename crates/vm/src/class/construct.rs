//! Calling a class: `__new__`, then `__init__`.

use object_model::ty::{Class, flag};
use object_model::{Obj, Value};

use super::{Plain, special, type_of};
use crate::builtins::staticmethod::StaticMethod;
use crate::error::PyResult;
use crate::names::Special;
use crate::native::{Args, PyClass};
use crate::thread::Thread;

/// `class(*args)`, as `type.__call__` does it.
pub fn call(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
    if Some(class) == <object_model::ty::Type as PyClass>::cell().get()
        && args.positional.len() == 1
        && !args.has_keywords()
    {
        return Ok(type_of(&args.positional[0]).value());
    }
    if class.payload.has(flag::DISALLOW_INSTANTIATION) {
        let name = super::full_name(th, class);
        return Err(th.type_error(format_args!("cannot create '{name}' instances")));
    }
    let Some(new) = special::get(th, class, Special::New).cloned() else {
        let name = crate::class::tp_name(th, class);
        return Err(th.type_error(format_args!("cannot create '{name}' instances")));
    };
    let object = if is_object_new(th, &new) {
        check_object_arguments(th, class, &args)?;
        allocate(th, class)?
    } else {
        // Nearly always a static method: what it wraps is called without binding.
        let new = match th.exact::<StaticMethod>(&new) {
            Some(method) => method.callable(th),
            None => super::descriptor::bind(th, &new, None, class)?,
        };
        let receiver = class.value();
        th.call_prepended(&new, &receiver, args)?
    };
    initialize(th, class, object, args)
}

/// Calls the `__init__` of what `__new__` made, if it is an instance of the class.
pub fn initialize(th: &mut Thread, class: Class, object: Value, args: Args<'_>) -> PyResult {
    let own = type_of(&object);
    if !own.is_subtype(th, class) {
        return Ok(object);
    }
    if let Some(init) = special::get(th, own, Special::Init).cloned()
        && !is_object_init(th, &init)
    {
        let result = if super::descriptor::is_plain_method(&init) {
            th.call_prepended(&init, &object, args)?
        } else {
            let bound = super::descriptor::bind(th, &init, Some(&object), own)?;
            th.call_args(&bound, args)?
        };
        if !result.is_none() {
            let name = th.type_name(&result);
            return Err(th.type_error(format_args!("__init__() should return None, not '{name}'")));
        }
    }
    Ok(object)
}

/// True if this is `object.__new__`.
#[inline]
fn is_object_new(th: &Thread, new: &Value) -> bool {
    is_objects(th, new, Special::New)
}

/// True if this is `object.__init__`.
#[inline]
pub fn is_object_init(th: &Thread, init: &Value) -> bool {
    is_objects(th, init, Special::Init)
}

fn is_objects(th: &Thread, method: &Value, special: Special) -> bool {
    Plain::cell().get().and_then(|object| special::get(th, object, special)).is_some_and(|m| m.is(method))
}

/// A new instance of a class whose storage is `object`'s (attributes aside).
#[inline]
pub fn allocate(th: &mut Thread, class: Class) -> PyResult {
    if class.payload.has(flag::ABSTRACT) {
        return Err(abstract_error(th, class));
    }
    if !std::ptr::eq(class.payload.layout(), &raw const super::PLAIN) {
        let name = crate::class::tp_name(th, class);
        return Err(th.type_error(format_args!(
            "object.__new__({name}) is not safe, use {}.__new__()",
            solid_name(th, class)
        )));
    }
    Ok(Obj::new(th, class.payload.instance_shape(), Plain).into_value())
}

fn solid_name(th: &Thread, class: Class) -> String {
    let mro = class.payload.mro.get(th);
    let native = mro.iter().find(|c| !c.payload.has(flag::HEAP)).copied().unwrap_or(class);
    crate::class::tp_name(th, native)
}

#[cold]
fn abstract_error(th: &mut Thread, class: Class) -> crate::error::Raised {
    let name = class.payload.name.get(th).to_string();
    let methods = super::lookup(th, class, &crate::names::names().abstractmethods);
    let mut list: Vec<String> = Vec::new();
    if let Some(methods) = methods
        && let Ok(items) = th.collect(&methods)
    {
        list.extend(items.iter().filter_map(|m| Some(th.as_str(m)?.units().to_str_lossy().to_string())));
    }
    th.clear_exception();
    list.sort();
    let plural = if list.len() == 1 { "" } else { "s" };
    let list = list.iter().map(|m| format!("'{m}'")).collect::<Vec<_>>().join(", ");
    th.type_error(format_args!(
        "Can't instantiate abstract class {name} without an implementation for abstract method{plural} {list}"
    ))
}

/// What `object()` and `object.__init__` say of arguments that nobody takes.
pub fn check_object_arguments(th: &mut Thread, class: Class, args: &Args<'_>) -> PyResult<()> {
    if args.positional.is_empty() && !args.has_keywords() {
        return Ok(());
    }
    let own_init = special::get(th, class, Special::Init).cloned();
    if own_init.is_some_and(|init| !is_object_init(th, &init)) {
        return Ok(());
    }
    let name = class.payload.name.get(th).to_string();
    Err(th.type_error(format_args!("{name}() takes no arguments")))
}
