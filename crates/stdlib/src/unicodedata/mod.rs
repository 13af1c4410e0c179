//! `unicodedata`: the Unicode character database.
//!
//! Names are `object_model::text::names`. Not here: named sequences, which `lookup` does not know.

mod database;
mod normal;

use database::Version;
use normal::Form;
use vm::object_model::text::units::OwnedUnits;
use vm::object_model::text::{classify, names};
use vm::prelude::*;

/// The database as it was in Unicode 3.2.0.
#[pyclass(name = "UCD", module = "unicodedata", no_new)]
pub struct Ucd;

const HANGUL: [(&str, [&str; 28]); 3] = [
    (
        "lead",
        [
            "G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P",
            "H", "", "", "", "", "", "", "", "", "",
        ],
    ),
    (
        "vowel",
        [
            "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE",
            "WI", "YU", "EU", "YI", "I", "", "", "", "", "", "", "",
        ],
    ),
    (
        "tail",
        [
            "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M",
            "B", "BS", "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
        ],
    ),
];

fn name_of(point: u32) -> Option<String> {
    if (0xac00..0xac00 + 11172).contains(&point) {
        let index = (point - 0xac00) as usize;
        let [lead, vowel, tail] = HANGUL;
        let text = [lead.1[index / 588], vowel.1[index % 588 / 28], tail.1[index % 28]].concat();
        return Some(format!("HANGUL SYLLABLE {text}"));
    }
    names::name(point)
}

/// The one character of an argument.
fn character(th: &mut Thread, value: &Value, function: &str, only: bool) -> PyResult<u32> {
    let argument = if only { "argument".to_string() } else { "argument 1".to_string() };
    let Some(text) = th.as_str(value) else {
        let found = if value.is_none() { "None".to_string() } else { th.type_name(value) };
        return Err(
            th.type_error(format_args!("{function}() {argument} must be a unicode character, not {found}"))
        );
    };
    let length = text.len();
    if length != 1 {
        return Err(th.type_error(format_args!(
            "{function}(): {argument} must be a unicode character, not a string of length {length}"
        )));
    }
    Ok(text.units().get(0))
}

fn or_default(th: &mut Thread, default: Option<&Value>, message: &str) -> PyResult {
    match default {
        Some(default) => Ok(default.clone()),
        None => Err(th.value_error(message)),
    }
}

fn decimal(th: &mut Thread, db: &Version, chr: &Value, default: Option<&Value>) -> PyResult {
    let point = character(th, chr, "decimal", false)?;
    let known = db.record(point).category() != "Cn";
    match db.decimal(point).unwrap_or_else(|| classify::decimal_value(point).filter(|_| known)) {
        Some(value) => Ok(th.int(value.into())),
        None => or_default(th, default, "not a decimal"),
    }
}

fn digit(th: &mut Thread, db: &Version, chr: &Value, default: Option<&Value>) -> PyResult {
    let point = character(th, chr, "digit", false)?;
    match db.digit(point).unwrap_or_else(|| classify::digit_value(point)) {
        Some(value) => Ok(th.int(value.into())),
        None => or_default(th, default, "not a digit"),
    }
}

fn numeric(th: &mut Thread, db: &Version, chr: &Value, default: Option<&Value>) -> PyResult {
    let point = character(th, chr, "numeric", false)?;
    match db.numeric(point) {
        Some((numerator, denominator)) => Ok(th.float(numerator / f64::from(denominator))),
        None => or_default(th, default, "not a numeric character"),
    }
}

fn name(th: &mut Thread, db: &Version, chr: &Value, default: Option<&Value>) -> PyResult {
    let point = character(th, chr, "name", false)?;
    let known = db.record(point).category() != "Cn";
    match name_of(point).filter(|_| known) {
        Some(name) => Ok(th.str(&name)),
        None => or_default(th, default, "no such name"),
    }
}

fn lookup(th: &mut Thread, db: &Version, name: &Value) -> PyResult {
    let text = match th.as_str(name) {
        Some(text) => text.units().to_str_lossy().into_owned(),
        None if th.downcast::<Bytes>(name).is_some() => {
            String::from_utf8_lossy(&th.buffer_to_vec(name)?).into_owned()
        }
        None => {
            let found = th.type_name(name);
            return Err(th.type_error(format_args!(
                "lookup() argument must be a read-only bytes-like object, not {found}"
            )));
        }
    };
    if text.len() > 256 {
        let message = th.str("name too long");
        return Err(th.key_error(message));
    }
    let found = names::lookup(&text).filter(|point| {
        // Names that are made of a code point must be written just so.
        let written = text.to_ascii_uppercase();
        let made = ["HANGUL SYLLABLE", "CJK ", "TANGUT IDEOGRAPH", "NUSHU", "KHITAN"];
        let exact = !made.iter().any(|start| written.starts_with(start)) || name_of(*point) == Some(written);
        exact && db.record(*point).category() != "Cn"
    });
    match found {
        Some(point) => th.units(OwnedUnits::from_iter([point]).units()),
        None => {
            let message = th.str(&format!("undefined character name '{text}'"));
            Err(th.key_error(message))
        }
    }
}

fn decomposition(th: &mut Thread, db: &Version, chr: &Value) -> PyResult<String> {
    let point = character(th, chr, "decomposition", true)?;
    if normal::hangul(point).is_some() {
        let parts = normal::normalize(db, Form::DECOMPOSED, [point].into_iter());
        let texts: Vec<String> = parts.iter().map(|part| format!("{part:04X}")).collect();
        return Ok(texts.join(" "));
    }
    Ok(db.decomposition(point).map(|parts| parts.text()).unwrap_or_default())
}

fn form_of(th: &mut Thread, form: &str) -> PyResult<Form> {
    Form::parse(form).ok_or_else(|| th.value_error("invalid normalization form"))
}

fn normalize(th: &mut Thread, db: &Version, form: &str, unistr: &Obj<Str>) -> PyResult {
    let form = form_of(th, form)?;
    if unistr.as_ascii().is_some() {
        let exact = th.exact::<Str>(unistr.as_value()).is_some();
        return if exact { Ok(unistr.as_value().clone()) } else { th.units(unistr.units()) };
    }
    let points = normal::normalize(db, form, unistr.units().iter());
    th.units(OwnedUnits::from_iter(points).units())
}

fn is_normalized(th: &mut Thread, db: &Version, form: &str, unistr: &Obj<Str>) -> PyResult<bool> {
    let form = form_of(th, form)?;
    if unistr.as_ascii().is_some() {
        return Ok(true);
    }
    Ok(normal::normalize(db, form, unistr.units().iter()).into_iter().eq(unistr.units().iter()))
}

#[pymethods]
impl Ucd {
    /// Converts a Unicode character into its equivalent decimal value.
    #[signature("(chr, default=<unrepresentable>, /)")]
    fn decimal(&self, th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        decimal(th, database::old(), chr, default)
    }

    /// Converts a Unicode character into its equivalent digit value.
    #[signature("(chr, default=<unrepresentable>, /)")]
    fn digit(&self, th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        digit(th, database::old(), chr, default)
    }

    /// Converts a Unicode character into its equivalent numeric value.
    #[signature("(chr, default=<unrepresentable>, /)")]
    fn numeric(&self, th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        numeric(th, database::old(), chr, default)
    }

    /// Returns the general category assigned to the character chr as string.
    #[signature("(chr, /)")]
    fn category(&self, th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::old().record(character(th, chr, "category", true)?).category())
    }

    /// Returns the bidirectional class assigned to the character chr as string.
    #[signature("(chr, /)")]
    fn bidirectional(&self, th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::old().record(character(th, chr, "bidirectional", true)?).bidirectional())
    }

    /// Returns the canonical combining class assigned to the character chr as integer.
    #[signature("(chr, /)")]
    fn combining(&self, th: &mut Thread, chr: &Value) -> PyResult<i64> {
        Ok(database::old().record(character(th, chr, "combining", true)?).combining.into())
    }

    /// Returns the mirrored property assigned to the character chr as integer.
    #[signature("(chr, /)")]
    fn mirrored(&self, th: &mut Thread, chr: &Value) -> PyResult<i64> {
        Ok(database::old().record(character(th, chr, "mirrored", true)?).mirrored().into())
    }

    /// Returns the east asian width assigned to the character chr as string.
    #[signature("(chr, /)")]
    fn east_asian_width(&self, th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::old().record(character(th, chr, "east_asian_width", true)?).width())
    }

    /// Returns the character decomposition mapping assigned to the character chr as string.
    #[signature("(chr, /)")]
    fn decomposition(&self, th: &mut Thread, chr: &Value) -> PyResult<String> {
        decomposition(th, database::old(), chr)
    }

    /// Return whether the Unicode string unistr is in the normal form 'form'.
    #[signature("(form, unistr, /)")]
    fn is_normalized(&self, th: &mut Thread, form: String, unistr: &Obj<Str>) -> PyResult<bool> {
        is_normalized(th, database::old(), &form, unistr)
    }

    /// Return the normal form 'form' for the Unicode string unistr.
    #[signature("(form, unistr, /)")]
    fn normalize(&self, th: &mut Thread, form: String, unistr: &Obj<Str>) -> PyResult {
        normalize(th, database::old(), &form, unistr)
    }

    /// Returns the name assigned to the character chr as a string.
    #[signature("(chr, default=<unrepresentable>, /)")]
    fn name(&self, th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        name(th, database::old(), chr, default)
    }

    /// Look up character by name.
    #[signature("(name, /)")]
    fn lookup(&self, th: &mut Thread, name: &Value) -> PyResult {
        lookup(th, database::old(), name)
    }

    #[getter]
    fn unidata_version(&self) -> &'static str {
        database::old().name
    }
}

/// The module.
#[pymodule(name = "unicodedata", classes = [super::Ucd])]
pub mod module {
    use super::{Ucd, character, database};
    use vm::prelude::*;

    /// Converts a Unicode character into its equivalent decimal value.
    #[pyfunction(signature = "(chr, default=<unrepresentable>, /)")]
    fn decimal(th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        super::decimal(th, database::current(), chr, default)
    }

    /// Converts a Unicode character into its equivalent digit value.
    #[pyfunction(signature = "(chr, default=<unrepresentable>, /)")]
    fn digit(th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        super::digit(th, database::current(), chr, default)
    }

    /// Converts a Unicode character into its equivalent numeric value.
    #[pyfunction(signature = "(chr, default=<unrepresentable>, /)")]
    fn numeric(th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        super::numeric(th, database::current(), chr, default)
    }

    /// Returns the general category assigned to the character chr as string.
    #[pyfunction(signature = "(chr, /)")]
    fn category(th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::current().record(character(th, chr, "category", true)?).category())
    }

    /// Returns the bidirectional class assigned to the character chr as string.
    #[pyfunction(signature = "(chr, /)")]
    fn bidirectional(th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::current().record(character(th, chr, "bidirectional", true)?).bidirectional())
    }

    /// Returns the canonical combining class assigned to the character chr as integer.
    #[pyfunction(signature = "(chr, /)")]
    fn combining(th: &mut Thread, chr: &Value) -> PyResult<i64> {
        Ok(database::current().record(character(th, chr, "combining", true)?).combining.into())
    }

    /// Returns the mirrored property assigned to the character chr as integer.
    #[pyfunction(signature = "(chr, /)")]
    fn mirrored(th: &mut Thread, chr: &Value) -> PyResult<i64> {
        Ok(database::current().record(character(th, chr, "mirrored", true)?).mirrored().into())
    }

    /// Returns the east asian width assigned to the character chr as string.
    #[pyfunction(signature = "(chr, /)")]
    fn east_asian_width(th: &mut Thread, chr: &Value) -> PyResult<&'static str> {
        Ok(database::current().record(character(th, chr, "east_asian_width", true)?).width())
    }

    /// Returns the character decomposition mapping assigned to the character chr as string.
    #[pyfunction(signature = "(chr, /)")]
    fn decomposition(th: &mut Thread, chr: &Value) -> PyResult<String> {
        super::decomposition(th, database::current(), chr)
    }

    /// Return whether the Unicode string unistr is in the normal form 'form'.
    #[pyfunction(signature = "(form, unistr, /)")]
    fn is_normalized(th: &mut Thread, form: String, unistr: &Obj<Str>) -> PyResult<bool> {
        super::is_normalized(th, database::current(), &form, unistr)
    }

    /// Return the normal form 'form' for the Unicode string unistr.
    #[pyfunction(signature = "(form, unistr, /)")]
    fn normalize(th: &mut Thread, form: String, unistr: &Obj<Str>) -> PyResult {
        super::normalize(th, database::current(), &form, unistr)
    }

    /// Returns the name assigned to the character chr as a string.
    #[pyfunction(signature = "(chr, default=<unrepresentable>, /)")]
    fn name(th: &mut Thread, chr: &Value, default: Option<&Value>) -> PyResult {
        super::name(th, database::current(), chr, default)
    }

    /// Look up character by name.
    #[pyfunction(signature = "(name, /)")]
    fn lookup(th: &mut Thread, name: &Value) -> PyResult {
        super::lookup(th, database::current(), name)
    }

    #[pyattr]
    fn unidata_version() -> &'static str {
        "16.0.0"
    }

    #[pyattr]
    fn ucd_3_2_0(th: &mut Thread) -> Value {
        Ucd::new_object(th, Ucd).into_value()
    }
}
