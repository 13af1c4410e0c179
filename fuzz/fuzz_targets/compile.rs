//! Any bytes as a program: the compiler answers code that keeps the contract of the instruction set, or an error. It
//! neither panics nor overflows the stack.
//!
//!     cargo +nightly fuzz run compile fuzz/corpus/compile tests/python crates/compiler/tests/golden
//!
//! The first byte chooses mode and optimisation. The same check over mutations that are always the same is
//! `crates/compiler/tests/mutations.rs`, which needs no fuzzer.
#![no_main]

#[path = "../../crates/compiler/tests/verifier/mod.rs"]
mod verifier;

use compiler::{Mode, Options, compile, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choices, program)) = data.split_first() else { return };
    let mode = [Mode::Exec, Mode::Exec, Mode::Eval, Mode::Single][usize::from(choices & 3)];
    let options = Options {
        filename: "<fuzz>",
        mode,
        optimize: (choices >> 2) % 3,
        future_annotations: choices & 0x80 != 0,
    };
    let Ok(source) = decode(program, options.filename) else { return };
    if let Ok(code) = compile(&source, &options)
        && let Err(message) = verifier::verify(&code)
    {
        panic!("{message}");
    }
});
