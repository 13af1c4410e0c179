//! The builtin types: a file or folder for each. Storage is in `object_model`; here is what Python sees of it.

pub mod bool;
pub mod code;
pub mod complex;
pub mod float;
pub mod function;
pub mod generator;
pub mod int;
pub mod native_function;
pub mod structseq;
