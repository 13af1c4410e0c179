//! From Python to Rust.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use vm::builtins::int::as_int;
use vm::object_model::number::int::{ByteOrder, IntRef};
use vm::prelude::*;

use super::{BigInt, Bytes, FromPython};
use crate::embed::error::{Error, Result};
use crate::embed::object::Object;
use crate::embed::python::Python;

impl FromPython for Object {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        Ok(object.clone_ref(py))
    }
}

impl FromPython for () {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        if object.is_none() { Ok(()) } else { Err(object.is_not(py, "None")) }
    }
}

impl<T: FromPython> FromPython for Option<T> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        if object.is_none() { Ok(None) } else { T::from_python(object, py).map(Some) }
    }
}

impl FromPython for bool {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        object.value(py).as_bool().ok_or_else(|| object.is_not(py, "bool"))
    }
}

/// Calls `look` with the integer that the object is, or has as its index.
fn with_int<T>(
    object: &Object,
    py: &mut Python<'_>,
    look: impl FnOnce(IntRef<'_>) -> Option<T>,
) -> Result<T> {
    let index;
    let number = match as_int(object.value(py)) {
        Some(number) => number,
        None => {
            let value = object.value(py).clone();
            let answer = py.thread().to_index(&value);
            index = py.check(answer)?;
            as_int(&index).ok_or_else(|| object.is_not(py, "int"))?
        }
    };
    look(number).ok_or_else(|| {
        Error::new(
            "OverflowError",
            format_args!("Python int does not fit into {}", std::any::type_name::<T>()),
        )
    })
}

macro_rules! ints {
    ($($t:ty)*) => {
        $(
            impl FromPython for $t {
                fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
                    with_int(object, py, |number| <$t>::try_from(number.to_i128()?).ok())
                }
            }
        )*
    };
}

ints! { i8 u8 i16 u16 i32 u32 i64 u64 i128 isize usize }

impl FromPython for u128 {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        with_int(object, py, |number| {
            let bytes = number.to_bytes(size_of::<u128>(), ByteOrder::Little, false).ok()?;
            Some(u128::from_le_bytes(bytes.try_into().ok()?))
        })
    }
}

impl FromPython for BigInt {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        with_int(object, py, |number| Some(BigInt::of(number)))
    }
}

impl FromPython for f64 {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        let value = object.value(py).clone();
        let answer = py.thread().to_f64(&value);
        py.check(answer)
    }
}

impl FromPython for f32 {
    /// The nearest value.
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        f64::from_python(object, py).map(|wide| wide as f32)
    }
}

impl FromPython for String {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        let Some(text) = py.thread_ref().as_str(object.value(py)) else {
            return Err(object.is_not(py, "str"));
        };
        match text.units().to_str() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(Error::value_error("the text has lone surrogates")),
        }
    }
}

impl FromPython for char {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        let text = String::from_python(object, py)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => Ok(char),
            _ => Err(Error::value_error("expected a string of length 1")),
        }
    }
}

impl FromPython for Bytes {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        let value = object.value(py).clone();
        let answer = py.thread().buffer_to_vec(&value);
        py.check(answer).map(Bytes)
    }
}

/// The items of an iterable that is no text.
fn items(object: &Object, py: &mut Python<'_>) -> Result<Vec<Object>> {
    let value = object.value(py).clone();
    if py.thread_ref().as_str(&value).is_some() {
        return Err(object.is_not(py, "a sequence"));
    }
    let answer = py.thread().collect(&value);
    Ok(py.check(answer)?.into_iter().map(Object::new).collect())
}

fn extract_all<T: FromPython, C: FromIterator<T>>(object: &Object, py: &mut Python<'_>) -> Result<C> {
    items(object, py)?.iter().map(|item| T::from_python(item, py)).collect()
}

impl<T: FromPython> FromPython for Vec<T> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        extract_all(object, py)
    }
}

impl<T: FromPython, const N: usize> FromPython for [T; N] {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        let items: Vec<T> = extract_all(object, py)?;
        let found = items.len();
        <[T; N]>::try_from(items)
            .map_err(|_| Error::value_error(format_args!("expected {N} items, got {found}")))
    }
}

impl<T: FromPython + Eq + Hash, S: BuildHasher + Default> FromPython for HashSet<T, S> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        extract_all(object, py)
    }
}

impl<T: FromPython + Ord> FromPython for BTreeSet<T> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        extract_all(object, py)
    }
}

/// The entries of a mapping.
fn entries<K: FromPython, V: FromPython, C: FromIterator<(K, V)>>(
    object: &Object,
    py: &mut Python<'_>,
) -> Result<C> {
    let exact = py.thread_ref().exact::<Dict>(object.value(py)).cloned();
    let pairs: Vec<(Object, Object)> = match exact {
        Some(dict) => {
            let entries = dict.snapshot(py.thread_ref());
            entries.into_iter().map(|(key, value, _)| (Object::new(key), Object::new(value))).collect()
        }
        None if object.has_attr(py, "items")? => {
            let pairs = object.call_method(py, "items", ())?;
            items(&pairs, py)?
                .iter()
                .map(|pair| <(Object, Object)>::from_python(pair, py))
                .collect::<Result<_>>()?
        }
        None => return Err(object.is_not(py, "a mapping")),
    };
    pairs.iter().map(|(key, value)| Ok((K::from_python(key, py)?, V::from_python(value, py)?))).collect()
}

impl<K: FromPython + Eq + Hash, V: FromPython, S: BuildHasher + Default> FromPython for HashMap<K, V, S> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        entries(object, py)
    }
}

impl<K: FromPython + Ord, V: FromPython> FromPython for BTreeMap<K, V> {
    fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
        entries(object, py)
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)*;)*) => {
        $(
            impl<$($name: FromPython),*> FromPython for ($($name,)*) {
                fn from_python(object: &Object, py: &mut Python<'_>) -> Result<Self> {
                    let items = items(object, py)?;
                    let found = items.len();
                    if found != $count {
                        return Err(Error::value_error(format_args!("expected {} items, got {found}", $count)));
                    }
                    let mut items = items.iter();
                    let mut next = || items.next().ok_or_else(|| Error::value_error("too few items"));
                    Ok(($($name::from_python(next()?, py)?,)*))
                }
            }
        )*
    };
}

tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}
