//! The array behind a list: `[capacity][slot × capacity]` in one allocation, replaced whole.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::Range;
use std::sync::atomic::{AtomicPtr, Ordering};

use mode::Attached;

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

/// Stops the process: a small allocation failed.
#[cold]
pub(super) fn out_of_memory(items: usize) -> ! {
    handle_alloc_error(layout(items).unwrap_or(Layout::new::<Head>()))
}

fn layout(capacity: usize) -> Result<Layout, OutOfMemory> {
    let bytes = capacity.checked_mul(8).and_then(|b| b.checked_add(size_of::<Head>())).ok_or(OutOfMemory)?;
    Layout::from_size_align(bytes, 8).map_err(|_| OutOfMemory)
}

fn allocate(capacity: usize) -> Result<*mut Head, OutOfMemory> {
    if capacity == 0 {
        return Ok((&raw const EMPTY).cast_mut());
    }
    // SAFETY: the layout is not empty.
    let head = unsafe { alloc(layout(capacity)?) }.cast::<Head>();
    if head.is_null() {
        return Err(OutOfMemory);
    }
    // SAFETY: the block has room for the head and `capacity` words.
    unsafe {
        head.write(Head { capacity });
        let words = head.add(1).cast::<u64>();
        for i in 0..capacity {
            words.add(i).write(UNBOUND);
        }
    }
    Ok(head)
}

/// # Safety
/// `head` must come from [`allocate`], be unreachable, and its slots' references must have been moved away.
unsafe fn free(head: *mut Head) {
    // SAFETY: the caller's word.
    let capacity = unsafe { (*head).capacity };
    if capacity > 0
        && let Ok(layout) = layout(capacity)
    {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(head.cast(), layout) };
    }
}

impl Array {
    pub(super) fn with_capacity(capacity: usize) -> Result<Array, OutOfMemory> {
        Ok(Array(AtomicPtr::new(allocate(capacity)?)))
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
        // CPython's growth: about an eighth more, so that appending is linear over all.
        let capacity = wanted.checked_add((wanted >> 3) + 6).ok_or(OutOfMemory)? & !3;
        self.replace(token, used, capacity)
    }

    /// Gives memory back when only `used` slots are left. Keeping too much is no error.
    #[cold]
    pub(super) fn shrink(&self, token: &Attached, used: usize) {
        let capacity = if used == 0 { 0 } else { (used + (used >> 3) + 6) & !3 };
        if capacity < self.slots().len() {
            // A failure to allocate leaves the larger array.
            let _ = self.replace(token, used, capacity);
        }
    }

    fn replace(&self, token: &Attached, used: usize, capacity: usize) -> Result<(), OutOfMemory> {
        let new = allocate(capacity)?;
        let old_slots = self.slots();
        // SAFETY: `new` has room for the first `used` words.
        let words = unsafe { new.add(1).cast::<u64>() };
        for (i, slot) in old_slots[..used].iter().enumerate() {
            // SAFETY: as above.
            unsafe { words.add(i).write(slot.peek()) };
        }
        // Release pairs with the acquire in `slots`.
        let old = self.0.swap(new, Ordering::AcqRel);
        let address = old as usize;
        if reclaim::single_threaded() {
            // SAFETY: the words were moved, and no other thread exists that could be reading.
            unsafe { free(old) };
        } else {
            // SAFETY: the words were moved; the closure runs when nobody reads the array any more.
            reclaim::retire_raw(token, move || unsafe { free(address as *mut Head) });
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
