//! Inline caches: what an instruction remembers beside itself.
//!
//! A cache word stands on its own: it is read and written in one piece, and what it says is checked against the object
//! or dict at hand before it is used. So any thread may write it at any time.
//!
//! | instruction | word 0 | word 1 |
//! |---|---|---|
//! | `LOAD_GLOBAL` | globals version << 32 \| entry << 1 \| in builtins | builtins version << 32 \| entry |
//! | `LOAD_ATTR` | shape << 32 \| kind \| offset | address of an [`Entry`] |
//! | `STORE_ATTR` | shape << 32 \| kind \| offset | for a new attribute: the next shape |
//! | `LOAD_METHOD` | address of an [`Entry`] | |

use std::sync::atomic::{AtomicU64, Ordering};

use object_model::ty::Class;
use object_model::{Attached, Value, reclaim};

use crate::frame::Frame;
use crate::thread::Thread;

/// The low half of the word is the byte offset of an inline slot.
pub const SLOT: u64 = 1 << 16;
/// The attribute is new: its slot is at the offset, and word 1 is the next shape.
pub const TRANSITION: u64 = 1 << 17;

/// What a lookup through a type found: valid while the shape is the same and the type's version is.
pub struct Entry {
    /// The receiver's shape.
    pub shape: u32,
    /// The type's version.
    pub version: u32,
    /// The type.
    pub class: Class,
    /// What was found in the type: a method, or a class attribute that is no descriptor.
    pub value: Value,
}

/// The entry that a word points to, if it is for this shape and still true.
#[inline(always)]
pub fn entry<'a>(_token: &'a Attached, word: &AtomicU64, shape: u32) -> Option<&'a Entry> {
    // Acquire pairs with the release in `publish`: the entry's content is visible.
    let address = word.load(Ordering::Acquire);
    // SAFETY: the word is 0 or a boxed entry, freed only after all threads passed a safepoint.
    let entry = unsafe { (address as *const Entry).as_ref() }?;
    (entry.shape == shape && entry.class.payload.version() == entry.version).then_some(entry)
}

/// Replaces the entry of a word.
pub fn publish(th: &mut Thread, word: &AtomicU64, entry: Entry) {
    // Release pairs with the acquire in `entry`.
    let old = word.swap(Box::into_raw(Box::new(entry)) as u64, Ordering::AcqRel);
    if old != 0 {
        // SAFETY: the word held a boxed entry, which nobody finds any more.
        reclaim::retire_owned(th, unsafe { Box::from_raw(old as *mut Entry) });
    }
}

/// `LOAD_GLOBAL` by its cache.
#[inline(always)]
pub fn global(th: &Thread, frame: Frame, first: u64, second: impl FnOnce() -> u64) -> Option<Value> {
    if first == 0 {
        return None;
    }
    let function = &frame.function()?.payload;
    let version = (first >> 32) as u32;
    if first & 1 == 0 {
        return function.globals.get_cached(th, version, (first as u32 >> 1) as usize);
    }
    // Not in the globals as long as their keys are what they were.
    if !function.globals.has_version(version) {
        return None;
    }
    let second = second();
    function.builtins.get_cached(th, (second >> 32) as u32, second as u32 as usize)
}

/// A data descriptor was added to a class after its instances were cached: it may hide slots that caches point to. The
/// instance shapes in caches cannot tell, so every code object's caches are emptied while nobody runs.
pub fn data_descriptor_added(th: &mut Thread) {
    th.stop_the_world(|_| {
        for heap in object_model::walk::objects() {
            // SAFETY: the world is stopped; the walker yields live objects.
            let header = unsafe { heap.as_ref() };
            if header.shape_id() == object_model::shape::builtin::CODE {
                // SAFETY: the shape says so.
                let code =
                    unsafe { heap.cast::<object_model::Object<crate::builtins::code::Code>>().as_ref() };
                code.payload.clear_slot_caches();
            }
        }
    });
}
