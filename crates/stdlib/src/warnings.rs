//! `_warnings`. What it does is in `vm::builtins::warn`.

use vm::builtins::warn;
use vm::names::names;
use vm::prelude::*;

/// The category argument of `warn`, or the class of the message.
fn category_of(th: &mut Thread, message: &Value, category: Option<&Value>) -> PyResult {
    let base = Exc::Warning.class().value();
    if th.is_instance(message, &base)? {
        return Ok(th.type_of(message).value());
    }
    let Some(category) = category.filter(|category| !category.is_none()) else {
        return Ok(Exc::UserWarning.class().value());
    };
    if th.as_class(category).is_some() && th.is_subclass(category, &base)? {
        return Ok(category.clone());
    }
    let found = th.type_name(category);
    Err(th.type_error(format_args!("category must be a Warning subclass, not '{found}'")))
}

fn text_of(th: &Thread, value: &Value) -> Option<String> {
    Some(th.as_str(value)?.units().to_str_lossy().into_owned())
}

/// The module that a file is taken for.
fn module_of(th: &mut Thread, filename: &Value) -> Value {
    let name = text_of(th, filename).unwrap_or_default();
    let name = match name.strip_suffix(".py") {
        Some(stem) => stem,
        None if name.is_empty() => "<unknown>",
        None => &name,
    };
    th.str(name)
}

/// Gives the line of a warning to `linecache`, from the loader of its module.
fn prime_line_cache(th: &mut Thread, filename: &Value, globals: &Value) -> PyResult<()> {
    let Some(dict) = th.downcast::<Dict>(globals).cloned() else { return Ok(()) };
    if dict.get_str(th, &names().loader).is_none() {
        return Ok(());
    }
    let module = th.import("linecache")?;
    th.call_method(&module, "getlines", &[filename.clone(), globals.clone()]).map(drop)
}

/// What `warnings` is built on.
#[pymodule(name = "_warnings")]
pub mod module {
    use super::warn;
    use vm::prelude::*;

    /// The filters that hold as long as `warnings` is not imported; then they are its own.
    #[pyattr]
    fn filters(th: &mut Thread) -> Value {
        warn::state(th).filters.clone()
    }

    /// What was shown once and never will be again.
    #[pyattr(name = "_onceregistry")]
    fn once_registry(th: &mut Thread) -> Value {
        warn::state(th).once.as_value().clone()
    }

    /// What happens to a warning that no filter matches.
    #[pyattr(name = "_defaultaction")]
    const DEFAULT_ACTION: &str = "default";

    /// The variable that holds the filters of a context.
    #[pyattr(name = "_warnings_context")]
    fn warnings_context(th: &mut Thread) -> Value {
        crate::contextvars::ContextVar::named(th, "_warnings_context").into_value()
    }

    /// Issues a warning, or ignores it, or raises it.
    #[pyfunction(
        name = "warn",
        signature = "(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=<unrepresentable>)"
    )]
    fn warn_(
        th: &mut Thread,
        message: &Value,
        category: Option<&Value>,
        stacklevel: Option<i64>,
        source: Option<&Value>,
        skip_file_prefixes: Option<&Value>,
    ) -> PyResult<()> {
        let category = super::category_of(th, message, category)?;
        let mut level = stacklevel.unwrap_or(1);
        let mut skip = Vec::new();
        if let Some(prefixes) = skip_file_prefixes {
            let Some(prefixes) = th.downcast::<Tuple>(prefixes).cloned() else {
                let found = th.type_name(prefixes);
                return Err(
                    th.type_error(format_args!("skip_file_prefixes must be a tuple of strs, not {found}"))
                );
            };
            for prefix in prefixes.items() {
                let Some(prefix) = super::text_of(th, prefix) else {
                    let found = th.type_name(prefix);
                    return Err(th.type_error(format_args!("Found non-str '{found}' in skip_file_prefixes.")));
                };
                skip.push(prefix);
            }
            if !skip.is_empty() {
                level = level.max(2);
            }
        }
        let source = source.cloned().unwrap_or(Value::NONE);
        warn::warn_at(th, message, &category, level, &source, &skip)
    }

    /// Issues a warning that comes from the given place.
    #[pyfunction(
        signature = "(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the function's")]
    fn warn_explicit(
        th: &mut Thread,
        message: &Value,
        category: &Value,
        filename: &Value,
        lineno: i64,
        module: Option<&Value>,
        registry: Option<&Value>,
        module_globals: Option<&Value>,
        source: Option<&Value>,
    ) -> PyResult<()> {
        if th.as_str(filename).is_none() {
            let found = th.type_name(filename);
            return Err(
                th.type_error(format_args!("warn_explicit() argument 'filename' must be str, not {found}"))
            );
        }
        if let Some(globals) = module_globals {
            if th.downcast::<Dict>(globals).is_none() {
                let found = th.type_name(globals);
                return Err(th.type_error(format_args!("module_globals must be a dict, not '{found}'")));
            }
            super::prime_line_cache(th, filename, globals)?;
        }
        let module = match module.filter(|module| !module.is_none()) {
            Some(module) => module.clone(),
            None => super::module_of(th, filename),
        };
        let place = warn::Place {
            filename: filename.clone(),
            line: lineno,
            module,
            registry: registry.cloned().unwrap_or(Value::NONE),
            source: source.cloned().unwrap_or(Value::NONE),
        };
        warn::warn_explicit(th, message, category, &place)
    }

    /// Takes the lock of the filters.
    #[pyfunction]
    fn _acquire_lock(th: &mut Thread) {
        warn::acquire(th);
    }

    /// Gives the lock of the filters back.
    #[pyfunction]
    fn _release_lock(th: &mut Thread) -> PyResult<()> {
        if warn::release(th) { Ok(()) } else { Err(th.runtime_error("cannot release un-acquired lock")) }
    }

    /// Says that the filters changed, by who holds their lock.
    #[pyfunction]
    fn _filters_mutated_lock_held(th: &mut Thread) -> PyResult<()> {
        if !warn::holds_lock(th) {
            return Err(th.runtime_error("warnings lock is not held"));
        }
        warn::filters_mutated();
        Ok(())
    }
}
