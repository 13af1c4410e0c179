//! `mappingproxy`: a mapping that can only be read, such as the `__dict__` of a class.

use crate::names::Special;
use crate::prelude::*;

/// The payload of a `mappingproxy`.
#[pyclass(
    name = "mappingproxy",
    module = "builtins",
    doc = "A read-only view of a mapping.",
    shape = MAPPINGPROXY,
    mapping
)]
pub struct MappingProxy {
    mapping: Value,
}

impl MappingProxy {
    /// What is viewed.
    pub fn mapping(&self) -> &Value {
        &self.mapping
    }
}

/// A view of `mapping`.
pub fn make(th: &Thread, mapping: Value) -> Value {
    Obj::new(th, builtin::MAPPINGPROXY, MappingProxy { mapping }).into_value()
}

/// What `other` views if it is a proxy, else itself.
fn behind(th: &Thread, other: &Value) -> Value {
    th.exact::<MappingProxy>(other).map_or_else(|| other.clone(), |proxy| proxy.mapping.clone())
}

#[pymethods]
impl MappingProxy {
    #[new]
    #[signature("(mapping)")]
    fn new(th: &mut Thread, mapping: &Value) -> PyResult<MappingProxy> {
        let sequence = th.downcast::<List>(mapping).is_some() || th.downcast::<Tuple>(mapping).is_some();
        if sequence || !th.has_special(mapping, Special::GetItem) {
            let found = th.type_name(mapping);
            return Err(th.type_error(format_args!("mappingproxy() argument must be a mapping, not {found}")));
        }
        Ok(MappingProxy { mapping: mapping.clone() })
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        th.get_item(&self.mapping, key)
    }

    fn __contains__(&self, th: &mut Thread, key: &Value) -> PyResult<bool> {
        th.contains(&self.mapping, key)
    }

    fn __len__(&self, th: &mut Thread) -> PyResult<usize> {
        th.length(&self.mapping)
    }

    fn __iter__(&self, th: &mut Thread) -> PyResult {
        th.iter(&self.mapping)
    }

    fn __reversed__(&self, th: &mut Thread) -> PyResult {
        th.call_method(&self.mapping, "__reversed__", &[])
    }

    /// The value of a key, or default if the key is missing.
    #[signature("(key, default=None, /)")]
    fn get(&self, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        let default = default.cloned().unwrap_or(Value::NONE);
        th.call_method(&self.mapping, "get", &[key.clone(), default])
    }

    /// A set-like view of the keys.
    fn keys(&self, th: &mut Thread) -> PyResult {
        th.call_method(&self.mapping, "keys", &[])
    }

    /// A view of the values.
    fn values(&self, th: &mut Thread) -> PyResult {
        th.call_method(&self.mapping, "values", &[])
    }

    /// A set-like view of the items.
    fn items(&self, th: &mut Thread) -> PyResult {
        th.call_method(&self.mapping, "items", &[])
    }

    /// A shallow copy of the mapping.
    fn copy(&self, th: &mut Thread) -> PyResult {
        th.call_method(&self.mapping, "copy", &[])
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult {
        th.check_native_stack()?;
        let inner = th.repr(&self.mapping)?;
        let mut built = object_model::text::units::Builder::new();
        built.push_str("mappingproxy(");
        built.push_units(inner.units());
        built.push_str(")");
        th.units(built.finish().units())
    }

    fn __str__(&self, th: &mut Thread) -> PyResult {
        th.str_of(&self.mapping).map(Obj::into_value)
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        th.hash(&self.mapping)
    }

    #[skip]
    fn compared(&self, th: &mut Thread, other: &Value, op: CompareOp) -> PyResult {
        let other = behind(th, other);
        th.compare(&self.mapping, &other, op)
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Eq)
    }

    fn __ne__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ne)
    }

    fn __lt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Lt)
    }

    fn __le__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Le)
    }

    fn __gt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Gt)
    }

    fn __ge__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ge)
    }

    fn __or__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        let other = behind(th, other);
        th.binary_op(BinaryOp::Or, &this.mapping, &other)
    }

    fn __ror__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        let other = behind(th, other);
        th.binary_op(BinaryOp::Or, &other, &this.mapping)
    }

    fn __ior__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let _ = other;
        Err(th.type_error("'|=' is not supported by mappingproxy; use '|' instead"))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        super::generic_alias::make(th, class, item)
    }
}
