//! Reading records.

use std::sync::atomic::{AtomicI64, Ordering};

use vm::object_model::text::units::OwnedUnits;
use vm::prelude::*;

use super::dialect::{Dialect, Quoting, Rules};

/// Characters of a field at most.
pub static FIELD_LIMIT: AtomicI64 = AtomicI64::new(128 << 10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapeInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline,
}

/// A record that is being read.
struct Record<'r> {
    rules: &'r Rules,
    state: State,
    field: Vec<u32>,
    unquoted: bool,
    fields: Vec<Value>,
}

impl Record<'_> {
    fn save(&mut self, th: &mut Thread) -> PyResult<()> {
        let quoting = self.rules.quoting;
        let field = std::mem::take(&mut self.field);
        if self.unquoted && field.is_empty() && matches!(quoting, Quoting::NotNull | Quoting::Strings) {
            self.fields.push(Value::NONE);
            return Ok(());
        }
        let empty = field.is_empty();
        let mut value = th.units(OwnedUnits::from_iter(field).units())?;
        if self.unquoted && !empty && matches!(quoting, Quoting::NonNumeric | Quoting::Strings) {
            let float = crate::support::import_attr(th, "builtins", "float")?;
            value = th.call(&float, &[value])?;
        }
        self.fields.push(value);
        Ok(())
    }

    fn add(&mut self, th: &mut Thread, character: u32) -> PyResult<()> {
        let limit = FIELD_LIMIT.load(Ordering::Relaxed); // Relaxed: a number on its own.
        if self.field.len() as i64 >= limit {
            return Err(super::error(th, &format!("field larger than field limit ({limit})")));
        }
        self.field.push(character);
        Ok(())
    }

    /// Takes a character, or the end of the line.
    fn take(&mut self, th: &mut Thread, given: Option<u32>) -> PyResult<()> {
        let rules = self.rules;
        let is_newline = matches!(given, Some(10 | 13));
        let ends = given.is_none() || is_newline;
        let after_line = if given.is_none() { State::StartRecord } else { State::EatNewline };
        let quote = |c: u32| rules.quoting != Quoting::None && Some(c) == rules.quotechar;
        if self.state == State::StartRecord {
            if given.is_none() {
                return Ok(());
            }
            if is_newline {
                self.state = State::EatNewline;
                return Ok(());
            }
            self.state = State::StartField;
        }
        match (self.state, given) {
            (State::StartField, _) => {
                self.unquoted = true;
                match given {
                    Some(c) if !ends => {
                        if quote(c) {
                            self.unquoted = false;
                            self.state = State::InQuoted;
                        } else if Some(c) == rules.escapechar {
                            self.state = State::Escaped;
                        } else if c == 32 && rules.skipinitialspace {
                        } else if c == rules.delimiter {
                            self.save(th)?;
                        } else {
                            self.add(th, c)?;
                            self.state = State::InField;
                        }
                    }
                    _ => {
                        self.save(th)?;
                        self.state = after_line;
                    }
                }
            }
            (State::Escaped, Some(c)) if is_newline => {
                self.add(th, c)?;
                self.state = State::AfterEscapedNewline;
            }
            (State::Escaped, _) => {
                self.add(th, given.unwrap_or(10))?;
                self.state = State::InField;
            }
            (State::AfterEscapedNewline, None) => {}
            (State::InField | State::AfterEscapedNewline, Some(c)) if !ends => {
                if Some(c) == rules.escapechar {
                    self.state = State::Escaped;
                } else if c == rules.delimiter {
                    self.save(th)?;
                    self.state = State::StartField;
                } else {
                    self.add(th, c)?;
                    self.state = State::InField;
                }
            }
            (State::InField | State::AfterEscapedNewline, _) => {
                self.save(th)?;
                self.state = after_line;
            }
            (State::InQuoted, None) => {}
            (State::InQuoted, Some(c)) => {
                if Some(c) == rules.escapechar {
                    self.state = State::EscapeInQuoted;
                } else if quote(c) {
                    self.state = if rules.doublequote { State::QuoteInQuoted } else { State::InField };
                } else {
                    self.add(th, c)?;
                }
            }
            (State::EscapeInQuoted, _) => {
                self.add(th, given.unwrap_or(10))?;
                self.state = State::InQuoted;
            }
            (State::QuoteInQuoted, Some(c)) if !ends => {
                if quote(c) {
                    self.add(th, c)?;
                    self.state = State::InQuoted;
                } else if c == rules.delimiter {
                    self.save(th)?;
                    self.state = State::StartField;
                } else if !rules.strict {
                    self.add(th, c)?;
                    self.state = State::InField;
                } else {
                    let [delimiter, quote] = [Some(rules.delimiter), rules.quotechar]
                        .map(|c| c.and_then(char::from_u32).unwrap_or('?'));
                    return Err(super::error(th, &format!("'{delimiter}' expected after '{quote}'")));
                }
            }
            (State::QuoteInQuoted, _) => {
                self.save(th)?;
                self.state = after_line;
            }
            (State::EatNewline, None) => self.state = State::StartRecord,
            (State::EatNewline, Some(_)) if is_newline => {}
            _ => {
                return Err(super::error(
                    th,
                    "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                ));
            }
        }
        Ok(())
    }
}

/// CSV reader
#[pyclass(name = "reader", module = "_csv", no_new)]
pub struct Reader {
    lines: Value,
    dialect: Obj<Dialect>,
    line_number: AtomicI64,
}

impl Reader {
    /// `csv.reader`
    pub fn make(th: &mut Thread, lines: &Value, dialect: Obj<Dialect>) -> PyResult {
        let lines = th.iter(lines)?;
        let reader = Reader { lines, dialect, line_number: AtomicI64::new(0) };
        Ok(Reader::new_object(th, reader).into_value())
    }
}

#[pymethods]
impl Reader {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        let dialect = this.dialect.clone();
        let mut record = Record {
            rules: &dialect.rules,
            state: State::StartRecord,
            field: Vec::new(),
            unquoted: false,
            fields: Vec::new(),
        };
        loop {
            let Some(line) = th.next(&this.lines)? else {
                if record.field.is_empty() && record.state != State::InQuoted {
                    return Ok(None);
                }
                if dialect.rules.strict {
                    return Err(super::error(th, "unexpected end of data"));
                }
                record.save(th)?;
                break;
            };
            let Some(text) = th.as_str(&line).cloned() else {
                let found = th.type_name(&line);
                return Err(super::error(
                    th,
                    &format!(
                        "iterator should return strings, not {found} (the file should be opened in text mode)"
                    ),
                ));
            };
            this.line_number.fetch_add(1, Ordering::Relaxed); // Relaxed: a number on its own.
            for character in text.units().iter() {
                record.take(th, Some(character))?;
            }
            record.take(th, None)?;
            if record.state == State::StartRecord {
                break;
            }
        }
        Ok(Some(th.list(record.fields)))
    }

    #[getter]
    fn dialect(&self) -> Value {
        self.dialect.as_value().clone()
    }

    #[getter]
    fn line_num(&self) -> i64 {
        self.line_number.load(Ordering::Relaxed) // Relaxed: as above.
    }
}
