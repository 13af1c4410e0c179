//! Modules written in Rust: which there are, and making them on first import.

use std::collections::BTreeSet;

use super::state::required;
use crate::native::ModuleDef;
use crate::prelude::*;

/// Modules of this crate.
static OWN: &[&ModuleDef] = &[&super::imp::imp::DEFINITION, &super::marshal::marshal::DEFINITION];

/// Modules that exist from the start, made by `lifecycle`.
const ALWAYS: [&str; 2] = ["builtins", "sys"];

/// The definition of the native module called `name`.
pub fn find(th: &mut Thread, name: &str) -> PyResult<Option<&'static ModuleDef>> {
    let library = required(th)?.library;
    Ok(OWN.iter().chain(library.modules).copied().find(|m| m.name == name))
}

/// True if a native module is called `name`.
pub fn exists(th: &mut Thread, name: &str) -> PyResult<bool> {
    Ok(ALWAYS.contains(&name) || find(th, name)?.is_some())
}

/// `sys.builtin_module_names`, sorted.
pub fn names(library: &super::StandardLibrary) -> Vec<&'static str> {
    let all: BTreeSet<&str> = OWN.iter().chain(library.modules).map(|m| m.name).chain(ALWAYS).collect();
    all.into_iter().collect()
}

/// Makes the native module called `name`; None if there is none.
pub fn make(th: &mut Thread, name: &str) -> PyResult<Option<Value>> {
    let state = required(th)?;
    if name == "builtins" {
        return Ok(Some(state.builtins.clone()));
    }
    if name == "sys" {
        return Ok(Some(state.sys.clone()));
    }
    match find(th, name)? {
        Some(definition) => crate::builtins::module::from_definition(th, definition).map(Some),
        None => Ok(None),
    }
}
