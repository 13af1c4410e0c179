//! Hash functions: the modules `_md5`, `_sha1`, `_sha2`, `_sha3` and `_blake2`.
//!
//! The algorithms are those of the crates named after them. A hash object keeps its state behind a mutex that is only
//! held while the thread is detached or for the time of a copy, so that big inputs are hashed beside other threads.

pub mod blake2;
pub mod md5;
pub mod sha1;
pub mod sha2;
pub mod sha3;

use vm::prelude::*;

/// Inputs shorter than this are hashed without letting other threads run.
const DETACHED_SIZE: usize = 2048;

/// The data to hash. Text is refused with the message that people know.
fn input(th: &mut Thread, data: &Value) -> PyResult<Vec<u8>> {
    if th.as_str(data).is_some() {
        return Err(th.type_error("Strings must be encoded before hashing"));
    }
    if !vm::protocol::buffer::is_buffer(th, data) {
        return Err(th.type_error("object supporting the buffer API required"));
    }
    th.buffer_to_vec(data)
}

/// The data of a constructor, which has two names.
fn initial(th: &mut Thread, data: Option<&Value>, string: Option<&Value>) -> PyResult<Vec<u8>> {
    match (data, string) {
        (Some(_), Some(_)) => Err(th.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter \
             is slated for removal in a future version.",
        )),
        (Some(data), None) | (None, Some(data)) => input(th, data),
        (None, None) => Ok(Vec::new()),
    }
}

/// Runs `work`, which hashes so many bytes.
fn hashing<R: Send>(th: &mut Thread, size: usize, work: impl FnOnce() -> R + Send) -> R {
    if size < DETACHED_SIZE { work() } else { th.detached(work) }
}

fn hexadecimal(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Declares the class of a hash object with a digest of fixed size.
macro_rules! hash_class {
    ($rust:ident, $python:tt, $module:tt, $hasher:ty, $name:tt, $block:tt, $size:tt) => {
        /// A hash object.
        #[pyclass(name = $python, module = $module, no_new)]
        pub struct $rust {
            #[no_trace]
            /// Apart, since it may want more alignment than objects have.
            state: vm::thread::native_mutex::NativeMutex<Box<$hasher>>,
        }

        impl $rust {
            fn make(th: &mut Thread, data: Option<&Value>, string: Option<&Value>) -> PyResult {
                let data = super::initial(th, data, string)?;
                let mut state = Box::<$hasher>::default();
                super::hashing(th, data.len(), || state.update(&data));
                let object = $rust { state: vm::thread::native_mutex::NativeMutex::new(state) };
                Ok($rust::new_object(th, object).into_value())
            }
        }

        #[pymethods]
        impl $rust {
            /// Return a copy of the hash object.
            #[signature("()")]
            fn copy(&self, th: &mut Thread) -> Value {
                let state = self.state.lock().clone();
                $rust::new_object(th, $rust { state: vm::thread::native_mutex::NativeMutex::new(state) })
                    .into_value()
            }

            /// Return the digest value as a bytes object.
            #[signature("()")]
            fn digest(&self, th: &mut Thread) -> PyResult {
                let state = self.state.lock().clone();
                th.bytes(&(*state).finalize())
            }

            /// Return the digest value as a string of hexadecimal digits.
            #[signature("()")]
            fn hexdigest(&self) -> String {
                let state = self.state.lock().clone();
                super::hexadecimal(&(*state).finalize())
            }

            /// Update this hash object's state with the provided string.
            #[signature("(obj, /)")]
            fn update(&self, th: &mut Thread, obj: &Value) -> PyResult<()> {
                let data = super::input(th, obj)?;
                super::hashing(th, data.len(), || self.state.lock().update(&data));
                Ok(())
            }

            #[getter]
            fn block_size(&self) -> i64 {
                $block
            }

            #[getter]
            fn digest_size(&self) -> i64 {
                $size
            }

            #[getter]
            fn name(&self) -> &'static str {
                $name
            }
        }
    };
}

use hash_class;
