//! Finding what nobody can reach, by counts and tracing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;

use refcount::UNCOUNTED;

use crate::object::attributes;
use crate::object::header::Header;
use crate::shape::builtin;
use crate::ty::flag;
use crate::value::Value;

/// Hashes addresses, of which the low four bits are zero.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Index = HashMap<usize, u32, BuildHasherDefault<AddressHasher>>;

/// False for objects that hold no references to others, so that they are in no cycle (G4).
pub fn can_refer(header: &Header) -> bool {
    let shape = header.shape_id();
    ![
        builtin::OBJECT,
        builtin::STR,
        builtin::BYTES,
        builtin::BYTEARRAY,
        builtin::INT,
        builtin::FLOAT,
        builtin::COMPLEX,
        builtin::RANGE,
    ]
    .contains(&shape)
}

/// Visits every reference that an object owns, attributes included.
///
/// # Safety
/// `object` must be live and not change meanwhile.
pub unsafe fn trace(object: NonNull<Header>, visit: &mut dyn FnMut(&Value)) {
    // SAFETY: the caller's word.
    let header = unsafe { object.as_ref() };
    let layout = header.shape().class().layout();
    // SAFETY: the layout is that of the object's class.
    unsafe { layout.trace(object, visit) };
    attributes::trace(header, visit);
}

fn is_type(header: &Header) -> bool {
    header.shape().class().payload.has(flag::TYPE_SUBCLASS)
}

/// Those of `objects` that cannot be reached from outside of them. `held` references of each are the caller's and do not
/// count. The world must be stopped.
pub fn unreachable(objects: &[NonNull<Header>], held: usize) -> Vec<NonNull<Header>> {
    let mut candidates = Vec::new();
    // How many references come from outside, once those from inside are subtracted; None for roots (G2).
    let mut outside: Vec<Option<i64>> = Vec::new();
    let mut index = Index::default();
    for object in objects {
        // SAFETY: the walker yields live objects, and nothing dies while the world is stopped.
        let header = unsafe { object.as_ref() };
        let count = header.count();
        if count == 0 || !can_refer(header) {
            continue;
        }
        index.insert(object.as_ptr() as usize, candidates.len() as u32);
        candidates.push(*object);
        let is_root = count == UNCOUNTED || is_type(header);
        outside.push((!is_root).then(|| count as i64 - held as i64));
    }
    for object in &candidates {
        // SAFETY: as above.
        unsafe {
            trace(*object, &mut |value| {
                if let Some(found) = find(&index, value)
                    && let Some(count) = &mut outside[found]
                {
                    *count -= 1;
                }
            });
        }
    }
    let mut is_reachable: Vec<bool> = Vec::with_capacity(candidates.len());
    let mut waiting = Vec::new();
    for (number, count) in outside.iter().enumerate() {
        debug_assert!(
            count.is_none_or(|count| count >= 0),
            "an object is traced more often than counted (G1)"
        );
        // A negative count would be a broken G1: such an object is kept.
        let is_root = count.is_none_or(|count| count != 0);
        is_reachable.push(is_root);
        if is_root {
            waiting.push(number);
        }
    }
    while let Some(number) = waiting.pop() {
        // SAFETY: as above.
        unsafe {
            trace(candidates[number], &mut |value| {
                if let Some(found) = find(&index, value)
                    && !std::mem::replace(&mut is_reachable[found], true)
                {
                    waiting.push(found);
                }
            });
        }
    }
    candidates.into_iter().zip(is_reachable).filter_map(|(object, kept)| (!kept).then_some(object)).collect()
}

fn find(index: &Index, value: &Value) -> Option<usize> {
    let address = std::ptr::from_ref(value.as_header()?) as usize;
    index.get(&address).map(|number| *number as usize)
}
