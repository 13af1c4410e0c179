//! Where things are: the executable, `sys.prefix`, the Python library, `sys.path`. CPython's `getpath`.
//!
//! A binary carries its library, so no file has to be found: the library's folder is a name under the prefix, which
//! `import::finder` answers for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::Config;

/// `3.14`, or `3.14t`: the part of folder names that says which Python.
pub const PYTHON: &str = if mode::FREE_THREADED { "python3.14t" } else { "python3.14" };

/// The places.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    /// `sys.executable`; empty if unknown.
    pub executable: PathBuf,
    /// `sys._base_executable`
    pub base_executable: PathBuf,
    /// `sys.prefix`: the virtual environment's, if there is one.
    pub prefix: PathBuf,
    /// `sys.base_prefix`
    pub base_prefix: PathBuf,
    /// The folder of the Python library; it may be one that only `import::finder` knows.
    pub library: PathBuf,
    /// `sys.path`, without the program's folder.
    pub path: Vec<OsString>,
}

/// Finds the places.
pub fn find(config: &Config) -> Paths {
    let called = executable(config);
    let real = std::fs::canonicalize(&called).unwrap_or_else(|_| called.clone());
    let environment = virtual_environment(&called);
    let base_executable = match &environment {
        Some(e) => e.base_executable.clone().unwrap_or_else(|| real.clone()),
        None => called.clone(),
    };
    let base_prefix = match (&config.home, &environment) {
        (Some(home), _) => home.clone(),
        (None, Some(e)) => prefix_of(&e.home),
        (None, None) => real.parent().map(prefix_of).unwrap_or_default(),
    };
    let prefix = match environment {
        Some(e) if config.home.is_none() => e.prefix,
        _ => base_prefix.clone(),
    };
    let library = match &config.library_folder {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => base_prefix.join(&config.platlibdir).join(PYTHON),
    };
    let mut path: Vec<OsString> = Vec::new();
    if let Some(given) = &config.python_path {
        path.extend(std::env::split_paths(given).map(|entry| match entry.as_os_str().is_empty() {
            true => std::env::current_dir().unwrap_or_default().into_os_string(),
            false => entry.into_os_string(),
        }));
    }
    path.push(library.clone().into_os_string());
    Paths { executable: called, base_executable, prefix, base_prefix, library, path }
}

/// The prefix of a program in `folder`.
fn prefix_of(folder: impl AsRef<Path>) -> PathBuf {
    let folder = folder.as_ref();
    match (folder.file_name(), folder.parent()) {
        (Some(name), Some(parent)) if name == OsStr::new("bin") => parent.to_path_buf(),
        _ => folder.to_path_buf(),
    }
}

/// The absolute path of the program, as it was called: links are not followed, a virtual environment is one.
fn executable(config: &Config) -> PathBuf {
    if let Some(path) = &config.executable {
        return path.clone();
    }
    let program = Path::new(&config.program);
    if program.as_os_str().is_empty() {
        return std::env::current_exe().unwrap_or_default();
    }
    if program.components().count() > 1 {
        return std::path::absolute(program).unwrap_or_else(|_| program.to_path_buf());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| is_program(path));
    match found {
        Some(path) => std::path::absolute(&path).unwrap_or(path),
        None => std::env::current_exe().unwrap_or_default(),
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

struct VirtualEnvironment {
    prefix: PathBuf,
    /// The folder of the program that made it.
    home: PathBuf,
    base_executable: Option<PathBuf>,
}

/// The virtual environment that the program lies in: `pyvenv.cfg` beside it or one folder up, with a `home`.
fn virtual_environment(program: &Path) -> Option<VirtualEnvironment> {
    let folder = program.parent()?;
    let candidates = [folder.parent(), Some(folder)];
    let (prefix, text) = candidates.into_iter().flatten().find_map(|prefix| {
        let text = std::fs::read_to_string(prefix.join("pyvenv.cfg")).ok()?;
        Some((prefix, text))
    })?;
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            key.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let home = PathBuf::from(value("home")?);
    let named = value("executable").map(PathBuf::from).filter(|path| path.exists());
    let base_executable = named.or_else(|| {
        let beside = home.join(program.file_name()?);
        beside.exists().then_some(beside)
    });
    Some(VirtualEnvironment { prefix: prefix.to_path_buf(), home, base_executable })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        assert_eq!(prefix_of("/usr/bin"), Path::new("/usr"));
        assert_eq!(prefix_of("/opt/amphis"), Path::new("/opt/amphis"));
    }

    #[test]
    fn virtual_environments_are_found() {
        let folder = std::env::temp_dir().join(format!("amphis-paths-{}", std::process::id()));
        let bin = folder.join("bin");
        std::fs::create_dir_all(&bin).expect("a temporary folder");
        std::fs::write(folder.join("pyvenv.cfg"), "home = /opt/amphis/bin\nversion = 3.14\n")
            .expect("a file");
        let config = Config { executable: Some(bin.join("python")), ..Config::default() };
        let paths = find(&config);
        std::fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(paths.prefix, folder);
        assert_eq!(paths.base_prefix, Path::new("/opt/amphis"));
        assert_eq!(paths.library, Path::new("/opt/amphis/lib").join(PYTHON));
    }
}
