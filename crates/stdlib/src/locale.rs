//! The module `_locale`, over the C library's locale.

use std::ffi::{CStr, CString};

use vm::prelude::*;

use crate::os_text;

/// The encoding of the current locale (`locale.getencoding()`).
pub fn encoding_name() -> String {
    // SAFETY: the answer is a terminated string that stays until the next call; it is copied at once.
    let name = unsafe {
        let text = libc::nl_langinfo(libc::CODESET);
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    };
    // A locale that names nothing, and "C" before any was chosen, mean UTF-8 as under PEP 538 and 540.
    if name.is_empty() || name == "ANSI_X3.4-1968" { "UTF-8".to_string() } else { name }
}

/// Chooses the locale that the environment names for characters, as at start-up.
pub fn choose_character_type() {
    // SAFETY: a terminated constant; called before other threads run.
    unsafe { libc::setlocale(libc::LC_CTYPE, c"".as_ptr()) };
}

/// A text of the C library.
///
/// # Safety
/// `text` must be null or terminated, and stay while this runs.
unsafe fn text(th: &mut Thread, text: *const libc::c_char) -> PyResult {
    if text.is_null() {
        return Ok(th.str(""));
    }
    // SAFETY: the caller's word.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes().to_vec();
    os_text::decode(th, &bytes)
}

fn error(th: &mut Thread, message: &str) -> Raised {
    let made = crate::support::import_attr(th, "_locale", "Error").and_then(|class| {
        let message = th.str(message);
        th.call(&class, &[message])
    });
    match made {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

fn c_text(th: &mut Thread, value: &Value) -> PyResult<CString> {
    let bytes = os_text::encode(th, value)?;
    CString::new(bytes).map_err(|_| th.value_error("embedded null character"))
}

/// The list of group sizes in `localeconv()`.
///
/// # Safety
/// As [`text`].
unsafe fn grouping(th: &mut Thread, sizes: *const libc::c_char) -> Value {
    if sizes.is_null() {
        return th.list(Vec::new());
    }
    // SAFETY: the caller's word.
    let bytes = unsafe { CStr::from_ptr(sizes) }.to_bytes();
    let mut list: Vec<Value> = bytes.iter().map(|b| th.int((*b).into())).collect();
    if !list.is_empty() && !bytes.contains(&(libc::c_char::MAX as u8)) {
        list.push(th.int(0));
    }
    th.list(list)
}

#[pymodule(name = "_locale", doc = "Support for POSIX locales.")]
pub mod module {
    use super::*;

    #[pyattr]
    const LC_CTYPE: i32 = libc::LC_CTYPE;
    #[pyattr]
    const LC_TIME: i32 = libc::LC_TIME;
    #[pyattr]
    const LC_COLLATE: i32 = libc::LC_COLLATE;
    #[pyattr]
    const LC_MONETARY: i32 = libc::LC_MONETARY;
    #[pyattr]
    const LC_MESSAGES: i32 = libc::LC_MESSAGES;
    #[pyattr]
    const LC_NUMERIC: i32 = libc::LC_NUMERIC;
    #[pyattr]
    const LC_ALL: i32 = libc::LC_ALL;
    #[pyattr]
    const CHAR_MAX: i32 = libc::c_char::MAX as i32;
    #[pyattr]
    const CODESET: i32 = libc::CODESET;
    #[pyattr]
    const D_T_FMT: i32 = libc::D_T_FMT;
    #[pyattr]
    const D_FMT: i32 = libc::D_FMT;
    #[pyattr]
    const T_FMT: i32 = libc::T_FMT;
    #[pyattr]
    const T_FMT_AMPM: i32 = libc::T_FMT_AMPM;
    #[pyattr]
    const AM_STR: i32 = libc::AM_STR;
    #[pyattr]
    const PM_STR: i32 = libc::PM_STR;
    #[pyattr]
    const RADIXCHAR: i32 = libc::RADIXCHAR;
    #[pyattr]
    const THOUSEP: i32 = libc::THOUSEP;
    #[pyattr]
    const YESEXPR: i32 = libc::YESEXPR;
    #[pyattr]
    const NOEXPR: i32 = libc::NOEXPR;
    #[pyattr]
    const CRNCYSTR: i32 = libc::CRNCYSTR;
    #[pyattr]
    const ERA: i32 = libc::ERA;
    #[pyattr]
    const ERA_D_FMT: i32 = libc::ERA_D_FMT;
    #[pyattr]
    const ERA_D_T_FMT: i32 = libc::ERA_D_T_FMT;
    #[pyattr]
    const ERA_T_FMT: i32 = libc::ERA_T_FMT;
    #[pyattr]
    const ALT_DIGITS: i32 = libc::ALT_DIGITS;

    /// Activates/queries locale processing.
    #[pyfunction(signature = "(category, locale=None, /)")]
    fn setlocale(th: &mut Thread, category: i32, locale: Option<&Value>) -> PyResult {
        let name = match locale.filter(|l| !l.is_none()) {
            Some(locale) => Some(c_text(th, locale)?),
            None => None,
        };
        let pointer = name.as_ref().map_or(std::ptr::null(), |n| n.as_ptr());
        // SAFETY: null or a terminated name.
        let answer = unsafe { libc::setlocale(category, pointer) };
        if answer.is_null() {
            let what = if name.is_some() { "unsupported locale setting" } else { "locale query failed" };
            return Err(error(th, what));
        }
        // SAFETY: a terminated string of the C library, copied before the next call.
        unsafe { text(th, answer) }
    }

    /// Returns numeric and monetary locale-specific parameters.
    #[pyfunction]
    fn localeconv(th: &mut Thread) -> PyResult {
        // SAFETY: the C library answers a structure of its own that stays until the next call.
        let conventions = unsafe { &*libc::localeconv() };
        let dict = th.dict();
        let mut entries: Vec<(&str, Value)> = Vec::new();
        let texts = [
            ("decimal_point", conventions.decimal_point),
            ("thousands_sep", conventions.thousands_sep),
            ("int_curr_symbol", conventions.int_curr_symbol),
            ("currency_symbol", conventions.currency_symbol),
            ("mon_decimal_point", conventions.mon_decimal_point),
            ("mon_thousands_sep", conventions.mon_thousands_sep),
            ("positive_sign", conventions.positive_sign),
            ("negative_sign", conventions.negative_sign),
        ];
        for (name, value) in texts {
            // SAFETY: the fields are null or terminated strings.
            entries.push((name, unsafe { text(th, value) }?));
        }
        for (name, value) in [("grouping", conventions.grouping), ("mon_grouping", conventions.mon_grouping)]
        {
            // SAFETY: as above.
            entries.push((name, unsafe { grouping(th, value) }));
        }
        let numbers = [
            ("int_frac_digits", conventions.int_frac_digits),
            ("frac_digits", conventions.frac_digits),
            ("p_cs_precedes", conventions.p_cs_precedes),
            ("p_sep_by_space", conventions.p_sep_by_space),
            ("n_cs_precedes", conventions.n_cs_precedes),
            ("n_sep_by_space", conventions.n_sep_by_space),
            ("p_sign_posn", conventions.p_sign_posn),
            ("n_sign_posn", conventions.n_sign_posn),
        ];
        entries.extend(numbers.map(|(name, value)| (name, th.int(value.into()))));
        for (name, value) in entries {
            let name = th.intern(name);
            if dict.set_str(th, &name, value).is_err() {
                return Err(th.memory_error());
            }
        }
        Ok(dict.into_value())
    }

    /// Compares two strings according to the locale.
    #[pyfunction]
    fn strcoll(th: &mut Thread, os1: &Value, os2: &Value) -> PyResult<i32> {
        let (a, b) = (c_text(th, os1)?, c_text(th, os2)?);
        // SAFETY: two terminated strings.
        Ok(unsafe { libc::strcoll(a.as_ptr(), b.as_ptr()) })
    }

    /// Return a string that can be used as a key for locale-aware comparisons.
    #[pyfunction]
    fn strxfrm(th: &mut Thread, string: &Value) -> PyResult {
        let source = c_text(th, string)?;
        let mut key = vec![0_u8; source.as_bytes().len() * 4 + 64];
        loop {
            // SAFETY: the buffer has the length that is told.
            let needed = unsafe { libc::strxfrm(key.as_mut_ptr().cast(), source.as_ptr(), key.len()) };
            if needed < key.len() {
                key.truncate(needed);
                return os_text::decode(th, &key);
            }
            key.resize(needed + 1, 0);
        }
    }

    /// Return the value for the locale information associated with key.
    #[pyfunction]
    fn nl_langinfo(th: &mut Thread, key: i32) -> PyResult {
        // SAFETY: any number is allowed; unknown ones answer an empty string, which is copied at once.
        unsafe { text(th, libc::nl_langinfo(key)) }
    }

    /// Get the current locale encoding.
    #[pyfunction]
    fn getencoding() -> String {
        encoding_name()
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let meta = <object_model::ty::Type as PyClass>::class(th).value();
        let bases = vec![Exc::Exception.class().value()];
        let (name, bases, namespace) = (th.str("Error"), th.tuple(bases), th.dict());
        let (key, owner) = (th.intern("__module__"), th.str("locale"));
        if namespace.set_str(th, &key, owner).is_err() {
            return Err(th.memory_error());
        }
        let class = th.call(&meta, &[name, bases, namespace.into_value()])?;
        crate::support::set_attr(th, module, "Error", &class)?;
        for (i, kind) in ["DAY", "ABDAY", "MON", "ABMON"].iter().enumerate() {
            let (first, count) = match i {
                0 => (libc::DAY_1, 7),
                1 => (libc::ABDAY_1, 7),
                2 => (libc::MON_1, 12),
                _ => (libc::ABMON_1, 12),
            };
            for number in 0..count {
                let value = th.int((first + number).into());
                crate::support::set_attr(th, module, &format!("{kind}_{}", number + 1), &value)?;
            }
        }
        Ok(())
    }
}
