//! `typing.TypeVar`

use super::{Lazy, Variance, call_typing, cannot_subclass, name_argument, name_text, no_default, set_module};
use crate::prelude::*;

/// The payload of a type variable.
#[pyclass(name = "TypeVar", module = "typing", doc = "Type variable.", dict, weakref)]
pub struct TypeVar {
    name: Value,
    bound: Lazy,
    /// A tuple.
    constraints: Lazy,
    pub(super) default: Lazy,
    #[no_trace]
    variance: Variance,
}

/// A variable as brackets make it.
pub(super) fn make(th: &mut Thread, name: Value, bound: Lazy, constraints: Lazy) -> PyResult {
    let default = Lazy::known(None);
    let variable = TypeVar { name, bound, constraints, default, variance: Variance::INFERRED };
    let variable = TypeVar::new_object(th, variable).into_value();
    set_module(th, &variable)?;
    Ok(variable)
}

/// A default argument: None given is a default, too.
pub(super) fn default_argument(th: &mut Thread, default: Option<&Value>) -> Lazy {
    let none = no_default(th);
    Lazy::known(default.filter(|default| !default.is(&none)).cloned())
}

/// `args` of a subscript of `alias`, completed with the default of `parameter` if it is the first one that is missing.
pub(super) fn complete(
    th: &mut Thread,
    parameter: &Value,
    default: &Lazy,
    alias: &Value,
    args: &Value,
) -> PyResult {
    let parameters = th.get_attr_str(alias, "__parameters__")?;
    let parameters = th.collect(&parameters)?;
    let given = th.collect(args)?;
    let Some(index) = parameters.iter().position(|p| p.is(parameter)) else { return Ok(args.clone()) };
    if index < given.len() {
        return Ok(args.clone());
    }
    if index == given.len()
        && let Some(default) = default.get(th)?
    {
        let mut given = given;
        given.push(default);
        return Ok(th.tuple(given));
    }
    let shown = th.str_of(alias)?.units().to_str_lossy().into_owned();
    let given = given.len();
    let expected = parameters.len();
    Err(th.type_error(format_args!("Too few arguments for {shown}; actual {given}, expected {expected}")))
}

#[pymethods]
impl TypeVar {
    #[new]
    #[signature(
        "(name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the constructor's")]
    fn new(
        th: &mut Thread,
        class: Class,
        name: &Value,
        constraints: &[Value],
        bound: Option<&Value>,
        default: Option<&Value>,
        covariant: Option<bool>,
        contravariant: Option<bool>,
        infer_variance: Option<bool>,
    ) -> PyResult {
        let name = name_argument(th, name, "TypeVar")?;
        let variance = Variance {
            covariant: covariant.unwrap_or(false),
            contravariant: contravariant.unwrap_or(false),
            infer: infer_variance.unwrap_or(false),
        };
        let variance = variance.checked(th)?;
        let bound = match bound {
            Some(bound) => Some(super::type_check(th, bound, "Bound must be a type.")?),
            None => None,
        };
        let constraints = match constraints {
            [] => None,
            [_] => return Err(th.type_error("A single constraint is not allowed")),
            _ if bound.is_some() => {
                return Err(th.type_error("Constraints cannot be combined with bound=..."));
            }
            many => {
                let many = th.tuple(many.to_vec());
                let message = th.str("TypeVar(name, constraint, ...): constraints must be types.");
                let mut checked = Vec::new();
                for constraint in th.collect(&many)? {
                    checked.push(call_typing(th, "_type_check", &[constraint, message.clone()])?);
                }
                Some(th.tuple(checked))
            }
        };
        let default = default_argument(th, default);
        let variable = TypeVar {
            name,
            bound: Lazy::known(bound),
            constraints: Lazy::known(constraints),
            default,
            variance,
        };
        let variable = Obj::new(th, class.payload.instance_shape(), variable).into_value();
        set_module(th, &variable)?;
        Ok(variable)
    }

    #[getter]
    fn __name__(&self) -> Value {
        self.name.clone()
    }

    #[getter]
    fn __covariant__(&self) -> bool {
        self.variance.covariant
    }

    #[getter]
    fn __contravariant__(&self) -> bool {
        self.variance.contravariant
    }

    #[getter]
    fn __infer_variance__(&self) -> bool {
        self.variance.infer
    }

    #[getter]
    fn __bound__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        self.bound.get(th)
    }

    #[getter]
    fn __constraints__(&self, th: &mut Thread) -> PyResult {
        match self.constraints.get(th)? {
            Some(constraints) => Ok(constraints),
            None => Ok(th.tuple(Vec::new())),
        }
    }

    #[getter]
    fn __default__(&self, th: &mut Thread) -> PyResult {
        match self.default.get(th)? {
            Some(default) => Ok(default),
            None => Ok(no_default(th)),
        }
    }

    #[getter]
    fn evaluate_bound(&self, th: &mut Thread) -> Option<Value> {
        self.bound.evaluator(th)
    }

    #[getter]
    fn evaluate_constraints(&self, th: &mut Thread) -> Option<Value> {
        self.constraints.evaluator(th)
    }

    #[getter]
    fn evaluate_default(&self, th: &mut Thread) -> Option<Value> {
        self.default.evaluator(th)
    }

    fn has_default(&self, th: &mut Thread) -> bool {
        self.default.is_some(th)
    }

    fn __typing_subst__(this: &Obj<Self>, th: &mut Thread, arg: &Value) -> PyResult {
        call_typing(th, "_typevar_subst", &[this.as_value().clone(), arg.clone()])
    }

    fn __typing_prepare_subst__(this: &Obj<Self>, th: &mut Thread, alias: &Value, args: &Value) -> PyResult {
        complete(th, this.as_value(), &this.default, alias, args)
    }

    fn __mro_entries__(&self, th: &mut Thread, bases: &Value) -> PyResult {
        let _ = bases;
        Err(cannot_subclass(th, "TypeVar"))
    }

    fn __reduce__(&self) -> Value {
        self.name.clone()
    }

    fn __or__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        super::union(th, this.as_value(), other)
    }

    fn __ror__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        super::union(th, other, this.as_value())
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        format!("{}{}", self.variance.mark(), name_text(th, &self.name))
    }
}
