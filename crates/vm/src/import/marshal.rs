//! The module `marshal`: values and code objects as bytes, in a format of our own.
//!
//! # Format
//! A dump is the byte `0xa3`, the length of what follows (LEB128), and a value: one byte that says what it is, then its
//! content. Numbers are LEB128; code is what `compiler::bytecode::serialize` writes.

use std::sync::Arc;

use compiler::bytecode::serialize;
use object_model::number::int::{Int as Number, IntRef};
use object_model::set::{FrozenSet, Set};
use object_model::text::units::OwnedUnits;

use crate::builtins::code::Code;
use crate::error::Raised;
use crate::prelude::*;

const START: u8 = 0xa3;
/// Containers may be nested so deeply.
const MAX_DEPTH: usize = 2000;

mod tag {
    pub(super) const NONE: u8 = b'N';
    pub(super) const TRUE: u8 = b'T';
    pub(super) const FALSE: u8 = b'F';
    pub(super) const ELLIPSIS: u8 = b'.';
    pub(super) const STOP_ITERATION: u8 = b'S';
    pub(super) const INT: u8 = b'i';
    pub(super) const BIG_INT: u8 = b'l';
    pub(super) const FLOAT: u8 = b'g';
    pub(super) const COMPLEX: u8 = b'y';
    pub(super) const STR: u8 = b'u';
    pub(super) const INTERNED: u8 = b't';
    pub(super) const BYTES: u8 = b's';
    pub(super) const TUPLE: u8 = b'(';
    pub(super) const LIST: u8 = b'[';
    pub(super) const DICT: u8 = b'{';
    pub(super) const SET: u8 = b'<';
    pub(super) const FROZEN_SET: u8 = b'>';
    pub(super) const SLICE: u8 = b':';
    pub(super) const CODE: u8 = b'c';
}

/// What the module is made of.
#[pymodule(
    name = "marshal",
    doc = "This module contains functions that can read and write Python values in\na binary format. The format is \
           specific to the runtime and its version.\n\nNot all Python object types are supported; in general, only \
           objects\nwhose value is independent from a particular invocation of Python can be\nwritten and read."
)]
pub mod marshal {
    use super::{MAX_DEPTH, Reader, START, Writer, content_of, length, wrap};
    use crate::prelude::*;

    /// The newest format version that CPython's module of this name knows.
    #[pyattr(name = "version")]
    const VERSION: i64 = 5;

    /// Return the bytes object that would be written to a file by dump(value, file).
    #[pyfunction(signature = "(value, version=version, /, *, allow_code=True)")]
    fn dumps(th: &mut Thread, value: &Value, version: Option<i64>, allow_code: Option<bool>) -> PyResult {
        let _ = version;
        let mut writer = Writer { out: Vec::new(), allow_code: allow_code.unwrap_or(true) };
        writer.value(th, value, MAX_DEPTH)?;
        th.bytes(&wrap(writer.out))
    }

    /// Write the value on the open file.
    #[pyfunction(signature = "(value, file, version=version, /, *, allow_code=True)")]
    fn dump(
        th: &mut Thread,
        value: &Value,
        file: &Value,
        version: Option<i64>,
        allow_code: Option<bool>,
    ) -> PyResult {
        let bytes = dumps(th, value, version, allow_code)?;
        th.call_method(file, "write", &[bytes])
    }

    /// Convert the bytes-like object to a value. Extra bytes in the input are ignored.
    #[pyfunction(signature = "(bytes, /, *, allow_code=True)")]
    fn loads(th: &mut Thread, bytes: &Value, allow_code: Option<bool>) -> PyResult {
        let content = content_of(th, bytes)?;
        let mut reader = Reader { rest: &content, allow_code: allow_code.unwrap_or(true) };
        reader.dump(th)
    }

    /// Read one value from the open file and return it.
    #[pyfunction(signature = "(file, /, *, allow_code=True)")]
    fn load(th: &mut Thread, file: &Value, allow_code: Option<bool>) -> PyResult {
        // The start byte and the length, a byte at a time, as nothing beyond the value may be read.
        let mut head = Vec::new();
        while head.len() < 2 || head.last().is_some_and(|b| b & 0x80 != 0) && head.len() < 11 {
            head.extend(read(th, file, 1)?);
            if head.first() != Some(&START) {
                return Err(th.value_error("bad marshal data (unknown type code)"));
            }
        }
        let Some(count) = length(&mut &head[1..]).and_then(|n| i64::try_from(n).ok()) else {
            return Err(th.value_error("bad marshal data (length out of range)"));
        };
        let body = read(th, file, count)?;
        let mut reader = Reader { rest: &body, allow_code: allow_code.unwrap_or(true) };
        reader.value(th, MAX_DEPTH)
    }

    fn read(th: &mut Thread, file: &Value, count: i64) -> PyResult<Vec<u8>> {
        let number = th.int(count);
        let content = th.call_method(file, "read", &[number])?;
        let Some(bytes) = crate::protocol::conversion::bytes_of(th, &content)? else {
            let found = th.type_name(&content);
            return Err(th.type_error(format_args!("file.read() returned not bytes but {found}")));
        };
        if (bytes.len() as i64) < count {
            return Err(th.eof_error("EOF read where object expected"));
        }
        Ok(bytes)
    }
}

/// The content of a bytes-like object.
pub fn content_of(th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
    match crate::protocol::conversion::bytes_of(th, value)? {
        Some(bytes) => Ok(bytes),
        None => {
            let found = th.type_name(value);
            Err(th.type_error(format_args!("a bytes-like object is required, not '{found}'")))
        }
    }
}

/// The code object of a `.pyc` file's content: it stands behind 16 bytes of header.
pub fn code_of_pyc(th: &mut Thread, content: &[u8]) -> PyResult<Obj<Code>> {
    let Some((magic, _)) = content.split_first_chunk::<4>() else {
        return Err(th.eof_error("EOF read where not expected"));
    };
    if u32::from_le_bytes(*magic) != super::imp::magic_number() {
        return Err(th.runtime_error("Bad magic number in .pyc file"));
    }
    let Some(body) = content.get(16..) else { return Err(th.eof_error("EOF read where not expected")) };
    let value = Reader { rest: body, allow_code: true }.dump(th)?;
    match th.exact::<Code>(&value) {
        Some(code) => Ok(code.clone()),
        None => Err(th.runtime_error("Bad code object in .pyc file")),
    }
}

fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads a LEB128 number.
fn length(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

fn wrap(body: Vec<u8>) -> Vec<u8> {
    let mut out = vec![START];
    number(&mut out, body.len() as u64);
    out.extend(body);
    out
}

struct Writer {
    out: Vec<u8>,
    allow_code: bool,
}

impl Writer {
    fn piece(&mut self, tag: u8, content: &[u8]) {
        self.out.push(tag);
        number(&mut self.out, content.len() as u64);
        self.out.extend_from_slice(content);
    }

    fn items(&mut self, th: &mut Thread, tag: u8, items: &[Value], depth: usize) -> PyResult<()> {
        self.out.push(tag);
        number(&mut self.out, items.len() as u64);
        items.iter().try_for_each(|item| self.value(th, item, depth))
    }

    /// Writes a value in which containers may be nested `depth` deep.
    fn value(&mut self, th: &mut Thread, value: &Value, depth: usize) -> PyResult<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(th.value_error("object too deeply nested to marshal"));
        };
        if let Some(i) = value.as_small_int() {
            self.out.push(tag::INT);
            number(&mut self.out, ((i << 1) ^ (i >> 63)) as u64);
            return Ok(());
        }
        for (known, tag) in [
            (Value::NONE, tag::NONE),
            (Value::TRUE, tag::TRUE),
            (Value::FALSE, tag::FALSE),
            (Value::ELLIPSIS, tag::ELLIPSIS),
            (Exc::StopIteration.class().value(), tag::STOP_ITERATION),
        ] {
            if value.is(&known) {
                self.out.push(tag);
                return Ok(());
            }
        }
        if let Some(x) = value.as_immediate_float().or_else(|| th.exact::<Float>(value).map(|f| f.0)) {
            self.out.push(tag::FLOAT);
            self.out.extend(x.to_bits().to_le_bytes());
        } else if let Some(int) = th.exact::<Int>(value) {
            self.piece(tag::BIG_INT, IntRef::Big(&int.0).to_radix(16).as_bytes());
        } else if let Some(complex) = th.exact::<Complex>(value) {
            self.out.push(tag::COMPLEX);
            self.out.extend(complex.real.to_bits().to_le_bytes());
            self.out.extend(complex.imaginary.to_bits().to_le_bytes());
        } else if let Some(text) = th.exact::<Str>(value) {
            let interned = text.header().has_flag(object_model::object::header::flag::INTERNED);
            self.piece(if interned { tag::INTERNED } else { tag::STR }, &text.units().to_wtf8());
        } else if let Some(tuple) = th.exact::<Tuple>(value).cloned() {
            self.items(th, tag::TUPLE, tuple.items(), depth)?;
        } else if let Some(list) = th.exact::<List>(value) {
            let items = list.snapshot(th);
            self.items(th, tag::LIST, &items, depth)?;
        } else if let Some(dict) = th.exact::<Dict>(value) {
            let items: Vec<Value> = dict.snapshot(th).into_iter().flat_map(|(k, v, _)| [k, v]).collect();
            self.items(th, tag::DICT, &items, depth)?;
        } else if th.exact::<Set>(value).is_some() {
            let items = th.collect(value)?;
            self.items(th, tag::SET, &items, depth)?;
        } else if th.exact::<FrozenSet>(value).is_some() {
            let items = th.collect(value)?;
            self.items(th, tag::FROZEN_SET, &items, depth)?;
        } else if let Some(slice) = th.exact::<crate::builtins::slice::Slice>(value).cloned() {
            let value = slice.into_value();
            let mut parts = Vec::with_capacity(3);
            for name in ["start", "stop", "step"] {
                parts.push(th.get_attr_str(&value, name)?);
            }
            self.items(th, tag::SLICE, &parts, depth)?;
        } else if let Some(code) = th.exact::<Code>(value) {
            if !self.allow_code {
                return Err(th.value_error("marshalling code objects is disallowed"));
            }
            match serialize::encode(&code.unit) {
                Ok(bytes) => self.piece(tag::CODE, &bytes),
                Err(error) => return Err(th.value_error(error)),
            }
        } else if let Some(bytes) = crate::protocol::conversion::bytes_of(th, value)? {
            self.piece(tag::BYTES, &bytes);
        } else {
            return Err(th.value_error("unmarshallable object"));
        }
        Ok(())
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    allow_code: bool,
}

#[cold]
fn too_short(th: &mut Thread) -> Raised {
    th.eof_error("marshal data too short")
}

impl<'a> Reader<'a> {
    fn take(&mut self, th: &mut Thread, count: u64) -> PyResult<&'a [u8]> {
        match usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count)) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(too_short(th)),
        }
    }

    fn number(&mut self, th: &mut Thread) -> PyResult<u64> {
        length(&mut self.rest).ok_or_else(|| too_short(th))
    }

    fn piece(&mut self, th: &mut Thread) -> PyResult<&'a [u8]> {
        let count = self.number(th)?;
        self.take(th, count)
    }

    fn float(&mut self, th: &mut Thread) -> PyResult<f64> {
        let bytes = self.take(th, 8)?;
        Ok(bytes.first_chunk::<8>().map_or(0.0, |b| f64::from_bits(u64::from_le_bytes(*b))))
    }

    fn text(&mut self, th: &mut Thread) -> PyResult {
        let bytes = self.piece(th)?;
        match OwnedUnits::from_wtf8(bytes) {
            Some(units) => th.units(units.units()),
            None => Err(th.value_error("bad marshal data (invalid text)")),
        }
    }

    fn items(&mut self, th: &mut Thread, depth: usize) -> PyResult<Vec<Value>> {
        let count = self.number(th)?;
        // Each item takes a byte at least, so a count beyond that is damage, not a reason to take memory.
        if count > self.rest.len() as u64 {
            return Err(too_short(th));
        }
        let mut items = Vec::with_capacity(count as usize);
        for _ in 0..count {
            items.push(self.value(th, depth)?);
        }
        Ok(items)
    }

    /// Reads a dump.
    fn dump(&mut self, th: &mut Thread) -> PyResult {
        match self.rest.split_first() {
            Some((&START, rest)) => self.rest = rest,
            Some(_) => return Err(th.value_error("bad marshal data (unknown type code)")),
            None => return Err(th.eof_error("EOF read where object expected")),
        }
        let body = self.piece(th)?;
        Reader { rest: body, allow_code: self.allow_code }.value(th, MAX_DEPTH)
    }

    fn value(&mut self, th: &mut Thread, depth: usize) -> PyResult {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(th.value_error("bad marshal data (nested too deeply)"));
        };
        let tag = self.take(th, 1)?[0];
        Ok(match tag {
            tag::NONE => Value::NONE,
            tag::TRUE => Value::TRUE,
            tag::FALSE => Value::FALSE,
            tag::ELLIPSIS => Value::ELLIPSIS,
            tag::STOP_ITERATION => Exc::StopIteration.class().value(),
            tag::INT => {
                let n = self.number(th)?;
                th.int((n >> 1) as i64 ^ -((n & 1) as i64))
            }
            tag::BIG_INT => {
                let digits = self.piece(th)?;
                match Number::parse(digits, 16, 0) {
                    Ok(number) => th.int_from(number),
                    Err(_) => return Err(th.value_error("bad marshal data (invalid number)")),
                }
            }
            tag::FLOAT => {
                let x = self.float(th)?;
                th.float(x)
            }
            tag::COMPLEX => {
                let (real, imaginary) = (self.float(th)?, self.float(th)?);
                th.complex(real, imaginary)
            }
            tag::STR => self.text(th)?,
            tag::INTERNED => {
                let text = self.text(th)?;
                match th.as_str(&text) {
                    Some(text) => th.intern_obj(text).into_value(),
                    None => text,
                }
            }
            tag::BYTES => {
                let bytes = self.piece(th)?;
                th.bytes(bytes)?
            }
            tag::TUPLE => {
                let items = self.items(th, depth)?;
                th.tuple(items)
            }
            tag::LIST => {
                let items = self.items(th, depth)?;
                th.list(items)
            }
            tag::DICT => {
                let items = self.items(th, depth)?;
                let dict = th.dict();
                for pair in items.chunks_exact(2) {
                    th.dict_set(&dict, &pair[0], pair[1].clone())?;
                }
                dict.into_value()
            }
            tag::SET => {
                let items = self.items(th, depth)?;
                let (class, list) = (Set::class(th).value(), th.list(items));
                th.call(&class, &[list])?
            }
            tag::FROZEN_SET => {
                let items = self.items(th, depth)?;
                crate::builtins::set::frozenset(th, items)?
            }
            tag::SLICE => {
                let mut parts = self.items(th, depth)?.into_iter();
                let mut next = || parts.next().unwrap_or(Value::NONE);
                let (start, stop, step) = (next(), next(), next());
                crate::builtins::slice::Slice::make(th, start, stop, step)
            }
            tag::CODE => {
                let bytes = self.piece(th)?;
                if !self.allow_code {
                    return Err(th.value_error("unmarshalling code objects is disallowed"));
                }
                match serialize::decode(bytes) {
                    Ok(unit) => Code::new(th, &Arc::new(unit))?.into_value(),
                    Err(error) => return Err(th.value_error(format_args!("bad marshal data ({error})"))),
                }
            }
            _ => return Err(th.value_error("bad marshal data (unknown type code)")),
        })
    }
}
