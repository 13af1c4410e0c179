//! The register stack of a thread, on which its frames lie.
//!
//! Not here: what a frame looks like (`frame`), native stacks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use object_model::value::singleton::UNBOUND;

/// Words of a thread's register stack: reserved, not committed.
const STACK_WORDS: usize = 32 << 20;
/// Words that are made ready at a time.
const STACK_STEP: usize = 1 << 10;
/// Words below the stack that are never used: more than any frame has, and what is kept free above one.
const STACK_GAP: usize = 128 << 10;
/// Words that stay free above the last frame, for the headers and windows of native code's entries.
const STACK_RESERVE: usize = 4 << 10;
/// The stack of a thread that ended: no frame is left on it.
struct Spare {
    /// Address.
    start: usize,
    /// Words that are ready.
    ready: usize,
}

/// Mapping a stack and touching its first pages is a good part of what a thread costs, and threads that begin and end at
/// once get in each other's way there: so those of threads that ended are kept for the next ones.
static SPARE: Mutex<Vec<Spare>> = Mutex::new(Vec::new());

/// So many are kept,
const MAX_SPARE: usize = 16;
/// but none of which more words than this are ready: those take memory.
const MAX_SPARE_WORDS: usize = 8 << 10;

fn spare() -> MutexGuard<'static, Vec<Spare>> {
    // A panic elsewhere cannot leave the list half written.
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread's register stack: reserved address space, made ready for use a step at a time.
///
/// # Invariants
/// - K1 Words below `end` never look like objects unless a frame put one there: fresh pages are all zeros, which would, so
///   they are filled with UNBOUND before `end` moves past them.
/// - K2 Nothing else lies in the [`STACK_GAP`] words below `start`: what begins below the stack and is no larger than that
///   does not end in it.
pub(crate) struct Stack {
    pub(crate) start: *mut u64,
    /// Words that are ready.
    ready: usize,
    /// Bytes of them that frames may fill: behind the last frame, [`STACK_RESERVE`] words stay.
    room: usize,
}

impl Stack {
    /// A stack without frames.
    pub(super) fn take() -> std::io::Result<Stack> {
        let spare = spare().pop();
        spare.map_or_else(Stack::map, |Spare { start, ready }| {
            let start = std::ptr::with_exposed_provenance_mut(start);
            let mut stack = Stack { start, ready, room: 0 };
            stack.set_room();
            Ok(stack)
        })
    }

    fn map() -> std::io::Result<Stack> {
        let bytes = (STACK_GAP + STACK_WORDS) * 8;
        // SAFETY: a fresh anonymous mapping.
        let mapping = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if mapping == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        let mut stack = Stack { start: mapping.cast::<u64>().wrapping_add(STACK_GAP), ready: 0, room: 0 };
        stack.grow_to(1);
        Ok(stack)
    }

    /// True for an address in the stack.
    pub(crate) fn contains(&self, address: *const u64) -> bool {
        (address as usize).wrapping_sub(self.start as usize) < STACK_WORDS * 8
    }

    /// True if `words` words, at most [`STACK_GAP`], from `from` on are the stack's and ready, with the reserve.
    #[inline(always)]
    pub(crate) fn has_room(&self, from: *const u64, words: usize) -> bool {
        // What begins outside the stack lies too far behind its start, as an unsigned number (K2).
        (from as usize + words * 8).wrapping_sub(self.start as usize) <= self.room
    }

    /// As [`Stack::has_room`], after making words ready if that helps.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_room(&mut self, from: *const u64, words: usize) -> bool {
        self.contains(from) && self.grow_to((from as usize - self.start as usize) / 8 + words + STACK_RESERVE)
    }

    /// Makes `wanted` words ready; false if the stack is not that large.
    fn grow_to(&mut self, wanted: usize) -> bool {
        while self.ready < wanted {
            // A step divides the size of the stack.
            if self.ready == STACK_WORDS {
                return false;
            }
            // SAFETY: the words are in the mapping, and nobody uses them yet (K1).
            unsafe { std::slice::from_raw_parts_mut(self.start.add(self.ready), STACK_STEP) }.fill(UNBOUND);
            self.ready += STACK_STEP;
        }
        self.set_room();
        true
    }

    fn set_room(&mut self) {
        self.room = self.ready.saturating_sub(STACK_RESERVE) * 8;
    }
}

const _: () = assert!(STACK_WORDS.is_multiple_of(STACK_STEP));

impl Drop for Stack {
    fn drop(&mut self) {
        let mut spare = spare();
        if spare.len() < MAX_SPARE && self.ready <= MAX_SPARE_WORDS {
            spare.push(Spare { start: self.start.expose_provenance(), ready: self.ready });
            return;
        }
        drop(spare);
        // SAFETY: the mapping is ours and no frame is left on it.
        unsafe { libc::munmap(self.start.sub(STACK_GAP).cast(), (STACK_GAP + STACK_WORDS) * 8) };
    }
}
