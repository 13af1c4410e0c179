//! Biased reference counts: every transition of the shared word against every other.
//!
//! # Invariants
//! 1. `local` plus the shared count is the number of references, a queue's included.
//! 2. States never decrease; `QUEUED` is entered once, and a queued object holds one donated reference.
//! 3. The owner is no heap if and only if the counts are merged, for all who acquire the shared word.
//! 4. Only the owner, who holds it off, or who destroys the object writes `local` and the owner.
//! 5. An object is destroyed once: by the owner who finds (0, unshared), or by whoever makes (merged, 0).
//! 6. A try-increment never succeeds after death was decided, a finalizer's run included.
//! 7. `MAYBE_WEAKREF` is set only while a reference is guaranteed, and loses no count.
//! 8. Nobody touches the object after it gave up its last reference.
//! 9. What a reader without a lock returns was in the container (slot and storage looked at again).
//!
//! Immortality and deferral are set before publication or with the world stopped, so there is nothing to explore;
//! queues with an owner that comes and goes are in `merge_queue.rs`.
//!
//! What several threads write to a slot is written by read-modify-writes: loom does not order a plain store against
//! another thread's.

use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use loom_tests::broken::counts::*;
use loom_tests::{FreeList, Play, Toy, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{RawRefCount, Release};

/// The owner in every model.
const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);
const THIRD: OwnerId = OwnerId(3);

/// The owner's queue, reduced to one object.
#[derive(Debug)]
struct Mailbox {
    waiting: AtomicU32,
    used: AtomicBool,
}

impl Mailbox {
    fn new() -> Self {
        Mailbox { waiting: AtomicU32::new(0), used: AtomicBool::new(false) }
    }

    /// Does what `release` asks for.
    fn settle<C: RawRefCount>(&self, object: &Toy<C>, release: Release) {
        if release != Release::Queue {
            object.settle(release);
        } else if object.owner.load().is_heap() {
            assert!(!self.used.swap(true, Ordering::Relaxed), "queued twice");
            self.waiting.fetch_add(1, Ordering::Release);
        } else {
            object.settle(object.merge(1));
        }
    }

    /// The owner's safepoint.
    fn drain<C: RawRefCount>(&self, object: &Toy<C>) {
        let donated = self.waiting.swap(0, Ordering::Acquire);
        if donated > 0 {
            object.settle(object.merge(donated));
        }
    }
}

/// Tests of one model: over what ships, over the faultless copy, and over a copy for each fault, which must fail.
macro_rules! protocol {
    ($(#[$doc:meta])* $model:ident: $($twin:ident = $fault:ident: $reason:literal),+ $(,)?) => {
        $(#[$doc])*
        mod $model {
            use super::*;

            #[test]
            fn holds() {
                check_play(super::$model::<RefCount>);
            }

            #[test]
            fn holds_for_the_faultless_copy() {
                check_play(super::$model::<Counts<SOUND>>);
            }

            $(#[test]
            fn $twin() {
                play_must_fail($reason, super::$model::<Counts<$fault>>);
            })+
        }
    };
}

protocol! {
    /// Invariants 1 and 5.
    the_owner_and_another_drop:
        fails_if_the_owner_does_not_acquire = RELAXED_DEATH: "Causality violation",
        fails_if_the_other_does_not_release = RELAXED_DECREMENT: "Causality violation",
        fails_if_counts_are_merged_by_a_store = MERGE_BY_STORE: "never destroyed",
        fails_if_the_owner_looks_at_its_own_count_only = LOCAL_DEATH: "Causality violation",
}

/// The last two references, one counted on either side.
fn the_owner_and_another_drop<C: RawRefCount>() -> Play<Toy<C>> {
    let object = Toy::new(OWNER, 1);
    object.increment(OTHER);
    Play::over(object)
        .role(|object| {
            object.read();
            object.settle(object.decrement(OWNER));
        })
        .role(|object| {
            object.read();
            object.settle(object.decrement(OTHER));
        })
        .end(Toy::assert_dead)
}

protocol! {
    /// Invariants 1 and 2.
    two_others_drop_what_the_owner_counted:
        fails_if_an_object_is_queued_twice = QUEUE_TWICE: "queued twice",
        fails_if_a_donated_reference_is_dropped_too = DONATE_AND_DROP: "more references dropped than taken",
        fails_if_counts_are_merged_by_a_store = MERGE_BY_STORE: "never destroyed",
}

/// One of them queues, the other counts below zero, and the owner drains at any time.
fn two_others_drop_what_the_owner_counted<C: RawRefCount>() -> Play<(Toy<C>, Mailbox)> {
    fn drop<C: RawRefCount>((object, mailbox): &(Toy<C>, Mailbox), me: OwnerId) {
        object.read();
        mailbox.settle(object, object.decrement(me));
    }
    let object = Toy::new(OWNER, 1);
    object.increment(OWNER);
    object.increment(OWNER);
    Play::over((object, Mailbox::new()))
        .role(|(object, mailbox)| {
            object.read();
            mailbox.drain(object);
            mailbox.settle(object, object.decrement(OWNER));
        })
        .role(|world| drop(world, OTHER))
        .role(|world| drop(world, THIRD))
        .end(|(object, mailbox)| {
            mailbox.drain(object);
            object.assert_dead();
        })
}

protocol! {
    /// Invariants 4 and 8. The last holder destroys and uses the block again at once.
    a_drain_meets_a_holder:
        fails_if_the_owner_is_cleared_after_publishing = PUBLISH_FIRST: "a stranger wrote into a new life",
        fails_if_counts_are_merged_by_a_store = MERGE_BY_STORE: "never destroyed",
}

/// The owner, who holds no reference, merges while the last holder takes one more and drops both.
fn a_drain_meets_a_holder<C: RawRefCount>() -> Play<(Toy<C>, AtomicU32)> {
    let object = Toy::new(OWNER, 1);
    object.increment(OWNER);
    assert_eq!(object.decrement(OTHER), Release::Queue);
    Play::over((object, AtomicU32::new(0)))
        .role(|(object, deaths)| {
            if object.settle(object.merge(1)) {
                deaths.fetch_add(1, Ordering::Relaxed);
            }
        })
        .role(|(object, deaths)| {
            object.increment(OTHER);
            object.read();
            object.settle(object.decrement(OTHER));
            object.read();
            if object.settle(object.decrement(OTHER)) {
                object.reuse(OTHER, 2);
                deaths.fetch_add(2, Ordering::Relaxed);
            }
        })
        .end(|(object, deaths)| match deaths.load(Ordering::Relaxed) {
            0 => panic!("never destroyed"),
            1 => object.assert_dead(),
            _ => {
                let life = (object.owner.load(), object.counts.count(&object.owner));
                assert_eq!(life, (OTHER, 1), "a stranger wrote into a new life");
            }
        })
}

/// A slot without a lock, and the object in it.
type Slot<C> = (Toy<C>, AtomicBool);

/// A reader against the writer that empties the slot.
fn a_reader_meets_the_last_drop<C: RawRefCount>(object: Toy<C>) -> Play<Slot<C>> {
    Play::over((object, AtomicBool::new(true)))
        .role(|(object, slot)| {
            slot.swap(false, Ordering::AcqRel);
            object.settle(object.decrement(OWNER));
        })
        .role(|(object, slot)| {
            if slot.load(Ordering::Acquire) && object.try_increment(OTHER) {
                if slot.load(Ordering::Acquire) {
                    object.read();
                }
                object.settle(object.decrement(OTHER));
            }
        })
        .end(|(object, _)| object.assert_dead())
}

protocol! {
    /// Invariants 5 and 6.
    a_reader_of_an_unshared_object:
        fails_if_it_gains_what_was_never_shared = TRY_UNSHARED: "Causality violation",
}

fn a_reader_of_an_unshared_object<C: RawRefCount>() -> Play<Slot<C>> {
    a_reader_meets_the_last_drop(Toy::new(OWNER, 1))
}

protocol! {
    /// Invariants 5 and 6.
    a_reader_of_a_shared_object:
        fails_if_the_owner_looks_at_its_own_count_only = LOCAL_DEATH: "Causality violation",
        fails_if_it_gains_what_is_dead = TRY_MERGED: "Causality violation",
        fails_if_counts_are_merged_by_a_store = MERGE_BY_STORE: "Causality violation",
}

fn a_reader_of_a_shared_object<C: RawRefCount>() -> Play<Slot<C>> {
    let object = Toy::new(OWNER, 1);
    object.share(OWNER);
    a_reader_meets_the_last_drop(object)
}

protocol! {
    /// Invariants 5 and 6.
    a_reader_of_a_merged_object:
        fails_if_it_gains_what_is_dead = TRY_MERGED: "Causality violation",
        fails_if_a_drop_does_not_release = RELAXED_DECREMENT: "Causality violation",
}

fn a_reader_of_a_merged_object<C: RawRefCount>() -> Play<Slot<C>> {
    let object = Toy::new(OWNER, 1);
    assert_eq!(object.merge(0), Release::Kept);
    a_reader_meets_the_last_drop(object)
}

/// A list of one slot that is read without a lock, in memory of two blocks.
struct List<C> {
    blocks: [Toy<C>; 2],
    free: FreeList,
    /// Which of the two storages is the list's.
    storage: AtomicUsize,
    /// The one slot of each storage: a block's number plus one, 0 if empty.
    slots: [AtomicUsize; 2],
}

impl<C: RawRefCount> List<C> {
    /// With an item in storage 0.
    fn new() -> Self {
        let list = List {
            blocks: [Toy::free(OWNER), Toy::free(OWNER)],
            free: FreeList::new(),
            storage: AtomicUsize::new(0),
            slots: [AtomicUsize::new(1), AtomicUsize::new(0)],
        };
        list.make(1);
        list
    }

    /// A new object that readers may gain.
    fn make(&self, tag: u32) -> usize {
        let block = self.free.take();
        self.blocks[block].reuse(OWNER, tag);
        self.blocks[block].share(OWNER);
        block
    }

    fn drop(&self, block: usize, me: OwnerId) {
        let object = &self.blocks[block];
        if object.settle(object.decrement(me)) {
            self.free.give(block);
        }
    }

    /// Reads the item, and looks again at what is asked for.
    fn read(&self, slot_again: bool, storage_again: bool) {
        let storage = self.storage.load(Ordering::Acquire);
        let slot = self.slots[storage].load(Ordering::Acquire);
        let Some(block) = slot.checked_sub(1) else { return };
        if self.blocks[block].try_increment(OTHER) {
            let same_slot = !slot_again || self.slots[storage].load(Ordering::Acquire) == slot;
            let same_storage = !storage_again || self.storage.load(Ordering::Acquire) == storage;
            if same_slot && same_storage {
                assert_eq!(self.blocks[block].read(), 1, "an object that was never in the list");
            }
            self.drop(block, OTHER);
        }
    }

    /// Takes the item out, by new storage without it or by emptying its slot, and makes an object that never is in
    /// the list, in the item's block if that is free.
    fn replace(&self, by_new_storage: bool) {
        if by_new_storage {
            self.storage.swap(1, Ordering::AcqRel);
        } else {
            self.slots[0].swap(0, Ordering::AcqRel);
        }
        self.drop(0, OWNER);
        let block = self.make(2);
        self.drop(block, OWNER);
    }

    fn assert_empty(&self) {
        self.blocks.iter().for_each(Toy::assert_dead);
    }
}

protocol! {
    /// Invariants 3 and 9.
    a_block_is_reused_under_new_storage:
        fails_if_gaining_does_not_acquire = RELAXED_TRY: "Causality violation",
}

fn a_block_is_reused_under_new_storage<C: RawRefCount>() -> Play<List<C>> {
    Play::over(List::new())
        .role(|list| list.replace(true))
        .role(|list| list.read(true, true))
        .end(List::assert_empty)
}

protocol! {
    /// Invariants 3 and 9.
    a_block_is_reused_under_an_emptied_slot:
        fails_if_gaining_does_not_acquire = RELAXED_TRY: "Causality violation",
}

fn a_block_is_reused_under_an_emptied_slot<C: RawRefCount>() -> Play<List<C>> {
    Play::over(List::new())
        .role(|list| list.replace(false))
        .role(|list| list.read(true, true))
        .end(List::assert_empty)
}

/// Invariant 9: the second look at the slot is not enough.
#[test]
fn a_reader_that_forgets_the_storage_fails() {
    play_must_fail("never in the list", || {
        Play::over(List::<RefCount>::new())
            .role(|list| list.replace(true))
            .role(|list| list.read(true, false))
            .end(List::assert_empty)
    });
}

/// Invariant 9: the second look at the storage is not enough.
#[test]
fn a_reader_that_forgets_the_slot_fails() {
    play_must_fail("never in the list", || {
        Play::over(List::<RefCount>::new())
            .role(|list| list.replace(false))
            .role(|list| list.read(false, true))
            .end(List::assert_empty)
    });
}

protocol! {
    /// Invariants 6 and 7.
    a_weak_reference_is_made_and_followed:
        fails_if_sharing_is_a_store = SHARE_BY_STORE: "never destroyed",
        fails_if_it_gains_what_is_dead = TRY_MERGED: "Causality violation",
}

/// The owner makes a weak reference and drops the object, one thread follows the weak reference, another drops.
fn a_weak_reference_is_made_and_followed<C: RawRefCount>() -> Play<Slot<C>> {
    let object = Toy::new(OWNER, 1);
    object.increment(OTHER);
    Play::over((object, AtomicBool::new(false)))
        .role(|(object, weak)| {
            object.share(OWNER);
            weak.store(true, Ordering::Release);
            object.settle(object.decrement(OWNER));
        })
        .role(|(object, _)| {
            object.read();
            object.settle(object.decrement(OTHER));
        })
        .role(|(object, weak)| {
            if weak.load(Ordering::Acquire) && object.try_increment(THIRD) {
                object.read();
                object.settle(object.decrement(THIRD));
            }
        })
        .end(|(object, _)| object.assert_dead())
}

protocol! {
    /// Invariants 5 and 7.
    a_holder_shares_while_the_owner_drops:
        fails_if_sharing_is_a_store = SHARE_BY_STORE: "never destroyed",
        fails_if_counts_are_merged_by_a_store = MERGE_BY_STORE: "never destroyed",
}

/// Another holder lets readers in, and drops, while the owner finds its own count 0.
fn a_holder_shares_while_the_owner_drops<C: RawRefCount>() -> Play<Toy<C>> {
    let object = Toy::new(OWNER, 1);
    object.increment(OTHER);
    Play::over(object)
        .role(|object| {
            object.settle(object.decrement(OWNER));
        })
        .role(|object| {
            object.share(OTHER);
            object.read();
            object.settle(object.decrement(OTHER));
        })
        .end(Toy::assert_dead)
}

/// An object with its owner's queue and a slot to publish it in.
struct Published<C> {
    object: Toy<C>,
    mailbox: Mailbox,
    slot: AtomicBool,
    /// Where the object was in an earlier life.
    stale: AtomicBool,
}

impl<C: RawRefCount> Published<C> {
    fn new(object: Toy<C>) -> Self {
        let [slot, stale] = [false, true].map(AtomicBool::new);
        Published { object, mailbox: Mailbox::new(), slot, stale }
    }

    fn drop(&self, me: OwnerId) {
        self.mailbox.settle(&self.object, self.object.decrement(me));
    }

    /// Runs a finalizer on the dead object that leaves a reference in the slot.
    fn finalize(&self, me: OwnerId, share: bool) {
        let Toy { counts, owner, .. } = &self.object;
        counts.resurrect_begin(owner, me);
        if share {
            self.object.share(me);
        }
        self.object.increment(me);
        self.slot.swap(true, Ordering::AcqRel);
        self.mailbox.settle(&self.object, counts.resurrect_end(owner, me));
    }

    /// Moves the reference out of the slot.
    fn take(&self) -> bool {
        self.slot.swap(false, Ordering::AcqRel)
    }

    fn end(&self) {
        if self.take() {
            self.drop(OWNER);
        }
        self.mailbox.drain(&self.object);
        self.object.assert_dead();
    }
}

protocol! {
    /// Invariants 1, 6 and 8.
    a_finalizer_publishes_its_object:
        fails_if_the_end_writes_a_new_count = END_BY_STORE: "more references dropped than taken",
}

/// A finalizer puts its object into a slot; another thread takes it, counts it and drops it meanwhile.
fn a_finalizer_publishes_its_object<C: RawRefCount>() -> Play<Published<C>> {
    Play::over(Published::new(Toy::new(OWNER, 1)))
        .role(|world| {
            assert_eq!(world.object.decrement(OWNER), Release::Dead);
            world.finalize(OWNER, false);
        })
        .role(|world| {
            if world.take() {
                world.object.increment(OTHER);
                world.object.read();
                world.drop(OTHER);
                world.drop(OTHER);
            }
        })
        .end(Published::end)
}

protocol! {
    /// Invariant 6.
    a_stale_reader_meets_a_finalizer:
        fails_if_the_finalizers_reference_is_a_merged_one = RESURRECT_MERGED: "Causality violation",
        fails_if_it_gains_what_is_dead = TRY_MERGED: "Causality violation",
}

/// A reader that saw the slot before it was emptied, against a finalizer that saves nothing.
fn a_stale_reader_meets_a_finalizer<C: RawRefCount>() -> Play<Slot<C>> {
    let object = Toy::<C>::new(OWNER, 1);
    assert_eq!(object.merge(0), Release::Kept);
    Play::over((object, AtomicBool::new(true)))
        .role(|(object, slot)| {
            slot.swap(false, Ordering::AcqRel);
            if object.decrement(OWNER) == Release::Dead {
                object.counts.resurrect_begin(&object.owner, OWNER);
                object.read();
                object.settle(object.counts.resurrect_end(&object.owner, OWNER));
            }
        })
        .role(|(object, slot)| {
            if slot.load(Ordering::Acquire) && object.try_increment(OTHER) {
                object.read();
                object.settle(object.decrement(OTHER));
            }
        })
        .end(|(object, _)| object.assert_dead())
}

protocol! {
    /// Invariant 3: whoever donates knows to whom.
    a_stale_reader_donates:
        fails_if_the_owner_seen_is_of_an_earlier_life = STALE_OWNER: "more references dropped than taken",
}

/// A finalizer makes its thread the owner of what was merged before; a reader that came with a stale slot gains the
/// object in its new life, and gives its reference up to the queue because a third thread dropped what the new owner
/// had counted.
fn a_stale_reader_donates<C: RawRefCount>() -> Play<Published<C>> {
    let object = Toy::new(OWNER, 1);
    assert_eq!(object.merge(0), Release::Kept);
    Play::over(Published::new(object))
        .role(|world| {
            world.stale.swap(false, Ordering::AcqRel);
            if world.object.decrement(OWNER) == Release::Dead {
                world.finalize(OWNER, true);
            }
        })
        .role(|world| {
            if world.stale.load(Ordering::Acquire) && world.object.try_increment(OTHER) {
                world.drop(OTHER);
            }
        })
        .role(|world| {
            if world.take() {
                world.drop(THIRD);
            }
        })
        .end(Published::end)
}

protocol! {
    /// Invariant 1: one reference means nobody else reads.
    the_owner_changes_what_only_it_holds:
        fails_if_the_test_does_not_acquire = RELAXED_UNIQUE: "Causality violation",
        fails_if_the_test_looks_at_the_owners_count_only = LOCAL_UNIQUE: "Causality violation",
}

/// The owner writes in place once the other holder is gone.
fn the_owner_changes_what_only_it_holds<C: RawRefCount>() -> Play<Toy<C>> {
    let object = Toy::<C>::new(OWNER, 1);
    object.increment(OTHER);
    Play::over(object)
        .role(|object| {
            if object.counts.is_unique(&object.owner, OWNER) {
                object.write(|body| *body = 2);
            }
            object.settle(object.decrement(OWNER));
        })
        .role(|object| {
            object.read();
            object.settle(object.decrement(OTHER));
        })
        .end(Toy::assert_dead)
}
