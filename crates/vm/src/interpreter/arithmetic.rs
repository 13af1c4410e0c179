//! Operators that the loop's fast paths leave over.
//!
//! Operands are read in place; the result is written, then the operands that die here are dropped. Where the result's
//! register is that of a dying operand, writing drops it.
//!
//! Not here: what an operator does (`protocol`).

use compiler::bytecode::instruction::{INPLACE, Instruction, KILL_A, KILL_B, KILL_C};
use object_model::string::Str;
use object_model::value::float::{float_word, is_float_word, word_float};
use object_model::value::int::{INT_TAG, both_int, int_word, word_int};
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Value};

use crate::class::exact_str;
use crate::error::PyResult;
use crate::frame::{Frame, drop_word};
use crate::protocol::{BinaryOp, CompareOp};
use crate::thread::Thread;

/// Ints up to this size are floats exactly.
const EXACT: i64 = 1 << 53;

/// What a register holds.
#[inline(always)]
fn register<'a>(frame: Frame, number: u16) -> &'a Value {
    // SAFETY: the compiler names registers of the frame, which hold valid words; nobody writes this one during the
    // instruction but the instruction itself, after its last use of the borrow.
    unsafe { Value::borrow_word(&*frame.register(number as usize)) }
}

/// A constant of the frame's code.
#[inline(always)]
fn constant<'a>(frame: Frame, number: u16) -> &'a Value {
    // The code is kept alive by the frame, and the compiler names its constants only.
    &frame.code().payload.constants[number as usize]
}

/// Takes out what a register holds.
#[inline(always)]
fn take(frame: Frame, number: u16) -> Value {
    let register = frame.register(number as usize);
    // SAFETY: the register owns its word, and is left without one.
    unsafe {
        let word = register.read();
        register.write(UNBOUND);
        Value::from_word(word)
    }
}

/// Writes a result; drops what the register held.
#[inline(always)]
fn put(th: &Thread, frame: Frame, number: u16, value: Value) {
    let register = frame.register(number as usize);
    // SAFETY: the register owns its old word, which is dropped once the new one is in place.
    unsafe {
        let old = register.read();
        register.write(value.into_word());
        drop_word(th, old);
    }
}

/// Drops the operands that die here.
#[inline(always)]
fn kill(frame: Frame, i: Instruction, flags: u8) {
    for (flag, number) in [(KILL_A, i.a), (KILL_B, i.b), (KILL_C, i.c)] {
        if i.flags & flags & flag != 0 {
            drop(take(frame, number));
        }
    }
}

/// The result goes to register `a`, and `b` and `c` die as the flags say.
#[inline(always)]
fn finish(th: &Thread, frame: Frame, i: Instruction, flags: u8, result: PyResult) -> PyResult<()> {
    // Taken out first: `a` may be one of them, and dropping runs code that looks at the frame.
    let flags = i.flags & flags;
    let left = if flags & KILL_B != 0 { Some(take(frame, i.b)) } else { None };
    let right = if flags & KILL_C != 0 { Some(take(frame, i.c)) } else { None };
    let result = result.map(|value| put(th, frame, i.a, value));
    drop(left);
    drop(right);
    result
}

fn operate(th: &mut Thread, op: BinaryOp, i: Instruction, a: &Value, b: &Value) -> PyResult {
    if i.flags & INPLACE != 0 { th.inplace_op(op, a, b) } else { th.binary_op(op, a, b) }
}

/// `a = b op c`
#[cold]
pub fn binary(th: &mut Thread, frame: Frame, i: Instruction, op: BinaryOp) -> PyResult<()> {
    if op == BinaryOp::Add
        && i.a == i.b
        && let Some(done) = append(th, frame, i)
    {
        return done;
    }
    let result = operate(th, op, i, register(frame, i.b), register(frame, i.c));
    finish(th, frame, i, KILL_B | KILL_C, result)
}

/// `s = s + t` on strings, where only the register refers to s: the string grows in place as long as there is room.
fn append(th: &mut Thread, frame: Frame, i: Instruction) -> Option<PyResult<()>> {
    let text = exact_str(register(frame, i.c))?;
    if !exact_str(register(frame, i.b))?.is_appendable(th) || text.len() == 0 {
        return None;
    }
    // SAFETY: the register holds a string, as was seen just now. It is not the other operand, which would be a second
    // reference.
    let own: Obj<Str> = unsafe { Obj::from_value_unchecked(take(frame, i.b)) };
    let (own, result) = match own.append(th, text) {
        Ok(own) => (own, Ok(())),
        Err((own, _)) => (own, Err(th.memory_error())),
    };
    put(th, frame, i.a, own.into_value());
    kill(frame, i, KILL_C);
    Some(result)
}

/// `a = b op constants[c]`
#[cold]
pub fn binary_constant(th: &mut Thread, frame: Frame, i: Instruction, op: BinaryOp) -> PyResult<()> {
    let result = operate(th, op, i, register(frame, i.b), constant(frame, i.c));
    finish(th, frame, i, KILL_B, result)
}

/// `a = b op c`, a comparison.
#[cold]
pub fn compare_value(th: &mut Thread, frame: Frame, i: Instruction, op: CompareOp) -> PyResult<()> {
    let result = th.compare(register(frame, i.b), register(frame, i.c), op);
    finish(th, frame, i, KILL_B | KILL_C, result)
}

/// The truth of `a op b`.
#[inline(never)]
pub fn compare_jump(th: &mut Thread, frame: Frame, i: Instruction, op: CompareOp) -> PyResult<bool> {
    let result = th.compare_bool(register(frame, i.a), register(frame, i.b), op);
    kill(frame, i, KILL_A | KILL_B);
    result
}

/// The truth of `a op constants[b]`.
pub fn compare_jump_constant(th: &mut Thread, frame: Frame, i: Instruction, op: CompareOp) -> PyResult<bool> {
    let result = th.compare_bool(register(frame, i.a), constant(frame, i.b), op);
    kill(frame, i, KILL_A);
    result
}

/// The truth of `a`, which stays.
#[inline(never)]
pub fn truth(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<bool> {
    th.is_true(register(frame, i.a))
}

/// `a = -b`
#[cold]
pub fn negate(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let result = th.negate(register(frame, i.b));
    finish(th, frame, i, KILL_B, result)
}

/// `a = +b`
#[cold]
pub fn positive(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let result = th.positive(register(frame, i.b));
    finish(th, frame, i, KILL_B, result)
}

/// `a = ~b`
#[inline(never)]
pub fn invert(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let result = th.invert(register(frame, i.b));
    finish(th, frame, i, KILL_B, result)
}

/// `a = not b`
#[inline(never)]
pub fn not(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let result = th.is_true(register(frame, i.b)).map(|truth| Value::bool(!truth));
    finish(th, frame, i, KILL_B, result)
}

/// `a = bool(b)`
#[inline(never)]
pub fn to_bool(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let result = th.is_true(register(frame, i.b)).map(Value::bool);
    finish(th, frame, i, KILL_B, result)
}

/// An operand of a true division: a float, or an int that is one exactly.
#[inline(always)]
fn exact_float(word: u64) -> Option<f64> {
    if is_float_word(word) {
        return Some(word_float(word));
    }
    if word & INT_TAG == INT_TAG {
        let i = word_int(word);
        if i.unsigned_abs() <= EXACT as u64 {
            return Some(i as f64);
        }
    }
    None
}

/// `IS` and `IS_NOT` of operands of which one dies.
#[inline(never)]
pub fn identity_of_dying(th: &mut Thread, frame: Frame, i: Instruction, wanted: bool) {
    let same = register(frame, i.b).is(register(frame, i.c));
    kill(frame, i, KILL_B | KILL_C);
    put(th, frame, i.a, Value::bool(same == wanted));
}

/// Whether the operands of `JUMP_IS` are the same, of which one dies.
#[inline(never)]
pub fn jump_identity_of_dying(frame: Frame, i: Instruction) -> bool {
    let same = register(frame, i.a).is(register(frame, i.b));
    kill(frame, i, KILL_A | KILL_B);
    same
}

/// A float from an int or float immediate, for mixed arithmetic.
#[inline(always)]
pub fn as_float(word: u64) -> Option<f64> {
    if is_float_word(word) {
        Some(word_float(word))
    } else if word & INT_TAG == INT_TAG {
        // An int beyond 2**53 may round here where Python rounds too: int to float is correctly rounded in both.
        Some(word_int(word) as f64)
    } else {
        None
    }
}

/// The quotient's word; None if that needs more than words.
#[inline]
pub fn true_div_words(a: u64, b: u64) -> Option<u64> {
    let (a, b) = (exact_float(a)?, exact_float(b)?);
    if b == 0.0 { None } else { float_word(a / b) }
}

/// `a ** b` of a positive float and a float; None if that is not what they are, or the power is beyond words.
#[inline]
pub fn pow_words(a: u64, b: u64) -> Option<u64> {
    if !is_float_word(a) || !is_float_word(b) {
        return None;
    }
    let a = word_float(a);
    // Zeros and negative numbers have rules of their own.
    if a > 0.0 { float_word(a.powf(word_float(b))) } else { None }
}

/// `a // b` of int words; None for a zero divisor or a quotient beyond 62 bits.
#[inline]
pub fn floor_div_words(a: u64, b: u64) -> Option<u64> {
    debug_assert!(both_int(a, b));
    let (a, b) = (word_int(a), word_int(b));
    // 62-bit operands never overflow 64 bits.
    let quotient = a.checked_div(b)?;
    let quotient = if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient };
    Value::small_int(quotient).map(|v| v.word())
}

/// `a % b` of int words; None for a zero divisor.
#[inline]
pub fn mod_words(a: u64, b: u64) -> Option<u64> {
    debug_assert!(both_int(a, b));
    let (a, b) = (word_int(a), word_int(b));
    let rest = a.checked_rem(b)?;
    Some(int_word(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }))
}

/// `a << b` of int words; None for a negative count or a result beyond 62 bits.
#[inline]
pub fn l_shift_words(a: u64, b: u64) -> Option<u64> {
    debug_assert!(both_int(a, b));
    let (a, count) = (word_int(a), word_int(b));
    if !(0..62).contains(&count) {
        return None;
    }
    let shifted = a << count;
    if shifted >> count != a {
        return None;
    }
    Value::small_int(shifted).map(|v| v.word())
}

/// `a >> b` of int words; None for a negative count.
#[inline]
pub fn r_shift_words(a: u64, b: u64) -> Option<u64> {
    debug_assert!(both_int(a, b));
    let (a, count) = (word_int(a), word_int(b));
    if count < 0 { None } else { Some(int_word(a >> count.min(63))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_divide_as_python_does() {
        for (a, b, quotient, rest) in
            [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, 3, 2, 0)]
        {
            assert_eq!(floor_div_words(int_word(a), int_word(b)), Some(int_word(quotient)), "{a} // {b}");
            assert_eq!(mod_words(int_word(a), int_word(b)), Some(int_word(rest)), "{a} % {b}");
        }
        assert_eq!(floor_div_words(int_word(1), int_word(0)), None);
        assert_eq!(mod_words(int_word(1), int_word(0)), None);
        assert_eq!(floor_div_words(int_word(-(1 << 61)), int_word(-1)), None);
        assert_eq!(true_div_words(int_word(1), int_word(4)), float_word(0.25));
        assert_eq!(true_div_words(int_word(1), int_word(0)), None);
        assert_eq!(true_div_words(int_word(1 << 60), int_word(3)), None);
    }

    #[test]
    fn words_shift_while_they_fit() {
        assert_eq!(l_shift_words(int_word(3), int_word(4)), Some(int_word(48)));
        assert_eq!(l_shift_words(int_word(1), int_word(61)), None);
        assert_eq!(l_shift_words(int_word(-1), int_word(61)), Some(int_word(-(1 << 61))));
        assert_eq!(l_shift_words(int_word(1), int_word(-1)), None);
        assert_eq!(r_shift_words(int_word(-1), int_word(1000)), Some(int_word(-1)));
        assert_eq!(r_shift_words(int_word(5), int_word(1)), Some(int_word(2)));
        assert_eq!(r_shift_words(int_word(5), int_word(-1)), None);
    }
}
