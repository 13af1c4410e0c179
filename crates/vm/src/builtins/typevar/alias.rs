//! `typing.TypeAliasType`: what a `type` statement makes.

use super::{Lazy, TypeVar, TypeVarTuple, name_argument, name_text, no_default, unpack_tuples};
use crate::frame;
use crate::names::names;
use crate::prelude::*;

/// The payload of a type alias.
#[pyclass(name = "TypeAliasType", module = "typing", doc = "A named alias of a type.", weakref)]
pub struct TypeAliasType {
    name: Value,
    /// A tuple, if there are any.
    type_params: Option<Value>,
    value: Lazy,
    module: Value,
}

/// An alias as the statement makes it.
pub(super) fn make(th: &mut Thread, name: Value, params: Value, evaluator: Value) -> PyResult {
    let type_params = Some(params).filter(|params| !params.is_none());
    let module = frame::current_global(th, &names().dunder_name).unwrap_or(Value::NONE);
    let alias = TypeAliasType { name, type_params, value: Lazy::evaluated_by(evaluator), module };
    Ok(TypeAliasType::new_object(th, alias).into_value())
}

impl TypeAliasType {
    fn params(&self, th: &Thread) -> Vec<Value> {
        let params = self.type_params.as_ref().and_then(|params| th.downcast::<Tuple>(params));
        params.map(|params| params.items().to_vec()).unwrap_or_default()
    }
}

/// Refuses parameters that are none, and those without a default behind those with one.
fn check_params(th: &mut Thread, params: &[Value]) -> PyResult<()> {
    let none = no_default(th);
    let mut seen_default = false;
    for param in params {
        let is_param = th.downcast::<TypeVar>(param).is_some()
            || th.downcast::<TypeVarTuple>(param).is_some()
            || th.downcast::<super::ParamSpec>(param).is_some();
        let default = th.lookup_attr(param, "__default__")?;
        if !is_param && default.is_none() {
            let shown = th.repr(param)?.units().to_str_lossy().into_owned();
            return Err(th.type_error(format_args!("Expected a type param, got {shown}")));
        }
        let has_default = default.is_some_and(|default| !default.is(&none));
        if seen_default && !has_default {
            let shown = th.repr(param)?.units().to_str_lossy().into_owned();
            return Err(th.type_error(format_args!(
                "non-default type parameter '{shown}' follows default type parameter"
            )));
        }
        seen_default |= has_default;
    }
    Ok(())
}

#[pymethods]
impl TypeAliasType {
    #[new]
    #[signature("(name, value, *, type_params=())")]
    fn new(
        th: &mut Thread,
        name: &Value,
        value: &Value,
        type_params: Option<&Value>,
    ) -> PyResult<TypeAliasType> {
        let name = name_argument(th, name, "typealias")?;
        let type_params = match type_params {
            Some(params) => {
                let Some(tuple) = th.downcast::<Tuple>(params).cloned() else {
                    return Err(th.type_error("type_params must be a tuple"));
                };
                check_params(th, tuple.items())?;
                Some(params.clone()).filter(|_| tuple.len() > 0)
            }
            None => None,
        };
        let module = frame::current_global(th, &names().dunder_name).unwrap_or(Value::NONE);
        Ok(TypeAliasType { name, type_params, value: Lazy::known(Some(value.clone())), module })
    }

    #[getter]
    fn __name__(&self) -> Value {
        self.name.clone()
    }

    #[getter]
    fn __value__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        self.value.get(th)
    }

    #[getter]
    fn evaluate_value(&self, th: &mut Thread) -> Option<Value> {
        self.value.evaluator(th)
    }

    #[getter]
    fn __type_params__(&self, th: &mut Thread) -> Value {
        self.type_params.clone().unwrap_or_else(|| th.tuple(Vec::new()))
    }

    #[getter]
    fn __parameters__(&self, th: &mut Thread) -> PyResult {
        let params = self.params(th);
        let params = unpack_tuples(th, &params)?;
        Ok(th.tuple(params))
    }

    #[getter]
    fn __module__(&self) -> Value {
        self.module.clone()
    }

    fn __getitem__(this: &Obj<Self>, th: &mut Thread, item: &Value) -> PyResult {
        if this.type_params.is_none() {
            return Err(th.type_error("Only generic type aliases are subscriptable"));
        }
        Ok(crate::builtins::generic_alias::make_for(th, this.as_value().clone(), item))
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let unpacked = super::unpack(th, this.as_value())?;
        let one = th.tuple(vec![unpacked]);
        th.iter(&one)
    }

    fn __or__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        super::union(th, this.as_value(), other)
    }

    fn __ror__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        super::union(th, other, this.as_value())
    }

    fn __reduce__(&self) -> Value {
        self.name.clone()
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        name_text(th, &self.name)
    }
}
