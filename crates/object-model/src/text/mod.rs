//! Text without objects: the algorithms under `str` on slices of code units.
//!
//! A text is a sequence of code points (lone surrogates are legal) stored one, two or four bytes each, whatever the
//! largest needs. Nothing here knows a `Value`, a lock or a thread: the methods of the builtin types call these
//! functions with borrowed [`units::Units`] and store what comes back as [`units::OwnedUnits`].
//!
//! Sizes come from user input; a result that can't be held is a [`Fault`], not an abort.

pub mod case;
pub mod classify;
pub mod codec;
pub mod format_spec;
pub mod format_string;
pub mod handlers;
pub mod names;
pub mod percent;
pub mod repr;
pub mod search;
mod tables;
pub mod units;

pub use crate::number::{Fault, FaultKind};
pub use units::{Builder, OwnedUnits, Units};
