//! `frame.f_locals` of a function: the variables as a mapping that writes through (PEP 667).
//!
//! Reading takes the variables as they are at that moment. Names that are no variables of the code are kept in the frame
//! object. Not here: where the variables are (`object`).

use super::object::FrameObject;
use crate::prelude::*;
use crate::protocol::exact;

/// The payload of a view of a frame's variables.
#[pyclass(name = "FrameLocalsProxy", module = "builtins", mapping)]
pub struct FrameLocals {
    frame: Obj<FrameObject>,
}

/// The view of the variables of `frame`.
pub fn make(th: &mut Thread, frame: &Obj<FrameObject>) -> Value {
    FrameLocals::new_object(th, FrameLocals { frame: frame.clone() }).into_value()
}

impl FrameLocals {
    /// All that can be seen, as a dict.
    fn now(&self, th: &mut Thread) -> PyResult<Obj<Dict>> {
        let dict = self.frame.locals(th)?;
        if let Some(more) = self.frame.more(th) {
            th.dict_update_from(&dict, more.as_value())?;
        }
        Ok(dict)
    }

    fn set(&self, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        if let Some(name) = th.as_str(key).cloned()
            && let Some(register) = self.frame.variable(&name)
        {
            self.frame.set_variable(th, register, value.clone());
            return Ok(());
        }
        let more = self.frame.more_or_new(th);
        th.dict_set(&more, key, value.clone())
    }

    fn is_variable(&self, th: &Thread, key: &Value) -> bool {
        th.as_str(key).is_some_and(|name| self.frame.variable(name).is_some())
    }

    fn update_from(&self, th: &mut Thread, other: &Value) -> PyResult<()> {
        let all = th.dict();
        th.dict_update_from(&all, other)?;
        for (key, value, _) in all.snapshot(th) {
            self.set(th, &key, &value)?;
        }
        Ok(())
    }

    fn list_of(&self, th: &mut Thread, part: fn(&mut Thread, Value, Value) -> Value) -> PyResult {
        let dict = self.now(th)?;
        let mut list = Vec::new();
        for (key, value, _) in dict.snapshot(th) {
            list.push(part(th, key, value));
        }
        Ok(th.list(list))
    }
}

/// What a value is for `|`: a view as a dict, a dict as it is.
fn as_dict(th: &mut Thread, value: &Value) -> PyResult<Option<Obj<Dict>>> {
    match th.exact::<FrameLocals>(value).cloned() {
        Some(view) => view.now(th).map(Some),
        None => Ok(th.downcast::<Dict>(value).cloned()),
    }
}

#[pymethods]
impl FrameLocals {
    #[new]
    fn new(frame: &Obj<FrameObject>) -> FrameLocals {
        FrameLocals { frame: frame.clone() }
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        let dict = self.now(th)?;
        match th.dict_get(&dict, key)? {
            Some(value) => Ok(value),
            None => {
                let shown = th.repr(key)?.units().to_str_lossy().into_owned();
                let text = th.str(&format!("local variable {shown} is not defined"));
                Err(th.key_error(text))
            }
        }
    }

    fn __setitem__(&self, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        self.set(th, key, value)
    }

    fn __delitem__(&self, th: &mut Thread, key: &Value) -> PyResult<()> {
        self.remove(th, key).map(drop)
    }

    #[skip]
    fn remove(&self, th: &mut Thread, key: &Value) -> PyResult<Option<Value>> {
        if self.is_variable(th, key) {
            return Err(th.value_error("cannot remove local variables from FrameLocalsProxy"));
        }
        let removed = match self.frame.more(th) {
            Some(more) => th.dict_pop(&more, key)?,
            None => None,
        };
        match removed {
            Some(value) => Ok(Some(value)),
            None => Err(th.key_error(key.clone())),
        }
    }

    fn __contains__(&self, th: &mut Thread, key: &Value) -> PyResult<bool> {
        let dict = self.now(th)?;
        th.dict_contains(&dict, key)
    }

    fn __len__(&self, th: &mut Thread) -> PyResult<usize> {
        Ok(self.now(th)?.len())
    }

    fn __iter__(&self, th: &mut Thread) -> PyResult {
        let keys = self.keys(th)?;
        th.iter(&keys)
    }

    fn __reversed__(&self, th: &mut Thread) -> PyResult {
        let keys = self.keys(th)?;
        th.call_method(&keys, "__reversed__", &[])
    }

    fn keys(&self, th: &mut Thread) -> PyResult {
        self.list_of(th, |_, key, _| key)
    }

    fn values(&self, th: &mut Thread) -> PyResult {
        self.list_of(th, |_, _, value| value)
    }

    fn items(&self, th: &mut Thread) -> PyResult {
        self.list_of(th, |th, key, value| th.tuple(vec![key, value]))
    }

    #[signature = "(key, default=None, /)"]
    fn get(&self, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        let dict = self.now(th)?;
        let found = th.dict_get(&dict, key)?;
        Ok(found.or_else(|| default.cloned()).unwrap_or(Value::NONE))
    }

    #[signature = "(key, default=<unrepresentable>, /)"]
    fn pop(&self, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        let removed = self.remove(th, key);
        match (removed, default) {
            (Err(_), Some(default)) if th.exception_is(Exc::KeyError) => {
                th.clear_exception();
                Ok(default.clone())
            }
            (removed, _) => Ok(removed?.unwrap_or(Value::NONE)),
        }
    }

    #[signature = "(key, default=None, /)"]
    fn setdefault(&self, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        let dict = self.now(th)?;
        if let Some(value) = th.dict_get(&dict, key)? {
            return Ok(value);
        }
        let default = default.cloned().unwrap_or(Value::NONE);
        self.set(th, key, &default)?;
        Ok(default)
    }

    fn update(&self, th: &mut Thread, other: &Value) -> PyResult<()> {
        if exact::dict(other).is_none() && th.lookup_attr(other, "keys")?.is_none() {
            return Err(th.type_error("update() argument must be dict or another mapping"));
        }
        self.update_from(th, other)
    }

    fn copy(&self, th: &mut Thread) -> PyResult<Obj<Dict>> {
        self.now(th)
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        if let Some(other) = th.exact::<FrameLocals>(other) {
            return Ok(Value::bool(other.frame.as_value().is(self.frame.as_value())));
        }
        if th.downcast::<Dict>(other).is_none() {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        let dict = self.now(th)?.into_value();
        th.compare(&dict, other, CompareOp::Eq)
    }

    fn __or__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        join(th, this, other)
    }

    fn __ror__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        join(th, other, this)
    }

    fn __ior__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        if as_dict(th, other)?.is_none() {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        this.update_from(th, other)?;
        Ok(this.as_value().clone())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        if !th.enter_repr(this.as_value()) {
            return Ok(th.str("{...}"));
        }
        let shown = this.now(th).and_then(|dict| th.repr(dict.as_value()));
        th.leave_repr(this.as_value());
        shown.map(Obj::into_value)
    }
}

fn join(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
    let (Some(a), Some(b)) = (as_dict(th, a)?, as_dict(th, b)?) else { return Ok(Value::NOT_IMPLEMENTED) };
    let all = th.dict();
    th.dict_update_from(&all, a.as_value())?;
    th.dict_update_from(&all, b.as_value())?;
    Ok(all.into_value())
}
