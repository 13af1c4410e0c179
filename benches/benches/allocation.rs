//! What a block costs: allocated and freed by one thread, in batches, and freed by another thread.

use std::hint::black_box;
use std::ptr::NonNull;
use std::sync::mpsc;
use std::time::Instant;

use allocator::heap::{Backend, RawHeap};
use allocator::{RawHeapHandle, free_threaded, gil};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Sizes of an int or float, a tuple, an instance, a large object.
const SIZES: [usize; 5] = [16, 32, 64, 256, 4096];

/// How many blocks live at once in the batches.
const BATCH: usize = 1000;

/// A block on its way to another thread.
struct Block(NonNull<u8>);

// SAFETY: a block is memory, and whoever receives it is the only one who has it.
unsafe impl Send for Block {}

/// A block that counts as an object.
fn make<B: Backend>(heap: &RawHeap<B>, size: usize) -> NonNull<u8> {
    // SAFETY: this thread is attached to the heap.
    let block = unsafe { heap.allocate(black_box(size)) }.expect("memory");
    // SAFETY: the block has at least 16 bytes; K1 puts the counts in the first eight and the owner into bytes 12 and 13.
    unsafe {
        block.cast::<u64>().write(1);
        block.add(12).cast::<u16>().write(heap.id().0);
    }
    block
}

fn free<B: Backend>(heap: &RawHeap<B>, block: NonNull<u8>) {
    // SAFETY: the block is in use, this thread has it alone and is attached to the heap.
    unsafe { heap.free(block) };
}

fn by_one_thread<B: Backend>(criterion: &mut Criterion, backend: &str) {
    let handle = RawHeapHandle::<B>::attach().expect("a heap");
    let heap = handle.heap();
    let mut group = criterion.benchmark_group(format!("allocation/{backend}/one"));
    for size in SIZES {
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| free(heap, make(heap, size)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group(format!("allocation/{backend}/batch"));
    group.throughput(Throughput::Elements(BATCH as u64));
    for size in SIZES {
        let mut blocks = Vec::with_capacity(BATCH);
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| {
                blocks.extend((0..BATCH).map(|_| make(heap, size)));
                blocks.drain(..).for_each(|block| free(heap, block));
            });
        });
    }
    group.finish();
    handle.park();
}

/// Only the time of the freeing thread is measured.
fn by_another_thread(criterion: &mut Criterion) {
    type Heaps = free_threaded::Heaps;
    let mut group = criterion.benchmark_group("allocation/free-threaded/remote");
    group.throughput(Throughput::Elements(BATCH as u64));
    for size in SIZES {
        let (orders, ordered) = mpsc::channel::<()>();
        let (send, receive) = mpsc::channel::<Vec<Block>>();
        let maker = std::thread::spawn(move || {
            let handle = RawHeapHandle::<Heaps>::attach().expect("a heap");
            for () in ordered {
                // SAFETY: this thread is attached to the heap.
                unsafe { handle.heap().collect_remote_frees() };
                let blocks = (0..BATCH).map(|_| Block(make(handle.heap(), size))).collect();
                if send.send(blocks).is_err() {
                    break;
                }
            }
            handle.park();
        });
        let handle = RawHeapHandle::<Heaps>::attach().expect("a heap");
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter_custom(|rounds| {
                let mut elapsed = std::time::Duration::ZERO;
                for _ in 0..rounds {
                    orders.send(()).expect("the other thread runs");
                    let blocks = receive.recv().expect("the other thread runs");
                    let start = Instant::now();
                    blocks.into_iter().for_each(|block| free(handle.heap(), block.0));
                    elapsed += start.elapsed();
                }
                elapsed
            });
        });
        handle.park();
        drop(orders);
        maker.join().expect("the other thread ends well");
    }
    group.finish();
}

fn allocation(criterion: &mut Criterion) {
    by_one_thread::<gil::Heaps>(criterion, "gil");
    by_one_thread::<free_threaded::Heaps>(criterion, "free-threaded");
    by_another_thread(criterion);
}

criterion_group!(benches, allocation);
criterion_main!(benches);
