//! The types of `None`, `Ellipsis` and `NotImplemented`: values that are words, of which there is one each.

use crate::class::IMMEDIATES;
use crate::prelude::*;

/// `type(None)`
#[pyclass(name = "NoneType", module = "builtins", doc = "The type of the None singleton.")]
pub struct NoneType;

/// `type(...)`
#[pyclass(name = "ellipsis", module = "builtins", doc = "The type of the Ellipsis singleton.")]
pub struct EllipsisType;

/// `type(NotImplemented)`
#[pyclass(
    name = "NotImplementedType",
    module = "builtins",
    doc = "The type of the NotImplemented singleton."
)]
pub struct NotImplementedType;

/// Makes the three types known as those of their values.
pub fn initialise(th: &mut Thread) {
    IMMEDIATES.none.set(NoneType::class(th));
    IMMEDIATES.ellipsis.set(EllipsisType::class(th));
    IMMEDIATES.not_implemented.set(NotImplementedType::class(th));
}

/// The one instance, if the call has no arguments.
fn only(th: &mut Thread, value: Value, name: &str, args: &Args<'_>) -> PyResult {
    if args.positional.is_empty() && !args.has_keywords() {
        return Ok(value);
    }
    Err(th.type_error(format_args!("{name} takes no arguments")))
}

#[pymethods]
impl NoneType {
    #[new(raw)]
    fn new(th: &mut Thread, args: Args<'_>) -> PyResult {
        only(th, Value::NONE, "NoneType", &args)
    }

    fn __repr__(this: &Value) -> &'static str {
        let _ = this;
        "None"
    }

    fn __bool__(this: &Value) -> bool {
        let _ = this;
        false
    }

    fn __hash__(this: &Value) -> i64 {
        let _ = this;
        // The number is CPython's.
        0xfca8_6420
    }
}

#[pymethods]
impl EllipsisType {
    #[new(raw)]
    fn new(th: &mut Thread, args: Args<'_>) -> PyResult {
        only(th, Value::ELLIPSIS, "EllipsisType", &args)
    }

    fn __repr__(this: &Value) -> &'static str {
        let _ = this;
        "Ellipsis"
    }

    fn __reduce__(this: &Value) -> &'static str {
        let _ = this;
        "Ellipsis"
    }
}

#[pymethods]
impl NotImplementedType {
    #[new(raw)]
    fn new(th: &mut Thread, args: Args<'_>) -> PyResult {
        only(th, Value::NOT_IMPLEMENTED, "NotImplementedType", &args)
    }

    fn __repr__(this: &Value) -> &'static str {
        let _ = this;
        "NotImplemented"
    }

    fn __reduce__(this: &Value) -> &'static str {
        let _ = this;
        "NotImplemented"
    }

    fn __bool__(this: &Value, th: &mut Thread) -> PyResult<bool> {
        let _ = this;
        Err(th.type_error("NotImplemented should not be used in a boolean context"))
    }
}
