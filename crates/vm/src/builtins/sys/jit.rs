//! `sys._jit`: what programs may ask about compilation to machine code, of which there is none.

use crate::prelude::pymodule;

/// Utilities for observing just-in-time compilation.
#[pymodule(name = "_jit")]
pub mod functions {
    use crate::prelude::pyfunction;

    /// Return True if this executable can compile to machine code.
    #[pyfunction]
    fn is_available() -> bool {
        false
    }

    /// Return True if compilation to machine code is enabled.
    #[pyfunction]
    fn is_enabled() -> bool {
        false
    }

    /// Return True if the calling frame runs machine code compiled from Python.
    #[pyfunction]
    fn is_active() -> bool {
        false
    }
}

pub(super) use functions::DEFINITION;
