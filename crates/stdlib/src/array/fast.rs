//! Subscripts of arrays with small ints, where no error can come of them.

use vm::builtins::float::as_float;
use vm::prelude::*;
use vm::protocol::sequence::FastItems;

use super::Array;

/// What `array` hangs on its class.
pub static ITEMS: FastItems = FastItems { get, set };

/// Where item `index` lies in `length` bytes of items of `size`.
fn place(length: usize, size: usize, index: i64) -> Option<std::ops::Range<usize>> {
    let count = length / size;
    let index = if index < 0 { index + count as i64 } else { index };
    let index = usize::try_from(index).ok().filter(|index| *index < count)?;
    Some(index * size..(index + 1) * size)
}

fn get(th: &mut Thread, array: &Value, index: i64) -> Option<Value> {
    let array = th.exact::<Array>(array)?;
    let mut bytes = [0; 8];
    {
        let content = array.content.lock(th);
        let from = content.get(place(content.len(), array.code.size(), index)?)?;
        match <[u8; 8]>::try_from(from) {
            Ok(eight) => bytes = eight,
            Err(_) => bytes[..from.len()].copy_from_slice(from),
        }
    }
    Some(match array.code.letter {
        b'd' => th.float(f64::from_ne_bytes(bytes)),
        b'q' | b'l' => th.int(i64::from_ne_bytes(bytes)),
        b'i' => th.int(i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).into()),
        b'B' => th.int(bytes[0].into()),
        _ => return None,
    })
}

fn set(th: &mut Thread, array: &Value, index: i64, new: &Value) -> bool {
    let Some(array) = th.exact::<Array>(array) else { return false };
    let bytes = match (array.code.letter, as_float(new), new.as_small_int()) {
        (b'd', Some(new), _) => new.to_ne_bytes(),
        (b'q' | b'l', _, Some(new)) => new.to_ne_bytes(),
        (b'i', _, Some(new)) if i32::try_from(new).is_ok() => (new as i32 as i64).to_ne_bytes(),
        (b'B', _, Some(new)) if u8::try_from(new).is_ok() => new.to_ne_bytes(),
        _ => return false,
    };
    let mut content = array.content.lock(th);
    let size = array.code.size();
    let Some(place) = place(content.len(), size, index) else { return false };
    // Numbers lie with their low bytes first, so that the narrow ones are the beginning of the wide.
    match (content.get_mut(place), bytes.get(..size)) {
        (Some(to), Some(from)) if cfg!(target_endian = "little") => {
            to.copy_from_slice(from);
            true
        }
        _ => false,
    }
}
