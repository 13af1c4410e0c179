//! Decoding, and programs that are nested deeply.

use super::*;

fn parses(text: &str) -> Result<(), String> {
    let source = Source::new(text, "<test>");
    on_sufficient_stack(&source, || parse(&source, Mode::Exec).map(drop)).map_err(|error| error.message)
}

#[test]
fn deep_programs_do_not_overflow() {
    let too_deep = Err("maximum recursion depth exceeded during compilation".to_owned());
    let programs: [(&str, &str, &str); 7] = [
        ("", "-", "1"),
        ("a", ".b", ""),
        ("1", "+1", ""),
        ("", "not ", "1"),
        ("f", "()", ""),
        ("1", " if x else 1", ""),
        ("f", "[0]", ""),
    ];
    for (start, repeated, end) in programs {
        assert_eq!(parses(&format!("{start}{}{end}", repeated.repeat(3000))), Ok(()), "{repeated}");
        assert_eq!(parses(&format!("{start}{}{end}", repeated.repeat(100_000))), too_deep, "{repeated}");
    }
}

#[test]
fn nesting_is_bounded() {
    let lambdas = |count: usize| format!("{}1", "lambda a, b: ".repeat(count));
    assert_eq!(parses(&lambdas(300)), Ok(()));
    assert_eq!(parses(&lambdas(500)), Err("maximum recursion depth exceeded during compilation".to_owned()));
    let nested = |count: usize| format!("x = {}{}", "(".repeat(count), ")".repeat(count));
    assert_eq!(parses(&nested(200)), Ok(()));
    assert_eq!(parses(&nested(201)), Err("too many nested parentheses".to_owned()));
    let indented = |count: usize| {
        let mut text: String = (0..count).map(|level| format!("{}if 1:\n", " ".repeat(level))).collect();
        text.push_str(&format!("{}pass\n", " ".repeat(count)));
        text
    };
    assert_eq!(parses(&indented(98)), Ok(()));
    assert_eq!(parses(&indented(100)), Err("too many levels of indentation".to_owned()));
}

#[test]
fn wide_programs_are_not_deep() {
    assert_eq!(parses(&format!("x = [{}]", "-1, lambda: 0, a.b + 1, ".repeat(20_000))), Ok(()));
    assert_eq!(parses(&"x = a + b * c\n".repeat(20_000)), Ok(()));
}

#[test]
fn encodings() {
    let text = |bytes: &[u8]| decode(bytes, "<test>").map(|source| source.text().to_owned());
    assert_eq!(text(b"# coding: latin-1\r\n'\xe9'\r").as_deref(), Ok("# coding: latin-1\n'\u{e9}'\n"));
    assert_eq!(text(b"\xef\xbb\xbfx").as_deref(), Ok("x"));
    assert_eq!(text(b"x\n# coding: latin-1").as_deref(), Ok("x\n# coding: latin-1"));
    let message = |bytes: &[u8], filename: &str| decode(bytes, filename).expect_err("an error").message;
    assert_eq!(message(b"# vim: set fileencoding=nope :", "f.py"), "unknown encoding: nope");
    assert_eq!(message(b"\xef\xbb\xbf# coding: latin-1\n", "f.py"), "encoding problem: iso-8859-1 with BOM");
    assert_eq!(message(b"a\0", "f.py"), "source code string cannot contain null bytes");
    assert_eq!(
        message(b"x\n'\xff'", "f.py"),
        "Non-UTF-8 code starting with '\\xff' in file f.py on line 2, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
    assert_eq!(
        message(b"'\xe2('", "<string>"),
        "Non-UTF-8 code starting with '\\xe2' on line 1, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
    assert_eq!(
        message(b"# coding: utf-8\n'\xe2('", "<string>"),
        "(unicode error) 'utf-8' codec can't decode byte 0xe2 in position 17: invalid continuation byte"
    );
    let error = decode(b"x\n\xc3\xa9'\xff'\n", "f.py").expect_err("not UTF-8");
    assert_eq!((error.line, error.column, error.text.as_deref()), (2, 3, Some("\u{e9}'\u{fffd}'")));
}
