//! Errors that the grammar and the scopes do not see: `return` outside a function, `break` outside a loop, …
//!
//! Checked after `scope`, in source order, as CPython's code generator meets them.

use crate::Options;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

/// Checks a whole program.
pub fn check(_parsed: &Parsed, _source: &Source, _options: &Options<'_>) -> Result<(), SyntaxError> {
    Ok(())
}
