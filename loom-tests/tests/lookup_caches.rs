//! Values that caches of lookups remember without counting them (`vm::class::lookup_cache`, `vm::interpreter::cache`).
//!
//! # Invariants
//! 1. What a cache answers lives, and was in the type's dict while the type had the version that the cache remembers.
//! 2. Whoever changes the dict changes the version before giving up what was there.
//! 3. The owner counts plainly what only it can free.
//! 4. Who finds a new shape in a transition that another thread remembered sees the shape whole.

use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use loom_tests::{FreeList, Play, Toy, Watched, check_play, play_must_fail};
use mode::OwnerId;
use refcount::Release;
use refcount::free_threaded::RefCount;

const OWNER: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);

/// A type with one attribute, in memory of two blocks.
struct Type {
    blocks: [Toy<RefCount>; 2],
    free: FreeList,
    /// The attribute: a block's number plus one.
    slot: AtomicUsize,
    version: AtomicU32,
    donated: AtomicU32,
}

impl Type {
    /// With an attribute, tag 1, in block 0.
    fn new() -> Self {
        let class = Type {
            blocks: [Toy::free(OWNER), Toy::free(OWNER)],
            free: FreeList::new(),
            slot: AtomicUsize::new(1),
            version: AtomicU32::new(1),
            donated: AtomicU32::new(0),
        };
        class.make(1);
        class
    }

    /// As [`Type::new`]; other threads have counted the attribute before.
    fn shared() -> Self {
        let class = Type::new();
        class.blocks[0].share(OWNER);
        class
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

    /// Replaces the attribute, and makes an object that never is an attribute in the block of the old one if that is
    /// free.
    fn assign(&self, version_first: bool) {
        let new = self.make(2);
        self.blocks[new].share(OWNER);
        let old = self.slot.swap(new + 1, Ordering::AcqRel) - 1;
        if version_first {
            self.version.store(2, Ordering::Release);
        }
        self.drop(old, OWNER);
        if self.free.len() == 1 {
            let block = self.make(3);
            self.blocks[block].share(OWNER);
            self.drop(block, OWNER);
        }
        if !version_first {
            self.version.store(2, Ordering::Release);
        }
    }

    /// Looks the attribute up, and then answers from the cache.
    fn look_up_twice(&self, version_again: bool) {
        let version = self.version.load(Ordering::Acquire);
        let block = self.slot.load(Ordering::Acquire) - 1;
        if self.version.load(Ordering::Acquire) != version || !self.blocks[block].try_increment(OTHER) {
            return;
        }
        if !version_again || self.version.load(Ordering::Acquire) == version {
            let tag = self.blocks[block].read();
            assert_ne!(tag, 3, "an object that was never in the type");
            assert!(version == 1 || tag == 2, "an attribute of an older version");
        }
        self.drop(block, OTHER);
    }

    /// As [`Type::look_up_twice`], by the thread that owns the attribute.
    fn look_up_own(&self) {
        let version = self.version.load(Ordering::Acquire);
        let block = self.slot.load(Ordering::Acquire);
        let Some(block) = block.checked_sub(1) else { return };
        if self.version.load(Ordering::Acquire) == version {
            self.blocks[block].increment(OWNER);
            assert_eq!(self.blocks[block].read(), 1);
            self.drop(block, OWNER);
        }
    }

    /// Deletes the attribute as a thread that does not own it.
    fn delete(&self) {
        if let Some(block) = self.slot.swap(0, Ordering::AcqRel).checked_sub(1) {
            self.version.store(2, Ordering::Release);
            self.drop(block, OTHER);
        }
    }

    /// The owner serves its queue, and the type dies.
    fn end(&self) {
        let donated = self.donated.load(Ordering::Acquire);
        if donated > 0 {
            self.blocks[0].settle(self.blocks[0].merge(donated));
        }
        if let Some(block) = self.slot.load(Ordering::Acquire).checked_sub(1) {
            self.drop(block, OWNER);
        }
        self.blocks.iter().for_each(Toy::assert_dead);
    }
}

/// Invariant 1.
#[test]
fn a_cache_is_asked_while_the_attribute_changes() {
    check_play(|| {
        Play::over(Type::shared())
            .role(|class| class.assign(true))
            .role(|class| class.look_up_twice(true))
            .end(Type::end)
    });
}

#[test]
fn fails_if_the_version_is_not_looked_at_again() {
    play_must_fail("never in the type", || {
        Play::over(Type::shared()).role(|class| class.assign(true)).role(|class| class.look_up_twice(false))
    });
}

/// Invariant 2.
#[test]
fn fails_if_the_version_changes_after_the_value_is_given_up() {
    play_must_fail("never in the type", || {
        Play::over(Type::shared()).role(|class| class.assign(false)).role(|class| class.look_up_twice(true))
    });
}

/// Invariant 3.
#[test]
fn an_owner_asks_while_another_thread_deletes() {
    check_play(|| Play::over(Type::new()).role(Type::look_up_own).role(Type::delete).end(Type::end));
}

/// A transition: a shape that one thread makes, and the cache word in which another finds it.
struct Transition {
    shape: Watched,
    word: AtomicUsize,
}

impl Transition {
    fn new() -> Self {
        Transition { shape: Watched::new(), word: AtomicUsize::new(0) }
    }

    fn remember(&self, order: Ordering) {
        self.shape.add_one();
        self.word.store(1, order);
    }

    fn follow(&self) {
        if self.word.load(Ordering::Acquire) == 1 {
            assert_eq!(self.shape.get(), 1, "a shape that is not made yet");
        }
    }
}

/// Invariant 4.
#[test]
fn a_transition_is_followed_by_another_thread() {
    check_play(|| {
        Play::over(Transition::new())
            .role(|transition| transition.remember(Ordering::Release))
            .role(Transition::follow)
    });
}

#[test]
fn fails_if_a_transition_is_remembered_without_an_order() {
    play_must_fail("Causality violation", || {
        Play::over(Transition::new())
            .role(|transition| transition.remember(Ordering::Relaxed))
            .role(Transition::follow)
    });
}
