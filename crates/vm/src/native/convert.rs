//! Between Python values and the Rust types of native functions' parameters and results.

use object_model::ty::{Class, flag};
use object_model::{Obj, Value};

use super::{Args, PyClass};
use crate::builtins::int::as_int;
use crate::class::special;
use crate::error::{PyResult, Raised};
use crate::names::Special;
use crate::thread::Thread;

/// Which argument is converted, for messages.
#[derive(Debug, Clone, Copy)]
pub struct ArgName {
    /// The function.
    pub function: &'static str,
    /// Counted from 1, the receiver not counted.
    pub position: usize,
    /// The parameter.
    pub name: &'static str,
}

/// A type that an argument can be converted to.
pub trait FromArg<'a>: Sized {
    /// Converts, or raises what CPython raises.
    fn from_arg(th: &mut Thread, value: &'a Value, name: &ArgName) -> PyResult<Self>;
}

/// A type that a native function can return.
pub trait IntoResult {
    /// Converts.
    fn into_result(self, th: &mut Thread) -> PyResult;
}

#[cold]
fn must_be(th: &mut Thread, value: &Value, name: &ArgName, expected: &str) -> Raised {
    let found = if value.is_none() { "None".to_string() } else { th.type_name(value) };
    th.type_error(format_args!(
        "{}() argument {} must be {expected}, not {found}",
        name.function, name.position
    ))
}

impl<'a> FromArg<'a> for &'a Value {
    #[inline(always)]
    fn from_arg(_th: &mut Thread, value: &'a Value, _name: &ArgName) -> PyResult<Self> {
        Ok(value)
    }
}

impl FromArg<'_> for Value {
    #[inline(always)]
    fn from_arg(_th: &mut Thread, value: &Value, _name: &ArgName) -> PyResult<Self> {
        Ok(value.clone())
    }
}

impl<'a, T: FromArg<'a>> FromArg<'a> for Option<T> {
    #[inline]
    fn from_arg(th: &mut Thread, value: &'a Value, name: &ArgName) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { T::from_arg(th, value, name).map(Some) }
    }
}

impl<'a, T: PyClass> FromArg<'a> for &'a Obj<T> {
    fn from_arg(th: &mut Thread, value: &'a Value, name: &ArgName) -> PyResult<Self> {
        // The class exists as soon as any instance does; a type that was never made has none.
        match th.downcast::<T>(value) {
            Some(object) => Ok(object),
            None => Err(must_be(th, value, name, T::DEFINITION.name)),
        }
    }
}

impl<'a, T: PyClass> FromArg<'a> for Obj<T> {
    fn from_arg(th: &mut Thread, value: &'a Value, name: &ArgName) -> PyResult<Self> {
        <&Obj<T>>::from_arg(th, value, name).cloned()
    }
}

impl FromArg<'_> for f64 {
    #[inline]
    fn from_arg(th: &mut Thread, value: &Value, _name: &ArgName) -> PyResult<Self> {
        match value.as_immediate_float() {
            Some(x) => Ok(x),
            None => th.to_f64(value),
        }
    }
}

impl FromArg<'_> for bool {
    fn from_arg(th: &mut Thread, value: &Value, _name: &ArgName) -> PyResult<Self> {
        th.is_true(value)
    }
}

impl FromArg<'_> for String {
    fn from_arg(th: &mut Thread, value: &Value, name: &ArgName) -> PyResult<Self> {
        let Some(text) = th.as_str(value) else { return Err(must_be(th, value, name, "str")) };
        match text.units().to_str() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => {
                let text = text.clone();
                th.utf8(&text)
            }
        }
    }
}

impl FromArg<'_> for i64 {
    #[inline]
    fn from_arg(th: &mut Thread, value: &Value, _name: &ArgName) -> PyResult<Self> {
        match value.as_small_int() {
            Some(i) => Ok(i),
            None => wide(th, value, "ssize_t"),
        }
    }
}

/// `__index__` for a parameter of a C type.
fn wide(th: &mut Thread, value: &Value, c: &str) -> PyResult<i64> {
    match as_int(value) {
        Some(int) => match int.to_i64() {
            Some(int) => Ok(int),
            None => Err(th.overflow_error(format_args!("Python int too large to convert to C {c}"))),
        },
        None => th.index(value),
    }
}

macro_rules! narrow_ints {
    ($($t:ty, $c:literal;)*) => {
        $(
            impl FromArg<'_> for $t {
                #[inline]
                fn from_arg(th: &mut Thread, value: &Value, _name: &ArgName) -> PyResult<Self> {
                    let wide = match value.as_small_int() {
                        Some(int) => int,
                        None => wide(th, value, $c)?,
                    };
                    <$t>::try_from(wide).map_err(|_| {
                        if wide < 0 && <$t>::MIN == 0 {
                            th.overflow_error(concat!("can't convert negative value to ", $c))
                        } else {
                            th.overflow_error(concat!("Python int too large to convert to C ", $c))
                        }
                    })
                }
            }
        )*
    };
}

narrow_ints! {
    i8, "char"; u8, "unsigned char"; i16, "short"; u16, "unsigned short"; i32, "int"; u32, "unsigned int";
    isize, "ssize_t"; usize, "size_t"; u64, "unsigned long";
}

impl FromArg<'_> for Class {
    fn from_arg(th: &mut Thread, value: &Value, name: &ArgName) -> PyResult<Self> {
        match th.as_class(value) {
            Some(class) => Ok(class),
            None => Err(must_be(th, value, name, "type")),
        }
    }
}

impl IntoResult for Value {
    #[inline(always)]
    fn into_result(self, _th: &mut Thread) -> PyResult {
        Ok(self)
    }
}

impl<T: IntoResult> IntoResult for PyResult<T> {
    #[inline(always)]
    fn into_result(self, th: &mut Thread) -> PyResult {
        self?.into_result(th)
    }
}

impl<T> IntoResult for Obj<T> {
    #[inline(always)]
    fn into_result(self, _th: &mut Thread) -> PyResult {
        Ok(self.into_value())
    }
}

impl<T: IntoResult> IntoResult for Option<T> {
    #[inline]
    fn into_result(self, th: &mut Thread) -> PyResult {
        match self {
            Some(value) => value.into_result(th),
            None => Ok(Value::NONE),
        }
    }
}

impl IntoResult for () {
    #[inline(always)]
    fn into_result(self, _th: &mut Thread) -> PyResult {
        Ok(Value::NONE)
    }
}

impl IntoResult for bool {
    #[inline(always)]
    fn into_result(self, _th: &mut Thread) -> PyResult {
        Ok(Value::bool(self))
    }
}

impl IntoResult for f64 {
    #[inline]
    fn into_result(self, th: &mut Thread) -> PyResult {
        Ok(th.float(self))
    }
}

impl IntoResult for &str {
    fn into_result(self, th: &mut Thread) -> PyResult {
        Ok(th.str(self))
    }
}

impl IntoResult for String {
    fn into_result(self, th: &mut Thread) -> PyResult {
        Ok(th.str(&self))
    }
}

impl IntoResult for Class {
    fn into_result(self, _th: &mut Thread) -> PyResult {
        Ok(self.value())
    }
}

macro_rules! ints_out {
    ($($t:ty)*) => {
        $(
            impl IntoResult for $t {
                #[inline]
                fn into_result(self, th: &mut Thread) -> PyResult {
                    Ok(th.int(i64::from(self)))
                }
            }
        )*
    };
}

ints_out! { i8 u8 i16 u16 i32 u32 i64 }

impl IntoResult for usize {
    #[inline]
    fn into_result(self, th: &mut Thread) -> PyResult {
        (self as u64).into_result(th)
    }
}

impl IntoResult for isize {
    #[inline]
    fn into_result(self, th: &mut Thread) -> PyResult {
        Ok(th.int(self as i64))
    }
}

impl IntoResult for u64 {
    #[inline]
    fn into_result(self, th: &mut Thread) -> PyResult {
        match i64::try_from(self) {
            Ok(i) => Ok(th.int(i)),
            Err(_) => Ok(th.int_unsigned(self)),
        }
    }
}

/// The receiver of a method, checked to be a `T`.
#[inline(always)]
pub fn receiver<'a, T: PyClass>(th: &mut Thread, args: Args<'a>, name: &str) -> PyResult<&'a Obj<T>> {
    match args.positional.first().and_then(|first| th.downcast::<T>(first)) {
        Some(object) => Ok(object),
        None => Err(wrong_receiver::<T>(th, args, name)),
    }
}

#[cold]
#[inline(never)]
fn wrong_receiver<T: PyClass>(th: &mut Thread, args: Args<'_>, name: &str) -> Raised {
    let Some(first) = args.positional.first() else {
        let class = T::DEFINITION.name;
        return th.type_error(format_args!("unbound method {class}.{name}() needs an argument"));
    };
    let found = th.type_name(first);
    let class = T::class(th);
    let class = crate::class::full_name(th, class);
    th.type_error(format_args!(
        "descriptor '{name}' for '{class}' objects doesn't apply to a '{found}' object"
    ))
}

/// The class that a `__new__` is called for: `T`'s or a subclass, and made in the same way.
pub fn constructed_class<T: PyClass>(th: &mut Thread, args: Args<'_>) -> PyResult<Class> {
    let class = class_argument::<T>(th, args)?;
    let own = T::class(th);
    if class == own {
        return Ok(class);
    }
    // The native class whose storage the instance will have must be made in the same way.
    let solid = class
        .payload
        .mro
        .get(th)
        .iter()
        .copied()
        .find(|c| !c.payload.has(flag::HEAP) && std::ptr::eq(c.payload.layout(), class.payload.layout()));
    // (Exception classes share one payload, so that `own` says nothing about them.)
    if let Some(solid) = solid.filter(|solid| *solid != own && !solid.payload.has(flag::EXCEPTION_SUBCLASS)) {
        let new = |c| special::get(th, c, Special::New);
        if new(solid).zip(new(own)).is_some_and(|(a, b)| !a.is(b)) {
            let (found, solid) = (crate::class::tp_name(th, class), crate::class::tp_name(th, solid));
            return Err(th.type_error(format_args!(
                "{}.__new__({found}) is not safe, use {solid}.__new__()",
                T::DEFINITION.name
            )));
        }
    }
    Ok(class)
}

/// The class that a classmethod is called for, checked to be `T`'s or a subclass.
pub fn class_argument<T: PyClass>(th: &mut Thread, args: Args<'_>) -> PyResult<Class> {
    let own = T::class(th);
    let name = T::DEFINITION.name;
    let Some(first) = args.positional.first() else {
        return Err(th.type_error(format_args!("{name}.__new__(): not enough arguments")));
    };
    let Some(class) = th.as_class(first) else {
        let found = th.type_name(first);
        return Err(th.type_error(format_args!("{name}.__new__(X): X is not a type object ({found})")));
    };
    if !class.is_subtype(th, own) {
        let found = crate::class::tp_name(th, class);
        return Err(
            th.type_error(format_args!("{name}.__new__({found}): {found} is not a subtype of {name}"))
        );
    }
    Ok(class)
}

/// The arguments of `__new__` of a class `T` whose constructor takes no keywords: refused, but where a subclass has an
/// `__init__` of its own they are that one's to read.
pub fn without_keywords<'a, T: PyClass>(th: &mut Thread, class: Class, args: Args<'a>) -> PyResult<Args<'a>> {
    if !args.has_keywords() {
        return Ok(args);
    }
    let own = T::class(th);
    let plain = special::get(th, own, Special::Init).cloned();
    let same = match (special::get(th, class, Special::Init), &plain) {
        (Some(init), Some(plain)) => init.is(plain),
        (None, None) => true,
        _ => false,
    };
    if std::ptr::eq(class, own) || same {
        return Err(th.type_error(format_args!("{}() takes no keyword arguments", T::DEFINITION.name)));
    }
    Ok(Args::positional(args.positional))
}

/// Raises for an attribute that cannot be deleted.
#[cold]
pub fn cannot_delete(th: &mut Thread, name: &str) -> Raised {
    th.attribute_error(format_args!("cannot delete attribute '{name}'"))
}
