//! Protocols of crates that cannot be built for loom as a whole: their files, as they ship.

#[path = "../../crates/object-model/src/lock/baton.rs"]
pub mod baton;
#[path = "../../crates/vm/src/thread/gil.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod gil;
#[path = "../../crates/object-model/src/lock/raw.rs"]
pub mod lock;
#[path = "../../crates/vm/src/thread/owned_lock.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod owned_lock;
#[path = "../../crates/vm/src/thread/passages.rs"]
#[allow(dead_code, reason = "nothing but a number is guarded here")]
pub mod passages;
#[path = "../../crates/object-model/src/lock/place.rs"]
pub mod place;
#[path = "../../crates/vm/src/thread/word_lock.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod word_lock;
#[path = "../../crates/vm/src/thread/world.rs"]
#[allow(dead_code, reason = "no model forks")]
pub mod world;
