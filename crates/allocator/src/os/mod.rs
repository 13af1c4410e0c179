//! Address space from the operating system: zeroed, aligned, given back whole.
//!
//! Contract of a backend: `map(len, align)` answers `len` zeroed bytes at a multiple of `align` (a power of
//! two, at least a system page), or `None`; `unmap(start, len, align)` takes back exactly what `map` gave.
//! Memory that is never touched should cost nothing but address space.

#[cfg(all(unix, not(miri)))]
mod unix;
#[cfg(all(unix, not(miri)))]
pub(crate) use unix::{map, unmap};

#[cfg(any(not(unix), miri))]
mod portable;
#[cfg(any(not(unix), miri))]
pub(crate) use portable::{map, unmap};
