//! The one-byte lock: of every object's header, and of every `Guarded` cell.
//!
//! Free, held, held with waiters ([`raw`]), or [`BIASED`]: only the owner heap's thread mutates, with plain release
//! stores and no lock.
//!
//! # Ordering
//! Taking the lock is acquire, giving it back release; they pair with each other. A biased mutation is published by
//! the release store of its slot; the end of the bias is published by stopping the world.
//!
//! # Invariants
//! - L1 A thread that waits detaches first (the hook), so a stop-the-world never waits for it.
//! - L2 `BIASED` ends only while the owner heap's thread is stopped, detached or gone, or by that thread (`hand_over`).
//!
//! Not here: the rule that no Python code runs while a lock is held (`critical_section`).

use std::sync::OnceLock;

use mode::primitive::{AtomicU8, Ordering};
use mode::{Attached, FREE_THREADED};

use super::place::Place;
use super::raw::{self, Parking};
pub use super::raw::{BIASED, FREE};

/// What a new object's lock says.
pub const INITIAL: u8 = if FREE_THREADED { BIASED } else { FREE };

/// How long to spin before parking.
const SPINS: u32 = if FREE_THREADED { 40 } else { 0 };

/// What `vm` does around waiting.
pub struct WaitHooks {
    /// Runs `wait` while the thread counts as stopped.
    pub detached: fn(&Attached, wait: &mut dyn FnMut()),
    /// Ends the bias of the object's page (L2).
    pub revoke: fn(&Attached, object: std::ptr::NonNull<crate::object::header::Header>),
}

static HOOKS: OnceLock<WaitHooks> = OnceLock::new();

/// Installs the hooks, once.
pub fn set_hooks(hooks: WaitHooks) {
    // A second interpreter in the process installs the same functions.
    let _ = HOOKS.set(hooks);
}

/// Ends the bias of `object`.
#[cold]
pub(crate) fn revoke(token: &Attached, object: &crate::object::header::Header) {
    match HOOKS.get() {
        Some(hooks) => (hooks.revoke)(token, object.as_ptr()),
        None => {
            // Before a runtime exists there is one thread: nobody mutates under the bias. Relaxed for that reason.
            object.lock.store(FREE, Ordering::Relaxed);
        }
    }
}

/// Ends the bias of all objects on the page of `object` (L2).
///
/// # Safety
/// `object` must be live, and the world stopped.
pub unsafe fn end_bias_of_page(object: std::ptr::NonNull<crate::object::header::Header>) {
    // SAFETY: live objects lie in pages of the object heap.
    let page = unsafe { allocator::page_of(object.cast()) };
    // SAFETY: the world is stopped: no block is born or freed.
    for block in unsafe { page.live_blocks() } {
        // SAFETY: live blocks start with a header.
        let header = unsafe { block.cast::<crate::object::header::Header>().as_ref() };
        // Relaxed: nobody else runs; starting the world publishes it.
        let _ = header.lock.compare_exchange(BIASED, FREE, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// How many places there are to wait at.
const PLACES: usize = 256;

/// The place where waiters of a lock wait, with those of others.
fn place_of(lock: &AtomicU8) -> &'static Place {
    static ALL: OnceLock<Box<[Place]>> = OnceLock::new();
    let all = ALL.get_or_init(|| (0..PLACES).map(|_| Place::new()).collect());
    let hash = std::ptr::from_ref(lock).addr().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    &all[hash >> (usize::BITS - PLACES.ilog2())]
}

/// Waits at the lock's [`Place`], detached from the world (L1).
struct Queue<'t>(Option<&'t Attached>);

impl Parking for Queue<'_> {
    fn park(&self, lock: &AtomicU8) {
        // Relaxed: `Place::park` orders what is looked at again.
        let mut park = || place_of(lock).park(|| lock.load(Ordering::Relaxed) == raw::HELD_PARKED);
        match (HOOKS.get(), self.0) {
            (Some(hooks), Some(token)) => (hooks.detached)(token, &mut park),
            _ => park(),
        }
    }

    fn unpark_all(&self, lock: &AtomicU8) {
        place_of(lock).unpark_all();
    }
}

/// Takes `lock`, waiting if need be. It must not be biased.
#[inline]
pub fn lock(token: &Attached, lock: &AtomicU8) {
    raw::lock(&Queue(Some(token)), lock, SPINS);
}

/// Gives `lock` back.
#[inline]
pub fn unlock(lock: &AtomicU8) {
    raw::unlock(&Queue(None), lock);
}
