//! Instance attributes: inline slots behind the payload, overflow outside, or a dict.
//!
//! The attribute area of an object is `[overflow word][inline slot × capacity]`. The overflow word is 0, the address
//! of an [`Overflow`] marked by [`ARRAY`] (shape mode), or a dict value (dictionary mode). Attribute number `i` of the
//! shape lies in the inline slot `i`, or in overflow slot `i - capacity`.
//!
//! # Invariants
//! - A1 A slot beyond the shape's count is empty; the slot is written before the shape that names it is published.
//! - A2 An overflow array is replaced whole (copy, publish, retire), under the object's lock.
//! - A3 A reader without the lock may hold the shape of before a move to a dict and find the dict already: the mark tells.
//!   Likewise it may find slots empty that were moved: only under the lock does an empty slot mean "no attribute".
//! - A4 A dict that was replaced by another is retired like an array: others may be reading it, uncounted.
//!
//! Checked by `loom-tests/tests/instance_layouts.rs`.
//!
//! Not here: names (`shape`), lookups through the type (`vm`).

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use mode::Attached;

use super::header::Header;
use super::layout::Layout;
use super::slot::Slot;
use crate::dict::Dict;
use crate::object::handle::Obj;
use crate::reclaim;
use crate::shape::{Shape, ShapeId};
use crate::value::Value;

/// Attributes that do not fit inline.
type Overflow = Box<[Slot]>;

/// In the overflow word: it is the address of an array. No dict value has this bit.
const ARRAY: u64 = 1;

/// The attribute area of one object.
#[derive(Clone, Copy)]
pub struct Area {
    base: NonNull<u8>,
    capacity: usize,
}

/// Writes an empty area behind the fixed part of a new object.
///
/// # Safety
/// `object` must be a fresh block that ends with the area of `shape`.
#[inline(always)]
pub(crate) unsafe fn initialise(object: NonNull<Header>, shape: ShapeId) {
    let offset = shape.get().attribute_offset();
    // SAFETY: the area starts at this offset.
    unsafe { initialise_at(object.byte_add(offset), shape) }
}

/// # Safety
/// `area` must be the start of the area of `shape` in a fresh block.
#[inline(always)]
pub(crate) unsafe fn initialise_at(area: NonNull<Header>, shape: ShapeId) {
    let words = area.cast::<u64>();
    let capacity = shape.get().inline_capacity();
    // SAFETY: the overflow word and `capacity` slots lie in the block.
    unsafe {
        words.write(0);
        for i in 0..capacity {
            words.add(1 + i).write(crate::value::singleton::UNBOUND);
        }
    }
}

/// The area of `header`, whose shape is `shape`. None if its type gives instances no attributes.
#[inline(always)]
pub fn area(header: &Header, shape: &Shape) -> Option<Area> {
    if !shape.has_attributes() {
        return None;
    }
    let object = header.as_ptr();
    let layout = shape.class().layout();
    let offset = if layout.variable {
        // SAFETY: a live object of its shape's layout.
        unsafe { layout.full_size(object) }.next_multiple_of(8)
    } else {
        shape.attribute_offset()
    };
    // SAFETY: the area lies inside the object's block.
    Some(Area { base: unsafe { object.cast::<u8>().add(offset) }, capacity: shape.inline_capacity() })
}

/// The inline slot at byte `offset` of an object: what an inline cache remembers.
///
/// # Safety
/// `offset` must come from [`Area::inline_offset`] for an object of the same shape.
#[inline(always)]
pub unsafe fn slot_at<'a>(object: NonNull<Header>, offset: usize) -> &'a Slot {
    // SAFETY: the caller's word.
    unsafe { object.cast::<u8>().add(offset).cast::<Slot>().as_ref() }
}

/// The dict of an object, borrowed.
pub struct DictRef(ManuallyDrop<Obj<Dict>>);

impl Deref for DictRef {
    type Target = Obj<Dict>;

    #[inline(always)]
    fn deref(&self) -> &Obj<Dict> {
        &self.0
    }
}

impl Area {
    fn overflow_word(&self) -> &AtomicU64 {
        // SAFETY: the first word of the area, aligned, alive as long as the object.
        unsafe { self.base.cast::<AtomicU64>().as_ref() }
    }

    fn overflow(&self) -> Option<&Overflow> {
        // Acquire pairs with the release in `set`: the array's content is visible.
        let word = self.overflow_word().load(Ordering::Acquire);
        // SAFETY: a word with the mark is a boxed array, reclaimed only after a safepoint (A2).
        if word & ARRAY == 0 { None } else { Some(unsafe { &*((word & !ARRAY) as *const Overflow) }) }
    }

    /// Where attribute `index` lies in its object, if inline.
    pub fn inline_offset(&self, header: &Header, index: usize) -> Option<usize> {
        if index >= self.capacity {
            return None;
        }
        Some(self.base.as_ptr() as usize + 8 + 8 * index - std::ptr::from_ref(header) as usize)
    }

    /// The slot of attribute `index` (shape mode).
    #[inline(always)]
    pub fn slot(&self, index: usize) -> Option<&Slot> {
        if index < self.capacity {
            // SAFETY: an inline slot of this area.
            Some(unsafe { self.base.cast::<Slot>().add(1 + index).as_ref() })
        } else {
            self.overflow()?.get(index - self.capacity)
        }
    }

    /// Stores attribute `index` (shape mode), growing the overflow. The caller holds the object's lock.
    pub fn set(&self, token: &Attached, index: usize, value: Option<Value>) -> Option<Value> {
        if let Some(slot) = self.slot(index) {
            return slot.replace(value);
        }
        let old = self.overflow();
        let used = old.map_or(0, |slots| slots.len());
        let wanted = (index - self.capacity + 1).max(4).max(used * 2);
        let mut slots: Vec<Slot> = Vec::with_capacity(wanted);
        for slot in old.into_iter().flatten() {
            let copy = Slot::empty();
            copy.set_word(slot.peek());
            slots.push(copy);
        }
        slots.resize_with(wanted, Slot::empty);
        slots[index - self.capacity].replace(value);
        let array: Box<Overflow> = Box::new(slots.into_boxed_slice());
        // Release pairs with the acquire in `overflow`.
        let previous = self.overflow_word().swap(Box::into_raw(array) as u64 | ARRAY, Ordering::AcqRel);
        if previous != 0 {
            // SAFETY: the words were moved to the new array; the old one is raw storage now.
            unsafe { retire_moved(token, previous) };
        }
        None
    }

    /// The dict of an object in dictionary mode. It stays alive until the caller's next safepoint, also if another thread
    /// replaces it (A4).
    #[inline]
    pub fn dict(&self) -> DictRef {
        // Acquire pairs with the release in `set_dict`.
        let word = self.overflow_word().load(Ordering::Acquire);
        // SAFETY: in dictionary mode the overflow word is a dict value (the caller looked at the shape), whose reference
        // is only borrowed here.
        DictRef(ManuallyDrop::new(unsafe { Obj::from_value_unchecked(Value::from_word(word)) }))
    }

    /// Enters dictionary mode with `dict`, or replaces the dict; inline slots must have been emptied. The caller
    /// holds the object's lock and publishes the new shape. Answers the dict that was there, to be retired (A4).
    pub fn set_dict(&self, token: &Attached, dict: Obj<Dict>, was_dict: bool) -> Option<Value> {
        // Release pairs with the acquire of who reads the dict.
        let previous = self.overflow_word().swap(dict.into_value().into_word(), Ordering::AcqRel);
        if was_dict {
            // SAFETY: the reference held by the overflow word is ours now.
            return Some(unsafe { Value::from_word(previous) });
        }
        if previous != 0 {
            // SAFETY: the caller moved the values out.
            unsafe { retire_moved(token, previous) };
        }
        None
    }
}

/// # Safety
/// `word` must be that of an overflow array whose references were moved elsewhere.
unsafe fn retire_moved(token: &Attached, word: u64) {
    // SAFETY: the array came from `Box::into_raw`.
    let array = unsafe { Box::from_raw((word & !ARRAY) as *mut Overflow) };
    reclaim::retire_raw(token, size_of_val(&*array), move || {
        for slot in array.iter() {
            slot.set_word(crate::value::singleton::UNBOUND);
        }
    });
}

/// Drops all attributes of a dead object.
///
/// # Safety
/// `object` must be dead, of `shape` and `layout`.
pub(crate) unsafe fn drop_all(object: NonNull<Header>, shape: &Shape, layout: &Layout) {
    debug_assert!(std::ptr::eq(shape.class().layout(), layout));
    // SAFETY: dead, but still in place.
    let header = unsafe { object.as_ref() };
    let Some(area) = area(header, shape) else { return };
    for i in 0..area.capacity {
        if let Some(slot) = area.slot(i) {
            drop(slot.replace(None));
        }
    }
    let word = area.overflow_word().swap(0, Ordering::Relaxed); // Relaxed: nobody else sees a dead object.
    if word == 0 {
        return;
    }
    if shape.is_dict_mode() {
        // SAFETY: the word's reference is ours.
        drop(unsafe { Value::from_word(word) });
    } else {
        // SAFETY: the array came from `Box::into_raw`, and no reader can reach a dead object's attributes: it could
        // only do so through a reference.
        drop(unsafe { Box::from_raw((word & !ARRAY) as *mut Overflow) });
    }
}

/// Visits every attribute of a live object (for the collector).
pub fn trace(header: &Header, visit: &mut dyn FnMut(&Value)) {
    let shape = header.shape();
    let Some(area) = area(header, shape) else { return };
    if shape.is_dict_mode() {
        visit(area.dict().as_value());
    }
    for i in 0..shape.count().max(area.capacity) {
        if let Some(value) =
            area.slot(i).filter(|_| i < area.capacity || !shape.is_dict_mode()).and_then(Slot::get)
        {
            visit(value);
        }
    }
}
