//! The cycle collector's phases: when it runs, weak references, finalizers, the end of garbage.
//!
//! # Phases
//! 1. The world stops; unreachable objects are found, held with one reference each, and cut off from weak references.
//! 2. The world runs; callbacks of weak references that are not garbage themselves run, then finalizers (PEP 442: each
//!    object's once).
//! 3. The world stops; what a finalizer made reachable again is left alone.
//! 4. The world runs; the rest is dismantled.
//!
//! Meanwhile garbage is marked as condemned, and nobody who asks for objects is given any of it.
//!
//! # When
//! The heap tells when it has grown past a limit; the thread that made it grow collects at its next safepoint. The limit
//! is then set above what is left, in proportion, so that the cost of collections stays in proportion to allocation.
//! Such collections are always of the whole heap; smaller ones happen when somebody asks for them.
//!
//! Not here: the graph (`object_model::collect`), the module `gc` (`stdlib`).

mod heap;
mod report;
mod state;

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use object_model::object::header::{Header, flag};
use object_model::{Value, collect, walk};

use crate::builtins::weakref;
use crate::class::finalize;
use crate::thread::{Thread, poll, promote};

pub use heap::{Referents, freeze, is_tracked, objects, populations, referents, unfreeze};
pub use report::{callbacks, garbage};
pub use state::{
    Statistics, counts, debug, is_enabled, set_debug, set_enabled, set_thresholds, statistics, thresholds,
};

/// No collection starts by itself below this many bytes of objects.
const LEAST: usize = 8 << 20;

/// Generations that are collected; objects beyond them are left alone.
pub const GENERATIONS: u8 = 3;
/// The generation whose collections are of the whole heap.
pub const OLDEST: u8 = GENERATIONS - 1;
/// The age of objects that are left alone.
const FROZEN: u8 = GENERATIONS;

/// What `gc.set_debug` takes.
pub mod debugging {
    /// Tell about each collection.
    pub const STATS: i64 = 1;
    /// Tell which objects were found unreachable.
    pub const COLLECTABLE: i64 = 2;
    /// Tell which of them cannot be freed: there are none.
    pub const UNCOLLECTABLE: i64 = 4;
    /// Keep what is unreachable in `gc.garbage`.
    pub const SAVEALL: i64 = 32;
}

static RUNNING: AtomicBool = AtomicBool::new(false);

/// Has the heap ask for collections. Once, at start-up.
pub fn install() {
    allocator::growth::set_limit(LEAST);
    allocator::growth::set_hook(asked);
}

/// Hook of the allocator: the heap has grown past the limit.
fn asked() {
    let token = mode::attached::current();
    if !token.is_null() && is_enabled() {
        // SAFETY: `set_current` keeps the token, a thread's first field, valid while it is set.
        Thread::behind(unsafe { &*token }).poll_word().fetch_or(poll::COLLECT, Ordering::Relaxed); // Relaxed: own thread.
    }
}

/// At a safepoint: the heap asked for a collection.
pub(crate) fn collect_if_enabled(th: &mut Thread) {
    if is_enabled() && thresholds()[0] != 0 {
        collect_now(th, OLDEST);
    }
}

/// Collects generation `generation` (0 to [`OLDEST`]) and younger ones; answers how many objects were unreachable. While
/// a collection is running on any thread this does nothing.
pub fn collect_now(th: &mut Thread, generation: u8) -> usize {
    run(th, generation, true)
}

/// The last collection of the runtime: nobody is told.
pub(crate) fn collect_last(th: &mut Thread) {
    run(th, OLDEST, false);
}

fn run(th: &mut Thread, generation: u8, tell: bool) -> usize {
    // Acquire pairs with the release at the end: one collection sees what the one before left.
    if RUNNING.swap(true, Ordering::Acquire) {
        return 0;
    }
    // Callbacks neither see nor disturb an exception that is on its way.
    let pending = th.raised.take();
    if tell {
        report::announce(th, "start", generation, 0);
    }
    let begin = Instant::now();
    let show = debug() & debugging::STATS != 0;
    if show {
        report::started(th, generation);
    }
    let collected = collect(th, generation);
    if show {
        report::done(th, collected, begin.elapsed());
    }
    state::note(generation, collected);
    if tell {
        report::announce(th, "stop", generation, collected);
    }
    th.raised = pending;
    RUNNING.store(false, Ordering::Release); // Release: as above.
    collected
}

/// How many objects were dismantled, or would have been.
fn collect(th: &mut Thread, generation: u8) -> usize {
    let (held, callbacks, unused) = th.stop_the_world(|th| {
        let unused = promote::settle();
        let garbage = collect::unreachable(walk::objects, |header| header.age() <= generation, 0);
        let held = hold(th, &garbage);
        heap::grow_older(generation);
        let callbacks = cut_off(th, &garbage);
        (held, callbacks, unused)
    });
    drop(unused);
    if debug() & debugging::COLLECTABLE != 0 {
        report::collectable(th, &held);
    }
    weakref::call_back(th, callbacks);
    finalize(&held);
    let (dead, _callbacks, unused) = th.stop_the_world(|th| {
        let unused = promote::settle();
        let dead = still_unreachable(&held);
        // Who made weak references in a finalizer is not told.
        let callbacks = cut_off(th, &dead);
        for object in &dead {
            // SAFETY: live: the world is stopped.
            promote::demote(unsafe { object.as_ref() });
        }
        (dead, callbacks, unused)
    });
    drop(unused);
    // Mostly all are dead, which needs no table of a million.
    let all_dead = dead.len() == held.len();
    let some = if all_dead { &[][..] } else { &dead[..] };
    let addresses: HashSet<usize> = some.iter().map(|object| object.as_ptr() as usize).collect();
    let is_dead = |value: &Value| {
        all_dead || value.as_header().is_some_and(|h| addresses.contains(&(std::ptr::from_ref(h) as usize)))
    };
    let (doomed, alive): (Vec<Value>, Vec<Value>) = held.into_iter().partition(is_dead);
    let save = debug() & debugging::SAVEALL != 0;
    for value in if save { alive.iter().chain(&doomed) } else { alive.iter().chain(&[]) } {
        value.as_header().inspect(|header| header.clear_flag(flag::CONDEMNED));
    }
    drop(alive);
    if save {
        report::save(th, doomed);
    } else {
        // These references end with the objects.
        doomed.into_iter().for_each(std::mem::forget);
        // SAFETY: found unreachable but for one reference each, which was `held`'s; `hold` merged the counts, finalizers
        // and weak references are done with, and what is condemned is given to nobody.
        unsafe { collect::dismantle(th, &dead) };
    }
    collect::release_pages(th);
    if generation == OLDEST {
        let left = allocator::growth::held();
        allocator::growth::set_limit((left + left / 2).max(LEAST));
    }
    dead.len()
}

/// Which of the objects that are held are unreachable but for that. The world is stopped.
fn still_unreachable(held: &[Value]) -> Vec<NonNull<Header>> {
    let headers = || held.iter().filter_map(Value::as_header);
    // A class may have got new instances, which do not count it.
    if headers().any(|header| header.shape().class().payload.has(object_model::ty::flag::TYPE_SUBCLASS)) {
        return collect::unreachable(walk::objects, |header| header.has_flag(flag::CONDEMNED), 1);
    }
    collect::unreachable(|each| headers().map(Header::as_ptr).for_each(each), |_| true, 1)
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
        header.set_flag(flag::CONDEMNED);
        // SAFETY: counted just now.
        held.push(unsafe { Value::from_header(*object) });
    }
    held
}

/// Cuts garbage off from weak references; the callbacks that are to be called.
fn cut_off(th: &mut Thread, garbage: &[NonNull<Header>]) -> Vec<(Value, Value)> {
    let mut callbacks = Vec::new();
    for object in garbage {
        // SAFETY: live: the world is stopped.
        if unsafe { object.as_ref() }.has_flag(flag::WEAKLY_REFERENCED) {
            callbacks.extend(weakref::cut_off(th, *object));
        }
    }
    if callbacks.is_empty() {
        return callbacks;
    }
    // A weak reference that is garbage itself is not told.
    let addresses: HashSet<usize> = garbage.iter().map(|object| object.as_ptr() as usize).collect();
    callbacks.retain(|(referrer, _)| !addresses.contains(&(referrer.word() as usize)));
    callbacks
}

/// Runs the finalizers that have not run yet.
fn finalize(garbage: &[Value]) {
    for object in garbage {
        let Some(header) = object.as_header() else { continue };
        if header.shape().class().has_finalizer() && header.set_flag(flag::FINALIZED) {
            finalize::run(object);
        }
    }
}
