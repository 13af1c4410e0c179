//! Expressions whose value is known: constant folding with CPython's limits on the size of results.
//!
//! What would raise, or what the constant table cannot hold (a negative integer beyond 64 bits), is left to run time.

use ruff_python_ast::{Expr, ExprSlice, Operator, UnaryOp};

use super::{Lowerer, Res, literal};
use crate::bytecode::code::Constant;

/// Longest string or bytes that repetition may make.
const MAX_STRING: usize = 4096;
/// Longest tuple that repetition may make.
const MAX_TUPLE: usize = 256;

impl Lowerer<'_> {
    /// The value of a constant expression.
    pub(super) fn constant_of(&self, expression: &Expr) -> Res<Option<Constant>> {
        Ok(Some(match expression {
            Expr::NumberLiteral(number) => literal::number(self.source, number)?,
            Expr::StringLiteral(string) => literal::string(self.source, string)?,
            Expr::BytesLiteral(bytes) => literal::bytes(self.source, bytes)?,
            Expr::BooleanLiteral(boolean) => bool_constant(boolean.value),
            Expr::NoneLiteral(_) => Constant::None,
            Expr::EllipsisLiteral(_) => Constant::Ellipsis,
            Expr::Name(name) if name.id == "__debug__" => bool_constant(self.optimize == 0),
            Expr::Tuple(tuple) => match self.constants_of(&tuple.elts)? {
                Some(items) => Constant::Tuple(items.into()),
                None => return Ok(None),
            },
            Expr::UnaryOp(unary) => match self.constant_of(&unary.operand)? {
                Some(operand) => return Ok(fold_unary(unary.op, &operand)),
                None => return Ok(None),
            },
            Expr::BinOp(binary) => {
                let Some(right) = self.constant_of(&binary.right)? else { return Ok(None) };
                let Some(left) = self.constant_of(&binary.left)? else { return Ok(None) };
                return Ok(fold_binary(binary.op, &left, &right));
            }
            _ => return Ok(None),
        }))
    }

    /// The values of constant expressions, if all are.
    pub(super) fn constants_of(&self, expressions: &[Expr]) -> Res<Option<Vec<Constant>>> {
        let mut values = Vec::with_capacity(expressions.len());
        for expression in expressions {
            match self.constant_of(expression)? {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(values))
    }

    /// The constant that stands for a display which is only iterated or searched: a tuple for a list, a frozen set
    /// for a set.
    pub(super) fn constant_container(&self, expression: &Expr) -> Res<Option<Constant>> {
        match expression {
            Expr::List(list) => Ok(self.constants_of(&list.elts)?.map(|items| Constant::Tuple(items.into()))),
            Expr::Set(set) => {
                Ok(self.constants_of(&set.elts)?.map(|items| Constant::FrozenSet(items.into())))
            }
            _ => self.constant_of(expression),
        }
    }

    /// The slice that a constant slice expression makes.
    pub(super) fn constant_slice(&self, expression: &Expr) -> Res<Option<Constant>> {
        match expression {
            Expr::Slice(slice) => self.slice_constant(slice),
            _ => Ok(None),
        }
    }

    /// The slice that a slice expression makes, if its bounds are constant.
    pub(super) fn slice_constant(&self, slice: &ExprSlice) -> Res<Option<Constant>> {
        let mut parts = [Constant::None, Constant::None, Constant::None];
        for (part, bound) in parts.iter_mut().zip([&slice.lower, &slice.upper, &slice.step]) {
            if let Some(bound) = bound {
                match self.constant_of(bound)? {
                    Some(value) => *part = value,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(Constant::Slice(parts.into())))
    }
}

pub(super) fn bool_constant(value: bool) -> Constant {
    if value { Constant::True } else { Constant::False }
}

/// `bool(constant)`
pub(super) fn truth(constant: &Constant) -> bool {
    match constant {
        Constant::None | Constant::False => false,
        Constant::True | Constant::Ellipsis | Constant::Slice(_) | Constant::Code(_) => true,
        Constant::Int(value) => *value != 0,
        Constant::BigInt(_) => true,
        Constant::Float(value) => *value != 0.0,
        Constant::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Constant::Str(bytes) | Constant::Bytes(bytes) => !bytes.is_empty(),
        Constant::Tuple(items) | Constant::FrozenSet(items) => !items.is_empty(),
    }
}

fn integer(constant: &Constant) -> Option<i128> {
    match constant {
        Constant::Int(value) => Some(i128::from(*value)),
        Constant::BigInt(digits) => i128::from_str_radix(digits, 16).ok(),
        _ => None,
    }
}

fn integer_constant(value: i128) -> Option<Constant> {
    match i64::try_from(value) {
        Ok(value) => Some(Constant::Int(value)),
        Err(_) if value > 0 => Some(Constant::BigInt(format!("{value:x}").into())),
        Err(_) => None,
    }
}

/// A float, or an integer that is one exactly.
fn real(constant: &Constant) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    match constant {
        Constant::Float(value) => Some(*value),
        Constant::Int(value) if (-EXACT..=EXACT).contains(value) => Some(*value as f64),
        _ => None,
    }
}

fn fold_unary(op: UnaryOp, operand: &Constant) -> Option<Constant> {
    match (op, operand) {
        (UnaryOp::Not, operand) => Some(bool_constant(!truth(operand))),
        (UnaryOp::USub, Constant::Float(value)) => Some(Constant::Float(-value)),
        (UnaryOp::USub, Constant::Complex(real, imaginary)) => Some(Constant::Complex(-real, -imaginary)),
        (UnaryOp::UAdd, Constant::Float(_) | Constant::Complex(..)) => Some(operand.clone()),
        (UnaryOp::USub, _) => integer_constant(-integer(operand)?),
        (UnaryOp::UAdd, _) => integer_constant(integer(operand)?),
        (UnaryOp::Invert, _) => integer_constant(!integer(operand)?),
    }
}

fn fold_binary(op: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return fold_integers(op, left, right);
    }
    if let (Some(left), Some(right)) = (real(left), real(right)) {
        return fold_reals(op, left, right);
    }
    match (op, left, right) {
        (Operator::Add, Constant::Str(left), Constant::Str(right)) => {
            Some(Constant::Str([&**left, &**right].concat().into()))
        }
        (Operator::Add, Constant::Bytes(left), Constant::Bytes(right)) => {
            Some(Constant::Bytes([&**left, &**right].concat().into()))
        }
        (Operator::Add, Constant::Tuple(left), Constant::Tuple(right)) => {
            Some(Constant::Tuple(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Operator::Add, _, Constant::Complex(re, im)) => Some(Constant::Complex(real(left)? + re, *im)),
        (Operator::Sub, _, Constant::Complex(re, im)) => Some(Constant::Complex(real(left)? - re, -im)),
        (Operator::Add, Constant::Complex(re, im), _) => Some(Constant::Complex(re + real(right)?, *im)),
        (Operator::Sub, Constant::Complex(re, im), _) => Some(Constant::Complex(re - real(right)?, *im)),
        (Operator::Mult, Constant::Int(_), Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_)) => {
            fold_binary(op, right, left)
        }
        (Operator::Mult, Constant::Str(bytes), Constant::Int(count)) => {
            Some(Constant::Str(bytes.repeat(repetition(bytes.len(), *count, MAX_STRING)?).into()))
        }
        (Operator::Mult, Constant::Bytes(bytes), Constant::Int(count)) => {
            Some(Constant::Bytes(bytes.repeat(repetition(bytes.len(), *count, MAX_STRING)?).into()))
        }
        (Operator::Mult, Constant::Tuple(items), Constant::Int(count)) => {
            let times = repetition(items.len(), *count, MAX_TUPLE)?;
            Some(Constant::Tuple((0..times).flat_map(|_| items.iter().cloned()).collect()))
        }
        _ => None,
    }
}

fn repetition(length: usize, count: i64, limit: usize) -> Option<usize> {
    let count = usize::try_from(count.max(0)).ok()?;
    (length.checked_mul(count)? <= limit && count <= limit).then_some(count)
}

fn fold_integers(op: Operator, left: i128, right: i128) -> Option<Constant> {
    let value = match op {
        Operator::Add => left.checked_add(right)?,
        Operator::Sub => left.checked_sub(right)?,
        Operator::Mult => left.checked_mul(right)?,
        Operator::FloorDiv | Operator::Mod => {
            let (quotient, remainder) = (left.checked_div(right)?, left.checked_rem(right)?);
            // Python rounds towards negative infinity.
            let below = remainder != 0 && (remainder < 0) != (right < 0);
            match op {
                Operator::FloorDiv => quotient - i128::from(below),
                _ => remainder + if below { right } else { 0 },
            }
        }
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?)?,
        Operator::LShift => {
            let shift = u32::try_from(right).ok().filter(|shift| *shift < 127)?;
            left.checked_mul(1_i128.checked_shl(shift)?)?
        }
        Operator::RShift => left >> u32::try_from(right).ok()?.min(127),
        Operator::BitAnd => left & right,
        Operator::BitOr => left | right,
        Operator::BitXor => left ^ right,
        Operator::Div => {
            const EXACT: i128 = 1 << 53;
            let exact = |value: i128| (-EXACT..=EXACT).contains(&value);
            if right == 0 || !exact(left) || !exact(right) {
                return None;
            }
            return Some(Constant::Float(left as f64 / right as f64));
        }
        Operator::MatMult => return None,
    };
    integer_constant(value)
}

fn fold_reals(op: Operator, left: f64, right: f64) -> Option<Constant> {
    let value = match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult => left * right,
        Operator::Div if right != 0.0 => left / right,
        Operator::Pow if left > 0.0 => left.powf(right),
        _ => return None,
    };
    // What overflows may raise.
    (value.is_finite() || !left.is_finite() || !right.is_finite() || op != Operator::Pow)
        .then_some(Constant::Float(value))
}
