//! The module `_sha1`.

use sha1::{Digest, Sha1};
use vm::prelude::*;

super::hash_class!(Sha1Type, "sha1", "_sha1", Sha1, "sha1", 64, 20);

/// The module.
#[pymodule(name = "_sha1")]
pub mod module {
    use super::Sha1Type;
    use vm::prelude::*;

    /// Return a new SHA1 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha1(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Sha1Type::make(th, data, string)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let class = Sha1Type::class(th).value();
        crate::support::set_attr(th, module, "SHA1Type", &class)?;
        crate::support::set_attr(th, module, "_GIL_MINSIZE", &Value::small_int(2048).unwrap_or(Value::NONE))
    }
}
