//! `text % arguments`.
//!
//! The syntax is `object_model::text::percent`; fetching arguments is shared with bytes through [`Arguments`].

use object_model::number::Int as Integer;
use object_model::text::percent::{Conversion, Count, Field, Percent, Piece};
use object_model::text::units::{Builder, Units};

use super::{of_owned, of_units};
use crate::builtins::int::{as_int, max_str_digits};
use crate::names::Special;
use crate::prelude::*;

/// The right operand of `%`.
pub(crate) struct Arguments<'a> {
    all: &'a Value,
    /// The items, if it is a tuple.
    items: Option<&'a [Value]>,
    next: usize,
    mapping: bool,
    /// A key was looked up, so that it doesn't matter whether arguments are left.
    keyed: bool,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(th: &Thread, all: &'a Value) -> Arguments<'a> {
        let items = crate::protocol::exact::any_tuple(all).map(|tuple| tuple.items());
        let text = th.as_str(all).is_some();
        let bytes = th.downcast::<Bytes>(all).is_some() || th.downcast::<ByteArray>(all).is_some();
        let mapping = items.is_none() && !text && !bytes && th.has_special(all, Special::GetItem);
        Arguments { all, items, next: 0, mapping, keyed: false }
    }

    /// The next positional argument.
    pub(crate) fn next(&mut self, th: &mut Thread) -> PyResult {
        let found = match self.items {
            Some(items) => items.get(self.next),
            None if self.next == 0 => Some(self.all),
            None => None,
        };
        self.next += 1;
        match found {
            Some(value) => Ok(value.clone()),
            None => Err(th.type_error("not enough arguments for format string")),
        }
    }

    /// The argument called `key`.
    pub(crate) fn keyed(&mut self, th: &mut Thread, key: &Value) -> PyResult {
        if !self.mapping {
            return Err(th.type_error("format requires a mapping"));
        }
        self.keyed = true;
        th.get_item(self.all, key)
    }

    /// The field with its `*`s replaced.
    pub(crate) fn resolve(&mut self, th: &mut Thread, field: &Field) -> PyResult<Conversion> {
        let width = match field.width {
            Some(Count::Star) => Some(self.star(th, "ssize_t", i64::MAX)?),
            _ => None,
        };
        let precision = match field.precision {
            Some(Count::Star) => Some(self.star(th, "int", i32::MAX.into())?),
            _ => None,
        };
        Ok(field.resolve(width, precision))
    }

    /// The next argument as a width or precision, of the C type that CPython has for it.
    fn star(&mut self, th: &mut Thread, c: &str, most: i64) -> PyResult<i64> {
        let value = self.next(th)?;
        match as_int(&value) {
            None => Err(th.type_error("* wants int")),
            Some(i) => match i.to_i64() {
                Some(i) if (-most - 1..=most).contains(&i) => Ok(i),
                _ => Err(th.overflow_error(format_args!("Python int too large to convert to C {c}"))),
            },
        }
    }

    /// Raises if arguments are left over.
    pub(crate) fn finish(&self, th: &mut Thread, kind: &str) -> PyResult<()> {
        let left = match self.items {
            Some(items) => self.next < items.len(),
            None => self.next == 0 && !self.mapping,
        };
        if left && !self.keyed {
            return Err(th.type_error(format_args!("not all arguments converted during {kind} formatting")));
        }
        Ok(())
    }
}

/// The digits of a number field.
pub(crate) fn number(th: &mut Thread, conversion: &Conversion, value: &Value) -> PyResult<String> {
    let letter = char::from_u32(conversion.kind).unwrap_or('\0');
    if matches!(letter, 'e' | 'E' | 'f' | 'F' | 'g' | 'G') {
        let x = th.to_f64(value)?;
        let shown = conversion.float(x);
        return th.check(shown);
    }
    let integer: Integer = match as_int(value) {
        Some(i) => i.to_int(),
        None => {
            let whole = match letter {
                'x' | 'X' | 'o' => {
                    if th.has_special(value, Special::Index) {
                        Some(th.to_index(value)?)
                    } else {
                        None
                    }
                }
                _ if value.as_immediate_float().is_some()
                    || th.has_special(value, Special::Int)
                    || th.has_special(value, Special::Index) =>
                {
                    Some(th.int_of(value)?)
                }
                _ => None,
            };
            let Some(number) = whole.as_ref().and_then(as_int) else {
                let found = th.type_name(value);
                let wanted = if matches!(letter, 'x' | 'X' | 'o') { "an integer" } else { "a real number" };
                return Err(
                    th.type_error(format_args!("%{letter} format: {wanted} is required, not {found}"))
                );
            };
            number.to_int()
        }
    };
    let limit = max_str_digits();
    let shown = conversion.integer(integer.as_ref(), limit);
    th.check(shown)
}

fn character(th: &mut Thread, value: &Value) -> PyResult {
    if let Some(text) = th.as_str(value) {
        if text.len() == 1 {
            return Ok(value.clone());
        }
        let length = text.len();
        return Err(th.type_error(format_args!(
            "%c requires an int or a unicode character, not a string of length {length}"
        )));
    }
    if as_int(value).is_none() && !th.has_special(value, Special::Index) {
        let class = th.type_of(value);
        let found = crate::class::full_name(th, class);
        return Err(th.type_error(format_args!("%c requires an int or a unicode character, not {found}")));
    }
    let code = th.index_clamped(value)?;
    match u32::try_from(code).ok().filter(|c| *c < object_model::text::units::CODE_POINT_END) {
        Some(code) => super::character(th, code),
        None => Err(th.overflow_error("%c arg not in range(0x110000)")),
    }
}

fn field(
    th: &mut Thread,
    text: Units<'_>,
    field: &Field,
    arguments: &mut Arguments<'_>,
    out: &mut Builder,
) -> PyResult<()> {
    let keyed = match &field.key {
        Some(range) => {
            let key = of_units(th, text.slice(range.clone()))?;
            Some(arguments.keyed(th, &key)?)
        }
        None => None,
    };
    let conversion = arguments.resolve(th, field)?;
    let letter = char::from_u32(field.kind).unwrap_or('\0');
    if letter == '%' {
        out.push(0x25);
        return Ok(());
    }
    let value = match keyed {
        Some(value) => value,
        None => arguments.next(th)?,
    };
    let done = match letter {
        's' => {
            let shown = th.str_of(&value)?;
            conversion.output(shown.units(), out)
        }
        'r' => {
            let shown = th.repr(&value)?;
            conversion.output(shown.units(), out)
        }
        'a' => {
            let shown = th.ascii(&value)?;
            conversion.output(shown.units(), out)
        }
        'c' => {
            let shown = character(th, &value)?;
            match th.as_str(&shown) {
                Some(shown) => conversion.output(shown.units(), out),
                None => Ok(()),
            }
        }
        _ if conversion.is_number() => {
            let shown = number(th, &conversion, &value)?;
            conversion.output(Units::Ascii(shown.as_bytes()), out)
        }
        _ => Err(field.unsupported()),
    };
    th.check(done)
}

/// `text % all`
pub fn percent(th: &mut Thread, text: &Obj<Str>, all: &Value) -> PyResult {
    let mut arguments = Arguments::new(th, all);
    let mut out = Builder::new();
    for piece in Percent::new(text.units()) {
        match th.check(piece)? {
            Piece::Literal(range) => out.push_units(text.units().slice(range)),
            Piece::Field(found) => field(th, text.units(), &found, &mut arguments, &mut out)?,
        }
    }
    arguments.finish(th, "string")?;
    of_owned(th, &out.finish())
}
