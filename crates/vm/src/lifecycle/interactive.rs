//! The interactive prompt: on a terminal the library's `_pyrepl`, else a loop that reads, runs and prints.
//!
//! Not here: when what was typed is a whole statement (`compiler::interactive`), printing of results
//! (`sys.displayhook`).

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use compiler::interactive::{Input, input};
use compiler::syntax_error::Kind;
use compiler::{CodeUnit, Mode, Options, Source, SyntaxError};

use super::run::{run_in_main, run_script};
use super::start::{delete_main, set_main};
use crate::builtins::code::Code;
use crate::builtins::sys::info;
use crate::exceptions::uncaught::{flush_streams, write_error};
use crate::exceptions::{exit_status, print_uncaught, syntax_error};
use crate::import::finder::path_value;
use crate::import::state::{find_sys_attribute, required};
use crate::import::{call_module, import, set_sys_attribute};
use crate::prelude::*;
use crate::thread::signals;

const COPYRIGHT: &str = "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.";
/// What the typed text is called in messages.
const STDIN: &str = "<stdin>";

/// True if standard input is a terminal.
pub fn is_terminal() -> bool {
    // SAFETY: asks about a number.
    unsafe { libc::isatty(0) == 1 }
}

/// True if the program that comes from standard input is typed: it comes from a terminal, or `-i` says so.
pub fn is_interactive(th: &mut Thread) -> PyResult<bool> {
    Ok(is_terminal() || required(th)?.config.interactive)
}

/// The greeting.
pub fn greet(th: &mut Thread) -> PyResult<()> {
    let config = &required(th)?.config;
    eprintln!("Python {} on {}", info::version(), std::env::consts::OS);
    if config.site {
        eprintln!("{COPYRIGHT}");
    }
    Ok(())
}

/// Handles the exception that `part`, which is not the program itself, left; the status if it asks for the end.
fn finish_part(th: &mut Thread, part: PyResult<()>) -> PyResult<()> {
    if part.is_ok() || th.exception_is(Exc::SystemExit) {
        return part;
    }
    print_uncaught(th);
    Ok(())
}

/// Runs the file that `PYTHONSTARTUP` names, in `__main__`. Fails with SystemExit alone: other exceptions are printed.
pub fn run_startup(th: &mut Thread) -> PyResult<()> {
    let named = std::env::var_os("PYTHONSTARTUP").filter(|name| !name.is_empty());
    let Some(path) = named.filter(|_| state_reads_environment(th)) else { return Ok(()) };
    let run = match std::fs::read(&path) {
        Ok(content) => {
            let shown = path_value(th, &path)?;
            let run = set_main(th, "__file__", shown);
            let run = run.and_then(|()| run_script(th, &content, &Path::new(&path).to_string_lossy()));
            run.and_then(|()| delete_main(th, "__file__"))
        }
        Err(error) => {
            write_error(th, "Could not open PYTHONSTARTUP\n");
            let shown = path_value(th, &path)?;
            Err(th.io_error(&error, Some(shown)))
        }
    };
    finish_part(th, run)
}

fn state_reads_environment(th: &mut Thread) -> bool {
    required(th).is_ok_and(|state| state.config.use_environment)
}

/// Calls `sys.__interactivehook__`, which `site` sets. Fails as [`run_startup`] does.
pub fn run_hook(th: &mut Thread) -> PyResult<()> {
    let Some(hook) = find_sys_attribute(th, "__interactivehook__")? else { return Ok(()) };
    let called = th.call(&hook, &[]).map(drop);
    if called.is_err() {
        write_error(th, "Failed calling sys.__interactivehook__\n");
    }
    finish_part(th, called)
}

/// Reads from standard input and runs, until its end. `after_program` is true if a program ran before (`-i`).
pub fn run(th: &mut Thread, after_program: bool) -> PyResult<()> {
    let basic =
        state_reads_environment(th) && std::env::var_os("PYTHON_BASIC_REPL").is_some_and(|v| !v.is_empty());
    if is_terminal() && !basic && !required(th)?.config.bare {
        let found = import(th, "_pyrepl");
        if th.catch(found, Exc::ModuleNotFoundError)?.is_some() {
            let main = import(th, "__main__")?;
            let arguments = [main, Value::FALSE, Value::bool(after_program)];
            return call_module(th, "_pyrepl.main", "interactive_console", &arguments).map(drop);
        }
    }
    read_and_run(th)
}

/// The plain loop: statements from standard input, each as soon as it is whole. Fails with SystemExit alone.
///
/// Prompts go to standard error, as they do when a terminal's input is not edited.
pub fn read_and_run(th: &mut Thread) -> PyResult<()> {
    for (name, prompt) in [("ps1", ">>> "), ("ps2", "... ")] {
        if find_sys_attribute(th, name)?.is_none() {
            let prompt = th.str(prompt);
            set_sys_attribute(th, name, prompt)?;
        }
    }
    let mut number = 0;
    loop {
        match read_statement(th) {
            Ok(Some(source)) => {
                let filename = format!("{STDIN}-{number}");
                number += 1;
                let run = run_statement(th, &source, &filename);
                finish_part(th, run)?;
                flush_streams(th);
            }
            Ok(None) => {
                write_error(th, "\n");
                return Ok(());
            }
            Err(raised) => {
                if th.exception_is(Exc::KeyboardInterrupt) {
                    write_error(th, "\n");
                }
                finish_part(th, Err(raised))?;
            }
        }
    }
}

/// The lines of one statement; None at the end of the input.
fn read_statement(th: &mut Thread) -> PyResult<Option<Source>> {
    let mut typed = Vec::new();
    loop {
        let prompt = prompt(th, if typed.is_empty() { "ps1" } else { "ps2" });
        let line = read_line(th, &prompt)?;
        let ended = line.last() != Some(&b'\n');
        typed.extend(line);
        if typed.is_empty() {
            return Ok(None);
        }
        if ended {
            // What the statement prints begins on a line of its own.
            write_error(th, "\n");
        }
        let source = compiler::decode(&typed, STDIN);
        let source = source.map_err(|error| syntax_error(th, &error, STDIN))?;
        match input(&source) {
            Input::Nothing if ended => return Ok(None),
            Input::Nothing => typed.clear(),
            Input::Incomplete if !ended => {}
            Input::Incomplete | Input::Complete => return Ok(Some(source)),
        }
    }
}

fn prompt(th: &mut Thread, name: &str) -> String {
    let shown = find_sys_attribute(th, name).and_then(|prompt| prompt.map(|p| th.str_of(&p)).transpose());
    match shown {
        Ok(Some(text)) => text.units().to_str_lossy().into_owned(),
        Ok(None) => String::new(),
        Err(_) => {
            th.clear_exception();
            String::new()
        }
    }
}

/// A line with its newline, or what there is before the end of the input.
///
/// Nothing is read beyond it: what follows may be for the program, which reads standard input itself.
fn read_line(th: &mut Thread, prompt: &str) -> PyResult<Vec<u8>> {
    flush_streams(th);
    // Where prompts cannot be shown, input can still be read.
    let _ = std::io::stderr().write_all(prompt.as_bytes());
    let mut line = Vec::new();
    loop {
        let mut byte = 0u8;
        let (got, error) = th.detached(|| {
            // SAFETY: one byte is read into one byte.
            let got = unsafe { libc::read(0, (&raw mut byte).cast(), 1) };
            (got, std::io::Error::last_os_error())
        });
        match got {
            1 => {
                line.push(byte);
                if byte == b'\n' {
                    return Ok(line);
                }
            }
            0 => return Ok(line),
            _ if error.kind() == std::io::ErrorKind::Interrupted => signals::check(th)?,
            _ => return Err(th.io_error(&error, None)),
        }
    }
}

/// Compiles and runs one statement; what an expression gives is displayed.
fn run_statement(th: &mut Thread, source: &Source, filename: &str) -> PyResult<()> {
    let optimize = required(th)?.config.optimize;
    let options = |mode| Options { filename, mode, optimize, future_annotations: false };
    let compiled = compiler::compile(source, &options(Mode::Single)).map_err(|error| match error.kind {
        // No line will follow any more: what is missing is an error, and has a message.
        Kind::Incomplete => whole_error(error, compiler::compile(source, &options(Mode::Exec))),
        _ => error,
    });
    let unit = compiled.map_err(|error| syntax_error(th, &error, STDIN))?;
    let code = Code::new(th, &Arc::new(unit))?;
    if !required(th)?.config.bare {
        // Tracebacks show the lines.
        let arguments = [code.clone().into_value(), th.str(source.text()), th.str(filename)];
        call_module(th, "linecache", "_register_code", &arguments)?;
    }
    run_in_main(th, &code)
}

fn whole_error(incomplete: SyntaxError, whole: Result<CodeUnit, SyntaxError>) -> SyntaxError {
    whole.err().unwrap_or(incomplete)
}

/// The status that the pending exception asks for; it is printed, unless it is a SystemExit. `inspects` is true if the
/// prompt follows: then SystemExit is printed too.
pub fn status(th: &mut Thread, inspects: bool) -> i32 {
    let exception = th.take_exception();
    if !inspects && let Some(status) = exit_status(th, &exception) {
        return status;
    }
    let interrupted = th.type_of(&exception).is_subtype(th, Exc::KeyboardInterrupt.class());
    th.set_raised(exception);
    print_uncaught(th);
    if interrupted { super::run::INTERRUPTED } else { 1 }
}
