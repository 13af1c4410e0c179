//! Every module of the Python library compiles to code that keeps the contract.

mod verifier;

use std::path::{Path, PathBuf};

use compiler::{Mode, Options, compile, decode};

/// The folder of the library's sources, if this machine has them.
fn library() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("AMPHIS_LIB") {
        return Some(folder.into());
    }
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    for registry in std::fs::read_dir(home.join("registry/src")).ok()?.flatten() {
        let folder = registry.path().join("rustpython-pylib-0.6.0/Lib");
        if folder.is_dir() {
            return Some(folder);
        }
    }
    None
}

fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            python_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

#[test]
fn the_library_compiles() {
    let Some(folder) = library() else { return };
    let mut files = Vec::new();
    python_files(&folder, &mut files);
    files.sort();
    assert!(!files.is_empty());
    let mut failures = Vec::new();
    for path in &files {
        let name = path.display().to_string();
        let Ok(bytes) = std::fs::read(path) else { continue };
        for optimize in [0, 2] {
            let options = Options { filename: &name, mode: Mode::Exec, optimize, future_annotations: false };
            match decode(&bytes, &name).and_then(|source| compile(&source, &options)) {
                Ok(code) => {
                    if let Err(message) = verifier::verify(&code) {
                        failures.push(format!("{name}: {message}"));
                    }
                }
                // Files that are wrong on purpose.
                Err(_) if name.contains("bad") => {}
                Err(error) => failures.push(format!("{name}: {:?} {error}", error.kind)),
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} files fail:\n{}",
        failures.len(),
        files.len(),
        failures.join("\n")
    );
}
