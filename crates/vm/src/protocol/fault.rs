//! Exceptions that the pure algorithms of `object_model` ask for.

use object_model::number::{Fault, FaultKind};
use object_model::string::OutOfMemory;

use crate::error::{PyResult, Raised};
use crate::exceptions::Exc;
use crate::thread::Thread;

impl Thread {
    /// Raises what a pure algorithm answered.
    #[cold]
    pub fn fault(&mut self, fault: Fault) -> Raised {
        let message = fault.message;
        match fault.kind {
            FaultKind::Value => self.value_error(message),
            FaultKind::Type => self.type_error(message),
            FaultKind::Overflow => self.overflow_error(message),
            FaultKind::Range => {
                let args = vec![self.int(libc::ERANGE.into()), self.str(&message)];
                self.raise_args(Exc::OverflowError, args)
            }
            FaultKind::Memory => self.memory_error(),
            FaultKind::ZeroDivision => self.zero_division_error(message),
        }
    }

    /// The result of a pure algorithm, its fault raised.
    #[inline]
    pub fn check<T>(&mut self, result: Result<T, Fault>) -> PyResult<T> {
        result.map_err(|fault| self.fault(fault))
    }

    /// The result of an allocation, its failure raised.
    #[inline]
    pub fn check_memory<T>(&mut self, result: Result<T, OutOfMemory>) -> PyResult<T> {
        result.map_err(|_| self.memory_error())
    }
}
