//! How a Python exception travels through Rust: a zero-sized marker, with the exception itself in the thread.
//!
//! Not here: the exception types (`exceptions`), tracebacks (`frame::traceback`).

use std::fmt::Display;

use object_model::Value;

use crate::exceptions::Exc;
use crate::thread::Thread;

/// An exception is pending in the thread. Only raising makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Raised(());

/// The result of anything that may raise.
pub type PyResult<T = Value> = Result<T, Raised>;

const _: () = assert!(size_of::<PyResult>() == 8);

macro_rules! raisers {
    ($($name:ident $class:ident)*) => {
        $(
            #[doc = concat!("Raises `", stringify!($class), "` with this message.")]
            #[cold]
            pub fn $name(&mut self, message: impl Display) -> Raised {
                self.raise_exc(Exc::$class, message)
            }
        )*
    };
}

impl Thread {
    raisers! {
        type_error TypeError value_error ValueError index_error IndexError attribute_error AttributeError
        overflow_error OverflowError zero_division_error ZeroDivisionError runtime_error RuntimeError
        not_implemented_error NotImplementedError name_error NameError unbound_local_error UnboundLocalError
        import_error ImportError lookup_error LookupError system_error SystemError buffer_error BufferError
        eof_error EOFError assertion_error AssertionError recursion_error RecursionError
        unsupported_operation OSError syntax_error_text SyntaxError
    }

    /// Raises an exception of a builtin class with a message.
    #[cold]
    pub fn raise_exc(&mut self, class: Exc, message: impl Display) -> Raised {
        let text = self.str(&message.to_string());
        self.raise_args(class, vec![text])
    }

    /// Raises an exception of a builtin class with these arguments.
    #[cold]
    pub fn raise_args(&mut self, class: Exc, args: Vec<Value>) -> Raised {
        match crate::exceptions::new(self, class, args) {
            Ok(exception) => self.raise(exception),
            Err(raised) => raised,
        }
    }

    /// Raises an exception of the builtin class with this Python name.
    #[cold]
    pub fn raise_new(&mut self, class: &str, message: impl Display) -> Raised {
        match Exc::from_name(class) {
            Some(class) => self.raise_exc(class, message),
            None => self.raise_exc(Exc::SystemError, format_args!("no builtin exception is called {class}")),
        }
    }

    /// Raises `KeyError(key)`.
    #[cold]
    pub fn key_error(&mut self, key: Value) -> Raised {
        self.raise_args(Exc::KeyError, vec![key])
    }

    /// Raises `MemoryError`.
    #[cold]
    pub fn memory_error(&mut self) -> Raised {
        self.raise_args(Exc::MemoryError, Vec::new())
    }

    /// Raises `StopIteration`.
    #[cold]
    pub fn stop_iteration(&mut self) -> Raised {
        self.raise_args(Exc::StopIteration, Vec::new())
    }

    /// Raises the subclass of `OSError` that belongs to `errno`, with the system's message.
    #[cold]
    pub fn os_error(&mut self, errno: i32, filename: Option<Value>) -> Raised {
        let text = crate::exceptions::strerror(errno);
        let mut args = vec![self.int(errno.into()), self.str(&text)];
        args.extend(filename);
        self.raise_args(Exc::OSError, args)
    }

    /// Raises the `OSError` for an I/O error of Rust's library.
    #[cold]
    pub fn io_error(&mut self, error: &std::io::Error, filename: Option<Value>) -> Raised {
        match error.raw_os_error() {
            Some(errno) => self.os_error(errno, filename),
            None => self.raise_exc(Exc::OSError, error),
        }
    }

    /// Makes `exception`, an instance of BaseException, pending; chains it to the one being handled.
    #[cold]
    pub fn raise(&mut self, exception: Value) -> Raised {
        crate::exceptions::chain::set_context(self, &exception);
        self.set_raised(exception)
    }

    /// Makes `exception` pending as it is.
    pub fn set_raised(&mut self, exception: Value) -> Raised {
        let old = self.raised.replace(exception);
        drop(old);
        Raised(())
    }

    /// The pending exception, taken out. The caller handles it or raises it again.
    pub fn take_exception(&mut self) -> Value {
        self.raised.take().unwrap_or(Value::NONE)
    }

    /// Forgets the pending exception.
    pub fn clear_exception(&mut self) {
        drop(self.raised.take());
    }

    /// True if the pending exception is an instance of `class`.
    pub fn exception_is(&mut self, class: Exc) -> bool {
        let Some(pending) = self.raised.clone() else { return false };
        let class = class.class();
        self.type_of(&pending).is_subtype(self, class)
    }

    /// `Ok(None)` if the pending exception is an instance of `class` (it is cleared), else the exception again.
    pub fn catch<T>(&mut self, result: PyResult<T>, class: Exc) -> PyResult<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(raised) => {
                if self.exception_is(class) {
                    self.clear_exception();
                    Ok(None)
                } else {
                    Err(raised)
                }
            }
        }
    }
}
