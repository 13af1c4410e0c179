//! Amphis for Rust programs: a Python 3.14 interpreter inside the process, used from any number of threads.
//!
//! ```
//! use amphis::{Interpreter, Result};
//!
//! fn main() -> Result<()> {
//!     let interpreter = Interpreter::start()?;
//!     let total: i64 = interpreter.attach(|py| {
//!         py.run("def total(numbers): return sum(numbers)")?;
//!         py.eval("total")?.call(py, (vec![1, 2, 3],))?.extract(py)
//!     })?;
//!     assert_eq!(total, 6);
//!     Ok(())
//! }
//! ```
//!
//! # Threads
//! An [`Interpreter`] is a handle that any thread may copy and use. [`Interpreter::attach`] makes the calling thread one
//! that may touch Python objects, for the length of a closure, and gives it a [`Python`], which is the proof of that. In
//! the `gil` build attached threads take turns; in the `free-threaded` build they run at once. Around work that does
//! not need Python, and around everything that blocks, use [`Python::detached`], or others wait for this thread.
//!
//! # Objects
//! An [`Object`] is one reference to a Python object. It may be sent to other threads, kept and dropped anywhere;
//! doing something with it takes a [`Python`]. What is not a reference is copied: [`IntoPython`] and [`FromPython`]
//! convert numbers, text, bytes, tuples and collections.
//!
//! # Functions and modules in Rust
//! [`Python::function`] makes a Python function from a closure, [`Python::module`] a module of them. Whole modules with
//! classes are written with the macros that the standard library uses (`vm::prelude`), and given to
//! [`Builder::native_module`].
//!
//! # Errors
//! [`Error`] is a Python exception with the text of its traceback, or what went wrong in here.
//!
//! Not here: the command line (the binary `amphis`).

mod embed;

pub use embed::convert::{BigInt, Bytes, FromPython, IntoPython};
pub use embed::error::{Error, Result};
pub use embed::function::{Arguments, FromArguments, IntoArguments};
pub use embed::interpreter::{Builder, Interpreter};
pub use embed::module::Module;
pub use embed::object::Object;
pub use embed::python::Python;
pub use stdlib::MODULES;
pub use vm;
