//! Blocks freed by threads that do not own their page: one atomic word a page, one stack of pages a heap.
//!
//! # Protocol
//! - R1: any thread pushes a block onto the page's [`RemoteList`]; only the owner takes the list, whole.
//! - R2: an owner that finds a page used up **unlists** it: it forgets the page, and says so in the word, on
//!   condition that no block was waiting there. The push that meets the mark removes it, and its thread,
//!   which is the only one, must push the page onto the owner's [`ReturnStack`].
//! - R3: an owner that wants an unlisted page back itself (it freed a block in it) removes the mark;
//!   if a pusher was faster, the page comes by the stack, and until then must not be given up.
//! - R4: a pusher that met no mark must not touch the page after its push: the owner may take the block,
//!   find the page empty and give it up.
//!
//! # Invariants
//! - No block is lost: each pushed block is taken exactly once.
//! - No page is lost: an unlisted page with a pushed block is on the stack, or on its way, exactly once.
//!
//! # Ordering
//! | operation | ordering | partner |
//! |---|---|---|
//! | `RemoteList::push` | Release | `take`: the owner sees the block's link and its dead counts |
//! | `RemoteList::take` | Acquire | `push`, all of them: each is a read-modify-write, so it continues the release sequence |
//! | `try_unlist`, `try_relist` | Relaxed | they publish nothing: what they guard is read by the owner alone |
//! | `ReturnStack::push` | Release | `take_all`: the owner sees the page's stack link |
//! | `ReturnStack::take_all` | Acquire | `ReturnStack::push` |
//!
//! Nothing is ever popped singly, so there is no ABA.
//!
//! Not here: what a page is (`page.rs`), when the owner collects (`heap.rs`).

use std::ptr;

use mode::primitive::{AtomicPtr, AtomicU32, Ordering};

/// Where the links between blocks are kept; places are multiples of 16 and not 0.
pub trait Links {
    /// The link in the block at `place`.
    fn next(&self, place: u32) -> u32;
    /// Writes the link in the block at `place`.
    fn set_next(&self, place: u32, next: u32);
}

/// What a pusher has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// The owner will look by itself; the page must not be touched any more.
    Done,
    /// The page was unlisted: push it onto its heap's stack.
    ReturnPage,
}

/// The blocks of a page that other threads freed.
#[derive(Debug)]
pub struct RemoteList {
    /// The place of the first block, or 0; `UNLISTED` stands alone, since a push removes it.
    head: AtomicU32,
}

/// The owner has forgotten the page.
const UNLISTED: u32 = 1;

impl RemoteList {
    /// An empty list of a page that its owner knows.
    pub fn new() -> Self {
        RemoteList { head: AtomicU32::new(0) }
    }

    /// An empty list of a page that its owner has forgotten.
    pub fn new_unlisted() -> Self {
        RemoteList { head: AtomicU32::new(UNLISTED) }
    }

    /// Gives the block at `place` back to the page's owner.
    #[inline]
    pub fn push(&self, links: &impl Links, place: u32) -> Pushed {
        debug_assert!(place != 0 && place & UNLISTED == 0);
        // Relaxed: the exchange below checks what was read.
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            links.set_next(place, head & !UNLISTED);
            // Release: with `take`. Relaxed on failure: only the value is tried again.
            match self.head.compare_exchange_weak(head, place, Ordering::Release, Ordering::Relaxed) {
                Ok(_) if head & UNLISTED != 0 => return Pushed::ReturnPage,
                Ok(_) => return Pushed::Done,
                Err(now) => head = now,
            }
        }
    }

    /// Takes all blocks: the place of the first, or 0. Owner only, of a page that is not unlisted.
    #[inline]
    pub fn take(&self) -> u32 {
        // Relaxed: a block that arrives now is found the next time.
        if self.head.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        // Acquire: with every `push`.
        let head = self.head.swap(0, Ordering::Acquire);
        debug_assert_eq!(head & UNLISTED, 0);
        head
    }

    /// Unlists the page, unless blocks wait; says whether it did. Owner only.
    #[inline]
    #[must_use]
    pub fn try_unlist(&self) -> bool {
        // Relaxed: on failure the owner goes on to `take`, which acquires.
        self.head.compare_exchange(0, UNLISTED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Takes back an unlisted page, unless it is coming by the stack; says whether it did. Owner only.
    #[inline]
    #[must_use]
    pub fn try_relist(&self) -> bool {
        // Relaxed: on failure the page comes by the stack, which acquires.
        self.head.compare_exchange(UNLISTED, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// True if the page is marked as unlisted. Exact only while no other thread runs.
    pub fn is_unlisted(&self) -> bool {
        self.head.load(Ordering::Relaxed) & UNLISTED != 0
    }

    /// The place of the first waiting block, or 0. Exact only while no other thread runs.
    pub fn peek(&self) -> u32 {
        // Acquire: with `push`, for a walker that follows the links.
        self.head.load(Ordering::Acquire) & !UNLISTED
    }
}

/// What can lie on a [`ReturnStack`].
pub trait Returnable: Sized {
    /// The link to the next one; the stack's alone.
    fn next_returned(&self) -> &AtomicPtr<Self>;
}

/// Pages that come back to a heap.
#[derive(Debug)]
pub struct ReturnStack<T> {
    head: AtomicPtr<T>,
}

impl<T: Returnable> ReturnStack<T> {
    /// An empty stack.
    pub fn new() -> Self {
        ReturnStack { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Puts `page` on the stack.
    ///
    /// # Safety
    /// `page` must be on no stack, and stay valid until [`Self::take_all`] has handed it out.
    pub unsafe fn push(&self, page: *mut T) {
        // Relaxed: the exchange below checks what was read.
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the caller says that `page` is valid; it is not on the stack yet, so nobody else
            // writes.
            // Relaxed: published by the exchange.
            unsafe { &*page }.next_returned().store(head, Ordering::Relaxed);
            // Release: with `take_all`. Relaxed on failure: only the value is tried again.
            match self.head.compare_exchange_weak(head, page, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Empties the stack and hands out each page, once. Owner only.
    pub fn take_all(&self, mut each: impl FnMut(*mut T)) {
        // Relaxed: a page that arrives now is found the next time.
        if self.head.load(Ordering::Relaxed).is_null() {
            return;
        }
        // Acquire: with every `push`.
        let mut page = self.head.swap(ptr::null_mut(), Ordering::Acquire);
        while !page.is_null() {
            // SAFETY: pushed pages are valid until handed out, which comes next.
            // Relaxed: acquired above.
            let next = unsafe { &*page }.next_returned().load(Ordering::Relaxed);
            each(page);
            page = next;
        }
    }

    /// True if nothing waits. Exact only while no other thread runs.
    pub fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }
}
