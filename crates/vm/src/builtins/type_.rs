//! `type`: making classes, their attributes, and what `isinstance` and `issubclass` ask by default.
//!
//! Not here: how a class is built (`class::create`), looked into (`class`) and called (`class::construct`);
//! `__bases__` (`type_bases`), annotations (`type_annotations`).

use object_model::ty::{Type, flag};

use super::{mappingproxy, native_function, union};
use crate::class::{self, attribute, construct, create, mro, special};
use crate::names::{Special, names};
use crate::prelude::*;

/// The class `type`.
#[pyclass(
    for = Type,
    name = "type",
    module = "builtins",
    doc = "The class of classes: with one argument the class of an object, with three a new class.",
    subclassable,
    weakref,
    shape = TYPE,
    layout = &class::TYPE,
    flags = flag::TYPE_SUBCLASS,
    parts("annotations", "bases")
)]
pub struct TypeClass;

/// The class behind a handle.
#[inline]
pub(super) fn class_of(this: &Obj<Type>) -> Class {
    // SAFETY: classes outlive every use (see `Class`).
    unsafe { &*this.as_ptr().as_ptr() }
}

pub(super) fn name_of(th: &Thread, class: Class) -> String {
    class.payload.name.get(th).to_string()
}

/// Raises TypeError unless the attribute of the class may be set.
pub(super) fn check_mutable(th: &mut Thread, class: Class, attribute: &str) -> PyResult<()> {
    if class.payload.has(flag::HEAP) && !class.payload.has(flag::IMMUTABLE) {
        return Ok(());
    }
    let name = class::tp_name(th, class);
    Err(th.type_error(format_args!("cannot set '{attribute}' attribute of immutable type '{name}'")))
}

/// The value to set an attribute of a class to that cannot be deleted.
fn settable<'a>(
    th: &mut Thread,
    class: Class,
    attribute: &str,
    value: Option<&'a Value>,
) -> PyResult<&'a Value> {
    check_mutable(th, class, attribute)?;
    match value {
        Some(value) => Ok(value),
        None => {
            let name = name_of(th, class);
            Err(th
                .type_error(format_args!("cannot delete '{attribute}' attribute of immutable type '{name}'")))
        }
    }
}

/// Sets an entry of a class's dict and tells the caches.
pub(super) fn put(th: &mut Thread, class: Class, name: &Obj<Str>, value: Value) -> PyResult<()> {
    create::replace_in_dict(th, class, name, Some(value)).map(drop)
}

/// Removes an entry of a class's dict and tells the caches; false if there is none.
pub(super) fn take(th: &mut Thread, class: Class, name: &Obj<Str>) -> bool {
    create::replace_in_dict(th, class, name, None).unwrap_or(false)
}

/// What `isinstance` answers where no metaclass says otherwise.
pub fn is_instance_plain(th: &mut Thread, instance: &Value, class: Class) -> PyResult<bool> {
    let own = th.type_of(instance);
    if own.is_subtype(th, class) {
        return Ok(true);
    }
    if !own.payload.has(flag::CUSTOM_GETATTR | flag::CUSTOM_CLASS) {
        return Ok(false);
    }
    // A proxy may say that it is of another class.
    let said = th.find_attr_or_none(instance, &names().class)?;
    let said = said.and_then(|said| th.as_class(&said));
    Ok(said.is_some_and(|said| said.is_subtype(th, class)))
}

/// What `issubclass` answers where no metaclass says otherwise; what is no class may still have `__bases__`.
pub fn is_subclass_plain(th: &mut Thread, subclass: &Value, class: &Value) -> PyResult<bool> {
    if let (Some(subclass), Some(class)) = (th.as_class(subclass), th.as_class(class)) {
        return Ok(subclass.is_subtype(th, class));
    }
    if bases_of(th, subclass)?.is_none() {
        return Err(th.type_error("issubclass() arg 1 must be a class"));
    }
    if bases_of(th, class)?.is_none() {
        return Err(th.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"));
    }
    derives(th, subclass, class)
}

fn derives(th: &mut Thread, subclass: &Value, class: &Value) -> PyResult<bool> {
    th.check_native_stack()?;
    if subclass.is(class) {
        return Ok(true);
    }
    for base in bases_of(th, subclass)?.unwrap_or_default() {
        if derives(th, &base, class)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `value.__bases__`, if that is a tuple.
pub fn bases_of(th: &mut Thread, value: &Value) -> PyResult<Option<Vec<Value>>> {
    let bases = th.find_attr_or_none(value, &names().bases)?;
    Ok(bases.and_then(|b| th.downcast::<Tuple>(&b).map(|t| t.items().to_vec())))
}

/// `type(name, bases, namespace, **keywords)` for a metaclass.
fn make_class(th: &mut Thread, metaclass: Class, args: Args<'_>) -> PyResult {
    let [name, bases, namespace] = args.positional else {
        if Some(metaclass) == Type::cell().get() {
            return Err(th.type_error("type() takes 1 or 3 arguments"));
        }
        let given = args.positional.len();
        return Err(th.type_error(format_args!("type.__new__() takes exactly 3 arguments ({given} given)")));
    };
    let wrong = |th: &mut Thread, number: usize, expected: &str, value: &Value| {
        let found = th.type_name(value);
        th.type_error(format_args!("type.__new__() argument {number} must be {expected}, not {found}"))
    };
    let Some(text) = th.as_str(name).cloned() else { return Err(wrong(th, 1, "str", name)) };
    let Some(items) = th.downcast::<Tuple>(bases).cloned() else { return Err(wrong(th, 2, "tuple", bases)) };
    let Some(dict) = th.downcast::<Dict>(namespace).cloned() else {
        return Err(wrong(th, 3, "dict", namespace));
    };
    let winner = create::calculate_metaclass(th, metaclass, items.items())?;
    if winner != metaclass {
        // The winner's own `__new__` makes the class.
        let new = special::get(th, winner, Special::New).cloned();
        let plain = Type::cell().get().and_then(|t| special::get(th, t, Special::New)).cloned();
        if let (Some(new), Some(plain)) = (new, plain)
            && !new.is(&plain)
        {
            let bound = class::descriptor::bind(th, &new, None, winner)?;
            return th.call_prepended(&bound, &winner.value(), args);
        }
    }
    create::new_class(th, winner, &text, items.items(), &dict, args)
}

/// The bits of `__flags__` that Python code looks at.
fn public_flags(class: Class) -> i64 {
    let table = [
        (flag::SEQUENCE, 5),
        (flag::MAPPING, 6),
        (flag::HEAP, 9),
        (flag::BASE, 10),
        (flag::ABSTRACT, 20),
        (flag::INT_SUBCLASS, 24),
        (flag::LIST_SUBCLASS, 25),
        (flag::TUPLE_SUBCLASS, 26),
        (flag::BYTES_SUBCLASS, 27),
        (flag::STR_SUBCLASS, 28),
        (flag::DICT_SUBCLASS, 29),
        (flag::EXCEPTION_SUBCLASS, 30),
        (flag::TYPE_SUBCLASS, 31),
        (flag::MATCH_SELF, 22),
        (flag::DISALLOW_INSTANTIATION, 7),
    ];
    let set = table.iter().filter(|(bit, _)| class.payload.has(*bit)).fold(0, |bits, (_, n)| bits | 1 << n);
    let immutable = !class.payload.has(flag::HEAP) || class.payload.has(flag::IMMUTABLE);
    // Ready, collected, and perhaps immutable.
    set | 1 << 12 | 1 << 14 | i64::from(immutable) << 8
}

#[pymethods(for = Type)]
impl TypeClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        make_class(th, class, args)
    }

    #[raw]
    fn __init__(this: &Obj<Type>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let _ = this;
        match args.positional.len() {
            1 if args.has_keywords() => Err(th.type_error("type.__init__() takes no keyword arguments")),
            1 | 3 => Ok(()),
            _ => Err(th.type_error("type.__init__() takes 1 or 3 arguments")),
        }
    }

    #[raw]
    fn __call__(this: &Obj<Type>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let is_type = Some(class_of(this)) == Type::cell().get();
        if is_type && args.positional.len() != 3 && (args.positional.len() != 1 || args.has_keywords()) {
            return Err(th.type_error("type() takes 1 or 3 arguments"));
        }
        construct::call(th, class_of(this), args)
    }

    fn __getattribute__(this: &Obj<Type>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        match attribute::of_class(th, class_of(this), name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    fn __setattr__(this: &Obj<Type>, th: &mut Thread, name: &Obj<Str>, value: &Value) -> PyResult<()> {
        create::assign_class_attr(th, class_of(this), name, Some(value))
    }

    fn __delattr__(this: &Obj<Type>, th: &mut Thread, name: &Obj<Str>) -> PyResult<()> {
        create::assign_class_attr(th, class_of(this), name, None)
    }

    fn __repr__(this: &Obj<Type>, th: &mut Thread) -> String {
        format!("<class '{}'>", class::full_name(th, class_of(this)))
    }

    #[getter]
    fn __name__(this: &Obj<Type>, th: &mut Thread) -> String {
        name_of(th, class_of(this))
    }

    #[setter("__name__")]
    fn set_name(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        let text = assigned_name(th, class, "__name__", value)?;
        if text.contains('\0') {
            return Err(th.value_error("type name must not contain null characters"));
        }
        class.payload.name.publish(th, text.into());
        class.payload.bump_version();
        Ok(())
    }

    #[getter]
    fn __qualname__(this: &Obj<Type>, th: &mut Thread) -> Value {
        let class = class_of(this);
        let qualname = class.payload.qualname.lock(th).clone();
        match qualname {
            Some(name) => name,
            None => {
                let name = name_of(th, class);
                th.str(&name)
            }
        }
    }

    #[setter("__qualname__")]
    fn set_qualname(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        assigned_name(th, class, "__qualname__", value)?;
        let old = std::mem::replace(&mut *class.payload.qualname.lock(th), value.cloned());
        drop(old);
        Ok(())
    }

    #[getter]
    fn __module__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let own = this.dict.get_str(th, &names().module);
        if this.has(flag::HEAP) {
            return match own {
                Some(module) => Ok(module),
                None => Err(th.attribute_error("__module__")),
            };
        }
        // The descriptor of an attribute that the instances have is not meant.
        Ok(own.filter(|module| th.as_str(module).is_some()).unwrap_or_else(|| th.str("builtins")))
    }

    #[setter("__module__")]
    fn set_module(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        let value = settable(th, class, "__module__", value)?;
        put(th, class, &names().module, value.clone())?;
        let line = th.intern("__firstlineno__");
        take(th, class, &line);
        Ok(())
    }

    #[getter("__doc__")]
    fn class_doc(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let class = class_of(this);
        let own = this.dict.get_str(th, &names().doc);
        if !this.has(flag::HEAP) {
            return Ok(own.filter(|doc| th.as_str(doc).is_some()).unwrap_or(Value::NONE));
        }
        match own {
            Some(doc) => class::descriptor::bind(th, &doc, None, class),
            None => Ok(Value::NONE),
        }
    }

    #[setter("__doc__")]
    fn set_doc(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        let value = settable(th, class, "__doc__", value)?;
        put(th, class, &names().doc, value.clone())
    }

    #[getter]
    fn __mro__(this: &Obj<Type>, th: &mut Thread) -> Value {
        let order: Vec<Value> = class_of(this).payload.mro.get(th).iter().map(|c| c.value()).collect();
        // While it is computed for the first time there is none.
        if order.is_empty() { Value::NONE } else { th.tuple(order) }
    }

    #[getter("__dict__")]
    fn dict(this: &Obj<Type>, th: &mut Thread) -> Value {
        let dict = this.dict.clone().into_value();
        mappingproxy::make(th, dict)
    }

    #[getter]
    fn __flags__(this: &Obj<Type>) -> i64 {
        public_flags(class_of(this))
    }

    #[getter]
    fn __basicsize__(this: &Obj<Type>) -> usize {
        let class = class_of(this);
        let attributes = class.payload.instance_shape().attribute_bytes();
        class.payload.layout().size + attributes
    }

    #[getter]
    fn __itemsize__(this: &Obj<Type>) -> usize {
        if this.layout().variable { size_of::<Value>() } else { 0 }
    }

    #[getter]
    fn __dictoffset__(this: &Obj<Type>) -> i64 {
        // As in CPython for attributes that no fixed place in the object leads to.
        if this.extensible() { -1 } else { 0 }
    }

    #[getter]
    fn __weakrefoffset__(this: &Obj<Type>) -> i64 {
        if this.weakrefable() { -1 } else { 0 }
    }

    #[getter]
    fn __text_signature__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        for special in [Special::New, Special::Init] {
            if this.has(flag::HEAP) {
                break;
            }
            let Some(method) = this.dict.get_str(th, special.name()) else { continue };
            let native = native_function::as_native(&method).map(|f| f.def.text_signature);
            match native {
                Some("") => {}
                Some(text) => return Ok(th.str(text)),
                None => {
                    let text = th.lookup_attr(&method, "__text_signature__")?;
                    if let Some(text) = text.filter(|t| !t.is_none()) {
                        return Ok(text);
                    }
                }
            }
        }
        Ok(Value::NONE)
    }

    #[getter]
    fn __abstractmethods__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let own = this.dict.get_str(th, &names().abstractmethods);
        match own.filter(|_| Some(class_of(this)) != Type::cell().get()) {
            Some(methods) => Ok(methods),
            None => Err(th.no_attribute(this.as_value(), &names().abstractmethods)),
        }
    }

    #[setter("__abstractmethods__")]
    fn set_abstractmethods(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        let name = &names().abstractmethods;
        let is_abstract = match value {
            Some(value) => {
                let is_abstract = th.is_true(value)?;
                put(th, class, name, value.clone())?;
                is_abstract
            }
            None if take(th, class, name) => false,
            None => return Err(th.no_attribute(this.as_value(), name)),
        };
        class.payload.set_flags(flag::ABSTRACT, is_abstract);
        Ok(())
    }

    #[getter]
    fn __type_params__(this: &Obj<Type>, th: &mut Thread) -> Value {
        // The descriptor of `type` itself is not meant.
        let own = this.dict.get_str(th, &names().type_params);
        match own.filter(|_| Some(class_of(this)) != Type::cell().get()) {
            Some(params) => params,
            None => th.tuple(Vec::new()),
        }
    }

    #[setter("__type_params__")]
    fn set_type_params(this: &Obj<Type>, th: &mut Thread, value: &Value) -> PyResult<()> {
        let class = class_of(this);
        check_mutable(th, class, "__type_params__")?;
        put(th, class, &names().type_params, value.clone())
    }

    /// The classes in which attributes are looked up, in this order.
    fn mro(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let class = class_of(this);
        let bases: Vec<Class> = class.payload.bases.get(th).to_vec();
        let rest = mro::linearise(th, &bases)?;
        let order = std::iter::once(class).chain(rest).map(|c| c.value()).collect();
        Ok(th.list(order))
    }

    /// The direct subclasses.
    fn __subclasses__(this: &Obj<Type>, th: &mut Thread) -> Value {
        let subclasses: Vec<Class> = this.subclasses.lock().clone();
        th.list(subclasses.into_iter().map(|c| c.value()).collect())
    }

    /// The namespace for a class body.
    #[classmethod]
    #[raw]
    fn __prepare__(th: &mut Thread, class: Class, args: Args<'_>) -> Value {
        let _ = (class, args);
        th.dict().into_value()
    }

    fn __instancecheck__(this: &Obj<Type>, th: &mut Thread, instance: &Value) -> PyResult<bool> {
        is_instance_plain(th, instance, class_of(this))
    }

    fn __subclasscheck__(this: &Obj<Type>, th: &mut Thread, subclass: &Value) -> PyResult<bool> {
        is_subclass_plain(th, subclass, this.as_value())
    }

    fn __dir__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let all = th.dict();
        let order: Vec<Class> = class_of(this).payload.mro.get(th).to_vec();
        for class in order {
            for (key, _, _) in class.payload.dict.snapshot(th) {
                th.dict_set(&all, &key, Value::NONE)?;
            }
        }
        let keys = all.snapshot(th).into_iter().map(|(key, _, _)| key).collect();
        Ok(th.list(keys))
    }

    fn __or__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        union::make(th, this, other)
    }

    fn __ror__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        union::make(th, other, this)
    }

    fn __sizeof__(this: &Obj<Type>) -> usize {
        let _ = this;
        size_of::<object_model::Object<Type>>()
    }
}

/// The text that is assigned to `__name__` or `__qualname__`.
fn assigned_name(th: &mut Thread, class: Class, attribute: &str, value: Option<&Value>) -> PyResult<String> {
    check_mutable(th, class, attribute)?;
    let name = name_of(th, class);
    let Some(value) = value else {
        return Err(th.type_error(format_args!("cannot delete '{attribute}' attribute of type '{name}'")));
    };
    match th.as_str(value) {
        Some(text) => Ok(text.units().to_str_lossy().into_owned()),
        None => {
            let found = th.type_name(value);
            Err(th.type_error(format_args!("can only assign string to {name}.{attribute}, not '{found}'")))
        }
    }
}
