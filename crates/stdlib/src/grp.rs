//! The module `grp`: the group database.

use std::ffi::{CStr, CString};

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;

use crate::os_text;

static GROUP: StructSeqDef = StructSeqDef {
    name: "struct_group",
    module: "grp",
    fields: &[
        ("gr_name", "group name"),
        ("gr_passwd", "password"),
        ("gr_gid", "group id"),
        ("gr_mem", "group members"),
    ],
    n_sequence_fields: 4,
};

/// What an entry says, copied.
struct Entry {
    name: Vec<u8>,
    password: Vec<u8>,
    gid: u32,
    members: Vec<Vec<u8>>,
}

/// # Safety
/// The entry's texts must be null or terminated, its list null or ended by null.
unsafe fn copy(entry: &libc::group) -> Entry {
    let text = |p: *const libc::c_char| {
        // SAFETY: the caller's word.
        if p.is_null() { Vec::new() } else { unsafe { CStr::from_ptr(p) }.to_bytes().to_vec() }
    };
    let mut members = Vec::new();
    let mut next = entry.gr_mem;
    while !next.is_null() {
        // SAFETY: the list goes on to its null.
        let member = unsafe { *next };
        if member.is_null() {
            break;
        }
        members.push(text(member));
        // SAFETY: as above.
        next = unsafe { next.add(1) };
    }
    Entry { name: text(entry.gr_name), password: text(entry.gr_passwd), gid: entry.gr_gid, members }
}

fn to_result(th: &mut Thread, entry: Entry) -> PyResult {
    let class = structseq::make_type(th, &GROUP);
    let mut members = Vec::with_capacity(entry.members.len());
    for member in entry.members {
        members.push(os_text::decode(th, &member)?);
    }
    let fields = vec![
        os_text::decode(th, &entry.name)?,
        os_text::decode(th, &entry.password)?,
        th.int(entry.gid.into()),
        th.list(members),
    ];
    structseq::new(th, class, fields)
}

type Found = *mut libc::group;

/// Asks with a buffer that grows as needed.
fn ask(
    th: &mut Thread,
    mut query: impl FnMut(*mut libc::group, *mut libc::c_char, usize, *mut Found) -> i32,
) -> PyResult<Option<Entry>> {
    let mut buffer = vec![0_u8; 1024];
    loop {
        let answer = th.detached(|| {
            // SAFETY: zeroes are a valid `group`.
            let mut entry: libc::group = unsafe { std::mem::zeroed() };
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

#[pymodule(name = "grp", doc = "Access to the Unix group database.")]
pub mod module {
    use super::*;

    #[pyattr]
    fn struct_group(th: &mut Thread) -> Class {
        structseq::make_type(th, &GROUP)
    }

    /// Return the group database entry for the given numeric group ID.
    #[pyfunction(signature = "(id)")]
    fn getgrgid(th: &mut Thread, id: &Value) -> PyResult {
        let number = th.index(id)?;
        let entry = match u32::try_from(number) {
            // SAFETY: the query is told the sizes of what it fills.
            Ok(gid) => ask(th, |entry, buffer, size, found| unsafe {
                libc::getgrgid_r(gid, entry, buffer, size, found)
            })?,
            Err(_) => None,
        };
        match entry {
            Some(entry) => to_result(th, entry),
            None => {
                let message = th.str(&format!("getgrgid(): gid not found: {number}"));
                Err(th.key_error(message))
            }
        }
    }

    /// Return the group database entry for the given group name.
    #[pyfunction(signature = "(name)")]
    fn getgrnam(th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let bytes = os_text::encode(th, name.as_value())?;
        let Ok(wanted) = CString::new(bytes) else { return Err(th.value_error("embedded null byte")) };
        // SAFETY: a terminated name; the query is told the sizes of what it fills.
        let entry = ask(th, |entry, buffer, size, found| unsafe {
            libc::getgrnam_r(wanted.as_ptr(), entry, buffer, size, found)
        })?;
        match entry {
            Some(entry) => to_result(th, entry),
            None => {
                let shown = th.repr(name.as_value())?;
                let message =
                    th.str(&format!("getgrnam(): name not found: {}", shown.units().to_str_lossy()));
                Err(th.key_error(message))
            }
        }
    }

    /// Return a list of all available group entries, in arbitrary order.
    #[pyfunction]
    fn getgrall(th: &mut Thread) -> PyResult {
        static ONE_AT_A_TIME: vm::thread::native_mutex::NativeMutex<()> =
            vm::thread::native_mutex::NativeMutex::new(());
        let entries = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            let mut entries = Vec::new();
            // SAFETY: nobody else walks the database while the lock is held; entries are copied before the next call.
            unsafe {
                libc::setgrent();
                while let Some(entry) = libc::getgrent().as_ref() {
                    entries.push(copy(entry));
                }
                libc::endgrent();
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
