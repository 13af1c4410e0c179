//! The module `pwd`: the password database.

use std::ffi::{CStr, CString};

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use crate::os_text;

static PASSWD: StructSeqDef = StructSeqDef {
    name: "struct_passwd",
    module: "pwd",
    fields: &[
        ("pw_name", "user name"),
        ("pw_passwd", "password"),
        ("pw_uid", "user id"),
        ("pw_gid", "group id"),
        ("pw_gecos", "real name"),
        ("pw_dir", "home directory"),
        ("pw_shell", "shell program"),
    ],
    n_sequence_fields: 7,
};

/// What an entry says, copied.
struct Entry {
    texts: [Vec<u8>; 5],
    uid: u32,
    gid: u32,
}

/// # Safety
/// The entry's texts must be null or terminated.
unsafe fn copy(entry: &libc::passwd) -> Entry {
    let text = |p: *const libc::c_char| {
        // SAFETY: the caller's word.
        if p.is_null() { Vec::new() } else { unsafe { CStr::from_ptr(p) }.to_bytes().to_vec() }
    };
    let texts =
        [entry.pw_name, entry.pw_passwd, entry.pw_gecos, entry.pw_dir, entry.pw_shell].map(|p| text(p));
    Entry { texts, uid: entry.pw_uid, gid: entry.pw_gid }
}

fn to_result(th: &mut Thread, entry: Entry) -> PyResult {
    let class = structseq::make_type(th, &PASSWD);
    let [name, password, gecos, dir, shell] = entry.texts;
    let fields = vec![
        os_text::decode(th, &name)?,
        os_text::decode(th, &password)?,
        th.int(entry.uid.into()),
        th.int(entry.gid.into()),
        os_text::decode(th, &gecos)?,
        os_text::decode(th, &dir)?,
        os_text::decode(th, &shell)?,
    ];
    structseq::new(th, class, fields)
}

type Found = *mut libc::passwd;

/// Asks with a buffer that grows as needed.
fn ask(
    th: &mut Thread,
    mut query: impl FnMut(*mut libc::passwd, *mut libc::c_char, usize, *mut Found) -> i32,
) -> PyResult<Option<Entry>> {
    let mut buffer = vec![0_u8; 1024];
    loop {
        let answer = th.detached(|| {
            // SAFETY: zeroes are a valid `passwd`.
            let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
            let mut found: Found = std::ptr::null_mut();
            let error = query(&raw mut entry, buffer.as_mut_ptr().cast(), buffer.len(), &raw mut found);
            match error {
                0 if found.is_null() => Ok(None),
                // SAFETY: found, so the texts are in the buffer.
                0 => Ok(Some(unsafe { copy(&entry) })),
                error => Err(error),
            }
        });
        match answer {
            Ok(entry) => return Ok(entry),
            Err(libc::ERANGE) if buffer.len() < 1 << 24 => buffer.resize(buffer.len() * 2, 0),
            Err(libc::ENOENT | libc::ESRCH) => return Ok(None),
            Err(error) => return Err(th.os_error(error, None)),
        }
    }
}

fn by_number(th: &mut Thread, uid: u32) -> PyResult<Option<Entry>> {
    // SAFETY: the query is told the sizes of what it fills.
    ask(th, |entry, buffer, size, found| unsafe { libc::getpwuid_r(uid, entry, buffer, size, found) })
}

#[pymodule(name = "pwd", doc = "This module provides access to the Unix password database.")]
pub mod module {
    use super::*;

    #[pyattr]
    fn struct_passwd(th: &mut Thread) -> Class {
        structseq::make_type(th, &PASSWD)
    }

    /// Return the password database entry for the given numeric user ID.
    #[pyfunction]
    fn getpwuid(th: &mut Thread, uidobj: &Value) -> PyResult {
        let number = th.index(uidobj)?;
        let entry = match u32::try_from(number) {
            Ok(uid) => by_number(th, uid)?,
            Err(_) => None,
        };
        match entry {
            Some(entry) => to_result(th, entry),
            None => {
                let message = th.str(&format!("getpwuid(): uid not found: {number}"));
                Err(th.key_error(message))
            }
        }
    }

    /// Return the password database entry for the given user name.
    #[pyfunction]
    fn getpwnam(th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let bytes = os_text::encode(th, name.as_value())?;
        let Ok(wanted) = CString::new(bytes) else { return Err(th.value_error("embedded null byte")) };
        // SAFETY: a terminated name; the query is told the sizes of what it fills.
        let entry = ask(th, |entry, buffer, size, found| unsafe {
            libc::getpwnam_r(wanted.as_ptr(), entry, buffer, size, found)
        })?;
        match entry {
            Some(entry) => to_result(th, entry),
            None => {
                let shown = th.repr(name.as_value())?;
                let message =
                    th.str(&format!("getpwnam(): name not found: {}", shown.units().to_str_lossy()));
                Err(th.key_error(message))
            }
        }
    }

    /// Return a list of all available password database entries, in arbitrary order.
    #[pyfunction]
    fn getpwall(th: &mut Thread) -> PyResult {
        static ONE_AT_A_TIME: vm::thread::native_mutex::NativeMutex<()> =
            vm::thread::native_mutex::NativeMutex::new(());
        let entries = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            let mut entries = Vec::new();
            // SAFETY: nobody else walks the database while the lock is held; entries are copied before the next call.
            unsafe {
                libc::setpwent();
                while let Some(entry) = libc::getpwent().as_ref() {
                    entries.push(copy(entry));
                }
                libc::endpwent();
            }
            entries
        });
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            list.push(to_result(th, entry)?);
        }
        Ok(th.list(list))
    }
}
