//! `memoryview.cast`.

use super::{Layout, MAX_DIMENSIONS, MemoryView};
use crate::builtins::packing::Item;
use crate::prelude::*;

/// The letter of a format that `cast` takes.
fn letter(th: &mut Thread, format: &str) -> PyResult<u8> {
    let bytes = format.as_bytes();
    let letter = match bytes {
        [letter] | [b'@', letter] => Some(*letter),
        _ => None,
    };
    match letter.filter(|l| *l != b'e' && Item::native(*l).is_some()) {
        Some(letter) => Ok(letter),
        None => Err(th.value_error(
            "memoryview: destination format must be a native single character format prefixed with an optional '@'",
        )),
    }
}

fn is_byte(letter: u8) -> bool {
    matches!(letter, b'b' | b'B' | b'c')
}

fn shape_of(th: &mut Thread, shape: &Value) -> PyResult<Vec<usize>> {
    let is_list = crate::protocol::exact::any_list(shape).is_some();
    if !is_list && crate::protocol::exact::any_tuple(shape).is_none() {
        return Err(th.type_error("shape must be a list or a tuple"));
    }
    let mut out = Vec::new();
    for item in th.collect(shape)? {
        if crate::builtins::int::as_int(&item).is_none() {
            return Err(th.type_error("memoryview.cast(): elements of shape must be integers"));
        }
        match usize::try_from(th.index(&item)?) {
            Ok(n) if n > 0 => out.push(n),
            _ => return Err(th.value_error("memoryview.cast(): elements of shape must be integers > 0")),
        }
    }
    if out.len() > MAX_DIMENSIONS {
        return Err(th.value_error("memoryview: number of dimensions must not exceed 64"));
    }
    Ok(out)
}

/// The layout of `view.cast(format, shape)`.
pub(super) fn cast(
    th: &mut Thread,
    view: &MemoryView,
    format: &str,
    shape: Option<&Value>,
) -> PyResult<Layout> {
    let old = &view.layout;
    if !old.is_c_contiguous() {
        return Err(th.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (shape.is_some() || old.shape.len() != 1) && old.shape.contains(&0) {
        return Err(th.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let new = letter(th, format)?;
    let source = match old.format.as_bytes() {
        [l] | [b'@', l] => Some(*l),
        _ => None,
    };
    let Some(source) = source.filter(|l| Item::native(*l).is_some()) else {
        return Err(th.value_error(
            "memoryview: source format must be a native single character format prefixed with an optional '@'",
        ));
    };
    if !is_byte(source) && !is_byte(new) {
        return Err(th.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let size = Item::native(new).map_or(1, |item| item.size);
    let total = old.size();
    if !total.is_multiple_of(size) {
        return Err(th.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let mut layout = Layout::array(format, size, total / size, old.readonly);
    layout.offset = old.offset;
    let Some(shape) = shape else { return Ok(layout) };
    let shape = shape_of(th, shape)?;
    if shape.len() != 1 && old.shape.len() != 1 {
        return Err(th.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let product = shape.iter().try_fold(size, |n, length| n.checked_mul(*length));
    if product != Some(total) {
        return Err(th.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    layout.strides = Layout::packed_strides(&shape, size);
    layout.shape = shape;
    Ok(layout)
}
