//! Amphis for programs that embed it: what the binary `amphis` is made of.

pub use stdlib::MODULES;
pub use vm;
