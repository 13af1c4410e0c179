//! Reading, setting and deleting attributes of any object.

use object_model::dict::Dict;
use object_model::lock::CriticalSection;
use object_model::object::attributes::{self, Area};
use object_model::object::header::Header;
use object_model::reclaim;
use object_model::shape::{Shape, builtin};
use object_model::string::Str;
use object_model::ty::{Class, flag};
use object_model::{Attached, Obj, Value};

use super::{as_class, descriptor, lookup, special, type_of};
use crate::error::{PyResult, Raised};
use crate::names::Special;
use crate::thread::Thread;

/// The attribute in the object itself, not in its type.
pub fn own(token: &Attached, header: &Header, name: &Obj<Str>) -> Option<Value> {
    loop {
        let shape = header.shape();
        let area = attributes::area(header, shape)?;
        if shape.is_dict_mode() {
            return area.dict().get_str(token, name);
        }
        let index = shape.find(name.as_value())?;
        if let Some(slot) = area.slot(index)
            && let Ok(Some(value)) = slot.load(token.owner(), || header.shape_id() == shape.id())
        {
            return Some(value);
        }
        // Empty, or in motion: only the lock can tell.
        let _section = CriticalSection::enter(token, header);
        if header.shape_id() == shape.id() {
            return area.slot(index)?.load_locked(token);
        }
    }
}

/// Sets an attribute in the object itself. False if it has no place for it.
pub fn set_own(th: &mut Thread, header: &Header, name: &Obj<Str>, value: Value) -> PyResult<bool> {
    if !header.shape().is_extensible() {
        return Ok(false);
    }
    let mut value = Some(value);
    loop {
        let section = CriticalSection::enter(th, header);
        let shape = header.shape();
        let Some(area) = attributes::area(header, shape) else { return Ok(false) };
        if shape.is_dict_mode() {
            drop(section);
            let dict = area.dict().clone();
            let Some(value) = value.take() else { return Ok(true) };
            return match dict.set_str(th, name, value) {
                Ok(()) => Ok(true),
                Err(_) => Err(th.memory_error()),
            };
        }
        if let Some(index) = shape.find(name.as_value()) {
            let old = area.set(th, index, value.take());
            drop(section);
            drop(old);
            return Ok(true);
        }
        match shape.with(name.as_value()) {
            Ok(Some(next)) => {
                // The slot is written before the shape that names it is published.
                let old = area.set(th, shape.count(), value.take());
                header.set_shape(next);
                drop(section);
                drop(old);
                learn(shape.class(), next.get().count());
                return Ok(true);
            }
            Ok(None) => {
                drop(section);
                to_dict_mode(th, header)?;
            }
            Err(_) => {
                drop(section);
                return Err(th.memory_error());
            }
        }
    }
}

/// New instances get room for as many attributes as an instance was seen to have.
fn learn(class: Class, count: usize) {
    let current = class.payload.instance_shape().get();
    if count > current.inline_capacity() && count <= 32 && class.payload.learn_capacity(count) {
        let plan = object_model::shape::Blueprint {
            class,
            inline_capacity: count.next_multiple_of(2) as u16,
            slots: class.payload.slots(),
            extensible: class.payload.extensible(),
        };
        if let Ok(shape) = Shape::root(&plan) {
            class.payload.set_instance_shape(shape);
        }
    }
}

/// Deletes an attribute in the object itself; false if it is not there.
pub fn delete_own(th: &mut Thread, header: &Header, name: &Obj<Str>) -> PyResult<bool> {
    let shape = header.shape();
    let Some(area) = attributes::area(header, shape) else { return Ok(false) };
    if !shape.is_dict_mode() {
        if shape.find(name.as_value()).is_none() {
            return Ok(false);
        }
        to_dict_mode(th, header)?;
    }
    let dict = area.dict().clone();
    let removed = dict.remove_str(th, name);
    Ok(removed.is_some())
}

/// Moves the attributes into a dict and hands it out (`__dict__`).
pub fn to_dict_mode(th: &mut Thread, header: &Header) -> PyResult<Obj<Dict>> {
    let dict = Obj::dict(th);
    loop {
        let shape = header.shape();
        let Some(area) = attributes::area(header, shape) else { return Ok(dict) };
        if shape.is_dict_mode() {
            return Ok(area.dict().clone());
        }
        let Ok(next) = shape.to_dict_mode() else { return Err(th.memory_error()) };
        let section = CriticalSection::enter(th, header);
        if header.shape_id() != shape.id() {
            continue;
        }
        let mut moved = Vec::new();
        for (index, name) in shape.names().iter().enumerate() {
            if let (Some(name), Some(slot)) = (name, area.slot(index))
                && let Some(value) = slot.load_locked(th)
            {
                // SAFETY: attribute names are interned strings.
                moved.push((unsafe { Obj::<Str>::borrow_unchecked(name) }, value));
            }
        }
        for (name, value) in moved {
            if dict.set_str(th, name, value).is_err() {
                drop(section);
                return Err(th.memory_error());
            }
        }
        let old = empty_slots(&area, shape);
        area.set_dict(th, dict.clone(), false);
        header.set_shape(next);
        drop(section);
        drop(old);
        return Ok(dict);
    }
}

fn empty_slots(area: &Area, shape: &Shape) -> Vec<Value> {
    let named = shape.names().iter().enumerate().filter(|(_, name)| name.is_some());
    named.filter_map(|(index, _)| area.slot(index)?.replace(None)).collect()
}

/// Replaces `__dict__`.
pub fn replace_dict(th: &mut Thread, header: &Header, dict: Obj<Dict>) -> PyResult<()> {
    to_dict_mode(th, header)?;
    let old = {
        let _section = CriticalSection::enter(th, header);
        attributes::area(header, header.shape()).and_then(|area| area.set_dict(th, dict, true))
    };
    // Others may be reading the dict in place.
    if let Some(old) = old {
        reclaim::retire_owned(th, Box::new(old));
    }
    Ok(())
}

/// `object.__getattribute__`; None instead of AttributeError.
pub fn generic(th: &mut Thread, receiver: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let class = type_of(receiver);
    let found = lookup(th, class, name);
    if let Some(attribute) = &found
        && descriptor::overrides(th, attribute)
    {
        return descriptor::bind(th, attribute, Some(receiver), class).map(Some);
    }
    if let Some(header) = receiver.as_header()
        && let Some(value) = own(th, header, name)
    {
        return Ok(Some(value));
    }
    match found {
        Some(attribute) => descriptor::bind(th, &attribute, Some(receiver), class).map(Some),
        None => Ok(None),
    }
}

/// `type.__getattribute__`; None instead of AttributeError.
pub fn of_class(th: &mut Thread, class: Class, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let receiver = class.value();
    let meta = type_of(&receiver);
    let found = lookup(th, meta, name);
    if let Some(attribute) = &found
        && descriptor::overrides(th, attribute)
    {
        return descriptor::bind(th, attribute, Some(&receiver), meta).map(Some);
    }
    if let Some(attribute) = lookup(th, class, name) {
        return descriptor::bind(th, &attribute, None, class).map(Some);
    }
    match found {
        Some(attribute) => descriptor::bind(th, &attribute, Some(&receiver), meta).map(Some),
        None => Ok(None),
    }
}

impl Thread {
    /// `receiver.name`
    pub fn get_attr(&mut self, receiver: &Value, name: &Obj<Str>) -> PyResult {
        match self.find_attr(receiver, name)? {
            Some(value) => Ok(value),
            None => Err(self.no_attribute(receiver, name)),
        }
    }

    /// `receiver.name`, by text.
    pub fn get_attr_str(&mut self, receiver: &Value, name: &str) -> PyResult {
        let name = self.intern(name);
        self.get_attr(receiver, &name)
    }

    /// `getattr(receiver, name)`, or None if that raises AttributeError.
    pub fn lookup_attr(&mut self, receiver: &Value, name: &str) -> PyResult<Option<Value>> {
        let name = self.intern(name);
        self.find_attr_or_none(receiver, &name)
    }

    /// As [`Thread::lookup_attr`], for an interned name.
    pub fn find_attr_or_none(&mut self, receiver: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
        let found = self.find_attr(receiver, name);
        Ok(self.catch(found, crate::exceptions::Exc::AttributeError)?.flatten())
    }

    /// `receiver.name`; None where the plain lookup finds nothing, so that no exception is made in vain. Code written
    /// in Python may raise AttributeError all the same.
    pub fn find_attr(&mut self, receiver: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
        let class = type_of(receiver);
        if !class.payload.has(flag::CUSTOM_GETATTR) {
            return generic(self, receiver, name);
        }
        if let Some(header) = receiver.as_header() {
            match header.shape_id() {
                builtin::TYPE => {
                    // SAFETY: the shape says that the payload is a `Type`; classes outlive every use.
                    return of_class(self, unsafe { header.as_ptr().cast().as_ref() }, name);
                }
                builtin::MODULE => return crate::builtins::module::get(self, receiver, name),
                _ => {}
            }
        }
        let arguments = [name.as_value()];
        let getattribute = special::get(self, class, Special::GetAttribute).cloned();
        let found = match getattribute {
            Some(method) if !is_generic(self, &method) => {
                if let Some(native) = native_getattribute(&method) {
                    native(self, receiver, name)
                } else {
                    self.call_special_method(&method, receiver, class, &arguments).map(Some)
                }
            }
            _ => generic(self, receiver, name),
        };
        let Some(fallback) = special::get(self, class, Special::GetAttr).cloned() else { return found };
        match self.catch(found, crate::exceptions::Exc::AttributeError)?.flatten() {
            Some(value) => Ok(Some(value)),
            None => self.call_special_method(&fallback, receiver, class, &arguments).map(Some),
        }
    }

    /// Raises AttributeError for `receiver.name`.
    #[cold]
    pub fn no_attribute(&mut self, receiver: &Value, name: &Obj<Str>) -> Raised {
        let text = name.units().to_str_lossy().to_string();
        let message = if let Some(class) = as_class(receiver) {
            format!("type object '{}' has no attribute '{text}'", crate::class::tp_name(self, class))
        } else if let Some(module) = crate::builtins::module::name_for_message(self, receiver) {
            format!("module '{module}' has no attribute '{text}'")
        } else {
            format!("'{}' object has no attribute '{text}'", self.type_name(receiver))
        };
        let raised = self.attribute_error(message);
        crate::exceptions::attach_name_and_object(self, name, receiver);
        raised
    }

    /// `receiver.name = value`
    pub fn set_attr(&mut self, receiver: &Value, name: &Obj<Str>, value: &Value) -> PyResult<()> {
        self.assign_attr(receiver, name, Some(value))
    }

    /// `del receiver.name`
    pub fn del_attr(&mut self, receiver: &Value, name: &Obj<Str>) -> PyResult<()> {
        self.assign_attr(receiver, name, None)
    }

    fn assign_attr(&mut self, receiver: &Value, name: &Obj<Str>, value: Option<&Value>) -> PyResult<()> {
        let class = type_of(receiver);
        if class.payload.has(flag::CUSTOM_SETATTR) {
            if let Some(own) = as_class(receiver)
                && class.payload.has(flag::TYPE_SUBCLASS)
                && type_setattr_is_plain(self, class)
            {
                return super::create::assign_class_attr(self, own, name, value);
            }
            let done = match value {
                Some(value) => self.call_special(receiver, Special::SetAttr, &[name.as_value(), value])?,
                None => self.call_special(receiver, Special::DelAttr, &[name.as_value()])?,
            };
            if done.is_some() {
                return Ok(());
            }
        }
        self.assign_generic(receiver, name, value)
    }

    /// `object.__setattr__` and `object.__delattr__`
    pub fn assign_generic(
        &mut self,
        receiver: &Value,
        name: &Obj<Str>,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let class = type_of(receiver);
        let found = lookup(self, class, name);
        if let Some(attribute) = &found
            && descriptor::assign(self, attribute, receiver, value)?.is_some()
        {
            return Ok(());
        }
        let interned;
        let name = if name.header().has_flag(object_model::object::header::flag::INTERNED) {
            name
        } else {
            interned = self.intern_obj(name);
            &interned
        };
        if let Some(header) = receiver.as_header() {
            let done = match value {
                Some(value) => set_own(self, header, name, value.clone())?,
                None => delete_own(self, header, name)?,
            };
            if done {
                return Ok(());
            }
        }
        let type_name = self.type_name(receiver);
        let text = name.units().to_str_lossy().to_string();
        let raised = if found.is_some() {
            self.attribute_error(format_args!("'{type_name}' object attribute '{text}' is read-only"))
        } else if value.is_some() && !class.payload.extensible() {
            self.attribute_error(format_args!(
                "'{type_name}' object has no attribute '{text}' and no __dict__ for setting new attributes"
            ))
        } else {
            self.attribute_error(format_args!("'{type_name}' object has no attribute '{text}'"))
        };
        crate::exceptions::attach_name_and_object(self, name, receiver);
        Err(raised)
    }
}

fn is_generic(th: &Thread, method: &Value) -> bool {
    let object = <Plain as crate::native::PyClass>::cell().get();
    object.and_then(|o| special::get(th, o, Special::GetAttribute)).is_some_and(|plain| plain.is(method))
}

use super::Plain;

type NativeLookup = fn(&mut Thread, &Value, &Obj<Str>) -> PyResult<Option<Value>>;

/// Native types whose lookup answers None instead of raising: the function behind their `__getattribute__`.
fn native_getattribute(method: &Value) -> Option<NativeLookup> {
    let class = crate::builtins::native_function::method_class(method)?;
    if class.payload.has(flag::TYPE_SUBCLASS) {
        return Some(|th, receiver, name| match as_class(receiver) {
            Some(class) => of_class(th, class, name),
            None => generic(th, receiver, name),
        });
    }
    if Some(class) == <crate::builtins::module::Module as crate::native::PyClass>::cell().get() {
        return Some(crate::builtins::module::get);
    }
    None
}

fn type_setattr_is_plain(th: &Thread, meta: Class) -> bool {
    let plain = <object_model::ty::Type as crate::native::PyClass>::cell().get();
    let own = special::get(th, meta, Special::SetAttr);
    match (own, plain.and_then(|t| special::get(th, t, Special::SetAttr))) {
        (Some(own), Some(plain)) => own.is(plain),
        _ => false,
    }
}

/// The names of a class's own attributes that hide `__dict__` access: used by `object.__dir__`.
pub fn own_names(th: &mut Thread, receiver: &Value) -> Vec<Value> {
    let Some(header) = receiver.as_header() else { return Vec::new() };
    let shape = header.shape();
    let Some(area) = attributes::area(header, shape) else { return Vec::new() };
    if shape.is_dict_mode() {
        let dict = area.dict().clone();
        return dict.snapshot(th).into_iter().map(|(key, _, _)| key).collect();
    }
    shape.names().iter().flatten().cloned().collect()
}
