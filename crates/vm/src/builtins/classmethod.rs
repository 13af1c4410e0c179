//! `classmethod`

use super::wrapper::{self, Wrapped};
use crate::names::names;
use crate::prelude::*;

/// The payload of a `classmethod`.
#[pyclass(
    name = "classmethod",
    module = "builtins",
    doc = "Makes a function a class method: it gets the class as its first argument.",
    subclassable,
    dict
)]
pub struct ClassMethod {
    wrapped: Wrapped,
}

impl ClassMethod {
    /// What is wrapped.
    pub fn callable(&self, th: &Thread) -> Value {
        self.wrapped.get(th)
    }
}

/// A `classmethod` around `callable`.
pub fn wrap(th: &mut Thread, callable: Value) -> Value {
    ClassMethod::new_object(th, ClassMethod { wrapped: Wrapped::new(callable) }).into_value()
}

#[pymethods]
impl ClassMethod {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        // The callable is `__init__`'s to read.
        let _ = args;
        let made = ClassMethod { wrapped: Wrapped::new(Value::NONE) };
        Ok(Obj::new(th, class.payload.instance_shape(), made).into_value())
    }

    #[signature("(function, /)")]
    fn __init__(this: &Obj<Self>, th: &mut Thread, function: Value) -> PyResult<()> {
        this.wrapped.set(th, function.clone());
        wrapper::copy_attributes(th, this.as_value(), &function)
    }

    #[signature("(instance, owner=None, /)")]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let callable = this.wrapped.get(th);
        let receiver = match owner.filter(|o| !o.is_none()) {
            Some(owner) => owner.clone(),
            None => th.type_of(instance).value(),
        };
        let method = super::function::Method { function: callable, receiver };
        Ok(Obj::new(th, builtin::METHOD, method).into_value())
    }

    #[getter]
    fn __func__(&self, th: &mut Thread) -> Value {
        self.wrapped.get(th)
    }

    #[getter]
    fn __wrapped__(&self, th: &mut Thread) -> Value {
        self.wrapped.get(th)
    }

    #[getter]
    fn __isabstractmethod__(&self, th: &mut Thread) -> PyResult<bool> {
        let callable = self.wrapped.get(th);
        wrapper::is_abstract(th, &callable)
    }

    #[getter]
    fn __annotations__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let callable = this.wrapped.get(th);
        wrapper::forwarded(th, this.as_value(), &callable, &names().annotations)
    }

    #[setter("__annotations__")]
    fn set_annotations(this: &Obj<Self>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        wrapper::set_forwarded(th, this.as_value(), &names().annotations, value)
    }

    #[getter]
    fn __annotate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let callable = this.wrapped.get(th);
        wrapper::forwarded(th, this.as_value(), &callable, &names().annotate)
    }

    #[setter("__annotate__")]
    fn set_annotate(this: &Obj<Self>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        wrapper::set_forwarded(th, this.as_value(), &names().annotate, value)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let callable = this.wrapped.get(th);
        Ok(format!("<classmethod({})>", th.repr(&callable)?.units().to_str_lossy()))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        super::generic_alias::make(th, class, item)
    }
}
