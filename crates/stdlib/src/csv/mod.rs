//! `_csv`: reading and writing of comma-separated values.
//!
//! | file | what |
//! |---|---|
//! | `dialect` | how records are written |
//! | `reader`, `writer` | records |

mod dialect;
mod reader;
mod writer;

use dialect::Dialect;
use vm::prelude::*;

use crate::support;

static ERROR: OnceLock<Value> = OnceLock::new();
static DIALECTS: OnceLock<Value> = OnceLock::new();

fn error(th: &mut Thread, message: &str) -> Raised {
    support::raise(th, ERROR.get(), message)
}

/// The registry: a dict.
fn dialects(th: &mut Thread) -> Obj<Dict> {
    let dict = DIALECTS.get_or_init(|| th.dict().into_value()).clone();
    match th.exact::<Dict>(&dict) {
        Some(dict) => dict.clone(),
        None => th.dict(),
    }
}

fn registered(th: &mut Thread, name: &Value) -> PyResult {
    let dialects = dialects(th);
    match th.dict_get(&dialects, name)? {
        Some(dialect) => Ok(dialect),
        None => Err(error(th, "unknown dialect")),
    }
}

/// The dialect that the arguments of a function describe.
fn dialect_of(
    th: &mut Thread,
    dialect: Option<&Value>,
    keywords: &[(Obj<Str>, Value)],
) -> PyResult<Obj<Dialect>> {
    let class = Dialect::class(th).value();
    let made = match dialect {
        Some(dialect) => th.call_kw(&class, std::slice::from_ref(dialect), keywords)?,
        None => th.call_kw(&class, &[], keywords)?,
    };
    match th.downcast::<Dialect>(&made) {
        Some(dialect) => Ok(dialect.clone()),
        None => Err(th.system_error("no dialect was made")),
    }
}

/// The module.
#[pymodule(name = "_csv", doc = "CSV parsing and writing.", classes = [
    super::Dialect
])]
pub mod module {
    use std::sync::atomic::Ordering;

    use super::reader::{FIELD_LIMIT, Reader};
    use super::writer::Writer;
    use super::*;

    #[pyattr]
    const QUOTE_MINIMAL: i64 = 0;
    #[pyattr]
    const QUOTE_ALL: i64 = 1;
    #[pyattr]
    const QUOTE_NONNUMERIC: i64 = 2;
    #[pyattr]
    const QUOTE_NONE: i64 = 3;
    #[pyattr]
    const QUOTE_STRINGS: i64 = 4;
    #[pyattr]
    const QUOTE_NOTNULL: i64 = 5;

    #[pyattr]
    fn __version__() -> &'static str {
        "1.0"
    }

    #[pyattr(name = "Error")]
    fn error_class(th: &mut Thread) -> PyResult {
        if ERROR.get().is_none() {
            let class = support::exception_class(th, "_csv", "Error", Exc::Exception)?;
            let _ = ERROR.set(class);
        }
        Ok(ERROR.get().cloned().unwrap_or(Value::NONE))
    }

    #[pyattr]
    fn _dialects(th: &mut Thread) -> Value {
        dialects(th).into_value()
    }

    fn two<'a>(th: &mut Thread, args: &Args<'a>, function: &str) -> PyResult<(&'a Value, Option<&'a Value>)> {
        match args.positional {
            [first] => Ok((first, None)),
            [first, second] => Ok((first, Some(second))),
            other => {
                let (least, given) = (if other.is_empty() { "at least 1" } else { "at most 2" }, other.len());
                let plural = if other.is_empty() { "" } else { "s" };
                Err(th.type_error(format_args!("{function} expected {least} argument{plural}, got {given}")))
            }
        }
    }

    fn keywords_of(args: &Args<'_>) -> Vec<(Obj<Str>, Value)> {
        args.keywords().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Return a reader object that will process lines from the given iterable.
    #[pyfunction(raw, signature = "(iterable, /, dialect='excel', **fmtparams)")]
    fn reader(th: &mut Thread, args: Args<'_>) -> PyResult {
        let (lines, dialect) = two(th, &args, "reader")?;
        let iterator = th.iter(lines)?;
        let dialect = dialect_of(th, dialect, &keywords_of(&args))?;
        Reader::make(th, &iterator, dialect)
    }

    /// Return a writer object that will write user data on the given file object.
    #[pyfunction(raw, signature = "(fileobj, /, dialect='excel', **fmtparams)")]
    fn writer(th: &mut Thread, args: Args<'_>) -> PyResult {
        let (file, dialect) = two(th, &args, "writer")?;
        let dialect = dialect_of(th, dialect, &keywords_of(&args))?;
        Writer::make(th, file, dialect)
    }

    /// Return a list of all known dialect names.
    #[pyfunction(signature = "()")]
    fn list_dialects(th: &mut Thread) -> PyResult {
        let dialects = dialects(th).into_value();
        let names = th.collect(&dialects)?;
        Ok(th.list(names))
    }

    /// Create a mapping from a string name to a CVS dialect.
    #[pyfunction(raw, signature = "(name, /, dialect='excel', **fmtparams)")]
    fn register_dialect(th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let (name, dialect) = two(th, &args, "register_dialect")?;
        if th.as_str(name).is_none() {
            return Err(th.type_error("dialect name must be a string"));
        }
        let dialect = dialect_of(th, dialect, &keywords_of(&args))?;
        let dialects = dialects(th);
        th.dict_set(&dialects, name, dialect.into_value())
    }

    /// Delete the name/dialect mapping associated with a string name.
    #[pyfunction(signature = "(name)")]
    fn unregister_dialect(th: &mut Thread, name: &Value) -> PyResult<()> {
        let dialects = dialects(th);
        if th.dict_del(&dialects, name)? { Ok(()) } else { Err(error(th, "unknown dialect")) }
    }

    /// Return the dialect instance associated with name.
    #[pyfunction(signature = "(name)")]
    fn get_dialect(th: &mut Thread, name: &Value) -> PyResult {
        registered(th, name)
    }

    /// Sets an upper limit on parsed fields.
    #[pyfunction(signature = "(new_limit=<unrepresentable>)")]
    fn field_size_limit(th: &mut Thread, new_limit: Option<&Value>) -> PyResult<i64> {
        let old = FIELD_LIMIT.load(Ordering::Relaxed); // Relaxed: a number on its own.
        if let Some(limit) = new_limit {
            if !vm::builtins::int::is_exact_int(limit) {
                return Err(th.type_error("limit must be an integer"));
            }
            let limit = th.index(limit)?;
            FIELD_LIMIT.store(limit, Ordering::Relaxed); // Relaxed: as above.
        }
        Ok(old)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let (reader, writer) = (Reader::class(th).value(), Writer::class(th).value());
        support::set_attr(th, module, "Reader", &reader)?;
        support::set_attr(th, module, "Writer", &writer)
    }
}
