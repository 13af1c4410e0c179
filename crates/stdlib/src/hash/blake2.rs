//! The module `_blake2`: BLAKE2b and BLAKE2s with all their parameters.

use vm::prelude::*;

/// The parameters of a constructor, checked.
struct Parameters {
    digest_size: usize,
    key: Vec<u8>,
    salt: Vec<u8>,
    person: Vec<u8>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
}

/// What an algorithm allows.
struct Limits {
    out: usize,
    key: usize,
    salt: usize,
    person: usize,
    /// Greatest node offset.
    offset: u64,
}

fn in_range(
    th: &mut Thread,
    value: Option<i64>,
    default: i64,
    range: (i64, i64),
    message: &str,
) -> PyResult<i64> {
    let value = value.unwrap_or(default);
    if value < range.0 || value > range.1 {
        return Err(th.value_error(message));
    }
    Ok(value)
}

fn bytes_up_to(th: &mut Thread, value: Option<&Value>, most: usize, what: &str) -> PyResult<Vec<u8>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let bytes = th.buffer_to_vec(value)?;
    if bytes.len() > most {
        return Err(th.value_error(format_args!("maximum {what} length is {most} bytes")));
    }
    Ok(bytes)
}

fn unsigned(th: &mut Thread, value: Option<&Value>, most: u64, message: &str) -> PyResult<u64> {
    let Some(value) = value else { return Ok(0) };
    let number = th.to_index(value)?;
    match vm::builtins::int::as_int(&number).and_then(|n| n.to_i128()) {
        Some(number) if number < 0 => Err(th.value_error("value must be positive")),
        Some(number) => match u64::try_from(number) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(th.overflow_error(message)),
        },
        None => Err(th.overflow_error(message)),
    }
}

fn parameters(
    th: &mut Thread,
    limits: &Limits,
    digest_size: Option<i64>,
    key: Option<&Value>,
    salt: Option<&Value>,
    person: Option<&Value>,
    fanout: Option<i64>,
    depth: Option<i64>,
    leaf_size: Option<&Value>,
    node_offset: Option<&Value>,
    node_depth: Option<i64>,
    inner_size: Option<i64>,
    last_node: Option<bool>,
) -> PyResult<Parameters> {
    let most = limits.out as i64;
    let message = format!("digest_size must be between 1 and {most} bytes");
    let digest_size = in_range(th, digest_size, most, (1, most), &message)? as usize;
    let salt = bytes_up_to(th, salt, limits.salt, "salt")?;
    let person = bytes_up_to(th, person, limits.person, "person")?;
    let fanout = in_range(th, fanout, 1, (0, 255), "fanout must be between 0 and 255")? as u8;
    let depth = in_range(th, depth, 1, (1, 255), "depth must be between 1 and 255")? as u8;
    let leaf_size = unsigned(th, leaf_size, u32::MAX.into(), "leaf_size is too large")? as u32;
    let node_offset = unsigned(th, node_offset, limits.offset, "node_offset is too large")?;
    let node_depth = in_range(th, node_depth, 0, (0, 255), "node_depth must be between 0 and 255")? as u8;
    let message = format!("inner_size must be between 0 and is {most}");
    let inner_size = in_range(th, inner_size, 0, (0, most), &message)? as usize;
    let key = bytes_up_to(th, key, limits.key, "key")?;
    let last_node = last_node.unwrap_or(false);
    Ok(Parameters {
        digest_size,
        key,
        salt,
        person,
        fanout,
        depth,
        leaf_size,
        node_offset,
        node_depth,
        inner_size,
        last_node,
    })
}

/// Declares the class of one of the two algorithms.
macro_rules! blake2 {
    ($rust:ident, $python:tt, $krate:ident, $block:tt, $limits:expr, $default:tt) => {
        /// Return a new BLAKE2 hash object.
        #[pyclass(name = $python, module = "_blake2")]
        pub struct $rust {
            #[no_trace]
            /// Apart, since it wants more alignment than objects have.
            state: vm::thread::native_mutex::NativeMutex<Box<$krate::State>>,
            digest_size: usize,
        }

        impl $rust {
            const LIMITS: Limits = $limits;
        }

        #[pymethods]
        impl $rust {
            #[new]
            #[signature($default)]
            fn new(
                th: &mut Thread,
                data: Option<&Value>,
                digest_size: Option<i64>,
                key: Option<&Value>,
                salt: Option<&Value>,
                person: Option<&Value>,
                fanout: Option<i64>,
                depth: Option<i64>,
                leaf_size: Option<&Value>,
                node_offset: Option<&Value>,
                node_depth: Option<i64>,
                inner_size: Option<i64>,
                last_node: Option<bool>,
                _usedforsecurity: Option<bool>,
                string: Option<&Value>,
            ) -> PyResult<$rust> {
                let data = super::initial(th, data, string)?;
                let p = parameters(
                    th,
                    &Self::LIMITS,
                    digest_size,
                    key,
                    salt,
                    person,
                    fanout,
                    depth,
                    leaf_size,
                    node_offset,
                    node_depth,
                    inner_size,
                    last_node,
                )?;
                let mut state = $krate::Params::new()
                    .hash_length(p.digest_size)
                    .key(&p.key)
                    .salt(&p.salt)
                    .personal(&p.person)
                    .fanout(p.fanout)
                    .max_depth(p.depth)
                    .max_leaf_length(p.leaf_size)
                    .node_offset(p.node_offset)
                    .node_depth(p.node_depth)
                    .inner_hash_length(p.inner_size)
                    .last_node(p.last_node)
                    .to_state();
                super::hashing(th, data.len(), || {
                    state.update(&data);
                });
                Ok($rust {
                    state: vm::thread::native_mutex::NativeMutex::new(Box::new(state)),
                    digest_size: p.digest_size,
                })
            }

            /// Return a copy of the hash object.
            #[signature("()")]
            fn copy(&self, th: &mut Thread) -> Value {
                let state = vm::thread::native_mutex::NativeMutex::new(self.state.lock().clone());
                $rust::new_object(th, $rust { state, digest_size: self.digest_size }).into_value()
            }

            /// Return the digest value as a bytes object.
            #[signature("()")]
            fn digest(&self, th: &mut Thread) -> PyResult {
                let digest = self.state.lock().finalize();
                th.bytes(digest.as_bytes())
            }

            /// Return the digest value as a string of hexadecimal digits.
            #[signature("()")]
            fn hexdigest(&self) -> String {
                super::hexadecimal(self.state.lock().finalize().as_bytes())
            }

            /// Update this hash object's state with the provided bytes-like object.
            #[signature("(data, /)")]
            fn update(&self, th: &mut Thread, data: &Value) -> PyResult<()> {
                let data = super::input(th, data)?;
                super::hashing(th, data.len(), || {
                    self.state.lock().update(&data);
                });
                Ok(())
            }

            #[getter]
            fn name(&self) -> &'static str {
                $python
            }

            #[getter]
            fn block_size(&self) -> i64 {
                $block
            }

            #[getter]
            fn digest_size(&self) -> usize {
                self.digest_size
            }

            #[constant]
            const SALT_SIZE: i64 = Self::LIMITS.salt as i64;
            #[constant]
            const PERSON_SIZE: i64 = Self::LIMITS.person as i64;
            #[constant]
            const MAX_KEY_SIZE: i64 = Self::LIMITS.key as i64;
            #[constant]
            const MAX_DIGEST_SIZE: i64 = Self::LIMITS.out as i64;
        }
    };
}

blake2!(
    Blake2b,
    "blake2b",
    blake2b_simd,
    128,
    Limits { out: 64, key: 64, salt: 16, person: 16, offset: u64::MAX },
    "(data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)"
);
blake2!(
    Blake2s,
    "blake2s",
    blake2s_simd,
    64,
    Limits { out: 32, key: 32, salt: 8, person: 8, offset: (1 << 48) - 1 },
    "(data=b'', *, digest_size=32, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)"
);

/// The module.
#[pymodule(name = "_blake2", classes = [super::Blake2b, super::Blake2s])]
pub mod module {
    #[pyattr(name = "_GIL_MINSIZE")]
    const GIL_MINSIZE: i64 = 2048;
}
