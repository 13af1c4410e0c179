//! The storage of `list`: an array of slots, grown in steps, replaced whole.
//!
//! # Protocol
//! - Mutations need the list's critical section; each method that mutates takes it itself, once.
//! - `get` and `len` take no lock (`object::slot`). A reader may see a list between two steps of `insert`, `pop(i)` or
//!   a slice assignment, as CPython documents; it never sees an item that was not in the list.
//!
//! # Invariants
//! - A1 Slots from `len` on are empty, so a stale length leads to an empty slot, never to a stale item. (In the `gil` build
//!   nobody has a stale length, and slots never used may hold anything.)
//! - A2 An array is freed only after all threads passed a safepoint, or at once while the process has one thread.
//!
//! Not here: methods, comparison, sorting (`vm`).

mod array;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use mode::{Attached, FREE_THREADED, OwnerId};

use crate::lock::CriticalSection;
use crate::object::handle::Obj;
use crate::object::layout::{Layout, Payload};
use crate::object::run;
use crate::object::slot::Slot;
use crate::shape::builtin;
use crate::string::OutOfMemory;
use crate::value::Value;
use crate::value::int::both_int;
use array::Array;

/// The payload of a `list`.
pub struct List {
    array: Array,
    len: AtomicUsize,
}

/// The layout of `list`.
pub static LAYOUT: Layout = Layout::of::<List>();

impl List {
    /// A list of these values.
    pub fn from_vec(items: Vec<Value>) -> List {
        let len = items.len();
        let mut items = items.into_iter();
        List::from_fn(len, |_| items.next()).unwrap_or_else(|_| array::out_of_memory(len))
    }

    /// A list of what `item` answers for 0, 1, … up to `len`, or up to the first None.
    #[inline]
    pub fn from_fn(len: usize, mut item: impl FnMut(usize) -> Option<Value>) -> Result<List, OutOfMemory> {
        let (array, filled) = Array::from_fn(len, |n| item(n).map(Value::into_word))?;
        Ok(List { array, len: AtomicUsize::new(filled) })
    }

    /// A list of what two runs of slots hold, all of them full, for someone who may mutate where they are.
    #[inline]
    fn of_slots(token: &Attached, first: &[Slot], second: &[Slot]) -> Result<List, OutOfMemory> {
        let (array, filled) = Array::filled(first.len() + second.len(), |place| {
            // SAFETY: there is a place for each.
            unsafe {
                run::copy_counted(token, first, place);
                run::copy_counted(token, second, place.add(first.len()));
            }
        })?;
        Ok(List { array, len: AtomicUsize::new(filled) })
    }

    /// A list of these values so many times over.
    pub fn repeated(items: &[Value], times: usize) -> Result<List, OutOfMemory> {
        let len = items.len().checked_mul(times).ok_or(OutOfMemory)?;
        match items {
            // The common case, and what it does for each item is little.
            [item] => List::from_fn(len, |_| Some(item.clone())),
            _ => {
                let mut items = items.iter().cycle();
                List::from_fn(len, |_| items.next().cloned())
            }
        }
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        // Acquire pairs with the release in `set_len`: the items below it are visible.
        self.len.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn set_len(&self, len: usize) {
        // Release pairs with the acquire in `len`.
        self.len.store(len, Ordering::Release);
    }
}

impl Obj<List> {
    /// A new `list` of these values.
    pub fn list(token: &Attached, items: Vec<Value>) -> Obj<List> {
        Obj::new(token, builtin::LIST, List::from_vec(items))
    }

    /// `self[index]`, or None beyond the end.
    #[inline(always)]
    pub fn get(&self, token: &Attached, index: usize) -> Option<Value> {
        match self.get_quick(token.owner(), index) {
            None if FREE_THREADED => self.get_rest(token, index),
            found => found,
        }
    }

    /// [`Obj::get`] of an item that may need a second look, or the lock.
    #[inline(never)]
    fn get_rest(&self, token: &Attached, index: usize) -> Option<Value> {
        if index >= self.len() {
            return None;
        }
        let slots = self.array.slots();
        if let Some(slot) = slots.get(index)
            && let Ok(Some(value)) = slot.load(token.owner(), || self.array.is(slots))
        {
            return Some(value);
        }
        self.get_locked(token, index)
    }

    /// [`Obj::get`] by the thread whose heap is `me`, of an item that needs no call to be counted; else None.
    #[inline(always)]
    pub fn get_quick(&self, me: OwnerId, index: usize) -> Option<Value> {
        let slots = self.array.slots();
        if index >= self.end(slots) {
            return None;
        }
        // SAFETY: the index is below the capacity.
        unsafe { slots.get_unchecked(index) }.load_quick(me)
    }

    /// The first place from `from` on where something else may be than a small int which is not `int`, the word of one: that
    /// int, an object, or the end.
    pub fn skip_other_ints(&self, from: usize, int: u64) -> usize {
        let slots = self.array.slots();
        let rest = slots.get(from..self.end(slots)).unwrap_or_default();
        let is_other = |slot: &Slot| {
            let word = slot.peek();
            word != int && both_int(word, int)
        };
        from + rest.iter().take_while(|slot| is_other(slot)).count()
    }

    /// Below it slots may be read without a lock. In the free-threaded build the length may belong to another array; what
    /// lies between it and the capacity is empty (A1).
    #[inline(always)]
    fn end(&self, slots: &[Slot]) -> usize {
        if FREE_THREADED { slots.len() } else { self.len() }
    }

    #[cold]
    #[inline(never)]
    fn get_locked(&self, token: &Attached, index: usize) -> Option<Value> {
        let _section = CriticalSection::enter(token, self.header());
        if index >= self.len() {
            return None;
        }
        self.array.slots().get(index)?.load_locked(token)
    }

    /// `self[index] = value`; gives the value back if the index is beyond the end. The old item is dropped after the
    /// section ended.
    #[inline(always)]
    pub fn set(&self, token: &Attached, index: usize, value: Value) -> Result<(), Value> {
        let section = CriticalSection::enter(token, self.header());
        if index >= self.len() {
            return Err(value);
        }
        // SAFETY: the index is below the length.
        let old = unsafe { self.array.slots().get_unchecked(index) }.replace(Some(value));
        drop(section);
        drop(old);
        Ok(())
    }

    /// [`Obj::set`] by the thread whose heap is `me`, with a value that is made only if it is stored; hands out what was
    /// there. None if that needs the list's lock, or the index is beyond the end.
    #[inline(always)]
    pub fn set_quick(&self, me: OwnerId, index: usize, value: impl FnOnce() -> Value) -> Option<Value> {
        if index >= self.len() || !CriticalSection::is_unneeded(self.header(), me) {
            return None;
        }
        // SAFETY: the index is below the length.
        Some(unsafe { self.array.slots().get_unchecked(index) }.exchange(value()))
    }

    /// `self.append(value)`
    #[inline(always)]
    pub fn push(&self, token: &Attached, value: Value) -> Result<(), OutOfMemory> {
        let (len, slots) = (self.len(), self.array.slots());
        if len >= slots.len() || !CriticalSection::is_unneeded(self.header(), token.owner()) {
            return self.push_rest(token, value);
        }
        // SAFETY: there is room.
        unsafe { slots.get_unchecked(len) }.set_word(value.into_word());
        self.set_len(len + 1);
        Ok(())
    }

    /// [`Obj::push`] that may need the lock, and more room.
    #[inline(never)]
    fn push_rest(&self, token: &Attached, value: Value) -> Result<(), OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        if len == self.array.slots().len() {
            self.array.grow(token, len, len + 1)?;
        }
        // SAFETY: there is room now.
        unsafe { self.array.slots().get_unchecked(len) }.set_word(value.into_word());
        self.set_len(len + 1);
        Ok(())
    }

    /// Removes and returns the last item.
    #[inline]
    pub fn pop_last(&self, token: &Attached) -> Option<Value> {
        let (len, slots) = (self.len(), self.array.slots());
        let is_quick = len > 0 && !Self::has_too_much(len, slots);
        if !is_quick || !CriticalSection::is_unneeded(self.header(), token.owner()) {
            return self.pop_rest(token);
        }
        let value = slots.get(len - 1)?.replace(None);
        self.set_len(len - 1);
        value
    }

    /// Whether an array should shrink when the last of `len` items is removed.
    #[inline(always)]
    fn has_too_much(len: usize, slots: &[Slot]) -> bool {
        len * 4 < slots.len() && len > 16
    }

    /// [`Obj::pop_last`] that may need the lock, and less room.
    #[inline(never)]
    fn pop_rest(&self, token: &Attached) -> Option<Value> {
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        if len == 0 {
            return None;
        }
        let value = self.array.slots()[len - 1].replace(None);
        self.set_len(len - 1);
        if Self::has_too_much(len, self.array.slots()) {
            self.array.shrink(token, len - 1);
        }
        value
    }

    /// Removes and returns `self[index]`.
    pub fn remove(&self, token: &Attached, index: usize) -> Option<Value> {
        let len = self.len();
        if index >= len {
            return None;
        }
        if index + 1 == len {
            return self.pop_last(token);
        }
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        let slots = self.array.slots();
        let value = slots[..len].get(index)?.replace(None);
        self.array.shift(index + 1..len, index);
        slots[len - 1].set_word(crate::value::singleton::UNBOUND);
        self.set_len(len - 1);
        if Self::has_too_much(len, slots) {
            self.array.shrink(token, len - 1);
        }
        value
    }

    /// Inserts before `index` (clamped to the length).
    pub fn insert(&self, token: &Attached, index: usize, value: Value) -> Result<(), OutOfMemory> {
        let section = CriticalSection::enter(token, self.header());
        let len = self.len();
        let index = index.min(len);
        if len == self.array.slots().len() {
            self.array.grow(token, len, len + 1)?;
        }
        self.array.shift(index..len, index + 1);
        self.array.slots()[index].set_word(value.into_word());
        self.set_len(len + 1);
        drop(section);
        Ok(())
    }

    /// Appends all of `values`.
    pub fn extend(&self, token: &Attached, values: Vec<Value>) -> Result<(), OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        let wanted = len.checked_add(values.len()).ok_or(OutOfMemory)?;
        if wanted > self.array.slots().len() {
            self.array.grow(token, len, wanted)?;
        }
        let slots = self.array.slots();
        for (i, value) in values.into_iter().enumerate() {
            slots[len + i].set_word(value.into_word());
        }
        self.set_len(wanted);
        Ok(())
    }

    /// Replaces the items in `range` (clamped) by `values`; hands out what was there.
    pub fn splice(
        &self,
        token: &Attached,
        range: Range<usize>,
        values: Vec<Value>,
    ) -> Result<Vec<Value>, OutOfMemory> {
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        let end = range.end.min(len);
        let start = range.start.min(end);
        let wanted = len - (end - start) + values.len();
        if wanted > self.array.slots().len() {
            self.array.grow(token, len, wanted)?;
        }
        let slots = self.array.slots();
        let removed: Vec<Value> = slots[start..end].iter().filter_map(|slot| slot.replace(None)).collect();
        if wanted > len {
            self.array.shift(end..len, start + values.len());
        } else {
            self.array.shift(end..len, start + values.len());
            for slot in &slots[wanted..len] {
                slot.set_word(crate::value::singleton::UNBOUND);
            }
        }
        for (i, value) in values.into_iter().enumerate() {
            slots[start + i].set_word(value.into_word());
        }
        self.set_len(wanted);
        if wanted * 4 < slots.len() && slots.len() > 16 {
            self.array.shrink(token, wanted);
        }
        Ok(removed)
    }

    /// A new list of `count` items from `start` on, `step` apart (not zero, may be negative). What lies beyond the end is
    /// left out.
    pub fn sliced(
        &self,
        token: &Attached,
        start: usize,
        step: isize,
        count: usize,
    ) -> Result<Obj<List>, OutOfMemory> {
        let new = {
            let _section = CriticalSection::enter(token, self.header());
            let slots = &self.array.slots()[..self.len()];
            if step == 1 {
                let slots = slots.get(start..).unwrap_or_default();
                List::of_slots(token, &slots[..count.min(slots.len())], &[])?
            } else {
                let mut index = start;
                List::from_fn(count, |_| {
                    let value = slots.get(index)?.load_locked(token);
                    index = index.wrapping_add_signed(step);
                    value
                })?
            }
        };
        Ok(Obj::new(token, builtin::LIST, new))
    }

    /// A new list of the items of this one and then those of `other`.
    pub fn concat(&self, token: &Attached, other: &Obj<List>) -> Result<Obj<List>, OutOfMemory> {
        let new = {
            let _sections = CriticalSection::enter_two(token, self.header(), other.header());
            let [first, second] = [self, other].map(|list| &list.array.slots()[..list.len()]);
            List::of_slots(token, first, second)?
        };
        Ok(Obj::new(token, builtin::LIST, new))
    }

    /// Exchanges the items of `other` for as many of this list from `start` on; false if there are not so many, or `other`
    /// can be reached by anybody else.
    pub fn exchange_unique(&self, token: &Attached, start: usize, other: &Obj<List>) -> bool {
        if !other.header().is_unique(token) || std::ptr::eq(other.header(), self.header()) {
            return false;
        }
        let _section = CriticalSection::enter(token, self.header());
        let slots = &self.array.slots()[..self.len()];
        let others = &other.array.slots()[..other.len()];
        let Some(places) = slots.get(start..).and_then(|slots| slots.get(..others.len())) else {
            return false;
        };
        for (place, from) in places.iter().zip(others) {
            let old = place.peek();
            place.set_word(from.peek());
            from.set_word(old);
        }
        true
    }

    /// Replaces `values.len()` items from `start` on, and hands out what was there; gives the values back if there are
    /// not so many.
    pub fn exchange(
        &self,
        token: &Attached,
        start: usize,
        mut values: Vec<Value>,
    ) -> Result<Vec<Value>, Vec<Value>> {
        let _section = CriticalSection::enter(token, self.header());
        let slots = &self.array.slots()[..self.len()];
        let Some(places) = slots.get(start..).and_then(|slots| slots.get(..values.len())) else {
            return Err(values);
        };
        for (place, value) in places.iter().zip(&mut values) {
            let old = place.peek();
            place.set_word(std::mem::replace(value, Value::UNBOUND).into_word());
            // SAFETY: the reference that the slot held is ours now.
            *value = unsafe { Value::from_word(old) };
        }
        Ok(values)
    }

    /// Counted references to all items.
    pub fn snapshot(&self, token: &Attached) -> Vec<Value> {
        self.snapshot_range(token, 0..usize::MAX)
    }

    /// Counted references to the items in `range` (clamped).
    pub fn snapshot_range(&self, token: &Attached, range: Range<usize>) -> Vec<Value> {
        let _section = CriticalSection::enter(token, self.header());
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        let slots = &self.array.slots()[start..end];
        // SAFETY: a slot below the length holds a value (A1), and the reference is counted for it.
        slots.iter().map(|slot| unsafe { Value::from_word(slot.count_locked(token)) }).collect()
    }

    /// Looks at all items inside the list's section.
    pub fn with_items<R>(&self, token: &Attached, look: impl FnOnce(&[Value]) -> R) -> R {
        let _section = CriticalSection::enter(token, self.header());
        let slots = &self.array.slots()[..self.len()];
        // SAFETY: slots below the length hold values (A1), and nobody mutates inside the section.
        look(unsafe { std::slice::from_raw_parts(slots.as_ptr().cast::<Value>(), slots.len()) })
    }

    /// Takes all items out, leaving the list empty (`sort`, `clear`).
    pub fn take(&self, token: &Attached) -> Vec<Value> {
        let _section = CriticalSection::enter(token, self.header());
        let len = self.len();
        self.set_len(0);
        let items = self.array.slots()[..len].iter().filter_map(|slot| slot.replace(None)).collect();
        self.array.shrink(token, 0);
        items
    }

    /// Puts `items` where there were none and hands out what came in between.
    pub fn put_back(&self, token: &Attached, items: Vec<Value>) -> Result<Vec<Value>, OutOfMemory> {
        self.splice(token, 0..usize::MAX, items)
    }

    /// Reverses in place.
    pub fn reverse(&self, token: &Attached) {
        let _section = CriticalSection::enter(token, self.header());
        let slots = &self.array.slots()[..self.len()];
        for i in 0..slots.len() / 2 {
            let (low, high) = (slots[i].peek(), slots[slots.len() - 1 - i].peek());
            slots[i].set_word(high);
            slots[slots.len() - 1 - i].set_word(low);
        }
    }

    /// How many items fit before the array grows.
    pub fn capacity(&self) -> usize {
        self.array.slots().len()
    }
}

impl Payload for List {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.array.slots().iter().take(self.len()).filter_map(Slot::get).for_each(visit);
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let slots = &self.array.slots()[..self.len()];
        // SAFETY: a slot is a word; nobody looks at the slots of a dead list any more, but to free their memory.
        unsafe { run::release_all(std::slice::from_raw_parts(slots.as_ptr().cast(), slots.len())) };
    }
}
