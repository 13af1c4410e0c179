//! What builtin types and native modules are written with.

pub use std::sync::OnceLock;

pub use macros::{pyclass, pyfunction, pymethods, pymodule};
pub use object_model::bytes_object::{ByteArray, Bytes};
pub use object_model::dict::Dict;
pub use object_model::list::List;
pub use object_model::lock::Guarded;
pub use object_model::numeric::{Complex, Float, Int};
pub use object_model::shape::builtin;
pub use object_model::string::Str;
pub use object_model::tuple::Tuple;
pub use object_model::ty::{Class, Type};
pub use object_model::{Attached, Obj, Value};

pub use crate::error::{PyResult, Raised};
pub use crate::exceptions::Exc;
pub use crate::native::convert::without_keywords;
pub use crate::native::held::Held;
pub use crate::native::{Args, KwArgs, PyClass, Trace};
pub use crate::protocol::{BinaryOp, CompareOp};
pub use crate::thread::Thread;
