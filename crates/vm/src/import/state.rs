//! What a runtime has one of: `sys`, `sys.modules`, `builtins`, importlib.
//!
//! # Invariants
//! - S1 Set once, at start-up, before any Python code runs; the parts that come later are `OnceLock`s of their own.

use crate::builtins::module;
use crate::lifecycle::Config;
use crate::native::ModuleDef;
use crate::prelude::*;

/// What the runtime is given to import from.
pub struct StandardLibrary {
    /// Modules written in Rust.
    pub modules: &'static [&'static ModuleDef],
    /// Precompiled Python modules, see `embedded_library`; empty if there are none.
    pub archive: &'static [u8],
}

/// The parts.
pub struct State {
    /// How the runtime was started.
    pub config: Config,
    /// What there is to import.
    pub library: &'static StandardLibrary,
    /// The module `builtins`.
    pub builtins: Value,
    /// The module `sys`.
    pub sys: Value,
    /// The first `sys.modules`.
    pub modules: Obj<Dict>,
    /// `builtins.__import__` as it was at start.
    pub import_function: OnceLock<Value>,
    /// The program's folder, once it was put before `sys.path`.
    pub program_folder: OnceLock<String>,
    /// The module `_frozen_importlib`.
    pub importlib: OnceLock<Value>,
    /// The module `_frozen_importlib_external`.
    pub importlib_external: OnceLock<Value>,
}

static STATE: OnceLock<State> = OnceLock::new();

/// The state; None before the runtime was started.
#[inline]
pub fn state() -> Option<&'static State> {
    STATE.get()
}

/// The state, or SystemError before the runtime was started.
pub fn required(th: &mut Thread) -> PyResult<&'static State> {
    match STATE.get() {
        Some(state) => Ok(state),
        None => Err(th.system_error("the runtime is not started")),
    }
}

/// Sets the state. False if there is one already.
pub fn set(state: State) -> bool {
    STATE.set(state).is_ok()
}

/// The dict of `sys`.
pub fn sys_dict(th: &mut Thread) -> PyResult<Obj<Dict>> {
    let sys = &required(th)?.sys;
    match module::dict_of(th, sys) {
        Some(dict) => Ok(dict.clone()),
        None => Err(th.system_error("sys is not a module")),
    }
}

/// `sys.name`; None if there is no such attribute.
pub fn find_sys_attribute(th: &mut Thread, name: &str) -> PyResult<Option<Value>> {
    let dict = sys_dict(th)?;
    let name = th.intern(name);
    Ok(dict.get_str(th, &name))
}

/// `sys.name`, or RuntimeError if it was deleted.
pub fn sys_attribute(th: &mut Thread, name: &str) -> PyResult {
    match find_sys_attribute(th, name)? {
        Some(value) => Ok(value),
        None => Err(th.runtime_error(format_args!("lost sys.{name}"))),
    }
}

/// `sys.name = value`
pub fn set_sys_attribute(th: &mut Thread, name: &str, value: Value) -> PyResult<()> {
    let dict = sys_dict(th)?;
    let name = th.intern(name);
    dict.set_str(th, &name, value).map_err(|_| th.memory_error())
}
