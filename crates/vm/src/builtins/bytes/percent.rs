//! `bytes % arguments`.

use object_model::bytes::units;
use object_model::text::percent::{Field, Percent, Piece};
use object_model::text::units::{Builder, Units};

use crate::builtins::int::as_int;
use crate::builtins::str::percent::{Arguments, number};
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::buffer;

/// What `%b` and `%s` show.
fn shown(th: &mut Thread, value: &Value, letter: char) -> PyResult<Vec<u8>> {
    if th.downcast::<Bytes>(value).is_none()
        && let Some(made) = th.call_special(value, Special::Bytes, &[])?
    {
        if th.downcast::<Bytes>(&made).is_none() {
            let found = th.type_name(&made);
            return Err(th.type_error(format_args!("__bytes__ returned non-bytes (type {found})")));
        }
        return th.buffer_to_vec(&made);
    }
    if !buffer::is_buffer(th, value) {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!(
            "%{letter} requires a bytes-like object, or an object that implements __bytes__, not '{found}'"
        )));
    }
    th.buffer_to_vec(value)
}

fn character(th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
    let content = if th.downcast::<Bytes>(value).is_some() || th.downcast::<ByteArray>(value).is_some() {
        let content = th.buffer_to_vec(value)?;
        if content.len() != 1 {
            let (kind, length) = (th.type_name(value), content.len());
            return Err(th.type_error(format_args!(
                "%c requires an integer in range(256) or a single byte, not a {kind} object of length {length}"
            )));
        }
        content
    } else if as_int(value).is_some() || th.has_special(value, Special::Index) {
        match u8::try_from(th.index_clamped(value)?) {
            Ok(byte) => vec![byte],
            Err(_) => return Err(th.overflow_error("%c arg not in range(256)")),
        }
    } else {
        let class = th.type_of(value);
        let found = crate::class::full_name(th, class);
        return Err(
            th.type_error(format_args!("%c requires an integer in range(256) or a single byte, not {found}"))
        );
    };
    Ok(content)
}

fn field(
    th: &mut Thread,
    text: &[u8],
    field: &Field,
    arguments: &mut Arguments<'_>,
    out: &mut Builder,
) -> PyResult<()> {
    let keyed = match &field.key {
        Some(range) => {
            let key = th.bytes(&text[range.clone()])?;
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
        's' | 'b' => {
            let content = shown(th, &value, letter)?;
            conversion.output(units(&content), out)
        }
        'a' | 'r' => {
            let text = th.ascii(&value)?;
            conversion.output(text.units(), out)
        }
        'c' => {
            let content = character(th, &value)?;
            conversion.output(units(&content), out)
        }
        _ if conversion.is_number() => {
            let text = number(th, &conversion, &value)?;
            conversion.output(Units::Ascii(text.as_bytes()), out)
        }
        _ => Err(field.unsupported()),
    };
    th.check(done)
}

/// `text % all`
pub(super) fn percent(th: &mut Thread, text: &[u8], all: &Value) -> PyResult<Vec<u8>> {
    let mut arguments = Arguments::new(th, all);
    let mut out = Builder::new();
    for piece in Percent::new(units(text)) {
        match th.check(piece)? {
            Piece::Literal(range) => out.push_units(units(&text[range])),
            Piece::Field(found) => field(th, text, &found, &mut arguments, &mut out)?,
        }
    }
    arguments.finish(th, "bytes")?;
    Ok(object_model::bytes::from_units(out.finish()))
}
