//! The module `_codecs`: the registry, and the conversions of the runtime as Python functions.
//!
//! Not here: the conversions (`object_model::text::codec`, `crate::utf7`), the registry and error handlers (`vm::builtins::codec_*`).

use object_model::text::codec::{self as conversions, Encoding, InvalidEscape, Order};
use object_model::text::units::{Builder, OwnedUnits};
use vm::builtins::{codec_native, codec_registry};
use vm::prelude::*;

use crate::{support, utf7};

/// `(object, number)`
fn pair(th: &mut Thread, object: Value, number: usize) -> Value {
    let number = th.int(number as i64);
    th.tuple(vec![object, number])
}

/// The argument `errors`: None and nothing mean strict.
fn handler(errors: Option<String>) -> String {
    errors.unwrap_or_else(|| "strict".to_string())
}

/// Input of a decoder: bytes-like, or for some a str.
fn input(th: &mut Thread, data: &Value, text_allowed: bool) -> PyResult<Vec<u8>> {
    if text_allowed && th.as_str(data).is_some() {
        return support::text_of(th, data, "argument").map(String::into_bytes);
    }
    th.buffer_to_vec(data)
}

fn decoded(
    th: &mut Thread,
    data: &Value,
    encoding: Encoding,
    errors: Option<String>,
    last: bool,
) -> PyResult {
    let errors = handler(errors);
    let (text, taken) = match th.exact::<Bytes>(data).cloned() {
        Some(bytes) => codec_native::decode(th, bytes.as_slice(), encoding, &errors, last)?,
        None => {
            let bytes = input(th, data, false)?;
            codec_native::decode(th, &bytes, encoding, &errors, last)?
        }
    };
    let text = th.units(text.units())?;
    Ok(pair(th, text, taken))
}

fn text_argument(th: &mut Thread, text: &Value, function: &str) -> PyResult<Obj<Str>> {
    match th.as_str(text).cloned() {
        Some(text) => Ok(text),
        None => {
            let found = if text.is_none() { "None".to_string() } else { th.type_name(text) };
            Err(th.type_error(format_args!("{function}() argument 1 must be str, not {found}")))
        }
    }
}

fn encoded(
    th: &mut Thread,
    text: &Value,
    encoding: Encoding,
    errors: Option<String>,
    name: &str,
) -> PyResult {
    let text = text_argument(th, text, name)?;
    let bytes = codec_native::encode(th, &text, encoding, &handler(errors))?;
    let bytes = th.bytes(&bytes)?;
    Ok(pair(th, bytes, text.len()))
}

/// UTF-16 or UTF-32 with the byte order that a number asks for: -1 little, 1 big, 0 by the mark.
fn marked(
    th: &mut Thread,
    data: &Value,
    errors: Option<String>,
    order: i64,
    last: bool,
    wide: bool,
) -> PyResult<(Value, usize, i64)> {
    let bytes = input(th, data, false)?;
    let has_mark = |bytes: &[u8], size: usize| bytes.len() >= size;
    let unit = if wide { 4 } else { 2 };
    let (decided, skip) = match order {
        0 if has_mark(&bytes, unit) => {
            let (order, size) =
                if wide { conversions::utf32_mark(&bytes) } else { conversions::utf16_mark(&bytes) };
            let told = match (size, order) {
                (0, _) => 0,
                (_, Order::Little) => -1,
                (_, Order::Big) => 1,
            };
            ((order, told), size)
        }
        0 => ((Order::NATIVE, 0), 0),
        n if n < 0 => ((Order::Little, -1), 0),
        _ => ((Order::Big, 1), 0),
    };
    let encoding = if wide { Encoding::Utf32(decided.0) } else { Encoding::Utf16(decided.0) };
    let (text, taken) = codec_native::decode(th, &bytes[skip..], encoding, &handler(errors), last)?;
    let text = th.units(text.units())?;
    Ok((text, taken + skip, decided.1))
}

fn marked_encode(th: &mut Thread, text: &Value, errors: Option<String>, order: i64, wide: bool) -> PyResult {
    let name = if wide { "utf_32_encode" } else { "utf_16_encode" };
    let text = text_argument(th, text, name)?;
    let errors = handler(errors);
    let plain = |order| if wide { Encoding::Utf32(order) } else { Encoding::Utf16(order) };
    let bytes = match order {
        0 if wide => codec_native::Codec::Utf32.encode(th, &text, &errors)?,
        0 => codec_native::Codec::Utf16.encode(th, &text, &errors)?,
        n => codec_native::encode(th, &text, plain(if n < 0 { Order::Little } else { Order::Big }), &errors)?,
    };
    let bytes = th.bytes(&bytes)?;
    Ok(pair(th, bytes, text.len()))
}

fn warn_escape(th: &mut Thread, invalid: Option<InvalidEscape>) -> PyResult<()> {
    let message = match invalid {
        None => return Ok(()),
        Some(InvalidEscape::Unknown(letter)) => {
            format!(
                "\"\\{}\" is an invalid escape sequence. Such sequences will not work in the future. ",
                letter as char
            )
        }
        Some(InvalidEscape::Octal(value)) => {
            format!(
                "\"\\{value:o}\" is an invalid octal escape sequence. Such sequences will not work in the future. "
            )
        }
    };
    support::warn(th, Exc::DeprecationWarning, &message, 1)
}

/// What a custom or standard error handler makes of a decoding error: a text and the position to go on at.
fn handle_decode(
    th: &mut Thread,
    errors: &str,
    encoding: &str,
    object: &Value,
    start: usize,
    end: usize,
    reason: &str,
    length: usize,
) -> PyResult<(OwnedUnits, usize)> {
    let raised = vm::exceptions::unicode::decode_error(th, encoding, object, start, end, reason);
    if errors == "strict" {
        return Err(raised);
    }
    let exception = th.take_exception();
    let function = codec_registry::lookup_error(th, errors)?;
    let answer = th.call(&function, &[exception])?;
    let (replacement, next) =
        replacement(th, &answer, length, "decoding error handler must return (str, int) tuple")?;
    match th.as_str(&replacement) {
        Some(text) => Ok((text.units().to_owned(), next)),
        None => Err(th.type_error("decoding error handler must return (str, int) tuple")),
    }
}

fn replacement(th: &mut Thread, answer: &Value, length: usize, message: &str) -> PyResult<(Value, usize)> {
    let parts = match th.downcast::<Tuple>(answer) {
        Some(tuple) if tuple.items().len() == 2 => tuple.items().to_vec(),
        _ => return Err(th.type_error(message)),
    };
    let given = th.index(&parts[1])?;
    let next = if given < 0 { given + length as i64 } else { given };
    match usize::try_from(next).ok().filter(|n| *n <= length) {
        Some(next) => Ok((parts[0].clone(), next)),
        None => Err(th.index_error(format_args!("position {given} from error handler out of bounds"))),
    }
}

fn escapes(th: &mut Thread, data: &Value, errors: Option<String>, last: bool, raw: bool) -> PyResult {
    let bytes = input(th, data, true)?;
    let errors = handler(errors);
    let encoding = if raw { "rawunicodeescape" } else { "unicodeescape" };
    let (mut out, mut at, mut invalid) = (Builder::new(), 0, None);
    let taken = loop {
        let step = if raw {
            conversions::decode_raw_unicode_escape(&bytes, at, last, &mut out)
        } else {
            conversions::decode_unicode_escape(&bytes, at, last, &mut out, &mut invalid)
        };
        match step {
            Ok(end) => break end,
            Err(error) => {
                let object = th.bytes(&bytes)?;
                let (text, next) = handle_decode(
                    th,
                    &errors,
                    encoding,
                    &object,
                    error.start,
                    error.end,
                    &error.reason,
                    bytes.len(),
                )?;
                out.push_units(text.units());
                at = next;
            }
        }
    };
    warn_escape(th, invalid)?;
    let text = th.units(out.finish().units())?;
    Ok(pair(th, text, taken))
}

fn utf7_decoded(th: &mut Thread, data: &Value, errors: Option<String>, last: bool) -> PyResult {
    let bytes = input(th, data, false)?;
    let errors = handler(errors);
    let mut out = Builder::new();
    let mut decoder = utf7::Decoder::new(&bytes);
    let taken = loop {
        match decoder.run(&mut out, last) {
            Ok(taken) => break taken,
            Err(fault) => {
                let object = th.bytes(&bytes)?;
                let (start, end) = (fault.start, fault.end);
                let (text, next) =
                    handle_decode(th, &errors, "utf7", &object, start, end, fault.reason, bytes.len())?;
                out.push_units(text.units());
                decoder.at = next;
            }
        }
    };
    let text = th.units(out.finish().units())?;
    Ok(pair(th, text, taken))
}

/// What a mapping has for a key: None if nothing.
fn mapped(th: &mut Thread, mapping: &Value, key: u32) -> PyResult<Option<Value>> {
    let key = th.int(key.into());
    let found = th.get_item(mapping, &key);
    let found = th.catch(found, Exc::LookupError)?;
    Ok(found.filter(|v| !v.is_none()))
}

fn charmap_decode(th: &mut Thread, bytes: &[u8], errors: &str, mapping: &Value) -> PyResult<OwnedUnits> {
    let table = th.as_str(mapping).cloned();
    let (mut out, mut i) = (Builder::new(), 0);
    while let Some(&byte) = bytes.get(i) {
        let known = match &table {
            Some(table) if usize::from(byte) < table.len() => Some(table.units().get(byte.into()))
                .filter(|c| *c != 0xfffe)
                .map(|c| OwnedUnits::from_iter([c])),
            Some(_) => None,
            None => match mapped(th, mapping, byte.into())? {
                None => None,
                Some(value) => match (th.as_str(&value), value.as_small_int()) {
                    (Some(text), _) if text.len() == 1 && text.units().get(0) == 0xfffe => None,
                    (Some(text), _) => Some(text.units().to_owned()),
                    (None, Some(0xfffe)) => None,
                    (None, Some(ch @ 0..0x11_0000)) => Some(OwnedUnits::from_iter([ch as u32])),
                    (None, Some(_)) => {
                        return Err(th.type_error("character mapping must be in range(0x110000)"));
                    }
                    (None, None) => {
                        return Err(th.type_error("character mapping must return integer, None or str"));
                    }
                },
            },
        };
        match known {
            Some(text) => {
                out.push_units(text.units());
                i += 1;
            }
            None => {
                let object = th.bytes(bytes)?;
                let reason = "character maps to <undefined>";
                let (text, next) =
                    handle_decode(th, errors, "charmap", &object, i, i + 1, reason, bytes.len())?;
                out.push_units(text.units());
                i = next;
            }
        }
    }
    Ok(out.finish())
}

/// The bytes of one character; None if it has none.
fn charmap_one(th: &mut Thread, ch: u32, mapping: &Value) -> PyResult<Option<Vec<u8>>> {
    if let Some(map) = th.exact::<EncodingMap>(mapping) {
        return Ok(map.find(ch).map(|b| vec![b]));
    }
    let Some(value) = mapped(th, mapping, ch)? else { return Ok(None) };
    if let Some(bytes) = th.downcast::<Bytes>(&value) {
        return Ok(Some(bytes.as_slice().to_vec()));
    }
    match value.as_small_int() {
        Some(byte @ 0..256) => Ok(Some(vec![byte as u8])),
        Some(_) => Err(th.type_error("character mapping must be in range(256)")),
        None => {
            let found = th.type_name(&value);
            Err(th.type_error(format_args!(
                "character mapping must return integer, bytes or None, not {found}"
            )))
        }
    }
}

fn charmap_encode(th: &mut Thread, text: &Obj<Str>, errors: &str, mapping: &Value) -> PyResult<Vec<u8>> {
    let units = text.units();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < units.len() {
        if let Some(bytes) = charmap_one(th, units.get(i), mapping)? {
            out.extend_from_slice(&bytes);
            i += 1;
            continue;
        }
        let start = i;
        let mut end = i + 1;
        while end < units.len() && charmap_one(th, units.get(end), mapping)?.is_none() {
            end += 1;
        }
        let reason = "character maps to <undefined>";
        let fail = |th: &mut Thread| {
            vm::exceptions::unicode::encode_error(th, "charmap", text.as_value(), start, end, reason)
        };
        let raised = fail(th);
        if errors == "strict" {
            return Err(raised);
        }
        let exception = th.take_exception();
        if errors == "ignore" {
            i = end;
            continue;
        }
        let (given, next) = if errors == "replace" {
            let marks = "?".repeat(end - start);
            (th.str(&marks), end)
        } else {
            let function = codec_registry::lookup_error(th, errors)?;
            let answer = th.call(&function, &[exception])?;
            replacement(
                th,
                &answer,
                units.len(),
                "encoding error handler must return (str/bytes, int) tuple",
            )?
        };
        if let Some(bytes) = th.downcast::<Bytes>(&given) {
            out.extend_from_slice(bytes.as_slice());
        } else if let Some(given) = th.as_str(&given).cloned() {
            for ch in given.units().iter() {
                match charmap_one(th, ch, mapping)? {
                    Some(bytes) => out.extend_from_slice(&bytes),
                    None => return Err(fail(th)),
                }
            }
        } else {
            return Err(th.type_error("encoding error handler must return (str/bytes, int) tuple"));
        }
        i = next;
    }
    Ok(out)
}

/// What `charmap_build` makes: the bytes of characters.
#[pyclass(name = "EncodingMap", module = "builtins", no_new, no_export)]
pub struct EncodingMap {
    /// Sorted by character.
    #[no_trace]
    pairs: Box<[(u32, u8)]>,
}

impl EncodingMap {
    fn find(&self, ch: u32) -> Option<u8> {
        let at = self.pairs.binary_search_by_key(&ch, |(c, _)| *c).ok()?;
        self.pairs.get(at).map(|(_, byte)| *byte)
    }
}

#[pymethods]
impl EncodingMap {
    /// The bytes that the table takes.
    fn size(&self) -> usize {
        self.pairs.len() * size_of::<(u32, u8)>()
    }
}

#[pymodule(name = "_codecs", doc = "Codecs of the runtime and their registry.")]
pub mod module {
    use super::*;

    /// Register a codec search function.
    #[pyfunction]
    fn register(th: &mut Thread, search_function: &Value) -> PyResult<()> {
        codec_registry::register(th, search_function)
    }

    /// Unregister a codec search function and clear the registry's cache.
    #[pyfunction]
    fn unregister(th: &mut Thread, search_function: &Value) {
        codec_registry::unregister(th, search_function);
    }

    /// Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.
    #[pyfunction]
    fn lookup(th: &mut Thread, encoding: String) -> PyResult {
        codec_registry::lookup(th, &encoding)
    }

    /// Encodes obj using the codec registered for encoding.
    #[pyfunction(signature = "(obj, encoding='utf-8', errors='strict')")]
    fn encode(th: &mut Thread, obj: &Value, encoding: Option<String>, errors: Option<Obj<Str>>) -> PyResult {
        codec_registry::encode_any(th, obj, encoding.as_deref().unwrap_or("utf-8"), errors.as_ref())
    }

    /// Decodes obj using the codec registered for encoding.
    #[pyfunction(signature = "(obj, encoding='utf-8', errors='strict')")]
    fn decode(th: &mut Thread, obj: &Value, encoding: Option<String>, errors: Option<Obj<Str>>) -> PyResult {
        codec_registry::decode_any(th, obj, encoding.as_deref().unwrap_or("utf-8"), errors.as_ref())
    }

    /// Register the specified error handler under the name errors.
    #[pyfunction]
    fn register_error(th: &mut Thread, errors: String, handler: &Value) -> PyResult<()> {
        codec_registry::register_error(th, &errors, handler)
    }

    /// Un-register the specified error handler for the error handling `errors`.
    #[pyfunction]
    fn _unregister_error(th: &mut Thread, errors: String) -> PyResult<bool> {
        if object_model::text::handlers::Handler::from_name(&errors).is_some() {
            return Err(th.value_error(format_args!("cannot un-register built-in error handler '{errors}'")));
        }
        Ok(codec_registry::unregister_error(th, &errors))
    }

    /// Return the error handler for the specified error handling name.
    #[pyfunction]
    fn lookup_error(th: &mut Thread, name: String) -> PyResult {
        codec_registry::lookup_error(th, &name)
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_8_decode(th: &mut Thread, data: &Value, errors: Option<String>, final_: Option<bool>) -> PyResult {
        decoded(th, data, Encoding::Utf8, errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_8_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Utf8, errors, "utf_8_encode")
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_7_decode(th: &mut Thread, data: &Value, errors: Option<String>, final_: Option<bool>) -> PyResult {
        utf7_decoded(th, data, errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_7_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        // No text lacks bytes.
        let _ = errors;
        let text = text_argument(th, str, "utf_7_encode")?;
        let bytes = th.bytes(&utf7::encode(text.units()))?;
        Ok(pair(th, bytes, text.len()))
    }

    #[pyfunction(signature = "(data, errors=None, /)")]
    fn latin_1_decode(th: &mut Thread, data: &Value, errors: Option<String>) -> PyResult {
        decoded(th, data, Encoding::Latin1, errors, true)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn latin_1_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Latin1, errors, "latin_1_encode")
    }

    #[pyfunction(signature = "(data, errors=None, /)")]
    fn ascii_decode(th: &mut Thread, data: &Value, errors: Option<String>) -> PyResult {
        decoded(th, data, Encoding::Ascii, errors, true)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn ascii_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Ascii, errors, "ascii_encode")
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_16_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        let (text, taken, _) = marked(th, data, errors, 0, final_.unwrap_or(false), false)?;
        Ok(pair(th, text, taken))
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_16_le_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        decoded(th, data, Encoding::Utf16(Order::Little), errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_16_be_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        decoded(th, data, Encoding::Utf16(Order::Big), errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(data, errors=None, byteorder=0, final=False, /)")]
    fn utf_16_ex_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        byteorder: Option<i64>,
        final_: Option<bool>,
    ) -> PyResult {
        let order = byteorder.unwrap_or(0);
        let (text, taken, order) = marked(th, data, errors, order, final_.unwrap_or(false), false)?;
        let (taken, order) = (th.int(taken as i64), th.int(order));
        Ok(th.tuple(vec![text, taken, order]))
    }

    #[pyfunction(signature = "(str, errors=None, byteorder=0, /)")]
    fn utf_16_encode(
        th: &mut Thread,
        str: &Value,
        errors: Option<String>,
        byteorder: Option<i64>,
    ) -> PyResult {
        marked_encode(th, str, errors, byteorder.unwrap_or(0), false)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_16_le_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Utf16(Order::Little), errors, "utf_16_le_encode")
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_16_be_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Utf16(Order::Big), errors, "utf_16_be_encode")
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_32_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        let (text, taken, _) = marked(th, data, errors, 0, final_.unwrap_or(false), true)?;
        Ok(pair(th, text, taken))
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_32_le_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        decoded(th, data, Encoding::Utf32(Order::Little), errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(data, errors=None, final=False, /)")]
    fn utf_32_be_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        decoded(th, data, Encoding::Utf32(Order::Big), errors, final_.unwrap_or(false))
    }

    #[pyfunction(signature = "(data, errors=None, byteorder=0, final=False, /)")]
    fn utf_32_ex_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        byteorder: Option<i64>,
        final_: Option<bool>,
    ) -> PyResult {
        let order = byteorder.unwrap_or(0);
        let (text, taken, order) = marked(th, data, errors, order, final_.unwrap_or(false), true)?;
        let (taken, order) = (th.int(taken as i64), th.int(order));
        Ok(th.tuple(vec![text, taken, order]))
    }

    #[pyfunction(signature = "(str, errors=None, byteorder=0, /)")]
    fn utf_32_encode(
        th: &mut Thread,
        str: &Value,
        errors: Option<String>,
        byteorder: Option<i64>,
    ) -> PyResult {
        marked_encode(th, str, errors, byteorder.unwrap_or(0), true)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_32_le_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Utf32(Order::Little), errors, "utf_32_le_encode")
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn utf_32_be_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::Utf32(Order::Big), errors, "utf_32_be_encode")
    }

    #[pyfunction(signature = "(data, errors=None, final=True, /)")]
    fn unicode_escape_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        escapes(th, data, errors, final_.unwrap_or(true), false)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn unicode_escape_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::UnicodeEscape, errors, "unicode_escape_encode")
    }

    #[pyfunction(signature = "(data, errors=None, final=True, /)")]
    fn raw_unicode_escape_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        final_: Option<bool>,
    ) -> PyResult {
        escapes(th, data, errors, final_.unwrap_or(true), true)
    }

    #[pyfunction(signature = "(str, errors=None, /)")]
    fn raw_unicode_escape_encode(th: &mut Thread, str: &Value, errors: Option<String>) -> PyResult {
        encoded(th, str, Encoding::RawUnicodeEscape, errors, "raw_unicode_escape_encode")
    }

    #[pyfunction(signature = "(data, errors=None, /)")]
    fn escape_decode(th: &mut Thread, data: &Value, errors: Option<String>) -> PyResult {
        let bytes = input(th, data, true)?;
        let mut invalid = None;
        let out = match conversions::decode_bytes_escape(&bytes, &handler(errors), &mut invalid) {
            Ok(out) => out,
            Err(fault) => return Err(th.fault(fault)),
        };
        warn_escape(th, invalid)?;
        let out = th.bytes(&out)?;
        Ok(pair(th, out, bytes.len()))
    }

    #[pyfunction(signature = "(data, errors=None, /)")]
    fn escape_encode(th: &mut Thread, data: &Obj<Bytes>, errors: Option<String>) -> PyResult {
        let _ = errors;
        let bytes = data.as_slice();
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            match byte {
                b'\'' | b'\\' => out.extend([b'\\', byte]),
                b'\t' => out.extend(b"\\t"),
                b'\n' => out.extend(b"\\n"),
                b'\r' => out.extend(b"\\r"),
                0x20..0x7f => out.push(byte),
                _ => out.extend(format!("\\x{byte:02x}").as_bytes()),
            }
        }
        let out = th.bytes(&out)?;
        Ok(pair(th, out, bytes.len()))
    }

    #[pyfunction(signature = "(data, errors=None, mapping=None, /)")]
    fn charmap_decode(
        th: &mut Thread,
        data: &Value,
        errors: Option<String>,
        mapping: Option<&Value>,
    ) -> PyResult {
        let Some(mapping) = mapping.filter(|m| !m.is_none()) else {
            return decoded(th, data, Encoding::Latin1, errors, true);
        };
        let bytes = input(th, data, false)?;
        let text = super::charmap_decode(th, &bytes, &handler(errors), mapping)?;
        let text = th.units(text.units())?;
        Ok(pair(th, text, bytes.len()))
    }

    #[pyfunction(signature = "(str, errors=None, mapping=None, /)")]
    fn charmap_encode(
        th: &mut Thread,
        str: &Value,
        errors: Option<String>,
        mapping: Option<&Value>,
    ) -> PyResult {
        let Some(mapping) = mapping.filter(|m| !m.is_none()) else {
            return encoded(th, str, Encoding::Latin1, errors, "charmap_encode");
        };
        let text = text_argument(th, str, "charmap_encode")?;
        let bytes = super::charmap_encode(th, &text, &handler(errors), mapping)?;
        let bytes = th.bytes(&bytes)?;
        Ok(pair(th, bytes, text.len()))
    }

    /// The encoding map that undoes a decoding table.
    #[pyfunction]
    fn charmap_build(th: &mut Thread, map: &Obj<Str>) -> PyResult {
        let mut pairs: Vec<(u32, u8)> = map
            .units()
            .iter()
            .take(256)
            .enumerate()
            .filter(|(_, c)| *c != 0xfffe)
            .map(|(i, c)| (c, i as u8))
            .collect();
        // Of two bytes for one character the later one stays.
        pairs.reverse();
        pairs.sort_by_key(|(c, _)| *c);
        pairs.dedup_by_key(|(c, _)| *c);
        Ok(EncodingMap::new_object(th, EncodingMap { pairs: pairs.into() }).into_value())
    }

    #[pyfunction(signature = "(data, errors=None, /)")]
    fn readbuffer_encode(th: &mut Thread, data: &Value, errors: Option<String>) -> PyResult {
        let _ = errors;
        let bytes = input(th, data, true)?;
        let out = th.bytes(&bytes)?;
        Ok(pair(th, out, bytes.len()))
    }
}
