//! `stat` and what goes with it: permissions, owners, times.

use vm::builtins::structseq::{self, StructSeqDef, UNNAMED};
use vm::prelude::*;

use super::common::{dir_fd as common_dir, follows, id_argument, no_follow, on_target};
use crate::os_text::{self, Target};
use crate::support;

const NANOSECONDS: i64 = 1_000_000_000;

/// `os.stat_result`
pub static STAT_RESULT: StructSeqDef = StructSeqDef {
    name: "stat_result",
    module: "os",
    fields: &[
        ("st_mode", "protection bits"),
        ("st_ino", "inode"),
        ("st_dev", "device"),
        ("st_nlink", "number of hard links"),
        ("st_uid", "user ID of owner"),
        ("st_gid", "group ID of owner"),
        ("st_size", "total size, in bytes"),
        (UNNAMED, "integer time of last access"),
        (UNNAMED, "integer time of last modification"),
        (UNNAMED, "integer time of last change"),
        ("st_atime", "time of last access"),
        ("st_mtime", "time of last modification"),
        ("st_ctime", "time of last change"),
        ("st_atime_ns", "time of last access in nanoseconds"),
        ("st_mtime_ns", "time of last modification in nanoseconds"),
        ("st_ctime_ns", "time of last change in nanoseconds"),
        ("st_blksize", "blocksize for filesystem I/O"),
        ("st_blocks", "number of blocks allocated"),
        ("st_rdev", "device type (if inode device)"),
    ],
    n_sequence_fields: 10,
};

/// `os.statvfs_result`
pub static STATVFS_RESULT: StructSeqDef = StructSeqDef {
    name: "statvfs_result",
    module: "os",
    fields: &[
        ("f_bsize", ""),
        ("f_frsize", ""),
        ("f_blocks", ""),
        ("f_bfree", ""),
        ("f_bavail", ""),
        ("f_files", ""),
        ("f_ffree", ""),
        ("f_favail", ""),
        ("f_flag", ""),
        ("f_namemax", ""),
        ("f_fsid", ""),
    ],
    n_sequence_fields: 10,
};

/// The result object.
pub fn to_result(th: &mut Thread, s: &libc::stat) -> PyResult {
    let class = structseq::make_type(th, &STAT_RESULT);
    let times = [(s.st_atime, s.st_atime_nsec), (s.st_mtime, s.st_mtime_nsec), (s.st_ctime, s.st_ctime_nsec)];
    let mut fields = vec![
        th.int(s.st_mode.into()),
        th.int_unsigned(s.st_ino),
        th.int_unsigned(s.st_dev),
        th.int_unsigned(s.st_nlink),
        super::common::id_value(th, s.st_uid),
        super::common::id_value(th, s.st_gid),
        th.int(s.st_size),
    ];
    fields.extend(times.map(|(seconds, _)| th.int(seconds)));
    fields.extend(times.map(|(seconds, nanoseconds)| th.float(seconds as f64 + nanoseconds as f64 * 1e-9)));
    for (seconds, nanoseconds) in times {
        fields.push(match seconds.checked_mul(NANOSECONDS).and_then(|s| s.checked_add(nanoseconds)) {
            Some(total) => th.int(total),
            None => Value::NONE,
        });
    }
    fields.extend([th.int(s.st_blksize), th.int(s.st_blocks), th.int_unsigned(s.st_rdev)]);
    structseq::new(th, class, fields)
}

/// Asks for the status of a file.
pub fn look(th: &mut Thread, target: &Target, dir: i32, flags: i32) -> PyResult<Result<libc::stat, i32>> {
    // SAFETY: zeroes are a valid `stat`.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    let outcome = match target {
        Target::Path(path) => {
            // SAFETY: a terminated path and a structure that is ours.
            support::retry(th, || unsafe { libc::fstatat(dir, path.bytes.as_ptr(), &raw mut status, flags) })?
        }
        // SAFETY: a structure that is ours.
        Target::Descriptor(fd, _) => support::retry(th, || unsafe { libc::fstat(*fd, &raw mut status) })?,
    };
    Ok(outcome.map(|_| status))
}

fn stat_target(th: &mut Thread, target: &Target, dir: i32, flags: i32) -> PyResult {
    match look(th, target, dir, flags)? {
        Ok(status) => to_result(th, &status),
        Err(error) => Err(target.error(th, error)),
    }
}

/// A timestamp in seconds as whole seconds and nanoseconds, rounded down.
fn split_seconds(th: &mut Thread, value: &Value) -> PyResult<libc::timespec> {
    if th.type_of(value).payload.has(object_model::ty::flag::FLOAT_SUBCLASS) {
        let given = th.to_f64(value)?;
        if given.is_nan() {
            return Err(th.value_error("Invalid value NaN (not a number)"));
        }
        let whole = given.floor();
        if whole.abs() >= 9.2e18 {
            return Err(th.overflow_error("timestamp out of range for platform time_t"));
        }
        let rest = (((given - whole) * 1e9).floor() as i64).clamp(0, NANOSECONDS - 1);
        return Ok(libc::timespec { tv_sec: whole as i64, tv_nsec: rest });
    }
    Ok(libc::timespec { tv_sec: th.index(value)?, tv_nsec: 0 })
}

fn split_nanoseconds(th: &mut Thread, value: &Value) -> PyResult<libc::timespec> {
    let total = th.index(value)?;
    Ok(libc::timespec { tv_sec: total.div_euclid(NANOSECONDS), tv_nsec: total.rem_euclid(NANOSECONDS) })
}

fn two(th: &mut Thread, value: &Value, message: &str) -> PyResult<[Value; 2]> {
    match th.downcast::<Tuple>(value).map(|t| t.items()) {
        Some([a, b]) => Ok([a.clone(), b.clone()]),
        _ => Err(th.type_error(message)),
    }
}

/// Perform a stat system call on the given path.
#[pyfunction(signature = "(path, *, dir_fd=None, follow_symlinks=True)")]
pub fn stat(
    th: &mut Thread,
    path: &Value,
    dir_fd: Option<&Value>,
    follow_symlinks: Option<bool>,
) -> PyResult {
    let target = os_text::target(th, path, "stat", "path")?;
    if matches!(target, Target::Descriptor(..)) {
        if dir_fd.is_some_and(|d| !d.is_none()) {
            return Err(th.value_error("stat: can't specify dir_fd without matching path"));
        }
        if !follows(follow_symlinks) {
            return Err(th.value_error("stat: cannot use fd and follow_symlinks together"));
        }
    }
    let dir = common_dir(th, dir_fd)?;
    stat_target(th, &target, dir, no_follow(follow_symlinks))
}

/// Perform a stat system call on the given path, without following symbolic links.
#[pyfunction(signature = "(path, *, dir_fd=None)")]
pub fn lstat(th: &mut Thread, path: &Value, dir_fd: Option<&Value>) -> PyResult {
    let path = os_text::path(th, path, "lstat", "path")?;
    let dir = common_dir(th, dir_fd)?;
    stat_target(th, &Target::Path(path), dir, libc::AT_SYMLINK_NOFOLLOW)
}

/// Perform a stat system call on the given file descriptor.
#[pyfunction(signature = "(fd)")]
pub fn fstat(th: &mut Thread, fd: i32) -> PyResult {
    match look(th, &Target::Descriptor(fd, Value::NONE), 0, 0)? {
        Ok(status) => to_result(th, &status),
        Err(error) => Err(th.os_error(error, None)),
    }
}

/// Perform a statvfs system call on the given path.
#[pyfunction(signature = "(path)")]
pub fn statvfs(th: &mut Thread, path: &Value) -> PyResult {
    let target = os_text::target(th, path, "statvfs", "path")?;
    // SAFETY: zeroes are a valid `statvfs`.
    let mut status: libc::statvfs = unsafe { std::mem::zeroed() };
    let pointer = &raw mut status;
    on_target(
        th,
        &target,
        // SAFETY: a terminated path and a structure that is ours.
        |path| unsafe { libc::statvfs(path, pointer) },
        // SAFETY: a structure that is ours.
        |fd| unsafe { libc::fstatvfs(fd, pointer) },
    )?;
    let class = structseq::make_type(th, &STATVFS_RESULT);
    let numbers = [
        status.f_bsize,
        status.f_frsize,
        status.f_blocks,
        status.f_bfree,
        status.f_bavail,
        status.f_files,
        status.f_ffree,
        status.f_favail,
        status.f_flag,
        status.f_namemax,
        status.f_fsid,
    ];
    let fields = numbers.iter().map(|n| th.int_unsigned(*n)).collect();
    structseq::new(th, class, fields)
}

/// Perform a statvfs system call on the given fd.
#[pyfunction(signature = "(fd)")]
pub fn fstatvfs(th: &mut Thread, fd: &Value) -> PyResult {
    statvfs(th, fd)
}

/// Use the real uid/gid to test for access to a path.
#[pyfunction(signature = "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)")]
pub fn access(
    th: &mut Thread,
    path: &Value,
    mode: i32,
    dir_fd: Option<&Value>,
    effective_ids: Option<bool>,
    follow_symlinks: Option<bool>,
) -> PyResult<bool> {
    let path = os_text::path(th, path, "access", "path")?;
    let dir = common_dir(th, dir_fd)?;
    let mut flags = no_follow(follow_symlinks);
    if effective_ids.unwrap_or(false) {
        flags |= libc::AT_EACCESS;
    }
    // SAFETY: a terminated path.
    Ok(th.detached(|| unsafe { libc::faccessat(dir, path.bytes.as_ptr(), mode, flags) }) == 0)
}

/// Change the access permissions of a file.
#[pyfunction(signature = "(path, mode, *, dir_fd=None, follow_symlinks=True)")]
pub fn chmod(
    th: &mut Thread,
    path: &Value,
    mode: u32,
    dir_fd: Option<&Value>,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let target = os_text::target(th, path, "chmod", "path")?;
    let (dir, flags) = (common_dir(th, dir_fd)?, no_follow(follow_symlinks));
    on_target(
        th,
        &target,
        // SAFETY: a terminated path.
        |path| unsafe { libc::fchmodat(dir, path, mode, flags) },
        // SAFETY: no memory is passed.
        |fd| unsafe { libc::fchmod(fd, mode) },
    )
}

/// Change the access permissions of the file given by file descriptor fd.
#[pyfunction(signature = "(fd, mode)")]
pub fn fchmod(th: &mut Thread, fd: i32, mode: u32) -> PyResult<()> {
    // SAFETY: no memory is passed.
    super::common::on_descriptor(th, || unsafe { libc::fchmod(fd, mode) })
}

/// Change the owner and group id of path to the numeric uid and gid.
#[pyfunction(signature = "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)")]
pub fn chown(
    th: &mut Thread,
    path: &Value,
    uid: &Value,
    gid: &Value,
    dir_fd: Option<&Value>,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let target = os_text::target(th, path, "chown", "path")?;
    let (uid, gid) = (id_argument(th, uid, "uid")?, id_argument(th, gid, "gid")?);
    let (dir, flags) = (common_dir(th, dir_fd)?, no_follow(follow_symlinks));
    on_target(
        th,
        &target,
        // SAFETY: a terminated path.
        |path| unsafe { libc::fchownat(dir, path, uid, gid, flags) },
        // SAFETY: no memory is passed.
        |fd| unsafe { libc::fchown(fd, uid, gid) },
    )
}

/// Change the owner and group id of the file specified by file descriptor.
#[pyfunction(signature = "(fd, uid, gid)")]
pub fn fchown(th: &mut Thread, fd: i32, uid: &Value, gid: &Value) -> PyResult<()> {
    let (uid, gid) = (id_argument(th, uid, "uid")?, id_argument(th, gid, "gid")?);
    // SAFETY: no memory is passed.
    super::common::on_descriptor(th, || unsafe { libc::fchown(fd, uid, gid) })
}

/// Change the owner and group id of path, without following symbolic links.
#[pyfunction(signature = "(path, uid, gid)")]
pub fn lchown(th: &mut Thread, path: &Value, uid: &Value, gid: &Value) -> PyResult<()> {
    chown(th, path, uid, gid, None, Some(false))
}

/// Set the access and modified time of path.
#[pyfunction(signature = "(path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)")]
pub fn utime(
    th: &mut Thread,
    path: &Value,
    times: Option<&Value>,
    ns: Option<&Value>,
    dir_fd: Option<&Value>,
    follow_symlinks: Option<bool>,
) -> PyResult<()> {
    let target = os_text::target(th, path, "utime", "path")?;
    let times = times.filter(|t| !t.is_none());
    let now = libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW };
    let chosen = match (times, ns) {
        (Some(_), Some(_)) => {
            return Err(th.value_error("utime: you may specify either 'times' or 'ns' but not both"));
        }
        (Some(times), None) => {
            let [a, b] = two(th, times, "utime: 'times' must be either a tuple of two ints or None")?;
            [split_seconds(th, &a)?, split_seconds(th, &b)?]
        }
        (None, Some(ns)) => {
            let [a, b] = two(th, ns, "utime: 'ns' must be a tuple of two ints")?;
            [split_nanoseconds(th, &a)?, split_nanoseconds(th, &b)?]
        }
        (None, None) => [now, now],
    };
    let (dir, flags) = (common_dir(th, dir_fd)?, no_follow(follow_symlinks));
    let pointer = chosen.as_ptr();
    on_target(
        th,
        &target,
        // SAFETY: a terminated path, and null or two times.
        |path| unsafe { libc::utimensat(dir, path, pointer, flags) },
        // SAFETY: null or two times.
        |fd| unsafe { libc::futimens(fd, pointer) },
    )
}

/// Set the current numeric umask and return the previous umask.
#[pyfunction(signature = "(mask, /)")]
pub fn umask(mask: u32) -> u32 {
    // SAFETY: no memory is passed; cannot fail.
    unsafe { libc::umask(mask) }
}
