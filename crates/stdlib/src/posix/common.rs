//! What the functions of `posix` share: directory descriptors, calls on paths.

use std::ffi::CString;

use vm::prelude::*;

use crate::os_text::{self, Path, Target};
use crate::support;

/// The argument `dir_fd`: the current folder if it is None.
pub fn dir_fd(th: &mut Thread, value: Option<&Value>) -> PyResult<i32> {
    let Some(value) = value.filter(|v| !v.is_none()) else { return Ok(libc::AT_FDCWD) };
    if !th.has_special(value, vm::names::Special::Index) {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!("argument should be integer or None, not {found}")));
    }
    let number = th.index(value)?;
    i32::try_from(number).map_err(|_| th.overflow_error("fd is greater than maximum"))
}

/// A call on a path that answers 0 or fails.
pub fn on_path(
    th: &mut Thread,
    path: &Path,
    mut call: impl FnMut(*const libc::c_char) -> i32,
) -> PyResult<()> {
    match support::retry(th, || call(path.bytes.as_ptr()))? {
        Ok(_) => Ok(()),
        Err(error) => Err(path.error(th, error)),
    }
}

/// A call on two paths; errors name both.
pub fn on_two(
    th: &mut Thread,
    from: &Path,
    to: &Path,
    mut call: impl FnMut(*const libc::c_char, *const libc::c_char) -> i32,
) -> PyResult<()> {
    match support::retry(th, || call(from.bytes.as_ptr(), to.bytes.as_ptr()))? {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = vm::exceptions::strerror(error);
            let arguments =
                vec![th.int(error.into()), th.str(&text), from.given.clone(), Value::NONE, to.given.clone()];
            Err(th.raise_args(Exc::OSError, arguments))
        }
    }
}

/// A call on a path or a descriptor that answers 0 or fails.
pub fn on_target(
    th: &mut Thread,
    target: &Target,
    mut on_path: impl FnMut(*const libc::c_char) -> i32,
    mut on_descriptor: impl FnMut(i32) -> i32,
) -> PyResult<()> {
    let outcome = match target {
        Target::Path(path) => support::retry(th, || on_path(path.bytes.as_ptr()))?,
        Target::Descriptor(fd, _) => support::retry(th, || on_descriptor(*fd))?,
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => Err(target.error(th, error)),
    }
}

/// A call on a descriptor that answers 0 or fails.
pub fn on_descriptor(th: &mut Thread, call: impl FnMut() -> i32) -> PyResult<()> {
    support::checked(th, call).map(drop)
}

/// A terminated text from a str or bytes.
pub fn c_text(th: &mut Thread, value: &Value) -> PyResult<CString> {
    let plain = os_text::fspath(th, value)?;
    let bytes = match th.downcast::<Bytes>(&plain) {
        Some(bytes) => bytes.as_slice().to_vec(),
        None => os_text::encode(th, &plain)?,
    };
    CString::new(bytes).map_err(|_| th.value_error("embedded null byte"))
}

/// A user or group number: -1 stands for "as it is".
pub fn id_argument(th: &mut Thread, value: &Value, what: &str) -> PyResult<u32> {
    if !th.has_special(value, vm::names::Special::Index) {
        let found = th.type_name(value);
        return Err(th.type_error(format_args!("{what} should be integer, not {found}")));
    }
    let number = th.index(value)?;
    match number {
        -1 => Ok(u32::MAX),
        n if n < 0 => Err(th.overflow_error(format_args!("{what} is less than minimum"))),
        n => u32::try_from(n).map_err(|_| th.overflow_error(format_args!("{what} is greater than maximum"))),
    }
}

/// A user or group number as Python sees it.
pub fn id_value(th: &mut Thread, id: u32) -> Value {
    th.int(if id == u32::MAX { -1 } else { id.into() })
}

/// True unless the argument says otherwise.
pub fn follows(follow_symlinks: Option<bool>) -> bool {
    follow_symlinks.unwrap_or(true)
}

/// The flag of `*at` functions for not following links.
pub fn no_follow(follow_symlinks: Option<bool>) -> i32 {
    if follows(follow_symlinks) { 0 } else { libc::AT_SYMLINK_NOFOLLOW }
}
