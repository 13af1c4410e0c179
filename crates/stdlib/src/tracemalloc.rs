//! `_tracemalloc`: nothing is traced, and starting to trace is refused.

/// The module.
#[vm::prelude::pymodule(
    name = "_tracemalloc",
    doc = "Debug module to trace memory blocks allocated by Python."
)]
pub mod module {
    use vm::prelude::*;

    /// Return True if the tracemalloc module is tracing Python memory allocations.
    #[pyfunction(signature = "()")]
    fn is_tracing() -> bool {
        false
    }

    /// Clear traces of memory blocks allocated by Python.
    #[pyfunction(signature = "()")]
    fn clear_traces() {}

    /// Start tracing Python memory allocations: not implemented.
    #[pyfunction(signature = "(nframe=1, /)")]
    fn start(th: &mut Thread, nframe: Option<i32>) -> PyResult<()> {
        if !(1..=65535).contains(&nframe.unwrap_or(1)) {
            return Err(th.value_error("the number of frames must be in range [1; 65535]"));
        }
        Err(th.not_implemented_error("tracing memory allocations is not implemented"))
    }

    /// Stop tracing Python memory allocations.
    #[pyfunction(signature = "()")]
    fn stop() {}

    /// Get the maximum number of frames used to store the traceback of a trace.
    #[pyfunction(signature = "()")]
    fn get_traceback_limit() -> i64 {
        1
    }

    /// Get the current size and peak size of memory blocks traced by tracemalloc.
    #[pyfunction(signature = "()")]
    fn get_traced_memory(th: &mut Thread) -> Value {
        th.tuple(vec![th.int(0), th.int(0)])
    }

    /// Set the peak size of memory blocks traced by tracemalloc to the current size.
    #[pyfunction(signature = "()")]
    fn reset_peak() {}

    /// Get the memory usage in bytes of the tracemalloc module.
    #[pyfunction(signature = "()")]
    fn get_tracemalloc_memory() -> i64 {
        0
    }

    /// Get the traceback where the Python object obj was allocated.
    #[pyfunction(signature = "(obj, /)")]
    fn _get_object_traceback(_obj: &Value) -> Value {
        Value::NONE
    }

    /// Get traces of all memory blocks allocated by Python.
    #[pyfunction(signature = "()")]
    fn _get_traces(th: &mut Thread) -> Value {
        th.list(Vec::new())
    }
}
