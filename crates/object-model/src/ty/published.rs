//! A record that is replaced whole: readers see the old one or the new one, never a mixture, and never wait.

use std::sync::atomic::{AtomicPtr, Ordering};

use mode::Attached;

use crate::reclaim;

/// An atomically replaceable box.
pub struct Published<T: Send + Sync + 'static>(AtomicPtr<T>);

impl<T: Send + Sync + 'static> Published<T> {
    /// Publishes the first record.
    pub fn new(record: T) -> Self {
        Published(AtomicPtr::new(Box::into_raw(Box::new(record))))
    }

    /// The record of now. It stays valid until the caller's next safepoint, which needs the token mutably.
    #[inline(always)]
    pub fn get<'a>(&self, _token: &'a Attached) -> &'a T {
        // Acquire pairs with the release in `publish`.
        // SAFETY: the record was boxed, and replaced ones are freed only after all threads passed a safepoint.
        unsafe { &*self.0.load(Ordering::Acquire) }
    }

    /// The record of now, for the collector.
    ///
    /// # Safety
    /// Nobody may replace the record while the reference lives: the world is stopped, or the caller is attached and keeps
    /// the reference until its next safepoint at the latest.
    pub unsafe fn borrow(&self) -> &T {
        // Acquire pairs with the release in `publish`.
        // SAFETY: the record was boxed, and it stays (the caller's word).
        unsafe { &*self.0.load(Ordering::Acquire) }
    }

    /// Takes the record out of something that nobody uses any more, and leaves another.
    ///
    /// # Safety
    /// Nobody may hold a reference to the record.
    pub unsafe fn take(&self, left: T) -> T {
        // AcqRel: release pairs with the acquire in `get`, acquire with the release in `publish`.
        let old = self.0.swap(Box::into_raw(Box::new(left)), Ordering::AcqRel);
        // SAFETY: the record was boxed by `new` or `publish`, and nobody has a reference to it (the caller's word).
        *unsafe { Box::from_raw(old) }
    }

    /// Replaces the record. The mutable token proves that the caller borrows no old one.
    pub fn publish(&self, token: &mut Attached, record: T) {
        // Release pairs with the acquire in `get`.
        let old = self.0.swap(Box::into_raw(Box::new(record)), Ordering::AcqRel);
        // SAFETY: the old record was boxed by `new` or `publish`, and nobody finds it any more.
        let old = unsafe { Box::from_raw(old) };
        reclaim::retire_owned(token, old);
    }
}

impl<T: Send + Sync + 'static> Drop for Published<T> {
    fn drop(&mut self) {
        // SAFETY: we are alone, and the record was boxed.
        drop(unsafe { Box::from_raw(*self.0.get_mut()) });
    }
}
