//! `Pickler`: what a dump is made with, and the memo between dumps.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

use vm::prelude::*;
use vm::protocol::exact;

use super::opcode as op;
use super::output::Output;
use super::pickling_error;
use super::save::{Saver, identity};
use crate::support::import_attr;

/// This takes a binary file for writing a pickle data stream.
#[pyclass(name = "Pickler", module = "_pickle", subclassable, dict)]
pub struct Pickler {
    /// `file.write`; None before `__init__`.
    write: Guarded<Option<Value>>,
    /// By identity: the number in the pickle, and the object.
    pub memo: Guarded<HashMap<u64, (usize, Value)>>,
    protocol: AtomicU8,
    fast: AtomicI64,
    fix_imports: AtomicBool,
    buffer_callback: Guarded<Option<Value>>,
    /// A dump is going on.
    running: AtomicBool,
}

/// The protocol that is meant by the argument `protocol`.
fn protocol_of(th: &mut Thread, protocol: Option<&Value>) -> PyResult<u8> {
    let Some(protocol) = protocol.filter(|protocol| !protocol.is_none()) else { return Ok(op::DEFAULT) };
    match th.index(protocol)? {
        i64::MIN..0 => Ok(op::HIGHEST),
        protocol if protocol <= op::HIGHEST.into() => Ok(protocol as u8),
        _ => Err(th.value_error(format_args!("pickle protocol must be <= {}", op::HIGHEST))),
    }
}

impl Pickler {
    fn empty() -> Pickler {
        Pickler {
            write: Guarded::new(None),
            memo: Guarded::new(HashMap::new()),
            protocol: AtomicU8::new(op::DEFAULT),
            fast: AtomicI64::new(0),
            fix_imports: AtomicBool::new(true),
            buffer_callback: Guarded::new(None),
            running: AtomicBool::new(false),
        }
    }

    fn configure(
        &self,
        th: &mut Thread,
        protocol: Option<&Value>,
        fix_imports: Option<bool>,
        buffer_callback: Option<&Value>,
    ) -> PyResult<()> {
        let protocol = protocol_of(th, protocol)?;
        let callback = buffer_callback.filter(|callback| !callback.is_none()).cloned();
        if callback.is_some() && protocol < 5 {
            return Err(th.value_error("buffer_callback needs protocol >= 5"));
        }
        let fix_imports = fix_imports.unwrap_or(true) && protocol < 3;
        // Relaxed: settings, which are made before the pickler is used.
        self.protocol.store(protocol, Ordering::Relaxed);
        self.fix_imports.store(fix_imports, Ordering::Relaxed); // Relaxed: as above.
        let old = std::mem::replace(&mut *self.buffer_callback.lock(th), callback);
        drop(old);
        Ok(())
    }

    /// Writes one pickle; the bytes, if there is no file.
    fn write_one(this: &Obj<Pickler>, th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
        let override_ = th.lookup_attr(this.as_value(), "reducer_override")?;
        let persistent_id = overridden(th, this.as_value(), "persistent_id")?;
        let own_table = th.lookup_attr(this.as_value(), "dispatch_table")?;
        let dispatch_table = match own_table {
            Some(table) => table,
            None => import_attr(th, "copyreg", "dispatch_table")?,
        };
        let write = this.write.lock(th).clone();
        let buffer_callback = this.buffer_callback.lock(th).clone();
        // Relaxed: settings, which are made before the pickler is used.
        let protocol = this.protocol.load(Ordering::Relaxed);
        let mut saver = Saver {
            pickler: this,
            out: Output::new(write),
            protocol,
            fix_imports: this.fix_imports.load(Ordering::Relaxed), // Relaxed: as above.
            fast: this.fast.load(Ordering::Relaxed) != 0,          // Relaxed: as above.
            persistent_id,
            override_,
            dispatch_table,
            buffer_callback,
        };
        if protocol >= 2 {
            saver.out.bytes(&[op::PROTO, protocol]);
        }
        if protocol >= 4 {
            saver.out.start_framing();
        }
        saver.save(th, value)?;
        saver.out.byte(op::STOP);
        saver.out.finish(th)
    }
}

/// The bound method of this name, unless it is the one of the native class.
pub fn overridden(th: &mut Thread, object: &Value, name: &str) -> PyResult<Option<Value>> {
    let Some(method) = th.lookup_attr(object, name)? else { return Ok(None) };
    let native = vm::builtins::native_function::as_native(&method).is_some_and(|f| f.def.name == name);
    Ok((!native).then_some(method))
}

/// `dump`
pub fn dump_to(
    th: &mut Thread,
    value: &Value,
    file: &Value,
    protocol: Option<&Value>,
    fix_imports: Option<bool>,
    buffer_callback: Option<&Value>,
) -> PyResult<()> {
    let pickler = Pickler::empty();
    pickler.configure(th, protocol, fix_imports, buffer_callback)?;
    let write = write_of(th, file)?;
    *pickler.write.lock(th) = Some(write);
    let pickler = Pickler::new_object(th, pickler);
    Pickler::write_one(&pickler, th, value).map(drop)
}

/// `dumps`
pub fn dump_to_bytes(
    th: &mut Thread,
    value: &Value,
    protocol: Option<&Value>,
    fix_imports: Option<bool>,
    buffer_callback: Option<&Value>,
) -> PyResult {
    let pickler = Pickler::empty();
    pickler.configure(th, protocol, fix_imports, buffer_callback)?;
    let pickler = Pickler::new_object(th, pickler);
    let bytes = Pickler::write_one(&pickler, th, value)?;
    th.bytes(&bytes)
}

fn write_of(th: &mut Thread, file: &Value) -> PyResult {
    match th.lookup_attr(file, "write")? {
        Some(write) => Ok(write),
        None => Err(th.type_error("file must have a 'write' attribute")),
    }
}

#[pymethods]
impl Pickler {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        // The arguments are `__init__`'s.
        let _ = args;
        Ok(Obj::new(th, class.payload.instance_shape(), Pickler::empty()).into_value())
    }

    #[signature("(file, protocol=None, fix_imports=True, buffer_callback=None)")]
    fn __init__(
        &self,
        th: &mut Thread,
        file: &Value,
        protocol: Option<&Value>,
        fix_imports: Option<bool>,
        buffer_callback: Option<&Value>,
    ) -> PyResult<()> {
        // Relaxed: only the answer counts.
        if self.running.load(Ordering::Relaxed) {
            return Err(th.runtime_error("Pickler object is already used"));
        }
        self.configure(th, protocol, fix_imports, buffer_callback)?;
        let write = write_of(th, file)?;
        let old = self.write.lock(th).replace(write);
        drop(old);
        let old = std::mem::take(&mut *self.memo.lock(th));
        drop(old);
        self.fast.store(0, Ordering::Relaxed); // Relaxed: a setting.
        Ok(())
    }

    /// Write a pickled representation of the given object to the open file.
    #[signature("(obj, /)")]
    fn dump(this: &Obj<Self>, th: &mut Thread, obj: &Value) -> PyResult<()> {
        if this.write.lock(th).is_none() {
            let class = th.type_name(this.as_value());
            let message = format!("Pickler.__init__() was not called by {class}.__init__()");
            return Err(pickling_error(th, &message));
        }
        // Relaxed: only the answer counts; the memo has a lock of its own.
        if this.running.swap(true, Ordering::Relaxed) {
            return Err(th.runtime_error("Pickler object is already used"));
        }
        let result = Pickler::write_one(this, th, obj);
        this.running.store(false, Ordering::Relaxed); // Relaxed: as above.
        result.map(drop)
    }

    /// Clears the pickler's "memo".
    ///
    /// The memo is the data structure that remembers which objects the
    /// pickler has already seen, so that shared or recursive objects are
    /// pickled by reference and not by value.  This method is useful when
    /// re-using picklers.
    fn clear_memo(&self, th: &mut Thread) {
        let old = std::mem::take(&mut *self.memo.lock(th));
        drop(old);
    }

    /// The id under which an object is stored elsewhere: none has one.
    #[signature("(obj, /)")]
    fn persistent_id(&self, obj: &Value) -> Value {
        let _ = obj;
        Value::NONE
    }

    #[getter]
    fn memo(this: &Obj<Self>, th: &mut Thread) -> Value {
        let proxy = PicklerMemoProxy { pickler: this.clone() };
        PicklerMemoProxy::new_object(th, proxy).into_value()
    }

    #[setter("memo")]
    fn set_memo(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("attribute deletion is not supported")) };
        let mut memo = HashMap::new();
        if let Some(proxy) = th.exact::<PicklerMemoProxy>(value) {
            memo = proxy.pickler.memo.lock(th).clone();
        } else if let Some(dict) = exact::any_dict(value) {
            for (_, entry, _) in dict.snapshot(th) {
                let entry = exact::any_tuple(&entry).cloned();
                let Some([index, object]) = entry.as_ref().map(|entry| entry.items()) else {
                    return Err(th.type_error("'memo' values must be 2-item tuples"));
                };
                let index = th.index(index)?;
                memo.insert(identity(object), (index.max(0) as usize, object.clone()));
            }
        } else {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!(
                "'memo' attribute must be a PicklerMemoProxy object or dict, not {found}"
            )));
        }
        let old = std::mem::replace(&mut *self.memo.lock(th), memo);
        drop(old);
        Ok(())
    }

    #[getter("bin")]
    fn binary(&self) -> bool {
        self.protocol.load(Ordering::Relaxed) >= 1 // Relaxed: a setting.
    }

    #[getter]
    fn fast(&self) -> i64 {
        self.fast.load(Ordering::Relaxed) // Relaxed: a setting.
    }

    #[setter("fast")]
    fn set_fast(&self, value: i64) {
        self.fast.store(value, Ordering::Relaxed); // Relaxed: a setting.
    }

    fn __sizeof__(this: &Obj<Self>, th: &mut Thread) -> usize {
        size_of::<object_model::Object<Pickler>>() + this.memo.lock(th).capacity() * 32
    }
}

/// The memo of a pickler.
#[pyclass(name = "PicklerMemoProxy", module = "_pickle", no_new)]
pub struct PicklerMemoProxy {
    pickler: Obj<Pickler>,
}

#[pymethods]
impl PicklerMemoProxy {
    /// Remove all items from memo.
    fn clear(&self, th: &mut Thread) {
        let old = std::mem::take(&mut *self.pickler.memo.lock(th));
        drop(old);
    }

    /// Copy the memo to a new object.
    fn copy(&self, th: &mut Thread) -> PyResult {
        let memo = self.pickler.memo.lock(th).clone();
        let dict = th.dict();
        for (key, (index, object)) in memo {
            let (key, index) = (th.int((key << 4) as i64), th.int(index as i64));
            let entry = th.tuple(vec![index, object]);
            th.dict_set(&dict, &key, entry)?;
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
