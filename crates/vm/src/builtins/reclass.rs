//! Changing an object's class: `x.__class__ = C`.
//!
//! # Invariants
//! - R1 The storage stays: both classes have the same layout, and add the same slots, and a `__dict__` and weak
//!   references both or neither, to the same base.
//! - R2 The object goes to dictionary mode first, so that no attribute depends on the old class's shapes; then the
//!   shape changes while the world is stopped.

use std::collections::HashMap;

use object_model::shape::{Blueprint, Shape, ShapeId};
use object_model::ty::flag;
use parking_lot::Mutex;

use crate::class::attribute;
use crate::names::names;
use crate::prelude::*;

/// Shapes in dictionary mode, by class and inline capacity: an object keeps the room that it was born with.
static TARGETS: Mutex<Option<HashMap<(usize, usize), ShapeId>>> = Mutex::new(None);

fn class_name(th: &Thread, class: Class) -> String {
    crate::class::tp_name(th, class)
}

/// `object.__class__ = value`
pub fn assign_class(th: &mut Thread, object: &Value, value: &Value) -> PyResult<()> {
    let Some(new) = th.as_class(value) else {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!("__class__ must be set to a class, not '{found}' object")));
    };
    let old = th.type_of(object);
    let mutable = |c: Class| c.payload.has(flag::HEAP) && !c.payload.has(flag::IMMUTABLE);
    let is_module = |th: &Thread, c: Class| {
        super::module::Module::cell().get().is_some_and(|module| c.is_subtype(th, module))
    };
    let both_modules = is_module(th, old) && is_module(th, new);
    if !(both_modules || mutable(old) && mutable(new)) {
        return Err(
            th.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses")
        );
    }
    if std::ptr::eq(old, new) {
        return Ok(());
    }
    check_same_storage(th, old, new)?;
    let Some(header) = object.as_header() else { return Ok(()) };
    let extensible = header.shape().is_extensible();
    if extensible {
        attribute::to_dict_mode(th, header)?;
    }
    let shape = target(th, new, header.shape(), extensible)?;
    th.stop_the_world(|_| header.set_shape(shape));
    Ok(())
}

fn check_same_storage(th: &mut Thread, old: Class, new: Class) -> PyResult<()> {
    let (mut a, mut b) = (old, new);
    if std::ptr::eq(a.payload.layout(), b.payload.layout()) {
        // Down to the classes that add to the storage: those must add the same to the same.
        (a, b) = (adding(th, a), adding(th, b));
        let same = |a: Class, b: Class| {
            a.payload.slots() == b.payload.slots()
                && a.payload.extensible() == b.payload.extensible()
                && a.payload.weakrefable() == b.payload.weakrefable()
        };
        let below = |th: &Thread, c: Class| super::type_bases::solid_base(th, c).map(|base| adding(th, base));
        if a == b || same(a, b) && below(th, a) == below(th, b) && slot_names(th, a) == slot_names(th, b) {
            return Ok(());
        }
    }
    let (old, new) = (class_name(th, old), class_name(th, new));
    Err(th.type_error(format_args!("__class__ assignment: '{new}' object layout differs from '{old}'")))
}

/// The class itself or the next base that adds slots, a `__dict__` or weak references.
fn adding(th: &Thread, mut class: Class) -> Class {
    while let Some(base) = super::type_bases::solid_base(th, class) {
        let (a, b) = (&class.payload, &base.payload);
        let adds = a.slots() != b.slots()
            || a.extensible() != b.extensible()
            || a.weakrefable() != b.weakrefable()
            || !std::ptr::eq(a.layout(), b.layout());
        if adds {
            break;
        }
        class = base;
    }
    class
}

/// Names of the slots that a class itself adds.
fn slot_names(th: &mut Thread, class: Class) -> Vec<String> {
    let Some(slots) = class.payload.dict.get_str(th, &names().slots) else { return Vec::new() };
    let texts = match th.as_str(&slots) {
        Some(_) => vec![slots],
        None => match th.collect(&slots) {
            Ok(items) => items,
            Err(_) => {
                th.clear_exception();
                Vec::new()
            }
        },
    };
    let texts = texts.iter().filter_map(|t| Some(th.as_str(t)?.units().to_str_lossy().into_owned()));
    let mut all: Vec<String> = texts.filter(|t| t != "__dict__" && t != "__weakref__").collect();
    all.sort();
    all
}

/// The shape of class `new` for an object that has the room of `shape`.
fn target(th: &mut Thread, new: Class, shape: &Shape, extensible: bool) -> PyResult<ShapeId> {
    if !shape.has_attributes() {
        return Ok(new.payload.instance_shape());
    }
    let key = (std::ptr::from_ref(new) as usize, shape.inline_capacity());
    let mut targets = TARGETS.lock();
    if let Some(found) = targets.as_ref().and_then(|t| t.get(&key)) {
        return Ok(*found);
    }
    let plan = Blueprint {
        class: new,
        inline_capacity: shape.inline_capacity() as u16,
        slots: new.payload.slots(),
        extensible,
    };
    let made =
        Shape::root(&plan).and_then(|root| if extensible { root.get().to_dict_mode() } else { Ok(root) });
    match made {
        Ok(made) => {
            targets.get_or_insert_default().insert(key, made);
            Ok(made)
        }
        Err(_) => {
            drop(targets);
            Err(th.memory_error())
        }
    }
}
