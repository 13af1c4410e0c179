//! Each thread's cache of lookups through types: what inline caches ask when they see too many shapes.
//!
//! # Invariants
//! - L1 A line is valid while the type has the line's version: versions stand for types, and whoever changes a type's
//!   dict changes its version before giving up what was there. So found values are not counted here.
//! - L2 The name is counted: its address means this name as long as the line is there.

use std::cell::Cell;

use object_model::object::header::flag;
use object_model::object::slot::count_word;
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
        unsafe { count_word(token, word, || class.payload.version() == version) }.ok().map(Some)
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
