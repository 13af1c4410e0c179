//! What can be chosen at start-up: the command line's options and the environment's variables, as CPython names them.
//!
//! Not here: parsing the command line (`amphis`); what follows for paths (`paths`).

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// How a runtime is started. The default is an isolated one, for embedding: it reads neither environment nor files.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sys.argv`
    pub argv: Vec<OsString>,
    /// `sys.orig_argv`
    pub orig_argv: Vec<OsString>,
    /// The program as it was called; empty if unknown.
    pub program: OsString,
    /// A folder to take the Python library from, instead of the one in the binary (`AMPHIS_LIB`).
    pub library_folder: Option<PathBuf>,
    /// `PYTHONHOME`
    pub home: Option<PathBuf>,
    /// `PYTHONPATH`
    pub python_path: Option<OsString>,
    /// `sys.platlibdir`
    pub platlibdir: String,
    /// `PYTHONEXECUTABLE`: what `sys.executable` says.
    pub executable: Option<PathBuf>,
    /// `-I`
    pub isolated: bool,
    /// Whether environment variables count (not `-E`).
    pub use_environment: bool,
    /// Whether the user's site-packages count (not `-s`).
    pub user_site: bool,
    /// Whether `site` is imported (not `-S`).
    pub site: bool,
    /// `-P`: the script's folder is not put before `sys.path`.
    pub safe_path: bool,
    /// `-O`: 1 without asserts, 2 without docstrings either.
    pub optimize: u8,
    /// `-d`
    pub debug: u32,
    /// `-i`: interactive after the program.
    pub inspect: bool,
    /// Interactive from the start.
    pub interactive: bool,
    /// `-v`
    pub verbose: u32,
    /// `-q`
    pub quiet: bool,
    /// `-b`
    pub bytes_warning: u32,
    /// Whether `.pyc` files are written (not `-B`).
    pub write_bytecode: bool,
    /// `-u` gives false.
    pub buffered: bool,
    /// `PYTHONHASHSEED`: None is a random seed, 0 no randomisation.
    pub hash_seed: Option<u32>,
    /// `-X dev`
    pub dev_mode: bool,
    /// `-X utf8`
    pub utf8_mode: Option<bool>,
    /// `-X int_max_str_digits`
    pub int_max_str_digits: Option<i32>,
    /// `-X warn_default_encoding`
    pub warn_default_encoding: bool,
    /// `-X gil`: None is the build's default.
    pub gil: Option<bool>,
    /// `-X thread_inherit_context`: None is the build's default.
    pub thread_inherit_context: Option<bool>,
    /// `-X context_aware_warnings`: None is the build's default.
    pub context_aware_warnings: Option<bool>,
    /// `PYTHONIOENCODING`: encoding and errors of the standard streams.
    pub stdio_encoding: Option<(String, String)>,
    /// `-X pycache_prefix`
    pub pycache_prefix: Option<PathBuf>,
    /// `--check-hash-based-pycs`
    pub check_hash_pycs: String,
    /// `-X faulthandler`
    pub faulthandler: bool,
    /// `-W` and `PYTHONWARNINGS`, in the order in which `warnings` reads them.
    pub warn_options: Vec<String>,
    /// `-X` options with their values.
    pub xoptions: Vec<(String, Option<String>)>,
    /// `-X bare`: native modules only; no importlib, text streams or `site`.
    pub bare: bool,
    /// `-x`: the script's first line is none of Python.
    pub skip_first_line: bool,
    /// Whether Ctrl-C raises KeyboardInterrupt, and SIGPIPE is ignored.
    pub install_signal_handlers: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            argv: Vec::new(),
            orig_argv: Vec::new(),
            program: OsString::new(),
            library_folder: None,
            home: None,
            python_path: None,
            platlibdir: "lib".to_owned(),
            executable: None,
            isolated: false,
            use_environment: false,
            user_site: false,
            site: true,
            safe_path: false,
            optimize: 0,
            debug: 0,
            inspect: false,
            interactive: false,
            verbose: 0,
            quiet: false,
            bytes_warning: 0,
            write_bytecode: true,
            buffered: true,
            hash_seed: None,
            dev_mode: false,
            utf8_mode: None,
            int_max_str_digits: None,
            warn_default_encoding: false,
            gil: None,
            thread_inherit_context: None,
            context_aware_warnings: None,
            stdio_encoding: None,
            pycache_prefix: None,
            check_hash_pycs: "default".to_owned(),
            faulthandler: false,
            warn_options: Vec::new(),
            xoptions: Vec::new(),
            bare: false,
            skip_first_line: false,
            install_signal_handlers: false,
        }
    }
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    variable(name).and_then(|value| value.into_string().ok())
}

/// A variable that switches something on: a number counts as itself, other text as 1.
fn level(name: &str) -> u32 {
    match text(name) {
        Some(value) => value.trim().parse().unwrap_or(1).max(1),
        None => 0,
    }
}

fn switch(value: &str, what: &str) -> Result<bool, String> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(format!("{what} must be \"0\" or \"1\"")),
    }
}

/// Whether there is to be a GIL: the builds differ in what they can do without.
fn gil(value: &str) -> Result<bool, String> {
    let enabled = switch(value, "PYTHON_GIL / -X gil")?;
    if !enabled && !mode::FREE_THREADED {
        return Err("Disabling the GIL is not supported by this build".to_owned());
    }
    Ok(enabled)
}

impl Config {
    /// What the program `amphis` starts with, before its options are looked at.
    pub fn for_program() -> Config {
        Config { use_environment: true, user_site: true, install_signal_handlers: true, ..Config::default() }
    }

    /// Adds what the environment says, below what is set already; a message if a variable's value makes no sense.
    ///
    /// Call it after the command line is read: options win, and `-E` switches the environment off.
    pub fn read_environment(&mut self) -> Result<(), String> {
        if self.isolated {
            self.use_environment = false;
            self.user_site = false;
            self.safe_path = true;
        }
        // Where the library is, is the developer's matter, whatever the program wants.
        if self.library_folder.is_none() {
            self.library_folder = variable("AMPHIS_LIB").map(PathBuf::from);
        }
        if self.use_environment {
            self.read_paths();
            self.read_switches()?;
            self.read_numbers()?;
        }
        self.read_xoptions()?;
        Ok(())
    }

    fn read_paths(&mut self) {
        self.home = self.home.take().or_else(|| variable("PYTHONHOME").map(PathBuf::from));
        self.python_path = self.python_path.take().or_else(|| variable("PYTHONPATH"));
        self.executable = self.executable.take().or_else(|| variable("PYTHONEXECUTABLE").map(PathBuf::from));
        self.pycache_prefix =
            self.pycache_prefix.take().or_else(|| variable("PYTHONPYCACHEPREFIX").map(PathBuf::from));
        if let Some(folder) = text("PYTHONPLATLIBDIR") {
            self.platlibdir = folder;
        }
        if self.stdio_encoding.is_none()
            && let Some(value) = text("PYTHONIOENCODING")
        {
            let (encoding, errors) = value.split_once(':').unwrap_or((&value, ""));
            self.stdio_encoding = Some((encoding.to_owned(), errors.to_owned()));
        }
        if let Some(warnings) = text("PYTHONWARNINGS") {
            let mut options: Vec<String> = warnings.split(',').map(str::to_owned).collect();
            options.append(&mut self.warn_options);
            self.warn_options = options;
        }
    }

    fn read_switches(&mut self) -> Result<(), String> {
        let set = |name: &str| variable(name).is_some();
        self.user_site &= !set("PYTHONNOUSERSITE");
        self.safe_path |= set("PYTHONSAFEPATH");
        self.optimize = self.optimize.max(level("PYTHONOPTIMIZE").min(2) as u8);
        self.debug = self.debug.max(level("PYTHONDEBUG"));
        self.verbose = self.verbose.max(level("PYTHONVERBOSE"));
        self.inspect |= set("PYTHONINSPECT");
        self.buffered &= !set("PYTHONUNBUFFERED");
        self.write_bytecode &= !set("PYTHONDONTWRITEBYTECODE");
        self.dev_mode |= set("PYTHONDEVMODE");
        self.warn_default_encoding |= set("PYTHONWARNDEFAULTENCODING");
        self.faulthandler |= set("PYTHONFAULTHANDLER");
        if self.utf8_mode.is_none()
            && let Some(value) = text("PYTHONUTF8")
        {
            self.utf8_mode = match value.as_str() {
                "0" => Some(false),
                "1" => Some(true),
                _ => return Err("invalid PYTHONUTF8 environment variable value".to_owned()),
            };
        }
        Ok(())
    }

    fn read_numbers(&mut self) -> Result<(), String> {
        if let Some(value) = text("PYTHONHASHSEED").filter(|v| v != "random") {
            match value.parse::<u32>() {
                Ok(seed) => self.hash_seed = Some(seed),
                Err(_) => {
                    let range = "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]";
                    return Err(range.to_owned());
                }
            }
        }
        if self.int_max_str_digits.is_none()
            && let Some(value) = text("PYTHONINTMAXSTRDIGITS")
        {
            let what = "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.";
            self.int_max_str_digits = Some(digits(&value).ok_or(what)?);
        }
        for (name, slot) in [
            ("PYTHON_THREAD_INHERIT_CONTEXT", &mut self.thread_inherit_context),
            ("PYTHON_CONTEXT_AWARE_WARNINGS", &mut self.context_aware_warnings),
        ] {
            if let Some(value) = text(name) {
                *slot = Some(switch(&value, name)?);
            }
        }
        if let Some(value) = text("PYTHON_GIL") {
            self.gil = Some(gil(&value)?);
        }
        Ok(())
    }

    fn read_xoptions(&mut self) -> Result<(), String> {
        for (name, value) in self.xoptions.clone() {
            let on = value.as_deref().unwrap_or("1");
            match name.as_str() {
                "gil" => self.gil = Some(gil(value.as_deref().unwrap_or(""))?),
                "dev" => self.dev_mode = true,
                "utf8" => match on {
                    "0" => self.utf8_mode = Some(false),
                    "1" => self.utf8_mode = Some(true),
                    _ => return Err("invalid -X utf8 option value".to_owned()),
                },
                "faulthandler" => self.faulthandler = true,
                "bare" => self.bare = true,
                "warn_default_encoding" => self.warn_default_encoding = true,
                "int_max_str_digits" => {
                    let what = "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.";
                    self.int_max_str_digits = Some(value.as_deref().and_then(digits).ok_or(what)?);
                }
                "pycache_prefix" => self.pycache_prefix = value.map(PathBuf::from),
                "thread_inherit_context" => {
                    self.thread_inherit_context = Some(switch(on, "-X thread_inherit_context")?);
                }
                "context_aware_warnings" => {
                    self.context_aware_warnings = Some(switch(on, "-X context_aware_warnings")?);
                }
                _ => {}
            }
        }
        if self.dev_mode {
            self.faulthandler = true;
            if !self.warn_options.iter().any(|o| o == "default") {
                self.warn_options.insert(0, "default".to_owned());
            }
        }
        if self.bytes_warning > 0 {
            let action = if self.bytes_warning > 1 { "error" } else { "default" };
            self.warn_options.push(format!("{action}::BytesWarning"));
        }
        Ok(())
    }

    /// The limit of `int` to `str` conversion in force.
    pub fn str_digits(&self) -> i32 {
        self.int_max_str_digits.unwrap_or(4300)
    }

    /// Whether text is UTF-8 whatever the locale says: asked for, or the locale is C or POSIX.
    pub fn is_utf8_mode(&self) -> bool {
        self.utf8_mode.unwrap_or_else(|| !self.use_environment || is_c_locale())
    }
}

fn digits(value: &str) -> Option<i32> {
    value.parse::<i32>().ok().filter(|n| *n == 0 || *n >= 640)
}

/// True if the locale for characters is C or POSIX.
pub fn is_c_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    match set {
        Some(locale) => locale == OsStr::new("C") || locale == OsStr::new("POSIX"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_options(options: &[(&str, Option<&str>)]) -> Result<Config, String> {
        let xoptions = options.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned))).collect();
        let mut config = Config { xoptions, ..Config::default() };
        config.read_environment().map(|()| config)
    }

    #[test]
    fn xoptions_are_understood() {
        let config = with_options(&[("utf8", None), ("int_max_str_digits", Some("0")), ("unknown", None)]);
        let config = config.expect("valid options");
        assert_eq!((config.utf8_mode, config.int_max_str_digits), (Some(true), Some(0)));
        assert!(with_options(&[("int_max_str_digits", Some("5"))]).is_err());
        assert!(with_options(&[("utf8", Some("2"))]).is_err());
        let wrong = with_options(&[("gil", Some("2"))]).map(|_| ());
        assert_eq!(wrong, Err("PYTHON_GIL / -X gil must be \"0\" or \"1\"".to_owned()));
    }

    #[test]
    fn development_mode_shows_warnings() {
        let config = with_options(&[("dev", None)]).expect("a valid option");
        assert_eq!(config.warn_options, ["default"]);
        assert!(config.faulthandler);
    }

    #[test]
    fn isolation_ignores_the_environment() {
        let mut config = Config { isolated: true, ..Config::for_program() };
        config.read_environment().expect("nothing to be wrong");
        assert!(!config.use_environment && !config.user_site && config.safe_path);
    }
}
