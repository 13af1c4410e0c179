//! Classes made by Python code: `type(name, bases, namespace)`.

use object_model::dict::Dict;
use object_model::object::header::flag as header_flag;
use object_model::shape::{Blueprint, Shape, builtin};
use object_model::string::Str;
use object_model::ty::{Class, Type, TypeParts, flag};
use object_model::{Obj, Value};

use super::{as_class, mro, special, type_of};
use crate::builtins::native_function::Member;
use crate::error::PyResult;
use crate::exceptions::Exc;
use crate::names::{Special, names};
use crate::native::{Args, PyClass};
use crate::protocol::exact;
use crate::thread::Thread;

/// The most derived of the metaclass asked for and those of the bases.
pub fn calculate_metaclass(th: &mut Thread, asked: Class, bases: &[Value]) -> PyResult<Class> {
    let mut winner = asked;
    for base in bases {
        let meta = type_of(base);
        if winner.is_subtype(th, meta) {
            continue;
        }
        if meta.is_subtype(th, winner) {
            winner = meta;
            continue;
        }
        return Err(th.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the \
             metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

/// The class among `class` and its bases that the slots of `class` come from: those between add none.
fn slot_base(th: &Thread, class: Class) -> Class {
    let mut found = class;
    while let Some(base) =
        found.payload.bases.get(th).iter().find(|b| b.payload.slots() == found.payload.slots())
    {
        found = base;
    }
    found
}

/// The base whose storage instances will have.
fn best_base(th: &mut Thread, bases: &[Class]) -> PyResult<Class> {
    let mut winner: Option<Class> = None;
    for base in bases {
        if !base.payload.has(flag::BASE) {
            let name = crate::class::tp_name(th, base);
            return Err(th.type_error(format_args!("type '{name}' is not an acceptable base type")));
        }
        let Some(best) = winner else {
            winner = Some(base);
            continue;
        };
        let (a, b) = (&best.payload, &base.payload);
        let same_layout = std::ptr::eq(a.layout(), b.layout());
        let b_is_plain = std::ptr::eq(b.layout(), &raw const super::PLAIN);
        let a_is_plain = std::ptr::eq(a.layout(), &raw const super::PLAIN);
        if same_layout || b_is_plain {
            if b.slots() > 0 && a.slots() > 0 && !best.is_subtype(th, base) {
                let (kept, new) = (slot_base(th, best), slot_base(th, base));
                if new.is_subtype(th, kept) {
                    if b.slots() > a.slots() {
                        winner = Some(base);
                    }
                } else if !kept.is_subtype(th, new) {
                    return Err(th.type_error("multiple bases have instance lay-out conflict"));
                }
            } else if b.slots() > a.slots() {
                winner = Some(base);
            }
        } else if a_is_plain || base.is_subtype(th, best) {
            winner = Some(base);
        } else if !best.is_subtype(th, base) {
            return Err(th.type_error("multiple bases have instance lay-out conflict"));
        }
    }
    match (winner, super::Plain::cell().get()) {
        (Some(winner), _) => Ok(winner),
        (None, Some(object)) => Ok(object),
        (None, None) => Err(th.system_error("object is not made yet")),
    }
}

struct Slots {
    names: Vec<Obj<Str>>,
    dict: bool,
    weakref: bool,
}

fn parse_slots(th: &mut Thread, namespace: &Obj<Dict>, class_name: &str) -> PyResult<Option<Slots>> {
    let Some(slots) = namespace.get_str(th, &names().slots) else { return Ok(None) };
    let items = if th.as_str(&slots).is_some() { vec![slots] } else { th.collect(&slots)? };
    let mut parsed = Slots { names: Vec::new(), dict: false, weakref: false };
    for item in items {
        let Some(text) = th.as_str(&item).map(|s| s.units().to_str_lossy().to_string()) else {
            let name = th.type_name(&item);
            return Err(th.type_error(format_args!("__slots__ items must be strings, not '{name}'")));
        };
        if text.is_empty() || !object_model::text::units::OwnedUnits::from_str(&text).units().isidentifier() {
            return Err(th.type_error("__slots__ must be identifiers"));
        }
        match text.as_str() {
            "__dict__" if parsed.dict => {
                return Err(th.type_error("__dict__ slot disallowed: we already got one"));
            }
            "__dict__" => parsed.dict = true,
            "__weakref__" if parsed.weakref => {
                return Err(th.type_error("__weakref__ slot disallowed: we already got one"));
            }
            "__weakref__" => parsed.weakref = true,
            _ => {
                let mangled = compiler::scope::mangle(Some(class_name), &text);
                let name = th.intern(&mangled);
                let in_class = namespace.get_str(th, &name).is_some();
                if in_class && text != "__qualname__" && text != "__classcell__" {
                    return Err(th.value_error(format_args!(
                        "'{mangled}' in __slots__ conflicts with class variable"
                    )));
                }
                parsed.names.push(name);
            }
        }
    }
    // Sorted, so that classes with the same slots have the same storage, in whatever order they name them.
    parsed.names.sort_by(|a, b| a.units().cmp(&b.units()));
    Ok(Some(parsed))
}

/// `type.__new__(metaclass, name, bases, namespace, **keywords)`
pub fn new_class(
    th: &mut Thread,
    metaclass: Class,
    name: &Obj<Str>,
    bases: &[Value],
    namespace: &Obj<Dict>,
    keywords: Args<'_>,
) -> PyResult {
    let metaclass = calculate_metaclass(th, metaclass, bases)?;
    let mut base_classes = Vec::with_capacity(bases.len().max(1));
    for base in bases {
        match as_class(base) {
            Some(class) => base_classes.push(class),
            None => {
                if th.lookup_attr(base, "__mro_entries__")?.is_some() {
                    return Err(
                        th.type_error("type() doesn't support MRO entry resolution; use types.new_class()")
                    );
                }
                return Err(th.type_error("bases must be types"));
            }
        }
    }
    if base_classes.is_empty() {
        base_classes.extend(super::Plain::cell().get());
    }
    let solid = best_base(th, &base_classes)?;
    let text = name.units().to_str_lossy().to_string();
    if text.contains('\0') {
        return Err(th.value_error("type name must not contain null characters"));
    }
    th.utf8(name)?;
    let dict = copy_namespace(th, namespace)?;
    if let Some(doc) = dict.get_str(th, &names().doc)
        && let Some(doc) = th.as_str(&doc).cloned()
    {
        th.utf8(&doc)?;
    }
    let slots = parse_slots(th, &dict, &text)?;
    let is_meta = std::ptr::eq(solid.payload.layout(), &raw const super::TYPE);
    let inherits_dict = base_classes.iter().any(|b| b.payload.extensible());
    let inherits_weakref = base_classes.iter().any(|b| b.payload.weakrefable());
    if let Some(slots) = &slots {
        if slots.dict && inherits_dict {
            return Err(th.type_error("__dict__ slot disallowed: we already got one"));
        }
        // Native classes may well have the room without having the attribute.
        if slots.weakref && solid.payload.has(flag::HEAP) && solid.payload.weakrefable() {
            return Err(th.type_error("__weakref__ slot disallowed: we already got one"));
        }
        let is_str = solid.payload.has(flag::STR_SUBCLASS);
        let variable = solid.payload.layout().variable || solid.payload.has(flag::INT_SUBCLASS);
        if !slots.names.is_empty() && variable && !is_str {
            let base = crate::class::tp_name(th, solid);
            return Err(
                th.type_error(format_args!("nonempty __slots__ not supported for subtype of '{base}'"))
            );
        }
    }
    let is_module = std::ptr::eq(solid.payload.layout(), crate::builtins::module::layout());
    let extensible = !(is_meta || is_module) && (inherits_dict || slots.as_ref().is_none_or(|s| s.dict));
    let weakrefable = inherits_weakref || slots.as_ref().is_none_or(|s| s.weakref);
    let first_slot = solid.payload.slots();
    let own_slots = slots.as_ref().map_or(0, |s| s.names.len());
    let all_slots = u16::try_from(first_slot as usize + own_slots).unwrap_or(u16::MAX);
    let inherited = base_classes.iter().fold(0, |bits, b| bits | b.payload.flags()) & flag::INHERITED;
    // What kind of collection it is, says the first class of the mro that is one.
    let inherited = inherited & !(flag::SEQUENCE | flag::MAPPING);
    let parts = TypeParts {
        layout: solid.payload.layout(),
        flags: flag::HEAP | flag::BASE | inherited,
        name: text.clone().into(),
        bases: base_classes.clone().into(),
        slots: all_slots,
        extensible,
        weakrefable,
        dict: dict.clone(),
    };
    let object = Obj::new(th, metaclass.payload.instance_shape(), Type::new(parts));
    object.header().make_deferred();
    // Types die only in the collector, so that instances and caches need not count them: one reference is its own.
    std::mem::forget(object.clone());
    // SAFETY: kept alive by the reference just given up.
    let class: Class = unsafe { &*object.as_ptr().as_ptr() };
    let plan = Blueprint {
        class,
        inline_capacity: initial_capacity(th, &dict, all_slots),
        slots: all_slots,
        extensible,
    };
    match Shape::root(&plan) {
        Ok(shape) => class.payload.set_instance_shape(shape),
        Err(_) => return Err(th.memory_error()),
    }
    let value = object.into_value();
    // What a class is made with lives about as long as the class, and all threads read it.
    for (_, attribute, _) in dict.snapshot(th) {
        if let Some(header) = attribute.as_header() {
            header.defer_own(th);
        }
    }
    // Slots may have these names.
    let cells = [&names().classcell, &names().classdictcell].map(|name| dict.remove_str(th, name));
    fill_dict(th, class, &dict, name, slots.as_ref(), first_slot, inherits_dict)?;
    warn_of_odd_keys(th, class, &dict)?;
    mro::update(th, class)?;
    let kinds = flag::SEQUENCE | flag::MAPPING;
    let kind = class.payload.mro.get(th).iter().map(|c| c.payload.flags() & kinds).find(|kind| *kind != 0);
    class.payload.set_flags(kind.unwrap_or(0), true);
    special::refresh(th, class);
    for base in &base_classes {
        base.payload.subclasses.lock().push(class);
    }
    finish(th, class, &value, cells, keywords)?;
    Ok(value)
}

/// The dict of a class: a copy of the namespace, in the order in which the namespace iterates.
fn copy_namespace(th: &mut Thread, namespace: &Obj<Dict>) -> PyResult<Obj<Dict>> {
    if exact::dict(namespace.as_value()).is_some() {
        return namespace.copy(th).map_err(|_| th.memory_error());
    }
    let dict = th.dict();
    th.call_method(dict.as_value(), "update", std::slice::from_ref(namespace.as_value()))?;
    Ok(dict)
}

/// Attributes whose names are no strings are looked up by nobody.
fn warn_of_odd_keys(th: &mut Thread, class: Class, dict: &Obj<Dict>) -> PyResult<()> {
    if dict.snapshot(th).iter().all(|(key, _, _)| th.as_str(key).is_some()) {
        return Ok(());
    }
    let name = class.payload.name.get(th).to_string();
    let message = format!("non-string key in the __dict__ of class {name}");
    crate::builtins::warn::warn(th, Exc::RuntimeWarning, &message, 1)
}

/// As many inline attributes as the class body is seen to assign to `self`.
fn initial_capacity(th: &mut Thread, dict: &Obj<Dict>, slots: u16) -> u16 {
    let assigned = dict.get_str(th, &names().static_attributes);
    let assigned = assigned.and_then(|v| th.exact::<object_model::tuple::Tuple>(&v).map(|t| t.len()));
    (slots as usize + assigned.unwrap_or(0).clamp(2, 24)).min(u16::MAX as usize) as u16
}

fn fill_dict(
    th: &mut Thread,
    class: Class,
    dict: &Obj<Dict>,
    name: &Obj<Str>,
    slots: Option<&Slots>,
    first_slot: u16,
    inherits_dict: bool,
) -> PyResult<()> {
    let n = names();
    if dict.get_str(th, &n.module).is_none()
        && let Some(module) = crate::frame::current_global(th, &n.dunder_name)
    {
        set(th, dict, &n.module, module)?;
    }
    match dict.remove_str(th, &n.qualname) {
        Some(qualname) if th.as_str(&qualname).is_none() => {
            let found = th.type_name(&qualname);
            return Err(th.type_error(format_args!("type __qualname__ must be a str, not {found}")));
        }
        Some(qualname) => *class.payload.qualname.lock(th) = Some(qualname),
        None => *class.payload.qualname.lock(th) = Some(name.clone().into_value()),
    }
    if dict.get_str(th, &n.doc).is_none() {
        set(th, dict, &n.doc, Value::NONE)?;
    }
    for special in [Special::New, Special::InitSubclass, Special::ClassGetItem] {
        if let Some(value) = dict.get_str(th, special.name())
            && value.as_header().is_some_and(|h| h.shape_id() == builtin::FUNCTION)
        {
            let wrapped = if special == Special::New {
                crate::builtins::staticmethod::wrap(th, value)
            } else {
                crate::builtins::classmethod::wrap(th, value)
            };
            set(th, dict, special.name(), wrapped)?;
        }
    }
    if dict.get_str(th, Special::Eq.name()).is_some() && dict.get_str(th, Special::Hash.name()).is_none() {
        set(th, dict, Special::Hash.name(), Value::NONE)?;
    }
    for (i, slot) in slots.map_or(&[][..], |s| &s.names).iter().enumerate() {
        let owner = Some(class.value());
        let member = Member { name: slot.clone(), index: first_slot as usize + i, class, owner };
        let member = Obj::new(th, builtin::MEMBER_DESCRIPTOR, member).into_value();
        set(th, dict, slot, member)?;
    }
    if class.payload.extensible() && !inherits_dict && dict.get_str(th, &n.dict).is_none() {
        let getset = crate::builtins::object::dict_getset(th, class);
        set(th, dict, &n.dict, getset)?;
    }
    if class.payload.weakrefable() && !class.payload.bases.get(th).iter().any(|b| b.payload.weakrefable()) {
        let getset = crate::builtins::object::weakref_getset(th, class);
        set(th, dict, &n.weakref, getset)?;
    }
    Ok(())
}

fn set(th: &mut Thread, dict: &Obj<Dict>, name: &Obj<Str>, value: Value) -> PyResult<()> {
    dict.set_str(th, name, value).map_err(|_| th.memory_error())
}

/// `__classcell__`, `__set_name__`, `__init_subclass__`, in this order.
fn finish(
    th: &mut Thread,
    class: Class,
    value: &Value,
    [class_cell, dict_cell]: [Option<Value>; 2],
    keywords: Args<'_>,
) -> PyResult<()> {
    let dict = class.payload.dict.clone();
    if let Some(cell) = class_cell
        && !crate::builtins::cell::store(th, &cell, Some(value.clone()))
    {
        let found = th.type_name(&cell);
        return Err(
            th.type_error(format_args!("__classcell__ must be a nonlocal cell, not <class '{found}'>"))
        );
    }
    if let Some(cell) = dict_cell {
        crate::builtins::cell::store(th, &cell, Some(dict.clone().into_value()));
    }
    for (key, attribute, _) in dict.snapshot(th) {
        let kind = type_of(&attribute);
        let Some(method) = special::get(th, kind, Special::SetName).cloned() else { continue };
        if let Err(raised) = th.call_special_method(&method, &attribute, kind, &[value, &key]) {
            let exception = th.take_exception();
            let owner = class.payload.name.get(th).to_string();
            let kind = kind.payload.name.get(th).to_string();
            let key = th.as_str(&key).map(|k| k.units().to_str_lossy().to_string()).unwrap_or_default();
            let note = format!("Error calling __set_name__ on '{kind}' instance '{key}' in '{owner}'");
            crate::exceptions::add_note(th, &exception, &note);
            let _ = raised;
            return Err(th.set_raised(exception));
        }
    }
    init_subclass(th, class, value, keywords)
}

fn init_subclass(th: &mut Thread, class: Class, value: &Value, keywords: Args<'_>) -> PyResult<()> {
    let order: Vec<Class> = class.payload.mro.get(th).to_vec();
    let Some(own) = order.iter().position(|c| *c == class) else {
        return Err(th.type_error("super(type, obj): obj must be an instance or subtype of type"));
    };
    let order = &order[own + 1..];
    let found = order.iter().find_map(|c| c.payload.dict.get_str(th, Special::InitSubclass.name()));
    let Some(method) = found else { return Ok(()) };
    let bound = if crate::builtins::native_function::is_object_init_subclass(&method) {
        if keywords.has_keywords() {
            let name = class.payload.name.get(th).to_string();
            return Err(th.type_error(format_args!("{name}.__init_subclass__() takes no keyword arguments")));
        }
        return Ok(());
    } else {
        super::descriptor::bind_to_class(th, &method, value, class)?
    };
    th.call_args(&bound, Args { positional: &[], ..keywords })?;
    Ok(())
}

/// `setattr(class, name, value)` and `delattr(class, name)`
pub fn assign_class_attr(
    th: &mut Thread,
    class: Class,
    name: &Obj<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let receiver = class.value();
    let text = name.units().to_str_lossy().to_string();
    if !class.payload.has(flag::HEAP) || class.payload.has(flag::IMMUTABLE) {
        let owner = crate::class::tp_name(th, class);
        return Err(th.type_error(format_args!("cannot set '{text}' attribute of immutable type '{owner}'")));
    }
    let meta = type_of(&receiver);
    if let Some(attribute) = super::lookup(th, meta, name)
        && super::descriptor::assign(th, &attribute, &receiver, value)?.is_some()
    {
        return Ok(());
    }
    let interned =
        if name.header().has_flag(header_flag::INTERNED) { name.clone() } else { th.intern_obj(name) };
    if !replace_in_dict(th, class, &interned, value.cloned())? && value.is_none() {
        let owner = crate::class::tp_name(th, class);
        let raised = th.attribute_error(format_args!("type object '{owner}' has no attribute '{text}'"));
        crate::exceptions::attach_name_and_object(th, name, &receiver);
        return Err(raised);
    }
    Ok(())
}

/// Sets (Some) or deletes an entry of a class's dict and tells the caches; says whether there was one. The old value is
/// given up only after the version changed, because caches hold it uncounted.
pub fn replace_in_dict(
    th: &mut Thread,
    class: Class,
    name: &Obj<Str>,
    value: Option<Value>,
) -> PyResult<bool> {
    let old = class.payload.dict.get_str(th, name);
    match value {
        Some(value) => class.payload.dict.set_str(th, name, value).map_err(|_| th.memory_error())?,
        None if old.is_none() => return Ok(false),
        None => drop(class.payload.dict.remove_str(th, name)),
    }
    attribute_changed(th, class, name);
    Ok(old.is_some())
}

/// What must follow a change of a class's dict: caches are invalidated, special methods looked up again.
fn attribute_changed(th: &mut Thread, class: Class, name: &Obj<Str>) {
    class.payload.bump_version();
    if Special::from_name(name).is_some() {
        special::refresh(th, class);
    }
    let replaces_lookup = matches!(
        Special::from_name(name),
        Some(Special::GetAttribute | Special::GetAttr | Special::SetAttr | Special::DelAttr)
    );
    let value = class.payload.dict.get_str(th, name);
    if replaces_lookup || value.is_some_and(|value| super::descriptor::is_data(th, &value)) {
        crate::interpreter::cache::data_descriptor_added(th);
    }
}
