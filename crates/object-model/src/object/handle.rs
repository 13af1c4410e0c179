//! Typed handles: an [`Obj<T>`] is a value known to be an object with payload `T`.
//!
//! Not here: how objects are made and destroyed (`layout`), which Python type has which payload (`vm`).

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use mode::Attached;

use super::header::Header;
use super::layout::{self, Payload};
use crate::shape::ShapeId;
use crate::value::Value;

/// An object in memory: header, then payload.
#[repr(C)]
pub struct Object<T> {
    /// The header.
    pub header: Header,
    /// What the type stores.
    pub payload: T,
}

/// An owned reference to an object whose payload is `T`.
#[repr(transparent)]
pub struct Obj<T> {
    value: Value,
    payload: PhantomData<T>,
}

impl<T: Payload> Obj<T> {
    /// Makes an object of the hidden class `shape`, whose type must have the layout of `T`.
    #[inline(always)]
    pub fn new(token: &Attached, shape: ShapeId, payload: T) -> Obj<T> {
        let object = layout::allocate_fixed::<T>(token, shape);
        // SAFETY: the block is fresh, ours alone, large enough and aligned for `Object<T>`.
        unsafe { (&raw mut (*object.as_ptr()).payload).write(payload) };
        // SAFETY: birth gave the object one reference, which is ours.
        unsafe { Obj::from_value_unchecked(Value::from_header(object.cast())) }
    }

    /// As [`Obj::new`], with `words` words behind the payload, whose address `make` is told. The payload is made where it
    /// lies. None: there is no memory.
    ///
    /// # Safety
    /// [`Payload::extra_size`] must answer the size of those words. `make` neither panics nor passes a safepoint: until it
    /// returns the object is none.
    #[inline(always)]
    pub unsafe fn with_words(
        token: &Attached,
        shape: ShapeId,
        words: usize,
        make: impl FnOnce(*mut u64) -> T,
    ) -> Option<Obj<T>> {
        let object = layout::allocate_variable(token, shape, size_of::<Object<T>>(), words * 8)?;
        let typed = object.cast::<Object<T>>().as_ptr();
        // SAFETY: the block is fresh, ours alone, large enough and aligned for `Object<T>` and the words behind it.
        unsafe { (&raw mut (*typed).payload).write(make(typed.add(1).cast())) };
        // SAFETY: birth gave the object one reference, which is ours.
        Some(unsafe { Obj::from_value_unchecked(Value::from_header(object)) })
    }
}

impl<T> Obj<T> {
    /// Asserts that `value` is an object with payload `T`.
    ///
    /// # Safety
    /// It must be.
    #[inline(always)]
    pub unsafe fn from_value_unchecked(value: Value) -> Obj<T> {
        Obj { value, payload: PhantomData }
    }

    /// Asserts that `value` is an object with payload `T`, in place.
    ///
    /// # Safety
    /// It must be.
    #[inline(always)]
    pub unsafe fn borrow_unchecked(value: &Value) -> &Obj<T> {
        // SAFETY: `Obj` is transparent over `Value`; the payload is the caller's word.
        unsafe { &*std::ptr::from_ref(value).cast::<Obj<T>>() }
    }

    /// The untyped reference.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The untyped reference, in place.
    #[inline(always)]
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    /// The header.
    #[inline(always)]
    pub fn header(&self) -> &Header {
        // SAFETY: a handle is always a heap object.
        unsafe { self.value.header_ptr().as_ref() }
    }

    /// The object's address as a typed pointer.
    #[inline(always)]
    pub fn as_ptr(&self) -> NonNull<Object<T>> {
        // SAFETY: a handle is always a heap object.
        unsafe { self.value.header_ptr().cast() }
    }
}

impl<T> Deref for Obj<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the handle's reference keeps the object alive, and its payload is a `T`.
        unsafe { &(*self.as_ptr().as_ptr()).payload }
    }
}

impl<T> Clone for Obj<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Obj { value: self.value.clone(), payload: PhantomData }
    }
}

impl<T> std::fmt::Debug for Obj<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

impl<T> From<Obj<T>> for Value {
    #[inline(always)]
    fn from(handle: Obj<T>) -> Value {
        handle.value
    }
}
