//! Texts of the operating system: UTF-8 in which undecodable bytes are lone surrogates (`surrogateescape`), and paths.

use std::ffi::CString;

use object_model::text::codec::{self, Encoding};
use object_model::text::handlers::Handler;
use object_model::text::units::Units;
use vm::names::Special;
use vm::prelude::*;

/// Decodes what the system hands out (`os.fsdecode`).
pub fn decode(th: &mut Thread, bytes: &[u8]) -> PyResult {
    if bytes.is_ascii() {
        return th.units(Units::Ascii(bytes));
    }
    let escape = |error: &codec::CodecError| Handler::SurrogateEscape.decode(Encoding::Utf8, bytes, error);
    match codec::decode(Encoding::Utf8, bytes, true, escape) {
        Ok((text, _)) => th.units(text.units()),
        // The handler takes every byte that UTF-8 refuses.
        Err(_) => Err(th.value_error("the text of the system cannot be decoded")),
    }
}

/// Encodes for the system (`os.fsencode` of a str).
pub fn encode(th: &mut Thread, text: &Value) -> PyResult<Vec<u8>> {
    let Some(string) = th.as_str(text) else {
        let found = th.type_name(text);
        return Err(th.type_error(format_args!("expected str, not {found}")));
    };
    let units = string.units();
    if let Some(ascii) = units.as_ascii() {
        return Ok(ascii.as_bytes().to_vec());
    }
    let mut failed = None;
    let encoded = codec::encode(Encoding::Utf8, units, |error| {
        Handler::SurrogateEscape
            .encode(Encoding::Utf8, units, error)
            .inspect_err(|_| failed = Some(error.clone()))
    });
    match (encoded, failed) {
        (Ok(bytes), _) => Ok(bytes),
        (Err(codec::EncodeFailure::Unencodable(error)), _) | (Err(_), Some(error)) => {
            let (start, end) = (error.start, error.end);
            Err(vm::exceptions::unicode::encode_error(th, "utf-8", text, start, end, &error.reason))
        }
        (Err(_), None) => Err(th.value_error("the text cannot be encoded")),
    }
}

/// A file name as the system wants it.
pub struct Path {
    /// The terminated bytes.
    pub bytes: CString,
    /// What the caller gave, for errors.
    pub given: Value,
    /// True if it was given as bytes: answers are bytes then.
    pub as_bytes: bool,
}

impl Path {
    /// A part of the answer, in the type of the question.
    pub fn answer(&self, th: &mut Thread, bytes: &[u8]) -> PyResult {
        if self.as_bytes { th.bytes(bytes) } else { decode(th, bytes) }
    }

    /// Raises the OSError `error` for this file.
    pub fn error(&self, th: &mut Thread, error: i32) -> Raised {
        th.os_error(error, Some(self.given.clone()))
    }
}

/// `os.fspath()`: str and bytes as they are, else what `__fspath__` answers.
pub fn fspath(th: &mut Thread, value: &Value) -> PyResult {
    if th.as_str(value).is_some() || th.downcast::<Bytes>(value).is_some() {
        return Ok(value.clone());
    }
    let class = th.type_of(value);
    let name = th.intern("__fspath__");
    let Some(method) = vm::class::lookup(th, class, &name) else {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!("expected str, bytes or os.PathLike object, not {found}")));
    };
    let result = th.call_special_method(&method, value, class, &[])?;
    if th.as_str(&result).is_some() || th.downcast::<Bytes>(&result).is_some() {
        return Ok(result);
    }
    let (owner, found) = (th.type_name(value), th.type_name(&result));
    Err(th.type_error(format_args!("expected {owner}.__fspath__() to return str or bytes, not {found}")))
}

/// A path argument of the function `function`.
pub fn path(th: &mut Thread, value: &Value, function: &str, argument: &str) -> PyResult<Path> {
    let is_text = th.as_str(value).is_some() || th.downcast::<Bytes>(value).is_some();
    if !is_text {
        let class = th.type_of(value);
        let name = th.intern("__fspath__");
        if vm::class::lookup(th, class, &name).is_none() {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!(
                "{function}: {argument} should be string, bytes or os.PathLike, not {found}"
            )));
        }
    }
    let plain = fspath(th, value)?;
    let (bytes, as_bytes) = match th.downcast::<Bytes>(&plain) {
        Some(bytes) => (bytes.as_slice().to_vec(), true),
        None => (encode(th, &plain)?, false),
    };
    match CString::new(bytes) {
        Ok(bytes) => Ok(Path { bytes, given: value.clone(), as_bytes }),
        Err(_) => Err(th.value_error(format_args!("{function}: embedded null character in {argument}"))),
    }
}

/// What a function that takes a path or a descriptor was given.
pub enum Target {
    /// A file name.
    Path(Path),
    /// An open file.
    Descriptor(i32, Value),
}

impl Target {
    /// Raises the OSError `error` for this file.
    pub fn error(&self, th: &mut Thread, error: i32) -> Raised {
        match self {
            Target::Path(path) => path.error(th, error),
            Target::Descriptor(_, given) => th.os_error(error, Some(given.clone())),
        }
    }
}

/// A path, or an int that is a file descriptor.
pub fn target(th: &mut Thread, value: &Value, function: &str, argument: &str) -> PyResult<Target> {
    let textual = th.as_str(value).is_some() || th.downcast::<Bytes>(value).is_some();
    if !textual && th.has_special(value, Special::Index) {
        let number = th.index(value)?;
        return match i32::try_from(number) {
            Ok(fd) => Ok(Target::Descriptor(fd, value.clone())),
            Err(_) if number > 0 => Err(th.overflow_error("fd is greater than maximum")),
            Err(_) => Err(th.overflow_error("fd is less than minimum")),
        };
    }
    if !textual {
        let class = th.type_of(value);
        let name = th.intern("__fspath__");
        if vm::class::lookup(th, class, &name).is_none() {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!(
                "{function}: {argument} should be string, bytes, os.PathLike or integer, not {found}"
            )));
        }
    }
    path(th, value, function, argument).map(Target::Path)
}
