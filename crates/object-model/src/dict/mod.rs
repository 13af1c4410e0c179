//! The storage of `dict`: a compact ordered hash table, replaced whole when it grows.
//!
//! # Protocol
//! - Reads take no lock (`object::slot`); mutations take the dict's critical section, each once.
//! - Comparing keys may need Python's `__eq__`, which never runs in a section. So a search is a [`Probe`] that stops at
//!   a candidate it cannot decide ([`Step::Ask`]); the caller compares, answers, and goes on. A mutation that follows a
//!   search re-validates the probe's stamp and is [`Stale`] if keys changed meanwhile: the caller starts again.
//! - Keys whose comparison is built in (the same object, str with str, int with int, …) are never asked about.
//!
//! # Invariants
//! - K1 Entries are append-only within a table; a deleted entry stays as a hole until the table is replaced.
//! - K2 `stamp` changes whenever the set of keys or the table changes.
//! - K3 A table's `version` is not zero only while its set of keys is what it was when the version was given out;
//!   inline caches compare it.
//!
//! Not here: hashing values, methods, views (`vm`).

mod table;

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use mode::{Attached, FREE_THREADED, OwnerId};

use crate::lock::CriticalSection;
use crate::object::handle::Obj;
use crate::object::layout::{Layout, Payload};
use crate::object::slot::{Slot, count_quick};
use crate::shape::builtin;
use crate::string::{OutOfMemory, Str};
use crate::value::Value;
use crate::value::singleton::UNBOUND;
use table::{Place, TablePtr};

/// The payload of a `dict`.
pub struct Dict {
    table: TablePtr,
    len: AtomicUsize,
    stamp: AtomicU64,
}

/// The layout of `dict`.
pub static LAYOUT: Layout = Layout::of::<Dict>();

/// Keys changed between a search and the mutation that relied on it.
#[derive(Debug, PartialEq, Eq)]
pub enum Stale {
    /// Search again.
    Keys,
    /// No memory for a larger table.
    OutOfMemory,
}

/// A search in progress.
#[derive(Debug)]
pub struct Probe {
    stamp: u64,
    place: Option<Place>,
}

/// Where a search has got to.
pub enum Step {
    /// The key is entry number …
    Found(usize),
    /// The key is not there.
    Missing,
    /// Is this key equal to the one searched for? If so, its entry is the one numbered; else search on.
    Ask(Value, usize),
}

/// What a search that compares no keys finds.
pub enum Quick {
    /// The key is there, the very object, with this value.
    Found(Value),
    /// No key has this hash.
    Missing,
    /// Only [`Obj::search`] can tell.
    Undecided,
}

impl Probe {
    /// A search from the beginning.
    pub const fn new() -> Probe {
        Probe { stamp: 0, place: None }
    }
}

/// Whether two keys are equal, if that needs no Python: None means ask.
#[inline(always)]
pub fn same_key(a: &Value, b: &Value) -> Option<bool> {
    if a.is(b) {
        return Some(true);
    }
    match (a.as_header(), b.as_header()) {
        (Some(x), Some(y)) if x.shape_id() == builtin::STR && y.shape_id() == builtin::STR => {
            // SAFETY: exactly `str`, so the payload is a `Str`.
            let (x, y) = unsafe { (Obj::<Str>::borrow_unchecked(a), Obj::<Str>::borrow_unchecked(b)) };
            Some(x.same(y))
        }
        (Some(x), None) if x.shape_id() == builtin::STR => Some(false),
        (None, Some(y)) if y.shape_id() == builtin::STR => Some(false),
        (None, None) if a.as_small_int().is_some() && b.as_small_int().is_some() => Some(false),
        _ => None,
    }
}

impl Default for Dict {
    fn default() -> Dict {
        Dict { table: TablePtr::empty(), len: AtomicUsize::new(0), stamp: AtomicU64::new(1) }
    }
}

impl Dict {
    /// Number of keys.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    /// One past the last entry number, holes included.
    pub fn entries(&self) -> usize {
        self.table.get().used()
    }

    /// Changes whenever the set of keys does; what iterators compare together with `len`.
    pub fn stamp(&self) -> u64 {
        // Acquire pairs with the release in `touch`.
        self.stamp.load(Ordering::Acquire)
    }

    fn touch(&self) {
        self.table.get().forget_version();
        // Release pairs with the acquire in `stamp`. Only the section's holder writes.
        self.stamp.store(self.stamp.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    fn add_len(&self, change: isize) {
        // Relaxed: only the section's holder writes; see `len`.
        self.len.store(self.len.load(Ordering::Relaxed).wrapping_add_signed(change), Ordering::Relaxed);
    }
}

static NEXT_VERSION: AtomicU32 = AtomicU32::new(1);

impl Obj<Dict> {
    /// A new empty `dict`.
    pub fn dict(token: &Attached) -> Obj<Dict> {
        Obj::new(token, builtin::DICT, Dict::default())
    }

    /// A new empty `dict` with room for so many keys.
    pub fn with_room(token: &Attached, keys: usize) -> Result<Obj<Dict>, OutOfMemory> {
        let dict = Obj::dict(token);
        dict.table.make_room(keys)?;
        Ok(dict)
    }

    /// Goes on searching for `key`, whose hash is `hash`. Called again after [`Step::Ask`], it goes past the candidate.
    pub fn search(&self, token: &Attached, key: &Value, hash: i64, probe: &mut Probe) -> Step {
        let stamp = self.stamp();
        if stamp != probe.stamp {
            *probe = Probe { stamp, place: None };
        }
        let table = self.table.get();
        let mut place = match probe.place.take() {
            Some(place) => place.next(table),
            None => Place::first(table, hash),
        };
        loop {
            let Some(entry) = place.entry(table) else { return Step::Missing };
            if let Some(number) = entry
                && table.hash(number) == hash
            {
                let slot = table.key(number);
                if slot.peek() == key.word() {
                    return Step::Found(number);
                }
                match slot.load(token.owner(), || self.table.is(table)) {
                    Ok(Some(candidate)) => match same_key(&candidate, key) {
                        Some(true) => return Step::Found(number),
                        Some(false) => {}
                        None => {
                            probe.place = Some(place);
                            return Step::Ask(candidate, number);
                        }
                    },
                    Ok(None) => {}
                    Err(_) => {
                        let candidate = {
                            let _section = CriticalSection::enter(token, self.header());
                            if !self.table.is(table) {
                                drop(_section);
                                *probe = Probe::new();
                                return self.search(token, key, hash, probe);
                            }
                            table.key(number).load_locked(token)
                        };
                        match candidate.map(|c| (same_key(&c, key), c)) {
                            Some((Some(true), _)) => return Step::Found(number),
                            Some((None, candidate)) => {
                                probe.place = Some(place);
                                return Step::Ask(candidate, number);
                            }
                            _ => {}
                        }
                    }
                }
            }
            place = place.next(table);
        }
    }

    /// The value of a key, by its identity: how most keys are found, names and numbers above all.
    #[inline]
    pub fn get_quick(&self, token: &Attached, key: &Value, hash: i64) -> Quick {
        let stamp = self.stamp();
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        loop {
            let Some(entry) = place.entry(table) else { return Quick::Missing };
            if let Some(number) = entry {
                if table.key(number).peek() == key.word() {
                    return match table.value(number).load(token.owner(), || self.table.is(table)) {
                        // Entries move only when the stamp changes: then the value may be another key's.
                        Ok(Some(value)) if self.stamp() == stamp => Quick::Found(value),
                        _ => Quick::Undecided,
                    };
                }
                if table.hash(number) == hash {
                    return Quick::Undecided;
                }
            }
            place = place.next(table);
        }
    }

    /// Whether a key is there, as [`Obj::get_quick`] tells.
    #[inline]
    pub fn contains_quick(&self, key: &Value, hash: i64) -> Option<bool> {
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        loop {
            let Some(entry) = place.entry(table) else { return Some(false) };
            if let Some(number) = entry {
                if table.key(number).peek() == key.word() {
                    return Some(true);
                }
                if table.hash(number) == hash {
                    return None;
                }
            }
            place = place.next(table);
        }
    }

    /// Sets the value of a key that [`Obj::get_quick`] finds, or finds to be missing; the old value. Else gives the value
    /// back.
    #[inline]
    pub fn set_quick(
        &self,
        token: &Attached,
        key: &Value,
        hash: i64,
        value: Value,
    ) -> Result<Option<Value>, Value> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        while let Some(entry) = place.entry(table) {
            if let Some(number) = entry {
                if table.key(number).peek() == key.word() {
                    return Ok(table.value(number).replace(Some(value)));
                }
                if table.hash(number) == hash {
                    return Err(value);
                }
            }
            place = place.next(table);
        }
        if table.is_full() && self.table.replace(token, self.len() + 1).is_err() {
            return Err(value);
        }
        self.touch();
        self.table.get().append(hash, key.clone(), Some(value));
        self.add_len(1);
        Ok(None)
    }

    /// The value of entry `number` found by `probe`; None if it is gone meanwhile (search again).
    #[inline(always)]
    pub fn value_at(&self, token: &Attached, number: usize) -> Option<Value> {
        let table = self.table.get();
        if number >= table.used() {
            return None;
        }
        match table.value(number).load(token.owner(), || self.table.is(table)) {
            Ok(value) => value,
            Err(_) => {
                let _section = CriticalSection::enter(token, self.header());
                let table = self.table.get();
                if number >= table.used() { None } else { table.value(number).load_locked(token) }
            }
        }
    }

    /// The value of a key whose comparison is built in, or `Ask` answered with None for candidates that need Python.
    /// For keys that are exactly `str` in a dict whose keys are all `str` this is the whole lookup.
    #[inline]
    pub fn get_str(&self, token: &Attached, key: &Obj<Str>) -> Option<Value> {
        let hash = key.hash();
        match self.get_quick(token, key.as_value(), hash) {
            Quick::Found(value) => return Some(value),
            Quick::Missing => return None,
            Quick::Undecided => {}
        }
        let mut probe = Probe::new();
        loop {
            match self.search(token, key.as_value(), hash, &mut probe) {
                Step::Found(number) => {
                    let stamp = probe.stamp;
                    if let Some(value) = self.value_at(token, number) {
                        if self.stamp() == stamp {
                            return Some(value);
                        }
                    } else if self.stamp() == stamp {
                        return None;
                    }
                    probe = Probe::new();
                }
                Step::Missing => return None,
                // A key that is not a str, with the same hash, equal only if Python says so: not for this function.
                Step::Ask(..) => {}
            }
        }
    }

    /// Sets a key that is exactly `str` (its comparison with other kinds of keys is not asked about).
    pub fn set_str(&self, token: &Attached, key: &Obj<Str>, value: Value) -> Result<(), OutOfMemory> {
        let hash = key.hash();
        let mut value = match self.set_quick(token, key.as_value(), hash, value) {
            Ok(old) => {
                drop(old);
                return Ok(());
            }
            Err(value) => Some(value),
        };
        loop {
            let mut probe = Probe::new();
            let step = loop {
                match self.search(token, key.as_value(), hash, &mut probe) {
                    Step::Ask(..) => {}
                    step => break step,
                }
            };
            let number = if let Step::Found(number) = step { Some(number) } else { None };
            match self.store(token, &probe, number, key.as_value(), hash, &mut value) {
                Ok(old) => {
                    drop(old);
                    return Ok(());
                }
                Err(Stale::Keys) => {}
                Err(Stale::OutOfMemory) => return Err(OutOfMemory),
            }
        }
    }

    /// Removes a key that is exactly `str`.
    pub fn remove_str(&self, token: &Attached, key: &Obj<Str>) -> Option<Value> {
        let hash = key.hash();
        loop {
            let mut probe = Probe::new();
            let number = loop {
                match self.search(token, key.as_value(), hash, &mut probe) {
                    Step::Found(number) => break number,
                    Step::Missing => return None,
                    Step::Ask(..) => {}
                }
            };
            if let Ok(Some((_key, value))) = self.remove(token, &probe, number) {
                return Some(value);
            }
        }
    }

    /// Replaces the value of entry `number` (Some) or appends the key (None), as the finished search `probe` found.
    /// Takes `value` only when it succeeds; hands out the old value.
    pub fn store(
        &self,
        token: &Attached,
        probe: &Probe,
        number: Option<usize>,
        key: &Value,
        hash: i64,
        value: &mut Option<Value>,
    ) -> Result<Option<Value>, Stale> {
        let _section = CriticalSection::enter(token, self.header());
        if self.stamp() != probe.stamp {
            return Err(Stale::Keys);
        }
        if let Some(number) = number {
            return Ok(self.table.get().value(number).replace(value.take()));
        }
        if self.table.get().is_full() {
            self.table.replace(token, self.len() + 1).map_err(|_| Stale::OutOfMemory)?;
        }
        self.touch();
        self.table.get().append(hash, key.clone(), value.take());
        self.add_len(1);
        Ok(None)
    }

    /// Removes entry `number`, which the finished search `probe` found; None if another thread was faster.
    pub fn remove(
        &self,
        token: &Attached,
        probe: &Probe,
        number: usize,
    ) -> Result<Option<(Value, Value)>, Stale> {
        let _section = CriticalSection::enter(token, self.header());
        if self.stamp() != probe.stamp {
            return Err(Stale::Keys);
        }
        Ok(self.remove_entry(number))
    }

    fn remove_entry(&self, number: usize) -> Option<(Value, Value)> {
        let table = self.table.get();
        table.unlink(number);
        self.touch();
        let pair = (table.key(number).replace(None), table.value(number).replace(None));
        if let (Some(key), Some(value)) = pair {
            self.add_len(-1);
            return Some((key, value));
        }
        None
    }

    /// Removes and returns the last entry.
    pub fn pop_last(&self, token: &Attached) -> Option<(Value, Value)> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let last = (0..table.used()).rev().find(|n| table.key(*n).get().is_some())?;
        let pair = self.remove_entry(last);
        table.truncate(last);
        pair
    }

    /// Key, value and hash of the first entry from number `at` on, and the number to go on from.
    pub fn entry_from(&self, token: &Attached, at: usize) -> Option<(Value, Value, i64, usize)> {
        let stamp = self.stamp();
        let table = self.table.get();
        for number in at..table.used() {
            let unmoved = || self.table.is(table);
            match (
                table.key(number).load(token.owner(), unmoved),
                table.value(number).load(token.owner(), unmoved),
            ) {
                (Ok(Some(key)), Ok(Some(value))) => {
                    let hash = table.hash(number);
                    // An entry that was used again between the loads has another key's value.
                    if self.stamp() != stamp {
                        return self.entry_from_locked(token, number);
                    }
                    return Some((key, value, hash, number + 1));
                }
                (Ok(_), Ok(_)) => {}
                _ => return self.entry_from_locked(token, number),
            }
        }
        None
    }

    /// Key, value and number of the last entry before number `at`.
    ///
    /// None if `at` is beyond the entries: the dict was emptied since.
    pub fn entry_before(&self, token: &Attached, at: usize) -> Option<(Value, Value, usize)> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        if at > table.used() {
            return None;
        }
        (0..at).rev().find_map(|number| {
            let key = table.key(number).load_locked(token)?;
            let value = table.value(number).load_locked(token)?;
            Some((key, value, number))
        })
    }

    /// The number after the last entry's.
    pub fn entry_end(&self) -> usize {
        self.table.get().used()
    }

    #[cold]
    fn entry_from_locked(&self, token: &Attached, at: usize) -> Option<(Value, Value, i64, usize)> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        (at..table.used()).find_map(|number| {
            let key = table.key(number).load_locked(token)?;
            let value = table.value(number).load_locked(token)?;
            Some((key, value, table.hash(number), number + 1))
        })
    }

    /// Counted references to all keys and values with their hashes, in order, as of one moment.
    pub fn snapshot(&self, token: &Attached) -> Vec<(Value, Value, i64)> {
        // Seen without the lock: a dict in which there is nothing is often another thread's.
        if self.len() == 0 {
            return Vec::new();
        }
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        (0..table.used())
            .filter_map(|n| {
                Some((table.key(n).load_locked(token)?, table.value(n).load_locked(token)?, table.hash(n)))
            })
            .collect()
    }

    /// Removes everything; what was there is dropped after the section.
    pub fn clear(&self, token: &Attached) {
        let dropped = {
            let _section = CriticalSection::enter(token, self.header());
            let dropped = self.table.get().take_all();
            // Shrinking to the empty table allocates nothing.
            let _ = self.table.replace(token, 0);
            self.touch();
            self.len.store(0, Ordering::Relaxed); // Relaxed: see `len`.
            dropped
        };
        drop(dropped);
    }

    /// A copy that shares keys and values: same order, no holes.
    pub fn copy(&self, token: &Attached) -> Result<Obj<Dict>, OutOfMemory> {
        let entries = self.snapshot(token);
        let copy = Obj::<Dict>::with_room(token, entries.len())?;
        let count = entries.len();
        for (key, value, hash) in entries {
            copy.table.get().append(hash, key, Some(value));
        }
        copy.touch();
        copy.add_len(count as isize);
        Ok(copy)
    }

    /// The version that an inline cache may compare as long as the set of keys stays; 0 if none can be given.
    pub fn cache_version(&self) -> u32 {
        self.table.get().version_or(|| {
            // Relaxed: only uniqueness matters. Once exhausted no new version is given out.
            NEXT_VERSION.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |v| v.checked_add(1)).unwrap_or(0)
        })
    }

    /// The entry number of a `str` key, for an inline cache.
    pub fn index_of_str(&self, token: &Attached, key: &Obj<Str>) -> Option<usize> {
        let mut probe = Probe::new();
        loop {
            match self.search(token, key.as_value(), key.hash(), &mut probe) {
                Step::Found(number) => return Some(number),
                Step::Missing => return None,
                Step::Ask(..) => {}
            }
        }
    }

    /// True if the set of keys is still what it was when `version` was given out.
    #[inline(always)]
    pub fn has_version(&self, version: u32) -> bool {
        self.table.get().version() == version
    }

    /// Value of entry `number` if the set of keys is still that of `version`.
    #[inline(always)]
    pub fn get_cached(&self, token: &Attached, version: u32, number: usize) -> Option<Value> {
        let table = self.table.get();
        if table.version() != version {
            return None;
        }
        // A table with this version has this entry.
        let value = match table.value(number).load(token.owner(), || self.table.is(table)) {
            Ok(value) => value,
            Err(_) => self.value_at(token, number),
        };
        // The entry may have become another key's meanwhile; who reuses it has taken the version away before.
        value.filter(|_| !FREE_THREADED || self.has_version(version))
    }

    /// [`Obj::get_cached`] by the thread whose heap is `me`, of a value that needs no call to be counted; else None.
    #[inline(always)]
    pub fn get_cached_quick(&self, me: OwnerId, version: u32, number: usize) -> Option<Value> {
        let table = self.table.get();
        if table.version() != version {
            return None;
        }
        // A table with this version has this entry.
        let word = table.value(number).peek();
        // As in `get_cached`, but that a table which is no more the dict's tells what was true until then: no second look is
        // needed to count the value.
        if word == UNBOUND || FREE_THREADED && table.version() != version {
            return None;
        }
        // SAFETY: the entry held the word just now.
        unsafe { count_quick(me, word) }
    }

    /// Replaces the value of entry `number` if the set of keys is still that of `version`.
    #[inline(always)]
    pub fn set_cached(
        &self,
        token: &Attached,
        version: u32,
        number: usize,
        value: Value,
    ) -> Result<(), Value> {
        let section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        if table.version() != version {
            return Err(value);
        }
        let old = table.value(number).replace(Some(value));
        drop(section);
        drop(old);
        Ok(())
    }
}

impl Payload for Dict {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        let table = self.table.get();
        for number in 0..table.used() {
            [table.key(number), table.value(number)].into_iter().filter_map(Slot::get).for_each(&mut *visit);
        }
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        // Nobody reads a dead dict, so its references are given up where they are.
        self.table.get().drop_all();
    }
}
