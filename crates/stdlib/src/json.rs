//! `_json`: the fast parts of the module `json`.
//!
//! Strings are scanned and escaped here; the scanner and the encoder call back into Python for hooks and defaults.

mod encoder;
mod scanner;
mod text;

/// The module.
#[vm::prelude::pymodule(
    name = "_json",
    doc = "json speedups\n",
    classes = [super::scanner::Scanner, super::encoder::Encoder]
)]
pub mod module {
    use vm::object_model::text::units::Builder;
    use vm::prelude::*;

    use super::text;

    fn quoted(th: &mut Thread, string: &Value, ascii: bool, function: &str) -> PyResult {
        let _ = function;
        let Some(text) = th.as_str(string) else {
            let found = th.type_name(string);
            return Err(th.type_error(format_args!("first argument must be a string, not {found}")));
        };
        let mut out = Builder::new();
        text::push_quoted(&mut out, text.units(), ascii);
        vm::builtins::str::of_owned(th, &out.finish())
    }

    /// encode_basestring_ascii(string) -> string
    ///
    /// Return an ASCII-only JSON representation of a Python string
    #[pyfunction]
    fn encode_basestring_ascii(th: &mut Thread, string: &Value) -> PyResult {
        quoted(th, string, true, "encode_basestring_ascii")
    }

    /// encode_basestring(string) -> string
    ///
    /// Return a JSON representation of a Python string
    #[pyfunction]
    fn encode_basestring(th: &mut Thread, string: &Value) -> PyResult {
        quoted(th, string, false, "encode_basestring")
    }

    /// scanstring(string, end, strict=True) -> (string, end)
    ///
    /// Scan the string s for a JSON string. End is the index of the
    /// character in s after the quote that started the JSON string.
    /// Unescapes all valid JSON string escape sequences and raises ValueError
    /// on attempt to decode an invalid string. If strict is False then literal
    /// control characters are allowed in the string.
    #[pyfunction(signature = "(string, end, strict=True, /)")]
    fn scanstring(th: &mut Thread, string: &Value, end: i64, strict: Option<bool>) -> PyResult {
        let Some(source) = th.as_str(string).cloned() else {
            let found = th.type_name(string);
            return Err(th.type_error(format_args!("first argument must be a string, not {found}")));
        };
        let Some(start) = usize::try_from(end).ok().filter(|at| *at <= source.len()) else {
            return Err(th.value_error("end is out of bounds"));
        };
        let (text, end) = text::scan(th, &source, start, strict.unwrap_or(true))?;
        let end = th.int(end as i64);
        Ok(th.tuple(vec![text, end]))
    }
}
