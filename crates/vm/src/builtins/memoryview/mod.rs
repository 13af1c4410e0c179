//! `memoryview`: views of the memory of bytes-like objects, with a format, a shape and strides.
//!
//! # Invariants
//! - M1 A view that is not released counts as one export of the object whose memory it looks at.
//! - M2 `offset`, shape and strides were inside the memory when the view was made; every access checks again, as another
//!   thread may release the view at any time.
//!
//! | file | what |
//! |---|---|
//! | `methods` | what Python sees |
//! | `cast` | `cast` |

mod cast;
mod methods;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::packing::Item;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::buffer::Exporter;

/// `inspect.BufferFlags.WRITABLE`
pub const WRITABLE: i64 = 1;
/// `inspect.BufferFlags.FULL_RO`
const FULL_RO: i64 = 0x11c;
/// `PyBUF_MAX_NDIM`
const MAX_DIMENSIONS: usize = 64;

/// How memory is to be looked at.
#[derive(Debug, Clone)]
pub struct Layout {
    /// As in `struct`; of one item.
    pub format: Box<str>,
    /// Bytes of one item.
    pub item_size: usize,
    /// Items in each dimension.
    pub shape: Vec<usize>,
    /// Bytes from one item to the next, in each dimension.
    pub strides: Vec<isize>,
    /// Where the first item starts.
    pub offset: usize,
    /// Nothing may be written.
    pub readonly: bool,
}

impl Layout {
    /// `length` unsigned bytes.
    pub fn bytes(length: usize, readonly: bool) -> Layout {
        Layout::array("B", 1, length, readonly)
    }

    /// `length` items of `item_size` bytes each.
    pub fn array(format: &str, item_size: usize, length: usize, readonly: bool) -> Layout {
        Layout {
            format: format.into(),
            item_size,
            shape: vec![length],
            strides: vec![item_size as isize],
            offset: 0,
            readonly,
        }
    }

    /// Number of items.
    fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of all items.
    fn size(&self) -> usize {
        self.count() * self.item_size
    }

    /// Strides of items that lie one after the other, the last dimension fastest.
    fn packed_strides(shape: &[usize], item_size: usize) -> Vec<isize> {
        let mut strides = vec![0; shape.len()];
        let mut next = item_size as isize;
        for (stride, length) in strides.iter_mut().zip(shape).rev() {
            *stride = next;
            next *= *length as isize;
        }
        strides
    }

    fn is_c_contiguous(&self) -> bool {
        let packed = Layout::packed_strides(&self.shape, self.item_size);
        self.count() == 0
            || self.shape.iter().zip(self.strides.iter().zip(&packed)).all(|(n, (a, b))| *n == 1 || a == b)
    }

    fn is_fortran_contiguous(&self) -> bool {
        let mut next = self.item_size as isize;
        for (length, stride) in self.shape.iter().zip(&self.strides) {
            if *length != 1 && *stride != next {
                return self.count() == 0;
            }
            next *= *length as isize;
        }
        true
    }

    /// Byte offsets of all items, the last dimension fastest.
    fn offsets(&self) -> Vec<usize> {
        let mut offsets = vec![self.offset as isize];
        for (length, stride) in self.shape.iter().zip(&self.strides) {
            offsets = offsets
                .iter()
                .flat_map(|start| (0..*length as isize).map(move |i| start + i * stride))
                .collect();
        }
        offsets.into_iter().map(|at| at as usize).collect()
    }
}

/// A buffer that a Python class gave out; given back when the last view of it goes.
struct Lent {
    owner: Value,
    view: Obj<MemoryView>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        Thread::with_current(|th| {
            let pending = th.raised.take();
            let view = self.view.as_value();
            if th.call_special(&self.owner, Special::ReleaseBuffer, &[view]).is_err() {
                th.clear_exception();
            }
            self.view.give_back();
            th.raised = pending;
        });
    }
}

/// The payload of a memoryview.
#[pyclass(
    name = "memoryview",
    module = "builtins",
    shape = MEMORYVIEW,
    weakref,
    sequence,
    flags = object_model::ty::flag::MATCH_SELF,
    parts("access")
)]
pub struct MemoryView {
    /// `obj`
    object: Value,
    /// The object whose memory it is: `object`, or what a Python class's `__buffer__` looked at.
    memory: Value,
    #[no_trace]
    exporter: &'static dyn Exporter,
    #[no_trace]
    layout: Layout,
    #[no_trace]
    lent: Guarded<Option<Arc<Lent>>>,
    released: AtomicBool,
    /// The hash, 0 if not computed.
    hash: AtomicI64,
}

impl Drop for MemoryView {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl MemoryView {
    /// Ends the export, once.
    fn give_back(&self) {
        // AcqRel: who releases sees all writes through the view by threads that found it alive.
        if !self.released.swap(true, Ordering::AcqRel) {
            self.exporter.release(&self.memory);
        }
    }

    /// Raises ValueError if the view was released.
    pub fn check(&self, th: &mut Thread) -> PyResult<()> {
        // Acquire pairs with the swap in `give_back`.
        if self.released.load(Ordering::Acquire) {
            return Err(th.value_error("operation forbidden on released memoryview object"));
        }
        Ok(())
    }

    /// True if nothing may be written.
    pub fn is_readonly(&self) -> bool {
        self.layout.readonly
    }

    /// True if the items lie one after the other, in order.
    pub fn is_contiguous(&self) -> bool {
        self.layout.is_c_contiguous()
    }

    /// Calls `body` with the memory of a contiguous view.
    pub fn read(&self, th: &Thread, body: &mut dyn FnMut(&[u8])) {
        let (start, size) = (self.layout.offset, self.layout.size());
        self.exporter.read(th, &self.memory, &mut |all| body(all.get(start..start + size).unwrap_or(&[])));
    }

    /// Calls `body` with the memory of a contiguous view that is not read-only.
    pub fn write(&self, th: &Thread, body: &mut dyn FnMut(&mut [u8])) {
        let (start, size) = (self.layout.offset, self.layout.size());
        self.exporter
            .write(th, &self.memory, &mut |all| body(all.get_mut(start..start + size).unwrap_or(&mut [])));
    }

    /// The bytes of all items, the last dimension fastest.
    pub fn to_vec(&self, th: &Thread) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.layout.size());
        if self.is_contiguous() {
            self.read(th, &mut |bytes| out.extend_from_slice(bytes));
            return out;
        }
        let (offsets, size) = (self.layout.offsets(), self.layout.item_size);
        self.exporter.read(th, &self.memory, &mut |all| {
            for at in &offsets {
                out.extend_from_slice(all.get(*at..*at + size).unwrap_or(&[]));
            }
        });
        out
    }

    /// The item format, if it is one letter of this machine's.
    fn item(&self) -> Option<Item> {
        match self.layout.format.as_bytes() {
            [letter] | [b'@', letter] => Item::native(*letter),
            _ => None,
        }
    }

    /// Another view of the same memory.
    fn derive(&self, th: &mut Thread, layout: Layout) -> Value {
        self.exporter.acquire(&self.memory);
        let lent = self.lent.lock(th).clone();
        let view = MemoryView {
            object: self.object.clone(),
            memory: self.memory.clone(),
            exporter: self.exporter,
            layout,
            lent: Guarded::new(lent),
            released: AtomicBool::new(false),
            hash: AtomicI64::new(0),
        };
        MemoryView::new_object(th, view).into_value()
    }
}

/// A memoryview of the memory of `object`; what a native `__buffer__` answers.
pub fn export(th: &mut Thread, object: &Value, exporter: &'static dyn Exporter, layout: Layout) -> Value {
    exporter.acquire(object);
    let view = MemoryView {
        object: object.clone(),
        memory: object.clone(),
        exporter,
        layout,
        lent: Guarded::new(None),
        released: AtomicBool::new(false),
        hash: AtomicI64::new(0),
    };
    MemoryView::new_object(th, view).into_value()
}

/// `memoryview(object)`; of memory that can be written to if `writable`.
pub fn of_object(th: &mut Thread, object: &Value, writable: bool) -> PyResult<Obj<MemoryView>> {
    if let Some(view) = th.downcast::<MemoryView>(object) {
        view.check(th)?;
        let copy = view.derive(th, view.layout.clone());
        return typed(th, copy);
    }
    if object.as_header().is_none() || !th.has_special(object, Special::Buffer) {
        let found = th.type_name(object);
        return Err(th.type_error(format_args!("memoryview: a bytes-like object is required, not '{found}'")));
    }
    let flags = th.int(if writable { FULL_RO | WRITABLE } else { FULL_RO });
    let answer = th.call_special(object, Special::Buffer, &[&flags])?.unwrap_or(Value::NONE);
    let view = typed(th, answer)?;
    // A native object answers a view of the object whose memory it is.
    let native = !crate::class::type_of(object).payload.has(object_model::ty::flag::HEAP);
    if native || view.object.is(object) {
        return Ok(view);
    }
    // A Python class lent out a view of something else.
    view.check(th)?;
    view.exporter.acquire(&view.memory);
    let wrapper = MemoryView {
        object: object.clone(),
        memory: view.memory.clone(),
        exporter: view.exporter,
        layout: view.layout.clone(),
        lent: Guarded::new(Some(Arc::new(Lent { owner: object.clone(), view: view.clone() }))),
        released: AtomicBool::new(false),
        hash: AtomicI64::new(0),
    };
    Ok(MemoryView::new_object(th, wrapper))
}

fn typed(th: &mut Thread, value: Value) -> PyResult<Obj<MemoryView>> {
    match th.downcast::<MemoryView>(&value) {
        Some(view) => Ok(view.clone()),
        None => Err(th.type_error("__buffer__ returned non-memoryview object")),
    }
}

/// `view.release()`
pub fn release(th: &mut Thread, view: &Obj<MemoryView>) -> PyResult<()> {
    view.give_back();
    let lent = view.lent.lock(th).take();
    drop(lent);
    Ok(())
}

/// As [`release`], of a value that must be a memoryview.
pub(crate) fn release_value(th: &mut Thread, view: &Value) -> PyResult<()> {
    let Some(view) = th.downcast::<MemoryView>(view) else {
        return Err(th.type_error("expected a memoryview object"));
    };
    release(th, view)
}
