//! Values, objects, shapes, types, and the storage of the builtin containers.
//!
//! What a Python object is and how threads share it is decided here; what Python code can do with it is in `vm`.
//! Knows no interpreter: where dying or waiting needs one, `vm` installs hooks (`object::layout`, `lock::object_lock`).

pub mod bytes;
pub mod bytes_object;
pub mod collect;
pub mod dict;
pub mod list;
pub mod lock;
pub mod number;
pub mod numeric;
pub mod object;
pub mod reclaim;
pub mod set;
pub mod shape;
pub mod string;
pub mod text;
pub mod tuple;
pub mod ty;
pub mod value;
pub mod walk;

pub use mode::Attached;
pub use object::handle::{Obj, Object};
pub use object::header::Header;
pub use value::Value;
