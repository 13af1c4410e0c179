//! All threads of the process that may run Python, and the locks that they share.
//!
//! A poll word is reached through the registry's lock only, and a thread leaves the registry before it is freed.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use mode::OwnerId;

use super::gil::Gil;
use super::passages::Passages;
use super::state::poll;
use super::world::World;

struct Entry {
    ident: u64,
    owner: OwnerId,
    thread: *mut super::Thread,
    is_main: bool,
}

// SAFETY: the pointer is followed only under the registry's lock, to reach atomics, while the thread is registered.
unsafe impl Send for Entry {}

static THREADS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
static WORLD: LazyLock<World> = LazyLock::new(World::new);
static GIL: LazyLock<Gil> = LazyLock::new(Gil::new);
static PASSAGES: LazyLock<Passages> = LazyLock::new(Passages::new);
static GIL_ENABLED: AtomicBool = AtomicBool::new(!mode::FREE_THREADED);
static NEXT_IDENT: AtomicU64 = AtomicU64::new(1);

/// The world of this process.
pub fn world() -> &'static World {
    &WORLD
}

/// The GIL of this process.
pub fn gil() -> &'static Gil {
    &GIL
}

/// The threads of this process that begin or end.
pub fn passages() -> &'static Passages {
    &PASSAGES
}

/// Locked by threads that are not attached, too: a waiter is known to the kernel alone, so that a fork, which holds it, leaves
/// nobody behind in a queue.
fn threads() -> MutexGuard<'static, Vec<Entry>> {
    // A panic elsewhere cannot leave the list half written.
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `sys._is_gil_enabled()`
#[inline]
pub fn gil_enabled() -> bool {
    GIL_ENABLED.load(Ordering::Relaxed) // Relaxed: set before the second thread starts.
}

/// Switches the GIL on in a `free-threaded` build, before any thread runs.
pub fn enable_gil() {
    GIL_ENABLED.store(true, Ordering::Relaxed); // Relaxed: as in `gil_enabled`.
}

/// A new thread's ident. Never 0 (which means: nobody).
pub fn new_ident() -> u64 {
    // SAFETY: no arguments, always succeeds.
    let native = unsafe { libc::pthread_self() } as u64;
    if native != 0 { native } else { NEXT_IDENT.fetch_add(1, Ordering::Relaxed) } // Relaxed: only uniqueness matters.
}

pub(super) fn register(thread: &mut super::Thread) {
    let (ident, owner, is_main) = (thread.ident, thread.owner(), thread.is_main);
    threads().push(Entry { ident, owner, thread, is_main });
}

pub(super) fn unregister(thread: &super::Thread) {
    threads().retain(|e| !std::ptr::eq(e.thread, thread));
}

/// The ident of the main thread; 0 before it starts.
pub fn main_ident() -> u64 {
    threads().iter().find(|e| e.is_main).map_or(0, |e| e.ident)
}

/// Keeps the registry as it is while `fork` runs; where that answers true, in a forked child, only `thread` is left. The
/// heaps of those that are gone.
pub(super) fn around_fork(thread: *const super::Thread, fork: impl FnOnce() -> bool) -> Vec<OwnerId> {
    let mut threads = threads();
    let mut heaps = Vec::new();
    if fork() {
        for gone in threads.iter().filter(|e| !std::ptr::eq(e.thread, thread)) {
            // SAFETY: what a thread of the parent process left in memory stays as it was.
            super::promote::settle_thread(unsafe { &(*gone.thread).promotion });
            heaps.push(gone.owner);
        }
        threads.retain(|e| std::ptr::eq(e.thread, thread));
        threads.iter_mut().for_each(|e| e.is_main = true);
    }
    heaps
}

/// Whether a thread other than `thread` waits while it has guards: in the middle of a change. The world must be stopped, or
/// the GIL held.
pub(super) fn anybody_has_guards(thread: &super::Thread) -> bool {
    let others = threads();
    // SAFETY: registered threads are alive, and stopped or detached: they wrote what is read before they let go.
    others.iter().any(|e| !std::ptr::eq(e.thread, thread) && unsafe { (*e.thread).guards().get() } > 0)
}

/// What each registered thread counts of promoted objects. The world must be stopped.
pub(super) fn for_each_share(mut body: impl FnMut(&super::promote::Share)) {
    for entry in threads().iter() {
        // SAFETY: registered threads are alive, and stopped but for the caller, who looks only.
        body(unsafe { &(*entry.thread).promotion });
    }
}

/// Registered threads' idents.
pub fn idents() -> Vec<u64> {
    threads().iter().map(|e| e.ident).collect()
}

fn poke(word: &AtomicU32, bit: u32) {
    // Release pairs with the acquire in `safepoint::pass`: the thread sees why it was asked.
    word.fetch_or(bit, Ordering::Release);
}

fn poke_where(bit: u32, wanted: impl Fn(&Entry) -> bool) {
    for entry in threads().iter().filter(|e| wanted(e)) {
        // SAFETY: registered threads are alive, and the poll word is atomic.
        poke(unsafe { (*entry.thread).poll_word() }, bit);
    }
}

/// Asks the thread called `ident` for `bit`.
pub fn poke_thread(ident: u64, bit: u32) {
    poke_where(bit, |e| e.ident == ident);
}

/// Asks all threads for `bit`.
pub fn poke_all(bit: u32) {
    poke_where(bit, |_| true);
}

/// Has all threads but the one called `ident` stop for ever at their next safepoint.
pub fn end_others(ident: u64) {
    poke_where(poll::END, |e| e.ident != ident);
}

/// Asks all threads but `thread` for `bits`.
pub(super) fn poke_others(thread: &super::Thread, bits: u32) {
    poke_where(bits, |e| !std::ptr::eq(e.thread, thread));
}

/// Asks the thread whose heap is `owner` for `bit`.
pub fn poke_owner(owner: OwnerId, bit: u32) {
    poke_where(bit, |e| e.owner == owner);
}

/// Asks the main thread for `bit`. Does not block (signal handlers): answers false if it had to.
pub fn try_poke_main(bit: u32) -> bool {
    let Ok(threads) = THREADS.try_lock() else { return false };
    for entry in threads.iter().filter(|e| e.is_main) {
        // SAFETY: as in `poke_where`.
        poke(unsafe { (*entry.thread).poll_word() }, bit);
    }
    true
}

/// Leaves an exception for thread `ident` to raise at its next safepoint; the number of threads found.
pub fn set_async_exception(ident: u64, exception: Option<object_model::Value>) -> usize {
    let threads = threads();
    let Some(entry) = threads.iter().find(|e| e.ident == ident) else { return 0 };
    // SAFETY: registered threads are alive; the field is a mutex and the poll word atomic.
    unsafe {
        *(*entry.thread).async_exception.lock() = exception;
        poke((*entry.thread).poll_word(), poll::ASYNC_EXCEPTION);
    }
    1
}
