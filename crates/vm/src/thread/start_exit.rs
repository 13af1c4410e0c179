//! How a thread becomes one that may run Python, and how it ends.
//!
//! A thread owns a heap while it lives. When it ends, the heap is parked whole, with its objects, for the next thread.
//! Before it attaches for the first time and after it has detached for the last it is in a [`Passage`], which no fork
//! interrupts.

use std::sync::OnceLock;

use allocator::HeapHandle;
use mode::{Attached, alone};
use object_model::reclaim;
use refcount::MergeQueue;

use super::registry;
use super::state::Thread;

/// Why a thread could not start.
#[derive(Debug)]
pub enum StartError {
    /// No heap could be had: too many threads.
    TooManyThreads,
    /// No memory for its stack, or the system refused.
    System(std::io::Error),
}

/// A thread's way into the runtime, or out of it: no fork meanwhile.
#[derive(Debug)]
#[must_use]
pub struct Passage(());

impl Passage {
    /// Begins one: of a thread that the calling thread is about to start, or its own.
    pub fn enter() -> Passage {
        registry::passages().enter();
        Passage(())
    }

    /// Ends it when the system ends the calling thread, after all destructors of the thread's variables.
    fn end_with_thread(self) {
        if set_rounds(ROUNDS) {
            std::mem::forget(self);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        registry::passages().leave();
    }
}

/// In so many rounds the system calls destructors, as long as there are values: allocators, too, clean up in the first.
const ROUNDS: usize = 3;

/// Has [`last_rites`] called in so many rounds; false if that cannot be had.
fn set_rounds(rounds: usize) -> bool {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    let key = *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the key is a local, and the destructor does not unwind.
        (unsafe { libc::pthread_key_create(&raw mut key, Some(last_rites)) } == 0).then_some(key)
    });
    // SAFETY: a key of the process; the value is a number.
    key.is_some_and(
        |key| unsafe { libc::pthread_setspecific(key, std::ptr::without_provenance(rounds)) } == 0,
    )
}

/// A destructor of the system's: puts itself behind the others', then ends the passage.
extern "C" fn last_rites(rounds: *mut libc::c_void) {
    let rounds = rounds.addr() - 1;
    if rounds == 0 || !set_rounds(rounds) {
        drop(Passage(()));
    }
}

/// Runs `body` on the calling OS thread as a thread of the runtime.
pub fn run<R>(is_main: bool, body: impl FnOnce(&mut Thread) -> R) -> Result<R, StartError> {
    let (result, passage) = run_between(is_main, Passage::enter(), body)?;
    drop(passage);
    Ok(result)
}

/// As [`run`], on a thread that was started for this and ends with it. Who started it began its passage.
pub fn run_started<R>(passage: Passage, body: impl FnOnce(&mut Thread) -> R) -> Result<R, StartError> {
    let (result, passage) = run_between(false, passage, body)?;
    passage.end_with_thread();
    Ok(result)
}

/// Also answers the passage out of the runtime, which is not over yet.
fn run_between<R>(
    is_main: bool,
    passage: Passage,
    body: impl FnOnce(&mut Thread) -> R,
) -> Result<(R, Passage), StartError> {
    let handle: HeapHandle = allocator::attach_heap().map_err(|_| StartError::TooManyThreads)?;
    let heap = handle.heap();
    if heap.extension().is_null() {
        let queue = Box::into_raw(Box::new(MergeQueue::new()));
        if heap.set_extension(queue.cast()).is_err() {
            // SAFETY: the box was just made and nobody else knows it.
            drop(unsafe { Box::from_raw(queue) });
        }
    }
    // SAFETY: the heap is this thread's; the token is not used before `attach_first`.
    let token = unsafe { Attached::new(heap.as_token_heap(), heap.id()) };
    // SAFETY: as above.
    let mut thread =
        unsafe { Thread::new(token, registry::new_ident(), is_main) }.map_err(StartError::System)?;
    super::promote::begin(&mut thread);
    // Registered first, so that whoever stops the world reaches the thread as soon as it attaches.
    registry::register(&mut thread);
    drop(passage);
    thread.attach_first();
    let attached: *const Attached = &**thread;
    // SAFETY: the thread is boxed, so the token stays at its address until it is unset below.
    unsafe { mode::attached::set_current(attached) };
    if is_main {
        alone::begin();
    } else if alone::is_alone() {
        thread.stop_the_world(|_| alone::end());
    }
    let result = body(&mut thread);
    thread.end();
    super::promote::end(&thread);
    // SAFETY: null is always allowed.
    unsafe { mode::attached::set_current(std::ptr::null()) };
    let passage = Passage::enter();
    registry::unregister(&thread);
    thread.detach_last();
    drop(thread);
    handle.park();
    Ok((result, passage))
}

impl Thread {
    /// Drops what the thread holds, while it may still run Python.
    fn end(&mut self) {
        drop(std::mem::take(&mut self.locals));
        drop(self.context.take());
        self.clear_exception();
        self.handled = object_model::Value::NONE;
        reclaim::quiescent();
    }
}

/// Prepares `object_model` for this process: builtin shapes, and the hooks through which it reaches threads. Once,
/// before the first object.
pub fn prepare() {
    crate::class::native::prepare_shapes();
    object_model::lock::object_lock::set_hooks(object_model::lock::object_lock::WaitHooks {
        detached: super::safepoint::wait_detached,
        revoke: super::safepoint::revoke_bias,
    });
    object_model::object::layout::set_hooks(object_model::object::layout::Hooks {
        finalize: crate::class::finalize::run,
        clear_weak: crate::builtins::weakref::object_died,
        queue: super::safepoint::queue,
    });
    crate::collect::install();
    super::promote::install();
    reclaim::set_hook(super::safepoint::retired);
}
