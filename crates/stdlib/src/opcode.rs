//! The module `_opcode`: the instruction set, and the instructions of code objects, for `opcode` and `dis`.
//!
//! Not here: `dis` itself, which is the library's own (`overlay/dis.py`).

/// What the module is made of.
#[vm::prelude::pymodule(name = "_opcode", doc = "The instruction set of the runtime.")]
pub mod module {
    use compiler::bytecode::disassemble;
    use compiler::bytecode::instruction::{Opcode, Operand};
    use vm::builtins::code::Code;
    use vm::prelude::*;

    /// Names of the instructions, by number.
    #[pyfunction(signature = "()")]
    fn names(th: &mut Thread) -> Value {
        let names = Opcode::ALL.iter().map(|op| th.intern(op.name()).into_value()).collect();
        th.list(names)
    }

    fn with_operand(th: &mut Thread, wanted: impl Fn(Operand) -> bool) -> Value {
        let with = |op: &&Opcode| op.operands().into_iter().any(&wanted);
        let numbers = Opcode::ALL.iter().filter(with).map(|op| th.int(*op as i64)).collect();
        th.list(numbers)
    }

    /// Numbers of the instructions with operands of a kind: "const", "name", "jump" or "any".
    #[pyfunction(signature = "(kind, /)")]
    fn numbers_with(th: &mut Thread, kind: String) -> PyResult {
        Ok(match kind.as_str() {
            "const" => with_operand(th, |o| o == Operand::Const),
            "name" => with_operand(th, |o| o == Operand::Name),
            "jump" => with_operand(th, |o| matches!(o, Operand::Jump | Operand::WideJump)),
            "any" => with_operand(th, |o| o != Operand::None),
            _ => return Err(th.value_error(format_args!("unknown kind of operand: '{kind}'"))),
        })
    }

    /// The instructions of a code object: `(offset, length, number, value, text, target, positions)` of each.
    ///
    /// The value is that of a name or constant among the operands, the target that of a jump (or None), the positions
    /// are `(line, end line, column, end column)` or None. Offsets and lengths are bytes of `co_code`.
    #[pyfunction(signature = "(code, /)")]
    fn instructions(th: &mut Thread, code: &Obj<Code>) -> Value {
        let unit = code.unit.clone();
        let mut all = Vec::new();
        let mut word = 0;
        while let Some((text, length)) = disassemble::operands(&unit, word) {
            let Some(instruction) = unit.instructions.get(word) else { break };
            let opcode = Opcode::ALL.get(instruction.opcode as usize).copied();
            let kinds = opcode.map_or([Operand::None; 3], Opcode::operands);
            let (mut value, mut target) = (Value::NONE, Value::NONE);
            for (kind, number) in kinds.into_iter().zip([instruction.a, instruction.b, instruction.c]) {
                let distance = match kind {
                    Operand::Name => {
                        value = code.names.get(number as usize).map_or(Value::NONE, |n| n.as_value().clone());
                        continue;
                    }
                    Operand::Const => {
                        value = code.constants.get(number as usize).cloned().unwrap_or(Value::NONE);
                        continue;
                    }
                    Operand::Jump => i64::from(number.cast_signed()),
                    Operand::WideJump => i64::from(instruction.wide()),
                    _ => continue,
                };
                target = th.int(((word + length) as i64 + distance) * WORD);
            }
            let p = code.position(word);
            let positions = if p.line == 0 {
                Value::NONE
            } else {
                let numbers = [p.line, p.end_line, p.column, p.end_column].map(|n| th.int(n.into()));
                th.tuple(numbers.into())
            };
            let item = vec![
                th.int(word as i64 * WORD),
                th.int(length as i64 * WORD),
                th.int(instruction.opcode.into()),
                value,
                th.str(&text),
                target,
                positions,
            ];
            all.push(th.tuple(item));
            word += length;
        }
        th.list(all)
    }

    /// What one word of code counts in offsets, as `f_lasti` and `tb_lasti` do.
    #[pyattr]
    const WORD: i64 = 2;
}
