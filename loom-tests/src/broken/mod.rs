//! Copies of what ships, each with one fault at a time. The copy without a fault passes every model, which shows
//! that the twins fail for their fault alone.

pub mod baton;
pub mod counts;
pub mod gil;
pub mod lock;
pub mod queue;
pub mod waiting;
pub mod world;
