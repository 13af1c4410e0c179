//! Codecs by name: those of the runtime itself, and those that Python code registers.
//!
//! `encode` and `decode` are `str.encode` and `bytes.decode`. UTF-8, -16 and -32, ASCII and Latin-1 are done here
//! (`codec_native`); for others the search functions are asked, as `codecs.lookup` does.
//!
//! Not here: the error handlers (`codec_handlers`), the module `_codecs`.

use std::collections::HashMap;

use super::codec_native;
use crate::builtins::codec_handlers;
use crate::prelude::*;

/// What `_codecs` registers.
#[derive(Default)]
struct Registry {
    searchers: Vec<Value>,
    found: HashMap<String, Value>,
    handlers: HashMap<String, Value>,
}

static REGISTRY: OnceLock<Guarded<Registry>> = OnceLock::new();

fn registry() -> &'static Guarded<Registry> {
    REGISTRY.get_or_init(|| Guarded::new(Registry::default()))
}

/// A name as search functions get it: lower case, runs of other characters than letters, digits and dots as `_`.
pub fn normalise(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut gap = false;
    for ch in name.chars() {
        if ch.is_ascii_alphanumeric() || ch == '.' {
            if gap && !out.is_empty() {
                out.push('_');
            }
            gap = false;
            out.push(ch.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// `codecs.register(search_function)`
pub fn register(th: &mut Thread, searcher: &Value) -> PyResult<()> {
    if !th.is_callable(searcher) {
        return Err(th.type_error("argument must be callable"));
    }
    registry().lock(th).searchers.push(searcher.clone());
    Ok(())
}

/// `codecs.unregister(search_function)`
pub fn unregister(th: &mut Thread, searcher: &Value) {
    let removed = {
        let mut registry = registry().lock(th);
        let at = registry.searchers.iter().position(|s| s.is(searcher));
        at.map(|at| (registry.searchers.remove(at), std::mem::take(&mut registry.found)))
    };
    drop(removed);
}

/// `codecs.lookup(encoding)`: what a search function answered, a tuple of at least four.
pub fn lookup(th: &mut Thread, encoding: &str) -> PyResult {
    let name = normalise(encoding);
    if let Some(found) = registry().lock(th).found.get(&name).cloned() {
        return Ok(found);
    }
    if registry().lock(th).searchers.is_empty() {
        // Its import registers the search function of the standard encodings.
        th.import("encodings")?;
    }
    let searchers = registry().lock(th).searchers.clone();
    if searchers.is_empty() {
        return Err(th.lookup_error("no codec search functions registered: can't find encoding"));
    }
    let argument = th.str(&name);
    for searcher in &searchers {
        let found = th.call(searcher, std::slice::from_ref(&argument))?;
        if found.is_none() {
            continue;
        }
        let right = th.downcast::<Tuple>(&found).is_some_and(|tuple| tuple.len() == 4);
        if !right {
            return Err(th.type_error("codec search functions must return 4-tuples"));
        }
        let old = registry().lock(th).found.insert(name, found.clone());
        drop(old);
        return Ok(found);
    }
    Err(th.lookup_error(format_args!("unknown encoding: {encoding}")))
}

/// `codecs.register_error(name, handler)`
pub fn register_error(th: &mut Thread, name: &str, handler: &Value) -> PyResult<()> {
    if !th.is_callable(handler) {
        return Err(th.type_error("handler must be callable"));
    }
    let old = registry().lock(th).handlers.insert(name.to_string(), handler.clone());
    drop(old);
    Ok(())
}

/// Removes a handler; false if there is none.
pub fn unregister_error(th: &mut Thread, name: &str) -> bool {
    let old = registry().lock(th).handlers.remove(name);
    old.is_some()
}

/// The handler that Python code registered under `name`, over the runtime's own.
pub(crate) fn registered_error(th: &mut Thread, name: &str) -> Option<Value> {
    registry().lock(th).handlers.get(name).cloned()
}

/// `codecs.lookup_error(name)`
pub fn lookup_error(th: &mut Thread, name: &str) -> PyResult {
    if let Some(handler) = registered_error(th, name) {
        return Ok(handler);
    }
    match codec_handlers::function(th, name) {
        Some(handler) => Ok(handler),
        None => Err(th.lookup_error(format_args!("unknown error handler name '{name}'"))),
    }
}

/// The codec called `encoding`, which must convert between str and bytes.
fn text_codec(th: &mut Thread, encoding: &str, alternate: &str) -> PyResult {
    let codec = lookup(th, encoding)?;
    if th.exact::<Tuple>(&codec).is_none()
        && let Some(is_text) = th.lookup_attr(&codec, "_is_text_encoding")?
        && !th.is_true(&is_text)?
    {
        return Err(th.lookup_error(format_args!(
            "'{encoding}' is not a text encoding; use {alternate} to handle arbitrary codecs"
        )));
    }
    Ok(codec)
}

/// The part of a codec: 0 encodes, 1 decodes.
fn part(th: &mut Thread, codec: &Value, number: usize) -> Value {
    let found = th.downcast::<Tuple>(codec).and_then(|tuple| tuple.items().get(number).cloned());
    found.unwrap_or(Value::NONE)
}

/// Calls one half of a codec; the first item of its answer.
fn call(
    th: &mut Thread,
    function: &Value,
    object: &Value,
    errors: Option<&Obj<Str>>,
    half: &str,
) -> PyResult {
    let mut args = vec![object.clone()];
    args.extend(errors.map(|e| e.as_value().clone()));
    let answer = th.call(function, &args)?;
    let first =
        th.downcast::<Tuple>(&answer).filter(|t| t.len() == 2).and_then(|t| t.items().first().cloned());
    match first {
        Some(first) => Ok(first),
        None => Err(th.type_error(format_args!("{half} must return a tuple (object, integer)"))),
    }
}

/// `codecs.encode(object, encoding, errors)`
pub fn encode_any(th: &mut Thread, object: &Value, encoding: &str, errors: Option<&Obj<Str>>) -> PyResult {
    let codec = lookup(th, encoding)?;
    let encoder = part(th, &codec, 0);
    let result = call(th, &encoder, object, errors, "encoder");
    noted(th, result, "encoding", encoding)
}

/// `codecs.decode(object, encoding, errors)`
pub fn decode_any(th: &mut Thread, object: &Value, encoding: &str, errors: Option<&Obj<Str>>) -> PyResult {
    let codec = lookup(th, encoding)?;
    let decoder = part(th, &codec, 1);
    let result = call(th, &decoder, object, errors, "decoder");
    noted(th, result, "decoding", encoding)
}

/// Adds to an exception which codec failed.
fn noted(th: &mut Thread, result: PyResult, doing: &str, encoding: &str) -> PyResult {
    if result.is_ok() {
        return result;
    }
    let exception = th.take_exception();
    let note = th.str(&format!("{doing} with '{encoding}' codec failed"));
    match th.call_method(&exception, "add_note", &[note]) {
        Ok(_) => {}
        Err(_) => th.clear_exception(),
    }
    Err(th.set_raised(exception))
}

/// An encoding's or handler's name, which must be encodable.
fn name_of(th: &mut Thread, name: Option<&Obj<Str>>, default: &'static str) -> PyResult<String> {
    let Some(name) = name else { return Ok(default.to_string()) };
    let text = th.utf8(name)?;
    if text.contains('\0') {
        return Err(th.value_error("embedded null character"));
    }
    Ok(text)
}

impl Thread {
    /// The text of a `str`; UnicodeEncodeError if it holds surrogates.
    pub fn utf8(&mut self, text: &Obj<Str>) -> PyResult<String> {
        match text.units().to_str() {
            Ok(text) => Ok(text.into_owned()),
            Err(at) => {
                let reason = "surrogates not allowed";
                Err(crate::exceptions::unicode::encode_error(
                    self,
                    "utf-8",
                    text.as_value(),
                    at,
                    at + 1,
                    reason,
                ))
            }
        }
    }
}

/// In development mode names must be right even where they do not matter.
fn check_names(th: &mut Thread, encoding: Option<&Obj<Str>>, errors: Option<&Obj<Str>>) -> PyResult<()> {
    if !crate::import::state().is_some_and(|state| state.config.dev_mode) {
        return Ok(());
    }
    if let Some(encoding) = encoding {
        let name = name_of(th, Some(encoding), "")?;
        lookup(th, &name)?;
    }
    if let Some(errors) = errors {
        let name = name_of(th, Some(errors), "")?;
        lookup_error(th, &name)?;
    }
    Ok(())
}

/// `text.encode(encoding, errors)`
pub fn encode(
    th: &mut Thread,
    text: &Obj<Str>,
    encoding: Option<&Obj<Str>>,
    errors: Option<&Obj<Str>>,
) -> PyResult {
    check_names(th, encoding, errors)?;
    let encoding = name_of(th, encoding, "utf-8")?;
    let handler = name_of(th, errors, "strict")?;
    if let Some(codec) = codec_native::Codec::from_name(&normalise(&encoding)) {
        let bytes = codec.encode(th, text, &handler)?;
        return th.bytes(&bytes);
    }
    let codec = text_codec(th, &encoding, "codecs.encode()")?;
    let encoder = part(th, &codec, 0);
    let result = call(th, &encoder, text.as_value(), errors, "encoder");
    let result = noted(th, result, "encoding", &encoding)?;
    if th.downcast::<Bytes>(&result).is_some() {
        return Ok(result);
    }
    if th.downcast::<ByteArray>(&result).is_some() {
        let content = th.buffer_to_vec(&result)?;
        return th.bytes(&content);
    }
    let found = th.type_name(&result);
    Err(th.type_error(format_args!(
        "'{encoding}' encoder returned '{found}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types"
    )))
}

/// `str(object, encoding, errors)`; `object` is bytes-like.
pub fn decode(
    th: &mut Thread,
    object: &Value,
    encoding: Option<&Obj<Str>>,
    errors: Option<&Obj<Str>>,
) -> PyResult {
    check_names(th, encoding, errors)?;
    let encoding = name_of(th, encoding, "utf-8")?;
    let handler = name_of(th, errors, "strict")?;
    if let Some(codec) = codec_native::Codec::from_name(&normalise(&encoding)) {
        if let Some(bytes) = th.downcast::<Bytes>(object).cloned() {
            return codec.decode(th, bytes.as_slice(), &handler);
        }
        let content = th.buffer_to_vec(object)?;
        return codec.decode(th, &content, &handler);
    }
    let codec = text_codec(th, &encoding, "codecs.decode()")?;
    let decoder = part(th, &codec, 1);
    let view = crate::builtins::memoryview::of_object(th, object, false)?.into_value();
    let result = call(th, &decoder, &view, errors, "decoder");
    let result = noted(th, result, "decoding", &encoding)?;
    if th.as_str(&result).is_some() {
        return Ok(result);
    }
    let found = th.type_name(&result);
    Err(th.type_error(format_args!(
        "'{encoding}' decoder returned '{found}' instead of 'str'; use codecs.decode() to decode to arbitrary types"
    )))
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalise("UTF-8"), "utf_8");
        assert_eq!(normalise(" ISO 8859--1 "), "iso_8859_1");
        assert_eq!(normalise("koi8.r"), "koi8.r");
    }
}
