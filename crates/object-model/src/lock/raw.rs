//! The protocol of the one-byte lock, over any way to park: what `object_lock` ships and `loom-tests` checks.
//!
//! # Ordering
//! Taking the lock is acquire, giving it back release; they pair with each other.
//!
//! # Invariants
//! - R1 A thread parks only while the byte says [`HELD_PARKED`], checked under the queue that the waker takes too; the
//!   waker frees the byte first. So no waiter is forgotten.
//! - R2 Whoever frees a byte that says [`HELD_PARKED`] wakes all waiters; each takes the lock or announces itself again.

use mode::primitive::{AtomicU8, Ordering, spin_loop};

/// Nobody holds the lock.
pub const FREE: u8 = 0;
/// Held, nobody waits.
pub const HELD: u8 = 1;
/// Held, and threads are parked on it.
pub const HELD_PARKED: u8 = 3;
/// The owner heap's thread mutates without locking.
pub const BIASED: u8 = 4;

/// How threads wait for a lock byte.
pub trait Parking {
    /// Waits while `lock` holds [`HELD_PARKED`]; may wake for no reason.
    fn park(&self, lock: &AtomicU8);
    /// Wakes all who wait for `lock`.
    fn unpark_all(&self, lock: &AtomicU8);
}

/// Takes `lock`, spinning for a while and then parking. It must not be biased.
#[inline]
pub fn lock(parking: &impl Parking, lock: &AtomicU8, spins: u32) {
    // Acquire pairs with the release in `unlock`. Relaxed on failure: the slow path looks again.
    if lock.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
        lock_slow(parking, lock, spins);
    }
}

#[cold]
fn lock_slow(parking: &impl Parking, lock: &AtomicU8, spins: u32) {
    for _ in 0..spins {
        // Relaxed: only a hint; the exchange acquires.
        if lock.load(Ordering::Relaxed) == FREE
            && lock.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
        {
            return;
        }
        spin_loop();
    }
    loop {
        // Relaxed: the exchanges below acquire.
        match lock.load(Ordering::Relaxed) {
            FREE => {
                // Taken as "parked": others may be waiting, and giving back must look. Acquire as in `lock`.
                if lock.compare_exchange(FREE, HELD_PARKED, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    return;
                }
            }
            HELD => {
                // Relaxed: announces a waiter; parking re-checks under the queue (R1).
                let _ = lock.compare_exchange(HELD, HELD_PARKED, Ordering::Relaxed, Ordering::Relaxed);
            }
            _ => parking.park(lock),
        }
    }
}

/// Gives `lock` back.
#[inline]
pub fn unlock(parking: &impl Parking, lock: &AtomicU8) {
    // Release pairs with the acquire in `lock`: the next holder sees what was done under the lock.
    if lock.swap(FREE, Ordering::Release) == HELD_PARKED {
        parking.unpark_all(lock);
    }
}
