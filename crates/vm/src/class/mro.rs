//! The method resolution order: C3 linearisation (Barrett et al. 1996, as Python defines it), or what a metaclass's own
//! `mro()` says.
//!
//! # Invariants
//! - M1 Every class of an order has storage that instances of the ordered class have too, so that methods found along it
//!   may take the storage for granted.
//! - M2 A metaclass's `mro()` may change classes, the one being ordered included: what it published meanwhile stays.

use object_model::Value;
use object_model::ty::{Class, Type};

use super::{as_class, special, type_of};
use crate::error::PyResult;
use crate::names::names;
use crate::native::PyClass;
use crate::thread::Thread;

/// The mro of a class with these bases, without the class itself.
pub fn linearise(th: &mut Thread, bases: &[Class]) -> PyResult<Vec<Class>> {
    let mut sequences: Vec<Vec<Class>> = bases.iter().map(|b| b.payload.mro.get(th).to_vec()).collect();
    sequences.push(bases.to_vec());
    for (i, base) in bases.iter().enumerate() {
        if bases[..i].contains(base) {
            let name = base.payload.name.get(th).to_string();
            return Err(th.type_error(format_args!("duplicate base class {name}")));
        }
        if base.payload.mro.get(th).is_empty() {
            let name = base.payload.name.get(th).to_string();
            return Err(th.type_error(format_args!("Cannot extend an incomplete type '{name}'")));
        }
    }
    let mut order = Vec::new();
    loop {
        sequences.retain(|s| !s.is_empty());
        if sequences.is_empty() {
            return Ok(order);
        }
        let next = sequences
            .iter()
            .map(|s| s[0])
            .find(|candidate| !sequences.iter().any(|s| s[1..].contains(candidate)));
        let Some(next) = next else { return Err(inconsistent(th, &sequences)) };
        order.push(next);
        for sequence in &mut sequences {
            if sequence[0] == next {
                sequence.remove(0);
            }
        }
    }
}

fn inconsistent(th: &mut Thread, sequences: &[Vec<Class>]) -> crate::error::Raised {
    let mut names: Vec<String> = Vec::new();
    for sequence in sequences {
        let name = sequence[0].payload.name.get(th).to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    th.type_error(format_args!(
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        names.join(", ")
    ))
}

/// A change of a class's order that may have to be taken back.
pub struct Change {
    class: Class,
    before: Vec<Class>,
    after: Vec<Class>,
}

impl Change {
    /// Takes the change back, unless another one came after it.
    pub fn undo(self, th: &mut Thread) {
        if self.class.payload.mro.get(th)[..] == self.after[..] {
            self.class.payload.mro.publish(th, self.before.into());
        }
    }
}

/// Publishes the order of a class by its present bases; None if `mro()` has published another one meanwhile.
pub fn update(th: &mut Thread, class: Class) -> PyResult<Option<Change>> {
    let before: Vec<Class> = class.payload.mro.get(th).to_vec();
    let after = order(th, class)?;
    if class.payload.mro.get(th)[..] != before[..] {
        return Ok(None);
    }
    class.payload.mro.publish(th, after.clone().into());
    Ok(Some(Change { class, before, after }))
}

/// [`update`] for a class and those derived from it; what was changed goes to `changes`, also on failure.
pub fn update_all(th: &mut Thread, class: Class, changes: &mut Vec<Change>) -> PyResult<()> {
    th.check_native_stack()?;
    let Some(change) = update(th, class)? else { return Ok(()) };
    changes.push(change);
    let subclasses: Vec<Class> = class.payload.subclasses.lock().clone();
    for subclass in subclasses {
        update_all(th, subclass, changes)?;
    }
    Ok(())
}

/// The order of a class, itself included, by the metaclass's `mro()` if it has its own.
fn order(th: &mut Thread, class: Class) -> PyResult<Vec<Class>> {
    let value = class.value();
    let meta = type_of(&value);
    let plain = <Type as PyClass>::cell().get();
    let custom = super::lookup_with_home(th, meta, &names().mro_method);
    let Some((method, _)) = custom.filter(|(_, home)| Some(*home) != plain) else {
        let bases: Vec<Class> = class.payload.bases.get(th).to_vec();
        let mut order = vec![class];
        order.extend(linearise(th, &bases)?);
        return Ok(order);
    };
    let result = th.call_special_method(&method, &value, meta, &[])?;
    let items = th.collect(&result)?;
    checked(th, class, &items)
}

/// The classes that `mro()` answered.
fn checked(th: &mut Thread, class: Class, items: &[Value]) -> PyResult<Vec<Class>> {
    let mut order = Vec::with_capacity(items.len());
    for item in items {
        let Some(found) = as_class(item) else {
            let name = th.type_name(item);
            return Err(th.type_error(format_args!("mro() returned a non-class ('{name}')")));
        };
        let same = std::ptr::eq(found.payload.layout(), class.payload.layout());
        let plain = std::ptr::eq(found.payload.layout(), &raw const super::PLAIN);
        let inherited = found.payload.slots() == 0 || derives(th, class, found);
        if !(same || plain) || !inherited {
            let name = found.payload.name.get(th).to_string();
            return Err(th.type_error(format_args!("mro() returned base with unsuitable layout ('{name}')")));
        }
        order.push(found);
    }
    Ok(order)
}

/// True if `base` is among the bases of `class`, of their bases and so on, whatever the orders say.
pub fn derives(th: &Thread, class: Class, base: Class) -> bool {
    let mut seen = vec![class];
    let mut next = 0;
    while let Some(class) = seen.get(next).copied() {
        if class == base {
            return true;
        }
        for base in class.payload.bases.get(th).iter() {
            if !seen.contains(base) {
                seen.push(base);
            }
        }
        next += 1;
    }
    false
}

/// Special methods anew, after orders have changed.
pub fn changed(th: &mut Thread, class: Class) {
    class.payload.bump_version();
    special::refresh(th, class);
    // The new bases may have data descriptors and lookups of their own.
    crate::interpreter::cache::data_descriptor_added(th);
}
