//! Who may touch a heap: its thread, nobody, or a helper for a while.
//!
//! # Protocol
//! - P1: an **attended** heap is its thread's alone.
//! - P2: a thread that blocks **detaches** from its heap, and **reattaches** when it goes on; a thread that
//!   ends **parks** its heap, whole, and a thread that starts **adopts** it.
//! - P3: while a heap is detached or parked, another thread may **help**: it works on the heap in the
//!   owner's place (merges counts, collects remote frees). One helper at a time; reattaching and adopting
//!   wait for it, so help must be short: no Python code, no blocking.
//! - P4: a thread that leaves a message for a heap's owner and then is told "attended" may rely on the owner
//!   reading the message, provided that the owner looks for messages **after** it has parked or
//!   detached (and, when it finds one, helps its own heap like any other thread). Either the sender sees the
//!   heap unattended, or the owner sees the message.
//!
//! # Ordering
//! | operation | ordering | partner |
//! |---|---|---|
//! | `park`, `detach` | Release | `adopt`, `reattach`, `try_help`: the heap as its thread left it |
//! | end of help | Release | `adopt`, `reattach`, `try_help`: the heap as the helper left it |
//! | `park`, `detach`, then fence(SeqCst) | | fence(SeqCst) at the start of `try_help` (P4) |
//!
//! Not here: the list of parked heaps (`registry.rs`), the messages (`refcount`'s merge queue).

use mode::primitive::{AtomicU32, Ordering, fence, spin_loop, yield_now};

const ATTENDED: u32 = 0;
const DETACHED: u32 = 1;
const PARKED: u32 = 2;
/// With [`DETACHED`] or [`PARKED`]: a helper is at work. Nobody but the helper changes the word then.
const HELPED: u32 = 4;

/// How often a waiter looks again before it offers its processor to others.
const SPINS: u32 = 64;

/// The heap's thread is there: ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attended;

/// Who may touch a heap.
#[derive(Debug)]
pub struct Parking {
    word: AtomicU32,
}

/// The right to work on an unattended heap, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Help<'a> {
    parking: &'a Parking,
    /// [`DETACHED`] or [`PARKED`].
    found: u32,
}

impl Parking {
    /// A heap attended by the thread that makes it.
    pub fn new() -> Self {
        Parking { word: AtomicU32::new(ATTENDED) }
    }

    /// The heap's thread blocks. Only that thread may call this, while attended.
    pub fn detach(&self) {
        self.leave(DETACHED);
    }

    /// The heap's thread goes on. Only the thread that detached may call this.
    pub fn reattach(&self) {
        self.come(DETACHED);
    }

    /// The heap's thread ends. Only that thread may call this, while attended.
    pub fn park(&self) {
        self.leave(PARKED);
    }

    /// Another thread takes the heap over. Only one thread may call this for a parked heap.
    pub fn adopt(&self) {
        self.come(PARKED);
    }

    fn leave(&self, state: u32) {
        // Relaxed: while the heap is attended only this thread writes the word.
        debug_assert_eq!(self.word.load(Ordering::Relaxed), ATTENDED);
        // Release: with whoever touches the heap next.
        self.word.store(state, Ordering::Release);
        // With the fence in `try_help`: the search for messages that follows is not moved before the store.
        fence(Ordering::SeqCst);
    }

    fn come(&self, state: u32) {
        let mut spins = 0;
        // Acquire: with `leave` and the end of help. Relaxed on failure: nothing was gained.
        while self
            .word
            .compare_exchange_weak(state, ATTENDED, Ordering::Acquire, Ordering::Relaxed)
            .is_err_and(|now| {
                debug_assert!(now == state || now == state | HELPED);
                true
            })
        {
            wait(&mut spins);
        }
    }

    /// The right to work on the heap, unless its thread is there. Waits for another helper.
    pub fn try_help(&self) -> Result<Help<'_>, Attended> {
        // With the fence in `leave`: what the caller has written before is not moved after the loads.
        fence(Ordering::SeqCst);
        let mut spins = 0;
        loop {
            // Relaxed: the exchange acquires; "attended" gives no access.
            let now = self.word.load(Ordering::Relaxed);
            if now == ATTENDED {
                return Err(Attended);
            }
            // Acquire: with `leave` and the end of help. Relaxed on failure: nothing was gained.
            if now & HELPED == 0
                && self.word.compare_exchange(now, now | HELPED, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return Ok(Help { parking: self, found: now });
            }
            wait(&mut spins);
        }
    }

    /// True if the heap's thread is there; a hint that may be out of date at once.
    pub fn is_attended(&self) -> bool {
        self.word.load(Ordering::Relaxed) == ATTENDED
    }
}

impl Drop for Help<'_> {
    fn drop(&mut self) {
        // Release: with whoever touches the heap next. A store will do, as nobody else writes (see `HELPED`).
        self.parking.word.store(self.found, Ordering::Release);
    }
}

fn wait(spins: &mut u32) {
    if *spins < SPINS {
        *spins += 1;
        spin_loop();
    } else {
        yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_refused_while_attended() {
        let parking = Parking::new();
        assert_eq!(parking.try_help().err(), Some(Attended));
        parking.detach();
        drop(parking.try_help().expect("detached"));
        parking.reattach();
        assert_eq!(parking.try_help().err(), Some(Attended));
        parking.park();
        drop(parking.try_help().expect("parked"));
        parking.adopt();
        assert!(parking.is_attended());
    }
}
