//! What a reference costs: an increment and a decrement, over both backends.
//!
//! "owned" is the thread that made the object, "foreign" any other; the `gil` backend knows no difference.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mode::OwnerId;
use refcount::{OwnerCell, RawRefCount, Release, free_threaded, gil};

const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);

/// A header's two parts of a count.
struct Header<C> {
    counts: C,
    owner: OwnerCell,
}

impl<C: RawRefCount> Header<C> {
    fn new() -> Self {
        Header { counts: C::unique(), owner: OwnerCell::new(OWNER) }
    }

    /// One reference taken and given up.
    #[inline(always)]
    fn cycle(&self, me: OwnerId) -> Release {
        let header = black_box(self);
        header.counts.increment(&header.owner, me);
        header.counts.decrement(&header.owner, me)
    }
}

fn cycles<C: RawRefCount>(criterion: &mut Criterion, backend: &str) {
    let mut group = criterion.benchmark_group(format!("counts/{backend}"));

    let object = Header::<C>::new();
    group.bench_function("owned", |bench| bench.iter(|| object.cycle(OWNER)));

    let object = Header::<C>::new();
    group.bench_function("foreign", |bench| bench.iter(|| object.cycle(OTHER)));

    let object = Header::<C>::new();
    object.counts.make_immortal(&object.owner);
    group.bench_function("immortal", |bench| bench.iter(|| object.cycle(OTHER)));

    let object = Header::<C>::new();
    object.counts.make_deferred(&object.owner);
    group.bench_function("deferred", |bench| bench.iter(|| object.cycle(OTHER)));

    let object = Header::<C>::new();
    assert_eq!(object.counts.merge(&object.owner, 0), Release::Kept);
    group.bench_function("merged", |bench| bench.iter(|| object.cycle(OWNER)));

    let object = Header::<C>::new();
    object.counts.share(&object.owner, OWNER);
    group.bench_function("a reader without a lock", |bench| {
        bench.iter(|| {
            let header = black_box(&object);
            assert!(header.counts.try_increment(&header.owner, OTHER));
            header.counts.decrement(&header.owner, OTHER)
        });
    });

    let object = Header::<C>::new();
    group.bench_function("is it the only one", |bench| {
        bench.iter(|| black_box(&object).counts.is_unique(&object.owner, OWNER));
    });
    group.finish();
}

fn counts(criterion: &mut Criterion) {
    cycles::<gil::RefCount>(criterion, "gil");
    cycles::<free_threaded::RefCount>(criterion, "free-threaded");
}

criterion_group!(benches, counts);
criterion_main!(benches);
