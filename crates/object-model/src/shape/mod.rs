//! Hidden classes: a shape is a type plus the layout of its instances' attributes.
//!
//! # Invariants
//! - P1 A shape never changes once published, but for its transitions, which only grow.
//! - P2 Shapes of one class form trees, one for each inline capacity that the class has had.
//! - P3 A shape's class lives as long as the shape can be reached from an instance.
//!
//! Not here: the attribute storage (`object::attributes`), types (`ty`).

mod table;
mod transition;

pub use table::{Exhausted, ShapeId, builtin};
pub use transition::MAX_ATTRIBUTES;

use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use crate::object::handle::Object;
use crate::ty::Type;
use crate::value::Value;

/// Instances have an attribute area.
const HAS_ATTRIBUTES: u8 = 1;
/// The area's overflow word is a dict.
const DICT_MODE: u8 = 2;
/// Attributes may be added (there is a `__dict__`); without it only `__slots__` exist.
const EXTENSIBLE: u8 = 4;

/// A hidden class.
pub struct Shape {
    class: AtomicPtr<Object<Type>>,
    /// Byte offset of the attribute area in objects of fixed size.
    attribute_offset: u32,
    inline_capacity: u16,
    /// How many attributes there are; `__slots__` come first.
    count: u16,
    flags: u8,
    id: ShapeId,
    /// Names by attribute number; `__slots__` have None, they are found through descriptors.
    names: Box<[Option<Value>]>,
    transitions: Mutex<Vec<(u64, ShapeId)>>,
}

/// What a new shape is made of.
pub struct Blueprint {
    /// The class.
    pub class: &'static Object<Type>,
    /// See [`Shape::inline_capacity`].
    pub inline_capacity: u16,
    /// Number of `__slots__`, which take the first attribute numbers.
    pub slots: u16,
    /// Whether instances have a `__dict__`.
    pub extensible: bool,
}

impl Shape {
    /// The type of objects of this shape.
    #[inline(always)]
    pub fn class(&self) -> &'static Object<Type> {
        // Acquire pairs with the release of whoever set the class of a builtin shape at start-up.
        // SAFETY: set before the shape is published, and alive as long (P3).
        unsafe { &*self.class.load(Ordering::Acquire) }
    }

    /// True if instances have an attribute area.
    #[inline(always)]
    pub fn has_attributes(&self) -> bool {
        self.flags & HAS_ATTRIBUTES != 0
    }

    /// True if the attributes are in a dict.
    #[inline(always)]
    pub fn is_dict_mode(&self) -> bool {
        self.flags & DICT_MODE != 0
    }

    /// True if attributes can be added.
    #[inline(always)]
    pub fn is_extensible(&self) -> bool {
        self.flags & EXTENSIBLE != 0
    }

    /// Attributes that lie inline.
    #[inline(always)]
    pub fn inline_capacity(&self) -> usize {
        self.inline_capacity as usize
    }

    /// Byte offset of the attribute area (objects of fixed size).
    #[inline(always)]
    pub fn attribute_offset(&self) -> usize {
        self.attribute_offset as usize
    }

    /// Number of attributes, `__slots__` included.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// This shape's number.
    #[inline(always)]
    pub fn id(&self) -> ShapeId {
        self.id
    }

    /// Names by attribute number (None for `__slots__`).
    pub fn names(&self) -> &[Option<Value>] {
        &self.names
    }

    /// The number of the attribute called `name` (an interned string).
    #[inline]
    pub fn find(&self, name: &Value) -> Option<usize> {
        self.names.iter().position(|n| n.as_ref().is_some_and(|n| n.is(name)))
    }
}
