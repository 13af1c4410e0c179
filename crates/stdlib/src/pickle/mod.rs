//! `_pickle`: objects as streams of bytes.
//!
//! | file | what |
//! |---|---|
//! | `opcode` | the opcodes |
//! | `output`, `input` | the stream: frames, files |
//! | `pickler`, `save`, `global` | writing |
//! | `unpickler`, `load` | reading |
//! | `buffer` | `PickleBuffer` |
//!
//! What is written and what is read is what Python's `pickle` does, whose classes of the same names these replace.

mod buffer;
mod global;
mod input;
mod load;
mod opcode;
mod output;
mod pickler;
mod save;
mod unpickler;

use vm::prelude::*;

use crate::support::import_attr;

fn raise(th: &mut Thread, class: &str, message: &str) -> Raised {
    match import_attr(th, "_pickle", class) {
        Ok(class) => crate::support::raise(th, Some(&class), message),
        Err(raised) => raised,
    }
}

#[cold]
fn pickling_error(th: &mut Thread, message: &str) -> Raised {
    raise(th, "PicklingError", message)
}

/// Makes `context` what was being handled when the pending exception was raised.
#[cold]
fn chained(th: &mut Thread, _raised: Raised, context: Value) -> Raised {
    let exception = th.take_exception();
    if let Some(exception) = vm::exceptions::as_exception(th, &exception) {
        exception.set_context(th, context);
    }
    th.set_raised(exception)
}

#[cold]
fn unpickling_error(th: &mut Thread, message: &str) -> Raised {
    raise(th, "UnpicklingError", message)
}

/// Adds a note to the exception of a failed `result`.
fn noted(
    th: &mut Thread,
    result: PyResult<()>,
    note: impl FnOnce(&mut Thread) -> PyResult<String>,
) -> PyResult<()> {
    if result.is_ok() {
        return Ok(());
    }
    let exception = th.take_exception();
    let note = note(th)?;
    vm::exceptions::add_note(th, &exception, &note);
    Err(th.set_raised(exception))
}

/// `callable(*arguments, **keywords)`
fn call_with(th: &mut Thread, callable: &Value, arguments: &[Value], keywords: &Obj<Dict>) -> PyResult {
    let mut named = Vec::new();
    for (key, value, _) in keywords.snapshot(th) {
        match th.as_str(&key) {
            Some(name) => named.push((name.clone(), value)),
            None => return Err(th.type_error("keywords must be strings")),
        }
    }
    th.call_kw(callable, arguments, &named)
}

/// The module.
#[pymodule(
    name = "_pickle",
    doc = "The native half of the module pickle.",
    classes = [super::buffer::PickleBuffer, super::pickler::Pickler, super::unpickler::Unpickler]
)]
pub mod module {
    use vm::prelude::*;

    fn exception(th: &mut Thread, name: &str, base: Value) -> PyResult {
        let metaclass = th.type_of(&base).value();
        let dict = th.dict();
        let (key, home) = (th.intern("__module__"), th.str("_pickle"));
        th.dict_set(&dict, key.as_value(), home)?;
        let (name, bases) = (th.str(name), th.tuple(vec![base]));
        th.call(&metaclass, &[name, bases, dict.into_value()])
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let base = exception(th, "PickleError", Exc::Exception.class().value())?;
        crate::support::set_attr(th, module, "PickleError", &base)?;
        for name in ["PicklingError", "UnpicklingError"] {
            let class = exception(th, name, base.clone())?;
            crate::support::set_attr(th, module, name, &class)?;
        }
        Ok(())
    }

    /// Write a pickled representation of obj to the open file object file.
    #[pyfunction(signature = "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)")]
    fn dump(
        th: &mut Thread,
        obj: &Value,
        file: &Value,
        protocol: Option<&Value>,
        fix_imports: Option<bool>,
        buffer_callback: Option<&Value>,
    ) -> PyResult<()> {
        super::pickler::dump_to(th, obj, file, protocol, fix_imports, buffer_callback)
    }

    /// Return the pickled representation of the object as a bytes object.
    #[pyfunction(signature = "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)")]
    fn dumps(
        th: &mut Thread,
        obj: &Value,
        protocol: Option<&Value>,
        fix_imports: Option<bool>,
        buffer_callback: Option<&Value>,
    ) -> PyResult {
        super::pickler::dump_to_bytes(th, obj, protocol, fix_imports, buffer_callback)
    }

    /// Read and return an object from the pickle data stored in a file.
    #[pyfunction(signature = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())")]
    fn load(
        th: &mut Thread,
        file: &Value,
        fix_imports: Option<bool>,
        encoding: Option<String>,
        errors: Option<String>,
        buffers: Option<&Value>,
    ) -> PyResult {
        super::unpickler::load_from(th, file, fix_imports, encoding, errors, buffers)
    }

    /// Read and return an object from the given pickle data.
    #[pyfunction(signature = "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())")]
    fn loads(
        th: &mut Thread,
        data: &Value,
        fix_imports: Option<bool>,
        encoding: Option<String>,
        errors: Option<String>,
        buffers: Option<&Value>,
    ) -> PyResult {
        super::unpickler::load_from_bytes(th, data, fix_imports, encoding, errors, buffers)
    }
}
