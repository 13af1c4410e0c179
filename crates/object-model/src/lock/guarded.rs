//! Mutable state inside a payload, behind a lock byte of its own. For native types other than list, dict and set.
//!
//! A guard borrows the token, so no Python code runs while it lives, and what dies meanwhile is destroyed afterwards.
//! Taking the same cell twice on one thread is a bug of the caller and stops with a panic that says so, in both builds.

use std::cell::{Cell, UnsafeCell};
use std::ops::{Deref, DerefMut};

use mode::primitive::{AtomicU8, Ordering};
use mode::{Attached, FREE_THREADED, alone};

use super::object_lock;
use crate::object::layout;

/// A value that its holder may mutate through a guard.
pub struct Guarded<T> {
    lock: AtomicU8,
    /// The thread that holds the guard, to catch nesting; 0 if none.
    holder: Cell<usize>,
    value: UnsafeCell<T>,
}

// SAFETY: `value` and `holder` are touched only by the holder of the lock (free-threaded), or by the thread that is
// attached and has marked the cell as taken (gil, and as long as there is one thread: `alone` A2).
unsafe impl<T: Send> Sync for Guarded<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Guarded<T> {}

/// Exclusive access to what a [`Guarded`] holds.
#[must_use]
pub struct GuardedRef<'t, T> {
    cell: &'t Guarded<T>,
    token: &'t Attached,
}

impl<T> Guarded<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        Guarded {
            lock: AtomicU8::new(object_lock::FREE),
            holder: Cell::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Exclusive access, waiting if another thread has it.
    #[inline]
    pub fn lock<'t>(&'t self, token: &'t Attached) -> GuardedRef<'t, T> {
        let me = std::ptr::from_ref(token) as usize;
        if FREE_THREADED && !alone::is_alone() {
            object_lock::lock(token, &self.lock);
        } else {
            assert!(self.holder.get() == 0, "a guarded cell was taken twice by one thread");
        }
        self.holder.set(me);
        token.guards().set(token.guards().get() + 1);
        GuardedRef { cell: self, token }
    }

    /// The value, by someone who has the only reference to the cell.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Visits the value for the collector, which runs while no thread holds a guard (or skips the cell).
    pub fn trace_with(&self, visit: impl FnOnce(&T)) {
        // Relaxed: the world is stopped, and stopping it synchronised.
        if self.lock.load(Ordering::Relaxed) == object_lock::FREE && self.holder.get() == 0 {
            // SAFETY: nobody holds a guard, and nobody can take one while the world is stopped.
            visit(unsafe { &*self.value.get() });
        }
    }
}

impl<T> Deref for GuardedRef<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is the only access.
        unsafe { &*self.cell.value.get() }
    }
}

impl<T> DerefMut for GuardedRef<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the only access.
        unsafe { &mut *self.cell.value.get() }
    }
}

impl<T> Drop for GuardedRef<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.cell.holder.set(0);
        if FREE_THREADED && !alone::is_alone() {
            object_lock::unlock(&self.cell.lock);
        }
        let guards = self.token.guards().get() - 1;
        self.token.guards().set(guards);
        if guards == 0 && self.token.pending().get() {
            layout::drain_pending(self.token);
        }
    }
}
