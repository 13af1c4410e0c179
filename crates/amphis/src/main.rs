//! The `amphis` binary: the command line, and what it starts.
//!
//! Not here: the runtime (`vm::lifecycle`), the library's native modules (`stdlib`).

mod cli;

use std::ffi::OsString;
use std::process::ExitCode;

/// Arrays, tables and strings come from here; objects have a heap of their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let status = cli::main(arguments, &stdlib::LIBRARY);
    // The low byte is all that a parent sees of a status.
    ExitCode::from(status as u8)
}
