//! Warnings: what `_warnings` does, and how the runtime itself warns.
//!
//! Filters and the texts that are shown are the business of the Python module `warnings` once it is imported; until
//! then the filters here hold, and a warning is written with its source line.
//!
//! Not here: the module `_warnings` itself (`stdlib`).

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::exceptions::syntax::line_of_file;
use crate::frame;
use crate::import::name::in_modules;
use crate::names::names;
use crate::prelude::*;
use crate::thread::reentrant::ReentrantLock;

/// What there is one of.
pub struct State {
    /// `_warnings.filters`
    pub filters: Value,
    /// `_warnings._onceregistry`
    pub once: Obj<Dict>,
}

static STATE: OnceLock<State> = OnceLock::new();
static VERSION: AtomicI64 = AtomicI64::new(0);

/// The lock of the filters.
static LOCK: LazyLock<ReentrantLock> = LazyLock::new(ReentrantLock::new);

/// The state, made at first use.
pub fn state(th: &mut Thread) -> &'static State {
    if let Some(state) = STATE.get() {
        return state;
    }
    let ignored = [
        (Exc::DeprecationWarning, "default", Some("__main__")),
        (Exc::DeprecationWarning, "ignore", None),
        (Exc::PendingDeprecationWarning, "ignore", None),
        (Exc::ImportWarning, "ignore", None),
        (Exc::ResourceWarning, "ignore", None),
    ];
    let filters = ignored
        .into_iter()
        .map(|(category, action, module)| {
            let module = module.map_or(Value::NONE, |module| th.str(module));
            th.tuple(vec![th.str(action), Value::NONE, category.class().value(), module, th.int(0)])
        })
        .collect();
    let state = State { filters: th.list(filters), once: th.dict() };
    STATE.get_or_init(|| state)
}

/// Takes the lock of the filters; the same thread may take it again.
pub fn acquire(th: &mut Thread) {
    LOCK.acquire(th, |_| false);
}

/// Gives the lock back; false if the thread does not hold it.
pub fn release(th: &Thread) -> bool {
    LOCK.release(th.ident)
}

/// True if the calling thread holds the lock.
pub fn holds_lock(th: &Thread) -> bool {
    LOCK.is_owned_by(th.ident)
}

/// In the child of a fork: another thread that held the lock is gone.
pub(crate) fn forked(th: &Thread) {
    if !holds_lock(th) {
        LOCK.reset();
    }
}

/// What was remembered under other filters counts no more.
pub fn filters_mutated() {
    VERSION.fetch_add(1, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// Warns from the runtime itself; errs if a filter says so. `stack_level` 1 is the running Python function.
pub fn warn(th: &mut Thread, category: Exc, message: &str, stack_level: i64) -> PyResult<()> {
    let message = th.str(message);
    warn_at(th, &message, &category.class().value(), stack_level, &Value::NONE, &[])
}

fn is_internal(th: &Thread, frame: frame::Frame) -> bool {
    let _ = th;
    let filename = &frame.code().payload.unit.filename;
    filename.contains("importlib") && filename.contains("_bootstrap")
}

fn is_skipped(frame: frame::Frame, prefixes: &[String]) -> bool {
    let filename = &frame.code().payload.unit.filename;
    prefixes.iter().any(|prefix| filename.starts_with(prefix.as_str()))
}

/// The frame that a stack level means.
fn frame_at(th: &Thread, level: i64, prefixes: &[String]) -> Option<frame::Frame> {
    let mut frame = frame::current(th)?;
    let plain = prefixes.is_empty() && (level <= 0 || is_internal(th, frame));
    for _ in 1..level {
        loop {
            frame = frame.caller()?;
            if plain || !(is_internal(th, frame) || is_skipped(frame, prefixes)) {
                break;
            }
        }
    }
    Some(frame)
}

/// `warnings.warn`, with a checked category.
pub fn warn_at(
    th: &mut Thread,
    message: &Value,
    category: &Value,
    stack_level: i64,
    source: &Value,
    skip: &[String],
) -> PyResult<()> {
    let (globals, filename, line) = match frame_at(th, stack_level, skip) {
        Some(frame) => {
            let filename = frame.code().payload.unit.filename.to_string();
            (frame.globals(), filename, i64::from(frame.line()))
        }
        None => (None, "<sys>".to_owned(), 0),
    };
    let globals = match globals {
        Some(globals) => globals,
        None => crate::import::state::sys_dict(th)?,
    };
    let key = th.intern("__warningregistry__");
    let registry = match globals.get_str(th, &key) {
        Some(registry) => registry,
        None => {
            let registry = th.dict().into_value();
            th.dict_set(&globals, key.as_value(), registry.clone())?;
            registry
        }
    };
    let module = globals.get_str(th, &names().dunder_name).unwrap_or_else(|| th.str("<string>"));
    let filename = th.str(&filename);
    let place = Place { filename, line, module, registry, source: source.clone() };
    warn_explicit(th, message, category, &place)
}

/// Where a warning comes from.
pub struct Place {
    /// A str.
    pub filename: Value,
    /// Counted from 1.
    pub line: i64,
    /// A str.
    pub module: Value,
    /// A dict, or None.
    pub registry: Value,
    /// The object that the warning is about, or None.
    pub source: Value,
}

/// `warnings.warn_explicit`
pub fn warn_explicit(th: &mut Thread, message: &Value, category: &Value, place: &Place) -> PyResult<()> {
    let (text, message, category) = if th.is_instance(message, &Exc::Warning.class().value())? {
        let text = th.str_of(message)?.into_value();
        (text, message.clone(), th.type_of(message).value())
    } else {
        let made = th.call(category, std::slice::from_ref(message))?;
        (message.clone(), made, category.clone())
    };
    acquire(th);
    let shown = decide(th, &text, &message, &category, place);
    release(th);
    if shown? { show(th, &text, &message, &category, place) } else { Ok(()) }
}

/// Whether to show the warning; errs with it if a filter says so.
fn decide(th: &mut Thread, text: &Value, message: &Value, category: &Value, place: &Place) -> PyResult<bool> {
    let line = th.int(place.line);
    let key = th.tuple(vec![text.clone(), category.clone(), line]);
    let registry = th.downcast::<Dict>(&place.registry).cloned();
    if let Some(registry) = &registry {
        if is_known(th, registry, &key, false)? {
            return Ok(false);
        }
    } else if !place.registry.is_none() {
        let found = th.type_name(&place.registry);
        return Err(th.type_error(format_args!("'registry' must be a dict or None, not '{found}'")));
    }
    let (action, filter) = action_of(th, text, category, place)?;
    let remember = |th: &mut Thread| -> PyResult<()> {
        match &registry {
            Some(registry) => th.dict_set(registry, &key, Value::TRUE),
            None => Ok(()),
        }
    };
    match action.as_str() {
        "error" => Err(th.raise(message.clone())),
        "ignore" => Ok(false),
        "always" | "all" => Ok(true),
        "once" => {
            remember(th)?;
            let once = state(th).once.clone();
            let key = th.tuple(vec![text.clone(), category.clone()]);
            Ok(!is_known(th, &once, &key, true)?)
        }
        "module" => {
            remember(th)?;
            let Some(registry) = &registry else { return Ok(true) };
            let zero = th.int(0);
            let key = th.tuple(vec![text.clone(), category.clone(), zero]);
            Ok(!is_known(th, registry, &key, true)?)
        }
        "default" => {
            remember(th)?;
            Ok(true)
        }
        other => {
            let filter = th.repr(&filter)?.units().to_str_lossy().into_owned();
            Err(th.runtime_error(format_args!(
                "Unrecognized action ('{other}') in warnings.filters:\n {filter}"
            )))
        }
    }
}

/// Whether a warning was noted under this key since the filters changed; notes it if asked to.
fn is_known(th: &mut Thread, registry: &Obj<Dict>, key: &Value, note: bool) -> PyResult<bool> {
    let version = th.intern("version");
    let now = VERSION.load(Ordering::Relaxed); // Relaxed: a number on its own.
    let noted = registry.get_str(th, &version).and_then(|v| v.as_small_int());
    if noted == Some(now) {
        if let Some(known) = th.dict_get(registry, key)?
            && th.is_true(&known)?
        {
            return Ok(true);
        }
    } else {
        registry.clear(th);
        let now = th.int(now);
        th.dict_set(registry, version.as_value(), now)?;
    }
    if note {
        th.dict_set(registry, key, Value::TRUE)?;
    }
    Ok(false)
}

/// The module `warnings`, if it is imported.
fn python_module(th: &mut Thread) -> PyResult<Option<Value>> {
    let name = th.intern("warnings");
    Ok(in_modules(th, &name)?.filter(|module| !module.is_none()))
}

/// The action of the first filter that matches, and the filter.
fn action_of(th: &mut Thread, text: &Value, category: &Value, place: &Place) -> PyResult<(String, Value)> {
    let module = python_module(th)?;
    let get_filters = match &module {
        Some(module) => th.lookup_attr(module, "_get_filters")?,
        None => None,
    };
    let filters = match get_filters {
        Some(get) => th.call(&get, &[])?,
        None => state(th).filters.clone(),
    };
    let Some(filters) = th.downcast::<List>(&filters).cloned() else {
        return Err(th.value_error("_warnings.filters must be a list"));
    };
    let mut index = 0;
    while let Some(filter) = filters.get(th, index) {
        let parts = th.downcast::<Tuple>(&filter).map(|filter| filter.items().to_vec());
        let Some([action, message, wanted, from, line]) = parts.as_deref() else {
            return Err(th.value_error(format_args!("_warnings.filters item {index} isn't a 5-tuple")));
        };
        let Some(action) = th.as_str(action).map(|a| a.units().to_str_lossy().into_owned()) else {
            let found = th.type_name(action);
            return Err(th.type_error(format_args!("action must be a string, not '{found}'")));
        };
        let line = th.index(line)?;
        if (line == 0 || line == place.line)
            && th.is_subclass(category, wanted)?
            && matches(th, message, text)?
            && matches(th, from, &place.module)?
        {
            return Ok((action, filter));
        }
        index += 1;
    }
    let action = match &module {
        Some(module) => th.lookup_attr(module, "defaultaction")?,
        None => None,
    };
    let action = action.as_ref().and_then(|a| th.as_str(a)).map(|a| a.units().to_str_lossy().into_owned());
    Ok((action.unwrap_or_else(|| "default".to_owned()), Value::NONE))
}

/// Whether a part of a filter matches: None always does, a str exactly, a pattern by its `match`.
fn matches(th: &mut Thread, part: &Value, text: &Value) -> PyResult<bool> {
    if part.is_none() {
        return Ok(true);
    }
    if crate::class::exact_str(part).is_some() {
        return th.eq(part, text);
    }
    let answer = th.call_method(part, "match", std::slice::from_ref(text))?;
    th.is_true(&answer)
}

/// Shows a warning as `warnings` says, or with its source line while it is not imported.
fn show(th: &mut Thread, text: &Value, message: &Value, category: &Value, place: &Place) -> PyResult<()> {
    let module = if place.source.is_none() {
        python_module(th)?
    } else {
        let imported = th.import("warnings");
        th.catch(imported, Exc::ImportError)?
    };
    if let Some(module) = module
        && let Some(show) = th.lookup_attr(&module, "_showwarnmsg")?
        && let Some(class) = th.lookup_attr(&module, "WarningMessage")?
    {
        let line = th.int(place.line);
        let arguments = [
            message.clone(),
            category.clone(),
            place.filename.clone(),
            line,
            Value::NONE,
            Value::NONE,
            place.source.clone(),
        ];
        let message = th.call(&class, &arguments)?;
        return th.call(&show, &[message]).map(drop);
    }
    let text = th.str_of(text)?.units().to_str_lossy().into_owned();
    let filename = th.str_of(&place.filename)?.units().to_str_lossy().into_owned();
    let category = th.as_class(category).map(|c| c.payload.name.get(th).to_string()).unwrap_or_default();
    let line = place.line;
    let mut shown = format!("{filename}:{line}: {category}: {text}\n");
    let source = u32::try_from(line).ok().and_then(|line| line_of_file(th, &filename, line));
    if let Some(source) = source.as_deref().map(str::trim).filter(|source| !source.is_empty()) {
        shown.push_str(&format!("  {source}\n"));
    }
    crate::exceptions::uncaught::write_error(th, &shown);
    Ok(())
}
