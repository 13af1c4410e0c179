//! A word in shared storage that holds a reference: how it is read without a lock, and how it is replaced.
//!
//! # Protocol
//! - S1 A slot is written by whoever may mutate its container (`lock::critical_section`), with release.
//! - S2 A reader loads the slot (acquire). An immediate is the answer. An object that the reader's own heap owns,
//!   or that nobody counts, is counted plainly: only the reader could free it. Any other is taken by
//!   `try_increment`, after which the slot AND the storage pointer must still be what they were; else the reference
//!   is given back and the read starts again.
//! - S3 When `try_increment` fails the object may not have been counted by a foreign thread before: the reader
//!   goes to the container's lock, where the object cannot die, and marks it shared.
//!
//! In the `gil` build a slot read is a load and a plain increment.
//!
//! # Ordering
//! | operation | ordering | partner |
//! |---|---|---|
//! | load | acquire | `replace`: who sees the reference sees the object behind it |
//! | replace | release | the load |
//! | re-check | acquire, after `try_increment`'s acquire | `replace` before the writer's decrement |

use std::sync::atomic::{AtomicU64, Ordering};

use mode::{Attached, FREE_THREADED, OwnerId};

use super::header::Header;
use crate::value::{Value, singleton::UNBOUND};

/// Why a lock-free read gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Contended;

/// Counts a word that was found without a lock, by S2, for the thread whose heap is `me`: `held` answers whether the place
/// where it was found still holds it.
///
/// # Safety
/// The place held the word, and with it a reference, when the caller found it; whoever takes it out makes `held` false
/// before giving the reference up.
#[inline(always)]
pub unsafe fn count_word(me: OwnerId, word: u64, held: impl Fn() -> bool) -> Result<Value, Contended> {
    if word & 7 == 0 {
        // SAFETY: blocks are type-stable until every reader passed a safepoint, so this is a header, live or dead.
        let header = unsafe { &*(word as *const Header) };
        if !FREE_THREADED {
            header.increment_own();
        } else {
            let owner = header.owner();
            if owner == me {
                header.increment_own();
            } else if owner.0 < OwnerId::DEFERRED.0 {
                if !header.try_increment(me) {
                    return Err(Contended);
                }
                // SAFETY: counted just now.
                let value = unsafe { Value::from_word(word) };
                return if held() { Ok(value) } else { Err(Contended) };
            }
        }
    }
    // SAFETY: an immediate, counted above, or never counted by anybody.
    Ok(unsafe { Value::from_word(word) })
}

/// [`count_word`] of a word that needs no second look at where it was found, and no call; else None, and nothing is counted.
///
/// # Safety
/// As [`count_word`].
#[inline(always)]
pub unsafe fn count_quick(me: OwnerId, word: u64) -> Option<Value> {
    if word & 7 == 0 {
        // SAFETY: as in `count_word`.
        let header = unsafe { &*(word as *const Header) };
        if !header.increment_quick(me) {
            return None;
        }
    }
    // SAFETY: an immediate, counted above, or never counted by anybody.
    Some(unsafe { Value::from_word(word) })
}

/// A place for a value; empty means UNBOUND.
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    /// A slot that holds nothing.
    pub const fn empty() -> Slot {
        Slot(AtomicU64::new(UNBOUND))
    }

    /// A slot that holds `value`.
    pub fn new(value: Value) -> Slot {
        Slot(AtomicU64::new(value.into_word()))
    }

    /// The word, uncounted; only to compare, or to test what an immediate is.
    #[inline(always)]
    pub fn peek(&self) -> u64 {
        // Acquire: see the table above.
        self.0.load(Ordering::Acquire)
    }

    /// A counted reference to what the slot holds (None if nothing), or `Contended` if only the lock can tell.
    /// The reader's heap is `me`; `unmoved` answers whether the storage that holds this slot is still its container's storage.
    #[inline(always)]
    pub fn load(&self, me: OwnerId, unmoved: impl Fn() -> bool) -> Result<Option<Value>, Contended> {
        let word = self.peek();
        if word == UNBOUND {
            return Ok(None);
        }
        // SAFETY: the slot held the word just now, and holds it still if both checks say so.
        unsafe { count_word(me, word, || self.peek() == word && unmoved()) }.map(Some)
    }

    /// [`Slot::load`] of a value, if that needs no second look and no call; else None, also if there is none.
    #[inline(always)]
    pub fn load_quick(&self, me: OwnerId) -> Option<Value> {
        let word = self.peek();
        if word == UNBOUND {
            return None;
        }
        // SAFETY: the slot held the word just now.
        unsafe { count_quick(me, word) }
    }

    /// A counted reference, read by someone who may mutate the container (or has it to himself); marks the object
    /// so that foreign readers succeed without the lock next time.
    #[inline(always)]
    pub fn load_locked(&self, token: &Attached) -> Option<Value> {
        let word = self.peek();
        if word == UNBOUND {
            return None;
        }
        // SAFETY: the container's lock keeps what it holds alive.
        let value = unsafe { Value::borrow_word(&word) };
        if FREE_THREADED
            && let Some(header) = value.as_header()
            && header.owner() != token.owner()
        {
            header.share(token);
        }
        Some(value.clone())
    }

    /// The word, with a reference counted, read by someone who may mutate the container (or has it to himself); as
    /// [`Slot::load_locked`], without a question for each word of many.
    #[inline(always)]
    pub(crate) fn count_locked(&self, token: &Attached) -> u64 {
        let word = self.peek();
        if word & 7 == 0 {
            // SAFETY: a slot holds a valid encoding, alive while the container may not be mutated.
            let header = unsafe { &*(word as *const Header) };
            if !FREE_THREADED || header.owner() == token.owner() {
                header.increment_own();
            } else {
                header.share(token);
                header.increment(token);
            }
        }
        word
    }

    /// The value in place, for someone who may mutate the container or has it to himself.
    #[inline(always)]
    pub fn get(&self) -> Option<&Value> {
        if self.peek() == UNBOUND {
            None
        } else {
            // SAFETY: a slot holds a valid encoding, alive while the container may not be mutated.
            Some(unsafe { &*std::ptr::from_ref(self).cast::<Value>() })
        }
    }

    /// Puts `new` (None empties) and hands out what was there. The caller may mutate the container.
    #[inline(always)]
    pub fn replace(&self, new: Option<Value>) -> Option<Value> {
        let word = new.map_or(UNBOUND, Value::into_word);
        // Relaxed: only the holder of the container's lock writes.
        let old = self.0.load(Ordering::Relaxed);
        // Release pairs with the acquire in `peek`.
        self.0.store(word, Ordering::Release);
        // SAFETY: the reference that the slot held is now ours.
        if old == UNBOUND { None } else { Some(unsafe { Value::from_word(old) }) }
    }

    /// Puts `new` and hands out what was there, `UNBOUND` if nothing. The caller may mutate the container.
    #[inline(always)]
    pub fn exchange(&self, new: Value) -> Value {
        // Relaxed: only the holder of the container's lock writes.
        let old = self.0.load(Ordering::Relaxed);
        // Release pairs with the acquire in `peek`.
        self.0.store(new.into_word(), Ordering::Release);
        // SAFETY: the reference that the slot held is now ours.
        unsafe { Value::from_word(old) }
    }

    /// Moves a word from another slot of the same container, reference and all.
    #[inline(always)]
    pub(crate) fn set_word(&self, word: u64) {
        // Release pairs with the acquire in `peek`.
        self.0.store(word, Ordering::Release);
    }
}

impl Drop for Slot {
    #[inline(always)]
    fn drop(&mut self) {
        drop(self.replace(None));
    }
}
