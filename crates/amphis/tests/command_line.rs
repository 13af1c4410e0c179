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
        (&["-bZ"], "Unknown option: -Z\nusage: "),
        (&["--foo"], "Unknown option: --foo\nusage: "),
        (&["-c"], "Argument expected for the -c option\nusage: "),
        (&["-m"], "Argument expected for the -m option\nusage: "),
        (&["-W"], "Argument expected for the -W option\nusage: "),
        (&["-X"], "Argument expected for the -X option\nusage: "),
        (&["--check-hash-based-pycs"], "Argument expected for the --check-hash-based-pycs options\nusage: "),
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

    let path = folder.file("bytes.py", b"x = 1\ny = \"\xff\"\n");
    let message = format!(
        "  File \"{0}\", line 2\n    y = \"\u{fffd}\"\n         ^\nSyntaxError: Non-UTF-8 code starting with '\\xff' in \
         file {0} on line 2, but no encoding declared; see https://peps.python.org/pep-0263/ for details\n",
        path.display()
    );
    script(&path, &[]).expect_code(1).expect_stderr(&message);

    let path = folder.file("null.py", b"x = 1\0\n");
    let message = "line 1\n    x = 1\nSyntaxError: source code cannot contain null bytes\n";
    script(&path, &[]).expect_code(1).expect_stderr(message);
    let outcome = common::run(&mut amphis(), b"\0", LIMIT);
    outcome.expect_code(1).expect_stderr("SyntaxError: source code cannot contain null bytes\n");

    let path = folder.file("encoding.py", b"# coding: nope\n");
    let outcome = script(&path, &[]).expect_code(1);
    assert_eq!(outcome.stderr, "SyntaxError: unknown encoding: nope\n");

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
    run(&["-m", "json.no_such_module"])
        .expect_code(1)
        .expect_stderr(": No module named json.no_such_module\n");
    run(&["-m", "email"]).expect_code(1).expect_stderr(
        ": No module named email.__main__; 'email' is a package and cannot be directly executed\n",
    );
    // An empty name is that of the current folder.
    let outcome = common::run(amphis().arg("").current_dir(&folder.0), b"", LIMIT);
    outcome.expect_code(0).expect_stdout("__main__ []\n");
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

/// What a value of an option or variable does that makes no sense.
#[test]
fn values_that_make_no_sense() {
    for (option, message) in [
        ("gil=2", "config_read_gil: PYTHON_GIL / -X gil must be \"0\" or \"1\""),
        ("gil", "config_read_gil: PYTHON_GIL / -X gil must be \"0\" or \"1\""),
        (
            "int_max_str_digits=5",
            "config_init_int_max_str_digits: -X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.",
        ),
        (
            "thread_inherit_context=2",
            "config_init_thread_inherit_context: -X thread_inherit_context=n: n is missing or invalid",
        ),
        ("frozen_modules=x", "bad value for option -X frozen_modules (expected \"on\" or \"off\")"),
    ] {
        let message = format!("Fatal Python error: {message}\nPython runtime state: preinitialized\n\n");
        let outcome = run(&["-X", option, "-c", "print(1)"]).expect_code(1).expect_stdout("");
        assert_eq!(outcome.stderr, message);
    }
    let outcome = run(&["-X", "utf8=2", "-c", "print(1)"]).expect_code(1).expect_stdout("");
    let message =
        "preconfig_init_utf8_mode: invalid -X utf8 option value\nPython runtime state: preinitializing";
    assert_eq!(outcome.stderr, format!("Fatal Python error: {message}\n\n"));
    for (name, value, message) in [
        ("PYTHONUTF8", "2", "preconfig_init_utf8_mode: invalid PYTHONUTF8 environment variable value"),
        (
            "PYTHONHASHSEED",
            "x",
            "config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
        ),
        (
            "PYTHONINTMAXSTRDIGITS",
            "5",
            "config_init_int_max_str_digits: PYTHONINTMAXSTRDIGITS: invalid limit",
        ),
        (
            "PYTHON_CONTEXT_AWARE_WARNINGS",
            "x",
            "config_init_context_aware_warnings: PYTHON_CONTEXT_AWARE_WARNINGS=N: N is missing or invalid",
        ),
    ] {
        let message = format!("Fatal Python error: {message}");
        run_with(name, value, &["-c", "print(1)"]).expect_code(1).expect_stdout("").expect_stderr(&message);
        run_with(name, value, &["-E", "-c", "print(1)"]).expect_code(0).expect_stdout("1\n");
    }
    let command = [OsStr::new("-c"), OsStr::from_bytes(b"x = '\xff'")];
    let outcome = run(&command).expect_code(1);
    let message = "Unable to decode the command from the command line:\nUnicodeEncodeError: 'utf-8' codec can't encode \
                   character '\\udcff' in position 5: surrogates not allowed\n";
    assert_eq!(outcome.stderr, message);
}

#[test]
fn variables() {
    let flag = |name: &str| format!("import sys; print(sys.flags.{name})");
    for (variable, name, off, on) in [
        ("PYTHONOPTIMIZE", "optimize", "0\n", "1\n"),
        ("PYTHONDONTWRITEBYTECODE", "dont_write_bytecode", "0\n", "1\n"),
        ("PYTHONNOUSERSITE", "no_user_site", "0\n", "1\n"),
        ("PYTHONSAFEPATH", "safe_path", "False\n", "True\n"),
        ("PYTHONINSPECT", "inspect", "0\n", "1\n"),
        ("PYTHONDEVMODE", "dev_mode", "False\n", "True\n"),
        ("PYTHONUTF8", "utf8_mode", "0\n", "1\n"),
        ("PYTHONDEBUG", "debug", "0\n", "1\n"),
        ("PYTHONWARNDEFAULTENCODING", "warn_default_encoding", "0\n", "1\n"),
    ] {
        let run = |value: Option<&str>, options: &[&str]| {
            let mut command = amphis();
            command.env_remove("PYTHONDONTWRITEBYTECODE").env("LC_ALL", "C.UTF-8");
            if let Some(value) = value {
                command.env(variable, value);
            }
            let outcome = common::run(command.args(options).args(["-c", &flag(name)]), b"", LIMIT);
            outcome.expect_code(0)
        };
        run(None, &[]).expect_stdout(off);
        run(Some("1"), &[]).expect_stdout(on);
        run(Some("1"), &["-E"]).expect_stdout(off);
        if matches!(
            variable,
            "PYTHONOPTIMIZE" | "PYTHONDONTWRITEBYTECODE" | "PYTHONNOUSERSITE" | "PYTHONDEBUG"
        ) {
            run(Some("0"), &[]).expect_stdout(off);
            run(Some("text"), &[]).expect_stdout(on);
        }
    }
    run_with("PYTHONINTMAXSTRDIGITS", "700", &["-c", "import sys; print(sys.get_int_max_str_digits())"])
        .expect_stdout("700\n");
    run_with(
        "PYTHONWARNINGS",
        "error,ignore::UserWarning",
        &["-Wonce", "-c", "import sys; print(sys.warnoptions)"],
    )
    .expect_stdout("['error', 'ignore::UserWarning', 'once']\n");
    let unbuffered = "import sys; print(sys.stdout.write_through)";
    run(&["-c", unbuffered]).expect_stdout("False\n");
    run(&["-u", "-c", unbuffered]).expect_stdout("True\n");
    run_with("PYTHONUNBUFFERED", "1", &["-c", unbuffered]).expect_stdout("True\n");
    let encoding = "import sys; print(sys.stdout.encoding, sys.stdout.errors)";
    run_with("PYTHONIOENCODING", "latin-1:replace", &["-c", encoding]).expect_stdout("latin-1 replace\n");
    let positions = "print(list(compile('x', '', 'eval').co_positions())[-1][2:])";
    run(&["-c", positions]).expect_stdout("(0, 1)\n");
    run(&["-Xno_debug_ranges", "-c", positions]).expect_stdout("(None, None)\n");
    run_with("PYTHONNODEBUGRANGES", "1", &["-c", positions]).expect_stdout("(None, None)\n");
    run_with("PYTHON_CPU_COUNT", "3", &["-c", "import os; print(os.cpu_count(), os.process_cpu_count())"])
        .expect_stdout("3 3\n");
}

#[test]
fn search_paths() {
    let folder = Folder::new("paths");
    folder.file("found.py", "print('found')\n");
    let place = folder.0.to_str().expect("text");
    run_with("PYTHONPATH", place, &["-c", "import found"]).expect_code(0).expect_stdout("found\n");
    for option in ["-E", "-I"] {
        run_with("PYTHONPATH", place, &[option, "-c", "import found"])
            .expect_code(1)
            .expect_stderr("ModuleNotFoundError: No module named 'found'\n");
    }
    let here = |options: &[&str]| {
        common::run(amphis().args(options).args(["-c", "import found"]).current_dir(&folder.0), b"", LIMIT)
    };
    here(&[]).expect_code(0).expect_stdout("found\n");
    here(&["-P"]).expect_code(1);
    here(&["-I"]).expect_code(1);
    let first = folder.file("first.py", "import sys; print(sys.path[0])\n");
    script(&first, &[]).expect_stdout(&format!("{place}\n"));
}

#[test]
fn sites() {
    let has_site = "import sys; print('site' in sys.modules, hasattr(__builtins__, 'exit'))";
    run(&["-c", has_site]).expect_code(0).expect_stdout("True True\n");
    run(&["-S", "-c", has_site]).expect_code(0).expect_stdout("False False\n");
    let user = "import site; print(site.ENABLE_USER_SITE)";
    run(&["-s", "-c", user]).expect_code(0).expect_stdout("False\n");
    run(&["-I", "-c", user]).expect_code(0).expect_stdout("False\n");
}

#[test]
fn optimization() {
    let text =
        "def f(): 'doc'\ntry:\n  assert 0\nexcept AssertionError: print(1)\nprint(f.__doc__, __debug__)";
    run(&["-c", text]).expect_stdout("1\ndoc True\n");
    run(&["-O", "-c", text]).expect_stdout("doc False\n");
    run(&["-OO", "-c", text]).expect_stdout("None False\n");
}

#[test]
fn bytes_taken_for_text() {
    run(&["-c", "print(b'' == '', str(b''))"]).expect_code(0).expect_stdout("False b''\n");
    let compare = run(&["-b", "-c", "print(b'' == '', b'' != 1, bytearray() == '')"]).expect_code(0);
    let compare = compare.expect_stdout("False True False\n");
    let compare = compare.expect_stderr("<string>:1: BytesWarning: Comparison between bytes and string\n");
    let compare = compare.expect_stderr("<string>:1: BytesWarning: Comparison between bytes and int\n");
    compare.expect_stderr("<string>:1: BytesWarning: Comparison between bytearray and string\n");
    run(&["-bb", "-c", "str(b'')"]).expect_code(1).expect_stderr("BytesWarning: str() on a bytes instance\n");
}

#[test]
fn warnings() {
    let warn = "import warnings; warnings.warn('careful')";
    run(&["-c", warn]).expect_code(0).expect_stderr("<string>:1: UserWarning: careful\n");
    assert_eq!(run(&["-Wignore", "-c", warn]).expect_code(0).stderr, "");
    run(&["-Werror", "-c", warn]).expect_code(1).expect_stderr("UserWarning: careful\n");
    let invalid = run(&["-Wfoo", "-c", "print(1)"]).expect_code(0).expect_stdout("1\n");
    assert_eq!(invalid.stderr, "Invalid -W option ignored: invalid action: 'foo'\n");
}

#[test]
fn imports_are_told() {
    let outcome = run(&["-v", "-c", "import json"]).expect_code(0);
    outcome.expect_stderr("import 'json' # ");
    let outcome = run(&["-X", "importtime", "-c", "import json"]).expect_code(0);
    let outcome = outcome.expect_stderr("import time: self [us] | cumulative | imported package\n");
    assert!(outcome.stderr.lines().any(|line| line.ends_with("|   json.decoder")), "{outcome:?}");
    assert!(outcome.stderr.lines().any(|line| line.ends_with("| json")), "{outcome:?}");
}

/// What is typed, with what the prompt shows of it.
fn typed(options: &[&str], input: &str) -> Outcome {
    common::run(amphis().args(options), input.as_bytes(), LIMIT)
}

#[test]
fn prompts() {
    let outcome = typed(&["-i", "-q"], "1 + 1\nx = (3,\n4)\nx\n").expect_code(0).expect_stdout("2\n(3, 4)\n");
    assert_eq!(outcome.stderr, ">>> >>> ... >>> >>> \n");
    let outcome = typed(&["-i"], "").expect_code(0).expect_stdout("");
    let outcome = outcome.expect_stderr("Python 3.14.7");
    outcome.expect_stderr(
        "\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n>>> \n",
    );
    typed(&["-i", "-q"], "for i in 1, 2:\n  print(i)\n\n").expect_code(0).expect_stdout("1\n2\n");
    typed(&["-i", "-q"], "if 1: print(3)\n\n").expect_code(0).expect_stdout("3\n");
    typed(&["-i", "-q"], "@staticmethod\ndef f(): pass\n\n# comment\n\nf.__name__\n")
        .expect_code(0)
        .expect_stdout("'f'\n");
    // Mistakes do not end it, but exits do.
    let outcome =
        typed(&["-i", "-q"], "1/0\nx y\n_\n5\n_\nexit(7)\n5\n").expect_code(7).expect_stdout("5\n5\n");
    let outcome = outcome.expect_stderr("ZeroDivisionError: division by zero\n>>> ");
    outcome.expect_stderr("  File \"<stdin>\", line 1\n    x y\n      ^\nSyntaxError: invalid syntax\n>>> ");
    // The program may read what follows.
    let reads = "import os; x = os.read(0, 4)\nyes\nx\n";
    typed(&["-i", "-q"], reads).expect_code(0).expect_stdout("b'yes\\n'\n");
    typed(&["-i", "-q"], "import sys; sys.ps1 = '! '\n2\n")
        .expect_code(0)
        .expect_stdout("2\n")
        .expect_stderr("! ! \n");
}

#[test]
fn prompts_after_programs() {
    let outcome = typed(&["-i", "-c", "x = 5"], "x\n").expect_code(0).expect_stdout("5\n");
    assert_eq!(outcome.stderr, ">>> >>> \n");
    let outcome = typed(&["-i", "-c", "1/0"], "2\n").expect_code(0).expect_stdout("2\n");
    outcome.expect_stderr("ZeroDivisionError: division by zero\n>>> ");
    let outcome = typed(&["-i", "-c", "raise SystemExit(3)"], "2\n").expect_code(0).expect_stdout("2\n");
    outcome.expect_stderr("SystemExit: 3\n>>> ");
    // A program may ask for it; without a terminal nobody could type.
    let text = "import os; os.environ['PYTHONINSPECT'] = '1'";
    typed(&["-c", text], "2\n").expect_code(0).expect_stdout("");
    let folder = Folder::new("inspect");
    let path = folder.file("main.py", "x = 6\n");
    typed(&["-i", path.to_str().expect("text")], "x, __file__ == __file__\n").expect_stdout("(6, True)\n");
}

#[test]
fn start_up_files() {
    let folder = Folder::new("startup");
    let path = folder.file("startup.py", "x = 8; print(__file__)\n");
    let shown = path.to_str().expect("text");
    let with = |options: &[&str], path: &str| {
        common::run(amphis().env("PYTHONSTARTUP", path).args(options), b"x\n'__file__' in dir()\n", LIMIT)
    };
    with(&["-i", "-q"], shown).expect_code(0).expect_stdout(&format!("{shown}\n8\nFalse\n"));
    with(&["-i", "-q", "-E"], shown).expect_stderr("NameError: name 'x' is not defined\n");
    let outcome = with(&["-i", "-q"], "/no/such/file").expect_code(0);
    let outcome = outcome.expect_stderr("Could not open PYTHONSTARTUP\n");
    outcome.expect_stderr("FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'\n");
}

#[test]
fn modules_of_the_library() {
    let input = common::run(amphis().args(["-m", "json"]), b"{\"a\": [1, 2.5, null]}", LIMIT);
    let lines = "{\n    \"a\": [\n        1,\n        2.5,\n        null\n    ]\n}\n";
    input.expect_code(0).expect_stdout(lines);
    let timed = run(&["-m", "timeit", "-n", "10", "-r", "2", "x = 1"]).expect_code(0);
    assert!(timed.stdout.starts_with("10 loops, best of 2: "), "{timed:?}");
    let folder = Folder::new("unittest");
    let test = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(1, 1)\n    \
                def test_b(self): self.assertEqual(1, 2)\n";
    folder.file("test_it.py", test);
    let outcome =
        common::run(amphis().args(["-m", "unittest", "test_it"]).current_dir(&folder.0), b"", LIMIT);
    let outcome = outcome.expect_code(1).expect_stderr("\nAssertionError: 1 != 2\n");
    outcome.expect_stderr("\nRan 2 tests in ").expect_stderr("\nFAILED (failures=1)\n");
}

#[test]
fn colours() {
    let usage = &["-m", "json", "-h"];
    for (name, value, coloured) in [
        ("TERM", "xterm-256color", false),
        ("FORCE_COLOR", "1", true),
        ("PYTHON_COLORS", "1", true),
        ("PYTHON_COLORS", "0", false),
    ] {
        let outcome = run_with(name, value, usage).expect_code(0);
        assert_eq!(outcome.stdout.contains('\x1b'), coloured, "{name}={value}: {outcome:?}");
        let outcome = run_with(name, value, &["-c", "1/0"]).expect_code(1);
        assert_eq!(outcome.stderr.contains('\x1b'), coloured, "{name}={value}: {outcome:?}");
    }
    let both = common::run(amphis().env("FORCE_COLOR", "1").env("NO_COLOR", "1").args(usage), b"", LIMIT);
    assert!(!both.stdout.contains('\x1b'), "{both:?}");
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

/// What else differs between the builds.
#[test]
fn the_build_is_told() {
    let free = mode::FREE_THREADED;
    let tell = |text: &str| run(&["-c", text]).expect_code(0).stdout;
    let disabled = "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED'))";
    assert_eq!(tell(disabled), if free { "1\n" } else { "0\n" });
    let version = "import sys; print('free-threading build' in sys.version)";
    assert_eq!(tell(version), if free { "True\n" } else { "False\n" });
    let flags = "import sys; print(sys.flags.thread_inherit_context, sys.flags.context_aware_warnings)";
    assert_eq!(tell(flags), if free { "1 1\n" } else { "0 0\n" });
    run(&["-X", "thread_inherit_context=1", "-X", "context_aware_warnings=0", "-c", flags])
        .expect_stdout("1 0\n");
    run_with("PYTHON_THREAD_INHERIT_CONTEXT", "0", &["-X", "context_aware_warnings=1", "-c", flags])
        .expect_stdout("0 1\n");
    let library = if free { "python3.14t" } else { "python3.14" };
    let folder = "import os, sysconfig; print(os.path.basename(sysconfig.get_path('stdlib')))";
    assert_eq!(tell(folder), format!("{library}\n"));
    let folder = "import sysconfig; print(sysconfig.get_path('purelib').split('/')[-2])";
    assert_eq!(tell(folder), format!("{library}\n"));
    let tag = "import sys; print(sys.implementation.cache_tag.endswith('-314'))";
    assert_eq!(tell(tag), "True\n");
}
