//! The module `_imp`: what importlib asks the runtime.

use std::sync::LazyLock;

use compiler::bytecode::serialize;

use crate::prelude::*;
use crate::thread::reentrant::ReentrantLock;

/// The global import lock.
static LOCK: LazyLock<ReentrantLock> = LazyLock::new(ReentrantLock::new);

/// Acquires the global import lock, as often as it is released. Who forks holds it, so that the child sees no module half
/// made.
pub fn acquire(th: &mut Thread) {
    LOCK.acquire(th, |_| false);
}

/// Releases the global import lock; false if the thread does not hold it.
pub fn release(th: &Thread) -> bool {
    LOCK.release(th.ident)
}

/// The magic number of `.pyc` files, whose bytes from the lowest on begin such a file. Its low half changes with the
/// formats of code and of `marshal`, so that files of other builds are compiled anew; the high half is `\r\n`.
pub(super) const fn magic_number() -> u32 {
    let formats = serialize::FINGERPRINT ^ serialize::fingerprint(&[include_bytes!("marshal.rs")]);
    // CPython's have this bit clear.
    let low = 0x8000 | (formats >> 16 ^ formats) & 0x7fff;
    (b'\n' as u32) << 24 | (b'\r' as u32) << 16 | low
}

/// What the module is made of.
#[pymodule(name = "_imp", doc = "Low-level parts of the import system.")]
pub mod imp {
    use super::super::bootstrap;
    use super::super::native_modules;
    use super::super::state::required;
    use super::LOCK;
    use crate::builtins::code::Code;
    use crate::exceptions::raise;
    use crate::prelude::*;

    #[pyattr]
    fn check_hash_based_pycs(th: &mut Thread) -> PyResult<String> {
        Ok(required(th)?.config.check_hash_pycs.clone())
    }

    /// The magic number of `.pyc` files.
    #[pyattr]
    fn pyc_magic_number_token() -> u32 {
        super::magic_number()
    }

    /// True if the calling thread holds the import lock, or another one does.
    #[pyfunction]
    fn lock_held() -> bool {
        LOCK.held().0 != 0
    }

    /// Acquires the global import lock, which is reentrant.
    #[pyfunction]
    fn acquire_lock(th: &mut Thread) {
        super::acquire(th);
    }

    /// Releases the global import lock.
    #[pyfunction]
    fn release_lock(th: &mut Thread) -> PyResult<()> {
        if super::release(th) { Ok(()) } else { Err(th.runtime_error("not holding the import lock")) }
    }

    /// Suffixes of the files of extension modules: there are none.
    #[pyfunction]
    fn extension_suffixes(th: &mut Thread) -> Value {
        th.list(Vec::new())
    }

    /// 1 if a native module is called so, else 0.
    #[pyfunction]
    fn is_builtin(th: &mut Thread, name: &Obj<Str>) -> PyResult<i64> {
        let name = name.units().to_str_lossy().into_owned();
        Ok(native_modules::exists(th, &name)?.into())
    }

    /// Makes the native module that a spec names.
    #[pyfunction]
    fn create_builtin(th: &mut Thread, spec: &Value) -> PyResult {
        let name = th.get_attr_str(spec, "name")?;
        let Some(text) = th.as_str(&name).map(|n| n.units().to_str_lossy().into_owned()) else {
            let found = th.type_name(&name);
            return Err(th.type_error(format_args!("name must be string, not {found}")));
        };
        match native_modules::make(th, &text)? {
            Some(module) => Ok(module),
            None => Ok(Value::NONE),
        }
    }

    /// Native modules are complete when they are made.
    #[pyfunction]
    fn exec_builtin(module: &Value) -> i64 {
        let _ = module;
        0
    }

    /// There are no extension modules.
    #[pyfunction(signature = "(spec, file=None, /)")]
    fn create_dynamic(th: &mut Thread, spec: &Value, file: Option<&Value>) -> PyResult {
        let _ = file;
        let name = th.get_attr_str(spec, "name")?;
        let path = th.get_attr_str(spec, "origin")?;
        let message = "extension modules are not supported";
        Err(raise::import_error(th, Exc::ImportError, message, Some(name), Some(path), None))
    }

    /// There are no extension modules.
    #[pyfunction]
    fn exec_dynamic(module: &Value) -> i64 {
        let _ = module;
        0
    }

    fn frozen(th: &mut Thread, name: &Obj<Str>) -> PyResult<&'static bootstrap::Frozen> {
        let text = name.units().to_str_lossy().into_owned();
        match bootstrap::frozen(&text) {
            Some(frozen) => Ok(frozen),
            None => {
                let message = format!("No such frozen object named {text}");
                let name = name.as_value().clone();
                Err(raise::import_error(th, Exc::ImportError, &message, Some(name), None, None))
            }
        }
    }

    /// True if a frozen module is called so.
    #[pyfunction]
    fn is_frozen(name: &Obj<Str>) -> bool {
        bootstrap::frozen(&name.units().to_str_lossy()).is_some()
    }

    /// True if the frozen module is a package.
    #[pyfunction]
    fn is_frozen_package(th: &mut Thread, name: &Obj<Str>) -> PyResult<bool> {
        frozen(th, name).map(|_| false)
    }

    /// `(data, is_package, original name)` of a frozen module, or None. The data are never given.
    #[pyfunction(signature = "(name, /, *, withdata=False)")]
    fn find_frozen(th: &mut Thread, name: &Obj<Str>, withdata: Option<bool>) -> Value {
        let _ = withdata;
        match bootstrap::frozen(&name.units().to_str_lossy()) {
            Some(frozen) => {
                let origin = th.str(frozen.origin);
                th.tuple(vec![Value::NONE, Value::FALSE, origin])
            }
            None => Value::NONE,
        }
    }

    /// The code of a frozen module.
    #[pyfunction(signature = "(name, data=None, /)")]
    fn get_frozen_object(th: &mut Thread, name: &Obj<Str>, data: Option<&Value>) -> PyResult {
        let _ = data;
        let frozen = frozen(th, name)?;
        bootstrap::frozen_code(th, frozen).map(Obj::into_value)
    }

    /// Runs a frozen module.
    #[pyfunction]
    fn init_frozen(th: &mut Thread, name: &Obj<Str>) -> PyResult {
        match bootstrap::frozen(&name.units().to_str_lossy()) {
            Some(frozen) => bootstrap::import_frozen(th, frozen),
            None => Ok(Value::NONE),
        }
    }

    /// Names of the frozen modules.
    #[pyfunction]
    fn _frozen_module_names(th: &mut Thread) -> Value {
        let names = bootstrap::FROZEN.iter().map(|f| th.str(f.name)).collect();
        th.list(names)
    }

    /// Whether frozen modules are used; has no effect, as the frozen ones are those that are always used.
    #[pyfunction]
    fn _override_frozen_modules_for_tests(how: i64) {
        let _ = how;
    }

    /// There are no extension modules to check.
    #[pyfunction]
    fn _override_multi_interp_extensions_check(how: i64) -> i64 {
        let _ = how;
        0
    }

    /// Code knows its file from when it was compiled; a `.pyc` file that was moved keeps naming the old place.
    #[pyfunction]
    fn _fix_co_filename(code: &Obj<Code>, path: &Obj<Str>) {
        let _ = (code, path);
    }

    /// The hash of a source file that a `.pyc` file may hold.
    #[pyfunction]
    fn source_hash(th: &mut Thread, key: i64, source: &Value) -> PyResult {
        let source = super::super::marshal::content_of(th, source)?;
        let hash = object_model::text::units::HashKey::from_bytes({
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&key.to_le_bytes());
            bytes
        })
        .hash(&source);
        th.bytes(&(hash as u64).to_le_bytes())
    }
}
