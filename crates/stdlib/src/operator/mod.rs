//! `_operator`: the operators as functions, and `itemgetter`, `attrgetter`, `methodcaller`.

mod getters;

use vm::class::descriptor;
use vm::names::Special;
use vm::prelude::*;

pub use getters::{AttrGetter, ItemGetter, MethodCaller};

/// `a + b` of sequences.
fn concatenate(th: &mut Thread, a: &Value, b: &Value, in_place: bool) -> PyResult {
    if !th.is_sequence(a) || !th.is_sequence(b) {
        let culprit = if th.is_sequence(a) { b } else { a };
        let name = th.type_name(culprit);
        return Err(th.type_error(format_args!("'{name}' object can't be concatenated")));
    }
    if in_place { th.inplace_op(BinaryOp::Add, a, b) } else { th.binary_op(BinaryOp::Add, a, b) }
}

/// Compares in a time that depends on the lengths alone.
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let mut difference = u8::from(a.len() != b.len());
    // With different lengths `b` is compared with itself, so that the time is that of `b`.
    let left = if a.len() == b.len() { a } else { b };
    for (x, y) in left.iter().zip(b) {
        difference |= std::hint::black_box(x ^ y);
    }
    std::hint::black_box(difference) == 0
}

/// What `operator.length_hint` answers.
fn length_hint(th: &mut Thread, object: &Value, default: i64) -> PyResult<i64> {
    if th.has_special(object, Special::Len) {
        match th.length(object) {
            Ok(length) => return Ok(i64::try_from(length).unwrap_or(i64::MAX)),
            Err(raised) if !th.exception_is(Exc::TypeError) => return Err(raised),
            Err(_) => th.clear_exception(),
        }
    }
    let class = th.type_of(object);
    let Some(method) = vm::class::special::get(th, class, Special::LengthHint).cloned() else {
        return Ok(default);
    };
    let bound = descriptor::bind(th, &method, Some(object), class)?;
    let answer = th.call(&bound, &[]);
    let Some(answer) = th.catch(answer, Exc::TypeError)? else { return Ok(default) };
    if answer.is(&Value::NOT_IMPLEMENTED) {
        return Ok(default);
    }
    let Some(hint) = answer.as_small_int() else {
        let name = th.type_name(&answer);
        return Err(th.type_error(format_args!("__length_hint__ must be an integer, not {name}")));
    };
    if hint < 0 {
        return Err(th.value_error("__length_hint__() should return >= 0"));
    }
    Ok(hint)
}

/// The operators as functions.
#[pymodule(name = "_operator", classes = [super::ItemGetter, super::AttrGetter, super::MethodCaller])]
pub mod module {
    use vm::prelude::*;

    /// Same as a + b.
    #[pyfunction(name = "add", signature = "(a, b, /)")]
    fn add(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Add, a, b)
    }

    /// Same as a - b.
    #[pyfunction(name = "sub", signature = "(a, b, /)")]
    fn sub(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Sub, a, b)
    }

    /// Same as a * b.
    #[pyfunction(name = "mul", signature = "(a, b, /)")]
    fn mul(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Mul, a, b)
    }

    /// Same as a @ b.
    #[pyfunction(name = "matmul", signature = "(a, b, /)")]
    fn matmul(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::MatMul, a, b)
    }

    /// Same as a / b.
    #[pyfunction(name = "truediv", signature = "(a, b, /)")]
    fn truediv(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::TrueDiv, a, b)
    }

    /// Same as a // b.
    #[pyfunction(name = "floordiv", signature = "(a, b, /)")]
    fn floordiv(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::FloorDiv, a, b)
    }

    /// Same as a % b.
    #[pyfunction(name = "mod", signature = "(a, b, /)")]
    fn mod_(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Mod, a, b)
    }

    /// Same as a << b.
    #[pyfunction(name = "lshift", signature = "(a, b, /)")]
    fn lshift(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::LShift, a, b)
    }

    /// Same as a >> b.
    #[pyfunction(name = "rshift", signature = "(a, b, /)")]
    fn rshift(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::RShift, a, b)
    }

    /// Same as a & b.
    #[pyfunction(name = "and_", signature = "(a, b, /)")]
    fn and_(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::And, a, b)
    }

    /// Same as a | b.
    #[pyfunction(name = "or_", signature = "(a, b, /)")]
    fn or_(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Or, a, b)
    }

    /// Same as a ^ b.
    #[pyfunction(name = "xor", signature = "(a, b, /)")]
    fn xor(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Xor, a, b)
    }

    /// Same as a ** b.
    #[pyfunction(name = "pow", signature = "(a, b, /)")]
    fn pow(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.binary_op(BinaryOp::Pow, a, b)
    }

    /// Same as a += b.
    #[pyfunction(signature = "(a, b, /)")]
    fn iadd(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Add, a, b)
    }

    /// Same as a -= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn isub(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Sub, a, b)
    }

    /// Same as a *= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn imul(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Mul, a, b)
    }

    /// Same as a @= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn imatmul(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::MatMul, a, b)
    }

    /// Same as a /= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn itruediv(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::TrueDiv, a, b)
    }

    /// Same as a //= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ifloordiv(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::FloorDiv, a, b)
    }

    /// Same as a %= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn imod(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Mod, a, b)
    }

    /// Same as a <<= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ilshift(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::LShift, a, b)
    }

    /// Same as a >>= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn irshift(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::RShift, a, b)
    }

    /// Same as a &= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn iand(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::And, a, b)
    }

    /// Same as a |= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ior(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Or, a, b)
    }

    /// Same as a ^= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ixor(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Xor, a, b)
    }

    /// Same as a **= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ipow(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.inplace_op(BinaryOp::Pow, a, b)
    }

    /// Same as a < b.
    #[pyfunction(signature = "(a, b, /)")]
    fn lt(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Lt)
    }

    /// Same as a <= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn le(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Le)
    }

    /// Same as a == b.
    #[pyfunction(signature = "(a, b, /)")]
    fn eq(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Eq)
    }

    /// Same as a != b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ne(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Ne)
    }

    /// Same as a > b.
    #[pyfunction(signature = "(a, b, /)")]
    fn gt(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Gt)
    }

    /// Same as a >= b.
    #[pyfunction(signature = "(a, b, /)")]
    fn ge(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.compare(a, b, CompareOp::Ge)
    }

    /// Same as -a.
    #[pyfunction(signature = "(a, /)")]
    fn neg(th: &mut Thread, a: &Value) -> PyResult {
        th.negate(a)
    }

    /// Same as +a.
    #[pyfunction(signature = "(a, /)")]
    fn pos(th: &mut Thread, a: &Value) -> PyResult {
        th.positive(a)
    }

    /// Same as ~a.
    #[pyfunction(signature = "(a, /)")]
    fn inv(th: &mut Thread, a: &Value) -> PyResult {
        th.invert(a)
    }

    /// Same as ~a.
    #[pyfunction(signature = "(a, /)")]
    fn invert(th: &mut Thread, a: &Value) -> PyResult {
        th.invert(a)
    }

    /// Same as abs(a).
    #[pyfunction(signature = "(a, /)")]
    fn abs(th: &mut Thread, a: &Value) -> PyResult {
        th.absolute(a)
    }

    /// The integer that a stands for.
    #[pyfunction(signature = "(a, /)")]
    fn index(th: &mut Thread, a: &Value) -> PyResult {
        th.to_index(a)
    }

    /// The truth value of a.
    #[pyfunction(signature = "(a, /)")]
    fn truth(th: &mut Thread, a: &Value) -> PyResult<bool> {
        th.is_true(a)
    }

    /// Same as not a.
    #[pyfunction(name = "not_", signature = "(a, /)")]
    fn not_(th: &mut Thread, a: &Value) -> PyResult<bool> {
        Ok(!th.is_true(a)?)
    }

    /// Same as a is b.
    #[pyfunction(name = "is_", signature = "(a, b, /)")]
    fn is_(a: &Value, b: &Value) -> bool {
        a.is(b)
    }

    /// Same as a is not b.
    #[pyfunction(signature = "(a, b, /)")]
    fn is_not(a: &Value, b: &Value) -> bool {
        !a.is(b)
    }

    /// Same as a is None.
    #[pyfunction(signature = "(a, /)")]
    fn is_none(a: &Value) -> bool {
        a.is_none()
    }

    /// Same as a is not None.
    #[pyfunction(signature = "(a, /)")]
    fn is_not_none(a: &Value) -> bool {
        !a.is_none()
    }

    /// Same as a + b, for a and b sequences.
    #[pyfunction(signature = "(a, b, /)")]
    fn concat(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        super::concatenate(th, a, b, false)
    }

    /// Same as a += b, for a and b sequences.
    #[pyfunction(signature = "(a, b, /)")]
    fn iconcat(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        super::concatenate(th, a, b, true)
    }

    /// Same as b in a.
    #[pyfunction(signature = "(a, b, /)")]
    fn contains(th: &mut Thread, a: &Value, b: &Value) -> PyResult<bool> {
        th.contains(a, b)
    }

    /// How many items of a equal b.
    #[pyfunction(name = "countOf", signature = "(a, b, /)")]
    fn count_of(th: &mut Thread, a: &Value, b: &Value) -> PyResult<usize> {
        let mut count = 0;
        th.for_each(a, |th, item| {
            count += usize::from(th.eq(&item, b)?);
            Ok(())
        })?;
        Ok(count)
    }

    /// The index of the first item of a that equals b.
    #[pyfunction(name = "indexOf", signature = "(a, b, /)")]
    fn index_of(th: &mut Thread, a: &Value, b: &Value) -> PyResult<usize> {
        let iterator = th.iter(a)?;
        let mut index = 0;
        while let Some(item) = th.next(&iterator)? {
            if th.eq(&item, b)? {
                return Ok(index);
            }
            index += 1;
        }
        Err(th.value_error("sequence.index(x): x not in sequence"))
    }

    /// Same as a[b].
    #[pyfunction(signature = "(a, b, /)")]
    fn getitem(th: &mut Thread, a: &Value, b: &Value) -> PyResult {
        th.get_item(a, b)
    }

    /// Same as a[b] = c.
    #[pyfunction(signature = "(a, b, c, /)")]
    fn setitem(th: &mut Thread, a: &Value, b: &Value, c: &Value) -> PyResult<()> {
        th.set_item(a, b, c)
    }

    /// Same as del a[b].
    #[pyfunction(signature = "(a, b, /)")]
    fn delitem(th: &mut Thread, a: &Value, b: &Value) -> PyResult<()> {
        th.del_item(a, b)
    }

    /// An estimate of how many items an object has.
    #[pyfunction(signature = "(obj, default=0, /)")]
    fn length_hint(th: &mut Thread, obj: &Value, default: Option<&Value>) -> PyResult<i64> {
        let default = match default {
            Some(value) => match value.as_small_int() {
                Some(default) => default,
                None => {
                    let name = th.type_name(value);
                    return Err(
                        th.type_error(format_args!("'{name}' object cannot be interpreted as an integer"))
                    );
                }
            },
            None => 0,
        };
        super::length_hint(th, obj, default)
    }

    /// Same as obj(*args, **kwargs).
    #[pyfunction(raw)]
    fn call(th: &mut Thread, args: Args<'_>) -> PyResult {
        match args.positional.first() {
            Some(callable) => th.call_args(callable, args.without_receiver()),
            None => Err(th.type_error("call expected at least 1 argument, got 0")),
        }
    }

    /// a == b for strings or bytes, in a time that does not tell where they differ.
    #[pyfunction(signature = "(a, b, /)")]
    fn _compare_digest(th: &mut Thread, a: &Value, b: &Value) -> PyResult<bool> {
        match (th.as_str(a), th.as_str(b)) {
            (Some(x), Some(y)) => match (x.as_ascii(), y.as_ascii()) {
                (Some(x), Some(y)) => Ok(super::same_bytes(x.as_bytes(), y.as_bytes())),
                _ => Err(th.type_error("comparing strings with non-ASCII characters is not supported")),
            },
            (None, None)
                if vm::protocol::buffer::is_buffer(th, a) && vm::protocol::buffer::is_buffer(th, b) =>
            {
                let y = th.buffer_to_vec(b)?;
                th.with_buffer(a, |x| super::same_bytes(x, &y))
            }
            _ => {
                let (x, y) = (th.type_name(a), th.type_name(b));
                Err(th.type_error(format_args!(
                    "unsupported operand types(s) or combination of types: '{x}' and '{y}'"
                )))
            }
        }
    }
}
