//! `_uuid`: there is no generator of UUIDs in the system that the runtime uses, so `uuid` uses its own.

/// The module.
#[vm::prelude::pymodule(name = "_uuid", doc = "What the system has to make UUIDs with: nothing.")]
pub mod module {
    #[pyattr(name = "has_uuid_generate_time_safe")]
    const GENERATE_TIME_SAFE: i64 = 0;
    #[pyattr(name = "has_stable_extractable_node")]
    const EXTRACTABLE_NODE: i64 = 0;
}
