//! What a pure algorithm answers instead of raising: the exception's type and its message.

use std::borrow::Cow;
use std::collections::TryReserveError;

/// The exception types that these algorithms ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Value,
    Type,
    Overflow,
    /// `OverflowError(34, 'Numerical result out of range')`: C's ERANGE with its number; the message is the second argument.
    Range,
    Memory,
    ZeroDivision,
}

/// An exception to be raised by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// The exception's only argument; empty for a `MemoryError`, which has none.
    pub message: Cow<'static, str>,
}

impl Fault {
    pub fn value(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { kind: FaultKind::Value, message: message.into() }
    }

    pub fn type_error(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { kind: FaultKind::Type, message: message.into() }
    }

    pub fn overflow(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { kind: FaultKind::Overflow, message: message.into() }
    }

    pub fn range() -> Fault {
        Fault { kind: FaultKind::Range, message: Cow::Borrowed("Numerical result out of range") }
    }

    pub fn zero_division(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { kind: FaultKind::ZeroDivision, message: message.into() }
    }

    pub fn memory() -> Fault {
        Fault { kind: FaultKind::Memory, message: Cow::Borrowed("") }
    }
}

impl From<TryReserveError> for Fault {
    fn from(_: TryReserveError) -> Fault {
        Fault::memory()
    }
}
