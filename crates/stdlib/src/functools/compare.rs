//! What `functools.cmp_to_key` makes: a key that compares by a function of two arguments.

use vm::prelude::*;

/// The payload of such a key, and of what makes them (then without an object).
#[pyclass(name = "KeyWrapper", module = "functools", no_new)]
pub struct KeyWrapper {
    compare: Value,
    object: Guarded<Option<Value>>,
}

impl KeyWrapper {
    /// A key for `object`, or the maker of keys.
    pub fn new(compare: Value, object: Option<Value>) -> KeyWrapper {
        KeyWrapper { compare, object: Guarded::new(object) }
    }

    fn compared(&self, th: &mut Thread, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = th.exact::<KeyWrapper>(other).cloned() else {
            return Err(th.type_error("other argument must be K instance"));
        };
        let x = self.object.lock(th).clone();
        let y = other.object.lock(th).clone();
        let (Some(x), Some(y)) = (x, y) else { return Err(th.attribute_error("object")) };
        let order = th.call(&self.compare, &[x, y])?;
        let zero = th.int(0);
        th.compare(&order, &zero, op)
    }
}

#[pymethods]
impl KeyWrapper {
    #[signature = "(obj)"]
    fn __call__(&self, th: &mut Thread, obj: &Value) -> Obj<KeyWrapper> {
        KeyWrapper::new_object(th, KeyWrapper::new(self.compare.clone(), Some(obj.clone())))
    }

    #[getter]
    fn obj(&self, th: &mut Thread) -> Option<Value> {
        self.object.lock(th).clone()
    }

    #[setter]
    fn set_obj(&self, th: &mut Thread, value: Value) {
        let old = self.object.lock(th).replace(value);
        drop(old);
    }

    fn __lt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Lt)
    }

    fn __le__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Le)
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Eq)
    }

    fn __ne__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ne)
    }

    fn __gt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Gt)
    }

    fn __ge__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ge)
    }
}
