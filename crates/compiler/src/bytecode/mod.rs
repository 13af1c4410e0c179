//! Bytecode: the instruction set, the code unit, and what builds them.

pub mod code;
pub mod disassemble;
pub mod instruction;
pub mod serialize;
