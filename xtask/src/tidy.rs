//! The house rules, checked over all tracked Rust files:
//!
//! - a file opens with `//!`;
//! - no file has over 1,000 lines, tests aside, and what a program wrote: its first line names that program;
//! - `cfg(feature = "free-threaded")` and `"gil"` occur in `crates/mode/src/lib.rs` only, `cfg(amphis_loom)` in
//!   `crates/mode/src/primitive.rs` only, the cfgs of the sanitizers in `crates/mode/src/sanitizer.rs` only;
//! - no `todo!` or `unimplemented!`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const LINES: usize = 1000;

/// Checks everything; prints what is wrong.
pub fn run() -> ExitCode {
    let mut files = Vec::new();
    for folder in ["crates", "benches", "loom-tests", "xtask"] {
        collect(Path::new(folder), &mut files);
    }
    let mut wrong = 0;
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        for complaint in complaints(file, &text) {
            println!("{}: {complaint}", file.display());
            wrong += 1;
        }
    }
    println!("tidy: {} files, {wrong} complaints", files.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn complaints(file: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let path = file.to_string_lossy();
    if !text.starts_with("//!") {
        found.push("does not open with //!".to_string());
    }
    let is_tests = path.contains("/tests/") || path.ends_with("tests.rs");
    let lines = text.lines().take_while(|l| !l.starts_with("#[cfg(test)]")).count();
    if lines > LINES && !is_tests && !is_written_by_a_program(text) {
        found.push(format!("{lines} lines; split by concern"));
    }
    let this = path.ends_with("tidy.rs");
    let cfg = |name: &str| text.contains(&format!("feature = \"{name}\""));
    if (cfg("free-threaded") || cfg("gil")) && !path.ends_with("crates/mode/src/lib.rs") && !this {
        found.push("names the mode feature".to_string());
    }
    if text.contains("cfg(amphis_loom)") && !path.ends_with("crates/mode/src/primitive.rs") && !this {
        let code = text.lines().any(|l| l.contains("cfg(amphis_loom)") && !l.trim_start().starts_with("//"));
        if code {
            found.push("names the loom cfg".to_string());
        }
    }
    let names_sanitizer = text.contains("cfg(amphis_address") || text.contains("cfg(amphis_thread");
    if names_sanitizer && !path.ends_with("crates/mode/src/sanitizer.rs") && !this {
        found.push("names a sanitizer's cfg".to_string());
    }
    if !this && (text.contains("todo!(") || text.contains("unimplemented!(")) {
        found.push("has todo! or unimplemented!".to_string());
    }
    found
}

/// Whether the first line says so, and the program is there.
fn is_written_by_a_program(text: &str) -> bool {
    text.strip_prefix("//! Written by `")
        .and_then(|rest| rest.split_once("`; not to be edited.\n"))
        .is_some_and(|(program, _)| Path::new(program).is_file())
}
