//! A baton with a fault to choose. Follows `object_model::lock::baton`.

use mode::primitive::{AtomicU8, Ordering, yield_now};

use crate::shipped::baton::{self, ENDED, NEW, RESTING, TAKEN, VISITED};

/// What the models use of a baton.
pub trait OneAtATime: Default + Send + Sync + 'static {
    /// Takes it; false if it is refused.
    fn take(&self) -> bool;
    /// Puts it back.
    fn put_back(&self);
    /// Ends it.
    fn end(&self);
    /// Begins a visit; None if it is refused.
    fn visit(&self) -> Option<u8>;
    /// Ends a visit.
    fn leave(&self, before: u8);
}

impl OneAtATime for baton::Baton {
    fn take(&self) -> bool {
        self.take_shared().is_ok()
    }

    fn put_back(&self) {
        baton::Baton::put_back(self);
    }

    fn end(&self) {
        baton::Baton::end(self);
    }

    fn visit(&self) -> Option<u8> {
        self.visit_shared().ok()
    }

    fn leave(&self, before: u8) {
        baton::Baton::leave(self, before);
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// Taking does not acquire.
pub const RELAXED_TAKE: u8 = 1;
/// Putting back does not release.
pub const RELAXED_PUT_BACK: u8 = 2;
/// Taking is a look and a store.
pub const TAKE_BY_STORE: u8 = 3;
/// A visit leaves no mark.
pub const UNSEEN_VISIT: u8 = 4;
/// What ended is put back.
pub const END_AS_REST: u8 = 5;
/// The end of a visit does not release.
pub const RELAXED_LEAVE: u8 = 6;

/// The baton with one fault.
pub struct Broken<const FAULT: u8>(AtomicU8);

impl<const FAULT: u8> Default for Broken<FAULT> {
    fn default() -> Self {
        Broken(AtomicU8::new(NEW))
    }
}

impl<const FAULT: u8> Broken<FAULT> {
    fn claim(&self, with: u8) -> Option<u8> {
        loop {
            let state =
                self.0.load(if FAULT == TAKE_BY_STORE { Ordering::Acquire } else { Ordering::Relaxed });
            match state {
                NEW | RESTING if FAULT == TAKE_BY_STORE => {
                    self.0.store(with, Ordering::Relaxed);
                    return Some(state);
                }
                NEW | RESTING => {
                    let order = if FAULT == RELAXED_TAKE { Ordering::Relaxed } else { Ordering::Acquire };
                    if self.0.compare_exchange(state, with, order, Ordering::Relaxed).is_ok() {
                        return Some(state);
                    }
                }
                VISITED => {
                    yield_now();
                    let _ = self.0.compare_exchange(VISITED, VISITED, Ordering::Relaxed, Ordering::Relaxed);
                }
                _ => return None,
            }
        }
    }
}

impl<const FAULT: u8> OneAtATime for Broken<FAULT> {
    fn take(&self) -> bool {
        self.claim(TAKEN).is_some()
    }

    fn put_back(&self) {
        let order = if FAULT == RELAXED_PUT_BACK { Ordering::Relaxed } else { Ordering::Release };
        self.0.store(RESTING, order);
    }

    fn end(&self) {
        self.0.store(if FAULT == END_AS_REST { RESTING } else { ENDED }, Ordering::Release);
    }

    fn visit(&self) -> Option<u8> {
        if FAULT == UNSEEN_VISIT {
            let state = self.0.load(Ordering::Acquire);
            return (state <= RESTING).then_some(state);
        }
        self.claim(VISITED)
    }

    fn leave(&self, before: u8) {
        if FAULT == UNSEEN_VISIT {
            return;
        }
        self.0.store(before, if FAULT == RELAXED_LEAVE { Ordering::Relaxed } else { Ordering::Release });
    }
}
