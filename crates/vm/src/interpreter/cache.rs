//! Inline caches: what an instruction remembers beside itself.
//!
//! A cache word stands on its own: it is read and written in one piece, and what it says is checked against the object
//! or dict at hand before it is used. So any thread may write it at any time.
//!
//! | instruction | words |
//! |---|---|
//! | `LOAD_GLOBAL` | globals version << 32 \| entry << 1 \| in builtins; builtins version << 32 \| entry |
//! | `LOAD_ATTR` | two alternatives, each shape << 32 \| byte offset \| `SLOT`, version << 32 \| entry << 3 \| `MODULE`, or the address of an [`Entry`] |
//! | `STORE_ATTR` | two alternatives, each shape << 32 \| byte offset \| `SLOT` or `TRANSITION`, and shape << 32 \| next shape |
//! | `LOAD_METHOD` | two alternatives, each version << 32 \| entry << 3 \| `MODULE`, or the address of an [`Entry`] |
//!
//! An instruction that sees more than two shapes keeps the two it has most of the time: the rest go through the
//! thread's lookup cache (`class::lookup_cache`).

use std::sync::atomic::{AtomicU64, Ordering};

use compiler::bytecode::instruction::Opcode;
use mode::OwnerId;
use object_model::dict::Dict;
use object_model::object::slot::{count_quick, count_word};
use object_model::string::Str;
use object_model::ty::Class;
use object_model::{Attached, Header, Obj, Value, reclaim};

use crate::frame::Frame;
use crate::thread::Thread;

/// The word names an inline slot.
pub const SLOT: u64 = 1;
/// The word names the inline slot of a new attribute; the next word is the shape with it.
pub const TRANSITION: u64 = 2;
/// The word names an entry of a module's dict, of the version above.
pub const MODULE: u64 = 4;
/// Bits of a word that is no address.
pub const KIND: u64 = SLOT | TRANSITION | MODULE;
/// The byte offset in a word that names a slot: slots are words.
pub const OFFSET: u64 = 0xFFF8;

/// What a lookup through a type found: valid while the shape is the same and the type's version is.
pub struct Entry {
    /// The receiver's shape.
    pub shape: u32,
    /// The type's version.
    pub version: u32,
    /// The type.
    pub class: Class,
    /// The receiver is the type itself (`Class.attribute`), not an instance of it; then its metaclass and that one's
    /// version.
    pub of_type: Option<(Class, u32)>,
    /// What was found in the type: a method, or a class attribute that is no descriptor. Not counted: the type holds it
    /// as long as the version is the same.
    pub word: u64,
}

impl Entry {
    #[inline(always)]
    fn is_current(&self) -> bool {
        self.class.payload.version() == self.version
    }
}

/// The entry that an alternative remembers, if it is still true of this receiver.
#[inline(always)]
fn current<'a>(word: u64, receiver: &Header) -> Option<&'a Entry> {
    if word & KIND != 0 {
        return None;
    }
    // SAFETY: the word is 0 or a boxed entry, freed only after all threads passed a safepoint; it was read with acquire.
    let entry = unsafe { (word as *const Entry).as_ref() }?;
    if entry.shape != receiver.shape_id().0 || !entry.is_current() {
        return None;
    }
    if let Some((meta, version)) = entry.of_type
        && (!std::ptr::eq(receiver, &raw const entry.class.header) || meta.payload.version() != version)
    {
        return None;
    }
    Some(entry)
}

/// The value that an alternative remembers for this receiver, if it is still true.
#[inline(always)]
pub fn found(me: OwnerId, word: u64, receiver: &Header) -> Option<Value> {
    let entry = current(word, receiver)?;
    // SAFETY: the version says that the type's dict holds the word; who changes that changes the version before the
    // reference is given up (`class::create::replace_in_dict`).
    unsafe { count_word(me, entry.word, || entry.is_current()) }.ok()
}

/// [`found`], of a value that needs no call to be counted; else None.
#[inline(always)]
pub fn found_quick(me: OwnerId, word: u64, receiver: &Header) -> Option<Value> {
    let entry = current(word, receiver)?;
    // SAFETY: as in `found`.
    unsafe { count_quick(me, entry.word) }
}

/// [`found_quick`] by either alternative.
#[inline(always)]
pub fn method_quick(me: OwnerId, words: &[AtomicU64], receiver: &Header) -> Option<Value> {
    found_quick(me, read(&words[0]), receiver).or_else(|| found_quick(me, read(&words[1]), receiver))
}

/// Reads an alternative.
#[inline(always)]
pub fn read(word: &AtomicU64) -> u64 {
    // Acquire pairs with the release in `replace`: an entry's content is visible.
    word.load(Ordering::Acquire)
}

/// Which of two alternatives, `stride` words each, a newly seen shape should replace; None to leave both.
pub fn vacancy(th: &mut Thread, words: &[AtomicU64], stride: usize, shape: u32) -> Option<usize> {
    let stale = |word: u64| {
        if word & KIND != 0 {
            return word & MODULE != 0 || (word >> 32) as u32 == shape;
        }
        // SAFETY: as in `found`.
        let entry = unsafe { (word as *const Entry).as_ref() };
        entry.is_none_or(|e| e.shape == shape && e.of_type.is_none() || !e.is_current())
    };
    if let Some(free) = [0, stride].into_iter().find(|at| stale(read(&words[*at]))) {
        return Some(free);
    }
    // Shapes that have gone out of use give way in time, and many shapes do not make much work.
    th.cache_misses = th.cache_misses.wrapping_add(1);
    th.cache_misses.is_multiple_of(16).then_some(if th.cache_misses & 16 == 0 { 0 } else { stride })
}

/// Replaces an alternative.
pub fn replace(th: &mut Thread, word: &AtomicU64, new: u64) {
    // AcqRel: release pairs with the acquire in `read`; acquire makes the old entry's content ours to free.
    let old = word.swap(new, Ordering::AcqRel);
    if old != 0 && old & KIND == 0 {
        // SAFETY: the word held a boxed entry, which nobody finds any more.
        reclaim::retire_owned(th, unsafe { Box::from_raw(old as *mut Entry) });
    }
}

/// Remembers what was found in a type, if there is room.
pub fn publish(th: &mut Thread, words: &[AtomicU64], entry: Entry) {
    if entry.version != 0
        && let Some(at) = vacancy(th, words, 1, entry.shape)
    {
        replace(th, &words[at], Box::into_raw(Box::new(entry)) as u64);
    }
}

/// The attribute of a module by an alternative that names an entry of its dict.
#[inline]
pub fn in_module(token: &Attached, dict: &Obj<Dict>, words: &[AtomicU64]) -> Option<Value> {
    words.iter().find_map(|word| {
        // Relaxed: the word stands on its own, and is checked against the dict.
        let word = word.load(Ordering::Relaxed);
        let number = (word as u32 >> 3) as usize;
        if word & KIND == MODULE { dict.get_cached(token, (word >> 32) as u32, number) } else { None }
    })
}

/// Looks a name up in the dict of a module and remembers the entry.
pub fn fill_module(th: &mut Thread, dict: &Obj<Dict>, name: &Obj<Str>, words: &[AtomicU64]) -> Option<Value> {
    // The version is read before the lookup: if keys change in between, the word just does not match.
    let version = dict.cache_version();
    let number = dict.index_of_str(th, name)?;
    let found = dict.value_at(th, number)?;
    if version == 0 || !dict.has_version(version) {
        return None;
    }
    if number < 1 << 29
        && let Some(at) = vacancy(th, words, 1, 0)
    {
        replace(th, &words[at], u64::from(version) << 32 | (number as u64) << 3 | MODULE);
    }
    Some(found)
}

/// Frees the entries of code that dies.
pub fn free(instructions: &[compiler::bytecode::instruction::Instruction], words: &[AtomicU64]) {
    let mut index = 0;
    while let Some(i) = instructions.get(index) {
        let width = Opcode::ALL.get(i.opcode as usize).map_or(0, |op| op.cache_words());
        if [Opcode::LoadAttr as u8, Opcode::LoadMethod as u8].contains(&i.opcode) {
            for word in words.iter().skip(index + 1).take(width) {
                let old = word.swap(0, Ordering::AcqRel); // AcqRel: as in `replace`.
                if old != 0 && old & KIND == 0 {
                    // SAFETY: the word held a boxed entry; nobody runs this code, so nobody reads it.
                    drop(unsafe { Box::from_raw(old as *mut Entry) });
                }
            }
        }
        index += 1 + width;
    }
}

/// `LOAD_GLOBAL` by its cache.
pub fn global(th: &Thread, frame: Frame, first: &AtomicU64, second: &AtomicU64) -> Option<Value> {
    global_by(frame, first, second, |dict, version, number| dict.get_cached(th, version, number))
}

/// `LOAD_GLOBAL` by its cache, of a value that needs no call to be counted; None: the long way.
#[inline(always)]
pub fn global_quick(me: OwnerId, frame: Frame, first: &AtomicU64, second: &AtomicU64) -> Option<Value> {
    global_by(frame, first, second, |dict, version, number| dict.get_cached_quick(me, version, number))
}

#[inline(always)]
fn global_by(
    frame: Frame,
    first: &AtomicU64,
    second: &AtomicU64,
    get: impl Fn(&Obj<Dict>, u32, usize) -> Option<Value>,
) -> Option<Value> {
    // Relaxed: each cache word stands on its own, and is checked against the dicts below.
    let first = first.load(Ordering::Relaxed);
    if first == 0 {
        return None;
    }
    let function = &frame.running().payload;
    let version = (first >> 32) as u32;
    if first & 1 == 0 {
        return get(&function.globals, version, (first as u32 >> 1) as usize);
    }
    // Not in the globals as long as their keys are what they were.
    if !function.globals.has_version(version) {
        return None;
    }
    let second = second.load(Ordering::Relaxed); // Relaxed: as above.
    get(&function.builtins, (second >> 32) as u32, second as u32 as usize)
}

/// A data descriptor was added to a class after its instances were cached: it may hide slots that caches point to. The
/// instance shapes in caches cannot tell, so every code object's caches are emptied while nobody runs.
pub fn data_descriptor_added(th: &mut Thread) {
    th.stop_the_world(|_| {
        crate::class::lookup_cache::forget_slots();
        object_model::walk::objects(&mut |heap| {
            // SAFETY: the world is stopped; the walker yields live objects.
            let header = unsafe { heap.as_ref() };
            if header.shape_id() == object_model::shape::builtin::CODE {
                // SAFETY: the shape says so.
                let code =
                    unsafe { heap.cast::<object_model::Object<crate::builtins::code::Code>>().as_ref() };
                code.payload.clear_slot_caches();
            }
        });
    });
}
