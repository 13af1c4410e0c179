//! `__bases__` and `__base__` of classes, and what follows from a change of bases.
//!
//! # Invariants
//! - B1 The new bases keep the layout: instances stay as they are.
//! - B2 A failure changes nothing: bases and mros published meanwhile are taken back.

use object_model::ty::{Type, flag};

use super::type_::{TypeClass, check_mutable, class_of, name_of};
use crate::class::mro;
use crate::prelude::*;

#[pymethods(for = Type, part = "bases")]
impl TypeClass {
    #[getter]
    fn __base__(this: &Obj<Type>, th: &mut Thread) -> Value {
        solid_base(th, class_of(this)).map_or(Value::NONE, |base| base.value())
    }

    #[getter]
    fn __bases__(this: &Obj<Type>, th: &mut Thread) -> Value {
        let bases = this.bases.get(th).iter().map(|c| c.value()).collect();
        th.tuple(bases)
    }

    #[setter("__bases__")]
    fn set_bases(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        check_mutable(th, class, "__bases__")?;
        let name = name_of(th, class);
        let Some(value) = value else {
            return Err(th.type_error(format_args!("cannot delete '__bases__' attribute of type '{name}'")));
        };
        let Some(tuple) = th.downcast::<Tuple>(value).cloned() else {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!("can only assign tuple to {name}.__bases__, not {found}")));
        };
        if tuple.items().is_empty() {
            return Err(
                th.type_error(format_args!("can only assign non-empty tuple to {name}.__bases__, not ()"))
            );
        }
        let mut bases = Vec::with_capacity(tuple.len());
        for item in tuple.items() {
            let Some(base) = th.as_class(item) else {
                let found = th.type_name(item);
                return Err(
                    th.type_error(format_args!("{name}.__bases__ must be tuple of classes, not '{found}'"))
                );
            };
            if base.is_subtype(th, class) || mro::derives(th, base, class) {
                return Err(th.type_error("a __bases__ item causes an inheritance cycle"));
            }
            bases.push(base);
        }
        replace(th, class, bases)
    }
}

/// The base that instances have their storage from.
pub(super) fn solid_base(th: &Thread, class: Class) -> Option<Class> {
    let bases = class.payload.bases.get(th);
    let same = |base: &&Class| std::ptr::eq(base.payload.layout(), class.payload.layout());
    let most_slots = bases.iter().filter(same).max_by_key(|base| base.payload.slots());
    most_slots
        .filter(|b| b.payload.slots() > 0)
        .or_else(|| bases.iter().find(same))
        .or(bases.first())
        .copied()
}

fn replace(th: &mut Thread, class: Class, bases: Vec<Class>) -> PyResult<()> {
    let own = &class.payload;
    for base in &bases {
        if !base.payload.has(flag::BASE) {
            let name = name_of(th, base);
            return Err(th.type_error(format_args!("type '{name}' is not an acceptable base type")));
        }
    }
    let plain = |c: &Class| std::ptr::eq(c.payload.layout(), &raw const crate::class::PLAIN);
    let fits = |c: &Class| plain(c) || std::ptr::eq(c.payload.layout(), own.layout());
    let old: Vec<Class> = own.bases.get(th).to_vec();
    let inherited = |bases: &[Class]| {
        let slots = bases.iter().map(|b| b.payload.slots()).max().unwrap_or(0);
        let native = bases.iter().any(|b| !plain(b));
        (slots, native)
    };
    let lacks = bases.iter().any(|b| b.payload.extensible() && !own.extensible());
    if !bases.iter().all(fits) || inherited(&bases) != inherited(&old) || lacks {
        let (name, base) = (name_of(th, class), bases.first().map(|b| name_of(th, b)).unwrap_or_default());
        return Err(
            th.type_error(format_args!("__bases__ assignment: '{base}' object layout differs from '{name}'"))
        );
    }
    let new: Vec<Class> = bases.clone();
    own.bases.publish(th, bases.into());
    let mut changes = Vec::new();
    if let Err(raised) = mro::update_all(th, class, &mut changes) {
        for change in changes {
            change.undo(th);
        }
        if own.bases.get(th)[..] == new[..] {
            own.bases.publish(th, old.into());
        }
        return Err(raised);
    }
    // A `mro()` that assigned bases of its own has done the rest for those.
    if own.bases.get(th)[..] == new[..] {
        for base in &old {
            base.payload.subclasses.lock().retain(|c| !std::ptr::eq(*c, class));
        }
        for base in &new {
            base.payload.subclasses.lock().push(class);
        }
    }
    mro::changed(th, class);
    Ok(())
}
