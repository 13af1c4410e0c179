//! A code unit as text, for tests and for reading.
//!
//! A header, then one line an instruction: word offset, source line, name, operands, flags. A variable stands for its
//! register under its own name, a temporary is `rN`, `!` marks the last use of a temporary. Then come the exception
//! table and the nested code units. Nothing here fails: what is out of range is printed as a number with `?`.

use std::fmt::Write as _;

use super::code::{CodeUnit, Constant, flags as code_flags};
use super::instruction::{
    CommonConstant, DELEGATE, HAS_ANNOTATE, HAS_CLOSURE, HAS_DEFAULTS, HAS_KWDEFAULTS, IF_TRUE, INPLACE,
    Instruction, Intrinsic, KILL_A, KILL_B, KILL_C, METHOD, Opcode, Operand, SpecialMethod,
};

/// The text of a code unit and of all in it.
pub fn disassemble(code: &CodeUnit) -> String {
    let mut out = String::new();
    unit(code, &mut out);
    out
}

/// A constant as Python's `repr` writes it; code is `<code name>`.
pub fn repr(constant: &Constant) -> String {
    let mut out = String::new();
    write_constant(constant, &mut out);
    out
}

/// Appends to a string; writing to one never fails.
macro_rules! put {
    ($out:expr, $($arguments:tt)*) => {{
        let _ = write!($out, $($arguments)*);
    }};
}

/// The text of the operands of the instruction at `word`, and how many words it takes; None beyond the end.
pub fn operands(code: &CodeUnit, word: usize) -> Option<(String, usize)> {
    let instruction = *code.instructions.get(word)?;
    let mut out = String::new();
    let length =
        write_instruction(code, word, instruction, code.instructions.get(word + 1).copied(), &mut out);
    let text = out.split_once(' ').map_or("", |(_, operands)| operands);
    Some((text.to_owned(), length))
}

fn unit(code: &CodeUnit, out: &mut String) {
    put!(out, "code {} (line {}", code.qualname, code.first_line);
    for (bit, name) in FLAG_NAMES {
        if code.flags & bit != 0 {
            put!(out, ", {name}");
        }
    }
    put!(out, ")\n");
    if code.arg_count != 0 || code.kwonly_count != 0 {
        put!(out, "  arguments: {}", code.arg_count);
        if code.posonly_count != 0 {
            put!(out, " ({} positional-only)", code.posonly_count);
        }
        if code.kwonly_count != 0 {
            put!(out, ", {} keyword-only", code.kwonly_count);
        }
        out.push('\n');
    }
    if !code.locals.is_empty() {
        put!(out, "  locals: {}\n", code.locals.join(", "));
    }
    if !code.cells.is_empty() {
        let cells: Vec<String> =
            code.cells.iter().map(|(name, register)| format!("{name} in r{register}")).collect();
        put!(out, "  cells: {}\n", cells.join(", "));
    }
    if !code.free.is_empty() {
        put!(out, "  free: {} from r{}\n", code.free.join(", "), code.first_free);
    }
    put!(out, "  registers: {}\n", code.registers);

    let mut line = 0;
    let mut word = 0;
    while let Some(instruction) = code.instructions.get(word) {
        let here = code.positions.get(word).map_or(0, |position| position.line);
        if here == line {
            put!(out, "{word:6}       ");
        } else if here == 0 {
            put!(out, "{word:6}    -  ");
        } else {
            put!(out, "{word:6} {here:4}  ");
        }
        line = here;
        let extra = code.instructions.get(word + 1).copied();
        let length = write_instruction(code, word, *instruction, extra, out);
        out.push('\n');
        word += length;
    }

    if !code.exceptions.is_empty() {
        put!(out, "  exceptions:\n");
        for entry in &code.exceptions {
            put!(
                out,
                "{:6} .. {} to {}, r{}, depth {}\n",
                entry.start,
                entry.end,
                entry.target,
                entry.exception,
                entry.depth
            );
        }
    }
    for constant in &code.constants {
        if let Constant::Code(nested) = constant {
            out.push('\n');
            unit(nested, out);
        }
    }
}

const FLAG_NAMES: [(u32, &str); 12] = [
    (code_flags::OPTIMIZED, "OPTIMIZED"),
    (code_flags::NEWLOCALS, "NEWLOCALS"),
    (code_flags::VARARGS, "VARARGS"),
    (code_flags::VARKEYWORDS, "VARKEYWORDS"),
    (code_flags::NESTED, "NESTED"),
    (code_flags::GENERATOR, "GENERATOR"),
    (code_flags::COROUTINE, "COROUTINE"),
    (code_flags::ITERABLE_COROUTINE, "ITERABLE_COROUTINE"),
    (code_flags::ASYNC_GENERATOR, "ASYNC_GENERATOR"),
    (code_flags::FUTURE_ANNOTATIONS, "FUTURE_ANNOTATIONS"),
    (code_flags::HAS_DOCSTRING, "HAS_DOCSTRING"),
    (code_flags::METHOD, "METHOD"),
];

/// Writes one instruction; the result is how many words it takes.
fn write_instruction(
    code: &CodeUnit,
    word: usize,
    instruction: Instruction,
    extra: Option<Instruction>,
    out: &mut String,
) -> usize {
    let Some(opcode) = Opcode::ALL.get(instruction.opcode as usize).copied() else {
        put!(out, "?{}", instruction.opcode);
        return 1;
    };
    let length = 1 + opcode.cache_words();
    // Jumps count from the word after the instruction and its caches.
    let target = |distance: i32| (word + length) as i64 + i64::from(distance);
    let values = [instruction.a, instruction.b, instruction.c];
    let mut operands = Vec::new();
    let kills = [KILL_A, KILL_B, KILL_C];
    for ((kind, value), kill) in opcode.operands().into_iter().zip(values).zip(kills) {
        let mark = if instruction.flags & kill != 0 { "!" } else { "" };
        operands.push(match kind {
            Operand::None => continue,
            Operand::Write | Operand::Read => format!("{}{mark}", register(code, value)),
            Operand::Base => format!("{}..", register(code, value)),
            Operand::Const => match code.constants.get(value as usize) {
                Some(constant) => repr(constant),
                None => format!("constant {value}?"),
            },
            Operand::Name => name(code, value),
            Operand::Imm => immediate(opcode, value),
            Operand::Jump => format!("to {}", target(i32::from(value as i16))),
            Operand::WideJump => format!("to {}", target(instruction.wide())),
        });
    }
    if let Some(extra) = extra {
        match opcode {
            Opcode::CallKw => operands.push(match code.constants.get(extra.a as usize) {
                Some(names) => repr(names),
                None => format!("constant {}?", extra.a),
            }),
            Opcode::LoadFromDictOrCell => operands.push(name(code, extra.a)),
            Opcode::MatchClass => operands.push(extra.a.to_string()),
            _ => {}
        }
    }
    put!(out, "{}", opcode.name());
    if !operands.is_empty() {
        put!(out, " {}", operands.join(", "));
    }
    for (bit, word) in flag_names(opcode) {
        if instruction.flags & bit != 0 {
            put!(out, " {word}");
        }
    }
    length
}

/// What the flags beyond `KILL_*` say in an instruction.
fn flag_names(opcode: Opcode) -> &'static [(u8, &'static str)] {
    match opcode {
        Opcode::Call | Opcode::CallKw | Opcode::CallEx => &[(METHOD, "method")],
        Opcode::Yield => &[(DELEGATE, "delegate")],
        Opcode::Raise => &[(IF_TRUE, "from")],
        Opcode::MakeFunction => &[
            (HAS_DEFAULTS, "defaults"),
            (HAS_KWDEFAULTS, "kwdefaults"),
            (HAS_ANNOTATE, "annotate"),
            (HAS_CLOSURE, "closure"),
        ],
        _ => &[(INPLACE, "inplace"), (IF_TRUE, "if-true")],
    }
}

fn register(code: &CodeUnit, number: u16) -> String {
    if let Some((name, _)) = code.cells.iter().find(|(_, register)| *register == number) {
        return name.to_string();
    }
    if let Some(name) = code.locals.get(number as usize) {
        return name.to_string();
    }
    let free = number.checked_sub(code.first_free).and_then(|index| code.free.get(index as usize));
    free.map_or_else(|| format!("r{number}"), |name| name.to_string())
}

fn name(code: &CodeUnit, index: u16) -> String {
    code.names.get(index as usize).map_or_else(|| format!("name {index}?"), |name| name.to_string())
}

fn immediate(opcode: Opcode, value: u16) -> String {
    let known = match opcode {
        Opcode::Intrinsic => find(value, INTRINSICS, |item| *item as u16),
        Opcode::LoadCommonConstant => find(value, COMMON_CONSTANTS, |item| *item as u16),
        Opcode::LoadSpecial => find(value, SPECIAL_METHODS, |item| *item as u16),
        _ => None,
    };
    known.unwrap_or_else(|| value.to_string())
}

fn find<T: std::fmt::Debug>(value: u16, all: &[T], number: impl Fn(&T) -> u16) -> Option<String> {
    all.iter().find(|item| number(item) == value).map(|item| format!("{item:?}"))
}

const INTRINSICS: &[Intrinsic] = &[
    Intrinsic::Print,
    Intrinsic::StopIterationError,
    Intrinsic::AsyncGenWrap,
    Intrinsic::TypeVar,
    Intrinsic::TypeVarWithBound,
    Intrinsic::TypeVarWithConstraints,
    Intrinsic::ParamSpec,
    Intrinsic::TypeVarTuple,
    Intrinsic::SetTypeParamDefault,
    Intrinsic::SubscriptGeneric,
    Intrinsic::TypeAlias,
    Intrinsic::SetFunctionTypeParams,
];

const COMMON_CONSTANTS: &[CommonConstant] = &[
    CommonConstant::AssertionError,
    CommonConstant::NotImplementedError,
    CommonConstant::Tuple,
    CommonConstant::All,
    CommonConstant::Any,
];

const SPECIAL_METHODS: &[SpecialMethod] =
    &[SpecialMethod::Enter, SpecialMethod::Exit, SpecialMethod::AEnter, SpecialMethod::AExit];

fn write_constant(constant: &Constant, out: &mut String) {
    match constant {
        Constant::None => out.push_str("None"),
        Constant::True => out.push_str("True"),
        Constant::False => out.push_str("False"),
        Constant::Ellipsis => out.push_str("..."),
        Constant::Int(value) => put!(out, "{value}"),
        Constant::BigInt(digits) => put!(out, "0x{digits}"),
        Constant::Float(value) => put!(out, "{value:?}"),
        Constant::Complex(real, imaginary) if *real == 0.0 => put!(out, "{imaginary:?}j"),
        Constant::Complex(real, imaginary) => put!(out, "({real:?}{imaginary:+?}j)"),
        Constant::Str(text) => write_text(text, out),
        Constant::Bytes(bytes) => {
            put!(out, "b'");
            for byte in bytes.iter() {
                match byte {
                    b'\'' => out.push_str("\\'"),
                    _ => put!(out, "{}", byte.escape_ascii()),
                }
            }
            out.push('\'');
        }
        Constant::Tuple(items) => {
            write_items("(", items, out);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Constant::FrozenSet(items) => {
            write_items("frozenset({", items, out);
            out.push_str("})");
        }
        Constant::Slice(items) => {
            write_items("slice(", &**items, out);
            out.push(')');
        }
        Constant::Code(code) => put!(out, "<code {}>", code.name),
    }
}

fn write_items(open: &str, items: &[Constant], out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index != 0 {
            out.push_str(", ");
        }
        write_constant(item, out);
    }
}

/// WTF-8 text with escapes; a lone surrogate appears as its three bytes.
fn write_text(text: &[u8], out: &mut String) {
    out.push('\'');
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' => out.push_str("\\'"),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                character if character.is_control() => put!(out, "\\x{:02x}", character as u32),
                character => out.push(character),
            }
        }
        for byte in chunk.invalid() {
            put!(out, "\\x{byte:02x}");
        }
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bytecode::code::{ExceptionEntry, Position};

    #[test]
    fn constants() {
        let text = |text: &str| Constant::Str(Arc::from(text.as_bytes()));
        assert_eq!(repr(&text("it's\n")), "'it\\'s\\n'");
        assert_eq!(repr(&Constant::Tuple(Arc::from([Constant::Int(1)]))), "(1,)");
        assert_eq!(repr(&Constant::Bytes(Arc::from(&b"a\0'"[..]))), "b'a\\x00\\''");
        assert_eq!(repr(&Constant::Complex(0.0, 1.5)), "1.5j");
    }

    #[test]
    fn instructions() {
        let word = |opcode: Opcode, flags, a, b, c| Instruction { opcode: opcode as u8, flags, a, b, c };
        let code = CodeUnit {
            name: "f".into(),
            qualname: "C.f".into(),
            filename: "x.py".into(),
            first_line: 3,
            flags: code_flags::OPTIMIZED,
            arg_count: 1,
            posonly_count: 0,
            kwonly_count: 0,
            locals: vec!["x".into()],
            cells: vec![],
            free: vec![],
            first_free: 1,
            registers: 3,
            instructions: vec![
                word(Opcode::AddK, INPLACE, 1, 0, 0),
                word(Opcode::JumpLt, KILL_A | IF_TRUE, 1, 0, 1),
                word(Opcode::Nop, 0, 0, 0, 0),
                word(Opcode::Return, KILL_A, 1, 0, 0),
                word(Opcode::LoadConst, 0, 1, 9, 0),
            ],
            constants: vec![Constant::Int(7)],
            names: vec![],
            exceptions: vec![ExceptionEntry { start: 0, end: 2, target: 3, exception: 1, depth: 1 }],
            positions: vec![Position { line: 4, end_line: 4, column: 0, end_column: 1 }; 5],
        };
        let expected = "code C.f (line 3, OPTIMIZED)
  arguments: 1
  locals: x
  registers: 3
     0    4  ADD_K r1, x, 7 inplace
     1       JUMP_LT r1!, x, to 3 if-true
     2       NOP
     3       RETURN r1!
     4       LOAD_CONST r1, constant 9?
  exceptions:
     0 .. 2 to 3, r1, depth 1
";
        assert_eq!(disassemble(&code), expected);
    }
}
