//! Threads: their state, how they take turns (the GIL) or run at once, where they stop.
//!
//! # Protocol
//! - A thread is *attached* (it may touch objects), *detached* (it runs native code or waits), or gone.
//! - Blocking native code runs inside [`Thread::detached`].
//! - An attached thread looks at its poll word at function entry, loop back-edges and after calls, and inside long native
//!   loops; [`safepoint`] does what the word asks for.
//!
//! Not here: the Python module `_thread` (`stdlib`).

pub mod fork;
pub mod gil;
pub mod native_mutex;
pub mod owned_lock;
pub mod passages;
pub(crate) mod promote;
pub mod reentrant;
mod register_stack;
pub mod registry;
pub mod safepoint;
pub mod signals;
pub mod start_exit;
pub mod state;
pub mod word_lock;
pub mod world;

pub use state::{Thread, poll};
