//! What can be chosen at start-up: the command line's options and the environment's variables, as CPython names them.
//!
//! Not here: parsing the command line (`amphis`); what follows for paths (`paths`).

use std::ffi::{OsStr, OsString};
use std::fmt;
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
    /// `-X importtime`: 1 tells how long imports take, 2 also of modules that are there already.
    pub import_time: u8,
    /// `-X cpu_count`: what `os.cpu_count()` answers.
    pub cpu_count: Option<u32>,
    /// Whether code knows the columns of what it was made from (not `-X no_debug_ranges`).
    pub debug_ranges: bool,
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
            import_time: 0,
            cpu_count: None,
            debug_ranges: true,
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
    match variable(name) {
        Some(value) => value.to_str().and_then(|text| text.trim_start().parse().ok()).unwrap_or(1),
        None => 0,
    }
}

/// Why a runtime cannot be started with what the command line and the environment say, as CPython puts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    /// What CPython calls the step; empty if it names none.
    step: &'static str,
    message: &'static str,
}

impl ConfigError {
    const fn new(step: &'static str, message: &'static str) -> ConfigError {
        ConfigError { step, message }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fatal Python error: ")?;
        if !self.step.is_empty() {
            write!(f, "{}: ", self.step)?;
        }
        // What is read first is read before there is anything.
        let state = if self.step.starts_with("preconfig") { "preinitializing" } else { "preinitialized" };
        write!(f, "{}\nPython runtime state: {state}\n", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A number from 0 to 1.
fn switch(value: &str) -> Option<bool> {
    match value.trim_start().parse::<i32>() {
        Ok(0) => Some(false),
        Ok(1) => Some(true),
        _ => None,
    }
}

/// Whether there is to be a GIL: the builds differ in what they can do without.
fn gil(value: &str) -> Result<bool, ConfigError> {
    let wrong = |message| Err(ConfigError::new("config_read_gil", message));
    match value {
        "1" => Ok(true),
        "0" if mode::FREE_THREADED => Ok(false),
        "0" => wrong("Disabling the GIL is not supported by this build"),
        _ => wrong("PYTHON_GIL / -X gil must be \"0\" or \"1\""),
    }
}

impl Config {
    /// What the program `amphis` starts with, before its options are looked at.
    pub fn for_program() -> Config {
        Config { use_environment: true, user_site: true, install_signal_handlers: true, ..Config::default() }
    }

    /// Adds what the environment says, below what is set already, and what `-X` options say; an error if a value makes
    /// no sense.
    ///
    /// Call it after the command line is read: options win, and `-E` switches the environment off.
    pub fn read_environment(&mut self) -> Result<(), ConfigError> {
        if self.isolated {
            self.use_environment = false;
            self.user_site = false;
            self.safe_path = true;
        }
        // Where the library is, is the developer's matter, whatever the program wants.
        if self.library_folder.is_none() {
            self.library_folder = variable("AMPHIS_LIB").map(PathBuf::from);
        }
        self.read_utf8()?;
        if self.use_environment {
            self.read_paths();
            self.read_switches();
        }
        self.read_numbers()?;
        self.read_xoptions()?;
        self.add_warn_options();
        Ok(())
    }

    /// An environment variable, if those count.
    fn environment(&self, name: &str) -> Option<String> {
        variable(name).filter(|_| self.use_environment).map(|value| value.to_string_lossy().into_owned())
    }

    /// The value of a `-X` option, empty if it has none; of several the first.
    fn xoption(&self, name: &str) -> Option<&str> {
        let found = self.xoptions.iter().find(|(n, _)| n == name)?;
        Some(found.1.as_deref().unwrap_or(""))
    }

    fn read_utf8(&mut self) -> Result<(), ConfigError> {
        let wrong = |message| Err(ConfigError::new("preconfig_init_utf8_mode", message));
        if self.utf8_mode.is_some() {
            return Ok(());
        }
        self.utf8_mode = match self.xoptions.iter().find(|(name, _)| name == "utf8") {
            Some((_, value)) => match value.as_deref() {
                None | Some("1") => Some(true),
                Some("0") => Some(false),
                Some(_) => return wrong("invalid -X utf8 option value"),
            },
            None => match self.environment("PYTHONUTF8").as_deref() {
                None => None,
                Some("1") => Some(true),
                Some("0") => Some(false),
                Some(_) => return wrong("invalid PYTHONUTF8 environment variable value"),
            },
        };
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

    fn read_switches(&mut self) {
        let set = |name: &str| variable(name).is_some();
        self.user_site &= level("PYTHONNOUSERSITE") == 0;
        self.safe_path |= set("PYTHONSAFEPATH");
        self.optimize = self.optimize.max(level("PYTHONOPTIMIZE").min(2) as u8);
        self.debug = self.debug.max(level("PYTHONDEBUG"));
        self.verbose = self.verbose.max(level("PYTHONVERBOSE"));
        self.inspect |= set("PYTHONINSPECT");
        self.buffered &= level("PYTHONUNBUFFERED") == 0;
        self.write_bytecode &= level("PYTHONDONTWRITEBYTECODE") == 0;
        self.dev_mode |= set("PYTHONDEVMODE");
        self.warn_default_encoding |= set("PYTHONWARNDEFAULTENCODING");
        self.faulthandler |= set("PYTHONFAULTHANDLER");
        self.debug_ranges &= !set("PYTHONNODEBUGRANGES");
    }

    fn read_numbers(&mut self) -> Result<(), ConfigError> {
        if let Some(value) = self.environment("PYTHONHASHSEED").filter(|v| v != "random") {
            match value.parse::<u32>() {
                Ok(seed) => self.hash_seed = Some(seed),
                Err(_) => {
                    let range = "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]";
                    return Err(ConfigError::new("config_init_hash_seed", range));
                }
            }
        }
        if let Some(value) = self.environment("PYTHON_GIL") {
            self.gil = Some(gil(&value)?);
        }
        if let Some(value) = self.xoption("gil") {
            self.gil = Some(gil(value)?);
        }
        self.read_import_time()?;
        self.read_str_digits()?;
        self.read_cpu_count()?;
        let of_contexts = [
            (
                &mut self.thread_inherit_context,
                "config_init_thread_inherit_context",
                "PYTHON_THREAD_INHERIT_CONTEXT",
                "PYTHON_THREAD_INHERIT_CONTEXT=N: N is missing or invalid",
                "thread_inherit_context",
                "-X thread_inherit_context=n: n is missing or invalid",
            ),
            (
                &mut self.context_aware_warnings,
                "config_init_context_aware_warnings",
                "PYTHON_CONTEXT_AWARE_WARNINGS",
                "PYTHON_CONTEXT_AWARE_WARNINGS=N: N is missing or invalid",
                "context_aware_warnings",
                "-X context_aware_warnings=n: n is missing or invalid",
            ),
        ];
        for (slot, step, name, wrong, option, wrong_option) in of_contexts {
            if let Some(value) = text(name).filter(|_| self.use_environment) {
                *slot = Some(switch(&value).ok_or(ConfigError::new(step, wrong))?);
            }
            if let Some((_, value)) = self.xoptions.iter().find(|(name, _)| name == option) {
                let value = value.as_deref().and_then(switch);
                *slot = Some(value.ok_or(ConfigError::new(step, wrong_option))?);
            }
        }
        Ok(())
    }

    fn read_import_time(&mut self) -> Result<(), ConfigError> {
        let wrong = |message| ConfigError::new("config_init_import_time", message);
        let number = |value: &str| u8::try_from(value.parse::<i32>().unwrap_or(1)).ok().filter(|n| *n <= 2);
        if let Some(value) = self.environment("PYTHONPROFILEIMPORTTIME") {
            let message =
                "PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use.";
            self.import_time = number(&value).ok_or(wrong(message))?;
        }
        if let Some(value) = self.xoption("importtime") {
            let message = "-X importtime: values other than 1 and 2 are reserved for future use.";
            self.import_time = number(value).ok_or(wrong(message))?;
        }
        Ok(())
    }

    fn read_str_digits(&mut self) -> Result<(), ConfigError> {
        let wrong = |message| ConfigError::new("config_init_int_max_str_digits", message);
        let digits = |value: &str| value.parse::<i32>().ok().filter(|n| *n == 0 || *n >= 640);
        if let Some(value) = self.environment("PYTHONINTMAXSTRDIGITS") {
            let message = "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.";
            self.int_max_str_digits = Some(digits(&value).ok_or(wrong(message))?);
        }
        if let Some(value) = self.xoption("int_max_str_digits") {
            let message = "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.";
            self.int_max_str_digits = Some(digits(value).ok_or(wrong(message))?);
        }
        Ok(())
    }

    fn read_cpu_count(&mut self) -> Result<(), ConfigError> {
        for value in [self.environment("PYTHON_CPU_COUNT"), self.xoption("cpu_count").map(str::to_owned)] {
            let Some(value) = value else { continue };
            self.cpu_count = match value.parse::<u32>() {
                _ if value == "default" => None,
                Ok(count @ 1..=0x7fff_ffff) => Some(count),
                _ => {
                    let message =
                        "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0";
                    return Err(ConfigError::new("config_init_cpu_count", message));
                }
            };
        }
        Ok(())
    }

    fn read_xoptions(&mut self) -> Result<(), ConfigError> {
        self.dev_mode |= self.xoption("dev").is_some();
        self.faulthandler |= self.dev_mode || self.xoption("faulthandler").is_some();
        self.bare |= self.xoption("bare").is_some();
        self.warn_default_encoding |= self.xoption("warn_default_encoding").is_some();
        self.debug_ranges &= self.xoption("no_debug_ranges").is_none();
        if let Some(folder) = self.xoption("pycache_prefix") {
            self.pycache_prefix = Some(folder).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        }
        match self.xoption("frozen_modules") {
            None | Some("" | "on" | "off") => Ok(()),
            Some(_) => {
                let message = "bad value for option -X frozen_modules (expected \"on\" or \"off\")";
                Err(ConfigError::new("", message))
            }
        }
    }

    /// What `-X dev` and `-b` mean for warnings: before and after what was asked for.
    fn add_warn_options(&mut self) {
        if self.dev_mode && !self.warn_options.iter().any(|o| o == "default") {
            self.warn_options.insert(0, "default".to_owned());
        }
        if self.bytes_warning > 0 {
            let action = if self.bytes_warning > 1 { "error" } else { "default" };
            self.warn_options.push(format!("{action}::BytesWarning"));
        }
    }

    /// The limit of `int` to `str` conversion in force.
    pub fn str_digits(&self) -> i32 {
        self.int_max_str_digits.unwrap_or(4300)
    }

    /// Whether text is UTF-8 whatever the locale says: asked for, or the locale is C or POSIX.
    pub fn is_utf8_mode(&self) -> bool {
        self.utf8_mode.unwrap_or_else(is_c_locale)
    }
}

/// True if the locale for characters is C or POSIX.
pub fn is_c_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    match set {
        Some(locale) => locale == OsStr::new("C") || locale == OsStr::new("POSIX"),
        None => true,
    }
}

/// True in the locales in which standard input and output pass on bytes that are no text: C's, and those that stand in
/// for it.
pub fn is_lenient_locale() -> bool {
    is_c_locale()
        || ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name)).is_some_and(|locale| {
            ["C.UTF-8", "C.utf8", "UTF-8"].iter().any(|known| locale == OsStr::new(known))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_options(options: &[(&str, Option<&str>)]) -> Result<Config, ConfigError> {
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
        let wrong = with_options(&[("gil", Some("2"))]).map(|_| ()).map_err(|error| error.to_string());
        let message = "Fatal Python error: config_read_gil: PYTHON_GIL / -X gil must be \"0\" or \"1\"\n\
                       Python runtime state: preinitialized\n";
        assert_eq!(wrong, Err(message.to_owned()));
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
