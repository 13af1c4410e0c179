//! Programs that are almost programs: for every one the compiler answers code that keeps the contract, or an error.
//!
//! The mutations are the same in every run. They go on for a few seconds; `AMPHIS_MUTATION_SECONDS` makes them go on for
//! longer, `AMPHIS_MUTATION_SEED` begins elsewhere. `fuzz/` holds the same check for a fuzzer.

mod verifier;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use compiler::{Mode, Options, Source, compile, decode};

/// Small pieces, between which mutations splice.
const SNIPPETS: &[&str] = &[
    "def f(a, b=1, /, c=2, *args, d, e=3, **kw): return a + b if c else (yield d)\n",
    "async def f():\n    async with a as b, c: pass\n    async for x in y: await z\n    else: pass\n    return [x async for x in y]\n",
    "class C[T: int = str, *Ts, **P](B, metaclass=M, **kw):\n    x: int = 1\n    def f(self): return super().f(__class__)\n",
    "match x:\n    case [1, *rest] | {'a': b, **c} if d: pass\n    case C(1, k=v) as w: pass\n    case -1 | 1+2j | 'a' | None: pass\n    case _: pass\n",
    "try:\n    raise E from x\nexcept* (A, B) as e:\n    pass\nelse:\n    pass\nfinally:\n    del e\n",
    "try: pass\nexcept A as e: raise\nexcept: pass\nfinally: return\n",
    "with (a as b, c as (d, e)):\n    while True:\n        if x: break\n        elif y: continue\n        else: z\n    else: w\n",
    "f'{a!r:>{width}} {b=} {c:{d}{e}} {{}}' f\"{'nested' f'{x}'}\"\n",
    "t'{a!r:>{width}} {b=}' t''\n",
    "x = lambda *a, k=(yield): [y := f(x), *a, {**b}, {*c}, a[1:2, ..., ::3]]\n",
    "global g\nfor i, (j, *k) in enumerate(x): nonlocal_ = i @ j // k ** ~i\n",
    "type A[T] = list[T]\ntype B = A[int]\n",
    "from . import a as b, c\nfrom ..d import (e, f as g,)\nimport h.i.j as k, l\nfrom m import *\n",
    "a = b = c, d = *e, f\na += 1; b @= 2; c: int; (d): str = 3\nassert x, y\ndel a, b[0], c.d\n",
    "[[x for x in y if z] for y in z for w in [y := 1]]\n{k: v for k, v in x}\n(x for x in (yield))\n",
    "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n        return lambda: x\n    return g\n",
    "@a.b(c)\n@d\nasync def f(): yield 1; yield\n",
    "0xFF + 0b1 + 0o7 + 1_000 + 1e10 + 1j + .5 + 10**100\n",
    "b'\\x00\\n' rb'\\d' u'\\N{BULLET}' '\\ud800' '''a\nb'''\n",
    "if a < b <= c != d is not e not in f and not g or h: pass\n",
    "# -*- coding: latin-1 -*-\nx = '\u{e9}'\n",
    "from __future__ import annotations\ndef f(x: A) -> B: y: C\n",
];

/// Words that turn one construct into another.
const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    "=",
    ":=",
    "->",
    "*",
    "**",
    "@",
    ".",
    "...",
    "\n",
    "\n    ",
    "\t",
    "\\\n",
    "'",
    "\"",
    "'''",
    "f'",
    "t'{",
    "b'",
    "#",
    "!",
    "def ",
    "class ",
    "lambda ",
    "async ",
    "await ",
    "yield ",
    "yield from ",
    "return ",
    "if ",
    "else",
    "elif ",
    "for ",
    " in ",
    "while ",
    "with ",
    " as ",
    "try",
    "except",
    "except*",
    "finally",
    "match ",
    "case ",
    "case _",
    "global ",
    "nonlocal ",
    "import ",
    "from ",
    "del ",
    "pass",
    "break",
    "continue",
    "raise ",
    "assert ",
    "not ",
    " is ",
    " and ",
    " or ",
    "None",
    "True",
    "type ",
    "x",
    "_",
    "__class__",
    "__debug__",
    "super()",
    "0",
    "1",
    "-1",
    "1.5",
    "1j",
    "99999999999999999999",
    "\u{0}",
    "\u{e9}",
    "\u{1F40D}",
    "\u{feff}",
    "\r",
    "\x0c",
];

/// A generator of numbers: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// A short range in `0..len`.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let longest = if self.below(4) == 0 { 200 } else { 12 };
        start..(start + self.below(longest)).min(len)
    }
}

/// Lines of `text` around a random place: mutants of short programs are tried faster.
fn excerpt(text: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = random.below(lines.len());
    let count = 1 + random.below(40);
    lines[start..(start + count).min(lines.len())].concat()
}

fn mutate(text: &str, others: &[String], random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let range = random.range(bytes.len());
        let piece: Vec<u8> = match random.below(8) {
            0 => Vec::new(),
            1 | 2 => random.pick(WORDS).into(),
            3 => {
                let other = random.pick(SNIPPETS).as_bytes();
                let part = random.range(other.len());
                other[part].to_vec()
            }
            4 => {
                let other = others[random.below(others.len())].as_bytes();
                let part = random.range(other.len());
                other[part].to_vec()
            }
            5 => bytes[random.range(bytes.len())].to_vec(),
            6 => random.pick(WORDS).repeat(1 + random.below(300)).into(),
            _ => vec![random.next() as u8],
        };
        let at = if random.below(2) == 0 { range.start..range.start } else { range };
        bytes.splice(at, piece);
    }
    bytes
}

/// Compiles a program in every way; what went wrong, if something did.
fn failure(bytes: &[u8], random: &mut Random) -> Option<String> {
    let mode = [Mode::Exec, Mode::Exec, Mode::Exec, Mode::Eval, Mode::Single][random.below(5)];
    let optimize = [0, 0, 1, 2][random.below(4)];
    let future_annotations = random.below(8) == 0;
    let options = Options { filename: "<mutant>", mode, optimize, future_annotations };
    let run = || {
        let source: Source = decode(bytes, "<mutant>").ok()?;
        let code = compile(&source, &options).ok()?;
        verifier::verify(&code).err()
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(answer) => answer,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Some(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
    .map(|message| format!("{message}\n  options: {options:?}"))
}

/// Leaves out lines, then characters, while the failure stays.
fn shrink(mut bytes: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut size = bytes.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < bytes.len() {
            let mut shorter = bytes.clone();
            shorter.drain(at..(at + size).min(bytes.len()));
            if fails(&shorter) {
                bytes = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    bytes
}

fn corpus() -> Vec<String> {
    let mut all: Vec<String> = SNIPPETS.iter().map(|text| (*text).to_owned()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in [root.join("../../tests/python"), root.join("tests/golden")] {
        let mut files: Vec<_> = std::fs::read_dir(folder).expect("the programs' folder").flatten().collect();
        files.sort_by_key(std::fs::DirEntry::path);
        let texts = files
            .iter()
            .map(std::fs::DirEntry::path)
            .filter(|path| path.extension().is_some_and(|e| e == "py"));
        all.extend(texts.filter_map(|path| std::fs::read_to_string(path).ok()));
    }
    all
}

#[test]
fn mutants_compile_or_are_refused() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = setting("AMPHIS_MUTATION_SECONDS").unwrap_or(4);
    let mut random = Random(setting("AMPHIS_MUTATION_SEED").unwrap_or(0) ^ 0x9E37_79B9_7F4A_7C15);
    let corpus = corpus();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut tried, mut failures) = (0_u64, Vec::new());
    while Instant::now() < end && failures.len() < 5 {
        tried += 1;
        let whole = &corpus[random.below(corpus.len())];
        let text = if whole.len() > 2000 { excerpt(whole, &mut random) } else { whole.clone() };
        let mutant = mutate(&text, &corpus, &mut random);
        let choices = random.next() | 1;
        if let Some(message) = failure(&mutant, &mut Random(choices)) {
            let first = message.lines().next().unwrap_or_default().to_owned();
            let kind = first.split(':').next().unwrap_or_default().to_owned();
            let shrunk = shrink(mutant, |bytes| {
                failure(bytes, &mut Random(choices)).is_some_and(|now| now.starts_with(&kind))
            });
            failures.push(format!("{message}\n  program: {:?}", String::from_utf8_lossy(&shrunk)));
        }
    }
    println!("{tried} mutants");
    assert!(failures.is_empty(), "of {tried} mutants:\n{}", failures.join("\n"));
}
