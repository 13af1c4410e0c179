//! Number theory on ints: factorials, permutations, combinations, common divisors.

use object_model::number::{Int as Number, IntRef};
use vm::builtins::int::as_int;
use vm::prelude::*;

/// Products longer than this look for signals on the way.
const LONG: u64 = 4096;

/// The argument as an int, by `__index__`.
pub fn integer(th: &mut Thread, value: &Value) -> PyResult<Number> {
    let value = th.to_index(value)?;
    Ok(as_int(&value).map_or(Number::Small(0), IntRef::to_int))
}

/// `(first + from) * … * (first + to - 1)`, halves multiplied so that factors stay of equal size.
fn product(th: &mut Thread, first: &Number, from: u64, to: u64) -> PyResult<Number> {
    if to - from > LONG {
        th.poll()?;
    }
    if to - from <= 8 {
        let mut result = Number::Small(1);
        for i in from..to {
            let factor = first.as_ref().add(Number::from(i).as_ref());
            let next = result.as_ref().mul(factor.as_ref());
            result = th.check(next)?;
        }
        return Ok(result);
    }
    let middle = from + (to - from) / 2;
    let (a, b) = (product(th, first, from, middle)?, product(th, first, middle, to)?);
    th.check(a.as_ref().mul(b.as_ref()))
}

/// `n!`
pub fn factorial(th: &mut Thread, n: &Value) -> PyResult<Number> {
    let n = integer(th, n)?;
    if n.as_ref().is_negative() {
        return Err(th.value_error("factorial() not defined for negative values"));
    }
    let Some(n) = n.as_ref().to_i64() else {
        return Err(th.overflow_error(format_args!("factorial() argument should not exceed {}", i64::MAX)));
    };
    product(th, &Number::Small(1), 0, n as u64)
}

/// n and k as ints that are not negative.
fn natural(th: &mut Thread, n: &Value, k: &Value) -> PyResult<(Number, Number)> {
    let (n, k) = (integer(th, n)?, integer(th, k)?);
    if n.as_ref().is_negative() {
        return Err(th.value_error("n must be a non-negative integer"));
    }
    if k.as_ref().is_negative() {
        return Err(th.value_error("k must be a non-negative integer"));
    }
    Ok((n, k))
}

/// `n! / (n - k)!`
pub fn permutations(th: &mut Thread, n: &Value, k: Option<&Value>) -> PyResult<Number> {
    let Some(k) = k else { return factorial(th, n) };
    let (n, k) = natural(th, n, k)?;
    if n.as_ref().cmp(k.as_ref()).is_lt() {
        return Ok(Number::Small(0));
    }
    let Some(count) = k.as_ref().to_i64() else {
        return Err(th.overflow_error(format_args!("k must not exceed {}", i64::MAX)));
    };
    let first = n.as_ref().sub(k.as_ref()).as_ref().add(IntRef::Small(1));
    product(th, &first, 0, count as u64)
}

/// `n! / (k! * (n - k)!)`
pub fn combinations(th: &mut Thread, n: &Value, k: &Value) -> PyResult<Number> {
    let (n, k) = natural(th, n, k)?;
    let rest = n.as_ref().sub(k.as_ref());
    if rest.as_ref().is_negative() {
        return Ok(Number::Small(0));
    }
    let k = if rest.as_ref().cmp(k.as_ref()).is_lt() { rest } else { k };
    let Some(count) = k.as_ref().to_i64() else {
        return Err(th.overflow_error(format_args!("min(n - k, k) must not exceed {}", i64::MAX)));
    };
    let first = n.as_ref().sub(k.as_ref()).as_ref().add(IntRef::Small(1));
    let ordered = product(th, &first, 0, count as u64)?;
    let orders = product(th, &Number::Small(1), 0, count as u64)?;
    th.check(ordered.as_ref().floor_div(orders.as_ref()))
}

/// The greatest common divisor of all.
pub fn gcd(th: &mut Thread, integers: &[Value]) -> PyResult<Number> {
    let mut result = Number::Small(0);
    for value in integers {
        let number = integer(th, value)?;
        result = result.as_ref().gcd(number.as_ref());
    }
    Ok(result)
}

/// The least common multiple of all.
pub fn lcm(th: &mut Thread, integers: &[Value]) -> PyResult<Number> {
    let mut result = Number::Small(1);
    for value in integers {
        let number = integer(th, value)?;
        if number.as_ref().is_zero() || result.as_ref().is_zero() {
            result = Number::Small(0);
            continue;
        }
        let divisor = result.as_ref().gcd(number.as_ref());
        let part = th.check(result.as_ref().floor_div(divisor.as_ref()))?;
        result = th.check(part.as_ref().mul(number.as_ref()))?.as_ref().abs();
    }
    Ok(result)
}
