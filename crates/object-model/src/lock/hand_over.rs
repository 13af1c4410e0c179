//! Handing objects to another thread before it asks for them.
//!
//! What a thread is started with it uses at once. Each object that it changes, and each value that nobody marked as shared,
//! would cost it a lock that is biased to the thread that started it, and so a stop of the world. The owner can do both
//! beforehand for nothing.
//!
//! # Invariants
//! - O1 The owner ends a bias of its own with a release, outside of any section: the acquire of whoever takes the lock next
//!   sees what it did under the bias.
//!
//! Checked by `loom-tests/tests/biased_lock.rs`.

use mode::primitive::Ordering;
use mode::{Attached, FREE_THREADED};

use super::CriticalSection;
use super::object_lock::{BIASED, FREE};
use crate::collect;
use crate::object::header::Header;
use crate::ty::flag;
use crate::value::Value;

/// So many objects are handed over at most.
const MOST: usize = 16;

/// Lets other threads use `first`, and instances of Python's classes that it refers to, without asking this one first. The
/// caller is in no critical section.
pub fn hand_over(token: &Attached, first: &Value) {
    if !FREE_THREADED {
        return;
    }
    debug_assert!(token.guards().get() == 0, "in a critical section");
    let is_ours = |header: &Header| {
        CriticalSection::is_unneeded(header, token.owner()) && header.shape().class().payload.has(flag::HEAP)
    };
    let mut found: Vec<&Header> = first.as_header().filter(|header| is_ours(header)).into_iter().collect();
    let mut next = 0;
    while let Some(header) = found.get(next).copied() {
        next += 1;
        let mut visit = |value: &Value| {
            let Some(value) = value.as_header() else { return };
            value.share(token);
            if found.len() < MOST && is_ours(value) && !found.iter().any(|other| std::ptr::eq(*other, value))
            {
                // SAFETY: `first` keeps it alive, and this thread, which alone may change what leads there, does not
                // before the end of this function.
                found.push(unsafe { value.as_ptr().as_ref() });
            }
        };
        // SAFETY: the object lives, and only this thread may change it until its bias ends below.
        unsafe { collect::trace(header.as_ptr(), &mut visit) };
        if header.lock_byte().load(Ordering::Relaxed) == BIASED {
            // Release pairs with the acquire in `raw::lock` (O1).
            header.lock_byte().store(FREE, Ordering::Release);
        }
    }
}
