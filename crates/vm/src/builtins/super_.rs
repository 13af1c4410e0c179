//! `super`: attributes of the classes that come after a class in the mro of an object.

use crate::class::{attribute, descriptor};
use crate::names::names;
use crate::prelude::*;

/// The payload of a `super` object.
#[pyclass(
    name = "super",
    module = "builtins",
    doc = "Looks attributes up in the classes that follow a class in the method resolution order.",
    subclassable,
    shape = SUPER
)]
pub struct Super {
    parts: Guarded<Parts>,
}

#[derive(Default)]
struct Parts {
    /// `__thisclass__`
    class: Option<Value>,
    /// `__self__`
    object: Option<Value>,
    /// `__self_class__`
    object_class: Option<Value>,
}

impl Trace for Parts {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        [&self.class, &self.object, &self.object_class].into_iter().for_each(|v| v.trace(visit));
    }
}

/// The class whose mro is searched: the object itself if it is a subclass of `class`, else its class, which must be
/// one.
fn start_class(th: &mut Thread, class: Class, object: &Value) -> PyResult<Class> {
    if let Some(own) = th.as_class(object)
        && own.is_subtype(th, class)
    {
        return Ok(own);
    }
    let own = th.type_of(object);
    if own.is_subtype(th, class) {
        return Ok(own);
    }
    // A proxy may say that it is of another class.
    if let Some(said) = th.find_attr_or_none(object, &names().class)?
        && let Some(said) = th.as_class(&said)
        && said.is_subtype(th, class)
    {
        return Ok(said);
    }
    let (kind, found) = match th.as_class(object) {
        Some(own) => ("type", crate::class::tp_name(th, own)),
        None => ("instance of", th.type_name(object)),
    };
    let expected = crate::class::tp_name(th, class);
    Err(th.type_error(format_args!(
        "super(type, obj): obj ({kind} {found}) is not an instance or subtype of type ({expected})."
    )))
}

/// The attribute of the classes after `class` in the mro of `start`, bound to `object`.
fn find(
    th: &mut Thread,
    class: Class,
    object: &Value,
    start: Class,
    name: &Obj<Str>,
) -> PyResult<Option<Value>> {
    let found = {
        let order = start.payload.mro.get(th);
        let after = order.iter().position(|c| std::ptr::eq(*c, class)).map_or(order.len(), |i| i + 1);
        order[after..].iter().find_map(|c| c.payload.dict.get_str(th, name))
    };
    let Some(found) = found else { return Ok(None) };
    let is_start = th.as_class(object).is_some_and(|own| std::ptr::eq(own, start));
    let receiver = if is_start { None } else { Some(object) };
    descriptor::bind(th, &found, receiver, start).map(Some)
}

/// `super(class, object).name` without the `super` object. None: ask an object all the same (the attribute is not in
/// the classes, or the arguments are no class and instance).
pub fn load_super_attr(
    th: &mut Thread,
    class: &Value,
    object: &Value,
    name: &Obj<Str>,
) -> PyResult<Option<Value>> {
    let Some(class) = th.as_class(class) else { return Ok(None) };
    if name.as_value().is(names().class.as_value()) {
        return Ok(None);
    }
    let start = start_class(th, class, object)?;
    find(th, class, object, start, name)
}

impl Super {
    fn set(&self, th: &mut Thread, class: Class, object: Option<Value>) -> PyResult<()> {
        let object = object.filter(|o| !o.is_none());
        let object_class = match &object {
            Some(object) => Some(start_class(th, class, object)?.value()),
            None => None,
        };
        let parts = Parts { class: Some(class.value()), object, object_class };
        let old = std::mem::replace(&mut *self.parts.lock(th), parts);
        drop(old);
        Ok(())
    }
}

#[pymethods]
impl Super {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let made = Super { parts: Guarded::new(Parts::default()) };
        Ok(Obj::new(th, class.payload.instance_shape(), made).into_value())
    }

    #[raw]
    fn __init__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        if args.has_keywords() {
            return Err(th.type_error("super() takes no keyword arguments"));
        }
        let (class, object) = match args.positional {
            [] => {
                let (class, object) = crate::frame::super_arguments(th)?;
                (class.value(), Some(object))
            }
            [class] => (class.clone(), None),
            [class, object] => (class.clone(), Some(object.clone())),
            more => {
                let given = more.len();
                return Err(th.type_error(format_args!("super() expected at most 2 arguments, got {given}")));
            }
        };
        let Some(class) = th.as_class(&class) else {
            let found = th.type_name(&class);
            return Err(th.type_error(format_args!("super() argument 1 must be a type, not {found}")));
        };
        this.set(th, class, object)
    }

    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let (class, object, start) = {
            let parts = this.parts.lock(th);
            (parts.class.clone(), parts.object.clone(), parts.object_class.clone())
        };
        let class = class.and_then(|c| th.as_class(&c));
        let start = start.and_then(|c| th.as_class(&c));
        if let (Some(class), Some(object), Some(start)) = (class, object, start)
            && !name.as_value().is(names().class.as_value())
            && name.as_ascii() != Some("__class__")
            && let Some(found) = find(th, class, &object, start, name)?
        {
            return Ok(found);
        }
        match attribute::generic(th, this.as_value(), name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    #[signature("(instance, owner=None, /)")]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        let (class, bound) = {
            let parts = this.parts.lock(th);
            (parts.class.clone(), parts.object.is_some())
        };
        if instance.is_none() || bound {
            return Ok(this.clone().into_value());
        }
        let Some(class) = class else { return Err(th.runtime_error("super(): not initialized")) };
        let own = th.type_of(this.as_value()).value();
        th.call(&own, &[class, instance.clone()])
    }

    #[getter]
    fn __thisclass__(&self, th: &mut Thread) -> Option<Value> {
        self.parts.lock(th).class.clone()
    }

    #[getter]
    fn __self__(&self, th: &mut Thread) -> Option<Value> {
        self.parts.lock(th).object.clone()
    }

    #[getter]
    fn __self_class__(&self, th: &mut Thread) -> Option<Value> {
        self.parts.lock(th).object_class.clone()
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        let (class, start) = {
            let parts = self.parts.lock(th);
            (parts.class.clone(), parts.object_class.clone())
        };
        let name = |class: Option<Value>| {
            class
                .and_then(|c| th.as_class(&c))
                .map_or("NULL".to_owned(), |c| c.payload.name.get(th).to_string())
        };
        let class = name(class);
        match start {
            Some(start) => {
                let start = name(Some(start));
                format!("<super: <class '{class}'>, <{start} object>>")
            }
            None => format!("<super: <class '{class}'>, NULL>"),
        }
    }
}
