//! Immediate floats: ±0.0, denormals and 2^-255 ≤ |x| < 2^257 are rotated so that their exponent gives the tag.
//!
//! Not here: the other floats (inf, nan, very large, very small), which are heap objects (`number`).

use super::Value;

const BIAS: u64 = 1 << 60;
/// Bit `t` is set if low bits `t` mean a float; repeated, so that a `bt` on the word's low five bits answers.
const TAGS: u32 = 0x3232_3232;

/// True if the word is an immediate float.
#[inline(always)]
pub const fn is_float_word(word: u64) -> bool {
    TAGS >> (word & 31) & 1 != 0
}

/// The number in a float word.
#[inline(always)]
pub const fn word_float(word: u64) -> f64 {
    f64::from_bits(word.rotate_right(4).wrapping_sub(BIAS))
}

/// The word of `x`, or None if it needs a heap object.
#[inline(always)]
pub const fn float_word(x: f64) -> Option<u64> {
    let word = x.to_bits().wrapping_add(BIAS).rotate_left(4);
    if is_float_word(word) { Some(word) } else { None }
}

impl Value {
    /// An immediate float, if `x` has such an encoding.
    #[inline(always)]
    pub const fn immediate_float(x: f64) -> Option<Value> {
        match float_word(x) {
            // SAFETY: a float word is a valid encoding; its tag is not zero.
            Some(word) => Some(unsafe { Value::from_word(word) }),
            None => None,
        }
    }

    /// The number, if this is an immediate float.
    #[inline(always)]
    pub const fn as_immediate_float(&self) -> Option<f64> {
        if is_float_word(self.word()) { Some(word_float(self.word())) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn immediates_round_trip_and_the_rest_is_refused() {
        let immediate =
            [0.0, -0.0, 1.0, -1.5, 1e-300 * 0.0, 5e-324, 1e70, -1e-70, std::f64::consts::PI, 2f64.powi(256)];
        for x in immediate {
            let word = float_word(x).unwrap();
            assert!(is_float_word(word));
            assert_eq!(word_float(word).to_bits(), x.to_bits());
        }
        for x in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e200, 1e-200] {
            assert_eq!(float_word(x), None, "{x}");
        }
    }
}
