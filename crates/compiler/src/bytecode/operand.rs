//! Operands before the frame's layout is known.
//!
//! While a unit is lowered nobody knows yet how many locals and cells it has (comprehensions add some), so a register
//! is named by its kind and number; `assemble` turns it into a frame index. Not here: what operands of an
//! instruction mean (`instruction`).

use super::instruction::{KILL_A, KILL_B, KILL_C};

/// The parts of a frame, in frame order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Parameters and other locals.
    Local,
    /// Cells that are not parameters.
    Cell,
    /// Free variables.
    Free,
    /// Temporaries.
    Temporary,
}

const AREA_SHIFT: u32 = 28;
const NUMBER_MASK: u32 = (1 << AREA_SHIFT) - 1;

/// A register: an area and a number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Reg(u32);

impl Reg {
    /// Local number `n`.
    pub const fn local(n: u32) -> Reg {
        Reg(n)
    }

    /// Cell number `n`, of those that are not parameters.
    pub const fn cell(n: u32) -> Reg {
        Reg(1 << AREA_SHIFT | n)
    }

    /// Free variable number `n`.
    pub const fn free(n: u32) -> Reg {
        Reg(2 << AREA_SHIFT | n)
    }

    /// Temporary number `n`.
    pub const fn temporary(n: u32) -> Reg {
        Reg(3 << AREA_SHIFT | n)
    }

    /// The register `n` further on, in the same area.
    pub const fn offset(self, n: u32) -> Reg {
        Reg(self.0 + n)
    }

    /// Its area.
    pub const fn area(self) -> Area {
        match self.0 >> AREA_SHIFT {
            0 => Area::Local,
            1 => Area::Cell,
            2 => Area::Free,
            _ => Area::Temporary,
        }
    }

    /// Its number within the area.
    pub const fn number(self) -> u32 {
        self.0 & NUMBER_MASK
    }

    /// Is it a temporary?
    pub const fn is_temporary(self) -> bool {
        matches!(self.area(), Area::Temporary)
    }

    /// The register with this raw form.
    pub(crate) const fn from_raw(raw: u32) -> Reg {
        Reg(raw)
    }
}

/// What an instruction of the builder carries in an operand field.
pub(crate) trait Raw {
    /// As a number.
    fn raw(self) -> u32;
}

impl Raw for u32 {
    fn raw(self) -> u32 {
        self
    }
}

impl Raw for Reg {
    fn raw(self) -> u32 {
        self.0
    }
}

/// A value to read: a register, and whether it is a temporary that this read consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    /// Where it lies.
    pub reg: Reg,
    /// Dies with the next read.
    pub kill: bool,
}

impl Value {
    /// Something that outlives the read: a local.
    pub const fn kept(reg: Reg) -> Value {
        Value { reg, kill: false }
    }

    /// A temporary that dies with the read.
    pub const fn dying(reg: Reg) -> Value {
        Value { reg, kill: true }
    }

    /// The flag if it is operand `a`.
    pub const fn kill_a(self) -> u8 {
        if self.kill { KILL_A } else { 0 }
    }

    /// The flag if it is operand `b`.
    pub const fn kill_b(self) -> u8 {
        if self.kill { KILL_B } else { 0 }
    }

    /// The flag if it is operand `c`.
    pub const fn kill_c(self) -> u8 {
        if self.kill { KILL_C } else { 0 }
    }
}

impl Raw for Value {
    fn raw(self) -> u32 {
        self.reg.0
    }
}

/// Where the result of an expression goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dst {
    /// A register that is already in use: a local, or a temporary below the depth. Only the last instruction of
    /// the expression may write a local.
    Reg(Reg),
    /// The next free temporary, which is then in use.
    Push,
}

/// A place in the code that jumps name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Label(pub(crate) u32);
