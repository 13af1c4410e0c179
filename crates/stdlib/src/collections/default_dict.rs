//! `collections.defaultdict`: a dict that makes what is missing.

use vm::object_model::object::layout::Payload;
use vm::prelude::*;

/// The payload of a defaultdict.
#[pyclass(
    name = "defaultdict",
    module = "collections",
    doc = "A dict that calls a function without arguments for the value of a missing key, in d[key] only.",
    base = Dict,
    subclassable,
    no_payload
)]
#[repr(C)]
pub struct DefaultDict {
    /// First, so that a defaultdict is a dict in memory, too.
    dict: Dict,
    factory: Guarded<Value>,
}

impl Payload for DefaultDict {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.dict.trace(visit);
        self.factory.trace_with(&mut *visit);
    }
}

fn as_dict(this: &Obj<DefaultDict>) -> &Obj<Dict> {
    // SAFETY: the payload begins with a `Dict` (`repr(C)`), and the header before it is the same.
    unsafe { Obj::borrow_unchecked(this.as_value()) }
}

/// A copy of `this`, of its class.
fn copied(this: &Obj<DefaultDict>, th: &mut Thread) -> PyResult {
    let class = th.type_of(this.as_value()).value();
    let factory = this.factory.lock(th).clone();
    th.call(&class, &[factory, this.as_value().clone()])
}

/// A new defaultdict with the factory of `this` and the items of both.
fn merged(this: &Obj<DefaultDict>, th: &mut Thread, first: &Value, second: &Value) -> PyResult {
    if th.downcast::<Dict>(first).is_none() || th.downcast::<Dict>(second).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let class = th.type_of(this.as_value()).value();
    let factory = this.factory.lock(th).clone();
    let new = th.call(&class, &[factory, first.clone()])?;
    th.call_method(&new, "update", std::slice::from_ref(second))?;
    Ok(new)
}

#[pymethods]
impl DefaultDict {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, _args: Args<'_>) -> PyResult {
        let payload = DefaultDict { dict: Dict::default(), factory: Guarded::new(Value::NONE) };
        Ok(Obj::new(th, class.payload.instance_shape(), payload).into_value())
    }

    #[raw]
    fn __init__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let factory = args.positional.first().cloned().unwrap_or(Value::NONE);
        if !factory.is_none() && !th.is_callable(&factory) {
            return Err(th.type_error("first argument must be callable or None"));
        }
        let old = std::mem::replace(&mut *this.factory.lock(th), factory);
        drop(old);
        let base = Dict::class(th).value();
        let init = th.get_attr_str(&base, "__init__")?;
        th.call_prepended(&init, this.as_value(), args.without_receiver())?;
        Ok(())
    }

    /// Called by __getitem__ for a missing key: its value is what the factory makes.
    fn __missing__(this: &Obj<Self>, th: &mut Thread, key: &Value) -> PyResult {
        let factory = this.factory.lock(th).clone();
        if factory.is_none() {
            return Err(th.key_error(key.clone()));
        }
        let value = th.call(&factory, &[])?;
        th.set_item(this.as_value(), key, &value)?;
        Ok(value)
    }

    #[getter]
    fn default_factory(&self, th: &mut Thread) -> Value {
        self.factory.lock(th).clone()
    }

    #[setter]
    fn set_default_factory(&self, th: &mut Thread, value: Option<&Value>) {
        let value = value.cloned().unwrap_or(Value::NONE);
        let old = std::mem::replace(&mut *self.factory.lock(th), value);
        drop(old);
    }

    /// A shallow copy.
    fn copy(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        copied(this, th)
    }

    fn __copy__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        copied(this, th)
    }

    fn __or__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        merged(this, th, this.as_value(), other)
    }

    fn __ror__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        merged(this, th, other, this.as_value())
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let factory = this.factory.lock(th).clone();
        let arguments = if factory.is_none() { Vec::new() } else { vec![factory] };
        let arguments = th.tuple(arguments);
        let class = th.type_of(this.as_value()).value();
        let items = th.call_method(this.as_value(), "items", &[])?;
        let items = th.iter(&items)?;
        Ok(th.tuple(vec![class, arguments, Value::NONE, Value::NONE, items]))
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let class = th.type_of(this.as_value());
        let name = class.payload.name.get(th).to_string();
        let base = Dict::class(th).value();
        let base_repr = th.get_attr_str(&base, "__repr__")?;
        let content = th.call(&base_repr, &[as_dict(this).as_value().clone()])?;
        let content = th.str_of(&content)?.units().to_str_lossy().into_owned();
        let factory = this.factory.lock(th).clone();
        // A factory that is bound to the dict itself would show it again.
        let shown = if factory.is_none() {
            "None".to_owned()
        } else if th.enter_repr(&factory) {
            let shown = th.repr(&factory);
            th.leave_repr(&factory);
            shown?.units().to_str_lossy().into_owned()
        } else {
            "...".to_owned()
        };
        Ok(format!("{name}({shown}, {content})"))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}
