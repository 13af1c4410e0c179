//! Rust closures as Python functions, and the arguments of calls in both directions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use vm::prelude::*;

use super::convert::{FromPython, IntoPython};
use super::error::{Error, Result};
use super::object::{self, Object};
use super::python::Python;

type Body = dyn Fn(&mut Thread, Args<'_>) -> PyResult + Send + Sync;

/// A function written in Rust by a program that embeds Python.
#[pyclass(name = "rust_function", module = "amphis", no_new)]
pub struct RustFunction {
    #[no_trace]
    name: String,
    #[no_trace]
    body: Box<Body>,
}

#[pymethods]
impl RustFunction {
    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        object::drop_waiting();
        match catch_unwind(AssertUnwindSafe(|| (this.body)(th, args))) {
            Ok(answer) => answer,
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().copied();
                let text = text
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("no message");
                Err(th.runtime_error(format_args!("the Rust function {}() panicked: {text}", this.name)))
            }
        }
    }

    #[getter]
    fn __name__(&self) -> String {
        self.name.clone()
    }

    fn __repr__(&self) -> String {
        format!("<rust function {}>", self.name)
    }
}

/// The function object of a closure.
pub(super) fn make<A, R, F>(th: &mut Thread, name: &str, body: F) -> Value
where
    A: FromArguments,
    R: IntoPython,
    F: Fn(&mut Python<'_>, A) -> Result<R> + Send + Sync + 'static,
{
    let own_name = name.to_owned();
    let body = move |th: &mut Thread, args: Args<'_>| -> PyResult {
        let arguments = Arguments {
            positional: args.positional.iter().cloned().map(Object::new).collect(),
            keywords: args
                .keywords()
                .map(|(name, value)| (name.units().to_str_lossy().into_owned(), Object::new(value.clone())))
                .collect(),
        };
        let mut py = Python::new(th);
        let answer = A::from_arguments(arguments, &own_name, &mut py)
            .and_then(|arguments| body(&mut py, arguments))
            .and_then(|answer| answer.into_python(&mut py));
        match answer {
            Ok(object) => Ok(object.into_value()),
            Err(error) => Err(error.raise(th)),
        }
    };
    RustFunction::new_object(th, RustFunction { name: name.to_owned(), body: Box::new(body) }).into_value()
}

/// The arguments of a call.
#[derive(Debug, Default)]
pub struct Arguments {
    /// Those without a name.
    pub positional: Vec<Object>,
    /// Those with one.
    pub keywords: Vec<(String, Object)>,
}

impl Arguments {
    /// None yet.
    pub fn new() -> Arguments {
        Arguments::default()
    }

    /// Adds one.
    ///
    /// # Errors
    /// As [`Python::to_object`].
    pub fn push(mut self, py: &mut Python<'_>, value: impl IntoPython) -> Result<Arguments> {
        self.positional.push(value.into_python(py)?);
        Ok(self)
    }

    /// Adds one with a name.
    ///
    /// # Errors
    /// As [`Python::to_object`].
    pub fn keyword(mut self, py: &mut Python<'_>, name: &str, value: impl IntoPython) -> Result<Arguments> {
        self.keywords.push((name.to_owned(), value.into_python(py)?));
        Ok(self)
    }

    /// The one with this name, converted; None if it was not given.
    ///
    /// # Errors
    /// What the conversion raises.
    pub fn get<T: FromPython>(&self, py: &mut Python<'_>, name: &str) -> Result<Option<T>> {
        let found = self.keywords.iter().find(|(keyword, _)| keyword == name);
        found.map(|(_, value)| value.extract(py)).transpose()
    }
}

/// What an [`Object`] can be called with: tuples of what Python can have, vectors of it, [`Arguments`].
pub trait IntoArguments {
    /// Converts.
    ///
    /// # Errors
    /// As [`Python::to_object`].
    fn into_arguments(self, py: &mut Python<'_>) -> Result<Arguments>;
}

/// What a closure can take as its parameters: tuples of what comes from Python, or [`Arguments`] as they are.
pub trait FromArguments: Sized {
    /// Converts. `function` is named in messages.
    ///
    /// # Errors
    /// TypeError if there are more or fewer, and what the conversions raise.
    fn from_arguments(arguments: Arguments, function: &str, py: &mut Python<'_>) -> Result<Self>;
}

impl IntoArguments for Arguments {
    fn into_arguments(self, _py: &mut Python<'_>) -> Result<Arguments> {
        Ok(self)
    }
}

impl FromArguments for Arguments {
    fn from_arguments(arguments: Arguments, _function: &str, _py: &mut Python<'_>) -> Result<Self> {
        Ok(arguments)
    }
}

impl<T: IntoPython> IntoArguments for Vec<T> {
    fn into_arguments(self, py: &mut Python<'_>) -> Result<Arguments> {
        let positional = self.into_iter().map(|item| item.into_python(py)).collect::<Result<_>>()?;
        Ok(Arguments { positional, keywords: Vec::new() })
    }
}

/// Checks that there are `wanted` arguments, none with a name.
fn exactly(arguments: Arguments, wanted: usize, function: &str) -> Result<std::vec::IntoIter<Object>> {
    if let Some((name, _)) = arguments.keywords.first() {
        return Err(Error::type_error(format_args!(
            "{function}() got an unexpected keyword argument '{name}'"
        )));
    }
    let given = arguments.positional.len();
    if given != wanted {
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("{function}() takes exactly {wanted} argument{plural} ({given} given)");
        return Err(Error::type_error(message));
    }
    Ok(arguments.positional.into_iter())
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)*;)*) => {
        $(
            impl<$($name: IntoPython),*> IntoArguments for ($($name,)*) {
                #[allow(non_snake_case, unused_variables, reason = "a macro over type names; the empty tuple has none")]
                fn into_arguments(self, py: &mut Python<'_>) -> Result<Arguments> {
                    let ($($name,)*) = self;
                    Ok(Arguments { positional: vec![$($name.into_python(py)?),*], keywords: Vec::new() })
                }
            }

            impl<$($name: FromPython),*> FromArguments for ($($name,)*) {
                #[allow(unused_mut, unused_variables, clippy::unused_unit, reason = "the empty tuple has no items")]
                fn from_arguments(arguments: Arguments, function: &str, py: &mut Python<'_>) -> Result<Self> {
                    let mut items = exactly(arguments, $count, function)?;
                    let mut next = || items.next().ok_or_else(|| Error::type_error("too few arguments"));
                    Ok(($($name::from_python(&next()?, py)?,)*))
                }
            }
        )*
    };
}

tuples! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}
