//! `types.SimpleNamespace`: attributes from keyword arguments, with a repr and equality.

use crate::class::attribute;
use crate::prelude::*;

/// The payload of a namespace: everything is in its `__dict__`.
#[pyclass(
    name = "SimpleNamespace",
    module = "types",
    doc = "Attributes without a class.",
    subclassable,
    dict
)]
pub struct Namespace;

/// A namespace with these attributes.
pub fn make(th: &mut Thread, attributes: Vec<(&str, Value)>) -> PyResult {
    let object = Namespace::new_object(th, Namespace).into_value();
    for (name, value) in attributes {
        let name = th.intern(name);
        th.set_attr(&object, &name, &value)?;
    }
    Ok(object)
}

fn dict_of(th: &mut Thread, this: &Value) -> PyResult<Obj<Dict>> {
    match this.as_header() {
        Some(header) => attribute::to_dict_mode(th, header),
        None => Ok(th.dict()),
    }
}

#[pymethods]
impl Namespace {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        Ok(Obj::new(th, class.payload.instance_shape(), Namespace).into_value())
    }

    #[raw]
    #[signature("(mapping_or_iterable=(), /, **kwargs)")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let name = th.type_name(this.as_value());
        let source = match args.positional {
            [] => None,
            [one] => Some(one),
            more => {
                let given = more.len();
                return Err(th.type_error(format_args!("{name} expected at most 1 argument, got {given}")));
            }
        };
        let mut pairs = Vec::new();
        if let Some(source) = source {
            let dict = Dict::class(th).value();
            let dict = th.call(&dict, std::slice::from_ref(source))?;
            if let Some(dict) = th.downcast::<Dict>(&dict) {
                pairs = dict.snapshot(th);
            }
        }
        let own = dict_of(th, this.as_value())?;
        for (key, value, _) in pairs {
            if th.as_str(&key).is_none() {
                return Err(th.type_error("keywords must be strings"));
            }
            th.dict_set(&own, &key, value)?;
        }
        for (name, value) in args.keywords() {
            th.dict_set(&own, name.as_value(), value.clone())?;
        }
        Ok(())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let class = th.type_of(this.as_value());
        let name = if Some(class) == Namespace::cell().get() {
            "namespace".to_owned()
        } else {
            th.short_type_name(this.as_value())
        };
        let mut built = object_model::text::units::Builder::new();
        built.push_str(&name);
        built.push_str("(");
        let address = this.as_value().word();
        if th.reprs.contains(&address) {
            built.push_str("...)");
            return th.units(built.finish().units());
        }
        th.check_native_stack()?;
        th.reprs.push(address);
        let result = attributes_text(th, this.as_value(), &mut built);
        th.reprs.pop();
        result?;
        built.push_str(")");
        th.units(built.finish().units())
    }

    fn __eq__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        if th.downcast::<Namespace>(other).is_none() {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let (a, b) = (dict_of(th, this.as_value())?, dict_of(th, other)?);
        th.compare(a.as_value(), b.as_value(), CompareOp::Eq)
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let class = th.type_of(this.as_value()).value();
        let dict = dict_of(th, this.as_value())?.into_value();
        let empty = th.tuple(Vec::new());
        Ok(th.tuple(vec![class, empty, dict]))
    }

    /// A copy with other values of the attributes given.
    #[raw]
    #[signature("(**changes)")]
    fn __replace__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        if !args.positional.is_empty() {
            let given = args.positional.len();
            return Err(th.type_error(format_args!(
                "__replace__() takes 0 positional arguments but {given} were given"
            )));
        }
        let class = th.type_of(this.as_value()).value();
        let copy = th.call(&class, &[])?;
        let (from, to) = (dict_of(th, this.as_value())?, dict_of(th, &copy)?);
        for (key, value, _) in from.snapshot(th) {
            th.dict_set(&to, &key, value)?;
        }
        for (name, value) in args.keywords() {
            th.dict_set(&to, name.as_value(), value.clone())?;
        }
        Ok(copy)
    }
}

/// `name=value, …` for every attribute with a str name.
fn attributes_text(
    th: &mut Thread,
    this: &Value,
    built: &mut object_model::text::units::Builder,
) -> PyResult<()> {
    let dict = dict_of(th, this)?;
    let mut first = true;
    for (key, value, _) in dict.snapshot(th) {
        let Some(name) = th.as_str(&key).cloned().filter(|n| n.len() > 0) else { continue };
        let shown = th.repr(&value)?;
        if !first {
            built.push_str(", ");
        }
        first = false;
        built.push_units(name.units());
        built.push_str("=");
        built.push_units(shown.units());
    }
    Ok(())
}
