//! Arrays from pickles: bytes in a format that may be another machine's.

use vm::builtins::packing::{Item, Kind};
use vm::prelude::*;

use super::Array;
use super::item::Code;

/// What the numbers of formats mean: the item and whether it is little-endian; characters have 2 or 4 bytes.
const FORMATS: [(Kind, usize, bool); 22] = [
    (Kind::Unsigned, 1, true),
    (Kind::Signed, 1, true),
    (Kind::Unsigned, 2, true),
    (Kind::Unsigned, 2, false),
    (Kind::Signed, 2, true),
    (Kind::Signed, 2, false),
    (Kind::Unsigned, 4, true),
    (Kind::Unsigned, 4, false),
    (Kind::Signed, 4, true),
    (Kind::Signed, 4, false),
    (Kind::Unsigned, 8, true),
    (Kind::Unsigned, 8, false),
    (Kind::Signed, 8, true),
    (Kind::Signed, 8, false),
    (Kind::Float, 4, true),
    (Kind::Float, 4, false),
    (Kind::Float, 8, true),
    (Kind::Float, 8, false),
    (Kind::Char, 2, true),
    (Kind::Char, 2, false),
    (Kind::Char, 4, true),
    (Kind::Char, 4, false),
];

const LITTLE: bool = cfg!(target_endian = "little");

/// The number of the format of a type code on this machine.
pub fn format_of(code: Code) -> u8 {
    let kind = match code.letter {
        b'u' | b'w' => Kind::Char,
        b'f' | b'd' => Kind::Float,
        b'b' | b'h' | b'i' | b'l' | b'q' => Kind::Signed,
        _ => Kind::Unsigned,
    };
    let same = |format: &(Kind, usize, bool)| {
        (format.0, format.1) == (kind, code.size()) && (format.2 == LITTLE || format.1 == 1)
    };
    FORMATS.iter().position(same).unwrap_or(0) as u8
}

/// Internal. Used for pickling support.
#[pyfunction(signature = "(arraytype, typecode, mformat_code, items, /)")]
pub fn _array_reconstructor(
    th: &mut Thread,
    arraytype: &Value,
    typecode: &Value,
    mformat_code: i32,
    items: &Value,
) -> PyResult {
    let own = Array::class(th);
    let Some(class) = th.as_class(arraytype) else {
        let found = th.type_name(arraytype);
        return Err(th.type_error(format_args!("first argument must be a type object, not {found}")));
    };
    if !class.is_subtype(th, own) {
        let name = class.payload.name.get(th).to_string();
        return Err(th.type_error(format_args!("{name} is not a subtype of array.array")));
    }
    let letter = match th.as_str(typecode) {
        Some(text) if text.len() == 1 => text.units().get(0),
        _ => {
            let found = th.type_name(typecode);
            return Err(th.type_error(format_args!(
                "_array_reconstructor() argument 2 must be a unicode character, not {found}"
            )));
        }
    };
    let Some(code) = u8::try_from(letter).ok().and_then(Code::of) else {
        return Err(th.value_error("second argument must be a valid type code"));
    };
    let format = usize::try_from(mformat_code).ok().and_then(|number| FORMATS.get(number));
    let Some((kind, size, little)) = format.copied() else {
        return Err(th.value_error("third argument must be a valid machine format code."));
    };
    if th.downcast::<Bytes>(items).is_none() {
        let found = th.type_name(items);
        return Err(th.type_error(format_args!("fourth argument should be bytes, not {found}")));
    }
    let bytes = th.buffer_to_vec(items)?;
    let letter = th.str(&code.format());
    if mformat_code == i32::from(format_of(code)) {
        if bytes.len() % size != 0 {
            return Err(th.value_error("bytes length not a multiple of item size"));
        }
        return th.call(arraytype, &[letter, items.clone()]);
    }
    if bytes.len() % size != 0 {
        return Err(th.value_error("string length not a multiple of item size"));
    }
    if kind == Kind::Char {
        let name = match (size, little) {
            (2, true) => "utf-16-le",
            (2, false) => "utf-16-be",
            (_, true) => "utf-32-le",
            (_, false) => "utf-32-be",
        };
        let name = th.str(name);
        let text = th.call_method(items, "decode", &[name])?;
        return th.call(arraytype, &[letter, text]);
    }
    let item = Item { kind, size };
    let values =
        bytes.chunks_exact(size).map(|bytes| item.load(th, bytes, little)).collect::<PyResult<Vec<_>>>()?;
    let values = th.list(values);
    // A type code that keeps the numbers, whatever its size is here.
    let fitting = "bBhHiIlLqQfd".bytes().filter_map(Code::of).find(|other| {
        let number = usize::from(format_of(*other));
        other.letter == code.letter || FORMATS[number].0 == kind && FORMATS[number].1 == size
    });
    let letter = match fitting {
        Some(fitting) if code.size() < size => th.str(&fitting.format()),
        _ => letter,
    };
    th.call(arraytype, &[letter, values])
}
