//! The hash table of a dict: `[head][entries][indices]` in one allocation.
//!
//! Indices are one, two or four bytes; a search visits them in CPython's perturbed order.
//!
//! # Invariants
//! - T1 `filled` is the number of indices that are not EMPTY. It is at most the capacity, so that every search ends: what
//!   leaves a hole ([`Table::unlink`]) gives no index back, even where its entry is used again ([`Table::truncate`]).

use std::alloc::{Layout, alloc, dealloc};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use mode::Attached;

use crate::object::slot::Slot;
use crate::reclaim;
use crate::string::OutOfMemory;
use crate::value::Value;
use crate::value::singleton::UNBOUND;

const EMPTY: u32 = u32::MAX;
const HOLE: u32 = u32::MAX - 1;
const PERTURB_SHIFT: u32 = 5;
/// The capacity of the smallest table: of dicts that are made with so many keys at once.
const SMALL: usize = 3;
/// The capacity of the first table of a dict that grows.
const FIRST: usize = 5;

/// One key and its value.
#[repr(C)]
struct Entry {
    hash: AtomicU64,
    key: Slot,
    value: Slot,
}

/// The head of a table; entries and indices follow it in memory.
#[repr(C)]
pub(super) struct Table {
    /// Number of indices minus one; 0 for the table without indices.
    mask: usize,
    /// How many entries fit.
    capacity: usize,
    used: AtomicU32,
    version: AtomicU32,
    /// Who may mutate writes and reads it.
    filled: AtomicU32,
}

static NOTHING: Table = Table::head(0, 0);

/// A place in the order in which a search visits indices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    index: usize,
    perturb: u64,
}

impl Place {
    #[inline(always)]
    pub(super) fn first(table: &Table, hash: i64) -> Place {
        Place { index: hash as usize & table.mask, perturb: hash as u64 }
    }

    #[inline(always)]
    pub(super) fn next(self, table: &Table) -> Place {
        let perturb = self.perturb >> PERTURB_SHIFT;
        let index = self.index.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1) & table.mask;
        Place { index, perturb }
    }

    /// None: the search ends here. Some(None): a hole. Some(Some(n)): entry n.
    #[inline(always)]
    pub(super) fn entry(self, table: &Table) -> Option<Option<usize>> {
        match table.index(self.index) {
            EMPTY => None,
            HOLE => Some(None),
            number => Some(Some(number as usize)),
        }
    }
}

impl Table {
    const fn head(mask: usize, capacity: usize) -> Table {
        Table {
            mask,
            capacity,
            used: AtomicU32::new(0),
            version: AtomicU32::new(0),
            filled: AtomicU32::new(0),
        }
    }

    fn layout(capacity: usize, mask: usize) -> Result<Layout, OutOfMemory> {
        let entries = capacity.checked_mul(size_of::<Entry>()).ok_or(OutOfMemory)?;
        let indices = (mask + 1).checked_mul(Self::width(mask)).ok_or(OutOfMemory)?;
        let bytes = size_of::<Table>()
            .checked_add(entries)
            .and_then(|b| b.checked_add(indices))
            .ok_or(OutOfMemory)?;
        Layout::from_size_align(bytes, 8).map_err(|_| OutOfMemory)
    }

    fn width(mask: usize) -> usize {
        match mask {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            _ => 4,
        }
    }

    fn allocate(capacity_wanted: usize) -> Result<*mut Table, OutOfMemory> {
        if capacity_wanted == 0 {
            return Ok((&raw const NOTHING).cast_mut());
        }
        // Two thirds of the indices may be taken.
        let size = (capacity_wanted.checked_mul(3).ok_or(OutOfMemory)? / 2 + 1).next_power_of_two().max(8);
        if size > 1 << 31 {
            return Err(OutOfMemory);
        }
        // Most dicts that are made with a few keys stay so.
        let capacity = if capacity_wanted <= SMALL { SMALL } else { size * 2 / 3 };
        let mask = size - 1;
        // SAFETY: the layout is not empty.
        let table = unsafe { alloc(Self::layout(capacity, mask)?) }.cast::<Table>();
        if table.is_null() {
            return Err(OutOfMemory);
        }
        // SAFETY: the block has room for head, entries and indices.
        unsafe {
            table.write(Table::head(mask, capacity));
            let indices = table.add(1).cast::<Entry>().add(capacity).cast::<u8>();
            // All ones is EMPTY in every width.
            std::ptr::write_bytes(indices, 0xFF, size * Self::width(mask));
        }
        Ok(table)
    }

    /// # Safety
    /// `table` must come from [`Table::allocate`], be unreachable, and its references moved away.
    unsafe fn free(table: *mut Table) {
        // SAFETY: the caller's word.
        let (capacity, mask) = unsafe { ((*table).capacity, (*table).mask) };
        if capacity > 0
            && let Ok(layout) = Self::layout(capacity, mask)
        {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(table.cast(), layout) };
        }
    }

    #[inline(always)]
    fn at(&self, number: usize) -> &Entry {
        debug_assert!(number < self.capacity);
        // SAFETY: callers name entries below `used`, which is at most the capacity.
        unsafe { &*std::ptr::from_ref(self).add(1).cast::<Entry>().add(number) }
    }

    #[inline(always)]
    fn indices(&self) -> *const u8 {
        // SAFETY: the indices lie behind the entries, in the same allocation.
        unsafe { std::ptr::from_ref(self).add(1).cast::<Entry>().add(self.capacity).cast() }
    }

    #[inline(always)]
    fn index(&self, place: usize) -> u32 {
        if self.capacity == 0 {
            return EMPTY;
        }
        // Acquire pairs with the release in `set_index`: the entry is visible.
        // SAFETY: `place` is masked, so inside the indices of this width.
        unsafe {
            match self.mask {
                0..=0xFF => match (*self.indices().cast::<AtomicU8>().add(place)).load(Ordering::Acquire) {
                    u8::MAX => EMPTY,
                    0xFE => HOLE,
                    n => n.into(),
                },
                0x100..=0xFFFF => {
                    match (*self.indices().cast::<AtomicU16>().add(place)).load(Ordering::Acquire) {
                        u16::MAX => EMPTY,
                        0xFFFE => HOLE,
                        n => n.into(),
                    }
                }
                _ => (*self.indices().cast::<AtomicU32>().add(place)).load(Ordering::Acquire),
            }
        }
    }

    fn set_index(&self, place: usize, number: u32) {
        // Release pairs with the acquire in `index`. Truncation keeps EMPTY and HOLE; numbers fit by construction.
        // SAFETY: `place` is masked, so inside the indices of this width.
        unsafe {
            match self.mask {
                0..=0xFF => {
                    (*self.indices().cast::<AtomicU8>().add(place)).store(number as u8, Ordering::Release)
                }
                0x100..=0xFFFF => {
                    (*self.indices().cast::<AtomicU16>().add(place)).store(number as u16, Ordering::Release);
                }
                _ => (*self.indices().cast::<AtomicU32>().add(place)).store(number, Ordering::Release),
            }
        }
    }

    /// Entries in use, holes included.
    #[inline(always)]
    pub(super) fn used(&self) -> usize {
        // Acquire pairs with the release in `append`.
        self.used.load(Ordering::Acquire) as usize
    }

    /// True if no entry can be appended (T1).
    pub(super) fn is_full(&self) -> bool {
        // Relaxed: only who may mutate asks.
        self.used() == self.capacity || self.filled.load(Ordering::Relaxed) as usize == self.capacity
    }

    #[inline(always)]
    pub(super) fn hash(&self, number: usize) -> i64 {
        self.at(number).hash.load(Ordering::Relaxed) as i64 // Relaxed: published by the index.
    }

    #[inline(always)]
    pub(super) fn key(&self, number: usize) -> &Slot {
        &self.at(number).key
    }

    #[inline(always)]
    pub(super) fn value(&self, number: usize) -> &Slot {
        &self.at(number).value
    }

    /// Appends an entry; there must be room and the key must be new. The caller may mutate.
    pub(super) fn append(&self, hash: i64, key: Value, value: Option<Value>) {
        self.append_words(hash, key.into_word(), value.map_or(UNBOUND, Value::into_word));
    }

    fn append_words(&self, hash: i64, key: u64, value: u64) {
        let number = self.used();
        let entry = self.at(number);
        // The entry is not in use: its words may hold anything, so they are written, not replaced. By atomics: a reader
        // that came before `truncate` may still look at it; it finds out by the stamp. Relaxed: published by the index.
        entry.hash.store(hash as u64, Ordering::Relaxed);
        entry.value.set_word(value);
        entry.key.set_word(key);
        let mut place = Place::first(self, hash);
        let free = loop {
            match self.index(place.index) {
                free @ (EMPTY | HOLE) => break free,
                _ => place = place.next(self),
            }
        };
        if free == EMPTY {
            // Relaxed: as in `is_full`.
            self.filled.store(self.filled.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        // Release pairs with the acquire in `used`; a reader that comes by the index sees the entry through that.
        self.used.store(number as u32 + 1, Ordering::Release);
        self.set_index(place.index, number as u32);
    }

    /// Makes the index of entry `number` a hole.
    pub(super) fn unlink(&self, number: usize) {
        let mut place = Place::first(self, self.hash(number));
        loop {
            match self.index(place.index) {
                EMPTY => return,
                n if n as usize == number => return self.set_index(place.index, HOLE),
                _ => place = place.next(self),
            }
        }
    }

    /// Forgets empty entries from `used` on, so that `pop_last` is not quadratic.
    pub(super) fn truncate(&self, used: usize) {
        self.used.store(used as u32, Ordering::Release); // Release: as in `append`.
    }

    /// Gives every reference up. Nobody else may be able to reach the table.
    pub(super) fn drop_all(&self) {
        for number in 0..self.used() {
            drop(self.key(number).replace(None));
            drop(self.value(number).replace(None));
        }
    }

    /// Takes every reference out.
    pub(super) fn take_all(&self) -> Vec<Value> {
        (0..self.used())
            .flat_map(|n| [self.key(n).replace(None), self.value(n).replace(None)])
            .flatten()
            .collect()
    }

    #[inline(always)]
    pub(super) fn version(&self) -> u32 {
        // Acquire pairs with the release in `version_or` and `forget_version`.
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn version_or(&self, make: impl FnOnce() -> u32) -> u32 {
        if self.capacity == 0 {
            return 0;
        }
        match self.version() {
            0 => {
                let version = make();
                // Release pairs with the acquire in `version`.
                match self.version.compare_exchange(0, version, Ordering::Release, Ordering::Acquire) {
                    Ok(_) => version,
                    Err(other) => other,
                }
            }
            version => version,
        }
    }

    pub(super) fn forget_version(&self) {
        if self.version() != 0 {
            self.version.store(0, Ordering::Release); // Release pairs with the acquire in `version`.
        }
    }
}

/// A pointer to the table of now.
pub(super) struct TablePtr(AtomicPtr<Table>);

impl TablePtr {
    pub(super) fn empty() -> TablePtr {
        TablePtr(AtomicPtr::new((&raw const NOTHING).cast_mut()))
    }

    /// The table of now; valid until the caller's next safepoint.
    #[inline(always)]
    pub(super) fn get(&self) -> &Table {
        // Acquire pairs with the release in `replace`.
        // SAFETY: tables are freed only after all threads passed a safepoint.
        unsafe { &*self.0.load(Ordering::Acquire) }
    }

    #[inline(always)]
    pub(super) fn is(&self, table: &Table) -> bool {
        // Acquire: the second re-check of a lock-free read (`object::slot` S2).
        std::ptr::eq(self.0.load(Ordering::Acquire), table)
    }

    /// Gives a dict that nobody else knows yet its first table, with room for `keys` keys.
    pub(super) fn make_room(&self, keys: usize) -> Result<(), OutOfMemory> {
        // Release pairs with the acquire in `get`. What was there is the static empty table.
        self.0.store(Table::allocate(keys)?, Ordering::Release);
        Ok(())
    }

    /// Moves the entries to a new table with room for `wanted` keys and some more. The caller may mutate.
    #[cold]
    pub(super) fn replace(&self, token: &Attached, wanted: usize) -> Result<(), OutOfMemory> {
        let old = self.get();
        // Grow so that inserting is linear over all.
        let room = if wanted > 4 {
            wanted.checked_mul(2).ok_or(OutOfMemory)?
        } else if wanted > 0 {
            FIRST
        } else {
            0
        };
        let new = Table::allocate(room)?;
        // SAFETY: fresh or the static empty table; nobody else writes to it.
        let table = unsafe { &*new };
        for number in 0..old.used() {
            let key = old.key(number).peek();
            if key != UNBOUND {
                table.append_words(old.hash(number), key, old.value(number).peek());
            }
        }
        let bytes = old.capacity * size_of::<Entry>();
        // Release pairs with the acquire in `get`.
        let old = self.0.swap(new, Ordering::AcqRel) as usize;
        if bytes == 0 || reclaim::single_threaded() {
            // SAFETY: the words were moved, and no other thread exists that could be reading; or the table is static.
            unsafe { Table::free(old as *mut Table) };
        } else {
            // SAFETY: the words were moved; the closure runs when nobody reads the table any more.
            reclaim::retire_raw(token, bytes, move || unsafe { Table::free(old as *mut Table) });
        }
        Ok(())
    }
}

impl Drop for TablePtr {
    fn drop(&mut self) {
        // SAFETY: the dict is dead and took its references out; no reader can reach a dead dict.
        unsafe { Table::free(*self.0.get_mut()) };
    }
}
