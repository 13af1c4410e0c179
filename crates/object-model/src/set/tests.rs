//! Tests of the storage of sets, against orders and sizes that CPython shows.

use std::ptr::NonNull;

use mode::{Attached, OwnerId};

use super::{Set, combine};
use crate::value::Value;

fn token() -> Attached {
    // SAFETY: immediates need no heap, so the heap is never looked at.
    unsafe { Attached::new(NonNull::dangling(), OwnerId(1)) }
}

fn add(set: &Set, token: &Attached, number: i64) {
    let key = Value::small_int(number).unwrap();
    if set.find_locked(&key, number).unwrap().is_none() {
        set.put(token, key, number).unwrap();
    }
}

fn order(set: &Set) -> Vec<i64> {
    let table = set.table.get();
    (0..table.size()).filter_map(|n| table.key(n)?.as_small_int()).collect()
}

/// The orders are CPython's for the same history.
#[test]
fn iteration_order_is_cpythons() {
    let (set, token) = (Set::default(), token());
    let numbers: Vec<i64> = (0..40).map(|i| (i * 7919) % 1009).collect();
    numbers.iter().for_each(|n| add(&set, &token, *n));
    let full = [
        0, 641, 517, 393, 397, 273, 914, 149, 794, 29, 670, 546, 550, 426, 302, 947, 182, 823, 58, 699, 703,
        579, 455, 335, 976, 211, 852, 87, 856, 91, 732, 608, 488, 364, 1005, 240, 244, 885, 120, 761,
    ];
    assert_eq!(order(&set), full);
    for number in numbers.iter().step_by(3) {
        let key = Value::small_int(*number).unwrap();
        let entry = set.find_locked(&key, *number).unwrap().unwrap();
        assert!(set.delete(entry).unwrap().is(&key));
    }
    add(&set, &token, 5000);
    add(&set, &token, 6000);
    let rest = [
        517, 5000, 393, 397, 149, 794, 29, 670, 426, 302, 947, 58, 699, 703, 579, 335, 976, 211, 852, 856,
        608, 488, 240, 6000, 244, 885, 120, 761,
    ];
    assert_eq!(order(&set), rest);
    assert_eq!(set.len(), rest.len());
}

#[test]
fn a_table_always_keeps_an_unused_entry() {
    let (set, token) = (Set::default(), token());
    for number in 0..10_000 {
        add(&set, &token, number);
        let key = Value::small_int(number).unwrap();
        if number % 3 != 0 {
            let entry = set.find_locked(&key, number).unwrap().unwrap();
            set.delete(entry);
        }
        assert!(set.fill() < set.table.get().size());
        assert!(set.find_locked(&Value::int32(-1), -2).unwrap().is_none());
    }
    assert_eq!(set.len(), 3334);
}

#[test]
fn hashes_are_cpythons() {
    assert_eq!(combine([1, 2, 3].into_iter(), 3), -272_375_401_224_217_160);
    assert_eq!(combine(std::iter::empty(), 0), 133_146_708_735_736);
    assert_eq!(combine(0..100, 100), 4_411_996_150_312_757_951);
}
