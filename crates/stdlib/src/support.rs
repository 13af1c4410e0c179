//! What native modules share: importing, warning, system calls that signals interrupt.
//!
//! Not here: paths and the filesystem encoding (`os_text`).

use vm::prelude::*;
use vm::thread::signals;

/// Imports the module `name` and answers it (the innermost one of a dotted name).
pub fn import(th: &mut Thread, name: &str) -> PyResult {
    th.import(name)
}

/// The attribute `name` of the module `module`, which is imported.
pub fn import_attr(th: &mut Thread, module: &str, name: &str) -> PyResult {
    let module = import(th, module)?;
    th.get_attr_str(&module, name)
}

/// Sets the attribute `name` of `object`.
pub fn set_attr(th: &mut Thread, object: &Value, name: &str, value: &Value) -> PyResult<()> {
    let name = th.intern(name);
    th.set_attr(object, &name, value)
}

/// Issues a warning, which may raise.
pub fn warn(th: &mut Thread, category: Exc, message: &str, stack_level: i64) -> PyResult<()> {
    let warn = import_attr(th, "_warnings", "warn")?;
    let arguments = [th.str(message), category.class().value(), th.int(stack_level)];
    th.call(&warn, &arguments).map(drop)
}

/// `errno` of the calling thread.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The outcome of a system call: its result, or the error number.
pub type Outcome<T> = Result<T, i32>;

/// Calls the system while other threads run; after an interruption Python's signal handlers run, then it is called
/// again. `call` answers a negative number for failure.
pub fn retry<T: Copy + PartialOrd + Default>(
    th: &mut Thread,
    mut call: impl FnMut() -> T,
) -> PyResult<Outcome<T>> {
    loop {
        let (result, error) = th.detached(|| {
            let result = call();
            (result, if result < T::default() { errno() } else { 0 })
        });
        if result >= T::default() {
            return Ok(Ok(result));
        }
        if error != libc::EINTR {
            return Ok(Err(error));
        }
        signals::check(th)?;
    }
}

/// As [`retry`]; a failure becomes an OSError.
pub fn checked<T: Copy + PartialOrd + Default>(th: &mut Thread, call: impl FnMut() -> T) -> PyResult<T> {
    match retry(th, call)? {
        Ok(result) => Ok(result),
        Err(error) => Err(th.os_error(error, None)),
    }
}

/// A file descriptor: an int, or an object with `fileno()`.
pub fn file_descriptor(th: &mut Thread, value: &Value) -> PyResult<i32> {
    let number = if th.has_special(value, vm::names::Special::Index) {
        if value.as_bool().is_some() {
            warn(th, Exc::RuntimeWarning, "bool is used as a file descriptor", 1)?;
        }
        th.index(value)?
    } else {
        let Some(method) = th.lookup_attr(value, "fileno")? else {
            return Err(th.type_error("argument must be an int, or have a fileno() method"));
        };
        let result = th.call(&method, &[])?;
        if !th.type_of(&result).payload.has(object_model::ty::flag::INT_SUBCLASS) {
            return Err(th.type_error("fileno() returned a non-integer"));
        }
        th.index(&result)?
    };
    if number < 0 {
        return Err(th.value_error(format_args!("file descriptor cannot be a negative integer ({number})")));
    }
    i32::try_from(number).map_err(|_| th.overflow_error("Python int too large to convert to C int"))
}

/// The text of a str without surrogates, however it is stored.
pub fn text_of(th: &mut Thread, value: &Value, what: &str) -> PyResult<String> {
    let Some(text) = th.as_str(value) else {
        let found = if value.is_none() { "None".to_string() } else { th.type_name(value) };
        return Err(th.type_error(format_args!("{what} must be str, not {found}")));
    };
    match text.units().to_str() {
        Ok(text) => Ok(text.into_owned()),
        Err(position) => {
            let reason = "surrogates not allowed";
            Err(vm::exceptions::unicode::encode_error(th, "utf-8", value, position, position + 1, reason))
        }
    }
}

/// A str with these characters, stored in the smallest kind.
pub fn canonical(th: &mut Thread, units: object_model::text::units::Units<'_>) -> PyResult {
    match units {
        object_model::text::units::Units::Ascii(_) => th.units(units),
        _ => th.units(units.to_owned().units()),
    }
}

/// Makes an exception class, as a module of that name defines it.
pub fn exception_class(th: &mut Thread, module: &str, name: &str, base: Exc) -> PyResult {
    let base = base.class().value();
    let metaclass = th.type_of(&base).value();
    let dict = th.dict();
    let (key, home) = (th.intern("__module__"), th.str(module));
    th.dict_set(&dict, key.as_value(), home)?;
    let (name, bases) = (th.str(name), th.tuple(vec![base]));
    th.call(&metaclass, &[name, bases, dict.into_value()])
}

/// Raises an exception of a class that [`exception_class`] made.
pub fn raise(th: &mut Thread, class: Option<&Value>, message: &str) -> Raised {
    let Some(class) = class else { return th.system_error(message) };
    let message = th.str(message);
    match th.call(class, &[message]) {
        Ok(exception) => vm::exceptions::raise::raise_object(th, exception),
        Err(raised) => raised,
    }
}
