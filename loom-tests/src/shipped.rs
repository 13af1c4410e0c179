//! Protocols of crates that cannot be built for loom as a whole: their files, as they ship.

#[path = "../../crates/object-model/src/lock/baton.rs"]
pub mod baton;
#[path = "../../crates/vm/src/thread/gil.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod gil;
#[path = "../../crates/object-model/src/lock/raw.rs"]
pub mod lock;
#[path = "../../crates/vm/src/thread/world.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod world;
