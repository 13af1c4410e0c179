//! When replaced storage is freed: after every attached thread has passed a safepoint.
//!
//! An attached thread holds one long-lived epoch guard, repins it at safepoints and drops it while detached, so a
//! read pins nothing. Because `pin` is never called again, safepoints also [`collect`], or nothing would be freed.
//!
//! # Invariants
//! - E1 What is retired here is raw storage: dropping it never drops a Python reference and never runs Python.
//! - E2 A borrow of retired-able storage is tied to `&Attached`; a safepoint takes `&mut`.
//! - E3 In the child of a fork threads that are gone may have been attached. They would hold up the old epochs for ever:
//!   the child begins with new ones, and what was retired before is never freed there.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_epoch::{Collector, Guard, LocalHandle};
use mode::Attached;
use parking_lot::Mutex;

/// What all threads take part in (E3). Locked by attached threads only.
static COLLECTOR: Mutex<Option<Collector>> = Mutex::new(None);

thread_local! {
    static PART: RefCell<Option<LocalHandle>> = const { RefCell::new(None) };
    static GUARD: RefCell<Option<Guard>> = const { RefCell::new(None) };
    static RETIRED: Cell<u32> = const { Cell::new(0) };
}

/// After how many retirements a safepoint pushes its garbage on and tries to free some.
const FLUSH_EVERY: u32 = 64;

/// How many bytes weigh as much as one more retirement: a few large ones are not waited for longer than many small ones.
const WEIGHT: usize = 16 * 1024;

fn take_part() -> LocalHandle {
    COLLECTOR.lock().get_or_insert_with(Collector::new).register()
}

/// Keeps what can be borrowed now.
fn pin() -> Guard {
    // A thread whose variables are gone already takes part for this one time.
    PART.try_with(|part| part.borrow_mut().get_or_insert_with(take_part).pin())
        .unwrap_or_else(|_| take_part().pin())
}

/// In the child of a fork, in the phase of its only thread, which holds no borrow: begins anew (E3).
pub fn forked(_token: &mut Attached) {
    GUARD.set(None);
    PART.set(None);
    *COLLECTOR.lock() = None;
    OWNED.store(0, Ordering::Relaxed); // Relaxed: there is no other thread.
    enter();
}

/// Begins a phase in which this thread may borrow shared storage.
pub fn enter() {
    GUARD.with_borrow_mut(|guard| {
        if guard.is_none() {
            *guard = Some(pin());
        }
    });
}

/// Ends it: the thread holds no borrow.
pub fn leave() {
    GUARD.with_borrow_mut(|guard| {
        if let Some(guard) = guard.as_ref()
            && RETIRED.get() > 0
        {
            guard.flush();
            RETIRED.set(0);
        }
        *guard = None;
    });
}

/// A safepoint of this thread: it holds no borrow at this moment.
pub fn quiescent() {
    GUARD.with_borrow_mut(|guard| {
        if let Some(guard) = guard.as_mut() {
            guard.repin();
            collect(guard);
        }
    });
    drop_ready();
}

/// Records that own Python values and that no thread can borrow any more; dropped by whoever passes a safepoint next.
static READY: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());
static ANY_READY: AtomicBool = AtomicBool::new(false);
/// Records that wait for readers.
static OWNED: AtomicUsize = AtomicUsize::new(0);

/// Drops a record that owns Python values once no thread can borrow it: now in the `gil` build, where the caller's
/// `&mut` token proves it; else at a later safepoint, where dropping references is allowed.
pub fn retire_owned<T: Send + 'static>(token: &mut Attached, record: Box<T>) {
    if single_threaded() {
        return drop(record);
    }
    OWNED.fetch_add(1, Ordering::Relaxed); // Relaxed: a hint for `settle`.
    retire_raw(token, size_of::<T>(), move || {
        READY.lock().push(record);
        OWNED.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
        // Release pairs with the acquire in `drop_ready`.
        ANY_READY.store(true, Ordering::Release);
    });
}

/// A safepoint at which as many retired records as possible are dropped: for `gc.collect()`, after which a program may
/// expect that what it gave up is gone. What other attached threads may still borrow stays.
pub fn settle(_token: &mut Attached) {
    let mut idle = 0;
    let mut before = OWNED.load(Ordering::Relaxed); // Relaxed: a hint.
    while before > 0 && idle < SETTLE_TRIES {
        GUARD.with_borrow_mut(|guard| {
            if let Some(guard) = guard.as_mut() {
                guard.repin();
                guard.flush();
            }
        });
        let now = OWNED.load(Ordering::Relaxed); // Relaxed: a hint.
        idle = if now < before { 0 } else { idle + 1 };
        before = now;
    }
    drop_ready();
}

/// How often [`settle`] tries to move the epoch on in vain.
const SETTLE_TRIES: usize = 8;

fn drop_ready() {
    // Acquire pairs with the release in `retire_owned`.
    if ANY_READY.load(Ordering::Acquire) {
        ANY_READY.store(false, Ordering::Release); // Release: before the list is taken; a later push sets it again.
        let ready = std::mem::take(&mut *READY.lock());
        drop(ready);
    }
}

fn collect(guard: &Guard) {
    if RETIRED.get() >= FLUSH_EVERY {
        RETIRED.set(0);
        guard.flush();
    }
}

static HOOK: OnceLock<fn(&Attached)> = OnceLock::new();

/// Installs who has a thread pass a safepoint, and call [`quiescent`] there, when it has retired enough; once.
pub fn set_hook(hook: fn(&Attached)) {
    // A second interpreter in the process installs the same function.
    let _ = HOOK.set(hook);
}

static SHARED: AtomicBool = AtomicBool::new(false);

/// Says that a second thread is about to exist: from now on storage is retired, not freed at once.
pub fn set_multi_threaded() {
    // SeqCst is not needed: starting the thread orders this store before anything the thread reads.
    SHARED.store(true, Ordering::Relaxed);
}

/// True while no other thread can be reading storage: one thread so far, or the `gil` build (whose readers borrow
/// nothing across a safepoint).
#[inline(always)]
pub fn single_threaded() -> bool {
    // Relaxed: only the one thread itself can read false after it stored true.
    !mode::FREE_THREADED || !SHARED.load(Ordering::Relaxed)
}

/// Frees `storage` once no thread can borrow it any more. See E1.
pub fn retire<T: Send + 'static>(token: &Attached, storage: Box<T>) {
    retire_raw(token, size_of::<T>(), move || drop(storage));
}

/// Runs `free`, on any thread, once no thread can borrow what it frees, of so many bytes. See E1.
pub fn retire_raw(token: &Attached, bytes: usize, free: impl FnOnce() + Send + 'static) {
    let weight = u32::try_from(bytes / WEIGHT).unwrap_or(u32::MAX).saturating_add(1);
    let before = RETIRED.get();
    RETIRED.set(before.saturating_add(weight));
    if before < FLUSH_EVERY
        && RETIRED.get() >= FLUSH_EVERY
        && let Some(hook) = HOOK.get()
    {
        hook(token);
    }
    GUARD.with_borrow(|guard| match guard {
        // The closure owns what it frees and is `Send`.
        Some(guard) => guard.defer(free),
        None => pin().defer(free),
    });
}
