//! The operators: fast paths on exact builtin types, then special methods with the priority of subclasses.
//!
//! The concatenation and repetition of builtin sequences come last, as in CPython, where they are no number methods: the
//! right operand's reflected method is asked before them.
//!
//! Not here: conversions to numbers and truth (`conversion`), comparisons (`compare`), the numbers' own methods
//! (`builtins::int` …).

use object_model::number::IntRef;
use object_model::number::float::{self, Power};
use object_model::shape::builtin;
use object_model::ty::{Class, flag};
use object_model::value::int::{add_words, both_int, mul_words, sub_words};

use super::BinaryOp;
use crate::builtins::int::as_exact_int;
use crate::builtins::native_function::{as_native, method_class};
use crate::class::{exact_str, special, type_of};
use crate::error::Raised;
use crate::names::Special;
use crate::prelude::*;

/// A number of exactly a builtin type.
#[derive(Clone, Copy)]
pub enum Real<'a> {
    /// An `int` or a `bool`.
    Int(IntRef<'a>),
    /// A `float`.
    Float(f64),
}

impl<'a> Real<'a> {
    /// The number, if the value is exactly an `int`, a `bool` or a `float`.
    #[inline]
    pub fn of(value: &'a Value) -> Option<Real<'a>> {
        if let Some(x) = crate::builtins::float::as_exact_float(value) {
            return Some(Real::Float(x));
        }
        as_exact_int(value).map(Real::Int)
    }

    fn to_f64(self, th: &mut Thread) -> PyResult<f64> {
        match self {
            Real::Int(i) => th.check(i.to_f64()),
            Real::Float(x) => Ok(x),
        }
    }
}

/// The result of an operator on two ints; None if ints don't have it.
pub fn int_operation(th: &mut Thread, op: BinaryOp, a: IntRef<'_>, b: IntRef<'_>) -> PyResult<Option<Value>> {
    let result = match op {
        BinaryOp::Add => Ok(a.add(b)),
        BinaryOp::Sub => Ok(a.sub(b)),
        BinaryOp::Mul => a.mul(b),
        BinaryOp::FloorDiv => a.floor_div(b),
        BinaryOp::Mod => a.modulo(b),
        BinaryOp::LShift => a.shl(b),
        BinaryOp::RShift => a.shr(b),
        BinaryOp::And => Ok(a.and(b)),
        BinaryOp::Or => Ok(a.or(b)),
        BinaryOp::Xor => Ok(a.xor(b)),
        BinaryOp::TrueDiv => {
            let quotient = th.check(a.true_div(b))?;
            return Ok(Some(th.float(quotient)));
        }
        BinaryOp::DivMod => {
            let (quotient, rest) = th.check(a.divmod(b))?;
            let items = vec![th.int_value(quotient), th.int_value(rest)];
            return Ok(Some(th.tuple(items)));
        }
        BinaryOp::Pow if b.is_negative() => {
            let (a, b) = (th.check(a.to_f64())?, th.check(b.to_f64())?);
            return float_operation(th, BinaryOp::Pow, a, b);
        }
        BinaryOp::Pow => a.pow(b),
        BinaryOp::MatMul => return Ok(None),
    };
    let result = th.check(result)?;
    Ok(Some(th.int_value(result)))
}

/// The result of an operator on two floats; None if floats don't have it.
pub fn float_operation(th: &mut Thread, op: BinaryOp, a: f64, b: f64) -> PyResult<Option<Value>> {
    let result = match op {
        BinaryOp::Add => Ok(a + b),
        BinaryOp::Sub => Ok(a - b),
        BinaryOp::Mul => Ok(a * b),
        BinaryOp::TrueDiv => float::div(a, b),
        BinaryOp::FloorDiv => float::floor_div(a, b),
        BinaryOp::Mod => float::modulo(a, b),
        BinaryOp::DivMod => {
            let (quotient, rest) = th.check(float::divmod(a, b))?;
            let items = vec![th.float(quotient), th.float(rest)];
            return Ok(Some(th.tuple(items)));
        }
        BinaryOp::Pow => match th.check(float::pow(a, b))? {
            Power::Float(x) => Ok(x),
            Power::Complex => {
                let real = |real| object_model::number::Complex { real, imag: 0.0 };
                let power = th.check(real(a).pow(real(b)))?;
                return Ok(Some(th.complex(power.real, power.imag)));
            }
        },
        BinaryOp::MatMul
        | BinaryOp::LShift
        | BinaryOp::RShift
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor => {
            return Ok(None);
        }
    };
    let result = th.check(result)?;
    Ok(Some(th.float(result)))
}

/// What needs no special method: numbers and sequences of exactly builtin types.
#[inline]
fn fast(th: &mut Thread, op: BinaryOp, a: &Value, b: &Value) -> PyResult<Option<Value>> {
    if both_int(a.word(), b.word()) {
        let word = match op {
            BinaryOp::Add => add_words(a.word(), b.word()),
            BinaryOp::Sub => sub_words(a.word(), b.word()),
            BinaryOp::Mul => mul_words(a.word(), b.word()),
            _ => None,
        };
        if let Some(word) = word {
            // SAFETY: the functions on words answer int words, which are valid encodings.
            return Ok(Some(unsafe { Value::from_word(word) }));
        }
    }
    if let (Some(x), Some(y)) = (Real::of(a), Real::of(b)) {
        return match (x, y) {
            (Real::Int(x), Real::Int(y)) => {
                if let (Some(p), Some(q)) = (a.as_bool(), b.as_bool()) {
                    match op {
                        BinaryOp::And => return Ok(Some(Value::bool(p & q))),
                        BinaryOp::Or => return Ok(Some(Value::bool(p | q))),
                        BinaryOp::Xor => return Ok(Some(Value::bool(p ^ q))),
                        _ => {}
                    }
                }
                int_operation(th, op, x, y)
            }
            (x, y) => {
                let has = !matches!(
                    op,
                    BinaryOp::MatMul
                        | BinaryOp::LShift
                        | BinaryOp::RShift
                        | BinaryOp::And
                        | BinaryOp::Or
                        | BinaryOp::Xor
                );
                if !has {
                    return Ok(None);
                }
                let (x, y) = (x.to_f64(th)?, y.to_f64(th)?);
                float_operation(th, op, x, y)
            }
        };
    }
    if op == BinaryOp::Add {
        return concatenate(th, a, b);
    }
    Ok(None)
}

/// `a + b` of two strings, lists or tuples.
fn concatenate(th: &mut Thread, a: &Value, b: &Value) -> PyResult<Option<Value>> {
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b)) {
        return crate::builtins::str::concat_strings(th, x, y).map(Some);
    }
    let (Some(x), Some(y)) = (a.as_header(), b.as_header()) else { return Ok(None) };
    let shape = x.shape_id();
    if shape != y.shape_id() {
        return Ok(None);
    }
    if shape == builtin::LIST {
        // SAFETY: both shapes say that the payload is a `List`.
        let (x, y) = unsafe { (Obj::<List>::borrow_unchecked(a), Obj::<List>::borrow_unchecked(b)) };
        let both = x.concat(th, y).map_err(|_| th.memory_error())?;
        return Ok(Some(both.into_value()));
    }
    if shape == builtin::TUPLE {
        // SAFETY: both shapes say that the payload is a `Tuple`.
        let (x, y) = unsafe { (Obj::<Tuple>::borrow_unchecked(a), Obj::<Tuple>::borrow_unchecked(b)) };
        if x.len() == 0 {
            return Ok(Some(b.clone()));
        }
        if y.len() == 0 {
            return Ok(Some(a.clone()));
        }
        let items = x.items().iter().chain(y.items()).cloned().collect();
        return Ok(Some(th.tuple(items)));
    }
    Ok(None)
}

/// True for the concatenation or repetition of a builtin sequence, which yields to the other operand's methods.
fn is_sequence_method(method: &Value) -> bool {
    method_class(method).is_some_and(is_sequence)
}

fn is_sequence(class: Class) -> bool {
    class.payload.has(flag::SEQUENCE | flag::STR_SUBCLASS | flag::BYTES_SUBCLASS | flag::BYTEARRAY_SUBCLASS)
}

/// The special methods of an operator: `Ok(None)` if both operands leave it to the other.
fn dispatch(th: &mut Thread, op: BinaryOp, a: &Value, b: &Value) -> PyResult<Option<Value>> {
    let (left, right, _) = op.specials();
    let (class_a, class_b) = (type_of(a), type_of(b));
    let own = special::get(th, class_a, left).cloned();
    let mut reflected =
        if std::ptr::eq(class_a, class_b) { None } else { special::get(th, class_b, right).cloned() };
    let sequence =
        matches!(op, BinaryOp::Add | BinaryOp::Mul) && own.as_ref().is_some_and(is_sequence_method);
    if let Some(method) = &reflected {
        let overrides = class_b.is_subtype(th, class_a)
            && special::get(th, class_a, right).is_none_or(|inherited| !inherited.is(method));
        let first = overrides || sequence && !is_sequence_method(method);
        if first {
            let result = th.call_special_method(method, b, class_b, &[a])?;
            if !result.is(&Value::NOT_IMPLEMENTED) {
                return Ok(Some(result));
            }
            reflected = None;
        }
    }
    if let Some(method) = own {
        let result = th.call_special_method(&method, a, class_a, &[b])?;
        if !result.is(&Value::NOT_IMPLEMENTED) {
            return Ok(Some(result));
        }
    }
    if let Some(method) = reflected {
        let result = th.call_special_method(&method, b, class_b, &[a])?;
        if !result.is(&Value::NOT_IMPLEMENTED) {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

#[cold]
fn unsupported(th: &mut Thread, op: BinaryOp, symbol: &str, a: &Value, b: &Value) -> Raised {
    let (name_a, name_b) = (th.type_name(a), th.type_name(b));
    let (class_a, class_b) = (type_of(a), type_of(b));
    match op {
        BinaryOp::Add if class_a.payload.has(flag::BYTES_SUBCLASS | flag::BYTEARRAY_SUBCLASS) => {
            return th.type_error(format_args!("can't concat {name_b} to {name_a}"));
        }
        BinaryOp::Add
            if class_a.payload.has(flag::STR_SUBCLASS | flag::LIST_SUBCLASS | flag::TUPLE_SUBCLASS) =>
        {
            return th
                .type_error(format_args!("can only concatenate {name_a} (not \"{name_b}\") to {name_a}"));
        }
        BinaryOp::Mul if is_sequence(class_a) => {
            return th.type_error(format_args!("can't multiply sequence by non-int of type '{name_b}'"));
        }
        BinaryOp::Mul if is_sequence(class_b) => {
            return th.type_error(format_args!("can't multiply sequence by non-int of type '{name_a}'"));
        }
        _ => {}
    }
    let print = op == BinaryOp::RShift
        && symbol == ">>"
        && as_native(a).is_some_and(|function| function.def.name == "print");
    let hint = if print { ". Did you mean \"print(<message>, file=<output_stream>)\"?" } else { "" };
    th.type_error(format_args!("unsupported operand type(s) for {symbol}: '{name_a}' and '{name_b}'{hint}"))
}

impl Thread {
    /// `a op b`
    pub fn binary_op(&mut self, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
        if let Some(result) = fast(self, op, a, b)? {
            return Ok(result);
        }
        match dispatch(self, op, a, b)? {
            Some(result) => Ok(result),
            None => Err(unsupported(self, op, op.symbol(), a, b)),
        }
    }

    /// `a op= b`: the new value of `a`.
    pub fn inplace_op(&mut self, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
        if op == BinaryOp::Add
            && let (Some(x), Some(y)) = (self.exact::<List>(a), self.exact::<List>(b))
        {
            let items = y.snapshot(self);
            let extended = x.extend(self, items);
            self.check_memory(extended)?;
            return Ok(a.clone());
        }
        let is_list = a.as_header().is_some_and(|h| h.shape_id() == builtin::LIST);
        if !is_list && let Some(result) = fast(self, op, a, b)? {
            return Ok(result);
        }
        let class = type_of(a);
        if let (_, _, Some(inplace)) = op.specials()
            && let Some(method) = special::get(self, class, inplace).cloned()
        {
            let result = self.call_special_method(&method, a, class, &[b])?;
            if !result.is(&Value::NOT_IMPLEMENTED) {
                return Ok(result);
            }
        }
        match dispatch(self, op, a, b)? {
            Some(result) => Ok(result),
            None => Err(unsupported(self, op, op.inplace_symbol(), a, b)),
        }
    }

    /// `pow(a, b, c)`
    pub fn pow3(&mut self, a: &Value, b: &Value, c: &Value) -> PyResult {
        if c.is_none() {
            return self.binary_op(BinaryOp::Pow, a, b);
        }
        if let (Some(x), Some(y), Some(z)) = (as_exact_int(a), as_exact_int(b), as_exact_int(c)) {
            let power = self.check(x.pow_mod(y, z))?;
            return Ok(self.int_value(power));
        }
        let (class_a, class_b) = (type_of(a), type_of(b));
        let own = special::get(self, class_a, Special::Pow).cloned();
        let mut reflected = if std::ptr::eq(class_a, class_b) {
            None
        } else {
            special::get(self, class_b, Special::RPow).cloned()
        };
        if let Some(method) = reflected.clone()
            && class_b.is_subtype(self, class_a)
            && special::get(self, class_a, Special::RPow).is_none_or(|inherited| !inherited.is(&method))
        {
            reflected = None;
            let result = self.call_special_method(&method, b, class_b, &[a, c])?;
            if !result.is(&Value::NOT_IMPLEMENTED) {
                return Ok(result);
            }
        }
        for (method, receiver, class, other) in [(own, a, class_a, b), (reflected, b, class_b, a)] {
            if let Some(method) = method {
                let result = self.call_special_method(&method, receiver, class, &[other, c])?;
                if !result.is(&Value::NOT_IMPLEMENTED) {
                    return Ok(result);
                }
            }
        }
        // A float or complex modulus refuses ints itself.
        if crate::builtins::float::as_float(c).is_some() {
            return Err(self.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
        }
        if self.downcast::<Complex>(c).is_some() {
            return Err(self.value_error("complex modulo"));
        }
        let (a, b, c) = (self.type_name(a), self.type_name(b), self.type_name(c));
        Err(self.type_error(format_args!("unsupported operand type(s) for ** or pow(): '{a}', '{b}', '{c}'")))
    }

    fn unary(&mut self, value: &Value, special: Special, operator: &'static str) -> PyResult {
        match self.call_special(value, special, &[])? {
            Some(result) => Ok(result),
            None => {
                let name = self.type_name(value);
                Err(self.type_error(format_args!("bad operand type for {operator}: '{name}'")))
            }
        }
    }

    /// `-value`
    pub fn negate(&mut self, value: &Value) -> PyResult {
        match Real::of(value) {
            Some(Real::Int(i)) => Ok(self.int_value(i.neg())),
            Some(Real::Float(x)) => Ok(self.float(-x)),
            None => self.unary(value, Special::Neg, "unary -"),
        }
    }

    /// `+value`
    pub fn positive(&mut self, value: &Value) -> PyResult {
        match Real::of(value) {
            Some(Real::Int(i)) => Ok(self.int_value(i.to_int())),
            Some(Real::Float(_)) => Ok(value.clone()),
            None => self.unary(value, Special::Pos, "unary +"),
        }
    }

    /// `~value`
    pub fn invert(&mut self, value: &Value) -> PyResult {
        match Real::of(value) {
            Some(Real::Int(i)) if value.as_bool().is_none() => Ok(self.int_value(i.invert())),
            _ => self.unary(value, Special::Invert, "unary ~"),
        }
    }

    /// `abs(value)`
    pub fn absolute(&mut self, value: &Value) -> PyResult {
        match Real::of(value) {
            Some(Real::Int(i)) => Ok(self.int_value(i.abs())),
            Some(Real::Float(x)) => Ok(self.float(x.abs())),
            None => self.unary(value, Special::Abs, "abs()"),
        }
    }
}
