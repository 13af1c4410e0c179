//! Type codes: what the bytes of an item mean.

use vm::builtins::packing::{Item, Kind, StoreError};
use vm::object_model::text::units::OwnedUnits;
use vm::prelude::*;

/// A type code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Its letter.
    pub letter: u8,
    /// What numbers look like in memory; of characters, the unsigned number of the code point.
    item: Item,
}

/// All letters, in the order in which errors list them.
pub const LETTERS: &str = "buwBhHiIlLqQfd";

const LITTLE: bool = cfg!(target_endian = "little");

impl Code {
    /// The code of a letter.
    pub fn of(letter: u8) -> Option<Code> {
        let item = match letter {
            b'u' | b'w' => Some(Item { kind: Kind::Unsigned, size: 4 }),
            b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'f' | b'd' => {
                Item::native(letter)
            }
            _ => None,
        };
        item.map(|item| Code { letter, item })
    }

    /// Bytes of an item.
    pub fn size(self) -> usize {
        self.item.size
    }

    /// True if items are characters.
    pub fn is_text(self) -> bool {
        matches!(self.letter, b'u' | b'w')
    }

    /// The format of a memoryview.
    pub fn format(self) -> String {
        char::from(self.letter).to_string()
    }

    /// The value of an item.
    pub fn load(self, th: &mut Thread, bytes: &[u8]) -> PyResult {
        if !self.is_text() {
            return self.item.load(th, bytes, LITTLE);
        }
        let point = bytes.try_into().map(u32::from_ne_bytes).unwrap_or(0);
        if point > 0x10_ffff {
            return Err(
                th.value_error(format_args!("character U+{point:x} is not in range [U+0000; U+10ffff]"))
            );
        }
        th.units(OwnedUnits::from_iter([point]).units())
    }

    fn range_message(self, too_small: bool) -> String {
        let name = match self.letter {
            b'b' => "signed char",
            b'B' => "unsigned byte integer",
            b'h' => "signed short integer",
            b'H' => "unsigned short",
            b'i' => "signed integer",
            b'I' => "unsigned int",
            b'l' | b'q' => return "Python int too large to convert to C long".into(),
            _ => {
                return if too_small {
                    "can't convert negative value to unsigned int".into()
                } else {
                    "Python int too large to convert to C unsigned long".into()
                };
            }
        };
        format!("{name} is {}", if too_small { "less than minimum" } else { "greater than maximum" })
    }

    /// The bytes of a value.
    pub fn store(self, th: &mut Thread, value: &Value) -> PyResult<Vec<u8>> {
        let mut bytes = vec![0; self.item.size];
        if self.is_text() {
            let Some(text) = th.as_str(value) else {
                let found = vm::class::full_name(th, th.type_of(value));
                return Err(
                    th.type_error(format_args!("array item must be a unicode character, not {found}"))
                );
            };
            let length = text.len();
            if length != 1 {
                return Err(th.type_error(format_args!(
                    "array item must be a unicode character, not a string of length {length}"
                )));
            }
            bytes.copy_from_slice(&text.units().get(0).to_ne_bytes());
            return Ok(bytes);
        }
        match self.item.store(th, value, &mut bytes, LITTLE) {
            Ok(()) => Ok(bytes),
            Err(StoreError::Raised(raised)) => Err(raised),
            Err(StoreError::Type) if self.item.kind == Kind::Float => {
                let found = th.type_name(value);
                Err(th.type_error(format_args!("must be real number, not {found}")))
            }
            Err(StoreError::Type) => {
                let found = th.type_name(value);
                Err(th.type_error(format_args!("'{found}' object cannot be interpreted as an integer")))
            }
            Err(StoreError::Range) if self.item.kind == Kind::Float => {
                // A double beyond a float is an infinite one.
                let number = th.to_f64(value)? as f32;
                bytes.copy_from_slice(&number.to_ne_bytes());
                Ok(bytes)
            }
            Err(StoreError::Range) => {
                let zero = th.int(0);
                let number = th.to_index(value)?;
                let negative = th.compare(&number, &zero, CompareOp::Lt)?;
                let negative = th.is_true(&negative)?;
                let message = self.range_message(negative);
                Err(th.overflow_error(message))
            }
        }
    }
}
