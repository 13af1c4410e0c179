//! Modules made at run time, of functions and values.

use vm::builtins::module;
use vm::prelude::*;

use super::convert::IntoPython;
use super::error::Result;
use super::function::FromArguments;
use super::object::Object;
use super::python::Python;

/// A module that a Rust program fills.
///
/// ```
/// # use amphis::{Interpreter, Python, Result};
/// # fn main() -> Result<()> {
/// Interpreter::start()?.attach(|py| {
///     let host = py.module("host")?;
///     host.set(py, "answer", 42)?;
///     host.function(py, "double", |_py: &mut Python<'_>, (x,): (i64,)| Ok(x * 2))?;
///     py.run("import host; result = host.double(host.answer)")?;
///     assert_eq!(py.eval("result")?.extract::<i64>(py)?, 84);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct Module(Object);

impl Module {
    pub(super) fn make(py: &mut Python<'_>, name: &str) -> Result<Module> {
        let module = Object::new(module::new(py.thread(), name).into_value());
        let modules = py.import("sys")?.get_attr(py, "modules")?;
        modules.set_item(py, name, &module)?;
        Ok(Module(module))
    }

    /// The module as Python has it.
    pub fn object(&self) -> &Object {
        &self.0
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// As [`Python::to_object`].
    pub fn set(&self, py: &mut Python<'_>, name: &str, value: impl IntoPython) -> Result<()> {
        self.0.set_attr(py, name, value)
    }

    /// Adds a function, see [`Python::function`].
    ///
    /// # Errors
    /// MemoryError.
    pub fn function<A, R, F>(&self, py: &mut Python<'_>, name: &str, body: F) -> Result<()>
    where
        A: FromArguments,
        R: IntoPython,
        F: Fn(&mut Python<'_>, A) -> Result<R> + Send + Sync + 'static,
    {
        let function = py.function(name, body);
        self.set(py, name, function)
    }

    /// Adds a class of `#[pyclass]` under its name.
    ///
    /// # Errors
    /// MemoryError.
    pub fn class<T: PyClass>(&self, py: &mut Python<'_>) -> Result<()> {
        let class = Object::new(T::class(py.thread()).value());
        self.set(py, T::DEFINITION.name, class)
    }
}
