//! The public API for Rust programs.
//!
//! | file | what |
//! |---|---|
//! | `interpreter` | starting, attaching threads, the end |
//! | `python` | what an attached thread can do |
//! | `object` | references that may be sent and dropped anywhere |
//! | `convert` | between Rust's types and Python's |
//! | `function`, `module` | Rust closures as Python functions |
//! | `error` | exceptions as Rust errors |
//!
//! # Invariants
//! - X1 On a thread there is at most one [`Python`](python::Python) that can be used: attaching inside `attach` is
//!   refused, inside `detached` the outer one is borrowed.
//! - X2 A count changes on attached threads only: an [`Object`](object::Object) dropped elsewhere waits in a list for the
//!   next thread that attaches.
//! - X3 No panic unwinds through the interpreter: closures called from Python are caught, and their panics raised there.

pub mod convert;
pub mod error;
pub mod function;
pub mod interpreter;
pub mod module;
pub mod object;
pub mod python;
