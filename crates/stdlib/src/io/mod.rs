//! The module `_io`: streams of bytes and text.
//!
//! | file | what |
//! |---|---|
//! | `base` | the abstract classes |
//! | `file` | `FileIO` |
//! | `bytes_io`, `string_io` | streams in memory |
//! | `buffered` | buffers over raw streams |
//! | `text` | `TextIOWrapper`: decoding, encoding, lines, positions |
//! | `newline` | `IncrementalNewlineDecoder` and the translation of line ends |
//! | `open` | `open()` and its kin |

pub mod base;
pub mod buffered;
pub mod bytes_io;
pub mod file;
pub mod newline;
pub mod open;
pub mod string_io;
pub mod text;

use vm::prelude::*;

/// Size of buffers where nothing else is asked for, in bytes.
pub const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

static UNSUPPORTED: OnceLock<Value> = OnceLock::new();

/// The class `io.UnsupportedOperation`.
pub fn unsupported_class(th: &mut Thread) -> PyResult {
    if let Some(class) = UNSUPPORTED.get() {
        return Ok(class.clone());
    }
    let meta = <object_model::ty::Type as PyClass>::class(th).value();
    let bases = vec![Exc::OSError.class().value(), Exc::ValueError.class().value()];
    let (name, bases, namespace) = (th.str("UnsupportedOperation"), th.tuple(bases), th.dict());
    let (key, module) = (th.intern("__module__"), th.str("io"));
    if namespace.set_str(th, &key, module).is_err() {
        return Err(th.memory_error());
    }
    let class = th.call(&meta, &[name, bases, namespace.into_value()])?;
    Ok(UNSUPPORTED.get_or_init(|| class).clone())
}

/// Raises `io.UnsupportedOperation`.
#[cold]
pub fn unsupported(th: &mut Thread, message: &str) -> Raised {
    let made = unsupported_class(th).and_then(|class| {
        let message = th.str(message);
        th.call(&class, &[message])
    });
    match made {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

/// Raises the BlockingIOError of a write of which only `written` bytes or characters were taken.
#[cold]
pub fn blocked(th: &mut Thread, written: usize) -> Raised {
    let arguments = vec![
        th.int(libc::EAGAIN.into()),
        th.str("write could not complete without blocking"),
        th.int(written as i64),
    ];
    th.raise_args(Exc::BlockingIOError, arguments)
}

/// `repr(name)` inside the repr of `stream`, which `name` may contain.
pub fn guarded_repr(th: &mut Thread, stream: &Value, name: &Value) -> PyResult<String> {
    if name.is(stream) {
        let class = th.type_name(stream);
        return Err(th.runtime_error(format_args!("reentrant call inside {class}.__repr__")));
    }
    th.check_native_stack()?;
    let text = th.repr(name)?;
    Ok(text.units().to_str_lossy().into_owned())
}

#[pymodule(
    name = "_io",
    doc = "Streams of bytes and text.",
    classes = [
        super::base::IoBase,
        super::base::RawIoBase,
        super::base::BufferedIoBase,
        super::base::TextIoBase,
        super::file::FileIo,
        super::bytes_io::BytesIo,
        super::buffered::reader::BufferedReader,
        super::buffered::writer::BufferedWriter,
        super::buffered::random::BufferedRandom,
        super::buffered::pair::BufferedRwPair,
        super::newline::IncrementalNewlineDecoder,
        super::text::TextIoWrapper,
        super::string_io::StringIo,
    ],
    functions = [super::open::open, super::open::open_code, super::open::text_encoding],
)]
pub mod module {
    use vm::prelude::*;

    #[pyattr]
    const DEFAULT_BUFFER_SIZE: i64 = super::DEFAULT_BUFFER_SIZE as i64;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let class = super::unsupported_class(th)?;
        crate::support::set_attr(th, module, "UnsupportedOperation", &class)?;
        let blocking = Exc::BlockingIOError.class().value();
        crate::support::set_attr(th, module, "BlockingIOError", &blocking)
    }
}
