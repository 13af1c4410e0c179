//! `Unpickler`: what a load is made with, how it finds classes, and the memo between loads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use vm::prelude::*;
use vm::protocol::exact;

use super::global::{dotted, resolve};
use super::input::{File, Input};
use super::load::Loader;
use super::pickler::overridden;
use super::{chained, unpickling_error};
use crate::support::import_attr;

/// This takes a binary file for reading a pickle data stream.
#[pyclass(name = "Unpickler", module = "_pickle", subclassable, dict)]
pub struct Unpickler {
    /// `file.read` and `file.readline`; None before `__init__`.
    file: Guarded<Option<(Value, Value)>>,
    /// The objects that pickles refer to by number.
    pub memo: Guarded<HashMap<u64, Value>>,
    protocol: AtomicU8,
    fix_imports: AtomicBool,
    /// Encoding and error handler for the strings of Python 2.
    text: Guarded<Option<(Value, Value)>>,
    /// An iterator.
    buffers: Guarded<Option<Value>>,
    /// A load is going on.
    running: AtomicBool,
}

impl Unpickler {
    fn empty() -> Unpickler {
        Unpickler {
            file: Guarded::new(None),
            memo: Guarded::new(HashMap::new()),
            protocol: AtomicU8::new(0),
            fix_imports: AtomicBool::new(true),
            text: Guarded::new(None),
            buffers: Guarded::new(None),
            running: AtomicBool::new(false),
        }
    }

    pub fn set_protocol(&self, protocol: u8) {
        self.protocol.store(protocol, Ordering::Relaxed); // Relaxed: a number on its own.
    }

    fn configure(
        &self,
        th: &mut Thread,
        fix_imports: Option<bool>,
        encoding: Option<String>,
        errors: Option<String>,
        buffers: Option<&Value>,
    ) -> PyResult<()> {
        let buffers = match buffers {
            Some(buffers) if !buffers.is_none() => Some(th.iter(buffers)?),
            _ => None,
        };
        let encoding = th.str(encoding.as_deref().unwrap_or("ASCII"));
        let errors = th.str(errors.as_deref().unwrap_or("strict"));
        let old = self.text.lock(th).replace((encoding, errors));
        drop(old);
        let old = std::mem::replace(&mut *self.buffers.lock(th), buffers);
        drop(old);
        // Relaxed: a setting, which is made before the unpickler is used.
        self.fix_imports.store(fix_imports.unwrap_or(true), Ordering::Relaxed);
        Ok(())
    }

    fn read_one(this: &Obj<Unpickler>, th: &mut Thread, input: Input) -> PyResult {
        let persistent_load = overridden(th, this.as_value(), "persistent_load")?;
        let find_class = overridden(th, this.as_value(), "find_class")?;
        let buffers = this.buffers.lock(th).clone();
        this.set_protocol(0);
        let (stack, marks) = (Vec::new(), Vec::new());
        let mut loader =
            Loader { unpickler: this, input, persistent_load, find_class, buffers, stack, marks };
        loader.run(th)
    }
}

/// A string of Python 2: decoded, unless bytes are asked for.
pub fn decoded(th: &mut Thread, unpickler: &Obj<Unpickler>, bytes: Value) -> PyResult {
    let text = unpickler.text.lock(th).clone();
    let Some((encoding, errors)) = text else { return Ok(bytes) };
    if th.as_str(&encoding).and_then(|encoding| encoding.as_ascii()) == Some("bytes") {
        return Ok(bytes);
    }
    th.call_method(&bytes, "decode", &[encoding, errors])
}

#[cold]
pub fn no_persistent_load(th: &mut Thread) -> Raised {
    let message =
        "A load persistent id instruction was encountered, but no persistent_load function was specified.";
    unpickling_error(th, message)
}

/// `find_class`
pub fn find(th: &mut Thread, unpickler: &Obj<Unpickler>, module: &Value, name: &Value) -> PyResult {
    let audit = import_attr(th, "sys", "audit")?;
    let event = th.str("pickle.find_class");
    th.call(&audit, &[event, module.clone(), name.clone()])?;
    // Relaxed: numbers on their own.
    let protocol = unpickler.protocol.load(Ordering::Relaxed);
    let fix_imports = unpickler.fix_imports.load(Ordering::Relaxed); // Relaxed: as above.
    let (mut module, mut name) = (module.clone(), name.clone());
    if protocol < 3 && fix_imports {
        let pair = th.tuple(vec![module.clone(), name.clone()]);
        let by_name = import_attr(th, "_compat_pickle", "NAME_MAPPING")?;
        let by_module = import_attr(th, "_compat_pickle", "IMPORT_MAPPING")?;
        if th.contains(&by_name, &pair)? {
            let new = th.get_item(&by_name, &pair)?;
            match exact::any_tuple(&new).map(|new| new.items()) {
                Some([new_module, new_name]) => {
                    module = new_module.clone();
                    name = new_name.clone();
                }
                _ => return Err(th.runtime_error("_compat_pickle.NAME_MAPPING values should be 2-tuples")),
            }
        } else if th.contains(&by_module, &module)? {
            module = th.get_item(&by_module, &module)?;
        }
    }
    let import = import_attr(th, "builtins", "__import__")?;
    th.call(&import, std::slice::from_ref(&module))?;
    let modules = import_attr(th, "sys", "modules")?;
    let home = th.get_item(&modules, &module)?;
    let Some(text) = th.as_str(&name).cloned() else { return Err(th.type_error("name must be str")) };
    let path = dotted(th, &name)?;
    if protocol < 4 || path.len() == 1 {
        return th.get_attr(&home, &text);
    }
    match resolve(th, &home, &path)? {
        Ok(found) => Ok(found),
        Err(missing) => {
            let (path, module) = (th.repr(&name)?, th.repr(&module)?);
            let (path, module) = (path.units().to_str_lossy(), module.units().to_str_lossy());
            let raised = th.attribute_error(format_args!("Can't resolve path {path} on module {module}"));
            Err(chained(th, raised, missing))
        }
    }
}

fn file_of(th: &mut Thread, file: &Value) -> PyResult<(Value, Value)> {
    match (th.lookup_attr(file, "read")?, th.lookup_attr(file, "readline")?) {
        (Some(read), Some(readline)) => Ok((read, readline)),
        _ => Err(th.attribute_error("file must have 'read' and 'readline' attributes")),
    }
}

/// `load`
pub fn load_from(
    th: &mut Thread,
    file: &Value,
    fix_imports: Option<bool>,
    encoding: Option<String>,
    errors: Option<String>,
    buffers: Option<&Value>,
) -> PyResult {
    let unpickler = Unpickler::empty();
    let (read, readline) = file_of(th, file)?;
    unpickler.configure(th, fix_imports, encoding, errors, buffers)?;
    let unpickler = Unpickler::new_object(th, unpickler);
    Unpickler::read_one(&unpickler, th, Input::of_file(File { read, readline }))
}

/// `loads`
pub fn load_from_bytes(
    th: &mut Thread,
    data: &Value,
    fix_imports: Option<bool>,
    encoding: Option<String>,
    errors: Option<String>,
    buffers: Option<&Value>,
) -> PyResult {
    let bytes = th.buffer_to_vec(data)?;
    let unpickler = Unpickler::empty();
    unpickler.configure(th, fix_imports, encoding, errors, buffers)?;
    let unpickler = Unpickler::new_object(th, unpickler);
    Unpickler::read_one(&unpickler, th, Input::of_bytes(bytes))
}

#[pymethods]
impl Unpickler {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        // The arguments are `__init__`'s.
        let _ = args;
        Ok(Obj::new(th, class.payload.instance_shape(), Unpickler::empty()).into_value())
    }

    #[signature("(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())")]
    fn __init__(
        &self,
        th: &mut Thread,
        file: &Value,
        fix_imports: Option<bool>,
        encoding: Option<String>,
        errors: Option<String>,
        buffers: Option<&Value>,
    ) -> PyResult<()> {
        // Relaxed: only the answer counts.
        if self.running.load(Ordering::Relaxed) {
            return Err(th.runtime_error("Unpickler object is already used"));
        }
        let methods = file_of(th, file)?;
        self.configure(th, fix_imports, encoding, errors, buffers)?;
        let old = self.file.lock(th).replace(methods);
        drop(old);
        let old = std::mem::take(&mut *self.memo.lock(th));
        drop(old);
        Ok(())
    }

    /// Load a pickle.
    ///
    /// Read a pickled object representation from the open file object given
    /// in the constructor, and return the reconstituted object hierarchy
    /// specified therein.
    fn load(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let file = this.file.lock(th).clone();
        let Some((read, readline)) = file else {
            let class = th.type_name(this.as_value());
            let message = format!("Unpickler.__init__() was not called by {class}.__init__()");
            return Err(unpickling_error(th, &message));
        };
        // Relaxed: only the answer counts; the memo has a lock of its own.
        if this.running.swap(true, Ordering::Relaxed) {
            return Err(th.runtime_error("Unpickler object is already used"));
        }
        let result = Unpickler::read_one(this, th, Input::of_file(File { read, readline }));
        this.running.store(false, Ordering::Relaxed); // Relaxed: as above.
        result
    }

    /// Return an object from a specified module.
    ///
    /// If necessary, the module will be imported. Subclasses may override
    /// this method (e.g. to restrict unpickling of arbitrary classes and
    /// functions).
    ///
    /// This method is called whenever a class or a function object is
    /// needed.  Both arguments passed are str objects.
    #[signature("(module_name, global_name, /)")]
    fn find_class(this: &Obj<Self>, th: &mut Thread, module_name: &Value, global_name: &Value) -> PyResult {
        find(th, this, module_name, global_name)
    }

    /// The object that is stored elsewhere under an id: no id is known.
    #[signature("(pid, /)")]
    fn persistent_load(&self, th: &mut Thread, pid: &Value) -> PyResult<()> {
        let _ = pid;
        Err(no_persistent_load(th))
    }

    #[getter]
    fn memo(this: &Obj<Self>, th: &mut Thread) -> Value {
        let proxy = UnpicklerMemoProxy { unpickler: this.clone() };
        UnpicklerMemoProxy::new_object(th, proxy).into_value()
    }

    #[setter("memo")]
    fn set_memo(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("attribute deletion is not supported")) };
        let mut memo = HashMap::new();
        if let Some(proxy) = th.exact::<UnpicklerMemoProxy>(value) {
            memo = proxy.unpickler.memo.lock(th).clone();
        } else if let Some(dict) = exact::any_dict(value) {
            for (key, object, _) in dict.snapshot(th) {
                let Some(index) = key.as_small_int() else {
                    return Err(th.type_error("memo key must be integers"));
                };
                let Ok(index) = u64::try_from(index) else {
                    return Err(th.value_error("memo key must be positive integers."));
                };
                memo.insert(index, object);
            }
        } else {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!(
                "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {found}"
            )));
        }
        let old = std::mem::replace(&mut *self.memo.lock(th), memo);
        drop(old);
        Ok(())
    }

    fn __sizeof__(this: &Obj<Self>, th: &mut Thread) -> usize {
        size_of::<object_model::Object<Unpickler>>() + this.memo.lock(th).capacity() * 24
    }
}

/// The memo of an unpickler.
#[pyclass(name = "UnpicklerMemoProxy", module = "_pickle", no_new)]
pub struct UnpicklerMemoProxy {
    unpickler: Obj<Unpickler>,
}

#[pymethods]
impl UnpicklerMemoProxy {
    /// Remove all items from memo.
    fn clear(&self, th: &mut Thread) {
        let old = std::mem::take(&mut *self.unpickler.memo.lock(th));
        drop(old);
    }

    /// Copy the memo to a new object.
    fn copy(&self, th: &mut Thread) -> PyResult {
        let memo = self.unpickler.memo.lock(th).clone();
        let dict = th.dict();
        for (index, object) in memo {
            let index = th.int(index as i64);
            th.dict_set(&dict, &index, object)?;
        }
        Ok(dict.into_value())
    }

    /// Implement pickle support.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let copy = self.copy(th)?;
        let class = th.type_of(&copy).value();
        let arguments = th.tuple(vec![copy]);
        Ok(th.tuple(vec![class, arguments]))
    }
}
