//! Loom models of the protocols in which two threads meet: what the files in `tests/` share.
//!
//! The models run the code that ships, under every interleaving and every value that a relaxed load may return, up
//! to a bound on preemptions. They need `--cfg amphis_loom` and the feature `model`: `loom-tests/run.sh` sets both.
//! Without the feature this crate is empty, so that a plain `cargo test` passes over it.
//!
//! - A model's doc comment names the invariant that it checks.
//! - Every model has a twin: the same scenario over a copy with one fault, which loom must reject
//!   (`must_fail`, `play_must_fail`). A model whose twin passes proves nothing.
//! - `Toy` is an object with a header and a body whose accesses loom checks; `broken` holds the faulty copies.
//! - Threads are roles of a `Play`, so that each takes its turn to run first.
//!
//! Files of crates that loom cannot build whole are compiled into `shipped` by their paths.
//!
//! Limits: loom takes `SeqCst` accesses for `AcqRel`, and does not explore load buffering; a pass is no proof.

#[cfg(feature = "model")]
pub mod broken;
#[cfg(feature = "model")]
mod explore;
#[cfg(feature = "model")]
pub mod shipped;
#[cfg(feature = "model")]
mod toy;

#[cfg(feature = "model")]
pub use explore::{Play, check, check_play, must_fail, play_must_fail};
#[cfg(feature = "model")]
pub use toy::{FreeList, Lot, Toy, Watched};
