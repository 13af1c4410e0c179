//! `_posixshmem`: memory that processes share, by name.

/// The module.
#[vm::prelude::pymodule(name = "_posixshmem", doc = "POSIX shared memory module")]
pub mod module {
    use std::ffi::CString;

    use vm::prelude::*;

    use crate::support::{errno, text_of};

    fn c_name(th: &mut Thread, path: &Value, function: &str) -> PyResult<CString> {
        let path = text_of(th, path, &format!("{function}() argument 'path'"))?;
        CString::new(path).map_err(|_| th.value_error("embedded null character"))
    }

    /// Open a shared memory object.  Returns a file descriptor (integer).
    #[pyfunction(signature = "(path, flags, mode=511)")]
    fn shm_open(th: &mut Thread, path: &Value, flags: i32, mode: Option<i32>) -> PyResult<i64> {
        let name = c_name(th, path, "shm_open")?;
        let mode = mode.unwrap_or(0o777) as libc::mode_t;
        // SAFETY: a C string.
        let call = || unsafe { libc::shm_open(name.as_ptr(), flags | libc::O_CLOEXEC, mode) };
        match crate::support::retry(th, call)? {
            Ok(fd) => Ok(fd.into()),
            Err(error) => Err(th.os_error(error, Some(path.clone()))),
        }
    }

    /// Remove a shared memory object (similar to unlink()).
    #[pyfunction(signature = "(path, /)")]
    fn shm_unlink(th: &mut Thread, path: &Value) -> PyResult<()> {
        let name = c_name(th, path, "shm_unlink")?;
        // SAFETY: a C string.
        if unsafe { libc::shm_unlink(name.as_ptr()) } < 0 {
            return Err(th.os_error(errno(), Some(path.clone())));
        }
        Ok(())
    }
}
