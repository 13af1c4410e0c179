//! Integers against identities, a table of CPython's results, and the errors of huge sizes.

use super::*;
use crate::number::FaultKind;
use convert_tests::int;

mod convert_tests {
    use super::*;

    pub fn int(s: &str) -> Int {
        Int::parse(s.as_bytes(), 10, 0).unwrap()
    }
}
