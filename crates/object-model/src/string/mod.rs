//! The storage of `str`: one, two or four bytes a character, inline after the header.
//!
//! # Layout
//! header | hash (0: not computed) | length and kind | characters. ASCII is flagged, so it is `&str` for free.
//!
//! # Invariants
//! - T1 The kind is the smallest that holds every character, so equal strings have equal kinds and bytes.
//! - T2 A string never changes. Only its hash is filled in, always with the same number.
//!
//! Not here: algorithms on characters (`text`), interning (`intern`), methods (`vm`).

mod append;
pub mod hash;
pub mod intern;

use std::sync::atomic::{AtomicU64, Ordering};

use mode::Attached;

use crate::object::handle::{Obj, Object};
use crate::object::layout::{self, Layout, Payload};
use crate::shape::{ShapeId, builtin};
use crate::text::units::Units;
use crate::value::Value;

/// How wide the characters of a string are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// All below 128, one byte each.
    Ascii = 0,
    /// All below 256, one byte each.
    Latin1 = 1,
    /// All below 65536, two bytes each.
    Ucs2 = 2,
    /// Four bytes each.
    Ucs4 = 3,
}

impl Kind {
    /// Bytes of one character.
    pub const fn width(self) -> usize {
        match self {
            Kind::Ascii | Kind::Latin1 => 1,
            Kind::Ucs2 => 2,
            Kind::Ucs4 => 4,
        }
    }
}

/// The payload of a `str`; the characters follow it in memory.
#[repr(C)]
pub struct Str {
    hash: AtomicU64,
    length_kind: usize,
}

/// The layout of `str`.
pub static LAYOUT: Layout = Layout::variable::<Str>();

/// No memory, or a length that no memory could hold.
#[derive(Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl Str {
    /// Characters.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length_kind >> 2
    }

    /// Width of the characters.
    #[inline(always)]
    pub fn kind(&self) -> Kind {
        match self.length_kind & 3 {
            0 => Kind::Ascii,
            1 => Kind::Latin1,
            2 => Kind::Ucs2,
            _ => Kind::Ucs4,
        }
    }

    /// The characters as bytes of memory.
    #[inline(always)]
    pub fn raw(&self) -> &[u8] {
        let length = self.len() * self.kind().width();
        // SAFETY: the characters lie right behind the payload, in the same block (see Layout).
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).add(1).cast::<u8>(), length) }
    }

    /// The characters.
    #[inline]
    pub fn units(&self) -> Units<'_> {
        let start = self.raw().as_ptr();
        let length = self.len();
        match self.kind() {
            Kind::Ascii => Units::Ascii(self.raw()),
            Kind::Latin1 => Units::Latin1(self.raw()),
            // SAFETY: characters start 8-byte aligned behind the payload; there are `length` of them.
            Kind::Ucs2 => Units::Ucs2(unsafe { std::slice::from_raw_parts(start.cast(), length) }),
            // SAFETY: as above.
            Kind::Ucs4 => Units::Ucs4(unsafe { std::slice::from_raw_parts(start.cast(), length) }),
        }
    }

    /// The text, if it is ASCII.
    #[inline(always)]
    pub fn as_ascii(&self) -> Option<&str> {
        if self.length_kind & 3 == 0 {
            // SAFETY: ASCII is UTF-8.
            Some(unsafe { std::str::from_utf8_unchecked(self.raw()) })
        } else {
            None
        }
    }

    /// Equality of content.
    #[inline]
    pub fn same(&self, other: &Str) -> bool {
        self.length_kind == other.length_kind && self.raw() == other.raw()
    }

    /// `hash(self)` as a machine word; the same number whenever and wherever it is computed.
    #[inline]
    pub fn hash(&self) -> i64 {
        // Relaxed: every thread computes the same number (T2).
        let known = self.hash.load(Ordering::Relaxed);
        if known != 0 {
            return known as i64;
        }
        let hash = hash::bytes(self.raw());
        // Relaxed: as above. A hash of 0 (the empty string) is computed again each time.
        self.hash.store(hash as u64, Ordering::Relaxed);
        hash
    }
}

impl Obj<Str> {
    /// A string of ASCII characters.
    pub fn ascii(token: &Attached, text: &str) -> Result<Obj<Str>, OutOfMemory> {
        debug_assert!(text.is_ascii());
        Self::from_raw(token, builtin::STR, Kind::Ascii, text.len(), |to| to.copy_from_slice(text.as_bytes()))
    }

    /// A string of any characters; `shape` may be a subclass's.
    pub fn from_units(token: &Attached, shape: ShapeId, units: Units<'_>) -> Result<Obj<Str>, OutOfMemory> {
        fn bytes<T>(units: &[T]) -> &[u8] {
            // SAFETY: u16 and u32 have no padding; the slice covers the same memory.
            unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
        }
        let (kind, length, raw) = match units {
            Units::Ascii(b) => (Kind::Ascii, b.len(), b),
            Units::Latin1(b) => (Kind::Latin1, b.len(), b),
            Units::Ucs2(u) => (Kind::Ucs2, u.len(), bytes(u)),
            Units::Ucs4(u) => (Kind::Ucs4, u.len(), bytes(u)),
        };
        Self::from_raw(token, shape, kind, length, |to| to.copy_from_slice(raw))
    }

    /// A string whose characters `fill` writes, as bytes of memory; the kind must be the smallest possible (T1).
    pub fn from_raw(
        token: &Attached,
        shape: ShapeId,
        kind: Kind,
        length: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Obj<Str>, OutOfMemory> {
        let bytes =
            length.checked_mul(kind.width()).filter(|b| *b < isize::MAX as usize / 2).ok_or(OutOfMemory)?;
        let object =
            layout::allocate_variable(token, shape, size_of::<Object<Str>>(), bytes).ok_or(OutOfMemory)?;
        let typed = object.cast::<Object<Str>>().as_ptr();
        // SAFETY: the block is fresh and ours; payload and characters fit in it.
        unsafe {
            (&raw mut (*typed).payload)
                .write(Str { hash: AtomicU64::new(0), length_kind: length << 2 | kind as usize });
            let characters = typed.add(1).cast::<u8>();
            std::ptr::write_bytes(characters, 0, bytes);
            fill(std::slice::from_raw_parts_mut(characters, bytes));
        }
        // SAFETY: birth gave the object one reference, which is ours; its payload is a `Str`.
        Ok(unsafe { Obj::from_value_unchecked(Value::from_header(object)) })
    }
}

impl Payload for Str {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}

    fn extra_size(&self) -> usize {
        self.raw().len()
    }
}
