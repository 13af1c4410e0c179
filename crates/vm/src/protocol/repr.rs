//! `repr`, `str` and `ascii` of any object, and the guard of containers that contain themselves.

use object_model::text::repr::ascii_of_repr;

use crate::builtins::int::{as_exact_int, to_text};
use crate::builtins::str::of_owned;
use crate::class::exact_str;
use crate::names::Special;
use crate::prelude::*;

impl Thread {
    /// The result of `__repr__` or `__str__` as a string.
    fn checked_text(&mut self, result: Value, method: &str) -> PyResult<Obj<Str>> {
        match self.as_str(&result) {
            Some(text) => Ok(text.clone()),
            None => {
                let found = self.type_name(&result);
                Err(self.type_error(format_args!("{method} returned non-string (type {found})")))
            }
        }
    }

    /// `repr(value)`
    pub fn repr(&mut self, value: &Value) -> PyResult<Obj<Str>> {
        if value.as_bool().is_none()
            && let Some(number) = as_exact_int(value)
        {
            let text = to_text(self, number)?;
            let text = self.str(&text);
            return self.checked_text(text, "__repr__");
        }
        self.check_native_stack()?;
        match self.call_special(value, Special::Repr, &[])? {
            Some(text) => self.checked_text(text, "__repr__"),
            None => {
                let name = self.type_name(value);
                let text = self.str(&format!("<{name} object at {:#x}>", value.word()));
                self.checked_text(text, "__repr__")
            }
        }
    }

    /// `str(value)`: exactly a `str` or of a subclass, as `__str__` answers.
    pub fn str_of(&mut self, value: &Value) -> PyResult<Obj<Str>> {
        if let Some(text) = exact_str(value) {
            return Ok(text.clone());
        }
        if as_exact_int(value).is_some() {
            return self.repr(value);
        }
        self.check_native_stack()?;
        match self.call_special(value, Special::Str, &[])? {
            Some(text) => self.checked_text(text, "__str__"),
            None => self.repr(value),
        }
    }

    /// `ascii(value)`
    pub fn ascii(&mut self, value: &Value) -> PyResult<Obj<Str>> {
        let text = self.repr(value)?;
        if text.as_ascii().is_some() {
            return Ok(text);
        }
        let escaped = of_owned(self, &ascii_of_repr(text.units()))?;
        self.checked_text(escaped, "__repr__")
    }

    /// Notes that the repr of `value` begins; false if it is in progress already, and then it is not to be left.
    pub fn enter_repr(&mut self, value: &Value) -> bool {
        let word = value.word();
        if self.reprs.contains(&word) {
            return false;
        }
        self.reprs.push(word);
        true
    }

    /// Notes that the repr of `value`, entered before, is done.
    pub fn leave_repr(&mut self, value: &Value) {
        let word = value.word();
        if let Some(at) = self.reprs.iter().rposition(|w| *w == word) {
            self.reprs.remove(at);
        }
    }
}
