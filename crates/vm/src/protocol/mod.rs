//! What operators and builtin functions do on any object: fast paths for builtin types, then special methods.

pub mod buffer;
pub mod compare;
pub mod conversion;
pub mod exact;
pub mod fault;
pub mod format;
pub mod hash;
pub mod iterator;
pub mod mapping;
pub mod number;
pub mod repr;
pub mod sequence;

use crate::names::Special;

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator's name")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    TrueDiv,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    DivMod,
}

impl BinaryOp {
    /// The method of the left operand, that of the right one, and the in-place one (`divmod` has none).
    pub const fn specials(self) -> (Special, Special, Option<Special>) {
        use Special as S;
        match self {
            BinaryOp::Add => (S::Add, S::RAdd, Some(S::IAdd)),
            BinaryOp::Sub => (S::Sub, S::RSub, Some(S::ISub)),
            BinaryOp::Mul => (S::Mul, S::RMul, Some(S::IMul)),
            BinaryOp::TrueDiv => (S::TrueDiv, S::RTrueDiv, Some(S::ITrueDiv)),
            BinaryOp::FloorDiv => (S::FloorDiv, S::RFloorDiv, Some(S::IFloorDiv)),
            BinaryOp::Mod => (S::Mod, S::RMod, Some(S::IMod)),
            BinaryOp::Pow => (S::Pow, S::RPow, Some(S::IPow)),
            BinaryOp::MatMul => (S::MatMul, S::RMatMul, Some(S::IMatMul)),
            BinaryOp::LShift => (S::LShift, S::RLShift, Some(S::ILShift)),
            BinaryOp::RShift => (S::RShift, S::RRShift, Some(S::IRShift)),
            BinaryOp::And => (S::And, S::RAnd, Some(S::IAnd)),
            BinaryOp::Or => (S::Or, S::ROr, Some(S::IOr)),
            BinaryOp::Xor => (S::Xor, S::RXor, Some(S::IXor)),
            BinaryOp::DivMod => (S::DivMod, S::RDivMod, None),
        }
    }

    /// What messages call it.
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::TrueDiv => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "** or pow()",
            BinaryOp::MatMul => "@",
            BinaryOp::LShift => "<<",
            BinaryOp::RShift => ">>",
            BinaryOp::And => "&",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::DivMod => "divmod()",
        }
    }

    /// What messages call the assignment.
    pub const fn inplace_symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+=",
            BinaryOp::Sub => "-=",
            BinaryOp::Mul => "*=",
            BinaryOp::TrueDiv => "/=",
            BinaryOp::FloorDiv => "//=",
            BinaryOp::Mod => "%=",
            BinaryOp::Pow => "**=",
            BinaryOp::MatMul => "@=",
            BinaryOp::LShift => "<<=",
            BinaryOp::RShift => ">>=",
            BinaryOp::And => "&=",
            BinaryOp::Or => "|=",
            BinaryOp::Xor => "^=",
            BinaryOp::DivMod => "divmod()",
        }
    }
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method's name")]
pub enum CompareOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CompareOp {
    /// The method.
    pub const fn special(self) -> Special {
        match self {
            CompareOp::Lt => Special::Lt,
            CompareOp::Le => Special::Le,
            CompareOp::Eq => Special::Eq,
            CompareOp::Ne => Special::Ne,
            CompareOp::Gt => Special::Gt,
            CompareOp::Ge => Special::Ge,
        }
    }

    /// The operator with its operands exchanged.
    pub const fn swapped(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Eq => CompareOp::Eq,
            CompareOp::Ne => CompareOp::Ne,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
        }
    }

    /// How it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }

    /// The answer for operands in this order.
    #[inline]
    pub const fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Eq => order.is_eq(),
            CompareOp::Ne => order.is_ne(),
            CompareOp::Gt => order.is_gt(),
            CompareOp::Ge => order.is_ge(),
        }
    }

    /// The answer for operands in this order, or in none (a NaN is among them).
    #[inline]
    pub const fn holds_partly(self, order: Option<std::cmp::Ordering>) -> bool {
        match order {
            Some(order) => self.holds(order),
            None => matches!(self, CompareOp::Ne),
        }
    }
}
