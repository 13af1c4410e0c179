//! Interned strings: one object for each text, immortal, so that names compare by identity.

use std::sync::OnceLock;

use hashbrown::HashTable;
use mode::Attached;
use parking_lot::Mutex;

use super::Str;
use crate::object::handle::Obj;
use crate::object::header::flag;
use crate::shape::builtin;

static TABLE: OnceLock<Mutex<HashTable<Obj<Str>>>> = OnceLock::new();

fn table() -> &'static Mutex<HashTable<Obj<Str>>> {
    TABLE.get_or_init(|| Mutex::new(HashTable::new()))
}

/// The interned string with this text.
pub fn intern_text(token: &Attached, text: &str) -> Obj<Str> {
    if text.is_ascii() {
        let hash = super::hash::bytes(text.as_bytes()) as u64;
        if let Some(found) = table().lock().find(hash, |s| s.as_ascii() == Some(text)) {
            return found.clone();
        }
    }
    let string = crate::text::units::OwnedUnits::from_str(text);
    match Obj::from_units(token, builtin::STR, string.units()) {
        Ok(string) => intern(token, string),
        Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::new::<Str>()),
    }
}

/// The interned string equal to `string`, which must be exactly a `str`.
pub fn intern(token: &Attached, string: Obj<Str>) -> Obj<Str> {
    if string.header().has_flag(flag::INTERNED) {
        return string;
    }
    let hash = string.hash() as u64;
    let found = {
        let mut table = table().lock();
        match table.find(hash, |s| s.same(&string)) {
            Some(found) => Some(found.clone()),
            // Only who has the one reference may make an object immortal; others intern a copy.
            None if string.header().is_unique(token) => {
                string.header().make_immortal();
                string.header().set_flag(flag::INTERNED);
                table.insert_unique(hash, string.clone(), |s| s.hash() as u64);
                Some(string.clone())
            }
            None => None,
        }
    };
    match found {
        Some(found) => found,
        None => match Obj::from_units(token, builtin::STR, string.units()) {
            Ok(copy) => intern(token, copy),
            Err(_) => string,
        },
    }
}
