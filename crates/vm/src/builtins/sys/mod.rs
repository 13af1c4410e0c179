//! The module `sys`.
//!
//! | file | what |
//! |---|---|
//! | `info` | versions, numbers, `flags`: what is known at start |
//! | `frames` | frames, exceptions, tracing |
//! | `jit` | `sys._jit` |
//! | `hooks` | hooks that programs may replace, and audit hooks |
//! | `monitoring` | `sys.monitoring` |
//! | `settings` | limits and intervals |
//! | `stdlib_names` | names of the standard library's modules |

pub mod frames;
pub mod hooks;
pub mod info;
pub mod jit;
pub mod monitoring;
pub mod settings;
pub mod stdlib_names;

use crate::import::set_sys_attribute;
use crate::import::state::State;
use crate::lifecycle::paths::Paths;
use crate::prelude::*;

/// What the module is made of, but for what `fill` adds.
#[pymodule(
    name = "sys",
    doc = "This module provides access to some objects used or maintained by the\ninterpreter and to functions that \
           interact strongly with the interpreter.",
    functions = [
        super::frames::_getframe, super::frames::_getframemodulename, super::frames::_current_frames,
        super::frames::_current_exceptions, super::frames::exc_info, super::frames::exception,
        super::frames::settrace, super::frames::gettrace, super::frames::setprofile, super::frames::getprofile,
        super::frames::_settraceallthreads, super::frames::_setprofileallthreads, super::frames::call_tracing,
        super::hooks::excepthook, super::hooks::displayhook, super::hooks::unraisablehook,
        super::hooks::breakpointhook, super::hooks::audit, super::hooks::addaudithook,
        super::hooks::get_asyncgen_hooks, super::hooks::set_asyncgen_hooks,
        super::settings::getrecursionlimit, super::settings::setrecursionlimit,
        super::settings::getswitchinterval, super::settings::setswitchinterval,
        super::settings::get_int_max_str_digits, super::settings::set_int_max_str_digits,
        super::settings::get_coroutine_origin_tracking_depth,
        super::settings::set_coroutine_origin_tracking_depth, super::settings::getdlopenflags,
        super::settings::setdlopenflags, super::settings::activate_stack_trampoline,
        super::settings::deactivate_stack_trampoline, super::settings::is_stack_trampoline_active,
        super::settings::is_remote_debug_enabled, super::settings::remote_exec
    ]
)]
pub mod sys {
    use crate::prelude::*;
    use crate::thread::registry;

    /// Exit the interpreter by raising SystemExit(status).
    ///
    /// If the status is omitted or None, it defaults to zero (i.e., success).
    /// If the status is an integer, it will be used as the system exit status.
    /// If it is another kind of object, it will be printed and the system
    /// exit status will be one (i.e., failure).
    #[pyfunction(signature = "(status=None, /)")]
    fn exit(th: &mut Thread, status: Option<&Value>) -> PyResult {
        let args = match status.filter(|s| !s.is_none()) {
            None => Vec::new(),
            Some(status) => match th.exact::<Tuple>(status) {
                Some(tuple) => tuple.items().to_vec(),
                None => vec![status.clone()],
            },
        };
        Err(th.raise_args(Exc::SystemExit, args))
    }

    /// Private function for getting the base REPL
    #[pyfunction(signature = "()")]
    fn _baserepl(th: &mut Thread) -> PyResult<()> {
        crate::lifecycle::interactive::read_and_run(th)
    }

    /// ``Intern'' the given string.
    ///
    /// This enters the string in the (global) table of interned strings whose
    /// purpose is to speed up dictionary lookups. Return the string itself or
    /// the previously interned string object with the same value.
    #[pyfunction(signature = "(string, /)")]
    fn intern(th: &mut Thread, string: &Value) -> PyResult {
        match th.exact::<Str>(string) {
            Some(text) => Ok(th.intern_obj(text).into_value()),
            None => {
                let found = th.type_name(string);
                let message = match th.as_str(string) {
                    Some(_) => format!("can't intern {found}"),
                    None => format!("intern() argument must be str, not {found}"),
                };
                Err(th.type_error(message))
            }
        }
    }

    /// Return True if the given string is "interned".
    #[pyfunction(signature = "(string, /)")]
    fn _is_interned(string: &Obj<Str>) -> bool {
        string.header().has_flag(object_model::object::header::flag::INTERNED)
    }

    /// Return True if the given object is "immortal": references to it are not counted.
    #[pyfunction(signature = "(op, /)")]
    fn _is_immortal(th: &mut Thread, op: &Value) -> bool {
        super::settings::reference_count(th, op) == super::settings::UNCOUNTED
    }

    /// Return the reference count of object.
    ///
    /// The count returned is generally one higher than you might expect,
    /// because it includes the (temporary) reference as an argument to
    /// getrefcount(). Values that are not counted give a large number.
    #[pyfunction(signature = "(object, /)")]
    fn getrefcount(th: &mut Thread, object: &Value) -> i64 {
        super::settings::reference_count(th, object)
    }

    /// getsizeof(object [, default]) -> int
    ///
    /// Return the size of object in bytes.
    #[pyfunction(signature = "(object, default=<unrepresentable>)")]
    fn getsizeof(th: &mut Thread, object: &Value, default: Option<&Value>) -> PyResult {
        let (class, name) = (th.type_of(object), th.intern("__sizeof__"));
        let size = match crate::class::lookup(th, class, &name) {
            Some(method) => th.call_special_method(&method, object, class, &[]),
            None => {
                let name = th.type_name(object);
                Err(th.type_error(format_args!("Type {name} doesn't define __sizeof__")))
            }
        };
        let size = match (default, size) {
            (Some(default), Err(_)) if th.exception_is(Exc::TypeError) => {
                th.clear_exception();
                return Ok(default.clone());
            }
            (_, size) => size?,
        };
        if th.index(&size)? < 0 {
            return Err(th.value_error("__sizeof__() should return >= 0"));
        }
        Ok(size)
    }

    /// Return the current default encoding used by the Unicode implementation.
    #[pyfunction(signature = "()")]
    fn getdefaultencoding() -> &'static str {
        "utf-8"
    }

    /// Return the encoding used to convert Unicode filenames to OS filenames.
    #[pyfunction(signature = "()")]
    fn getfilesystemencoding() -> &'static str {
        "utf-8"
    }

    /// Return the error mode used for Unicode to OS filename conversion.
    #[pyfunction(signature = "()")]
    fn getfilesystemencodeerrors() -> &'static str {
        "surrogateescape"
    }

    /// Return True if the GIL is currently enabled and False if it is disabled.
    #[pyfunction(signature = "()")]
    fn _is_gil_enabled() -> bool {
        registry::gil_enabled()
    }

    /// Return True if Python is exiting.
    #[pyfunction(signature = "()")]
    fn is_finalizing() -> bool {
        crate::lifecycle::shutdown::is_finalizing()
    }

    /// There are no caches to clear by hand.
    #[pyfunction(signature = "()")]
    fn _clear_internal_caches() {}

    /// There is no type cache to clear by hand.
    #[pyfunction(signature = "()")]
    fn _clear_type_cache() {}

    /// Private function for clearing certain descriptors from a type's dictionary.
    #[pyfunction(name = "_clear_type_descriptors", signature = "(type, /)")]
    fn clear_type_descriptors(th: &mut Thread, r#type: &Value) -> PyResult<()> {
        let Some(class) = th.as_class(r#type) else {
            let found = th.type_name(r#type);
            return Err(
                th.type_error(format_args!("_clear_type_descriptors() argument must be type, not {found}"))
            );
        };
        if !class.payload.has(object_model::ty::flag::HEAP) {
            return Err(th.type_error("argument is immutable"));
        }
        for name in ["__dict__", "__weakref__"] {
            let name = th.intern(name);
            th.dict_del(&class.payload.dict, name.as_value())?;
        }
        class.payload.bump_version();
        Ok(())
    }

    /// The number that -X cpu_count gives, -1 if none.
    #[pyfunction(signature = "()")]
    fn _get_cpu_count_config() -> i64 {
        crate::import::state().and_then(|state| state.config.cpu_count).map_or(-1, i64::from)
    }
}

/// Adds what depends on how the runtime was started.
pub fn fill(th: &mut Thread, state: &'static State, places: &Paths) -> PyResult<()> {
    set_sys_attribute(th, "modules", state.modules.clone().into_value())?;
    for name in ["meta_path", "path_hooks"] {
        let list = th.list(Vec::new());
        set_sys_attribute(th, name, list)?;
    }
    let cache = th.dict().into_value();
    set_sys_attribute(th, "path_importer_cache", cache)?;
    crate::lifecycle::start::publish_paths(th, places)?;
    for name in ["excepthook", "displayhook", "unraisablehook", "breakpointhook"] {
        let hook = crate::import::sys_attribute(th, name)?;
        set_sys_attribute(th, &format!("__{name}__"), hook)?;
    }
    monitoring::fill(th)?;
    let jit = super::module::from_definition(th, &jit::DEFINITION)?;
    set_sys_attribute(th, "_jit", jit)?;
    info::fill(th, state)
}
