//! Runs the programs in `examples`, with small sizes; what they compute is what CPython computes, where one is installed.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::amphis;

const LIMIT: Duration = Duration::from_secs(120);

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// What a command prints, which must succeed.
#[track_caller]
fn output(command: &mut Command) -> String {
    let outcome = common::run(command, b"", LIMIT);
    assert!(outcome.status.is_some_and(|status| status.success()), "{}", outcome.stderr);
    outcome.stdout
}

#[track_caller]
fn ours(name: &str, arguments: &[&str]) -> String {
    output(amphis().arg(example(name)).args(arguments))
}

/// What CPython prints; None where there is none.
#[track_caller]
fn theirs(name: &str, arguments: &[&str]) -> Option<String> {
    Command::new("python3").arg("--version").output().ok()?;
    Some(output(Command::new("python3").arg(example(name)).args(arguments)))
}

/// The line that begins so.
#[track_caller]
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line {start:?} in {text}"))
}

#[test]
fn parallel() {
    let text = output(amphis().arg(example("parallel.py")).arg("2"));
    line(&text, "speedup:");
}

#[test]
fn counters() {
    let arguments = ["3", "20000"];
    let exact = "LockedCounter: 60,000 of 60,000, 0 lost, ";
    let text = ours("counters.py", &arguments);
    line(&text, exact);
    line(&text, "Counter: ");
    if let Some(text) = theirs("counters.py", &arguments) {
        line(&text, exact);
    }
}

#[test]
fn documents() {
    let text = ours("documents.py", &["1", "300"]);
    for threads in ["2", "5"] {
        let other = ours("documents.py", &[threads, "300"]);
        for start in ["300 documents, ", "most frequent: "] {
            assert_eq!(line(&text, start), line(&other, start));
        }
    }
    if let Some(other) = theirs("documents.py", &["2", "300"]) {
        for start in ["300 documents, ", "most frequent: "] {
            assert_eq!(line(&text, start), line(&other, start));
        }
    }
}

#[test]
fn server() {
    let arguments = ["3", "12", "300"];
    let text = ours("server.py", &arguments);
    line(&text, "3 workers: ");
    let answer = line(&text, "each answer: ");
    assert_eq!(answer, r#"each answer: {"limit": 300, "number": 231, "length": 127}"#);
    if let Some(other) = theirs("server.py", &arguments) {
        assert_eq!(answer, line(&other, "each answer: "));
    }
}
