//! A page: 64 KiB of blocks of one size, or a span of several such slices with one large block.
//!
//! The header does not lie in the page but in the table at the start of the page's segment (`segment.rs`):
//! headers at equal offsets in all pages would share a handful of cache sets. [`page_of`] finds it from the
//! block's address alone.
//!
//! # Places
//! A block is named inside its page by its **place**: its offset plus 8, so that 0 can mean "none" and the
//! low three bits are free. `base`, 8 bytes before the first block, turns a place into an address by one
//! addition.
//!
//! # Rules
//! - The first cache line is the owner's: nobody else reads it but for `heap`, `base` and `block_size`,
//!   which are fixed while a block of the page is in use, and walkers of a stopped world.
//! - `remote` and `next_returned` follow `remote.rs`.
//!
//! # Invariants
//! - I1: `carved` blocks were ever handed out or chained; each is in use, in `free` or in `remote`.
//! - I2: the length of `free` plus the blocks in use (those in `remote` count as in use) is `carved`.
//! - I3: `used` is the blocks in use, plus 1 while the page is its class's current one, minus `SET_ASIDE`
//!   while the owner has forgotten it. So after a free, `used <= 0` is the one test that sends the owner out
//!   of line.
//! - I4: blocks in `free` are dead (`block.rs` B2); no place is in it twice.
//!
//! Not here: which pages a heap has and tries (`heap.rs`), where pages come from (`segment.rs`).

use std::cell::Cell;
use std::ops::Deref;
use std::ptr::NonNull;

use mode::primitive::{AtomicPtr, AtomicU32, Ordering};

use crate::block::{self, GRAIN};
use crate::quarantine;
use crate::remote::{Links, RemoteList, Returnable};
use crate::segment;

/// The bytes of a page.
pub const SLICE: usize = 64 * 1024;

/// How many bytes of blocks are chained at a time, so that a page's memory is touched as it is needed.
const CARVE: usize = 4096;

/// What `used` lacks while the owner has forgotten the page.
const SET_ASIDE: i32 = 1 << 30;

/// The class of a page with a large block.
pub(crate) const LARGE: u8 = u8::MAX;

/// Where a page is in its life; the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its class allocates from it.
    Current,
    /// It has free blocks and waits in its class's list.
    Listed,
    /// It had no free block, and its owner has forgotten it (or it is large).
    Unlisted,
    /// It comes back by the heap's stack.
    Returning,
    /// No block is in use; it waits to be used again or given back.
    Empty,
}

/// The header of a page.
#[derive(Debug)]
#[repr(C, align(128))]
pub struct Page {
    /// The place of the first free block, or 0.
    free: Cell<u32>,
    used: Cell<i32>,
    base: NonNull<u8>,
    /// The owning heap, as an address; null once the page is on its way back.
    heap: AtomicPtr<()>,
    block_size: usize,
    capacity: u32,
    carved: Cell<u32>,
    pub(crate) state: Cell<State>,
    pub(crate) class: u8,
    /// Neighbours in a list of the page's class; the list of empty pages and batches use `after` only.
    pub(crate) before: Cell<Option<PageRef>>,
    pub(crate) after: Cell<Option<PageRef>>,

    /// Blocks freed by other threads. The second cache line starts here.
    pub(crate) remote: RemoteList,
    tag: AtomicU32,
    next_returned: AtomicPtr<Page>,
    /// Neighbours among all pages of the heap.
    pub(crate) previous: Cell<Option<PageRef>>,
    pub(crate) next: Cell<Option<PageRef>>,
    /// How many slices the page spans.
    pub(crate) slices: usize,
}

/// A page that exists: it belongs to a heap, or to a batch on its way back.
///
/// The type's invariant is that the header stays mapped for as long as the value is used; whoever makes one
/// ([`page_of`], `segment::take`) vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRef(NonNull<Page>);

impl Deref for PageRef {
    type Target = Page;

    #[inline(always)]
    fn deref(&self) -> &Page {
        // SAFETY: the type's invariant: the header is mapped and was initialised; all that changes in it is
        // in cells and atomics.
        unsafe { self.0.as_ref() }
    }
}

/// The page of a block.
///
/// # Safety
/// `block` must be the address of a block (not of its inside) that is in use, or whose page is kept
/// for another reason, for as long as the answer is used.
#[inline(always)]
pub unsafe fn page_of(block: NonNull<u8>) -> PageRef {
    PageRef(segment::header_of(block))
}

impl PageRef {
    /// Makes the header of a page of `slices` slices with `capacity` blocks.
    ///
    /// # Safety
    /// `header` must be a header slot, and `start` the start of its slices, all of them the caller's alone,
    /// to keep until the page is given back.
    pub(crate) unsafe fn create(header: NonNull<Page>, start: NonNull<u8>, plan: Plan) -> PageRef {
        let large = plan.class == LARGE;
        let page = Page {
            free: Cell::new(0),
            used: Cell::new(0),
            // Place 8 is the first block; slot 0 of a segment is the table, so `base` is inside the segment.
            // SAFETY: as just said, the 8 bytes before `start` belong to the segment.
            base: unsafe { start.sub(GRAIN) },
            heap: AtomicPtr::new(plan.heap),
            block_size: plan.block_size,
            capacity: plan.capacity,
            carved: Cell::new(0),
            state: Cell::new(if large { State::Unlisted } else { State::Empty }),
            class: plan.class,
            before: Cell::new(None),
            after: Cell::new(None),
            remote: if large { RemoteList::new_unlisted() } else { RemoteList::new() },
            tag: AtomicU32::new(0),
            next_returned: AtomicPtr::new(std::ptr::null_mut()),
            previous: Cell::new(None),
            next: Cell::new(None),
            slices: plan.slices,
        };
        // SAFETY: the slot is the caller's, and has room and alignment for a header.
        unsafe { header.write(page) };
        PageRef(header)
    }

    /// The page that came off a heap's stack.
    ///
    /// # Safety
    /// `page` must be a page's header, kept as [`PageRef`] demands.
    pub(crate) unsafe fn from_raw(page: NonNull<Page>) -> PageRef {
        PageRef(page)
    }

    /// The header's address.
    pub(crate) fn as_raw(self) -> NonNull<Page> {
        self.0
    }

    /// The first block.
    pub(crate) fn start(self) -> NonNull<u8> {
        self.block_at(GRAIN as u32)
    }

    /// The bytes of each block.
    pub fn block_size(self) -> usize {
        self.block_size
    }

    /// How many blocks the page has room for.
    pub fn capacity(self) -> usize {
        self.capacity as usize
    }

    /// The number of a block among those of the page.
    #[inline(always)]
    pub fn index_of(self, block: NonNull<u8>) -> usize {
        // Both fit in 32 bits: a page with more than one block has 64 KiB.
        ((block.addr().get() % SLICE) as u32 / (self.block_size as u32).max(1)) as usize
    }

    /// A word for the object model, 0 at the start of the page's life: what it has to note about all objects
    /// of a page at once. Any thread may change it.
    pub fn tag(&self) -> &AtomicU32 {
        &self.tag
    }

    /// The live blocks of the page (`block.rs` B1). Those that the caller frees meanwhile may
    /// or may not show up.
    ///
    /// # Safety
    /// No other thread may use the page's heap or free its blocks meanwhile, and the page must not be given
    /// back.
    pub unsafe fn live_blocks(self) -> impl Iterator<Item = NonNull<u8>> {
        // SAFETY: the places are those of carved blocks, and the caller keeps the page.
        self.blocks().filter(|block| unsafe { block::is_live(*block) })
    }

    /// All blocks that were ever handed out or chained.
    pub(crate) fn blocks(self) -> impl Iterator<Item = NonNull<u8>> {
        let size = self.block_size;
        // A place fits in 32 bits: a page with more than one block has 64 KiB.
        (0..self.carved.get() as usize).map(move |index| self.block_at((index * size + GRAIN) as u32))
    }

    /// The address of the block at `place`.
    #[inline(always)]
    fn block_at(self, place: u32) -> NonNull<u8> {
        // SAFETY: places lie within the page (I1), which `base` is 8 bytes before.
        unsafe { self.base.add(place as usize) }
    }

    /// The place of a block.
    #[inline(always)]
    fn place_of(block: NonNull<u8>) -> u32 {
        (block.addr().get() % SLICE + GRAIN) as u32
    }

    /// Pops a free block. Owner only.
    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<NonNull<u8>> {
        let place = self.free.get();
        if place == 0 {
            return None;
        }
        let block = self.block_at(place);
        // SAFETY: a block in `free` is the owner's.
        self.free.set(unsafe { block::link(block) });
        self.used.set(self.used.get() + 1);
        // SAFETY: as above.
        unsafe { quarantine::unpoison(block, self.block_size) };
        Some(block)
    }

    /// Pushes a free block, and says whether the owner has more to do (I3). Owner only.
    ///
    /// # Safety
    /// `block` must be a block of this page, in use until now and dead.
    #[inline(always)]
    pub(crate) unsafe fn push(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the block is free and the caller's.
        unsafe { block::set_link(block, self.free.get()) };
        self.free.set(Self::place_of(block));
        let used = self.used.get() - 1;
        self.used.set(used);
        used <= 0
    }

    /// Gives a block back to the page's owner, from any thread.
    ///
    /// # Safety
    /// As [`Self::push`]. Unless the answer is `ReturnPage`, the page may be gone when this returns.
    pub(crate) unsafe fn push_remote(self, block: NonNull<u8>) -> crate::remote::Pushed {
        self.remote.push(&self, Self::place_of(block))
    }

    /// Moves what other threads freed to `free`. Owner only, of a page that is not unlisted.
    pub(crate) fn collect(&self) {
        let first = self.remote.take();
        if first == 0 {
            return;
        }
        let (mut last, mut count) = (first, 1);
        loop {
            let next = self.next(last);
            if next == 0 {
                break;
            }
            last = next;
            count += 1;
        }
        self.set_next(last, self.free.get());
        self.free.set(first);
        self.used.set(self.used.get() - count);
    }

    /// Sees to it that a free block is there, if there is one. Owner only, of a page that is not unlisted.
    pub(crate) fn replenish(&self) -> bool {
        if self.free.get() == 0 {
            self.collect();
        }
        if self.free.get() == 0 {
            self.carve();
        }
        self.free.get() != 0
    }

    /// Chains the next blocks that were never used, the lowest first.
    fn carve(&self) {
        let carved = self.carved.get();
        let count = (self.capacity - carved).min((CARVE / self.block_size).max(1) as u32);
        let place_of_index = |index: u32| index * self.block_size as u32 + GRAIN as u32;
        for index in (carved..carved + count).rev() {
            let place = place_of_index(index);
            let block = self.block_at(place);
            // SAFETY: the block was never in use in this life of the page: it is the owner's.
            unsafe { block::bury(block) };
            // SAFETY: as above.
            unsafe { block::set_link(block, self.free.get()) };
            self.free.set(place);
            // SAFETY: as above.
            unsafe { quarantine::poison(block, self.block_size) };
        }
        self.carved.set(carved + count);
    }

    /// The page becomes its class's current one.
    pub(crate) fn hold(&self) {
        self.state.set(State::Current);
        self.used.set(self.used.get() + 1);
    }

    /// The page is no longer its class's current one, and its owner forgets it.
    pub(crate) fn release_and_set_aside(&self) {
        self.state.set(State::Unlisted);
        self.used.set(self.used.get() - 1 - SET_ASIDE);
    }

    /// The large block of a new page, in use. The owner forgets the page until the block is freed.
    pub(crate) fn sole_block(&self) -> NonNull<u8> {
        self.carved.set(1);
        self.used.set(1 - SET_ASIDE);
        let block = self.block_at(GRAIN as u32);
        // SAFETY: the page was just made or taken from the empty ones: its block is the owner's.
        unsafe { block::bury(block) };
        // SAFETY: as above.
        unsafe { quarantine::unpoison(block, self.block_size) };
        block
    }

    /// Prepares an empty page of a large block for its next one.
    pub(crate) fn renew_large(&self) {
        self.free.set(0);
        self.state.set(State::Unlisted);
    }

    /// The owner remembers the page again.
    pub(crate) fn take_up(&self) {
        self.used.set(self.used.get() + SET_ASIDE);
    }

    /// True if no block is in use. Not for a page that is held or set aside.
    pub(crate) fn is_unused(&self) -> bool {
        self.used.get() == 0
    }

    /// The blocks in use, by I3.
    pub(crate) fn blocks_in_use(&self) -> u32 {
        let used = match self.state.get() {
            State::Current => self.used.get() - 1,
            State::Unlisted | State::Returning => self.used.get() + SET_ASIDE,
            State::Listed | State::Empty => self.used.get(),
        };
        used.max(0) as u32
    }

    /// True if blocks are ready or can be carved.
    pub(crate) fn has_room(&self) -> bool {
        self.free.get() != 0 || self.carved.get() < self.capacity
    }

    /// The heap that owns the page.
    #[inline(always)]
    pub fn heap(&self) -> *mut () {
        // Relaxed: fixed while a block is in use; whoever has a block got it after it was written.
        self.heap.load(Ordering::Relaxed)
    }

    /// The page belongs to `heap`, or (null) to none. Only while no block is in use.
    pub(crate) fn set_heap(&self, heap: *mut ()) {
        // Relaxed: as in `heap`.
        self.heap.store(heap, Ordering::Relaxed);
    }

    /// Checks I1, I2 and I4 (and that the remote list is sound); that counts read as dead, only where there
    /// are `stale_readers` to read them. The world must be stopped.
    pub(crate) fn validate(self, stale_readers: bool) -> Result<(), String> {
        let mut seen = vec![false; self.carved.get() as usize];
        let mut waiting = 0;
        for (list, first) in [("free", self.free.get()), ("remote", self.remote.peek())] {
            let mut place = first;
            while place != 0 {
                let offset = (place as usize).wrapping_sub(GRAIN);
                let index = offset / self.block_size;
                if !offset.is_multiple_of(self.block_size) || index >= seen.len() {
                    return Err(format!("I1: place {place} in the {list} list is no carved block"));
                }
                if std::mem::replace(&mut seen[index], true) {
                    return Err(format!("I4: place {place} is twice in the lists"));
                }
                let block = self.block_at(place);
                // SAFETY: a place in a list is a block of this page.
                let live = unsafe { block::is_live(block) };
                // SAFETY: as above.
                if live || stale_readers && !unsafe { block::reads_dead(block) } {
                    return Err(format!("I4: the block at place {place} in the {list} list is not dead"));
                }
                waiting += usize::from(list == "remote");
                place = self.next(place);
            }
        }
        let free = seen.iter().filter(|seen| **seen).count() - waiting;
        if free + self.blocks_in_use() as usize != seen.len() {
            return Err(format!(
                "I2: {free} free and {} used blocks of {} carved in {:?}",
                self.blocks_in_use(),
                seen.len(),
                self.state.get()
            ));
        }
        // SAFETY: the world is stopped.
        let live = unsafe { self.live_blocks() }.count();
        if live + waiting > self.blocks_in_use() as usize {
            return Err(format!("I1: {live} live blocks of {} used", self.blocks_in_use()));
        }
        Ok(())
    }
}

/// What a page is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) heap: *mut (),
    pub(crate) class: u8,
    pub(crate) block_size: usize,
    pub(crate) capacity: u32,
    pub(crate) slices: usize,
}

impl Links for PageRef {
    #[inline(always)]
    fn next(&self, place: u32) -> u32 {
        // SAFETY: `RemoteList` and `collect` name places of free blocks in the caller's hands.
        unsafe { block::link(self.block_at(place)) }
    }

    #[inline(always)]
    fn set_next(&self, place: u32, next: u32) {
        // SAFETY: as in `next`.
        unsafe { block::set_link(self.block_at(place), next) };
    }
}

impl Returnable for Page {
    fn next_returned(&self) -> &AtomicPtr<Page> {
        &self.next_returned
    }
}
