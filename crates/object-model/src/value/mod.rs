//! What a word can be: an immediate, or a counted reference to a heap object.
//!
//! # Encoding ("float self-tagging")
//! | low bits | meaning |
//! |---|---|
//! | `x11` | int of 62 bits ([`int`]) |
//! | `001 100 101` | float, `rotl(bits + (1 << 60), 4)` ([`float`]) |
//! | `010` | None, True, False, … and internal marks ([`singleton`]) |
//! | `000` | pointer to a heap object, 8-byte aligned |
//!
//! The encoding is known to this folder alone; everybody else asks its methods.
//!
//! # Invariants
//! - V1 A [`Value`] is never zero, so `Result<Value, Raised>` is one register wide.
//! - V2 A pointer value owns one reference, unless wrapped in `ManuallyDrop` or read through `&Value`.
//!
//! Not here: what lies behind a pointer (`object`), conversion to Rust types with Python errors (`vm::convert`).

pub mod float;
pub mod int;
pub mod singleton;

use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::ptr::NonNull;

use crate::object::header::Header;
use crate::object::layout;

/// An owned Python value. Cloning and dropping count; reading through `&Value` does not.
#[repr(transparent)]
pub struct Value(NonZeroU64);

const _: () = assert!(size_of::<Option<Value>>() == 8);

impl Value {
    /// Takes the word as it is.
    ///
    /// # Safety
    /// `word` must be a valid encoding, and a pointer's reference must be the caller's to give.
    #[inline(always)]
    pub const unsafe fn from_word(word: u64) -> Value {
        // SAFETY: a valid encoding is not zero (V1).
        Value(unsafe { NonZeroU64::new_unchecked(word) })
    }

    /// The encoded word; the reference stays with `self`.
    #[inline(always)]
    pub const fn word(&self) -> u64 {
        self.0.get()
    }

    /// The encoded word, with its reference.
    #[inline(always)]
    pub fn into_word(self) -> u64 {
        ManuallyDrop::new(self).0.get()
    }

    /// Views a word in memory as a value without touching its count.
    ///
    /// # Safety
    /// The word must be a valid encoding and stay so for `'a`.
    #[inline(always)]
    pub unsafe fn borrow_word<'a>(word: &u64) -> &'a Value {
        // SAFETY: `Value` is a transparent word; validity is the caller's.
        unsafe { &*std::ptr::from_ref(word).cast::<Value>() }
    }

    /// True for a heap object.
    #[inline(always)]
    pub const fn is_object(&self) -> bool {
        self.0.get() & 7 == 0
    }

    /// The heap object's header, if it is one.
    #[inline(always)]
    pub fn as_header(&self) -> Option<&Header> {
        if self.is_object() {
            // SAFETY: a pointer value points to a live object as long as the reference is held (V2).
            Some(unsafe { &*(self.0.get() as *const Header) })
        } else {
            None
        }
    }

    /// The heap object's address.
    ///
    /// # Safety
    /// The value must be a heap object.
    #[inline(always)]
    pub unsafe fn header_ptr(&self) -> NonNull<Header> {
        // SAFETY: the word is the pointer, and not zero.
        unsafe { NonNull::new_unchecked(self.0.get() as *mut Header) }
    }

    /// Takes over a reference to an object.
    ///
    /// # Safety
    /// The caller gives up one counted reference (or the object is immortal).
    #[inline(always)]
    pub unsafe fn from_header(object: NonNull<Header>) -> Value {
        // SAFETY: objects are 8-byte aligned and not null, so the address is a valid encoding.
        unsafe { Value::from_word(object.as_ptr() as u64) }
    }

    /// `self is other`.
    #[inline(always)]
    pub const fn is(&self, other: &Value) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Value {
    /// `clone`, by the thread whose heap is `me`.
    #[inline(always)]
    pub fn clone_as(&self, me: mode::OwnerId) -> Value {
        if let Some(header) = self.as_header() {
            header.increment_as(me);
        }
        Value(self.0)
    }
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        if let Some(header) = self.as_header() {
            header.increment_current();
        }
        Value(self.0)
    }
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_object() {
            // SAFETY: this value owned one reference and is gone.
            unsafe { layout::release_current(NonNull::new_unchecked(self.0.get() as *mut Header)) }
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(i) = self.as_small_int() {
            write!(f, "int {i}")
        } else if let Some(x) = self.as_immediate_float() {
            write!(f, "float {x:?}")
        } else if self.is_object() {
            write!(f, "object at {:#x}", self.word())
        } else {
            write!(f, "singleton {:#x}", self.word())
        }
    }
}

// SAFETY: a value is a word; what may be done with the object behind it is bound to the attached token, which
// every count (through the current token) and every access needs.
unsafe impl Send for Value {}
// SAFETY: as above; shared reads of the word itself are plain.
unsafe impl Sync for Value {}
