//! The module `_md5`.

use md5::{Digest, Md5};
use vm::prelude::*;

super::hash_class!(Md5Type, "md5", "_md5", Md5, "md5", 64, 16);

/// The module.
#[pymodule(name = "_md5")]
pub mod module {
    use super::Md5Type;
    use vm::prelude::*;

    /// Return a new MD5 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn md5(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Md5Type::make(th, data, string)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let class = Md5Type::class(th).value();
        crate::support::set_attr(th, module, "MD5Type", &class)?;
        crate::support::set_attr(th, module, "_GIL_MINSIZE", &Value::small_int(2048).unwrap_or(Value::NONE))
    }
}
