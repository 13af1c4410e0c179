//! Types: what an instance is laid out like, and where its attributes are looked up.

mod published;
mod record;

pub use published::Published;
pub use record::{Class, Specials, Type, TypeParts, flag};
