//! The storage of `tuple`: items inline after the header, fixed at birth.

use std::ptr::NonNull;

use mode::Attached;

use crate::object::handle::{Obj, Object};
use crate::object::layout::{self, Layout, Payload};
use crate::shape::{ShapeId, builtin};
use crate::string::OutOfMemory;
use crate::value::Value;

/// The payload of a `tuple`; the items follow it in memory.
#[repr(C)]
pub struct Tuple {
    length: usize,
}

/// The layout of `tuple`.
pub static LAYOUT: Layout = Layout::variable::<Tuple>();

impl Tuple {
    /// The items.
    #[inline(always)]
    pub fn items(&self) -> &[Value] {
        // SAFETY: `length` values lie right behind the payload; they never change.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).add(1).cast::<Value>(), self.length) }
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length
    }
}

impl Obj<Tuple> {
    /// A tuple of what `items` yields; exactly `length` values.
    pub fn from_exact(
        token: &Attached,
        shape: ShapeId,
        length: usize,
        mut items: impl FnMut(usize) -> Value,
    ) -> Result<Obj<Tuple>, OutOfMemory> {
        let bytes = length.checked_mul(8).filter(|b| *b < isize::MAX as usize / 2).ok_or(OutOfMemory)?;
        let object: NonNull<_> =
            layout::allocate_variable(token, shape, size_of::<Object<Tuple>>(), bytes).ok_or(OutOfMemory)?;
        let typed = object.cast::<Object<Tuple>>().as_ptr();
        // SAFETY: the block is fresh and ours; payload and items fit in it, and nobody sees it before it is full.
        unsafe {
            (&raw mut (*typed).payload).write(Tuple { length });
            // Behind the payload, not behind the object, whose size is rounded up to the header's alignment.
            let first = (&raw mut (*typed).payload).add(1).cast::<u64>();
            for i in 0..length {
                first.add(i).write(items(i).into_word());
            }
        }
        // SAFETY: birth gave the object one reference, which is ours; its payload is a `Tuple`.
        Ok(unsafe { Obj::from_value_unchecked(Value::from_header(object)) })
    }

    /// A tuple of exactly these items.
    pub fn from_vec(token: &Attached, items: Vec<Value>) -> Result<Obj<Tuple>, OutOfMemory> {
        let length = items.len();
        let mut items = items.into_iter();
        Self::from_exact(token, builtin::TUPLE, length, |_| items.next().unwrap_or(Value::NONE))
    }
}

impl Payload for Tuple {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.items().iter().for_each(visit);
    }

    fn extra_size(&self) -> usize {
        self.length * 8
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        let first = std::ptr::from_mut(self).wrapping_add(1).cast::<Value>();
        // SAFETY: the items lie behind the payload and are dropped once, with it.
        unsafe { std::ptr::drop_in_place(std::ptr::slice_from_raw_parts_mut(first, self.length)) };
    }
}
