//! The storage of `bytes` (inline after the header) and `bytearray` (a guarded vector).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use mode::Attached;

use crate::lock::Guarded;
use crate::object::handle::{Obj, Object};
use crate::object::layout::{self, Layout, Payload};
use crate::shape::{ShapeId, builtin};
use crate::string::{OutOfMemory, hash};
use crate::value::Value;

/// The payload of `bytes`; the bytes follow it in memory.
#[repr(C)]
pub struct Bytes {
    hash: AtomicU64,
    length: usize,
}

/// The layout of `bytes`.
pub static BYTES: Layout = Layout::variable::<Bytes>();
/// The layout of `bytearray`.
pub static BYTEARRAY: Layout = Layout::of::<ByteArray>();

impl Bytes {
    /// The bytes.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `length` bytes lie right behind the payload; they never change.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).add(1).cast::<u8>(), self.length) }
    }

    /// `hash(self)`
    pub fn hash(&self) -> i64 {
        // Relaxed: every thread computes the same number.
        let known = self.hash.load(Ordering::Relaxed);
        if known != 0 {
            return known as i64;
        }
        let hash = hash::bytes(self.as_slice());
        self.hash.store(hash as u64, Ordering::Relaxed); // Relaxed: as above.
        hash
    }
}

impl Obj<Bytes> {
    /// A `bytes` with this content.
    pub fn bytes(token: &Attached, content: &[u8]) -> Result<Obj<Bytes>, OutOfMemory> {
        Self::bytes_of(token, builtin::BYTES, content)
    }

    /// The same for a subclass.
    pub fn bytes_of(token: &Attached, shape: ShapeId, content: &[u8]) -> Result<Obj<Bytes>, OutOfMemory> {
        let object = layout::allocate_variable(token, shape, size_of::<Object<Bytes>>(), content.len())
            .ok_or(OutOfMemory)?;
        let typed = object.cast::<Object<Bytes>>().as_ptr();
        // SAFETY: the block is fresh and ours; payload and content fit in it.
        unsafe {
            (&raw mut (*typed).payload).write(Bytes { hash: AtomicU64::new(0), length: content.len() });
            std::ptr::copy_nonoverlapping(content.as_ptr(), typed.add(1).cast::<u8>(), content.len());
        }
        // SAFETY: birth gave the object one reference, which is ours; its payload is a `Bytes`.
        Ok(unsafe { Obj::from_value_unchecked(Value::from_header(object)) })
    }
}

impl Payload for Bytes {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}

    fn extra_size(&self) -> usize {
        self.length
    }
}

/// The payload of `bytearray`.
pub struct ByteArray {
    /// The content; it may not be resized while `exports` is not zero.
    pub content: Guarded<Vec<u8>>,
    /// How many views look at the content.
    pub exports: AtomicUsize,
}

impl ByteArray {
    /// With this content.
    pub fn new(content: Vec<u8>) -> ByteArray {
        ByteArray { content: Guarded::new(content), exports: AtomicUsize::new(0) }
    }
}

impl Payload for ByteArray {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}
