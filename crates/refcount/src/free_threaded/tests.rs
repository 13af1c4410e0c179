//! The limits of a biased count, and real threads that hand objects to each other and forget them.

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::state::{self, LIMIT};
use crate::{Given, MergeQueue};

const ME: OwnerId = OwnerId(0);
const OTHER: OwnerId = OwnerId(1);

#[test]
fn a_local_count_saturates_into_immortality() {
    for by_one in [true, false] {
        let counts = RefCount::new(i32::MAX as u32, Shared::UNSHARED);
        let owner = OwnerCell::new(ME);
        assert_eq!(counts.decrement(&owner, ME), Release::Kept);
        counts.increment(&owner, ME);
        assert_eq!(owner.load(), ME);
        if by_one {
            counts.increment(&owner, ME);
        } else {
            counts.increment_by(&owner, ME, u32::MAX);
        }
        assert_eq!((owner.load(), counts.count(&owner)), (OwnerId::IMMORTAL, UNCOUNTED));
        assert_eq!(counts.decrement(&owner, ME), Release::Kept);
    }
}

#[test]
fn an_object_made_immortal_by_its_owner_survives_the_queue() {
    let counts = RefCount::new(1, Shared::UNSHARED);
    let owner = OwnerCell::new(ME);
    assert_eq!(counts.decrement(&owner, OTHER), Release::Queue);
    counts.saturate(&owner);
    assert_eq!(counts.merge(&owner, 1), Release::Kept);
}

#[test]
fn a_shared_count_at_the_limit_is_pinned() {
    let counts = RefCount::new(1, Shared::new(LIMIT - 1, state::MAYBE_WEAKREF));
    let owner = OwnerCell::new(ME);
    counts.increment(&owner, OTHER);
    for _ in 0..3 {
        counts.increment(&owner, OTHER);
        assert!(counts.try_increment(&owner, OTHER));
        assert_eq!(counts.peek_shared().count(), LIMIT);
    }
    for _ in 0..3 {
        assert_eq!(counts.decrement(&owner, OTHER), Release::Kept);
    }
    assert_eq!(counts.decrement(&owner, ME), Release::Kept);
    assert_eq!((owner.load(), counts.peek_shared()), (OwnerId::MERGED, Shared::new(LIMIT, state::MERGED)));
    assert_eq!(counts.decrement(&owner, ME), Release::Kept);
}

/// An object that other threads know by its address.
struct Object {
    counts: RefCount,
    owner: OwnerCell,
    /// Changed by whoever destroys it.
    alive: bool,
}

/// A counted reference on its way to another thread.
struct Reference(NonNull<Object>);

// SAFETY: a counted reference may be held by any thread.
unsafe impl Send for Reference {}

/// What the threads share: a queue and an inbox for each.
struct Town {
    houses: Vec<House>,
    destroyed: AtomicUsize,
}

struct House {
    queue: MergeQueue,
    inbox: Mutex<Vec<Reference>>,
}

impl Town {
    fn new(houses: u16) -> Self {
        let house = |_| House { queue: MergeQueue::new(), inbox: Mutex::default() };
        Town { houses: (0..houses).map(house).collect(), destroyed: AtomicUsize::new(0) }
    }

    fn settle(&self, object: NonNull<Object>, release: Release) {
        // SAFETY: `Queue` left the caller a reference, and `Dead` the object.
        let header = || unsafe { object.as_ref() };
        match release {
            Release::Kept => {}
            Release::Dead => {
                // SAFETY: a count says `Dead` once, and nobody else has a reference; it came from a box.
                let mut object = unsafe { Box::from_raw(object.as_ptr()) };
                assert!(std::mem::replace(&mut object.alive, false), "destroyed twice");
                self.destroyed.fetch_add(1, Ordering::Relaxed);
            }
            Release::Queue => {
                let owner = header().owner.load();
                if !owner.is_heap() {
                    return self.settle(object, header().counts.merge(&header().owner, 1));
                }
                let merge = |_| header().counts.merge(&header().owner, 1);
                if let Given::Merged(release) = self.houses[owner.0 as usize].queue.give(object.cast(), merge)
                {
                    self.settle(object, release);
                }
            }
        }
    }

    fn drain(&self, me: OwnerId) {
        for object in self.houses[me.0 as usize].queue.drain() {
            let object = object.cast::<Object>();
            // SAFETY: the queue held a reference.
            let Object { counts, owner, .. } = unsafe { object.as_ref() };
            self.settle(object, counts.merge(owner, 1));
        }
    }

    fn detach(&self, me: OwnerId) {
        while !self.houses[me.0 as usize].queue.try_detach() {
            self.drain(me);
        }
    }

    /// Makes `count` objects, sends references around, drops what it is sent. Sleeps now and then.
    fn live(&self, me: OwnerId, count: usize) {
        let House { queue, inbox } = &self.houses[me.0 as usize];
        let everybody = self.houses.len();
        queue.attach();
        for round in 0..count {
            let object = Object { counts: RefCount::unique(), owner: OwnerCell::new(me), alive: true };
            let object = NonNull::from(Box::leak(Box::new(object)));
            // SAFETY: this thread's reference goes last.
            let Object { counts, owner, .. } = unsafe { object.as_ref() };
            for to in 0..everybody {
                counts.increment(owner, me);
                self.houses[to].inbox.lock().unwrap().push(Reference(object));
            }
            self.settle(object, counts.decrement(owner, me));
            let letters = std::mem::take(&mut *inbox.lock().unwrap());
            for Reference(object) in letters {
                self.read_and_drop(object, me, round % 3);
            }
            if !queue.is_empty() {
                self.drain(me);
            }
            if round % 16 == 15 {
                self.detach(me);
                std::thread::yield_now();
                queue.attach();
            }
        }
        self.detach(me);
    }

    fn read_and_drop(&self, object: NonNull<Object>, me: OwnerId, more: usize) {
        // SAFETY: a letter is a counted reference, which goes last.
        let Object { counts, owner, alive } = unsafe { object.as_ref() };
        assert!(*alive);
        if more == 2 {
            counts.share(owner, me);
            assert!(counts.try_increment(owner, me));
        }
        for _ in 0..more {
            counts.increment(owner, me);
            self.settle(object, counts.decrement(owner, me));
        }
        if more == 2 {
            self.settle(object, counts.decrement(owner, me));
        }
        self.settle(object, counts.decrement(owner, me));
    }
}

#[test]
fn what_threads_share_dies_once() {
    let count = if cfg!(miri) { 20 } else { 5_000 };
    let town = Town::new(3);
    std::thread::scope(|scope| {
        for me in 0..3 {
            let town = &town;
            scope.spawn(move || town.live(OwnerId(me), count));
        }
    });
    // The threads are gone; the first to start again takes the letters that came too late.
    town.houses[0].queue.attach();
    for house in &town.houses {
        for Reference(object) in std::mem::take(&mut *house.inbox.lock().unwrap()) {
            town.read_and_drop(object, ME, 0);
        }
    }
    town.detach(ME);
    assert_eq!(town.destroyed.load(Ordering::Relaxed), 3 * count);
}

#[test]
fn a_promoted_object_keeps_its_references() {
    let owner = OwnerCell::new(OwnerId(1));
    let counts = RefCount::unique();
    counts.increment(&owner, OwnerId(1));
    counts.share(&owner, OwnerId(1));
    assert!(counts.try_increment(&owner, OwnerId(2)));
    assert!(counts.promote(&owner, 7));
    assert!(!counts.promote(&owner, 8), "promoted twice");
    assert_eq!((counts.number(&owner), counts.count(&owner)), (Some(7), 3));
    // A thread without counters counts in the base.
    counts.increment(&owner, OwnerId(1));
    assert!(counts.try_increment(&owner, OwnerId(3)));
    assert!(!counts.is_unique(&owner, OwnerId(1)));
    for _ in 0..4 {
        assert_eq!(counts.decrement(&owner, OwnerId(1)), Release::Kept);
    }
    // One reference is a queue's.
    assert_eq!(counts.merge(&owner, 1), Release::Kept);
    assert_eq!(counts.settle(&owner, 0), 0);
    assert_eq!(counts.settle(&owner, 2), 2);
    counts.demote(&owner);
    assert_eq!((counts.number(&owner), owner.load()), (None, OwnerId::MERGED));
    assert_eq!(counts.decrement(&owner, OwnerId(1)), Release::Kept);
    assert_eq!(counts.decrement(&owner, OwnerId(2)), Release::Dead);
}

#[test]
fn what_nobody_counts_or_too_many_count_is_not_promoted() {
    let owner = OwnerCell::new(OwnerId(1));
    let counts = RefCount::unique();
    counts.make_deferred(&owner);
    assert!(!counts.promote(&owner, 1));
    let owner = OwnerCell::new(OwnerId::MERGED);
    let pinned = RefCount::new(0, Shared::new(LIMIT, state::MERGED));
    assert!(!pinned.promote(&owner, 1));
}
