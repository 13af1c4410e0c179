//! Who may mutate shared storage, and when.
//!
//! In the `gil` build whoever is attached may; the types here cost a counter. In the `free-threaded` build they lock.

pub mod baton;
pub mod critical_section;
pub mod guarded;
pub mod hand_over;
pub mod object_lock;
pub mod place;
pub mod raw;
pub mod variable;

pub use baton::{Baton, Refusal};
pub use critical_section::CriticalSection;
pub use guarded::{Guarded, GuardedRef};
pub use hand_over::hand_over;
pub use variable::Variable;
