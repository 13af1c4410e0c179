//! Promotion: objects that threads count which do not own them get counts of each thread's own (`refcount::promoted`), so
//! that reading shared data scales.
//!
//! # How
//! Of the references that a thread takes to others' objects a few are reported ([`reported`]). An object that is reported
//! twice within a short time is promoted at the thread's next safepoint, with the world stopped. A collection settles the
//! counts of all of them: what nobody refers to any more dies then, and not before.
//!
//! # Invariants
//! - M1 [`TABLE`] names the promoted objects; it changes with the world stopped. An object leaves it before its block is
//!   freed.
//! - M2 A thread's counters are folded into the bases before it is gone ([`end`]).

use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use object_model::{Header, Value};
use parking_lot::Mutex;
use refcount::promoted::{self, CAPACITY, Counters};

use super::registry;
use super::state::{Thread, poll};

/// So many objects are promoted at once, for each time that the world is stopped.
const BATCH: usize = 8;
/// Reports after which fewer are promoted, too.
const PATIENCE: u32 = 64;
/// Addresses that a thread remembers.
const RECENT: usize = 256;

/// A thread's part in it.
#[derive(Default)]
pub(crate) struct Share {
    counters: Option<Counters>,
    candidates: RefCell<Candidates>,
}

/// What a thread has reported.
struct Candidates {
    /// Addresses of objects reported before, by hash.
    recent: [usize; RECENT],
    /// To be promoted.
    waiting: Vec<Value>,
    /// Reports since the first of them.
    reports: u32,
}

impl Default for Candidates {
    fn default() -> Self {
        Candidates { recent: [0; RECENT], waiting: Vec::new(), reports: 0 }
    }
}

/// The promoted objects by number.
struct Table {
    objects: Vec<Option<NonNull<Header>>>,
    free: Vec<u32>,
}

// SAFETY: the pointers are followed with the world stopped, or while the object is promoted, hence alive.
unsafe impl Send for Table {}

static TABLE: Mutex<Table> = Mutex::new(Table { objects: Vec::new(), free: Vec::new() });

/// Has references be reported. Once, at start-up.
pub(super) fn install() {
    // The counts are a header's first field.
    promoted::set_hook(|counts| reported(counts.cast()));
}

/// A thread begins.
pub(super) fn begin(th: &mut Thread) {
    if mode::FREE_THREADED {
        let counters = Counters::new(CAPACITY);
        th.counters().set(counters.as_ptr());
        th.promotion.counters = Some(counters);
    }
}

/// A thread ends: it counts in the bases from now on.
pub(super) fn end(th: &Thread) {
    let waiting = std::mem::take(&mut th.promotion.candidates.borrow_mut().waiting);
    drop(waiting);
    th.counters().set(std::ptr::null());
    settle_thread(&th.promotion);
}

/// Folds a thread's counters into the bases. The thread is the caller, or gone.
pub(super) fn settle_thread(share: &Share) {
    TABLE.lock().fold(share);
}

/// The calling thread took a reference to an object that it does not own.
fn reported(object: NonNull<Header>) {
    let token = mode::attached::current();
    if token.is_null() {
        return;
    }
    // SAFETY: `set_current` keeps the token, a thread's first field, valid while it is set.
    let th = Thread::behind(unsafe { &*token });
    let Ok(mut candidates) = th.promotion.candidates.try_borrow_mut() else { return };
    let address = object.as_ptr() as usize;
    let slot = address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - RECENT.ilog2());
    if std::mem::replace(&mut candidates.recent[slot], address) == address
        && !candidates.waiting.iter().any(|value| value.word() as usize == address)
    {
        // SAFETY: the reporter holds a reference.
        unsafe { object.as_ref() }.increment(th);
        // SAFETY: counted just now.
        candidates.waiting.push(unsafe { Value::from_header(object) });
    }
    if candidates.waiting.is_empty() {
        return;
    }
    candidates.reports += 1;
    if candidates.waiting.len() >= BATCH || candidates.reports >= PATIENCE {
        th.poll_word().fetch_or(poll::PROMOTE, Ordering::Relaxed); // Relaxed: own thread.
    }
}

/// At a safepoint: promotes what this thread has reported.
pub(super) fn pass(th: &mut Thread) {
    let waiting = {
        let mut candidates = th.promotion.candidates.borrow_mut();
        candidates.reports = 0;
        std::mem::take(&mut candidates.waiting)
    };
    if registry::gil_enabled() || waiting.is_empty() {
        return;
    }
    th.stop_the_world(|_| {
        let mut table = TABLE.lock();
        for header in waiting.iter().filter_map(Value::as_header) {
            // What only this thread still holds was on its way from one thread to another.
            if header.count() > 1 {
                table.promote(header);
            }
        }
    });
    drop(waiting);
}

impl Table {
    fn promote(&mut self, header: &Header) {
        let number = match self.free.last() {
            Some(number) => *number,
            None if self.objects.len() < CAPACITY => self.objects.len() as u32,
            None => return,
        };
        if !header.promote(number) {
            return;
        }
        match self.free.pop() {
            Some(number) => self.objects[number as usize] = Some(header.as_ptr()),
            None => self.objects.push(Some(header.as_ptr())),
        }
    }
}

/// Makes the counts of all promoted objects true. What nobody refers to is promoted no more, and comes back with one
/// reference, to be dropped when the world runs again. The world must be stopped.
pub(crate) fn settle() -> Vec<Value> {
    let mut table = TABLE.lock();
    registry::for_each_share(|share| table.fold(share));
    let mut dead = Vec::new();
    for number in 0..table.objects.len() {
        let Some(object) = table.objects[number] else { continue };
        // SAFETY: promoted objects are alive (M1).
        let header = unsafe { object.as_ref() };
        if header.settle(0) <= 0 {
            header.settle(1);
            table.remove(header, number as u32);
            // SAFETY: the reference added just now.
            dead.push(unsafe { Value::from_header(object) });
        }
    }
    dead
}

/// Ends an object's promotion, if it is promoted. Its counts are settled, the world is stopped.
pub(crate) fn demote(header: &Header) {
    if let Some(number) = header.promoted_number() {
        TABLE.lock().remove(header, number);
    }
}

impl Table {
    /// Takes what a thread has counted into the bases. The thread is the caller, stopped or gone.
    fn fold(&self, share: &Share) {
        let Some(counters) = &share.counters else { return };
        for (number, object) in self.objects.iter().enumerate() {
            let counted = counters.take(number);
            if let Some(object) = object.filter(|_| counted != 0) {
                // SAFETY: promoted objects are alive (M1).
                unsafe { object.as_ref() }.settle(counted);
            }
        }
    }

    fn remove(&mut self, header: &Header, number: u32) {
        header.demote();
        self.objects[number as usize] = None;
        self.free.push(number);
    }
}
