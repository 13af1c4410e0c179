//! The interpreter: the dispatch loop and what its instructions do.
//!
//! `dispatch` holds the loop and the fast paths; everything rare is one out-of-line call into the other files. A handler
//! works on (thread, pc, base), three locals of the loop.

pub mod arithmetic;
pub mod attribute;
mod bind;
pub mod build;
pub mod cache;
pub mod call;
pub mod dispatch;
pub mod exception;
pub mod generator;
pub mod iterate;
pub mod names;
pub mod outcome;
pub mod pattern;
pub mod subscript;
pub mod unwind;

pub use call::{enter_function, run_code};
