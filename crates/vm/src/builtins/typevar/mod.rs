//! Type parameters and aliases: `TypeVar`, `ParamSpec`, `TypeVarTuple`, `TypeAliasType`, `Generic`, `NoDefault`.
//!
//! Bounds, constraints, defaults and values are evaluated when first asked for, by functions that take the format of
//! `annotationlib` ([`Lazy`]). Two threads that ask at once may both evaluate; one answer is kept.
//!
//! Not here: what `typing` does in Python (substitution, checks of arguments), which is called back.

mod alias;
mod generic;
mod param_spec;
mod variable;

use compiler::bytecode::instruction::Intrinsic;
use object_model::text::units::Builder;

use super::type_arguments;
use crate::frame;
use crate::names::names;
use crate::prelude::*;

pub use alias::TypeAliasType;
pub use generic::{Generic, NoDefaultType, no_default};
pub use param_spec::{ParamSpec, ParamSpecArgs, ParamSpecKwargs, TypeVarTuple};
pub use variable::TypeVar;

/// `annotationlib.Format.VALUE`
const FORMAT_VALUE: i64 = 1;
/// `annotationlib.Format.STRING`
const FORMAT_STRING: i64 = 4;

/// A value that is known, or that a function evaluates when it is asked for.
struct Lazy {
    /// The value, and the function.
    state: Guarded<(Option<Value>, Option<Value>)>,
}

impl Trace for Lazy {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.state.trace(visit);
    }
}

impl Lazy {
    /// A known value, or none at all.
    fn known(value: Option<Value>) -> Lazy {
        Lazy { state: Guarded::new((value, None)) }
    }

    /// A value that `function` evaluates.
    fn evaluated_by(function: Value) -> Lazy {
        Lazy { state: Guarded::new((None, Some(function))) }
    }

    /// True if there is a value or something that evaluates it.
    fn is_some(&self, th: &Thread) -> bool {
        let state = self.state.lock(th);
        state.0.is_some() || state.1.is_some()
    }

    /// The value.
    fn get(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let (value, function) = {
            let state = self.state.lock(th);
            (state.0.clone(), state.1.clone())
        };
        if value.is_some() {
            return Ok(value);
        }
        let Some(function) = function else { return Ok(None) };
        let format = th.int(FORMAT_VALUE);
        let value = th.call(&function, &[format])?;
        Ok(Some(self.state.lock(th).0.get_or_insert(value).clone()))
    }

    /// The function: the one given, or one that answers the known value; None if there is nothing.
    fn evaluator(&self, th: &mut Thread) -> Option<Value> {
        let (value, function) = {
            let state = self.state.lock(th);
            (state.0.clone(), state.1.clone())
        };
        match function {
            Some(function) => Some(function),
            None => value.map(|value| ConstEvaluator::new_object(th, ConstEvaluator { value }).into_value()),
        }
    }

    /// Makes `function` what evaluates it.
    fn set_evaluator(&self, th: &mut Thread, function: Value) {
        let old = std::mem::replace(&mut *self.state.lock(th), (None, Some(function)));
        drop(old);
    }
}

/// A function that answers the same value for every format but STRING, for which it answers its source.
#[pyclass(name = "_ConstEvaluator", module = "typing", no_new)]
struct ConstEvaluator {
    value: Value,
}

#[pymethods]
impl ConstEvaluator {
    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let format = match args.positional {
            [format] if !args.has_keywords() => th.index(format)?,
            _ => return Err(th.type_error("a ConstEvaluator takes exactly one argument, the format")),
        };
        if format != FORMAT_STRING {
            return Ok(this.value.clone());
        }
        let mut out = Builder::new();
        match th.exact::<Tuple>(&this.value).cloned() {
            Some(items) => {
                out.push_str("(");
                for (i, item) in items.items().iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    type_arguments::show(th, &mut out, item)?;
                }
                out.push_str(")");
            }
            None => type_arguments::show(th, &mut out, &this.value)?,
        }
        built(th, out)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let shown = th.repr(&this.value)?.units().to_str_lossy().into_owned();
        Ok(format!("<constevaluator {shown}>"))
    }
}

/// The finished string.
fn built(th: &mut Thread, out: Builder) -> PyResult {
    let text = out.finish();
    th.units(text.units())
}

/// `typing.name(*arguments)`
fn call_typing(th: &mut Thread, name: &str, arguments: &[Value]) -> PyResult {
    let typing = th.import("typing")?;
    let function = th.get_attr_str(&typing, name)?;
    th.call(&function, arguments)
}

/// What `typing` says of `value` as a type; TypeError with `message` if it is none.
fn type_check(th: &mut Thread, value: &Value, message: &str) -> PyResult {
    if value.is_none() {
        return Ok(crate::class::IMMEDIATES.none.get().map_or(Value::NONE, |class| class.value()));
    }
    let message = th.str(message);
    call_typing(th, "_type_check", &[value.clone(), message])
}

/// Gives a new object the `__module__` of the running code.
fn set_module(th: &mut Thread, object: &Value) -> PyResult<()> {
    let module = frame::current_global(th, &names().dunder_name).unwrap_or(Value::NONE);
    th.set_attr(object, &names().module, &module)
}

/// `typing.Unpack[value]`
fn unpack(th: &mut Thread, value: &Value) -> PyResult {
    let typing = th.import("typing")?;
    let unpack = th.get_attr_str(&typing, "Unpack")?;
    th.get_item(&unpack, value)
}

/// The parameters with each TypeVarTuple unpacked.
fn unpack_tuples(th: &mut Thread, params: &[Value]) -> PyResult<Vec<Value>> {
    let mut all = Vec::with_capacity(params.len());
    for param in params {
        let is_tuple = th.downcast::<TypeVarTuple>(param).is_some();
        all.push(if is_tuple { unpack(th, param)? } else { param.clone() });
    }
    Ok(all)
}

/// `left | right` where one is a type parameter or alias.
fn union(th: &mut Thread, left: &Value, right: &Value) -> PyResult {
    super::union::from_items(th, &[left.clone(), right.clone()])
}

#[cold]
fn cannot_subclass(th: &mut Thread, class: &str) -> Raised {
    th.type_error(format_args!("Cannot subclass an instance of {class}"))
}

/// The name argument of a constructor.
fn name_argument(th: &mut Thread, name: &Value, class: &str) -> PyResult {
    if th.as_str(name).is_some() {
        return Ok(name.clone());
    }
    let found = th.type_name(name);
    Err(th.type_error(format_args!("{class}() argument 'name' must be str, not {found}")))
}

/// The text of a name, for repr.
fn name_text(th: &Thread, name: &Value) -> String {
    th.as_str(name).map(|name| name.units().to_str_lossy().into_owned()).unwrap_or_default()
}

/// The variance arguments of TypeVar and ParamSpec.
#[derive(Clone, Copy)]
struct Variance {
    covariant: bool,
    contravariant: bool,
    infer: bool,
}

impl Variance {
    /// Of parameters in brackets.
    const INFERRED: Variance = Variance { covariant: false, contravariant: false, infer: true };

    /// Refuses combinations that mean nothing.
    fn checked(self, th: &mut Thread) -> PyResult<Variance> {
        if self.covariant && self.contravariant {
            return Err(th.value_error("Bivariant types are not supported."));
        }
        if self.infer && (self.covariant || self.contravariant) {
            return Err(th.value_error("Variance cannot be specified with infer_variance."));
        }
        Ok(self)
    }

    /// What stands before the name in a repr.
    fn mark(self) -> &'static str {
        match self {
            Variance { infer: true, .. } => "",
            Variance { covariant: true, .. } => "+",
            Variance { contravariant: true, .. } => "-",
            _ => "~",
        }
    }
}

/// The operations that code with type parameters is compiled to. `arguments` are as [`Intrinsic`] lists them.
pub fn intrinsic(th: &mut Thread, which: Intrinsic, arguments: Vec<Value>) -> PyResult {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().unwrap_or(Value::NONE);
    let first = next();
    match which {
        Intrinsic::TypeVar => variable::make(th, first, Lazy::known(None), Lazy::known(None)),
        Intrinsic::TypeVarWithBound => {
            let bound = Lazy::evaluated_by(next());
            variable::make(th, first, bound, Lazy::known(None))
        }
        Intrinsic::TypeVarWithConstraints => {
            let constraints = Lazy::evaluated_by(next());
            variable::make(th, first, Lazy::known(None), constraints)
        }
        Intrinsic::ParamSpec => param_spec::make_spec(th, first),
        Intrinsic::TypeVarTuple => param_spec::make_tuple(th, first),
        Intrinsic::SetTypeParamDefault => {
            let evaluator = next();
            if let Some(variable) = th.downcast::<TypeVar>(&first).cloned() {
                variable.default.set_evaluator(th, evaluator);
            } else if let Some(spec) = th.downcast::<ParamSpec>(&first).cloned() {
                spec.default.set_evaluator(th, evaluator);
            } else if let Some(tuple) = th.downcast::<TypeVarTuple>(&first).cloned() {
                tuple.default.set_evaluator(th, evaluator);
            }
            Ok(first)
        }
        Intrinsic::SubscriptGeneric => {
            let params = th.exact::<Tuple>(&first).map(|t| t.items().to_vec()).unwrap_or_default();
            let params = unpack_tuples(th, &params)?;
            let params = th.tuple(params);
            let generic = Generic::class(th).value();
            call_typing(th, "_GenericAlias", &[generic, params])
        }
        Intrinsic::TypeAlias => {
            let (params, evaluator) = (next(), next());
            alias::make(th, first, params, evaluator)
        }
        _ => Err(th.system_error("not an operation on type parameters")),
    }
}
