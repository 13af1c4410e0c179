//! Making values of the most used types.

use object_model::dict::Dict;
use object_model::string::intern;
use object_model::text::units::{OwnedUnits, Units};
use object_model::{Obj, Value};

use crate::prelude::*;

#[cold]
fn out_of_memory(size: usize) -> ! {
    let layout = std::alloc::Layout::from_size_align(size, 8).unwrap_or(std::alloc::Layout::new::<u8>());
    std::alloc::handle_alloc_error(layout)
}

impl Thread {
    /// A `str` with this text. For texts whose size the runtime bounds; user-sized ones go through [`Thread::units`].
    pub fn str(&self, text: &str) -> Value {
        let made = if text.is_ascii() {
            Obj::ascii(self, text)
        } else {
            Obj::from_units(self, builtin::STR, OwnedUnits::from_str(text).units())
        };
        match made {
            Ok(string) => string.into_value(),
            Err(_) => out_of_memory(text.len()),
        }
    }

    /// A `str` with these characters.
    pub fn units(&mut self, units: Units<'_>) -> PyResult {
        match Obj::from_units(self, builtin::STR, units) {
            Ok(string) => Ok(string.into_value()),
            Err(_) => Err(self.memory_error()),
        }
    }

    /// The interned `str` with this text.
    pub fn intern(&self, text: &str) -> Obj<Str> {
        intern::intern_text(self, text)
    }

    /// The interned `str` equal to `string`.
    pub fn intern_obj(&self, string: &Obj<Str>) -> Obj<Str> {
        if string.header().shape_id() == builtin::STR {
            return intern::intern(self, string.clone());
        }
        match Obj::from_units(self, builtin::STR, string.units()) {
            Ok(copy) => intern::intern(self, copy),
            Err(_) => out_of_memory(string.raw().len()),
        }
    }

    /// A `bytes` with this content.
    pub fn bytes(&mut self, content: &[u8]) -> PyResult {
        match Obj::bytes(self, content) {
            Ok(bytes) => Ok(bytes.into_value()),
            Err(_) => Err(self.memory_error()),
        }
    }

    /// A `tuple` of these values. There is only one empty tuple.
    pub fn tuple(&self, items: Vec<Value>) -> Value {
        static EMPTY: OnceLock<Value> = OnceLock::new();
        if items.is_empty() {
            let make = || match Obj::from_vec(self, Vec::new()) {
                Ok(tuple) => {
                    tuple.header().make_immortal();
                    tuple.into_value()
                }
                Err(_) => out_of_memory(0),
            };
            return EMPTY.get_or_init(make).clone();
        }
        let size = items.len() * 8;
        match Obj::from_vec(self, items) {
            Ok(tuple) => tuple.into_value(),
            Err(_) => out_of_memory(size),
        }
    }

    /// A `list` of these values.
    pub fn list(&self, items: Vec<Value>) -> Value {
        Obj::list(self, items).into_value()
    }

    /// An empty `dict`.
    pub fn dict(&self) -> Obj<Dict> {
        Obj::dict(self)
    }
}
