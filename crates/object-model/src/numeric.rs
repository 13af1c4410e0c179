//! Payloads of the numbers that are not immediates. Arithmetic is in `number`.

use crate::number::int::BigInt;
use crate::object::layout::{Layout, Payload};
use crate::value::Value;

/// An `int` beyond 62 bits, or of a subclass.
pub struct Int(pub BigInt);

/// A `float` without an immediate encoding, or of a subclass.
pub struct Float(pub f64);

/// A `complex`.
pub struct Complex {
    /// Real part.
    pub real: f64,
    /// Imaginary part.
    pub imaginary: f64,
}

/// The layout of `int`.
pub static INT: Layout = Layout::of::<Int>();
/// The layout of `float`.
pub static FLOAT: Layout = Layout::of::<Float>();
/// The layout of `complex`.
pub static COMPLEX: Layout = Layout::of::<Complex>();

impl Payload for Int {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

impl Payload for Float {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

impl Payload for Complex {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}
