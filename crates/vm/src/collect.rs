//! The cycle collector's phases: when it runs, weak references, finalizers, the end of garbage.
//!
//! # Phases
//! 1. The world stops; unreachable objects are found, held with one reference each, and cut off from weak references.
//! 2. The world runs; callbacks of weak references that are not garbage themselves run, then finalizers (PEP 442: each
//!    object's once).
//! 3. The world stops; what a finalizer made reachable again is left alone.
//! 4. The world runs; the rest is dismantled.
//!
//! # When
//! The heap tells when it has grown past a limit; the thread that made it grow collects at its next safepoint. The limit
//! is then set above what is left, in proportion, so that the cost of collections stays in proportion to allocation.
//!
//! Not here: the graph (`object_model::collect`), the module `gc` (`stdlib`).

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use object_model::object::header::{Header, flag};
use object_model::{Value, collect, walk};

use crate::builtins::weakref;
use crate::class::finalize;
use crate::thread::{Thread, poll, promote};

/// No collection starts by itself below this many bytes of objects.
const LEAST: usize = 8 << 20;

static ENABLED: AtomicBool = AtomicBool::new(true);
static RUNNING: AtomicBool = AtomicBool::new(false);
/// Collections so far, and objects that they freed.
static COLLECTIONS: AtomicUsize = AtomicUsize::new(0);
static COLLECTED: AtomicUsize = AtomicUsize::new(0);
/// `gc.freeze` and thresholds of zero keep collections from starting by themselves.
static THRESHOLD: AtomicI64 = AtomicI64::new(2000);

/// Has the heap ask for collections. Once, at start-up.
pub fn install() {
    allocator::growth::set_limit(LEAST);
    allocator::growth::set_hook(asked);
}

/// Hook of the allocator: the heap has grown past the limit.
fn asked() {
    let token = mode::attached::current();
    // Relaxed: a flag on its own.
    if !token.is_null() && ENABLED.load(Ordering::Relaxed) {
        // SAFETY: `set_current` keeps the token, a thread's first field, valid while it is set.
        Thread::behind(unsafe { &*token }).poll_word().fetch_or(poll::COLLECT, Ordering::Relaxed); // Relaxed: own thread.
    }
}

/// `gc.enable()`, `gc.disable()`
pub fn set_enabled(on: bool) {
    ENABLED.store(on, Ordering::Relaxed); // Relaxed: a flag on its own.
}

/// `gc.isenabled()`
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed) // Relaxed: a flag on its own.
}

/// The first threshold: 0 keeps collections from starting by themselves.
pub fn threshold() -> i64 {
    THRESHOLD.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// Sets the first threshold.
pub fn set_threshold(threshold: i64) {
    THRESHOLD.store(threshold, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// How many collections there were, and how many objects they freed.
pub fn statistics() -> (usize, usize) {
    // Relaxed: numbers on their own.
    (COLLECTIONS.load(Ordering::Relaxed), COLLECTED.load(Ordering::Relaxed))
}

/// At a safepoint: the heap asked for a collection.
pub(crate) fn collect_if_enabled(th: &mut Thread) {
    if is_enabled() && threshold() != 0 {
        collect_now(th);
    }
}

/// Collects; answers how many objects were unreachable. While a collection is running on any thread this does nothing.
pub fn collect_now(th: &mut Thread) -> usize {
    // Acquire pairs with the release at the end: one collection sees what the one before left.
    if RUNNING.swap(true, Ordering::Acquire) {
        return 0;
    }
    let (held, callbacks, unused) = th.stop_the_world(|th| {
        let unused = promote::settle(th);
        let garbage = collect::unreachable(walk::objects, 0);
        let held = hold(th, &garbage);
        let callbacks = cut_off(th, &garbage);
        (held, callbacks, unused)
    });
    drop(unused);
    let found = held.len();
    weakref::call_back(th, callbacks);
    finalize(th, &held);
    let (dead, callbacks, unused) = th.stop_the_world(|th| {
        let unused = promote::settle(th);
        let all: Vec<NonNull<Header>> =
            held.iter().filter_map(Value::as_header).map(Header::as_ptr).collect();
        let dead = collect::unreachable(|each| all.iter().copied().for_each(each), 1);
        let callbacks = cut_off(th, &dead);
        for object in &dead {
            // SAFETY: live: the world is stopped.
            promote::demote(unsafe { object.as_ref() });
        }
        (dead, callbacks, unused)
    });
    drop(unused);
    let addresses: HashSet<usize> = dead.iter().map(|object| object.as_ptr() as usize).collect();
    for value in held {
        let is_dead =
            value.as_header().is_some_and(|h| addresses.contains(&(std::ptr::from_ref(h) as usize)));
        if is_dead {
            // The reference ends with the object.
            std::mem::forget(value);
        }
    }
    weakref::call_back(th, callbacks);
    // SAFETY: found unreachable but for one reference each, which was `held`'s; `hold` merged the counts, finalizers and
    // weak references are done with, and no Python code has run since that could have reached them.
    unsafe { collect::dismantle(th, &dead) };
    collect::release_pages(th);
    COLLECTIONS.fetch_add(1, Ordering::Relaxed); // Relaxed: a number on its own.
    COLLECTED.fetch_add(dead.len(), Ordering::Relaxed); // Relaxed: as above.
    let left = allocator::growth::held();
    allocator::growth::set_limit((left + left / 2).max(LEAST));
    RUNNING.store(false, Ordering::Release); // Release: as above.
    found
}

/// What an object refers to, while the world is stopped.
pub struct Referents(NonNull<Header>);

impl Referents {
    /// True if any of them is one of `words`.
    pub fn any_is(&self, words: &[u64]) -> bool {
        let mut found = false;
        // SAFETY: live: the world is stopped.
        unsafe { collect::trace(self.0, &mut |value| found |= words.contains(&value.word())) };
        found
    }
}

/// The live objects that may refer to others, as far as `wanted` says so.
pub fn objects(th: &mut Thread, wanted: &mut dyn FnMut(Referents) -> bool) -> Vec<Value> {
    th.stop_the_world(|th| {
        let mut all = Vec::new();
        walk::objects(&mut |object| {
            // SAFETY: live: the world is stopped.
            let header = unsafe { object.as_ref() };
            if header.count() == 0 || !collect::can_refer(header) || !wanted(Referents(object)) {
                return;
            }
            header.increment(th);
            // SAFETY: counted just now.
            all.push(unsafe { Value::from_header(object) });
        });
        all
    })
}

/// Takes a reference to each. Their counts are merged, so that no owner has to be asked when they are given up.
fn hold(th: &Thread, objects: &[NonNull<Header>]) -> Vec<Value> {
    let mut held = Vec::with_capacity(objects.len());
    for object in objects {
        // SAFETY: live: the world is stopped.
        let header = unsafe { object.as_ref() };
        promote::demote(header);
        header.increment(th);
        if mode::FREE_THREADED {
            // The owner is stopped, or this thread. The reference just taken keeps the object.
            let _kept = header.merge(0);
        }
        // SAFETY: counted just now.
        held.push(unsafe { Value::from_header(*object) });
    }
    held
}

/// Cuts garbage off from weak references; the callbacks that are to be called.
fn cut_off(th: &mut Thread, garbage: &[NonNull<Header>]) -> Vec<(Value, Value)> {
    let addresses: HashSet<usize> = garbage.iter().map(|object| object.as_ptr() as usize).collect();
    let mut callbacks = Vec::new();
    for object in garbage {
        // SAFETY: live: the world is stopped.
        if unsafe { object.as_ref() }.has_flag(flag::WEAKLY_REFERENCED) {
            callbacks.extend(weakref::cut_off(th, *object));
        }
    }
    // A weak reference that is garbage itself is not told.
    callbacks.retain(|(referrer, _)| !addresses.contains(&(referrer.word() as usize)));
    callbacks
}

/// Runs the finalizers that have not run yet.
fn finalize(th: &Thread, garbage: &[Value]) {
    let _ = th;
    for object in garbage {
        let Some(header) = object.as_header() else { continue };
        if header.shape().class().has_finalizer() && header.set_flag(flag::FINALIZED) {
            finalize::run(object);
        }
    }
}
