//! Structure sequences: tuples whose items also have names (`os.stat_result`, `time.struct_time`, `sys.flags`).
//!
//! A definition lists the named fields in order. The first `n_sequence_fields` are items of the tuple; what follows is
//! reached by name only and lies in the instance's attribute area. A field called [`UNNAMED`] has no attribute.
//!
//! # Invariants
//! - Q1 The class of a structure sequence keeps its definition in `Type::native`.
//! - Q2 An instance has exactly `n_sequence_fields` items; a hidden field that was not given reads as None.

use object_model::object::attributes;
use object_model::object::layout::Layout;
use object_model::shape::{Blueprint, Shape};
use object_model::text::units::Builder;
use object_model::ty::flag;
use parking_lot::Mutex;

use super::native_function::Member;
use crate::class::native;
use crate::names::names;
use crate::native::{ClassCell, ClassDef, NativeDef, Role};
use crate::prelude::*;

/// The name of a field that has no attribute.
pub const UNNAMED: &str = "unnamed field";

/// What a structure sequence class is made from.
pub struct StructSeqDef {
    /// `__name__`
    pub name: &'static str,
    /// `__module__`
    pub module: &'static str,
    /// Name and documentation of each field.
    pub fields: &'static [(&'static str, &'static str)],
    /// How many of the fields are items of the tuple.
    pub n_sequence_fields: usize,
}

impl StructSeqDef {
    fn visible(&self) -> usize {
        self.n_sequence_fields.min(self.fields.len())
    }

    fn hidden(&self) -> usize {
        self.fields.len() - self.visible()
    }

    fn unnamed(&self) -> usize {
        self.fields.iter().filter(|(name, _)| *name == UNNAMED).count()
    }
}

/// Classes by the address of their definition.
static CLASSES: Mutex<Vec<(usize, Class)>> = Mutex::new(Vec::new());

/// Reads one item of a structure sequence by name.
#[pyclass(name = "member_descriptor", no_new)]
pub struct Field {
    name: &'static str,
    doc: &'static str,
    index: usize,
    class: Class,
}

#[pymethods]
impl Field {
    #[signature("(instance, owner=None, /)")]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if instance.is_none() {
            return Ok(this.as_value().clone());
        }
        match items(th, this.class, instance).and_then(|i| i.get(this.index).cloned()) {
            Some(item) => Ok(item),
            None => {
                let (name, class, found) =
                    (this.name, crate::class::full_name(th, this.class), th.type_name(instance));
                Err(th.type_error(format_args!(
                    "descriptor '{name}' for '{class}' objects doesn't apply to a '{found}' object"
                )))
            }
        }
    }

    fn __set__(&self, th: &mut Thread, instance: &Value, value: &Value) -> PyResult<()> {
        let _ = (instance, value);
        Err(th.attribute_error("readonly attribute"))
    }

    fn __delete__(&self, th: &mut Thread, instance: &Value) -> PyResult<()> {
        let _ = instance;
        Err(th.attribute_error("readonly attribute"))
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __qualname__(&self, th: &mut Thread) -> String {
        format!("{}.{}", self.class.payload.name.get(th), self.name)
    }

    #[getter]
    fn __objclass__(&self) -> Class {
        self.class
    }

    #[getter]
    fn __doc__(&self) -> Option<&'static str> {
        Some(self.doc).filter(|d| !d.is_empty())
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        format!("<member '{}' of '{}' objects>", self.name, crate::class::full_name(th, self.class))
    }
}

/// The items of `instance`, if it is a `class`, which is a structure sequence.
fn items<'a>(th: &Thread, class: Class, instance: &'a Value) -> Option<&'a [Value]> {
    let header = instance.as_header()?;
    if !header.shape().class().is_subtype(th, class) {
        return None;
    }
    // SAFETY: a structure sequence is a subclass of `tuple`, so its payload is a `Tuple`.
    let tuple: &'a Obj<Tuple> = unsafe { Obj::borrow_unchecked(instance) };
    Some(tuple.items())
}

/// The definition behind a class.
fn definition(class: Class) -> Option<&'static StructSeqDef> {
    class.payload.native.get()?.downcast_ref::<StructSeqDef>()
}

/// The receiver of a method: its definition, class and fields, hidden ones included.
fn receiver(
    th: &mut Thread,
    args: &Args<'_>,
    method: &str,
) -> PyResult<(&'static StructSeqDef, Class, Vec<Value>)> {
    let found = args.positional.first().and_then(|this| {
        let class = th.type_of(this);
        let def = definition(class)?;
        let mut values = items(th, class, this)?.to_vec();
        values.extend((0..def.hidden()).map(|i| hidden(th, this, i)));
        Some((def, class, values))
    });
    found.ok_or_else(|| th.type_error(format_args!("{method}() needs a structure sequence")))
}

fn hidden(th: &Thread, instance: &Value, number: usize) -> Value {
    let Some(header) = instance.as_header() else { return Value::NONE };
    let area = attributes::area(header, header.shape());
    // Nobody writes to the area once the instance is made, so the read cannot be disturbed.
    let value = area.and_then(|a| a.slot(number)?.load(th.owner(), || true).ok().flatten());
    value.unwrap_or(Value::NONE)
}

/// Makes an instance of `class`, a class of [`make_type`], from its fields in order; hidden ones may be left out.
pub fn new(th: &mut Thread, class: Class, values: Vec<Value>) -> PyResult {
    let Some(def) = definition(class) else {
        return Err(th.system_error("not a structure sequence class"));
    };
    let visible = def.visible();
    let mut values = values.into_iter();
    let shape = class.payload.instance_shape();
    let made = Obj::from_exact(th, shape, visible, |_| values.next().unwrap_or(Value::NONE));
    let Ok(made) = made else { return Err(th.memory_error()) };
    let made = made.into_value();
    if let Some(header) = made.as_header()
        && let Some(area) = attributes::area(header, header.shape())
    {
        for i in 0..def.hidden() {
            // Nobody else knows the instance yet, so the object's lock is not needed.
            area.set(th, i, Some(values.next().unwrap_or(Value::NONE)));
        }
    }
    Ok(made)
}

fn new_native(th: &mut Thread, args: Args<'_>) -> PyResult {
    let Some(class) = args.positional.first().and_then(|c| th.as_class(c)) else {
        return Err(th.type_error("structseq.__new__(): not enough arguments"));
    };
    let Some(def) = definition(class) else {
        return Err(th.type_error("structseq.__new__(X): X is not a structure sequence type"));
    };
    let (mut sequence, mut dict) = (args.positional.get(1).cloned(), args.positional.get(2).cloned());
    for (name, value) in args.keywords() {
        match name.as_ascii() {
            Some("sequence") if sequence.is_none() => sequence = Some(value.clone()),
            Some("dict") if dict.is_none() => dict = Some(value.clone()),
            _ => {
                let name = name.units().to_str_lossy();
                return Err(
                    th.type_error(format_args!("structseq() got an unexpected keyword argument '{name}'"))
                );
            }
        }
    }
    let name = crate::class::full_name(th, class);
    let Some(sequence) = sequence else {
        return Err(th.type_error("structseq() missing required argument 'sequence' (pos 1)"));
    };
    let collected = th.collect(&sequence);
    let Some(mut values) = th.catch(collected, Exc::TypeError)? else {
        return Err(th.type_error("constructor requires a sequence"));
    };
    let (least, most) = (def.visible(), def.fields.len());
    if values.len() < least || values.len() > most {
        let (bound, count) = match (least == most, values.len() < least) {
            (true, _) => ("a", least),
            (false, true) => ("an at least", least),
            (false, false) => ("an at most", most),
        };
        let given = values.len();
        return Err(
            th.type_error(format_args!("{name}() takes {bound} {count}-sequence ({given}-sequence given)"))
        );
    }
    let dict = dict.filter(|d| !d.is_none());
    if let Some(dict) = dict {
        let Some(dict) = th.downcast::<Dict>(&dict).cloned() else {
            return Err(th.type_error(format_args!("{name}() takes a dict as second arg, if any")));
        };
        let mut used = 0;
        for (i, (field, _)) in def.fields.iter().enumerate() {
            let key = th.intern(field);
            let Some(value) = dict.get_str(th, &key) else {
                if i >= values.len() {
                    values.push(Value::NONE);
                }
                continue;
            };
            if i < values.len() {
                return Err(th.type_error(format_args!("{name}() got duplicate or unexpected field name(s)")));
            }
            used += 1;
            values.push(value);
        }
        if used < dict.len() {
            return Err(th.type_error(format_args!("{name}() got duplicate or unexpected field name(s)")));
        }
    }
    new(th, class, values)
}

fn repr(th: &mut Thread, args: Args<'_>) -> PyResult {
    let (def, class, values) = receiver(th, &args, "__repr__")?;
    th.check_native_stack()?;
    let mut out = Builder::new();
    out.push_str(&crate::class::full_name(th, class));
    out.push_str("(");
    for (i, ((name, _), value)) in def.fields.iter().zip(&values).take(def.visible()).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
        out.push_str("=");
        let text = th.repr(value)?;
        out.push_units(text.units());
    }
    out.push_str(")");
    th.units(out.finish().units())
}

fn reduce(th: &mut Thread, args: Args<'_>) -> PyResult {
    let (def, class, values) = receiver(th, &args, "__reduce__")?;
    let dict = th.dict();
    for ((name, _), value) in def.fields.iter().zip(&values).skip(def.visible()) {
        let name = th.intern(name);
        if dict.set_str(th, &name, value.clone()).is_err() {
            return Err(th.memory_error());
        }
    }
    let sequence = th.tuple(values[..def.visible()].to_vec());
    let arguments = th.tuple(vec![sequence, dict.into_value()]);
    Ok(th.tuple(vec![class.value(), arguments]))
}

fn replace(th: &mut Thread, args: Args<'_>) -> PyResult {
    let (def, class, mut values) = receiver(th, &args, "__replace__")?;
    let name = crate::class::full_name(th, class);
    if args.positional.len() > 1 {
        return Err(th.type_error("__replace__() takes no positional arguments"));
    }
    if def.unnamed() > 0 {
        return Err(th.type_error(format_args!(
            "__replace__() is not supported for {name} because it has unnamed field(s)"
        )));
    }
    let mut unknown = Vec::new();
    for (keyword, value) in args.keywords() {
        match def.fields.iter().position(|(field, _)| keyword.as_ascii() == Some(field)) {
            Some(i) => values[i] = value.clone(),
            None => unknown.push(keyword.clone().into_value()),
        }
    }
    if !unknown.is_empty() {
        let unknown = th.list(unknown);
        let unknown = th.repr(&unknown)?;
        let unknown = unknown.units().to_str_lossy().into_owned();
        return Err(th.type_error(format_args!("Got unexpected field name(s): {unknown}")));
    }
    new(th, class, values)
}

const fn method(
    name: &'static str,
    function: crate::native::NativeFn,
    role: Role,
    text_signature: &'static str,
    doc: &'static str,
) -> NativeDef {
    NativeDef { name, function, role, text_signature, doc }
}

static METHODS: [NativeDef; 4] = [
    method("__new__", new_native, Role::New, "(sequence, dict={})", ""),
    method("__repr__", repr, Role::Method, "($self, /)", "Return repr(self)."),
    method("__reduce__", reduce, Role::Method, "", ""),
    method(
        "__replace__",
        replace,
        Role::Method,
        "($self, /, **changes)",
        "A copy with some fields replaced.",
    ),
];
static MEMBERS: [&[NativeDef]; 1] = [&METHODS];
static LAYOUT: &Layout = &object_model::tuple::LAYOUT;

/// The class of a definition, made at first use.
pub fn make_type(th: &mut Thread, def: &'static StructSeqDef) -> Class {
    let address = std::ptr::from_ref(def) as usize;
    let known = CLASSES.lock().iter().find(|(a, _)| *a == address).map(|(_, class)| *class);
    if let Some(class) = known {
        return class;
    }
    // Classes of native types live for ever, and so do their definitions.
    let class_def: &'static ClassDef = Box::leak(Box::new(ClassDef {
        name: def.name,
        module: def.module,
        doc: "",
        layout: LAYOUT,
        flags: flag::TUPLE_SUBCLASS | flag::SEQUENCE,
        dict: false,
        weakref: false,
        shape: None,
        base: Some(Tuple::class),
        members: &MEMBERS,
    }));
    let cell = ClassCell::new();
    let class = native::make(th, class_def, &cell);
    let hidden = u16::try_from(def.hidden()).unwrap_or(u16::MAX);
    if hidden > 0 {
        let plan = Blueprint { class, inline_capacity: hidden, slots: hidden, extensible: false };
        if let Ok(shape) = Shape::root(&plan) {
            class.payload.set_instance_shape(shape);
        }
    }
    // Nobody else knows the class yet.
    let _ = class.payload.native.set(def);
    add_fields(th, class, def);
    let mut classes = CLASSES.lock();
    match classes.iter().find(|(a, _)| *a == address) {
        Some((_, first)) => first,
        None => {
            classes.push((address, class));
            class
        }
    }
}

fn add_fields(th: &mut Thread, class: Class, def: &'static StructSeqDef) {
    let dict = class.payload.dict.clone();
    // A failure would mean no memory for a few entries; the attribute is then missing.
    let set = |th: &mut Thread, name: &str, value: Value| {
        let name = th.intern(name);
        let _ = dict.set_str(th, &name, value);
    };
    let visible = def.visible();
    for (i, (name, doc)) in def.fields.iter().enumerate() {
        if *name == UNNAMED {
            continue;
        }
        let value = if i < visible {
            Field::new_object(th, Field { name, doc, index: i, class }).into_value()
        } else {
            let member = Member { name: th.intern(name), index: i - visible, class, owner: None };
            Obj::new(th, builtin::MEMBER_DESCRIPTOR, member).into_value()
        };
        set(th, name, value);
    }
    for (name, count) in
        [("n_sequence_fields", visible), ("n_fields", def.fields.len()), ("n_unnamed_fields", def.unnamed())]
    {
        let count = th.int(count as i64);
        set(th, name, count);
    }
    let named = def.fields[..visible].iter().filter(|(name, _)| *name != UNNAMED);
    let names_of_items = named.map(|(name, _)| th.str(name)).collect();
    let match_args = th.tuple(names_of_items);
    let _ = dict.set_str(th, &names().match_args, match_args);
}
