//! What native functions and classes are: definitions that macros write and the runtime reads.
//!
//! A native function is one Rust function over ([`Thread`], [`Args`]); a definition adds its name, signature and how it
//! becomes an attribute. Native classes are a payload type with a [`ClassDef`].
//!
//! Not here: argument conversion (`convert`), binding by signature (`signature`).

pub mod convert;
pub mod held;
pub mod make;
pub mod signature;
pub mod trace;

use object_model::object::layout::{Layout, Payload};
use object_model::shape::ShapeId;
use object_model::string::Str;
use object_model::ty::Class;
use object_model::{Obj, Value};

use crate::error::PyResult;
use crate::thread::Thread;

pub use signature::{Kind, KwArgs, Parameter, Signature};
pub use trace::Trace;

/// The arguments of a call, in place: positional ones, then the values of keyword ones.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// Positional arguments (of a method: the receiver first).
    pub positional: &'a [Value],
    /// Values of the keyword arguments.
    pub keyword_values: &'a [Value],
    /// Their names, one for each value.
    pub keyword_names: &'a [Value],
}

impl<'a> Args<'a> {
    /// Positional arguments only.
    pub const fn positional(positional: &'a [Value]) -> Args<'a> {
        Args { positional, keyword_values: &[], keyword_names: &[] }
    }

    /// Keyword names and values.
    pub fn keywords(&self) -> impl Iterator<Item = (&'a Obj<Str>, &'a Value)> + use<'a> {
        // SAFETY: the call protocol admits only `str` names.
        self.keyword_names.iter().map(|n| unsafe { Obj::borrow_unchecked(n) }).zip(self.keyword_values)
    }

    /// True if there are keyword arguments.
    pub const fn has_keywords(&self) -> bool {
        !self.keyword_values.is_empty()
    }

    /// Without the first positional argument (the receiver).
    pub fn without_receiver(&self) -> Args<'a> {
        Args { positional: self.positional.get(1..).unwrap_or(&[]), ..*self }
    }
}

/// The code of a native function.
pub type NativeFn = for<'a> fn(&mut Thread, Args<'a>) -> PyResult;

/// What a definition becomes in a class or module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A function of a module.
    Function,
    /// A method: the receiver is the first positional argument.
    Method,
    /// A static method.
    Static,
    /// A class method: the class is the first positional argument.
    ClassMethod,
    /// `__new__`: the class is the first positional argument.
    New,
    /// Read access to an attribute.
    Getter,
    /// Write access (arguments: receiver, value; without value: delete).
    Setter,
    /// A module attribute, or class constant: called once without arguments (class: with the class).
    Attribute,
}

/// A native function's definition.
pub struct NativeDef {
    /// The Python name.
    pub name: &'static str,
    /// The code.
    pub function: NativeFn,
    /// What it becomes.
    pub role: Role,
    /// `__text_signature__` in CPython's form, `($self, item, /)`, or empty if it has none.
    pub text_signature: &'static str,
    /// The documentation.
    pub doc: &'static str,
}

/// A native class's definition.
pub struct ClassDef {
    /// `__name__`
    pub name: &'static str,
    /// `__module__`
    pub module: &'static str,
    /// `__doc__`; empty if none.
    pub doc: &'static str,
    /// Storage of instances.
    pub layout: &'static Layout,
    /// Bits of `object_model::ty::flag`.
    pub flags: u32,
    /// Instances have a `__dict__`.
    pub dict: bool,
    /// Instances can be referred to weakly.
    pub weakref: bool,
    /// A builtin shape, if the runtime names one.
    pub shape: Option<ShapeId>,
    /// The base class; None is `object`.
    pub base: Option<fn(&mut Thread) -> Class>,
    /// Methods, getters and so on, in one list for each `#[pymethods]` block.
    pub members: &'static [&'static [NativeDef]],
}

/// A payload type that is a Python class.
pub trait PyClass: Payload + Sized {
    /// The definition.
    const DEFINITION: ClassDef;

    /// Where the class object is kept.
    fn cell() -> &'static ClassCell;

    /// The class object, made at first use.
    #[inline]
    fn class(th: &mut Thread) -> Class {
        match Self::cell().get() {
            Some(class) => class,
            None => crate::class::native::make(th, const { &Self::DEFINITION }, Self::cell()),
        }
    }

    /// An instance of exactly this class.
    #[inline]
    fn new_object(th: &mut Thread, payload: Self) -> Obj<Self> {
        let class = Self::class(th);
        Obj::new(th, class.payload.instance_shape(), payload)
    }
}

/// Keeps the class object of a native class.
pub struct ClassCell(std::sync::atomic::AtomicPtr<object_model::Object<object_model::ty::Type>>);

impl ClassCell {
    /// Nothing yet.
    pub const fn new() -> ClassCell {
        ClassCell(std::sync::atomic::AtomicPtr::new(std::ptr::null_mut()))
    }

    /// The class, if it was made.
    #[inline(always)]
    pub fn get(&self) -> Option<Class> {
        // Acquire pairs with the release in `set`: the class is complete.
        // SAFETY: only `set` writes, and native classes live for ever.
        unsafe { self.0.load(std::sync::atomic::Ordering::Acquire).as_ref() }
    }

    /// Keeps `class`; the first one wins and is answered.
    pub fn set(&self, class: Class) -> Class {
        use std::sync::atomic::Ordering;
        let new = std::ptr::from_ref(class).cast_mut();
        // AcqRel pairs with the acquire in `get`, and makes the winner's class visible to the loser.
        match self.0.compare_exchange(std::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => class,
            // SAFETY: as in `get`.
            Err(first) => unsafe { &*first },
        }
    }
}

/// A native module's definition.
pub struct ModuleDef {
    /// The name as imported.
    pub name: &'static str,
    /// `__doc__`; empty if none.
    pub doc: &'static str,
    /// Functions and attributes.
    pub members: &'static [NativeDef],
    /// Classes to add under their names.
    pub classes: &'static [fn(&mut Thread) -> Class],
    /// Runs last.
    pub init: Option<fn(&mut Thread, &Value) -> PyResult<()>>,
}
