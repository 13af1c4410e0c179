//! The values that are one of a kind, and the internal marks that share their encoding.

use super::Value;

const fn special(n: u64) -> u64 {
    n << 3 | 2
}

/// `None`
pub const NONE: u64 = special(0);
/// `False`; `TRUE` differs in one bit.
pub const FALSE: u64 = special(2);
/// `True`
pub const TRUE: u64 = special(3);
/// `Ellipsis`
pub const ELLIPSIS: u64 = special(4);
/// `NotImplemented`
pub const NOT_IMPLEMENTED: u64 = special(5);
/// Internal: no value here. Never reaches Python code.
pub const UNBOUND: u64 = special(6);
/// Internal: this iteration's registers hold (next, stop) of a range with step 1.
pub const RANGE_MARK: u64 = special(8);
/// Internal: this iteration's registers hold (list, next index).
pub const LIST_MARK: u64 = special(9);
/// Internal: this iteration's registers hold (tuple, next index).
pub const TUPLE_MARK: u64 = special(10);
/// Internal: this iteration's registers hold (step, stop) of a range whose next is in … the general case.
pub const STEP_MARK: u64 = special(11);

impl Value {
    /// `None`
    // SAFETY: a special word is a valid encoding.
    pub const NONE: Value = unsafe { Value::from_word(NONE) };
    /// `True`
    // SAFETY: as above.
    pub const TRUE: Value = unsafe { Value::from_word(TRUE) };
    /// `False`
    // SAFETY: as above.
    pub const FALSE: Value = unsafe { Value::from_word(FALSE) };
    /// `Ellipsis`
    // SAFETY: as above.
    pub const ELLIPSIS: Value = unsafe { Value::from_word(ELLIPSIS) };
    /// `NotImplemented`
    // SAFETY: as above.
    pub const NOT_IMPLEMENTED: Value = unsafe { Value::from_word(NOT_IMPLEMENTED) };
    /// No value (internal).
    // SAFETY: as above.
    pub const UNBOUND: Value = unsafe { Value::from_word(UNBOUND) };

    /// `True` or `False`.
    #[inline(always)]
    pub const fn bool(b: bool) -> Value {
        // SAFETY: TRUE is FALSE with one more bit; both are valid encodings.
        unsafe { Value::from_word(FALSE | (b as u64) << 3) }
    }

    /// `self is None`
    #[inline(always)]
    pub const fn is_none(&self) -> bool {
        self.word() == NONE
    }

    /// True if no value is here (internal).
    #[inline(always)]
    pub const fn is_unbound(&self) -> bool {
        self.word() == UNBOUND
    }

    /// The truth value, if this is `True` or `False`.
    #[inline(always)]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.word() {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        }
    }
}
