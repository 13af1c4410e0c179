//! Runs of words, counted and given up many at a time: most runs hold nothing but immediates, or nothing but references.
//!
//! Not here: one word (`slot`, `layout`), and what may be read when (`slot`).

use std::ptr::NonNull;

use mode::{Attached, attached};

use super::header::Header;
use super::layout;
use super::slot::Slot;

/// Words that are looked at together.
const TOGETHER: usize = 8;

/// Whether one of the words is a reference: if it is not the first one, then without a branch for each.
#[inline(always)]
fn any_reference(words: &[u64; TOGETHER]) -> bool {
    // A reference's low bits are all zero: the subtraction borrows there alone, which sets the highest bit.
    words[0] & 7 == 0 || words.iter().fold(0, |seen, word| seen | (word & 7).wrapping_sub(1)) >> 63 != 0
}

/// Copies the words of full slots to `to` and up, with a reference counted for each, for someone who may mutate where they
/// are.
///
/// # Safety
/// `to` must have room for them.
pub(crate) unsafe fn copy_counted(token: &Attached, slots: &[Slot], to: *mut u64) {
    let me = token.owner();
    let count = |word: u64| {
        if word & 7 == 0 {
            // SAFETY: a slot holds a valid encoding, alive while the container may not be mutated.
            let header = unsafe { &*(word as *const Header) };
            if !header.increment_quick(me) {
                count_foreign(token, header);
            }
        }
    };
    // SAFETY: nobody writes a slot while the caller may mutate, so that plain reads do; a slot is a word.
    let words: &[u64] = unsafe { std::slice::from_raw_parts(slots.as_ptr().cast(), slots.len()) };
    let (chunks, rest) = words.as_chunks::<TOGETHER>();
    let to_rest = to.wrapping_add(words.len() - rest.len());
    for (n, chunk) in chunks.iter().enumerate() {
        if any_reference(chunk) {
            chunk.iter().for_each(|word| count(*word));
        }
        // SAFETY: the caller's word.
        unsafe { to.add(n * TOGETHER).cast::<[u64; TOGETHER]>().write(*chunk) };
    }
    for (n, word) in rest.iter().enumerate() {
        count(*word);
        // SAFETY: as above.
        unsafe { to_rest.add(n).write(*word) };
    }
}

/// Counts a reference to an object of another thread's, or one that has too many; later readers need no lock for it.
#[cold]
fn count_foreign(token: &Attached, header: &Header) {
    header.share(token);
    header.increment(token);
}

/// Gives up what a dead object's words own, on behalf of the current thread.
///
/// # Safety
/// The words must be valid values that own their references; nobody looks at them any more.
pub(crate) unsafe fn release_all(words: &[u64]) {
    let me = attached::current_owner();
    let release = |word: &u64| {
        if word & 7 == 0 {
            // SAFETY: the caller's words.
            unsafe { layout::release_current_as(me, NonNull::new_unchecked(*word as *mut Header)) };
        }
    };
    let (chunks, rest) = words.as_chunks::<TOGETHER>();
    for chunk in chunks {
        if any_reference(chunk) {
            chunk.iter().for_each(release);
        }
    }
    rest.iter().for_each(release);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn a_reference_is_seen_wherever_it_is() {
        let immediates = [Value::int32(0), Value::int32(-1), Value::NONE, Value::TRUE, Value::UNBOUND]
            .map(|value| value.word());
        for immediate in immediates {
            assert!(!any_reference(&[immediate; TOGETHER]));
            for place in 0..TOGETHER {
                let mut words = [immediate; TOGETHER];
                words[place] = 0x7f00_0000_1230;
                assert!(any_reference(&words));
            }
        }
    }
}
