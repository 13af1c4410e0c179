//! `import name`, `from name import …`, `from name import *`.

use object_model::text::units::OwnedUnits;

use super::state::{find_sys_attribute, required};
use crate::builtins::code::Code;
use crate::error::Raised;
use crate::exceptions::{as_exception, raise};
use crate::frame::traceback::Traceback;
use crate::names::names;
use crate::prelude::*;

const FROZEN: &str = "<frozen importlib._bootstrap>";
const FROZEN_EXTERNAL: &str = "<frozen importlib._bootstrap_external>";

fn text(name: &Obj<Str>) -> String {
    name.units().to_str_lossy().into_owned()
}

/// What an `import` statement does: calls `builtins.__import__`, or goes the short way if that is the original.
pub fn import_name(
    th: &mut Thread,
    globals: &Obj<Dict>,
    builtins: &Obj<Dict>,
    locals: Option<Value>,
    name: &Obj<Str>,
    fromlist: &Value,
    level: &Value,
) -> PyResult {
    let Some(function) = builtins.get_str(th, &names().import) else {
        return Err(th.import_error("__import__ not found"));
    };
    let original = super::state().and_then(|s| s.import_function.get());
    if original.is_some_and(|o| o.is(&function)) {
        let level = th.index(level)?;
        return import_module_level(th, name, Some(globals), fromlist, level);
    }
    let locals = locals.unwrap_or(Value::NONE);
    let arguments =
        [name.as_value().clone(), globals.as_value().clone(), locals, fromlist.clone(), level.clone()];
    th.call(&function, &arguments)
}

/// `__import__(name, globals, None, fromlist, level)`
pub fn import_module_level(
    th: &mut Thread,
    name: &Obj<Str>,
    globals: Option<&Obj<Dict>>,
    fromlist: &Value,
    level: i64,
) -> PyResult {
    if level < 0 {
        return Err(th.value_error("level must be >= 0"));
    }
    let absolute = if level > 0 {
        resolve_name(th, name, globals, level)?
    } else {
        if name.len() == 0 {
            return Err(th.value_error("Empty module name"));
        }
        name.clone()
    };
    let module = match loaded(th, &absolute)? {
        Some(module) => module,
        None => find_and_load(th, &absolute)?,
    };
    if !fromlist.is_none() && th.is_true(fromlist)? {
        return with_submodules(th, module, fromlist);
    }
    if level != 0 && name.len() == 0 {
        return Ok(module);
    }
    let Some(dot) = find_dot(name) else { return Ok(module) };
    if level == 0 {
        let front = substring(th, name, dot)?;
        return import_module_level(th, &front, None, &Value::NONE, 0);
    }
    let keep = absolute.len().saturating_sub(name.len() - dot);
    let front = substring(th, &absolute, keep)?;
    match in_modules(th, &front)? {
        Some(found) => Ok(found),
        None => {
            let shown = th.repr(front.as_value())?;
            let message = format!("{} not in sys.modules as expected", text(&shown));
            let message = th.str(&message);
            Err(th.key_error(message))
        }
    }
}

fn find_dot(name: &Obj<Str>) -> Option<usize> {
    name.units().iter().position(|c| c == u32::from('.'))
}

fn substring(th: &mut Thread, name: &Obj<Str>, end: usize) -> PyResult<Obj<Str>> {
    let part = name.units().slice(0..end).to_owned();
    let made = th.units(part.units())?;
    match th.as_str(&made) {
        Some(made) => Ok(th.intern_obj(made)),
        None => Err(th.system_error("not a str")),
    }
}

/// `sys.modules.get(name)`
pub fn in_modules(th: &mut Thread, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let modules = match find_sys_attribute(th, "modules")? {
        Some(modules) => modules,
        None => return Err(th.runtime_error("unable to get sys.modules")),
    };
    if let Some(dict) = th.exact::<Dict>(&modules) {
        return Ok(dict.get_str(th, name));
    }
    let found = th.get_item(&modules, name.as_value());
    th.catch(found, Exc::KeyError)
}

/// The module if it is there; waits for another thread that is just importing it.
fn loaded(th: &mut Thread, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let Some(module) = in_modules(th, name)?.filter(|m| !m.is_none()) else { return Ok(None) };
    if super::state().is_some_and(|state| state.config.import_time > 1) {
        super::timing::tell_cached(&text(name));
    }
    if let Some(spec) = th.find_attr_or_none(&module, &names().spec)?
        && is_initializing(th, &spec)?
        && let Some(library) = required(th)?.importlib.get()
    {
        th.call_method(library, "_lock_unlock_module", &[name.as_value().clone()])?;
    }
    Ok(Some(module))
}

/// `spec._initializing`
fn is_initializing(th: &mut Thread, spec: &Value) -> PyResult<bool> {
    if spec.is_none() {
        return Ok(false);
    }
    match th.find_attr_or_none(spec, &names().initializing)? {
        Some(flag) => th.is_true(&flag),
        None => Ok(false),
    }
}

fn find_and_load(th: &mut Thread, name: &Obj<Str>) -> PyResult {
    let state = required(th)?;
    let (Some(library), Some(import)) = (state.importlib.get(), state.import_function.get()) else {
        return make_native(th, name);
    };
    let find = th.intern("_find_and_load");
    let arguments = [name.as_value().clone(), import.clone()];
    let found = if state.config.import_time > 0 {
        super::timing::timed(&text(name), || th.call_method_name(library, &find, &arguments))
    } else {
        th.call_method_name(library, &find, &arguments)
    };
    match found {
        Ok(module) => Ok(module),
        Err(raised) => {
            remove_importlib_frames(th);
            Err(raised)
        }
    }
}

/// Without importlib, native modules can be imported.
#[cold]
fn make_native(th: &mut Thread, name: &Obj<Str>) -> PyResult {
    let text = text(name);
    let Some(module) = super::native_modules::make(th, &text)? else {
        let message = format!("No module named '{text}'");
        let name = name.as_value().clone();
        return Err(raise::import_error(th, Exc::ModuleNotFoundError, &message, Some(name), None, None));
    };
    let modules = required(th)?.modules.clone();
    modules.set_str(th, name, module.clone()).map_err(|_| th.memory_error())?;
    Ok(module)
}

/// Imports the submodules among `fromlist` that are no attributes of `module` yet.
fn with_submodules(th: &mut Thread, module: Value, fromlist: &Value) -> PyResult {
    if th.find_attr_or_none(&module, &names().path)?.is_none() {
        return Ok(module);
    }
    if let Some(list) = th.exact::<Tuple>(fromlist).cloned() {
        // importlib would find nothing to do.
        let mut all_there = true;
        for item in list.items() {
            let Some(name) = crate::class::exact_str(item).filter(|n| !n.units().eq_str("*")) else {
                all_there = false;
                break;
            };
            if th.find_attr_or_none(&module, name)?.is_none() {
                all_there = false;
                break;
            }
        }
        if all_there {
            return Ok(module);
        }
    }
    let state = required(th)?;
    let (Some(library), Some(import)) = (state.importlib.get(), state.import_function.get()) else {
        return Ok(module);
    };
    match th.call_method(library, "_handle_fromlist", &[module, fromlist.clone(), import.clone()]) {
        Ok(module) => Ok(module),
        Err(raised) => {
            remove_importlib_frames(th);
            Err(raised)
        }
    }
}

/// The absolute name of a relative import.
fn resolve_name(
    th: &mut Thread,
    name: &Obj<Str>,
    globals: Option<&Obj<Dict>>,
    level: i64,
) -> PyResult<Obj<Str>> {
    let Some(globals) = globals else {
        let message = th.str("'__name__' not in globals");
        return Err(th.key_error(message));
    };
    let package = calculate_package(th, globals)?;
    let whole = package.units().iter().collect::<Vec<u32>>();
    let mut end = whole.len();
    for _ in 1..level {
        match whole[..end].iter().rposition(|c| *c == u32::from('.')) {
            Some(dot) => end = dot,
            None => return Err(th.import_error("attempted relative import beyond top-level package")),
        }
    }
    if whole.is_empty() {
        return Err(th.import_error("attempted relative import with no known parent package"));
    }
    let mut units = whole[..end].to_vec();
    if name.len() > 0 {
        units.push(u32::from('.'));
        units.extend(name.units().iter());
    }
    let made: OwnedUnits = units.into_iter().collect();
    let made = th.units(made.units())?;
    match th.as_str(&made) {
        Some(made) => Ok(th.intern_obj(made)),
        None => Err(th.system_error("not a str")),
    }
}

/// `__package__`, or what follows from `__spec__` or `__name__` and `__path__`.
fn calculate_package(th: &mut Thread, globals: &Obj<Dict>) -> PyResult<Obj<Str>> {
    let n = names();
    let package = globals.get_str(th, &n.package).filter(|p| !p.is_none());
    let spec = globals.get_str(th, &n.spec).filter(|s| !s.is_none());
    if let Some(package) = package {
        let Some(package) = th.as_str(&package).cloned() else {
            return Err(th.type_error("package must be a string"));
        };
        if let Some(spec) = spec {
            let parent = th.get_attr_str(&spec, "parent")?;
            if !th.eq(package.as_value(), &parent)? {
                super::warn(th, Exc::DeprecationWarning, "__package__ != __spec__.parent", 1)?;
            }
        }
        return Ok(package);
    }
    if let Some(spec) = spec {
        let parent = th.get_attr_str(&spec, "parent")?;
        return match th.as_str(&parent) {
            Some(parent) => Ok(parent.clone()),
            None => Err(th.type_error("__spec__.parent must be a string")),
        };
    }
    let message = "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
    super::warn(th, Exc::ImportWarning, message, 1)?;
    let Some(name) = globals.get_str(th, &n.dunder_name) else {
        let message = th.str("'__name__' not in globals");
        return Err(th.key_error(message));
    };
    let Some(name) = th.as_str(&name).cloned() else {
        return Err(th.type_error("__name__ must be a string"));
    };
    if globals.get_str(th, &n.path).is_some() {
        return Ok(name);
    }
    let dot = name.units().iter().collect::<Vec<u32>>().iter().rposition(|c| *c == u32::from('.'));
    match dot {
        Some(dot) => substring(th, &name, dot),
        None => Err(th.import_error("attempted relative import with no known parent package")),
    }
}

/// `from module import name`
pub fn import_from(th: &mut Thread, module: &Value, name: &Obj<Str>) -> PyResult {
    if let Some(found) = th.find_attr_or_none(module, name)? {
        return Ok(found);
    }
    let module_name = th.find_attr_or_none(module, &names().dunder_name)?;
    let module_name = module_name.and_then(|n| th.as_str(&n).cloned());
    if let Some(module_name) = &module_name {
        // A circular import: the submodule may be loaded without being an attribute of its package yet.
        let mut units: Vec<u32> = module_name.units().iter().collect();
        units.push(u32::from('.'));
        units.extend(name.units().iter());
        let full: OwnedUnits = units.into_iter().collect();
        let full = th.units(full.units())?;
        let full = crate::class::exact_str(&full).cloned();
        if let Some(full) = full
            && let Some(found) = in_modules(th, &full)?
        {
            return Ok(found);
        }
    }
    Err(cannot_import(th, module, name, module_name)?)
}

#[cold]
fn cannot_import(
    th: &mut Thread,
    module: &Value,
    name: &Obj<Str>,
    module_name: Option<Obj<Str>>,
) -> PyResult<Raised> {
    let shown_name = text(&th.repr(name.as_value())?);
    let known = module_name.as_ref().map(|n| n.as_value().clone());
    let unknown = known.clone().unwrap_or_else(|| th.str("<unknown module name>"));
    let shown_module = text(&th.repr(&unknown)?);
    let import_error = |th: &mut Thread, message: &str, origin: Option<Value>| {
        raise::import_error(
            th,
            Exc::ImportError,
            message,
            known.clone(),
            origin,
            Some(name.as_value().clone()),
        )
    };
    let Some(spec) = th.find_attr_or_none(module, &names().spec)? else {
        let message = format!("cannot import name {shown_name} from {shown_module} (unknown location)");
        return Ok(import_error(th, &message, None));
    };
    let mut origin = file_origin(th, &spec)?;
    let shadowing = match &origin {
        Some(origin) => is_possibly_shadowing(th, origin)?,
        None => false,
    };
    let mut shadowing_stdlib = false;
    if shadowing && let Some(stdlib) = find_sys_attribute(th, "stdlib_module_names")? {
        shadowing_stdlib = th.contains(&stdlib, &unknown)?;
    }
    if origin.is_none() {
        let file = th.find_attr_or_none(module, &names().file)?;
        origin = file.filter(|f| th.as_str(f).is_some());
    }
    let path = origin.as_ref().and_then(|o| Some(text(th.as_str(o)?)));
    let shown_origin = match &origin {
        Some(origin) => text(&th.repr(origin)?),
        None => String::new(),
    };
    let base = format!("cannot import name {shown_name} from");
    let message = if shadowing_stdlib {
        format!(
            "{base} {shown_module} (consider renaming {shown_origin} since it has the same name as the standard \
             library module named {shown_module} and prevents importing that standard library module)"
        )
    } else if is_initializing(th, &spec)? {
        match path {
            Some(_) if shadowing => format!(
                "{base} {shown_module} (consider renaming {shown_origin} if it has the same name as a library you \
                 intended to import)"
            ),
            Some(path) => format!(
                "{base} partially initialized module {shown_module} (most likely due to a circular import) ({path})"
            ),
            None => {
                format!(
                    "{base} partially initialized module {shown_module} (most likely due to a circular import)"
                )
            }
        }
    } else {
        match path {
            Some(path) => format!("{base} {shown_module} ({path})"),
            None => format!("{base} {shown_module} (unknown location)"),
        }
    };
    Ok(import_error(th, &message, origin))
}

/// `spec.origin` if `spec.has_location`
fn file_origin(th: &mut Thread, spec: &Value) -> PyResult<Option<Value>> {
    let Some(has_location) = th.lookup_attr(spec, "has_location")? else { return Ok(None) };
    if !th.is_true(&has_location)? {
        return Ok(None);
    }
    let origin = th.lookup_attr(spec, "origin")?;
    Ok(origin.filter(|o| th.as_str(o).is_some()))
}

/// True if the file lies in the program's folder, which `sys.path` began with.
fn is_possibly_shadowing(th: &mut Thread, origin: &Value) -> PyResult<bool> {
    let state = required(th)?;
    if state.config.safe_path {
        return Ok(false);
    }
    let Some(first) = state.program_folder.get() else { return Ok(false) };
    let Some(file) = th.as_str(origin).map(text) else { return Ok(false) };
    let root = match file.rsplit_once('/') {
        Some((folder, "__init__.py")) => match folder.rsplit_once('/') {
            Some((parent, _)) => parent.to_owned(),
            None => return Ok(false),
        },
        Some((folder, _)) => folder.to_owned(),
        None => return Ok(false),
    };
    let first = if first.is_empty() {
        match std::env::current_dir() {
            Ok(folder) => folder.display().to_string(),
            Err(_) => return Ok(false),
        }
    } else {
        first.clone()
    };
    Ok(root == first)
}

/// `from module import *`
pub fn import_star(th: &mut Thread, module: &Value, namespace: &Value) -> PyResult<()> {
    let n = names();
    let (list, private) = match th.find_attr_or_none(module, &n.all)? {
        Some(all) => (all, true),
        None => match th.find_attr_or_none(module, &n.dict)? {
            Some(dict) => (th.call_method(&dict, "keys", &[])?, false),
            None => return Err(th.import_error("from-import-* object has no __dict__ and no __all__")),
        },
    };
    let items = if private { items_of(th, &list)? } else { th.collect(&list)? };
    for item in items {
        let Some(name) = th.as_str(&item).cloned() else {
            return Err(bad_name(th, module, &item, private));
        };
        if !private && name.len() > 0 && name.units().get(0) == u32::from('_') {
            continue;
        }
        let value = th.get_attr(module, &name)?;
        match th.exact::<Dict>(namespace) {
            Some(dict) => th.dict_set(&dict.clone(), &item, value)?,
            None => th.set_item(namespace, &item, &value)?,
        }
    }
    Ok(())
}

/// The items of `__all__`, read by index as the language defines.
fn items_of(th: &mut Thread, list: &Value) -> PyResult<Vec<Value>> {
    let mut items = Vec::new();
    loop {
        let index = th.int(items.len() as i64);
        let item = th.get_item(list, &index);
        match th.catch(item, Exc::IndexError)? {
            Some(item) => items.push(item),
            None => return Ok(items),
        }
    }
}

#[cold]
fn bad_name(th: &mut Thread, module: &Value, item: &Value, from_all: bool) -> Raised {
    let name = match th.get_attr(module, &names().dunder_name) {
        Ok(name) => name,
        Err(raised) => return raised,
    };
    let found = th.type_name(item);
    match th.as_str(&name).map(text) {
        Some(name) => {
            let (what, list) = if from_all { ("Item", "__all__") } else { ("Key", "__dict__") };
            th.type_error(format_args!("{what} in {name}.{list} must be str, not {found}"))
        }
        None => {
            let found = th.type_name(&name);
            th.type_error(format_args!("module __name__ must be a string, not {found}"))
        }
    }
}

/// Takes importlib's own frames out of the pending exception's traceback: all of them from an ImportError, else those that
/// end in a call of the module's code.
fn remove_importlib_frames(th: &mut Thread) {
    if super::state().is_none_or(|s| s.config.verbose > 0) {
        return;
    }
    let Some(exception) = th.raised.clone() else { return };
    let always = th.type_of(&exception).is_subtype(th, Exc::ImportError.class());
    let Some(this) = as_exception(th, &exception).cloned() else { return };
    let mut entries: Vec<Obj<Traceback>> = Vec::new();
    let mut current = this.traceback(th);
    while let Some(entry) = th.exact::<Traceback>(&current).cloned() {
        current = entry.next(th);
        entries.push(entry);
    }
    // What stays; a chunk of importlib's is undone when it turns out to end in the module's code.
    let mut kept: Vec<Obj<Traceback>> = Vec::with_capacity(entries.len());
    let mut chunk_start = None;
    for entry in entries {
        let code = entry.code(th);
        let inside = code.as_ref().is_some_and(|c| is_importlib(c));
        if inside && chunk_start.is_none() {
            chunk_start = Some(kept.len());
        }
        if !inside {
            chunk_start = None;
        }
        let ends = code.is_some_and(|c| c.name.units().eq_str("_call_with_frames_removed"));
        match chunk_start {
            Some(start) if always || ends => kept.truncate(start),
            _ => kept.push(entry),
        }
    }
    let mut next = Value::NONE;
    for entry in kept.into_iter().rev() {
        entry.set_next(th, next);
        next = entry.into_value();
    }
    this.set_traceback(th, next);
}

fn is_importlib(code: &Code) -> bool {
    let file = code.filename.units();
    file.eq_str(FROZEN) || file.eq_str(FROZEN_EXTERNAL)
}
