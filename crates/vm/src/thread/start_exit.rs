//! How a thread becomes one that may run Python, and how it ends.
//!
//! A thread owns a heap while it lives. When it ends, the heap is parked whole, with its objects, for the next thread.

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

/// Runs `body` on the calling OS thread as a thread of the runtime.
pub fn run<R>(is_main: bool, body: impl FnOnce(&mut Thread) -> R) -> Result<R, StartError> {
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
    registry::unregister(&thread);
    thread.detach_last();
    drop(thread);
    handle.park();
    Ok(result)
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
