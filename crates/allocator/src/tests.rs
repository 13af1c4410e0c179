//! Tests of whole heaps, over both backends, with headers as the object model writes them.

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::mpsc;

use crate::heap::{Backend, RawHeap};
use crate::size_class::{BLOCK_SIZES, MAX_BLOCK};
use crate::{Attended, RawHeapHandle, block, free_threaded, gil, page_of};

type Shared = free_threaded::Heaps;
type Handle<B> = RawHeapHandle<B>;

/// How much smaller a test is under Miri, where each step costs a thousand times as much.
const SCALE: usize = if cfg!(miri) { 20 } else { 1 };

/// Which bytes of a body are looked at.
const STRIDE: usize = if cfg!(miri) { 331 } else { 1 };

/// A block on its way between threads.
struct Block(NonNull<u8>);

// SAFETY: a block is memory; the tests pass it on and do not keep it.
unsafe impl Send for Block {}

/// Does what the object model does: the owner and the counts, and a pattern in the body.
fn make<B: Backend>(block: NonNull<u8>, owner: u16, size: usize, pattern: u8) {
    // SAFETY: the block was just allocated with at least `size` bytes, at least 16.
    unsafe {
        assert!(!block::is_live(block));
        assert!(!B::STALE_READERS || block::reads_dead(block));
        block.cast::<u32>().write(1);
        block.add(16).write_bytes(pattern, size.max(16) - 16);
        block.add(12).cast::<u16>().write(owner);
    }
}

fn check(block: NonNull<u8>, size: usize, pattern: u8) {
    // SAFETY: `make` wrote these bytes.
    let body = unsafe { std::slice::from_raw_parts(block.as_ptr().add(16), size.max(16) - 16) };
    assert!(body.iter().step_by(STRIDE).all(|byte| *byte == pattern), "a block was overwritten");
}

fn allocate<B: Backend>(heap: &RawHeap<B>, size: usize, pattern: u8) -> NonNull<u8> {
    // SAFETY: each test owns the heaps that it uses (the `gil` ones by a lock).
    let block = unsafe { heap.allocate(size) }.expect("memory");
    assert_eq!(block.addr().get() % 8, 0);
    // SAFETY: the block is in use.
    assert!(unsafe { crate::block_size(block) } >= size);
    make::<B>(block, heap.id().0, size, pattern);
    block
}

fn validate<B: Backend>(heap: &RawHeap<B>) {
    // SAFETY: the caller owns the heap, and no other thread has blocks of it to free.
    unsafe { heap.validate() }.expect("a sound heap");
}

/// The `gil` build's heap is one, so its tests take turns, as under the GIL.
fn with_gil<R>(test: impl FnOnce(&Handle<gil::Heaps>) -> R) -> R {
    static GIL: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _gil = GIL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    test(&Handle::attach().expect("a heap"))
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn size(&mut self) -> usize {
        match self.below(100) {
            0..70 => self.below(200),
            70..95 => self.below(4000),
            95..99 => self.below(MAX_BLOCK),
            _ => self.below(10 * MAX_BLOCK / SCALE + MAX_BLOCK),
        }
    }
}

fn freed_blocks_are_used_again<B: Backend>(heap: &RawHeap<B>) {
    for size in [0, 1, 16, 17, 100, 256, 257, 8192, 8193, 65536] {
        let first = allocate(heap, size, 1);
        // SAFETY: the block is this heap's and not used any more.
        unsafe { heap.free(first) };
        assert_eq!(allocate(heap, size, 2), first, "last freed, first used");
        // SAFETY: as above.
        unsafe { heap.free(first) };
    }
    validate(heap);
}

fn blocks_do_not_overlap<B: Backend>(heap: &RawHeap<B>) {
    let mut blocks = Vec::new();
    for (pattern, size) in BLOCK_SIZES.iter().enumerate() {
        for _ in 0..(3 * 65536 / *size as usize / SCALE).clamp(2, 2000) {
            blocks.push((allocate(heap, *size as usize, pattern as u8), *size as usize, pattern as u8));
        }
    }
    validate(heap);
    let mut addresses: Vec<_> = blocks.iter().map(|(block, size, _)| (block.addr().get(), *size)).collect();
    addresses.sort_unstable();
    assert!(addresses.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
    for (block, size, pattern) in blocks {
        check(block, size, pattern);
        // SAFETY: the block is this heap's and not used any more.
        unsafe { heap.free(block) };
    }
    validate(heap);
}

fn walks_find_what_lives<B: Backend>(heap: &RawHeap<B>) {
    let mut live = HashSet::new();
    let mut random = Random(7);
    let mut blocks: Vec<_> = (0..4000 / SCALE).map(|_| allocate(heap, random.size(), 0)).collect();
    for _ in 0..2000 / SCALE {
        let block = blocks.swap_remove(random.below(blocks.len()));
        // SAFETY: the block is this heap's and not used any more.
        unsafe { heap.free(block) };
    }
    // SAFETY: this thread owns the heap. The block is not made an object yet.
    let unmade = unsafe { heap.allocate(48) }.expect("memory");
    // SAFETY: this thread owns the heap, and no other has blocks of it.
    unsafe { heap.for_each_live(|block| assert!(live.insert(block))) };
    assert!(!live.contains(&unmade));
    assert_eq!(live, blocks.iter().copied().collect());
    // SAFETY: this thread owns the heap.
    let stats = unsafe { heap.stats() };
    assert_eq!(stats.blocks(), blocks.len() + 1);
    assert!(stats.block_bytes() <= stats.held_bytes);
    for block in blocks.into_iter().chain([unmade]) {
        // SAFETY: as above.
        unsafe { heap.free(block) };
    }
    // SAFETY: as above.
    assert_eq!(unsafe { heap.stats() }.blocks(), 0);
    validate(heap);
}

fn random_use<B: Backend>(heap: &RawHeap<B>, seed: u64) {
    let mut random = Random(seed);
    let mut blocks = Vec::new();
    for step in 0..100_000 / SCALE {
        if random.below(1000) < 520 {
            let (size, pattern) = (random.size(), step as u8);
            blocks.push((allocate(heap, size, pattern), size, pattern));
        } else if !blocks.is_empty() {
            let (block, size, pattern) = blocks.swap_remove(random.below(blocks.len()));
            check(block, size, pattern);
            // SAFETY: the block is this heap's and not used any more.
            unsafe { heap.free(block) };
        }
        if blocks.len() > 2000 {
            for (block, size, pattern) in blocks.drain(100..) {
                check(block, size, pattern);
                // SAFETY: as above.
                unsafe { heap.free(block) };
            }
            validate(heap);
        }
    }
    for (block, ..) in blocks {
        // SAFETY: as above.
        unsafe { heap.free(block) };
    }
    validate(heap);
}

fn huge_requests_are_refused<B: Backend>(heap: &RawHeap<B>) {
    for size in [usize::MAX, usize::MAX / 2, isize::MAX as usize, usize::MAX - 65535] {
        // SAFETY: this thread owns the heap.
        assert_eq!(unsafe { heap.allocate(size) }, None);
    }
    let block = allocate(heap, 40 * MAX_BLOCK, 3);
    assert!(crate::stats::pool().dedicated_bytes >= 40 * MAX_BLOCK);
    check(block, 40 * MAX_BLOCK, 3);
    // SAFETY: the block is this heap's and not used any more.
    unsafe { heap.free(block) };
    validate(heap);
}

#[test]
fn one_heap_under_the_gil() {
    with_gil(|heap| {
        freed_blocks_are_used_again(heap);
        blocks_do_not_overlap(heap);
        walks_find_what_lives(heap);
        random_use(heap, 11);
        huge_requests_are_refused(heap);
        assert_eq!(heap.heap().with_unattended(|_| ()), Err(Attended));
        let block = allocate(heap, 32, 4);
        let mut found = false;
        // SAFETY: the lock keeps all other threads away from the only heap of this build.
        unsafe { crate::walk::for_each_live::<gil::Heaps>(|live| found |= live == block) };
        assert!(found);
        // SAFETY: the block is this heap's and not used any more.
        unsafe { heap.free(block) };
    });
}

#[test]
fn gil_threads_share_the_heap() {
    let id = with_gil(|heap| heap.id());
    let block =
        std::thread::spawn(|| with_gil(|heap| Block(allocate(heap, 100, 9)))).join().expect("no panic");
    with_gil(|heap| {
        assert_eq!(heap.id(), id);
        check(block.0, 100, 9);
        // SAFETY: the block is the only heap's and not used any more.
        unsafe { heap.free(block.0) };
    });
}

#[test]
fn a_heap_of_a_thread() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    assert!(heap.id().is_heap() && heap.id() != crate::NOBODY);
    freed_blocks_are_used_again(&heap);
    blocks_do_not_overlap(&heap);
    walks_find_what_lives(&heap);
    random_use(&heap, 13);
    huge_requests_are_refused(&heap);
    release(&heap);
}

/// Gives back what is empty; in these tests nobody has stale pointers.
fn release(heap: &RawHeap<Shared>) {
    // SAFETY: the caller owns the heap.
    let retired = unsafe { heap.take_retired() };
    // SAFETY: no thread keeps a pointer to a freed block.
    unsafe { retired.release() };
    // SAFETY: the caller owns the heap.
    assert_eq!(unsafe { heap.retired_bytes() }, 0);
}

#[test]
fn a_freed_block_reads_as_dead() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    let block = allocate(&heap, 64, 0xAA);
    // SAFETY: the block is this heap's; its page is not released before it is looked at below.
    unsafe {
        heap.free(block);
        assert!(block::reads_dead(block));
        assert!(!block::is_live(block));
    }
}

#[test]
fn emptied_pages_serve_their_class_at_once_and_others_after_release() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    release(&heap);
    let (count, size) = (10 * 65536 / 1024, 1024);
    let fill = || (0..count).map(|_| allocate(&heap, size, 1)).collect::<Vec<_>>();
    let blocks = fill();
    let pages: HashSet<_> = blocks.iter().map(|block| block.addr().get() / 65536).collect();
    for block in blocks {
        // SAFETY: the block is this heap's and not used any more.
        unsafe { heap.free(block) };
    }
    // SAFETY: this thread owns the heap.
    assert!(unsafe { heap.retired_bytes() } >= 9 * 65536);
    // Another size does not come to lie there …
    let other = allocate(&heap, 5000, 2);
    assert!(!pages.contains(&(other.addr().get() / 65536)));
    // … the same size does.
    let again = fill();
    assert!(again.iter().all(|block| pages.contains(&(block.addr().get() / 65536))));
    for block in again.into_iter().chain([other]) {
        // SAFETY: as above.
        unsafe { heap.free(block) };
    }
    validate(&heap);
    release(&heap);
    validate(&heap);
}

#[test]
fn large_blocks_are_used_again_while_stale_readers_may_look() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    let block = allocate(&heap, 200_000, 1);
    // SAFETY: the block is this heap's and not used any more.
    unsafe { heap.free(block) };
    assert_eq!(allocate(&heap, 199_000, 2), block);
    // SAFETY: as above.
    unsafe { heap.free(block) };
    validate(&heap);
    release(&heap);
}

#[test]
fn frees_by_other_threads_come_back() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    let sizes = [32, 32, 1000, 20_000, 100_000];
    let blocks: Vec<_> =
        (0..3000 / SCALE).map(|step| (Block(allocate(&heap, sizes[step % 5], 5)), sizes[step % 5])).collect();
    std::thread::spawn(move || {
        let mine = Handle::<Shared>::attach().expect("a heap");
        for (block, size) in blocks {
            check(block.0, size, 5);
            // SAFETY: the block is not used any more; this thread owns `mine`.
            unsafe { mine.free(block.0) };
        }
        validate(&mine);
    })
    .join()
    .expect("no panic");
    // SAFETY: this thread owns the heap.
    unsafe { heap.collect_remote_frees() };
    validate(&heap);
    // SAFETY: as above.
    assert_eq!(unsafe { heap.stats() }.blocks(), 0);
}

#[test]
fn a_parked_heap_is_helped_and_goes_to_the_next_thread() {
    // Other tests attach heaps at the same time, so this one keeps a heap that nobody else can adopt until
    // the end.
    let (to_main, from_thread) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let heap = Handle::<Shared>::attach().expect("a heap");
        let block = allocate(&heap, 48, 6);
        assert_eq!(heap.heap().with_unattended(|_| ()), Err(Attended));
        heap.detach();
        to_main.send((heap.heap(), Block(block))).expect("a receiver");
        heap
    });
    let (heap, block) = from_thread.recv().expect("a heap");
    let handle = thread.join().expect("no panic");
    heap.with_unattended(|heap| {
        check(block.0, 48, 6);
        // SAFETY: as a helper this thread owns the heap; the block is not used any more.
        unsafe { heap.free(block.0) };
        validate(heap);
    })
    .expect("detached");
    handle.reattach();
    assert_eq!(heap.with_unattended(|_| ()), Err(Attended));
    assert_eq!(handle.park(), heap.id());
}

#[test]
fn ids_run_out_with_an_error() {
    let registry = crate::registry::Registry::<Shared>::new(3);
    let heaps: Vec<_> = (0..3).map(|_| registry.adopt_or_create().expect("an id")).collect();
    assert_eq!(heaps.iter().map(|heap| heap.id().0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(registry.adopt_or_create().err(), Some(crate::AttachError::TooManyHeaps));
    registry.park(heaps[1]);
    assert!(std::ptr::eq(registry.adopt_or_create().expect("the parked one"), heaps[1]));
    assert_eq!(registry.heaps().count(), 3);
    assert!(registry.heap(crate::NOBODY).is_none());
    assert!(registry.heap(mode::OwnerId::IMMORTAL).is_none());
}

#[test]
fn each_heap_has_a_place_for_the_runtime() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    let mut data = 5_u32;
    let pointer = (&raw mut data).cast();
    match heap.set_extension(pointer) {
        Ok(()) => assert_eq!(heap.extension(), pointer),
        Err(there) => assert_eq!(heap.extension(), there),
    }
    assert!(heap.set_extension(pointer).is_err());
}

/// Threads that allocate, pass blocks on, free their own and others' blocks, end, and start anew.
#[test]
fn stress_across_threads() {
    let threads = if cfg!(miri) { 3 } else { 6 };
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..threads).map(|_| mpsc::channel::<(Block, usize, u8)>()).unzip();
    let workers: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(number, receiver)| {
            let senders = senders.clone();
            std::thread::spawn(move || {
                for life in 0..3 {
                    let heap = Handle::<Shared>::attach().expect("a heap");
                    work(&heap, number * 3 + life, &senders, &receiver);
                    heap.park();
                }
                receiver
            })
        })
        .collect();
    drop(senders);
    let receivers: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
    let heap = Handle::<Shared>::attach().expect("a heap");
    for (block, size, pattern) in receivers.iter().flat_map(|receiver| receiver.try_iter()) {
        check(block.0, size, pattern);
        // SAFETY: the block was passed to us to be freed.
        unsafe { heap.free(block.0) };
    }
    heap.park();
    for heap in Shared::registry().heaps() {
        // Heaps of other tests are attended, or have no block that is being freed.
        let checked = heap.with_unattended(|heap| {
            // SAFETY: a helper owns the heap.
            unsafe { heap.collect_remote_frees() };
            validate(heap);
        });
        assert!(checked.is_ok() || checked == Err(Attended));
    }
}

fn work(
    heap: &RawHeap<Shared>,
    number: usize,
    senders: &[mpsc::Sender<(Block, usize, u8)>],
    receiver: &mpsc::Receiver<(Block, usize, u8)>,
) {
    let mut random = Random(number as u64 + 1);
    let mut kept = Vec::new();
    for step in 0..30_000 / SCALE {
        let (size, pattern) = (random.size() / 4, step as u8);
        let made = (Block(allocate(heap, size, pattern)), size, pattern);
        match random.below(4) {
            0 => kept.push(made),
            1 => {
                // What arrives after the receiving thread has ended waits for the end of the test.
                senders[random.below(senders.len())].send(made).expect("receivers live as long");
            }
            _ => {
                check(made.0.0, size, pattern);
                // SAFETY: the block is not used any more.
                unsafe { heap.free(made.0.0) };
            }
        }
        if random.below(8) == 0 {
            for (block, size, pattern) in receiver.try_iter().chain(kept.drain(kept.len() / 2..)) {
                check(block.0, size, pattern);
                // SAFETY: the block was passed to us to be freed, or is our own.
                unsafe { heap.free(block.0) };
            }
        }
        if random.below(1000) == 0 {
            release(heap);
        }
    }
    for (block, size, pattern) in kept {
        check(block.0, size, pattern);
        // SAFETY: as above.
        unsafe { heap.free(block.0) };
    }
    // SAFETY: this thread owns the heap.
    unsafe { heap.collect_remote_frees() };
}

#[test]
fn headers_are_found_from_blocks() {
    let heap = Handle::<Shared>::attach().expect("a heap");
    for size in [16, 500, 60_000, 300_000, 5_000_000] {
        let block = allocate(&heap, size, 1);
        // SAFETY: the block is in use.
        let page = unsafe { page_of(block) };
        assert!(page.block_size() >= size);
        // SAFETY: this thread owns the heap, and has its only blocks.
        assert!(unsafe { page.live_blocks() }.any(|live| live == block));
        // SAFETY: the block is not used any more.
        unsafe { heap.free(block) };
    }
}
