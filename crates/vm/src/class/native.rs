//! Making the class of a native payload type from its definition.

use object_model::dict::Dict;
use object_model::shape::{Blueprint, Shape, builtin};
use object_model::string::Str;
use object_model::ty::{Class, Type, TypeParts, flag};
use object_model::{Attached, Obj, Object, Value};

use super::special;
use crate::builtins::native_function::{GetSet, NativeFunction, NativeMethod};
use crate::names::{Special, names};
use crate::native::{Args, ClassCell, ClassDef, NativeDef, PyClass, Role};
use crate::thread::Thread;

/// Makes the class, unless another thread was faster.
#[cold]
pub fn make(th: &mut Thread, definition: &'static ClassDef, cell: &ClassCell) -> Class {
    let base = match definition.base {
        Some(base) => Some(base(th)),
        None => <super::Plain as PyClass>::cell().get(),
    };
    make_with(th, definition, cell, base)
}

/// As [`make`], with the base given (None: this is `object`).
pub fn make_with(
    th: &mut Thread,
    definition: &'static ClassDef,
    cell: &ClassCell,
    base: Option<Class>,
) -> Class {
    let inherited = base.map_or(0, |b| b.payload.flags() & flag::INHERITED);
    let parts = TypeParts {
        layout: definition.layout,
        flags: definition.flags | inherited,
        name: definition.name.into(),
        bases: base.into_iter().collect(),
        slots: 0,
        extensible: definition.dict || base.is_some_and(|b| b.payload.extensible()),
        weakrefable: definition.weakref || base.is_some_and(|b| b.payload.weakrefable()),
        dict: Obj::dict(th),
    };
    let extensible = parts.extensible;
    let object = Obj::new(th, builtin::TYPE, Type::new(parts));
    object.header().make_immortal();
    // SAFETY: immortal, so alive for ever.
    let class: Class = unsafe { &*object.as_ptr().as_ptr() };
    let mut mro = vec![class];
    if let Some(base) = base {
        mro.extend_from_slice(base.payload.mro.get(th));
    }
    class.payload.mro.publish(th, mro.into());
    let shape = match definition.shape {
        Some(shape) if !extensible => {
            // SAFETY: each builtin shape belongs to one definition, made at start-up by one thread.
            unsafe { Shape::define_builtin(shape, object.as_ptr().as_ptr()) };
            Ok(shape)
        }
        _ => Shape::root(&Blueprint { class, inline_capacity: 0, slots: 0, extensible }),
    };
    if let Ok(shape) = shape {
        class.payload.set_instance_shape(shape);
    }
    let class = cell.set(class);
    fill(th, class, definition, base.is_none());
    if let Some(base) = base {
        base.payload.subclasses.lock().push(class);
    }
    special::refresh(th, class);
    class
}

/// Adds what the definition lists to the class's dict.
fn fill(th: &mut Thread, class: Class, definition: &'static ClassDef, _is_object: bool) {
    let dict = class.payload.dict.clone();
    for def in definition.members.iter().copied().flatten() {
        add_member(th, class, &dict, def, definition.members);
    }
    // What has no module is of `builtins`.
    // A class whose instances have such an attribute keeps that; its own is then the business of `type`.
    // No text is made that is not kept: it could not be dropped before `str` is there.
    for (name, text) in [(&names().module, definition.module), (&names().doc, definition.doc)] {
        let of_instances = |value: Value| {
            value.as_header().is_some_and(|header| header.shape_id() == builtin::GETSET_DESCRIPTOR)
        };
        let inherited = text.is_empty() && super::lookup(th, class, name).is_some_and(of_instances);
        if text != "builtins" && !inherited && dict.get_str(th, name).is_none() {
            let value = if text.is_empty() { Value::NONE } else { th.str(text) };
            set(th, &dict, name, value);
        }
    }
    if definition.dict {
        let getset = crate::builtins::object::dict_getset(th, class);
        set(th, &dict, &names().dict, getset);
    }
    // A type that defines equality but no hash is not hashable.
    if dict.get_str(th, Special::Eq.name()).is_some() && dict.get_str(th, Special::Hash.name()).is_none() {
        set(th, &dict, Special::Hash.name(), Value::NONE);
    }
}

fn add_member(
    th: &mut Thread,
    class: Class,
    dict: &Obj<Dict>,
    def: &'static NativeDef,
    all: &'static [&'static [NativeDef]],
) {
    let name = th.intern(def.name);
    let value = match def.role {
        Role::Method | Role::Function => {
            let shape = if Special::from_name(&name).is_some() && def.name != "__class_getitem__" {
                builtin::WRAPPER_DESCRIPTOR
            } else {
                builtin::METHOD_DESCRIPTOR
            };
            Obj::new(th, shape, NativeMethod { def, class }).into_value()
        }
        Role::ClassMethod => {
            Obj::new(th, builtin::CLASSMETHOD_DESCRIPTOR, NativeMethod { def, class }).into_value()
        }
        Role::Static => {
            let function = NativeFunction::free(th, def, None);
            crate::builtins::staticmethod::wrap(th, function)
        }
        Role::New => NativeFunction::new_of(th, def, class),
        Role::Getter | Role::Setter => {
            if dict.get_str(th, &name).is_some() {
                return;
            }
            let of = |role| all.iter().copied().flatten().find(|d| d.name == def.name && d.role == role);
            let (getter, setter) = (of(Role::Getter), of(Role::Setter));
            Obj::new(
                th,
                builtin::GETSET_DESCRIPTOR,
                GetSet { name: def.name, getter, setter, class, owner: None },
            )
            .into_value()
        }
        Role::Attribute => {
            let value = class.value();
            match (def.function)(th, Args::positional(std::slice::from_ref(&value))) {
                Ok(value) => value,
                Err(_) => {
                    th.clear_exception();
                    return;
                }
            }
        }
    };
    set(th, dict, &name, value);
}

fn set(th: &Attached, dict: &Obj<Dict>, name: &Obj<Str>, value: Value) {
    // Native classes live for ever, and all threads read them.
    if let Some(header) = value.as_header() {
        header.defer_own(th);
    }
    // A failure would mean no memory for a few entries at start-up; the attribute is then missing.
    let _ = dict.set_str(th, name, value);
}

/// Writes the shapes of the builtin types, still without classes, so that objects of them can be made (the interned
/// names are made before any class). Once, before the first object.
pub fn prepare_shapes() {
    for number in 1..builtin::COUNT {
        // SAFETY: start-up; the class is set as soon as it exists, and until then only sizes are read.
        unsafe { Shape::define_builtin(object_model::shape::ShapeId(number), std::ptr::null_mut()) };
    }
}

/// Makes `type` and `object`, of which each needs the other.
pub fn make_roots(th: &mut Thread) {
    let object = make_with(th, &super::Plain::DEFINITION, super::Plain::cell(), None);
    for number in (1..builtin::COUNT).filter(|n| *n != builtin::OBJECT.0 && *n != builtin::TYPE.0) {
        // Until its class is made, what has a builtin shape counts as a plain object.
        // SAFETY: start-up, as in `prepare_shapes`.
        unsafe {
            let plain = std::ptr::from_ref(object).cast_mut();
            Shape::define_builtin(object_model::shape::ShapeId(number), plain);
        }
    }
    let kind = make_with(th, &<Type as PyClass>::DEFINITION, <Type as PyClass>::cell(), Some(object));
    debug_assert!(std::ptr::eq(kind, builtin::TYPE.get().class()));
    let _: &Object<Type> = kind;
}
