//! Types at work: what the type of a value is, attribute lookup along the mro, special methods, making classes.
//!
//! Not here: the payload of a type (`object_model::ty`), the methods of `type` and `object` (`builtins`).

pub mod attribute;
pub mod construct;
pub mod create;
pub mod descriptor;
pub mod finalize;
pub mod lookup_cache;
pub mod mro;
pub mod native;
pub mod special;

use object_model::object::header::Header;
use object_model::object::layout::{Layout, Payload};
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::ty::{Class, Type, flag};
use object_model::{Attached, Obj, Value};

use crate::native::ClassCell;
use crate::thread::Thread;

/// The payload of a plain `object`.
pub struct Plain;

/// The layout of `object`.
pub static PLAIN: Layout = Layout::of::<Plain>();
/// The layout of `type`.
pub static TYPE: Layout = Layout::of::<Type>();

impl Payload for Plain {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

/// Where the types of immediate values are kept.
pub struct Immediates {
    /// `int`
    pub int: ClassCell,
    /// `float`
    pub float: ClassCell,
    /// `bool`
    pub bool: ClassCell,
    /// `NoneType`
    pub none: ClassCell,
    /// `ellipsis`
    pub ellipsis: ClassCell,
    /// `NotImplementedType`
    pub not_implemented: ClassCell,
}

/// The types of immediate values.
pub static IMMEDIATES: Immediates = Immediates {
    int: ClassCell::new(),
    float: ClassCell::new(),
    bool: ClassCell::new(),
    none: ClassCell::new(),
    ellipsis: ClassCell::new(),
    not_implemented: ClassCell::new(),
};

#[cold]
fn not_started() -> ! {
    unreachable!("the builtin types are made before any value is looked at")
}

/// The type of a value.
#[inline]
pub fn type_of(value: &Value) -> Class {
    if let Some(header) = value.as_header() {
        return header.shape().class();
    }
    let cell = if value.as_small_int().is_some() {
        &IMMEDIATES.int
    } else if value.as_immediate_float().is_some() {
        &IMMEDIATES.float
    } else if value.as_bool().is_some() {
        &IMMEDIATES.bool
    } else if value.is(&Value::ELLIPSIS) {
        &IMMEDIATES.ellipsis
    } else if value.is(&Value::NOT_IMPLEMENTED) {
        &IMMEDIATES.not_implemented
    } else {
        &IMMEDIATES.none
    };
    match cell.get() {
        Some(class) => class,
        None => not_started(),
    }
}

/// The class that a value is, if it is one.
#[inline]
pub fn as_class(value: &Value) -> Option<Class> {
    let header = value.as_header()?;
    let is_class =
        header.shape_id() == builtin::TYPE || header.shape().class().payload.has(flag::TYPE_SUBCLASS);
    if !is_class {
        return None;
    }
    // SAFETY: its type says that the payload is a `Type`; classes outlive every use (see `Class`).
    Some(unsafe { header.as_ptr().cast::<object_model::Object<Type>>().as_ref() })
}

/// The attribute `name` of a class or its bases, as it stands in their dicts.
#[inline]
pub fn lookup(token: &Attached, class: Class, name: &Obj<Str>) -> Option<Value> {
    match Thread::behind(token).lookups.get(token, class, name) {
        Some(found) => found,
        None => lookup_and_remember(token, class, name),
    }
}

#[inline(never)]
fn lookup_and_remember(token: &Attached, class: Class, name: &Obj<Str>) -> Option<Value> {
    // The version is read first: if the type changes meanwhile, the line is not valid.
    let version = class.payload.version();
    let found = lookup_with_home(token, class, name).map(|(value, _)| value);
    Thread::behind(token).lookups.put(version, name, found.as_ref());
    found
}

/// As [`lookup`], with the class in whose dict it was found.
pub fn lookup_with_home(token: &Attached, class: Class, name: &Obj<Str>) -> Option<(Value, Class)> {
    class.payload.mro.get(token).iter().find_map(|c| Some((c.payload.dict.get_str(token, name)?, *c)))
}

/// The name of a class as messages give it: with its module unless that is `builtins`.
pub fn full_name(token: &Attached, class: Class) -> String {
    let names = crate::names::names();
    let module = class.payload.dict.get_str(token, &names.module);
    let module = module.as_ref().and_then(|m| exact_str(m)).map(|m| m.units().to_str_lossy());
    let name = class.payload.qualname.lock(token).clone();
    let name = name.as_ref().and_then(|m| exact_str(m)).map(|m| m.units().to_str_lossy());
    let name = name.unwrap_or_else(|| class.payload.name.get(token).to_string().into());
    match module {
        Some(module) if module != "builtins" => format!("{module}.{name}"),
        _ => name.to_string(),
    }
}

/// The name of a class as most messages give it: of a native class with its module, of a Python class without.
pub fn tp_name(token: &Attached, class: Class) -> String {
    if class.payload.has(flag::HEAP) && !class.payload.has(flag::IMMUTABLE) {
        class.payload.name.get(token).to_string()
    } else {
        full_name(token, class)
    }
}

/// The value as a string, if it is exactly a `str`.
#[inline(always)]
pub fn exact_str(value: &Value) -> Option<&Obj<Str>> {
    match value.as_header() {
        // SAFETY: the shape says that the payload is a `Str`.
        Some(header) if header.shape_id() == builtin::STR => Some(unsafe { Obj::borrow_unchecked(value) }),
        _ => None,
    }
}

/// True if the header's type is `class` or a subclass.
pub fn header_is(token: &Attached, header: &Header, class: Class) -> bool {
    header.shape().class().is_subtype(token, class)
}

impl Thread {
    /// The type of a value.
    #[inline]
    pub fn type_of(&self, value: &Value) -> Class {
        type_of(value)
    }

    /// `type(value).__name__`
    pub fn type_name(&self, value: &Value) -> String {
        tp_name(self, type_of(value))
    }

    /// `type(value).__name__`
    pub fn short_type_name(&self, value: &Value) -> String {
        type_of(value).payload.name.get(self).to_string()
    }

    /// The value as an object with payload `T`, if its type is exactly `T`'s.
    #[inline]
    pub fn exact<'a, T: crate::native::PyClass>(&self, value: &'a Value) -> Option<&'a Obj<T>> {
        let header = value.as_header()?;
        let class = T::cell().get()?;
        if std::ptr::eq(header.shape().class(), class) {
            // SAFETY: instances of `T`'s class have payload `T`.
            Some(unsafe { Obj::borrow_unchecked(value) })
        } else {
            None
        }
    }

    /// The value as an object with payload `T`, if its type is `T`'s or a subclass.
    #[inline]
    pub fn downcast<'a, T: crate::native::PyClass>(&self, value: &'a Value) -> Option<&'a Obj<T>> {
        let header = value.as_header()?;
        let class = T::cell().get()?;
        let own = header.shape().class();
        if std::ptr::eq(own, class) || own.is_subtype(self, class) {
            // SAFETY: instances of subclasses have the payload of the base.
            Some(unsafe { Obj::borrow_unchecked(value) })
        } else {
            None
        }
    }

    /// The value as a class.
    #[inline]
    pub fn as_class(&self, value: &Value) -> Option<Class> {
        as_class(value)
    }

    /// True if `value` is a `str` (or of a subclass).
    pub fn as_str<'a>(&self, value: &'a Value) -> Option<&'a Obj<Str>> {
        let header = value.as_header()?;
        let is = header.shape_id() == builtin::STR || header.shape().class().payload.has(flag::STR_SUBCLASS);
        // SAFETY: the type says that the payload is a `Str`.
        if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
    }
}
