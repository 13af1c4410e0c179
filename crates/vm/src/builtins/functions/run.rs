//! Compiling and running source text, and `__import__`.

use std::sync::Arc;

use compiler::bytecode::code::flags as code_flags;
use compiler::syntax_error::Kind;
use compiler::{Mode, Options, Source, SyntaxError};

use super::text_of;
use crate::builtins::code::Code;
use crate::builtins::warn;
use crate::frame;
use crate::names::{Special, names};
use crate::prelude::*;

/// Flags of `compile`, with CPython's values.
pub mod flag {
    /// Text that ends within a block is not complete.
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    /// The answer is a syntax tree.
    pub const ONLY_AST: u32 = 0x400;
    /// Type comments are kept.
    pub const TYPE_COMMENTS: u32 = 0x1000;
    /// `await` is allowed everywhere.
    pub const TOP_LEVEL_AWAIT: u32 = 0x2000;
    /// What more lines could complete raises `_IncompleteInputError`.
    pub const ALLOW_INCOMPLETE: u32 = 0x4000;
    /// The syntax tree is optimised.
    pub const OPTIMIZED_AST: u32 = 0x8000;
    /// `from __future__ import annotations`
    pub const ANNOTATIONS: u32 = compiler::bytecode::code::flags::FUTURE_ANNOTATIONS;
    /// The source is UTF-8 whatever its first lines say.
    const SOURCE_IS_UTF8: u32 = 0x100;
    /// All that `compile` takes: those above, and the `__future__` features.
    pub const ALL: u32 = 0xff_0000
        | ANNOTATIONS
        | DONT_IMPLY_DEDENT
        | ONLY_AST
        | TYPE_COMMENTS
        | TOP_LEVEL_AWAIT
        | ALLOW_INCOMPLETE
        | OPTIMIZED_AST
        | SOURCE_IS_UTF8
        | 0x10;
}

/// What is compiled from what, as `compile` is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `co_filename`
    pub filename: &'a str,
    /// `exec`, `eval`, `single` or `func_type`.
    pub mode: &'a str,
    /// Bits of [`flag`].
    pub flags: u32,
    /// 0, 1 or 2.
    pub optimize: u8,
    /// Syntax that a later minor version of Python 3 brought is refused in trees.
    pub minor_version: Option<u32>,
}

/// Syntax trees as Python objects: what the module `_ast` adds to `compile`.
pub struct TreeSupport {
    /// True if the value is a syntax tree.
    pub is_tree: fn(&mut Thread, &Value) -> PyResult<bool>,
    /// The tree of a program.
    pub parse: fn(&mut Thread, &Source, &Request<'_>) -> PyResult,
    /// The same tree, checked and with what was asked for.
    pub copy: fn(&mut Thread, &Value, &Request<'_>) -> PyResult,
    /// The code object of a tree.
    pub compile: fn(&mut Thread, &Value, &Request<'_>) -> PyResult,
}

/// Set by the module `_ast`.
pub static TREES: OnceLock<&'static TreeSupport> = OnceLock::new();

fn trees(th: &mut Thread) -> PyResult<Option<&'static TreeSupport>> {
    if TREES.get().is_none() && crate::import::native_modules::exists(th, "_ast")? {
        crate::import::import(th, "_ast")?;
    }
    Ok(TREES.get().copied())
}

fn compile_mode(mode: &str) -> Option<Mode> {
    match mode {
        "exec" => Some(Mode::Exec),
        "eval" => Some(Mode::Eval),
        "single" => Some(Mode::Single),
        _ => None,
    }
}

/// The bytes of a program given as text or as bytes, and whether they are bytes that may name their encoding.
fn program(th: &mut Thread, source: &Value, function: &str, expected: &str) -> PyResult<(Vec<u8>, bool)> {
    if let Some(text) = th.as_str(source).cloned() {
        if let Ok(text) = text.units().to_str() {
            return Ok((text.into_owned().into_bytes(), false));
        }
        // Encoding raises what lone surrogates raise.
        let encoding = th.str("utf-8");
        let bytes = th.call_method(source, "encode", &[encoding])?;
        return Ok((crate::protocol::conversion::bytes_of(th, &bytes)?.unwrap_or_default(), false));
    }
    match crate::protocol::conversion::bytes_of(th, source)? {
        Some(bytes) => Ok((bytes, true)),
        None => {
            let _ = th.type_name(source);
            Err(th.type_error(format_args!("{function}() arg 1 must be a {expected}")))
        }
    }
}

fn decode(
    th: &mut Thread,
    source: &Value,
    filename: &str,
    function: &str,
    expected: &str,
) -> PyResult<Source> {
    let (bytes, may_name_encoding) = program(th, source, function, expected)?;
    if bytes.contains(&0) {
        return Err(th.syntax_error_text("source code string cannot contain null bytes"));
    }
    if may_name_encoding {
        return decode_bytes(th, &bytes, filename);
    }
    // The bytes of a `str`: valid UTF-8.
    Ok(Source::new(String::from_utf8_lossy(&bytes), filename))
}

/// The text of a program in bytes, by the encoding that it declares; the codecs know those that the compiler does not.
pub fn decode_bytes(th: &mut Thread, bytes: &[u8], filename: &str) -> PyResult<Source> {
    let error = match compiler::decode(bytes, filename) {
        Ok(source) => return Ok(source),
        Err(error) => error,
    };
    if error.message.starts_with("unknown encoding")
        && let Some(encoding) = compiler::parse::declared_encoding(bytes)
    {
        let (content, encoding) = (th.bytes(bytes)?, th.str(encoding));
        let text = th.call_method(&content, "decode", &[encoding]);
        match text {
            Ok(text) => {
                if let Some(text) = th.as_str(&text) {
                    return Ok(Source::new(text.units().to_str_lossy(), filename));
                }
            }
            Err(raised) if !th.exception_is(Exc::Exception) => return Err(raised),
            Err(_) => th.clear_exception(),
        }
    }
    Err(crate::exceptions::syntax_error(th, &error, filename))
}

/// Compiles a program to a code object.
pub fn compile_source(th: &mut Thread, source: &Source, request: &Request<'_>) -> PyResult<Obj<Code>> {
    let Some(mode) = compile_mode(request.mode) else {
        return Err(th.value_error("compile() mode must be 'exec', 'eval' or 'single'"));
    };
    let options = Options {
        filename: request.filename,
        mode,
        optimize: request.optimize,
        future_annotations: request.flags & flag::ANNOTATIONS != 0,
    };
    if request.flags & flag::DONT_IMPLY_DEDENT != 0 && compiler::parse::ends_in_block(source) {
        let error = SyntaxError::without_position(Kind::Incomplete, "incomplete input");
        return Err(refuse(th, error, request));
    }
    let mut warnings = Vec::new();
    match compiler::compile_and_warn(source, &options, &mut warnings) {
        Ok(unit) => {
            for warning in warnings {
                warn_of_syntax(th, warning, request)?;
            }
            Code::new(th, &Arc::new(unit))
        }
        Err(error) => {
            let whole = error.kind == Kind::Incomplete && request.flags & flag::ALLOW_INCOMPLETE == 0;
            // No line will follow: what is missing is an error like any other.
            let error = if whole {
                compiler::compile(source, &Options { mode: Mode::Exec, ..options }).err().unwrap_or(error)
            } else {
                error
            };
            Err(refuse(th, error, request))
        }
    }
}

/// Issues a SyntaxWarning; where a filter makes it an exception, that is a SyntaxError.
fn warn_of_syntax(th: &mut Thread, warning: compiler::Warning, request: &Request<'_>) -> PyResult<()> {
    let (text, filename) = (th.str(&warning.text), th.str(request.filename));
    let module = request.filename.strip_suffix(".py").unwrap_or(request.filename);
    let module = th.str(if module.is_empty() { "<unknown>" } else { module });
    let category = Exc::SyntaxWarning.class().value();
    let place = warn::Place {
        filename,
        line: warning.error.line.into(),
        module,
        registry: Value::NONE,
        source: Value::NONE,
    };
    match warn::warn_explicit(th, &text, &category, &place) {
        Err(_) if th.exception_is(Exc::SyntaxWarning) => {
            th.clear_exception();
            Err(refuse(th, warning.error, request))
        }
        result => result,
    }
}

#[cold]
fn refuse(th: &mut Thread, mut error: SyntaxError, request: &Request<'_>) -> crate::error::Raised {
    if request.flags & flag::ALLOW_INCOMPLETE != 0 {
        if error.completable {
            error = error.incomplete();
        }
    } else if error.kind == Kind::Incomplete {
        error.kind = Kind::Syntax;
    }
    crate::exceptions::syntax_error(th, &error, request.filename)
}

/// A file name given as text, bytes or a path object.
fn file_name(th: &mut Thread, filename: &Value) -> PyResult<String> {
    let mut filename = filename.clone();
    if th.as_str(&filename).is_none() && th.downcast::<Bytes>(&filename).is_none() {
        if let Some(bytes) = crate::protocol::conversion::bytes_of(th, &filename)? {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let found = th.type_name(&filename);
        match th.lookup_attr(&filename, "__fspath__")? {
            Some(method) => filename = th.call(&method, &[])?,
            None => {
                return Err(
                    th.type_error(format_args!("expected str, bytes or os.PathLike object, not {found}"))
                );
            }
        }
    }
    if let Some(text) = th.as_str(&filename) {
        return Ok(text_of(text));
    }
    match th.downcast::<Bytes>(&filename) {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes.as_slice()).into_owned()),
        None => {
            let found = th.type_name(&filename);
            Err(th.type_error(format_args!("expected __fspath__() to return str or bytes, not {found}")))
        }
    }
}

/// The compiler flags of the running code.
fn inherited(th: &Thread) -> u32 {
    frame::current(th).map_or(0, |f| f.code().payload.unit.flags & code_flags::FUTURE_ANNOTATIONS)
}

/// The optimisation level of the runtime.
fn default_optimize() -> u8 {
    crate::import::state().map_or(0, |s| s.config.optimize)
}

/// Compile source into a code object that can be executed by exec() or eval().
///
/// The source code may represent a Python module, statement or expression.
/// The filename will be used for run-time error messages.
/// The mode must be 'exec' to compile a module, 'single' to compile a
/// single (interactive) statement, or 'eval' to compile an expression.
/// The flags argument, if present, controls which future statements influence
/// the compilation of the code.
/// The dont_inherit argument, if true, stops the compilation inheriting
/// the effects of any future statements in effect in the code calling
/// compile; if absent or false these statements do influence the compilation,
/// in addition to any features explicitly specified.
#[pyfunction(
    signature = "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
)]
pub fn compile(
    th: &mut Thread,
    source: &Value,
    filename: &Value,
    mode: String,
    flags: Option<i32>,
    dont_inherit: Option<bool>,
    optimize: Option<i32>,
    _feature_version: Option<i32>,
) -> PyResult {
    let mut flags = flags.unwrap_or(0) as u32;
    if flags & !flag::ALL != 0 {
        return Err(th.value_error("compile(): unrecognised flags"));
    }
    let optimize = match optimize.unwrap_or(-1) {
        -1 => default_optimize(),
        level @ 0..=2 => level as u8,
        _ => return Err(th.value_error("compile(): invalid optimize value")),
    };
    if !dont_inherit.unwrap_or(false) {
        flags |= inherited(th);
    }
    if compile_mode(&mode).is_none() {
        if mode != "func_type" {
            let names = if flags & flag::ONLY_AST != 0 {
                "compile() mode must be 'exec', 'eval', 'single' or 'func_type'"
            } else {
                "compile() mode must be 'exec', 'eval' or 'single'"
            };
            return Err(th.value_error(names));
        }
        if flags & flag::ONLY_AST == 0 {
            return Err(th.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST"));
        }
    }
    let filename = file_name(th, filename)?;
    let minor_version = _feature_version.and_then(|version| u32::try_from(version).ok());
    let request = Request { filename: &filename, mode: &mode, flags, optimize, minor_version };
    let is_text = th.as_str(source).is_some() || th.downcast::<Bytes>(source).is_some();
    if !is_text
        && let Some(trees) = trees(th)?
        && (trees.is_tree)(th, source)?
    {
        if flags & flag::ONLY_AST != 0 {
            return (trees.copy)(th, source, &request);
        }
        return (trees.compile)(th, source, &request);
    }
    let source = decode(th, source, &filename, "compile", "string, bytes or AST object")?;
    if flags & flag::ONLY_AST != 0 {
        return match trees(th)? {
            Some(trees) => (trees.parse)(th, &source, &request),
            None => Err(th.import_error("syntax trees need the module _ast")),
        };
    }
    compile_source(th, &source, &request).map(Obj::into_value)
}

/// The namespaces to run in: those given, else those of the caller.
fn namespaces(
    th: &mut Thread,
    globals: Option<&Value>,
    locals: Option<&Value>,
    function: &str,
) -> PyResult<(Obj<Dict>, Value)> {
    let globals = globals.filter(|g| !g.is_none());
    let locals = locals.filter(|l| !l.is_none());
    if let Some(locals) = locals
        && !th.has_special(locals, Special::GetItem)
    {
        return Err(match function {
            "eval" => th.type_error("locals must be a mapping"),
            _ => {
                let found = th.type_name(locals);
                th.type_error(format_args!("locals must be a mapping or None, not {found}"))
            }
        });
    }
    let (globals, locals) = match globals {
        Some(globals) => {
            let Some(dict) = th.downcast::<Dict>(globals).cloned() else {
                let is_mapping = th.has_special(globals, Special::GetItem);
                let found = th.type_name(globals);
                return Err(match function {
                    "eval" if is_mapping => {
                        th.type_error("globals must be a real dict; try eval(code, {}, mapping)")
                    }
                    "eval" => th.type_error("globals must be a dict"),
                    _ => th.type_error(format_args!("exec() globals must be a dict, not {found}")),
                });
            };
            let locals = locals.unwrap_or(globals).clone();
            (dict, locals)
        }
        None => {
            let Some(dict) = frame::current_globals(th) else {
                return Err(th.system_error("globals and locals cannot be NULL"));
            };
            let locals = match locals {
                Some(locals) => locals.clone(),
                None => frame::object::current_locals(th)?,
            };
            (dict, locals)
        }
    };
    let name = &names().builtins;
    if globals.get_str(th, name).is_none() {
        let builtins = match frame::current(th).and_then(|f| f.function()) {
            Some(function) => function.payload.builtins.clone().into_value(),
            None => crate::import::state::required(th)?.builtins.clone(),
        };
        globals.set_str(th, name, builtins).map_err(|_| th.memory_error())?;
    }
    Ok((globals, locals))
}

/// Compiles text, at the level and with the future features of the caller.
fn compile_text(th: &mut Thread, source: &Value, mode: &str, function: &str) -> PyResult<Obj<Code>> {
    let flags = inherited(th);
    let source = decode(th, source, "<string>", function, "string, bytes or code object")?;
    let source = if mode == "eval" {
        // Blanks before an expression are no indentation.
        Source::new(source.text().trim_start_matches([' ', '\t']), "<string>")
    } else {
        source
    };
    let optimize = default_optimize();
    let request = Request { filename: "<string>", mode, flags, optimize, minor_version: None };
    compile_source(th, &source, &request)
}

/// Evaluate the given source in the context of globals and locals.
///
/// The source may be a string representing a Python expression
/// or a code object as returned by compile().
/// The globals must be a dictionary and locals can be any mapping,
/// defaulting to the current globals and locals.
/// If only globals is given, locals defaults to it.
#[pyfunction(signature = "(source, /, globals=None, locals=None)")]
pub fn eval(th: &mut Thread, source: &Value, globals: Option<&Value>, locals: Option<&Value>) -> PyResult {
    let (globals, locals) = namespaces(th, globals, locals, "eval")?;
    let code = match super::class::as_code(th, source) {
        Some(code) if code.unit.free.is_empty() => code.clone(),
        Some(_) => return Err(th.type_error("code object passed to eval() may not contain free variables")),
        None => compile_text(th, source, "eval", "eval")?,
    };
    crate::interpreter::run_code(th, &code, &globals, Some(&locals), None)
}

/// Execute the given source in the context of globals and locals.
///
/// The source may be a string representing one or more Python statements
/// or a code object as returned by compile().
/// The globals must be a dictionary and locals can be any mapping,
/// defaulting to the current globals and locals.
/// If only globals is given, locals defaults to it.
/// The closure must be a tuple of cellvars, and can only be used
/// when source is a code object requiring exactly that many cellvars.
#[pyfunction(signature = "(source, /, globals=None, locals=None, *, closure=None)")]
pub fn exec(
    th: &mut Thread,
    source: &Value,
    globals: Option<&Value>,
    locals: Option<&Value>,
    closure: Option<&Value>,
) -> PyResult<()> {
    let (globals, locals) = namespaces(th, globals, locals, "exec")?;
    let closure = closure.filter(|c| !c.is_none());
    let Some(code) = super::class::as_code(th, source).cloned() else {
        if closure.is_some() {
            return Err(th.type_error("closure can only be used when source is a code object"));
        }
        let code = compile_text(th, source, "exec", "exec")?;
        return crate::interpreter::run_code(th, &code, &globals, Some(&locals), None).map(drop);
    };
    let wanted = code.unit.free.len();
    let closure = match closure {
        None if wanted == 0 => None,
        None => {
            return Err(
                th.type_error(format_args!("code object requires a closure of exactly length {wanted}"))
            );
        }
        Some(_) if wanted == 0 => {
            return Err(th.type_error("cannot use a closure with this code object"));
        }
        Some(closure) => {
            let cells = th.exact::<Tuple>(closure).cloned();
            let fits = cells.filter(|cells| {
                let all_cells =
                    cells.items().iter().all(|c| th.exact::<crate::builtins::cell::Cell>(c).is_some());
                cells.len() == wanted && all_cells
            });
            match fits {
                Some(cells) => Some(cells),
                None => {
                    return Err(th.type_error(format_args!(
                        "code object requires a closure of exactly length {wanted}"
                    )));
                }
            }
        }
    };
    crate::interpreter::run_code(th, &code, &globals, Some(&locals), closure).map(drop)
}

/// Import a module.
///
/// Because this function is meant for use by the Python
/// interpreter and not for general use, it is better to use
/// importlib.import_module() to programmatically import a module.
///
/// The globals argument is only used to determine the context;
/// they are not modified.  The locals argument is unused.  The fromlist
/// should be a list of names to emulate ``from name import ...``, or an
/// empty list to emulate ``import name``.
/// When importing a module from a package, note that __import__('A.B', ...)
/// returns package A when fromlist is empty, but its submodule B when
/// fromlist is not empty.  The level argument is used to determine whether to
/// perform absolute or relative imports: 0 is absolute, while a positive number
/// is the number of parent directories to search relative to the current module.
#[pyfunction(signature = "(name, globals=None, locals=None, fromlist=(), level=0)")]
pub fn __import__(
    th: &mut Thread,
    name: &Value,
    globals: Option<&Value>,
    locals: Option<&Value>,
    fromlist: Option<&Value>,
    level: Option<i64>,
) -> PyResult {
    let _ = locals;
    let Some(name) = th.as_str(name) else { return Err(th.type_error("module name must be a string")) };
    let name = th.intern_obj(name);
    let level = level.unwrap_or(0);
    let globals = match globals.filter(|g| !g.is_none()) {
        Some(globals) => match th.downcast::<Dict>(globals) {
            Some(dict) => Some(dict.clone()),
            None if level > 0 => return Err(th.type_error("globals must be a dict")),
            None => None,
        },
        None => None,
    };
    let fromlist = fromlist.cloned().unwrap_or(Value::NONE);
    crate::import::import_module_level(th, &name, globals.as_ref(), &fromlist, level)
}
