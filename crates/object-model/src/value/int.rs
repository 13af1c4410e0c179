//! Immediate integers: `x11`, 62 bits, so that sums, differences and comparisons work on the words themselves.
//!
//! Not here: heap integers (`number`).

use super::Value;

/// The low bits of an immediate int.
pub const INT_TAG: u64 = 3;
/// The smallest immediate int.
pub const SMALL_MIN: i64 = -(1 << 61);
/// The largest immediate int.
pub const SMALL_MAX: i64 = (1 << 61) - 1;

/// True if both words are immediate ints.
#[inline(always)]
pub const fn both_int(a: u64, b: u64) -> bool {
    a & b & INT_TAG == INT_TAG
}

/// The word of `i`, which must fit 62 bits.
#[inline(always)]
pub const fn int_word(i: i64) -> u64 {
    ((i << 2) as u64) | INT_TAG
}

/// The number in an int word.
#[inline(always)]
pub const fn word_int(word: u64) -> i64 {
    word as i64 >> 2
}

/// Sum of two int words, or None when it leaves 62 bits.
#[inline(always)]
pub const fn add_words(a: u64, b: u64) -> Option<u64> {
    match (a - INT_TAG).cast_signed().overflowing_add(b.cast_signed()) {
        (sum, false) => Some(sum as u64),
        _ => None,
    }
}

/// Difference of two int words.
#[inline(always)]
pub const fn sub_words(a: u64, b: u64) -> Option<u64> {
    match a.cast_signed().overflowing_sub(b.cast_signed()) {
        (difference, false) => Some(difference as u64 | INT_TAG),
        _ => None,
    }
}

/// Product of two int words.
#[inline(always)]
pub const fn mul_words(a: u64, b: u64) -> Option<u64> {
    match (a - INT_TAG).cast_signed().overflowing_mul(word_int(b)) {
        (product, false) => Some(product as u64 | INT_TAG),
        _ => None,
    }
}

impl Value {
    /// An immediate int, if `i` fits 62 bits.
    #[inline(always)]
    pub const fn small_int(i: i64) -> Option<Value> {
        if i >= SMALL_MIN && i <= SMALL_MAX {
            // SAFETY: an int word is a valid encoding.
            Some(unsafe { Value::from_word(int_word(i)) })
        } else {
            None
        }
    }

    /// An immediate int from a number that always fits.
    #[inline(always)]
    pub const fn int32(i: i32) -> Value {
        // SAFETY: 32 bits fit 62; an int word is a valid encoding.
        unsafe { Value::from_word(int_word(i as i64)) }
    }

    /// The number, if this is an immediate int.
    #[inline(always)]
    pub const fn as_small_int(&self) -> Option<i64> {
        if self.word() & INT_TAG == INT_TAG { Some(word_int(self.word())) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_on_words_is_arithmetic_on_numbers() {
        for a in [0, 1, -1, 5, SMALL_MIN, SMALL_MAX, 1 << 40] {
            for b in [0, 1, -1, 7, SMALL_MIN, SMALL_MAX, -(1 << 30)] {
                let fits =
                    |x: i128| (x >= SMALL_MIN as i128 && x <= SMALL_MAX as i128).then(|| int_word(x as i64));
                let (wa, wb) = (int_word(a), int_word(b));
                assert!(both_int(wa, wb));
                assert_eq!(add_words(wa, wb), fits(a as i128 + b as i128), "{a} + {b}");
                assert_eq!(sub_words(wa, wb), fits(a as i128 - b as i128), "{a} - {b}");
                assert_eq!(mul_words(wa, wb), fits(a as i128 * b as i128), "{a} * {b}");
                assert_eq!((wa as i64) < (wb as i64), a < b);
            }
        }
    }
}
