//! Appending to a string that nobody else knows, in place, so that building one piece by piece takes linear time.
//!
//! # Invariants
//! - A1 A string changes only while its one reference is the caller's; to everybody else it never changes (T2).

use std::sync::atomic::Ordering;

use mode::Attached;

use super::{Kind, OutOfMemory, Str};
use crate::object::handle::{Obj, Object};
use crate::object::header::flag;
use crate::object::layout;
use crate::shape::builtin;
use crate::text::units::Units;
use crate::value::Value;

/// Bytes before the characters.
const HEAD: usize = size_of::<Object<Str>>();

/// Writes characters in a kind that holds them all.
///
/// # Safety
/// `to` must be valid for writes of that many characters, and aligned for them.
unsafe fn write(units: Units<'_>, kind: Kind, to: *mut u8) {
    match (units, kind) {
        (Units::Ascii(from) | Units::Latin1(from), Kind::Ascii | Kind::Latin1) => {
            // SAFETY: the caller's word; the source is another object.
            unsafe { to.copy_from_nonoverlapping(from.as_ptr(), from.len()) };
        }
        (Units::Ucs2(from), Kind::Ucs2) => {
            // SAFETY: as above.
            unsafe { to.cast::<u16>().copy_from_nonoverlapping(from.as_ptr(), from.len()) };
        }
        (Units::Ucs4(from), Kind::Ucs4) => {
            // SAFETY: as above.
            unsafe { to.cast::<u32>().copy_from_nonoverlapping(from.as_ptr(), from.len()) };
        }
        (units, kind) => {
            for (i, ch) in units.iter().enumerate() {
                // SAFETY: as above; the kind holds every character.
                unsafe {
                    match kind.width() {
                        1 => to.add(i).write(ch as u8),
                        2 => to.cast::<u16>().add(i).write(ch as u16),
                        _ => to.cast::<u32>().add(i).write(ch),
                    }
                }
            }
        }
    }
}

impl Obj<Str> {
    /// True if [`Obj::append`] may change this string.
    #[inline]
    pub fn is_appendable(&self, token: &Attached) -> bool {
        let header = self.header();
        header.shape_id() == builtin::STR && !header.has_flag(flag::INTERNED) && header.is_unique(token)
    }

    /// The string with `other` at its end: itself if nobody else refers to it and its block has room, else a new one with
    /// room for more. Gives the string back, unchanged, if there is no memory.
    pub fn append(self, token: &Attached, other: &Str) -> Result<Obj<Str>, (Obj<Str>, OutOfMemory)> {
        let kind = if (other.kind() as u8) > self.kind() as u8 { other.kind() } else { self.kind() };
        let Some(length) = self.len().checked_add(other.len()) else { return Err((self, OutOfMemory)) };
        let Some(bytes) = length.checked_mul(kind.width()).filter(|b| *b < isize::MAX as usize / 2) else {
            return Err((self, OutOfMemory));
        };
        let object = self.as_ptr().as_ptr();
        if kind.width() == self.kind().width() && self.is_appendable(token) {
            // SAFETY: a live object's address is that of its block.
            let capacity = unsafe { allocator::block_size(self.as_ptr().cast()) };
            if HEAD + bytes <= capacity {
                let end = self.raw().len();
                // SAFETY: the string is ours alone (A1), and the block has room behind its characters.
                unsafe {
                    write(other.units(), kind, object.add(1).cast::<u8>().add(end));
                    (&raw mut (*object).payload.length_kind).write(length << 2 | kind as usize);
                }
                // Relaxed: nobody else knows the string.
                self.hash.store(0, Ordering::Relaxed);
                return Ok(self);
            }
        }
        let room = bytes + bytes / 4;
        let Some(new) = layout::allocate_variable(token, builtin::STR, HEAD, room) else {
            return Err((self, OutOfMemory));
        };
        let typed = new.cast::<Object<Str>>().as_ptr();
        // SAFETY: the block is fresh and ours; payload and characters fit in it.
        unsafe {
            (&raw mut (*typed).payload)
                .write(Str { hash: Default::default(), length_kind: length << 2 | kind as usize });
            let characters = typed.add(1).cast::<u8>();
            write(self.units(), kind, characters);
            write(other.units(), kind, characters.add(self.len() * kind.width()));
        }
        // SAFETY: birth gave the object one reference, which is ours; its payload is a `Str`.
        Ok(unsafe { Obj::from_value_unchecked(Value::from_header(new)) })
    }
}
