//! A one-byte lock with a fault to choose. Follows `object_model::lock::raw`.

use mode::primitive::{AtomicU8, Ordering};

use crate::shipped::lock::{self, FREE, HELD, HELD_PARKED, Parking};

/// What the models use of the lock.
pub trait ByteLock: Send + Sync + 'static {
    /// Takes `lock`.
    fn lock(parking: &impl Parking, lock: &AtomicU8);
    /// Gives `lock` back.
    fn unlock(parking: &impl Parking, lock: &AtomicU8);
}

/// The lock that ships, without spinning: a spin only looks again.
pub struct Shipped;

impl ByteLock for Shipped {
    fn lock(parking: &impl Parking, lock: &AtomicU8) {
        lock::lock(parking, lock, 0);
    }

    fn unlock(parking: &impl Parking, lock: &AtomicU8) {
        lock::unlock(parking, lock);
    }
}

/// No fault.
pub const SOUND: u8 = 0;
/// Taking does not acquire.
pub const RELAXED_LOCK: u8 = 1;
/// Giving back does not release.
pub const RELAXED_UNLOCK: u8 = 2;
/// Taking is a look and a store.
pub const LOCK_BY_STORE: u8 = 3;
/// A waiter announces itself by a store, whatever the lock says meanwhile.
pub const ANNOUNCE_BLINDLY: u8 = 4;
/// Giving back is a look and a store.
pub const UNLOCK_BY_STORE: u8 = 5;
/// Waiters are woken before the lock is free.
pub const WAKE_FIRST: u8 = 6;
/// A waiter parks without having announced itself.
pub const ANNOUNCE_NOTHING: u8 = 7;

/// The lock with one fault.
pub struct Broken<const FAULT: u8>;

impl<const FAULT: u8> Broken<FAULT> {
    fn try_take(lock: &AtomicU8, as_what: u8) -> bool {
        if FAULT == LOCK_BY_STORE {
            let free = lock.load(Ordering::Acquire) == FREE;
            if free {
                lock.store(as_what, Ordering::Relaxed);
            }
            return free;
        }
        let order = if FAULT == RELAXED_LOCK { Ordering::Relaxed } else { Ordering::Acquire };
        lock.compare_exchange(FREE, as_what, order, Ordering::Relaxed).is_ok()
    }
}

impl<const FAULT: u8> ByteLock for Broken<FAULT> {
    fn lock(parking: &impl Parking, lock: &AtomicU8) {
        if Self::try_take(lock, HELD) {
            return;
        }
        loop {
            match lock.load(Ordering::Relaxed) {
                FREE => {
                    if Self::try_take(lock, HELD_PARKED) {
                        return;
                    }
                }
                HELD if FAULT == ANNOUNCE_NOTHING => parking.park(lock),
                HELD if FAULT == ANNOUNCE_BLINDLY => lock.store(HELD_PARKED, Ordering::Relaxed),
                HELD => {
                    let _ = lock.compare_exchange(HELD, HELD_PARKED, Ordering::Relaxed, Ordering::Relaxed);
                }
                _ => parking.park(lock),
            }
        }
    }

    fn unlock(parking: &impl Parking, lock: &AtomicU8) {
        if FAULT == WAKE_FIRST {
            if lock.load(Ordering::Relaxed) == HELD_PARKED {
                parking.unpark_all(lock);
            }
            lock.store(FREE, Ordering::Release);
        } else if FAULT == UNLOCK_BY_STORE {
            let parked = lock.load(Ordering::Relaxed) == HELD_PARKED;
            lock.store(FREE, Ordering::Release);
            if parked {
                parking.unpark_all(lock);
            }
        } else {
            let order = if FAULT == RELAXED_UNLOCK { Ordering::Relaxed } else { Ordering::Release };
            if lock.swap(FREE, order) == HELD_PARKED {
                parking.unpark_all(lock);
            }
        }
    }
}
