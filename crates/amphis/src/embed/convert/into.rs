//! From Rust to Python.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use vm::prelude::*;

use super::{BigInt, Bytes, IntoPython};
use crate::embed::error::Result;
use crate::embed::object::Object;
use crate::embed::python::Python;

impl IntoPython for Object {
    fn into_python(self, _py: &mut Python<'_>) -> Result<Object> {
        Ok(self)
    }
}

impl IntoPython for &Object {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        Ok(self.clone_ref(py))
    }
}

impl IntoPython for () {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        Ok(py.none())
    }
}

impl<T: IntoPython> IntoPython for Option<T> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        match self {
            Some(value) => value.into_python(py),
            None => Ok(py.none()),
        }
    }
}

impl IntoPython for bool {
    fn into_python(self, _py: &mut Python<'_>) -> Result<Object> {
        Ok(Object::new(Value::bool(self)))
    }
}

macro_rules! small_ints {
    ($($t:ty)*) => {
        $(
            impl IntoPython for $t {
                fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
                    Ok(Object::new(py.thread().int(i64::from(self))))
                }
            }
        )*
    };
}

small_ints! { i8 u8 i16 u16 i32 u32 i64 }

macro_rules! wide_ints {
    ($($t:ty)*) => {
        $(
            impl IntoPython for $t {
                fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
                    match i64::try_from(self) {
                        Ok(small) => small.into_python(py),
                        Err(_) => {
                            // A byte of zeros on top keeps unsigned values positive.
                            let mut bytes = self.to_le_bytes().to_vec();
                            if <$t>::MIN == 0 {
                                bytes.push(0);
                            }
                            BigInt::from_le_bytes(&bytes).into_python(py)
                        }
                    }
                }
            }
        )*
    };
}

wide_ints! { u64 i128 u128 isize usize }

impl IntoPython for BigInt {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        Ok(Object::new(py.thread().int_value(self.into_number())))
    }
}

impl IntoPython for f64 {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        Ok(Object::new(py.thread().float(self)))
    }
}

impl IntoPython for f32 {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        f64::from(self).into_python(py)
    }
}

impl IntoPython for &str {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        Ok(Object::new(py.thread().str(self)))
    }
}

impl IntoPython for String {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        self.as_str().into_python(py)
    }
}

impl IntoPython for char {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        self.encode_utf8(&mut [0; 4]).into_python(py)
    }
}

impl IntoPython for &mut str {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        (&*self).into_python(py)
    }
}

impl IntoPython for Bytes {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        let bytes = py.thread().bytes(&self.0);
        py.object(bytes)
    }
}

/// Types whose references convert as they do.
macro_rules! references {
    ($($t:ty)*) => {
        $(
            impl IntoPython for &$t {
                fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
                    self.clone().into_python(py)
                }
            }
        )*
    };
}

references! { bool i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize f32 f64 char BigInt Bytes }

impl IntoPython for &String {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        self.as_str().into_python(py)
    }
}

fn values<T: IntoPython>(items: impl Iterator<Item = T>, py: &mut Python<'_>) -> Result<Vec<Value>> {
    items.map(|item| item.into_python(py).map(Object::into_value)).collect()
}

impl<T: IntoPython> IntoPython for Vec<T> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        let items = values(self.into_iter(), py)?;
        Ok(Object::new(py.thread().list(items)))
    }
}

impl<T: IntoPython, const N: usize> IntoPython for [T; N] {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        let items = values(self.into_iter(), py)?;
        Ok(Object::new(py.thread().list(items)))
    }
}

impl<'a, T> IntoPython for &'a [T]
where
    &'a T: IntoPython,
{
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        let items = values(self.iter(), py)?;
        Ok(Object::new(py.thread().list(items)))
    }
}

impl<'a, T> IntoPython for &'a Vec<T>
where
    &'a T: IntoPython,
{
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        self.as_slice().into_python(py)
    }
}

fn dict<K: IntoPython, V: IntoPython>(
    entries: impl Iterator<Item = (K, V)>,
    py: &mut Python<'_>,
) -> Result<Object> {
    let dict = py.thread().dict();
    for (key, value) in entries {
        let (key, value) = (key.into_python(py)?, value.into_python(py)?.into_value());
        let key = key.into_value();
        let stored = py.thread().dict_set(&dict, &key, value);
        py.check(stored)?;
    }
    Ok(Object::new(dict.into_value()))
}

impl<K: IntoPython, V: IntoPython, S> IntoPython for HashMap<K, V, S> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        dict(self.into_iter(), py)
    }
}

impl<K: IntoPython, V: IntoPython> IntoPython for BTreeMap<K, V> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        dict(self.into_iter(), py)
    }
}

fn set<T: IntoPython>(items: impl Iterator<Item = T>, py: &mut Python<'_>) -> Result<Object> {
    let items = values(items, py)?;
    let th = py.thread();
    let items = th.list(items);
    let set = vm::builtins::module::builtin(th, "set").and_then(|class| th.call(&class, &[items]));
    py.object(set)
}

impl<T: IntoPython, S> IntoPython for HashSet<T, S> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        set(self.into_iter(), py)
    }
}

impl<T: IntoPython> IntoPython for BTreeSet<T> {
    fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
        set(self.into_iter(), py)
    }
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {
        $(
            impl<$($name: IntoPython),*> IntoPython for ($($name,)*) {
                #[expect(non_snake_case, reason = "a macro over the names of type parameters")]
                fn into_python(self, py: &mut Python<'_>) -> Result<Object> {
                    let ($($name,)*) = self;
                    let items = vec![$($name.into_python(py)?.into_value()),*];
                    Ok(Object::new(py.thread().tuple(items)))
                }
            }
        )*
    };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
