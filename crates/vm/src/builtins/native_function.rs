//! Native functions and methods as Python sees them, and the descriptors of native and slotted attributes.

use object_model::lock::CriticalSection;
use object_model::object::attributes;
use object_model::string::Str;
use object_model::{Obj, Value};

use crate::class;
use crate::names::Special;
use crate::native::{NativeDef, Role};
use crate::prelude::*;

/// A native function, or a native method bound to a receiver.
#[pyclass(name = "builtin_function_or_method", module = "builtins", shape = BUILTIN_FUNCTION, no_new, weakref)]
pub struct NativeFunction {
    /// What it does.
    #[no_trace]
    pub def: &'static NativeDef,
    /// Passed first, if there is one.
    pub receiver: Option<Value>,
    /// `__self__` of a function that gets no receiver: its module; the class of a `__new__`.
    pub home: Option<Value>,
    /// The class that defines the method.
    #[no_trace]
    pub class: Option<Class>,
}

/// A native method in a class dict.
#[pyclass(name = "method_descriptor", module = "builtins", shape = METHOD_DESCRIPTOR, no_new)]
pub struct NativeMethod {
    /// What it does.
    #[no_trace]
    pub def: &'static NativeDef,
    /// `__objclass__`
    #[no_trace]
    pub class: Class,
}

/// A native attribute in a class dict.
#[pyclass(name = "getset_descriptor", module = "builtins", shape = GETSET_DESCRIPTOR, no_new)]
pub struct GetSet {
    /// `__name__`
    #[no_trace]
    pub name: &'static str,
    /// Reads.
    #[no_trace]
    pub getter: Option<&'static NativeDef>,
    /// Writes and deletes.
    #[no_trace]
    pub setter: Option<&'static NativeDef>,
    /// `__objclass__`
    #[no_trace]
    pub class: Class,
    /// Keeps the class, if it is one that ends.
    pub owner: Option<Value>,
}

/// An attribute named in `__slots__`.
#[pyclass(name = "member_descriptor", module = "builtins", shape = MEMBER_DESCRIPTOR, no_new)]
pub struct Member {
    /// `__name__`
    pub name: Obj<Str>,
    /// Which attribute of the instance.
    #[no_trace]
    pub index: usize,
    /// `__objclass__`
    #[no_trace]
    pub class: Class,
    /// Keeps the class, if it is one that ends.
    pub owner: Option<Value>,
}

impl NativeFunction {
    /// A function without receiver.
    pub fn free(th: &mut Thread, def: &'static NativeDef, home: Option<Value>) -> Value {
        let function = NativeFunction { def, receiver: None, home, class: None };
        let function = Obj::new(th, builtin::BUILTIN_FUNCTION, function);
        function.header().make_deferred();
        function.into_value()
    }

    /// `__new__` of `class`: gets the class to make an instance of as its first argument.
    pub fn new_of(th: &mut Thread, def: &'static NativeDef, class: Class) -> Value {
        let function = NativeFunction { def, receiver: None, home: Some(class.value()), class: Some(class) };
        let function = Obj::new(th, builtin::BUILTIN_FUNCTION, function);
        function.header().make_deferred();
        function.into_value()
    }

    /// `method` bound to `receiver`.
    pub fn bound(th: &mut Thread, method: &NativeMethod, receiver: Value) -> Value {
        let function = NativeFunction {
            def: method.def,
            receiver: Some(receiver),
            home: None,
            class: Some(method.class),
        };
        Obj::new(th, builtin::BUILTIN_FUNCTION, function).into_value()
    }
}

/// The native function that a value is, if it is one.
pub fn as_native(value: &Value) -> Option<&Obj<NativeFunction>> {
    match value.as_header() {
        Some(header) if header.shape_id() == builtin::BUILTIN_FUNCTION => {
            // SAFETY: the shape says so.
            Some(unsafe { Obj::borrow_unchecked(value) })
        }
        _ => None,
    }
}

fn as_method(value: &Value) -> Option<&Obj<NativeMethod>> {
    let shape = value.as_header()?.shape_id();
    let is = shape == builtin::METHOD_DESCRIPTOR
        || shape == builtin::WRAPPER_DESCRIPTOR
        || shape == builtin::CLASSMETHOD_DESCRIPTOR;
    // SAFETY: all three shapes have this payload.
    if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
}

/// The class that defines a native method.
pub fn method_class(method: &Value) -> Option<Class> {
    as_method(method).map(|m| m.class)
}

/// True if this is `object.__init_subclass__`.
pub fn is_object_init_subclass(method: &Value) -> bool {
    let object = <class::Plain as PyClass>::cell().get();
    as_method(method).is_some_and(|m| m.def.name == "__init_subclass__" && Some(m.class) == object)
}

fn needs(th: &mut Thread, name: &str, class: Class, receiver: &Value) -> Raised {
    let (found, class) = (th.type_name(receiver), class::tp_name(th, class));
    th.type_error(format_args!(
        "descriptor '{name}' for '{class}' objects doesn't apply to a '{found}' object"
    ))
}

impl GetSet {
    /// The attribute of `receiver`.
    pub fn read(&self, th: &mut Thread, receiver: &Value) -> PyResult {
        if !class::type_of(receiver).is_subtype(th, self.class) {
            return Err(needs(th, self.name, self.class, receiver));
        }
        match self.getter {
            Some(getter) => (getter.function)(th, Args::positional(std::slice::from_ref(receiver))),
            None => {
                let class = class::tp_name(th, self.class);
                Err(th.attribute_error(format_args!(
                    "attribute '{}' of '{class}' objects is not readable",
                    self.name
                )))
            }
        }
    }

    /// Sets (Some) or deletes (None) the attribute of `receiver`.
    pub fn write(&self, th: &mut Thread, receiver: &Value, value: Option<&Value>) -> PyResult<()> {
        if !class::type_of(receiver).is_subtype(th, self.class) {
            return Err(needs(th, self.name, self.class, receiver));
        }
        let Some(setter) = self.setter else {
            let class = class::tp_name(th, self.class);
            return Err(th.attribute_error(format_args!(
                "attribute '{}' of '{class}' objects is not writable",
                self.name
            )));
        };
        let mut arguments = vec![receiver.clone()];
        arguments.extend(value.cloned());
        (setter.function)(th, Args::positional(&arguments)).map(drop)
    }
}

impl Member {
    /// The attribute of `receiver`.
    pub fn read(&self, th: &mut Thread, receiver: &Value) -> PyResult {
        let header = self.checked(th, receiver)?;
        let slot = attributes::area(header, header.shape()).and_then(|area| {
            let slot = area.slot(self.index)?;
            match slot.load(th.owner(), || true) {
                Ok(value) => value,
                Err(_) => {
                    let _section = CriticalSection::enter(th, header);
                    slot.load_locked(th)
                }
            }
        });
        slot.ok_or_else(|| self.not_set(th, receiver))
    }

    /// Sets or deletes the attribute of `receiver`.
    pub fn write(&self, th: &mut Thread, receiver: &Value, value: Option<Value>) -> PyResult<()> {
        let header = self.checked(th, receiver)?;
        let deleting = value.is_none();
        let old = {
            let _section = CriticalSection::enter(th, header);
            attributes::area(header, header.shape()).and_then(|area| area.set(th, self.index, value))
        };
        if deleting && old.is_none() {
            return Err(th.no_attribute(receiver, &self.name.clone()));
        }
        drop(old);
        Ok(())
    }

    /// Unlike other errors about attributes this one has the class's full name.
    #[cold]
    fn not_set(&self, th: &mut Thread, receiver: &Value) -> Raised {
        let class = crate::class::full_name(th, th.type_of(receiver));
        let class = class.strip_prefix("__main__.").unwrap_or(&class);
        let name = self.name.clone();
        let text = name.units().to_str_lossy().to_string();
        let raised = th.attribute_error(format_args!("'{class}' object has no attribute '{text}'"));
        crate::exceptions::attach_name_and_object(th, &name, receiver);
        raised
    }

    fn checked<'a>(&self, th: &mut Thread, receiver: &'a Value) -> PyResult<&'a object_model::Header> {
        match receiver.as_header() {
            Some(header) if header.shape().class().is_subtype(th, self.class) => Ok(header),
            _ => {
                let name = self.name.units().to_str_lossy().to_string();
                Err(needs(th, &name, self.class, receiver))
            }
        }
    }
}

/// `__text_signature__`: None if the definition has none.
fn text_signature(th: &mut Thread, def: &'static NativeDef) -> Value {
    if def.text_signature.is_empty() { Value::NONE } else { th.str(def.text_signature) }
}

fn doc(th: &mut Thread, def: &'static NativeDef) -> Value {
    let text = if def.doc.is_empty() { super::special_docs::of(def.name) } else { def.doc };
    if text.is_empty() { Value::NONE } else { th.str(text) }
}

fn is_special(name: &str) -> bool {
    Special::ALL.iter().any(|s| s.text() == name)
}

fn class_qualname(th: &Thread, class: Class) -> String {
    let full = class::full_name(th, class);
    full.rsplit('.').next().map(str::to_string).unwrap_or(full)
}

#[pymethods]
impl NativeFunction {
    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        th.call_args(this.as_value(), args)
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.def.name
    }

    #[getter]
    fn __qualname__(&self, th: &mut Thread) -> String {
        let class = self.class.or_else(|| {
            let receiver = self.receiver.as_ref()?;
            class::as_class(receiver)
        });
        match class {
            Some(class) => format!("{}.{}", class_qualname(th, class), self.def.name),
            None => self.def.name.to_string(),
        }
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> Value {
        doc(th, self.def)
    }

    #[getter]
    fn __text_signature__(&self, th: &mut Thread) -> Value {
        text_signature(th, self.def)
    }

    #[getter]
    fn __self__(&self) -> Value {
        self.receiver.clone().or_else(|| self.home.clone()).unwrap_or(Value::NONE)
    }

    #[getter]
    fn __module__(&self, th: &mut Thread) -> PyResult {
        match &self.home {
            Some(home) if class::as_class(home).is_none() => {
                let home = home.clone();
                th.get_attr(&home, &crate::names::names().dunder_name)
            }
            _ => Ok(Value::NONE),
        }
    }

    /// Only of what stands for a special method, as that is a type of its own elsewhere.
    #[getter]
    fn __objclass__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        match this.class.filter(|_| this.receiver.is_some() && is_special(this.def.name)) {
            Some(class) => Ok(class.value()),
            None => {
                let name = th.intern("__objclass__");
                Err(th.no_attribute(this.as_value(), &name))
            }
        }
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        match &self.receiver {
            Some(receiver) => {
                let kind = th.type_name(receiver);
                format!("<built-in method {} of {kind} object at {:#x}>", self.def.name, receiver.word())
            }
            None if self.def.role == Role::New => {
                let home = self.home.as_ref().map_or(0, Value::word);
                format!("<built-in method {} of type object at {home:#x}>", self.def.name)
            }
            None => format!("<built-in function {}>", self.def.name),
        }
    }

    fn __eq__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> Value {
        let Some(other) = th.exact::<NativeFunction>(other) else { return Value::NOT_IMPLEMENTED };
        let same_receiver = match (&this.receiver, &other.receiver) {
            (Some(a), Some(b)) => a.is(b),
            (None, None) => this.as_value().is(other.as_value()),
            _ => false,
        };
        Value::bool(std::ptr::eq(this.def, other.def) && same_receiver)
    }

    fn __hash__(&self) -> i64 {
        let receiver = self.receiver.as_ref().map_or(0, |r| (r.word() >> 4) as i64);
        (std::ptr::from_ref(self.def) as usize >> 3) as i64 ^ receiver
    }

    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        // A `__new__` is an attribute of its class.
        let home = self.home.clone().filter(|home| th.as_class(home).is_some());
        match self.receiver.clone().or(home) {
            Some(receiver) => attribute_of(th, receiver, self.def.name),
            None => Ok(th.str(self.def.name)),
        }
    }
}

/// What `__reduce__` answers for something that `getattr(object, name)` finds again.
pub(super) fn attribute_of(th: &mut Thread, object: Value, name: &str) -> PyResult {
    let getattr = crate::builtins::module::builtin(th, "getattr")?;
    let arguments = vec![object, th.str(name)];
    let arguments = th.tuple(arguments);
    Ok(th.tuple(vec![getattr, arguments]))
}

#[pymethods]
impl NativeMethod {
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        if self.def.role == Role::ClassMethod {
            // The attribute is bound to the class already.
            return Err(th.type_error("cannot pickle 'classmethod_descriptor' object"));
        }
        attribute_of(th, self.class.value(), self.def.name)
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        th.call_args(this.as_value(), args)
    }

    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        if this.def.role == Role::ClassMethod {
            let owner = match owner.filter(|o| !o.is_none()) {
                Some(owner) => owner.clone(),
                None => th.type_of(instance).value(),
            };
            return Ok(NativeFunction::bound(th, this, owner));
        }
        if instance.is_none() {
            if owner.is_none_or(Value::is_none) {
                return Err(th.type_error("__get__(None, None) is invalid"));
            }
            return Ok(this.clone().into_value());
        }
        if !class::type_of(instance).is_subtype(th, this.class) {
            return Err(needs(th, this.def.name, this.class, instance));
        }
        Ok(NativeFunction::bound(th, this, instance.clone()))
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.def.name
    }

    #[getter]
    fn __qualname__(&self, th: &mut Thread) -> String {
        format!("{}.{}", class_qualname(th, self.class), self.def.name)
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> Value {
        doc(th, self.def)
    }

    #[getter]
    fn __text_signature__(&self, th: &mut Thread) -> Value {
        text_signature(th, self.def)
    }

    #[getter]
    fn __objclass__(&self) -> Value {
        self.class.value()
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        let class = crate::class::tp_name(th, self.class);
        let kind = if is_special(self.def.name) { "slot wrapper" } else { "method" };
        format!("<{kind} '{}' of '{class}' objects>", self.def.name)
    }
}

#[pymethods]
impl GetSet {
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if instance.is_none() { Ok(this.clone().into_value()) } else { this.read(th, instance) }
    }

    fn __set__(this: &Obj<Self>, th: &mut Thread, instance: &Value, value: &Value) -> PyResult<()> {
        this.write(th, instance, Some(value))
    }

    fn __delete__(this: &Obj<Self>, th: &mut Thread, instance: &Value) -> PyResult<()> {
        this.write(th, instance, None)
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __qualname__(&self, th: &mut Thread) -> String {
        format!("{}.{}", class_qualname(th, self.class), self.name)
    }

    #[getter]
    fn __objclass__(&self) -> Value {
        self.class.value()
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> Value {
        self.getter.map_or(Value::NONE, |def| doc(th, def))
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        format!("<attribute '{}' of '{}' objects>", self.name, crate::class::tp_name(th, self.class))
    }
}

#[pymethods]
impl Member {
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if instance.is_none() { Ok(this.clone().into_value()) } else { this.read(th, instance) }
    }

    fn __set__(this: &Obj<Self>, th: &mut Thread, instance: &Value, value: &Value) -> PyResult<()> {
        this.write(th, instance, Some(value.clone()))
    }

    fn __delete__(this: &Obj<Self>, th: &mut Thread, instance: &Value) -> PyResult<()> {
        this.write(th, instance, None)
    }

    #[getter]
    fn __name__(&self) -> Value {
        self.name.clone().into_value()
    }

    #[getter]
    fn __objclass__(&self) -> Value {
        self.class.value()
    }

    fn __repr__(&self, th: &mut Thread) -> String {
        let name = self.name.units().to_str_lossy().to_string();
        format!("<member '{name}' of '{}' objects>", crate::class::tp_name(th, self.class))
    }
}
