//! How the embedded library takes part in the import system: a path hook for its folder.
//!
//! `sys.path` holds the folder that the library would have on disk. The hook answers for it, and for the folders of its
//! packages, with a [`LibraryFinder`]; everything else goes to the other hooks. So `sys.path` orders the library among
//! other folders as it does in CPython, and files before it win.
//!
//! Modules show `__file__` in that folder; `linecache`, `inspect` and others get their text from the loader.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use object_model::text::units::OwnedUnits;

use super::embedded_library::{self, Archive, Entry};
use super::state::{find_sys_attribute, required};
use crate::builtins::code::Code;
use crate::builtins::module;
use crate::error::Raised;
use crate::exceptions::raise;
use crate::prelude::*;

/// A path of the operating system as a `str`; bytes that are no UTF-8 become lone surrogates.
pub fn path_value(th: &mut Thread, path: &OsStr) -> PyResult {
    if let Some(text) = path.to_str() {
        return Ok(th.str(text));
    }
    let mut units: Vec<u32> = Vec::with_capacity(path.len());
    for chunk in path.as_bytes().utf8_chunks() {
        units.extend(chunk.valid().chars().map(u32::from));
        units.extend(chunk.invalid().iter().map(|byte| 0xdc00 + u32::from(*byte)));
    }
    let owned: OwnedUnits = units.into_iter().collect();
    th.units(owned.units())
}

/// The embedded library, if modules are taken from it.
fn archive(th: &mut Thread) -> PyResult<Option<Archive>> {
    let state = required(th)?;
    if state.config.library_folder.is_some() {
        return Ok(None);
    }
    Ok(Some(Archive::new(state.library.archive)).filter(|a| a.len() > 0))
}

/// The folder that the library seems to lie in.
fn root(th: &mut Thread) -> PyResult<String> {
    let folder = find_sys_attribute(th, "_stdlib_dir")?;
    Ok(folder.and_then(|f| Some(th.as_str(&f)?.units().to_str_lossy().into_owned())).unwrap_or_default())
}

/// What the library calls a file or folder: the path without the root; None if it lies elsewhere.
fn relative(root: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(root)?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest.to_owned()),
        None => rest.is_empty().then(String::new),
    }
}

/// The content of a file of the embedded library, by the path that `__file__` shows; None if it is none of its files.
pub fn library_source(path: &str) -> Option<Vec<u8>> {
    Thread::with_current(|th| {
        let root = root(th).ok()?;
        let archive = archive(th).ok()??;
        let frozen = path.strip_prefix("<frozen ").and_then(|name| name.strip_suffix('>'));
        let relative = match frozen {
            Some(name) => format!("{}.py", name.replace('.', "/")),
            None => relative(&root, path)?,
        };
        archive.data(&archive.find(&relative)?)
    })?
}

/// Adds the hook to `sys.path_hooks`, before the others, and that for archives.
pub fn install(th: &mut Thread) -> PyResult<()> {
    let Some(hooks) = find_sys_attribute(th, "path_hooks")? else { return Ok(()) };
    let Some(hooks) = th.downcast::<List>(&hooks).cloned() else { return Ok(()) };
    let zip = ZipHook::new_object(th, ZipHook).into_value();
    hooks.insert(th, 0, zip).map_err(|_| th.memory_error())?;
    if archive(th)?.is_some() {
        let hook = LibraryFinder::class(th).value();
        hooks.insert(th, 0, hook).map_err(|_| th.memory_error())?;
    }
    Ok(())
}

/// The path hook for archives: `zipimport.zipimporter`, imported when there is an archive.
#[pyclass(name = "ziphook", module = "_frozen_importlib_external", no_new)]
pub struct ZipHook;

#[pymethods]
impl ZipHook {
    fn __call__(&self, th: &mut Thread, path: &Value) -> PyResult {
        let text = th.as_str(path).and_then(|p| p.units().to_str().ok().map(|t| t.into_owned()));
        if !text.is_some_and(|text| part_is_file(&text)) {
            return Err(raise::import_error(
                th,
                Exc::ImportError,
                "not an archive",
                None,
                Some(path.clone()),
                None,
            ));
        }
        super::call_module(th, "zipimport", "zipimporter", std::slice::from_ref(path))
    }

    fn __repr__(&self) -> &'static str {
        "<path hook for archives>"
    }
}

/// True if the path, or a folder that it seems to lie in, is a file.
fn part_is_file(path: &str) -> bool {
    let mut current = std::path::Path::new(path);
    loop {
        match current.metadata() {
            Ok(found) => return found.is_file(),
            Err(_) => match current.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => current = parent,
                _ => return false,
            },
        }
    }
}

/// Finds modules in one folder of the library.
#[pyclass(name = "LibraryFinder", module = "_frozen_importlib_external")]
pub struct LibraryFinder {
    /// The folder as `sys.path` shows it.
    #[no_trace]
    shown: String,
    /// The folder in the library, with a slash at the end unless it is empty.
    #[no_trace]
    folder: String,
}

#[pymethods]
impl LibraryFinder {
    #[new]
    #[signature("(path)")]
    fn new(th: &mut Thread, path: &Value) -> PyResult<LibraryFinder> {
        let root = root(th)?;
        let shown = th.as_str(path).map(|p| p.units().to_str_lossy().into_owned());
        if let Some(shown) = shown
            && let Some(mut folder) = relative(&root, &shown)
            && let Some(archive) = archive(th)?
        {
            if !folder.is_empty() {
                folder.push('/');
            }
            if archive.has_folder(&folder) {
                return Ok(LibraryFinder { shown, folder });
            }
        }
        let message = "not a folder of the library";
        Err(raise::import_error(th, Exc::ImportError, message, None, Some(path.clone()), None))
    }

    /// The spec of a module in this folder, or None.
    #[signature("(fullname, target=None)")]
    fn find_spec(&self, th: &mut Thread, fullname: &Obj<Str>, target: Option<&Value>) -> PyResult {
        let _ = target;
        let Some(archive) = archive(th)? else { return Ok(Value::NONE) };
        let name = fullname.units().to_str_lossy();
        let tail = name.rsplit('.').next().unwrap_or(&name);
        let package = format!("{}{tail}/__init__.py", self.folder);
        let (path, is_package) = if archive.find(&package).is_some() {
            (package, true)
        } else {
            (format!("{}{tail}.py", self.folder), false)
        };
        let file = if is_package { format!("{tail}/__init__.py") } else { format!("{tail}.py") };
        if archive.find(&path).is_none() {
            // A folder with modules but without `__init__.py` is a part of a namespace package.
            let inner = format!("{}{tail}/", self.folder);
            return if archive.has_folder(&inner) {
                self.portion(th, fullname, tail)
            } else {
                Ok(Value::NONE)
            };
        }
        let shown = format!("{}/{file}", self.shown);
        let loader = LibraryLoader { name: name.to_string(), path, shown: shown.clone(), is_package };
        let loader = LibraryLoader::new_object(th, loader).into_value();
        let origin = th.str(&shown);
        let spec = new_spec(th, fullname, loader, &origin, is_package)?;
        if is_package {
            let folder = th.str(&format!("{}/{tail}", self.shown));
            let locations = th.get_attr_str(&spec, "submodule_search_locations")?;
            th.call_method(&locations, "append", &[folder])?;
        }
        let flag = th.intern("_set_fileattr");
        th.set_attr(&spec, &flag, &Value::TRUE)?;
        Ok(spec)
    }

    fn invalidate_caches(&self) {}

    /// Names of the modules in this folder, for `pkgutil`.
    #[signature("(prefix='')")]
    fn iter_modules(&self, th: &mut Thread, prefix: Option<String>) -> PyResult {
        let prefix = prefix.unwrap_or_default();
        let Some(archive) = archive(th)? else { return Ok(th.list(Vec::new())) };
        let mut found = Vec::new();
        for (name, is_folder) in archive.list(&self.folder) {
            let module = if is_folder {
                archive.find(&format!("{}{name}/__init__.py", self.folder)).map(|_| name)
            } else {
                name.strip_suffix(".py").filter(|n| *n != "__init__")
            };
            if let Some(module) = module {
                let name = th.str(&format!("{prefix}{module}"));
                found.push(th.tuple(vec![name, Value::bool(is_folder)]));
            }
        }
        Ok(th.list(found))
    }

    #[getter]
    fn path(&self) -> String {
        self.shown.clone()
    }

    fn __repr__(&self) -> String {
        format!("LibraryFinder('{}')", self.shown)
    }
}

impl LibraryFinder {
    fn portion(&self, th: &mut Thread, fullname: &Obj<Str>, tail: &str) -> PyResult {
        let spec = new_spec(th, fullname, Value::NONE, &Value::NONE, true)?;
        let folder = th.str(&format!("{}/{tail}", self.shown));
        let locations = th.get_attr_str(&spec, "submodule_search_locations")?;
        th.call_method(&locations, "append", &[folder])?;
        Ok(spec)
    }
}

fn new_spec(th: &mut Thread, name: &Obj<Str>, loader: Value, origin: &Value, is_package: bool) -> PyResult {
    let Some(library) = required(th)?.importlib.get() else {
        return Err(th.system_error("importlib is not installed"));
    };
    let class = th.get_attr_str(library, "ModuleSpec")?;
    let keywords =
        [(th.intern("origin"), origin.clone()), (th.intern("is_package"), Value::bool(is_package))];
    th.call_kw(&class, &[name.as_value().clone(), loader], &keywords)
}

/// Loads one module of the library.
#[pyclass(name = "LibraryLoader", module = "_frozen_importlib_external", no_new, weakref)]
pub struct LibraryLoader {
    #[no_trace]
    name: String,
    /// The file in the library.
    #[no_trace]
    path: String,
    /// The file as `__file__` shows it.
    #[no_trace]
    shown: String,
    #[no_trace]
    is_package: bool,
}

impl LibraryLoader {
    fn entry(&self, th: &mut Thread) -> PyResult<(Archive, Entry)> {
        if let Some(archive) = archive(th)?
            && let Some(entry) = archive.find(&self.path)
        {
            return Ok((archive, entry));
        }
        Err(self.missing(th))
    }

    #[cold]
    fn missing(&self, th: &mut Thread) -> Raised {
        let message = format!("the library has no {}", self.path);
        let name = th.str(&self.name);
        raise::import_error(th, Exc::ImportError, &message, Some(name), None, None)
    }

    /// Raises ImportError unless the loader is asked about its own module.
    fn check(&self, th: &mut Thread, fullname: Option<String>) -> PyResult<()> {
        match fullname {
            Some(name) if name != self.name => {
                let message = format!("loader for {} cannot handle {name}", self.name);
                let name = th.str(&name);
                Err(raise::import_error(th, Exc::ImportError, &message, Some(name), None, None))
            }
            _ => Ok(()),
        }
    }

    fn source(&self, th: &mut Thread) -> PyResult<Vec<u8>> {
        let (archive, entry) = self.entry(th)?;
        match archive.data(&entry) {
            Some(source) => Ok(source),
            None => Err(self.missing(th)),
        }
    }

    fn code(&self, th: &mut Thread) -> PyResult<Obj<Code>> {
        let (archive, entry) = self.entry(th)?;
        let precompiled = if required(th)?.config.optimize == 0 { archive.code(&entry) } else { None };
        let unit = match precompiled {
            Some(code) => embedded_library::decode(th, code, &self.shown)?,
            None => {
                let source = self.source(th)?;
                super::bootstrap::compile(th, &source, &self.shown, compiler::Mode::Exec)?
            }
        };
        Code::new(th, &Arc::new(unit))
    }
}

#[pymethods]
impl LibraryLoader {
    /// Modules are made in the default way.
    fn create_module(&self, spec: &Value) {
        let _ = spec;
    }

    /// Runs the module's code.
    fn exec_module(&self, th: &mut Thread, module: &Value) -> PyResult {
        let code = self.code(th)?;
        let dict = match module::dict_of(th, module) {
            Some(dict) => dict.clone().into_value(),
            None => th.get_attr_str(module, "__dict__")?,
        };
        let exec = module::builtin(th, "exec")?;
        let Some(library) = required(th)?.importlib.get() else {
            return Err(th.system_error("importlib is not installed"));
        };
        // Called through importlib, whose frames are left out of tracebacks.
        th.call_method(library, "_call_with_frames_removed", &[exec, code.into_value(), dict])
    }

    #[signature("(fullname=None)")]
    fn get_code(&self, th: &mut Thread, fullname: Option<String>) -> PyResult {
        self.check(th, fullname)?;
        self.code(th).map(Obj::into_value)
    }

    #[signature("(fullname=None)")]
    fn get_source(&self, th: &mut Thread, fullname: Option<String>) -> PyResult {
        self.check(th, fullname)?;
        let source = self.source(th)?;
        match compiler::decode(&source, &self.shown) {
            Ok(source) => Ok(th.str(source.text())),
            Err(error) => Err(crate::exceptions::syntax_error(th, &error, &self.shown)),
        }
    }

    #[signature("(fullname=None)")]
    fn get_filename(&self, th: &mut Thread, fullname: Option<String>) -> PyResult<String> {
        self.check(th, fullname)?;
        Ok(self.shown.clone())
    }

    #[signature("(fullname=None)")]
    fn is_package(&self, th: &mut Thread, fullname: Option<String>) -> PyResult<bool> {
        self.check(th, fullname)?;
        Ok(self.is_package)
    }

    /// The content of a file of the library.
    fn get_data(&self, th: &mut Thread, path: &Value) -> PyResult {
        let text = th.as_str(path).map(|p| p.units().to_str_lossy().into_owned());
        let root = root(th)?;
        if let Some(text) = text
            && let Some(relative) = relative(&root, &text)
            && let Some(archive) = archive(th)?
            && let Some(content) = archive.find(&relative).and_then(|entry| archive.data(&entry))
        {
            return th.bytes(&content);
        }
        Err(th.os_error(libc::ENOENT, Some(path.clone())))
    }

    /// Names of the files beside the module, for `importlib.resources`.
    fn _contents(&self, th: &mut Thread, folder: String) -> PyResult {
        let root = root(th)?;
        let mut found = Vec::new();
        if let Some(mut relative) = relative(&root, &folder)
            && let Some(archive) = archive(th)?
        {
            if !relative.is_empty() {
                relative.push('/');
            }
            for (name, is_folder) in archive.list(&relative) {
                found.push(th.tuple(vec![th.str(name), Value::bool(is_folder)]));
            }
        }
        Ok(th.list(found))
    }

    /// The reader of the package's files.
    fn get_resource_reader(this: &Obj<Self>, th: &mut Thread, fullname: String) -> PyResult {
        if !this.is_package || fullname != this.name {
            return Ok(Value::NONE);
        }
        super::call_module(th, "_library_resources", "Reader", &[this.clone().into_value()])
    }

    #[getter]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[getter]
    fn path(&self) -> String {
        self.shown.clone()
    }

    fn __repr__(&self) -> String {
        format!("LibraryLoader('{}')", self.shown)
    }
}
