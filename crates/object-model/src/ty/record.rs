//! The payload of a type object.
//!
//! What changes after creation (name, bases, mro, special methods) is published whole; the dict is an ordinary dict
//! whose writers also bump [`Type::version`], which inline caches compare.
//!
//! Not here: making classes, attribute lookup, descriptors (`vm::class`).

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use mode::Attached;
use parking_lot::Mutex;

use super::Published;
use crate::dict::Dict;
use crate::lock::Guarded;
use crate::object::handle::{Obj, Object};
use crate::object::layout::{Layout, Payload};
use crate::shape::ShapeId;
use crate::value::Value;

/// A reference to a type. Types end only in the collector, when no instance is left; their blocks stay for ever.
pub type Class = &'static Object<Type>;

/// Properties of a type.
pub mod flag {
    /// Made by a `class` statement; attributes may be set.
    pub const HEAP: u32 = 1;
    /// May be a base class.
    pub const BASE: u32 = 2;
    /// Instances must be told before they die (`__del__`).
    pub const FINALIZER: u32 = 4;
    /// Cannot be instantiated from Python.
    pub const DISALLOW_INSTANTIATION: u32 = 8;
    /// Attributes may not be set though it is a heap type.
    pub const IMMUTABLE: u32 = 16;
    /// Has abstract methods.
    pub const ABSTRACT: u32 = 32;
    /// `match` treats instances as sequences.
    pub const SEQUENCE: u32 = 64;
    /// `match` treats instances as mappings.
    pub const MAPPING: u32 = 128;
    /// `int` or a subclass; likewise the next ones.
    pub const INT_SUBCLASS: u32 = 1 << 8;
    pub const FLOAT_SUBCLASS: u32 = 1 << 9;
    pub const STR_SUBCLASS: u32 = 1 << 10;
    pub const BYTES_SUBCLASS: u32 = 1 << 11;
    pub const TUPLE_SUBCLASS: u32 = 1 << 12;
    pub const LIST_SUBCLASS: u32 = 1 << 13;
    pub const DICT_SUBCLASS: u32 = 1 << 14;
    pub const SET_SUBCLASS: u32 = 1 << 15;
    pub const FROZENSET_SUBCLASS: u32 = 1 << 16;
    pub const TYPE_SUBCLASS: u32 = 1 << 17;
    pub const EXCEPTION_SUBCLASS: u32 = 1 << 18;
    pub const COMPLEX_SUBCLASS: u32 = 1 << 19;
    pub const BYTEARRAY_SUBCLASS: u32 = 1 << 20;
    /// Attribute lookup on instances is not `object`'s (`__getattribute__` or `__getattr__` is overridden).
    pub const CUSTOM_GETATTR: u32 = 1 << 21;
    /// `__setattr__` or `__delattr__` is overridden.
    pub const CUSTOM_SETATTR: u32 = 1 << 22;
    /// Single match argument matches the object itself (`case int(x)`).
    pub const MATCH_SELF: u32 = 1 << 23;
    /// `__new__` is `object`'s.
    pub const PLAIN_NEW: u32 = 1 << 24;
    /// `__class__` of instances is not `object`'s: they may say that they are of another class.
    pub const CUSTOM_CLASS: u32 = 1 << 25;
    /// Bits that a subclass inherits.
    pub const INHERITED: u32 = FINALIZER | SEQUENCE | MAPPING | MATCH_SELF | 0x7FFF << 8;
}

/// The special methods of a type, resolved along its mro, by number; the numbers are `vm`'s.
pub type Specials = Box<[Option<Value>]>;

/// The payload of a type object.
pub struct Type {
    layout: &'static Layout,
    flags: AtomicU32,
    version: AtomicU32,
    instance_shape: AtomicU32,
    /// The best known number of attributes of an instance.
    inline_capacity: AtomicUsize,
    slots: u16,
    extensible: bool,
    weakrefable: bool,
    /// `__name__`
    pub name: Published<Box<str>>,
    /// `__qualname__` where it is not the name.
    pub qualname: Guarded<Option<Value>>,
    /// `__base__`, then `__bases__`.
    pub bases: Published<Box<[Class]>>,
    /// `__mro__`, the type itself first.
    pub mro: Published<Box<[Class]>>,
    /// Special methods by number.
    pub specials: Published<Specials>,
    /// `__dict__`
    pub dict: Obj<Dict>,
    /// Direct subclasses.
    pub subclasses: Mutex<Vec<Class>>,
    /// What the crate above hangs on a class of native iterators: a pointer to a static of one type of its own.
    pub advance: AtomicPtr<()>,
    /// What the crate above hangs on a class of native sequences, likewise.
    pub items: AtomicPtr<()>,
    /// Whatever the crate above hangs on a type (native constructors, …), set once.
    pub native: std::sync::OnceLock<&'static (dyn std::any::Any + Send + Sync)>,
}

/// What a type is made of.
pub struct TypeParts {
    /// Storage of instances.
    pub layout: &'static Layout,
    /// See [`flag`].
    pub flags: u32,
    /// `__name__`
    pub name: Box<str>,
    /// `__bases__`
    pub bases: Box<[Class]>,
    /// Names in `__slots__` of this class and its bases.
    pub slots: u16,
    /// Whether instances have a `__dict__`.
    pub extensible: bool,
    /// Whether instances can be referred to weakly.
    pub weakrefable: bool,
    /// `__dict__`
    pub dict: Obj<Dict>,
}

static NEXT_VERSION: AtomicU32 = AtomicU32::new(1);

/// A version that no type had before; 0 once there are none left.
fn next_version() -> u32 {
    // Relaxed: only uniqueness matters.
    NEXT_VERSION.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |v| v.checked_add(1)).unwrap_or(0)
}

impl Type {
    /// A type without mro, special methods and shape, which its maker adds before anybody sees it.
    pub fn new(parts: TypeParts) -> Type {
        Type {
            layout: parts.layout,
            flags: AtomicU32::new(parts.flags),
            version: AtomicU32::new(next_version()),
            instance_shape: AtomicU32::new(0),
            inline_capacity: AtomicUsize::new(0),
            slots: parts.slots,
            extensible: parts.extensible,
            weakrefable: parts.weakrefable,
            name: Published::new(parts.name),
            qualname: Guarded::new(None),
            bases: Published::new(parts.bases),
            mro: Published::new(Box::new([])),
            specials: Published::new(Box::new([])),
            dict: parts.dict,
            subclasses: Mutex::new(Vec::new()),
            advance: AtomicPtr::new(std::ptr::null_mut()),
            items: AtomicPtr::new(std::ptr::null_mut()),
            native: std::sync::OnceLock::new(),
        }
    }

    /// Storage of instances.
    #[inline(always)]
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Number of `__slots__`.
    pub fn slots(&self) -> u16 {
        self.slots
    }

    /// Whether instances have a `__dict__`.
    pub fn extensible(&self) -> bool {
        self.extensible
    }

    /// Whether instances can be referred to weakly.
    pub fn weakrefable(&self) -> bool {
        self.weakrefable
    }

    /// True if any of the [`flag`] bits is set.
    #[inline(always)]
    pub fn has(&self, bits: u32) -> bool {
        // Relaxed: flags are set before the type is published, or under a stopped world.
        self.flags.load(Ordering::Relaxed) & bits != 0
    }

    /// All flags.
    pub fn flags(&self) -> u32 {
        // Relaxed: as in `has`.
        self.flags.load(Ordering::Relaxed)
    }

    /// Sets or clears flags.
    pub fn set_flags(&self, bits: u32, on: bool) {
        if on {
            self.flags.fetch_or(bits, Ordering::Relaxed); // Relaxed: as in `has`.
        } else {
            self.flags.fetch_and(!bits, Ordering::Relaxed); // Relaxed: as in `has`.
        }
    }

    /// True if death must run a finalizer.
    #[inline(always)]
    pub fn has_finalizer(&self) -> bool {
        self.has(flag::FINALIZER)
    }

    /// What caches compare: changes whenever a lookup through this type might. No two types ever have the same version, so
    /// it stands for the type too; 0 means that nothing may be cached.
    #[inline(always)]
    pub fn version(&self) -> u32 {
        // Acquire pairs with the release in `bump_version`: who sees the old version may use what it cached.
        self.version.load(Ordering::Acquire)
    }

    /// Invalidates what was cached about this type and its subclasses.
    pub fn bump_version(&self) {
        // Release pairs with the acquire in `version`.
        self.version.store(next_version(), Ordering::Release);
        for sub in self.subclasses.lock().iter() {
            sub.payload.bump_version();
        }
    }

    /// Classes that this one uses without counting them: its bases and its mro.
    ///
    /// # Safety
    /// The world must be stopped, or the caller is attached and passes no safepoint before it has dropped the iterator.
    pub unsafe fn uncounted(&self) -> impl Iterator<Item = Class> {
        // SAFETY: the caller's word.
        let bases = unsafe { self.bases.borrow() };
        // SAFETY: the caller's word.
        let mro = unsafe { self.mro.borrow() };
        bases.iter().chain(mro.iter()).copied()
    }

    /// Gives up what the class `own` holds. Its block stays as it is, an empty class: whoever passes a class on without
    /// counting it will find one there.
    ///
    /// # Safety
    /// Nobody may hold a reference to what the class holds, nor use the class on purpose.
    pub(crate) unsafe fn empty(own: Class, token: &Attached) {
        let this = &own.payload;
        // SAFETY: nobody replaces the bases of a class that nobody can reach.
        for base in unsafe { this.bases.borrow() } {
            base.payload.subclasses.lock().retain(|sub| !std::ptr::eq(*sub, own));
        }
        this.bump_version();
        // SAFETY: the caller's word.
        drop(unsafe { this.specials.take(Box::new([])) });
        let name = this.qualname.lock(token).take();
        drop(name);
        this.dict.clear(token);
    }

    /// The shape of a new instance.
    #[inline(always)]
    pub fn instance_shape(&self) -> ShapeId {
        // Acquire pairs with the release in `set_instance_shape`.
        ShapeId(self.instance_shape.load(Ordering::Acquire))
    }

    /// Sets the shape of new instances.
    pub fn set_instance_shape(&self, shape: ShapeId) {
        // Release pairs with the acquire in `instance_shape`.
        self.instance_shape.store(shape.0, Ordering::Release);
    }

    /// The best known number of attributes of an instance.
    pub fn inline_capacity(&self) -> usize {
        self.inline_capacity.load(Ordering::Relaxed) // Relaxed: a hint.
    }

    /// Learns a larger number of attributes.
    pub fn learn_capacity(&self, capacity: usize) -> bool {
        self.inline_capacity.fetch_max(capacity, Ordering::Relaxed) < capacity // Relaxed: a hint.
    }
}

impl Object<Type> {
    /// Storage of instances.
    #[inline(always)]
    pub fn layout(&self) -> &'static Layout {
        self.payload.layout
    }

    /// True if death must run a finalizer.
    #[inline(always)]
    pub fn has_finalizer(&self) -> bool {
        self.payload.has_finalizer()
    }

    /// The type as a value. Types are never counted by those who only pass them on.
    pub fn value(&'static self) -> Value {
        self.header.increment_current();
        // SAFETY: counted just now.
        unsafe { Value::from_header(std::ptr::NonNull::from(self).cast()) }
    }

    /// `self is other or other in self.__mro__`
    #[inline]
    pub fn is_subtype(&'static self, token: &Attached, other: Class) -> bool {
        std::ptr::eq(self, other) || self.payload.mro.get(token).iter().any(|c| std::ptr::eq(*c, other))
    }
}

impl PartialEq for Object<Type> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Payload for Type {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self.dict.as_value());
        self.qualname.trace_with(|name| name.iter().for_each(&mut *visit));
        // SAFETY: who traces has stopped the world, or is attached and passes no safepoint meanwhile.
        unsafe { self.specials.borrow() }.iter().flatten().for_each(visit);
    }
}
