//! The right of an attached thread: running code, making objects, letting others run.

use vm::builtins::functions::run;
use vm::builtins::module;
use vm::prelude::*;

use super::convert::IntoPython;
use super::error::{Error, Result};
use super::function::{self, FromArguments};
use super::interpreter;
use super::module::Module;
use super::object::Object;

/// Proof that the current thread is attached, for `'py`.
///
/// [`Interpreter::attach`](crate::Interpreter::attach) gives it, and so do calls from Python.
pub struct Python<'py> {
    th: &'py mut Thread,
}

impl std::fmt::Debug for Python<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Python").finish_non_exhaustive()
    }
}

impl<'py> Python<'py> {
    /// For a native function, which is called with a thread of the runtime.
    pub fn new(th: &'py mut Thread) -> Python<'py> {
        Python { th }
    }

    /// The thread of the runtime, for calls of `vm`.
    pub fn thread(&mut self) -> &mut Thread {
        self.th
    }

    pub(super) fn thread_ref(&self) -> &Thread {
        self.th
    }

    /// The answer of a call of `vm`, its exception taken out of the thread.
    ///
    /// # Errors
    /// The exception.
    pub fn check<T>(&mut self, answer: PyResult<T>) -> Result<T> {
        answer.map_err(|_| Error::caught(self.th))
    }

    pub(super) fn object(&mut self, answer: PyResult) -> Result<Object> {
        self.check(answer).map(Object::new)
    }

    /// Runs statements in `__main__`.
    ///
    /// # Errors
    /// SyntaxError, and what nobody catches.
    pub fn run(&mut self, code: &str) -> Result<()> {
        let globals = self.main()?;
        self.run_in(code, &globals)
    }

    /// Runs statements with a dict of globals.
    ///
    /// # Errors
    /// SyntaxError, and what nobody catches.
    pub fn run_in(&mut self, code: &str, globals: &Object) -> Result<()> {
        let code = self.th.str(code);
        let globals = globals.value(self).clone();
        let answer = run::exec(self.th, &code, Some(&globals), None, None);
        self.check(answer)
    }

    /// The value of an expression in `__main__`.
    ///
    /// # Errors
    /// SyntaxError, and what nobody catches.
    pub fn eval(&mut self, expression: &str) -> Result<Object> {
        let globals = self.main()?;
        self.eval_in(expression, &globals)
    }

    /// The value of an expression with a dict of globals.
    ///
    /// # Errors
    /// SyntaxError, and what nobody catches.
    pub fn eval_in(&mut self, expression: &str, globals: &Object) -> Result<Object> {
        let expression = self.th.str(expression);
        let globals = globals.value(self).clone();
        let answer = run::eval(self.th, &expression, Some(&globals), None);
        self.object(answer)
    }

    /// The globals of `__main__`, a dict.
    ///
    /// # Errors
    /// If `__main__` was taken out of `sys.modules`.
    pub fn main(&mut self) -> Result<Object> {
        let main = self.th.import("__main__");
        let main = self.check(main)?;
        match module::dict_of(self.th, &main) {
            Some(dict) => Ok(Object::new(dict.clone().into_value())),
            None => Err(Error::type_error("__main__ is not a module")),
        }
    }

    /// The module called `name`, imported if need be.
    ///
    /// # Errors
    /// ImportError, and what the module raises.
    pub fn import(&mut self, name: &str) -> Result<Object> {
        let answer = self.th.import(name);
        self.object(answer)
    }

    /// A Rust value as a Python object.
    ///
    /// # Errors
    /// MemoryError, and what keys of dicts raise.
    pub fn to_object(&mut self, value: impl IntoPython) -> Result<Object> {
        value.into_python(self)
    }

    /// `None`
    pub fn none(&self) -> Object {
        Object::new(Value::NONE)
    }

    /// An empty dict, for globals.
    pub fn dict(&mut self) -> Object {
        Object::new(self.th.dict().into_value())
    }

    /// A Python function that calls a closure; its parameters are a tuple, or [`Arguments`](crate::Arguments).
    ///
    /// A panic in the closure is raised as RuntimeError. What the closure owns is not seen by the cycle collector.
    ///
    /// ```
    /// # use amphis::{Error, Interpreter, Python, Result};
    /// # fn main() -> Result<()> {
    /// Interpreter::start()?.attach(|py| {
    ///     let divide = py.function("divide", |_py: &mut Python<'_>, (a, b): (f64, f64)| {
    ///         if b == 0.0 { Err(Error::new("ZeroDivisionError", "not by zero")) } else { Ok(a / b) }
    ///     });
    ///     py.main()?.set_item(py, "divide", &divide)?;
    ///     assert_eq!(py.eval("divide(1, 4)")?.extract::<f64>(py)?, 0.25);
    ///     let error = py.eval("divide(1, 0)").unwrap_err();
    ///     assert_eq!(error.to_string(), "ZeroDivisionError: not by zero");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn function<A, R, F>(&mut self, name: &str, body: F) -> Object
    where
        A: FromArguments,
        R: IntoPython,
        F: Fn(&mut Python<'_>, A) -> Result<R> + Send + Sync + 'static,
    {
        Object::new(function::make(self.th, name, body))
    }

    /// A new module, which Python can import by its name from now on.
    ///
    /// # Errors
    /// MemoryError.
    pub fn module(&mut self, name: &str) -> Result<Module> {
        Module::make(self, name)
    }

    /// Runs `body` while other threads run Python: for code that blocks, or computes without Python. In it,
    /// [`Interpreter::attach`](crate::Interpreter::attach) attaches this thread again.
    ///
    /// # Panics
    /// If `body` does.
    pub fn detached<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let result = interpreter::while_detached(self.th, body);
        super::object::drop_waiting();
        result
    }

    /// Lets other threads have their turn, and raises what signals raise: for long loops in Rust.
    ///
    /// # Errors
    /// KeyboardInterrupt and the like.
    pub fn poll(&mut self) -> Result<()> {
        let answer = self.th.poll();
        self.check(answer)
    }

    /// What Python code prints to `sys.stdout` while `body` runs, in this thread or another.
    ///
    /// # Errors
    /// What `body` answers; what was printed is lost then.
    pub fn capture_stdout<T>(
        &mut self,
        body: impl FnOnce(&mut Python<'_>) -> Result<T>,
    ) -> Result<(T, String)> {
        let sys = self.import("sys")?;
        let buffer = self.import("io")?.call_method(self, "StringIO", ())?;
        let before = sys.get_attr(self, "stdout")?;
        sys.set_attr(self, "stdout", &buffer)?;
        let result = body(self);
        sys.set_attr(self, "stdout", &before)?;
        let result = result?;
        let text = buffer.call_method(self, "getvalue", ())?.str(self)?;
        Ok((result, text))
    }
}
