//! Text in and out.

use std::io::BufRead;

use crate::import::state::find_sys_attribute;
use crate::import::{import, sys_attribute};
use crate::prelude::*;

/// Prints the values to a stream, or to sys.stdout by default.
///
///   sep
///     string inserted between values, default a space.
///   end
///     string appended after the last value, default a newline.
///   file
///     a file-like object (stream); defaults to the current sys.stdout.
///   flush
///     whether to forcibly flush the stream.
#[pyfunction(signature = "(*args, sep=' ', end='\\n', file=None, flush=False)")]
pub fn print(
    th: &mut Thread,
    args: &[Value],
    sep: Option<&Value>,
    end: Option<&Value>,
    file: Option<&Value>,
    flush: Option<&Value>,
) -> PyResult<()> {
    let file = match file.filter(|f| !f.is_none()) {
        Some(file) => file.clone(),
        None => sys_attribute(th, "stdout")?,
    };
    // There may be no standard output.
    if file.is_none() {
        return Ok(());
    }
    let sep = separator(th, sep, "sep")?;
    let end = separator(th, end, "end")?;
    let write = th.intern("write");
    let write = th.get_attr(&file, &write)?;
    for (i, value) in args.iter().enumerate() {
        if i > 0 {
            let between = match &sep {
                Some(sep) => sep.clone(),
                None => th.intern(" ").into_value(),
            };
            th.call(&write, &[between])?;
        }
        let text = th.str_of(value)?;
        th.call(&write, &[text.into_value()])?;
    }
    let last = match end {
        Some(end) => end,
        None => th.intern("\n").into_value(),
    };
    th.call(&write, &[last])?;
    if let Some(flush) = flush
        && th.is_true(flush)?
    {
        th.call_method(&file, "flush", &[])?;
    }
    Ok(())
}

fn separator(th: &mut Thread, given: Option<&Value>, name: &str) -> PyResult<Option<Value>> {
    match given.filter(|v| !v.is_none()) {
        None => Ok(None),
        Some(value) if th.as_str(value).is_some() => Ok(Some(value.clone())),
        Some(value) => {
            let found = th.type_name(value);
            Err(th.type_error(format_args!("{name} must be None or a string, not {found}")))
        }
    }
}

/// A stream that `input` needs.
fn stream(th: &mut Thread, name: &str) -> PyResult {
    match find_sys_attribute(th, name)?.filter(|s| !s.is_none()) {
        Some(stream) => Ok(stream),
        None => Err(th.runtime_error(format_args!("input(): lost sys.{name}"))),
    }
}

/// True if the stream is the process's own, on a terminal.
fn is_terminal(th: &mut Thread, stream: &Value, fd: i64) -> PyResult<bool> {
    let number = th.call_method(stream, "fileno", &[]);
    let Some(number) = th.catch(number, Exc::Exception)? else { return Ok(false) };
    if number.as_small_int() != Some(fd) {
        return Ok(false);
    }
    // SAFETY: asks about a number.
    Ok(unsafe { libc::isatty(fd as i32) } == 1)
}

/// Read a string from standard input.  The trailing newline is stripped.
///
/// The prompt string, if given, is printed to standard output without a
/// trailing newline before reading input.
///
/// If the user hits EOF (*nix: Ctrl-D, Windows: Ctrl-Z+Return), raise EOFError.
/// On *nix systems, readline is used if available.
#[pyfunction(signature = "(prompt='', /)")]
pub fn input(th: &mut Thread, prompt: Option<&Value>) -> PyResult {
    let (stdin, stdout, stderr) = (stream(th, "stdin")?, stream(th, "stdout")?, stream(th, "stderr")?);
    let flushed = th.call_method(&stderr, "flush", &[]);
    th.catch(flushed, Exc::Exception)?;
    if let Some(prompt) = prompt {
        let text = th.str_of(prompt)?;
        th.call_method(&stdout, "write", &[text.into_value()])?;
    }
    let flushed = th.call_method(&stdout, "flush", &[]);
    th.catch(flushed, Exc::Exception)?;
    if is_terminal(th, &stdin, 0)? && is_terminal(th, &stdout, 1)? {
        return read_terminal(th);
    }
    let line = th.call_method(&stdin, "readline", &[])?;
    let Some(text) = th.as_str(&line).cloned() else {
        return Err(th.type_error("object.readline() returned non-string"));
    };
    if text.len() == 0 {
        return Err(th.eof_error("EOF when reading a line"));
    }
    let units = text.units();
    if units.get(units.len() - 1) != u32::from('\n') {
        return Ok(line);
    }
    let rest = units.slice(0..units.len() - 1).to_owned();
    th.units(rest.units())
}

/// Reads a line from the terminal; Ctrl-C raises what its handler raises.
fn read_terminal(th: &mut Thread) -> PyResult {
    let mut line = Vec::new();
    loop {
        let read = th.detached(|| std::io::stdin().lock().read_until(b'\n', &mut line));
        crate::thread::signals::check(th)?;
        match read {
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(th.io_error(&error, None)),
        }
    }
    if line.is_empty() {
        return Err(th.eof_error("EOF when reading a line"));
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    let bytes = th.bytes(&line)?;
    let arguments = [th.str("utf-8"), th.str("surrogateescape")];
    th.call_method(&bytes, "decode", &arguments)
}

/// Return the canonical string representation of the object.
///
/// For many object types, including most builtins, eval() will return
/// a new instance of that object with the same value.
#[pyfunction(signature = "(obj, /)")]
pub fn repr(th: &mut Thread, obj: &Value) -> PyResult {
    th.repr(obj).map(Obj::into_value)
}

/// Return an ASCII-only representation of an object.
///
/// As repr(), return a string containing a printable representation of an
/// object, but escape the non-ASCII characters in the string returned by
/// repr() using \\x, \\u or \\U escapes.
#[pyfunction(signature = "(obj, /)")]
pub fn ascii(th: &mut Thread, obj: &Value) -> PyResult {
    th.ascii(obj).map(Obj::into_value)
}

/// Return type(value).__format__(value, format_spec)
///
/// Many built-in types implement format_spec according to the
/// Format Specification Mini-language. See help('FORMATTING')
/// for details.
#[pyfunction(signature = "(value, format_spec='', /)")]
pub fn format(th: &mut Thread, value: &Value, format_spec: Option<&Value>) -> PyResult {
    let spec = match format_spec {
        None => th.intern(""),
        Some(spec) => match th.as_str(spec) {
            Some(spec) => spec.clone(),
            None => {
                let found = th.type_name(spec);
                return Err(th.type_error(format_args!("format() argument 2 must be str, not {found}")));
            }
        },
    };
    th.format(value, &spec).map(Obj::into_value)
}

/// Call sys.breakpointhook(*args, **kws).
///
/// sys.breakpointhook() must accept whatever arguments are passed.
///
/// By default, this drops you into the pdb debugger.
#[pyfunction(raw)]
pub fn breakpoint(th: &mut Thread, args: Args<'_>) -> PyResult {
    let hook = match find_sys_attribute(th, "breakpointhook")? {
        Some(hook) => hook,
        None => return Err(th.runtime_error("lost sys.breakpointhook")),
    };
    th.call_args(&hook, args)
}

/// What `sys.breakpointhook` does unless it is replaced: what `PYTHONBREAKPOINT` names, else `pdb.set_trace`.
pub fn default_breakpoint(th: &mut Thread, args: Args<'_>) -> PyResult {
    let ignored = crate::import::state().is_none_or(|s| !s.config.use_environment);
    let variable =
        if ignored { None } else { std::env::var("PYTHONBREAKPOINT").ok().filter(|v| !v.is_empty()) };
    let name = variable.unwrap_or_else(|| "pdb.set_trace".to_owned());
    if name == "0" {
        return Ok(Value::NONE);
    }
    let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", &name));
    let found = import(th, module).and_then(|module| th.get_attr_str(&module, attribute));
    let found = match th.catch(found, Exc::ImportError) {
        Err(raised) if th.exception_is(Exc::AttributeError) => {
            let _ = raised;
            th.clear_exception();
            None
        }
        other => other?,
    };
    match found {
        Some(hook) => th.call_args(&hook, args),
        None => {
            let message = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\"");
            crate::import::warn(th, Exc::RuntimeWarning, &message, 1)?;
            Ok(Value::NONE)
        }
    }
}

/// What `sys.displayhook` does unless it is replaced: prints the value and keeps it as `_`.
pub fn display(th: &mut Thread, value: &Value) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    let builtins = import(th, "builtins")?;
    let underscore = th.intern("_");
    th.set_attr(&builtins, &underscore, &Value::NONE)?;
    let Some(stdout) = find_sys_attribute(th, "stdout")?.filter(|s| !s.is_none()) else {
        return Err(th.runtime_error("lost sys.stdout"));
    };
    let text = th.repr(value)?;
    let written = th.call_method(&stdout, "write", &[text.clone().into_value()]);
    if th.catch(written, Exc::UnicodeEncodeError)?.is_none() {
        // What the stream's encoding lacks is escaped.
        let encoding = th.get_attr_str(&stdout, "encoding")?;
        let arguments = [encoding.clone(), th.str("backslashreplace")];
        let bytes = th.call_method(text.as_value(), "encode", &arguments)?;
        match th.lookup_attr(&stdout, "buffer")? {
            Some(buffer) => th.call_method(&buffer, "write", &[bytes])?,
            None => {
                let arguments = [encoding, th.str("strict")];
                let escaped = th.call_method(&bytes, "decode", &arguments)?;
                th.call_method(&stdout, "write", &[escaped])?
            }
        };
    }
    let newline = th.intern("\n").into_value();
    th.call_method(&stdout, "write", &[newline])?;
    th.set_attr(&builtins, &underscore, value)
}
