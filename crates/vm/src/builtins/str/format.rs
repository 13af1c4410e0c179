//! `str.format`, `str.format_map` and `str.__format__`.
//!
//! The markup is `object_model::text::format_string`.

use object_model::text::format_spec::format_str;
use object_model::text::format_string::{Accessor, AutoNumber, Field, FieldName, First, Markup};
use object_model::text::units::{Builder, Units};

use super::{StrClass, exactly, of_owned, of_units, text_result};
use crate::prelude::*;

/// How deep fields may stand in the specs of fields.
const MAX_DEPTH: u32 = 2;

/// Where fields find their values.
enum Source<'a> {
    Arguments(Args<'a>),
    Mapping(&'a Value),
}

impl Source<'_> {
    fn positional(&self, th: &mut Thread, index: usize) -> PyResult {
        match self {
            Source::Mapping(_) => Err(th.value_error("Format string contains positional fields")),
            Source::Arguments(args) => match args.positional.get(index) {
                Some(value) => Ok(value.clone()),
                None => Err(th.index_error(format_args!(
                    "Replacement index {index} out of range for positional args tuple"
                ))),
            },
        }
    }

    fn named(&self, th: &mut Thread, name: Units<'_>) -> PyResult {
        let key = of_units(th, name)?;
        match self {
            Source::Mapping(mapping) => th.get_item(mapping, &key),
            Source::Arguments(args) => match args.keywords().find(|(n, _)| n.units() == name) {
                Some((_, value)) => Ok(value.clone()),
                None => Err(th.key_error(key)),
            },
        }
    }
}

fn value_of(th: &mut Thread, name: Units<'_>, source: &Source<'_>, numbers: &mut AutoNumber) -> PyResult {
    let steps = FieldName::new(name);
    let steps = th.check(steps)?;
    let index = match (&steps.first, source) {
        // Without arguments numbers are keys that nobody has.
        (First::Name(_), _) => None,
        _ => {
            let index = numbers.index(&steps.first);
            th.check(index)?
        }
    };
    let mut value = match (&steps.first, index) {
        (First::Name(range), _) => source.named(th, name.slice(range.clone()))?,
        (_, Some(index)) => source.positional(th, index)?,
        (_, None) => source.positional(th, 0)?,
    };
    for step in steps {
        value = match th.check(step)? {
            Accessor::Attribute(range) => {
                let attribute = of_units(th, name.slice(range))?;
                let Some(attribute) = th.as_str(&attribute) else { return Ok(value) };
                let attribute = th.intern_obj(attribute);
                th.get_attr(&value, &attribute)?
            }
            Accessor::Index(index) => {
                let index = th.int(index as i64);
                th.get_item(&value, &index)?
            }
            Accessor::Key(range) => {
                let key = of_units(th, name.slice(range))?;
                th.get_item(&value, &key)?
            }
        };
    }
    Ok(value)
}

/// Applies `!r`, `!s` or `!a`.
pub(crate) fn convert(th: &mut Thread, value: Value, conversion: Option<u32>) -> PyResult {
    match conversion.map(char::from_u32) {
        None => Ok(value),
        Some(Some('r')) => th.repr(&value).map(Obj::into_value),
        Some(Some('s')) => th.str_of(&value).map(Obj::into_value),
        Some(Some('a')) => th.ascii(&value).map(Obj::into_value),
        Some(other) => {
            let code = conversion.unwrap_or(0);
            match other.filter(|c| (' '..'\x7f').contains(c)) {
                Some(c) => Err(th.value_error(format_args!("Unknown conversion specifier '{c}'"))),
                None => Err(th.value_error(format_args!("Unknown conversion specifier '\\x{code:x}'"))),
            }
        }
    }
}

fn field(
    th: &mut Thread,
    text: Units<'_>,
    field: &Field,
    source: &Source<'_>,
    numbers: &mut AutoNumber,
    depth: u32,
    out: &mut Builder,
) -> PyResult<()> {
    let value = value_of(th, text.slice(field.name.clone()), source, numbers)?;
    let value = convert(th, value, field.conversion)?;
    let spec = text.slice(field.spec.clone());
    let spec = if field.nested {
        let mut expanded = Builder::new();
        render(th, spec, source, numbers, depth - 1, &mut expanded)?;
        of_owned(th, &expanded.finish())?
    } else {
        of_units(th, spec)?
    };
    let Some(spec) = th.as_str(&spec) else { return Ok(()) };
    let shown = th.format(&value, spec)?;
    push(th, out, shown.units())
}

/// Appends, or raises MemoryError.
fn push(th: &mut Thread, out: &mut Builder, units: Units<'_>) -> PyResult<()> {
    let room = out.try_reserve(units.len());
    th.check(room)?;
    out.push_units(units);
    Ok(())
}

fn render(
    th: &mut Thread,
    text: Units<'_>,
    source: &Source<'_>,
    numbers: &mut AutoNumber,
    depth: u32,
    out: &mut Builder,
) -> PyResult<()> {
    if depth == 0 {
        return Err(th.value_error("Max string recursion exceeded"));
    }
    for segment in Markup::new(text) {
        let segment = th.check(segment)?;
        push(th, out, text.slice(segment.literal))?;
        if let Some(found) = segment.field {
            field(th, text, &found, source, numbers, depth, out)?;
        }
    }
    Ok(())
}

fn format(th: &mut Thread, this: &Obj<Str>, source: &Source<'_>) -> PyResult {
    let mut out = Builder::new();
    render(th, this.units(), source, &mut AutoNumber::default(), MAX_DEPTH, &mut out)?;
    of_owned(th, &out.finish())
}

#[pymethods(for = Str, part = "format")]
impl StrClass {
    /// Return a formatted version of the string, using substitutions from args and kwargs.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    #[raw]
    #[signature("(*args, **kwargs)")]
    fn format(this: &Obj<Str>, th: &mut Thread, args: Args<'_>) -> PyResult {
        format(th, this, &Source::Arguments(args))
    }

    /// Return a formatted version of the string, using substitutions from mapping.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    #[signature("(mapping, /)")]
    fn format_map(this: &Obj<Str>, th: &mut Thread, mapping: &Value) -> PyResult {
        format(th, this, &Source::Mapping(mapping))
    }

    /// Return a formatted version of the string as described by format_spec.
    #[signature("(format_spec, /)")]
    fn __format__(this: &Obj<Str>, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        if format_spec.len() == 0 {
            if crate::class::exact_str(this.as_value()).is_some() {
                return exactly(th, this);
            }
            return th.str_of(this.as_value()).map(Obj::into_value);
        }
        let name = th.type_name(this.as_value());
        text_result(th, format_str(this.units(), format_spec.units(), &name))
    }
}
