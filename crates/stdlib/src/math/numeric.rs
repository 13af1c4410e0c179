//! Functions of floats that are not one call of the C library: gamma, exact sums, norms, neighbours.
//!
//! Not here: errors. A function answers NaN or an infinity, and the module decides what to raise.

use std::f64::consts::PI;

unsafe extern "C" {
    /// C's functions that Rust's library lacks, or computes by other formulas.
    pub safe fn asinh(x: f64) -> f64;
    pub safe fn acosh(x: f64) -> f64;
    pub safe fn atanh(x: f64) -> f64;
    pub safe fn erf(x: f64) -> f64;
    pub safe fn erfc(x: f64) -> f64;
    pub safe fn ldexp(x: f64, exponent: i32) -> f64;
}

/// Lanczos' approximation with 13 terms and this g, with the coefficients that Boost publishes.
const LANCZOS_G: f64 = 6.024_680_040_776_73;
const G_MINUS_HALF: f64 = 5.524_680_040_776_73;
const NUMERATOR: [f64; 13] = [
    23_531_376_880.410_76,
    42_919_803_642.649_1,
    35_711_959_237.355_67,
    17_921_034_426.037_21,
    6_039_542_586.352_028,
    1_439_720_407.311_721_6,
    248_874_557.862_054_17,
    31_426_415.585_400_194,
    2_876_370.628_935_372_4,
    186_056.265_395_223_48,
    8_071.672_002_365_816,
    210.824_277_751_579_35,
    2.506_628_274_631_000_2,
];
const DENOMINATOR: [f64; 13] = [
    0.0,
    39_916_800.0,
    120_543_840.0,
    150_917_976.0,
    105_258_076.0,
    45_995_730.0,
    13_339_535.0,
    2_637_558.0,
    357_423.0,
    32_670.0,
    1_925.0,
    66.0,
    1.0,
];

/// Lanczos' sum, a rational function of `x > 0`.
fn lanczos_sum(x: f64) -> f64 {
    let (mut over, mut under) = (0.0, 0.0);
    let terms = NUMERATOR.iter().zip(&DENOMINATOR);
    if x < 5.0 {
        for (n, d) in terms.rev() {
            over = over * x + n;
            under = under * x + d;
        }
    } else {
        // As a function of 1/x, which cannot overflow.
        for (n, d) in terms {
            over = over / x + n;
            under = under / x + d;
        }
    }
    over / under
}

/// `sin(pi * x)` of a finite number, exact where x is whole.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let r = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    1f64.copysign(x) * r
}

/// What a function with poles answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Special {
    /// A value.
    Value(f64),
    /// Not defined here.
    Domain,
    /// Too large.
    Range,
}

fn finite_or_range(r: f64) -> Special {
    if r.is_infinite() { Special::Range } else { Special::Value(r) }
}

/// The gamma function.
pub fn gamma(x: f64) -> Special {
    if x.is_nan() || x == f64::INFINITY {
        return Special::Value(x);
    }
    if x == f64::NEG_INFINITY || x == 0.0 {
        return Special::Domain;
    }
    if x == x.floor() {
        if x < 0.0 {
            return Special::Domain;
        }
        if x <= 23.0 {
            return Special::Value((1..x as u64).fold(1.0, |product, i| product * i as f64));
        }
    }
    let size = x.abs();
    if size < 1e-20 {
        return finite_or_range(1.0 / x);
    }
    if size > 200.0 {
        return if x < 0.0 { Special::Value(0.0 / sin_pi(x)) } else { Special::Range };
    }
    let y = size + G_MINUS_HALF;
    // The rounding error of y, of which the power below makes more.
    let error = if size > G_MINUS_HALF { y - size - G_MINUS_HALF } else { y - G_MINUS_HALF - size };
    let correction = error * LANCZOS_G / y;
    let mut r;
    if x < 0.0 {
        r = -PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        r -= correction * r;
        if size < 140.0 {
            r /= y.powf(size - 0.5);
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            r /= root;
            r /= root;
        }
    } else {
        r = lanczos_sum(size) / y.exp();
        r += correction * r;
        if size < 140.0 {
            r *= y.powf(size - 0.5);
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            r *= root;
            r *= root;
        }
    }
    finite_or_range(r)
}

/// The logarithm of the absolute value of the gamma function.
pub fn lgamma(x: f64) -> Special {
    const LOG_PI: f64 = 1.144_729_885_849_400_2;
    if x.is_nan() {
        return Special::Value(x);
    }
    if x.is_infinite() {
        return Special::Value(f64::INFINITY);
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { Special::Domain } else { Special::Value(0.0) };
    }
    let size = x.abs();
    if size < 1e-20 {
        return Special::Value(-size.ln());
    }
    let mut r = lanczos_sum(size).ln() - LANCZOS_G;
    r += (size - 0.5) * ((size + LANCZOS_G - 0.5).ln() - 1.0);
    if x < 0.0 {
        r = LOG_PI - sin_pi(size).abs().ln() - size.ln() - r;
    }
    finite_or_range(r)
}

/// IEEE's remainder: `x - n*y` for the nearest whole n, the even one of two.
pub fn remainder(x: f64, y: f64) -> f64 {
    if x.is_finite() && y.is_finite() {
        if y == 0.0 {
            return f64::NAN;
        }
        let (ax, ay) = (x.abs(), y.abs());
        let m = ax % ay;
        let rest = ay - m;
        let r = if m < rest {
            m
        } else if m > rest {
            -rest
        } else {
            m - 2.0 * ((0.5 * (ax - m)) % ay)
        };
        return 1f64.copysign(x) * r;
    }
    if x.is_nan() {
        x
    } else if y.is_nan() {
        y
    } else if x.is_infinite() {
        f64::NAN
    } else {
        x
    }
}

/// `(m, e)` with `x == m * 2**e` and m in [0.5, 1); of zeros, infinities and NaNs (x, 0).
pub fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let mut x = x;
    let mut exponent = 0;
    if x.abs() < f64::MIN_POSITIVE {
        x *= 18_014_398_509_481_984.0; // 2**54
        exponent = -54;
    }
    let bits = x.to_bits();
    exponent += (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

/// Sum and rounding error.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// Sum and rounding error, where a is the larger.
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// Product and rounding error.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// A sum of products in three times the precision (Ogita, Rump, Oishi 2005).
#[derive(Debug, Clone, Copy, Default)]
pub struct TripleSum {
    high: f64,
    low: f64,
    tiny: f64,
}

impl TripleSum {
    /// The sum with `x * y` more.
    pub fn plus_product(self, x: f64, y: f64) -> TripleSum {
        let (product, product_error) = two_product(x, y);
        let (high, high_error) = two_sum(self.high, product);
        let (middle, middle_error) = two_sum(self.low, product_error);
        let (low, low_error) = two_sum(middle, high_error);
        TripleSum { high, low, tiny: self.tiny + middle_error + low_error }
    }

    /// False once something overflowed.
    pub fn is_finite(self) -> bool {
        self.high.is_finite()
    }

    /// The sum.
    pub fn value(self) -> f64 {
        let (sum, error) = two_sum(self.low, self.high);
        self.tiny + error + sum
    }
}

/// The Euclidean norm of absolute values, of which `max` is the largest.
pub fn norm(values: &mut [f64], max: f64, has_nan: bool) -> f64 {
    if max.is_infinite() {
        return max;
    }
    if has_nan {
        return f64::NAN;
    }
    if max == 0.0 || values.len() <= 1 {
        return max;
    }
    let (_, exponent) = frexp(max);
    if exponent < -1023 {
        // The scale below would overflow: subnormals are made normal first.
        values.iter_mut().for_each(|x| *x /= f64::MIN_POSITIVE);
        return f64::MIN_POSITIVE * norm(values, max / f64::MIN_POSITIVE, false);
    }
    let scale = ldexp(1.0, -exponent);
    // Starting from 1, the sum always is the larger addend.
    let (mut sum, mut products, mut sums) = (1.0, 0.0, 0.0);
    let mut add = |x: f64, y: f64| {
        let (product, product_error) = two_product(x, y);
        let (new, error) = fast_two_sum(sum, product);
        sum = new;
        products += product_error;
        sums += error;
        new - 1.0 + (products + sums)
    };
    let mut square = 0.0;
    for &x in values.iter() {
        square = add(x * scale, x * scale);
    }
    let root = square.sqrt();
    // The error of the root, by one step of Newton's.
    let rest = add(-root, root);
    (root + rest / (2.0 * root)) / scale
}

/// Shewchuk's exact sum: partial sums without overlap, smallest first.
#[derive(Debug, Default)]
pub struct ExactSum {
    partials: Vec<f64>,
    special: f64,
    infinities: f64,
}

/// Why an exact sum has no value.
#[derive(Debug, PartialEq, Eq)]
pub enum SumError {
    /// Finite addends overflowed.
    Overflow,
    /// Infinities of both signs.
    Opposite,
}

impl ExactSum {
    /// Adds a number.
    pub fn add(&mut self, number: f64) -> Result<(), SumError> {
        let mut x = number;
        let mut kept = 0;
        for i in 0..self.partials.len() {
            let mut y = self.partials[i];
            if x.abs() < y.abs() {
                (x, y) = (y, x);
            }
            let (high, low) = fast_two_sum(x, y);
            if low != 0.0 {
                self.partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.partials.truncate(kept);
        if x == 0.0 {
            return Ok(());
        }
        if x.is_finite() {
            self.partials.push(x);
            return Ok(());
        }
        if number.is_finite() {
            return Err(SumError::Overflow);
        }
        if number.is_infinite() {
            self.infinities += number;
        }
        self.special += number;
        self.partials.clear();
        Ok(())
    }

    /// The sum, correctly rounded.
    pub fn finish(mut self) -> Result<f64, SumError> {
        if self.special != 0.0 {
            return if self.infinities.is_nan() { Err(SumError::Opposite) } else { Ok(self.special) };
        }
        let Some(mut high) = self.partials.pop() else { return Ok(0.0) };
        let mut low = 0.0;
        while let Some(y) = self.partials.pop() {
            (high, low) = fast_two_sum(high, y);
            if low != 0.0 {
                break;
            }
        }
        // A tie is decided by the next partial sum.
        if let Some(next) = self.partials.last()
            && (low < 0.0 && *next < 0.0 || low > 0.0 && *next > 0.0)
        {
            let twice = low * 2.0;
            let sum = high + twice;
            if twice == sum - high {
                high = sum;
            }
        }
        Ok(high)
    }
}

/// The float next to `x` towards `y`; where that is zero it has the sign of `x`.
pub fn next_after_once(x: f64, y: f64) -> f64 {
    let next = next_after(x, y, 1);
    if next == 0.0 && x != y { next.copysign(x) } else { next }
}

/// The float `steps` after x towards y.
pub fn next_after(x: f64, y: f64, steps: u64) -> f64 {
    const SIGN: u64 = 1 << 63;
    if steps == 0 || x.is_nan() {
        return x;
    }
    if y.is_nan() {
        return y;
    }
    let (bx, by) = (x.to_bits(), y.to_bits());
    if bx == by || x == y {
        return y;
    }
    let (ax, ay) = (bx & !SIGN, by & !SIGN);
    f64::from_bits(if (bx ^ by) & SIGN != 0 {
        if ax + ay <= steps {
            by
        } else if ax < steps {
            by & SIGN | (steps - ax)
        } else {
            bx - steps
        }
    } else if ax > ay {
        if ax - ay >= steps { bx - steps } else { by }
    } else if ay - ax >= steps {
        bx + steps
    } else {
        by
    })
}

/// The value of the last bit of x.
pub fn ulp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let x = x.abs();
    if x.is_infinite() {
        return x;
    }
    let next = x.next_up();
    if next.is_infinite() { x - x.next_down() } else { next - x }
}

/// `math.isclose`, once the tolerances are known to be no negative ones.
pub fn is_close(a: f64, b: f64, relative: f64, absolute: f64) -> bool {
    if a == b {
        return true;
    }
    if a.is_infinite() || b.is_infinite() {
        return false;
    }
    let difference = (b - a).abs();
    difference <= (relative * b).abs() || difference <= (relative * a).abs() || difference <= absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_whole_numbers_is_a_factorial() {
        assert_eq!(gamma(1.0), Special::Value(1.0));
        assert_eq!(gamma(5.0), Special::Value(24.0));
        assert_eq!(gamma(23.0), Special::Value(1_124_000_727_777_607_680_000.0));
        assert_eq!(gamma(-1.0), Special::Domain);
        assert_eq!(gamma(172.0), Special::Range);
        assert_eq!(gamma(0.5), Special::Value(1.772_453_850_905_515_9));
        assert_eq!(gamma(-1.5), Special::Value(2.363_271_801_207_354_4));
        assert_eq!(gamma(170.5), Special::Value(5.562_092_414_56e305));
        assert_eq!(lgamma(10.5), Special::Value(13.940_625_219_403_763));
        assert_eq!(lgamma(-0.5), Special::Value(1.265_512_123_484_645));
        assert_eq!(lgamma(2.0), Special::Value(0.0));
    }

    #[test]
    fn sums_are_exact() {
        let sum = |values: &[f64]| {
            let mut sum = ExactSum::default();
            values.iter().try_for_each(|x| sum.add(*x)).and_then(|()| sum.finish())
        };
        assert_eq!(sum(&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50]), Ok(1e-100));
        assert_eq!(sum(&[0.1; 10]), Ok(1.0));
        assert_eq!(sum(&[1e16, 1.0, 1e-16]), Ok(10_000_000_000_000_002.0));
        assert_eq!(sum(&[1e308, 1e308, -1e308]), Err(SumError::Overflow));
        assert_eq!(sum(&[f64::INFINITY, f64::NEG_INFINITY]), Err(SumError::Opposite));
    }

    #[test]
    fn norms_scale() {
        assert_eq!(norm(&mut [3.0, 4.0], 4.0, false), 5.0);
        assert_eq!(norm(&mut [3e300, 4e300], 4e300, false), 5e300);
        assert_eq!(norm(&mut [3.0 * 5e-324, 4.0 * 5e-324], 4.0 * 5e-324, false), 5.0 * 5e-324);
    }

    #[test]
    fn mantissas_and_neighbours() {
        assert_eq!(frexp(8.0), (0.5, 4));
        assert_eq!(frexp(-5e-324), (-0.5, -1073));
        assert_eq!(next_after(0.0, 1.0, 1), 5e-324);
        assert_eq!(next_after(0.0, -1.0, 2), -1e-323);
        assert_eq!(next_after(1.0, 2.0, u64::MAX), 2.0);
        assert_eq!(ulp(1.0), f64::EPSILON);
        assert_eq!(remainder(5.0, 2.0), 1.0);
        assert_eq!(remainder(7.0, 2.0), -1.0);
    }
}
