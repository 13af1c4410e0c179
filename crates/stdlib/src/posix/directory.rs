//! Listing folders: `listdir`, `scandir` and `DirEntry`.

use vm::prelude::*;

use super::status;
use crate::os_text::{self, Path, Target};
use crate::support::{self, errno};

/// An open folder.
struct Folder(*mut libc::DIR);

// SAFETY: the stream is used by whoever has it alone: it lies in a `Guarded`, or belongs to one function.
unsafe impl Send for Folder {}

/// An entry as the system tells it.
struct Raw {
    name: Vec<u8>,
    inode: u64,
    kind: u8,
}

impl Folder {
    fn open(th: &mut Thread, target: &Target) -> PyResult<Folder> {
        let (stream, error) = match target {
            Target::Path(path) => th.detached(|| {
                // SAFETY: a terminated path.
                let stream = unsafe { libc::opendir(path.bytes.as_ptr()) };
                (Folder(stream), errno())
            }),
            Target::Descriptor(fd, _) => {
                // SAFETY: no memory is passed. The stream gets a descriptor of its own.
                let own = support::checked(th, || unsafe { libc::fcntl(*fd, libc::F_DUPFD_CLOEXEC, 0) })?;
                th.detached(|| {
                    // SAFETY: the descriptor is ours to give.
                    let stream = unsafe { libc::fdopendir(own) };
                    let error = errno();
                    if stream.is_null() {
                        // SAFETY: it stayed ours.
                        unsafe { libc::close(own) };
                    } else {
                        // SAFETY: an open stream; the descriptor given may have been read from.
                        unsafe { libc::rewinddir(stream) };
                    }
                    (Folder(stream), error)
                })
            }
        };
        if stream.0.is_null() { Err(target.error(th, error)) } else { Ok(stream) }
    }

    /// The next entry, `.` and `..` left out; None at the end.
    fn next(&mut self) -> Result<Option<Raw>, i32> {
        loop {
            // SAFETY: the calling thread's own error number.
            unsafe { *libc::__errno_location() = 0 };
            // SAFETY: an open stream that nobody else uses.
            let entry = unsafe { libc::readdir(self.0) };
            if entry.is_null() {
                let error = errno();
                return if error == 0 { Ok(None) } else { Err(error) };
            }
            // SAFETY: the entry stays until the next call on the stream; its name is terminated.
            let (name, inode, kind) = unsafe {
                let name = std::ffi::CStr::from_ptr((&raw const (*entry).d_name).cast());
                (name.to_bytes().to_vec(), (*entry).d_ino, (*entry).d_type)
            };
            if name != b"." && name != b".." {
                return Ok(Some(Raw { name, inode, kind }));
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: an open stream that nobody else uses.
            unsafe { libc::closedir(self.0) };
        }
    }
}

fn argument(th: &mut Thread, path: Option<&Value>, function: &str) -> PyResult<Target> {
    match path.filter(|p| !p.is_none()) {
        Some(path) => os_text::target(th, path, function, "path"),
        None => {
            let here = th.str(".");
            os_text::target(th, &here, function, "path")
        }
    }
}

fn as_bytes(target: &Target) -> bool {
    matches!(target, Target::Path(path) if path.as_bytes)
}

/// Return a list containing the names of the files in the directory.
#[pyfunction(signature = "(path=None)")]
pub fn listdir(th: &mut Thread, path: Option<&Value>) -> PyResult {
    let target = argument(th, path, "listdir")?;
    let mut folder = Folder::open(th, &target)?;
    let found = th.detached(|| {
        let mut names = Vec::new();
        loop {
            match folder.next() {
                Ok(Some(entry)) => names.push(entry.name),
                Ok(None) => return Ok(names),
                Err(error) => return Err(error),
            }
        }
    });
    drop(folder);
    let names = found.map_err(|error| target.error(th, error))?;
    let bytes = as_bytes(&target);
    let mut list = Vec::with_capacity(names.len());
    for name in names {
        list.push(if bytes { th.bytes(&name)? } else { os_text::decode(th, &name)? });
    }
    Ok(th.list(list))
}

/// Return an iterator of DirEntry objects for given path.
#[pyfunction(signature = "(path=None)")]
pub fn scandir(th: &mut Thread, path: Option<&Value>) -> PyResult {
    let target = argument(th, path, "scandir")?;
    let folder = Folder::open(th, &target)?;
    let (prefix, fd) = match &target {
        Target::Path(path) => (path.bytes.as_bytes().to_vec(), libc::AT_FDCWD),
        Target::Descriptor(fd, _) => (Vec::new(), *fd),
    };
    let made = ScandirIterator {
        folder: Guarded::new(Some(folder)),
        prefix: prefix.into(),
        fd,
        as_bytes: as_bytes(&target),
        by_path: matches!(target, Target::Path(_)),
    };
    Ok(ScandirIterator::new_object(th, made).into_value())
}

/// What `scandir` answers.
#[pyclass(name = "ScandirIterator", module = "posix", no_new, no_export)]
pub struct ScandirIterator {
    #[no_trace]
    folder: Guarded<Option<Folder>>,
    #[no_trace]
    prefix: Box<[u8]>,
    #[no_trace]
    fd: i32,
    as_bytes: bool,
    by_path: bool,
}

impl ScandirIterator {
    fn text(&self, th: &mut Thread, bytes: &[u8]) -> PyResult {
        if self.as_bytes { th.bytes(bytes) } else { os_text::decode(th, bytes) }
    }
}

#[pymethods]
impl ScandirIterator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        // The folder is taken out, so that it can be read while detached.
        let Some(mut folder) = this.folder.lock(th).take() else { return Ok(None) };
        let entry = th.detached(|| folder.next());
        let entry = match entry {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(None),
            Err(error) => return Err(th.os_error(error, None)),
        };
        let unused = this.folder.lock(th).replace(folder);
        drop(unused);
        let name = this.text(th, &entry.name)?;
        let mut full = this.prefix.to_vec();
        if this.by_path && !full.is_empty() && !full.ends_with(b"/") {
            full.push(b'/');
        }
        full.extend_from_slice(&entry.name);
        let path = if this.by_path { this.text(th, &full)? } else { name.clone() };
        let made = DirEntry {
            name,
            path,
            full: full.into(),
            fd: this.fd,
            inode: entry.inode,
            kind: entry.kind,
            status: Guarded::new(None),
            link_status: Guarded::new(None),
        };
        Ok(Some(DirEntry::new_object(th, made).into_value()))
    }

    fn close(this: &Obj<Self>, th: &mut Thread) {
        let folder = this.folder.lock(th).take();
        drop(folder);
    }

    fn __enter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    #[signature("(*args)")]
    fn __exit__(this: &Obj<Self>, th: &mut Thread, args: &[Value]) {
        let _ = args;
        ScandirIterator::close(this, th);
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) {
        let folder = this.folder.lock(th).take();
        if folder.is_some() {
            let text = th.repr(this.as_value()).map(|t| t.units().to_str_lossy().into_owned());
            let message = format!("unclosed scandir iterator {}", text.unwrap_or_default());
            if support::warn(th, Exc::ResourceWarning, &message, 1).is_err() {
                let exception = th.take_exception();
                let object = this.as_value().clone();
                vm::exceptions::unraisable(th, exception, Some(&object), "Exception ignored in");
            }
        }
    }
}

/// An entry of a folder.
#[pyclass(name = "DirEntry", module = "posix", no_new, no_export)]
pub struct DirEntry {
    name: Value,
    path: Value,
    #[no_trace]
    full: Box<[u8]>,
    #[no_trace]
    fd: i32,
    inode: u64,
    kind: u8,
    status: Guarded<Option<Value>>,
    link_status: Guarded<Option<Value>>,
}

fn target_of(th: &mut Thread, this: &Obj<DirEntry>) -> PyResult<Target> {
    match std::ffi::CString::new(this.full.to_vec()) {
        Ok(bytes) => Ok(Target::Path(Path { bytes, given: this.path.clone(), as_bytes: false })),
        Err(_) => Err(th.value_error("embedded null byte")),
    }
}

/// The status of the entry: the object, fetched once.
fn status_of(th: &mut Thread, this: &Obj<DirEntry>, follow: bool) -> PyResult<Result<Value, i32>> {
    let is_link = this.kind == libc::DT_LNK;
    // What is no link has one status only.
    let follow = follow && (is_link || this.kind == libc::DT_UNKNOWN);
    let cell = if follow { &this.status } else { &this.link_status };
    let known = cell.lock(th).clone();
    if let Some(known) = known {
        return Ok(Ok(known));
    }
    let target = target_of(th, this)?;
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    match status::look(th, &target, this.fd, flags)? {
        Ok(raw) => {
            let made = status::to_result(th, &raw)?;
            let unused = cell.lock(th).replace(made.clone());
            drop(unused);
            Ok(Ok(made))
        }
        Err(error) => Ok(Err(error)),
    }
}

fn is_kind(th: &mut Thread, this: &Obj<DirEntry>, follow: bool, kind: u8, format: u32) -> PyResult<bool> {
    let known = this.kind != libc::DT_UNKNOWN && !(follow && this.kind == libc::DT_LNK);
    if known {
        return Ok(this.kind == kind);
    }
    match status_of(th, this, follow)? {
        Ok(status) => {
            let mode = th.get_attr_str(&status, "st_mode")?;
            Ok(mode.as_small_int().is_some_and(|m| m as u32 & libc::S_IFMT == format))
        }
        Err(libc::ENOENT) => Ok(false),
        Err(error) => Err(th.os_error(error, Some(this.path.clone()))),
    }
}

#[pymethods]
impl DirEntry {
    /// The entry's base filename, relative to scandir() "path" argument.
    #[getter]
    fn name(&self) -> Value {
        self.name.clone()
    }

    /// The entry's full path name.
    #[getter]
    fn path(&self) -> Value {
        self.path.clone()
    }

    /// Return inode of the entry; cached per entry.
    fn inode(&self) -> u64 {
        self.inode
    }

    /// Return True if the entry is a directory; cached per entry.
    #[signature("(*, follow_symlinks=True)")]
    fn is_dir(this: &Obj<Self>, th: &mut Thread, follow_symlinks: Option<bool>) -> PyResult<bool> {
        is_kind(th, this, follow_symlinks.unwrap_or(true), libc::DT_DIR, libc::S_IFDIR)
    }

    /// Return True if the entry is a file; cached per entry.
    #[signature("(*, follow_symlinks=True)")]
    fn is_file(this: &Obj<Self>, th: &mut Thread, follow_symlinks: Option<bool>) -> PyResult<bool> {
        is_kind(th, this, follow_symlinks.unwrap_or(true), libc::DT_REG, libc::S_IFREG)
    }

    /// Return True if the entry is a symbolic link; cached per entry.
    fn is_symlink(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        is_kind(th, this, false, libc::DT_LNK, libc::S_IFLNK)
    }

    /// Return True if the entry is a junction; cached per entry.
    fn is_junction(&self) -> bool {
        false
    }

    /// Return stat_result object for the entry; cached per entry.
    #[signature("(*, follow_symlinks=True)")]
    fn stat(this: &Obj<Self>, th: &mut Thread, follow_symlinks: Option<bool>) -> PyResult {
        match status_of(th, this, follow_symlinks.unwrap_or(true))? {
            Ok(status) => Ok(status),
            Err(error) => Err(th.os_error(error, Some(this.path.clone()))),
        }
    }

    /// Return the path for the entry.
    fn __fspath__(&self) -> Value {
        self.path.clone()
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let name = th.repr(&this.name)?;
        Ok(format!("<DirEntry {}>", name.units().to_str_lossy()))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> PyResult {
        let alias = support::import_attr(th, "types", "GenericAlias")?;
        th.call(&alias, &[class.value(), item.clone()])
    }
}
