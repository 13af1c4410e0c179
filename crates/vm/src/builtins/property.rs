//! `property`: an attribute that functions compute.

use object_model::lock::Variable;

use crate::names::names;
use crate::prelude::*;

/// The payload of a `property`.
#[pyclass(
    name = "property",
    module = "builtins",
    doc = "An attribute that is read, set and deleted by functions.",
    subclassable,
    shape = PROPERTY
)]
pub struct Property {
    getter: Variable,
    setter: Variable,
    deleter: Variable,
    about: Guarded<About>,
}

#[derive(Default)]
struct About {
    doc: Option<Value>,
    /// The documentation is the getter's.
    getter_doc: bool,
    name: Option<Value>,
}

impl Trace for About {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        for part in [&self.doc, &self.name] {
            part.trace(visit);
        }
    }
}

/// None counts as absent.
fn given(value: Option<&Value>) -> Option<Value> {
    value.filter(|v| !v.is_none()).cloned()
}

impl Property {
    /// What reading calls.
    pub fn getter_of(&self, th: &Thread) -> Option<Value> {
        self.getter.get(th)
    }

    /// The name: the one set, else the getter's.
    fn name_of(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let name = self.about.lock(th).name.clone();
        match (name, self.getter_of(th)) {
            (Some(name), _) => Ok(Some(name)),
            (None, Some(getter)) => th.find_attr_or_none(&getter, &names().dunder_name),
            (None, None) => Ok(None),
        }
    }

    /// "property 'x' of 'C' object has no setter"
    #[cold]
    fn missing(&self, th: &mut Thread, receiver: &Value, what: &str) -> crate::error::Raised {
        let name = match self.name_of(th) {
            Ok(Some(name)) => match th.repr(&name) {
                Ok(name) => name.units().to_str_lossy().into_owned(),
                Err(raised) => return raised,
            },
            Ok(None) => String::new(),
            Err(raised) => return raised,
        };
        let space = if name.is_empty() { "" } else { " " };
        let class = class_qualname(th, receiver);
        th.attribute_error(format_args!("property{space}{name} of '{class}' object has no {what}"))
    }
}

fn class_qualname(th: &Thread, receiver: &Value) -> String {
    let class = th.type_of(receiver);
    let qualname = class.payload.qualname.lock(th).clone();
    let qualname = qualname.and_then(|q| Some(th.as_str(&q)?.units().to_str_lossy().into_owned()));
    qualname.unwrap_or_else(|| th.type_name(receiver))
}

/// A copy of `this` with some functions replaced, by calling its class.
fn copy_with(
    th: &mut Thread,
    this: &Obj<Property>,
    getter: Option<&Value>,
    setter: Option<&Value>,
    deleter: Option<&Value>,
) -> PyResult {
    let or = |new: Option<&Value>, old: &Variable| given(new).or_else(|| old.get(th)).unwrap_or(Value::NONE);
    let (getter, setter, deleter) =
        (or(getter, &this.getter), or(setter, &this.setter), or(deleter, &this.deleter));
    let (doc, name) = {
        let about = this.about.lock(th);
        // A documentation that came from the getter is looked for again.
        let doc = if about.getter_doc && !getter.is_none() { None } else { about.doc.clone() };
        (doc.unwrap_or(Value::NONE), about.name.clone())
    };
    let class = th.type_of(this.as_value()).value();
    let copy = th.call(&class, &[getter, setter, deleter, doc])?;
    if let Some(name) = name
        && let Some(copy) = th.downcast::<Property>(&copy)
    {
        let old = copy.about.lock(th).name.replace(name);
        drop(old);
    }
    Ok(copy)
}

#[pymethods]
impl Property {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        // The functions are `__init__`'s to read.
        let _ = args;
        let [getter, setter, deleter] = [const { None }; 3].map(Variable::new);
        let made = Property { getter, setter, deleter, about: Guarded::new(About::default()) };
        Ok(Obj::new(th, class.payload.instance_shape(), made).into_value())
    }

    #[signature("(fget=None, fset=None, fdel=None, doc=None)")]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        fget: Option<&Value>,
        fset: Option<&Value>,
        fdel: Option<&Value>,
        doc: Option<&Value>,
    ) -> PyResult<()> {
        let mut about = About { doc: given(doc), getter_doc: false, name: None };
        let plain = Some(th.type_of(this.as_value())) == Property::cell().get();
        if about.doc.is_none()
            && let Some(getter) = given(fget)
        {
            about.doc = th.find_attr_or_none(&getter, &names().doc)?.filter(|d| !d.is_none());
            about.getter_doc = about.doc.is_some();
        }
        let getter_doc = about.getter_doc;
        // A subclass has a `__doc__` of its own class, which an attribute of the instance must hide.
        let doc = if plain { None } else { Some(about.doc.take().unwrap_or(Value::NONE)) };
        for (place, function) in [(&this.getter, fget), (&this.setter, fset), (&this.deleter, fdel)] {
            drop(place.set(th, given(function)));
        }
        let old = std::mem::replace(&mut *this.about.lock(th), about);
        drop(old);
        if let Some(doc) = doc
            && let Err(raised) = th.set_attr(this.as_value(), &names().doc, &doc)
        {
            if getter_doc || !th.exception_is(Exc::AttributeError) {
                return Err(raised);
            }
            // No place for it: only a documentation found at the getter must be kept.
            th.clear_exception();
        }
        Ok(())
    }

    #[signature("(instance, owner=None, /)")]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if instance.is_none() {
            return Ok(this.clone().into_value());
        }
        match this.getter_of(th) {
            Some(getter) => th.call(&getter, std::slice::from_ref(instance)),
            None => Err(this.missing(th, instance, "getter")),
        }
    }

    fn __set__(this: &Obj<Self>, th: &mut Thread, instance: &Value, value: &Value) -> PyResult<()> {
        match this.setter.get(th) {
            Some(setter) => th.call(&setter, &[instance.clone(), value.clone()]).map(drop),
            None => Err(this.missing(th, instance, "setter")),
        }
    }

    fn __delete__(this: &Obj<Self>, th: &mut Thread, instance: &Value) -> PyResult<()> {
        match this.deleter.get(th) {
            Some(deleter) => th.call(&deleter, std::slice::from_ref(instance)).map(drop),
            None => Err(this.missing(th, instance, "deleter")),
        }
    }

    /// A copy of the property with another getter.
    fn getter(this: &Obj<Self>, th: &mut Thread, fget: &Value) -> PyResult {
        copy_with(th, this, Some(fget), None, None)
    }

    /// A copy of the property with another setter.
    fn setter(this: &Obj<Self>, th: &mut Thread, fset: &Value) -> PyResult {
        copy_with(th, this, None, Some(fset), None)
    }

    /// A copy of the property with another deleter.
    fn deleter(this: &Obj<Self>, th: &mut Thread, fdel: &Value) -> PyResult {
        copy_with(th, this, None, None, Some(fdel))
    }

    /// Learns the name under which a class keeps the property.
    #[raw]
    fn __set_name__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        if args.has_keywords() {
            return Err(th.type_error("property.__set_name__() takes no keyword arguments"));
        }
        let [_owner, name] = args.positional else {
            let given = args.positional.len();
            return Err(th.type_error(format_args!(
                "__set_name__() takes 2 positional arguments but {given} were given"
            )));
        };
        let old = this.about.lock(th).name.replace(name.clone());
        drop(old);
        Ok(())
    }

    #[setter("fget")]
    fn assign_fget(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let _ = value;
        Err(th.attribute_error("readonly attribute"))
    }

    #[setter("fset")]
    fn assign_fset(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let _ = value;
        Err(th.attribute_error("readonly attribute"))
    }

    #[setter("fdel")]
    fn assign_fdel(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let _ = value;
        Err(th.attribute_error("readonly attribute"))
    }

    #[getter]
    fn fget(&self, th: &mut Thread) -> Option<Value> {
        self.getter_of(th)
    }

    #[getter]
    fn fset(&self, th: &mut Thread) -> Option<Value> {
        self.setter.get(th)
    }

    #[getter]
    fn fdel(&self, th: &mut Thread) -> Option<Value> {
        self.deleter.get(th)
    }

    #[getter("__doc__")]
    fn doc(&self, th: &mut Thread) -> Option<Value> {
        self.about.lock(th).doc.clone()
    }

    #[setter("__doc__")]
    fn set_doc(&self, th: &mut Thread, value: Option<&Value>) {
        let old = {
            let mut about = self.about.lock(th);
            std::mem::replace(&mut about.doc, value.cloned())
        };
        drop(old);
    }

    #[getter]
    fn __name__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        match this.name_of(th)? {
            Some(name) => Ok(name),
            None => Err(th.no_attribute(this.as_value(), &names().dunder_name)),
        }
    }

    #[setter("__name__")]
    fn set_name(&self, th: &mut Thread, value: Option<&Value>) {
        let old = std::mem::replace(&mut self.about.lock(th).name, value.cloned());
        drop(old);
    }

    #[getter]
    fn __isabstractmethod__(&self, th: &mut Thread) -> PyResult<bool> {
        for function in
            [&self.getter, &self.setter, &self.deleter].map(|place| place.get(th)).into_iter().flatten()
        {
            if super::wrapper::is_abstract(th, &function)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
