//! `hash()` of any object, with the numbers that CPython gives.
//!
//! Not here: the hash of strings (`object_model::string`), of frozensets (`builtins::set`).

use object_model::number::float;
use object_model::shape::builtin;

use crate::builtins::float::as_exact_float;
use crate::builtins::int::{as_exact_int, as_int};
use crate::class::{Plain, exact_str, special, type_of};
use crate::error::Raised;
use crate::names::Special;
use crate::prelude::*;

/// `hash(None)`
const NONE_HASH: i64 = 0xFCA8_6420;

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

/// The hash of a tuple from those of its items: xxHash's accumulator, as CPython uses it.
#[derive(Debug, Clone, Copy)]
pub struct TupleHasher(u64);

impl TupleHasher {
    /// No items yet.
    pub const fn new() -> TupleHasher {
        TupleHasher(PRIME_5)
    }

    /// Adds the hash of the next item.
    #[inline]
    pub const fn add(&mut self, hash: i64) {
        let lane = (hash as u64).wrapping_mul(PRIME_2);
        self.0 = self.0.wrapping_add(lane).rotate_left(31).wrapping_mul(PRIME_1);
    }

    /// The hash of so many items.
    #[inline]
    pub const fn finish(self, length: usize) -> i64 {
        match self.0.wrapping_add(length as u64 ^ (PRIME_5 ^ 3_527_539)) {
            u64::MAX => 1_546_275_796,
            hash => hash as i64,
        }
    }
}

impl Default for TupleHasher {
    fn default() -> TupleHasher {
        TupleHasher::new()
    }
}

/// `object.__hash__`: by identity.
#[inline]
pub fn identity(value: &Value) -> i64 {
    // Addresses are multiples of 16: their low bits say nothing.
    match value.word().rotate_right(4) as i64 {
        -1 => -2,
        hash => hash,
    }
}

/// The hash of what has one at hand: a small int, or exactly a `str`.
#[inline(always)]
pub fn quick(value: &Value) -> Option<i64> {
    if let Some(i) = value.as_small_int() {
        // Numbers are hashed modulo this one; -1 is no hash.
        let is_own = i.unsigned_abs() < (1 << 61) - 1;
        return is_own.then_some(if i == -1 { -2 } else { i });
    }
    exact_str(value).map(|text| text.hash())
}

/// The hash of a float; a NaN's is its object's identity.
pub fn of_float(value: &Value, x: f64) -> i64 {
    float::hash(x).unwrap_or_else(|| identity(value))
}

impl Thread {
    /// `hash(value)`
    #[inline]
    pub fn hash(&mut self, value: &Value) -> PyResult<i64> {
        if let Some(text) = exact_str(value) {
            return Ok(text.hash());
        }
        if let Some(i) = as_exact_int(value) {
            return Ok(i.hash());
        }
        self.hash_object(value)
    }

    fn hash_object(&mut self, value: &Value) -> PyResult<i64> {
        if let Some(x) = as_exact_float(value) {
            return Ok(of_float(value, x));
        }
        if value.is_none() {
            return Ok(NONE_HASH);
        }
        if let Some(header) = value.as_header()
            && header.shape_id() == builtin::TUPLE
        {
            // SAFETY: the shape says that the payload is a `Tuple`.
            return self.hash_tuple(unsafe { Obj::borrow_unchecked(value) });
        }
        let class = type_of(value);
        let Some(method) = special::get(self, class, Special::Hash) else { return Ok(identity(value)) };
        if method.is_none() {
            return Err(self.unhashable(value));
        }
        if Plain::cell()
            .get()
            .and_then(|object| special::get(self, object, Special::Hash))
            .is_some_and(|m| m.is(method))
        {
            return Ok(identity(value));
        }
        let method = method.clone();
        let result = self.call_special_method(&method, value, class, &[])?;
        if let Some(i) = as_int(&result) {
            // A number beyond a machine word is hashed in turn.
            return Ok(match i.to_i64() {
                Some(-1) => -2,
                Some(hash) => hash,
                None => i.hash(),
            });
        }
        Err(self.type_error("__hash__ method should return an integer"))
    }

    /// The hash of a tuple.
    pub fn hash_tuple(&mut self, tuple: &Obj<Tuple>) -> PyResult<i64> {
        self.check_native_stack()?;
        let mut hasher = TupleHasher::new();
        for item in tuple.items() {
            hasher.add(self.hash(item)?);
        }
        Ok(hasher.finish(tuple.len()))
    }

    #[cold]
    fn unhashable(&mut self, value: &Value) -> Raised {
        let name = self.type_name(value);
        self.type_error(format_args!("unhashable type: '{name}'"))
    }

    /// The hash of a key of a dict.
    #[inline]
    pub fn hash_key(&mut self, key: &Value) -> PyResult<i64> {
        match self.hash(key) {
            Ok(hash) => Ok(hash),
            Err(raised) => Err(self.explain_unhashable(raised, key, "a dict key")),
        }
    }

    /// The hash of an element of a set.
    #[inline]
    pub fn hash_element(&mut self, element: &Value) -> PyResult<i64> {
        match self.hash(element) {
            Ok(hash) => Ok(hash),
            Err(raised) => Err(self.explain_unhashable(raised, element, "a set element")),
        }
    }

    /// Says in what role the value had to be hashed, if the exception is exactly a TypeError.
    #[cold]
    fn explain_unhashable(&mut self, raised: Raised, value: &Value, role: &str) -> Raised {
        let exactly = self.raised.as_ref().is_some_and(|e| std::ptr::eq(type_of(e), Exc::TypeError.class()));
        if !exactly {
            return raised;
        }
        let error = self.take_exception();
        let text = match self.str_of(&error) {
            Ok(text) => text.units().to_str_lossy().into_owned(),
            Err(raised) => return raised,
        };
        let name = crate::class::full_name(self, type_of(value));
        self.type_error(format_args!("cannot use '{name}' as {role} ({text})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_of_ints_hash_as_in_cpython() {
        let hash = |items: &[i64]| {
            let mut hasher = TupleHasher::new();
            items.iter().for_each(|item| hasher.add(*item));
            hasher.finish(items.len())
        };
        assert_eq!(hash(&[]), 5740354900026072187);
        assert_eq!(hash(&[1]), -6644214454873602895);
        assert_eq!(hash(&[1, 2, 3]), 529344067295497451);
    }
}
