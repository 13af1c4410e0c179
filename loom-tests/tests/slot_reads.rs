//! Reading a list without its lock (`object_model::object::slot`), in the steps that `biased_counts.rs` leaves out:
//! growth, readers that own the item, and readers that must go to the lock.
//!
//! # Invariants
//! 1. What a reader returns was in the list, and lives.
//! 2. The owner counts plainly what only it can free, and nothing else.
//! 3. An item that no foreign thread has counted is counted first under the list's lock.

use loom::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use loom_tests::broken::counts::*;
use loom_tests::broken::lock::{ByteLock, Shipped};
use loom_tests::shipped::lock::FREE;
use loom_tests::{FreeList, Lot, Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{RawRefCount, Release};

const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);

/// A list of one slot in memory of two blocks.
struct List<C> {
    blocks: [Toy<C>; 2],
    free: FreeList,
    /// Which of the two arrays is the list's.
    array: AtomicUsize,
    /// The one slot of each array: a block's number plus one, 0 if empty.
    slots: [AtomicUsize; 2],
    lock: AtomicU8,
    lot: Lot,
    /// References given up to block 0's owner.
    donated: AtomicU32,
}

impl<C: RawRefCount> List<C> {
    /// With an item, tag 1, in block 0 and array 0.
    fn new() -> Self {
        let list = List {
            blocks: [Toy::free(OWNER), Toy::free(OWNER)],
            free: FreeList::new(),
            array: AtomicUsize::new(0),
            slots: [AtomicUsize::new(1), AtomicUsize::new(0)],
            lock: AtomicU8::new(FREE),
            lot: Lot::new(),
            donated: AtomicU32::new(0),
        };
        list.make(1);
        list
    }

    fn make(&self, tag: u32) -> usize {
        let block = self.free.take();
        self.blocks[block].reuse(OWNER, tag);
        block
    }

    fn drop(&self, block: usize, me: OwnerId) {
        let object = &self.blocks[block];
        match object.decrement(me) {
            Release::Queue => {
                self.donated.fetch_add(1, Ordering::Release);
            }
            release => {
                if object.settle(release) {
                    self.free.give(block);
                }
            }
        }
    }

    fn end(&self) {
        let donated = self.donated.load(Ordering::Acquire);
        if donated > 0 {
            self.blocks[0].settle(self.blocks[0].merge(donated));
        }
    }

    /// Reads the item as a thread that owns no item, and looks again at what is asked for.
    fn read(&self, slot_again: bool, array_again: bool) {
        let array = self.array.load(Ordering::Acquire);
        let slot = self.slots[array].load(Ordering::Acquire);
        let Some(block) = slot.checked_sub(1) else { return };
        if self.blocks[block].try_increment(OTHER) {
            let same_slot = !slot_again || self.slots[array].load(Ordering::Acquire) == slot;
            let same_array = !array_again || self.array.load(Ordering::Acquire) == array;
            if same_slot && same_array {
                assert_ne!(self.blocks[block].read(), 3, "an object that was never in the list");
            }
            self.drop(block, OTHER);
        }
    }

    /// Moves the item to a larger array, replaces it there, and makes an object that never is in the list in the block
    /// of the first item if that is free.
    fn grow_and_replace(&self) {
        let word = self.slots[0].load(Ordering::Relaxed);
        self.slots[1].swap(word, Ordering::AcqRel);
        self.array.swap(1, Ordering::AcqRel);
        let item = self.make(2);
        self.blocks[item].share(OWNER);
        self.slots[1].swap(item + 1, Ordering::AcqRel);
        self.drop(word - 1, OWNER);
        if self.blocks_in_use() == 1 {
            let block = self.make(3);
            self.blocks[block].share(OWNER);
            self.drop(block, OWNER);
        }
        self.slots[1].swap(0, Ordering::AcqRel);
        self.drop(item, OWNER);
    }

    fn blocks_in_use(&self) -> usize {
        2 - self.free.len()
    }
}

fn shared_list<C: RawRefCount>() -> List<C> {
    let list = List::new();
    list.blocks[0].share(OWNER);
    list
}

fn a_list_grows<C: RawRefCount>() -> Play<List<C>> {
    Play::over(shared_list()).role(List::grow_and_replace).role(|list| list.read(true, true)).end(|list| {
        list.end();
        list.blocks.iter().for_each(Toy::assert_dead);
    })
}

/// Invariant 1.
#[test]
fn a_reader_of_a_list_that_grows() {
    check_play(a_list_grows::<RefCount>);
    check_play(a_list_grows::<Counts<SOUND>>);
}

#[test]
fn fails_if_gaining_does_not_acquire() {
    play_must_fail("Causality violation", a_list_grows::<Counts<RELAXED_TRY>>);
}

#[test]
fn fails_if_the_array_is_not_looked_at_again() {
    play_must_fail("never in the list", || {
        Play::over(shared_list::<RefCount>()).role(List::grow_and_replace).role(|list| list.read(true, false))
    });
}

#[test]
fn fails_if_the_slot_is_not_looked_at_again() {
    play_must_fail("never in the list", || {
        Play::over(shared_list::<RefCount>()).role(List::grow_and_replace).role(|list| list.read(false, true))
    });
}

impl<C: RawRefCount> List<C> {
    /// Reads as the thread that made the item: plainly if it still owns it, or if `always`.
    fn read_own(&self, always: bool) {
        let Some(block) = self.slots[0].load(Ordering::Acquire).checked_sub(1) else { return };
        let object = &self.blocks[block];
        if always || object.owner.load() == OWNER {
            object.increment(OWNER);
        } else if !object.try_increment(OWNER) {
            return;
        } else if self.slots[0].load(Ordering::Acquire) != block + 1 {
            return self.drop(block, OWNER);
        }
        assert_eq!(object.read(), 1);
        self.drop(block, OWNER);
    }

    /// Takes the item out as a thread that does not own it.
    fn take_out(&self) {
        if let Some(block) = self.slots[0].swap(0, Ordering::AcqRel).checked_sub(1) {
            self.drop(block, OTHER);
        }
    }

    /// The owner gave up its own count before, so nobody owns the item.
    fn merged() -> Self {
        let list = Self::new();
        assert_eq!(list.blocks[0].merge(0), Release::Kept);
        list
    }

    fn end_dead(&self) {
        self.end();
        self.blocks[0].assert_dead();
    }
}

/// Invariant 2: what the owner reads is taken out by another thread.
#[test]
fn an_owner_reads_its_own() {
    check_play(|| {
        Play::over(List::<RefCount>::new())
            .role(|list| list.read_own(false))
            .role(List::take_out)
            .end(List::end_dead)
    });
}

/// Invariant 2.
#[test]
fn an_owner_reads_what_was_its_own() {
    check_play(|| {
        Play::over(List::<RefCount>::merged())
            .role(|list| list.read_own(false))
            .role(List::take_out)
            .end(List::end_dead)
    });
}

#[test]
fn fails_if_what_was_its_own_is_counted_plainly() {
    play_must_fail("Causality violation", || {
        Play::over(List::<RefCount>::merged()).role(|list| list.read_own(true)).role(List::take_out)
    });
}

impl<C: RawRefCount> List<C> {
    /// Reads without the lock if the item can be gained so, else under the lock, if `locks`.
    fn read_or_lock(&self, locks: bool) {
        let Some(block) = self.slots[0].load(Ordering::Acquire).checked_sub(1) else { return };
        if self.blocks[block].try_increment(OTHER) {
            if self.slots[0].load(Ordering::Acquire) == block + 1 {
                self.blocks[block].read();
            }
            return self.drop(block, OTHER);
        }
        if locks {
            Shipped::lock(&self.lot, &self.lock);
        }
        let item = self.slots[0].load(Ordering::Acquire).checked_sub(1);
        if let Some(block) = item {
            self.blocks[block].share(OTHER);
            self.blocks[block].increment(OTHER);
        }
        if locks {
            Shipped::unlock(&self.lot, &self.lock);
        }
        if let Some(block) = item {
            self.blocks[block].read();
            self.drop(block, OTHER);
        }
    }

    /// Takes the item out under the lock, as its owner.
    fn clear(&self) {
        Shipped::lock(&self.lot, &self.lock);
        let item = self.slots[0].swap(0, Ordering::AcqRel).checked_sub(1);
        Shipped::unlock(&self.lot, &self.lock);
        if let Some(block) = item {
            self.drop(block, OWNER);
        }
    }
}

/// Invariant 3.
#[test]
fn a_reader_goes_to_the_lock() {
    check_play(|| {
        Play::over(List::<RefCount>::new())
            .role(List::clear)
            .role(|list| list.read_or_lock(true))
            .end(List::end_dead)
    });
}

/// Invariant 3: two readers mark the item at the same time.
#[test]
fn two_readers_go_to_the_lock() {
    check_play(|| {
        Play::over(List::<RefCount>::new())
            .role(List::clear)
            .role(|list| list.read_or_lock(true))
            .role(|list| list.read_or_lock(true))
            .end(List::end_dead)
    });
}

#[test]
fn fails_if_the_reader_takes_no_lock() {
    play_must_fail("Causality violation", || {
        Play::over(List::<RefCount>::new()).role(List::clear).role(|list| list.read_or_lock(false))
    });
}
