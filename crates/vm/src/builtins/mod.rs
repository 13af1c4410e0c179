//! The builtin types: a file or folder for each. Storage is in `object_model`; here is what Python sees of it.

pub mod bool;
pub mod cell;
pub mod classmethod;
pub mod code;
pub mod codec_handlers;
pub mod codec_native;
pub mod codec_registry;
pub mod complex;
pub mod float;
pub mod function;
pub mod generator;
pub mod int;
pub mod mappingproxy;
pub mod module;
pub mod namespace;
pub mod native_function;
pub mod object;
pub mod property;
pub mod reclass;
pub mod reduce;
pub mod singletons;
pub mod staticmethod;
pub mod str;
pub mod structseq;
pub mod super_;
pub mod wrapper;
