//! Reading an instance's attribute while the instance moves to a dict (`object_model::object::attributes`,
//! `vm::class::attribute`).
//!
//! # Invariants
//! 1. A reader never takes the dict in the overflow word for an array.
//! 2. An attribute that is there all the time is found all the time.
//! 3. Who sees the shape of dictionary mode sees the dict.

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom_tests::{Play, check_play, play_must_fail};

/// No fault.
const SOUND: u8 = 0;
/// The overflow word does not say what it is.
const NO_MARK: u8 = 1;
/// A reader takes an empty slot for a missing attribute.
const EMPTY_IS_MISSING: u8 = 2;
/// The shape is published before the dict.
const SHAPE_FIRST: u8 = 3;
/// The shape is published without release.
const RELAXED: u8 = 4;

/// What the overflow word holds.
const ARRAY: u32 = 1;
const DICT: u32 = 16;

/// Shapes.
const WITH_SLOT: u32 = 1;
const DICT_MODE: u32 = 2;

/// The attribute's value; 0 is an empty slot.
const VALUE: u32 = 7;

/// An instance with one attribute, which lies in the overflow array.
struct Instance<const FAULT: u8> {
    lock: Mutex<()>,
    shape: AtomicU32,
    word: AtomicU32,
    slot: AtomicU32,
    dict: AtomicU32,
}

impl<const FAULT: u8> Instance<FAULT> {
    fn new() -> Self {
        Instance {
            lock: Mutex::new(()),
            shape: AtomicU32::new(WITH_SLOT),
            word: AtomicU32::new(ARRAY),
            slot: AtomicU32::new(VALUE),
            dict: AtomicU32::new(0),
        }
    }

    /// `instance.__dict__`, for the first time.
    fn moves_to_a_dict(&self) {
        let section = self.lock.lock().expect("no thread panics and goes on");
        if self.shape.load(Ordering::Relaxed) == DICT_MODE {
            return;
        }
        let order = if FAULT == RELAXED { Ordering::Relaxed } else { Ordering::Release };
        self.dict.store(self.slot.load(Ordering::Relaxed), Ordering::Relaxed);
        self.slot.store(0, Ordering::Release);
        if FAULT == SHAPE_FIRST {
            self.shape.store(DICT_MODE, order);
        }
        self.word.store(DICT, order);
        self.shape.store(DICT_MODE, order);
        drop(section);
    }

    /// The slot of the overflow array, if the word is one's.
    fn slot(&self) -> Option<&AtomicU32> {
        match self.word.load(Ordering::Acquire) {
            ARRAY => Some(&self.slot),
            _ if FAULT == NO_MARK => panic!("a dict was read as an array"),
            _ => None,
        }
    }

    fn look_up(&self) -> u32 {
        loop {
            let shape = self.shape.load(Ordering::Acquire);
            if shape == DICT_MODE {
                assert_eq!(self.word.load(Ordering::Acquire), DICT, "no dict yet");
                return self.dict.load(Ordering::Relaxed);
            }
            if let Some(slot) = self.slot() {
                let value = slot.load(Ordering::Acquire);
                if value != 0 && self.shape.load(Ordering::Acquire) == shape || FAULT == EMPTY_IS_MISSING {
                    return value;
                }
            }
            let section = self.lock.lock().expect("no thread panics and goes on");
            if self.shape.load(Ordering::Relaxed) == shape {
                return self.slot().map_or(0, |slot| slot.load(Ordering::Relaxed));
            }
            drop(section);
        }
    }

    fn reads(&self) {
        assert_eq!(self.look_up(), VALUE, "the attribute was not found");
    }
}

fn one_reads_one_moves<const FAULT: u8>() -> Play<Instance<FAULT>> {
    Play::over(Instance::new()).role(Instance::reads).role(Instance::moves_to_a_dict)
}

/// Invariants 1 to 3.
#[test]
fn an_attribute_is_found_while_its_instance_moves() {
    check_play(one_reads_one_moves::<SOUND>);
}

/// Invariants 1 to 3: a reader, and two who want the dict.
#[test]
fn three_threads() {
    check_play(|| {
        Play::over(Instance::<SOUND>::new()).role(Instance::reads).role(Instance::moves_to_a_dict).role(
            |instance| {
                instance.moves_to_a_dict();
                instance.reads();
            },
        )
    });
}

#[test]
fn fails_if_the_word_has_no_mark() {
    play_must_fail("read as an array", one_reads_one_moves::<NO_MARK>);
}

#[test]
fn fails_if_an_empty_slot_is_a_missing_attribute() {
    play_must_fail("was not found", one_reads_one_moves::<EMPTY_IS_MISSING>);
}

#[test]
fn fails_if_the_shape_comes_before_the_dict() {
    play_must_fail("no dict yet", one_reads_one_moves::<SHAPE_FIRST>);
}

#[test]
fn fails_if_the_shape_is_not_released() {
    play_must_fail("no dict yet", one_reads_one_moves::<RELAXED>);
}
