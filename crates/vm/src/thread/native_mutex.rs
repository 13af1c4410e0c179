//! A mutex that detached threads may lock, and hold for as long as native code takes.
//!
//! Who waits is known to the kernel alone (`fork` F4), unlike with `parking_lot`'s, which are for attached threads. In the
//! child of a fork a mutex that a detached thread held stays locked: what it guards may be half changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The mutex. What a panic left in it is taken as it is.
#[derive(Debug, Default)]
pub struct NativeMutex<T: ?Sized>(Mutex<T>);

impl<T> NativeMutex<T> {
    /// A free mutex around `value`.
    pub const fn new(value: T) -> NativeMutex<T> {
        NativeMutex(Mutex::new(value))
    }
}

impl<T: ?Sized> NativeMutex<T> {
    /// Waits for the mutex and locks it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
