//! From nothing to a runtime that can import.
//!
//! # Order
//! The order is forced: interned names need the hash key, classes need names, exceptions need classes, modules need
//! all of these; importlib needs `sys` and `_imp`; text streams need importlib (`io`, `encodings`); `site` needs all.

use object_model::string::hash;
use object_model::text::units::HashKey;

use super::paths::{self, Paths};
use super::{Config, streams};
use crate::builtins::{self, module};
use crate::class;
use crate::import::state::{self, StandardLibrary, State};
use crate::import::{bootstrap, import, set_sys_attribute};
use crate::names::{self, names};
use crate::prelude::*;
use crate::thread::{registry, signals};

/// Why a runtime did not start.
#[derive(Debug)]
pub enum StartError {
    /// There is one in this process already.
    Started,
    /// Python code or a native module failed; what it raised, printed.
    Failed(String),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Started => f.write_str("the runtime is started already"),
            StartError::Failed(message) => f.write_str(message.trim_end()),
        }
    }
}

impl std::error::Error for StartError {}

/// Makes classes, modules and the import system. Once in a process, in its first thread (see
/// `thread::start_exit::run`).
pub fn start(th: &mut Thread, config: Config, library: &'static StandardLibrary) -> Result<(), StartError> {
    if state::state().is_some() {
        return Err(StartError::Started);
    }
    if config.gil == Some(true) {
        registry::enable_gil();
    }
    set_hash_key(&config);
    names::initialise(th);
    make_classes(th);
    let started = make_modules(th, config, library).and_then(|()| finish(th));
    started.map_err(|_| {
        let exception = th.take_exception();
        StartError::Failed(crate::exceptions::render::render(th, &exception))
    })
}

fn set_hash_key(config: &Config) {
    let key = match config.hash_seed {
        Some(seed) => HashKey::from_seed(seed),
        None => HashKey::from_bytes(random_bytes()),
    };
    hash::set_key(key.k0, key.k1);
}

fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    // SAFETY: the buffer is ours and as long as said.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if got != bytes.len() as isize {
        // Old systems have no such call; the time and an address are the best left.
        let time =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        bytes = (time ^ (std::ptr::from_ref(&bytes) as u128) << 64).to_le_bytes();
    }
    bytes
}

/// Makes the classes that must exist before values of them are looked at.
fn make_classes(th: &mut Thread) {
    class::native::make_roots(th);
    builtins::classes::make_all(th);
    crate::exceptions::initialise(th);
}

fn make_modules(th: &mut Thread, config: Config, library: &'static StandardLibrary) -> PyResult<()> {
    let places = paths::find(&config);
    let builtins_module = module::from_definition(th, &builtins::functions::builtins::DEFINITION)?;
    if let Some(dict) = module::dict_of(th, &builtins_module).cloned() {
        builtins::classes::publish(th, &dict)?;
        crate::exceptions::publish(th, &dict)?;
        let debug = th.intern("__debug__");
        dict.set_str(th, &debug, Value::bool(config.optimize == 0)).map_err(|_| th.memory_error())?;
    }
    let sys = module::from_definition(th, &builtins::sys::sys::DEFINITION)?;
    let modules = th.dict();
    for (name, module) in [("builtins", &builtins_module), ("sys", &sys)] {
        let name = th.intern(name);
        modules.set_str(th, &name, module.clone()).map_err(|_| th.memory_error())?;
    }
    let state = State {
        config,
        library,
        builtins: builtins_module,
        sys,
        modules,
        import_function: OnceLock::new(),
        program_folder: OnceLock::new(),
        importlib: OnceLock::new(),
        importlib_external: OnceLock::new(),
    };
    if !state::set(state) {
        return Err(th.system_error("the runtime is started already"));
    }
    let state = state::required(th)?;
    builtins::sys::fill(th, state, &places)?;
    if let Some(dict) = module::dict_of(th, &state.builtins)
        && let Some(function) = dict.get_str(th, &names().import)
    {
        // The only thread there is sets it for the first time.
        let _ = state.import_function.set(function);
    }
    streams::set_preliminary(th)?;
    make_main(th)
}

/// `__main__`, in which the program will run.
fn make_main(th: &mut Thread) -> PyResult<()> {
    let state = state::required(th)?;
    let main = module::new(th, "__main__");
    let dict = main.dict.clone();
    let builtins = state.builtins.clone();
    for (dict, name, value) in
        [(&dict, &names().builtins, builtins), (&state.modules, &names().main, main.into_value())]
    {
        dict.set_str(th, name, value).map_err(|_| th.memory_error())?;
    }
    Ok(())
}

/// What runs Python code.
fn finish(th: &mut Thread) -> PyResult<()> {
    let state = state::required(th)?;
    if state.config.bare {
        return Ok(());
    }
    bootstrap::install_importlib(th)?;
    bootstrap::install_external(th)?;
    import(th, "encodings")?;
    streams::open(th)?;
    if state.config.install_signal_handlers {
        install_signal_handlers(th)?;
    }
    if !state.config.warn_options.is_empty() {
        import(th, "warnings")?;
    }
    let importlib = import(th, "_frozen_importlib")?;
    let loader = th.get_attr_str(&importlib, "BuiltinImporter")?;
    set_main(th, "__loader__", loader)?;
    if state.config.site {
        // It does its work when it is imported.
        import(th, "site")?;
    }
    Ok(())
}

/// Sets a global of `__main__`.
pub fn set_main(th: &mut Thread, name: &str, value: Value) -> PyResult<()> {
    let main = import(th, "__main__")?;
    let name = th.intern(name);
    th.set_attr(&main, &name, &value)
}

/// Takes a global of `__main__` away, if it is there.
pub fn delete_main(th: &mut Thread, name: &str) -> PyResult<()> {
    let main = import(th, "__main__")?;
    let name = th.intern(name);
    let deleted = th.del_attr(&main, &name);
    th.catch(deleted, Exc::AttributeError).map(drop)
}

fn install_signal_handlers(th: &mut Thread) -> PyResult<()> {
    // A broken pipe or a file that is too large is an exception, not the end.
    for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
        let ignored = signals::install(signal, signals::Action::Ignore);
        ignored.map_err(|error| th.io_error(&error, None))?;
    }
    if !crate::import::native_modules::exists(th, "_signal")? {
        return Ok(());
    }
    let module = import(th, "_signal")?;
    if signals::handler(libc::SIGINT as usize).is_none()
        && let Some(handler) = th.lookup_attr(&module, "default_int_handler")?
    {
        signals::set_handler(libc::SIGINT as usize, Some(handler));
        let installed = signals::install(libc::SIGINT, signals::Action::Note);
        installed.map_err(|error| th.io_error(&error, None))?;
    }
    Ok(())
}

/// The places as `sys` shows them.
pub fn publish_paths(th: &mut Thread, places: &Paths) -> PyResult<()> {
    let set = |th: &mut Thread, name: &str, path: &std::path::Path| {
        let value = crate::import::finder::path_value(th, path.as_os_str())?;
        set_sys_attribute(th, name, value)
    };
    set(th, "executable", &places.executable)?;
    set(th, "_base_executable", &places.base_executable)?;
    for name in ["prefix", "exec_prefix"] {
        set(th, name, &places.prefix)?;
    }
    for name in ["base_prefix", "base_exec_prefix"] {
        set(th, name, &places.base_prefix)?;
    }
    set(th, "_stdlib_dir", &places.library)?;
    let mut path = Vec::with_capacity(places.path.len());
    for entry in &places.path {
        path.push(crate::import::finder::path_value(th, entry)?);
    }
    let path = th.list(path);
    set_sys_attribute(th, "path", path)
}
