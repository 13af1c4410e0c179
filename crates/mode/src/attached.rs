//! The token of a thread that may touch objects, and the identity of the heap it owns.
//!
//! # Rules
//! - A `&Attached` exists only while its thread is attached; it is neither `Send` nor `Sync`.
//! - `&mut Attached` (in `vm`: `&mut Thread`, whose first field it is) is the right to run Python and to pass
//!   a safepoint. Borrows of shared storage are tied to `&Attached`, so the borrow checker proves that none
//!   outlives a safepoint.
//!
//! Not here: how a thread becomes attached (`vm::thread`), what a heap is (`allocator`).

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::primitive::AtomicU64;

/// The heap that owns an object: a small number, written into every object's header.
///
/// `FIRST_SPECIAL` and above own nothing: nobody counts in `local` for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct OwnerId(pub u16);

impl OwnerId {
    /// The lowest value that is not a heap.
    pub const FIRST_SPECIAL: u16 = 0xFFFC;
    /// Each thread counts for itself; only with the world stopped can anybody tell whether the object is dead.
    pub const PROMOTED: OwnerId = OwnerId(0xFFFC);
    /// The counts were merged: everybody counts in the shared word.
    pub const MERGED: OwnerId = OwnerId(0xFFFD);
    /// Nobody counts references in registers; the collector frees the object.
    pub const DEFERRED: OwnerId = OwnerId(0xFFFE);
    /// Nobody counts at all; the object lives as long as the process.
    pub const IMMORTAL: OwnerId = OwnerId(0xFFFF);

    /// True if this names a heap.
    #[inline]
    pub const fn is_heap(self) -> bool {
        self.0 < Self::FIRST_SPECIAL
    }
}

/// Proof that the current thread is attached, and where its heap is.
#[derive(Debug)]
#[repr(C)]
pub struct Attached {
    heap: NonNull<()>,
    owner: OwnerId,
    /// How many storage guards this thread holds; an object that dies meanwhile is destroyed afterwards.
    guards: Cell<u32>,
    /// Objects wait for destruction until the last guard is gone.
    pending: Cell<bool>,
    /// How deep the destruction of nested objects has gone on the native stack.
    destroying: Cell<u32>,
    /// References to others' objects until this thread reports one (`refcount::promoted`).
    until_report: Cell<u32>,
    /// What this thread counts of promoted objects; null if it has no counters.
    counters: Cell<*const AtomicU64>,
    not_send: PhantomData<*mut ()>,
}

impl Attached {
    /// Builds the token of the current thread.
    ///
    /// # Safety
    /// The thread must be attached for as long as the token can be reached, and `heap` must point to the
    /// heap whose id is `owner`, owned by this thread (or, in the `gil` build, shared under the GIL).
    pub const unsafe fn new(heap: NonNull<()>, owner: OwnerId) -> Self {
        Attached {
            heap,
            owner,
            guards: Cell::new(0),
            pending: Cell::new(false),
            destroying: Cell::new(0),
            until_report: Cell::new(0),
            counters: Cell::new(std::ptr::null()),
            not_send: PhantomData,
        }
    }

    /// The owner id of this thread's heap.
    #[inline(always)]
    pub fn owner(&self) -> OwnerId {
        self.owner
    }

    /// This thread's heap; its type is `allocator::Heap`.
    #[inline(always)]
    pub fn heap(&self) -> NonNull<()> {
        self.heap
    }

    /// The number of storage guards held.
    #[inline(always)]
    pub fn guards(&self) -> &Cell<u32> {
        &self.guards
    }

    /// Whether objects wait for destruction.
    #[inline(always)]
    pub fn pending(&self) -> &Cell<bool> {
        &self.pending
    }

    /// References to others' objects until this thread reports one.
    #[inline(always)]
    pub fn until_report(&self) -> &Cell<u32> {
        &self.until_report
    }

    /// This thread's counters of promoted objects.
    #[inline(always)]
    pub fn counters(&self) -> &Cell<*const AtomicU64> {
        &self.counters
    }

    /// The native nesting of destructors.
    #[inline(always)]
    pub fn destroying(&self) -> &Cell<u32> {
        &self.destroying
    }
}

thread_local! {
    static CURRENT: Cell<*const Attached> = const { Cell::new(std::ptr::null()) };
    /// The owner in the current token: every count of an object asks for it.
    static OWNER: Cell<OwnerId> = const { Cell::new(OwnerId(0)) };
}

/// Makes `token` what [`current`] answers on this thread; null when the thread detaches for good.
///
/// # Safety
/// `token` must stay valid, at its address, until the next call.
pub unsafe fn set_current(token: *const Attached) {
    CURRENT.set(token);
    // SAFETY: the caller's token.
    OWNER.set(unsafe { token.as_ref() }.map_or(OwnerId(0), Attached::owner));
}

/// The owner id of the current thread's heap; nobody's if the thread has no token.
#[inline(always)]
pub fn current_owner() -> OwnerId {
    OWNER.get()
}

/// The token of this thread, for destructors, which get no argument. Null if it has none.
#[inline(always)]
pub fn current() -> *const Attached {
    CURRENT.get()
}
