//! What the storage of a list and of a dict costs, without an interpreter around it.

use std::hint::black_box;

use benches::with_runtime;
use criterion::{BatchSize, Criterion, Throughput};
use object_model::dict::Dict;
use object_model::list::List;
use object_model::string::Str;
use object_model::{Attached, Obj, Value};

/// Items in a container.
const ITEMS: usize = 1000;

fn small(number: usize) -> Value {
    Value::small_int(number as i64).expect("a small number")
}

fn lists(token: &Attached, criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("list");
    let list = Obj::<List>::list(token, (0..ITEMS).map(small).collect());
    group.bench_function("get a number", |bench| bench.iter(|| black_box(&list).get(token, black_box(500))));
    group.bench_function("set a number", |bench| {
        bench.iter(|| black_box(&list).set(token, black_box(500), small(1)))
    });

    let text = Obj::<Str>::ascii(token, "a text").expect("memory").into_value();
    let texts = Obj::<List>::list(token, vec![text.clone(); ITEMS]);
    group
        .bench_function("get an object", |bench| bench.iter(|| black_box(&texts).get(token, black_box(500))));
    group.bench_function("set an object", |bench| {
        bench.iter(|| black_box(&texts).set(token, black_box(500), text.clone()));
    });

    group.throughput(Throughput::Elements(ITEMS as u64));
    group.bench_function("push", |bench| {
        bench.iter_batched(
            || Obj::<List>::list(token, Vec::new()),
            |list| {
                for number in 0..ITEMS {
                    list.push(token, small(number)).expect("memory");
                }
                list
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("pop", |bench| {
        bench.iter_batched(
            || Obj::<List>::list(token, (0..ITEMS).map(small).collect()),
            |list| {
                while let Some(item) = list.pop_last(token) {
                    black_box(item);
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn dicts(token: &Attached, criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dict");
    let keys: Vec<Obj<Str>> = (0..ITEMS)
        .map(|number| Obj::<Str>::ascii(token, &format!("key {number}")).expect("memory"))
        .collect();
    let dict = Obj::<Dict>::dict(token);
    for (number, key) in keys.iter().enumerate() {
        dict.set_str(token, key, small(number)).expect("memory");
    }
    let absent = Obj::<Str>::ascii(token, "another key").expect("memory");
    group.bench_function("get by text", |bench| {
        bench.iter(|| black_box(&dict).get_str(token, black_box(&keys[500])))
    });
    group.bench_function("get what is not there", |bench| {
        bench.iter(|| black_box(&dict).get_str(token, black_box(&absent)))
    });
    group.bench_function("replace by text", |bench| {
        bench.iter(|| black_box(&dict).set_str(token, black_box(&keys[500]), small(1)));
    });
    group.bench_function("add and remove by text", |bench| {
        bench.iter(|| {
            dict.set_str(token, black_box(&absent), small(1)).expect("memory");
            dict.remove_str(token, black_box(&absent))
        });
    });

    group.throughput(Throughput::Elements(ITEMS as u64));
    group.bench_function("fill by text", |bench| {
        bench.iter_batched(
            || Obj::<Dict>::dict(token),
            |dict| {
                for (number, key) in keys.iter().enumerate() {
                    dict.set_str(token, key, small(number)).expect("memory");
                }
                dict
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn main() {
    with_runtime(|th| {
        // Made here, as it may not change threads.
        let mut criterion = Criterion::default().configure_from_args();
        lists(th, &mut criterion);
        dicts(th, &mut criterion);
        criterion.final_summary();
    });
}
