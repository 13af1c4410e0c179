//! Python inside a Rust program: code, calls, conversions, functions in both directions, errors, threads.
//!
//!     cargo run --release -p amphis --example embed
//!     cargo run --release -p amphis --example embed --no-default-features --features free-threaded
//!
//! In the `free-threaded` build the four threads at the end run Python at once.

use std::collections::BTreeMap;
use std::time::Instant;

use amphis::{Arguments, Error, Interpreter, Object, Python, Result};

const PROGRAM: &str = r#"
import host

def describe(name, *, greeting="Hello"):
    return f"{greeting}, {host.title(name)}!"

def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps

def longest(first, last):
    return max((collatz(n), n) for n in range(first, last))
"#;

pub fn main() -> Result<()> {
    let interpreter = Interpreter::start()?;
    let longest = interpreter.attach(|py| {
        // A module whose functions are closures.
        let host = py.module("host")?;
        host.function(py, "title", |_py: &mut Python<'_>, (name,): (String,)| {
            if name.is_empty() {
                Err(Error::value_error("a name must not be empty"))
            } else {
                Ok(name.to_uppercase())
            }
        })?;
        py.run(PROGRAM)?;

        // A call with a keyword, and its result as a Rust string.
        let describe = py.eval("describe")?;
        let arguments = Arguments::new().push(py, "ada")?.keyword(py, "greeting", "Welcome")?;
        let text: String = describe.call(py, arguments)?.extract(py)?;
        println!("{text}");
        assert_eq!(text, "Welcome, ADA!");

        // Collections become Python's, and come back.
        let ages = BTreeMap::from([("ada", 36), ("alan", 41)]);
        let globals = py.dict();
        globals.set_item(py, "ages", py_copy(&ages))?;
        let older: BTreeMap<String, u32> =
            py.eval_in("{name: age + 1 for name, age in ages.items()}", &globals)?.extract(py)?;
        println!("next year: {older:?}");
        assert_eq!(older["alan"], 42);

        // An exception raised in Rust goes through Python and comes back with its traceback.
        let error = describe.call(py, ("",)).expect_err("there is no name");
        assert_eq!(error.class_name(), "ValueError");
        let traceback = error.render(py);
        println!("{traceback}");
        assert!(traceback.contains("in describe"));

        // What Python prints.
        let ((), printed) = py.capture_stdout(|py| py.run("print(sum(range(10)))"))?;
        assert_eq!(printed, "45\n");

        // A reference that leaves this closure, for all threads.
        py.eval("longest")
    })?;
    parallel(interpreter, &longest)
}

/// Owned keys and values, which convert.
fn py_copy(ages: &BTreeMap<&str, i32>) -> BTreeMap<String, i32> {
    ages.iter().map(|(name, age)| ((*name).to_owned(), *age)).collect()
}

/// Calls a Python function from several threads at once.
fn parallel(interpreter: Interpreter, longest: &Object) -> Result<()> {
    const THREADS: u64 = 4;
    const NUMBERS: u64 = 5_000;
    let start = Instant::now();
    let found: Vec<Result<(u64, u64)>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                let range = (1 + worker * NUMBERS, 1 + (worker + 1) * NUMBERS);
                scope.spawn(move || interpreter.attach(|py| longest.call(py, range)?.extract(py)))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let mut best = (0, 0);
    for answer in found {
        best = best.max(answer?);
    }
    println!("the longest way to 1 below {} has {} steps, from {}", THREADS * NUMBERS + 1, best.0, best.1);
    println!("{THREADS} threads, {:.2?}", start.elapsed());
    assert_eq!(best, (278, 17_673));
    Ok(())
}
