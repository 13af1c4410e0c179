//! `object`: the methods that every object has, and the getsets `__dict__` and `__weakref__` of instances.
//!
//! Not here: making instances (`class::construct`), pickling's protocol (`reduce`), changing an object's class
//! (`reclass`).

use object_model::object::attributes;

use super::native_function::GetSet;
use crate::class::{self, Plain, attribute, construct, special};
use crate::names::{Special, names};
use crate::native::{NativeDef, Role};
use crate::prelude::*;

/// The class `object`.
#[pyclass(
    for = Plain,
    name = "object",
    module = "builtins",
    doc = "The base class of all classes.",
    subclassable,
    shape = OBJECT,
    layout = &class::PLAIN
)]
pub struct ObjectClass;

static DICT_GETTER: NativeDef =
    NativeDef { name: "__dict__", function: get_dict, role: Role::Getter, text_signature: "", doc: "" };
static DICT_SETTER: NativeDef =
    NativeDef { name: "__dict__", function: set_dict, role: Role::Setter, text_signature: "", doc: "" };
static WEAKREF_GETTER: NativeDef =
    NativeDef { name: "__weakref__", function: get_weakref, role: Role::Getter, text_signature: "", doc: "" };

/// The descriptor `__dict__` of a class whose instances have one.
pub fn dict_getset(th: &mut Thread, class: Class) -> Value {
    getset(th, class, &DICT_GETTER, Some(&DICT_SETTER))
}

/// The descriptor `__weakref__` of a class whose instances can be referred to weakly.
pub fn weakref_getset(th: &mut Thread, class: Class) -> Value {
    getset(th, class, &WEAKREF_GETTER, None)
}

fn getset(
    th: &mut Thread,
    class: Class,
    getter: &'static NativeDef,
    setter: Option<&'static NativeDef>,
) -> Value {
    let owner = Some(class.value());
    let descriptor = GetSet { name: getter.name, getter: Some(getter), setter, class, owner };
    Obj::new(th, builtin::GETSET_DESCRIPTOR, descriptor).into_value()
}

fn receiver<'a>(th: &mut Thread, args: &Args<'a>) -> PyResult<&'a Value> {
    match args.positional.first() {
        Some(receiver) => Ok(receiver),
        None => Err(th.type_error("descriptor needs an object")),
    }
}

fn get_dict(th: &mut Thread, args: Args<'_>) -> PyResult {
    let this = receiver(th, &args)?;
    if let Some(dict) = super::module::dict_of(th, this) {
        return Ok(dict.clone().into_value());
    }
    if let Some(class) = th.as_class(this) {
        let dict = class.payload.dict.clone().into_value();
        return Ok(super::mappingproxy::make(th, dict));
    }
    match this.as_header().filter(|h| h.shape().is_extensible()) {
        Some(header) => attribute::to_dict_mode(th, header).map(Obj::into_value),
        None => Err(th.no_attribute(this, &names().dict)),
    }
}

fn set_dict(th: &mut Thread, args: Args<'_>) -> PyResult {
    let this = receiver(th, &args)?;
    let Some(header) = this.as_header().filter(|h| h.shape().is_extensible()) else {
        return Err(th.no_attribute(this, &names().dict));
    };
    if super::module::dict_of(th, this).is_some() {
        return Err(th.attribute_error("readonly attribute"));
    }
    let dict = match args.positional.get(1) {
        None if keeps_dict(th, this) => return Err(th.type_error("cannot delete __dict__")),
        None => th.dict(),
        Some(value) => match th.downcast::<Dict>(value) {
            Some(dict) => dict.clone(),
            None => {
                let found = th.type_name(value);
                return Err(
                    th.type_error(format_args!("__dict__ must be set to a dictionary, not a '{found}'"))
                );
            }
        },
    };
    attribute::replace_dict(th, header, dict)?;
    Ok(Value::NONE)
}

/// True if the `__dict__` is that of a native class.
fn keeps_dict(th: &Thread, this: &Value) -> bool {
    let class = th.type_of(this);
    let native = |c: &&Class| !c.payload.has(object_model::ty::flag::HEAP);
    class
        .payload
        .mro
        .get(th)
        .iter()
        .filter(native)
        .any(|c| c.payload.dict.get_str(th, &names().dict).is_some())
}

fn get_weakref(th: &mut Thread, args: Args<'_>) -> PyResult {
    let this = receiver(th, &args)?;
    Ok(super::weakref::first_of(th, this).unwrap_or(Value::NONE))
}

/// True if `class` has `object`'s own method for `special`.
fn inherits(th: &Thread, class: Class, special: Special) -> bool {
    match (special::get(th, class, special), Plain::cell().get()) {
        (Some(own), Some(object)) => special::get(th, object, special).is_some_and(|plain| plain.is(own)),
        _ => false,
    }
}

/// The value of `__getattribute__`'s name argument.
fn name_of(th: &mut Thread, name: &Value) -> PyResult<Obj<Str>> {
    match th.as_str(name) {
        Some(name) => Ok(name.clone()),
        None => {
            let found = th.type_name(name);
            Err(th.type_error(format_args!("attribute name must be string, not '{found}'")))
        }
    }
}

#[pymethods(for = Plain)]
impl ObjectClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        if !args.positional.is_empty() || args.has_keywords() {
            if !inherits(th, class, Special::New) {
                return Err(
                    th.type_error("object.__new__() takes exactly one argument (the type to instantiate)")
                );
            }
            if inherits(th, class, Special::Init) {
                let name = crate::class::tp_name(th, class);
                return Err(th.type_error(format_args!("{name}() takes no arguments")));
            }
        }
        construct::allocate(th, class)
    }

    #[raw]
    #[signature("(*args, **kwargs)")]
    fn __init__(this: &Value, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        if args.positional.is_empty() && !args.has_keywords() {
            return Ok(());
        }
        let class = th.type_of(this);
        if !inherits(th, class, Special::Init) {
            return Err(
                th.type_error("object.__init__() takes exactly one argument (the instance to initialize)")
            );
        }
        if inherits(th, class, Special::New) {
            let name = crate::class::tp_name(th, class);
            return Err(th.type_error(format_args!(
                "{name}.__init__() takes exactly one argument (the instance to initialize)"
            )));
        }
        Ok(())
    }

    fn __repr__(this: &Value, th: &mut Thread) -> String {
        let class = th.type_of(this);
        let name = class::full_name(th, class);
        format!("<{name} object at {:#x}>", this.word())
    }

    fn __str__(this: &Value, th: &mut Thread) -> PyResult {
        th.repr(this).map(Obj::into_value)
    }

    fn __eq__(this: &Value, other: &Value) -> Value {
        if this.is(other) { Value::TRUE } else { Value::NOT_IMPLEMENTED }
    }

    fn __ne__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        // The opposite of the class's own `==`.
        let equal = th.call_special(this, Special::Eq, &[other])?.unwrap_or(Value::NOT_IMPLEMENTED);
        if equal.is(&Value::NOT_IMPLEMENTED) {
            return Ok(equal);
        }
        Ok(Value::bool(!th.is_true(&equal)?))
    }

    fn __lt__(this: &Value, other: &Value) -> Value {
        let _ = (this, other);
        Value::NOT_IMPLEMENTED
    }

    fn __le__(this: &Value, other: &Value) -> Value {
        let _ = (this, other);
        Value::NOT_IMPLEMENTED
    }

    fn __gt__(this: &Value, other: &Value) -> Value {
        let _ = (this, other);
        Value::NOT_IMPLEMENTED
    }

    fn __ge__(this: &Value, other: &Value) -> Value {
        let _ = (this, other);
        Value::NOT_IMPLEMENTED
    }

    fn __hash__(this: &Value) -> i64 {
        // Blocks are 8-byte aligned and no smaller than 16 bytes: the low bits say little.
        this.word().rotate_right(4) as i64
    }

    fn __getattribute__(this: &Value, th: &mut Thread, name: &Value) -> PyResult {
        let name = name_of(th, name)?;
        match attribute::generic(th, this, &name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this, &name)),
        }
    }

    fn __setattr__(this: &Value, th: &mut Thread, name: &Value, value: &Value) -> PyResult<()> {
        let name = name_of(th, name)?;
        refuse_other_storage(th, this, "__setattr__")?;
        th.assign_generic(this, &name, Some(value))
    }

    fn __delattr__(this: &Value, th: &mut Thread, name: &Value) -> PyResult<()> {
        let name = name_of(th, name)?;
        refuse_other_storage(th, this, "__delattr__")?;
        th.assign_generic(this, &name, None)
    }

    fn __dir__(this: &Value, th: &mut Thread) -> PyResult {
        let names = th.dict();
        let own = th.lookup_attr(this, "__dict__")?;
        if let Some(own) = own.and_then(|d| th.downcast::<Dict>(&d).cloned()) {
            add_keys(th, &names, &own)?;
        }
        let class = th.lookup_attr(this, "__class__")?;
        if let Some(class) = class.and_then(|c| th.as_class(&c)) {
            let order: Vec<Class> = class.payload.mro.get(th).to_vec();
            for class in order.iter().rev() {
                let dict = class.payload.dict.clone();
                add_keys(th, &names, &dict)?;
            }
        }
        let keys = names.snapshot(th).into_iter().map(|(key, _, _)| key).collect();
        Ok(th.list(keys))
    }

    fn __format__(this: &Value, th: &mut Thread, format_spec: &Value) -> PyResult {
        let Some(spec) = th.as_str(format_spec) else {
            let found = th.type_name(format_spec);
            return Err(th.type_error(format_args!("__format__() argument must be str, not {found}")));
        };
        if spec.len() > 0 {
            let name = th.type_name(this);
            return Err(th.type_error(format_args!("unsupported format string passed to {name}.__format__")));
        }
        th.str_of(this).map(Obj::into_value)
    }

    fn __reduce__(this: &Value, th: &mut Thread) -> PyResult {
        super::reduce::reduce(th, this, 0)
    }

    fn __reduce_ex__(this: &Value, th: &mut Thread, protocol: i32) -> PyResult {
        super::reduce::reduce_ex(th, this, protocol)
    }

    fn __getstate__(this: &Value, th: &mut Thread) -> PyResult {
        super::reduce::state(th, this, false)
    }

    #[classmethod]
    fn __init_subclass__() {}

    #[classmethod]
    fn __subclasshook__(th: &mut Thread, class: Class, subclass: &Value) -> Value {
        let _ = (th, class, subclass);
        Value::NOT_IMPLEMENTED
    }

    fn __sizeof__(this: &Value) -> usize {
        size_of_object(this)
    }

    #[getter]
    fn __class__(this: &Value, th: &mut Thread) -> Value {
        th.type_of(this).value()
    }

    #[setter("__class__")]
    fn set_class(this: &Value, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        match value {
            Some(value) => super::reclass::assign_class(th, this, value),
            None => Err(th.type_error("can't delete __class__ attribute")),
        }
    }
}

/// `object.__setattr__` must not go behind the back of a class or module, which keep their attributes elsewhere.
fn refuse_other_storage(th: &mut Thread, this: &Value, method: &str) -> PyResult<()> {
    let elsewhere = th.as_class(this).is_some() || th.downcast::<super::module::Module>(this).is_some();
    if !elsewhere {
        return Ok(());
    }
    let class = th.type_of(this);
    let order: Vec<Class> = class.payload.mro.get(th).to_vec();
    let owner = order.iter().find(|c| !c.payload.has(object_model::ty::flag::HEAP)).copied().unwrap_or(class);
    let name = crate::class::tp_name(th, owner);
    Err(th.type_error(format_args!("can't apply this {method} to {name} object")))
}

fn add_keys(th: &mut Thread, names: &Obj<Dict>, from: &Obj<Dict>) -> PyResult<()> {
    for (key, _, _) in from.snapshot(th) {
        th.dict_set(names, &key, Value::NONE)?;
    }
    Ok(())
}

/// Bytes of an object in the object heap; immediates have none.
fn size_of_object(value: &Value) -> usize {
    let Some(header) = value.as_header() else { return 0 };
    let shape = header.shape();
    let layout = shape.class().layout();
    // SAFETY: a live object of its class's layout.
    let size = unsafe { layout.full_size(header.as_ptr()) };
    size.next_multiple_of(8) + attributes_size(header)
}

fn attributes_size(header: &object_model::Header) -> usize {
    match attributes::area(header, header.shape()) {
        Some(_) => header.shape().attribute_bytes(),
        None => 0,
    }
}
