//! Letter case, padding and predicates of `str`.

use object_model::text::case;
use object_model::text::units::{OwnedUnits, Units};

use super::{StrClass, exactly, of_owned, text_result};
use crate::prelude::*;

/// The fill character of `center`, `ljust` and `rjust`.
fn fill(th: &mut Thread, given: Option<&Value>) -> PyResult<u32> {
    let Some(given) = given else { return Ok(0x20) };
    match th.as_str(given) {
        Some(text) if text.len() == 1 => Ok(text.units().get(0)),
        Some(_) => Err(th.type_error("The fill character must be exactly one character long")),
        None => {
            let found = th.type_name(given);
            Err(th.type_error(format_args!("The fill character must be a unicode character, not {found}")))
        }
    }
}

fn changed(th: &mut Thread, this: &Obj<Str>, change: fn(Units<'_>) -> OwnedUnits) -> PyResult {
    let changed = change(this.units());
    of_owned(th, &changed)
}

#[pymethods(for = Str, part = "case")]
impl StrClass {
    /// Return a copy of the string converted to uppercase.
    fn upper(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::upper)
    }

    /// Return a copy of the string converted to lowercase.
    fn lower(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::lower)
    }

    /// Return a version of the string suitable for caseless comparisons.
    fn casefold(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::casefold)
    }

    /// Return a capitalized version of the string.
    ///
    /// More specifically, make the first character have upper case and the rest lower
    /// case.
    fn capitalize(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::capitalize)
    }

    /// Return a version of the string where each word is titlecased.
    ///
    /// More specifically, words start with uppercased characters and all remaining
    /// cased characters have lower case.
    fn title(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::title)
    }

    /// Convert uppercase characters to lowercase and lowercase characters to uppercase.
    fn swapcase(this: &Obj<Str>, th: &mut Thread) -> PyResult {
        changed(th, this, case::swapcase)
    }

    /// Return a copy where all tab characters are expanded using spaces.
    ///
    /// If tabsize is not given, a tab size of 8 characters is assumed.
    #[signature("(tabsize=8)")]
    fn expandtabs(this: &Obj<Str>, th: &mut Thread, tabsize: Option<i32>) -> PyResult {
        text_result(th, case::expandtabs(this.units(), tabsize.unwrap_or(8).into()))
    }

    /// Return a centered string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[signature("(width, fillchar=' ', /)")]
    fn center(this: &Obj<Str>, th: &mut Thread, width: i64, fillchar: Option<&Value>) -> PyResult {
        let fill = fill(th, fillchar)?;
        if width <= this.len() as i64 {
            return exactly(th, this);
        }
        text_result(th, case::center(this.units(), width, fill))
    }

    /// Return a left-justified string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[signature("(width, fillchar=' ', /)")]
    fn ljust(this: &Obj<Str>, th: &mut Thread, width: i64, fillchar: Option<&Value>) -> PyResult {
        let fill = fill(th, fillchar)?;
        if width <= this.len() as i64 {
            return exactly(th, this);
        }
        text_result(th, case::ljust(this.units(), width, fill))
    }

    /// Return a right-justified string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[signature("(width, fillchar=' ', /)")]
    fn rjust(this: &Obj<Str>, th: &mut Thread, width: i64, fillchar: Option<&Value>) -> PyResult {
        let fill = fill(th, fillchar)?;
        if width <= this.len() as i64 {
            return exactly(th, this);
        }
        text_result(th, case::rjust(this.units(), width, fill))
    }

    /// Pad a numeric string with zeros on the left, to fill a field of the given width.
    ///
    /// The string is never truncated.
    #[signature("(width, /)")]
    fn zfill(this: &Obj<Str>, th: &mut Thread, width: i64) -> PyResult {
        if width <= this.len() as i64 {
            return exactly(th, this);
        }
        text_result(th, case::zfill(this.units(), width))
    }

    /// Return True if all characters in the string are ASCII, False otherwise.
    ///
    /// ASCII characters have code points in the range U+0000-U+007F.
    /// Empty string is ASCII too.
    fn isascii(this: &Obj<Str>) -> bool {
        this.as_ascii().is_some()
    }

    /// Return True if the string is an alphabetic string, False otherwise.
    ///
    /// A string is alphabetic if all characters in the string are alphabetic and there
    /// is at least one character in the string.
    fn isalpha(this: &Obj<Str>) -> bool {
        this.units().isalpha()
    }

    /// Return True if the string is a decimal string, False otherwise.
    ///
    /// A string is a decimal string if all characters in the string are decimal and
    /// there is at least one character in the string.
    fn isdecimal(this: &Obj<Str>) -> bool {
        this.units().isdecimal()
    }

    /// Return True if the string is a digit string, False otherwise.
    ///
    /// A string is a digit string if all characters in the string are digits and there
    /// is at least one character in the string.
    fn isdigit(this: &Obj<Str>) -> bool {
        this.units().isdigit()
    }

    /// Return True if the string is a numeric string, False otherwise.
    ///
    /// A string is numeric if all characters in the string are numeric and there is at
    /// least one character in the string.
    fn isnumeric(this: &Obj<Str>) -> bool {
        this.units().isnumeric()
    }

    /// Return True if the string is an alpha-numeric string, False otherwise.
    ///
    /// A string is alpha-numeric if all characters in the string are alpha-numeric and
    /// there is at least one character in the string.
    fn isalnum(this: &Obj<Str>) -> bool {
        this.units().isalnum()
    }

    /// Return True if the string is a whitespace string, False otherwise.
    ///
    /// A string is whitespace if all characters in the string are whitespace and there
    /// is at least one character in the string.
    fn isspace(this: &Obj<Str>) -> bool {
        this.units().isspace()
    }

    /// Return True if all characters in the string are printable, False otherwise.
    ///
    /// A character is printable if repr() may use it in its output.
    fn isprintable(this: &Obj<Str>) -> bool {
        this.units().isprintable()
    }

    /// Return True if the string is a valid Python identifier, False otherwise.
    ///
    /// Call keyword.iskeyword(s) to test whether string s is a reserved identifier,
    /// such as "def" or "class".
    fn isidentifier(this: &Obj<Str>) -> bool {
        this.units().isidentifier()
    }

    /// Return True if the string is a lowercase string, False otherwise.
    ///
    /// A string is lowercase if all cased characters in the string are lowercase and
    /// there is at least one cased character in the string.
    fn islower(this: &Obj<Str>) -> bool {
        this.units().islower()
    }

    /// Return True if the string is an uppercase string, False otherwise.
    ///
    /// A string is uppercase if all cased characters in the string are uppercase and
    /// there is at least one cased character in the string.
    fn isupper(this: &Obj<Str>) -> bool {
        this.units().isupper()
    }

    /// Return True if the string is a title-cased string, False otherwise.
    ///
    /// In a title-cased string, upper- and title-case characters may only
    /// follow uncased characters and lowercase characters only cased ones.
    fn istitle(this: &Obj<Str>) -> bool {
        this.units().istitle()
    }
}
