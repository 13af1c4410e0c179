//! The command line: options, programs, exit codes and messages are CPython's.

mod common;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Outcome, amphis};

const LIMIT: Duration = Duration::from_secs(60);

fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Outcome {
    common::run(amphis().args(arguments), b"", LIMIT)
}

fn run_with<S: AsRef<OsStr>>(name: &str, value: &str, arguments: &[S]) -> Outcome {
    common::run(amphis().env(name, value).args(arguments), b"", LIMIT)
}

impl Outcome {
    #[track_caller]
    fn expect_code(self, code: i32) -> Outcome {
        assert_eq!(self.status.and_then(|status| status.code()), Some(code), "{self:?}");
        self
    }

    #[track_caller]
    fn expect_stdout(self, text: &str) -> Outcome {
        assert_eq!(self.stdout, text, "{self:?}");
        self
    }

    #[track_caller]
    fn expect_stderr(self, part: &str) -> Outcome {
        assert!(self.stderr.contains(part), "{self:?}");
        self
    }
}

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("amphis-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        // As programs see it: without links.
        Folder(path.canonicalize().expect("a folder that is there"))
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn strings(parts: &[&OsStr]) -> Vec<OsString> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn script(path: &Path, arguments: &[&str]) -> Outcome {
    let all: Vec<&OsStr> =
        std::iter::once(path.as_os_str()).chain(arguments.iter().map(OsStr::new)).collect();
    run(&strings(&all))
}

#[test]
fn versions() {
    for option in ["-V", "--version"] {
        run(&[option]).expect_code(0).expect_stdout("Python 3.14.7\n");
    }
    let long = run(&["-VV"]).expect_code(0);
    assert!(long.stdout.starts_with("Python 3.14.7"), "{long:?}");
    assert_eq!(long.stdout.contains("free-threading build"), mode::FREE_THREADED, "{long:?}");
    run(&["-c", "import sys; print(sys.version_info[:3])"]).expect_code(0).expect_stdout("(3, 14, 7)\n");
    let told = run(&["-c", "import sys; print('Python', sys.version)"]).expect_code(0);
    assert_eq!(told.stdout, long.stdout);
}

#[test]
fn help() {
    for option in ["-h", "-?", "--help", "--help-all"] {
        let outcome = run(&[option]).expect_code(0);
        assert!(outcome.stdout.starts_with("usage: ") && outcome.stderr.is_empty(), "{outcome:?}");
    }
}

#[test]
fn what_makes_no_sense() {
    for (arguments, message) in [
        (&["-Z"][..], "Unknown option: -Z\nusage: "),
        (&["--foo"], "Unknown option: --foo\nusage: "),
        (&["-c"], "Argument expected for the -c option\nusage: "),
        (&["-m"], "Argument expected for the -m option\nusage: "),
        (&["--check-hash-based-pycs", "x"], "must be one of 'default', 'always', or 'never'\nusage: "),
    ] {
        run(arguments)
            .expect_code(2)
            .expect_stdout("")
            .expect_stderr(message)
            .expect_stderr(" -h' for more information.\n");
    }
}

#[test]
fn commands() {
    run(&["-c", "print(1 + 1)"]).expect_code(0).expect_stdout("2\n");
    run(&["-c", "import sys; print(sys.argv)", "a", "-b"])
        .expect_code(0)
        .expect_stdout("['-c', 'a', '-b']\n");
    run(&["-c", "\n  x = 1\n  print(x)"]).expect_code(0).expect_stdout("1\n");
    run(&["-c", "print(__name__)"]).expect_code(0).expect_stdout("__main__\n");
    let traceback = run(&["-c", "1/0"]).expect_code(1).expect_stdout("");
    let traceback = traceback
        .expect_stderr("Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\n");
    traceback.expect_stderr("ZeroDivisionError: division by zero\n");
}

#[test]
fn programs_from_standard_input() {
    for arguments in [&[][..], &["-"]] {
        let outcome = common::run(amphis().args(arguments), b"x = 2\nprint(x)\n", LIMIT);
        outcome.expect_code(0).expect_stdout("2\n");
    }
    let outcome = common::run(amphis().args(["-", "a"]), b"import sys; print(sys.argv)", LIMIT);
    outcome.expect_code(0).expect_stdout("['-', 'a']\n");
    let outcome = common::run(&mut amphis(), b"print(1", LIMIT);
    outcome.expect_code(1).expect_stderr("File \"<stdin>\", line 1\n").expect_stderr("'(' was never closed");
}

#[test]
fn scripts() {
    let folder = Folder::new("scripts");
    folder.file("neighbour.py", "name = __name__\n");
    let path =
        folder.file("main.py", "import sys, neighbour\nprint(sys.argv[1:], neighbour.name, __name__)\n");
    script(&path, &["a", "-c"]).expect_code(0).expect_stdout("['a', '-c'] neighbour __main__\n");
    let path = folder.file("where.py", "print(__file__)\n");
    script(&path, &[]).expect_code(0).expect_stdout(&format!("{}\n", path.display()));
    let path = folder.file("odd", "not Python\nprint(1)\n");
    let outcome = run(&strings(&[OsStr::new("-x"), path.as_os_str()]));
    outcome.expect_code(0).expect_stdout("1\n");
}

#[test]
fn files_that_are_no_scripts() {
    let folder = Folder::new("bad");
    let missing = folder.0.join("missing.py");
    let message = format!(": can't open file '{}': [Errno 2] No such file or directory\n", missing.display());
    script(&missing, &[]).expect_code(2).expect_stdout("").expect_stderr(&message);

    let message = format!(": can't find '__main__' module in '{}'\n", folder.0.display());
    script(&folder.0, &[]).expect_code(1).expect_stderr(&message);

    let path = folder.file("bytes.py", b"x = \"\xff\"\n");
    script(&path, &[]).expect_code(1).expect_stderr("SyntaxError: ").expect_stderr("'\\xff'");

    let path = folder.file("null.py", b"x = 1\0\n");
    script(&path, &[]).expect_code(1).expect_stderr("SyntaxError: source code cannot contain null bytes\n");

    let path = folder.file("syntax.py", "x =\n");
    let message =
        format!("  File \"{}\", line 1\n    x =\n       ^\nSyntaxError: invalid syntax\n", path.display());
    script(&path, &[]).expect_code(1).expect_stderr(&message);
}

#[test]
fn folders_and_modules() {
    let folder = Folder::new("folder");
    folder.file("__main__.py", "import sys; print(__name__, sys.argv[1:])\n");
    script(&folder.0, &["a"]).expect_code(0).expect_stdout("__main__ ['a']\n");

    folder.file("told.py", "import sys; print(__name__, sys.argv[1:], bool(__spec__))\n");
    let outcome = common::run(amphis().args(["-m", "told", "-x"]).current_dir(&folder.0), b"", LIMIT);
    outcome.expect_code(0).expect_stdout("__main__ ['-x'] True\n");
    run(&["-m", "no_such_module"]).expect_code(1).expect_stderr(": No module named no_such_module\n");
}

#[test]
fn exit_codes() {
    for (text, code, message) in [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit(256 + 7)", 7, ""),
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(None)", 0, ""),
        ("import sys; sys.exit('text')", 1, "text\n"),
        ("import sys; sys.exit((1, 2))", 1, "(1, 2)\n"),
        ("raise SystemExit(4)", 4, ""),
        ("raise ValueError('no')", 1, "ValueError: no\n"),
        ("x = (", 1, "SyntaxError: '(' was never closed\n"),
    ] {
        run(&["-c", text]).expect_code(code).expect_stdout("").expect_stderr(message);
    }
    let outcome = run(&["-c", "raise KeyboardInterrupt"]);
    assert_eq!(outcome.status.and_then(|status| status.signal()), Some(2), "{outcome:?}");
}

#[test]
fn arguments_that_are_no_text() {
    let not_utf8 = OsStr::from_bytes(b"a\xff");
    let text = OsStr::new("import sys; print(ascii(sys.argv[1]))");
    run(&strings(&[OsStr::new("-c"), text, not_utf8])).expect_code(0).expect_stdout("'a\\udcff'\n");
}

#[test]
fn options_are_told() {
    let flags = "import sys; f = sys.flags; print(f.optimize, f.dont_write_bytecode, f.ignore_environment, \
                 f.no_user_site, f.no_site, f.isolated, f.safe_path, f.bytes_warning, f.quiet)";
    run(&["-OOBqbS", "-c", flags]).expect_code(0).expect_stdout("2 1 0 0 1 0 False 1 1\n");
    run(&["-I", "-c", flags]).expect_code(0).expect_stdout("0 0 1 1 0 1 True 0 0\n");
    run(&["-O", "-c", "assert False; print(__debug__)"]).expect_code(0).expect_stdout("False\n");
    let options = "import sys; print(sys._xoptions, sys.warnoptions)";
    run(&["-Xa=b", "-X", "c", "-W", "ignore", "-c", options])
        .expect_code(0)
        .expect_stdout("{'a': 'b', 'c': True} ['ignore']\n");
    run_with("PYTHONOPTIMIZE", "2", &["-c", "import sys; print(sys.flags.optimize)"]).expect_stdout("2\n");
    run_with("PYTHONOPTIMIZE", "2", &["-E", "-c", "import sys; print(sys.flags.optimize)"])
        .expect_stdout("0\n");
    let one = run_with("PYTHONHASHSEED", "1", &["-c", "print(hash('a'))"]).expect_code(0);
    run_with("PYTHONHASHSEED", "1", &["-c", "print(hash('a'))"]).expect_stdout(&one.stdout);
}

const GIL: &str = "import sys; print(sys._is_gil_enabled(), sys.flags.gil, sys.abiflags)";

/// The mode matrix: the build, `-X gil` and `PYTHON_GIL`.
#[test]
fn the_gil() {
    let free = mode::FREE_THREADED;
    run(&["-c", GIL]).expect_code(0).expect_stdout(if free { "False None t\n" } else { "True 1 \n" });
    let enabled = if free { "True 1 t\n" } else { "True 1 \n" };
    run(&["-X", "gil=1", "-c", GIL]).expect_code(0).expect_stdout(enabled);
    run_with("PYTHON_GIL", "1", &["-c", GIL]).expect_code(0).expect_stdout(enabled);

    for outcome in [run(&["-X", "gil=0", "-c", GIL]), run_with("PYTHON_GIL", "0", &["-c", GIL])] {
        if free {
            outcome.expect_code(0).expect_stdout("False 0 t\n");
        } else {
            outcome.expect_code(1).expect_stderr("Disabling the GIL is not supported by this build\n");
        }
    }
    for outcome in
        [run(&["-Xgil=2", "-c", GIL]), run(&["-Xgil", "-c", GIL]), run_with("PYTHON_GIL", "x", &["-c", GIL])]
    {
        outcome
            .expect_code(1)
            .expect_stdout("")
            .expect_stderr("PYTHON_GIL / -X gil must be \"0\" or \"1\"\n");
    }
    // The option wins over the variable, if the build understands both.
    let both = run_with("PYTHON_GIL", "0", &["-X", "gil=1", "-c", GIL]);
    if free {
        both.expect_code(0).expect_stdout(enabled);
    } else {
        both.expect_code(1).expect_stderr("Disabling the GIL is not supported by this build\n");
    }
    // The variable does not count with -E.
    run_with("PYTHON_GIL", "x", &["-E", "-c", "print(1)"]).expect_code(0).expect_stdout("1\n");
}
