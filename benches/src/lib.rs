//! Criterion benchmarks of the parts: `cargo bench -p benches`, one topic with `--bench counts`.
//!
//! | file | what |
//! |---|---|
//! | `counts` | increments and decrements, over both backends |
//! | `allocation` | blocks by size, over both backends, and blocks that another thread frees |
//! | `containers` | the storage of lists and dicts |
//! | `interpreter` | calls, attributes, arithmetic, loops: small Python programs |
//! | `start_up` | the binary, from nothing to the end of an empty program |
//!
//! Whole programs are measured against another interpreter in the same run, not here.

use vm::import::StandardLibrary;
use vm::lifecycle::{Config, start};
use vm::prelude::Thread;
use vm::thread::start_exit;

/// Stack of the thread that runs Python.
const STACK: usize = 64 << 20;

static LIBRARY: StandardLibrary = StandardLibrary { modules: &[], archive: &[] };

/// Runs `body` in a runtime that has builtin functions and native modules only. Once in a process.
///
/// # Panics
/// If the runtime does not start.
pub fn with_runtime(body: impl FnOnce(&mut Thread) + Send) {
    start_exit::prepare();
    let main = || {
        let run = start_exit::run(true, |th| {
            start(th, Config { bare: true, ..Config::default() }, &LIBRARY).expect("a runtime");
            body(th);
        });
        run.expect("a thread of the runtime");
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, main);
        thread.expect("a thread").join().expect("benchmarks do not panic");
    });
}
