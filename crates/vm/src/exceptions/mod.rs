//! Exceptions: their classes and fields, raising, chaining, groups, and printing what nobody caught.
//!
//! | file | what |
//! |---|---|
//! | `hierarchy` | the table of builtin classes |
//! | `base` | the payload that all share, methods of `BaseException` |
//! | `fields`, `os_error`, `unicode`, `groups` | fields and methods of families |
//! | `chain` | `__context__` and `__cause__` |
//! | `raise` | raising what Python code names, matching, notes |
//! | `suggest` | "Did you mean" |
//! | `syntax` | the compiler's errors as exceptions |
//! | `unraisable` | exceptions that nobody can receive |
//! | `render`, `uncaught` | printing, exit codes |
//!
//! Not here: how an exception travels (`error`), tracebacks (`frame::traceback`), `warnings`.

pub mod base;
pub mod chain;
pub mod fields;
pub mod groups;
pub mod hierarchy;
pub mod os_error;
pub mod raise;
pub mod render;
pub mod suggest;
pub mod syntax;
pub mod uncaught;
pub mod unicode;
pub mod unraisable;

pub use base::BaseException;
pub use groups::{except_star_match, prep_reraise_star};
pub use hierarchy::{Exc, Family, initialise, publish};
pub use os_error::strerror;
pub use raise::{
    add_note, as_exception, attach_name, attach_name_and_object, instance, is_exception_class, matches, new,
    raise_from, raise_object,
};
pub use suggest::suggest;
pub use syntax::syntax_error;
pub use uncaught::{exit_status, print_uncaught};
pub use unraisable::unraisable;
