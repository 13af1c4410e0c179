//! The codecs of the runtime, with the error handlers of Python's registry.
//!
//! The conversions are `object_model::text::codec`; the standard handlers that need no exception object are
//! `object_model::text::handlers`.

use object_model::text::codec::{self, CodecError, EncodeFailure, Encoding, Order, Replacement};
use object_model::text::handlers::{Handler, Refusal};
use object_model::text::units::{OwnedUnits, Units};

use super::codec_registry;
use crate::exceptions::unicode::{decode_error, encode_error};
use crate::prelude::*;

/// A codec by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Without a byte order mark.
    Plain(Encoding),
    /// UTF-16 with a mark.
    Utf16,
    /// UTF-32 with a mark.
    Utf32,
}

/// How errors are handled.
enum Errors {
    Standard(Handler),
    /// A function of the registry.
    Registered(Value),
}

fn errors(th: &mut Thread, name: &str) -> PyResult<Errors> {
    if let Some(function) = codec_registry::registered_error(th, name) {
        return Ok(Errors::Registered(function));
    }
    match Handler::from_name(name) {
        Some(handler) => Ok(Errors::Standard(handler)),
        None => codec_registry::lookup_error(th, name).map(Errors::Registered),
    }
}

/// What an error handler answered: the replacement, and where to go on (counted from the end if negative).
fn answer(th: &mut Thread, answer: &Value, length: usize, expected: &str) -> PyResult<(Value, usize)> {
    let parts = th.downcast::<Tuple>(answer).filter(|t| t.len() == 2).map(|t| t.items().to_vec());
    let parts: Option<[Value; 2]> = parts.and_then(|p| p.try_into().ok());
    let Some([replacement, position]) = parts else { return Err(th.type_error(expected.to_string())) };
    if crate::builtins::int::as_int(&position).is_none() {
        return Err(th.type_error(expected.to_string()));
    }
    let given = th.index(&position)?;
    let position = if given < 0 { given.saturating_add(length as i64) } else { given };
    match usize::try_from(position).ok().filter(|p| *p <= length) {
        Some(position) => Ok((replacement, position)),
        None => Err(th.index_error(format_args!("position {given} from error handler out of bounds"))),
    }
}

#[cold]
fn wrong_direction(th: &mut Thread, class: &str) -> Raised {
    th.type_error(format_args!("don't know how to handle {class} in error callback"))
}

/// Encodes; `errors` is the name of the handler.
pub fn encode(th: &mut Thread, text: &Obj<Str>, encoding: Encoding, errors: &str) -> PyResult<Vec<u8>> {
    let units = text.units();
    if let (Units::Ascii(bytes), Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1) = (units, encoding) {
        return Ok(bytes.to_vec());
    }
    let mut handler = None;
    let name = encoding.name();
    let raise = |th: &mut Thread, error: &CodecError| {
        encode_error(th, name, text.as_value(), error.start, error.end, &error.reason)
    };
    let result = codec::encode(encoding, units, |error| {
        if handler.is_none() {
            handler = Some(self::errors(th, errors)?);
        }
        match &handler {
            Some(Errors::Registered(function)) => {
                let function = function.clone();
                let _pending = raise(th, error);
                let exception = th.take_exception();
                let given = th.call(&function, std::slice::from_ref(&exception))?;
                let expected = "encoding error handler must return (str/bytes, int) tuple";
                let (replacement, next) = answer(th, &given, units.len(), expected)?;
                if let Some(text) = th.as_str(&replacement) {
                    return Ok((Replacement::Text(text.units().to_owned()), next));
                }
                match th.downcast::<Bytes>(&replacement) {
                    Some(bytes) => Ok((Replacement::Bytes(bytes.as_slice().to_vec()), next)),
                    None => Err(th.type_error(expected)),
                }
            }
            Some(Errors::Standard(standard)) => match standard.encode(encoding, units, error) {
                Ok(replacement) => Ok(replacement),
                Err(Refusal::Raise) => Err(raise(th, error)),
                Err(Refusal::WrongDirection) => Err(wrong_direction(th, "UnicodeEncodeError")),
            },
            None => Err(raise(th, error)),
        }
    });
    match result {
        Ok(bytes) => Ok(bytes),
        Err(EncodeFailure::Handler(raised)) => Err(raised),
        Err(EncodeFailure::Unencodable(error)) => Err(raise(th, &error)),
    }
}

/// Decodes; `last` says that no more input follows. The text, and how much of the input it took.
pub fn decode(
    th: &mut Thread,
    bytes: &[u8],
    encoding: Encoding,
    errors: &str,
    last: bool,
) -> PyResult<(OwnedUnits, usize)> {
    let mut handler = None;
    let name = encoding.name();
    codec::decode(encoding, bytes, last, |error| {
        if handler.is_none() {
            handler = Some(self::errors(th, errors)?);
        }
        let raise = |th: &mut Thread| match th.bytes(bytes) {
            Ok(object) => decode_error(th, name, &object, error.start, error.end, &error.reason),
            Err(raised) => raised,
        };
        match &handler {
            Some(Errors::Registered(function)) => {
                let function = function.clone();
                let _pending = raise(th);
                let exception = th.take_exception();
                let given = th.call(&function, std::slice::from_ref(&exception))?;
                let expected = "decoding error handler must return (str, int) tuple";
                let (replacement, next) = answer(th, &given, bytes.len(), expected)?;
                match th.as_str(&replacement) {
                    Some(text) => Ok((text.units().to_owned(), next)),
                    None => Err(th.type_error(expected)),
                }
            }
            Some(Errors::Standard(standard)) => match standard.decode(encoding, bytes, error) {
                Ok(replacement) => Ok(replacement),
                Err(Refusal::Raise) => Err(raise(th)),
                Err(Refusal::WrongDirection) => Err(wrong_direction(th, "UnicodeDecodeError")),
            },
            None => Err(raise(th)),
        }
    })
}

impl Codec {
    /// The codec of a normalised name (`codec_registry::normalise`).
    pub fn from_name(name: &str) -> Option<Codec> {
        match name {
            "utf_16" | "utf16" | "u16" => Some(Codec::Utf16),
            "utf_32" | "utf32" | "u32" => Some(Codec::Utf32),
            // Their warnings about escapes are the module's.
            "unicode_escape" | "raw_unicode_escape" | "cp65001" => None,
            name => Encoding::from_name(name).map(Codec::Plain),
        }
    }

    /// The whole text as bytes.
    pub fn encode(self, th: &mut Thread, text: &Obj<Str>, errors: &str) -> PyResult<Vec<u8>> {
        let (encoding, mark): (_, &[u8]) = match self {
            Codec::Plain(encoding) => return encode(th, text, encoding, errors),
            Codec::Utf16 => (Encoding::Utf16(Order::NATIVE), &0xfeff_u16.to_ne_bytes()),
            Codec::Utf32 => (Encoding::Utf32(Order::NATIVE), &0xfeff_u32.to_ne_bytes()),
        };
        let body = encode(th, text, encoding, errors)?;
        let mut out = Vec::with_capacity(mark.len() + body.len());
        out.extend_from_slice(mark);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// The whole input as a `str`.
    pub fn decode(self, th: &mut Thread, bytes: &[u8], errors: &str) -> PyResult {
        let encoding = match self {
            Codec::Plain(Encoding::Utf8 | Encoding::Ascii) if bytes.is_ascii() => {
                return super::str::of_units(th, Units::Ascii(bytes));
            }
            Codec::Plain(Encoding::Latin1) => return super::str::of_units(th, Units::Latin1(bytes)),
            Codec::Plain(encoding) => encoding,
            Codec::Utf16 => {
                let (order, mark) = codec::utf16_mark(bytes);
                return marked(th, bytes, Encoding::Utf16(order), mark, errors);
            }
            Codec::Utf32 => {
                let (order, mark) = codec::utf32_mark(bytes);
                return marked(th, bytes, Encoding::Utf32(order), mark, errors);
            }
        };
        let (text, _) = decode(th, bytes, encoding, errors, true)?;
        super::str::of_owned(th, &text)
    }
}

fn marked(th: &mut Thread, bytes: &[u8], encoding: Encoding, mark: usize, errors: &str) -> PyResult {
    let (text, _) = decode(th, bytes.get(mark..).unwrap_or(&[]), encoding, errors, true)?;
    super::str::of_owned(th, &text)
}
