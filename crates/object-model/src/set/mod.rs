//! The storage of `set` and `frozenset`: an open hash table, replaced whole when it grows, in CPython's visiting order.
//!
//! # Protocol
//! - Reads take no lock (`object::slot`); mutations take the set's critical section, each once.
//! - Comparing keys may need Python's `__eq__`, which never runs in a section: a search is a [`Probe`] that stops at a
//!   candidate it cannot decide ([`Step::Ask`]), as in `dict`. A mutation that follows a search re-validates the
//!   probe's stamp and is [`Stale`] if keys changed meanwhile: the caller starts again.
//!
//! # Invariants
//! - U1 Within a table an entry goes from unused to live to deleted to live …, never back to unused.
//! - U2 At least one entry of a table is unused, so every search ends.
//! - U3 `stamp` changes whenever the set of keys or the table changes.
//! - U4 A `frozenset` is filled before anybody else sees it, and never changes again.
//!
//! Not here: hashing values, methods, the algebra of sets (`vm`).

mod table;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use mode::Attached;

pub use crate::dict::{Stale, same_key};
use crate::lock::CriticalSection;
use crate::object::handle::Obj;
use crate::object::layout::{Layout, Payload};
use crate::shape::builtin;
use crate::string::OutOfMemory;
use crate::value::Value;
use table::{Place, State, TablePtr};

/// The payload of a `set`.
pub struct Set {
    table: TablePtr,
    /// Keys.
    used: AtomicUsize,
    /// Keys and deleted entries.
    fill: AtomicUsize,
    stamp: AtomicU64,
    /// Where `pop` looks next.
    finger: AtomicUsize,
    /// The hash of a `frozenset`, or -1 while it is not computed.
    hash: AtomicU64,
}

/// The payload of a `frozenset`: the same, under a type of its own.
#[derive(Default)]
#[repr(transparent)]
pub struct FrozenSet(Set);

/// The layout of `set`.
pub static LAYOUT: Layout = Layout::of::<Set>();
/// The layout of `frozenset`.
pub static FROZEN_LAYOUT: Layout = Layout::of::<FrozenSet>();

/// A key with its hash.
pub type Hashed = (Value, i64);

/// A search in progress.
#[derive(Debug)]
pub struct Probe {
    stamp: u64,
    place: Option<Place>,
}

/// Where a search has got to.
pub enum Step {
    /// The key is in entry number …
    Found(usize),
    /// The key is not there.
    Missing,
    /// Is this key, in entry number …, equal to the one searched for? If not, search on.
    Ask(Value, usize),
}

impl Probe {
    /// A search from the beginning.
    pub const fn new() -> Probe {
        Probe { stamp: 0, place: None }
    }
}

impl Default for Probe {
    fn default() -> Probe {
        Probe::new()
    }
}

impl Default for Set {
    fn default() -> Set {
        Set {
            table: TablePtr::empty(),
            used: AtomicUsize::new(0),
            fill: AtomicUsize::new(0),
            stamp: AtomicU64::new(1),
            finger: AtomicUsize::new(0),
            hash: AtomicU64::new(u64::MAX),
        }
    }
}

impl Deref for FrozenSet {
    type Target = Set;

    fn deref(&self) -> &Set {
        &self.0
    }
}

impl Obj<FrozenSet> {
    /// The same object as a set: what reads it needs no more.
    #[inline(always)]
    pub fn as_set(&self) -> &Obj<Set> {
        // SAFETY: `FrozenSet` is transparent over `Set`.
        unsafe { Obj::borrow_unchecked(self.as_value()) }
    }
}

impl Set {
    /// Number of keys.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    /// True if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fill(&self) -> usize {
        self.fill.load(Ordering::Relaxed) // Relaxed: only the section's holder asks.
    }

    fn count(&self, used: usize, fill: usize) {
        // Relaxed: only the section's holder writes.
        self.used.store(used, Ordering::Relaxed);
        self.fill.store(fill, Ordering::Relaxed); // Relaxed: as above.
    }

    fn stamp(&self) -> u64 {
        // Acquire pairs with the release in `touch`.
        self.stamp.load(Ordering::Acquire)
    }

    fn touch(&self) {
        // Release pairs with the acquire in `stamp`. Relaxed load: only the section's holder writes.
        self.stamp.store(self.stamp.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Bytes of the table, for `__sizeof__`.
    pub fn table_size(&self) -> usize {
        let table = self.table.get();
        if table.is_nothing() { 0 } else { table.size() * 16 }
    }

    /// Whether so many entries, deleted ones included, are too many for the table.
    fn crowded(&self, fill: usize) -> bool {
        fill.saturating_mul(5) >= self.table.get().rule_mask() * 3
    }

    /// Puts a key that is not there into the table. The caller may mutate.
    fn put(&self, token: &Attached, key: Value, hash: i64) -> Result<(), OutOfMemory> {
        let table = self.table.get();
        // U2: an unused entry must be left even if growing fails.
        if table.is_nothing() || self.fill() + 1 >= table.size() {
            self.table.resize(token, self.len() * 4)?;
            self.count(self.len(), self.len());
        }
        let (number, used_before) = self.table.get().vacancy(hash);
        self.put_at(token, number, used_before, key, hash)
    }

    /// Puts a key that is not there into a vacant entry, and grows if that made the table crowded. The caller may mutate.
    #[inline(always)]
    fn put_at(
        &self,
        token: &Attached,
        number: usize,
        used_before: bool,
        key: Value,
        hash: i64,
    ) -> Result<(), OutOfMemory> {
        self.table.get().fill(number, hash, key.into_word());
        self.touch();
        self.count(self.len() + 1, self.fill() + usize::from(!used_before));
        if !used_before && self.crowded(self.fill()) {
            return self.grow(token);
        }
        Ok(())
    }

    /// Makes the table as large as its number of keys asks for, without deleted entries. The caller may mutate.
    fn grow(&self, token: &Attached) -> Result<(), OutOfMemory> {
        let used = self.len();
        self.resize(token, if used > 50_000 { used * 2 } else { used * 4 })
    }

    fn resize(&self, token: &Attached, wanted: usize) -> Result<(), OutOfMemory> {
        self.table.resize(token, wanted)?;
        self.touch();
        self.count(self.len(), self.len());
        Ok(())
    }

    fn delete(&self, number: usize) -> Option<Value> {
        let key = self.table.get().delete(number)?;
        self.touch();
        self.count(self.len() - 1, self.fill());
        Some(key)
    }

    /// The entry of `key`, or None if Python must compare. The caller may mutate.
    fn find_locked(&self, key: &Value, hash: i64) -> Option<Option<usize>> {
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        loop {
            let number = place.number();
            match table.state(number) {
                State::Unused => return Some(None),
                State::Live(_) if table.hash(number) == hash => {
                    match table.key(number).map(|k| same_key(k, key)) {
                        Some(Some(true)) => return Some(Some(number)),
                        Some(None) => return None,
                        _ => {}
                    }
                }
                State::Live(_) | State::Deleted => {}
            }
            place = place.next(table);
        }
    }
}

impl Obj<Set> {
    /// A new empty `set`.
    pub fn set(token: &Attached) -> Obj<Set> {
        Obj::new(token, builtin::SET, Set::default())
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
            let number = place.number();
            match table.state(number) {
                State::Unused => return Step::Missing,
                State::Live(word) if table.hash(number) == hash => {
                    if word == key.word() {
                        return Step::Found(number);
                    }
                    let candidate = match table.load(token, number, &self.table) {
                        Ok(candidate) => candidate,
                        Err(_) => {
                            let section = CriticalSection::enter(token, self.header());
                            if !self.table.is(table) {
                                drop(section);
                                *probe = Probe::new();
                                return self.search(token, key, hash, probe);
                            }
                            table.load_locked(token, number)
                        }
                    };
                    if let Some(candidate) = candidate {
                        match same_key(&candidate, key) {
                            Some(true) => return Step::Found(number),
                            Some(false) => {}
                            None => {
                                probe.place = Some(place);
                                return Step::Ask(candidate, number);
                            }
                        }
                    }
                }
                State::Live(_) | State::Deleted => {}
            }
            place = place.next(table);
        }
    }

    /// Whether a key is there, by its identity: how most keys are found, names and numbers above all. None if keys must
    /// be compared.
    #[inline]
    pub fn contains_quick(&self, key: &Value, hash: i64) -> Option<bool> {
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        loop {
            let number = place.number();
            match table.state(number) {
                State::Unused => return Some(false),
                State::Live(word) if word == key.word() => return Some(true),
                State::Live(_) if table.hash(number) == hash => return None,
                State::Live(_) | State::Deleted => {}
            }
            place = place.next(table);
        }
    }

    /// Adds a key unless it is there, as [`Obj::contains_quick`] tells: None if keys must be compared.
    #[inline]
    pub fn add_quick(&self, token: &Attached, key: &Value, hash: i64) -> Option<Result<(), OutOfMemory>> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        let mut deleted = None;
        let number = loop {
            let number = place.number();
            match table.state(number) {
                State::Unused => break number,
                State::Deleted => deleted = Some(number),
                State::Live(word) if word == key.word() => return Some(Ok(())),
                State::Live(_) if table.hash(number) == hash => return None,
                State::Live(_) => {}
            }
            place = place.next(table);
        };
        if table.is_nothing() || self.fill() + 1 >= table.size() {
            return Some(self.put(token, key.clone(), hash));
        }
        Some(self.put_at(token, deleted.unwrap_or(number), deleted.is_some(), key.clone(), hash))
    }

    /// Removes a key if it is there, as [`Obj::contains_quick`] tells; hands it out. None if keys must be compared.
    #[inline]
    pub fn remove_quick(&self, token: &Attached, key: &Value, hash: i64) -> Option<Option<Value>> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let mut place = Place::first(table, hash);
        loop {
            let number = place.number();
            match table.state(number) {
                State::Unused => return Some(None),
                State::Live(word) if word == key.word() => return Some(self.delete(number)),
                State::Live(_) if table.hash(number) == hash => return None,
                State::Live(_) | State::Deleted => {}
            }
            place = place.next(table);
        }
    }

    /// Adds a key that the finished search `probe` did not find.
    pub fn insert(&self, token: &Attached, probe: &Probe, key: Value, hash: i64) -> Result<(), Stale> {
        let _section = CriticalSection::enter(token, self.header());
        if self.stamp() != probe.stamp {
            return Err(Stale::Keys);
        }
        self.put(token, key, hash).map_err(|_| Stale::OutOfMemory)
    }

    /// Removes entry `number`, which the finished search `probe` found; hands out the key.
    pub fn remove(&self, token: &Attached, probe: &Probe, number: usize) -> Result<Option<Value>, Stale> {
        let _section = CriticalSection::enter(token, self.header());
        if self.stamp() != probe.stamp {
            return Err(Stale::Keys);
        }
        Ok(self.delete(number))
    }

    /// Removes and returns some key.
    pub fn pop(&self, token: &Attached) -> Option<Value> {
        let _section = CriticalSection::enter(token, self.header());
        if self.is_empty() {
            return None;
        }
        let table = self.table.get();
        let mask = table.size() - 1;
        let start = self.finger.load(Ordering::Relaxed) & mask; // Relaxed: only the section's holder uses it.
        let number =
            (0..=mask).map(|i| (start + i) & mask).find(|n| matches!(table.state(*n), State::Live(_)))?;
        self.finger.store(number + 1, Ordering::Relaxed); // Relaxed: as above.
        self.delete(number)
    }

    /// The first key from entry `at` on, and where to go on from.
    pub fn key_from(&self, token: &Attached, at: usize) -> Option<(Value, usize)> {
        let table = self.table.get();
        for number in at..table.size() {
            if !matches!(table.state(number), State::Live(_)) {
                continue;
            }
            match table.load(token, number, &self.table) {
                Ok(Some(key)) => return Some((key, number + 1)),
                Ok(None) => {}
                Err(_) => return self.key_from_locked(token, number),
            }
        }
        None
    }

    #[cold]
    fn key_from_locked(&self, token: &Attached, at: usize) -> Option<(Value, usize)> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let number = (at..table.size()).find(|n| matches!(table.state(*n), State::Live(_)))?;
        Some((table.load_locked(token, number)?, number + 1))
    }

    /// Counted references to all keys with their hashes, in order, as of one moment.
    pub fn snapshot(&self, token: &Attached) -> Vec<Hashed> {
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let mut keys = Vec::with_capacity(self.len());
        for number in 0..table.size() {
            if let Some(key) = table.load_locked(token, number) {
                keys.push((key, table.hash(number)));
            }
        }
        keys
    }

    /// Removes everything; what was there is dropped after the section.
    pub fn clear(&self, token: &Attached) {
        let section = CriticalSection::enter(token, self.header());
        let dropped = self.table.get().take_all();
        self.table.reset(token);
        self.touch();
        self.count(0, 0);
        drop(section);
        drop(dropped);
    }

    /// Makes room for `more` keys that are probably new.
    pub fn reserve(&self, token: &Attached, more: usize) -> Result<(), OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        if self.crowded(self.fill().saturating_add(more)) {
            let wanted = self.len().checked_add(more).and_then(|n| n.checked_mul(2)).ok_or(OutOfMemory)?;
            self.resize(token, wanted)?;
        }
        Ok(())
    }

    /// Drops deleted entries if they are more than a quarter.
    pub fn tidy(&self, token: &Attached) -> Result<(), OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        if self.fill() - self.len() > self.table.get().rule_mask() / 4 { self.grow(token) } else { Ok(()) }
    }

    /// Fills this set with the keys of `other`, if it never held a key; false if it did.
    pub fn fill_from(&self, token: &Attached, other: &Obj<Set>) -> Result<bool, OutOfMemory> {
        let _section = CriticalSection::enter_two(token, self.header(), other.header());
        let count = other.len();
        if self.fill() != 0 {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        if self.crowded(count) {
            self.table.resize(token, count * 2)?;
        }
        let from = other.table.get();
        if self.table.get().rule_mask() == from.rule_mask() && other.fill() == count {
            self.table.duplicate(token, from)?;
        } else {
            if self.table.get().is_nothing() {
                self.table.resize(token, 0)?;
            }
            let table = self.table.get();
            for number in 0..from.size() {
                if let Some(key) = from.load_locked(token, number) {
                    let hash = from.hash(number);
                    table.fill(table.vacancy(hash).0, hash, key.into_word());
                }
            }
        }
        self.touch();
        self.count(count, count);
        Ok(true)
    }

    /// Adds keys in one section for as long as comparisons are built in; says how many were dealt with.
    pub fn add_batch(&self, token: &Attached, keys: &[Hashed]) -> Result<usize, OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        for (i, (key, hash)) in keys.iter().enumerate() {
            match self.find_locked(key, *hash) {
                Some(Some(_)) => {}
                Some(None) => self.put(token, key.clone(), *hash)?,
                None => return Ok(i),
            }
        }
        Ok(keys.len())
    }

    /// Removes keys in one section for as long as comparisons are built in; says how many were dealt with.
    pub fn remove_batch(&self, token: &Attached, keys: &[Hashed]) -> usize {
        let mut dropped = Vec::new();
        let section = CriticalSection::enter(token, self.header());
        let mut done = keys.len();
        for (i, (key, hash)) in keys.iter().enumerate() {
            match self.find_locked(key, *hash) {
                Some(Some(number)) => dropped.extend(self.delete(number)),
                Some(None) => {}
                None => {
                    done = i;
                    break;
                }
            }
        }
        drop(section);
        done
    }

    /// Becomes what `other` is, which only the caller knows and which is left empty.
    pub fn take_over(&self, token: &Attached, other: &Obj<Set>) {
        let section = CriticalSection::enter_two(token, self.header(), other.header());
        let dropped = self.table.get().take_all();
        let (used, fill) = (other.len(), other.fill());
        self.table.take_over(token, &other.table);
        other.count(0, 0);
        other.touch();
        self.count(used, fill);
        self.touch();
        drop(section);
        drop(dropped);
    }

    /// The hash of the keys as a `frozenset` has it.
    pub fn frozen_hash(&self, token: &Attached) -> i64 {
        // Relaxed: whoever computes it computes the same number (U4).
        let known = self.hash.load(Ordering::Relaxed) as i64;
        if known != -1 {
            return known;
        }
        let _section = CriticalSection::enter(token, self.header());
        let table = self.table.get();
        let keys = (0..table.size()).filter(|n| table.key(*n).is_some());
        combine(keys.map(|n| table.hash(n)), self.len())
    }
}

impl Obj<FrozenSet> {
    /// `hash(self)`
    pub fn hash(&self, token: &Attached) -> i64 {
        let hash = self.as_set().frozen_hash(token);
        self.hash.store(hash as u64, Ordering::Relaxed); // Relaxed: see `frozen_hash`.
        hash
    }
}

/// CPython's hash of a set of hashes: independent of order, and spread so that nested sets seldom collide.
fn combine(hashes: impl Iterator<Item = i64>, count: usize) -> i64 {
    let shuffle = |h: u64| ((h ^ 89_869_747) ^ (h << 16)).wrapping_mul(3_644_798_167);
    let mut hash = hashes.fold(0, |all, h| all ^ shuffle(h as u64));
    hash ^= (count as u64 + 1).wrapping_mul(1_927_868_237);
    hash ^= (hash >> 11) ^ (hash >> 25);
    hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
    if hash == u64::MAX { 590_923_713 } else { hash as i64 }
}

impl Payload for Set {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        let table = self.table.get();
        for number in 0..table.size() {
            table.key(number).into_iter().for_each(&mut *visit);
        }
    }
}

impl Payload for FrozenSet {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.0.trace(visit);
    }
}

impl Drop for Set {
    #[inline]
    fn drop(&mut self) {
        if !self.is_empty() {
            self.table.get().drop_all();
        }
    }
}
