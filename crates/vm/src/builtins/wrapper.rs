//! What `staticmethod` and `classmethod` share: they look like the function they wrap.

use object_model::lock::Variable;

use crate::names::names;
use crate::prelude::*;

/// What is wrapped; None before `__init__`.
pub struct Wrapped(Variable);

impl Trace for Wrapped {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.0.trace(visit);
    }
}

impl Wrapped {
    /// A wrapper around `callable`.
    pub fn new(callable: Value) -> Wrapped {
        Wrapped(Variable::new(Some(callable)))
    }

    /// What is wrapped.
    #[inline]
    pub fn get(&self, th: &Thread) -> Value {
        self.0.get(th).unwrap_or(Value::NONE)
    }

    /// Replaces it.
    pub fn set(&self, th: &Thread, callable: Value) {
        let old = self.0.set(th, Some(callable));
        drop(old);
    }
}

/// `__isabstractmethod__` of what is wrapped.
pub fn is_abstract(th: &mut Thread, callable: &Value) -> PyResult<bool> {
    match th.find_attr_or_none(callable, &names().isabstractmethod)? {
        Some(value) => th.is_true(&value),
        None => Ok(false),
    }
}

/// Gives `wrapper` the name, documentation and so on of `callable`, where it has them.
pub fn copy_attributes(th: &mut Thread, wrapper: &Value, callable: &Value) -> PyResult<()> {
    let n = names();
    for name in [&n.module, &n.dunder_name, &n.qualname, &n.doc] {
        if let Some(value) = th.find_attr_or_none(callable, name)? {
            th.set_attr(wrapper, name, &value)?;
        }
    }
    Ok(())
}

/// An attribute that is computed by what is wrapped the first time and kept (`__annotations__`, `__annotate__`).
pub fn forwarded(th: &mut Thread, wrapper: &Value, callable: &Value, name: &Obj<Str>) -> PyResult {
    let own = wrapper.as_header().and_then(|h| crate::class::attribute::own(th, h, name));
    match own {
        Some(value) => Ok(value),
        None => {
            let value = th.get_attr(callable, name)?;
            set_forwarded(th, wrapper, name, Some(&value))?;
            Ok(value)
        }
    }
}

/// Sets or deletes such an attribute on the wrapper.
pub fn set_forwarded(
    th: &mut Thread,
    wrapper: &Value,
    name: &Obj<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let Some(header) = wrapper.as_header() else { return Ok(()) };
    let done = match value {
        Some(value) => crate::class::attribute::set_own(th, header, name, value.clone())?,
        None => crate::class::attribute::delete_own(th, header, name)?,
    };
    if done { Ok(()) } else { Err(th.no_attribute(wrapper, name)) }
}
