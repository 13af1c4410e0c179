//! `__bases__` and `__base__` of classes, and what follows from a change of bases.
//!
//! # Invariants
//! - B1 The new bases keep the layout: instances stay as they are.
//! - B2 All mros are computed before any is published, so that a failure changes nothing.

use object_model::ty::{Type, flag};

use super::type_::{TypeClass, check_mutable, class_of, name_of};
use crate::class::{mro, special};
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
            if base.is_subtype(th, class) {
                return Err(th.type_error("a __bases__ item causes an inheritance cycle"));
            }
            bases.push(base);
        }
        replace(th, class, bases)
    }
}

/// The base that instances have their storage from.
fn solid_base(th: &Thread, class: Class) -> Option<Class> {
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
    let orders = new_orders(th, class, &bases)?;
    for base in &old {
        base.payload.subclasses.lock().retain(|c| !std::ptr::eq(*c, class));
    }
    for base in &bases {
        base.payload.subclasses.lock().push(class);
    }
    own.bases.publish(th, bases.into());
    for (changed, order) in orders {
        changed.payload.mro.publish(th, order.into());
    }
    class.payload.bump_version();
    special::refresh(th, class);
    Ok(())
}

/// The mros of `class` with these bases, and of its subclasses.
fn new_orders(th: &mut Thread, class: Class, bases: &[Class]) -> PyResult<Vec<(Class, Vec<Class>)>> {
    let own_order = |rest: Vec<Class>| std::iter::once(class).chain(rest).collect::<Vec<Class>>();
    let before: Vec<Class> = class.payload.mro.get(th).to_vec();
    let after = own_order(mro::linearise(th, bases)?);
    let mut orders = vec![(class, after.clone())];
    // Subclasses are linearised with the new order in place; it is taken back if one of them fails.
    class.payload.mro.publish(th, after.into());
    let result = subclass_orders(th, class, &mut orders);
    class.payload.mro.publish(th, before.into());
    result?;
    Ok(orders)
}

fn subclass_orders(th: &mut Thread, class: Class, orders: &mut Vec<(Class, Vec<Class>)>) -> PyResult<()> {
    th.check_native_stack()?;
    let subclasses: Vec<Class> = class.payload.subclasses.lock().clone();
    for sub in subclasses {
        let bases: Vec<Class> = sub.payload.bases.get(th).to_vec();
        let before: Vec<Class> = sub.payload.mro.get(th).to_vec();
        let rest = mro::linearise(th, &bases)?;
        let after: Vec<Class> = std::iter::once(sub).chain(rest).collect();
        orders.push((sub, after.clone()));
        sub.payload.mro.publish(th, after.into());
        let result = subclass_orders(th, sub, orders);
        sub.payload.mro.publish(th, before.into());
        result?;
    }
    Ok(())
}
