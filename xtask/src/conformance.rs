//! The score of CPython's own tests: which modules run, how many of their tests pass, and that none falls.
//!
//!     cargo run -p xtask -- conformance --cpython TREE [--python BINARY] [--modules a,b] [--timeout SECONDS] [--update]
//!
//! TREE is the source tree of CPython 3.14. Each module runs in a process of its own, by `tests/conformance/run_module.py`;
//! a test that the process dies in, or that takes too long, has failed, and the others of its module are run again without
//! it. A module that falls below its score runs once more, as some tests measure time: what failed may pass then, but not
//! what died. `tests/conformance/score.toml` holds the scores, for each build; `--update` writes those that have risen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const SCORES: &str = "tests/conformance/score.toml";
const DRIVER: &str = "tests/conformance/run_module.py";
/// The binary within the installation that the tests see.
const BINARY: &str = "bin/python";
/// How often a module is started again after a test that it died in.
const RESTARTS: usize = 20;

/// Passed tests and all tests of a module.
type Score = (usize, usize);
/// By test: `pass`, `fail`, `skip`, or `died`: the process ended in it or it took too long.
type Outcomes = BTreeMap<String, &'static str>;
/// By build, then by module.
type Scores = BTreeMap<String, BTreeMap<String, Score>>;

struct Options {
    tree: PathBuf,
    python: PathBuf,
    modules: Vec<String>,
    timeout: Duration,
    update: bool,
}

/// Runs the modules; true if none is below its score.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let options = parse(arguments)?;
    let build = build_of(&options.python)?;
    let mut scores = read_scores(&fs::read_to_string(SCORES).map_err(|error| format!("{SCORES}: {error}"))?)?;
    let known = scores.entry(build.clone()).or_default();
    let modules =
        if options.modules.is_empty() { known.keys().cloned().collect() } else { options.modules.clone() };
    let place = std::env::temp_dir().join(format!("amphis-conformance-{}", std::process::id()));
    prepare(&place, &options).map_err(|error| format!("{}: {error}", place.display()))?;
    let mut fine = true;
    for module in &modules {
        let before = known.get(module).copied().unwrap_or((0, 0));
        let mut outcomes = run_module(&options, &place, module)?;
        if count(&outcomes, "pass") < before.0 {
            better(&mut outcomes, run_module(&options, &place, module)?);
        }
        let passed = count(&outcomes, "pass");
        let verdict = if passed < before.0 { format!("  below {}", before.0) } else { String::new() };
        println!("{module:44} {passed:5} of {:5}{verdict}", outcomes.len());
        for (name, outcome) in &outcomes {
            if *outcome == "died" || *outcome == "fail" && passed < before.0 {
                println!("    {outcome} {name}");
            }
        }
        fine &= passed >= before.0;
        if passed >= before.0 {
            known.insert(module.clone(), (passed, outcomes.len().max(before.1)));
        }
    }
    let (passed, all) = known.values().fold((0, 0), |(passed, all), score| (passed + score.0, all + score.1));
    println!("{build}: {passed} of {all}");
    fs::remove_dir_all(&place).map_err(|error| error.to_string())?;
    if options.update {
        fs::write(SCORES, write_scores(&scores)).map_err(|error| format!("{SCORES}: {error}"))?;
    }
    Ok(fine)
}

/// An installation of the binary that has the tests: subprocesses of tests find them too, whatever their options.
fn prepare(place: &Path, options: &Options) -> std::io::Result<()> {
    let tests = fs::canonicalize(options.tree.join("Lib/test"))?;
    for folder in ["cwd", "bin"] {
        fs::create_dir_all(place.join(folder))?;
    }
    // Where either build looks.
    for library in ["lib/python3.14", "lib/python3.14t"] {
        let packages = place.join(library).join("site-packages");
        fs::create_dir_all(&packages)?;
        std::os::unix::fs::symlink(&tests, packages.join("test"))?;
    }
    fs::copy(&options.python, place.join(BINARY)).map(drop)
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options {
        tree: PathBuf::new(),
        python: PathBuf::from("target/fast/amphis"),
        modules: Vec::new(),
        timeout: Duration::from_secs(120),
        update: false,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--update" {
            options.update = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--cpython" => options.tree = value.into(),
            "--python" => options.python = value.into(),
            "--modules" => options.modules = value.split(',').map(str::to_owned).collect(),
            "--timeout" => {
                let seconds =
                    value.parse().map_err(|_| format!("--timeout {value}: not a number of seconds"))?;
                options.timeout = Duration::from_secs(seconds);
            }
            _ => return Err(format!("unknown option {word}")),
        }
    }
    if options.tree.as_os_str().is_empty() {
        return Err("--cpython PATH is missing".to_owned());
    }
    options.python = fs::canonicalize(&options.python)
        .map_err(|error| format!("{}: {error}", options.python.display()))?;
    Ok(options)
}

/// Which build a binary is.
fn build_of(python: &Path) -> Result<String, String> {
    let output = Command::new(python)
        .args(["-c", "import sys; print('free-threaded' if 't' in sys.abiflags else 'gil')"])
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn count(outcomes: &Outcomes, wanted: &str) -> usize {
    outcomes.values().filter(|outcome| **outcome == wanted).count()
}

/// The better outcome of two runs, but the worst if a test died in one.
fn better(outcomes: &mut Outcomes, again: Outcomes) {
    for (name, outcome) in again {
        let first = outcomes.entry(name).or_insert(outcome);
        if *first == "fail" || outcome == "died" {
            *first = outcome;
        }
    }
}

/// How each test of a module ended.
fn run_module(options: &Options, place: &Path, module: &str) -> Result<Outcomes, String> {
    let driver = fs::canonicalize(DRIVER).map_err(|error| format!("{DRIVER}: {error}"))?;
    let left_out = place.join("left_out");
    let mut outcomes = Outcomes::new();
    let mut died = BTreeSet::new();
    for _ in 0..=RESTARTS {
        let names: Vec<&str> = outcomes.keys().map(String::as_str).collect();
        fs::write(&left_out, names.join("\n")).map_err(|error| error.to_string())?;
        let mut child = Command::new(place.join(BINARY))
            .arg(&driver)
            .arg(format!("test.{module}"))
            .arg(&left_out)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_COLOR", "1")
            .current_dir(place.join("cwd"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let Some(output) = child.stdout.take() else { return Err("no output".to_owned()) };
        let (sender, lines) = mpsc::channel();
        // Ends with the pipe, or when nobody listens any more.
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n') {
                let Ok(line) = line else { break };
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let mut current = None;
        let mut ended = false;
        // Until the process ends, or a test takes too long.
        while let Ok(line) = lines.recv_timeout(options.timeout) {
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("start", name) => current = Some(name.to_owned()),
                ("pass", name) => drop(outcomes.insert(name.to_owned(), "pass")),
                ("fail", name) => drop(outcomes.insert(name.to_owned(), "fail")),
                ("skip", name) => drop(outcomes.insert(name.to_owned(), "skip")),
                ("end", _) => ended = true,
                _ => {}
            }
        }
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().map_err(|error| error.to_string())?;
        drop(lines);
        drop(reader);
        match current {
            Some(name) if !ended && died.insert(name.clone()) => drop(outcomes.insert(name, "died")),
            _ => break,
        }
    }
    Ok(outcomes)
}

/// Reads lines such as `[gil]` and `test_int = { passed = 40, total = 50 }`.
fn read_scores(text: &str) -> Result<Scores, String> {
    let mut scores = Scores::new();
    let mut build = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            build = name.to_owned();
            continue;
        }
        let score = || {
            let (module, value) = line.split_once('=')?;
            let value = value.trim().strip_prefix('{')?.strip_suffix('}')?;
            let (passed, total) = value.split_once(',')?;
            let passed = passed.trim().strip_prefix("passed =")?.trim().parse().ok()?;
            let total = total.trim().strip_prefix("total =")?.trim().parse().ok()?;
            Some((module.trim().trim_matches('"').to_owned(), (passed, total)))
        };
        let (module, score) = score().ok_or_else(|| format!("{SCORES}: line {} is no score", number + 1))?;
        scores.entry(build.clone()).or_default().insert(module, score);
    }
    Ok(scores)
}

fn write_scores(scores: &Scores) -> String {
    let mut text = String::from(
        "# How many tests of CPython 3.14's own test modules pass, for each build. The numbers may only rise:\n\
         #     cargo run -p xtask -- conformance --cpython TREE --update\n",
    );
    for (build, modules) in scores {
        text.push_str(&format!("\n[{build}]\n"));
        for (module, (passed, total)) in modules {
            // A dot would make it a table of its own.
            let quoted = if module.contains('.') { format!("\"{module}\"") } else { module.clone() };
            text.push_str(&format!("{quoted} = {{ passed = {passed}, total = {total} }}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Outcomes, better, read_scores, write_scores};

    #[test]
    fn a_second_run_helps_all_but_the_dead() {
        let run = |outcomes: [&'static str; 5]| -> Outcomes {
            ["a", "b", "c", "d", "e"].map(str::to_owned).into_iter().zip(outcomes).collect()
        };
        let mut outcomes = run(["pass", "fail", "died", "fail", "pass"]);
        better(&mut outcomes, run(["fail", "pass", "pass", "fail", "died"]));
        assert_eq!(outcomes, run(["pass", "pass", "died", "fail", "died"]));
    }

    #[test]
    fn scores_are_read_as_they_are_written() {
        let text = "[gil]\ntest_int = { passed = 40, total = 50 }\n\"test_json.test_dump\" = { passed = 1, total = 2 }\n";
        let scores = read_scores(text).unwrap();
        assert_eq!(scores["gil"]["test_int"], (40, 50));
        assert_eq!(scores["gil"]["test_json.test_dump"], (1, 2));
        assert_eq!(read_scores(&write_scores(&scores)).unwrap(), scores);
        assert!(read_scores("test_int = 40").is_err());
    }
}
