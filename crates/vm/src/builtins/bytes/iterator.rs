//! The iterators of `bytes` and `bytearray`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::prelude::*;

macro_rules! iterators {
    ($($class:ident $name:tt $payload:ident $get:expr;)*) => {
        $(
            #[doc = concat!("Iterates over the numbers in a ", stringify!($payload), ".")]
            #[pyclass(name = $name, module = "builtins", no_new)]
            pub struct $class {
                content: Obj<$payload>,
                /// The next position; the largest number when exhausted.
                at: AtomicUsize,
            }

            impl $class {
                /// `iter(content)`
                pub(super) fn make(th: &mut Thread, content: &Obj<$payload>) -> Value {
                    $class::new_object(th, $class { content: content.clone(), at: AtomicUsize::new(0) }).into_value()
                }

                fn get(&self, th: &Thread, at: usize) -> Option<u8> {
                    let get: fn(&Thread, &Obj<$payload>, usize) -> Option<u8> = $get;
                    get(th, &self.content, at)
                }
            }

            #[pymethods]
            impl $class {
                fn __iter__(this: &Obj<Self>) -> Value {
                    this.as_value().clone()
                }

                fn __next__(&self, th: &mut Thread) -> Option<Value> {
                    // Relaxed: threads that share an iterator see each item at most once each; the content has a lock.
                    let at = self.at.load(Ordering::Relaxed);
                    match self.get(th, at) {
                        Some(byte) => {
                            self.at.store(at + 1, Ordering::Relaxed); // Relaxed: as above.
                            Some(th.int(byte.into()))
                        }
                        None => {
                            self.at.store(usize::MAX / 2, Ordering::Relaxed); // Relaxed: as above.
                            None
                        }
                    }
                }

                /// Private method returning an estimate of len(list(it)).
                fn __length_hint__(&self, th: &mut Thread) -> PyResult<usize> {
                    let length = th.length(self.content.as_value())?;
                    Ok(length.saturating_sub(self.at.load(Ordering::Relaxed))) // Relaxed: an estimate.
                }

                /// Return state information for pickling.
                fn __reduce__(&self, th: &mut Thread) -> PyResult {
                    let builtins = th.import("builtins")?;
                    let iter = th.get_attr_str(&builtins, "iter")?;
                    let args = th.tuple(vec![self.content.as_value().clone()]);
                    let at = th.int(self.at.load(Ordering::Relaxed) as i64); // Relaxed: a snapshot.
                    Ok(th.tuple(vec![iter, args, at]))
                }

                /// Set state information for unpickling.
                #[signature("(object, /)")]
                fn __setstate__(&self, object: i64) {
                    // Relaxed: as in `__next__`.
                    self.at.store(usize::try_from(object).unwrap_or(0), Ordering::Relaxed);
                }
            }
        )*
    };
}

iterators! {
    BytesIterator "bytes_iterator" Bytes |_, content, at| content.as_slice().get(at).copied();
    ByteArrayIterator "bytearray_iterator" ByteArray |th, content, at| content.content.lock(th).get(at).copied();
}
