//! Errors: Python exceptions, and what goes wrong before there is Python.

use std::fmt;

use vm::builtins::module;
use vm::exceptions::{raise_object, render};
use vm::prelude::*;

use super::object::Object;
use super::python::Python;

/// What an operation answers that may raise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A Python exception, or a failure of the interpreter itself.
///
/// `Display` is the last line of what Python prints, `Debug` all of it: `fn main() -> amphis::Result<()>` ends as a
/// Python program would.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    class: String,
    message: String,
    traceback: Option<String>,
}

enum Kind {
    /// Raised in Python.
    Exception(Object),
    /// Made in Rust; it becomes an exception when it reaches Python.
    New,
    /// There was no thread to raise an exception in.
    Runtime,
}

impl Error {
    /// An exception to be raised in Python: a builtin one by its name (`"ValueError"`), others by module and name
    /// (`"decimal.InvalidOperation"`).
    pub fn new(class: impl Into<String>, message: impl fmt::Display) -> Error {
        Error(Box::new(Inner {
            kind: Kind::New,
            class: class.into(),
            message: message.to_string(),
            traceback: None,
        }))
    }

    /// `TypeError(message)`
    pub fn type_error(message: impl fmt::Display) -> Error {
        Error::new("TypeError", message)
    }

    /// `ValueError(message)`
    pub fn value_error(message: impl fmt::Display) -> Error {
        Error::new("ValueError", message)
    }

    pub(super) fn runtime(message: impl fmt::Display) -> Error {
        Error(Box::new(Inner {
            kind: Kind::Runtime,
            class: "RuntimeError".to_owned(),
            message: message.to_string(),
            traceback: None,
        }))
    }

    /// The exception that is pending in the thread, taken out.
    pub(super) fn caught(th: &mut Thread) -> Error {
        let exception = th.take_exception();
        let class = th.type_of(&exception);
        let class = vm::class::full_name(th, class);
        let message = match th.str_of(&exception) {
            Ok(text) => text.units().to_str_lossy().into_owned(),
            Err(_) => {
                th.clear_exception();
                "<exception str() failed>".to_owned()
            }
        };
        Error(Box::new(Inner {
            kind: Kind::Exception(Object::new(exception)),
            class,
            message,
            traceback: None,
        }))
    }

    /// Makes the error pending in the thread.
    pub(super) fn raise(self, th: &mut Thread) -> Raised {
        match self.0.kind {
            Kind::Exception(exception) => th.set_raised(exception.into_value()),
            Kind::Runtime => th.runtime_error(&self.0.message),
            Kind::New => match named(th, &self.0.class) {
                Ok(class) => {
                    let message = th.str(&self.0.message);
                    match th.call(&class, &[message]) {
                        Ok(exception) => raise_object(th, exception),
                        Err(raised) => raised,
                    }
                }
                Err(raised) => raised,
            },
        }
    }

    /// With the text of the traceback, if this came from Python.
    pub(super) fn with_traceback(mut self, py: &mut Python<'_>) -> Error {
        if let Kind::Exception(exception) = &self.0.kind
            && self.0.traceback.is_none()
        {
            let exception = exception.value(py).clone();
            self.0.traceback = Some(render::render(py.thread(), &exception));
        }
        self
    }

    /// The class's name, with its module's unless it is a builtin class.
    pub fn class_name(&self) -> &str {
        &self.0.class
    }

    /// `str(exception)`
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The exception, if it was raised in Python.
    pub fn exception(&self) -> Option<&Object> {
        match &self.0.kind {
            Kind::Exception(exception) => Some(exception),
            Kind::New | Kind::Runtime => None,
        }
    }

    /// What Python prints of an exception that nobody catches. An error that [`attach`](crate::Interpreter::attach) has
    /// answered has it; inside, ask for it by [`Error::render`].
    pub fn traceback(&self) -> Option<&str> {
        self.0.traceback.as_deref()
    }

    /// What Python prints of an exception that nobody catches.
    pub fn render(&self, py: &mut Python<'_>) -> String {
        match &self.0.kind {
            Kind::Exception(exception) => {
                let exception = exception.value(py).clone();
                render::render(py.thread(), &exception)
            }
            Kind::New | Kind::Runtime => format!("{self}\n"),
        }
    }

    /// Whether `except class` would catch it; the class is named as for [`Error::new`].
    ///
    /// # Errors
    /// If there is no such class.
    pub fn is_instance(&self, py: &mut Python<'_>, class: &str) -> Result<bool> {
        let wanted = named(py.thread(), class);
        let wanted = Object::new(py.check(wanted)?);
        match &self.0.kind {
            Kind::Exception(exception) => exception.is_instance(py, &wanted),
            Kind::New | Kind::Runtime => Ok(self.0.class == class),
        }
    }
}

/// A class by name.
fn named(th: &mut Thread, name: &str) -> PyResult {
    match name.rsplit_once('.') {
        Some((module, name)) => {
            let module = th.import(module)?;
            th.get_attr_str(&module, name)
        }
        None => module::builtin(th, name),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.kind, self.0.message.as_str()) {
            (Kind::Runtime, message) => f.write_str(message.trim_end()),
            (_, "") => f.write_str(&self.0.class),
            (_, message) => write!(f, "{}: {message}", self.0.class),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.traceback {
            Some(text) => f.write_str(text.trim_end()),
            None => fmt::Display::fmt(self, f),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        use std::io::ErrorKind;
        let class = match error.kind() {
            ErrorKind::NotFound => "FileNotFoundError",
            ErrorKind::PermissionDenied => "PermissionError",
            ErrorKind::AlreadyExists => "FileExistsError",
            ErrorKind::TimedOut => "TimeoutError",
            ErrorKind::BrokenPipe => "BrokenPipeError",
            ErrorKind::ConnectionRefused => "ConnectionRefusedError",
            ErrorKind::ConnectionReset => "ConnectionResetError",
            ErrorKind::Interrupted => "InterruptedError",
            _ => "OSError",
        };
        Error::new(class, error)
    }
}

impl From<std::num::TryFromIntError> for Error {
    fn from(error: std::num::TryFromIntError) -> Error {
        Error::new("OverflowError", error)
    }
}

impl From<std::string::FromUtf8Error> for Error {
    fn from(error: std::string::FromUtf8Error) -> Error {
        Error::value_error(error)
    }
}
