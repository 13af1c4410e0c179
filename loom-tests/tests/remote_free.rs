//! `allocator::remote`: blocks and pages that other threads give back are lost by nobody and touched by one.

use std::sync::atomic::{AtomicU32 as Count, Ordering as Order};

use allocator::remote::{Links, Pushed, RemoteList, ReturnStack, Returnable};
use loom_tests::{check, must_fail};
use mode::primitive::{Arc, AtomicPtr, AtomicU32, Ordering, UnsafeCell, thread};

/// What the models use of `RemoteList` and `ReturnStack`.
trait Protocol: Send + Sync + Sized + 'static {
    type Stack: Send + Sync + 'static;
    fn new() -> Self;
    fn push(&self, links: &impl Links, place: u32) -> Pushed;
    fn take(&self) -> u32;
    fn try_unlist(&self) -> bool;
    fn try_relist(&self) -> bool;
    fn new_stack() -> Self::Stack;
    /// # Safety
    /// As `ReturnStack::push`.
    unsafe fn push_page(stack: &Self::Stack, page: *mut Page<Self>);
    fn take_pages(stack: &Self::Stack, each: impl FnMut(*mut Page<Self>));
}

impl Protocol for RemoteList {
    type Stack = ReturnStack<Page<RemoteList>>;

    fn new() -> Self {
        RemoteList::new()
    }

    fn push(&self, links: &impl Links, place: u32) -> Pushed {
        RemoteList::push(self, links, place)
    }

    fn take(&self) -> u32 {
        RemoteList::take(self)
    }

    fn try_unlist(&self) -> bool {
        RemoteList::try_unlist(self)
    }

    fn try_relist(&self) -> bool {
        RemoteList::try_relist(self)
    }

    fn new_stack() -> Self::Stack {
        ReturnStack::new()
    }

    unsafe fn push_page(stack: &Self::Stack, page: *mut Page<Self>) {
        // SAFETY: as the caller says.
        unsafe { stack.push(page) };
    }

    fn take_pages(stack: &Self::Stack, each: impl FnMut(*mut Page<Self>)) {
        stack.take_all(each);
    }
}

const UNLISTED: u32 = 1;

/// No fault: passes every model, so that the twins fail for their fault alone.
const SOUND: u8 = 0;
/// A block is published without its link.
const RELAXED_PUSH: u8 = 1;
/// Blocks are taken by a load and a store.
const TAKE_IN_TWO: u8 = 2;
/// The page is unlisted although blocks wait in it.
const UNLIST_BLINDLY: u8 = 3;
/// The page is taken back although another thread returns it.
const RELIST_BLINDLY: u8 = 4;
/// A push leaves the mark, so the next one returns the page again.
const KEEP_MARK: u8 = 5;
/// No push tells its thread to return the page.
const RETURN_NOTHING: u8 = 6;
/// A page is published without its link.
const RELAXED_RETURN: u8 = 7;

/// `RemoteList` with one fault.
struct Broken<const FAULT: u8> {
    head: AtomicU32,
}

impl<const FAULT: u8> Protocol for Broken<FAULT> {
    type Stack = AtomicPtr<Page<Self>>;

    fn new() -> Self {
        Broken { head: AtomicU32::new(0) }
    }

    fn push(&self, links: &impl Links, place: u32) -> Pushed {
        let order = if FAULT == RELAXED_PUSH { Ordering::Relaxed } else { Ordering::Release };
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            links.set_next(place, head & !UNLISTED);
            let mark = if FAULT == KEEP_MARK { head & UNLISTED } else { 0 };
            match self.head.compare_exchange(head, place | mark, order, Ordering::Relaxed) {
                Ok(_) if head & UNLISTED != 0 && FAULT != RETURN_NOTHING => return Pushed::ReturnPage,
                Ok(_) => return Pushed::Done,
                Err(now) => head = now,
            }
        }
    }

    fn take(&self) -> u32 {
        if FAULT == TAKE_IN_TWO {
            let head = self.head.load(Ordering::Acquire);
            self.head.store(0, Ordering::Relaxed);
            return head;
        }
        self.head.swap(0, Ordering::Acquire) & !UNLISTED
    }

    fn try_unlist(&self) -> bool {
        if FAULT == UNLIST_BLINDLY {
            self.head.store(UNLISTED, Ordering::Relaxed);
            return true;
        }
        self.head.compare_exchange(0, UNLISTED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn try_relist(&self) -> bool {
        if FAULT == RELIST_BLINDLY {
            self.head.fetch_and(!UNLISTED, Ordering::Relaxed);
            return true;
        }
        self.head.compare_exchange(UNLISTED, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn new_stack() -> Self::Stack {
        AtomicPtr::new(std::ptr::null_mut())
    }

    unsafe fn push_page(stack: &Self::Stack, page: *mut Page<Self>) {
        let order = if FAULT == RELAXED_RETURN { Ordering::Relaxed } else { Ordering::Release };
        let mut head = stack.load(Ordering::Relaxed);
        loop {
            // SAFETY: the caller says that the page is valid.
            unsafe { &*page }.next_returned.store(head, Ordering::Relaxed);
            match stack.compare_exchange(head, page, order, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    fn take_pages(stack: &Self::Stack, mut each: impl FnMut(*mut Page<Self>)) {
        let mut page = stack.swap(std::ptr::null_mut(), Ordering::Acquire);
        while !page.is_null() {
            // SAFETY: pages on the stack are valid.
            let next = unsafe { &*page }.next_returned.load(Ordering::Relaxed);
            each(page);
            page = next;
        }
    }
}

/// The blocks of a page in the models; place `16 * n` is block `n - 1`.
const BLOCKS: usize = 2;

/// A page whose links, and whose very existence, loom watches.
struct Page<P: Protocol> {
    remote: P,
    links: [UnsafeCell<u32>; BLOCKS],
    next_returned: AtomicPtr<Page<P>>,
    /// Read by who needs the page to be there, written by who gives it up.
    life: UnsafeCell<()>,
    /// How often each block came back to the owner; a record of the model, which orders nothing.
    taken: [Count; BLOCKS],
}

// SAFETY: loom itself finds unsynchronised uses of the cells.
unsafe impl<P: Protocol> Sync for Page<P> {}
// SAFETY: as above.
unsafe impl<P: Protocol> Send for Page<P> {}

impl<P: Protocol> Returnable for Page<P> {
    fn next_returned(&self) -> &AtomicPtr<Self> {
        &self.next_returned
    }
}

impl<P: Protocol> Links for Page<P> {
    fn next(&self, place: u32) -> u32 {
        // SAFETY: loom panics if another thread may be writing the link.
        self.links[place as usize / 16 - 1].with(|link| unsafe { *link })
    }

    fn set_next(&self, place: u32, next: u32) {
        // SAFETY: as above.
        self.links[place as usize / 16 - 1].with_mut(|link| unsafe { *link = next });
    }
}

/// A heap with its pages.
struct Heap<P: Protocol> {
    pages: Vec<Page<P>>,
    returned: P::Stack,
}

impl<P: Protocol> Heap<P> {
    fn new(pages: usize) -> Arc<Self> {
        let page = |_| Page {
            remote: P::new(),
            links: std::array::from_fn(|_| UnsafeCell::new(0)),
            next_returned: AtomicPtr::new(std::ptr::null_mut()),
            life: UnsafeCell::new(()),
            taken: std::array::from_fn(|_| Count::new(0)),
        };
        Arc::new(Heap { pages: (0..pages).map(page).collect(), returned: P::new_stack() })
    }

    /// What a thread does that frees a block of another heap.
    fn free_remote(&self, page: usize, block: usize) {
        let page = &self.pages[page];
        page.life.with(|_| ());
        if let Pushed::ReturnPage = page.remote.push(page, block as u32 * 16 + 16) {
            page.life.with(|_| ());
            // SAFETY: the pages live as long as the heap.
            unsafe { P::push_page(&self.returned, std::ptr::from_ref(page).cast_mut()) };
        }
    }

    /// What the owner does with a page that it knows. Answers how many of the page's blocks it has then.
    fn collect(&self, page: &Page<P>) -> u32 {
        let mut place = page.remote.take();
        while place != 0 {
            page.taken[place as usize / 16 - 1].fetch_add(1, Order::Relaxed);
            place = page.next(place);
        }
        page.taken.iter().map(|taken| taken.load(Order::Relaxed)).sum()
    }

    /// Takes up what was returned, and answers how many pages that were.
    fn take_returned(&self) -> u32 {
        let mut count = 0;
        P::take_pages(&self.returned, |page| {
            count += 1;
            assert!(count as usize <= self.pages.len(), "a page is lost or doubled");
            // SAFETY: the pages live as long as the heap.
            self.collect(unsafe { &*page });
        });
        count
    }

    /// Each block came back once.
    fn assert_complete(&self) {
        for page in &self.pages {
            let taken = page.taken.each_ref().map(|taken| taken.load(Order::Relaxed));
            assert_eq!(taken, [1; BLOCKS], "a block is lost or doubled");
        }
    }
}

fn spawn<P: Protocol>(heap: &Arc<Heap<P>>, work: impl FnOnce(&Heap<P>) + 'static) -> thread::JoinHandle<()> {
    let heap = Arc::clone(heap);
    thread::spawn(move || work(&heap))
}

/// Invariant: each block that is pushed while the owner collects is taken once, with its link.
fn blocks_are_taken_once<P: Protocol>() {
    let heap = Heap::<P>::new(1);
    let pushers: [_; BLOCKS] =
        std::array::from_fn(|block| spawn(&heap, move |heap| heap.free_remote(0, block)));
    heap.collect(&heap.pages[0]);
    heap.collect(&heap.pages[0]);
    for pusher in pushers {
        pusher.join().expect("no panic");
    }
    heap.collect(&heap.pages[0]);
    heap.assert_complete();
}

/// Invariant: a page that its owner forgot comes back once when blocks of it were freed.
fn a_forgotten_page_comes_back_once<P: Protocol>() {
    let heap = Heap::<P>::new(1);
    let pushers: [_; BLOCKS] =
        std::array::from_fn(|block| spawn(&heap, move |heap| heap.free_remote(0, block)));
    let page = &heap.pages[0];
    let forgotten = page.remote.try_unlist();
    for pusher in pushers {
        pusher.join().expect("no panic");
    }
    if !forgotten {
        heap.collect(page);
    }
    assert_eq!(heap.take_returned(), u32::from(forgotten), "a page is lost or doubled");
    heap.assert_complete();
}

/// Invariant: an owner that wants a forgotten page back has it once, by itself or by the stack.
fn a_page_is_taken_back_or_returned<P: Protocol>() {
    let heap = Heap::<P>::new(1);
    let page = &heap.pages[0];
    assert!(page.remote.try_unlist());
    let pusher = spawn(&heap, |heap| heap.free_remote(0, 0));
    // The owner frees the other block itself.
    page.taken[1].fetch_add(1, Order::Relaxed);
    let by_itself = page.remote.try_relist();
    pusher.join().expect("no panic");
    if by_itself {
        heap.collect(page);
    }
    assert_eq!(heap.take_returned() + u32::from(by_itself), 1, "a page is lost or doubled");
    heap.assert_complete();
}

/// Invariant: two pages returned at once both arrive.
fn pages_are_returned_together<P: Protocol>() {
    let heap = Heap::<P>::new(2);
    for page in &heap.pages {
        page.taken[1].fetch_add(1, Order::Relaxed);
        assert!(page.remote.try_unlist());
    }
    let pushers: [_; 2] = std::array::from_fn(|page| spawn(&heap, move |heap| heap.free_remote(page, 0)));
    let early = heap.take_returned();
    for pusher in pushers {
        pusher.join().expect("no panic");
    }
    assert_eq!(early + heap.take_returned(), 2, "a page is lost or doubled");
    heap.assert_complete();
}

/// Invariant (R3, R4): the owner may give a page up when it has all its blocks and the page is not on its
/// way. `heeds_return` false is an owner that has a fault: it collects a page that is coming by the stack.
fn an_empty_page_is_given_up<P: Protocol>(heeds_return: bool) {
    let heap = Heap::<P>::new(1);
    let page = &heap.pages[0];
    assert!(page.remote.try_unlist());
    let pusher = spawn(&heap, |heap| heap.free_remote(0, 0));
    // The owner frees the other block itself.
    page.taken[1].fetch_add(1, Order::Relaxed);
    let known = page.remote.try_relist() || !heeds_return || heap.take_returned() == 1;
    if known && heap.collect(page) == BLOCKS as u32 {
        page.life.with_mut(|_| ());
    }
    pusher.join().expect("no panic");
}

#[test]
fn no_block_is_lost() {
    check(blocks_are_taken_once::<RemoteList>);
    check(blocks_are_taken_once::<Broken<SOUND>>);
    must_fail("Causality violation", blocks_are_taken_once::<Broken<RELAXED_PUSH>>);
    must_fail("lost or doubled", blocks_are_taken_once::<Broken<TAKE_IN_TWO>>);
}

#[test]
fn no_page_is_lost() {
    check(a_forgotten_page_comes_back_once::<RemoteList>);
    check(a_forgotten_page_comes_back_once::<Broken<SOUND>>);
    must_fail("lost or doubled", a_forgotten_page_comes_back_once::<Broken<UNLIST_BLINDLY>>);
    must_fail("lost or doubled", a_forgotten_page_comes_back_once::<Broken<RETURN_NOTHING>>);
    must_fail("lost or doubled", a_forgotten_page_comes_back_once::<Broken<KEEP_MARK>>);
}

#[test]
fn a_page_is_not_known_twice() {
    check(a_page_is_taken_back_or_returned::<RemoteList>);
    check(a_page_is_taken_back_or_returned::<Broken<SOUND>>);
    must_fail("lost or doubled", a_page_is_taken_back_or_returned::<Broken<RELIST_BLINDLY>>);
}

#[test]
fn the_stack_loses_no_page() {
    check(pages_are_returned_together::<RemoteList>);
    check(pages_are_returned_together::<Broken<SOUND>>);
    must_fail("lost or doubled", pages_are_returned_together::<Broken<RELAXED_RETURN>>);
}

#[test]
fn a_page_is_given_up_only_when_nobody_needs_it() {
    check(|| an_empty_page_is_given_up::<RemoteList>(true));
    check(|| an_empty_page_is_given_up::<Broken<SOUND>>(true));
    must_fail("Causality violation", || an_empty_page_is_given_up::<RemoteList>(false));
}
