//! Prints the bytecode of a Python file.

use std::process::ExitCode;

use compiler::bytecode::disassemble::disassemble;
use compiler::{Mode, Options, compile, decode};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: disassemble FILE");
        return ExitCode::FAILURE;
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let options = Options { filename: &path, mode: Mode::Exec, optimize: 0, future_annotations: false };
    match decode(&bytes, &path).and_then(|source| compile(&source, &options)) {
        Ok(code) => {
            print!("{}", disassemble(&code));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
