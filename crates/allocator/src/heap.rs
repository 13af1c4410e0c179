//! A heap: one thread's pages, by size class. Allocating and freeing.
//!
//! # Rules
//! - H1: everything in a heap is its owner's alone, but for `parking`, `returned`, `extension`, `held` and
//!   `id`. The owner is the thread that attends it, or a helper (`parking.rs`); in the `gil` build, whoever
//!   has the GIL.
//! - H2: heaps are never freed, so `&'static` to one is fine anywhere.
//! - H3: a page without blocks in use serves its own class again at once (objects of one size lie at the same
//!   offsets, so a stale reader still meets a header), and any other use only after a grace period:
//!   [`RawHeap::take_retired`] hands such pages out, to be [released](Retired::release) when all readers
//!   have passed a quiescent point. Without stale readers (`gil`) the heap releases them itself.
//!
//! # Invariants
//! - I5: `current[class]` is a page in state `Current` of that class, or the heap's own empty sentinel.
//! - I6: a page is `Listed` exactly while it is in its class's queue, and has a free block then.
//! - I7: all pages of the heap but the empty ones are in the list that starts at `pages`, once.
//!
//! Not here: the page (`page.rs`), large blocks (`large.rs`), who owns the heap (`parking.rs`,
//! `registry.rs`).

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use mode::OwnerId;
use mode::primitive::{AtomicPtr, AtomicUsize, Ordering};

use crate::list::{Queue, Stack};
use crate::page::{LARGE, Page, PageRef, Plan, SLICE, State, page_of};
use crate::parking::Parking;
use crate::quarantine;
use crate::registry::{AttachError, Registry};
use crate::remote::{Pushed, ReturnStack};
use crate::segment;
use crate::size_class::{self, BLOCK_SIZES, CLASSES, MAX_BLOCK, MAX_TABLED};

/// Above this many bytes of empty pages, and an eighth of those in use, a heap without stale readers gives
/// them back.
const KEPT_EMPTY: usize = 16 * SLICE;

/// What a build decides about heaps. Implemented by `gil::Heaps` and `free_threaded::Heaps`.
///
/// # Safety
/// If `owns` answers true, the page is the heap's or no other thread can be using its owner.
pub unsafe trait Backend: Sized + 'static {
    /// True if emptied pages must wait for stale readers (H3).
    const STALE_READERS: bool;

    /// All heaps of this build.
    fn registry() -> &'static Registry<Self>;

    /// True if a block of `page` is freed locally in `heap`.
    fn owns(heap: &RawHeap<Self>, page: PageRef) -> bool;

    /// Makes a block read as free.
    ///
    /// # Safety
    /// The block's object must be destroyed, and the block in the caller's hands.
    unsafe fn bury(block: NonNull<u8>);

    /// Says that a used-up page will be forgotten, unless other threads freed blocks in it.
    fn unlist(page: PageRef) -> bool;

    /// Takes a forgotten page back, unless another thread returns it.
    fn relist(page: PageRef) -> bool;

    /// A heap for the current thread.
    fn attach() -> Result<&'static RawHeap<Self>, AttachError>;

    /// The thread that attended `heap` has ended.
    fn park(heap: &'static RawHeap<Self>);

    /// The thread that attends `heap` blocks.
    fn detach(heap: &RawHeap<Self>);

    /// The thread that detached from `heap` goes on.
    fn reattach(heap: &RawHeap<Self>);
}

/// The pages of one size class.
#[derive(Debug, Default)]
struct Bin {
    listed: Queue,
    empty: Stack,
}

/// One thread's object blocks (in the `gil` build: the process's).
#[repr(C)]
pub struct RawHeap<B: Backend> {
    /// The page that each class allocates from.
    current: [Cell<PageRef>; CLASSES],
    id: OwnerId,
    bins: [Bin; CLASSES],
    empty_large: Stack,
    /// The first of all pages in use.
    pages: Cell<Option<PageRef>>,
    empty_bytes: Cell<usize>,
    held: AtomicUsize,
    /// A page without blocks: the current one of a class that has none.
    none: PageRef,
    pub(crate) parking: Parking,
    extension: AtomicPtr<()>,
    /// Pages that other threads return.
    returned: Padded<ReturnStack<Page>>,
    backend: PhantomData<B>,
}

/// On cache lines of its own.
#[repr(align(128))]
struct Padded<T>(T);

// SAFETY: H1: only the owner uses the cells, which is the contract of the unsafe methods that touch them; the
// rest is atomic. Handing a heap to another owner synchronises through `Parking`, or the GIL.
unsafe impl<B: Backend> Sync for RawHeap<B> {}
// SAFETY: as above; a heap refers to no thread.
unsafe impl<B: Backend> Send for RawHeap<B> {}

impl<B: Backend> fmt::Debug for RawHeap<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawHeap").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<B: Backend> RawHeap<B> {
    /// Makes a heap that nobody knows yet.
    pub(crate) fn create(id: OwnerId) -> Option<&'static Self> {
        // SAFETY: `Page` has a size.
        let slot: NonNull<Page> = unsafe { allocate_forever() }?;
        let plan = Plan { heap: ptr::null_mut(), class: 0, block_size: 16, capacity: 0, slices: 0 };
        // The sentinel has no block, so its start is never used; any address that has 8 bytes before it will
        // do.
        // SAFETY: the header is larger than 16 bytes.
        let start = unsafe { slot.cast::<u8>().add(16) };
        // SAFETY: the slot was just allocated, for good.
        let none = unsafe { PageRef::create(slot, start, plan) };
        // SAFETY: a heap has a size.
        let heap: NonNull<Self> = unsafe { allocate_forever() }?;
        // SAFETY: the memory was just allocated for it.
        unsafe {
            heap.write(RawHeap {
                current: std::array::from_fn(|_| Cell::new(none)),
                id,
                bins: std::array::from_fn(|_| Bin::default()),
                empty_large: Stack::default(),
                pages: Cell::new(None),
                empty_bytes: Cell::new(0),
                held: AtomicUsize::new(0),
                none,
                parking: Parking::new(),
                extension: AtomicPtr::new(ptr::null_mut()),
                returned: Padded(ReturnStack::new()),
                backend: PhantomData,
            });
        }
        // SAFETY: it was just written, is never freed, and only shared references to it are made.
        Some(unsafe { heap.as_ref() })
    }

    /// The heap as `Attached::new` wants it.
    pub fn as_token_heap(&'static self) -> NonNull<()> {
        NonNull::from(self).cast()
    }

    /// What this heap writes into the headers of its objects: never [`NOBODY`](crate::NOBODY).
    #[inline(always)]
    pub fn id(&self) -> OwnerId {
        self.id
    }

    /// A block of at least `size` bytes, aligned to 8; `None` when memory is short. Its owner, and where
    /// there are stale readers its counts, read as dead (`block.rs` B2), the rest is arbitrary. It is live
    /// for a heap walk once its owner is written.
    ///
    /// # Safety
    /// The caller must own the heap (H1).
    #[inline(always)]
    pub unsafe fn allocate(&self, size: usize) -> Option<NonNull<u8>> {
        if size <= MAX_TABLED {
            // SAFETY: the caller owns the heap.
            unsafe { self.allocate_class(size_class::of_tabled(size)) }
        } else {
            // SAFETY: as above.
            unsafe { self.allocate_big(size) }
        }
    }

    /// [`Self::allocate`] for a size known to the compiler, at most [`MAX_BLOCK`].
    ///
    /// # Safety
    /// As [`Self::allocate`].
    #[inline(always)]
    pub unsafe fn allocate_sized<const SIZE: usize>(&self) -> Option<NonNull<u8>> {
        // SAFETY: the caller owns the heap.
        unsafe { self.allocate_class(const { size_class::of_constant(SIZE) }) }
    }

    /// [`Self::allocate`] for a size whose class the caller has looked up before.
    ///
    /// # Safety
    /// As [`Self::allocate`]; `class` must be less than [`CLASSES`].
    #[inline(always)]
    pub unsafe fn allocate_class(&self, class: usize) -> Option<NonNull<u8>> {
        debug_assert!(class < CLASSES);
        // SAFETY: the caller gives a class.
        let page = unsafe { self.current.get_unchecked(class) }.get();
        match page.pop() {
            Some(block) => Some(block),
            // SAFETY: the caller owns the heap.
            None => unsafe { self.allocate_slow(class) },
        }
    }

    #[cold]
    unsafe fn allocate_big(&self, size: usize) -> Option<NonNull<u8>> {
        if size <= MAX_BLOCK {
            // SAFETY: the caller owns the heap.
            unsafe { self.allocate_class(size_class::of_constant(size)) }
        } else {
            // SAFETY: as above.
            unsafe { self.allocate_large(size) }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn allocate_slow(&self, class: usize) -> Option<NonNull<u8>> {
        self.find_room(class)?.pop()
    }

    /// Makes a page with a free block the current one of its class.
    fn find_room(&self, class: usize) -> Option<PageRef> {
        loop {
            let page = self.current[class].get();
            if page != self.none {
                if page.replenish() {
                    return Some(page);
                }
                if !B::unlist(page) {
                    continue;
                }
                page.release_and_set_aside();
                self.current[class].set(self.none);
            }
            self.take_returned();
            let bin = &self.bins[class];
            let page = match bin.listed.pop_front() {
                Some(page) => page,
                None => match bin.empty.pop() {
                    Some(page) => {
                        self.forget_empty(page);
                        self.link_page(page);
                        page
                    }
                    None => self.new_page(class)?,
                },
            };
            page.hold();
            self.current[class].set(page);
        }
    }

    fn new_page(&self, class: usize) -> Option<PageRef> {
        let block_size = BLOCK_SIZES[class] as usize;
        let plan = Plan {
            heap: self.address(),
            class: class as u8,
            block_size,
            capacity: (SLICE / block_size) as u32,
            slices: 1,
        };
        let (header, start) = segment::take(1)?;
        // SAFETY: `take` gave this slot and this slice to us.
        let page = unsafe { PageRef::create(header, start, plan) };
        self.link_page(page);
        Some(page)
    }

    /// Frees a block from any heap: at once if the block is this heap's, else through its owner.
    ///
    /// # Safety
    /// The caller must own this heap (H1). `block` must come from `allocate` of a heap of this build and
    /// not have been freed since; its object must be destroyed, and nobody hold a counted reference to it.
    #[inline(always)]
    pub unsafe fn free(&self, block: NonNull<u8>) {
        // SAFETY: the object is destroyed and the block is the caller's.
        unsafe { B::bury(block) };
        // SAFETY: the block is in use until now, so its page is there.
        let page = unsafe { page_of(block) };
        // SAFETY: the block is dead and the caller's.
        unsafe { quarantine::poison(block, page.block_size()) };
        // In all but one kind of build, this is the block itself.
        let Some(block) = quarantine::exchange(block) else { return };
        // SAFETY: to its page, the block is in use until now (Q2).
        let page = unsafe { page_of(block) };
        if !B::owns(self, page) {
            // SAFETY: as the caller says, and the block is dead now.
            return unsafe { free_remote::<B>(page, block) };
        }
        // SAFETY: the block is of this page, in use, and dead now.
        if unsafe { page.push(block) } {
            self.freed_rarely(page);
        }
    }

    /// After a free into a page that was forgotten, or that is empty now.
    #[cold]
    #[inline(never)]
    fn freed_rarely(&self, page: PageRef) {
        match page.state.get() {
            State::Listed => {
                self.bins[page.class as usize].listed.remove(page);
                self.retire(page);
            }
            State::Unlisted if B::relist(page) => self.take_up(page),
            State::Unlisted => page.state.set(State::Returning),
            State::Returning | State::Current | State::Empty => {}
        }
    }

    /// Remembers a page that was set aside and has a free block again.
    fn take_up(&self, page: PageRef) {
        page.take_up();
        if page.is_unused() {
            self.retire(page);
        } else {
            page.state.set(State::Listed);
            self.bins[page.class as usize].listed.push_back(page);
        }
    }

    /// Takes up the pages that other threads have returned.
    fn take_returned(&self) {
        self.returned.0.take_all(|page| {
            // SAFETY: what is on the stack are headers of this heap's pages, which are kept until taken up.
            let page = unsafe { PageRef::from_raw(NonNull::new_unchecked(page)) };
            page.collect();
            self.take_up(page);
        });
    }

    /// Collects all that other threads have freed. Allocating does this where it is needed; a helper of a
    /// heap without a thread may do it to see large blocks go.
    ///
    /// # Safety
    /// The caller must own the heap (H1).
    pub unsafe fn collect_remote_frees(&self) {
        self.take_returned();
        for (class, bin) in self.bins.iter().enumerate() {
            // The iterator has left a page before it answers it, so the page may leave the queue.
            for page in bin.listed.iter() {
                page.collect();
                if page.is_unused() {
                    bin.listed.remove(page);
                    self.retire(page);
                }
            }
            let current = self.current[class].get();
            if current != self.none {
                current.collect();
            }
        }
    }

    /// Puts a page without blocks in use among the empty ones.
    fn retire(&self, page: PageRef) {
        self.unlink_page(page);
        page.state.set(State::Empty);
        self.empty_bytes.set(self.empty_bytes.get() + page.slices * SLICE);
        match self.bins.get(page.class as usize) {
            Some(bin) => bin.empty.push(page),
            None => self.empty_large.push(page),
        }
        if !B::STALE_READERS && self.empty_bytes.get() > KEPT_EMPTY.max(self.held_bytes() / 8) {
            let retired = self.take_empty();
            // SAFETY: nobody has stale pointers in this build.
            unsafe { retired.release() };
        }
    }

    /// The bytes of empty pages, which [`Self::take_retired`] would hand out.
    ///
    /// # Safety
    /// The caller must own the heap (H1).
    pub unsafe fn retired_bytes(&self) -> usize {
        self.empty_bytes.get()
    }

    /// Hands out the pages that no block is in use of, to be released after a grace period (H3).
    ///
    /// # Safety
    /// The caller must own the heap (H1).
    pub unsafe fn take_retired(&self) -> Retired {
        self.take_empty()
    }

    fn take_empty(&self) -> Retired {
        let batch = Stack::default();
        let bytes = self.empty_bytes.replace(0);
        for stack in self.bins.iter().map(|bin| &bin.empty).chain([&self.empty_large]) {
            while let Some(page) = stack.pop() {
                page.set_heap(ptr::null_mut());
                batch.push(page);
            }
        }
        Retired { pages: batch, bytes }
    }

    /// An empty page is used again.
    pub(crate) fn forget_empty(&self, page: PageRef) {
        self.empty_bytes.set(self.empty_bytes.get() - page.slices * SLICE);
    }

    pub(crate) fn empty_large(&self) -> &Stack {
        &self.empty_large
    }

    /// The heap as a page's header names it.
    pub(crate) fn address(&self) -> *mut () {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// Enters a page into the list of all pages.
    pub(crate) fn link_page(&self, page: PageRef) {
        let next = self.pages.replace(Some(page));
        page.next.set(next);
        page.previous.set(None);
        if let Some(next) = next {
            next.previous.set(Some(page));
        }
        self.add_held((page.slices * SLICE) as isize);
    }

    fn unlink_page(&self, page: PageRef) {
        let (previous, next) = (page.previous.take(), page.next.take());
        match previous {
            Some(previous) => previous.next.set(next),
            None => self.pages.set(next),
        }
        if let Some(next) = next {
            next.previous.set(previous);
        }
        self.add_held(-((page.slices * SLICE) as isize));
    }

    fn add_held(&self, bytes: isize) {
        // Relaxed: a statistic that only the owner changes.
        let held = self.held.load(Ordering::Relaxed);
        self.held.store(held.wrapping_add_signed(bytes), Ordering::Relaxed);
        crate::growth::changed(bytes);
    }

    /// The bytes of pages with blocks in use; from any thread, cheap enough for a collector's trigger.
    pub fn held_bytes(&self) -> usize {
        // Relaxed: a statistic.
        self.held.load(Ordering::Relaxed)
    }

    /// All pages in use.
    pub(crate) fn pages_in_use(&self) -> impl Iterator<Item = PageRef> {
        std::iter::successors(self.pages.get(), |page| page.next.get())
    }

    /// What the runtime keeps for each heap, found by its id; null until set. The heap does not use it.
    pub fn extension(&self) -> *mut () {
        // Acquire: with `set_extension`.
        self.extension.load(Ordering::Acquire)
    }

    /// Sets the extension, if it is not set; else answers what is.
    pub fn set_extension(&self, extension: *mut ()) -> Result<(), *mut ()> {
        // Release: with `extension`. Acquire on failure: the caller may look at what is there.
        self.extension
            .compare_exchange(ptr::null_mut(), extension, Ordering::Release, Ordering::Acquire)
            .map(drop)
    }

    /// Checks the invariants of the heap and of its pages (I1 to I7).
    ///
    /// # Safety
    /// The caller must own the heap (H1), and no other thread free its blocks meanwhile.
    pub unsafe fn validate(&self) -> Result<(), String> {
        let mut bytes = 0;
        let mut listed = 0;
        for page in self.pages_in_use() {
            page.validate(B::STALE_READERS)?;
            bytes += page.slices * SLICE;
            if page.heap() != self.address() {
                return Err("I7: a page of another heap".into());
            }
            let current = self.current.get(page.class as usize).is_some_and(|current| current.get() == page);
            if (page.state.get() == State::Current) != current {
                return Err(format!("I5: a {:?} page of class {}", page.state.get(), page.class));
            }
            if page.state.get() == State::Empty {
                return Err("I7: an empty page among those in use".into());
            }
            listed += usize::from(page.state.get() == State::Listed);
        }
        if bytes != self.held_bytes() {
            return Err(format!("I7: pages of {bytes} bytes, {} counted", self.held_bytes()));
        }
        for (class, bin) in self.bins.iter().enumerate() {
            for page in bin.listed.iter() {
                if page.class as usize != class || page.state.get() != State::Listed || !page.has_room() {
                    return Err(format!("I6: a {:?} page in the queue of class {class}", page.state.get()));
                }
                listed = listed.wrapping_sub(1);
            }
            for page in bin.empty.iter() {
                page.validate(B::STALE_READERS)?;
                if page.class as usize != class || page.state.get() != State::Empty || !page.is_unused() {
                    return Err(format!("I7: a {:?} page among the empty of {class}", page.state.get()));
                }
            }
        }
        if listed != 0 {
            return Err("I6: a listed page in no queue".into());
        }
        if self.empty_large.iter().any(|page| page.class != LARGE || !page.is_unused()) {
            return Err("I7: a page in use among the empty large ones".into());
        }
        Ok(())
    }
}

/// Frees a block of a page that another heap owns.
///
/// # Safety
/// As `RawHeap::free`; the block must be dead.
#[cold]
#[inline(never)]
unsafe fn free_remote<B: Backend>(page: PageRef, block: NonNull<u8>) {
    let owner = page.heap();
    // SAFETY: the block is of this page, in use until now, and dead.
    if let Pushed::ReturnPage = unsafe { page.push_remote(block) } {
        // SAFETY: the page of a block in use belongs to a heap of this build, and heaps are never freed (H2).
        let owner = unsafe { &*owner.cast::<RawHeap<B>>() };
        // SAFETY: we removed the mark, so nobody else pushes it, and its owner keeps it until it is handed
        // out.
        unsafe { owner.returned.0.push(page.as_raw().as_ptr()) };
    }
}

/// Memory for a `T` that is never freed; unlike `Box`, `None` when there is none.
///
/// # Safety
/// `T` must not be of size zero.
unsafe fn allocate_forever<T>() -> Option<NonNull<T>> {
    // SAFETY: the caller says that the layout has a size.
    NonNull::new(unsafe { std::alloc::alloc(std::alloc::Layout::new::<T>()) }.cast())
}

/// Empty pages on their way back to the process. Dropping it leaks them.
#[derive(Debug)]
#[must_use]
pub struct Retired {
    pages: Stack,
    bytes: usize,
}

// SAFETY: the batch owns its pages, which no heap knows any more.
unsafe impl Send for Retired {}

impl Retired {
    /// How many bytes the pages have; nothing is to be done for 0.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives the pages to the pool that all heaps share, or to the operating system.
    ///
    /// # Safety
    /// Since the batch was taken, every thread must have passed a point at which it holds no stale pointer:
    /// from a closure deferred by `crossbeam-epoch`, this holds.
    pub unsafe fn release(self) {
        if self.bytes != 0 {
            // SAFETY: nobody looks at the pages any more, as the caller says.
            unsafe { segment::give(std::iter::from_fn(|| self.pages.pop())) };
        }
    }
}
