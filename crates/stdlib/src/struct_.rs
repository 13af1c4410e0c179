//! `_struct`: values in packed binary data.
//!
//! A format is parsed into fields with offsets; items are `vm::builtins::packing`.

use vm::builtins::packing::{Item, Kind, StoreError};
use vm::prelude::*;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A number, `count` times.
    Item(Item),
    /// `s`: `count` bytes in one value.
    Bytes,
    /// `p`: as `s`, with the length in the first byte.
    Pascal,
}

/// A run of equal items.
#[derive(Debug, Clone)]
struct Field {
    letter: u8,
    what: What,
    count: usize,
    offset: usize,
}

/// A parsed format.
#[derive(Debug, Clone)]
struct Format {
    fields: Vec<Field>,
    size: usize,
    little: bool,
    /// Number of values.
    values: usize,
}

const NATIVE_LITTLE: bool = cfg!(target_endian = "little");

/// Parses a format; the message of what is wrong with it.
fn parse(text: &[u8]) -> Result<Format, &'static str> {
    let (native, little, mut rest) = match text.first() {
        Some(b'<') => (false, true, &text[1..]),
        Some(b'>' | b'!') => (false, false, &text[1..]),
        Some(b'=') => (false, NATIVE_LITTLE, &text[1..]),
        Some(b'@') => (true, NATIVE_LITTLE, &text[1..]),
        _ => (true, NATIVE_LITTLE, text),
    };
    let too_long = "total struct size too long";
    let mut format = Format { fields: Vec::new(), size: 0, little, values: 0 };
    while let Some((&letter, more)) = rest.split_first() {
        rest = more;
        if letter.is_ascii_whitespace() {
            continue;
        }
        let mut count = 1usize;
        let mut letter = letter;
        if letter.is_ascii_digit() {
            count = (letter - b'0').into();
            loop {
                let Some((&next, more)) = rest.split_first() else {
                    return Err("repeat count given without format specifier");
                };
                rest = more;
                if !next.is_ascii_digit() {
                    letter = next;
                    break;
                }
                let digit = usize::from(next - b'0');
                count = count
                    .checked_mul(10)
                    .and_then(|n| n.checked_add(digit))
                    .filter(|n| *n <= isize::MAX as usize)
                    .ok_or("overflow in item count")?;
            }
        }
        let (what, size, alignment) = match letter {
            b's' => (Some(What::Bytes), 1, 1),
            b'p' => (Some(What::Pascal), 1, 1),
            b'x' => (None, 1, 1),
            _ => {
                let item = if native {
                    Item::native(letter)
                } else {
                    // Sizes of the machine have no standard form.
                    Item::standard(letter)
                };
                let item = item.ok_or("bad char in struct format")?;
                (Some(What::Item(item)), item.size, if native { item.size } else { 1 })
            }
        };
        let offset = format.size.checked_next_multiple_of(alignment).ok_or(too_long)?;
        let length = size.checked_mul(count).ok_or(too_long)?;
        let end = offset.checked_add(length).filter(|n| *n <= isize::MAX as usize).ok_or(too_long)?;
        format.size = end;
        match what {
            None => {}
            Some(what) => {
                let values = if matches!(what, What::Item(_)) { count } else { 1 };
                format.values += values;
                if values > 0 {
                    format.fields.push(Field { letter, what, count, offset });
                }
            }
        }
    }
    Ok(format)
}

#[cold]
fn error(th: &mut Thread, message: &str) -> Raised {
    let class = crate::support::import_attr(th, "_struct", "error");
    let Ok(class) = class else { return th.value_error(message) };
    let text = th.str(message);
    match th.call(&class, &[text]) {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

fn format_of(th: &mut Thread, format: &Value) -> PyResult<Format> {
    let text: Vec<u8> = if let Some(text) = th.as_str(format) {
        match text.as_ascii() {
            Some(text) => text.as_bytes().to_vec(),
            None => return Err(error(th, "bad char in struct format")),
        }
    } else if let Some(bytes) = th.downcast::<Bytes>(format) {
        bytes.as_slice().to_vec()
    } else {
        let found = th.type_name(format);
        return Err(
            th.type_error(format_args!("Struct() argument 1 must be a str or bytes object, not {found}"))
        );
    };
    if text.contains(&0) {
        return Err(error(th, "embedded null character"));
    }
    match parse(&text) {
        Ok(format) => Ok(format),
        Err(message) => Err(error(th, message)),
    }
}

fn range_message(item: Item, letter: u8) -> String {
    let letter = char::from(letter);
    let bits = 8 * item.size as u32;
    match item.kind {
        Kind::Signed => {
            let high = (1i128 << (bits - 1)) - 1;
            match letter {
                'b' => "byte format requires -128 <= number <= 127".into(),
                'h' => "short format requires -32768 <= number <= 32767".into(),
                _ => format!("'{letter}' format requires {} <= number <= {high}", -high - 1),
            }
        }
        Kind::Unsigned => {
            let high = (1i128 << bits) - 1;
            match letter {
                'B' => "ubyte format requires 0 <= number <= 255".into(),
                'H' => "ushort format requires 0 <= number <= 65535".into(),
                'P' => "int too large to convert".into(),
                _ => format!("'{letter}' format requires 0 <= number <= {high}"),
            }
        }
        Kind::Char => "char format requires a bytes object of length 1".into(),
        Kind::Float | Kind::Bool => format!("float too large to pack with {letter} format"),
    }
}

fn pack_item(
    th: &mut Thread,
    field: &Field,
    item: Item,
    value: &Value,
    to: &mut [u8],
    little: bool,
) -> PyResult<()> {
    match item.store(th, value, to, little) {
        Ok(()) => Ok(()),
        Err(StoreError::Raised(raised)) => Err(raised),
        Err(StoreError::Type) => Err(match item.kind {
            Kind::Float => error(th, "required argument is not a float"),
            Kind::Char => error(th, "char format requires a bytes object of length 1"),
            _ => error(th, "required argument is not an integer"),
        }),
        Err(StoreError::Range) if item.kind == Kind::Float => {
            let letter = char::from(field.letter);
            Err(th.overflow_error(format_args!("float too large to pack with {letter} format")))
        }
        Err(StoreError::Range) => {
            let message = range_message(item, field.letter);
            Err(error(th, &message))
        }
    }
}

fn pack(th: &mut Thread, format: &Format, values: &[Value], function: &str) -> PyResult<Vec<u8>> {
    if values.len() != format.values {
        let (wanted, given) = (format.values, values.len());
        let message = format!("{function} expected {wanted} items for packing (got {given})");
        return Err(error(th, &message));
    }
    let mut out = Vec::new();
    if out.try_reserve_exact(format.size).is_err() {
        return Err(th.memory_error());
    }
    out.resize(format.size, 0u8);
    let mut values = values.iter();
    for field in &format.fields {
        match field.what {
            What::Item(item) => {
                for i in 0..field.count {
                    let Some(value) = values.next() else { break };
                    let at = field.offset + i * item.size;
                    pack_item(th, field, item, value, &mut out[at..at + item.size], format.little)?;
                }
            }
            What::Bytes | What::Pascal => {
                let Some(value) = values.next() else { break };
                let is = th.downcast::<Bytes>(value).is_some() || th.downcast::<ByteArray>(value).is_some();
                if !is {
                    let letter = char::from(field.letter);
                    return Err(error(th, &format!("argument for '{letter}' must be a bytes object")));
                }
                let content = th.buffer_to_vec(value)?;
                let mut room = &mut out[field.offset..field.offset + field.count];
                if field.what == What::Pascal {
                    let Some((length, rest)) = room.split_first_mut() else { continue };
                    *length = content.len().min(rest.len()).min(255) as u8;
                    room = rest;
                }
                let length = content.len().min(room.len());
                room[..length].copy_from_slice(&content[..length]);
            }
        }
    }
    Ok(out)
}

/// The values of `bytes`, which has the format's size.
fn unpack(th: &mut Thread, format: &Format, bytes: &[u8]) -> PyResult {
    let mut values = Vec::with_capacity(format.values);
    for field in &format.fields {
        match field.what {
            What::Item(item) => {
                for i in 0..field.count {
                    let at = field.offset + i * item.size;
                    values.push(item.load(th, &bytes[at..at + item.size], format.little)?);
                }
            }
            What::Bytes => values.push(th.bytes(&bytes[field.offset..field.offset + field.count])?),
            What::Pascal => {
                let room = &bytes[field.offset..field.offset + field.count];
                let content = match room.split_first() {
                    Some((length, rest)) => &rest[..rest.len().min((*length).into())],
                    None => &[],
                };
                values.push(th.bytes(content)?);
            }
        }
    }
    Ok(th.tuple(values))
}

fn unpack_whole(th: &mut Thread, format: &Format, buffer: &Value, function: &str) -> PyResult {
    let bytes = th.buffer_to_vec(buffer)?;
    if bytes.len() != format.size {
        let size = format.size;
        return Err(error(th, &format!("{function} requires a buffer of {size} bytes")));
    }
    unpack(th, format, &bytes)
}

/// Where `offset` points in a buffer of `length` bytes, with room for the format.
fn place(th: &mut Thread, format: &Format, length: usize, offset: i64, doing: &str) -> PyResult<usize> {
    let size = format.size;
    if offset < 0 {
        if offset.saturating_add(size as i64) > 0 {
            let (kind, to) = if doing == "packing" { ("pack", "write") } else { ("unpack", "read") };
            let _ = to;
            return Err(error(
                th,
                &if kind == "pack" {
                    format!("no space to pack {size} bytes at offset {offset}")
                } else {
                    format!("not enough data to unpack {size} bytes at offset {offset}")
                },
            ));
        }
        if offset.saturating_add(length as i64) < 0 {
            return Err(error(th, &format!("offset {offset} out of range for {length}-byte buffer")));
        }
    }
    let at = if offset < 0 { (offset + length as i64) as usize } else { offset as usize };
    if length < at || length - at < size {
        let function = if doing == "packing" { "pack_into" } else { "unpack_from" };
        let needed = size.saturating_add(at);
        return Err(error(
            th,
            &format!(
                "{function} requires a buffer of at least {needed} bytes for {doing} {size} bytes at offset {at} \
                 (actual buffer size is {length})"
            ),
        ));
    }
    Ok(at)
}

fn unpack_from(th: &mut Thread, format: &Format, buffer: &Value, offset: i64) -> PyResult {
    let bytes = th.buffer_to_vec(buffer)?;
    let at = place(th, format, bytes.len(), offset, "unpacking")?;
    unpack(th, format, &bytes[at..at + format.size])
}

fn pack_into(th: &mut Thread, format: &Format, args: &[Value]) -> PyResult<()> {
    let [buffer, offset, values @ ..] = args else {
        let message = if args.is_empty() {
            "pack_into expected buffer argument"
        } else {
            "pack_into expected offset argument"
        };
        return Err(error(th, message));
    };
    let length = th.with_buffer_mut(buffer, |bytes| bytes.len())?;
    let offset = th.index(offset)?;
    let at = place(th, format, length, offset, "packing")?;
    let packed = pack(th, format, values, "pack_into")?;
    th.with_buffer_mut(buffer, |bytes| {
        if let Some(to) = bytes.get_mut(at..at + packed.len()) {
            to.copy_from_slice(&packed);
        }
    })
}

/// Struct(fmt) --> compiled struct object
#[pyclass(name = "Struct", module = "_struct", subclassable, weakref)]
pub struct Struct {
    source: Value,
    #[no_trace]
    format: Format,
}

#[pymethods]
impl Struct {
    #[new]
    #[signature("(format)")]
    fn new(th: &mut Thread, format: &Value) -> PyResult<Struct> {
        let parsed = format_of(th, format)?;
        let source = match th.downcast::<Bytes>(format).cloned() {
            Some(bytes) => {
                vm::builtins::str::of_units(th, vm::object_model::text::Units::Latin1(bytes.as_slice()))?
            }
            None => format.clone(),
        };
        Ok(Struct { source, format: parsed })
    }

    /// Return a bytes object containing values v1, v2, ... packed according to the format string S.format.
    #[signature("(*values)")]
    fn pack(&self, th: &mut Thread, values: &[Value]) -> PyResult {
        let packed = pack(th, &self.format, values, "pack")?;
        th.bytes(&packed)
    }

    /// Pack the values v1, v2, ... according to the format string S.format and write the packed bytes into the writable buffer buf starting at offset.
    #[signature("(*args)")]
    fn pack_into(&self, th: &mut Thread, args: &[Value]) -> PyResult<()> {
        pack_into(th, &self.format, args)
    }

    /// Return a tuple containing unpacked values.
    #[signature("(buffer, /)")]
    fn unpack(&self, th: &mut Thread, buffer: &Value) -> PyResult {
        unpack_whole(th, &self.format, buffer, "unpack")
    }

    /// Return a tuple containing unpacked values, read from the offset on.
    #[signature("(buffer, offset=0)")]
    fn unpack_from(&self, th: &mut Thread, buffer: &Value, offset: Option<i64>) -> PyResult {
        unpack_from(th, &self.format, buffer, offset.unwrap_or(0))
    }

    /// Return an iterator yielding tuples.
    #[signature("(buffer, /)")]
    fn iter_unpack(&self, th: &mut Thread, buffer: &Value) -> PyResult {
        iter_unpack(th, &self.format, buffer)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = th.short_type_name(this.as_value());
        let source = th.repr(&this.source)?.into_value();
        let parts = [th.str(&format!("{name}(")), source, th.str(")")];
        vm::builtins::str::join_all(th, &parts)
    }

    /// struct format string
    #[getter]
    fn format(&self) -> Value {
        self.source.clone()
    }

    /// struct size in bytes
    #[getter]
    fn size(&self) -> usize {
        self.format.size
    }
}

fn iter_unpack(th: &mut Thread, format: &Format, buffer: &Value) -> PyResult {
    let bytes = th.buffer_to_vec(buffer)?;
    if format.size == 0 {
        return Err(error(th, "cannot iteratively unpack with a struct of length 0"));
    }
    if !bytes.len().is_multiple_of(format.size) {
        let size = format.size;
        return Err(error(
            th,
            &format!("iterative unpacking requires a buffer of a multiple of {size} bytes"),
        ));
    }
    let mut values = Vec::with_capacity(bytes.len() / format.size);
    for part in bytes.chunks_exact(format.size) {
        values.push(unpack(th, format, part)?);
    }
    let values = th.list(values);
    th.iter(&values)
}

/// The module.
#[pymodule(name = "_struct", classes = [super::Struct])]
pub mod module {
    use super::format_of;
    use vm::prelude::*;

    /// Clear the internal cache.
    #[pyfunction]
    fn _clearcache() {}

    /// Return size in bytes of the struct described by the format string.
    #[pyfunction]
    fn calcsize(th: &mut Thread, format: &Value) -> PyResult<usize> {
        Ok(format_of(th, format)?.size)
    }

    /// Return a bytes object containing the values v1, v2, ... packed according to the format string.
    #[pyfunction(signature = "(format, /, *values)")]
    fn pack(th: &mut Thread, format: &Value, values: &[Value]) -> PyResult {
        let format = format_of(th, format)?;
        let packed = super::pack(th, &format, values, "pack")?;
        th.bytes(&packed)
    }

    /// Pack the values v1, v2, ... according to the format string and write the packed bytes into the writable buffer buf starting at offset.
    #[pyfunction(signature = "(format, /, *args)")]
    fn pack_into(th: &mut Thread, format: &Value, args: &[Value]) -> PyResult<()> {
        let format = format_of(th, format)?;
        super::pack_into(th, &format, args)
    }

    /// Return a tuple containing values unpacked according to the format string.
    #[pyfunction(signature = "(format, buffer, /)")]
    fn unpack(th: &mut Thread, format: &Value, buffer: &Value) -> PyResult {
        let format = format_of(th, format)?;
        super::unpack_whole(th, &format, buffer, "unpack")
    }

    /// Return a tuple containing values unpacked according to the format string, read from the offset on.
    #[pyfunction(signature = "(format, /, buffer, offset=0)")]
    fn unpack_from(th: &mut Thread, format: &Value, buffer: &Value, offset: Option<i64>) -> PyResult {
        let format = format_of(th, format)?;
        super::unpack_from(th, &format, buffer, offset.unwrap_or(0))
    }

    /// Return an iterator yielding tuples unpacked from the given bytes source according to the format string.
    #[pyfunction(signature = "(format, buffer, /)")]
    fn iter_unpack(th: &mut Thread, format: &Value, buffer: &Value) -> PyResult {
        let format = format_of(th, format)?;
        super::iter_unpack(th, &format, buffer)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let bases = th.tuple(vec![Exc::Exception.class().value()]);
        let dict = th.dict();
        let (key, home) = (th.intern("__module__"), th.str("struct"));
        th.dict_set(&dict, key.as_value(), home)?;
        let name = th.str("error");
        let metaclass = th.type_of(&Exc::Exception.class().value()).value();
        let error = th.call(&metaclass, &[name, bases, dict.into_value()])?;
        crate::support::set_attr(th, module, "error", &error)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes() {
        let size = |text: &str| parse(text.as_bytes()).map(|format| (format.size, format.values));
        assert_eq!(size("bi"), Ok((8, 2)));
        assert_eq!(size("<bi"), Ok((5, 2)));
        assert_eq!(size("3s2x0i"), Ok((8, 1)));
        assert_eq!(size(">4H p"), Ok((9, 5)));
        assert_eq!(size("3"), Err("repeat count given without format specifier"));
        assert_eq!(size("<n"), Err("bad char in struct format"));
    }
}
