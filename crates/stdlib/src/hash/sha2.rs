//! The module `_sha2`: SHA-224, SHA-256, SHA-384, SHA-512.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use vm::prelude::*;

super::hash_class!(Sha224Type, "SHA224Type", "_sha2", Sha224, "sha224", 64, 28);
super::hash_class!(Sha256Type, "SHA256Type", "_sha2", Sha256, "sha256", 64, 32);
super::hash_class!(Sha384Type, "SHA384Type", "_sha2", Sha384, "sha384", 128, 48);
super::hash_class!(Sha512Type, "SHA512Type", "_sha2", Sha512, "sha512", 128, 64);

/// The module.
#[pymodule(name = "_sha2", classes = [super::Sha224Type, super::Sha256Type, super::Sha384Type, super::Sha512Type])]
pub mod module {
    use super::{Sha224Type, Sha256Type, Sha384Type, Sha512Type};
    use vm::prelude::*;

    /// Return a new SHA-224 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha224(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Sha224Type::make(th, data, string)
    }

    /// Return a new SHA-256 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha256(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Sha256Type::make(th, data, string)
    }

    /// Return a new SHA-384 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha384(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Sha384Type::make(th, data, string)
    }

    /// Return a new SHA-512 hash object; optionally initialized with a string.
    #[pyfunction(signature = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha512(
        th: &mut Thread,
        data: Option<&Value>,
        _usedforsecurity: Option<bool>,
        string: Option<&Value>,
    ) -> PyResult {
        Sha512Type::make(th, data, string)
    }

    #[pyattr(name = "_GIL_MINSIZE")]
    const GIL_MINSIZE: i64 = 2048;
}
