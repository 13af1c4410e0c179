//! The `amphis` binary: the command line, and what it starts.
//!
//! Not here: the runtime (`vm::lifecycle`), the library's native modules (`stdlib`).

mod cli;
mod raw_memory;

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let status = cli::main(arguments, &stdlib::LIBRARY);
    // The low byte is all that a parent sees of a status.
    ExitCode::from(status as u8)
}
