//! The hash table of a set: `[head][entries]` in one allocation, searched in CPython's order.
//!
//! A search looks at the place that the hash names and at up to nine that follow, then jumps on, perturbed by the rest
//! of the hash. Iteration visits entries by place, so equal hashes and an equal history give CPython's order.

use std::alloc::{Layout, alloc, dealloc};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use mode::Attached;

use crate::object::slot::{Contended, Slot};
use crate::reclaim;
use crate::string::OutOfMemory;
use crate::value::Value;
use crate::value::singleton::{RANGE_MARK, UNBOUND};

/// The word of a deleted key. Any internal mark would do: none is ever a key.
const DELETED: u64 = RANGE_MARK;
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;
/// Entries of the smallest table.
const SMALLEST: usize = 8;

/// One key. Its word is UNBOUND until the entry is first used, DELETED between uses; the hash is written before the key.
#[repr(C)]
struct Entry {
    hash: AtomicU64,
    key: Slot,
}

/// The head of a table; the entries follow it in memory.
#[repr(C)]
pub(super) struct Table {
    /// Number of entries minus one.
    mask: usize,
    /// Where the entries begin. It also says that there is something to be written behind a `&Table`: the compiler takes
    /// what is reached through a reference to plain numbers alone to be constant.
    entries: [Entry; 0],
}

/// The table of a set that never held anything: one entry that stays unused, so that searches end.
#[repr(C)]
struct Nothing {
    head: Table,
    entry: Entry,
}

static NOTHING: Nothing = Nothing {
    head: Table { mask: 0, entries: [] },
    entry: Entry { hash: AtomicU64::new(0), key: Slot::empty() },
};

fn nothing() -> *mut Table {
    (&raw const NOTHING).cast_mut().cast()
}

/// A place in the order in which a search visits entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    start: usize,
    offset: usize,
    perturb: u64,
}

impl Place {
    #[inline(always)]
    pub(super) fn first(table: &Table, hash: i64) -> Place {
        Place { start: hash as usize & table.mask, offset: 0, perturb: hash as u64 }
    }

    #[inline(always)]
    pub(super) fn next(self, table: &Table) -> Place {
        if self.offset < LINEAR_PROBES && self.start + LINEAR_PROBES <= table.mask {
            return Place { offset: self.offset + 1, ..self };
        }
        let perturb = self.perturb >> PERTURB_SHIFT;
        let start = self.start.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & table.mask;
        Place { start, offset: 0, perturb }
    }

    /// The entry's number.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        self.start + self.offset
    }
}

/// What an entry is at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Never used: a search ends here.
    Unused,
    /// Its key was removed.
    Deleted,
    /// Holds the key with this word.
    Live(u64),
}

impl Table {
    fn layout(size: usize) -> Result<Layout, OutOfMemory> {
        let entries = size.checked_mul(size_of::<Entry>()).ok_or(OutOfMemory)?;
        let bytes = entries.checked_add(size_of::<Table>()).ok_or(OutOfMemory)?;
        Layout::from_size_align(bytes, 8).map_err(|_| OutOfMemory)
    }

    fn allocate(size: usize) -> Result<*mut Table, OutOfMemory> {
        // SAFETY: the layout is not empty.
        let table = unsafe { alloc(Self::layout(size)?) }.cast::<Table>();
        if table.is_null() {
            return Err(OutOfMemory);
        }
        // SAFETY: the block has room for the head and `size` entries.
        unsafe {
            table.write(Table { mask: size - 1, entries: [] });
            let entries = table.add(1).cast::<Entry>();
            for i in 0..size {
                entries.add(i).write(Entry { hash: AtomicU64::new(0), key: Slot::empty() });
            }
        }
        Ok(table)
    }

    /// # Safety
    /// `table` must be [`nothing`] or come from [`Table::allocate`], be unreachable, and its references moved away.
    unsafe fn free(table: *mut Table) {
        if table == nothing() {
            return;
        }
        // SAFETY: the caller's word.
        let size = unsafe { (*table).mask } + 1;
        if let Ok(layout) = Self::layout(size) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(table.cast(), layout) };
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.mask == 0
    }

    /// Entries, used or not.
    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.mask + 1
    }

    /// What CPython's growth rules take for the mask: its smallest table is never absent.
    pub(super) fn rule_mask(&self) -> usize {
        self.mask.max(SMALLEST - 1)
    }

    #[inline(always)]
    fn at(&self, number: usize) -> &Entry {
        debug_assert!(number <= self.mask);
        // SAFETY: callers name entries up to the mask; they lie behind the head, in the same allocation.
        unsafe { &*std::ptr::from_ref(self).add(1).cast::<Entry>().add(number) }
    }

    #[inline(always)]
    pub(super) fn state(&self, number: usize) -> State {
        match self.at(number).key.peek() {
            UNBOUND => State::Unused,
            DELETED => State::Deleted,
            word => State::Live(word),
        }
    }

    #[inline(always)]
    pub(super) fn hash(&self, number: usize) -> i64 {
        self.at(number).hash.load(Ordering::Relaxed) as i64 // Relaxed: published by the key, which is read before.
    }

    /// A counted reference to the key of entry `number` (None if it has none by now), or only the lock can tell.
    #[inline(always)]
    pub(super) fn load(
        &self,
        token: &Attached,
        number: usize,
        home: &TablePtr,
    ) -> Result<Option<Value>, Contended> {
        let key = self.at(number).key.load(token.owner(), || home.is(self))?;
        Ok(key.filter(|k| k.word() != DELETED))
    }

    /// The same for someone who may mutate.
    pub(super) fn load_locked(&self, token: &Attached, number: usize) -> Option<Value> {
        self.at(number).key.load_locked(token).filter(|k| k.word() != DELETED)
    }

    /// The key in place, for someone who may mutate.
    pub(super) fn key(&self, number: usize) -> Option<&Value> {
        self.at(number).key.get().filter(|k| k.word() != DELETED)
    }

    /// Where a key with this hash that is not in the table goes, and whether that entry was used before.
    pub(super) fn vacancy(&self, hash: i64) -> (usize, bool) {
        let mut place = Place::first(self, hash);
        let mut deleted = None;
        loop {
            let number = place.number();
            match self.state(number) {
                State::Unused => return deleted.map_or((number, false), |n| (n, true)),
                State::Deleted => deleted = Some(number),
                State::Live(_) => {}
            }
            place = place.next(self);
        }
    }

    /// Writes a key, with its reference, to a vacant entry. The caller may mutate.
    pub(super) fn fill(&self, number: usize, hash: i64, word: u64) {
        let entry = self.at(number);
        entry.hash.store(hash as u64, Ordering::Relaxed); // Relaxed: `set_word` publishes it.
        entry.key.set_word(word);
    }

    /// Takes the key out of entry `number`. The caller may mutate.
    pub(super) fn delete(&self, number: usize) -> Option<Value> {
        if !matches!(self.state(number), State::Live(_)) {
            return None;
        }
        // Not emptied in between: readers end their search at an unused entry, and there may be keys behind this one.
        // SAFETY: an internal mark is a valid encoding.
        self.at(number).key.replace(Some(unsafe { Value::from_word(DELETED) }))
    }

    /// Gives every reference up. Nobody else may be able to reach the table.
    pub(super) fn drop_all(&self) {
        for number in 0..self.size() {
            drop(self.delete(number));
        }
    }

    /// Takes every reference out.
    pub(super) fn take_all(&self) -> Vec<Value> {
        (0..self.size()).filter_map(|n| self.delete(n)).collect()
    }

    /// Adds the keys of `from` to this empty table of another size, or of the same. The caller has both to himself.
    fn absorb(&self, from: &Table) {
        for number in 0..from.size() {
            if let State::Live(word) = from.state(number) {
                let hash = from.hash(number);
                self.fill(self.vacancy(hash).0, hash, word);
            }
        }
    }
}

/// A pointer to the table of now.
pub(super) struct TablePtr(AtomicPtr<Table>);

impl TablePtr {
    pub(super) fn empty() -> TablePtr {
        TablePtr(AtomicPtr::new(nothing()))
    }

    /// The table of now; valid until the caller's next safepoint.
    #[inline(always)]
    pub(super) fn get(&self) -> &Table {
        // Acquire pairs with the release in `publish`.
        // SAFETY: tables are freed only after all threads passed a safepoint.
        unsafe { &*self.0.load(Ordering::Acquire) }
    }

    #[inline(always)]
    pub(super) fn is(&self, table: &Table) -> bool {
        // Acquire: the second re-check of a lock-free read (`object::slot` S2).
        std::ptr::eq(self.0.load(Ordering::Acquire), table)
    }

    /// Moves the keys to a new table that is larger than `wanted`. The caller may mutate.
    #[cold]
    pub(super) fn resize(&self, token: &Attached, wanted: usize) -> Result<(), OutOfMemory> {
        let size = wanted.checked_add(1).and_then(usize::checked_next_power_of_two).ok_or(OutOfMemory)?;
        let new = Table::allocate(size.max(SMALLEST))?;
        // SAFETY: fresh, and ours alone.
        unsafe { &*new }.absorb(self.get());
        self.publish(token, new);
        Ok(())
    }

    /// Replaces the table, whose references must have been moved away, by the one that keeps nothing.
    pub(super) fn reset(&self, token: &Attached) {
        self.publish(token, nothing());
    }

    /// Replaces the empty table by a table of the same size that holds the keys of `other` at the same places.
    pub(super) fn duplicate(&self, token: &Attached, other: &Table) -> Result<(), OutOfMemory> {
        let new = Table::allocate(other.size())?;
        // SAFETY: fresh, and ours alone.
        let table = unsafe { &*new };
        for number in 0..other.size() {
            if let Some(key) = other.load_locked(token, number) {
                table.fill(number, other.hash(number), key.into_word());
            }
        }
        self.publish(token, new);
        Ok(())
    }

    /// Takes over the table of `other`, which is left with nothing. The caller may mutate both.
    pub(super) fn take_over(&self, token: &Attached, other: &TablePtr) {
        // AcqRel: `other` is private to the caller; the release in `publish` is what readers pair with.
        let new = other.0.swap(nothing(), Ordering::AcqRel);
        self.publish(token, new);
    }

    fn publish(&self, token: &Attached, new: *mut Table) {
        // Release pairs with the acquire in `get`.
        let old = self.0.swap(new, Ordering::AcqRel);
        let address = old as usize;
        if old == nothing() {
            return;
        }
        if reclaim::single_threaded() {
            // SAFETY: the words were moved, and no other thread exists that could be reading.
            unsafe { Table::free(old) };
        } else {
            // SAFETY: the table is not freed yet.
            let bytes = (unsafe { (*old).mask } + 1) * size_of::<Entry>();
            // SAFETY: the words were moved; the closure runs when nobody reads the table any more.
            reclaim::retire_raw(token, bytes, move || unsafe { Table::free(address as *mut Table) });
        }
    }
}

impl Drop for TablePtr {
    fn drop(&mut self) {
        // SAFETY: the set is dead and took its references out; no reader can reach a dead set.
        unsafe { Table::free(*self.0.get_mut()) };
    }
}
