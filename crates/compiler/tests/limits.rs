//! Programs that are big in one way or another: they compile, or are refused, but never wrap or crash.

mod verifier;

use compiler::bytecode::code::{CodeUnit, Constant};
use compiler::bytecode::instruction::Opcode;
use compiler::syntax_error::Kind;
use compiler::{Mode, Options, Source, SyntaxError, compile};

fn build(text: String) -> Result<CodeUnit, SyntaxError> {
    let options = Options { filename: "big", mode: Mode::Exec, optimize: 0, future_annotations: false };
    let code = compile(&Source::new(text, "big"), &options)?;
    verifier::verify(&code).expect("code that keeps the contract");
    Ok(code)
}

fn opcodes(code: &CodeUnit) -> Vec<u8> {
    code.instructions.iter().map(|word| word.opcode).collect()
}

fn function(code: &CodeUnit) -> &CodeUnit {
    code.constants
        .iter()
        .find_map(|constant| match constant {
            Constant::Code(code) => Some(&**code),
            _ => None,
        })
        .expect("a function")
}

#[test]
fn jumps_beyond_16_bits() {
    let calls = "            g(x)\n".repeat(12_000);
    let text = format!(
        "def f(a, b):\n    for x in a:\n        if a < b:\n{calls}        else:\n            h()\n    while a < 3:\n        if b:\n{calls}        a += 1\n"
    );
    let code = build(text).expect("long loops compile");
    let opcodes = opcodes(function(&code));
    assert!(function(&code).instructions.len() > 2 * i16::MAX as usize);
    // The compare-and-jumps of the short form are gone; the loops jump back by the long way.
    assert!(opcodes.contains(&(Opcode::JumpBack as u8)));
    assert!(!opcodes.contains(&(Opcode::LoopLtK as u8)));
    assert!(opcodes.contains(&(Opcode::JumpLtK as u8)));
}

#[test]
fn too_many_constants() {
    let items: Vec<String> = (0..70_000).map(|n| format!("f({n})\n")).collect();
    let error = build(items.concat()).expect_err("more constants than an operand can name");
    assert_eq!(error.kind, Kind::Syntax);
    assert!(error.message.contains("too many constants"), "{}", error.message);
}

#[test]
fn too_many_names() {
    let items: Vec<String> = (0..70_000).map(|n| format!("n{n}\n")).collect();
    let error = build(items.concat()).expect_err("more names than an operand can name");
    assert!(error.message.contains("too many names"), "{}", error.message);
}

#[test]
fn long_displays_and_calls() {
    let names = "a, ".repeat(3_000);
    let pairs = "a: b, ".repeat(3_000);
    let code = build(format!(
        "def f(a, b):\n    x = [{names}]\n    y = ({names})\n    z = {{{names}}}\n    w = {{{pairs}}}\n    f({names})\n    return f'{}'\n",
        "{a} ".repeat(2_000)
    ))
    .expect("long displays compile");
    assert!(function(&code).registers < 300, "{}", function(&code).registers);
}

/// Deep programs are compiled or refused.
fn deep(text: String) {
    if let Err(error) = build(text) {
        assert!(matches!(error.kind, Kind::Recursion | Kind::Syntax | Kind::Indentation), "{error:?}");
    }
}

#[test]
fn deep_programs() {
    deep(format!("x = {}a", "a + ".repeat(20_000)));
    deep(format!("x = {}a", "not ".repeat(20_000)));
    deep(format!("x = {}a", "-".repeat(20_000)));
    deep(format!("x = a{}", ".b".repeat(20_000)));
    deep(format!("x = a{}", "()".repeat(20_000)));
    deep(format!("x = a{}", "[0]".repeat(20_000)));
    deep(format!("x = {}a", "a ** ".repeat(20_000)));
    deep(format!("x = {}a", "lambda: ".repeat(20_000)));
    deep(format!("x = {}a", "a if a else ".repeat(20_000)));
    deep(format!("x = {}a{}", "(".repeat(20_000), ")".repeat(20_000)));
    deep(format!("x = {}{}", "[".repeat(20_000), "]".repeat(20_000)));
    deep(format!("if a: pass\n{}", "elif b: pass\n".repeat(20_000)));
    deep(
        (0..2_000).map(|n| format!("{}if a:\n", " ".repeat(n))).collect::<String>()
            + &" ".repeat(2_000)
            + "pass",
    );
}
