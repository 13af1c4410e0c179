//! The three modes, the levels of optimisation, and where instructions come from.

mod verifier;

use compiler::bytecode::code::{CodeUnit, Constant, Position, flags};
use compiler::bytecode::instruction::{Intrinsic, Opcode};
use compiler::{Mode, Options, Source, compile};

fn build(text: &str, mode: Mode, optimize: u8) -> CodeUnit {
    let options = Options { filename: "test", mode, optimize, future_annotations: false };
    let code = compile(&Source::new(text, "test"), &options).expect("a program");
    verifier::verify(&code).expect("code that keeps the contract");
    code
}

fn function(code: &CodeUnit) -> &CodeUnit {
    let found = code.constants.iter().find_map(|constant| match constant {
        Constant::Code(code) => Some(&**code),
        _ => None,
    });
    found.expect("a function")
}

fn count(code: &CodeUnit, opcode: Opcode) -> usize {
    code.instructions.iter().filter(|word| word.opcode == opcode as u8).count()
}

/// The positions of all instructions with an opcode.
fn positions(code: &CodeUnit, opcode: Opcode) -> Vec<Position> {
    let words = code.instructions.iter().zip(&code.positions);
    words.filter(|(word, _)| word.opcode == opcode as u8).map(|(_, position)| *position).collect()
}

fn at(line: u32, column: u32, end_line: u32, end_column: u32) -> Position {
    Position { line, end_line, column, end_column }
}

#[test]
fn an_expression_is_returned() {
    let code = build("a + 1", Mode::Eval, 0);
    assert_eq!(count(&code, Opcode::Return), 1);
    assert_eq!(build("1 + 1", Mode::Eval, 0).constants, [Constant::Int(2)]);
    build("[x for x in y if (z := x)]", Mode::Eval, 0);
}

#[test]
fn an_interactive_statement_prints() {
    let prints = |text| {
        let code = build(text, Mode::Single, 0);
        let print = |word: &&compiler::bytecode::instruction::Instruction| {
            word.opcode == Opcode::Intrinsic as u8 && word.b == Intrinsic::Print as u16
        };
        code.instructions.iter().filter(print).count()
    };
    assert_eq!(prints("a\n"), 1);
    assert_eq!(prints("'text'\n"), 1);
    assert_eq!(prints("for x in y: x; z\n"), 2);
    assert_eq!(prints("x = 1\n"), 0);
}

#[test]
fn optimising_drops_asserts_and_docstrings() {
    let text = "def f(x):\n    'doc'\n    assert x\n    if __debug__:\n        g()\n    return x\n";
    let plain = build(text, Mode::Exec, 0);
    assert!(function(&plain).flags & flags::HAS_DOCSTRING != 0);
    assert_eq!(function(&plain).constants[0], Constant::Str(b"doc".as_slice().into()));
    assert_eq!(count(function(&plain), Opcode::Raise), 1);
    assert_eq!(count(function(&plain), Opcode::Call), 1);
    let optimised = build(text, Mode::Exec, 1);
    assert!(function(&optimised).flags & flags::HAS_DOCSTRING != 0);
    assert_eq!(count(function(&optimised), Opcode::Raise), 0);
    assert_eq!(count(function(&optimised), Opcode::Call), 0);
    let bare = build(text, Mode::Exec, 2);
    assert!(function(&bare).flags & flags::HAS_DOCSTRING == 0);
}

#[test]
fn instructions_come_from_their_nodes() {
    let code = build("x = f(a)(b)\ny = (a\n  .b(c)\n  .d) + é[e]\n", Mode::Exec, 0);
    // f(a), then f(a)(b), then .b(c), which begins at its attribute's name.
    assert_eq!(positions(&code, Opcode::Call), [at(1, 4, 1, 8), at(1, 4, 1, 11), at(3, 3, 3, 7)]);
    assert_eq!(positions(&code, Opcode::LoadMethod), [at(3, 3, 3, 4)]);
    assert_eq!(positions(&code, Opcode::LoadAttr), [at(4, 3, 4, 4)]);
    // Columns count bytes.
    assert_eq!(positions(&code, Opcode::LoadSubscr), [at(4, 8, 4, 13)]);
    assert_eq!(positions(&code, Opcode::Add), [at(2, 4, 4, 13)]);
}
