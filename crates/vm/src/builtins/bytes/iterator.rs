//! The iterators of `bytes` and `bytearray`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::builtins::iterators::{builtin_iter, reduced};
use crate::prelude::*;

/// The position of an exhausted iterator.
const END: usize = usize::MAX;

macro_rules! iterators {
    ($($class:ident $name:tt $payload:ident $get:expr;)*) => {
        $(
            #[doc = concat!("Iterates over the numbers in a ", stringify!($payload), ".")]
            #[pyclass(name = $name, module = "builtins", no_new)]
            pub struct $class {
                content: Held<Obj<$payload>>,
                /// The next position; END when exhausted.
                at: AtomicUsize,
            }

            impl $class {
                /// `iter(content)`
                pub(super) fn make(th: &mut Thread, content: &Obj<$payload>) -> Value {
                    $class::new_object(th, $class { content: Held::new(content.clone()), at: AtomicUsize::new(0) }).into_value()
                }

                fn get(&self, th: &Thread, at: usize) -> Option<u8> {
                    let get: fn(&Thread, &Obj<$payload>, usize) -> Option<u8> = $get;
                    get(th, self.content.get(th)?, at)
                }

                /// The content and the next position, unless it is exhausted.
                fn left(&self, th: &Thread) -> Option<(usize, Obj<$payload>)> {
                    let at = self.at.load(Ordering::Relaxed); // Relaxed: a snapshot.
                    self.content.get(th).filter(|_| at != END).map(|content| (at, content.clone()))
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
                            self.at.store(END, Ordering::Relaxed); // Relaxed: as above.
                            self.content.release(th);
                            None
                        }
                    }
                }

                /// Private method returning an estimate of len(list(it)).
                fn __length_hint__(&self, th: &mut Thread) -> PyResult<usize> {
                    let Some((at, content)) = self.left(th) else { return Ok(0) };
                    Ok(th.length(content.as_value())?.saturating_sub(at))
                }

                /// Return state information for pickling.
                fn __reduce__(&self, th: &mut Thread) -> PyResult {
                    let iter = builtin_iter(th)?;
                    let Some((at, content)) = self.left(th) else {
                        let nothing = th.tuple(Vec::new());
                        return Ok(reduced(th, iter, nothing, None));
                    };
                    let at = th.int(at as i64);
                    Ok(reduced(th, iter, content.into_value(), Some(at)))
                }

                /// Set state information for unpickling.
                #[signature("(object, /)")]
                fn __setstate__(&self, th: &mut Thread, object: i64) -> PyResult<()> {
                    let Some((_, content)) = self.left(th) else { return Ok(()) };
                    let length = th.length(content.as_value())?;
                    // Relaxed: as in `__next__`.
                    self.at.store(usize::try_from(object).unwrap_or(0).min(length), Ordering::Relaxed);
                    Ok(())
                }
            }
        )*
    };
}

iterators! {
    BytesIterator "bytes_iterator" Bytes |_, content, at| content.as_slice().get(at).copied();
    ByteArrayIterator "bytearray_iterator" ByteArray |th, content, at| content.content.lock(th).get(at).copied();
}
