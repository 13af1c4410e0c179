//! References to Python objects that Rust code keeps.
//!
//! # Invariants
//! - O1 An `Object` owns one count. It is given back on an attached thread: by `drop` if the thread is one, else by the
//!   next thread that attaches or is called from Python ([`drop_waiting`]).
//!
//! Not here: conversions (`convert`).

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use vm::prelude::*;
use vm::thread::registry;

use super::convert::{FromPython, IntoPython};
use super::error::{Error, Result};
use super::function::IntoArguments;
use super::interpreter;
use super::python::Python;

/// References given up on threads that were not attached.
static WAITING: Mutex<Vec<Value>> = Mutex::new(Vec::new());
static ANY_WAITING: AtomicBool = AtomicBool::new(false);

/// Gives back what waits (O1). On an attached thread only.
pub(super) fn drop_waiting() {
    // Relaxed: a hint; the mutex orders what it guards, and what comes later waits for the next time.
    if ANY_WAITING.load(Ordering::Relaxed) {
        let waiting = {
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            ANY_WAITING.store(false, Ordering::Relaxed); // Relaxed: as above.
            std::mem::take(&mut *waiting)
        };
        drop(waiting);
    }
}

/// One reference to a Python object. It may be kept, sent and dropped by any thread; using it takes a [`Python`].
///
/// Methods are named after what they do in Python: `object.get_attr(py, "x")` is `object.x`.
pub struct Object(ManuallyDrop<Value>);

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: nobody looks at the field after this.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        if interpreter::is_attached() {
            drop(value);
        } else if value.as_header().is_some() {
            // A fork must not find it locked.
            registry::passages().briefly(|| {
                WAITING.lock().unwrap_or_else(PoisonError::into_inner).push(value);
            });
            // Relaxed: as in `drop_waiting`.
            ANY_WAITING.store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What Python says of it takes an attached thread.
        write!(f, "Object({:?})", *self.0)
    }
}

impl Object {
    /// Takes over a value of the runtime: for code that is written against `vm`.
    pub fn new(value: Value) -> Object {
        Object(ManuallyDrop::new(value))
    }

    /// The value, for calls of `vm`.
    pub fn value<'a>(&'a self, _py: &Python<'_>) -> &'a Value {
        &self.0
    }

    /// The value itself. Only on attached threads.
    pub(super) fn into_value(self) -> Value {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used or dropped after this.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }

    /// Another reference to the same object.
    pub fn clone_ref(&self, py: &Python<'_>) -> Object {
        Object::new(self.value(py).clone())
    }

    /// Converts to a Rust type.
    ///
    /// # Errors
    /// TypeError, OverflowError or ValueError if the object is none of its values.
    pub fn extract<T: FromPython>(&self, py: &mut Python<'_>) -> Result<T> {
        T::from_python(self, py)
    }

    /// `self is other`
    pub fn is(&self, other: &Object) -> bool {
        self.0.is(&other.0)
    }

    /// `self is None`
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// `bool(self)`
    ///
    /// # Errors
    /// What `__bool__` or `__len__` raises.
    pub fn is_true(&self, py: &mut Python<'_>) -> Result<bool> {
        let answer = py.thread().is_true(&self.0);
        py.check(answer)
    }

    /// `self(*arguments)`; the arguments are a tuple of Rust values, or [`Arguments`](crate::Arguments) with keywords.
    ///
    /// # Errors
    /// What the call raises.
    pub fn call(&self, py: &mut Python<'_>, arguments: impl IntoArguments) -> Result<Object> {
        let arguments = arguments.into_arguments(py)?;
        let th = py.thread();
        let keywords: Vec<(Obj<Str>, Value)> = arguments
            .keywords
            .into_iter()
            .map(|(name, value)| (th.intern(&name), value.into_value()))
            .collect();
        let positional: Vec<Value> = arguments.positional.into_iter().map(Object::into_value).collect();
        let answer = th.call_kw(&self.0, &positional, &keywords);
        py.object(answer)
    }

    /// `self.name(*arguments)`
    ///
    /// # Errors
    /// What the lookup or the call raises.
    pub fn call_method(
        &self,
        py: &mut Python<'_>,
        name: &str,
        arguments: impl IntoArguments,
    ) -> Result<Object> {
        self.get_attr(py, name)?.call(py, arguments)
    }

    /// `self.name`
    ///
    /// # Errors
    /// AttributeError, and what properties raise.
    pub fn get_attr(&self, py: &mut Python<'_>, name: &str) -> Result<Object> {
        let answer = py.thread().get_attr_str(&self.0, name);
        py.object(answer)
    }

    /// `hasattr(self, name)`
    ///
    /// # Errors
    /// What properties raise, but for AttributeError.
    pub fn has_attr(&self, py: &mut Python<'_>, name: &str) -> Result<bool> {
        let answer = py.thread().lookup_attr(&self.0, name);
        py.check(answer).map(|found| found.is_some())
    }

    /// `self.name = value`
    ///
    /// # Errors
    /// AttributeError, and what properties raise.
    pub fn set_attr(&self, py: &mut Python<'_>, name: &str, value: impl IntoPython) -> Result<()> {
        let value = value.into_python(py)?;
        let th = py.thread();
        let name = th.intern(name);
        let answer = th.set_attr(&self.0, &name, &value.0);
        py.check(answer)
    }

    /// `self[key]`
    ///
    /// # Errors
    /// KeyError, IndexError, TypeError, and what `__getitem__` raises.
    pub fn get_item(&self, py: &mut Python<'_>, key: impl IntoPython) -> Result<Object> {
        let key = key.into_python(py)?;
        let answer = py.thread().get_item(&self.0, &key.0);
        py.object(answer)
    }

    /// `self[key] = item`
    ///
    /// # Errors
    /// What `__setitem__` raises.
    pub fn set_item(&self, py: &mut Python<'_>, key: impl IntoPython, item: impl IntoPython) -> Result<()> {
        let (key, item) = (key.into_python(py)?, item.into_python(py)?);
        let answer = py.thread().set_item(&self.0, &key.0, &item.0);
        py.check(answer)
    }

    /// `del self[key]`
    ///
    /// # Errors
    /// What `__delitem__` raises.
    pub fn del_item(&self, py: &mut Python<'_>, key: impl IntoPython) -> Result<()> {
        let key = key.into_python(py)?;
        let answer = py.thread().del_item(&self.0, &key.0);
        py.check(answer)
    }

    /// `item in self`
    ///
    /// # Errors
    /// What `__contains__` or an iteration raises.
    pub fn contains(&self, py: &mut Python<'_>, item: impl IntoPython) -> Result<bool> {
        let item = item.into_python(py)?;
        let answer = py.thread().contains(&self.0, &item.0);
        py.check(answer)
    }

    /// `len(self)`
    ///
    /// # Errors
    /// TypeError, and what `__len__` raises.
    pub fn length(&self, py: &mut Python<'_>) -> Result<usize> {
        let answer = py.thread().length(&self.0);
        py.check(answer)
    }

    /// Calls `each` for the items of an iterable, until it answers an error.
    ///
    /// # Errors
    /// What the iteration raises, and what `each` answers.
    pub fn for_each(
        &self,
        py: &mut Python<'_>,
        mut each: impl FnMut(&mut Python<'_>, Object) -> Result<()>,
    ) -> Result<()> {
        let iterator = py.thread().iter(&self.0);
        let iterator = py.object(iterator)?;
        loop {
            let next = py.thread().next(&iterator.0);
            match py.check(next)? {
                Some(item) => each(py, Object::new(item))?,
                None => return Ok(()),
            }
        }
    }

    /// `str(self)`
    ///
    /// # Errors
    /// What `__str__` raises. Lone surrogates become U+FFFD.
    pub fn str(&self, py: &mut Python<'_>) -> Result<String> {
        let text = py.thread().str_of(&self.0);
        py.check(text).map(|text| text.units().to_str_lossy().into_owned())
    }

    /// `repr(self)`
    ///
    /// # Errors
    /// What `__repr__` raises. Lone surrogates become U+FFFD.
    pub fn repr(&self, py: &mut Python<'_>) -> Result<String> {
        let text = py.thread().repr(&self.0);
        py.check(text).map(|text| text.units().to_str_lossy().into_owned())
    }

    /// `self == other`, as a truth value.
    ///
    /// # Errors
    /// What `__eq__` raises.
    pub fn equals(&self, py: &mut Python<'_>, other: impl IntoPython) -> Result<bool> {
        let other = other.into_python(py)?;
        let answer = py.thread().eq(&self.0, &other.0);
        py.check(answer)
    }

    /// `type(self).__name__`
    pub fn type_name(&self, py: &Python<'_>) -> String {
        py.thread_ref().type_name(&self.0)
    }

    /// `isinstance(self, class)`
    ///
    /// # Errors
    /// TypeError if `class` is no class, and what `__instancecheck__` raises.
    pub fn is_instance(&self, py: &mut Python<'_>, class: &Object) -> Result<bool> {
        let th = py.thread();
        let answer = vm::builtins::module::builtin(th, "isinstance")
            .and_then(|function| th.call(&function, &[(*self.0).clone(), (*class.0).clone()]))
            .and_then(|answer| th.is_true(&answer));
        py.check(answer)
    }

    /// A TypeError that says what was wanted instead of this.
    pub(super) fn is_not(&self, py: &Python<'_>, wanted: &str) -> Error {
        let found = self.type_name(py);
        Error::type_error(format_args!("expected {wanted}, not {found}"))
    }
}
