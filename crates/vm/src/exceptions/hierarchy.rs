//! The builtin exception classes: one table of names, bases and documentation.
//!
//! # Invariants
//! - X1 A base stands before its subclasses in the table, so that classes can be made in order.
//! - X2 Every class of the table has [`BaseException`] as payload; what distinguishes them is their [`Family`].
//!
//! Not here: the fields and methods of the families (`base`, `fields`, `os_error`, `unicode`, `groups`).

use std::sync::atomic::{AtomicBool, Ordering};

use object_model::object::layout::Layout;
use object_model::ty::flag;

use super::base::BaseException;
use super::fields::{
    AttributeErrorClass, ImportErrorClass, KeyErrorClass, NameErrorClass, StopIterationClass,
    SyntaxErrorClass, SystemExitClass,
};
use super::groups::GroupClass;
use super::os_error::OsErrorClass;
use super::unicode::{UnicodeDecodeClass, UnicodeEncodeClass, UnicodeTranslateClass};
use crate::class::{native, special};
use crate::native::{ClassCell, ClassDef, NativeDef};
use crate::prelude::*;

/// Which fields an exception has beyond those of `BaseException`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// None.
    Base,
    /// `value`
    StopIteration,
    /// `code`
    SystemExit,
    /// `msg`, `name`, `path`, `name_from`
    Import,
    /// `name`
    Name,
    /// `name`, `obj`
    Attribute,
    /// `msg` and positions
    Syntax,
    /// Only its `__str__` differs.
    Key,
    /// `errno`, `strerror`, file names
    Os,
    /// `encoding`, `object`, `start`, `end`, `reason` of an encoder
    UnicodeEncode,
    /// Likewise of a decoder.
    UnicodeDecode,
    /// Likewise of `str.translate`.
    UnicodeTranslate,
    /// `message`, `exceptions`
    Group,
}

const NO_MEMBERS: &[NativeDef] = &[];

macro_rules! exceptions {
    ($($name:ident $(: $base:ident)? $([$family:ident, $members:expr])?, $doc:literal;)*) => {
        /// A builtin exception class.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each is the Python class of that name")]
        pub enum Exc { $($name,)* }

        impl Exc {
            /// All of them, bases first.
            pub const ALL: &[Exc] = &[$(Exc::$name,)*];

            /// The Python name.
            pub const fn name(self) -> &'static str {
                match self { $(Exc::$name => stringify!($name),)* }
            }

            /// The base class; None for `BaseException`.
            pub const fn base(self) -> Option<Exc> {
                match self { $(Exc::$name => exceptions!(@base $($base)?),)* }
            }

            const fn own_family(self) -> Option<Family> {
                match self { $(Exc::$name => exceptions!(@family $($family)?),)* }
            }
        }

        static DEFINITIONS: [ClassDef; Exc::ALL.len()] = [$(
            definition(stringify!($name), $doc, exceptions!(@members $($members)?)),
        )*];
    };
    (@base) => { None };
    (@base $base:ident) => { Some(Exc::$base) };
    (@family) => { None };
    (@family $family:ident) => { Some(Family::$family) };
    (@members) => { &[NO_MEMBERS] };
    (@members $members:expr) => { &[$members] };
}

static LAYOUT: Layout = Layout::of::<BaseException>();

/// The layout that all exceptions have.
pub(super) const fn layout() -> &'static Layout {
    &LAYOUT
}

const fn definition(
    name: &'static str,
    doc: &'static str,
    members: &'static [&'static [NativeDef]],
) -> ClassDef {
    ClassDef {
        name,
        module: "builtins",
        doc,
        layout: &LAYOUT,
        flags: flag::BASE,
        dict: false,
        weakref: false,
        shape: None,
        base: None,
        members,
    }
}

exceptions! {
    BaseException, "Common base class for all exceptions.";
    Exception: BaseException, "Common base class for all exceptions but those that end the program.";
    GeneratorExit: BaseException, "Asks a generator to finish.";
    KeyboardInterrupt: BaseException, "The user interrupted the program.";
    SystemExit: BaseException [SystemExit, SystemExitClass::MEMBERS], "Asks the interpreter to exit.";
    BaseExceptionGroup: BaseException [Group, GroupClass::MEMBERS], "Several unrelated exceptions, raised together.";
    ArithmeticError: Exception, "Base class of arithmetic errors.";
    FloatingPointError: ArithmeticError, "A floating-point operation failed.";
    OverflowError: ArithmeticError, "A result is too large to be represented.";
    ZeroDivisionError: ArithmeticError, "The second operand of a division or modulo operation was zero.";
    AssertionError: Exception, "An assertion failed.";
    AttributeError: Exception [Attribute, AttributeErrorClass::MEMBERS], "An attribute was not found.";
    BufferError: Exception, "A buffer operation failed.";
    EOFError: Exception, "Input ended where more was expected.";
    ImportError: Exception [Import, ImportErrorClass::MEMBERS], "A module, or a name in a module, cannot be imported.";
    ModuleNotFoundError: ImportError, "A module was not found.";
    LookupError: Exception, "Base class of lookup errors.";
    IndexError: LookupError, "A sequence index is out of range.";
    KeyError: LookupError [Key, KeyErrorClass::MEMBERS], "A mapping has no such key.";
    MemoryError: Exception, "Memory is exhausted.";
    NameError: Exception [Name, NameErrorClass::MEMBERS], "A name is not defined.";
    UnboundLocalError: NameError, "A local variable was used before it was bound.";
    OSError: Exception [Os, OsErrorClass::MEMBERS], "Base class of errors of the operating system.";
    BlockingIOError: OSError, "An input or output operation would block.";
    ChildProcessError: OSError, "An operation on a child process failed.";
    ConnectionError: OSError, "Base class of connection errors.";
    BrokenPipeError: ConnectionError, "The other end of a pipe or socket is closed.";
    ConnectionAbortedError: ConnectionError, "A connection was aborted.";
    ConnectionRefusedError: ConnectionError, "A connection was refused.";
    ConnectionResetError: ConnectionError, "A connection was reset.";
    FileExistsError: OSError, "The file exists already.";
    FileNotFoundError: OSError, "There is no such file or folder.";
    InterruptedError: OSError, "A signal interrupted the call.";
    IsADirectoryError: OSError, "The operation does not work on folders.";
    NotADirectoryError: OSError, "The operation works on folders only.";
    PermissionError: OSError, "Permissions are missing.";
    ProcessLookupError: OSError, "There is no such process.";
    TimeoutError: OSError, "A time limit has passed.";
    ReferenceError: Exception, "A weak proxy was used after its object died.";
    RuntimeError: Exception, "An error that belongs to no other class.";
    NotImplementedError: RuntimeError, "A method or function is not implemented.";
    PythonFinalizationError: RuntimeError, "The operation is refused while the interpreter shuts down.";
    RecursionError: RuntimeError, "Calls are nested too deeply.";
    StopAsyncIteration: Exception, "Ends an asynchronous iteration.";
    StopIteration: Exception [StopIteration, StopIterationClass::MEMBERS], "Ends an iteration.";
    SyntaxError: Exception [Syntax, SyntaxErrorClass::MEMBERS], "Invalid syntax.";
    IndentationError: SyntaxError, "Wrong indentation.";
    TabError: IndentationError, "Tabs and spaces are mixed inconsistently.";
    _IncompleteInputError: SyntaxError, "The input is not complete.";
    SystemError: Exception, "An internal error of the interpreter.";
    TypeError: Exception, "An argument has an inappropriate type.";
    ValueError: Exception, "An argument has the right type but an inappropriate value.";
    UnicodeError: ValueError, "Base class of errors of text encoding.";
    UnicodeDecodeError: UnicodeError [UnicodeDecode, UnicodeDecodeClass::MEMBERS], "Bytes cannot be decoded.";
    UnicodeEncodeError: UnicodeError [UnicodeEncode, UnicodeEncodeClass::MEMBERS], "Text cannot be encoded.";
    UnicodeTranslateError: UnicodeError [UnicodeTranslate, UnicodeTranslateClass::MEMBERS], "Text cannot be translated.";
    Warning: Exception, "Base class of warning categories.";
    BytesWarning: Warning, "Doubtful use of bytes and buffers, mostly comparison with str.";
    DeprecationWarning: Warning, "A feature is deprecated; meant for other developers.";
    EncodingWarning: Warning, "A text encoding was left to the platform's default.";
    FutureWarning: Warning, "A construct will change its meaning; meant for users of applications.";
    ImportWarning: Warning, "A probable mistake in an import.";
    PendingDeprecationWarning: Warning, "A feature will be deprecated.";
    ResourceWarning: Warning, "A resource was not released.";
    RuntimeWarning: Warning, "Doubtful behaviour at run time.";
    SyntaxWarning: Warning, "Doubtful syntax.";
    UnicodeWarning: Warning, "A problem with text.";
    UserWarning: Warning, "A warning made by the program.";
    ExceptionGroup: BaseExceptionGroup, "Several unrelated exceptions that are all instances of Exception.";
}

static CELLS: [ClassCell; Exc::ALL.len()] = [const { ClassCell::new() }; Exc::ALL.len()];

/// Other names of builtin exceptions.
pub const ALIASES: &[(&str, Exc)] = &[("EnvironmentError", Exc::OSError), ("IOError", Exc::OSError)];

impl Exc {
    /// The class object; [`initialise`] has made it.
    #[inline]
    pub fn class(self) -> Class {
        match CELLS[self as usize].get() {
            Some(class) => class,
            None => not_made(),
        }
    }

    /// The exception with this Python name.
    pub fn from_name(name: &str) -> Option<Exc> {
        Exc::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// The family: its own or that of the nearest base that has one.
    pub const fn family(self) -> Family {
        let mut current = self;
        loop {
            if let Some(family) = current.own_family() {
                return family;
            }
            match current.base() {
                Some(base) => current = base,
                None => return Family::Base,
            }
        }
    }

    /// True if this is `other` or derived from it.
    pub const fn is_derived(self, other: Exc) -> bool {
        let mut current = self;
        loop {
            if current as u8 == other as u8 {
                return true;
            }
            match current.base() {
                Some(base) => current = base,
                None => return false,
            }
        }
    }
}

#[cold]
fn not_made() -> ! {
    unreachable!("the exception classes are made before anything is raised")
}

static MADE: AtomicBool = AtomicBool::new(false);

/// Makes the classes; later calls change nothing.
pub fn initialise(th: &mut Thread) {
    // AcqRel pairs with itself: whoever comes second sees that the first began; start-up is on one thread.
    if MADE.swap(true, Ordering::AcqRel) {
        return;
    }
    for &exc in Exc::ALL {
        let cell = &CELLS[exc as usize];
        match exc.base() {
            None => {
                let class = BaseException::class(th);
                cell.set(class);
            }
            Some(base) => {
                native::make_with(th, &DEFINITIONS[exc as usize], cell, Some(base.class()));
            }
        }
    }
    derive_from_exception(th);
}

/// `ExceptionGroup` has a second base, `Exception`.
fn derive_from_exception(th: &mut Thread) {
    let (group, base, exception) =
        (Exc::ExceptionGroup.class(), Exc::BaseExceptionGroup.class(), Exc::Exception.class());
    group.payload.bases.publish(th, Box::new([base, exception]));
    let tail: Vec<Class> = exception.payload.mro.get(th).to_vec();
    let order = [group, base].into_iter().chain(tail).collect();
    group.payload.mro.publish(th, order);
    exception.payload.subclasses.lock().push(group);
    special::refresh(th, group);
}

/// Adds the classes to the dict of module `builtins`.
pub fn publish(th: &mut Thread, builtins: &Obj<Dict>) -> PyResult<()> {
    let names = Exc::ALL.iter().map(|e| (e.name(), *e)).chain(ALIASES.iter().copied());
    for (name, exc) in names {
        let name = th.intern(name);
        let class = exc.class().value();
        if builtins.set_str(th, &name, class).is_err() {
            return Err(th.memory_error());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_come_first_and_families_are_inherited() {
        for (i, exc) in Exc::ALL.iter().enumerate() {
            assert_eq!(*exc as usize, i);
            assert!(exc.base().is_none_or(|b| (b as usize) < i), "{exc:?}");
            assert_eq!(Exc::from_name(exc.name()), Some(*exc));
        }
        assert_eq!(Exc::FileNotFoundError.family(), Family::Os);
        assert_eq!(Exc::TabError.family(), Family::Syntax);
        assert_eq!(Exc::ExceptionGroup.family(), Family::Group);
        assert_eq!(Exc::UnboundLocalError.family(), Family::Name);
        assert_eq!(Exc::UnicodeError.family(), Family::Base);
        assert!(
            Exc::BrokenPipeError.is_derived(Exc::OSError) && !Exc::OSError.is_derived(Exc::BrokenPipeError)
        );
        assert_eq!(Exc::from_name("NoSuchError"), None);
    }
}
