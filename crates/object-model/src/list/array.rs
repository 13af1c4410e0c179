//! The array behind a list: `[capacity][slot × capacity]` in one allocation, replaced whole.
//!
//! # Invariants
//! - M1 An array of at least [`MAPPED`] slots that fills whole pages has pages of its own ([`growing`]), every other one
//!   comes from the global allocator: lists that grow large do so in place, those made at once use memory again.
//! - M2 Memory is moved or freed at once only while the process has one thread that could read it.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use allocator::growing;
use mode::{Attached, FREE_THREADED};

use crate::object::slot::Slot;
use crate::reclaim;
use crate::string::OutOfMemory;
use crate::value::singleton::UNBOUND;

#[repr(C)]
struct Head {
    capacity: usize,
}

/// An empty list's array: never freed, never written.
static EMPTY: Head = Head { capacity: 0 };

/// A pointer to the array of now.
pub(super) struct Array(AtomicPtr<Head>);

/// Arrays that grow to so many slots get pages of their own (M1).
const MAPPED: usize = 1 << 16;

/// Arrays that grow take larger steps from so many slots on.
const LARGE: usize = 1 << 11;

/// How many words such pages have room for.
const WORDS: usize = growing::UNIT / size_of::<Slot>();

/// Whether an array of this capacity has pages of its own (M1).
fn is_mapped(capacity: usize) -> bool {
    capacity >= MAPPED && capacity % WORDS == WORDS - 1
}

/// A capacity of at least `len` whose array comes from the global allocator.
fn unmapped(len: usize) -> usize {
    len + usize::from(is_mapped(len))
}

/// Stops the process: a small allocation failed.
#[cold]
pub(super) fn out_of_memory(items: usize) -> ! {
    handle_alloc_error(layout(items).unwrap_or(Layout::new::<Head>()))
}

fn layout(capacity: usize) -> Result<Layout, OutOfMemory> {
    let bytes = capacity.checked_mul(8).and_then(|b| b.checked_add(size_of::<Head>())).ok_or(OutOfMemory)?;
    Layout::from_size_align(bytes, 8).map_err(|_| OutOfMemory)
}

/// An array of which the first `filled` slots are not written yet, the others empty.
fn allocate(capacity: usize, filled: usize) -> Result<*mut Head, OutOfMemory> {
    if capacity == 0 {
        return Ok((&raw const EMPTY).cast_mut());
    }
    let layout = layout(capacity)?;
    let head = if is_mapped(capacity) {
        growing::map(layout.size()).ok_or(OutOfMemory)?.as_ptr()
    } else {
        // SAFETY: the layout is not empty.
        unsafe { alloc(layout) }
    };
    let head = head.cast::<Head>();
    if head.is_null() {
        return Err(OutOfMemory);
    }
    // SAFETY: the block has room for the head and `capacity` words.
    unsafe { begin(head, capacity, filled) };
    Ok(head)
}

/// Writes the head, and empties the slots from `filled` on (in pages of its own only where A1 needs it: they are zeroed,
/// and what is not touched costs nothing).
///
/// # Safety
/// `head` must be the caller's alone and have room for so many slots.
unsafe fn begin(head: *mut Head, capacity: usize, filled: usize) {
    // SAFETY: the caller's word.
    unsafe { head.write(Head { capacity }) };
    if FREE_THREADED || !is_mapped(capacity) {
        for i in filled..capacity {
            // SAFETY: as above.
            unsafe { head.add(1).cast::<u64>().add(i).write(UNBOUND) };
        }
    }
}

/// # Safety
/// `head` must come from [`allocate`] or [`resize`], be unreachable, and its slots' references must have been moved away.
unsafe fn free(head: *mut Head) {
    // SAFETY: the caller's word.
    let capacity = unsafe { (*head).capacity };
    if capacity > 0
        && let Ok(layout) = layout(capacity)
    {
        if is_mapped(capacity) {
            // SAFETY: not null; mapped with this length.
            unsafe { growing::unmap(NonNull::new_unchecked(head.cast()), layout.size()) };
        } else {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(head.cast(), layout) };
        }
    }
}

/// Makes an array larger or smaller, where it is or elsewhere, with the words of its first `used` slots; None if that
/// needs another kind of memory, or there is none.
///
/// # Safety
/// `old` must come from [`allocate`] or this function, and nobody else may be reading it; after a success it is gone.
unsafe fn resize(old: *mut Head, used: usize, capacity: usize) -> Option<*mut Head> {
    // SAFETY: the caller's word.
    let before = unsafe { (*old).capacity };
    if before == 0 || capacity == 0 || is_mapped(before) != is_mapped(capacity) {
        return None;
    }
    let (old_layout, size) = (layout(before).ok()?, layout(capacity).ok()?.size());
    let start = NonNull::new(old)?.cast();
    let head = if is_mapped(capacity) {
        // SAFETY: mapped with this length; the caller gives the old address up.
        unsafe { growing::resize(start, old_layout.size(), size) }?
    } else {
        // SAFETY: allocated with this layout, and the new size is a layout's.
        NonNull::new(unsafe { realloc(start.as_ptr(), old_layout, size) })?
    };
    let head = head.cast::<Head>().as_ptr();
    // SAFETY: it has room for so many slots, and is ours alone.
    unsafe { begin(head, capacity, used) };
    Some(head)
}

impl Array {
    /// An array with the words that `item` answers for 0, 1, … up to `len`, or up to the first None; and how many.
    #[inline]
    pub(super) fn from_fn(
        len: usize,
        mut item: impl FnMut(usize) -> Option<u64>,
    ) -> Result<(Array, usize), OutOfMemory> {
        // Made at once, not grown: the general allocator does better (M1).
        let capacity = unmapped(len);
        let head = allocate(capacity, capacity)?;
        let array = Array(AtomicPtr::new(head));
        let mut filled = 0;
        while filled < len
            && let Some(word) = item(filled)
        {
            // SAFETY: the array is ours alone, and has more slots than `filled`.
            unsafe { head.add(1).cast::<u64>().add(filled).write(word) };
            filled += 1;
        }
        if capacity > 0 {
            // SAFETY: as above.
            unsafe { begin(head, capacity, filled) };
        }
        Ok((array, filled))
    }

    /// An array of `len` words, which `fill` writes, all of them, at the address that it is given; and `len`.
    #[inline]
    pub(super) fn filled(len: usize, fill: impl FnOnce(*mut u64)) -> Result<(Array, usize), OutOfMemory> {
        let capacity = unmapped(len);
        let head = allocate(capacity, len)?;
        if len > 0 {
            // SAFETY: the array is ours alone.
            fill(unsafe { head.add(1) }.cast());
        }
        Ok((Array(AtomicPtr::new(head)), len))
    }

    /// All slots, used or not. Valid until the caller's next safepoint.
    #[inline(always)]
    pub(super) fn slots(&self) -> &[Slot] {
        // Acquire pairs with the release in `replace`: the array's content is visible.
        let head = self.0.load(Ordering::Acquire);
        // SAFETY: the array stays allocated until all threads passed a safepoint (A2 of `list`).
        unsafe { std::slice::from_raw_parts(head.add(1).cast::<Slot>(), (*head).capacity) }
    }

    /// Whether `slots` is still the array of now.
    #[inline(always)]
    pub(super) fn is(&self, slots: &[Slot]) -> bool {
        // Acquire: the second re-check of a lock-free read (`object::slot` S2).
        std::ptr::eq(self.0.load(Ordering::Acquire).wrapping_add(1).cast::<Slot>(), slots.as_ptr())
    }

    /// Makes room for `wanted` slots, of which the first `used` are moved. The caller may mutate.
    #[cold]
    pub(super) fn grow(&self, token: &Attached, used: usize, wanted: usize) -> Result<(), OutOfMemory> {
        if used == 0 && wanted >= MAPPED {
            // Filled at once: as in `from_fn`.
            return self.replace(token, used, unmapped(wanted));
        }
        // CPython's growth: about an eighth more, so that appending is linear over all. Before the array gets pages of its own
        // it takes larger steps: what the general allocator gets back from each is of little use to others.
        let more = if (LARGE..MAPPED).contains(&wanted) { wanted } else { (wanted >> 3) + 6 };
        let capacity = wanted.checked_add(more).ok_or(OutOfMemory)? & !3;
        // The last slots of pages are used as well.
        let capacity = if capacity >= MAPPED { capacity | (WORDS - 1) } else { capacity };
        self.replace(token, used, capacity)
    }

    /// Gives memory back when only `used` slots are left. Keeping too much is no error.
    #[cold]
    pub(super) fn shrink(&self, token: &Attached, used: usize) {
        let capacity = if used == 0 { 0 } else { (used + (used >> 3) + 6) & !3 };
        let capacity = if capacity >= MAPPED { capacity | (WORDS - 1) } else { capacity };
        if capacity < self.slots().len() {
            // A failure to allocate leaves the larger array.
            let _ = self.replace(token, used, capacity);
        }
    }

    fn replace(&self, token: &Attached, used: usize, capacity: usize) -> Result<(), OutOfMemory> {
        let unshared = reclaim::single_threaded();
        let old_slots = self.slots();
        if unshared {
            // Relaxed: there is no other thread.
            let old = self.0.load(Ordering::Relaxed);
            // SAFETY: it is the list's array, and no other thread exists that could be reading.
            if let Some(new) = unsafe { resize(old, used, capacity) } {
                self.0.store(new, Ordering::Relaxed); // Relaxed: as above.
                return Ok(());
            }
        }
        let new = allocate(capacity, used)?;
        // SAFETY: `new` has room for the first `used` words.
        let words = unsafe { new.add(1).cast::<u64>() };
        for (i, slot) in old_slots[..used].iter().enumerate() {
            // SAFETY: as above.
            unsafe { words.add(i).write(slot.peek()) };
        }
        let bytes = size_of_val(old_slots);
        // Release pairs with the acquire in `slots`.
        let old = self.0.swap(new, Ordering::AcqRel);
        let address = old as usize;
        if unshared {
            // SAFETY: the words were moved, and no other thread exists that could be reading.
            unsafe { free(old) };
        } else {
            // SAFETY: the words were moved; the closure runs when nobody reads the array any more.
            reclaim::retire_raw(token, bytes, move || unsafe { free(address as *mut Head) });
        }
        Ok(())
    }

    /// Moves the words of `from` to `to` and up, either direction. The caller may mutate.
    pub(super) fn shift(&self, from: Range<usize>, to: usize) {
        let slots = self.slots();
        let count = from.len();
        let (sources, targets) = (&slots[from.start..][..count], &slots[to..][..count]);
        // The slices may overlap, which is why the direction matters.
        if to < from.start {
            for (target, source) in targets.iter().zip(sources) {
                target.set_word(source.peek());
            }
        } else {
            for (target, source) in targets.iter().zip(sources).rev() {
                target.set_word(source.peek());
            }
        }
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        // SAFETY: the list is dead and took its values out; no reader can reach a dead list.
        unsafe { free(*self.0.get_mut()) };
    }
}
