//! `typing.Union`: one of several types, such as `int | str`.
//!
//! # Invariants
//! - U1 The members are at least two, flat (no union among them) and pairwise different; None stands as its class.

use object_model::text::units::Builder;

use super::generic_alias::is_alias;
use super::type_arguments;
use crate::class::{IMMEDIATES, attribute, full_name};
use crate::prelude::*;

/// The payload of a union.
#[pyclass(
    name = "Union",
    module = "typing",
    doc = "One of several types, such as int | str.",
    weakref,
    no_new
)]
pub struct Union {
    members: Vec<Value>,
    /// `__args__`: the members as a tuple.
    args: Value,
    /// Which members cannot be hashed.
    #[no_trace]
    unhashable: Vec<usize>,
    parameters: Guarded<Option<Value>>,
}

/// The members of a union; None for other values. `isinstance` and `issubclass` ask.
pub fn members(th: &Thread, value: &Value) -> Option<Vec<Value>> {
    th.exact::<Union>(value).map(|union| union.members.clone())
}

/// True for what may stand beside `|` without asking `typing`.
fn is_plain_member(th: &Thread, value: &Value) -> bool {
    value.is_none()
        || th.as_class(value).is_some()
        || is_alias(th, value)
        || th.exact::<Union>(value).is_some()
        || full_name(th, th.type_of(value)) == "typing.TypeAliasType"
}

/// `a | b` of types; `NotImplemented` if one of them is none.
pub fn make(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
    if !is_plain_member(th, a) || !is_plain_member(th, b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let mut parts = Parts::default();
    parts.add(th, a, false)?;
    parts.add(th, b, false)?;
    parts.finish(th)
}

/// `Union[items]`
pub fn from_items(th: &mut Thread, items: &[Value]) -> PyResult {
    let mut parts = Parts::default();
    for item in items {
        parts.add(th, item, true)?;
    }
    parts.finish(th)
}

#[derive(Default)]
struct Parts {
    members: Vec<Value>,
    /// By member: its hash, if it has one.
    hashes: Vec<Option<i64>>,
}

impl Parts {
    /// Adds a type, or the members of a union; `checked` has `typing` look at what is no type.
    fn add(&mut self, th: &mut Thread, value: &Value, checked: bool) -> PyResult<()> {
        if let Some(union) = th.exact::<Union>(value).cloned() {
            for member in &union.members {
                self.add_single(th, member.clone())?;
            }
            return Ok(());
        }
        if value.is_none() {
            let class = IMMEDIATES.none.get().map_or(Value::NONE, |class| class.value());
            return self.add_single(th, class);
        }
        let value =
            if checked && !is_plain_member(th, value) { type_check(th, value)? } else { value.clone() };
        self.add_single(th, value)
    }

    fn add_single(&mut self, th: &mut Thread, value: Value) -> PyResult<()> {
        let hash = match th.hash(&value) {
            Ok(hash) => Some(hash),
            Err(_) => {
                th.clear_exception();
                None
            }
        };
        for i in 0..self.members.len() {
            if self.hashes[i] == hash {
                let member = self.members[i].clone();
                if member.is(&value) || th.eq(&member, &value)? {
                    return Ok(());
                }
            }
        }
        self.members.push(value);
        self.hashes.push(hash);
        Ok(())
    }

    fn finish(self, th: &mut Thread) -> PyResult {
        match self.members.as_slice() {
            [] => Err(th.type_error("Cannot take a Union of no types.")),
            [only] => Ok(only.clone()),
            members => {
                let args = th.tuple(members.to_vec());
                let unhashable = (0..members.len()).filter(|i| self.hashes[*i].is_none()).collect();
                let union = Union { members: self.members, args, unhashable, parameters: Guarded::new(None) };
                Ok(Union::new_object(th, union).into_value())
            }
        }
    }
}

/// What the module `typing` says of something that is no type (a string becomes a forward reference).
fn type_check(th: &mut Thread, value: &Value) -> PyResult {
    let import = super::module::builtin(th, "__import__")?;
    let name = th.str("typing");
    let typing = th.call(&import, &[name])?;
    let message = th.str("Union[arg, ...]: each arg must be a type.");
    th.call_method(&typing, "_type_check", &[value.clone(), message])
}

impl Union {
    fn parameters_tuple(&self, th: &mut Thread) -> PyResult {
        let known = self.parameters.lock(th).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = type_arguments::parameters(th, &self.members)?;
        let found = th.tuple(found);
        let old = self.parameters.lock(th).replace(found.clone());
        drop(old);
        Ok(found)
    }

    /// True if every member of `self` is one of `other`.
    fn within(&self, th: &mut Thread, other: &Union) -> PyResult<bool> {
        'members: for member in &self.members {
            for candidate in &other.members {
                if member.is(candidate) || th.eq(member, candidate)? {
                    continue 'members;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }
}

#[pymethods]
impl Union {
    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        if name.as_ascii() == Some("__module__") {
            let class = th.type_of(this.as_value()).value();
            return th.get_attr(&class, name);
        }
        match attribute::generic(th, this.as_value(), name)? {
            Some(value) => Ok(value),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    #[getter]
    fn __args__(&self) -> Value {
        self.args.clone()
    }

    #[getter]
    fn __parameters__(&self, th: &mut Thread) -> PyResult {
        self.parameters_tuple(th)
    }

    #[getter]
    fn __origin__(&self, th: &mut Thread) -> Value {
        Union::class(th).value()
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        "Union"
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        "Union"
    }

    fn __getitem__(this: &Obj<Self>, th: &mut Thread, item: &Value) -> PyResult {
        let parameters = this.parameters_tuple(th)?;
        let parameters = th.downcast::<Tuple>(&parameters).map(|t| t.items().to_vec()).unwrap_or_default();
        let replaced = type_arguments::substitute(th, this.as_value(), &this.members, &parameters, item)?;
        from_items(th, &replaced)
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, items: &Value) -> PyResult {
        match th.exact::<Tuple>(items).cloned() {
            Some(tuple) => from_items(th, tuple.items()),
            None => from_items(th, std::slice::from_ref(items)),
        }
    }

    fn __or__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        from_items(th, &[this.clone(), other.clone()])
    }

    fn __ror__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
        from_items(th, &[other.clone(), this.clone()])
    }

    fn __mro_entries__(this: &Obj<Self>, th: &mut Thread, bases: &Value) -> PyResult {
        let _ = bases;
        let shown = th.repr(this.as_value())?.units().to_str_lossy().into_owned();
        Err(th.type_error(format_args!("Cannot subclass {shown}")))
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.exact::<Union>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        if self.members.len() != other.members.len() {
            return Ok(Value::FALSE);
        }
        Ok(Value::bool(self.within(th, &other)? && other.within(th, self)?))
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        if let Some(first) = self.unhashable.first() {
            // The member itself says why; if it can be hashed by now, the union still cannot.
            th.hash(&self.members[*first])?;
            let count = self.unhashable.len();
            return Err(th.type_error(format_args!("union contains {count} unhashable elements")));
        }
        // Equal unions may have their members in another order.
        let mut sum = 0i64;
        for member in &self.members {
            let hash = th.hash(member)? as u64;
            sum = sum.wrapping_add((hash ^ hash >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64);
        }
        Ok(sum)
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult {
        let mut out = Builder::new();
        for (i, member) in self.members.iter().enumerate() {
            if i > 0 {
                out.push_str(" | ");
            }
            type_arguments::show(th, &mut out, member)?;
        }
        th.units(out.finish().units())
    }

    fn __instancecheck__(&self, th: &mut Thread, instance: &Value) -> PyResult<bool> {
        let check = super::module::builtin(th, "isinstance")?;
        any_member(th, &check, instance, &self.members)
    }

    fn __subclasscheck__(&self, th: &mut Thread, subclass: &Value) -> PyResult<bool> {
        let check = super::module::builtin(th, "issubclass")?;
        any_member(th, &check, subclass, &self.members)
    }
}

fn any_member(th: &mut Thread, check: &Value, value: &Value, members: &[Value]) -> PyResult<bool> {
    for member in members {
        let answer = th.call(check, &[value.clone(), member.clone()])?;
        if th.is_true(&answer)? {
            return Ok(true);
        }
    }
    Ok(false)
}
