//! What a thread knows: its token, its register stack (`register_stack`), the pending and the handled exception, its poll word.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

use mode::Attached;
use object_model::Value;

use super::register_stack::Stack;
use crate::builtins::generator::Suspended;
use crate::error::PyResult;

/// Bits of the poll word.
pub mod poll {
    /// Another thread wants the GIL.
    pub const GIL: u32 = 1;
    /// A signal arrived (main thread).
    pub const SIGNAL: u32 = 2;
    /// Somebody stops the world.
    pub const STOP: u32 = 4;
    /// The merge queue of this thread's heap is not empty.
    pub const MERGE: u32 = 8;
    /// The thread has retired storage, some of which a safepoint may free.
    pub const RECLAIM: u32 = 16;
    /// Another thread's retired storage waits for this one to pass a safepoint; [`RECLAIM`] is part of it, so that the
    /// own is freed too.
    pub const RECLAIM_ALL: u32 = 16 | 512;
    /// Another thread raised an exception in this one.
    pub const ASYNC_EXCEPTION: u32 = 32;
    /// The heap has grown: time to collect cycles.
    pub const COLLECT: u32 = 64;
    /// Objects that this thread and others use are to be promoted.
    pub const PROMOTE: u32 = 128;
    /// The runtime shuts down: this thread runs no more Python code.
    pub const END: u32 = 256;
}

/// Native stack kept free for code that does not check.
pub const NATIVE_RESERVE: usize = 256 << 10;
/// `sys.getrecursionlimit()` at start.
pub const DEFAULT_RECURSION_LIMIT: u32 = 1000;

static RECURSION_LIMIT: AtomicU32 = AtomicU32::new(DEFAULT_RECURSION_LIMIT);

/// `sys.getrecursionlimit()`
#[inline(always)]
pub fn recursion_limit() -> u32 {
    RECURSION_LIMIT.load(Ordering::Relaxed) // Relaxed: a number on its own.
}

/// `sys.setrecursionlimit()`
pub fn set_recursion_limit(limit: u32) {
    RECURSION_LIMIT.store(limit, Ordering::Relaxed); // Relaxed: a number on its own.
}

/// A thread that may run Python. `&mut Thread` is the right to do so.
#[repr(C)]
pub struct Thread {
    token: Attached,
    poll: AtomicU32,
    /// Registers of the innermost frame; null if no Python code runs.
    pub(crate) frame: *mut u64,
    pub(crate) stack: Stack,
    /// Python calls in progress.
    pub(crate) depth: u32,
    pub(crate) native_limit: usize,
    pub(crate) raised: Option<Value>,
    /// The exception being handled (`sys.exception()`), None if none.
    pub(crate) handled: Value,
    /// The innermost generator that the thread runs; null if none. The others hang on it.
    pub(crate) generator: *const Suspended,
    /// The interpreter loop was left by a yield, not by a return; whoever entered it takes this back.
    pub(crate) yielded: bool,
    /// `threading.get_ident()`
    pub ident: u64,
    /// True for the thread that signals are delivered to.
    pub is_main: bool,
    /// The dict of `_thread._local` objects and other per-thread values, by key address.
    pub locals: Vec<(usize, Value)>,
    /// The current `contextvars` context, if any was entered.
    pub context: Option<Value>,
    pub(crate) async_exception: parking_lot::Mutex<Option<Value>>,
    /// Objects whose repr is in progress (`Thread::enter_repr`).
    pub(crate) reprs: Vec<u64>,
    /// Lookups through types.
    pub(crate) lookups: crate::class::lookup_cache::LookupCache,
    /// Lookups through shapes.
    pub(crate) places: crate::class::lookup_cache::SlotCache,
    /// Counts misses of full inline caches (`interpreter::cache::vacancy`).
    pub(crate) cache_misses: u32,
    /// Safepoints passed to free what the thread retired.
    pub(crate) reclaims: u32,
    /// What this thread counts of promoted objects, and which it wants promoted.
    pub(crate) promotion: super::promote::Share,
    /// Hooks `sys.settrace` and others may set; kept for introspection.
    pub(crate) async_gen_hooks: (Option<Value>, Option<Value>),
}

impl Thread {
    /// # Safety
    /// The calling thread must be attached with `token`.
    pub(crate) unsafe fn new(token: Attached, ident: u64, is_main: bool) -> std::io::Result<Box<Thread>> {
        Ok(Box::new(Thread {
            token,
            poll: AtomicU32::new(0),
            frame: std::ptr::null_mut(),
            stack: Stack::take()?,
            depth: 0,
            native_limit: native_stack_limit(),
            raised: None,
            handled: Value::NONE,
            generator: std::ptr::null(),
            yielded: false,
            ident,
            is_main,
            locals: Vec::new(),
            context: None,
            async_exception: parking_lot::Mutex::new(None),
            reprs: Vec::new(),
            lookups: crate::class::lookup_cache::LookupCache::new(),
            places: crate::class::lookup_cache::SlotCache::new(),
            cache_misses: 0,
            reclaims: 0,
            promotion: super::promote::Share::default(),
            async_gen_hooks: (None, None),
        }))
    }

    /// The poll word, for whoever wants this thread's attention.
    #[inline(always)]
    pub fn poll_word(&self) -> &AtomicU32 {
        &self.poll
    }

    /// True if the thread should go to a safepoint.
    #[inline(always)]
    pub fn wants_poll(&self) -> bool {
        self.poll.load(Ordering::Relaxed) != 0 // Relaxed: a hint; the safepoint synchronises.
    }

    /// Passes a safepoint if one is asked for; raises what signals raise.
    #[inline]
    pub fn poll(&mut self) -> PyResult<()> {
        if self.wants_poll() { super::safepoint::pass(self) } else { Ok(()) }
    }

    /// Errors with RecursionError if the native stack is nearly used up.
    #[inline]
    pub fn check_native_stack(&mut self) -> PyResult<()> {
        let here = 0u8;
        if (&raw const here as usize) < self.native_limit {
            return Err(self.recursion_error("maximum recursion depth exceeded"));
        }
        Ok(())
    }

    /// The thread of a token, to look at.
    #[inline(always)]
    pub(crate) fn behind(token: &Attached) -> &Thread {
        // SAFETY: attached threads' tokens are the first fields of `Thread`s, which live as long; only `Cell`s and atomics
        // are written through this.
        unsafe { &*std::ptr::from_ref(token).cast::<Thread>() }
    }

    /// The thread of a token.
    ///
    /// # Safety
    /// The token must be a `Thread`'s, as all tokens of attached threads are.
    #[inline(always)]
    pub unsafe fn of(token: &mut Attached) -> &mut Thread {
        // SAFETY: the token is the first field of its thread.
        unsafe { &mut *std::ptr::from_mut(token).cast::<Thread>() }
    }

    /// Runs `body` with the current thread, if it is attached.
    pub fn with_current<R>(body: impl FnOnce(&mut Thread) -> R) -> Option<R> {
        let token = mode::attached::current();
        if token.is_null() {
            return None;
        }
        // SAFETY: tokens are threads' first fields, and this is the thread itself, inside a destructor or hook that it
        // called: nobody uses the outer borrow until this returns.
        Some(body(unsafe { &mut *token.cast_mut().cast::<Thread>() }))
    }
}

impl Deref for Thread {
    type Target = Attached;

    #[inline(always)]
    fn deref(&self) -> &Attached {
        &self.token
    }
}

impl DerefMut for Thread {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Attached {
        &mut self.token
    }
}

fn native_stack_limit() -> usize {
    // SAFETY: queries the attributes of the calling thread into a local that is destroyed again.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return 0;
        }
        let mut address = std::ptr::null_mut();
        let mut size = 0;
        let found = libc::pthread_attr_getstack(&raw const attributes, &raw mut address, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        if found == 0 { address as usize + NATIVE_RESERVE } else { 0 }
    }
}
