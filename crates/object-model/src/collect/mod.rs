//! The cycle collector's work on the heap: which objects nobody can reach, and how they end. One for both builds.
//!
//! # How
//! Counts say how many references an object has, tracing says how many of them come from other objects. An object with
//! more of the first than of the second is referred to from outside the heap (registers, native code): it is a root,
//! and what roots lead to is reachable. The rest is unreachable.
//!
//! # Invariants
//! - G1 `Payload::trace` visits each reference that a payload owns at most once. What it leaves out counts as coming from
//!   outside, and so keeps its object: a mistake in that direction leaks, and never frees what is in use.
//! - G2 Objects without counts (deferred, immortal) are roots: all classes in the free-threaded build, native ones in both.
//! - G3 An object whose count is zero is being destroyed: it is neither traced nor collected.
//! - G4 Objects that cannot refer to others are left out altogether.
//! - G5 Objects do not count their class, nor classes their bases: whatever is no candidate keeps them, like a root.
//!
//! Not here: when a collection starts, weak references and finalizers (`vm::collect`).

mod dismantle;
mod graph;
mod marks;

pub use dismantle::{dismantle, release_pages};
pub use graph::{can_refer, trace, uncounted, unreachable};
