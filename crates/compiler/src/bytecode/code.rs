//! What compiling produces: a code unit, plain data that the virtual machine turns into a code object.
//!
//! Not here: how it is built (`builder`), written to bytes (`serialize`), printed (`disassemble`).

use std::sync::Arc;

use super::instruction::Instruction;

/// A compiled block: module, class body, function, lambda, generator expression or annotation scope.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeUnit {
    /// `co_name`
    pub name: Arc<str>,
    /// `co_qualname`
    pub qualname: Arc<str>,
    /// `co_filename`
    pub filename: Arc<str>,
    /// `co_firstlineno`
    pub first_line: u32,
    /// `co_flags`: CPython's `CO_*` bits, see [`flags`].
    pub flags: u32,
    /// `co_argcount`: positional parameters, positional-only ones included.
    pub arg_count: u16,
    /// `co_posonlyargcount`
    pub posonly_count: u16,
    /// `co_kwonlyargcount`
    pub kwonly_count: u16,
    /// `co_varnames`: parameters, then other locals; local number is register number.
    pub locals: Vec<Arc<str>>,
    /// `co_cellvars` with the register of each (a parameter's own, or one past the locals).
    pub cells: Vec<(Arc<str>, u16)>,
    /// `co_freevars`; free variable `i` lies in register `first_free + i`.
    pub free: Vec<Arc<str>>,
    /// Register of the first free variable; all registers below it that are not parameters start UNBOUND.
    pub first_free: u16,
    /// Registers of the frame in all: variables, temporaries, outgoing call windows up to their last argument.
    pub registers: u16,
    /// The code.
    pub instructions: Vec<Instruction>,
    /// `co_consts`; the first is the docstring if `flags::HAS_DOCSTRING`.
    pub constants: Vec<Constant>,
    /// `co_names`
    pub names: Vec<Arc<str>>,
    /// Handlers; the first entry that covers an instruction is the innermost.
    pub exceptions: Vec<ExceptionEntry>,
    /// One for each word of `instructions` (cache words repeat their instruction's).
    pub positions: Vec<Position>,
}

impl CodeUnit {
    /// Number of registers filled by the caller: parameters with `*args` and `**kwargs`.
    pub fn parameter_count(&self) -> usize {
        self.arg_count as usize
            + self.kwonly_count as usize
            + usize::from(self.flags & flags::VARARGS != 0)
            + usize::from(self.flags & flags::VARKEYWORDS != 0)
    }

    /// Register number of the first temporary.
    pub fn first_temporary(&self) -> usize {
        self.first_free as usize + self.free.len()
    }
}

/// `co_flags`, with CPython's values (`Include/cpython/code.h`).
pub mod flags {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const FUTURE_ANNOTATIONS: u32 = 0x100_0000;
    pub const HAS_DOCSTRING: u32 = 0x400_0000;
    pub const METHOD: u32 = 0x800_0000;
}

/// A constant of a code unit.
#[derive(Debug, Clone)]
pub enum Constant {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    /// Beyond 64 bits: sign is separate in source, so this is the magnitude in hexadecimal digits.
    BigInt(Arc<str>),
    Float(f64),
    Complex(f64, f64),
    /// WTF-8: UTF-8 in which lone surrogates may occur.
    Str(Arc<[u8]>),
    Bytes(Arc<[u8]>),
    Tuple(Arc<[Constant]>),
    FrozenSet(Arc<[Constant]>),
    /// start, stop, step; each is None, an int or another immutable constant.
    Slice(Arc<[Constant; 3]>),
    Code(Arc<CodeUnit>),
}

/// Identity as the constant table needs it: floats by bits, so that `0.0` and `-0.0` differ.
impl PartialEq for Constant {
    fn eq(&self, other: &Constant) -> bool {
        match (self, other) {
            (Constant::None, Constant::None)
            | (Constant::True, Constant::True)
            | (Constant::False, Constant::False)
            | (Constant::Ellipsis, Constant::Ellipsis) => true,
            (Constant::Int(a), Constant::Int(b)) => a == b,
            (Constant::BigInt(a), Constant::BigInt(b)) => a == b,
            (Constant::Float(a), Constant::Float(b)) => a.to_bits() == b.to_bits(),
            (Constant::Complex(a, b), Constant::Complex(c, d)) => {
                a.to_bits() == c.to_bits() && b.to_bits() == d.to_bits()
            }
            (Constant::Str(a), Constant::Str(b)) | (Constant::Bytes(a), Constant::Bytes(b)) => a == b,
            (Constant::Tuple(a), Constant::Tuple(b)) | (Constant::FrozenSet(a), Constant::FrozenSet(b)) => {
                a == b
            }
            (Constant::Slice(a), Constant::Slice(b)) => a == b,
            (Constant::Code(a), Constant::Code(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// A range of instructions and where an exception raised in it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionEntry {
    /// First covered word.
    pub start: u32,
    /// One past the last covered word.
    pub end: u32,
    /// Word of the handler.
    pub target: u32,
    /// Register that receives the exception.
    pub exception: u16,
    /// Registers below this one stay alive; temporaries from it on are dropped (before the exception is written).
    pub depth: u16,
}

/// Source range of an instruction: lines from 1, columns in UTF-8 bytes from 0; line 0 = no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    pub line: u32,
    pub end_line: u32,
    pub column: u32,
    pub end_column: u32,
}
