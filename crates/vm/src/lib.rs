//! The virtual machine: interpreter, threads, exceptions, builtin types and functions, import.
//!
//! | folder | what |
//! |---|---|
//! | `interpreter` | the loop and its handlers |
//! | `frame` | registers, frame objects, tracebacks |
//! | `thread` | thread states, the GIL, safepoints, stopping the world |
//! | `call` | binding arguments, functions, methods |
//! | `class` | making types, attribute lookup, descriptors |
//! | `protocol` | what operators and builtin functions do on any object |
//! | `builtins` | a file or folder for each builtin type |
//! | `exceptions`, `import`, `lifecycle` | as they say |
//! | `native` | how Rust functions and types become Python ones |

#![allow(
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    rustdoc::invalid_rust_codeblocks,
    reason = "the comments of Python's functions are their `__doc__`"
)]

extern crate self as vm;

pub use object_model;

pub mod builtins;
pub mod call;
pub mod class;
pub mod collect;
pub mod error;
pub mod exceptions;
pub mod frame;
pub mod import;
pub mod interpreter;
pub mod lifecycle;
pub mod names;
pub mod native;
pub mod prelude;
pub mod protocol;
pub mod thread;
