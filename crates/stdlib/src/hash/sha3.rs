//! The module `_sha3`: SHA3 with digests of fixed size, and SHAKE with digests of any.

use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use shake::{Shake128, Shake256};
use vm::prelude::*;

/// What differs between the algorithms.
trait Algorithm: Clone + Default {
    fn absorb(&mut self, data: &[u8]);
}

/// Declares a class whose constructor takes data.
macro_rules! sha3_class {
    ($rust:ident, $python:tt, $hasher:ty, $rate:tt, $suffix:tt, $size:tt, { $($digests:tt)* }) => {
        impl Algorithm for $hasher {
            fn absorb(&mut self, data: &[u8]) {
                Update::update(self, data);
            }
        }

        /// A hash object.
        #[pyclass(name = $python, module = "_sha3")]
        pub struct $rust {
            #[no_trace]
            state: vm::thread::native_mutex::NativeMutex<$hasher>,
        }

        #[pymethods]
        impl $rust {
            #[new]
            #[signature("(data=b'', *, usedforsecurity=True, string=None)")]
            fn new(
                th: &mut Thread,
                data: Option<&Value>,
                _usedforsecurity: Option<bool>,
                string: Option<&Value>,
            ) -> PyResult<$rust> {
                let data = super::initial(th, data, string)?;
                let mut state = <$hasher>::default();
                super::hashing(th, data.len(), || state.absorb(&data));
                Ok($rust { state: vm::thread::native_mutex::NativeMutex::new(state) })
            }

            /// Return a copy of the hash object.
            #[signature("()")]
            fn copy(&self, th: &mut Thread) -> Value {
                let state = self.state.lock().clone();
                $rust::new_object(th, $rust { state: vm::thread::native_mutex::NativeMutex::new(state) }).into_value()
            }

            $($digests)*

            /// Update this hash object's state with the provided bytes-like object.
            #[signature("(obj, /)")]
            fn update(&self, th: &mut Thread, obj: &Value) -> PyResult<()> {
                let data = super::input(th, obj)?;
                super::hashing(th, data.len(), || self.state.lock().absorb(&data));
                Ok(())
            }

            #[getter]
            fn block_size(&self) -> i64 {
                $rate / 8
            }

            #[getter]
            fn digest_size(&self) -> i64 {
                $size
            }

            #[getter]
            fn name(&self) -> &'static str {
                $python
            }

            #[getter]
            fn _capacity_bits(&self) -> i64 {
                1600 - $rate
            }

            #[getter]
            fn _rate_bits(&self) -> i64 {
                $rate
            }

            #[getter]
            fn _suffix(&self, th: &mut Thread) -> PyResult {
                th.bytes(&[$suffix])
            }
        }
    };
}

/// A class with a digest of fixed size.
macro_rules! fixed {
    ($rust:ident, $python:tt, $hasher:ty, $rate:tt, $size:tt) => {
        sha3_class!($rust, $python, $hasher, $rate, 0x06, $size, {
            /// Return the digest value as a bytes object.
            #[signature("()")]
            fn digest(&self, th: &mut Thread) -> PyResult {
                let state = self.state.lock().clone();
                th.bytes(&state.finalize())
            }

            /// Return the digest value as a string of hexadecimal digits.
            #[signature("()")]
            fn hexdigest(&self) -> String {
                let state = self.state.lock().clone();
                super::hexadecimal(&state.finalize())
            }
        });
    };
}

/// The first bytes of an endless digest.
fn squeeze<H: ExtendableOutput>(th: &mut Thread, state: H, length: i64) -> PyResult<Vec<u8>> {
    let Ok(length) = usize::try_from(length) else {
        return Err(th.value_error("value must be positive"));
    };
    if length >= 1 << 29 {
        return Err(th.value_error("length is too large"));
    }
    let mut digest = vec![0; length];
    state.finalize_xof().read(&mut digest);
    Ok(digest)
}

/// A class with a digest of any size.
macro_rules! endless {
    ($rust:ident, $python:tt, $hasher:ty, $rate:tt) => {
        sha3_class!($rust, $python, $hasher, $rate, 0x1f, 0, {
            /// Return the digest value as a bytes object.
            #[signature("(length)")]
            fn digest(&self, th: &mut Thread, length: i64) -> PyResult {
                let state = self.state.lock().clone();
                let digest = squeeze(th, state, length)?;
                th.bytes(&digest)
            }

            /// Return the digest value as a string of hexadecimal digits.
            #[signature("(length)")]
            fn hexdigest(&self, th: &mut Thread, length: i64) -> PyResult<String> {
                let state = self.state.lock().clone();
                Ok(super::hexadecimal(&squeeze(th, state, length)?))
            }
        });
    };
}

fixed!(Sha3_224Type, "sha3_224", Sha3_224, 1152, 28);
fixed!(Sha3_256Type, "sha3_256", Sha3_256, 1088, 32);
fixed!(Sha3_384Type, "sha3_384", Sha3_384, 832, 48);
fixed!(Sha3_512Type, "sha3_512", Sha3_512, 576, 64);
endless!(Shake128Type, "shake_128", Shake128, 1344);
endless!(Shake256Type, "shake_256", Shake256, 1088);

/// The module.
#[pymodule(name = "_sha3", classes = [
    super::Sha3_224Type,
    super::Sha3_256Type,
    super::Sha3_384Type,
    super::Sha3_512Type,
    super::Shake128Type,
    super::Shake256Type,
])]
pub mod module {
    #[pyattr]
    fn implementation() -> &'static str {
        "RustCrypto"
    }

    #[pyattr(name = "_GIL_MINSIZE")]
    const GIL_MINSIZE: i64 = 2048;
}
