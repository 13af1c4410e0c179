//! The shape table: shapes by number, at fixed addresses, never moved.
//!
//! The numbers of the builtin types' shapes are constants, so that "is this exactly a list" is one compare.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use parking_lot::Mutex;

use super::{Blueprint, DICT_MODE, EXTENSIBLE, HAS_ATTRIBUTES, Shape};
use crate::object::handle::Object;
use crate::ty::Type;
use crate::value::Value;

/// How many shapes there can be. A class needs two or more; beyond that, creation fails with MemoryError.
const CAPACITY: usize = 1 << 19;

/// The number of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct ShapeId(pub u32);

/// The table is full.
#[derive(Debug)]
pub struct Exhausted;

struct Table(UnsafeCell<MaybeUninit<[Shape; CAPACITY]>>);

// SAFETY: an entry is written once, before its number is known to anybody else.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new(MaybeUninit::uninit()));
static NEXT: AtomicU32 = AtomicU32::new(builtin::COUNT);

macro_rules! builtins {
    ($($name:ident)*) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, dead_code, reason = "the variants only number the constants")]
        enum Number { VACANT, $($name,)* END }
        /// Shapes of the types that the runtime names itself.
        pub mod builtin {
            use super::{Number, ShapeId};
            $(
                #[doc = concat!("Exactly `", stringify!($name), "`, instances without attributes.")]
                pub const $name: ShapeId = ShapeId(Number::$name as u32);
            )*
            /// One past the last constant.
            pub const COUNT: u32 = Number::END as u32;
        }
    };
}

builtins! {
    OBJECT TYPE INT FLOAT COMPLEX STR BYTES BYTEARRAY MEMORYVIEW TUPLE LIST DICT SET FROZENSET RANGE SLICE
    FUNCTION METHOD BUILTIN_FUNCTION METHOD_DESCRIPTOR WRAPPER_DESCRIPTOR METHOD_WRAPPER CLASSMETHOD_DESCRIPTOR
    GETSET_DESCRIPTOR MEMBER_DESCRIPTOR MODULE CELL CODE FRAME TRACEBACK GENERATOR COROUTINE ASYNC_GENERATOR
    PROPERTY STATICMETHOD CLASSMETHOD SUPER MAPPINGPROXY
}

impl ShapeId {
    /// The shape.
    #[inline(always)]
    pub fn get(self) -> &'static Shape {
        // SAFETY: a number is only handed out after its entry was written; entries are never moved or removed.
        unsafe { &*TABLE.0.get().cast::<Shape>().add(self.0 as usize) }
    }

    /// Bytes of the attribute area of a new object of this shape.
    #[inline(always)]
    pub fn attribute_bytes(self) -> usize {
        self.get().attribute_bytes()
    }
}

impl Shape {
    /// Bytes of the attribute area.
    #[inline(always)]
    pub fn attribute_bytes(&self) -> usize {
        if self.has_attributes() { 8 + 8 * self.inline_capacity() } else { 0 }
    }

    /// Writes the shape of a builtin type whose instances have no attributes; once, at start-up, before use.
    ///
    /// # Safety
    /// `id` must be one of [`builtin`], not defined before, and no other thread may run yet.
    pub unsafe fn define_builtin(id: ShapeId, class: *mut Object<Type>) {
        let shape = Shape {
            class: AtomicPtr::new(class),
            attribute_offset: 0,
            inline_capacity: 0,
            count: 0,
            flags: 0,
            id,
            names: Box::new([]),
            transitions: Mutex::new(Vec::new()),
        };
        // SAFETY: the entry is vacant and ours.
        unsafe { TABLE.0.get().cast::<Shape>().add(id.0 as usize).write(shape) };
    }

    fn publish(make: impl FnOnce(ShapeId) -> Shape) -> Result<ShapeId, Exhausted> {
        // Relaxed: the number is made known by whoever stores it into a class, a transition or a header.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        if number as usize >= CAPACITY {
            NEXT.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
            return Err(Exhausted);
        }
        let id = ShapeId(number);
        // SAFETY: the entry is vacant and ours.
        unsafe { TABLE.0.get().cast::<Shape>().add(number as usize).write(make(id)) };
        Ok(id)
    }

    /// Makes the root shape of a class, or of a class with a new inline capacity.
    pub fn root(plan: &Blueprint) -> Result<ShapeId, Exhausted> {
        let attributes = plan.extensible || plan.slots > 0;
        let flags =
            if plan.extensible { EXTENSIBLE } else { 0 } | if attributes { HAS_ATTRIBUTES } else { 0 };
        Shape::publish(|id| Shape {
            class: AtomicPtr::new(std::ptr::from_ref(plan.class).cast_mut()),
            attribute_offset: plan.class.payload.layout().size.next_multiple_of(8) as u32,
            inline_capacity: if attributes { plan.inline_capacity.max(plan.slots) } else { 0 },
            count: plan.slots,
            flags,
            id,
            names: (0..plan.slots).map(|_| None).collect(),
            transitions: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn extended(&self, name: Value) -> Result<ShapeId, Exhausted> {
        let mut names: Vec<Option<Value>> = self.names.to_vec();
        names.push(Some(name));
        Shape::publish(|id| Shape {
            class: AtomicPtr::new(std::ptr::from_ref(self.class()).cast_mut()),
            attribute_offset: self.attribute_offset,
            inline_capacity: self.inline_capacity,
            count: self.count + 1,
            flags: self.flags,
            id,
            names: names.into(),
            transitions: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn dict_twin(&self) -> Result<ShapeId, Exhausted> {
        let slots = self.names.iter().take_while(|n| n.is_none()).count();
        Shape::publish(|id| Shape {
            class: AtomicPtr::new(std::ptr::from_ref(self.class()).cast_mut()),
            attribute_offset: self.attribute_offset,
            inline_capacity: self.inline_capacity,
            count: slots as u16,
            flags: self.flags | DICT_MODE,
            id,
            names: (0..slots).map(|_| None).collect(),
            transitions: Mutex::new(Vec::new()),
        })
    }
}
