//! Dialects: how records are written.

use vm::prelude::*;

/// When fields are quoted: the numbers of `QUOTE_MINIMAL` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    Minimal,
    All,
    NonNumeric,
    None,
    Strings,
    NotNull,
}

impl Quoting {
    const EACH: [Quoting; 6] = [
        Quoting::Minimal,
        Quoting::All,
        Quoting::NonNumeric,
        Quoting::None,
        Quoting::Strings,
        Quoting::NotNull,
    ];
}

/// What a dialect says.
#[derive(Debug, Clone)]
pub struct Rules {
    pub delimiter: u32,
    pub doublequote: bool,
    pub escapechar: Option<u32>,
    pub lineterminator: Vec<u32>,
    pub quotechar: Option<u32>,
    pub quoting: Quoting,
    pub skipinitialspace: bool,
    pub strict: bool,
}

/// CSV dialect
#[pyclass(name = "Dialect", module = "_csv", subclassable)]
pub struct Dialect {
    #[no_trace]
    pub rules: Rules,
    terminator: Value,
}

/// Names of parameters and attributes.
const NAMES: [&str; 8] = [
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

fn qualified_name(th: &Thread, value: &Value) -> String {
    vm::class::full_name(th, th.type_of(value))
}

fn character(th: &mut Thread, name: &str, value: Option<&Value>, or_none: &str) -> PyResult<Option<u32>> {
    let Some(value) = value else { return Ok(None) };
    let Some(text) = th.as_str(value).cloned() else {
        let found = qualified_name(th, value);
        return Err(
            th.type_error(format_args!("\"{name}\" must be a unicode character{or_none}, not {found}"))
        );
    };
    let length = text.len();
    if length != 1 {
        return Err(th.type_error(format_args!(
            "\"{name}\" must be a unicode character{or_none}, not a string of length {length}"
        )));
    }
    Ok(Some(text.units().get(0)))
}

fn rules(th: &mut Thread, given: &[Option<Value>; 8]) -> PyResult<(Rules, Value)> {
    let [delimiter, doublequote, escapechar, terminator, quotechar, quoting, skip, strict] = given;
    let truth = |th: &mut Thread, value: &Option<Value>, default: bool| {
        value.as_ref().map_or(Ok(default), |value| th.is_true(value))
    };
    let or_none = " or None";
    let delimiter = character(th, "delimiter", delimiter.as_ref(), "")?.unwrap_or(u32::from(','));
    let doublequote = truth(th, doublequote, true)?;
    let escapechar =
        character(th, "escapechar", escapechar.as_ref().filter(|value| !value.is_none()), or_none)?;
    let terminator = match terminator {
        None => th.str("\r\n"),
        Some(value) if th.as_str(value).is_some() => value.clone(),
        Some(value) => {
            let found = qualified_name(th, value);
            return Err(th.type_error(format_args!("\"lineterminator\" must be a string, not {found}")));
        }
    };
    let no_quotes = quotechar.as_ref().is_some_and(Value::is_none);
    let quotechar = match quotechar {
        None => Some(u32::from('"')),
        given => character(th, "quotechar", given.as_ref().filter(|value| !value.is_none()), or_none)?,
    };
    let mut chosen = Quoting::Minimal;
    if let Some(quoting) = quoting {
        if !vm::builtins::int::is_exact_int(quoting) {
            let found = qualified_name(th, quoting);
            return Err(th.type_error(format_args!("\"quoting\" must be an integer, not {found}")));
        }
        let number = th.index_clamped(quoting)?;
        match usize::try_from(number).ok().and_then(|number| Quoting::EACH.get(number)) {
            Some(quoting) => chosen = *quoting,
            None => return Err(th.type_error("bad \"quoting\" value")),
        }
    } else if no_quotes {
        chosen = Quoting::None;
    }
    let skipinitialspace = truth(th, skip, false)?;
    let strict = truth(th, strict, false)?;
    if chosen != Quoting::None && quotechar.is_none() {
        return Err(th.type_error("quotechar must be set if quoting enabled"));
    }
    let lineterminator: Vec<u32> =
        th.as_str(&terminator).map(|text| text.units().iter().collect()).unwrap_or_default();
    let spaces = !skipinitialspace;
    for (name, character, space_allowed) in [
        ("delimiter", Some(delimiter), true),
        ("escapechar", escapechar, spaces),
        ("quotechar", quotechar, spaces),
    ] {
        let Some(character) = character else { continue };
        let refused = matches!(character, 10 | 13) || character == 32 && !space_allowed;
        if refused {
            return Err(th.value_error(format_args!("bad {name} value")));
        }
        if lineterminator.contains(&character) {
            return Err(th.value_error(format_args!("bad {name} or lineterminator value")));
        }
    }
    let delimiter_too = Some(delimiter);
    for (first, second, a, b) in [
        ("delimiter", "escapechar", delimiter_too, escapechar),
        ("delimiter", "quotechar", delimiter_too, quotechar),
        ("escapechar", "quotechar", escapechar, quotechar),
    ] {
        if a == b && a.is_some() {
            return Err(th.value_error(format_args!("bad {first} or {second} value")));
        }
    }
    let rules = Rules {
        delimiter,
        doublequote,
        escapechar,
        lineterminator,
        quotechar,
        quoting: chosen,
        skipinitialspace,
        strict,
    };
    Ok((rules, terminator))
}

fn text(th: &mut Thread, character: Option<u32>) -> PyResult {
    match character {
        Some(character) => {
            th.units(vm::object_model::text::units::OwnedUnits::from_iter([character]).units())
        }
        None => Ok(Value::NONE),
    }
}

#[pymethods]
impl Dialect {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let mut slots: [Option<Value>; 9] = Default::default();
        if args.positional.len() > slots.len() {
            let given = args.positional.len();
            return Err(th.type_error(format_args!("Dialect() takes at most 9 arguments ({given} given)")));
        }
        for (slot, value) in slots.iter_mut().zip(args.positional) {
            *slot = Some(value.clone());
        }
        for (name, value) in args.keywords() {
            let name = name.units().to_str_lossy().into_owned();
            let place = if name == "dialect" {
                Some(0)
            } else {
                NAMES.iter().position(|known| *known == name).map(|place| place + 1)
            };
            match place.map(|place| &mut slots[place]) {
                Some(slot @ None) => *slot = Some(value.clone()),
                Some(Some(_)) => {
                    return Err(th.type_error(format_args!(
                        "argument for Dialect() given by name ('{name}') and position"
                    )));
                }
                None => {
                    return Err(th.type_error(format_args!(
                        "this function got an unexpected keyword argument '{name}'"
                    )));
                }
            }
        }
        let [dialect, given @ ..] = &mut slots;
        if let Some(dialect) = dialect {
            let dialect =
                if th.as_str(dialect).is_some() { super::registered(th, dialect)? } else { dialect.clone() };
            if th.downcast::<Dialect>(&dialect).is_some() && given.iter().all(Option::is_none) {
                return Ok(dialect);
            }
            for (slot, name) in given.iter_mut().zip(NAMES) {
                if slot.is_none() {
                    match th.get_attr_str(&dialect, name) {
                        Ok(value) => *slot = Some(value),
                        Err(_) => th.clear_exception(),
                    }
                }
            }
        }
        let (rules, terminator) = rules(th, given)?;
        Ok(Obj::new(th, class.payload.instance_shape(), Dialect { rules, terminator }).into_value())
    }

    #[getter]
    fn delimiter(&self, th: &mut Thread) -> PyResult {
        text(th, Some(self.rules.delimiter))
    }

    #[getter]
    fn doublequote(&self) -> bool {
        self.rules.doublequote
    }

    #[getter]
    fn escapechar(&self, th: &mut Thread) -> PyResult {
        text(th, self.rules.escapechar)
    }

    #[getter]
    fn lineterminator(&self) -> Value {
        self.terminator.clone()
    }

    #[getter]
    fn quotechar(&self, th: &mut Thread) -> PyResult {
        text(th, self.rules.quotechar)
    }

    #[getter]
    fn quoting(&self) -> i64 {
        self.rules.quoting as i64
    }

    #[getter]
    fn skipinitialspace(&self) -> bool {
        self.rules.skipinitialspace
    }

    #[getter]
    fn strict(&self) -> bool {
        self.rules.strict
    }

    /// raises an exception to avoid pickling
    #[signature("()")]
    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = qualified_name(th, this.as_value());
        Err(th.type_error(format_args!("cannot pickle {name} instances")))
    }

    /// raises an exception to avoid pickling
    #[signature("(protocol, /)")]
    fn __reduce_ex__(this: &Obj<Self>, th: &mut Thread, _protocol: &Value) -> PyResult {
        Dialect::__reduce__(this, th)
    }
}
