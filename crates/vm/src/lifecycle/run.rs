//! Running a program in `__main__`: a file, `-c`, `-m`, standard input.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use compiler::SyntaxError;
use compiler::syntax_error::Kind;

use super::start::{set_main, start};
use super::{Config, interactive, pages, shutdown};
use crate::builtins::code::Code;
use crate::builtins::functions::run::{Request, compile_source, decode_bytes};
use crate::builtins::module;
use crate::import::finder::path_value;
use crate::import::state::{StandardLibrary, find_sys_attribute, required};
use crate::import::{call_module, import};
use crate::prelude::*;
use crate::thread::{signals, start_exit};

/// Stack of the main thread: native functions may call Python code that calls native functions, and so on.
const MAIN_STACK: usize = 64 << 20;
/// The exit status when the program cannot be read, or the command line is wrong.
const USAGE: i32 = 2;

/// What to run.
#[derive(Debug, Clone)]
pub enum Program {
    /// A script, or a folder or archive with a `__main__`.
    File(OsString),
    /// `-c`: the program's text.
    Command(String),
    /// `-m`: the name of a module.
    Module(String),
    /// Standard input; interactively if it is a terminal.
    Stdin,
    /// Nothing: the runtime is only started.
    Nothing,
}

/// Starts the runtime in a thread of its own, runs the program and shuts down; the exit status.
pub fn run_program(config: Config, library: &'static StandardLibrary, program: Program) -> i32 {
    start_exit::prepare();
    // This thread only waits: a signal that arrived in it would reach Python's main thread late.
    let mask = signals::leave_to_others();
    let process = std::process::id();
    let body = move || {
        signals::set_mask(mask);
        signals::set_main_thread();
        let run = start_exit::run(true, |th| match start(th, config, library) {
            Ok(()) => {
                let status = run(th, &program);
                // What the program still holds and what ending it looks at are there at the same time.
                pages::release();
                shutdown::shut_down(th, status)
            }
            Err(error) => {
                eprintln!("Fatal Python error: the runtime cannot start\n{error}");
                1
            }
        });
        let status = run.unwrap_or_else(|error| {
            eprintln!("Fatal Python error: the main thread cannot start: {error:?}");
            1
        });
        if std::process::id() != process {
            // The program forked: in the child this thread is alone, and nobody waits for its status.
            end_child(status);
        }
        status
    };
    let size = mode::sanitizer::stack(MAIN_STACK);
    let thread = std::thread::Builder::new().name("main".to_owned()).stack_size(size).spawn(body);
    let status = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => 1,
        Err(error) => {
            eprintln!("Fatal Python error: the main thread cannot start: {error}");
            1
        }
    };
    signals::set_mask(mask);
    if status == INTERRUPTED {
        die_of_interrupt();
    }
    status
}

/// What [`run`] answers for a KeyboardInterrupt that nobody caught.
pub(super) const INTERRUPTED: i32 = i32::MIN;

/// Ends the process as an uncaught SIGINT does, so that shells see why.
fn die_of_interrupt() {
    if signals::install(libc::SIGINT, signals::Action::Default).is_ok() {
        // SAFETY: sends a signal to the process itself.
        unsafe { libc::kill(libc::getpid(), libc::SIGINT) };
    }
}

/// Ends a child of a fork whose program is over.
fn end_child(status: i32) -> ! {
    if status == INTERRUPTED {
        die_of_interrupt();
    }
    // The low byte is all that a parent sees of a status.
    std::process::exit(status & 0xff)
}

/// Runs the program, and the prompt if that is to follow; the exit status. What nobody caught is printed.
pub fn run(th: &mut Thread, program: &Program) -> i32 {
    if greet(th, program).is_err() {
        return interactive::status(th, false);
    }
    let result = match program {
        Program::File(path) => run_file(th, path),
        Program::Command(text) => run_command(th, text).map(|()| 0),
        Program::Module(name) => run_module(th, name, true).map(|()| 0),
        Program::Stdin => run_stdin(th).map(|()| 0),
        Program::Nothing => return 0,
    };
    let inspect = required(th).is_ok_and(|state| state.config.inspect) && !matches!(program, Program::Stdin);
    let status = match result {
        Ok(status) => status,
        Err(_) => interactive::status(th, inspect),
    };
    // The program may have set the variable.
    let asked = |th: &mut Thread| {
        required(th).is_ok_and(|state| state.config.use_environment)
            && std::env::var_os("PYTHONINSPECT").is_some_and(|value| !value.is_empty())
    };
    if matches!(program, Program::Stdin) || !(inspect || asked(th)) {
        return status;
    }
    match inspect_after(th) {
        Ok(true) => 0,
        Ok(false) => status,
        Err(_) => interactive::status(th, false),
    }
}

fn greet(th: &mut Thread, program: &Program) -> PyResult<()> {
    let config = &required(th)?.config;
    let (quiet, verbose) = (config.quiet, config.verbose > 0);
    let typed = matches!(program, Program::Stdin) && interactive::is_interactive(th)?;
    if !quiet && (verbose || typed) && !matches!(program, Program::Nothing) {
        interactive::greet(th)?;
    }
    Ok(())
}

/// The prompt after the program (`-i`); false if there is nobody to type.
fn inspect_after(th: &mut Thread) -> PyResult<bool> {
    if !interactive::is_interactive(th)? {
        return Ok(false);
    }
    interactive::run_hook(th)?;
    interactive::run(th, true)?;
    Ok(true)
}

/// Puts the program's folder before `sys.path`.
fn prepend_path(th: &mut Thread, folder: &OsStr) -> PyResult<()> {
    if required(th)?.config.safe_path {
        return Ok(());
    }
    let entry = path_value(th, folder)?;
    // The first program's is the one that counts.
    let _ = required(th)?.program_folder.set(folder.to_string_lossy().into_owned());
    let Some(path) = find_sys_attribute(th, "path")? else { return Ok(()) };
    match th.downcast::<List>(&path) {
        Some(list) => list.clone().insert(th, 0, entry).map_err(|_| th.memory_error()),
        None => Ok(()),
    }
}

/// Runs code in `__main__`.
pub(super) fn run_in_main(th: &mut Thread, code: &Obj<Code>) -> PyResult<()> {
    let main = import(th, "__main__")?;
    let Some(dict) = module::dict_of(th, &main).cloned() else {
        return Err(th.system_error("__main__ is not a module"));
    };
    crate::interpreter::run_code(th, code, &dict, None, None).map(drop)
}

/// Runs the program's code; what only start-up needed is given up first.
fn run_program_code(th: &mut Thread, code: &Obj<Code>) -> PyResult<()> {
    pages::release();
    run_in_main(th, code)
}

/// Runs a script; a folder or archive runs its `__main__`.
fn run_file(th: &mut Thread, path: &OsStr) -> PyResult<i32> {
    if !required(th)?.config.bare && has_main_module(th, Path::new(path))? {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
        prepend_path(th, absolute.as_os_str())?;
        return run_module(th, "__main__", false).map(|()| 0);
    }
    if path.is_empty() {
        // As if the current folder had been named.
        return run_file(th, std::env::current_dir().unwrap_or_else(|_| "/".into()).as_os_str());
    }
    let mut content = match std::fs::read(path) {
        Ok(content) => content,
        Err(error) => {
            let program = required(th)?.config.program.to_string_lossy().into_owned();
            let shown = std::path::absolute(path).unwrap_or_else(|_| path.into());
            let errno = error.raw_os_error().unwrap_or(0);
            let text = crate::exceptions::strerror(errno);
            let shown = path_value(th, shown.as_os_str())?;
            let shown = th.repr(&shown)?;
            let shown = shown.units().to_str_lossy();
            eprintln!("{program}: can't open file {shown}: [Errno {errno}] {text}");
            return Ok(USAGE);
        }
    };
    if required(th)?.config.skip_first_line {
        // The line's end stays, so that lines keep their numbers.
        content.drain(..content.iter().position(|byte| *byte == b'\n').unwrap_or(content.len()));
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    prepend_path(th, script_folder(&absolute).as_os_str())?;
    let shown = path_value(th, absolute.as_os_str())?;
    set_main(th, "__file__", shown.clone())?;
    let filename = absolute.to_string_lossy().into_owned();
    if absolute.extension() == Some(OsStr::new("pyc")) {
        let code = crate::import::marshal::code_of_pyc(th, &content)?;
        return run_program_code(th, &code).map(|()| 0);
    }
    if !required(th)?.config.bare {
        let name = th.str("__main__");
        let loader = call_module(th, "_frozen_importlib_external", "SourceFileLoader", &[name, shown])?;
        set_main(th, "__loader__", loader)?;
    }
    run_script(th, &content, &filename).map(|()| 0)
}

/// Compiles and runs the content of a file, in `__main__`.
pub(super) fn run_script(th: &mut Thread, content: &[u8], filename: &str) -> PyResult<()> {
    if let Some(error) = refused_bytes(content) {
        return Err(crate::exceptions::syntax_error(th, &error, filename));
    }
    if let Err(error) = compiler::decode(content, filename)
        && error.line == 0
        && decode_bytes(th, content, filename).is_err()
    {
        th.clear_exception();
        // The file is no part of what is wrong with an encoding.
        return Err(th.syntax_error_text(&error.message));
    }
    let code = compile(th, content, filename)?;
    run_program_code(th, &code)
}

/// Compiles a program, with its warnings.
fn compile(th: &mut Thread, content: &[u8], filename: &str) -> PyResult<Obj<Code>> {
    let source = decode_bytes(th, content, filename)?;
    let optimize = crate::import::state().map_or(0, |state| state.config.optimize);
    compile_source(th, &source, &Request { filename, mode: "exec", flags: 0, optimize, minor_version: None })
}

/// The error of a script with null bytes: unlike that of other texts, it knows the line.
fn refused_bytes(content: &[u8]) -> Option<SyntaxError> {
    let null = content.iter().position(|byte| *byte == 0)?;
    let before = &content[..null];
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u32;
    let error = SyntaxError::without_position(Kind::Syntax, "source code cannot contain null bytes");
    let text = Some(String::from_utf8_lossy(&before[start..]).into_owned());
    Some(SyntaxError { line, end_line: line, text, ..error })
}

/// The folder of a script, links followed.
fn script_folder(script: &Path) -> PathBuf {
    let real = match std::fs::read_link(script) {
        Ok(_) => std::fs::canonicalize(script).unwrap_or_else(|_| script.to_path_buf()),
        Err(_) => script.to_path_buf(),
    };
    real.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// True if `path` is a folder or an archive that can be put on `sys.path`.
fn has_main_module(th: &mut Thread, path: &Path) -> PyResult<bool> {
    if path.is_dir() {
        return Ok(true);
    }
    if !starts_like_archive(path) {
        return Ok(false);
    }
    let path = path_value(th, path.as_os_str())?;
    let external = import(th, "_frozen_importlib_external")?;
    let finder = th.get_attr_str(&external, "PathFinder")?;
    let importer = th.call_method(&finder, "_path_importer_cache", &[path])?;
    Ok(!importer.is_none())
}

/// Archives end with a directory; scripts that do are rare enough that only those are tried.
fn starts_like_archive(path: &Path) -> bool {
    let Ok(content) = std::fs::read(path) else { return false };
    let tail = content.len().saturating_sub(66_000);
    content[tail..].windows(4).any(|w| w == b"PK\x05\x06")
}

/// `-c`: the text may be indented as a whole.
fn run_command(th: &mut Thread, text: &str) -> PyResult<()> {
    prepend_path(th, OsStr::new(""))?;
    let text = dedent(text);
    let code = compile(th, text.as_bytes(), "<string>")?;
    if !required(th)?.config.bare {
        // Tracebacks show the program's lines.
        let arguments = [code.clone().into_value(), th.str(&text), th.str("<string>")];
        call_module(th, "linecache", "_register_code", &arguments)?;
    }
    run_program_code(th, &code)
}

/// Without the blanks that all lines begin with (lines of blanks do not count).
fn dedent(text: &str) -> String {
    let blank = |line: &&str| line.trim_matches([' ', '\t', '\r', '\n', '\x0c']).is_empty();
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut lines = text.lines().filter(|l| !blank(l));
    let Some(first) = lines.next() else { return text.to_owned() };
    let mut common = &first[..indent(first)];
    for line in lines {
        let same = common.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
        common = &common[..same];
    }
    if common.is_empty() {
        return text.to_owned();
    }
    let cut =
        |line: &str| line.strip_prefix(common).map_or_else(|| line.trim_start().to_owned(), str::to_owned);
    text.split_inclusive('\n').map(|line| if blank(&line) { "\n".to_owned() } else { cut(line) }).collect()
}

/// `-m`
fn run_module(th: &mut Thread, name: &str, alter_argv: bool) -> PyResult<()> {
    if alter_argv {
        let here = std::env::current_dir().unwrap_or_default();
        prepend_path(th, here.as_os_str())?;
    }
    let name = th.str(name);
    call_module(th, "runpy", "_run_module_as_main", &[name, Value::bool(alter_argv)]).map(drop)
}

/// Reads a program from standard input; from a terminal, interactively.
fn run_stdin(th: &mut Thread) -> PyResult<()> {
    prepend_path(th, OsStr::new(""))?;
    if interactive::is_interactive(th)? {
        interactive::run_startup(th)?;
        interactive::run_hook(th)?;
        return interactive::run(th, false);
    }
    let mut content = Vec::new();
    let read = th.detached(|| std::io::stdin().read_to_end(&mut content));
    if let Err(error) = read {
        return Err(th.io_error(&error, None));
    }
    run_script(th, &content, "<stdin>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_dedented() {
        assert_eq!(dedent("\n  a\n    b\n\n  c"), "\na\n  b\n\nc");
        assert_eq!(dedent("a\n  b\n"), "a\n  b\n");
        assert_eq!(dedent("  \n"), "  \n");
    }

    #[test]
    fn folders_of_scripts() {
        assert_eq!(script_folder(Path::new("/a/b.py")), Path::new("/a"));
    }
}
