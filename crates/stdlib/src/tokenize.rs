//! Module `_tokenize`: so far only its name, so that `tokenize` can be imported (`tokenize.open`, `detect_encoding`).
//!
//! Not here: the tokenizer itself; asking for tokens raises NotImplementedError.

use vm::prelude::*;

/// An iterator over the tokens of a program.
#[pyclass(name = "TokenizerIter", module = "_tokenize")]
pub struct TokenizerIter;

#[pymethods]
impl TokenizerIter {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, _args: Args<'_>) -> PyResult {
        Err(th.not_implemented_error("_tokenize.TokenizerIter is not implemented yet"))
    }
}

#[pymodule(name = "_tokenize", classes = [super::TokenizerIter])]
pub mod module {}
