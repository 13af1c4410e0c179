//! `_string`: the markup of `str.format`, for `string.Formatter`.

use vm::prelude::*;

/// The module.
#[pymodule(name = "_string", doc = "string helper module")]
pub mod module {
    use vm::builtins::str::of_units;
    use vm::object_model::text::format_string::{Accessor, FieldName, First, Markup};
    use vm::prelude::*;

    /// parse the argument as a format string
    #[pyfunction]
    fn formatter_parser(th: &mut Thread, string: &Obj<Str>) -> PyResult {
        let text = string.units();
        let mut parts = Vec::new();
        for segment in Markup::new(text) {
            let segment = th.check(segment)?;
            let literal = of_units(th, text.slice(segment.literal))?;
            let rest = match segment.field {
                Some(field) => {
                    let name = of_units(th, text.slice(field.name))?;
                    let spec = of_units(th, text.slice(field.spec))?;
                    let conversion = match field.conversion {
                        Some(conversion) => vm::builtins::str::character(th, conversion)?,
                        None => Value::NONE,
                    };
                    [name, spec, conversion]
                }
                None => [Value::NONE, Value::NONE, Value::NONE],
            };
            let mut items = vec![literal];
            items.extend(rest);
            parts.push(th.tuple(items));
        }
        let parts = th.list(parts);
        th.iter(&parts)
    }

    /// split the argument as a field name
    #[pyfunction]
    fn formatter_field_name_split(th: &mut Thread, string: &Obj<Str>) -> PyResult {
        let text = string.units();
        let steps = FieldName::new(text);
        let steps = th.check(steps)?;
        let first = match &steps.first {
            First::Auto => vm::builtins::str::empty(),
            First::Index(index) => th.int(*index as i64),
            First::Name(range) => of_units(th, text.slice(range.clone()))?,
        };
        let mut parts = Vec::new();
        for step in steps {
            let (is_attribute, key) = match th.check(step)? {
                Accessor::Attribute(range) => (true, of_units(th, text.slice(range))?),
                Accessor::Index(index) => (false, th.int(index as i64)),
                Accessor::Key(range) => (false, of_units(th, text.slice(range))?),
            };
            parts.push(th.tuple(vec![Value::bool(is_attribute), key]));
        }
        let parts = th.list(parts);
        let rest = th.iter(&parts)?;
        Ok(th.tuple(vec![first, rest]))
    }
}
