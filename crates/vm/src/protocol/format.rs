//! `format(value, spec)`.

use object_model::number::{Fault, float};
use object_model::text::OwnedUnits;
use object_model::text::format_spec::{format_float, format_int, format_str};

use crate::builtins::float::as_exact_float;
use crate::builtins::int::{as_exact_int, max_str_digits};
use crate::builtins::str::of_owned;
use crate::class::exact_str;
use crate::names::Special;
use crate::prelude::*;

impl Thread {
    fn formatted(&mut self, result: Result<OwnedUnits, Fault>) -> PyResult<Obj<Str>> {
        let units = self.check(result)?;
        let text = of_owned(self, &units)?;
        self.format_result(text)
    }

    fn format_result(&mut self, text: Value) -> PyResult<Obj<Str>> {
        match self.as_str(&text) {
            Some(text) => Ok(text.clone()),
            None => {
                let found = self.type_name(&text);
                Err(self.type_error(format_args!("__format__ must return a str, not {found}")))
            }
        }
    }

    /// `format(value, spec)`
    pub fn format(&mut self, value: &Value, spec: &Obj<Str>) -> PyResult<Obj<Str>> {
        if spec.len() == 0 {
            if let Some(text) = exact_str(value) {
                return Ok(text.clone());
            }
            if as_exact_int(value).is_some() {
                return self.repr(value);
            }
            if let Some(x) = as_exact_float(value) {
                let text = self.str(&float::format::repr(x));
                return self.format_result(text);
            }
        } else if let Some(text) = exact_str(value) {
            return self.formatted(format_str(text.units(), spec.units(), "str"));
        } else if let Some(number) = as_exact_int(value) {
            return self.formatted(format_int(number, spec.units(), "int", max_str_digits()));
        } else if let Some(x) = as_exact_float(value) {
            return self.formatted(format_float(x, spec.units(), "float"));
        }
        self.check_native_stack()?;
        match self.call_special(value, Special::Format, &[spec.as_value()])? {
            Some(text) => self.format_result(text),
            None => {
                let name = self.type_name(value);
                Err(self.type_error(format_args!("Type {name} doesn't define __format__")))
            }
        }
    }
}
