//! Chores of the repository: `cargo run -p xtask -- tidy`.
//!
//! `tidy` fails when the source breaks a house rule that no compiler checks; see [`tidy`].

mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::run(),
        _ => {
            eprintln!("usage: cargo run -p xtask -- tidy");
            ExitCode::from(2)
        }
    }
}
