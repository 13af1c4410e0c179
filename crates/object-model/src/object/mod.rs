//! What lies behind a pointer: the header, typed handles, slots that hold references, birth and death.

pub mod attributes;
pub mod handle;
pub mod header;
pub mod layout;
pub(crate) mod run;
pub mod slot;
