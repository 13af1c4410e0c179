//! `typing.ParamSpec` with its `args` and `kwargs`, and `typing.TypeVarTuple`.

use super::variable::default_argument;
use super::{Lazy, Variance, call_typing, cannot_subclass, name_argument, name_text, no_default, set_module};
use crate::prelude::*;

/// The payload of a parameter specification.
#[pyclass(
    name = "ParamSpec",
    module = "typing",
    doc = "Parameter specification variable.\n\n    >>> from typing import ParamSpec\n    >>> P = ParamSpec('P')\n    >>> P.__name__\n    'P'\n",
    dict,
    weakref
)]
pub struct ParamSpec {
    name: Value,
    bound: Option<Value>,
    pub(super) default: Lazy,
    #[no_trace]
    variance: Variance,
}

/// A specification as brackets make it.
pub(super) fn make_spec(th: &mut Thread, name: Value) -> PyResult {
    let spec = ParamSpec { name, bound: None, default: Lazy::known(None), variance: Variance::INFERRED };
    let spec = ParamSpec::new_object(th, spec).into_value();
    set_module(th, &spec)?;
    Ok(spec)
}

#[pymethods]
impl ParamSpec {
    #[new]
    #[signature(
        "(name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the constructor's")]
    fn new(
        th: &mut Thread,
        class: Class,
        name: &Value,
        bound: Option<&Value>,
        default: Option<&Value>,
        covariant: Option<bool>,
        contravariant: Option<bool>,
        infer_variance: Option<bool>,
    ) -> PyResult {
        let name = name_argument(th, name, "ParamSpec")?;
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
        let default = default_argument(th, default);
        let spec = ParamSpec { name, bound, default, variance };
        let spec = Obj::new(th, class.payload.instance_shape(), spec).into_value();
        set_module(th, &spec)?;
        Ok(spec)
    }

    #[getter]
    fn __name__(&self) -> Value {
        self.name.clone()
    }

    #[getter]
    fn __bound__(&self) -> Option<Value> {
        self.bound.clone()
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
    fn args(this: &Obj<Self>, th: &mut Thread) -> Obj<ParamSpecArgs> {
        ParamSpecArgs::new_object(th, ParamSpecArgs { origin: this.as_value().clone() })
    }

    #[getter]
    fn kwargs(this: &Obj<Self>, th: &mut Thread) -> Obj<ParamSpecKwargs> {
        ParamSpecKwargs::new_object(th, ParamSpecKwargs { origin: this.as_value().clone() })
    }

    #[getter]
    fn __default__(&self, th: &mut Thread) -> PyResult {
        match self.default.get(th)? {
            Some(default) => Ok(default),
            None => Ok(no_default(th)),
        }
    }

    #[getter]
    fn evaluate_default(&self, th: &mut Thread) -> Option<Value> {
        self.default.evaluator(th)
    }

    fn has_default(&self, th: &mut Thread) -> bool {
        self.default.is_some(th)
    }

    fn __typing_subst__(this: &Obj<Self>, th: &mut Thread, arg: &Value) -> PyResult {
        call_typing(th, "_paramspec_subst", &[this.as_value().clone(), arg.clone()])
    }

    fn __typing_prepare_subst__(this: &Obj<Self>, th: &mut Thread, alias: &Value, args: &Value) -> PyResult {
        let arguments = [this.as_value().clone(), alias.clone(), args.clone()];
        call_typing(th, "_paramspec_prepare_subst", &arguments)
    }

    fn __mro_entries__(&self, th: &mut Thread, bases: &Value) -> PyResult {
        let _ = bases;
        Err(cannot_subclass(th, "ParamSpec"))
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

/// `origin.suffix`, or a repr of the origin where it has no name.
fn part_repr(th: &mut Thread, origin: &Value, suffix: &str) -> PyResult<String> {
    if let Some(spec) = th.downcast::<ParamSpec>(origin) {
        return Ok(format!("{}.{suffix}", name_text(th, &spec.name)));
    }
    let shown = th.repr(origin)?;
    Ok(format!("{}.{suffix}", shown.units().to_str_lossy()))
}

macro_rules! parts {
    ($($class:ident $name:tt $suffix:tt $doc:tt;)*) => {
        $(
            #[doc = concat!("The payload of the `", $suffix, "` of a ParamSpec.")]
            #[pyclass(name = $name, module = "typing", doc = $doc, weakref)]
            pub struct $class {
                origin: Value,
            }

            #[pymethods]
            impl $class {
                #[new]
                #[signature("(origin)")]
                fn new(th: &mut Thread, origin: &Value) -> PyResult<$class> {
                    let _ = th;
                    Ok($class { origin: origin.clone() })
                }

                #[getter]
                fn __origin__(&self) -> Value {
                    self.origin.clone()
                }

                fn __mro_entries__(&self, th: &mut Thread, bases: &Value) -> PyResult {
                    let _ = bases;
                    Err(cannot_subclass(th, $name))
                }

                fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
                    match th.downcast::<$class>(other).map(|other| other.origin.clone()) {
                        Some(origin) => th.compare(&self.origin, &origin, CompareOp::Eq),
                        None => Ok(Value::NOT_IMPLEMENTED),
                    }
                }

                fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
                    th.hash(&self.origin)
                }

                fn __repr__(&self, th: &mut Thread) -> PyResult<String> {
                    part_repr(th, &self.origin, $suffix)
                }
            }
        )*
    };
}

parts! {
    ParamSpecArgs "ParamSpecArgs" "args" "The positional arguments of a ParamSpec.\n\n    >>> from typing import ParamSpec\n    >>> P = ParamSpec('P')\n    >>> P.args.__origin__ is P\n    True\n";
    ParamSpecKwargs "ParamSpecKwargs" "kwargs" "The keyword arguments of a ParamSpec.\n\n    >>> from typing import ParamSpec\n    >>> P = ParamSpec('P')\n    >>> P.kwargs.__origin__ is P\n    True\n";
}

/// The payload of a type variable tuple.
#[pyclass(name = "TypeVarTuple", module = "typing", doc = "Any number of type variables.", dict, weakref)]
pub struct TypeVarTuple {
    name: Value,
    pub(super) default: Lazy,
}

/// A tuple as brackets make it.
pub(super) fn make_tuple(th: &mut Thread, name: Value) -> PyResult {
    let tuple = TypeVarTuple::new_object(th, TypeVarTuple { name, default: Lazy::known(None) }).into_value();
    set_module(th, &tuple)?;
    Ok(tuple)
}

#[pymethods]
impl TypeVarTuple {
    #[new]
    #[signature("(name, *, default=typing.NoDefault)")]
    fn new(th: &mut Thread, class: Class, name: &Value, default: Option<&Value>) -> PyResult {
        let name = name_argument(th, name, "TypeVarTuple")?;
        let default = default_argument(th, default);
        let tuple = Obj::new(th, class.payload.instance_shape(), TypeVarTuple { name, default }).into_value();
        set_module(th, &tuple)?;
        Ok(tuple)
    }

    #[getter]
    fn __name__(&self) -> Value {
        self.name.clone()
    }

    #[getter]
    fn __default__(&self, th: &mut Thread) -> PyResult {
        match self.default.get(th)? {
            Some(default) => Ok(default),
            None => Ok(no_default(th)),
        }
    }

    #[getter]
    fn evaluate_default(&self, th: &mut Thread) -> Option<Value> {
        self.default.evaluator(th)
    }

    fn has_default(&self, th: &mut Thread) -> bool {
        self.default.is_some(th)
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let unpacked = super::unpack(th, this.as_value())?;
        let one = th.tuple(vec![unpacked]);
        th.iter(&one)
    }

    fn __typing_subst__(&self, th: &mut Thread, arg: &Value) -> PyResult {
        let _ = arg;
        Err(th.type_error("Substitution of bare TypeVarTuple is not supported"))
    }

    fn __typing_prepare_subst__(this: &Obj<Self>, th: &mut Thread, alias: &Value, args: &Value) -> PyResult {
        let arguments = [this.as_value().clone(), alias.clone(), args.clone()];
        call_typing(th, "_typevartuple_prepare_subst", &arguments)
    }

    fn __mro_entries__(&self, th: &mut Thread, bases: &Value) -> PyResult {
        let _ = bases;
        Err(cannot_subclass(th, "TypeVarTuple"))
    }

    fn __reduce__(&self) -> Value {
        self.name.clone()
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        name_text(th, &self.name)
    }
}
