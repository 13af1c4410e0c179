//! `math`: functions of real numbers.
//!
//! Results are those of the platform's C library; errors are told by the result, as Annex F of C99 has them: a NaN from
//! numbers is a domain error, an infinity from finite numbers an overflow or a pole.
//!
//! Not here: the algorithms (`numeric`, `whole`).

pub mod numeric;
mod whole;

use numeric::Special;
use object_model::number::IntRef;
use vm::builtins::float::as_exact_float;
use vm::builtins::int::{as_exact_int, as_int};
use vm::error::Raised;
use vm::prelude::*;

#[cold]
fn domain(th: &mut Thread, expected: &str, x: f64) -> Raised {
    if expected.is_empty() {
        return th.value_error("math domain error");
    }
    th.value_error(format_args!("{expected} {}", object_model::number::float::repr(x)))
}

#[cold]
fn range(th: &mut Thread) -> Raised {
    th.overflow_error("math range error")
}

/// The result of a function of one float: a NaN is a domain error, an infinity an overflow if that can happen, else a
/// pole.
#[inline]
fn one(th: &mut Thread, x: f64, result: f64, overflows: bool, expected: &str) -> PyResult<f64> {
    if result.is_finite() || result.is_nan() && x.is_nan() || result.is_infinite() && !x.is_finite() {
        return Ok(result);
    }
    if result.is_infinite() && overflows {
        return Err(range(th));
    }
    Err(domain(th, expected, x))
}

/// The result of a function of two floats.
#[inline]
fn two(th: &mut Thread, x: f64, y: f64, result: f64) -> PyResult<f64> {
    if result.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain(th, "", x));
    }
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(range(th));
    }
    Ok(result)
}

/// The result of a function with poles.
fn special(th: &mut Thread, x: f64, result: Special) -> PyResult<f64> {
    match result {
        Special::Value(x) => Ok(x),
        Special::Domain => Err(domain(th, "expected a noninteger or positive integer, got", x)),
        Special::Range => Err(range(th)),
    }
}

/// A logarithm, of ints beyond floats too.
fn logarithm(th: &mut Thread, value: &Value, log: fn(f64) -> f64) -> PyResult<f64> {
    let Some(i) = as_int(value) else {
        let x = th.to_f64(value)?;
        if x > 0.0 || x.is_nan() {
            return Ok(log(x));
        }
        return Err(domain(th, "expected a positive input, got", x));
    };
    if i.signum() <= 0 {
        return Err(th.value_error("expected a positive input"));
    }
    if let Ok(x) = i.to_f64() {
        return Ok(log(x));
    }
    // i is m * 2**bits with m in [0.5, 1], of which 64 bits and whether others follow decide the float.
    let bits = i.bit_length();
    let shift = IntRef::Small((bits - 64) as i64);
    let top = th.check(i.shr(shift))?;
    let exact = th.check(top.as_ref().shl(shift))?.as_ref().eq(i);
    let m = th.check(top.as_ref().or(IntRef::Small((!exact).into())).as_ref().to_f64())?;
    Ok(log(m / 18_446_744_073_709_551_616.0) + log(2.0) * bits as f64)
}

/// `math.floor` and `math.ceil`
fn rounded(th: &mut Thread, x: &Value, method: vm::names::Special, round: fn(f64) -> f64) -> PyResult {
    let number = match as_exact_float(x) {
        Some(x) => x,
        None => {
            if let Some(result) = th.call_special(x, method, &[])? {
                return Ok(result);
            }
            th.to_f64(x)?
        }
    };
    let whole = th.check(object_model::number::Int::from_f64(round(number)))?;
    Ok(th.int_value(whole))
}

/// Absolute values of coordinates, the largest, and whether there is a NaN.
#[derive(Default)]
struct Coordinates {
    values: Vec<f64>,
    max: f64,
    has_nan: bool,
}

impl Coordinates {
    fn add(&mut self, x: f64) {
        let x = x.abs();
        self.has_nan |= x.is_nan();
        if x > self.max {
            self.max = x;
        }
        self.values.push(x);
    }

    fn norm(mut self) -> f64 {
        numeric::norm(&mut self.values, self.max, self.has_nan)
    }
}

/// The operands of a product that floats can compute: two floats, or a float and an int.
fn float_pair(p: &Value, q: &Value) -> Option<(f64, f64)> {
    match (as_exact_float(p), as_exact_float(q)) {
        (Some(x), Some(y)) => Some((x, y)),
        (Some(x), None) => Some((x, as_exact_int(q)?.to_f64().ok()?)),
        (None, Some(y)) => Some((as_exact_int(p)?.to_f64().ok()?, y)),
        (None, None) => None,
    }
}

/// Running totals of `sumprod`: machine ints and floats as long as the items allow, then anything.
struct SumProduct {
    total: Value,
    ints: Option<i64>,
    floats: Option<numeric::TripleSum>,
    has_floats: bool,
}

impl SumProduct {
    fn new() -> SumProduct {
        SumProduct {
            total: Value::int32(0),
            ints: Some(0),
            floats: Some(numeric::TripleSum::default()),
            has_floats: false,
        }
    }

    fn end_ints(&mut self, th: &mut Thread) -> PyResult<()> {
        if let Some(ints) = self.ints.take()
            && ints != 0
        {
            let term = th.int(ints);
            self.total = th.binary_op(BinaryOp::Add, &self.total, &term)?;
        }
        Ok(())
    }

    fn end_floats(&mut self, th: &mut Thread) -> PyResult<()> {
        if let Some(floats) = self.floats.take()
            && self.has_floats
        {
            let term = th.float(floats.value());
            self.total = th.binary_op(BinaryOp::Add, &self.total, &term)?;
        }
        Ok(())
    }

    fn add(&mut self, th: &mut Thread, p: &Value, q: &Value) -> PyResult<()> {
        if let Some(ints) = self.ints {
            if let (Some(x), Some(y)) = (p.as_small_int(), q.as_small_int())
                && let Some(sum) = x.checked_mul(y).and_then(|product| ints.checked_add(product))
            {
                self.ints = Some(sum);
                return Ok(());
            }
            self.end_ints(th)?;
        }
        if let Some(floats) = self.floats {
            if let Some((x, y)) = float_pair(p, q) {
                let next = floats.plus_product(x, y);
                if next.is_finite() {
                    self.floats = Some(next);
                    self.has_floats = true;
                    return Ok(());
                }
            }
            self.end_floats(th)?;
        }
        let term = th.binary_op(BinaryOp::Mul, p, q)?;
        self.total = th.binary_op(BinaryOp::Add, &self.total, &term)?;
        Ok(())
    }
}

#[pymodule(name = "math", doc = "Functions of real numbers, as the C standard defines them.")]
pub mod module {
    use super::*;

    #[pyattr(name = "pi")]
    const PI: f64 = std::f64::consts::PI;
    #[pyattr(name = "e")]
    const E: f64 = std::f64::consts::E;
    #[pyattr(name = "tau")]
    const TAU: f64 = std::f64::consts::TAU;
    #[pyattr(name = "inf")]
    const INF: f64 = f64::INFINITY;
    #[pyattr(name = "nan")]
    const NAN: f64 = f64::NAN;

    /// The angle in radians, from 0 to pi, whose cosine is x.
    #[pyfunction]
    fn acos(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.acos(), false, "expected a number in range from -1 up to 1, got")
    }

    /// The inverse hyperbolic cosine of x.
    #[pyfunction]
    fn acosh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, numeric::acosh(x), false, "expected argument value not less than 1, got")
    }

    /// The angle in radians, from -pi/2 to pi/2, whose sine is x.
    #[pyfunction]
    fn asin(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.asin(), false, "expected a number in range from -1 up to 1, got")
    }

    /// The inverse hyperbolic sine of x.
    #[pyfunction]
    fn asinh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, numeric::asinh(x), false, "")
    }

    /// The angle in radians, from -pi/2 to pi/2, whose tangent is x.
    #[pyfunction]
    fn atan(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.atan(), false, "")
    }

    /// The inverse hyperbolic tangent of x.
    #[pyfunction]
    fn atanh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, numeric::atanh(x), false, "expected a number between -1 and 1, got")
    }

    /// The cube root of x.
    #[pyfunction]
    fn cbrt(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.cbrt(), false, "")
    }

    /// The cosine of x radians.
    #[pyfunction]
    fn cos(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.cos(), false, "expected a finite input, got")
    }

    /// The hyperbolic cosine of x.
    #[pyfunction]
    fn cosh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.cosh(), true, "")
    }

    /// The error function at x.
    #[pyfunction]
    fn erf(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, numeric::erf(x), false, "")
    }

    /// The complementary error function at x.
    #[pyfunction]
    fn erfc(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, numeric::erfc(x), false, "")
    }

    /// e raised to the power of x.
    #[pyfunction]
    fn exp(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.exp(), true, "")
    }

    /// 2 raised to the power of x.
    #[pyfunction]
    fn exp2(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.exp2(), true, "")
    }

    /// exp(x) - 1, precise for small x too.
    #[pyfunction]
    fn expm1(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.exp_m1(), true, "")
    }

    /// The absolute value of x, a float.
    #[pyfunction]
    fn fabs(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.abs(), false, "")
    }

    /// The natural logarithm of 1 + x, precise for small x too.
    #[pyfunction]
    fn log1p(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, if x == 0.0 { x } else { x.ln_1p() }, false, "expected argument value > -1, got")
    }

    /// The sine of x radians.
    #[pyfunction]
    fn sin(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.sin(), false, "expected a finite input, got")
    }

    /// The hyperbolic sine of x.
    #[pyfunction]
    fn sinh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.sinh(), true, "")
    }

    /// The square root of x.
    #[pyfunction]
    fn sqrt(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.sqrt(), false, "expected a nonnegative input, got")
    }

    /// The tangent of x radians.
    #[pyfunction]
    fn tan(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.tan(), false, "expected a finite input, got")
    }

    /// The hyperbolic tangent of x.
    #[pyfunction]
    fn tanh(th: &mut Thread, x: f64) -> PyResult<f64> {
        one(th, x, x.tanh(), false, "")
    }

    /// The gamma function at x.
    #[pyfunction]
    fn gamma(th: &mut Thread, x: f64) -> PyResult<f64> {
        special(th, x, numeric::gamma(x))
    }

    /// The natural logarithm of the absolute value of gamma(x).
    #[pyfunction]
    fn lgamma(th: &mut Thread, x: f64) -> PyResult<f64> {
        special(th, x, numeric::lgamma(x))
    }

    /// The angle of the point (x, y) in radians, by the signs of both.
    #[pyfunction]
    fn atan2(th: &mut Thread, y: f64, x: f64) -> PyResult<f64> {
        two(th, y, x, y.atan2(x))
    }

    /// The absolute value of x with the sign of y.
    #[pyfunction]
    fn copysign(x: f64, y: f64) -> f64 {
        x.copysign(y)
    }

    /// The rest of x / y that C computes, with the sign of x.
    #[pyfunction]
    fn fmod(th: &mut Thread, x: f64, y: f64) -> PyResult<f64> {
        if y.is_infinite() && x.is_finite() {
            return Ok(x);
        }
        two(th, x, y, x % y)
    }

    /// The difference between x and the nearest multiple of y, the even one of two.
    #[pyfunction]
    fn remainder(th: &mut Thread, x: f64, y: f64) -> PyResult<f64> {
        two(th, x, y, numeric::remainder(x, y))
    }

    /// x * y + z, rounded once.
    #[pyfunction]
    fn fma(th: &mut Thread, x: f64, y: f64, z: f64) -> PyResult<f64> {
        let result = x.mul_add(y, z);
        if result.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
            return Err(th.value_error("invalid operation in fma"));
        }
        if result.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
            return Err(th.overflow_error("overflow in fma"));
        }
        Ok(result)
    }

    /// x raised to the power of y, both as floats.
    #[pyfunction]
    fn pow(th: &mut Thread, x: f64, y: f64) -> PyResult<f64> {
        let result = x.powf(y);
        if x.is_finite() && y.is_finite() && !result.is_finite() {
            return Err(if result.is_nan() || x == 0.0 { domain(th, "", x) } else { range(th) });
        }
        Ok(result)
    }

    /// The logarithm of x to the given base, natural without one.
    #[pyfunction]
    fn log(th: &mut Thread, x: &Value, base: Option<&Value>) -> PyResult {
        let logarithm_of_x = logarithm(th, x, f64::ln)?;
        let number = th.float(logarithm_of_x);
        let Some(base) = base else { return Ok(number) };
        let base = logarithm(th, base, f64::ln)?;
        let base = th.float(base);
        th.binary_op(BinaryOp::TrueDiv, &number, &base)
    }

    /// The logarithm of x to base 2.
    #[pyfunction]
    fn log2(th: &mut Thread, x: &Value) -> PyResult<f64> {
        logarithm(th, x, f64::log2)
    }

    /// The logarithm of x to base 10.
    #[pyfunction]
    fn log10(th: &mut Thread, x: &Value) -> PyResult<f64> {
        logarithm(th, x, f64::log10)
    }

    /// The pair (m, e) with x == m * 2**e and 0.5 <= abs(m) < 1, or (x, 0).
    #[pyfunction]
    fn frexp(th: &mut Thread, x: f64) -> Value {
        let (mantissa, exponent) = numeric::frexp(x);
        let items = vec![th.float(mantissa), th.int(exponent.into())];
        th.tuple(items)
    }

    /// x * 2**i
    #[pyfunction]
    fn ldexp(th: &mut Thread, x: f64, i: &Value) -> PyResult<f64> {
        let Some(exponent) = as_int(i) else {
            return Err(th.type_error("Expected an int as second argument to ldexp."));
        };
        if x == 0.0 || !x.is_finite() {
            return Ok(x);
        }
        let sign = exponent.signum();
        let result = match exponent.to_i64().and_then(|e| i32::try_from(e).ok()) {
            Some(exponent) => numeric::ldexp(x, exponent),
            None if sign > 0 => f64::INFINITY,
            None => 0f64.copysign(x),
        };
        if result.is_infinite() { Err(range(th)) } else { Ok(result) }
    }

    /// The fractional and the whole part of x, both with its sign.
    #[pyfunction]
    fn modf(th: &mut Thread, x: f64) -> Value {
        let (fraction, whole) = if x.is_infinite() {
            (0f64.copysign(x), x)
        } else if x.is_nan() {
            (x, x)
        } else {
            (x.fract().copysign(x), x.trunc())
        };
        let items = vec![th.float(fraction), th.float(whole)];
        th.tuple(items)
    }

    /// The largest int that is not above x.
    #[pyfunction]
    fn floor(th: &mut Thread, x: &Value) -> PyResult {
        rounded(th, x, vm::names::Special::Floor, f64::floor)
    }

    /// The smallest int that is not below x.
    #[pyfunction]
    fn ceil(th: &mut Thread, x: &Value) -> PyResult {
        rounded(th, x, vm::names::Special::Ceil, f64::ceil)
    }

    /// x without its fraction, by `__trunc__`.
    #[pyfunction]
    fn trunc(th: &mut Thread, x: &Value) -> PyResult {
        if let Some(result) = th.call_special(x, vm::names::Special::Trunc, &[])? {
            return Ok(result);
        }
        let name = th.type_name(x);
        Err(th.type_error(format_args!("type {name} doesn't define __trunc__ method")))
    }

    /// x radians in degrees.
    #[pyfunction]
    fn degrees(x: f64) -> f64 {
        x * (180.0 / std::f64::consts::PI)
    }

    /// x degrees in radians.
    #[pyfunction]
    fn radians(x: f64) -> f64 {
        x * (std::f64::consts::PI / 180.0)
    }

    /// Whether x is neither infinite nor a NaN.
    #[pyfunction]
    fn isfinite(x: f64) -> bool {
        x.is_finite()
    }

    /// Whether x is a NaN.
    #[pyfunction]
    fn isnan(x: f64) -> bool {
        x.is_nan()
    }

    /// Whether x is an infinity.
    #[pyfunction]
    fn isinf(x: f64) -> bool {
        x.is_infinite()
    }

    /// Whether a and b differ by no more than one of the tolerances allows.
    #[pyfunction(signature = "(a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
    fn isclose(
        th: &mut Thread,
        a: f64,
        b: f64,
        rel_tol: Option<f64>,
        abs_tol: Option<f64>,
    ) -> PyResult<bool> {
        let (relative, absolute) = (rel_tol.unwrap_or(1e-9), abs_tol.unwrap_or(0.0));
        if relative < 0.0 || absolute < 0.0 {
            return Err(th.value_error("tolerances must be non-negative"));
        }
        Ok(numeric::is_close(a, b, relative, absolute))
    }

    /// The float that many steps after x towards y.
    #[pyfunction(signature = "(x, y, /, *, steps=None)")]
    fn nextafter(th: &mut Thread, x: f64, y: f64, steps: Option<&Value>) -> PyResult<f64> {
        let Some(steps) = steps.filter(|s| !s.is_none()) else { return Ok(numeric::next_after_once(x, y)) };
        let steps = whole::integer(th, steps)?;
        if steps.as_ref().is_negative() {
            return Err(th.value_error("steps must be a non-negative integer"));
        }
        Ok(numeric::next_after(x, y, steps.as_ref().to_u64().unwrap_or(u64::MAX)))
    }

    /// The value of the least significant bit of x.
    #[pyfunction]
    fn ulp(x: f64) -> f64 {
        numeric::ulp(x)
    }

    /// The sum of floats without intermediate rounding.
    #[pyfunction]
    fn fsum(th: &mut Thread, seq: &Value) -> PyResult<f64> {
        let mut sum = numeric::ExactSum::default();
        let iterator = th.iter(seq)?;
        while let Some(item) = th.next(&iterator)? {
            let x = th.to_f64(&item)?;
            if sum.add(x).is_err() {
                return Err(th.overflow_error("intermediate overflow in fsum"));
            }
        }
        sum.finish().map_err(|_| th.value_error("-inf + inf in fsum"))
    }

    /// The distance of a point from the origin.
    #[pyfunction(signature = "(*coordinates)")]
    fn hypot(th: &mut Thread, coordinates: &[Value]) -> PyResult<f64> {
        let mut all = Coordinates::default();
        for value in coordinates {
            all.add(th.to_f64(value)?);
        }
        Ok(all.norm())
    }

    /// The distance between two points.
    #[pyfunction]
    fn dist(th: &mut Thread, p: &Value, q: &Value) -> PyResult<f64> {
        let (p, q) = (th.collect(p)?, th.collect(q)?);
        if p.len() != q.len() {
            return Err(th.value_error("both points must have the same number of dimensions"));
        }
        let mut all = Coordinates::default();
        for (p, q) in p.iter().zip(&q) {
            all.add(th.to_f64(p)? - th.to_f64(q)?);
        }
        Ok(all.norm())
    }

    /// The sum of the products of what two iterables give in turn.
    #[pyfunction]
    fn sumprod(th: &mut Thread, p: &Value, q: &Value) -> PyResult {
        let (p, q) = (th.iter(p)?, th.iter(q)?);
        let mut sum = SumProduct::new();
        loop {
            match (th.next(&p)?, th.next(&q)?) {
                (Some(p), Some(q)) => sum.add(th, &p, &q)?,
                (None, None) => break,
                _ => return Err(th.value_error("Inputs are not the same length")),
            }
        }
        sum.end_ints(th)?;
        sum.end_floats(th)?;
        Ok(sum.total)
    }

    /// The product of all items and start.
    #[pyfunction(signature = "(iterable, /, *, start=1)")]
    fn prod(th: &mut Thread, iterable: &Value, start: Option<&Value>) -> PyResult {
        let mut product = start.cloned().unwrap_or(Value::int32(1));
        let iterator = th.iter(iterable)?;
        while let Some(item) = th.next(&iterator)? {
            product = th.binary_op(BinaryOp::Mul, &product, &item)?;
        }
        Ok(product)
    }

    /// n!
    #[pyfunction]
    fn factorial(th: &mut Thread, n: &Value) -> PyResult {
        let result = whole::factorial(th, n)?;
        Ok(th.int_value(result))
    }

    /// The number of ways to choose k of n things in order; of all of them without k.
    #[pyfunction(signature = "(n, k=None, /)")]
    fn perm(th: &mut Thread, n: &Value, k: Option<&Value>) -> PyResult {
        let result = whole::permutations(th, n, k.filter(|k| !k.is_none()))?;
        Ok(th.int_value(result))
    }

    /// The number of ways to choose k of n things in any order.
    #[pyfunction]
    fn comb(th: &mut Thread, n: &Value, k: &Value) -> PyResult {
        let result = whole::combinations(th, n, k)?;
        Ok(th.int_value(result))
    }

    /// The greatest common divisor.
    #[pyfunction(signature = "(*integers)")]
    fn gcd(th: &mut Thread, integers: &[Value]) -> PyResult {
        let result = whole::gcd(th, integers)?;
        Ok(th.int_value(result))
    }

    /// The least common multiple.
    #[pyfunction(signature = "(*integers)")]
    fn lcm(th: &mut Thread, integers: &[Value]) -> PyResult {
        let result = whole::lcm(th, integers)?;
        Ok(th.int_value(result))
    }

    /// The whole part of the square root of n.
    #[pyfunction]
    fn isqrt(th: &mut Thread, n: &Value) -> PyResult {
        let n = whole::integer(th, n)?;
        let root = th.check(n.as_ref().isqrt())?;
        Ok(th.int_value(root))
    }
}
