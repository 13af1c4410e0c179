//! Chores of the repository.
//!
//! | `cargo run -p xtask --` | what |
//! |---|---|
//! | `tidy` | fails when the source breaks a house rule that no compiler checks; see [`tidy`] |
//! | `conformance --cpython TREE` | runs CPython's own tests and fails when fewer pass than before; see [`conformance`] |

mod conformance;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("tidy") => tidy::run(),
        Some("conformance") => match conformance::run(&arguments[1..]) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(message) => {
                eprintln!("conformance: {message}");
                ExitCode::from(2)
            }
        },
        _ => {
            eprintln!("usage: cargo run -p xtask -- tidy | conformance --cpython TREE");
            ExitCode::from(2)
        }
    }
}
