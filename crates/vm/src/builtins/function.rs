//! Python functions and bound methods: their payloads and attributes.
//!
//! What a call reads (code, defaults) is published whole, so that calling takes no lock and changing a function stops
//! nobody.

use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use object_model::dict::Dict;
use object_model::object::layout::Payload;
use object_model::string::Str;
use object_model::tuple::Tuple;
use object_model::ty::Published;
use object_model::{Obj, Object, Value};
use parking_lot::Mutex;

use super::code::Code;
use crate::names::names;
use crate::prelude::*;

/// Default values of parameters.
#[derive(Clone, Default)]
pub struct Defaults {
    /// Of the last positional parameters.
    pub positional: Option<Obj<Tuple>>,
    /// Of keyword-only parameters.
    pub keyword: Option<Obj<Dict>>,
}

/// The payload of a Python function.
#[pyclass(name = "function", module = "builtins", shape = FUNCTION, weakref, no_payload)]
pub struct Function {
    code: AtomicPtr<Object<Code>>,
    /// Codes that were replaced: a frame may still run them.
    old_codes: Mutex<Vec<Value>>,
    /// `__globals__`
    pub globals: Obj<Dict>,
    /// `__builtins__`
    pub builtins: Obj<Dict>,
    /// `__closure__`
    pub closure: Option<Obj<Tuple>>,
    /// `__defaults__` and `__kwdefaults__`
    pub defaults: Published<Defaults>,
    rest: Guarded<Rest>,
    /// `__name__` or `__qualname__` may no longer be the code's.
    renamed: AtomicBool,
}

/// What a call does not need.
struct Rest {
    name: Value,
    qualname: Value,
    module: Value,
    doc: Value,
    annotations: Option<Value>,
    annotate: Option<Value>,
    type_params: Option<Value>,
    dict: Option<Obj<Dict>>,
}

impl Function {
    /// A function of `code`; names, module and documentation come from the code and the globals.
    pub fn new(
        th: &mut Thread,
        code: Obj<Code>,
        globals: Obj<Dict>,
        defaults: Defaults,
        closure: Option<Obj<Tuple>>,
    ) -> Obj<Function> {
        let builtins = crate::builtins::module::builtins_of(th, &globals);
        let module = globals.get_str(th, &names().dunder_name).unwrap_or(Value::NONE);
        let rest = Rest {
            name: code.name.clone().into_value(),
            qualname: code.qualname.clone().into_value(),
            module,
            doc: code.docstring(),
            annotations: None,
            annotate: None,
            type_params: None,
            dict: None,
        };
        Obj::new(
            th,
            builtin::FUNCTION,
            Function {
                code: AtomicPtr::new(code.as_ptr().as_ptr()),
                old_codes: Mutex::new(vec![code.into_value()]),
                globals,
                builtins,
                closure,
                defaults: Published::new(defaults),
                rest: Guarded::new(rest),
                renamed: AtomicBool::new(false),
            },
        )
    }

    /// Leaves the function's life to the collector, in the free-threaded build: for functions that modules and class
    /// bodies define. They are called from all threads, and so nobody counts them, nor what they refer to.
    pub fn defer(function: &Obj<Function>, th: &Thread) {
        function.header().make_deferred();
        function.globals.header().defer_own(th);
        function.builtins.header().defer_own(th);
        let module = function.rest.lock(th).module.clone();
        let cells = function.closure.as_ref().map_or(&[][..], |closure| closure.items());
        let closure = function.closure.as_ref().map(Obj::as_value);
        for value in cells.iter().chain(closure).chain([&module]) {
            if let Some(header) = value.as_header() {
                header.defer_own(th);
            }
        }
    }

    /// The code to run.
    #[inline(always)]
    pub fn code(&self) -> &Object<Code> {
        // Acquire pairs with the release in `set_code`.
        // SAFETY: the function owns every code it ever had.
        unsafe { &*self.code.load(Ordering::Acquire) }
    }

    /// The code as a value.
    pub fn code_value(&self) -> Value {
        let code = self.code();
        code.header.increment_current();
        // SAFETY: counted just now.
        unsafe { Value::from_header(std::ptr::NonNull::from(code).cast()) }
    }

    fn set_code(&self, code: Obj<Code>) {
        let pointer = code.as_ptr().as_ptr();
        self.renamed.store(true, Ordering::Relaxed); // Relaxed: as in `changed_names`.
        self.old_codes.lock().push(code.into_value());
        // Release pairs with the acquire in `code`.
        self.code.store(pointer, Ordering::Release);
    }

    /// `__name__` and `__qualname__`, unless they are still those of `code`.
    pub(crate) fn changed_names(&self, th: &Thread, code: &Code) -> Option<(Value, Value)> {
        // Relaxed: names that another thread sets at this moment may come too late.
        if !self.renamed.load(Ordering::Relaxed) {
            return None;
        }
        let rest = self.rest.lock(th);
        let same = rest.name.is(code.name.as_value()) && rest.qualname.is(code.qualname.as_value());
        if same { None } else { Some((rest.name.clone(), rest.qualname.clone())) }
    }

    /// `__name__`, for messages.
    pub fn name_text(&self, th: &Thread) -> String {
        text(&self.rest.lock(th).name)
    }

    /// `__qualname__`, for messages.
    pub fn qualname_text(&self, th: &Thread) -> String {
        text(&self.rest.lock(th).qualname)
    }

    /// Sets `__annotate__` (from the compiler).
    pub fn set_annotate(&self, th: &Thread, annotate: Value) {
        self.rest.lock(th).annotate = Some(annotate);
    }

    /// Sets `__type_params__` (from the compiler).
    pub fn set_type_params(&self, th: &Thread, params: Value) {
        self.rest.lock(th).type_params = Some(params);
    }
}

fn text(value: &Value) -> String {
    crate::class::exact_str(value).map(|s| s.units().to_str_lossy().to_string()).unwrap_or_default()
}

impl Payload for Function {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.old_codes.lock().iter().for_each(&mut *visit);
        visit(self.globals.as_value());
        visit(self.builtins.as_value());
        self.closure.iter().for_each(|c| visit(c.as_value()));
        self.rest.trace_with(|rest| {
            [&rest.name, &rest.qualname, &rest.module, &rest.doc].into_iter().for_each(&mut *visit);
            [&rest.annotations, &rest.annotate, &rest.type_params]
                .into_iter()
                .flatten()
                .for_each(&mut *visit);
            rest.dict.iter().for_each(|d| visit(d.as_value()));
        });
    }
}

#[pymethods]
impl Function {
    #[new(raw)]
    fn new_function(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        const SIGNATURE: crate::native::Signature = crate::native::Signature {
            name: "function",
            parameters: &[
                parameter("code", true),
                parameter("globals", true),
                parameter("name", false),
                parameter("argdefs", false),
                parameter("closure", false),
                parameter("kwdefaults", false),
            ],
            var_positional: false,
            var_keyword: false,
        };
        let bound = SIGNATURE.bind::<6>(th, args)?;
        let [Some(code), Some(globals), name, defaults, closure, keyword] = bound.values else {
            return Err(th.type_error("function() missing required argument 'code' (pos 1)"));
        };
        let Some(code) = th.exact::<Code>(code).cloned() else {
            let found = th.type_name(code);
            return Err(th.type_error(format_args!("function() argument 'code' must be code, not {found}")));
        };
        let Some(globals) = th.downcast::<Dict>(globals).cloned() else {
            let found = th.type_name(globals);
            return Err(
                th.type_error(format_args!("function() argument 'globals' must be dict, not {found}"))
            );
        };
        let positional = match defaults.filter(|d| !d.is_none()) {
            Some(d) => match th.downcast::<Tuple>(d) {
                Some(d) => Some(d.clone()),
                None => return Err(th.type_error("arg 4 (defaults) must be None or tuple")),
            },
            None => None,
        };
        let keyword = match keyword.filter(|d| !d.is_none()) {
            Some(d) => match th.downcast::<Dict>(d) {
                Some(d) => Some(d.clone()),
                None => return Err(th.type_error("arg 6 (kwdefaults) must be None or dict")),
            },
            None => None,
        };
        let wanted = code.unit.free.len();
        let closure = match closure.filter(|c| !c.is_none()) {
            Some(c) => match th.downcast::<Tuple>(c).cloned() {
                Some(c) => Some(c),
                None => return Err(th.type_error("arg 5 (closure) must be None or tuple")),
            },
            None => None,
        };
        let given = closure.as_ref().map_or(0, |c| c.len());
        let code_name = text(code.name.as_value());
        if wanted != given {
            return Err(
                th.value_error(format_args!("{code_name} requires closure of length {wanted}, not {given}"))
            );
        }
        if let Some(closure) = &closure
            && let Some(bad) = closure.items().iter().find(|c| th.exact::<super::cell::Cell>(c).is_none())
        {
            let found = th.type_name(bad);
            return Err(th.type_error(format_args!("arg 5 (closure) expected cell, found {found}")));
        }
        let function = Function::new(th, code, globals, Defaults { positional, keyword }, closure);
        if let Some(name) = name.filter(|n| !n.is_none()) {
            let mut rest = function.rest.lock(th);
            rest.name = name.clone();
            function.renamed.store(true, Ordering::Relaxed); // Relaxed: as in `changed_names`.
        }
        Ok(function.into_value())
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        th.call_args(this.as_value(), args)
    }

    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if instance.is_none() {
            return Ok(this.clone().into_value());
        }
        let method = Method { function: this.clone().into_value(), receiver: instance.clone() };
        Ok(Obj::new(th, builtin::METHOD, method).into_value())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        format!("<function {} at {:#x}>", this.qualname_text(th), this.as_value().word())
    }

    #[getter]
    fn __code__(&self) -> Value {
        self.code_value()
    }

    #[setter("__code__")]
    fn assign_code(&self, th: &mut Thread, value: &Value) -> PyResult<()> {
        let Some(code) = th.exact::<Code>(value).cloned() else {
            return Err(th.type_error("__code__ must be set to a code object"));
        };
        let (wanted, has) = (code.unit.free.len(), self.closure.as_ref().map_or(0, |c| c.len()));
        if wanted != has {
            let name = self.name_text(th);
            return Err(th.value_error(format_args!(
                "{name}() requires a code object with {has} free vars, not {wanted}"
            )));
        }
        self.set_code(code);
        Ok(())
    }

    #[getter]
    fn __globals__(&self) -> Value {
        self.globals.clone().into_value()
    }

    #[getter]
    fn __builtins__(&self) -> Value {
        self.builtins.clone().into_value()
    }

    #[getter]
    fn __closure__(&self) -> Value {
        self.closure.as_ref().map_or(Value::NONE, |c| c.clone().into_value())
    }

    #[getter]
    fn __defaults__(&self, th: &mut Thread) -> Value {
        self.defaults.get(th).positional.as_ref().map_or(Value::NONE, |d| d.clone().into_value())
    }

    #[setter("__defaults__")]
    fn assign_defaults(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let positional = match value.filter(|v| !v.is_none()) {
            Some(value) => match th.downcast::<Tuple>(&value) {
                Some(tuple) => Some(tuple.clone()),
                None => return Err(th.type_error("__defaults__ must be set to a tuple object")),
            },
            None => None,
        };
        let keyword = self.defaults.get(th).keyword.clone();
        self.defaults.publish(th, Defaults { positional, keyword });
        Ok(())
    }

    #[getter]
    fn __kwdefaults__(&self, th: &mut Thread) -> Value {
        self.defaults.get(th).keyword.as_ref().map_or(Value::NONE, |d| d.clone().into_value())
    }

    #[setter("__kwdefaults__")]
    fn assign_kwdefaults(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let keyword = match value.filter(|v| !v.is_none()) {
            Some(value) => match th.downcast::<Dict>(&value) {
                Some(dict) => Some(dict.clone()),
                None => return Err(th.type_error("__kwdefaults__ must be set to a dict object")),
            },
            None => None,
        };
        let positional = self.defaults.get(th).positional.clone();
        self.defaults.publish(th, Defaults { positional, keyword });
        Ok(())
    }

    #[getter]
    fn __name__(&self, th: &mut Thread) -> Value {
        self.rest.lock(th).name.clone()
    }

    #[setter("__name__")]
    fn assign_name(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let value = must_be_str(th, value, "__name__")?;
        self.renamed.store(true, Ordering::Relaxed); // Relaxed: as in `changed_names`.
        self.rest.lock(th).name = value;
        Ok(())
    }

    #[getter]
    fn __qualname__(&self, th: &mut Thread) -> Value {
        self.rest.lock(th).qualname.clone()
    }

    #[setter("__qualname__")]
    fn assign_qualname(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let value = must_be_str(th, value, "__qualname__")?;
        self.renamed.store(true, Ordering::Relaxed); // Relaxed: as in `changed_names`.
        self.rest.lock(th).qualname = value;
        Ok(())
    }

    #[getter]
    fn __module__(&self, th: &mut Thread) -> Value {
        self.rest.lock(th).module.clone()
    }

    #[setter("__module__")]
    fn assign_module(&self, th: &mut Thread, value: Option<Value>) {
        self.rest.lock(th).module = value.unwrap_or(Value::NONE);
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> Value {
        self.rest.lock(th).doc.clone()
    }

    #[setter("__doc__")]
    fn assign_doc(&self, th: &mut Thread, value: Option<Value>) {
        self.rest.lock(th).doc = value.unwrap_or(Value::NONE);
    }

    #[getter]
    fn __annotate__(&self, th: &mut Thread) -> Value {
        self.rest.lock(th).annotate.clone().unwrap_or(Value::NONE)
    }

    #[setter("__annotate__")]
    fn assign_annotate(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("__annotate__ cannot be deleted")) };
        let mut rest = self.rest.lock(th);
        if !value.is_none() {
            rest.annotations = None;
        }
        rest.annotate = Some(value);
        Ok(())
    }

    #[getter]
    fn __annotations__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let (known, annotate) = {
            let rest = this.rest.lock(th);
            (rest.annotations.clone(), rest.annotate.clone())
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let made = match annotate.filter(|a| !a.is_none()) {
            // 1 is `annotationlib.Format.VALUE`.
            Some(annotate) => th.call(&annotate, &[Value::int32(1)])?,
            None => Obj::dict(th).into_value(),
        };
        this.rest.lock(th).annotations = Some(made.clone());
        Ok(made)
    }

    #[setter("__annotations__")]
    fn assign_annotations(&self, th: &mut Thread, value: Option<Value>) {
        let mut rest = self.rest.lock(th);
        rest.annotations = value.filter(|v| !v.is_none());
        rest.annotate = None;
    }

    #[getter]
    fn __type_params__(&self, th: &mut Thread) -> Value {
        let known = self.rest.lock(th).type_params.clone();
        known.unwrap_or_else(|| th.tuple(Vec::new()))
    }

    #[setter("__type_params__")]
    fn assign_type_params(&self, th: &mut Thread, value: Value) -> PyResult<()> {
        if th.downcast::<Tuple>(&value).is_none() {
            return Err(th.type_error("__type_params__ must be set to a tuple"));
        }
        self.rest.lock(th).type_params = Some(value);
        Ok(())
    }

    #[getter]
    fn __dict__(&self, th: &mut Thread) -> Value {
        let known = self.rest.lock(th).dict.clone();
        let dict = known.unwrap_or_else(|| {
            let new = Obj::dict(th);
            self.rest.lock(th).dict.get_or_insert(new).clone()
        });
        dict.into_value()
    }

    #[setter("__dict__")]
    fn assign_dict(&self, th: &mut Thread, value: Value) -> PyResult<()> {
        let Some(dict) = th.downcast::<Dict>(&value).cloned() else {
            let found = th.type_name(&value);
            return Err(th.type_error(format_args!("__dict__ must be set to a dictionary, not a '{found}'")));
        };
        self.rest.lock(th).dict = Some(dict);
        Ok(())
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
}

const fn parameter(name: &'static str, required: bool) -> crate::native::Parameter {
    crate::native::Parameter { name, kind: crate::native::Kind::Either, required }
}

fn must_be_str(th: &mut Thread, value: Option<Value>, name: &str) -> PyResult {
    match value {
        Some(value) if th.as_str(&value).is_some() => Ok(value),
        _ => Err(th.type_error(format_args!("{name} must be set to a string object"))),
    }
}

/// Attribute lookup on a function: its own attributes are in a dict beside it. None if there is none.
pub fn get(th: &mut Thread, receiver: &Value, name: &Obj<Str>) -> PyResult<Option<Value>> {
    if let Some(value) = crate::class::attribute::generic(th, receiver, name)? {
        return Ok(Some(value));
    }
    let Some(function) = th.exact::<Function>(receiver) else { return Ok(None) };
    let dict = function.rest.lock(th).dict.clone();
    Ok(dict.and_then(|d| d.get_str(th, name)))
}

fn assign(th: &mut Thread, function: &Obj<Function>, name: &Obj<Str>, value: Option<&Value>) -> PyResult<()> {
    let class = th.type_of(function.as_value());
    if let Some(attribute) = crate::class::lookup(th, class, name)
        && crate::class::descriptor::assign(th, &attribute, function.as_value(), value)?.is_some()
    {
        return Ok(());
    }
    let dict = function.__dict__(th);
    let Some(dict) = th.exact::<Dict>(&dict).cloned() else { return Ok(()) };
    match value {
        Some(value) => dict.set_str(th, name, value.clone()).map_err(|_| th.memory_error()),
        None if dict.remove_str(th, name).is_some() => Ok(()),
        None => Err(th.no_attribute(function.as_value(), name)),
    }
}

/// The payload of a bound method.
#[pyclass(name = "method", module = "builtins", shape = METHOD, weakref)]
pub struct Method {
    /// `__func__`
    pub function: Value,
    /// `__self__`
    pub receiver: Value,
}

#[pymethods]
impl Method {
    #[new]
    fn new(th: &mut Thread, _class: Class, function: Value, receiver: Value) -> PyResult<Method> {
        if !th.is_callable(&function) {
            return Err(th.type_error("first argument must be callable"));
        }
        if receiver.is_none() {
            return Err(th.type_error("instance must not be None"));
        }
        Ok(Method { function, receiver })
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        th.call_args(this.as_value(), args)
    }

    /// It is bound already.
    fn __get__(this: &Obj<Self>, instance: &Value, owner: Option<&Value>) -> Value {
        let _ = (instance, owner);
        this.as_value().clone()
    }

    #[getter]
    fn __func__(&self) -> Value {
        self.function.clone()
    }

    #[getter]
    fn __self__(&self) -> Value {
        self.receiver.clone()
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> PyResult {
        th.get_attr(&self.function.clone(), &names().doc)
    }

    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        if let Some(value) = crate::class::attribute::generic(th, this.as_value(), name)? {
            return Ok(value);
        }
        let function = this.function.clone();
        th.get_attr(&function, name)
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult<String> {
        let function = self.function.clone();
        let name = match th.lookup_attr(&function, "__qualname__")? {
            Some(name) => Some(name),
            None => th.lookup_attr(&function, "__name__")?,
        };
        let name = match name.filter(|name| th.as_str(name).is_some()) {
            Some(name) => text(&name),
            None => "?".to_string(),
        };
        let receiver = th.repr(&self.receiver.clone())?;
        Ok(format!("<bound method {name} of {}>", receiver.units().to_str_lossy()))
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.exact::<Method>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        let same =
            other.receiver.is(&self.receiver) && th.eq(&self.function.clone(), &other.function.clone())?;
        Ok(Value::bool(same))
    }

    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let name = th.get_attr(&self.function.clone(), &names().dunder_name)?;
        let getattr = crate::builtins::module::builtin(th, "getattr")?;
        let arguments = th.tuple(vec![self.receiver.clone(), name]);
        Ok(th.tuple(vec![getattr, arguments]))
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        let function = th.hash(&self.function.clone())?;
        Ok((self.receiver.word() >> 4) as i64 ^ function)
    }
}
