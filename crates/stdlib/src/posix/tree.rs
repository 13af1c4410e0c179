//! Files and folders by name: making, removing, renaming, linking, the current folder.

use vm::prelude::*;

use super::common::{dir_fd as common_dir, follows, on_path, on_target, on_two};
use crate::os_text;
use crate::support::{self, errno};

/// Create a directory.
#[pyfunction(signature = "(path, mode=0o777, *, dir_fd=None)")]
pub fn mkdir(th: &mut Thread, path: &Value, mode: Option<u32>, dir_fd: Option<&Value>) -> PyResult<()> {
    let path = os_text::path(th, path, "mkdir", "path")?;
    let (dir, mode) = (common_dir(th, dir_fd)?, mode.unwrap_or(0o777));
    // SAFETY: a terminated path.
    on_path(th, &path, |path| unsafe { libc::mkdirat(dir, path, mode) })
}

/// Create a FIFO (a POSIX named pipe).
#[pyfunction(signature = "(path, mode=0o666, *, dir_fd=None)")]
pub fn mkfifo(th: &mut Thread, path: &Value, mode: Option<u32>, dir_fd: Option<&Value>) -> PyResult<()> {
    let path = os_text::path(th, path, "mkfifo", "path")?;
    let (dir, mode) = (common_dir(th, dir_fd)?, mode.unwrap_or(0o666));
    // SAFETY: a terminated path.
    on_path(th, &path, |path| unsafe { libc::mkfifoat(dir, path, mode) })
}

/// Create a node in the file system.
#[pyfunction(signature = "(path, mode=0o600, device=0, *, dir_fd=None)")]
pub fn mknod(
    th: &mut Thread,
    path: &Value,
    mode: Option<u32>,
    device: Option<u64>,
    dir_fd: Option<&Value>,
) -> PyResult<()> {
    let path = os_text::path(th, path, "mknod", "path")?;
    let (dir, mode, device) = (common_dir(th, dir_fd)?, mode.unwrap_or(0o600), device.unwrap_or(0));
    // SAFETY: a terminated path.
    on_path(th, &path, |path| unsafe { libc::mknodat(dir, path, mode, device) })
}

fn remove_at(th: &mut Thread, path: &Value, dir_fd: Option<&Value>, flags: i32, name: &str) -> PyResult<()> {
    let path = os_text::path(th, path, name, "path")?;
    let dir = common_dir(th, dir_fd)?;
    // SAFETY: a terminated path.
    on_path(th, &path, |path| unsafe { libc::unlinkat(dir, path, flags) })
}

/// Remove a directory.
#[pyfunction(signature = "(path, *, dir_fd=None)")]
pub fn rmdir(th: &mut Thread, path: &Value, dir_fd: Option<&Value>) -> PyResult<()> {
    remove_at(th, path, dir_fd, libc::AT_REMOVEDIR, "rmdir")
}

/// Remove a file (same as remove()).
#[pyfunction(signature = "(path, *, dir_fd=None)")]
pub fn unlink(th: &mut Thread, path: &Value, dir_fd: Option<&Value>) -> PyResult<()> {
    remove_at(th, path, dir_fd, 0, "unlink")
}

/// Remove a file (same as unlink()).
#[pyfunction(signature = "(path, *, dir_fd=None)")]
pub fn remove(th: &mut Thread, path: &Value, dir_fd: Option<&Value>) -> PyResult<()> {
    remove_at(th, path, dir_fd, 0, "remove")
}

fn rename_as(
    th: &mut Thread,
    src: &Value,
    dst: &Value,
    src_dir: Option<&Value>,
    dst_dir: Option<&Value>,
    name: &str,
) -> PyResult<()> {
    let (from, to) = (os_text::path(th, src, name, "src")?, os_text::path(th, dst, name, "dst")?);
    let (from_dir, to_dir) = (common_dir(th, src_dir)?, common_dir(th, dst_dir)?);
    // SAFETY: two terminated paths.
    on_two(th, &from, &to, |from, to| unsafe { libc::renameat(from_dir, from, to_dir, to) })
}

/// Rename a file or directory.
#[pyfunction(signature = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
pub fn rename(
    th: &mut Thread,
    src: &Value,
    dst: &Value,
    src_dir_fd: Option<&Value>,
    dst_dir_fd: Option<&Value>,
) -> PyResult<()> {
    rename_as(th, src, dst, src_dir_fd, dst_dir_fd, "rename")
}

/// Rename a file or directory, overwriting the destination.
#[pyfunction(signature = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
pub fn replace(
    th: &mut Thread,
    src: &Value,
    dst: &Value,
    src_dir_fd: Option<&Value>,
    dst_dir_fd: Option<&Value>,
) -> PyResult<()> {
    rename_as(th, src, dst, src_dir_fd, dst_dir_fd, "replace")
}

/// Create a hard link to a file.
#[pyfunction(signature = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)")]
pub fn link(
    th: &mut Thread,
    src: &Value,
    dst: &Value,
    src_dir_fd: Option<&Value>,
    dst_dir_fd: Option<&Value>,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let (from, to) = (os_text::path(th, src, "link", "src")?, os_text::path(th, dst, "link", "dst")?);
    let (from_dir, to_dir) = (common_dir(th, src_dir_fd)?, common_dir(th, dst_dir_fd)?);
    let flags = if follow_symlinks == Some(true) { libc::AT_SYMLINK_FOLLOW } else { 0 };
    // SAFETY: two terminated paths.
    on_two(th, &from, &to, |from, to| unsafe { libc::linkat(from_dir, from, to_dir, to, flags) })
}

/// Create a symbolic link pointing to src named dst.
#[pyfunction(signature = "(src, dst, target_is_directory=False, *, dir_fd=None)")]
pub fn symlink(
    th: &mut Thread,
    src: &Value,
    dst: &Value,
    target_is_directory: Option<bool>,
    dir_fd: Option<&Value>,
) -> PyResult<()> {
    let _ = target_is_directory;
    let (from, to) = (os_text::path(th, src, "symlink", "src")?, os_text::path(th, dst, "symlink", "dst")?);
    let dir = common_dir(th, dir_fd)?;
    // SAFETY: two terminated paths.
    on_two(th, &from, &to, |from, to| unsafe { libc::symlinkat(from, dir, to) })
}

/// Return a string representing the path to which the symbolic link points.
#[pyfunction(signature = "(path, *, dir_fd=None)")]
pub fn readlink(th: &mut Thread, path: &Value, dir_fd: Option<&Value>) -> PyResult {
    let path = os_text::path(th, path, "readlink", "path")?;
    let dir = common_dir(th, dir_fd)?;
    let mut target = vec![0_u8; libc::PATH_MAX as usize + 1];
    let outcome = support::retry(th, || {
        // SAFETY: a terminated path, and a buffer of the length that is told.
        unsafe { libc::readlinkat(dir, path.bytes.as_ptr(), target.as_mut_ptr().cast(), target.len()) }
    })?;
    match outcome {
        Ok(length) => path.answer(th, &target[..length as usize]),
        Err(error) => Err(path.error(th, error)),
    }
}

fn current_folder(th: &mut Thread) -> PyResult<Vec<u8>> {
    let mut size = 1024;
    loop {
        let mut path = vec![0_u8; size];
        let error = th.detached(|| {
            // SAFETY: the buffer has the size that is told.
            if unsafe { libc::getcwd(path.as_mut_ptr().cast(), size) }.is_null() { errno() } else { 0 }
        });
        match error {
            0 => {
                let length = path.iter().position(|b| *b == 0).unwrap_or(size);
                path.truncate(length);
                return Ok(path);
            }
            libc::ERANGE => size *= 2,
            error => return Err(th.os_error(error, None)),
        }
    }
}

/// Return a unicode string representing the current working directory.
#[pyfunction]
pub fn getcwd(th: &mut Thread) -> PyResult {
    let path = current_folder(th)?;
    os_text::decode(th, &path)
}

/// Return a bytes string representing the current working directory.
#[pyfunction]
pub fn getcwdb(th: &mut Thread) -> PyResult {
    let path = current_folder(th)?;
    th.bytes(&path)
}

/// Change the current working directory to the specified path.
#[pyfunction(signature = "(path)")]
pub fn chdir(th: &mut Thread, path: &Value) -> PyResult<()> {
    let target = os_text::target(th, path, "chdir", "path")?;
    on_target(
        th,
        &target,
        // SAFETY: a terminated path.
        |path| unsafe { libc::chdir(path) },
        // SAFETY: no memory is passed.
        |fd| unsafe { libc::fchdir(fd) },
    )
}

/// Change to the directory of the given file descriptor.
#[pyfunction(signature = "(fd)")]
pub fn fchdir(th: &mut Thread, fd: &Value) -> PyResult<()> {
    let fd = support::file_descriptor(th, fd)?;
    // SAFETY: no memory is passed.
    super::common::on_descriptor(th, || unsafe { libc::fchdir(fd) })
}

/// Change root directory to path.
#[pyfunction(signature = "(path)")]
pub fn chroot(th: &mut Thread, path: &Value) -> PyResult<()> {
    let path = os_text::path(th, path, "chroot", "path")?;
    // SAFETY: a terminated path.
    on_path(th, &path, |path| unsafe { libc::chroot(path) })
}

fn extended_attribute_error(th: &mut Thread, target: &os_text::Target) -> Raised {
    target.error(th, errno())
}

/// Return the value of extended attribute attribute on path.
#[pyfunction(signature = "(path, attribute, *, follow_symlinks=True)")]
pub fn getxattr(th: &mut Thread, path: &Value, attribute: &Value, follow_symlinks: Option<bool>) -> PyResult {
    let target = os_text::target(th, path, "getxattr", "path")?;
    let name = super::common::c_text(th, attribute)?;
    let mut value = vec![0_u8; 65536];
    let (to, size) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: terminated texts, and a buffer of the size that is told.
    let length = unsafe {
        match &target {
            os_text::Target::Path(p) if follows(follow_symlinks) => {
                libc::getxattr(p.bytes.as_ptr(), name.as_ptr(), to, size)
            }
            os_text::Target::Path(p) => libc::lgetxattr(p.bytes.as_ptr(), name.as_ptr(), to, size),
            os_text::Target::Descriptor(fd, _) => libc::fgetxattr(*fd, name.as_ptr(), to, size),
        }
    };
    if length < 0 {
        return Err(extended_attribute_error(th, &target));
    }
    th.bytes(&value[..length as usize])
}

/// Set extended attribute attribute on path to value.
#[pyfunction(signature = "(path, attribute, value, flags=0, *, follow_symlinks=True)")]
pub fn setxattr(
    th: &mut Thread,
    path: &Value,
    attribute: &Value,
    value: &Value,
    flags: Option<i32>,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let target = os_text::target(th, path, "setxattr", "path")?;
    let name = super::common::c_text(th, attribute)?;
    let value = th.buffer_to_vec(value)?;
    let (from, size, flags) = (value.as_ptr().cast(), value.len(), flags.unwrap_or(0));
    // SAFETY: terminated texts, and a buffer of the size that is told.
    let result = unsafe {
        match &target {
            os_text::Target::Path(p) if follows(follow_symlinks) => {
                libc::setxattr(p.bytes.as_ptr(), name.as_ptr(), from, size, flags)
            }
            os_text::Target::Path(p) => libc::lsetxattr(p.bytes.as_ptr(), name.as_ptr(), from, size, flags),
            os_text::Target::Descriptor(fd, _) => libc::fsetxattr(*fd, name.as_ptr(), from, size, flags),
        }
    };
    if result < 0 { Err(extended_attribute_error(th, &target)) } else { Ok(()) }
}

/// Remove extended attribute attribute on path.
#[pyfunction(signature = "(path, attribute, *, follow_symlinks=True)")]
pub fn removexattr(
    th: &mut Thread,
    path: &Value,
    attribute: &Value,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let target = os_text::target(th, path, "removexattr", "path")?;
    let name = super::common::c_text(th, attribute)?;
    // SAFETY: terminated texts.
    let result = unsafe {
        match &target {
            os_text::Target::Path(p) if follows(follow_symlinks) => {
                libc::removexattr(p.bytes.as_ptr(), name.as_ptr())
            }
            os_text::Target::Path(p) => libc::lremovexattr(p.bytes.as_ptr(), name.as_ptr()),
            os_text::Target::Descriptor(fd, _) => libc::fremovexattr(*fd, name.as_ptr()),
        }
    };
    if result < 0 { Err(extended_attribute_error(th, &target)) } else { Ok(()) }
}

/// Return a list of extended attributes on path.
#[pyfunction(signature = "(path=None, *, follow_symlinks=True)")]
pub fn listxattr(th: &mut Thread, path: Option<&Value>, follow_symlinks: Option<bool>) -> PyResult {
    let here = th.str(".");
    let target = os_text::target(th, path.filter(|p| !p.is_none()).unwrap_or(&here), "listxattr", "path")?;
    let mut names = vec![0_u8; 65536];
    let (to, size) = (names.as_mut_ptr().cast(), names.len());
    // SAFETY: a terminated text, and a buffer of the size that is told.
    let length = unsafe {
        match &target {
            os_text::Target::Path(p) if follows(follow_symlinks) => {
                libc::listxattr(p.bytes.as_ptr(), to, size)
            }
            os_text::Target::Path(p) => libc::llistxattr(p.bytes.as_ptr(), to, size),
            os_text::Target::Descriptor(fd, _) => libc::flistxattr(*fd, to, size),
        }
    };
    if length < 0 {
        return Err(extended_attribute_error(th, &target));
    }
    let mut list = Vec::new();
    for name in names[..length as usize].split(|b| *b == 0).filter(|n| !n.is_empty()) {
        list.push(os_text::decode(th, name)?);
    }
    Ok(th.list(list))
}
