//! Numbers without objects: the arithmetic, parsing and printing under `int`, `float` and `complex`.
//!
//! Functions take and return plain Rust values ([`int::Int`], `f64`, [`complex::Complex`]); an exception to raise is a
//! [`Fault`]. Big integers live behind [`int::BigInt`], so that the crate that computes them can be exchanged.

pub mod complex;
pub mod decimal;
mod fault;
pub mod float;
pub mod int;

pub use complex::Complex;
pub use fault::{Fault, FaultKind};
pub use int::{BigInt, Int, IntRef};
