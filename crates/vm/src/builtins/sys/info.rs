//! What `sys` tells about the runtime: versions, numbers, flags, options.

use std::ffi::OsString;

use super::stdlib_names::STDLIB_MODULE_NAMES;
use crate::builtins::structseq::StructSeqDef;
use crate::builtins::{namespace, set, structseq};
use crate::import::finder::path_value;
use crate::import::native_modules;
use crate::import::set_sys_attribute;
use crate::import::state::State;
use crate::prelude::*;

/// The Python version that the runtime implements.
pub const VERSION: (i64, i64, i64) = (3, 14, 7);
/// `sys.hexversion`
pub const HEX_VERSION: i64 = VERSION.0 << 24 | VERSION.1 << 16 | VERSION.2 << 8 | 0xf0;
/// `sys.implementation.cache_tag`
pub const CACHE_TAG: &str = "amphis-314";
/// `sys.implementation._multiarch`
pub const MULTIARCH: &str = concat_target();

const fn concat_target() -> &'static str {
    if cfg!(target_arch = "aarch64") { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" }
}

const COPYRIGHT: &str = "Copyright (c) the Amphis contributors.\n\nThe Python standard library is\nCopyright (c) 2001 \
                         Python Software Foundation.\nAll Rights Reserved.";

/// `sys.version`
pub fn version() -> String {
    let build = if mode::FREE_THREADED { " free-threading build" } else { "" };
    let (major, minor, micro) = VERSION;
    format!("{major}.{minor}.{micro}{build} (Amphis {}) [Rust]", env!("CARGO_PKG_VERSION"))
}

macro_rules! sequence {
    ($name:ident $python:literal $visible:expr; $($field:literal $doc:literal,)*) => {
        static $name: StructSeqDef = StructSeqDef {
            name: $python,
            module: "sys",
            fields: &[$(($field, $doc),)*],
            n_sequence_fields: $visible,
        };
    };
}

sequence! { FLAGS "flags" 18;
    "debug" "-d", "inspect" "-i", "interactive" "-i", "optimize" "-O or -OO", "dont_write_bytecode" "-B",
    "no_user_site" "-s", "no_site" "-S", "ignore_environment" "-E", "verbose" "-v", "bytes_warning" "-b",
    "quiet" "-q", "hash_randomization" "-R", "isolated" "-I", "dev_mode" "-X dev", "utf8_mode" "-X utf8",
    "warn_default_encoding" "-X warn_default_encoding", "safe_path" "-P", "int_max_str_digits" "-X int_max_str_digits",
    "gil" "-X gil", "thread_inherit_context" "-X thread_inherit_context",
    "context_aware_warnings" "-X context_aware_warnings",
}
sequence! { VERSION_INFO "version_info" 5;
    "major" "Major release number", "minor" "Minor release number", "micro" "Patch release number",
    "releaselevel" "'alpha', 'beta', 'candidate', or 'final'", "serial" "Serial release number",
}
sequence! { FLOAT_INFO "float_info" 11;
    "max" "Maximum representable finite float", "max_exp" "Maximum int e such that radix**(e-1) is representable",
    "max_10_exp" "Maximum int e such that 10**e is representable", "min" "Minimum positive normalized float",
    "min_exp" "Minimum int e such that radix**(e-1) is a normalized float",
    "min_10_exp" "Minimum int e such that 10**e is a normalized float",
    "dig" "Number of decimal digits that a float can hold", "mant_dig" "Number of digits of the mantissa",
    "epsilon" "Difference between 1 and the next representable float", "radix" "Radix of exponent",
    "rounds" "Rounding mode used for arithmetic operations",
}
sequence! { INT_INFO "int_info" 4;
    "bits_per_digit" "Size of a digit in bits", "sizeof_digit" "Size in bytes of a digit",
    "default_max_str_digits" "Maximum string conversion digits limitation",
    "str_digits_check_threshold" "Minimum positive value for int_max_str_digits",
}
sequence! { HASH_INFO "hash_info" 9;
    "width" "Width of the type used for hashing, in bits", "modulus" "Prime number giving the modulus of hashes",
    "inf" "Hash of a positive infinity", "nan" "Hash of a nan", "imag" "Multiplier of the imaginary part",
    "algorithm" "Algorithm of hashes of str and bytes", "hash_bits" "Size of the algorithm's output",
    "seed_bits" "Size of the algorithm's seed", "cutoff" "Below which size strings are hashed otherwise",
}
sequence! { THREAD_INFO "thread_info" 3;
    "name" "Name of the thread implementation", "lock" "Name of the lock implementation",
    "version" "Name and version of the thread library",
}

fn make(th: &mut Thread, def: &'static StructSeqDef, values: Vec<Value>) -> PyResult {
    let class = structseq::make_type(th, def);
    // As the module's only instances are those here, no others can be made.
    class.payload.set_flags(object_model::ty::flag::DISALLOW_INSTANTIATION, true);
    structseq::new(th, class, values)
}

/// Adds the attributes.
pub(super) fn fill(th: &mut Thread, state: &'static State) -> PyResult<()> {
    constants(th)?;
    sequences(th, state)?;
    options(th, state)?;
    names(th, state)
}

fn constants(th: &mut Thread) -> PyResult<()> {
    let texts = [
        ("version", version().as_str()),
        ("copyright", COPYRIGHT),
        ("platform", std::env::consts::OS),
        ("byteorder", if cfg!(target_endian = "little") { "little" } else { "big" }),
        ("float_repr_style", "short"),
        ("abiflags", if mode::FREE_THREADED { "t" } else { "" }),
        ("_framework", ""),
        ("_home", ""),
    ]
    .map(|(name, text)| (name, th.str(text)));
    let numbers = [
        ("hexversion", HEX_VERSION),
        ("api_version", 1013),
        ("maxsize", isize::MAX as i64),
        ("maxunicode", 0x10_ffff),
    ]
    .map(|(name, number)| (name, th.int(number)));
    for (name, value) in texts.into_iter().chain(numbers) {
        set_sys_attribute(th, name, value)?;
    }
    set_sys_attribute(th, "_home", Value::NONE)?;
    let git = ["Amphis", "", ""].map(|text| th.str(text)).into();
    let git = th.tuple(git);
    set_sys_attribute(th, "_git", git)
}

fn version_info(th: &mut Thread) -> PyResult {
    let (major, minor, micro) = VERSION;
    let values = vec![th.int(major), th.int(minor), th.int(micro), th.str("final"), th.int(0)];
    make(th, &VERSION_INFO, values)
}

fn sequences(th: &mut Thread, state: &State) -> PyResult<()> {
    let info = version_info(th)?;
    set_sys_attribute(th, "version_info", info.clone())?;
    let implementation = vec![
        ("name", th.str("amphis")),
        ("cache_tag", th.str(CACHE_TAG)),
        ("version", info),
        ("hexversion", th.int(HEX_VERSION)),
        ("_multiarch", th.str(MULTIARCH)),
        ("supports_isolated_interpreters", Value::FALSE),
    ];
    let implementation = namespace::make(th, implementation)?;
    set_sys_attribute(th, "implementation", implementation)?;
    let floats = vec![
        th.float(f64::MAX),
        th.int(f64::MAX_EXP.into()),
        th.int(f64::MAX_10_EXP.into()),
        th.float(f64::MIN_POSITIVE),
        th.int(f64::MIN_EXP.into()),
        th.int(f64::MIN_10_EXP.into()),
        th.int(f64::DIGITS.into()),
        th.int(f64::MANTISSA_DIGITS.into()),
        th.float(f64::EPSILON),
        th.int(f64::RADIX.into()),
        th.int(1),
    ];
    let floats = make(th, &FLOAT_INFO, floats)?;
    set_sys_attribute(th, "float_info", floats)?;
    // The digits that CPython's documentation speaks of.
    let ints = [30, 4, 4300, 640].map(|n| th.int(n)).into();
    let ints = make(th, &INT_INFO, ints)?;
    set_sys_attribute(th, "int_info", ints)?;
    let hashes = vec![
        th.int(64),
        th.int((1 << 61) - 1),
        th.int(314_159),
        th.int(0),
        th.int(1_000_003),
        th.str("siphash13"),
        th.int(64),
        th.int(128),
        th.int(0),
    ];
    let hashes = make(th, &HASH_INFO, hashes)?;
    set_sys_attribute(th, "hash_info", hashes)?;
    let threads = vec![th.str("pthread"), th.str("mutex+cond"), Value::NONE];
    let threads = make(th, &THREAD_INFO, threads)?;
    set_sys_attribute(th, "thread_info", threads)?;
    let flags = flags(th, state)?;
    set_sys_attribute(th, "flags", flags)
}

fn flags(th: &mut Thread, state: &State) -> PyResult {
    let c = &state.config;
    let free = mode::FREE_THREADED;
    let numbers = [
        c.debug.into(),
        i64::from(c.inspect),
        i64::from(c.interactive),
        c.optimize.into(),
        i64::from(!c.write_bytecode),
        i64::from(!c.user_site),
        i64::from(!c.site),
        i64::from(!c.use_environment),
        c.verbose.into(),
        c.bytes_warning.into(),
        i64::from(c.quiet),
        i64::from(c.hash_seed != Some(0)),
        i64::from(c.isolated),
    ];
    let mut values: Vec<Value> = numbers.iter().map(|n| th.int(*n)).collect();
    values.push(Value::bool(c.dev_mode));
    values.push(th.int(c.is_utf8_mode().into()));
    values.push(th.int(c.warn_default_encoding.into()));
    values.push(Value::bool(c.safe_path));
    values.push(th.int(c.str_digits().into()));
    values.push(match c.gil {
        Some(on) => th.int(on.into()),
        None if free => Value::NONE,
        None => th.int(1),
    });
    values.push(th.int(c.thread_inherit_context.unwrap_or(free).into()));
    values.push(th.int(c.context_aware_warnings.unwrap_or(free).into()));
    make(th, &FLAGS, values)
}

fn paths(th: &mut Thread, paths: &[OsString]) -> PyResult {
    let mut values = Vec::with_capacity(paths.len());
    for path in paths {
        values.push(path_value(th, path)?);
    }
    Ok(th.list(values))
}

fn options(th: &mut Thread, state: &'static State) -> PyResult<()> {
    let config = &state.config;
    let argv = if config.argv.is_empty() { paths(th, &[OsString::new()])? } else { paths(th, &config.argv)? };
    set_sys_attribute(th, "argv", argv)?;
    let orig_argv = paths(th, &config.orig_argv)?;
    set_sys_attribute(th, "orig_argv", orig_argv)?;
    let warnings = config.warn_options.iter().map(|o| th.str(o)).collect();
    let warnings = th.list(warnings);
    set_sys_attribute(th, "warnoptions", warnings)?;
    let xoptions = th.dict();
    for (name, value) in &config.xoptions {
        let name = th.intern(name);
        let value = value.as_ref().map_or(Value::TRUE, |v| th.str(v));
        xoptions.set_str(th, &name, value).map_err(|_| th.memory_error())?;
    }
    set_sys_attribute(th, "_xoptions", xoptions.into_value())?;
    let platlibdir = th.str(&config.platlibdir);
    set_sys_attribute(th, "platlibdir", platlibdir)?;
    set_sys_attribute(th, "dont_write_bytecode", Value::bool(!config.write_bytecode))?;
    let prefix = match &config.pycache_prefix {
        Some(prefix) => path_value(th, prefix.as_os_str())?,
        None => Value::NONE,
    };
    set_sys_attribute(th, "pycache_prefix", prefix)?;
    let digits = usize::try_from(config.str_digits()).unwrap_or(0);
    crate::builtins::int::set_max_str_digits(digits);
    Ok(())
}

fn names(th: &mut Thread, state: &'static State) -> PyResult<()> {
    let native =
        native_modules::names(state.library).into_iter().map(|n| th.intern(n).into_value()).collect();
    let native = th.tuple(native);
    set_sys_attribute(th, "builtin_module_names", native)?;
    let all = STDLIB_MODULE_NAMES.iter().map(|n| th.intern(n).into_value()).collect();
    let all = set::frozenset(th, all)?;
    set_sys_attribute(th, "stdlib_module_names", all)
}
