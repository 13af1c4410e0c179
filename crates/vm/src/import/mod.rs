//! The import system: what `import` statements call, native modules, precompiled library, `marshal`.
//!
//! Finding and loading is the work of the Python library's own `importlib`, run from `bootstrap`; here are the entry points
//! that the interpreter needs, with CPython's short cut for modules that are loaded already.
//!
//! | file | what |
//! |---|---|
//! | `state` | `sys`, `sys.modules`, `builtins`, importlib: what there is one of |
//! | `name` | `import` and `from … import` |
//! | `native_modules` | modules written in Rust |
//! | `bootstrap` | how importlib itself is started |
//! | `embedded_library` | the archive of precompiled modules in the binary |
//! | `finder` | how the archive takes part in `sys.path` |
//! | `imp`, `marshal` | the modules `_imp` and `marshal` |

pub mod bootstrap;
pub mod embedded_library;
pub mod finder;
pub mod imp;
pub mod marshal;
pub mod name;
pub mod native_modules;
pub mod state;
mod timing;

pub use name::{import_from, import_module_level, import_name, import_star};
pub use state::{StandardLibrary, set_sys_attribute, state, sys_attribute};

use crate::prelude::*;

/// The module called `name`, imported if need be: for native callers.
pub fn import(th: &mut Thread, name: &str) -> PyResult {
    let name = th.intern(name);
    // A non-empty list of names makes the answer the module itself, not its outermost package.
    let wanted = th.tuple(vec![th.str("__name__")]);
    import_module_level(th, &name, None, &wanted, 0)
}

/// `module.name(*arguments)` of a module imported by name.
pub fn call_module(th: &mut Thread, module: &str, name: &str, arguments: &[Value]) -> PyResult {
    let module = import(th, module)?;
    th.call_method(&module, name, arguments)
}

/// `warnings.warn(message, category, stacklevel)`
#[cold]
pub fn warn(th: &mut Thread, category: Exc, message: &str, stack_level: i64) -> PyResult<()> {
    let message = th.str(message);
    let level = th.int(stack_level);
    call_module(th, "_warnings", "warn", &[message, category.class().value(), level]).map(drop)
}

impl Thread {
    /// The module called `name`, imported if need be.
    pub fn import(&mut self, name: &str) -> PyResult {
        import(self, name)
    }
}
