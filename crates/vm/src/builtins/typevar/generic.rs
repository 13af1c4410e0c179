//! `typing.Generic`, whose work is done in Python, and `typing.NoDefault`.

use object_model::object::layout::Payload;

use object_model::ty::flag;

use crate::prelude::*;

/// The base of generic classes. Instances are plain objects.
#[pyclass(
    name = "Generic",
    module = "typing",
    doc = "The base of classes with type parameters.",
    subclassable,
    layout = &crate::class::PLAIN,
    flags = flag::HEAP | flag::IMMUTABLE,
    no_payload
)]
pub struct Generic;

impl Payload for Generic {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

/// `typing.function(class, *args, **kwargs)`; `args` start with the class.
fn delegate(th: &mut Thread, function: &str, class: Class, args: Args<'_>) -> PyResult {
    let typing = th.import("typing")?;
    let function = th.get_attr_str(&typing, function)?;
    th.call_prepended(&function, &class.value(), args)
}

#[pymethods]
impl Generic {
    #[classmethod]
    #[raw]
    fn __class_getitem__(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        delegate(th, "_generic_class_getitem", class, args)
    }

    #[classmethod]
    #[raw]
    fn __init_subclass__(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        delegate(th, "_generic_init_subclass", class, args)
    }
}

/// The type of `NoDefault`.
#[pyclass(name = "NoDefaultType", module = "typing", doc = "The type of the NoDefault singleton.")]
pub struct NoDefaultType;

static NO_DEFAULT: OnceLock<Value> = OnceLock::new();

/// `typing.NoDefault`: what the default of a type parameter is if it has none.
pub fn no_default(th: &mut Thread) -> Value {
    if let Some(known) = NO_DEFAULT.get() {
        return known.clone();
    }
    let made = NoDefaultType::new_object(th, NoDefaultType);
    made.header().make_immortal();
    NO_DEFAULT.get_or_init(|| made.into_value()).clone()
}

#[pymethods]
impl NoDefaultType {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        if !args.positional.is_empty() || args.has_keywords() {
            return Err(th.type_error("NoDefaultType takes no arguments"));
        }
        Ok(no_default(th))
    }

    fn __repr__(&self) -> &'static str {
        "typing.NoDefault"
    }

    fn __reduce__(&self) -> &'static str {
        "NoDefault"
    }
}
