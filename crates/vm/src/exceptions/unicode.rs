//! The errors of text encoding: UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError.
//!
//! Codecs raise them with [`encode_error`], [`decode_error`] and [`translate_error`].

use object_model::text::units::Builder;

use super::base::BaseException;
use super::fields::with_fields;
use super::hierarchy::{Exc, Family};
use crate::prelude::*;

/// `encoding`
pub const ENCODING: usize = 0;
/// `object`
pub const OBJECT: usize = 1;
/// `start`, an int.
pub const START: usize = 2;
/// `end`, an int.
pub const END: usize = 3;
/// `reason`
pub const REASON: usize = 4;

/// Methods of `UnicodeEncodeError`.
pub struct UnicodeEncodeClass;
/// Methods of `UnicodeDecodeError`.
pub struct UnicodeDecodeClass;
/// Methods of `UnicodeTranslateError`.
pub struct UnicodeTranslateClass;

/// Raises UnicodeEncodeError for the characters `start..end` of the string `object`.
#[cold]
pub fn encode_error(
    th: &mut Thread,
    encoding: &str,
    object: &Value,
    start: usize,
    end: usize,
    reason: &str,
) -> crate::error::Raised {
    let args = positions(th, Some(encoding), object, start, end, reason);
    th.raise_args(Exc::UnicodeEncodeError, args)
}

/// Raises UnicodeDecodeError for the bytes `start..end` of the bytes `object`.
#[cold]
pub fn decode_error(
    th: &mut Thread,
    encoding: &str,
    object: &Value,
    start: usize,
    end: usize,
    reason: &str,
) -> crate::error::Raised {
    let args = positions(th, Some(encoding), object, start, end, reason);
    th.raise_args(Exc::UnicodeDecodeError, args)
}

/// Raises UnicodeTranslateError for the characters `start..end` of the string `object`.
#[cold]
pub fn translate_error(
    th: &mut Thread,
    object: &Value,
    start: usize,
    end: usize,
    reason: &str,
) -> crate::error::Raised {
    let args = positions(th, None, object, start, end, reason);
    th.raise_args(Exc::UnicodeTranslateError, args)
}

fn positions(
    th: &mut Thread,
    encoding: Option<&str>,
    object: &Value,
    start: usize,
    end: usize,
    reason: &str,
) -> Vec<Value> {
    let mut args: Vec<Value> = encoding.map(|e| th.str(e)).into_iter().collect();
    args.push(object.clone());
    args.push(th.int(start as i64));
    args.push(th.int(end as i64));
    args.push(th.str(reason));
    args
}

/// Fills the fields from the arguments, with their types checked.
pub(super) fn initialise(
    th: &mut Thread,
    family: Family,
    this: &Obj<BaseException>,
    arguments: &[Value],
) -> PyResult<()> {
    let with_encoding = family != Family::UnicodeTranslate;
    let wanted = if with_encoding { 5 } else { 4 };
    if arguments.len() != wanted {
        let given = arguments.len();
        return Err(th.type_error(format_args!("function takes exactly {wanted} arguments ({given} given)")));
    }
    let first = if with_encoding { ENCODING } else { OBJECT };
    for (i, argument) in arguments.iter().enumerate() {
        let field = first + i;
        let value = match field {
            START | END => {
                let number = th.index(argument)?;
                th.int(number)
            }
            OBJECT if family == Family::UnicodeDecode => bytes_of(th, argument)?,
            _ => {
                if th.as_str(argument).is_none() {
                    let found = th.type_name(argument);
                    return Err(th.type_error(format_args!("argument {} must be str, not {found}", i + 1)));
                }
                argument.clone()
            }
        };
        this.set_extra(th, field, Some(value));
    }
    Ok(())
}

/// The object itself if it is bytes, else a copy of its buffer.
fn bytes_of(th: &mut Thread, value: &Value) -> PyResult {
    if th.downcast::<Bytes>(value).is_some() {
        return Ok(value.clone());
    }
    if !th.has_special(value, crate::names::Special::Buffer) && th.downcast::<ByteArray>(value).is_none() {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!("a bytes-like object is required, not '{found}'")));
    }
    let class = Bytes::class(th).value();
    th.call(&class, std::slice::from_ref(value))
}

fn number(th: &Thread, this: &Obj<BaseException>, field: usize) -> i64 {
    this.extra(th, field).and_then(|v| v.as_small_int()).unwrap_or(0)
}

/// Raises TypeError unless `object` is still what it must be.
fn check_object(th: &mut Thread, object: &Value, bytes: bool) -> PyResult<()> {
    let (right, kind) = match bytes {
        true => (th.downcast::<Bytes>(object).is_some(), "bytes"),
        false => (th.as_str(object).is_some(), "string"),
    };
    if right {
        return Ok(());
    }
    Err(th.type_error(format_args!("UnicodeError 'object' attribute must be a {kind}")))
}

fn escaped(character: u32) -> String {
    match character {
        0..=0xff => format!("\\x{character:02x}"),
        0x100..=0xffff => format!("\\u{character:04x}"),
        _ => format!("\\U{character:08x}"),
    }
}

fn describe(th: &mut Thread, this: &Obj<BaseException>, family: Family) -> PyResult {
    let Some(_) = this.extra(th, OBJECT) else { return Ok(th.str("")) };
    let reason = this.extra(th, REASON).unwrap_or(Value::NONE);
    let reason = th.str_of(&reason)?;
    let mut built = Builder::new();
    let verb = match family {
        Family::UnicodeTranslate => "can't translate",
        Family::UnicodeEncode => "can't encode",
        _ => "can't decode",
    };
    if family != Family::UnicodeTranslate {
        let encoding = this.extra(th, ENCODING).unwrap_or(Value::NONE);
        let encoding = th.str_of(&encoding)?;
        built.push_str("'");
        built.push_units(encoding.units());
        built.push_str("' codec ");
    }
    // The calls above may have replaced it.
    let object = this.extra(th, OBJECT).unwrap_or(Value::NONE);
    let is_bytes = family == Family::UnicodeDecode;
    check_object(th, &object, is_bytes)?;
    let (start, end) = (number(th, this, START), number(th, this, END));
    let single = usize::try_from(start).ok().filter(|_| end == start.wrapping_add(1)).and_then(|i| {
        if is_bytes {
            let byte = *th.downcast::<Bytes>(&object)?.as_slice().get(i)?;
            Some(format!("byte 0x{byte:02x}"))
        } else {
            let string = th.as_str(&object)?;
            (i < string.len()).then(|| format!("character '{}'", escaped(string.units().get(i))))
        }
    });
    let many = if is_bytes { "bytes" } else { "characters" };
    let what = match single {
        Some(what) => format!("{verb} {what} in position {start}: "),
        None => format!("{verb} {many} in position {start}-{}: ", end.wrapping_sub(1)),
    };
    built.push_str(&what);
    built.push_units(reason.units());
    th.units(built.finish().units())
}

/// Sets an int field.
fn assign_number(
    th: &mut Thread,
    this: &Obj<BaseException>,
    field: usize,
    value: Option<&Value>,
) -> PyResult<()> {
    let Some(value) = value else { return Err(th.type_error("can't delete numeric/char attribute")) };
    let number = th.index(value)?;
    let number = th.int(number);
    this.set_extra(th, field, Some(number));
    Ok(())
}

macro_rules! unicode_class {
    ($class:ident $family:ident) => {
        with_fields! {
            $class {
                encoding set_encoding = ENCODING;
                object set_object = OBJECT;
                reason set_reason = REASON;
            }
            #[raw]
            fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
                super::fields::initialise(th, Family::$family, this, args)
            }

            fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
                describe(th, this, Family::$family)
            }

            #[getter]
            fn start(this: &Obj<BaseException>, th: &mut Thread) -> i64 {
                number(th, this, START)
            }

            #[setter]
            fn set_start(this: &Obj<BaseException>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
                assign_number(th, this, START, value)
            }

            #[getter]
            fn end(this: &Obj<BaseException>, th: &mut Thread) -> i64 {
                number(th, this, END)
            }

            #[setter]
            fn set_end(this: &Obj<BaseException>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
                assign_number(th, this, END, value)
            }
        }
    };
}

unicode_class!(UnicodeEncodeClass UnicodeEncode);
unicode_class!(UnicodeDecodeClass UnicodeDecode);
unicode_class!(UnicodeTranslateClass UnicodeTranslate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_shown_with_the_shortest_escape() {
        assert_eq!(escaped(0xe9), "\\xe9");
        assert_eq!(escaped(0x20ac), "\\u20ac");
        assert_eq!(escaped(0x1f600), "\\U0001f600");
    }
}
