//! Runs the programs in `tests/python`, each in a process of its own; a program is right if it exits with 0.
//!
//! CPython runs them too. `AMPHIS_TESTS=name,name` chooses some of them.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a program may take; they are made to take a second.
const LIMIT: Duration = Duration::from_secs(120);

/// The last lines of what a failed program printed.
const SHOWN_LINES: usize = 25;

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python");
    let entries = std::fs::read_dir(&folder).expect("the programs' folder");
    let chosen = std::env::var("AMPHIS_TESTS").unwrap_or_default();
    let chosen: Vec<&str> = chosen.split(',').filter(|name| !name.is_empty()).collect();
    let mut programs: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    programs.retain(|path| {
        let name = path.file_stem().unwrap_or_default();
        path.extension().is_some_and(|kind| kind == "py")
            && (chosen.is_empty() || chosen.iter().any(|c| name == *c))
    });
    programs.sort();
    programs
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].iter().map(|line| format!("    {line}\n")).collect()
}

/// One program; what went wrong, if something did.
fn failure(program: &Path) -> Option<String> {
    let outcome = common::run(common::amphis().arg(program), b"", LIMIT);
    let what = match outcome.status {
        Some(status) if status.success() => return None,
        Some(status) => status.to_string(),
        None => format!("did not end within {LIMIT:?}"),
    };
    Some(format!("{what}\n{}{}", tail(&outcome.stdout), tail(&outcome.stderr)))
}

#[test]
fn programs_succeed() {
    let programs = programs();
    assert!(!programs.is_empty(), "no programs to run");
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                // Relaxed: hands out numbers; the scope's end orders all else.
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = program.file_name().unwrap_or_default().to_string_lossy();
                    let start = Instant::now();
                    let failure = failure(program);
                    let verdict = if failure.is_some() { "FAILED" } else { "ok" };
                    println!("{name} ... {verdict} ({:.2} s)", start.elapsed().as_secs_f64());
                    if let Some(failure) = failure {
                        failures.lock().expect("workers do not panic").push(format!("{name}: {failure}"));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("workers do not panic");
    failures.sort();
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), programs.len(), failures.join("\n"));
}
