//! Address space from the operating system: zeroed, aligned, given back whole.
//!
//! Contract of a backend: `map(len, align)` answers `len` zeroed bytes at a multiple of `align` (a power of
//! two, at least a system page), or `None`; `unmap(start, len, align)` takes back exactly what `map` gave.
//! Memory that is never touched should cost nothing but address space. `map_pages`, `resize_pages` and `unmap_pages` do
//! the same for whole pages that may be moved ([`crate::growing`]).

#[cfg(all(unix, not(miri)))]
mod unix;
#[cfg(all(unix, not(miri)))]
pub(crate) use unix::{map, map_pages, resize_pages, unmap, unmap_pages};

#[cfg(any(not(unix), miri))]
mod portable;
#[cfg(any(not(unix), miri))]
pub(crate) use portable::{map, map_pages, resize_pages, unmap, unmap_pages};
