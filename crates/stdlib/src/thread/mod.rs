//! Module `_thread`: starting and joining threads, locks, thread-local data.
//!
//! Not here: thread states and the GIL (`vm::thread`), the Python side (`threading`).

pub mod handle;
mod local;
mod lock;

use vm::prelude::*;

pub use module::DEFINITION;

/// The longest timeout in seconds that a wait accepts.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// A timeout argument: None waits for ever.
fn timeout_of(th: &mut Thread, blocking: bool, timeout: f64) -> PyResult<Option<std::time::Duration>> {
    if !blocking {
        if timeout != -1.0 {
            return Err(th.value_error("can't specify a timeout for a non-blocking call"));
        }
        return Ok(Some(std::time::Duration::ZERO));
    }
    if timeout == -1.0 {
        return Ok(None);
    }
    if timeout < 0.0 {
        return Err(th.value_error("timeout value must be a non-negative number"));
    }
    if timeout.is_nan() || timeout > TIMEOUT_MAX {
        return Err(th.overflow_error("timeout value is too large"));
    }
    Ok(Some(std::time::Duration::from_secs_f64(timeout)))
}

#[pymodule(
    name = "_thread",
    doc = "This module provides primitive operations to write multi-threaded programs.\nThe 'threading' module provides a more convenient interface.",
    classes = [super::lock::Lock, super::lock::RLock, super::handle::ThreadHandle, super::local::Local]
)]
mod module {
    use super::handle::ThreadHandle;
    use super::lock::Lock;
    use vm::exceptions::Exc;
    use vm::prelude::*;
    use vm::thread::registry;

    #[pyattr]
    fn error(_th: &mut Thread) -> PyResult {
        Ok(Exc::RuntimeError.class().value())
    }

    #[pyattr(name = "LockType")]
    fn lock_type(th: &mut Thread) -> PyResult {
        Ok(Lock::class(th).value())
    }

    #[pyattr(name = "TIMEOUT_MAX")]
    fn timeout_max(th: &mut Thread) -> PyResult {
        Ok(th.float(super::TIMEOUT_MAX))
    }

    #[pyfunction]
    fn allocate_lock(th: &mut Thread) -> PyResult {
        Ok(Lock::new_object(th, Lock::new()).into_value())
    }

    #[pyfunction]
    fn allocate(th: &mut Thread) -> PyResult {
        Ok(Lock::new_object(th, Lock::new()).into_value())
    }

    #[pyfunction]
    fn get_ident(th: &mut Thread) -> u64 {
        th.ident
    }

    #[pyfunction]
    fn get_native_id() -> i64 {
        // SAFETY: no arguments, always succeeds.
        unsafe { libc::gettid() }.into()
    }

    #[pyfunction(name = "_get_main_thread_ident")]
    fn get_main_thread_ident() -> u64 {
        registry::main_ident()
    }

    #[pyfunction(name = "_is_main_interpreter")]
    fn is_main_interpreter() -> bool {
        true
    }

    #[pyfunction(name = "_count")]
    fn count() -> usize {
        registry::idents().len().saturating_sub(1)
    }

    #[pyfunction]
    fn daemon_threads_allowed() -> bool {
        true
    }

    #[pyfunction]
    fn stack_size(th: &mut Thread, size: Option<i64>) -> PyResult<usize> {
        super::handle::stack_size(th, size)
    }

    #[pyfunction]
    fn set_name(th: &mut Thread, name: String) {
        let _ = th;
        super::handle::set_native_name(&name);
    }

    #[pyfunction]
    fn exit(th: &mut Thread) -> PyResult {
        Err(th.raise_args(Exc::SystemExit, Vec::new()))
    }

    #[pyfunction]
    fn exit_thread(th: &mut Thread) -> PyResult {
        Err(th.raise_args(Exc::SystemExit, Vec::new()))
    }

    #[pyfunction(signature = "(signum=2, /)")]
    fn interrupt_main(th: &mut Thread, signum: Option<i32>) -> PyResult<()> {
        let signum = signum.unwrap_or(libc::SIGINT);
        if !(1..65).contains(&signum) {
            return Err(th.value_error("signal number out of range"));
        }
        vm::thread::signals::trigger(signum);
        Ok(())
    }

    #[pyfunction(signature = "(function, args, kwargs={}, /)")]
    fn start_new_thread(
        th: &mut Thread,
        function: &Value,
        args: &Value,
        kwargs: Option<&Value>,
    ) -> PyResult<u64> {
        if !th.is_callable(function) {
            return Err(th.type_error("first arg must be callable"));
        }
        let Some(args) = th.downcast::<Tuple>(args).cloned() else {
            return Err(th.type_error("2nd arg must be a tuple"));
        };
        let mut keywords = Vec::new();
        if let Some(kwargs) = kwargs {
            let Some(dict) = th.downcast::<Dict>(kwargs).cloned() else {
                return Err(th.type_error("optional 3rd arg must be a dictionary"));
            };
            for (name, value, _) in dict.snapshot(th) {
                let Some(name) = th.as_str(&name).cloned() else {
                    return Err(th.type_error("keywords must be strings"));
                };
                keywords.push((name, value));
            }
        }
        let handle = ThreadHandle::new_object(th, ThreadHandle::new());
        handle.start(th, function.clone(), args.items().to_vec(), keywords, true)
    }

    #[pyfunction(signature = "(function, handle=None, daemon=True)")]
    fn start_joinable_thread(
        th: &mut Thread,
        function: &Value,
        handle: Option<&Obj<ThreadHandle>>,
        daemon: Option<bool>,
    ) -> PyResult {
        if !th.is_callable(function) {
            return Err(th.type_error("thread function must be callable"));
        }
        let handle = match handle {
            Some(handle) => handle.clone(),
            None => ThreadHandle::new_object(th, ThreadHandle::new()),
        };
        handle.start(th, function.clone(), Vec::new(), Vec::new(), daemon.unwrap_or(true))?;
        Ok(handle.into_value())
    }

    #[pyfunction(name = "_make_thread_handle")]
    fn make_thread_handle(th: &mut Thread, ident: u64) -> PyResult {
        Ok(ThreadHandle::new_object(th, ThreadHandle::of_running(ident)).into_value())
    }

    #[pyfunction(name = "_shutdown")]
    fn shutdown(th: &mut Thread) -> PyResult<()> {
        super::handle::join_all(th)
    }
}
