//! Help texts.

/// A help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// `-h`
    Options,
    /// `--help-env`
    Environment,
    /// `--help-xoptions`
    Extended,
    /// `--help-all`
    All,
}

/// The first line of every help text, and of every complaint.
pub fn usage(program: &str) -> String {
    format!("usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n")
}

impl Help {
    /// The text, for an executable that was called as `program`.
    pub fn text(self, program: &str) -> String {
        match self {
            Help::Options => format!("{}{OPTIONS}", usage(program)),
            Help::Environment => ENVIRONMENT.to_owned(),
            Help::Extended => EXTENDED.to_owned(),
            Help::All => format!("{}{OPTIONS}\n{ENVIRONMENT}\n{EXTENDED}", usage(program)),
        }
    }
}

const OPTIONS: &str = "\
Options (with the variables that do the same):
-b     : warn where bytes are made into or compared with text, or bytes with
         a number; -bb raises instead
-B     : write no .pyc files; PYTHONDONTWRITEBYTECODE=1
-c cmd : run this text; later arguments are the program's
-d     : accepted, without effect; PYTHONDEBUG=1
-E     : ignore the PYTHON* variables
-h     : this text; also -? and --help
-i     : interactive after the program, terminal or not; PYTHONINSPECT=1
-I     : isolated: -E, -P and -s
-m mod : run a module of the library; later arguments are the program's
-O     : without assert and what depends on __debug__; PYTHONOPTIMIZE=1
-OO    : without docstrings, too; PYTHONOPTIMIZE=2
-P     : put no folder of the program before sys.path; PYTHONSAFEPATH=1
-q     : no greeting
-R     : random hashes of text, whatever PYTHONHASHSEED says
-s     : without the user's site-packages; PYTHONNOUSERSITE=1
-S     : without the module site
-u     : write to stdout and stderr at once; PYTHONUNBUFFERED=1
-v     : tell what is imported; twice, tell more; PYTHONVERBOSE=1
-V     : print the version; twice, print more; also --version
-W arg : filter warnings: action:message:category:module:line;
         PYTHONWARNINGS=arg
-x     : skip the first line of the script
-X opt : an extended option, see --help-xoptions
--check-hash-based-pycs always|default|never:
         whether .pyc files with a hash are compared with their source
--help-env, --help-xoptions, --help-all: more help

Arguments:
file   : a script, or a folder or zip archive that holds a __main__.py
-      : the program comes from standard input (so it does without arguments)
arg ...: what the program finds in sys.argv[1:]
";

const ENVIRONMENT: &str = "\
Variables:
AMPHIS_LIB           : a folder to take the Python library from
PYTHONHASHSEED       : 'random', or a number that makes hashes of text repeatable
PYTHONHOME           : the prefix of the installation
PYTHONIOENCODING     : encoding[:errors] of the standard streams
PYTHONPATH           : folders for sys.path, ':' between them
PYTHONPLATLIBDIR     : sys.platlibdir
PYTHONEXECUTABLE     : sys.executable
PYTHONUSERBASE       : the folder of the user's installation
PYTHONBREAKPOINT     : what breakpoint() calls; 0 for nothing
PYTHONSTARTUP        : a file to run before the prompt
PYTHON_BASIC_REPL    : the plain prompt, on terminals too
PYTHON_HISTORY       : the file of what was typed at the prompt
PYTHON_COLORS        : 1 or 0: with or without colours, terminal or not

Variables that options stand for:
PYTHONDEBUG             (-d)
PYTHONDEVMODE           (-X dev)
PYTHONDONTWRITEBYTECODE (-B)
PYTHONFAULTHANDLER      (-X faulthandler)
PYTHONINSPECT           (-i)
PYTHONINTMAXSTRDIGITS   (-X int_max_str_digits)
PYTHONNODEBUGRANGES     (-X no_debug_ranges)
PYTHONNOUSERSITE        (-s)
PYTHONOPTIMIZE          (-O)
PYTHONPROFILEIMPORTTIME (-X importtime)
PYTHONPYCACHEPREFIX     (-X pycache_prefix)
PYTHONSAFEPATH          (-P)
PYTHONUNBUFFERED        (-u)
PYTHONUTF8              (-X utf8)
PYTHONVERBOSE           (-v)
PYTHONWARNDEFAULTENCODING (-X warn_default_encoding)
PYTHONWARNINGS          (-W)
PYTHON_CONTEXT_AWARE_WARNINGS (-X context_aware_warnings)
PYTHON_CPU_COUNT        (-X cpu_count)
PYTHON_GIL              (-X gil)
PYTHON_THREAD_INHERIT_CONTEXT (-X thread_inherit_context)
";

const EXTENDED: &str = "\
Extended options:
-X bare              : native modules only; no importlib, text streams or site
-X context_aware_warnings=[0|1]: filters of warnings belong to the context
-X cpu_count=N       : what os.cpu_count() answers; 'default' for the real number
-X dev               : show what developers should see
-X faulthandler      : tell where Python was when the process crashes
-X gil=[0|1]         : run without or with the GIL; 0 needs the free-threaded build
-X importtime[=2]    : tell how long imports take; 2 tells of repeated ones too
-X int_max_str_digits=N: limit conversions between int and text; 0 for no limit
-X no_debug_ranges   : code knows lines, but no columns
-X pycache_prefix=DIR: write .pyc files to a tree of their own
-X thread_inherit_context=[0|1]: threads start with the context of who starts them
-X utf8[=0|1]        : text of files and streams is UTF-8
-X warn_default_encoding: warn where text files are opened without an encoding
";
