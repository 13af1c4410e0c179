//! `types.GenericAlias`: a class with type arguments, such as `list[int]`.
//!
//! Attributes are those of the class, but for the few that `OWN` lists.

use object_model::text::units::Builder;

use super::{type_arguments, union};
use crate::class::attribute;
use crate::prelude::*;

/// The payload of a generic alias.
#[pyclass(
    name = "GenericAlias",
    module = "types",
    doc = "A class with type arguments.",
    subclassable,
    weakref
)]
pub struct GenericAlias {
    origin: Value,
    /// A tuple.
    args: Value,
    /// Computed when somebody asks; a tuple.
    parameters: Guarded<Option<Value>>,
    /// `*list[int]`
    starred: bool,
}

/// Attributes of the alias itself.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];

/// Attributes that neither the alias has nor its class is asked for.
const BLOCKED: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

/// `class[item]`
pub fn make(th: &mut Thread, class: Class, item: &Value) -> Value {
    let payload = alias(th, class.value(), item, false);
    GenericAlias::new_object(th, payload).into_value()
}

/// `origin[item]` for an origin that need not be a class.
pub fn make_for(th: &mut Thread, origin: Value, item: &Value) -> Value {
    let payload = alias(th, origin, item, false);
    GenericAlias::new_object(th, payload).into_value()
}

fn alias(th: &mut Thread, origin: Value, item: &Value, starred: bool) -> GenericAlias {
    let args = if th.downcast::<Tuple>(item).is_some() { item.clone() } else { th.tuple(vec![item.clone()]) };
    GenericAlias { origin, args, parameters: Guarded::new(None), starred }
}

impl GenericAlias {
    fn items(&self, th: &Thread) -> Vec<Value> {
        th.downcast::<Tuple>(&self.args).map(|t| t.items().to_vec()).unwrap_or_default()
    }

    fn parameters_tuple(&self, th: &mut Thread) -> PyResult {
        let known = self.parameters.lock(th).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let items = self.items(th);
        let found = type_arguments::parameters(th, &items)?;
        let found = th.tuple(found);
        let old = self.parameters.lock(th).replace(found.clone());
        drop(old);
        Ok(found)
    }

    fn of_tuple(&self, th: &mut Thread) -> bool {
        let tuple = Tuple::class(th);
        th.as_class(&self.origin) == Some(tuple)
    }
}

#[pymethods]
impl GenericAlias {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.type_error("GenericAlias() takes no keyword arguments"));
        }
        let [origin, item] = args.positional else {
            let given = args.positional.len();
            return Err(th.type_error(format_args!("GenericAlias expected 2 arguments, got {given}")));
        };
        let payload = alias(th, origin.clone(), item, false);
        Ok(Obj::new(th, class.payload.instance_shape(), payload).into_value())
    }

    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let own = name.as_ascii().is_some_and(|name| OWN.contains(&name) || BLOCKED.contains(&name));
        if !own {
            let origin = this.origin.clone();
            return th.get_attr(&origin, name);
        }
        match attribute::generic(th, this.as_value(), name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    #[getter]
    fn __origin__(&self) -> Value {
        self.origin.clone()
    }

    #[getter]
    fn __args__(&self) -> Value {
        self.args.clone()
    }

    #[getter]
    fn __unpacked__(&self) -> bool {
        self.starred
    }

    #[getter]
    fn __parameters__(&self, th: &mut Thread) -> PyResult {
        self.parameters_tuple(th)
    }

    #[getter]
    fn __typing_unpacked_tuple_args__(&self, th: &mut Thread) -> Value {
        if self.starred && self.of_tuple(th) { self.args.clone() } else { Value::NONE }
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let origin = this.origin.clone();
        let object = th.call_args(&origin, args)?;
        let name = th.intern("__orig_class__");
        if th.set_attr(&object, &name, this.as_value()).is_err() {
            // Not every object takes attributes.
            if !th.exception_is(Exc::AttributeError) && !th.exception_is(Exc::TypeError) {
                let pending = th.take_exception();
                return Err(th.set_raised(pending));
            }
            th.clear_exception();
        }
        Ok(object)
    }

    fn __getitem__(this: &Obj<Self>, th: &mut Thread, item: &Value) -> PyResult {
        let parameters = this.parameters_tuple(th)?;
        let parameters = th.downcast::<Tuple>(&parameters).map(|t| t.items().to_vec()).unwrap_or_default();
        let items = this.items(th);
        let replaced = type_arguments::substitute(th, this.as_value(), &items, &parameters, item)?;
        let replaced = th.tuple(replaced);
        let payload = alias(th, this.origin.clone(), &replaced, this.starred);
        Ok(GenericAlias::new_object(th, payload).into_value())
    }

    fn __mro_entries__(&self, th: &mut Thread, bases: &Value) -> Value {
        let _ = bases;
        th.tuple(vec![self.origin.clone()])
    }

    fn __instancecheck__(&self, th: &mut Thread, instance: &Value) -> PyResult {
        let _ = instance;
        Err(th.type_error("isinstance() argument 2 cannot be a parameterized generic"))
    }

    fn __subclasscheck__(&self, th: &mut Thread, subclass: &Value) -> PyResult {
        let _ = subclass;
        Err(th.type_error("issubclass() argument 2 cannot be a parameterized generic"))
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.downcast::<GenericAlias>(other).cloned() else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        if self.starred != other.starred || !th.eq(&self.origin, &other.origin)? {
            return Ok(Value::FALSE);
        }
        th.compare(&self.args, &other.args, CompareOp::Eq)
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        Ok(th.hash(&self.origin)? ^ th.hash(&self.args)?)
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult {
        let mut out = Builder::new();
        if self.starred {
            out.push_str("*");
        }
        type_arguments::show(th, &mut out, &self.origin)?;
        out.push_str("[");
        let items = self.items(th);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            type_arguments::show_argument(th, &mut out, item)?;
        }
        out.push_str(if items.is_empty() { "()]" } else { "]" });
        th.units(out.finish().units())
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> Value {
        let alias = Guarded::new(Some(this.clone().into_value()));
        GenericAliasIterator::new_object(th, GenericAliasIterator { alias }).into_value()
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        if this.starred {
            let plain = alias(th, this.origin.clone(), &this.args, false);
            let plain = GenericAlias::new_object(th, plain).into_value();
            let iterator = th.iter(&plain)?;
            let next = super::module::builtin(th, "next")?;
            let arguments = th.tuple(vec![iterator]);
            return Ok(th.tuple(vec![next, arguments]));
        }
        let class = th.type_of(this.as_value()).value();
        let arguments = th.tuple(vec![this.origin.clone(), this.args.clone()]);
        Ok(th.tuple(vec![class, arguments]))
    }

    fn __dir__(&self, th: &mut Thread) -> PyResult {
        let dir = super::module::builtin(th, "dir")?;
        let listed = th.call(&dir, std::slice::from_ref(&self.origin))?;
        let mut entries = th.collect(&listed)?;
        for own in OWN {
            if !entries.iter().any(|e| th.as_str(e).is_some_and(|e| e.as_ascii() == Some(own))) {
                entries.push(th.str(own));
            }
        }
        Ok(th.list(entries))
    }

    fn __or__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        union::make(th, this, other)
    }

    fn __ror__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        union::make(th, other, this)
    }
}

/// Iterates over an alias: yields it once, starred.
#[pyclass(name = "generic_alias_iterator", module = "builtins", no_new)]
pub struct GenericAliasIterator {
    alias: Guarded<Option<Value>>,
}

#[pymethods]
impl GenericAliasIterator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.clone().into_value()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let taken = self.alias.lock(th).take();
        let Some(taken) = taken else { return Ok(None) };
        let Some(plain) = th.downcast::<GenericAlias>(&taken).cloned() else { return Ok(None) };
        let starred = alias(th, plain.origin.clone(), &plain.args, true);
        Ok(Some(GenericAlias::new_object(th, starred).into_value()))
    }

    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let iter = super::module::builtin(th, "iter")?;
        let left = self.alias.lock(th).clone();
        let argument = match left {
            Some(alias) => alias,
            None => th.tuple(Vec::new()),
        };
        let arguments = th.tuple(vec![argument]);
        Ok(th.tuple(vec![iter, arguments]))
    }
}

/// True if the value is a generic alias.
pub fn is_alias(th: &Thread, value: &Value) -> bool {
    th.downcast::<GenericAlias>(value).is_some()
}
