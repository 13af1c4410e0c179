//! The module `builtins`: its functions. Classes and exceptions are added at start-up (`classes`, `exceptions`).
//!
//! | file | what |
//! |---|---|
//! | `class` | `__build_class__`, `isinstance`, `issubclass` |
//! | `anext` | the awaitable of `anext` with a default |
//! | `attribute` | `getattr` and the like, `dir`, `vars`, `locals`, `globals` |
//! | `iterate` | `iter`, `next`, `all`, `any`, `sum`, `min`, `max`, `sorted`, `aiter`, `anext` |
//! | `number` | `abs`, `divmod`, `pow`, `round`, `bin`, `oct`, `hex`, `chr`, `ord`, `hash`, `id` |
//! | `run` | `compile`, `eval`, `exec`, `__import__` |
//! | `text` | `print`, `input`, `repr`, `ascii`, `format`, `breakpoint` |

pub mod anext;
pub mod attribute;
pub mod class;
pub mod iterate;
pub mod number;
pub mod run;
pub mod text;

/// What the module is made of.
#[vm::prelude::pymodule(
    name = "builtins",
    doc = "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all \
           'built-in' identifiers of Python; for example, builtins.len is the full name for the built-in function \
           len().\n\nThis module is not normally accessed explicitly by most applications, but can be useful in \
           modules that provide objects with the same name as a built-in value, but in which the built-in of that \
           name is also needed.",
    functions = [
        super::class::__build_class__, super::class::isinstance, super::class::issubclass, super::class::callable,
        super::attribute::getattr, super::attribute::setattr, super::attribute::delattr, super::attribute::hasattr,
        super::attribute::dir, super::attribute::vars, super::attribute::locals, super::attribute::globals,
        super::iterate::iter, super::iterate::next, super::iterate::all, super::iterate::any, super::iterate::sum,
        super::iterate::min, super::iterate::max, super::iterate::sorted, super::iterate::len,
        super::iterate::aiter, super::iterate::anext,
        super::number::abs, super::number::divmod, super::number::pow, super::number::round, super::number::bin,
        super::number::oct, super::number::hex, super::number::chr, super::number::ord, super::number::hash,
        super::number::id,
        super::run::compile, super::run::eval, super::run::exec, super::run::__import__,
        super::text::print, super::text::input, super::text::repr, super::text::ascii, super::text::format,
        super::text::breakpoint
    ]
)]
pub mod builtins {
    use crate::prelude::*;

    #[pyattr(name = "None")]
    fn none() -> Value {
        Value::NONE
    }

    #[pyattr(name = "True")]
    fn true_() -> Value {
        Value::TRUE
    }

    #[pyattr(name = "False")]
    fn false_() -> Value {
        Value::FALSE
    }

    #[pyattr(name = "Ellipsis")]
    fn ellipsis() -> Value {
        Value::ELLIPSIS
    }

    #[pyattr(name = "NotImplemented")]
    fn not_implemented() -> Value {
        Value::NOT_IMPLEMENTED
    }
}

/// The text of a string, for messages.
fn text_of(string: &crate::prelude::Obj<crate::prelude::Str>) -> String {
    string.units().to_str_lossy().into_owned()
}
