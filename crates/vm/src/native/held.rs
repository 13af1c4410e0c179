//! A reference that its holder gives up before it dies, as an exhausted iterator does with what it iterated over.
//!
//! # Invariants
//! 1. A borrow of what is held lives no longer than one of the [`Thread`], so no Python code runs while there is one.
//! 2. It is given up only by someone who has the thread to himself, hence while no borrow of this thread lives.
//! 3. In the free-threaded build other threads may be reading at the same time: as soon as there has been a second thread
//!    it is kept until the holder dies.

use std::cell::UnsafeCell;

use crate::native::trace::Trace;
use crate::thread::Thread;
use object_model::Value;

/// A value that can be given up once.
pub struct Held<T>(UnsafeCell<Option<T>>);

// SAFETY: the cell is written only by a thread that has the GIL or is the only one (invariants 2 and 3).
unsafe impl<T: Send + Sync> Sync for Held<T> {}

impl<T> Held<T> {
    /// Holds `value`.
    pub fn new(value: T) -> Held<T> {
        Held(UnsafeCell::new(Some(value)))
    }

    /// What is held.
    #[inline]
    pub fn get<'t>(&'t self, _th: &'t Thread) -> Option<&'t T> {
        // SAFETY: whoever writes has `&mut Thread`, so the shared borrow of it keeps writers away.
        unsafe { &*self.0.get() }.as_ref()
    }

    /// Gives it up.
    pub fn release(&self, _th: &mut Thread) {
        if mode::FREE_THREADED && !mode::alone::is_alone() {
            return;
        }
        // SAFETY: `&mut Thread` says that no borrow of the value lives, and no other thread is attached: this one has the
        // GIL, or is the only one there has been.
        let value = unsafe { &mut *self.0.get() }.take();
        // What runs now finds the cell empty.
        drop(value);
    }
}

impl<T: Trace> Trace for Held<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        // SAFETY: the collector runs while no other thread is attached, and within no `release`.
        unsafe { &*self.0.get() }.trace(visit);
    }
}
