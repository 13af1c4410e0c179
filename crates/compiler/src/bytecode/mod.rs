//! Bytecode: the instruction set, the code unit, and what builds them.

pub(crate) mod assemble;
pub(crate) mod builder;
pub mod code;
pub mod disassemble;
pub(crate) mod exception_table;
mod flow;
pub mod instruction;
pub(crate) mod operand;
pub mod serialize;
