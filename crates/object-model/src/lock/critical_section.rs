//! The right to mutate one object, or two.
//!
//! # Rules
//! - C1 A section borrows the token, and Python code needs the token mutably: so none runs inside a section.
//! - C2 Objects that die inside a section are destroyed after the thread's last section ends (`object::layout` D1).
//! - C3 Two objects are taken in address order, by [`CriticalSection::enter_two`]; nobody nests sections to get two.
//! - C4 Waiting for a lock is a point at which the world may stop, so a bias that was seen before is looked at again.
//! - C5 A thread that waits counts as one with guards (`Attached::guards`) if it holds another lock, or uses a bias, and
//!   else not: a fork wants nobody who does.
//! - C6 A change that begins and ends between two points at which the thread could wait, stop or destroy an object needs no
//!   section where it needs no lock ([`CriticalSection::is_unneeded`]).

use mode::primitive::Ordering;
use mode::{Attached, FREE_THREADED, OwnerId};

use super::object_lock;
use crate::object::header::Header;
use crate::object::layout;

/// A held section; it ends when dropped.
#[must_use]
pub struct CriticalSection<'t> {
    token: &'t Attached,
    first: Option<&'t Header>,
    second: Option<&'t Header>,
}

impl<'t> CriticalSection<'t> {
    /// Takes the right to mutate `object`.
    #[inline(always)]
    pub fn enter(token: &'t Attached, object: &'t Header) -> Self {
        let first = if FREE_THREADED { Self::acquire(token, object) } else { None };
        token.guards().set(token.guards().get() + 1);
        CriticalSection { token, first, second: None }
    }

    /// Takes the right to mutate `a` and `b` (which may be the same).
    pub fn enter_two(token: &'t Attached, a: &'t Header, b: &'t Header) -> Self {
        if !FREE_THREADED {
            token.guards().set(token.guards().get() + 1);
            return CriticalSection { token, first: None, second: None };
        }
        let (low, high) = if std::ptr::from_ref(a) <= std::ptr::from_ref(b) { (a, b) } else { (b, a) };
        loop {
            let first = Self::acquire(token, low);
            token.guards().set(token.guards().get() + 1);
            let second = if std::ptr::eq(low, high) { None } else { Self::acquire(token, high) };
            if first.is_some() || Self::is_ours(token, low) {
                return CriticalSection { token, first, second };
            }
            // Another thread ended the bias of the first while this one waited for the second (C4).
            if let Some(second) = second {
                object_lock::unlock(second.lock_byte());
            }
            token.guards().set(token.guards().get() - 1);
        }
    }

    /// Whether the thread whose heap is `me` may make a change to `object` that is over before it waits or gives up a
    /// reference (C6) without a section: it mutates the object without its lock.
    #[inline(always)]
    pub fn is_unneeded(object: &Header, me: OwnerId) -> bool {
        !FREE_THREADED || Self::is_biased(object, me)
    }

    /// Whether the thread whose heap is `me` mutates `object` without its lock.
    #[inline(always)]
    fn is_biased(object: &Header, me: OwnerId) -> bool {
        // Relaxed: the bias changes only while this thread is stopped or for objects it does not own.
        object.lock_byte().load(Ordering::Relaxed) == object_lock::BIASED && object.owner() == me
    }

    /// [`Self::is_biased`], and of deferred objects too, which name no owner: their bias is that of the heap they lie in.
    fn is_ours(token: &Attached, object: &Header) -> bool {
        Self::is_biased(object, token.owner()) || Self::is_biased_deferred(token, object)
    }

    #[inline(always)]
    fn is_biased_deferred(token: &Attached, object: &Header) -> bool {
        // Relaxed: as in `is_biased`.
        object.lock_byte().load(Ordering::Relaxed) == object_lock::BIASED
            && object.owner() == OwnerId::DEFERRED
            && object.lies_in_heap_of(token)
    }

    #[inline(always)]
    fn acquire(token: &Attached, object: &'t Header) -> Option<&'t Header> {
        if Self::is_biased(object, token.owner()) { None } else { Self::acquire_foreign(token, object) }
    }

    #[inline(never)]
    fn acquire_foreign(token: &Attached, object: &'t Header) -> Option<&'t Header> {
        if Self::is_biased_deferred(token, object) {
            return None;
        }
        // Relaxed: as above; `revoke` synchronises through the stopped world.
        if object.lock_byte().load(Ordering::Relaxed) == object_lock::BIASED {
            object_lock::revoke(token, object);
        }
        object_lock::lock(token, object.lock_byte());
        Some(object)
    }
}

impl Drop for CriticalSection<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if FREE_THREADED {
            if let Some(second) = self.second {
                object_lock::unlock(second.lock_byte());
            }
            if let Some(first) = self.first {
                object_lock::unlock(first.lock_byte());
            }
        }
        let guards = self.token.guards().get() - 1;
        self.token.guards().set(guards);
        if guards == 0 && self.token.pending().get() {
            layout::drain_pending(self.token);
        }
    }
}
