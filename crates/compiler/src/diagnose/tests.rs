//! Programs that do not parse, and what CPython says of each.

use crate::parse::{Mode, Source, on_sufficient_stack, parse};
use crate::syntax_error::Kind;
use crate::{Options, SyntaxError};

fn compile(text: &str, mode: Mode) -> Result<(), SyntaxError> {
    let source = Source::new(text, "<test>");
    on_sufficient_stack(&source, || {
        let parsed = parse(&source, mode)?;
        let options = Options { filename: "<test>", mode, optimize: 0, future_annotations: false };
        crate::scope::analyze(&parsed, &source, &options)?;
        crate::check::check(&parsed, &source, &options)
    })
}

/// Kind, message, and line and offset of start and end, of every program in the list.
const PROGRAMS: &str = include_str!("tests/programs.txt");

/// A line is: program, kind, message, line, offset, end line, end offset, separated by tabs, with `\\n`, `\\t` and
/// `\\\\` in programs.
#[test]
fn messages_and_positions() {
    let mut failures = String::new();
    for line in PROGRAMS.lines() {
        let mut fields = line.split('\t');
        let program = unescape(fields.next().unwrap_or_default());
        let expected: Vec<&str> = fields.collect();
        let found = match compile(&program, Mode::Exec) {
            Ok(()) => "compiles".to_owned(),
            Err(e) => {
                let (line, column, end_line, end_column) = (e.line, e.column, e.end_line, e.end_column);
                format!("{:?}\t{}\t{line}\t{column}\t{end_line}\t{end_column}", e.kind, e.message)
            }
        };
        if found != expected.join("\t") {
            failures
                .push_str(&format!("{program:?}\n  expected {}\n  found    {found}\n", expected.join("\t")));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, if character == '\\' { characters.next() } else { None }) {
            (_, Some('n')) => out.push('\n'),
            (_, Some('t')) => out.push('\t'),
            (_, Some(other)) => out.push(other),
            (character, None) => out.push(character),
        }
    }
    out
}

#[test]
fn interactive_input() {
    let kind = |text: &str| compile(text, Mode::Single).map_err(|error| error.kind);
    for text in
        ["(1,", "if x:", "def f():\n", "x = '''abc", "x = 1 + \\", "for x in y:\n  if z:\n", "try:\n  x\n"]
    {
        assert_eq!(kind(text), Err(Kind::Incomplete), "{text:?}");
    }
    for text in ["x y", "x = )", "'abc", "def f(:", "x = 1 +\n"] {
        assert_eq!(kind(text), Err(Kind::Syntax), "{text:?}");
    }
    for text in ["x; y", "if x: y\n", "if x:\n  y\n  z\n", "x = 1  # comment\n# more\n"] {
        assert_eq!(kind(text), Ok(()), "{text:?}");
    }
    let message = |text: &str| compile(text, Mode::Single).map_err(|error| error.message);
    let several = Err("multiple statements found while compiling a single statement".to_owned());
    assert_eq!(message("x\ny"), several);
    assert_eq!(message("if x: y\nz"), several);
}
