//! What the interpreter's steps cost, in small Python programs. Each is a function that repeats one step.

use benches::with_runtime;
use criterion::{Criterion, Throughput};
use vm::builtins::code::Code;
use vm::builtins::module;
use vm::import::{bootstrap, import};
use vm::interpreter::run_code;
use vm::prelude::*;

/// Steps in a call of a program.
const STEPS: i64 = 1000;

/// Name, and a program that defines `run(n)`.
const PROGRAMS: &[(&str, &str)] = &[
    ("loop", "def run(n):\n for i in range(n): pass"),
    ("while", "def run(n):\n i = 0\n while i < n: i += 1"),
    ("add ints", "def run(n):\n x = 0\n for i in range(n): x = x + i"),
    ("add floats", "def run(n):\n x = 0.5\n for i in range(n): x = x + 1.5"),
    ("multiply and take the rest", "def run(n):\n x = 1\n for i in range(n): x = x * 7 % 1000003"),
    ("large ints", "def run(n):\n x = 1 << 200\n for i in range(n): x + x"),
    ("call a function", "def f(): pass\ndef run(n):\n for i in range(n): f()"),
    ("call with three arguments", "def f(a, b, c): return b\ndef run(n):\n for i in range(n): f(i, i, i)"),
    ("call with keywords", "def f(a, b=1, *, c=2): return b\ndef run(n):\n for i in range(n): f(i, c=i)"),
    ("call a builtin", "def run(n):\n x = [1]\n for i in range(n): len(x)"),
    ("call a method", "class C:\n def m(self): pass\ndef run(n):\n c = C()\n for i in range(n): c.m()"),
    ("read an attribute", "class C: pass\nc = C()\nc.x = 1\ndef run(n):\n o = c\n for i in range(n): o.x"),
    ("write an attribute", "class C: pass\nc = C()\ndef run(n):\n o = c\n for i in range(n): o.x = i"),
    ("read a class attribute", "class C: x = 1\ndef run(n):\n c = C()\n for i in range(n): c.x"),
    ("make an object", "class C:\n def __init__(self, x): self.x = x\ndef run(n):\n for i in range(n): C(i)"),
    ("read a global", "x = 1\ndef run(n):\n for i in range(n): x"),
    ("closure", "def make():\n x = 1\n def run(n):\n  for i in range(n): x\n return run\nrun = make()"),
    ("index a list", "def run(n):\n x = [1, 2, 3]\n for i in range(n): x[1]"),
    ("store into a dict", "def run(n):\n d = {}\n for i in range(n): d[i & 63] = i"),
    ("list comprehension", "def run(n):\n return [i for i in range(n)]"),
    ("generator", "def g(n):\n for i in range(n): yield i\ndef run(n):\n for i in g(n): pass"),
    ("try", "def run(n):\n for i in range(n):\n  try: i\n  except ValueError: pass"),
    (
        "raise and catch",
        "def run(n):\n for i in range(n):\n  try: raise ValueError\n  except ValueError: pass",
    ),
    ("join text", "def run(n):\n for i in range(n): f'{i} and {i}'"),
    ("fib", "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef run(n): return fib(15)"),
];

/// The function `run` of a program.
fn define(th: &mut Thread, text: &str) -> PyResult {
    let unit = bootstrap::compile(th, text.as_bytes(), "<benchmark>", compiler::Mode::Exec)?;
    let code = Code::new(th, &std::sync::Arc::new(unit))?;
    let main = import(th, "__main__")?;
    let globals =
        module::dict_of(th, &main).cloned().ok_or_else(|| th.system_error("__main__ is not a module"))?;
    run_code(th, &code, &globals, None, None)?;
    let name = th.intern("run");
    globals.get_str(th, &name).ok_or_else(|| th.system_error("no function of that name"))
}

fn main() {
    with_runtime(|th| {
        // Made here, as it may not change threads.
        let mut criterion = Criterion::default().configure_from_args();
        let mut group = criterion.benchmark_group("interpreter");
        group.throughput(Throughput::Elements(STEPS as u64));
        let steps = th.int(STEPS);
        for (name, text) in PROGRAMS {
            let Ok(run) = define(th, text) else { panic!("{name}: the program has an error") };
            group.bench_function(*name, |bench| {
                bench.iter(|| match th.call(&run, std::slice::from_ref(&steps)) {
                    Ok(value) => value,
                    Err(_) => panic!("{name}: an exception"),
                });
            });
        }
        group.finish();
        criterion.final_summary();
    });
}
