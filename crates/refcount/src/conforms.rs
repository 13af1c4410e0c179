//! What every backend must do, seen from one thread that plays several: run over both in every build.
//!
//! Not here: what only threads can show (`loom-tests`), and a backend's own limits (beside its code).

use mode::OwnerId;

use crate::{OwnerCell, RawRefCount, Release, UNCOUNTED, free_threaded, gil};

const ME: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);
const THIRD: OwnerId = OwnerId(3);

/// The part of a header that counting needs, with the owner's queue.
struct Object<R> {
    counts: R,
    owner: OwnerCell,
    queued: u32,
}

impl<R: RawRefCount> Object<R> {
    fn new() -> Self {
        Object { counts: R::unique(), owner: OwnerCell::new(ME), queued: 0 }
    }

    fn increment(&self, thread: OwnerId) {
        self.counts.increment(&self.owner, thread);
    }

    fn try_increment(&self, thread: OwnerId) -> bool {
        self.counts.try_increment(&self.owner, thread)
    }

    /// True if the object died.
    fn decrement(&mut self, thread: OwnerId) -> bool {
        match self.counts.decrement(&self.owner, thread) {
            Release::Kept => false,
            Release::Dead => true,
            Release::Queue => {
                assert_ne!(thread, self.owner.load(), "an owner needs no queue");
                self.queued += 1;
                assert_eq!(self.queued, 1, "queued twice");
                false
            }
        }
    }

    /// The owner's safepoint. True if the object died.
    fn drain(&mut self) -> bool {
        let donated = std::mem::take(&mut self.queued);
        donated > 0 && self.counts.merge(&self.owner, donated) == Release::Dead
    }
}

fn one_reference_dies_once<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    assert_eq!(object.counts.count(&object.owner), 1);
    assert!(object.counts.is_unique(&object.owner, ME));
    object.increment(ME);
    assert_eq!(object.counts.count(&object.owner), 2);
    assert!(!object.counts.is_unique(&object.owner, ME));
    assert!(!object.decrement(ME));
    assert!(object.counts.is_unique(&object.owner, ME));
    assert!(object.decrement(ME));
}

fn many_at_once<R: RawRefCount>() {
    for thread in [ME, OTHER] {
        let mut object = Object::<R>::new();
        object.counts.increment_by(&object.owner, thread, 3);
        assert_eq!(object.counts.count(&object.owner), 4);
        for _ in 0..3 {
            assert!(!object.decrement(thread));
        }
        assert!(object.decrement(ME));
    }
}

fn a_reference_moves_to_another_thread<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    object.increment(ME);
    assert!(!object.decrement(OTHER) && !object.drain());
    assert!(object.decrement(ME));

    let mut object = Object::<R>::new();
    assert!(object.decrement(OTHER) || object.drain());
}

fn a_foreign_pair_leaves_it_unique<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    object.increment(OTHER);
    assert!(!object.counts.is_unique(&object.owner, ME));
    assert!(!object.decrement(OTHER));
    assert!(object.counts.is_unique(&object.owner, ME));
    assert!(object.decrement(ME));
}

fn a_reader_gains_only_what_lives<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    object.counts.share(&object.owner, ME);
    assert!(object.try_increment(OTHER) && object.try_increment(ME));
    assert!(!object.decrement(ME) && !object.decrement(OTHER));
    assert!(object.decrement(ME));
    assert!(!object.try_increment(OTHER) && !object.try_increment(ME));

    object.counts.begin_life(&object.owner, OTHER);
    assert_eq!(object.counts.count(&object.owner), 1);
    object.counts.share(&object.owner, THIRD);
    assert!(object.try_increment(OTHER) && object.try_increment(ME));
    object.counts.end_life(&object.owner);
    assert!(!object.try_increment(OTHER) && !object.try_increment(ME));

    let never = Object { counts: R::dead(), ..Object::new() };
    assert!(!never.try_increment(ME) && !never.try_increment(OTHER));
}

fn merged_counts_are_everybodys<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    object.increment(ME);
    object.increment(OTHER);
    assert_eq!(object.counts.merge(&object.owner, 0), Release::Kept);
    assert_eq!(object.counts.count(&object.owner), 3);
    assert!(!object.decrement(THIRD) && !object.decrement(OTHER));
    assert!(object.try_increment(OTHER));
    assert!(!object.decrement(ME));
    assert!(object.decrement(OTHER));
    assert!(!object.try_increment(ME));
}

fn nobody_counts_an_immortal<R: RawRefCount>() {
    let mut made = Object::<R>::new();
    made.counts.make_immortal(&made.owner);
    let mut born = Object { counts: R::immortal(), owner: OwnerCell::new(OwnerId::IMMORTAL), queued: 0 };
    for object in [&mut made, &mut born] {
        for thread in [ME, OTHER] {
            for _ in 0..3 {
                assert!(!object.decrement(thread));
            }
            object.increment(thread);
            assert!(object.try_increment(thread));
            assert!(!object.counts.is_unique(&object.owner, thread));
        }
        object.counts.share(&object.owner, OTHER);
        object.counts.make_deferred(&object.owner);
        assert_eq!(object.counts.merge(&object.owner, 1), Release::Kept);
        assert_eq!(object.counts.count(&object.owner), UNCOUNTED);
        assert_eq!((object.queued, object.owner.load()), (0, OwnerId::IMMORTAL));
    }
}

fn deferral_kills_nobody_early<R: RawRefCount>() {
    let mut object = Object::<R>::new();
    object.counts.make_deferred(&object.owner);
    for thread in [ME, OTHER] {
        object.increment(thread);
        assert!(object.try_increment(thread));
        assert!(!object.decrement(thread) && !object.decrement(thread));
    }
    object.counts.end_life(&object.owner);
    assert!(!object.try_increment(ME) && !object.try_increment(OTHER));
}

fn a_finalizer_may_save_its_object<R: RawRefCount>() {
    for (killer, merged) in [(ME, false), (OTHER, true)] {
        let mut object = Object::<R>::new();
        object.counts.share(&object.owner, ME);
        let died = if merged {
            object.counts.merge(&object.owner, 1) == Release::Dead
        } else {
            object.decrement(killer)
        };
        assert!(died);
        object.counts.resurrect_begin(&object.owner, killer);
        assert_eq!(object.counts.count(&object.owner), 1);
        object.increment(killer);
        assert_eq!(object.counts.resurrect_end(&object.owner, killer), Release::Kept);
        assert!(object.decrement(killer));
        object.counts.resurrect_begin(&object.owner, killer);
        assert_eq!(object.counts.resurrect_end(&object.owner, killer), Release::Dead);
        assert!(!object.try_increment(ME) && !object.try_increment(OTHER));
    }
}

/// Thousands of lives of random length, against a plain number.
fn agrees_with_a_number<R: RawRefCount>() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..if cfg!(miri) { 50 } else { 5_000 } {
        let mut object = Object::<R>::new();
        let mut references = 1;
        loop {
            let thread = [ME, OTHER, THIRD][next(3) as usize];
            // A queue's reference is nobody's to give away.
            let held = references - u64::from(object.queued);
            let died = match next(8) {
                0 | 1 if held > 0 => {
                    object.increment(thread);
                    references += 1;
                    false
                }
                2 => {
                    references += u64::from(object.try_increment(thread));
                    false
                }
                3 if held > 0 => {
                    object.counts.share(&object.owner, thread);
                    false
                }
                // Only a merged object can be left by its owner with nothing but the queue's reference.
                4..7 if held > 0 => {
                    let before = object.queued;
                    let died = object.decrement(thread);
                    references -= u64::from(object.queued == before);
                    died
                }
                7 if object.queued > 0 => {
                    references -= 1;
                    object.drain()
                }
                _ => continue,
            };
            assert_eq!(died, references == 0);
            if died {
                break;
            }
            assert_eq!(object.counts.count(&object.owner) as u64, references);
            assert!(!object.counts.is_unique(&object.owner, ME) || references == 1);
        }
        assert!(!object.try_increment(OTHER));
    }
}

fn conforms<R: RawRefCount>() {
    one_reference_dies_once::<R>();
    many_at_once::<R>();
    a_reference_moves_to_another_thread::<R>();
    a_foreign_pair_leaves_it_unique::<R>();
    a_reader_gains_only_what_lives::<R>();
    merged_counts_are_everybodys::<R>();
    nobody_counts_an_immortal::<R>();
    deferral_kills_nobody_early::<R>();
    a_finalizer_may_save_its_object::<R>();
    agrees_with_a_number::<R>();
}

#[test]
fn the_gil_count_conforms() {
    conforms::<gil::RefCount>();
}

#[test]
fn the_free_threaded_count_conforms() {
    conforms::<free_threaded::RefCount>();
}
