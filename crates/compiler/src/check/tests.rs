//! Messages and positions, as CPython gives them.

use super::*;
use crate::parse::{Mode, parse};

fn error(text: &str) -> String {
    let source = Source::new(text, "<test>");
    let options = Options { filename: "<test>", mode: Mode::Exec, optimize: 0, future_annotations: false };
    let parsed = parse(&source, Mode::Exec).expect("the program parses");
    match check(&parsed, &source, &options) {
        Ok(()) => String::new(),
        Err(error) => format!("{}:{} {}", error.line, error.column, error.message),
    }
}

#[test]
fn statements() {
    assert_eq!(error("return\n"), "1:1 'return' outside function");
    assert_eq!(error("class A:\n  return 1\n"), "2:3 'return' outside function");
    assert_eq!(error("break\n"), "1:1 'break' outside loop");
    assert_eq!(error("while x: pass\nelse: break\n"), "2:7 'break' outside loop");
    assert_eq!(error("while x:\n  def f(): continue\n"), "2:12 'continue' not properly in loop");
    assert_eq!(error("for x in y:\n  try: pass\n  finally: continue\n"), "");
    assert_eq!(error("yield x\n"), "1:1 'yield' outside function");
    assert_eq!(error("lambda: (yield)\n"), "");
    assert_eq!(error("async def f(): yield from x\n"), "1:16 'yield from' inside async function");
    let message = "'return' with value in async generator";
    assert_eq!(error("async def f():\n  yield 1\n  return 1\n"), format!("3:3 {message}"));
    assert_eq!(error("async def f():\n  def g(): yield 1\n  return 1\n"), "");
    let message = "'break', 'continue' and 'return' cannot appear in an except* block";
    assert_eq!(error("while 1:\n  try: pass\n  except* E: break\n"), format!("3:14 {message}"));
    assert_eq!(error("try: pass\nexcept* E:\n  while 1: break\n"), "");
    assert_eq!(error("try: pass\nexcept: pass\nexcept E: pass\n"), "2:1 default 'except:' must be last");
    let loops: String = (0..21).map(|level| format!("{}while 1:\n", " ".repeat(level))).collect();
    let text = format!("{loops}{}pass\n", " ".repeat(21));
    assert_eq!(error(&text), "21:21 too many statically nested blocks");
}

#[test]
fn expressions() {
    assert_eq!(error("*a, *b = c\n"), "1:1 multiple starred expressions in assignment");
    assert_eq!(error("*a, b = [*c, *d]\nf(*x)\nx[*y]\nreturn_ = *a, b\n"), "");
    assert_eq!(error("f(a=1, a=2)\n"), "1:8 keyword argument repeated: a");
    assert_eq!(error("class C(a=1, a=2): pass\n"), "1:14 keyword argument repeated: a");
    assert_eq!(
        error("def f[T = int, U](): pass\n"),
        "1:16 non-default type parameter 'U' follows default type parameter"
    );
    assert_eq!(error("def f(*args: *Ts): pass\n"), "");
}

#[test]
fn patterns() {
    let error = |cases: &str| error(&format!("match x:\n{cases}"));
    let unreachable = "makes remaining patterns unreachable";
    assert_eq!(error(" case y: pass\n case 1: pass\n"), format!("2:7 name capture 'y' {unreachable}"));
    assert_eq!(error(" case _: pass\n case 1: pass\n"), format!("2:7 wildcard {unreachable}"));
    assert_eq!(error(" case _ if y: pass\n case 1: pass\n"), "");
    assert_eq!(error(" case _ | 1: pass\n"), format!("2:7 wildcard {unreachable}"));
    assert_eq!(error(" case (y, y): pass\n"), "2:11 multiple assignments to name 'y' in pattern");
    assert_eq!(error(" case (1 as y) | 2: pass\n"), "2:7 alternative patterns bind different names");
    assert_eq!(error(" case [*a, *b]: pass\n"), "2:7 multiple starred expressions in sequence pattern");
    assert_eq!(error(" case C(a=1, a=2): pass\n"), "2:16 attribute name repeated in class pattern: a");
    assert_eq!(error(" case {1: _, 1: _}: pass\n"), "2:7 mapping pattern checks duplicate key (1)");
    assert_eq!(error(" case {'a': y, **z}: pass\n case [_, C(y, k=z)]: pass\n"), "");
}
