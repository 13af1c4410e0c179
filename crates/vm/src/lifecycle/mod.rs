//! Starting the runtime, running a program in it, shutting it down.
//!
//! | file | what |
//! |---|---|
//! | `config` | what can be chosen: options and environment variables |
//! | `paths` | where the executable, the library and site-packages are |
//! | `start` | from nothing to a runtime that can import |
//! | `streams` | `sys.stdin`, `sys.stdout`, `sys.stderr` |
//! | `interactive` | the prompt |
//! | `pages` | what start-up has mapped and the program does not need |
//! | `run` | scripts, `-c`, `-m`, standard input |
//! | `shutdown` | joining threads, `atexit`, flushing, the exit status |
//!
//! Not here: parsing the command line (`amphis`).

pub mod config;
pub mod interactive;
mod pages;
pub mod paths;
pub mod run;
pub mod shutdown;
pub mod start;
pub mod streams;

pub use config::Config;
pub use run::{Program, run_program};
pub use start::{StartError, start};
