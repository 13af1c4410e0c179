//! Programs with their bytecode: `golden/NAME.py` and what it compiles to, `golden/NAME.txt`.
//!
//! With `AMPHIS_BLESS` set in the environment the texts are written anew; read the difference before keeping it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use compiler::bytecode::disassemble::disassemble;
use compiler::bytecode::serialize;
use compiler::{Mode, Options, compile, decode};

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = std::fs::read_dir(folder).expect("the folder of programs");
    let mut programs: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    programs.sort();
    programs
}

/// The bytecode of a program as text, or its syntax error.
fn text(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
    let bytes = std::fs::read(path).expect("the program");
    let options = Options { filename: name, mode: Mode::Exec, optimize: 0, future_annotations: false };
    match decode(&bytes, name).and_then(|source| compile(&source, &options)) {
        Ok(code) => {
            let text = disassemble(&code);
            let bytes = serialize::encode(&code).expect("the program is not deep");
            let back = serialize::decode(&bytes).expect("what was written can be read");
            assert_eq!(disassemble(&back), text, "{name}: written and read back");
            text
        }
        Err(error) => format!("{:?} error: {error}\n", error.kind),
    }
}

#[test]
fn golden() {
    let bless = std::env::var_os("AMPHIS_BLESS").is_some();
    let mut failures = String::new();
    let programs = programs();
    assert!(!programs.is_empty());
    for path in programs {
        let found = text(&path);
        let golden = path.with_extension("txt");
        if bless {
            std::fs::write(&golden, &found).expect("the golden text can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if let Some(line) = first_difference(&expected, &found) {
            let _ = writeln!(failures, "{}: {line}", golden.display());
        }
    }
    assert!(failures.is_empty(), "{failures}AMPHIS_BLESS=1 writes them anew");
}

fn first_difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let difference = lines.find(|(_, (expected, found))| expected != found);
    Some(match difference {
        Some((index, (expected, found))) => {
            format!("line {}: expected {expected:?}, found {found:?}", index + 1)
        }
        None => "one is longer than the other".to_owned(),
    })
}
