//! Birth and death of objects.
//!
//! # Death
//! The count says [`Release::Dead`]; then, in order: weak references are told and a finalizer runs (the hooks of
//! `vm`, only for types that asked), the payload is dropped, the attributes are dropped, the block is buried and freed.
//!
//! # Invariants
//! - D1 While a thread holds a storage guard nothing is destroyed on it: the object waits in the thread's pending
//!   list until the last guard is gone. So no Python code runs inside a critical section.
//! - D2 Destruction nests at most [`MAX_NESTING`] deep on the native stack; deeper objects wait in the same list.
//!
//! Not here: cycles (the collector), counts (`refcount`).

use std::alloc::handle_alloc_error;
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::OnceLock;

use allocator::Heap;
use mode::{Attached, OwnerId};
use refcount::Release;

use super::attributes;
use super::handle::Object;
use super::header::{Header, flag};
use crate::shape::ShapeId;
use crate::value::Value;
use crate::value::singleton::UNBOUND;

/// How deep destructors may nest before objects are queued instead.
pub const MAX_NESTING: u32 = 40;

/// Added to the nesting while a finalizer runs.
const IN_FINALIZER: u32 = 1 << 16;

/// What an object stores after its header. Shared between threads by reference, so mutable parts are slots,
/// atomics or `lock::Guarded`.
pub trait Payload: Send + Sync + 'static {
    /// Calls `visit` for every value that the payload owns (for the cycle collector).
    fn trace(&self, visit: &mut dyn FnMut(&Value));

    /// The bytes after the fixed part: how many (0 unless items lie inline).
    fn extra_size(&self) -> usize {
        0
    }
}

/// What the runtime knows of a payload type: its functions and sizes.
#[derive(Debug)]
pub struct Layout {
    /// Header and payload without inline items, in bytes.
    pub size: usize,
    /// True if items lie inline after the payload, so that attributes cannot.
    pub variable: bool,
    pub(crate) drop: unsafe fn(NonNull<Header>),
    trace: unsafe fn(NonNull<Header>, &mut dyn FnMut(&Value)),
    extra: unsafe fn(NonNull<Header>) -> usize,
}

impl Layout {
    /// The layout of payload `T` with nothing inline after it.
    pub const fn of<T: Payload>() -> Layout {
        const { assert!(align_of::<Object<T>>() == align_of::<Header>(), "blocks are aligned for headers") };
        Layout {
            size: size_of::<Object<T>>(),
            variable: false,
            drop: drop_payload::<T>,
            trace: trace_payload::<T>,
            extra: extra_size::<T>,
        }
    }

    /// The layout of payload `T` with items inline after it.
    pub const fn variable<T: Payload>() -> Layout {
        let mut layout = Layout::of::<T>();
        layout.variable = true;
        layout
    }

    /// Visits what the payload of `object` owns.
    ///
    /// # Safety
    /// `object` must be live and have this layout.
    pub unsafe fn trace(&self, object: NonNull<Header>, visit: &mut dyn FnMut(&Value)) {
        // SAFETY: the caller's word.
        unsafe { (self.trace)(object, visit) }
    }

    /// Bytes of header, payload and inline items of `object`.
    ///
    /// # Safety
    /// `object` must be live and have this layout.
    pub unsafe fn full_size(&self, object: NonNull<Header>) -> usize {
        // SAFETY: the caller's word.
        self.size + unsafe { (self.extra)(object) }
    }
}

unsafe fn drop_payload<T: Payload>(object: NonNull<Header>) {
    // SAFETY: called once, for a dead object of this layout.
    unsafe { std::ptr::drop_in_place(&raw mut (*object.cast::<Object<T>>().as_ptr()).payload) }
}

unsafe fn trace_payload<T: Payload>(object: NonNull<Header>, visit: &mut dyn FnMut(&Value)) {
    // SAFETY: called for a live object of this layout.
    unsafe { (*object.cast::<Object<T>>().as_ptr()).payload.trace(visit) }
}

unsafe fn extra_size<T: Payload>(object: NonNull<Header>) -> usize {
    // SAFETY: called for a live object of this layout.
    unsafe { (*object.cast::<Object<T>>().as_ptr()).payload.extra_size() }
}

/// The heap behind a token.
#[inline(always)]
pub fn heap(token: &Attached) -> &Heap {
    // SAFETY: `Attached::new`'s contract: this is the thread's heap, and heaps live for ever.
    unsafe { token.heap().cast::<Heap>().as_ref() }
}

/// Allocates and heads an object with payload `T`; the payload is not written yet.
#[inline(always)]
pub(crate) fn allocate_fixed<T: Payload>(token: &Attached, shape: ShapeId) -> NonNull<Object<T>> {
    let attributes = shape.attribute_bytes();
    let size = size_of::<Object<T>>() + attributes;
    let block = if attributes == 0 {
        // SAFETY: a token is proof that its heap may be used by this thread.
        unsafe { heap(token).allocate(size_of::<Object<T>>()) }
    } else {
        // SAFETY: as above.
        unsafe { heap(token).allocate(size) }
    };
    let Some(block) = block else { out_of_memory(size) };
    let object = block.cast::<Header>();
    // SAFETY: the block is ours, aligned (H1) and large enough.
    unsafe { Header::begin(object, token, shape) };
    if attributes != 0 {
        // SAFETY: the attribute area lies behind the payload, inside the block.
        unsafe { attributes::initialise(object, shape) };
    }
    object.cast()
}

/// Allocates and heads an object with `extra` bytes of inline items behind its payload of `size` bytes (header
/// included); neither is written yet. None when memory is out or the size overflows.
pub(crate) fn allocate_variable(
    token: &Attached,
    shape: ShapeId,
    size: usize,
    extra: usize,
) -> Option<NonNull<Header>> {
    let attributes = shape.attribute_bytes();
    let items = size.checked_add(extra)?;
    let total =
        if attributes == 0 { items } else { items.checked_next_multiple_of(8)?.checked_add(attributes)? };
    // SAFETY: a token is proof that its heap may be used by this thread.
    let object = unsafe { heap(token).allocate(total) }?.cast::<Header>();
    // SAFETY: the block is ours, aligned (H1) and large enough.
    unsafe { Header::begin(object, token, shape) };
    if attributes != 0 {
        // SAFETY: the attribute area lies at the end of the block.
        unsafe { attributes::initialise_at(object.byte_add(total - attributes), shape) };
    }
    Some(object)
}

#[cold]
fn out_of_memory(size: usize) -> ! {
    handle_alloc_error(
        std::alloc::Layout::from_size_align(size, align_of::<Header>())
            .unwrap_or(std::alloc::Layout::new::<u8>()),
    )
}

/// What `vm` does for dying objects of types that ask for it.
pub struct Hooks {
    /// Runs the finalizer of a revived object.
    pub finalize: fn(&Value),
    /// Tells weak references that the object is dead; it may not be touched afterwards by them.
    pub clear_weak: fn(NonNull<Header>),
    /// Hands a reference that a foreign thread gave up to the owner of the object.
    pub queue: fn(NonNull<Header>),
}

static HOOKS: OnceLock<Hooks> = OnceLock::new();

/// Installs the hooks, once.
pub fn set_hooks(hooks: Hooks) {
    // A second interpreter in the process installs the same functions.
    let _ = HOOKS.set(hooks);
}

/// Gives up a reference on behalf of the current thread.
///
/// # Safety
/// The caller owned a reference to `object` and gives it up.
#[inline(always)]
pub unsafe fn release_current(object: NonNull<Header>) {
    // SAFETY: the caller's word.
    unsafe { release_current_as(mode::attached::current_owner(), object) };
}

/// [`release_current`], when the current thread's heap `me` is at hand.
///
/// # Safety
/// As [`release_current`].
#[inline(always)]
pub(crate) unsafe fn release_current_as(me: OwnerId, object: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the object alive until this decrement.
    if !unsafe { object.as_ref() }.decrement_quick(me) {
        // SAFETY: the decrement began just now.
        unsafe { release_rest_current(object) };
    }
}

/// Gives up a reference, when the token is at hand.
///
/// # Safety
/// As [`release_current`].
#[inline(always)]
pub unsafe fn release(token: &Attached, object: NonNull<Header>) {
    // SAFETY: the caller's word.
    unsafe { release_as(token, token.owner(), object) };
}

/// [`release`], when the thread's heap is at hand too: `me` is that of `token`.
///
/// # Safety
/// As [`release_current`].
#[inline(always)]
pub unsafe fn release_as(token: &Attached, me: OwnerId, object: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the object alive until this decrement.
    if !unsafe { object.as_ref() }.decrement_quick(me) {
        // SAFETY: the decrement began just now.
        unsafe { release_rest(token, object) };
    }
}

/// Ends a decrement: apart, so that a decrement is no call but where it has to be.
///
/// # Safety
/// As [`Header::decrement_rest`]; the caller does not touch `object` afterwards.
#[inline(never)]
unsafe fn release_rest(token: &Attached, object: NonNull<Header>) {
    // SAFETY: the object is there until the decrement has ended.
    match unsafe { object.as_ref() }.decrement_rest(token.owner()) {
        // SAFETY: Dead says that nobody else can reach the object.
        Release::Dead => unsafe { destroy(token, object) },
        // SAFETY: the decrement said so.
        release => unsafe { released(object, release) },
    }
}

/// [`release_rest`] on behalf of the current thread.
///
/// # Safety
/// As [`release_rest`].
#[inline(never)]
unsafe fn release_rest_current(object: NonNull<Header>) {
    // SAFETY: the object is there until the decrement has ended.
    let release = unsafe { object.as_ref() }.decrement_rest(mode::attached::current_owner());
    // SAFETY: the decrement said so.
    unsafe { released(object, release) };
}

/// Gives up what the words from `from` up to `end` own, and leaves those that owned something unbound. `me` is the heap of
/// the token's thread.
///
/// # Safety
/// The words must be valid values, and own their references.
#[inline(always)]
pub unsafe fn clear_words(token: &Attached, me: OwnerId, from: *mut u64, end: *mut u64) {
    let mut next = from;
    while next != end {
        // SAFETY: the caller's words.
        unsafe {
            let word = next.read();
            next = next.add(1);
            if word & 7 == 0 {
                next.sub(1).write(UNBOUND);
                let object = NonNull::new_unchecked(word as *mut Header);
                if !object.as_ref().decrement_quick(me) {
                    return clear_rest(token, object, next, end);
                }
            }
        }
    }
}

/// The rest of [`clear_words`], from a word on whose object goes: apart, so that the loop makes no calls.
///
/// # Safety
/// As there; the decrement of the object's count has begun.
#[inline(never)]
unsafe fn clear_rest(token: &Attached, object: NonNull<Header>, from: *mut u64, end: *mut u64) {
    // SAFETY: the caller's words.
    unsafe {
        release_rest(token, object);
        let mut next = from;
        while next != end {
            let word = next.read();
            if word & 7 == 0 {
                next.write(UNBOUND);
                self::release(token, NonNull::new_unchecked(word as *mut Header));
            }
            next = next.add(1);
        }
    }
}

/// Acts on the answer of a decrement or a merge.
///
/// # Safety
/// `release` must be that answer, and the caller must not touch `object` afterwards.
#[cold]
#[inline(never)]
pub unsafe fn released(object: NonNull<Header>, release: Release) {
    match release {
        Release::Kept => {}
        Release::Queue => {
            if let Some(hooks) = HOOKS.get() {
                (hooks.queue)(object);
            }
        }
        Release::Dead => {
            let token = mode::attached::current();
            // Dropped on a thread without a token nothing can be done safely: the object stays.
            if !token.is_null() {
                // SAFETY: `set_current` keeps the token valid while it is set; Dead says that nobody else can reach the
                // object.
                unsafe { destroy(&*token, object) };
            }
        }
    }
}

thread_local! {
    static PENDING: RefCell<Vec<NonNull<Header>>> = const { RefCell::new(Vec::new()) };
}

/// # Safety
/// `object` must be dead, and nobody else may destroy it.
#[inline(never)]
unsafe fn destroy(token: &Attached, object: NonNull<Header>) {
    let nesting = token.destroying().get();
    if nesting % IN_FINALIZER >= MAX_NESTING || token.guards().get() > 0 {
        token.pending().set(true);
        PENDING.with_borrow_mut(|pending| pending.push(object));
        return;
    }
    token.destroying().set(nesting + 1);
    // SAFETY: the caller's word.
    unsafe { destroy_now(token, object) };
    token.destroying().set(nesting);
    if nesting == 0 && token.pending().get() {
        drain_pending(token);
    }
}

/// Destroys what waited for the last guard or for a shallower stack.
#[cold]
pub fn drain_pending(token: &Attached) {
    if token.guards().get() > 0 || token.destroying().get() > 0 {
        return;
    }
    token.destroying().set(1);
    while let Some(object) = PENDING.with_borrow_mut(Vec::pop) {
        // SAFETY: only dead objects are queued, each once.
        unsafe { destroy_now(token, object) };
    }
    token.pending().set(false);
    token.destroying().set(0);
}

/// # Safety
/// As [`destroy`].
unsafe fn destroy_now(token: &Attached, object: NonNull<Header>) {
    // SAFETY: dead objects stay in place until they are freed below.
    let header = unsafe { object.as_ref() };
    let shape = header.shape();
    let class = shape.class();
    if class.has_finalizer() && !header.has_flag(flag::FINALIZED) {
        header.set_flag(flag::FINALIZED);
        header.resurrect_begin(token);
        // SAFETY: revived with one reference, which is returned to the count below.
        let revived = std::mem::ManuallyDrop::new(unsafe { Value::from_header(object) });
        if let Some(hooks) = HOOKS.get() {
            // Python code has its own bounds, and what dies in it dies at once; what waits for a shallower stack does so
            // still.
            let nesting = token.destroying().replace(IN_FINALIZER);
            (hooks.finalize)(&revived);
            token.destroying().set(nesting);
        }
        match header.resurrect_end(token) {
            Release::Dead => {}
            // SAFETY: the answer of the count; the object is not touched afterwards.
            other => return unsafe { released(object, other) },
        }
    }
    if header.has_flag(flag::WEAKLY_REFERENCED)
        && let Some(hooks) = HOOKS.get()
    {
        (hooks.clear_weak)(object);
    }
    // The finalizer may have moved the object to another shape (but not to another layout).
    let shape = header.shape();
    let layout = shape.class().layout();
    if shape.attribute_bytes() != 0 {
        // SAFETY: the object is ours alone, and its attributes are where its shape says.
        unsafe { attributes::drop_all(object, shape, layout) };
    }
    // SAFETY: the object is ours alone and has this layout.
    unsafe { (layout.drop)(object) };
    header.bury();
    // SAFETY: the block came from an object heap and nobody can reach it any more.
    unsafe { heap(token).free(object.cast()) };
}
