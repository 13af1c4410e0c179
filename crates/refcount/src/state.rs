//! The shared word of a biased count: its bits, its states and its transitions, without atomics.
//!
//! The low two bits are the state, the other thirty a signed count:
//!
//! | state | means | a foreign decrement at count 0 | try-increment at count 0 |
//! |---|---|---|---|
//! | `DEFAULT` | no other thread ever looked for it without a lock | becomes `QUEUED` | fails |
//! | `MAYBE_WEAKREF` | readers without a lock may gain references | becomes `QUEUED` | succeeds |
//! | `QUEUED` | one reference was donated to the owner's queue | counts below zero | succeeds |
//! | `MERGED` | the owner's count is in here too; zero is death | cannot be | fails |
//!
//! States only grow, and `QUEUED` is entered at most once. The count is negative only while `QUEUED`, when other
//! threads drop references that the owner had counted.
//!
//! # Saturation
//! From [`LIMIT`] up a count is pinned: nothing lowers it, so the object never dies. Whoever finds that it raised
//! a pinned count takes that back, so a pinned count exceeds the limit by no more than the number of threads. At
//! minus [`LIMIT`] decrements are lost instead, which also leaks the object and never kills it early. Both need
//! 2^28 references that are counted, or dropped, by threads that do not own the object.
//!
//! Not here: which order the writes are made in and with which ordering (`free_threaded`).

/// Nobody but the owner has more than counted references to it.
pub const DEFAULT: u32 = 0;
/// Readers that hold no lock may try to gain references.
pub const MAYBE_WEAKREF: u32 = 1;
/// The owner's queue holds one reference.
pub const QUEUED: u32 = 2;
/// There is no owner any more.
pub const MERGED: u32 = 3;

/// The count from which on it is pinned.
pub const LIMIT: i32 = 1 << 28;

/// One reference, as the word counts it.
pub const ONE: u32 = 4;

const STATE: u32 = 3;

/// A value of the shared word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared(pub u32);

/// What a decrement makes of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decremented {
    /// The count is pinned: the word stays.
    Pinned,
    /// The reference is given to the owner's queue.
    Donated(Shared),
    /// The reference is gone.
    Dropped(Shared),
}

impl Shared {
    /// No reference, default state: what an object is born with, and what it has where its owner destroys it.
    pub const UNSHARED: Shared = Shared::new(0, DEFAULT);
    /// No reference left anywhere.
    pub const DEAD: Shared = Shared::new(0, MERGED);

    /// The word of `count`, which fits thirty bits, in `state`.
    pub const fn new(count: i32, state: u32) -> Shared {
        Shared((count << 2) as u32 | state)
    }

    /// The signed count.
    pub const fn count(self) -> i32 {
        self.0 as i32 >> 2
    }

    /// One of the four states.
    pub const fn state(self) -> u32 {
        self.0 & STATE
    }

    /// True if the object can no longer die.
    pub const fn is_pinned(self) -> bool {
        self.count() >= LIMIT
    }

    /// The word with one reference more, for a reader that holds none; `None` if it may not have it: the object
    /// may be dead, or may die without looking here.
    pub fn tried(self) -> Option<Shared> {
        if self == Shared::UNSHARED || self == Shared::DEAD {
            None
        } else if self.is_pinned() {
            Some(self)
        } else {
            Some(Shared(self.0.wrapping_add(ONE)))
        }
    }

    /// What dropping a reference from a thread that is not the owner does.
    pub fn decremented(self) -> Decremented {
        debug_assert!(self != Shared::DEAD, "more references dropped than taken");
        let count = self.count();
        if count >= LIMIT || count <= -LIMIT {
            Decremented::Pinned
        } else if count == 0 && self.state() < QUEUED {
            Decremented::Donated(Shared::new(0, QUEUED))
        } else {
            Decremented::Dropped(Shared(self.0.wrapping_sub(ONE)))
        }
    }

    /// The word after `more` references were added, pinned where they are too many.
    pub fn raised(self, more: u32) -> Shared {
        if self.is_pinned() {
            return self;
        }
        let count = i64::from(self.count()) + i64::from(more);
        Shared::new(count.min(i64::from(LIMIT)) as i32, self.state())
    }

    /// The word that lets readers without a lock gain references.
    pub const fn shared(self) -> Shared {
        if self.state() == DEFAULT { Shared(self.0 | MAYBE_WEAKREF) } else { self }
    }

    /// The word that holds `local` too, less `donated` references.
    pub fn merged(self, local: u32, donated: u32) -> Shared {
        if self.is_pinned() {
            return Shared(self.0 | MERGED);
        }
        let count = i64::from(self.count()) + i64::from(local) - i64::from(donated);
        debug_assert!(count >= 0, "more references dropped than taken");
        Shared::new(count.min(i64::from(LIMIT)) as i32, MERGED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every count that matters, in every state.
    fn words() -> impl Iterator<Item = Shared> {
        let counts = [-LIMIT, 1 - LIMIT, -1, 0, 1, 2, LIMIT - 1, LIMIT, LIMIT + 1];
        counts.into_iter().flat_map(|count| (DEFAULT..=MERGED).map(move |state| Shared::new(count, state)))
    }

    #[test]
    fn count_and_state_come_back() {
        for count in [-LIMIT - 1, -1, 0, 1, LIMIT + 1] {
            for state in DEFAULT..=MERGED {
                let word = Shared::new(count, state);
                assert_eq!((word.count(), word.state()), (count, state));
            }
        }
        assert_eq!(Shared::UNSHARED.0, 0);
    }

    #[test]
    fn states_never_decrease() {
        for word in words().filter(|&word| word != Shared::DEAD) {
            let next = match word.decremented() {
                Decremented::Pinned => word,
                Decremented::Donated(next) | Decremented::Dropped(next) => next,
            };
            assert!(next.state() >= word.state());
            assert!(word.shared().state() >= word.state());
            assert!(word.tried().is_none_or(|next| next.state() == word.state()));
            assert_eq!(word.merged(LIMIT as u32, 0).state(), MERGED);
        }
    }

    #[test]
    fn a_reader_fails_exactly_at_unshared_and_dead() {
        let failing: Vec<Shared> = words().filter(|word| word.tried().is_none()).collect();
        assert_eq!(failing, [Shared::UNSHARED, Shared::DEAD]);
    }

    #[test]
    fn the_queue_is_entered_once_and_keeps_the_reference() {
        let donated = Decremented::Donated(Shared::new(0, QUEUED));
        assert_eq!(Shared::new(0, DEFAULT).decremented(), donated);
        assert_eq!(Shared::new(0, MAYBE_WEAKREF).decremented(), donated);
        assert_eq!(Shared::new(0, QUEUED).decremented(), Decremented::Dropped(Shared::new(-1, QUEUED)));
        assert_eq!(Shared::new(1, DEFAULT).decremented(), Decremented::Dropped(Shared::UNSHARED));
        assert_eq!(Shared::new(1, MERGED).decremented(), Decremented::Dropped(Shared::DEAD));
    }

    #[test]
    fn pinned_stays_pinned() {
        for state in DEFAULT..=MERGED {
            for count in [LIMIT, LIMIT + 3] {
                let word = Shared::new(count, state);
                assert_eq!(word.decremented(), Decremented::Pinned);
                assert_eq!(word.tried(), Some(word));
                assert_eq!(word.raised(u32::MAX), word);
                assert_eq!(word.merged(7, 1).count(), count);
            }
            assert_eq!(Shared::new(-LIMIT, state).decremented(), Decremented::Pinned);
            assert_eq!(Shared::new(1, state).raised(u32::MAX).count(), LIMIT);
        }
        assert_eq!(Shared::new(LIMIT - 1, QUEUED).merged(u32::MAX, 1).count(), LIMIT);
    }

    #[test]
    fn merging_adds_up() {
        assert_eq!(Shared::new(0, QUEUED).merged(1, 1), Shared::DEAD);
        assert_eq!(Shared::new(-2, QUEUED).merged(3, 1), Shared::DEAD);
        assert_eq!(Shared::new(-1, QUEUED).merged(5, 1), Shared::new(3, MERGED));
        assert_eq!(Shared::new(2, MERGED).merged(0, 1), Shared::new(1, MERGED));
    }
}
