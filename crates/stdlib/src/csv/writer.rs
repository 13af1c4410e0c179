//! Writing records.

use vm::object_model::text::units::OwnedUnits;
use vm::prelude::*;

use super::dialect::{Dialect, Quoting, Rules};

/// CSV writer
#[pyclass(name = "writer", module = "_csv", no_new)]
pub struct Writer {
    write: Value,
    dialect: Obj<Dialect>,
}

impl Writer {
    /// `csv.writer`
    pub fn make(th: &mut Thread, file: &Value, dialect: Obj<Dialect>) -> PyResult {
        let Some(write) = th.lookup_attr(file, "write")? else {
            return Err(th.type_error("argument 1 must have a \"write\" method"));
        };
        if !th.is_callable(&write) {
            return Err(th.type_error("argument 1 must have a \"write\" method"));
        }
        Ok(Writer::new_object(th, Writer { write, dialect }).into_value())
    }
}

/// A record that is being written.
struct Record<'r> {
    rules: &'r Rules,
    text: Vec<u32>,
    fields: usize,
}

impl Record<'_> {
    /// `field` is None for Python's None.
    fn append(&mut self, th: &mut Thread, field: Option<Vec<u32>>, mut quoted: bool) -> PyResult<()> {
        let rules = self.rules;
        let is_none = field.is_none();
        let field = field.unwrap_or_default();
        if field.is_empty() && rules.delimiter == 32 && rules.skipinitialspace {
            let unquotable = rules.quoting == Quoting::None
                || is_none && matches!(rules.quoting, Quoting::Strings | Quoting::NotNull);
            if unquotable {
                return Err(super::error(
                    th,
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true",
                ));
            }
            quoted = true;
        }
        let mut content = Vec::with_capacity(field.len());
        for c in field {
            let is_quote = Some(c) == rules.quotechar;
            let is_escape = Some(c) == rules.escapechar;
            let special = c == rules.delimiter
                || is_escape
                || is_quote
                || matches!(c, 10 | 13)
                || rules.lineterminator.contains(&c);
            if special {
                let mut escape = rules.quoting == Quoting::None;
                if !escape {
                    if is_quote {
                        if rules.doublequote {
                            content.push(c);
                        } else {
                            escape = true;
                        }
                    } else if is_escape {
                        escape = true;
                    }
                    if !escape {
                        quoted = true;
                    }
                }
                if escape {
                    match rules.escapechar {
                        Some(escape) => content.push(escape),
                        None => return Err(super::error(th, "need to escape, but no escapechar set")),
                    }
                }
            }
            content.push(c);
        }
        if self.fields > 0 {
            self.text.push(rules.delimiter);
        }
        let quote = rules.quotechar.filter(|_| quoted);
        self.text.extend(quote);
        self.text.extend(content);
        self.text.extend(quote);
        self.fields += 1;
        Ok(())
    }
}

#[pymethods]
impl Writer {
    /// Construct and write a CSV record from an iterable of fields.
    #[signature("(row, /)")]
    fn writerow(&self, th: &mut Thread, row: &Value) -> PyResult {
        let iterator = th.iter(row);
        let Some(iterator) = th.catch(iterator, Exc::TypeError)? else {
            let found = th.type_name(row);
            return Err(super::error(th, &format!("iterable expected, not {found}")));
        };
        let dialect = self.dialect.clone();
        let rules = &dialect.rules;
        let mut record = Record { rules, text: Vec::new(), fields: 0 };
        let mut null = false;
        while let Some(field) = th.next(&iterator)? {
            null = field.is_none();
            let is_text = th.as_str(&field).is_some();
            let quoted = match rules.quoting {
                Quoting::NonNumeric => !is_number(th, &field),
                Quoting::All => true,
                Quoting::Strings => is_text,
                Quoting::NotNull => !null,
                Quoting::Minimal | Quoting::None => false,
            };
            let text = if null {
                None
            } else if let Some(text) = th.as_str(&field) {
                Some(text.units().iter().collect())
            } else {
                Some(th.str_of(&field)?.units().iter().collect())
            };
            record.append(th, text, quoted)?;
        }
        if record.fields > 0 && record.text.is_empty() {
            let unquotable = rules.quoting == Quoting::None
                || null && matches!(rules.quoting, Quoting::Strings | Quoting::NotNull);
            if unquotable {
                return Err(super::error(th, "single empty field record must be quoted"));
            }
            record.fields -= 1;
            record.append(th, None, true)?;
        }
        record.text.extend_from_slice(&rules.lineterminator);
        let line = th.units(OwnedUnits::from_iter(record.text).units())?;
        th.call(&self.write, &[line])
    }

    /// Construct and write a series of iterables to a csv file.
    #[signature("(rows, /)")]
    fn writerows(&self, th: &mut Thread, rows: &Value) -> PyResult<()> {
        let rows = th.iter(rows)?;
        while let Some(row) = th.next(&rows)? {
            self.writerow(th, &row)?;
        }
        Ok(())
    }

    #[getter]
    fn dialect(&self) -> Value {
        self.dialect.as_value().clone()
    }
}

/// What `float()` would take without reading text.
fn is_number(th: &Thread, value: &Value) -> bool {
    use vm::names::Special;
    [Special::Index, Special::Int, Special::Float].into_iter().any(|special| th.has_special(value, special))
        || th.exact::<Complex>(value).is_some()
}
