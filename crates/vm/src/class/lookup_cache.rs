//! Each thread's caches of lookups, for inline caches that see too many shapes: of names in types ([`LookupCache`]) and
//! of names in shapes ([`SlotCache`]).
//!
//! # Invariants
//! - L1 A line is valid while the type has the line's version: versions stand for types, and whoever changes a type's
//!   dict changes its version before giving up what was there. So found values are not counted here.
//! - L2 The name is counted: its address means this name as long as the line is there.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use object_model::object::header::flag;
use object_model::object::slot::count_word;
use object_model::shape::ShapeId;
use object_model::string::Str;
use object_model::ty::Class;
use object_model::value::singleton::UNBOUND;
use object_model::{Attached, Obj, Value};

const LINES: usize = 1024;

struct Line {
    version: Cell<u32>,
    name: Cell<u64>,
    /// UNBOUND: the type has no such attribute.
    found: Cell<u64>,
}

/// A direct-mapped table of lookups.
pub struct LookupCache(Box<[Line]>);

impl LookupCache {
    /// An empty table.
    pub fn new() -> LookupCache {
        let line = |_| Line { version: Cell::new(0), name: Cell::new(0), found: Cell::new(UNBOUND) };
        LookupCache((0..LINES).map(line).collect())
    }

    #[inline(always)]
    fn line(&self, version: u32, name: u64) -> &Line {
        let index = (version as usize).wrapping_mul(0x9E37_79B1) ^ (name >> 4) as usize;
        &self.0[index % LINES]
    }

    /// What looking up `name` in `class` gave; the outer None if it is not known.
    #[inline(always)]
    pub fn get(&self, token: &Attached, class: Class, name: &Obj<Str>) -> Option<Option<Value>> {
        let version = class.payload.version();
        let name = name.as_value().word();
        let line = self.line(version, name);
        if line.version.get() != version || line.name.get() != name || version == 0 {
            return None;
        }
        let word = line.found.get();
        if word == UNBOUND {
            return Some(None);
        }
        // SAFETY: the version says that the type's dict holds the word (L1).
        unsafe { count_word(token.owner(), word, || class.payload.version() == version) }.ok().map(Some)
    }

    /// Remembers what looking up `name` gave while the type had `version`.
    pub fn put(&self, version: u32, name: &Obj<Str>, found: Option<&Value>) {
        if version == 0 || !name.header().has_flag(flag::INTERNED) {
            return;
        }
        let line = self.line(version, name.as_value().word());
        line.version.set(version);
        line.found.set(found.map_or(UNBOUND, Value::word));
        let old = line.name.replace(name.clone().into_value().into_word());
        if old != 0 {
            // SAFETY: the line owned a reference to its name (L2).
            drop(unsafe { Value::from_word(old) });
        }
    }

    /// Forgets everything: the collector frees types.
    pub fn clear(&self) {
        self.0.iter().for_each(|line| line.version.set(0));
    }
}

impl Drop for LookupCache {
    fn drop(&mut self) {
        for line in &self.0 {
            let name = line.name.replace(0);
            if name != 0 {
                // SAFETY: as in `put`.
                drop(unsafe { Value::from_word(name) });
            }
        }
    }
}

const SLOTS: usize = 1024;

/// Changes when a class gets a data descriptor, which may hide attributes that instances have.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Makes all threads forget where attributes are. The world is stopped.
pub fn forget_slots() {
    GENERATION.fetch_add(1, Ordering::Relaxed); // Relaxed: starting the world publishes it.
}

/// Where instances of a shape keep an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Instances do not have it: the type decides.
    Absent,
    /// In the inline slot at this byte offset.
    Inline(usize),
}

/// A direct-mapped table of attribute places. Names need not be counted: a shape keeps its names for ever and gets no
/// others, so an address that is none of them never becomes one.
pub struct SlotCache(Box<[SlotLine]>);

struct SlotLine {
    shape: Cell<u32>,
    generation: Cell<u32>,
    name: Cell<u64>,
    offset: Cell<usize>,
}

impl SlotCache {
    /// An empty table.
    pub fn new() -> SlotCache {
        let line = |_| SlotLine {
            shape: Cell::new(0),
            generation: Cell::new(0),
            name: Cell::new(0),
            offset: Cell::new(0),
        };
        SlotCache((0..SLOTS).map(line).collect())
    }

    #[inline(always)]
    fn line(&self, shape: ShapeId, name: u64) -> &SlotLine {
        let index = (shape.0 as usize).wrapping_mul(0x9E37_79B1) ^ (name >> 4) as usize;
        &self.0[index % SLOTS]
    }

    /// Where instances of `shape` have `name`, if it is known.
    #[inline(always)]
    pub fn get(&self, shape: ShapeId, name: &Obj<Str>) -> Option<Place> {
        let name = name.as_value().word();
        let line = self.line(shape, name);
        // Relaxed: changes while the world is stopped, which synchronises.
        let current = line.generation.get() == GENERATION.load(Ordering::Relaxed);
        if line.shape.get() != shape.0 || line.name.get() != name || !current {
            return None;
        }
        let offset = line.offset.get();
        Some(if offset == 0 { Place::Absent } else { Place::Inline(offset) })
    }

    /// Remembers a place.
    pub fn put(&self, shape: ShapeId, name: &Obj<Str>, place: Place) {
        let word = name.as_value().word();
        let line = self.line(shape, word);
        line.shape.set(shape.0);
        line.name.set(word);
        line.generation.set(GENERATION.load(Ordering::Relaxed)); // Relaxed: as in `get`.
        line.offset.set(if let Place::Inline(offset) = place { offset } else { 0 });
    }
}
