//! Starting importlib: its two core modules run before there is anything to import them.

use std::path::PathBuf;
use std::sync::Arc;

use compiler::{CodeUnit, Mode, Options};

use super::embedded_library::{self, Archive};
use super::state::required;
use crate::builtins::code::Code;
use crate::builtins::module;
use crate::names::names;
use crate::prelude::*;

/// A module that is found without importlib.
pub struct Frozen {
    /// The name it is imported by.
    pub name: &'static str,
    /// The name it has in the library.
    pub origin: &'static str,
    /// Its file in the library.
    path: &'static str,
    /// `co_filename`
    filename: &'static str,
}

/// All frozen modules.
pub static FROZEN: &[Frozen] = &[
    Frozen {
        name: "_frozen_importlib",
        origin: "importlib._bootstrap",
        path: "importlib/_bootstrap.py",
        filename: "<frozen importlib._bootstrap>",
    },
    Frozen {
        name: "_frozen_importlib_external",
        origin: "importlib._bootstrap_external",
        path: "importlib/_bootstrap_external.py",
        filename: "<frozen importlib._bootstrap_external>",
    },
];

/// The frozen module called `name`.
pub fn frozen(name: &str) -> Option<&'static Frozen> {
    FROZEN.iter().find(|f| f.name == name)
}

/// The code of a frozen module.
pub fn frozen_code(th: &mut Thread, frozen: &Frozen) -> PyResult<Obj<Code>> {
    let unit = frozen_unit(th, frozen)?;
    Code::new(th, &Arc::new(unit))
}

fn frozen_unit(th: &mut Thread, frozen: &Frozen) -> PyResult<CodeUnit> {
    let state = required(th)?;
    let source = match &state.config.library_folder {
        Some(folder) => {
            let path: PathBuf = folder.join(frozen.path);
            std::fs::read(&path).map_err(|error| {
                let path = path.display().to_string();
                let path = th.str(&path);
                th.io_error(&error, Some(path))
            })?
        }
        None => {
            let archive = Archive::new(state.library.archive);
            let Some(entry) = archive.find(frozen.path) else {
                return Err(th.import_error(format_args!("the library has no '{}'", frozen.path)));
            };
            if let Some(code) = archive.code(&entry)
                && state.config.optimize == 0
            {
                return embedded_library::decode(th, code, frozen.filename);
            }
            match archive.data(&entry) {
                Some(source) => source,
                None => {
                    return Err(th.import_error(format_args!("the library's '{}' is damaged", frozen.path)));
                }
            }
        }
    };
    compile(th, &source, frozen.filename, Mode::Exec)
}

/// Compiles the content of a file, at the runtime's level of optimisation.
pub fn compile(th: &mut Thread, content: &[u8], filename: &str, mode: Mode) -> PyResult<CodeUnit> {
    let optimize = super::state().map_or(0, |s| s.config.optimize);
    let options = Options { filename, mode, optimize, future_annotations: false };
    let compiled =
        compiler::decode(content, filename).and_then(|source| compiler::compile(&source, &options));
    compiled.map_err(|error| crate::exceptions::syntax_error(th, &error, filename))
}

/// Runs a frozen module's code in a new module, which is entered into `sys.modules`.
pub fn import_frozen(th: &mut Thread, frozen: &Frozen) -> PyResult {
    let code = frozen_code(th, frozen)?;
    let state = required(th)?;
    let module = module::new(th, frozen.name);
    let dict = module.dict.clone();
    let module = module.into_value();
    let builtins = state.builtins.clone();
    let origin = th.str(frozen.origin);
    let key = th.intern(frozen.name);
    let origin_key = th.intern("__origname__");
    for (dict, key, value) in [
        (&dict, &names().builtins, builtins),
        (&dict, &origin_key, origin),
        (&state.modules, &key, module.clone()),
    ] {
        dict.set_str(th, key, value).map_err(|_| th.memory_error())?;
    }
    crate::interpreter::run_code(th, &code, &dict, None, None)?;
    Ok(module)
}

/// Runs importlib's core and hands it `sys` and `_imp`: from now on builtin and frozen modules can be imported.
pub fn install_importlib(th: &mut Thread) -> PyResult<()> {
    let state = required(th)?;
    let library = import_frozen(th, &FROZEN[0])?;
    let Some(imp) = super::native_modules::make(th, "_imp")? else {
        return Err(th.system_error("no module _imp"));
    };
    let key = th.intern("_imp");
    state.modules.set_str(th, &key, imp.clone()).map_err(|_| th.memory_error())?;
    th.call_method(&library, "_install", &[state.sys.clone(), imp])?;
    // The only thread there is sets it for the first time.
    let _ = state.importlib.set(library);
    Ok(())
}

/// Adds the finders of files and of the embedded library: from now on everything can be imported.
pub fn install_external(th: &mut Thread) -> PyResult<()> {
    let state = required(th)?;
    let Some(library) = state.importlib.get() else {
        return Err(th.system_error("importlib is not installed"));
    };
    th.call_method(library, "_install_external_importers", &[])?;
    let external = super::import(th, FROZEN[1].name)?;
    let _ = state.importlib_external.set(external);
    super::finder::install(th)
}
