//! `string.templatelib.Template` and `Interpolation`: what t-strings make (PEP 750).
//!
//! # Invariant
//! A template has one string more than interpolations.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::prelude::*;

/// Template object
#[pyclass(name = "Template", module = "string.templatelib")]
pub struct Template {
    strings: Value,
    interpolations: Value,
}

/// Interpolation object
#[pyclass(name = "Interpolation", module = "string.templatelib")]
pub struct Interpolation {
    value: Value,
    expression: Value,
    conversion: Value,
    format_spec: Value,
}

/// Template iterator object
#[pyclass(name = "TemplateIter", module = "string.templatelib", no_new)]
pub struct TemplateIter {
    parts: Vec<Value>,
    at: AtomicUsize,
}

/// A template of a tuple of strings and a tuple of interpolations.
pub fn make_template(th: &mut Thread, strings: &Value, interpolations: &Value) -> PyResult {
    let template = Template { strings: strings.clone(), interpolations: interpolations.clone() };
    Ok(Template::new_object(th, template).into_value())
}

/// An interpolation; `conversion` is None or one of `"s"`, `"r"`, `"a"`.
pub fn make_interpolation(
    th: &mut Thread,
    value: &Value,
    expression: &Value,
    conversion: &Value,
    format_spec: &Value,
) -> PyResult {
    let made = Interpolation {
        value: value.clone(),
        expression: expression.clone(),
        conversion: conversion.clone(),
        format_spec: format_spec.clone(),
    };
    Ok(Interpolation::new_object(th, made).into_value())
}

fn items(th: &Thread, tuple: &Value) -> Vec<Value> {
    th.downcast::<Tuple>(tuple).map_or_else(Vec::new, |tuple| tuple.items().to_vec())
}

/// Strings and interpolations in turn, adjacent strings joined.
fn collect(th: &mut Thread, parts: &[Value]) -> PyResult<(Vec<Value>, Vec<Value>)> {
    let (mut strings, mut interpolations) = (Vec::new(), Vec::new());
    let mut text: Option<Value> = None;
    for part in parts {
        if th.as_str(part).is_some() {
            text = Some(match text {
                Some(before) => super::str::concat(th, &before, part)?,
                None => part.clone(),
            });
        } else if th.exact::<Interpolation>(part).is_some() {
            strings.push(text.take().unwrap_or_else(super::str::empty));
            interpolations.push(part.clone());
        } else {
            let found = th.type_of(part);
            let found = crate::class::full_name(th, found);
            return Err(th.type_error(format_args!(
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {found}"
            )));
        }
    }
    strings.push(text.unwrap_or_else(super::str::empty));
    Ok((strings, interpolations))
}

#[pymethods]
impl Template {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.type_error("Template.__new__ only accepts *args arguments"));
        }
        let (strings, interpolations) = collect(th, args.positional)?;
        let (strings, interpolations) = (th.tuple(strings), th.tuple(interpolations));
        make_template(th, &strings, &interpolations)
    }

    /// Strings
    #[getter]
    fn strings(&self) -> Value {
        self.strings.clone()
    }

    /// Interpolations
    #[getter]
    fn interpolations(&self) -> Value {
        self.interpolations.clone()
    }

    /// Values of interpolations
    #[getter]
    fn values(&self, th: &mut Thread) -> Value {
        let interpolations = items(th, &self.interpolations);
        let values = interpolations
            .iter()
            .map(|i| th.downcast::<Interpolation>(i).map_or(Value::NONE, |i| i.value.clone()))
            .collect();
        th.tuple(values)
    }

    fn __iter__(&self, th: &mut Thread) -> Value {
        let interpolations = items(th, &self.interpolations);
        let mut interpolations = interpolations.into_iter();
        let mut parts = Vec::new();
        for string in items(th, &self.strings) {
            if th.as_str(&string).is_some_and(|s| s.len() != 0) {
                parts.push(string);
            }
            parts.extend(interpolations.next());
        }
        TemplateIter::new_object(th, TemplateIter { parts, at: AtomicUsize::new(0) }).into_value()
    }

    fn __add__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.exact::<Template>(other) else {
            let found = th.type_of(other);
            let found = crate::class::full_name(th, found);
            return Err(th.type_error(format_args!(
                "can only concatenate string.templatelib.Template (not \"{found}\") to string.templatelib.Template"
            )));
        };
        let (mut strings, more) = (items(th, &self.strings), items(th, &other.strings));
        let mut more = more.into_iter();
        if let (Some(last), Some(first)) = (strings.pop(), more.next()) {
            strings.push(super::str::concat(th, &last, &first)?);
        }
        strings.extend(more);
        let mut interpolations = items(th, &self.interpolations);
        interpolations.extend(items(th, &other.interpolations));
        let (strings, interpolations) = (th.tuple(strings), th.tuple(interpolations));
        make_template(th, &strings, &interpolations)
    }

    fn __repr__(this: &Obj<Template>, th: &mut Thread) -> PyResult {
        let name = th.short_type_name(this.as_value());
        let strings = th.repr(&this.strings)?.into_value();
        let interpolations = th.repr(&this.interpolations)?.into_value();
        let parts = [
            th.str(&format!("{name}(strings=")),
            strings,
            th.str(", interpolations="),
            interpolations,
            th.str(")"),
        ];
        super::str::join_all(th, &parts)
    }

    /// Return state information for pickling.
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let module = th.import("string.templatelib")?;
        let function = th.get_attr_str(&module, "_template_unpickle")?;
        let args = th.tuple(vec![self.strings.clone(), self.interpolations.clone()]);
        Ok(th.tuple(vec![function, args]))
    }

    /// Template supports [] for generic usage
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}

#[pymethods]
impl Interpolation {
    #[new]
    #[signature("(value, expression='', conversion=None, format_spec='')")]
    fn new(
        th: &mut Thread,
        value: &Value,
        expression: Option<&Obj<Str>>,
        conversion: Option<&Value>,
        format_spec: Option<&Obj<Str>>,
    ) -> PyResult {
        let conversion = conversion.filter(|c| !c.is_none());
        if let Some(conversion) = conversion {
            let Some(text) = th.as_str(conversion) else {
                let found = th.type_of(conversion);
                let found = crate::class::full_name(th, found);
                return Err(th.type_error(format_args!(
                    "Interpolation() argument 'conversion' must be str, not {found}"
                )));
            };
            if !matches!(text.as_ascii(), Some("s" | "r" | "a")) {
                return Err(
                    th.value_error("Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'")
                );
            }
        }
        let empty = super::str::empty();
        let text =
            |given: Option<&Obj<Str>>| given.map_or_else(|| empty.clone(), |text| text.as_value().clone());
        let conversion = conversion.cloned().unwrap_or(Value::NONE);
        make_interpolation(th, value, &text(expression), &conversion, &text(format_spec))
    }

    #[constant]
    fn __match_args__(th: &mut Thread) -> Value {
        let names = ["value", "expression", "conversion", "format_spec"].map(|n| th.str(n));
        th.tuple(names.into())
    }

    /// Value
    #[getter]
    fn value(&self) -> Value {
        self.value.clone()
    }

    /// Expression
    #[getter]
    fn expression(&self) -> Value {
        self.expression.clone()
    }

    /// Conversion
    #[getter]
    fn conversion(&self) -> Value {
        self.conversion.clone()
    }

    /// Format specifier
    #[getter]
    fn format_spec(&self) -> Value {
        self.format_spec.clone()
    }

    fn __repr__(this: &Obj<Interpolation>, th: &mut Thread) -> PyResult {
        let name = th.short_type_name(this.as_value());
        let mut parts = vec![th.str(&format!("{name}("))];
        let fields = [&this.value, &this.expression, &this.conversion, &this.format_spec];
        for (i, field) in fields.into_iter().enumerate() {
            if i > 0 {
                parts.push(th.str(", "));
            }
            parts.push(th.repr(field)?.into_value());
        }
        parts.push(th.str(")"));
        super::str::join_all(th, &parts)
    }

    /// __reduce__() -> (cls, state)
    fn __reduce__(this: &Obj<Interpolation>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let state = vec![
            this.value.clone(),
            this.expression.clone(),
            this.conversion.clone(),
            this.format_spec.clone(),
        ];
        let state = th.tuple(state);
        th.tuple(vec![class, state])
    }

    /// Interpolations are generic over the types of their values
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(super::generic_alias::make(th, class, object))
    }
}

#[pymethods]
impl TemplateIter {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self) -> Option<Value> {
        // Relaxed: threads that share an iterator get distinct positions; the parts never change.
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        match self.parts.get(at) {
            Some(part) => Some(part.clone()),
            None => {
                self.at.store(self.parts.len(), Ordering::Relaxed); // Relaxed: as above.
                None
            }
        }
    }
}
