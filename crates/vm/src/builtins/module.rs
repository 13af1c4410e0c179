//! Modules: objects whose attributes are the names of a dict, and native modules made from their definitions.
//!
//! Not here: finding and loading modules (`import`).

use std::sync::OnceLock;

use crate::builtins::native_function::NativeFunction;
use crate::class::{descriptor, lookup, type_of};
use crate::error::Raised;
use crate::names::{Special, names};
use crate::native::{ModuleDef, Role};
use crate::prelude::*;

/// The payload of a module.
#[pyclass(
    name = "module",
    module = "builtins",
    doc = "A module: names that belong together.",
    subclassable,
    weakref,
    shape = MODULE
)]
pub struct Module {
    /// `__dict__`
    pub dict: Obj<Dict>,
    /// What the module was made from, if it is a native one.
    #[no_trace]
    pub definition: Option<&'static ModuleDef>,
}

/// The dict of the module `builtins`.
static BUILTINS: OnceLock<Obj<Dict>> = OnceLock::new();

/// The text of an attribute of a module's dict, if it is a str.
fn text_at(th: &Thread, dict: &Obj<Dict>, name: &Obj<Str>) -> Option<String> {
    let value = dict.get_str(th, name)?;
    Some(th.as_str(&value)?.units().to_str_lossy().into_owned())
}

/// The dict of a module (or of an instance of a subclass).
pub fn dict_of<'a>(th: &Thread, module: &'a Value) -> Option<&'a Obj<Dict>> {
    th.downcast::<Module>(module).map(|m| &m.dict)
}

fn put(th: &mut Thread, dict: &Obj<Dict>, name: &Obj<Str>, value: Value) -> PyResult<()> {
    dict.set_str(th, name, value).map_err(|_| th.memory_error())
}

/// The storage of modules, which keep their attributes in a dict of their own.
pub fn layout() -> &'static object_model::object::layout::Layout {
    Module::DEFINITION.layout
}

/// A new module without content but its standard attributes.
pub fn new(th: &mut Thread, name: &str) -> Obj<Module> {
    let dict = th.dict();
    let module = Obj::new(th, builtin::MODULE, Module { dict: dict.clone(), definition: None });
    module.header().make_deferred();
    let name = th.str(name);
    // Only a lack of memory could prevent it, and the module is then without attributes.
    let _ = fill_standard(th, &dict, name, Value::NONE);
    module
}

fn fill_standard(th: &mut Thread, dict: &Obj<Dict>, name: Value, doc: Value) -> PyResult<()> {
    let n = names();
    put(th, dict, &n.dunder_name, name)?;
    put(th, dict, &n.doc, doc)?;
    for name in [&n.package, &n.loader, &n.spec] {
        put(th, dict, name, Value::NONE)?;
    }
    Ok(())
}

/// A native module, made from its definition.
pub fn from_definition(th: &mut Thread, definition: &'static ModuleDef) -> PyResult {
    let dict = th.dict();
    let module = Module { dict: dict.clone(), definition: Some(definition) };
    let module = Obj::new(th, builtin::MODULE, module);
    module.header().make_deferred();
    let module = module.into_value();
    let name = th.intern(definition.name).into_value();
    let doc = if definition.doc.is_empty() { Value::NONE } else { th.str(definition.doc) };
    fill_standard(th, &dict, name, doc)?;
    if definition.name == "builtins" {
        // A second one shares the first one's part as the fallback of functions without `__builtins__`.
        let _ = BUILTINS.set(dict.clone());
    }
    for def in definition.members {
        let value = match def.role {
            Role::Attribute => (def.function)(th, Args::positional(&[]))?,
            _ => NativeFunction::free(th, def, Some(module.clone())),
        };
        let name = th.intern(def.name);
        put(th, &dict, &name, value)?;
    }
    for class in definition.classes {
        let class = class(th);
        let name = class.payload.name.get(th).to_string();
        let name = th.intern(&name);
        put(th, &dict, &name, class.value())?;
    }
    if let Some(init) = definition.init {
        init(th, &module)?;
    }
    Ok(module)
}

/// The dict that names of functions with these globals are looked up in last: `__builtins__` among the globals (a
/// module or a dict), else the module `builtins`.
pub fn builtins_of(th: &mut Thread, globals: &Obj<Dict>) -> Obj<Dict> {
    if let Some(found) = globals.get_str(th, &names().builtins) {
        if let Some(dict) = dict_of(th, &found) {
            return dict.clone();
        }
        if let Some(dict) = th.downcast::<Dict>(&found) {
            return dict.clone();
        }
    }
    match BUILTINS.get() {
        Some(dict) => dict.clone(),
        // Before the module exists there is nothing to find.
        None => th.dict(),
    }
}

/// The builtin called `name`.
pub fn builtin(th: &mut Thread, name: &str) -> PyResult {
    let key = th.intern(name);
    match BUILTINS.get().and_then(|dict| dict.get_str(th, &key)) {
        Some(value) => Ok(value),
        None => Err(th.runtime_error(format_args!("builtins has no '{name}'"))),
    }
}

/// `__name__` of a module, for messages; None for other values and modules without one.
pub fn name_for_message(th: &Thread, value: &Value) -> Option<String> {
    text_at(th, dict_of(th, value)?, &names().dunder_name)
}

/// `module.name`; None where there is no such attribute. Code in Python (`__getattr__` of the module) may raise.
pub fn get(th: &mut Thread, receiver: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    let class = type_of(receiver);
    let found = lookup(th, class, name);
    if let Some(attribute) = &found
        && descriptor::overrides(th, attribute)
    {
        return descriptor::bind(th, attribute, Some(receiver), class).map(Some);
    }
    let Some(dict) = dict_of(th, receiver).cloned() else {
        return crate::class::attribute::generic(th, receiver, name);
    };
    if let Some(value) = dict.get_str(th, name) {
        return Ok(Some(value));
    }
    if let Some(attribute) = found {
        return descriptor::bind(th, &attribute, Some(receiver), class).map(Some);
    }
    if let Some(fallback) = dict.get_str(th, Special::GetAttr.name()) {
        return th.call(&fallback, std::slice::from_ref(name.as_value())).map(Some);
    }
    match explain_missing(th, receiver, &dict, name)? {
        Some(raised) => Err(raised),
        None => Ok(None),
    }
}

/// Raises AttributeError where more can be said than that the attribute is missing: the module, or a submodule of it,
/// is being imported.
#[cold]
fn explain_missing(
    th: &mut Thread,
    receiver: &Value,
    dict: &Obj<Dict>,
    name: &Obj<Str>,
) -> PyResult<Option<Raised>> {
    let n = names();
    let Some(spec) = dict.get_str(th, &n.spec).filter(|s| !s.is_none()) else { return Ok(None) };
    let Some(module) = text_at(th, dict, &n.dunder_name) else { return Ok(None) };
    let attribute = name.units().to_str_lossy().into_owned();
    let initializing = match th.find_attr_or_none(&spec, &n.initializing)? {
        Some(flag) => th.is_true(&flag)?,
        None => false,
    };
    let message = if initializing {
        format!(
            "partially initialized module '{module}' has no attribute '{attribute}' (most likely due to a circular \
             import)"
        )
    } else {
        let Some(pending) = th.lookup_attr(&spec, "_uninitialized_submodules")? else { return Ok(None) };
        if !th.contains(&pending, name.as_value())? {
            return Ok(None);
        }
        format!(
            "cannot access submodule '{attribute}' of module '{module}' (most likely due to a circular import)"
        )
    };
    let raised = th.attribute_error(message);
    crate::exceptions::attach_name_and_object(th, name, receiver);
    Ok(Some(raised))
}

#[pymethods]
impl Module {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        // Name and documentation are `__init__`'s to read.
        let _ = args;
        let module = Module { dict: th.dict(), definition: None };
        let module = Obj::new(th, class.payload.instance_shape(), module);
        Ok(module.into_value())
    }

    #[signature("(name, doc=None)")]
    fn __init__(&self, th: &mut Thread, name: &Value, doc: Option<&Value>) -> PyResult<()> {
        if th.as_str(name).is_none() {
            let found = th.type_name(name);
            return Err(th.type_error(format_args!("module() argument 'name' must be str, not {found}")));
        }
        fill_standard(th, &self.dict, name.clone(), doc.cloned().unwrap_or(Value::NONE))
    }

    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        match get(th, this.as_value(), name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    fn __setattr__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>, value: &Value) -> PyResult<()> {
        assign(th, this, name, Some(value))
    }

    fn __delattr__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult<()> {
        assign(th, this, name, None)
    }

    #[getter("__dict__")]
    fn dict(&self) -> Value {
        self.dict.clone().into_value()
    }

    #[getter]
    fn __annotations__(&self, th: &mut Thread) -> PyResult {
        let n = names();
        if let Some(annotations) = self.dict.get_str(th, &n.annotations) {
            return Ok(annotations);
        }
        let annotate = self.dict.get_str(th, &n.annotate).filter(|a| th.is_callable(a));
        let annotations = match annotate {
            Some(annotate) => {
                let format = th.int(1);
                let made = th.call(&annotate, &[format])?;
                if th.downcast::<Dict>(&made).is_none() {
                    let found = th.type_name(&made);
                    return Err(th.type_error(format_args!("__annotate__() must return a dict, not {found}")));
                }
                made
            }
            None => th.dict().into_value(),
        };
        put(th, &self.dict, &n.annotations, annotations.clone())?;
        Ok(annotations)
    }

    #[setter("__annotations__")]
    fn set_annotations(this: &Obj<Self>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let n = names();
        match value {
            Some(value) => put(th, &this.dict, &n.annotations, value.clone())?,
            None => {
                let removed = this.dict.remove_str(th, &n.annotations);
                if removed.is_none() {
                    return Err(th.no_attribute(this.as_value(), &n.annotations));
                }
            }
        }
        let removed = this.dict.remove_str(th, &n.annotate);
        drop(removed);
        Ok(())
    }

    #[getter]
    fn __annotate__(&self, th: &mut Thread) -> PyResult {
        let n = names();
        match self.dict.get_str(th, &n.annotate) {
            Some(annotate) => Ok(annotate),
            None => {
                put(th, &self.dict, &n.annotate, Value::NONE)?;
                Ok(Value::NONE)
            }
        }
    }

    #[setter("__annotate__")]
    fn set_annotate(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let n = names();
        let Some(value) = value else { return Err(th.type_error("cannot delete __annotate__ attribute")) };
        if !value.is_none() && !th.is_callable(value) {
            return Err(th.type_error("__annotate__ must be callable or None"));
        }
        put(th, &self.dict, &n.annotate, value.clone())?;
        if !value.is_none() {
            let removed = self.dict.remove_str(th, &n.annotations);
            drop(removed);
        }
        Ok(())
    }

    fn __dir__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let function = th.intern("__dir__");
        if let Some(function) = this.dict.get_str(th, &function) {
            return th.call(&function, &[]);
        }
        let dict = th.get_attr(this.as_value(), &names().dict)?;
        let Some(dict) = th.downcast::<Dict>(&dict) else {
            return Err(th.type_error("<module>.__dict__ is not a dictionary"));
        };
        let keys = dict.snapshot(th).into_iter().map(|(key, _, _)| key).collect();
        Ok(th.list(keys))
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        // The import system knows where the module came from.
        if let Ok(import) = builtin(th, "__import__") {
            let name = th.str("_frozen_importlib");
            let described = th
                .call(&import, &[name])
                .and_then(|library| th.call_method(&library, "_module_repr", &[this.clone().into_value()]));
            if let Some(text) = th.catch(described, Exc::ImportError)? {
                return Ok(text);
            }
        } else {
            th.clear_exception();
        }
        let name = this.dict.get_str(th, &names().dunder_name);
        let text = match name {
            Some(name) => format!("<module {}>", th.repr(&name)?.units().to_str_lossy()),
            None => "<module '?'>".to_owned(),
        };
        Ok(th.str(&text))
    }
}

/// `module.name = value` and `del module.name`
fn assign(th: &mut Thread, this: &Obj<Module>, name: &Obj<Str>, value: Option<&Value>) -> PyResult<()> {
    let class = type_of(this.as_value());
    if let Some(attribute) = lookup(th, class, name)
        && descriptor::assign(th, &attribute, this.as_value(), value)?.is_some()
    {
        return Ok(());
    }
    match value {
        Some(value) => {
            let name = th.intern_obj(name);
            put(th, &this.dict, &name, value.clone())
        }
        None => {
            let removed = this.dict.remove_str(th, name);
            if removed.is_some() { Ok(()) } else { Err(th.no_attribute(this.as_value(), name)) }
        }
    }
}
