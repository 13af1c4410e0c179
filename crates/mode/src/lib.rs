//! Which of the two interpreters this build is.
//!
//! This file holds the only `cfg(feature = …)` of the workspace that tells the `gil` build from the
//! `free-threaded` one. Every other crate names the marker types [`Gil`] and [`FreeThreaded`], implements
//! its contract trait for both, and picks one through [`Active`]; so both backends are compiled and tested
//! in every build, and no structure has a conditional field.
//!
//! Not here: what a mode does. Counts are in `refcount`, heaps in `allocator`, locks in `object-model`,
//! the lock itself (the GIL) in `vm`.

pub mod alone;
pub mod attached;
pub mod primitive;
pub mod sanitizer;

pub use attached::{Attached, OwnerId};

/// One thread runs Python at a time; counts and cells are plain.
#[derive(Debug, Clone, Copy)]
pub struct Gil;

/// All threads run Python at once; counts are biased, containers are locked or read optimistically.
#[derive(Debug, Clone, Copy)]
pub struct FreeThreaded;

/// What a mode says of itself, for code that only has to tell a user.
pub trait Mode {
    /// `Py_GIL_DISABLED`, as a Rust constant.
    const FREE_THREADED: bool;
    /// `sys.abiflags`.
    const ABI_FLAGS: &'static str;
}

impl Mode for Gil {
    const FREE_THREADED: bool = false;
    const ABI_FLAGS: &'static str = "";
}

impl Mode for FreeThreaded {
    const FREE_THREADED: bool = true;
    const ABI_FLAGS: &'static str = "t";
}

cfg_if::cfg_if! {
    // Cargo unifies features over a dependency graph, so the superset wins where both are on.
    if #[cfg(feature = "free-threaded")] {
        /// The mode of this build.
        pub type Active = FreeThreaded;
    } else if #[cfg(feature = "gil")] {
        /// The mode of this build.
        pub type Active = Gil;
    } else {
        compile_error!("choose a build: feature `gil` (the default) or `--no-default-features --features free-threaded`");
        /// The mode of this build.
        pub type Active = Gil;
    }
}

/// True in the `free-threaded` build. An ordinary `if` on it type-checks both arms.
pub const FREE_THREADED: bool = <Active as Mode>::FREE_THREADED;
