//! `_sre`: compiled regular expressions, on the engine of the crate `rustpython-sre_engine`.
//!
//! | file | what |
//! |---|---|
//! | `subject` | the text that is searched, and running the engine |
//! | `pattern` | `re.Pattern` |
//! | `matching` | `re.Match` |
//! | `scanner` | scanners and `finditer` |
//! | `template` | replacement templates |
//!
//! Not here: parsing and compiling patterns (`re._parser`, `re._compiler` of the library).

pub mod matching;
pub mod pattern;
pub mod scanner;
mod subject;
pub mod template;

use vm::prelude::*;

/// The module.
#[pymodule(name = "_sre")]
pub mod module {
    use rustpython_sre_engine as engine;
    use rustpython_sre_engine::string::{lower_ascii, lower_unicode, upper_unicode};
    use vm::prelude::*;

    use super::pattern::Pattern;
    use super::template::Template;

    #[pyattr]
    const MAGIC: usize = engine::SRE_MAGIC;
    #[pyattr]
    const CODESIZE: usize = engine::CODESIZE;
    #[pyattr]
    const MAXREPEAT: usize = engine::MAXREPEAT;
    #[pyattr]
    const MAXGROUPS: usize = engine::MAXGROUPS;

    #[pyfunction]
    fn getcodesize() -> usize {
        engine::CODESIZE
    }

    #[pyfunction]
    fn ascii_iscased(character: u32) -> bool {
        u8::try_from(character).is_ok_and(|c| c.is_ascii_alphabetic())
    }

    #[pyfunction]
    fn unicode_iscased(character: u32) -> bool {
        lower_unicode(character) != character || upper_unicode(character) != character
    }

    #[pyfunction]
    fn ascii_tolower(character: u32) -> u32 {
        lower_ascii(character)
    }

    #[pyfunction]
    fn unicode_tolower(character: u32) -> u32 {
        lower_unicode(character)
    }

    #[pyfunction(signature = "(pattern, flags, code, groups, groupindex, indexgroup)")]
    fn compile(
        th: &mut Thread,
        pattern: &Value,
        flags: i64,
        code: &Value,
        groups: usize,
        groupindex: &Value,
        indexgroup: &Value,
    ) -> PyResult {
        Pattern::compile(th, pattern, flags, code, groups, groupindex, indexgroup)
    }

    #[pyfunction(signature = "(pattern, template, /)")]
    fn template(th: &mut Thread, pattern: &Value, template: &Value) -> PyResult {
        let _ = pattern;
        Template::make(th, template)
    }
}

/// A part of the string that was searched.
fn part(th: &mut Thread, string: &Value, start: usize, end: usize) -> PyResult {
    if let Some(text) = th.as_str(string) {
        let end = end.min(text.len());
        let start = start.min(end);
        if end - start == text.len() && vm::class::exact_str(string).is_some() {
            return Ok(string.clone());
        }
        return vm::builtins::str::of_units(th, text.units().slice(start..end));
    }
    if let Some(bytes) = th.exact::<Bytes>(string) {
        let content = bytes.as_slice();
        if start == 0 && end >= content.len() {
            return Ok(string.clone());
        }
        return th.bytes(content.get(start..end.min(content.len())).unwrap_or(&[]));
    }
    let part = th.with_buffer(string, |b| b.get(start..end.min(b.len())).unwrap_or(&[]).to_vec())?;
    th.bytes(&part)
}

/// The strings or bytes of `parts`, one after the other.
fn join(th: &mut Thread, is_bytes: bool, parts: &[Value]) -> PyResult {
    if is_bytes {
        let empty = th.bytes(b"")?;
        let parts = th.list(parts.to_vec());
        return th.call_method(&empty, "join", &[parts]);
    }
    vm::builtins::str::join_all(th, parts)
}
