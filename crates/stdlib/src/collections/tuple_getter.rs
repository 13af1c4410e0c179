//! The descriptors of a namedtuple's fields.

use vm::prelude::*;

/// The payload of such a descriptor.
#[pyclass(name = "_tuplegetter", module = "collections", subclassable)]
pub struct TupleGetter {
    index: i64,
    doc: Guarded<Value>,
}

#[pymethods]
impl TupleGetter {
    #[new]
    #[signature("(index, doc, /)")]
    fn new(index: i64, doc: Value) -> TupleGetter {
        TupleGetter { index, doc: Guarded::new(doc) }
    }

    #[signature = "(instance, owner=None, /)"]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> PyResult {
        let _ = owner;
        if let Some(tuple) = th.downcast::<Tuple>(instance) {
            let found = usize::try_from(this.index).ok().and_then(|i| tuple.items().get(i)).cloned();
            return found.ok_or_else(|| th.index_error("tuple index out of range"));
        }
        if instance.is_none() {
            return Ok(this.as_value().clone());
        }
        let index = this.index;
        let found = th.type_name(instance);
        Err(th.type_error(format_args!(
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{found}' object"
        )))
    }

    fn __set__(&self, th: &mut Thread, instance: &Value, value: &Value) -> PyResult<()> {
        let _ = (instance, value);
        Err(th.attribute_error("can't set attribute"))
    }

    fn __delete__(&self, th: &mut Thread, instance: &Value) -> PyResult<()> {
        let _ = instance;
        Err(th.attribute_error("can't delete attribute"))
    }

    #[getter]
    fn __doc__(&self, th: &mut Thread) -> Value {
        self.doc.lock(th).clone()
    }

    #[setter("__doc__")]
    fn set_doc(&self, th: &mut Thread, value: Value) {
        let old = std::mem::replace(&mut *self.doc.lock(th), value);
        drop(old);
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let doc = this.doc.lock(th).clone();
        let parts = th.tuple(vec![th.int(this.index), doc]);
        th.tuple(vec![class, parts])
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let doc = this.doc.lock(th).clone();
        let doc = th.repr(&doc)?;
        let class = th.type_of(this.as_value());
        let name = vm::class::full_name(th, class);
        Ok(format!("{name}({}, {})", this.index, doc.units().to_str_lossy()))
    }
}
