//! OSError: its fields, and the subclass that an error number stands for.
//!
//! Arguments are `(errno, strerror[, filename[, winerror[, filename2]]])`; only the first two stay in `args`.

use super::base::{BaseException, allocate, instance_dict, reduced, text};
use super::fields::with_fields;
use super::hierarchy::Exc;
use crate::class::special;
use crate::names::Special;
use crate::prelude::*;

/// `errno`
pub const ERRNO: usize = 0;
/// `strerror`
pub const STRERROR: usize = 1;
/// `filename`
pub const FILENAME: usize = 2;
/// `filename2`
pub const FILENAME2: usize = 3;
/// `characters_written`, an int.
pub const WRITTEN: usize = 4;

/// Methods of `OSError`.
pub struct OsErrorClass;

/// The system's message for an error number.
pub fn strerror(errno: i32) -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the call writes a terminated string into the buffer, whose length it is told.
    let failed = unsafe { libc::strerror_r(errno, buffer.as_mut_ptr().cast(), buffer.len()) } != 0;
    let text = std::ffi::CStr::from_bytes_until_nul(&buffer).map(|t| t.to_string_lossy().into_owned());
    match text {
        Ok(text) if !failed && !text.is_empty() => text,
        _ => format!("Unknown error {errno}"),
    }
}

/// The class that `OSError(errno, …)` makes an instance of.
fn subclass(errno: i64) -> Exc {
    let Ok(errno) = i32::try_from(errno) else { return Exc::OSError };
    match errno {
        libc::EALREADY | libc::EINPROGRESS => Exc::BlockingIOError,
        e if e == libc::EAGAIN || e == libc::EWOULDBLOCK => Exc::BlockingIOError,
        libc::EPIPE | libc::ESHUTDOWN => Exc::BrokenPipeError,
        libc::ECHILD => Exc::ChildProcessError,
        libc::ECONNABORTED => Exc::ConnectionAbortedError,
        libc::ECONNREFUSED => Exc::ConnectionRefusedError,
        libc::ECONNRESET => Exc::ConnectionResetError,
        libc::EEXIST => Exc::FileExistsError,
        libc::ENOENT => Exc::FileNotFoundError,
        libc::EISDIR => Exc::IsADirectoryError,
        libc::ENOTDIR => Exc::NotADirectoryError,
        libc::EINTR => Exc::InterruptedError,
        libc::EACCES | libc::EPERM => Exc::PermissionError,
        libc::ESRCH => Exc::ProcessLookupError,
        libc::ETIMEDOUT => Exc::TimeoutError,
        _ => Exc::OSError,
    }
}

/// True if a subclass overrides `__init__` but not `__new__`: then the arguments are `__init__`'s to read.
fn uses_init(th: &Thread, class: Class) -> bool {
    let base = Exc::OSError.class();
    let same = |s: Special| match (special::get(th, class, s), special::get(th, base, s)) {
        (Some(own), Some(plain)) => own.is(plain),
        _ => false,
    };
    !same(Special::Init) && same(Special::New)
}

fn refuse_keywords(th: &mut Thread, class: Class, args: &Args<'_>) -> PyResult<()> {
    if args.has_keywords() {
        let name = class.payload.name.get(th).to_string();
        return Err(th.type_error(format_args!("{name}() takes no keyword arguments")));
    }
    Ok(())
}

/// Fills the fields from the arguments of the call.
fn fill(th: &mut Thread, this: &Obj<BaseException>, arguments: &[Value]) -> PyResult<()> {
    let count = arguments.len();
    let two_or_more = (2..=5).contains(&count);
    let mut kept = arguments;
    if two_or_more {
        this.set_extra(th, ERRNO, Some(arguments[0].clone()));
        this.set_extra(th, STRERROR, Some(arguments[1].clone()));
        if let Some(filename) = arguments.get(2).filter(|f| !f.is_none()) {
            let blocking = th.type_of(this.as_value()).is_subtype(th, Exc::BlockingIOError.class());
            let written = if blocking { written_count(th, filename)? } else { None };
            match written {
                Some(written) => this.set_extra(th, WRITTEN, Some(written)),
                None => {
                    this.set_extra(th, FILENAME, Some(filename.clone()));
                    let second = arguments.get(4).filter(|f| !f.is_none()).cloned();
                    this.set_extra(th, FILENAME2, second);
                    kept = &arguments[..2];
                }
            }
        }
    }
    let tuple = th.tuple(kept.to_vec());
    this.set_args(th, tuple);
    Ok(())
}

/// The third argument of BlockingIOError is a number of characters if it is a number.
fn written_count(th: &mut Thread, value: &Value) -> PyResult<Option<Value>> {
    if !th.has_special(value, Special::Index) {
        return Ok(None);
    }
    let result = th.index(value);
    let Some(count) = th.catch(result, Exc::OverflowError)? else {
        return Err(th.value_error("cannot fit 'int' into an index-sized integer"));
    };
    Ok(Some(th.int(count)))
}

/// Makes an instance of `class`, or of the subclass that the error number stands for.
pub(super) fn make(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
    if uses_init(th, class) {
        let empty = th.tuple(Vec::new());
        return Ok(allocate(th, class, empty).into_value());
    }
    refuse_keywords(th, class, &args)?;
    let mut class = class;
    if std::ptr::eq(class, Exc::OSError.class())
        && (2..=5).contains(&args.positional.len())
        && let Some(errno) = args.positional[0].as_small_int()
    {
        class = subclass(errno).class();
    }
    let empty = th.tuple(Vec::new());
    let this = allocate(th, class, empty);
    fill(th, &this, args.positional)?;
    Ok(this.into_value())
}

/// A field's text or repr in the message; None where it is not set.
fn shown(th: &mut Thread, this: &Obj<BaseException>, field: usize, as_repr: bool) -> PyResult<Obj<Str>> {
    let value = this.extra(th, field).unwrap_or(Value::NONE);
    if as_repr { th.repr(&value) } else { th.str_of(&value) }
}

with_fields! {
    OsErrorClass {
        errno set_errno = ERRNO;
        strerror set_strerror = STRERROR;
        filename set_filename = FILENAME;
        filename2 set_filename2 = FILENAME2;
    }
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        make(th, class, args)
    }

    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let class = th.type_of(this.as_value());
        if !uses_init(th, class) {
            return Ok(());
        }
        refuse_keywords(th, class, &args)?;
        fill(th, this, args.positional)
    }

    fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let has = |field| this.extra(th, field).is_some();
        let (filename, filename2) = (has(FILENAME), has(FILENAME2));
        if !(filename || has(ERRNO) && has(STRERROR)) {
            return text(th, this);
        }
        let mut built = object_model::text::units::Builder::new();
        built.push_str("[Errno ");
        built.push_units(shown(th, this, ERRNO, false)?.units());
        built.push_str("] ");
        built.push_units(shown(th, this, STRERROR, false)?.units());
        if filename {
            built.push_str(": ");
            built.push_units(shown(th, this, FILENAME, true)?.units());
            if filename2 {
                built.push_str(" -> ");
                built.push_units(shown(th, this, FILENAME2, true)?.units());
            }
        }
        th.units(built.finish().units())
    }

    fn __reduce__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let mut arguments = this.arguments(th);
        if arguments.len() == 2
            && let Some(filename) = this.extra(th, FILENAME)
        {
            arguments.push(filename);
            if let Some(second) = this.extra(th, FILENAME2) {
                arguments.extend([Value::NONE, second]);
            }
        }
        let args = th.tuple(arguments);
        let state = instance_dict(th, this)?.map(Obj::into_value);
        Ok(reduced(th, this, args, state))
    }

    #[getter]
    fn characters_written(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        match this.extra(th, WRITTEN) {
            Some(count) => Ok(count),
            None => Err(th.attribute_error("characters_written")),
        }
    }

    #[setter]
    fn set_characters_written(this: &Obj<BaseException>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        match value {
            Some(value) => {
                let count = th.index(value)?;
                let count = th.int(count);
                this.set_extra(th, WRITTEN, Some(count));
            }
            None if this.extra(th, WRITTEN).is_none() => return Err(th.attribute_error("characters_written")),
            None => this.set_extra(th, WRITTEN, None),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_numbers_choose_subclasses_and_have_texts() {
        assert_eq!(subclass(libc::ENOENT.into()), Exc::FileNotFoundError);
        assert_eq!(subclass(libc::EWOULDBLOCK.into()), Exc::BlockingIOError);
        assert_eq!(subclass(libc::EPERM.into()), Exc::PermissionError);
        assert_eq!(subclass(libc::EINVAL.into()), Exc::OSError);
        assert_eq!(subclass(1 << 40), Exc::OSError);
        assert_eq!(strerror(libc::ENOENT), "No such file or directory");
        assert_eq!(strerror(100_000), "Unknown error 100000");
    }
}
